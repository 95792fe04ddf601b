"""A loss as an objective of XGBoost, and leaves that are its optimal constants."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base import ClassLoss, Loss
from ._boosting import BoostingMetric, BoostingObjective, data_of
from ._curvature import is_margin
from ._leaves import checked, of_leaves, optimal_leaves
from ._libraries import load
from ._links import response


@dataclass(frozen=True)
class Metric(BoostingMetric):
    """The weighted mean of a loss in the form of a metric for XGBoost.

    It is the result of `Objective.metric`.  Pass it as ``custom_metric`` to `xgboost.train` or as
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
        A loss of one number per sample, or of one score per class.  Its `reduction` has no effect,
        because the derivatives are those of the loss of each sample, multiplied by its weight.
    curvature : {"auto", "exact", "abs", "majorizer", "fisher", "library"} or float, \
default "auto"
        The curvature that is used as the second derivative in the Newton step of a leaf.  The notes
        describe each choice.
    init_score : float or tuple of float, default 0.0
        The raw score to start from, or one score per class.  `starting_from` finds the best one.
    min_child_weight : float, default 1.0
        The parameter of XGBoost with this name.  `parameters` passes it to XGBoost.  A warning
        appears if the curvature of all samples is too small for any split.

    Notes
    -----
    With ``"auto"``, the curvature is the second derivative itself if the loss is convex and twice
    differentiable.  Otherwise it is the majorizer if the loss has one, else the Fisher information
    if the loss has it.  A loss with neither uses the absolute value of the second derivative if it
    is twice differentiable, and the number 1 if it is not.  For several classes, this curvature is
    doubled, because the scores of all classes move at the same time.  ``"library"`` is the
    curvature that the objective of the same loss in XGBoost uses.  A number is the curvature of all
    samples.

    No curvature is less than 1e-16 per unit of weight.  A majorizer is infinite at a kink, so it is
    limited to ten times its median.  If a majorizer is used, the gradient and the curvature are
    both divided by this median, and the Newton step stays the same.  The parameters
    ``min_child_weight`` and ``lambda`` are compared with sums of the curvature or added to them.
    After the division they refer to numbers of samples, whatever the unit of the targets is.

    For losses of the margin, the labels are 0 and 1, or -1 and 1.

    An estimator takes the start, the metric and the objective as three separate parameters.  It
    also computes its default metric unless this is disabled::

        XGBRegressor(
            objective=objective,
            base_score=objective.base_score,
            eval_metric=objective.metric,
            disable_default_eval_metric=True,
        )

    For a loss of two classes, the ``base_score`` of the objective is meant for `XGBClassifier`.
    `XGBRegressor` expects a raw score, so its ``base_score`` must be the `init_score` of the
    objective.

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
    ) -> tuple[NDArray[Any], NDArray[Any]]:
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
        """The start that XGBoost expects as ``base_score``, which is the result of `start`."""
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
        """Return the start that XGBoost expects as ``base_score``.

        Parameters
        ----------
        y : array_like
            Targets, as XGBoost takes them.
        sample_weight : array_like, optional
            One non-negative weight per sample.

        Returns
        -------
        float or list of float
            A raw score, or one raw score per class.  For two classes, it is the logistic function
            of the score, because `xgboost.XGBClassifier` expects this.
        """
        return self.starting_from(y, sample_weight).base_score

    def parameters(self, *, num_class: int | None = None, **settings: Any) -> dict[str, Any]:
        """Return parameters for `xgboost.train`, beside which the objective is passed as ``obj``.

        Parameters
        ----------
        num_class : int, optional
            Number of classes, for a loss over classes that does not start from targets.
        **settings
            Further parameters of XGBoost.

        Returns
        -------
        dict
            The parameters, with the start as ``base_score``.  The entry ``objective`` only makes
            XGBoost apply a link to its predictions.  If the link of the loss is the logit, the
            predictions are then probabilities.

        Warns
        -----
        XGBoost cannot be given the loss in these parameters.  If ``obj`` is not passed to
        `xgboost.train` as well, XGBoost minimises its own loss of the entry ``objective``, such as
        the squared error, and neither of the two libraries notices.
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
            The raw scores, converted by the `link` of the loss.  After early stopping, only the
            trees up to the best iteration are used.
        """
        if hasattr(model, "get_booster"):
            return self._response(model.predict(X, output_margin=True))
        xgboost = load("xgboost", "xgboost")
        data = X if isinstance(X, xgboost.DMatrix) else xgboost.DMatrix(X)
        best = model.attr("best_iteration")
        kept = (0, 0) if best is None else (0, int(best) + 1)
        return self._response(model.predict(data, output_margin=True, iteration_range=kept))


