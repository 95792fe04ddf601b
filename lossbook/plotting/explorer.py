"""A slider for a parameter of a loss in plain HTML, without a server and without a library."""

import re
import unicodedata
from dataclasses import dataclass, fields
from html import escape
from numbers import Real
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from .graphs import axis_labels, loss_graphs, name_of

# Lengths are in the picture's own unit, about a tenth of a pixel: whole numbers are fine enough.
WIDTH, LEFT, RIGHT = 4800, 460, 4720
TITLE, HEIGHT, GAP, BOTTOM = 290, 1040, 80, 440
TOLERANCE = 0.5

LETTERS = re.compile(r"[^\W\d²]+|∂")
PLAIN = {
    r"\hat y": "ŷ",
    r"\partial ": "∂",
    r"\partial": "∂",
    r"\ell": "ℓ",
    "/": "\N{THIN SPACE}/",
    "^2": "²",
    "-": "−",
}

STYLE = """
.lossbook-explorer {
  background: var(--pst-color-background, var(--jp-layout-color0, #fff));
  color: var(--pst-color-text-base, var(--jp-content-font-color1, #222));
  --curve: var(--pst-color-primary, var(--jp-brand-color1, #0072b2));
  margin: 0 auto 1em;
  max-width: 538px;
}
.lossbook-explorer label { align-items: center; display: flex; gap: 0.75em; }
.lossbook-explorer input { accent-color: var(--curve); flex: 1; height: 2em; min-width: 0; }
.lossbook-explorer svg { display: block; font-size: 140px; width: 100%; }
.lossbook-explorer text { fill: currentColor; }
.lossbook-explorer tspan { font: italic 160px serif; }
.lossbook-explorer path {
  fill: none; stroke: currentColor; stroke-linecap: round; vector-effect: non-scaling-stroke;
}
.lossbook-explorer .grid { opacity: 0.2; }
.lossbook-explorer .reference { opacity: 0.65; stroke-dasharray: 5 5; stroke-width: 1.5; }
.lossbook-explorer .curve { stroke: var(--curve); stroke-width: 2.5; }
.lossbook-explorer .jumps { stroke: var(--curve); stroke-width: 8; }
"""

SCRIPT = """
const explorer = this.closest('.lossbook-explorer');
explorer.querySelectorAll('[data-name]').forEach((state, i) => {
  const shown = i === this.valueAsNumber;
  state.setAttribute('display', shown ? 'inline' : 'none');
  if (shown) {
    explorer.querySelector('output').value = state.dataset.name;
    this.setAttribute('aria-valuetext', state.dataset.name);
  }
});
"""

# JupyterLab would take the arrow keys for itself where shortcuts are not suppressed.
PAGE = """\
<div class="lossbook-explorer">
<style>{style}</style>
<div><code><output aria-live="off">{name}</output></code></div>{dashed}
<label>{symbol}<input type="range" min="0" max="{last}" value="{start}" autocomplete="off"
data-lm-suppress-shortcuts="true" aria-valuetext="{name}" oninput="{script}"></label>
<noscript>The slider needs JavaScript.</noscript>
<svg viewBox="0 0 {width} {height}" role="img" aria-label="{description}">
{axes}
{references}
{states}
</svg>
</div>
"""


@dataclass(frozen=True, repr=False)
class Explorer:
    """A loss with a slider, which a notebook shows as HTML."""

    html: str
    summary: str

    def _repr_html_(self):
        return self.html

    def __repr__(self) -> str:
        return self.summary


