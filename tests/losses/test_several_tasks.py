"""Losses made of others: sums over one prediction, over tasks, and weights that are learned."""

import inspect
import pickle
import re
import warnings
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

import lossbook as lb
from lossbook import symbolic
from lossbook.core.domains import FINITE, UNIT_INTERVAL, ZERO_OR_ONE, Intersection
from lossbook.core.loss import Call, JointLoss
from lossbook.testing import check_loss
from reference import table

INF = np.inf
RNG = np.random.default_rng(0)
Y, Z = RNG.normal(size=(2, 9))
WEIGHT = RNG.uniform(0.5, 2, 9)
LABELS, SCORES = RNG.integers(0, 3, 5), RNG.normal(size=(5, 3))
OF_LABELS = RNG.uniform(0.5, 2, 5)
SQUARE, DISTANCE, SOFTMAX = lb.SquaredError(), lb.AbsoluteError(), lb.SoftmaxCrossEntropy()


def parts(loss, *inputs, **options):
    """Return value, gradient and hessian, where every warning is an error."""
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        return [call(*inputs, **options) for call in (loss.__call__, loss.gradient, loss.hessian)]


# Sums over one prediction.


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_a_sum_over_one_prediction(reduction, weight):
    loss = lb.WeightedSum((SQUARE, lb.Huber(0.5)), weights=(2.0, 0.25), reduction=reduction)
    both = [replace(one, reduction=reduction) for one in (SQUARE, lb.Huber(0.5))]
    each = [parts(one, Y, Z, weight) for one in both]
    for result, first, second in zip(parts(loss, Y, Z, weight), *each, strict=True):
        np.testing.assert_allclose(result, 2 * first + 0.25 * second, rtol=1e-15)
    assert isinstance(loss(Y, Z), float) == (reduction != "none")


def test_the_sum_of_two_references():
    losses, weights = (lb.LogCosh(), lb.PseudoHuber(delta=0.3)), (0.5, 3.0)
    of_both = [table(one) for one in losses]
    loss = lb.WeightedSum(losses, weights=weights, reduction="none")
    for name, result in zip(
        ("value", "gradient", "hessian"),
        parts(loss, of_both[0].y_true, of_both[0].y_pred),
        strict=True,
    ):
        expected = sum(w * getattr(one, name) for w, one in zip(weights, of_both, strict=True))
        np.testing.assert_allclose(result, expected, rtol=2e-14)


@pytest.mark.parametrize(
    "loss",
    [
        lb.WeightedSum((SQUARE, DISTANCE)),
        lb.WeightedSum((SQUARE, lb.Huber(2.0)), weights=(0.5, 3)),
        lb.WeightedSum((SQUARE, lb.Cauchy()), weights=(0.01, 3)),
        lb.WeightedSum((lb.Welsch(), lb.GemanMcClure())),
        lb.WeightedSum((DISTANCE, SQUARE), weights=(1, 0)),
        lb.WeightedSum((lb.Hinge(), lb.SquaredHinge()), weights=(2, 3)),
        lb.WeightedSum((lb.SigmoidCrossEntropy(), lb.SigmoidFocal(0.0))),
        lb.WeightedSum((lb.SigmoidCrossEntropy(), lb.SigmoidCrossEntropy(pos_weight=3))),
        lb.WeightedSum((lb.BinaryCrossEntropy(),), weights=(2,)),
        lb.WeightedSum((SOFTMAX, lb.SoftmaxCrossEntropy()), weights=(1, 2)),
        lb.WeightedSum((SQUARE, lb.LogCosh(), lb.Fair())),
    ],
    ids=repr,
)
def test_sums_keep_the_contract(loss):
    check_loss(loss)


