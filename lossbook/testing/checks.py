"""The laws of the contract, each a check of a loss on samples."""

import pickle
import sys
import warnings
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np

import lossbook

from ..core.domains import (
    Boxes,
    Directions,
    Distributions,
    Finite,
    Interval,
    LogDistributions,
    NonZero,
    TwoValues,
)
from ..core.loss import REDUCTIONS, ClassLoss, PointwiseLoss, RowLoss
from .derivatives import EPSILON, derivative, room_inside
from .samples import FAR, REAL_LINE, between, corner_members, non_members, unreduced
from .views import Batched


def _parts(loss, *inputs):
    return {
        "value": loss(*inputs),
        "gradient": loss.gradient(*inputs),
        "hessian": loss.hessian(*inputs),
    }


def _require(law, holds, **numbers):
    """Raise, with the numbers of the first place where a law does not hold."""
    holds = np.asarray(holds)
    if holds.all():
        return
    place = np.unravel_index(np.argmin(holds), holds.shape)
    shown = []
    for name, values in numbers.items():
        values = np.asarray(values)
        shown.append(f"{name} = {values[place[: values.ndim]]}")
    raise AssertionError(f"{law}; here {', '.join(shown)}" if shown else law)


def _near(got, expected, tolerance):
    with np.errstate(invalid="ignore"):
        near = np.abs(np.subtract(got, expected)) <= tolerance * (1 + np.abs(expected))
    return np.equal(got, expected) | (near & np.isfinite(expected))


def _agree(law, got, expected, tolerance=0.0):
    """Raise unless numbers agree, relative to 1 or to their size; equal infinities do."""
    _require(law, _near(got, expected, tolerance), got=got, expected=expected)


# Derivatives.


def _check_derivative(law, function, analytic, y_true, y_pred, domain):
    room = room_inside(domain, y_pred)
    for k in range(y_pred.shape[-1]) if y_pred.ndim > 1 else [...]:
        coordinate = (..., k) if y_pred.ndim > 1 else ...

        def along(offset, coordinate=coordinate):
            moved = y_pred.copy()
            moved[coordinate] += offset
            return function(moved, coordinate)

        numerical, error = derivative(along, room[coordinate])
        close = np.isinf(error) | (np.abs(analytic[coordinate] - numerical) <= error)
        numbers = {"given": analytic[coordinate], "numerical": numerical, "error": error}
        _require(law, close, **numbers, y_true=y_true, y_pred=y_pred)
        resolved = np.mean(error <= 1e-6 * (1 + np.abs(numerical)))
        _require(f"{law}, and it can be told", resolved > 0.5, resolved=resolved)


def check_gradient(loss, samples):
    """Check the gradient against differences of the value."""
    each, law = unreduced(loss), "the gradient is the derivative of the value"
    for y_true, y_pred in samples.batches():

        def value(moved, coordinate, y_true=y_true):
            return each(y_true, moved)

        gradient = each.gradient(y_true, y_pred)
        _check_derivative(law, value, gradient, y_true, y_pred, loss.y_pred_domain)


def check_hessian(loss, samples):
    """Check the second derivative against differences of the gradient."""
    each, law = unreduced(loss), "the hessian is the derivative of the gradient"
    for y_true, y_pred in samples.batches():

        def slope(moved, coordinate, y_true=y_true):
            return each.gradient(y_true, moved)[coordinate]

        hessian = each.hessian(y_true, y_pred)
        _check_derivative(law, slope, hessian, y_true, y_pred, loss.y_pred_domain)


