"""Squared errors, which are minimised by the mean."""

import numpy as np

from ..core.optimum import weighted_mean
from ..core.residual import ResidualLoss
from ..core.traits import Traits


class SquaredError(ResidualLoss):
    r"""Squared error, :math:`\ell = r^2` with the residual :math:`r = \hat y - y`.

    The mean of this loss over the samples is called the mean squared error.

    Notes
    -----
    The gradient is :math:`2r`, and the second derivative is 2.  Up to a constant factor and an
    additive constant, the loss is the negative log-likelihood of Gaussian noise with a fixed
    variance.  The constant prediction that minimises it is the mean of the targets [1]_.

    References
    ----------
    .. [1] C. M. Bishop, *Pattern Recognition and Machine Learning*,
       Springer, 2006, section 1.5.5.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.SquaredError()
    >>> loss([3.0, 5.0], [2.0, 7.0])
    2.5
    >>> loss.gradient([3.0, 5.0], [2.0, 7.0])
    array([-1.,  2.])
    """

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            symmetric=True,
            elicits="mean",
        )

    def _formula(self, s):
        r = s.r
        return s.of_residual(
            value=r**2, gradient=2 * r, hessian=2, optimum="the mean of the targets"
        )

    def _value(self, r):
        return r * r

    def _gradient(self, r):
        return 2 * r

    def _hessian(self, r):
        return np.full_like(r, 2)

    def _curvatures(self):
        return {"majorizer": self._hessian, "fisher": self._hessian}

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)


class HalfSquaredError(ResidualLoss):
    r"""Half the squared error, :math:`\ell = \tfrac12 r^2` with :math:`r = \hat y - y`.

    Notes
    -----
    The gradient is :math:`r`, and the second derivative is 1.  The factor :math:`\tfrac12` removes
    the factor 2 from both of them [1]_.

    References
    ----------
    .. [1] C. M. Bishop, *Pattern Recognition and Machine Learning*,
       Springer, 2006, section 3.1.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.HalfSquaredError(reduction="none")([3.0, 5.0], [2.0, 7.0])
    array([0.5, 2. ])
    """

    _traits = SquaredError._traits

    def _formula(self, s):
        r = s.r
        return s.of_residual(
            value=r**2 / 2, gradient=r, hessian=1, optimum="the mean of the targets"
        )

    def _value(self, r):
        return 0.5 * r * r

    def _gradient(self, r):
        return r

    def _hessian(self, r):
        return np.ones_like(r)

    def _curvatures(self):
        return {"majorizer": self._hessian, "fisher": self._hessian}

    def _optimal_constant(self, y_true, weight):
        return weighted_mean(y_true, weight)
