"""The laws of the contract, each with a function that checks it on samples."""

import pickle
import sys
import warnings
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import numpy as np

import lossbook

from ..core.loss import REDUCTIONS
from .derivatives import derivative, room_inside
from .laws import agree, near, parts, require, require_reason
from .samples import non_members, unreduced
from .traits import (
    check_bounds,
    check_calibration,
    check_convexity,
    check_lipschitz,
    check_optimal_constant,
    check_propriety,
    check_symmetry,
)
from .views import Batched

# Derivatives.


def _check_derivative(law, function, analytic, y_true, y_pred, domain):
    room, size = room_inside(domain, y_pred), np.abs(y_pred)
    if y_true.shape == y_pred.shape:
        size = size + np.abs(y_true)
    for k in range(y_pred.shape[-1]) if y_pred.ndim > 1 else [...]:
        coordinate = (..., k) if y_pred.ndim > 1 else ...

        def along(offset, coordinate=coordinate):
            moved = y_pred.copy()
            moved[coordinate] += offset
            return function(moved, coordinate)

        numerical, error = derivative(along, room[coordinate], size[coordinate])
        close = np.isinf(error) | (np.abs(analytic[coordinate] - numerical) <= error)
        numbers = {"given": analytic[coordinate], "numerical": numerical, "error": error}
        require(law, close, **numbers, y_true=y_true, y_pred=y_pred)
        resolved = np.mean(error <= 1e-6 * (1 + np.abs(numerical)))
        require(f"{law}, and it can be told", resolved > 0.5, resolved=resolved)


def check_gradient(loss: Any, samples: Any) -> None:
    """Check the gradient against differences of the value."""
    each, law = unreduced(loss), "the gradient is the derivative of the value"
    for y_true, y_pred in samples.batches():

        def value(moved, coordinate, y_true=y_true):
            return each(y_true, moved)

        gradient = each.gradient(y_true, y_pred)
        _check_derivative(law, value, gradient, y_true, y_pred, loss.y_pred_domain)


def check_hessian(loss: Any, samples: Any) -> None:
    """Check the second derivative against differences of the gradient."""
    each, law = unreduced(loss), "the hessian is the derivative of the gradient"
    for y_true, y_pred in samples.batches():

        def slope(moved, coordinate, y_true=y_true):
            return each.gradient(y_true, moved)[coordinate]

        hessian = each.hessian(y_true, y_pred)
        _check_derivative(law, slope, hessian, y_true, y_pred, loss.y_pred_domain)


@np.errstate(all="ignore")
def check_smoothness(loss: Any, samples: Any) -> None:
    """Check that derivatives jump only if the traits allow it, and check subgradients at kinks."""
    once, twice = loss.traits.differentiable, loss.traits.twice_differentiable
    require("a twice differentiable loss is differentiable", once or not twice)
    kinks = bends = 0
    for line in samples.lines():
        low, high, below, above = line.jumps(line.slope)
        kinks += low.size
        where = {"y_true": line.label, "at": low, "below": below, "above": above}
        law = "the gradient of a differentiable loss does not jump"
        require(law, np.full(low.shape, not once), **where)
        if low.size:
            room = np.minimum(low - line.x[0], line.x[-1] - high)
            step = np.minimum(1e-6 * (1 + np.abs(low)), 1e-4 * room)
            left = (line.value(low) - line.value(low - step)) / step
            right = (line.value(high + step) - line.value(high)) / step
            slack = 1e-3 * (1 + np.abs(left) + np.abs(right))
            least, most = np.minimum(left, right) - slack, np.maximum(left, right) + slack
            within = (least <= below) & (below <= most) & (least <= above) & (above <= most)
            law = "the gradient at a kink lies between the slopes on its sides"
            require(law, within, **where, left=left, right=right)
        low, _, below, above = line.jumps(line.curvature)
        bends += low.size
        law = "the hessian of a twice differentiable loss does not jump"
        where = {"y_true": line.label, "at": low, "below": below, "above": above}
        require(law, np.full(low.shape, not twice), **where)
    require_reason("differentiable", once or kinks > 0, "the gradient does not jump in any sample")
    missing = "neither the gradient nor the hessian jumps in any sample"
    require_reason("twice_differentiable", twice or kinks + bends > 0, missing)


