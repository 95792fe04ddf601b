"""Negative log-likelihoods of counts and of positive amounts.

By default, the terms that do not depend on the prediction are left out.  With ``constant_terms``, a
loss is computed as half the deviance plus the loss of a prediction that equals the target.  Half
the deviance is 0 for such a prediction.  The terms of the formulas are not added one by one,
because for a large count they are thousands of times larger than the loss, and their sum would lose
digits.
"""

from math import log

import numpy as np

from ..core.domains import FINITE, NON_NEGATIVE, POSITIVE, Domain
from ..core.elementwise import decay, positive_part, two_sides, unless_nan
from ..core.gamma import stirling_remainder
from ..core.loss import PointwiseLoss, parameter
from ..core.optimum import weighted_mean
from ..core.parameters import switch
from ..core.traits import Traits


class LogMeanLoss(PointwiseLoss):
    """Base of the losses whose prediction z is the logarithm of the mean, μ = exp(z)."""

    link = "log"

    def _optimal_constant(self, y_true, weight):
        return float(np.log(max(weighted_mean(y_true, weight), 0.0)))


class PoissonNLL(LogMeanLoss):
    r"""Negative log-likelihood of a Poisson count, :math:`\ell = e^z - yz`, up to :math:`\log y!`.

    The prediction is the logarithm :math:`z` of the rate :math:`\mu = e^z`, as in a log-linear
    model.

    Parameters
    ----------
    constant_terms : bool, default False
        Whether to add :math:`\log y! = \log \Gamma(y + 1)`, which does not depend on the
        prediction.

    Notes
    -----
    The targets :math:`y` must be non-negative.  They do not have to be integers, because a rate,
    whose weight is its exposure, usually is not.  The predictions can be any real numbers.  The
    gradient is :math:`e^z - y`, and the second derivative is :math:`e^z`.  The loss is ``inf`` if
    the rate exceeds the largest number of the data type, which happens from :math:`z = 89` in
    single precision and from :math:`z = 710` in double precision.  The constant that minimises the
    loss is the logarithm of the mean target [1]_.

    With the constant terms, the loss is computed as :math:`y(e^u - 1 - u)`, where
    :math:`u = z - \log y`, plus :math:`\log y! - y \log y + y`.  In this form, large counts lose no
    digits.

    References
    ----------
    .. [1] P. McCullagh and J. A. Nelder, *Generalized Linear Models*, second edition,
       Chapman and Hall, 1989, chapter 6.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.PoissonNLL(reduction="none")
    >>> loss([0, 1, 3], [0.0, 0.0, 1.0]).round(4)
    array([ 1.    ,  1.    , -0.2817])
    >>> loss.gradient([0, 1, 3], [0.0, 0.0, 1.0]).round(4)
    array([ 1.    ,  0.    , -0.2817])
    >>> round(lb.PoissonNLL(constant_terms=True)([1e6], [13.8155]), 4)
    7.8267
    """

    constant_terms: bool = switch(default=False)

    y_true_domain = NON_NEGATIVE

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            elicits="mean",
        )

    def _formula(self, s):
        y, z = s.y, s.z
        constant = s.log(s.factorial(y)) if self.constant_terms else 0
        return s.of_log_mean(
            value=s.exp(z) - y * z + constant, gradient=s.exp(z) - y, hessian=s.exp(z)
        )

    def _shared(self, y_true, y_pred):
        return y_true, y_pred, np.exp(y_pred)

    def _value(self, y, z, rate):
        if not self.constant_terms:
            return unless_nan(rate - y * z, rate)
        u = z - np.log(y)
        excess = np.where(u < 1, y * np.expm1(u), rate - y)
        return unless_nan(excess - y * u, rate) + stirling_remainder(y)

    def _gradient(self, y, z, rate):
        return rate - y

    def _hessian(self, y, z, rate):
        return rate

    def _curvatures(self):
        return {"fisher": self._hessian}


