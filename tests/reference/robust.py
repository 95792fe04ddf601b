"""Losses for data with outliers, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import value

LOSSES = [
    lb.Fair(),
    lb.Fair(scale=2.5),
    lb.Cauchy(),
    lb.Cauchy(scale=2.5),
    lb.GemanMcClure(),
    lb.GemanMcClure(scale=2.5),
    lb.Welsch(),
    lb.Welsch(scale=7.5),
    lb.Tukey(),
    lb.Tukey(scale=1.0),
]

INPUTS = {}


@value.register
def _(loss: lb.Fair, y, x):
    c = mp.mpf(loss.scale)
    return c**2 * (abs(y - x) / c - mp.log(1 + abs(y - x) / c))


@value.register
def _(loss: lb.Cauchy, y, x):
    c = mp.mpf(loss.scale)
    return c**2 / 2 * mp.log(1 + ((y - x) / c) ** 2)


@value.register
def _(loss: lb.GemanMcClure, y, x):
    return (y - x) ** 2 / (1 + ((y - x) / mp.mpf(loss.scale)) ** 2) / 2


@value.register
def _(loss: lb.Welsch, y, x):
    c = mp.mpf(loss.scale)
    return c**2 / 2 * (1 - mp.exp(-(((y - x) / c) ** 2)))


@value.register
def _(loss: lb.Tukey, y, x):
    c = mp.mpf(loss.scale)
    return c**2 / 6 * (1 - max(mp.mpf(0), 1 - ((y - x) / c) ** 2) ** 3)
