"""Losses of embeddings, defined anew.

Vectors have two entries; those of a pair or a triplet are on one list, side by side, and so are
those of a batch of four.
"""

from mpmath import mp

import lossbook as lb

from .definition import value

LOSSES = [
    lb.CosineDistance(),
    lb.CosineEmbedding(),
    lb.CosineEmbedding(margin=0.25),
    lb.HingeEmbedding(),
    lb.HingeEmbedding(margin=2.5),
    lb.Contrastive(),
    lb.Contrastive(margin=3.0),
    lb.Triplet(),
    lb.Triplet(margin=0.25),
    lb.InfoNCE(),
    lb.InfoNCE(temperature=0.5),
    lb.SupervisedContrastive(),
    lb.SupervisedContrastive(temperature=0.75),
]

PAIRS = [
    [0.75, -0.25, 1.5, 0.375],
    [-0.5, 1.25, 0.25, 2.5],
    [0.0, 3.0, -0.0625, 0.125],
    [-1.5, 0.25, 1.25, -0.125],
    [40.5, 3.25, 17.0, -2.0],
]
TRIPLETS = [
    [0.75, -0.25, 1.5, 0.375, 0.125, -0.5],
    [-0.5, 1.25, 0.25, 2.5, -1.0, 0.875],
    [0.0, 3.0, -0.0625, 0.125, 20.5, -7.25],
]
BATCHES = [
    [0.75, -0.25, 1.5, 0.375, 0.125, -0.5, 2.0, 1.25],
    [-1.5, 0.625, -0.75, 0.375, 0.25, 1.0, 1.5, 0.25],
]
INPUTS = {
    lb.CosineDistance: ([0.0], PAIRS),
    lb.CosineEmbedding: ([-1.0, 1.0], PAIRS),
    lb.HingeEmbedding: ([-1.0, 1.0], [-3.5, 0.0, 0.1875, 0.75, 2.375, 40.25]),
    lb.Contrastive: ([0.0, 1.0], PAIRS),
    lb.Triplet: ([0.0], TRIPLETS),
    lb.InfoNCE: ([0.0], [BATCHES[0] + BATCHES[1]]),
    lb.SupervisedContrastive: ([0.0], BATCHES),
}
LABELS = 0, 0, 0, 1


def vectors(x):
    """Return the vectors on a list."""
    return [x[k : k + 2] for k in range(0, len(x), 2)]


def cosine(a, b):
    """Return the cosine of the angle between two vectors."""
    return mp.fdot(a, b) / mp.norm(a) / mp.norm(b)


def distance(a, b):
    """Return the Euclidean distance of two points."""
    return mp.norm([s - t for s, t in zip(a, b, strict=True)])


@value.register
def _(loss: lb.CosineDistance, y, x):
    return 1 - cosine(*vectors(x))


@value.register
def _(loss: lb.CosineEmbedding, y, x):
    c = cosine(*vectors(x))
    return 1 - c if y == 1 else max(mp.mpf(0), c - mp.mpf(loss.margin))


@value.register
def _(loss: lb.HingeEmbedding, y, x):
    return x if y == 1 else max(mp.mpf(0), mp.mpf(loss.margin) - x)


@value.register
def _(loss: lb.Contrastive, y, x):
    d = distance(*vectors(x))
    return (d if y == 1 else max(mp.mpf(0), mp.mpf(loss.margin) - d)) ** 2 / 2


@value.register
def _(loss: lb.Triplet, y, x):
    anchor, positive, negative = vectors(x)
    nearer = distance(anchor, positive) - distance(anchor, negative)
    return max(mp.mpf(0), nearer + mp.mpf(loss.margin))


@value.register
def _(loss: lb.InfoNCE, y, x):
    rows, t = vectors(x), mp.mpf(loss.temperature)
    queries, keys = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    losses = []
    for i, query in enumerate(queries):
        exp = [mp.exp(cosine(query, key) / t) for key in keys]
        losses.append(-mp.log(exp[i] / sum(exp)))
    return sum(losses) / len(losses)


@value.register
def _(loss: lb.SupervisedContrastive, y, x):
    rows, t, total = vectors(x), mp.mpf(loss.temperature), mp.mpf(0)
    for i, anchor in enumerate(rows):
        exp = {j: mp.exp(cosine(anchor, row) / t) for j, row in enumerate(rows) if j != i}
        positives = [j for j in exp if LABELS[j] == LABELS[i]]
        if positives:
            total -= sum(mp.log(exp[j] / sum(exp.values())) for j in positives) / len(positives)
    return total / len(rows)
