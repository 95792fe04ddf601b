"""What Stirling's formula leaves of the logarithm of the gamma function."""

from math import log, pi

import numpy as np

_SHIFT = 6
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


def stirling_remainder(x):
    """Return log Γ(x + 1) - x log x + x of numbers that are not negative, in double precision.

    It is minus the logarithm of the Poisson probability of x where x is the mean.  It grows from 0
    like log(2πx)/2, so sums with it lose nothing, as they do with log-factorials.
    """
    x = np.asarray(x, np.float64)
    small = x < _SHIFT
    return np.where(small, _below(np.where(small, x, 1)), _above(np.where(small, _SHIFT, x)))


def _above(x):
    """Sum the series."""
    s, tail = 1 / x, 0.0
    for coefficient in reversed(_SERIES):
        tail = tail * s * s + coefficient
    return (np.log(x) + log(2 * pi)) / 2 + s * tail


def _below(x):
    """Climb from x to x + n, where the series holds, and come back from n.

    Each step of either is t log(1 + 1/t), from t to t + 1.  In the difference every term is 0 where
    x is, so small ones keep their digits, and none is large, so nothing cancels.
    """
    n = _SHIFT
    s, s0 = 1 / (x + n), 1 / n
    # Horner's rule for the tail at s0, and for its difference quotient between s and s0.
    tail, quotient = 0.0, 0.0
    for coefficient in reversed(_SERIES):
        quotient = quotient * s * s + tail * (s + s0)
        tail = tail * s0 * s0 + coefficient
    of_series = np.log1p(x / n) / 2 - x * s * s0 * (quotient * s + tail)
    of_steps = x * np.log1p(1 / np.where(x > 0, x, 1))
    for j in range(1, n):
        of_steps += x * np.log1p(1 / (x + j)) - j * np.log1p(x / (j * (x + j + 1)))
    return of_series + of_steps
