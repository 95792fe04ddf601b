"""Losses that weight predictions above the target and predictions below it differently."""

from math import hypot, log, log1p

import numpy as np

from ..core.arrays import as_real_arrays, require_shape, working_dtype
from ..core.domains import OPEN_UNIT_INTERVAL, POSITIVE
from ..core.elementwise import decay, sum_entries, tanh_ratio, two_sides
from ..core.inputs import Batch, Column
from ..core.loss import parameter
from ..core.optimum import root_of_slope, weighted_quantile
from ..core.residual import ResidualLoss
from ..core.traits import Traits


class Pinball(ResidualLoss):
    r"""Pinball loss, :math:`\ell = \max((1 - q)\,r, -q\,r)` with :math:`r = \hat y - y`.

    The loss grows with a different slope on each side of zero.

    Parameters
    ----------
    quantile : float or sequence of float, default 0.5
        Level :math:`q` of the quantile to predict, in (0, 1).  With 0.5, the loss is half the
        absolute error.  A sequence stands for several quantiles at once.

    Notes
    -----
    A prediction below the target costs :math:`q` per unit of the residual, and a prediction above
    the target costs :math:`1 - q` per unit.  The gradient is :math:`-q` for :math:`r < 0` and
    :math:`1 - q` for :math:`r > 0`.  At the kink :math:`r = 0`, the subgradient 0 is returned.  The
    second derivative is 0 wherever it exists, and 0 is returned at the kink too.  The constant
    prediction that minimises the loss is the quantile of the targets [1]_.  If a whole interval of
    constants minimises it, `optimal_constant` returns the midpoint of this interval.

    With several quantiles, predictions of shape (..., Q) hold one for each quantile on the last
    axis, targets have the shape (...), and the loss of a sample is the mean over the quantiles.

    References
    ----------
    .. [1] R. Koenker and G. Bassett, "Regression quantiles",
       *Econometrica* 46(1), 1978.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.Pinball(quantile=0.75, reduction="none")([0.0, 0.0], [2.0, -2.0])
    array([0.5, 1.5])
    >>> lb.Pinball(quantile=(0.25, 0.75), reduction="none")([0.0], [[-1.0, 2.0]])
    array([0.375])
    """

    quantile: float | tuple[float, ...] = parameter(
        default=0.5, domain=OPEN_UNIT_INTERVAL, several=True
    )

    def _traits(self):
        if type(self.quantile) is tuple:
            steepest = [max(q, 1 - q) / len(self.quantile) for q in self.quantile]
            return Traits(
                convex=True,
                differentiable=False,
                twice_differentiable=False,
                lipschitz=hypot(*steepest),
                elicits="quantiles",
            )
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=max(self.quantile, 1 - self.quantile),
            symmetric=self.quantile == 0.5,
            elicits="median" if self.quantile == 0.5 else "quantile",
        )

    def _formula(self, s):
        r, q = s.r, s.q
        if type(self.quantile) is tuple:
            r, q, y_pred = map(s.vector, ("r", "q", "yhat"))
            return s.Formula(
                value=s.sum_k(s.Max((1 - q) * r, -q * r)) / s.K,
                gradient=s.cases((1 - q, r > 0), (-q, r < 0), 0) / s.K,
                hessian=0,
                y_true=s.y,
                y_pred=y_pred,
                definitions={r: y_pred - s.y},
                optimum="the quantiles of the targets",
                parameters={q: "quantile"},
            )
        return s.of_residual(
            value=s.Max((1 - q) * r, -q * r),
            gradient=s.cases((1 - q, r > 0), (-q, r < 0), 0),
            hessian=0,
            optimum=f"the {'median' if self.quantile == 0.5 else 'q-quantile'} of the targets",
            parameters={q: "quantile"},
        )

    def _read(self, y_true, y_pred):
        if type(self.quantile) is not tuple:
            return super()._read(y_true, y_pred)
        y_true, y_pred = as_real_arrays(("y_true", "y_pred"), (y_true, y_pred))
        shape, dtype = y_true.shape, working_dtype(y_true.dtype, y_pred.dtype)
        why = "that of y_true and one prediction per quantile"
        require_shape("y_pred", y_pred, (*shape, len(self.quantile)), why)
        columns = (
            Column("y_true", y_true, shape, dtype, self.y_true_domain),
            Column("y_pred", y_pred, shape, dtype, self.y_pred_domain),
        )
        return Batch(columns, (y_pred.shape,), shape, dtype)

    def _each(self, r):
        """Return the loss of each residual, of which those of one sample are a column."""
        if type(self.quantile) is not tuple:
            return np.maximum((1 - self.quantile) * r, -self.quantile * r)
        q = np.array(self.quantile)[:, None]
        high, low = ((side / len(q)).astype(r.dtype) for side in (1 - q, -q))
        return np.maximum(high * r, low * r)

    def _value(self, r):
        each = self._each(r)
        return sum_entries(each) if type(self.quantile) is tuple else each

    def _gradient(self, r):
        side = np.sign(r)
        return side * self._each(side)

    def _hessian(self, r):
        return np.zeros_like(r)

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r):
        return 0.5 / np.size(self.quantile) / np.abs(r)

    def _optimal_constant(self, y_true, weight):
        if type(self.quantile) is tuple:
            return np.array([weighted_quantile(y_true, weight, q) for q in self.quantile])
        return weighted_quantile(y_true, weight, self.quantile)


