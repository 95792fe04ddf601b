"""Losses of margins, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import value
from .inputs import SCORES

LOSSES = [
    lb.Hinge(),
    lb.SquaredHinge(),
    lb.LogisticMargin(),
    lb.ModifiedHuber(),
    lb.Perceptron(),
    lb.Exponential(),
]

MARGINS = ([-1.0, 1.0], [-30.25, -1.375, -0.4375, 0.0, 0.625, 0.984375, 1.03125, 4.5])
INPUTS = {
    lb.Hinge: MARGINS,
    lb.SquaredHinge: MARGINS,
    lb.LogisticMargin: ([-1.0, 1.0], SCORES),
    lb.ModifiedHuber: ([-1.0, 1.0], [-30.25, -1.03125, -0.984375, 0.0, 0.625, 0.984375, 4.5]),
    lb.Perceptron: ([-1.0, 1.0], [-30.25, -1.375, -0.03125, 0.03125, 0.625, 4.5]),
    lb.Exponential: ([-1.0, 1.0], [-80.25, -3.125, -0.1875, 0.0, 0.75, 33.5, 80.25]),
}


@value.register
def _(loss: lb.Hinge, y, x):
    return max(mp.mpf(0), 1 - y * x)


@value.register
def _(loss: lb.SquaredHinge, y, x):
    return max(mp.mpf(0), 1 - y * x) ** 2


@value.register
def _(loss: lb.LogisticMargin, y, x):
    return mp.log(1 + mp.exp(-y * x))


@value.register
def _(loss: lb.ModifiedHuber, y, x):
    return max(mp.mpf(0), 1 - y * x) ** 2 if y * x >= -1 else -4 * y * x


@value.register
def _(loss: lb.Perceptron, y, x):
    return max(mp.mpf(0), -y * x)


@value.register
def _(loss: lb.Exponential, y, x):
    return mp.exp(-y * x)
