"""The loop of a loss, written as the source of a Python function.

The graph of a formula becomes one function that reads each block once and writes each result once.
It works in tiles, groups of samples that are few enough for everything about them to stay in the
first cache.  For a loss of single numbers the inside of a tile is one loop.  It reads a sample,
checks it, computes what was asked for and writes it, and all steps in between stay in registers::

    for i in range(size):
        v0 = x0[first + i]
        good &= isfinite(v0)
        v1 = x1[first + i]
        v2 = v1 - v0
        values[i] = v2 * v2

For a loss over classes there is more than one such loop, since a sum over the classes has to be
complete before it can be used.  The *level* of a node is the number of sums or maxima on the way
from the inputs to it.  Each level has a loop over the samples, for what a sample has one of, and a
loop over the classes with one over the samples inside it, for what it has in every class.  The
innermost loop always runs over samples, so that each number in a vector register belongs to another
sample and no sum is taken across a register.  Rows of classes are turned to this order when they
are read, and turned back when they are written.  What one loop leaves to another is kept in an
array of the size of a tile.
"""

from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import NamedTuple

import numpy as np

from .trace import Node, in_order

TILE = 1024
"""How many samples are in a tile, where a sample is one number."""
GROUP = 64
"""How many terms of a sum are added one after the other; the sums of groups are added then."""


class NotCompilableError(TypeError):
    """A graph has an operation that cannot be compiled."""


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

    def nodes(self):
        """Return all nodes that the task names."""
        return [*([] if self.summed is None else [self.summed]), *self.written, *self.conditions]


# The words for each operation.

_SIGNS = {
    "add": "+",
    "bitwise_and": "&",
    "bitwise_or": "|",
    "divide": "/",
    "equal": "==",
    "greater": ">",
    "greater_equal": ">=",
    "less": "<",
    "less_equal": "<=",
    "logical_and": "&",
    "logical_or": "|",
    "multiply": "*",
    "not_equal": "!=",
    "subtract": "-",
}
_FUNCTIONS = {
    "absolute",
    "copysign",
    "floor",
    "fmax",
    "fmin",
    "isfinite",
    "isinf",
    "isnan",
    "ldexp",
    "logical_not",
    "maximum",
    "minimum",
    "negative",
    "reciprocal",
    "sign",
    "sqrt",
}
_FUNCTIONS_OF_A_PRECISION = {
    "arctanh",
    "exp",
    "expm1",
    "hypot",
    "log",
    "log1p",
    "logaddexp",
    "power",
    "sinh",
    "tanh",
}
_UNCHANGED = {"full", "positive", "reshape"}
_NEUTRAL = {
    "add": "0",
    "logical_and": "True",
    "logical_or": "False",
    "maximum": "-inf",
    "minimum": "inf",
}
_CHEAP = {"absolute", "add", "cast", "multiply", "negative", "put", "sign", "subtract", "where"}
"""What is computed again in a later loop faster than it is kept."""


def _apply(operation, dtype, operands):
    """Return the expression of an elementwise operation on expressions."""
    if operation in _SIGNS:
        return f"{operands[0]} {_SIGNS[operation]} {operands[1]}"
    if operation in _FUNCTIONS:
        return f"{operation}({', '.join(operands)})"
    if operation in _FUNCTIONS_OF_A_PRECISION and dtype.kind == "f":
        return f"{operation}{8 * dtype.itemsize}({', '.join(operands)})"
    if operation == "invert" and dtype == bool:
        return f"logical_not({operands[0]})"
    if operation == "where":
        return f"select({', '.join(operands)})"
    if operation in _UNCHANGED:
        return operands[0]
    raise NotCompilableError(f"the operation {operation} of {dtype} cannot be compiled")


def _convert(expression, given, wanted):
    """Return an expression in another dtype."""
    if given == bool and wanted != bool:
        return f"select({expression}, {wanted}(1), {wanted}(0))"
    return f"{wanted}({expression})"


def _literal(node):
    """Return a constant as it is written."""
    if node.dtype == bool:
        return repr(bool(node.detail))
    return f"{np.dtype(node.dtype)}({np.asarray(node.detail).item()!r})"


