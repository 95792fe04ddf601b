"""Losses on a GPU: are they right there, and how long do they take?

Run from the root of a checkout, on a machine that has PyTorch and NumPy:

    PYTHONPATH=. python benchmarks/device.py --output device.json

First every loss that can be traced is compared with NumPy on the device, in both precisions.  Then
value and gradient of some losses are timed, with `lossbook.interop.torch` and with PyTorch's own
functions, eagerly and compiled, beside a copy that reads and writes as many bytes: two inputs are
read and a gradient is written.  All sides take turns, and the median of the turns counts.
"""

import argparse
import json
import platform
import statistics
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "interop"))

import tensors

import lossbook as lb
from lossbook.interop.torch import as_function

CLASSES = 10


def of_numbers(n, device, rng):
    return rng.normal(size=n), rng.normal(size=n)


def of_labels(n, device, rng):
    return rng.integers(0, 2, n).astype(float), 3 * rng.normal(size=n)


def of_counts(n, device, rng):
    return rng.poisson(2.0, n).astype(float), rng.normal(size=n)


def of_classes(n, device, rng):
    n_rows = n // CLASSES
    return rng.integers(0, CLASSES, n_rows), 3 * rng.normal(size=(n_rows, CLASSES))


LOSSES = {
    lb.SquaredError(): (of_numbers, lambda y, p: functional.mse_loss(p, y)),
    lb.AbsoluteError(): (of_numbers, lambda y, p: functional.l1_loss(p, y)),
    lb.Huber(): (of_numbers, lambda y, p: functional.huber_loss(p, y)),
    lb.SigmoidCrossEntropy(): (
        of_labels,
        lambda y, p: functional.binary_cross_entropy_with_logits(p, y),
    ),
    lb.PoissonNLL(): (of_counts, lambda y, p: functional.poisson_nll_loss(p, y)),
    lb.SoftmaxCrossEntropy(): (of_classes, lambda y, p: functional.cross_entropy(p, y)),
}
"""Losses, each with what draws its inputs and with the function of PyTorch."""

SIDES = ("ours", "ours compiled", "PyTorch", "PyTorch compiled", "copy")
N_TURNS, SECONDS_A_TURN = 15, 0.02


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--output", type=Path, help="where to write the results, as JSON")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10**6, 10**7])
    parser.add_argument("--seconds", type=float, default=180, help="after them, compile no more")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("PyTorch sees no GPU; give --device cpu to try the script")
    started = time.perf_counter()
    results = {"machine": machine(options.device), "checks": checks(options.device), "times": []}
    show_checks(results)
    for rank, n in enumerate(options.sizes):
        share = options.seconds * (rank + 1) / len(options.sizes)
        for loss in LOSSES:
            may_compile = time.perf_counter() - started < share
            results["times"].append(times(loss, n, options.device, may_compile))
            write(results, options.output)
            print(".", end="", file=sys.stderr, flush=True)
    results["seconds"] = round(time.perf_counter() - started, 1)
    write(results, options.output)
    show_times(results)
    return 1 if results["checks"]["failed"] else 0


def machine(device):
    name = torch.cuda.get_device_name() if device.startswith("cuda") else platform.processor()
    versions = {"torch": torch.__version__, "numpy": np.__version__, "lossbook": lb.__version__}
    return {"device": device, "name": name, "python": platform.python_version(), **versions}


# Are they right?


def checks(device):
    passed, failed = [], {}
    for case in tensors.cases_of_device():
        try:
            tensors.check_on_device(case, device)
            passed.append(repr(case))
        except Exception as error:
            failed[repr(case)] = f"{type(error).__name__}: {error}"
    return {"passed": passed, "failed": failed}


# How long do they take?


