"""Losses of the probabilities of several classes where they are special."""

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from draws import BITS, LABELS, PROBABILITIES, SCORES, TARGETS, WEIGHTS, Z
from single import (
    DTYPES,
    assert_agrees,
    assert_best,
    assert_double_backward,
    assert_parts,
    each,
    parts,
)
from sklearn import metrics

import lossbook as lb

TAIL = np.exp(-80.0)
INF = np.inf
SOFTMAX = lb.SoftmaxCrossEntropy()
CATEGORICAL = lb.CategoricalCrossEntropy()
RNG = np.random.default_rng(5)
NLL = lb.NegativeLogLikelihood()
HALF = np.log(0.5)
LOG2 = np.log(2)
HESSIANS = [
    lb.SoftmaxCrossEntropy(),
    lb.SoftmaxCrossEntropy(ignore_index=2),
    lb.SoftmaxCrossEntropy(label_smoothing=0.2),
    lb.SoftmaxCrossEntropy(class_weight=(1, 2, 0.5, 3)),
    lb.SoftmaxCrossEntropy(class_weight=(1, 2, 0.5, 3), label_smoothing=0.2, ignore_index=0),
]


def by_autograd(loss, y, z, w):
    """Return the Hessian of the reduced loss by PyTorch, and check that samples do not touch."""
    torch = pytest.importorskip("torch")
    counts = np.ones(len(z)) if y.ndim > 1 or loss.ignore_index is None else y != loss.ignore_index
    plain = y if y.ndim > 1 else np.eye(4)[y] * np.reshape(counts, (-1, 1))
    weight = np.array(loss.class_weight or np.ones(4))
    u = (1 - loss.label_smoothing) * plain + loss.label_smoothing / 4 * np.reshape(counts, (-1, 1))
    scale = np.ones(len(z)) if w is None else w
    if loss.reduction == "mean":
        mass = plain @ weight if loss.class_weight else counts
        scale = scale / np.sum(scale * mass)
    u = torch.tensor(scale[:, None] * weight * u)

    def total(scores):
        return -(u * torch.log_softmax(scores, dim=-1)).sum()

    hessian = torch.autograd.functional.hessian(total, torch.tensor(z)).numpy()
    blocks = hessian[np.arange(len(z)), :, np.arange(len(z))]
    hessian[np.arange(len(z)), :, np.arange(len(z))] = 0
    assert not hessian.any()
    return blocks


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (SOFTMAX, 0, [1e4, 0.0], (0, [0, 0], [0, 0])),
        (SOFTMAX, 1, [1e4, 0.0], (1e4, [1, -1], [0, 0])),
        (SOFTMAX, 1, [1e38, -1e38, 0.0], (2e38, [1, -1, 0], [0, 0, 0])),
        (SOFTMAX, 0, [0.0, -INF], (0, [0, 0], [0, 0])),
        (SOFTMAX, 0, [0.0, 0.0, -INF], (np.log(2), [-0.5, 0.5, 0], [0.25, 0.25, 0])),
        (SOFTMAX, [0.5, 0.5, 0.0], [0.0, 0.0, -INF], (np.log(2), [0, 0, 0], [0.25, 0.25, 0])),
        (SOFTMAX, 1, [0.0, -INF], (INF, [1, -1], [0, 0])),
        (SOFTMAX, [0.5, 0.5], [1e4, 0.0], (5e3, [0.5, -0.5], [0, 0])),
        (SOFTMAX, 0, [80.0, 0.0], [np.exp(-80.0) * np.array(s) for s in (1, [-1, 1], [1, 1])]),
        (
            SOFTMAX,
            [1.0, 0.0],
            [80.0, 0],
            [np.exp(-80.0) * np.array(s) for s in (1, [-1, 1], [1, 1])],
        ),
        (CATEGORICAL, 0, [1.0, 0.0], (0, [-1, 0], [1, 0])),
        (CATEGORICAL, 1, [1.0, 0.0], (INF, [0, -INF], [0, INF])),
        (CATEGORICAL, [1.0, 0.0], [1.0, 0.0], (0, [-1, 0], [1, 0])),
        (CATEGORICAL, [0.5, 0.5, 0], [0.5, 0.5, 0], (np.log(2), [-1, -1, 0], [2, 2, 0])),
        (NLL, 0, [0.0, -INF], (0, [-1, 0], [0, 0])),
        (NLL, 1, [0.0, -INF], (INF, [0, -1], [0, 0])),
        (NLL, [0.5, 0.5, 0.0], [HALF, HALF, -INF], (LOG2, [-0.5, -0.5, 0], [0, 0, 0])),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("z", [1e3, 1e10, 1e38])
