"""How expressions are printed: as one writes them, in the book's notation."""

from typing import Any
from unicodedata import normalize

from sympy.printing.latex import LatexPrinter
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.stringpict import prettyForm, stringPict

from .functions import sigma, sp

_NAMES = {sp.Symbol("epsilon", positive=True): r"\varepsilon"}


class _ReadingOrder:
    """Print as one writes: what is subtracted last, functions last, the smaller side first."""

    def _as_ordered_terms(self, expr, order=None):
        return sorted(
            expr.as_ordered_terms(),
            key=lambda term: (
                term.could_extract_minus_sign(),
                not term.is_number,
                term.count_ops(),
            ),
        )

    def _print_Mul(self, expr):
        def place(factor):
            parametric = all(symbol.is_positive for symbol in factor.free_symbols)
            function = factor.has(sp.log, sigma)
            return not factor.is_number, function, not parametric, factor.count_ops()

        if isinstance(expr, sp.Mul):
            expr = sp.Mul(*sorted(expr.args, key=place), evaluate=False)
        return super()._print_Mul(expr)

    def _print_Relational(self, expr):
        return super()._print_Relational(expr.reversed if isinstance(expr, sp.Gt | sp.Ge) else expr)


class _Latex(_ReadingOrder, LatexPrinter):
    def __init__(self):
        super().__init__({"order": "none", "symbol_names": _NAMES})

    def _print_Indexed(self, expr):
        return f"{self._print(expr.base)}_{{{self._print(expr.indices[0])}}}"

    def _print_Largest(self, expr):
        term, (index, *_) = expr.args
        return rf"\max_{{{self._print(index)}}} {self._print(term)}"

    def _hprint_Function(self, func):
        return super()._hprint_Function(func.replace("ℓ", "ell"))


class _Pretty(_ReadingOrder, PrettyPrinter):
    def __init__(self):
        super().__init__({"order": "none", "use_unicode": True, "wrap_line": False})

    def _print_Max(self, expr):
        form = self._helper_print_function(expr.func, expr.args)
        form.binding = form.ATOM  # a power is of the whole, not of the name
        return form

    def _print_Indexed(self, expr):
        return self._print(sp.Symbol(f"{expr.base}_{expr.indices[0]}"))

    def _print_Largest(self, expr):
        term, (index, *_) = expr.args
        largest = self._print(sp.Symbol(f"max_{index}"))
        return prettyForm(*stringPict.next(largest, " ", self._print(term)))


def latex(expr: Any) -> Any:
    """Return LaTeX for an expression, in the book's notation.

    Examples
    --------
    >>> import lossbook as lb
    >>> from lossbook import symbolic
    >>> symbolic.latex(symbolic.expression(lb.SoftmaxCrossEntropy()).gradient)
    'p_{k} - t_{k}'
    """
    return _Latex().doprint(expr)


def pretty(expr: Any) -> Any:
    """Return an expression drawn with characters, on one or several lines.

    Examples
    --------
    >>> import lossbook as lb
    >>> from lossbook import symbolic
    >>> symbolic.pretty(symbolic.expression(lb.SigmoidCrossEntropy()).hessian)
    'σ(z)⋅σ(-z)'
    """
    return normalize("NFC", _Pretty().doprint(expr))
