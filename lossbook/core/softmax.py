"""Softmax of a block of scores, classes first, and what the losses of it have in common.

Scores are taken relative to the largest, so that nothing overflows, and one minus a probability is
the sum of the others, so that nothing cancels.
"""

from functools import cached_property

import numpy as np

from .domains import LABELS
from .elementwise import zero_if_nan
from .inputs import as_real_array
from .loss import ClassLoss


def below_top(scores):
    """Return how far each score lies below the largest of its sample."""
    return np.maximum.reduce(scores, axis=0) - scores


def place_of(label):
    """Return where each sample's label is in a block, as `take` and `put` count."""
    return label * label.size + np.arange(label.size)


class LabelSoftmax:
    """Softmax with one label y a sample, whose class is kept out of the sums.

    Its cross-entropy is h = -log p_y.  Samples that are not `kept` have neither loss nor
    derivative.
    """

    def __init__(self, label, below, kept=None):
        self.label, self.place = label, place_of(label)
        self.kept = kept
        self.below = below.take(self.place)
        self.exp = np.exp(-below)
        self.exp_label = self.exp.take(self.place)
        self.exp.put(self.place, 0)
        self.others = np.add.reduce(self.exp, axis=0)

    def _of_kept(self, terms):
        return terms if self.kept is None else np.where(self.kept, terms, 0)

    def value(self):
        """Return h."""
        value = self.below + np.log1p(self.others + (self.exp_label - 1))
        return value if self.kept is None else self._of_kept(value)

    def gradient(self):
        """Return ∂h/∂z_k = p_k - [k = y]."""
        total = self.others + self.exp_label
        gradient = self.exp / total
        gradient.put(self.place, -self.others / total)
        return self._of_kept(gradient)

    def hessian(self):
        """Return ∂²h/∂z_k² = p_k (1 - p_k)."""
        return self._of_kept(_curvature(*self._all()))

    def majorizer(self):
        """Return ½, the largest curvature in any direction."""
        return self._of_kept(np.full_like(self.exp, 0.5))

    def hessian_blocks(self):
        """Return the second derivatives by every pair of scores, flattened."""
        return self._of_kept(_curvature_blocks(*self._all()))

    def hessian_vector_product(self, vector):
        """Return what the second derivatives make of a vector."""
        return self._of_kept(_curvature_product(*self._all(), vector))

    def _all(self):
        """Return the exponentials with the label's, their sum, and the sum without each."""
        exp = self.exp.copy()
        exp.put(self.place, self.exp_label)
        total, least = _totals(exp)
        return exp, total, _rest(exp, total, least)

    # The same, for functions of h: how its derivatives vanish with q = 1 - p_y is taken out.

    @cached_property
    def cross_entropy(self):
        """The label's cross-entropy h = -log p_y."""
        return self.value()

    @cached_property
    def right(self):
        """The label's probability p."""
        return self.exp_label / (self.others + self.exp_label)

    @cached_property
    def wrong(self):
        """The others' probability q = 1 - p."""
        return self.others / (self.others + self.exp_label)

    @cached_property
    def direction(self):
        """∂h/∂z_k / q: the other classes' shares of q, and -1 for the label."""
        direction = self.exp / np.where(self.others == 0, 1, self.others)
        direction.put(self.place, -1)
        return direction

    @cached_property
    def bend(self):
        """∂²h/∂z_k² / q."""
        _, total, rest = self._all()
        bend = self.direction * (rest / total)
        bend.put(self.place, self.right)
        return bend


class TargetSoftmax:
    """Softmax with any weighted target distribution u, whose sum is the mass M."""

    def __init__(self, target, below):
        self.target, self.below = target, below
        self.mass = np.add.reduce(target, axis=0)
        self.exp = np.exp(-below)
        self.total, self.least = _totals(self.exp)

    @cached_property
    def rest(self):
        """The sums of the other classes' exponentials."""
        return _rest(self.exp, self.total, self.least)

    def value(self):
        """Return the cross-entropy -Σ u_k log p_k."""
        linear = np.add.reduce(zero_if_nan(self.target * self.below), axis=0)
        return linear + self.mass * np.log1p(self.least)

    def gradient(self):
        """Return its derivatives M p_k - u_k."""
        pushed_down = self.exp * (self.mass - self.target)
        return (pushed_down - self.target * self.rest) / self.total

    def hessian(self):
        """Return its second derivatives M p_k (1 - p_k)."""
        return self.mass * _curvature(self.exp, self.total, self.rest)

    def majorizer(self):
        """Return M/2, the largest curvature in any direction."""
        return self.mass * np.full_like(self.exp, 0.5)

    def hessian_blocks(self):
        """Return the second derivatives by every pair of scores, flattened."""
        return self.mass * _curvature_blocks(self.exp, self.total, self.rest)

    def hessian_vector_product(self, vector):
        """Return what the second derivatives make of a vector."""
        return self.mass * _curvature_product(self.exp, self.total, self.rest, vector)

    @cached_property
    def cross_entropies(self):
        """What each class would cost as the label, -log p_k."""
        return self.below + np.log1p(self.least)

    @cached_property
    def right(self):
        """The probabilities p_k."""
        return self.exp / self.total

    @cached_property
    def wrong(self):
        """Those of the others, 1 - p_k."""
        return self.rest / self.total


def sum_of_others(terms):
    """Return for each class the sum of the other classes' terms, without cancellation."""
    sums = np.zeros_like(terms)
    np.add.accumulate(terms[:-1], axis=0, out=sums[1:])
    sums[:-1] += np.add.accumulate(terms[:0:-1], axis=0)[::-1]
    return sums


def _totals(exp):
    """Return Σ_j e_j, and that sum without a largest term, which is 1.

    The smaller terms are summed apart from the largest, so that nothing cancels.
    """
    smaller = np.add.reduce(exp * (exp < 1), axis=0)
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
    return p * (v - np.add.reduce(p * v, axis=0))


class LabelProbabilityLoss(ClassLoss):
    """Base of losses f(h) of the label's cross-entropy h = -log p_y, which vanish with q = 1 - p_y.

    A subclass gives the terms that its formulas share, and from them f(h), q f'(h) and q² f''(h):
    the derivatives of h by the scores are proportional to q.
    """

    y_true_domain = LABELS
    link = "multinomial_logit"

    def _shared(self, y_true, y_pred):
        softmax = LabelSoftmax(y_true, below_top(y_pred))
        return softmax, *self._terms(softmax)

    def _gradient(self, softmax, *terms):
        return self._slope(softmax, *terms) * softmax.direction

    def _hessian(self, softmax, *terms):
        slope, curvature = self._slope(softmax, *terms), self._curvature(softmax, *terms)
        return curvature * softmax.direction**2 + slope * softmax.bend


def class_weights(name, weights):
    """Return the weights of the classes as a checked tuple, or None where there are none."""
    if weights is None:
        return None
    given = as_real_array(name, weights)
    if given.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional; got {given.shape}")
    if not (np.isfinite(given).all() and (given >= 0).all() and given.any()):
        raise ValueError(f"{name} must be finite, not negative and not all zero; got {weights!r}")
    return tuple(map(float, given))


def require_one_each(name, weights, n_classes):
    """Raise unless there is a weight for each class, or none at all."""
    if weights is not None and len(weights) != n_classes:
        raise ValueError(
            f"{name} must have one weight for each of the {n_classes} classes; got {len(weights)}"
        )
