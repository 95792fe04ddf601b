"""Wrappers that turn losses of other arguments into losses of a target and a prediction."""

from dataclasses import replace
from functools import singledispatch
from typing import Any

import numpy as np

from ..core.domains import LABELS, Domain
from ..core.loss import BatchLoss, ClassLoss, JointLoss, PointwiseLoss, RowLoss, TargetLoss
from ..core.traits import Traits
from ..losses.log_loss import SigmoidCrossEntropy
from ..losses.lovasz import LovaszSoftmax
from ..losses.multiclass_overlap import MulticlassOverlap
from ..losses.quantiles import Pinball
from ..losses.sequences import CTC, LabelSequences
from ..losses.several_tasks import WeightedSum


class View(TargetLoss):
    """Wrapper of a loss with a single prediction whose last axis belongs to one sample.

    A subclass defines in ``_seen`` how the wrapped loss is called.

    Parameters
    ----------
    behind : Loss
        The wrapped loss.
    """

    behind: Any

    @property
    def width(self) -> Any:
        """The length of the last axis of a prediction."""
        raise NotImplementedError

    @property
    def traits(self) -> Traits:
        """The traits of the wrapped loss."""
        return self.behind.traits

    @property
    def y_true_domain(self) -> Domain:  # type: ignore[override]
        """The domain or link of the wrapped loss."""
        return self.behind.y_true_domain

    @property
    def y_pred_domain(self) -> Domain | None:
        """The domain or link of the wrapped loss."""
        return self.behind.y_pred_domain

    def _seen(self, loss, parts, y_true, y_pred, sample_weight):
        """Return the parts of the loss behind, derivatives by the whole of `y_pred`."""
        raise NotImplementedError

    def _all_curvatures(self):
        return dict.fromkeys(self.behind.curvatures)

    def _evaluate(self, parts, inputs, sample_weight, out):
        loss = replace(self.behind, reduction=self.reduction)
        results = self._seen(loss, parts, *map(np.asarray, inputs), sample_weight)
        if out is None:
            return tuple(results)
        given = out if isinstance(out, tuple) else (out,)
        for array, result in zip(given, results[-len(given) :], strict=True):
            array[...] = result
        return (*results[: -len(given)], *given)

    def optimal_constant(self, y_true: Any, sample_weight: Any = None) -> Any:
        """Return the optimal constants of the wrapped loss, stacked."""
        return np.stack(self.behind.optimal_constant(y_true, sample_weight), axis=-1)


_STACKED_ENTRIES = 2


class Stacked(View):
    """Wrapper of a loss of several predictions, which are placed side by side in one."""

    @property
    def width(self) -> Any:
        """The entries of all predictions."""
        n_predictions = len(self.behind.inputs) - self.has_targets
        return n_predictions * (_STACKED_ENTRIES if self.behind.entries else 1)

    @property
    def has_targets(self) -> Any:
        """Whether the wrapped loss takes targets."""
        return self.behind.inputs[0] == "y_true"

    def _seen(self, loss, parts, y_true, y_pred, sample_weight):
        n_predictions = len(loss.inputs) - self.has_targets
        predictions = [y_pred] * n_predictions
        if y_pred.size:
            predictions = np.split(y_pred, n_predictions, axis=-1)
        if y_pred.size and not loss.entries:
            predictions = [prediction[..., 0] for prediction in predictions]
        inputs = [y_true] * self.has_targets + predictions
        results = loss._evaluate(parts, inputs, sample_weight, None)
        joined = np.concatenate if loss.entries else np.stack
        stacked = []
        for part, result in zip(parts, results, strict=True):
            each = result if isinstance(result, tuple) else (result,)
            stacked.append(sum(each) if part == "value" else joined(each, axis=-1))
        return stacked


