"""Small drawings of losses as inline SVG, in the colours of the page."""

import numpy as np

import lossbook as lb
from lossbook.core.domains import (
    FINITE,
    UNIT_INTERVAL,
    Boxes,
    Distributions,
    Interval,
    LogDistributions,
)
from lossbook.core.loss import ClassLoss, PointwiseLoss
from lossbook.plotting.explorer import _essential, _path
from lossbook.plotting.graphs import Graph, graphs_along

N = 161
NAMES = ("loss", "gradient", "curvature")
PARTS = lb.SquaredError(), lb.AbsoluteError()
WITH_ARGUMENTS = {
    "NegativeBinomialNLL": {"dispersion": 0.5},
    "WeightedSum": {"losses": PARTS, "weights": (0.5, 1.0)},
    "UncertaintyWeighted": {"losses": PARTS},
}


def instance(name):
    """Return the loss of a name, with its defaults where it has them."""
    return getattr(lb, name)(**WITH_ARGUMENTS.get(name, {}))


def column(x, *others):
    """Return rows that begin with `x` and go on with the same numbers."""
    return np.column_stack([x, np.tile(others, (len(x), 1))])


def pointwise_line(loss):
    """Return what a loss of one number is drawn over: a symbol, numbers, the inputs at them."""
    if loss.y_pred_domain == UNIT_INTERVAL:
        return "p", np.linspace(0.02, 1, N), lambda x: (np.ones_like(x), x)
    if isinstance(loss.y_pred_domain, Interval):
        low = max(loss.y_pred_domain.low + 0.1, -3)
        return "ŷ", np.linspace(low, 4, N), lambda x: (np.ones_like(x), x)
    if loss.y_true_domain == FINITE:
        return "r", np.linspace(-2.5, 2.5, N), lambda x: (np.zeros_like(x), x)
    if isinstance(loss.y_true_domain, Interval) and loss.y_true_domain.high == np.inf:
        return "log ŷ", np.linspace(-2.5, 2.5, N), lambda x: (np.ones_like(x), x)
    symbol = "ŷ" if type(loss).__name__ == "AbsolutePercentageError" else "z"
    return symbol, np.linspace(-4, 4, N), lambda x: (np.ones_like(x), x)


def class_line(loss):
    """Return the same of a loss over classes: of three scores or of two probabilities one moves."""

    def labels(x):
        return np.zeros(len(x), int)

    if isinstance(loss.y_pred_domain, Distributions):
        return "p", np.linspace(0.02, 1, N), lambda x: (labels(x), np.column_stack([x, 1 - x]))
    if isinstance(loss.y_pred_domain, LogDistributions):
        return (
            "log p",
            np.linspace(-3, -0.001, N),
            lambda x: (labels(x), np.column_stack([x, np.log(-np.expm1(x))])),
        )
    return "z", np.linspace(-4, 4, N), lambda x: (labels(x), column(x, 0, 0))


