"""Samples from the domains that a loss declares."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, singledispatch
from typing import Any

import numpy as np

from ..core.domains import (
    LABELS,
    Boxes,
    ClassIndices,
    Directions,
    Distributions,
    Finite,
    Interval,
    LogDistributions,
    NonZero,
    TwoValues,
)
from ..core.loss import ClassLoss, Loss, PointwiseLoss, RowLoss
from ..losses.sequences import LabelSequences
from .derivatives import EPSILON
from .views import View

FAR = 1e150
"""Further than any scale of a loss, yet with a finite square."""


@singledispatch
def draw(domain: Any, rng: Any, shape: Any) -> Any:
    """Return random members of a domain, an array of `shape`.

    Register a function for a domain of your own with ``draw.register``.
    """
    raise TypeError(f"samples that are {domain} cannot be drawn; register a function with draw")


@draw.register(Finite | None)
def _(domain, rng, shape):
    return rng.choice([-1.0, 1.0], shape) * 10 ** rng.uniform(-3, 3, shape)


@draw.register
def _(domain: Directions, rng, shape):
    return rng.choice([-1.0, 1.0], shape) * 10 ** rng.uniform(-1, 1, shape)


@draw.register
def _(domain: Interval, rng, shape):
    finite = np.isfinite([domain.low, domain.high])
    if not finite.any():
        return draw(None, rng, shape)
    distance = 10 ** rng.uniform(-3, 2, shape)
    if finite.all():
        distance = (domain.high - domain.low) * 10 ** rng.uniform(-5, np.log10(0.5), shape)
    from_low = finite[0] & (~finite[1] | (rng.random(shape) < 0.5))
    return np.where(from_low, domain.low + distance, domain.high - distance)


@draw.register
def _(domain: TwoValues, rng, shape):
    return rng.choice([float(domain.first), float(domain.second)], shape)


@draw.register
def _(domain: ClassIndices, rng, shape):
    return rng.integers(domain.n_classes, size=shape)


@draw.register
def _(domain: Distributions, rng, shape):
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1])


@draw.register
def _(domain: Boxes, rng, shape):
    low = rng.uniform(-1, 1, (*shape[:-1], 2))
    return np.concatenate([low, low + 10 ** rng.uniform(-1, 0.5, low.shape)], axis=-1)


@draw.register
def _(domain: LogDistributions, rng, shape):
    return np.log(rng.dirichlet(np.ones(shape[-1]), shape[:-1]))


@draw.register
def _(domain: LabelSequences, rng, shape):
    return rng.choice(corner_members(domain, None), shape[0])


def _ends(domain):
    """Return the first and the last number of an interval, or what comes near enough."""
    low, high = np.float32([domain.low, domain.high])
    low = low if domain.include_low else np.nextafter(low, high)
    high = high if domain.include_high else np.nextafter(high, low)
    return np.clip([float(low), float(high)], -FAR, FAR)


def corner_members(domain: Any, n_classes: Any) -> Any:
    """Return the members of a domain that every sample should contain."""
    if isinstance(domain, Interval):
        ends = ((domain.low, domain.include_low), (domain.high, domain.include_high))
        return np.array([end for end, included in ends if included], float)
    if isinstance(domain, TwoValues):
        return np.array([domain.first, domain.second], float)
    if isinstance(domain, ClassIndices):
        return np.arange(domain.n_classes)
    if isinstance(domain, LabelSequences):
        one, other = np.delete(np.arange(domain.n_classes), domain.blank)[:2]
        return np.array([[-1, -1, -1], [one, one, -1], [other, one, other]])
    return np.eye(n_classes) if isinstance(domain, Distributions) else np.empty(0)


def non_members(domain: Any, n_classes: int) -> Any:
    """Return numbers or rows that are not in a domain."""
    if isinstance(domain, Directions):
        return []
    if isinstance(domain, Distributions):
        sure = np.eye(n_classes)[0]
        return [sure * np.nan, 1.5 * sure - 0.5 * sure[::-1], 0.9 * sure]
    if isinstance(domain, Boxes):
        return [[0, 0, 1, np.nan], [0, 0, 1, np.inf], [1, 0, 0, 1], [0, 1, 1, 0]]
    if isinstance(domain, LogDistributions):
        return [np.full(n_classes, stranger) for stranger in (np.nan, 0, 1 / n_classes, np.inf)]
    if isinstance(domain, ClassIndices):
        return [-1, domain.n_classes]
    if isinstance(domain, LabelSequences):
        return [[wrong, -1, -1] for wrong in (-2, domain.blank, domain.n_classes)]
    if isinstance(domain, Interval):
        low = np.nextafter(domain.low, -np.inf) if domain.include_low else domain.low
        high = np.nextafter(domain.high, np.inf) if domain.include_high else domain.high
        return [low, high, np.nan]
    if isinstance(domain, TwoValues):
        return [(domain.first + domain.second) / 2, np.nan]
    return [np.nan, np.inf, -np.inf, *([0.0] if isinstance(domain, NonZero) else [])]


@dataclass(frozen=True)
class Samples:
    """Random batches and lines through the space of predictions, on which a loss is checked.

    Parameters
    ----------
    loss : Loss
        The loss, whose domains the samples are drawn from.
    n_classes : int, default 3
        Number of classes for losses over classes.
    seed : int, default 0
        Seed of the random numbers.
    """

    loss: Any
    n_classes: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.loss, PointwiseLoss | ClassLoss | RowLoss | View):
            raise TypeError(f"loss must be a Loss of a known kind; got {self.loss!r}")

    @cached_property
    def rng(self) -> Any:
        """The generator of random numbers."""
        return np.random.default_rng(self.seed)

    @property
    def of_classes(self) -> Any:
        """Whether the loss is one over classes."""
        return isinstance(self.loss, ClassLoss)

    @property
    def width(self) -> Any:
        """The length of the last axis of a prediction if this axis is one sample, and else None."""
        if isinstance(self.loss, PointwiseLoss):
            return None
        return getattr(self.loss, "width", None) or self.n_classes

    @property
    def _n_lines(self):
        return getattr(self.loss, "n_lines", 6)

    @property
    def any_predictions(self) -> Any:
        """Whether all real numbers are predictions."""
        return isinstance(self.loss.y_pred_domain, Directions | None)

    @property
    def label_domains(self) -> Any:
        """The domains that targets may be drawn from."""
        domains = [self.loss.y_true_domain]
        if self.of_classes:
            domains.insert(0, ClassIndices(self.loss._label_domain(self.n_classes).n_classes))
        return [domain for domain in domains if domain is not LABELS]

    def labels(self, domain: Any, n: int) -> Any:
        """Return `n` targets, among them the corners of their domain."""
        corners = corner_members(domain, self.n_classes)
        if isinstance(self.loss, RowLoss) and corners.ndim == 1:
            mixed = [np.resize(corners, self.width)] if corners.size else []
            corners = np.array([*(np.full(self.width, corner) for corner in corners), *mixed])
            corners = corners.reshape(-1, self.width)
        corners = corners[:n]
        labels = draw(domain, self.rng, (n, *corners.shape[1:]))
        labels[: len(corners)] = corners
        return labels if labels.dtype.kind == "i" else _short(labels)

    def predictions(self, n: int) -> Any:
        """Return `n` predictions from the interior of their domain."""
        shape = (n,) if self.width is None else (n, self.width)
        return _short(draw(self.loss.y_pred_domain, self.rng, shape))

    def batches(self, n: int = 120) -> Any:
        """Return pairs of targets and predictions, one pair for each kind of target."""
        return [
            (self._marked(self.labels(domain, n)), self.predictions(n))
            for domain in self.label_domains
        ]

    def _marked(self, labels):
        """Mark some entries of every other target as ignored, if the loss has a mark for it."""
        mark = getattr(self.loss, "_mark", None)
        if mark is not None:
            ignored = self.rng.random(labels.shape) < _SHARE_IGNORED
            ignored[::2] = ignored[:, -1] = False
            labels[ignored] = mark
        return labels

    def lines(self) -> Iterator[Any]:
        """Return lines through the predictions, for a few targets of each kind."""
        domain = self.loss.y_pred_domain
        for label_domain in self.label_domains:
            for k, label in enumerate(self.labels(label_domain, self._n_lines)):
                start, direction, centre = np.array(0.0), np.array(1.0), label
                if self.width is not None:
                    moved = (k + 1) % self.width
                    direction = np.eye(self.width)[moved]
                    centre = label[moved] if isinstance(self.loss, RowLoss) else 0
                    if k % 2 and domain is None and not self.of_classes:
                        direction = self.rng.choice([-1.0, 1.0], self.width)
                    start = self.predictions(1)[0] * (direction == 0)
                if isinstance(domain, Distributions):
                    start = self.predictions(1)[0]
                    direction = direction - start
                    x, ends = between(0, 1), [0.0, 1.0]
                elif isinstance(domain, Boxes):
                    # An edge moves outwards, from where the box is empty.
                    start = self.predictions(1)[0]
                    start[moved] = start[moved - 2]
                    direction = direction if moved > 1 else -direction
                    x, ends = between(0, np.inf), [0.0, FAR]
                elif isinstance(domain, LogDistributions):
                    # Where one probability is small, it may fall while the others stay.
                    direction = np.eye(self.width)[k % self.width]
                    others = np.exp(self.predictions(1)[0]) * (1 - direction)
                    start = np.log(others / others.sum() + direction * domain.tolerance / 2)
                    x, ends = -_POSITIVE_HALF[::-1], [-FAR, 0.0]
                elif isinstance(domain, Interval):
                    x, ends = between(domain.low, domain.high), _ends(domain)
                else:
                    x, ends = np.union1d(REAL_LINE, centre + REAL_LINE), [-FAR, FAR]
                yield Line(unreduced(self.loss), label, start, direction, x, np.array(ends, float))


_SHARE_IGNORED = 0.4


def _short(values):
    """Round to single precision, so that sums with round steps are exact in double precision."""
    return values.astype(np.float32).astype(np.float64)


_POSITIVE_HALF = np.logspace(-4, 6, 301)
REAL_LINE = np.concatenate([-_POSITIVE_HALF[::-1], [0.0], _POSITIVE_HALF])


def between(low: Any, high: Any) -> Any:
    """Return a grid of an interval with the smallest steps next to its finite ends."""
    if not np.isfinite(high - low):
        return low + _POSITIVE_HALF if np.isfinite(low) else high - _POSITIVE_HALF[::-1]
    lower = (high - low) * np.logspace(-8, np.log10(0.5), 201)
    return np.concatenate([low + lower, high - lower[-2::-1]])


@dataclass(frozen=True)
class Line:
    """The predictions ``start + x * direction`` for one target.

    The numbers `x` form a grid inside the domain, with the smallest steps at its start.  The
    numbers `ends` are the ends of the domain.
    """

    loss: Loss
    label: Any
    start: np.ndarray
    direction: np.ndarray
    x: np.ndarray
    ends: np.ndarray

    def inputs(self, x: Any) -> Any:
        """Return the targets and the predictions at `x`."""
        y_true = np.broadcast_to(self.label, (x.size, *np.shape(self.label)))
        return y_true, self.start + np.multiply.outer(x, self.direction)

    def value(self, x: Any) -> Any:
        """Return the loss at `x`."""
        return self.loss(*self.inputs(x))

    def gradient(self, x: Any) -> Any:
        """Return the gradient at `x`."""
        return self.loss.gradient(*self.inputs(x))

    def slope(self, x: Any) -> Any:
        """Return the derivative of the loss along the line at `x`."""
        return _dot(self.gradient(x), self.direction)

    def curvature(self, x: Any, kind: str = "exact") -> Any:
        """Return the sum of the second derivatives, or of another curvature, at `x`."""
        curvature = self.loss.hessian(*self.inputs(x), curvature=kind)
        return _dot(curvature, np.ones_like(self.direction))

    def jumps(self, function: Any) -> Any:
        """Return neighbouring points that a function jumps between, and its values there.

        Every interval of the grid is repeatedly halved, and the half with the larger change is
        kept, until only a jump can remain.  A steep change of the slope is no jump if the
        curvature or the rounding of the loss can explain it.
        """
        low, high = self.x[:-1], self.x[1:]
        below, above = function(low), function(high)
        for _ in range(60):
            middle = low / 2 + high / 2
            between = function(middle)
            left = np.abs(between - below) > np.abs(above - between)
            low, below = np.where(left, low, middle), np.where(left, below, between)
            high, above = np.where(left, middle, high), np.where(left, between, above)
        jumps = np.isfinite(above - below) & (np.abs(above - below) > 1e-6 * (1 + np.abs(above)))
        low, high, below, above = low[jumps], high[jumps], below[jumps], above[jumps]
        if low.size:
            curvature = np.maximum(np.abs(self.curvature(low)), np.abs(self.curvature(high)))
            bends = curvature * (high - low) > 1e-6 * (1 + np.abs(self.slope(high)))
            next_floats = high - low <= 2 * np.spacing(np.maximum(np.abs(low), np.abs(high)))
            steepest = np.abs(self.gradient(high)).reshape(high.size, -1).max(axis=1)
            rounding = 16 * EPSILON * np.abs(self.value(high)) * steepest
            shown = ~(bends & next_floats) & (np.abs(above - below) > rounding)
            low, high, below, above = low[shown], high[shown], below[shown], above[shown]
        return low, high, below, above


def _dot(rows, direction):
    return rows @ direction if direction.ndim else rows * direction


def unreduced(loss: Any) -> Any:
    """Return the loss with one value per sample."""
    return replace(loss, reduction="none")
