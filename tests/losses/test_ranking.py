"""Losses of scores that shall put things in order, where they are special."""

import warnings
from dataclasses import replace
from itertools import combinations, permutations

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


OF_LISTS = [lb.ListNet(), lb.ListMLE(), lb.LambdaRank(), lb.ApproxNDCG()]


@pytest.mark.parametrize("loss", OF_LISTS, ids=repr)
def test_long_lists_and_many_axes(loss):
    y, z = np.abs(RNG.normal(size=(3, 2, 400))), RNG.normal(size=(3, 2, 400))
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


@pytest.mark.parametrize("loss", OF_LISTS, ids=repr)
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
        (lambda: lb.LambdaRank()([[1.0, -1.0]], [[0.0, 0.0]]), r"y_true must be in \[0, inf\)"),
        (lambda: lb.LambdaRank()([[1.0, INF]], [[0.0, 0.0]]), "y_true must be .*; got inf"),
        (lambda: lb.LambdaRank()([[1.0, 0.0]], [[0.0]]), r"y_pred must have shape \(1, 2\)"),
        (lambda: lb.LambdaRank(truncation=0), "truncation must be at least 1; got 0"),
        (lambda: lb.ApproxNDCG()([[np.nan]], [[0.0]]), "y_true must be .*; got nan"),
        (lambda: lb.ApproxNDCG(temperature=0.0), "temperature must be in"),
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
@pytest.mark.parametrize("kind", list(map(type, OF_LISTS)))
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


@pytest.mark.parametrize("kind", list(map(type, OF_LISTS)))
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


@pytest.mark.parametrize("kind", list(map(type, OF_LISTS)))
def test_losses_with_padding_keep_the_contract(kind):
    check_loss(kind(padding_value=-1))
    assert eval(repr(kind()), vars(lb)) == kind()
    assert "padding_value=-1.0" in repr(kind(padding_value=-1))
    assert "padding_value" not in repr(kind())
    with pytest.raises(ValueError, match="padding_value must be finite"):
        kind(padding_value=np.nan)
    with pytest.raises(NotImplementedError, match="has no optimal constant"):
        kind(padding_value=-1).optimal_constant([[1.0, -1.0]])


# Losses that look at the NDCG.


def ndcg(y, z, truncation=None):
    """Return the NDCG of a list, with gains 2^y - 1, as scikit-learn computes it."""
    metrics = pytest.importorskip("sklearn.metrics")
    return metrics.ndcg_score([2.0**y - 1], [z], k=truncation)


def lambda_rank(y, z, truncation=None):
    """Return the loss and its gradient: all pairs are exchanged, and the metric is called."""
    places, loss, slope = np.argsort(np.argsort(-z)), 0.0, np.zeros(len(y))
    before = ndcg(y, -places, truncation)
    for i, j in np.argwhere(y[:, None] > y):
        exchanged = places.copy()
        exchanged[[i, j]] = places[[j, i]]
        weight = abs(ndcg(y, -exchanged, truncation) - before)
        loss += weight * np.log1p(np.exp(z[j] - z[i]))
        slope[[i, j]] += weight / (1 + np.exp(z[i] - z[j])) * np.array([-1, 1])
    return loss, slope


@pytest.mark.parametrize("truncation", [None, 1, 3, 6, 50])
def test_lambda_rank_weights_pairs_with_the_metric(truncation):
    y, z = RNG.integers(0, 5, (6, 6)).astype(float), RNG.normal(0, 2, (6, 6))
    value, gradient, _ = parts(lb.LambdaRank(truncation=truncation), y, z)
    for got, slope, *one in zip(value, gradient, y, z, strict=True):
        expected = lambda_rank(*one, truncation)
        assert got == pytest.approx(expected[0], rel=1e-12)
        np.testing.assert_allclose(slope, expected[1], rtol=1e-11, atol=1e-15)


