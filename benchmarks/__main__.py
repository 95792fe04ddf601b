"""Measure lossbook beside PyTorch, optax under jit and scikit-learn.

    python -m benchmarks [--sizes 100 1000000] [--losses Huber ...]

All libraries run in turn in one process, many rounds, on the same inputs and the same number of
threads; the figure kept is the median over the rounds.  Results go to ``benchmarks/results.json``,
the table to standard output and ``benchmarks/results.md``, the plot to ``benchmarks/results.svg``.
"""

import argparse
import ctypes
import gc
import json
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

import lossbook as lb
from lossbook.core.loss import ClassLoss, JointLoss, PointwiseLoss, RowLoss

from .cases import CASES, WITH_MANY_CLASSES
from .reasons import reason

HERE = Path(__file__).parent
DTYPES = ["float64", "float32"]
TASKS = ["value", "value and gradient"]
ENGINES = {"lossbook": "numpy", "lossbook, compiled": "numba"}
LIBRARIES = [*ENGINES, "PyTorch", "optax", "scikit-learn"]
ALL = CASES | WITH_MANY_CLASSES
N_THREADS = len(os.sched_getaffinity(0))


def use(library):
    """Have lossbook computed by the engine that a library stands for."""
    lb.set_engine(ENGINES.get(library, "numpy"))


def medians(functions, rounds=11, seconds=0.002, patience=1.0):
    """Return each function's median seconds a call, the functions taking turns.

    In a round each is called for some `seconds`, once at least; of the rounds as many are made as
    begin before `patience`, in seconds, is over, but not fewer than five.
    """
    repeats, times = {}, {name: [] for name in functions}
    for name, function in functions.items():
        use(name)
        function()
        start = time.perf_counter()
        function()
        repeats[name] = max(1, int(seconds / (time.perf_counter() - start)))
    begin = time.perf_counter()
    for done in range(rounds):
        if done >= 5 and time.perf_counter() - begin > patience:
            break
        for name, function in functions.items():
            use(name)
            time.sleep(0.002)  # threads of the library before may still be spinning
            function()
            start = time.perf_counter()
            for _ in range(repeats[name]):
                function()
            times[name].append((time.perf_counter() - start) / repeats[name])
    return {name: statistics.median(each) for name, each in times.items()}


def peak_extra_bytes(function):
    """Return by how much one call raises the process's peak of resident memory."""
    function()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    function()
    return _status("VmHWM") - before


def _status(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {field}")


def measure(losses, sizes=None):
    """Return one record for each loss, dtype, size, task and library."""
    gc.freeze()  # so that collecting what a call left behind is quick
    records = []
    for loss in losses:
        of_loss = sizes or ALL[loss].sizes
        for dtype in DTYPES:
            for n in of_loss:
                made = ALL[loss].functions(n, dtype, N_THREADS)
                for which, task in enumerate(TASKS):
                    functions = {
                        library: each[which] for library, each in made.items() if which < len(each)
                    }
                    for library, seconds in medians(functions).items():
                        use(library)
                        records.append(
                            {
                                "loss": loss,
                                "dtype": dtype,
                                "n": n,
                                "task": task,
                                "library": library,
                                "seconds": seconds,
                                "extra_bytes": peak_extra_bytes(functions[library])
                                if n == max(of_loss)
                                else None,
                            }
                        )
                print(f"{loss} {dtype} {n}", flush=True)
    return records


def environment():
    """Return what the figures depend on."""
    packages = ["lossbook", "numpy", "numba", "torch", "jax", "optax", "scikit-learn"]
    cpu = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": cpu[0] if cpu else platform.processor(),
        "threads": N_THREADS,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
    }


def by_library(results):
    """Return the records of each loss, task, dtype and size, by library."""
    cells = {}
    for record in results["records"]:
        key = tuple(record[name] for name in ("loss", "task", "dtype", "n"))
        cells.setdefault(key, {})[record["library"]] = record
    return cells


def lead(cell, ours="lossbook, compiled"):
    """Return how many times faster than the fastest other library lossbook is, or None."""
    others = [r["seconds"] for library, r in cell.items() if library not in ENGINES]
    return min(others) / cell[ours]["seconds"] if others and ours in cell else None


def goal(loss, task, n):
    """Return how many times faster than the fastest other library a loss is to be."""
    kind = ALL[loss].loss
    if task == "value" or n < 10**4 or loss in WITH_MANY_CLASSES:
        return 1.0
    if isinstance(kind, PointwiseLoss) or (isinstance(kind, JointLoss) and kind.entries == 0):
        return 2.0
    return 1.5 if isinstance(kind, ClassLoss | RowLoss) else 1.0


