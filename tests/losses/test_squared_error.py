"""Squared errors where they are special: extremes, relations, optimal constants."""

import numpy as np
import pytest
from draws import R_WEIGHTS, R, Z
from single import DTYPES, assert_agrees, assert_best, assert_nan, assert_parts, assert_same
from sklearn import metrics

import lossbook as lb

INF = np.inf


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (lb.SquaredError(), 3.0, 3.0, (0, 0, 2)),
        (lb.HalfSquaredError(), 3.0, 3.0, (0, 0, 1)),
        (lb.SquaredError(), 0.0, 1e-30, (0, 2e-30, 2)),
        (lb.SquaredError(), 0.0, INF, (INF, INF, 2)),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("loss", [lb.SquaredError(), lb.HalfSquaredError()], ids=repr)
def test_not_a_number_stays_one(loss):
    assert_nan(loss, 1.0)


def test_relations():
    assert_same(lb.SquaredError(), lb.HalfSquaredError(), R, Z, 2)


def test_means_of_equal_losses_are_exact():
    for n in 3, 7, 49, 1000:
        assert lb.SquaredError()(np.zeros(n), np.ones(n)) == 1
        assert lb.SquaredError()(np.zeros(n), np.ones(n), np.full(n, 2)) == pytest.approx(
            1, rel=1e-15
        )


def test_scikit_learn_agrees():
    assert_agrees(lb.SquaredError(), metrics.mean_squared_error, R, Z, R_WEIGHTS)


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (lb.SquaredError(), [1.0, 2, 6], None, 3),
        (lb.SquaredError(), [1.0, 2, 6], [1, 0, 1], 3.5),
        (lb.HalfSquaredError(), [[1.0, 2], [6, 7]], [[3, 0], [1, 0]], 2.25),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)
