"""Losses for several classes, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import plogp, value

LOSSES = [
    lb.CategoricalCrossEntropy(),
    lb.NegativeLogLikelihood(),
    lb.KLDivergence(),
    lb.JensenShannon(),
    lb.SoftmaxCrossEntropy(),
    lb.SoftmaxCrossEntropy(label_smoothing=0.1),
    lb.SoftmaxCrossEntropy(class_weight=(1, 0.5, 3)),
    lb.SoftmaxCrossEntropy(class_weight=(2, 2, 2)),
    lb.SoftmaxCrossEntropy(class_weight=(1, 0.5, 3), label_smoothing=0.05, ignore_index=-7),
    lb.SoftmaxFocal(),
    lb.SoftmaxFocal(gamma=0.0),
    lb.SoftmaxFocal(gamma=0.5, alpha=(1, 0.5, 3)),
    lb.SoftmaxFocal(gamma=3.0, alpha=(0.25, 0, 1)),
    lb.GeneralizedCrossEntropy(),
    lb.GeneralizedCrossEntropy(q=1.0),
    lb.GeneralizedCrossEntropy(q=2.0**-10),
    lb.Poly1CrossEntropy(),
    lb.Poly1CrossEntropy(epsilon=-1.0),
    lb.Poly1CrossEntropy(epsilon=5.0),
    lb.CrammerSinger(),
    lb.CrammerSinger(margin=0.3),
    lb.MultiMargin(),
    lb.MultiMargin(margin=2.2, power=2),
    lb.MultiMargin(margin=0.3, power=2),
]

DISTRIBUTIONS = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.5, 0.25], [0.0, 0.875, 0.125]]
PROBABILITIES = [[0.25, 0.25, 0.5], [0.0078125, 0.984375, 0.0078125], [0.625, 0.125, 0.25]]
LABELS = [0, 1, 2]
SCORES = [
    [0.0, 0.0, 0.0],
    [1.5, -0.75, 0.25],
    [2.0, 2.0, -1.0],
    [-5.0, 4.5, 30.25],
    [0, 90.0, 1],
]
APART = [[0.0, 0.125, -0.25], [1.5, -0.75, 0.375], [2.0, 2.125, -1.0], [-5.0, 4.5, 30.25]]
INPUTS = {
    lb.CategoricalCrossEntropy: (DISTRIBUTIONS, PROBABILITIES),
    lb.NegativeLogLikelihood: (
        DISTRIBUTIONS,
        # Three that sum to one only nearly; the definition does not ask for more.
        [[-1.3862915, -0.6931496, -1.3862915], [-1e4, -0.0001, -9.75], [0.0, -12.5, -1e30]],
    ),
    lb.KLDivergence: (DISTRIBUTIONS, PROBABILITIES),
    lb.JensenShannon: (DISTRIBUTIONS, PROBABILITIES),
    lb.SoftmaxCrossEntropy: (
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.5, 0.25]],
        SCORES,
    ),
    lb.SoftmaxFocal: (LABELS, SCORES),
    lb.GeneralizedCrossEntropy: (LABELS, SCORES),
    lb.Poly1CrossEntropy: (DISTRIBUTIONS, SCORES),
    lb.CrammerSinger: (LABELS, APART),
    lb.MultiMargin: (LABELS, APART),
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


def divergence(t, p):
    """Return the Kullback-Leibler divergence of lists."""
    return sum(plogp(a, a / b) for a, b in zip(t, p, strict=True))


@value.register
def _(loss: lb.KLDivergence, y, x):
    return divergence(y, x)


@value.register
def _(loss: lb.JensenShannon, y, x):
    middle = [(t + p) / 2 for t, p in zip(y, x, strict=True)]
    return (divergence(y, middle) + divergence(x, middle)) / 2


def probabilities(scores):
    """Return the softmax of scores."""
    exp = list(map(mp.exp, scores))
    return [e / sum(exp) for e in exp]


@value.register
def _(loss: lb.SoftmaxFocal, y, x):
    label, p = int(y), probabilities(x)[int(y)]
    weight = 1 if loss.alpha is None else mp.mpf(loss.alpha[label])
    return -weight * (1 - p) ** mp.mpf(loss.gamma) * mp.log(p)


@value.register
def _(loss: lb.GeneralizedCrossEntropy, y, x):
    q = mp.mpf(loss.q)
    return (1 - probabilities(x)[int(y)] ** q) / q


@value.register
def _(loss: lb.Poly1CrossEntropy, y, x):
    epsilon = mp.mpf(loss.epsilon)
    pairs = zip(y, probabilities(x), strict=True)
    return sum(-plogp(t, p) + epsilon * t * (1 - p) for t, p in pairs)


@value.register
def _(loss: lb.CrammerSinger, y, x):
    margin = mp.mpf(loss.margin)
    return max(z + margin * (k != y) for k, z in enumerate(x)) - x[int(y)]


@value.register
def _(loss: lb.MultiMargin, y, x):
    short = [mp.mpf(loss.margin) - x[int(y)] + z for k, z in enumerate(x) if k != y]
    return sum(max(mp.mpf(0), s) ** int(loss.power) for s in short)
