"""What may stand for the second derivative: its size, a parabola from above, its expectation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import lossbook as lb
from lossbook.core.domains import FINITE
from lossbook.core.loss import ClassLoss, JointLoss, PointwiseLoss
from lossbook.testing import Samples, draw
from reference import LOSSES

POINTWISE = [replace(loss, reduction="none") for loss in LOSSES if isinstance(loss, PointwiseLoss)]
MAJORISED = [loss for loss in POINTWISE if "majorizer" in loss.curvatures]


def pairs(loss, n=400):
    """Return targets, points of contact, and other predictions, near and far."""
    samples = Samples(loss, seed=3)
    y, touched = samples.labels(loss.y_true_domain, n), samples.predictions(n)
    steps = draw(None, samples.rng, n)
    other = np.where(np.arange(n) % 2, samples.predictions(n), touched + steps)
    if loss.y_true_domain is FINITE:
        # The mirror image, where a sharp parabola of an even loss touches once more.
        other = np.where(np.arange(n) % 3 == 0, 2 * y - touched, other)
    return y, touched, other


def above(loss, factor):
    """Return by how much the parabola, its curvature multiplied, is above the loss."""
    y, touched, other = pairs(loss)
    if loss.y_pred_domain is not None:
        other = np.where(loss.y_pred_domain.contains(other), other, touched)
    with np.errstate(all="ignore"):
        gap, curvature = other - touched, loss.hessian(y, touched, curvature="majorizer")
        parabola = loss(y, touched) + loss.gradient(y, touched) * gap
        parabola += factor * curvature * gap**2 / 2
    return parabola - loss(y, other), 1e-10 * (1 + np.abs(parabola))


@pytest.mark.parametrize("loss", MAJORISED, ids=repr)
def test_a_majorizer_lies_nowhere_below_the_loss(loss):
    distance, rounding = above(loss, 1.0)
    assert (distance >= -rounding)[np.isfinite(distance)].all()


@pytest.mark.parametrize("loss", MAJORISED, ids=repr)
def test_no_smaller_multiple_does(loss):
    distance, rounding = above(loss, 0.98)
    assert (distance < -rounding).any()


def test_which_losses_have_a_majorizer():
    named = {type(loss).__name__ for loss in MAJORISED}
    assert {"AbsoluteError", "Huber", "Tukey", "SigmoidCrossEntropy", "Hinge", "Brier"} <= named
    assert not named & {"BinaryCrossEntropy", "Exponential", "PoissonNLL", "SquaredLogError"}


@pytest.mark.parametrize(
    ("loss", "at_zero"),
    [
        (lb.AbsoluteError(), np.inf),
        (lb.Pinball(), np.inf),
        (lb.LogCosh(), 1),
        (lb.SigmoidCrossEntropy(), 0.25),
        (lb.SmoothPinball(width=0.5), 0.5),
        (lb.Cauchy(scale=2.0), 1),
        (lb.GeneralRobust(alpha=1.0, scale=2.0), 0.25),
    ],
    ids=repr,
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_majorizers_where_the_residual_is_zero(loss, at_zero, dtype):
    zero = np.zeros(1, dtype)
    got = loss.hessian(zero, zero, curvature="majorizer")
    assert got.dtype == dtype
    assert got[0] == at_zero


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_abs_is_the_size_of_the_hessian(loss):
    if isinstance(loss, PointwiseLoss | ClassLoss):
        ((y_true, y_pred), *_) = Samples(loss, seed=1).batches(20)
        hessian = loss.hessian(y_true, y_pred)
        got = loss.hessian(y_true, y_pred, curvature="abs")
        np.testing.assert_array_equal(got, np.abs(hessian))


def expectation(distribution, function):
    """Return the mean of a function under a distribution of SciPy."""
    if isinstance(distribution.dist, stats.rv_discrete):
        k = np.arange(int(distribution.ppf(1 - 1e-13)) + 1)
        return distribution.pmf(k) @ function(k.astype(float))
    u = (np.arange(400_000) + 0.5) / 400_000
    return function(distribution.ppf(u)).mean()


Z = 0.7
MU = np.exp(Z)
MODELS = [
    (lb.HalfSquaredError(), (Z,), stats.norm(Z, 1)),
    (lb.SquaredError(), (Z,), stats.norm(Z, np.sqrt(0.5))),
    (lb.AbsoluteError(), (Z,), stats.laplace(Z)),
    (lb.BinaryCrossEntropy(), (0.3,), stats.bernoulli(0.3)),
    (lb.SigmoidCrossEntropy(), (Z,), stats.bernoulli(1 / (1 + np.exp(-Z)))),
    (lb.PoissonNLL(), (Z,), stats.poisson(MU)),
    (lb.GammaNLL(dispersion=0.5), (Z,), stats.gamma(2, scale=MU / 2)),
    (lb.NegativeBinomialNLL(dispersion=0.5), (Z,), stats.nbinom(2, 2 / (2 + MU))),
    (lb.TweedieNLL(power=1.0), (Z,), stats.poisson(MU)),
    (lb.TweedieNLL(power=2.0), (Z,), stats.gamma(1, scale=MU)),
    (lb.TweedieNLL(power=3.0), (Z,), stats.invgauss(MU, scale=1)),
    (lb.GaussianNLL(), (Z, 0.4), stats.norm(Z, np.exp(0.2))),
]


@pytest.mark.parametrize(("loss", "predicted", "model"), MODELS, ids=lambda a: repr(a)[:40])
def test_fisher_information_is_the_variance_of_the_gradient(loss, predicted, model):
    each = replace(loss, reduction="none")

    def squared_slopes(y, k):
        slopes = each.gradient(y, *(np.full(y.shape, one) for one in predicted))
        return (slopes[k] if isinstance(loss, JointLoss) else slopes) ** 2

    fisher = each.hessian([1.0], *([one] for one in predicted), curvature="fisher")
    for k, got in enumerate(fisher if isinstance(loss, JointLoss) else [fisher]):
        expected = expectation(model, lambda y, k=k: squared_slopes(y, k))
        assert got[0] == pytest.approx(expected, rel=2e-3)


def test_fisher_information_of_classes_is_the_variance_of_the_gradient():
    scores = np.array([0.3, -1.0, 1.7])
    p = np.exp(scores) / np.exp(scores).sum()
    loss = lb.SoftmaxCrossEntropy(reduction="none")
    slopes = loss.gradient([0, 1, 2], np.tile(scores, (3, 1)))
    expected = p @ slopes**2
    for target in [0], [2], p[None]:
        fisher = loss.hessian(target, scores[None], curvature="fisher")
        np.testing.assert_allclose(fisher, expected[None], rtol=1e-14)
    for weighted in replace(loss, class_weight=(1, 2, 1)), replace(loss, label_smoothing=0.1):
        with pytest.raises(ValueError, match=r"\['exact', 'abs', 'majorizer'\]; got 'fisher'"):
            weighted.hessian([0], scores[None], curvature="fisher")


WEIGHTED = lb.SoftmaxCrossEntropy(
    class_weight=(0.5, 2, 1), label_smoothing=0.25, ignore_index=1, reduction="none"
)


@pytest.mark.parametrize("loss", [lb.SoftmaxCrossEntropy(reduction="none"), WEIGHTED], ids=repr)
def test_the_majorizer_of_classes_lies_nowhere_below_and_no_smaller_one_does(loss):
    samples = Samples(loss, seed=2)
    for y_true, touched in samples.batches(2000):
        even = np.where(np.eye(3)[np.arange(2000) % 3] == 1, -40.0, 0.0)
        touched = np.where(np.arange(2000)[:, None] % 2, touched, even)
        towards = np.where(even < 0, 0, np.sign(samples.predictions(2000))) * 0.01
        gap = np.where(np.arange(2000)[:, None] % 2, samples.predictions(2000), towards)
        bend = loss.hessian(y_true, touched, curvature="majorizer")
        plane = loss(y_true, touched) + (loss.gradient(y_true, touched) * gap).sum(axis=1)
        above = plane + (bend * gap**2).sum(axis=1) / 2 - loss(y_true, touched + gap)
        rounding = 1e-12 * (1 + np.abs(plane))
        assert (above >= -rounding).all()
        assert (above - 0.01 * (bend * gap**2).sum(axis=1) < -rounding).any()


def test_curvatures_come_with_the_gradient_and_weights():
    loss, y, x, w = lb.Huber(reduction="sum"), [0.0, 0.0], [0.5, 4.0], [1.0, 2.0]
    gradient, curvature = loss.gradient_and_hessian(y, x, w, curvature="majorizer")
    np.testing.assert_array_equal(gradient, loss.gradient(y, x, w))
    np.testing.assert_array_equal(curvature, [1.0, 0.5])
    by_mean, by_log_variance = lb.GaussianNLL(reduction="sum").hessian(
        y, x, [0.0, 0.0], w, curvature="fisher"
    )
    np.testing.assert_array_equal(by_mean, w)
    np.testing.assert_array_equal(by_log_variance, [0.5, 1.0])


@pytest.mark.parametrize(
    ("loss", "curvature", "words"),
    [
        (lb.Exponential(), "majorizer", r"\['exact', 'abs'\]; got 'majorizer'"),
        (lb.Huber(), "fisher", r"\['exact', 'abs', 'majorizer'\]; got 'fisher'"),
        (lb.Huber(), "gauss", "curvature of Huber"),
        (lb.Huber(), "value", "got 'value'"),
        (lb.Huber(), "gradient", "got 'gradient'"),
        (lb.GeneralRobust(alpha=3.0), "majorizer", r"\['exact', 'abs'\]"),
        (lb.SigmoidCrossEntropy(pos_weight=2.0), "fisher", r"\['exact', 'abs', 'majorizer'\]"),
        (lb.SigmoidCrossEntropy(label_smoothing=0.1), "fisher", "got 'fisher'"),
    ],
    ids=repr,
)
def test_what_a_loss_has_not_is_refused_before_anything_is_written(loss, curvature, words):
    g, h = np.full(1, 7.0), np.full(1, 7.0)
    with pytest.raises(ValueError, match=words):
        loss.hessian([0.0], [1.0], curvature=curvature, out=h)
    with pytest.raises(ValueError, match=words):
        loss.gradient_and_hessian([0.0], [1.0], curvature=curvature, out=(g, h))
    assert g == h == 7
    assert curvature not in loss.curvatures


def test_the_names_of_other_parts_are_no_curvatures_of_several_predictions():
    for loss in lb.GaussianNLL(), lb.WeightedSum([lb.GaussianNLL()]):
        for curvature in "value", "gradient":
            for method in loss.hessian, loss.gradient_and_hessian:
                with pytest.raises(ValueError, match=f"got '{curvature}'"):
                    method([0.0], [1.0], [0.0], curvature=curvature)
