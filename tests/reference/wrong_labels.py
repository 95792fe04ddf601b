"""Losses for labels of which some are wrong, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import probabilities, value
from .inputs import CLASS_SCORES, LABELS

LOSSES = [
    lb.GeneralizedCrossEntropy(),
    lb.GeneralizedCrossEntropy(q=1.0),
    lb.GeneralizedCrossEntropy(q=2.0**-10),
]

INPUTS = {
    lb.GeneralizedCrossEntropy: (LABELS, CLASS_SCORES),
}


@value.register
def _(loss: lb.GeneralizedCrossEntropy, y, x):
    q = mp.mpf(loss.q)
    return (1 - probabilities(x)[int(y)] ** q) / q
