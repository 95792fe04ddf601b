"""Losses of the margin: of how far the score of the label lies above what speaks against it."""

import numpy as np

from .domains import LABELS, NON_NEGATIVE, PLUS_MINUS_ONE
from .elementwise import difference, positive_part
from .loss import ClassLoss, PointwiseLoss
from .parameters import parameter


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


class ClassMarginLoss(ClassLoss):
    """Base of losses of the scores' shortfalls s_k = margin - z_y + z_k, where positive."""

    margin: float = parameter(default=1.0, domain=NON_NEGATIVE)

    y_true_domain = LABELS

    def _of_shortfalls(self, s, **stated):
        t, z, z_y, margin = s.t_k, s.z_k, s.z_y, s.c
        return s.Formula(
            y_true=s.label,
            y_pred=z,
            definitions={
                t: s.ONE_HOT,
                z_y: s.sum_j(t * z),
                s.s_k: margin * (1 - t) - z_y + z,
            },
            parameters={margin: "margin"},
            **stated,
        )

    def _shared(self, y_true, y_pred):
        label = y_true, np.arange(y_true.size)
        shortfall = positive_part(difference(y_pred, y_pred[label]) + self.margin)
        shortfall[label] = 0
        return shortfall, label