class GammaNLL(LogMeanLoss):
    r"""Negative log-likelihood of a gamma amount, :math:`\ell = (z + y e^{-z}) / \varphi`.

    The prediction is the logarithm :math:`z` of the mean :math:`\mu = e^z`.  The variance of the
    target is :math:`\varphi \mu^2`, so its standard deviation is proportional to the mean.

    Parameters
    ----------
    dispersion : float, default 1.0
        The dispersion :math:`\varphi`, a positive number.  It is the squared coefficient of
        variation, and the reciprocal of the shape parameter of the gamma distribution.  It scales
        the loss and does not change where the loss is minimal.  With a dispersion of 1, the
        distribution is the exponential distribution.
    constant_terms : bool, default False
        Whether to add :math:`\log \Gamma(k) - k \log k - (k - 1) \log y`, where
        :math:`k = 1/\varphi` is the shape parameter.  This term does not depend on the prediction,
        and it is 0 if :math:`\varphi = 1`.

    Notes
    -----
    The targets :math:`y` must be positive, and the predictions can be any real numbers.  The
    gradient is :math:`(1 - y e^{-z})/\varphi`, and the second derivative is
    :math:`y e^{-z}/\varphi`.  The constant that minimises the loss is the logarithm of the mean
    target [1]_.

    With the constant terms, the loss is computed as :math:`k(e^{-u} - 1 + u)`, where
    :math:`u = z - \log y`, plus the loss of the prediction :math:`z = \log y`.  To avoid overflow,
    :math:`y e^{-z}` is computed from the square of :math:`e^{-z/2}`.  The square doubles the
    relative rounding error, so the derivatives are right to 6 units in the last place.

    References
    ----------
    .. [1] P. McCullagh and J. A. Nelder, *Generalized Linear Models*, second edition,
       Chapman and Hall, 1989, chapter 8.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.GammaNLL(reduction="none")
    >>> loss([1.0, 20.0], [0.0, 0.0])
    array([ 1., 20.])
    >>> loss.gradient([1.0, 20.0], [0.0, 0.0])
    array([  0., -19.])
    """

    dispersion: float = parameter(default=1.0, domain=POSITIVE)
    constant_terms: bool = switch(default=False)

    y_true_domain = POSITIVE

    _traits = PoissonNLL._traits

    def _formula(self, s):
        y, z, phi = s.y, s.z, s.phi
        constant, parameters = 0, {phi: "dispersion"}
        if self.dispersion == 1:
            phi, parameters = 1, {}
        elif self.constant_terms:
            constant = s.log(s.Gamma(1 / phi)) + s.log(phi) / phi - (1 / phi - 1) * s.log(y)
        return s.of_log_mean(
            value=(z + y * s.exp(-z)) / phi + constant,
            gradient=(1 - y * s.exp(-z)) / phi,
            hessian=y * s.exp(-z) / phi,
            parameters=parameters,
        )

    def _shared(self, y_true, y_pred):
        return y_true, y_pred, _over_power_of_mean(y_true, 1.0, y_pred)

    def _value(self, y, z, ratio):
        if not self.constant_terms:
            return unless_nan(z + ratio, ratio) / self.dispersion
        u = z - np.log(y)
        excess = np.where(u > -1, np.expm1(-u), ratio - 1)
        of_density = float(stirling_remainder(1 / self.dispersion)) + log(self.dispersion)
        return unless_nan(excess + u, ratio) / self.dispersion + (np.log(y) + of_density)

    def _gradient(self, y, z, ratio):
        return (1 - ratio) / self.dispersion

    def _hessian(self, y, z, ratio):
        return ratio / self.dispersion

    def _curvatures(self):
        return {"fisher": self._fisher}

    def _fisher(self, y, z, ratio):
        return np.full_like(z, 1 / self.dispersion)


