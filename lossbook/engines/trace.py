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
    Step,
    cast,
    common_dtype,
    constant,
    copied,
    elementwise,
    in_order,
    node_of,
    reduced,
    resolved,
    taken,
    with_axes,
)
from .parameters import Parameter

__all__ = [
    "Node",
    "NotTraceableError",
    "Parameter",
    "Trace",
    "Traced",
    "in_order",
    "trace",
    "trace_step",
]


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
        tuple(map(node_of, result)) if type(result) is tuple else node_of(result)
        for result in formula(_with_parameters(loss, parameters), *blocks)
    ]
    return Trace(results, parameters)


def trace_step(
    step: Callable[..., Any],
    kinds: Sequence[tuple[Any, tuple[int, ...]]],
    n_states: int,
    n_rows: int,
    reverse: bool,
) -> Step:
    """Return the graph of one step of a recurrence.

    Parameters
    ----------
    step : callable
        The step, as `core.recurrences.scan` takes it.
    kinds : sequence of (dtype, tuple of int)
        The dtype and the shape of each of its arguments: states, entries of rows, what is fixed.
    n_states, n_rows : int
        How many of the arguments are states, and how many are entries of rows.
    reverse : bool
        Whether the steps go from the last entry to the first.

    Returns
    -------
    Step

    Raises
    ------
    NotTraceableError
        If the step does what a graph cannot express.
    """
    inputs = tuple(
        Node.of("input", (), ("step", index), dtype=np.dtype(dtype), shape=tuple(shape))
        for index, (dtype, shape) in enumerate(kinds)
    )
    states, outputs = step(*map(Traced, inputs))
    after = []
    for before, state in zip(inputs[:n_states], map(node_of, states), strict=True):
        if state.shape != before.shape:
            raise NotTraceableError("a formula cannot be traced whose states change their shape")
        after.append(cast(state, before.dtype))
    traced = Step(inputs, tuple(after), tuple(map(node_of, outputs)), n_rows, reverse)
    for leaf in in_order([*traced.states, *traced.outputs]):
        if leaf.operation == "input" and leaf not in inputs:
            raise NotTraceableError("a step cannot be traced that uses what is not its argument")
    return traced


def _with_parameters(loss, parameters):
    """Return a copy of a loss whose parameters remember that they are parameters."""
    copy = object.__new__(type(loss))
    copy.__dict__.update(loss.__dict__)
    for name, value in parameters.items():
        leaf = Node.of("parameter", (), name, dtype=float, shape=())
        copy.__dict__[name] = Parameter(value, leaf)
    return copy


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

    def scan(self, step: Any, start: Any, rows: Any, fixed: Any, reverse: bool) -> Any:
        """Return the outputs of a recurrence along the entries, as `core.recurrences.scan` does."""
        if len(self) == 1:
            _, outputs = step(*start, *(row[0] for row in rows), *fixed)
            return tuple(each[None] for each in outputs)
        nodes = [*map(node_of, start), *map(node_of, rows), *map(node_of, fixed)]
        shapes = [node.shape for node in nodes]
        of_rows = slice(len(start), len(start) + len(rows))
        shapes[of_rows] = [shape[1:] for shape in shapes[of_rows]]
        kinds = [(node.dtype, shape) for node, shape in zip(nodes, shapes, strict=True)]
        traced = trace_step(step, kinds, len(start), len(rows), reverse)
        length, first = len(self), traced.outputs[0]
        scan = Node.of(
            "scan", tuple(map(copied, nodes)), traced, dtype=first.dtype, shape=self.shape
        )
        return tuple(
            Traced(
                Node.of(
                    "scan.output", (scan,), index, dtype=each.dtype, shape=(length, *each.shape)
                )
            )
            for index, each in enumerate(traced.outputs)
        )

    def take(self, place: Any) -> "Traced":
        """Return each sample's entry at a place."""
        return Traced(taken(self.node, node_of(place)))

    def put(self, place: Any, values: Any) -> None:
        """Replace each sample's entry at a place."""
        operands = self.node, node_of(place), cast(node_of(values), self.dtype)
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
        if 0 in shape:
            raise NotTraceableError("a formula cannot be traced that takes none of the entries")
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
            rows, node = self[key], cast(node_of(values), self.dtype)
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
        nodes = [node_of(each) for each in inputs]
        has_entries = axis == 0 and len(nodes[0].shape) > 1
        if ufunc is np.frexp:
            return _frexp(nodes[0])
        if method == "__call__" and not kwargs and ufunc.nout == 1:
            result = elementwise(ufunc.__name__, nodes, resolved(ufunc, nodes, dtype))
        elif method == "reduce" and has_entries:
            result = reduced(ufunc, nodes[0], dtype, **kwargs)
        elif method == "accumulate" and has_entries and not kwargs:
            node = cast(nodes[0], np.dtype(dtype or nodes[0].dtype))
            name = f"{ufunc.__name__}.accumulate"
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
    nodes = node_of(condition), node_of(x), node_of(y)
    dtype = common_dtype(nodes[1:])
    return Traced(elementwise("where", nodes, (np.dtype(bool), dtype, dtype, dtype)))


