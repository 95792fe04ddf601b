"""The formulas of a loss in the operations of another array library.

A loss is written with NumPy.  `lossbook.engines.trace` records its formulas as graphs, and here
the graphs are evaluated with the operations of a library that NumPy knows nothing of.  A formula
that cannot be traced is left to NumPy.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property, partial
from inspect import cleandoc
from math import prod
from typing import Any, ClassVar

import numpy as np

from ..base import BatchLoss, Loss
from ..core.elementwise import as_tuple
from ..core.loss import TargetLoss
from ..engines.trace import NotTraceableError, in_order, trace
from ..losses.adversarial import Discriminator
from ..losses.several_tasks import Composite


def checked_loss(loss: Any) -> Loss:
    """Return a loss that can become a function of another library, or refuse it.

    It is a copy, because the function holds its formulas: it stays as it is if parameters of the
    loss are set later.
    """
    if not isinstance(loss, Loss):
        raise TypeError(f"loss must be a loss of lossbook; got {loss!r}")
    if isinstance(loss, Composite | Discriminator):
        raise TypeError(
            f"loss must not be made of others; got {loss!r}. Make a function of each of these and "
            "add what they return"
        )
    if isinstance(loss, BatchLoss) and loss.reduction == "none":
        raise ValueError(
            'loss must have the reduction "mean" or "sum", because it compares the samples of a '
            f"batch and has derivatives only as a whole; got {loss!r}"
        )
    return copy(loss)


def checked_count(loss: Loss, inputs: tuple) -> None:
    """Raise unless there are as many inputs as a loss takes."""
    if len(inputs) != len(loss.inputs):
        raise TypeError(
            f"{type(loss).__name__} takes {', '.join(loss.inputs)}, and sample_weight by keyword; "
            f"got {len(inputs)} inputs"
        )


def called_like(loss: Loss, compute: Callable[..., Any]) -> Any:
    """Return ``compute(sample_weight, *inputs)`` as a function that is called like the loss."""

    def of_target(y_true, y_pred, sample_weight=None):
        return compute(sample_weight, y_true, y_pred)

    def of_inputs(*inputs, sample_weight=None):
        checked_count(loss, inputs)
        return compute(sample_weight, *inputs)

    function: Any = of_target if isinstance(loss, TargetLoss) else of_inputs
    function.__name__ = function.__qualname__ = type(loss).__name__
    return function


_NOTES = {
    "second_derivatives": """\
If the second derivative has no entries outside its diagonal, the result is the second derivative
that the loss implements.  The same holds for `SoftmaxCrossEntropy` and `ListNet`, which implement
the complete second derivative.  For any other loss of several predictions, of scores over classes
or of rows, {library} differentiates our formula of the gradient.  It also computes all third
derivatives in this way.""",
    "dtypes": """\
Floating-point inputs are promoted to a common dtype, which is also the dtype of the result.  For
``float16`` and ``bfloat16``, the loss is computed in ``float32`` and then rounded.  {library}
computes the sums in the dtype in which the loss is computed.""",
    "unchecked_domains": """\
A target or a prediction outside its domain leads to a meaningless number or NaN.  To check a batch,
call the loss itself with NumPy arrays.  Shapes and dtypes are checked.""",
    "untraced_losses": """\
