"""The look of all figures.

`COLORS` go to the lines of a figure in their order: blue to what it is about, vermillion to what
that is compared with, then green, purple and black; `GREY` is for data and for guides.  All stand
out from the page, light or (where figures are inverted) dark, and the lines from each other for
readers with any kind of colour vision.
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
    """Draw every figure from here on in the style of the book.

    The palette is safe for colour-blind readers and every line has dashes of its own as well; the
    background is transparent, and the width fits a page and, scaled, a phone.  In a notebook,
    figures become SVG whose bytes are the same in every run.

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
