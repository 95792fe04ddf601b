"""Losses of embeddings where they are special, and what those of batches have of their own."""

import tracemalloc
import warnings
from dataclasses import replace

import numpy as np
import pytest
from mpmath import mp

import lossbook as lb

RNG = np.random.default_rng(0)
A, B, C = RNG.normal(size=(3, 9, 4))
W = RNG.uniform(0.5, 2, 9)
LABELS = np.array([0, 1, 1, 0, 2, 1, 3, 0, 2])
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def parts(loss, *inputs, dtype=np.float64, **options):
    """Return value, gradients and hessians of each sample, where every warning is an error."""
    loss = replace(loss, reduction="none")
    inputs = [np.asarray(x).astype(dtype) for x in inputs]
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        results = [part(*inputs, **options) for part in (loss, loss.gradient, loss.hessian)]
    value, gradient, hessian = (r if isinstance(r, tuple) else (r,) for r in results)
    assert all(r.dtype == dtype for r in (*value, *gradient, *hessian))
    return value[0], gradient, hessian


def autograd(loss, *inputs):
    """Return value, gradients and hessians that PyTorch finds of a sum of values."""
    torch = pytest.importorskip("torch")
    x = torch.tensor(np.stack(inputs), requires_grad=True)
    value = loss(*x)
    (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    hessian = [
        torch.autograd.grad(g, x, retain_graph=True)[0].flatten()[i]
        for i, g in enumerate(gradient.flatten())
    ]
    hessian = torch.stack(hessian).reshape(gradient.shape)
    return value.detach().numpy(), gradient.detach().numpy(), hessian.numpy()


def agree(ours, theirs, tolerance=1e-12):
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(mine), other, rtol=tolerance, atol=tolerance)


# Kinks and corners.

EAST, NORTH, WEST, NOWHERE = [[2.0, 0.0]], [[0.0, 0.5]], [[-3.0, 0.0]], [[0.0, 0.0]]


@DTYPES
@pytest.mark.parametrize(
    ("first", "second", "value", "by_first", "by_second"),
    [
        (EAST, EAST, 0, [[0, 0]], [[0, 0]]),
        (EAST, WEST, 2, [[0, 0]], [[0, 0]]),
        (EAST, NORTH, 1, [[0, -0.5]], [[-2, 0]]),
        (EAST, NOWHERE, 1, [[0, 0]], [[0, 0]]),
        (NOWHERE, NORTH, 1, [[0, 0]], [[0, 0]]),
        (NOWHERE, NOWHERE, 1, [[0, 0]], [[0, 0]]),
        (NOWHERE, [[0.3, 0.7]], 1, [[0, 0]], [[0, 0]]),
    ],
)
def test_cosine_distance(first, second, value, by_first, by_second, dtype):
    got, gradient, hessian = parts(lb.CosineDistance(), first, second, dtype=dtype)
    assert got == value
    np.testing.assert_array_equal(gradient[0], by_first)
    np.testing.assert_array_equal(gradient[1], by_second)
    if NOWHERE in (first, second):
        assert not np.any(hessian)


@DTYPES
def test_hessian_of_the_cosine_distance(dtype):
    _, _, (by_first, by_second) = parts(lb.CosineDistance(), EAST, WEST, dtype=dtype)
    np.testing.assert_array_equal(by_first, [[0, -1 / 4]])
    np.testing.assert_allclose(by_second, [[0, -1 / 9]], rtol=1e-7)


@DTYPES
@pytest.mark.parametrize(
    ("y", "margin", "second", "value", "by_first"),
    [
        (1, 0.5, NORTH, 1, [[0, -0.5]]),
        (1, 0.5, EAST, 0, [[0, 0]]),
        (-1, 0.0, NORTH, 0, [[0, 0]]),  # at the kink
        (-1, -0.25, NORTH, 0.25, [[0, 0.5]]),
        (-1, 0.5, NORTH, 0, [[0, 0]]),
        (-1, 0.25, EAST, 0.75, [[0, 0]]),
        (-1, -0.5, NOWHERE, 0.5, [[0, 0]]),
        (-1, 0.0, WEST, 0, [[0, 0]]),
    ],
)
def test_cosine_embedding(y, margin, second, value, by_first, dtype):
    loss = lb.CosineEmbedding(margin=margin)
    got, gradient, _ = parts(loss, [y], EAST, second, dtype=dtype)
    assert got == value
    np.testing.assert_array_equal(gradient[0], by_first)


