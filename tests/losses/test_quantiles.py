"""Losses of quantiles and expectiles where they are special: kinks, extremes, relations, optima."""

from functools import partial

import numpy as np
import pytest
from draws import R_WEIGHTS, R, Z
from single import (
    DTYPES,
    assert_agrees,
    assert_best,
    assert_nan,
    assert_parts,
    assert_refused,
    assert_same,
)
from sklearn import metrics

import lossbook as lb

INF = np.inf
ABSOLUTE = lb.AbsoluteError()
EXPECTILE = lb.Expectile(level=0.75)
PINBALL = lb.Pinball(quantile=0.75)


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (PINBALL, 3.0, 3.0, (0, 0, 0)),
        (PINBALL, 0.0, -0.0, (0, 0, 0)),
        (PINBALL, 1.0, 3.0, (0.5, 0.25, 0)),
        (PINBALL, 1.0, -1.0, (1.5, -0.75, 0)),
        (EXPECTILE, 3.0, 3.0, (0, 0, 1.5)),
        (EXPECTILE, 1.0, 3.0, (1, 1, 0.5)),
        (EXPECTILE, 1.0, -1.0, (3, -3, 1.5)),
        (lb.SmoothPinball(width=0.5), 1.0, 1.0, (np.log(2) / 2, 0, 0.5)),
        (PINBALL, 0.0, 1e38, (2.5e37, 0.25, 0)),
        (PINBALL, 0.0, -INF, (INF, -0.75, 0)),
        (lb.SmoothPinball(0.75), 0.0, 1e38, (2.5e37, 0.25, 0)),
        (lb.SmoothPinball(0.75), 0.0, -1e38, (7.5e37, -0.75, 0)),
        (lb.SmoothPinball(0.75, width=1e-30), 0.0, 1.0, (0.25, 0.25, 0)),
        (EXPECTILE, 0.0, 1e15, (2.5e29, 5e14, 0.5)),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("loss", [lb.Pinball(), lb.SmoothPinball(), lb.Expectile()], ids=repr)
def test_not_a_number_stays_one(loss):
    assert_nan(loss, 1.0)


def test_relations():
    assert_same(lb.Pinball(), ABSOLUTE, R, Z, 0.5)
    assert_same(lb.SmoothPinball(quantile=0.8, width=1e-9), lb.Pinball(quantile=0.8), R, Z)
    assert_same(lb.Expectile(), lb.HalfSquaredError(), R, Z)


def test_scikit_learn_agrees():
    metric = partial(metrics.mean_pinball_loss, alpha=0.8)
    assert_agrees(lb.Pinball(quantile=0.8), metric, R, Z, R_WEIGHTS)


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (lb.Pinball(quantile=0.75), [5.0, 1, 2, 3, 4], None, 4),
        (lb.Pinball(quantile=0.25), [5.0, 1, 2, 3], None, 1.5),
        (lb.Pinball(quantile=0.9), [1.0, 2], [9.5, 0.5], 1),
        (lb.Pinball(quantile=0.9), [1.0, 2], [8, 2], 2),
        (lb.SmoothPinball(quantile=0.75, width=2), [3.0, 3], None, 3 + 2 * np.log(3)),
        (lb.SmoothPinball(quantile=0.5, width=2), [3.0, 5], None, 4),
        (lb.Expectile(), [1.0, 2, 6], [1, 0, 1], 3.5),
        (lb.Expectile(level=0.75), [0.0, 1], None, 0.75),
        (lb.Expectile(level=0.75), [0.0, 1], [3, 1], 0.5),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


@pytest.mark.parametrize(
    ("loss", "name", "values"),
    [
        (lb.Pinball, "quantile", [0, 1, -0.5, np.nan]),
        (lb.SmoothPinball, "quantile", [0, 1]),
        (lb.SmoothPinball, "width", [0, -1, INF]),
        (lb.Expectile, "level", [0, 1, 1.5]),
    ],
)
def test_parameters_out_of_range(loss, name, values):
    assert_refused(loss, name, values)


def test_traits_follow_the_parameters():
    assert lb.Pinball(quantile=0.9).traits.lipschitz == 0.9
    assert lb.Pinball().traits.symmetric
    assert not lb.Pinball(quantile=0.9).traits.symmetric
    assert lb.SmoothPinball(quantile=0.1).traits.lipschitz == 0.9
    assert lb.Expectile().traits.twice_differentiable
    assert not lb.Expectile(level=0.9).traits.twice_differentiable
    assert lb.Expectile(level=0.9).traits.elicits == "expectile"