class SmoothPinball(ResidualLoss):
    r"""Pinball loss with a rounded kink, :math:`\ell = w\log(1 + e^{r/w}) - q\,r` [1]_.

    Parameters
    ----------
    quantile : float, default 0.5
        Level :math:`q` of the quantile to which the best constant converges as the width
        decreases to 0, in (0, 1).
    width : float, default 0.1
        Width :math:`w` of the rounded part, in the unit of the targets.  It must be positive.

    Notes
    -----
    Let :math:`\sigma` be the logistic function.  The gradient is :math:`\sigma(r/w) - q`, and the
    second derivative is :math:`\sigma(r/w)\,\sigma(-r/w)/w`.  The loss has its minimum at
    :math:`r = w\log(q/(1-q))`, and the minimum is greater than 0.

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

    quantile: float = parameter(default=0.5, domain=OPEN_UNIT_INTERVAL)
    width: float = parameter(default=0.1, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=max(self.quantile, 1 - self.quantile),
            symmetric=self.quantile == 0.5,
            elicits="smoothed quantile",
        )

    def _formula(self, s):
        r, q, w = s.r, s.q, s.w
        return s.of_residual(
            value=w * s.log(1 + s.exp(r / w)) - q * r,
            gradient=s.sigma(r / w) - q,
            hessian=s.sigma(r / w) * s.sigma(-r / w) / w,
            optimum=f"{s.BALANCE}, up to q from above and 1 − q from below",
            parameters={q: "quantile", w: "width"},
        )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        x = r / self.width
        return r, x, decay(x)

    def _value(self, r, x, e):
        q = self.quantile
        return np.maximum((1 - q) * r, -q * r) + self.width * np.log1p(e)

    def _gradient(self, r, x, e):
        q = self.quantile
        a, b = two_sides(x, e)
        return ((1 - q) * a - q * b) / (1 + e)

    def _hessian(self, r, x, e):
        return e / (1 + e) ** 2 / self.width

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r, x, e):
        return tanh_ratio(r / (2 * self.width)) / (4 * self.width)

    def _optimal_constant(self, y_true, weight):
        reach = self.width * abs(log(self.quantile) - log1p(-self.quantile))
        return root_of_slope(self, y_true, weight, reach)


class Expectile(ResidualLoss):
    r"""Asymmetric squared error, :math:`\ell = |\tau - [r > 0]|\,r^2` with :math:`r = \hat y - y`.

    Parameters
    ----------
    level : float, default 0.5
        Level :math:`\tau` of the expectile to predict, in (0, 1).  With 0.5, the loss is half the
        squared error.

    Notes
    -----
    The weight of :math:`r^2` is :math:`\tau` if the prediction is below the target and
    :math:`1 - \tau` if it is above.  The gradient is :math:`2r` times this weight, and the second
    derivative is 2 times this weight.  At :math:`r = 0`, where the second derivative jumps, its
    limit from below is returned.  The constant prediction that minimises the loss is the expectile
    of the targets [1]_.

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

    level: float = parameter(default=0.5, domain=OPEN_UNIT_INTERVAL)

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=self.level == 0.5,
            symmetric=self.level == 0.5,
            elicits="mean" if self.level == 0.5 else "expectile",
        )

    def _formula(self, s):
        r, w, tau = s.r, s.w, s.tau
        return s.of_residual(
            value=w * r**2,
            gradient=2 * w * r,
            hessian=2 * w,
            definitions={w: s.cases((1 - tau, r > 0), tau)},
            optimum=f"the {'mean' if self.level == 0.5 else 'τ-expectile'} of the targets",
            parameters={tau: "level"},
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

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r, weight):
        return np.full_like(r, 2 * max(self.level, 1 - self.level))
