"""Losses of the residual that grow linearly or more slowly, or stop growing."""

from math import exp, log, sqrt

import numpy as np

from ..core.domains import POSITIVE
from ..core.elementwise import within_floats
from ..core.loss import parameter
from ..core.residual import ResidualLoss
from ..core.traits import Traits


class Fair(ResidualLoss):
    r"""Fair's loss, :math:`\ell = c^2\bigl(|x| - \log(1 + |x|)\bigr)` with :math:`x = r/c` [1]_.

    Parameters
    ----------
    scale : float, default 1.0
        Scale :math:`c`, in the unit of the targets.  It must be positive.

    Notes
    -----
    The gradient is :math:`r/(1 + |x|)`, and the second derivative is :math:`1/(1 + |x|)^2`.  The
    loss is convex, and its slope is less than :math:`c` in absolute value.  Digits would cancel in
    the difference for small :math:`x`, so it is replaced by a series for :math:`|x| < \tfrac12`.
    Just above this limit, the value is right to 6 units in the last place.

    References
    ----------
    .. [1] R. C. Fair, "On the robust estimation of econometric models", *Annals of Economic and
       Social Measurement* 3(4), 1974, pp. 667-677.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.Fair(scale=1.0, reduction="none")([0.0, 0.0], [1.0, -4.0]).round(4)
    array([0.3069, 2.3906])
    """

    scale: float = parameter(default=1.0, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self.scale,
            symmetric=True,
            elicits="robust location",
        )

    def _formula(self, s):
        r, x, c = s.r, s.x, s.c
        return s.of_residual(
            value=c**2 * (abs(x) - s.log(1 + abs(x))),
            gradient=r / (1 + abs(x)),
            hessian=1 / (1 + abs(x)) ** 2,
            definitions={x: r / c},
            optimum=f"{s.BALANCE}, each below c",
            parameters={c: "scale"},
        )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        return r, within_floats(np.abs(r) / self.scale)

    def _value(self, r, x):
        size = np.abs(r)
        near = size * (size * _curve_of_log1p(x))
        far = size * (self.scale * (1 - np.log1p(x) / x))
        return np.where(x < 0.5, near, far)

    def _gradient(self, r, x):
        return np.sign(r) * (self.scale * (x / (1 + x)))

    def _hessian(self, r, x):
        return 1 / (1 + x) ** 2

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r, x):
        return 1 / (1 + x)


def _curve_of_log1p(x):
    """Return (x - log(1 + x)) / x² for 0 <= x < 1/2, by the series of log in s = x/(2 + x)."""
    s = x / (2 + x)
    square = s * s
    series = 0.0
    for power in range(27, 1, -2):
        series = series * square + 1 / power
    return (1 - 2 * s * series / (2 + x)) / (2 + x)


class Cauchy(ResidualLoss):
    r"""Cauchy's loss, :math:`\ell = \tfrac12 c^2 \log(1 + x^2)` with :math:`x = r/c`.

    It is also called the Lorentzian loss.

    Parameters
    ----------
    scale : float, default 1.0
        Scale :math:`c`, in the unit of the targets.  It must be positive.

    Notes
    -----
    The gradient is :math:`r/(1 + x^2)`, and the second derivative is :math:`(1 - x^2)/(1 + x^2)^2`.
    It is negative for :math:`|r| > c`, so the loss is not convex.  The mean loss of a constant
    prediction may have several minima, and `optimal_constant` finds the lowest one by branch and
    bound.  Up to scale and shift, the loss is the negative log-likelihood of Cauchy noise [1]_.
    Where the second derivative changes its sign, two rounded terms cancel.  It is therefore right
    to 6 units in the last place.

    References
    ----------
    .. [1] M. J. Black and A. Rangarajan, "On the unification of line processes, outlier rejection,
       and robust statistics", *International Journal of Computer Vision* 19(1), 1996, pp. 57-91.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.Cauchy(scale=1.0, reduction="none")([0.0, 0.0], [1.0, -100.0]).round(4)
    array([0.3466, 4.6052])
    """

    scale: float = parameter(default=1.0, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self.scale / 2,
            symmetric=True,
            elicits="robust location",
        )

    def _formula(self, s):
        r, x, c = s.r, s.x, s.c
        return s.of_residual(
            value=c**2 / 2 * s.log(1 + x**2),
            gradient=r / (1 + x**2),
            hessian=(1 - x**2) / (1 + x**2) ** 2,
            definitions={x: r / c},
            optimum=s.LOWEST,
            parameters={c: "scale"},
        )

    _least_hessian = -1 / 8

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        x = r / self.scale
        return r, x, 1 + x * x

    def _value(self, r, x, q):
        square = x * x
        near = 0.5 * r * (r * np.where(square == 0, 1, np.log1p(square) / square))
        log_x = np.log(np.abs(r)) - log(self.scale)
        far = self.scale * (self.scale * log_x)  # where the square overflows
        return np.where(np.isinf(q), far, near)

    def _gradient(self, r, x, q):
        return np.where(np.isinf(q), self.scale / x, r / q)

    def _hessian(self, r, x, q):
        return np.where(np.isinf(q), 0, (2 / q - 1) / q)

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r, x, q):
        return 1 / q


