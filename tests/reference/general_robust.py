"""Barron's family of robust losses, defined anew."""

import numpy as np
from mpmath import mp

import lossbook as lb

from .definition import value

LOSSES = [
    lb.GeneralRobust(),
    lb.GeneralRobust(alpha=1.5, scale=0.5),
    lb.GeneralRobust(alpha=2.0, scale=2.0),
    lb.GeneralRobust(alpha=4.0, scale=7.5),
    lb.GeneralRobust(alpha=0.5),
    lb.GeneralRobust(alpha=0.0),
    lb.GeneralRobust(alpha=-2.0),
    lb.GeneralRobust(alpha=-np.inf, scale=7.5),
]

INPUTS = {}


@value.register
def _(loss: lb.GeneralRobust, y, x):
    alpha, square = mp.mpf(loss.alpha), ((y - x) / mp.mpf(loss.scale)) ** 2
    if alpha == 2:
        return square / 2
    if alpha == 0:
        return mp.log(1 + square / 2)
    if alpha == -mp.inf:
        return 1 - mp.exp(-square / 2)
    return abs(alpha - 2) / alpha * ((square / abs(alpha - 2) + 1) ** (alpha / 2) - 1)
