"""Losses of adversarial networks, defined anew."""

from mpmath import mp

import lossbook as lb

from .definition import sigmoid

GANS = {
    lb.MinimaxGAN: (
        lambda r: -mp.log(sigmoid(r)),
        lambda f: -mp.log(1 - sigmoid(f)),
        lambda f: mp.log(1 - sigmoid(f)),
    ),
    lb.NonSaturatingGAN: (
        lambda r: -mp.log(sigmoid(r)),
        lambda f: -mp.log(1 - sigmoid(f)),
        lambda f: -mp.log(sigmoid(f)),
    ),
    lb.LeastSquaresGAN: (
        lambda r: (r - 1) ** 2 / 2,
        lambda f: f**2 / 2,
        lambda f: (f - 1) ** 2 / 2,
    ),
    lb.HingeGAN: (
        lambda r: max(mp.mpf(0), 1 - r),
        lambda f: max(mp.mpf(0), 1 + f),
        lambda f: -f,
    ),
    lb.WassersteinGAN: (lambda r: -r, lambda f: f, lambda f: -f),
}
"""What a real score and a fake one cost the discriminator, and a fake one the generator."""

SCORES = [-90.0, -40.25, -3.125, -0.875, 0.0, 0.75, 2.375, 33.5, 90.0]
