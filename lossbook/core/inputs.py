"""Turn what callers pass into arrays that are read block by block, or refuse it clearly."""

from functools import lru_cache
from math import prod

import numpy as np

from .domains import NON_NEGATIVE
from .streaming import BLOCK_BYTES, stream, total

_CLASS_MAJOR_UP_TO = 256
"""Classes up to which a block is transposed, so that NumPy's loops run along the samples."""


def as_real_array(name, values):
    """Return `values` as an array of real numbers, not copied where it is one already."""
    if type(values) is not np.ndarray:
        if isinstance(values, np.ma.MaskedArray):
            raise TypeError(
                f"{name} is a masked array, whose mask would be lost; "
                "give masked samples the sample_weight 0 instead"
            )
        try:
            values = np.asarray(values)
        except ValueError as error:
            raise ValueError(f"{name} must be a regular array of numbers: {error}") from None
    if values.dtype.kind not in "fiub" or values.dtype.itemsize > 8:
        raise TypeError(
            f"{name} must hold real numbers of at most 64 bits; got dtype {values.dtype}"
        )
    if values.size == 0:
        raise ValueError(f"{name} must not be empty; got shape {values.shape}")
    return values


def require_shape(name, array, shape, why):
    """Raise unless `array` has `shape`; nothing is ever broadcast."""
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, {why}; got {array.shape}")


@lru_cache(maxsize=64)
def working_dtype(true_dtype, pred_dtype):
    """Return the dtype that a loss is computed in.

    Floats are promoted together, half precision to single.  Integer targets follow floating
    predictions; integer predictions become double.
    """
    if pred_dtype.kind != "f":
        return np.dtype(np.float64)
    floats = [dtype for dtype in (true_dtype, pred_dtype) if dtype.kind == "f"]
    return np.result_type(np.float32, *floats)


class _FlatRows:
    """Rows of an array that has no flat view: each block read is copied."""

    def __init__(self, array, width):
        self.flat, self.width = array.flat, width

    def __getitem__(self, block):
        flat = self.flat[block.start * self.width : block.stop * self.width]
        return flat.reshape(-1, self.width)


def samples_first(array, sample_shape):
    """Return `array` with its sample axes made one, and the axes of a sample's entries, if any.

    The result is read by slices; nothing is copied whole.
    """
    entries = array.shape[len(sample_shape) :]
    if len(sample_shape) == 1 and len(entries) < 2:
        return array
    width = prod(entries)
    if array.flags.c_contiguous:
        return array.reshape(-1, width) if entries else array.reshape(-1)
    return _FlatRows(array, width) if entries else array.flat


class Column:
    """One checked input of a call, read in blocks.

    Parameters
    ----------
    name : str
        The argument's name, for errors.
    array : ndarray
        The input, sample axes first.
    sample_shape : tuple of int
        The shape of its sample axes.
    dtype : dtype
        What blocks are converted to.
    domain : domain or None
        What blocks are checked against as they are read.
    """

    __slots__ = ("array", "domain", "dtype", "name", "rows", "sample_shape")

    def __init__(self, name, array, sample_shape, dtype, domain):
        self.name, self.array, self.sample_shape = name, array, sample_shape
        self.dtype, self.domain = dtype, domain
        self.rows = samples_first(array, sample_shape)

    def block(self, start, stop):
        """Return the samples from `start` to `stop`, on the last axis."""
        block = self.rows[start:stop].T
        if block.ndim > 1 and block.shape[0] <= _CLASS_MAJOR_UP_TO:
            block = np.ascontiguousarray(block)
        if self.domain is not None and not self.domain.holds(block):
            raise self._outside(block, start)
        return block if block.dtype == self.dtype else block.astype(self.dtype)

    def _outside(self, block, start):
        valid = self.domain.contains(block)
        position = np.unravel_index(np.argmin(valid.T), valid.T.shape)
        sample, entry = position[0], position[1:]
        culprit = block.T[sample][entry]
        entries = self.array.shape[len(self.sample_shape) :]
        index = np.unravel_index(start + sample, self.sample_shape)
        if entry:
            index = (*index, *np.unravel_index(entry[0], entries))
        where = f" at index {', '.join(map(str, index))}" if index else ""
        return ValueError(f"{self.name} must be {self.domain}; got {culprit}{where}")


