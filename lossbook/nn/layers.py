"""Layers of a network, each of which maps an array forward and a gradient backward.

Arrays have one row per sample and one column per feature.  In the forward pass a layer keeps its
input `x` and its output `y`.  In the backward pass it takes the gradient of the loss with respect
to its output, stores the gradients with respect to its parameters, and returns the gradient with
respect to its input.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.domains import Interval
from ..core.elementwise import positive_part, sigmoid
from ..core.parameters import check_parameters, parameter, whole_number


class Layer:
    """Base of all layers.

    A layer defines ``predict``, the function that it applies, and ``backward``, the chain rule for
    this function.  A layer with parameters also defines their ``shapes``, ``bind`` and
    ``initialize``.

    Attributes
    ----------
    x, y : ndarray
        Input and output of the last forward pass.
    widths : tuple of int or None
        Numbers of features that come in and go out, or None if the layer takes any number.
    shapes : tuple of tuple of int
        Shapes of the parameters.
    weights, weight_gradients : list of ndarray
        The parameters that a penalty applies to, and their gradients.
    rng : numpy.random.Generator
        The generator that a layer with random behaviour in training draws from.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    rng: np.random.Generator
    widths: tuple[int, int] | None = None
    shapes: tuple[tuple[int, ...], ...] = ()
    weights: Sequence[NDArray[Any]] = ()
    weight_gradients: Sequence[NDArray[Any]] = ()

    _from_a_pass = frozenset({"x", "y"})
    _from_a_model = frozenset({"rng"})

    def __getattr__(self, name: str) -> Any:
        if name in self._from_a_pass:
            raise AttributeError(f"{self!r} has {name!r} only after a forward pass")
        if name in self._from_a_model:
            raise AttributeError(f"{self!r} has {name!r} only as a part of a Sequential")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def predict(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return the layer's output for the input `x`, without keeping either of them."""
        raise NotImplementedError(f"{type(self).__name__} must define predict, its function")

    def forward(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return the layer's output in training, and keep it and the input `x`."""
        self.x, self.y = x, self.predict(x)
        return self.y

    def backward(self, gradient: NDArray[Any]) -> NDArray[Any]:
        """Return the gradient with respect to the input, given the one for the output."""
        raise NotImplementedError(f"{type(self).__name__} must define backward, its chain rule")

    def bind(self, parameters: list[NDArray[Any]], gradients: list[NDArray[Any]]) -> None:
        """Take the arrays of the parameters and of their gradients, which have these `shapes`."""

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw the initial parameters."""


@dataclass(eq=False)
class Dense(Layer):
    r"""Fully connected layer, :math:`Y = XW + b`.

    Parameters
    ----------
    n_in, n_out : int
        Numbers of features that come in and go out.
    init : {"he", "glorot"}
        The distribution from which the initial weights are drawn.  ``"he"`` is the normal
        distribution of variance :math:`2/n_{in}`, with which activations keep their scale from
        layer to layer if the layers are separated by ReLUs [1]_.  ``"glorot"`` is the uniform
        distribution between :math:`\pm\sqrt{6/(n_{in} + n_{out})}`, which suits activations that
        are linear around 0 [2]_.  Biases begin at 0.

    Attributes
    ----------
    weight, weight_gradient : ndarray of shape (n_in, n_out)
        The weights :math:`W`, and the gradient with respect to them.
    bias, bias_gradient : ndarray of shape (n_out,)
        The biases :math:`b`, and the gradient with respect to them.

    Notes
    -----
    With :math:`G = \partial L/\partial Y`, the gradients are
    :math:`\partial L/\partial W = X^\top G`, the sum of the rows of :math:`G` for :math:`b`, and
    :math:`\partial L/\partial X = G W^\top`.  A layer gets its arrays when it becomes part of a
    `Sequential`, so it cannot compute anything on its own.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers: surpassing
       human-level performance on ImageNet classification", *Proceedings of the IEEE International
       Conference on Computer Vision*, 2015.
    .. [2] X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
       neural networks", *Proceedings of the Thirteenth International Conference on Artificial
       Intelligence and Statistics*, 2010.

    Examples
    --------
    >>> from lossbook import nn
    >>> layer = nn.Dense(2, 3)
    >>> model = nn.Sequential(layer, seed=0)
    >>> layer.weight.shape, layer.bias
    ((2, 3), array([0., 0., 0.]))
    """

    n_in: int
    n_out: int
    init: str = "he"

    _from_a_model = Layer._from_a_model | {"weight", "bias", "weight_gradient", "bias_gradient"}

    def __post_init__(self) -> None:
        self.n_in = whole_number("n_in", self.n_in, 1)
        self.n_out = whole_number("n_out", self.n_out, 1)
        if self.init not in ("he", "glorot"):
            raise ValueError(f"init must be 'he' or 'glorot'; got {self.init!r}")

    @property
    def widths(self) -> tuple[int, int]:  # type: ignore[override]
        """Numbers of features that come in and go out."""
        return self.n_in, self.n_out

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:  # type: ignore[override]
        """Shapes of the weights and of the biases."""
        return (self.n_in, self.n_out), (self.n_out,)

    def bind(self, parameters: list[NDArray[Any]], gradients: list[NDArray[Any]]) -> None:
        """Take the arrays that hold weights and biases, and their gradients."""
        self.weight: NDArray[Any]
        self.bias: NDArray[Any]
        self.weight_gradient: NDArray[Any]
        self.bias_gradient: NDArray[Any]
        self.weight, self.bias = parameters
        self.weight_gradient, self.bias_gradient = gradients
        self.weights, self.weight_gradients = [self.weight], [self.weight_gradient]

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw the weights and set the biases to 0."""
        if self.init == "he":
            self.weight[...] = rng.normal(0, sqrt(2 / self.n_in), self.weight.shape)
        else:
            limit = sqrt(6 / (self.n_in + self.n_out))
            self.weight[...] = rng.uniform(-limit, limit, self.weight.shape)
        self.bias[...] = 0

    def predict(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return :math:`XW + b`."""
        return x @ self.weight + self.bias

    def backward(self, gradient: NDArray[Any]) -> NDArray[Any]:
        """Store the gradients with respect to the parameters and return that of the input."""
        np.matmul(self.x.T, gradient, out=self.weight_gradient)
        np.add.reduce(gradient, axis=0, out=self.bias_gradient)
        return gradient @ self.weight.T


@dataclass(eq=False)
class ReLU(Layer):
    r"""Rectified linear unit, :math:`y = \max(x, 0)`.

    Notes
    -----
    The derivative is 1 where :math:`x > 0` and 0 elsewhere, including the kink at :math:`x = 0`.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> nn.ReLU().predict(np.array([[-1.0, 0.0, 2.0]]))
    array([[0., 0., 2.]])
    """

    def predict(self, x: NDArray[Any]) -> NDArray[Any]:
        r"""Return :math:`\max(x, 0)`, element by element."""
        return positive_part(x)

    def backward(self, gradient: NDArray[Any]) -> NDArray[Any]:
        """Return the gradient where the input was positive, 0 elsewhere."""
        return gradient * (self.x > 0)


@dataclass(eq=False)
class Sigmoid(Layer):
    r"""Logistic function :math:`y = \sigma(x) = 1/(1 + e^{-x})`, which returns probabilities.

    Notes
    -----
    The derivative is :math:`y(1 - y)`.  In floating point :math:`y` is exactly 1 for scores above
    about 37 (17 in single precision), so the derivative there is 0 and the parameters do not move.
    If you leave this layer out and train on the scores with `lossbook.SigmoidCrossEntropy`, this
    problem does not arise.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> nn.Sigmoid().predict(np.array([[-1000.0, 0.0, 2.0]])).round(4)
    array([[0.    , 0.5   , 0.8808]])
    """

    def predict(self, x: NDArray[Any]) -> NDArray[Any]:
        r"""Return :math:`\sigma(x)`, element by element."""
        return sigmoid(x)

    def backward(self, gradient: NDArray[Any]) -> NDArray[Any]:
        """Return the gradient times y(1 - y)."""
        return gradient * self.y * (1 - self.y)


@dataclass(eq=False)
class Tanh(Layer):
    r"""Hyperbolic tangent, :math:`y = \tanh x`.

    Notes
    -----
    The derivative is :math:`1 - y^2`.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> nn.Tanh().predict(np.array([[-1000.0, 0.0, 0.5]])).round(4)
    array([[-1.    ,  0.    ,  0.4621]])
    """

    def predict(self, x: NDArray[Any]) -> NDArray[Any]:
        r"""Return :math:`\tanh x`, element by element."""
        return np.tanh(x)

    def backward(self, gradient: NDArray[Any]) -> NDArray[Any]:
        """Return the gradient times 1 - y²."""
        return gradient * (1 - self.y * self.y)


@dataclass(eq=False)
class Dropout(Layer):
    r"""Dropout, which in training sets each feature of each sample to 0 with some probability [1]_.

    Parameters
    ----------
    rate : float, default 0.5
        Probability :math:`q`, in [0, 1), with which a feature is set to 0.

    Notes
    -----
    The features that are kept are multiplied by :math:`1/(1 - q)`.  The expected output is
    therefore the input, and ``predict`` returns the input as it is.  In the backward pass the same
    features of the gradient are set to 0, and the others are multiplied by the same factor.

    References
    ----------
    .. [1] N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov, "Dropout: a
       simple way to prevent neural networks from overfitting", *Journal of Machine Learning
       Research* 15, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> model = nn.Sequential(nn.Dense(1, 1), nn.Dropout(rate=0.5), seed=1)
    >>> dropout = model.layers[1]
    >>> dropout.forward(np.ones((1, 6)))
    array([[0., 2., 0., 2., 2., 0.]])
    >>> dropout.predict(np.ones((1, 6)))
    array([[1., 1., 1., 1., 1., 1.]])
    """

    rate: float = parameter(0.5, Interval(0, 1, include_high=False))

    _from_a_pass = Layer._from_a_pass | {"mask"}

    def __post_init__(self) -> None:
        check_parameters(self)

    def predict(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return the input."""
        return x

    def forward(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return the input with some features set to 0 and the others multiplied by 1/(1 - q)."""
        keep = 1 - self.rate
        self.mask = (self.rng.random(x.shape, dtype=x.dtype) < keep) / x.dtype.type(keep)
        self.x, self.y = x, x * self.mask
        return self.y

    def backward(self, gradient: NDArray[Any]) -> NDArray[Any]:
        """Return the gradient with the same features set to 0 and the others multiplied alike."""
        return gradient * self.mask


def widths(layers: Any) -> tuple[Any, Any]:
    """Return the numbers of features that go into a row of layers and come out of it."""
    n_in = n_out = None
    for k, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(f"layers[{k}] must be a layer, such as Dense(10, 64); got {layer!r}")
        if hasattr(layer, "rng") or layer in layers[:k]:
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
