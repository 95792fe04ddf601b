"""Linear models with any loss, and a scorer, for scikit-learn."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self
from warnings import warn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import HalfSquaredError
from ..base import ClassLoss, Loss
from ..core.loss import ORDINAL_LINKS
from ._curvature import chosen_curvature, is_margin
from ._linear import linear_objective
from ._links import response
from ._newton import minimise

try:
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import accuracy_score, r2_score
    from sklearn.utils import ClassifierTags, RegressorTags
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as _error:
    raise ImportError(
        f"lossbook.interop.sklearn needs scikit-learn, which cannot be imported ({_error}). "
        'Install it with: pip install "lossbook[sklearn]"'
    ) from _error

__all__ = ["LinearModel", "Scorer", "scorer"]

_PROBABILITIES = "logit", "half_logit", "multinomial_logit"
"""Links of scores that stand for probabilities of classes."""


def _classifies(loss: Loss) -> bool:
    """Return whether targets are classes: no number but those from -1 to 1 can be one."""
    if isinstance(loss, ClassLoss):
        return True
    return not loss.y_true_domain.contains(np.array([0.5, 2.0, -2.0]))[1:].any()


def _if_classifier(model: "LinearModel") -> bool:
    return _classifies(model._loss)


def _if_probabilities(model: "LinearModel") -> bool:
    return _classifies(model._loss) and model._loss.link in _PROBABILITIES


class LinearModel(BaseEstimator):
    r"""A linear model that minimises any loss by Newton steps with the curvature of this loss.

    The coefficients b and the intercept minimise

    .. math::

        \frac{\sum_i w_i \, \ell(y_i, b_0 + x_i^\top b)}{\sum_i w_i}
        + \frac{\alpha}{2} \lVert b \rVert^2.

    It is a classifier if the targets of the loss are classes, and otherwise a regressor.

    Parameters
    ----------
    loss : Loss, optional
        A loss of one score per sample, or of one score per class.  The default is half the squared
        error.  Its `reduction` has no effect.  A search can vary its parameters under names such as
        ``loss__delta``.
    alpha : float, default 1e-4
        Strength of the penalty, which does not apply to the intercept.
    fit_intercept : bool, default True
        Whether there is an intercept.
    max_iter : int, default 1000
        The largest number of steps.
    tol : float, default 1e-8
        Relative tolerance.  The steps end when the expected decrease of the objective in the last
        step is less than this share of the objective.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,), (1, n_features) or (n_classes, n_features)
        Coefficients.  The three shapes are those of a regressor, of a classifier for two classes
        and of a classifier for more classes.
    intercept_ : float or ndarray of shape (1,) or (n_classes,)
        Intercepts.
    classes_ : ndarray
        The labels of a classifier.
    n_iter_ : int
        Number of steps.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    The curvature is the second derivative if the loss is convex and twice differentiable.
    Otherwise it is the majorizer, and the steps are those of iteratively reweighted least squares.
    A majorizer that is infinite at a kink is bounded, and the bound is raised as the steps
    converge.  Losses without a majorizer use the Fisher information, the absolute value of the
    second derivative, or the number 1.  Every step is shortened until the objective decreases.  For
    a loss that is not convex, the result is a local minimum.

    Labels may have any names.  They are converted to 0 and 1, to -1 and 1, or to class indices,
    depending on the loss.

    Examples
    --------
    >>> import numpy as np
    >>> import lossbook as lb
    >>> from lossbook.interop.sklearn import LinearModel
    >>> x = np.arange(6.0)[:, None]
    >>> model = LinearModel(lb.Huber(delta=0.5), alpha=0.0).fit(x, [1, 3, 5, 7, 9, 90])
    >>> model.coef_.round(2), round(model.intercept_, 2)
    (array([2.15]), 0.8)

    With a loss of classes, the model is a classifier:

    >>> model = LinearModel(lb.SquaredHinge()).fit(x, ["low"] * 3 + ["high"] * 3)
    >>> model.predict([[0.5], [4.5]])
    array(['low', 'high'], dtype='<U4')

    A search can vary the parameters of the loss:

    >>> from sklearn.model_selection import GridSearchCV
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 2))
    >>> y = x @ [1.0, 2.0] + rng.standard_t(2, 60)
    >>> search = GridSearchCV(LinearModel(lb.Huber()), {"loss__delta": [0.1, 1.0, 10.0]})
    >>> sorted(search.fit(x, y).best_params_)
    ['loss__delta']
    """

    coef_: NDArray[Any]
    intercept_: Any
    n_iter_: int
    classes_: NDArray[Any]

    def __init__(
        self,
        loss: Loss | None = None,
        *,
        alpha: float = 1e-4,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-8,
    ) -> None:
        self.loss = loss
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

    @property
    def _loss(self) -> Loss:
        return HalfSquaredError() if self.loss is None else self.loss

    def __sklearn_tags__(self) -> Any:
        tags, loss = super().__sklearn_tags__(), self._loss
        tags.target_tags.required = True
        if _classifies(loss):
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_class=isinstance(loss, ClassLoss))
        else:
            tags.estimator_type = "regressor"
            tags.regressor_tags = RegressorTags()
            domain = loss.y_true_domain
            tags.target_tags.positive_only = not domain.contains(np.array([-2.0]))[0]
        return tags

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, and the parameters of the loss as ``loss__...``.

        Parameters
        ----------
        deep : bool, default True
            Whether to include the parameters of the loss.

        Returns
        -------
        dict
        """
        params = super().get_params(deep=False)
        if deep and isinstance(self.loss, Loss):
            names = [each.name for each in fields(self.loss) if each.init]
            params |= {f"loss__{name}": getattr(self.loss, name) for name in names}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, and parameters of the loss as ``loss__...``.

        Parameters
        ----------
        **params
            New values by name.

        Returns
        -------
        LinearModel
            This model.  The loss object is not changed but replaced by a new one.
        """
        of_loss = {name: params.pop(name) for name in list(params) if name.startswith("loss__")}
        super().set_params(**params)
        if unknown := of_loss.keys() - self.get_params().keys():
            raise ValueError(f"Invalid parameter {min(unknown)!r} for estimator {self!r}")
        if of_loss:
            named = {name.removeprefix("loss__"): value for name, value in of_loss.items()}
            self.loss = replace(self._loss, **named)
        return self

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Features.
        y : array_like of shape (n_samples,)
            Targets, or labels of any kind.
        sample_weight : array_like of shape (n_samples,), optional
            One non-negative weight per sample.

        Returns
        -------
        LinearModel
            This model.
        """
        loss = replace(self._loss, reduction="mean")
        _require_scores(loss)
        classifies = _classifies(loss)
        features, targets = _validated(self, X, y, y_numeric=not classifies)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, features)
        targets = self._labels(targets, loss) if classifies else targets.astype(np.float64)
        design = features
        if self.fit_intercept:
            design = np.column_stack([np.ones(len(features)), features])
        penalty = np.full(design.shape[1], float(self.alpha))
        if self.fit_intercept:
            penalty[0] = 0
        n_classes = len(self.classes_) if classifies else None
        f = linear_objective(loss, design, targets, sample_weight, penalty, n_classes)
        w = f.matrix(f.x0)
        if self.fit_intercept:
            w[0] = _start(loss, targets, sample_weight)
        w, self.n_iter_, converged = minimise(f, w.ravel(), self.tol, self.max_iter)
        if not converged:
            warn(
                f"max_iter={self.max_iter} steps did not converge. Increase max_iter or alpha, or "
                "scale the features",
                ConvergenceWarning,
                stacklevel=2,
            )
        w = f.matrix(w)
        intercept, coefficients = (w[0], w[1:]) if self.fit_intercept else (0 * w[0], w)
        if classifies:
            coefficients = coefficients.reshape(features.shape[1], -1).T
            intercept = np.atleast_1d(intercept)
            if len(coefficients) == len(self.classes_) == 2:
                coefficients, intercept = np.diff(coefficients, axis=0), np.diff(intercept)
            self.coef_, self.intercept_ = coefficients, intercept
        else:
            self.coef_, self.intercept_ = coefficients, float(intercept)
        return self

    def _labels(self, y: NDArray[Any], loss: Loss) -> NDArray[Any]:
        """Set the classes, and return their indices as the loss takes them."""
        check_classification_targets(y)
        self.classes_, index = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold two classes or more; got one class, {self.classes_[0]}")
        if isinstance(loss, ClassLoss):
            return index
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(y)}. A loss of several classes is, for example, "
                f"SoftmaxCrossEntropy; got {loss!r}"
            )
        return 2.0 * index - 1 if is_margin(loss) else index.astype(np.float64)

    def _scores(self, X: ArrayLike) -> NDArray[Any]:
        check_is_fitted(self)
        features = _validated(self, X, reset=False)
        scores = features @ self.coef_.T + self.intercept_
        return scores[:, 0] if scores.ndim == 2 and scores.shape[1] == 1 else scores

    @available_if(_if_classifier)
    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        """Return the raw scores of a classifier.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes, the score of the second one.
        """
        return self._scores(X)

    @available_if(_if_probabilities)
    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Return the probabilities of the classes, if the link converts scores to probabilities.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        scores, link = self._scores(X), self._loss.link
        if scores.ndim > 1:
            return response("multinomial_logit", scores)
        second = scores * (2 if link == "half_logit" else 1)
        return np.stack([response("logit", -second), response("logit", second)], axis=1)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the predictions.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples,)
            The labels predicted by a classifier.  For a regressor, the scores converted by the link
            of the loss, for example to the mean if the link is the logarithm.
        """
        scores = self._scores(X)
        if not _classifies(self._loss):
            return response(self._loss.link, scores)
        best = scores.argmax(axis=1) if scores.ndim > 1 else (scores > 0).astype(np.intp)
        return self.classes_[best]

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy of a classifier, or the R² of a regressor.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Features.
        y : array_like of shape (n_samples,)
            Targets.
        sample_weight : array_like of shape (n_samples,), optional
            One non-negative weight per sample.

        Returns
        -------
        float
        """
        measure = accuracy_score if _classifies(self._loss) else r2_score
        return float(measure(y, self.predict(X), sample_weight=sample_weight))


