"""Draw the logo with the package."""

from pathlib import Path

import numpy as np

import lossbook as lb

STATIC = Path(__file__).resolve().parent.parent / "_static"
LOGO = [
    (lb.SquaredError(reduction="none"), "#3b7dd8"),
    (lb.AbsoluteError(reduction="none"), "#e07b39"),
    (lb.Huber(delta=0.4, reduction="none"), "#2f9e77"),
]


def logo(size=48, reach=2.2):
    """Return an SVG of three losses over the residual, cut off at the edge of a square."""
    residual = np.linspace(-reach, reach, 45)
    paths = []
    for loss, colour in LOGO:
        value = loss(np.zeros_like(residual), residual)
        x = size * (residual + reach) / (2 * reach)
        y = size * (0.9 - 0.38 * value)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        paths.append(f'<polyline points="{points}" stroke="{colour}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" fill="none"'
        ' stroke-width="3.5" stroke-linejoin="round">\n' + "\n".join(paths) + "\n</svg>\n"
    )


if __name__ == "__main__":
    STATIC.joinpath("logo.svg").write_text(logo(), encoding="utf-8")
