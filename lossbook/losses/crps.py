"""The continuous ranked probability score of a predicted Gaussian distribution.

It compares distribution functions, where a likelihood compares densities.
"""

from math import inf, log, pi, sqrt

import numpy as np

from ..core.normal import erf
from ..core.optimum import bisect, weighted_mean
from ..core.traits import Traits
from .gaussian import OneGaussianLoss, share_of


class GaussianCRPS(OneGaussianLoss):
    r"""Continuous ranked probability score of a Gaussian whose mean and variance are predicted.

    .. math::

        \ell = \int_{-\infty}^{\infty} \bigl(F(t) - [y \le t]\bigr)^2\, dt
            = \sigma \left( x \operatorname{erf} \tfrac{x}{\sqrt 2} + 2 \varphi(x)
            - \tfrac{1}{\sqrt\pi} \right), \qquad x = \frac{\mu - y}{\sigma}

    The loss is the area between the distribution function :math:`F` of the prediction and the step
    from 0 to 1 at the target, after squaring the difference [1]_.  It is called as
    ``loss(y_true, mean, log_variance)`` like `GaussianNLL`, so :math:`\sigma = e^{s/2}` with the
    logarithm :math:`s` of the variance.  Here :math:`\varphi` is the density of the standard normal
    distribution.

    Notes
    -----
    The targets, means and log-variances can be any real numbers, and the loss is in the units of
    the target.  The log-variance has the shape of the mean or one that NumPy broadcasts to it, as
    for `GaussianNLL`.  Derivatives are tuples, with respect to the mean and to the log-variance.
    The gradient is :math:`\operatorname{erf}(x/\sqrt2)` and :math:`\tfrac12 \sigma (2 \varphi(x) -
    1/\sqrt\pi)`.  The diagonal of the second derivative is :math:`2 \varphi(x)/\sigma` and
    :math:`\tfrac12 \sigma ((1 + x^2)\, \varphi(x) - \tfrac12/\sqrt\pi)`.

    With respect to :math:`\sigma` itself the gradient is :math:`2 \varphi(x) - 1/\sqrt\pi`, and
    the loss is convex with respect to :math:`\mu` and :math:`\sigma` together.  With respect to
    the log-variance it is not convex: the last of the second derivatives is negative where the
    target is far from the mean.

    As :math:`\sigma` goes to 0, the loss becomes the absolute error :math:`|\mu - y|`.  A
    prediction that is too certain therefore costs no more than the same prediction without a
    variance, whereas `GaussianNLL` has no upper limit in this case.  The loss is a strictly proper
    scoring rule: if the targets have a Gaussian distribution, the expected loss is minimal for this
    distribution and for no other.  If their distribution is not Gaussian, the loss finds the
    Gaussian whose distribution function has the smallest integrated squared difference from theirs.

    To avoid overflow, a product with :math:`\sigma` is computed as two products with its square
    root, which doubles the relative rounding error.  The results are right to 10 units in the last
    place, apart from the change of the density that is caused by the rounding of the residual.

    The constants that minimise the loss are those of the Gaussian whose distribution function is
    nearest to that of the sample.  They have no formula, so `optimal_constant` finds them by
    Newton's method.  If a fraction of at least :math:`1/\sqrt2` of the sample has the same value,
    the best standard deviation may be 0, and the log-variance is then ``-inf``.

    References
    ----------
    .. [1] T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and
       estimation", *Journal of the American Statistical Association* 102, 2007, pp. 359-378,
       equation (21).

    Examples
    --------
    The same error costs more if the predicted variance is smaller:

    >>> import lossbook as lb
    >>> loss = lb.GaussianCRPS(reduction="none")
    >>> loss([0.0, 0.0, 0.0], mean=[3.0, 3.0, 3.0], log_variance=[-100.0, 0.0, 2.0]).round(4)
    array([3.    , 2.4366, 1.8368])
    >>> by_mean, by_log_variance = loss.gradient([0.0, 0.0], [3.0, 3.0], [0.0, 2.0])
    >>> by_mean.round(4)
    array([0.9973, 0.7302])
    >>> by_log_variance.round(4)
    array([-0.2777, -0.177 ])
    """

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            elicits="the Gaussian whose distribution function is nearest to that of the target",
        )

    def _formula(self, s):
        y, mu, log_variance, x = s.y, s.mu, s.s, s.x
        sigma, density = s.Symbol("sigma", positive=True), s.phi
        inside, mean_density = s.sp.erf(x / s.sqrt(2)), 1 / (2 * s.sqrt(s.pi))
        return s.Formula(
            value=sigma * (x * inside + 2 * density - 2 * mean_density),
            gradient=(inside, sigma * (density - mean_density)),
            hessian=(2 * density / sigma, sigma * ((1 + x**2) * density - mean_density) / 2),
            y_true=y,
            y_pred=(mu, log_variance),
            definitions={
                sigma: s.exp(log_variance / 2),
                x: (mu - y) / sigma,
                density: s.exp(-(x**2) / 2) / s.sqrt(2 * s.pi),
            },
            optimum="the Gaussian whose distribution function is nearest to that of the targets",
        )

    def _shared(self, y_true, mean, log_variance):
        r, _, x = self._standardised(y_true, mean, log_variance)
        return r, np.exp(log_variance / 4), x * x / 2, erf(x / sqrt(2))

    # A deviation that overflows has a finite product with what is less than 1: so its root is
    # multiplied twice.

    def _value(self, r, root, half_square, inside):
        beyond = 2 * _DENSITY_AT_0 * np.expm1(-half_square) + _AT_0
        return r * inside + root * beyond * root

    def _gradient(self, r, root, half_square, inside):
        density = _DENSITY_AT_0 * np.exp(-half_square)
        return inside, root * (density - _MEAN_DENSITY) * root

    def _hessian(self, r, root, half_square, inside):
        density = _DENSITY_AT_0 * np.exp(-half_square)
        bend = share_of(density, 1 + 2 * half_square) - _MEAN_DENSITY
        by_mean = share_of(share_of(2 * density, 1 / root), 1 / root)
        return by_mean, root * (bend / 2) * root

    def _optimal_constant(self, y_true, weight):
        values, index = np.unique(y_true, return_inverse=True)
        share = np.bincount(index, weight) / weight.sum()
        mode = int(share.argmax())
        if _is_certain(share[mode], share[mode + 1 :].sum() - share[:mode].sum()):
            return float(values[mode]), -inf
        centre = weighted_mean(values, share)
        size = np.abs(values - centre).max()
        mean, deviation = _newton((values - centre) / size, share)
        return float(centre + size * mean), 2 * float(np.log(size) + log(deviation))


