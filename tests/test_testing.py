"""check_loss passes every loss of the package, and catches every kind of mistake."""

import warnings
from dataclasses import fields, replace

import numpy as np
import pytest

import lossbook as lb
from lossbook.core.contract import TargetLoss
from lossbook.core.domains import Interval, NonZero, TwoValues
from lossbook.core.loss import Call, ClassLoss, JointLoss, PointwiseLoss, RowLoss, parameter
from lossbook.testing import CHECKS, Samples, check_loss, checks, derivative, draw, view
from lossbook.testing.laws import require
from reference import LOSSES


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_losses_of_the_package_pass(loss):
    check_loss(loss)


@pytest.mark.parametrize("check", CHECKS)
def test_checks_can_be_run_alone_on_other_seeds(check):
    check(lb.Huber(delta=2.0, reduction="sum"), Samples(lb.Huber(delta=2.0), seed=5))
    check(lb.SoftmaxCrossEntropy(), Samples(lb.SoftmaxCrossEntropy(), n_classes=5, seed=5))


def traits(loss, **changes):
    return replace(loss.traits, **changes)


def broken(base, check, **members):
    """Return a case: a subclass of a loss with some members replaced, caught by a check."""
    name = "_".join(["Wrong", type(base).__name__, *members])
    kind = type(name, (type(base),), {})
    for member, wrong in members.items():
        setattr(kind, member, wrong)
    parameters = {field.name: getattr(base, field.name) for field in fields(base)}
    return pytest.param(kind(**parameters), check, id=f"{name}-{check}")


class Loose(NonZero):
    """A domain that lets 0 in."""

    def contains(self, values):
        return np.isfinite(values)


def scaled(method, factor):
    return lambda self, *shared: factor * method(self, *shared)


class Square(PointwiseLoss):
    """A right loss to break."""

    traits = lb.SquaredError().traits

    def _shared(self, y_true, y_pred):
        return (y_pred - y_true,)

    def _value(self, r):
        return r * r

    def _gradient(self, r):
        return 2 * r

    def _hessian(self, r):
        return np.full_like(r, 2)

    def _optimal_constant(self, y_true, weight):
        return float(np.average(y_true, weights=weight))


class NaiveLogLoss(PointwiseLoss):
    """Right but for extreme scores, where it overflows to NaN."""

    y_true_domain = TwoValues(0, 1)
    link = "logit"
    traits = lb.SigmoidCrossEntropy().traits

    def _shared(self, y_true, y_pred):
        return y_true, y_pred, np.exp(y_pred)

    def _value(self, y, z, odds):
        return np.log(1 + odds) - y * z

    def _gradient(self, y, z, odds):
        return odds / (1 + odds) - y

    def _hessian(self, y, z, odds):
        return odds / (1 + odds) ** 2


squared, absolute, huber = Square(), lb.AbsoluteError(), lb.Huber()
percentage = lb.AbsolutePercentageError()
scores, hinge, squared_hinge = lb.SigmoidCrossEntropy(), lb.Hinge(), lb.SquaredHinge()
log_loss, focal = lb.BinaryCrossEntropy(), lb.SigmoidFocal()
categorical, softmax = lb.CategoricalCrossEntropy(), lb.SoftmaxCrossEntropy()


def residual_of_changed_target(self, y_true, y_pred):
    y_true += 1
    return (y_pred - y_true,)


def residual_drifting(self, y_true, y_pred):
    return (y_pred - y_true + 1e-9 * np.arange(y_pred.size),)


def half_of_diagonal(s):
    return 0.5 * s.hessian()


def unequal(self, other):
    return False


def plain_call(self, y_true, y_pred, sample_weight=None, *, out=None):
    return TargetLoss.__call__(self, y_true, y_pred, out=out)


def plain_gradient(self, y_true, y_pred, sample_weight=None, *, out=None):
    return TargetLoss.gradient(self, y_true, y_pred, out=out)


def doubled_mean(self, y_true, y_pred, sample_weight=None, *, out=None):
    value = TargetLoss.__call__(self, y_true, y_pred, sample_weight, out=out)
    return 2 * value if self.reduction == "mean" else value


def averaged_sum(self, y_true, y_pred, sample_weight=None, *, out=None):
    gradient = TargetLoss.gradient(self, y_true, y_pred, sample_weight, out=out)
    return gradient / len(y_pred) if self.reduction == "sum" else gradient


