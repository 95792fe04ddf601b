"""Losses of whole masks."""

from dataclasses import field
from math import prod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .arrays import as_real_arrays, require_shape, working_dtype
from .declared import with_parameter
from .domains import UNIT_INTERVAL, class_indices
from .ignored import index_or_none, leaving_out
from .inputs import Batch, Column
from .loss import RowLoss, TargetLoss
from .streaming import BLOCK_BYTES, stream

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


def in_pieces(loss: Any, batch: Batch, pixel_shape: Any, overlap: Any, *ahead: Any) -> Batch:
    """Return a batch whose masks are read in pieces, if one of them is larger than a block.

    The loss depends on sums over the pixels alone: ``_sides`` of the loss says of what,
    ``_sums`` of the overlap adds it up, and ``_of_sums`` returns what the formulas share beside
    the sides.

    Parameters
    ----------
    loss : Loss
        The loss.
    batch : Batch
        Its masks, and what is predicted.
    pixel_shape : tuple of int
        The shape of the pixels of all masks.
    overlap : Loss
        The loss of one mask.
    *ahead
        What the formulas of `loss` take before what those of `overlap` take.
    """
    if prod(batch.shapes[0]) // batch.n_samples * batch.dtype.itemsize <= BLOCK_BYTES:
        return batch
    return _InPieces(loss, batch, pixel_shape, overlap, ahead)


class _InPieces(Batch):
    """Masks that are read and computed one after another, each of them in pieces."""

    __slots__ = "ahead", "loss", "n_pixels", "overlap", "pixels"

    def __init__(self, loss, batch, pixel_shape, overlap, ahead):
        super().__init__(batch.columns, batch.shapes, batch.sample_shape, batch.dtype, batch.mass)
        self.loss, self.overlap, self.ahead = loss, overlap, ahead
        columns = [
            Column(each.name, each.array, pixel_shape, each.dtype, each.domain)
            for each in batch.columns[:2]
        ]
        self.pixels = Batch(columns, batch.shapes, pixel_shape, batch.dtype)
        self.n_pixels = prod(pixel_shape) // self.n_samples
        if loss._mark is not None:
            leaving_out(self.pixels, loss._mark)
        self.compute = self._compute

    def _stream(self, work, mask):
        """Return what `work` makes of the targets and predictions of each piece of a mask."""

        def of_piece(first, last):
            at = mask * self.n_pixels
            y, p = (each.T[..., None] for each in self.pixels.blocks(at + first, at + last))
            return work(first, last, y, p)

        return stream(of_piece, self.n_pixels, self.pixels.block_size)

    def masses(self, start, stop):
        """Return which masks have a pixel that is not ignored."""

        def counts(first, last, y, p):
            return np.any(y != self.loss._mark)

        masks = range(start, stop)
        return np.array([self._weight(k) > 0 and any(self._stream(counts, k)) for k in masks])

    def blocks(self, start, stop):
        """Check masks, of which nothing is kept."""
        for mask in range(start, stop):
            if self._weight(mask) > 0:
                self._stream(lambda first, last, y, p: None, mask)
        return []

    def _weight(self, mask):
        weights = self.columns[0].weights
        return 1.0 if weights is None else weights.block(mask, mask + 1).item()

    def _compute(self, loss, parts, columns, weights, divisor, targets, start, stop):
        """Compute masks one after another, as `numpy_block` does a block."""
        return sum(self._compute_mask(parts, divisor, targets, mask) for mask in range(start, stop))

    def _compute_mask(self, parts, divisor, targets, mask):
        weight = self._weight(mask)
        written = {part: targets[part][0][mask] for part in parts if len(targets[part])}
        if weight == 0:  # whatever it holds
            for part in written:
                targets[part][0][mask] = 0
            return 0.0

        def sums(first, last, y, p):
            return self.overlap._sums(*self.loss._sides(y, p), p)

        def write(first, last, y, p):
            sides, width = self.loss._sides(y, p), p.size // (last - first)
            for part, array in written.items():
                if part != "value":
                    terms = parts[part](*self.ahead, *sides, *shared)
                    array[first * width : last * width] = terms[:, 0] * (weight / divisor)

        shared = self.overlap._of_sums(*np.add.reduce(self._stream(sums, mask), axis=0))
        if "value" not in parts or len(parts) > 1:
            self._stream(write, mask)
        if "value" not in parts:
            return 0.0
        value = self.loss._value(*self.ahead, None, None, *shared).item()
        if "value" in written:
            targets["value"][0][mask] = value * (weight / divisor)
        return value * weight
