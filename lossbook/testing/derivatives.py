"""Numerical derivatives that know their error."""

from typing import Any

import numpy as np

from ..core.domains import Boxes, Directions, Distributions, Interval, LogDistributions

EPSILON = np.finfo(np.float64).eps


def derivative(function: Any, room: Any, size: Any = 0.0) -> Any:
    """Return numerical derivatives at 0 of many functions at once, and bounds of their errors.

    Central differences of fourth order are taken with steps that shrink from `room` / 2, each a
    quarter of the last.  A difference's truncation error is less than its change since the last,
    larger step; its rounding error is a few units in the last place of the function over the step.
    The function may round what it is given, which moves its value by the slope, and its derivative
    by the curvature.  The step where the sum of all this is least is kept.  Steps that miss what
    the function does at 0, because it does it within less than a step, do not count.

    Parameters
    ----------
    function : callable
        Takes an array of offsets, one for each function, and returns the functions' values there.
    room : ndarray
        The largest offset allowed for each function, preferably a power of two.
    size : ndarray, optional
        How large the numbers are that the function adds the offsets to.

    Returns
    -------
    derivative, error : ndarray
        The error is ``inf`` where no step gave a number.
    """
    best, error, previous = np.full(room.shape, np.nan), np.full(room.shape, np.inf), np.nan
    centre = function(np.zeros(room.shape))
    for k in range(12):
        h = room / 2 / 4**k
        values = np.array([function(step * h) for step in (-2, -1, 1, 2)])
        with np.errstate(invalid="ignore", over="ignore"):
            estimate = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
            curvature = (values[0] - values[1] - values[2] + values[3]) / (3 * h * h)
            rounding = (1 + np.abs(values).max(axis=0) + size * np.abs(estimate)) / h
            rounding = 16 * EPSILON * (rounding + size * np.abs(curvature))
            bound = np.abs(estimate - previous) + rounding
            between = (4 * (values[1] + values[2]) - values[0] - values[3]) / 6
            nearby = np.array([*values, centre])
            noise = 16 * EPSILON * np.abs(nearby).max(axis=0)
            missed = np.abs(centre - between) > np.ptp(nearby, axis=0) / 2 + noise
        better = (bound < error) & ~missed
        best, error = np.where(better, estimate, best), np.where(better, bound, error)
        previous = estimate
    return best, error


def room_inside(domain: Any, y_pred: Any) -> Any:
    """Return a power of two that every prediction can move by without leaving the domain."""
    room = np.full(y_pred.shape, 0.25)
    if isinstance(domain, Distributions):
        room = np.minimum(domain.tolerance / 2, y_pred / 2)
    elif isinstance(domain, Boxes):
        sides = (y_pred[..., 2:] - y_pred[..., :2]) / 2
        room = np.minimum(room, np.concatenate([sides, sides], axis=-1))
    elif isinstance(domain, LogDistributions):
        room = np.full(y_pred.shape, domain.tolerance / 2)
    elif isinstance(domain, Directions):
        room = np.minimum(room, np.abs(y_pred) / 2)
    elif isinstance(domain, Interval):
        room = np.minimum(room, np.minimum(y_pred - domain.low, domain.high - y_pred) / 2)
    return 2 ** np.floor(np.log2(room))
