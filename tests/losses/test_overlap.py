"""Losses of masks where they are special: empty masks, relations, digits."""

from dataclasses import replace

import numpy as np
import pytest
from reference.overlap import LOSSES
from single import DTYPES, assert_no_best, assert_shown, quiet

import lossbook as lb

RNG = np.random.default_rng(0)


def masks(shape):
    """Return hard targets and predicted probabilities."""
    return RNG.integers(0, 2, shape).astype(float), RNG.uniform(size=shape)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_the_first_axis_counts_masks_and_the_others_are_pixels(loss):
    y_true, y_pred = masks((4, 3, 5, 2))
    flat = y_true.reshape(4, -1), y_pred.reshape(4, -1)
    for whole, of_rows in zip(quiet(loss, y_true, y_pred), quiet(loss, *flat), strict=True):
        np.testing.assert_array_equal(whole.ravel(), of_rows.ravel())
    alone = [loss(*mask) for mask in zip(*flat, strict=True)]
    np.testing.assert_allclose(quiet(loss, y_true, y_pred)[0], alone, rtol=1e-15)
    assert loss(y_true, y_pred) == pytest.approx(np.mean(alone))
    assert loss(y_true, y_pred, [0, 1, 3, 0]) == pytest.approx((alone[1] + 3 * alone[2]) / 4)


@DTYPES
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_two_empty_masks_cost_nothing(loss, dtype):
    value, gradient, hessian = quiet(loss, np.zeros((1, 3)), np.zeros((1, 3)), dtype)
    assert value == 0
    smooth = getattr(loss, "smooth", 0)
    np.testing.assert_array_equal(gradient, 1 / smooth if smooth else 0)
    np.testing.assert_array_equal(hessian, -2 / smooth**2 if smooth else 0)


@DTYPES
@pytest.mark.parametrize(
    "loss", [loss for loss in LOSSES if not vars(loss).get("smooth")], ids=repr
)
def test_an_empty_target_or_prediction_misses_all(loss, dtype):
    tiny = float(np.finfo(dtype).tiny)
    for y_pred in [0.25, 0.0, 0.5], [0.0, 1.0, 0.0], [0.0, tiny, 0.0]:
        value, gradient, hessian = quiet(loss, np.zeros(3), y_pred, dtype)
        assert value == 1
        assert not gradient.any()
        assert not hessian.any()
    value, gradient, _ = quiet(loss, [1, 1, 0], [0, 0, 0], dtype)
    assert value == 1
    assert (gradient[:2] < 0).all()
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_a_mask_and_its_copy_cost_nothing(loss):
    mask = RNG.integers(0, 2, (3, 50))
    value, gradient, hessian = quiet(loss, mask, mask)
    assert not value.any()
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()


def test_the_kink_of_the_focal_loss_where_masks_coincide():
    mask = np.array([1.0, 1, 0, 0])
    near = mask - 1e-9 * (np.arange(4) == 0)
    for gamma, expected in (0.75, 0), (1.0, lb.Tversky(0.3, 0.7).gradient(mask, mask)), (2.0, 0):
        loss = lb.FocalTversky(gamma=gamma)
        np.testing.assert_allclose(loss.gradient(mask, mask), expected)
    assert lb.FocalTversky(gamma=0.5).gradient(mask, near)[0] < -1e3
    assert not lb.FocalTversky(gamma=1.5).hessian(mask, mask).any()


def test_the_focal_loss_is_a_power():
    y_true, y_pred = RNG.uniform(size=(2, 5, 7))
    plain = replace(lb.Tversky(0.3, 0.7), reduction="none")(y_true, y_pred)
    for gamma in 0.5, 1.0, 3.0:
        focal = lb.FocalTversky(0.3, 0.7, gamma, reduction="none")(y_true, y_pred)
        np.testing.assert_allclose(focal, plain**gamma, rtol=1e-14)


def test_dice_and_jaccard_are_tversky_losses_and_know_each_other():
    data = RNG.uniform(size=(2, 6, 9))
    for loss, weight in (lb.Dice(), 0.5), (lb.Jaccard(), 1.0):
        pairs = zip(quiet(loss, *data), quiet(lb.Tversky(weight, weight), *data), strict=True)
        for one, other in pairs:
            np.testing.assert_array_equal(one, other)
    dice, jaccard = (replace(loss, reduction="none")(*data) for loss in (lb.Dice(), lb.Jaccard()))
    np.testing.assert_allclose(dice, jaccard / (2 - jaccard), rtol=1e-14)


def test_alpha_weights_false_positives_and_beta_false_negatives():
    target, too_much, too_little = [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]
    loss = lb.Tversky(alpha=0.25, beta=0.75)
    assert loss(target, too_much) == pytest.approx(0.25 / 2.25)
    assert loss(target, too_little) == pytest.approx(0.75 / 1.75)


