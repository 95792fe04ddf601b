"""Losses of two predictions that are compared, with a target for each pair."""

from typing import Any

from numpy.typing import ArrayLike, NDArray

from .loss import Call, JointLoss, Out


class PairLoss(JointLoss):
    """Base of losses of the pairs that two predictions make, each with a target."""

    def _inputs(
        self,
        y_true: ArrayLike,
        first: ArrayLike,
        second: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[tuple[NDArray[Any], NDArray[Any]]]:
        return Call((y_true, first, second), sample_weight, curvature, out)
