"""Constants that minimise a loss on a weighted sample of targets."""

import numpy as np

from .elementwise import as_tuple


def weighted_mean(y_true, weight):
    """Return Σwy/Σw."""
    return float(np.average(y_true, weights=weight))


def weighted_quantile(y_true, weight, quantile):
    """Return the middle of the interval that has this share of the weight below it."""
    order = np.argsort(y_true)
    y_true, below = y_true[order], np.cumsum(weight[order])
    share = quantile * below[-1]
    lower, upper = np.searchsorted(below, share, "left"), np.searchsorted(below, share, "right")
    return float(y_true[lower] / 2 + y_true[min(upper, y_true.size - 1)] / 2)


def root_of_slope(loss, y_true, weight, reach=0.0):
    """Return the middle of the constants at which a convex loss of the residual is flat.

    They are sought among the targets, and up to `reach` beyond them.
    """

    def slope(c):
        return float(weight @ loss._gradient(*as_tuple(loss._shared(y_true, c))))

    return middle_root(slope, float(np.min(y_true)) - reach, float(np.max(y_true)) + reach)


def middle_root(slope, low, high):
    """Return the middle of the interval between two numbers where a rising slope is 0."""
    first = bisect(lambda c: slope(c) >= 0, low, high)
    last = -bisect(lambda c: slope(-c) <= 0, -high, -low)
    return first / 2 + last / 2


def bisect(reached, low, high):
    """Return the least c in [low, high] at which the monotone condition `reached` holds."""
    if reached(low):
        return low
    while low < (middle := low / 2 + high / 2) < high:
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def on_simplex(slope, n_classes):
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
