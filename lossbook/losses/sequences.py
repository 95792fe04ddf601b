"""Losses for label sequences whose alignment with the input is not known."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.arrays import as_real_array, require_shape, working_dtype
from ..core.domains import ClassIndices, Domain, Integers
from ..core.elementwise import difference
from ..core.inputs import Batch, Column
from ..core.loss import Call, Loss, Out
from ..core.parameters import whole_number
from ..core.recurrences import scan
from ..core.traits import Traits

PADDING = -1
_SEQUENCES_TOGETHER = 32
"""Sequences that share one loop over the frames, however long they are."""


@dataclass(frozen=True)
class LabelSequences(Domain):
    """Class indices other than the blank, followed by padding only."""

    n_classes: float
    blank: int

    def __str__(self) -> str:
        to = "" if self.n_classes == inf else f" from 0 to {self.n_classes - 1}"
        return (
            f"a class index{to} other than the blank {self.blank}, "
            f"or {PADDING} after the last label"
        )

    def contains(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return which of the values are in the domain."""
        padding = values == PADDING
        label = ClassIndices(self.n_classes).contains(values) & (values != self.blank)
        label[1:] &= ~padding[:-1]
        return label | padding


class CTC(Loss):
    r"""Connectionist temporal classification, the log loss of a label sequence without alignment.

    .. math::

        \ell = -\log \sum_{\pi \in A(y)} \prod_{t=1}^{T} p_{t,\pi_t}, \qquad
        p_{tk} = \frac{e^{z_{tk}}}{\sum_j e^{z_{tj}}}

    A path :math:`\pi` assigns one class to each of the :math:`T` frames.  To read a path as a label
    sequence, we first merge repeated classes and then drop the blanks.  The set :math:`A(y)`
    contains the paths that read as :math:`y`.  The sum of their probabilities is the probability of
    :math:`y`, and the loss is minus its logarithm.

    Parameters
    ----------
    blank : int, default 0
        Index of the class that stands for no label.

    Notes
    -----
    Predictions :math:`z` of shape (..., T, K) are raw scores of any size, to which the loss applies
    the softmax.  Targets of shape (..., S) contain class indices other than the blank.  Shorter
    sequences are padded with -1 at the end, and a row that contains only -1 is the empty sequence.
    Inputs of different lengths are padded with arbitrary scores.  Their numbers of frames are
    passed as the keyword argument `input_lengths` of shape (...), which all methods accept.

    The occupancy :math:`\gamma_{tk}` is the probability that a path has class :math:`k` in frame
    :math:`t`, given that it reads as :math:`y`.  The gradient is :math:`p_{tk} - \gamma_{tk}`, and
    the second derivative is :math:`p_{tk}(1 - p_{tk}) - \gamma_{tk}(1 - \gamma_{tk})`.  Both follow
    from the fact that a path has exactly one class in each frame, so that the probability of
    :math:`y` is linear in the :math:`p_{tk}` of this frame.  The second derivative may be negative,
    so the loss is not convex.  The sums over paths are computed by the forward-backward algorithm
    [1]_, with logarithms and in double precision.

    Two equal labels in a row need a blank between them.  If there are too few frames for the
    labels, or if scores of ``-inf`` rule out every path, the loss is ``inf``.  Both derivatives are
    then returned as 0, because no small change of the scores would make the loss finite.  The
    derivatives with respect to padding frames are 0.

    References
    ----------
    .. [1] A. Graves, S. Fernández, F. Gomez and J. Schmidhuber, "Connectionist temporal
       classification: labelling unsegmented sequence data with recurrent neural networks",
       *Proceedings of the 23rd International Conference on Machine Learning*, 2006.

    Examples
    --------
    There are nine paths through two frames and three classes.  Three of them, namely 11, 01 and 10,
    read as the single label 1.  If all paths are equally likely, the loss is therefore log 3.

    >>> import numpy as np
    >>> import lossbook as lb
    >>> loss = lb.CTC()
    >>> scores = np.zeros((1, 2, 3))
    >>> round(loss([[1]], scores), 4)
    1.0986
    >>> loss.gradient([[1]], scores).round(4)
    array([[[ 0.    , -0.3333,  0.3333],
            [ 0.    , -0.3333,  0.3333]]])
    """

    blank: int = 0

    def _inputs(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        input_lengths: ArrayLike | None = None,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[NDArray[Any]]:
        return Call((y_true, y_pred, input_lengths), sample_weight, curvature, out)

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            elicits="probability of the label sequence",
        )

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "blank", whole_number("blank", self.blank, 0))

    @property
    def y_true_domain(self) -> Domain:  # type: ignore[override]
        """The valid labels for any number of classes."""
        return LabelSequences(inf, self.blank)

    def _formula(self, s):
        p, gamma, j = s.p_k, s.gamma_k, s.j
        likelihood = s.Sum(s.at(p, j) * s.given_class(j), (j, 1, s.K))
        return s.Formula(
            value=-s.log(likelihood),
            gradient=p - gamma,
            hessian=p * (1 - p) - gamma * (1 - gamma),
            y_true=s.y,
            y_pred=s.z_k,
            definitions={p: s.SOFTMAX, gamma: p * s.given_class(s.k) / likelihood},
        )

    def _read(self, y_true, y_pred, input_lengths=None):
        labels, scores = _as_labels(y_true), as_real_array("y_pred", y_pred)
        if scores.ndim < 2 or scores.shape[-1] < 2:
            raise ValueError(
                "y_pred must have shape (..., frames, classes) with two classes or more; "
                f"got {scores.shape}"
            )
        sample_shape, (n_frames, n_classes) = scores.shape[:-2], scores.shape[-2:]
        if self.blank >= n_classes:
            raise ValueError(
                f"y_pred must have a class for the blank {self.blank}; got {n_classes} classes"
            )
        if labels.ndim == 0 or labels.shape[:-1] != sample_shape:
            raise ValueError(
                f"y_true must have shape {sample_shape} and an axis for the labels, "
                f"a row for each input; got {labels.shape}"
            )
        if input_lengths is None:
            lengths = np.broadcast_to(n_frames, sample_shape)
        else:
            lengths = as_real_array("input_lengths", input_lengths)
            require_shape("input_lengths", lengths, sample_shape, "one for each input")
        dtype, index = working_dtype(scores.dtype, scores.dtype), np.dtype(np.intp)
        label_domain = replace(self.y_true_domain, n_classes=n_classes)
        columns = (
            Column("y_true", labels, sample_shape, index, label_domain),
            Column("input_lengths", lengths, sample_shape, index, Integers(0, n_frames)),
            _Frames("y_pred", scores, sample_shape, dtype, self.y_pred_domain),
        )
        batch = Batch(columns, (scores.shape,), sample_shape, dtype)
        batch.block_size = max(batch.block_size, _SEQUENCES_TOGETHER)
        return batch

    def _shared(self, labels, lengths, scores):
        return (_Alignments(labels, lengths, scores.astype(np.float64), self.blank),)

    def _value(self, alignments):
        return alignments.value()

    def _gradient(self, alignments):
        return alignments.gradient()

    def _hessian(self, alignments):
        return alignments.hessian()