@np.errstate(all="ignore")
def check_smoothness(loss, samples):
    """Check where derivatives jump against the traits, and the subgradients at kinks."""
    once, twice = loss.traits.differentiable, loss.traits.twice_differentiable
    _require("a twice differentiable loss is differentiable", once or not twice)
    kinks = bends = 0
    for line in samples.lines():
        low, high, below, above = line.jumps(line.slope)
        kinks += low.size
        where = {"y_true": line.label, "at": low, "below": below, "above": above}
        law = "the gradient of a differentiable loss does not jump"
        _require(law, np.full(low.shape, not once), **where)
        if low.size:
            room = np.minimum(low - line.x[0], line.x[-1] - high)
            step = np.minimum(1e-6 * (1 + np.abs(low)), 1e-4 * room)
            left = (line.value(low) - line.value(low - step)) / step
            right = (line.value(high + step) - line.value(high)) / step
            slack = 1e-3 * (1 + np.abs(left) + np.abs(right))
            least, most = np.minimum(left, right) - slack, np.maximum(left, right) + slack
            within = (least <= below) & (below <= most) & (least <= above) & (above <= most)
            law = "the gradient at a kink lies between the slopes on its sides"
            _require(law, within, **where, left=left, right=right)
        low, _, below, above = line.jumps(line.curvature)
        bends += low.size
        law = "the hessian of a twice differentiable loss does not jump"
        where = {"y_true": line.label, "at": low, "below": below, "above": above}
        _require(law, np.full(low.shape, not twice), **where)
    _require("a loss that is not differentiable has a kink", once or kinks > 0)
    law = "a loss that is not twice differentiable has a derivative that jumps"
    _require(law, twice or kinks + bends > 0)


# How samples become one number.


def check_reduction(loss, samples):
    """Check that the mean, the sum and the single losses agree, and their derivatives."""
    own_divisor = hasattr(loss, "_mass")
    for y_true, y_pred in samples.batches():
        finite = np.isfinite(unreduced(loss)(y_true, y_pred))
        inputs = y_true[finite], y_pred[finite]
        mean, total, each = (_parts(replace(loss, reduction=r), *inputs) for r in REDUCTIONS)
        _require("a mean or sum is a float", type(mean["value"]) is type(total["value"]) is float)
        _require("a loss has one value a sample", each["value"].shape == inputs[0].shape[:1])
        _agree("the sum is the sum of the samples", total["value"], each["value"].sum(), 1e-12)
        divisor = total["value"] / mean["value"] if own_divisor else len(inputs[0])
        for name, result in mean.items():
            law = f"the {name} of the mean is that of the sum, over the number of samples"
            _agree(law, result * divisor, total[name], 1e-12)
        for name in "gradient", "hessian":
            _require(f"the {name} has the predictions' shape", each[name].shape == inputs[1].shape)
            _agree(f"the {name} of the sum is that of each sample", total[name], each[name])


@np.errstate(all="ignore")
def check_weights(loss, samples):
    """Check that weights act as repetition, weight 0 as absence, and scales as they should."""
    for y_true, y_pred in samples.batches():
        weight = samples.rng.integers(0, 4, len(y_pred))
        weight[0] = 1
        for reduction, factor in ("mean", 1), ("sum", 4):
            reduced = replace(loss, reduction=reduction)
            weighted = reduced(y_true, y_pred, weight)
            repeated = reduced(np.repeat(y_true, weight, 0), np.repeat(y_pred, weight, 0))
            _agree(f"weights act as repetition in the {reduction}", weighted, repeated, 1e-12)
            scaled = reduced(y_true, y_pred, 4.0 * weight)
            law = "the sum grows with the weights and the mean does not"
            _agree(law, scaled, factor * weighted, 1e-12)
        plain = _parts(unreduced(loss), y_true, y_pred)
        weighted = _parts(unreduced(loss), y_true, y_pred, weight)
        for name, result in plain.items():
            factor = weight[:, None] if result.ndim > 1 else weight
            law = f"the {name} of each sample is multiplied by its weight"
            # In a batch, weights come before sums over its samples.
            tolerance = 1e-12 if isinstance(loss, Batched) else 1e-15
            _agree(law, weighted[name], np.where(factor == 0, 0, result * factor), tolerance)


def check_order(loss, samples):
    """Check that shuffling the samples shuffles the results and nothing else."""
    for y_true, y_pred in samples.batches():
        order = samples.rng.permutation(len(y_pred))
        straight = _parts(unreduced(loss), y_true, y_pred)
        shuffled = _parts(unreduced(loss), y_true[order], y_pred[order])
        for name, result in straight.items():
            law = f"the {name} of a sample does not depend on the others"
            _agree(law, shuffled[name], result[order], 1e-14)


