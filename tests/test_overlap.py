"""Losses of masks and of boxes: special places, ranks, shapes, and what others compute."""

import warnings
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from mpmath import mp
from reference.definition import value as defined

import lossbook as lb
from lossbook import symbolic
from lossbook.core.domains import BOXES, PLUS_MINUS_ONE
from lossbook.testing import Samples, check_loss, draw
from reference import boxes, lovasz, overlap

OF_BOXES = boxes.LOSSES
OF_MASKS = [*overlap.LOSSES, *lovasz.LOSSES]
OF_SHARES = [loss for loss in OF_MASKS if not isinstance(loss, lb.LovaszHinge)]
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
RNG = np.random.default_rng(0)


def parts(loss, y_true, y_pred, dtype=np.float64):
    """Return value, gradient and hessian of each sample, where every warning is an error."""
    loss = replace(loss, reduction="none")
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred, dtype)
    y_true = y_true.astype(dtype) if y_true.dtype.kind == "f" else y_true
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        results = [loss(y_true, y_pred), *loss.gradient_and_hessian(y_true, y_pred)]
    assert all(result.dtype == dtype for result in results)
    return results


def masks(loss, shape):
    """Return targets and predictions of a loss of masks."""
    hard = RNG.integers(0, 2, shape).astype(float)
    if loss.y_true_domain is PLUS_MINUS_ONE:
        return 2 * hard - 1, 2 * RNG.standard_normal(shape)
    return hard, RNG.uniform(size=shape)


# Masks.


@pytest.mark.parametrize("loss", OF_MASKS, ids=repr)
def test_the_first_axis_counts_masks_and_the_others_are_pixels(loss):
    y_true, y_pred = masks(loss, (4, 3, 5, 2))
    flat = y_true.reshape(4, -1), y_pred.reshape(4, -1)
    for whole, of_rows in zip(parts(loss, y_true, y_pred), parts(loss, *flat), strict=True):
        np.testing.assert_array_equal(whole.ravel(), of_rows.ravel())
    alone = [loss(*mask) for mask in zip(*flat, strict=True)]
    np.testing.assert_allclose(parts(loss, y_true, y_pred)[0], alone, rtol=1e-15)
    assert loss(y_true, y_pred) == pytest.approx(np.mean(alone))
    assert loss(y_true, y_pred, [0, 1, 3, 0]) == pytest.approx((alone[1] + 3 * alone[2]) / 4)


@DTYPES
@pytest.mark.parametrize("loss", OF_SHARES, ids=repr)
def test_two_empty_masks_cost_nothing(loss, dtype):
    value, gradient, hessian = parts(loss, np.zeros((1, 3)), np.zeros((1, 3)), dtype)
    assert value == 0
    smooth = getattr(loss, "smooth", 0)
    np.testing.assert_array_equal(gradient, 1 / smooth if smooth else 0)
    np.testing.assert_array_equal(hessian, -2 / smooth**2 if smooth else 0)


@DTYPES
@pytest.mark.parametrize(
    "loss", [loss for loss in OF_SHARES if not vars(loss).get("smooth")], ids=repr
)
def test_an_empty_target_or_prediction_misses_all(loss, dtype):
    tiny = float(np.finfo(dtype).tiny)
    for y_pred in [0.25, 0.0, 0.5], [0.0, 1.0, 0.0], [0.0, tiny, 0.0]:
        value, gradient, hessian = parts(loss, np.zeros(3), y_pred, dtype)
        assert value == 1
        assert not gradient.any()
        assert not hessian.any()
    value, gradient, _ = parts(loss, [1, 1, 0], [0, 0, 0], dtype)
    assert value == 1
    assert (gradient[:2] < 0).all()
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("loss", OF_SHARES, ids=repr)
def test_a_mask_and_its_copy_cost_nothing(loss):
    mask = RNG.integers(0, 2, (3, 50))
    value, gradient, hessian = parts(loss, mask, mask)
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
        pairs = zip(parts(loss, *data), parts(lb.Tversky(weight, weight), *data), strict=True)
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
    assert parts(loss, target, pred)[0][0] == pytest.approx(expected, rel=1e-15)
    target[0, 3] = pred[0, 3] = 0
    pred[0, 0], pred[0, 3] = 1, 1e-30
    assert parts(loss, target, pred)[0][0] == pytest.approx(alpha * 1e-30 / 3, rel=1e-15)


