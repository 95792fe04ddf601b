"""Losses for several classes, as expressions."""

from ..losses.multiclass import CategoricalCrossEntropy, SoftmaxCrossEntropy
from .derivation import Expression, expression
from .notation import K, M, c_k, epsilon, j, k, p_k, sp, t_k, u_k, z_k


@expression.register
def _(loss: CategoricalCrossEntropy):
    return Expression(
        loss=loss,
        value=-sp.Sum(t_k * sp.log(p_k), (k, 1, K)),
        gradient=-t_k / p_k,
        hessian=t_k / p_k**2,
        y_true=t_k,
        y_pred=p_k,
        optimum="the mean of the target distributions: the share of each class",
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
        definitions[M] = sp.Sum(u_k.subs(k, j), (j, 1, K))
    definitions[p_k] = sp.exp(z_k) / sp.Sum(sp.exp(z_k.subs(k, j)), (j, 1, K))
    return Expression(
        loss=loss,
        value=-sp.Sum(target * sp.log(p_k), (k, 1, K)),
        gradient=total * p_k - target,
        hessian=total * p_k * (1 - p_k),
        y_true=t_k,
        y_pred=z_k,
        definitions=definitions,
        parameters=parameters,
        optimum="the logarithms of the class shares"
        + (", smoothed and weighted" if parameters else "")
        + ", up to a common shift",
    )
