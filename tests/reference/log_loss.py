"""Losses of the probability of one of two classes, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import plogp, sigmoid, value
from .inputs import SCORES

LOSSES = [
    lb.BinaryCrossEntropy(),
    lb.BinaryCrossEntropy(eps=0.01),
    lb.BinaryCrossEntropy(eps=1e-7),
    lb.SigmoidCrossEntropy(),
    lb.SigmoidCrossEntropy(pos_weight=3.0),
    lb.SigmoidCrossEntropy(label_smoothing=0.2),
    lb.SigmoidCrossEntropy(pos_weight=0.5, label_smoothing=0.1),
    lb.Brier(),
]

INPUTS = {
    lb.BinaryCrossEntropy: ([0.0, 0.25, 1.0], [2.0**-20, 2.0**-8, 0.25, 0.5, 0.8125, 1 - 2.0**-9]),
    lb.SigmoidCrossEntropy: ([0.0, 0.3125, 0.5, 1.0], SCORES),
    lb.Brier: ([0.0, 0.3125, 1.0], [0.0, 2.0**-20, 0.3125, 0.5, 0.8125, 1.0]),
}


@value.register
def _(loss: lb.BinaryCrossEntropy, y, x):
    p = min(max(x, mp.mpf(loss.eps)), 1 - mp.mpf(loss.eps))
    return -plogp(y, p) - plogp(1 - y, 1 - p)


@value.register
def _(loss: lb.SigmoidCrossEntropy, y, x):
    smoothing = mp.mpf(loss.label_smoothing)
    y = (1 - smoothing) * y + smoothing / 2
    return -plogp(mp.mpf(loss.pos_weight) * y, sigmoid(x)) - plogp(1 - y, sigmoid(-x))


@value.register
def _(loss: lb.Brier, y, x):
    return (y - x) ** 2