@DTYPES
@pytest.mark.parametrize(
    ("y", "x", "expected"),
    [
        (1, 0.25, (0.25, 1, 0)),
        (1, -2.0, (-2, 1, 0)),
        (-1, 0.25, (1.25, -1, 0)),
        (-1, 1.5, (0, 0, 0)),
        (-1, 1e38, (0, 0, 0)),
        (1, 1e38, (1e38, 1, 0)),
    ],
)
def test_hinge_embedding(y, x, expected, dtype):
    value, (gradient,), (hessian,) = parts(lb.HingeEmbedding(margin=1.5), [y], [x], dtype=dtype)
    np.testing.assert_allclose([value[0], gradient[0], hessian[0]], expected, rtol=1e-7)


@DTYPES
@pytest.mark.parametrize(
    ("y", "margin", "second", "value", "by_first", "bend"),
    [
        (1, 1.0, [[3.0, 4.0]], 12.5, [[-3, -4]], [[1, 1]]),
        (1, 1.0, NOWHERE, 0, [[0, 0]], [[1, 1]]),
        (0, 10.0, [[3.0, 4.0]], 12.5, [[3, 4]], [[-0.28, 0.28]]),
        (0, 5.0, [[3.0, 4.0]], 0, [[0, 0]], [[0, 0]]),  # at the kink
        (0, 4.0, [[3.0, 4.0]], 0, [[0, 0]], [[0, 0]]),
        (0, 2.0, NOWHERE, 2, [[0, 0]], [[0, 0]]),
        (0, 2.0, [[1.0, 0.0]], 0.5, [[1, 0]], [[1, -1]]),
    ],
)
def test_contrastive(y, margin, second, value, by_first, bend, dtype):
    loss = lb.Contrastive(margin=margin)
    got, gradient, hessian = parts(loss, [y], NOWHERE, second, dtype=dtype)
    assert got == value
    np.testing.assert_allclose(gradient[0], by_first, rtol=1e-6)
    np.testing.assert_array_equal(gradient[1], -gradient[0])
    for result in hessian:
        np.testing.assert_allclose(result, bend, rtol=1e-6)


@DTYPES
@pytest.mark.parametrize(
    ("positive", "negative", "margin", "value", "u", "v"),
    [
        ([[3.0, 4.0]], [[0.0, 5.5]], 1.0, 0.5, [[-0.6, -0.8]], [[0, -1]]),
        (NOWHERE, [[0.5, 0.0]], 1.0, 0.5, [[0, 0]], [[-1, 0]]),
        ([[0.5, 0.0]], NOWHERE, 1.0, 1.5, [[-1, 0]], [[0, 0]]),
        (NOWHERE, NOWHERE, 1.0, 1, [[0, 0]], [[0, 0]]),
        ([[0.5, 0.0]], [[0.0, 1.5]], 1.0, 0, [[0, 0]], [[0, 0]]),  # at the kink
        ([[0.5, 0.0]], [[0.0, 9.5]], 1.0, 0, [[0, 0]], [[0, 0]]),
    ],
)
def test_triplet(positive, negative, margin, value, u, v, dtype):
    loss = lb.Triplet(margin=margin)
    got, gradient, hessian = parts(loss, NOWHERE, positive, negative, dtype=dtype)
    u, v = np.array(u), np.array(v)
    np.testing.assert_allclose(got, value, rtol=1e-6)
    for result, expected in zip(gradient, (u - v, -u, v), strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-6)
    assert np.isfinite(hessian).all()


