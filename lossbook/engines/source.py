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
from typing import Any, NamedTuple

import numpy as np

from .arrange import WIDE, Loops, is_row, length_of_rows
from .expressions import converted, type_name
from .graph import Node, in_order
from .loops import Loop, indented

__all__ = ["Source", "Task"]

TILE = 1024
"""How many samples are in a tile, where a sample is one number."""


class Task(NamedTuple):
    """What a kernel computes.

    Attributes
    ----------
    summed : Node or None
        What is added up over the samples, times their weights.
    written : tuple of Node
        What is written to arrays, times the scale.
    conditions : tuple of Node
        What has to be true of every sample.
    weighted : bool
        Whether each sample has a weight.  The scale is then its weight over the divisor, and else
        1 over the divisor.
    """

    summed: Node | None
    written: tuple[Node, ...]
    conditions: tuple[Node, ...]
    weighted: bool

    def nodes(self) -> list[Node]:
        """Return all nodes that the task names."""
        return [*([] if self.summed is None else [self.summed]), *self.written, *self.conditions]


def _of_labels(condition):
    """Return whether a condition is one of labels, which has to hold before they are used."""
    leaves = [each for each in in_order([condition]) if each.operation == "input"]
    return all(each.dtype.kind == "i" and not is_row(each) for each in leaves)


class TileLoops(Loops):
    """The loops that a tile of samples goes through.

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
    checks : list of str
        The loop that checks labels before they are used, if there is one.
    """

    checks: list[str]

    def __init__(self, task: Task, inputs: Sequence[Node], dtype: Any) -> None:
        length = length_of_rows(inputs)
        self.task, self.dtype = task, dtype
        super().__init__([*inputs, *task.nodes()], length, length >= WIDE)
        checks = Loop(0, 1)
        for condition in filter(_of_labels, task.conditions):
            checks.lines.append(f"good &= {self._use(condition, checks)}")
        self.checks = checks.written("1", self.is_wide) if checks.lines else []

    def _of_input(self, node, k):
        name = f"x{node.detail}"
        if not is_row(node):
            return f"{name}[first + i]"
        return f"{name}_rows[first, {k}]" if self.is_wide else f"{name}[{k} * tile + i]"

    def _write_results(self, loop):
        task = self.task
        if task.weighted and loop.level == 0 and loop.entries == 1:
            loop.lines.append(f"scale = {self.dtype}(weight[first + i] / divisor)")
            if self.length > 1:
                loop.lines.append("scales[i] = scale")
        for index, node in enumerate(task.written):
            if self._is_in(node, loop):
                place = self._of_result(loop.entries)
                loop.lines.append(f"y{index}{place} = {self._scaled(node, loop)}")
        if task.summed is not None and self._is_in(task.summed, loop):
            value = self._use(task.summed, loop)
            if task.weighted:
                value = f"unless_absent(weight[first + i], float64({value}) * weight[first + i])"
            loop.lines.append(f"values[i] = {value}")
        for condition in task.conditions:
            if self._is_in(condition, loop) and not _of_labels(condition):
                loop.lines.append(f"good &= {self._use(condition, loop)}")

    def _of_result(self, entries):
        """Return the place of what is written to an array."""
        if entries == 1:
            return "[first + i]"
        return "_rows[first, k]" if self.is_wide else "[k * tile + i]"

    def _scaled(self, node, loop):
        """Return a node times the scale, as it is written to an array."""
        value, scale = self._use(node, loop), "scale"
        if self.task.weighted and (loop.level > 0 or loop.entries > 1):
            scale = "scales[i]"
        wide = np.result_type(node.dtype, self.dtype)
        if wide != node.dtype:
            value = converted(value, node.dtype, wide)
        if wide != self.dtype:
            scale = f"{wide}({scale})"
        product = f"{value} * {scale}"
        if wide != self.dtype:
            product = f"{self.dtype}({product})"
        return f"unless_absent(weight[first + i], {product})" if self.task.weighted else product


