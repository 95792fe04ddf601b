"""Base classes of the objectives and metrics of the three boosting libraries."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import AbsoluteError
from ..base import ClassLoss, Loss, PointwiseLoss
from ..conventions import equivalents
from ._curvature import by_sample, chosen_curvature, is_margin, median
from ._links import response

NAMES = ("auto", "exact", "abs", "majorizer", "fisher", "library")
"""The curvatures that have a name; a positive number is one, too."""
FLOOR = 1e-16
"""The least curvature per unit of weight, which is what XGBoost's own log loss has."""
CEILING = 10.0
"""The largest majorizer, in units of the median one: at a kink it would be infinite."""
MARGIN = 1e-6
"""How far predictions stay from the end of a domain that is bounded below, as in XGBoost."""


@dataclass(frozen=True)
class BoostingObjective:
    """Base of the objectives, whose subclasses define how their library calls them.

    The derivatives are those of wℓ for each sample, never those of a mean.
    """

    loss: Loss
    curvature: str | float = "auto"
    init_score: float | tuple[float, ...] = 0.0

    library: ClassVar[str]

    def __post_init__(self) -> None:
        """Refuse what no booster can be trained with."""
        if not isinstance(self.loss, PointwiseLoss | ClassLoss):
            raise TypeError(
                "loss must be a loss of one number or of scores over classes per sample; "
                f"got {self.loss!r}"
            )
        domain = self.loss.y_pred_domain
        if domain is not None and getattr(domain, "high", None) != inf:
            raise ValueError(
                f"loss takes predictions that are {domain}, but the raw scores of a booster are "
                f"any numbers; got {self.loss!r}. Use a loss that takes scores, such as "
                "SigmoidCrossEntropy or SoftmaxCrossEntropy"
            )
        if isinstance(self.curvature, str):
            if self.curvature not in NAMES:
                raise ValueError(
                    f"curvature must be one of {NAMES} or a positive number; got {self.curvature!r}"
                )
            if self.curvature == "library":
                self._library_curvature()
            elif self.curvature not in ("auto", *self.loss.curvatures):
                raise ValueError(
                    f"curvature of {self.loss!r} must be one of {self.loss.curvatures}; got "
                    f"{self.curvature!r}"
                )
        elif not 0 < self.curvature < inf:
            raise ValueError(f"curvature must be positive; got {self.curvature!r}")

    @property
    def __name__(self) -> str:
        """Name of the loss, which is also that of the metric."""
        return type(self.loss).__name__

    def __deepcopy__(self, memo: dict) -> Self:
        """Return the object itself, which cannot change, so that `sklearn.base.clone` finds it."""
        return self

    @property
    def link(self) -> str:
        """The link, which maps a response such as a probability to the raw score."""
        return self.loss.link

    def starting_from(self, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Return the same objective, starting from the best constant for some targets.

        Parameters
        ----------
        y : array_like
            Targets in the form that the library takes.
        sample_weight : array_like, optional
            One non-negative weight per sample.

        Returns
        -------
        Objective
            Its `init_score` is the optimal constant of the loss.  If a loss of one number does not
            implement this constant, a convex loss is minimised numerically, and a symmetric loss
            that is not convex starts from the median.  Any other loss starts from 0.
        """
        target = self._targets(np.asarray(y))
        try:
            constant = self.loss.optimal_constant(target, sample_weight)
        except NotImplementedError:
            constant = _found_constant(self.loss, target, sample_weight)
        if not np.isfinite(constant).all():
            raise ValueError(
                f"y must hold every class at least once, for {self.loss!r} has no finite optimal "
                f"constant otherwise; it would be {constant}"
            )
        if isinstance(constant, np.ndarray):
            return replace(self, init_score=tuple(constant.tolist()))
        return replace(self, init_score=float(constant))

    def start(self, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float | list[float]:
        """Return the best constant for some targets, from which boosting should start.

        Parameters
        ----------
        y : array_like
            Targets in the form that the library takes.
        sample_weight : array_like, optional
            One non-negative weight per sample.

        Returns
        -------
        float or list of float
            A raw score, or one raw score per class.
        """
        constant = self.starting_from(y, sample_weight).init_score
        return list(constant) if isinstance(constant, tuple) else constant

    # What the libraries ask for.

    def _derivatives(
        self, y: NDArray[Any], score: NDArray[Any], weight: NDArray[Any] | None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the gradient and the curvature of each sample's own wℓ."""
        y_true, y_pred = self._inputs(y, score)
        gradient, curvature = self._gradient_and_curvature(y_true, y_pred, weight)
        if not np.isfinite(gradient).all():
            i = np.unravel_index(np.argmin(np.isfinite(gradient)), gradient.shape)
            raise FloatingPointError(
                f"the gradient of {self.loss!r} is {gradient[i]} at the prediction {y_pred[i]}, "
                f"index {i[0]}; a smaller learning rate keeps predictions within reach"
            )
        curvature = np.maximum(curvature, FLOOR)
        if weight is not None:
            each = by_sample(weight, score)
            gradient, curvature = gradient * each, curvature * each
        self._warn_unless_it_can_split(curvature)
        return gradient, curvature

    def _gradient_and_curvature(
        self, y_true: NDArray[Any], y_pred: NDArray[Any], weight: NDArray[Any] | None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        chosen, each = self._chosen(), replace(self.loss, reduction="none")
        if chosen == "library":
            gradient, exact = each.gradient_and_hessian(y_true, y_pred)
            curvature = self._library_curvature()(exact, y_true, y_pred)
            return gradient, np.broadcast_to(curvature, y_pred.shape)
        if not isinstance(chosen, str):
            return each.gradient(y_true, y_pred), np.full_like(y_pred, chosen)
        gradient, curvature = each.gradient_and_hessian(y_true, y_pred, curvature=chosen)
        if chosen == "majorizer":
            gradient, curvature = self._majorized(gradient, curvature, weight)
        if self.curvature == "auto" and y_pred.ndim > 1:
            curvature = self._factor(y_pred.shape[-1]) * curvature
        return gradient, curvature

    def _majorized(
        self, gradient: NDArray[Any], majorizer: NDArray[Any], weight: NDArray[Any] | None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return both in units of the median majorizer, which is finite then even at kinks.

        A Newton step is the same in any unit.  In this one, bounds and penalties that a library
        applies to sums of the curvature count samples, whatever the unit of the targets is.
        """
        scale = median(majorizer, weight)
        return gradient / scale, np.minimum(majorizer / scale, CEILING)

    def _chosen(self) -> str | float:
        """Return what "auto" stands for with this loss, or what was given."""
        return chosen_curvature(self.loss) if self.curvature == "auto" else self.curvature

    def _factor(self, n_classes: int) -> float:
        """Return what makes up for the curvature between classes, whose scores all move at once.

        A row of the second derivative of softmax sums to 0, so that twice its diagonal is at
        least the whole of it.
        """
        return 2.0

    def _library_curvature(self) -> Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], Any]:
        """Return what the library's own objective of this loss has for the second derivative."""
        for row in equivalents(self.loss):
            if row.library == self.library and row.curvature:
                return _Expression(row.curvature)
        raise ValueError(
            f'curvature="library" needs a loss for which {self.library} makes Newton steps by '
            f"itself; got {self.loss!r}"
        )

    def _value(self, y: NDArray[Any], score: NDArray[Any], weight: NDArray[Any] | None) -> float:
        """Return the weighted mean of the loss."""
        y_true, y_pred = self._inputs(y, score)
        return float(replace(self.loss, reduction="mean")(y_true, y_pred, weight))

    def _response(self, score: NDArray[Any]) -> NDArray[Any]:
        """Return the response that raw scores stand for, the start included."""
        return response(self.link, np.asarray(score, np.float64))

    def _shifted(self, score: NDArray[Any]) -> NDArray[Any]:
        """Return raw scores with the start added, for libraries that leave it out."""
        return np.asarray(score) + np.asarray(self.init_score)

    def _class_count(self, num_class: int | None) -> int | None:
        """Return how many scores there are per sample, or nothing for a loss of one number."""
        if not isinstance(self.loss, ClassLoss):
            return None
        if num_class is None and isinstance(self.init_score, tuple):
            num_class = len(self.init_score)
        if num_class is None:
            raise ValueError(
                f"num_class must be given for {self.loss!r}, unless the objective starts from y"
            )
        return num_class

    # Inputs.

    def _inputs(self, y: NDArray[Any], score: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return targets and predictions as the loss takes them."""
        if (score.ndim > 1) != isinstance(self.loss, ClassLoss):
            needed = "one number" if score.ndim > 1 else "a score for each class"
            raise ValueError(
                f"{self.loss!r} takes {needed} per sample, but the predictions of "
                f"{self.library} have the shape {score.shape}"
            )
        domain = self.loss.y_pred_domain
        if domain is not None:
            score = np.maximum(score, getattr(domain, "low", -inf) + MARGIN)
        return self._targets(y), score

    def _targets(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return targets as the loss takes them: classes as integers, 0 and 1 also as -1 and 1."""
        if isinstance(self.loss, ClassLoss):
            labels = y.astype(np.intp)
            if (labels != y).any():
                raise ValueError("y must hold class indices, which are integers")
            return labels
        if is_margin(self.loss) and (y == 0).any():
            if not np.isin(y, (0, 1)).all():
                raise ValueError("y must hold the labels 0 and 1, or -1 and 1")
            return 2 * y - 1
        return y

    def _warn_unless_it_can_split(self, curvature: NDArray[Any]) -> None:
        least, total = getattr(self, "min_child_weight", 0.0), np.sum(curvature, axis=0)
        if np.all(total < 2 * least):
            warnings.warn(
                f"the curvature of {self.loss!r} sums to {np.max(total):.3g} over all samples, so "
                f"no split leaves min_child_weight={least:g} on both sides. Give the objective and "
                f"{self.library} a smaller min_child_weight",
                UserWarning,
                stacklevel=4,
            )


def _found_constant(loss: Loss, y: NDArray[Any], sample_weight: ArrayLike | None) -> float:
    """Return a constant to start from, for a loss that does not state the best."""
    if loss.traits.symmetric and not loss.traits.convex:
        return float(AbsoluteError().optimal_constant(y, sample_weight))
    if isinstance(loss, ClassLoss) or not loss.traits.convex:
        return 0.0

    def rises(constant: float) -> bool:
        prediction = np.full(y.shape, constant)
        return bool(loss.gradient(y, prediction, sample_weight).sum() >= 0)

    low = next((-(2.0**k) for k in range(64) if not rises(-(2.0**k))), -inf)
    high = next((2.0**k for k in range(64) if rises(2.0**k)), inf)
    for _ in range(100 if high - low < inf else 0):
        middle = (low + high) / 2
        low, high = (low, middle) if rises(middle) else (middle, high)
    return high


@dataclass(frozen=True)
class _Expression:
    """An expression of the table of conventions, as a function."""

    code: str

    def __call__(self, exact: NDArray[Any], y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        names = {"exact": exact, "y_true": y_true, "y_pred": y_pred, "np": np}
        return eval(self.code, names | {"K": y_pred.shape[-1]})


@dataclass(frozen=True)
class BoostingMetric:
    """Base of the metrics, which are the weighted mean of the loss of an objective."""

    objective: Any

    @property
    def __name__(self) -> str:
        """Name of the loss."""
        return self.objective.__name__

    def __deepcopy__(self, memo: dict) -> Self:
        """Return the object itself, which cannot change."""
        return self


def data_of(
    first: Any, second: Any, sample_weight: Any
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
    """Return targets, scores and weights for both interfaces of a library.

    The native interface passes ``(scores, data)``, and the interface of scikit-learn passes
    ``(targets, scores, weights)``.
    """
    if hasattr(second, "get_label"):
        first, second, sample_weight = second.get_label(), first, second.get_weight()
    y, score = np.asarray(first), np.asarray(second)
    if sample_weight is None or np.size(sample_weight) == 0:
        return y, score, None
    return y, score, np.asarray(sample_weight)
