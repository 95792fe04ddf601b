"""Losses for two classes: from probabilities, from scores, and from margins."""

from dataclasses import dataclass

import numpy as np

from ..core.domains import (
    NON_NEGATIVE,
    PLUS_MINUS_ONE,
    POSITIVE,
    UNIT_INTERVAL,
    ZERO_OR_ONE,
    Interval,
)
from ..core.elementwise import negative_part, positive_part, tanh_ratio, zero_if_nan
from ..core.loss import PointwiseLoss, parameter
from ..core.optimum import bisect, weighted_mean
from ..core.traits import Traits


@dataclass(frozen=True, repr=False)
class BinaryCrossEntropy(PointwiseLoss):
    r"""Log loss of a probability, :math:`\ell = -y \log p - (1 - y) \log(1 - p)`.

    Takes probabilities; for raw scores use `SigmoidCrossEntropy`, which cannot overflow.

    Parameters
    ----------
    eps : float, default 0.0
        Probabilities are first clipped to ``[eps, 1 - eps]``, which bounds the loss and biases it;
        in [0, 0.5).  With 0, a wrong prediction made with certainty costs ``inf``.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Targets :math:`y` in [0, 1] (they may be soft), predictions :math:`p` in [0, 1].  Gradient
    :math:`-y/p + (1-y)/(1-p)`, second derivative :math:`y/p^2 + (1-y)/(1-p)^2`, where
    :math:`0 \log 0 = 0/0 = 0`; both are 0 where `eps` clips.  The loss is the logarithmic score,
    which is proper: the constant that minimises it is the mean of the targets [1]_.

    References
    ----------
    .. [1] T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and
       estimation", *Journal of the American Statistical Association* 102(477), 2007.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.BinaryCrossEntropy(reduction="none")
    >>> loss([1, 0, 1], [1.0, 0.5, 0.0])
    array([0.        , 0.69314718,        inf])
    """

    eps: float = parameter(0.0, Interval(0, 0.5, include_high=False))

    y_true_domain = UNIT_INTERVAL
    y_pred_domain = UNIT_INTERVAL

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        clipped = self.eps > 0
        return Traits(
            convex=not clipped,
            differentiable=not clipped,
            twice_differentiable=not clipped,
            lipschitz=1 / self.eps if clipped else np.inf,
            bounded=clipped,
            proper=not clipped,
            classification_calibrated=True,
            elicits="probability",
        )

    def _shared(self, y_true, y_pred):
        return y_true, y_pred

    def _value(self, y, p):
        log_p, log_q = np.log(p), np.log1p(-p)
        if self.eps:
            low, high = np.log(self.eps), np.log1p(-self.eps)
            log_p, log_q = log_p.clip(low, high), log_q.clip(low, high)
        return zero_if_nan(-y * log_p) + zero_if_nan((y - 1) * log_q)

    def _gradient(self, y, p):
        q = 1 - p
        return self._unclipped(p, q, zero_if_nan((1 - y) / q) - zero_if_nan(y / p))

    def _hessian(self, y, p):
        q = 1 - p
        return self._unclipped(p, q, zero_if_nan((1 - y) / q / q) + zero_if_nan(y / p / p))

    def _fisher(self, y, p):
        q = 1 - p
        return self._unclipped(p, q, 1 / p / q)

    def _unclipped(self, p, q, derivative):
        if self.eps == 0:
            return derivative
        return np.where((p >= self.eps) & (q >= self.eps), derivative, 0)

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)