def of_constants(loops: Loops) -> list[tuple[Any, int]]:
    """Return the kinds of the tables and the numbers that loops need."""
    tables = [(node.dtype, 1) for node in loops.tables]
    return [*tables, *[(np.dtype(np.float64), 0)] * len(loops.arguments)]


def to_dtypes(loops: Loops) -> list[str]:
    """Return lines that convert numbers to the dtypes that they have in a graph."""
    return [
        f"    a{index} = {np.dtype(node.dtype)}(a{index})"
        for index, node in enumerate(loops.arguments)
    ]


def names_of_constants(loops: Loops) -> list[str]:
    """Return the names of the tables and the numbers that loops need."""
    tables = [f"c{index}" for index in range(len(loops.tables))]
    return [*tables, *(f"a{index}" for index in range(len(loops.arguments)))]


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
    kinds : list of (dtype, int)
        The dtype of what it is called with, and the number of axes.
    """

    task: Task
    inputs: Sequence[Node]
    dtype: Any
    tables: list[Node]
    arguments: list[Node]
    kinds: list[tuple[Any, int]]
    text: str

    def __init__(self, task: Task, inputs: Sequence[Node], dtype: Any) -> None:
        self.task, self.inputs, self.dtype = task, inputs, dtype
        self._loops = TileLoops(task, inputs, dtype)
        self.tables, self.arguments = self._loops.tables, self._loops.arguments
        self.kinds = [
            (np.uint64, 0),
            (np.float64, 0),
            *[(np.float64, 1)] * task.weighted,
            *((node.dtype, 1 + is_row(node)) for node in inputs),
            *((dtype, 1 + is_row(node)) for node in task.written),
            *of_constants(self._loops),
        ]
        self.text = self._function()

    def _function(self):
        """Return the kernel."""
        task, loops = self.task, self._loops
        xs = [f"x{node.detail}{'_rows' * is_row(node)}" for node in self.inputs]
        ys = [f"y{index}{'_rows' * is_row(node)}" for index, node in enumerate(task.written)]
        names = ["n", "divisor", *["weight"] * task.weighted, *xs, *ys, *names_of_constants(loops)]
        turned_in = [f"x{node.detail}" for node in self._turned(self.inputs)]
        turned_out = [f"y{task.written.index(node)}" for node in self._turned(task.written)]
        arrays = {name: (size, dtype) for name, size, dtype in self._arrays()}
        stop = ["        if not good:", "            break"]
        return "\n".join(
            [
                f"def kernel({', '.join(names)}):",
                "    good, total = True, 0.0",
                *([f"    entries = size_t({xs[-1]}.shape[1])"] if loops.length > 1 else []),
                *(["    length = int64(entries)"] if loops.length > 1 else []),
                f"    tile = size_t({self._tile()})",
                *([] if task.weighted else [f"    scale = {self.dtype}(1.0 / divisor)"]),
                *to_dtypes(loops),
                *(
                    f"    {name} = scratch({size}, {dtype})"
                    for name, (size, dtype) in arrays.items()
                ),
                "    for first in range(size_t(0), n, tile):",
                "        size = min(tile, n - first)",
                *([*indented(2, loops.checks), *stop] if loops.checks else []),
                *(f"        turn({each}_rows, first, size, tile, {each})" for each in turned_in),
                *indented(2, loops.lines),
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
        return [] if self._loops.is_wide else list(filter(is_row, nodes))

    def _tile(self):
        """Return how many samples are in a tile."""
        if self._loops.length == 1:
            return TILE
        return 1 if self._loops.is_wide else "tile_of_rows(entries)"

    def _arrays(self):
        """Yield the name, the size and the dtype of each array that a tile needs."""
        task, size = self.task, self._loops.size
        if task.summed is not None:
            dtype = "float64" if task.weighted else type_name(task.summed.dtype)
            yield "values", "tile", dtype
        if task.weighted and self._loops.length > 1:
            yield "scales", "tile", self.dtype
        for node in self._turned(self.inputs):
            yield f"x{node.detail}", size(node), node.dtype
        for node in self._turned(task.written):
            yield f"y{task.written.index(node)}", size(node), self.dtype
        yield from self._loops.arrays()
