"""A loss as an objective of CatBoost."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base import ClassLoss
from ._boosting import CEILING, BoostingMetric, BoostingObjective
from ._curvature import median


@dataclass(frozen=True)
class Metric(BoostingMetric):
    """The weighted mean of a loss in the form of a metric for CatBoost.

    It is the result of `Objective.metric`.  Pass it as ``eval_metric``.
    """

    no_jit: ClassVar[bool] = True
    """Tells CatBoost not to compile the methods with Numba, which could not."""

    def evaluate(
        self, approxes: Any, target: NDArray[Any], weight: NDArray[Any] | None
    ) -> tuple[float, float]:
        """Return the sum of wℓ and the sum of w."""
        y, score = np.asarray(target), np.stack(approxes, axis=-1)
        if not isinstance(self.objective.loss, ClassLoss):
            score = score[:, 0]
        weight = None if weight is None else np.asarray(weight)
        total = float(len(y) if weight is None else weight.sum())
        return total * self.objective._value(y, self.objective._shifted(score), weight), total

    def get_final_error(self, error: float, weight: float) -> float:
        """Return the mean."""
        return error / weight

    def is_max_optimal(self) -> bool:
        """Return False, because a smaller value is better."""
        return False


@dataclass(frozen=True)
class Objective(BoostingObjective):
    """A loss as an objective of CatBoost.

    Parameters
    ----------
    loss : Loss
        A loss of one number per sample, or of one score per class.  Its `reduction` has no effect,
        because the derivatives are those of the loss of each sample, multiplied by its weight.
    curvature : {"auto", "exact", "abs", "majorizer", "fisher", "library"} or float, \
