"""The checked inputs of a call, read block by block."""

from collections.abc import Callable, Sequence
from math import inf, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import DOUBLE, HALF, SINGLE, as_real_array, require_shape
from .arrays import working_dtype as working_dtype
from .domains import NON_NEGATIVE, Domain, extremes
from .results import checked_out as checked_out
from .streaming import BLOCK_BYTES, stream, total

_CLASS_MAJOR_UP_TO = 256
"""Classes up to which a block is transposed, so that NumPy's loops run along the samples."""

_MANY = BLOCK_BYTES // DOUBLE.itemsize
"""Weights that are read at once."""


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

    __slots__ = (
        "array",
        "domain",
        "dtype",
        "exact_up_to",
        "name",
        "rows",
        "sample_shape",
        "weights",
    )

    array: NDArray[Any]
    domain: Domain | None
    dtype: np.dtype[Any]
    exact_up_to: int | None
    name: str
    rows: Any
    sample_shape: tuple[int, ...]
    weights: Any

    def __init__(
        self,
        name: str,
        array: NDArray[Any],
        sample_shape: tuple[int, ...],
        dtype: np.dtype[Any],
        domain: Domain | None,
    ) -> None:
        self.weights = None
        self.name, self.array, self.sample_shape = name, array, sample_shape
        self.dtype, self.domain, self.exact_up_to = dtype, domain, None
        simple = len(sample_shape) == 1 and array.ndim <= 2
        self.rows = array if simple else samples_first(array, sample_shape)
        given = array.dtype
        if given is not dtype and domain is not None:
            if given.kind in "iu":
                self.exact_up_to = _largest_exact(given, dtype, domain)
            elif given == HALF and dtype.kind == "f":
                self.domain = domain.for_halves(array.shape[len(sample_shape) :])

    def block(self, start: int, stop: int) -> NDArray[Any]:
        """Return the samples from `start` to `stop`, on the last axis."""
        block, dtype = self.rows[start:stop], self.dtype
        if block.ndim > 1:
            block = block.T
            if len(block) <= _CLASS_MAJOR_UP_TO:
                block = np.ascontiguousarray(block)
        given = block.dtype
        if given is not dtype and given == HALF and dtype.kind == "f":
            block, given = block.astype(dtype), dtype
        if self.domain is not None and not self.domain.holds(block):
            block = self._present(block, start)
        if given is dtype or given == dtype:
            return block
        if self.exact_up_to is not None:
            return self._exactly(block, start)
        return block.astype(dtype)

    def _exactly(self, block, start):
        """Return a block of integers as floats that hold them: of single precision, if it can."""
        low, high = extremes(block)
        if -self.exact_up_to <= low and high <= self.exact_up_to:
            return block.astype(self.dtype)
        floats = block.astype(DOUBLE)
        exact = (floats < 2.0**63) & (floats >= -(2.0**63)) & (floats.astype(np.int64) == block)
        if exact.all():
            return floats
        raise self._error(
            block, start, exact, "integers that double precision holds exactly (up to 2**53)"
        )

    def _present(self, block, start):
        """Return a block in which only samples of weight 0 were outside of the domain.

        In their place stands a sample that counts, because formulas are for members alone.
        """
        valid = self.domain.contains(block)
        if self.weights is None:
            raise self._error(block, start, valid, self.domain)
        absent = self.weights.block(start, start + block.shape[-1]) == 0
        valid |= absent
        if not valid.all():
            raise self._error(block, start, valid, self.domain)
        k = self.weights.first
        member = self.rows[k : k + 1].T.astype(block.dtype)
        if not self.domain.holds(member):
            raise self._error(member, k, self.domain.contains(member), self.domain)
        return np.where(absent, member, block)

    def _error(self, block, start, valid, expected):
        position = np.unravel_index(np.argmin(valid.T), valid.T.shape)
        sample, entry = position[0], position[1:]
        culprit = block.T[sample][entry]
        if np.ndim(culprit):
            culprit = self.domain.shown(culprit)
        entries = self.array.shape[len(self.sample_shape) :]
        index = np.unravel_index(start + sample, self.sample_shape)
        if entry:
            index = (*index, *np.unravel_index(entry[0], entries))
        where = f" at index {', '.join(map(str, index))}" if index else ""
        return ValueError(f"{self.name} must be {expected}; got {culprit}{where}")


def _largest_exact(given, dtype, domain):
    """Return up to where integers of a dtype are floats of another, if that must be watched."""
    if dtype.kind != "f":
        return None
    largest = 2**24 if dtype == SINGLE else 2**53
    limits = np.iinfo(given)
    within = max(-limits.min, limits.max) <= largest or domain.extent <= largest
    return None if within else largest


def samples_first(array: NDArray[Any], sample_shape: tuple[int, ...]) -> Any:
    """Return `array` with its sample axes made one, and the axes of a sample's entries, if any.

    The result is read by slices; nothing is copied whole.
    """
    entries = array.shape[len(sample_shape) :]
    if len(sample_shape) == 1 and len(entries) < 2:
        return array
    if array.flags.c_contiguous:
        return array.reshape(-1, prod(entries)) if entries else array.reshape(-1)
    return _Scattered(array, len(sample_shape))


