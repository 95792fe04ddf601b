"""Losses over classes where they are special: kinks, extremes, relations, optima, the Hessian."""

import re
from dataclasses import replace

import numpy as np
import pytest
from mpmath import mp
from reference.definition import value as defined
from scipy.optimize import minimize
from single import each

import lossbook as lb
from lossbook.core.softmax import sum_of_others

INF = np.inf
NLL, KL, JS = lb.NegativeLogLikelihood(), lb.KLDivergence(), lb.JensenShannon()
FOCAL, SHARP = lb.SoftmaxFocal(), lb.SoftmaxFocal(gamma=0.5)
GENERALIZED, POLY = lb.GeneralizedCrossEntropy(), lb.Poly1CrossEntropy()
CRAMMER, WESTON, SQUARED = lb.CrammerSinger(), lb.MultiMargin(), lb.MultiMargin(power=2)
SOFTMAX, CATEGORICAL = lb.SoftmaxCrossEntropy(), lb.CategoricalCrossEntropy()
HALF, LOG2 = np.log(0.5), np.log(2)
TAIL = np.exp(-80.0)
LABELS_ONLY = [FOCAL, GENERALIZED, CRAMMER, WESTON]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        # At kinks.
        (CRAMMER, 0, [1.0, 0.0, 0.0], (0, [0, 0, 0], [0, 0, 0])),
        (CRAMMER, 0, [0.0, 0.0, 0.0], (1, [-1, 0.5, 0.5], [0, 0, 0])),
        (CRAMMER, 1, [2.0, 0.0, 2.0], (3, [0.5, -1, 0.5], [0, 0, 0])),
        (CRAMMER, 0, [0.0, 2.0, 1.0], (3, [-1, 1, 0], [0, 0, 0])),
        (CRAMMER, 2, [0.0, 0.5, 1.25], (0.25, [0, 1, -1], [0, 0, 0])),
        (lb.CrammerSinger(margin=0), 0, [1.0, 1.0], (0, [0, 0], [0, 0])),
        (lb.CrammerSinger(margin=2), 0, [1.0, 1.0], (2, [-1, 1], [0, 0])),
        (WESTON, 0, [1.0, 0.0, 0.5], (0.5, [-1, 0, 1], [0, 0, 0])),
        (WESTON, 0, [0.0, 0.0, 2.0], (4, [-2, 1, 1], [0, 0, 0])),
        (WESTON, 1, [0.0, 1.0, 0.0], (0, [0, 0, 0], [0, 0, 0])),
        (lb.MultiMargin(margin=0.25), 0, [1.0, 0.75, 1.0], (0.25, [-1, 0, 1], [0, 0, 0])),
        (SQUARED, 0, [1.0, 0.0, 0.5], (0.25, [-1, 0, 1], [2, 0, 2])),
        (SQUARED, 0, [0.0, 0.0, 2.0], (10, [-8, 2, 6], [4, 2, 2])),
        (JS, [0.5, 0.5, 0.0], [0.5, 0.5, 0.0], (0, [0, 0, LOG2 / 2], [0.5, 0.5, 0])),
        (JS, 0, [0.0, 1.0], (LOG2, [-INF, LOG2 / 2], [INF, 0])),
        (JS, 0, [1.0, 0.0], (0, [0, LOG2 / 2], [0.25, 0])),
        # 0 log 0, and the logarithm of 0.
        (NLL, 0, [0.0, -INF], (0, [-1, 0], [0, 0])),
        (NLL, 1, [0.0, -INF], (INF, [0, -1], [0, 0])),
        (NLL, [0.5, 0.5, 0.0], [HALF, HALF, -INF], (LOG2, [-0.5, -0.5, 0], [0, 0, 0])),
        (KL, [0.5, 0.5, 0.0], [0.5, 0.5, 0.0], (0, [-1, -1, 0], [2, 2, 0])),
        (KL, [0.0, 1.0], [0.5, 0.5], (LOG2, [0, -2], [0, 4])),
        (KL, 1, [0.5, 0.5], (LOG2, [0, -2], [0, 4])),
        (KL, [0.5, 0.5], [1.0, 0.0], (INF, [-0.5, -INF], [0.5, INF])),
        (KL, 0, [1.0, 0.0], (0, [-1, 0], [1, 0])),
        # Far away.
        (CRAMMER, 1, [1e38, -1e38, 0.0], (2e38, [1, -1, 0], [0, 0, 0])),
        (CRAMMER, 0, [0.0, -INF], (0, [0, 0], [0, 0])),
        (CRAMMER, 0, [-INF, 0.0], (INF, [-1, 1], [0, 0])),
        (WESTON, 1, [1e38, -1e38, -1e38], (2e38, [1, -2, 1], [0, 0, 0])),
        (WESTON, 0, [INF, 0.0], (0, [0, 0], [0, 0])),
        (SQUARED, 0, [0.0, 1e15], ((1e15 + 1) ** 2, [-2e15 - 2, 2e15 + 2], [2, 2])),
        (FOCAL, 0, [-200.0, 0.0], (200, [-1, 1], [0, 0])),
        (FOCAL, 0, [0.0, 1e38, 0.0], (1e38, [-1, 1, 0], [0, 0, 0])),
        (FOCAL, 0, [1e38, -1e38], (0, [0, 0], [0, 0])),
        (FOCAL, 0, [0.0, -INF], (0, [0, 0], [0, 0])),
        (FOCAL, 0, [-INF, 0.0], (INF, [-1, 1], [0, 0])),
        (SHARP, 0, [1e3, 0.0], (0, [0, 0], [0, 0])),
        (SHARP, 1, [1e3, 0.0], (1e3, [1, -1], [0, 0])),
        (lb.SoftmaxFocal(0.0), 0, [0.0, -INF], (0, [0, 0], [0, 0])),
        (lb.SoftmaxFocal(1.0, (4, 1)), 0, [-200.0, 0.0], (800, [-4, 4], [0, 0])),
        (lb.SoftmaxFocal(1.0, (4, 1)), 1, [0.0, -200.0], (200, [1, -1], [0, 0])),
        (lb.GeneralizedCrossEntropy(0.5), 1, [1e4, 0.0], (2, [0, 0], [0, 0])),
        (lb.GeneralizedCrossEntropy(0.5), 1, [1e38, -1e38, 0.0], (2, [0, 0, 0], [0, 0, 0])),
        (lb.GeneralizedCrossEntropy(0.5), 0, [0.0, -INF], (0, [0, 0], [0, 0])),
        (lb.GeneralizedCrossEntropy(0.5), 1, [0.0, -INF], (2, [0, 0], [0, 0])),
        (lb.GeneralizedCrossEntropy(1.0), 0, [80.0, 0.0], (TAIL, [-TAIL, TAIL], [TAIL, TAIL])),
        (POLY, 0, [0.0, 1e3], (1001, [-1, 1], [0, 0])),
        (POLY, 0, [1e38, -1e38], (0, [0, 0], [0, 0])),
        (POLY, 0, [80.0, 0.0], (2 * TAIL, [-2 * TAIL, 2 * TAIL], [2 * TAIL, 2 * TAIL])),
        (POLY, [1.0, 0.0], [0.0, -INF], (0, [0, 0], [0, 0])),
        (POLY, [0.5, 0.5], [1e4, 0.0], (5e3 + 0.5, [0.5, -0.5], [0, 0])),
        (lb.Poly1CrossEntropy(-1.0), 0, [0.0, 1e3], (999, [-1, 1], [0, 0])),
        (
            lb.Poly1CrossEntropy(-1.0),
            0,
            [20.0, 0.0],
            (
                np.exp(-40.0) / 2 * (1 - np.exp(-20.0) * 4 / 3),
                np.exp(-40.0) * (1 - 2 * np.exp(-20.0)) * np.array([-1, 1]),
                np.exp(-40.0) * (2 - 6 * np.exp(-20.0)) * np.array([1, 1]),
            ),
        ),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    tolerance, least = (1e-14, 1e-59) if dtype == np.float64 else (1e-6, 1e-44)
    results = each(loss, y_true, y_pred, dtype)
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, np.array(wanted, float), rtol=tolerance, atol=least)


