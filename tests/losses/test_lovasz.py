"""Lovász extensions of the Jaccard loss: ranks, ties, and what the papers compute."""

import numpy as np
import pytest
from reference.lovasz import jaccard_loss, lovasz_extension
from single import DTYPES, assert_no_best, quiet

import lossbook as lb
from lossbook.testing import check_loss

RNG = np.random.default_rng(0)
PROBABILITIES = np.full((2, 3, 2), 0.5)


def masks(shape):
    """Return labels, -1 or +1, and scores."""
    return 2.0 * RNG.integers(0, 2, shape) - 1, 2 * RNG.standard_normal(shape)


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


def test_the_first_axis_counts_masks_and_the_others_are_pixels():
    loss = lb.LovaszHinge()
    y_true, y_pred = masks((4, 3, 5, 2))
    flat = y_true.reshape(4, -1), y_pred.reshape(4, -1)
    for whole, of_rows in zip(quiet(loss, y_true, y_pred), quiet(loss, *flat), strict=True):
        np.testing.assert_array_equal(whole.ravel(), of_rows.ravel())
    alone = [loss(*mask) for mask in zip(*flat, strict=True)]
    np.testing.assert_allclose(quiet(loss, y_true, y_pred)[0], alone, rtol=1e-15)
    assert loss(y_true, y_pred) == pytest.approx(np.mean(alone))
    assert loss(y_true, y_pred, [0, 1, 3, 0]) == pytest.approx((alone[1] + 3 * alone[2]) / 4)


@pytest.mark.parametrize("n_positive", range(5))
def test_the_lovasz_hinge_on_every_set_of_errors_is_the_jaccard_loss(n_positive):
    positives = set(range(n_positive))
    y_true = np.where(np.arange(4) < n_positive, 1, -1)
    for bits in range(16):
        wrong = {pixel for pixel in range(4) if bits >> pixel & 1}
        errors = np.isin(np.arange(4), list(wrong)).astype(float)
        value = lb.LovaszHinge()(y_true, y_true * (1 - errors))
        assert value == pytest.approx(float(jaccard := jaccard_loss(wrong, positives)))
        assert jaccard <= 1


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
    value, gradient, hessian = quiet(lb.LovaszSoftmax(), labels, p, dtype)
    for image in range(2):
        classes = np.unique(labels[image])
        own = labels[image][:, None] == classes
        errors = np.abs(own - p[image][:, classes])
        each = [
            lovasz_extension(list(map(float, column)), set(np.flatnonzero(positive)))
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
    value, gradient, _ = quiet(loss, labels, p)
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
    assert quiet(loss, [[1.0, -1]], [[-1e30, 0.5]], np.float32)[0] == np.float32(1e30)


def test_a_mask_without_positives_puts_all_weight_on_the_largest_error():
    value, gradient, _ = quiet(lb.LovaszHinge(), -np.ones(4), [0.5, 2.0, -3.0, 1.0])
    assert value == 3
    np.testing.assert_array_equal(gradient, [0, 1, 0, 0])


def test_lovasz_softmax_keeps_the_contract():
    check_loss(lb.LovaszSoftmax())
    check_loss(lb.LovaszSoftmax(), n_classes=5)


def test_labels_of_pixels_are_whole_numbers():
    with pytest.raises(ValueError, match=r"a class index from 0 to .*; got 0.5 at index 0, 0"):
        lb.LovaszSoftmax()(np.full((2, 3), 0.5), PROBABILITIES)
    labels = np.zeros((2, 3))
    whole, integers = (lb.LovaszSoftmax()(y, PROBABILITIES) for y in (labels, labels.astype(int)))
    assert whole == integers


@pytest.mark.parametrize(
    ("call", "words"),
    [
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
    ],
)
def test_bad_inputs(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_there_is_no_formula_for_the_best_constant():
    assert_no_best(lb.LovaszHinge(), np.ones((2, 4)))
    assert_no_best(lb.LovaszSoftmax(), np.ones(4, int))


def test_cards():
    text = str(lb.LovaszHinge().card())
    assert "gₖ: what the Jaccard loss of the mispredicted pixels grows by" in text
    assert text.count("Gradient") == 1
    assert "Target tₖ           1 for the class of a pixel, 0 for the others" in str(
        lb.LovaszSoftmax().card()
    )


@DTYPES
@pytest.mark.parametrize("mark", [255, 0, -1])
def test_ignored_pixels_of_the_lovasz_softmax_are_as_if_they_were_cut_out(mark, dtype):
    labels, p = RNG.integers(0, 3, (4, 12)), RNG.dirichlet(np.ones(3), (4, 12)).astype(dtype)
    labels[RNG.uniform(size=labels.shape) < 0.3] = mark
    kept = labels != mark
    loss = lb.LovaszSoftmax(ignore_index=mark, reduction="none")
    value, gradient, hessian = quiet(loss, labels, np.where(kept[..., None], p, np.nan), dtype)
    for k in range(4):
        expected = quiet(lb.LovaszSoftmax(), labels[k][kept[k]][None], p[k][kept[k]][None], dtype)
        np.testing.assert_allclose(value[k], expected[0][0], rtol=4 * np.finfo(dtype).eps)
        np.testing.assert_allclose(gradient[k][kept[k]], expected[1][0], rtol=1e-6)
    assert not gradient[~kept].any()
    assert not hessian.any()


def test_an_image_that_is_ignored_as_a_whole_does_not_count():
    labels, p = RNG.integers(0, 3, (3, 5)), RNG.dirichlet(np.ones(3), (3, 5))
    labels[1] = 255
    loss = lb.LovaszSoftmax(ignore_index=255)
    assert loss(labels, p) == pytest.approx(lb.LovaszSoftmax()(labels[[0, 2]], p[[0, 2]]))
    value, gradient, _ = quiet(loss, labels, p)
    assert value[1] == 0
    assert not gradient[1].any()
    with pytest.raises(ValueError, match="y_true must hold a sample that counts"):
        loss(labels[[1]], p[[1]])
