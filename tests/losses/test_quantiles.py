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
    parts,
)
from sklearn import metrics

import lossbook as lb
from lossbook import symbolic
from lossbook.testing import check_loss

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


# Several quantiles at once.

QUANTILES = (0.1, 0.5, 0.875)
SEVERAL = lb.Pinball(QUANTILES)
ROWS = np.random.default_rng(4).normal(scale=2, size=(200, 3))


def test_several_quantiles_are_the_mean_of_each():
    value, gradient, hessian = parts(SEVERAL, R, ROWS)
    each = [parts(lb.Pinball(q), R, ROWS[:, k]) for k, q in enumerate(QUANTILES)]
    np.testing.assert_allclose(value, np.mean([v for v, _, _ in each], axis=0), rtol=1e-14)
    np.testing.assert_allclose(gradient, np.stack([g for _, g, _ in each], -1) / 3, rtol=1e-14)
    assert not hessian.any()
    majorizer = lb.Pinball(QUANTILES, reduction="none").hessian(R, ROWS, curvature="majorizer")
    np.testing.assert_allclose(majorizer, 0.5 / 3 / np.abs(ROWS - R[:, None]), rtol=1e-14)
    expected = np.mean(
        [metrics.mean_pinball_loss(R, ROWS[:, k], alpha=q) for k, q in enumerate(QUANTILES)]
    )
    assert SEVERAL(R, ROWS) == pytest.approx(expected, rel=1e-13)


def test_targets_of_several_quantiles_have_any_shape_and_one_weight_each():
    weight = np.random.default_rng(0).uniform(size=200)
    cube = R.reshape(10, 20), ROWS.reshape(10, 20, 3), weight.reshape(10, 20)
    value, gradient = SEVERAL.value_and_gradient(R, ROWS, weight)
    assert SEVERAL(*cube) == pytest.approx(value, rel=1e-14)
    np.testing.assert_array_equal(SEVERAL.gradient(*cube).reshape(-1, 3), gradient)
    many = np.tile(R, 2000), np.tile(ROWS, (2000, 1))
    np.testing.assert_allclose(SEVERAL(*many), SEVERAL(R, ROWS), rtol=1e-13)
    single = SEVERAL.gradient(R.astype(np.float32), ROWS.astype(np.float32))
    assert single.dtype == np.float32
    assert lb.Pinball(QUANTILES)(0.0, [1.0, 1.0, 1.0]) == pytest.approx((0.9 + 0.5 + 0.125) / 3)


def test_the_best_constants_are_the_quantiles():
    weight = R_WEIGHTS
    each = [lb.Pinball(q).optimal_constant(R, weight) for q in QUANTILES]
    np.testing.assert_array_equal(SEVERAL.optimal_constant(R, weight), each)


def test_several_quantiles_keep_the_contract():
    assert lb.Pinball(list(QUANTILES)) == SEVERAL
    assert hash(lb.Pinball(np.array(QUANTILES))) == hash(SEVERAL)
    assert repr(SEVERAL) == "Pinball(quantile=(0.1, 0.5, 0.875))"
    check_loss(SEVERAL)
    check_loss(lb.Pinball((0.5,)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: SEVERAL(R, ROWS[:, :2]), r"y_pred must have shape \(200, 3\), that of y_true and"),
        (lambda: SEVERAL(R, R), r"y_pred must have shape \(200, 3\).* got \(200,\)"),
        (lambda: lb.Pinball((0.1, 1.0)), r"quantile\[1\] must be in \(0, 1\); got 1.0"),
        (lambda: SEVERAL([np.nan], [[1, 2, 3]]), "y_true must be finite; got nan at index 0"),
    ],
)
def test_bad_inputs_of_several_quantiles(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_card_of_several_quantiles():
    text = str(SEVERAL.card())
    assert "the quantiles of the targets" in text
    assert symbolic.expression(SEVERAL).check() == (0, 0)
