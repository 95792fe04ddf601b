"""Losses in the form of losses of Keras."""

from dataclasses import replace
from typing import Any, Self

import lossbook

from ..base import ClassLoss, Loss, PointwiseLoss
from ..core.loss import TargetLoss
from ..losses.softmax import SoftmaxCrossEntropy
from ._formula import checked_loss

try:
    import keras
    from keras import ops
except ImportError as error:
    raise ImportError(
        f"lossbook.interop.keras needs keras, which cannot be imported ({error}). Install it with: "
        'pip install "lossbook[keras]", and set the environment variable KERAS_BACKEND to torch or '
        "jax"
    ) from error

__all__ = ["KerasLoss", "as_loss"]

_REDUCTIONS = {"mean": "mean_with_sample_weight", "sum": "sum", "none": "none"}


def as_loss(loss: Loss, *, name: str | None = None) -> "KerasLoss":
    """Return a loss of Keras for the backends PyTorch and JAX.

    It is computed by `lossbook.interop.torch` or `lossbook.interop.jax`, so the gradients are those
    that the loss implements.

    Parameters
    ----------
    loss : Loss
        A loss of one prediction in which the samples do not depend on each other.
    name : str, optional
        The name in logs.  By default, it is the name of the class.

    Returns
    -------
    KerasLoss
        An instance of `keras.losses.Loss`, for ``model.compile(loss=…)``.

    Raises
    ------
    TypeError
        If the loss has several predictions, compares the samples of a batch, or combines other
        losses.
    ValueError
        If Keras uses another backend, or if the mean of the loss divides by class weights, which
        Keras does not know.

    Notes
    -----
    Keras gets one value per sample, multiplies it by its own sample weights and reduces it.  With
    the reduction ``"mean"`` this is ``"mean_with_sample_weight"``, which divides by the sum of the
    weights as our losses do.  The default of Keras, ``"sum_over_batch_size"``, divides by the
    number of samples.  If every element is a sample of the loss, the value is the mean over the
    last axis, as in Keras.

    Keras converts targets to floats.  For a loss over classes, they are converted back to labels.
    A target of shape (n,) can be used with a prediction of shape (n, 1), and labels of shape (n, 1)
    can be used with scores of shape (n, classes).

    A model that was saved with such a loss can be loaded again.  If the class of the loss is your
    own, name it in the ``custom_objects`` that loading takes.

    Examples
    --------
    >>> import numpy as np
    >>> import lossbook as lb
    >>> from lossbook.interop.keras import as_loss
    >>> huber = as_loss(lb.Huber(delta=1.0))
    >>> y_true, y_pred = np.array([[0.0], [0.0]]), np.array([[0.5], [3.0]])
    >>> float(huber(y_true, y_pred, sample_weight=np.array([1.0, 3.0])))
    1.90625
    """
    return KerasLoss(loss, name=name)


@keras.saving.register_keras_serializable(package="lossbook")
class KerasLoss(keras.losses.Loss):
    """A loss of lossbook in the form of a loss of Keras, which `as_loss` returns.

    Parameters
    ----------
    loss : Loss
        The loss.
    reduction : str, optional
        The reduction in Keras.  By default, it is the reduction of the loss.
    name : str, optional
        The name in logs.  By default, it is the name of the class.
    dtype : str, optional
        The dtype to which Keras converts its inputs.  By default, it is the default dtype of Keras.
    """

    def __init__(
        self,
        loss: Loss,
        reduction: str | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        reduction = _REDUCTIONS[_checked(loss).reduction] if reduction is None else reduction
        super().__init__(name=name or type(loss).__name__, reduction=reduction, dtype=dtype)
        self.loss = loss
        self._function = _as_function(replace(loss, reduction="none"))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per sample.

        Parameters
        ----------
        y_true, y_pred : tensor
            Targets and predictions, with the samples on the first axis.
        """
        if isinstance(self.loss, ClassLoss):
            if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
                y_true = ops.squeeze(y_true, axis=-1)
            if len(y_true.shape) < len(y_pred.shape):
                y_true = ops.cast(y_true, "int32")
        elif abs(len(y_true.shape) - len(y_pred.shape)) == 1:
            longer = max(y_true.shape, y_pred.shape, key=len)
            if longer[-1] == 1:
                y_true = ops.reshape(y_true, y_pred.shape)
        values = self._function(y_true, y_pred)
        if isinstance(self.loss, PointwiseLoss) and len(values.shape) > 1:
            return ops.mean(values, axis=-1)
        return values

    def get_config(self) -> dict[str, Any]:
        """Return the configuration from which the loss can be created again."""
        made_of = {"class": type(self.loss).__name__, "parameters": self.loss.get_params()}
        return {**super().get_config(), "loss": made_of}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return the loss of a configuration.

        Parameters
        ----------
        config : dict
            The result of `get_config`.
        """
        made_of = config["loss"]
        name = made_of["class"]
        found = keras.saving.get_registered_object(name) or getattr(lossbook, name, None)
        if found is None:
            raise ValueError(
                f"the class of the loss must be known; got {name!r}, which is not one of lossbook. "
                "Give it in custom_objects"
            )
        return cls(**config | {"loss": found(**made_of["parameters"])})


def _as_function(loss):
    """Return a loss as a function of tensors of Keras's backend."""
    backend = keras.backend.backend()
    if backend == "torch":
        from .torch import as_function
    elif backend == "jax":
        from .jax import as_function
    else:
        raise ValueError(
            f"the backend of Keras must be torch or jax; got {backend}. Set the environment "
            "variable KERAS_BACKEND before keras is imported"
        )
    return as_function(loss)


def _checked(loss):
    """Return a loss of which Keras can take one value per sample, or refuse it."""
    if not isinstance(checked_loss(loss), TargetLoss):
        raise TypeError(
            "loss must be a loss of one target and one prediction per sample, since Keras gives no "
            f"more; got {loss!r}"
        )
    weighs = isinstance(loss, SoftmaxCrossEntropy) and loss.class_weight is not None
    ignores = isinstance(loss, ClassLoss) and loss.ignore_index is not None
    if (weighs or ignores) and loss.reduction == "mean":
        raise ValueError(
            "loss must have a mean that divides by the weights of samples alone, because Keras "
            f"takes it; got {loss!r}. Give Keras class_weight or sample_weight instead"
        )
    return loss
