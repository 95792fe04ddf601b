"""A predicted and a true box: the terms that losses of boxes are made of.

Lengths are put together from what both boxes cover, what only one does, and the gap between them,
so nothing cancels.  Derivatives are taken by moving an edge outwards, which looks the same from all
four edges: but for whether the edge is outside the true box or inside.
"""

from functools import cached_property
from math import pi
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .elementwise import negative_part, positive_part

OUTWARDS = np.array([-1, 1], np.int8)[:, None, None]
"""The way out at the lower and at the upper end of a box."""


def ratio(numerator: NDArray[Any], denominator: NDArray[Any]) -> NDArray[Any]:
    """Return a ratio, 0 where the denominator is 0."""
    return np.where(denominator > 0, numerator / denominator, 0)


class Term(NamedTuple):
    """A term of the formula: its value, its derivatives by coordinate k, and what they abbreviate.

    With its second derivative comes that of what the boxes miss, `of_missed` times.
    """

    value: Any
    slope: Any
    bend: Any
    definitions: dict[Any, Any]
    of_missed: Any = 0


def _hull(s):
    """Return the sides of the box around both, whether edge k is its own, and what these are."""
    (b1, b2, b3, b4), (t1, t2, t3, t4) = s.entries("b", 4), s.entries("t", 4)
    (w, h), outer = s.symbols("w_C h_C", real=True), s.vector("o")
    beyond = b1 < t1, b2 < t2, b3 > t3, b4 > t4
    definitions = {
        w: s.Max(b3, t3) - s.Min(b1, t1),
        h: s.Max(b4, t4) - s.Min(b2, t2),
        outer: s.by_k(*map(s.one_if, beyond)),
    }
    return w, h, outer, definitions