def copied_out(self, y_true, y_pred, sample_weight=None, *, out=None):
    return TargetLoss.gradient_and_hessian(self, y_true, y_pred, sample_weight)


def other_second_pass(self, y_true, y_pred, sample_weight=None, *, out=None):
    value, gradient = TargetLoss.value_and_gradient(self, y_true, y_pred, sample_weight, out=out)
    return value, gradient * (1 + 1e-15)


def double(method):
    def in_double(self, y_true, y_pred, *rest, **out):
        return method(self, np.asarray(y_true, float), np.asarray(y_pred, float), *rest, **out)

    return in_double


def shifted_weights(self, y_true, y_pred, sample_weight=None, *, out=None):
    if sample_weight is not None:
        sample_weight = np.asarray(sample_weight) + 0.5
    return TargetLoss.__call__(self, y_true, y_pred, sample_weight, out=out)


def refused_without_a_word(self, *inputs, **out):
    try:
        return TargetLoss.gradient(self, *inputs, **out)
    except ValueError:
        raise ValueError("bad input") from None


def accepting(self, y_true, y_pred, *rest, **out):
    return TargetLoss.hessian(self, np.nan_to_num(y_true), y_pred, *rest, **out)


def absolute_hessian(self, *shared):
    return np.abs(lb.SigmoidFocal._hessian(self, *shared))


def warning_value(self, r):
    warnings.warn("overflow", RuntimeWarning, stacklevel=1)
    return r * r


def median_as_mean(self, y_true, weight):
    return float(np.median(y_true))


def unweighted_mean(self, y_true, weight):
    return float(np.mean(y_true))


def shown_without_name(self):
    return f"{type(self).__name__}()"


