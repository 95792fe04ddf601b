"""The nodes of a graph, arranged in loops.

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
loop leaves to another is kept in an array.  What is no loop of this kind, such as a sort or a
recurrence, has a level of its own as well and works on the arrays of the loops before it.

The lines of a loop are written from its results back to its inputs: to use a node is to write the
lines for its operands, then its own, and to return its name.
"""

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from .expressions import (
    CHEAP,
    NEUTRAL,
    NotCompilableError,
    applied,
    converted,
    is_short,
    literal,
    type_name,
)
from .graph import Node, Step, in_order
from .loops import LANES, Loop, indented

__all__ = ["WIDE", "Loops", "StepLoops", "is_row", "n_entries"]

WIDE = 128
"""From how many entries on a row is computed by itself, many entries at once."""
_OUT_OF_ORDER = {"rows", "take", "take_along_axis"}
"""What reads entries of a row in another order."""
_APART = {"argsort", "put_along_axis", "scan.output"}
"""What is in an array, but not because a loop has written one entry after another."""


def n_entries(node: Node) -> int:
    """Return how many entries a node has for each sample."""
    return prod(node.shape[:-1])


def is_row(node: Node) -> bool:
    """Return whether a node has several entries for each sample."""
    return n_entries(node) > 1


def length_of_rows(inputs: Sequence[Node]) -> int:
    """Return how many entries the rows among the inputs have, or 1 if there are none."""
    lengths = {n_entries(node) for node in inputs if is_row(node)}
    if len(lengths) > 1:
        raise NotCompilableError("inputs with rows of different lengths cannot be compiled")
    return max(lengths, default=1)


