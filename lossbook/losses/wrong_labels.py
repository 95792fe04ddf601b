"""Losses for data in which some labels are wrong."""

from math import sqrt

import numpy as np

from ..core.domains import LABELS, Interval
from ..core.loss import parameter
from ..core.softmax import LabelProbabilityLoss
from ..core.traits import Traits


class GeneralizedCrossEntropy(LabelProbabilityLoss):
    r"""Generalised cross-entropy, :math:`\ell = (1 - p_y^q)/q`, for labels that may be wrong [1]_.

    The limit of the loss for :math:`q \to 0` is the cross-entropy.  At :math:`q = 1` the loss is
    :math:`1 - p_y`, which is half the absolute error of the probabilities.  The loss is at most
    :math:`1/q`, even if the predicted probability of the label is 0.  Its gradient is the gradient
    of the cross-entropy multiplied by :math:`p_y^q`, so unlikely labels, which may be wrong, have
    less influence.

    Parameters
    ----------
    q : float, default 0.7
        Exponent in (0, 1].  A larger exponent gives unlikely labels less influence.

    Notes
    -----
    Predictions :math:`z` of shape (..., K) may be any real scores, which the softmax
    :math:`p_k = e^{z_k} / \sum_j e^{z_j}` converts to probabilities.  Targets are integer labels
    :math:`y` of shape (...).  The gradient is :math:`p_y^q\,(p_k - [k = y])`.  The diagonal second
    derivative is :math:`p_y^q\,(p_k (1 - p_k) - q\,(p_k - [k = y])^2)`, which may be negative, so
    the loss is not convex.  Up to a shift, the constant that minimises the loss is
    :math:`\log s_k / (1 - q)`, where :math:`s_k` is the share of class :math:`k`.  Its
    probabilities are more extreme than the shares.  At :math:`q = 1`, the largest class gets the
    probability 1.

    References
    ----------
    .. [1] Z. Zhang and M. R. Sabuncu, "Generalized cross entropy loss for training deep neural
       networks with noisy labels", *Advances in Neural Information Processing Systems* 31, 2018.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.GeneralizedCrossEntropy(q=0.5, reduction="none")
    >>> loss([0, 1], [[0.0, 0.0], [1000.0, 0.0]])
    array([0.58578644, 2.        ])
    """

    y_true_domain = LABELS

    q: float = parameter(default=0.7, domain=Interval(0, 1, include_low=False))

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=sqrt(2) * (self.q / (1 + self.q)) ** self.q / (1 + self.q),
            bounded=True,
            classification_calibrated=True,
            elicits="sharpened probability",
        )

    def _formula(self, s):
        p, q = s.p_y, s.q
        return self._of_label(
            s,
            value=(1 - p**q) / q,
            slope=p**q,
            bend=-q * p**q,
            optimum="all for the largest class"
            if self.q == 1
            else "the logarithms of the class shares, divided by 1 − q" + s.SHIFT,
            parameters={q: "q"},
        )

    def _terms(self, softmax):
        return (-self.q * softmax.cross_entropy,)

    def _height(self, softmax, exponent):
        return -np.expm1(exponent) / self.q

    def _slope(self, softmax, exponent):
        return softmax.wrong * np.exp(exponent)

    def _curvature(self, softmax, exponent):
        return -self.q * softmax.wrong**2 * np.exp(exponent)

    def _optimal_constant(self, t, weight):
        mass = t @ weight
        below = np.log(mass / mass.max())
        score = np.where(below < 0, below / (1 - self.q), 0)
        return score - np.log(np.exp(score).sum())