def explorer(
    loss_class: Any,
    parameter: Any,
    values: Any,
    y_pred: Any,
    *,
    y_true: float = 0.0,
    reference: Any = None,
    **fixed: Any,
) -> Any:
    """Return a figure of a loss with a slider for one of its parameters.

    The slider changes the graphs of the loss, of its gradient and of its curvature together, on
    fixed axes.  It starts at the value that is nearest to the default of the parameter, or halfway
    from there to the last value if the loss with that default is the one for comparison, whose
    curves would cover its own.  All curves are computed in advance, so the page only needs a
    browser.

    Parameters
    ----------
    loss_class : type
        A class of pointwise losses, such as `lossbook.Huber`.
    parameter : str
        The parameter to vary.
    values : array_like
        The values of the parameter, one for each step of the slider.  They are rounded to four
        significant digits.
    y_pred : array_like
        Predictions at which to evaluate the loss.
    y_true : float, default 0.0
        The target of all predictions.  With 0, the prediction is the residual.
    reference : PointwiseLoss, optional
        A loss for comparison, which is drawn as a dashed line.
    **fixed
        Values of the other parameters.

    Returns
    -------
    Explorer
        A notebook shows it as HTML.

    Raises
    ------
    TypeError
        If a loss is not pointwise or does not have this parameter.
    ValueError
        If `values` is empty, or a loss does not admit a value, `y_true` or `y_pred`.

    Examples
    --------
    >>> import numpy as np
    >>> import lossbook as lb
    >>> from lossbook import plotting
    >>> plotting.explorer(lb.Huber, "delta", [0.5, 1.0, 2.0], np.linspace(-3, 3, 121))
    <explorer of Huber: delta from 0.5 to 2 in 3 steps>
    """
    values = [float(f"{value:.4g}") for value in values]
    if not values:
        raise ValueError("values must hold one number or more; got none")
    losses = [loss_class(**{parameter: value}, **fixed) for value in values]
    graphs = [loss_graphs(loss, y_pred, y_true) for loss in losses]
    compared, dashed = [], ""
    if reference is not None:
        compared = loss_graphs(reference, y_pred, y_true)
        dashed = f"<div>dashed: <code>{escape(name_of(reference))}</code></div>"
    varied, *titles = axis_labels(losses[:1], y_true)
    panels = [
        Panel.around(together, top=TITLE + i * (TITLE + HEIGHT + GAP))
        for i, together in enumerate(zip(*graphs, strict=True))
    ]
    start = _nearest_to_default(loss_class, parameter, values)
    if losses[start] == reference:
        start = (start + len(losses)) // 2
    names = [escape(name_of(loss)) for loss in losses]
    states = [
        f'<g data-name="{name}" display="{"inline" if i == start else "none"}">'
        f"{''.join(map(Panel.curve, panels, graphs[i]))}</g>"
        for i, name in enumerate(names)
    ]
    html = PAGE.format(
        style=STYLE,
        name=names[start],
        dashed=dashed,
        symbol=_symbol(parameter),
        last=len(values) - 1,
        start=start,
        script=" ".join(SCRIPT.split()),
        width=WIDTH,
        height=panels[-1].bottom + BOTTOM,
        description=f"{loss_class.__name__}: loss, gradient and curvature, one above the other",
        axes="\n".join([*map(Panel.axes, panels, titles), panels[-1].numbers_below(varied)]),
        references="\n".join(map(Panel.reference, panels, compared)),
        states="\n".join(states),
    )
    steps = f"{parameter} from {values[0]:g} to {values[-1]:g} in {len(values)} steps"
    return Explorer(html, f"<explorer of {loss_class.__name__}: {steps}>")


