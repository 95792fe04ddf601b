"""The losses once more: one sample at a time, in many digits, straight from their definitions.

Derivatives are numerical ones of the value, so no formula of the package is repeated.
"""

from dataclasses import dataclass
from functools import cache, singledispatch

import numpy as np
from mpmath import mp

import lossbook as lb

LOSSES = [
    lb.SquaredError(),
    lb.HalfSquaredError(),
    lb.AbsoluteError(),
    lb.Huber(),
    lb.Huber(delta=0.1),
    lb.Huber(delta=7.5),
    lb.SmoothL1(),
    lb.SmoothL1(beta=0.3),
    lb.SmoothL1(beta=7.5),
    lb.PseudoHuber(),
    lb.PseudoHuber(delta=0.3),
    lb.LogCosh(),
    lb.Pinball(),
    lb.Pinball(quantile=0.9),
    lb.SmoothPinball(),
    lb.SmoothPinball(quantile=0.8, width=1.5),
    lb.Expectile(),
    lb.Expectile(level=0.9),
    lb.EpsilonInsensitive(),
    lb.EpsilonInsensitive(epsilon=0.0),
    lb.EpsilonInsensitive(epsilon=1.5),
    lb.SquaredEpsilonInsensitive(),
    lb.SquaredEpsilonInsensitive(epsilon=0.0),
    lb.SquaredEpsilonInsensitive(epsilon=1.5),
    lb.SquaredLogError(),
    lb.AbsolutePercentageError(),
    lb.Fair(),
    lb.Fair(scale=2.5),
    lb.Cauchy(),
    lb.Cauchy(scale=2.5),
    lb.GemanMcClure(),
    lb.GemanMcClure(scale=2.5),
    lb.Welsch(),
    lb.Welsch(scale=7.5),
    lb.Tukey(),
    lb.Tukey(scale=1.0),
    lb.GeneralRobust(),
    lb.GeneralRobust(alpha=1.5, scale=0.5),
    lb.GeneralRobust(alpha=2.0, scale=2.0),
    lb.GeneralRobust(alpha=4.0, scale=7.5),
    lb.GeneralRobust(alpha=0.5),
    lb.GeneralRobust(alpha=0.0),
    lb.GeneralRobust(alpha=-2.0),
    lb.GeneralRobust(alpha=-np.inf, scale=7.5),
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
    lb.CategoricalCrossEntropy(),
    lb.SoftmaxCrossEntropy(),
    lb.SoftmaxCrossEntropy(label_smoothing=0.1),
    lb.SoftmaxCrossEntropy(class_weight=(1, 0.5, 3)),
    lb.SoftmaxCrossEntropy(class_weight=(2, 2, 2)),
    lb.SoftmaxCrossEntropy(class_weight=(1, 0.5, 3), label_smoothing=0.05, ignore_index=-7),
]
POINTWISE = [loss for loss in LOSSES if not hasattr(loss, "_label_domain")]
OVER_CLASSES = [loss for loss in LOSSES if hasattr(loss, "_label_domain")]

DIGITS = 400
"""Enough for 1 - exp(-700), twice differentiated."""


@singledispatch
def value(loss, y, x):
    """Return the loss of one sample as an mpmath number."""
    raise NotImplementedError


def plogp(weight, probability):
    """Return weight * log(probability), with 0 log 0 = 0."""
    return weight * mp.log(probability) if weight else mp.mpf(0)


def sigmoid(z):
    """Return the logistic function."""
    return 1 / (1 + mp.exp(-z))


@value.register
def _(loss: lb.SquaredError, y, x):
    return (y - x) ** 2


@value.register
def _(loss: lb.HalfSquaredError, y, x):
    return (y - x) ** 2 / 2


@value.register
def _(loss: lb.AbsoluteError, y, x):
    return abs(y - x)


@value.register
def _(loss: lb.Huber, y, x):
    delta, distance = mp.mpf(loss.delta), abs(y - x)
    return distance**2 / 2 if distance <= delta else delta * distance - delta**2 / 2


@value.register
def _(loss: lb.SmoothL1, y, x):
    beta, distance = mp.mpf(loss.beta), abs(y - x)
    return distance**2 / (2 * beta) if distance <= beta else distance - beta / 2


@value.register
def _(loss: lb.PseudoHuber, y, x):
    delta = mp.mpf(loss.delta)
    return delta**2 * (mp.sqrt(1 + ((x - y) / delta) ** 2) - 1)


@value.register
def _(loss: lb.LogCosh, y, x):
    return mp.log(mp.cosh(x - y))


@value.register
def _(loss: lb.Pinball, y, x):
    q = mp.mpf(loss.quantile)
    return max(q * (y - x), (1 - q) * (x - y))


@value.register
def _(loss: lb.SmoothPinball, y, x):
    q, width = mp.mpf(loss.quantile), mp.mpf(loss.width)
    return q * (y - x) + width * mp.log(1 + mp.exp((x - y) / width))


@value.register
def _(loss: lb.Expectile, y, x):
    level = mp.mpf(loss.level)
    return (level if y > x else 1 - level) * (y - x) ** 2


@value.register
def _(loss: lb.EpsilonInsensitive, y, x):
    return max(mp.mpf(0), abs(y - x) - mp.mpf(loss.epsilon))


@value.register
def _(loss: lb.SquaredEpsilonInsensitive, y, x):
    return max(mp.mpf(0), abs(y - x) - mp.mpf(loss.epsilon)) ** 2


