"""Losses for classes of which some are rare where they are special: extremes, relations, optima."""

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from draws import BITS, LABELS, N_ROWS, PROBABILITIES, SCORES, TARGETS, WEIGHTS, Z
from mpmath import mp
from single import (
    DTYPES,
    assert_best,
    assert_double_backward,
    assert_nan,
    assert_parts,
    assert_same,
    each,
    parts,
)

import lossbook as lb

TAIL = np.exp(-80.0)
INF = np.inf
SCORE = lb.SigmoidCrossEntropy()
SHARP_SIGMOID = lb.SigmoidFocal(0.5)
SIGMOID_FOCAL = lb.SigmoidFocal()
SHARP_SOFTMAX = lb.SoftmaxFocal(gamma=0.5)
SOFTMAX_FOCAL = lb.SoftmaxFocal()
POLY = lb.Poly1CrossEntropy()
HALF = np.log(0.5)


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (SIGMOID_FOCAL, 1.0, -200.0, (200, -1, 0)),
        (SIGMOID_FOCAL, 0.0, 200.0, (200, 1, 0)),
        (SIGMOID_FOCAL, 1.0, 1e3, (0, 0, 0)),
        (SIGMOID_FOCAL, 0.0, 1e38, (1e38, 1, 0)),
        (SIGMOID_FOCAL, 1.0, INF, (0, 0, 0)),
        (SIGMOID_FOCAL, 1.0, -INF, (INF, -1, 0)),
        (SHARP_SIGMOID, 1.0, 1e3, (0, 0, 0)),
        (SHARP_SIGMOID, 1.0, INF, (0, 0, 0)),
        (SHARP_SIGMOID, 1.0, -200.0, (200, -1, 0)),
        (SHARP_SIGMOID, 0.0, -1e3, (0, 0, 0)),
        (lb.SigmoidFocal(0.0), 1.0, INF, (0, 0, 0)),
        (lb.SigmoidFocal(2.0, 0.25), 0.0, 200.0, (150, 0.75, 0)),
        (lb.SigmoidFocal(2.0, 0.25), 1.0, -200.0, (50, -0.25, 0)),
        (SOFTMAX_FOCAL, 0, [-200.0, 0.0], (200, [-1, 1], [0, 0])),
        (SOFTMAX_FOCAL, 0, [0.0, 1e38, 0.0], (1e38, [-1, 1, 0], [0, 0, 0])),
        (SOFTMAX_FOCAL, 0, [1e38, -1e38], (0, [0, 0], [0, 0])),
        (SOFTMAX_FOCAL, 0, [0.0, -INF], (0, [0, 0], [0, 0])),
        (SOFTMAX_FOCAL, 0, [-INF, 0.0], (INF, [-1, 1], [0, 0])),
        (SHARP_SOFTMAX, 0, [1e3, 0.0], (0, [0, 0], [0, 0])),
        (SHARP_SOFTMAX, 1, [1e3, 0.0], (1e3, [1, -1], [0, 0])),
        (lb.SoftmaxFocal(0.0), 0, [0.0, -INF], (0, [0, 0], [0, 0])),
        (lb.SoftmaxFocal(1.0, (4, 1)), 0, [-200.0, 0.0], (800, [-4, 4], [0, 0])),
        (lb.SoftmaxFocal(1.0, (4, 1)), 1, [0.0, -200.0], (200, [1, -1], [0, 0])),
        (POLY, 0, [0.0, 1e3], (1001, [-1, 1], [0, 0])),
        (POLY, 0, [1e38, -1e38], (0, [0, 0], [0, 0])),
        (POLY, 0, [80.0, 0.0], (2 * TAIL, [-2 * TAIL, 2 * TAIL], [2 * TAIL, 2 * TAIL])),
        (POLY, [1.0, 0.0], [0.0, -INF], (0, [0, 0], [0, 0])),
        (POLY, [0.5, 0.5], [1e4, 0.0], (5e3 + 0.5, [0.5, -0.5], [0, 0])),
        (lb.Poly1CrossEntropy(-1.0), 0, [0.0, 1e3], (999, [-1, 1], [0, 0])),
        (
            lb.Poly1CrossEntropy(-1.0),
            0,
            [20.0, 0.0],
            (
                np.exp(-40.0) / 2 * (1 - np.exp(-20.0) * 4 / 3),
                np.exp(-40.0) * (1 - 2 * np.exp(-20.0)) * np.array([-1, 1]),
                np.exp(-40.0) * (2 - 6 * np.exp(-20.0)) * np.array([1, 1]),
            ),
        ),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("loss", [lb.SigmoidFocal(), lb.SigmoidFocal(0.5)], ids=repr)
