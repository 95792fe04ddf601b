"""Blocks of samples, computed by kernels.

This is where the engine meets the rest of the package.  `Engine` is what `lossbook.core` asks for a
function that computes the blocks of a call.  It traces and compiles the loss when it sees it for
the first time, and from then on finds it again.
"""

from collections.abc import Iterable
from math import prod
from typing import Any
from weakref import ref

import numpy as np

from ..core.evaluation import numpy_block
from .kernels import kernel
from .source import NotCompilableError, Source, Task
from .trace import Node, Trace, trace

__all__ = ["Blocks", "Engine"]

PARTS = frozenset({"value", "gradient", "exact", "abs", "majorizer", "fisher"})


class Blocks:
    """Computes blocks of one loss, for one kind of inputs, as `numpy_block` does.

    Parameters
    ----------
    loss : Loss
        States the mathematics.
    parts : iterable of str
        What is wanted.
    columns : sequence of Column
        Inputs of the kind.

    Raises
    ------
    NotTraceableError, NotCompilableError
        If its formulas do what cannot be traced or compiled.
    """

    def __init__(self, loss: Any, parts: Iterable[str], columns: Any) -> None:
        if loss._block is not numpy_block or not PARTS.issuperset(parts):
            raise NotCompilableError(f"{type(loss).__name__} does not compute sample by sample")
        kinds = [(column.dtype, _shape_of_one(column)) for column in columns]
        domains = [column.domain for column in columns]
        traced = trace(_formula(parts, domains), loss, kinds)
        of_parts, conditions = map(_as_tuple, traced.results[:-1]), _as_tuple(traced.results[-1])
        self._parameters, self._dtype = traced.parameters, columns[-1].dtype
        self._inputs = [
            Node.of("input", (), index, dtype=dtype, shape=shape)
            for index, (dtype, shape) in enumerate(kinds)
        ]
        summed, written, n_entries = None, [], prod(kinds[-1][1])
        for part, of_part in zip(parts, of_parts, strict=True):
            if part == "value" and loss.reduction != "none":
                (summed,) = of_part
            else:
                written += of_part
            if any(prod(node.shape) != (1 if part == "value" else n_entries) for node in of_part):
                raise NotCompilableError(f"the {part} does not have the shape of the prediction")
        self._task = Task(summed, tuple(written), conditions, weighted=False)
        self._kernels: dict[bool, Any] = {}
        self._kernel(weighted=False)

    def _kernel(self, weighted):
        """Return the kernel for samples with or without weights, and its last arguments."""
        if weighted not in self._kernels:
            source = Source(self._task._replace(weighted=weighted), self._inputs, self._dtype)
            tables = [np.ascontiguousarray(each.detail).reshape(-1) for each in source.tables]
            numbers = Trace(source.arguments, self._parameters).evaluate(_of_numbers)
            self._kernels[weighted] = kernel(source), (*tables, *map(float, numbers))
        return self._kernels[weighted]

    def __call__(
        self,
        loss: Any,
        parts: Any,
        columns: Any,
        weights: Any,
        divisor: float,
        targets: Any,
        start: int,
        stop: int,
    ) -> float:
        """Compute one block of samples."""
        compute, last = self._kernels.get(weights is not None) or self._kernel(weights is not None)
        arrays, copied = [], []
        for column in columns if weights is None else (weights, *columns):
            block = _read(column, start, stop)
            if block is None:
                return _with_numpy(loss, parts, columns, weights, divisor, targets, start, stop)
            arrays.append(block)
        for of_part in targets:
            for array in of_part:
                if stop - start != len(array):
                    array = array[start:stop]
                if array.flags.c_contiguous:
                    arrays.append(_flat(array))
                else:
                    arrays.append(np.empty(array.shape, array.dtype))
                    copied.append((array, arrays[-1]))
        holds, block_sum = compute(stop - start, divisor, *arrays, *last)
        if not holds:
            # Some value is outside its domain: NumPy's way finds it, and says which.
            return _with_numpy(loss, parts, columns, weights, divisor, targets, start, stop)
        for place, array in copied:
            place[...] = array
        return block_sum


_with_numpy = np.errstate(all="ignore")(numpy_block)


def _as_tuple(result: Any) -> Any:
    return result if type(result) is tuple else (result,)


def _shape_of_one(column):
    """Return the shape of a block of one sample."""
    entries = column.array.shape[len(column.sample_shape) :]
    return (prod(entries), 1) if entries else (1,)


def _formula(parts, domains):
    """Return the formula of parts of a loss, and of the conditions that inputs must meet."""

    def formula(loss, *inputs):
        shared = _as_tuple(loss._shared(*inputs))
        conditions = [
            domain.contains(block)
            for domain, block in zip(domains, inputs, strict=True)
            if domain is not None
        ]
        return [*(_function(loss, part)(*shared) for part in parts), tuple(conditions)]

    return formula


def _function(loss, part):
    """Return the function of the shared quantities that a part is."""
    if part == "value":
        return loss._value
    return loss._gradient if part == "gradient" else loss._part(part)


@np.errstate(all="ignore")
def _of_numbers(node, *operands):
    """Return the value of a node that is computed from parameters alone."""
    if node.operation == "constant":
        return node.detail
    if node.operation == "cast":
        return node.dtype.type(*operands)
    return np.dtype(node.dtype).type(getattr(np, node.operation)(*operands))


def _read(column, start, stop):
    """Return a block of an input as a kernel reads it, or None if it has another dtype."""
    rows, dtype = column.rows, column.dtype
    if type(rows) is np.ndarray and rows.dtype is dtype:
        if stop - start != len(rows):
            rows = rows[start:stop]
        flags = rows.flags
        if flags.c_contiguous and flags.aligned:
            return _flat(rows)
    block = column.block(start, stop)
    return _flat(np.ascontiguousarray(block.T)) if block.dtype == dtype else None


def _flat(block):
    """Return a block with one axis, if its samples have one entry."""
    return block.reshape(-1) if block.ndim > 1 and block.shape[1] == 1 else block


class Engine:
    """Gives `lossbook.core` a function for the blocks of a call.

    What was found out about a loss is kept as long as the loss is.
    """

    def __init__(self) -> None:
        self._known: dict[int, Any] = {}

    def __call__(self, loss: Any, parts: Any, columns: Any) -> Blocks | None:
        """Return what computes blocks of these inputs, or None where NumPy does."""
        known = self._known.get(id(loss))
        if known is None or known[0]() is not loss:
            key = id(loss)
            known = self._known[key] = ref(loss, lambda _: self._known.pop(key, None)), {}
        of_loss: dict[Any, Any] = known[1]
        kind: tuple[Any, ...] = tuple(parts)
        for column in columns:
            kind += column.dtype, column.array.shape[len(column.sample_shape) :]
        found = of_loss.get(kind)
        if found is None:
            found = of_loss[kind] = self._find_out(loss, parts, columns)
        return found if type(found) is Blocks else None

    @staticmethod
    def _find_out(loss, parts, columns):
        """Return what computes blocks, or the reason why nothing does."""
        try:
            return Blocks(loss, parts, columns)
        except Exception as reason:
            return reason

    def obstacle(self, loss: Any, parts: Iterable[str], columns: Any) -> Exception | None:
        """Return the reason why a loss is left to NumPy, or None."""
        found = self._find_out(loss, parts, columns)
        return None if type(found) is Blocks else found
