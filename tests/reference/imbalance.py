"""Losses for classes of which some are rare, defined anew."""

import numpy as np
from mpmath import mp

import lossbook as lb

from .definition import plogp, probabilities, sigmoid, value
from .inputs import CLASS_SCORES, DISTRIBUTIONS, SCORES

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
    lb.SigmoidFocal: ([0.0, 0.25, 1.0], SCORES),
    lb.SoftmaxFocal: (
        [*map(list, np.eye(3)), [0.125, 0.25, 0.625], [0, 0.875, 0.125]],
        CLASS_SCORES,
    ),
    lb.Poly1CrossEntropy: (DISTRIBUTIONS, CLASS_SCORES),
}


@value.register
def _(loss: lb.SigmoidFocal, y, x):
    positive, negative, gamma = y, 1 - y, mp.mpf(loss.gamma)
    if loss.alpha is not None:
        positive, negative = positive * mp.mpf(loss.alpha), negative * (1 - mp.mpf(loss.alpha))
    p, q = sigmoid(x), sigmoid(-x)
    return -plogp(positive * q**gamma, p) - plogp(negative * p**gamma, q)


@value.register
def _(loss: lb.SoftmaxFocal, y, x):
    alpha, gamma = loss.alpha or (1,) * len(x), mp.mpf(loss.gamma)
    each = zip(alpha, y, probabilities(x), strict=True)
    return -sum(plogp(a * t * (1 - p) ** gamma, p) for a, t, p in each)


@value.register
def _(loss: lb.Poly1CrossEntropy, y, x):
    epsilon = mp.mpf(loss.epsilon)
    pairs = zip(y, probabilities(x), strict=True)
    return sum(-plogp(t, p) + epsilon * t * (1 - p) for t, p in pairs)
