"""Each loss where it is special: kinks, extremes, relations, optimal constants, other libraries."""

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from single import each
from sklearn import metrics

import lossbook as lb

INF = np.inf
LARGEST = float(np.finfo(np.float32).max)


# At kinks and borders the subgradient and the curvature are those of the docstrings.
ABSOLUTE, HUBER, SMOOTH = lb.AbsoluteError(), lb.Huber(delta=2.0), lb.SmoothL1(beta=2.0)
CLIPPED = lb.BinaryCrossEntropy(eps=0.25)
PINBALL, EXPECTILE = lb.Pinball(quantile=0.75), lb.Expectile(level=0.75)
TUBE, SQUARED_TUBE = lb.EpsilonInsensitive(epsilon=0.5), lb.SquaredEpsilonInsensitive(epsilon=0.5)
PERCENTAGE, TUKEY = lb.AbsolutePercentageError(), lb.Tukey(scale=2.0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (ABSOLUTE, 3.0, 3.0, (0, 0, 0)),
        (ABSOLUTE, 0.0, -0.0, (0, 0, 0)),
        (ABSOLUTE, 0.0, 5.0, (5, 1, 0)),
        (ABSOLUTE, 0.0, -5.0, (5, -1, 0)),
        (lb.SquaredError(), 3.0, 3.0, (0, 0, 2)),
        (lb.HalfSquaredError(), 3.0, 3.0, (0, 0, 1)),
        (HUBER, 1.0, 1.0, (0, 0, 1)),
        (HUBER, 1.0, 3.0, (2, 2, 1)),
        (HUBER, 1.0, -1.0, (2, -2, 1)),
        (HUBER, 1.0, 3.5, (3, 2, 0)),
        (HUBER, 1.0, -1.5, (3, -2, 0)),
        (SMOOTH, 1.0, 1.0, (0, 0, 0.5)),
        (SMOOTH, 1.0, 3.0, (1, 1, 0.5)),
        (SMOOTH, 1.0, -1.0, (1, -1, 0.5)),
        (SMOOTH, 1.0, 3.5, (1.5, 1, 0)),
        (PINBALL, 3.0, 3.0, (0, 0, 0)),
        (PINBALL, 0.0, -0.0, (0, 0, 0)),
        (PINBALL, 1.0, 3.0, (0.5, 0.25, 0)),
        (PINBALL, 1.0, -1.0, (1.5, -0.75, 0)),
        (EXPECTILE, 3.0, 3.0, (0, 0, 1.5)),
        (EXPECTILE, 1.0, 3.0, (1, 1, 0.5)),
        (EXPECTILE, 1.0, -1.0, (3, -3, 1.5)),
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
        (PERCENTAGE, -4.0, -4.0, (0, 0, 0)),
        (PERCENTAGE, -4.0, 0.0, (1, 0.25, 0)),
        (PERCENTAGE, 4.0, 2.0, (0.5, -0.25, 0)),
        (TUKEY, 1.0, 3.0, (2 / 3, 0, 0)),
        (TUKEY, 1.0, -1.0, (2 / 3, 0, 0)),
        (TUKEY, 1.0, 9.0, (2 / 3, 0, 0)),
        (lb.SquaredLogError(), 3.0, 3.0, (0, 0, 1 / 8)),
        (lb.PseudoHuber(delta=3.0), 1.0, 1.0, (0, 0, 1)),
        (lb.LogCosh(), 1.0, 1.0, (0, 0, 1)),
        (lb.SmoothPinball(width=0.5), 1.0, 1.0, (np.log(2) / 2, 0, 0.5)),
        (lb.Fair(scale=3.0), 1.0, 1.0, (0, 0, 1)),
        (lb.Cauchy(scale=3.0), 1.0, 1.0, (0, 0, 1)),
        (lb.GemanMcClure(scale=3.0), 1.0, 1.0, (0, 0, 1)),
        (lb.Welsch(scale=3.0), 1.0, 1.0, (0, 0, 1)),
        (TUKEY, 1.0, 1.0, (0, 0, 1)),
        (lb.GeneralRobust(alpha=0.5, scale=2.0), 1.0, 1.0, (0, 0, 0.25)),
        (lb.Hinge(), 1.0, 1.0, (0, 0, 0)),
        (lb.Hinge(), -1.0, -1.0, (0, 0, 0)),
        (lb.Hinge(), 1.0, 0.0, (1, -1, 0)),
        (lb.Hinge(), -1.0, 0.0, (1, 1, 0)),
        (lb.Hinge(), -1.0, -2.0, (0, 0, 0)),
        (lb.SquaredHinge(), 1.0, 1.0, (0, 0, 0)),
        (lb.SquaredHinge(), -1.0, -1.0, (0, 0, 0)),
        (lb.SquaredHinge(), -1.0, 0.0, (1, 2, 2)),
        (lb.SquaredHinge(), 1.0, -1.0, (4, -4, 2)),
        (CLIPPED, 1.0, 0.25, (np.log(4), -4, 16)),
        (CLIPPED, 1.0, 0.125, (np.log(4), 0, 0)),
        (CLIPPED, 0.0, 0.75, (np.log(4), 4, 16)),
        (CLIPPED, 0.0, 0.875, (np.log(4), 0, 0)),
        (CLIPPED, 1.0, 1.0, (-np.log(0.75), 0, 0)),
        (CLIPPED, 0.0, 0.0, (-np.log(0.75), 0, 0)),
    ],
)
def test_kinks(loss, y_true, y_pred, expected, dtype):
    np.testing.assert_allclose(each(loss, y_true, y_pred, dtype), expected, rtol=3e-7)