def times(loss, n, device, may_compile):
    """Return the microseconds that each side takes for value and gradient, and their agreement."""
    draw, theirs = LOSSES[loss]
    y_true, y_pred = draw(n, device, np.random.default_rng(0))
    floats = np.float32 if y_true.dtype.kind == "f" else np.int64
    y_true = torch.tensor(y_true.astype(floats), device=device)
    y_pred = torch.tensor(y_pred.astype(np.float32), device=device, requires_grad=True)
    ours = as_function(loss)
    functions = {"ours": ours, "PyTorch": theirs}
    if may_compile:
        torch._dynamo.reset()
        for name, function in list(functions.items()):
            functions[f"{name} compiled"] = torch.compile(function, dynamic=False)

    def step_of(function):
        return lambda: torch.autograd.grad(function(y_true, y_pred), y_pred)[0]

    steps, failures = {}, {}
    for name, function in functions.items():
        step = step_of(function)
        try:
            for _ in range(3):
                step()
            steps[name] = step
        except Exception:
            failures[name] = traceback.format_exc(limit=1)[-500:]
    bytes_read = y_true.nbytes + y_pred.nbytes
    half = torch.empty((bytes_read + y_pred.nbytes) // 8, device=device)
    target = torch.empty_like(half)
    steps["copy"] = lambda: target.copy_(half)
    off = max(
        (steps[name]() - steps["PyTorch"]()).abs().max().item()
        for name in steps
        if name.startswith("ours")
    )
    largest = steps["PyTorch"]().abs().max().item()
    return {
        "loss": repr(loss),
        "n": n,
        "microseconds": {name: round(each, 2) for name, each in in_turn(steps, device).items()},
        "gradient_off": off / largest,
        "not_compiled": failures,
    }


def in_turn(steps, device):
    """Return the median time of each step in microseconds."""
    repeats = {}
    for name, step in steps.items():
        for _ in range(5):
            step()
        once = timed(step, 3, device)
        repeats[name] = max(3, min(1000, round(SECONDS_A_TURN / once)))
    turns = {name: [] for name in steps}
    for _ in range(N_TURNS):
        for name, step in steps.items():
            turns[name].append(timed(step, repeats[name], device))
    return {name: 1e6 * statistics.median(each) for name, each in turns.items()}


def timed(step, repeats, device):
    """Return the seconds of one step, of several that follow each other."""
    if not device.startswith("cuda"):
        start = time.perf_counter()
        for _ in range(repeats):
            step()
        return (time.perf_counter() - start) / repeats
    start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    for _ in range(repeats):
        step()
    stop.record()
    torch.cuda.synchronize()
    return start.elapsed_time(stop) / 1000 / repeats


# Results.


def write(results, path):
    if path is not None:
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def show_checks(results):
    told, found = results["machine"], results["checks"]
    print(f"{told['name']} ({told['device']}), PyTorch {told['torch']}, Python {told['python']}\n")
    n_failed, n_passed = len(found["failed"]), len(found["passed"])
    print(f"Equal to NumPy on the device: {n_passed} of {n_passed + n_failed} cases.")
    for name, message in found["failed"].items():
        print(f"- {name}: {message[:300]}")
    print(flush=True)


def show_times(results):
    print("\nValue and gradient in float32, microseconds (times those of a copy)\n")
    print("| loss | n |", " | ".join(SIDES), "|")
    print("| --- | --: |", " | ".join(["--:"] * len(SIDES)), "|")
    for row in results["times"]:
        found = row["microseconds"]
        cells = [
            f"{found[side]:.0f} ({found[side] / found['copy']:.1f})" if side in found else ""
            for side in SIDES
        ]
        print(f"| {row['loss'].partition('(')[0]} | {row['n']:.0e} |", " | ".join(cells), "|")
    off = max(row["gradient_off"] for row in results["times"])
    print(f"\nGradients differ from PyTorch's by at most {off:.0e} of the largest.")
    for row in results["times"]:
        for name, message in row["not_compiled"].items():
            print(f"\n{row['loss']}, {name}: {message}")
    print(f"\n{results['seconds']} seconds in all.")


if __name__ == "__main__":
    sys.exit(main())
