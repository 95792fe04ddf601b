"""Losses for classes of which some are rare, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import plogp, probabilities, sigmoid, value
from .inputs import CLASS_SCORES, DISTRIBUTIONS, LABELS, SCORES

LOSSES = [
    lb.SigmoidFocal(),
    lb.SigmoidFocal(gamma=0.0),
    lb.SigmoidFocal(gamma=0.5, alpha=0.25),
    lb.SigmoidFocal(gamma=3.0, alpha=0.75),
    lb.SoftmaxFocal(),
    lb.SoftmaxFocal(gamma=0.0),
    lb.SoftmaxFocal(gamma=0.5, alpha=(1, 0.5, 3)),
    lb.SoftmaxFocal(gamma=3.0, alpha=(0.25, 0, 1)),
    lb.Poly1CrossEntropy(),
    lb.Poly1CrossEntropy(epsilon=-1.0),
    lb.Poly1CrossEntropy(epsilon=5.0),
]

INPUTS = {
    lb.SigmoidFocal: ([0.0, 1.0], SCORES),
    lb.SoftmaxFocal: (LABELS, CLASS_SCORES),
    lb.Poly1CrossEntropy: (DISTRIBUTIONS, CLASS_SCORES),
}


@value.register
def _(loss: lb.SigmoidFocal, y, x):
    p = sigmoid(x) if y == 1 else sigmoid(-x)
    weight = mp.mpf(1)
    if loss.alpha is not None:
        weight = mp.mpf(loss.alpha) if y == 1 else 1 - mp.mpf(loss.alpha)
    return -weight * (1 - p) ** mp.mpf(loss.gamma) * mp.log(p)


@value.register
def _(loss: lb.SoftmaxFocal, y, x):
    label, p = int(y), probabilities(x)[int(y)]
    weight = 1 if loss.alpha is None else mp.mpf(loss.alpha[label])
    return -weight * (1 - p) ** mp.mpf(loss.gamma) * mp.log(p)


@value.register
def _(loss: lb.Poly1CrossEntropy, y, x):
    epsilon = mp.mpf(loss.epsilon)
    pairs = zip(y, probabilities(x), strict=True)
    return sum(-plogp(t, p) + epsilon * t * (1 - p) for t, p in pairs)
