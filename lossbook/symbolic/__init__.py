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

A new loss joins by registering a function from its instances to their `Expression`::

    @symbolic.expression.register
    def _(loss: MyLoss):
        return symbolic.Expression(loss=loss, value=..., gradient=..., hessian=..., ...)
"""

from . import (
    adversarial,
    binary,
    boxes,
    composite,
    embedding,
    likelihood,
    multiclass,
    notation,
    overlap,
    ranking,
    regression,
    robust,
    sequence,
    structured,
)
from .derivation import Expression, expression
from .notation import latex, pretty

__all__ = [
    "Expression",
    "adversarial",
    "binary",
    "boxes",
    "composite",
    "embedding",
    "expression",
    "latex",
    "likelihood",
    "multiclass",
    "notation",
    "overlap",
    "pretty",
    "ranking",
    "regression",
    "robust",
    "sequence",
    "structured",
]
