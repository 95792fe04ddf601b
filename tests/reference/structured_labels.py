"""Losses for labels with a structure, defined anew."""

from itertools import combinations

from mpmath import mp

import lossbook as lb

from .definition import plogp, sigmoid, value
from .inputs import APART, DISTRIBUTIONS

LOSSES = [
    lb.Sparsemax(),
    lb.MultilabelSoftMargin(),
    lb.MultilabelMargin(),
    lb.OrdinalCoral(),
    lb.OrdinalCorn(),
]

ROWS = [[0.0, 0.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
SCORES = [[0.0, -3.125, 0.75], [-90.0, 2.375, 90.0], [33.5, -0.1875, -40.25]]
INPUTS = {
    lb.Sparsemax: (DISTRIBUTIONS, [*APART, [0.0, 0.0, 0.0], [0.25, 0.25, -2.0]]),
    lb.MultilabelSoftMargin: ([*ROWS, [0.25, 0.5, 0.875]], SCORES),
    lb.MultilabelMargin: (ROWS, APART),
    lb.OrdinalCoral: ([0, 1, 2, 3], SCORES),
    lb.OrdinalCorn: ([0, 1, 2, 3], SCORES),
}


def squared_distance(x, y):
    """Return that of two lists."""
    return sum((a - b) ** 2 for a, b in zip(x, y, strict=True))


def nearest_distribution(z):
    """Return the nearest of the distributions that are nearest among those of one support."""
    candidates = []
    for size in range(1, len(z) + 1):
        for support in combinations(range(len(z)), size):
            threshold = (sum(z[k] for k in support) - 1) / size
            p = [z[k] - threshold if k in support else mp.mpf(0) for k in range(len(z))]
            if min(p) >= 0:
                candidates.append(p)
    return min(candidates, key=lambda p: squared_distance(p, z))


@value.register
def _(loss: lb.Sparsemax, y, x):
    return (squared_distance(y, x) - squared_distance(nearest_distribution(x), x)) / 2


def log_losses(targets, scores):
    """Return the sum of the log losses of pairs."""
    pairs = zip(targets, scores, strict=True)
    return -sum(plogp(t, sigmoid(z)) + plogp(1 - t, sigmoid(-z)) for t, z in pairs)


@value.register
def _(loss: lb.MultilabelSoftMargin, y, x):
    return log_losses(y, x) / len(x)


@value.register
def _(loss: lb.MultilabelMargin, y, x):
    labels = [z for t, z in zip(y, x, strict=True) if t == 1]
    rest = [z for t, z in zip(y, x, strict=True) if t == 0]
    return sum(max(mp.mpf(0), 1 - (a - b)) for a in labels for b in rest) / len(x)


@value.register
def _(loss: lb.OrdinalCoral, y, x):
    return log_losses([int(y > k) for k in range(len(x))], x)


@value.register
def _(loss: lb.OrdinalCorn, y, x):
    label = int(y)
    passed, stopped = map(sigmoid, x[:label]), (sigmoid(-z) for z in x[label : label + 1])
    return -sum(mp.log(p) for p in (*passed, *stopped))
