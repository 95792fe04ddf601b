"""Elementwise functions that several losses share.

NumPy takes the larger of two arrays in vector registers, but of an array and a number one element
at a time: hence the arrays of zeros.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FEW = 64
"""So many terms may be added one after another: their roundings stay below a few units."""


def sum_entries(terms: NDArray[Any]) -> NDArray[Any]:
    """Return the sum over the first axis, right to a few roundings however long it is.

    Added row by row, terms in single precision would lose more digits the more there are.  NumPy
    adds in pairs what is next to each other in memory, so columns need no help.
    """
    # A kernel adds in groups by itself.
    is_array = type(terms) is np.ndarray
    while is_array and len(terms) > _FEW and not terms.flags.f_contiguous:
        whole = len(terms) // _FEW * _FEW
        sums = np.add.reduce(terms[:whole].reshape(-1, _FEW, *terms.shape[1:]), axis=1)
        terms = np.concatenate([sums, terms[whole:]]) if whole < len(terms) else sums
    return np.add.reduce(terms, axis=0)


def running_dtype(terms: NDArray[Any]) -> Any:
    """Return the dtype in which running sums over the first axis keep their digits."""
    return terms.dtype if len(terms) <= _FEW else np.float64


def as_tuple(shared: Any) -> tuple[Any, ...]:
    """Return what formulas share as a tuple, also where it is one array."""
    return shared if type(shared) is tuple else (shared,)


def positive_part(x: NDArray[Any]) -> NDArray[Any]:
    """Return max(x, 0)."""
    return np.maximum(x, np.zeros(x.shape, x.dtype))


def negative_part(x: NDArray[Any]) -> NDArray[Any]:
    """Return min(x, 0)."""
    return np.minimum(x, np.zeros(x.shape, x.dtype))


def zero_if_nan(x: NDArray[Any]) -> NDArray[Any]:
    """Return terms that are never negative; NaN, from 0 log 0 or 0/0, becomes the limit 0."""
    return np.fmax(x, np.zeros(x.shape, x.dtype))


def log_ratio(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Return log(x/y) of numbers that are not negative; that of 0/0 is NaN."""
    low, high = np.minimum(x, y), np.maximum(x, y)
    excess = (high - low) / low
    size, overflown = np.log1p(excess), np.isinf(excess)
    if overflown.any():
        size = np.where(overflown, np.log(high) - np.log(low), size)
    return np.copysign(size, x - y)


def unless_nan(x: NDArray[Any], limit: NDArray[Any]) -> NDArray[Any]:
    """Return x, and where it is NaN, from inf - inf or 0 times inf, its limit."""
    return np.where(np.isnan(x), limit, x)


def within_floats(x: NDArray[Any]) -> NDArray[Any]:
    """Return x, and the largest finite number in the place of infinity."""
    largest = np.finfo(x.dtype).max
    return x.clip(-largest, largest)


def difference(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Return x - y, which is 0 between equal infinities."""
    apart = x - y
    lost = np.isnan(apart)
    return np.where(x == y, 0, apart) if lost.any() else apart


def decay(z: NDArray[Any]) -> NDArray[Any]:
    """Return exp(-|z|)."""
    return np.exp(-np.abs(z))


def two_sides(z: NDArray[Any], e: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return exp(min(z, 0)) and exp(-max(z, 0)): one of them is 1, the other e = exp(-|z|)."""
    return np.maximum(e, z > 0), np.maximum(e, z < 0)


def sigmoid(z: NDArray[Any]) -> NDArray[Any]:
    """Return 1 / (1 + exp(-z)), to full precision in both tails."""
    e = decay(z)
    a, _ = two_sides(z, e)
    return a / (1 + e)


def tanh_ratio(x: NDArray[Any]) -> NDArray[Any]:
    """Return tanh(x)/x, which is 1 at 0."""
    return np.where(x == 0, 1, np.tanh(x) / x)
