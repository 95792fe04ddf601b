"""The graphs of a loss and of its derivatives, which are interrupted at jumps."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..core.domains import FINITE, NONZERO, UNIT_INTERVAL
from ..core.loss import PointwiseLoss

HALVINGS = 40

PREDICTION, SCORE, PROBABILITY = r"\hat y", "z", "p"
NAMES = {PREDICTION: "prediction", SCORE: "score", PROBABILITY: "probability"}


@dataclass(frozen=True, eq=False)
class Graph:
    """Points to be joined by a line, and the points at jumps.

    Attributes
    ----------
    x, y : ndarray
        Points on the graph, with NaN in `y` where the line breaks.
    jumps_x, jumps_y : ndarray
        Positions of the jumps, and the values of the function there.
    """

    x: np.ndarray
    y: np.ndarray
    jumps_x: np.ndarray
    jumps_y: np.ndarray


def graph(function: Any, x: Any) -> Any:
    """Return the graph of a function over increasing `x`, interrupted at its jumps.

    An interval between two neighbours is halved repeatedly, and the half in which the function
    changes more is kept.  The change tends to 0 for a continuous function.  At a jump, it tends to
    the size of the jump.
    """
    y = function(x)
    low, high = x[:-1], x[1:]
    y_low, y_high = y[:-1], y[1:]
    with np.errstate(invalid="ignore"):
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            y_middle = function(middle)
            left = np.abs(y_middle - y_low) > np.abs(y_high - y_middle)
            low, y_low = np.where(left, (low, y_low), (middle, y_middle))
            high, y_high = np.where(left, (middle, y_middle), (high, y_high))
        change = np.abs(y_high - y_low)
    seen = np.concatenate([y, y_middle])
    size = np.abs(seen[np.isfinite(seen)]).max(initial=0)
    (at,) = np.nonzero(np.isfinite(change) & (change > 1e-6 * size))
    middle = (low + high)[at] / 2
    jumps = _short_decimals(middle, x[-1] - x[0])
    if not np.isin(jumps, x).all():
        # Between neighbours on both sides of a jump, what is taken there would be joined to one.
        return graph(function, np.union1d(x, jumps))
    after = np.repeat(at + 1, 3)
    cut_x = np.column_stack([low[at], middle, high[at]])
    cut_y = np.column_stack([y_low[at], np.full(len(at), np.nan), y_high[at]])
    return Graph(
        np.insert(x, after, cut_x.ravel()),
        np.insert(y, after, cut_y.ravel()),
        jumps,
        function(jumps) if len(jumps) else jumps,
    )


def _short_decimals(places, span):
    """Return the places that are short decimals, such as 0 or 1.345, exactly.

    Halving only comes close to a place, and what is taken there shows at the place itself alone.
    """
    short = np.round(places, 9 - int(np.floor(np.log10(span))))
    return np.unique(short[np.abs(short - places) < 1e-12 * span] + 0.0)


def loss_graphs(loss: Any, y_pred: Any, y_true: Any) -> Any:
    """Return the graphs of a pointwise loss, of its gradient and of its second derivative."""
    if not isinstance(loss, PointwiseLoss):
        raise TypeError(f"only a loss of one number a sample has a curve to draw; got {loss!r}")
    x = np.unique(np.asarray(y_pred, dtype=np.float64))
    if len(x) < 2:
        raise ValueError(f"y_pred must hold two different numbers or more; got {y_pred!r}")
    return graphs_along(loss, lambda x: (np.full_like(x, y_true), x), x)


def graphs_along(loss: Any, inputs: Any, x: Any) -> Any:
    """Return the graphs of a loss and of its derivatives over `x`.

    `inputs` converts numbers to targets and predictions.  If a prediction consists of several
    numbers, the derivatives are those with respect to the first one.
    """
    single = replace(loss, reduction="none")
    graphs = []
    for part in (single.hessian, single.gradient, single):
        graphs.append(graph(lambda x, part=part: part(*inputs(x)).reshape(len(x), -1)[:, 0], x))
        # Where a derivative jumps, the function has a kink: there a sample belongs.
        x = np.union1d(x, graphs[-1].jumps_x)
    return graphs[::-1]


def name_of(loss: Any) -> Any:
    """Return the name of a loss with its parameters and without its reduction."""
    return repr(replace(loss, reduction="mean"))


def axis_labels(losses: Any, y_true: Any) -> Any:
    """Return the labels of the horizontal axis and of the three graphs as mathtext."""
    symbols = {_symbol(loss) for loss in losses}
    symbol = symbols.pop() if len(symbols) == 1 else PREDICTION
    if symbol == PREDICTION and y_true == 0:
        varied = rf"residual $r = {symbol} - y$"
    else:
        varied = f"{NAMES[symbol]} ${symbol}$, for $y = {y_true:g}$"
    return (
        varied,
        r"loss $\ell$",
        rf"gradient $\partial\ell/\partial {symbol}$",
        rf"curvature $\partial^2\ell/\partial {symbol}^2$",
    )


def _symbol(loss):
    if loss.y_pred_domain == UNIT_INTERVAL:
        return PROBABILITY
    direct = loss.y_pred_domain is not None or loss.y_true_domain in (FINITE, NONZERO)
    return PREDICTION if direct else SCORE