class Loops:
    """The loops that a graph is computed in.

    Subclasses say where the inputs are and where the results go.

    Parameters
    ----------
    results : sequence of Node
        What is computed.
    length : int
        The number of entries of a row of inputs.
    is_wide : bool
        Whether rows are computed one by one.
    within : Loops, optional
        Those that these are a part of.

    Attributes
    ----------
    tables : list of Node
        Constants with a number for each entry of a row.
    arguments : list of Node
        Numbers computed from parameters, and constants that may come from some.
    lines : list of str
        The loops, written.
    """

    arguments: list[Node]
    is_wide: bool
    length: int
    lines: list[str]
    tables: list[Node]

    def __init__(
        self, results: Sequence[Node], length: int, is_wide: bool, within: "Loops | None" = None
    ) -> None:
        self.length, self.is_wide = length, is_wide
        self.tables, self.arguments = (within.tables, within.arguments) if within else ([], [])
        nodes = in_order(results)
        self._number = {node: index for index, node in enumerate(nodes)}
        self._levels: dict[Node, int] = {}
        for node in nodes:
            self._levels[node] = self._level(node)
        self._kept: dict[Node, None] = {}
        self._running: dict[Node, None] = {}
        self._nested: list[StepLoops] = []
        self.lines = self._arranged()

    # Where things are.

    _prefix = ""

    def _of_input(self, node, k):
        """Return an entry of an input."""
        raise NotImplementedError

    def _write_results(self, loop):
        """Write to the results what is known in a loop."""
        raise NotImplementedError

    def count(self, entries: int) -> str:
        """Return how a number of entries is written, so that it is right for rows of any length."""
        if entries == self.length:
            return "entries"
        place = self._place(entries)
        return place if place == str(entries) else f"size_t({place})"

    def _place(self, number):
        """Return how a place in a row is written, or a number of entries."""
        from_end = self.length - number
        return f"(length - {from_end})" if 0 <= from_end <= 2 < number else str(number)

    def arrays(self) -> Iterator[tuple[str, str, str]]:
        """Yield the name, the size and the dtype of each array that is needed."""
        for node in self._kept:
            name, dtype = self._name(node), type_name(node.dtype)
            yield name, self.size(node), dtype
            if node.operation.endswith(".reduce"):
                parts = [f"{name}_part", f"{name}_lanes"][: 1 + self.is_wide]
                for part in parts:
                    yield part, f"size_t({LANES})" if self.is_wide else "tile", dtype
            if node.operation == "argsort":
                yield f"{name}_aside", "entries" if self.is_wide else "tile", "int64"
        for node in self._running:
            yield self._running_name(node), "tile", type_name(node.dtype)
        for each in self._nested:
            yield from each.arrays()

    def size(self, node: Node) -> str:
        """Return the size of an array for the entries of a tile."""
        return f"{self.count(n_entries(node))} * tile" if is_row(node) else "tile"

    def _name(self, node):
        return f"{self._prefix}s{self._number[node]}"

    def _running_name(self, node):
        return f"{self._prefix}r{self._number[node]}"

    def _level(self, node):
        level = max((self._levels[each] for each in node.operands), default=0)
        if node.operands and is_row(node.operands[0]):
            before, level_before = node.operands[0], self._levels[node.operands[0]]
            if node.operation.endswith(".reduce"):
                level = level_before + 1
            elif node.operation in _OUT_OF_ORDER and before.operation != "input":
                # All of the row has to be there.
                level = max(level, level_before + 1)
            elif node.operation == "put_rows" and is_row(node.operands[1]):
                values = node.operands[1]
                level = max(level, self._levels[values] + (values.operation != "rows"))
        return level + (node.operation in ("argsort", "put_along_axis", "scan"))

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
            loop.names[node] = f"{self._prefix}v{self._number[node]}"
            loop.lines.append(f"{loop.names[node]} = {words}")
        return loop.names[node]

    def _words(self, node, loop):
        """Return what a node is equal to in a loop."""
        operation, operands = node.operation, node.operands
        if operation == "input":
            return self._of_input(node, "k")
        of_row = is_row(operands[0])
        if operation in _APART and of_row:
            return self._keep(node)
        reduces, accumulates = operation.endswith(".reduce"), operation.endswith(".accumulate")
        is_elsewhere = self._levels[node] != loop.level or n_entries(node) != loop.entries
        if (reduces and of_row) or (is_elsewhere and not (is_row(node) and operation in CHEAP)):
            return self._keep(node)
        if not of_row and operation in ("put", "put_along_axis", "put_rows"):
            return self._use(operands[-1], loop)
        if not of_row and (operation in _OUT_OF_ORDER or reduces or accumulates):
            # A row of one entry is that entry.
            return self._use(operands[0], loop)
        if operation in ("take", "take_along_axis"):
            return self._in_array(operands[0], f"size_t({self._use(operands[1], loop)})")
        if operation == "rows":
            return self._in_array(operands[0], self._in_rows(node, "int64(k)"))
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

    def _in_array(self, row, k):
        """Return an entry of a row that is in an array."""
        if row.operation == "input":
            return self._of_input(row, k)
        self._kept[row] = None
        return self._name(row) + (f"[{k}]" if self.is_wide else f"[{k} * tile + i]")

    def _keep(self, node):
        """Return where a node is kept from one loop to another."""
        self._kept[node] = None
        return self._in_array(node, "k") if is_row(node) else f"{self._name(node)}[i]"

    def _in_rows(self, rows, k):
        """Return the place in a row of an entry of some of its rows."""
        start, step, _ = rows.detail
        place = self._place(start)
        return f"size_t({place} + {step} * {k})" if is_row(rows) else f"size_t({place})"

    def _put_rows(self, node, loop):
        """Return an entry of a row, some entries of which come from another row."""
        (row, values), (start, step, count) = node.operands, node.detail
        if abs(step) != 1:
            raise NotCompilableError("a formula that changes every other row cannot be compiled")
        at, n_rows = f"{step} * (int64(k) - {self._place(start)})", self._place(count)
        used = self._use(row, loop)
        if is_row(values):
            inside = f"min(max({at}, 0), {n_rows} - 1)"
            if values.operation == "rows":
                value = self._in_array(values.operands[0], self._in_rows(values, inside))
            else:
                value = self._in_array(values, f"size_t({inside})")
        else:
            value = self._use(values, loop)
        return f"select(({at} >= 0) & ({at} < {n_rows}), {value}, {used})"

    def _accumulate(self, node, value, loop):
        """Return the running sum of a row, after the lines that take in an entry."""
        running = f"{self._running_name(node)}[i]"
        operation = node.operation.removesuffix(".accumulate")
        longer = applied(operation, node.dtype, [running, value])
        loop.lines.append(f"{running} = select(k == 0, {value}, {longer})")
        self._running[node] = None
        return running

    # Loops.

    def _arranged(self):
        """Return the loops in order.

        They are written from the last to the first, so that each knows what later ones need.
        """
        blocks = []
        for level in range(max(self._levels.values(), default=0), -1, -1):
            here = [node for node, of_node in self._levels.items() if of_node == level]
            lengths = sorted({n_entries(node) for node in here} - {0, 1})
            loops = [self._loop(level, entries) for entries in (*lengths, 1)]
            blocks += [
                loop.written(self.count(loop.entries), self.is_wide) for loop in loops if loop.lines
            ]
            blocks += self._sorts(level), self._recurrences(level)
        return [line for block in reversed(blocks) for line in block]

    def _loop(self, level, entries):
        """Return a loop over what has a level and a number of entries."""
        loop = Loop(level, entries)
        self._write_results(loop)
        for node in list(self._kept):
            if node.operation.endswith(".reduce"):
                if self._is_in(node.operands[0], loop):
                    self._add_up(node, loop)
            elif node.operation == "put_along_axis":
                if level == self._levels[node] - 1 and entries == n_entries(node.operands[1]):
                    self._put_along_axis(node, loop)
            elif node.operation not in _APART and self._is_in(node, loop):
                loop.lines.append(f"{self._keep(node)} = {self._use(node, loop)}")
        return loop

    def _is_in(self, node, loop):
        """Return whether a loop is the one that a node is computed in."""
        return self._levels[node] == loop.level and n_entries(node) == loop.entries

    def _add_up(self, node, loop):
        """Write how a reduction takes in an entry."""
        value, operation = self._use(node.operands[0], loop), node.operation.removesuffix(".reduce")
        if operation not in NEUTRAL:
            raise NotCompilableError(f"the operation {node.operation} cannot be compiled")
        name = self._name(node)
        neutral = literal(NEUTRAL[operation], node.dtype)
        part = f"{name}_part[j]" if self.is_wide else f"{name}_part[i]"

        def taken_in(whole, part):
            return f"{whole} = {applied(operation, node.dtype, [whole, part])}"

        loop.lines.append(taken_in(part, value))
        loop.sums.append((name, neutral, taken_in))

    def _put_along_axis(self, node, loop):
        """Write how an array takes in an entry at a place."""
        base, place, value = node.operands
        if base.operation != "constant" or np.ndim(base.detail) > 0:
            raise NotCompilableError("a formula that changes entries of a row cannot be compiled")
        loop.first.append(f"fill({self._name(node)}, {self.size(node)}, {self._use(base, loop)})")
        place = f"size_t({self._use(place, loop)})"
        loop.lines.append(f"{self._in_array(node, place)} = {self._use(value, loop)}")

    # What is no loop.

    def _stored(self, node):
        """Return the name of the array that a node is kept in."""
        self._kept[node] = None
        return self._name(node)

    def _sorts(self, level):
        """Return the calls that sort rows of a level."""
        lines = []
        for node in list(self._kept):
            if node.operation == "argsort" and self._levels[node] == level:
                name, rows = self._name(node), self._stored(node.operands[0])
                if self.is_wide:
                    lines.append(f"argsort({rows}, entries, {name}, {name}_aside)")
                else:
                    sizes = f"size, tile, {self.count(n_entries(node))}"
                    lines.append(f"argsort_turned({rows}, {sizes}, {name}, {name}_aside)")
        return lines

    def _recurrences(self, level):
        """Return the recurrences of a level."""
        lines: list[str] = []
        outputs: dict[Node, dict[int, str]] = {}
        for node in self._kept:
            if node.operation == "scan.output" and self._levels[node] == level:
                outputs.setdefault(node.operands[0], {})[node.detail] = self._name(node)
        for scan, of_scan in outputs.items():
            if any(is_row(output) for output in scan.detail.outputs):
                raise NotCompilableError("a recurrence that puts out rows cannot be compiled")
            given = [self._stored(node) for node in scan.operands]
            prefix = f"{self._name(scan)}_"
            steps = StepLoops(scan.detail, given, of_scan, self.length, self, prefix)
            self._nested.append(steps)
            lines += steps.around(self.count(n_entries(scan)))
        return lines


