"""Losses for rare classes, in which easy samples have less influence than hard ones, or more."""

from dataclasses import field
from functools import lru_cache, reduce
from itertools import starmap
from math import inf, sqrt
from operator import add

import numpy as np

from ..core.domains import NON_NEGATIVE, UNIT_INTERVAL, Interval
from ..core.elementwise import decay, negative_part, sum_entries, two_sides, zero_if_nan
from ..core.ignored import index_or_none
from ..core.loss import ClassLoss, PointwiseLoss, as_distributions, parameter
from ..core.optimum import bisect, on_simplex, weighted_mean
from ..core.softmax import (
    LabelProbabilityLoss,
    LabelSoftmax,
    TargetSoftmax,
    below_top,
    class_weights,
    require_one_each,
    sum_of_others,
)
from ..core.traits import Traits


@lru_cache(maxsize=256)
def _steepest(gamma):
    """Return the largest slope of the focal loss of a score."""
    q = np.linspace(0, 1, 10_001)[:-1]
    slope = q**gamma * (q - gamma * (1 - q) * np.log1p(-q))
    return max(1.0, float(slope.max()))


_LARGE = 16.0


def _power_of_rest(q, odds, gamma):
    """Return q^γ for q = 1/(1 + odds); a large γ asks for the digits of q next to 1."""
    if gamma <= _LARGE:
        return q**gamma
    return np.where(q < 0.5, q**gamma, np.exp(-gamma * np.log1p(odds)))


