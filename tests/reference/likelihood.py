"""Negative log-likelihoods, defined anew: minus the logarithms of densities."""

from functools import cache

from mpmath import mp

import lossbook as lb

from .definition import value

LOSSES = [
    lb.PoissonNLL(),
    lb.PoissonNLL(constant_terms=True),
    lb.GammaNLL(),
    lb.GammaNLL(constant_terms=True),
    lb.GammaNLL(dispersion=0.3),
    lb.GammaNLL(dispersion=0.25, constant_terms=True),
    lb.GammaNLL(dispersion=4.0, constant_terms=True),
    lb.TweedieNLL(),
    lb.TweedieNLL(power=1.0),
    lb.TweedieNLL(power=1.9),
    lb.TweedieNLL(power=2.0),
    lb.TweedieNLL(power=3.0),
    lb.TweedieNLL(power=0.5),
    lb.TweedieNLL(power=0.0),
    lb.TweedieNLL(power=-0.5),
    lb.NegativeBinomialNLL(dispersion=0.5),
    lb.NegativeBinomialNLL(dispersion=0.5, constant_terms=True),
    lb.NegativeBinomialNLL(dispersion=2.0**-7, constant_terms=True),
    lb.NegativeBinomialNLL(dispersion=8.0, constant_terms=True),
]

LOG_MEANS = [-20.5, -3.125, -0.1875, 0.0, 0.75, 2.375, 6.25, 30.25]
COUNTS = [0.0, 1.0, 2.5, 7.0, 400.0]
INPUTS = {
    lb.PoissonNLL: (COUNTS, LOG_MEANS),
    lb.GammaNLL: ([0.03125, 1.0, 2.5, 400.0], LOG_MEANS),
    lb.TweedieNLL: ([0.25, 1.0, 5.0, 400.0], LOG_MEANS),
    lb.NegativeBinomialNLL: (COUNTS, LOG_MEANS),
}


def log_gamma(x):
    """Return the logarithm of the gamma function, which takes long, once for each precision."""
    return _log_gamma(x, mp.prec)


@cache
def _log_gamma(x, precision):
    return mp.loggamma(x)


@value.register
def _(loss: lb.PoissonNLL, y, x):
    kept = mp.exp(x) - y * x
    return kept + log_gamma(y + 1) if loss.constant_terms else kept


@value.register
def _(loss: lb.GammaNLL, y, x):
    shape, mean = 1 / mp.mpf(loss.dispersion), mp.exp(x)
    if not loss.constant_terms:
        return shape * (mp.log(mean) + y / mean)
    rate = shape / mean
    return rate * y - (shape - 1) * mp.log(y) - shape * mp.log(rate) + log_gamma(shape)


@value.register
def _(loss: lb.TweedieNLL, y, x):
    power, mean = mp.mpf(loss.power), mp.exp(x)
    of_mean = x if power == 2 else mean ** (2 - power) / (2 - power)
    of_target = y * x if power == 1 else y * mean ** (1 - power) / (1 - power)
    return of_mean - of_target


@value.register
def _(loss: lb.NegativeBinomialNLL, y, x):
    r, mean = 1 / mp.mpf(loss.dispersion), mp.exp(x)
    chance = r / (r + mean)
    if not loss.constant_terms:
        return -r * mp.log(chance) - y * mp.log(chance * mean)
    ways = log_gamma(y + r) - log_gamma(r) - log_gamma(y + 1)
    return -ways - r * mp.log(chance) - y * mp.log(1 - chance)
