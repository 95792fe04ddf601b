"""Losses of bounding boxes, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import value

LOSSES = [
    lb.IoU(),
    lb.GIoU(),
    lb.DIoU(),
    lb.CIoU(),
]

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
    **dict.fromkeys((lb.IoU, lb.GIoU, lb.DIoU, lb.CIoU), BOXES),
}


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
