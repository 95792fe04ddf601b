"""Losses of masks where they are special: empty masks, relations, digits."""

import tracemalloc
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from reference.overlap import LOSSES as ALL
from single import DTYPES, assert_no_best, assert_shown, quiet

import lossbook as lb
from lossbook.testing import check_loss

RNG = np.random.default_rng(0)
OF_CLASSES = [loss for loss in ALL if isinstance(loss, lb.MulticlassOverlap)]
LOSSES = [loss for loss in ALL if loss not in OF_CLASSES]


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


@pytest.mark.parametrize(
    ("loss", "aim"),
    [
        (lb.Dice(), "mask of best expected overlap"),
        (lb.Jaccard(), "mask of best expected overlap"),
        (lb.Tversky(0.3, 0.7), "mask of best expected overlap"),
        (lb.Tversky(0.2, 0.2), "prediction of best expected overlap"),
        (lb.FocalTversky(0.3, 0.7, gamma=1.0), "mask of best expected overlap"),
        (lb.FocalTversky(0.2, 0.2, gamma=1.0), "prediction of best expected overlap"),
        (
            lb.FocalTversky(0.5, 0.5, gamma=2.0),
            "prediction with the smallest expected power of one minus the overlap",
        ),
    ],
    ids=repr,
)
def test_only_where_a_mask_is_aimed_at_is_the_best_prediction_one(loss, aim):
    assert loss.traits.elicits == aim
    masks = np.array(list(product([0.0, 1.0], repeat=3)))
    grid = np.array(list(product(np.linspace(0, 1, 11), repeat=3)))
    pairs = np.repeat(masks, len(grid), axis=0), np.tile(grid, (len(masks), 1))
    table = replace(loss, reduction="none")(*pairs).reshape(len(masks), -1)
    chances = np.random.default_rng(0).dirichlet(np.ones(len(masks)), 100)
    best = grid[(chances @ table).argmin(axis=1)]
    is_mask = np.all((best == 0) | (best == 1), axis=1)
    assert is_mask.all() == aim.startswith("mask")


def test_a_card():
    assert "keras.losses.tversky" in str(lb.Tversky(0.3, 0.7).card())


# Pixels that are ignored.


def ignoring(loss, mark=255):
    """Return the loss, one value a mask, that ignores a mark."""
    return replace(loss, ignore_index=mark, reduction="none")


@DTYPES
@pytest.mark.parametrize("loss", [*LOSSES, lb.LovaszHinge()], ids=repr)
@pytest.mark.parametrize("mark", [255, -100])
def test_ignored_pixels_are_as_if_they_were_cut_out(loss, mark, dtype):
    y_true, y_pred = masks((4, 3, 5))
    if isinstance(loss, lb.LovaszHinge):
        y_true, y_pred = 2 * y_true - 1, RNG.normal(size=y_true.shape)
    y_pred, ignored = y_pred.astype(dtype), RNG.uniform(size=y_true.shape) < 0.4
    marked = np.where(ignored, mark, y_true)
    for filler in 0.5, np.nan, np.inf:
        results = quiet(ignoring(loss, mark), marked, np.where(ignored, filler, y_pred), dtype)
        for k, (value, gradient, hessian) in enumerate(zip(*results, strict=True)):
            kept = ~ignored[k]
            expected = quiet(loss, y_true[k][kept][None], y_pred[k][kept][None], dtype)
            np.testing.assert_allclose(value, expected[0][0], rtol=16 * np.finfo(dtype).eps)
            for whole, cut in zip((gradient, hessian), expected[1:], strict=True):
                np.testing.assert_allclose(whole[kept], cut[0], rtol=64 * np.finfo(dtype).eps)
                assert not whole[ignored[k]].any()


@pytest.mark.parametrize("loss", [*LOSSES, lb.LovaszHinge()], ids=repr)
def test_a_mask_that_is_ignored_as_a_whole_does_not_count(loss):
    y_true, y_pred = masks((3, 6))
    y_true = 2 * y_true - 1 if isinstance(loss, lb.LovaszHinge) else y_true
    y_true[1] = 255
    some, left = replace(loss, ignore_index=255), [0, 2]
    assert some(y_true, y_pred) == pytest.approx(loss(y_true[left], y_pred[left]), rel=1e-15)
    weight = [1.0, 5.0, 3.0]
    expected = loss(y_true[left], y_pred[left], [1.0, 3.0])
    assert some(y_true, y_pred, weight) == pytest.approx(expected, rel=1e-15)
    value, gradient, hessian = quiet(some, y_true, y_pred)
    assert value[1] == 0
    assert not gradient[1].any()
    assert not hessian[1].any()
    nothing = np.full((2, 3), 255)
    with pytest.raises(ValueError, match="y_true must hold a sample that counts"):
        some(nothing, np.full((2, 3), 0.5))
    total = replace(some, reduction="sum").value_and_gradient(nothing, np.full((2, 3), 0.5))
    assert total[0] == 0
    assert not total[1].any()