class Alike(View):
    """Wrapper of a sum of losses of one kind, which is a loss of that kind."""

    width: Any = None

    @property
    def link(self) -> str:  # type: ignore[override]
        """The domain or link of the wrapped loss."""
        return self.behind.link

    def _seen(self, loss, parts, y_true, y_pred, sample_weight):
        return loss._evaluate(parts, (y_true, y_pred), sample_weight, None)

    def optimal_constant(self, y_true: Any, sample_weight: Any = None) -> Any:
        """Return the optimal constant of the wrapped loss."""
        return self.behind.optimal_constant(y_true, sample_weight)


class ByOutput(View, RowLoss):
    """Wrapper of a loss with a parameter per output, whose samples are means over the outputs."""

    width: Any = None

    @property
    def traits(self) -> Traits:
        """The traits of the wrapped loss, except for the slope, which depends on all outputs."""
        (name,) = self.behind._by_output
        given = getattr(self.behind, name)
        each = [replace(self.behind, **{name: one}).traits.lipschitz for one in given]
        return replace(self.behind.traits, lipschitz=np.linalg.norm(each) / len(each))

    def _seen(self, loss, parts, y_true, y_pred, sample_weight):
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)[:, None].repeat(self.width, axis=1)
        results = loss._evaluate(parts, (y_true, y_pred), sample_weight, None)
        share = 1 if loss.reduction == "mean" else 1 / self.width
        values = loss.reduction == "none"
        return [
            (r.sum(axis=-1) if part == "value" and values else r) * share
            for part, r in zip(parts, results, strict=True)
        ]

    def optimal_constant(self, y_true: Any, sample_weight: Any = None) -> Any:
        """Return the optimal constant of the wrapped loss."""
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)[:, None].repeat(self.width, axis=1)
        return self.behind.optimal_constant(y_true, sample_weight)


class PointwiseSum(Alike, PointwiseLoss):
    """Wrapper of a sum of pointwise losses, which is a pointwise loss."""


class ClassSum(Alike, ClassLoss):  # type: ignore[override]
    """Wrapper of a sum of losses over classes, which is a loss over classes."""


class RowSum(Alike, RowLoss):
    """Wrapper of a sum of losses of rows, which is a loss of rows."""


_BATCH_LABELS = 0, 0, 0, 1


class Batched(View):
    """Wrapper of a loss of whole batches, whose samples are the means over batches."""

    has_targets = False

    @property
    def width(self) -> Any:
        """The entries of all rows of all predictions of a batch."""
        return self.n_predictions * len(_BATCH_LABELS) * _STACKED_ENTRIES

    @property
    def n_predictions(self) -> Any:
        """The number of predictions of the wrapped loss."""
        return len(self.behind.inputs) - self.behind.inputs.count("y_true")

    def _seen(self, loss, parts, y_true, y_pred, sample_weight):
        samples, n_rows = y_pred.shape[:1], len(_BATCH_LABELS)
        batches = y_pred.reshape(*samples, self.n_predictions, n_rows, _STACKED_ENTRIES)
        labels = np.broadcast_to(_BATCH_LABELS, (*samples, n_rows))
        inputs = [labels] * loss.inputs.count("y_true") + list(np.moveaxis(batches, 1, 0))
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)[:, None].repeat(n_rows, axis=1)
        results = loss._evaluate(parts, inputs, sample_weight, None)
        share = 1 if loss.reduction == "mean" else 1 / n_rows
        return [self._of_batches(part, r, share) for part, r in zip(parts, results, strict=True)]

    @np.errstate(under="ignore")
    def _of_batches(self, part, result, share):
        if part == "value":
            return result.sum(axis=-1) * share if np.ndim(result) else result * share
        stacked = np.stack(result, axis=1) if isinstance(result, tuple) else result
        return (stacked * share).reshape(len(stacked), -1)


class OnePixel(View, ClassLoss):
    """Wrapper of a loss of images with two pixels, one of which is correctly of class 0."""

    width: Any = None
    y_true_domain = LABELS

    @property
    def traits(self) -> Traits:
        """The traits of the wrapped loss, except for the slope, since there is another pixel."""
        return replace(self.behind.traits, lipschitz=np.sqrt(5) / 4)

    def _seen(self, loss, parts, y_true, y_pred, sample_weight):
        other = np.full_like(y_pred, 0.25 / (y_pred.shape[-1] - 1))
        other[..., 0] = 0.75
        images = np.stack([y_true, np.zeros_like(y_true)], 1), np.stack([y_pred, other], 1)
        results = loss._evaluate(parts, images, sample_weight, None)
        return [
            result[:, 0] if part != "value" else result
            for part, result in zip(parts, results, strict=True)
        ]


