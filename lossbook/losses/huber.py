"""Losses that treat small residuals differently from large ones: Huber's loss and its relatives."""

from functools import cached_property
from math import log

import numpy as np

from ..core.domains import NON_NEGATIVE, POSITIVE
from ..core.elementwise import positive_part, tanh_ratio, within_floats
from ..core.loss import parameter
from ..core.residual import ResidualLoss
from ..core.traits import Traits


class Huber(ResidualLoss):
    r"""Huber's loss, a parabola up to the residual :math:`\delta` and a straight line beyond [1]_.

    .. math::

        \ell = \begin{cases}
            \tfrac12 r^2 & |r| \le \delta \\
            \delta\,(|r| - \tfrac12\delta) & |r| > \delta
        \end{cases}
        \qquad r = \hat y - y

    Parameters
    ----------
    delta : float, default 1.0
        Size of the residual beyond which the loss grows linearly, in the unit of the targets.
        It must be positive.

    Notes
    -----
    The gradient is the clipped residual :math:`c = \min(\max(r, -\delta), \delta)`, and for every
    residual the loss is equal to :math:`c\,(r - c/2)`.  The second derivative is 1 for
    :math:`|r| < \delta` and 0 for :math:`|r| > \delta`.  It does not exist at
    :math:`|r| = \delta`, where 1 is returned.

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

    delta: float = parameter(default=1.0, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=False,
            lipschitz=self.delta,
            symmetric=True,
            elicits="Huber's location",
        )

    def _formula(self, s):
        r, delta = s.r, s.delta
        near = abs(r) <= delta
        return s.of_residual(
            value=s.cases((r**2 / 2, near), delta * (abs(r) - delta / 2)),
            gradient=s.cases((r, near), delta * s.sign(r)),
            hessian=s.cases((1, near), 0),
            optimum="the mean of the targets, each first moved to within δ of it",
            parameters={delta: "delta"},
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

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r, c):
        return 1 / np.maximum(np.abs(r) / self.delta, np.ones_like(r))


class SmoothL1(ResidualLoss):
    r"""Smooth L1 loss, the absolute error with a rounded kink [1]_.

    .. math::

        \ell = \begin{cases}
            \tfrac12 r^2 / \beta & |r| \le \beta \\
            |r| - \tfrac12\beta & |r| > \beta
        \end{cases}
        \qquad r = \hat y - y

    Smooth L1 is Huber's loss with :math:`\delta = \beta`, divided by :math:`\beta`.

    Parameters
    ----------
    beta : float, default 1.0
        Size of the residual beyond which the loss grows linearly, in the unit of the targets.
        It must be positive.

    Notes
    -----
    Let :math:`c = \min(\max(r, -\beta), \beta)` be the clipped residual.  For every residual, the
    gradient is :math:`c/\beta` and the loss is equal to :math:`c\,(r - c/2)/\beta`.  The second
    derivative is :math:`1/\beta` for :math:`|r| < \beta` and 0 for :math:`|r| > \beta`.  It does
    not exist at :math:`|r| = \beta`, where :math:`1/\beta` is returned.

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

    beta: float = parameter(default=1.0, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=False,
            lipschitz=1.0,
            symmetric=True,
            elicits="Huber's location",
        )

    @cached_property
    def _huber(self):
        return Huber(self.beta)

    def _formula(self, s):
        r, beta = s.r, s.beta
        near = abs(r) <= beta
        return s.of_residual(
            value=s.cases((r**2 / (2 * beta), near), abs(r) - beta / 2),
            gradient=s.cases((r / beta, near), s.sign(r)),
            hessian=s.cases((1 / beta, near), 0),
            optimum="the mean of the targets, each first moved to within β of it",
            parameters={beta: "beta"},
        )

    def _shared(self, y_true, y_pred):
        return self._huber._shared(y_true, y_pred)

    def _value(self, r, c):
        return self._gradient(r, c) * (r - 0.5 * c)

    def _gradient(self, r, c):
        return self._huber._gradient(r, c) / self.beta

    def _hessian(self, r, c):
        return self._huber._hessian(r, c) / self.beta

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r, c):
        return 1 / np.maximum(np.abs(r), np.full_like(r, self.beta))


