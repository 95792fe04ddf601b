"""Losses of ratios where they are special: kinks, extremes, what has no ratio."""

import numpy as np
import pytest
from draws import R_WEIGHTS, R, Z
from single import (
    DTYPES,
    assert_agrees,
    assert_best,
    assert_inputs_refused,
    assert_nan,
    assert_parts,
)
from sklearn import metrics

import lossbook as lb

INF = np.inf
PERCENTAGE = lb.AbsolutePercentageError()


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (PERCENTAGE, -4.0, -4.0, (0, 0, 0)),
        (PERCENTAGE, -4.0, 0.0, (1, 0.25, 0)),
        (PERCENTAGE, 4.0, 2.0, (0.5, -0.25, 0)),
        (lb.SquaredLogError(), 3.0, 3.0, (0, 0, 1 / 8)),
        (lb.SquaredLogError(), 0.0, 1e-8, (1e-16 - 1e-24, 2e-8 - 3e-16, 2 - 6e-8)),
        (lb.SquaredLogError(), 1e-30, 0.0, (1e-60, -2e-30, 2)),
        (PERCENTAGE, 1e-30, 1.0, (1e30, 1e30, 0)),
        (PERCENTAGE, -1e30, 1e30, (2, 1e-30, 0)),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


def test_not_a_number_stays_one():
    assert_nan(PERCENTAGE, 1.0)


def test_scikit_learn_agrees():
    assert_agrees(PERCENTAGE, metrics.mean_absolute_percentage_error, R, Z, R_WEIGHTS)
    above = np.expm1(R), np.expm1(Z)
    metric = metrics.mean_squared_log_error
    assert_agrees(lb.SquaredLogError(), metric, *above, R_WEIGHTS, rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (lb.SquaredLogError(), [0.0, 99], None, 9),
        (lb.SquaredLogError(), [-0.75, 15], [1, 1], 1),
        (PERCENTAGE, [1.0, 4, 5], None, 1),
        (PERCENTAGE, [1.0, 4, 5], [1, 9, 1], 4),
        (PERCENTAGE, [-2.0, 2], None, 0),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "words"),
    [
        (PERCENTAGE, [1.0, 0.0], [1.0, 1.0], "y_true must be finite and not 0; got 0.0 at index 1"),
        (PERCENTAGE, [1.0, INF], [1.0, 1.0], "y_true must be finite and not 0; got inf at index 1"),
        (lb.SquaredLogError(), [-1.0], [0.0], "y_true must be in (-1, inf); got -1.0 at index 0"),
        (lb.SquaredLogError(), [0.0], [-1.5], "y_pred must be in (-1, inf); got -1.5 at index 0"),
        (lb.SquaredLogError(), [0.0], [INF], "y_pred must be in (-1, inf); got inf at index 0"),
    ],
)
def test_what_has_no_percentage_and_no_logarithm(loss, y_true, y_pred, words):
    assert_inputs_refused(loss, y_true, y_pred, words)
