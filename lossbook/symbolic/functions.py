"""SymPy, and functions that the book writes and SymPy does not have."""

from typing import Any

import sympy as sp
from sympy.printing.pretty.stringpict import prettyForm


class sigma(sp.Function):
    """The logistic function; SymPy typesets its name as the letter."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return its derivative."""
        return sigma(self.args[0]) * sigma(-self.args[0])

    def _eval_rewrite_as_exp(self, z, **hints):
        return 1 / (1 + sp.exp(-z))


class Largest(sp.Expr):
    """The largest of a term over an index, as `sympy.Sum` is their sum."""

    def __new__(cls, term: Any, limits: Any) -> Any:
        """Return an expression that stays as it is until `doit`."""
        return super().__new__(cls, sp.sympify(term), sp.Tuple(*limits))

    @property
    def bound_symbols(self) -> Any:
        """The index."""
        return [self.args[1][0]]

    @property
    def free_symbols(self) -> Any:
        """All symbols but the index."""
        return super().free_symbols - {*self.bound_symbols}

    def doit(self, **hints: Any) -> Any:
        """Return the `sympy.Max` of the terms, where their number is known."""
        term, (index, first, last) = self.args
        if not (first.is_Integer and last.is_Integer):
            return self
        return sp.Max(*(term.subs(index, i).doit() for i in range(first, last + 1)))

    def _eval_subs(self, old, new):
        return self if old in self.bound_symbols else None


class given_class(sp.Function):
    """The probability of the labels, given which class a frame shows; other frames decide it."""

    nargs = 1
    is_positive = True

    def _latex(self, printer):
        return rf"P\left(y \mid \pi_t = {printer.doprint(self.args[0])}\right)"

    def _pretty(self, printer):
        return prettyForm(f"P(y│πₜ={self.args[0]})")