def test_sums_of_sums():
    inner = lb.WeightedSum((SQUARE, DISTANCE), weights=(1.0, 2.0))
    outer = lb.WeightedSum((inner, lb.Huber()), weights=(3.0, 0.5))
    flat = lb.WeightedSum((SQUARE, DISTANCE, lb.Huber()), weights=(3.0, 6.0, 0.5))
    for result, expected in zip(parts(outer, Y, Z, WEIGHT), parts(flat, Y, Z, WEIGHT), strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-14)


# Tasks.


def test_tasks_have_targets_predictions_and_weights_of_their_own():
    loss = lb.WeightedSum((SQUARE, SOFTMAX), weights=(0.5, 2.0))
    for weight in None, (WEIGHT, OF_LABELS), (None, OF_LABELS):
        first, second = weight or (None, None)
        of_first, of_second = parts(SQUARE, Y, Z, first), parts(SOFTMAX, LABELS, SCORES, second)
        value, *derivatives = parts(loss, (Y, LABELS), (Z, SCORES), weight)
        assert value == 0.5 * of_first[0] + 2 * of_second[0]
        for (by_first, by_second), a, b in zip(
            derivatives, of_first[1:], of_second[1:], strict=True
        ):
            np.testing.assert_array_equal(by_first, 0.5 * a)
            np.testing.assert_array_equal(by_second, 2 * b)
    each = replace(loss, reduction="none")
    values = each((Y, LABELS), (Z, SCORES), (None, OF_LABELS))
    assert [value.shape for value in values] == [(9,), (5,)]
    unreduced = replace(SOFTMAX, reduction="none")(LABELS, SCORES, OF_LABELS)
    np.testing.assert_array_equal(values[1], 2 * unreduced)


def test_what_is_no_tuple_is_given_to_all():
    both = lb.WeightedSum((SQUARE, DISTANCE))
    assert both(Y, (Z, -Z)) == SQUARE(Y, Z) + DISTANCE(Y, -Z)
    assert isinstance(both.gradient(Y, (Z, -Z)), tuple)
    assert both((Y, -Y), Z) == SQUARE(Y, Z) + DISTANCE(-Y, Z)
    np.testing.assert_array_equal(
        both.gradient((Y, -Y), Z), SQUARE.gradient(Y, Z) + DISTANCE.gradient(-Y, Z)
    )


class Product(JointLoss):
    """The squared error of a product."""

    def _inputs(self, y_true, first, second, sample_weight=None, *, curvature="exact", out=None):
        return Call((y_true, first, second), sample_weight, curvature, out)

    traits = replace(lb.SquaredError().traits, convex=False)

    def _shared(self, y_true, first, second):
        return first * second - y_true, first, second

    def _value(self, r, first, second):
        return r**2

    def _gradient(self, r, first, second):
        return 2 * r * second, 2 * r * first

    def _hessian(self, r, first, second):
        return 2 * second**2, 2 * first**2


def test_losses_of_several_predictions_and_of_none_but_those():
    generator, critic = lb.HingeGAN().generator, lb.HingeGAN().discriminator
    loss = lb.WeightedSum((SQUARE, Product(), generator, critic), weights=(1.0, 0.5, 2.0, 0.25))
    y_true = (Y, Y, None, None)
    y_pred = (Z, (Z, WEIGHT), Z, (Z[:3], Z))
    value, gradient, hessian = parts(loss, y_true, y_pred)
    expected = SQUARE(Y, Z) + 0.5 * Product()(Y, Z, WEIGHT)
    assert value == pytest.approx(expected + 2 * generator(Z) + 0.25 * critic(Z[:3], Z), rel=1e-14)
    by_first, by_second = Product().gradient(Y, Z, WEIGHT)
    np.testing.assert_array_equal(gradient[1][0], 0.5 * by_first)
    np.testing.assert_array_equal(gradient[1][1], 0.5 * by_second)
    np.testing.assert_array_equal(gradient[2], 2 * generator.gradient(Z))
    np.testing.assert_array_equal(gradient[3][0], 0.25 * critic.gradient(Z[:3], Z)[0])
    assert [np.shape(entry) for entry in hessian[3]] == [(3,), (9,)]
    nested = lb.WeightedSum((lb.WeightedSum((SQUARE, DISTANCE)), SQUARE), weights=(2, 1))
    gradient = nested.gradient(((Y, -Y), Y), ((Z, -Z), Z))
    np.testing.assert_array_equal(gradient[0][1], 2 * DISTANCE.gradient(-Y, -Z))
    sequences = lb.WeightedSum((lb.CTC(), SQUARE))
    assert sequences(([[1]], Y), (np.zeros((1, 2, 3)), Z)) == pytest.approx(
        np.log(3) + SQUARE(Y, Z)
    )


