"""Losses for labels with a structure where they are special: kinks, extremes, relations, optima."""

import re
from dataclasses import replace

import numpy as np
import pytest
from draws import LABELS, SCORES
from single import assert_double_backward, each

import lossbook as lb
from lossbook.interop._links import response
from lossbook.testing import check_loss

INF, LOG2 = np.inf, np.log(2)
SPARSE, CORAL, CORN = lb.Sparsemax(), lb.OrdinalCoral(), lb.OrdinalCorn()
SOFT_MARGIN, MARGIN = lb.MultilabelSoftMargin(), lb.MultilabelMargin()
SCORE = lb.SigmoidCrossEntropy()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        # At kinks, and where a class enters the support.
        (SPARSE, 0, [1.0, 0.0], (0, [0, 0], [0, 0])),
        (SPARSE, 1, [1.0, 0.0], (1, [1, -1], [0, 0])),
        (SPARSE, 0, [0.0, 0.0], (0.25, [-0.5, 0.5], [0.5, 0.5])),
        (SPARSE, 0, [0.5, 1.0, -1.0], (0.5625, [-0.75, 0.75, 0], [0.5, 0.5, 0])),
        (SPARSE, [0.5, 0.5], [0.25, 0.25], (0, [0, 0], [0.5, 0.5])),
        (SPARSE, [0.25, 0.75, 0.0], [0.0, 0.5, -8.0], (0, [0, 0, 0], [0.5, 0.5, 0])),
        (SPARSE, 0, [2.0, 2.0, 2.0], (1 / 3, [-2 / 3, 1 / 3, 1 / 3], [2 / 3] * 3)),
        (MARGIN, [1.0, 0.0], [1.0, 0.0], (0, [0, 0], [0, 0])),
        (MARGIN, [1.0, 0.0], [0.0, 0.0], (0.5, [-0.5, 0.5], [0, 0])),
        (
            MARGIN,
            [1.0, 0.0, 1.0, 0.0],
            [0.5, 0.25, 2.0, 1.0],
            (0.5625, [-0.5, 0.25, 0, 0.25], [0] * 4),
        ),
        (MARGIN, [1.0, 1.0], [0.0, 5.0], (0, [0, 0], [0, 0])),
        (MARGIN, [0.0, 0.0], [0.0, 5.0], (0, [0, 0], [0, 0])),
        (SOFT_MARGIN, [1.0, 0.0], [0.0, 0.0], (LOG2, [-0.25, 0.25], [0.125, 0.125])),
        (CORAL, 1, [0.0, 0.0], (2 * LOG2, [-0.5, 0.5], [0.25, 0.25])),
        (CORAL, 2, [0.0, 0.0], (2 * LOG2, [-0.5, -0.5], [0.25, 0.25])),
        (CORAL, 0, [0.0], (LOG2, [0.5], [0.25])),
        (CORN, 0, [0.0, 0.0], (LOG2, [0.5, 0], [0.25, 0])),
        (CORN, 1, [0.0, 0.0], (2 * LOG2, [-0.5, 0.5], [0.25, 0.25])),
        (CORN, 2, [0.0, 0.0], (2 * LOG2, [-0.5, -0.5], [0.25, 0.25])),
        (CORN, 0, [0.0], (LOG2, [0.5], [0.25])),
        # Far away.
        (SPARSE, 1, [1e4, 0.0], (1e4, [1, -1], [0, 0])),
        (SPARSE, 1, [1e38, -1e38], (2e38, [1, -1], [0, 0])),
        (SPARSE, 0, [0.0, -INF], (0, [0, 0], [0, 0])),
        (SPARSE, 1, [0.0, -INF], (INF, [1, -1], [0, 0])),
        (SPARSE, [0.5, 0.5], [1e4, 0.0], (5e3 - 0.25, [0.5, -0.5], [0, 0])),
        (MARGIN, [1.0, 0.0], [-1e38, 1e38], (1e38, [-0.5, 0.5], [0, 0])),
        (MARGIN, [1.0, 0.0, 0.0], [0.0, -INF, -2.0], (0, [0, 0, 0], [0, 0, 0])),
        (MARGIN, [1.0, 0.0, 1.0], [INF, 0.0, INF], (0, [0, 0, 0], [0, 0, 0])),
        (SOFT_MARGIN, [1.0, 0.0], [1e3, 1e3], (500, [0, 0.5], [0, 0])),
        (SOFT_MARGIN, [1.0, 0.0], [INF, -INF], (0, [0, 0], [0, 0])),
        (SOFT_MARGIN, [0.25, 0.75], [1e3, -1e3], (750, [0.375, -0.375], [0, 0])),
        (CORAL, 1, [1e38, -1e38], (0, [0, 0], [0, 0])),
        (CORAL, 2, [1e3, -1e3], (1e3, [0, -1], [0, 0])),
        (CORAL, 1, [INF, -INF, -INF], (0, [0, 0, 0], [0, 0, 0])),
        (CORN, 1, [1e38, -1e38, 1e38], (0, [0, 0, 0], [0, 0, 0])),
        (CORN, 2, [1e3, -1e3, 0.0], (1e3 + LOG2, [0, -1, 0.5], [0, 0, 0.25])),
        (CORN, 1, [INF, -INF, 5.0], (0, [0, 0, 0], [0, 0, 0])),
        (CORN, 1, [-INF, -INF], (INF, [-1, 0], [0, 0])),
        # Scores of thresholds that the label does not reach.
        (CORN, 0, [0.0, INF, -INF, np.nan], (LOG2, [0.5, 0, 0, 0], [0.25, 0, 0, 0])),
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    tolerance = 1e-14 if dtype == np.float64 else 1e-6
    for result, wanted in zip(each(loss, y_true, y_pred, dtype), expected, strict=True):
        np.testing.assert_allclose(result, np.array(wanted, float), rtol=tolerance)


