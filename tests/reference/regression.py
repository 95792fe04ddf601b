"""Losses for predicting a number, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import value

LOSSES = [
    lb.SquaredError(),
    lb.HalfSquaredError(),
    lb.AbsoluteError(),
    lb.Huber(),
    lb.Huber(delta=0.1),
    lb.Huber(delta=7.5),
    lb.SmoothL1(),
    lb.SmoothL1(beta=0.3),
    lb.SmoothL1(beta=7.5),
    lb.PseudoHuber(),
    lb.PseudoHuber(delta=0.3),
    lb.LogCosh(),
    lb.Pinball(),
    lb.Pinball(quantile=0.9),
    lb.SmoothPinball(),
    lb.SmoothPinball(quantile=0.8, width=1.5),
    lb.Expectile(),
    lb.Expectile(level=0.9),
    lb.EpsilonInsensitive(),
    lb.EpsilonInsensitive(epsilon=0.0),
    lb.EpsilonInsensitive(epsilon=1.5),
    lb.SquaredEpsilonInsensitive(),
    lb.SquaredEpsilonInsensitive(epsilon=0.0),
    lb.SquaredEpsilonInsensitive(epsilon=1.5),
    lb.SquaredLogError(),
    lb.AbsolutePercentageError(),
]

RESIDUAL = [-1.375, 0.0, 0.3125], [-20.125, -1.75, -0.5625, 0.03125, 0.875, 1.125, 2.875, 40.75]
INPUTS = {
    # Not as far as 40: exp(-r/w) multiplies the rounding of r/w by r/w.
    lb.SmoothPinball: (RESIDUAL[0], [-20.125, -1.75, -0.5625, 0.03125, 0.875, 1.125, 2.875, 8.5]),
    lb.SquaredLogError: (
        [-0.9375, 0.0, 3.5, 79.25],
        [-1 + 2.0**-20, -0.5, 2.0**-10, 0.875, 3.515625, 75.0, 4e6],
    ),
    lb.AbsolutePercentageError: ([-40.5, -0.0078125, 0.375, 3.0], [-20.125, 0.0, 0.03125, 40.75]),
}


@value.register
def _(loss: lb.SquaredError, y, x):
    return (y - x) ** 2


@value.register
def _(loss: lb.HalfSquaredError, y, x):
    return (y - x) ** 2 / 2


@value.register
def _(loss: lb.AbsoluteError, y, x):
    return abs(y - x)


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
def _(loss: lb.Pinball, y, x):
    q = mp.mpf(loss.quantile)
    return max(q * (y - x), (1 - q) * (x - y))


@value.register
def _(loss: lb.SmoothPinball, y, x):
    q, width = mp.mpf(loss.quantile), mp.mpf(loss.width)
    return q * (y - x) + width * mp.log(1 + mp.exp((x - y) / width))


@value.register
def _(loss: lb.Expectile, y, x):
    level = mp.mpf(loss.level)
    return (level if y > x else 1 - level) * (y - x) ** 2


@value.register
def _(loss: lb.EpsilonInsensitive, y, x):
    return max(mp.mpf(0), abs(y - x) - mp.mpf(loss.epsilon))


@value.register
def _(loss: lb.SquaredEpsilonInsensitive, y, x):
    return max(mp.mpf(0), abs(y - x) - mp.mpf(loss.epsilon)) ** 2


@value.register
def _(loss: lb.SquaredLogError, y, x):
    return (mp.log(1 + y) - mp.log(1 + x)) ** 2


@value.register
def _(loss: lb.AbsolutePercentageError, y, x):
    return abs((y - x) / y)
