"""Losses for data with outliers where they are special: kinks, extremes, relations, optima."""

import tracemalloc

import numpy as np
import pytest
from single import (
    DTYPES,
    assert_best,
    assert_least_hessian,
    assert_lowest,
    assert_nan,
    assert_parts,
    assert_refused,
)

import lossbook as lb

INF = np.inf
TUKEY = lb.Tukey(scale=2.0)


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (TUKEY, 1.0, 3.0, (2 / 3, 0, 0)),
        (TUKEY, 1.0, -1.0, (2 / 3, 0, 0)),
        (TUKEY, 1.0, 9.0, (2 / 3, 0, 0)),
        (lb.Fair(scale=3.0), 1.0, 1.0, (0, 0, 1)),
        (lb.Cauchy(scale=3.0), 1.0, 1.0, (0, 0, 1)),
        (lb.GemanMcClure(scale=3.0), 1.0, 1.0, (0, 0, 1)),
        (lb.Welsch(scale=3.0), 1.0, 1.0, (0, 0, 1)),
        (TUKEY, 1.0, 1.0, (0, 0, 1)),
        (lb.Fair(), 0.0, 1e-4, (4.999666691664667e-09, 1e-4 / 1.0001, 1 / 1.0001**2)),
        (lb.Fair(), 0.0, -1e38, (1e38, -1, 0)),
        (lb.Cauchy(), 0.0, 1e-8, (5e-17, 1e-8, 1)),
        (lb.Cauchy(), 0.0, -1e38, (np.log(1e38), -1e-38, 0)),
        (lb.Cauchy(), 0.0, INF, (INF, 0, 0)),
        (lb.GemanMcClure(), 0.0, 1e-8, (5e-17, 1e-8, 1)),
        (lb.GemanMcClure(), 0.0, -1e38, (0.5, 0, 0)),
        (lb.Welsch(), 0.0, 1e-8, (5e-17, 1e-8, 1)),
        (lb.Welsch(), 0.0, -1e38, (0.5, 0, 0)),
        (lb.Welsch(), 0.0, INF, (0.5, 0, 0)),
        (lb.Tukey(), 0.0, 1e-8, (5e-17, 1e-8, 1)),
        (TUKEY, 0.0, -1e38, (2 / 3, 0, 0)),
        (TUKEY, 0.0, INF, (2 / 3, 0, 0)),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize(
    "loss",
    [
        lb.Fair(),
        lb.Cauchy(),
        lb.GemanMcClure(),
        lb.Welsch(),
        lb.Tukey(),
    ],
    ids=repr,
)
def test_not_a_number_stays_one(loss):
    assert_nan(loss, 1.0)


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (lb.Fair(), [-10.0, 20], None, 5),
        (lb.Fair(scale=1e15), [0.0, 3, 9], None, 4),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


REDESCENDING = [lb.Cauchy(), lb.GemanMcClure(scale=0.5), lb.Welsch(scale=2.0), lb.Tukey()]


@pytest.mark.parametrize("loss", REDESCENDING, ids=repr)
def test_the_lowest_of_several_minima_is_found(loss):
    assert_lowest(loss)
    assert_least_hessian(loss)


@pytest.mark.parametrize("loss", REDESCENDING, ids=repr)
def test_of_two_equally_good_constants_the_smaller_one_is_optimal(loss):
    best = loss.optimal_constant([-50.0, 50.0])
    assert best < -48
    assert loss.optimal_constant([-50.0, 50.0], [1, 1.5]) > 48
    assert loss.optimal_constant([7.0, 7.0, -1.0], [1, 1, 0]) == 7


def test_the_optimal_constant_leaves_the_middle_when_two_targets_part():
    """The mean loss of Cauchy at the middle of ±d bends upwards up to d = c and then downwards."""
    loss = lb.Cauchy(scale=2.0)
    assert loss.optimal_constant([-1.9, 1.9]) == pytest.approx(0, abs=1e-14)
    assert loss.optimal_constant([-4.0, 4.0]) == pytest.approx(-(12**0.5), rel=1e-14)


def test_many_targets_are_not_held_in_a_matrix():
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.normal(3, 1, 200_000), rng.normal(40, 5, 90_000)])
    tracemalloc.start()
    best = lb.Tukey().optimal_constant(y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert best == pytest.approx(3, abs=0.02)
    assert peak < 12 * y.nbytes
    assert lb.Tukey().optimal_constant(np.arange(90_000) % 3) == pytest.approx(1, rel=1e-14)


@pytest.mark.parametrize("loss", REDESCENDING, ids=repr)
@pytest.mark.parametrize("y", [[0.0, 1e-200, 3e-200], [-1e300, 1e300, 1e300], [0, 1e-9, 1e9, 2e9]])
def test_optimal_constants_of_extreme_targets(loss, y):
    best = loss.optimal_constant(y)
    others = np.concatenate([y, [np.mean(y), np.median(y)]])
    assert all(loss(y, [best] * len(y)) <= loss(y, [each] * len(y)) for each in others)


@pytest.mark.parametrize(
    ("loss", "name", "values"),
    [
        (lb.Fair, "scale", [0, -1, INF, np.nan]),
        (lb.Cauchy, "scale", [0, INF]),
        (lb.GemanMcClure, "scale", [0, INF]),
        (lb.Welsch, "scale", [0, INF]),
        (lb.Tukey, "scale", [0, INF]),
    ],
)
def test_parameters_out_of_range(loss, name, values):
    assert_refused(loss, name, values)


def test_traits_follow_the_parameters():
    assert lb.Fair(scale=3).traits.lipschitz == 3


def test_a_residual_that_overflows_in_units_of_the_scale():
    value, c = lb.Cauchy(scale=1e-10)([0.0], [1e300]), 1e-10
    assert value == pytest.approx(c**2 * (np.log(1e300) - np.log(c)))
