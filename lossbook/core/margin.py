"""Losses of the margin: of how far a score lies on the side of its label."""

from dataclasses import dataclass

from .domains import PLUS_MINUS_ONE
from .loss import PointwiseLoss


@dataclass(frozen=True, repr=False)
class MarginLoss(PointwiseLoss):
    """Base of losses that depend on the margin ``m = y_true * y_pred`` alone, labels -1 and +1.

    A subclass gives the loss, its slope and its curvature as functions of the margin, or of what
    ``_terms`` makes of it.
    """

    y_true_domain = PLUS_MINUS_ONE

    def _shared(self, y_true, y_pred):
        return y_true, *self._terms(y_true * y_pred)

    def _terms(self, m):
        return (m,)

    def _value(self, y, *terms):
        return self._of_margin(*terms)

    def _gradient(self, y, *terms):
        return y * self._slope(*terms)

    def _hessian(self, y, *terms):
        return self._curvature(*terms)
