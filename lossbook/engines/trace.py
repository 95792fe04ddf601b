"""A formula as data: what a loss does to its inputs, recorded as a graph of operations.

A formula is a Python function made of NumPy operations.  We call it once, not with arrays but with
`Traced` objects.  NumPy hands every operation on them back to us through its protocols
(``__array_ufunc__``, ``__array_function__`` and the arithmetic operators), and instead of
computing anything we write down a `Node`.  What the formula returns is then its graph, from which
a compiler, PyTorch or JAX can compute the same thing in its own way.

Three conventions make this work for every loss.

- A traced block has one sample.  A formula must not depend on how many samples there are, so one
  is as good as any other number, and the entries of a sample (its classes, say) stay on the first
  axis: a row of ten scores has shape (10, 1), one label a sample has shape (1,).
- The parameters of a loss are numbers that remember where they came from.  When a formula asks
  ``if self.alpha == 2`` it gets an answer, so the graph holds the branch that was taken.  When it
  multiplies by ``self.delta``, the graph holds a reference to the parameter and not its value, so
  that ``Huber(1.0)`` and ``Huber(1.345)`` have the same graph.
- ``x.any()`` is true.  Formulas use it to skip work that no sample of a block needs, and a graph
  has to work for every block.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import chain
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .graph import (
    Node,
    NotTraceableError,
    adapts,
    cast,
    common_dtype,
    constant,
    elementwise,
    in_order,
    is_array,
    reduced,
    resolved,
    taken,
    with_axes,
)

__all__ = ["Node", "NotTraceableError", "Parameter", "Trace", "Traced", "in_order", "trace"]


class Trace(NamedTuple):
    """The graph of a formula.

    Attributes
    ----------
    results : list of Node or of tuple of Node
        What the formula returns.
    parameters : dict of str to float
        The values of the parameters.
    """

    results: Sequence[Node | tuple[Node, ...]]
    parameters: dict[str, float]

    def evaluate(self, apply: Callable[..., Any], inputs: Sequence[Any] = ()) -> list[Any]:
        """Return what the formula returns for given inputs.

        Parameters
        ----------
        apply : callable
            Takes a node and the values of its operands, and returns the value of the node, for
            all nodes but inputs and parameters.
        inputs : sequence
            The value of each input.

        Returns
        -------
        list
            A value or a tuple of values for each result.
        """
        values: dict[Node, Any] = {}
        for node in in_order(chain.from_iterable(map(_as_tuple, self.results))):
            if node.operation == "input":
                values[node] = inputs[node.detail]
            elif node.operation == "parameter":
                values[node] = self.parameters[node.detail]
            else:
                values[node] = apply(node, *(values[each] for each in node.operands))
        return [
            tuple(map(values.get, result)) if isinstance(result, tuple) else values[result]
            for result in self.results
        ]


def _as_tuple(result: Any) -> Any:
    return result if type(result) is tuple else (result,)


def trace(
    formula: Callable[..., Any],
    loss: Any,
    inputs: Sequence[tuple[Any, tuple[int, ...]]],
) -> Trace:
    """Return the graph of a formula.

    Parameters
    ----------
    formula : callable
        Takes a loss and blocks of its inputs, and returns a sequence of arrays or of tuples of
        arrays.
    loss : dataclass
        Its fields that are floats become parameters of the graph.
    inputs : sequence of (dtype, tuple of int)
        The dtype of each input, and its shape for one sample, which is on the last axis.

    Returns
    -------
    Trace

    Raises
    ------
    NotTraceableError
        If the formula needs the values of the inputs, or does what a graph cannot express.
    """
    parameters = {
        each.name: value
        for each in fields(loss)
        if each.init and type(value := getattr(loss, each.name)) is float
    }
    blocks = [
        Traced(Node.of("input", (), index, dtype=np.dtype(dtype), shape=tuple(shape)))
        for index, (dtype, shape) in enumerate(inputs)
    ]
    results = [
        tuple(map(_node_of, result)) if type(result) is tuple else _node_of(result)
        for result in formula(_with_parameters(loss, parameters), *blocks)
    ]
    return Trace(results, parameters)


def _with_parameters(loss, parameters):
    """Return a copy of a loss whose parameters remember that they are parameters."""
    copy = object.__new__(type(loss))
    copy.__dict__.update(loss.__dict__)
    for name, value in parameters.items():
        leaf = Node.of("parameter", (), name, dtype=float, shape=())
        copy.__dict__[name] = Parameter(value, leaf)
    return copy


def _node_of(value):
    """Return the node of an operand: one that is traced, a parameter, a number or an array."""
    if isinstance(value, Traced | Parameter):
        return value.node
    if type(value) is int or type(value) is float:
        return Node.of("constant", (), value, dtype=type(value), shape=())
    if isinstance(value, bool):
        value = np.bool_(value)
    if not is_array(value) or value.dtype.kind not in "fiub" or value.size == 0:
        raise NotTraceableError(f"a formula cannot be traced through {value!r}")
    return constant(value, value.shape)


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """What a formula takes for an array while it is traced."""

    __slots__ = ("_node", "_whole")

    def __init__(self, node: Node, whole: Any = None) -> None:
        self._node, self._whole = node, whole

    @property
    def node(self) -> Node:
        """The node that this is now; rows of an array change in the array, too."""
        return self._node

    @node.setter
    def node(self, node: Node) -> None:
        self._node = node
        if self._whole is not None:
            array, rows = self._whole
            operands = array.node, node
            array.node = Node.of("put_rows", operands, rows, dtype=array.dtype, shape=array.shape)

    def __repr__(self) -> str:
        return f"Traced({self.node!r})"

    # What a formula may ask of its arrays.

    @property
    def dtype(self) -> Any:
        """The dtype."""
        return self.node.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape for one sample."""
        return self.node.shape

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.node.shape)

    @property
    def size(self) -> int:
        """How many entries one sample has."""
        return prod(self.node.shape)

    def __len__(self) -> int:
        return self.node.shape[0]

    def __iter__(self) -> Any:
        return (self[k] for k in range(len(self)))

    def any(self, axis: int | None = None) -> Any:
        """Return True, or which samples have an entry that is true."""
        return True if axis is None else np.logical_or.reduce(self, axis=axis)

    def all(self, axis: int) -> Any:
        """Return which samples have only entries that are true."""
        return np.logical_and.reduce(self, axis=axis)

    def astype(self, dtype: Any, copy: bool = True) -> "Traced":
        """Return the same in another dtype."""
        return Traced(cast(self.node, np.dtype(dtype)))

    def copy(self) -> "Traced":
        """Return the same, for `put` to change."""
        return Traced(self.node)

    def clip(self, low: Any, high: Any) -> Any:
        """Return the same between two ends."""
        return np.minimum(np.maximum(self, low), high)

    def take(self, place: Any) -> "Traced":
        """Return each sample's entry at a place."""
        return Traced(taken(self.node, _node_of(place)))

    def put(self, place: Any, values: Any) -> None:
        """Replace each sample's entry at a place."""
        operands = self.node, _node_of(place), cast(_node_of(values), self.dtype)
        self.node = Node.of("put", operands, dtype=self.dtype, shape=self.shape)

    def __getitem__(self, key: Any) -> Any:
        if _is_place(key):
            return self.take(key[0])
        keys = key if isinstance(key, tuple) else (key,)
        if all(each is None or each is Ellipsis or each == slice(None) for each in keys):
            rest = list(self.shape)
            shape = [1 if each is None else rest.pop(0) for each in keys if each is not Ellipsis]
            return Traced(with_axes(self.node, (*shape, *rest)))
        if self.ndim > 1 and isinstance(key, slice):
            rows = range(*key.indices(len(self)))
            return self._rows((rows.start, rows.step, len(rows)), (len(rows), *self.shape[1:]))
        if self.ndim > 1 and isinstance(key, int | np.integer):
            return self._rows((range(len(self))[key], 1, 1), self.shape[1:])
        raise NotTraceableError(f"a formula cannot be traced through the index {key!r}")

    def _rows(self, rows, shape):
        if self.node.operation == "put_rows" and self.node.detail == rows:
            return Traced(self.node.operands[1], (self, rows))
        if self.node.operation == "constant" and not np.ndim(self.node.detail):
            return Traced(constant(self.node.detail, shape), (self, rows))
        node = Node.of("rows", (self.node,), rows, dtype=self.dtype, shape=shape)
        return Traced(node, (self, rows))

    def __setitem__(self, key: Any, values: Any) -> None:
        if _is_place(key):
            self.put(key[0], values)
        elif isinstance(key, tuple) and len(key) == 2 and isinstance(key[1], Traced):
            self.node = _where(key[1], values, self).node
        else:
            rows, node = self[key], cast(_node_of(values), self.dtype)
            if rows.node is not node:
                rows.node = node

    def __pow__(self, exponent: Any) -> Any:
        # As NumPy's arrays do.
        if isinstance(exponent, int | float) and self.dtype.kind == "f":
            if exponent == 2:
                return self * self
            simpler = {-1: np.reciprocal, 0.5: np.sqrt, 1: np.positive}.get(exponent)
            if simpler is not None:
                return simpler(self)
        return np.power(self, exponent)

    # What it may not ask, as the answer would depend on values.

    def __bool__(self) -> bool:
        raise NotTraceableError("a formula cannot be traced that asks whether an array is true")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotTraceableError("a formula cannot be traced that needs the values of an array")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotTraceableError(f"a formula cannot be traced that uses {name} of an array")

    # The protocols of NumPy.

    def __array_ufunc__(
        self,
        ufunc: Any,
        method: str,
        *inputs: Any,
        out: Any = None,
        axis: int = 0,
        dtype: Any = None,
        **kwargs: Any,
    ) -> Any:
        nodes = [_node_of(each) for each in inputs]
        has_entries = axis == 0 and len(nodes[0].shape) > 1
        if ufunc is np.frexp:
            return _frexp(nodes[0])
        if method == "__call__" and not kwargs and ufunc.nout == 1:
            result = elementwise(ufunc.__name__, nodes, resolved(ufunc, nodes, dtype))
        elif method == "reduce" and has_entries:
            result = reduced(ufunc, nodes[0], dtype, **kwargs)
        elif method == "accumulate" and has_entries and not kwargs:
            (node,), name = nodes, f"{ufunc.__name__}.accumulate"
            result = Node.of(name, (node,), dtype=node.dtype, shape=node.shape)
        else:
            raise NotTraceableError(f"a formula cannot be traced through {ufunc}.{method}")
        if out is None:
            return Traced(result)
        (target,) = out
        if not isinstance(target, Traced):
            raise NotTraceableError("a formula cannot be traced that writes into an array")
        target.node = cast(result, target.dtype)
        return target

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in _FUNCTIONS:
            raise NotTraceableError(f"a formula cannot be traced through {function.__name__}")
        return _FUNCTIONS[function](*args, **kwargs)


