"""A formula as data: a graph whose nodes are operations.

Equal operations on equal operands are one node, which means that common subexpressions are
shared.  The functions of this module make the nodes of NumPy's operations.  Every conversion
between dtypes is a node of its own, chosen by NumPy's promotion rules, so all other operations work
on operands of one dtype.
"""

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any, ClassVar, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

__all__ = ["Node", "NotTraceableError", "Step", "in_order"]


class NotTraceableError(TypeError):
    """A formula does something that has no place in a graph."""


class Node:
    """One operation of a graph, or a leaf of it.

    Nodes are made by `Node.of`, which returns the same object for the same operation on the same
    operands.  They are compared by identity.

    Attributes
    ----------
    operation : str
        The name of a NumPy function (``"exp"``, ``"where"``, ``"add.reduce"`` …), or ``"cast"``
        for a conversion to `dtype`; of the leaves ``"input"``, ``"parameter"`` or ``"constant"``.
        Entries of a row are picked by ``"take"`` and replaced by ``"put"`` at one index a sample,
        by ``"take_along_axis"`` and ``"put_along_axis"`` at as many indices as there are entries,
        and by ``"rows"`` and ``"put_rows"`` at the places of a slice.  A ``"scan"`` is a
        recurrence, whose operands are its states at the start, its rows and what is fixed;
        ``"scan.output"`` is one of its outputs.
    operands : tuple of Node
        What the operation is applied to.
    detail : object
        What else it needs: the index of an input, the name of a parameter, the value of a
        constant, where rows start, the step from one to the next and how many there are, the
        `Step` of a recurrence, the index of its output.
    dtype : dtype
        That of the result.
    shape : tuple of int
        That of the result for one sample, which is on the last axis.  A parameter and what is
        computed from parameters alone has the shape ().
    """

    __slots__ = ("__weakref__", "detail", "dtype", "operands", "operation", "shape")

    operation: str
    operands: "tuple[Node, ...]"
    detail: Any
    dtype: Any
    shape: tuple[int, ...]

    _known: ClassVar[WeakValueDictionary[Any, "Node"]] = WeakValueDictionary()

    @classmethod
    def of(
        cls,
        operation: str,
        operands: "tuple[Node, ...]" = (),
        detail: Any = None,
        *,
        dtype: Any,
        shape: tuple[int, ...],
    ) -> "Node":
        """Return the node with these attributes, a new one if there is none yet."""
        told = (detail.dtype.str, detail.shape, detail.tobytes()) if is_array(detail) else detail
        key = operation, operands, type(detail), told, dtype, shape
        node = cls._known.get(key)
        if node is None:
            node = cls()
            node.operation, node.operands, node.detail = operation, operands, detail
            node.dtype, node.shape = dtype, shape
            node = cls._known.setdefault(key, node)
        return node

    def __repr__(self) -> str:
        inside = [repr(each) for each in self.operands]
        if self.detail is not None:
            inside.append(repr(self.detail))
        return f"{self.operation}({', '.join(inside)})"


class Step(NamedTuple):
    """One step of a recurrence: a graph of its own.

    Attributes
    ----------
    inputs : tuple of Node
        Stand for the states before the step, an entry of each of the rows, and what is fixed.
    states : tuple of Node
        The states after the step.
    outputs : tuple of Node
        What the step puts out.
    n_rows : int
        How many rows there are.
    reverse : bool
        Whether the steps go from the last entry to the first.
    """

    inputs: tuple[Node, ...]
    states: tuple[Node, ...]
    outputs: tuple[Node, ...]
    n_rows: int
    reverse: bool


def is_array(value: Any) -> bool:
    """Return whether a value is an array or a number of NumPy's."""
    return isinstance(value, np.ndarray | np.generic)


def in_order(outputs: Iterable[Node]) -> list[Node]:
    """Return all nodes that the outputs depend on, each after its operands."""
    ordered: dict[Node, None] = {}
    waiting = [(node, False) for node in reversed(list(outputs))]
    while waiting:
        node, operands_done = waiting.pop()
        if operands_done:
            ordered[node] = None
        elif node not in ordered:
            waiting.append((node, True))
            waiting.extend((each, False) for each in reversed(node.operands))
    return list(ordered)


# The nodes of NumPy's operations.


def node_of(value: Any) -> Node:
    """Return the node of an operand: one that is traced, a parameter, a number or an array."""
    node = getattr(value, "node", None)
    if node is not None:
        return node
    if type(value) is int or type(value) is float:
        return Node.of("constant", (), value, dtype=type(value), shape=())
    if isinstance(value, bool):
        value = np.bool_(value)
    if not is_array(value) or value.dtype.kind not in "fiub" or value.size == 0:
        raise NotTraceableError(f"a formula cannot be traced through {value!r}")
    return constant(value, value.shape)