SCORE, LOG_LOSS, SOFTMAX = (
    lb.SigmoidCrossEntropy(),
    lb.BinaryCrossEntropy(),
    lb.SoftmaxCrossEntropy(),
)
CATEGORICAL, FOCAL, SHARP = lb.CategoricalCrossEntropy(), lb.SigmoidFocal(), lb.SigmoidFocal(0.5)
HARD = [
    (SCORE, 1.0, 1e3, (0, 0, 0)),
    (SCORE, 0.0, 1e3, (1e3, 1, 0)),
    (SCORE, 1.0, -1e3, (1e3, -1, 0)),
    (SCORE, 0.0, -1e3, (0, 0, 0)),
    (SCORE, 0.25, 1e3, (750, 0.75, 0)),
    (SCORE, 0.25, -1e3, (250, -0.25, 0)),
    (SCORE, 0.0, 1e38, (1e38, 1, 0)),
    (SCORE, 1.0, -1e38, (1e38, -1, 0)),
    (SCORE, 1.0, 1e38, (0, 0, 0)),
    (SCORE, 0.0, -1e38, (0, 0, 0)),
    (SCORE, 0.5, LARGEST, (LARGEST / 2, 0.5, 0)),
    (SCORE, 1.0, INF, (0, 0, 0)),
    (SCORE, 0.0, -INF, (0, 0, 0)),
    (SCORE, 0.0, INF, (INF, 1, 0)),
    (SCORE, 1.0, -INF, (INF, -1, 0)),
    (SCORE, 0.0, -80.0, (np.exp(-80.0),) * 3),
    (SCORE, 1.0, 80.0, (np.exp(-80.0), -np.exp(-80.0), np.exp(-80.0))),
    (
        SCORE,
        1.0,
        -20.0,
        (20 + np.exp(-20.0), -1 / (1 + np.exp(-20.0)), np.exp(-20.0) / (1 + np.exp(-20.0)) ** 2),
    ),
    (lb.SigmoidCrossEntropy(pos_weight=4), 1.0, -1e3, (4e3, -4, 0)),
    (lb.SigmoidCrossEntropy(pos_weight=4), 1.0, INF, (0, 0, 0)),
    (lb.SigmoidCrossEntropy(label_smoothing=0.5), 1.0, 1e3, (250, 0.25, 0)),
    (LOG_LOSS, 1.0, 0.0, (INF, -INF, INF)),
    (LOG_LOSS, 0.0, 1.0, (INF, INF, INF)),
    (LOG_LOSS, 1.0, 1.0, (0, -1, 1)),
    (LOG_LOSS, 0.0, 0.0, (0, 1, 1)),
    (LOG_LOSS, 0.5, 0.0, (INF, -INF, INF)),
    (LOG_LOSS, 0.5, 1.0, (INF, INF, INF)),
    (LOG_LOSS, 0.0, 1e-30, (1e-30, 1, 1)),
    (LOG_LOSS, 1.0, 1e-18, (-np.log(1e-18), -1e18, 1e36)),
    (lb.BinaryCrossEntropy(eps=1e-8), 0.0, 1.0, (-np.log(1e-8), 0, 0)),
    (lb.BinaryCrossEntropy(eps=1e-8), 1.0, 0.0, (-np.log(1e-8), 0, 0)),
    (lb.BinaryCrossEntropy(eps=1e-20), 0.0, 1.0, (-np.log(1e-20), 0, 0)),
    (lb.Hinge(), 1.0, 1e3, (0, 0, 0)),
    (lb.Hinge(), 1.0, -1e3, (1001, -1, 0)),
    (lb.Hinge(), -1.0, 1e38, (1e38, 1, 0)),
    (lb.SquaredHinge(), 1.0, 1e3, (0, 0, 0)),
    (lb.SquaredHinge(), -1.0, 1e3, (1001**2, 2002, 2)),
    (lb.SquaredHinge(), -1.0, -1e38, (0, 0, 0)),
    (SOFTMAX, 0, [1e4, 0.0], (0, [0, 0], [0, 0])),
    (SOFTMAX, 1, [1e4, 0.0], (1e4, [1, -1], [0, 0])),
    (SOFTMAX, 1, [1e38, -1e38, 0.0], (2e38, [1, -1, 0], [0, 0, 0])),
    (SOFTMAX, 0, [0.0, -INF], (0, [0, 0], [0, 0])),
    (SOFTMAX, 0, [0.0, 0.0, -INF], (np.log(2), [-0.5, 0.5, 0], [0.25, 0.25, 0])),
    (SOFTMAX, [0.5, 0.5, 0.0], [0.0, 0.0, -INF], (np.log(2), [0, 0, 0], [0.25, 0.25, 0])),
    (SOFTMAX, 1, [0.0, -INF], (INF, [1, -1], [0, 0])),
    (SOFTMAX, [0.5, 0.5], [1e4, 0.0], (5e3, [0.5, -0.5], [0, 0])),
    (SOFTMAX, 0, [80.0, 0.0], [np.exp(-80.0) * np.array(s) for s in (1, [-1, 1], [1, 1])]),
    (SOFTMAX, [1.0, 0.0], [80.0, 0], [np.exp(-80.0) * np.array(s) for s in (1, [-1, 1], [1, 1])]),
    (CATEGORICAL, 0, [1.0, 0.0], (0, [-1, 0], [1, 0])),
    (CATEGORICAL, 1, [1.0, 0.0], (INF, [0, -INF], [0, INF])),
    (CATEGORICAL, [1.0, 0.0], [1.0, 0.0], (0, [-1, 0], [1, 0])),
    (CATEGORICAL, [0.5, 0.5, 0], [0.5, 0.5, 0], (np.log(2), [-1, -1, 0], [2, 2, 0])),
    (FOCAL, 1.0, -200.0, (200, -1, 0)),
    (FOCAL, 0.0, 200.0, (200, 1, 0)),
    (FOCAL, 1.0, 1e3, (0, 0, 0)),
    (FOCAL, 0.0, 1e38, (1e38, 1, 0)),
    (FOCAL, 1.0, INF, (0, 0, 0)),
    (FOCAL, 1.0, -INF, (INF, -1, 0)),
    (SHARP, 1.0, 1e3, (0, 0, 0)),
    (SHARP, 1.0, INF, (0, 0, 0)),
    (SHARP, 1.0, -200.0, (200, -1, 0)),
    (SHARP, 0.0, -1e3, (0, 0, 0)),
    (lb.SigmoidFocal(0.0), 1.0, INF, (0, 0, 0)),
    (lb.SigmoidFocal(2.0, 0.25), 0.0, 200.0, (150, 0.75, 0)),
    (lb.SigmoidFocal(2.0, 0.25), 1.0, -200.0, (50, -0.25, 0)),
    (lb.Huber(), 0.0, 1e38, (1e38, 1, 0)),
    (lb.Huber(), 0.0, -INF, (INF, -1, 0)),
    (lb.Huber(delta=1e-30), 0.0, 1.0, (1e-30, 1e-30, 0)),
    (lb.SmoothL1(beta=1e-30), 0.0, -1.0, (1, -1, 0)),
    (lb.SmoothL1(beta=1e-30), 0.0, 0.0, (0, 0, 1e30)),
    (ABSOLUTE, 0.0, -1e38, (1e38, -1, 0)),
    (lb.LogCosh(), 0.0, 1e-8, (5e-17, 1e-8, 1)),
    (lb.LogCosh(), 0.0, -1e-8, (5e-17, -1e-8, 1)),
    (lb.LogCosh(), 0.0, 1e4, (1e4 - np.log(2), 1, 0)),
    (lb.LogCosh(), 0.0, -1e38, (1e38, -1, 0)),
    (lb.LogCosh(), 0.0, -INF, (INF, -1, 0)),
    (lb.PseudoHuber(), 0.0, 1e-8, (5e-17, 1e-8, 1)),
    (lb.PseudoHuber(), 0.0, -1e38, (1e38, -1, 0)),
    (lb.PseudoHuber(delta=1e-30), 0.0, 1.0, (1e-30, 1e-30, 0)),
    (lb.PseudoHuber(delta=1e15), 0.0, 1.0, (0.5, 1, 1)),
    (PINBALL, 0.0, 1e38, (2.5e37, 0.25, 0)),
    (PINBALL, 0.0, -INF, (INF, -0.75, 0)),
    (lb.SmoothPinball(0.75), 0.0, 1e38, (2.5e37, 0.25, 0)),
    (lb.SmoothPinball(0.75), 0.0, -1e38, (7.5e37, -0.75, 0)),
    (lb.SmoothPinball(0.75, width=1e-30), 0.0, 1.0, (0.25, 0.25, 0)),
    (EXPECTILE, 0.0, 1e15, (2.5e29, 5e14, 0.5)),
    (TUBE, 0.0, 1e38, (1e38, 1, 0)),
    (TUBE, 0.0, -INF, (INF, -1, 0)),
    (SQUARED_TUBE, 0.0, -1e15, ((1e15 - 0.5) ** 2, 1 - 2e15, 2)),
    (lb.SquaredLogError(), 0.0, 1e-8, (1e-16 - 1e-24, 2e-8 - 3e-16, 2 - 6e-8)),
    (lb.SquaredLogError(), 1e-30, 0.0, (1e-60, -2e-30, 2)),
    (PERCENTAGE, 1e-30, 1.0, (1e30, 1e30, 0)),
    (PERCENTAGE, -1e30, 1e30, (2, 1e-30, 0)),
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
    (lb.GeneralRobust(), 0.0, 1e-8, (5e-17, 1e-8, 1)),
    (lb.GeneralRobust(alpha=0.0), 0.0, 1e-8, (5e-17, 1e-8, 1)),
    (lb.GeneralRobust(alpha=-INF), 0.0, 1e-8, (5e-17, 1e-8, 1)),
    (lb.GeneralRobust(alpha=-INF), 0.0, 1e15, (1, 0, 0)),
    (lb.GeneralRobust(alpha=-2.0), 0.0, -1e10, (2, -1.6e-29, -4.8e-39)),
    (lb.SquaredError(), 0.0, 1e-30, (0, 2e-30, 2)),
    (lb.SquaredError(), 0.0, INF, (INF, INF, 2)),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("loss", "y_true", "y_pred", "expected"), HARD)
