"""How a loss of any inputs is called: said once, for all of its methods."""

from inspect import Parameter, signature
from types import FunctionType
from typing import Any, Generic, NamedTuple, ParamSpec, Protocol, TypeVar

from numpy.typing import ArrayLike, NDArray

P = ParamSpec("P")
D = TypeVar("D")
Out = NDArray[Any] | tuple[NDArray[Any], ...] | None

METHODS = ("__call__", "gradient", "hessian", "value_and_gradient", "gradient_and_hessian")
"""The methods that evaluate a loss."""


class Call(NamedTuple, Generic[D]):
    """What a loss is called with.

    The type in brackets is that of its derivatives: an array, or a tuple of one for each
    prediction.
    """

    inputs: tuple[Any, ...]
    sample_weight: ArrayLike | None
    curvature: str
    out: Out


class Called(Protocol[P, D]):
    """A loss that says with what it is called, once for all of its methods."""

    def _inputs(self, *given: P.args, **named: P.kwargs) -> Call[D]: ...

    def _evaluate(self, parts: Any, inputs: Any, sample_weight: Any, out: Any) -> Any: ...

    def _second(self, curvature: str) -> str: ...


def sign(cls: Any, root: type) -> None:
    """Give a class methods that show what it is called with."""
    taken = signature(cls._inputs).parameters.values()
    by_keyword = {each.name for each in taken if each.kind is Parameter.KEYWORD_ONLY}
    positional = [each.name for each in taken if each.name not in by_keyword]
    cls.inputs = tuple(name for name in positional if name not in ("self", "sample_weight"))
    cls.options = tuple(name for name in by_keyword if name not in ("curvature", "out"))
    names = ", ".join(cls.inputs + cls.options)
    cls._inputs.__qualname__ = cls.__qualname__  # what Python's own errors name
    for name in METHODS:
        method = getattr(root, name)
        own: Any = FunctionType(method.__code__, method.__globals__, name)
        shown = [each for each in taken if each.name != "curvature" or "hessian" in name]
        own.__signature__ = signature(cls._inputs).replace(parameters=shown)
        own.__doc__ = f"{method.__doc__.splitlines()[0]}\n\nIts inputs are {names}."
        own.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, own)


def no_curvature(curvature: str) -> None:
    """Refuse a curvature where no second derivative is asked for."""
    if curvature != "exact":
        raise TypeError("got an unexpected keyword argument 'curvature'")