_PIXELS = 2


class OfClasses(View, RowLoss):
    """Wrapper of an overlap loss of several classes, whose masks are placed side by side."""

    behind: MulticlassOverlap
    n_lines = 12

    @property
    def width(self) -> Any:
        """The pixels of all masks."""
        return _PIXELS * self.n_classes

    @property
    def n_classes(self) -> Any:
        """The number of class weights."""
        return len(self.behind.class_weight or (1, 1))

    @property
    def _mark(self):
        return self.behind.ignore_index

    def _seen(self, loss, parts, y_true, y_pred, sample_weight):
        shape = *y_pred.shape[:-1], self.n_classes, _PIXELS
        if y_true.shape == y_pred.shape:
            y_true, y_pred = y_true.reshape(shape).mT, y_pred.reshape(shape).mT
        results = loss._evaluate(parts, (y_true, y_pred), sample_weight, None)
        return [r.mT.reshape(len(r), -1) if np.ndim(r) == 3 else r for r in results]

    def optimal_constant(self, y_true: Any, sample_weight: Any = None) -> Any:
        """Raise the error of the wrapped loss, which has no optimal constant."""
        return self.behind.optimal_constant(y_true, sample_weight)


_FRAMES = 4


class Sequences(View):
    """Wrapper of CTC for inputs of few frames, whose scores are placed side by side."""

    behind: CTC

    @property
    def n_classes(self) -> Any:
        """The number of classes, which is enough for the blank and two labels."""
        return max(3, self.behind.blank + 1)

    @property
    def width(self) -> Any:
        """The scores of all frames."""
        return _FRAMES * self.n_classes

    @property
    def y_true_domain(self) -> Domain:  # type: ignore[override]
        """The sequences of the available labels."""
        return LabelSequences(self.n_classes, self.behind.blank)

    @property
    def traits(self) -> Traits:
        """The traits of the wrapped loss, except for the slope, which depends on the frames."""
        return replace(self.behind.traits, lipschitz=np.sqrt(2 * _FRAMES))

    def _seen(self, loss, parts, y_true, y_pred, sample_weight):
        scores = y_pred.reshape(-1, _FRAMES, self.n_classes)
        results = loss._evaluate(parts, (y_true, scores), sample_weight, None)
        return [r.reshape(y_pred.shape) if np.ndim(r) == 3 else r for r in results]


@singledispatch
def view(loss: Any) -> Any:
    """Return a loss of a target and a prediction, for which `check_loss` can draw samples.

    Losses of several predictions are wrapped in a `View`.  You can register a view for your own
    kind of loss.
    """
    return loss


@view.register
def _(loss: JointLoss):
    return Stacked(loss)


@view.register
def _(loss: LovaszSoftmax):
    return OnePixel(loss)


@view.register
def _(loss: Pinball):
    several = isinstance(loss.quantile, tuple)
    return Alike(loss, width=np.size(loss.quantile)) if several else loss


@view.register
def _(loss: SigmoidCrossEntropy):
    several = isinstance(loss.pos_weight, tuple)
    return ByOutput(loss, width=np.size(loss.pos_weight)) if several else loss


@view.register
def _(loss: MulticlassOverlap):
    return OfClasses(loss)


@view.register
def _(loss: BatchLoss):
    return Batched(loss)


@view.register
def _(loss: CTC):
    return Sequences(loss)


@view.register
def _(loss: WeightedSum):
    kinds = {PointwiseLoss: PointwiseSum, ClassLoss: ClassSum, RowLoss: RowSum}
    for kind, sum_of_kind in kinds.items():
        if all(isinstance(one, kind) for one in loss.losses):
            return sum_of_kind(loss)
    return loss
