"""Divergences between a target distribution and a predicted one."""

from dataclasses import replace
from math import log

import numpy as np

from ..core.domains import DISTRIBUTIONS
from ..core.elementwise import log_ratio, sum_entries, zero_if_nan
from ..core.loss import ClassLoss, as_distributions
from ..core.optimum import on_simplex
from ..core.traits import Traits
from .softmax import CategoricalCrossEntropy


class KLDivergence(CategoricalCrossEntropy):
    r"""Kullback-Leibler divergence, :math:`\ell = \sum_k t_k \log(t_k / p_k)` [1]_.

    The divergence is the cross-entropy of target and prediction minus the entropy of the target.
    It is 0 if the prediction is equal to the target.

    Notes
    -----
    Predictions :math:`p` have the shape (..., K) and hold probabilities that sum to 1 over the last
    axis.  Targets are either integer labels of shape (...) or distributions :math:`t` of shape
    (..., K).  The gradient is :math:`-t_k/p_k` and the second derivative is :math:`t_k/p_k^2`,
    where :math:`0 \log 0` and :math:`0/0` count as 0.  Both treat the :math:`p_k` as independent
    variables, although their sum is 1.  If a class of the target is predicted to be impossible,
    the loss is ``inf``.  If :math:`t_k` and :math:`p_k` are close to each other, the logarithm is
    computed from their difference divided by the larger of them, so that no digits are lost.  The
    constant that minimises the loss is the mean of the target distributions.

    References
    ----------
    .. [1] S. Kullback and R. A. Leibler, "On information and sufficiency", *The Annals of
       Mathematical Statistics* 22(1), 1951.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.KLDivergence(reduction="none")
    >>> loss([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]], [[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]])
    array([0.        , 0.69314718])
    """

    def _formula(self, s):
        t, p = s.t_k, s.p_k
        return replace(super()._formula(s), value=s.sum_k(t * s.log(t / p)))

    def _value(self, t, p, put):
        return sum_entries(np.where(t > 0, t * log_ratio(t, p), 0))


class JensenShannon(ClassLoss):
    r"""Jensen-Shannon divergence of target and prediction, with :math:`m = (t + p)/2` [1]_.

    .. math::

        \ell = \tfrac12 \sum_k t_k \log\frac{t_k}{m_k} + \tfrac12 \sum_k p_k \log\frac{p_k}{m_k}

    Notes
    -----
    Predictions :math:`p` have the shape (..., K) and hold probabilities that sum to 1 over the last
    axis.  Targets are either integer labels of shape (...) or distributions :math:`t` of shape
    (..., K).  The loss is symmetric in :math:`t` and :math:`p`, and its square root is a metric.
    The logarithms are natural, so the loss is at most :math:`\log 2`.  It attains this value if no
    class has a positive probability in both distributions.

    The gradient is :math:`\tfrac12 \log(p_k / m_k)` and the second derivative is
    :math:`t_k / (2 p_k (t_k + p_k))`.  Both treat the :math:`p_k` as independent variables,
    although their sum is 1.  If :math:`t_k` and :math:`p_k` are both 0, the gradient is
    :math:`\tfrac12 \log 2`, which is also its value for :math:`t_k = 0` and every
    :math:`p_k > 0`, and the second derivative is 0.  With
    :math:`u = |t_k - p_k|/(t_k + p_k)`, each class contributes
    :math:`\tfrac14 (t_k + p_k)\,(2u \operatorname{artanh} u + \log(1 - u^2))`.  This form is
    used where :math:`t_k` and :math:`p_k` are close to each other, because no digits cancel in it.
    The constant that minimises the loss is found by bisection.

    References
    ----------
    .. [1] J. Lin, "Divergence measures based on the Shannon entropy", *IEEE Transactions on
       Information Theory* 37(1), 1991.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.JensenShannon(reduction="none")
    >>> loss([0, 0, 0], [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    array([0.        , 0.21576155, 0.69314718])
    """

    y_pred_domain = DISTRIBUTIONS

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            bounded=True,
            classification_calibrated=True,
            elicits="sharpened probability",
        )

    def _formula(self, s):
        t, p, m = s.t_k, s.p_k, s.m_k
        return s.Formula(
            value=s.sum_k(t * s.log(t / m) + p * s.log(p / m)) / 2,
            gradient=s.log(p / m) / 2,
            hessian=t / (2 * p * (t + p)),
            y_true=t,
            y_pred=p,
            definitions={m: (t + p) / 2},
            optimum="the distribution at which the pulls of the targets "
            "are the same for every class",
        )

    def _shared(self, y_true, y_pred):
        t, p = as_distributions(y_true, y_pred), y_pred
        both = t + p
        return t, p, both, (p - t) / both

    def _value(self, t, p, both, u):
        near = both / 4 * (2 * u * np.arctanh(u) + np.log1p(-u * u))
        of_t = np.where(t > 0, t * _log_of_share(t, both, -u), 0)
        of_p = np.where(p > 0, p * _log_of_share(p, both, u), 0)
        return sum_entries(np.where(np.abs(u) < 0.5, near, (of_t + of_p) / 2))

    def _gradient(self, t, p, both, u):
        return np.where(both > 0, _log_of_share(p, both, u), log(2)) / 2

    def _hessian(self, t, p, both, u):
        return zero_if_nan(t / p / both) / 2

    def _optimal_constant(self, t, weight):
        share = weight / weight.sum()
        return on_simplex(lambda p: self._gradient(*self._shared(t, p[:, None])) @ share, len(t))


def _log_of_share(part, both, u):
    """Return log(2 part/both), where u is 2 part/both - 1."""
    return np.where(u > -0.5, np.log1p(u), np.log(2 * part / both))
