"""Negative log-likelihoods of Gaussian distributions whose mean and log-variance are predicted."""

from math import log, pi
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.arrays import as_real_arrays
from ..core.elementwise import unless_nan
from ..core.loss import Call, JointLoss, Out
from ..core.optimum import weighted_mean
from ..core.parameters import switch
from ..core.results import written
from ..core.softmax import Softmax, below_top
from ..core.traits import Traits


class GaussianLoss(JointLoss):
    """Base of losses whose last two predictions are a mean and the logarithm of a variance.

    The log-variance may have any shape that NumPy broadcasts to that of the mean.
    """

    def _evaluate(self, parts, inputs, sample_weight, out):
        shapes = [getattr(each, "shape", None) for each in inputs[-2:]]
        if shapes[0] == shapes[1] is not None:
            return super()._evaluate(parts, inputs, sample_weight, out)
        *others, mean, log_variance = as_real_arrays(self.inputs, inputs)
        shared = log_variance.shape
        if shared == mean.shape:
            return super()._evaluate(parts, inputs, sample_weight, out)
        try:
            each = np.broadcast_to(log_variance, mean.shape)
        except ValueError:
            raise ValueError(
                f"log_variance must have shape {mean.shape}, that of mean, or one that broadcasts "
                f"to it; got {shared}"
            ) from None
        results = super()._evaluate(parts, (*others, mean, each), sample_weight, None)
        results = [self._of_shared(result, shared) for result in results]
        return tuple(results) if out is None else written(out, parts, results, self, inputs)

    def _of_shared(self, result, shape):
        """Return derivatives, with those by the log-variance summed to its own shape."""
        if not isinstance(result, tuple):
            return result
        *by_others, by_each = result
        first = by_each.ndim - len(shape)
        axes = *range(first), *(first + k for k, n in enumerate(shape) if n == 1)
        by_shared = by_each.sum(axis=axes, dtype=np.float64).reshape(shape)
        return *by_others, by_shared.astype(by_each.dtype)

    def _standardised(self, y_true, mean, log_variance):
        """Return r = μ - y, 1/σ and x = r/σ, which is 0 where r is, however small σ is."""
        r, per_deviation = mean - y_true, np.exp(-log_variance / 2)
        exact = (r == 0) & np.isinf(per_deviation)
        return r, per_deviation, np.where(exact, r, r * per_deviation)


class OneGaussianLoss(GaussianLoss):
    """Base of losses of a single mean and the logarithm of a single variance."""

    def _inputs(
        self,
        y_true: ArrayLike,
        mean: ArrayLike,
        log_variance: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[tuple[NDArray[Any], NDArray[Any]]]:
        return Call((y_true, mean, log_variance), sample_weight, curvature, out)


class GaussianNLL(OneGaussianLoss):
    r"""Negative log-likelihood of a Gaussian whose mean and variance are both predicted [1]_.

    .. math::

        \ell = \tfrac12 \left( s + (y - \mu)^2 e^{-s} \right)

    It is called as ``loss(y_true, mean, log_variance)``.  Derivatives are tuples of two arrays,
    with respect to the mean :math:`\mu` and to the logarithm :math:`s` of the variance.

    Parameters
    ----------
    constant_terms : bool, default False
        Whether to add :math:`\tfrac12 \log 2\pi`, which does not depend on the predictions.

    Notes
    -----
    The targets, means and log-variances can be any real numbers.  The targets and the means have
    the same shape.  The log-variance has this shape as well, or one that NumPy broadcasts to it.
    For example, it can be a single number for all samples, of shape (), or one number per output,
    of shape (K,), if the mean has shape (N, K).  The derivatives with respect to the log-variance
    have the shape of the log-variance.  They are sums over the entries that share a log-variance,
    even with ``reduction="none"``.

    Let :math:`x = (\mu - y) e^{-s/2}` be the residual in units of the standard deviation.  The
    gradient is :math:`x e^{-s/2}` with respect to the mean and :math:`\tfrac12 (1 - x^2)` with
    respect to the log-variance.  The diagonal of the second derivative is :math:`e^{-s}` and
    :math:`\tfrac12 x^2`.  The loss is convex with respect to either prediction alone, but not with
    respect to both together.  It has no lower bound, because for :math:`\mu = y` it decreases
    without limit as :math:`s` decreases.  The constants that minimise the loss are the mean of the
    targets and the logarithm of their variance.  Squares double the relative rounding errors, so
    the results are right to 7 units in the last place.

    References
    ----------
    .. [1] D. A. Nix and A. S. Weigend, "Estimating the mean and variance of the target probability
       distribution", *Proceedings of the IEEE International Conference on Neural Networks*, 1994,
       pp. 55-60.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.GaussianNLL(reduction="none")
    >>> loss([0.0, 0.0], mean=[3.0, 3.0], log_variance=[0.0, 2.0]).round(4)
    array([4.5  , 1.609])
    >>> by_mean, by_log_variance = loss.gradient([0.0, 0.0], [3.0, 3.0], [0.0, 2.0])
    >>> by_mean.round(4)
    array([3.   , 0.406])
    >>> by_log_variance.round(4)
    array([-4.   , -0.109])
    """

    constant_terms: bool = switch(default=False)

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            elicits="mean and variance",
        )

    def _formula(self, s):
        y, mu, log_variance, x = s.y, s.mu, s.s, s.x
        constant = s.log(2 * s.pi) / 2 if self.constant_terms else 0
        return s.Formula(
            value=(log_variance + x**2) / 2 + constant,
            gradient=(x * s.exp(-log_variance / 2), (1 - x**2) / 2),
            hessian=(s.exp(-log_variance), x**2 / 2),
            y_true=y,
            y_pred=(mu, log_variance),
            definitions={x: (mu - y) * s.exp(-log_variance / 2)},
            optimum="the mean of the targets, and the logarithm of their variance",
        )

    def _shared(self, y_true, mean, log_variance):
        r, per_deviation, x = self._standardised(y_true, mean, log_variance)
        return log_variance, per_deviation, x, np.where(r == 0, r, x * per_deviation)

    def _value(self, s, per_deviation, x, slope):
        constant = log(2 * pi) / 2 if self.constant_terms else 0.0
        half_square = x / 2 * x
        return unless_nan(s / 2 + half_square, half_square) + constant

    def _gradient(self, s, per_deviation, x, slope):
        return slope, (1 - x) * ((1 + x) / 2)

    def _hessian(self, s, per_deviation, x, slope):
        return per_deviation * per_deviation, x / 2 * x

    def _curvatures(self):
        return {"fisher": self._fisher}

    def _fisher(self, s, per_deviation, x, slope):
        return per_deviation * per_deviation, np.full_like(s, 0.5)

    def _optimal_constant(self, y_true, weight):
        mean = weighted_mean(y_true, weight)
        return mean, float(np.log(weighted_mean((y_true - mean) ** 2, weight)))