def test_not_a_number_stays_one():
    for loss, y_true in (
        (SPARSE, 0),
        (SOFT_MARGIN, [0.0, 1.0, 0.0]),
        (MARGIN, [1.0, 0.0, 0.0]),
        (CORAL, 1),
        (CORN, 1),
    ):
        value, gradient, _ = each(loss, y_true, [0.0, np.nan, 1.0])
        assert np.isnan(value)
        assert np.isnan(gradient[1])


# Relations.

RNG = np.random.default_rng(4)
N = 200
Z, Y, W = RNG.normal(scale=2, size=(N, 5)), RNG.integers(0, 5, N), RNG.uniform(0, 2, N)
BITS, T = RNG.integers(0, 2, (N, 5)), RNG.dirichlet(np.ones(5), N)


def projected(z):
    """Return the nearest distribution, by bisection on the threshold."""
    low, high = z.min(axis=-1, keepdims=True) - 1, z.max(axis=-1, keepdims=True)
    for _ in range(200):
        middle = (low + high) / 2
        above = np.maximum(z - middle, 0).sum(axis=-1, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.maximum(z - low, 0)


def test_sparsemax_is_the_nearest_distribution():
    loss = lb.Sparsemax(reduction="none")
    p = loss.gradient(T, Z) + T
    np.testing.assert_allclose(p, projected(Z), atol=1e-13)
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-14)
    assert (p == 0).any(axis=-1).mean() > 0.5
    np.testing.assert_allclose(loss(np.clip(p, 0, 1), Z), 0, atol=1e-30)
    expected = (((T - Z) ** 2).sum(-1) - ((p - Z) ** 2).sum(-1)) / 2
    np.testing.assert_allclose(loss(T, Z), expected, rtol=1e-12, atol=1e-13)
    size = (p > 0).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(loss.hessian(T, Z), np.where(p > 0, 1 - 1 / size, 0), rtol=1e-15)


def test_sparsemax_of_many_classes():
    z = RNG.normal(size=(3, 1000)) / 50
    p = lb.Sparsemax(reduction="none").gradient(np.eye(1000)[:3], z) + np.eye(1000)[:3]
    np.testing.assert_allclose(p, projected(z), atol=1e-14)


def test_several_labels_are_questions_of_their_own():
    each_score = replace(SCORE, reduction="none")
    loss = lb.MultilabelSoftMargin(reduction="none")
    for t in BITS, T:
        np.testing.assert_allclose(loss(t, Z), each_score(t, Z).mean(axis=1), rtol=1e-14)
        np.testing.assert_allclose(loss.gradient(t, Z), each_score.gradient(t, Z) / 5, rtol=1e-14)
        np.testing.assert_allclose(loss.hessian(t, Z), each_score.hessian(t, Z) / 5, rtol=1e-14)
        assert SOFT_MARGIN(t, Z) == pytest.approx(SCORE(t, Z), rel=1e-14)
        weights = np.repeat(W[:, None], 5, axis=1)
        assert SOFT_MARGIN(t, Z, W) == pytest.approx(SCORE(t, Z, weights), rel=1e-13)


