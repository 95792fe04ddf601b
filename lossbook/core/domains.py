"""Sets that labels, predictions, weights and parameters must lie in.

A domain answers three questions: ``holds(block)``, fast, for a block of numbers in cache;
``contains(values)``, element by element, to find the culprit; and ``str(domain)``, how an error
message names it.  In a block over classes the samples are on the last axis.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .elementwise import sum_entries


def extremes(block: NDArray[Any]) -> tuple[Any, Any]:
    """Return the least and the largest number of a block; NaN for both if it holds one."""
    if not block.flags.c_contiguous:
        block = block.T
    return block.item(block.argmin()), block.item(block.argmax())


class Domain:
    """Base of all domains."""

    @property
    def extent(self) -> float:
        """No member is larger than this in size."""
        return math.inf

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        raise NotImplementedError

    def holds(self, block: NDArray[Any]) -> bool:
        """Return whether all values of a block are in the domain."""
        contained = self.contains(block)
        return contained.item(contained.argmin())

    def for_halves(self, entries: tuple[int, ...]) -> "Domain":
        """Return the domain for numbers of half precision, a sample of them of this shape."""
        return self

    def shown(self, sample: NDArray[Any]) -> str:
        """Return how an error shows a sample of several entries that is outside."""
        return str(sample)


@dataclass(frozen=True)
class Finite(Domain):
    """Every finite real number."""

    def __str__(self) -> str:
        return "finite"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        return np.isfinite(values)

    def holds(self, block: NDArray[Any]) -> bool:
        """Return whether all values of a block are in the domain."""
        finite = np.isfinite(block)
        return finite.item(finite.argmin())


@dataclass(frozen=True)
class NonZero(Finite):
    """Every finite real number but 0."""

    def __str__(self) -> str:
        return "finite and not 0"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        return super().contains(values) & (values != 0)

    def holds(self, block: NDArray[Any]) -> bool:
        """Return whether all values of a block are in the domain."""
        return Domain.holds(self, block)


@dataclass(frozen=True)
class Interval(Domain):
    """Numbers between two ends, each of them included or not."""

    low: float
    high: float
    include_low: bool = True
    include_high: bool = True

    @property
    def extent(self) -> float:
        """The larger end in size."""
        return max(abs(self.low), abs(self.high))

    def __str__(self) -> str:
        left = "[" if self.include_low else "("
        right = "]" if self.include_high else ")"
        return f"in {left}{self.low:g}, {self.high:g}{right}"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        above = values >= self.low if self.include_low else values > self.low
        below = values <= self.high if self.include_high else values < self.high
        return above & below

    def holds(self, block: NDArray[Any]) -> bool:
        """Return whether all values of a block are in the domain."""
        low, high = extremes(block)
        above = low >= self.low if self.include_low else low > self.low
        return above and (high <= self.high if self.include_high else high < self.high)


@dataclass(frozen=True)
class Integers(Domain):
    """Whole numbers between two ends, both included."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"an integer from {self.low} to {self.high}"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        return (values >= self.low) & (values <= self.high) & (values == np.floor(values))


@dataclass(frozen=True)
class TwoValues(Domain):
    """Either of two numbers, such as the labels 0 and 1."""

    first: float
    second: float

    @property
    def extent(self) -> float:
        """The larger of the two in size."""
        return max(abs(self.first), abs(self.second))

    def __str__(self) -> str:
        return f"{self.first:g} or {self.second:g}"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        return (values == self.first) | (values == self.second)


@dataclass(frozen=True)
class Intersection(Domain):
    """What is in each of several domains."""

    domains: tuple[Domain, ...]

    def __str__(self) -> str:
        return " and ".join(map(str, self.domains))

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        return reduce(np.logical_and, (domain.contains(values) for domain in self.domains))


@dataclass(frozen=True)
class OrIgnored(Domain):
    """What is in a domain, and the number that marks what is ignored."""

    domain: Domain
    mark: float

    @property
    def extent(self) -> float:
        """The larger of both in size."""
        return max(self.domain.extent, abs(self.mark))

    def __str__(self) -> str:
        return f"{self.domain}, or {self.mark:g} (ignored)"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        return self.domain.contains(values) | (values == self.mark)


@dataclass(frozen=True)
class ClassIndices(Domain):
    """Integers from 0 to the number of classes, and the index that marks ignored samples."""

    n_classes: float = math.inf
    ignore_index: int | None = None

    def __str__(self) -> str:
        last = "" if self.n_classes == math.inf else f" to {self.n_classes - 1}"
        ignored = "" if self.ignore_index is None else f", or {self.ignore_index} (ignored)"
        return f"a class index from 0{last}{ignored}"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        valid = (values >= 0) & (values < self.n_classes)
        if getattr(values, "dtype", np.dtype(float)).kind == "f":
            valid &= values == np.floor(values)
        return valid if self.ignore_index is None else valid | (values == self.ignore_index)

    def holds(self, block: NDArray[Any]) -> bool:
        """Return whether all values of a block are in the domain."""
        if self.ignore_index is None and block.dtype.kind != "f":
            return block.item(block.argmin()) >= 0 and block.item(block.argmax()) < self.n_classes
        return super().holds(block)


