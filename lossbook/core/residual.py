"""Losses of the residual r = ŷ - y alone."""

from typing import ClassVar

from .loss import PointwiseLoss
from .optimum import lowest_constant, root_of_slope


class ResidualLoss(PointwiseLoss):
    """Base of losses that depend on the residual ``r = y_pred - y_true`` alone."""

    _least_hessian: ClassVar[float | None] = None
    """The smallest second derivative of a loss that never falls where ``|r|`` grows, if known."""

    def _shared(self, y_true, y_pred):
        return (y_pred - y_true,)

    def _optimal_constant(self, y_true, weight):
        if self.traits.convex:
            return root_of_slope(self, y_true, weight)
        if self._least_hessian is None:
            return super()._optimal_constant(y_true, weight)
        return lowest_constant(self, y_true, weight, self._least_hessian)