def test_a_triplet_of_far_points_does_not_cancel():
    anchor, positive, negative = [[1e8, 0.0]], [[0.0, 1.0]], [[1e-8, 0.0]]
    value, _, _ = parts(lb.Triplet(margin=1e-9), anchor, positive, negative)
    with mp.workdps(50):
        near = mp.norm([mp.mpf(1e8), mp.mpf(-1)]) - (mp.mpf(1e8) - mp.mpf(1e-8))
        assert value[0] == pytest.approx(float(near + mp.mpf(1e-9)), rel=1e-15, abs=0)


# Directions of any length, and of nearly parallel vectors.


@pytest.mark.parametrize(("dtype", "small"), [(np.float64, 1e-150), (np.float32, 1e-30)])
def test_the_length_of_a_vector_does_not_matter(dtype, small):
    loss, expected = lb.CosineDistance(), parts(lb.CosineDistance(), A, B)
    tolerance = 20 * float(np.finfo(dtype).eps)
    for scale in small, 1 / small:
        a, b = (scale * A).astype(dtype), (B / scale).astype(dtype)
        with np.errstate(all="ignore"):
            value, gradient = replace(loss, reduction="none").value_and_gradient(a, b)[:2]
            np.testing.assert_allclose(value, expected[0], rtol=tolerance)
            np.testing.assert_allclose(
                scale * gradient[0].astype(float), expected[1][0], rtol=1e-5, atol=tolerance
            )
        value = lb.InfoNCE()(a, b)
        assert value == pytest.approx(lb.InfoNCE()(A, B), rel=1e-5)


def test_extremes_give_no_warning():
    huge, tiny = 1e300 * A, 1e-310 * B
    for pair in (huge, tiny), (tiny, huge), (huge, huge), (tiny, tiny):
        for loss in lb.CosineDistance(), lb.InfoNCE():
            value, gradient, _ = parts(loss, *pair)
            assert np.isfinite(value).all()
            assert not np.isnan(gradient).any()


@pytest.mark.parametrize("angle", [1e-3, 1e-5, 1e-7])
def test_nearly_parallel_vectors(angle):
    first, second = [[1.0, 0.0]], [[np.cos(angle), np.sin(angle)]]
    value, gradient, _ = parts(lb.CosineDistance(), first, second)
    with mp.workdps(40):
        c, s = mp.mpf(second[0][0]), mp.mpf(second[0][1])
        exact = 1 - c / mp.norm([c, s])
    assert value[0] == pytest.approx(float(exact), rel=1e-15 / angle, abs=0)
    np.testing.assert_allclose(gradient[0], [[0, -angle]], rtol=1e-6)


def test_vectors_nearly_along_an_axis():
    first, second = [3.0, 2e-7, -1e-6], [5.0, -1e-6, 4e-6]
    _, gradient, hessian = parts(lb.CosineDistance(), [first], [second])
    with mp.workdps(60):
        a, b = ([mp.mpf(x) for x in v] for v in (first, second))

        def distance(x):
            return 1 - mp.fdot([x, *a[1:]], b) / mp.norm([x, *a[1:]]) / mp.norm(b)

        slope, bend = (float(mp.diff(distance, a[0], n)) for n in (1, 2))
    assert gradient[0][0, 0] == pytest.approx(slope, rel=1e-9, abs=0)
    assert hessian[0][0, 0] == pytest.approx(bend, rel=1e-9, abs=0)


@pytest.mark.parametrize("loss", [lb.CosineDistance(), lb.Contrastive(), lb.Triplet()], ids=repr)
def test_not_a_number_stays_one(loss):
    bad = A.copy()
    bad[4, 2] = np.nan
    targets = [np.zeros(9)] if "y_true" in loss.inputs else []
    value, gradient, _ = parts(
        loss, *targets, bad, B, *[C] * (len(loss.inputs) == 3 and not targets)
    )
    assert np.isnan(value[4])
    assert np.isnan(gradient[0][4]).any()
    assert np.isfinite(np.delete(value, 4)).all()


# Against PyTorch: the values, and what two passes of autograd make of them.


