"""Entries of a sample that its target marks as ignored."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .domains import ClassIndices, OrIgnored
from .inputs import Batch
from .parameters import whole_number


def leaving_out(batch: Batch, mark: float, filler: float = 0.0) -> Batch:
    """Return a batch in which targets may hold a mark, and whatever is predicted there is dropped.

    A sample counts in the mean as long as one of its entries does.

    Parameters
    ----------
    batch : Batch
        Its first column holds the targets, its second the predictions: one or more for each of
        the targets.
    mark : float
        The target of entries that are ignored.
    filler : float, default 0.0
        What stands there in place of the predictions.
    """
    targets, predictions = batch.columns
    if targets.domain is not None and not isinstance(targets.domain, ClassIndices | OrIgnored):
        targets.domain = OrIgnored(targets.domain, mark)
    predictions.rows = _Kept(predictions.rows, targets.rows, mark, filler)
    batch.mass = lambda y_true: np.logical_or.reduce(y_true != mark, axis=0)
    return batch


class _Kept:
    """Rows of predictions, with a filler where the target has a mark."""

    def __init__(self, rows, targets, mark, filler):
        self.rows, self.targets, self.mark, self.filler = rows, targets, mark, filler

    def __getitem__(self, block):
        rows, ignored = self.rows[block], self.targets[block] == self.mark
        if ignored.ndim < rows.ndim:
            ignored = ignored[..., None]
        elif rows.shape != ignored.shape:
            ignored = np.repeat(ignored, rows.shape[-1] // ignored.shape[-1], axis=-1)
        return np.where(ignored, rows.dtype.type(self.filler), rows)


def index_or_none(name: str, given: Any) -> int | None:
    """Return an index that may be negative as an int, or None where there is none."""
    return None if given is None else whole_number(name, given)


def kept_of(y_true: NDArray[Any], mark: Any, *terms: NDArray[Any]) -> Any:
    """Return terms, which become 0 where the target has a mark."""
    if mark is None:
        return terms
    kept = y_true != mark
    return tuple(np.where(kept, each, 0) for each in terms)
