"""Losses for two classes where they are special: kinks, extremes, relations, other libraries."""

import re
from dataclasses import replace

import numpy as np
import pytest
from single import each

import lossbook as lb

INF = np.inf
LOGISTIC, MODIFIED, PERCEPTRON = lb.LogisticMargin(), lb.ModifiedHuber(), lb.Perceptron()
EXPONENTIAL, BRIER = lb.Exponential(), lb.Brier()
MARGINS = [LOGISTIC, MODIFIED, PERCEPTRON, EXPONENTIAL]
TAIL, MIDDLE = np.exp(-80.0), 1 / (1 + np.exp(-2.0))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        # At kinks and borders.
        (MODIFIED, 1.0, 1.0, (0, 0, 0)),
        (MODIFIED, -1.0, -1.0, (0, 0, 0)),
        (MODIFIED, 1.0, 0.5, (0.25, -1, 2)),
        (MODIFIED, -1.0, 0.5, (2.25, 3, 2)),
        (MODIFIED, 1.0, -1.0, (4, -4, 2)),
        (MODIFIED, -1.0, 1.0, (4, 4, 2)),
        (MODIFIED, 1.0, -1.5, (6, -4, 0)),
        (MODIFIED, -1.0, 1.5, (6, 4, 0)),
        (PERCEPTRON, 1.0, 0.0, (0, 0, 0)),
        (PERCEPTRON, -1.0, 0.0, (0, 0, 0)),
        (PERCEPTRON, 1.0, 1e-30, (0, 0, 0)),
        (PERCEPTRON, 1.0, -1e-30, (1e-30, -1, 0)),
        (PERCEPTRON, -1.0, 3.0, (3, 1, 0)),
        (LOGISTIC, 1.0, 0.0, (np.log(2), -0.5, 0.25)),
        (LOGISTIC, -1.0, 0.0, (np.log(2), 0.5, 0.25)),
        (LOGISTIC, -1.0, 2.0, (2 - np.log(MIDDLE), MIDDLE, MIDDLE * (1 - MIDDLE))),
        (EXPONENTIAL, 1.0, 0.0, (1, -1, 1)),
        (EXPONENTIAL, -1.0, 2.0, (np.exp(2), np.exp(2), np.exp(2))),
        (BRIER, 0.25, 0.75, (0.25, 1, 2)),
        (BRIER, 1.0, 0.0, (1, -2, 2)),
        (BRIER, 0.0, 1.0, (1, 2, 2)),
        (BRIER, 0.5, 0.5, (0, 0, 2)),
        # Far away.
        (LOGISTIC, 1.0, 1e3, (0, 0, 0)),
        (LOGISTIC, -1.0, 1e3, (1e3, 1, 0)),
        (LOGISTIC, 1.0, -1e38, (1e38, -1, 0)),
        (LOGISTIC, 1.0, 1e38, (0, 0, 0)),
        (LOGISTIC, 1.0, 80.0, (TAIL, -TAIL, TAIL)),
        (LOGISTIC, -1.0, -80.0, (TAIL, TAIL, TAIL)),
        (LOGISTIC, -1.0, 80.0, (80, 1, TAIL)),
        (LOGISTIC, 1.0, INF, (0, 0, 0)),
        (LOGISTIC, 1.0, -INF, (INF, -1, 0)),
        (MODIFIED, 1.0, 1e3, (0, 0, 0)),
        (MODIFIED, -1.0, 1e3, (4e3, 4, 0)),
        (MODIFIED, 1.0, -1e37, (4e37, -4, 0)),
        (MODIFIED, 1.0, INF, (0, 0, 0)),
        (MODIFIED, 1.0, -INF, (INF, -4, 0)),
        (PERCEPTRON, 1.0, 1e3, (0, 0, 0)),
        (PERCEPTRON, 1.0, -1e3, (1e3, -1, 0)),
        (PERCEPTRON, -1.0, 1e38, (1e38, 1, 0)),
        (PERCEPTRON, 1.0, INF, (0, 0, 0)),
        (PERCEPTRON, 1.0, -INF, (INF, -1, 0)),
        (EXPONENTIAL, 1.0, 1e3, (0, 0, 0)),
        (EXPONENTIAL, 1.0, -1e3, (INF, -INF, INF)),
        (EXPONENTIAL, -1.0, 1e3, (INF, INF, INF)),
        (EXPONENTIAL, 1.0, 80.0, (TAIL, -TAIL, TAIL)),
        (EXPONENTIAL, 1.0, INF, (0, 0, 0)),
        (EXPONENTIAL, 1.0, -INF, (INF, -INF, INF)),
        (BRIER, 0.0, 1e-10, (1e-20, 2e-10, 2)),
    ],
)
def test_special_places(loss, y_true, y_pred, expected, dtype):
    rtol = 1e-14 if dtype == np.float64 else 3e-7
    np.testing.assert_allclose(each(loss, y_true, y_pred, dtype), expected, rtol=rtol, atol=1e-44)


