"""A loss as an objective of LightGBM, and leaves that are its optimal constants."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base import Loss
from ._boosting import BoostingMetric, BoostingObjective, data_of
from ._leaves import checked, of_leaves, optimal_leaves


@dataclass(frozen=True)
class Metric(BoostingMetric):
    """The weighted mean of a loss in the form of a metric for LightGBM.

    It is the result of `Objective.metric`.  Pass it as ``feval`` to `lightgbm.train` or as
    ``eval_metric`` to the ``fit`` of an estimator.
    """

    def __call__(
        self, first: Any, second: Any, weight: ArrayLike | None = None
    ) -> tuple[str, float, bool]:
        """Return the name, the value, and that less is better."""
        y, score, weight = data_of(first, second, weight)
        shifted = self.objective._shifted(score)
        return self.__name__, self.objective._value(y, shifted, weight), False


@dataclass(frozen=True)
class Objective(BoostingObjective):
    """A loss as an objective of LightGBM, in its native interface and that of scikit-learn.

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
        The objective, the metric and `predict` add it, so the data set needs no ``init_score``.
    min_child_weight : float, default 1e-3
        The parameter of LightGBM with this name, also called ``min_sum_hessian_in_leaf``.
        `parameters` passes it to LightGBM.  A warning appears if the curvature of all samples is
        too small for any split.

    Notes
    -----
    With ``"auto"``, the curvature is the second derivative itself if the loss is convex and twice
    differentiable.  Otherwise it is the majorizer if the loss has one, else the Fisher information
    if the loss has it.  A loss with neither uses the absolute value of the second derivative if it
    is twice differentiable, and the number 1 if it is not.  For K classes, this curvature is
    multiplied by K/(K - 1), as in LightGBM.  ``"library"`` is the curvature that the objective of
    the same loss in LightGBM uses.  A number is the curvature of all samples.

    No curvature is less than 1e-16 per unit of weight.  A majorizer is infinite at a kink, so it is
    limited to ten times its median.  If a majorizer is used, the gradient and the curvature are
    both divided by this median, and the Newton step stays the same.  The parameters
    ``min_child_weight`` and ``lambda_l2`` are compared with sums of the curvature or added to them.
    After the division they refer to numbers of samples, whatever the unit of the targets is.

    The ``predict`` of LightGBM omits the start and the link, whereas the ``predict`` of the
    objective includes both.  For losses of the margin, the labels are 0 and 1, or -1 and 1.

    Examples
    --------
    >>> import lightgbm as lgb
    >>> import numpy as np
    >>> import lossbook as lb
    >>> from lossbook.interop.lightgbm import Objective
    >>> x = np.linspace(0, 1, 500)[:, None]
    >>> y = np.sin(6 * x[:, 0])
    >>> objective = Objective(lb.Huber(delta=0.5)).starting_from(y)
    >>> settings = objective.parameters(learning_rate=0.5, verbosity=-1)
    >>> model = lgb.train(settings, lgb.Dataset(x, y), 50)
    >>> bool(abs(objective.predict(model, x) - y).mean() < 0.05)
    True
    """

    min_child_weight: float = 1e-3

    library = "LightGBM"

    def __call__(
        self, first: Any, second: Any, weight: ArrayLike | None = None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the gradient and the curvature, in either interface.

        Parameters
        ----------
        first, second : array_like
            ``(scores, data)`` as `lightgbm.train` calls, or ``(targets, scores)`` as an estimator
            does.
        weight : array_like, optional
            One non-negative weight per sample, in the second case.
        """
        y, score, weight = data_of(first, second, weight)
        return self._derivatives(y, self._shifted(score), weight)

    def _factor(self, n_classes: int) -> float:
        return n_classes / (n_classes - 1)

    @property
    def metric(self) -> Metric:
        """The weighted mean of the loss, to be passed as ``feval`` or ``eval_metric``."""
        return Metric(self)

    def parameters(self, *, num_class: int | None = None, **settings: Any) -> dict[str, Any]:
        """Return parameters for `lightgbm.train` or an estimator, the objective among them.

        Parameters
        ----------
        num_class : int, optional
            Number of classes, for a loss over classes that does not start from targets.
            Estimators count the classes themselves.
        **settings
            Further parameters of LightGBM.

        Returns
        -------
        dict
            The parameters.  The default metrics of LightGBM are switched off, because they do not
            apply to this loss.
        """
        found: dict[str, Any] = {
            "objective": self,
            "metric": "None",
            "min_child_weight": self.min_child_weight,
        }
        n_classes = self._class_count(num_class)
        if n_classes is not None:
            found["num_class"] = n_classes
        return found | settings

    def predict(self, model: Any, X: Any) -> NDArray[np.float64]:
        """Return predictions on the scale of the targets, or probabilities.

        Parameters
        ----------
        model : lightgbm.Booster or lightgbm.LGBMModel
            A model trained with this objective.
        X : array_like
            Features.

        Returns
        -------
        ndarray
            The raw scores with the start added, converted by the `link` of the loss.
        """
        return self._response(self._shifted(model.predict(X, raw_score=True)))


