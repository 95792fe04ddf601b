"""Losses for labels with a structure, as expressions."""

from ..losses.structured_labels import (
    MultilabelMargin,
    MultilabelSoftMargin,
    OrdinalCoral,
    Sparsemax,
)
from .derivation import Expression, expression
from .multiclass import CLASSES, SHIFT, one_if, others
from .notation import K, i, j, k, label, p_k, s, sigma, sp, t_k, threshold, u_k, z_k


@expression.register
def _(loss: Sparsemax):
    above = sp.Sum(sp.Max(0, z_k.subs(k, i) - z_k), (i, 1, K))
    return Expression(
        loss=loss,
        value=sp.Sum((t_k - z_k) ** 2 - (p_k - z_k) ** 2, CLASSES) / 2,
        gradient=p_k - t_k,
        hessian=u_k * (1 - 1 / s),
        y_true=t_k,
        y_pred=z_k,
        definitions={
            u_k: one_if(above < 1),
            s: others(u_k),
            threshold: (others(u_k * z_k) - 1) / s,
            p_k: u_k * (z_k - threshold),
        },
        optimum="the mean of the target distributions" + SHIFT,
    )


def _log_loss(target):
    return -target * sp.log(sigma(z_k)) - (1 - target) * sp.log(sigma(-z_k))


@expression.register
def _(loss: MultilabelSoftMargin):
    return Expression(
        loss=loss,
        value=sp.Sum(_log_loss(t_k), CLASSES) / K,
        gradient=(sigma(z_k) - t_k) / K,
        hessian=sigma(z_k) * sigma(-z_k) / K,
        y_true=t_k,
        y_pred=z_k,
        optimum="the log-odds of the mean of each class's targets",
    )


@expression.register
def _(loss: MultilabelMargin):
    t_j, z_j = t_k.subs(k, j), z_k.subs(k, j)
    of_labels = sp.Sum(t_j * one_if(z_j - z_k < 1), (j, 1, K))
    of_others = sp.Sum((1 - t_j) * one_if(z_k - z_j < 1), (j, 1, K))
    pairs = t_j * (1 - t_k) * sp.Max(0, 1 - z_j + z_k)
    return Expression(
        loss=loss,
        value=sp.Sum(pairs, CLASSES, (j, 1, K)) / K,
        gradient=((1 - t_k) * of_labels - t_k * of_others) / K,
        hessian=sp.Integer(0),
        y_true=t_k,
        y_pred=z_k,
    )


@expression.register
def _(loss: OrdinalCoral):
    return Expression(
        loss=loss,
        value=sp.Sum(_log_loss(t_k), (k, 1, K - 1)),
        gradient=sigma(z_k) - t_k,
        hessian=sigma(z_k) * sigma(-z_k),
        y_true=label,
        y_pred=z_k,
        definitions={t_k: one_if(label > k)},
        optimum="the log-odds of the share of labels above each threshold",
    )
