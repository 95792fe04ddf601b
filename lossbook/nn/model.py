"""A network: layers in a row."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from math import isfinite, prod
from os import PathLike

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..core.inputs import as_real_array, require_shape
from ..core.loss import Loss
from ..core.parameters import whole_number
from . import storage
from .layers import Layer
from .optimizers import Optimizer
from .penalties import Penalty
from .training import (
    BestParameters,
    EarlyStopping,
    check_trainers,
    of_output,
    progress_bar,
    read_samples,
)


class Sequential:
    """Network of layers, each taking what the one before gives.

    All parameters lie in one vector, and their gradients in another; the layers' arrays are views
    of parts of them.

    Parameters
    ----------
    *layers : Layer
        The layers, first to last.
    seed : int, optional
        Makes the initial parameters, and what a forward pass drops, the same every time.
    dtype : {"float64", "float32"}
        What is computed in.

    Attributes
    ----------
    layers : tuple of Layer
    parameters, gradients : list of ndarray
        Of each layer in turn.  The gradients are those of the last backward pass.
    weights, weight_gradients : list of ndarray
        The parameters that a penalty applies to, and their gradients.

    Examples
    --------
    >>> import numpy as np
    >>> import lossbook as lb
    >>> from lossbook import nn
    >>> model = nn.Sequential(nn.Dense(2, 3), nn.Tanh(), nn.Dense(3, 1), seed=0)
    >>> x, y = np.eye(2), np.array([[0.0], [1.0]])
    >>> y_pred = model.forward(x)
    >>> value, gradient = lb.SquaredError().value_and_gradient(y, y_pred)
    >>> gradient_of_x = model.backward(gradient)
    >>> [array.shape for array in model.gradients]
    [(2, 3), (3,), (3, 1), (1,)]
    """

    def __init__(self, *layers: Layer, seed: int | None = None, dtype: DTypeLike = "float64"):
        self.seed = None if seed is None else whole_number("seed", seed, 0)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float64, np.float32):
            raise ValueError(f"dtype must be float64 or float32; got {self.dtype}")
        self.layers = layers
        self.n_in, self.n_out = _widths(layers)
        size = sum(prod(shape) for layer in layers for shape in layer.shapes)
        self._vector, self._gradient = np.zeros((2, size), self.dtype)
        self._bind()
        rng = np.random.default_rng(self.seed)
        for layer in layers:
            layer.initialize(rng)
            layer.rng = rng

    def _bind(self):
        """Give each layer its part of the vectors of parameters and gradients."""
        self.parameters, self.gradients = [], []
        start = 0
        for layer in self.layers:
            parameters, gradients = [], []
            for shape in layer.shapes:
                stop = start + prod(shape)
                parameters.append(self._vector[start:stop].reshape(shape))
                gradients.append(self._gradient[start:stop].reshape(shape))
                start = stop
            layer.bind(parameters, gradients)
            self.parameters += parameters
            self.gradients += gradients
        self.weights = [weight for layer in self.layers for weight in layer.weights]
        self.weight_gradients = [g for layer in self.layers for g in layer.weight_gradients]

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._bind()

    def __repr__(self) -> str:
        shown = [repr(layer) for layer in self.layers]
        if self.seed is not None:
            shown.append(f"seed={self.seed}")
        if self.dtype != np.float64:
            shown.append(f"dtype={self.dtype.name!r}")
        return f"Sequential({', '.join(shown)})"

    def forward(self, x: ArrayLike) -> NDArray:
        """Return the output in training: features are dropped, and each layer remembers.

        Parameters
        ----------
        x : array_like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
        """
        x = self.read(x)
        with np.errstate(all="ignore"):
            for layer in self.layers:
                x = layer.forward(x)
        return x

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Compute the gradients of all parameters, after a forward pass.

        They are found in ``gradients``, and replace those of the pass before.

        Parameters
        ----------
        gradient : array_like of shape (n_samples, n_outputs)
            Gradient of the loss with respect to the output, as `lossbook.Loss.gradient` returns it.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Gradient with respect to the input.
        """
        output = self.layers[-1].y
        if output is None:
            raise RuntimeError("backward needs a forward pass before it")
        gradient = as_real_array("gradient", gradient)
        require_shape("gradient", gradient, output.shape, "that of the output")
        gradient = gradient.astype(self.dtype, copy=False)
        with np.errstate(all="ignore"):
            for layer in reversed(self.layers):
                gradient = layer.backward(gradient)
        return gradient

    def predict(self, x: ArrayLike, *, batch_size: int = 1024) -> NDArray:
        """Return the output: nothing is dropped or remembered.

        Parameters
        ----------
        x : array_like of shape (n_samples, n_features)
        batch_size : int, default 1024
            How many samples go through the layers at once, which bounds the memory needed.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
        """
        x = self.read(x)
        batch_size = whole_number("batch_size", batch_size, 1)
        outputs = []
        with np.errstate(all="ignore"):
            for start in range(0, len(x), batch_size):
                output = x[start : start + batch_size]
                for layer in self.layers:
                    output = layer.predict(output)
                outputs.append(output)
        return np.concatenate(outputs)

    def evaluate(
        self, x: ArrayLike, y: ArrayLike, loss: Loss, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the loss of the predictions for `x`.

        Parameters
        ----------
        x : array_like of shape (n_samples, n_features)
        y : array_like
            Targets, as `loss` takes them.
        loss : Loss
        sample_weight : array_like, optional
            One non-negative weight a sample.

        Returns
        -------
        float
        """
        return of_output(loss)(y, self.predict(x), sample_weight)

    def loss_and_gradients(
        self, x: ArrayLike, y: ArrayLike, loss: Loss, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the loss in training, and leave its gradients in ``gradients``.

        Parameters
        ----------
        x : array_like of shape (n_samples, n_features)
        y : array_like
            Targets, as `loss` takes them.
        loss : Loss
        sample_weight : array_like, optional
            One non-negative weight a sample.

        Returns
        -------
        float
        """
        y_pred = self.forward(x)
        value, gradient = of_output(loss).value_and_gradient(y, y_pred, sample_weight)
        self.backward(gradient)
        return value

    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike,
        *,
        loss: Loss,
        optimizer: Optimizer,
        epochs: int = 10,
        batch_size: int | None = 32,
        sample_weight: ArrayLike | None = None,
        validation_data: tuple[ArrayLike, ...] | None = None,
        penalty: Penalty | None = None,
        metrics: Mapping[str, Callable] | None = None,
        early_stopping: EarlyStopping | None = None,
        seed: int | None = None,
        progress: bool | None = None,
    ) -> dict[str, list[float]]:
        """Train the model: each epoch goes once through the samples, in batches.

        Parameters
        ----------
        x : array_like of shape (n_samples, n_features)
        y : array_like
            Targets, as `loss` takes them: of shape (n_samples, n_outputs) for numbers,
            (n_samples,) for class labels and for losses of several predictions.
        loss : Loss
            What is made small, with ``reduction="mean"`` or ``"sum"`` over each batch.  One of
            targets and several predictions, such as `lossbook.GaussianNLL`, takes the columns of
            the output for these, in their order.
        optimizer : Optimizer
            Moves the parameters.  What it remembers stays with the model: another call with the
            same optimiser goes on where this one ends.
        epochs : int, default 10
        batch_size : int or None, default 32
            How many samples make one step, the last batch having what is left.  None takes all.
        sample_weight : array_like, optional
            One non-negative weight for each sample of the loss.  Samples of weight 0 are left out.
        validation_data : tuple (x, y) or (x, y, sample_weight), optional
            Samples on which to evaluate the model after every epoch.
        penalty : Penalty, optional
            Added to the loss of every batch, once for each array of weights.
        metrics : mapping of str to callable, optional
            Functions of `y` and the predictions, evaluated after every epoch.
        early_stopping : EarlyStopping, optional
            Ends the training when the loss on the validation data no longer falls.
        seed : int, optional
            Makes the order of the samples, and what is dropped, the same every time.
        progress : bool, optional
            Whether to show a progress bar, which needs tqdm.  By default one is shown in a
            terminal, in trainings of more than two seconds.

        Returns
        -------
        dict of str to list of float
            With one entry an epoch: ``"loss"``, the mean of the batches' losses by their weight
            (the sum, for ``reduction="sum"``) while the parameters moved, without the penalty;
            ``"validation_loss"``; the metrics under their names, and for the validation data under
            ``"validation_"`` and their names.

        Raises
        ------
        FloatingPointError
            If the loss of a batch is not finite, or a parameter after an epoch.

        Notes
        -----
        When training is interrupted the model keeps the parameters that it has, or with early
        stopping gets the best.

        Examples
        --------
        >>> import numpy as np
        >>> import lossbook as lb
        >>> from lossbook import nn
        >>> x = np.linspace(-1, 1, 20)[:, None]
        >>> model = nn.Sequential(nn.Dense(1, 1), seed=0)
        >>> optimizer = nn.GradientDescent(learning_rate=0.1)
        >>> history = model.fit(
        ...     x, 3 * x, loss=lb.SquaredError(), optimizer=optimizer, batch_size=5, seed=0
        ... )
        >>> len(history["loss"]), round(float(model.layers[0].weight[0, 0]), 2)
        (10, 2.88)
        """
        loss = of_output(loss)
        check_trainers(loss, optimizer, penalty, early_stopping, validation_data)
        epochs, metrics = whole_number("epochs", epochs, 1), dict(metrics or {})
        if batch_size is not None:
            batch_size = whole_number("batch_size", batch_size, 1)
        if "loss" in metrics:
            raise ValueError("metrics must not be named 'loss', which is the name of the loss")
        samples = read_samples(self, loss, x, y, sample_weight)
        if validation_data is not None:
            try:
                validation = read_samples(self, loss, *validation_data)
            except (TypeError, ValueError) as error:
                error.add_note("This is about validation_data.")
                raise
            watched = metrics | {"loss": lambda y, y_pred: loss(y, y_pred, validation.weight)}
        rng = np.random.default_rng(None if seed is None else whole_number("seed", seed, 0))
        for layer in self.layers:
            layer.rng = rng

        history = defaultdict(list)

        def measure(prefix, measures, samples):
            y_pred = self.predict(samples.x)
            for name, function in measures.items():
                history[prefix + name].append(float(function(samples.y, y_pred)))

        best = BestParameters(self._vector)
        try:
            with progress_bar(epochs, progress) as bar:
                for epoch in range(1, epochs + 1):
                    batches = samples.batches(batch_size, rng)
                    value = self._fit_epoch(epoch, batches, loss, optimizer, penalty)
                    history["loss"].append(value)
                    if metrics:
                        measure("", metrics, samples)
                    if validation_data is not None:
                        measure("validation_", watched, validation)
                    if bar is not None:
                        last = {name: f"{of[-1]:.4g}" for name, of in history.items()}
                        bar.set_postfix(last, refresh=False)
                        bar.update()
                    if early_stopping is not None:
                        best.update(history["validation_loss"][-1], early_stopping.min_improvement)
                        if best.age == early_stopping.patience:
                            break
        finally:
            if early_stopping is not None:
                best.restore()
        return dict(history)

    def _fit_epoch(self, epoch, batches, loss, optimizer, penalty):
        """Take a step for each batch; return the mean, or the sum, of their losses."""
        values, weights = [], []
        for number, batch in enumerate(batches, 1):
            value = self.loss_and_gradients(batch.x, batch.y, loss, batch.weight)
            if not isfinite(value):
                raise FloatingPointError(
                    f"the loss is {value} in batch {number} of epoch {epoch}; a smaller learning "
                    "rate may help, or a loss of scores in place of one of probabilities"
                )
            if penalty is not None:
                with np.errstate(all="ignore"):
                    for weight, gradient in zip(self.weights, self.weight_gradients, strict=True):
                        gradient += penalty.gradient(weight)
            optimizer.step([self._vector], [self._gradient])
            values.append(value)
            weights.append(batch.total_weight())
        if not np.isfinite(self._vector).all():
            raise FloatingPointError(
                f"parameters are not finite after epoch {epoch}; a smaller learning rate may help"
            )
        if loss.reduction == "sum":
            return sum(values)
        return float(np.average(values, weights=weights))

    def save(self, path: str | PathLike) -> None:
        """Write the model to a file.

        The file is written beside `path` first, then takes its place: whatever happens, what was
        there before stays whole until the new file is.

        Parameters
        ----------
        path : str or path-like
            The file, ``.npz`` by custom: NumPy's archive of arrays, with the architecture as JSON.

        Raises
        ------
        TypeError
            If a layer is not one of `lossbook.nn`.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from lossbook import nn
        >>> model = nn.Sequential(nn.Dense(2, 1), nn.Sigmoid(), seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(Path(folder) / "model.npz")
        ...     nn.Sequential.load(Path(folder) / "model.npz")
        Sequential(Dense(n_in=2, n_out=1, init='he'), Sigmoid(), seed=0)
        """
        storage.write(path, self)

    @classmethod
    def load(cls, path: str | PathLike) -> "Sequential":
        """Return the model that `save` wrote to a file.  Nothing in the file is executed.

        Parameters
        ----------
        path : str or path-like

        Returns
        -------
        Sequential

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If the file is damaged, or is not a model, or one of another version.
        """
        return storage.read(path, cls)

    def read(self, x: ArrayLike) -> NDArray:
        """Return inputs as an array of the model's dtype, or refuse them.

        Parameters
        ----------
        x : array_like of shape (n_samples, n_features)

        Returns
        -------
        ndarray
        """
        x = as_real_array("x", x)
        if x.ndim != 2 or x.shape[1] != self.n_in:
            raise ValueError(
                f"x must have shape (n_samples, {self.n_in}), one column for each input of the "
                f"model; got {x.shape}"
            )
        with np.errstate(all="ignore"):
            return x.astype(self.dtype, copy=False)


def _widths(layers):
    """Return how many features go into a row of layers and how many come out, or refuse it."""
    n_in = n_out = None
    for k, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(f"layers[{k}] must be a layer, such as Dense(10, 64); got {layer!r}")
        if layer.rng is not None or layer in layers[:k]:
            raise ValueError(f"layers[{k}], {layer!r}, already belongs to a model; make a new one")
        if layer.widths is not None:
            takes, gives = layer.widths
            if n_out not in (None, takes):
                raise ValueError(
                    f"layers[{k}], {layer!r}, must take the {n_out} features of the layers "
                    f"before it; it takes {takes}"
                )
            n_in, n_out = n_in or takes, gives
    if n_in is None:
        raise ValueError("a model needs a Dense layer")
    return n_in, n_out
