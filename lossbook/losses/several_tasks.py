"""Losses that combine the losses of several tasks."""

from dataclasses import field, replace
from functools import reduce
from math import inf
from operator import add
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.arrays import as_real_array, require_shape, working_dtype
from ..core.domains import FINITE, NON_NEGATIVE, Domain, Intersection, TwoValues
from ..core.loss import Call, Loss, Out, PointwiseLoss
from ..core.optimum import middle_root
from ..core.parameters import as_floats
from ..core.results import checked_out
from ..core.traits import Traits


class Composite(Loss):
    """Base of losses that are sums of other losses, which are evaluated one after another.

    An argument that is a tuple contains one entry for each of the `losses`.  Any other argument is
    passed to all of them.  A loss with several predictions takes them as a tuple, which is then an
    entry of the outer tuple.

    Parameters
    ----------
    losses : sequence of Loss
        The losses to add.
    reduction : {"mean", "sum", "none"}, optional, keyword only
        The reduction of all losses.  By default each loss keeps its own.
    """

    losses: tuple[Loss, ...]
    reduction: str | None = field(  # type: ignore[assignment]
        default=None, kw_only=True, metadata={"usual": "mean"}
    )

    def __post_init__(self) -> None:
        losses: Any = self.losses
        if not isinstance(losses, tuple | list) or not all(isinstance(one, Loss) for one in losses):
            raise TypeError(f"losses must be a sequence of losses; got {losses!r}")
        if not losses:
            raise ValueError("losses must hold one loss or more; got none")
        if self.reduction is not None:
            super().__post_init__()
            if any(loss.reduction != self.reduction for loss in losses):
                losses = [replace(loss, reduction=self.reduction) for loss in losses]
        reductions = {loss.reduction for loss in losses}
        if "none" in reductions and len(reductions) > 1:
            raise ValueError(
                "losses must all have reduction='none', or none of them; "
                f"got {', '.join(repr(loss.reduction) for loss in losses)}"
            )
        object.__setattr__(self, "losses", tuple(losses))
        common = reductions.pop() if len(reductions) == 1 else None
        object.__setattr__(self, "reduction", common)

    @property
    def y_true_domain(self) -> Domain:  # type: ignore[override]
        """The targets that all losses accept."""
        return _common([loss.y_true_domain for loss in self.losses], FINITE)

    @property
    def y_pred_domain(self) -> Domain | None:
        """The predictions that all losses accept."""
        return _common([loss.y_pred_domain for loss in self.losses], None)

    def _all_curvatures(self):
        return dict.fromkeys(("exact", "abs"))

    def _evaluate(self, parts, inputs, sample_weight, out):
        for part in parts:
            if part not in ("value", "gradient"):
                self._part(part)
        exact = tuple("exact" if part == "abs" else part for part in parts)
        results = tuple(
            _absolute(result) if part == "abs" else result
            for part, result in zip(
                parts, self._combined(exact, inputs, sample_weight), strict=True
            )
        )
        return self._placed(results, out, parts, *inputs, sample_weight)

    def _symbols(self, s):
        """Return the value of each loss, a function, and its prediction, in symbols."""
        numbers = range(1, len(self.losses) + 1)
        predictions = [s.Symbol(f"yhat_{i}", real=True) for i in numbers]
        each = zip(numbers, predictions, strict=True)
        return [s.Function(f"ℓ_{i}")(prediction) for i, prediction in each], predictions

    def _combined(self, parts, inputs, sample_weight):
        """Return the parts of the whole, in new arrays."""
        raise NotImplementedError

    def _each(self, parts, y_true, y_pred, sample_weight):
        """Return, for each of the parts, what it is for each of the losses."""
        n_losses = len(self.losses)
        arguments = zip(
            self.losses,
            _one_each("y_true", y_true, n_losses),
            _one_each("y_pred", y_pred, n_losses),
            _one_each("sample_weight", sample_weight, n_losses),
            strict=True,
        )
        results = [
            loss._evaluate(parts, _taken_by(loss, true, pred), weight, None)
            for loss, true, pred, weight in arguments
        ]
        return list(zip(*results, strict=True))

    def _placed(self, results, out, parts, *given):
        """Return the results, written into the caller's arrays where there are such."""
        if out is None:
            return results
        arrays = [
            (part, array)
            for part, result in zip(parts, results, strict=True)
            for array in _arrays(result)
        ]
        names = {"value": "value", "gradient": "gradient"}
        places = [(names.get(part, "hessian"), array.shape, array.dtype) for part, array in arrays]
        out = checked_out(out, places, _arrays(given), self.reduction)
        for (_, array), target in zip(arrays, out, strict=True):
            target[...] = array
        remaining = iter(out)
        return tuple(_filled(result, remaining) for result in results)


