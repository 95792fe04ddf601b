"""Work through long arrays in blocks that stay in cache, on several threads.

NumPy releases the interpreter lock inside its loops, so plain threads keep all cores busy.  The
blocks do not depend on the number of threads and their results come back in block order, so
neither does anything computed from them.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from itertools import pairwise
from typing import Any

import numpy as np

from .parameters import whole_number

BLOCK_BYTES = 1 << 19
"""Most bytes of one input in one block: few enough to stay in cache, enough that threads seldom
wait for each other's interpreter lock, and twice where NumPy begins to reuse temporaries."""

# glibc hands freed memory back to the system at once, and every block would pay for fresh pages,
# until it has seen a large array freed.  This one is never touched, so it costs nothing.
np.empty(1 << 24, np.uint8)


class _Pool:
    """The worker threads of this process, started when first needed."""

    def __init__(self):
        self.threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        self.threads = self.threads or os.cpu_count() or 1
        self.forget()

    def forget(self):
        self.lock = threading.Lock()
        self.executor = None

    def submit(self, task, at_most):
        """Start `task` on the threads beside the caller's, but no more than `at_most`."""
        with self.lock:
            if self.threads == 1:
                return []
            if self.executor is None:
                self.executor = ThreadPoolExecutor(self.threads - 1, "lossbook")
            try:
                return [self.executor.submit(task) for _ in range(min(self.threads - 1, at_most))]
            except RuntimeError:  # the interpreter is shutting down: the caller's thread does all
                return []


_pool = _Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)


def get_num_threads() -> int:
    """Return the number of threads that large inputs are computed on.

    Returns
    -------
    int
        At first, the number of cores this process may use.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.get_num_threads() >= 1
    True
    """
    return _pool.threads


def set_num_threads(n_threads: int) -> None:
    """Set the number of threads that large inputs are computed on.

    Results do not depend on it, to the last bit.

    Parameters
    ----------
    n_threads : int
        At least 1.

    Raises
    ------
    TypeError
        If `n_threads` is not an integer.
    ValueError
        If `n_threads` is below 1.

    Examples
    --------
    >>> import lossbook as lb
    >>> before = lb.get_num_threads()
    >>> lb.set_num_threads(1)
    >>> lb.get_num_threads()
    1
    >>> lb.set_num_threads(before)
    """
    n_threads = whole_number("n_threads", n_threads, 1)
    with _pool.lock:
        executor, _pool.executor, _pool.threads = _pool.executor, None, n_threads
    if executor is not None:
        executor.shutdown(wait=False)


_silent = Context()
_silent.run(np.seterr, all="ignore")


def silently(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function without NumPy's floating-point warnings, which belong to a context.

    Entering a context that is ready takes a third of the time of ``np.errstate``.
    """
    return _silent.copy().run(function, *args)


def stream(work: Callable[[int, int], Any], n_samples: int, block_size: int) -> list[Any]:
    """Return ``[work(start, stop), ...]`` over consecutive blocks of about equal size, in order.

    NumPy's floating-point warnings are off in `work`: infinities are results like any others.

    Parameters
    ----------
    work : callable
        Takes the bounds of a block.  Must be safe to call from several threads.
    n_samples, block_size : int
        How many samples there are, and how many go into one block at most.

    Returns
    -------
    list
        What `work` returned for each block.  If it raised, the error of the first block that did
        is raised here, whatever the number of threads.
    """
    if n_samples <= block_size:
        return [silently(work, 0, n_samples)]
    n_blocks = -(-n_samples // block_size)
    blocks = list(pairwise(k * n_samples // n_blocks for k in range(n_blocks + 1)))
    results: list[Any] = [None] * len(blocks)
    errors: dict[int, BaseException] = {}
    pending, lock = iter(range(len(blocks))), threading.Lock()

    def drain():
        while not errors:
            with lock:
                k = next(pending, None)
            if k is None:
                return
            try:
                results[k] = silently(work, *blocks[k])
            except BaseException as error:
                errors[k] = error

    helpers = _pool.submit(drain, len(blocks) - 1)
    drain()
    for helper in helpers:
        if not helper.cancel():
            helper.result()
    if errors:
        raise errors[min(errors)]
    return results


def total(block_sums: Sequence[Any]) -> float:
    """Return the sum of the blocks' sums as a float, in an order that never varies."""
    if len(block_sums) == 1:
        return float(block_sums[0])
    with np.errstate(all="ignore"):
        return float(np.add.reduce(np.array(block_sums)))