CASES = [
    # Derivatives.
    broken(squared, "check_gradient", _gradient=lambda self, r: -2 * r),
    broken(squared, "check_gradient", _gradient=lambda self, r: r),
    broken(squared, "check_gradient", _gradient=lambda self, r: 2 * r + 1e-7),
    broken(squared, "check_gradient", _gradient=lambda self, r: 2 * r * (1 + 1e-8)),
    broken(squared, "check_gradient", _gradient=lambda self, r: (2 * r).clip(-1, 20)),
    broken(scores, "check_gradient", _gradient=scaled(type(scores)._gradient, -1)),
    broken(categorical, "check_gradient", _gradient=lambda self, t, p, put: 1 - put(t / p)),
    broken(softmax, "check_gradient", _gradient=lambda self, s: -s.gradient()),
    broken(softmax, "check_gradient", _value=lambda self, s: 2 * s.value()),
    broken(squared, "check_hessian", _hessian=lambda self, r: -np.full_like(r, 2)),
    broken(squared, "check_hessian", _hessian=lambda self, r: np.ones_like(r)),
    broken(log_loss, "check_hessian", _hessian=scaled(type(log_loss)._gradient, 1)),
    broken(focal, "check_hessian", _hessian=absolute_hessian),
    broken(softmax, "check_hessian", _hessian=lambda self, s: s.gradient() ** 2),
    # Kinks.
    broken(absolute, "check_smoothness", _gradient=lambda self, r: np.where(r == 0, 3, np.sign(r))),
    broken(absolute, "check_smoothness", traits=traits(absolute, differentiable=True)),
    broken(
        hinge, "check_smoothness", _slope=lambda self, m, v: np.where(m == 1, 1, -1.0 * (m < 1))
    ),
    broken(huber, "check_smoothness", traits=traits(huber, twice_differentiable=True)),
    broken(absolute, "check_smoothness", traits=traits(absolute, twice_differentiable=True)),
    broken(squared, "check_smoothness", traits=traits(squared, differentiable=False)),
    broken(squared, "check_smoothness", traits=traits(squared, twice_differentiable=False)),
    broken(softmax, "check_smoothness", traits=traits(softmax, differentiable=False)),
    broken(huber, "check_majorizer", _majorizer=lambda self, r, c: 0.98 * (c / r).clip(None, 1)),
    broken(huber, "check_majorizer", _majorizer=type(huber)._hessian),
    broken(squared, "check_majorizer", _curvatures=lambda self: {"majorizer": self._value}),
    broken(softmax, "check_majorizer", _curvatures=lambda self: {"majorizer": half_of_diagonal}),
    # Reduction, weights, order, passes.
    broken(squared, "check_reduction", __call__=doubled_mean),
    broken(squared, "check_reduction", gradient=averaged_sum),
    broken(squared, "check_weights", __call__=plain_call),
    broken(squared, "check_weights", gradient=plain_gradient),
    broken(softmax, "check_weights", __call__=shifted_weights),
    broken(squared, "check_order", _shared=residual_drifting),
    broken(squared, "check_passes", gradient_and_hessian=copied_out),
    broken(squared, "check_passes", value_and_gradient=other_second_pass),
    # Inputs.
    broken(squared, "check_inputs", _shared=residual_of_changed_target),
    broken(squared, "check_dtypes", gradient=double(TargetLoss.gradient)),
    broken(squared, "check_dtypes", _value=lambda self, r: np.where(r.itemsize == 4, 2, 1) * r * r),
    broken(squared, "check_domains", gradient=refused_without_a_word),
    broken(squared, "check_domains", hessian=accepting),
    broken(NaiveLogLoss(), "check_extremes"),
    broken(squared, "check_extremes", _value=warning_value),
    # Traits.
    broken(focal, "check_convexity", traits=traits(focal, convex=True)),
    broken(softmax, "check_convexity", traits=traits(softmax, convex=False)),
    broken(huber, "check_convexity", _value=scaled(type(huber)._value, -1)),
    broken(huber, "check_lipschitz", traits=traits(huber, lipschitz=0.9)),
    broken(huber, "check_lipschitz", traits=traits(huber, lipschitz=1.2)),
    broken(squared, "check_lipschitz", traits=traits(squared, lipschitz=100.0)),
    broken(huber, "check_lipschitz", traits=traits(huber, lipschitz=np.inf)),
    broken(softmax, "check_lipschitz", traits=traits(softmax, lipschitz=1.0)),
    # The steepest of the samples has slope 796; targets nearer to 0 have no steepest.
    broken(percentage, "check_lipschitz", traits=traits(percentage, lipschitz=800.0)),
    broken(percentage, "check_domains", y_true_domain=Loose()),
    broken(huber, "check_bounds", traits=traits(huber, bounded=True)),
    broken(log_loss, "check_bounds", traits=traits(log_loss, bounded=True)),
    broken(lb.BinaryCrossEntropy(eps=0.1), "check_bounds", traits=traits(scores, bounded=False)),
    broken(huber, "check_symmetry", traits=traits(huber, symmetric=False)),
    broken(squared, "check_symmetry", _value=lambda self, r: np.maximum(r, -2 * r)),
    broken(hinge, "check_symmetry", traits=traits(hinge, symmetric=True)),
    broken(hinge, "check_propriety", traits=traits(hinge, proper=True)),
    broken(focal, "check_propriety", traits=traits(focal, proper=True)),
    broken(scores, "check_propriety", traits=traits(scores, proper=False)),
    broken(scores, "check_propriety", link="identity"),
    broken(scores, "check_propriety", link="probit"),
    broken(softmax, "check_propriety", traits=traits(softmax, proper=False)),
    broken(
        categorical,
        "check_propriety",
        _value=lambda self, t, p, put: (t * (1 - p) ** 4).sum(axis=0),
    ),
    broken(hinge, "check_calibration", traits=traits(hinge, classification_calibrated=False)),
    broken(softmax, "check_calibration", traits=traits(softmax, classification_calibrated=False)),
    broken(
        lb.SigmoidCrossEntropy(pos_weight=5.0),
        "check_calibration",
        traits=traits(scores, classification_calibrated=True),
    ),
    broken(
        lb.SoftmaxCrossEntropy(class_weight=(1, 5, 1)),
        "check_calibration",
        traits=traits(softmax, classification_calibrated=True),
    ),
    # The optimal constant.
    broken(squared, "check_optimal_constant", _optimal_constant=median_as_mean),
    broken(squared, "check_optimal_constant", _optimal_constant=unweighted_mean),
    broken(absolute, "check_optimal_constant", traits=traits(absolute, elicits="mean")),
    broken(softmax, "check_optimal_constant", _optimal_constant=lambda self, t, w: t @ w),
    # Representation.
    broken(huber, "check_representation", __repr__=shown_without_name),
    broken(squared, "check_representation", __eq__=unequal, __hash__=lambda self: 0),
    broken(squared, "check_representation", __setattr__=object.__setattr__),
    broken(squared, "check_representation", __post_init__=lambda self: None),
]