class _Scattered:
    """Rows of an array that has no flat view: each block read is copied, piece by piece."""

    def __init__(self, array, n_axes):
        self.array, self.n_axes = array, n_axes
        self.entries = array.shape[n_axes:]

    def __getitem__(self, block):
        n, at = block.stop - block.start, 0
        width = prod(self.entries)
        copied = np.empty((width, n), self.array.dtype)
        for piece in _pieces(self.array, block.start, block.stop, self.n_axes):
            axes = piece.ndim - len(self.entries)
            end = at + prod(piece.shape[:axes])
            target = copied[:, at:end].reshape(*self.entries, *piece.shape[:axes])
            target[...] = piece.transpose(*range(axes, piece.ndim), *range(axes))
            at = end
        return copied.T if self.entries else copied[0]


def _pieces(array, start, stop, n_axes):
    """Yield views of an array that hold its samples from `start` to `stop`, in order."""
    if n_axes < 2:
        yield array[start:stop] if n_axes else array[None]
        return
    size = prod(array.shape[1:n_axes])
    first, last = start // size, stop // size
    if start % size:
        yield from _pieces(array[first], start % size, min(stop - first * size, size), n_axes - 1)
        first += 1
    if first < last:
        yield array[first:last]
    if first <= last and stop % size:
        yield from _pieces(array[last], 0, stop % size, n_axes - 1)


class Weights(Column):
    """The sample weights of a call, in double precision, and their sum."""

    __slots__ = ("total",)

    total: float
    exact_up_to: int | None

    def __init__(self, sample_weight: Any, sample_shape: tuple[int, ...]) -> None:
        weight = as_real_array("sample_weight", sample_weight)
        if weight.shape == sample_shape[:-1] and sample_shape[-1:] == (1,):
            weight = weight[..., None]
        require_shape("sample_weight", weight, sample_shape, "one weight a sample")
        super().__init__("sample_weight", weight, sample_shape, DOUBLE, NON_NEGATIVE)
        self.exact_up_to = None
        self.total = total(stream(self._sum, weight.size, _MANY))
        if self.total == 0:
            raise ValueError("sample_weight must not be zero for every sample")
        if self.total == inf:
            raise ValueError("sample_weight must have a finite sum; got inf")

    @property
    def first(self) -> int:
        """The first sample with a weight."""
        for start in range(0, prod(self.sample_shape), _MANY):
            counts = self.block(start, start + _MANY) > 0
            if counts.any():
                return start + int(np.argmax(counts))
        raise ValueError("sample_weight must not be zero for every sample")

    def _sum(self, start, stop):
        return np.add.reduce(self.block(start, stop))


def with_weight(column: Column, sample_weight: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return all samples as one block, and one weight a sample; without weights, ones."""
    n_samples = prod(column.sample_shape)
    if sample_weight is None:
        return column.block(0, n_samples), np.ones(n_samples)
    column.weights = Weights(sample_weight, column.sample_shape)
    return column.block(0, n_samples), column.weights.block(0, n_samples)


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
        What is returned.
    mass : callable, optional
        Takes a block of the first column and returns how much each sample counts in the mean;
        without it each counts 1.
    """

    __slots__ = (
        "block_size",
        "columns",
        "compute",
        "dtype",
        "mass",
        "n_samples",
        "sample_shape",
        "shapes",
    )

    compute: Any
    """What computes blocks in place of the loss and of engines, or None."""
    block_size: int
    columns: Sequence[Column]
    dtype: np.dtype[Any]
    mass: Callable[[NDArray[Any]], NDArray[Any]] | None
    n_samples: int
    sample_shape: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]

    def __init__(
        self,
        columns: Sequence[Column],
        shapes: Any,
        sample_shape: tuple[int, ...],
        dtype: np.dtype[Any],
        mass: Any = None,
    ) -> None:
        self.columns, self.dtype, self.mass, self.compute = columns, dtype, mass, None
        self.shapes, self.sample_shape = shapes, sample_shape
        self.n_samples = prod(sample_shape)
        n_entries = prod(shapes[0][len(sample_shape) :])
        self.block_size = BLOCK_BYTES // (dtype.itemsize * n_entries) or 1

    def weigh(self, weights: Weights) -> None:
        """Have samples of weight 0 be absent: whatever they hold is not checked."""
        for column in self.columns:
            column.weights = weights

    def total_mass(self, weights: Weights | None) -> float:
        """Return what the mean divides by."""
        if self.mass is None:
            return self.n_samples if weights is None else weights.total

        def of_block(start, stop):
            each = self.masses(start, stop)
            return each.sum() if weights is None else each @ weights.block(start, stop)

        mass = total(stream(of_block, self.n_samples, self.block_size))
        if mass == 0:
            raise ValueError(
                "y_true must hold a sample that counts; each has the ignore_index, "
                "the class_weight 0 or the sample_weight 0"
            )
        return mass

    def masses(self, start: int, stop: int) -> NDArray[Any]:
        """Return how much each of the samples counts in the mean."""
        assert self.mass is not None
        return self.mass(self.columns[0].block(start, stop))

    def blocks(self, start: int, stop: int) -> list[NDArray[Any]]:
        """Return each input's block of samples."""
        return [column.block(start, stop) for column in self.columns]