In this package, these losses are `ApproxNDCG`, `CTC`, `InfoNCE`, `LambdaRank`, `ListMLE`,
`LovaszHinge`, `LovaszSoftmax`, `MultilabelMargin`, `Poly1CrossEntropy`, `Sparsemax`,
`SupervisedContrastive` and the losses of boxes.  They have second derivatives only if each sample
is one number.""",
}
"""What is said of every library, in the docstring of its function."""


def with_notes(library: str) -> Callable[[Any], Any]:
    """Return a decorator that puts the notes into a docstring, in the places that name them."""

    def decorate(function):
        function.__doc__ = cleandoc(function.__doc__ or "")
        for place, note in _NOTES.items():
            note = note.format(library=library)
            function.__doc__ = function.__doc__.replace(f"{{{place}}}", note)
        return function

    return decorate


class Library:
    """The operations of an array library."""

    operations: ClassVar[dict[str, Callable]]
    """For each operation of a graph what makes of a node the function of its operands.

    An operand is an array, or a number of Python's if it is the same for all samples.
    """

    def from_numpy(self, array: np.ndarray, like: Any) -> Any:
        """Return an array of NumPy's as one of the library, beside another array."""
        raise NotImplementedError

    def cast(self, array: Any, dtype: np.dtype) -> Any:
        """Return an array in another dtype."""
        raise NotImplementedError

    def broadcast(self, array: Any, shape: tuple[int, ...], like: Any) -> Any:
        """Return an array or a number broadcast to a shape, beside another array."""
        raise NotImplementedError

    def call_numpy(
        self, loss: Loss, function: Callable, shapes: Sequence, dtype: Any, *arrays: Any
    ) -> tuple:
        """Return what a function of NumPy's arrays makes of arrays.

        The function returns a tuple of arrays of these shapes and of this dtype.
        """
        raise NotImplementedError


class Program:
    """A graph in the operations of a library: a function of arrays.

    What depends on parameters alone is computed beforehand, as a number.

    Parameters
    ----------
    results : sequence of Node
        What is computed.
    trace : Trace
        Knows the parameters.
    n_inputs : int
        How many arrays there are.
    library : Library
        The operations.

    Raises
    ------
    NotTraceableError
        If the library lacks an operation.
    """

    def __init__(self, results, trace, n_inputs, library):
        self._start, self._steps, places = [None] * n_inputs, [], {}
        for node in in_order(results):
            if node.operation == "input":
                places[node] = node.detail
                continue
            places[node] = len(self._start)
            operands = [places[each] for each in node.operands]
            value = self._known(node, trace, [self._start[k] for k in operands])
            self._start.append(value if np.ndim(value) == 0 else None)
            if np.ndim(value) > 0:
                self._steps.append(
                    (places[node], partial(library.from_numpy, value), [n_inputs - 1])
                )
            elif value is None:
                self._steps.append((places[node], _function_of(node, library), operands))
        self._results = [places[each] for each in results]
        # What nobody needs any more is let go, for its memory is wanted.
        needed, free = set(self._results), []
        for _, _, operands in reversed(self._steps):
            free.append([k for k in set(operands) - needed if self._start[k] is None])
            needed.update(operands)
        self._free = free[::-1]

    @staticmethod
    def _known(node, trace, operands):
        """Return a number or an array that no input has part in, or None."""
        if node.operation == "parameter":
            return trace.parameters[node.detail]
        if node.operation == "constant":
            value = node.detail
        elif None in operands:
            return None
        else:
            value = _of_numbers(node, *operands)
        if np.size(value) > 1:
            return np.asarray(value)
        return value if type(value) in (bool, int, float) else value.item()

    def __call__(self, *inputs):
        """Return the results."""
        values = self._start.copy()
        values[: len(inputs)] = inputs
        for (place, function, operands), free in zip(self._steps, self._free, strict=True):
            values[place] = function(*[values[k] for k in operands])
            for k in free:
                values[k] = None
        return [values[k] for k in self._results]


def _function_of(node, library):
    """Return the function of a node's operands."""
    if node.operation == "cast":
        return partial(library.cast, dtype=node.dtype)
    if node.operation not in library.operations:
        raise NotTraceableError(f"{node.operation} is not among the operations of the library")
    return library.operations[node.operation](node)


@np.errstate(all="ignore")
def _of_numbers(node, *operands):
    """Return the value of a node whose operands are the same for all samples."""
    function, _, method = node.operation.partition(".")
    if function in ("cast", "full", "reshape"):
        return np.full(node.shape, operands[0], node.dtype)
    blocks = [
        np.full(each.shape, operand, each.dtype)
        for each, operand in zip(node.operands, operands, strict=True)
    ]
    if method:
        return getattr(getattr(np, function), method)(*blocks, axis=0)
    return np.asarray(getattr(np, function)(*blocks), node.dtype)