def test_not_a_number_stays_one(loss):
    assert_nan(loss, 1.0)


@pytest.mark.parametrize("y_true", [0, 1])
@pytest.mark.parametrize("loss", [SOFTMAX_FOCAL, SHARP_SOFTMAX, POLY], ids=repr)
def test_not_a_number_among_the_scores_stays_one(loss, y_true):
    value, gradient, _ = each(loss, y_true, [0.0, np.nan, 1.0])
    assert np.isnan(value)
    assert np.isnan(gradient[[1, y_true]]).all()


def test_relations_of_two_classes():
    assert_same(lb.SigmoidFocal(gamma=0), SCORE, BITS, Z)
    assert_same(
        lb.SigmoidFocal(gamma=0, alpha=0.75), lb.SigmoidCrossEntropy(pos_weight=3), BITS, Z, 0.25
    )
    assert_same(lb.SigmoidFocal(gamma=1.5, alpha=0.5), lb.SigmoidFocal(gamma=1.5), BITS, Z, 0.5)


def test_relations_of_several_classes():
    of_classes = partial(assert_same, rtol=1e-11, atol=1e-14)
    softmax, weighted = lb.SoftmaxCrossEntropy(), lb.SoftmaxCrossEntropy(class_weight=(1, 2, 3, 4))
    of_classes(lb.SoftmaxFocal(gamma=0), softmax, LABELS, SCORES)
    of_classes(lb.SoftmaxFocal(1.5, (3, 3, 3, 3)), lb.SoftmaxFocal(1.5), LABELS, SCORES, 3)
    of_classes(lb.SoftmaxFocal(0, (1, 2, 3, 4)), weighted, LABELS, SCORES)
    for y in LABELS, TARGETS:
        of_classes(lb.Poly1CrossEntropy(epsilon=0), softmax, y, SCORES)
        both_sides = lb.Poly1CrossEntropy(epsilon=1e-15), lb.Poly1CrossEntropy(epsilon=-1e-15)
        of_classes(*both_sides, y, SCORES)
    q = 1 - PROBABILITIES[np.arange(N_ROWS), LABELS]
    expected = softmax(LABELS, SCORES) + 2.5 * q.mean()
    assert lb.Poly1CrossEntropy(2.5)(LABELS, SCORES) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("of_classes", "of_two"),
    [
        (lb.SoftmaxFocal(2.0), lb.SigmoidFocal(2.0)),
        (lb.SoftmaxFocal(0.5, (0.75, 0.25)), lb.SigmoidFocal(0.5, 0.25)),
    ],
)
def test_two_classes_are_a_case(of_classes, of_two):
    scores = np.stack([np.zeros(200), Z], axis=-1)
    ours, theirs = parts(of_classes, BITS, scores), parts(of_two, BITS, Z)
    for of_sample, expected in zip(ours, theirs, strict=True):
        second = of_sample if of_sample.ndim == 1 else of_sample[:, 1]
        np.testing.assert_allclose(second, expected, rtol=1e-11, atol=1e-14)


