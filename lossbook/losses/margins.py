"""Losses of margins: of how far the score of the label lies above that of its rivals."""

from math import inf, sqrt

import numpy as np

from ..core.domains import LABELS, NON_NEGATIVE, TwoValues
from ..core.elementwise import decay, negative_part, positive_part, tanh_ratio, two_sides
from ..core.loss import ClassLoss, parameter
from ..core.margin import MarginLoss
from ..core.optimum import weighted_mean
from ..core.traits import Traits


class LogisticMargin(MarginLoss):
    r"""Logistic loss of a margin, :math:`\ell = \log(1 + e^{-m})` with :math:`m = yz`.

    It is `SigmoidCrossEntropy` for labels -1 and +1.

    Notes
    -----
    Targets :math:`y` are -1 or +1, predictions :math:`z` any real score.  With the logistic
    function :math:`\sigma(m) = 1/(1 + e^{-m})` the gradient is :math:`-y\,\sigma(-m)` and the
    second derivative :math:`\sigma(m)\,\sigma(-m)`.  As :math:`\max(-m, 0) + \log(1 + e^{-|m|})`
    the loss cannot overflow.  The constant that minimises it is the log-odds of the share of
    :math:`y = +1` [1]_.

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
    Targets :math:`y` are -1 or +1, predictions :math:`z` any real score.  Gradient :math:`-y`
    where :math:`m < 1`, else 0: the subgradient at the kink :math:`m = 1` is 0.  The second
    derivative is 0.  This is the loss of the support vector machine [1]_.

    References
    ----------
    .. [1] C. Cortes and V. Vapnik, "Support-vector networks", *Machine Learning* 20, 1995.

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
    Targets :math:`y` are -1 or +1, predictions :math:`z` any real score.  Gradient
    :math:`-2y\max(0, 1 - m)`; second derivative 2 where :math:`m < 1`, else 0 (also at
    :math:`m = 1`).  The constant that minimises it is the mean label, which determines the
    probability: it is proper through the link :math:`p = (1 + z)/2` [1]_.

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
    r"""Modified Huber loss: the squared hinge, straight below the margin :math:`m = -1` [1]_.

    .. math::

        \ell = \begin{cases}
            \max(0, 1 - m)^2 & m \ge -1 \\
            -4m & m < -1
        \end{cases}
        \qquad m = yz

    Notes
    -----
    Targets :math:`y` are -1 or +1, predictions :math:`z` any real score.  With
    :math:`v = \max(0, 1 - m)` and :math:`c = \min(v, 2)` the loss is :math:`c\,(2v - c)` on all
    pieces and the gradient :math:`-2yc`.  The second derivative is 2 for :math:`-1 \le m < 1`, else
    0.  The constant that minimises the loss is the mean label, as for `SquaredHinge`; a mislabelled
    sample pulls with a slope of at most 4.

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
    Targets :math:`y` are -1 or +1, predictions :math:`z` any real score.  Gradient :math:`-y` where
    :math:`m < 0`, else 0: the subgradient at the kink :math:`m = 0` is 0.  The second derivative is
    0.  A step against this gradient is Rosenblatt's rule: move only on mistakes [1]_.  A score of 0
    costs nothing, so it minimises the loss whatever the labels are, and the loss alone does not
    tell the more probable label.

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
    Targets :math:`y` are -1 or +1, predictions :math:`z` any real score.  Gradient
    :math:`-y e^{-m}`, second derivative :math:`e^{-m}`; all three are ``inf`` where they exceed the
    largest float, from :math:`m = -89` in single and :math:`m = -710` in double precision.
    AdaBoost [1]_ minimises it step by step.  The constant that minimises it is half the log-odds of
    the share of :math:`y = +1`: it is proper through the link
    :math:`z = \tfrac12 \log(p/(1-p))` [2]_.

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


class _ClassHinge(ClassLoss):
    """Base of losses of the scores' shortfalls s_k = margin - z_y + z_k, where positive."""

    margin: float = parameter(1.0, NON_NEGATIVE)

    y_true_domain = LABELS

    def _shared(self, y_true, y_pred):
        label = y_true, np.arange(y_true.size)
        shortfall = positive_part((y_pred - y_pred[label]) + self.margin)
        shortfall[label] = 0
        return shortfall, label