def check_passes(loss, samples):
    """Check that results are bit-identical from one pass, from several, and in given arrays."""
    for y_true, y_pred in samples.batches():
        weight = samples.rng.uniform(0.5, 2, len(y_pred))
        for reduction in REDUCTIONS:
            one, inputs = replace(loss, reduction=reduction), (y_true, y_pred, weight)
            value, gradient, hessian = _parts(one, *inputs).values()
            given = np.full(y_pred.shape, np.nan), np.full(y_pred.shape, np.nan)
            filled = one.gradient_and_hessian(*inputs, out=given)
            _require("out is returned", filled[0] is given[0] and filled[1] is given[1])
            for law, got, expected in (
                ("value_and_gradient", one.value_and_gradient(*inputs), (value, gradient)),
                ("gradient_and_hessian", one.gradient_and_hessian(*inputs), (gradient, hessian)),
                ("gradient_and_hessian with out", given, (gradient, hessian)),
            ):
                for a, b in zip(got, expected, strict=True):
                    _agree(f"{law} gives bit for bit what separate calls give", a, b)


def check_inputs(loss, samples):
    """Check that inputs are not changed, and that their layout in memory does not matter."""
    each = unreduced(loss)
    for y_true, y_pred in samples.batches():
        inputs = y_true, y_pred, samples.rng.uniform(0.5, 2, len(y_pred))
        before = [values.copy() for values in inputs]
        plain = _parts(each, *inputs)
        each.value_and_gradient(*inputs)
        each.gradient_and_hessian(*inputs)
        for values, copy in zip(inputs, before, strict=True):
            _agree("inputs are left unchanged", values, copy)
        strided = [np.repeat(values, 2, axis=-1)[..., ::2] for values in inputs]
        for name, result in _parts(each, *strided).items():
            _agree(f"the {name} of a strided view is that of a plain array", result, plain[name])


def check_dtypes(loss, samples):
    """Check that single precision stays single and agrees with double, and what others become."""
    each = unreduced(loss)
    for y_true, y_pred in samples.batches():
        double, y_single = _parts(each, y_true, y_pred), y_true
        if y_true.dtype.kind == "f":
            y_single = y_true.astype(np.float32)
        for name, result in _parts(each, y_single, y_pred.astype(np.float32)).items():
            _require(f"the {name} of float32 is float32", result.dtype == np.float32)
            with np.errstate(over="ignore"):
                expected = double[name].astype(np.float32).astype(np.float64)
            law = f"the {name} in float32 agrees with that in float64"
            _agree(law, result.astype(np.float64), expected, 1e-5)
        listed = each.gradient(y_true.tolist(), y_pred.tolist())
        _agree("lists are computed in float64", listed, double["gradient"])
        if samples.any_predictions:
            half = each.gradient(y_single, y_pred.astype(np.float16))
            _require("float16 is computed in float32", half.dtype == np.float32)
            whole = np.round(y_pred)
            integer = each.gradient(y_true, whole.astype(np.int64))
            _agree("integers are computed in float64", integer, each.gradient(y_true, whole))


# What is refused, and what is not.


def _refusal(call, *inputs):
    """Return what is said of inputs that are refused, or nothing."""
    try:
        call(*inputs)
    except ValueError as error:
        return str(error)
    return ""


def check_domains(loss, samples):
    """Check that targets, predictions and weights outside their domains are refused."""
    calls = loss, loss.gradient, loss.hessian, loss.value_and_gradient, loss.gradient_and_hessian
    for (y_true, y_pred), domain in zip(samples.batches(8), samples.label_domains, strict=True):
        cases = [("sample_weight", np.ones(8), [-1, np.nan, np.inf])]
        if getattr(loss, "has_targets", True):
            cases.append(("y_true", y_true, non_members(domain, samples.n_classes)))
        if loss.y_pred_domain is not None:
            strangers = non_members(loss.y_pred_domain, samples.n_classes)
            cases.append(("y_pred", y_pred, strangers))
        for name, values, strangers in cases:
            for stranger in strangers:
                bad = values.copy()
                bad[3] = stranger
                inputs = {"y_true": y_true, "y_pred": y_pred, "sample_weight": None, name: bad}
                for call in calls:
                    said = _refusal(call, *inputs.values())
                    named = said.startswith(name) and "index 3" in said
                    _require(f"{name} {stranger} gives a ValueError naming it", named, said=said)
        zeros = _refusal(loss, y_true, y_pred, np.zeros(8))
        _require("weights that are all zero are refused", zeros)
        wrong = [(y_true[:0], y_pred[:0])]
        if getattr(loss, "has_targets", True):
            wrong += [(y_true[:-1], y_pred), (y_true, y_pred[:-1])]
        for a, b in wrong:
            refused = _refusal(loss, a, b)
            _require("shapes that differ, and empty ones, are refused", refused, shape=[a.shape])


