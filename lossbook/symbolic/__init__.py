r"""Every loss in SymPy, as the book writes it, for documentation and tests.

>>> import lossbook as lb
>>> from lossbook import symbolic
>>> huber = symbolic.expression(lb.Huber(delta=1.5))
>>> huber.gradient
Piecewise((r, delta >= Abs(r)), (delta*sign(r), True))
>>> huber.definitions
{r: -y + yhat}
>>> huber.check()
(0, 0)
>>> print(symbolic.latex(symbolic.expression(lb.SigmoidCrossEntropy()).gradient))
\sigma{\left(z \right)} - y

A class of losses states its formula in a method of its own, next to the functions that compute it.
The method is handed the `notation`: symbols, functions, and what joins them.

>>> import numpy as np
>>> from lossbook.core.residual import ResidualLoss
>>> class Quartic(ResidualLoss):
...     def _formula(self, s):
...         r = s.r
...         return s.of_residual(value=r**4, gradient=4 * r**3, hessian=12 * r**2)
...
...     def _value(self, r):
...         return r**4
...
...     def _gradient(self, r):
...         return 4 * r**3
...
...     def _hessian(self, r):
...         return 12 * r**2
>>> symbolic.expression(Quartic()).check()
(0, 0)
"""

try:
    import sympy  # noqa: F401
except ImportError as _error:
    raise ImportError(
        "this needs SymPy; install it with: pip install 'lossbook[symbolic]'"
    ) from _error

from . import notation
from .derivation import Expression, expression
from .formula import Formula
from .printing import latex, pretty

__all__ = ["Expression", "Formula", "expression", "latex", "notation", "pretty"]