@np.errstate(all="ignore")
def check_majorizer(loss: Any, samples: Any) -> None:
    """Check that a parabola with the curvature "majorizer" lies nowhere below the loss."""
    if "majorizer" not in loss.curvatures:
        return
    law = "a parabola that touches the loss and has its majorizer lies nowhere below the loss"
    for line in samples.lines():
        at = line.x[:: max(1, line.x.size // _TOUCHED), None]
        value, slope = line.value(at[:, 0]), line.slope(at[:, 0])
        bend = line.curvature(at[:, 0], "majorizer")
        gap = line.x - at
        terms = [value[:, None], slope[:, None] * gap, bend[:, None] / 2 * gap**2]
        above, rounding = sum(terms) - line.value(line.x), 1e-12 * (1 + sum(map(np.abs, terms)))
        holds = (above >= -rounding) | ~np.isfinite(above)
        touching, other = np.broadcast_arrays(at, line.x)
        numbers = {"touching_at": touching, "other": other, "below_by": -above}
        require(law, holds, y_true=line.label, **numbers)


_TOUCHED = 50
"""About how many points of a line are touched by a parabola."""


# How samples become one number.


def check_reduction(loss: Any, samples: Any) -> None:
    """Check that the mean, the sum and the losses per sample agree, and so do their derivatives."""
    own_divisor = hasattr(loss, "_mass")
    for y_true, y_pred in samples.batches():
        finite = np.isfinite(unreduced(loss)(y_true, y_pred))
        inputs = y_true[finite], y_pred[finite]
        mean, total, each = (parts(replace(loss, reduction=r), *inputs) for r in REDUCTIONS)
        require("a mean or sum is a float", type(mean["value"]) is type(total["value"]) is float)
        require("a loss has one value a sample", each["value"].shape == inputs[0].shape[:1])
        agree("the sum is the sum of the samples", total["value"], each["value"].sum(), 1e-12)
        divisor = total["value"] / mean["value"] if own_divisor else len(inputs[0])
        for name, result in mean.items():
            law = f"the {name} of the mean is that of the sum, over the number of samples"
            agree(law, result * divisor, total[name], 1e-12)
        for name in "gradient", "hessian":
            require(f"the {name} has the predictions' shape", each[name].shape == inputs[1].shape)
            agree(f"the {name} of the sum is that of each sample", total[name], each[name])


@np.errstate(all="ignore")
def check_weights(loss: Any, samples: Any) -> None:
    """Check that weights act as repetition, weight 0 as absence, and scaled weights as expected."""
    for y_true, y_pred in samples.batches():
        weight = samples.rng.integers(0, 4, len(y_pred))
        weight[0] = 1
        for reduction, factor in ("mean", 1), ("sum", 4):
            reduced = replace(loss, reduction=reduction)
            weighted = reduced(y_true, y_pred, weight)
            repeated = reduced(np.repeat(y_true, weight, 0), np.repeat(y_pred, weight, 0))
            agree(f"weights act as repetition in the {reduction}", weighted, repeated, 1e-12)
            scaled = reduced(y_true, y_pred, 4.0 * weight)
            law = "the sum grows with the weights and the mean does not"
            agree(law, scaled, factor * weighted, 1e-12)
        plain = parts(unreduced(loss), y_true, y_pred)
        weighted = parts(unreduced(loss), y_true, y_pred, weight)
        for name, result in plain.items():
            factor = weight[:, None] if result.ndim > 1 else weight
            law = f"the {name} of each sample is multiplied by its weight"
            # In a batch, weights come before sums over its samples.
            tolerance = 1e-12 if isinstance(loss, Batched) else 1e-15
            agree(law, weighted[name], np.where(factor == 0, 0, result * factor), tolerance)


def check_order(loss: Any, samples: Any) -> None:
    """Check that shuffling the samples only shuffles the results."""
    for y_true, y_pred in samples.batches():
        order = samples.rng.permutation(len(y_pred))
        straight = parts(unreduced(loss), y_true, y_pred)
        shuffled = parts(unreduced(loss), y_true[order], y_pred[order])
        for name, result in straight.items():
            law = f"the {name} of a sample does not depend on the others"
            agree(law, shuffled[name], result[order], 1e-14)


def check_passes(loss: Any, samples: Any) -> None:
    """Check that one pass, several passes and given arrays lead to bit-identical results."""
    for y_true, y_pred in samples.batches():
        weight = samples.rng.uniform(0.5, 2, len(y_pred))
        for reduction in REDUCTIONS:
            one, inputs = replace(loss, reduction=reduction), (y_true, y_pred, weight)
            value, gradient, hessian = parts(one, *inputs).values()
            given = np.full(y_pred.shape, np.nan), np.full(y_pred.shape, np.nan)
            filled = one.gradient_and_hessian(*inputs, out=given)
            require("out is returned", filled[0] is given[0] and filled[1] is given[1])
            for law, got, expected in (
                ("value_and_gradient", one.value_and_gradient(*inputs), (value, gradient)),
                ("gradient_and_hessian", one.gradient_and_hessian(*inputs), (gradient, hessian)),
                ("gradient_and_hessian with out", given, (gradient, hessian)),
            ):
                for a, b in zip(got, expected, strict=True):
                    agree(f"{law} gives bit for bit what separate calls give", a, b)


def check_inputs(loss: Any, samples: Any) -> None:
    """Check that inputs are not changed, and that their layout in memory does not matter."""
    each = unreduced(loss)
    for y_true, y_pred in samples.batches():
        inputs = y_true, y_pred, samples.rng.uniform(0.5, 2, len(y_pred))
        before = [values.copy() for values in inputs]
        plain = parts(each, *inputs)
        each.value_and_gradient(*inputs)
        each.gradient_and_hessian(*inputs)
        for values, copy in zip(inputs, before, strict=True):
            agree("inputs are left unchanged", values, copy)
        strided = [np.repeat(values, 2, axis=-1)[..., ::2] for values in inputs]
        for name, result in parts(each, *strided).items():
            agree(f"the {name} of a strided view is that of a plain array", result, plain[name])


def _moved_by_rounding(loss, y_true, y_pred, offset, there):
    """Return by how much value and derivatives move with the predictions, rounded either way."""
    if loss.y_pred_domain is not None:
        return dict.fromkeys(there, 0.0)
    sides = [parts(loss, y_true, y_pred + side * offset) for side in (-1, 1)]
    with np.errstate(invalid="ignore", over="ignore"):
        return {
            name: np.fmax(*(np.abs(side[name] - result) for side in sides))
            for name, result in there.items()
        }


def check_dtypes(loss: Any, samples: Any) -> None:
    """Check that single precision is kept and agrees with double, and how other dtypes convert."""
    each = unreduced(loss)
    for y_true, y_pred in samples.batches():
        double, y_single, size = parts(each, y_true, y_pred), y_true, np.abs(y_pred)
        if y_true.dtype.kind == "f":
            y_single = y_true.astype(np.float32)
        if y_true.shape == y_pred.shape:
            size = size + np.abs(y_true)
        moved = _moved_by_rounding(each, y_true, y_pred, np.finfo(np.float32).eps * size, double)
        for name, result in parts(each, y_single, y_pred.astype(np.float32)).items():
            require(f"the {name} of float32 is float32", result.dtype == np.float32)
            with np.errstate(over="ignore"):
                expected = double[name].astype(np.float32).astype(np.float64)
            law = f"the {name} in float32 agrees with that in float64"
            result = result.astype(np.float64)
            with np.errstate(invalid="ignore"):
                as_moved = np.abs(result - expected) <= 2 * moved[name]
            close = near(result, expected, 1e-5) | as_moved
            require(law, close, got=result, expected=expected)
        listed = each.gradient(y_true.tolist(), y_pred.tolist())
        agree("lists are computed in float64", listed, double["gradient"])
        if samples.any_predictions:
            half = each.gradient(y_single, y_pred.astype(np.float16))
            require("float16 is computed in float32", half.dtype == np.float32)
            whole = np.round(y_pred)
            integer = each.gradient(y_true, whole.astype(np.int64))
            agree("integers are computed in float64", integer, each.gradient(y_true, whole))


# What is refused, and what is not.


def _refusal(call, *inputs):
    """Return what is said of inputs that are refused, or nothing."""
    try:
        call(*inputs)
    except ValueError as error:
        return str(error)
    return ""


def check_domains(loss: Any, samples: Any) -> None:
    """Check that targets, predictions and weights outside their domains raise errors."""
    calls = loss, loss.gradient, loss.hessian, loss.value_and_gradient, loss.gradient_and_hessian
    for (y_true, y_pred), domain in zip(samples.batches(8), samples.label_domains, strict=True):
        cases = [("sample_weight", np.ones(8), [-1, np.nan, np.inf])]
        if getattr(loss, "has_targets", True):
            cases.append(("y_true", y_true, non_members(domain, samples.n_classes)))
        if loss.y_pred_domain is not None:
            strangers = non_members(loss.y_pred_domain, samples.n_classes)
            cases.append(("y_pred", y_pred, strangers))
        for name, values, strangers in cases:
            mark = getattr(loss, "_mark", None) if name == "y_true" else None
            for stranger in strangers:
                if mark is not None and np.equal(stranger, mark).all():
                    continue
                bad = values.copy()
                bad[3] = stranger
                inputs = {"y_true": y_true, "y_pred": y_pred, "sample_weight": None, name: bad}
                for call in calls:
                    said = _refusal(call, *inputs.values())
                    named = said.startswith(name) and "index 3" in said
                    require(f"{name} {stranger} gives a ValueError naming it", named, said=said)
        zeros = _refusal(loss, y_true, y_pred, np.zeros(8))
        require("weights that are all zero are refused", zeros)
        wrong = [(y_true[:0], y_pred[:0])]
        if getattr(loss, "has_targets", True):
            wrong += [(y_true[:-1], y_pred), (y_true, y_pred[:-1])]
        for a, b in wrong:
            refused = _refusal(loss, a, b)
            require("shapes that differ, and empty ones, are refused", refused, shape=[a.shape])


def check_extremes(loss: Any, samples: Any) -> None:
    """Check that even extreme finite inputs never lead to NaN or to a NumPy warning."""
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
                    results = parts(line.loss, y_true, y_pred.astype(dtype))
                except (FloatingPointError, RuntimeWarning) as error:
                    raise AssertionError(f"extremes give no warning; here {error}") from None
            for name, result in results.items():
                law = f"the {name} of finite {np.dtype(dtype)} inputs is a number"
                require(law, ~np.isnan(result), y_true=y_true, y_pred=y_pred)


def check_representation(loss: Any, samples: Any) -> None:
    """Check equality, hash and immutability, and that text and pickles restore the same loss."""
    kind, twin = type(loss), replace(loss)
    same = twin == loss and hash(twin) == hash(loss)
    require("losses with the same parameters are equal and hash alike", same)
    other = replace(loss, reduction="none" if loss.reduction == "sum" else "sum")
    different = other != loss and repr(other) != repr(loss)
    require("losses with different parameters differ", different)
    for one in loss, other:
        again = eval(repr(one), {**vars(lossbook), kind.__name__: kind, "inf": np.inf})
        require("a loss prints as it is constructed", again == one, printed=repr(one))
    if getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is kind:
        require("a pickled loss comes back equal", pickle.loads(pickle.dumps(loss)) == loss)
    for declared in fields(loss):
        try:
            setattr(loss, declared.name, getattr(loss, declared.name))
        except FrozenInstanceError:
            continue
        raise AssertionError(f"a loss cannot be changed; here {declared.name} was set")
    refused = _refusal(lambda: replace(loss, reduction="median"))
    require("an unknown reduction is refused", refused)


CHECKS = (
    check_gradient,
    check_hessian,
    check_smoothness,
    check_majorizer,
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
