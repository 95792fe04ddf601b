"""Measure how long the first call of a loss takes with the compiled engine.

    python -m benchmarks.compile [--losses Huber ...]

Every loss computes its value and its gradient once with an empty cache, and once more when its
machine code is known.  The difference is the time for tracing, compiling and storing.  The command
prints this time for every loss, the slowest last, and then the median and the worst.  All times are
processor times, which depend little on what else the machine does.
"""

import argparse
import os
import statistics
import tempfile
import time

import lossbook as lb
from lossbook.testing.samples import Samples
from lossbook.testing.views import view

CLASSES = 10
GOAL = 1.5
"""Seconds that compiling a loss may take on a quiet machine."""
CHOSEN = {"NegativeBinomialNLL": lb.NegativeBinomialNLL(dispersion=1.0)}
"""Losses that need parameters."""
OF_LOSSES = {"Loss", "UncertaintyWeighted", "WeightedSum"}
"""Classes without a formula of their own."""


def losses():
    """Return the losses of the package by name, with their default parameters."""
    kinds = {name: getattr(lb, name) for name in lb.__all__ if name not in OF_LOSSES}
    return {
        name: CHOSEN.get(name) or kind()
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, lb.Loss)
    }


def seconds_to_compile(loss):
    """Return by how much the first call takes longer than the second, or None without a kernel."""
    from lossbook.engines import kernels

    shown = view(loss)
    inputs = Samples(shown, n_classes=CLASSES).batches()[0]
    n_known, times = len(kernels._known), []
    for _ in range(2):
        start = time.process_time()
        shown.value_and_gradient(*inputs)
        times.append(time.process_time() - start)
    return times[0] - times[1] if len(kernels._known) > n_known else None


def measure(names=None):
    """Return the seconds that each loss takes to compile, None for those that NumPy computes."""
    start = time.process_time()
    lb.set_engine("numba")
    lb.SquaredError(reduction="none").hessian([0.5], [0.25])
    print(f"numba is imported and has compiled a first loss in {time.process_time() - start:.2f} s")
    chosen = losses()
    return {name: seconds_to_compile(chosen[name]) for name in names or sorted(chosen)}


def report(found):
    """Return the lines that are printed."""
    compiled = {name: seconds for name, seconds in found.items() if seconds is not None}
    ranked = sorted(compiled, key=compiled.get)
    lines = [f"{name:24} {compiled[name]:5.2f} s" for name in ranked]
    left = [name for name in found if found[name] is None]
    if left:
        lines.append(f"not compiled: {', '.join(left)}")
    if ranked:
        slow = [name for name in ranked if compiled[name] >= GOAL]
        lines.append(
            f"{len(ranked)} losses: median {statistics.median(compiled.values()):.2f} s, "
            f"worst {compiled[ranked[-1]]:.2f} s ({ranked[-1]}), "
            f"{len(slow)} of them {GOAL} s or more"
        )
    return lines


def main():
    """Measure with a cache of our own, and print the times."""
    parser = argparse.ArgumentParser("python -m benchmarks.compile", description=__doc__)
    parser.add_argument("--losses", nargs="+", choices=sorted(losses()), help="default: all")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LOSSBOOK_CACHE_DIR"] = folder
        print("\n".join(report(measure(arguments.losses))))


if __name__ == "__main__":
    main()
