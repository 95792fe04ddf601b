"""Losses of whole masks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .loss import RowLoss


def shape_of_masks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sample shape of masks: the first axis counts them, all others are pixels."""
    return shape[:1] if len(shape) > 1 else ()


class MaskLoss(RowLoss):
    """Base of losses of whole masks.

    The first axis counts the masks and all others are pixels; an array of one axis is one mask.
    """

    def _sample_shape(self, shape):
        return shape_of_masks(shape)


def sum_of_pixels(terms: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of a mask's terms, in double precision."""
    return np.add.reduce(terms, axis=0, dtype=np.float64)