class StepLoops(Loops):
    """The loops of one step of a recurrence.

    Parameters
    ----------
    step : Step
        The graph of a step.
    given : sequence of str
        The names of the arrays that hold the states at the start, the rows, and what is fixed.
    outputs : dict of int to str
        The names of arrays for outputs, by index.
    length : int
        The number of entries of a row.
    within : Loops, optional
        Those that the recurrence is a part of.
    prefix : str, default ""
        What the names of all other arrays begin with.
    """

    def __init__(
        self,
        step: Step,
        given: Sequence[str],
        outputs: dict[int, str],
        length: int,
        within: Loops | None = None,
        prefix: str = "",
    ) -> None:
        self._step, self._given, self._outputs = step, given, outputs
        self._prefix, self._n_states = prefix, len(step.states)
        results = [*step.states, *(step.outputs[index] for index in outputs)]
        is_wide = within is not None and within.is_wide
        super().__init__([*step.inputs, *results], length, is_wide, within)

    def _of_input(self, node, k):
        _, index = node.detail
        if index < self._n_states:
            return self._entry(f"{self._prefix}before{index}", node, k)
        in_rows = index < self._n_states + self._step.n_rows
        return self._entry(self._given[index], node, k, in_rows)

    def _entry(self, name, node, k, in_rows=False):
        """Return an entry of a state or of what is fixed, or that of a row at this step."""
        place = f"{k} * tile + i" if is_row(node) else "i"
        if in_rows:
            place = f"at * {self.size(node)} + {place}"
        return f"{name}[{place}]"

    def _write_results(self, loop):
        for index, node in enumerate(self._step.states):
            if self._is_in(node, loop):
                place = self._entry(f"{self._prefix}after{index}", node, "k")
                loop.lines.append(f"{place} = {self._use(node, loop)}")
        for index, name in self._outputs.items():
            node = self._step.outputs[index]
            if self._is_in(node, loop):
                place = self._entry(name, node, "k", in_rows=True)
                loop.lines.append(f"{place} = {self._use(node, loop)}")

    def arrays(self) -> Iterator[tuple[str, str, str]]:
        """Yield the name, the size and the dtype of each array that is needed."""
        yield from super().arrays()
        for index, node in enumerate(self._step.states):
            for name in f"{self._prefix}before{index}", f"{self._prefix}after{index}":
                yield name, self.size(node), type_name(node.dtype)

    def around(self, n_steps: str) -> list[str]:
        """Return the loop over the steps."""
        states = list(enumerate(map(self.size, self._step.states)))
        before = f"{self._prefix}before"
        at = f"{n_steps} - 1 - step" if self._step.reverse else "step"
        return [
            *(f"copy({self._given[index]}, {size}, {before}{index})" for index, size in states),
            f"for step in range(size_t(0), {n_steps}):",
            f"    at = {at}",
            *indented(1, self.lines),
            *(f"    copy({self._prefix}after{k}, {size}, {before}{k})" for k, size in states),
        ]


def _place_in(nodes, node):
    """Return where a node is in a list, which it is added to if it is not there."""
    if node not in nodes:
        nodes.append(node)
    return nodes.index(node)