def _is_certain(share, lean):
    """Return whether the best Gaussian is a point with a share of the targets.

    More of the others are above than below, by `lean`.  The score increases in all directions from
    the point if it does where the mean moves by a standard deviations a deviation, and the slope
    with respect to a is 0.
    """
    if share < sqrt(0.5):
        return False
    a = bisect(lambda a: share * erf(a / sqrt(2)) >= abs(lean), 0.0, 10.0)
    return share * _DENSITY_AT_0 * np.exp(-a * a / 2) >= _MEAN_DENSITY


def _newton(y, share):
    """Return the mean and the deviation of the least score, of which it is a convex function."""
    score, at = GaussianCRPS(reduction="none"), np.array([0.0, sqrt(share @ (y * y))])

    def mean_score(mean, deviation):
        return share @ score(y, np.full(y.shape, mean), 2 * log(deviation))

    least = mean_score(*at)
    for _ in range(_NEWTON_STEPS):
        x = (at[0] - y) / at[1]
        density = _DENSITY_AT_0 * np.exp(-x * x / 2)
        slope = 2 * np.array([share @ erf(x / sqrt(2)) / 2, share @ density - _MEAN_DENSITY])
        sides = np.stack([np.ones_like(x), -x])
        curvature = (2 * share * density * sides) @ sides.T / at[1]
        step = np.linalg.solve(curvature + _EPSILON * np.trace(curvature) * np.eye(2), slope)
        if slope @ step <= _EPSILON * least:
            break
        step *= min(1, 0.75 * at[1] / max(step[1], _EPSILON * at[1]))  # deviations stay positive
        while not (lower := mean_score(*(at - step))) <= least - slope @ step / 1000:
            step /= 2
            if np.abs(step).max() <= _EPSILON:
                return at
        at, least = at - step, lower
    return at


_NEWTON_STEPS = 200
_EPSILON = float(np.finfo(np.float64).eps)

_DENSITY_AT_0 = 1 / sqrt(2 * pi)
"""The density of the standard normal distribution at 0."""

_MEAN_DENSITY = 1 / sqrt(4 * pi)
"""The mean of that density under the distribution itself."""

_AT_0 = 2 * (_DENSITY_AT_0 - _MEAN_DENSITY)
"""The score of the standard normal distribution at 0."""
