"""The contract of a loss: what it states, and what follows for all of them.

A loss states its mathematics on one block of samples: the quantities its formulas share, and from
them the value, the gradient and the second derivative.  Checks, blocks, threads, weights and
reduction are written here, once.
"""

from dataclasses import field
from inspect import Parameter, Signature
from math import prod
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import DOUBLE, as_real_array, require_shape, working_dtype
from .declared import Declared, with_parameter
from .domains import DISTRIBUTIONS, FINITE, LABELS, ClassIndices, Domain
from .evaluation import evaluate, numpy_block
from .inputs import Batch, Column, Weights
from .parameters import parameter as parameter
from .traits import Traits

REDUCTIONS = ("mean", "sum", "none")
CALLS = {
    "__call__": ("value",),
    "gradient": ("gradient",),
    "hessian": ("hessian",),
    "value_and_gradient": ("value", "gradient"),
    "gradient_and_hessian": ("gradient", "hessian"),
}
"""The public methods of a loss, and the parts that each of them returns."""
CURVATURES = {
    "exact": "hessian",
    "abs": "absolute_hessian",
    "majorizer": "majorizer",
    "fisher": "fisher",
}
"""What may stand for the second derivative, and the part that it is."""


_REDUCTION = """\
reduction : {"mean", "sum", "none"}, keyword only
    ``"mean"`` is the weighted mean Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"``
    leaves one value wℓ a sample."""
"""What is said of the parameter that every loss has, in the docstring of each."""