def _as_labels(y_true):
    try:
        labels = as_real_array("y_true", y_true)
    except ValueError as error:
        raise ValueError(
            f"{error}; pad shorter label sequences with {PADDING} at the end"
        ) from None
    return labels


class _Frames(Column):
    """Scores whose blocks have frames, classes and samples on axes of their own."""

    __slots__ = ()

    def block(self, start, stop):
        return super().block(start, stop).reshape(*self.array.shape[-2:], -1)


class _Alignments:
    """All alignments of label sequences with the frames of their inputs, and their logarithms.

    The states of a sequence are its labels with a blank before, between and after them.  In each
    frame a path stays in its state, takes a step to the next one, or skips a blank between
    different labels.  Axes are frames, states (or classes) and sequences.
    """

    def __init__(self, labels, lengths, scores, blank):
        n_labels = np.add.reduce(labels != PADDING, axis=0)
        self.states = np.full((2 * len(labels) + 1, n_labels.size), blank)
        self.states[1::2] = np.where(labels == PADDING, blank, labels)
        self.skips = np.zeros(self.states.shape, bool)
        self.skips[2:] = self.states[2:] != self.states[:-2]
        state = np.arange(len(self.states))[:, None]
        self.last = np.where((state == 2 * n_labels) | (state == 2 * n_labels - 1), 0.0, -inf)
        self.lengths = lengths
        self.active = np.arange(len(scores))[:, None] < lengths

        below = difference(scores, np.maximum.reduce(scores, axis=1, keepdims=True))
        self.exp = np.exp(below)
        self.rest = _sum_of_others(self.exp)
        emission = np.take_along_axis(below, self.states[None], axis=1)
        self.emission = np.where(state <= 2 * n_labels, emission, -inf)

        # Before the first frame every path is in the first blank.
        first = np.full(self.states.shape, -inf)
        first[0] = 0
        log_total = np.log1p(np.minimum.reduce(self.rest, axis=1))
        scale = -np.add.reduce(np.where(self.active, log_total, 0), axis=0)
        self.forward, scales = scan(
            _forward, (first, scale), (self.emission, self.active), (self.skips,)
        )
        of_last = np.logaddexp.reduce(self.forward[-1] + self.last, axis=0)
        self.log_probability = scales[-1] + of_last

    @cached_property
    def softmax(self):
        """The probability of each class in each frame, and that of the others."""
        total = np.add.reduce(self.exp, axis=1, keepdims=True)
        return self.exp / total, self.rest / total

    @cached_property
    def occupancy(self):
        """The same, given that the path reads as the labels."""
        (share,) = scan(
            _backward,
            (self.last,),
            (self.forward, self.emission, self.active),
            (self.skips, self.last),
            reverse=True,
        )
        n_frames, n_classes, n_samples = self.exp.shape
        place = (self.states * n_samples + np.arange(n_samples)).ravel()
        place = place + np.arange(n_frames)[:, None] * (n_classes * n_samples)
        occupancy = np.bincount(place.ravel(), share.ravel(), self.exp.size)
        occupancy = occupancy.reshape(self.exp.shape)
        occupancy /= np.add.reduce(occupancy, axis=1, keepdims=True)
        return occupancy, _sum_of_others(occupancy)

    def value(self):
        # Rounding may leave a probability just above 1.
        return -np.minimum(self.log_probability, 0)

    def gradient(self):
        (p, rest), (occupied, elsewhere) = self.softmax, self.occupancy
        return self._derivative(np.where(p > 0.5, elsewhere - rest, p - occupied))

    def hessian(self):
        (p, rest), (occupied, elsewhere) = self.softmax, self.occupancy
        return self._derivative(p * rest - occupied * elsewhere)

    def _derivative(self, derivative):
        counts = self.active & (self.log_probability != -inf)
        derivative = np.where(counts[:, None], derivative, 0)
        return derivative.reshape(-1, derivative.shape[-1])


