"""The absolute error, which aims at the median."""

import numpy as np

from ..core.optimum import weighted_quantile
from ..core.residual import ResidualLoss
from ..core.traits import Traits


class AbsoluteError(ResidualLoss):
    r"""Absolute error, :math:`\ell = |r|` with the residual :math:`r = \hat y - y`.

    The mean over the samples is the mean absolute error.

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

    def _traits(self):
        return Traits(
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

    def _curvatures(self):
        return {"majorizer": self._majorizer, "fisher": self._fisher}

    def _majorizer(self, r):
        return 1 / np.abs(r)

    def _fisher(self, r):
        return np.ones_like(r)

    def _optimal_constant(self, y_true, weight):
        return weighted_quantile(y_true, weight, 0.5)
