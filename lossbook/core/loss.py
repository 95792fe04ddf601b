"""The kinds of losses: what their samples are, and how their inputs are read."""

from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .arrays import DOUBLE, as_real_arrays, require_shape, working_dtype
from .contract import REDUCTIONS as REDUCTIONS
from .contract import Call as Call
from .contract import Loss as Loss
from .contract import Out as Out
from .contract import TargetLoss as TargetLoss
from .domains import DISTRIBUTIONS, LABELS, Domain, class_indices
from .ignored import leaving_out
from .inputs import Batch, Column, with_weight
from .parameters import parameter as parameter

ORDINAL_LINKS = "cumulative_logit", "continuation_ratio_logit"
"""Links of scores for the thresholds between classes, of which there is one less than classes."""

_INDEX = np.dtype(np.intp)
_NAMES = "y_true", "y_pred"


class PointwiseLoss(TargetLoss):
    """Base of losses in which every element of the arrays is a sample of its own."""

    _by_output: ClassVar[tuple[str, ...]] = ()
    """Parameters that may be one per output on the last axis: ``_shared`` takes their blocks."""

    def _read(self, y_true, y_pred):
        y_true, y_pred = as_real_arrays(_NAMES, (y_true, y_pred))
        shape = y_pred.shape
        if y_true.shape != shape:
            require_shape("y_pred", y_pred, y_true.shape, "that of y_true")
        dtype = working_dtype(y_true.dtype, y_pred.dtype)
        inner = DOUBLE if self._needs_double else dtype
        columns = (
            Column("y_true", y_true, shape, inner, self.y_true_domain),
            Column("y_pred", y_pred, shape, inner, self.y_pred_domain),
        )
        for name in self._by_output:
            given = getattr(self, name)
            if type(given) is tuple:
                require_one_per_output(name, given, "y_pred", shape)
                each = np.broadcast_to(np.array(given, inner), shape)
                columns = *columns, Column(name, each, shape, inner, None)
        return Batch(columns, (shape,), shape, dtype)


class RowLoss(TargetLoss):
    """Base of losses of whole rows: the last axis of target and prediction is of one sample.

    Both have the same shape.  In a block the entries of a row are on the first axis.
    """

    @property
    def _mark(self) -> Any:
        """The target of entries that are to be left out, if there are any."""
        return None

    def _sample_shape(self, shape):
        return shape[:-1]

    def _read(self, y_true, y_pred):
        y_true, y_pred = as_real_arrays(_NAMES, (y_true, y_pred))
        require_shape("y_pred", y_pred, y_true.shape, "that of y_true")
        shape, dtype = y_pred.shape, working_dtype(y_true.dtype, y_pred.dtype)
        if not shape:
            raise ValueError("y_pred must have one axis or more; got a number")
        sample_shape, inner = self._sample_shape(shape), DOUBLE if self._needs_double else dtype
        columns = (
            Column("y_true", y_true, sample_shape, inner, self.y_true_domain),
            Column("y_pred", y_pred, sample_shape, inner, self.y_pred_domain),
        )
        batch = Batch(columns, (shape,), sample_shape, dtype)
        return batch if self._mark is None else leaving_out(batch, self._mark)

    def _read_targets(self, y_true, sample_weight):
        if not y_true.shape:
            raise ValueError("y_true must have one axis or more; got a number")
        sample_shape = self._sample_shape(y_true.shape)
        column = Column("y_true", y_true, sample_shape, DOUBLE, self.y_true_domain)
        return with_weight(column, sample_weight)