default "auto"
        The curvature that is used as the second derivative in the Newton step of a leaf.  The notes
        describe each choice.
    init_score : float or tuple of float, default 0.0
        The raw score to start from, or one score per class.  `starting_from` finds the best one.
        The objective, the metric and `predict` add it, so the data need no ``baseline``.
    unit : float, default 1.0
        Unit of the gradient and the curvature if the curvature is a majorizer.  `starting_from`
        sets it.

    Notes
    -----
    With ``"auto"``, the curvature is the second derivative itself if the loss is convex and twice
    differentiable.  Otherwise it is the majorizer if the loss has one, else the Fisher information
    if the loss has it.  A loss with neither uses the absolute value of the second derivative if it
    is twice differentiable, and the number 1 if it is not.  For several classes, CatBoost expects a
    matrix per sample.  From a loss that has ``hessian_blocks``, it gets the complete second
    derivative, and otherwise twice the diagonal.  ``"library"`` is the curvature that the objective
    of the same loss in CatBoost uses, which is the second derivative itself.  A number is the
    curvature of all samples.

    No curvature is less than 1e-16 per unit of weight.  A majorizer is infinite at a kink, so it is
    limited to ten times its median.  If a majorizer is used, the gradient and the curvature are
    both divided by `unit`, and the Newton step stays the same.  The parameter ``l2_leaf_reg`` is
    added to sums of the curvature.  After the division it refers to a number of samples, whatever
    the unit of the targets is.

    CatBoost calls the objective with a thousand samples at a time, so the median is the median of
    these samples.  For several classes, it calls the objective separately for each sample, which
    takes about a tenth of a millisecond.  The ``predict`` of CatBoost omits the start and the link,
    whereas the ``predict`` of the objective includes both.  For losses of the margin, the labels
    are 0 and 1, or -1 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from catboost import CatBoostRegressor
    >>> import lossbook as lb
    >>> from lossbook.interop.catboost import Objective
    >>> x = np.linspace(0, 1, 200)[:, None]
    >>> y = np.sin(6 * x[:, 0])
    >>> objective = Objective(lb.Huber(delta=0.5)).starting_from(y)
    >>> settings = objective.parameters(learning_rate=0.5, iterations=20, verbose=False)
    >>> model = CatBoostRegressor(**settings, allow_writing_files=False).fit(x, y)
    >>> bool(abs(objective.predict(model, x) - y).mean() < 0.05)
    True
    """

    unit: float = 1.0

    library = "CatBoost"
    no_jit: ClassVar[bool] = True
    """Tells CatBoost not to compile the methods with Numba, which could not."""

    def calc_ders_range(
        self, approxes: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any] | None
    ) -> NDArray[np.float64]:
        """Return the derivatives of the negative loss for a range of samples, as CatBoost expects.

        Parameters
        ----------
        approxes, targets : array_like
            Raw scores and targets.
        weights : array_like or None
            One non-negative weight per sample.

        Returns
        -------
        ndarray
            Two columns, the first and the second derivative.
        """
        weight = None if weights is None else np.asarray(weights)
        score = self._shifted(np.asarray(approxes))
        return -np.stack(self._derivatives(np.asarray(targets), score, weight), axis=1)

    def calc_ders_multi(
        self, approxes: NDArray[Any], target: float, weight: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the derivatives of the negative loss of one sample with respect to its scores.

        Parameters
        ----------
        approxes : array_like
            One raw score per class.
        target : float
            The class.
        weight : float
            The weight of the sample.

        Returns
        -------
        gradient : ndarray
        hessian : ndarray
            The matrix of second derivatives.
        """
        y, score = np.array([target]), self._shifted(np.asarray(approxes))[None]
        blocks = getattr(self.loss, "hessian_blocks", None)
        if blocks is None or self._chosen() != "exact":
            gradient, curvature = self._derivatives(y, score, np.array([weight]))
            return -gradient[0], -np.diag(curvature[0])
        y_true, y_pred = self._inputs(y, score)
        gradient = self.loss.gradient(y_true, y_pred)[0]
        return -weight * gradient, -weight * blocks(y_true, y_pred)[0]

    def starting_from(self, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Return the same objective, starting from the best constant for some targets.

        Parameters
        ----------
        y : array_like
            Targets, as the library takes them.
        sample_weight : array_like, optional
            One non-negative weight per sample.

        Returns
        -------
        Objective
            Its `init_score` is the optimal constant of the loss or a substitute, as for the other
            libraries.  If the majorizer is used, `unit` is its median at this start.
        """
        started = super().starting_from(y, sample_weight)
        if started._chosen() != "majorizer":
            return started
        y_true = started._targets(np.asarray(y))
        each = replace(self.loss, reduction="none")
        majorizer = each.hessian(
            y_true, np.full(y_true.shape, started.init_score), curvature="majorizer"
        )
        weight = None if sample_weight is None else np.asarray(sample_weight)
        return replace(started, unit=float(median(majorizer, weight)))

    def _majorized(
        self, gradient: NDArray[Any], majorizer: NDArray[Any], weight: NDArray[Any] | None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        ceiling = CEILING * median(majorizer, weight)
        return gradient / self.unit, np.minimum(majorizer, ceiling) / self.unit

    def _library_curvature(self) -> Any:
        return lambda exact, y_true, y_pred: exact

    @property
    def metric(self) -> Metric:
        """The weighted mean of the loss, to be passed as ``eval_metric``."""
        return Metric(self)

    def parameters(self, *, num_class: int | None = None, **settings: Any) -> dict[str, Any]:
        """Return parameters for an estimator of CatBoost, the objective among them.

        Parameters
        ----------
        num_class : int, optional
            Number of classes, for a loss over classes that does not start from targets.
        **settings
            Further parameters of CatBoost.

        Returns
        -------
        dict
        """
        found: dict[str, Any] = {
            "loss_function": self,
            "eval_metric": self.metric,
            "leaf_estimation_method": "Newton",
        }
        n_classes = self._class_count(num_class)
        if n_classes is not None:
            found["classes_count"] = n_classes
        return found | settings

    def predict(self, model: Any, X: Any) -> NDArray[np.float64]:
        """Return predictions on the scale of the targets, or probabilities.

        Parameters
        ----------
        model : catboost.CatBoost
            A model trained with this objective.
        X : array_like or catboost.Pool
            Features.

        Returns
        -------
        ndarray
            The raw scores with the start added, converted by the `link` of the loss.
        """
        raw = model.predict(X, prediction_type="RawFormulaVal")
        return self._response(self._shifted(raw))
