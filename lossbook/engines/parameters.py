"""Parameters of losses that remember, while a formula is traced, where they came from."""

from typing import Any

import numpy as np

from .graph import Node, adapts, elementwise, node_of, resolved

__all__ = ["Parameter"]


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
        if any(hasattr(each, "node") and not isinstance(each, Parameter) for each in inputs):
            return NotImplemented  # an array takes care of it
        plain = [float(each) if isinstance(each, Parameter) else each for each in inputs]
        value = getattr(ufunc, method)(*plain, **kwargs)
        if method != "__call__" or kwargs or not isinstance(value, np.floating):
            return value
        nodes = [node_of(each) for each in inputs]
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
        nodes = tuple(node_of(each) for each in inputs)
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