def test_pairs_against_autograd():
    torch = pytest.importorskip("torch")
    norm = torch.linalg.vector_norm
    bits = torch.tensor(LABELS % 2)

    def contrastive(a, b):
        d = norm(a - b, dim=1)
        return torch.where(bits == 1, d**2, (3 - d).clamp(min=0) ** 2) / 2

    def triplet(a, p, n):
        return (norm(a - p, dim=1) - norm(a - n, dim=1) + 0.5).clamp(min=0)

    def cosine(a, b):
        return 1 - torch.nn.functional.cosine_similarity(a, b)

    def embedding(a, b):
        c = torch.nn.functional.cosine_similarity(a, b)
        return torch.where(bits == 1, 1 - c, (c - 0.1).clamp(min=0))

    agree(parts(lb.Contrastive(margin=3.0), LABELS % 2, A, B), autograd(contrastive, A, B))
    agree(parts(lb.Triplet(margin=0.5), A, B, C), autograd(triplet, A, B, C))
    agree(parts(lb.CosineDistance(), A, B), autograd(cosine, A, B))
    agree(
        parts(lb.CosineEmbedding(margin=0.1), 2 * (LABELS % 2) - 1, A, B), autograd(embedding, A, B)
    )


def info_nce(query, key, temperature):
    """InfoNCE in PyTorch."""
    torch = pytest.importorskip("torch")
    unit = torch.nn.functional.normalize
    scores = unit(query, dim=-1) @ unit(key, dim=-1).mT / temperature
    return scores.logsumexp(-1) - scores.diagonal(dim1=-2, dim2=-1)


def supervised(x, labels, temperature):
    """Supervised contrastive loss in PyTorch."""
    torch = pytest.importorskip("torch")
    x = torch.nn.functional.normalize(x, dim=-1)
    scores, own = x @ x.mT / temperature, torch.eye(len(x), dtype=torch.bool)
    log_p = scores - scores.masked_fill(own, -torch.inf).logsumexp(-1, keepdim=True)
    labels = torch.as_tensor(labels)
    positive = (labels[:, None] == labels) & ~own
    return -(log_p * positive).sum(-1) / positive.sum(-1).clamp(min=1)


@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_batches_against_autograd(temperature):
    weight = pytest.importorskip("torch").tensor(W)
    loss = lb.InfoNCE(temperature)
    agree(parts(loss, A, B), autograd(lambda q, k: info_nce(q, k, temperature), A, B))
    agree(
        parts(loss, A, B, sample_weight=W),
        autograd(lambda q, k: weight * info_nce(q, k, temperature), A, B),
    )
    loss = lb.SupervisedContrastive(temperature)
    theirs = autograd(lambda x: weight * supervised(x, LABELS, temperature), A)
    agree(parts(loss, LABELS, A, sample_weight=W), theirs)


# What losses of batches have of their own.

BATCH = [(lb.InfoNCE(0.2), (A, B)), (lb.SupervisedContrastive(0.2), (LABELS, A))]
every_batch = pytest.mark.parametrize(("loss", "inputs"), BATCH, ids=["InfoNCE", "SupCon"])


def flat(result):
    return np.stack(result) if isinstance(result, tuple) else result[None]


@every_batch
def test_reductions_of_batches(loss, inputs):
    mean, total, each = (replace(loss, reduction=r) for r in ("mean", "sum", "none"))
    assert each(*inputs, W).shape == (9,)
    assert total(*inputs, W) == pytest.approx(each(*inputs, W).sum(), rel=1e-14)
    assert mean(*inputs, W) == pytest.approx(total(*inputs, W) / W.sum(), rel=1e-14)
    np.testing.assert_allclose(each(*inputs, W), W * each(*inputs), rtol=1e-14)
    for name in "gradient", "hessian":
        of_mean, of_sum, of_each = (
            flat(getattr(one, name)(*inputs, W)) for one in (mean, total, each)
        )
        np.testing.assert_array_equal(of_each, of_sum)
        np.testing.assert_allclose(of_mean * W.sum(), of_sum, rtol=1e-10, atol=1e-13)