def renew_leaves(
    model: Any,
    X: Any,
    y: ArrayLike,
    loss: Loss,
    *,
    sample_weight: ArrayLike | None = None,
    init_score: ArrayLike = 0.0,
    first: int = 0,
    learning_rate: float = 0.3,
) -> NDArray[np.float64]:
    """Set the leaves of a model to the optimal constants of the residuals in them.

    For a loss with kinks, such as the absolute error, a Newton step leads to poor values of the
    leaves.  For every loss of the residual that has an optimal constant, the best value is known.
    For the absolute error, for example, it is the median of the residuals that the previous trees
    leave.

    Parameters
    ----------
    model : xgboost.Booster or xgboost.XGBModel
        A model of one tree per iteration.  It is changed in place.
    X : array_like or xgboost.DMatrix
        Features that the model was trained with.
    y : array_like
        Targets.
    loss : Loss
        A loss of the residual alone that has an `optimal_constant`.
    sample_weight : array_like, optional
        One non-negative weight per sample.
    init_score : array_like, default 0.0
        Raw score before the first of the trees to renew.
    first : int, default 0
        The first tree to renew.
    learning_rate : float, default 0.3
        Factor by which each constant is multiplied, which is the parameter ``eta`` of XGBoost.

    Returns
    -------
    ndarray
        Raw scores of the samples after the last tree, which are the `init_score` for the next one.

    Notes
    -----
    XGBoost renews the leaves of its own absolute error and quantile objectives in the same way
    after each iteration, before it computes the next gradient, and so does the loop in the
    example.  Without weights, it interpolates between the residuals next to a quantile, whereas the
    optimal constant is one of them.  XGBoost has no function that changes a leaf, so the model is
    written out, changed and read again.  The time for this grows with the number of trees.

    Examples
    --------
    >>> import numpy as np
    >>> import xgboost as xgb
    >>> import lossbook as lb
    >>> from lossbook.interop.xgboost import Objective, renew_leaves
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(0, 1, (500, 1))
    >>> y = np.sin(6 * x[:, 0]) + rng.exponential(0.5, 500)
    >>> loss = lb.Pinball(quantile=0.9)
    >>> objective = Objective(loss, curvature=1.0).starting_from(y)
    >>> settings, data = objective.parameters(max_depth=3), xgb.DMatrix(x, y)
    >>> model, score = None, np.full(500, objective.init_score)
    >>> for i in range(10):
    ...     model = xgb.train(
    ...         settings, data, 1, obj=lambda *_: objective(y, score), xgb_model=model
    ...     )
    ...     score = renew_leaves(model, x, y, loss, init_score=score, first=i)
    >>> bool(np.allclose(objective.predict(model, x), score, atol=1e-5))
    True
    >>> bool(0.89 < np.mean(y <= score) < 0.91)
    True
    """
    y, weight, score = checked(loss, y, sample_weight, init_score)
    xgboost = load("xgboost", "xgboost")
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    data = X if isinstance(X, xgboost.DMatrix) else xgboost.DMatrix(X)
    last, config = booster.num_boosted_rounds(), booster.save_config()
    written = json.loads(booster.save_raw("json"))
    trees = written["learner"]["gradient_booster"]["model"]["trees"]
    if len(trees) != last:
        raise ValueError("model must have one tree per iteration, and not one for each class")
    leaves = booster[first:last].predict(data, pred_leaf=True)
    leaves = leaves.astype(np.intp).reshape(len(y), -1)
    for i in range(last - first):
        constants = optimal_leaves(loss, y - score, weight, leaves[:, i])
        outputs = {k: learning_rate * constant for k, constant in constants.items()}
        for k, output in outputs.items():
            trees[first + i]["split_conditions"][k] = output
        score += of_leaves(outputs, leaves[:, i])
    booster.load_model(bytearray(json.dumps(written), "utf-8"))
    booster.load_config(config)
    return score
