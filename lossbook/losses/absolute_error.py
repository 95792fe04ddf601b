"""The absolute error, which is minimised by the median."""

import numpy as np

from ..core.optimum import weighted_quantile
from ..core.residual import ResidualLoss
from ..core.traits import Traits


class AbsoluteError(ResidualLoss):
    r"""Absolute error, :math:`\ell = |r|` with the residual :math:`r = \hat y - y`.

    The mean of this loss over the samples is called the mean absolute error.

    Notes
    -----
    The gradient is :math:`\operatorname{sign}(r)`.  At the kink :math:`r = 0`, the subgradient 0 is
    returned.  The second derivative is 0 wherever it exists, and 0 is returned at the kink too.
    Up to a constant factor and an additive constant, the loss is the negative log-likelihood of
    Laplace noise with a fixed scale.  The constant prediction that minimises it is the median of
    the targets [1]_.  If a whole interval of constants minimises it, `optimal_constant` returns
    the midpoint of this interval.

    References
    ----------
    .. [1] R. Koenker and G. Bassett, "Regression quantiles",
       *Econometrica* 46(1), 1978.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.AbsoluteError()
    >>> loss([3.0, 5.0], [2.0, 7.0])
    1.5
    >>> loss.optimal_constant([1.0, 2.0, 300.0])
    2.0
    """

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=1.0,
            symmetric=True,
            elicits="median",
        )

    def _formula(self, s):
        r = s.r
        return s.of_residual(
            value=abs(r), gradient=s.sign(r), hessian=0, optimum="the median of the targets"
        )

    def _value(self, r):
        return np.abs(r)

    def _gradient(self, r):
        return np.sign(r)

    def _hessian(self, r):
        return np.zeros_like(r)

    def _curvatures(self):
        return {"majorizer": self._majorizer, "fisher": self._fisher}

    def _majorizer(self, r):
        return 1 / np.abs(r)

    def _fisher(self, r):
        return np.ones_like(r)

    def _optimal_constant(self, y_true, weight):
        return weighted_quantile(y_true, weight, 0.5)
