"""What the training of a network consists of: its samples, an epoch, early stopping, a bar."""

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.domains import FINITE, NON_NEGATIVE
from ..core.inputs import as_real_array
from ..core.loss import JointLoss, Loss
from ..core.pairs import PairLoss
from ..core.parameters import check_parameters, parameter, whole_number
from .optimizers import Optimizer
from .penalties import Penalty

SECONDS_BEFORE_BAR = 2


@dataclass(frozen=True)
class EarlyStopping:
    """Stop training when the loss on the validation data no longer falls [1]_.

    When the training ends, the model gets back the parameters of the epoch that was the last
    improvement.

    Parameters
    ----------
    patience : int, default 5
        Training stops after this many epochs in a row without an improvement.
    min_improvement : float, default 0.0
        An epoch is an improvement if its validation loss is below the lowest one so far by more
        than this amount, which may not be negative.

    References
    ----------
    .. [1] L. Prechelt, "Early stopping - but when?", *Neural Networks: Tricks of the Trade*,
       Springer, 1998.

    Examples
    --------
    >>> from lossbook import nn
    >>> nn.EarlyStopping(patience=3)
    EarlyStopping(patience=3, min_improvement=0.0)
    """

    patience: int = 5
    min_improvement: float = parameter(0.0, NON_NEGATIVE)

    def __post_init__(self) -> None:
        check_parameters(self)
        whole_number("patience", self.patience, 1)


class BestParameters:
    """The parameters of the best epoch so far, and the number of epochs since then."""

    parameters: Any
    kept: Any
    loss: Any
    age: Any

    def __init__(self, parameters: Any) -> None:
        self.parameters, self.kept = parameters, parameters.copy()
        self.loss, self.age = inf, 0

    def update(self, loss: Any, min_improvement: Any) -> None:
        """Keep the present parameters if this loss improves on the best one by enough."""
        if loss < self.loss - min_improvement:
            self.kept, self.loss, self.age = self.parameters.copy(), loss, 0
        else:
            self.age += 1

    def restore(self) -> None:
        """Put the best parameters back."""
        self.parameters[...] = self.kept


@dataclass(frozen=True)
class Samples:
    """Inputs, targets and perhaps weights, with one row for each sample.

    The loss has accepted all of these samples together with the predictions in `start`, which the
    model made before the training.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    weight: NDArray[Any] | None
    start: NDArray[Any]

    def order(self, rng: Any) -> Any:
        """Return the rows to train on, in random order, or in their own order without an `rng`.

        The rows whose weights are all 0 are left out.
        """
        rows = np.arange(len(self.x))
        if self.weight is not None:
            rows = rows[self.weight.reshape(len(rows), -1).any(axis=1)]
        return rows if rng is None else rng.permutation(rows)

    def take(self, rows: Any) -> Any:
        """Return some of the samples."""
        weight = None if self.weight is None else self.weight[rows]
        return Samples(self.x[rows], self.y[rows], weight, self.start[rows])


def has_mean(loss: Any, samples: Any) -> bool:
    """Return whether a loss has a mean over samples, which takes one sample that counts.

    The loss accepted these samples and predictions before, as a part of all samples.  If it raises
    an error for them here, the only possible reason is that none of them counts.  For example,
    their labels may be ignored or have the class weight 0.
    """
    try:
        as_mean(loss)(samples.y, samples.start, samples.weight)
    except ValueError:
        return False
    return True


def as_mean(loss: Any) -> Any:
    """Return a loss with the reduction "mean".  A loss of another library stays unchanged."""
    if isinstance(loss, OfColumns):
        return OfColumns(as_mean(loss.loss))
    return replace(loss, reduction="mean") if isinstance(loss, Loss) else loss


@dataclass(frozen=True)
class OfColumns:
    """A loss of several predictions, which are groups of columns of a network's output."""

    loss: JointLoss

    @property
    def reduction(self) -> Any:
        """How the loss reduces samples."""
        return self.loss.reduction

    def __call__(self, y_true: NDArray[Any], output: Any, sample_weight: Any = None) -> Any:
        """Return the loss."""
        return self.loss(y_true, *self._columns(output), sample_weight)

    def value_and_gradient(
        self, y_true: NDArray[Any], output: Any, sample_weight: Any = None
    ) -> Any:
        """Return the loss and its gradient with respect to the output."""
        predictions = self._columns(output)
        value, gradients = self.loss.value_and_gradient(y_true, *predictions, sample_weight)
        joined = np.concatenate if self.loss.entries else np.stack
        return value, joined(gradients, axis=-1)

    def _columns(self, output):
        names, n_outputs = self.loss.inputs[1:], output.shape[-1]
        if n_outputs % len(names) or not (self.loss.entries or n_outputs == len(names)):
            expected = "a multiple of " if self.loss.entries else ""
            each = "equally many" if self.loss.entries else "one"
            raise ValueError(
                f"the model must have {expected}{len(names)} outputs for {self.loss!r}, {each} for "
                f"each of {', '.join(names)}; got {n_outputs}"
            )
        if self.loss.entries:
            return np.split(output, len(names), axis=-1)
        return np.moveaxis(output, -1, 0)