@pytest.mark.parametrize("loss", [*LABELS_ONLY, SQUARED, SHARP, POLY], ids=repr)
def test_not_a_number_stays_one(loss):
    for y_true in 0, 1:
        value, gradient, _ = each(loss, y_true, [0.0, np.nan, 1.0])
        assert np.isnan(value)
        assert np.isnan(gradient[[1, y_true]]).all()


@pytest.mark.parametrize("distance", [2.0**-12, 2.0**-30, 2.0**-50])
def test_divergences_of_near_distributions(distance):
    t, p = [0.25 + distance, 0.25, 0.5 - distance], [0.25, 0.25, 0.5]
    with mp.workdps(60):
        exact = [
            float(defined(loss, list(map(mp.mpf, t)), list(map(mp.mpf, p)))) for loss in (KL, JS)
        ]
    assert JS([t], [p]) == pytest.approx(exact[1], rel=1e-14)
    # Its two terms cancel but for their difference, which is this much smaller.
    assert KL([t], [p]) == pytest.approx(exact[0], rel=2e-16 / distance)
    slope = JS.gradient([t], [p])[0, 0]
    assert slope == pytest.approx(np.log1p(-distance / (0.5 + distance)) / 2, rel=1e-14)


def test_sums_of_others_do_not_cancel():
    terms = np.array([[1.0], [2.0**-60], [2.0**-70]])
    expected = [2.0**-60 + 2.0**-70, 1 + 2.0**-70, 1 + 2.0**-60]
    np.testing.assert_array_equal(sum_of_others(terms)[:, 0], expected)
    np.testing.assert_array_equal(sum_of_others(terms[:2])[:, 0], [2.0**-60, 1])


