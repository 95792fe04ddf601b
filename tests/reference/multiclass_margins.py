"""Losses of the margins between scores of classes, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import value
from .inputs import APART, LABELS

LOSSES = [
    lb.CrammerSinger(),
    lb.CrammerSinger(margin=0.3),
    lb.MultiMargin(),
    lb.MultiMargin(margin=2.2, power=2),
    lb.MultiMargin(margin=0.3, power=2),
]

INPUTS = {
    lb.CrammerSinger: (LABELS, APART),
    lb.MultiMargin: (LABELS, APART),
}


@value.register
def _(loss: lb.CrammerSinger, y, x):
    margin = mp.mpf(loss.margin)
    return max(z + margin * (k != y) for k, z in enumerate(x)) - x[int(y)]


@value.register
def _(loss: lb.MultiMargin, y, x):
    short = [mp.mpf(loss.margin) - x[int(y)] + z for k, z in enumerate(x) if k != y]
    return sum(max(mp.mpf(0), s) ** int(loss.power) for s in short)
