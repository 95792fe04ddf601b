"""Losses of margins where they are special: kinks, extremes, relations, other libraries."""

from dataclasses import replace

import numpy as np
import pytest
from draws import BITS, R_WEIGHTS, SIGNS, Z
from single import (
    DTYPES,
    assert_agrees,
    assert_best,
    assert_best_on,
    assert_inputs_refused,
    assert_nan,
    assert_parts,
    parts,
)
from sklearn import metrics

import lossbook as lb

LOGISTIC = lb.LogisticMargin()
MODIFIED = lb.ModifiedHuber()
PERCEPTRON = lb.Perceptron()
EXPONENTIAL = lb.Exponential()
MARGINS = [LOGISTIC, MODIFIED, PERCEPTRON, EXPONENTIAL]
MIDDLE = 1 / (1 + np.exp(-2.0))
TAIL = np.exp(-80.0)
INF = np.inf


@DTYPES
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (lb.Hinge(), 1.0, 1.0, (0, 0, 0)),
        (lb.Hinge(), -1.0, -1.0, (0, 0, 0)),
        (lb.Hinge(), 1.0, 0.0, (1, -1, 0)),
        (lb.Hinge(), -1.0, 0.0, (1, 1, 0)),
        (lb.Hinge(), -1.0, -2.0, (0, 0, 0)),
        (lb.SquaredHinge(), 1.0, 1.0, (0, 0, 0)),
        (lb.SquaredHinge(), -1.0, -1.0, (0, 0, 0)),
        (lb.SquaredHinge(), -1.0, 0.0, (1, 2, 2)),
        (lb.SquaredHinge(), 1.0, -1.0, (4, -4, 2)),
        (lb.Hinge(), 1.0, 1e3, (0, 0, 0)),
        (lb.Hinge(), 1.0, -1e3, (1001, -1, 0)),
        (lb.Hinge(), -1.0, 1e38, (1e38, 1, 0)),
        (lb.SquaredHinge(), 1.0, 1e3, (0, 0, 0)),
        (lb.SquaredHinge(), -1.0, 1e3, (1001**2, 2002, 2)),
        (lb.SquaredHinge(), -1.0, -1e38, (0, 0, 0)),
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
    ],
)
def test_kinks_and_hard_cases(loss, y_true, y_pred, expected, dtype):
    assert_parts(loss, y_true, y_pred, expected, dtype)


@pytest.mark.parametrize("loss", [lb.Hinge(), lb.SquaredHinge(), *MARGINS], ids=repr)
def test_not_a_number_stays_one(loss):
    assert_nan(loss, 1.0)


def test_relations():
    margin, score = parts(LOGISTIC, SIGNS, Z), parts(lb.SigmoidCrossEntropy(), BITS, Z)
    np.testing.assert_allclose(margin, score, rtol=1e-15)
    inside = np.abs(Z) < 1
    assert inside.sum() > 20
    both = [parts(loss, SIGNS[inside], Z[inside]) for loss in (MODIFIED, lb.SquaredHinge())]
    np.testing.assert_array_equal(*both)
    moved = parts(lb.Hinge(), SIGNS, Z + SIGNS)
    np.testing.assert_allclose(parts(PERCEPTRON, SIGNS, Z), moved, atol=1e-15)
    hinge = lb.Hinge(reduction="none")(SIGNS, Z)
    np.testing.assert_array_equal(lb.SquaredHinge(reduction="none")(SIGNS, Z), hinge**2)


def test_losses_that_bound_the_errors_of_classification():
    wrong = (SIGNS * Z < 0).astype(float)
    for loss, factor in ((LOGISTIC, 1 / np.log(2)), (MODIFIED, 1), (EXPONENTIAL, 1)):
        assert (factor * replace(loss, reduction="none")(SIGNS, Z) >= wrong).all()


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (lb.Hinge(), [1, 1, -1], None, 1),
        (lb.Hinge(), [1, 1, -1], [1, 1, 3], -1),
        (lb.Hinge(), [1, -1], None, 0),
        (lb.SquaredHinge(), [1, 1, -1, 1], None, 0.5),
        (lb.SquaredHinge(), [1, -1], [1, 3], -0.5),
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
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    assert_best(loss, y_true, weight, best)


@pytest.mark.parametrize("loss", MARGINS, ids=repr)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_the_optimal_constant_beats_a_grid(loss, share):
    tolerance = None if loss is PERCEPTRON else 0.011
    assert_best_on(np.linspace(-4, 4, 801), loss, [-1, 1], share, tolerance)


@pytest.mark.parametrize("loss", MARGINS, ids=repr)
def test_labels_are_signs(loss):
    assert_inputs_refused(loss, [1.0, 0.0], [1.0, 1.0], "y_true must be -1 or 1; got 0.0")


def test_scores_become_probabilities_by_their_links():
    """The best constants, through the links, are the share of positive labels."""
    labels, share = [1, 1, 1, -1], 0.75
    assert LOGISTIC.link == "logit"
    assert 1 / (1 + np.exp(-LOGISTIC.optimal_constant(labels))) == pytest.approx(share)
    assert EXPONENTIAL.link == "half_logit"
    assert 1 / (1 + np.exp(-2 * EXPONENTIAL.optimal_constant(labels))) == pytest.approx(share)
    assert (1 + MODIFIED.optimal_constant(labels)) / 2 == pytest.approx(share)


# Other libraries.


def test_scikit_learn_agrees():
    assert_agrees(lb.Hinge(), metrics.hinge_loss, SIGNS, Z, R_WEIGHTS, rel=1e-12)


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


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_modified_huber_is_straight_from_the_first_float_below_minus_one(dtype):
    # There 1 - m rounds to 2, as at -1 itself.
    below = np.nextafter(dtype(-1), dtype(-2))
    hessian = replace(MODIFIED, reduction="none").hessian(np.ones(2, dtype), [below, dtype(-1)])
    assert hessian.tolist() == [0, 2]
