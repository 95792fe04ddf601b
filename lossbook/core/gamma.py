"""What Stirling's formula leaves of the logarithm of the gamma function."""

from math import log, pi
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SHIFT = 8
"""From here on the series is right to double precision; what lies below is moved up by as much."""

_SERIES = (
    1 / 12,
    -1 / 360,
    1 / 1260,
    -1 / 1680,
    1 / 1188,
    -691 / 360360,
    1 / 156,
    -3617 / 122400,
    43867 / 244188,
    -174611 / 125400,
    77683 / 5796,
    -236364091 / 1506960,
)
"""The coefficients of x⁻¹, x⁻³, x⁻⁵ … in Stirling's series, B₂ₖ/(2k(2k-1))."""


def stirling_remainder(x: ArrayLike, start: float = 0.0) -> NDArray[Any]:
    """Return R(start + x) - R(start), where R(x) = log Γ(x + 1) - x log x + x and R(0) = 0.

    R(x) is minus the logarithm of the Poisson probability of x where x is the mean too.  It grows
    like log(2πx)/2, so sums with it lose nothing, as they do with log-factorials.

    Parameters
    ----------
    x : array_like
        Not negative.
    start : float, default 0.0
        Not negative.

    Returns
    -------
    ndarray of float64
    """
    x = np.positive(x, dtype=np.float64)
    if start >= _SHIFT:
        return _climb(x, start)
    small = x < _SHIFT
    far = _remainder(np.where(small, _SHIFT, x) + start)
    if start > 0:
        far -= stirling_remainder(start)
    return np.where(small, _climb(np.where(small, x, 1), start), far)


def _remainder(x):
    """Sum the series."""
    s, tail = 1 / x, 0.0
    for coefficient in reversed(_SERIES):
        tail = tail * s * s + coefficient
    return (np.log(x) + log(2 * pi)) / 2 + s * tail


def _climb(x, start):
    """Climb from `start` to where the series holds for sure, and from `start` + x as many steps.

    A step from t to t + 1 adds 1 - t log(1 + 1/t).  In the differences every term is 0 where x is,
    so small ones keep their digits, and none is large, so nothing cancels.
    """
    top = start + _SHIFT
    s, s0 = 1 / (x + top), 1 / top
    # Horner's rule for the tail at s0, and for its difference quotient between s and s0.
    tail, quotient = 0.0, 0.0
    for coefficient in reversed(_SERIES):
        quotient = quotient * s * s + tail * (s + s0)
        tail = tail * s0 * s0 + coefficient
    climbed = np.log1p(x / top) / 2 - x * s * s0 * (quotient * s + tail)
    for t in (start + j for j in range(_SHIFT)):
        if t > 0:
            climbed += x * np.log1p(1 / (t + x)) - t * np.log1p(x / (t * (t + x + 1)))
        else:
            climbed += x * np.log1p(1 / np.where(x > 0, x, 1))
    return climbed
