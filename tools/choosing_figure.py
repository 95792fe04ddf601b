"""Draw chapters/figures/choosing.svg: what one wants to know, and the loss to begin with."""

from html import escape
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parent.parent / "chapters" / "figures" / "choosing.svg"
LABEL = (
    "A list in three groups. Each line leads from what you want to know about the target, with a"
    " small picture of it, to the loss that is consistent for it. The table below says the same."
)
STYLE = """
.choosing-map {
  color: var(--pst-color-text-base, #222); display: block; height: auto; max-width: 35rem;
  width: 100%;
}
.choosing-map text { font: 14px var(--pst-font-family-base, sans-serif); fill: currentColor; }
.choosing-map a { color: inherit; text-decoration: none; }
.choosing-map a:hover text { text-decoration: underline; }
.choosing-map .head { font-size: 15px; font-weight: 600; }
.choosing-map .loss {
  fill: var(--pst-color-link, #1158c7); font-size: 12.5px; font-weight: 600; text-anchor: middle;
}
.choosing-map .hit { fill: none; pointer-events: all; stroke: none; }
.choosing-map .box {
  fill: none; pointer-events: all; stroke: var(--pst-color-link, #1158c7); stroke-width: 1.4;
}
.choosing-map a:is(:hover, :focus-visible) .box { stroke-width: 3; }
.choosing-map a:focus-visible .hit { stroke: var(--pst-color-link, #1158c7); stroke-width: 1.5; }
.choosing-map .line { fill: none; stroke: currentColor; stroke-width: 1.3; }
.choosing-map .bar { fill: currentColor; opacity: 0.35; }
.choosing-map .dot { fill: currentColor; opacity: 0.7; }
.choosing-map .area { fill: #0072b2; opacity: 0.6; }
.choosing-map .mark { fill: none; stroke: #0072b2; stroke-width: 2.4; }
.choosing-map .odd { fill: none; stroke: #d55e00; stroke-width: 1.8; }
.choosing-map .tie { opacity: 0.35; stroke: currentColor; stroke-dasharray: 1.5 4; }
"""
WIDTH, HEIGHT = 44, 24  # of a small picture
X = np.linspace(0, 1, 41)
BELL = 0.92 * np.exp(-(((X - 0.34) / np.where(X < 0.34, 0.15, 0.28)) ** 2))


def points(x, y):
    return " ".join(f"{WIDTH * a:.1f},{HEIGHT * (1 - b):.1f}" for a, b in zip(x, y, strict=True))


def curve(x=X, y=BELL):
    return f'<polyline class="line" points="{points(x, y)}"/>'


def gamma(speed, height=0.95, start=0.0):
    return curve(start + (1 - start) * X, height * X * speed * np.exp(1 - X * speed))


def area(low, high):
    kept = (low <= X) & (high >= X)
    x, y = X[kept], BELL[kept]
    return f'<polygon class="area" points="{points(np.r_[x[0], x, x[-1]], np.r_[0, y, 0])}"/>'


def mark(x):
    return f'<path class="mark" d="M{WIDTH * x:.1f} 1V{HEIGHT}"/>'


def rectangle(kind, x, y, width, height):
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
    )


def bars(heights, chosen=None):
    step = WIDTH / len(heights)
    return "".join(
        rectangle(
            "area" if k == chosen else "bar",
            step * k + 1.5,
            HEIGHT * (1 - height),
            step - 3,
            HEIGHT * height,
        )
        for k, height in enumerate(heights)
    )


def dots(kind, *places):
    return "".join(f'<circle class="{kind}" cx="{x}" cy="{y}" r="2.6"/>' for x, y in places)


def stroke(kind, path):
    return f'<path class="{kind}" d="{path}"/>'


SEVERAL = bars([0.25, 0.4, 0.95, 0.3, 0.2], 2)
LINE = stroke("line", "M3 21L41 7") + dots("dot", (8, 18), (18, 16), (27, 12), (36, 9))
TAGS = "".join(rectangle("bar" if k == 1 else "area", 3 + 10 * k, 8, 8, 8) for k in range(4))
DISC = rectangle("bar", 8, 0, 28, 24) + '<circle class="area" cx="24" cy="11" r="7"/>'
PAIR = stroke("mark", "M12 12H32") + dots("dot", (12, 12), (32, 12))
PARTS = [("bar", 1, 9), ("area", 11, 18), ("bar", 30, 5), ("area", 36, 7)]
QUANTILES = "quantiles.html#sec-quantiles"
LOG = "log-loss.html#sec-log-loss-definition"

