"""Losses of Dask arrays, which are computed lazily and block by block."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base import ClassLoss, Loss, PointwiseLoss, RowLoss
from ..core.arrays import working_dtype
from ..core.inputs import Weights
from ._libraries import load

__all__ = ["DaskLoss", "as_function"]

_OF_TARGETS = "ignore_index", "class_weight", "padding_value"
"""Parameters by which a target changes how much its sample counts."""


def as_function(loss: Loss) -> "DaskLoss":
    """Return a loss as a function of Dask arrays.

    Parameters
    ----------
    loss : Loss
        A loss of one number per sample, of scores over classes or of whole rows.  No sample may
        depend on another.

    Returns
    -------
    DaskLoss
        A function that is called like the loss and has its methods `gradient`, `hessian`,
        `value_and_gradient` and `gradient_and_hessian`.  All results are lazy, so nothing is
        computed before ``compute`` is called.

    Examples
    --------
    >>> import dask.array as da
    >>> import lossbook as lb
    >>> from lossbook.interop.dask import as_function
    >>> huber = as_function(lb.Huber(delta=1.0))
    >>> y_true, y_pred = da.zeros(10, chunks=4), da.arange(10, chunks=5)
    >>> value = huber(y_true, y_pred)
    >>> value
    dask.array<mean, shape=(), dtype=float64, chunksize=(), chunktype=numpy.ndarray>
    >>> float(value.compute())
    4.05
    >>> float(lb.Huber(delta=1.0)(y_true.compute(), y_pred.compute()))
    4.05
    """
    return DaskLoss(loss)


@dataclass(frozen=True)
class DaskLoss:
    """A loss in the form of a function of Dask arrays, which `as_function` returns.

    Arrays of NumPy and of Dask can be mixed.  If chunks differ, they are unified.  The entries of a
    sample, such as the scores of the classes, are merged into one chunk.

    Parameters
    ----------
    loss : Loss
        The loss.
    """

    loss: Loss

    def __post_init__(self) -> None:
        """Refuse losses whose samples depend on each other."""
        if not isinstance(self.loss, PointwiseLoss | ClassLoss | RowLoss):
            raise TypeError(
                "loss must be called with y_true and y_pred, and treat each sample by itself; got "
                f"{self.loss!r}"
            )

    @property
    def __name__(self) -> str:
        """Name of the loss."""
        return type(self.loss).__name__

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the loss, lazily.

        Parameters
        ----------
        y_true, y_pred : dask.array.Array
            Targets and predictions, of the shapes that the loss takes.
        sample_weight : dask.array.Array, optional
            One non-negative weight per sample.

        Returns
        -------
        dask.array.Array
            Without axes; with ``reduction="none"``, one value per sample.
        """
        call = _Call(self.loss, y_true, y_pred, sample_weight)
        if self.loss.reduction == "none":
            return call.each("__call__", call.sample_axes, call.dtype)
        total = call.total("sum")
        return call.mean(total) if self.loss.reduction == "mean" else total

    def gradient(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the gradient of the reduced loss with respect to `y_pred`, lazily.

        Parameters
        ----------
        y_true, y_pred, sample_weight : dask.array.Array
            As in a call of the loss.

        Returns
        -------
        dask.array.Array of the shape of `y_pred`
        """
        return self._of_prediction("gradient", y_true, y_pred, sample_weight)

    def hessian(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, *, curvature: str = "exact"
    ) -> Any:
        """Return the diagonal of the second derivative with respect to `y_pred`, lazily.

        Parameters
        ----------
        y_true, y_pred, sample_weight : dask.array.Array
            As in a call of the loss.
        curvature : {"exact", "abs", "majorizer", "fisher"}, default "exact"
            The curvature to return, as in `Loss.hessian`.

        Returns
        -------
        dask.array.Array of the shape of `y_pred`
        """
        if curvature not in self.loss.curvatures:
            raise ValueError(
                f"curvature of {self.loss!r} must be one of {self.loss.curvatures}; got "
                f"{curvature!r}"
            )
        return self._of_prediction("hessian", y_true, y_pred, sample_weight, curvature=curvature)

    def value_and_gradient(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> tuple[Any, Any]:
        """Return the loss and its gradient, both lazily.

        Parameters
        ----------
        y_true, y_pred, sample_weight : dask.array.Array
            As in a call of the loss.

        Returns
        -------
        value, gradient : dask.array.Array
        """
        inputs = y_true, y_pred, sample_weight
        return self(*inputs), self.gradient(*inputs)

    def gradient_and_hessian(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, *, curvature: str = "exact"
    ) -> tuple[Any, Any]:
        """Return the gradient and the diagonal of the second derivative, both lazily.

        Parameters
        ----------
        y_true, y_pred, sample_weight : dask.array.Array
            As in a call of the loss.
        curvature : {"exact", "abs", "majorizer", "fisher"}, default "exact"
            As in `hessian`.

        Returns
        -------
        gradient, hessian : dask.array.Array of the shape of `y_pred`
        """
        inputs = y_true, y_pred, sample_weight
        return self.gradient(*inputs), self.hessian(*inputs, curvature=curvature)

    def _of_prediction(
        self, method: str, y_true: Any, y_pred: Any, sample_weight: Any, **given: Any
    ) -> Any:
        call = _Call(self.loss, y_true, y_pred, sample_weight)
        each = call.each(method, call.axes, call.dtype, **given)
        return call.mean(each) if self.loss.reduction == "mean" else each


class _Call:
    """The inputs of one call, in matching chunks."""

    def __init__(self, loss: Loss, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        self.array = load("dask.array", "dask")
        self.loss = loss
        named = {"y_true": y_true, "y_pred": y_pred, "sample_weight": sample_weight}
        self.inputs = {
            name: self.array.asarray(values) for name, values in named.items() if values is not None
        }
        for name, values in self.inputs.items():
            if (
                np.isnan(values.shape).any()
                or np.isnan(np.concatenate(values.chunks or [[]])).any()
            ):
                raise ValueError(
                    f"{name} must have chunks of known sizes, which those that follow from a "
                    f"boolean index or a data frame have not; {name}.compute_chunk_sizes() finds "
                    "them out"
                )
        y_true, y_pred = self.inputs["y_true"], self.inputs["y_pred"]
        self.dtype = working_dtype(y_true.dtype, y_pred.dtype)
        self.axes = tuple(range(y_pred.ndim))
        entries = 0 if isinstance(loss, PointwiseLoss) else 1
        self.sample_axes = self.axes[: y_pred.ndim - entries]
        sample_shape = y_pred.shape[: len(self.sample_axes)]
        self._require("y_true", {y_pred.shape, *([sample_shape] * isinstance(loss, ClassLoss))})
        if sample_weight is not None:
            self._require("sample_weight", {sample_shape})
        if 0 in y_pred.shape:
            raise ValueError(f"y_pred must not be empty; got shape {y_pred.shape}")
        for name, values in self.inputs.items():
            if values.ndim > len(sample_shape):
                self.inputs[name] = values.rechunk({values.ndim - 1: -1})

    def _divisor(self) -> Any:
        """Return what the mean divides by, which needs no target but where some do not count."""
        if any(getattr(self.loss, name, None) is not None for name in _OF_TARGETS):
            return self.total("weight")
        weight = self.inputs.get("sample_weight")
        if weight is not None:
            return weight.sum(dtype=np.float64)
        n_samples = np.prod([self.inputs["y_pred"].shape[axis] for axis in self.sample_axes])
        return self.array.from_array(np.float64(n_samples), chunks=())

    def _require(self, name: str, shapes: set[tuple[int, ...]]) -> None:
        if self.inputs[name].shape not in shapes:
            expected = " or ".join(map(str, sorted(shapes)))
            raise ValueError(
                f"{name} must have shape {expected} for y_pred of shape "
                f"{self.inputs['y_pred'].shape}; got {self.inputs[name].shape}"
            )

    def _blockwise(
        self, function: Callable[..., NDArray[Any]], axes: tuple[int, ...], dtype: Any, **given: Any
    ) -> Any:
        pairs = []
        for values in self.inputs.values():
            pairs += [values, self.axes[: values.ndim]]
        return self.array.blockwise(
            function,
            axes,
            *pairs,
            dtype=dtype,
            meta=np.empty((0,) * len(axes), dtype),
            concatenate=True,
            **given,
        )

    def each(self, method: str, axes: tuple[int, ...], dtype: Any, **given: Any) -> Any:
        """Return one of the loss's methods, unreduced."""
        function = partial(_each, replace(self.loss, reduction="none"), method, **given)
        return self._blockwise(function, axes, dtype)

    def total(self, what: str) -> Any:
        """Return the sum over all blocks of wℓ, or of what the mean divides by."""
        function = partial(_total, replace(self.loss, reduction="sum"), what)
        ones = dict.fromkeys(self.sample_axes, lambda size: 1)
        sums = self._blockwise(function, self.sample_axes, np.float64, adjust_chunks=ones)
        return sums.sum()

    def mean(self, total: Any) -> Any:
        """Return a sum, or terms of one, as a mean."""
        divisor = self._divisor()
        axes = tuple(range(total.ndim))
        meta = np.empty((0,) * total.ndim, total.dtype)
        return self.array.blockwise(
            _mean, axes, total, axes, divisor, (), dtype=total.dtype, meta=meta
        )


def _each(
    loss: Loss,
    method: str,
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    sample_weight: NDArray[Any] | None = None,
    **given: Any,
) -> NDArray[Any]:
    """Return a method's result for a block, which is 0 where no sample counts."""
    if sample_weight is None or np.any(sample_weight):
        return getattr(loss, method)(y_true, y_pred, sample_weight, **given)
    shape = y_pred.shape if method != "__call__" else sample_weight.shape
    return np.zeros(shape, working_dtype(y_true.dtype, y_pred.dtype))


def _total(
    loss: Loss,
    what: str,
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    sample_weight: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Return a sum over a block, in an array with the axes of the samples."""
    total = 0.0
    if sample_weight is None or np.any(sample_weight):
        of_block = loss if what == "sum" else partial(_weight, loss)
        total = float(of_block(y_true, y_pred, sample_weight))
    n_axes = y_pred.ndim - (not isinstance(loss, PointwiseLoss))
    return np.full((1,) * n_axes, total)


def _weight(
    loss: Loss, y_true: NDArray[Any], y_pred: NDArray[Any], sample_weight: NDArray[Any] | None
) -> float:
    """Return what the mean over a block divides by, or 0."""
    batch = loss._read(y_true, y_pred)
    weights = None if sample_weight is None else Weights(sample_weight, batch.sample_shape)
    if weights is not None:
        batch.weigh(weights)
    each = batch.mass(batch.columns[0].block(0, batch.n_samples))
    return float(each.sum() if weights is None else each @ weights.block(0, batch.n_samples))


def _mean(total: NDArray[Any], divisor: NDArray[Any]) -> NDArray[Any]:
    """Return a sum as a mean."""
    if np.any(divisor == 0):
        raise ValueError("sample_weight must not be all zero, and some sample must count")
    return (total / divisor).astype(total.dtype)