@pytest.mark.parametrize(("loss", "check"), CASES)
def test_mistakes_are_caught(loss, check):
    with pytest.raises(AssertionError):
        getattr(checks, check)(loss, Samples(loss))


def test_every_check_catches_something():
    assert {case.values[1] for case in CASES} == {check.__name__ for check in CHECKS}


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize(("loss", "check"), CASES)
def test_check_loss_runs_them_all(loss, check):
    with pytest.raises(AssertionError) as caught:
        check_loss(loss)
    assert str(caught.value).startswith(f"{loss!r} fails check_")


def test_messages_say_what_where_and_with_which_numbers():
    loss = CASES[0].values[0]
    with pytest.raises(AssertionError) as caught:
        check_loss(loss)
    message = str(caught.value)
    assert message.startswith("Wrong_Square__gradient() fails check_gradient: the gradient is")
    assert all(f"{name} = " in message for name in ("given", "numerical", "y_true", "y_pred"))


class GammaDeviance(PointwiseLoss):
    """A loss over other domains than the package's: positive labels, positive predictions."""

    scale: float = parameter(
        default=1.0, domain=Interval(0, np.inf, include_low=False, include_high=False)
    )

    y_true_domain = Interval(0, np.inf, include_low=False, include_high=False)
    y_pred_domain = Interval(0, np.inf, include_low=False, include_high=False)
    traits = lb.Traits(convex=False, differentiable=True, twice_differentiable=True, elicits="mean")

    def _shared(self, y_true, y_pred):
        return y_true, y_pred

    def _value(self, y, mu):
        return self.scale * (y / mu + np.log(mu))

    def _gradient(self, y, mu):
        return self.scale * (1 - y / mu) / mu

    def _hessian(self, y, mu):
        return self.scale * (2 * y / mu - 1) / mu**2

    def _optimal_constant(self, y_true, weight):
        return float(np.average(y_true, weights=weight))


class MeanAbsoluteClassError(ClassLoss):
    """A loss over classes that has kinks, elicits no probability and has no optimal constant."""

    traits = lb.Traits(
        convex=True,
        differentiable=False,
        twice_differentiable=False,
        lipschitz=np.sqrt(3),
        classification_calibrated=False,
        elicits="median",
    )

    def _shared(self, y_true, y_pred):
        if y_true.ndim == 1:
            y_true = (np.arange(len(y_pred))[:, None] == y_true).astype(y_pred.dtype)
        return (y_pred - y_true,)

    def _value(self, r):
        return np.abs(r).sum(axis=0)

    def _gradient(self, r):
        return np.sign(r)

    def _hessian(self, r):
        return np.zeros_like(r)


class OneTwo(PointwiseLoss):
    """A loss whose labels are 1 and 2 and whose best score is their mean."""

    y_true_domain = TwoValues(1, 2)
    traits = lb.Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=True,
        proper=True,
        classification_calibrated=True,
        elicits="mean",
    )

    def _shared(self, y_true, y_pred):
        return (y_pred - y_true,)

    def _value(self, r):
        return r**2

    def _gradient(self, r):
        return 2 * r

    def _hessian(self, r):
        return np.full_like(r, 2)


class Exponential(PointwiseLoss):
    """A loss that overflows to infinity, and has no optimal constant written down."""

    y_true_domain = TwoValues(-1, 1)
    traits = lb.Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=True,
        classification_calibrated=True,
        elicits="half the log-odds",
    )

    def _shared(self, y_true, y_pred):
        return y_true, np.exp(-y_true * y_pred)

    def _value(self, y, e):
        return e

    def _gradient(self, y, e):
        return -y * e

    def _hessian(self, y, e):
        return e


OTHERS = [GammaDeviance(scale=2.0), OneTwo(), MeanAbsoluteClassError(), Exponential()]


@pytest.mark.parametrize("loss", OTHERS, ids=repr)
def test_losses_of_other_authors_pass(loss):
    check_loss(loss)


