"""A loss of a linear model as a function of its coefficients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base import ClassLoss, Loss, PointwiseLoss

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinearObjective:
    """The reduced loss of the scores ``X @ coefficients``, with its derivatives.

    All functions take the coefficients flat, as `scipy.optimize.minimize` gives them, or in their
    `shape`, and return derivatives flat.

    Attributes
    ----------
    loss : Loss
    X : ndarray of shape (n_samples, n_features)
    y : ndarray
    sample_weight : ndarray or None
    penalty : ndarray of shape (n_features,)
        α in the penalty ½ Σ αⱼ wⱼ².
    shape : tuple of int
        Shape of the coefficients: ``(n_features,)`` or ``(n_features, n_classes)``.
    """

    loss: Loss
    X: Vector
    y: NDArray[Any]
    sample_weight: NDArray[Any] | None
    penalty: Vector
    shape: tuple[int, ...]

    @property
    def x0(self) -> Vector:
        """Coefficients that are 0, to start from."""
        return np.zeros(self.shape).ravel()

    def matrix(self, w: ArrayLike) -> Vector:
        """Return coefficients in their `shape`."""
        return np.asarray(w, np.float64).reshape(self.shape)

    def fun(self, w: ArrayLike) -> float:
        """Return the loss with the penalty."""
        w = self.matrix(w)
        return float(self.loss(self.y, self.X @ w, self.sample_weight)) + self._penalty(w)

    def jac(self, w: ArrayLike) -> Vector:
        """Return the gradient."""
        w = self.matrix(w)
        gradient = self.loss.gradient(self.y, self.X @ w, self.sample_weight)
        return self._back(gradient, w)

    def fun_and_jac(self, w: ArrayLike) -> tuple[float, Vector]:
        """Return both from one pass, as `scipy.optimize.minimize` takes them with ``jac=True``."""
        w = self.matrix(w)
        value, gradient = self.loss.value_and_gradient(self.y, self.X @ w, self.sample_weight)
        return float(value) + self._penalty(w), self._back(gradient, w)

    def hess(self, w: ArrayLike) -> Vector:
        """Return the matrix of second derivatives."""
        score = self.X @ self.matrix(w)
        if score.ndim == 1:
            return self.curved(self.loss.hessian(self.y, score, self.sample_weight))
        blocks = self._of_classes("hessian_blocks")(self.y, score, self.sample_weight)
        return self.curved(blocks)

    def hessp(self, w: ArrayLike, v: ArrayLike) -> Vector:
        """Return the matrix of second derivatives times a vector, without building the matrix."""
        score, v = self.X @ self.matrix(w), self.matrix(v)
        along = self.X @ v
        if score.ndim == 1:
            return self._back(self.loss.hessian(self.y, score, self.sample_weight) * along, v)
        product = self._of_classes("hessian_vector_product")
        return self._back(product(self.y, score, along, self.sample_weight), v)

    def curved(self, curvature: NDArray[Any]) -> Vector:
        """Return the matrix that follows from the curvature by the scores, and the penalty.

        The curvature is one number per sample, one for each class, or a matrix of these.
        """
        n_features, n_classes = self.shape[0], 1 if len(self.shape) == 1 else self.shape[1]
        if curvature.ndim == 2:
            curvature = curvature[..., None] * np.eye(n_classes)
        curvature = curvature.reshape(-1, n_classes, n_classes)
        parts = np.empty((n_features, n_classes, n_features, n_classes))
        for j in range(n_classes):
            for k in range(j, n_classes):
                parts[:, j, :, k] = self.X.T @ (curvature[:, j, k, None] * self.X)
                parts[:, k, :, j] = parts[:, j, :, k]
        matrix = parts.reshape(n_features * n_classes, -1)
        matrix[np.diag_indices_from(matrix)] += np.repeat(self.penalty, n_classes)
        return matrix

    def _penalty(self, w: Vector) -> float:
        return float(np.sum((self.penalty * np.square(w).T).T)) / 2

    def _back(self, by_score: NDArray[Any], w: Vector) -> Vector:
        """Return the derivative by the coefficients, with that of the penalty."""
        return (self.X.T @ by_score + (self.penalty * w.T).T).ravel()

    def _of_classes(self, name: str) -> Callable[..., Any]:
        method = getattr(self.loss, name, None)
        if method is None:
            raise NotImplementedError(
                f"{self.loss!r} gives only the diagonal of the second derivative with respect to "
                "the scores of several classes. Use a method of minimize that needs no more than "
                "the gradient, such as L-BFGS-B"
            )
        return method


def linear_objective(
    loss: Loss,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    penalty: ArrayLike | None,
    n_classes: int | None = None,
) -> LinearObjective:
    """Return the objective of a linear model, with its inputs checked."""
    if not isinstance(loss, PointwiseLoss | ClassLoss):
        raise TypeError(
            f"loss must be a loss of one number or of scores over classes per sample; got {loss!r}"
        )
    if loss.reduction == "none":
        raise ValueError(f"reduction must be 'mean' or 'sum'; got {loss!r}")
    X, y = np.asarray(X, np.float64), np.asarray(y)
    if X.ndim != 2:
        raise ValueError(f"X must have two axes, of samples and of features; got shape {X.shape}")
    if y.shape[:1] != X.shape[:1]:
        raise ValueError(f"y must have one entry per row of X, which are {len(X)}; got {y.shape}")
    shape: tuple[int, ...] = X.shape[1:]
    if isinstance(loss, ClassLoss):
        of_targets = y.shape[1] if y.ndim == 2 else int(y.max()) + 1
        shape = (X.shape[1], of_targets if n_classes is None else n_classes)
    alpha = np.asarray(0.0 if penalty is None else penalty, np.float64)
    if alpha.shape not in ((), X.shape[1:]) or not (np.isfinite(alpha) & (alpha >= 0)).all():
        raise ValueError(
            f"penalty must be a number that is not negative, or {X.shape[1]} of them, one per "
            f"column of X; got {penalty!r}"
        )
    weight = None if sample_weight is None else np.asarray(sample_weight)
    return LinearObjective(loss, X, y, weight, np.broadcast_to(alpha, X.shape[1:]), shape)
