"""Losses of whole masks, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import value

LOSSES = [
    lb.Dice(),
    lb.Dice(smooth=1.0),
    lb.Jaccard(),
    lb.Tversky(),
    lb.Tversky(alpha=0.25, beta=2.0),
    lb.FocalTversky(),
    lb.FocalTversky(alpha=0.5, beta=1.5, gamma=2.0),
    lb.MulticlassOverlap(),
    lb.MulticlassOverlap(lb.Jaccard(), class_weight=(1, 3)),
    lb.MulticlassOverlap(lb.FocalTversky(gamma=2.0)),
]

MASKS = (
    [[1.0, 0.0, 1.0, 0.0, 0.0], [0.25, 0.5, 1.0, 0.0, 0.75], [1.0, 1.0, 1.0, 1.0, 1.0]],
    [
        [0.5, 0.25, 0.875, 0.0078125, 0.375],
        [2.0**-10, 2.0**-20, 0.125, 0.75, 0.0625],
        [1 - 2.0**-12, 2.0**-12, 1 - 2.0**-10, 2.0**-8, 2.0**-20],
    ],
)
OF_CLASSES = (
    [[1.0, 0.0, 0.0, 1.0], [0.25, 0.5, 1.0, 0.75], [1.0, 1.0, 0.0, 0.0]],
    [[0.5, 0.25, 0.875, 0.0078125], [2.0**-10, 0.125, 0.75, 2.0**-20]],
)
INPUTS = {
    lb.MulticlassOverlap: OF_CLASSES,
    **dict.fromkeys((lb.Dice, lb.Jaccard, lb.Tversky, lb.FocalTversky), MASKS),
}


def intersection(t, p):
    """Return the sum of products."""
    return sum(a * b for a, b in zip(t, p, strict=True))


def tversky(t, p, alpha, beta):
    """Return one minus the Tversky index."""
    true = intersection(t, p)
    false = mp.mpf(alpha) * (sum(p) - true) + mp.mpf(beta) * (sum(t) - true)
    return 1 - true / (true + false)


@value.register
def _(loss: lb.Dice, t, p):
    smooth = mp.mpf(loss.smooth)
    return 1 - (2 * intersection(t, p) + smooth) / (sum(t) + sum(p) + smooth)


@value.register
def _(loss: lb.Jaccard, t, p):
    return 1 - intersection(t, p) / (sum(t) + sum(p) - intersection(t, p))


@value.register
def _(loss: lb.Tversky, t, p):
    return tversky(t, p, loss.alpha, loss.beta)


@value.register
def _(loss: lb.FocalTversky, t, p):
    return tversky(t, p, loss.alpha, loss.beta) ** mp.mpf(loss.gamma)


@value.register
def _(loss: lb.MulticlassOverlap, t, p):
    weight = loss.class_weight or (1, 1)
    size = len(t) // len(weight)
    masks = [slice(k * size, (k + 1) * size) for k in range(len(weight))]
    each = [value(loss.loss, t[of_class], p[of_class]) for of_class in masks]
    return sum(mp.mpf(w) * v for w, v in zip(weight, each, strict=True)) / sum(weight)