def test_thresholds_are_questions_of_their_own():
    t, loss = (Y[:, None] > np.arange(4)).astype(float), lb.OrdinalCoral(reduction="none")
    z, each_score = Z[:, :4], replace(SCORE, reduction="none")
    np.testing.assert_allclose(loss(Y, z), each_score(t, z).sum(axis=1), rtol=1e-14)
    np.testing.assert_array_equal(loss.gradient(Y, z), each_score.gradient(t, z))
    np.testing.assert_array_equal(loss.hessian(Y, z), each_score.hessian(t, z))
    assert CORAL(Y % 2, Z[:, :1]) == pytest.approx(SCORE(Y % 2, Z[:, 0]), rel=1e-14)


def test_a_threshold_counts_for_the_labels_that_reach_it():
    z, total, gradient = Z[:, :4], 0.0, np.zeros((N, 4))
    hessian = np.zeros((N, 4))
    for k in range(4):
        reached = k <= Y
        above, scores = (k < Y)[reached].astype(float), z[reached, k]
        total += replace(SCORE, reduction="sum")(above, scores)
        each_score = replace(SCORE, reduction="none")
        gradient[reached, k] = each_score.gradient(above, scores)
        hessian[reached, k] = each_score.hessian(above, scores)
    corn = lb.OrdinalCorn(reduction="none")
    assert corn(Y, z).sum() == pytest.approx(total, rel=1e-13)
    assert CORN(Y, z) == pytest.approx(total / N, rel=1e-13)
    np.testing.assert_array_equal(corn.gradient(Y, z), gradient)
    np.testing.assert_array_equal(corn.hessian(Y, z), hessian)
    assert CORN(Y % 2, Z[:, :1]) == pytest.approx(SCORE(Y % 2, Z[:, 0]), rel=1e-14)


def class_probabilities(scores):
    """Return the probability of each class, one threshold after another."""
    reached, each = np.ones(len(scores)), []
    for p in 1 / (1 + np.exp(-scores.T)):
        each.append(reached * (1 - p))
        reached = reached * p
    return np.stack([*each, reached], axis=1)


def test_conditional_probabilities_make_up_a_likelihood():
    z = Z[:, :4]
    p = class_probabilities(z)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(
        lb.OrdinalCorn(reduction="none")(Y, z), -np.log(p[np.arange(N), Y]), rtol=1e-12
    )
    assert CORN(Y, z, W) == pytest.approx(lb.CategoricalCrossEntropy()(Y, p, W), rel=1e-12)


def test_the_response_is_the_probability_above_each_threshold():
    z = Z[:, :4]
    above = np.cumsum(class_probabilities(z)[:, :0:-1], axis=1)[:, ::-1]
    np.testing.assert_allclose(response(CORN.link, z), above, rtol=1e-12)
    assert (np.diff(response(CORN.link, z), axis=1) < 0).all()
    np.testing.assert_allclose(response(CORAL.link, z), 1 / (1 + np.exp(-z)), rtol=1e-12)


def test_another_package_divides_by_the_thresholds_that_are_reached():
    """As the paper does, and coral_pytorch since version 1.3; its example has this many pairs."""
    labels = np.array([0, 1, 2, 2, 2, 3, 4, 4])
    z = RNG.normal(size=(8, 4))
    total, pairs = 0.0, 0
    for k in range(4):
        inside = labels > k - 1
        above = (labels[inside] > k).astype(int)
        log_p = -np.log1p(np.exp(-z[inside, k]))
        total -= np.sum(log_p * above + (log_p - z[inside, k]) * (1 - above))
        pairs += len(above)
    assert pairs == 8 + 7 + 6 + 3
    assert CORN(labels, z) * 8 / pairs == pytest.approx(total / pairs, rel=1e-13)


