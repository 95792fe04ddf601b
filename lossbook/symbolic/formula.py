"""What a class of losses states of its mathematics, in symbols."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .functions import sp


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A per-sample loss and its derivatives by the prediction, as a reader meets them.

    Attributes
    ----------
    value, gradient, hessian : Expr
        The loss, its first and its second derivative.  In a loss over classes these are the
        derivatives by the prediction for class k; losses of rows are written like losses over
        classes.  In a loss of several predictions the derivatives are tuples, one entry for each
        prediction.
    y_true, y_pred : Symbol, Indexed or Tuple
        The target, None where there is none, and the prediction; in a loss over classes, those of
        class k; of several predictions, a tuple.
    definitions : dict
        What other symbols abbreviate, each in terms of those before it.
    in_words : dict
        What symbols mean that no formula defines; where there are derivatives, they are constant.
    parameters : dict
        The names of the parameters that symbols stand for.  A parameter that changes nothing at
        its value, such as a weight of 1, is left out.
    optimum : str
        The constant prediction with the least loss, in words; empty where there is none.
    target, prediction : str
        What target and prediction are, in words, where more is to be said than their domains;
        a prediction is None where nothing is.
    """

    value: sp.Expr
    gradient: sp.Expr
    hessian: sp.Expr
    y_true: sp.Expr | None
    y_pred: sp.Expr
    definitions: Mapping[Any, Any] = field(default_factory=dict)
    in_words: Mapping[Any, Any] = field(default_factory=dict)
    parameters: Mapping[Any, Any] = field(default_factory=dict)
    optimum: str = ""
    target: str = ""
    prediction: str | None = ""

    def __post_init__(self) -> None:
        for name in "value", "gradient", "hessian", "y_pred":
            object.__setattr__(self, name, sp.sympify(getattr(self, name)))

    def written_out(self) -> Any:
        """Return the same with every abbreviation replaced by what it stands for."""
        written = replace(self, definitions={})
        for symbol, meaning in reversed(list(self.definitions.items())):
            written = written._substitute(symbol, meaning)
        return written

    def _substitute(self, symbol, meaning):
        def substituted(expr):
            if not isinstance(symbol, sp.Indexed):
                return sp.sympify(expr).subs(symbol, meaning)
            (index,) = symbol.indices
            return sp.sympify(expr).replace(
                lambda e: isinstance(e, sp.Indexed) and e.base == symbol.base,
                lambda e: meaning.subs(index, e.indices[0]),
            )

        return replace(
            self,
            value=substituted(self.value),
            gradient=substituted(self.gradient),
            hessian=substituted(self.hessian),
            definitions={s: substituted(e) for s, e in self.definitions.items()},
        )


def listed(expr: Any) -> Any:
    """Return the entries of a tuple, or the one expression there is, as a list."""
    return list(expr) if isinstance(expr, sp.Tuple) else [expr]
