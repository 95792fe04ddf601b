"""The source of a kernel: a Python function with the loops of a graph inside.

The graph of a formula becomes one function that reads each block once and writes each result once.
It works in tiles, groups of samples that are few enough for everything about them to stay in the
first cache.  `loops` writes what a tile goes through, and here is what stands around it: the
arguments, the arrays that a tile needs, and the loop over the tiles.

The innermost loop always runs over samples, so that each number in a vector register belongs to
another sample and no sum is taken across a register.  Rows of classes are turned to this order when
they are read, and turned back when they are written.  Rows of many classes are computed one by one
instead, as they lie, with many of their entries at once.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from .expressions import NotCompilableError
from .graph import Node
from .loops import Loops, Task, is_row, n_entries

__all__ = ["NotCompilableError", "Source", "Task"]

TILE = 1024
"""How many samples are in a tile, where a sample is one number."""
GROUP = 64
"""How many terms of a sum are added one after the other; the sums of groups are added then."""
LANES = 32
"""How many sums the entries of a row of many are dealt out to, which are added then."""


def _type(dtype):
    return "bool_" if dtype == np.dtype(bool) else str(np.dtype(dtype))


def _indented(depth, lines):
    return ["    " * depth + line for line in lines]


class Source:
    """The source of a kernel, and what the kernel is to be called with.

    A kernel takes the number of samples, the divisor, the weights if there are any, the inputs, the
    arrays to write to, the `tables` and the `arguments`.  All arrays are flat, but those of rows
    have two axes.  It returns whether all conditions hold, and the sum.

    Parameters
    ----------
    task : Task
        What the kernel computes.
    inputs : sequence of Node
        The nodes of the inputs, in order.
    dtype : dtype
        That of the arrays which are written.

    Attributes
    ----------
    text : str
        The source.
    tables : list of Node
        Constants with a number for each entry of a row.
    arguments : list of Node
        Numbers computed from parameters, and constants that may come from some.
    """

    task: Task
    inputs: Sequence[Node]
    dtype: Any
    tables: list[Node]
    arguments: list[Node]
    text: str

    def __init__(self, task: Task, inputs: Sequence[Node], dtype: Any) -> None:
        self.task, self.inputs, self.dtype = task, inputs, dtype
        self._loops = Loops(task, inputs, dtype)
        self.tables, self.arguments = self._loops.tables, self._loops.arguments
        self._length, self._is_wide = self._loops.length, self._loops.is_wide
        self.text = self._function()

    def _function(self):
        """Return the kernel."""
        task, checks, loops = self.task, self._loops.checks, self._loops.loops
        xs = [f"x{node.detail}{'_rows' * is_row(node)}" for node in self.inputs]
        ys = [f"y{index}{'_rows' * is_row(node)}" for index, node in enumerate(task.written)]
        tables = [f"c{index}" for index in range(len(self.tables))]
        arguments = [f"a{index}" for index in range(len(self.arguments))]
        names = ["n", "divisor", *["weight"] * task.weighted, *xs, *ys, *tables, *arguments]
        turned_in = [f"x{node.detail}" for node in self._turned(self.inputs)]
        turned_out = [f"y{task.written.index(node)}" for node in self._turned(task.written)]
        arrays = dict(self._arrays())
        stop = ["        if not good:", "            break"]
        return "\n".join(
            [
                f"def kernel({', '.join(names)}):",
                "    good, total = True, 0.0",
                *([f"    entries = size_t({xs[-1]}.shape[1])"] if self._length > 1 else []),
                f"    tile = size_t({self._tile()})",
                *([] if task.weighted else [f"    scale = {self.dtype}(1.0 / divisor)"]),
                *(
                    f"    a{index} = {np.dtype(node.dtype)}(a{index})"
                    for index, node in enumerate(self.arguments)
                ),
                *(
                    f"    {name} = scratch({size}, {dtype})"
                    for name, (size, dtype) in arrays.items()
                ),
                "    for first in range(size_t(0), n, tile):",
                "        size = min(tile, n - first)",
                *([*_indented(2, self._around(checks)), *stop] if checks.lines else []),
                *(f"        turn({each}_rows, first, size, tile, {each})" for each in turned_in),
                *_indented(2, chain.from_iterable(map(self._around, loops))),
                *stop,
                *(
                    f"        turn_back({each}, size, tile, {each}_rows, first)"
                    for each in turned_out
                ),
                *(["        total += add_up(values, size)"] if task.summed is not None else []),
                *(f"    release({name})" for name in arrays),
                "    return good, total",
                "",
            ]
        )

    def _turned(self, nodes):
        """Return which rows are turned."""
        return [] if self._is_wide else list(filter(is_row, nodes))

    def _tile(self):
        """Return how many samples are in a tile."""
        if self._length == 1:
            return TILE
        return 1 if self._is_wide else "tile_of_rows(entries)"

    def _arrays(self):
        """Yield the name, the size and the dtype of each array that a tile needs."""
        task = self.task

        def size(node):
            return f"{self._count(n_entries(node))} * tile" if is_row(node) else "tile"

        if task.summed is not None:
            dtype = "float64" if task.weighted else _type(task.summed.dtype)
            yield "values", ("tile", dtype)
        if task.weighted and self._length > 1:
            yield "scales", ("tile", self.dtype)
        for node in self._turned(self.inputs):
            yield f"x{node.detail}", (size(node), node.dtype)
        for node in self._turned(task.written):
            yield f"y{task.written.index(node)}", (size(node), self.dtype)
        for node in self._loops.kept:
            name, dtype = self._loops.name(node), _type(node.dtype)
            yield name, (size(node), dtype)
            if node.operation.endswith(".reduce"):
                parts = [f"{name}_part", f"{name}_lanes"][: 1 + self._is_wide]
                for part in parts:
                    yield part, (f"size_t({LANES})" if self._is_wide else "tile", dtype)
        for node in self._loops.running:
            yield self._loops.running_name(node), ("tile", _type(node.dtype))

    def _count(self, entries):
        return "entries" if entries == self._length else str(entries)

    def _around(self, loop):
        """Return a loop with what stands around its lines."""
        over_samples = "for i in range(size):"
        if loop.entries == 1:
            return [over_samples, *_indented(1, loop.lines)]
        count = self._count(loop.entries)
        clear = [f"fill({name}, size, {neutral})" for name, neutral, _ in loop.sums]
        if self._is_wide:
            return ["i = size_t(0)", *clear, *self._along_row(loop, count)]
        if not loop.sums:
            return [f"for k in range({count}):", f"    {over_samples}", *_indented(2, loop.lines)]
        return [
            *clear,
            f"for start in range(size_t(0), {count}, size_t({GROUP})):",
            *(f"    fill({name}_part, size, {neutral})" for name, neutral, _ in loop.sums),
            f"    for k in range(start, min(start + size_t({GROUP}), {count})):",
            f"        {over_samples}",
            *_indented(3, loop.lines),
            f"    {over_samples}",
            *(f"        {take(f'{name}[i]', f'{name}_part[i]')}" for name, _, take in loop.sums),
        ]

    def _along_row(self, loop, count):
        """Return a loop along one row, whose sums are dealt out, `GROUP` terms to a part."""

        def along(first, last):
            return [
                f"for start in range({first}, {last}, size_t({LANES})):",
                f"    for j in range(min(size_t({LANES}), {count} - start)):",
                "        k = start + j",
                *_indented(2, loop.lines),
            ]

        if not loop.sums:
            return along("size_t(0)", count)
        n_terms = f"size_t({LANES * GROUP})"
        return [
            *(f"fill({name}_lanes, {LANES}, {neutral})" for name, neutral, _ in loop.sums),
            f"for group in range(size_t(0), {count}, {n_terms}):",
            *(f"    fill({name}_part, {LANES}, {neutral})" for name, neutral, _ in loop.sums),
            *_indented(1, along("group", f"min(group + {n_terms}, {count})")),
            f"    for j in range({LANES}):",
            *(
                f"        {take(f'{name}_lanes[j]', f'{name}_part[j]')}"
                for name, _, take in loop.sums
            ),
            f"for j in range({LANES}):",
            *(f"    {take(f'{name}[i]', f'{name}_lanes[j]')}" for name, _, take in loop.sums),
        ]
