"""Losses of the residual alone."""

import numpy as np

from ..base import Loss


def of_residual(loss: Loss) -> bool:
    """Return whether moving target and prediction together changes no gradient."""
    y, y_pred = np.array([0.0, 1.0, 4.0]), np.array([0.5, 3.0, 1.0])
    try:
        return np.array_equal(loss.gradient(y, y_pred), loss.gradient(y - 8, y_pred - 8))
    except (TypeError, ValueError):
        return False
