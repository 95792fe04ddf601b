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

import numpy as np

from .peers import CASES

HERE = Path(__file__).parent
SIZES = [10**k for k in range(2, 8)]
DTYPES = ["float64", "float32"]
TASKS = ["value", "value and gradient"]
LIBRARIES = ["lossbook", "PyTorch", "optax", "scikit-learn"]
N_THREADS = len(os.sched_getaffinity(0))


def medians(functions, rounds=11, seconds=0.002):
    """Return each function's median seconds a call, the functions taking turns."""
    repeats, times = {}, {name: [] for name in functions}
    for name, function in functions.items():
        function()
        start = time.perf_counter()
        function()
        repeats[name] = max(1, int(seconds / (time.perf_counter() - start)))
    for _ in range(rounds):
        for name, function in functions.items():
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


def measure(losses, sizes):
    """Return one record for each loss, size, dtype, task and library."""
    records = []
    for loss in losses:
        draw, makers = CASES[loss]
        for dtype in DTYPES:
            for n in sizes:
                y_true, y_pred = draw(np.random.default_rng(0), n)
                y_true = y_true if y_true.dtype.kind == "i" else y_true.astype(dtype)
                y_pred = y_pred.astype(dtype)
                made = {name: make(y_true, y_pred, N_THREADS) for name, make in makers.items()}
                for task, which in zip(TASKS, (0, 1), strict=True):
                    functions = {name: pair[which] for name, pair in made.items()}
                    for name, seconds in medians(functions).items():
                        records.append(
                            {
                                "loss": loss,
                                "dtype": dtype,
                                "n": n,
                                "task": task,
                                "library": name,
                                "seconds": seconds,
                                "extra_bytes": peak_extra_bytes(functions[name])
                                if n == max(sizes)
                                else None,
                            }
                        )
                print(f"{loss} {dtype} {n}", flush=True)
    return records


def environment():
    """Return what the figures depend on."""
    packages = ["lossbook", "numpy", "torch", "jax", "optax", "scikit-learn"]
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


def lead(cell):
    """Return how many times faster than the fastest other library lossbook is, or None."""
    others = [r["seconds"] for library, r in cell.items() if library != "lossbook"]
    return min(others) / cell["lossbook"]["seconds"] if others else None


def tables(results):
    """Return two Markdown tables: speed at each size, and memory at the largest."""
    cells = by_library(results)
    sizes = sorted({n for *_, n in cells})
    speed = [
        "Nanoseconds a value; in brackets, how many times faster than the fastest other library.",
        "",
        "| loss | task | dtype | " + " | ".join(f"{n:,}" for n in sizes) + " |",
        "| --- | --- | --- |" + " --: |" * len(sizes),
    ]
    memory = [
        f"Peak extra memory of one call on {sizes[-1]:,} values, in bytes a value.",
        "",
        "| loss | task | dtype | " + " | ".join(LIBRARIES) + " |",
        "| --- | --- | --- |" + " --: |" * len(LIBRARIES),
    ]
    for loss, task, dtype in dict.fromkeys(key[:3] for key in cells):
        row = []
        for n in sizes:
            cell = cells[loss, task, dtype, n]
            times = lead(cell)
            row.append(
                f"{cell['lossbook']['seconds'] / n * 1e9:.3g}"
                + (f" ({times:.2f})" if times is not None else "")
            )
        speed.append("| " + " | ".join([loss, task, dtype, *row]) + " |")
        cell = cells[loss, task, dtype, sizes[-1]]
        extra = [
            f"{cell[name]['extra_bytes'] / sizes[-1]:.1f}" if name in cell else ""
            for name in LIBRARIES
        ]
        memory.append("| " + " | ".join([loss, task, dtype, *extra]) + " |")
    return "\n".join([*speed, "", *memory])


def plot(results, path):
    """Draw, for each loss, lossbook's lead over the fastest other library at each size."""
    import matplotlib.pyplot as plt

    from lossbook import plotting

    plotting.use_style()
    cells = by_library(results)
    sizes = sorted({n for *_, n in cells})
    shared = [loss for loss in dict.fromkeys(key[0] for key in cells) if len(CASES[loss][1]) > 1]
    rows = -(-len(shared) // 3)
    figure, axes = plt.subplots(rows, 3, figsize=(7, 2 * rows), sharex=True, sharey=True)
    for ax in axes.flat[len(shared) :]:
        ax.remove()
    for ax, loss in zip(axes.flat, shared, strict=False):
        for color, task in zip(plotting.COLORS, TASKS, strict=False):
            for line, dtype in zip(("-", "--"), DTYPES, strict=True):
                leads = [lead(cells[loss, task, dtype, n]) for n in sizes]
                ax.plot(sizes, leads, line, color=color, label=f"{task}, {dtype}")
        ax.axhline(1, color=plotting.GREY, linewidth=1)
        ax.set(xscale="log", yscale="log")
        ax.set_title(loss, fontsize="small")
    figure.supxlabel("values", fontsize="medium")
    figure.supylabel("times faster than the fastest other library", fontsize="medium")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=2)
    figure.savefig(path, metadata={"Creator": None, "Date": None})


def main():
    """Measure, and write the results beside this file."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--losses", nargs="+", choices=list(CASES), default=list(CASES))
    arguments = parser.parse_args()
    records = measure(arguments.losses, arguments.sizes)
    results = {"environment": environment(), "records": records}
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "results.md").write_text(tables(results) + "\n")
    plot(results, HERE / "results.svg")
    print(tables(results))


if __name__ == "__main__":
    main()