# The picture, the words, their section in the chapter, the loss, and where it is defined.
GROUPS = {
    "A number from the distribution": [
        (
            curve() + mark(0.42),
            "its mean, or totals",
            "mean",
            "SquaredError",
            "squared-error.html#sec-squared-error-definition",
        ),
        (
            curve() + area(0, 0.385) + mark(0.385),
            "its median",
            "mean",
            "AbsoluteError",
            "absolute-error.html#sec-absolute-error-definition",
        ),
        (
            curve() + area(0, 0.62) + mark(0.62),
            "a quantile",
            "stock",
            "Pinball",
            f"{QUANTILES}-definition",
        ),
        (
            curve() + mark(0.55) + stroke("line", "M15 21H33"),
            "an expectile",
            "expectile",
            "Expectile",
            f"{QUANTILES}-expectile",
        ),
        (
            curve() + area(0.18, 0.7),
            "an interval, or all of it",
            "interval",
            "GaussianNLL, 2 × Pinball",
            "#sec-choosing-interval",
        ),
        (
            LINE + dots("odd", (30, 3)),
            "a centre, despite errors",
            "outliers",
            "Huber, Tukey",
            "huber.html#sec-huber-definition",
        ),
        (
            bars([0.3, 0.8, 0.95, 0.6, 0.35, 0.15]),
            "the mean of a count",
            "count",
            "PoissonNLL",
            "#sec-choosing-count",
        ),
        (gamma(6), "the mean of an amount", "amount", "GammaNLL", "#sec-choosing-amount"),
        (
            stroke("mark", "M3 2V24") + gamma(5, 0.6, 0.1),
            "the same, often 0",
            "zeros",
            "TweedieNLL",
            "#sec-choosing-zeros",
        ),
    ],
    "A probability or a class": [
        (
            bars([0.45, 0.9], 1),
            "probability of an event",
            "probability",
            "SigmoidCrossEntropy",
            LOG,
        ),
        (
            bars([0.45, 0.9], 1) + stroke("odd", "M0 8H44"),
            "a decision with costs",
            "threshold",
            "… and a threshold",
            "#sec-choosing-threshold",
        ),
        (
            SEVERAL,
            "one of several classes",
            "classes",
            "SoftmaxCrossEntropy",
            "softmax.html#sec-softmax-definition",
        ),
        (
            SEVERAL + stroke("odd", "M3 4L11 12M11 4L3 12"),
            "many labels are wrong",
            "noise",
            "GeneralizedCrossEntropy",
            "#sec-choosing-noise",
        ),
    ],
    "A target with a structure": [
        (TAGS, "several labels at once", "labels", "SigmoidCrossEntropy", LOG),
        (
            bars([0.2, 0.4, 0.6, 0.8, 1.0], 2),
            "an ordered grade",
            "grade",
            "OrdinalCoral, OrdinalCorn",
            "structured-labels.html#sec-structured-labels-coral",
        ),
        (bars([0.95, 0.7, 0.5, 0.3]), "an order", "rank", "RankNet", "#sec-choosing-rank"),
        (DISC, "a mask", "mask", "SigmoidCrossEntropy", LOG),
        (
            rectangle("line", 6, 3, 22, 15) + rectangle("odd", 12, 7, 22, 15),
            "a box",
            "box",
            "AbsoluteError, GIoU",
            "overlap.html#sec-overlap-boxes",
        ),
        (
            PAIR + dots("odd", (6, 3), (38, 21)),
            "what belongs together",
            "embedding",
            "InfoNCE, Triplet",
            "#sec-choosing-embedding",
        ),
        (
            "".join(rectangle(kind, x, 7, width, 10) for kind, x, width in PARTS),
            "a sequence, not aligned",
            "sequence",
            "CTC",
            "#sec-choosing-sequence",
        ),
    ],
}


def row(y, picture, words, section, loss, address):
    start = 70 + 7.4 * len(words)
    tie = f'<path class="tie" d="M{start:.0f} {y + 16}H230" aria-hidden="true"/>\n'
    return (
        f'<g transform="translate(4 {y + 3})" aria-hidden="true">{picture}</g>\n'
        f'<a href="#sec-choosing-{section}">{rectangle("hit", 54, y + 1, 178, 30)}'
        f'<text x="58" y="{y + 21}">{escape(words)}</text></a>\n'
        f'{tie if start < 225 else ""}<a href="{address}">{rectangle("box", 236, y + 1, 198, 30)}'
        f'<text class="loss" x="335" y="{y + 21}">{escape(loss)}</text></a>\n'
    )


def drawing():
    parts, y = [], 8
    for head, rows in GROUPS.items():
        parts.append(f'<text class="head" x="2" y="{y + 14}">{head}</text>\n')
        y += 26
        for line in rows:
            parts.append(row(y, *line))
            y += 35
        y += 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="choosing-map" viewBox="0 0 438 {y}"'
        f' role="group" aria-label="{LABEL}">\n<style>{STYLE}</style>\n'
        + "".join(parts)
        + "</svg>\n"
    )


if __name__ == "__main__":
    TARGET.write_text(drawing(), encoding="utf-8")