# Relations.

RNG = np.random.default_rng(11)
N = 300
Z, Y = RNG.normal(scale=3, size=(N, 4)), RNG.integers(0, 4, N)
W, T = RNG.uniform(0, 2, N), RNG.dirichlet(np.ones(4), N)
P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)


def same(first, second, y, z, factor=1.0):
    for part in "__call__", "gradient", "hessian":
        a, b = (getattr(replace(loss, reduction="none"), part) for loss in (first, second))
        np.testing.assert_allclose(a(y, z), factor * b(y, z), rtol=1e-11, atol=1e-14)


def test_relations():
    same(lb.SoftmaxFocal(gamma=0), SOFTMAX, Y, Z)
    same(lb.SoftmaxFocal(gamma=1.5, alpha=(3, 3, 3, 3)), lb.SoftmaxFocal(gamma=1.5), Y, Z, 3)
    same(lb.SoftmaxFocal(0, (1, 2, 3, 4)), lb.SoftmaxCrossEntropy(class_weight=(1, 2, 3, 4)), Y, Z)
    same(lb.GeneralizedCrossEntropy(q=1e-15), SOFTMAX, Y, Z)
    for y in Y, T:
        same(lb.Poly1CrossEntropy(epsilon=0), SOFTMAX, y, Z)
        same(lb.Poly1CrossEntropy(epsilon=1e-15), lb.Poly1CrossEntropy(epsilon=-1e-15), y, Z)
    same(KL, CATEGORICAL, Y, P)
    for part in "gradient", "hessian":
        np.testing.assert_array_equal(getattr(KL, part)(T, P), getattr(CATEGORICAL, part)(T, P))
    entropy = CATEGORICAL(T, T)
    assert KL(T, P, W) == pytest.approx(CATEGORICAL(T, P, W) - CATEGORICAL(T, T, W), rel=1e-12)
    assert KL(T, P) == pytest.approx(CATEGORICAL(T, P) - entropy, rel=1e-12)
    for y in Y, T:
        assert NLL(y, np.log(P), W) == pytest.approx(SOFTMAX(y, Z, W), rel=1e-13)
    q = 1 - P[np.arange(N), Y]
    assert lb.GeneralizedCrossEntropy(q=1.0)(Y, Z) == pytest.approx(q.mean(), rel=1e-13)
    assert lb.Poly1CrossEntropy(2.5)(Y, Z) == pytest.approx(SOFTMAX(Y, Z) + 2.5 * q.mean())


