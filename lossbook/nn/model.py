"""A network whose layers follow one another."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from math import prod
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..core.inputs import as_real_array, require_shape
from ..core.loss import Loss
from ..core.parameters import whole_number
from . import storage
from .layers import Layer, widths
from .optimizers import Optimizer
from .penalties import Penalty
from .training import (
    BestParameters,
    EarlyStopping,
    check_metrics,
    check_trainers,
    measured,
    of_output,
    progress_bar,
    read_samples,
    read_validation_data,
    train_epoch,
)


class Sequential:
    """Network of layers, each of which takes the output of the layer before it.

    All parameters lie in one vector and all gradients in another.  The arrays of the layers are
    views of parts of these two vectors.

    Parameters
    ----------
    *layers : Layer
        The layers, from the first to the last.
    seed : int, optional
        With the same seed, the model draws the same random numbers every time: its initial
        parameters, the features that a forward pass drops, and the order of the samples in `fit`.
    dtype : {"float64", "float32"}
        The precision in which the network computes.

    Attributes
    ----------
    layers : tuple of Layer
        The layers.
    parameters, gradients : list of ndarray
        The parameters of all layers in turn, and the gradients of the last backward pass with
        respect to them.
    weights, weight_gradients : list of ndarray
        The parameters that a penalty applies to, and their gradients.
    rng : numpy.random.Generator
        The generator of all random numbers that the model draws.

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

    seed: Any
    dtype: Any
    n_in: Any
    n_out: Any
    rng: Any
    parameters: Any
    gradients: Any
    weights: Any
    weight_gradients: Any

    def __init__(
        self, *layers: Layer, seed: int | None = None, dtype: DTypeLike = "float64"
    ) -> None:
        self.seed = None if seed is None else whole_number("seed", seed, 0)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float64, np.float32):
            raise ValueError(f"dtype must be float64 or float32; got {self.dtype}")
        self.layers = layers
        self.n_in, self.n_out = widths(layers)
        size = sum(prod(shape) for layer in layers for shape in layer.shapes)
        self._vector, self._gradient = np.zeros((2, size), self.dtype)
        self._bind()
        self._draw_from(np.random.default_rng(self.seed))
        for layer in layers:
            layer.initialize(self.rng)

    def _draw_from(self, rng):
        """Give the model and its layers a generator of random numbers."""
        self.rng = rng
        for layer in self.layers:
            layer.rng = rng

    def _bind(self):
        """Give each layer its parts of the vectors of parameters and gradients."""
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

    def __setstate__(self, state: Any) -> None:
        self.__dict__.update(state)
        self._bind()

    def __repr__(self) -> str:
        shown = [repr(layer) for layer in self.layers]
        if self.seed is not None:
            shown.append(f"seed={self.seed}")
        if self.dtype != np.float64:
            shown.append(f"dtype={self.dtype.name!r}")
        return f"Sequential({', '.join(shown)})"

    def forward(self, x: ArrayLike) -> NDArray[Any]:
        """Return the output as in training: features are dropped, and the layers keep their inputs.

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

    def backward(self, gradient: ArrayLike) -> NDArray[Any]:
        """Compute the gradients with respect to all parameters, after a forward pass.

        The list ``gradients`` then holds them in place of those of the pass before.

        Parameters
        ----------
        gradient : array_like of shape (n_samples, n_outputs)
            Gradient of the loss with respect to the output, which `lossbook.Loss.gradient` returns.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Gradient with respect to the input.
        """
        output = getattr(self.layers[-1], "y", None)
        if output is None:
            raise RuntimeError("backward needs a forward pass before it")
        gradient = as_real_array("gradient", gradient)
        require_shape("gradient", gradient, output.shape, "that of the output")
        gradient = gradient.astype(self.dtype, copy=False)
        with np.errstate(all="ignore"):
            for layer in reversed(self.layers):
                gradient = layer.backward(gradient)
        return gradient

    def predict(self, x: ArrayLike, *, batch_size: int = 1024) -> NDArray[Any]:
        """Return the output of the trained network, without dropping any features.

        Parameters
        ----------
        x : array_like of shape (n_samples, n_features)
        batch_size : int, default 1024
            The number of samples that pass through the layers at once.  It limits the memory that
            is needed.

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
            Targets of the kind that `loss` takes.
        loss : Loss
        sample_weight : array_like, optional
            One weight per sample, which may not be negative.

        Returns
        -------
        float
        """
        return of_output(loss)(y, self.predict(x), sample_weight)

    def loss_and_gradients(
        self, x: ArrayLike, y: ArrayLike, loss: Loss, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the loss of a forward pass in training, and store its gradients in ``gradients``.

        Parameters
        ----------
        x : array_like of shape (n_samples, n_features)
        y : array_like
            Targets of the kind that `loss` takes.
        loss : Loss
        sample_weight : array_like, optional
            One weight per sample, which may not be negative.

        Returns
        -------
        float
        """
        loss = of_output(loss)
        value, gradient = loss.value_and_gradient(y, self.forward(x), sample_weight)
        self.backward(gradient)
        return value  # type: ignore[return-value]

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
        metrics: Mapping[str, Callable[..., Any]] | None = None,
        early_stopping: EarlyStopping | None = None,
        seed: int | None = None,
        progress: bool | None = None,
    ) -> dict[str, list[float]]:
        """Train the model.  Each epoch goes through all samples once, batch by batch.

        Parameters
        ----------
        x : array_like of shape (n_samples, n_features)
        y : array_like
            Targets of the kind that `loss` takes.  Numbers have shape (n_samples, n_outputs), and
            class labels (n_samples,), as have the targets of a loss of several predictions.
        loss : Loss
            The loss that the training minimises, with ``reduction="mean"`` or ``"sum"`` over each
            batch.  A loss of targets and several predictions, such as `lossbook.GaussianNLL`, takes
            the columns of the output as its predictions, in their order.  For
            `lossbook.GaussianMixtureNLL` the columns are K logits, K means and K log-variances.
        optimizer : Optimizer
            The rule by which the parameters move.  Its state belongs to the model, so another call
            with the same optimiser continues where this one ends.
        epochs : int, default 10
            The number of epochs.
        batch_size : int or None, default 32
            The number of samples in each batch; the last batch has those that remain.  With None,
            all samples form one batch.
        sample_weight : array_like, optional
            One weight for each sample of the loss, which may not be negative.  Samples of weight 0
            are left out of the batches.
        validation_data : tuple (x, y) or (x, y, sample_weight), optional
            Samples on which the model is evaluated after every epoch.
        penalty : Penalty, optional
            A penalty on each array of weights, which is added to the loss of every batch.
        metrics : mapping of str to callable, optional
            Functions of `y` and the predictions that are evaluated after every epoch.
        early_stopping : EarlyStopping, optional
            Ends the training when the loss on the validation data no longer falls.
        seed : int, optional
            Starts the random numbers anew, so that the order of the samples and the features that
            are dropped are the same every time.  Without a seed, the model goes on with the random
            numbers that follow the last ones it drew.
        progress : bool, optional
            Whether to show a progress bar, which needs tqdm.  By default a bar appears in a
            terminal if the training takes more than two seconds.

        Returns
        -------
        dict of str to list of float
            One entry per epoch under each of these names.  Under ``"loss"`` is the loss of all the
            predictions that the epoch's steps were taken from, without the penalty.  The
            parameters changed between these predictions, so this is usually a little more than
            `evaluate` gives at the end of the epoch.  Under ``"validation_loss"`` is the loss on
            the validation data at the end of the epoch.  The metrics are under their own names, and
            for the validation data under ``"validation_"`` followed by their names.

        Raises
        ------
        FloatingPointError
            If the loss of a batch is not finite, or if a parameter is not finite after an epoch.

        Notes
        -----
        A batch over which the loss has no mean changes nothing and counts as no step of the
        optimiser.  This happens when none of its samples counts, because their labels are ignored
        or have the class weight 0, for example.

        If the training is interrupted, the model keeps the parameters that it has at that moment.
        With early stopping it gets back the best parameters so far.

        To continue a training later exactly as if it had not been interrupted, save the model
        together with the optimiser, as `save` describes.

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
        epochs, metrics = whole_number("epochs", epochs, 1), check_metrics(metrics)
        if batch_size is not None:
            batch_size = whole_number("batch_size", batch_size, 1)
        if seed is not None:
            seed = whole_number("seed", seed, 0)
        samples = read_samples(self, loss, x, y, sample_weight)
        if validation_data is not None:
            validation = read_validation_data(self, loss, validation_data)
            watched = dict(metrics) | {"loss": lambda y, y_pred: loss(y, y_pred, validation.weight)}
        bar_or_none = progress_bar(epochs, progress)

        if seed is not None:
            self._draw_from(np.random.default_rng(seed))
        history = defaultdict(list)

        def measure(prefix, measures, samples):
            y_pred = self.predict(samples.x)
            for name, function in measures.items():
                history[prefix + name].append(measured(name, function, samples.y, y_pred))

        best = BestParameters(self._vector)
        try:
            with bar_or_none as bar:
                for epoch in range(1, epochs + 1):
                    value = train_epoch(self, samples, loss, optimizer, penalty, batch_size, epoch)
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

    def save(self, path: str | PathLike[str], optimizer: Optimizer | None = None) -> None:
        """Write the model to a file, and with it the state of the optimiser that trains it.

        The new file is first written beside `path` and then takes its place.  Whatever happens
        meanwhile, the file that was there before stays whole until the new one is complete.

        Parameters
        ----------
        path : str or path-like
            The file, usually with the ending ``.npz``.  It is an archive of NumPy arrays, beside
            which the architecture and the state of the random numbers stand as JSON.
        optimizer : Optimizer, optional
            The optimiser whose state is to be saved as well: the number of its steps and the arrays
            that it has built up.  Its settings are not saved.

        Raises
        ------
        TypeError
            If a layer is not one of `lossbook.nn`, or `optimizer` is not an optimiser.
        ValueError
            If the optimiser last moved the parameters of another model.

        Notes
        -----
        A training can be resumed after any epoch.  If the optimiser has been saved too, and `fit`
        is called with the same data and settings but without a seed, then the result has the same
        bits as if the training had never been interrupted.  The random numbers go on where they
        were, and a schedule goes on with the next step.  What `EarlyStopping` has seen belongs to
        one call of `fit` and is not saved.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> import lossbook as lb
        >>> from lossbook import nn
        >>> x = np.linspace(-1, 1, 20)[:, None]
        >>> model = nn.Sequential(nn.Dense(1, 1), seed=0)
        >>> optimizer = nn.Adam(learning_rate=0.1)
        >>> history = model.fit(x, 3 * x, loss=lb.SquaredError(), optimizer=optimizer, epochs=2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(Path(folder) / "training.npz", optimizer)
        ...     resumed = nn.Adam(learning_rate=0.1)
        ...     again = nn.Sequential.load(Path(folder) / "training.npz", resumed)
        >>> again, resumed.steps
        (Sequential(Dense(n_in=1, n_out=1, init='he'), seed=0), 2)
        >>> for one, its_optimizer in ((model, optimizer), (again, resumed)):
        ...     history = one.fit(x, 3 * x, loss=lb.SquaredError(), optimizer=its_optimizer)
        >>> bool(model.parameters[0] == again.parameters[0])
        True
        """
        storage.write(path, self, optimizer)

    @classmethod
    def load(cls, path: str | PathLike[str], optimizer: Optimizer | None = None) -> "Sequential":
        """Return the model that `save` wrote to a file.  Nothing in the file is executed.

        Parameters
        ----------
        path : str or path-like
            The file.
        optimizer : Optimizer, optional
            An optimiser of the class that was saved with the model.  It takes over the saved state
            and keeps its own settings, so give it those of the training to be resumed.

        Returns
        -------
        Sequential
            The model.

        Raises
        ------
        OSError
            If the file cannot be read.
        TypeError
            If `optimizer` is not an optimiser.
        ValueError
            If the file is damaged, holds no model, or is of a later version than this one; or if
            `optimizer` is given and the file does not hold the state of such an optimiser.  The
            optimiser is then unchanged.
        """
        return storage.read(path, cls, optimizer)

    def read(self, x: ArrayLike) -> NDArray[Any]:
        """Return inputs as an array of the model's dtype, or raise an error if they do not fit.

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
