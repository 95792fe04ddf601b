"""Losses of whole masks."""

from dataclasses import dataclass

import numpy as np

from .loss import RowLoss


def shape_of_masks(shape):
    """Return the sample shape of masks: the first axis counts them, all others are pixels."""
    return shape[:1] if len(shape) > 1 else ()


@dataclass(frozen=True, repr=False)
class MaskLoss(RowLoss):
    """Base of losses of whole masks.

    The first axis counts the masks and all others are pixels; an array of one axis is one mask.
    """

    def _sample_shape(self, shape):
        return shape_of_masks(shape)


def sum_of_pixels(terms):
    """Return the sum of a mask's terms, in double precision."""
    return np.add.reduce(terms, axis=0, dtype=np.float64)