@pytest.mark.parametrize("loss", [*MARGINS, BRIER], ids=repr)
def test_not_a_number_stays_one(loss):
    if loss is BRIER:
        with pytest.raises(ValueError, match="y_pred must be in"):
            loss([1.0], [np.nan])
        return
    assert np.isnan(each(loss, 1.0, np.nan)[:2]).all()


RNG = np.random.default_rng(3)
Z, BITS = RNG.normal(scale=3, size=200), RNG.integers(0, 2, 200)
SIGNS = 2.0 * BITS - 1


def parts(loss, y_true, y_pred):
    single = replace(loss, reduction="none")
    return np.array(
        [single(y_true, y_pred), single.gradient(y_true, y_pred), single.hessian(y_true, y_pred)]
    )


def test_relations():
    margin, score = parts(LOGISTIC, SIGNS, Z), parts(lb.SigmoidCrossEntropy(), BITS, Z)
    np.testing.assert_allclose(margin, score, rtol=1e-15)
    inside = np.abs(Z) < 1
    assert inside.sum() > 20
    both = [parts(loss, SIGNS[inside], Z[inside]) for loss in (MODIFIED, lb.SquaredHinge())]
    np.testing.assert_array_equal(*both)
    moved = parts(lb.Hinge(), SIGNS, Z + SIGNS)
    np.testing.assert_allclose(parts(PERCEPTRON, SIGNS, Z), moved, atol=1e-15)
    p = RNG.uniform(size=200)
    np.testing.assert_array_equal(parts(BRIER, BITS, p), parts(lb.SquaredError(), BITS, p))


def test_losses_that_bound_the_errors_of_classification():
    wrong = (SIGNS * Z < 0).astype(float)
    for loss, factor in ((LOGISTIC, 1 / np.log(2)), (MODIFIED, 1), (EXPONENTIAL, 1)):
        assert (factor * replace(loss, reduction="none")(SIGNS, Z) >= wrong).all()


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (LOGISTIC, [1, 1, 1, -1], None, np.log(3)),
        (LOGISTIC, [1, -1], [1, 9], -np.log(9)),
        (LOGISTIC, [1, 1], None, INF),
        (LOGISTIC, [-1, 1], [1, 0], -INF),
        (EXPONENTIAL, [1, 1, 1, -1], None, np.log(3) / 2),
        (EXPONENTIAL, [-1, -1], None, -INF),
        (MODIFIED, [1, 1, 1, -1], None, 0.5),
        (MODIFIED, [1, -1], [1, 3], -0.5),
        (PERCEPTRON, [1, 1, -1], None, 0),
        (PERCEPTRON, [1, 1], None, 0),
        (BRIER, [0, 0.5, 1, 1], None, 0.625),
        (BRIER, [0, 1], [1, 3], 0.75),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    result = loss.optimal_constant(y_true, weight)
    assert type(result) is float
    assert result == pytest.approx(best, rel=1e-14)