def test_scikit_learn_agrees_on_hard_masks():
    metrics = pytest.importorskip("sklearn.metrics")
    for _ in range(10):
        true, pred = RNG.integers(0, 2, (2, 30))
        assert lb.Dice()(true, pred) == pytest.approx(1 - metrics.f1_score(true, pred))
        assert lb.Jaccard()(true, pred) == pytest.approx(1 - metrics.jaccard_score(true, pred))


def test_soft_targets_are_not_their_own_best_predictions():
    for loss in lb.Dice(), lb.Jaccard():
        assert loss([0.5, 0.25], [0.5, 0.25]) > 0.4
        assert loss([0.5, 0.25], [1.0, 0.0]) < loss([0.5, 0.25], [0.5, 0.25])


@pytest.mark.parametrize("loss", [lb.Dice(), lb.Jaccard(), lb.Tversky(0.2, 2.0)], ids=repr)
def test_a_small_loss_keeps_its_digits(loss):
    target, pred = np.ones((1, 4)), np.ones((1, 4))
    pred[0, 0] = 1 - 2.0**-50
    alpha, beta = getattr(loss, "alpha", 1), getattr(loss, "beta", 1)
    if isinstance(loss, lb.Dice):
        alpha = beta = 0.5
    expected = beta * 2.0**-50 / (4 - (1 - beta) * 2.0**-50)
    assert quiet(loss, target, pred)[0][0] == pytest.approx(expected, rel=1e-15)
    target[0, 3] = pred[0, 3] = 0
    pred[0, 0], pred[0, 3] = 1, 1e-30
    assert quiet(loss, target, pred)[0][0] == pytest.approx(alpha * 1e-30 / 3, rel=1e-15)


@pytest.mark.parametrize("loss", [lb.Dice(), lb.Jaccard()], ids=repr)
def test_a_million_pixels_are_added_in_double_precision(loss):
    target, pred = np.zeros((2, 1000, 1000), np.float32), np.full((2, 1000, 1000), 0.1, np.float32)
    target[:, :500] = 1
    expected = quiet(loss, target[:1, ::100], pred[:1, ::100])[0][0]
    np.testing.assert_allclose(quiet(loss, target, pred, np.float32)[0], expected, rtol=1e-7)
    exact = quiet(loss, target, pred.astype(np.float64))
    for single, double in zip(quiet(loss, target, pred, np.float32), exact, strict=True):
        np.testing.assert_allclose(single, double, rtol=3e-7)


def test_the_steepest_slope_follows_the_parameters_and_the_number_of_pixels():
    assert lb.Dice().traits.lipschitz(3) == pytest.approx(2)
    assert lb.Dice().traits.lipschitz(400) == pytest.approx(10, rel=1e-2)
    assert lb.Dice(smooth=0.5).traits.lipschitz(9) == pytest.approx(6)
    assert lb.Jaccard().traits.lipschitz(9) == pytest.approx(3)
    assert lb.Tversky(0.3, 0.8).traits.lipschitz(2) == pytest.approx(1 / 0.8)
    assert lb.FocalTversky(gamma=0.9).traits.lipschitz == np.inf
    assert lb.FocalTversky(0.5, 0.5, gamma=2.0).traits.lipschitz(1) == pytest.approx(4)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_what_is_shown_is_what_is_computed(loss):
    assert_shown(loss)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lb.Dice()([1, 0], [0.5, 1.5]), r"y_pred must be in \[0, 1\]; got 1.5 at index 1"),
        (lambda: lb.Dice()([1, 2], [0.5, 0.5]), r"y_true must be in \[0, 1\]; got 2 at index 1"),
        (lambda: lb.Jaccard()([[1, 0]], [[0.5, np.nan]]), "y_pred .* got nan at index 0, 1"),
        (lambda: lb.Dice()([1, 0], [[0.5, 0.5]]), r"y_pred must have shape \(2,\)"),
        (lambda: lb.Dice()(1, 0.5), "y_pred must have one axis or more"),
        (lambda: lb.Dice()([[1, 0]], [[0.5, 0]], [1, 1]), r"sample_weight must have shape \(1,\)"),
        (lambda: lb.Dice(smooth=-1), r"smooth must be in \[0, inf\)"),
        (lambda: lb.Tversky(alpha=0), r"alpha must be in \(0, inf\)"),
        (lambda: lb.Tversky(beta=np.inf), r"beta must be in \(0, inf\)"),
        (lambda: lb.FocalTversky(gamma=0), r"gamma must be in \(0, inf\)"),
    ],
)
def test_bad_inputs(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_there_is_no_formula_for_the_best_constant(loss):
    assert_no_best(loss, np.ones((2, 4)))


def test_a_card():
    assert "keras.losses.tversky" in str(lb.Tversky(0.3, 0.7).card())
