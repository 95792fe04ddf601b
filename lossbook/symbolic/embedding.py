"""Losses of embeddings, as expressions.

Vectors are indexed by their entries.  Losses of batches are shown for one anchor, by its cosines.
"""

from ..losses.embeddings import (
    Contrastive,
    CosineDistance,
    CosineEmbedding,
    HingeEmbedding,
    InfoNCE,
    SupervisedContrastive,
    Triplet,
)
from .derivation import Expression, expression
from .notation import K, d, j, k, m, p_k, sp, t_k, tau, vector, x, y

A, B, P, N, U, V = (vector(name) for name in ("a", "b", "p", "n", "u", "v"))
COSINES = vector("c")
LENGTH_A, LENGTH_B = sp.symbols("alpha beta", positive=True)
cosine = sp.Symbol("c", real=True)
TO_POSITIVE, TO_NEGATIVE = sp.symbols("d_p d_n", positive=True)
LOSS = sp.Symbol("h", real=True)


def _total(term):
    return sp.Sum(term.subs(k, j), (j, 1, K))


def _length(term):
    return sp.sqrt(_total(term**2))


COSINE_DEFINITIONS = {
    LENGTH_A: _length(A),
    LENGTH_B: _length(B),
    U: A / LENGTH_A,
    V: B / LENGTH_B,
    cosine: _total(U * V),
}
COSINE_GRADIENT = (cosine * U - V) / LENGTH_A, (cosine * V - U) / LENGTH_B
COSINE_HESSIAN = (
    (2 * U * (V - cosine * U) + cosine * (1 - U**2)) / LENGTH_A**2,
    (2 * V * (U - cosine * V) + cosine * (1 - V**2)) / LENGTH_B**2,
)


@expression.register
def _(loss: CosineDistance):
    return Expression(
        loss=loss,
        value=1 - cosine,
        gradient=sp.Tuple(*COSINE_GRADIENT),
        hessian=sp.Tuple(*COSINE_HESSIAN),
        y_true=None,
        y_pred=sp.Tuple(A, B),
        definitions=COSINE_DEFINITIONS,
    )


@expression.register
def _(loss: CosineEmbedding):
    margin, parameters = (m, {m: "margin"}) if loss.margin else (sp.Integer(0), {})

    def by_label(derivative):
        return sp.Piecewise((derivative, sp.Eq(y, 1)), (-derivative, cosine > margin), (0, True))

    return Expression(
        loss=loss,
        value=sp.Piecewise((1 - cosine, sp.Eq(y, 1)), (sp.Max(0, cosine - margin), True)),
        gradient=sp.Tuple(*map(by_label, COSINE_GRADIENT)),
        hessian=sp.Tuple(*map(by_label, COSINE_HESSIAN)),
        y_true=y,
        y_pred=sp.Tuple(A, B),
        definitions=COSINE_DEFINITIONS,
        parameters=parameters,
    )


@expression.register
def _(loss: HingeEmbedding):
    return Expression(
        loss=loss,
        value=sp.Piecewise((x, sp.Eq(y, 1)), (sp.Max(0, m - x), True)),
        gradient=sp.Piecewise((1, sp.Eq(y, 1)), (-1, x < m), (0, True)),
        hessian=sp.Integer(0),
        y_true=y,
        y_pred=x,
        parameters={m: "margin"},
    )


@expression.register
def _(loss: Contrastive):
    slope = sp.Piecewise((A - B, sp.Eq(y, 1)), (-(m - d) * U, d < m), (0, True))
    bend = sp.Piecewise((1, sp.Eq(y, 1)), (U**2 - (m - d) * (1 - U**2) / d, d < m), (0, True))
    return Expression(
        loss=loss,
        value=sp.Piecewise((d**2 / 2, sp.Eq(y, 1)), (sp.Max(0, m - d) ** 2 / 2, True)),
        gradient=sp.Tuple(slope, -slope),
        hessian=sp.Tuple(bend, bend),
        y_true=y,
        y_pred=sp.Tuple(A, B),
        definitions={d: _length(A - B), U: (A - B) / d},
        parameters={m: "margin"},
    )


@expression.register
def _(loss: Triplet):
    def where_active(derivative):
        return sp.Piecewise((derivative, LOSS > 0), (0, True))

    near, far = (1 - U**2) / TO_POSITIVE, (1 - V**2) / TO_NEGATIVE
    return Expression(
        loss=loss,
        value=sp.Max(0, LOSS),
        gradient=sp.Tuple(*map(where_active, (U - V, -U, V))),
        hessian=sp.Tuple(*map(where_active, (near - far, near, -far))),
        y_true=None,
        y_pred=sp.Tuple(A, P, N),
        definitions={
            TO_POSITIVE: _length(A - P),
            TO_NEGATIVE: _length(A - N),
            U: (A - P) / TO_POSITIVE,
            V: (A - N) / TO_NEGATIVE,
            LOSS: m + TO_POSITIVE - TO_NEGATIVE,
        },
        parameters={m: "margin"},
    )


def _of_cosines(loss, prediction, target):
    exp = sp.exp(COSINES / tau)
    return Expression(
        loss=loss,
        value=sp.log(_total(exp)) - sp.Sum(t_k * COSINES, (k, 1, K)) / tau,
        gradient=(p_k - t_k) / tau,
        hessian=p_k * (1 - p_k) / tau**2,
        y_true=t_k,
        y_pred=COSINES,
        definitions={p_k: exp / _total(exp)},
        parameters={tau: "temperature"},
        target=target,
        prediction=prediction,
    )


@expression.register
def _(loss: InfoNCE):
    return _of_cosines(
        loss,
        "the cosine of the angle between the query and key k",
        "1 for the query's own key, 0 for the others",
    )


@expression.register
def _(loss: SupervisedContrastive):
    return _of_cosines(
        loss,
        "the cosine of the angle between the anchor and sample k, one of the others",
        "equal shares of 1 for samples of the anchor's class, 0 for the others",
    )
