"""Losses of the residual that grow linearly or more slowly, or stop growing."""

from math import exp, inf, log, sqrt

import numpy as np

from ..core.domains import POSITIVE, Interval
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
    It is negative for :math:`|r| > c`, so the loss is not convex.  Up to scale and shift, the loss
    is the negative log-likelihood of Cauchy noise [1]_.  Where the second derivative changes its
    sign, two rounded terms cancel.  It is therefore right to 6 units in the last place.

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
    relative rounding error of the fourth power of :math:`u` is four times that of :math:`u`, so the
    derivatives are right to 8 units in the last place.

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
    The loss is not convex, and it is at most :math:`c^2/2`.

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
    :math:`(1 - x^2)(1 - 5x^2)`.  Otherwise both are 0.  The loss is not convex.

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


class GeneralRobust(ResidualLoss):
    r"""Barron's general loss, a family with squared, Charbonnier, Cauchy and Welsch losses [1]_.

    .. math::

        \ell = \frac{|\alpha - 2|}{\alpha}
            \left(\left(\frac{x^2}{|\alpha - 2|} + 1\right)^{\alpha/2} - 1\right)
        \qquad x = r/c

    Parameters
    ----------
    alpha : float, default 1.0
        Shape :math:`\alpha`, which is a number or minus infinity.  The loss is more robust for
        smaller :math:`\alpha`.  Where the formula is not defined, the loss is its limit.  The limit
        is :math:`\tfrac12 x^2` for :math:`\alpha = 2`, :math:`\log(1 + \tfrac12 x^2)` for
        :math:`\alpha = 0` and :math:`1 - e^{-x^2/2}` for :math:`\alpha = -\infty`.
    scale : float, default 1.0
        Scale :math:`c`, in the unit of the targets.  It must be positive.

    Notes
    -----
    With :math:`b = |\alpha - 2|` and :math:`g = (x^2/b + 1)^{\alpha/2 - 1}`, the gradient is
    :math:`g\,x/c` and the second derivative is :math:`g\,(1 + (\alpha - 2)\,x^2/(x^2 + b))/c^2`.
    At 0 the second derivative is :math:`1/c^2`, whereas it is 1 for the other losses of this
    module.  Powers multiply rounding errors, so the results are right to 8 units in the last place.

    References
    ----------
    .. [1] J. T. Barron, "A general and adaptive robust loss function", *Proceedings of the
       IEEE/CVF Conference on Computer Vision and Pattern Recognition*, 2019, pp. 4331-4339.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.GeneralRobust(alpha=0.0, reduction="none")([0.0, 0.0], [1.0, -9.0]).round(4)
    array([0.4055, 3.7257])
    """

    alpha: float = parameter(default=1.0, domain=Interval(-inf, inf, include_high=False))
    scale: float = parameter(default=1.0, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=self.alpha >= 1,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self._steepest(),
            bounded=self.alpha < 0,
            symmetric=True,
            elicits="mean" if self.alpha == 2 else "robust location",
        )

    def _steepest(self):
        if self.alpha > 1:
            return inf
        if self.alpha == 1:
            return 1 / self.scale
        if self._is_welsch:
            return exp(-0.5) / self.scale
        b, rest = 2 - self.alpha, 1 - self.alpha
        return sqrt(b / rest) * (b / rest) ** (-b / 2) / self.scale

    @property
    def _is_welsch(self):
        """Whether alpha is so negative that its limit is reached in double precision."""
        return self.alpha < -1e22

    def _formula(self, s):
        r, x, c, alpha, b = s.r, s.x, s.c, s.shape, s.b
        definitions, parameters, optimum = {x: r / c}, {c: "scale"}, s.LOWEST
        if self.alpha == 2:
            value, gradient, hessian = x**2 / 2, x / c, 1 / c**2
            optimum = "the mean of the targets"
        elif self.alpha == 0:
            value = s.log(1 + x**2 / 2)
            gradient = 2 * x / (c * (2 + x**2))
            hessian = 2 * (2 - x**2) / (c**2 * (2 + x**2) ** 2)
        elif self.alpha == -inf:
            bell = s.exp(-(x**2) / 2)
            value, gradient, hessian = 1 - bell, x * bell / c, (1 - x**2) * bell / c**2
        else:
            base = 1 + x**2 / b
            value = b / alpha * (base ** (alpha / 2) - 1)
            gradient = x / c * base ** (alpha / 2 - 1)
            hessian = (b + (alpha - 1) * x**2) / (c**2 * (b + x**2)) * base ** (alpha / 2 - 1)
            definitions[b], parameters[alpha] = abs(alpha - 2), "alpha"
            optimum = s.BALANCE if self.alpha >= 1 else s.LOWEST
        return s.of_residual(
            value=value,
            gradient=gradient,
            hessian=hessian,
            definitions=definitions,
            optimum=optimum,
            parameters=parameters,
        )

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        if self._is_welsch:
            x = (r / self.scale).clip(-40, 40)  # e^(-800) is 0
            return r, x, np.ones_like(x), np.exp(-0.5 * x * x)
        if self.alpha == 2:
            x = r / self.scale
            return r, x, np.ones_like(x), np.ones_like(x)
        t = r / self._unit
        s = np.hypot(1, within_floats(t))
        near = np.exp((self.alpha / 2 - 1) * np.log1p(t * t))
        return r, t, s, np.where(np.abs(t) < 1, near, self._power(r, t, s, self.alpha - 2))

    @property
    def _unit(self):
        """The residual at which x²/|α - 2| is 1."""
        return self.scale * sqrt(abs(self.alpha - 2))

    def _power(self, r, t, s, exponent):
        """Return a power of s, which is |t| where that is beyond the largest float."""
        power, beyond, unit = s**exponent, np.isinf(t), self._unit
        if not beyond.any():
            return power
        far = np.abs(r) ** exponent * unit**-exponent if unit < 1 else np.abs(t) ** exponent
        return np.where(beyond, far, power)

    def _value(self, r, t, s, g):
        alpha, b = self.alpha, abs(self.alpha - 2)
        if self._is_welsch:
            return -np.expm1(-0.5 * t * t)
        if alpha == 2:
            return 0.5 * t * t
        is_near, beyond = np.abs(t) < 1, np.isinf(t)
        log_s = np.where(is_near, 0.5 * np.log1p(t * t), np.log(s))
        if beyond.any():
            log_s = np.where(beyond, np.log(np.abs(r)) - log(self._unit), log_s)
        if alpha == 0:
            return b * log_s
        u = alpha * log_s
        near = b * log_s * np.where(u == 0, 1, np.expm1(u) / u)
        far = b / alpha * (self._power(r, t, s, alpha) - 1)
        return np.where(is_near | (np.abs(u) < 1), near, far)

    def _gradient(self, r, t, s, g):
        if self._is_welsch or self.alpha == 2:
            return g * t / self.scale
        root = sqrt(abs(self.alpha - 2))
        far = within_floats(t) / s * self._power(r, t, s, self.alpha - 1)
        return np.where(np.abs(t) < 1, g * t, far) * root / self.scale

    def _hessian(self, r, t, s, g):
        if self._is_welsch:
            bend = (1 - t) * (1 + t)
        elif self.alpha == 2:
            bend = 1
        elif self.alpha < 1:
            w = r / self.scale * sqrt((1 - self.alpha) / (2 - self.alpha))
            w = within_floats(w)
            bend = (1 - w) / s * ((1 + w) / s)
        else:
            bend = 1 / s / s + (self.alpha - 1) * (within_floats(t) / s) ** 2
        return g * bend / self.scale / self.scale

    def _curvatures(self):
        return {"majorizer": self._majorizer} if self.alpha <= 2 else {}

    def _majorizer(self, r, t, s, g):
        return g / self.scale / self.scale