class SigmoidFocal(PointwiseLoss):
    r"""Focal loss of a score, a cross-entropy that gives less weight to easy samples [1]_.

    .. math::

        \ell = -\alpha_y\,(1 - p_y)^\gamma \log p_y, \qquad p_1 = \sigma(z), \quad p_0 = \sigma(-z)

    Parameters
    ----------
    gamma : float, default 2.0
        Exponent :math:`\gamma`, which must not be negative.  With 0, the loss is the cross-entropy.
    alpha : float or None, default None
        Weight :math:`\alpha_1 = \alpha` of the positive class, in [0, 1].  The weight of the
        negative class is :math:`\alpha_0 = 1 - \alpha`.  With None, both classes have weight 1.

    Notes
    -----
    Predictions may be any real scores.  Targets are labels 0 and 1, or they lie between them.  Such
    a soft target :math:`t` is the probability of the label 1, and its loss is the expected loss,
    which is :math:`t` times the loss of the label 1 plus :math:`1 - t` times that of the label 0.
    (torchvision, Keras and optax raise :math:`1 - t p_1 - (1 - t)\,p_0` to the power instead.)

    For a label :math:`y`, let :math:`p = p_y` be its probability, :math:`q = 1 - p`, and let
    :math:`h = -\log p` be the cross-entropy.  The gradient with respect to :math:`(2y-1)z` is
    :math:`-\alpha_y q^\gamma (q + \gamma p h)`, and the second derivative is
    :math:`\alpha_y q^\gamma p\,(q + \gamma(2q + \gamma p h - q h))`.  The second derivative is
    negative for samples that are hard enough, so the loss is not convex.  The power multiplies the
    relative rounding error of :math:`q` by :math:`\gamma`.  The value and the gradient are
    therefore accurate to :math:`5 + 3\gamma` units in the last place.  The second derivative is a
    sum of three such terms and is accurate to :math:`8 + 3\gamma` units.

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
    >>> loss([0.25], [-3.0]).round(4)
    array([0.6917])
    """

    gamma: float = parameter(default=2.0, domain=NON_NEGATIVE)
    alpha: float | None = parameter(default=None, domain=UNIT_INTERVAL, optional=True)

    y_true_domain = UNIT_INTERVAL
    link = "logit"

    def _traits(self):
        return Traits(
            convex=self.gamma == 0,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=_steepest(self.gamma) * max(self._class_weights()),
            proper=self.gamma == 0 and self.alpha in (None, 0.5),
            classification_calibrated=self.alpha in (None, 0.5),
            elicits="probability" if self.gamma == 0 else "flattened log-odds",
        )

    def _class_weights(self):
        return (1.0, 1.0) if self.alpha is None else (1 - self.alpha, self.alpha)

    def _formula(self, s):
        y, z, p, q, gamma = s.y, s.z, s.p, s.q, s.gamma
        parameters, positive, negative = {gamma: "gamma"}, y, 1 - y
        if self.alpha is not None:
            positive, negative = s.alpha * y, (1 - s.alpha) * (1 - y)
            parameters[s.alpha] = "alpha"

        def slope(p, q):
            return q**gamma * (gamma * p * s.log(p) - q)

        def bend(p, q):
            return q**gamma * p * ((1 + 2 * gamma) * q + gamma * (q - gamma * p) * s.log(p))

        return s.Formula(
            value=-positive * q**gamma * s.log(p) - negative * p**gamma * s.log(q),
            gradient=positive * slope(p, q) - negative * slope(q, p),
            hessian=positive * bend(p, q) + negative * bend(q, p),
            y_true=y,
            y_pred=z,
            definitions={p: s.sigma(z), q: s.sigma(-z)},
            optimum="the score at which the pulls of the two classes balance; "
            "0 where they are even",
            parameters=parameters,
        )

    def _shared(self, y_true, y_pred):
        negative, positive = self._class_weights()
        if ((y_true > 0) & (y_true < 1)).any():
            labels = (1, positive * y_true), (-1, negative * (1 - y_true))
        else:
            labels = ((2 * y_true - 1, negative + (positive - negative) * y_true),)
        return tuple(self._of_label(sign, weight, sign * y_pred) for sign, weight in labels)

    def _of_label(self, sign, weight, s):
        """Return what the formulas share of a label with a weight, towards which the score is s."""
        absent = weight == 0
        if absent.any():  # their scores may be anything
            s = np.where(absent, 0, s)
        e = decay(s)
        a, b = two_sides(s, e)
        p, q, h = a / (1 + e), b / (1 + e), np.log1p(e) - negative_part(s)
        modulation = weight * _power_of_rest(q, a / b, self.gamma)
        return sign, modulation, p, q, h, zero_if_nan(p * h)

    def _value(self, *labels):
        return reduce(add, (modulation * h for _, modulation, _, _, h, _ in labels))

    def _gradient(self, *labels):
        return reduce(add, starmap(self._slope, labels))

    def _hessian(self, *labels):
        return reduce(add, starmap(self._bend, labels))

    def _slope(self, sign, modulation, p, q, h, ph):
        return -sign * modulation * (q + self.gamma * ph)

    def _bend(self, sign, modulation, p, q, h, ph):
        g = self.gamma
        bend = p * q + 2 * (g * p) * q + (g * p - q) * (g * ph)
        return np.where(modulation == 0, 0, modulation * bend)

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
        return -self._slope(*self._of_label(1, np.float64(1), np.float64(z if label else -z)))


