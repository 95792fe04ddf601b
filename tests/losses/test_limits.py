"""Predictions at the ends of what floats hold, and beyond: the exact loss, or its limit.

Of single and of double precision: infinity, the largest number, the least one, and pairs of finite
numbers whose difference is infinite.
"""

from dataclasses import replace

import numpy as np
import pytest
from mpmath import mp
from reference.definition import value

import lossbook as lb
from lossbook.core.domains import FINITE
from lossbook.core.loss import ClassLoss, RowLoss
from lossbook.core.masks import MaskLoss
from lossbook.core.residual import ResidualLoss
from reference import LOSSES, POINTWISE
from reference import exact as exactly

SCALED = [
    lb.Cauchy(scale=1e-3),
    lb.Fair(scale=1e-3),
    lb.GemanMcClure(scale=1e-3),
    lb.Huber(delta=1e-3),
    lb.PseudoHuber(delta=1e-3),
    lb.SmoothL1(beta=1e-3),
    lb.SmoothPinball(width=1e-3),
    lb.Tukey(scale=1e-3),
    lb.Welsch(scale=1e-3),
    *(
        lb.GeneralRobust(alpha=alpha, scale=scale)
        for alpha in (-20.0, -2.0, 0.0, 0.5, 1.0, 1.25, 1.9375, 2.0, 2.0625, 3.0)
        for scale in (1e-3, 1e3)
    ),
]
"""Losses whose ratio of the residual to a scale overflows before the residual does."""

WITHOUT_CONSTANTS = [loss for loss in POINTWISE if not getattr(loss, "constant_terms", False)]

FEW = 150
DIGITS = {np.float64: 700, np.float32: FEW}
"""Enough for 1 plus the square of the least number's step, and for the largest target times one."""
STEP = mp.mpf(10) ** -10
"""A step of differences, relative to the size of the residual or of the prediction."""
BEYOND = 400, 800
"""Numbers of this many digits stand for infinity: what grows from one to the other has no limit."""


def parts_of(loss, y, x):
    """Return value, gradient and second derivative at a prediction, by differences."""
    y, x = exactly(y), exactly(x)
    h = STEP * (max(abs(x), abs(x - y)) if isinstance(loss, ResidualLoss) else abs(x))
    low, middle, high = (value(loss, y, x + step) for step in (-h, 0, h))
    return middle, (high - low) / (2 * h), (high - 2 * middle + low) / h**2


def limit_of(loss, y, sign):
    """Return the same for a prediction that goes to infinity."""
    far, farther = (parts_of(loss, y, sign * mp.mpf(10) ** n) for n in BEYOND)
    grows = [abs(b) > 1.5 * abs(a) and abs(b) > 1e-30 for a, b in zip(far, farther, strict=True)]
    return [mp.sign(b) * mp.inf if up else b for b, up in zip(farther, grows, strict=True)]


def ends(dtype):
    """Return what is tried in a precision."""
    info = np.finfo(dtype)
    sizes = [float(info.smallest_subnormal), float(info.tiny), 1e-20, 1e20, float(info.max)]
    return [*(-size for size in reversed(sizes)), *sizes]


def pairs(loss, dtype):
    """Yield targets and predictions, none of them at a kink."""
    labels = [0.0, 0.25, -0.75, ends(dtype)[0], ends(dtype)[-1]]
    if loss.y_true_domain is not FINITE:
        labels += [-1.0, 1.0]
    predictions = [-np.inf, *ends(dtype), np.inf]
    for y in labels:
        for x in predictions:
            inside = loss.y_pred_domain is None or loss.y_pred_domain.contains(np.array(x))
            if x != y and inside and loss.y_true_domain.contains(np.array(y)):
                yield y, x


def expected(loss, y, x, dtype):
    """Return the exact value, gradient and second derivative, or their limits."""
    with np.errstate(over="ignore"):
        beyond = np.isinf(dtype(x) - dtype(y))
    with mp.workdps(FEW if beyond else DIGITS[dtype]):
        of_x = limit_of(loss, y, np.sign(x)) if beyond else parts_of(loss, y, x)
        return [float(each) for each in of_x]


@pytest.mark.parametrize("loss", WITHOUT_CONSTANTS + SCALED, ids=repr)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_infinite_prediction_or_residual_gives_the_limit(loss, dtype):
    each = replace(loss, reduction="none")
    y, x = (np.array(c, dtype) for c in zip(*pairs(loss, dtype), strict=True))
    got = [each(y, x), *each.gradient_and_hessian(y, x)]
    exact = [expected(loss, *map(float, pair), dtype) for pair in zip(y, x, strict=True)]
    tolerance = 1e-12 if dtype == np.float64 else 2e-5
    for part, wanted in zip(got, np.transpose(exact), strict=True):
        with np.errstate(over="ignore"):
            wanted = wanted.astype(dtype)
        for some, least in (np.abs(x) > 1, 1e-30), (np.abs(x) < 1, np.finfo(dtype).eps):
            np.testing.assert_allclose(part[some], wanted[some], tolerance, least)


@pytest.mark.parametrize(
    "loss", [loss for loss in POINTWISE if loss not in WITHOUT_CONSTANTS], ids=repr
)
def test_constant_terms_change_no_limit(loss):
    plain, each = (replace(loss, reduction="none", constant_terms=c) for c in (False, True))
    y, x = np.array([0.25, 1.0, 7.0, 7.0]), np.array([np.inf, -np.inf, np.inf, -1e300])
    np.testing.assert_array_equal(np.isinf(each(y, x)), np.isinf(plain(y, x)))
    for part, wanted in zip(
        each.gradient_and_hessian(y, x), plain.gradient_and_hessian(y, x), strict=True
    ):
        np.testing.assert_array_equal(part, wanted)


# Rows of scores.  1e300 stands for infinity, and scores that are equally infinite are equal.

ROWS = [
    loss
    for loss in LOSSES
    if isinstance(loss, ClassLoss | RowLoss)
    and loss.y_pred_domain is None
    and not isinstance(loss, MaskLoss)
]
INFINITE = np.array(
    [
        [np.inf, 0.0, 1.0],
        [0.5, -np.inf, 1.0],
        [np.inf, 2.0, -np.inf],
        [-np.inf, -np.inf, 0.0],
        [-np.inf, 1.0, np.inf],
    ]
)


NO_LIMIT = {lb.ListMLE: [3], lb.CrammerSinger: [2, 4]}
"""Two items of score -inf are masked, not equal; one infinity is as far above a score as two."""


@pytest.mark.parametrize("loss", ROWS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_infinite_scores_give_the_limit(loss, dtype):
    each, huge = replace(loss, reduction="none"), 1e300 if dtype == np.float64 else 1e30
    finite, but_rows = INFINITE.clip(-huge, huge), NO_LIMIT.get(type(loss), [])
    for y in [0, 1, 2] if isinstance(loss, ClassLoss) else [[1, 0, 0], [0, 1, 0], [0, 1, 1]]:
        y_true = np.array([y] * len(INFINITE))
        got = (
            each(y_true, INFINITE.astype(dtype)),
            *each.gradient_and_hessian(y_true, INFINITE.astype(dtype)),
        )
        limit = each(y_true, finite), *each.gradient_and_hessian(y_true, finite)
        for part, wanted in zip(got, limit, strict=True):
            assert part.dtype == dtype
            wanted = np.where(np.abs(wanted) > huge / 1e4, np.copysign(np.inf, wanted), wanted)
            part, wanted = (np.delete(rows, but_rows, axis=0) for rows in (part, wanted))
            np.testing.assert_allclose(part, wanted, 1e-5, 1e-20)
