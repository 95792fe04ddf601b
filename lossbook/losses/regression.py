"""Losses for predicting a number, nearly all of the residual r = ŷ - y alone."""

from dataclasses import dataclass
from math import log, log1p

import numpy as np

from ..core.domains import (
    ABOVE_MINUS_ONE,
    NON_NEGATIVE,
    NONZERO,
    OPEN_UNIT_INTERVAL,
    POSITIVE,
)
from ..core.elementwise import negative_part, positive_part, tanh_ratio
from ..core.loss import PointwiseLoss, parameter
from ..core.optimum import root_of_slope, weighted_mean, weighted_quantile
from ..core.traits import Traits


@dataclass(frozen=True, repr=False)
class ResidualLoss(PointwiseLoss):
    """Base of losses that depend on the residual ``r = y_pred - y_true`` alone."""

    def _shared(self, y_true, y_pred):
        return (y_pred - y_true,)

    def _optimal_constant(self, y_true, weight):
        if not self.traits.convex:
            return super()._optimal_constant(y_true, weight)
        return root_of_slope(self, y_true, weight)


@dataclass(frozen=True, repr=False)
class SquaredError(ResidualLoss):
    r"""Squared error, :math:`\ell = r^2` with the residual :math:`r = \hat y - y`.

    The mean over the samples is the mean squared error.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Gradient :math:`2r`, second derivative 2.  Up to scale and shift it is the negative
    log-likelihood of Gaussian noise, and the constant that minimises it is the mean [1]_.

    References
    ----------
    .. [1] C. M. Bishop, *Pattern Recognition and Machine Learning*, Springer, 2006, section 1.5.5.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.SquaredError()
    >>> loss([3.0, 5.0], [2.0, 7.0])
    2.5
    >>> loss.gradient([3.0, 5.0], [2.0, 7.0])
    array([-1.,  2.])
    """

    traits = Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=True,
        symmetric=True,
        elicits="mean",
    )

    def _value(self, r):
        return r * r

    def _gradient(self, r):
        return 2 * r

    def _hessian(self, r):
        return np.full_like(r, 2)

    def _majorizer(self, *shared):
        return self._hessian(*shared)

    def _fisher(self, *shared):
        return self._hessian(*shared)

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)


@dataclass(frozen=True, repr=False)
class HalfSquaredError(ResidualLoss):
    r"""Half the squared error, :math:`\ell = \tfrac12 r^2` with :math:`r = \hat y - y`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Gradient :math:`r`, second derivative 1: the factor makes these plain [1]_.

    References
    ----------
    .. [1] C. M. Bishop, *Pattern Recognition and Machine Learning*, Springer, 2006, section 3.1.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.HalfSquaredError(reduction="none")([3.0, 5.0], [2.0, 7.0])
    array([0.5, 2. ])
    """

    traits = SquaredError.traits

    def _value(self, r):
        return 0.5 * r * r

    def _gradient(self, r):
        return r

    def _hessian(self, r):
        return np.ones_like(r)

    def _majorizer(self, *shared):
        return self._hessian(*shared)

    def _fisher(self, *shared):
        return self._hessian(*shared)

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)


@dataclass(frozen=True, repr=False)
class AbsoluteError(ResidualLoss):
    r"""Absolute error, :math:`\ell = |r|` with the residual :math:`r = \hat y - y`.

    The mean over the samples is the mean absolute error.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Gradient :math:`\operatorname{sign}(r)`, with the subgradient 0 at the kink :math:`r = 0`.
    The second derivative is 0 wherever there is one, and 0 is returned at the kink too.  Up to
    scale and shift it is the negative log-likelihood of Laplace noise, and the constant that
    minimises it is the median [1]_; of a whole interval of them, the midpoint is taken.

    References
    ----------
    .. [1] R. Koenker and G. Bassett, "Regression quantiles", *Econometrica* 46(1), 1978.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.AbsoluteError()
    >>> loss([3.0, 5.0], [2.0, 7.0])
    1.5
    >>> loss.optimal_constant([1.0, 2.0, 300.0])
    2.0
    """

    traits = Traits(
        convex=True,
        differentiable=False,
        twice_differentiable=False,
        lipschitz=1.0,
        symmetric=True,
        elicits="median",
    )

    def _value(self, r):
        return np.abs(r)

    def _gradient(self, r):
        return np.sign(r)

    def _hessian(self, r):
        return np.zeros_like(r)

    def _majorizer(self, r):
        return 1 / np.abs(r)

    def _fisher(self, r):
        return np.ones_like(r)

    def _optimal_constant(self, y_true, weight):
        return weighted_quantile(y_true, weight, 0.5)