def _full_like(like, value, dtype=None):
    value = cast(node_of(value), np.dtype(dtype or like.dtype))
    if value.operation == "constant":
        return Traced(constant(value.detail, like.shape))
    return Traced(Node.of("full", (value,), dtype=value.dtype, shape=like.shape))


def _argmax(array, axis=None):
    _require_entries(array, axis)
    dtype, shape = np.dtype(np.intp), array.shape[1:]
    return Traced(Node.of("argmax", (array.node,), dtype=dtype, shape=shape))


def _argsort(array, axis=-1, kind=None):
    _require_entries(array, axis)
    if kind != "stable":
        raise NotTraceableError("a formula cannot be traced whose order of equal entries is open")
    if len(array) == 1:
        return _full_like(array, 0, np.intp)
    keys, dtype = copied(array.node), np.dtype(np.intp)
    return Traced(Node.of("argsort", (keys,), dtype=dtype, shape=array.shape))


def _take_along_axis(array, index, axis=0):
    if isinstance(array, np.ndarray) and array.ndim == 1 and isinstance(index, Traced):
        return Traced(node_of(array[:, None])).take(index)
    _require_entries(array, axis)
    operands, shape = (array.node, index.node), index.shape
    return Traced(Node.of("take_along_axis", operands, dtype=array.dtype, shape=shape))


def _put_along_axis(array, index, values, axis):
    _require_entries(array, axis)
    operands = array.node, index.node, cast(node_of(values), array.dtype)
    array.node = Node.of("put_along_axis", operands, dtype=array.dtype, shape=array.shape)


def _cumsum(array, axis=None):
    dtype = np.dtype(np.intp) if array.dtype.kind in "biu" else array.dtype
    return np.add.accumulate(array, axis=axis, dtype=dtype)


def _require_entries(array, axis):
    """Raise unless an axis is that of the entries of a sample."""
    if not isinstance(array, Traced) or axis != 0 or array.ndim < 2:
        raise NotTraceableError("a formula cannot be traced that goes along the axis of samples")


# The functions of NumPy, other than ufuncs, that a formula may use.
_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.argmax: _argmax,
    np.where: _where,
    np.full_like: _full_like,
    np.argsort: _argsort,
    np.count_nonzero: lambda array, axis: np.add.reduce(array != 0, axis=axis),
    np.cumsum: _cumsum,
    np.empty_like: lambda like, dtype=None: _full_like(like, 0, dtype),
    np.put_along_axis: _put_along_axis,
    np.zeros_like: lambda like, dtype=None: _full_like(like, 0, dtype),
    np.ones_like: lambda like, dtype=None: _full_like(like, 1, dtype),
    np.copy: Traced.copy,
    np.clip: Traced.clip,
    np.take_along_axis: _take_along_axis,
}
