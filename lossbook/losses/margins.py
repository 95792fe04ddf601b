"""Losses of the margin of one score, which is positive where its sign is that of the label."""

import numpy as np

from ..core.elementwise import decay, negative_part, positive_part, tanh_ratio, two_sides
from ..core.margin import MarginLoss
from ..core.optimum import weighted_mean
from ..core.traits import Traits


class LogisticMargin(MarginLoss):
    r"""Logistic loss of a margin, :math:`\ell = \log(1 + e^{-m})` with :math:`m = yz`.

    This loss is `SigmoidCrossEntropy` for the labels -1 and +1.

    Notes
    -----
    The targets :math:`y` are -1 or +1, and the predictions :math:`z` may be any real scores.  Let
    :math:`\sigma(m) = 1/(1 + e^{-m})` be the logistic function.  The gradient is
    :math:`-y\,\sigma(-m)`, and the second derivative is :math:`\sigma(m)\,\sigma(-m)`.  The loss
    is computed as :math:`\max(-m, 0) + \log(1 + e^{-|m|})`, which cannot overflow.  The constant
    that minimises it is the log-odds of the share of :math:`y = +1` [1]_.

    References
    ----------
    .. [1] J. Friedman, T. Hastie and R. Tibshirani, "Additive logistic regression: a statistical
       view of boosting", *The Annals of Statistics* 28(2), 2000, pp. 337-407.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.LogisticMargin(reduction="none")
    >>> loss([1, -1, 1], [0.0, 1000.0, 1000.0])
    array([6.93147181e-01, 1.00000000e+03, 0.00000000e+00])
    >>> loss.gradient([1, -1, 1], [0.0, 1000.0, 1000.0])
    array([-0.5,  1. , -0. ])
    """

    link = "logit"

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=1.0,
            proper=True,
            classification_calibrated=True,
            elicits="probability",
        )

    def _formula(self, s):
        y, m = s.y, s.m
        return s.of_margin(
            value=s.log(1 + s.exp(-m)),
            gradient=-y * s.sigma(-m),
            hessian=s.sigma(m) * s.sigma(-m),
            optimum="the log-odds of the share of +1",
        )

    def _terms(self, m):
        return m, decay(m)

    def _of_margin(self, m, e):
        return np.log1p(e) - negative_part(m)

    def _slope(self, m, e):
        _, b = two_sides(m, e)
        return -b / (1 + e)

    def _curvature(self, m, e):
        return e / (1 + e) ** 2

    def _curvatures(self):
        return {"majorizer": self._majorizer, "fisher": self._hessian}

    def _majorizer(self, y, m, e):
        return tanh_ratio(m / 2) / 4

    def _optimal_constant(self, y_true, weight):
        return _log_odds(y_true, weight)


def _log_odds(y_true, weight):
    """Return the logarithm of the weight of the labels +1 over that of the labels -1."""
    positive, negative = weight @ (y_true > 0), weight @ (y_true < 0)
    return float(np.log(positive) - np.log(negative))


class Hinge(MarginLoss):
    r"""Hinge loss, :math:`\ell = \max(0, 1 - m)` with the margin :math:`m = yz`.

    Notes
    -----
    The targets :math:`y` are -1 or +1, and the predictions :math:`z` may be any real scores.  The
    gradient is :math:`-y` where :math:`m < 1`, and it is 0 elsewhere.  At the kink :math:`m = 1` it
    is 0 as well, which is the subgradient nearest to 0.  The second derivative is 0.  This is the
    loss of the support vector machine [1]_.  The constant that minimises it is the label of the
    larger class.

    References
    ----------
    .. [1] C. Cortes and V. Vapnik, "Support-vector networks",
       *Machine Learning* 20, 1995.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.Hinge(reduction="none")
    >>> loss([1, 1, -1], [2.0, 0.5, 0.5])
    array([0. , 0.5, 1.5])
    >>> loss.gradient([1, 1, -1], [2.0, 0.5, 0.5])
    array([-0., -1.,  1.])
    """

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=1.0,
            classification_calibrated=True,
            elicits="most probable label",
        )

    def _formula(self, s):
        y, m = s.y, s.m
        return s.of_margin(
            value=s.Max(0, 1 - m),
            gradient=s.cases((-y, m < 1), 0),
            hessian=0,
            optimum="the label of the larger class",
        )

    def _terms(self, m):
        return m, positive_part(1 - m)

    def _of_margin(self, m, v):
        return v

    def _slope(self, m, v):
        return -np.sign(v)

    def _curvature(self, m, v):
        return np.zeros_like(m)

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, y, m, v):
        return 0.5 / np.abs(1 - m)

    def _optimal_constant(self, y_true, weight):
        return float(np.sign(np.sum(weight * y_true)))


