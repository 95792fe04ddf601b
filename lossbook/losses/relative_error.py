"""Losses of ratios: of how many times, or by what share, a prediction is off."""

import numpy as np

from ..core.domains import ABOVE_MINUS_ONE, NONZERO
from ..core.loss import PointwiseLoss
from ..core.optimum import weighted_mean, weighted_quantile
from ..core.traits import Traits


class SquaredLogError(PointwiseLoss):
    r"""Squared logarithmic error, :math:`\ell = (\log(1 + \hat y) - \log(1 + y))^2`.

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

    def _traits(self):
        return Traits(
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


class AbsolutePercentageError(PointwiseLoss):
    r"""Absolute error in proportion to the target, :math:`\ell = |\hat y - y| / |y|`.

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

    def _traits(self):
        return Traits(
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

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r, size):
        return 1 / (size * np.abs(r))

    def _optimal_constant(self, y_true, weight):
        return weighted_quantile(y_true, weight / np.abs(y_true), 0.5)
