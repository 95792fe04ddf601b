"""Losses of label sequences, as expressions in the scores of one frame."""

from ..losses.sequences import CTC
from .derivation import Expression, expression
from .notation import K, gamma_k, j, k, p_k, prettyForm, sp, y, z_k


class given_class(sp.Function):
    """The probability of the labels, given which class a frame shows; other frames decide it."""

    nargs = 1
    is_positive = True

    def _latex(self, printer):
        return rf"P\left(y \mid \pi_t = {printer.doprint(self.args[0])}\right)"

    def _pretty(self, printer):
        return prettyForm(f"P(y│πₜ={self.args[0]})")


@expression.register
def _(loss: CTC):
    likelihood = sp.Sum(p_k.subs(k, j) * given_class(j), (j, 1, K))
    return Expression(
        loss=loss,
        value=-sp.log(likelihood),
        gradient=p_k - gamma_k,
        hessian=p_k * (1 - p_k) - gamma_k * (1 - gamma_k),
        y_true=y,
        y_pred=z_k,
        definitions={
            p_k: sp.exp(z_k) / sp.Sum(sp.exp(z_k.subs(k, j)), (j, 1, K)),
            gamma_k: p_k * given_class(k) / likelihood,
        },
    )