@pytest.mark.parametrize("loss", [lb.Dice(), lb.Jaccard()], ids=repr)
def test_a_million_pixels_are_added_in_double_precision(loss):
    target, pred = np.zeros((2, 1000, 1000), np.float32), np.full((2, 1000, 1000), 0.1, np.float32)
    target[:, :500] = 1
    expected = parts(loss, target[:1, ::100], pred[:1, ::100])[0][0]
    np.testing.assert_allclose(parts(loss, target, pred, np.float32)[0], expected, rtol=1e-7)
    exact = parts(loss, target, pred.astype(np.float64))
    for single, double in zip(parts(loss, target, pred, np.float32), exact, strict=True):
        np.testing.assert_allclose(single, double, rtol=3e-7)


# Ranks.


@pytest.mark.parametrize("n_positive", range(5))
def test_the_lovasz_hinge_on_every_set_of_errors_is_the_jaccard_loss(n_positive):
    positives = set(range(n_positive))
    y_true = np.where(np.arange(4) < n_positive, 1, -1)
    for bits in range(16):
        wrong = {pixel for pixel in range(4) if bits >> pixel & 1}
        errors = np.isin(np.arange(4), list(wrong)).astype(float)
        value = lb.LovaszHinge()(y_true, y_true * (1 - errors))
        assert value == pytest.approx(float(jaccard := lovasz.jaccard_loss(wrong, positives)))
        assert jaccard <= 1


def autograd(function, *arrays):
    """Return a function's value and gradient by PyTorch."""
    torch = pytest.importorskip("torch")
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    value = function(torch, *tensors)
    return value.item(), [g.numpy() for g in torch.autograd.grad(value, tensors)]


def lovasz_weights(torch, positive):
    """Return the growth of the Jaccard loss along ranked pixels, as in the paper's algorithm 1."""
    n_positive = positive.sum()
    intersection = n_positive - positive.cumsum(0)
    jaccard = 1 - intersection / (n_positive + (1 - positive).cumsum(0))
    return torch.diff(jaccard, prepend=jaccard.new_zeros(1))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_lovasz_hinge_as_the_paper_computes_it(share):
    y_true = np.where(RNG.uniform(size=200) < share, 1.0, -1.0)
    y_pred = 2 * RNG.standard_normal(200)

    def loss(torch, z):
        errors = 1 - torch.tensor(y_true) * z
        ranked, order = torch.sort(errors, descending=True)
        weights = lovasz_weights(torch, (torch.tensor(y_true)[order] > 0).double())
        return torch.dot(torch.relu(ranked), weights)

    value, (gradient,) = autograd(loss, y_pred)
    assert lb.LovaszHinge()(y_true, y_pred) == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(lb.LovaszHinge().gradient(y_true, y_pred), gradient, atol=1e-14)


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_the_lovasz_softmax_as_the_paper_computes_it(n_classes):
    labels = RNG.integers(0, max(2, n_classes - 1), 150)
    p = RNG.dirichlet(np.ones(n_classes), 150)

    def loss(torch, p):
        losses = []
        for k in np.unique(labels):
            positive = torch.tensor((labels == k).astype(float))
            ranked, order = torch.sort((positive - p[:, k]).abs(), descending=True)
            losses.append(torch.dot(ranked, lovasz_weights(torch, positive[order])))
        return sum(losses) / len(losses)

    value, (gradient,) = autograd(loss, p)
    assert lb.LovaszSoftmax()(labels, p) == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(lb.LovaszSoftmax().gradient(labels, p), gradient, atol=1e-14)
    assert not lb.LovaszSoftmax().hessian(labels, p).any()


@DTYPES
def test_the_lovasz_softmax_is_the_extension_of_each_class(dtype):
    labels = np.array([[0, 2, 2, 0], [1, 1, 1, 1]])
    p = np.array(
        [
            [[0.5, 0.25, 0.25], [0.25, 0.125, 0.625], [0.125, 0.5, 0.375], [0.875, 0.125, 0]],
            [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0, 1, 0], [0.125, 0.625, 0.25]],
        ],
        dtype,
    )
    value, gradient, hessian = parts(lb.LovaszSoftmax(), labels, p, dtype)
    for image in range(2):
        classes = np.unique(labels[image])
        own = labels[image][:, None] == classes
        errors = np.abs(own - p[image][:, classes])
        each = [
            lovasz.lovasz_extension(list(map(float, column)), set(np.flatnonzero(positive)))
            for column, positive in zip(errors.T, own.T, strict=True)
        ]
        assert value[image] == pytest.approx(float(sum(each) / len(classes)), rel=1e-6)
        absent = np.setdiff1d(range(3), classes)
        assert not gradient[image][:, absent].any()
    assert gradient.shape == hessian.shape == p.shape
    assert not hessian.any()


