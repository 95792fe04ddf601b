"""Losses for predicting a number, as expressions."""

from dataclasses import replace

from ..losses.absolute_error import AbsoluteError
from ..losses.huber import (
    EpsilonInsensitive,
    Huber,
    LogCosh,
    PseudoHuber,
    SmoothL1,
    SquaredEpsilonInsensitive,
)
from ..losses.quantiles import Expectile, Pinball, SmoothPinball
from ..losses.relative_error import AbsolutePercentageError, SquaredLogError
from ..losses.squared_error import HalfSquaredError, SquaredError
from .derivation import Expression, expression
from .notation import beta, d, delta, epsilon, q, r, sigma, sp, tau, w, y, yhat

BALANCE = "the prediction at which the pulls of the targets balance"
LOWEST = "of the predictions at which the pulls of the targets balance, the one with the least loss"


def of_residual(loss, value, gradient, hessian, optimum, definitions=None, **parameters):
    """Return the expression of a loss of the residual r."""
    return Expression(
        loss=loss,
        value=value,
        gradient=sp.sympify(gradient),
        hessian=sp.sympify(hessian),
        y_true=y,
        y_pred=yhat,
        definitions={r: yhat - y, **(definitions or {})},
        parameters={symbol: name for name, symbol in parameters.items()},
        optimum=optimum,
    )


@expression.register
def _(loss: SquaredError):
    return of_residual(loss, r**2, 2 * r, 2, "the mean of the targets")


@expression.register
def _(loss: HalfSquaredError):
    return of_residual(loss, r**2 / 2, r, 1, "the mean of the targets")


@expression.register
def _(loss: AbsoluteError):
    return of_residual(loss, abs(r), sp.sign(r), 0, "the median of the targets")


@expression.register
def _(loss: Huber):
    near = abs(r) <= delta
    return of_residual(
        loss,
        sp.Piecewise((r**2 / 2, near), (delta * (abs(r) - delta / 2), True)),
        sp.Piecewise((r, near), (delta * sp.sign(r), True)),
        sp.Piecewise((1, near), (0, True)),
        "the mean of the targets, each first moved to within δ of it",
        delta=delta,
    )


@expression.register
def _(loss: SmoothL1):
    near = abs(r) <= beta
    return of_residual(
        loss,
        sp.Piecewise((r**2 / (2 * beta), near), (abs(r) - beta / 2, True)),
        sp.Piecewise((r / beta, near), (sp.sign(r), True)),
        sp.Piecewise((1 / beta, near), (0, True)),
        "the mean of the targets, each first moved to within β of it",
        beta=beta,
    )


@expression.register
def _(loss: PseudoHuber):
    root = sp.sqrt(1 + (r / delta) ** 2)
    return of_residual(
        loss,
        delta**2 * (root - 1),
        r / root,
        1 / root**3,
        f"{BALANCE}, each below δ",
        delta=delta,
    )


@expression.register
def _(loss: LogCosh):
    return of_residual(
        loss,
        sp.log(sp.cosh(r)),
        sp.tanh(r),
        1 / sp.cosh(r) ** 2,
        f"{BALANCE}, each below 1",
    )


@expression.register
def _(loss: Pinball):
    return of_residual(
        loss,
        sp.Max((1 - q) * r, -q * r),
        sp.Piecewise((1 - q, r > 0), (-q, r < 0), (0, True)),
        0,
        "the median of the targets" if loss.quantile == 0.5 else "the q-quantile of the targets",
        quantile=q,
    )


@expression.register
def _(loss: SmoothPinball):
    return of_residual(
        loss,
        w * sp.log(1 + sp.exp(r / w)) - q * r,
        sigma(r / w) - q,
        sigma(r / w) * sigma(-r / w) / w,
        f"{BALANCE}, up to q from above and 1 − q from below",
        quantile=q,
        width=w,
    )


@expression.register
def _(loss: Expectile):
    weight = sp.Piecewise((1 - tau, r > 0), (tau, True))
    return of_residual(
        loss,
        w * r**2,
        2 * w * r,
        2 * w,
        "the mean of the targets" if loss.level == 0.5 else "the τ-expectile of the targets",
        {w: weight},
        level=tau,
    )


@expression.register
def _(loss: EpsilonInsensitive):
    return of_residual(
        loss,
        sp.Max(0, abs(r) - epsilon),
        sp.Piecewise((sp.sign(r), abs(r) > epsilon), (0, True)),
        0,
        "the centre of a tube of half-width ε with as many targets above it as below",
        epsilon=epsilon,
    )


@expression.register
def _(loss: SquaredEpsilonInsensitive):
    excess = sp.Max(0, abs(r) - epsilon)
    return of_residual(
        loss,
        excess**2,
        2 * sp.sign(r) * excess,
        sp.Piecewise((2, abs(r) > epsilon), (0, True)),
        "the centre of a tube of half-width ε that targets overshoot as far above as below",
        epsilon=epsilon,
    )


@expression.register
def _(loss: SquaredLogError):
    shown = of_residual(
        loss,
        d**2,
        2 * d / (1 + yhat),
        2 * (1 - d) / (1 + yhat) ** 2,
        "the geometric mean of 1 + y, less 1",
    )
    return replace(shown, definitions={d: sp.log((1 + yhat) / (1 + y))})


@expression.register
def _(loss: AbsolutePercentageError):
    return of_residual(
        loss,
        abs(r) / abs(y),
        sp.sign(r) / abs(y),
        0,
        "the median of the targets, each weighted by 1/|y|",
    )
