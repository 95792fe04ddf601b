"""Negative log-likelihoods of counts and of positive amounts.

Terms that do not depend on the prediction are left out, unless `constant_terms` asks for them.
With them a loss is computed as half the deviance, which is 0 where the prediction is the target,
plus the loss of predicting the target itself.  Summed as they stand in the formulas, the terms
would be thousands of times larger than the loss of a large count.
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
    """Base of losses whose prediction z is the logarithm of the mean, μ = exp(z)."""

    link = "log"

    def _optimal_constant(self, y_true, weight):
        return float(np.log(max(weighted_mean(y_true, weight), 0.0)))


class PoissonNLL(LogMeanLoss):
    r"""Negative log-likelihood of a Poisson count, :math:`\ell = e^z - yz`, up to :math:`\log y!`.

    Takes the logarithm :math:`z` of the rate :math:`\mu = e^z`, as a log-linear model predicts it.

    Parameters
    ----------
    constant_terms : bool, default False
        Whether to add :math:`\log y!`, that is :math:`\log \Gamma(y + 1)`, which no prediction
        changes.

    Notes
    -----
    Targets :math:`y` are not negative; they need not be whole, as rates with an exposure for weight
    are not.  Predictions are any real number.  Gradient :math:`e^z - y`, second derivative
    :math:`e^z`; a rate beyond the largest float, from :math:`z = 89` in single and :math:`z = 710`
    in double precision, costs ``inf``.  The constant that minimises the loss is the logarithm of
    the mean target [1]_.  With the constant terms and :math:`u = z - \log y` the loss is computed
    as :math:`y(e^u - 1 - u)` plus :math:`\log y! - y \log y + y`, so that large counts lose no
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

    Takes the logarithm :math:`z` of the mean :math:`\mu = e^z`.  The variance is
    :math:`\varphi \mu^2`: the error to expect is proportional to the mean.

    Parameters
    ----------
    dispersion : float, default 1.0
        The squared coefficient of variation :math:`\varphi`, one over the shape of the gamma
        distribution; positive.  It scales the loss and does not move its minimum; with 1 the
        distribution is the exponential one.
    constant_terms : bool, default False
        Whether to add :math:`\log \Gamma(k) - k \log k` less :math:`(k - 1) \log y`, with the shape
        :math:`k = 1/\varphi`, which no prediction changes; it is 0 where :math:`\varphi = 1`.

    Notes
    -----
    Targets :math:`y` are positive, predictions any real number.  Gradient
    :math:`(1 - y e^{-z})/\varphi`, second derivative :math:`y e^{-z}/\varphi`.  The constant that
    minimises the loss is the logarithm of the mean target [1]_.  With the constant terms and
    :math:`u = z - \log y` the loss is computed as :math:`k(e^{-u} - 1 + u)` plus the loss of the
    prediction :math:`z = \log y`.  So as not to overflow, :math:`y e^{-z}` is computed from the
    square of :math:`e^{-z/2}`, which doubles rounding errors: the derivatives are right to 6 units
    in the last place.

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

    Takes the logarithm :math:`z` of the mean :math:`\mu`.  The variance is in proportion to
    :math:`\mu^\xi`.

    Parameters
    ----------
    power : float, default 1.5
        Power :math:`\xi` of the mean in the variance; finite.  Between 1 and 2 the distribution is
        a sum of a Poisson number of gamma amounts, with a chance of exactly 0 [1]_.  At 1 the loss
        is `PoissonNLL`, at 2 `GammaNLL`, in which logarithms take the place of the fractions that
        grow beyond all bounds; at 0 it is :math:`\tfrac12(\mu - y)^2` less :math:`\tfrac12 y^2`,
        and at 3 the inverse Gaussian.  From 0 to 1 there is no such distribution, yet the loss is
        least at the mean all the same.

    Notes
    -----
    Targets are any real number for :math:`\xi \le 0`, not negative for :math:`0 < \xi < 2`, and
    positive from :math:`\xi = 2`; predictions are any real number.  Gradient
    :math:`\mu^{2-\xi} - y\mu^{1-\xi}`, second derivative :math:`(2 - \xi)\mu^{2-\xi} + (\xi - 1) y
    \mu^{1-\xi}`: the loss is convex for :math:`1 \le \xi \le 2` alone.  The constant that minimises
    it is the logarithm of the mean target, whatever the power.

    The dispersion divides the loss and does not move its minimum; it is taken as 1.  The rest of
    the density depends on the target alone.  It is an infinite series [2]_, which is left out, and
    there is no `constant_terms` to put it back.

    So as not to overflow, powers of the mean are computed as the squares of those of half the
    exponent, which doubles rounding errors: results are right to 7 units in the last place.

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
        """The targets that the power admits."""
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

    Takes the logarithm :math:`z` of the mean :math:`\mu`.  The variance is
    :math:`\mu + \alpha\mu^2`: that of a Poisson count whose rate has itself a gamma distribution
    with dispersion :math:`\alpha` [1]_.

    Parameters
    ----------
    dispersion : float
        Overdispersion :math:`\alpha`; positive.  As it goes to 0 the loss becomes `PoissonNLL`.
        Where the distribution is given by a number of failures or a shape :math:`r`, it is
        :math:`1/r`.
    constant_terms : bool, default False
        Whether to add :math:`\log y! + \log\Gamma(r)` less
        :math:`\log\Gamma(y + r) + y \log\alpha`, with :math:`r = 1/\alpha`, which no prediction
        changes.

    Notes
    -----
    Targets :math:`y` are not negative (and need not be whole), predictions any real number.
    Gradient :math:`(\mu - y)/(1 + \alpha\mu)`, second derivative
    :math:`\mu(1 + \alpha y)/(1 + \alpha\mu)^2`.  They do not overflow where :math:`\mu` does: the
    loss then grows like :math:`z/\alpha`.  The constant that minimises it is the logarithm of the
    mean target.  With the constant terms and :math:`u = z - \log y` the loss is computed as
    :math:`(y + r)\bigl(\log(1 - q + q e^u) - qu\bigr)`, where :math:`q = \alpha y/(1 + \alpha y)`,
    plus the loss of the prediction :math:`z = \log y`.  As the square of a quotient doubles its
    rounding errors, the second derivative is right to 8 units in the last place.

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