@dataclass(frozen=True, repr=False)
class Huber(ResidualLoss):
    r"""Huber's loss: squared near zero, straight beyond :math:`\delta` [1]_.

    .. math::

        \ell = \begin{cases}
            \tfrac12 r^2 & |r| \le \delta \\
            \delta\,(|r| - \tfrac12\delta) & |r| > \delta
        \end{cases}
        \qquad r = \hat y - y

    Parameters
    ----------
    delta : float, default 1.0
        Residual beyond which the loss grows linearly, in the unit of the targets; positive.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Gradient :math:`c = \min(\max(r, -\delta), \delta)`, the clipped residual, in terms of which
    the loss is :math:`c\,(r - c/2)` on both pieces.  The second derivative is 1 inside, 0 outside,
    and taken as 1 at :math:`|r| = \delta`.

    References
    ----------
    .. [1] P. J. Huber, "Robust estimation of a location parameter",
       *The Annals of Mathematical Statistics* 35(1), 1964, pp. 73-101.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.Huber(delta=1.0, reduction="none")
    >>> loss([0.0, 0.0], [0.5, 3.0])
    array([0.125, 2.5  ])
    >>> loss.gradient([0.0, 0.0], [0.5, 3.0])
    array([0.5, 1. ])
    """

    delta: float = parameter(1.0, POSITIVE)

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=False,
            lipschitz=self.delta,
            symmetric=True,
            elicits="Huber's location",
        )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        return r, r.clip(-self.delta, self.delta)

    def _value(self, r, c):
        return c * (r - 0.5 * c)

    def _gradient(self, r, c):
        return c

    def _hessian(self, r, c):
        return (r == c) + 0 * c

    def _majorizer(self, r, c):
        return 1 / np.maximum(np.abs(r) / self.delta, np.ones_like(r))


@dataclass(frozen=True, repr=False)
class SmoothL1(ResidualLoss):
    r"""Smooth L1 loss: the absolute error with its kink rounded off within :math:`\beta` [1]_.

    .. math::

        \ell = \begin{cases}
            \tfrac12 r^2 / \beta & |r| \le \beta \\
            |r| - \tfrac12\beta & |r| > \beta
        \end{cases}
        \qquad r = \hat y - y

    It is Huber's loss with :math:`\delta = \beta`, divided by :math:`\beta`.

    Parameters
    ----------
    beta : float, default 1.0
        Residual beyond which the loss grows linearly, in the unit of the targets; positive.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    With the clipped residual :math:`c = \min(\max(r, -\beta), \beta)` the gradient is
    :math:`c/\beta` and the loss :math:`c\,(r - c/2)/\beta` on both pieces.  The second derivative
    is :math:`1/\beta` inside, 0 outside, and taken as :math:`1/\beta` at :math:`|r| = \beta`.

    References
    ----------
    .. [1] R. Girshick, "Fast R-CNN", *Proceedings of the IEEE International Conference on
       Computer Vision*, 2015, pp. 1440-1448.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.SmoothL1(beta=0.5, reduction="none")([0.0, 0.0], [0.25, 3.0])
    array([0.0625, 2.75  ])
    """

    beta: float = parameter(1.0, POSITIVE)

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=False,
            lipschitz=1.0,
            symmetric=True,
            elicits="Huber's location",
        )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        return r, r.clip(-self.beta, self.beta)

    def _value(self, r, c):
        return c / self.beta * (r - 0.5 * c)

    def _gradient(self, r, c):
        return c / self.beta

    def _hessian(self, r, c):
        return ((r == c) + 0 * c) / self.beta

    def _majorizer(self, r, c):
        return 1 / np.maximum(np.abs(r), np.full_like(r, self.beta))