class SoftmaxFocal(LabelProbabilityLoss):
    r"""Focal loss of several classes, a cross-entropy that gives less weight to easy samples [1]_.

    .. math::

        \ell = -\alpha_y\,(1 - p_y)^\gamma \log p_y, \qquad p_k = e^{z_k} / \textstyle\sum_j e^{z_j}

    Parameters
    ----------
    gamma : float, default 2.0
        Exponent :math:`\gamma`, which must not be negative.  With 0, the loss is the cross-entropy.
    alpha : sequence of float, optional
        Weight :math:`\alpha_k` of each class, which must not be negative.  With None, every class
        has weight 1.  The mean is divided by the number of samples in both cases.
    ignore_index : int, optional, keyword only
        Label of samples that are left out of the loss and of the number by which the mean is
        divided.  Their scores may be arbitrary, including NaN.

    Notes
    -----
    Predictions :math:`z` have the shape (..., K) and hold any real scores.  Targets are either
    integer labels :math:`y` of shape (...) or distributions :math:`t` of shape (..., K).  The loss
    of a distribution is the expected loss of its labels,
    :math:`-\sum_k t_k\,\alpha_k (1 - p_k)^\gamma \log p_k`.

    For a label, let :math:`p = p_y` be its probability, :math:`q = 1 - p`, and let
    :math:`h = -\log p` be the cross-entropy.  As a function of :math:`h`, the loss is
    :math:`f(h) = \alpha_y q^\gamma h` with the derivatives
    :math:`f' = \alpha_y q^{\gamma-1}(q + \gamma p h)` and
    :math:`f'' = \alpha_y \gamma q^{\gamma-2} p\,(2q + \gamma p h - h)`.  The gradient with respect
    to the scores is :math:`f'\,(p_k - [k = y])`, and the diagonal second derivative is
    :math:`f''\,(p_k - [k = y])^2 + f'\,p_k (1 - p_k)`.  It can be negative, so the loss is not
    convex.  For two classes, the loss is `SigmoidFocal` of the difference of the two scores.  The
    constant that minimises the loss is found by bisection.  The power multiplies the relative
    rounding error of :math:`q` by :math:`\gamma`.  The value and the gradient are therefore
    accurate to :math:`5 + 3\gamma` units in the last place.  The second derivative is a sum of
    three such terms and is accurate to :math:`8 + 3\gamma` units.

    References
    ----------
    .. [1] T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, "Focal loss for dense object
       detection", *Proceedings of the IEEE International Conference on Computer Vision*, 2017.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.SoftmaxFocal(gamma=2.0, reduction="none")
    >>> loss([0, 0], [[0.0, 0.0], [-3.0, 0.0]]).round(4)
    array([0.1733, 2.7663])
    """

    gamma: float = parameter(default=2.0, domain=NON_NEGATIVE)
    alpha: tuple[float, ...] | None = None
    ignore_index: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "alpha", class_weights("alpha", self.alpha))
        ignored = index_or_none("ignore_index", self.ignore_index)
        object.__setattr__(self, "ignore_index", ignored)

    def _traits(self):
        alpha = self.alpha or (1.0,)
        even, focused = len(set(alpha)) == 1, self.gamma > 0
        return Traits(
            convex=not focused,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=sqrt(2) * _steepest(self.gamma) * max(alpha),
            proper=even and not focused,
            classification_calibrated=even,
            elicits=("flattened " if focused else "" if even else "shifted ") + "probability",
        )

    def _formula(self, s):
        p, q, gamma, weight, parameters = s.p_k, s.q_k, s.gamma, s.t_k, {s.gamma: "gamma"}
        if self.alpha is not None:
            weight = s.alpha_k * weight
            parameters[s.alpha_k] = "alpha"
        u, v, all_u, all_v = s.u_k, s.vector("v"), s.U, s.Symbol("V", real=True)
        slope = q ** (gamma - 1) * (q - gamma * p * s.log(p))
        bend = gamma * p * q ** (gamma - 2) * (2 * q + (1 - gamma * p) * s.log(p))
        return s.Formula(
            value=-s.sum_k(weight * q**gamma * s.log(p)),
            gradient=all_u * p - u,
            hessian=all_u * p * q + all_v * p**2 + (q - p) * v,
            y_true=s.t_k,
            y_pred=s.z_k,
            definitions={
                p: s.SOFTMAX,
                q: s.sum_of_others(p),
                u: weight * slope,
                v: weight * bend,
                all_u: s.sum_j(u),
                all_v: s.sum_j(v),
            },
            optimum="the scores at which the pulls of the classes balance" + s.SHIFT,
            parameters=parameters,
        )

    def _read(self, y_true, y_pred):
        batch = super()._read(y_true, y_pred)
        require_one_each("alpha", self.alpha, batch.shapes[0][-1])
        if self.ignore_index is not None and batch.columns[0].dtype.kind == "i":
            batch.mass = self._kept
        return batch

    def _shared(self, y_true, y_pred):
        if y_true.ndim == 1 and self.alpha is not None and 0 in self.alpha:
            kept = self._kept(y_true)
            label = y_true if kept is None else y_true * kept
            y_pred = np.where(np.array(self.alpha)[label] > 0, y_pred, 0)
        return super()._shared(y_true, y_pred)

    def _terms(self, softmax):
        modulation = _power_of_rest(softmax.wrong, softmax.odds, self.gamma)
        if isinstance(softmax, LabelSoftmax):
            modulation = self._of_kept(softmax, modulation)
        return modulation, zero_if_nan(softmax.right * softmax.cross_entropy)

    def _of_kept(self, softmax, modulation):
        """Return terms of labels with the weights of their classes, and 0 for ignored ones."""
        if self.alpha is not None:
            alpha = np.array(self.alpha, modulation.dtype)
            modulation = np.take_along_axis(alpha, softmax.label, axis=0) * modulation
        if softmax.kept is not None:
            modulation = np.where(softmax.kept, modulation, 0)
        return modulation

    def _weighted(self, t):
        return t if self.alpha is None else np.array(self.alpha, t.dtype)[:, None] * t

    def _height(self, softmax, modulation, ph):
        return np.where(modulation == 0, 0, modulation * softmax.cross_entropy)

    def _slope(self, softmax, modulation, ph):
        return modulation * (softmax.wrong + self.gamma * ph)

    def _curvature(self, softmax, modulation, ph):
        p, q = softmax.right, softmax.wrong
        bend = 2 * (self.gamma * p) * q + (self.gamma * p - 1) * (self.gamma * ph)
        return np.where(modulation == 0, 0, modulation * bend)

    def _n_classes(self, labels):
        return super()._n_classes(labels) if self.alpha is None else len(self.alpha)

    def _optimal_constant(self, t, weight):
        share = t @ weight / weight.sum()
        if self.alpha is not None:
            share = share * self.alpha

        def slope(p):
            q, h = 1 - p, -np.log(p)
            return -share * q**self.gamma / p * (1 + self.gamma * zero_if_nan(p * h / q))

        return np.log(on_simplex(slope, len(t)))


