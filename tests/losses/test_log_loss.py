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
from lossbook.testing import check_loss

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


# One weight per output.

OUTPUTS = np.random.default_rng(3)
LABELS, SCORES = OUTPUTS.integers(0, 2, (40, 3)).astype(float), OUTPUTS.normal(size=(40, 3))
BY_OUTPUT = lb.SigmoidCrossEntropy(pos_weight=[0.5, 2, 7])


def test_each_output_has_its_own_weight():
    for part, results in zip(
        ("value", "gradient", "hessian"), parts(BY_OUTPUT, LABELS, SCORES), strict=True
    ):
        for k, weight in enumerate(BY_OUTPUT.pos_weight):
            alone = parts(lb.SigmoidCrossEntropy(weight), LABELS[:, k], SCORES[:, k])
            expected = dict(zip(("value", "gradient", "hessian"), alone, strict=True))
            np.testing.assert_array_equal(results[:, k], expected[part])
    single = BY_OUTPUT.gradient(LABELS.astype(int), SCORES.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, BY_OUTPUT.gradient(LABELS, SCORES), rtol=1e-5)


def test_pytorch_agrees_on_weights_of_outputs():
    torch = pytest.importorskip("torch")
    z = torch.tensor(SCORES, requires_grad=True)
    weight = torch.tensor(BY_OUTPUT.pos_weight, dtype=torch.float64)
    value = torch.nn.functional.binary_cross_entropy_with_logits(
        z, torch.tensor(LABELS), pos_weight=weight
    )
    value.backward()
    assert BY_OUTPUT(LABELS, SCORES) == pytest.approx(value.item(), rel=1e-14)
    np.testing.assert_allclose(BY_OUTPUT.gradient(LABELS, SCORES), z.grad.numpy(), rtol=1e-12)


def test_weights_of_outputs_lie_along_the_last_axis_of_any_shape_and_in_every_block():
    y, z = np.tile(LABELS, (4000, 1)), np.tile(SCORES, (4000, 1))
    cube = y.reshape(100, -1, 3), z.reshape(100, -1, 3)
    expected = np.tile(BY_OUTPUT.gradient(LABELS, SCORES) / 4000, (4000, 1))
    np.testing.assert_allclose(BY_OUTPUT.gradient(y, z), expected, rtol=1e-12)
    np.testing.assert_allclose(BY_OUTPUT.gradient(*cube).reshape(-1, 3), expected, rtol=1e-12)
    turned = np.asfortranarray(y), np.asfortranarray(z)
    np.testing.assert_array_equal(BY_OUTPUT.gradient(*turned), BY_OUTPUT.gradient(y, z))
    row = lb.SigmoidCrossEntropy(BY_OUTPUT.pos_weight, reduction="none")(LABELS[0], SCORES[0])
    np.testing.assert_array_equal(row, parts(BY_OUTPUT, LABELS[:1], SCORES[:1])[0][0])


def test_the_best_constants_of_outputs_are_those_of_each():
    weight = OUTPUTS.uniform(0.5, 2, LABELS.shape)
    each = [
        lb.SigmoidCrossEntropy(w).optimal_constant(LABELS[:, k], weight[:, k])
        for k, w in enumerate(BY_OUTPUT.pos_weight)
    ]
    np.testing.assert_array_equal(BY_OUTPUT.optimal_constant(LABELS, weight), each)


def test_weights_of_outputs_are_a_parameter_like_others():
    assert lb.SigmoidCrossEntropy(np.array([0.5, 2, 7])) == BY_OUTPUT
    assert hash(lb.SigmoidCrossEntropy((0.5, 2.0, 7.0))) == hash(BY_OUTPUT)
    assert repr(BY_OUTPUT) == (
        "SigmoidCrossEntropy(pos_weight=(0.5, 2.0, 7.0), label_smoothing=0.0)"
    )
    check_loss(BY_OUTPUT)
    check_loss(lb.SigmoidCrossEntropy((1.0, 3.0), label_smoothing=0.2))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (
            lambda: lb.SigmoidCrossEntropy((1, 0)),
            ValueError,
            r"pos_weight\[1\] must be in \(0, inf",
        ),
        (lambda: lb.SigmoidCrossEntropy(("1",)), TypeError, r"pos_weight\[0\] must be a number"),
        (lambda: lb.SigmoidCrossEntropy(()), ValueError, "pos_weight .* got an empty one"),
        (lambda: lb.SigmoidCrossEntropy([[1, 2]]), TypeError, "pos_weight must be a number"),
        (lambda: BY_OUTPUT([1, 0], [0.0, 1.0]), ValueError, "y_pred must have 3 outputs on its"),
        (lambda: BY_OUTPUT.optimal_constant([1, 0]), ValueError, "y_true must have 3 outputs"),
    ],
)
def test_bad_weights_of_outputs(call, kind, words):
    with pytest.raises(kind, match=words):
        call()
