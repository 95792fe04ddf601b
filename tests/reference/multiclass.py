"""Losses for several classes, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import plogp, value

LOSSES = [
    lb.CategoricalCrossEntropy(),
    lb.SoftmaxCrossEntropy(),
    lb.SoftmaxCrossEntropy(label_smoothing=0.1),
    lb.SoftmaxCrossEntropy(class_weight=(1, 0.5, 3)),
    lb.SoftmaxCrossEntropy(class_weight=(2, 2, 2)),
    lb.SoftmaxCrossEntropy(class_weight=(1, 0.5, 3), label_smoothing=0.05, ignore_index=-7),
]

INPUTS = {
    lb.CategoricalCrossEntropy: (
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.5, 0.25], [0.0, 0.875, 0.125]],
        [[0.25, 0.25, 0.5], [0.0078125, 0.984375, 0.0078125], [0.625, 0.125, 0.25]],
    ),
    lb.SoftmaxCrossEntropy: (
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.5, 0.25]],
        [[0.0, 0.0, 0.0], [1.5, -0.75, 0.25], [2.0, 2.0, -1.0], [-5.0, 4.5, 30.25], [0, 90.0, 1]],
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
