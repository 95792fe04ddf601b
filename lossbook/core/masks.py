"""Losses of whole masks."""

from dataclasses import field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .arrays import as_real_arrays, require_shape, working_dtype
from .declared import with_parameter
from .domains import UNIT_INTERVAL, class_indices
from .ignored import index_or_none, leaving_out
from .inputs import Batch, Column
from .loss import RowLoss, TargetLoss

_IGNORE_INDEX = """\
ignore_index : int, optional, keyword only
    Target of pixels to leave out of everything, such as 255 in many label images.  Whatever is
    predicted there, NaN included, has no part in the loss and has derivative 0.  A mask of which
    every pixel is ignored does not count in the mean."""


def shape_of_masks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sample shape of masks: the first axis counts them, all others are pixels."""
    return shape[:1] if len(shape) > 1 else ()


class PixelLoss(TargetLoss):
    """Base of losses of whole masks, of which some pixels may be ignored."""

    ignore_index: int | None = field(default=None, kw_only=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.__doc__ = with_parameter(cls.__doc__, "ignore_index", _IGNORE_INDEX)
        super().__init_subclass__(**kwargs)

    def __post_init__(self) -> None:
        super().__post_init__()
        ignored = index_or_none("ignore_index", self.ignore_index)
        object.__setattr__(self, "ignore_index", ignored)

    @property
    def _mark(self):
        return self.ignore_index


class MaskLoss(PixelLoss, RowLoss):
    """Base of losses of whole masks.

    The first axis counts the masks and all others are pixels; an array of one axis is one mask.
    """

    def _sample_shape(self, shape):
        return shape_of_masks(shape)


class ClassMaskLoss(PixelLoss):
    """Base of losses of images whose pixels have classes, on the last axis of the prediction.

    The first axis counts the images and the axes between are pixels; a prediction of two axes is
    one image.  Targets are the labels of the pixels.
    """

    y_pred_domain: ClassVar[Any] = UNIT_INTERVAL

    def _read(self, y_true, y_pred):
        y_true, y_pred = as_real_arrays(("y_true", "y_pred"), (y_true, y_pred))
        if y_pred.ndim < 2 or y_pred.shape[-1] < 2:
            raise ValueError(
                "y_pred must have pixels, and two classes or more on its last axis; "
                f"got shape {y_pred.shape}"
            )
        sample_shape, n_classes = shape_of_masks(y_pred.shape[:-1]), y_pred.shape[-1]
        targets = self._targets(y_true, y_pred, sample_shape)
        dtype = working_dtype(targets.dtype, y_pred.dtype)
        columns = targets, self._predictions(y_pred, sample_shape, dtype)
        batch = Batch(columns, (y_pred.shape,), sample_shape, dtype)
        return batch if self._mark is None else leaving_out(batch, self._mark, 1 / n_classes)

    def _targets(self, y_true, y_pred, sample_shape):
        """Return the column of the targets, which are labels."""
        require_shape("y_true", y_true, y_pred.shape[:-1], "one label a pixel")
        labels = class_indices(y_pred.shape[-1], self.ignore_index)
        return Column("y_true", y_true, sample_shape, np.dtype(np.intp), labels)

    def _predictions(self, y_pred, sample_shape, dtype):
        """Return the column of the predictions."""
        return Column("y_pred", y_pred, sample_shape, dtype, self.y_pred_domain)


def sum_of_pixels(terms: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of a mask's terms, in double precision."""
    return np.add.reduce(terms, axis=0, dtype=np.float64)
