"""Losses of the residual r = ŷ - y, for predicting a number."""

from dataclasses import dataclass

import numpy as np

from ..core.domains import POSITIVE
from ..core.loss import PointwiseLoss, parameter
from ..core.optimum import root_of_slope, weighted_mean, weighted_median
from ..core.traits import Traits


@dataclass(frozen=True, repr=False)
class ResidualLoss(PointwiseLoss):
    """Base of losses that depend on the residual ``r = y_pred - y_true`` alone."""

    def _shared(self, y_true, y_pred):
        return (y_pred - y_true,)


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

    def _optimal_constant(self, y_true, weight):
        return weighted_median(y_true, weight)


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

    def _optimal_constant(self, y_true, weight):
        return root_of_slope(self, y_true, weight)


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

    def _optimal_constant(self, y_true, weight):
        return root_of_slope(self, y_true, weight)