def _forward(before, scale, emission, active, skips):
    """Return how probable each state is after one frame more, and the largest as a factor."""
    skipped = np.where(skips, _moved(before, 2), -inf)
    after = _log_sum_exp(before, _moved(before, 1), skipped) + emission
    peak = np.maximum.reduce(after, axis=0)
    peak = np.where(active & (peak != -inf), peak, 0)
    states = np.where(active, after - peak, before), scale + peak
    return states, states


def _backward(backward, forward, emission, active, skips, last):
    """Return how probable the frames from this one on are from each state, and its occupancy."""
    joint = forward + backward
    share = np.exp(joint - np.maximum.reduce(joint, axis=0))
    after = backward + emission
    skipped = _moved(np.where(skips, after, -inf), -2)
    before = _log_sum_exp(after, _moved(after, -1), skipped)
    peak = np.maximum.reduce(before, axis=0)
    before = np.where(active, before - np.where(peak == -inf, 0, peak), last)
    return (before,), (share,)


def _moved(states, by):
    """Return what is said of states, of those that many places further on."""
    moved = np.empty_like(states)
    if by > 0:
        moved[:by], moved[by:] = -inf, states[:-by]
    else:
        moved[by:], moved[:by] = -inf, states[-by:]
    return moved


def _log_sum_exp(first, second, third):
    """Return log(exp(first) + exp(second) + exp(third)), to full precision also near 0."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    largest = np.maximum(high, third)
    peak = np.where(largest == -inf, 0, largest)
    others = np.exp(low - peak) + np.exp(np.minimum(high, third) - peak)
    return largest + np.log1p(others)


def _sum_of_others(shares):
    """Return, for each class of a frame, the sum of the other ones, without cancellation."""
    total = np.add.reduce(shares, axis=1, keepdims=True)
    largest = shares.argmax(axis=1)[:, None]
    smaller = shares.copy()
    np.put_along_axis(smaller, largest, 0, axis=1)
    others = total - shares
    np.put_along_axis(others, largest, np.add.reduce(smaller, axis=1, keepdims=True), axis=1)
    return others
