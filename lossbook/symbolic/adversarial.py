"""Losses of adversarial networks, as expressions: two-class losses whose label is known."""

from ..losses.adversarial import Discriminator, NegativeMargin, ScoreLoss
from .derivation import Expression, expression
from .notation import m, sp, y, z

SCORES = {"real": sp.Symbol("r", real=True), "fake": sp.Symbol("f", real=True)}


@expression.register
def _(loss: NegativeMargin):
    return Expression(
        loss=loss,
        value=-m,
        gradient=-y,
        hessian=sp.Integer(0),
        y_true=y,
        y_pred=z,
        definitions={m: y * z},
    )


@expression.register
def _(loss: ScoreLoss):
    (name,) = loss.inputs
    of_label = expression(loss.verdict.loss).written_out()
    known = {of_label.y_true: loss.verdict.label, of_label.y_pred: SCORES[name]}

    def of_score(expr):
        return sp.nsimplify(loss.verdict.sign * sp.sympify(expr).subs(known))

    return Expression(
        loss=loss,
        value=of_score(of_label.value),
        gradient=of_score(of_label.gradient),
        hessian=of_score(of_label.hessian),
        y_true=None,
        y_pred=SCORES[name],
    )


@expression.register
def _(loss: Discriminator):
    real, fake = map(expression, loss.sides)
    return Expression(
        loss=loss,
        value=real.value + fake.value,
        gradient=sp.Tuple(real.gradient, fake.gradient),
        hessian=sp.Tuple(real.hessian, fake.hessian),
        y_true=None,
        y_pred=sp.Tuple(real.y_pred, fake.y_pred),
    )