# Reductions.


def test_each_loss_keeps_its_reduction_unless_told():
    summed = replace(SQUARE, reduction="sum")
    mixed = lb.WeightedSum((summed, DISTANCE))
    assert mixed(Y, Z) == summed(Y, Z) + DISTANCE(Y, Z)
    assert mixed.reduction is None
    assert eval(repr(mixed), vars(lb)) == mixed
    told = lb.WeightedSum((summed, DISTANCE), reduction="mean")
    assert told == lb.WeightedSum((SQUARE, DISTANCE))
    assert told.reduction == lb.WeightedSum((SQUARE,)).reduction == "mean"
    assert replace(mixed, reduction="sum") == lb.WeightedSum(
        (summed, replace(DISTANCE, reduction="sum"))
    )
    assert replace(told, weights=(2, 1)).reduction == "mean"


def test_values_of_one_number_stay_arrays_where_they_should():
    each = lb.WeightedSum((SQUARE, DISTANCE), reduction="none")
    for result in parts(each, 1.0, 3.0):
        assert isinstance(result, np.ndarray)
        assert result.shape == ()
    assert each(1.0, 3.0) == 6


def test_single_precision_stays_single():
    loss = lb.WeightedSum((SQUARE, DISTANCE), weights=(0.1, 0.2), reduction="none")
    for result in parts(loss, Y.astype(np.float32), Z.astype(np.float32)):
        assert result.dtype == np.float32
    tasks = loss.gradient((Y.astype(np.float32), Y), (Z.astype(np.float32), Z))
    assert [entry.dtype for entry in tasks] == [np.float32, np.float64]


def test_one_pass_and_given_arrays():
    loss = lb.WeightedSum((SQUARE, DISTANCE), weights=(0.5, 2.0))
    value, gradient, hessian = parts(loss, Y, Z, WEIGHT)
    out = np.empty(9)
    assert loss.gradient(Y, Z, WEIGHT, out=out) is out
    np.testing.assert_array_equal(out, gradient)
    again, slopes = loss.value_and_gradient(Y, Z, WEIGHT, out=out)
    assert again == value
    assert slopes is out
    both = loss.gradient_and_hessian(Y, Z, WEIGHT, out=(out, np.empty(9)))
    np.testing.assert_array_equal(both, (gradient, hessian))
    tasks = np.empty(9), np.empty((5, 3))
    of_tasks = lb.WeightedSum((SQUARE, SOFTMAX)).gradient((Y, LABELS), (Z, SCORES), out=tasks)
    assert of_tasks[1] is tasks[1]
    np.testing.assert_array_equal(tasks[1], SOFTMAX.gradient(LABELS, SCORES))


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (np.empty(8), r"out for the gradient must be float64 of shape \(9,\); got float64"),
        (np.empty(9, np.float32), "got float32 of shape"),
        ((np.empty(9), np.empty(9)), "out must be an array for: gradient; got 2 of them"),
        (Z, "out for the gradient must not share memory with another argument"),
        (Y[:], "out for the gradient must not share memory with another argument"),
    ],
)
def test_arrays_that_cannot_be_given(out, words):
    before = Z.copy()
    with pytest.raises(ValueError, match=words):
        lb.WeightedSum((SQUARE, DISTANCE)).gradient(Y, Z, out=out)
    np.testing.assert_array_equal(Z, before)