def check_extremes(loss, samples):
    """Check that finite inputs never give NaN or a NumPy warning, however extreme."""
    for line in samples.lines():
        x = np.clip(line.ends, -1e18, 1e18)
        if samples.any_predictions:
            x = np.array([-1e18, -1e3, -1e-30, 0, 1e-30, 1e3, 1e18])
        for dtype, points in (np.float32, x), (np.float64, np.union1d(x, line.ends)):
            y_true, y_pred = line.inputs(points)
            y_true = y_true if y_true.dtype.kind == "i" else y_true.astype(dtype)
            with warnings.catch_warnings(), np.errstate(all="raise"):
                warnings.simplefilter("error")
                try:
                    parts = _parts(line.loss, y_true, y_pred.astype(dtype))
                except (FloatingPointError, RuntimeWarning) as error:
                    raise AssertionError(f"extremes give no warning; here {error}") from None
            for name, result in parts.items():
                law = f"the {name} of finite {np.dtype(dtype)} inputs is a number"
                _require(law, ~np.isnan(result), y_true=y_true, y_pred=y_pred)


# Traits.


def check_convexity(loss, samples):
    """Check the trait convex: along every line, slopes do not fall."""
    convex, falls = loss.traits.convex, False
    for line in samples.lines():
        value = line.value(line.x)
        finite = np.isfinite(value)
        x, value = line.x[finite], value[finite]
        width, size = np.diff(x), 1 + np.maximum(np.abs(value[1:]), np.abs(value[:-1]))
        slope, rounding = np.diff(value) / width, 16 * EPSILON * size / width
        fall = np.diff(slope) < -(rounding[1:] + rounding[:-1])
        falls |= fall.any()
        numbers = {"y_true": line.label, "x": x[1:-1], "before": slope[:-1], "after": slope[1:]}
        _require("a convex loss's slope does not fall", ~(convex & fall), **numbers)
    _require("a loss that is not convex has a falling slope", falls or convex)
    for y_true, y_pred in samples.batches():
        hessian = loss.hessian(y_true, y_pred)
        law = "a convex loss's hessian is not negative"
        _require(law, (hessian >= 0) | (not convex), y_true=y_true, y_pred=y_pred, hessian=hessian)


def _steep_labels(domain):
    """Return labels that slopes may grow with beyond all bounds."""
    if isinstance(domain, NonZero):
        return [1 / FAR]
    return [FAR] if isinstance(domain, Interval) and np.isinf(domain.high) else []