def _is_place(key):
    """Return whether an index names one entry of each sample."""
    return isinstance(key, tuple) and isinstance(key[0], Traced)


def _frexp(node):
    """Return the mantissa and the exponent of a number."""
    return tuple(
        Traced(Node.of(f"frexp.{name}", (node,), dtype=dtype, shape=node.shape))
        for name, dtype in (("mantissa", node.dtype), ("exponent", np.dtype(np.int32)))
    )


def _where(condition, x, y):
    nodes = _node_of(condition), _node_of(x), _node_of(y)
    dtype = common_dtype(nodes[1:])
    return Traced(elementwise("where", nodes, (np.dtype(bool), dtype, dtype, dtype)))


def _full_like(like, value, dtype=None):
    value = cast(_node_of(value), np.dtype(dtype or like.dtype))
    if value.operation == "constant":
        return Traced(constant(value.detail, like.shape))
    return Traced(Node.of("full", (value,), dtype=value.dtype, shape=like.shape))


def _argmax(array, axis):
    if axis != 0 or array.ndim < 2:
        raise NotTraceableError("a formula cannot be traced that compares samples")
    dtype, shape = np.dtype(np.intp), array.shape[1:]
    return Traced(Node.of("argmax", (array.node,), dtype=dtype, shape=shape))