class Pair:
    """A predicted and a true box, measured along x and y.

    Attributes
    ----------
    beyond : ndarray
        How far predicted edges lie outside the true ones: at both ends, along x and y.
    size, true_size, hull : ndarray
        The sides of the boxes, and of the smallest box around both.
    overlap, excess, lack, gap : ndarray
        What both boxes cover, only the predicted, only the true one, and neither, in lengths of
        the hull: 1 together.
    across : ndarray
        How long the predicted edges are that move along x and along y, in lengths of the hull.
    """

    beyond: NDArray[Any]
    size: NDArray[Any]
    true_size: NDArray[Any]
    hull: NDArray[Any]
    overlap: NDArray[Any]
    excess: NDArray[Any]
    lack: NDArray[Any]
    gap: NDArray[Any]
    across: NDArray[Any]

    def __init__(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> None:
        (low, high), (true_low, true_high) = (y.reshape(2, 2, -1) for y in (y_pred, y_true))
        self.beyond = np.stack([true_low - low, high - true_high])
        self.size, self.true_size = high - low, true_high - true_low
        self.hull = np.maximum(high, true_high) - np.minimum(low, true_low)
        shared = np.minimum(high, true_high) - np.maximum(low, true_low)
        excess = np.add.reduce(positive_part(self.beyond), axis=0)
        lack = -np.add.reduce(negative_part(self.beyond), axis=0)
        self.overlap = ratio(positive_part(shared), self.hull)
        self.excess = ratio(np.minimum(excess, self.size), self.hull)
        self.lack = ratio(np.minimum(lack, self.true_size), self.hull)
        self.gap = ratio(-negative_part(shared), self.hull)
        self.across = (self.overlap + self.excess)[::-1]

    @cached_property
    def missed(self) -> Any:
        """What the boxes miss of each other."""
        return Missed(self)

    def growth(self, outside: bool) -> Any:
        """Return the growth of the union's area, in areas of the hull, when edges move."""
        if outside:
            return self.across
        return np.where(self.overlap > 0, self.excess[::-1], self.across)


class Missed:
    """One minus the intersection over the union; of two empty boxes 0 if they are equal, else 1."""

    true_area: NDArray[Any]
    union: NDArray[Any]
    covered: NDArray[Any]
    value: NDArray[Any]

    def __init__(self, pair: Any) -> None:
        self.pair = pair
        (x, y), (more_x, more_y), (less_x, less_y) = pair.overlap, pair.excess, pair.lack
        both, lacking = x * y, less_x * (y + less_y) + x * less_y
        missed = more_x * (y + more_y) + x * more_y + lacking
        self.true_area, self.union = both + lacking, both + missed
        self.covered = ratio(both, self.union)
        apart = (pair.beyond != 0).any(axis=(0, 1))
        self.value = np.where(self.union > 0, missed / self.union, apart)

    @staticmethod
    def formula(s: Any) -> Any:
        """Return it in symbols."""
        (b1, b2, b3, b4), (t1, t2, t3, t4) = s.entries("b", 4), s.entries("t", 4)
        w, h, w_t, h_t, w_I, h_I = s.symbols("w h w_t h_t w_I h_I", real=True)
        (i, U, L), I_k, U_k, L_k = s.symbols("I U L", real=True), *map(s.vector, "IUL")
        definitions = {
            w: b3 - b1,
            h: b4 - b2,
            w_t: t3 - t1,
            h_t: t4 - t2,
            w_I: s.Max(0, s.Min(b3, t3) - s.Max(b1, t1)),
            h_I: s.Max(0, s.Min(b4, t4) - s.Max(b2, t2)),
            i: w_I * h_I,
            U: w * h + w_t * h_t - i,
            L: 1 - i / U,
            I_k: s.by_k(
                s.cases((-h_I, (b1 > t1) & (w_I > 0)), 0),
                s.cases((-w_I, (b2 > t2) & (h_I > 0)), 0),
                s.cases((h_I, (b3 < t3) & (w_I > 0)), 0),
                s.cases((w_I, (b4 < t4) & (h_I > 0)), 0),
            ),
            U_k: s.by_k(-h, -w, h, w) - I_k,
            L_k: (i * U_k - I_k * U) / U**2,
        }
        return Term(L, L_k, -2 * L_k * U_k / U, definitions)

    def slope(self, outside: bool) -> Any:
        """Return the first derivative."""
        overlap, excess, across = self.pair.overlap, self.pair.excess, self.pair.across
        if outside:
            return self.covered * ratio(across, self.union)
        towards = ratio(overlap[::-1], self.union)
        return np.where(
            overlap > 0, -towards * ratio(excess * across + self.true_area, self.union), 0
        )

    def bend(self, outside: bool) -> Any:
        """Return the second derivative."""
        return -2 * self.slope(outside) * ratio(self.pair.growth(outside), self.union)


class Void:
    """The share of the hull that neither box covers."""

    value: NDArray[Any]

    def __init__(self, pair: Any) -> None:
        self.pair = pair
        (more_x, more_y), (less_x, less_y), (gap_x, gap_y) = pair.excess, pair.lack, pair.gap
        self.value = more_x * less_y + less_x * more_y + gap_x + gap_y * (1 - gap_x)

    @staticmethod
    def formula(s: Any) -> Any:
        """Return it in symbols."""
        w, h, outer, hull = _hull(s)
        (U, C, V), U_k, C_k, V_k = s.symbols("U C V", real=True), *map(s.vector, "UCV")
        definitions = hull | {
            C: w * h,
            C_k: outer * s.by_k(-h, -w, h, w),
            V: 1 - U / C,
            V_k: (U * C_k - U_k * C) / C**2,
        }
        return Term(V, V_k, -2 * V_k * C_k / C, definitions)

    def slope(self, outside: bool) -> Any:
        """Return the first derivative."""
        if outside:
            return (self.pair.lack + self.pair.gap)[::-1] - self.value
        return -self.pair.growth(outside)

    def bend(self, outside: bool) -> Any:
        """Return the second derivative."""
        return -2 * outside * self.slope(outside)


class Distance:
    """The squared distance of the centres over the squared diagonal of the hull."""

    hull: NDArray[Any]
    offset: NDArray[Any]
    value: NDArray[Any]

    def __init__(self, pair: Any) -> None:
        diagonal = np.hypot(*pair.hull)
        self.hull = ratio(pair.hull, diagonal)
        self.offset = ratio((pair.beyond[1] - pair.beyond[0]) / 2, diagonal)
        self.value = np.add.reduce(self.offset**2, axis=0)

    @staticmethod
    def formula(s: Any) -> Any:
        """Return it in symbols."""
        (b1, b2, b3, b4), (t1, t2, t3, t4) = s.entries("b", 4), s.entries("t", 4)
        x, y = (b1 + b3 - t1 - t3) / 2, (b2 + b4 - t2 - t4) / 2
        w, h, outer, hull = _hull(s)
        (N, D, Q), N_k, D_k, Q_k = s.symbols("N D Q", real=True), *map(s.vector, "NDQ")
        definitions = hull | {
            N: x**2 + y**2,
            N_k: s.by_k(x, y, x, y),
            D: w**2 + h**2,
            D_k: 2 * outer * s.by_k(-w, -h, w, h),
            Q: N / D,
            Q_k: (N_k - Q * D_k) / D,
        }
        return Term(Q, Q_k, (s.Rational(1, 2) - 2 * Q_k * D_k - 2 * Q * outer) / D, definitions)

    def slope(self, outside: bool) -> Any:
        """Return the first derivative."""
        return self.hull * (OUTWARDS * self.offset - 2 * outside * self.hull * self.value)

    def bend(self, outside: bool) -> Any:
        """Return the second derivative."""
        curved = 0.5 * self.hull**2
        return curved - 2 * outside * self.hull**2 * (2 * self.slope(outside) + self.value)


class Aspect:
    r"""The penalty v²/(L + v) for sides of another ratio: L is missed, v = (2θ/π)².

    θ is the angle between the diagonals of the boxes, turned to start in one corner.
    """

    missed: Missed
    direction: NDArray[Any]
    angle: NDArray[Any]
    hull: NDArray[Any]
    v: NDArray[Any]
    total: NDArray[Any]
    alpha: NDArray[Any]
    value: NDArray[Any]

    def __init__(self, pair: Any) -> None:
        self.missed = pair.missed
        diagonal, true_diagonal = np.hypot(*pair.size), np.hypot(*pair.true_size)
        self.direction, direction = (
            ratio(pair.size, diagonal),
            ratio(pair.true_size, true_diagonal),
        )
        longer = ratio(-np.add.reduce(pair.beyond, axis=0), true_diagonal)
        self.angle = np.arctan2(
            longer[0] * self.direction[1] - longer[1] * self.direction[0],
            np.add.reduce(self.direction * direction, axis=0),
        )
        self.hull = ratio(pair.hull, diagonal)
        self.v = (2 / pi * self.angle) ** 2
        self.total = self.missed.value + self.v
        self.alpha = ratio(self.v, self.total)
        self.value = self.alpha * self.v

    @staticmethod
    def formula(s: Any) -> Any:
        """Return it in symbols."""
        w, h, w_t, h_t = s.symbols("w h w_t h_t", real=True)
        L, theta, v, a = s.symbols("L theta v alpha", real=True)
        L_k, theta_k, v_k = map(s.vector, ("L", "theta", "v"))
        definitions = {
            theta: s.atan(w_t / h_t) - s.atan(w / h),
            theta_k: s.by_k(h, -w, -h, w) / (w**2 + h**2),
            v: 4 * theta**2 / s.pi**2,
            v_k: 8 * theta * theta_k / s.pi**2,
            a: v / (L + v),
        }
        turn = theta_k**2 + theta * s.by_k(1, -1, 1, -1) * 2 * w * h / (w**2 + h**2) ** 2
        return Term(
            value=a * v,
            slope=a * (2 - a) * v_k - a**2 * L_k,
            bend=a * (2 - a) * 8 * turn / s.pi**2 + 2 * (a * L_k - (1 - a) * v_k) ** 2 / (L + v),
            definitions=definitions,
            of_missed=-(a**2),
        )

    def _turns(self):
        """Return the derivatives of the angle."""
        sign = np.array([-1, 1], np.int8)[:, None]
        first = sign * self.direction[::-1] * self.hull
        return first, -2 * sign * self.direction[0] * self.direction[1] * self.hull**2

    def _slope_of_v(self):
        return 8 / pi**2 * self.angle * self._turns()[0]

    def slope(self, outside: bool) -> Any:
        """Return the first derivative."""
        a = self.alpha
        return a * (2 - a) * self._slope_of_v() - a**2 * self.missed.slope(outside)

    def bend(self, outside: bool) -> Any:
        """Return the second derivative."""
        a, (first, second) = self.alpha, self._turns()
        across = (
            a * self.missed.slope(outside)
            - ratio(self.missed.value, self.total) * self._slope_of_v()
        )
        bend_of_v = 8 / pi**2 * (first**2 + self.angle * second)
        return (
            a * (2 - a) * bend_of_v
            - a**2 * self.missed.bend(outside)
            + 2 * ratio(across**2, self.total)
        )
