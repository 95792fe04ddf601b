"""Losses of scores that shall put things in order, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import plogp, sigmoid, value
from .inputs import APART

LOSSES = [
    lb.MarginRanking(),
    lb.MarginRanking(margin=0.5),
    lb.RankNet(),
    lb.BPR(),
    lb.ListNet(),
    lb.ListMLE(),
    lb.LambdaRank(),
    lb.LambdaRank(truncation=2),
    lb.ApproxNDCG(temperature=1.0),
    lb.ApproxNDCG(temperature=0.375),
]

PAIRS = [[0.75, 0.125], [-30.25, 2.5], [90.0, -4.0], [-1.5, 0.0], [2.0, 2.25]]
LISTS = [
    [0.0, 0.0, 0.0],
    [1.5, -0.75, 0.25],
    [2.0, 2.0, -1.0],
    [-5.0, 4.5, 30.25],
    [0.0, 90.0, 1.0],
]
RELEVANCES = [[0.0, 0.0, 0.0], [2.0, 0.0, 1.0], [0.5, 3.0, 0.5], [0.0, 0.0, 40.0]]
INPUTS = {
    lb.MarginRanking: ([-1.0, 1.0], PAIRS),
    lb.RankNet: ([0.0, 0.3125, 0.5, 1.0], PAIRS),
    lb.BPR: ([0.0], PAIRS),
    lb.ListNet: ([[0.5, 0.0, 0.0], [2.0, -1.0, 0.5], [90.0, 0.0, 1.0]], LISTS),
    lb.ListMLE: ([[0.0, 0.0, 0.0], [2.0, -1.0, 0.5], [1.0, 1.0, 3.0], [-4.0, 0.0, 0.0]], LISTS),
    lb.LambdaRank: (RELEVANCES, APART),
    lb.ApproxNDCG: (RELEVANCES, LISTS),
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


def discount(rank):
    """Return how much an item counts at a rank, counted from 1."""
    return 1 / mp.log(1 + rank, 2)


def ideal(gains, n_places):
    """Return the discounted cumulative gain of the best order."""
    best = sorted(gains, reverse=True)[:n_places]
    return sum(gain * discount(place) for place, gain in enumerate(best, 1))


@value.register
def _(loss: lb.LambdaRank, y, x):
    gains = [2**relevance - 1 for relevance in y]
    order = sorted(range(len(x)), key=lambda k: -x[k])

    def ndcg(order):
        top = order[: loss.truncation]
        return sum(gains[k] * discount(place) for place, k in enumerate(top, 1)) / best

    best, total = ideal(gains, loss.truncation), mp.mpf(0)
    for i in range(len(y)):
        for j in range(len(y)):
            if y[i] > y[j]:
                swapped = [{i: j, j: i}.get(k, k) for k in order]
                total -= abs(ndcg(swapped) - ndcg(order)) * mp.log(sigmoid(x[i] - x[j]))
    return total


@value.register
def _(loss: lb.ApproxNDCG, y, x):
    gains = [2**relevance - 1 for relevance in y]
    if not any(gains):
        return mp.mpf(0)
    dcg = mp.mpf(0)
    for i, gain in enumerate(gains):
        others = [x[j] for j in range(len(x)) if j != i]
        dcg += gain * discount(1 + sum(sigmoid((z - x[i]) / loss.temperature) for z in others))
    return 1 - dcg / ideal(gains, len(gains))