class TweedieNLL(LogMeanLoss):
    r"""Negative log-likelihood of a Tweedie amount, up to dispersion and constant terms.

    .. math::

        \ell = \frac{\mu^{2-\xi}}{2 - \xi} - \frac{y\, \mu^{1-\xi}}{1 - \xi}, \qquad \mu = e^z

    The prediction is the logarithm :math:`z` of the mean :math:`\mu`.  The variance of the target
    is proportional to :math:`\mu^\xi`.

    Parameters
    ----------
    power : float, default 1.5
        The power :math:`\xi` of the mean in the variance, a finite number.  For a power between 1
        and 2, the distribution is that of a sum of gamma-distributed amounts, the number of which
        has a Poisson distribution.  Such a sum is exactly 0 with a positive probability [1]_.  With
        a power of 1 the loss is `PoissonNLL`, and with a power of 2 it is `GammaNLL`, where
        logarithms replace the terms whose denominators would be 0.  With a power of 0 the loss is
        :math:`\tfrac12(\mu - y)^2 - \tfrac12 y^2`, and with a power of 3 it belongs to the inverse
        Gaussian distribution.  For powers between 0 and 1 there is no such distribution, but the
        mean minimises the expected loss for them, too.

    Notes
    -----
    The targets can be any real numbers if :math:`\xi \le 0`.  They must be non-negative if :math:`0
    < \xi < 2`, and positive if :math:`\xi \ge 2`.  The predictions can be any real numbers.  The
    gradient is :math:`\mu^{2-\xi} - y\mu^{1-\xi}`, and the second derivative is :math:`(2 -
    \xi)\mu^{2-\xi} + (\xi - 1) y \mu^{1-\xi}`.  The loss is convex only if :math:`1 \le \xi \le 2`.
    For every power, the constant that minimises the loss is the logarithm of the mean target.

    The dispersion would divide the loss without changing where it is minimal, so it is taken to be
    1.  The remaining factor of the density depends only on the target.  It is an infinite series
    [2]_, so the loss leaves it out and has no parameter `constant_terms`.

    To avoid overflow, each power of the mean is computed as the square of the power with half the
    exponent.  The square doubles the relative rounding error, so the results are right to 7 units
    in the last place.

    References
    ----------
    .. [1] B. Jørgensen, "Exponential dispersion models", *Journal of the Royal Statistical
       Society, Series B* 49(2), 1987, pp. 127-162.
    .. [2] P. K. Dunn and G. K. Smyth, "Series evaluation of Tweedie exponential dispersion model
       densities", *Statistics and Computing* 15, 2005, pp. 267-280.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.TweedieNLL(power=1.5, reduction="none")
    >>> loss([0.0, 4.0], [0.0, 0.0])
    array([ 2., 10.])
    >>> loss.gradient([0.0, 4.0], [0.0, 0.0])
    array([ 1., -3.])
    """

    power: float = parameter(default=1.5, domain=FINITE)

    @property
    def y_true_domain(self) -> Domain:  # type: ignore[override]
        """The targets that the loss accepts, which depend on the power."""
        if self.power <= 0:
            return FINITE
        return NON_NEGATIVE if self.power < 2 else POSITIVE

    def _traits(self):
        return Traits(
            convex=1 <= self.power <= 2,
            differentiable=True,
            twice_differentiable=True,
            elicits="mean",
        )

    def _formula(self, s):
        if self.power in (1, 2):
            return (PoissonNLL() if self.power == 1 else GammaNLL())._formula(s)
        y, z, mu, xi = s.y, s.z, s.mu, s.xi
        return s.of_log_mean(
            value=mu ** (2 - xi) / (2 - xi) - y * mu ** (1 - xi) / (1 - xi),
            gradient=mu ** (2 - xi) - y * mu ** (1 - xi),
            hessian=(2 - xi) * mu ** (2 - xi) - (1 - xi) * y * mu ** (1 - xi),
            definitions={mu: s.exp(z)},
            parameters={xi: "power"},
        )

    def _shared(self, y_true, y_pred):
        of_mean = _over_power_of_mean(1.0, self.power - 2, y_pred)
        of_target = _over_power_of_mean(y_true, self.power - 1, y_pred)
        return y_true, y_pred, of_mean, of_target

    def _value(self, y, z, of_mean, of_target):
        return self._sum(
            z if self.power == 2 else of_mean / (2 - self.power),
            -y * z if self.power == 1 else of_target / (self.power - 1),
        )

    def _gradient(self, y, z, of_mean, of_target):
        return self._sum(of_mean, -of_target)

    def _hessian(self, y, z, of_mean, of_target):
        return self._sum((2 - self.power) * of_mean, (self.power - 1) * of_target)

    def _curvatures(self):
        return {"fisher": self._fisher}

    def _fisher(self, y, z, of_mean, of_target):
        return of_mean

    def _sum(self, of_mean, of_target):
        """Add the two terms, or where both are infinite return the one that outgrows the other."""
        return unless_nan(of_mean + of_target, of_mean if self.power < 2 else of_target)


def _over_power_of_mean(y, power, z):
    """Return y exp(-power z), without overflow on the way."""
    if power == 0:
        return y * np.ones_like(z)
    root = np.exp(-power / 2 * z)
    return y * root * root


