"""Figures of the value, the gradient and the curvature of losses.

`use_style` sets the style, `plot_losses` draws losses side by side, and `explorer` puts a slider on
one of their parameters.
"""

try:
    import matplotlib  # noqa: F401
except ModuleNotFoundError as _error:
    raise ImportError(
        "lossbook.plotting needs matplotlib: pip install 'lossbook[plotting]'"
    ) from _error

from .explorer import Explorer, explorer
from .figures import plot_losses
from .style import COLORS, GREY, use_style

__all__ = [
    "COLORS",
    "GREY",
    "Explorer",
    "explorer",
    "plot_losses",
    "use_style",
]
