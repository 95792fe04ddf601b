"""Which curvature a Newton step is made with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import AbsoluteError
from ..base import Loss


def chosen_curvature(loss: Loss) -> str | float:
    """Return what should stand for the second derivative in Newton steps.

    It is the second derivative itself where a loss is convex and twice differentiable.  Otherwise
    it is the majorizer or the Fisher information, if the loss has them, the absolute value of the
    second derivative if there is one everywhere, and the number 1.
    """
    if loss.traits.convex and loss.traits.twice_differentiable:
        return "exact"
    for name in "majorizer", "fisher":
        if name in loss.curvatures:
            return name
    return "abs" if loss.traits.twice_differentiable else 1.0


def is_margin(loss: Loss) -> bool:
    """Return whether the labels of a loss are -1 and 1."""
    return loss.y_true_domain.contains(np.array([-1.0, 0.0, 1.0])).tolist() == [True, False, True]


def median(majorizer: NDArray[Any], weight: NDArray[Any] | None) -> Any:
    """Return the weighted median of what is finite, or 1."""
    finite = np.isfinite(majorizer)
    if not finite.any():
        return majorizer.dtype.type(1)
    if weight is None:
        return np.median(majorizer[finite])
    weight = np.broadcast_to(by_sample(weight, majorizer), majorizer.shape)
    middle = AbsoluteError().optimal_constant(majorizer[finite], weight[finite])
    return majorizer.dtype.type(middle)


def by_sample(weight: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """Return weights that multiply all values of a sample."""
    return weight.reshape(-1, *[1] * (values.ndim - 1))
