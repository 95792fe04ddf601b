"""Losses for labels of which some are wrong where they are special: extremes, relations, optima."""

import re

import numpy as np
import pytest
from draws import LABELS, N_ROWS, PROBABILITIES, SCORES
from single import (
    DTYPES,
    assert_best,
    assert_double_backward,
    assert_labels_only,
    assert_parts,
    assert_same,
    each,
)

import lossbook as lb

TAIL = np.exp(-80.0)
INF = np.inf
GENERALIZED = lb.GeneralizedCrossEntropy()
HALF = np.log(0.5)


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (lb.GeneralizedCrossEntropy(0.5), 1, [1e4, 0.0], (2, [0, 0], [0, 0])),
        (lb.GeneralizedCrossEntropy(0.5), 1, [1e38, -1e38, 0.0], (2, [0, 0, 0], [0, 0, 0])),
        (lb.GeneralizedCrossEntropy(0.5), 0, [0.0, -INF], (0, [0, 0], [0, 0])),
        (lb.GeneralizedCrossEntropy(0.5), 1, [0.0, -INF], (2, [0, 0], [0, 0])),
        (lb.GeneralizedCrossEntropy(1.0), 0, [80.0, 0.0], (TAIL, [-TAIL, TAIL], [TAIL, TAIL])),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("y_true", [0, 1])
def test_not_a_number_among_the_scores_stays_one(y_true):
    value, gradient, _ = each(GENERALIZED, y_true, [0.0, np.nan, 1.0])
    assert np.isnan(value)
    assert np.isnan(gradient[[1, y_true]]).all()


def test_relations():
    near = lb.GeneralizedCrossEntropy(q=1e-15)
    assert_same(near, lb.SoftmaxCrossEntropy(), LABELS, SCORES, rtol=1e-11, atol=1e-14)
    q = 1 - PROBABILITIES[np.arange(N_ROWS), LABELS]
    far = lb.GeneralizedCrossEntropy(q=1.0)
    assert far(LABELS, SCORES) == pytest.approx(q.mean(), rel=1e-13)


def test_wrong_labels_pull_less():
    slopes = [
        np.abs(loss.gradient([1], [[30.0, 0.0]])).max()
        for loss in (lb.SoftmaxCrossEntropy(), GENERALIZED)
    ]
    assert slopes[0] == pytest.approx(1)
    assert slopes[1] == pytest.approx(np.exp(-0.7 * 30))


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (lb.GeneralizedCrossEntropy(0.5), [0, 1, 1, 2], None, np.log([1 / 6, 4 / 6, 1 / 6])),
        (lb.GeneralizedCrossEntropy(1.0), [0, 1, 1, 2], None, [-INF, 0, -INF]),
        (lb.GeneralizedCrossEntropy(1.0), [0, 1, 1, 0], None, [HALF, HALF]),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


def test_only_labels_where_distributions_have_no_meaning():
    assert_labels_only(GENERALIZED)
    with pytest.raises(ValueError, match=r"y_true must be a class index from 0; got 0.5"):
        GENERALIZED.optimal_constant([[0.5, 0.5]])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: lb.GeneralizedCrossEntropy(q=0), ValueError, "q must be in (0, 1]; got 0"),
        (lambda: lb.GeneralizedCrossEntropy(q=1.5), ValueError, "q must be in (0, 1]"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()


def test_traits_follow_the_parameters():
    assert lb.GeneralizedCrossEntropy(q=1.0).traits.lipschitz == pytest.approx(2**0.5 / 4)


def test_second_derivatives_by_double_backward():
    torch = pytest.importorskip("torch")
    y = torch.tensor(LABELS)

    def value(z):
        h = torch.nn.functional.cross_entropy(z, y, reduction="none")
        return (1 - torch.exp(-GENERALIZED.q * h)) / GENERALIZED.q

    assert_double_backward(GENERALIZED, LABELS, SCORES, value)
