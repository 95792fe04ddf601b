"""Constants that minimise a loss on a weighted sample of targets."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .elementwise import as_tuple


def weighted_mean(y_true: NDArray[Any], weight: NDArray[Any]) -> float:
    """Return Σwy/Σw."""
    return float(np.average(y_true, weights=weight))


def weighted_quantile(y_true: NDArray[Any], weight: NDArray[Any], quantile: float) -> float:
    """Return the middle of the interval that has this share of the weight below it."""
    order = np.argsort(y_true)
    y_true, below = y_true[order], np.cumsum(weight[order])
    share = quantile * below[-1]
    lower, upper = np.searchsorted(below, share, "left"), np.searchsorted(below, share, "right")
    return float(y_true[lower] / 2 + y_true[min(upper, y_true.size - 1)] / 2)


def root_of_slope(
    loss: Any, y_true: NDArray[Any], weight: NDArray[Any], reach: float = 0.0
) -> float:
    """Return the middle of the constants at which a convex loss of the residual is flat.

    They are sought among the targets, and up to `reach` beyond them.
    """

    def slope(c):
        return float(weight @ loss._gradient(*as_tuple(loss._shared(y_true, c))))

    return middle_root(slope, float(np.min(y_true)) - reach, float(np.max(y_true)) + reach)


def middle_root(slope: Callable[[float], float], low: float, high: float) -> float:
    """Return the middle of the interval between two numbers where a rising slope is 0."""
    first = bisect(lambda c: slope(c) >= 0, low, high)
    last = -bisect(lambda c: slope(-c) <= 0, -high, -low)
    return first / 2 + last / 2


def bisect(reached: Callable[[float], bool], low: float, high: float) -> float:
    """Return the least c in [low, high] at which the monotone condition `reached` holds."""
    if reached(low):
        return low
    while low < (middle := low / 2 + high / 2) < high:
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def lowest_constant(
    loss: Any, y_true: NDArray[Any], weight: NDArray[Any], least_hessian: float
) -> float:
    """Return the constant at which a loss of the residual that is not convex is smallest.

    The loss must not fall where the absolute residual grows, so that the constant lies between the
    targets.  Intervals are halved (branch and bound), and one is dropped when no constant in it can
    be better than the best one so far.  Two bounds tell this.  No residual is smaller than the
    distance from its target to the interval.  And the mean of the losses is nowhere below both of
    the parabolas that touch it at the ends and have the smallest second derivative of the loss.  Of
    several constants that are equally good, the smallest is returned.

    Parameters
    ----------
    loss : Loss
        A loss of the residual.
    y_true, weight : ndarray
        Targets and their weights.
    least_hessian : float
        The smallest second derivative that the loss has anywhere, which is negative.
    """
    y_true, which = np.unique(y_true, return_inverse=True)
    weight = np.bincount(which, weight) / weight.sum()
    y_true, weight = y_true[weight > 0], weight[weight > 0]
    if len(y_true) == 1:
        return float(y_true[0])

    def at(constants):
        """Return rows of constants, of the mean losses there and of their slopes."""
        parts = loss._value, loss._gradient
        return np.stack([constants, *_means(loss, parts, y_true, weight, constants, constants)])

    ends = at(y_true[np.unique(np.linspace(0, len(y_true) - 1, 33).astype(int))])
    left, right, best = ends[:, :-1], ends[:, 1:], ends[1].min()
    short = []
    while left.size:
        (nearest,) = _means(loss, (loss._value,), y_true, weight, left[0], right[0])
        bound = np.maximum(nearest, _below_parabolas(left, right, least_hessian))
        middle = left[0] / 2 + right[0] / 2
        is_open = (bound < best / _EVEN) & (left[0] < middle) & (middle < right[0])
        short.append(np.stack([left[0], right[0], bound])[:, ~is_open])
        between = at(middle[is_open])
        left = np.hstack([left[:, is_open], between])
        right = np.hstack([between, right[:, is_open]])
        best = min(best, between[1].min(initial=best))

    low, high, bound = np.hstack(short)
    low, high = (np.sort(each[bound <= best * _EVEN]) for each in (low, high))
    apart = low[1:] != high[:-1]
    runs = zip(low[np.append(True, apart)], high[np.append(apart, True)], strict=True)
    flat = [bisect(lambda c: at(np.array([c]))[2, 0] >= 0, *run) for run in runs]
    for constants in np.array(flat), np.append(low, high):
        _, cost, _ = at(constants)
        if (cost <= best * _EVEN).any():
            break
    return float(constants[cost <= best * _EVEN].min())


_EVEN = 1 + 1e-12
"""Losses that differ by less than this factor are equally good."""

_AT_ONCE = 1 << 16
"""Terms of sums that are computed at once."""


def _below_parabolas(left, right, least_hessian):
    """Return a bound of functions of which the values and slopes at two ends are known."""
    (a, at_a, slope_a), (b, at_b, slope_b) = left, right
    length = b - a
    rise = at_b - at_a - slope_b * length + least_hessian / 2 * length**2
    meeting = (rise / (slope_a - slope_b + least_hessian * length)).clip(0, length)
    lowest = at_a + slope_a * meeting + least_hessian / 2 * meeting**2
    return np.minimum(np.minimum(at_a, at_b), np.where(np.isnan(lowest), -np.inf, lowest))


def _means(loss, parts, y_true, weight, low, high):
    """Return weighted means of parts of a loss of the predictions in intervals nearest to y."""
    means = np.zeros((len(parts), len(low)))
    for i in range(0, len(y_true), _AT_ONCE):
        y, w = y_true[i : i + _AT_ONCE, None], weight[i : i + _AT_ONCE]
        n_columns = max(1, _AT_ONCE // len(y))
        for k in range(0, len(low), n_columns):
            columns = slice(k, k + n_columns)
            shared = as_tuple(loss._shared(y, y.clip(low[columns], high[columns])))
            for mean, part in zip(means, parts, strict=True):
                mean[columns] += w @ part(*shared)
    return means


def on_simplex(slope: Callable[[NDArray[Any]], NDArray[Any]], n_classes: int) -> NDArray[Any]:
    """Return the distribution that minimises a sum over the classes of convex terms.

    Where the minimum is, all classes have the same slope, or are 0 and have a larger one.

    Parameters
    ----------
    slope : callable
        Takes a probability for each class and returns the slope of its term.
    n_classes : int
        How many there are.
    """
    least = np.full(n_classes, float(np.log(np.finfo(float).tiny)))

    def at(level):
        """Return the largest probabilities at which no slope is above the level."""
        low, high = least, np.zeros(n_classes)
        for _ in range(64):
            middle = (low + high) / 2
            reached = slope(np.exp(middle)) <= level
            low, high = np.where(reached, middle, low), np.where(reached, high, middle)
        return np.where(low > least, np.exp(high), 0)

    even = slope(np.full(n_classes, 1 / n_classes))
    level = bisect(lambda c: at(c).sum() >= 1, float(even.min()), float(even.max()))
    return at(level)