@every_batch
def test_one_pass_is_two(loss, inputs):
    for reduction in "mean", "none":
        loss = replace(loss, reduction=reduction)
        gradient, hessian = flat(loss.gradient(*inputs, W)), flat(loss.hessian(*inputs, W))
        value, by_one = loss.value_and_gradient(*inputs, W)
        np.testing.assert_array_equal(value, loss(*inputs, W))
        np.testing.assert_array_equal(flat(by_one), gradient)
        together = loss.gradient_and_hessian(*inputs, W)
        np.testing.assert_array_equal(flat(together[0]), gradient)
        np.testing.assert_array_equal(flat(together[1]), hessian)
        np.testing.assert_array_equal(flat(loss.hessian(*inputs, W, curvature="abs")), abs(hessian))
        out = tuple(np.full_like(gradient, np.nan))
        loss.gradient(*inputs, W, out=out if len(out) > 1 else out[0])
        np.testing.assert_array_equal(out, gradient)


@every_batch
def test_order_of_anchors_is_kept(loss, inputs):
    order = np.random.default_rng(1).permutation(9)
    loss = replace(loss, reduction="none")
    shuffled = [x[order] for x in inputs]
    np.testing.assert_allclose(loss(*shuffled), loss(*inputs)[order], rtol=1e-13)
    np.testing.assert_allclose(
        flat(loss.gradient(*shuffled)), flat(loss.gradient(*inputs))[:, order], atol=1e-13
    )


@every_batch
def test_leading_axes_are_separate_batches(loss, inputs):
    loss = replace(loss, reduction="none")
    one, other = inputs, [x[::-1] for x in inputs]
    stacked = [np.stack([np.stack(pair)]) for pair in zip(one, other, strict=True)]
    both = loss(*stacked), flat(loss.gradient(*stacked)), flat(loss.hessian(*stacked))
    for k, batch in enumerate((one, other)):
        apart = loss(*batch), flat(loss.gradient(*batch)), flat(loss.hessian(*batch))
        np.testing.assert_allclose(both[0][0, k], apart[0], rtol=1e-13)
        np.testing.assert_allclose(both[1][:, 0, k], apart[1], atol=1e-13)
        np.testing.assert_allclose(both[2][:, 0, k], apart[2], atol=1e-11)


@pytest.mark.parametrize("n", [1, 2, 700])
def test_blocks_are_invisible(n, threads, monkeypatch):
    rng = np.random.default_rng(n)
    query, key = rng.normal(size=(2, n, 3))
    labels = rng.integers(0, 5, n)
    for loss, inputs in (lb.InfoNCE(), (query, key)), (lb.SupervisedContrastive(), (labels, key)):
        whole = flat(loss.gradient_and_hessian(*inputs)[0]), flat(loss.hessian(*inputs))
        for n_threads in 1, 3:
            threads(n_threads)
            np.testing.assert_array_equal(flat(loss.gradient(*inputs)), whole[0])
        with monkeypatch.context() as patch:
            patch.setattr("lossbook.core.similarity.BLOCK_BYTES", 1)
            again = flat(loss.gradient(*inputs)), flat(loss.hessian(*inputs))
            value = loss(*inputs)
        assert value == pytest.approx(loss(*inputs), rel=1e-13)
        np.testing.assert_allclose(again[0], whole[0], atol=1e-13)
        np.testing.assert_allclose(again[1], whole[1], atol=1e-10)


def test_the_matrix_is_never_whole():
    query, key = np.random.default_rng(0).normal(size=(2, 6000, 4))
    loss = lb.InfoNCE()
    loss.gradient(query[:10], key[:10])
    tracemalloc.start()
    loss.hessian(query, key)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6000**2 * 8 / 10


@DTYPES
def test_cold_temperatures(dtype):
    query = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype)
    key = np.array([[2.0, 0.0], [-1.0, 0.0], [1.0, 1.0]], dtype)
    loss = lb.InfoNCE(temperature=1e-3)
    value, gradient, hessian = parts(loss, query, key, dtype=dtype)
    np.testing.assert_allclose(value, [0, 1000 * np.sqrt(0.5), 0], rtol=1e-6, atol=1e-100)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()
    value, gradient, _ = parts(
        lb.SupervisedContrastive(temperature=1e-3), [0, 1, 0], key, dtype=dtype
    )
    np.testing.assert_allclose(value, [0, 0, 0], atol=1e-100)


