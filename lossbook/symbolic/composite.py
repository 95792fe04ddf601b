"""Losses made of others, as expressions: the others are functions, each of its own prediction."""

from ..losses.several_tasks import UncertaintyWeighted, WeightedSum
from .derivation import Expression, expression
from .notation import sp


def _parts(loss):
    """Return the value of each loss, as a function, and its prediction."""
    n_losses = len(loss.losses)
    predictions = [sp.Symbol(f"yhat_{i + 1}", real=True) for i in range(n_losses)]
    values = [sp.Function(f"ℓ_{i + 1}")(pred) for i, pred in enumerate(predictions)]
    return values, predictions


@expression.register
def _(loss: WeightedSum):
    values, predictions = _parts(loss)
    weights = [sp.Symbol(f"w_{i + 1}", positive=True) for i in range(len(values))]
    each = list(zip(weights, values, predictions, strict=True))
    return Expression(
        loss=loss,
        value=sp.Add(*(w * ell for w, ell, _ in each)),
        gradient=sp.Tuple(*(w * ell.diff(pred) for w, ell, pred in each)),
        hessian=sp.Tuple(*(w * ell.diff(pred, 2) for w, ell, pred in each)),
        y_true=None,
        y_pred=sp.Tuple(*predictions),
    )


@expression.register
def _(loss: UncertaintyWeighted):
    values, predictions = _parts(loss)
    log_variances = [sp.Symbol(f"s_{i + 1}", real=True) for i in range(len(values))]
    each = list(zip(log_variances, values, predictions, strict=True))
    return Expression(
        loss=loss,
        value=sp.Add(*(sp.exp(-s) * ell + s / 2 for s, ell, _ in each)),
        gradient=sp.Tuple(
            *(sp.exp(-s) * ell.diff(pred) for s, ell, pred in each),
            *(sp.Rational(1, 2) - sp.exp(-s) * ell for s, ell, _ in each),
        ),
        hessian=sp.Tuple(
            *(sp.exp(-s) * ell.diff(pred, 2) for s, ell, pred in each),
            *(sp.exp(-s) * ell for s, ell, _ in each),
        ),
        y_true=None,
        y_pred=sp.Tuple(*predictions, *log_variances),
    )
