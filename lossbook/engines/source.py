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
are read, and turned back when they are written.  Rows of many classes are computed one by one
instead, as they lie, with many of their entries at once.  What one loop leaves to another is kept
in an array of the size of a tile.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from math import frexp, isfinite, prod
from typing import Any, NamedTuple

import numpy as np

from .trace import Node, in_order

__all__ = ["NotCompilableError", "Source", "Task"]

_BOOL = np.dtype(bool)
TILE = 1024
"""How many samples are in a tile, where a sample is one number."""
GROUP = 64
"""How many terms of a sum are added one after the other; the sums of groups are added then."""
WIDE = 128
"""From how many entries on a row is computed by itself, many entries at once."""
LANES = 32
"""How many sums the entries of such a row are dealt out to, which are added then."""


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

    def nodes(self) -> list[Node]:
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
    "ldexp",
    "log1p",
    "logaddexp",
    "power",
    "sinh",
    "tanh",
}
_UNCHANGED = {"full", "positive", "reshape"}
_NEUTRAL = {
    "add": 0.0,
    "logical_and": True,
    "logical_or": False,
    "maximum": -np.inf,
    "minimum": np.inf,
}
_CHEAP = {
    "absolute",
    "add",
    "cast",
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_or",
    "multiply",
    "negative",
    "not_equal",
    "put",
    "sign",
    "subtract",
    "where",
}
"""What is computed again in a later loop faster than it is kept."""


def _apply(operation, dtype, operands, operand_dtype=None):
    """Return the expression of an elementwise operation on expressions."""
    if operation in _SIGNS:
        return f"{operands[0]} {_SIGNS[operation]} {operands[1]}"
    if operation in _FUNCTIONS:
        return f"{operation}({', '.join(operands)})"
    if operation in _FUNCTIONS_OF_A_PRECISION and dtype.kind == "f":
        return f"{operation}{8 * dtype.itemsize}({', '.join(operands)})"
    if operation == "frexp.exponent":
        return f"frexp_exponent{8 * operand_dtype.itemsize}({operands[0]})"
    if operation == "invert" and dtype == _BOOL:
        return f"logical_not({operands[0]})"
    if operation == "square":
        return f"{operands[0]} * {operands[0]}"
    if operation == "where":
        return f"select({', '.join(operands)})"
    if operation in _UNCHANGED:
        return operands[0]
    raise NotCompilableError(f"the operation {operation} of {dtype} cannot be compiled")


def _convert(expression, given, wanted):
    """Return an expression in another dtype."""
    if given == _BOOL and wanted != _BOOL:
        return f"select({expression}, {_literal(1, wanted)}, {_literal(0, wanted)})"
    return f"{wanted}({expression})"


def _literal(number, dtype):
    """Return a number as it is written: a float is double, all others name their dtype."""
    if dtype in (_BOOL, np.float64):
        return repr(np.asarray(number, dtype).item())
    return f"{np.dtype(dtype)}({np.asarray(number).item()!r})"


def _is_short(node):
    """Return whether a constant is a short number such as 2 or 0.25, or an infinity.

    Others may well come from the parameters of a loss.  They become arguments, so that a loss with
    other parameters has the same source.
    """
    digits, _ = frexp(node.detail)
    return node.dtype == _BOOL or not isfinite(digits) or (digits * 4096).is_integer()


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
    return "bool_" if dtype == _BOOL else str(np.dtype(dtype))


def _indented(depth, lines):
    return ["    " * depth + line for line in lines]


