"""What weighs nothing is absent, and targets that leave nothing are refused."""

from dataclasses import replace

import numpy as np
import pytest

import lossbook as lb

INF = np.inf
SCORE, LOG_LOSS = lb.SigmoidCrossEntropy(), lb.BinaryCrossEntropy()
SOFTMAX, CATEGORICAL = lb.SoftmaxCrossEntropy(), lb.CategoricalCrossEntropy()


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


RNG = np.random.default_rng(0)
LABELS, SCORES = RNG.integers(0, 3, 9).astype(float), RNG.normal(size=(9, 3))
NUMBERS, PROBABILITIES = RNG.normal(size=(2, 9)), RNG.dirichlet(np.ones(3), 9)
MASKS = RNG.integers(0, 2, (9, 5)).astype(float), RNG.uniform(size=(9, 5))
WITH_INPUTS = [
    (lb.SquaredError(), *NUMBERS),
    (lb.PoissonNLL(), np.abs(NUMBERS[0]), NUMBERS[1]),
    (lb.Hinge(), np.sign(NUMBERS[0]), NUMBERS[1]),
    (LOG_LOSS, *RNG.uniform(size=(2, 9))),
    (SOFTMAX, LABELS, SCORES),
    (SOFTMAX, PROBABILITIES, SCORES),
    (lb.SoftmaxCrossEntropy(class_weight=(1, 2, 3)), LABELS, SCORES),
    (lb.SoftmaxFocal(), LABELS, SCORES),
    (CATEGORICAL, LABELS, PROBABILITIES),
    (lb.MultiMargin(), LABELS, SCORES),
    (lb.Dice(), *MASKS),
    (lb.Dice(ignore_index=1), *MASKS),
    (lb.ListMLE(), *MASKS),
    (
        lb.LovaszSoftmax(),
        RNG.integers(0, 3, (9, 4)).astype(float),
        RNG.dirichlet(np.ones(3), (9, 4)),
    ),
]


@pytest.mark.parametrize("filler", [np.nan, INF, -7.5])
@pytest.mark.parametrize("absent", [[0, 4, 8], [0, 1, 2, 3, 4, 5], [8]])
@pytest.mark.parametrize(("loss", "y_true", "y_pred"), WITH_INPUTS)
def test_what_weighs_nothing_may_hold_anything(loss, y_true, y_pred, absent, filler):
    weight = RNG.uniform(0.5, 2, 9)
    kept = np.delete(np.arange(9), absent)
    some = y_true.copy(), y_pred.copy(), weight.copy()
    for array, nothing in zip(some, (filler, filler, 0), strict=True):
        array[absent] = nothing
    left = y_true[kept], y_pred[kept], weight[kept]
    assert loss(*some) == pytest.approx(loss(*left), rel=1e-14)
    whole, expected = loss.gradient_and_hessian(*some), loss.gradient_and_hessian(*left)
    for one, other in zip(whole, expected, strict=True):
        np.testing.assert_allclose(one[kept], other, rtol=1e-13, atol=1e-16)
        assert not one[absent].any()
    out = np.empty_like(y_pred)
    np.testing.assert_array_equal(loss.gradient(*some, out=out), whole[0])


@pytest.mark.parametrize(("loss", "y_true", "y_pred"), WITH_INPUTS)
def test_what_weighs_something_is_still_checked_and_named(loss, y_true, y_pred):
    y_true, weight = y_true.copy(), np.ones(9)
    y_true[[1, 6]], weight[1] = np.nan, 0
    for call in loss, loss.gradient, loss.hessian:
        with pytest.raises(ValueError, match=r"y_true must be .* at index 6"):
            call(y_true, y_pred, weight)
        with pytest.raises(ValueError, match=r"y_true must be .* at index 1"):
            call(y_true, y_pred, np.ones(9))


def test_the_sample_that_stands_in_for_absent_ones_is_checked_first():
    labels, weight = np.full(100_000, np.nan), np.zeros(100_000)
    labels[-1], weight[-1] = 7, 1
    with pytest.raises(ValueError, match=r"from 0 to 2; got 7\.0 at index 99999"):
        SOFTMAX(labels, np.zeros((100_000, 3)), weight)


def test_missing_targets_are_left_out_of_many_blocks():
    y_true, y_pred = RNG.normal(size=(2, 300_000))
    y_true[RNG.uniform(size=y_true.size) < 0.5] = np.nan
    y_true[:100_000] = np.nan
    present = ~np.isnan(y_true)
    loss = lb.SquaredError()
    assert loss(y_true, y_pred, present) == pytest.approx(np.nanmean((y_true - y_pred) ** 2))
    assert not loss.gradient(y_true, y_pred, present)[~present].any()
    table, predictions = y_true.reshape(-1, 3), y_pred.reshape(-1, 3)
    assert loss(table, predictions, ~np.isnan(table)) == loss(y_true, y_pred, present)


def test_best_constants_leave_out_missing_targets():
    y_true = np.array([1.0, np.nan, 2.0, 6.0])
    present = ~np.isnan(y_true)
    assert lb.SquaredError().optimal_constant(y_true, present) == 3
    assert lb.AbsoluteError().optimal_constant(y_true, present) == 2
    with pytest.raises(ValueError, match="y_true must be finite; got nan at index 1"):
        lb.SquaredError().optimal_constant(y_true, [1, 1, 1, 0])


def test_losses_that_compare_samples_check_all_of_them():
    with pytest.raises(ValueError, match="y_true must be finite; got nan at index 0"):
        lb.SupervisedContrastive()([np.nan, 1, 1], RNG.normal(size=(3, 2)), [0, 1, 1])
