"""Softmax of a block of scores, classes first, and what the losses of it have in common.

Scores are taken relative to the largest, so that nothing overflows, and one minus a probability is
the sum of the others, so that nothing cancels.
"""

from functools import cached_property

import numpy as np

from ..core.elementwise import zero_if_nan


def below_top(scores):
    """Return how far each score lies below the largest of its sample."""
    return np.maximum.reduce(scores, axis=0) - scores


class LabelSoftmax:
    """Softmax with one label y a sample, whose class is kept out of the sums.

    Its cross-entropy is h = -log p_y.  Samples that are not `kept` have neither loss nor
    derivative.
    """

    def __init__(self, label, below, kept=None):
        self.label = label, np.arange(label.size)
        self.kept = kept
        self.below = below[self.label]
        self.exp = np.exp(-below)
        self.exp_label = self.exp[self.label]
        self.exp[self.label] = 0
        self.others = np.add.reduce(self.exp, axis=0)

    def _of_kept(self, terms):
        return terms if self.kept is None else np.where(self.kept, terms, 0)

    def value(self):
        """Return h."""
        return self._of_kept(self.below + np.log1p(self.others + (self.exp_label - 1)))

    def gradient(self):
        """Return ∂h/∂z_k = p_k - [k = y]."""
        total = self.others + self.exp_label
        gradient = self.exp / total
        gradient[self.label] = -self.others / total
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
        exp[self.label] = self.exp_label
        return exp, *_totals(exp)

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
        direction[self.label] = -1
        return direction

    @cached_property
    def bend(self):
        """∂²h/∂z_k² / q."""
        _, total, rest = self._all()
        bend = self.direction * (rest / total)
        bend[self.label] = self.right
        return bend


class TargetSoftmax:
    """Softmax with any weighted target distribution u, whose sum is the mass M."""

    def __init__(self, target, below):
        self.target, self.below = target, below
        self.mass = np.add.reduce(target, axis=0)
        self.exp = np.exp(-below)
        self.total, self.rest = _totals(self.exp)

    def value(self):
        """Return the cross-entropy -Σ u_k log p_k."""
        linear = np.add.reduce(zero_if_nan(self.target * self.below), axis=0)
        return linear + self.mass * np.log1p(np.minimum.reduce(self.rest, axis=0))

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
        return self.below + np.log1p(np.minimum.reduce(self.rest, axis=0))

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
    """Return Σ_j e_j, and for each class the sum of the others, without cancellation.

    The largest terms are 1; the smaller ones are summed apart from them.
    """
    smaller = np.add.reduce(exp * (exp < 1), axis=0)
    largest = np.add.reduce(exp == 1, axis=0, dtype=np.intp)
    total = smaller + largest.astype(exp.dtype)
    return total, np.where(exp < 1, total - exp, smaller + (largest - 1).astype(exp.dtype))


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