# Optimal constants.


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (SIGMOID_FOCAL, [0, 1], None, 0),
        (lb.SigmoidFocal(0), [0, 1, 1, 1], None, np.log(3)),
        (lb.SigmoidFocal(0, 0.75), [0, 1], None, np.log(3)),
        (lb.SigmoidFocal(0, 0.25), [0, 1], [1, 9], np.log(3)),
        (SIGMOID_FOCAL, [1, 1], None, INF),
        (SIGMOID_FOCAL, [0, 0], None, -INF),
        (lb.SigmoidFocal(2, 0.0), [1, 1], None, 0),
        (lb.SigmoidFocal(2, 1.0), [1, 0], None, INF),
        (lb.SoftmaxFocal(0.0), [0, 1, 1, 2], None, np.log([0.25, 0.5, 0.25])),
        (lb.SoftmaxFocal(0.0, (3, 1, 5)), [0, 1], None, [np.log(0.75), 2 * HALF, -INF]),
        (SOFTMAX_FOCAL, [0, 1, 2, 2], [2, 2, 1, 1], np.log([1 / 3] * 3)),
        (lb.SoftmaxFocal(2.0, (0, 1)), [0, 0], None, [0, 0]),
        (SOFTMAX_FOCAL, [1, 1], None, [-INF, 0]),
        (lb.Poly1CrossEntropy(0.0), [0, 1, 1, 2], None, np.log([0.25, 0.5, 0.25])),
        (POLY, [0, 1, 0, 1], None, [HALF, HALF]),
        (POLY, [2, 2], None, [-INF, -INF, 0]),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


def test_the_best_scores_of_two_classes_differ_by_the_best_score():
    labels = [0, 1, 1, 1]
    first, second = SOFTMAX_FOCAL.optimal_constant(labels)
    best = SIGMOID_FOCAL.optimal_constant(labels)
    assert second - first == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize(
    "loss",
    [SOFTMAX_FOCAL, SHARP_SOFTMAX, POLY, lb.Poly1CrossEntropy(-0.5), lb.Poly1CrossEntropy(4.0)],
    ids=repr,
)
def test_bisected_optima_are_flat(loss):
    total = replace(loss, reduction="sum")
    best = np.broadcast_to(loss.optimal_constant(LABELS, WEIGHTS), (N_ROWS, 4))
    np.testing.assert_allclose(total.gradient(LABELS, best, WEIGHTS).sum(axis=0), 0, atol=1e-11)


@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.9])
def test_best_focal_score_is_the_global_one(gamma, share):
    loss, y, w = lb.SigmoidFocal(gamma), [0, 1], [1 - share, share]
    grid = np.linspace(-20, 20, 2001)
    costs = [loss(y, [z, z], w) for z in grid]
    best = loss.optimal_constant(y, w)
    assert loss(y, [best, best], w) <= min(costs) * (1 + 1e-15)
    assert best == pytest.approx(grid[np.argmin(costs)], abs=0.02)


# Soft targets.


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 17.0])
@pytest.mark.parametrize("alpha", [None, 0.25, 0.0])
def test_a_soft_target_of_a_score_is_the_mean_over_its_labels(gamma, alpha):
    loss, soft = lb.SigmoidFocal(gamma, alpha), np.linspace(0, 1, 200)
    one, zero = (parts(loss, np.full(200, label), Z) for label in (1.0, 0.0))
    for got, of_one, of_zero in zip(parts(loss, soft, Z), one, zero, strict=True):
        np.testing.assert_allclose(got, soft * of_one + (1 - soft) * of_zero, 1e-12, 1e-15)


