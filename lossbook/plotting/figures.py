"""Figures of losses, their gradients and their curvature."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from ..core.loss import Loss
from .graphs import axis_labels, loss_graphs, name_of

WIDTH = 5.6
# Characters of a legend that fit beside each other, and how many the sample of a line takes up.
LEGEND_WIDTH, LEGEND_SAMPLE = 69, 9


def plot_losses(losses: Any, y_pred: Any, *, y_true: float = 0.0, labels: Any = None) -> Any:
    r"""Draw losses, their gradients and their curvature, one above the other.

    Where a function jumps, its line is interrupted and a dot marks its value.

    Parameters
    ----------
    losses : PointwiseLoss or sequence of PointwiseLoss
        The losses to draw.  Each has its own colour and its own dashes.
    y_pred : array_like
        Predictions at which to evaluate the losses.
    y_true : float, default 0.0
        The target of all predictions.  With 0, the prediction is the residual.
    labels : sequence of str, optional
        Names in the legend.  By default, these are the losses as Python prints them.

    Returns
    -------
    matplotlib.figure.Figure
        A figure with three axes, which show the loss, the gradient and the curvature from top to
        bottom.

    Raises
    ------
    TypeError
        If a loss is not pointwise, so that its prediction is not one number.
    ValueError
        If there is not one label per loss, or if `y_true` or `y_pred` is outside the domain of a
        loss.

    Examples
    --------
    >>> import numpy as np
    >>> import lossbook as lb
    >>> from lossbook import plotting
    >>> residuals = np.linspace(-3, 3, 301)
    >>> figure = plotting.plot_losses([lb.HalfSquaredError(), lb.Huber(delta=1.0)], residuals)
    >>> [axes.get_title(loc="left").split()[0] for axes in figure.axes]
    ['loss', 'gradient', 'curvature']
    """
    losses = [losses] if isinstance(losses, Loss) else list(losses)
    graphs = [loss_graphs(loss, y_pred, y_true) for loss in losses]
    labels = [name_of(loss) for loss in losses] if labels is None else list(labels)
    if len(labels) != len(losses):
        raise ValueError(f"labels must have {len(losses)} names, one a loss; got {labels!r}")
    varied, *titles = axis_labels(losses, y_true)

    figure, panels = plt.subplots(3, sharex=True, figsize=(WIDTH, 6.2), layout="constrained")
    for axes, title, lines in zip(panels, titles, zip(*graphs, strict=True), strict=True):
        axes.set_title(title, loc="left")
        axes.margins(x=0)
        axes.locator_params("y", nbins=5, steps=[1, 2, 5, 10])
        for line, label in zip(lines, labels, strict=True):
            _draw(axes, line, label=label)
    panels[-1].set_xlabel(varied)
    _legend(figure, panels[0])
    return figure


def _draw(axes, line, **style):
    (drawn,) = axes.plot(line.x, line.y, **style)
    axes.plot(line.jumps_x, line.jumps_y, "o", color=drawn.get_color(), markersize=4.5)


def _legend(figure, axes):
    handles, labels = axes.get_legend_handles_labels()

    def width(columns):
        parts = np.array_split(labels, columns)
        return sum(max(map(len, part)) + LEGEND_SAMPLE for part in parts)

    columns = max(n for n in range(1, len(labels) + 1) if n == 1 or width(n) <= LEGEND_WIDTH)
    figure.legend(handles, labels, loc="outside upper left", ncols=columns)