@dataclass(frozen=True, repr=False)
class SigmoidCrossEntropy(PointwiseLoss):
    r"""Log loss of a score, the cross-entropy of :math:`p = \sigma(z) = 1/(1 + e^{-z})`.

    .. math::

        \ell = w_+\, y \log(1 + e^{-z}) + (1 - y) \log(1 + e^{z})

    Parameters
    ----------
    pos_weight : float, default 1.0
        Weight :math:`w_+` of the positive class; positive.
    label_smoothing : float, default 0.0
        Targets are first moved towards one half, :math:`y \leftarrow (1-\varepsilon) y +
        \varepsilon/2`; in [0, 1].
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Targets :math:`y` in [0, 1] (they may be soft), predictions :math:`z` any real score.  With
    :math:`u = w_+ y` and :math:`v = 1 - y` the gradient is :math:`v\,\sigma(z) - u\,\sigma(-z)`,
    which is :math:`\sigma(z) - y` where :math:`w_+ = 1`, and the second derivative
    :math:`(u + v)\,\sigma(z)\,\sigma(-z)`.  They are computed from :math:`a = e^{\min(z, 0)}` and
    :math:`b = e^{-\max(z, 0)}`: one of the two is 1, so :math:`\sigma(z) = a/(a+b)`,
    :math:`\sigma(-z) = b/(a+b)`, and nothing overflows or cancels.  The constant that minimises the
    loss is the log-odds of the mean target [1]_.  With soft targets and a weight, whose products
    are rounded too, the value is right to 5 units in the last place.

    References
    ----------
    .. [1] C. M. Bishop, *Pattern Recognition and Machine Learning*, Springer, 2006, section 4.3.2.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.SigmoidCrossEntropy(reduction="none")
    >>> loss([1, 0, 1], [0.0, 1000.0, 1000.0])
    array([6.93147181e-01, 1.00000000e+03, 0.00000000e+00])
    >>> loss.gradient([1, 0, 1], [0.0, 1000.0, 1000.0])
    array([-0.5,  1. ,  0. ])
    """

    pos_weight: float = parameter(1.0, POSITIVE)
    label_smoothing: float = parameter(0.0, UNIT_INTERVAL)

    y_true_domain = UNIT_INTERVAL
    link = "logit"

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        plain = self.pos_weight == 1 and self.label_smoothing == 0
        smallest, largest = self.label_smoothing / 2, 1 - self.label_smoothing / 2
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=largest * max(1.0, self.pos_weight),
            proper=plain,
            classification_calibrated=self.pos_weight == 1 and smallest < largest,
            elicits="probability" if plain else "shifted probability",
        )

    def _shared(self, y_true, y_pred):
        u, v, z = y_true, 1 - y_true, y_pred
        if self.label_smoothing:
            kept, added = 1 - self.label_smoothing, self.label_smoothing / 2
            u, v = kept * u + added, kept * v + added
        if self.pos_weight != 1:
            u = self.pos_weight * u
        return u, v, z, np.exp(negative_part(z)), np.exp(-positive_part(z))

    def _value(self, u, v, z, a, b):
        # log(1 + e^z) = max(z, 0) + log(1 + ab)
        linear = positive_part(np.fmax(v * z, -u * z))
        return linear + (u + v) * np.log1p(a * b)

    def _gradient(self, u, v, z, a, b):
        return (v * a - u * b) / (a + b)

    def _hessian(self, u, v, z, a, b):
        return (u + v) * a * b / (a + b) ** 2

    def _majorizer(self, u, v, z, a, b):
        return (u + v) / 4 * tanh_ratio(z / 2)

    def _fisher(self, *shared):
        if not self.traits.proper:
            raise ValueError(
                "curvature='fisher' needs pos_weight=1 and label_smoothing=0: "
                "otherwise the loss is not a log-likelihood"
            )
        return self._hessian(*shared)

    def _optimal_constant(self, y_true, weight):
        y = (1 - self.label_smoothing) * weighted_mean(y_true, weight) + self.label_smoothing / 2
        with np.errstate(divide="ignore"):
            return float(np.log(self.pos_weight) + np.log(y) - np.log1p(-y))


