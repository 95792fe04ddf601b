"""Losses for several classes, as expressions."""

from ..losses.imbalance import Poly1CrossEntropy, SoftmaxFocal
from ..losses.margins import CrammerSinger, MultiMargin
from ..losses.softmax import (
    CategoricalCrossEntropy,
    JensenShannon,
    KLDivergence,
    NegativeLogLikelihood,
    SoftmaxCrossEntropy,
)
from ..losses.wrong_labels import GeneralizedCrossEntropy
from .derivation import Expression, expression
from .notation import (
    K,
    Largest,
    M,
    P,
    U,
    alpha_k,
    alpha_y,
    bend,
    c,
    c_k,
    epsilon,
    gamma,
    j,
    k,
    l_k,
    label,
    m_k,
    p_k,
    p_y,
    q,
    q_y,
    s_k,
    slope,
    sp,
    t_k,
    u_k,
    z_k,
    z_y,
)

SOFTMAX = sp.exp(z_k) / sp.Sum(sp.exp(z_k.subs(k, j)), (j, 1, K))
CLASSES = (k, 1, K)
SHIFT = ", up to a common shift"


def others(term):
    """Return the sum of a term over the classes, by another index."""
    return sp.Sum(term.subs(k, j), (j, 1, K))


def one_if(condition):
    """Return 1 where a condition holds, else 0."""
    return sp.Piecewise((1, condition), (0, True))


ONE_HOT = sp.KroneckerDelta(k, label)


@expression.register
def _(loss: CategoricalCrossEntropy):
    return Expression(
        loss=loss,
        value=-sp.Sum(t_k * sp.log(p_k), CLASSES),
        gradient=-t_k / p_k,
        hessian=t_k / p_k**2,
        y_true=t_k,
        y_pred=p_k,
        optimum="the mean of the target distributions: the share of each class",
    )


@expression.register
def _(loss: NegativeLogLikelihood):
    return Expression(
        loss=loss,
        value=-sp.Sum(t_k * l_k, CLASSES),
        gradient=-t_k,
        hessian=sp.Integer(0),
        y_true=t_k,
        y_pred=l_k,
        optimum="the logarithms of the class shares",
    )


@expression.register
def _(loss: KLDivergence):
    return Expression(
        loss=loss,
        value=sp.Sum(t_k * sp.log(t_k / p_k), CLASSES),
        gradient=-t_k / p_k,
        hessian=t_k / p_k**2,
        y_true=t_k,
        y_pred=p_k,
        optimum="the mean of the target distributions: the share of each class",
    )


@expression.register
def _(loss: JensenShannon):
    return Expression(
        loss=loss,
        value=sp.Sum(t_k * sp.log(t_k / m_k) + p_k * sp.log(p_k / m_k), CLASSES) / 2,
        gradient=sp.log(p_k / m_k) / 2,
        hessian=t_k / (2 * p_k * (t_k + p_k)),
        y_true=t_k,
        y_pred=p_k,
        definitions={m_k: (t_k + p_k) / 2},
        optimum="the distribution at which the pulls of the targets are the same for every class",
    )


@expression.register
def _(loss: SoftmaxCrossEntropy):
    target, total, definitions, parameters = t_k, sp.Integer(1), {}, {}
    if loss.label_smoothing != 0:
        target = (1 - epsilon) * target + epsilon / K
        parameters[epsilon] = "label_smoothing"
    if loss.class_weight is not None:
        target, total = c_k * target, M
        parameters[c_k] = "class_weight"
    if parameters:
        target, definitions = u_k, {u_k: target}
    if total is M:
        definitions[M] = others(u_k)
    definitions[p_k] = SOFTMAX
    return Expression(
        loss=loss,
        value=-sp.Sum(target * sp.log(p_k), CLASSES),
        gradient=total * p_k - target,
        hessian=total * p_k * (1 - p_k),
        y_true=t_k,
        y_pred=z_k,
        definitions=definitions,
        parameters=parameters,
        optimum="the logarithms of the class shares"
        + (", smoothed and weighted" if parameters else "")
        + SHIFT,
    )