@pytest.mark.parametrize("loss", [lb.SoftmaxFocal(0.5), lb.SoftmaxFocal(2.0, (1, 0, 2, 3))])
def test_a_distribution_of_labels_is_the_mean_over_them(loss):
    labels = [parts(loss, np.full(N_ROWS, k), SCORES) for k in range(4)]
    for got, *of_labels in zip(parts(loss, TARGETS, SCORES), *labels, strict=True):
        shares = TARGETS.T if got.ndim == 1 else TARGETS.T[..., None]
        mean = sum(share * part for share, part in zip(shares, of_labels, strict=True))
        np.testing.assert_allclose(got, mean, 1e-11, 1e-14)
    hot = parts(loss, np.eye(4)[LABELS], SCORES)
    for got, of_labels in zip(hot, parts(loss, LABELS, SCORES), strict=True):
        np.testing.assert_allclose(got, of_labels, 1e-11, 1e-14)


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (SIGMOID_FOCAL, 0.5, 1e3, (500, 0.5, 0)),
        (SIGMOID_FOCAL, 0.25, -INF, (INF, -0.25, 0)),
        (SHARP_SIGMOID, 0.25, INF, (INF, 0.75, 0)),
        (SOFTMAX_FOCAL, [0.5, 0.5], [1e3, 0.0], (500, [0.5, -0.5], [0, 0])),
        (SOFTMAX_FOCAL, [0.25, 0.75], [0.0, -INF], (INF, [0.75, -0.75], [0, 0])),
        (SHARP_SOFTMAX, [0.5, 0.25, 0.25], [1e38, 0.0, 0.0], (5e37, [0.5, -0.25, -0.25], [0] * 3)),
        (SHARP_SOFTMAX, [1.0, 0.0, 0.0], [90.0, 0.0, 0.0], (None,) * 3),
        (lb.SoftmaxFocal(2.0, (0, 1)), [1.0, 0.0], [3.0, 1.0], (0, [0, 0], [0, 0])),
    ],
)
def test_extremes_of_soft_targets(loss, y_true, y_pred, expected, dtype):
    if expected[0] is None:
        expected = each(loss, 0, y_pred)
    assert_parts(loss, y_true, y_pred, expected, dtype)


def test_what_a_soft_target_leaves_out_may_hold_anything():
    loss = lb.SoftmaxFocal(alpha=(0, 1), reduction="none")
    for part in parts(loss, [[1.0, 0.0], [0.5, 0.5]], [[np.nan, 1.0], [0.0, 0.0]]):
        assert (part[0] == 0).all() and np.isfinite(part[1]).all()
    ignoring = lb.SoftmaxFocal(ignore_index=3)
    assert ignoring(TARGETS, SCORES) == SOFTMAX_FOCAL(TARGETS, SCORES)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_soft_and_hard_targets_of_one_batch(reduction):
    loss = lb.SigmoidFocal(reduction=reduction)
    y, z = np.tile([0.0, 1.0, 0.5], 100_000), np.tile([2.0, -1.0, 0.25], 100_000)
    few = replace(loss, reduction="none")(y[:3], z[:3])
    expected = few.mean() if reduction == "mean" else few.sum() * 100_000
    assert loss(y, z) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "soft", "labels", "weight"),
    [
        (lb.SigmoidFocal(3.0, 0.75), [0.25, 0.5], [0, 1, 0, 1], [0.75, 0.25, 0.5, 0.5]),
        (SOFTMAX_FOCAL, [[0.25, 0.75, 0], [1, 0, 0.0]], [0, 1, 0, 2], [0.25, 0.75, 1, 0]),
    ],
)
def test_the_best_constant_of_soft_targets_is_that_of_their_labels(loss, soft, labels, weight):
    np.testing.assert_allclose(
        loss.optimal_constant(soft), loss.optimal_constant(labels, weight), rtol=1e-12
    )