@dataclass(frozen=True, repr=False)
class SigmoidFocal(PointwiseLoss):
    r"""Focal loss of a score: cross-entropy that turns away from what is already easy [1]_.

    .. math::

        \ell = -\alpha_y\,(1 - p_y)^\gamma \log p_y, \qquad p_1 = \sigma(z), \quad p_0 = \sigma(-z)

    Parameters
    ----------
    gamma : float, default 2.0
        Focusing exponent :math:`\gamma`; not negative.  With 0 the loss is the cross-entropy.
    alpha : float or None, default None
        Weight :math:`\alpha_1 = \alpha` of the positive and :math:`\alpha_0 = 1 - \alpha` of the
        negative class, in [0, 1]; None weights nothing.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Targets are 0 or 1, predictions any real score.  With :math:`p = p_y`, :math:`q = 1 - p` and
    the cross-entropy :math:`h = -\log p`, the gradient with respect to :math:`(2y-1)z` is
    :math:`-\alpha_y q^\gamma (q + \gamma p h)` and the second derivative
    :math:`\alpha_y q^\gamma p\,(q + \gamma(2q + \gamma p h - q h))`, which is negative for examples
    that are hard enough: the loss is not convex.  As the power takes over the rounding errors of
    :math:`q` :math:`\gamma` times, value and gradient are right to :math:`5 + 3\gamma` units in the
    last place, and the second derivative, a sum of three such terms, to :math:`8 + 3\gamma`.

    References
    ----------
    .. [1] T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, "Focal loss for dense object
       detection", *Proceedings of the IEEE International Conference on Computer Vision*, 2017.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.SigmoidFocal(gamma=2.0, reduction="none")
    >>> loss([1, 1], [0.0, -3.0]).round(4)
    array([0.1733, 2.7663])
    """

    gamma: float = parameter(2.0, NON_NEGATIVE)
    alpha: float | None = parameter(None, UNIT_INTERVAL, optional=True)

    y_true_domain = ZERO_OR_ONE
    link = "logit"

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        return Traits(
            convex=self.gamma == 0,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self._steepest(),
            proper=self.gamma == 0 and self.alpha in (None, 0.5),
            classification_calibrated=self.alpha in (None, 0.5),
            elicits="probability" if self.gamma == 0 else "flattened log-odds",
        )

    def _steepest(self):
        q = np.linspace(0, 1, 10_001)[:-1]
        slope = q**self.gamma * (q - self.gamma * (1 - q) * np.log1p(-q))
        return max(1.0, float(slope.max())) * max(self._class_weights())

    def _class_weights(self):
        return (1.0, 1.0) if self.alpha is None else (1 - self.alpha, self.alpha)

    def _shared(self, y_true, y_pred):
        negative, positive = self._class_weights()
        sign = 2 * y_true - 1
        s = sign * y_pred
        below = negative_part(s)
        a, b = np.exp(below), np.exp(-positive_part(s))
        p, q, h = a / (a + b), b / (a + b), np.log1p(a * b) - below
        weight = negative + (positive - negative) * y_true
        return sign, weight * q**self.gamma, p, q, h, zero_if_nan(p * h)

    def _value(self, sign, modulation, p, q, h, ph):
        return modulation * h

    def _gradient(self, sign, modulation, p, q, h, ph):
        return -sign * modulation * (q + self.gamma * ph)

    def _hessian(self, sign, modulation, p, q, h, ph):
        g = self.gamma
        return modulation * ((1 + 2 * g) * p * q + g * (g * p - q) * ph)

    def _optimal_constant(self, y_true, weight):
        mean = weighted_mean(y_true, weight)
        negative, positive = self._class_weights()
        negative, positive = negative * (1 - mean), positive * mean
        if negative == 0 or positive == 0:
            return np.inf if positive > 0 else -np.inf if negative > 0 else 0.0

        def rises(z):
            up, down = self._slope_towards(1, z), self._slope_towards(0, z)
            return negative * down >= positive * up

        return bisect(rises, -700.0, 700.0)

    def _slope_towards(self, label, z):
        sign, modulation, *rest = SigmoidFocal(self.gamma)._shared(float(label), z)
        return -sign * self._gradient(sign, modulation, *rest)


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


