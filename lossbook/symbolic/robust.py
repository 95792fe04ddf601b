"""Losses for data with outliers, as expressions."""

from dataclasses import replace
from math import inf

from ..losses.robust import Cauchy, Fair, GemanMcClure, GeneralRobust, Tukey, Welsch
from .derivation import expression
from .notation import b, c, r, shape, sp, x
from .regression import BALANCE, LOWEST, of_residual


def _scaled(loss, value, gradient, hessian, optimum, **parameters):
    return of_residual(loss, value, gradient, hessian, optimum, {x: r / c}, scale=c, **parameters)


@expression.register
def _(loss: Fair):
    return _scaled(
        loss,
        c**2 * (abs(x) - sp.log(1 + abs(x))),
        r / (1 + abs(x)),
        1 / (1 + abs(x)) ** 2,
        f"{BALANCE}, each below c",
    )


@expression.register
def _(loss: Cauchy):
    return _scaled(
        loss,
        c**2 / 2 * sp.log(1 + x**2),
        r / (1 + x**2),
        (1 - x**2) / (1 + x**2) ** 2,
        LOWEST,
    )


@expression.register
def _(loss: GemanMcClure):
    return _scaled(
        loss,
        r**2 / (2 * (1 + x**2)),
        r / (1 + x**2) ** 2,
        (1 - 3 * x**2) / (1 + x**2) ** 3,
        LOWEST,
    )


@expression.register
def _(loss: Welsch):
    return _scaled(
        loss,
        c**2 / 2 * (1 - sp.exp(-(x**2))),
        r * sp.exp(-(x**2)),
        (1 - 2 * x**2) * sp.exp(-(x**2)),
        LOWEST,
    )


@expression.register
def _(loss: Tukey):
    inside = abs(x) <= 1
    return _scaled(
        loss,
        sp.Piecewise((c**2 / 6 * (1 - (1 - x**2) ** 3), inside), (c**2 / 6, True)),
        sp.Piecewise((r * (1 - x**2) ** 2, inside), (0, True)),
        sp.Piecewise(((1 - x**2) * (1 - 5 * x**2), inside), (0, True)),
        LOWEST,
    )


@expression.register
def _(loss: GeneralRobust):
    if loss.alpha == 2:
        return _scaled(loss, x**2 / 2, x / c, 1 / c**2, "the mean of the targets")
    if loss.alpha == 0:
        return _scaled(
            loss,
            sp.log(1 + x**2 / 2),
            2 * x / (c * (2 + x**2)),
            2 * (2 - x**2) / (c**2 * (2 + x**2) ** 2),
            LOWEST,
        )
    if loss.alpha == -inf:
        bell = sp.exp(-(x**2) / 2)
        return _scaled(loss, 1 - bell, x * bell / c, (1 - x**2) * bell / c**2, LOWEST)
    base = 1 + x**2 / b
    shown = _scaled(
        loss,
        b / shape * (base ** (shape / 2) - 1),
        x / c * base ** (shape / 2 - 1),
        (b + (shape - 1) * x**2) / (c**2 * (b + x**2)) * base ** (shape / 2 - 1),
        BALANCE if loss.alpha >= 1 else LOWEST,
        alpha=shape,
    )
    return replace(shown, definitions={**shown.definitions, b: abs(shape - 2)})