@np.errstate(all="ignore")
def check_lipschitz(loss, samples):
    """Check the trait lipschitz: it bounds the gradient, and no much smaller number does."""
    bound, steepest = loss.traits.lipschitz, {"inside": 0.0, "at_the_ends": 0.0}
    if callable(bound):
        bound = bound(samples.width)
    for line in samples.lines():
        places = [("inside", line, line.x), ("at_the_ends", line, line.ends)]
        for label in _steep_labels(loss.y_true_domain):
            places.append(("at_the_ends", replace(line, label=label), line.ends))
        if isinstance(loss.y_pred_domain, Directions):
            places.append(("at_the_ends", replace(line, start=line.start / FAR), line.x / FAR))
        if isinstance(loss, RowLoss) and isinstance(loss.y_pred_domain, Interval):
            ends = np.append(line.ends, between(*line.ends)[[0, -1]])
            for others in np.zeros(line.start.shape), line.label * (line.direction == 0):
                places.append(("at_the_ends", replace(line, start=others), ends))
        if isinstance(loss.y_true_domain, Boxes):
            tiny = replace(line, label=line.label / 1e9, start=line.start / 1e9)
            places.append(("at_the_ends", tiny, line.x / 1e9))
        for where, along, x in places:
            gradient = along.gradient(x)
            norm = np.linalg.norm(gradient.reshape(x.size, -1), axis=1)
            law = f"the slope is at most the lipschitz constant {bound:g}"
            _require(law, norm <= bound * (1 + 1e-6), slope=norm, y_true=along.label, x=x)
            steepest[where] = max(steepest[where], norm.max())
    if samples.width is not None and loss.y_pred_domain is None:
        for y_true, y_pred in samples.batches(2000):
            for where, at in ("inside", y_pred), ("at_the_ends", np.copysign(FAR, y_pred)):
                norm = np.linalg.norm(unreduced(loss).gradient(y_true, at), axis=1)
                law = f"the slope is at most the lipschitz constant {bound:g}"
                _require(law, norm <= bound * (1 + 1e-6), slope=norm, y_true=y_true, y_pred=at)
                steepest[where] = max(steepest[where], norm.max())
    if np.isinf(bound):
        law = "a loss without a lipschitz constant grows steeper to the end"
        steeper = steepest["at_the_ends"] > 1.5 * steepest["inside"]
        _require(law, steeper or np.isinf(steepest["inside"]), **steepest)
    else:
        law = f"the lipschitz constant {bound:g} is nearly attained"
        _require(law, max(steepest.values()) >= 0.9 * bound, **steepest)


def check_bounds(loss, samples):
    """Check the trait bounded: towards the ends of the predictions the loss stays as it is."""
    inside = at_the_ends = -np.inf
    for line in samples.lines():
        value = line.value(line.x)
        inside = max(inside, value[np.isfinite(value)].max())
        at_the_ends = max(at_the_ends, line.value(line.ends).max())
    grows, bounded = at_the_ends > inside + 0.01 * abs(inside), loss.traits.bounded
    law = f"a loss with bounded={bounded} {'stops' if bounded else 'goes on'} growing"
    _require(law, grows != bounded, inside=inside, at_the_ends=at_the_ends)


def check_symmetry(loss, samples):
    """Check the trait symmetric: residuals +r and -r cost the same, of a loss of residuals."""
    symmetric = loss.traits.symmetric
    if not (isinstance(loss, PointwiseLoss) and isinstance(loss.y_true_domain, Finite)):
        _require("a loss without a residual is not symmetric", not symmetric)
        return
    y_true, residual = samples.labels(loss.y_true_domain, 200), samples.predictions(200)
    above, below = (unreduced(loss)(y_true, y_true + r) for r in (residual, -residual))
    if symmetric:
        _agree("residuals +r and -r cost a symmetric loss the same", above, below, 1e-9)
    else:
        differ = not _near(above, below, 1e-9).all()
        _require("residuals +r and -r cost a loss that is not symmetric differently", differ)


def _log_odds(p):
    return np.log(p) - np.log1p(-p)


_LINKS = {
    "identity": lambda mean: mean,
    "log": lambda mean: np.log(np.maximum(mean, 0)),
    "logit": _log_odds,
    "half_logit": lambda p: _log_odds(p) / 2,
    "multinomial_logit": np.log,
    "cumulative_logit": lambda p: _log_odds(np.cumsum(p[..., :0:-1], axis=-1)[..., ::-1]),
}
"""The prediction that says what the probabilities are, of one outcome or of each."""


def _outcomes(loss, samples):
    """Return the pure labels of a classification loss, or None of another."""
    domain = loss.y_true_domain
    if samples.of_classes:
        return corner_members(samples.label_domains[0], samples.n_classes)
    if samples.width is not None:
        return None
    if isinstance(domain, TwoValues):
        return np.array([domain.first, domain.second])
    if isinstance(domain, Interval) and np.isfinite([domain.low, domain.high]).all():
        return np.array([domain.low, domain.high])
    return None


@np.errstate(divide="ignore")
def _prediction(loss, outcomes, probabilities):
    """Return the prediction that says what the probabilities of the outcomes are."""
    link = _LINKS[loss.link]
    if isinstance(loss, ClassLoss):
        return link(probabilities)
    if loss.link == "identity":
        return link(probabilities @ outcomes)
    return link(probabilities[..., 1])