def test_given_arrays_stay_as_they_are_where_a_loss_refuses():
    out = np.full(2, 7.0)
    loss = lb.WeightedSum((SQUARE, lb.Hinge()))
    with pytest.raises(ValueError, match=r"y_true must be -1 or 1; got 0.5"):
        loss.gradient([1, 0.5], [0.0, 0.0], out=out)
    np.testing.assert_array_equal(out, 7)


# Curvatures by name.


def test_the_size_of_the_curvature_is_that_of_the_sum():
    loss = lb.WeightedSum((lb.HalfSquaredError(), lb.Cauchy()), weights=(0.05, 1.0))
    y_pred = np.array([0.5, 1.5, 30.0])
    hessian = loss.hessian(np.zeros(3), y_pred)
    assert hessian[0] > 0 > hessian[1]
    out = np.empty(3)
    got = loss.hessian(np.zeros(3), y_pred, curvature="abs", out=out)
    assert got is out
    np.testing.assert_array_equal(got, np.abs(hessian))
    tasks = loss.gradient_and_hessian(0.0, (3.0, 3.0), curvature="abs")[1]
    np.testing.assert_array_equal(tasks[1], 0.08)
    by_pred, by_noise = lb.UncertaintyWeighted((lb.Cauchy(),)).hessian(
        [0.0], [3.0], [0.0], curvature="abs"
    )
    assert by_pred[0] == pytest.approx(0.08)
    assert by_noise[0] == pytest.approx(np.log(10) / 2)
    critic = lb.MinimaxGAN()
    np.testing.assert_array_equal(critic.generator.hessian([0.0], curvature="abs"), [0.25])
    by_real, by_fake = critic.discriminator.hessian([0.0], [0.0], curvature="abs")
    assert by_real == by_fake == 0.25


def test_majorizers_add_up():
    loss = lb.WeightedSum((DISTANCE, lb.Cauchy()), weights=(0.5, 2.0), reduction="none")
    y, touched, other = np.zeros(200), RNG.normal(0, 3, 200), RNG.normal(0, 6, 200)
    curvature, gap = loss.hessian(y, touched, curvature="majorizer"), other - touched
    parabola = loss(y, touched) + loss.gradient(y, touched) * gap + curvature * gap**2 / 2
    assert (parabola >= loss(y, other) - 1e-12).all()
    with pytest.raises(ValueError, match=r"\['exact', 'abs'\]; got 'majorizer'"):
        lb.WeightedSum((lb.Hinge(), lb.Exponential())).hessian([1], [0.0], curvature="majorizer")
    for known, curvature in ("exact", "fisher"), ("abs", "gauss"):
        with pytest.raises(ValueError, match=f"{known}.*; got '{curvature}'"):
            loss.hessian(y, y, curvature=curvature)


# Extremes.


def test_a_loss_of_weight_0_is_absent():
    loss = lb.WeightedSum((lb.BinaryCrossEntropy(), SQUARE), weights=(0, 2))
    value, gradient, hessian = parts(loss, [1.0, 0.0], [0.0, 0.0])
    assert value == 1
    np.testing.assert_array_equal(gradient, [-2, 0])
    np.testing.assert_array_equal(hessian, [2, 2])
    assert loss([1, 0], ([0.0, 0.0], [1.0, 0.0])) == 0


def test_infinity_and_not_a_number():
    loss = lb.WeightedSum((SQUARE, lb.Huber()), weights=(1e200, 1e300))
    value, gradient, _ = parts(loss, [0.0, 0.0], [1e200, 1.0])
    assert value == INF
    assert gradient[0] == INF
    assert np.isfinite(gradient[1])
    for result in parts(loss, [0.0], [np.nan])[:2]:
        assert np.isnan(result).all()


# Optimal constants.