def test_every_pair_of_a_label_and_another_class_counts():
    expected = [
        sum(
            max(0.0, 1 - z[j] + z[i])
            for j in np.flatnonzero(t == 1)
            for i in np.flatnonzero(t == 0)
        )
        / 5
        for t, z in zip(BITS, Z, strict=True)
    ]
    np.testing.assert_allclose(lb.MultilabelMargin(reduction="none")(BITS, Z), expected, rtol=1e-13)
    one, weston = (lb.MultilabelMargin(reduction="none"), lb.MultiMargin(reduction="none"))
    np.testing.assert_allclose(5 * one(np.eye(5)[Y], Z), weston(Y, Z), rtol=1e-13)
    np.testing.assert_allclose(5 * one.gradient(np.eye(5)[Y], Z), weston.gradient(Y, Z))


# Optima, and what is proper.


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (SPARSE, [0, 1, 1, 3], None, [0.25, 0.5, 0, 0.25]),
        (SPARSE, [[0.5, 0.5], [0.0, 1.0]], [1, 3], [0.125, 0.875]),
        (SOFT_MARGIN, [[1, 0], [0, 0], [1, 1], [1, 0]], None, [np.log(3), -np.log(3)]),
        (SOFT_MARGIN, [[1, 0], [0, 0.5]], [3, 1], [np.log(3), -np.log(7)]),
        (SOFT_MARGIN, [[1, 0]], None, [INF, -INF]),
        (CORAL, [0, 1, 2, 2], None, [np.log(3), 0]),
        (CORAL, [0, 1, 2, 2], [1, 1, 0, 1], [np.log(2), -np.log(2)]),
        (CORAL, [0, 2], None, [0, 0]),
        (CORAL, [0, 0], None, [-INF]),
        (CORAL, [2, 2], None, [INF, INF]),
        (CORN, [0, 1, 2, 2], None, [np.log(3), np.log(2)]),
        (CORN, [0, 1, 2, 2], [1, 1, 0, 1], [np.log(2), 0]),
        (CORN, [0, 2], None, [0, INF]),
        (CORN, [0, 0], None, [-INF]),
        (CORN, [2, 2], None, [INF, INF]),
        (CORN, [0, 1, 2], [1, 0, 0], [-INF, 0]),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    np.testing.assert_allclose(loss.optimal_constant(y_true, weight), best, rtol=1e-12, atol=1e-12)


def test_pairs_have_no_formula():
    with pytest.raises(NotImplementedError, match="MultilabelMargin has no optimal constant"):
        MARGIN.optimal_constant(BITS)


def test_truth_costs_least_even_where_labels_depend_on_each_other():
    rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    share = np.array([0.5, 0.125, 0.125, 0.25])
    truth = share @ rows
    best = np.log(truth / (1 - truth))

    def expected(scores):
        return SOFT_MARGIN(rows, np.tile(scores, (4, 1)), share)

    for other in best + RNG.normal(size=(200, 2)) * 10 ** RNG.uniform(-5, 1, (200, 1)):
        assert expected(best) < expected(other)


def test_the_predicted_class_is_the_median():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert (CORAL.optimal_constant(labels) > 0).sum() == np.median(labels) == 1
    assert np.bincount(labels).argmax() == 0
    assert not CORAL.traits.classification_calibrated
    above = response(CORN.link, CORN.optimal_constant(labels))
    np.testing.assert_allclose(above, [0.6, 0.3], rtol=1e-14)
    assert (above > 0.5).sum() == 1
    assert not CORN.traits.classification_calibrated