def renew_leaves(
    model: Any,
    X: Any,
    y: ArrayLike,
    loss: Loss,
    *,
    sample_weight: ArrayLike | None = None,
    init_score: ArrayLike = 0.0,
    first: int = 0,
) -> NDArray[np.float64]:
    """Set the leaves of a model to the optimal constants of the residuals in them.

    For a loss with kinks, such as the absolute error, a Newton step leads to poor values of the
    leaves.  For every loss of the residual that has an optimal constant, the best value is known.
    For the absolute error, for example, it is the median of the residuals that the previous trees
    leave.

    Parameters
    ----------
    model : lightgbm.Booster or lightgbm.LGBMModel
        A model of one tree per iteration.  It is changed in place.
    X : array_like
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

    Returns
    -------
    ndarray
        Raw scores of the samples after the last tree, which are the `init_score` for the next one.

    Notes
    -----
    Each leaf is the optimal constant multiplied by the learning rate of its tree.  LightGBM
    renews the leaves of its own absolute error and quantile objectives in the same way after each
    iteration, before it computes the next gradient, and so does the loop in the example.  LightGBM
    interpolates between the residuals next to the quantile, whereas the optimal constant is one of
    them.  The two therefore agree up to the spacing of the residuals in a leaf.

    Examples
    --------
    >>> import lightgbm as lgb
    >>> import numpy as np
    >>> import lossbook as lb
    >>> from lossbook.interop.lightgbm import Objective, renew_leaves
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(0, 1, (500, 1))
    >>> y = np.sin(6 * x[:, 0]) + rng.exponential(0.5, 500)
    >>> loss = lb.Pinball(quantile=0.9)
    >>> objective, start = Objective(loss, curvature=1.0), loss.optimal_constant(y)
    >>> settings = {"objective": "none", "num_leaves": 8, "verbosity": -1}
    >>> model, score = lgb.Booster(settings, lgb.Dataset(x, y)), np.full(500, start)
    >>> for i in range(50):
    ...     stopped = model.update(fobj=lambda *_: objective(y, score))
    ...     score = renew_leaves(model, x, y, loss, init_score=score, first=i)
    >>> bool(np.allclose(start + model.predict(x), score))
    True
    >>> bool(0.89 < np.mean(y <= score) < 0.91)
    True
    """
    y, weight, score = checked(loss, y, sample_weight, init_score)
    booster = getattr(model, "booster_", model)
    if booster.num_model_per_iteration() != 1:
        raise ValueError("model must have one tree per iteration, and not one for each class")
    trees = booster.dump_model(start_iteration=first)["tree_info"]
    leaves = booster.predict(X, pred_leaf=True, start_iteration=first).reshape(len(y), -1)
    for i, tree in enumerate(trees):
        constants = optimal_leaves(loss, y - score, weight, leaves[:, i])
        outputs = {k: tree["shrinkage"] * constant for k, constant in constants.items()}
        for k, output in outputs.items():
            booster.set_leaf_output(first + i, k, output)
        score += of_leaves(outputs, leaves[:, i])
    return score
