"""Losses of masks and of boxes, defined anew."""

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
    lb.LovaszHinge(),
    lb.IoU(),
    lb.GIoU(),
    lb.DIoU(),
    lb.CIoU(),
]

MASKS = (
    [[1.0, 0.0, 1.0, 0.0, 0.0], [0.25, 0.5, 1.0, 0.0, 0.75], [1.0, 1.0, 1.0, 1.0, 1.0]],
    [
        [0.5, 0.25, 0.875, 0.0078125, 0.375],
        [2.0**-10, 2.0**-20, 0.125, 0.75, 0.0625],
        [1 - 2.0**-12, 2.0**-12, 1 - 2.0**-10, 2.0**-8, 2.0**-20],
    ],
)
SCORES = (
    [[1.0, -1.0, 1.0, -1.0, -1.0], [-1.0] * 5, [1.0] * 5],
    [[0.5, 0.375, -2.25, -0.875, 1.5], [3.25, -2.0, 0.75, -4.5, -1.125], [40.5, 9.0, -7.5, 6.0, 5]],
)
BOXES = (
    [[0.0, 0.0, 4.0, 2.0], [-0.5, -1.0, 2.5, 3.0]],
    [
        [1.0, 0.5, 5.0, 2.5],
        [-1.0, -2.0, 3.0, 1.75],
        [0.25, 0.125, 0.75, 1.0],
        [-2.0, -3.0, 6.0, 4.0],
        [-1.25, 0.5, 6.0, 1.0],
        [5.0, -2.5, 7.75, 1.5],
        [-4.0, 3.5, -1.0, 5.0],
        [2.0**-8, 2.0**-7, 4 + 2.0**-6, 2 - 2.0**-8],
    ],
)
INPUTS = {
    **dict.fromkeys((lb.Dice, lb.Jaccard, lb.Tversky, lb.FocalTversky), MASKS),
    lb.LovaszHinge: SCORES,
    **dict.fromkeys((lb.IoU, lb.GIoU, lb.DIoU, lb.CIoU), BOXES),
}


def intersection(t, p):
    """Return the sum of products."""
    return sum(a * b for a, b in zip(t, p, strict=True))


@value.register
def _(loss: lb.Dice, t, p):
    smooth = mp.mpf(loss.smooth)
    return 1 - (2 * intersection(t, p) + smooth) / (sum(t) + sum(p) + smooth)


@value.register
def _(loss: lb.Jaccard, t, p):
    return 1 - intersection(t, p) / (sum(t) + sum(p) - intersection(t, p))


def tversky(t, p, alpha, beta):
    """Return one minus the Tversky index."""
    true = intersection(t, p)
    false = mp.mpf(alpha) * (sum(p) - true) + mp.mpf(beta) * (sum(t) - true)
    return 1 - true / (true + false)


@value.register
def _(loss: lb.Tversky, t, p):
    return tversky(t, p, loss.alpha, loss.beta)


@value.register
def _(loss: lb.FocalTversky, t, p):
    return tversky(t, p, loss.alpha, loss.beta) ** mp.mpf(loss.gamma)


def jaccard_loss(mispredicted, positives):
    """Return the Jaccard loss of a mask of which these pixels are mispredicted."""
    union = positives | mispredicted
    return mp.mpf(len(mispredicted)) / len(union) if union else mp.mpf(0)


def lovasz_extension(errors, positives):
    """Return the Jaccard loss, extended from sets of pixels to their errors."""
    ranked = sorted(range(len(errors)), key=lambda pixel: -errors[pixel])
    losses = [jaccard_loss(set(ranked[:n]), positives) for n in range(len(errors) + 1)]
    return sum(errors[pixel] * (losses[n + 1] - losses[n]) for n, pixel in enumerate(ranked))


@value.register
def _(loss: lb.LovaszHinge, y, z):
    positives = {pixel for pixel, label in enumerate(y) if label > 0}
    hinges = [max(mp.mpf(0), 1 - a * b) for a, b in zip(y, z, strict=True)]
    return lovasz_extension(hinges, positives)


def area(box):
    """Return the area of a box, 0 where it is turned inside out."""
    return max(mp.mpf(0), box[2] - box[0]) * max(mp.mpf(0), box[3] - box[1])


def iou(t, p):
    """Return the intersection over the union, and the union."""
    common = area([max(t[0], p[0]), max(t[1], p[1]), min(t[2], p[2]), min(t[3], p[3])])
    union = area(t) + area(p) - common
    return common / union, union


def hull(t, p):
    """Return the least box around two."""
    return [min(t[0], p[0]), min(t[1], p[1]), max(t[2], p[2]), max(t[3], p[3])]


def distance(t, p):
    """Return the squared distance of the centres over the squared diagonal of the hull."""
    x1, y1, x2, y2 = hull(t, p)
    between = (t[0] + t[2] - p[0] - p[2]) ** 2 + (t[1] + t[3] - p[1] - p[3]) ** 2
    return between / 4 / ((x2 - x1) ** 2 + (y2 - y1) ** 2)


@value.register
def _(loss: lb.IoU, t, p):
    return 1 - iou(t, p)[0]


@value.register
def _(loss: lb.GIoU, t, p):
    covered, union = iou(t, p)
    return 1 - covered + (area(hull(t, p)) - union) / area(hull(t, p))


@value.register
def _(loss: lb.DIoU, t, p):
    return 1 - iou(t, p)[0] + distance(t, p)


@value.register
def _(loss: lb.CIoU, t, p):
    true, predicted = (mp.atan((box[2] - box[0]) / (box[3] - box[1])) for box in (t, p))
    v, missed = 4 / mp.pi**2 * (true - predicted) ** 2, 1 - iou(t, p)[0]
    return missed + distance(t, p) + v**2 / (missed + v)