def _validated(model: LinearModel, *arrays: Any, **given: Any) -> Any:
    """Return arrays that scikit-learn has checked, features in double precision."""
    return validate_data(model, *arrays, dtype=np.float64, **given)


def _require_scores(loss: Loss) -> None:
    """Refuse a loss that no linear model can be fitted with."""
    if getattr(loss, "y_pred_domain", None) is not None or loss.link in ORDINAL_LINKS:
        raise ValueError(
            f"loss must take raw scores, one per sample or one for each class; got {loss!r}"
        )
    if chosen_curvature(loss) == 1.0 and not loss.traits.differentiable:
        raise ValueError(
            f"loss must be differentiable or have a majorizer; got {loss!r}, which has neither"
        )


def _start(loss: Loss, y: NDArray[Any], sample_weight: ArrayLike | None) -> Any:
    """Return where the intercept starts."""
    try:
        constant = np.asarray(loss.optimal_constant(y, sample_weight))
    except NotImplementedError:
        return 0.0
    return constant if np.isfinite(constant).all() else 0.0


@dataclass(frozen=True)
class Scorer:
    """A scorer that is minus the mean of a loss, which `scorer` returns."""

    loss: Loss

    @property
    def __name__(self) -> str:
        """Name of the loss."""
        return type(self.loss).__name__

    def __call__(
        self, estimator: Any, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return minus the loss of an estimator's predictions.

        Parameters
        ----------
        estimator : estimator of scikit-learn
            A fitted model.
        X : array_like
            Features.
        y : array_like
            Targets, or labels as the estimator knows them.
        sample_weight : array_like, optional
            One non-negative weight per sample.

        Returns
        -------
        float
        """
        predictions = self._predictions(estimator, X)
        return -float(
            self.loss(self._targets(estimator, np.asarray(y)), predictions, sample_weight)
        )

    def _targets(self, estimator: Any, y: NDArray[Any]) -> NDArray[Any]:
        classes = getattr(estimator, "classes_", None)
        if classes is None or not _classifies(self.loss):
            return y
        index = np.searchsorted(classes, y)
        return 2.0 * index - 1 if is_margin(self.loss) else index

    def _predictions(self, estimator: Any, X: ArrayLike) -> NDArray[Any]:
        """Return what the loss takes, by the method of the estimator that gives it."""
        loss, link = self.loss, self.loss.link
        if not _classifies(loss):
            with np.errstate(all="ignore"):
                predicted = np.asarray(estimator.predict(X))
                return np.log(predicted) if link == "log" else predicted
        if loss.y_pred_domain is not None:
            probabilities = estimator.predict_proba(X)
            return probabilities if isinstance(loss, ClassLoss) else probabilities[:, 1]
        if link in _PROBABILITIES and hasattr(estimator, "predict_proba"):
            with np.errstate(all="ignore"):
                scores = np.log(estimator.predict_proba(X))
        else:
            scores = np.asarray(estimator.decision_function(X))
            if scores.ndim == 1:
                scores = np.stack([0 * scores, scores], axis=1)
            elif not isinstance(loss, ClassLoss) and scores.shape[1] != 2:
                raise ValueError(f"{loss!r} is of two classes; got {scores.shape[1]}")
        if isinstance(loss, ClassLoss):
            return scores
        return (scores[:, 1] - scores[:, 0]) * (0.5 if link == "half_logit" else 1)


def scorer(loss: Loss) -> Scorer:
    """Return a scorer that is minus the loss, because larger scores are better in scikit-learn.

    Parameters
    ----------
    loss : Loss
        A loss with the reduction ``"mean"`` or ``"sum"``.

    Returns
    -------
    Scorer
        A function of an estimator, features and targets, which is passed as ``scoring``.  A loss of
        probabilities takes them from ``predict_proba``.  A loss of scores whose link converts them
        to probabilities uses the same method if the estimator has it, and converts the
        probabilities to scores.  Other losses of classes use ``decision_function``.  Losses of
        numbers use ``predict``, or its logarithm if this is their link.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> import lossbook as lb
    >>> from lossbook.interop.sklearn import scorer
    >>> x = np.arange(10.0)[:, None]
    >>> y = np.arange(10.0) ** 2
    >>> score = cross_val_score(LinearRegression(), x, y, scoring=scorer(lb.AbsoluteError()), cv=2)
    >>> score.round(3)
    array([-25., -25.])
    """
    if loss.reduction == "none":
        raise ValueError(f"reduction must be 'mean' or 'sum'; got {loss!r}")
    return Scorer(loss)