def constant(value: Any, shape: tuple[int, ...]) -> Node:
    """Return the node of a NumPy number or array; of equal entries one is kept."""
    first = value.flat[0] if isinstance(value, np.ndarray) else value
    detail = first if np.all(value == first) else np.ascontiguousarray(value)
    return Node.of("constant", (), detail, dtype=value.dtype, shape=shape)


def cast(node: Node, dtype: Any) -> Node:
    """Return a node converted to a dtype."""
    if node.dtype == dtype and not adapts(node):
        return node
    if node.operation == "constant":
        return constant(np.asarray(node.detail).astype(dtype)[()], node.shape)
    return Node.of("cast", (node,), dtype=dtype, shape=node.shape)


def copied(node: Node) -> Node:
    """Return a node that is not an input, so that it can be kept in an array for what needs one."""
    if node.operation != "input":
        return node
    return Node.of("copy", (node,), dtype=node.dtype, shape=node.shape)


def adapts(node: Node) -> bool:
    """Return whether a node is a number that adapts to the dtypes of arrays, as Python's do."""
    return node.dtype is int or node.dtype is float


def resolved(ufunc: Any, nodes: Sequence[Node], dtype: Any = None) -> Any:
    """Return the dtypes that a ufunc converts its operands to, and that of its result."""
    dtypes = (*(node.dtype for node in nodes), None)
    if dtype is None:
        return ufunc.resolve_dtypes(dtypes)
    signature = (None,) * ufunc.nin + (np.dtype(dtype),)
    return ufunc.resolve_dtypes(dtypes, signature=signature, casting="same_kind")


def common_dtype(nodes: Sequence[Node]) -> Any:
    """Return the dtype that nodes are promoted to together."""
    return np.result_type(*(node.dtype(0) if adapts(node) else node.dtype for node in nodes))


def elementwise(operation: str, nodes: Sequence[Node], dtypes: Any) -> Node:
    """Return the node of an elementwise operation, operands converted to their dtypes."""
    *of_operands, dtype = dtypes
    operands = tuple(cast(*each) for each in zip(nodes, of_operands, strict=True))
    unchanged = _unchanged(operation, operands)
    if unchanged is not None:
        return unchanged
    shape = np.broadcast_shapes(*(each.shape for each in operands))
    return Node.of(operation, operands, dtype=dtype, shape=shape)


def _unchanged(operation, operands):
    """Return the integer that adding 0, or multiplying by 1, does not change, if that is all."""
    neutral = {"add": 0, "multiply": 1}.get(operation)
    if neutral is not None and operands[0].dtype.kind == "i":
        for one, other in (operands, operands[::-1]):
            if one.operation == "constant" and np.all(one.detail == neutral):
                return other if len(other.shape) >= len(one.shape) else None
    return None


def reduced(ufunc: Any, node: Node, dtype: Any, keepdims: bool = False) -> Node:
    """Return the node of a reduction over a sample's entries."""
    if dtype is None and ufunc in (np.add, np.multiply) and node.dtype.kind in "biu":
        dtype = np.intp
    if dtype is not None:
        node = cast(node, np.dtype(dtype))
    *_, dtype = resolved(ufunc, [node, node])
    shape = (1, *node.shape[1:]) if keepdims else node.shape[1:]
    return Node.of(f"{ufunc.__name__}.reduce", (node,), dtype=dtype, shape=shape)


def taken(row: Node, index: Node) -> Node:
    """Return an entry of a row; that of a sum is a sum of entries, so the row need not be kept."""
    if prod(row.shape) == 1:
        return row
    if row.operation in ("add", "subtract", "multiply", "negative"):
        operands = tuple(taken(each, index) for each in row.operands)
        return Node.of(row.operation, operands, dtype=row.dtype, shape=index.shape)
    return Node.of("take", (row, index), dtype=row.dtype, shape=index.shape)


def with_axes(node: Node, shape: tuple[int, ...]) -> Node:
    """Return a node with axes of length 1 added, which moves no entry."""
    if node.operation == "constant":
        value = node.detail.reshape(shape) if np.ndim(node.detail) else node.detail
        return Node.of("constant", (), value, dtype=node.dtype, shape=shape)
    return Node.of("reshape", (node,), dtype=node.dtype, shape=shape)
