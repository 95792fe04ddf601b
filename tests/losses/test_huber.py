"""Losses of one shape near zero and another far off: kinks, extremes, relations, optima."""

import numpy as np
import pytest
from draws import R, Z
from single import DTYPES, assert_best, assert_nan, assert_parts, assert_refused, assert_same, each

import lossbook as lb

INF = np.inf
ABSOLUTE = lb.AbsoluteError()
HUBER = lb.Huber(delta=2.0)
SMOOTH = lb.SmoothL1(beta=2.0)
SQUARED_TUBE = lb.SquaredEpsilonInsensitive(epsilon=0.5)
TUBE = lb.EpsilonInsensitive(epsilon=0.5)


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (HUBER, 1.0, 1.0, (0, 0, 1)),
        (HUBER, 1.0, 3.0, (2, 2, 1)),
        (HUBER, 1.0, -1.0, (2, -2, 1)),
        (HUBER, 1.0, 3.5, (3, 2, 0)),
        (HUBER, 1.0, -1.5, (3, -2, 0)),
        (SMOOTH, 1.0, 1.0, (0, 0, 0.5)),
        (SMOOTH, 1.0, 3.0, (1, 1, 0.5)),
        (SMOOTH, 1.0, -1.0, (1, -1, 0.5)),
        (SMOOTH, 1.0, 3.5, (1.5, 1, 0)),
        (TUBE, 1.0, 1.0, (0, 0, 0)),
        (TUBE, 1.0, 1.5, (0, 0, 0)),
        (TUBE, 1.0, 0.5, (0, 0, 0)),
        (TUBE, 1.0, 3.0, (1.5, 1, 0)),
        (TUBE, 1.0, -1.0, (1.5, -1, 0)),
        (lb.EpsilonInsensitive(epsilon=0), 1.0, 1.0, (0, 0, 0)),
        (SQUARED_TUBE, 1.0, 1.0, (0, 0, 0)),
        (SQUARED_TUBE, 1.0, 1.5, (0, 0, 0)),
        (SQUARED_TUBE, 1.0, 0.5, (0, 0, 0)),
        (SQUARED_TUBE, 1.0, 3.0, (2.25, 3, 2)),
        (SQUARED_TUBE, 1.0, -1.0, (2.25, -3, 2)),
        (lb.SquaredEpsilonInsensitive(epsilon=0), 1.0, 1.0, (0, 0, 0)),
        (lb.PseudoHuber(delta=3.0), 1.0, 1.0, (0, 0, 1)),
        (lb.LogCosh(), 1.0, 1.0, (0, 0, 1)),
        (lb.Huber(), 0.0, 1e38, (1e38, 1, 0)),
        (lb.Huber(), 0.0, -INF, (INF, -1, 0)),
        (lb.Huber(delta=1e-30), 0.0, 1.0, (1e-30, 1e-30, 0)),
        (lb.SmoothL1(beta=1e-30), 0.0, -1.0, (1, -1, 0)),
        (lb.SmoothL1(beta=1e-30), 0.0, 0.0, (0, 0, 1e30)),
        (lb.LogCosh(), 0.0, 1e-8, (5e-17, 1e-8, 1)),
        (lb.LogCosh(), 0.0, -1e-8, (5e-17, -1e-8, 1)),
        (lb.LogCosh(), 0.0, 1e4, (1e4 - np.log(2), 1, 0)),
        (lb.LogCosh(), 0.0, -1e38, (1e38, -1, 0)),
        (lb.LogCosh(), 0.0, -INF, (INF, -1, 0)),
        (lb.PseudoHuber(), 0.0, 1e-8, (5e-17, 1e-8, 1)),
        (lb.PseudoHuber(), 0.0, -1e38, (1e38, -1, 0)),
        (lb.PseudoHuber(delta=1e-30), 0.0, 1.0, (1e-30, 1e-30, 0)),
        (lb.PseudoHuber(delta=1e15), 0.0, 1.0, (0.5, 1, 1)),
        (TUBE, 0.0, 1e38, (1e38, 1, 0)),
        (TUBE, 0.0, -INF, (INF, -1, 0)),
        (SQUARED_TUBE, 0.0, -1e15, ((1e15 - 0.5) ** 2, 1 - 2e15, 2)),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("z", [1e3, 1e10, 1e38])