def _expected(loss, outcomes, probability, prediction):
    """Return the expected loss of each prediction when outcomes have the given probabilities."""
    shape = prediction.shape[:1]
    with np.errstate(invalid="ignore"):
        terms = [
            p * unreduced(loss)(np.full(shape, outcome), prediction)
            for outcome, p in zip(outcomes, probability, strict=True)
            if p > 0
        ]
    return np.sum(terms, axis=0)


def _forecasts(samples, truth, n=400):
    """Return probability vectors from very near to far from the truth."""
    others = samples.rng.dirichlet(np.full(truth.size, 0.5), n) + 1e-12
    others /= others.sum(axis=1, keepdims=True)
    shares = 10 ** samples.rng.uniform(-9 if truth.max() == 1 else -2, 0, (n, 1))
    return (1 - shares) * truth + shares * others


def _truths(samples, outcomes, n=20):
    return samples.rng.dirichlet(np.ones(outcomes.size), n)


def _races(n_outcomes):
    """Return probabilities of which one leads without a majority, where there are three or more."""
    others = n_outcomes - 2
    return [np.array([0.47, 0.35, *np.full(others, 0.18 / others)])] if others > 0 else []


def check_propriety(loss, samples):
    """Check the trait proper: only the true probabilities have the least expected loss."""
    outcomes = _outcomes(loss, samples)
    if outcomes is None:
        return
    _require(f"the link is one of {', '.join(_LINKS)}", loss.link in _LINKS, link=loss.link)
    proper, beaten = loss.traits.proper, False
    truths = [*_truths(samples, outcomes)]
    if loss.y_pred_domain is not None:
        truths.append(np.eye(outcomes.size)[0])
    for truth in truths:
        forecasts = _forecasts(samples, truth)
        best = _expected(loss, outcomes, truth, _prediction(loss, outcomes, truth[None]))[0]
        others = _expected(loss, outcomes, truth, _prediction(loss, outcomes, forecasts))
        better = others <= best
        beaten |= better.any()
        numbers = {"truth": [truth] * len(others), "its_loss": best}
        numbers |= {"forecast": forecasts, "loss_of_forecast": others}
        law = "no other forecast costs less than the truth, by a proper loss"
        _require(law, ~(proper & better), **numbers)
    law = "some other forecast costs no more than the truth, by a loss that is not proper"
    _require(law, beaten or proper)


def _decision(loss, predictions):
    """Return the class that each prediction speaks for."""
    if loss.link == "cumulative_logit":
        return (predictions > 0).sum(axis=1)
    return predictions.argmax(axis=1)


def _towards_the_best(samples, outcomes, truth, predictions, n_rounds=30):
    """Return predictions, and more about the one with the least expected loss, time and again."""
    found = [predictions]
    for _ in range(n_rounds):
        cost = _expected(samples.loss, outcomes, truth, found[-1])
        best = found[-1][np.argmin(cost)]
        steps = samples.rng.normal(size=(40, samples.width))
        steps *= 10 ** samples.rng.uniform(-5, 0, (40, 1))
        found.append(np.vstack([best, best + steps]))
    return np.vstack(found)


def check_calibration(loss, samples):
    """Check the trait classification_calibrated: the best prediction is the likely class."""
    outcomes = _outcomes(loss, samples)
    if outcomes is None:
        return
    calibrated, misled = loss.traits.classification_calibrated, False
    for truth in [*_truths(samples, outcomes, 60), *_races(outcomes.size)]:
        runner_up, top = np.sort(truth)[-2:]
        if samples.of_classes and top - runner_up < 0.1:
            continue
        forecasts = np.vstack([_forecasts(samples, truth), _truths(samples, outcomes, 400)])
        predictions = _prediction(loss, outcomes, forecasts)
        if samples.of_classes:
            if loss.y_pred_domain is None:
                predictions = np.vstack([predictions, samples.predictions(400)])
                predictions = _towards_the_best(samples, outcomes, truth, predictions)
                predictions = np.vstack([predictions, np.zeros(samples.width)])
            right = _decision(loss, predictions) == truth.argmax()
        else:
            middle = _prediction(loss, outcomes, np.array([0.5, 0.5]))
            predictions = np.hstack([predictions, next(samples.lines()).x, middle])
            right = (predictions - middle) * (truth[1] - truth[0]) > 0
        cost = _expected(loss, outcomes, truth, predictions)
        costs = {"right": cost[right].min(), "wrong": cost[~right].min()}
        fails = costs["right"] >= costs["wrong"]
        misled |= costs["wrong"] - costs["right"] <= (1e-3 if samples.of_classes else 0)
        law = "a calibrated loss costs least where the most probable class is predicted"
        _require(law, not (calibrated and fails), truth=[truth], **costs)
    law = "a loss that is not calibrated costs least, for some truth, where another class is"
    _require(law, misled or calibrated)