@pytest.mark.parametrize("n_classes", [2, 9])
def test_any_number_of_classes(n_classes):
    check_loss(lb.SoftmaxCrossEntropy(), n_classes=n_classes)
    check_loss(lb.CategoricalCrossEntropy(), n_classes=n_classes)


def test_only_losses_of_known_kinds_are_taken():
    with pytest.raises(TypeError, match="loss must be a Loss of a known kind; got <ufunc"):
        check_loss(np.square)


def test_unknown_domains_ask_for_samples():
    class Primes:
        def __str__(self):
            return "prime"

    with pytest.raises(TypeError, match="samples that are prime cannot be drawn"):
        draw(Primes(), np.random.default_rng(0), (3,))


@pytest.mark.parametrize(
    ("function", "slope"),
    [(np.sin, np.cos), (np.exp, np.exp), (lambda x: x**9, lambda x: 9 * x**8)],
)
def test_numerical_derivatives_are_within_their_bounds(function, slope):
    x = np.float32([-3.0, -0.1, 1e-3, 0.7, 2.5]).astype(float)
    estimate, error = derivative(lambda offset: function(x + offset), np.full(x.shape, 0.25))
    assert (np.abs(estimate - slope(x)) <= error).all()
    assert (error <= 1e-9 * (1 + np.abs(function(x)))).all()


def test_numerical_derivatives_see_a_narrow_valley():
    deep = lambda offset: 2 - np.exp(-(offset**2) * 1e6)  # noqa: E731
    estimate, error = derivative(lambda offset: deep(offset - 1e-4), np.ones(1))
    slope = -2e2 * np.exp(-1e-2)
    assert abs(estimate - slope) <= error < 1e-3


def test_numerical_derivatives_see_what_happens_within_a_step():
    estimate, error = derivative(
        lambda offset: 1e-6 * np.exp(-1e9 * offset**2 + offset), np.ones(1)
    )
    assert abs(estimate - 1e-6) <= error < 1e-7


def test_what_bends_more_sharply_than_floats_can_show_is_no_jump():
    line = next(Samples(view(lb.GaussianCRPS())).lines())
    start, direction = np.array([0.0, -80.0]), np.array([1.0, 0.0])
    narrow = replace(line, label=np.float64(3.0), start=start, direction=direction)
    narrow = replace(narrow, x=np.linspace(2, 4.5, 20))
    assert narrow.slope(np.array([2.9, 3.1])).tolist() == [-1, 1]
    assert narrow.jumps(narrow.slope)[0].size == narrow.jumps(narrow.curvature)[0].size == 0
    # The better of two components changes where their costs are about 1e90.
    mixture = next(Samples(view(lb.GaussianMixtureNLL())).lines())
    start = np.array([0.0, 0.0, 0.5, 0.25, 0.0, -200.0])
    switch = replace(mixture, label=np.float64(0.0), start=start, direction=np.eye(6)[4])
    switch = replace(switch, x=np.linspace(-300, 0, 20))
    slopes = np.log10(1 - switch.slope(np.array([-202.0, -198.0])))
    assert slopes[0] < 1 < 80 < slopes[1]
    assert switch.jumps(switch.slope)[0].size == switch.jumps(switch.curvature)[0].size == 0
    kinked = replace(next(Samples(lb.AbsoluteError()).lines()), label=np.float64(3.0))
    assert kinked.jumps(kinked.slope)[0].size == 1


def test_numerical_derivative_of_nothing_is_unknown():
    _, error = derivative(lambda offset: offset * np.nan, np.ones(2))
    assert np.isinf(error).all()


class Interaction(JointLoss):
    """Two numbers whose product should be the target."""

    def _inputs(self, y_true, first, second, sample_weight=None, *, curvature="exact", out=None):
        return Call((y_true, first, second), sample_weight, curvature, out)

    traits = lb.Traits(
        convex=False, differentiable=True, twice_differentiable=True, elicits="two factors"
    )

    def _shared(self, y_true, first, second):
        return first * second - y_true, first, second

    def _value(self, r, first, second):
        return np.hypot(1, r) - 1

    def _gradient(self, r, first, second):
        slope = r / np.hypot(1, r)
        return slope * second, slope * first

    def _hessian(self, r, first, second):
        curvature = np.hypot(1, r) ** -3
        return curvature * second**2, curvature * first**2


