"""Checks of the traits and of the optimal constant that a loss declares."""

from dataclasses import replace
from typing import Any

import numpy as np

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
from ..core.elementwise import sigmoid
from ..core.loss import ClassLoss, PointwiseLoss, RowLoss
from .derivatives import EPSILON
from .laws import agree, near, require, require_reason
from .samples import FAR, REAL_LINE, between, corner_members, unreduced


def check_convexity(loss: Any, samples: Any) -> None:
    """Check the trait convex, which means that slopes do not decrease along any line."""
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
        require("a convex loss's slope does not fall", ~(convex & fall), **numbers)
    require_reason("convex", falls or convex, "the slope does not fall in any sample")
    for y_true, y_pred in samples.batches():
        hessian = loss.hessian(y_true, y_pred)
        law = "a convex loss's hessian is not negative"
        require(law, (hessian >= 0) | (not convex), y_true=y_true, y_pred=y_pred, hessian=hessian)


def _steep_labels(domain):
    """Return labels that slopes may grow with beyond all bounds."""
    if isinstance(domain, NonZero):
        return [1 / FAR]
    return [FAR] if isinstance(domain, Interval) and np.isinf(domain.high) else []


@np.errstate(all="ignore")
def check_lipschitz(loss: Any, samples: Any) -> None:
    """Check that the trait lipschitz bounds the gradient and that no much smaller number does."""
    bound, steepest = loss.traits.lipschitz, {"inside": 0.0, "at_the_ends": 0.0}
    if callable(bound):
        bound = bound(samples.width)
    for line in samples.lines():
        places = [("inside", line, line.x), ("at_the_ends", line, line.ends)]
        for label in _steep_labels(loss.y_true_domain):
            steep = np.full(np.shape(line.label), label)
            places.append(("at_the_ends", replace(line, label=steep), line.ends))
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
            require(law, norm <= bound * (1 + 1e-6), slope=norm, y_true=along.label, x=x)
            steepest[where] = max(steepest[where], norm.max())
    if samples.width is not None and loss.y_pred_domain is None:
        for y_true, y_pred in samples.batches(2000):
            for where, at in ("inside", y_pred), ("at_the_ends", np.copysign(FAR, y_pred)):
                norm = np.linalg.norm(unreduced(loss).gradient(y_true, at), axis=1)
                law = f"the slope is at most the lipschitz constant {bound:g}"
                require(law, norm <= bound * (1 + 1e-6), slope=norm, y_true=y_true, y_pred=at)
                steepest[where] = max(steepest[where], norm.max())
    if np.isinf(bound):
        law = "a loss without a lipschitz constant grows steeper to the end"
        steeper = steepest["at_the_ends"] > 1.5 * steepest["inside"]
        require(law, steeper or np.isinf(steepest["inside"]), **steepest)
    else:
        law = f"the lipschitz constant {bound:g} is nearly attained"
        require(law, max(steepest.values()) >= 0.9 * bound, **steepest)


def check_bounds(loss: Any, samples: Any) -> None:
    """Check the trait bounded, for which the loss must level off towards extreme predictions."""
    inside = at_the_ends = -np.inf
    for line in samples.lines():
        value = line.value(line.x)
        inside = max(inside, value[np.isfinite(value)].max())
        at_the_ends = max(at_the_ends, line.value(line.ends).max())
    grows, bounded = at_the_ends > inside + 0.01 * abs(inside), loss.traits.bounded
    law = f"a loss with bounded={bounded} {'stops' if bounded else 'goes on'} growing"
    require(law, grows != bounded, inside=inside, at_the_ends=at_the_ends)


def check_symmetry(loss: Any, samples: Any) -> None:
    """Check the trait symmetric, which means that residuals +r and -r have the same loss."""
    symmetric = loss.traits.symmetric
    if not (isinstance(loss, PointwiseLoss) and isinstance(loss.y_true_domain, Finite)):
        require("a loss without a residual is not symmetric", not symmetric)
        return
    y_true, residual = samples.labels(loss.y_true_domain, 200), samples.predictions(200)
    above, below = (unreduced(loss)(y_true, y_true + r) for r in (residual, -residual))
    if symmetric:
        agree("a symmetric loss is the same for the residuals +r and -r", above, below, 1e-9)
    else:
        differ = not near(above, below, 1e-9).all()
        require_reason("symmetric", differ, "the loss is the same for +r and -r in every sample")


def _log_odds(p):
    return np.log(p) - np.log1p(-p)


def _above(p):
    """Return the probability of a label above each threshold."""
    return np.cumsum(p[..., :0:-1], axis=-1)[..., ::-1]


_LINKS: dict[str, Any] = {
    "identity": lambda mean: mean,
    "log": lambda mean: np.log(np.maximum(mean, 0)),
    "logit": _log_odds,
    "half_logit": lambda p: _log_odds(p) / 2,
    "multinomial_logit": np.log,
    "cumulative_logit": lambda p: _log_odds(_above(p)),
    "continuation_ratio_logit": lambda p: np.log(_above(p)) - np.log(p[..., :-1]),
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


def check_propriety(loss: Any, samples: Any) -> None:
    """Check the trait proper: only the true probabilities have the smallest expected loss."""
    outcomes = _outcomes(loss, samples)
    if outcomes is None:
        return
    require(f"the link is one of {', '.join(_LINKS)}", loss.link in _LINKS, link=loss.link)
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
        require(law, ~(proper & better), **numbers)
    missing = "every other forecast in the samples has a larger loss than the truth"
    require_reason("proper", beaten or proper, missing)


def _decision(loss, predictions):
    """Return the class that each prediction speaks for."""
    if loss.link == "cumulative_logit":
        return (predictions > 0).sum(axis=1)
    if loss.link == "continuation_ratio_logit":
        return (np.cumprod(sigmoid(predictions), axis=1) > 0.5).sum(axis=1)
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


def check_calibration(loss: Any, samples: Any) -> None:
    """Check classification_calibrated: the best prediction is the most probable class."""
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
        require(law, not (calibrated and fails), truth=[truth], **costs)
    missing = "predicting the most probable class has the smallest loss in every sample"
    require_reason("classification_calibrated", misled or calibrated, missing)


def check_optimal_constant(loss: Any, samples: Any) -> None:
    """Check that no other constant prediction has a smaller loss than the optimal one."""
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
            require(law, least, other=others, its_loss=costs)
            if loss.traits.elicits == "mean":
                with np.errstate(divide="ignore"):
                    average = _LINKS[loss.link](np.average(y_true, weights=weight))
                agree("what elicits the mean is optimal there", best, average, 1e-9)


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