def test_images_of_the_lovasz_softmax():
    labels, p = RNG.integers(0, 3, (5, 4, 6)), RNG.dirichlet(np.ones(3), (5, 4, 6))
    loss = lb.LovaszSoftmax(reduction="none")
    value, gradient, _ = parts(loss, labels, p)
    for image in range(5):
        flat = labels[image].ravel(), p[image].reshape(-1, 3)
        assert lb.LovaszSoftmax()(*flat) == pytest.approx(value[image], rel=1e-14)
        own = lb.LovaszSoftmax().gradient(*flat).reshape(4, 6, 3)
        np.testing.assert_allclose(own, gradient[image])
    weight = [1, 0, 2, 0, 0]
    assert lb.LovaszSoftmax()(labels, p, weight) == pytest.approx((value[0] + 2 * value[2]) / 3)


def test_tied_errors_rank_in_the_order_of_the_pixels():
    y_true, later = np.array([1.0, -1, -1, 1]), 1e-9 * np.arange(4)
    gradient = lb.LovaszHinge().gradient(y_true, np.zeros(4))
    np.testing.assert_allclose(-y_true * gradient, [1 / 2, 1 / 6, 1 / 12, 1 / 4], rtol=1e-15)
    np.testing.assert_array_equal(gradient, lb.LovaszHinge().gradient(y_true, y_true * later))
    labels, p = np.array([0, 1, 0]), np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    nearly = p + np.outer([0, 1e-9, 2e-9], [1, -1]) * np.where(labels == 0, 1, -1)[:, None]
    loss = lb.LovaszSoftmax()
    np.testing.assert_array_equal(loss.gradient(labels, p), loss.gradient(labels, nearly))


def test_the_kink_and_the_tails_of_the_lovasz_hinge():
    loss = lb.LovaszHinge()
    np.testing.assert_array_equal(loss.gradient([1, -1], [1.0, -1.0]), 0)
    assert loss([1, -1], [1.0, -1.0]) == 0
    assert loss([1.0, -1], [np.inf, -np.inf]) == 0
    assert loss([1.0, -1], [np.inf, np.inf]) == np.inf
    assert loss([-1.0, -1], [np.inf, np.inf]) == np.inf
    assert np.isnan(loss([1.0, -1], [np.nan, 1.0]))
    assert np.isnan(loss.gradient([1.0, -1], [np.nan, 1.0])[0])
    assert parts(loss, [[1.0, -1]], [[-1e30, 0.5]], np.float32)[0] == np.float32(1e30)


def test_a_mask_without_positives_puts_all_weight_on_the_largest_error():
    value, gradient, _ = parts(lb.LovaszHinge(), -np.ones(4), [0.5, 2.0, -3.0, 1.0])
    assert value == 3
    np.testing.assert_array_equal(gradient, [0, 1, 0, 0])


# Boxes.

BOX = np.array([1.0, 2.0, 4.0, 4.0])
BY_HAND = [
    # Side by side on one third; the same inside the box; touching; apart.
    ([0, 0, 2, 2], [1, 0, 3, 2], 2 / 3, 2 / 3, 2 / 3 + 1 / 13),
    ([0, 0, 2, 2], [0, 0, 1, 1], 3 / 4, 3 / 4, 3 / 4 + 0.5 / 8),
    ([0, 0, 2, 2], [2, 0, 4, 2], 1, 1, 1 + 4 / 20),
    ([0, 0, 2, 2], [3, 0, 5, 2], 1, 1 + 2 / 10, 1 + 9 / 29),
    ([0, 0, 1, 1], [2, 2, 3, 3], 1, 1 + 7 / 9, 1 + 8 / 18),
]


@DTYPES
@pytest.mark.parametrize(("true", "pred", "iou", "giou", "diou"), BY_HAND)
def test_boxes_by_hand(true, pred, iou, giou, diou, dtype):
    for loss, expected in (lb.IoU(), iou), (lb.GIoU(), giou), (lb.DIoU(), diou):
        for data in (true, pred), (pred, true):
            assert parts(loss, *data, dtype)[0] == pytest.approx(expected, rel=1e-6)