class SquaredHinge(MarginLoss):
    r"""Squared hinge loss, :math:`\ell = \max(0, 1 - m)^2` with the margin :math:`m = yz`.

    Notes
    -----
    The targets :math:`y` are -1 or +1, and the predictions :math:`z` may be any real scores.  The
    gradient is :math:`-2y\max(0, 1 - m)`.  The second derivative is 2 where :math:`m < 1`, and it
    is 0 elsewhere, also at :math:`m = 1`.  The constant that minimises the loss is the mean of the
    labels, and :math:`p = (1 + z)/2` converts it to the share of :math:`y = +1`.  With this
    conversion the loss is proper [1]_.

    References
    ----------
    .. [1] P. L. Bartlett, M. I. Jordan and J. D. McAuliffe, "Convexity, classification, and risk
       bounds", *Journal of the American Statistical Association* 101(473), 2006.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.SquaredHinge(reduction="none")([1, 1, -1], [2.0, 0.5, 0.5])
    array([0.  , 0.25, 2.25])
    """

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=False,
            proper=True,
            classification_calibrated=True,
            elicits="probability",
        )

    def _formula(self, s):
        y, m = s.y, s.m
        return s.of_margin(
            value=s.Max(0, 1 - m) ** 2,
            gradient=-2 * y * s.Max(0, 1 - m),
            hessian=s.cases((2, m < 1), 0),
            optimum="the mean of the labels",
        )

    def _terms(self, m):
        return (positive_part(1 - m),)

    def _of_margin(self, v):
        return v * v

    def _slope(self, v):
        return -2 * v

    def _curvature(self, v):
        return 2 * np.sign(v)

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, y, v):
        return np.full_like(v, 2)

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)


class ModifiedHuber(MarginLoss):
    r"""Modified Huber loss, the squared hinge with a straight line below :math:`m = -1` [1]_.

    .. math::

        \ell = \begin{cases}
            \max(0, 1 - m)^2 & m \ge -1 \\
            -4m & m < -1
        \end{cases}
        \qquad m = yz

    Notes
    -----
    The targets :math:`y` are -1 or +1, and the predictions :math:`z` may be any real scores.  Let
    :math:`v = \max(0, 1 - m)` and :math:`c = \min(v, 2)`.  Then the loss is :math:`c\,(2v - c)` for
    every margin, and the gradient is :math:`-2yc`.  The second derivative is 2 for
    :math:`-1 \le m < 1`, and it is 0 elsewhere.  The constant that minimises the loss is the mean
    of the labels, as for `SquaredHinge`.  The slope is at most 4 in absolute value, which limits
    the influence of a sample with a wrong label.

    References
    ----------
    .. [1] T. Zhang, "Solving large scale linear prediction problems using stochastic gradient
       descent algorithms", *Proceedings of the 21st International Conference on Machine Learning*,
       2004.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.ModifiedHuber(reduction="none")([1, 1, -1], [2.0, 0.5, 3.0])
    array([ 0.  ,  0.25, 12.  ])
    """

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=False,
            lipschitz=4.0,
            proper=True,
            classification_calibrated=True,
            elicits="probability",
        )

    def _formula(self, s):
        y, m = s.y, s.m
        return s.of_margin(
            value=s.cases((s.Max(0, 1 - m) ** 2, m >= -1), -4 * m),
            gradient=s.cases((-2 * y * s.Max(0, 1 - m), m >= -1), -4 * y),
            hessian=s.cases((2, (m >= -1) & (m < 1)), 0),
            optimum="the mean of the labels",
        )

    def _terms(self, m):
        v = positive_part(1 - m)
        return m, v, v.clip(0, 2)

    def _of_margin(self, m, v, c):
        return c * (2 * v - c)

    def _slope(self, m, v, c):
        return -2 * c

    def _curvature(self, m, v, c):
        return 2 * np.sign(c) * (m >= -1)

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, y, m, v, c):
        return np.full_like(m, 2)

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)


