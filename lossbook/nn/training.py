"""What training needs beside a network: samples, when to stop, and a progress bar."""

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from ..core.domains import FINITE, NON_NEGATIVE
from ..core.inputs import as_real_array
from ..core.loss import JointLoss, Loss
from ..core.parameters import check_parameters, parameter, whole_number
from .optimizers import Optimizer
from .penalties import Penalty

SECONDS_BEFORE_BAR = 2


@dataclass(frozen=True)
class EarlyStopping:
    """Stop training when the loss on the validation data no longer falls [1]_.

    The model then has the parameters of the last epoch that was an improvement.

    Parameters
    ----------
    patience : int, default 5
        Training stops after so many epochs in a row without an improvement.
    min_improvement : float, default 0.0
        By more than this the validation loss must be below the best so far to be an improvement;
        not negative.

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

    def __post_init__(self):
        check_parameters(self)
        whole_number("patience", self.patience, 1)


class BestParameters:
    """The parameters of the best epoch so far, and for how many epochs they have been that."""

    def __init__(self, parameters):
        self.parameters, self.kept = parameters, parameters.copy()
        self.loss, self.age = inf, 0

    def update(self, loss, min_improvement):
        """Keep the parameters if this loss is better than the best by more than some minimum."""
        if loss < self.loss - min_improvement:
            self.kept, self.loss, self.age = self.parameters.copy(), loss, 0
        else:
            self.age += 1

    def restore(self):
        """Put the best parameters back."""
        self.parameters[...] = self.kept


@dataclass(frozen=True)
class Samples:
    """Inputs, targets and, where there are any, weights: one row each for every sample."""

    x: NDArray
    y: NDArray
    weight: NDArray | None = None

    def batches(self, size, rng):
        """Yield samples in random order, `size` at once; None: all at once, in their own order.

        Those of weight 0 are left out.
        """
        rows = np.arange(len(self.x))
        if self.weight is not None:
            rows = rows[self.weight.reshape(len(rows), -1).any(axis=1)]
        if size is None:
            size = len(rows)
        else:
            rows = rng.permutation(rows)
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            weight = None if self.weight is None else self.weight[batch]
            yield Samples(self.x[batch], self.y[batch], weight)

    def total_weight(self):
        """Return the sum of the weights, or without them the number of samples."""
        return len(self.x) if self.weight is None else float(self.weight.sum(dtype=np.float64))


@dataclass(frozen=True)
class OfColumns:
    """A loss of several predictions, each of which is a column of a network's output."""

    loss: JointLoss

    @property
    def reduction(self):
        """How the loss reduces samples."""
        return self.loss.reduction

    def __call__(self, y_true, output, sample_weight=None):
        """Return the loss."""
        return self.loss(y_true, *self._columns(output), sample_weight)

    def value_and_gradient(self, y_true, output, sample_weight=None):
        """Return the loss and its gradient by the output."""
        predictions = self._columns(output)
        value, gradients = self.loss.value_and_gradient(y_true, *predictions, sample_weight)
        return value, np.stack(gradients, axis=-1)

    def _columns(self, output):
        names = self.loss.inputs[1:]
        if output.shape[-1] != len(names):
            raise ValueError(
                f"{self.loss!r} needs a network with an output for each of {', '.join(names)}; "
                f"got {output.shape[-1]}"
            )
        return np.moveaxis(output, -1, 0)


def of_output(loss):
    """Return a loss as one of targets and the output of a network."""
    if isinstance(loss, type) or not hasattr(loss, "value_and_gradient"):
        raise TypeError(f"loss must be a loss, such as SquaredError(); got {loss!r}")
    if not isinstance(loss, Loss) or loss.inputs == ("y_true", "y_pred"):
        return loss
    if isinstance(loss, JointLoss) and loss.inputs[0] == "y_true" and loss.entries == 0:
        return OfColumns(loss)
    raise TypeError(
        f"loss must be one of y_true and the columns of an output; got {loss!r}, "
        f"which takes {', '.join(loss.inputs)}"
    )


def read_samples(model, loss, x, y, sample_weight=None):
    """Return samples for a model and a loss, both of which have looked at all of them."""
    x, y = model.read(x), as_real_array("y", y)
    finite = FINITE.contains(x)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise ValueError(
            f"x must be finite in {x.dtype}; got {x[row, column]} at index {row}, {column}"
        )
    if y.dtype.kind == "f":
        with np.errstate(all="ignore"):
            y = y.astype(model.dtype, copy=False)
    if sample_weight is not None:
        sample_weight = as_real_array("sample_weight", sample_weight)
    loss(y, model.predict(x), sample_weight)
    return Samples(x, y, sample_weight)


def check_trainers(loss, optimizer, penalty, early_stopping, validation_data):
    """Refuse what cannot train a model, before anything is changed."""
    if loss.reduction == "none":
        raise ValueError("loss must be reduced by 'mean' or 'sum' to be trained with; got 'none'")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an optimiser, such as Adam(); got {optimizer!r}")
    if penalty is not None and not isinstance(penalty, Penalty):
        raise TypeError(f"penalty must be a penalty, such as L2(0.01); got {penalty!r}")
    if early_stopping is not None:
        if not isinstance(early_stopping, EarlyStopping):
            raise TypeError(f"early_stopping must be an EarlyStopping; got {early_stopping!r}")
        if validation_data is None:
            raise ValueError("early_stopping watches the loss on validation_data; got None")


def progress_bar(epochs, progress):
    """Return a context whose value is a bar to update after each epoch, or None.

    True shows a bar; None shows one in a terminal, once it has taken some seconds.
    """
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
