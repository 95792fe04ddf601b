"""A loss as an objective of XGBoost."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base import ClassLoss
from ._boosting import BoostingMetric, BoostingObjective, data_of
from ._curvature import is_margin
from ._libraries import load
from ._links import response


@dataclass(frozen=True)
class Metric(BoostingMetric):
    """The weighted mean of a loss, as XGBoost takes a metric.

    It is what `Objective.metric` returns: pass it as ``custom_metric`` to `xgboost.train` or as
    ``eval_metric`` to an estimator.
    """

    def __call__(self, first: Any, second: Any, sample_weight: ArrayLike | None = None) -> Any:
        """Return the name and the value, or in the interface of scikit-learn the value alone."""
        value = self.objective._value(*data_of(first, second, sample_weight))
        return (self.__name__, value) if hasattr(second, "get_label") else value


@dataclass(frozen=True)
class Objective(BoostingObjective):
    """A loss as an objective of XGBoost, in its native interface and that of scikit-learn.

    Parameters
    ----------
    loss : Loss
        A loss of one number per sample, or of a score for each class.  Its `reduction` plays no
        role: derivatives are those of each sample's own loss, multiplied by its weight.
    curvature : {"auto", "exact", "abs", "majorizer", "fisher", "library"} or float, \
default "auto"
        What stands for the second derivative in the Newton step of a leaf; see Notes.
    init_score : float or tuple of float, default 0.0
        The raw score to start from, one for each class; `starting_from` finds the best.
    min_child_weight : float, default 1.0
        The parameter of XGBoost with this name.  There is a warning where the curvature of all
        samples is too small for any split; `parameters` hands the value on.

    Notes
    -----
    With ``"auto"`` the curvature is the second derivative itself where the loss is convex and
    twice differentiable.  Otherwise it is the first of these that the loss has: the majorizer, the
    Fisher information, the absolute value of the second derivative (if the loss is twice
    differentiable), and the number 1.  For several classes it is twice that, because the scores of
    all classes move at once.  ``"library"`` is what XGBoost's own objective of the same loss uses,
    and a number is used for all samples.

    No curvature is below 1e-16 per unit of weight.  A majorizer is infinite at a kink, so it is
    kept below ten times its median; and where it is used, gradient and curvature are both divided
    by this median.  That leaves the Newton step as it is, and `min_child_weight` and
    ``lambda``, which are compared with sums of the curvature, then count samples, whatever the
    unit of the targets.

    Labels of losses of the margin are 0 and 1 or -1 and 1.

    An estimator takes the start, the metric and the objective by three parameters of its own,
    and goes on computing its default metric unless told otherwise::

        XGBRegressor(
            objective=objective,
            base_score=objective.base_score,
            eval_metric=objective.metric,
            disable_default_eval_metric=True,
        )

    Examples
    --------
    >>> import numpy as np
    >>> import xgboost as xgb
    >>> import lossbook as lb
    >>> from lossbook.interop.xgboost import Objective
    >>> x = np.linspace(0, 1, 200)[:, None]
    >>> y = np.sin(6 * x[:, 0])
    >>> objective = Objective(lb.Huber(delta=0.5)).starting_from(y)
    >>> data = xgb.DMatrix(x, y)
    >>> model = xgb.train(objective.parameters(eta=0.5), data, 20, obj=objective)
    >>> bool(abs(objective.predict(model, x) - y).mean() < 0.05)
    True
    """

    min_child_weight: float = 1.0

    library = "XGBoost"

    def __call__(
        self, first: Any, second: Any, sample_weight: ArrayLike | None = None
    ) -> tuple[NDArray, NDArray]:
        """Return the gradient and the curvature, in either interface.

        Parameters
        ----------
        first, second : array_like
            ``(scores, data)`` as `xgboost.train` calls, or ``(targets, scores)`` as an estimator
            does.
        sample_weight : array_like, optional
            One non-negative weight per sample, in the second case.
        """
        return self._derivatives(*data_of(first, second, sample_weight))

    @property
    def metric(self) -> Metric:
        """The weighted mean of the loss, to be passed as ``custom_metric`` or ``eval_metric``."""
        return Metric(self)

    @property
    def base_score(self) -> float | list[float]:
        """Where to start, as XGBoost takes it: what `start` returns."""
        if isinstance(self.init_score, tuple):
            return list(self.init_score)
        if self._carrier == "binary:logistic":
            return float(response("logit", np.array(self.init_score)))
        return self.init_score

    @property
    def _carrier(self) -> str:
        """The objective of XGBoost that lends ours its link, and is never computed."""
        if isinstance(self.loss, ClassLoss):
            return "multi:softprob"
        if self.link == "logit" or is_margin(self.loss):
            return "binary:logistic"
        return "reg:squarederror"

    def start(self, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float | list[float]:
        """Return what to pass as ``base_score``.

        Parameters
        ----------
        y : array_like
            Targets, as XGBoost takes them.
        sample_weight : array_like, optional
            One non-negative weight per sample.

        Returns
        -------
        float or list of float
            A raw score, or one for each class.  For two classes, it is the logistic function of
            the score, as `xgboost.XGBClassifier` takes it.
        """
        return self.starting_from(y, sample_weight).base_score

    def parameters(self, *, num_class: int | None = None, **settings: Any) -> dict[str, Any]:
        """Return parameters for `xgboost.train`, beside which the objective is passed as ``obj``.

        Parameters
        ----------
        num_class : int, optional
            How many classes there are, for a loss over classes that does not start from targets.
        **settings
            Further parameters of XGBoost.

        Returns
        -------
        dict
            With the start as ``base_score``.  The ``objective`` named there is never computed: it
            only tells XGBoost to apply a link to its predictions, which are probabilities then
            where the link of the loss is the logit.
        """
        found: dict[str, Any] = {
            "objective": self._carrier,
            "base_score": self.base_score,
            "disable_default_eval_metric": True,
            "min_child_weight": self.min_child_weight,
        }
        n_classes = self._class_count(num_class)
        if n_classes is not None:
            found["num_class"] = n_classes
            if not isinstance(self.init_score, tuple):
                found["base_score"] = [self.init_score] * n_classes
        return found | settings

    def predict(self, model: Any, X: Any) -> NDArray[np.float64]:
        """Return predictions on the scale of the targets, or probabilities.

        Parameters
        ----------
        model : xgboost.Booster or xgboost.XGBModel
            A model trained with this objective.
        X : array_like or xgboost.DMatrix
            Features.

        Returns
        -------
        ndarray
            What the raw scores stand for by the `link` of the loss.  After early stopping, the
            trees up to the best iteration count.
        """
        if hasattr(model, "get_booster"):
            return self._response(model.predict(X, output_margin=True))
        xgboost = load("xgboost", "xgboost")
        data = X if isinstance(X, xgboost.DMatrix) else xgboost.DMatrix(X)
        best = model.attr("best_iteration")
        kept = (0, 0) if best is None else (0, int(best) + 1)
        return self._response(model.predict(data, output_margin=True, iteration_range=kept))
