"""Losses of the probabilities of several classes, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import plogp, value
from .inputs import CLASS_SCORES, DISTRIBUTIONS, PROBABILITIES

LOSSES = [
    lb.CategoricalCrossEntropy(),
    lb.NegativeLogLikelihood(),
    lb.SoftmaxCrossEntropy(),
    lb.SoftmaxCrossEntropy(label_smoothing=0.1),
    lb.SoftmaxCrossEntropy(class_weight=(1, 0.5, 3)),
    lb.SoftmaxCrossEntropy(class_weight=(2, 2, 2)),
    lb.SoftmaxCrossEntropy(class_weight=(1, 0.5, 3), label_smoothing=0.05, ignore_index=-7),
]

INPUTS = {
    lb.CategoricalCrossEntropy: (DISTRIBUTIONS, PROBABILITIES),
    lb.NegativeLogLikelihood: (
        DISTRIBUTIONS,
        # Three that sum to one only nearly; the definition does not ask for more.
        [[-1.3862915, -0.6931496, -1.3862915], [-1e4, -0.0001, -9.75], [0.0, -12.5, -1e30]],
    ),
    lb.SoftmaxCrossEntropy: (
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.5, 0.25]],
        CLASS_SCORES,
    ),
}


@value.register
def _(loss: lb.CategoricalCrossEntropy, y, x):
    return -sum(plogp(t, p) for t, p in zip(y, x, strict=True))


@value.register
def _(loss: lb.SoftmaxCrossEntropy, y, x):
    smoothing, n = mp.mpf(loss.label_smoothing), len(x)
    weights = loss.class_weight or (1,) * n
    normalizer = sum(mp.exp(z) for z in x)
    return -sum(
        plogp(c * ((1 - smoothing) * t + smoothing / n), mp.exp(z) / normalizer)
        for c, t, z in zip(weights, y, x, strict=True)
    )


@value.register
def _(loss: lb.NegativeLogLikelihood, y, x):
    return -sum(t * log_p for t, log_p in zip(y, x, strict=True))
