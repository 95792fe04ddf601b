"""InfoNCE with negatives of one's own: against PyTorch, which differentiates twice by itself."""

import numpy as np
import pytest

import lossbook as lb

RNG = np.random.default_rng(0)
QUERY, KEY, NEGATIVES = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 4)), RNG.normal(size=(9, 4))
WEIGHT = np.array([0.5, 2.0, 0.0, 1.0, 3.0, 0.25])
LOSS = lb.InfoNCE(temperature=0.4)


def of_torch(torch, query, key, negatives, temperature):
    """Return the loss of each query, from scores that are put side by side."""
    query, key, negatives = (
        torch.nn.functional.normalize(x, dim=-1) for x in (query, key, negatives)
    )
    own = (query * key).sum(dim=-1, keepdim=True)
    scores = torch.cat([own, query @ negatives.mT], dim=-1) / temperature
    return -torch.log_softmax(scores, dim=-1)[..., 0]


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_pytorch_agrees_on_value_gradient_and_second_derivative(weight, reduction):
    torch = pytest.importorskip("torch")
    loss = lb.InfoNCE(temperature=0.4, reduction=reduction)
    tensors = [torch.tensor(x, requires_grad=True) for x in (QUERY, KEY, NEGATIVES)]
    given = torch.ones(6) if weight is None else torch.tensor(weight)
    each = of_torch(torch, *tensors, 0.4) * given
    total = each.sum() / (given.sum() if reduction == "mean" else 1)
    gradients = torch.autograd.grad(total, tensors, create_graph=True)
    value = loss(QUERY, KEY, weight, negatives=NEGATIVES)
    expected = each if reduction == "none" else total
    np.testing.assert_allclose(value, expected.detach().numpy(), rtol=1e-13)
    ours = loss.gradient_and_hessian(QUERY, KEY, weight, negatives=NEGATIVES)
    assert len(ours[0]) == len(ours[1]) == 3
    for x, first, gradient, hessian in zip(tensors, gradients, *ours, strict=True):
        np.testing.assert_allclose(gradient, first.detach().numpy(), rtol=1e-11, atol=1e-14)
        second = np.empty(x.shape)
        for index in np.ndindex(*x.shape):
            (row,) = torch.autograd.grad(first[index], x, retain_graph=True)
            second[index] = row[index].item()
        np.testing.assert_allclose(hessian, second, rtol=1e-10, atol=1e-13)


def test_the_other_keys_as_negatives_give_the_loss_of_the_batch():
    for i in range(6):
        others = np.delete(KEY, i, axis=0)
        alone = LOSS(QUERY[[i]], KEY[[i]], negatives=others)
        whole = lb.InfoNCE(temperature=0.4, reduction="none")(QUERY, KEY)
        assert alone == pytest.approx(whole[i], rel=1e-14)


def test_many_queries_and_negatives_are_worked_through_in_blocks():
    query, key, negatives = (RNG.normal(size=(n, 8)) for n in (1500, 1500, 1100))
    value, gradient = LOSS.value_and_gradient(query, key, negatives=negatives)
    halves = [slice(0, 700), slice(700, 1500)]
    parts = [
        lb.InfoNCE(temperature=0.4, reduction="sum").value_and_gradient(
            query[half], key[half], negatives=negatives
        )
        for half in halves
    ]
    assert value == pytest.approx(sum(part[0] for part in parts) / 1500, rel=1e-13)
    for half, (_, of_half) in zip(halves, parts, strict=True):
        np.testing.assert_allclose(gradient[0][half], of_half[0] / 1500, rtol=1e-11, atol=1e-18)
        np.testing.assert_allclose(gradient[1][half], of_half[1] / 1500, rtol=1e-11, atol=1e-18)
    total = sum(of_half[2] for _, of_half in parts) / 1500
    np.testing.assert_allclose(gradient[2], total, rtol=1e-10, atol=1e-17)


def test_leading_axes_are_separate_batches_with_negatives_of_their_own():
    query, key, negatives = (RNG.normal(size=(2, n, 4)) for n in (5, 5, 3))
    results = LOSS.gradient_and_hessian(query, key, negatives=negatives)
    for batch in range(2):
        alone = LOSS.gradient_and_hessian(query[batch], key[batch], negatives=negatives[batch])
        for of_all, of_one in zip(results, alone, strict=True):
            for whole, part in zip(of_all, of_one, strict=True):
                np.testing.assert_allclose(whole[batch], part / 2, rtol=1e-12, atol=1e-16)


def test_one_negative_is_enough_and_zero_vectors_have_no_derivative():
    value = LOSS([[1.0, 0.0]], [[2.0, 0.0]], negatives=[[0.0, 3.0]])
    assert value == pytest.approx(np.log1p(np.exp(-1 / 0.4)), rel=1e-14)
    gradient = LOSS.gradient([[1.0, 0.0]], [[1.0, 1.0]], negatives=np.zeros((3, 2)))
    assert not gradient[2].any()
    assert np.isfinite(gradient[0]).all()


def test_single_precision_and_given_arrays():
    inputs = [x.astype(np.float32) for x in (QUERY, KEY, NEGATIVES)]
    gradient = LOSS.gradient(*inputs[:2], negatives=inputs[2])
    assert all(each.dtype == np.float32 for each in gradient)
    double = LOSS.gradient(QUERY, KEY, negatives=NEGATIVES)
    for one, other in zip(gradient, double, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    out = tuple(np.empty_like(x) for x in (QUERY, KEY, NEGATIVES))
    results = LOSS.gradient(QUERY, KEY, negatives=NEGATIVES, out=out)
    for one, other, same in zip(out, double, results, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one is same
    assert len(LOSS.gradient(QUERY, KEY)) == 2


@pytest.mark.parametrize(
    ("negatives", "words"),
    [
        (np.zeros((3, 5)), r"negatives must have shape \(M, 4\), rows like .* got \(3, 5\)"),
        (np.zeros((2, 3, 4)), r"negatives must have shape \(M, 4\)"),
        (np.zeros(4), r"negatives must have shape \(M, 4\)"),
        (np.zeros((0, 4)), "negatives must not be empty"),
    ],
)
def test_bad_negatives(negatives, words):
    with pytest.raises(ValueError, match=words):
        LOSS(QUERY, KEY, negatives=negatives)
