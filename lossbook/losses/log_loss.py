"""Losses of the probability of one of two classes."""

from dataclasses import replace

import numpy as np

from ..core.domains import POSITIVE, UNIT_INTERVAL, Interval
from ..core.elementwise import decay, positive_part, tanh_ratio, two_sides, zero_if_nan
from ..core.loss import PointwiseLoss, parameter, require_one_per_output
from ..core.optimum import weighted_mean
from ..core.traits import Traits
from .squared_error import SquaredError


class BinaryCrossEntropy(PointwiseLoss):
    r"""Log loss of a probability, :math:`\ell = -y \log p - (1 - y) \log(1 - p)`.

    The predictions are probabilities.  For raw scores, use `SigmoidCrossEntropy`, which cannot
    overflow.

    Parameters
    ----------
    eps : float, default 0.0
        Number in [0, 0.5).  Probabilities are first clipped to ``[eps, 1 - eps]``, which bounds the
        loss and biases it.  With 0, the loss is ``inf`` if the predicted probability of the true
        class is 0.

    Notes
    -----
    Targets :math:`y` lie in [0, 1] and may be soft, and predictions :math:`p` lie in [0, 1].  The
    gradient is :math:`-y/p + (1-y)/(1-p)`, and the second derivative is
    :math:`y/p^2 + (1-y)/(1-p)^2`.  In these formulas, :math:`0 \log 0` and :math:`0/0` count as 0.
    Both derivatives are 0 where `eps` clips the probability.  The loss is the logarithmic score,
    which is proper, because the constant that minimises it is the mean of the targets [1]_.

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

    eps: float = parameter(default=0.0, domain=Interval(0, 0.5, include_high=False))

    y_true_domain = UNIT_INTERVAL
    y_pred_domain = UNIT_INTERVAL

    def _traits(self):
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

    def _formula(self, s):
        y, p, clipped = s.y, s.p, s.p
        gradient = (1 - y) / (1 - p) - y / p
        hessian = y / p**2 + (1 - y) / (1 - p) ** 2
        definitions, parameters = {}, {}
        if self.eps > 0:
            clipped, epsilon = s.q, s.epsilon
            inside = (epsilon <= p) & (p <= 1 - epsilon)
            gradient, hessian = s.cases((gradient, inside), 0), s.cases((hessian, inside), 0)
            definitions[clipped] = s.cases(
                (epsilon, p < epsilon), (1 - epsilon, p > 1 - epsilon), p
            )
            parameters[epsilon] = "eps"
        return s.Formula(
            value=-y * s.log(clipped) - (1 - y) * s.log(1 - clipped),
            gradient=gradient,
            hessian=hessian,
            y_true=y,
            y_pred=p,
            definitions=definitions,
            optimum="the mean of the targets: the share of ones",
            parameters=parameters,
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

    def _curvatures(self):
        return {"fisher": self._fisher}

    def _fisher(self, y, p):
        q = 1 - p
        return self._unclipped(p, q, 1 / p / q)

    def _unclipped(self, p, q, derivative):
        if self.eps == 0:
            return derivative
        return np.where((p >= self.eps) & (q >= self.eps), derivative, 0)

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)


class SigmoidCrossEntropy(PointwiseLoss):
    r"""Log loss of a score, the cross-entropy of :math:`p = \sigma(z) = 1/(1 + e^{-z})`.

    .. math::

        \ell = w_+\, y \log(1 + e^{-z}) + (1 - y) \log(1 + e^{z})

    Parameters
    ----------
    pos_weight : float or sequence of float, default 1.0
        Weight :math:`w_+` of the positive class.  It must be positive.  A sequence contains one
        weight for each of the outputs on the last axis.
    label_smoothing : float, default 0.0
        Number :math:`\varepsilon` in [0, 1].  Targets are first moved towards one half by
        :math:`y \leftarrow (1-\varepsilon) y + \varepsilon/2`.

    Notes
    -----
    Targets :math:`y` lie in [0, 1] and may be soft, and predictions :math:`z` may be any real
    scores.  With :math:`u = w_+ y` and :math:`v = 1 - y`, the gradient is
    :math:`v\,\sigma(z) - u\,\sigma(-z)`, which is :math:`\sigma(z) - y` for :math:`w_+ = 1`.  The
    second derivative is :math:`(u + v)\,\sigma(z)\,\sigma(-z)`.  The constant that minimises the
    loss is the log-odds of the mean target [1]_, plus :math:`\log w_+`.

    The derivatives are computed from :math:`a = e^{\min(z, 0)}` and :math:`b = e^{-\max(z, 0)}`,
    one of which is 1.  Since :math:`\sigma(z) = a/(a+b)` and :math:`\sigma(-z) = b/(a+b)`, no
    number overflows and no digits cancel.  With soft targets and a weight, the products are rounded
    as well, and the value is right to 5 units in the last place.

    References
    ----------
    .. [1] C. M. Bishop, *Pattern Recognition and Machine Learning*,
       Springer, 2006, section 4.3.2.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.SigmoidCrossEntropy(reduction="none")
    >>> loss([1, 0, 1], [0.0, 1000.0, 1000.0])
    array([6.93147181e-01, 1.00000000e+03, 0.00000000e+00])
    >>> loss.gradient([1, 0, 1], [0.0, 1000.0, 1000.0])
    array([-0.5,  1. ,  0. ])
    """

    pos_weight: float | tuple[float, ...] = parameter(default=1.0, domain=POSITIVE, several=True)
    label_smoothing: float = parameter(default=0.0, domain=UNIT_INTERVAL)

    y_true_domain = UNIT_INTERVAL
    link = "logit"
    _by_output = ("pos_weight",)

    @property
    def _is_even(self):
        """Whether both classes have the same weight."""
        return set(np.atleast_1d(self.pos_weight)) == {1}

    @property
    def _is_plain(self):
        """Whether the loss is the negative log-likelihood."""
        return self._is_even and self.label_smoothing == 0

    def _traits(self):
        smallest, largest = self.label_smoothing / 2, 1 - self.label_smoothing / 2
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=largest * max(1.0, float(np.max(self.pos_weight))),
            proper=self._is_plain,
            classification_calibrated=self._is_even and smallest < largest,
            elicits="probability" if self._is_plain else "shifted probability",
        )

    def _formula(self, s):
        y, z, t, w = s.y, s.z, s.y, 1
        definitions, parameters, optimum = {}, {}, "the log-odds of the mean target"
        if self.label_smoothing != 0:
            t, epsilon = s.ytilde, s.epsilon
            definitions[t] = (1 - epsilon) * y + epsilon / 2
            parameters[epsilon] = "label_smoothing"
            optimum += ", smoothed"
        if self.pos_weight != 1:
            w = s.w_plus
            parameters[w] = "pos_weight"
            optimum += ", plus log w₊"
        mass = w * t + 1 - t
        return s.Formula(
            value=-w * t * s.log(s.sigma(z)) - (1 - t) * s.log(s.sigma(-z)),
            gradient=mass * s.sigma(z) - w * t,
            hessian=mass * s.sigma(z) * s.sigma(-z),
            y_true=y,
            y_pred=z,
            definitions=definitions,
            optimum=optimum,
            parameters=parameters,
        )

    def _shared(self, y_true, y_pred, pos_weight=None):
        u, v, z = y_true, 1 - y_true, y_pred
        if self.label_smoothing:
            kept, added = 1 - self.label_smoothing, self.label_smoothing / 2
            u, v = kept * u + added, kept * v + added
        if pos_weight is not None:
            u = pos_weight * u
        elif self.pos_weight != 1:
            u = self.pos_weight * u
        return u, v, z, decay(z)

    def _value(self, u, v, z, e):
        # log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|))
        linear = positive_part(np.fmax(v * z, -u * z))
        return linear + (u + v) * np.log1p(e)

    def _gradient(self, u, v, z, e):
        a, b = two_sides(z, e)
        return (v * a - u * b) / (1 + e)

    def _hessian(self, u, v, z, e):
        return (u + v) * e / (1 + e) ** 2

    def _curvatures(self):
        of_likelihood = {"fisher": self._hessian} if self._is_plain else {}
        return {"majorizer": self._majorizer, **of_likelihood}

    def _majorizer(self, u, v, z, e):
        return (u + v) / 4 * tanh_ratio(z / 2)

    def _read_targets(self, y_true, sample_weight):
        if type(self.pos_weight) is tuple:
            require_one_per_output("pos_weight", self.pos_weight, "y_true", y_true.shape)
        return super()._read_targets(y_true, sample_weight)

    def _optimal_constant(self, y_true, weight):
        if type(self.pos_weight) is tuple:
            by_output = (each.reshape(-1, len(self.pos_weight)).T for each in (y_true, weight))
            of_each = zip(self.pos_weight, *by_output, strict=True)
            return np.array(
                [replace(self, pos_weight=w)._optimal_constant(*y) for w, *y in of_each]
            )
        y = (1 - self.label_smoothing) * weighted_mean(y_true, weight) + self.label_smoothing / 2
        with np.errstate(divide="ignore"):
            return float(np.log(self.pos_weight) + np.log(y) - np.log1p(-y))


class Brier(SquaredError):
    r"""Brier score, :math:`\ell = (p - y)^2`, the squared error of a probability [1]_.

    Notes
    -----
    Targets :math:`y` lie in [0, 1] and may be soft, and predictions :math:`p` lie in [0, 1].  The
    gradient is :math:`2(p - y)`, and the second derivative is 2.  The loss is proper, because the
    constant that minimises it is the mean of the targets.  It is at most 1, whereas the log loss is
    unbounded.  Brier's original score is twice this loss, because it is a sum over both classes.

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

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=2.0,
            bounded=True,
            proper=True,
            classification_calibrated=True,
            elicits="probability",
        )

    def _curvatures(self):
        return {"majorizer": self._hessian}

    def _formula(self, s):
        y, p = s.y, s.p
        return s.Formula(
            value=(p - y) ** 2,
            gradient=2 * (p - y),
            hessian=2,
            y_true=y,
            y_pred=p,
            optimum="the mean of the targets: the share of ones",
        )
