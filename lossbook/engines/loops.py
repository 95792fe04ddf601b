"""One loop of a kernel, and how it is written.

The innermost loop runs over the samples of a tile, so that each number in a vector register belongs
to another sample and no sum is taken across a register.  For what a sample has in every class there
is a loop over the classes around it.  Rows of many classes are computed one by one instead, with
many of their entries at once.
"""

from collections.abc import Callable
from typing import Any

__all__ = ["LANES", "Loop", "indented"]

GROUP = 64
"""How many terms of a sum are added one after the other; the sums of groups are added then."""
LANES = 32
"""How many sums the entries of a row of many are dealt out to, which are added then."""


def indented(depth: int, lines: Any) -> list[str]:
    """Return lines that are moved to the right."""
    return ["    " * depth + line for line in lines]


class Loop:
    """One loop, while its lines are written.

    Parameters
    ----------
    level : int
        Of what is computed in it.
    entries : int
        How many entries for each sample that has.

    Attributes
    ----------
    first : list of str
        What is done before the loop.
    lines : list of str
        What is inside.
    names : dict of Node to str
        The nodes that are known inside.
    sums : list
        The name of each sum, what it begins with, and how it takes in a part.
    """

    def __init__(self, level: int, entries: int) -> None:
        self.level, self.entries = level, entries
        self.first: list[str] = []
        self.lines: list[str] = []
        self.names: dict[Any, str] = {}
        self.sums: list[tuple[str, str, Callable[[str, str], str]]] = []

    def written(self, count: str, is_wide: bool) -> list[str]:
        """Return the loop, for a number of entries."""
        over_samples = "for i in range(size):"
        if self.entries == 1:
            return [*self.first, over_samples, *indented(1, self.lines)]
        clear = [f"fill({name}, size, {neutral})" for name, neutral, _ in self.sums]
        if is_wide:
            return [*self.first, "i = size_t(0)", *clear, *self._along_row(count)]
        if not self.sums:
            inside = [over_samples, *indented(1, self.lines)]
            return [*self.first, f"for k in range({count}):", *indented(1, inside)]
        return [
            *self.first,
            *clear,
            f"for start in range(size_t(0), {count}, size_t({GROUP})):",
            *(f"    fill({name}_part, size, {neutral})" for name, neutral, _ in self.sums),
            f"    for k in range(start, min(start + size_t({GROUP}), {count})):",
            f"        {over_samples}",
            *indented(3, self.lines),
            f"    {over_samples}",
            *(f"        {take(f'{name}[i]', f'{name}_part[i]')}" for name, _, take in self.sums),
        ]

    def _along_row(self, count):
        """Return a loop along one row, whose sums are dealt out, `GROUP` terms to a part."""

        def along(first, last):
            return [
                f"for start in range({first}, {last}, size_t({LANES})):",
                f"    for j in range(min(size_t({LANES}), {count} - start)):",
                "        k = start + j",
                *indented(2, self.lines),
            ]

        if not self.sums:
            return along("size_t(0)", count)
        n_terms = f"size_t({LANES * GROUP})"
        return [
            *(f"fill({name}_lanes, {LANES}, {neutral})" for name, neutral, _ in self.sums),
            f"for group in range(size_t(0), {count}, {n_terms}):",
            *(f"    fill({name}_part, {LANES}, {neutral})" for name, neutral, _ in self.sums),
            *indented(1, along("group", f"min(group + {n_terms}, {count})")),
            f"    for j in range({LANES}):",
            *(
                f"        {take(f'{name}_lanes[j]', f'{name}_part[j]')}"
                for name, _, take in self.sums
            ),
            f"for j in range({LANES}):",
            *(f"    {take(f'{name}[i]', f'{name}_lanes[j]')}" for name, _, take in self.sums),
        ]