def verdict(results):
    """Return in one sentence how the compiled engine does."""
    cells = by_library(results)
    leads = {key: lead(cell) for key, cell in cells.items() if lead(cell) is not None}
    if not leads:
        return "No other library has these losses."
    reached = sum(found >= goal(loss, task, n) for (loss, task, _, n), found in leads.items())
    ahead = sum(found >= 1 for found in leads.values())
    derivatives = [found for (_, task, _, n), found in leads.items() if task != "value" and n > 100]
    median = statistics.median(derivatives or leads.values())
    return (
        f"In {ahead} of {len(leads)} cells the compiled engine is at least as fast as the fastest "
        f"other library, in {reached} it reaches its goal, and value and gradient of more than a "
        f"hundred values take it {median:.1f} times less time (median)."
    )


def behind(results):
    """Return a Markdown table of the cells in which the compiled engine is behind its goal."""
    lines = [
        "Cells in which the compiled engine is behind its goal.",
        "",
        "| loss | task | dtype | values | times faster | goal | reason |",
        "| --- | --- | --- | --: | --: | --: | --- |",
    ]
    for (loss, task, dtype, n), cell in by_library(results).items():
        found, wanted = lead(cell), goal(loss, task, n)
        if found is not None and found < wanted:
            times = f"{found:.2f} | {wanted:.1f}"
            lines.append(f"| {loss} | {task} | {dtype} | {n:,} | {times} | {reason(loss, n)} |")
    return "\n".join(lines)


def tables(results):
    """Return the verdict and Markdown tables: speed, memory at the largest size, missed goals."""
    cells = by_library(results)
    sizes = sorted({n for *_, n in cells})
    heads = [f"{n:,}, {engine}" for n in sizes for engine in ("NumPy", "compiled")]
    speed = [
        f"**{verdict(results)}**",
        "",
        "Nanoseconds a value; in brackets, how many times faster than the fastest other library.",
        "",
        "| loss | task | dtype | " + " | ".join(heads) + " |",
        "| --- | --- | --- |" + " --: |" * len(heads),
    ]
    memory = [
        "Peak extra memory of one call, in bytes a value.",
        "",
        "| loss | task | dtype | values | " + " | ".join(LIBRARIES) + " |",
        "| --- | --- | --- | --: |" + " --: |" * len(LIBRARIES),
    ]
    for row in dict.fromkeys(key[:3] for key in cells):
        measured = [n for n in sizes if (*row, n) in cells]
        shown = [
            _speed(cells[*row, n], n, ours) if n in measured else ""
            for n in sizes
            for ours in ENGINES
        ]
        speed.append("| " + " | ".join([*row, *shown]) + " |")
        n = measured[-1]
        extra = [
            f"{cells[*row, n][name]['extra_bytes'] / n:.1f}" if name in cells[*row, n] else ""
            for name in LIBRARIES
        ]
        memory.append("| " + " | ".join([*row, f"{n:,}", *extra]) + " |")
    return "\n".join([*speed, "", *memory, "", behind(results)])


def _speed(cell, n, ours):
    """Return what the table of speeds shows in a cell."""
    if ours not in cell:
        return ""
    each, times = cell[ours]["seconds"] / n * 1e9, lead(cell, ours)
    return f"{each:.3g}" if times is None else f"{each:.3g} ({times:.2f})"


def plot(results, path):
    """Draw, for each loss, lossbook's lead over the fastest other library at each size."""
    import matplotlib.pyplot as plt

    from lossbook import plotting

    plotting.use_style()
    leads = {}
    for (loss, task, dtype, n), cell in by_library(results).items():
        if lead(cell) is not None:
            leads.setdefault(loss, {}).setdefault((task, dtype), []).append((n, lead(cell)))
    rows = -(-len(leads) // 5)
    figure, axes = plt.subplots(
        rows, 5, figsize=(9, 1.4 * rows + 1), sharex=True, sharey=True, squeeze=False
    )
    colors = dict(zip(TASKS, plotting.COLORS, strict=False))
    lines = dict(zip(DTYPES, ("-", "--"), strict=True))
    labelled = {}
    for ax, (loss, curves) in zip(axes.flat, leads.items(), strict=False):
        for (task, dtype), points in curves.items():
            (line,) = ax.plot(*zip(*points, strict=True), lines[dtype], color=colors[task])
            labelled[f"{task}, {dtype}"] = line
        ax.axhline(1, color=plotting.GREY, linewidth=1)
        ax.set(xscale="log", yscale="log")
        ax.set_title(loss, fontsize="x-small")
    for ax in axes.flat[len(leads) :]:
        ax.remove()
    figure.supxlabel("values", fontsize="medium")
    figure.supylabel("times faster than the fastest other library", fontsize="medium")
    figure.legend(labelled.values(), labelled.keys(), loc="outside upper left", ncols=2)
    figure.savefig(path, metadata={"Creator": None, "Date": None})


def main():
    """Measure, and write the results beside this file."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", help="default: those of each loss")
    parser.add_argument("--losses", nargs="+", choices=list(ALL), default=list(ALL))
    arguments = parser.parse_args()
    records = measure(arguments.losses, arguments.sizes)
    results = {"environment": environment(), "records": records}
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "results.md").write_text(tables(results) + "\n")
    plot(results, HERE / "results.svg")
    print(tables(results))


if __name__ == "__main__":
    main()