def _common(domains, anything):
    """Return the domain of what is in all of the domains."""
    narrow = tuple(dict.fromkeys(domain for domain in domains if domain not in (FINITE, None)))
    if not narrow:
        return anything
    if len(narrow) == 1:
        return narrow[0]
    common = Intersection(narrow)
    for domain in narrow:
        if isinstance(domain, TwoValues) and common.holds(np.array([domain.first, domain.second])):
            return domain
    return common


def _one_each(name, given, n_losses):
    """Return what each of the losses is given."""
    if not isinstance(given, tuple):
        return (given,) * n_losses
    if len(given) != n_losses:
        raise ValueError(
            f"{name} must be an array for all losses or a tuple of {n_losses}, one for each; "
            f"got a tuple of {len(given)}"
        )
    return given


def _taken_by(loss, y_true, y_pred):
    """Return what a loss is called with: targets, if it takes them, and predictions."""
    targets = [y_true] if loss.inputs[0] == "y_true" else []
    names = loss.inputs[len(targets) :]
    if len(names) == 1:
        return [*targets, y_pred]
    if not isinstance(y_pred, tuple) or len(y_pred) != len(names):
        raise ValueError(f"y_pred for {loss!r} must be a tuple of {', '.join(names)}")
    return [*targets, *y_pred]


def _arrays(result):
    """Return the arrays of a result, which may be a number or a tuple of results."""
    if isinstance(result, tuple | list):
        return [array for one in result for array in _arrays(one)]
    return [result] if isinstance(result, np.ndarray) else []


def _filled(result, arrays):
    """Return a result with its arrays replaced by the next ones."""
    if isinstance(result, tuple):
        return tuple(_filled(one, arrays) for one in result)
    return next(arrays) if isinstance(result, np.ndarray) else result


def _absolute(result):
    """Return a result without its signs."""
    return tuple(map(_absolute, result)) if isinstance(result, tuple) else np.abs(result)


def _times(factor, result):
    """Return a result times a factor; what is multiplied by 0 is absent, even infinity."""
    if isinstance(result, tuple):
        return tuple(_times(factor, one) for one in result)
    if isinstance(result, float):
        return factor * result if factor else 0.0
    if not factor:
        return np.zeros_like(result)
    with np.errstate(all="ignore"):
        return np.multiply(result, factor, out=result)


def _total(factors, results):
    """Return the sum of results of one shape, each times its factor."""
    shapes = [np.shape(result) for result in results]
    if len(set(shapes)) > 1:
        raise ValueError(
            f"losses must have results of one shape to be added; got {', '.join(map(str, shapes))}"
        )
    with np.errstate(all="ignore"):
        total = reduce(add, map(_times, factors, results))
    return total if isinstance(results[0], float) else np.asarray(total)