@lru_cache(maxsize=256)
def class_indices(n_classes: float, ignore_index: int | None = None) -> ClassIndices:
    """Return the domain of labels, made once for each number of classes."""
    return ClassIndices(n_classes, ignore_index)


@dataclass(frozen=True)
class Distributions(Domain):
    """Probability distributions over the classes: in [0, 1], and each sums to one."""

    tolerance: float = 1e-4

    def __str__(self) -> str:
        return f"probabilities that sum to 1 (to within {self.tolerance:.2g}) over the last axis"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        inside = UNIT_INTERVAL.contains(values).all(axis=0)
        return inside & self._sums_to_one(values)

    def holds(self, block: NDArray[Any]) -> bool:
        """Return whether all values of a block are in the domain."""
        sums_to_one = self._sums_to_one(block)
        return UNIT_INTERVAL.holds(block) and bool(np.logical_and.reduce(sums_to_one, axis=None))

    def for_halves(self, entries: tuple[int, ...]) -> "Domain":
        """Return the domain for numbers of half precision, a sample of them of this shape.

        Each is off by half a unit in its last place: by one in 2048, or by 2**-25 if it is tiny.
        """
        return replace(self, tolerance=2.0**-10 + 2.0**-25 * entries[-1])

    def shown(self, sample: NDArray[Any]) -> str:
        """Return how an error shows what is no distribution."""
        return _with_sum(sample, sample)

    def _sums_to_one(self, values):
        return np.abs(sum_entries(values) - 1) <= self.tolerance


def _with_sum(sample, probabilities):
    shown = np.array2string(sample, threshold=8, max_line_width=1000)
    return f"{shown}, a sum of {np.add.reduce(probabilities, dtype=np.float64):.6g},"


@dataclass(frozen=True)
class Boxes(Domain):
    """Boxes (x1, y1, x2, y2), perhaps empty, but not turned inside out."""

    def __str__(self) -> str:
        return "a finite box (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        return np.isfinite(values).all(axis=0) & (values[:2] <= values[2:]).all(axis=0)


@dataclass(frozen=True)
class LogDistributions(Domain):
    """Logarithms of probability distributions over the classes; that of 0 is minus infinity."""

    tolerance: float = 1e-4

    def __str__(self) -> str:
        return f"logarithms of {Distributions(self.tolerance)}"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        return np.abs(sum_entries(np.exp(values)) - 1) <= self.tolerance

    def for_halves(self, entries: tuple[int, ...]) -> "Domain":
        """Return the domain for numbers of half precision, a sample of them of this shape.

        Each is off by one in 2048 at most, and no mean of logarithms of K probabilities, with
        these as weights, is larger than log K.
        """
        return replace(self, tolerance=2.0**-10 * (1 + math.log(entries[-1])))

    def shown(self, sample: NDArray[Any]) -> str:
        """Return how an error shows logarithms of what is no distribution."""
        return _with_sum(sample, np.exp(sample))


@dataclass(frozen=True)
class Directions(Domain):
    """Vectors of which only the direction counts; the zero vector, which has none, is a border."""

    def __str__(self) -> str:
        return "a vector, of which only the direction counts"

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain: all."""
        return np.ones_like(values, bool)

    def holds(self, block: NDArray[Any]) -> bool:
        """Return whether all values of a block are in the domain: they are."""
        return True


FINITE: Domain = Finite()
NONZERO: Domain = NonZero()
UNIT_INTERVAL: Domain = Interval(0, 1)
ZERO_OR_ONE: Domain = TwoValues(0, 1)
PLUS_MINUS_ONE: Domain = TwoValues(-1, 1)
LABELS: Domain = ClassIndices()
DISTRIBUTIONS: Domain = Distributions()
LOG_DISTRIBUTIONS: Domain = LogDistributions()
DIRECTIONS: Domain = Directions()
BOXES: Domain = Boxes()
POSITIVE: Domain = Interval(0, math.inf, include_low=False, include_high=False)
NON_NEGATIVE: Domain = Interval(0, math.inf, include_high=False)
OPEN_UNIT_INTERVAL: Domain = Interval(0, 1, include_low=False, include_high=False)
ABOVE_MINUS_ONE: Domain = Interval(-1, math.inf, include_low=False, include_high=False)