class ClassLoss(TargetLoss):
    """Base of losses over classes, which are on the last axis of the prediction.

    Targets are labels, whole numbers with one axis less than the prediction, or distributions over
    the classes of the prediction's shape; only labels where `y_true_domain` is `LABELS`.  In a
    block the classes are on the first axis.
    """

    y_true_domain: ClassVar[Domain] = DISTRIBUTIONS
    # The label of samples to leave out.  An annotation that exists when the program runs would make
    # it the first parameter of the losses that have it.
    if TYPE_CHECKING:
        ignore_index: ClassVar[int | None]
    else:
        ignore_index = None

    def _read(self, y_true, y_pred):
        y_true, y_pred = as_real_arrays(_NAMES, (y_true, y_pred))
        shape, sample_shape = y_pred.shape, y_pred.shape[:-1]
        if not shape or (labels := self._label_domain(shape[-1])).n_classes < 2:
            raise ValueError(f"y_pred must have two classes or more; got shape {shape}")
        dtype = working_dtype(y_true.dtype, y_pred.dtype)
        if y_true.shape == sample_shape:
            dtype = working_dtype(_INDEX, y_pred.dtype)  # a label's own type says nothing
            inner = DOUBLE if self._needs_double else dtype
            targets = Column("y_true", y_true, sample_shape, _INDEX, labels)
        elif y_true.shape == shape and self.y_true_domain is not LABELS:
            inner = DOUBLE if self._needs_double else dtype
            targets = Column("y_true", y_true, sample_shape, inner, self.y_true_domain)
        else:
            shapes = {sample_shape: "labels", shape: "distributions"}
            if self.y_true_domain is LABELS:
                del shapes[shape]
            expected = " or ".join(f"{each} ({kind})" for each, kind in shapes.items())
            raise ValueError(
                f"y_true must have shape {expected} for y_pred of shape {shape}; got {y_true.shape}"
            )
        scores = Column("y_pred", y_pred, sample_shape, inner, self.y_pred_domain)
        return Batch((targets, scores), (shape,), sample_shape, dtype)

    def _label_domain(self, n_entries):
        """Return the domain of labels, for predictions of a number of entries."""
        return class_indices(n_entries, self.ignore_index)

    def _kept(self, y_true):
        """Return which of the labels count, or None where all do, as distributions do."""
        if self.ignore_index is None or y_true.ndim > 1:
            return None
        return y_true != self.ignore_index

    def _read_targets(self, y_true, sample_weight):
        if y_true.dtype.kind != "f" or self.y_true_domain is LABELS:
            return self._count_labels(y_true, sample_weight)
        if y_true.ndim == 0:
            raise ValueError("y_true must be labels or distributions over classes; got a number")
        sample_shape = y_true.shape[:-1]
        column = Column("y_true", y_true, sample_shape, DOUBLE, self.y_true_domain)
        return with_weight(column, sample_weight)

    def _count_labels(self, y_true, sample_weight):
        """Return each class once, and the weight of its labels."""
        column = Column("y_true", y_true, y_true.shape, _INDEX, self._label_domain(np.inf))
        labels, weight = with_weight(column, sample_weight)
        kept = self._kept(labels)
        if kept is not None:
            labels, weight = labels[kept], weight[kept]
        n_classes = self._n_classes(labels)
        column = Column("y_true", labels, labels.shape, _INDEX, self._label_domain(n_classes))
        return np.eye(n_classes), np.bincount(column.block(0, labels.size), weight, n_classes)

    def _n_classes(self, labels):
        if labels.size == 0:
            raise ValueError(f"y_true must hold a label other than {self.ignore_index}")
        return int(labels.max()) + 1


