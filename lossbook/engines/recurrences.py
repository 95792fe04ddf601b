"""A recurrence by itself, compiled for a block whose other steps NumPy computes.

A recurrence inside of a formula that can be traced is a part of the kernel of this formula.  Where
the rest of a formula cannot be traced, its recurrence is what takes most of the time, because it
goes through many small arrays.  For this reason `lossbook.core.recurrences.scan` asks the engine
also when it is called with arrays.  The graph of one step is then arranged in loops as always, and
the kernel repeats them for each step.
"""

from typing import Any

import numpy as np

from .arrange import StepLoops, length_of_rows
from .graph import Node, Step
from .kernels import kernel as kernel_of
from .loops import indented
from .source import names_of_constants, of_constants, to_dtypes
from .trace import Trace, trace_step

__all__ = ["Recurrence", "StepSource"]


class StepSource:
    """The source of a kernel that computes all steps of a recurrence.

    The kernel takes the number of samples, that of steps and that of the entries of a row, the
    states at the start, the rows, what is fixed, the arrays to write to, the tables and the
    arguments.  All arrays are flat.

    Parameters
    ----------
    step : Step
        The graph of one step.

    Attributes
    ----------
    text, tables, arguments, kinds
        As those of a `Source`.
    length : int
        The number of entries of a row.
    """

    arguments: list[Node]
    kinds: list[tuple[Any, int]]
    length: int
    tables: list[Node]
    text: str

    def __init__(self, step: Step) -> None:
        self.length = length_of_rows(step.inputs)
        given = [f"x{index}" for index in range(len(step.inputs))]
        outputs = {index: f"y{index}" for index in range(len(step.outputs))}
        loops = StepLoops(step, given, outputs, self.length)
        self.tables, self.arguments = loops.tables, loops.arguments
        self.kinds = [
            *[(np.uint64, 0)] * 3,
            *((node.dtype, 1) for node in (*step.inputs, *step.outputs)),
            *of_constants(loops),
        ]
        names = ["n", "n_steps", "entries", *given, *outputs.values(), *names_of_constants(loops)]
        arrays = list(loops.arrays())
        self.text = "\n".join(
            [
                f"def kernel({', '.join(names)}):",
                "    length, size, tile = int64(entries), n, n",
                *to_dtypes(loops),
                *(f"    {name} = scratch({size}, {dtype})" for name, size, dtype in arrays),
                *indented(1, loops.around("n_steps")),
                *(f"    release({name})" for name, _, _ in arrays),
                "    return True, 0.0",
                "",
            ]
        )


class Recurrence:
    """Computes the steps of a recurrence on arrays of one kind, as `scan` does.

    Parameters
    ----------
    step : callable
        The step, as `lossbook.core.recurrences.scan` takes it.
    start, rows, fixed : tuple of ndarray
        Arrays of the kind.
    reverse : bool
        Whether the steps go from the last entry to the first.

    Raises
    ------
    NotTraceableError, NotCompilableError
        If the step does what cannot be traced or compiled.
    """

    def __init__(self, step: Any, start: Any, rows: Any, fixed: Any, reverse: bool) -> None:
        each = *start, *(row[0] for row in rows), *fixed
        kinds = [(array.dtype, (*array.shape[:-1], 1)) for array in each]
        traced = trace_step(step, kinds, len(start), len(rows), reverse)
        source = StepSource(traced)
        tables = [np.ascontiguousarray(table.detail).reshape(-1) for table in source.tables]
        numbers = Trace(source.arguments, {}).evaluate(lambda node: node.detail)
        self._last = *tables, *map(float, numbers)
        self._outputs = [(node.dtype, node.shape[:-1]) for node in traced.outputs]
        self._kernel, self._length = kernel_of(source), source.length

    def __call__(self, start: Any, rows: Any, fixed: Any) -> tuple[np.ndarray, ...]:
        """Return the outputs of all steps."""
        n_steps, n_samples = len(rows[0]), rows[0].shape[-1]
        given = [np.ascontiguousarray(each).reshape(-1) for each in (*start, *rows, *fixed)]
        outputs = tuple(
            np.empty((n_steps, *entries, n_samples), dtype) for dtype, entries in self._outputs
        )
        flat = [output.reshape(-1) for output in outputs]
        self._kernel(n_samples, n_steps, self._length, *given, *flat, *self._last)
        return outputs