class Perceptron(MarginLoss):
    r"""Perceptron loss, :math:`\ell = \max(0, -m)` with the margin :math:`m = yz`.

    Notes
    -----
    The targets :math:`y` are -1 or +1, and the predictions :math:`z` may be any real scores.  The
    gradient is :math:`-y` where :math:`m < 0`, and it is 0 elsewhere.  At the kink :math:`m = 0` it
    is 0 as well, which is the subgradient nearest to 0.  The second derivative is 0.  A step
    against the gradient of one sample is Rosenblatt's learning rule [1]_, except that his rule also
    moves at :math:`m = 0`.  The score 0 has the loss 0, so it minimises the loss whatever the
    labels are.  For this reason, the best score does not show which label is the more probable one.

    References
    ----------
    .. [1] F. Rosenblatt, "The perceptron: a probabilistic model for information storage and
       organization in the brain", *Psychological Review* 65(6), 1958, pp. 386-408.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.Perceptron(reduction="none")
    >>> loss([1, 1, -1], [2.0, -0.5, 0.5])
    array([0. , 0.5, 0.5])
    >>> loss.gradient([1, 1, -1], [2.0, -0.5, 0.5])
    array([ 0., -1.,  1.])
    """

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=1.0,
            elicits="score 0",
        )

    def _formula(self, s):
        y, m = s.y, s.m
        return s.of_margin(
            value=s.Max(0, -m),
            gradient=s.cases((-y, m < 0), 0),
            hessian=0,
            optimum="0, whatever the labels",
        )

    def _of_margin(self, m):
        return positive_part(-m)

    def _slope(self, m):
        return np.sign(negative_part(m))

    def _curvature(self, m):
        return np.zeros_like(m)

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, y, m):
        return 0.5 / np.abs(m)

    def _optimal_constant(self, y_true, weight):
        return 0.0


class Exponential(MarginLoss):
    r"""Exponential loss, :math:`\ell = e^{-m}` with the margin :math:`m = yz`.

    Notes
    -----
    The targets :math:`y` are -1 or +1, and the predictions :math:`z` may be any real scores.  The
    gradient is :math:`-y e^{-m}`, and the second derivative is :math:`e^{-m}`.  Where the result
    exceeds the largest float, it is infinite.  This happens below a margin of about -89 in single
    precision and about -710 in double precision.  AdaBoost [1]_ minimises this loss step by step.
    The constant that minimises it is half the log-odds of the share of :math:`y = +1`.  With the
    link :math:`z = \tfrac12 \log(p/(1-p))` the loss is proper [2]_.

    References
    ----------
    .. [1] Y. Freund and R. E. Schapire, "A decision-theoretic generalization of on-line learning
       and an application to boosting", *Journal of Computer and System Sciences* 55(1), 1997,
       pp. 119-139.
    .. [2] J. Friedman, T. Hastie and R. Tibshirani, "Additive logistic regression: a statistical
       view of boosting", *The Annals of Statistics* 28(2), 2000, pp. 337-407.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.Exponential(reduction="none")([1, 1, -1], [0.0, 2.0, 2.0]).round(4)
    array([1.    , 0.1353, 7.3891])
    """

    link = "half_logit"

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            proper=True,
            classification_calibrated=True,
            elicits="probability",
        )

    def _formula(self, s):
        y, m = s.y, s.m
        return s.of_margin(
            value=s.exp(-m),
            gradient=-y * s.exp(-m),
            hessian=s.exp(-m),
            optimum="half the log-odds of the share of +1",
        )

    def _terms(self, m):
        return (np.exp(-m),)

    def _of_margin(self, e):
        return e

    def _slope(self, e):
        return -e

    def _curvature(self, e):
        return e

    def _optimal_constant(self, y_true, weight):
        return _log_odds(y_true, weight) / 2