@dataclass(frozen=True, repr=False)
class PseudoHuber(ResidualLoss):
    r"""Pseudo-Huber loss, :math:`\ell = \delta^2\bigl(\sqrt{1 + (r/\delta)^2} - 1\bigr)`.

    A smooth relative of `Huber`: half the squared error near zero, a line of slope
    :math:`\delta` far from it [1]_.

    Parameters
    ----------
    delta : float, default 1.0
        Residual around which the loss turns from a parabola into a line, in the unit of the
        targets; positive.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    With :math:`h = \sqrt{r^2 + \delta^2}` the value is computed as :math:`\delta r^2/(h + \delta)`,
    which does not cancel; gradient :math:`\delta r/h`, second derivative :math:`(\delta/h)^3`.  As
    this cubes the rounding errors of a quotient, it is right to 6 units in the last place.

    References
    ----------
    .. [1] P. Charbonnier, L. Blanc-Féraud, G. Aubert and M. Barlaud, "Deterministic
       edge-preserving regularization in computed imaging", *IEEE Transactions on Image
       Processing* 6(2), 1997, pp. 298-311.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.PseudoHuber(delta=1.0, reduction="none")([0.0, 0.0], [0.75, 3.0]).round(4)
    array([0.25  , 2.1623])
    """

    delta: float = parameter(1.0, POSITIVE)

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self.delta,
            symmetric=True,
            elicits="pseudo-Huber location",
        )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        return r, np.hypot(r, self.delta)

    def _value(self, r, h):
        return r * (r / (h + self.delta)) * self.delta

    def _gradient(self, r, h):
        return r * (self.delta / h)

    def _hessian(self, r, h):
        return (self.delta / h) ** 3

    def _majorizer(self, r, h):
        return self.delta / h


@dataclass(frozen=True, repr=False)
class LogCosh(ResidualLoss):
    r"""Logarithm of the hyperbolic cosine, :math:`\ell = \log\cosh r` with :math:`r = \hat y - y`.

    Half the squared error near zero, :math:`|r| - \log 2` far from it.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Gradient :math:`\tanh r`, second derivative :math:`1/\cosh^2 r`.  Up to scale and shift it is
    the negative log-likelihood of noise with a density proportional to :math:`1/\cosh r` [1]_.

    References
    ----------
    .. [1] R. A. Saleh and A. K. M. E. Saleh, "Statistical properties of the log-cosh loss
       function used in machine learning", arXiv:2208.04564, 2022.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.LogCosh(reduction="none")([0.0, 0.0], [0.5, 1000.0]).round(4)
    array([1.201000e-01, 9.993069e+02])
    """

    traits = Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=True,
        lipschitz=1.0,
        symmetric=True,
        elicits="log-cosh location",
    )

    def _value(self, r):
        size = np.abs(r)
        near = np.log1p(2 * np.sinh(r / 2) ** 2)
        far = size + (np.log1p(np.exp(-2 * size)) - log(2))
        return np.where(size < 1, near, far)

    def _gradient(self, r):
        return np.tanh(r)

    def _hessian(self, r):
        e = np.exp(-2 * np.abs(r))
        return 4 * e / (1 + e) ** 2

    def _majorizer(self, r):
        return tanh_ratio(r)


