"""Vectors: their lengths, directions and angles, and derivatives by them."""

from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .elementwise import sum_entries


class Vector:
    """Vectors, entries on the first axis: their lengths, and their directions of length 1.

    The zero vector has direction 0.  What is divided by its length becomes 0.  The direction of a
    vector with infinite entries is that of these alone.
    """

    is_zero: NDArray[Any]
    scaled: tuple[NDArray[Any], NDArray[Any]]
    length: NDArray[Any]
    divisor: NDArray[Any]

    def __init__(self, x: NDArray[Any]) -> None:
        # Squares neither overflow nor vanish next to a power of two as large as the vector.
        largest = np.maximum.reduce(np.abs(x), axis=0)
        infinite = np.isinf(largest)
        if infinite.any():
            x = np.where(infinite, np.isinf(x) * np.sign(x), x)
        exponent = np.frexp(largest)[1]
        power = np.ldexp(x.dtype.type(1), exponent - 1)
        scaled = x / power
        length = np.sqrt(sum_entries(scaled * scaled))
        self.is_zero = length == 0
        self.scaled = scaled, np.where(self.is_zero, 1, length)
        self.length = np.where(infinite, largest, length * power)
        self.divisor = np.where(self.is_zero, np.inf, self.length)

    @cached_property
    def unit(self) -> NDArray[Any]:
        """The directions."""
        return np.divide(*self.scaled)

    @cached_property
    def is_top(self) -> NDArray[Any]:
        """Which entry, if any, is nearly all of its vector."""
        return np.abs(self.unit) > sqrt(0.5)

    @cached_property
    def aside(self) -> NDArray[Any]:
        """One minus the square of an entry: the sum of the others' squares, at the top."""
        square = self.unit * self.unit
        rest = sum_entries(np.where(self.is_top, 0, square))
        return np.where(self.is_top, rest, 1 - square)

    def across(self, slope: NDArray[Any]) -> NDArray[Any]:
        """Return the part of a vector that is at right angles to the direction."""
        product = slope * self.unit
        across = slope - sum_entries(product) * self.unit
        if not self.is_top.any():
            return across
        rest = sum_entries(np.where(self.is_top, 0, product))
        return np.where(self.is_top, slope * self.aside - rest * self.unit, across)

    def gradient(self, slope: NDArray[Any]) -> NDArray[Any]:
        """Return the derivative by the vector of a function with this slope by the direction."""
        return self.across(slope) / self.divisor

    def hessian(self, slope: NDArray[Any], bend: NDArray[Any] | float = 0) -> NDArray[Any]:
        """Return its second derivatives; `bend` is the function's own, across the direction."""
        along = sum_entries(slope * self.unit)
        turned = 2 * self.unit * self.across(slope) + along * self.aside
        return (bend - turned) / self.divisor / self.divisor

    def curvature(self) -> NDArray[Any]:
        """Return the second derivatives of the length."""
        return self.aside / self.divisor


class Angle:
    """The cosine distance of two vectors, which does not cancel where they are nearly parallel."""

    first: Vector
    second: Vector
    apart: NDArray[Any]
    distance: NDArray[Any]

    @staticmethod
    def formula(s: Any) -> Any:
        """Return the cosine of a and b in symbols, its derivatives, and what these abbreviate."""
        cosine, (length_a, length_b) = (
            s.Symbol("c", real=True),
            s.symbols("alpha beta", positive=True),
        )
        a, b, u, v = map(s.vector, "abuv")
        gradient = (cosine * u - v) / length_a, (cosine * v - u) / length_b
        hessian = (
            (2 * u * (v - cosine * u) + cosine * (1 - u**2)) / length_a**2,
            (2 * v * (u - cosine * v) + cosine * (1 - v**2)) / length_b**2,
        )
        definitions = {
            length_a: s.length(a),
            length_b: s.length(b),
            u: a / length_a,
            v: b / length_b,
            cosine: s.sum_j(u * v),
        }
        return cosine, gradient, hessian, definitions

    def __init__(self, first: NDArray[Any], second: NDArray[Any]) -> None:
        self.first, self.second = Vector(first), Vector(second)
        undirected = self.first.is_zero | self.second.is_zero
        self.apart = np.where(undirected, 0, self.first.unit - self.second.unit)
        self.distance = np.where(undirected, 1, sum_entries(self.apart**2) / 2)

    def gradient(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return its derivatives by both vectors."""
        return self.first.gradient(self.apart), self.second.gradient(-self.apart)

    def hessian(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return its second derivatives by both vectors."""
        return self.first.hessian(-self.second.unit), self.second.hessian(-self.first.unit)
