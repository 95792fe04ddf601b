"""Vectors: their lengths, directions and angles, and derivatives by them."""

from functools import cached_property
from math import sqrt

import numpy as np


class Vector:
    """Vectors, entries on the first axis: their lengths, and their directions of length 1.

    The zero vector has direction 0.  What is divided by its length becomes 0.
    """

    def __init__(self, x):
        # Squares neither overflow nor vanish next to a power of two as large as the vector.
        exponent = np.frexp(np.maximum.reduce(np.abs(x), axis=0))[1]
        power = np.ldexp(x.dtype.type(1), exponent - 1)
        scaled = x / power
        length = np.sqrt(np.add.reduce(scaled * scaled, axis=0))
        self.is_zero = length == 0
        self.scaled = scaled, np.where(self.is_zero, 1, length)
        self.length = length * power
        self.divisor = np.where(self.is_zero, np.inf, self.length)

    @cached_property
    def unit(self):
        """The directions."""
        return np.divide(*self.scaled)

    @cached_property
    def is_top(self):
        """Which entry, if any, is nearly all of its vector."""
        return np.abs(self.unit) > sqrt(0.5)

    @cached_property
    def aside(self):
        """One minus the square of an entry: the sum of the others' squares, at the top."""
        square = self.unit * self.unit
        rest = np.add.reduce(np.where(self.is_top, 0, square), axis=0)
        return np.where(self.is_top, rest, 1 - square)

    def across(self, slope):
        """Return the part of a vector that is at right angles to the direction."""
        product = slope * self.unit
        across = slope - np.add.reduce(product, axis=0) * self.unit
        if not self.is_top.any():
            return across
        rest = np.add.reduce(np.where(self.is_top, 0, product), axis=0)
        return np.where(self.is_top, slope * self.aside - rest * self.unit, across)

    def gradient(self, slope):
        """Return the derivative by the vector of a function with this slope by the direction."""
        return self.across(slope) / self.divisor

    def hessian(self, slope, bend=0):
        """Return its second derivatives; `bend` is the function's own, across the direction."""
        along = np.add.reduce(slope * self.unit, axis=0)
        turned = 2 * self.unit * self.across(slope) + along * self.aside
        return (bend - turned) / self.divisor / self.divisor

    def curvature(self):
        """Return the second derivatives of the length."""
        return self.aside / self.divisor


class Angle:
    """The cosine distance of two vectors, which does not cancel where they are nearly parallel."""

    def __init__(self, first, second):
        self.first, self.second = Vector(first), Vector(second)
        undirected = self.first.is_zero | self.second.is_zero
        self.apart = np.where(undirected, 0, self.first.unit - self.second.unit)
        self.distance = np.where(undirected, 1, np.add.reduce(self.apart**2, axis=0) / 2)

    def gradient(self):
        """Return its derivatives by both vectors."""
        return self.first.gradient(self.apart), self.second.gradient(-self.apart)

    def hessian(self):
        """Return its second derivatives by both vectors."""
        return self.first.hessian(-self.second.unit), self.second.hessian(-self.first.unit)
