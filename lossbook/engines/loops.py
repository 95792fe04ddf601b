"""The loops of a kernel, and the lines inside them.

For a loss of single numbers there is one loop.  It reads a sample, checks it, computes what was
asked for and writes it, and all steps in between stay in registers::

    for i in range(size):
        v0 = x0[first + i]
        good &= isfinite(v0)
        v1 = x1[first + i]
        v2 = v1 - v0
        values[i] = v2 * v2

For a loss over classes there is more than one such loop, since a sum over the classes has to be
complete before it can be used.  The *level* of a node is the number of sums or maxima on the way
from the inputs to it.  Each level has a loop over the samples, for what a sample has one of, and a
loop over the classes with one over the samples inside it, for what it has in every class.  What one
loop leaves to another is kept in an array.

The lines of a loop are written from its results back to its inputs: to use a node is to write the
lines for its operands, then its own, and to return its name.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .expressions import NotCompilableError, applied, converted, is_short, literal
from .graph import Node, in_order

__all__ = ["Loop", "Loops", "Task", "is_row", "n_entries"]

WIDE = 128
"""From how many entries on a row is computed by itself, many entries at once."""


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


def n_entries(node: Node) -> int:
    """Return how many entries a node has for each sample."""
    return prod(node.shape[:-1])


def is_row(node: Node) -> bool:
    """Return whether a node has several entries for each sample."""
    return n_entries(node) > 1


def _of_labels(condition):
    """Return whether a condition is one of labels, which has to hold before they are used."""
    leaves = [each for each in in_order([condition]) if each.operation == "input"]
    return all(each.dtype.kind == "i" and not is_row(each) for each in leaves)


class Loop:
    """One loop of a tile while it is written."""

    def __init__(self, level, entries):
        self.level, self.entries = level, entries
        self.lines: list[str] = []
        self.names: dict[Node, str] = {}
        self.sums: list[tuple[str, str, Callable[[str, str], str]]] = []


class Loops:
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
    checks : Loop
        The loop that checks labels before they are used.
    loops : list of Loop
        All others in order.
    tables : list of Node
        Constants with a number for each entry of a row.
    arguments : list of Node
        Numbers computed from parameters, and constants that may come from some.
    kept : dict
        The nodes that one loop leaves to another.
    running : dict
        The nodes of which an array holds the last entry, as long as a loop goes on.
    length : int
        The number of entries of a row of inputs.
    is_wide : bool
        Whether rows are computed one by one.
    """

    checks: "Loop"
    loops: "list[Loop]"
    tables: list[Node]
    arguments: list[Node]
    kept: dict[Node, None]
    running: dict[Node, None]
    length: int
    is_wide: bool

    def __init__(self, task: Task, inputs: Sequence[Node], dtype: Any) -> None:
        self.task, self.dtype = task, dtype
        self.tables, self.arguments, self.kept, self.running = [], [], {}, {}
        nodes = in_order([*inputs, *task.nodes()])
        self._number = {node: index for index, node in enumerate(nodes)}
        self._levels: dict[Node, int] = {}
        for node in nodes:
            self._levels[node] = self._level(node)
        lengths = {n_entries(each) for each in inputs if is_row(each)}
        if len(lengths) > 1:
            raise NotCompilableError("inputs with rows of different lengths cannot be compiled")
        self.length = max(lengths, default=1)
        self.is_wide = self.length >= WIDE
        self.checks, self.loops = self._loops()

    def _level(self, node):
        level = max((self._levels[each] for each in node.operands), default=0)
        if node.operands and is_row(node.operands[0]):
            before, level_before = node.operands[0], self._levels[node.operands[0]]
            if node.operation.endswith(".reduce"):
                level = level_before + 1
            elif node.operation in ("take", "rows") and before.operation != "input":
                # These read a row out of order, so all of it has to be there.
                level = max(level, level_before + 1)
            elif node.operation == "put_rows" and is_row(node.operands[1]):
                level = max(level, self._levels[node.operands[1]] + 1)
        return level

    # Lines.

    def _use(self, node, loop):
        """Return what to write for a node in a loop, after the lines that it takes to know it."""
        if node.operation == "constant":
            if np.ndim(node.detail) == 0:
                if is_short(node):
                    return literal(node.detail, node.dtype)
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
            return self._in_array(node, "k") if is_row(node) else f"x{node.detail}[first + i]"
        of_row = is_row(operands[0])
        reduces, accumulates = operation.endswith(".reduce"), operation.endswith(".accumulate")
        is_elsewhere = self._levels[node] != loop.level or n_entries(node) != loop.entries
        if (reduces and of_row) or (is_elsewhere and not (is_row(node) and operation in _CHEAP)):
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
            place = f"{start} + {step} * int64(k)" if is_row(node) else start
            return self._in_array(operands[0], f"size_t({place})")
        if operation == "put_rows":
            return self._put_rows(node, loop)
        used = [self._use(each, loop) for each in operands]
        if operation == "put":
            return f"select(int64(k) == {used[1]}, {used[2]}, {used[0]})"
        if operation == "cast":
            return converted(used[0], operands[0].dtype, node.dtype)
        if accumulates:
            return self._accumulate(node, used[0], loop)
        return applied(operation, node.dtype, used, operands[0].dtype)

    def name(self, node: Node) -> str:
        """Return the name of the array that a node is kept in."""
        return f"s{self._number[node]}"

    def running_name(self, node: Node) -> str:
        """Return the name of the array of the last entries of a node."""
        return f"r{self._number[node]}"

    def _in_array(self, row, k):
        """Return an entry of a row that is in an array."""
        if row.operation == "input":
            name = f"x{row.detail}"
            return f"{name}_rows[first, {k}]" if self.is_wide else f"{name}[{k} * tile + i]"
        self.kept[row] = None
        return self.name(row) + (f"[{k}]" if self.is_wide else f"[{k} * tile + i]")

    def _keep(self, node):
        """Return where a node is kept from one loop to another."""
        self.kept[node] = None
        return self._in_array(node, "k") if is_row(node) else f"{self.name(node)}[i]"

    def _put_rows(self, node, loop):
        """Return an entry of a row, some entries of which come from another row."""
        (row, values), (start, step, count) = node.operands, node.detail
        if abs(step) != 1:
            raise NotCompilableError("a formula that changes every other row cannot be compiled")
        at = f"{step} * (int64(k) - {start})"
        used = self._use(row, loop)
        if is_row(values):
            inside = f"size_t(min(max({at}, 0), {count - 1}))"
            value = self._in_array(values, inside)
        else:
            value = self._use(values, loop)
        return f"select(({at} >= 0) & ({at} < {count}), {value}, {used})"

    def _accumulate(self, node, value, loop):
        """Return the running sum of a row, after the lines that take in an entry."""
        running = f"{self.running_name(node)}[i]"
        operation = node.operation.removesuffix(".accumulate")
        longer = applied(operation, node.dtype, [running, value])
        loop.lines.append(f"{running} = select(k == 0, {value}, {longer})")
        self.running[node] = None
        return running

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

    # Loops.

    def _loops(self):
        """Return the loop that checks labels, and all others in order.

        The latter are written from the last to the first, so that each knows what later ones need.
        """
        loops = []
        for level in range(max(self._levels.values(), default=0), -1, -1):
            here = [node for node, of_node in self._levels.items() if of_node == level]
            lengths = sorted({n_entries(node) for node in here} - {0, 1})
            loops += [self._loop(level, entries) for entries in (*lengths, 1)]
        checks = Loop(0, 1)
        for condition in filter(_of_labels, self.task.conditions):
            checks.lines.append(f"good &= {self._use(condition, checks)}")
        return checks, [each for each in reversed(loops) if each.lines]

    def _loop(self, level, entries):
        """Return a loop over what has a level and a number of entries."""
        loop, task = Loop(level, entries), self.task

        def is_here(node):
            return self._levels[node] == level and n_entries(node) == entries

        if task.weighted and level == 0 and entries == 1:
            loop.lines.append(f"scale = {self.dtype}(weight[first + i] / divisor)")
            if self.length > 1:
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
        for node in list(self.kept):
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
        name = self.name(node)
        neutral = literal(_NEUTRAL[operation], node.dtype)
        part = f"{name}_part[j]" if self.is_wide else f"{name}_part[i]"

        def taken_in(whole, part):
            return f"{whole} = {applied(operation, node.dtype, [whole, part])}"

        loop.lines.append(taken_in(part, value))
        loop.sums.append((name, neutral, taken_in))


def _place_in(nodes, node):
    """Return where a node is in a list, which it is added to if it is not there."""
    if node not in nodes:
        nodes.append(node)
    return nodes.index(node)
