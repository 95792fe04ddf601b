"""The picture that other sites show of a page."""

import textwrap

import numpy as np

import lossbook as lb

SIZE, DPI = (12, 6.3), 100
CURVES = (
    (lb.SquaredError(reduction="none"), "#0072B2"),
    (lb.AbsoluteError(reduction="none"), "#D55E00"),
    (lb.Huber(delta=0.4, reduction="none"), "#009E73"),
)


def draw_card(title, book, path):
    """Draw the title of a page above the name of the book, beside three losses."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DPI, facecolor="white")
    lines = textwrap.wrap(title, 22)
    figure.text(0.06, 0.86, "\n".join(lines), size=46, weight="bold", va="top", linespacing=1.25)
    figure.text(0.06, 0.1, book, size=22, color="#555555")
    axes = figure.add_axes((0.66, 0.2, 0.3, 0.6))
    axes.set_axis_off()
    residual = np.linspace(-1.6, 1.6, 201)
    for loss, colour in CURVES:
        axes.plot(residual, loss(np.zeros_like(residual), residual), color=colour, linewidth=6)
    figure.savefig(path)
