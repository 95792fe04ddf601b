"""The absolute error, defined anew."""

import lossbook as lb

from .definition import value

LOSSES = [
    lb.AbsoluteError(),
]


@value.register
def _(loss: lb.AbsoluteError, y, x):
    return abs(y - x)