def test_lambda_rank_against_autograd_with_weights_held_fixed():
    torch = pytest.importorskip("torch")
    y, z = RNG.integers(0, 4, (20, 7)).astype(float), RNG.normal(0, 3, (20, 7))
    place = np.argsort(np.argsort(-z, axis=1), axis=1)
    gain, discount = 2**y - 1, 1 / np.log2(2 + place)
    ideal = -np.sort(-gain, axis=1) @ (1 / np.log2(2 + np.arange(7)))
    gaps = gain[:, :, None] - gain[:, None], discount[:, :, None] - discount[:, None]
    weight = np.maximum(gaps[0], 0) * np.abs(gaps[1]) / ideal[:, None, None]

    def function(x):
        wrong = x[:, None] - x[:, :, None]
        return (torch.tensor(weight) * torch.nn.functional.softplus(wrong)).sum((1, 2))

    x = torch.tensor(z, requires_grad=True)
    (gradient,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
    hessian = [
        torch.autograd.grad(gradient[:, k].sum(), x, retain_graph=True)[0][:, k] for k in range(7)
    ]
    ours = parts(lb.LambdaRank(), y, z)
    np.testing.assert_allclose(ours[0], function(x).detach(), rtol=1e-13)
    np.testing.assert_allclose(ours[1], gradient.detach(), atol=1e-14)
    np.testing.assert_allclose(ours[2], torch.stack(hessian, dim=1), atol=1e-14)


def test_the_weights_jump_where_items_exchange_places():
    y, tied = np.array([[2.0, 1.0, 0.0]]), np.array([[0.0, 1.0, 1.0]])
    loss, step = lb.LambdaRank(), np.array([[0.0, 1e-9, 0.0]])
    below, at, above = (loss(y, tied + side * step) for side in (-1, 0, 1))
    assert abs(above - below) > 0.1
    assert at == pytest.approx(above)  # the order in which equal items are given
    mirrored = loss(y[:, ::-1], tied[:, ::-1])
    assert mirrored == pytest.approx(below)


def test_descending_lambda_rank_finds_the_ideal_order():
    y, z = np.array([3.0, 0, 1, 2, 0, 1]), np.array([-1.0, 2, 0, -2, 1, 3])
    for _ in range(200):
        z = z - lb.LambdaRank().gradient(y, z)
    assert ndcg(y, z) == pytest.approx(1, rel=1e-14)


@pytest.mark.parametrize("n_items", range(1, 8))
def test_no_list_has_a_longer_gradient(n_items):
    """Check the bound of the slope in all orders, for 0 or 1: gains between lie between them.

    The weights are those of the order, and the sigmoids of wrong pairs are at most 1, those of
    right ones at most 1/2.
    """
    for truncation in None, *range(1, n_items + 1):
        loss = lb.LambdaRank(truncation=truncation)
        discount = np.where(
            np.arange(n_items) < (truncation or n_items), 1 / np.log2(2 + np.arange(n_items)), 0
        )
        longest = 0.0
        for n_relevant in range(1, n_items):
            for relevant in combinations(range(n_items), n_relevant):
                slope = np.zeros(n_items)
                for i in relevant:
                    for j in set(range(n_items)) - set(relevant):
                        weight = abs(discount[i] - discount[j]) / discount[:n_relevant].sum()
                        slope[[i, j]] += weight * (1 if j < i else 0.5) * np.array([-1, 1])
                longest = max(longest, np.linalg.norm(slope))
        assert loss.traits.lipschitz(n_items) == pytest.approx(longest, rel=1e-12)


def test_no_list_is_steeper_where_ranks_are_smooth():
    optimize = pytest.importorskip("scipy.optimize")
    loss = lb.ApproxNDCG(temperature=0.5)
    for n_items in 2, 3, 5:
        bound, steepest = loss.traits.lipschitz(n_items), 0.0
        for n_relevant in range(1, n_items):
            y = (np.arange(n_items) < n_relevant).astype(float)
            for _ in range(4):
                found = optimize.minimize(
                    lambda z, y=y: -np.linalg.norm(loss.gradient(y, z)),
                    RNG.normal(size=n_items),
                    method="Nelder-Mead",
                )
                steepest = max(steepest, -found.fun)
        assert steepest == pytest.approx(bound, rel=1e-5)
        assert steepest <= bound * (1 + 1e-7)


@pytest.mark.parametrize("temperature", [1.0, 0.25])
def test_approx_ndcg_against_autograd(temperature):
    torch = pytest.importorskip("torch")
    y, z = RNG.integers(0, 4, (20, 6)).astype(float), RNG.normal(size=(20, 6))
    gain = 2**y - 1
    ideal = -np.sort(-gain, axis=1) @ (1 / np.log2(2 + np.arange(6)))
    x = torch.tensor(z, requires_grad=True)
    # The item itself counts a half in the sum.
    rank = 0.5 + torch.sigmoid((x[:, None] - x[:, :, None]) / temperature).sum(2)
    value = 1 - (torch.tensor(gain / ideal[:, None]) / torch.log2(1 + rank)).sum(1)
    (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    hessian = [
        torch.autograd.grad(gradient[:, k].sum(), x, retain_graph=True)[0][:, k] for k in range(6)
    ]
    ours = parts(lb.ApproxNDCG(temperature=temperature), y, z)
    np.testing.assert_allclose(ours[0], value.detach(), atol=1e-14)
    np.testing.assert_allclose(ours[1], gradient.detach(), atol=1e-13)
    np.testing.assert_allclose(ours[2], torch.stack(hessian, dim=1), atol=1e-12)


def test_approx_ndcg_becomes_the_metric():
    y, z = RNG.integers(0, 5, (50, 8)).astype(float), RNG.normal(size=(50, 8))
    exact = [1 - ndcg(*one) for one in zip(y, z, strict=True)]
    gaps = []
    for temperature in 1.0, 0.1, 0.01, 1e-6:
        smooth = lb.ApproxNDCG(temperature=temperature, reduction="none")(y, z)
        gaps.append(np.abs(smooth - exact).mean())
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 1e-12


def test_approx_ndcg_of_tensorflow_ranking():
    """Compare with the numbers in the documentation of its ApproxNDCGLoss, which is -NDCG."""
    loss = lb.ApproxNDCG(temperature=0.1, padding_value=-1)
    assert loss([[1.0, 0.0]], [[0.6, 0.8]]) - 1 == pytest.approx(-0.655107, abs=1e-6)
    ragged = [[1.0, 0.0, -1], [0.0, 1.0, 0.0]], [[0.6, 0.8, 9.0], [0.5, 0.8, 0.4]]
    assert loss(*ragged) - 1 == pytest.approx(-0.80536866, abs=1e-6)


@DTYPES
def test_approx_ndcg_keeps_its_digits_near_the_best_order(dtype):
    y, z = [[2.0, 2.0, 1.0, 0.0]], [[40.0, 60.0, 20.0, 0.0]]
    value, gradient, hessian = parts(lb.ApproxNDCG(temperature=1.0), y, z, dtype=dtype)
    with mp.workdps(60):
        gains = [3, 3, 1, 0]
        ideal = sum(g / mp.log(2 + k, 2) for k, g in enumerate(gains))

        def exact(*x):
            ranks = [mp.mpf(1) / 2 + sum(1 / (1 + mp.exp(b - a)) for a in x) for b in x]
            return 1 - sum(g / mp.log(1 + r, 2) for g, r in zip(gains, ranks, strict=True)) / ideal

        orders = np.eye(4, dtype=int)
        slopes = [mp.diff(exact, tuple(z[0]), tuple(map(int, row))) for row in orders]
        bends = [mp.diff(exact, tuple(z[0]), tuple(map(int, 2 * row))) for row in orders]
        wanted = exact(*z[0]), slopes, bends
    assert 0 < float(wanted[0]) < 1e-7
    close = 32 * np.finfo(dtype).eps
    np.testing.assert_allclose(value, [float(wanted[0])], rtol=close)
    np.testing.assert_allclose(gradient, [list(map(float, slopes))], rtol=close)
    np.testing.assert_allclose(hessian, [list(map(float, bends))], rtol=close)


OF_NDCG = [lb.LambdaRank(), lb.LambdaRank(truncation=2), lb.ApproxNDCG()]


@DTYPES
@pytest.mark.parametrize("loss", OF_NDCG, ids=repr)
def test_lists_that_no_order_is_wrong_for(loss, dtype):
    for y in [[0.0, 0.0, 0.0], [0.0], [5.0], [0.0, 0.0]]:
        for scale in 1.0, 1e30:
            results = parts(loss, [y], [scale * RNG.normal(size=len(y))], dtype=dtype)
            assert not any(result.any() for result in results)
    alike = parts(lb.LambdaRank(), [[3.0, 3.0, 3.0]], [[0.0, 1.0, 2.0]], dtype=dtype)
    assert not any(result.any() for result in alike)
    value, _, _ = parts(lb.ApproxNDCG(), [[3.0, 3.0, 3.0]], [[0.0, 1.0, 2.0]], dtype=dtype)
    np.testing.assert_allclose(value, 0, atol=1e-3)


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y", "z", "value", "gradient"),
    [
        (lb.LambdaRank(), [1, 0], [1e30, -1e30], 0, [0, 0]),
        (lb.LambdaRank(truncation=1), [1, 0], [-1e30, 1e30], 2e30, [-1, 1]),
        (lb.LambdaRank(truncation=1), [1, 0], [-INF, INF], INF, [-1, 1]),
        (lb.LambdaRank(truncation=1), [1, 0], [7.0, 7.0], np.log(2), [-0.5, 0.5]),
        (lb.LambdaRank(truncation=1), [1, 0], [INF, INF], np.log(2), [-0.5, 0.5]),
        (lb.LambdaRank(truncation=1), [0, 1, 0], [2.0, 1e3, -INF], 0, [0, 0, 0]),
        (lb.ApproxNDCG(), [1, 0], [1e30, -1e30], 0, [0, 0]),
        (lb.ApproxNDCG(), [1, 0], [-1e30, 1e30], 1 - 1 / np.log2(3), [0, 0]),
        (lb.ApproxNDCG(), [1, 0], [-INF, INF], 1 - 1 / np.log2(3), [0, 0]),
        (lb.ApproxNDCG(), [1, 0], [-INF, -INF], 1 - 1 / np.log2(2.5), None),
        (lb.ApproxNDCG(), [1e30, 0], [-INF, -INF], 1 - 1 / np.log2(2.5), None),
        (lb.LambdaRank(truncation=1), [1e30, 3], [0.0, 0.0], np.log(2), [-0.5, 0.5]),
    ],
)
def test_far_scores_and_relevances(loss, y, z, value, gradient, dtype):
    got, slope, _ = parts(loss, [y], [z], dtype=dtype)
    np.testing.assert_allclose(got, [value], rtol=2e-6, atol=1e-12)
    if gradient is not None:
        np.testing.assert_allclose(slope, [gradient], rtol=2e-6, atol=1e-12)


@pytest.mark.parametrize("loss", OF_NDCG, ids=repr)
def test_only_the_order_of_equal_lists_matters(loss):
    y, z = RNG.integers(0, 3, (40, 6)).astype(float), RNG.normal(size=(40, 6))
    shifted = parts(loss, y, z + 8.0)
    for one, other in zip(parts(loss, y, z), shifted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(shifted[1].sum(axis=1), 0, atol=1e-12)
    lifted = (
        parts(loss, np.where(y == 0, 0, y + 60), z),
        parts(loss, np.where(y == 0, 0, y + 600), z),
    )
    for one, other in zip(*lifted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def test_a_long_list_takes_memory_in_proportion_to_its_length():
    tracemalloc = pytest.importorskip("tracemalloc")
    y, z = RNG.integers(0, 4, 3000).astype(float), RNG.normal(size=3000)
    for loss in lb.LambdaRank(), lb.ApproxNDCG():
        tracemalloc.start()
        loss.value_and_gradient(y, z)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 3000**2 * 8 / 4


def test_equal_scores_beside_padding_are_drawn_with_equal_probability():
    loss = lb.ListMLE(padding_value=-1.0, reduction="none")
    value, gradient = loss.value_and_gradient([[2, 1, -1], [2, 1, 0]], [[-3.0, -3, 0]] * 2)
    np.testing.assert_allclose(value[0], np.log(2), rtol=1e-15)
    np.testing.assert_allclose(gradient[0], [-0.5, 0.5, 0], rtol=1e-15)
