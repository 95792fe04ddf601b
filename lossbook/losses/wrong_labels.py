"""Losses for labels of which some are wrong."""

from math import sqrt

import numpy as np

from ..core.domains import Interval
from ..core.loss import parameter
from ..core.softmax import LabelProbabilityLoss
from ..core.traits import Traits


class GeneralizedCrossEntropy(LabelProbabilityLoss):
    r"""Generalised cross-entropy, :math:`\ell = (1 - p_y^q)/q`, for labels that may be wrong [1]_.

    Between the cross-entropy, its limit for :math:`q \to 0`, and :math:`1 - p_y` at
    :math:`q = 1`, half the absolute error of the probabilities: a label that the model finds
    impossible costs no more than :math:`1/q`, and pulls with less than full strength.

    Parameters
    ----------
    q : float, default 0.7
        How much less unlikely labels count; in (0, 1].

    Notes
    -----
    Predictions :math:`z` of shape (..., K) hold any real scores, of which
    :math:`p_k = e^{z_k} / \sum_j e^{z_j}`; targets are integer labels :math:`y` of shape (...).
    Gradient :math:`p_y^q\,(p_k - [k = y])`, diagonal second derivative
    :math:`p_y^q\,(p_k (1 - p_k) - q\,(p_k - [k = y])^2)`, which may be negative: the loss is not
    convex.  The constant that minimises the loss is :math:`\log s_k / (1 - q)` for the shares
    :math:`s_k` of the classes, up to a shift: sharper than the shares themselves, and at
    :math:`q = 1` all for the largest class.

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

    q: float = parameter(0.7, Interval(0, 1, include_low=False))

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

    def _terms(self, softmax):
        return (-self.q * softmax.cross_entropy,)

    def _value(self, softmax, exponent):
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