class Formula:
    """A loss for inputs of one kind, in the operations of a library.

    Its methods take what comes before the predictions, and then the predictions.  If samples have
    weights, the first of these arrays is true for samples of weight 0, which are absent: where
    their value or derivatives are not finite, they are 0, so that 0 times them is 0, too.  A loss
    of whole batches takes the weights themselves there.

    Parameters
    ----------
    loss : Loss
        The loss.
    library : Library
        The operations.
    shapes, dtypes : sequence of tuple of int and of dtype
        Those of the inputs.
    weighted : bool
        Whether samples have weights.

    Raises
    ------
    TypeError, ValueError
        Where the loss would refuse inputs of these shapes and dtypes.
    """

    def __init__(self, loss, library, shapes, dtypes, weighted):
        self.loss, self.library, self.weighted = loss, library, weighted
        self.of_batches = isinstance(loss, BatchLoss)
        batch = loss._read(*map(_stand_in, shapes, dtypes))
        self.dtype, self.shapes, self._mass = batch.dtype, batch.shapes, batch.mass
        self.weight_shape, self.n_samples = batch.sample_shape, batch.n_samples
        self.sample_shape = () if self.of_batches else batch.sample_shape
        self.n_others = weighted + len(shapes) - len(self.shapes)
        self._kinds = [(column.dtype, _shape_of_one(column)) for column in batch.columns]
        self._is_whole = len(batch.columns) != len(shapes) or self.of_batches
        self._graphs = {}

    @property
    def takes_labels(self):
        """Whether targets are labels, whose dtype says nothing of that of results."""
        return self._kinds[0][0].kind == "i"

    @property
    def works_in(self):
        """The dtype that predictions are converted to."""
        return self._kinds[-1][0]

    # What the loss states.

    def value(self, *arrays):
        """Return the value of each sample; of a loss of whole batches, that of the batch."""
        return self._compute("value", [self.sample_shape], arrays)[0]

    def gradient(self, *arrays):
        """Return the derivatives of the value by each of the predictions."""
        return self._compute("gradient", self.shapes, arrays)

    @cached_property
    def has_hessian_product(self):
        """Whether the loss states its whole second derivative."""
        return self._is_diagonal or self._graph(_PRODUCT) is not None

    def hessian_product(self, vector, *arrays):
        """Return the second derivatives by the prediction, times a vector of its shape."""
        if self._is_diagonal:
            return self._compute("exact", self.shapes, arrays)[0] * vector
        return self._compute(_PRODUCT, self.shapes, (*arrays, vector))[0]

    @cached_property
    def _is_diagonal(self):
        """Whether the diagonal of the second derivative is all of it."""
        if len(self.shapes) > 1 or self.of_batches:
            return False
        if self.shapes[0] == self.sample_shape:
            return True
        graph = self._graph("gradient")
        return graph is not None and not graph.mixes_entries

    def reduced(self, values, weight, targets):
        """Return the reduced loss, from the value of each sample."""
        if self.of_batches:
            return values
        if weight is not None:
            values = values * weight
        if self.loss.reduction == "none":
            return values
        if self.loss.reduction == "sum":
            return values.sum()
        if self._mass is not None:
            (mass,) = self._of_graph(self._graph("mass"), [self.sample_shape], [targets])
            weight = mass if weight is None else mass * weight
        return values.sum() / (self.n_samples if weight is None else weight.sum())

    # By graphs, or by NumPy.

    def _compute(self, part, shapes, arrays):
        """Return a part of the loss, an array of each of the shapes."""
        graph = self._graph(part)
        if graph is not None:
            return self._of_graph(graph, shapes, arrays)
        by_numpy = partial(self._by_numpy, part)
        return self.library.call_numpy(self.loss, by_numpy, shapes, self.dtype, *arrays)

    def _of_graph(self, graph, shapes, arrays):
        of_rows = any(len(shape) > 1 for _, shape in graph.kinds)
        blocks = []
        for array, (dtype, shape) in zip(arrays, graph.kinds, strict=True):
            block = self.library.cast(array, dtype)
            if len(shape) > 1:
                block = block.reshape(-1, shape[0]).T
            blocks.append(block.reshape(-1) if of_rows and len(shape) == 1 else block)
        like = blocks[-1]
        results = graph.program(*blocks)
        finished = []
        for result, shape in zip(results, shapes, strict=True):
            if not of_rows:
                result = self.library.broadcast(result, shape, like)
            elif shape == self.sample_shape:
                result = self.library.broadcast(result, (self.n_samples,), like).reshape(shape)
            else:
                block_shape = prod(shape[len(self.sample_shape) :]), self.n_samples
                result = self.library.broadcast(result, block_shape, like).T.reshape(shape)
            finished.append(self.library.cast(result, self.dtype))
        return tuple(finished)

    def _by_numpy(self, part, *arrays):
        loss, lead = self.loss, None
        if self.weighted:
            lead, *arrays = arrays
        if self.of_batches:
            results = as_tuple(loss._evaluate((part,), arrays, lead, None)[0])
        else:
            loss = replace(loss, reduction="none")
            results = as_tuple(loss._evaluate((part,), arrays, None, None)[0])
            if lead is not None:
                results = [_finite_if(_beside(lead, each), each) for each in results]
        return tuple(np.asarray(result, self.dtype) for result in results)

    # Graphs.

    def _graph(self, part):
        """Return the graph of a part of the loss, or None if it has none."""
        if part == "value" and self._graph("gradient") is None:
            return None  # so that what is refused is refused before any derivative is asked for
        if part not in self._graphs:
            try:
                self._graphs[part] = self._trace(part)
            except Exception:  # whatever a formula does that only arrays can do
                self._graphs[part] = None
        return self._graphs[part]

    def _trace(self, part):
        kinds = self._kinds
        if part == "mass":
            kinds = kinds[:1]
            mass = trace(lambda _, y_true: [(self._mass(y_true),)], self.loss, kinds)
            return _Graph(kinds, mass, self.library)
        if self._is_whole:
            raise NotTraceableError("this loss is not computed sample by sample")
        if self.weighted:
            kinds = [(np.dtype(bool), (1,)), *kinds]
        if part == _PRODUCT:
            kinds = [*kinds, kinds[-1]]
        return _Graph(kinds, trace(partial(self._stated, part), self.loss, kinds), self.library)

    def _stated(self, part, loss, *blocks):
        """Return a part of a loss for blocks of samples, some of them absent."""
        absent, vector = None, ()
        if self.weighted:
            absent, *blocks = blocks
        if part == _PRODUCT:
            *blocks, vector = blocks
            vector = (vector,)
        shared = as_tuple(loss._shared(*blocks))
        function = loss._part(part) if part == "exact" else getattr(loss, f"_{part}")
        results = as_tuple(function(*shared, *vector))
        if self.weighted:
            results = tuple(_finite_if(absent, result) for result in results)
        return [results]