def test_hard_cases(loss, y_true, y_pred, expected, dtype):
    tolerance, least = (1e-14, 1e-59) if dtype == np.float64 else (1e-6, 1e-44)
    for result, wanted in zip(each(loss, y_true, y_pred, dtype), expected, strict=True):
        np.testing.assert_allclose(result, np.array(wanted, float), rtol=tolerance, atol=least)


@pytest.mark.parametrize("z", [1e3, 1e10, 1e38])
def test_float64_goes_on_where_float32_ends(z):
    np.testing.assert_array_equal(each(SCORE, 0.0, z * z), (z * z, 1, 0))
    np.testing.assert_array_equal(each(lb.Huber(), 0.0, z * z), (z * z - 0.5, 1, 0))
    np.testing.assert_array_equal(each(SOFTMAX, 1, [z * z, 0.0])[0], z * z)


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


def test_pseudo_huber_over_three_hundred_decades():
    value, gradient, hessian = each(lb.PseudoHuber(delta=1e-150), 0.0, 1e150)
    assert (value, gradient) == (pytest.approx(1, rel=1e-15), pytest.approx(1e-150, rel=1e-15))
    assert hessian == 0


LOSSES = [
    lb.SquaredError(),
    lb.HalfSquaredError(),
    lb.AbsoluteError(),
    lb.Huber(),
    lb.SmoothL1(),
    lb.PseudoHuber(),
    lb.LogCosh(),
    lb.Pinball(),
    lb.SmoothPinball(),
    lb.Expectile(),
    lb.EpsilonInsensitive(),
    lb.SquaredEpsilonInsensitive(),
    lb.AbsolutePercentageError(),
    lb.Fair(),
    lb.Cauchy(),
    lb.GemanMcClure(),
    lb.Welsch(),
    lb.Tukey(),
    lb.GeneralRobust(),
    lb.GeneralRobust(alpha=2.0),
    lb.GeneralRobust(alpha=0.0),
    lb.GeneralRobust(alpha=-INF),
    lb.SigmoidCrossEntropy(),
    lb.SigmoidFocal(),
    lb.SigmoidFocal(0.5),
    lb.Hinge(),
    lb.SquaredHinge(),
]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_not_a_number_stays_one(loss):
    assert np.isnan(each(loss, 1.0, np.nan)[:2]).all()