class PseudoHuber(ResidualLoss):
    r"""Pseudo-Huber loss, :math:`\ell = \delta^2\bigl(\sqrt{1 + (r/\delta)^2} - 1\bigr)`.

    This loss resembles `Huber`, but it has continuous derivatives of every order.  It is close to
    half the squared error for small residuals and close to straight lines with the slopes
    :math:`\pm\delta` for large ones [1]_.

    Parameters
    ----------
    delta : float, default 1.0
        Size of the residuals around which the loss changes from a parabola to a straight line,
        in the unit of the targets.  It must be positive.

    Notes
    -----
    Let :math:`h = \sqrt{r^2 + \delta^2}`.  The loss is computed as
    :math:`\delta r^2/(h + \delta)`, because this form does not subtract nearly equal numbers.  The
    gradient is :math:`\delta r/h`, and the second derivative is :math:`(\delta/h)^3`.  Since the
    third power of a quotient multiplies its relative rounding error by three, the second
    derivative is right to 6 units in the last place.

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

    delta: float = parameter(default=1.0, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self.delta,
            symmetric=True,
            elicits="pseudo-Huber location",
        )

    def _formula(self, s):
        r, delta = s.r, s.delta
        root = s.sqrt(1 + (r / delta) ** 2)
        return s.of_residual(
            value=delta**2 * (root - 1),
            gradient=r / root,
            hessian=1 / root**3,
            optimum=f"{s.BALANCE}, each below δ",
            parameters={delta: "delta"},
        )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        finite = within_floats(r)
        return r, finite, np.hypot(finite, self.delta)

    def _value(self, r, finite, h):
        return r * (finite / (h + self.delta)) * self.delta

    def _gradient(self, r, finite, h):
        return finite / h * self.delta

    def _hessian(self, r, finite, h):
        return (self.delta / h) ** 3

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r, finite, h):
        return self.delta / h


class LogCosh(ResidualLoss):
    r"""Logarithm of the hyperbolic cosine, :math:`\ell = \log\cosh r` with :math:`r = \hat y - y`.

    The loss is close to half the squared error for small residuals and close to
    :math:`|r| - \log 2` for large ones.

    Notes
    -----
    The gradient is :math:`\tanh r`, and the second derivative is :math:`1/\cosh^2 r`.  Up to an
    additive constant, the loss is the negative log-likelihood of noise with a density proportional
    to :math:`1/\cosh r` [1]_.

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

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=1.0,
            symmetric=True,
            elicits="log-cosh location",
        )

    def _formula(self, s):
        r = s.r
        return s.of_residual(
            value=s.log(s.cosh(r)),
            gradient=s.tanh(r),
            hessian=1 / s.cosh(r) ** 2,
            optimum=f"{s.BALANCE}, each below 1",
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

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r):
        return tanh_ratio(r)


class EpsilonInsensitive(ResidualLoss):
    r"""Epsilon-insensitive loss, :math:`\ell = \max(0, |r| - \varepsilon)` [1]_.

    Parameters
    ----------
    epsilon : float, default 0.1
        Size of the residual up to which the loss is 0, in the unit of the targets.  It must not
        be negative.

    Notes
    -----
    The gradient is :math:`\operatorname{sign}(r)` for :math:`|r| > \varepsilon` and 0 for
    :math:`|r| < \varepsilon`.  At the kinks :math:`|r| = \varepsilon`, the subgradient 0 is
    returned.  The second derivative is 0 wherever it exists, and 0 is returned at the kinks too.

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

    epsilon: float = parameter(default=0.1, domain=NON_NEGATIVE)

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=1.0,
            symmetric=True,
            elicits="centre of a tube",
        )

    def _formula(self, s):
        r, epsilon = s.r, s.epsilon
        return s.of_residual(
            value=s.Max(0, abs(r) - epsilon),
            gradient=s.cases((s.sign(r), abs(r) > epsilon), 0),
            hessian=0,
            optimum="the centre of a tube of half-width ε with as many targets above it as below",
            parameters={epsilon: "epsilon"},
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


class SquaredEpsilonInsensitive(ResidualLoss):
    r"""Squared epsilon-insensitive loss, :math:`\ell = \max(0, |r| - \varepsilon)^2` [1]_.

    Parameters
    ----------
    epsilon : float, default 0.1
        Size of the residual up to which the loss is 0, in the unit of the targets.  It must not
        be negative.

    Notes
    -----
    The gradient is :math:`2\operatorname{sign}(r)\max(0, |r| - \varepsilon)`.  The second
    derivative is 2 for :math:`|r| > \varepsilon` and 0 for :math:`|r| < \varepsilon`.  It does not
    exist at :math:`|r| = \varepsilon`, where 0 is returned.

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

    epsilon: float = parameter(default=0.1, domain=NON_NEGATIVE)

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=False,
            symmetric=True,
            elicits="centre of a tube",
        )

    def _formula(self, s):
        r, epsilon = s.r, s.epsilon
        excess = s.Max(0, abs(r) - epsilon)
        return s.of_residual(
            value=excess**2,
            gradient=2 * s.sign(r) * excess,
            hessian=s.cases((2, abs(r) > epsilon), 0),
            optimum="the centre of a tube of half-width ε "
            "that targets overshoot as far above as below",
            parameters={epsilon: "epsilon"},
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

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r, excess):
        return np.full_like(r, 2)