@dataclass(frozen=True, repr=False)
class Pinball(ResidualLoss):
    r"""Pinball loss, :math:`\ell = \max((1 - q)\,r, -q\,r)`: each side of zero has its own slope.

    Parameters
    ----------
    quantile : float, default 0.5
        The quantile :math:`q` to predict, in (0, 1); with 0.5 it is half the absolute error.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    With :math:`r = \hat y - y`, predicting too little costs :math:`q` a unit and too much
    :math:`1 - q`.  Gradient :math:`1 - q` above 0 and :math:`-q` below, with the subgradient 0 at
    the kink; second derivative 0.  The constant that minimises it is the quantile [1]_; of a whole
    interval of them, the midpoint is taken.

    References
    ----------
    .. [1] R. Koenker and G. Bassett, "Regression quantiles", *Econometrica* 46(1), 1978.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.Pinball(quantile=0.75, reduction="none")([0.0, 0.0], [2.0, -2.0])
    array([0.5, 1.5])
    """

    quantile: float = parameter(0.5, OPEN_UNIT_INTERVAL)

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=max(self.quantile, 1 - self.quantile),
            symmetric=self.quantile == 0.5,
            elicits="median" if self.quantile == 0.5 else "quantile",
        )

    def _value(self, r):
        return np.maximum((1 - self.quantile) * r, -self.quantile * r)

    def _gradient(self, r):
        side = np.sign(r)
        return side * self._value(side)

    def _hessian(self, r):
        return np.zeros_like(r)

    def _majorizer(self, r):
        return 0.5 / np.abs(r)

    def _optimal_constant(self, y_true, weight):
        return weighted_quantile(y_true, weight, self.quantile)


@dataclass(frozen=True, repr=False)
class SmoothPinball(ResidualLoss):
    r"""Pinball loss with its kink rounded off, :math:`\ell = w\log(1 + e^{r/w}) - q\,r` [1]_.

    Parameters
    ----------
    quantile : float, default 0.5
        The quantile :math:`q` that is predicted as the width goes to 0, in (0, 1).
    width : float, default 0.1
        Width :math:`w` of the rounded stretch, in the unit of the targets; positive.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Gradient :math:`\sigma(r/w) - q` with the logistic function :math:`\sigma`, second derivative
    :math:`\sigma(r/w)\,\sigma(-r/w)/w`.  The least value is not 0, and lies at
    :math:`r = w\log(q/(1-q))`.

    References
    ----------
    .. [1] S. Zheng, "Gradient descent algorithms for quantile regression with smooth
       approximation", *International Journal of Machine Learning and Cybernetics* 2(3), 2011.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.SmoothPinball(quantile=0.75, width=0.1, reduction="none")
    >>> loss([0.0, 0.0], [2.0, -2.0]).round(4)
    array([0.5, 1.5])
    """

    quantile: float = parameter(0.5, OPEN_UNIT_INTERVAL)
    width: float = parameter(0.1, POSITIVE)

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=max(self.quantile, 1 - self.quantile),
            symmetric=self.quantile == 0.5,
            elicits="smoothed quantile",
        )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        x = r / self.width
        return r, np.exp(negative_part(x)), np.exp(-positive_part(x))

    def _value(self, r, a, b):
        q = self.quantile
        return np.maximum((1 - q) * r, -q * r) + self.width * np.log1p(a * b)

    def _gradient(self, r, a, b):
        q = self.quantile
        return ((1 - q) * a - q * b) / (a + b)

    def _hessian(self, r, a, b):
        return a * b / (a + b) ** 2 / self.width

    def _majorizer(self, r, a, b):
        return tanh_ratio(r / (2 * self.width)) / (4 * self.width)

    def _optimal_constant(self, y_true, weight):
        reach = self.width * abs(log(self.quantile) - log1p(-self.quantile))
        return root_of_slope(self, y_true, weight, reach)