@pytest.mark.parametrize(
    ("loss", "y_true", "weight", "best"),
    [
        (lb.WeightedSum((SQUARE, lb.HalfSquaredError())), [1.0, 2, 6], None, 3),
        (lb.WeightedSum((SQUARE, DISTANCE)), [1.0, 2, 9], None, 4 - 1 / 6),
        (lb.WeightedSum((SQUARE, DISTANCE)), [1.0, 2, 9], [1, 1, 0], 1.5),
        (lb.WeightedSum((SQUARE, DISTANCE), weights=(1e-9, 1)), [1.0, 2, 9], None, 2),
        (lb.WeightedSum((SQUARE, DISTANCE), weights=(0, 1)), [1.0, 2, 9], None, 2),
        (lb.WeightedSum((DISTANCE, DISTANCE)), [1.0, 3], None, 2),
        (lb.WeightedSum((lb.Pinball(0.25), lb.Pinball(0.75))), [0.0, 1, 2, 3, 4], None, 2),
        (lb.WeightedSum((lb.SigmoidCrossEntropy(),) * 2), [0, 1, 1, 1], None, np.log(3)),
        (lb.WeightedSum((lb.SigmoidCrossEntropy(),) * 2), [1, 1], None, INF),
        (lb.WeightedSum((lb.Hinge(), lb.SquaredHinge())), [1, 1], None, 1),
    ],
)
def test_optimal_constants(loss, y_true, weight, best):
    result = loss.optimal_constant(y_true, weight)
    assert type(result) is float
    assert result == pytest.approx(best, rel=1e-9)


def test_optimal_constants_between_a_number_and_infinity():
    loss = lb.WeightedSum((lb.SigmoidCrossEntropy(), SQUARE))
    best = loss.optimal_constant([1.0, 1.0])
    assert 1 < best < 2
    assert loss.gradient([1.0, 1.0], [best, best]).sum() == pytest.approx(0, abs=1e-15)


def test_optimal_constants_that_are_not_known():
    for loss in (
        lb.WeightedSum((SQUARE, lb.Cauchy())),
        lb.WeightedSum((SOFTMAX, SOFTMAX)),
        lb.UncertaintyWeighted((SQUARE,)),
    ):
        with pytest.raises(NotImplementedError, match="optimal constant"):
            loss.optimal_constant([0, 1])


# Traits and domains.


def test_traits_follow_from_the_losses():
    def traits(*losses, weights=None):
        return lb.WeightedSum(losses, weights=weights).traits

    assert traits(SQUARE, DISTANCE).convex
    assert not traits(SQUARE, lb.Cauchy()).convex
    assert traits(SQUARE, lb.Cauchy(), weights=(1, 0)).convex
    assert not traits(SQUARE, DISTANCE).differentiable
    assert not traits(SQUARE, lb.Huber()).twice_differentiable
    assert traits(DISTANCE, lb.Huber(2.0), weights=(3, 0.5)).lipschitz == 4
    assert traits(DISTANCE, SQUARE, weights=(1, 0)).lipschitz == 1
    assert traits(lb.Welsch(), lb.Tukey()).bounded
    assert not traits(lb.Welsch(), SQUARE).bounded
    assert not traits(SQUARE, lb.Pinball(0.9)).symmetric
    assert traits(SQUARE, lb.HalfSquaredError()).elicits == "mean"
    assert traits(SQUARE, DISTANCE).elicits == "compromise"
    assert traits(lb.Pinball(0.1), lb.Pinball(0.9)).elicits == "compromise"
    assert traits(lb.SigmoidCrossEntropy(), lb.SigmoidFocal(0.0)).elicits == "probability"
    assert traits(lb.SigmoidCrossEntropy(), lb.SigmoidFocal(0.0)).proper
    assert not traits(lb.SigmoidCrossEntropy(), lb.SigmoidFocal(2.0)).proper
    assert not lb.UncertaintyWeighted((SQUARE, SQUARE)).traits.convex
    assert not lb.UncertaintyWeighted((SQUARE, DISTANCE)).traits.differentiable