class WeightedSum(Composite):
    r"""A weighted sum of losses, :math:`\sum_i w_i L_i`.

    All losses can have the same targets and predictions, or each loss can have those of its own
    task.

    Parameters
    ----------
    losses : sequence of Loss
        The losses :math:`L_i`, of any kind.
    weights : sequence of float, optional
        The weights :math:`w_i` of the losses, which must be finite, not negative and not all 0.  By
        default each weight is 1.
    reduction : {"mean", "sum", "none"}, optional, keyword only
        The reduction of all losses.  By default each loss keeps its own.  If one of the losses has
        ``"none"``, all of them must have it.

    Notes
    -----
    If `y_pred` is an array, it is the prediction of all losses.  The gradient is then
    :math:`\sum_i w_i \nabla L_i`, and the second derivative is the corresponding sum.  If `y_pred`
    is a tuple, it contains one prediction for each loss.  The gradient is then the tuple of the
    :math:`w_i \nabla L_i`, and with the reduction ``"none"`` the value is a tuple, too.  Targets
    and `sample_weight` are each either one array for all losses or a tuple with one array per loss.
    A loss with several predictions takes them as a tuple inside the tuple, and a loss without
    targets ignores the targets that it is given.  A loss with weight 0 contributes nothing, even
    where it is infinite.

    The traits are those that follow from the traits of the losses if all of them have the same
    prediction.  For example, a sum of convex losses is convex, and the sum of the bounds on the
    slopes is a bound on the slope of the sum, although not always the smallest one.
    `optimal_constant` is available if all losses are pointwise and convex.  It lies between the
    smallest and the largest of their optimal constants.  If all losses have a majorizer, the
    weighted sum of the majorizers is a majorizer of the sum.

    Examples
    --------
    Two losses of one prediction:

    >>> import lossbook as lb
    >>> loss = lb.WeightedSum((lb.SquaredError(), lb.AbsoluteError()), weights=(1.0, 0.5))
    >>> loss([1.0, 2.0], [1.0, 4.0])
    2.5
    >>> loss.gradient([1.0, 2.0], [1.0, 4.0])
    array([0.  , 2.25])

    Two tasks:

    >>> tasks = lb.WeightedSum((lb.SquaredError(), lb.SigmoidCrossEntropy()), weights=(1.0, 2.0))
    >>> tasks(([3.0], [0, 1]), ([5.0], [0.0, 0.0])) == 4 + 2 * lb.SigmoidCrossEntropy()([1], [0.0])
    True
    >>> tasks.gradient(([3.0], [0, 1]), ([5.0], [0.0, 0.0]))
    (array([4.]), array([ 0.5, -0.5]))
    """

    weights: tuple[float, ...] | None = None

    def _inputs(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[Any]:
        return Call((y_true, y_pred), sample_weight, curvature, out)

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = (1.0,) * len(self.losses) if self.weights is None else self.weights
        weights = as_real_array("weights", given)
        require_shape("weights", weights, (len(self.losses),), "one weight for each loss")
        if not NON_NEGATIVE.contains(weights).all() or not weights.any():
            raise ValueError(
                f"weights must be finite, not negative and not all zero; got {self.weights!r}"
            )
        object.__setattr__(self, "weights", as_floats(given))

    def _traits(self):
        used = [
            (loss, weight) for loss, weight in zip(self.losses, self.weights, strict=True) if weight
        ]
        each = [loss.traits for loss, _ in used]
        convex, links = all(t.convex for t in each), {loss.link for loss, _ in used}
        alike = len({t.elicits for t in each}) == 1 and (
            all(t.proper for t in each) or each[0].elicits in _WITHOUT_PARAMETERS
        )
        proper = all(t.proper for t in each) and len(links) == 1
        pointwise = all(isinstance(loss, PointwiseLoss) for loss, _ in used)
        return Traits(
            convex=convex,
            differentiable=all(t.differentiable for t in each),
            twice_differentiable=all(t.twice_differentiable for t in each),
            lipschitz=sum(weight * loss.traits.lipschitz for loss, weight in used),
            bounded=all(t.bounded for t in each),
            symmetric=all(t.symmetric for t in each),
            proper=proper,
            classification_calibrated=all(t.classification_calibrated for t in each)
            and (proper or (convex and pointwise)),
            elicits=each[0].elicits if alike else "compromise",
        )

    @property
    def link(self) -> str:  # type: ignore[override]
        """The link of the losses if all of them have the same link, and otherwise the identity."""
        links = {loss.link for loss in self.losses}
        return links.pop() if len(links) == 1 else "identity"

    def _formula(self, s):
        values, predictions = self._symbols(s)
        weights = [s.Symbol(f"w_{i + 1}", positive=True) for i in range(len(values))]
        each = list(zip(weights, values, predictions, strict=True))
        return s.Formula(
            value=s.Add(*(w * ell for w, ell, _ in each)),
            gradient=tuple(w * ell.diff(pred) for w, ell, pred in each),
            hessian=tuple(w * ell.diff(pred, 2) for w, ell, pred in each),
            y_true=None,
            y_pred=tuple(predictions),
            prediction=None,
        )

    def _combined(self, parts, inputs, sample_weight):
        y_true, y_pred = inputs
        each = self._each(parts, y_true, y_pred, sample_weight)
        return tuple(self._sum(of_part, isinstance(y_pred, tuple)) for of_part in each)

    def _sum(self, results, of_tasks):
        if of_tasks and not isinstance(results[0], float):
            return tuple(map(_times, self.weights, results))
        return _total(self.weights, results)

    def _all_curvatures(self):
        majorised = all("majorizer" in loss.curvatures for loss in self.losses)
        return super()._all_curvatures() | ({"majorizer": None} if majorised else {})

    def optimal_constant(
        self, y_true: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float | NDArray[Any]:
        """Return the constant prediction with the smallest loss, for convex pointwise losses."""
        weights = self.weights or ()
        used = [loss for loss, weight in zip(self.losses, weights, strict=True) if weight]
        if not all(isinstance(loss, PointwiseLoss) and loss.traits.convex for loss in used):
            raise NotImplementedError(
                "WeightedSum has an optimal constant only for pointwise losses that are convex"
            )
        targets = as_real_array("y_true", y_true)
        best: list[Any] = [loss.optimal_constant(targets, sample_weight) for loss in used]

        def slope(constant):
            with np.errstate(invalid="ignore"):
                y_pred = np.full(targets.shape, constant)
                return self.gradient(targets, y_pred, sample_weight).sum()

        largest = float(np.finfo(np.float64).max)
        return middle_root(slope, max(min(best), -largest), min(max(best), largest))


_WITHOUT_PARAMETERS = "mean", "median", "most probable label"
"""What is elicited by some losses and is one and the same for all of them."""


class UncertaintyWeighted(Composite):
    r"""Sum of the losses of several tasks, weighted by noise levels that are learned [1]_.

    .. math::

        \sum_i e^{-s_i} L_i + \tfrac12 s_i, \qquad s_i = \log \sigma_i^2

    Parameters
    ----------
    losses : sequence of Loss
        The losses :math:`L_i`, of any kind.  Each should be the negative log-likelihood of its task
        for a noise level of 1, which is `HalfSquaredError` for a number and a cross-entropy for a
        class.
    reduction : {"mean", "sum"}, optional, keyword only
        The reduction of all losses.  By default each loss keeps its own, which must not be
        ``"none"``.

    Notes
    -----
    The loss is called with targets, predictions and `log_variance`, the array of the :math:`s_i`.
    As for `WeightedSum`, targets and predictions are either arrays for all losses or tuples with
    one entry per loss.  The gradient is a pair.  Its first part is the gradient with respect to the
    predictions.  It consists of the :math:`e^{-s_i} \nabla L_i`, which are added if all losses have
    the same prediction and form a tuple otherwise.  Its second part is the gradient with respect to
    the log-variances, :math:`\tfrac12 - e^{-s_i} L_i`.  The second derivative is the pair of
    :math:`e^{-s_i} \nabla^2 L_i` and :math:`e^{-s_i} L_i`.  The best log-variance is
    :math:`\log 2L_i`.

    If the target is a number with Gaussian noise of variance :math:`\sigma^2`, the negative
    log-likelihood is :math:`\tfrac12 r^2/\sigma^2 + \log\sigma` up to a constant, which is the
    formula above with :math:`L = \tfrac12 r^2`.  If the target is a class, the paper [1]_ divides
    the scores by :math:`\sigma^2` and approximates the cross-entropy of the result by
    :math:`L/\sigma^2 + \log\sigma`, where :math:`L` is the cross-entropy of the original scores.
    The same formula therefore covers both cases, whereas the paper writes the factor
    :math:`1/(2\sigma^2)` before the squared error and :math:`1/\sigma^2` before the cross-entropy.
    The parameter to learn is the log-variance and not the variance, because the log-variance may
    have any sign.  If the :math:`L_i` are sums over the samples, :math:`\tfrac12 s_i` is still
    added only once.

    References
    ----------
    .. [1] A. Kendall, Y. Gal and R. Cipolla, "Multi-task learning using uncertainty to weigh losses
       for scene geometry and semantics", *Proceedings of the IEEE/CVF Conference on Computer Vision
       and Pattern Recognition*, 2018.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.UncertaintyWeighted((lb.HalfSquaredError(), lb.SigmoidCrossEntropy()))
    >>> y_true, y_pred = ([3.0], [1]), ([5.0], [0.0])
    >>> round(loss(y_true, y_pred, [0.0, 0.0]), 4)
    2.6931
    >>> of_predictions, of_log_variance = loss.gradient(y_true, y_pred, [0.0, 0.0])
    >>> of_predictions
    (array([2.]), array([-0.5]))
    >>> of_log_variance.round(4)
    array([-1.5   , -0.1931])
    """

    def _inputs(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        log_variance: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[Any]:
        return Call((y_true, y_pred, log_variance), sample_weight, curvature, out)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reduction == "none":
            raise ValueError("the reduction of the losses must be 'mean' or 'sum'; got 'none'")

    def _traits(self):
        each = [loss.traits for loss in self.losses]
        return Traits(
            convex=False,
            differentiable=all(t.differentiable for t in each),
            twice_differentiable=all(t.twice_differentiable for t in each),
            lipschitz=inf,
            elicits="the optimum of each loss and the noise level of its task",
        )

    def _formula(self, s):
        values, predictions = self._symbols(s)
        log_variances = [s.Symbol(f"s_{i + 1}", real=True) for i in range(len(values))]
        each = list(zip(log_variances, values, predictions, strict=True))
        half = s.Rational(1, 2)
        return s.Formula(
            value=s.Add(*(s.exp(-v) * ell + v / 2 for v, ell, _ in each)),
            gradient=(
                *(s.exp(-v) * ell.diff(pred) for v, ell, pred in each),
                *(half - s.exp(-v) * ell for v, ell, _ in each),
            ),
            hessian=(
                *(s.exp(-v) * ell.diff(pred, 2) for v, ell, pred in each),
                *(s.exp(-v) * ell for v, ell, _ in each),
            ),
            y_true=None,
            y_pred=(*predictions, *log_variances),
            prediction=None,
        )

    def _combined(self, parts, inputs, sample_weight):
        y_true, y_pred, log_variance = inputs
        s = as_real_array("log_variance", log_variance)
        require_shape("log_variance", s, (len(self.losses),), "one number for each loss")
        dtype, s = working_dtype(s.dtype, s.dtype), s.astype(np.float64)
        with np.errstate(all="ignore"):
            # A number below infinity, so that its product with a loss of 0 is 0.
            precision = np.minimum(np.exp(-s), np.finfo(np.float64).max).tolist()
        values, *derivatives = self._each(
            ("value", *(part for part in parts if part != "value")), y_true, y_pred, sample_weight
        )
        fitted = np.array([_times(*pair) for pair in zip(precision, values, strict=True)])
        by_log_variance = {"gradient": 0.5 - fitted, "exact": fitted}
        derivatives = iter(derivatives)
        return tuple(
            float((fitted + s / 2).sum())
            if part == "value"
            else (
                self._by_prediction(precision, next(derivatives), isinstance(y_pred, tuple)),
                by_log_variance[part].astype(dtype),
            )
            for part in parts
        )

    def _by_prediction(self, precision, results, of_tasks):
        if of_tasks:
            return tuple(map(_times, precision, results))
        return _total(precision, results)