@dataclass(frozen=True, repr=False)
class LogisticMargin(MarginLoss):
    r"""Logistic loss of a margin, :math:`\ell = \log(1 + e^{-m})` with :math:`m = yz`.

    It is `SigmoidCrossEntropy` for labels -1 and +1.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

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
    traits = Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=True,
        lipschitz=1.0,
        proper=True,
        classification_calibrated=True,
        elicits="probability",
    )

    def _terms(self, m):
        return m, np.exp(negative_part(m)), np.exp(-positive_part(m))

    def _of_margin(self, m, a, b):
        return np.log1p(a * b) - negative_part(m)

    def _slope(self, m, a, b):
        return -b / (a + b)

    def _curvature(self, m, a, b):
        return a * b / (a + b) ** 2

    def _majorizer(self, y, m, a, b):
        return tanh_ratio(m / 2) / 4

    def _fisher(self, *shared):
        return self._hessian(*shared)

    def _optimal_constant(self, y_true, weight):
        return _log_odds(y_true, weight)


def _log_odds(y_true, weight):
    """Return the logarithm of the weight of the labels +1 over that of the labels -1."""
    positive, negative = weight @ (y_true > 0), weight @ (y_true < 0)
    return float(np.log(positive) - np.log(negative))


@dataclass(frozen=True, repr=False)
class Hinge(MarginLoss):
    r"""Hinge loss, :math:`\ell = \max(0, 1 - m)` with the margin :math:`m = yz`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

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

    traits = Traits(
        convex=True,
        differentiable=False,
        twice_differentiable=False,
        lipschitz=1.0,
        classification_calibrated=True,
        elicits="most probable label",
    )

    def _of_margin(self, m):
        return positive_part(1 - m)

    def _slope(self, m):
        return -np.sign(positive_part(1 - m))

    def _curvature(self, m):
        return np.zeros_like(m)

    def _majorizer(self, y, m):
        return 0.5 / np.abs(1 - m)

    def _optimal_constant(self, y_true, weight):
        return float(np.sign(np.sum(weight * y_true)))


@dataclass(frozen=True, repr=False)
class SquaredHinge(MarginLoss):
    r"""Squared hinge loss, :math:`\ell = \max(0, 1 - m)^2` with the margin :math:`m = yz`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

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

    traits = Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=False,
        proper=True,
        classification_calibrated=True,
        elicits="probability",
    )

    def _of_margin(self, m):
        return positive_part(1 - m) ** 2

    def _slope(self, m):
        return -2 * positive_part(1 - m)

    def _curvature(self, m):
        return 2 * np.sign(positive_part(1 - m))

    def _majorizer(self, y, m):
        return np.full_like(m, 2)

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)


@dataclass(frozen=True, repr=False)
class ModifiedHuber(MarginLoss):
    r"""Modified Huber loss: the squared hinge, straight below the margin :math:`m = -1` [1]_.

    .. math::

        \ell = \begin{cases}
            \max(0, 1 - m)^2 & m \ge -1 \\
            -4m & m < -1
        \end{cases}
        \qquad m = yz

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

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

    traits = Traits(
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

    def _majorizer(self, y, m, v, c):
        return np.full_like(m, 2)

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)


@dataclass(frozen=True, repr=False)
class Perceptron(MarginLoss):
    r"""Perceptron loss, :math:`\ell = \max(0, -m)` with the margin :math:`m = yz`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

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

    traits = Traits(
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

    def _majorizer(self, y, m):
        return 0.5 / np.abs(m)

    def _optimal_constant(self, y_true, weight):
        return 0.0


@dataclass(frozen=True, repr=False)
class Exponential(MarginLoss):
    r"""Exponential loss, :math:`\ell = e^{-m}` with the margin :math:`m = yz`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

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
    traits = Traits(
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


@dataclass(frozen=True, repr=False)
class Brier(PointwiseLoss):
    r"""Brier score, :math:`\ell = (p - y)^2`: the squared error of a probability [1]_.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Targets :math:`y` in [0, 1] (they may be soft), predictions :math:`p` in [0, 1].  Gradient
    :math:`2(p - y)`, second derivative 2.  It is proper: the constant that minimises it is the mean
    of the targets.  Unlike the log loss it is bounded, by 1.  Brier sums over both classes, which
    doubles it.

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability",
       *Monthly Weather Review* 78(1), 1950, pp. 1-3.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.Brier(reduction="none")([1, 0, 1], [1.0, 0.5, 0.0])
    array([0.  , 0.25, 1.  ])
    """

    y_true_domain = UNIT_INTERVAL
    y_pred_domain = UNIT_INTERVAL

    traits = Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=True,
        lipschitz=2.0,
        bounded=True,
        proper=True,
        classification_calibrated=True,
        elicits="probability",
    )

    def _shared(self, y_true, y_pred):
        return (y_pred - y_true,)

    def _value(self, r):
        return r * r

    def _gradient(self, r):
        return 2 * r

    def _hessian(self, r):
        return np.full_like(r, 2)

    def _majorizer(self, *shared):
        return self._hessian(*shared)

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)
