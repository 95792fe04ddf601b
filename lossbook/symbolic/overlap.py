"""Losses of masks, as expressions: of the pixels, k is one and j is any."""

from ..losses.lovasz import LovaszHinge, LovaszSoftmax
from ..losses.overlap import Dice, FocalTversky, Jaccard, Tversky
from .derivation import Expression, expression
from .notation import K, M, alpha, beta, gamma, j, k, p_k, s, sp, t_k, z_k

D, i, S, u = sp.symbols("D I S u", positive=True)
a_k, d_k, e_k, g_k, y_k = (sp.IndexedBase(name, real=True)[k] for name in "adegy")


def _total(of_pixel):
    return sp.Sum(of_pixel.subs(k, j), (j, 1, K))


def _of_mask(loss, value, gradient, hessian, definitions, **parameters):
    return Expression(
        loss=loss,
        value=value,
        gradient=gradient,
        hessian=hessian,
        y_true=t_k,
        y_pred=p_k,
        definitions=definitions,
        parameters={symbol: name for name, symbol in parameters.items()},
    )


@expression.register
def _(loss: Dice):
    added, parameters = (s, {"smooth": s}) if loss.smooth else (0, {})
    definitions = {
        D: _total(t_k) + _total(p_k) + added,
        S: (2 * _total(t_k * p_k) + added) / D,
    }
    gradient = (S - 2 * t_k) / D
    return _of_mask(loss, 1 - S, gradient, -2 * gradient / D, definitions, **parameters)


@expression.register
def _(loss: Jaccard):
    definitions = {i: _total(t_k * p_k), D: _total(t_k) + _total(p_k) - i, S: i / D}
    gradient = (S * (1 - t_k) - t_k) / D
    return _of_mask(loss, 1 - S, gradient, -2 * gradient * (1 - t_k) / D, definitions)


def _tversky_index():
    """Return the definitions of the index S, of its denominator D, and of what D grows by."""
    return {
        i: _total(t_k * p_k),
        D: i + alpha * _total((1 - t_k) * p_k) + beta * _total(t_k * (1 - p_k)),
        S: i / D,
        a_k: alpha * (1 - t_k) + (1 - beta) * t_k,
    }


@expression.register
def _(loss: Tversky):
    gradient = (S * a_k - t_k) / D
    hessian = -2 * gradient * a_k / D
    return _of_mask(loss, 1 - S, gradient, hessian, _tversky_index(), alpha=alpha, beta=beta)


@expression.register
def _(loss: FocalTversky):
    definitions = _tversky_index() | {u: 1 - S, d_k: (S * a_k - t_k) / D}
    slope = gamma * u ** (gamma - 1)
    return _of_mask(
        loss,
        u**gamma,
        slope * d_k,
        -2 * slope * d_k * a_k / D + gamma * (gamma - 1) * u ** (gamma - 2) * d_k**2,
        definitions,
        alpha=alpha,
        beta=beta,
        gamma=gamma,
    )


@expression.register
def _(loss: LovaszHinge):
    return Expression(
        loss=loss,
        value=sp.Sum(g_k * sp.Max(0, e_k), (k, 1, K)),
        gradient=sp.Piecewise((-y_k * g_k, e_k > 0), (0, True)),
        hessian=sp.Integer(0),
        y_true=y_k,
        y_pred=z_k,
        definitions={e_k: 1 - y_k * z_k},
        in_words={
            g_k: "what the Jaccard loss of the mispredicted pixels grows by when pixel k joins "
            "them, in the order of the errors, the largest first"
        },
    )


@expression.register
def _(loss: LovaszSoftmax):
    return Expression(
        loss=loss,
        value=sp.Sum(g_k * e_k, (k, 1, K)) / M,
        gradient=g_k * (1 - 2 * t_k) / M,
        hessian=sp.Integer(0),
        y_true=t_k,
        y_pred=p_k,
        definitions={e_k: t_k * (1 - p_k) + (1 - t_k) * p_k},
        target="1 for the class of a pixel, 0 for the others",
        prediction="probabilities of the classes that sum to 1 for each pixel",
        in_words={
            k: "a class at a pixel",
            M: "the number of classes in the image",
            g_k: "what the Jaccard loss of the class grows by when the pixel joins the "
            "mispredicted ones, in the order of the errors, the largest first; 0 if the image "
            "does not have the class",
        },
    )