class NegativeBinomialNLL(LogMeanLoss):
    r"""Negative log-likelihood of an overdispersed count.

    .. math::

        \ell = (y + \tfrac1\alpha) \log(1 + \alpha\mu) - y \log \mu, \qquad \mu = e^z

    The prediction is the logarithm :math:`z` of the mean :math:`\mu`.  The variance of the target
    is :math:`\mu + \alpha\mu^2`.  This is the variance of a Poisson count whose rate has itself a
    gamma distribution with dispersion :math:`\alpha` [1]_.

    Parameters
    ----------
    dispersion : float
        The overdispersion :math:`\alpha`, a positive number.  As it goes to 0, the loss becomes
        `PoissonNLL`.  Some libraries use a number of failures or a shape parameter :math:`r`
        instead, which is :math:`1/\alpha`.
    constant_terms : bool, default False
        Whether to add :math:`\log y! + \log\Gamma(r) - \log\Gamma(y + r) - y \log\alpha`, where
        :math:`r = 1/\alpha`.  This term does not depend on the prediction.

    Notes
    -----
    The targets :math:`y` must be non-negative, but they do not have to be integers.  The
    predictions can be any real numbers.  The gradient is :math:`(\mu - y)/(1 + \alpha\mu)`, and the
    second derivative is :math:`\mu(1 + \alpha y)/(1 + \alpha\mu)^2`.  They do not overflow even if
    :math:`\mu` does.  For such large predictions, the loss grows like :math:`z/\alpha`.  The
    constant that minimises the loss is the logarithm of the mean target.

    With the constant terms, the loss is computed as :math:`(y + r)\bigl(\log(1 - q + q e^u) -
    qu\bigr)`, where :math:`u = z - \log y` and :math:`q = \alpha y/(1 + \alpha y)`, plus the loss
    of the prediction :math:`z = \log y`.  The second derivative is computed as the square of a
    quotient, which doubles the relative rounding error, so it is right to 8 units in the last
    place.

    References
    ----------
    .. [1] J. F. Lawless, "Negative binomial and mixed Poisson regression", *The Canadian Journal of
       Statistics* 15(3), 1987, pp. 209-225.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.NegativeBinomialNLL(dispersion=1.0, reduction="none")
    >>> loss([0, 3], [0.0, 0.0]).round(4)
    array([0.6931, 2.7726])
    >>> loss.gradient([0, 3], [0.0, 0.0])
    array([ 0.5, -1. ])
    """

    dispersion: float = parameter(domain=POSITIVE)
    constant_terms: bool = switch(default=False)

    y_true_domain = NON_NEGATIVE

    _traits = PoissonNLL._traits

    def _formula(self, s):
        y, z, mu, alpha = s.y, s.z, s.mu, s.alpha
        constant = 0
        if self.constant_terms:
            constant = (
                s.log(s.factorial(y))
                + s.log(s.Gamma(1 / alpha))
                - s.log(s.Gamma(y + 1 / alpha))
                - y * s.log(alpha)
            )
        return s.of_log_mean(
            value=(y + 1 / alpha) * s.log(1 + alpha * mu) - y * z + constant,
            gradient=(mu - y) / (1 + alpha * mu),
            hessian=mu * (1 + alpha * y) / (1 + alpha * mu) ** 2,
            definitions={mu: s.exp(z)},
            parameters={alpha: "dispersion"},
        )

    def _shared(self, y_true, y_pred):
        # μ = a/b, and one of the two is 1.
        return y_true, y_pred, *two_sides(y_pred, decay(y_pred))

    def _value(self, y, z, a, b):
        # log(1 + αμ) = max(log(αμ), 0) + log(1 + min(αμ, 1/(αμ)))
        log_alpha = log(self.dispersion)
        odds = self.dispersion * a / b
        near = np.log1p(np.minimum(odds, 1 / odds))
        of_mean = (positive_part(z + log_alpha) + near) / self.dispersion
        if self.constant_terms:
            return unless_nan(self._half_deviance(y, z), of_mean) + self._of_target(y)
        return unless_nan(of_mean + y * (np.maximum(-z, log_alpha) + near), of_mean)

    def _half_deviance(self, y, z):
        """Return (y + r) (log(1 - q + q exp(u)) - qu), by the smaller of q and 1 - q."""
        odds = self.dispersion * y
        q = np.minimum(odds, 1) / (1 + odds)
        u = z - np.log(y)
        u = np.where(odds <= 1, u, -u)
        growth = q * np.expm1(u)
        near, far = np.log1p(growth) - q * u, (1 - q) * u + np.log(q)
        return (y + 1 / self.dispersion) * np.where(growth < np.inf, near, far)

    def _of_target(self, y):
        r, y = 1 / self.dispersion, y.astype(np.float64)
        return stirling_remainder(y) - stirling_remainder(y, r) + np.log1p(self.dispersion * y)

    def _gradient(self, y, z, a, b):
        return (a - y * b) / (b + self.dispersion * a)

    def _hessian(self, y, z, a, b):
        root = np.exp(-np.abs(z) / 2) / (b + self.dispersion * a)
        return root * root * (1 + self.dispersion * y)

    def _curvatures(self):
        return {"fisher": self._fisher}

    def _fisher(self, y, z, a, b):
        return a / (b + self.dispersion * a)