def test_small_losses_keep_their_digits():
    query = key = np.eye(2)
    value, gradient, _ = parts(lb.InfoNCE(temperature=0.025), query, key)
    np.testing.assert_allclose(value, np.log1p(np.exp(-40.0)), rtol=1e-15)
    np.testing.assert_allclose(gradient[0], 40 * np.exp(-40.0) * (1 - np.eye(2)), rtol=1e-14)


def test_anchors_without_positives_contribute_nothing():
    loss = lb.SupervisedContrastive(reduction="none")
    value, (gradient,), _ = parts(loss, [0, 0, 1], A[:3])
    assert value[2] == 0 < value[0]
    assert gradient[2].any()  # as a negative of the others
    for labels in [0, 1, 2], [0]:
        results = parts(loss, labels, A[: len(labels)])
        assert not any(np.any(result) for result in results)
    assert lb.SupervisedContrastive()([0, 0, 1], A[:3]) == pytest.approx(value.sum() / 3)


def test_a_query_alone_has_found_its_key():
    value, gradient, hessian = parts(lb.InfoNCE(), A[:1], B[:1])
    assert value == 0
    assert not np.any(gradient)
    np.testing.assert_allclose(hessian, 0, atol=1e-12)


def test_weight_zero_leaves_a_row_as_a_negative():
    weight = np.array([1.0, 0.0, 2.0])
    value = replace(lb.InfoNCE(), reduction="none")(A[:3], B[:3], weight)
    assert value[1] == 0
    _, by_key = lb.InfoNCE().gradient(A[:3], B[:3], weight)
    by_query, _ = lb.InfoNCE().gradient(A[:3], B[:3], weight)
    assert by_key[1].any()
    assert not by_query[1].any()


def test_labels_are_told_apart_whatever_the_precision():
    labels = np.array([2**24, 2**24 + 1, 2**24])
    loss = lb.SupervisedContrastive(reduction="none")
    np.testing.assert_array_equal(loss(labels, A[:3].astype(np.float32))[1], 0)