def _of_label_probability(loss, value, first, second, optimum, **more):
    """Return the expression of f(h), where h = -log p_y, from f, f' and f''."""
    weights, parameters = more.pop("definitions", {}), more.pop("parameters")
    of_label, of_others = others(t_k * p_k), others((1 - t_k) * p_k)
    softmax = {t_k: ONE_HOT, p_k: SOFTMAX, p_y: of_label, q_y: of_others}
    return Expression(
        loss=loss,
        value=value,
        gradient=slope * (p_k - t_k),
        hessian=slope * p_k * (1 - p_k) + bend * (p_k - t_k) ** 2,
        y_true=label,
        y_pred=z_k,
        definitions=softmax | weights | {slope: first, bend: second},
        parameters=parameters,
        optimum=optimum,
    )


@expression.register
def _(loss: SoftmaxFocal):
    p, log_p, q = p_y, sp.log(p_y), q_y
    parameters, definitions, weight = {gamma: "gamma"}, {}, sp.Integer(1)
    if loss.alpha is not None:
        weight, parameters[alpha_k] = alpha_y, "alpha"
        definitions[alpha_y] = others(t_k * alpha_k)
    return _of_label_probability(
        loss,
        -weight * q**gamma * log_p,
        weight * q ** (gamma - 1) * (q - gamma * p * log_p),
        weight * gamma * p * q ** (gamma - 2) * (2 * q + (1 - gamma * p) * log_p),
        "the scores at which the pulls of the classes balance" + SHIFT,
        definitions=definitions,
        parameters=parameters,
    )


@expression.register
def _(loss: GeneralizedCrossEntropy):
    return _of_label_probability(
        loss,
        (1 - p_y**q) / q,
        p_y**q,
        -q * p_y**q,
        "all for the largest class"
        if loss.q == 1
        else "the logarithms of the class shares, divided by 1 − q" + SHIFT,
        parameters={q: "q"},
    )


@expression.register
def _(loss: Poly1CrossEntropy):
    return Expression(
        loss=loss,
        value=sp.Sum(t_k * (epsilon * (1 - p_k) - sp.log(p_k)), CLASSES),
        gradient=U * p_k - u_k,
        hessian=U * p_k * (1 - p_k)
        - epsilon * ((P - t_k * p_k) * p_k**2 + t_k * p_k * (1 - p_k) ** 2),
        y_true=t_k,
        y_pred=z_k,
        definitions={
            p_k: SOFTMAX,
            u_k: t_k * (1 + epsilon * p_k),
            U: others(u_k),
            P: others(t_k * p_k),
        },
        parameters={epsilon: "epsilon"},
        optimum="the scores at which the pulls of the classes balance" + SHIFT,
    )


def _of_shortfalls(loss, value, gradient, hessian, optimum=""):
    """Return the expression of a loss of how far each score falls short of the margin."""
    return Expression(
        loss=loss,
        value=value,
        gradient=gradient,
        hessian=hessian,
        y_true=label,
        y_pred=z_k,
        definitions={t_k: ONE_HOT, z_y: others(t_k * z_k), s_k: c * (1 - t_k) - z_y + z_k},
        parameters={c: "margin"},
        optimum=optimum,
    )


@expression.register
def _(loss: CrammerSinger):
    worst = Largest(s_k.subs(k, j), (j, 1, K))
    return _of_shortfalls(
        loss,
        worst,
        one_if(sp.Eq(s_k, worst)) - t_k,
        sp.Integer(0),
        "the margin for a class with more than half of the labels, 0 for the others",
    )


@expression.register
def _(loss: MultiMargin):
    if loss.power == 1:
        push, curvature = one_if(s_k > 0), sp.Integer(0)
    else:
        push = 2 * sp.Max(0, s_k)
        rivals = (1 - t_k) * one_if(s_k > 0)
        curvature = 2 * rivals + 2 * t_k * others(rivals)
    push = (1 - t_k) * push
    return _of_shortfalls(
        loss,
        sp.Sum((1 - t_k) * sp.Max(0, s_k) ** int(loss.power), CLASSES),
        push - t_k * others(push),
        curvature,
    )