def test_the_penalty_of_another_ratio_of_sides():
    v = 4 / np.pi**2 * (np.arctan(1) - np.arctan(0.5)) ** 2
    pred = [0.5, 0, 1.5, 2]
    assert lb.DIoU()([0, 0, 2, 2], pred) == 0.5
    assert lb.CIoU()([0, 0, 2, 2], pred) == pytest.approx(0.5 + v**2 / (0.5 + v))
    assert lb.CIoU()([0, 0, 2, 2], [0, 0, 1, 1]) == lb.DIoU()([0, 0, 2, 2], [0, 0, 1, 1])


@DTYPES
@pytest.mark.parametrize("loss", OF_BOXES, ids=repr)
@pytest.mark.parametrize("box", [BOX, [1, 1, 1, 1], [0, 2, 3, 2], [5, -1, 5, 4], [0, 0, 0, 0]])
def test_a_box_and_its_copy_cost_nothing(loss, box, dtype):
    value, gradient, hessian = parts(loss, box, box, dtype)
    assert value == 0
    assert not gradient.any()
    assert np.isfinite(hessian).all()


@pytest.mark.parametrize("loss", OF_BOXES, ids=repr)
@pytest.mark.parametrize("true", [[0, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 2], [0, 0, 2, 2]])
@pytest.mark.parametrize("pred", [[1, 1, 1, 1], [0, 1, 2, 1], [0, 0, 0, 1], [3, -1, 3, 4]])
def test_empty_boxes_elsewhere(loss, true, pred):
    value, gradient, hessian = parts(loss, true, pred)
    assert 1 <= value <= 3
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()


@DTYPES
@pytest.mark.parametrize("loss", OF_BOXES, ids=repr)
@pytest.mark.parametrize("size", [1e-15, 1.0, 1e15])
def test_the_unit_of_length_does_not_matter(loss, size, dtype):
    true, pred = (draw(BOXES, RNG, (50, 4)).astype(np.float32).astype(float) for _ in range(2))
    unit = 2.0 ** round(np.log2(size))
    plain, scaled = parts(loss, true, pred, dtype), parts(loss, true * unit, pred * unit, dtype)
    for power, (one, other) in enumerate(zip(plain, scaled, strict=True)):
        np.testing.assert_array_equal(one, other * dtype(unit**power))


@pytest.mark.parametrize("loss", OF_BOXES, ids=repr)
def test_a_shift_by_little_keeps_its_digits(loss):
    true, shift = [0.0, 0, 1, 1], 2.0**-40
    pred = np.array(true) + shift
    with mp.workdps(60):
        exact = float(defined(loss, list(map(mp.mpf, true)), list(map(mp.mpf, pred))))
    assert loss(true, pred) == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize("loss", OF_BOXES, ids=repr)
