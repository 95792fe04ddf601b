"""What each operation of a graph is called in the source of a loop.

Most operations are operators of Python, or functions that are defined in `words` and `elementary`.
A function that needs another approximation in each precision has the number of bits in its name.
"""

from math import frexp, isfinite
from typing import Any

import numpy as np

from .graph import Node

__all__ = ["CHEAP", "NEUTRAL", "NotCompilableError", "applied", "converted", "is_short", "literal"]

_BOOL = np.dtype(bool)


class NotCompilableError(TypeError):
    """A graph has an operation that cannot be compiled."""


_SIGNS = {
    "add": "+",
    "bitwise_and": "&",
    "bitwise_or": "|",
    "divide": "/",
    "equal": "==",
    "greater": ">",
    "greater_equal": ">=",
    "less": "<",
    "less_equal": "<=",
    "logical_and": "&",
    "logical_or": "|",
    "multiply": "*",
    "not_equal": "!=",
    "subtract": "-",
}
_FUNCTIONS = {
    "absolute",
    "copysign",
    "floor",
    "fmax",
    "fmin",
    "isfinite",
    "isinf",
    "isnan",
    "logical_not",
    "maximum",
    "minimum",
    "negative",
    "reciprocal",
    "sign",
    "sqrt",
}
_FUNCTIONS_OF_A_PRECISION = {
    "arctanh",
    "exp",
    "expm1",
    "hypot",
    "log",
    "ldexp",
    "log1p",
    "logaddexp",
    "power",
    "sinh",
    "tanh",
}
_UNCHANGED = {"copy", "full", "positive", "reshape"}
NEUTRAL = {
    "add": 0.0,
    "logical_and": True,
    "logical_or": False,
    "maximum": -np.inf,
    "minimum": np.inf,
}
"""What a reduction begins with."""
CHEAP = {
    "absolute",
    "add",
    "cast",
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_or",
    "multiply",
    "negative",
    "not_equal",
    "put",
    "sign",
    "subtract",
    "where",
}
"""What is computed again in a later loop faster than it is kept."""


def applied(operation: str, dtype: Any, operands: Any, operand_dtype: Any = None) -> str:
    """Return the expression of an elementwise operation on expressions."""
    if operation in _SIGNS:
        return f"{operands[0]} {_SIGNS[operation]} {operands[1]}"
    if operation in _FUNCTIONS:
        return f"{operation}({', '.join(operands)})"
    if operation in _FUNCTIONS_OF_A_PRECISION and dtype.kind == "f":
        return f"{operation}{8 * dtype.itemsize}({', '.join(operands)})"
    if operation == "frexp.exponent":
        return f"frexp_exponent{8 * operand_dtype.itemsize}({operands[0]})"
    if operation == "invert" and dtype == _BOOL:
        return f"logical_not({operands[0]})"
    if operation == "square":
        return f"{operands[0]} * {operands[0]}"
    if operation == "where":
        return f"select({', '.join(operands)})"
    if operation in _UNCHANGED:
        return operands[0]
    raise NotCompilableError(f"the operation {operation} of {dtype} cannot be compiled")


def converted(expression: str, given: Any, wanted: Any) -> str:
    """Return an expression in another dtype."""
    if given == _BOOL and wanted != _BOOL:
        return f"select({expression}, {literal(1, wanted)}, {literal(0, wanted)})"
    return f"{wanted}({expression})"


def type_name(dtype: Any) -> str:
    """Return the name of a dtype."""
    return "bool_" if dtype == _BOOL else str(np.dtype(dtype))


def literal(number: Any, dtype: Any) -> str:
    """Return a number as it is written: a float is double, all others name their dtype."""
    if dtype in (_BOOL, np.float64):
        return repr(np.asarray(number, dtype).item())
    return f"{np.dtype(dtype)}({np.asarray(number).item()!r})"


def is_short(node: Node) -> bool:
    """Return whether a constant is a short number such as 2 or 0.25, or an infinity.

    Others may well come from the parameters of a loss.  They become arguments, so that a loss with
    other parameters has the same source.
    """
    digits, _ = frexp(node.detail)
    return node.dtype == _BOOL or not isfinite(digits) or (digits * 4096).is_integer()