class Poly1CrossEntropy(ClassLoss):
    r"""Cross-entropy with another coefficient of its first-order term [1]_.

    .. math::

        \ell = \sum_k t_k\,(-\log p_k + \varepsilon\,(1 - p_k)), \qquad
        p_k = e^{z_k} / \textstyle\sum_j e^{z_j}

    The cross-entropy has the power series :math:`-\log p = (1 - p) + (1 - p)^2/2 + \dots`.  This
    loss multiplies the first term of the series by :math:`1 + \varepsilon`.

    Parameters
    ----------
    epsilon : float, default 1.0
        Number :math:`\varepsilon` that is added to the first coefficient.  It must be at least -1.
        With 0, the loss is the cross-entropy.

    Notes
    -----
    Predictions :math:`z` have the shape (..., K) and hold any real scores.  Targets are either
    integer labels of shape (...) or distributions :math:`t` of shape (..., K).  With
    :math:`u_k = t_k (1 + \varepsilon p_k)` and :math:`U = \sum_k u_k`, the gradient is
    :math:`U p_k - u_k`, and the diagonal second derivative is
    :math:`U p_k (1 - p_k) - \varepsilon\,(p_k^2 \sum_{j \ne k} t_j p_j + t_k p_k (1 - p_k)^2)`.
    The loss is convex for :math:`\varepsilon \le 1`.  The constant that minimises it is found by
    bisection.  If :math:`\varepsilon` is negative and :math:`1 - p_k < \tfrac12`, the difference
    :math:`-\log p_k - (1 - p_k)` is computed from a series, because it would lose digits
    otherwise.  Just above this limit, the value is right to 6 units in the last place.

    References
    ----------
    .. [1] Z. Leng, M. Tan, C. Liu, E. D. Cubuk, X. Shi, S. Cheng and D. Anguelov, "PolyLoss: A
       polynomial expansion perspective of classification loss functions", *International Conference
       on Learning Representations*, 2022.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.Poly1CrossEntropy(epsilon=1.0, reduction="none")
    >>> loss([0, 1], [[0.0, 0.0], [1000.0, 0.0]])
    array([   1.19314718, 1001.        ])
    """

    epsilon: float = parameter(default=1.0, domain=Interval(-1, inf, include_high=False))

    link = "multinomial_logit"

    def _traits(self):
        epsilon = self.epsilon
        steepest = (1 + epsilon) ** 2 / (4 * epsilon) if epsilon > 1 else 1.0
        changed = "sharpened " if epsilon > 0 else "flattened " if epsilon < 0 else ""
        return Traits(
            convex=epsilon <= 1,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=sqrt(2) * steepest,
            proper=epsilon == 0,
            classification_calibrated=True,
            elicits=changed + "probability",
        )

    # For either sign of epsilon, sums of terms of one sign: none of them cancels up to epsilon = 1.

    def _formula(self, s):
        t, p, u, epsilon = s.t_k, s.p_k, s.u_k, s.epsilon
        mass, right = s.U, s.P
        return s.Formula(
            value=s.sum_k(t * (epsilon * (1 - p) - s.log(p))),
            gradient=mass * p - u,
            hessian=mass * p * (1 - p) - epsilon * ((right - t * p) * p**2 + t * p * (1 - p) ** 2),
            y_true=t,
            y_pred=s.z_k,
            definitions={
                p: s.SOFTMAX,
                u: t * (1 + epsilon * p),
                mass: s.sum_j(u),
                right: s.sum_j(t * p),
            },
            optimum="the scores at which the pulls of the classes balance" + s.SHIFT,
            parameters={epsilon: "epsilon"},
        )

    def _shared(self, y_true, y_pred):
        softmax = TargetSoftmax(as_distributions(y_true, y_pred), below_top(y_pred))
        p, q = softmax.right, softmax.wrong
        slope = 1 + self.epsilon * p if self.epsilon >= 0 else (1 + self.epsilon) - self.epsilon * q
        return softmax, p, q, softmax.target * slope

    def _value(self, softmax, p, q, u):
        h = softmax.cross_entropy
        if self.epsilon >= 0:
            each = h + self.epsilon * q
        else:
            each = zero_if_nan((1 + self.epsilon) * h) - self.epsilon * _after_first_order(q, h)
        return sum_entries(np.where(softmax.target > 0, softmax.target * each, 0))

    def _gradient(self, softmax, p, q, u):
        return p * sum_of_others(u) - u * q

    def _hessian(self, softmax, p, q, u):
        t, mass, epsilon = softmax.target, softmax.mass, self.epsilon
        agreed = sum_of_others(t * p)
        if epsilon >= 0:
            # Σ t_j p_i over the other classes j and i that are not the same.
            apart = np.where(t == mass, 0, sum_of_others(p * (mass - t)) - t * q)
            others = apart + ((1 - epsilon) + 2 * epsilon * q) * agreed
            own = (1 - epsilon) + 2 * epsilon * p
        else:
            others = q * sum_of_others(u) - epsilon * p * agreed
            own = (1 + epsilon) - 2 * epsilon * q
        return p * (others + t * q * own)

    def _optimal_constant(self, t, weight):
        share = t @ weight / weight.sum()
        return np.log(on_simplex(lambda p: -share * (1 / p + self.epsilon), len(t)))


def _after_first_order(q, h):
    """Return h - q, where h = -log(1 - q): the series q²/2 + q³/3 + ..., but a faster one."""
    s = q / (2 - q)
    series = np.zeros_like(s)
    for power in range(35, 1, -2):
        series = s * s * (series + 2 / power)
    return np.where(q < 0.5, s * (q + series), h - q)
