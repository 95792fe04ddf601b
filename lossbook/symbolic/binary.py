"""Losses for two classes, as expressions."""

from ..losses.imbalance import SigmoidFocal
from ..losses.log_loss import BinaryCrossEntropy, Brier, SigmoidCrossEntropy
from ..losses.margins import (
    Exponential,
    Hinge,
    LogisticMargin,
    ModifiedHuber,
    Perceptron,
    SquaredHinge,
)
from .derivation import Expression, expression
from .notation import alpha, alpha_y, epsilon, gamma, m, p, q, s, sigma, sp, w_plus, y, ytilde, z


@expression.register
def _(loss: BinaryCrossEntropy):
    gradient = (1 - y) / (1 - p) - y / p
    hessian = y / p**2 + (1 - y) / (1 - p) ** 2
    clipped, definitions, parameters = p, {}, {}
    if loss.eps > 0:
        inside = (epsilon <= p) & (p <= 1 - epsilon)
        gradient = sp.Piecewise((gradient, inside), (0, True))
        hessian = sp.Piecewise((hessian, inside), (0, True))
        clipped, parameters = q, {epsilon: "eps"}
        definitions = {
            q: sp.Piecewise((epsilon, p < epsilon), (1 - epsilon, p > 1 - epsilon), (p, True))
        }
    return Expression(
        loss=loss,
        value=-y * sp.log(clipped) - (1 - y) * sp.log(1 - clipped),
        gradient=gradient,
        hessian=hessian,
        y_true=y,
        y_pred=p,
        definitions=definitions,
        parameters=parameters,
        optimum="the mean of the targets: the share of ones",
    )


@expression.register
def _(loss: SigmoidCrossEntropy):
    target, weight, definitions, parameters = y, sp.Integer(1), {}, {}
    if loss.label_smoothing != 0:
        target, definitions = ytilde, {ytilde: (1 - epsilon) * y + epsilon / 2}
        parameters[epsilon] = "label_smoothing"
    if loss.pos_weight != 1:
        weight = w_plus
        parameters[w_plus] = "pos_weight"
    total = weight * target + 1 - target
    return Expression(
        loss=loss,
        value=-weight * target * sp.log(sigma(z)) - (1 - target) * sp.log(sigma(-z)),
        gradient=total * sigma(z) - weight * target,
        hessian=total * sigma(z) * sigma(-z),
        y_true=y,
        y_pred=z,
        definitions=definitions,
        parameters=parameters,
        optimum="the log-odds of the mean target"
        + (", smoothed" if target is ytilde else "")
        + (", plus log w₊" if weight is w_plus else ""),
    )


@expression.register
def _(loss: SigmoidFocal):
    definitions, parameters = {s: 2 * y - 1, p: sigma(s * z)}, {gamma: "gamma"}
    weight = sp.Integer(1)
    if loss.alpha is not None:
        weight, parameters[alpha] = alpha_y, "alpha"
        definitions[alpha_y] = alpha * y + (1 - alpha) * (1 - y)
    modulation = weight * (1 - p) ** gamma
    return Expression(
        loss=loss,
        value=-modulation * sp.log(p),
        gradient=s * modulation * (gamma * p * sp.log(p) - (1 - p)),
        hessian=modulation
        * p
        * ((1 + 2 * gamma) * (1 - p) + gamma * (1 - p) * sp.log(p) - gamma**2 * p * sp.log(p)),
        y_true=y,
        y_pred=z,
        definitions=definitions,
        parameters=parameters,
        optimum="the score at which the pulls of the two classes balance; 0 where they are even",
    )


def _margin(loss, value, gradient, hessian, optimum):
    return Expression(
        loss=loss,
        value=value,
        gradient=gradient,
        hessian=sp.sympify(hessian),
        y_true=y,
        y_pred=z,
        definitions={m: y * z},
        optimum=optimum,
    )


@expression.register
def _(loss: Hinge):
    gradient = sp.Piecewise((-y, m < 1), (0, True))
    return _margin(loss, sp.Max(0, 1 - m), gradient, 0, "the label of the larger class")


@expression.register
def _(loss: SquaredHinge):
    return _margin(
        loss,
        sp.Max(0, 1 - m) ** 2,
        -2 * y * sp.Max(0, 1 - m),
        sp.Piecewise((2, m < 1), (0, True)),
        "the mean of the labels",
    )


@expression.register
def _(loss: LogisticMargin):
    return _margin(
        loss,
        sp.log(1 + sp.exp(-m)),
        -y * sigma(-m),
        sigma(m) * sigma(-m),
        "the log-odds of the share of +1",
    )


@expression.register
def _(loss: ModifiedHuber):
    return _margin(
        loss,
        sp.Piecewise((sp.Max(0, 1 - m) ** 2, m >= -1), (-4 * m, True)),
        sp.Piecewise((-2 * y * sp.Max(0, 1 - m), m >= -1), (-4 * y, True)),
        sp.Piecewise((2, (m >= -1) & (m < 1)), (0, True)),
        "the mean of the labels",
    )


@expression.register
def _(loss: Perceptron):
    gradient = sp.Piecewise((-y, m < 0), (0, True))
    return _margin(loss, sp.Max(0, -m), gradient, 0, "0, whatever the labels")


@expression.register
def _(loss: Exponential):
    return _margin(
        loss,
        sp.exp(-m),
        -y * sp.exp(-m),
        sp.exp(-m),
        "half the log-odds of the share of +1",
    )


@expression.register
def _(loss: Brier):
    return Expression(
        loss=loss,
        value=(p - y) ** 2,
        gradient=2 * (p - y),
        hessian=sp.Integer(2),
        y_true=y,
        y_pred=p,
        optimum="the mean of the targets: the share of ones",
    )
