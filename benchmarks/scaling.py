"""Measure how the time of a loss grows with the number of values, by each way of computing it.

    python -m benchmarks.scaling [--sizes 100 1000000]

Two losses in double precision, value and gradient together: a cheap one and one with exponentials
and logarithms.  All ways run in turn in one process, and the figure kept is the median over the
rounds.  Results go to ``benchmarks/scaling.json``, and the table to standard output.
"""

import argparse
import json
import tempfile
from pathlib import Path

import dask
import dask.array as da
import numpy as np

import lossbook as lb
from lossbook.interop.dask import as_function

from .__main__ import HERE, N_THREADS, environment, medians, peak_extra_bytes

SIZES = [10**k for k in range(2, 9)]
ON_DISK = 10**5
"""From this size on, arrays are also read from files and cut into chunks of Dask."""
CHUNK = 10**6
MEMORY = 10**7
"""At this size the memory of a call is measured."""


def huber(y, p):
    """Return Huber's loss and its gradient as one writes them in NumPy."""
    r = p - y
    size = np.abs(r)
    value = np.where(size <= 1, r * r / 2, size - 0.5)
    return value.mean(), np.clip(r, -1, 1) / len(r)


def sigmoid_cross_entropy(y, z):
    """Return log loss of scores and its gradient as one writes them in NumPy."""
    e = np.exp(-np.abs(z))
    value = np.maximum(z, 0) - y * z + np.log1p(e)
    return value.mean(), (np.where(z >= 0, 1, e) / (1 + e) - y) / len(z)


LOSSES = {
    "Huber": (lb.Huber(delta=1.0), huber),
    "SigmoidCrossEntropy": (lb.SigmoidCrossEntropy(), sigmoid_cross_entropy),
}


def use(n_threads, engine):
    """Have losses computed on some threads, by one of the engines."""
    if lb.get_num_threads() != n_threads:  # threads that are there already are kept
        lb.set_num_threads(n_threads)
    lb.set_engine(engine)


def with_threads(n_threads, engine, loss, *arrays, out=None):
    """Return a function that computes a loss on some threads, by one of the engines."""

    def compute():
        use(n_threads, engine)
        return loss.value_and_gradient(*arrays, out=out)

    return compute


def on_disk(folder, *arrays):
    """Return memory maps of files that hold the arrays."""
    maps = []
    for number, array in enumerate(arrays):
        kept = np.memmap(folder / f"{number}.bin", array.dtype, "w+", shape=array.shape)
        kept[:] = array
        kept.flush()
        maps.append(kept)
    return maps


def in_chunks(loss, *arrays):
    """Return a function that computes a loss of Dask arrays on the threads of this process."""
    chunked = [da.from_array(array, chunks=CHUNK) for array in arrays]
    value_and_gradient = as_function(loss).value_and_gradient

    def compute():
        use(1, "numpy")  # Dask's own threads work on different chunks
        return dask.compute(*value_and_gradient(*chunked), num_workers=N_THREADS)

    return compute


def ways(loss, plain, y, p, folder):
    """Return the functions that are compared, by name."""
    functions = {
        "NumPy, whole arrays": lambda: plain(y, p),
        "lossbook, one thread": with_threads(1, "numpy", loss, y, p),
        "lossbook, all threads": with_threads(N_THREADS, "numpy", loss, y, p),
        "compiled, one thread": with_threads(1, "numba", loss, y, p),
        "compiled, all threads": with_threads(N_THREADS, "numba", loss, y, p),
    }
    if len(y) >= ON_DISK:
        *inputs, out = on_disk(folder, y, p, np.empty_like(p))
        maps = with_threads(N_THREADS, "numba", loss, *inputs, out=out)
        functions |= {"compiled, memory maps": maps, "Dask, all threads": in_chunks(loss, y, p)}
    return functions


def draw(name, n):
    """Return targets and predictions for a loss."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal(n)
    if name == "Huber":
        return z, 2 * rng.standard_normal(n)
    return (rng.random(n) < 0.5).astype(float), 3 * z


def measure(sizes):
    """Return one record for each loss, size and way."""
    records = []
    for name, (loss, plain) in LOSSES.items():
        for n in sizes:
            with tempfile.TemporaryDirectory() as folder:
                functions = ways(loss, plain, *draw(name, n), Path(folder))
                for way, seconds in medians(functions).items():
                    extra = peak_extra_bytes(functions[way]) if n == MEMORY else None
                    row = {"loss": name, "n": n, "way": way, "seconds": seconds}
                    records.append(row | {"extra_bytes": extra})
                    print(f"{name:20}{n:12,}  {way:24}{seconds / n * 1e9:10.3f} ns a value")
    return records


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    records = measure(parser.parse_args().sizes)
    results = {"environment": environment(), "records": records}
    results["environment"]["versions"]["dask"] = dask.__version__
    (HERE / "scaling.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
