"""Losses of the margins between classes where they are special: kinks, extremes, relations."""

import re
from dataclasses import replace

import numpy as np
import pytest
from draws import BITS, LABELS, SCORES, SIGNS, Z
from single import DTYPES, assert_best, assert_labels_only, assert_parts, each, parts

import lossbook as lb

INF = np.inf
CRAMMER = lb.CrammerSinger()
WESTON = lb.MultiMargin()
WESTON_SQUARED = lb.MultiMargin(power=2)


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (CRAMMER, 0, [1.0, 0.0, 0.0], (0, [0, 0, 0], [0, 0, 0])),
        (CRAMMER, 0, [0.0, 0.0, 0.0], (1, [-1, 0.5, 0.5], [0, 0, 0])),
        (CRAMMER, 1, [2.0, 0.0, 2.0], (3, [0.5, -1, 0.5], [0, 0, 0])),
        (CRAMMER, 0, [0.0, 2.0, 1.0], (3, [-1, 1, 0], [0, 0, 0])),
        (CRAMMER, 2, [0.0, 0.5, 1.25], (0.25, [0, 1, -1], [0, 0, 0])),
        (lb.CrammerSinger(margin=0), 0, [1.0, 1.0], (0, [0, 0], [0, 0])),
        (lb.CrammerSinger(margin=2), 0, [1.0, 1.0], (2, [-1, 1], [0, 0])),
        (WESTON, 0, [1.0, 0.0, 0.5], (0.5, [-1, 0, 1], [0, 0, 0])),
        (WESTON, 0, [0.0, 0.0, 2.0], (4, [-2, 1, 1], [0, 0, 0])),
        (WESTON, 1, [0.0, 1.0, 0.0], (0, [0, 0, 0], [0, 0, 0])),
        (lb.MultiMargin(margin=0.25), 0, [1.0, 0.75, 1.0], (0.25, [-1, 0, 1], [0, 0, 0])),
        (WESTON_SQUARED, 0, [1.0, 0.0, 0.5], (0.25, [-1, 0, 1], [2, 0, 2])),
        (WESTON_SQUARED, 0, [0.0, 0.0, 2.0], (10, [-8, 2, 6], [4, 2, 2])),
        (CRAMMER, 1, [1e38, -1e38, 0.0], (2e38, [1, -1, 0], [0, 0, 0])),
        (CRAMMER, 0, [0.0, -INF], (0, [0, 0], [0, 0])),
        (CRAMMER, 0, [-INF, 0.0], (INF, [-1, 1], [0, 0])),
        (WESTON, 1, [1e38, -1e38, -1e38], (2e38, [1, -2, 1], [0, 0, 0])),
        (WESTON, 0, [INF, 0.0], (0, [0, 0], [0, 0])),
        (WESTON_SQUARED, 0, [0.0, 1e15], ((1e15 + 1) ** 2, [-2e15 - 2, 2e15 + 2], [2, 2])),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("y_true", [0, 1])
@pytest.mark.parametrize("loss", [CRAMMER, WESTON, WESTON_SQUARED], ids=repr)
def test_not_a_number_among_the_scores_stays_one(loss, y_true):
    value, gradient, _ = each(loss, y_true, [0.0, np.nan, 1.0])
    assert np.isnan(value)
    assert np.isnan(gradient[[1, y_true]]).all()


@pytest.mark.parametrize(
    ("of_classes", "of_two"),
    [(CRAMMER, lb.Hinge()), (WESTON, lb.Hinge()), (WESTON_SQUARED, lb.SquaredHinge())],
)
def test_two_classes_are_a_case(of_classes, of_two):
    scores = np.stack([np.zeros(200), Z], axis=-1)
    ours, theirs = parts(of_classes, BITS, scores), parts(of_two, SIGNS, Z)
    for of_sample, expected in zip(ours, theirs, strict=True):
        second = of_sample if of_sample.ndim == 1 else of_sample[:, 1]
        np.testing.assert_allclose(second, expected, rtol=1e-11, atol=1e-14)


def test_the_strongest_rival_costs_less_than_all():
    strongest, all_rivals = (
        replace(loss, reduction="none")(LABELS, SCORES) for loss in (CRAMMER, WESTON)
    )
    assert (strongest <= all_rivals).all()
    assert (strongest < all_rivals).any()
    assert (all_rivals <= 3 * strongest).all()


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (CRAMMER, [0, 1, 1, 1], None, [0, 1]),
        (lb.CrammerSinger(margin=2.5), [0, 1, 2], [1, 1, 3], [0, 0, 2.5]),
        (CRAMMER, [0, 1, 2], None, [0, 0, 0]),
        (CRAMMER, [0, 1], None, [0, 0]),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


def test_weston_and_watkins_have_no_formula():
    with pytest.raises(NotImplementedError, match="MultiMargin has no optimal constant"):
        WESTON.optimal_constant([0, 1])


def test_a_majority_is_needed_by_the_strongest_rival():
    few = [0] * 4 + [1] * 3 + [2] * 3
    scores = CRAMMER.optimal_constant(few)
    assert not scores.any()
    ahead = np.tile([1.0, 0.0, 0.0], (10, 1))
    assert CRAMMER(few, np.zeros((10, 3))) < CRAMMER(few, ahead)


@pytest.mark.parametrize("loss", [CRAMMER, WESTON], ids=repr)
def test_only_labels_where_distributions_have_no_meaning(loss):
    assert_labels_only(loss)


def test_the_best_constant_is_of_labels_only():
    with pytest.raises(ValueError, match=r"y_true must be a class index from 0; got 0.5"):
        CRAMMER.optimal_constant([[0.5, 0.5]])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: lb.CrammerSinger(margin=-1), ValueError, "margin must be in [0, inf)"),
        (lambda: lb.MultiMargin(power=3), ValueError, "power must be 1 or 2; got 3"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()


def test_representation():
    assert repr(lb.MultiMargin(power=2)) == "MultiMargin(margin=1.0, power=2.0)"


def test_traits_follow_the_parameters():
    assert lb.MultiMargin(power=2).traits.classification_calibrated
    assert not WESTON.traits.classification_calibrated
    assert WESTON.traits.lipschitz(4) == pytest.approx(12**0.5)


def test_equally_infinite_scores_are_equal_in_margins_of_classes():
    scores = [[-INF, -INF, 0.0]]
    value, gradient = WESTON.value_and_gradient([0], scores)
    assert value == INF
    np.testing.assert_array_equal(gradient, [[-2, 1, 1]])
    assert CRAMMER([0], scores) == INF
    assert WESTON([2], scores) == CRAMMER([2], scores) == 0