def of_output(loss: Any) -> Any:
    """Return a loss as a function of targets and the output of a network."""
    if hasattr(loss, "discriminator") and hasattr(loss, "generator"):
        raise TypeError(
            "loss must compare targets with the output of one model; "
            f"got {loss!r}, which trains a discriminator and a generator in turn"
        )
    if isinstance(loss, type) or not callable(loss) or not hasattr(loss, "value_and_gradient"):
        raise TypeError(f"loss must be a loss, such as SquaredError(); got {loss!r}")
    if not isinstance(loss, Loss) or loss.inputs == ("y_true", "y_pred"):
        return loss
    compares = isinstance(loss, PairLoss) and loss.entries > 0
    if isinstance(loss, JointLoss) and loss.inputs[0] == "y_true" and not compares:
        return OfColumns(loss)
    raise TypeError(
        "loss must compare targets with the output of one model; "
        f"got {loss!r}, which takes {', '.join(loss.inputs)}"
    )


def train_epoch(
    model: Any,
    samples: Samples,
    loss: Any,
    optimizer: Optimizer,
    penalty: Penalty | None,
    batch_size: int | None,
    epoch: int,
) -> float:
    """Take a step for each batch, and return the loss of the predictions they were taken from."""
    rows = samples.order(None if batch_size is None else model.rng)
    size = batch_size or len(rows)
    outputs = []
    for number, start in enumerate(range(0, len(rows), size), 1):
        batch = samples.take(rows[start : start + size])
        outputs.append(model.forward(batch.x))
        try:
            value, gradient = loss.value_and_gradient(batch.y, outputs[-1], batch.weight)
        except ValueError as error:
            if not has_mean(loss, batch):
                continue
            error.add_note(f"This is about the predictions in batch {number} of epoch {epoch}.")
            raise
        if not isfinite(value):
            raise FloatingPointError(
                f"the loss is {value} in batch {number} of epoch {epoch}; a smaller learning "
                "rate may help, or a loss of scores in place of one of probabilities"
            )
        if value == 0 and not gradient.any() and not has_mean(loss, batch):
            continue  # the sum over no samples
        model.backward(gradient)
        if penalty is not None:
            with np.errstate(all="ignore"):
                for weight, of_weight in zip(model.weights, model.weight_gradients, strict=True):
                    of_weight += penalty.gradient(weight)
        optimizer.step([model._vector], [model._gradient])
    if not np.isfinite(model._vector).all():
        raise FloatingPointError(
            f"parameters are not finite after epoch {epoch}; a smaller learning rate may help"
        )
    trained = samples.take(rows)
    return float(loss(trained.y, np.concatenate(outputs), trained.weight))