def _entries(node):
    """Return how many entries a node has for each sample."""
    return prod(node.shape[:-1])


def _is_row(node):
    return _entries(node) > 1


def _of_labels(condition):
    """Return whether a condition is one of labels, which has to hold before they are used."""
    leaves = [each for each in in_order([condition]) if each.operation == "input"]
    return all(each.dtype.kind == "i" and not _is_row(each) for each in leaves)


def _type(dtype):
    return "bool_" if dtype == bool else str(np.dtype(dtype))


def _indented(depth, lines):
    return ["    " * depth + line for line in lines]


class _Loop:
    """One loop of a tile while it is written."""

    def __init__(self, level, entries):
        self.level, self.entries = level, entries
        self.place = "[k * tile + i]" if entries > 1 else "[first + i]"
        self.lines: list[str] = []
        self.names: dict[Node, str] = {}
        self.sums: list[tuple[str, str]] = []


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
        Numbers computed from parameters.
    """

    def __init__(self, task: Task, inputs: Sequence[Node], dtype: np.dtype):
        self.task, self.inputs, self.dtype = task, inputs, dtype
        self.tables: list[Node] = []
        self.arguments: list[Node] = []
        nodes = in_order([*inputs, *task.nodes()])
        self._number = {node: index for index, node in enumerate(nodes)}
        self._kept: dict[Node, None] = {}
        self._running: dict[Node, None] = {}
        self._levels: dict[Node, int] = {}
        for node in nodes:
            self._levels[node] = self._level(node)
        lengths = {_entries(each) for each in inputs if _is_row(each)}
        if len(lengths) > 1:
            raise NotCompilableError("inputs with rows of different lengths cannot be compiled")
        self._length = max(lengths, default=1)
        self.text = self._function(self._loops())

    def _level(self, node):
        level = max((self._levels[each] for each in node.operands), default=0)
        if node.operands and _is_row(node.operands[0]):
            before, level_before = node.operands[0], self._levels[node.operands[0]]
            if node.operation.endswith(".reduce"):
                level = level_before + 1
            elif node.operation in ("take", "rows") and before.operation != "input":
                # These read a row out of order, so all of it has to be there.
                level = max(level, level_before + 1)
        return level

    # Expressions.

    def _use(self, node, loop):
        """Return what to write for a node in a loop, after the lines that it takes to know it."""
        if node.operation == "constant":
            if np.ndim(node.detail) == 0:
                return _literal(node)
            return f"c{_place_in(self.tables, node)}[k]"
        if node.shape == ():
            return f"a{_place_in(self.arguments, node)}"
        if node not in loop.names:
            words = self._words(node, loop)
            loop.names[node] = f"v{self._number[node]}"
            loop.lines.append(f"{loop.names[node]} = {words}")
        return loop.names[node]

    def _words(self, node, loop):
        """Return what a node is equal to in a loop."""
        operation, operands = node.operation, node.operands
        if operation == "input":
            return f"x{node.detail}" + ("[k * tile + i]" if _is_row(node) else "[first + i]")
        of_row, reduces = _is_row(operands[0]), operation.endswith(".reduce")
        is_elsewhere = self._levels[node] != loop.level or _entries(node) != loop.entries
        if (reduces and of_row) or (is_elsewhere and not (_is_row(node) and operation in _CHEAP)):
            return self._keep(node)
        if not of_row and (reduces or operation in ("take", "rows", "put")):
            return self._use(operands[2 if operation == "put" else 0], loop)
        if operation == "take":
            return f"{self._array(operands[0])}[{self._use(operands[1], loop)} * tile + i]"
        if operation == "rows":
            start, step = node.detail
            return f"{self._array(operands[0])}[({start} + {step} * k) * tile + i]"
        used = [self._use(each, loop) for each in operands]
        if operation == "put":
            return f"select(k == {used[1]}, {used[2]}, {used[0]})"
        if operation == "cast":
            return _convert(used[0], operands[0].dtype, node.dtype)
        if operation.endswith(".accumulate"):
            return self._accumulate(node, used[0], loop)
        return _apply(operation, node.dtype, used)

    def _array(self, node):
        """Return the array that all of a row is in."""
        if node.operation == "input":
            return f"x{node.detail}"
        self._kept[node] = None
        return f"s{self._number[node]}"

    def _keep(self, node):
        """Return where a node is kept from one loop to another."""
        self._kept[node] = None
        return f"s{self._number[node]}" + ("[k * tile + i]" if _is_row(node) else "[i]")

    def _accumulate(self, node, value, loop):
        """Return the running sum of a row, after the lines that take in an entry."""
        running = f"r{self._number[node]}[i]"
        operation = node.operation.removesuffix(".accumulate")
        longer = _apply(operation, node.dtype, [running, value])
        loop.lines.append(f"{running} = select(k == 0, {value}, {longer})")
        self._running[node] = None
        return running

    def _scaled(self, node, loop):
        """Return a node times the scale, as it is written to an array."""
        value, scale = self._use(node, loop), "scale"
        if self.task.weighted and loop.entries > 1:
            scale = "scales[i]"
        wide = np.result_type(node.dtype, self.dtype)
        if wide != node.dtype:
            value = _convert(value, node.dtype, wide)
        if wide != self.dtype:
            scale = f"{wide}({scale})"
        product = f"{self.dtype}({value} * {scale})"
        return f"unless_absent(weight[first + i], {product})" if self.task.weighted else product

    # Loops.

    def _loops(self):
        """Return all loops of a tile in order.

        They are written from the last to the first, so that each knows what later ones need of it.
        """
        loops = []
        for level in range(max(self._levels.values(), default=0), -1, -1):
            here = [node for node, of_node in self._levels.items() if of_node == level]
            lengths = sorted({_entries(node) for node in here} - {0, 1})
            loops += [self._loop(level, entries) for entries in (*lengths, 1)]
        checks = _Loop(-1, 1)
        for condition in filter(_of_labels, self.task.conditions):
            checks.lines.append(f"good &= {self._use(condition, checks)}")
        return checks, [each for each in reversed(loops) if each.lines]

    def _loop(self, level, entries):
        """Return a loop over what has a level and a number of entries."""
        loop, task = _Loop(level, entries), self.task

        def is_here(node):
            return self._levels[node] == level and _entries(node) == entries

        if task.weighted and level == 0 and entries == 1:
            loop.lines.append(f"scale = {self.dtype}(weight[first + i] / divisor)")
            if self._length > 1:
                loop.lines.append("scales[i] = scale")
        for index, node in enumerate(task.written):
            if is_here(node):
                loop.lines.append(f"y{index}{loop.place} = {self._scaled(node, loop)}")
        if task.summed is not None and is_here(task.summed):
            value = self._use(task.summed, loop)
            if task.weighted:
                value = f"unless_absent(weight[first + i], float64({value}) * weight[first + i])"
            loop.lines.append(f"values[i] = {value}")
        for condition in task.conditions:
            if is_here(condition) and not _of_labels(condition):
                loop.lines.append(f"good &= {self._use(condition, loop)}")
        for node in list(self._kept):
            if node.operation.endswith(".reduce"):
                if is_here(node.operands[0]):
                    self._add_up(node, loop)
            elif is_here(node):
                loop.lines.append(f"{self._keep(node)} = {self._use(node, loop)}")
        return loop

    def _add_up(self, node, loop):
        """Write how a reduction takes in an entry."""
        value, operation = self._use(node.operands[0], loop), node.operation.removesuffix(".reduce")
        if operation not in _NEUTRAL:
            raise NotCompilableError(f"the operation {node.operation} cannot be compiled")
        name = f"s{self._number[node]}"
        neutral = f"{_type(node.dtype)}({_NEUTRAL[operation]})"
        loop.sums.append((name, neutral))
        target = f"{name}_group[i]" if operation == "add" else f"{name}[i]"
        loop.lines.append(f"{target} = {_apply(operation, node.dtype, [target, value])}")

    # The function.

    def _function(self, checks_and_loops):
        checks, loops = checks_and_loops
        task, rows = self.task, "_rows"
        xs = [f"x{node.detail}{rows * _is_row(node)}" for node in self.inputs]
        ys = [f"y{index}{rows * _is_row(node)}" for index, node in enumerate(task.written)]
        tables = [f"c{index}" for index in range(len(self.tables))]
        arguments = [f"a{index}" for index in range(len(self.arguments))]
        names = ["n", "divisor", *["weight"] * task.weighted, *xs, *ys, *tables, *arguments]
        turned_in = [f"x{node.detail}" for node in self.inputs if _is_row(node)]
        turned_out = [f"y{index}" for index, node in enumerate(task.written) if _is_row(node)]
        lines = [
            f"def kernel({', '.join(names)}):",
            *_indented(1, self._beginning(turned_in, turned_out)),
            "    for first in range(size_t(0), n, tile):",
            "        size = min(tile, n - first)",
            "        good = True",
        ]
        if checks.lines:
            lines += [
                *_indented(2, self._around(checks)),
                "        if not good:",
                "            return False, total",
            ]
        lines += [f"        turn({each}_rows, first, size, tile, {each})" for each in turned_in]
        lines += _indented(2, chain.from_iterable(map(self._around, loops)))
        lines += ["        if not good:", "            return False, total"]
        lines += [f"        turn_back({each}, size, tile, {each}_rows, first)" for each in turned_out]
        if task.summed is not None:
            lines.append("        total += add_up(values, size)")
        return "\n".join([*lines, "    return True, total", ""])

    def _beginning(self, turned_in, turned_out):
        """Return the lines in front of all tiles."""
        task = self.task
        yield f"tile = size_t({TILE})" if self._length == 1 else f"entries = size_t({turned_in[0]}_rows.shape[1])"
        if self._length > 1:
            yield "tile = tile_of_rows(entries)"
        yield "total = 0.0"
        if task.summed is not None:
            yield f"values = empty(tile, {'float64' if task.weighted else task.summed.dtype})"
        if not task.weighted:
            yield f"scale = {self.dtype}(1.0 / divisor)"
        elif self._length > 1:
            yield f"scales = empty(tile, {self.dtype})"
        for index, node in enumerate(self.arguments):
            yield f"a{index} = {np.dtype(node.dtype)}(a{index})"
        for node in self.inputs:
            if _is_row(node):
                yield f"x{node.detail} = empty(entries * tile, {node.dtype})"
        for each in turned_out:
            yield f"{each} = empty(entries * tile, {self.dtype})"
        for node in self._kept:
            name, length = f"s{self._number[node]}", f"{self._count(_entries(node))} * tile"
            yield f"{name} = empty({length if _is_row(node) else 'tile'}, {_type(node.dtype)})"
            if node.operation == "add.reduce":
                yield f"{name}_group = empty(tile, {_type(node.dtype)})"
        for node in self._running:
            yield f"r{self._number[node]} = empty(tile, {_type(node.dtype)})"

    def _count(self, entries):
        return "entries" if entries == self._length else str(entries)

    def _around(self, loop):
        """Return a loop with what stands around its lines."""
        over_samples = "for i in range(size):"
        if loop.entries == 1:
            return [over_samples, *_indented(1, loop.lines)]
        count, sums = self._count(loop.entries), dict(loop.sums)
        grouped = {
            f"{name}_group": (name, neutral)
            for name, neutral in sums.items()
            if any(line.startswith(f"{name}_group") for line in loop.lines)
        }
        lines = [f"fill({name}, size, {neutral})" for name, neutral in sums.items()]
        over_entries = [
            f"for k in range(start, min(start + {GROUP}, {count})):",
            f"    {over_samples}",
            *_indented(2, loop.lines),
        ]
        if not grouped:
            over_entries[0] = f"for k in range({count}):"
            return [*lines, *over_entries]
        return [
            *lines,
            f"for start in range(0, {count}, {GROUP}):",
            *_indented(1, [f"fill({each}, size, {neutral})" for each, (_, neutral) in grouped.items()]),
            *_indented(1, over_entries),
            *_indented(1, [f"include({each}, size, {name})" for each, (name, _) in grouped.items()]),
        ]


def _place_in(nodes, node):
    """Return where a node is in a list, which it is added to if it is not there."""
    if node not in nodes:
        nodes.append(node)
    return nodes.index(node)