def test_reflections_and_the_diagonal_change_nothing_but_signs_and_order(loss):
    true, pred = draw(BOXES, RNG, (40, 4)), draw(BOXES, RNG, (40, 4))
    value, gradient, hessian = parts(loss, true, pred)

    def mirrored(boxes):
        return np.stack([-boxes[:, 2], boxes[:, 1], -boxes[:, 0], boxes[:, 3]], axis=1)

    swap = [1, 0, 3, 2]
    other = parts(loss, mirrored(true), mirrored(pred))
    np.testing.assert_allclose(other[0], value, rtol=1e-12)
    np.testing.assert_allclose(mirrored(other[1]), gradient, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.abs(mirrored(other[2])), np.abs(hessian), rtol=1e-9, atol=1e-11)
    other = parts(loss, true[:, swap], pred[:, swap])
    np.testing.assert_allclose(other[0], value, rtol=1e-12)
    np.testing.assert_allclose(other[1][:, swap], gradient, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(other[2][:, swap], hessian, rtol=1e-9, atol=1e-11)


def with_torch(loss, torch, true, pred, *, alpha_is_constant=False):
    """Return a loss of boxes, as the papers define it."""
    low = torch.maximum(true[:, :2], pred[:, :2]), torch.minimum(true[:, :2], pred[:, :2])
    high = torch.minimum(true[:, 2:], pred[:, 2:]), torch.maximum(true[:, 2:], pred[:, 2:])
    shared, hull = (high[0] - low[0]).clamp(min=0), high[1] - low[1]
    sides, true_sides = pred[:, 2:] - pred[:, :2], true[:, 2:] - true[:, :2]
    union = sides.prod(1) + true_sides.prod(1) - shared.prod(1)
    missed = 1 - shared.prod(1) / union
    if isinstance(loss, lb.IoU):
        return missed
    if isinstance(loss, lb.GIoU):
        return missed + (hull.prod(1) - union) / hull.prod(1)
    centres = (pred[:, :2] + pred[:, 2:] - true[:, :2] - true[:, 2:]) / 2
    distance = (centres**2).sum(1) / (hull**2).sum(1)
    if isinstance(loss, lb.DIoU):
        return missed + distance
    angles = [torch.atan(each[:, 0] / each[:, 1]) for each in (true_sides, sides)]
    v = 4 / torch.pi**2 * (angles[0] - angles[1]) ** 2
    alpha = v / (missed + v)
    return missed + distance + (alpha.detach() if alpha_is_constant else alpha) * v


@pytest.mark.parametrize("loss", OF_BOXES, ids=repr)
def test_boxes_as_the_papers_define_them_twice_differentiated(loss):
    torch = pytest.importorskip("torch")
    true, pred = draw(BOXES, RNG, (500, 4)), draw(BOXES, RNG, (500, 4))
    tensor = torch.tensor(pred, requires_grad=True)
    value = with_torch(loss, torch, torch.tensor(true), tensor)
    (gradient,) = torch.autograd.grad(value.sum(), tensor, create_graph=True)
    hessian = [
        torch.autograd.grad(gradient[:, k].sum(), tensor, retain_graph=True)[0][:, k].numpy()
        for k in range(4)
    ]
    expected = value.detach().numpy(), gradient.detach().numpy(), np.stack(hessian, axis=1)
    for ours, theirs in zip(parts(loss, true, pred), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10)


def test_the_gradient_of_the_paper_holds_alpha_constant():
    torch = pytest.importorskip("torch")
    true, pred = draw(BOXES, RNG, (50, 4)), draw(BOXES, RNG, (50, 4))
    tensor = torch.tensor(pred, requires_grad=True)
    value = with_torch(lb.CIoU(), torch, torch.tensor(true), tensor, alpha_is_constant=True)
    (theirs,) = torch.autograd.grad(value.sum(), tensor)
    _, ours, _ = parts(lb.CIoU(), true, pred)
    assert np.abs(ours - theirs.numpy()).max() > 0.01
    np.testing.assert_allclose(value.detach().numpy(), parts(lb.CIoU(), true, pred)[0])


@pytest.mark.parametrize("loss", OF_BOXES, ids=repr)
def test_the_subgradient_where_edges_meet_is_the_one_nearest_to_0(loss):
    true, step = np.array([0.0, 0, 4, 2]), 1e-7
    meeting = [0, 0, 4, 2], [0, -1, 3, 1], [-1, 0, 2, 3], [1, 0.5, 4, 1], [0, 1, 1, 2], [4, 0, 5, 1]
    for pred in np.array(meeting, float):
        gradient = loss.gradient(true, pred)
        for k in range(4):
            move = step * (np.arange(4) == k)
            slopes = [(loss(true, pred + s * move) - loss(true, pred)) / s / step for s in (-1, 1)]
            nearest = np.clip(0, min(slopes), max(slopes))
            assert gradient[k] == pytest.approx(nearest, abs=1e-5)


def test_far_apart_only_some_have_a_gradient():
    true, pred = [0, 0, 1, 1], [50, 0, 51, 1]
    assert not lb.IoU().gradient(true, pred).any()
    for loss in lb.GIoU(), lb.DIoU(), lb.CIoU():
        by_x1, _, by_x2, _ = loss.gradient(true, pred)
        assert by_x1 + by_x2 > 0


# What is shown, and the laws.


@pytest.mark.parametrize("loss", [*OF_SHARES, *OF_BOXES], ids=repr)
def test_what_is_shown_is_what_is_computed(loss):
    shown, samples = symbolic.expression(loss).subs().for_classes(3).written_out(), Samples(loss)
    y_true, y_pred = samples.labels(loss.y_true_domain, 8)[3:], samples.predictions(5)
    listed = symbolic.derivation.listed
    arguments = [*listed(shown.y_true), *listed(shown.y_pred)]
    displayed = shown.value, shown.gradient, shown.hessian
    for expr, computed in zip(displayed, parts(loss, y_true, y_pred), strict=True):
        entries = listed(expr)
        function = symbolic.notation.sp.lambdify(arguments, entries, "mpmath", cse=True)
        for row, true, pred in zip(computed.reshape(5, -1), y_true, y_pred, strict=True):
            with mpmath.workdps(40):
                exact = list(map(float, function(*map(mp.mpf, (*true, *pred)))))
            np.testing.assert_allclose(row, exact, rtol=1e-12, atol=1e-13)


def test_lovasz_softmax_keeps_the_contract():
    check_loss(lb.LovaszSoftmax())
    check_loss(lb.LovaszSoftmax(), n_classes=5)


def test_cards():
    text = str(lb.LovaszHinge().card())
    assert "gₖ: what the Jaccard loss of the mispredicted pixels grows by" in text
    assert text.count("Gradient") == 1
    assert "Target tₖ           1 for the class of a pixel, 0 for the others" in str(
        lb.LovaszSoftmax().card()
    )
    assert "a finite box (x1, y1, x2, y2) with x1 <= x2" in str(lb.IoU().card())
    assert "keras.losses.tversky" in str(lb.Tversky(0.3, 0.7).card())


# What is refused.

PROBABILITIES = np.full((2, 3, 2), 0.5)


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
        (lambda: lb.LovaszHinge()([1, 0], [0.5, 0.5]), "y_true must be -1 or 1; got 0 at index 1"),
        (lambda: lb.LovaszSoftmax()([0, 1], [0.5, 0.5]), "y_pred must have pixels"),
        (lambda: lb.LovaszSoftmax()([[0]], np.ones((1, 1, 1))), "two classes or more"),
        (lambda: lb.LovaszSoftmax()([0, 1], PROBABILITIES), r"y_true must have shape \(2, 3\)"),
        (
            lambda: lb.LovaszSoftmax()([[0, 1, 2], [0, 1, 1]], PROBABILITIES),
            "y_true must be a class index from 0 to 1; got 2 at index 0, 2",
        ),
        (
            lambda: lb.LovaszSoftmax()(np.zeros((2, 3), int), 1.5 * PROBABILITIES),
            r"y_pred must be probabilities that sum to 1 .* at index 0, 0, 0",
        ),
        (
            lambda: lb.IoU()([[0, 0, 1, 1]] * 2, [[0, 0, 1, 1], [1, 0, 0, 1]]),
            "y_pred must be a finite box .* x1 <= x2 and y1 <= y2; got .* at index 1",
        ),
        (lambda: lb.CIoU()([0, 1, 1, 0], [0, 0, 1, 1]), "y_true must be a finite box"),
        (lambda: lb.GIoU()([0, 0, 1, 1], [0, 0, 1, np.inf]), "y_pred must be a finite box"),
        (lambda: lb.DIoU()([0, 0, 1], [0, 0, 1]), r"y_pred must hold boxes.*got shape \(3,\)"),
        (lambda: lb.IoU()([0, 0, 1, 1], [[0, 0, 1, 1]]), r"y_pred must have shape \(4,\)"),
    ],
)
def test_bad_inputs(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_labels_of_pixels_are_integers():
    with pytest.raises(TypeError, match="y_true must hold integer labels; got dtype float64"):
        lb.LovaszSoftmax()(np.zeros((2, 3)), PROBABILITIES)


@pytest.mark.parametrize("loss", [*OF_MASKS, lb.LovaszSoftmax(), *OF_BOXES], ids=repr)
def test_there_is_no_formula_for_the_best_constant(loss):
    with pytest.raises(NotImplementedError, match="has no optimal constant"):
        loss.optimal_constant(np.ones(4, int) if loss == lb.LovaszSoftmax() else np.ones((2, 4)))


def test_the_steepest_slope_follows_the_parameters_and_the_number_of_pixels():
    assert lb.Dice().traits.lipschitz(3) == pytest.approx(2)
    assert lb.Dice().traits.lipschitz(400) == pytest.approx(10, rel=1e-2)
    assert lb.Dice(smooth=0.5).traits.lipschitz(9) == pytest.approx(6)
    assert lb.Jaccard().traits.lipschitz(9) == pytest.approx(3)
    assert lb.Tversky(0.3, 0.8).traits.lipschitz(2) == pytest.approx(1 / 0.8)
    assert lb.FocalTversky(gamma=0.9).traits.lipschitz == np.inf
    assert lb.FocalTversky(0.5, 0.5, gamma=2.0).traits.lipschitz(1) == pytest.approx(4)