def test_two_classes_are_a_case():
    bits, z = Y % 2, Z[:, 0]
    scores = np.stack([np.zeros(N), z], axis=-1)
    pairs = [
        (lb.SoftmaxFocal(2.0), lb.SigmoidFocal(2.0), bits),
        (lb.SoftmaxFocal(0.5, (0.75, 0.25)), lb.SigmoidFocal(0.5, 0.25), bits),
        (CRAMMER, lb.Hinge(), 2 * bits - 1),
        (WESTON, lb.Hinge(), 2 * bits - 1),
        (SQUARED, lb.SquaredHinge(), 2 * bits - 1),
    ]
    for of_classes, binary, labels in pairs:
        for part in "__call__", "gradient", "hessian":
            ours, theirs = (
                getattr(replace(loss, reduction="none"), part) for loss in (of_classes, binary)
            )
            result = ours(bits, scores)
            result = result[:, 1] if result.ndim > 1 else result
            np.testing.assert_allclose(result, theirs(labels, z), rtol=1e-11, atol=1e-14)


def test_divergence_of_jensen_and_shannon():
    middle = (T + P) / 2
    assert JS(T, P) == pytest.approx((KL(T, middle) + KL(P, middle)) / 2, rel=1e-12)
    assert JS(T, P) == pytest.approx(JS(P, T), rel=1e-14)
    assert lb.JensenShannon(reduction="none")(Y, P).max() < LOG2


def test_the_strongest_rival_costs_less_than_all():
    strongest, all_rivals = (replace(loss, reduction="none")(Y, Z) for loss in (CRAMMER, WESTON))
    assert (strongest <= all_rivals).all()
    assert (strongest < all_rivals).any()
    assert (all_rivals <= 3 * strongest).all()


def test_wrong_labels_pull_less():
    slopes = [np.abs(loss.gradient([1], [[30.0, 0.0]])).max() for loss in (SOFTMAX, GENERALIZED)]
    assert slopes[0] == pytest.approx(1)
    assert slopes[1] == pytest.approx(np.exp(-0.7 * 30))