@pytest.mark.parametrize("t", [0, [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
def test_not_a_number_among_the_scores_stays_one(t):
    for result in each(SOFTMAX, t, [0.0, np.nan, 1.0]):
        assert np.isnan(result).all()


# Weights and what is left out.


def test_weight_zero_is_absence_even_of_infinity():
    for loss, y, p in (
        (LOG_LOSS, [1, 1], [0.0, 0.5]),
        (CATEGORICAL, [1, 0], [[1.0, 0.0], [0.5, 0.5]]),
        (SCORE, [1, 1], [-INF, 0.0]),
    ):
        for reduction in "mean", "sum":
            some = replace(loss, reduction=reduction)
            assert some(y, p, [0, 1]) == pytest.approx(np.log(2), rel=1e-15)
        for result in (loss.gradient(y, p, [0, 1]), loss.hessian(y, p, [0, 1])):
            np.testing.assert_array_equal(result[0], 0)
        assert replace(loss, reduction="none")(y, p, [0, 1])[0] == 0


def test_ignored_samples_are_absent():
    z = np.random.default_rng(0).normal(size=(6, 3))
    y = np.array([0, -100, 2, 1, -100, 1])
    kept = y >= 0
    w = np.arange(1.0, 7)
    for options in {}, {"label_smoothing": 0.1}, {"class_weight": (1, 2, 3)}:
        for reduction in "mean", "sum":
            with_ignored = lb.SoftmaxCrossEntropy(ignore_index=-100, reduction=reduction, **options)
            plain = lb.SoftmaxCrossEntropy(reduction=reduction, **options)
            for weight in None, w:
                rest = (y[kept], z[kept], None if weight is None else weight[kept])
                assert with_ignored(y, z, weight) == pytest.approx(plain(*rest), rel=1e-14)
                for name in "gradient", "hessian":
                    result = getattr(with_ignored, name)(y, z, weight)
                    np.testing.assert_allclose(
                        result[kept], getattr(plain, name)(*rest), rtol=1e-13
                    )
                    np.testing.assert_array_equal(result[~kept], 0)
    unreduced = lb.SoftmaxCrossEntropy(ignore_index=-100, reduction="none")(y, z)
    np.testing.assert_array_equal(unreduced[~kept], 0)


def test_ignored_samples_may_hold_anything():
    loss = lb.SoftmaxCrossEntropy(ignore_index=1)
    z = [[0.0, 0.0], [np.nan, INF]]
    assert loss([0, 1], z) == pytest.approx(np.log(2))
    np.testing.assert_array_equal(loss.gradient([0, 1], z), [[-0.5, 0.5], [0, 0]])


def test_class_weights_divide_their_own_mean():
    z, y, c, w = [[0.0, 0, 0]] * 4, [0, 0, 1, 2], (1.0, 2.0, 5.0), [1, 1, 1, 3]
    loss = lb.SoftmaxCrossEntropy(class_weight=c)
    assert loss(y, z) == pytest.approx(np.log(3))
    assert replace(loss, reduction="sum")(y, z) == pytest.approx(9 * np.log(3))
    assert replace(loss, reduction="sum")(y, z, w) == pytest.approx(19 * np.log(3))
    np.testing.assert_allclose(loss.gradient(y, z)[3], 5 / 9 * np.array([1, 1, -2]) / 3)
    np.testing.assert_allclose(loss.gradient(y, z, w)[3], 15 / 19 * np.array([1, 1, -2]) / 3)
    soft = lb.SoftmaxCrossEntropy(class_weight=c, label_smoothing=0.3)
    expected = np.log(3) * (0.7 * 9 + 0.3 * 4 * 8 / 3) / 9
    assert soft(y, z) == pytest.approx(expected)
    halves = [[0.5, 0.5, 0]] * 4
    assert loss(halves, z) == pytest.approx(np.log(3))
    with pytest.raises(ValueError, match="y_true must hold a sample that counts"):
        lb.SoftmaxCrossEntropy(class_weight=(0, 1, 1))([0, 0], [[1.0, 2, 3]] * 2)


def test_distributions_count_once_however_they_are_rounded():
    t = np.full((50, 3), np.float32(0.33335))
    z = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    single = lb.SoftmaxCrossEntropy(reduction="none")(t, z)
    for loss in SOFTMAX, lb.SoftmaxCrossEntropy(ignore_index=-1):
        assert loss(t, z) == pytest.approx(single.mean(dtype=float), rel=1e-7)


def test_means_of_equal_losses_are_exact():
    for n in 3, 7, 49, 1000:
        assert lb.SquaredError()(np.zeros(n), np.ones(n)) == 1
        assert lb.SquaredError()(np.zeros(n), np.ones(n), np.full(n, 2)) == pytest.approx(
            1, rel=1e-15
        )


# Relations.

RNG = np.random.default_rng(5)
Z, BITS = RNG.normal(scale=3, size=200), RNG.integers(0, 2, 200)
R = RNG.normal(scale=3, size=200)


def same(first, second, y, z, factor=1.0):
    for part in "__call__", "gradient", "hessian":
        a, b = (getattr(replace(loss, reduction="none"), part) for loss in (first, second))
        np.testing.assert_allclose(a(y, z), factor * b(y, z), rtol=1e-12, atol=1e-15)


def test_relations():
    same(lb.SquaredError(), lb.HalfSquaredError(), R, Z, 2)
    same(lb.SmoothL1(beta=0.4), lb.Huber(delta=0.4), R, Z, 1 / 0.4)
    same(lb.Huber(delta=1e6), lb.HalfSquaredError(), R, Z)
    same(lb.SmoothL1(beta=1e-18), lb.AbsoluteError(), R, Z)
    same(lb.PseudoHuber(delta=1e9), lb.HalfSquaredError(), R, Z)
    same(lb.Pinball(), ABSOLUTE, R, Z, 0.5)
    same(lb.SmoothPinball(quantile=0.8, width=1e-9), lb.Pinball(quantile=0.8), R, Z)
    same(lb.Expectile(), lb.HalfSquaredError(), R, Z)
    same(lb.EpsilonInsensitive(epsilon=0.0), ABSOLUTE, R, Z)
    same(lb.SquaredEpsilonInsensitive(epsilon=0.0), lb.SquaredError(), R, Z)
    same(lb.GeneralRobust(alpha=2.0), lb.HalfSquaredError(), R, Z)
    same(lb.GeneralRobust(alpha=1.0, scale=3.0), lb.PseudoHuber(delta=3.0), R, Z, 1 / 9)
    same(lb.GeneralRobust(alpha=0.0, scale=3.0), lb.Cauchy(scale=3 * 2**0.5), R, Z, 1 / 9)
    same(lb.GeneralRobust(alpha=-2.0, scale=3.0), lb.GemanMcClure(scale=6.0), R, Z, 1 / 9)
    same(lb.GeneralRobust(alpha=-INF, scale=3.0), lb.Welsch(scale=3 * 2**0.5), R, Z, 1 / 9)
    same(lb.SigmoidFocal(gamma=0), SCORE, BITS, Z)
    same(lb.SigmoidFocal(gamma=0, alpha=0.75), lb.SigmoidCrossEntropy(pos_weight=3), BITS, Z, 0.25)
    same(lb.SigmoidFocal(gamma=1.5, alpha=0.5), lb.SigmoidFocal(gamma=1.5), BITS, Z, 0.5)


def test_binary_is_a_case_of_multiclass():
    scores = np.stack([np.zeros(200), Z], axis=-1)
    each_score, each_softmax = (replace(loss, reduction="none") for loss in (SCORE, SOFTMAX))
    np.testing.assert_allclose(each_softmax(BITS, scores), each_score(BITS, Z), rtol=1e-13)
    for name in "gradient", "hessian":
        result = getattr(each_softmax, name)(BITS, scores)[:, 1]
        np.testing.assert_allclose(result, getattr(each_score, name)(BITS, Z), rtol=1e-12)
    smoothed = (
        lb.SoftmaxCrossEntropy(label_smoothing=0.2),
        lb.SigmoidCrossEntropy(label_smoothing=0.2),
    )
    assert smoothed[0](BITS, scores) == pytest.approx(smoothed[1](BITS, Z), rel=1e-13)
    p = 1 / (1 + np.exp(-Z))
    assert LOG_LOSS(BITS, p) == pytest.approx(SCORE(BITS, Z), rel=1e-13)
    assert CATEGORICAL(BITS, np.stack([1 - p, p], -1)) == pytest.approx(SCORE(BITS, Z), rel=1e-13)


def test_smoothed_targets_are_soft_targets():
    smoothed = lb.SigmoidCrossEntropy(label_smoothing=0.2)
    assert smoothed(BITS, Z) == pytest.approx(SCORE(0.8 * BITS + 0.1, Z), rel=1e-14)
    scores, labels = RNG.normal(size=(50, 4)), RNG.integers(0, 4, 50)
    smoothed = lb.SoftmaxCrossEntropy(label_smoothing=0.2)
    soft = 0.8 * np.eye(4)[labels] + 0.05
    assert smoothed(labels, scores) == pytest.approx(SOFTMAX(soft, scores), rel=1e-14)


def test_squared_hinge_is_the_square():
    y = 2 * BITS - 1
    hinge = lb.Hinge(reduction="none")(y, Z)
    np.testing.assert_array_equal(lb.SquaredHinge(reduction="none")(y, Z), hinge**2)


# The same losses in scikit-learn.


def test_scikit_learn_agrees():
    w = RNG.uniform(0, 2, 200)
    p, y = 1 / (1 + np.exp(-Z)), 2 * BITS - 1
    for weight in None, w:
        given = {"sample_weight": weight}
        for loss, metric in (
            (lb.SquaredError(), metrics.mean_squared_error),
            (lb.AbsoluteError(), metrics.mean_absolute_error),
            (lb.Pinball(quantile=0.8), partial(metrics.mean_pinball_loss, alpha=0.8)),
            (PERCENTAGE, metrics.mean_absolute_percentage_error),
        ):
            assert loss(R, Z, **given) == pytest.approx(metric(R, Z, **given), rel=1e-13)
        above = np.expm1(R), np.expm1(Z)
        expected = metrics.mean_squared_log_error(*above, **given)
        assert lb.SquaredLogError()(*above, **given) == pytest.approx(expected, rel=1e-12)
        assert lb.Hinge()(y, Z, **given) == pytest.approx(metrics.hinge_loss(y, Z, **given))
        assert LOG_LOSS(BITS, p, **given) == pytest.approx(metrics.log_loss(BITS, p, **given))
        rows, labels = RNG.dirichlet(np.ones(4), 200), RNG.integers(0, 4, 200)
        expected = metrics.log_loss(labels, rows, labels=range(4), **given)
        assert CATEGORICAL(labels, rows, **given) == pytest.approx(expected)
        assert SOFTMAX(labels, np.log(rows), **given) == pytest.approx(expected)


# Optimal constants.


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (lb.SquaredError(), [1.0, 2, 6], None, 3),
        (lb.SquaredError(), [1.0, 2, 6], [1, 0, 1], 3.5),
        (lb.HalfSquaredError(), [[1.0, 2], [6, 7]], [[3, 0], [1, 0]], 2.25),
        (ABSOLUTE, [5.0, 1, 2], None, 2),
        (ABSOLUTE, [1.0, 2, 4, 300], None, 3),
        (ABSOLUTE, [1.0, 2, 300], [1, 1, 5], 300),
        (ABSOLUTE, [3.0, 1, 2], [1, 1, 0], 2),
        (ABSOLUTE, [1.0, 2, 3], [2, 1, 1], 1.5),
        (ABSOLUTE, [7.0], None, 7),
        (ABSOLUTE, 7.0, None, 7),
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
        (lb.Pinball(quantile=0.75), [5.0, 1, 2, 3, 4], None, 4),
        (lb.Pinball(quantile=0.25), [5.0, 1, 2, 3], None, 1.5),
        (lb.Pinball(quantile=0.9), [1.0, 2], [9.5, 0.5], 1),
        (lb.Pinball(quantile=0.9), [1.0, 2], [8, 2], 2),
        (lb.SmoothPinball(quantile=0.75, width=2), [3.0, 3], None, 3 + 2 * np.log(3)),
        (lb.SmoothPinball(quantile=0.5, width=2), [3.0, 5], None, 4),
        (lb.Expectile(), [1.0, 2, 6], [1, 0, 1], 3.5),
        (lb.Expectile(level=0.75), [0.0, 1], None, 0.75),
        (lb.Expectile(level=0.75), [0.0, 1], [3, 1], 0.5),
        (lb.EpsilonInsensitive(epsilon=1), [0.0, 10], None, 5),
        (lb.EpsilonInsensitive(epsilon=1), [0.0, 0, 10], None, 1),
        (lb.SquaredEpsilonInsensitive(epsilon=1), [0.0, 0, 10], None, 11 / 3),
        (lb.SquaredEpsilonInsensitive(epsilon=1), [0.0, 1], None, 0.5),
        (lb.SquaredLogError(), [0.0, 99], None, 9),
        (lb.SquaredLogError(), [-0.75, 15], [1, 1], 1),
        (PERCENTAGE, [1.0, 4, 5], None, 1),
        (PERCENTAGE, [1.0, 4, 5], [1, 9, 1], 4),
        (PERCENTAGE, [-2.0, 2], None, 0),
        (lb.Fair(), [-10.0, 20], None, 5),
        (lb.Fair(scale=1e15), [0.0, 3, 9], None, 4),
        (lb.GeneralRobust(alpha=2.0), [0.0, 3, 9], None, 4),
        (lb.GeneralRobust(alpha=1.0), [-10.0, 20], None, 5),
        (LOG_LOSS, [0, 0.5, 1, 1], None, 0.625),
        (LOG_LOSS, [0, 1], [1, 3], 0.75),
        (SCORE, [0, 1, 1, 1], None, np.log(3)),
        (SCORE, [1, 1], None, INF),
        (SCORE, [0, 0], None, -INF),
        (SCORE, [0, 1], [1, 4], np.log(4)),
        (lb.SigmoidCrossEntropy(pos_weight=2), [0, 1], None, np.log(2)),
        (lb.SigmoidCrossEntropy(label_smoothing=0.5), [1, 1], None, np.log(3)),
        (lb.SigmoidCrossEntropy(label_smoothing=1), [1, 1], None, 0),
        (FOCAL, [0, 1], None, 0),
        (lb.SigmoidFocal(0), [0, 1, 1, 1], None, np.log(3)),
        (lb.SigmoidFocal(0, 0.75), [0, 1], None, np.log(3)),
        (lb.SigmoidFocal(0, 0.25), [0, 1], [1, 9], np.log(3)),
        (FOCAL, [1, 1], None, INF),
        (FOCAL, [0, 0], None, -INF),
        (lb.SigmoidFocal(2, 0.0), [1, 1], None, 0),
        (lb.SigmoidFocal(2, 1.0), [1, 0], None, INF),
        (lb.Hinge(), [1, 1, -1], None, 1),
        (lb.Hinge(), [1, 1, -1], [1, 1, 3], -1),
        (lb.Hinge(), [1, -1], None, 0),
        (lb.SquaredHinge(), [1, 1, -1, 1], None, 0.5),
        (lb.SquaredHinge(), [1, -1], [1, 3], -0.5),
        (CATEGORICAL, [0, 1, 1, 3], None, [0.25, 0.5, 0, 0.25]),
        (CATEGORICAL, [0, 1], [1, 3], [0.25, 0.75]),
        (CATEGORICAL, [[0.5, 0.5], [0.0, 1.0]], None, [0.25, 0.75]),
        (CATEGORICAL, [[0.5, 0.5], [0.0, 1.0]], [1, 0], [0.5, 0.5]),
        (SOFTMAX, [0, 1, 1, 2], None, np.log([0.25, 0.5, 0.25])),
        (SOFTMAX, [1, 1], None, [-INF, 0]),
        (
            lb.SoftmaxCrossEntropy(class_weight=(1, 3, 9)),
            [0, 1],
            None,
            [np.log(0.25), np.log(0.75), -INF],
        ),
        (lb.SoftmaxCrossEntropy(label_smoothing=0.5), [0, 1, 1, 1], None, np.log([0.375, 0.625])),
        (
            lb.SoftmaxCrossEntropy(ignore_index=255),
            [0, 1, 255, 255, 1, 1],
            None,
            np.log([0.25, 0.75]),
        ),
        (lb.SoftmaxCrossEntropy(ignore_index=0), [0, 1, 2], None, [-INF, np.log(0.5), np.log(0.5)]),
        (
            lb.SoftmaxCrossEntropy(ignore_index=-1, label_smoothing=0.5),
            [0, 1, -1, -1],
            [1, 3, 9, 9],
            np.log([0.375, 0.625]),
        ),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    result = loss.optimal_constant(y_true, weight)
    assert type(result) is (float if np.ndim(best) == 0 else np.ndarray)
    np.testing.assert_allclose(result, best, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "words"),
    [
        (lb.SquaredError(), [], None, "y_true must not be empty"),
        (lb.SquaredError(), [1.0, np.nan], None, "y_true must be finite; got nan at index 1"),
        (lb.SquaredError(), [1.0, 2], [1], "sample_weight must have shape"),
        (lb.Hinge(), [1, 0], None, "y_true must be -1 or 1; got 0"),
        (lb.SquaredError(), [1.0, 2], [0, 0], "sample_weight must not be zero"),
        (SOFTMAX, [0, -1], None, "y_true must be a class index"),
        (SOFTMAX, 0.5, None, "y_true must be labels or distributions"),
        (lb.SoftmaxCrossEntropy(ignore_index=-1), [-1, -1], None, "y_true must hold a label"),
        (lb.SoftmaxCrossEntropy(class_weight=(1, 2)), [0, 2], None, "from 0 to 1; got 2"),
        (lb.SoftmaxCrossEntropy(class_weight=(1, 2)), [[0.5, 0.25, 0.25]], None, "class_weight"),
    ],
)
def test_optimal_constants_of_bad_targets(loss, y_true, weight, words):
    with pytest.raises(ValueError, match=words.replace("[", r"\[")):
        loss.optimal_constant(y_true, weight)


@pytest.mark.parametrize(
    "loss",
    [
        lb.Cauchy(),
        lb.GemanMcClure(),
        lb.Welsch(),
        lb.Tukey(),
        lb.GeneralRobust(alpha=0.5),
        lb.GeneralRobust(alpha=-INF),
    ],
    ids=repr,
)
def test_losses_with_several_minima_have_no_optimal_constant(loss):
    with pytest.raises(NotImplementedError, match="has no optimal constant"):
        loss.optimal_constant([0.0, 10.0])


@pytest.mark.parametrize(
    ("loss", "name", "values"),
    [
        (lb.Pinball, "quantile", [0, 1, -0.5, np.nan]),
        (lb.SmoothPinball, "quantile", [0, 1]),
        (lb.SmoothPinball, "width", [0, -1, INF]),
        (lb.Expectile, "level", [0, 1, 1.5]),
        (lb.EpsilonInsensitive, "epsilon", [-0.1, INF, np.nan]),
        (lb.SquaredEpsilonInsensitive, "epsilon", [-0.1, INF]),
        (lb.PseudoHuber, "delta", [0, -1, INF]),
        (lb.Fair, "scale", [0, -1, INF, np.nan]),
        (lb.Cauchy, "scale", [0, INF]),
        (lb.GemanMcClure, "scale", [0, INF]),
        (lb.Welsch, "scale", [0, INF]),
        (lb.Tukey, "scale", [0, INF]),
        (lb.GeneralRobust, "alpha", [INF, np.nan]),
        (lb.GeneralRobust, "scale", [0, INF]),
    ],
)
def test_parameters_out_of_range(loss, name, values):
    for value in values:
        with pytest.raises(ValueError, match=f"{name} must be"):
            loss(**{name: value})


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
    for call in loss, loss.gradient, loss.hessian:
        with pytest.raises(ValueError, match=re.escape(words)):
            call(y_true, y_pred)


@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.9])
def test_best_focal_score_is_the_global_one(gamma, share):
    loss, y, w = lb.SigmoidFocal(gamma), [0, 1], [1 - share, share]
    grid = np.linspace(-20, 20, 2001)
    costs = [loss(y, [z, z], w) for z in grid]
    best = loss.optimal_constant(y, w)
    assert loss(y, [best, best], w) <= min(costs) * (1 + 1e-15)
    assert best == pytest.approx(grid[np.argmin(costs)], abs=0.02)