def test_float64_goes_on_where_float32_ends(z):
    np.testing.assert_array_equal(each(SOFTMAX, 1, [z * z, 0.0])[0], z * z)


@pytest.mark.parametrize("t", [0, [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
def test_not_a_number_among_the_scores_stays_one(t):
    for result in each(SOFTMAX, t, [0.0, np.nan, 1.0]):
        assert np.isnan(result).all()


# What is left out.


def test_ignored_samples_are_absent():
    z = np.random.default_rng(0).normal(size=(6, 3))
    y = np.array([0, -100, 2, 1, -100, 1])
    kept = y >= 0
    w = np.arange(1.0, 7)
    for options in {}, {"label_smoothing": 0.1}, {"class_weight": (1, 2, 3)}:
        for reduction in "mean", "sum":
            with_ignored = lb.SoftmaxCrossEntropy(ignore_index=-100, reduction=reduction, **options)
            plain = lb.SoftmaxCrossEntropy(reduction=reduction, **options)
            for weight in None, w:
                rest = (y[kept], z[kept], None if weight is None else weight[kept])
                assert with_ignored(y, z, weight) == pytest.approx(plain(*rest), rel=1e-14)
                for name in "gradient", "hessian":
                    result = getattr(with_ignored, name)(y, z, weight)
                    np.testing.assert_allclose(
                        result[kept], getattr(plain, name)(*rest), rtol=1e-13
                    )
                    np.testing.assert_array_equal(result[~kept], 0)
    unreduced = lb.SoftmaxCrossEntropy(ignore_index=-100, reduction="none")(y, z)
    np.testing.assert_array_equal(unreduced[~kept], 0)


def test_ignored_samples_may_hold_anything():
    loss = lb.SoftmaxCrossEntropy(ignore_index=1)
    z = [[0.0, 0.0], [np.nan, INF]]
    assert loss([0, 1], z) == pytest.approx(np.log(2))
    np.testing.assert_array_equal(loss.gradient([0, 1], z), [[-0.5, 0.5], [0, 0]])


def test_class_weights_divide_their_own_mean():
    z, y, c, w = [[0.0, 0, 0]] * 4, [0, 0, 1, 2], (1.0, 2.0, 5.0), [1, 1, 1, 3]
    loss = lb.SoftmaxCrossEntropy(class_weight=c)
    assert loss(y, z) == pytest.approx(np.log(3))
    assert replace(loss, reduction="sum")(y, z) == pytest.approx(9 * np.log(3))
    assert replace(loss, reduction="sum")(y, z, w) == pytest.approx(19 * np.log(3))
    np.testing.assert_allclose(loss.gradient(y, z)[3], 5 / 9 * np.array([1, 1, -2]) / 3)
    np.testing.assert_allclose(loss.gradient(y, z, w)[3], 15 / 19 * np.array([1, 1, -2]) / 3)
    soft = lb.SoftmaxCrossEntropy(class_weight=c, label_smoothing=0.3)
    expected = np.log(3) * (0.7 * 9 + 0.3 * 4 * 8 / 3) / 9
    assert soft(y, z) == pytest.approx(expected)
    halves = [[0.5, 0.5, 0]] * 4
    assert loss(halves, z) == pytest.approx(np.log(3))
    with pytest.raises(ValueError, match="y_true must hold a sample that counts"):
        lb.SoftmaxCrossEntropy(class_weight=(0, 1, 1))([0, 0], [[1.0, 2, 3]] * 2)


def test_distributions_count_once_however_they_are_rounded():
    t = np.full((50, 3), np.float32(0.33335))
    z = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    single = lb.SoftmaxCrossEntropy(reduction="none")(t, z)
    for loss in SOFTMAX, lb.SoftmaxCrossEntropy(ignore_index=-1):
        assert loss(t, z) == pytest.approx(single.mean(dtype=float), rel=1e-7)


# Relations.


def test_scores_become_the_logarithms_of_probabilities():
    for y in LABELS, TARGETS:
        value = NLL(y, np.log(PROBABILITIES), WEIGHTS)
        assert value == pytest.approx(SOFTMAX(y, SCORES, WEIGHTS), rel=1e-13)


def test_binary_is_a_case_of_multiclass():
    scores = np.stack([np.zeros(200), Z], axis=-1)
    score = lb.SigmoidCrossEntropy()
    (value, *ours), (expected, *theirs) = parts(SOFTMAX, BITS, scores), parts(score, BITS, Z)
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    for of_sample, of_score in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(of_sample[:, 1], of_score, rtol=1e-12)
    smoothed = (
        lb.SoftmaxCrossEntropy(label_smoothing=0.2),
        lb.SigmoidCrossEntropy(label_smoothing=0.2),
    )
    assert smoothed[0](BITS, scores) == pytest.approx(smoothed[1](BITS, Z), rel=1e-13)
    p = 1 / (1 + np.exp(-Z))
    assert CATEGORICAL(BITS, np.stack([1 - p, p], -1)) == pytest.approx(score(BITS, Z), rel=1e-13)


def test_smoothed_targets_are_soft_targets():
    smoothed, soft = lb.SoftmaxCrossEntropy(label_smoothing=0.2), 0.8 * np.eye(4)[LABELS] + 0.05
    assert smoothed(LABELS, SCORES) == pytest.approx(SOFTMAX(soft, SCORES), rel=1e-14)


def test_scikit_learn_agrees():
    metric = partial(metrics.log_loss, labels=range(4))
    assert_agrees(CATEGORICAL, metric, LABELS, PROBABILITIES, WEIGHTS, rel=1e-12)


# Optimal constants.


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (CATEGORICAL, [0, 1, 1, 3], None, [0.25, 0.5, 0, 0.25]),
        (CATEGORICAL, [0, 1], [1, 3], [0.25, 0.75]),
        (CATEGORICAL, [[0.5, 0.5], [0.0, 1.0]], None, [0.25, 0.75]),
        (CATEGORICAL, [[0.5, 0.5], [0.0, 1.0]], [1, 0], [0.5, 0.5]),
        (SOFTMAX, [0, 1, 1, 2], None, np.log([0.25, 0.5, 0.25])),
        (SOFTMAX, [1, 1], None, [-INF, 0]),
        (
            lb.SoftmaxCrossEntropy(class_weight=(1, 3, 9)),
            [0, 1],
            None,
            [np.log(0.25), np.log(0.75), -INF],
        ),
        (lb.SoftmaxCrossEntropy(label_smoothing=0.5), [0, 1, 1, 1], None, np.log([0.375, 0.625])),
        (
            lb.SoftmaxCrossEntropy(ignore_index=255),
            [0, 1, 255, 255, 1, 1],
            None,
            np.log([0.25, 0.75]),
        ),
        (lb.SoftmaxCrossEntropy(ignore_index=0), [0, 1, 2], None, [-INF, np.log(0.5), np.log(0.5)]),
        (
            lb.SoftmaxCrossEntropy(ignore_index=-1, label_smoothing=0.5),
            [0, 1, -1, -1],
            [1, 3, 9, 9],
            np.log([0.375, 0.625]),
        ),
        (NLL, [0, 1, 1, 3], None, [2 * HALF, HALF, -INF, 2 * HALF]),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


# Errors.


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: NLL([0], [[0.5, 0.5]]), ValueError, "y_pred must be logarithms of probabilities"),
        (lambda: NLL([0], [[0.0, 0.0]]), ValueError, "sum to 1 (to within 0.0001)"),
        (lambda: NLL([0], [[0.0, np.nan]]), ValueError, "y_pred must be logarithms"),
        (lambda: NLL([0], [[0.0, INF]]), ValueError, "y_pred must be logarithms"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()


def test_traits_follow_the_parameters():
    assert lb.SoftmaxCrossEntropy(class_weight=(1, 3)).traits.lipschitz == pytest.approx(3 * 2**0.5)
    assert lb.SoftmaxCrossEntropy(class_weight=(3, 3)).traits.proper
    assert not lb.SoftmaxCrossEntropy(label_smoothing=1).traits.classification_calibrated


@pytest.mark.parametrize("loss", HESSIANS, ids=repr)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, WEIGHTS[:12]], ids=["unweighted", "weighted"])
def test_hessian_blocks_are_those_of_autograd(loss, reduction, weight):
    loss = replace(loss, reduction=reduction)
    for y in LABELS[:12], TARGETS[:12]:
        z, direction = SCORES[:12], np.random.default_rng(1).normal(size=(12, 4))
        blocks, expected = loss.hessian_blocks(y, z, weight), by_autograd(loss, y, z, weight)
        np.testing.assert_allclose(blocks, expected, rtol=1e-11, atol=1e-15)
        diagonal = np.diagonal(blocks, axis1=1, axis2=2)
        with lb.engine("numpy"):  # which computes the blocks in any case
            np.testing.assert_array_equal(diagonal, loss.hessian(y, z, weight))
        np.testing.assert_array_equal(blocks, np.swapaxes(blocks, 1, 2))
        product = loss.hessian_vector_product(y, z, direction, weight)
        expected = (expected @ direction[..., None])[..., 0]
        np.testing.assert_allclose(product, expected, rtol=1e-9, atol=1e-14)


def test_hessian_of_a_nearly_certain_class_keeps_its_digits():
    for z, v in ([80.0, 0.0], [3.0, 1.0]), ([0.0, 80.0], [1e6 + 2, 1e6]):
        for y in [0], [[1.0, 0.0]]:
            product = SOFTMAX.hessian_vector_product(y, [z], [v])
            np.testing.assert_allclose(product, [[2 * TAIL, -2 * TAIL]], rtol=1e-14)
            blocks = SOFTMAX.hessian_blocks(y, [z])
            np.testing.assert_allclose(blocks, [[[TAIL, -TAIL], [-TAIL, TAIL]]], rtol=1e-14)


def test_hessian_is_streamed_in_any_shape_and_dtype():
    n, shape = 60_000, (3, 20_000)
    z, y = RNG.normal(size=(n, 3)).astype(np.float32), RNG.integers(0, 3, n)
    v, w = RNG.normal(size=(n, 3)), RNG.uniform(0.5, 2, n)
    loss = lb.SoftmaxCrossEntropy(reduction="none")
    p = loss.gradient(y, z) + np.eye(3)[y]
    expected = w[:, None, None] * (np.eye(3) * p[:, :, None] - p[:, :, None] * p[:, None])
    blocks = loss.hessian_blocks(y.reshape(shape), z.reshape(*shape, 3), w.reshape(shape))
    assert blocks.dtype == np.float32
    assert blocks.shape == (*shape, 3, 3)
    np.testing.assert_allclose(blocks.reshape(n, 3, 3), expected, rtol=1e-4, atol=1e-6)
    product = loss.hessian_vector_product(
        y.reshape(shape), z.reshape(*shape, 3), v.reshape(*shape, 3), w.reshape(shape)
    )
    assert product.dtype == np.float32
    expected = np.einsum("nij,nj->ni", expected, v)
    np.testing.assert_allclose(product.reshape(n, 3), expected, rtol=1e-3, atol=1e-5)


def test_hessian_leaves_out_what_is_absent():
    loss = lb.SoftmaxCrossEntropy(ignore_index=-1)
    z = [[0.0, 0.0], [INF, np.nan], [np.nan, 0.0]]
    inputs, w = ([0, -1, 1], z), [1, 1, 0]
    for result in (
        loss.hessian_blocks(*inputs, w),
        loss.hessian_vector_product(*inputs, np.eye(3, 2), w),
    ):
        assert np.isfinite(result[0]).all()
        np.testing.assert_array_equal(result[1:], 0)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (([0], [[0.0, 1.0]], [1.0, 0.0]), "vector must have shape (1, 2), that of y_pred"),
        (([2], [[0.0, 1.0]], [[1.0, 0.0]]), "y_true must be a class index"),
        (([0], [[0.0, 1.0]], [[1.0, 0.0]], [-1]), "sample_weight must be in [0, inf)"),
    ],
)
def test_bad_vectors(inputs, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        SOFTMAX.hessian_vector_product(*inputs)
    with pytest.raises(TypeError, match="vector must hold real numbers"):
        SOFTMAX.hessian_vector_product([0], [[0.0, 1.0]], [["a", "b"]])


# Other libraries.


def test_pytorch_takes_scores_for_logarithms():
    torch = pytest.importorskip("torch")
    assert torch.nn.functional.nll_loss(torch.tensor([[3.0, 1.0]]), torch.tensor([0])) == -3


@pytest.mark.parametrize(
    "loss",
    [SOFTMAX, lb.SoftmaxCrossEntropy(label_smoothing=0.1, class_weight=(1, 2, 0.5, 3))],
    ids=repr,
)
def test_second_derivatives_by_double_backward(loss):
    torch = pytest.importorskip("torch")
    y, weight = torch.tensor(LABELS), torch.tensor(loss.class_weight or [1.0] * 4).double()

    def value(z):
        return torch.nn.functional.cross_entropy(
            z, y, weight, label_smoothing=loss.label_smoothing, reduction="none"
        )

    assert_double_backward(loss, LABELS, SCORES, value)


# What does not count may be anything.

LOST = np.array([[1.0, 2.0, 0.5], [np.nan, np.inf, -np.inf]])
ABSENT = [
    (lb.SoftmaxCrossEntropy(ignore_index=-100), -100),
    (lb.SoftmaxCrossEntropy(ignore_index=-100, label_smoothing=0.1), -100),
    (lb.SoftmaxCrossEntropy(ignore_index=-100, class_weight=(1, 2, 3)), -100),
    (lb.SoftmaxCrossEntropy(ignore_index=2, label_smoothing=0.1, class_weight=(1, 2, 3)), 2),
    (lb.SoftmaxCrossEntropy(class_weight=(1, 2, 0)), 2),
]


@pytest.mark.parametrize(("loss", "label"), ABSENT, ids=repr)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_samples_that_do_not_count_may_hold_nan(loss, label, reduction, dtype):
    loss, scores, v = replace(loss, reduction=reduction), LOST.astype(dtype), LOST.astype(dtype)
    y, alone = [0, label], (scores[:1], v[:1])
    for method in (
        loss,
        loss.gradient,
        loss.hessian,
        partial(loss.hessian, curvature="majorizer"),
        partial(loss.hessian, curvature="abs"),
        loss.hessian_blocks,
    ):
        both, first = method(y, scores), method([0], alone[0])
        np.testing.assert_array_equal(np.atleast_1d(both)[0], np.atleast_1d(first)[0])
        np.testing.assert_array_equal(np.atleast_1d(both)[1:], 0)
    product = loss.hessian_vector_product(y, scores, v)
    np.testing.assert_array_equal(product[:1], loss.hessian_vector_product([0], *alone))
    np.testing.assert_array_equal(product[1], 0)


def test_a_smoothed_sample_without_class_weight_still_counts_by_its_other_classes():
    loss = lb.SoftmaxCrossEntropy(label_smoothing=0.3, class_weight=(1, 0), reduction="none")
    assert loss([1], [[0.0, 0.0]]) == pytest.approx(0.15 * np.log(2))
    assert np.isnan(loss([1], [[np.nan, 0.0]]))


def test_a_reported_batch_with_nan_in_an_ignored_row():
    loss = lb.SoftmaxCrossEntropy(ignore_index=-100, label_smoothing=0.1)
    assert loss([0, -100], [[1, 2], [np.nan, np.nan]]) == pytest.approx(1.263262, abs=1e-6)


def test_a_sample_of_weight_0_may_hold_nan():
    for loss in SOFTMAX, lb.SoftmaxCrossEntropy(label_smoothing=0.1):
        value, gradient = loss.value_and_gradient([0, 1], LOST, [2, 0])
        assert value == loss([0], LOST[:1])
        np.testing.assert_array_equal(gradient[1], 0)


def test_nan_that_counts_is_not_lost():
    assert np.isnan(SOFTMAX([0, 1], LOST))
    assert np.isnan(SOFTMAX([0], [[np.nan, np.inf]]))
