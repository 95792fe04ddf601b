"""Losses of scores that shall put things in order, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import plogp, sigmoid, value

LOSSES = [
    lb.MarginRanking(),
    lb.MarginRanking(margin=0.5),
    lb.RankNet(),
    lb.BPR(),
    lb.ListNet(),
    lb.ListMLE(),
]

PAIRS = [[0.75, 0.125], [-30.25, 2.5], [90.0, -4.0], [-1.5, 0.0], [2.0, 2.25]]
LISTS = [
    [0.0, 0.0, 0.0],
    [1.5, -0.75, 0.25],
    [2.0, 2.0, -1.0],
    [-5.0, 4.5, 30.25],
    [0.0, 90.0, 1.0],
]
INPUTS = {
    lb.MarginRanking: ([-1.0, 1.0], PAIRS),
    lb.RankNet: ([0.0, 0.3125, 0.5, 1.0], PAIRS),
    lb.BPR: ([0.0], PAIRS),
    lb.ListNet: ([[0.5, 0.0, 0.0], [2.0, -1.0, 0.5], [90.0, 0.0, 1.0]], LISTS),
    lb.ListMLE: ([[0.0, 0.0, 0.0], [2.0, -1.0, 0.5], [1.0, 1.0, 3.0], [-4.0, 0.0, 0.0]], LISTS),
}


@value.register
def _(loss: lb.MarginRanking, y, x):
    return max(mp.mpf(0), mp.mpf(loss.margin) - y * (x[0] - x[1]))


@value.register
def _(loss: lb.RankNet, y, x):
    return -plogp(y, sigmoid(x[0] - x[1])) - plogp(1 - y, sigmoid(x[1] - x[0]))


@value.register
def _(loss: lb.BPR, y, x):
    return -mp.log(sigmoid(x[0] - x[1]))


def shares(scores):
    """Return what each score's exponential is of the sum of all."""
    exp = [mp.exp(z) for z in scores]
    return [e / sum(exp) for e in exp]


@value.register
def _(loss: lb.ListNet, y, x):
    return -sum(plogp(t, p) for t, p in zip(shares(y), shares(x), strict=True))


@value.register
def _(loss: lb.ListMLE, y, x):
    order = sorted(range(len(y)), key=lambda k: (-y[k], k))
    drawn = [shares([x[k] for k in order[i:]])[0] for i in range(len(order))]
    return -sum(mp.log(p) for p in drawn)