@value.register
def _(loss: lb.SquaredLogError, y, x):
    return (mp.log(1 + y) - mp.log(1 + x)) ** 2


@value.register
def _(loss: lb.AbsolutePercentageError, y, x):
    return abs((y - x) / y)


@value.register
def _(loss: lb.Fair, y, x):
    c = mp.mpf(loss.scale)
    return c**2 * (abs(y - x) / c - mp.log(1 + abs(y - x) / c))


@value.register
def _(loss: lb.Cauchy, y, x):
    c = mp.mpf(loss.scale)
    return c**2 / 2 * mp.log(1 + ((y - x) / c) ** 2)


@value.register
def _(loss: lb.GemanMcClure, y, x):
    return (y - x) ** 2 / (1 + ((y - x) / mp.mpf(loss.scale)) ** 2) / 2


@value.register
def _(loss: lb.Welsch, y, x):
    c = mp.mpf(loss.scale)
    return c**2 / 2 * (1 - mp.exp(-(((y - x) / c) ** 2)))


@value.register
def _(loss: lb.Tukey, y, x):
    c = mp.mpf(loss.scale)
    return c**2 / 6 * (1 - max(mp.mpf(0), 1 - ((y - x) / c) ** 2) ** 3)


@value.register
def _(loss: lb.GeneralRobust, y, x):
    alpha, square = mp.mpf(loss.alpha), ((y - x) / mp.mpf(loss.scale)) ** 2
    if alpha == 2:
        return square / 2
    if alpha == 0:
        return mp.log(1 + square / 2)
    if alpha == -mp.inf:
        return 1 - mp.exp(-square / 2)
    return abs(alpha - 2) / alpha * ((square / abs(alpha - 2) + 1) ** (alpha / 2) - 1)


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


@dataclass(frozen=True)
class Table:
    """Samples, and what the reference says of them."""

    y_true: np.ndarray
    y_pred: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray


# All inputs are short binary fractions, exact in single precision too; none is at a kink.
RESIDUAL = [-1.375, 0.0, 0.3125], [-20.125, -1.75, -0.5625, 0.03125, 0.875, 1.125, 2.875, 40.75]
SCORES = [-90.0, -40.25, -3.125, -0.1875, 0.0, 0.75, 2.375, 33.5, 90.0]
INPUTS = {
    # Not as far as 40: exp(-r/w) multiplies the rounding of r/w by r/w.
    lb.SmoothPinball: (RESIDUAL[0], [-20.125, -1.75, -0.5625, 0.03125, 0.875, 1.125, 2.875, 8.5]),
    lb.SquaredLogError: (
        [-0.9375, 0.0, 3.5, 79.25],
        [-1 + 2.0**-20, -0.5, 2.0**-10, 0.875, 3.515625, 75.0, 4e6],
    ),
    lb.AbsolutePercentageError: ([-40.5, -0.0078125, 0.375, 3.0], [-20.125, 0.0, 0.03125, 40.75]),
    lb.BinaryCrossEntropy: ([0.0, 0.25, 1.0], [2.0**-20, 2.0**-8, 0.25, 0.5, 0.8125, 1 - 2.0**-9]),
    lb.SigmoidCrossEntropy: ([0.0, 0.3125, 0.5, 1.0], SCORES),
    lb.SigmoidFocal: ([0.0, 1.0], SCORES),
    lb.Hinge: ([-1.0, 1.0], [-30.25, -1.375, -0.4375, 0.0, 0.625, 0.984375, 1.03125, 4.5]),
    lb.CategoricalCrossEntropy: (
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.5, 0.25], [0.0, 0.875, 0.125]],
        [[0.25, 0.25, 0.5], [0.0078125, 0.984375, 0.0078125], [0.625, 0.125, 0.25]],
    ),
    lb.SoftmaxCrossEntropy: (
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.5, 0.25]],
        [[0.0, 0.0, 0.0], [1.5, -0.75, 0.25], [2.0, 2.0, -1.0], [-5.0, 4.5, 30.25], [0, 90.0, 1]],
    ),
}
INPUTS[lb.SquaredHinge] = INPUTS[lb.Hinge]


@cache
def table(loss):
    """Return every pair of the loss's inputs with its value and derivatives."""
    labels, predictions = INPUTS.get(type(loss), RESIDUAL)
    pairs = [(y, x) for y in labels for x in predictions]
    with mp.workdps(DIGITS):
        values = [value(loss, exact(y), exact(x)) for y, x in pairs]
        slopes, bends = ([derivative(loss, y, x, order) for y, x in pairs] for order in (1, 2))
        columns = (np.array(c, float) for c in (*zip(*pairs, strict=True), values, slopes, bends))
    return Table(*columns)


def exact(number):
    """Return a number or the numbers of a list in many digits."""
    return list(map(mp.mpf, number)) if isinstance(number, list) else mp.mpf(number)


def derivative(loss, y, x, order):
    """Return the derivative with respect to the prediction, for a list in each coordinate."""
    y, x = exact(y), exact(x)
    if not isinstance(x, list):
        return mp.diff(lambda u: value(loss, y, u), x, order)
    return [
        mp.diff(lambda u, k=k: value(loss, y, [*x[:k], u, *x[k + 1 :]]), x[k], order)
        for k in range(len(x))
    ]