class _Loop:
    """One loop of a tile while it is written."""

    def __init__(self, level, entries):
        self.level, self.entries = level, entries
        self.lines: list[str] = []
        self.names: dict[Node, str] = {}
        self.sums: list[tuple[str, str, Callable[[str, str], str]]] = []


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
    is_wide: bool
    text: str

    def __init__(self, task: Task, inputs: Sequence[Node], dtype: Any) -> None:
        self.task, self.inputs, self.dtype = task, inputs, dtype
        self.tables, self.arguments = [], []
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
        self.is_wide = self._length >= WIDE
        self.text = self._function(*self._loops())

    def _level(self, node):
        level = max((self._levels[each] for each in node.operands), default=0)
        if node.operands and _is_row(node.operands[0]):
            before, level_before = node.operands[0], self._levels[node.operands[0]]
            if node.operation.endswith(".reduce"):
                level = level_before + 1
            elif node.operation in ("take", "rows") and before.operation != "input":
                # These read a row out of order, so all of it has to be there.
                level = max(level, level_before + 1)
            elif node.operation == "put_rows" and _is_row(node.operands[1]):
                level = max(level, self._levels[node.operands[1]] + 1)
        return level

    # Expressions.

    def _use(self, node, loop):
        """Return what to write for a node in a loop, after the lines that it takes to know it."""
        if node.operation == "constant":
            if np.ndim(node.detail) == 0:
                if _is_short(node):
                    return _literal(node.detail, node.dtype)
                return f"a{_place_in(self.arguments, node)}"
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
            return self._in_array(node, "k") if _is_row(node) else f"x{node.detail}[first + i]"
        of_row = _is_row(operands[0])
        reduces, accumulates = operation.endswith(".reduce"), operation.endswith(".accumulate")
        is_elsewhere = self._levels[node] != loop.level or _entries(node) != loop.entries
        if (reduces and of_row) or (is_elsewhere and not (_is_row(node) and operation in _CHEAP)):
            return self._keep(node)
        if not of_row and operation in ("put", "put_rows"):
            return self._use(operands[-1], loop)
        if not of_row and (operation in ("take", "rows") or reduces or accumulates):
            # A row of one entry is that entry.
            return self._use(operands[0], loop)
        if operation == "take":
            return self._in_array(operands[0], f"size_t({self._use(operands[1], loop)})")
        if operation == "rows":
            start, step, _ = node.detail
            place = f"{start} + {step} * int64(k)" if _is_row(node) else start
            return self._in_array(operands[0], f"size_t({place})")
        if operation == "put_rows":
            return self._put_rows(node, loop)
        used = [self._use(each, loop) for each in operands]
        if operation == "put":
            return f"select(int64(k) == {used[1]}, {used[2]}, {used[0]})"
        if operation == "cast":
            return _convert(used[0], operands[0].dtype, node.dtype)
        if accumulates:
            return self._accumulate(node, used[0], loop)
        return _apply(operation, node.dtype, used, operands[0].dtype)

    def _in_array(self, row, k):
        """Return an entry of a row that is in an array."""
        if row.operation == "input":
            name = f"x{row.detail}"
            return f"{name}_rows[first, {k}]" if self.is_wide else f"{name}[{k} * tile + i]"
        self._kept[row] = None
        return f"s{self._number[row]}" + (f"[{k}]" if self.is_wide else f"[{k} * tile + i]")

    def _keep(self, node):
        """Return where a node is kept from one loop to another."""
        self._kept[node] = None
        return self._in_array(node, "k") if _is_row(node) else f"s{self._number[node]}[i]"

    def _put_rows(self, node, loop):
        """Return an entry of a row, some entries of which come from another row."""
        (row, values), (start, step, count) = node.operands, node.detail
        if abs(step) != 1:
            raise NotCompilableError("a formula that changes every other row cannot be compiled")
        at = f"{step} * (int64(k) - {start})"
        used = self._use(row, loop)
        if _is_row(values):
            inside = f"size_t(min(max({at}, 0), {count - 1}))"
            value = self._in_array(values, inside)
        else:
            value = self._use(values, loop)
        return f"select(({at} >= 0) & ({at} < {count}), {value}, {used})"

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
        if self.task.weighted and (loop.level > 0 or loop.entries > 1):
            scale = "scales[i]"
        wide = np.result_type(node.dtype, self.dtype)
        if wide != node.dtype:
            value = _convert(value, node.dtype, wide)
        if wide != self.dtype:
            scale = f"{wide}({scale})"
        product = f"{value} * {scale}"
        if wide != self.dtype:
            product = f"{self.dtype}({product})"
        return f"unless_absent(weight[first + i], {product})" if self.task.weighted else product

    # Loops.

    def _loops(self):
        """Return the loop that checks labels, and all others in order.

        The latter are written from the last to the first, so that each knows what later ones need.
        """
        loops = []
        for level in range(max(self._levels.values(), default=0), -1, -1):
            here = [node for node, of_node in self._levels.items() if of_node == level]
            lengths = sorted({_entries(node) for node in here} - {0, 1})
            loops += [self._loop(level, entries) for entries in (*lengths, 1)]
        checks = _Loop(0, 1)
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
                place = self._of_result(entries)
                loop.lines.append(f"y{index}{place} = {self._scaled(node, loop)}")
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

    def _of_result(self, entries):
        """Return the place of what is written to an array."""
        if entries == 1:
            return "[first + i]"
        return "_rows[first, k]" if self.is_wide else "[k * tile + i]"

    def _add_up(self, node, loop):
        """Write how a reduction takes in an entry."""
        value, operation = self._use(node.operands[0], loop), node.operation.removesuffix(".reduce")
        if operation not in _NEUTRAL:
            raise NotCompilableError(f"the operation {node.operation} cannot be compiled")
        name = f"s{self._number[node]}"
        neutral = _literal(_NEUTRAL[operation], node.dtype)
        part = f"{name}_part[j]" if self.is_wide else f"{name}_part[i]"

        def taken_in(whole, part):
            return f"{whole} = {_apply(operation, node.dtype, [whole, part])}"

        loop.lines.append(taken_in(part, value))
        loop.sums.append((name, neutral, taken_in))

    # The function.

    def _function(self, checks, loops):
        """Return the kernel with these loops inside a tile."""
        task = self.task
        xs = [f"x{node.detail}{'_rows' * _is_row(node)}" for node in self.inputs]
        ys = [f"y{index}{'_rows' * _is_row(node)}" for index, node in enumerate(task.written)]
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
        return [] if self.is_wide else list(filter(_is_row, nodes))

    def _tile(self):
        """Return how many samples are in a tile."""
        if self._length == 1:
            return TILE
        return 1 if self.is_wide else "tile_of_rows(entries)"

    def _arrays(self):
        """Yield the name, the size and the dtype of each array that a tile needs."""
        task = self.task

        def size(node):
            return f"{self._count(_entries(node))} * tile" if _is_row(node) else "tile"

        if task.summed is not None:
            dtype = "float64" if task.weighted else _type(task.summed.dtype)
            yield "values", ("tile", dtype)
        if task.weighted and self._length > 1:
            yield "scales", ("tile", self.dtype)
        for node in self._turned(self.inputs):
            yield f"x{node.detail}", (size(node), node.dtype)
        for node in self._turned(task.written):
            yield f"y{task.written.index(node)}", (size(node), self.dtype)
        for node in self._kept:
            name, dtype = f"s{self._number[node]}", _type(node.dtype)
            yield name, (size(node), dtype)
            if node.operation.endswith(".reduce"):
                parts = [f"{name}_part", f"{name}_lanes"][: 1 + self.is_wide]
                for part in parts:
                    yield part, (f"size_t({LANES})" if self.is_wide else "tile", dtype)
        for node in self._running:
            yield f"r{self._number[node]}", ("tile", _type(node.dtype))

    def _count(self, entries):
        return "entries" if entries == self._length else str(entries)

    def _around(self, loop):
        """Return a loop with what stands around its lines."""
        over_samples = "for i in range(size):"
        if loop.entries == 1:
            return [over_samples, *_indented(1, loop.lines)]
        count = self._count(loop.entries)
        clear = [f"fill({name}, size, {neutral})" for name, neutral, _ in loop.sums]
        if self.is_wide:
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


def _place_in(nodes, node):
    """Return where a node is in a list, which it is added to if it is not there."""
    if node not in nodes:
        nodes.append(node)
    return nodes.index(node)