class GemanMcClure(ResidualLoss):
    r"""Geman and McClure's loss, :math:`\ell = \tfrac12 r^2/(1 + x^2)` with :math:`x = r/c` [1]_.

    Parameters
    ----------
    scale : float, default 1.0
        Scale :math:`c`, in the unit of the targets.  It must be positive.

    Notes
    -----
    The gradient is :math:`r/(1 + x^2)^2`, and the second derivative is
    :math:`(1 - 3x^2)/(1 + x^2)^3`.  They are computed from :math:`u = c/h` and :math:`v = r/h` with
    :math:`h = \sqrt{r^2 + c^2}`.  The loss is not convex, and it is less than :math:`c^2/2`.  The
    mean loss of a constant prediction may have several minima, and `optimal_constant` finds the
    lowest one by branch and bound.  The relative rounding error of the fourth power of :math:`u` is
    four times that of :math:`u`, so the derivatives are right to 8 units in the last place.

    References
    ----------
    .. [1] S. Geman and D. E. McClure, "Statistical methods for tomographic image reconstruction",
       *Bulletin of the International Statistical Institute* 52(4), 1987, pp. 5-21.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.GemanMcClure(scale=1.0, reduction="none")([0.0, 0.0], [1.0, -3.0])
    array([0.25, 0.45])
    """

    scale: float = parameter(default=1.0, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self.scale * 3 * sqrt(3) / 16,
            bounded=True,
            symmetric=True,
            elicits="robust location",
        )

    def _formula(self, s):
        r, x, c = s.r, s.x, s.c
        return s.of_residual(
            value=r**2 / (2 * (1 + x**2)),
            gradient=r / (1 + x**2) ** 2,
            hessian=(1 - 3 * x**2) / (1 + x**2) ** 3,
            definitions={x: r / c},
            optimum=s.LOWEST,
            parameters={c: "scale"},
        )

    _least_hessian = -1 / 4

    def _shared(self, y_true, y_pred):
        r = within_floats(y_pred - y_true)
        h = np.hypot(r, self.scale)
        return r, r / h, self.scale / h

    def _value(self, r, v, u):
        return 0.5 * (self.scale * v) * (self.scale * v)

    def _gradient(self, r, v, u):
        return r * u * u * u * u

    def _hessian(self, r, v, u):
        return (1 - 2 * v) * (1 + 2 * v) * u * u * u * u

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, r, v, u):
        return u * u * u * u