def test_labels_of_eight_bits_and_many_masks_are_ignored_alike():
    y_true = RNG.integers(0, 3, (5000, 40)).astype(np.uint8)
    y_true[y_true == 2] = 255
    y_pred = RNG.uniform(size=y_true.shape)
    some = ignoring(lb.Dice())
    expected = [
        lb.Dice()(t[t < 2], p[t < 2]) for t, p in zip(y_true[:50], y_pred[:50], strict=True)
    ]
    np.testing.assert_allclose(some(y_true, y_pred)[:50], expected, rtol=1e-14)
    fortran = np.asfortranarray(y_true), np.asfortranarray(y_pred)
    np.testing.assert_array_equal(some(*fortran), some(y_true, y_pred))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: ignoring(lb.Dice())([0, 7], [0.5, 0.5]), ValueError, r"\[0, 1\], or 255 \(ign"),
        (lambda: ignoring(lb.Dice())([0, 255], [2, 0.5]), ValueError, "y_pred .* got 2.0 at ind"),
        (lambda: lb.Dice(ignore_index=0.5), TypeError, "ignore_index must be an integer; got 0.5"),
        (lambda: lb.Dice(ignore_index=True), TypeError, "ignore_index must be an integer"),
        (lambda: lb.LovaszHinge(ignore_index=-1), ValueError, "must not be a label, -1 or 1"),
        (lambda: lb.Dice(1.0, 255), TypeError, "positional"),
    ],
)
def test_bad_marks(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


def test_a_loss_that_ignores_nothing_prints_as_before():
    assert repr(lb.Dice()) == "Dice(smooth=0.0)"
    assert repr(lb.Dice(ignore_index=255)) == "Dice(ignore_index=255, smooth=0.0)"
    assert "ignore_index" not in str(lb.Dice().card())
    assert "ignore_index = 255" in str(lb.Dice(ignore_index=255).card())


# Several classes.


def of_each_class(loss, labels, p, kept, weight):
    """Return the loss of one image class by class, and its gradient."""
    share = np.array(weight) / np.sum(weight)
    pairs = [((labels[kept] == k).astype(float), p[kept][:, k]) for k in range(p.shape[-1])]
    gradient = np.zeros_like(p)
    gradient[kept] = np.stack([loss.gradient(*pair) for pair in pairs], axis=-1) * share
    return share @ [loss(*pair) for pair in pairs], gradient


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("weight", [None, (1.0, 0.0, 2.5)])
@pytest.mark.parametrize("mark", [None, 255, 0])
def test_several_classes_are_the_mean_of_each(loss, weight, mark):
    labels, p = RNG.integers(0, 3, (4, 3, 5)), RNG.dirichlet(np.ones(3), (4, 3, 5))
    kept = np.ones(labels.shape, bool)
    if mark is not None:
        labels[RNG.uniform(size=labels.shape) < 0.3] = mark
        kept = labels != mark
    some = lb.MulticlassOverlap(loss, weight, ignore_index=mark)
    value, gradient, hessian = quiet(some, labels, np.where(kept[..., None], p, np.nan))
    for k in range(4):
        expected = of_each_class(loss, labels[k], p[k], kept[k], weight or (1.0, 1.0, 1.0))
        assert value[k] == pytest.approx(expected[0], rel=1e-14)
        np.testing.assert_allclose(gradient[k], expected[1], rtol=1e-13, atol=1e-18)
    assert not hessian[~kept].any()
    alone = replace(some, reduction="mean")(labels[0].ravel(), p[0].reshape(-1, 3))
    assert alone == pytest.approx(value[0], rel=1e-14)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_labels_are_masks_with_one_class_each(loss):
    labels, p = RNG.integers(0, 3, (4, 7)), RNG.dirichlet(np.ones(3), (4, 7))
    some = lb.MulticlassOverlap(loss, class_weight=(1, 2, 3))
    for one, other in zip(quiet(some, labels, p), quiet(some, np.eye(3)[labels], p), strict=True):
        np.testing.assert_array_equal(one, other)
    single = quiet(some, labels, p, np.float32)
    for one, other in zip(quiet(some, labels, p), single, strict=True):
        np.testing.assert_allclose(other, one, rtol=2e-6, atol=1e-7)


def test_scikit_learn_agrees_on_several_classes():
    metrics = pytest.importorskip("sklearn.metrics")
    true, pred = RNG.integers(0, 4, (2, 60))
    hard = np.eye(4)[pred]
    dice, jaccard = lb.MulticlassOverlap(), lb.MulticlassOverlap(lb.Jaccard())
    assert dice(true, hard) == pytest.approx(1 - metrics.f1_score(true, pred, average="macro"))
    expected = 1 - metrics.jaccard_score(true, pred, average="macro")
    assert jaccard(true, hard) == pytest.approx(expected)


def test_keras_agrees_on_several_classes():
    keras = pytest.importorskip("keras")
    labels, p = RNG.integers(0, 3, (4, 9)), RNG.dirichlet(np.ones(3), (4, 9))
    of_classes = keras.losses.dice(np.eye(3)[labels], p, axis=1)
    expected = np.mean(of_classes.tolist(), axis=-1)
    ours = replace(lb.MulticlassOverlap(), reduction="none")(labels, p)
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_a_class_that_an_image_lacks_counts_as_an_empty_mask():
    labels, p = np.array([0, 0]), np.array([[0.5, 0.5], [1.0, 0.0]])
    dice = lb.Dice()
    assert lb.MulticlassOverlap()(labels, p) == (dice([1, 1], [0.5, 1.0]) + 1) / 2
    assert lb.MulticlassOverlap()(labels, np.eye(2)[labels]) == 0
    smooth = lb.MulticlassOverlap(lb.Dice(smooth=1.0))
    assert (smooth.gradient(labels, p)[:, 1] > 0).all()


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda some: some([0, 2], [[0.5, 0.5]] * 2), ValueError, "a class index from 0 to 1"),
        (lambda some: some([[0, 1]], [[0.5, 0.5]] * 2), ValueError, r"one mask per class, or \(2,"),
        (lambda some: some([0, 1], [[1.5, 0.5]] * 2), ValueError, r"y_pred must be in \[0, 1\]"),
        (lambda some: some([0, 1], [0.5, 0.5]), ValueError, "y_pred must have pixels"),
        (
            lambda some: replace(some, class_weight=(1, 2, 3))([0, 1], [[0.5, 0.5]] * 2),
            ValueError,
            "class_weight must have one weight for each of the 2 classes; got 3",
        ),
        (lambda some: replace(some, class_weight=(0, 0)), ValueError, "not all zero"),
        (lambda some: replace(some, loss=lb.Huber()), TypeError, "loss must be Dice"),
        (lambda some: replace(some, loss=lb.Dice(ignore_index=1)), ValueError, "ignore_index of"),
        (lambda some: replace(some, loss=lb.Dice(reduction="sum")), ValueError, "a reduction"),
    ],
)
def test_bad_inputs_of_several_classes(call, kind, words):
    with pytest.raises(kind, match=words):
        call(lb.MulticlassOverlap())