@pytest.mark.parametrize("loss", [*MARGINS, BRIER], ids=repr)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_the_optimal_constant_beats_a_grid(loss, share):
    labels, weight = ([0, 1] if loss is BRIER else [-1, 1]), [1 - share, share]
    grid = np.linspace(0, 1, 101) if loss is BRIER else np.linspace(-4, 4, 801)
    best = loss.optimal_constant(labels, weight)
    least = loss(labels, [best, best], weight)
    costs = [loss(labels, [c, c], weight) for c in grid]
    assert least <= min(costs) + 1e-15
    if loss is not PERCEPTRON:
        assert best == pytest.approx(grid[np.argmin(costs)], abs=0.011)


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "words"),
    [
        *((loss, [1.0, 0.0], [1.0, 1.0], "y_true must be -1 or 1; got 0.0") for loss in MARGINS),
        (BRIER, [1.0, 1.5], [0.5, 0.5], "y_true must be in [0, 1]; got 1.5 at index 1"),
        (BRIER, [1.0, 0.5], [0.5, 2.0], "y_pred must be in [0, 1]; got 2.0 at index 1"),
    ],
)
def test_what_is_refused(loss, y_true, y_pred, words):
    for call in loss, loss.gradient, loss.hessian:
        with pytest.raises(ValueError, match=re.escape(words)):
            call(y_true, y_pred)


def test_scores_become_probabilities_by_their_links():
    """The best constants, through the links, are the share of positive labels."""
    labels, share = [1, 1, 1, -1], 0.75
    assert LOGISTIC.link == "logit"
    assert 1 / (1 + np.exp(-LOGISTIC.optimal_constant(labels))) == pytest.approx(share)
    assert EXPONENTIAL.link == "half_logit"
    assert 1 / (1 + np.exp(-2 * EXPONENTIAL.optimal_constant(labels))) == pytest.approx(share)
    assert (1 + MODIFIED.optimal_constant(labels)) / 2 == pytest.approx(share)


# Other libraries.


def test_pytorch_has_the_same_second_derivative():
    torch = pytest.importorskip("torch")
    z = torch.tensor(Z, requires_grad=True)
    values = torch.nn.functional.soft_margin_loss(z, torch.tensor(SIGNS), reduction="none")
    (slope,) = torch.autograd.grad(values.sum(), z, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), z)
    value, gradient, hessian = parts(LOGISTIC, SIGNS, Z)
    np.testing.assert_allclose(values.detach(), value, rtol=1e-13)
    np.testing.assert_allclose(slope.detach(), gradient, rtol=1e-12)
    np.testing.assert_allclose(curvature, hessian, rtol=1e-11)


def test_pytorch_overflows_where_the_margin_is_far_below_zero():
    torch = pytest.importorskip("torch")
    z = torch.tensor([-90.0], requires_grad=True)
    value = torch.nn.functional.soft_margin_loss(z, torch.ones(1))
    value.backward()
    assert value == torch.inf
    assert z.grad.isnan()
    assert LOGISTIC([1.0], np.float32([-90])) == 90


def test_scikit_learn_gives_the_modified_huber_gradient():
    linear_model = pytest.importorskip("sklearn.linear_model._sgd_fast")
    theirs = np.vectorize(linear_model.ModifiedHuber().py_dloss)(Z, SIGNS)
    np.testing.assert_allclose(theirs, parts(MODIFIED, SIGNS, Z)[1], rtol=1e-14)
    assert linear_model.Hinge(0.0).py_dloss(0.0, 1.0) == -1
    assert PERCEPTRON.gradient([1.0], [0.0])[0] == 0


def test_optax_takes_half_the_slope_at_the_kink():
    jax, losses = pytest.importorskip("jax"), pytest.importorskip("optax.losses")
    assert jax.grad(losses.perceptron_loss)(0.0, 1.0) == -0.5


def test_brier_score_of_several_classes_is_the_sum_of_all():
    metrics = pytest.importorskip("sklearn.metrics")
    p = np.array([0.25, 0.5])
    assert metrics.brier_score_loss([0, 1], p) == BRIER([0, 1], p)
    rows = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])
    several = metrics.brier_score_loss([0, 1], rows, labels=[0, 1, 2])
    assert several == pytest.approx(((rows - np.eye(3)[[0, 1]]) ** 2).sum(axis=1).mean())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_modified_huber_is_straight_from_the_first_float_below_minus_one(dtype):
    # There 1 - m rounds to 2, as at -1 itself.
    below = np.nextafter(dtype(-1), dtype(-2))
    hessian = replace(MODIFIED, reduction="none").hessian(np.ones(2, dtype), [below, dtype(-1)])
    assert hessian.tolist() == [0, 2]
