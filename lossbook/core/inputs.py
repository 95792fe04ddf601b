"""Turn what callers pass into arrays that are read block by block, or refuse it clearly."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .domains import NON_NEGATIVE
from .streaming import BLOCK_BYTES, stream

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
    """Return `array` with its sample axes made one, to be read by slices and never copied whole."""
    if len(sample_shape) == 1:
        return array
    classes = array.shape[len(sample_shape) :]
    if array.flags.c_contiguous:
        return array.reshape(-1, *classes)
    return _FlatRows(array, *classes) if classes else array.flat


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

    __slots__ = ("name", "rows", "sample_shape", "dtype", "domain")

    def __init__(self, name, array, sample_shape, dtype, domain):
        self.name, self.dtype, self.domain = name, dtype, domain
        self.rows, self.sample_shape = samples_first(array, sample_shape), sample_shape

    def block(self, start, stop):
        """Return the samples from `start` to `stop`, on the last axis."""
        block = self.rows[start:stop].T
        if block.dtype != self.dtype:
            block = block.astype(self.dtype)
        if block.ndim > 1 and block.shape[0] <= _CLASS_MAJOR_UP_TO:
            block = np.ascontiguousarray(block)
        if self.domain is not None and not self.domain.holds(block):
            raise self._outside(block, start)
        return block

    def _outside(self, block, start):
        valid = self.domain.contains(block)
        position = np.unravel_index(np.argmin(valid.T), valid.T.shape)
        sample, classes = position[0], position[1:]
        culprit = block.T[sample][classes]
        index = (*np.unravel_index(start + sample, self.sample_shape), *classes)
        where = f" at index {', '.join(map(str, index))}" if index else ""
        return ValueError(f"{self.name} must be {self.domain}; got {culprit}{where}")


class Weights(Column):
    """The sample weights of a call, and their sum."""

    __slots__ = ("total",)

    def __init__(self, sample_weight, sample_shape, dtype):
        weight = as_real_array("sample_weight", sample_weight)
        require_shape("sample_weight", weight, sample_shape, "one weight a sample")
        super().__init__("sample_weight", weight, sample_shape, dtype, NON_NEGATIVE)
        block_size = BLOCK_BYTES // dtype.itemsize
        sums = stream(self._sum, weight.size, block_size)
        self.total = float(np.add.reduce(np.array(sums)))
        if self.total == 0:
            raise ValueError("sample_weight must not be zero for every sample")
        if self.total == np.inf:
            raise ValueError("sample_weight must have a finite sum; got inf")

    def _sum(self, start, stop):
        return np.add.reduce(self.block(start, stop), dtype=np.float64)


@dataclass(frozen=True)
class Batch:
    """The checked inputs of one call.

    Attributes
    ----------
    columns : tuple of Column
        The inputs, the prediction last.
    shape : tuple of int
        The shape of the prediction and its derivatives.
    sample_shape : tuple of int
        The shape of its samples: all axes, or all but the classes'.
    dtype : dtype
        What is computed in, and returned.
    """

    columns: tuple
    shape: tuple
    sample_shape: tuple
    dtype: np.dtype

    @property
    def n_samples(self):
        """How many samples there are."""
        return int(np.prod(self.sample_shape))

    @property
    def block_size(self):
        """How many samples make one block."""
        classes = self.shape[len(self.sample_shape) :]
        return max(1, BLOCK_BYTES // (self.dtype.itemsize * int(np.prod(classes))))

    def blocks(self, start, stop):
        """Return each input's block of samples."""
        return [column.block(start, stop) for column in self.columns]

    def arrays(self, names, shapes, out):
        """Return arrays for results: new ones, or the caller's `out`, checked."""
        if out is None:
            return [np.empty(shape, self.dtype) for shape in shapes]
        given = out if isinstance(out, tuple) else (out,)
        if len(given) != len(names):
            wanted = " and ".join(names) or "nothing: this call returns no array"
            raise ValueError(f"out must hold one array each for: {wanted}; got {len(given)}")
        inputs = [column.rows for column in self.columns]
        for k, (array, name, shape) in enumerate(zip(given, names, shapes, strict=True)):
            if not isinstance(array, np.ndarray):
                raise TypeError(f"out for the {name} must be an ndarray; got {type(array).__name__}")
            if array.shape != shape or array.dtype != self.dtype:
                raise ValueError(
                    f"out for the {name} must be {self.dtype} of shape {shape}; "
                    f"got {array.dtype} of shape {array.shape}"
                )
            if not array.flags.writeable or not (array.ndim == 1 or array.flags.c_contiguous):
                raise ValueError(f"out for the {name} must be writable and C-contiguous")
            if any(np.shares_memory(array, other) for other in (*inputs, *given[:k])):
                raise ValueError(f"out for the {name} must not share memory with another argument")
        return list(given)