class Weights(Column):
    """The sample weights of a call, in double precision, and their sum."""

    __slots__ = ("total",)

    def __init__(self, sample_weight, sample_shape):
        weight = as_real_array("sample_weight", sample_weight)
        require_shape("sample_weight", weight, sample_shape, "one weight a sample")
        double = np.dtype(np.float64)
        super().__init__("sample_weight", weight, sample_shape, double, NON_NEGATIVE)
        self.total = total(stream(self._sum, weight.size, BLOCK_BYTES // double.itemsize))
        if self.total == 0:
            raise ValueError("sample_weight must not be zero for every sample")
        if self.total == np.inf:
            raise ValueError("sample_weight must have a finite sum; got inf")

    def _sum(self, start, stop):
        return np.add.reduce(self.block(start, stop))


class Batch:
    """The checked inputs of one call.

    Parameters
    ----------
    columns : sequence of Column
        The inputs, the predictions last.
    shapes : tuple of tuple of int
        The shape of each prediction and its derivatives.
    sample_shape : tuple of int
        The shape of the samples: the first axes of every prediction.
    dtype : dtype
        What is computed in, and returned.
    """

    __slots__ = ("block_size", "columns", "dtype", "n_samples", "sample_shape", "shapes")

    def __init__(self, columns, shapes, sample_shape, dtype):
        self.columns, self.dtype = columns, dtype
        self.shapes, self.sample_shape = shapes, sample_shape
        self.n_samples = prod(sample_shape)
        values_per_sample = prod(shapes[0][len(sample_shape) :])
        self.block_size = max(1, BLOCK_BYTES // (dtype.itemsize * values_per_sample))

    def blocks(self, start, stop):
        """Return each input's block of samples."""
        return [column.block(start, stop) for column in self.columns]

    def results(self, parts, reduction):
        """Return new arrays for each part, or None for a value that will be a single number."""
        return [
            None
            if part == "value" and reduction != "none"
            else tuple(np.empty(shape, self.dtype) for shape in self._shapes_of(part))
            for part in parts
        ]

    def _shapes_of(self, part):
        return (self.sample_shape,) if part == "value" else self.shapes

    def _names_of(self, part):
        if part == "value" or len(self.shapes) == 1:
            return (part,)
        return [f"{part} by {column.name}" for column in self.columns[-len(self.shapes) :]]

    def results_in(self, out, parts, reduction, weights):
        """Return the caller's arrays for the results, checked, as `results` does new ones."""
        wanted = [part for part in parts if part != "value" or reduction == "none"]
        places = [
            (name, shape, self.dtype)
            for part in wanted
            for name, shape in zip(self._names_of(part), self._shapes_of(part), strict=True)
        ]
        taken = [column.array for column in (*self.columns, weights) if column is not None]
        arrays = iter(checked_out(out, places, taken, reduction))
        return [
            tuple(next(arrays) for _ in self._shapes_of(part)) if part in wanted else None
            for part in parts
        ]


def checked_out(out, places, taken, reduction):
    """Return the caller's arrays for results as a tuple, or refuse them.

    Parameters
    ----------
    out : ndarray or tuple of ndarray
        What the caller gave.
    places : list of (str, tuple of int, dtype)
        The name, shape and dtype of each result that is an array.
    taken : list of ndarray
        Arrays that they must not share memory with.
    reduction : str
        The reduction, for an error where no array is expected.
    """
    given = out if isinstance(out, tuple) else (out,)
    if len(given) != len(places):
        expected = " and ".join(name for name, _, _ in places)
        expected = expected or f"nothing, with reduction={reduction!r}"
        raise ValueError(f"out must be an array for: {expected}; got {len(given)} of them")
    taken = list(taken)
    for (name, shape, dtype), array in zip(places, given, strict=True):
        if not isinstance(array, np.ndarray):
            raise TypeError(f"out for the {name} must be an array; got {type(array).__name__}")
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(
                f"out for the {name} must be {dtype} of shape {shape}; "
                f"got {array.dtype} of shape {array.shape}"
            )
        if not array.flags.writeable or not (array.ndim == 1 or array.flags.c_contiguous):
            raise ValueError(f"out for the {name} must be writable and C-contiguous")
        if any(_may_overlap(array, other) for other in taken):
            raise ValueError(f"out for the {name} must not share memory with another argument")
        taken.append(array)
    return given


def _may_overlap(first, second):
    try:
        return np.shares_memory(first, second, max_work=10_000)
    except np.exceptions.TooHardError:
        return True
