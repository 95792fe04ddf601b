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
from ..core.streaming import silently
from .expressions import NotCompilableError
from .kernels import kernel as kernel_of
from .recurrences import Recurrence
from .source import Source, Task
from .trace import Node, Trace, trace

__all__ = ["Blocks", "Engine"]

_REMEMBERED = 1000
"""How many losses, with their kinds of inputs, are remembered for others that are equal."""

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
    weighted : bool
        Whether each sample has a weight.

    Raises
    ------
    NotTraceableError, NotCompilableError
        If its formulas do what cannot be traced or compiled.
    """

    def __init__(self, loss: Any, parts: Iterable[str], columns: Any, weighted: bool) -> None:
        if loss._block is not numpy_block or not PARTS.issuperset(parts):
            raise NotCompilableError(f"{type(loss).__name__} does not compute sample by sample")
        for column in columns:
            n_axes = column.array.ndim - len(column.sample_shape)
            if n_axes > 1:
                raise NotCompilableError(
                    f"a sample of {type(loss).__name__} has {n_axes} axes of entries, and compiled "
                    "loops go along one axis; only the recurrences of such a loss are compiled"
                )
        kinds = [(column.dtype, _shape_of_one(column)) for column in columns]
        domains = [column.domain for column in columns]
        traced = trace(_formula(parts, domains), loss, kinds)
        of_parts, conditions = map(_as_tuple, traced.results[:-1]), _as_tuple(traced.results[-1])
        self._dtype = columns[-1].dtype
        inputs = [
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
        source = Source(Task(summed, tuple(written), conditions, weighted), inputs, self._dtype)
        tables = [np.ascontiguousarray(each.detail).reshape(-1) for each in source.tables]
        numbers = Trace(source.arguments, traced.parameters).evaluate(_of_numbers)
        self.kernel, self.last = kernel_of(source), (*tables, *map(float, numbers))

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
        given = loss, parts, columns, weights, divisor, targets, start, stop
        arrays, copied = [], []
        for column in columns if weights is None else (weights, *columns):
            block = _read(column, start, stop)
            if block is None:
                return silently(numpy_block, *given)
            arrays.append(block)
        for of_part in targets.values():
            for array in of_part:
                if stop - start != len(array):
                    array = array[start:stop]
                if array.flags.c_contiguous and array.dtype is self._dtype:
                    arrays.append(_flat(array))
                else:
                    arrays.append(_flat(np.empty(array.shape, self._dtype)))
                    copied.append((array, arrays[-1]))
        holds, block_sum = self.kernel(stop - start, divisor, *arrays, *self.last)
        if not holds:
            # Some value is outside its domain: NumPy's way finds it, and says which.
            return silently(numpy_block, *given)
        if copied:
            _copy(copied)
        return block_sum


@np.errstate(all="ignore")
def _copy(copied):
    """Write what was computed to where it is wanted."""
    for place, array in copied:
        place[...] = array.reshape(place.shape)


def _as_tuple(result: Any) -> Any:
    return result if type(result) is tuple else (result,)


def _entries(column):
    """Return the shape of the entries of one sample."""
    return column.array.shape[len(column.sample_shape) :]


def _shape_of_one(column):
    """Return the shape of a block of one sample."""
    entries = _entries(column)
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


class _AtOnce:
    """Computes a whole call on plain arrays that are one block.

    The fixed cost of a call is then little more than that of entering the kernel.
    """

    def __init__(self, loss, parts, blocks, batch):
        self.loss, self.dtype, self.most = ref(loss), batch.dtype, batch.block_size
        self.compute, self.last = blocks.kernel, blocks.last
        self.is_mean = loss.reduction == "mean"
        self.kinds = [(column.dtype, _entries(column)) for column in batch.columns]
        # The entries of each array to write, and which of the arrays are the result of each part.
        n_axes, self.written, self.places = len(batch.sample_shape), [], []
        for part in parts:
            first = len(self.written)
            if part != "value":
                self.written += [shape[n_axes:] for shape in batch.shapes]
            elif loss.reduction == "none":
                self.written.append(())
            stop = len(self.written)
            several = slice(first, stop) if stop > first else None
            self.places.append(first if stop == first + 1 else several)

    def __call__(self, inputs):
        """Return the results, or None where there is more to do."""
        shape = getattr(inputs[0], "shape", ())[:1]
        if not shape or not 0 < shape[0] <= self.most or len(inputs) != len(self.kinds):
            return None
        for array, (dtype, entries) in zip(inputs, self.kinds, strict=True):
            if type(array) is not np.ndarray or array.dtype is not dtype:
                return None
            flags = array.flags
            if array.shape != shape + entries or not (flags.c_contiguous and flags.aligned):
                return None
        arrays = tuple([np.empty(shape + entries, self.dtype) for entries in self.written])
        divisor = shape[0] if self.is_mean else 1
        holds, total = self.compute(shape[0], divisor, *inputs, *arrays, *self.last)
        if not holds:
            return None
        total /= divisor
        return tuple([total if place is None else arrays[place] for place in self.places])


class Engine:
    """Gives `lossbook.core` a function for the blocks of a call.

    What was found out about a loss is kept as long as the loss is, and a while for losses that are
    equal to it.
    """

    def __init__(self) -> None:
        self._known: dict[int, Any] = {}
        self._at_once: dict[tuple[int, tuple[str, ...]], _AtOnce] = {}
        self._equal: dict[Any, Any] = {}
        self._recurrences: dict[Any, Recurrence | None] = {}

    def __call__(self, loss: Any, parts: Any, batch: Any, weighted: bool) -> Blocks | None:
        """Return what computes blocks of these inputs, or None where NumPy does."""
        known = self._known.get(id(loss))
        if known is None or known[0]() is not loss:
            key = id(loss)
            known = self._known[key] = ref(loss, lambda _: self._forget(key)), {}
        of_loss: dict[Any, Any] = known[1]
        kind: tuple[Any, ...] = (weighted, *parts)
        for column in batch.columns:
            kind += column.dtype, _entries(column)
        found = of_loss.get(kind)
        if found is None:
            found = of_loss[kind] = self._of_equal(loss, kind, parts, batch.columns, weighted)
            if type(found) is Blocks and not weighted:
                self._offer_at_once(loss, tuple(parts), batch, found)
        return found if type(found) is Blocks else None

    def forget(self, loss: Any) -> None:
        """Forget what was found out about a loss."""
        self._forget(id(loss))

    def _forget(self, key):
        self._known.pop(key, None)
        for each in [each for each in self._at_once if each[0] == key]:
            del self._at_once[each]

    def at_once(self, loss: Any, parts: tuple[str, ...], inputs: Any) -> Any:
        """Return the results of a call, if it is one of a kind that was seen before, or None."""
        found = self._at_once.get((id(loss), parts))
        return found(inputs) if found is not None and found.loss() is loss else None

    def _offer_at_once(self, loss, parts, batch, blocks):
        """Remember what computes a call at once, if its batch is no more than its inputs."""
        columns = batch.columns
        of_inputs = batch.mass is None and [each.name for each in columns] == [*loss.inputs]
        if of_inputs and all(
            column.array.dtype is column.dtype and _shape_of_one(column) != (1, 1)
            for column in columns
        ):
            self._at_once[id(loss), parts] = _AtOnce(loss, parts, blocks, batch)

    def _of_equal(self, loss, kind, parts, columns, weighted):
        """Return what was found out about an equal loss, or find it out."""
        key = loss, kind
        found = self._equal.get(key)
        if found is None:
            found = self._equal[key] = self._find_out(loss, parts, columns, weighted)
            while len(self._equal) > _REMEMBERED:
                self._equal.pop(next(iter(self._equal)), None)
        return found

    def scan(self, step: Any, start: Any, rows: Any, fixed: Any, reverse: bool) -> Any:
        """Return the outputs of a recurrence of arrays, or None where NumPy computes them."""
        kinds = [(each.dtype, each.shape[:-1]) for each in (*start, *fixed)]
        key = step, reverse, *kinds, *((row.dtype, row.shape[1:-1]) for row in rows)
        if key not in self._recurrences:
            try:
                self._recurrences[key] = Recurrence(step, start, rows, fixed, reverse)
            except Exception:
                self._recurrences[key] = None
            while len(self._recurrences) > _REMEMBERED:
                self._recurrences.pop(next(iter(self._recurrences)), None)
        compiled = self._recurrences[key]
        return None if compiled is None else compiled(start, rows, fixed)

    @staticmethod
    def _find_out(loss, parts, columns, weighted):
        """Return what computes blocks, or the reason why nothing does."""
        try:
            return Blocks(loss, parts, columns, weighted)
        except Exception as reason:
            return reason

    def obstacle(self, loss: Any, parts: Iterable[str], columns: Any) -> Exception | None:
        """Return the reason why a loss is left to NumPy, or None."""
        found = self._find_out(loss, parts, columns, False)
        return None if type(found) is Blocks else found
