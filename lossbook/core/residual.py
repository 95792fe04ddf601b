"""Losses of the residual r = ŷ - y alone."""

from .loss import PointwiseLoss
from .optimum import root_of_slope


class ResidualLoss(PointwiseLoss):
    """Base of losses that depend on the residual ``r = y_pred - y_true`` alone."""

    def _shared(self, y_true, y_pred):
        return (y_pred - y_true,)

    def _optimal_constant(self, y_true, weight):
        if not self.traits.convex:
            return super()._optimal_constant(y_true, weight)
        return root_of_slope(self, y_true, weight)
