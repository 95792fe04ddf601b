"""Barron's family of losses where it is special: limits, extremes, relations, optima."""

import numpy as np
import pytest
from draws import R, Z
from single import (
    DTYPES,
    assert_best,
    assert_least_hessian,
    assert_lowest,
    assert_nan,
    assert_parts,
    assert_refused,
    assert_same,
)

import lossbook as lb

INF = np.inf


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (lb.GeneralRobust(alpha=0.5, scale=2.0), 1.0, 1.0, (0, 0, 0.25)),
        (lb.GeneralRobust(), 0.0, 1e-8, (5e-17, 1e-8, 1)),
        (lb.GeneralRobust(alpha=0.0), 0.0, 1e-8, (5e-17, 1e-8, 1)),
        (lb.GeneralRobust(alpha=-INF), 0.0, 1e-8, (5e-17, 1e-8, 1)),
        (lb.GeneralRobust(alpha=-INF), 0.0, 1e15, (1, 0, 0)),
        (lb.GeneralRobust(alpha=-2.0), 0.0, -1e10, (2, -1.6e-29, -4.8e-39)),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("limit", [0.0, 2.0, -INF])
def test_near_its_singularities_the_general_loss_is_its_limit(limit):
    r = np.array([-30.0, -1.5, -1e-8, 0.0, 1e-4, 0.75, 3.0])
    near = [-1e25, -1e100, -1e200] if limit == -INF else limit + np.array([-1, 1, 8]) * 2.0**-51
    expected = lb.GeneralRobust(alpha=limit, reduction="none")
    for alpha in near:
        loss = lb.GeneralRobust(alpha=alpha, reduction="none")
        for part in "__call__", "gradient", "hessian":
            result, wanted = (getattr(each, part)(np.zeros(7), r) for each in (loss, expected))
            np.testing.assert_allclose(result, wanted, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("alpha", [-INF, 0.0, 1.0, 2.0])
def test_not_a_number_stays_one(alpha):
    assert_nan(lb.GeneralRobust(alpha=alpha), 1.0)


def test_relations():
    assert_same(lb.GeneralRobust(alpha=2.0), lb.HalfSquaredError(), R, Z)
    assert_same(lb.GeneralRobust(alpha=1.0, scale=3.0), lb.PseudoHuber(delta=3.0), R, Z, 1 / 9)
    assert_same(lb.GeneralRobust(alpha=0.0, scale=3.0), lb.Cauchy(scale=3 * 2**0.5), R, Z, 1 / 9)
    assert_same(lb.GeneralRobust(alpha=-2.0, scale=3.0), lb.GemanMcClure(scale=6.0), R, Z, 1 / 9)
    assert_same(lb.GeneralRobust(alpha=-INF, scale=3.0), lb.Welsch(scale=3 * 2**0.5), R, Z, 1 / 9)


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (lb.GeneralRobust(alpha=2.0), [0.0, 3, 9], None, 4),
        (lb.GeneralRobust(alpha=1.0), [-10.0, 20], None, 5),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


@pytest.mark.parametrize("alpha", [-INF, -1e300, -5.0, -2.0, 0.0, 0.5, 0.99])
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_the_lowest_of_several_minima_is_found(alpha, scale):
    assert_lowest(lb.GeneralRobust(alpha=alpha, scale=scale))
    assert_least_hessian(lb.GeneralRobust(alpha=alpha, scale=scale))


@pytest.mark.parametrize(("alpha", "scale"), [(-1.0, 1e-200), (0.5, 1e-155), (-INF, 1e200)])
def test_optimal_constants_of_extreme_scales(alpha, scale):
    loss, y = lb.GeneralRobust(alpha=alpha, scale=scale), [0.0, 1.0, 1.0, 3.0]
    best = loss.optimal_constant(y)
    assert all(loss(y, [best] * 4) <= loss(y, [each] * 4) for each in (*y, np.mean(y)))


@pytest.mark.parametrize(("name", "values"), [("alpha", [INF, np.nan]), ("scale", [0, INF])])
def test_parameters_out_of_range(name, values):
    assert_refused(lb.GeneralRobust, name, values)


def test_traits_follow_the_parameters():
    assert lb.GeneralRobust(alpha=1.0).traits.convex
    assert not lb.GeneralRobust(alpha=0.9).traits.convex
    assert lb.GeneralRobust(alpha=-0.1).traits.bounded
    assert not lb.GeneralRobust(alpha=0.0).traits.bounded
    assert lb.GeneralRobust(alpha=2.0).traits.lipschitz == INF


def test_a_residual_that_overflows_in_units_of_the_scale():
    slope = lb.GeneralRobust(alpha=1.5).gradient([0.0], [1.7e308])
    np.testing.assert_allclose(slope, 2**-0.25 * np.sqrt(1.7e308), 1e-12)
    np.testing.assert_allclose(slope, 1.096e154, 1e-3)