# Optimal constants.


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (NLL, [0, 1, 1, 3], None, [2 * HALF, HALF, -INF, 2 * HALF]),
        (KL, [0, 1], [1, 3], [0.25, 0.75]),
        (KL, [[0.5, 0.5], [0.0, 1.0]], None, [0.25, 0.75]),
        (JS, [0, 0], None, [1]),
        (JS, [0, 1], None, [0.5, 0.5]),
        (JS, [[0.5, 0.25, 0.25]] * 3, None, [0.5, 0.25, 0.25]),
        (JS, [0, 2, 2], [1, 1, 0], [0.5, 0, 0.5]),
        (lb.SoftmaxFocal(0.0), [0, 1, 1, 2], None, np.log([0.25, 0.5, 0.25])),
        (lb.SoftmaxFocal(0.0, (3, 1, 5)), [0, 1], None, [np.log(0.75), 2 * HALF, -INF]),
        (FOCAL, [0, 1, 2, 2], [2, 2, 1, 1], np.log([1 / 3] * 3)),
        (FOCAL, [0, 1, 1, 1], None, None),
        (lb.SoftmaxFocal(2.0, (0, 1)), [0, 0], None, [0, 0]),
        (FOCAL, [1, 1], None, [-INF, 0]),
        (lb.GeneralizedCrossEntropy(0.5), [0, 1, 1, 2], None, np.log([1 / 6, 4 / 6, 1 / 6])),
        (lb.GeneralizedCrossEntropy(1.0), [0, 1, 1, 2], None, [-INF, 0, -INF]),
        (lb.GeneralizedCrossEntropy(1.0), [0, 1, 1, 0], None, [HALF, HALF]),
        (lb.Poly1CrossEntropy(0.0), [0, 1, 1, 2], None, np.log([0.25, 0.5, 0.25])),
        (POLY, [0, 1, 0, 1], None, [HALF, HALF]),
        (POLY, [2, 2], None, [-INF, -INF, 0]),
        (CRAMMER, [0, 1, 1, 1], None, [0, 1]),
        (lb.CrammerSinger(margin=2.5), [0, 1, 2], [1, 1, 3], [0, 0, 2.5]),
        (CRAMMER, [0, 1, 2], None, [0, 0, 0]),
        (CRAMMER, [0, 1], None, [0, 0]),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    result = loss.optimal_constant(y_true, weight)
    if best is None:
        # The focal loss of two classes is that of the difference of their scores.
        best = [0, lb.SigmoidFocal().optimal_constant(y_true, weight)]
        result = result - result[0]
    np.testing.assert_allclose(result, best, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "loss", [FOCAL, SHARP, POLY, lb.Poly1CrossEntropy(-0.5), lb.Poly1CrossEntropy(4.0)], ids=repr
)
def test_bisected_optima_are_flat(loss):
    total = replace(loss, reduction="sum")
    best = np.broadcast_to(loss.optimal_constant(Y, W), (N, 4))
    np.testing.assert_allclose(total.gradient(Y, best, W).sum(axis=0), 0, atol=1e-11)


def test_optimal_distribution_of_jensen_and_shannon():
    best = JS.optimal_constant(T[:20], W[:20])
    found = minimize(
        lambda z: JS(T[:20], np.tile(np.exp(z) / np.exp(z).sum(), (20, 1)), W[:20]),
        np.zeros(4),
        tol=1e-12,
    ).x
    np.testing.assert_allclose(best, np.exp(found) / np.exp(found).sum(), rtol=1e-4)
    assert best.sum() == pytest.approx(1, rel=1e-14)


def test_weston_and_watkins_have_no_formula():
    with pytest.raises(NotImplementedError, match="MultiMargin has no optimal constant"):
        WESTON.optimal_constant([0, 1])


# Errors.

SOFT, FLOATS = [[0.5, 0.5]], [0.0]


