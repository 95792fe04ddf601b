"""Leaves of trees as the optimal constants of the residuals in them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base import Loss
from ._residual import of_residual

Vector = NDArray[np.float64]


def checked(
    loss: Loss, y: ArrayLike, sample_weight: ArrayLike | None, init_score: ArrayLike
) -> tuple[Vector, Vector, Vector]:
    """Return targets, weights and scores, for a loss whose leaves are optimal constants."""
    if not of_residual(loss):
        raise ValueError(f"loss must depend on the residual alone; got {loss!r}")
    y = np.asarray(y, np.float64)
    weight = np.ones(y.shape) if sample_weight is None else np.asarray(sample_weight, np.float64)
    return y, weight, np.array(np.broadcast_to(init_score, y.shape), np.float64)


def optimal_leaves(
    loss: Loss, residual: Vector, weight: Vector, leaf: NDArray[Any]
) -> dict[int, float]:
    """Return the optimal constant of each leaf that holds a sample with a weight."""
    found = {}
    for k in np.unique(leaf[weight > 0]):
        here = (leaf == k) & (weight > 0)
        found[int(k)] = float(loss.optimal_constant(residual[here], weight[here]))
    return found


def of_leaves(outputs: dict[int, float], leaf: NDArray[Any]) -> Vector:
    """Return the output of each sample's leaf."""
    found = np.zeros(leaf.shape)
    for k, output in outputs.items():
        found[leaf == k] = output
    return found