def check_optimal_constant(loss, samples):
    """Check that no other constant prediction costs less than the optimal one."""
    mean = replace(loss, reduction="mean")
    for domain in samples.label_domains:
        y_true = samples.labels(domain, 41)
        for weight in None, samples.rng.uniform(0.1, 2, 41):
            try:
                best = loss.optimal_constant(y_true, weight)
            except NotImplementedError:
                return
            others = _other_constants(loss, samples, best)
            cost, *costs = (
                mean(y_true, np.broadcast_to(constant, (41, *np.shape(best))), weight)
                for constant in (best, *others)
            )
            least = cost <= np.array(costs) + 1e-12 * (1 + abs(cost))
            law = f"no constant costs less than the optimal constant {best}, which costs {cost}"
            _require(law, least, other=others, its_loss=costs)
            if loss.traits.elicits == "mean":
                with np.errstate(divide="ignore"):
                    average = _LINKS[loss.link](np.average(y_true, weights=weight))
                _agree("what elicits the mean is optimal there", best, average, 1e-9)


def _other_constants(loss, samples, best):
    if isinstance(loss.y_pred_domain, Distributions):
        return (best + _forecasts(samples, best)) / 2
    if isinstance(loss.y_pred_domain, LogDistributions):
        return np.log(_forecasts(samples, np.exp(best)))
    if samples.width is not None:
        steps = samples.rng.normal(size=(400, samples.width))
        return best + steps * 10 ** samples.rng.uniform(-4, 1, (400, 1))
    x = next(samples.lines()).x
    if isinstance(loss.y_pred_domain, Interval):
        near = best + REAL_LINE
        return np.concatenate([x, near[loss.y_pred_domain.contains(near)]])
    return np.concatenate([x, best + REAL_LINE])


def check_representation(loss, samples):
    """Check equality, hash, immutability, and that text and pickles give the same loss back."""
    kind, twin = type(loss), replace(loss)
    same = twin == loss and hash(twin) == hash(loss)
    _require("losses with the same parameters are equal and hash alike", same)
    other = replace(loss, reduction="none" if loss.reduction == "sum" else "sum")
    different = other != loss and repr(other) != repr(loss)
    _require("losses with different parameters differ", different)
    for one in loss, other:
        again = eval(repr(one), {**vars(lossbook), kind.__name__: kind, "inf": np.inf})
        _require("a loss prints as it is constructed", again == one, printed=repr(one))
    if getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is kind:
        _require("a pickled loss comes back equal", pickle.loads(pickle.dumps(loss)) == loss)
    for declared in fields(loss):
        try:
            setattr(loss, declared.name, getattr(loss, declared.name))
        except FrozenInstanceError:
            continue
        raise AssertionError(f"a loss cannot be changed; here {declared.name} was set")
    refused = _refusal(lambda: replace(loss, reduction="median"))
    _require("an unknown reduction is refused", refused)


CHECKS = (
    check_gradient,
    check_hessian,
    check_smoothness,
    check_reduction,
    check_weights,
    check_order,
    check_passes,
    check_inputs,
    check_dtypes,
    check_domains,
    check_extremes,
    check_convexity,
    check_lipschitz,
    check_bounds,
    check_symmetry,
    check_propriety,
    check_calibration,
    check_optimal_constant,
    check_representation,
)
