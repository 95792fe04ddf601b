"""Softmax of a block of scores, classes first, and what the losses of it have in common.

Scores are taken relative to the largest, so that nothing overflows, and one minus a probability is
the sum of the others, so that nothing cancels.
"""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .elementwise import running_dtype, sum_entries, within_floats, zero_if_nan
from .inputs import as_real_array
from .loss import ClassLoss
from .parameters import as_floats


def below_top(scores: NDArray[Any]) -> NDArray[Any]:
    """Return how far each score lies below the largest of its sample."""
    top = np.maximum.reduce(scores, axis=0)
    below, beyond = top - scores, np.isinf(top)
    return np.where(scores == top, 0, below) if beyond.any() else below


def place_of(label: NDArray[Any]) -> NDArray[Any]:
    """Return where each sample's label is in a block, as `take` and `put` count."""
    return label * label.size + np.arange(label.size)


class LabelSoftmax:
    """Softmax with one label y a sample, whose class is kept out of the sums.

    Its cross-entropy is h = -log p_y.  Samples that are not `kept` have neither loss nor
    derivative.
    """

    label: NDArray[Any]
    place: NDArray[Any]
    below: NDArray[Any]
    exp: NDArray[Any]
    exp_label: NDArray[Any]
    others: NDArray[Any]

    def __init__(self, label: NDArray[Any], below: NDArray[Any], kept: Any = None) -> None:
        self.label, self.place = label, place_of(label)
        self.kept = kept
        self.below = below.take(self.place)
        self.exp = np.exp(-below)
        self.exp_label = self.exp.take(self.place)
        self.exp.put(self.place, 0)
        self.others = sum_entries(self.exp)

    def _of_kept(self, terms):
        return terms if self.kept is None else np.where(self.kept, terms, 0)

    def value(self) -> NDArray[Any]:
        """Return h."""
        value = self.below + np.log1p(self.others + (self.exp_label - 1))
        return value if self.kept is None else self._of_kept(value)

    def gradient(self) -> NDArray[Any]:
        """Return ∂h/∂z_k = p_k - [k = y]."""
        total = self.others + self.exp_label
        gradient = self.exp / total
        gradient.put(self.place, -self.others / total)
        return self._of_kept(gradient)

    def hessian(self) -> NDArray[Any]:
        """Return ∂²h/∂z_k² = p_k (1 - p_k)."""
        return self._of_kept(_curvature(*self._all()))

    def majorizer(self) -> NDArray[Any]:
        """Return ½, the largest curvature in any direction."""
        return self._of_kept(np.full_like(self.exp, 0.5))

    def hessian_blocks(self) -> NDArray[Any]:
        """Return the second derivatives by every pair of scores, flattened."""
        return self._of_kept(_curvature_blocks(*self._all()))

    def hessian_vector_product(self, vector: NDArray[Any]) -> NDArray[Any]:
        """Return what the second derivatives make of a vector."""
        return self._of_kept(_curvature_product(*self._all(), vector))

    def _all(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return the exponentials with the label's, their sum, and the sum without each."""
        exp = self.exp.copy()
        exp.put(self.place, self.exp_label)
        total, least = _totals(exp)
        return exp, total, _rest(exp, total, least)

    # The same, for functions of h: how its derivatives vanish with q = 1 - p_y is taken out.

    @cached_property
    def cross_entropy(self) -> NDArray[Any]:
        """The label's cross-entropy h = -log p_y."""
        return self.value()

    @property
    def odds(self) -> NDArray[Any]:
        """The label's odds p/q."""
        return self.exp_label / self.others

    @cached_property
    def right(self) -> NDArray[Any]:
        """The label's probability p."""
        return self.exp_label / (self.others + self.exp_label)

    @cached_property
    def wrong(self) -> NDArray[Any]:
        """The others' probability q = 1 - p."""
        return self.others / (self.others + self.exp_label)

    @cached_property
    def direction(self) -> NDArray[Any]:
        """∂h/∂z_k / q: the other classes' shares of q, and -1 for the label."""
        direction = self.exp / np.where(self.others == 0, 1, self.others)
        direction.put(self.place, -1)
        return direction

    @cached_property
    def bend(self) -> NDArray[Any]:
        """∂²h/∂z_k² / q."""
        _, total, rest = self._all()
        bend = self.direction * (rest / total)
        bend.put(self.place, self.right)
        return bend


class Softmax:
    """Softmax p of scores that lie `below` the largest of their sample by so much."""

    below: NDArray[Any]
    exp: NDArray[Any]
    total: NDArray[Any]
    least: NDArray[Any]

    def __init__(self, below: NDArray[Any]) -> None:
        self.below, self.exp = below, np.exp(-below)
        self.total, self.least = _totals(self.exp)

    def log_sum(self) -> NDArray[Any]:
        """Return the logarithm of the sum of the exponentials, of which the largest is 1."""
        return np.log1p(self.least)

    @cached_property
    def rest(self) -> NDArray[Any]:
        """The sums of the other classes' exponentials."""
        return _rest(self.exp, self.total, self.least)

    @cached_property
    def right(self) -> NDArray[Any]:
        """The probabilities p_k."""
        return self.exp / self.total

    @cached_property
    def wrong(self) -> NDArray[Any]:
        """Those of the others, 1 - p_k."""
        return self.rest / self.total

    @property
    def odds(self) -> NDArray[Any]:
        """The odds p_k/(1 - p_k)."""
        return self.exp / self.rest

    @cached_property
    def cross_entropy(self) -> NDArray[Any]:
        """What each class would cost as the label, -log p_k."""
        return self.below + self.log_sum()


class TargetSoftmax(Softmax):
    """Softmax with any weighted target distribution u, whose sum is the mass M.

    Samples without mass have neither loss nor derivative, whatever their scores.
    """

    target: NDArray[Any]
    mass: NDArray[Any]
    absent: NDArray[Any]

    def __init__(self, target: NDArray[Any], below: NDArray[Any]) -> None:
        self.target, self.mass = target, sum_entries(target)
        self.absent = self.mass == 0
        super().__init__(np.where(self.absent, 0, below) if self.absent.any() else below)

    def value(self) -> NDArray[Any]:
        """Return the cross-entropy -Σ u_k log p_k."""
        linear = sum_entries(zero_if_nan(self.target * self.below))
        return linear + self.mass * self.log_sum()

    def gradient(self) -> NDArray[Any]:
        """Return its derivatives M p_k - u_k."""
        pushed_down = self.exp * (self.mass - self.target)
        return (pushed_down - self.target * self.rest) / self.total

    def hessian(self) -> NDArray[Any]:
        """Return its second derivatives M p_k (1 - p_k)."""
        return self.mass * _curvature(self.exp, self.total, self.rest)

    def majorizer(self) -> NDArray[Any]:
        """Return M/2, the largest curvature in any direction."""
        return self.mass * np.full_like(self.exp, 0.5)

    def hessian_blocks(self) -> NDArray[Any]:
        """Return the second derivatives by every pair of scores, flattened."""
        return self.mass * _curvature_blocks(self.exp, self.total, self.rest)

    def hessian_vector_product(self, vector: NDArray[Any]) -> NDArray[Any]:
        """Return what the second derivatives make of a vector."""
        vector = np.where(self.absent, 0, vector)
        return self.mass * _curvature_product(self.exp, self.total, self.rest, vector)


def sum_of_others(terms: NDArray[Any]) -> NDArray[Any]:
    """Return for each class the sum of the other classes' terms, without cancellation."""
    sums = np.zeros_like(terms)
    dtype = running_dtype(terms)
    sums[1:] = np.add.accumulate(terms[:-1], axis=0, dtype=dtype)
    sums[:-1] += np.add.accumulate(terms[:0:-1], axis=0, dtype=dtype)[::-1]
    return sums


def _totals(exp):
    """Return Σ_j e_j, and that sum without a largest term, which is 1.

    The smaller terms are summed apart from the largest, so that nothing cancels.
    """
    smaller = sum_entries(exp * (exp < 1))
    largest = np.add.reduce(exp == 1, axis=0, dtype=exp.dtype)
    return smaller + largest, smaller + (largest - 1)


def _rest(exp, total, least):
    """Return for each class the sum of the others, without cancellation."""
    return np.where(exp < 1, total - exp, least)


def _curvature(exp, total, rest):
    return exp * rest / total**2


def _curvature_blocks(exp, total, rest):
    p = exp / total
    blocks = -p[:, None] * p
    diagonal = np.arange(len(p))
    blocks[diagonal, diagonal] = _curvature(exp, total, rest)
    return blocks.reshape(-1, total.size)


def _curvature_product(exp, total, rest, vector):
    # Only differences of the vector matter.  Those from its entry for the largest score make the
    # sum one of small terms wherever that class is nearly certain.
    top = np.argmax(exp, axis=0), np.arange(total.size)
    p, v = exp / total, vector - vector[top]
    return p * (v - sum_entries(p * v))


class LabelProbabilityLoss(ClassLoss):
    """Base of losses f(h) of the label's cross-entropy h = -log p_y, which vanish with q = 1 - p_y.

    A subclass gives the terms that its formulas share, and from them f(h), q f'(h) and q² f''(h) as
    ``_height``, ``_slope`` and ``_curvature``: the derivatives of h by the scores are proportional
    to q.  What a distribution of labels costs is the mean over them.
    """

    link = "multinomial_logit"

    def _of_label(self, s, value, slope, bend, definitions=None, **stated):
        """Return the formula of f(h) from those of f, f' and f''."""
        t, p, first, second = s.t_k, s.p_k, s.slope, s.bend
        softmax = {
            t: s.ONE_HOT,
            p: s.SOFTMAX,
            s.p_y: s.sum_j(t * p),
            s.q_y: s.sum_j((1 - t) * p),
        }
        return s.Formula(
            value=value,
            gradient=first * (p - t),
            hessian=first * p * (1 - p) + second * (p - t) ** 2,
            y_true=s.label,
            y_pred=s.z_k,
            definitions={**softmax, **(definitions or {}), first: slope, second: bend},
            **stated,
        )

    def _shared(self, y_true, y_pred):
        kept = self._kept(y_true)
        if kept is not None:
            y_true, y_pred = y_true * kept, np.where(kept, y_pred, 0)
        if y_true.ndim > 1:
            softmax = TargetSoftmax(self._weighted(y_true), below_top(y_pred))
        else:
            softmax = LabelSoftmax(y_true, below_top(y_pred), kept)
        return softmax, *self._terms(softmax)

    def _weighted(self, t):
        """Return distributions of labels with the weights of the classes."""
        return t

    def _value(self, softmax, *terms):
        height = self._height(softmax, *terms)
        if isinstance(softmax, LabelSoftmax):
            return height
        return sum_entries(np.where(softmax.target > 0, softmax.target * height, 0))

    def _gradient(self, softmax, *terms):
        slope = self._slope(softmax, *terms)
        if isinstance(softmax, LabelSoftmax):
            return slope * softmax.direction
        own = softmax.target * slope
        return softmax.right * _without_each(_over(own, softmax.wrong), softmax.wrong) - own

    def _hessian(self, softmax, *terms):
        slope, curvature = self._slope(softmax, *terms), self._curvature(softmax, *terms)
        if isinstance(softmax, LabelSoftmax):
            return curvature * softmax.direction**2 + slope * softmax.bend
        p, q = softmax.right, softmax.wrong
        slope, curvature = softmax.target * slope, softmax.target * curvature
        first = q * _without_each(_over(slope, q), q)
        second = p * _without_each(_over(_over(curvature, q), q), q)
        return p * (first + second) + (curvature + p * slope)


def _without_each(terms, q):
    """Return for each class the sum of the others; a probable one may have a far larger term."""
    likely = q < 0.5
    rest = sum_entries(np.where(likely, 0, terms))
    return np.where(likely, rest, sum_entries(terms) - terms)


def _over(terms, q):
    """Return terms that vanish with q, divided by it."""
    return np.where(q == 0, 0, within_floats(terms / q))


def class_weights(name: str, weights: Any) -> tuple[float, ...] | None:
    """Return the weights of the classes as a checked tuple, or None where there are none."""
    if weights is None:
        return None
    given = as_real_array(name, weights)
    if given.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional; got {given.shape}")
    if not (np.isfinite(given).all() and (given >= 0).all() and given.any()):
        raise ValueError(f"{name} must be finite, not negative and not all zero; got {weights!r}")
    return as_floats(weights)


def require_one_each(name: str, weights: Any, n_classes: int) -> None:
    """Raise unless there is a weight for each class, or none at all."""
    if weights is not None and len(weights) != n_classes:
        raise ValueError(
            f"{name} must have one weight for each of the {n_classes} classes; got {len(weights)}"
        )