class Welsch(ResidualLoss):
    r"""Welsch's loss, :math:`\ell = \tfrac12 c^2 (1 - e^{-x^2})` with :math:`x = r/c` [1]_.

    It is also called Leclerc's loss or the correntropy loss.

    Parameters
    ----------
    scale : float, default 1.0
        Scale :math:`c`, in the unit of the targets.  It must be positive.

    Notes
    -----
    The gradient is :math:`r\,e^{-x^2}`, and the second derivative is :math:`(1 - 2x^2)\,e^{-x^2}`.
    The loss is not convex, and it is at most :math:`c^2/2`.  The mean loss of a constant prediction
    may have several minima, and `optimal_constant` finds the lowest one by branch and bound.

    References
    ----------
    .. [1] P. W. Holland and R. E. Welsch, "Robust regression using iteratively reweighted
       least-squares", *Communications in Statistics* A6(9), 1977, pp. 813-827.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.Welsch(scale=1.0, reduction="none")([0.0, 0.0], [1.0, -9.0]).round(4)
    array([0.3161, 0.5   ])
    """

    scale: float = parameter(default=1.0, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self.scale * float(np.exp(-0.5)) / sqrt(2),
            bounded=True,
            symmetric=True,
            elicits="robust location",
        )

    def _formula(self, s):
        r, x, c = s.r, s.x, s.c
        return s.of_residual(
            value=c**2 / 2 * (1 - s.exp(-(x**2))),
            gradient=r * s.exp(-(x**2)),
            hessian=(1 - 2 * x**2) * s.exp(-(x**2)),
            definitions={x: r / c},
            optimum=s.LOWEST,
            parameters={c: "scale"},
        )

    _least_hessian = -2 * exp(-1.5)

    def _shared(self, y_true, y_pred):
        x = ((y_pred - y_true) / self.scale).clip(-30, 30)  # e^(-900) is 0
        return x, x * x, np.exp(-x * x)

    def _value(self, x, square, e):
        r, risen = self.scale * x, -np.expm1(-square)
        near = 0.5 * r * (r * np.where(square == 0, 1, risen / square))
        return np.where(square < 1, near, 0.5 * self.scale * (self.scale * risen))

    def _gradient(self, x, square, e):
        return self.scale * x * e

    def _hessian(self, x, square, e):
        return (1 - 2 * square) * e

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, x, square, e):
        return e


class Tukey(ResidualLoss):
    r"""Tukey's biweight, which stops growing at :math:`|r| = c` [1]_.

    .. math::

        \ell = \begin{cases}
            \tfrac{c^2}{6}\bigl(1 - (1 - x^2)^3\bigr) & |x| \le 1 \\
            \tfrac{c^2}{6} & |x| > 1
        \end{cases}
        \qquad x = r/c

    Parameters
    ----------
    scale : float, default 4.685
        Absolute residual :math:`c`, in the unit of the targets, beyond which the loss is constant.
        It must be positive.  The default suits Gaussian noise with the standard deviation 1.

    Notes
    -----
    For :math:`|x| \le 1`, the gradient is :math:`r(1 - x^2)^2` and the second derivative is
    :math:`(1 - x^2)(1 - 5x^2)`.  Otherwise both are 0.  The loss is not convex.  The
    mean loss of a constant prediction may have several minima, and `optimal_constant` finds the
    lowest one by branch and bound.

    References
    ----------
    .. [1] A. E. Beaton and J. W. Tukey, "The fitting of power series, meaning polynomials,
       illustrated on band-spectroscopic data", *Technometrics* 16(2), 1974, pp. 147-185.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.Tukey(scale=2.0, reduction="none")([0.0, 0.0], [1.0, -9.0]).round(4)
    array([0.3854, 0.6667])
    """

    scale: float = parameter(default=4.685, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self.scale * 16 / 25 / sqrt(5),
            bounded=True,
            symmetric=True,
            elicits="robust location",
        )

    def _formula(self, s):
        r, x, c = s.r, s.x, s.c
        inside = abs(x) <= 1
        return s.of_residual(
            value=s.cases((c**2 / 6 * (1 - (1 - x**2) ** 3), inside), c**2 / 6),
            gradient=s.cases((r * (1 - x**2) ** 2, inside), 0),
            hessian=s.cases(((1 - x**2) * (1 - 5 * x**2), inside), 0),
            definitions={x: r / c},
            optimum=s.LOWEST,
            parameters={c: "scale"},
        )

    _least_hessian = -4 / 5

    def _shared(self, y_true, y_pred):
        x = ((y_pred - y_true) / self.scale).clip(-1, 1)
        return x, x * x, (1 - x) * (1 + x)

    def _value(self, x, square, rest):
        r = self.scale * x
        return r * (r * (1 + rest + rest * rest)) / 6

    def _gradient(self, x, square, rest):
        return self.scale * x * rest * rest

    def _hessian(self, x, square, rest):
        return rest * (1 - 5 * square)

    def _curvatures(self):
        return {"majorizer": self._majorizer}

    def _majorizer(self, x, square, rest):
        return rest * rest
