"""Losses of one shape near zero and another far off, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import value

LOSSES = [
    lb.Huber(),
    lb.Huber(delta=0.1),
    lb.Huber(delta=7.5),
    lb.SmoothL1(),
    lb.SmoothL1(beta=0.3),
    lb.SmoothL1(beta=7.5),
    lb.PseudoHuber(),
    lb.PseudoHuber(delta=0.3),
    lb.LogCosh(),
    lb.EpsilonInsensitive(),
    lb.EpsilonInsensitive(epsilon=0.0),
    lb.EpsilonInsensitive(epsilon=1.5),
    lb.SquaredEpsilonInsensitive(),
    lb.SquaredEpsilonInsensitive(epsilon=0.0),
    lb.SquaredEpsilonInsensitive(epsilon=1.5),
]


@value.register
def _(loss: lb.Huber, y, x):
    delta, distance = mp.mpf(loss.delta), abs(y - x)
    return distance**2 / 2 if distance <= delta else delta * distance - delta**2 / 2


@value.register
def _(loss: lb.SmoothL1, y, x):
    beta, distance = mp.mpf(loss.beta), abs(y - x)
    return distance**2 / (2 * beta) if distance <= beta else distance - beta / 2


@value.register
def _(loss: lb.PseudoHuber, y, x):
    delta = mp.mpf(loss.delta)
    return delta**2 * (mp.sqrt(1 + ((x - y) / delta) ** 2) - 1)


@value.register
def _(loss: lb.LogCosh, y, x):
    return mp.log(mp.cosh(x - y))


@value.register
def _(loss: lb.EpsilonInsensitive, y, x):
    return max(mp.mpf(0), abs(y - x) - mp.mpf(loss.epsilon))


@value.register
def _(loss: lb.SquaredEpsilonInsensitive, y, x):
    return max(mp.mpf(0), abs(y - x) - mp.mpf(loss.epsilon)) ** 2
