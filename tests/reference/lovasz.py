"""Lovász extensions of the Jaccard loss, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import value

LOSSES = [
    lb.LovaszHinge(),
]

SCORES = (
    [[1.0, -1.0, 1.0, -1.0, -1.0], [-1.0] * 5, [1.0] * 5],
    [[0.5, 0.375, -2.25, -0.875, 1.5], [3.25, -2.0, 0.75, -4.5, -1.125], [40.5, 9.0, -7.5, 6.0, 5]],
)
INPUTS = {
    lb.LovaszHinge: SCORES,
}


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