class JointLoss(Loss):
    """Base of losses of several predictions, which have one shape and each a gradient.

    A subclass says in ``_inputs`` what it is called with, ``y_true`` first where there are
    targets.  `entries` is the number of last axes that belong to one sample: 0 where every element
    is one, 1 for embeddings.  ``_gradient`` and ``_hessian`` return a tuple of blocks, one for each
    prediction, and so do the methods that callers use.
    """

    entries: ClassVar[int] = 0

    def _read(self, *inputs):
        arrays = as_real_arrays(self.inputs, inputs)
        first_prediction = int(self.inputs[0] == "y_true")
        names = self.inputs[first_prediction:]
        shape = arrays[first_prediction].shape
        for name, prediction in zip(names, arrays[first_prediction:], strict=True):
            if prediction.shape != shape:
                require_shape(name, prediction, shape, f"that of {names[0]}")
        if len(shape) < self.entries:
            raise ValueError(f"{names[0]} must have an axis for its entries; got shape {shape}")
        sample_shape = shape[: len(shape) - self.entries]
        dtype = np.result_type(*arrays[first_prediction:])
        if first_prediction:
            require_shape("y_true", arrays[0], sample_shape, "one target a sample")
            dtype = working_dtype(arrays[0].dtype, dtype)
        else:
            dtype = working_dtype(dtype, dtype)
        inner, columns, domain = DOUBLE if self._needs_double else dtype, [], self.y_pred_domain
        for name, array in zip(self.inputs, arrays, strict=True):
            of_column = self.y_true_domain if name == "y_true" else domain
            columns.append(Column(name, array, sample_shape, inner, of_column))
        return Batch(columns, (shape,) * len(names), sample_shape, dtype)


class BatchLoss(JointLoss):
    """Base of losses that compare the samples of a batch with each other.

    Predictions have shape (..., N, D): in each batch N samples, rows of D entries.  The value is
    one a sample, and weighted with it; but as every row has its part in the values of others,
    derivatives are those of the sum of all weighted values, whatever the reduction.

    In place of ``_shared`` a subclass has ``_compare``.  This takes the highest order of the
    derivatives that are wanted, the weights divided by what the reduction divides by, and the
    whole inputs, in double precision with their entries on the first axis.  ``_value`` returns
    values that are not weighted; the derivatives are those of their weighted sum.
    """

    entries = 1
    _apart = False

    def _compare(self, order, weight, *inputs):
        raise NotImplementedError

    def _read(self, *inputs):
        batch = super()._read(*inputs)
        shape = batch.shapes[0]
        if len(shape) < 2:
            name = batch.columns[-1].name
            raise ValueError(f"{name} must have an axis of samples and one of entries; got {shape}")
        for column in batch.columns:
            column.dtype = DOUBLE
        batch.block_size = batch.n_samples
        return batch

    @staticmethod
    def _block(loss, parts, columns, weights, divisor, targets, start, stop):
        """Compute the whole batch, as `numpy_block` does a block."""
        shape = columns[0].sample_shape
        weight = np.ones(stop) if weights is None else weights.block(start, stop)
        inputs = []
        for column in columns:
            block = column.block(0, prod(column.sample_shape))
            inputs.append(block.reshape(*block.shape[:-1], *column.sample_shape))
        order = max({"value": 0, "gradient": 1}.get(part, 2) for part in parts)
        shared = loss._compare(order, weight.reshape(shape) / divisor, *inputs)
        total = 0.0
        for part, function in parts.items():
            of_part, target = function(*shared), targets[part]
            if part == "value":
                values = np.where(weight > 0, of_part.reshape(stop) * weight, 0)
                of_part, total = (values,), np.add.reduce(values)
            for terms, array in zip(of_part if target else (), target, strict=True):
                flat = terms.reshape(1 if part == "value" else len(terms), -1)
                array[...] = flat.T.reshape(array.shape)
        return total


def require_one_per_output(
    name: str, given: tuple[float, ...], outputs: str, shape: tuple[int, ...]
) -> None:
    """Raise unless a parameter has one entry for each output on the last axis of a shape."""
    if shape[-1:] != (len(given),):
        raise ValueError(
            f"{outputs} must have {len(given)} outputs on its last axis, one for each entry of "
            f"{name}; got shape {shape}"
        )


def one_hot(labels: NDArray[Any], n_classes: int, dtype: Any) -> Any:
    """Return a row for each class, with a 1 where a label names it."""
    return (np.arange(n_classes)[:, None] == labels).astype(dtype)


def as_distributions(y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
    """Return a block of targets as distributions over the classes of `y_pred`."""
    return one_hot(y_true, len(y_pred), y_pred.dtype) if y_true.ndim == 1 else y_true