@dataclass(frozen=True)
class Panel:
    """One of the three graphs, with its position and the numbers that it shows."""

    top: float
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]

    @classmethod
    def around(cls, graphs: Any, top: Any) -> Any:
        """Return the panel that is large enough for all of these graphs."""
        y = np.concatenate([np.append(graph.y, graph.jumps_y) for graph in graphs])
        y = y[np.isfinite(y)]
        low, high = y.min(), y.max()
        margin = 0.06 * (high - low) or 1
        x = graphs[0].x
        return cls(top, (x[0], x[-1]), (low - margin, high + margin))

    @property
    def bottom(self) -> Any:
        """The position of the lower edge of the panel."""
        return self.top + HEIGHT

    def across(self, x: Any) -> Any:
        """Return how far from the left numbers are in the picture."""
        low, high = self.x_limits
        return LEFT + (x - low) / (high - low) * (RIGHT - LEFT)

    def down(self, y: NDArray[Any]) -> Any:
        """Return how far from the top numbers are in the picture."""
        low, high = self.y_limits
        return self.bottom - (y - low) / (high - low) * HEIGHT

    def axes(self, title: str) -> Any:
        """Draw the axes, the grid, and the numbers on the left."""
        rows = [(tick, self.down(tick)) for tick in _ticks(self.y_limits, 4)]
        grid = [f"M{LEFT} {y:.0f}H{RIGHT}" for _, y in rows]
        grid += [
            f"M{self.across(tick):.0f} {self.top}V{self.bottom}"
            for tick in _ticks(self.x_limits, 7)
        ]
        return "\n".join(
            [
                _text(0, self.top - 120, title),
                *(_text(LEFT - 60, y + 40, f"{tick:g}", "end") for tick, y in rows),
                f'<path class="grid" d="{"".join(grid)}"/>',
                f'<path d="M{LEFT} {self.top}V{self.bottom}H{RIGHT}"/>',
            ]
        )

    def numbers_below(self, varied: Any) -> Any:
        """Draw the numbers on the horizontal axis, and its name."""
        ticks = [
            _text(self.across(tick), self.bottom + 170, f"{tick:g}", "middle")
            for tick in _ticks(self.x_limits, 7)
        ]
        name = _text((LEFT + RIGHT) / 2, self.bottom + 360, varied, "middle")
        return "\n".join([*ticks, name])

    def curve(self, graph: Any) -> Any:
        """Draw a graph and the dots at its jumps."""
        dots = zip(self.across(graph.jumps_x), self.down(graph.jumps_y), strict=True)
        jumps = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in dots)
        return f'<path class="curve" d="{self._line(graph)}"/>' + (
            f'<path class="jumps" d="{jumps}"/>' if jumps else ""
        )

    def reference(self, graph: Any) -> str:
        """Draw a graph that may leave the panel."""
        width = RIGHT - LEFT
        return (
            f'<svg x="{LEFT}" y="{self.top}" width="{width}" height="{HEIGHT}"'
            f' viewBox="{LEFT} {self.top} {width} {HEIGHT}">'
            f'<path class="reference" d="{self._line(graph)}"/></svg>'
        )

    def _line(self, graph):
        points = np.column_stack([self.across(graph.x), self.down(graph.y)])
        pieces = np.split(points, np.flatnonzero(np.diff(np.isfinite(graph.y))) + 1)
        return "".join(
            _path(_essential(piece))
            for piece in pieces
            if np.isfinite(piece).all() and piece[0, 0] < piece[-1, 0]
        )


def _path(points):
    """Return the data of a path: a place to start at and steps from point to point."""
    points = np.rint(points).astype(int)
    start, *steps = [f"{x} {y}" for x, y in (points[0], *np.diff(points, axis=0))]
    return f"M{start}l{' '.join(steps)}"


def _essential(points):
    """Return the points that the line through the others passes by further than TOLERANCE."""
    first, along = points[0], points[-1] - points[0]
    across, down = (points - first).T
    distance = np.abs(along[0] * down - along[1] * across) / np.hypot(*along)
    farthest = int(np.argmax(distance))
    if distance[farthest] <= TOLERANCE:
        return points[[0, -1]]
    left, right = _essential(points[: farthest + 1]), _essential(points[farthest:])
    return np.concatenate([left, right[1:]])


def _text(x, y, content, anchor="start"):
    """Return text for the picture; letters of mathematics, between dollars, are set in italics."""
    for mathtext, plain in PLAIN.items():
        content = content.replace(mathtext, plain)
    content = re.sub(
        r"\$(.*?)\$", lambda math: LETTERS.sub(r"<tspan>\g<0></tspan>", math[1]), content
    )
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{content}</text>'


def _ticks(limits, most):
    low, high = limits
    ticks = MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [tick for tick in ticks if low <= tick <= high]


def _symbol(parameter):
    """Return the Greek letter that the parameter is named after, or else its name."""
    try:
        return unicodedata.lookup(f"Greek small letter {parameter}")
    except KeyError:
        return parameter


def _nearest_to_default(loss_class, parameter, values):
    default = next(field.default for field in fields(loss_class) if field.name == parameter)
    if not isinstance(default, Real):
        return 0
    return min(range(len(values)), key=lambda i: abs(values[i] - default))
