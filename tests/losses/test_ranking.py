"""Losses of scores that shall put things in order, where they are special."""

import warnings
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from mpmath import mp

import lossbook as lb
from lossbook.testing import check_loss

INF = np.inf
RNG = np.random.default_rng(0)
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def parts(loss, *inputs, dtype=np.float64):
    """Return value, gradient and hessian of each sample, where every warning is an error."""
    loss = replace(loss, reduction="none")
    inputs = [np.asarray(x).astype(dtype) for x in inputs]
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        results = loss(*inputs), loss.gradient(*inputs), loss.hessian(*inputs)
    assert all(np.asarray(result).dtype == dtype for result in results)
    return results


@DTYPES
@pytest.mark.parametrize(
    ("y", "first", "second", "value", "by_first"),
    [
        (1, 3.0, 1.0, 0, 0),
        (1, 1.0, 0.5, 0, 0),  # at the kink
        (1, 0.5, 0.5, 0.5, -1),
        (-1, 0.5, 0.5, 0.5, 1),
        (-1, 3.0, 1.0, 2.5, 1),
        (-1, 1.0, 1.5, 0, 0),  # at the kink
        (1, -1e38, 1e38, 2e38, -1),
        (1, 1e38, -1e38, 0, 0),
    ],
)
def test_margin_ranking(y, first, second, value, by_first, dtype):
    got, gradient, hessian = parts(
        lb.MarginRanking(margin=0.5), [y], [first], [second], dtype=dtype
    )
    np.testing.assert_allclose(got, value, rtol=1e-7)
    np.testing.assert_array_equal(gradient, [[by_first], [-by_first]])
    assert not np.any(hessian)


