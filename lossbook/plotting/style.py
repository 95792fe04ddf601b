"""The style of all figures.

`COLORS` are assigned to the lines of a figure in their order.  Blue is for the subject of the
figure and vermillion is for the comparison, followed by green, purple and black.  `GREY` is for
data and for guides.  All colours can be distinguished from a light page and, where figures are
inverted, from a dark page.  Readers with any kind of colour vision can distinguish the lines.
"""

import sys
from typing import Any

import matplotlib as mpl
from cycler import cycler

COLORS = ["#0072B2", "#D55E00", "#009E73", "#AA3377", "#222222"]
DASHES = ["-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (9, 3))]
GREY = "#7A7A7A"

_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelsize": "medium",
    "axes.linewidth": 0.8,
    "axes.prop_cycle": cycler(color=COLORS) + cycler(linestyle=DASHES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "figure.figsize": (5.6, 3.4),
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "grid.color": "#D9D9D9",
    "grid.linewidth": 0.7,
    "legend.fontsize": "small",
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "lines.linewidth": 2,
    "lines.scale_dashes": True,
    "mathtext.fontset": "cm",
    "savefig.facecolor": "none",
    "svg.fonttype": "path",
    "svg.hashsalt": "lossbook",
    "xtick.color": GREY,
    "xtick.labelcolor": "black",
    "xtick.labelsize": "small",
    "ytick.color": GREY,
    "ytick.labelcolor": "black",
    "ytick.labelsize": "small",
}

# Nothing that changes from run to run is written into a figure.
_METADATA = {"Creator": None, "Date": None}


def use_style() -> None:
    """Set the style of the book for all following figures.

    The palette is suitable for colour-blind readers, and every line also has its own dashes.  The
    background is transparent.  The width fits a page and, after scaling, a phone.  In a notebook,
    figures are SVG images with the same bytes in every run.

    Examples
    --------
    >>> import matplotlib
    >>> from lossbook import plotting
    >>> plotting.use_style()
    >>> matplotlib.rcParams["axes.prop_cycle"].by_key()["color"] == plotting.COLORS
    True
    """
    mpl.rcParams.update(_STYLE)
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if shell is not None:
        from matplotlib_inline.config import InlineBackend

        inline = InlineBackend.instance(parent=shell)
        inline.shell = shell
        inline.print_figure_kwargs = {"bbox_inches": None, "metadata": _METADATA}  # type: ignore[dict-item]
        inline.figure_formats = {"svg"}
