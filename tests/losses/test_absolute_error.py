"""The absolute error where it is special: its kink, extremes, optimal constants."""

import pytest
from draws import R_WEIGHTS, R, Z
from single import DTYPES, assert_agrees, assert_best, assert_nan, assert_parts
from sklearn import metrics

import lossbook as lb

ABSOLUTE = lb.AbsoluteError()


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (ABSOLUTE, 3.0, 3.0, (0, 0, 0)),
        (ABSOLUTE, 0.0, -0.0, (0, 0, 0)),
        (ABSOLUTE, 0.0, 5.0, (5, 1, 0)),
        (ABSOLUTE, 0.0, -5.0, (5, -1, 0)),
        (ABSOLUTE, 0.0, -1e38, (1e38, -1, 0)),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


def test_not_a_number_stays_one():
    assert_nan(ABSOLUTE, 1.0)


def test_scikit_learn_agrees():
    assert_agrees(ABSOLUTE, metrics.mean_absolute_error, R, Z, R_WEIGHTS)


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (ABSOLUTE, [5.0, 1, 2], None, 2),
        (ABSOLUTE, [1.0, 2, 4, 300], None, 3),
        (ABSOLUTE, [1.0, 2, 300], [1, 1, 5], 300),
        (ABSOLUTE, [3.0, 1, 2], [1, 1, 0], 2),
        (ABSOLUTE, [1.0, 2, 3], [2, 1, 1], 1.5),
        (ABSOLUTE, [7.0], None, 7),
        (ABSOLUTE, 7.0, None, 7),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)