@dataclass(frozen=True, repr=False)
class Expectile(ResidualLoss):
    r"""Asymmetric squared error, :math:`\ell = |\tau - [r > 0]|\,r^2` with :math:`r = \hat y - y`.

    Parameters
    ----------
    level : float, default 0.5
        The level :math:`\tau` of the expectile to predict, in (0, 1); with 0.5 it is half the
        squared error.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    The weight is :math:`\tau` where the prediction is too low and :math:`1 - \tau` where it is too
    high.  Gradient and second derivative are :math:`2r` and 2 times the weight; at the jump
    :math:`r = 0` the second derivative is taken from below.  The constant that minimises it is the
    expectile [1]_.

    References
    ----------
    .. [1] W. K. Newey and J. L. Powell, "Asymmetric least squares estimation and testing",
       *Econometrica* 55(4), 1987, pp. 819-847.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.Expectile(level=0.75, reduction="none")([0.0, 0.0], [2.0, -2.0])
    array([1., 3.])
    """

    level: float = parameter(0.5, OPEN_UNIT_INTERVAL)

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=self.level == 0.5,
            symmetric=self.level == 0.5,
            elicits="mean" if self.level == 0.5 else "expectile",
        )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        high, low = r.dtype.type(1 - self.level), r.dtype.type(self.level)
        return r, np.where(r > 0, high, low)

    def _value(self, r, weight):
        return weight * r * r

    def _gradient(self, r, weight):
        return 2 * weight * r

    def _hessian(self, r, weight):
        return 2 * weight

    def _majorizer(self, r, weight):
        return np.full_like(r, 2 * max(self.level, 1 - self.level))


@dataclass(frozen=True, repr=False)
class EpsilonInsensitive(ResidualLoss):
    r"""Epsilon-insensitive loss, :math:`\ell = \max(0, |r| - \varepsilon)` [1]_.

    Parameters
    ----------
    epsilon : float, default 0.1
        Residual up to which nothing is charged, in the unit of the targets; not negative.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Gradient :math:`\operatorname{sign}(r)` where :math:`|r| > \varepsilon`, else 0: the subgradient
    at the kinks is 0.  The second derivative is 0.

    References
    ----------
    .. [1] V. N. Vapnik, *The Nature of Statistical Learning Theory*, second edition,
       Springer, 2000, chapter 6.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.EpsilonInsensitive(epsilon=0.5, reduction="none")([0.0, 0.0], [0.25, -2.0])
    array([0. , 1.5])
    """

    epsilon: float = parameter(0.1, NON_NEGATIVE)

    traits = Traits(
        convex=True,
        differentiable=False,
        twice_differentiable=False,
        lipschitz=1.0,
        symmetric=True,
        elicits="centre of a tube",
    )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        return r, positive_part(np.abs(r) - self.epsilon)

    def _value(self, r, excess):
        return excess

    def _gradient(self, r, excess):
        return np.sign(r) * np.sign(excess)

    def _hessian(self, r, excess):
        return np.zeros_like(r)


@dataclass(frozen=True, repr=False)
class SquaredEpsilonInsensitive(ResidualLoss):
    r"""Squared epsilon-insensitive loss, :math:`\ell = \max(0, |r| - \varepsilon)^2` [1]_.

    Parameters
    ----------
    epsilon : float, default 0.1
        Residual up to which nothing is charged, in the unit of the targets; not negative.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Gradient :math:`2\operatorname{sign}(r)\max(0, |r| - \varepsilon)`; second derivative 2 where
    :math:`|r| > \varepsilon`, else 0 (also at :math:`|r| = \varepsilon`).

    References
    ----------
    .. [1] V. N. Vapnik, *The Nature of Statistical Learning Theory*, second edition,
       Springer, 2000, chapter 6.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.SquaredEpsilonInsensitive(epsilon=0.5, reduction="none")([0.0, 0.0], [0.25, -2.0])
    array([0.  , 2.25])
    """

    epsilon: float = parameter(0.1, NON_NEGATIVE)

    traits = Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=False,
        symmetric=True,
        elicits="centre of a tube",
    )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        return r, positive_part(np.abs(r) - self.epsilon)

    def _value(self, r, excess):
        return excess * excess

    def _gradient(self, r, excess):
        return 2 * np.sign(r) * excess

    def _hessian(self, r, excess):
        return 2 * np.sign(excess)

    def _majorizer(self, r, excess):
        return np.full_like(r, 2)