class Gap(JointLoss):
    """The squared distance of two rows, which has no target."""

    def _inputs(self, first, second, sample_weight=None, *, curvature="exact", out=None):
        return Call((first, second), sample_weight, curvature, out)

    entries = 1
    traits = lb.Traits(
        convex=True, differentiable=True, twice_differentiable=True, elicits="one another"
    )

    def _shared(self, first, second):
        return (first - second,)

    def _value(self, d):
        return np.add.reduce(d**2, axis=0)

    def _gradient(self, d):
        return 2 * d, -2 * d

    def _hessian(self, d):
        return np.full_like(d, 2), np.full_like(d, 2)


class Basket(RowLoss):
    """Squared errors of a row's entries and of their sum."""

    traits = lb.Traits(convex=True, differentiable=True, twice_differentiable=True, elicits="means")

    def _shared(self, y_true, y_pred):
        r = y_pred - y_true
        return r, np.add.reduce(r, axis=0)

    def _value(self, r, total):
        return np.add.reduce(r**2, axis=0) + total**2

    def _gradient(self, r, total):
        return 2 * (r + total)

    def _hessian(self, r, total):
        return np.full_like(r, 4)

    def _optimal_constant(self, y_true, weight):
        return np.average(y_true, axis=1, weights=weight)


@pytest.mark.parametrize("loss", [Interaction(), Gap(), Basket()], ids=repr)
def test_losses_of_rows_and_of_several_predictions_pass(loss):
    check_loss(loss)


class WrongGap(Gap):
    def _gradient(self, d):
        return 2 * d, 2 * d


class WrongInteraction(Interaction):
    def _hessian(self, r, first, second):
        return super()._hessian(r, second, first)


class ModestSquare(lb.SquaredError):
    traits = replace(lb.SquaredError().traits, convex=False)


def test_a_trait_that_is_not_claimed_is_named():
    message = "traits.convex is False, but the slope does not fall in any sample"
    with pytest.raises(AssertionError, match=message):
        check_loss(ModestSquare())


class SteepGap(Gap):
    traits = replace(Gap().traits, lipschitz=1.0)


@pytest.mark.parametrize(
    ("loss", "check"),
    [
        (WrongGap(), "check_gradient"),
        (WrongInteraction(), "check_hessian"),
        (SteepGap(), "check_lipschitz"),
    ],
    ids=lambda argument: str(argument),
)
def test_mistakes_in_one_of_several_predictions_are_seen(loss, check):
    with pytest.raises(AssertionError, match=f"fails {check}"):
        check_loss(loss)


class Turning(PointwiseLoss):
    """One minus the cosine of an angle: right, but as lossy far off as the angle is rounded."""

    rate: float = 1.0

    def _traits(self):
        return lb.Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self.rate,
            bounded=True,
            symmetric=True,
            elicits="an angle",
        )

    def _shared(self, y_true, y_pred):
        return (self.rate * (y_pred - y_true),)

    def _value(self, angle):
        return 1 - np.cos(angle)

    def _gradient(self, angle):
        return self.rate * np.sin(angle)

    def _hessian(self, angle):
        return self.rate**2 * np.cos(angle)


class TurningBack(Turning):
    """The same with the wrong sign in the second derivative."""

    def _hessian(self, angle):
        return -super()._hessian(angle)


@pytest.mark.parametrize("rate", [1.0, 2 * np.pi])
@pytest.mark.parametrize("seed", range(4))
def test_a_right_loss_is_not_blamed_for_the_rounding_of_what_it_is_given(rate, seed):
    check_loss(Turning(rate), seed=seed)
    with pytest.raises(AssertionError, match="the hessian is the derivative of the gradient"):
        check_loss(TurningBack(rate), seed=seed)


@pytest.mark.parametrize(
    "values",
    [4.0, [4.0], [1.0, 2.0, 4.0], [[1.0], [2.0], [4.0]], [[1.0, 1.0], [2.0, 2.0], [3.0, 4.0]]],
    ids=["number", "one", "row", "column", "table"],
)
def test_a_broken_law_shows_the_numbers_of_its_place(values):
    holds = [[True, True], [True, True], [True, False]]
    with pytest.raises(AssertionError, match=r"^no law; here got = 4\.0$"):
        require("no law", holds, got=values)
