"""Divergences between two distributions, defined anew."""

import lossbook as lb

from .definition import plogp, value
from .inputs import DISTRIBUTIONS, PROBABILITIES

LOSSES = [
    lb.KLDivergence(),
    lb.JensenShannon(),
]

INPUTS = dict.fromkeys((lb.KLDivergence, lb.JensenShannon), (DISTRIBUTIONS, PROBABILITIES))


def divergence(t, p):
    """Return the Kullback-Leibler divergence of lists."""
    return sum(plogp(a, a / b) for a, b in zip(t, p, strict=True))


@value.register
def _(loss: lb.KLDivergence, y, x):
    return divergence(y, x)


@value.register
def _(loss: lb.JensenShannon, y, x):
    middle = [(t + p) / 2 for t, p in zip(y, x, strict=True)]
    return (divergence(y, middle) + divergence(x, middle)) / 2
