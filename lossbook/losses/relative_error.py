"""Losses of the ratio between a prediction and its target."""

import numpy as np

from ..core.domains import ABOVE_MINUS_ONE, NONZERO
from ..core.loss import PointwiseLoss
from ..core.optimum import weighted_mean, weighted_quantile
from ..core.traits import Traits


class SquaredLogError(PointwiseLoss):
    r"""Squared logarithmic error, :math:`\ell = (\log(1 + \hat y) - \log(1 + y))^2`.

    Notes
    -----
    Targets and predictions must be greater than -1.  With :math:`d = \log(1+\hat y) - \log(1+y)`,
    the gradient is :math:`2d/(1+\hat y)` and the second derivative is :math:`2(1-d)/(1+\hat y)^2`.
    It is negative for :math:`d > 1`, so the loss is not convex.  The loss is the squared error of
    :math:`\log(1+y)` [1]_.  The constant that minimises it is therefore :math:`e^m - 1`, where
    :math:`m` is the mean of these logarithms.  Squares double the relative rounding errors, so the
    value and the second derivative are right to 6 units in the last place.

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

    def _formula(self, s):
        y, yhat, d = s.y, s.yhat, s.d
        return s.Formula(
            value=d**2,
            gradient=2 * d / (1 + yhat),
            hessian=2 * (1 - d) / (1 + yhat) ** 2,
            y_true=y,
            y_pred=yhat,
            definitions={d: s.log((1 + yhat) / (1 + y))},
            optimum="the geometric mean of 1 + y, less 1",
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
    Targets must not be 0.  A loss of 1 corresponds to an error of 100 %.  The gradient is
    :math:`\operatorname{sign}(\hat y - y)/|y|`, with the subgradient 0 at the kink, and the second
    derivative is 0.  The constant that minimises the loss is the weighted median of the targets
    with the weights :math:`1/|y|`.  Targets near 0 have large weights, so this median is usually
    closer to 0 than the ordinary one [1]_.

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

    def _formula(self, s):
        r, y = s.r, s.y
        return s.of_residual(
            value=abs(r) / abs(y),
            gradient=s.sign(r) / abs(y),
            hessian=0,
            optimum="the median of the targets, each weighted by 1/|y|",
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