def test_float64_goes_on_where_float32_ends(z):
    np.testing.assert_array_equal(each(lb.Huber(), 0.0, z * z), (z * z - 0.5, 1, 0))


def test_pseudo_huber_over_three_hundred_decades():
    value, gradient, hessian = each(lb.PseudoHuber(delta=1e-150), 0.0, 1e150)
    assert (value, gradient) == (pytest.approx(1, rel=1e-15), pytest.approx(1e-150, rel=1e-15))
    assert hessian == 0


@pytest.mark.parametrize(
    "loss",
    [
        lb.Huber(),
        lb.SmoothL1(),
        lb.PseudoHuber(),
        lb.LogCosh(),
        lb.EpsilonInsensitive(),
        lb.SquaredEpsilonInsensitive(),
    ],
    ids=repr,
)
def test_not_a_number_stays_one(loss):
    assert_nan(loss, 1.0)


def test_relations():
    assert_same(lb.SmoothL1(beta=0.4), lb.Huber(delta=0.4), R, Z, 1 / 0.4)
    assert_same(lb.Huber(delta=1e6), lb.HalfSquaredError(), R, Z)
    assert_same(lb.SmoothL1(beta=1e-18), lb.AbsoluteError(), R, Z)
    assert_same(lb.PseudoHuber(delta=1e9), lb.HalfSquaredError(), R, Z)
    assert_same(lb.EpsilonInsensitive(epsilon=0.0), ABSOLUTE, R, Z)
    assert_same(lb.SquaredEpsilonInsensitive(epsilon=0.0), lb.SquaredError(), R, Z)


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (lb.Huber(delta=1.0), [0.0, 0, 10], None, 0.5),
        (lb.Huber(delta=1.0), [-10.0, 10], None, 0),
        (lb.Huber(delta=1.0), [0.0, 1], None, 0.5),
        (lb.Huber(delta=1.0), [0.0, 0, 10], [1, 1, 4], 9.5),
        (lb.Huber(delta=100.0), [0.0, 3, 9], None, 4),
        (lb.Huber(delta=1.0), [2.0, 2, 2], None, 2),
        (lb.SmoothL1(beta=1.0), [0.0, 0, 10], None, 0.5),
        (lb.SmoothL1(beta=0.5), [-10.0, 20], None, 5),
        (lb.PseudoHuber(delta=1e9), [0.0, 3, 9], None, 4),
        (lb.PseudoHuber(delta=1e-9), [0.0, 3, 900], None, 3),
        (lb.PseudoHuber(), [-10.0, 20], None, 5),
        (lb.LogCosh(), [-10.0, 20], [1, 1], 5),
        (lb.EpsilonInsensitive(epsilon=1), [0.0, 10], None, 5),
        (lb.EpsilonInsensitive(epsilon=1), [0.0, 0, 10], None, 1),
        (lb.SquaredEpsilonInsensitive(epsilon=1), [0.0, 0, 10], None, 11 / 3),
        (lb.SquaredEpsilonInsensitive(epsilon=1), [0.0, 1], None, 0.5),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


@pytest.mark.parametrize(
    ("loss", "name", "values"),
    [
        (lb.EpsilonInsensitive, "epsilon", [-0.1, INF, np.nan]),
        (lb.SquaredEpsilonInsensitive, "epsilon", [-0.1, INF]),
        (lb.PseudoHuber, "delta", [0, -1, INF]),
    ],
)
def test_parameters_out_of_range(loss, name, values):
    assert_refused(loss, name, values)


def test_traits_follow_the_parameters():
    assert lb.Huber(delta=3).traits.lipschitz == 3
    assert lb.SmoothL1(beta=3).traits.lipschitz == 1
    assert lb.PseudoHuber(delta=3).traits.lipschitz == 3
