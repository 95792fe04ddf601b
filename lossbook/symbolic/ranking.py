"""Losses of scores that shall put things in order, as expressions."""

from ..losses.ranking import BPR, ListMLE, ListNet, MarginRanking, RankNet
from .derivation import Expression, expression
from .notation import K, j, k, m, p_k, sigma, sp, t_k, vector, y, z_k

A, B, P, N = sp.symbols("a b p n", real=True)
I = sp.Symbol("i", integer=True)  # noqa: E741
RELEVANCES, LEFT = vector("y"), vector("S")


@expression.register
def _(loss: MarginRanking):
    margin, parameters = (m, {m: "margin"}) if loss.margin else (sp.Integer(0), {})
    slope = sp.Piecewise((y, y * (A - B) < margin), (0, True))
    return Expression(
        loss=loss,
        value=sp.Max(0, margin - y * (A - B)),
        gradient=sp.Tuple(-slope, slope),
        hessian=sp.Tuple(0, 0),
        y_true=y,
        y_pred=sp.Tuple(A, B),
        parameters=parameters,
    )


@expression.register
def _(loss: RankNet):
    bend = sigma(A - B) * sigma(B - A)
    return Expression(
        loss=loss,
        value=-y * sp.log(sigma(A - B)) - (1 - y) * sp.log(sigma(B - A)),
        gradient=sp.Tuple(sigma(A - B) - y, y - sigma(A - B)),
        hessian=sp.Tuple(bend, bend),
        y_true=y,
        y_pred=sp.Tuple(A, B),
    )


@expression.register
def _(loss: BPR):
    bend = sigma(P - N) * sigma(N - P)
    return Expression(
        loss=loss,
        value=-sp.log(sigma(P - N)),
        gradient=sp.Tuple(-sigma(N - P), sigma(N - P)),
        hessian=sp.Tuple(bend, bend),
        y_true=None,
        y_pred=sp.Tuple(P, N),
    )


@expression.register
def _(loss: ListNet):
    target, score = sp.exp(RELEVANCES), sp.exp(z_k)
    return Expression(
        loss=loss,
        value=-sp.Sum(t_k * sp.log(p_k), (k, 1, K)),
        gradient=p_k - t_k,
        hessian=p_k * (1 - p_k),
        y_true=RELEVANCES,
        y_pred=z_k,
        definitions={
            t_k: target / sp.Sum(target.subs(k, j), (j, 1, K)),
            p_k: score / sp.Sum(score.subs(k, j), (j, 1, K)),
        },
        optimum="the logarithms of the mean of the t, up to a common shift",
    )


@expression.register
def _(loss: ListMLE):
    score, left = sp.exp(z_k), LEFT.subs(k, I)
    return Expression(
        loss=loss,
        value=sp.Sum(sp.log(LEFT) - z_k, (k, 1, K)),
        gradient=sp.Sum(score / left, (I, 1, k)) - 1,
        hessian=sp.Sum(score / left * (1 - score / left), (I, 1, k)),
        y_true=RELEVANCES,
        y_pred=z_k,
        definitions={LEFT: sp.Sum(score.subs(k, j), (j, k, K))},
        target="the relevance of item k; items are numbered from the most relevant down",
    )