class Loss(Declared):
    """Base of all losses.

    A subclass becomes a frozen dataclass, without a decorator, whose fields are its parameters.
    It implements ``_shared``, which turns blocks of the inputs into the quantities its formulas
    have in common, and three functions of these: ``_value``, ``_gradient`` (with respect to the
    prediction) and ``_hessian`` (its diagonal second derivative), each in plain NumPy.  Samples
    are on the last axis of a block.  A loss that is not called with ``y_true`` and ``y_pred``
    names its `inputs` in the order of a call, ``y_true`` first where there are targets, and in
    `options` those that are given by keyword or not at all.
    """

    reduction: str = field(default="mean", kw_only=True)

    traits: ClassVar[Traits]
    inputs: ClassVar[tuple[str, ...]] = ("y_true", "y_pred")
    options: ClassVar[tuple[str, ...]] = ()
    y_true_domain: ClassVar[Domain] = FINITE
    y_pred_domain: ClassVar[Domain | None] = None
    link: ClassVar[str] = "identity"

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__doc__ = with_parameter(cls.__doc__, "reduction", _REDUCTION)
        if {"inputs", "options"} & vars(cls).keys():
            for name, parts in CALLS.items():
                setattr(cls, name, _taking(cls, name, parts))

    def __post_init__(self):
        if self.reduction not in REDUCTIONS:
            raise ValueError(f"reduction must be one of {REDUCTIONS}; got {self.reduction!r}")
        super().__post_init__()

    # What a caller asks for.

    def __call__(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        out: NDArray | None = None,
    ) -> float | NDArray:
        """Return the loss.

        Parameters
        ----------
        y_true : array_like
            Targets.
        y_pred : array_like
            Predictions.
        sample_weight : array_like, optional
            One non-negative weight a sample.
        out : ndarray, optional
            With ``reduction="none"``, where to write the result.

        Returns
        -------
        float or ndarray
            The mean or the sum, accumulated in double precision; with ``reduction="none"`` an
            array with one value a sample.

        Raises
        ------
        TypeError
            If an argument does not hold real numbers.
        ValueError
            If shapes differ, an input is empty, or a value is outside its domain.
        """
        return self._evaluate(("value",), (y_true, y_pred), sample_weight, out)[0]

    def gradient(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """Return the gradient of the reduced loss with respect to `y_pred`.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            As in a call of the loss.
        out : ndarray, optional
            Where to write the result.

        Returns
        -------
        ndarray of the shape of `y_pred`
            With ``reduction="none"``, each sample's own derivative of wℓ.
        """
        return self._evaluate(("gradient",), (y_true, y_pred), sample_weight, out)[0]

    def hessian(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: NDArray | None = None,
    ) -> NDArray:
        """Return the diagonal of the reduced loss's second derivative with respect to `y_pred`.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            As in a call of the loss.
        curvature : {"exact", "abs", "majorizer", "fisher"}, default "exact"
            ``"exact"`` is the second derivative itself, even where it is zero or negative.  What a
            booster or a Newton step may want in its place: ``"abs"``, its absolute value;
            ``"majorizer"``, the curvature of a parabola that touches the loss at the prediction
            and lies nowhere below it, ``inf`` at a kink; ``"fisher"``, the Fisher information, the
            second derivative to expect if the target had the predicted distribution.
        out : ndarray, optional
            Where to write the result.

        Returns
        -------
        ndarray of the shape of `y_pred`

        Raises
        ------
        ValueError
            Also if this loss has no such curvature; the message lists those it has.
        """
        parts = (self._curvature_part(curvature),)
        return self._evaluate(parts, (y_true, y_pred), sample_weight, out)[0]

    def value_and_gradient(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        out: NDArray | tuple[NDArray, ...] | None = None,
    ) -> tuple[float | NDArray, NDArray]:
        """Return the loss and its gradient from one pass over the inputs.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            As in a call of the loss.
        out : ndarray, optional
            Where to write the gradient; with ``reduction="none"`` a tuple of two arrays.

        Returns
        -------
        value : float or ndarray
        gradient : ndarray of the shape of `y_pred`
        """
        return self._evaluate(("value", "gradient"), (y_true, y_pred), sample_weight, out)

    def gradient_and_hessian(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: NDArray | tuple[NDArray, ...] | None = None,
    ) -> tuple[NDArray, NDArray]:
        """Return the gradient and the diagonal second derivative from one pass.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            As in a call of the loss.
        curvature : {"exact", "abs", "majorizer", "fisher"}, default "exact"
            As in `hessian`.
        out : tuple of two ndarrays, optional
            Where to write the results.

        Returns
        -------
        gradient, hessian : ndarray of the shape of `y_pred`
        """
        parts = "gradient", self._curvature_part(curvature)
        return self._evaluate(parts, (y_true, y_pred), sample_weight, out)

    def optimal_constant(
        self, y_true: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float | NDArray:
        """Return the constant prediction with the least loss on a sample of targets.

        Parameters
        ----------
        y_true : array_like
            Targets.  For a loss over classes, integers are labels and floats distributions.
        sample_weight : array_like, optional
            One non-negative weight a sample.

        Returns
        -------
        float or ndarray
            One number, or one for each class.

        Raises
        ------
        NotImplementedError
            If this loss has none.
        """
        if type(self)._optimal_constant is Loss._optimal_constant:
            return self._optimal_constant(None, None)
        y_true = as_real_array("y_true", y_true)
        with np.errstate(all="ignore"):
            targets, sample_shape = self._read_targets(y_true)
            weight = np.ones(targets.shape[-1])
            if sample_weight is not None:
                weight = Weights(sample_weight, sample_shape).block(0, weight.size)
            return self._optimal_constant(targets, weight)

    def card(self):
        """Return a summary: formula, gradient, curvature, domain, traits, names elsewhere.

        Returns
        -------
        lossbook.cards.Card
            Prints as text; a notebook shows it as a table.  Needs SymPy.
        """
        from ..cards import Card

        return Card(self)

    # What a loss states.

    def _shared(self, y_true, y_pred):
        raise NotImplementedError

    def _value(self, *shared):
        raise NotImplementedError

    def _gradient(self, *shared):
        raise NotImplementedError

    def _hessian(self, *shared):
        raise NotImplementedError

    def _absolute_hessian(self, *shared):
        hessian = self._hessian(*shared)
        return tuple(map(np.abs, hessian)) if type(hessian) is tuple else np.abs(hessian)

    def _curvature_part(self, curvature):
        """Return the part that a curvature is, or refuse it."""
        known = [name for name, part in CURVATURES.items() if hasattr(self, f"_{part}")]
        if curvature not in known:
            raise ValueError(f"curvature of {self!r} must be one of {known}; got {curvature!r}")
        return CURVATURES[curvature]

    def _read(self, *inputs):
        """Return the checked inputs of a call as a Batch."""
        raise NotImplementedError

    def _read_targets(self, y_true):
        """Return all targets as one checked block in double precision, and their sample shape."""
        double = DOUBLE
        column = Column("y_true", y_true, y_true.shape, double, self.y_true_domain)
        return column.block(0, y_true.size), y_true.shape

    def _total_weight(self, batch, weights):
        """Return what the mean divides by."""
        return batch.n_samples if weights is None else weights.total

    def _optimal_constant(self, y_true, weight):
        """Return the optimal constant for flat, checked targets and weights."""
        raise NotImplementedError(f"{type(self).__name__} has no optimal constant")

    # How the one becomes the other.

    _block = staticmethod(numpy_block)

    def _evaluate(self, parts, inputs, sample_weight, out):
        return evaluate(self, parts, self._read(*inputs), sample_weight, out)

    def _evaluate_batch(self, parts, batch, sample_weight, out):
        return evaluate(self, parts, batch, sample_weight, out)


Loss.__doc__ = with_parameter(Loss.__doc__, "reduction", _REDUCTION)


def _one_or_all(arrays):
    """Return the only array, or all of them as a tuple."""
    return arrays[0] if len(arrays) == 1 else arrays


def one_hot(labels, n_classes, dtype):
    """Return a row for each class, with a 1 where a label names it."""
    return (np.arange(n_classes)[:, None] == labels).astype(dtype)


def as_distributions(y_true, y_pred):
    """Return a block of targets as distributions over the classes of `y_pred`."""
    return one_hot(y_true, len(y_pred), y_pred.dtype) if y_true.ndim == 1 else y_true


class PointwiseLoss(Loss):
    """Base of losses in which every element of the arrays is a sample of its own."""

    def _read(self, y_true, y_pred):
        y_true, y_pred = as_real_array("y_true", y_true), as_real_array("y_pred", y_pred)
        require_shape("y_pred", y_pred, y_true.shape, "that of y_true")
        shape, dtype = y_pred.shape, working_dtype(y_true.dtype, y_pred.dtype)
        columns = (
            Column("y_true", y_true, shape, dtype, self.y_true_domain),
            Column("y_pred", y_pred, shape, dtype, self.y_pred_domain),
        )
        return Batch(columns, (shape,), shape, dtype)


class RowLoss(Loss):
    """Base of losses of whole rows: the last axis of target and prediction is of one sample.

    Both have the same shape.  In a block the entries of a row are on the first axis.
    """

    def _sample_shape(self, shape):
        return shape[:-1]

    def _read(self, y_true, y_pred):
        y_true, y_pred = as_real_array("y_true", y_true), as_real_array("y_pred", y_pred)
        require_shape("y_pred", y_pred, y_true.shape, "that of y_true")
        shape, dtype = y_pred.shape, working_dtype(y_true.dtype, y_pred.dtype)
        if not shape:
            raise ValueError("y_pred must have one axis or more; got a number")
        sample_shape = self._sample_shape(shape)
        columns = (
            Column("y_true", y_true, sample_shape, dtype, self.y_true_domain),
            Column("y_pred", y_pred, sample_shape, dtype, self.y_pred_domain),
        )
        return Batch(columns, (shape,), sample_shape, dtype)

    def _read_targets(self, y_true):
        if not y_true.shape:
            raise ValueError("y_true must have one axis or more; got a number")
        sample_shape, double = self._sample_shape(y_true.shape), DOUBLE
        column = Column("y_true", y_true, sample_shape, double, self.y_true_domain)
        return column.block(0, prod(sample_shape)), sample_shape


class JointLoss(Loss):
    """Base of losses of several predictions, which have one shape and each a gradient.

    A subclass names its `inputs`.  `entries` is the number of last axes that belong to one sample:
    0 where every element is one, 1 for embeddings.  ``_gradient`` and ``_hessian`` return a tuple
    of blocks, one for each prediction, and so do the methods that callers use.
    """

    entries: ClassVar[int] = 0

    def _read(self, *inputs):
        arrays = [as_real_array(*given) for given in zip(self.inputs, inputs, strict=True)]
        first_prediction = int(self.inputs[0] == "y_true")
        targets, predictions = arrays[:first_prediction], arrays[first_prediction:]
        names = self.inputs[first_prediction:]
        shape = predictions[0].shape
        for name, prediction in zip(names, predictions, strict=True):
            require_shape(name, prediction, shape, f"that of {names[0]}")
        if len(shape) < self.entries:
            raise ValueError(f"{names[0]} must have an axis for its entries; got shape {shape}")
        sample_shape = shape[: len(shape) - self.entries]
        for target in targets:
            require_shape("y_true", target, sample_shape, "one target a sample")
        dtype = np.result_type(*predictions)
        dtype = working_dtype(targets[0].dtype if targets else dtype, dtype)
        domains = [self.y_true_domain] * len(targets) + [self.y_pred_domain] * len(predictions)
        columns = [
            Column(name, array, sample_shape, dtype, domain)
            for name, array, domain in zip(self.inputs, arrays, domains, strict=True)
        ]
        return Batch(columns, (shape,) * len(predictions), sample_shape, dtype)


class BatchLoss(JointLoss):
    """Base of losses that compare the samples of a batch with each other.

    Predictions have shape (..., N, D): in each batch N samples, rows of D entries.  The value is
    one a sample, and weighted with it; but as every row has its part in the values of others,
    derivatives are those of the sum of all weighted values, whatever the reduction.

    In place of ``_shared`` a subclass has ``_compare``.  This takes the highest order of the
    derivatives that are wanted, the weights divided by what the reduction divides by, and the
    whole inputs, in double precision with their entries on the first axis.  ``_value`` returns
    values that are not weighted; the derivatives are those of their weighted sum.
    """

    entries = 1

    def _compare(self, order, weight, *inputs):
        raise NotImplementedError

    def _read(self, *inputs):
        batch = super()._read(*inputs)
        shape = batch.shapes[0]
        if len(shape) < 2:
            name = batch.columns[-1].name
            raise ValueError(f"{name} must have an axis of samples and one of entries; got {shape}")
        for column in batch.columns:
            column.dtype = DOUBLE
        batch.block_size = batch.n_samples
        return batch

    @staticmethod
    def _block(loss, parts, columns, weights, divisor, targets, start, stop):
        """Compute the whole batch, as `numpy_block` does a block."""
        shape = columns[-1].sample_shape
        weight = np.ones(stop) if weights is None else weights.block(start, stop)
        inputs = [column.block(start, stop) for column in columns]
        inputs = [block.reshape(*block.shape[:-1], *shape) for block in inputs]
        order = max({"value": 0, "gradient": 1}.get(part, 2) for part in parts)
        shared = loss._compare(order, weight.reshape(shape) / divisor, *inputs)
        total = 0.0
        for part, target in zip(parts, targets, strict=True):
            of_part = getattr(loss, "_" + part)(*shared)
            if part == "value":
                values = np.where(weight > 0, of_part.reshape(stop) * weight, 0)
                of_part, total = (values,), np.add.reduce(values)
            if target is None:
                continue
            for terms, array in zip(of_part, target, strict=True):
                array[...] = terms.reshape(-1, stop).T.reshape(array.shape)
        return total


def _taking(kind, name, parts):
    """Return the method of `Loss` with this name, taking a class's inputs."""
    method = getattr(Loss, name)
    either, keyword = Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY
    has_curvature = "hessian" in parts
    signature = Signature(
        [
            *(Parameter(each, either) for each in ("self", *kind.inputs)),
            Parameter("sample_weight", either, default=None),
            *(Parameter(each, keyword, default=None) for each in kind.options),
            *[Parameter("curvature", keyword, default="exact")] * has_curvature,
            Parameter("out", keyword, default=None),
        ]
    )

    n_inputs, no_options = len(kind.inputs), (None,) * len(kind.options)

    def taking(*args, **kwargs):
        if len(args) == 1 + n_inputs and not kwargs:  # to bind these to names would take longer
            self, *inputs = args
            return _one_or_all(self._evaluate(parts, (*inputs, *no_options), None, None))
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        self, sample_weight, out = map(given.pop, ("self", "sample_weight", "out"))
        wanted = parts
        if has_curvature:
            wanted = (*parts[:-1], self._curvature_part(given.pop("curvature")))
        return _one_or_all(self._evaluate(wanted, tuple(given.values()), sample_weight, out))

    inputs = ", ".join(kind.inputs + kind.options)
    taking.__name__, taking.__qualname__ = name, f"{kind.__qualname__}.{name}"
    taking.__doc__ = f"{method.__doc__.splitlines()[0]}\n\nIts inputs are {inputs}."
    taking.__signature__ = signature
    return taking


class ClassLoss(Loss):
    """Base of losses over classes, which are on the last axis of the prediction.

    Targets are integer labels with one axis less than the prediction, or distributions over the
    classes of the prediction's shape; only labels where `y_true_domain` is `LABELS`.  In a block
    the classes are on the first axis.
    """

    y_true_domain: ClassVar[Domain] = DISTRIBUTIONS

    def _label_domain(self, n_entries):
        """Return the domain of labels, for predictions of a number of entries."""
        return ClassIndices(n_entries)

    def _target_column(self, y_true, n_classes, sample_shape, dtype):
        if y_true.ndim == len(sample_shape):
            if y_true.dtype.kind == "f":
                raise TypeError(f"y_true must hold integer labels; got dtype {y_true.dtype}")
            domain, dtype = self._label_domain(n_classes), np.dtype(np.intp)
        else:
            domain = self.y_true_domain
        return Column("y_true", y_true, sample_shape, dtype, domain)

    def _read_targets(self, y_true):
        double = DOUBLE
        if y_true.dtype.kind != "f":
            n_classes = self._n_classes(y_true)
            column = self._target_column(y_true, n_classes, y_true.shape, double)
            labels = column.block(0, y_true.size)
            return one_hot(labels, n_classes, double), y_true.shape
        if self.y_true_domain is LABELS:
            raise TypeError(f"y_true must hold integer labels; got dtype {y_true.dtype}")
        if y_true.ndim == 0:
            raise ValueError("y_true must be labels or distributions over classes; got a number")
        sample_shape = y_true.shape[:-1]
        column = self._target_column(y_true, y_true.shape[-1], sample_shape, double)
        return column.block(0, prod(sample_shape)), sample_shape

    def _n_classes(self, labels):
        return int(labels.max()) + 1

    def _read(self, y_true, y_pred):
        y_true, y_pred = as_real_array("y_true", y_true), as_real_array("y_pred", y_pred)
        if y_pred.ndim == 0 or self._label_domain(y_pred.shape[-1]).n_classes < 2:
            raise ValueError(f"y_pred must have two classes or more; got shape {y_pred.shape}")
        shape, sample_shape = y_pred.shape, y_pred.shape[:-1]
        shapes = {sample_shape: "labels", shape: "distributions"}
        if self.y_true_domain is LABELS:
            del shapes[shape]
        if y_true.shape not in shapes:
            expected = " or ".join(f"{each} ({kind})" for each, kind in shapes.items())
            raise ValueError(
                f"y_true must have shape {expected} for y_pred of shape {shape}; got {y_true.shape}"
            )
        dtype = working_dtype(y_true.dtype, y_pred.dtype)
        columns = (
            self._target_column(y_true, shape[-1], sample_shape, dtype),
            Column("y_pred", y_pred, sample_shape, dtype, self.y_pred_domain),
        )
        return Batch(columns, (shape,), sample_shape, dtype)