def read_samples(model: Any, loss: Any, x: Any, y: Any, sample_weight: Any = None) -> Any:
    """Return samples that the model and the loss accept."""
    x, y = model.read(x), as_real_array("y", y)
    finite = FINITE.contains(x)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise ValueError(
            f"x must be finite in {x.dtype}; got {x[row, column]} at index {row}, {column}"
        )
    if y.ndim == 0 or len(y) != len(x):
        raise ValueError(
            f"y must have one row for each of the {len(x)} rows of x; got shape {y.shape}"
        )
    if y.dtype.kind == "f":
        with np.errstate(all="ignore"):
            y = y.astype(model.dtype, copy=False)
    if sample_weight is not None:
        sample_weight = as_real_array("sample_weight", sample_weight)
    start = model.predict(x)
    loss(y, start, sample_weight)
    return Samples(x, y, sample_weight, start)


def read_validation_data(model: Any, loss: Any, validation_data: Any) -> Any:
    """Return the samples of `validation_data`, or raise an error that names this argument."""
    if not isinstance(validation_data, tuple | list) or len(validation_data) not in (2, 3):
        got = validation_data
        if isinstance(got, tuple | list):
            got = f"{len(got)} of them"
        elif isinstance(got, np.ndarray):
            got = f"an array of shape {got.shape}"
        raise TypeError(
            f"validation_data must be arrays (x, y) or (x, y, sample_weight); got {got}"
        )
    try:
        return read_samples(model, loss, *validation_data)
    except (TypeError, ValueError) as error:
        error.add_note("This is about validation_data.")
        raise


def check_trainers(
    loss: Any, optimizer: Any, penalty: Any, early_stopping: Any, validation_data: Any
) -> None:
    """Raise an error for arguments that cannot train a model, before anything is changed."""
    reduction = getattr(loss, "reduction", "mean")
    if reduction == "none":
        raise ValueError("loss must be reduced by 'mean' or 'sum' to be trained with; got 'none'")
    if not isinstance(optimizer, Optimizer) or type(optimizer) is Optimizer:
        raise TypeError(f"optimizer must be an optimiser, such as Adam(); got {optimizer!r}")
    if penalty is not None and not isinstance(penalty, Penalty):
        raise TypeError(f"penalty must be a penalty, such as L2(0.01); got {penalty!r}")
    if early_stopping is not None:
        if not isinstance(early_stopping, EarlyStopping):
            raise TypeError(f"early_stopping must be an EarlyStopping; got {early_stopping!r}")
        if validation_data is None:
            raise ValueError("early_stopping watches the loss on validation_data; got None")


def check_metrics(metrics: Any) -> Any:
    """Return metrics as a dict of functions, whose names must not occur in the history yet."""
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise TypeError(f"metrics must map names to functions; got {metrics!r}")
    for name, function in metrics.items():
        if not isinstance(name, str) or not callable(function):
            raise TypeError(f"metrics must map names to functions; got {name!r}: {function!r}")
        if name == "loss":
            raise ValueError("metrics must not be named 'loss', which is the name of the loss")
        if name.startswith("validation_"):
            raise ValueError(
                f"metrics must not be named 'validation_…', as they are for validation_data; "
                f"got {name!r}"
            )
    return dict(metrics)


def measured(name: str, function: Any, y: NDArray[Any], y_pred: NDArray[Any]) -> float:
    """Return the value of a metric as a float."""
    value = function(y, y_pred)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"metrics[{name!r}] must return one number; got {value!r}") from None


def progress_bar(epochs: Any, progress: Any) -> Any:
    """Return a context whose value is a bar to update after each epoch, or None.

    True shows a bar.  None shows one in a terminal, once the training has taken some seconds.
    """
    if progress is not None and not isinstance(progress, bool | np.bool_):
        raise TypeError(f"progress must be True, False or None; got {progress!r}")
    if not (sys.stderr.isatty() if progress is None else progress):
        return nullcontext()
    try:
        from tqdm import tqdm
    except ImportError:
        if progress is None:
            return nullcontext()
        raise ImportError('progress=True needs tqdm: pip install "lossbook[nn]"') from None
    delay = SECONDS_BEFORE_BAR if progress is None else 0
    return tqdm(total=epochs, unit="epoch", delay=delay)