def value_line(loss):
    """Return the same of any other loss, with a function that evaluates it on one sample."""
    name = type(loss).__name__
    z, angle, distance = np.linspace(-4, 4, N), np.linspace(-np.pi, np.pi, N), np.linspace(0, 3, N)

    def turned(a):
        return [[np.cos(a), np.sin(a)]]

    if hasattr(loss, "generator"):
        return "score", z, lambda s: loss.generator([s])
    if isinstance(loss.y_pred_domain, Boxes):
        return "shift", np.linspace(-2, 2, N), lambda s: loss([[0, 0, 1, 1]], [[s, 0, 1 + s, 1]])
    lines = {
        "GaussianCRPS": ("r", z, lambda r: loss([0.0], [r], [0.0])),
        "GaussianMixtureNLL": (
            "y",
            z,
            lambda y: loss([y], [[0.0, 0.0]], [[-1.5, 1.5]], [[0.0, -1.0]]),
        ),
        "GaussianNLL": ("r", z, lambda r: loss([0.0], [r], [0.0])),
        "CosineDistance": ("angle", angle, lambda a: loss(turned(a), [[1.0, 0.0]])),
        "CosineEmbedding": ("angle", angle, lambda a: loss([1], turned(a), [[1.0, 0.0]])),
        "Contrastive": ("distance", distance, lambda d: loss([0], [[d, 0.0]], [[0.0, 0.0]])),
        "Triplet": (
            "distance",
            distance,
            lambda d: loss([[0.0, 0.0]], [[1.0, 0.0]], [[d, 0.0]]),
        ),
        "InfoNCE": (
            "angle",
            angle,
            lambda a: loss([*turned(a), [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]),
        ),
        "SupervisedContrastive": (
            "angle",
            angle,
            lambda a: loss([0, 0, 1], [*turned(a), [1.0, 0.0], [0.0, 1.0]]),
        ),
        "MarginRanking": ("difference", z, lambda d: loss([1], [d], [0.0])),
        "RankNet": ("difference", z, lambda d: loss([1], [d], [0.0])),
        "BPR": ("difference", z, lambda d: loss([d], [0.0])),
        "ListNet": ("score", z, lambda s: loss([[2.0, 1.0, 0.0]], [[s, 0.5, -0.5]])),
        "ListMLE": ("score", z, lambda s: loss([[2.0, 1.0, 0.0]], [[s, 0.5, -0.5]])),
        "LambdaRank": ("score", z, lambda s: loss([[2.0, 1.0, 0.0]], [[s, 0.5, -0.5]])),
        "ApproxNDCG": ("score", z / 4, lambda s: loss([[2.0, 1.0, 0.0]], [[s, 0.5, -0.5]])),
        "CTC": ("score", z, lambda s: loss([[1]], [[[0.0, s], [0.0, s]]])),
        "LovaszHinge": ("score", z, lambda s: loss([[1, 1, -1, -1]], [[s, 1.5, -1.5, 0.5]])),
        "LovaszSoftmax": (
            "p",
            np.linspace(0.02, 0.98, N),
            lambda p: loss([0, 0, 1, 1], [[p, 1 - p], [0.7, 0.3], [0.2, 0.8], [0.4, 0.6]]),
        ),
        "MulticlassOverlap": (
            "p",
            np.linspace(0.02, 0.98, N),
            lambda p: loss([0, 0, 1, 1], [[p, 1 - p], [0.7, 0.3], [0.2, 0.8], [0.4, 0.6]]),
        ),
        "WeightedSum": ("r", z / 2, lambda r: loss([0.0], [r])),
        "UncertaintyWeighted": (
            "r",
            z / 2,
            lambda r: loss(([0.0], [0.0]), ([r], [r]), [0.0, 0.0]),
        ),
    }
    if name in lines:
        return lines[name]
    if loss.y_pred_domain == UNIT_INTERVAL:
        return (
            "p",
            np.linspace(0, 1, N),
            lambda p: loss([[1, 1, 1, 0, 0, 0]], [[p, p, p, 0.2, 0.1, 0.1]]),
        )
    return "z", z, lambda s: loss([[1, 0, 0]], [[s, 0.0, 0.0]])


def graphs(loss):
    """Return what varies, and the graphs of a loss and, where drawn, of its derivatives."""
    if isinstance(loss, PointwiseLoss | ClassLoss):
        symbol, x, inputs = (class_line if isinstance(loss, ClassLoss) else pointwise_line)(loss)
        return symbol, graphs_along(loss, inputs, x)
    symbol, x, value = value_line(loss)
    nothing = np.array([])
    return symbol, [Graph(x, np.array([float(np.sum(value(v))) for v in x]), nothing, nothing)]


def drawing(loss, width=150, height=100, label=None):
    """Return an SVG of a loss, its gradient dashed and its curvature dotted.

    Without a label the drawing is an ornament, which screen readers pass over.
    """
    _, shown = graphs(loss)
    x, y = shown[0].x, shown[0].y[np.isfinite(shown[0].y)]
    low, high = min(0, y.min()), max(y.max(), 1e-9)
    if len(shown) == 3:
        low, high = -2.2, max(3.2, y.min() + 2.2)
    margin = 0.06 * (high - low)
    scale = 10

    def across(values):
        return scale * width * (values - x[0]) / (x[-1] - x[0])

    def down(values):
        span = high - low + 2 * margin
        return (
            scale
            * height
            * (high + margin - np.clip(values, low - 9 * span, high + 9 * span))
            / span
        )

    paths = [f'<path class="axis" d="M0 {down(0.0):.0f}H{scale * width}"/>']
    if x[0] < 0 < x[-1]:
        paths.append(f'<path class="axis" d="M{across(0.0):.0f} 0V{scale * height}"/>')
    for name, graph in zip(NAMES, shown, strict=False):
        points = np.column_stack([across(graph.x), down(graph.y)])
        pieces = np.split(points, np.flatnonzero(np.diff(np.isfinite(graph.y))) + 1)
        d = "".join(
            _path(_essential(piece))
            for piece in pieces
            if np.isfinite(piece).all() and piece[0, 0] < piece[-1, 0]
        )
        paths.append(f'<path class="{name}" d="{d}"/>')
    voice = f'role="img" aria-label="{label}"' if label else 'aria-hidden="true"'
    body = "".join(reversed(paths[-len(shown) :])) if len(shown) > 1 else paths[-1]
    axes = "".join(paths[: -len(shown)])
    box = f"0 0 {scale * width} {scale * height}"
    return f'<svg class="curves" viewBox="{box}" {voice}>{axes}{body}</svg>'