def test_a_batch_against_itself_in_both_directions():
    loss = lb.InfoNCE()
    by_a, by_b = loss.gradient(A, B)
    assert loss(A, B) != loss(B, A)
    np.testing.assert_allclose(loss(A, A), loss(A, 3 * A), rtol=1e-14)
    np.testing.assert_allclose((by_a * A).sum(axis=1), 0, atol=1e-15)
    np.testing.assert_allclose((by_b * B).sum(axis=1), 0, atol=1e-15)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lb.CosineDistance()(A, B[:, :2]), r"second must have shape \(9, 4\)"),
        (lambda: lb.CosineEmbedding()(np.zeros(9), A, B), "y_true must be -1 or 1; got 0.0"),
        (lambda: lb.HingeEmbedding()([0], [1.0]), "y_true must be -1 or 1; got 0"),
        (lambda: lb.Contrastive()(-np.ones(9), A, B), "y_true must be 0 or 1; got -1.0"),
        (lambda: lb.Contrastive()(np.ones(8), A, B), r"y_true must have shape \(9,\)"),
        (lambda: lb.Triplet()(A, B, C[:1]), r"negative must have shape \(9, 4\), that of anchor"),
        (lambda: lb.InfoNCE()(A[0], B[0]), "key must have an axis of samples and one of entries"),
        (lambda: lb.InfoNCE()(A, B[:5]), r"key must have shape \(9, 4\), that of query"),
        (lambda: lb.InfoNCE()(A, B, W[:5]), r"sample_weight must have shape \(9,\)"),
        (lambda: lb.InfoNCE()(A[:0], B[:0]), "query must not be empty"),
        (lambda: lb.SupervisedContrastive()(LABELS[:5], A), r"y_true must have shape \(9,\)"),
        (
            lambda: lb.SupervisedContrastive()(np.full(9, np.nan), A),
            "y_true must be finite; got nan at index 0",
        ),
        (lambda: lb.CosineEmbedding(margin=1.5), r"margin must be in \[-1, 1\]; got 1.5"),
        (lambda: lb.HingeEmbedding(margin=-1), "margin must be in"),
        (lambda: lb.Contrastive(margin=0), "margin must be in"),
        (lambda: lb.Triplet(margin=0), "margin must be in"),
        (lambda: lb.InfoNCE(temperature=0), "temperature must be in"),
        (lambda: lb.SupervisedContrastive(temperature=np.inf), "temperature must be in"),
    ],
)
def test_bad_inputs(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Infinite entries.


def test_the_direction_of_an_infinite_vector_is_that_of_its_infinite_entries():
    inf = np.inf
    first, second = [[inf, 1.0], [-inf, inf], [0.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [inf, 0.0]]
    value, gradients = lb.CosineDistance(reduction="none").value_and_gradient(first, second)
    np.testing.assert_allclose(value, [0, 1 - np.sqrt(0.5), 1])
    finite = np.clip(first, -1e200, 1e200), np.clip(second, -1e200, 1e200)
    expected = lb.CosineDistance(reduction="none").gradient(*finite)
    for got, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(got, wanted, 1e-12, 1e-100)
    far = lb.Contrastive(reduction="none").value_and_gradient(
        [1, 0], [[inf, 0]] * 2, [[1, 1.0]] * 2
    )
    np.testing.assert_array_equal(far[0], [inf, 0])
    np.testing.assert_array_equal(far[1][0], [[inf, -1], [0, 0]])
    for loss, y in (lb.InfoNCE(), []), (lb.SupervisedContrastive(), [[0, 1, 0]]):
        inputs = [[first, second], [[[inf, 1.0], [1.0, 1.0], [-inf, inf]]]][len(y)]
        finite = [np.clip(each, -1e200, 1e200) for each in inputs]
        assert loss(*y, *inputs) == pytest.approx(loss(*y, *finite))
        assert np.isfinite(loss.gradient(*y, *inputs)).all()


def test_a_triplet_with_a_point_at_infinity():
    inf = np.inf
    value, gradients = lb.Triplet(reduction="none").value_and_gradient(
        [[inf, 1.0], [0.0, 0.0], [0.0, 0.0]],
        [[0, 0], [inf, 0], [0, 1]],
        [[0.5, 0], [1, 1], [inf, 0]],
    )
    np.testing.assert_array_equal(value, [1.5, inf, 0])  # of 1e100: 1 + 1e100 - (1e100 - 0.5)
    assert np.isfinite(gradients).all()


def test_a_query_of_weight_0_may_hold_nan():
    rng = np.random.default_rng(3)
    query, key = rng.normal(size=(2, 4, 3))
    lost = query.copy()
    lost[1] = np.nan
    weight = [1.0, 0.0, 2.0, 1.0]
    loss = lb.InfoNCE()
    assert loss(lost, key, weight) == loss(query, key, weight)
    for method in loss.gradient, loss.hessian:
        got, expected = method(lost, key, weight), method(query, key, weight)
        np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(got[0][1], 0)


@pytest.mark.parametrize(("n", "dim"), [(2, 600_000), (700, 3), (130, 70), (33, 64)])
def test_batches_multiplied_in_pieces_are_those_multiplied_whole(n, dim):
    rng = np.random.default_rng(8)
    query, key = rng.normal(size=(2, n, dim))
    u, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (query, key))
    scores = u @ v.T / 0.5
    p = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    value, (by_query, by_key) = lb.InfoNCE(0.5).value_and_gradient(query, key)
    assert value == pytest.approx(-np.mean(np.log(np.diag(p))))
    slope = (p - np.eye(n)) / 0.5 / n
    for got, x, unit, towards in (by_query, query, u, slope @ v), (by_key, key, v, slope.T @ u):
        across = towards - (towards * unit).sum(axis=1, keepdims=True) * unit
        expected = across / np.linalg.norm(x, axis=1, keepdims=True)
        np.testing.assert_allclose(got, expected, 1e-9, 1e-14)