@pytest.mark.parametrize("loss", LABELS_ONLY, ids=repr)
def test_only_labels_where_distributions_have_no_meaning(loss):
    for call in loss, loss.gradient, loss.hessian:
        with pytest.raises(ValueError, match=r"y_true must have shape \(1,\) \(labels\) for"):
            call(SOFT, [[0.0, 1.0]])
        with pytest.raises(TypeError, match="y_true must hold integer labels; got dtype float64"):
            call(FLOATS, [[0.0, 1.0]])
        with pytest.raises(ValueError, match="a class index from 0 to 1; got 2 at index 0"):
            call([2], [[0.0, 1.0]])
    if loss is not WESTON:
        with pytest.raises(TypeError, match="y_true must hold integer labels"):
            loss.optimal_constant(SOFT)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: lb.SoftmaxFocal(gamma=-1), ValueError, "gamma must be in [0, inf)"),
        (lambda: lb.SoftmaxFocal(alpha=(1, -1)), ValueError, "alpha must be finite, not negative"),
        (lambda: lb.SoftmaxFocal(alpha=(0, 0)), ValueError, "not all zero; got (0, 0)"),
        (lambda: lb.SoftmaxFocal(alpha=0.25), ValueError, "alpha must be one-dimensional"),
        (lambda: lb.SoftmaxFocal(alpha="ab"), TypeError, "alpha must hold real numbers"),
        (
            lambda: lb.SoftmaxFocal(alpha=(1, 2))([0], [[1.0, 2, 3]]),
            ValueError,
            "alpha must have one weight for each of the 3 classes; got 2",
        ),
        (
            lambda: lb.SoftmaxFocal(alpha=(1, 2)).optimal_constant([0, 2]),
            ValueError,
            "y_true must be a class index from 0 to 1; got 2",
        ),
        (lambda: lb.GeneralizedCrossEntropy(q=0), ValueError, "q must be in (0, 1]; got 0"),
        (lambda: lb.GeneralizedCrossEntropy(q=1.5), ValueError, "q must be in (0, 1]"),
        (lambda: lb.Poly1CrossEntropy(epsilon=-1.1), ValueError, "epsilon must be in [-1, inf)"),
        (lambda: lb.CrammerSinger(margin=-1), ValueError, "margin must be in [0, inf)"),
        (lambda: lb.MultiMargin(power=3), ValueError, "power must be 1 or 2; got 3"),
        (lambda: NLL([0], [[0.5, 0.5]]), ValueError, "y_pred must be logarithms of probabilities"),
        (lambda: NLL([0], [[0.0, 0.0]]), ValueError, "sum to 1 (to within 0.0001)"),
        (lambda: NLL([0], [[0.0, np.nan]]), ValueError, "y_pred must be logarithms"),
        (lambda: NLL([0], [[0.0, INF]]), ValueError, "y_pred must be logarithms"),
        (lambda: KL([0], [[0.5, 0.25]]), ValueError, "y_pred must be probabilities"),
        (lambda: JS([[0.5, 0.6]], [[0.5, 0.5]]), ValueError, "y_true must be probabilities"),
        (lambda: FOCAL([0], [[0.5]]), ValueError, "y_pred must have two classes or more"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()


def test_representation():
    assert repr(FOCAL) == "SoftmaxFocal(gamma=2.0, alpha=None)"
    assert lb.SoftmaxFocal(alpha=np.array([1, 2])) == lb.SoftmaxFocal(alpha=(1.0, 2.0))
    assert hash(lb.SoftmaxFocal(alpha=[1, 2])) == hash(lb.SoftmaxFocal(alpha=(1, 2)))
    assert repr(lb.MultiMargin(power=2)) == "MultiMargin(margin=1.0, power=2.0)"


def test_traits_follow_the_parameters():
    assert lb.SoftmaxFocal(gamma=0).traits.proper
    assert not lb.SoftmaxFocal(gamma=0, alpha=(1, 2)).traits.proper
    assert not lb.SoftmaxFocal(gamma=2, alpha=(1, 2)).traits.classification_calibrated
    assert lb.SoftmaxFocal(gamma=0, alpha=(1, 3)).traits.lipschitz == pytest.approx(3 * 2**0.5)
    assert lb.GeneralizedCrossEntropy(q=1.0).traits.lipschitz == pytest.approx(2**0.5 / 4)
    assert lb.Poly1CrossEntropy(1.0).traits.convex
    assert not lb.Poly1CrossEntropy(1.1).traits.convex
    assert lb.Poly1CrossEntropy(-1.0).traits.convex
    assert lb.Poly1CrossEntropy(3.0).traits.lipschitz == pytest.approx(2**0.5 * 4 / 3)
    assert lb.MultiMargin(power=2).traits.classification_calibrated
    assert not WESTON.traits.classification_calibrated
    assert WESTON.traits.lipschitz(4) == pytest.approx(12**0.5)


def test_a_majority_is_needed_by_the_strongest_rival():
    few = [0] * 4 + [1] * 3 + [2] * 3
    scores = CRAMMER.optimal_constant(few)
    assert not scores.any()
    ahead = np.tile([1.0, 0.0, 0.0], (10, 1))
    assert CRAMMER(few, np.zeros((10, 3))) < CRAMMER(few, ahead)


# The whole second derivative of the softmax cross-entropy.

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


@pytest.mark.parametrize("loss", HESSIANS, ids=repr)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, W[:12]], ids=["unweighted", "weighted"])
def test_hessian_blocks_are_those_of_autograd(loss, reduction, weight):
    loss = replace(loss, reduction=reduction)
    for y in Y[:12], T[:12]:
        z, direction = Z[:12], RNG.normal(size=(12, 4))
        blocks, expected = loss.hessian_blocks(y, z, weight), by_autograd(loss, y, z, weight)
        np.testing.assert_allclose(blocks, expected, rtol=1e-11, atol=1e-15)
        diagonal = np.diagonal(blocks, axis1=1, axis2=2)
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


