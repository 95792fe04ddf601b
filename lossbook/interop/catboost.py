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
    """The weighted mean of a loss, as CatBoost takes a metric.

    It is what `Objective.metric` returns: pass it as ``eval_metric``.
    """

    no_jit: ClassVar[bool] = True
    """Tells CatBoost not to compile the methods with Numba, which could not."""

    def evaluate(
        self, approxes: Any, target: NDArray[Any], weight: NDArray[Any] | None
    ) -> tuple[float, float]:
        """Return the sum of wℓ and that of w."""
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
        """Return that less is better."""
        return False


@dataclass(frozen=True)
class Objective(BoostingObjective):
    """A loss as an objective of CatBoost.

    Parameters
    ----------
    loss : Loss
        A loss of one number per sample, or of a score for each class.  Its `reduction` plays no
        role: derivatives are those of each sample's own loss, multiplied by its weight.
    curvature : {"auto", "exact", "abs", "majorizer", "fisher", "library"} or float, \
default "auto"
        What stands for the second derivative in the Newton step of a leaf; see Notes.
    init_score : float or tuple of float, default 0.0
        The raw score to start from, one for each class; `starting_from` finds the best.  The
        objective, the metric and `predict` add it, so that the data need no ``baseline``.
    unit : float, default 1.0
        Unit of the gradient and the curvature where the latter is a majorizer; `starting_from`
        sets it.

    Notes
    -----
    With ``"auto"`` the curvature is the second derivative itself where the loss is convex and
    twice differentiable.  Otherwise it is the first of these that the loss has: the majorizer, the
    Fisher information, the absolute value of the second derivative (if the loss is twice
    differentiable), and the number 1.  For several classes CatBoost wants a whole matrix per
    sample: it gets the second derivative with all its entries from a loss that has
    ``hessian_blocks``, and otherwise twice the diagonal.  ``"library"`` is what CatBoost's own
    objective of the same loss uses, which is the second derivative itself, and a number is used
    for all samples.

    No curvature is below 1e-16 per unit of weight.  A majorizer is infinite at a kink, so it is
    kept below ten times its median; and gradient and curvature are both divided by `unit` where
    it is used.  That leaves the Newton step as it is, and ``l2_leaf_reg``, which is added to sums
    of the curvature, then counts samples, whatever the unit of the targets.

    CatBoost calls for a thousand samples at a time, so that the median is one of a thousand; for
    several classes it calls for each sample alone, which takes about a tenth of a millisecond.
    Its own ``predict`` leaves out the start and the link, whereas that of the objective includes
    both.  Labels of losses of the margin are 0 and 1 or -1 and 1.

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
        """Return the derivatives of a range of samples, of the negative loss as CatBoost wants.

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
        """Return the derivatives of one sample by its scores, of the negative loss.

        Parameters
        ----------
        approxes : array_like
            A raw score for each class.
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
            Its `init_score` is the optimal constant of the loss, or what stands for it as in the
            other libraries.  Where the majorizer is used, `unit` is its median at this start.
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
            How many classes there are, for a loss over classes that does not start from targets.
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
            What the raw scores stand for by the `link` of the loss, with the start added.
        """
        raw = model.predict(X, prediction_type="RawFormulaVal")
        return self._response(self._shifted(raw))
