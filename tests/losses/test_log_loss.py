"""Losses of the probability of one of two classes where they are special."""

import numpy as np
import pytest
from draws import BITS, R_WEIGHTS, Z
from single import (
    DTYPES,
    assert_agrees,
    assert_best,
    assert_best_on,
    assert_inputs_refused,
    assert_nan,
    assert_parts,
    each,
    parts,
)
from sklearn import metrics

import lossbook as lb

BRIER = lb.Brier()
INF = np.inf
LARGEST = float(np.finfo(np.float32).max)
CLIPPED = lb.BinaryCrossEntropy(eps=0.25)
LOG_LOSS = lb.BinaryCrossEntropy()
SCORE = lb.SigmoidCrossEntropy()


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (CLIPPED, 1.0, 0.25, (np.log(4), -4, 16)),
        (CLIPPED, 1.0, 0.125, (np.log(4), 0, 0)),
        (CLIPPED, 0.0, 0.75, (np.log(4), 4, 16)),
        (CLIPPED, 0.0, 0.875, (np.log(4), 0, 0)),
        (CLIPPED, 1.0, 1.0, (-np.log(0.75), 0, 0)),
        (CLIPPED, 0.0, 0.0, (-np.log(0.75), 0, 0)),
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
            (
                20 + np.exp(-20.0),
                -1 / (1 + np.exp(-20.0)),
                np.exp(-20.0) / (1 + np.exp(-20.0)) ** 2,
            ),
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
        (BRIER, 0.25, 0.75, (0.25, 1, 2)),
        (BRIER, 1.0, 0.0, (1, -2, 2)),
        (BRIER, 0.0, 1.0, (1, 2, 2)),
        (BRIER, 0.5, 0.5, (0, 0, 2)),
        (BRIER, 0.0, 1e-10, (1e-20, 2e-10, 2)),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("z", [1e3, 1e10, 1e38])
def test_float64_goes_on_where_float32_ends(z):
    np.testing.assert_array_equal(each(SCORE, 0.0, z * z), (z * z, 1, 0))


def test_not_a_number_stays_one():
    assert_nan(SCORE, 1.0)


def test_relations():
    p = 1 / (1 + np.exp(-Z))
    assert LOG_LOSS(BITS, p) == pytest.approx(SCORE(BITS, Z), rel=1e-13)
    np.testing.assert_array_equal(parts(BRIER, BITS, p), parts(lb.SquaredError(), BITS, p))


def test_smoothed_targets_are_soft_targets():
    smoothed = lb.SigmoidCrossEntropy(label_smoothing=0.2)
    assert smoothed(BITS, Z) == pytest.approx(SCORE(0.8 * BITS + 0.1, Z), rel=1e-14)


def test_scikit_learn_agrees():
    p = 1 / (1 + np.exp(-Z))
    assert_agrees(LOG_LOSS, metrics.log_loss, BITS, p, R_WEIGHTS, rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (LOG_LOSS, [0, 0.5, 1, 1], None, 0.625),
        (LOG_LOSS, [0, 1], [1, 3], 0.75),
        (SCORE, [0, 1, 1, 1], None, np.log(3)),
        (SCORE, [1, 1], None, INF),
        (SCORE, [0, 0], None, -INF),
        (SCORE, [0, 1], [1, 4], np.log(4)),
        (lb.SigmoidCrossEntropy(pos_weight=2), [0, 1], None, np.log(2)),
        (lb.SigmoidCrossEntropy(label_smoothing=0.5), [1, 1], None, np.log(3)),
        (lb.SigmoidCrossEntropy(label_smoothing=1), [1, 1], None, 0),
        (BRIER, [0, 0.5, 1, 1], None, 0.625),
        (BRIER, [0, 1], [1, 3], 0.75),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_the_optimal_constant_beats_a_grid(share):
    assert_best_on(np.linspace(0, 1, 101), BRIER, [0, 1], share, 0.011)


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "words"),
    [
        (BRIER, [1.0, 1.5], [0.5, 0.5], "y_true must be in [0, 1]; got 1.5 at index 1"),
        (BRIER, [1.0, 0.5], [0.5, 2.0], "y_pred must be in [0, 1]; got 2.0 at index 1"),
        (BRIER, [1.0], [np.nan], "y_pred must be in"),
    ],
)
def test_what_is_refused(loss, y_true, y_pred, words):
    assert_inputs_refused(loss, y_true, y_pred, words)


def test_brier_score_of_several_classes_is_the_sum_of_all():
    metrics = pytest.importorskip("sklearn.metrics")
    p = np.array([0.25, 0.5])
    assert metrics.brier_score_loss([0, 1], p) == BRIER([0, 1], p)
    rows = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])
    several = metrics.brier_score_loss([0, 1], rows, labels=[0, 1, 2])
    assert several == pytest.approx(((rows - np.eye(3)[[0, 1]]) ** 2).sum(axis=1).mean())


def test_traits_follow_the_parameters():
    assert lb.BinaryCrossEntropy(eps=0.1).traits.lipschitz == pytest.approx(10)
    assert lb.BinaryCrossEntropy().traits.proper
    assert not lb.BinaryCrossEntropy(eps=0.1).traits.convex
    assert lb.SigmoidCrossEntropy(pos_weight=3).traits.lipschitz == 3
    assert lb.SigmoidCrossEntropy(pos_weight=0.3).traits.lipschitz == 1
    assert lb.SigmoidCrossEntropy(label_smoothing=0.2).traits.lipschitz == pytest.approx(0.9)
    assert lb.SigmoidCrossEntropy(label_smoothing=0.99).traits.classification_calibrated
    assert not lb.SigmoidCrossEntropy(label_smoothing=1).traits.classification_calibrated