@pytest.mark.parametrize("loss", OF_CLASSES, ids=repr)
def test_several_classes_have_no_best_constant(loss):
    assert_no_best(loss, np.ones((2, 4)))


@pytest.mark.parametrize(
    "loss",
    [
        lb.Dice(ignore_index=255),
        lb.Dice(smooth=0.5, ignore_index=-1),
        lb.FocalTversky(ignore_index=255),
        lb.LovaszHinge(ignore_index=0),
        lb.MulticlassOverlap(lb.Jaccard(), class_weight=(1, 0, 2), ignore_index=255),
    ],
    ids=repr,
)
def test_losses_with_ignored_pixels_keep_the_contract(loss):
    check_loss(loss)


# Masks larger than a block.

HUGE = [
    lb.Dice(smooth=1.0),
    lb.Jaccard(ignore_index=255),
    lb.FocalTversky(0.25, 0.75, 2.0, reduction="sum"),
    lb.Tversky(0.25, 0.75, reduction="none", ignore_index=255),
    lb.MulticlassOverlap(lb.Dice(smooth=1.0), class_weight=(0, 1, 2, *[1] * 7)),
    lb.MulticlassOverlap(lb.FocalTversky(), ignore_index=255),
]


def of_classes(loss):
    return isinstance(loss, lb.MulticlassOverlap)