class OfLabels(lb.SigmoidCrossEntropy):
    """The cross-entropy of labels alone."""

    y_true_domain = ZERO_OR_ONE


def test_domains_are_what_all_losses_take():
    def targets(*losses):
        return lb.WeightedSum(losses).y_true_domain

    assert targets(SQUARE, DISTANCE) is FINITE
    assert targets(SQUARE, lb.SigmoidCrossEntropy()) is UNIT_INTERVAL
    assert targets(lb.SigmoidCrossEntropy(), OfLabels()) is ZERO_OR_ONE
    both = targets(lb.SigmoidCrossEntropy(), lb.Hinge())
    assert isinstance(both, Intersection)
    assert str(both) == "in [0, 1] and -1 or 1"
    np.testing.assert_array_equal(both.contains(np.array([-1.0, 0, 1])), [False, False, True])
    assert lb.WeightedSum((SQUARE, lb.BinaryCrossEntropy())).y_pred_domain is UNIT_INTERVAL
    assert lb.WeightedSum((SQUARE, DISTANCE)).y_pred_domain is None


# Weights that are learned.

TASKS = (lb.HalfSquaredError(), SOFTMAX)
NOISE = np.array([0.75, -1.5])


def test_the_formula_of_uncertainty():
    loss = lb.UncertaintyWeighted(TASKS)
    of_first, of_second = parts(TASKS[0], Y, Z, WEIGHT), parts(SOFTMAX, LABELS, SCORES, OF_LABELS)
    value, gradient, hessian = parts(
        loss, (Y, LABELS), (Z, SCORES), NOISE, sample_weight=(WEIGHT, OF_LABELS)
    )
    precision = np.exp(-NOISE)
    fitted = precision * [of_first[0], of_second[0]]
    assert value == pytest.approx((fitted + NOISE / 2).sum(), rel=1e-15)
    for by, first, second in zip((gradient, hessian), of_first[1:], of_second[1:], strict=True):
        np.testing.assert_allclose(by[0][0], precision[0] * first, rtol=1e-15)
        np.testing.assert_allclose(by[0][1], precision[1] * second, rtol=1e-15)
    np.testing.assert_allclose(gradient[1], 0.5 - fitted, rtol=1e-15)
    np.testing.assert_allclose(hessian[1], fitted, rtol=1e-15)