# Errors.


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: lb.SoftmaxFocal(gamma=-1), ValueError, "gamma must be in [0, inf)"),
        (lambda: lb.SoftmaxFocal(alpha=(1, -1)), ValueError, "alpha must be finite, not negative"),
        (lambda: lb.SoftmaxFocal(alpha=(0, 0)), ValueError, "not all zero; got (0, 0)"),
        (lambda: lb.SoftmaxFocal(alpha=0.25), ValueError, "alpha must be one-dimensional"),
        (lambda: lb.SoftmaxFocal(alpha="ab"), TypeError, "alpha must hold real numbers"),
        (
            lambda: lb.SoftmaxFocal(alpha=(1, 2))([0], [[1.0, 2, 3]]),
            ValueError,
            "alpha must have one weight for each of the 3 classes; got 2",
        ),
        (
            lambda: lb.SoftmaxFocal(alpha=(1, 2)).optimal_constant([0, 2]),
            ValueError,
            "y_true must be a class index from 0 to 1; got 2",
        ),
        (lambda: lb.Poly1CrossEntropy(epsilon=-1.1), ValueError, "epsilon must be in [-1, inf)"),
        (lambda: SOFTMAX_FOCAL([0], [[0.5]]), ValueError, "y_pred must have two classes or more"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()


def test_representation():
    assert repr(SOFTMAX_FOCAL) == "SoftmaxFocal(gamma=2.0, alpha=None)"
    assert lb.SoftmaxFocal(alpha=np.array([1, 2])) == lb.SoftmaxFocal(alpha=(1.0, 2.0))
    assert hash(lb.SoftmaxFocal(alpha=[1, 2])) == hash(lb.SoftmaxFocal(alpha=(1, 2)))


def test_traits_follow_the_parameters():
    assert lb.SigmoidFocal(gamma=0).traits.convex
    assert lb.SigmoidFocal(gamma=0).traits.elicits == "probability"
    assert lb.SigmoidFocal(gamma=2).traits.elicits != "probability"
    assert lb.SigmoidFocal(gamma=0, alpha=0.5).traits.proper
    assert not lb.SigmoidFocal(gamma=0, alpha=0.6).traits.proper
    assert lb.SigmoidFocal(gamma=0, alpha=0.1).traits.lipschitz == pytest.approx(0.9, rel=1e-3)
    assert lb.SigmoidFocal(gamma=5).traits.lipschitz > 1.3
    assert lb.SoftmaxFocal(gamma=0).traits.proper
    assert not lb.SoftmaxFocal(gamma=0, alpha=(1, 2)).traits.proper
    assert not lb.SoftmaxFocal(gamma=2, alpha=(1, 2)).traits.classification_calibrated
    assert lb.SoftmaxFocal(gamma=0, alpha=(1, 3)).traits.lipschitz == pytest.approx(3 * 2**0.5)
    assert lb.Poly1CrossEntropy(1.0).traits.convex
    assert not lb.Poly1CrossEntropy(1.1).traits.convex
    assert lb.Poly1CrossEntropy(-1.0).traits.convex
    assert lb.Poly1CrossEntropy(3.0).traits.lipschitz == pytest.approx(2**0.5 * 4 / 3)


@pytest.mark.parametrize(
    "loss",
    [
        lb.SoftmaxFocal(gamma=0.5),
        lb.SoftmaxFocal(gamma=3.0, alpha=(1, 2, 0.5, 3)),
        POLY,
        lb.Poly1CrossEntropy(-1.0),
        lb.Poly1CrossEntropy(5.0),
    ],
    ids=repr,
)
def test_second_derivatives_by_double_backward(loss):
    torch = pytest.importorskip("torch")
    y = torch.tensor(LABELS)

    def value(z):
        h = torch.nn.functional.cross_entropy(z, y, reduction="none")
        p = torch.exp(-h)
        if isinstance(loss, lb.Poly1CrossEntropy):
            return h + loss.epsilon * (1 - p)
        weight = torch.tensor(loss.alpha or [1.0] * 4, dtype=torch.float64)
        return weight[y] * (1 - p) ** loss.gamma * h

    assert_double_backward(loss, LABELS, SCORES, value)


IGNORING = [
    lb.SoftmaxFocal(ignore_index=-100),
    lb.SoftmaxFocal(0.5, (1, 0, 2, 3), ignore_index=-1),
    lb.SoftmaxFocal(ignore_index=2),
]


@pytest.mark.parametrize("loss", IGNORING, ids=repr)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_samples_with_the_ignored_label_change_nothing(loss, reduction):
    loss, mark = replace(loss, reduction=reduction), loss.ignore_index
    labels = np.where(mark == LABELS, 0, LABELS)
    labels[::3] = mark
    lost = np.where(labels[:, None] == mark, [np.nan, np.inf, -np.inf, 1e300], SCORES)
    kept, plain = labels != mark, replace(loss, ignore_index=None)
    for weight in None, WEIGHTS:
        of_kept = None if weight is None else weight[kept]
        got = loss(labels, lost, weight), *loss.gradient_and_hessian(labels, lost, weight)
        wanted = (
            plain(labels[kept], SCORES[kept], of_kept),
            *plain.gradient_and_hessian(labels[kept], SCORES[kept], of_kept),
        )
        for part, expected in zip(got, wanted, strict=True):
            if np.ndim(part):
                assert (part[~kept] == 0).all()
                part = part[kept]
            np.testing.assert_allclose(part, expected, rtol=1e-14, atol=1e-300)
    np.testing.assert_array_equal(
        loss.optimal_constant(labels), plain.optimal_constant(labels[kept])
    )


def test_where_every_label_is_ignored_only_the_mean_is_refused():
    labels, scores = [7, 7], [[0.0, 1.0], [np.nan, 2.0]]
    loss = lb.SoftmaxFocal(ignore_index=7)
    with pytest.raises(ValueError, match="y_true must hold a sample that counts"):
        loss(labels, scores)
    value, gradient = replace(loss, reduction="sum").value_and_gradient(labels, scores)
    assert value == 0 and not gradient.any()
    with pytest.raises(ValueError, match="a label other than 7"):
        loss.optimal_constant(labels)
    with pytest.raises(TypeError, match="ignore_index must be an integer"):
        lb.SoftmaxFocal(ignore_index=0.5)
    with pytest.raises(ValueError, match=r"from 0 to 1, or 7 \(ignored\); got 2 at index 0"):
        loss([2, 7], scores)


def test_what_an_alpha_of_0_takes_out_may_hold_nan():
    lost = [[1.0, 2.0], [np.nan, np.inf]]
    loss = lb.SoftmaxFocal(alpha=(1, 0), reduction="none")
    for part in parts(loss, [0, 1], lost):
        assert np.isfinite(part[0]).all() and (part[1] == 0).all()
    assert np.isnan(replace(loss, alpha=(0.5, 0.5))([0, 1], lost)[1])
    for alpha, label in (1, 0), (0, 1):
        loss = lb.SigmoidFocal(alpha=alpha, reduction="none")
        for part in parts(loss, [1 - label, label], [1.0, np.nan]):
            assert np.isfinite(part[0]) and part[1] == 0
    assert np.isnan(lb.SigmoidFocal(alpha=0.5)([1], [np.nan]))


@pytest.mark.parametrize("gamma", [0.5, 2.0, 15.0, 17.0, 1e3, 1e160, 1e300, 1.7e308])
def test_a_large_gamma_is_as_right_as_a_small_one(gamma):
    for z in -1e3, -700.0, -368.0, -50.0, -30.0, -3.0, 0.0, 3.0, 50.0:
        with mp.workdps(700):
            p, g = 1 / (1 + mp.exp(-mp.mpf(z))), mp.mpf(gamma)
            q, h = 1 - p, -mp.log(p)
            power = mp.exp(g * mp.log(q))
            bend = power * p * (q + g * (2 * q + g * p * h - q * h))
            exact = [float(each) for each in (power * h, -power * (q + g * p * h), bend)]
        got = parts(lb.SigmoidFocal(gamma), [1], [z]), parts(lb.SoftmaxFocal(gamma), [0], [[z, 0]])
        for value, gradient, hessian in got:
            of_score = value.flat[0], gradient.flat[0], hessian.flat[0]
            np.testing.assert_allclose(of_score, exact, 1e-12, 1e-100)


def test_poly_with_the_first_order_taken_out_at_an_infinite_cross_entropy():
    loss = lb.Poly1CrossEntropy(epsilon=-1.0)
    assert loss([1], [[np.inf, 0.0]]) == np.inf
    assert loss([0], [[np.inf, 0.0]]) == 0
