"""Losses of predicted Gaussian distributions, defined anew.

A mixture has two components: on a list are its logits, its means and its log-variances.
"""

from mpmath import mp

import lossbook as lb

from .definition import probabilities, value

LOSSES = [
    lb.GaussianNLL(),
    lb.GaussianNLL(constant_terms=True),
    lb.GaussianMixtureNLL(),
    lb.GaussianMixtureNLL(constant_terms=True),
    lb.GaussianCRPS(),
]

TARGETS = [-1.25, 0.0, 3.5]
GAUSSIANS = [
    [0.75, 0.5],
    [-1.5, -2.25],
    [4.25, 3.0],
    [0.125, -0.375],
    [-20.5, 4.0],
]
MIXTURES = [
    [0.0, 0.0, -1.0, 1.0, 0.0, 0.0],
    [0.75, -1.5, 0.25, 2.5, -0.375, 1.25],
    [-3.0, 4.0, 3.25, -0.5, -2.0, 0.625],
    [25.0, -10.5, 0.875, -1.125, 2.0, -1.0],
    [0.5, 0.25, 2.0, -2.25, -0.5, 0.125],
]
INPUTS = {
    lb.GaussianNLL: (TARGETS, GAUSSIANS),
    lb.GaussianMixtureNLL: (TARGETS, MIXTURES),
    lb.GaussianCRPS: (TARGETS, GAUSSIANS),
}


def density(y, mean, log_variance):
    """Return the density of a Gaussian at the target."""
    return mp.npdf(y, mean, mp.exp(log_variance / 2))


def without_constant(loss):
    """Return what minus the logarithm of a density has and the loss leaves out."""
    return 0 if loss.constant_terms else mp.log(2 * mp.pi) / 2


@value.register
def _(loss: lb.GaussianNLL, y, x):
    return -mp.log(density(y, *x)) - without_constant(loss)


@value.register
def _(loss: lb.GaussianMixtureNLL, y, x):
    shares, means, log_variances = probabilities(x[:2]), x[2:4], x[4:]
    each = zip(shares, means, log_variances, strict=True)
    total = sum(share * density(y, mean, s) for share, mean, s in each)
    return -mp.log(total) - without_constant(loss)


@value.register
def _(loss: lb.GaussianCRPS, y, x):
    """Return E|X - y| less half of E|X - X'|, of independent numbers X and X'."""
    mean, deviation = x[0], mp.exp(x[1] / 2)
    from_target = mean_size(mean - y, deviation)
    return from_target - mean_size(mp.mpf(0), mp.sqrt(2) * deviation) / 2


def mean_size(mean, deviation):
    """Return the mean of the absolute value of a Gaussian number."""
    near = deviation * mp.sqrt(2 / mp.pi) * mp.exp(-((mean / deviation) ** 2) / 2)
    return near + mean * mp.erf(mean / deviation / mp.sqrt(2))