def test_a_number_has_the_gaussian_likelihood():
    loss, r = lb.UncertaintyWeighted((lb.HalfSquaredError(),)), Z - Y
    for s in -2.0, 0.0, 3.0:
        variance = np.exp(s)
        density = np.exp(-(r**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
        expected = -np.log(density).mean() - np.log(2 * np.pi) / 2
        assert loss(Y, Z, [s]) == pytest.approx(expected, rel=1e-13)


def test_the_paper_s_two_factors_are_one_formula():
    sigma = np.exp(NOISE / 2)
    squared = lb.SquaredError()(Y, Z) / (2 * sigma[0] ** 2) + np.log(sigma[0])
    crossed = SOFTMAX(LABELS, SCORES) / sigma[1] ** 2 + np.log(sigma[1])
    value = lb.UncertaintyWeighted(TASKS)((Y, LABELS), (Z, SCORES), NOISE)
    assert value == pytest.approx(squared + crossed, rel=1e-14)


def test_derivatives_by_differences_and_by_pytorch():
    torch = pytest.importorskip("torch")
    z, scores, s = (torch.tensor(x, requires_grad=True) for x in (Z, SCORES, NOISE))
    theirs = torch.exp(-s[0]) * ((z - torch.tensor(Y)) ** 2).mean() / 2 + s.sum() / 2
    theirs = theirs + torch.exp(-s[1]) * torch.nn.functional.cross_entropy(
        scores, torch.tensor(LABELS)
    )
    loss = lb.UncertaintyWeighted(TASKS)
    value, (by_pred, by_noise) = loss.value_and_gradient((Y, LABELS), (Z, SCORES), NOISE)
    assert value == pytest.approx(theirs.item(), rel=1e-14)
    wanted = torch.autograd.grad(theirs, (z, scores, s), create_graph=True)
    for ours, slope in zip((*by_pred, by_noise), wanted, strict=True):
        np.testing.assert_allclose(ours, slope.detach().numpy(), rtol=1e-12, atol=1e-16)
    bends = loss.hessian((Y, LABELS), (Z, SCORES), NOISE)
    for ours, slope, x in zip((*bends[0], bends[1]), wanted, (z, scores, s), strict=True):
        for place in np.ndindex(*x.shape):
            (row,) = torch.autograd.grad(slope[place], x, retain_graph=True)
            assert ours[place] == pytest.approx(row[place].item(), rel=1e-12, abs=1e-16)


def test_the_best_log_variance():
    loss = lb.UncertaintyWeighted((lb.HalfSquaredError(), DISTANCE))
    best = np.log([2 * lb.HalfSquaredError()(Y, Z), 2 * DISTANCE(Y, Z)])
    by_pred, by_noise = loss.gradient(Y, Z, best)
    np.testing.assert_allclose(by_noise, 0, atol=1e-15)
    assert by_pred.shape == Z.shape
    assert loss(Y, Z, best) < min(loss(Y, Z, best + step) for step in (-0.01, 0.01))


def test_noise_of_any_size():
    loss = lb.UncertaintyWeighted((SQUARE, SQUARE))
    value, (by_pred, by_noise), _ = parts(loss, [1.0], [1.0], [-1e3, 1e3])
    assert value == 0
    np.testing.assert_array_equal(by_pred, [0])
    np.testing.assert_array_equal(by_noise, [0.5, 0.5])
    value, (_, by_noise), _ = parts(loss, [1.0], [3.0], [-1e3, 0])
    assert value == INF
    np.testing.assert_array_equal(by_noise, [-INF, -3.5])
    for result in parts(loss, [1.0], [3.0], [np.nan, 0.0]):
        first = result[1][0] if isinstance(result, tuple) else result
        assert np.isnan(first)


def test_dtypes_and_given_arrays_of_uncertainty():
    loss = lb.UncertaintyWeighted((SQUARE, DISTANCE))
    single = loss.gradient(Y.astype(np.float32), Z.astype(np.float32), NOISE.astype(np.float32))
    assert [part.dtype for part in single] == [np.float32, np.float32]
    assert loss.gradient(Y, Z, [0, 1])[1].dtype == np.float64
    out = np.empty(9), np.empty(2)
    value, gradient = loss.value_and_gradient(Y, Z, NOISE, out=out)
    assert gradient[0] is out[0]
    assert gradient[1] is out[1]
    assert value == loss(Y, Z, NOISE)
    for a, b in zip(out, loss.gradient(Y, Z, NOISE), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="must not share memory"):
        loss.gradient(Y, Z, NOISE, out=(np.empty(9), NOISE))
    assert list(inspect.signature(loss).parameters) == [
        "y_true",
        "y_pred",
        "log_variance",
        "sample_weight",
        "out",
    ]


# The contract.

COMPOSITES = [
    lb.WeightedSum((SQUARE, DISTANCE), weights=(1, 0.5)),
    lb.WeightedSum([lb.Huber(2.0), lb.CTC(), lb.HingeGAN().generator]),
    lb.UncertaintyWeighted(TASKS),
    lb.WeightedSum((lb.WeightedSum((SQUARE,)), lb.UncertaintyWeighted((SQUARE,)))),
]


@pytest.mark.parametrize("loss", COMPOSITES, ids=repr)
def test_losses_pickle_hash_and_print_as_they_are_made(loss):
    for some in (loss, replace(loss, reduction="sum")):
        assert pickle.loads(pickle.dumps(some)) == some
        assert hash(replace(some)) == hash(some)
        assert eval(repr(some), vars(lb)) == some
    assert replace(loss, reduction="sum") != loss
    with pytest.raises(FrozenInstanceError):
        loss.losses = ()


@pytest.mark.parametrize("loss", COMPOSITES, ids=repr)
def test_cards(loss):
    shown = symbolic.expression(loss)
    assert shown.check() == (0, 0)
    wrong = symbolic.notation.sp.Tuple(*(2 * entry for entry in shown.gradient))
    assert replace(shown, gradient=wrong).check()[0] != 0
    text, html = str(loss.card()), loss.card()._repr_html_()
    assert f"losses = {loss.losses!r}" in text
    assert "ℓ₁(ŷ₁)" in text
    assert r"\ell_{1}{\left(\hat{y}_{1} \right)}" in html
    assert "Prediction" not in text


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: lb.WeightedSum(()), "losses must hold one loss or more; got none"),
        (lambda: lb.WeightedSum((SQUARE,), weights=(1, 2)), "weights must have shape (1,)"),
        (
            lambda: lb.WeightedSum((SQUARE,), weights=(-1,)),
            "not negative and not all zero; got (-1",
        ),
        (lambda: lb.WeightedSum((SQUARE,), weights=(0,)), "not negative and not all zero"),
        (lambda: lb.WeightedSum((SQUARE,), weights=(INF,)), "weights must be finite"),
        (lambda: lb.WeightedSum((SQUARE,), weights=(np.nan,)), "weights must be finite"),
        (lambda: lb.WeightedSum((SQUARE,), reduction="median"), "reduction must be one of"),
        (
            lambda: lb.WeightedSum((SQUARE, replace(DISTANCE, reduction="none"))),
            "losses must all have reduction='none', or none of them; got 'mean', 'none'",
        ),
        (lambda: lb.UncertaintyWeighted((SQUARE,), reduction="none"), "must be 'mean' or 'sum'"),
    ],
)
def test_bad_parameters(make, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        make()


def test_other_things_than_losses():
    for losses in SQUARE, (SQUARE, np.square), (lb.SquaredError,), "ab":
        with pytest.raises(TypeError, match="losses must be a sequence of losses"):
            lb.WeightedSum(losses)
    with pytest.raises(TypeError, match="weights must hold real numbers"):
        lb.WeightedSum((SQUARE,), weights=("a",))


PAIR = lb.WeightedSum((SQUARE, SOFTMAX))
EACH = lb.WeightedSum((SQUARE, lb.CategoricalCrossEntropy()), reduction="none")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: PAIR((Y, LABELS, Y), (Z, SCORES)), "y_true must be an array for all losses or a"),
        (lambda: PAIR((Y, LABELS), (Z,)), "tuple of 2, one for each; got a tuple of 1"),
        (lambda: PAIR((Y, LABELS), (Z, SCORES), (WEIGHT,)), "sample_weight must be an array for"),
        (lambda: PAIR((Y, LABELS), (Z, SCORES), WEIGHT), "sample_weight must have shape (5,)"),
        (lambda: PAIR((Y, LABELS), (Z[:2], SCORES)), "y_pred must have shape (9,)"),
        (lambda: PAIR((Y, LABELS + 1), (Z, SCORES)), "y_true must be a class index from 0 to 2"),
        (
            lambda: lb.WeightedSum((Product(),))(Y, Z),
            "y_pred for Product() must be a tuple of first, second",
        ),
        (
            lambda: EACH(np.eye(3), np.full((3, 3), 1 / 3)),
            "losses must have results of one shape to be added; got (3, 3), (3,)",
        ),
        (
            lambda: lb.UncertaintyWeighted(TASKS)((Y, LABELS), (Z, SCORES), [0.0]),
            "log_variance must have shape (2,), one number for each loss; got (1,)",
        ),
    ],
)
def test_bad_inputs(call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()