def _take_along_axis(table, label, axis=0):
    if not isinstance(table, np.ndarray) or table.ndim > 1 or not isinstance(label, Traced):
        raise NotTraceableError("a formula cannot be traced that takes along an axis of samples")
    return Traced(_node_of(table[:, None])).take(label)


# The functions of NumPy, other than ufuncs, that a formula may use.
_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.argmax: _argmax,
    np.where: _where,
    np.full_like: _full_like,
    np.zeros_like: lambda like, dtype=None: _full_like(like, 0, dtype),
    np.ones_like: lambda like, dtype=None: _full_like(like, 1, dtype),
    np.copy: Traced.copy,
    np.clip: Traced.clip,
    np.take_along_axis: _take_along_axis,
}


class Parameter(float):
    """A number that remembers how it came from the parameters of a loss.

    It answers comparisons like any other float.
    """

    __slots__ = ("node",)

    node: Node

    def __new__(cls, value: float, node: Node) -> "Parameter":
        """Return the float of a node."""
        number = super().__new__(cls, value)
        number.node = node
        return number

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(each, Traced) for each in inputs):
            return NotImplemented
        plain = [float(each) if isinstance(each, Parameter) else each for each in inputs]
        value = getattr(ufunc, method)(*plain, **kwargs)
        if method != "__call__" or kwargs or not isinstance(value, np.floating):
            return value
        nodes = [_node_of(each) for each in inputs]
        return Parameter(float(value), elementwise(ufunc.__name__, nodes, resolved(ufunc, nodes)))


def _arithmetic(name, ufunc, swapped=False):
    """Return an arithmetic method of parameters."""
    of_floats = getattr(float, name)

    def method(self, *others):
        if not all(isinstance(each, int | float) for each in others):
            return NotImplemented
        value = of_floats(self, *others)
        if type(value) is not float:
            return value
        inputs = (*others, self) if swapped else (self, *others)
        nodes = tuple(_node_of(each) for each in inputs)
        strong = [node.dtype for node in nodes if not adapts(node)]
        dtype = strong[0] if strong else float
        return Parameter(value, Node.of(ufunc.__name__, nodes, dtype=dtype, shape=()))

    return method


for _name, _ufunc in {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.divide,
    "pow": np.power,
}.items():
    setattr(Parameter, f"__{_name}__", _arithmetic(f"__{_name}__", _ufunc))
    setattr(Parameter, f"__r{_name}__", _arithmetic(f"__r{_name}__", _ufunc, swapped=True))
for _name, _sign in {"neg": np.negative, "abs": np.absolute}.items():
    setattr(Parameter, f"__{_name}__", _arithmetic(f"__{_name}__", _sign))
