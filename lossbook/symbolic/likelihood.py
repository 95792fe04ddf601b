"""Negative log-likelihoods, as expressions."""

from ..losses.likelihood import (
    GammaNLL,
    GaussianNLL,
    NegativeBinomialNLL,
    PoissonNLL,
    TweedieNLL,
)
from .derivation import Expression, expression
from .notation import alpha, mu, phi, s, sp, x, xi, y, z


def _of_log_mean(loss, value, gradient, hessian, definitions=None, **parameters):
    return Expression(
        loss=loss,
        value=value,
        gradient=gradient,
        hessian=sp.sympify(hessian),
        y_true=y,
        y_pred=z,
        definitions=definitions or {},
        parameters={symbol: name for name, symbol in parameters.items()},
        optimum="the logarithm of the mean of the targets",
    )


@expression.register
def _(loss: PoissonNLL):
    constant = sp.log(sp.factorial(y)) if loss.constant_terms else 0
    return _of_log_mean(
        loss,
        sp.exp(z) - y * z + constant,
        sp.exp(z) - y,
        sp.exp(z),
    )


@expression.register
def _(loss: GammaNLL):
    dispersion, parameters, constant = sp.Integer(1), {}, 0
    if loss.dispersion != 1:
        dispersion, parameters = phi, {"dispersion": phi}
        if loss.constant_terms:
            constant = sp.log(sp.gamma(1 / phi)) + sp.log(phi) / phi - (1 / phi - 1) * sp.log(y)
    return _of_log_mean(
        loss,
        (z + y * sp.exp(-z)) / dispersion + constant,
        (1 - y * sp.exp(-z)) / dispersion,
        y * sp.exp(-z) / dispersion,
        **parameters,
    )


@expression.register
def _(loss: TweedieNLL):
    if loss.power == 1:
        return _of_log_mean(loss, sp.exp(z) - y * z, sp.exp(z) - y, sp.exp(z))
    if loss.power == 2:
        return _of_log_mean(loss, z + y * sp.exp(-z), 1 - y * sp.exp(-z), y * sp.exp(-z))
    return _of_log_mean(
        loss,
        mu ** (2 - xi) / (2 - xi) - y * mu ** (1 - xi) / (1 - xi),
        mu ** (2 - xi) - y * mu ** (1 - xi),
        (2 - xi) * mu ** (2 - xi) - (1 - xi) * y * mu ** (1 - xi),
        {mu: sp.exp(z)},
        power=xi,
    )


@expression.register
def _(loss: NegativeBinomialNLL):
    constant = 0
    if loss.constant_terms:
        constant = (
            sp.log(sp.factorial(y))
            + sp.log(sp.gamma(1 / alpha))
            - sp.log(sp.gamma(y + 1 / alpha))
            - y * sp.log(alpha)
        )
    return _of_log_mean(
        loss,
        (y + 1 / alpha) * sp.log(1 + alpha * mu) - y * z + constant,
        (mu - y) / (1 + alpha * mu),
        mu * (1 + alpha * y) / (1 + alpha * mu) ** 2,
        {mu: sp.exp(z)},
        dispersion=alpha,
    )


@expression.register
def _(loss: GaussianNLL):
    constant = sp.log(2 * sp.pi) / 2 if loss.constant_terms else 0
    return Expression(
        loss=loss,
        value=(s + x**2) / 2 + constant,
        gradient=sp.Tuple(x * sp.exp(-s / 2), (1 - x**2) / 2),
        hessian=sp.Tuple(sp.exp(-s), x**2 / 2),
        y_true=y,
        y_pred=sp.Tuple(mu, s),
        definitions={x: (mu - y) * sp.exp(-s / 2)},
        optimum="the mean of the targets, and the logarithm of their variance",
    )
