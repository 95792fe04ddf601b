"""A network: layers in a row."""

from math import prod

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..core.inputs import as_real_array, require_shape
from ..core.loss import Loss
from ..core.parameters import whole_number
from .layers import Layer


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
        x = self._read("x", x)
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
        x = self._read("x", x)
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
        return loss(y, self.predict(x), sample_weight)

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
        value, gradient = loss.value_and_gradient(y, y_pred, sample_weight)
        self.backward(gradient)
        return value

    def _read(self, name, x):
        x = as_real_array(name, x)
        if x.ndim != 2 or x.shape[1] != self.n_in:
            raise ValueError(
                f"{name} must have shape (n_samples, {self.n_in}), one column for each input of "
                f"the model; got {x.shape}"
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
        if layer.n_in is not None:
            if n_out not in (None, layer.n_in):
                raise ValueError(
                    f"layers[{k}], {layer!r}, must take the {n_out} features of the layers "
                    f"before it; it takes {layer.n_in}"
                )
            n_in, n_out = n_in or layer.n_in, layer.n_out
    if n_in is None:
        raise ValueError("a model needs a Dense layer")
    return n_in, n_out