class CrammerSinger(_ClassHinge):
    r"""Multiclass hinge loss of the strongest rival [1]_.

    .. math::

        \ell = \max_k \bigl(z_k + \text{margin} \cdot [k \ne y]\bigr) - z_y

    Parameters
    ----------
    margin : float, default 1.0
        How far the label's score is to lie above all others; not negative.  With 0 the loss is that
        of the multiclass perceptron.

    Notes
    -----
    Predictions :math:`z` of shape (..., K) hold any real scores; targets are integer labels
    :math:`y` of shape (...).  Where the loss is positive, the gradient is -1 for the label and 1
    for the class of the largest score among the others, shared equally if several have it; where
    the loss is 0 the gradient is 0.  These are the subgradients nearest to 0.  The second
    derivative is 0.  For two classes and margin 1 it is the `Hinge` of the difference of the
    scores.  The constant that minimises it puts a class with more than half of the labels ahead by
    the margin; where there is no such class all scores are equal, so the loss is not calibrated
    for more than two classes [2]_.

    References
    ----------
    .. [1] K. Crammer and Y. Singer, "On the algorithmic implementation of multiclass kernel-based
       vector machines", *Journal of Machine Learning Research* 2, 2001.
    .. [2] Y. Liu, "Fisher consistency of multicategory support vector machines", *Proceedings of
       the 11th International Conference on Artificial Intelligence and Statistics*, 2007.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.CrammerSinger(reduction="none")
    >>> loss([0, 0], [[2.0, 0.5, 0.0], [0.5, 0.0, 2.0]])
    array([0. , 2.5])
    >>> loss.gradient([0, 0], [[2.0, 0.5, 0.0], [0.5, 0.0, 2.0]])
    array([[-0.,  0.,  0.],
           [-1.,  0.,  1.]])
    """

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=sqrt(2),
            elicits="a label of more than half the probability",
        )

    def _value(self, shortfall, label):
        return np.maximum.reduce(shortfall, axis=0)

    def _gradient(self, shortfall, label):
        worst = np.maximum.reduce(shortfall, axis=0)
        rivals, positive = shortfall == worst, np.sign(worst)
        gradient = rivals * (positive / np.add.reduce(rivals, axis=0, dtype=worst.dtype))
        gradient[label] = -positive
        return gradient

    def _hessian(self, shortfall, label):
        return np.zeros_like(shortfall)

    def _optimal_constant(self, t, weight):
        mass = t @ weight
        return self.margin * (2 * mass > mass.sum())


class MultiMargin(_ClassHinge):
    r"""Multiclass hinge loss of all rivals [1]_.

    .. math::

        \ell = \sum_{k \ne y} \max(0, \text{margin} - z_y + z_k)^\text{power}

    Parameters
    ----------
    margin : float, default 1.0
        How far the label's score is to lie above each other; not negative.
    power : {1, 2}, default 1
        Of each shortfall.

    Notes
    -----
    Predictions :math:`z` of shape (..., K) hold any real scores; targets are integer labels
    :math:`y` of shape (...).  With the shortfalls
    :math:`s_k = \max(0, \text{margin} - z_y + z_k)` of the other classes, the gradient is
    :math:`[s_k > 0]` for :math:`k \ne y` at power 1, :math:`2 s_k` at power 2, and minus their sum
    for the label.  The second derivative is 0 at power 1; at power 2 it is
    :math:`2\,[s_k > 0]`, and their sum for the label.  At the kinks :math:`s_k = 0` both are 0.
    Only the square is calibrated [2]_.  PyTorch divides by the number of classes.

    References
    ----------
    .. [1] J. Weston and C. Watkins, "Support vector machines for multi-class pattern recognition",
       *Proceedings of the 7th European Symposium on Artificial Neural Networks*, 1999.
    .. [2] T. Zhang, "Statistical analysis of some multi-category large margin classification
       methods", *Journal of Machine Learning Research* 5, 2004.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.MultiMargin(reduction="none")
    >>> loss([0, 0], [[2.0, 0.5, 1.5], [0.0, 0.0, 2.0]])
    array([0.5, 4. ])
    >>> loss.gradient([0, 0], [[2.0, 0.5, 1.5], [0.0, 0.0, 2.0]])
    array([[-1.,  0.,  1.],
           [-2.,  1.,  1.]])
    """

    power: float = parameter(1, TwoValues(1, 2))

    def _traits(self):
        squared = self.power == 2
        return Traits(
            convex=True,
            differentiable=squared,
            twice_differentiable=False,
            lipschitz=inf if squared else _all_rivals_against_the_label,
            classification_calibrated=squared,
            elicits="scores in the order of the probabilities"
            if squared
            else "scores that keep a margin",
        )

    def _value(self, shortfall, label):
        return np.add.reduce(shortfall**self.power, axis=0)

    def _gradient(self, shortfall, label):
        if self.power == 2:
            return self._against(2 * shortfall, label, -1)
        return self._against(np.sign(shortfall), label, -1)

    def _hessian(self, shortfall, label):
        if self.power == 2:
            return self._against(2 * np.sign(shortfall), label, 1)
        return np.zeros_like(shortfall)

    def _against(self, rivals, label, sign):
        rivals[label] = sign * np.add.reduce(rivals, axis=0)
        return rivals


def _all_rivals_against_the_label(n_classes):
    return sqrt(n_classes * (n_classes - 1))