_PRODUCT = "hessian_vector_product"


class _Graph:
    """The graph of a part of a loss, and the dtypes and shapes of its inputs."""

    def __init__(self, kinds, trace, library):
        self.kinds, (self.results,) = kinds, trace.results
        self.program = Program(self.results, trace, len(kinds), library)

    @cached_property
    def mixes_entries(self):
        """Whether one entry of the last input has its part in results at others."""
        last, reached = len(self.kinds) - 1, set()
        for node in in_order(self.results):
            if node.operation == "input" and node.detail == last:
                reached.add(node)
            elif not reached.isdisjoint(node.operands):
                reached.add(node)
                if node.operation in _MIXING or node.operation.endswith((".reduce", ".accumulate")):
                    return True
        return False


_MIXING = {"argmax", "put", "rows", "take"}


def _beside(absent, result):
    """Return one number per sample so that it is broadcast along the entries."""
    return absent.reshape((*absent.shape, *[1] * (result.ndim - absent.ndim)))


def _finite_if(absent, result):
    """Return results, 0 in place of infinities of samples that are absent.

    The finite ones stay: they are the derivatives by the weight.
    """
    return np.where(absent & ~np.isfinite(result), 0, result)


def _stand_in(shape, dtype):
    """Return an array that costs no memory."""
    return np.broadcast_to(np.zeros((), dtype), shape)


def _shape_of_one(column):
    """Return the shape of a block of one sample."""
    entries = column.array.shape[len(column.sample_shape) :]
    return (prod(entries), 1) if entries else (1,)