# Errors.


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: CORAL([3], [[0.0, 1.0]]), ValueError, "from 0 to 2; got 3 at index 0"),
        (lambda: CORAL([-1], [[0.0, 1.0]]), ValueError, "from 0 to 2; got -1 at index 0"),
        (lambda: CORAL([1.5], [[0.0, 1.0]]), ValueError, "from 0 to 2; got 1.5 at index 0"),
        (lambda: CORAL([[1, 0]], [[0.0, 1.0]]), ValueError, "shape (1,) (labels) for y_pred"),
        (lambda: CORAL(0, 1.0), ValueError, "y_pred must have two classes or more"),
        (lambda: CORAL.optimal_constant([0.5]), ValueError, "a class index from 0; got 0.5"),
        (lambda: CORN([3], [[0.0, 1.0]]), ValueError, "from 0 to 2; got 3 at index 0"),
        (lambda: CORN([-1], [[0.0, 1.0]]), ValueError, "from 0 to 2; got -1 at index 0"),
        (lambda: CORN([np.nan], [[0.0, 1.0]]), ValueError, "from 0 to 2; got nan at index 0"),
        (lambda: CORN([[1, 0]], [[0.0, 1.0]]), ValueError, "shape (1,) (labels) for y_pred"),
        (lambda: CORN(0, 1.0), ValueError, "y_pred must have two classes or more"),
        (lambda: MARGIN([[0.5, 1]], [[0.0, 1.0]]), ValueError, "0 or 1; got 0.5 at index 0, 0"),
        (
            lambda: SOFT_MARGIN([[0, 1.5]], [[0.0, 1]]),
            ValueError,
            "in [0, 1]; got 1.5 at index 0, 1",
        ),
        (lambda: SOFT_MARGIN([0, 1], [[0.0, 1.0]]), ValueError, "that of y_true"),
        (lambda: SOFT_MARGIN([[0, 1]], [[0.0, 1]], [[1, 1]]), ValueError, "one weight a sample"),
        (lambda: SPARSE([[0.5, 0.6]], [[0.0, 1.0]]), ValueError, "y_true must be probabilities"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()


def test_bounds_of_the_slope_by_the_number_of_scores():
    for loss, rows, scores in (
        (SOFT_MARGIN, BITS, np.where(BITS, -1e3, 1e3)),
        (MARGIN, np.tile([1, 0, 1, 0, 0], (N, 1)), np.tile([-9.0, 9, -9, 9, 9], (N, 1))),
        (CORAL, np.zeros(N, int), np.full((N, 5), 1e3)),
        (CORN, np.full(N, 5), np.full((N, 5), -1e3)),
    ):
        slope = replace(loss, reduction="none").gradient(rows, scores)
        assert np.linalg.norm(slope[0]) == pytest.approx(loss.traits.lipschitz(5), rel=1e-12)


# Another library.


def test_pytorch_gives_not_a_number_for_an_infinite_score():
    torch = pytest.importorskip("torch")
    scores, label = torch.tensor([[torch.inf, 0.0]]), torch.tensor([[1.0, 0.0]])
    assert torch.nn.functional.multilabel_soft_margin_loss(scores, label).isnan()
    assert SOFT_MARGIN(label.numpy(), scores.numpy()) == pytest.approx(LOG2 / 2)


def test_second_derivatives_by_double_backward():
    torch = pytest.importorskip("torch")
    targets = np.eye(4)[LABELS]

    def value(z):
        return torch.nn.functional.multilabel_soft_margin_loss(
            z, torch.tensor(targets), reduction="none"
        )

    assert_double_backward(SOFT_MARGIN, targets, SCORES, value)


def test_derivatives_by_pytorch_of_the_product_of_probabilities():
    torch = pytest.importorskip("torch")

    def value(z):
        p = torch.sigmoid(z)
        above = torch.cat([torch.ones(len(z), 1), torch.cumprod(p, dim=1)], dim=1)
        stops = torch.cat([1 - p, torch.ones(len(z), 1)], dim=1)
        return -torch.log((above * stops)[range(len(z)), labels])

    labels = np.resize(np.arange(4), len(SCORES))
    assert_double_backward(CORN, labels, np.clip(SCORES[:, :3], -6, 6), value)


@pytest.mark.parametrize("weight", [3.0, (0.5, 2.0, 7.0)])
def test_weights_of_labels_are_those_of_the_log_loss_of_each_class(weight):
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(0, 2, (50, 3)).astype(float), rng.normal(size=(50, 3))
    ours, each_class = lb.MultilabelSoftMargin(pos_weight=weight), lb.SigmoidCrossEntropy(weight)
    assert ours(y_true, y_pred) == pytest.approx(each_class(y_true, y_pred), rel=1e-14)
    pairs = zip(
        ours.gradient_and_hessian(y_true, y_pred),
        each_class.gradient_and_hessian(y_true, y_pred),
        strict=True,
    )
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=1e-14)
    best = each_class.optimal_constant(y_true) if isinstance(weight, tuple) else None
    if best is not None:
        np.testing.assert_allclose(ours.optimal_constant(y_true), best, rtol=1e-12, atol=1e-15)
    check_loss(ours)


def test_weights_of_labels_must_be_as_many_as_classes():
    loss = lb.MultilabelSoftMargin(pos_weight=(1, 2))
    with pytest.raises(ValueError, match="y_pred must have 2 outputs on its last axis"):
        loss(np.zeros((4, 3)), np.zeros((4, 3)))
    assert repr(SOFT_MARGIN) == "MultilabelSoftMargin()"