@DTYPES
@pytest.mark.parametrize(
    ("y", "first", "second", "value", "slope", "bend"),
    [
        (1.0, 2.0, 2.0, np.log(2), -0.5, 0.25),
        (0.0, 2.0, 2.0, np.log(2), 0.5, 0.25),
        (0.5, -7.0, -7.0, np.log(2), 0, 0.25),
        (1.0, 1e3, 0.0, 0, 0, 0),
        (1.0, 0.0, 1e3, 1e3, -1, 0),
        (0.0, 1e38, -1e38, 2e38, 1, 0),
        (0.25, 1e3, 0.0, 750, 0.75, 0),
        (1.0, 40.0, -40.0, np.exp(-80.0), -np.exp(-80.0), np.exp(-80.0)),
    ],
)
def test_rank_net(y, first, second, value, slope, bend, dtype):
    got, gradient, hessian = parts(lb.RankNet(), [y], [first], [second], dtype=dtype)
    np.testing.assert_allclose(got, value, rtol=1e-6)
    np.testing.assert_allclose(gradient, [[slope], [-slope]], rtol=1e-6)
    np.testing.assert_allclose(hessian, [[bend], [bend]], rtol=1e-6)
    if y == 1:
        of_pair = parts(lb.BPR(), [first], [second], dtype=dtype)
        for ours, theirs in zip(of_pair, (got, gradient, hessian), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_preferences_that_are_turned_round():
    y, first, second = RNG.uniform(size=50), *RNG.normal(size=(2, 50))
    loss = lb.RankNet(reduction="none")
    np.testing.assert_allclose(loss(y, first, second), loss(1 - y, second, first), rtol=1e-13)
    both = lb.MarginRanking(margin=0.3, reduction="none")
    sign = np.sign(y - 0.5)
    np.testing.assert_allclose(both(sign, first, second), both(-sign, second, first))


@DTYPES
@pytest.mark.parametrize(
    ("y", "z", "value", "gradient"),
    [
        ([0.0, 0.0], [0.0, 0.0], np.log(2), [0, 0]),
        ([1e4, 0.0], [1e4, 0.0], 0, [0, 0]),
        ([0.0, 1e4], [1e4, 0.0], 1e4, [1, -1]),
        ([0.0, 0.0], [1e4, 0.0], 5e3, [0.5, -0.5]),
        ([7.0, 7.0, -1e38], [3.0, 3.0, -1e38], np.log(2), [0, 0, 0]),
    ],
)
def test_list_net(y, z, value, gradient, dtype):
    got, slope, _ = parts(lb.ListNet(), [y], [z], dtype=dtype)
    np.testing.assert_allclose(got, value, rtol=1e-6)
    np.testing.assert_allclose(slope, [gradient], atol=1e-7)


def test_list_net_counts_relevances_by_their_differences():
    y, z = RNG.normal(size=(2, 20, 5))
    loss = lb.ListNet(reduction="none")
    np.testing.assert_allclose(loss(y + 3, z - 5), loss(y, z), rtol=1e-12)
    shares = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
    softmax = lb.SoftmaxCrossEntropy(reduction="none")
    np.testing.assert_allclose(loss(y, z), softmax(shares, z), rtol=1e-13)
    np.testing.assert_allclose(loss.gradient(y, z), softmax.gradient(shares, z), atol=1e-15)


def test_best_constant_scores():
    y, weight = RNG.normal(size=(8, 4)), RNG.uniform(0.5, 2, 8)
    loss = lb.ListNet()
    best = loss.optimal_constant(y, weight)
    slope = loss.gradient(y, np.tile(best, (8, 1)), weight).sum(axis=0)
    np.testing.assert_allclose(slope, 0, atol=1e-15)
    with pytest.raises(NotImplementedError, match="ListMLE has no optimal constant"):
        lb.ListMLE().optimal_constant(y)


@DTYPES
@pytest.mark.parametrize(
    ("y", "z", "value", "gradient"),
    [
        ([3, 2, 1], [0.0, 0.0, 0.0], np.log(6), [-2 / 3, -1 / 6, 5 / 6]),
        ([1, 2, 3], [0.0, 0.0, 0.0], np.log(6), [5 / 6, -1 / 6, -2 / 3]),
        ([3, 2, 1], [2e4, 1e4, 0.0], 0, [0, 0, 0]),
        ([1, 2, 3], [2e4, 1e4, 0.0], 3e4, [2, -1, -1]),
        ([3, 2, 1], [1e38, -1e38, 0.0], 1e38, [0, -1, 1]),
        ([0, 0, 0], [2e4, 1e4, 0.0], 0, [0, 0, 0]),  # ties in the order given
        ([0, 0, 0], [0.0, 1e4, 2e4], 3e4, [-1, -1, 2]),
        ([5], [3.0], 0, [0]),
    ],
)
def test_list_mle(y, z, value, gradient, dtype):
    got, slope, hessian = parts(lb.ListMLE(), [y], [z], dtype=dtype)
    np.testing.assert_allclose(got, value, rtol=1e-6)
    np.testing.assert_allclose(slope, [gradient], rtol=1e-6)
    assert (hessian >= 0).all()


def test_list_mle_keeps_its_digits():
    y, z = [[4, 3, 2, 1]], [[80.0, 40.0, 0.0, -40.0]]
    value, gradient, hessian = parts(lb.ListMLE(), y, z)
    with mp.workdps(60):
        exp = [mp.exp(score) for score in z[0]]
        left = [sum(exp[i:]) for i in range(4)]
        share = [[exp[r] / left[i] for i in range(r + 1)] for r in range(4)]
        exact = [float(x) for x in (sum(mp.log(s) for s in left) - sum(map(mp.mpf, z[0])),)]
        slopes = [float(sum(row) - 1) for row in share]
        bends = [float(sum(p * (1 - p) for p in row)) for row in share]
    np.testing.assert_allclose(value, exact, rtol=1e-15)
    np.testing.assert_allclose(hessian, [bends], rtol=1e-14)
    np.testing.assert_allclose(gradient, [slopes], rtol=1e-14, atol=1e-32)


def test_probabilities_of_all_orders_sum_to_one():
    z, orders = RNG.normal(size=5), list(permutations(range(5)))
    loss = lb.ListMLE(reduction="none")
    value = loss(np.array(orders), np.tile(z, (len(orders), 1)))
    assert np.exp(-value).sum() == pytest.approx(1, rel=1e-13)


def test_list_mle_against_autograd():
    torch = pytest.importorskip("torch")
    y, z = RNG.integers(0, 3, (30, 7)).astype(float), RNG.normal(0, 3, (30, 7))
    x = torch.tensor(z, requires_grad=True)
    ordered = x.gather(1, torch.tensor(y).argsort(dim=1, descending=True, stable=True))
    value = (ordered.flip(1).logcumsumexp(1).flip(1) - ordered).sum(1)
    (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    hessian = [
        torch.autograd.grad(gradient[:, k].sum(), x, retain_graph=True)[0][:, k] for k in range(7)
    ]
    ours = parts(lb.ListMLE(), y, z)
    np.testing.assert_allclose(ours[0], value.detach(), rtol=1e-13)
    np.testing.assert_allclose(ours[1], gradient.detach(), atol=1e-13)
    np.testing.assert_allclose(ours[2], torch.stack(hessian, dim=1), atol=1e-13)


@pytest.mark.parametrize("loss", [lb.ListNet(), lb.ListMLE()], ids=repr)
def test_long_lists_and_many_axes(loss):
    y, z = RNG.normal(size=(2, 3, 2, 400))
    loss = replace(loss, reduction="none")
    value, gradient = loss.value_and_gradient(y, z)
    assert value.shape == (3, 2)
    assert gradient.shape == z.shape
    np.testing.assert_allclose(gradient.sum(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(value[2, 1], loss(y[2, 1], z[2, 1]), rtol=1e-14)
    shuffled = RNG.permutation(400)
    np.testing.assert_allclose(
        loss.gradient(y[..., shuffled], z[..., shuffled]), gradient[..., shuffled], atol=1e-12
    )


@pytest.mark.parametrize("loss", [lb.MarginRanking(), lb.RankNet(), lb.BPR()], ids=repr)
def test_not_a_number_stays_one(loss):
    targets = [[1.0, 1.0]] * (loss.inputs[0] == "y_true")
    value, gradient, _ = parts(loss, *targets, [np.nan, 1.0], [0.0, 0.0])
    np.testing.assert_array_equal(np.isnan(value), [True, False])
    np.testing.assert_array_equal(np.isnan(gradient), [[True, False]] * 2)


@pytest.mark.parametrize("loss", [lb.ListNet(), lb.ListMLE()], ids=repr)
def test_not_a_number_in_a_list_spoils_it(loss):
    value, _, _ = parts(loss, [[2.0, 1.0, 0.0]] * 2, [[0.0, np.nan, 1.0], [0.0, 0.0, 1.0]])
    np.testing.assert_array_equal(np.isnan(value), [True, False])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lb.MarginRanking()([0.0], [1.0], [1.0]), "y_true must be -1 or 1; got 0.0"),
        (lambda: lb.MarginRanking(margin=-0.5), "margin must be in"),
        (lambda: lb.RankNet()([1.5], [1.0], [1.0]), r"y_true must be in \[0, 1\]; got 1.5"),
        (lambda: lb.RankNet()([1.0], [1.0, 2.0], [1.0]), r"second must have shape \(2,\)"),
        (lambda: lb.BPR()([1.0], [[1.0]]), r"negative must have shape \(1,\), that of positive"),
        (lambda: lb.ListNet()([[INF, 0.0]], [[0.0, 0.0]]), "y_true must be finite; got inf"),
        (lambda: lb.ListMLE()([[1.0, 0.0]], [[0.0]]), r"y_pred must have shape \(1, 2\)"),
        (lambda: lb.ListMLE()(1.0, 0.0), "y_pred must have one axis or more"),
    ],
)
def test_bad_inputs(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Items that are masked by a score of -inf.


@DTYPES
def test_masked_items_of_a_list_cost_nothing(dtype):
    scores = np.array([[1.0, 0.5, -INF, -INF]], dtype)
    loss = lb.ListMLE(reduction="none")
    for n in 3, 4:
        y = [[3, 2, 1, 0][:n]]
        value, gradient = loss.value_and_gradient(y, scores[:, :n])
        hessian = loss.hessian(y, scores[:, :n])
        whole = loss.value_and_gradient([[3, 2]], scores[:, :2])
        np.testing.assert_allclose(value, 0.47407698, 1e-6)
        np.testing.assert_allclose(value, whole[0], 1e-6)
        np.testing.assert_allclose(gradient[:, :2], whole[1], 1e-6)
        np.testing.assert_allclose(hessian[:, :2], loss.hessian([[3, 2]], scores[:, :2]), 1e-6)
        np.testing.assert_array_equal(gradient[:, 2:], 0)
        np.testing.assert_array_equal(hessian[:, 2:], 0)


def test_a_masked_item_that_should_come_first_costs_infinity():
    value, gradient = lb.ListMLE().value_and_gradient([[0, 1, 2]], [[1.0, 0.5, -INF]])
    assert value == INF
    assert np.isfinite(gradient).all()


def test_a_masked_item_without_a_share_of_the_target_costs_nothing():
    loss, y, z = lb.ListNet(), [[2, 1, -1e9]], [[1.0, 0.5, -INF]]
    assert loss(y, z) == pytest.approx(lb.ListNet()([[2, 1]], [[1.0, 0.5]]))
    assert loss.gradient(y, z)[0, 2] == loss.hessian(y, z)[0, 2] == 0


def test_equally_infinite_scores_of_a_pair_are_even():
    even = [-INF, INF, 2.0], [-INF, INF, 2.0]
    for loss, y in (lb.RankNet(reduction="none"), [[1, 1, 1]]), (lb.BPR(reduction="none"), []):
        value, (by_first, by_second) = loss.value_and_gradient(*y, *even)
        np.testing.assert_allclose(value, np.log(2))
        np.testing.assert_array_equal(by_first, -0.5)
        np.testing.assert_array_equal(by_second, 0.5)
    np.testing.assert_array_equal(lb.MarginRanking(1.0, reduction="none")([1, 1, 1], *even), 1)
    assert lb.RankNet()([1], [1.0], [-INF]) == 0
    assert lb.RankNet()([1], [-INF], [1.0]) == INF
    assert np.isnan(lb.RankNet()([1], [np.nan], [-INF]))


# Lists of different lengths.


@DTYPES
@pytest.mark.parametrize("kind", [lb.ListNet, lb.ListMLE])
@pytest.mark.parametrize("filler", [0.0, 1e30, np.nan, np.inf, -np.inf])
def test_padding_is_as_if_it_were_cut_off(kind, filler, dtype):
    relevance, scores = RNG.integers(0, 4, (6, 7)).astype(float), RNG.normal(size=(6, 7))
    lengths = np.array([7, 1, 3, 5, 2, 6])
    padded = np.arange(7) >= lengths[:, None]
    padded[3] = [False, True, False, True, False, False, True]
    some = kind(padding_value=-1)
    inputs = np.where(padded, -1, relevance), np.where(padded, filler, scores)
    value, gradient, hessian = parts(some, *inputs, dtype=dtype)
    eps = np.finfo(dtype).eps
    for k, kept in enumerate(~padded):
        expected = parts(kind(), relevance[k][kept], scores[k][kept], dtype=dtype)
        np.testing.assert_allclose(value[k], expected[0], rtol=16 * eps, atol=eps)
        np.testing.assert_allclose(gradient[k][kept], expected[1], rtol=16 * eps, atol=4 * eps)
        np.testing.assert_allclose(hessian[k][kept], expected[2], rtol=16 * eps, atol=4 * eps)
    assert not gradient[padded].any()
    assert not hessian[padded].any()


@pytest.mark.parametrize("kind", [lb.ListNet, lb.ListMLE])
def test_lists_of_padding_alone_do_not_count(kind):
    relevance, scores = np.array([[2.0, 1, -1], [-1, -1, -1]]), RNG.normal(size=(2, 3))
    some = kind(padding_value=-1)
    expected = kind()(relevance[:1, :2], scores[:1, :2])
    assert some(relevance, scores) == pytest.approx(expected, rel=1e-14)
    value, gradient, hessian = parts(some, relevance, scores)
    assert value[1] == 0
    assert not gradient[1].any()
    assert not hessian[1].any()
    with pytest.raises(ValueError, match="y_true must hold a sample that counts"):
        some(relevance[1:], scores[1:])
    integers = some(relevance.astype(int), scores)
    assert integers == some(relevance, scores)


@pytest.mark.parametrize("kind", [lb.ListNet, lb.ListMLE])
def test_losses_with_padding_keep_the_contract(kind):
    check_loss(kind(padding_value=-1))
    assert repr(kind()) == f"{kind.__name__}()"
    assert repr(kind(padding_value=-1)) == f"{kind.__name__}(padding_value=-1.0)"
    with pytest.raises(ValueError, match="padding_value must be finite"):
        kind(padding_value=np.nan)
    with pytest.raises(NotImplementedError, match="has no optimal constant"):
        kind(padding_value=-1).optimal_constant([[1.0, -1.0]])
