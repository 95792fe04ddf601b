"""Losses for two classes, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import plogp, sigmoid, value

LOSSES = [
    lb.BinaryCrossEntropy(),
    lb.BinaryCrossEntropy(eps=0.01),
    lb.BinaryCrossEntropy(eps=1e-7),
    lb.SigmoidCrossEntropy(),
    lb.SigmoidCrossEntropy(pos_weight=3.0),
    lb.SigmoidCrossEntropy(label_smoothing=0.2),
    lb.SigmoidCrossEntropy(pos_weight=0.5, label_smoothing=0.1),
    lb.SigmoidFocal(),
    lb.SigmoidFocal(gamma=0.0),
    lb.SigmoidFocal(gamma=0.5, alpha=0.25),
    lb.SigmoidFocal(gamma=3.0, alpha=0.75),
    lb.Hinge(),
    lb.SquaredHinge(),
    lb.LogisticMargin(),
    lb.ModifiedHuber(),
    lb.Perceptron(),
    lb.Exponential(),
    lb.Brier(),
]

SCORES = [-90.0, -40.25, -3.125, -0.1875, 0.0, 0.75, 2.375, 33.5, 90.0]
MARGINS = ([-1.0, 1.0], [-30.25, -1.375, -0.4375, 0.0, 0.625, 0.984375, 1.03125, 4.5])
INPUTS = {
    lb.BinaryCrossEntropy: ([0.0, 0.25, 1.0], [2.0**-20, 2.0**-8, 0.25, 0.5, 0.8125, 1 - 2.0**-9]),
    lb.SigmoidCrossEntropy: ([0.0, 0.3125, 0.5, 1.0], SCORES),
    lb.SigmoidFocal: ([0.0, 1.0], SCORES),
    lb.Hinge: MARGINS,
    lb.SquaredHinge: MARGINS,
    lb.LogisticMargin: ([-1.0, 1.0], SCORES),
    lb.ModifiedHuber: ([-1.0, 1.0], [-30.25, -1.03125, -0.984375, 0.0, 0.625, 0.984375, 4.5]),
    lb.Perceptron: ([-1.0, 1.0], [-30.25, -1.375, -0.03125, 0.03125, 0.625, 4.5]),
    lb.Exponential: ([-1.0, 1.0], [-80.25, -3.125, -0.1875, 0.0, 0.75, 33.5, 80.25]),
    lb.Brier: ([0.0, 0.3125, 1.0], [0.0, 2.0**-20, 0.3125, 0.5, 0.8125, 1.0]),
}


@value.register
def _(loss: lb.BinaryCrossEntropy, y, x):
    p = min(max(x, mp.mpf(loss.eps)), 1 - mp.mpf(loss.eps))
    return -plogp(y, p) - plogp(1 - y, 1 - p)


@value.register
def _(loss: lb.SigmoidCrossEntropy, y, x):
    smoothing = mp.mpf(loss.label_smoothing)
    y = (1 - smoothing) * y + smoothing / 2
    return -plogp(mp.mpf(loss.pos_weight) * y, sigmoid(x)) - plogp(1 - y, sigmoid(-x))


@value.register
def _(loss: lb.SigmoidFocal, y, x):
    p = sigmoid(x) if y == 1 else sigmoid(-x)
    weight = mp.mpf(1)
    if loss.alpha is not None:
        weight = mp.mpf(loss.alpha) if y == 1 else 1 - mp.mpf(loss.alpha)
    return -weight * (1 - p) ** mp.mpf(loss.gamma) * mp.log(p)


@value.register
def _(loss: lb.Hinge, y, x):
    return max(mp.mpf(0), 1 - y * x)


@value.register
def _(loss: lb.SquaredHinge, y, x):
    return max(mp.mpf(0), 1 - y * x) ** 2


@value.register
def _(loss: lb.LogisticMargin, y, x):
    return mp.log(1 + mp.exp(-y * x))


@value.register
def _(loss: lb.ModifiedHuber, y, x):
    return max(mp.mpf(0), 1 - y * x) ** 2 if y * x >= -1 else -4 * y * x


@value.register
def _(loss: lb.Perceptron, y, x):
    return max(mp.mpf(0), -y * x)


@value.register
def _(loss: lb.Exponential, y, x):
    return mp.exp(-y * x)


@value.register
def _(loss: lb.Brier, y, x):
    return (y - x) ** 2
