"""The losses once more: one sample at a time, in many digits, straight from their definitions.

Derivatives are numerical ones of the value, so no formula of the package is repeated.  Losses of
several predictions, and of batches, are seen as losses of one, as in `lossbook.testing.view`.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
from mpmath import mp

from lossbook.core.loss import ClassLoss, PointwiseLoss

from .definition import value
from .inputs import RESIDUAL

FAMILIES = [
    family
    for found in iter_modules(__path__)
    if hasattr(family := import_module(f"{__name__}.{found.name}"), "LOSSES")
]
LOSSES = [loss for family in FAMILIES for loss in family.LOSSES]
POINTWISE = [loss for loss in LOSSES if isinstance(loss, PointwiseLoss)]
OVER_CLASSES = [loss for loss in LOSSES if isinstance(loss, ClassLoss)]

# All inputs are short binary fractions, exact in single precision too; none is at a kink.
INPUTS = {
    kind: inputs for family in FAMILIES for kind, inputs in getattr(family, "INPUTS", {}).items()
}

DIGITS = 400
"""Enough for 1 - exp(-700), twice differentiated."""


@dataclass(frozen=True)
class Table:
    """Samples, and what the reference says of them."""

    y_true: np.ndarray
    y_pred: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray


@cache
def table(loss):
    """Return every pair of the loss's inputs with its value and derivatives."""
    labels, predictions = INPUTS.get(type(loss), RESIDUAL)
    pairs = [(y, x) for y in labels for x in predictions]
    with mp.workdps(DIGITS):
        values = [value(loss, exact(y), exact(x)) for y, x in pairs]
        slopes, bends = ([derivative(loss, y, x, order) for y, x in pairs] for order in (1, 2))
        results = (np.array(c, float) for c in (values, slopes, bends))
    return Table(*map(np.array, zip(*pairs, strict=True)), *results)


def exact(number):
    """Return a number or the numbers of a list in many digits."""
    return list(map(mp.mpf, number)) if isinstance(number, list) else mp.mpf(number)


def derivative(loss, y, x, order):
    """Return the derivative with respect to the prediction, for a list in each coordinate."""
    y, x = exact(y), exact(x)
    if not isinstance(x, list):
        return mp.diff(lambda u: value(loss, y, u), x, order)
    return [
        mp.diff(lambda u, k=k: value(loss, y, [*x[:k], u, *x[k + 1 :]]), x[k], order)
        for k in range(len(x))
    ]