class GaussianMixtureNLL(GaussianLoss):
    r"""Negative log-likelihood of a mixture of Gaussians, all of whose parameters are predicted.

    .. math::

        \ell = -\log \sum_k \pi_k\, e^{-\frac12 (s_k + x_k^2)}, \qquad
        \pi_k = \frac{e^{l_k}}{\sum_j e^{l_j}}, \qquad x_k = (\mu_k - y)\, e^{-s_k/2}

    It is called as ``loss(y_true, logits, mean, log_variance)``.  The targets have shape (...),
    and the predictions have shape (..., K), with the K components of the mixture on the last axis.
    A network with this loss is a mixture density network [1]_.

    Parameters
    ----------
    constant_terms : bool, default False
        Whether to add :math:`\tfrac12 \log 2\pi`, which does not depend on the predictions.  With
        it the loss is minus the logarithm of the density.

    Notes
    -----
    All inputs can be any real numbers.  The logits :math:`l_k` become the weights :math:`\pi_k` of
    the components by a softmax, the means are :math:`\mu_k`, and the log-variances are :math:`s_k`.
    The log-variance may also have a shape that NumPy broadcasts to that of the mean, as for
    `GaussianNLL`.  Its derivatives are then sums over the entries that share a log-variance.

    Derivatives are tuples of three arrays, with respect to the logits, the means and the
    log-variances.  They contain the responsibility :math:`\gamma_k`, which is the probability that
    component :math:`k` has produced the target:

    .. math::

        \gamma_k = \frac{\pi_k\, e^{-\frac12 (s_k + x_k^2)}}
            {\sum_j \pi_j\, e^{-\frac12 (s_j + x_j^2)}}

    The three parts of the gradient are :math:`\pi_k - \gamma_k`, :math:`\gamma_k x_k e^{-s_k/2}`
    and :math:`\tfrac12 \gamma_k (1 - x_k^2)`.  The parts with respect to a mean and to a
    log-variance are those of `GaussianNLL`, multiplied by the responsibility.  The diagonal of the
    second derivative is :math:`\pi_k (1 - \pi_k) - \gamma_k (1 - \gamma_k)`, :math:`\gamma_k
    e^{-s_k} (1 - (1 - \gamma_k)\, x_k^2)` and :math:`\gamma_k (\tfrac12 x_k^2 - \tfrac14 (1 -
    \gamma_k) (1 - x_k^2)^2)`.  All three can be negative, because the loss is not convex with
    respect to any of the predictions.

    The sums are computed relative to their largest terms, so that they neither overflow nor vanish
    however far the target is from all components.  A component whose logit is ``-inf`` is absent.
    With one component the loss is `GaussianNLL`, and the logit has no effect.  As for
    `GaussianNLL`, the loss is not bounded from below: it decreases without limit where one
    component has its mean at a target and its variance goes to 0.

    References
    ----------
    .. [1] C. M. Bishop, "Mixture density networks", Technical Report NCRG/94/004, Aston University,
       1994.

    Examples
    --------
    Two components of equal weight lie at -1 and 1, with variance 1:

    >>> import lossbook as lb
    >>> loss = lb.GaussianMixtureNLL(reduction="none")
    >>> y_true, logits, mean, log_variance = [0.0, 3.0], [[0.0] * 2] * 2, [[-1.0, 1.0]] * 2, 0.0
    >>> loss(y_true, logits, mean, log_variance).round(4)
    array([0.5   , 2.6907])
    >>> by_logits, by_mean, _ = loss.gradient(y_true, logits, mean, log_variance)
    >>> by_logits.round(4)
    array([[ 0.    ,  0.    ],
           [ 0.4975, -0.4975]])
    >>> by_mean.round(4)
    array([[-0.5   ,  0.5   ],
           [-0.0099, -1.9951]])
    """

    constant_terms: bool = switch(default=False)

    entries = 1

    @property
    def _needs_double(self):
        """Always, because the rounding of a large square would change the shares."""
        return True

    def _inputs(
        self,
        y_true: ArrayLike,
        logits: ArrayLike,
        mean: ArrayLike,
        log_variance: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
        return Call((y_true, logits, mean, log_variance), sample_weight, curvature, out)

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            elicits="the mixture of Gaussians that is most likely to produce the target",
        )

    def _formula(self, s):
        y, mu, pi = s.y, s.vector("mu"), s.sp.IndexedBase("pi", positive=True)[s.k]
        log_variance, x, gamma = s.s_k, s.vector("x"), s.gamma_k
        constant = s.log(2 * s.pi) / 2 if self.constant_terms else 0
        density = pi * s.exp(-(log_variance + x**2) / 2)
        return s.Formula(
            value=-s.log(s.sum_k(density)) + constant,
            gradient=(
                pi - gamma,
                gamma * x * s.exp(-log_variance / 2),
                gamma * (1 - x**2) / 2,
            ),
            hessian=(
                pi * (1 - pi) - gamma * (1 - gamma),
                gamma * s.exp(-log_variance) * (1 - (1 - gamma) * x**2),
                gamma * (x**2 / 2 - (1 - gamma) * (1 - x**2) ** 2 / 4),
            ),
            y_true=y,
            y_pred=(s.l_k, mu, log_variance),
            definitions={
                x: (mu - y) * s.exp(-log_variance / 2),
                pi: s.softmax(s.l_k),
                gamma: density / s.sum_j(density),
            },
        )

    def _shared(self, y_true, logits, mean, log_variance):
        r, per_deviation, x = self._standardised(y_true, mean, log_variance)
        square = x * x
        prior = Softmax(below_top(logits))
        # Minus twice the logarithm of a Gaussian density, and then of a whole term of the sum.
        cost = unless_nan(log_variance + square, square) / 2 + prior.below
        least = np.minimum.reduce(cost, axis=0)
        below = below_top(-cost)
        if (lost := np.isinf(least)).any():
            # Where all squares overflow, the component that is nearest has the whole share.
            distance = np.log(np.abs(r)) - log_variance / 2
            distance = np.where(np.isinf(prior.below), prior.below, distance)
            beyond = below_top(-distance) > 0
            below = np.where(lost, np.where(beyond, np.inf, 0), below)
        slope = np.where(r == 0, r, x * per_deviation)
        return least, prior, Softmax(below), per_deviation, x, slope

    def _value(self, least, prior, posterior, per_deviation, x, slope):
        constant = log(2 * pi) / 2 if self.constant_terms else 0.0
        return least + (prior.log_sum() - posterior.log_sum()) + constant

    def _gradient(self, least, prior, posterior, per_deviation, x, slope):
        share = posterior.right
        # Where a component is nearly certain, the others say by how much it is not.
        by_logit = np.where(prior.right > 0.5, posterior.wrong - prior.wrong, prior.right - share)
        by_log_variance = (1 - x) * (1 + x) / 2
        return by_logit, share_of(share, slope), share_of(share, by_log_variance)

    def _hessian(self, least, prior, posterior, per_deviation, x, slope):
        share, others = posterior.right, posterior.wrong
        halves = (1 - x) * (1 + x) / 2
        by_mean = 1 - share_of(others, x * x)
        spread = share_of(others, halves * halves)
        return (
            prior.right * prior.wrong - share * others,
            share_of(share_of(share, per_deviation * per_deviation), by_mean),
            share_of(share, unless_nan(x * x / 2 - spread, -spread)),
        )


def share_of(share, term):
    """Return the share of a term, which is 0 if the share is, even if the term is infinite."""
    return unless_nan(share * term, share)
