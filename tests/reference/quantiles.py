"""Losses of quantiles and expectiles, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import value
from .inputs import RESIDUAL

LOSSES = [
    lb.Pinball(),
    lb.Pinball(quantile=0.9),
    lb.SmoothPinball(),
    lb.SmoothPinball(quantile=0.8, width=1.5),
    lb.Expectile(),
    lb.Expectile(level=0.9),
]

INPUTS = {
    # Not as far as 40: exp(-r/w) multiplies the rounding of r/w by r/w.
    lb.SmoothPinball: (RESIDUAL[0], [-20.125, -1.75, -0.5625, 0.03125, 0.875, 1.125, 2.875, 8.5]),
}


@value.register
def _(loss: lb.Pinball, y, x):
    q = mp.mpf(loss.quantile)
    return max(q * (y - x), (1 - q) * (x - y))


@value.register
def _(loss: lb.SmoothPinball, y, x):
    q, width = mp.mpf(loss.quantile), mp.mpf(loss.width)
    return q * (y - x) + width * mp.log(1 + mp.exp((x - y) / width))


@value.register
def _(loss: lb.Expectile, y, x):
    level = mp.mpf(loss.level)
    return (level if y > x else 1 - level) * (y - x) ** 2