def test_what_the_notes_say():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    assert functional.nll_loss(torch.tensor([[3.0, 1.0]]), torch.tensor([0])) == -3
    log_p, t = torch.log(torch.full((2, 4), 0.25)), torch.eye(4)[:2]
    with pytest.warns(UserWarning, match="batchmean"):
        mean = functional.kl_div(log_p, t, reduction="mean")
    batchmean = functional.kl_div(log_p, t, reduction="batchmean")
    assert batchmean.item() == pytest.approx(4 * mean.item())
    assert batchmean.item() == pytest.approx(KL(t.numpy(), np.full((2, 4), 0.25)), rel=1e-6)
    scores, label = torch.tensor([[torch.inf, 0.0]]), torch.tensor([[1.0, 0.0]])
    assert functional.multilabel_soft_margin_loss(scores, label).isnan()
    assert lb.MultilabelSoftMargin()(label.numpy(), scores.numpy()) == pytest.approx(LOG2 / 2)


@pytest.mark.parametrize(
    "loss",
    [
        SOFTMAX,
        lb.SoftmaxCrossEntropy(label_smoothing=0.1, class_weight=(1, 2, 0.5, 3)),
        lb.SoftmaxFocal(gamma=0.5),
        lb.SoftmaxFocal(gamma=3.0, alpha=(1, 2, 0.5, 3)),
        GENERALIZED,
        POLY,
        lb.Poly1CrossEntropy(-1.0),
        lb.Poly1CrossEntropy(5.0),
        lb.MultilabelSoftMargin(),
    ],
    ids=repr,
)
def test_second_derivatives_by_double_backward(loss):
    torch = pytest.importorskip("torch")
    y = torch.tensor(Y)
    targets = torch.eye(4, dtype=torch.float64)[y]

    def value(z):
        log_p = torch.log_softmax(z, dim=-1)
        h, p = -(targets * log_p).sum(-1), (targets * log_p.exp()).sum(-1)
        match loss:
            case lb.SoftmaxCrossEntropy():
                weight = torch.tensor(loss.class_weight or [1.0] * 4, dtype=torch.float64)
                return torch.nn.functional.cross_entropy(
                    z, y, weight, label_smoothing=loss.label_smoothing, reduction="none"
                )
            case lb.SoftmaxFocal():
                weight = torch.tensor(loss.alpha or [1.0] * 4, dtype=torch.float64)
                return weight[y] * (1 - p) ** loss.gamma * h
            case lb.GeneralizedCrossEntropy():
                return (1 - p**loss.q) / loss.q
            case lb.Poly1CrossEntropy():
                return h + loss.epsilon * (1 - p)
        return torch.nn.functional.multilabel_soft_margin_loss(z, targets, reduction="none")

    z = torch.tensor(Z, requires_grad=True)
    (gradient,) = torch.autograd.grad(value(z).sum(), z, create_graph=True)
    rows = [torch.autograd.grad(gradient[:, k].sum(), z, retain_graph=True)[0] for k in range(4)]
    hessian = torch.stack([row[:, k] for k, row in enumerate(rows)], dim=-1)
    each_loss = replace(loss, reduction="none")
    labels = targets.numpy() if isinstance(loss, lb.MultilabelSoftMargin) else Y
    np.testing.assert_allclose(each_loss.gradient(labels, Z), gradient.detach(), atol=1e-12)
    np.testing.assert_allclose(each_loss.hessian(labels, Z), hessian.detach(), atol=1e-11)
