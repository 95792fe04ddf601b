"""The error function, which the normal distribution needs and NumPy does not have."""

from math import exp, factorial, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NEAR = 0.5
"""Up to here the power series is used, and beyond it the integral."""

_STEP = 0.5
"""Step of the trapezoidal rule, whose error is about exp(-(π/step)²) = 7e-18."""

_SERIES = tuple((-1) ** n * 2 / sqrt(pi) / (factorial(n) * (2 * n + 1)) for n in range(12))
_NODES = tuple((n * _STEP) ** 2 for n in range(1, 12))


def erf(x: NDArray[Any]) -> NDArray[Any]:
    r"""Return the error function, :math:`\tfrac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt`.

    Near 0 this is the sum of its power series.  Further out it is one minus

    .. math::

        \operatorname{erfc}(x)
            = \frac{2x}{\pi} e^{-x^2} \int_0^\infty \frac{e^{-t^2}}{t^2 + x^2}\, dt,

    and the trapezoidal rule gives this integral to full precision, because its integrand is smooth
    and falls off quickly.  Only its pole at :math:`t = ix` contributes an error, which is known
    and is subtracted.
    """
    a = np.minimum(np.abs(x), 6)  # beyond, the function is 1 to double precision
    square = a * a
    series = np.full_like(a, _SERIES[-1])
    for coefficient in _SERIES[-2::-1]:
        series = series * square + coefficient
    integral = 0.5 / square
    for node in _NODES:
        integral = integral + exp(-node) / (square + node)
    of_pole = 2 / np.expm1(2 * pi / _STEP * a)
    complement = 2 * _STEP / pi * a * np.exp(-square) * integral - of_pole
    return np.where(a < _NEAR, x * series, np.copysign(1 - complement, x))