def test_traits_follow_the_parameters():
    assert lb.Huber(delta=3).traits.lipschitz == 3
    assert lb.SmoothL1(beta=3).traits.lipschitz == 1
    assert lb.PseudoHuber(delta=3).traits.lipschitz == 3
    assert lb.Pinball(quantile=0.9).traits.lipschitz == 0.9
    assert lb.Pinball().traits.symmetric
    assert not lb.Pinball(quantile=0.9).traits.symmetric
    assert lb.SmoothPinball(quantile=0.1).traits.lipschitz == 0.9
    assert lb.Expectile().traits.twice_differentiable
    assert not lb.Expectile(level=0.9).traits.twice_differentiable
    assert lb.Expectile(level=0.9).traits.elicits == "expectile"
    assert lb.Fair(scale=3).traits.lipschitz == 3
    assert lb.GeneralRobust(alpha=1.0).traits.convex
    assert not lb.GeneralRobust(alpha=0.9).traits.convex
    assert lb.GeneralRobust(alpha=-0.1).traits.bounded
    assert not lb.GeneralRobust(alpha=0.0).traits.bounded
    assert lb.GeneralRobust(alpha=2.0).traits.lipschitz == INF
    assert lb.BinaryCrossEntropy(eps=0.1).traits.lipschitz == pytest.approx(10)
    assert lb.BinaryCrossEntropy().traits.proper
    assert not lb.BinaryCrossEntropy(eps=0.1).traits.convex
    assert lb.SigmoidCrossEntropy(pos_weight=3).traits.lipschitz == 3
    assert lb.SigmoidCrossEntropy(pos_weight=0.3).traits.lipschitz == 1
    assert lb.SigmoidCrossEntropy(label_smoothing=0.2).traits.lipschitz == pytest.approx(0.9)
    assert lb.SigmoidCrossEntropy(label_smoothing=0.99).traits.classification_calibrated
    assert not lb.SigmoidCrossEntropy(label_smoothing=1).traits.classification_calibrated
    assert lb.SigmoidFocal(gamma=0).traits.convex
    assert lb.SigmoidFocal(gamma=0).traits.elicits == "probability"
    assert lb.SigmoidFocal(gamma=2).traits.elicits != "probability"
    assert lb.SigmoidFocal(gamma=0, alpha=0.5).traits.proper
    assert not lb.SigmoidFocal(gamma=0, alpha=0.6).traits.proper
    assert lb.SigmoidFocal(gamma=0, alpha=0.1).traits.lipschitz == pytest.approx(0.9, rel=1e-3)
    assert lb.SigmoidFocal(gamma=5).traits.lipschitz > 1.3
    assert lb.SoftmaxCrossEntropy(class_weight=(1, 3)).traits.lipschitz == pytest.approx(3 * 2**0.5)
    assert lb.SoftmaxCrossEntropy(class_weight=(3, 3)).traits.proper
    assert not lb.SoftmaxCrossEntropy(label_smoothing=1).traits.classification_calibrated