def huge_masks(loss, dtype=np.float64, n_masks=3, n_pixels=150_000):
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 2, (n_masks, n_pixels // 10, 10)).astype(dtype)
    y_pred = rng.uniform(0, 1, y_true.shape).astype(dtype)
    if loss.ignore_index is not None:
        y_true[:, ::7], y_pred[:, ::7] = loss.ignore_index, np.nan
    return y_true, y_pred


def huge_label_images(loss, dtype=np.float64, n_images=3, n_pixels=15_000, n_classes=10):
    rng = np.random.default_rng(1)
    y_true = rng.integers(0, n_classes, (n_images, n_pixels), dtype=np.uint8)
    y_pred = rng.uniform(0, 1, (*y_true.shape, n_classes)).astype(dtype)
    if loss.ignore_index is not None:
        y_true[:, ::7], y_pred[:, ::7] = loss.ignore_index, np.nan
    return y_true, y_pred


def all_parts(loss, *inputs):
    return [
        *loss.value_and_gradient(*inputs),
        *loss.gradient_and_hessian(*inputs, curvature="abs"),
        loss(*inputs),
        loss.hessian(*inputs),
    ]


@pytest.mark.parametrize(
    ("loss", "huge"),
    [(each, huge_masks) for each in HUGE]
    + [(each, huge_label_images) for each in HUGE if of_classes(each)],
    ids=lambda value: getattr(value, "__name__", repr(value)),
)
def test_masks_read_in_pieces_cost_what_they_cost_as_a_whole(loss, huge, monkeypatch, threads):
    y_true, y_pred = huge(loss)
    lost = y_pred.copy()
    lost[1] = np.nan
    inputs = [(y_true, y_pred), (y_true, lost, [1.5, 0.0, 0.25]), (y_true[0], y_pred[0])]
    threads(1)
    got = [all_parts(loss, *each) for each in inputs]
    threads(3)
    for each, first in zip(inputs, got, strict=True):
        for one, other in zip(all_parts(loss, *each), first, strict=True):
            np.testing.assert_array_equal(one, other)
    monkeypatch.setattr("lossbook.core.masks.BLOCK_BYTES", 1 << 40)
    for each, pieces in zip(inputs, got, strict=True):
        for one, whole in zip(pieces, all_parts(loss, *each), strict=True):
            np.testing.assert_allclose(one, whole, rtol=1e-11, atol=1e-18)


def test_what_is_wrong_in_a_piece_is_found_and_nothing_is_written():
    y_true, y_pred = huge_masks(HUGE[0])
    y_pred[2, 14_000, 3] = 1.5
    out = np.full(y_pred.shape, 7.0)
    with pytest.raises(ValueError, match=r"in \[0, 1\]; got 1.5 at index 2, 14000, 3"):
        lb.Dice().gradient(y_true, y_pred, out=out)
    assert (out == 7).all()


def test_what_is_wrong_in_a_piece_of_an_image_with_weight_0_does_not_matter():
    loss = lb.MulticlassOverlap(ignore_index=255)
    y_true, y_pred = huge_label_images(loss)
    expected = loss(y_true[1:], y_pred[1:])
    y_true[0, 3], y_pred[0, 5] = 10, 7.0
    assert loss(y_true, y_pred, [0, 1, 1]) == pytest.approx(expected, rel=1e-14)
    out = np.empty_like(y_pred)
    loss.gradient(y_true, y_pred, [0, 1, 1], out=out)
    assert not out[0].any()
    np.testing.assert_array_equal(out[1:], loss.gradient(y_true[1:], y_pred[1:]))


def peak_of(call):
    """Return what a call returns, and how much memory it held at most."""
    tracemalloc.start()
    result = call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return result, peak


def test_a_huge_image_of_several_classes_takes_the_memory_of_its_pieces():
    for loss in lb.MulticlassOverlap(), lb.MulticlassOverlap(ignore_index=255):
        inputs = huge_label_images(loss, np.float16, 1, 1_000_000, 5)
        _, peak = peak_of(lambda loss=loss, inputs=inputs: loss(*inputs))
        assert peak < 2 * lb.get_num_threads() * 2**23


def test_a_huge_mask_of_half_precision_takes_the_memory_of_its_pieces():
    y_true, y_pred = huge_masks(lb.Dice(ignore_index=255), np.float16, 1, 4_000_000)
    _, peak = peak_of(lambda: lb.Dice(ignore_index=255)(y_true, y_pred))
    assert peak < 2 * lb.get_num_threads() * 2**23
    y_true, y_pred = huge_masks(lb.Dice(), np.float16, 1, 4_000_000)
    value, peak = peak_of(lambda: lb.Dice()(y_true, y_pred))
    common = np.vdot(y_true.astype(float), y_pred.astype(float))
    expected = 1 - 2 * common / (y_true.sum(dtype=float) + y_pred.sum(dtype=float))
    assert value == pytest.approx(expected, rel=1e-6)
    assert peak < 2 * lb.get_num_threads() * 2**23
