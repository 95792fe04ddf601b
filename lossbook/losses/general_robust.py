"""Barron's family of losses, whose shape parameter sets how robust a loss is."""

from math import exp, inf, log, sqrt

import numpy as np

from ..core.domains import POSITIVE, Interval
from ..core.elementwise import within_floats
from ..core.loss import parameter
from ..core.residual import ResidualLoss
from ..core.traits import Traits


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
    At 0 the second derivative is :math:`1/c^2`, whereas it is 1 for the other robust losses.  For
    :math:`\alpha < 1`, the loss is not convex, and the mean loss of a constant prediction may have
    several minima, of which `optimal_constant` finds the lowest one by branch and bound.  Powers
    multiply rounding errors, so the results are right to 8 units in the last place.

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

    @property
    def _least_hessian(self):
        if self._is_welsch:
            return -2 * exp(-1.5) / self.scale / self.scale
        b, rest = 2 - self.alpha, 1 - self.alpha
        return -2 * rest / (b + 2) * ((b + 2) / rest) ** (-b / 2) / self.scale / self.scale

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
