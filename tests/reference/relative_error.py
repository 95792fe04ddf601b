"""Losses of ratios, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import value

LOSSES = [
    lb.SquaredLogError(),
    lb.AbsolutePercentageError(),
]

INPUTS = {
    lb.SquaredLogError: (
        [-0.9375, 0.0, 3.5, 79.25],
        [-1 + 2.0**-20, -0.5, 2.0**-10, 0.875, 3.515625, 75.0, 4e6],
    ),
    lb.AbsolutePercentageError: ([-40.5, -0.0078125, 0.375, 3.0], [-20.125, 0.0, 0.03125, 40.75]),
}


@value.register
def _(loss: lb.SquaredLogError, y, x):
    return (mp.log(1 + y) - mp.log(1 + x)) ** 2


@value.register
def _(loss: lb.AbsolutePercentageError, y, x):
    return abs((y - x) / y)