@dataclass(frozen=True, repr=False)
class SquaredLogError(PointwiseLoss):
    r"""Squared logarithmic error, :math:`\ell = (\log(1 + \hat y) - \log(1 + y))^2`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Targets and predictions are above -1.  With :math:`d = \log(1+\hat y) - \log(1+y)` the
    gradient is :math:`2d/(1+\hat y)` and the second derivative :math:`2(1-d)/(1+\hat y)^2`,
    negative where :math:`d > 1`: the loss is not convex.  It is the squared error of
    :math:`\log(1+y)` [1]_, so the constant that minimises it is :math:`e^m - 1` with the mean
    :math:`m` of these logarithms.  As the squares double rounding errors, value and second
    derivative are right to 6 units in the last place.

    References
    ----------
    .. [1] G. E. P. Box and D. R. Cox, "An analysis of transformations", *Journal of the Royal
       Statistical Society, Series B* 26(2), 1964, pp. 211-252.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.SquaredLogError(reduction="none")([0.0, 99.0], [9.0, 9.0]).round(4)
    array([5.3019, 5.3019])
    """

    y_true_domain = ABOVE_MINUS_ONE
    y_pred_domain = ABOVE_MINUS_ONE

    traits = Traits(
        convex=False,
        differentiable=True,
        twice_differentiable=True,
        elicits="mean of the logarithm",
    )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        ratio = np.abs(r) / (1 + np.minimum(y_true, y_pred))
        apart = np.abs(np.log1p(y_pred) - np.log1p(y_true))  # where the ratio overflows
        d = np.where(np.isinf(ratio), apart, np.log1p(ratio))
        return 1 + y_pred, np.copysign(d, r)

    def _value(self, shifted, d):
        return d * d

    def _gradient(self, shifted, d):
        return 2 * d / shifted

    def _hessian(self, shifted, d):
        return 2 * (1 - d) / shifted / shifted

    def _optimal_constant(self, y_true, weight):
        return float(np.expm1(weighted_mean(np.log1p(y_true), weight)))


@dataclass(frozen=True, repr=False)
class AbsolutePercentageError(PointwiseLoss):
    r"""Absolute error in proportion to the target, :math:`\ell = |\hat y - y| / |y|`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Targets are not 0; a loss of 1 is an error of 100 %.  Gradient
    :math:`\operatorname{sign}(\hat y - y)/|y|`, with the subgradient 0 at the kink; second
    derivative 0.  The constant that minimises it is the median under the weights
    :math:`1/|y|`, which is drawn to small targets [1]_.

    References
    ----------
    .. [1] T. Gneiting, "Making and evaluating point forecasts", *Journal of the American
       Statistical Association* 106(494), 2011, pp. 746-762.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.AbsolutePercentageError(reduction="none")([4.0, -2.0], [5.0, 2.0])
    array([0.25, 2.  ])
    """

    y_true_domain = NONZERO

    traits = Traits(
        convex=True,
        differentiable=False,
        twice_differentiable=False,
        symmetric=True,
        elicits="median weighted by 1/|y|",
    )

    def _shared(self, y_true, y_pred):
        return y_pred - y_true, np.abs(y_true)

    def _value(self, r, size):
        return np.abs(r) / size

    def _gradient(self, r, size):
        return np.sign(r) / size

    def _hessian(self, r, size):
        return np.zeros_like(r)

    def _majorizer(self, r, size):
        return 1 / (size * np.abs(r))

    def _optimal_constant(self, y_true, weight):
        return weighted_quantile(y_true, weight / np.abs(y_true), 0.5)
