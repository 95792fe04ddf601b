"""Losses in the form of functions that SciPy minimises."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base import Loss
from ._linear import LinearObjective, linear_objective
from ._residual import of_residual

__all__ = ["LinearObjective", "Rho", "objective", "rho"]


def objective(
    loss: Loss,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    penalty: ArrayLike | None = None,
) -> LinearObjective:
    r"""Return the loss of a linear model as a function of its coefficients.

    The function is
    :math:`\sum_i w_i \ell(y_i, x_i^\top b) / \sum_i w_i + \tfrac12 \sum_j \alpha_j b_j^2`.  With
    ``reduction="sum"``, there is no denominator.

    Parameters
    ----------
    loss : Loss
        A loss of one score per sample, or of one score per class, with the reduction ``"mean"`` or
        ``"sum"``.
    X : array_like of shape (n_samples, n_features)
        Features.  For an intercept, include a column of ones.
    y : array_like
        Targets of the kind that the loss takes.
    sample_weight : array_like, optional
        One non-negative weight per sample.
    penalty : float or array_like of shape (n_features,), optional
        Number α in the penalty ½ α b² of each coefficient.  Use 0 for an intercept.

    Returns
    -------
    LinearObjective
        An object with the methods `fun`, `jac`, `hess` and `hessp` for `scipy.optimize.minimize`,
        and with the start `x0`, which is 0.  With `fun_and_jac` and ``jac=True``, one pass computes
        the value and the gradient.  For several classes, the coefficients are a matrix with one
        column per class.  SciPy uses a flat vector in its place, which `matrix` converts to the
        matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.optimize import minimize
    >>> import lossbook as lb
    >>> from lossbook.interop.scipy import objective
    >>> X = np.column_stack([np.ones(5), [0.0, 1.0, 2.0, 3.0, 4.0]])
    >>> y = np.array([1.0, 3.0, 5.0, 7.0, 90.0])
    >>> f = objective(lb.Huber(delta=0.5), X, y)
    >>> found = minimize(f.fun_and_jac, f.x0, jac=True, hess=f.hess, method="trust-exact")
    >>> found.x.round(2)
    array([0.75, 2.25])
    """
    return linear_objective(loss, X, y, sample_weight, penalty)


@dataclass(frozen=True)
class Rho:
    """A loss of the residual as a function ρ of z = r², with two derivatives.

    It is the result of `rho`, for `scipy.optimize.least_squares`.  In terms of the loss,
    ρ = 2ℓ, ρ′ = ℓ′/r and ρ″ = (ℓ″ - ℓ′/r)/(2r²).
    """

    loss: Loss

    @property
    def __name__(self) -> str:
        """Name of the loss."""
        return type(self.loss).__name__

    def __call__(self, z: ArrayLike) -> NDArray[np.float64]:
        """Return ρ, ρ′ and ρ″ at z.

        Parameters
        ----------
        z : array_like of shape (n,)
            Squared residuals, in units of ``f_scale``.

        Returns
        -------
        ndarray of shape (3, n)
            A new array, because SciPy changes it.
        """
        r = np.sqrt(np.asarray(z, np.float64))
        value, slope, curve = self._terms(r)
        bend = curve - slope
        with np.errstate(all="ignore"):
            second = np.where(self._is_small(slope, bend), self._limit, bend / (2 * r * r))
        return np.stack([value, slope, second])

    def _terms(self, r: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return 2ℓ, ℓ′/r and ℓ″."""
        zero = np.zeros_like(r)
        value, gradient = self.loss.value_and_gradient(zero, r)
        curve = self.loss.hessian(zero, r)
        with np.errstate(all="ignore"):
            slope = np.where(r > 0, gradient / r, curve)
        return 2 * np.asarray(value), slope, curve

    def _is_small(self, slope: NDArray[Any], bend: NDArray[Any]) -> NDArray[Any]:
        """Return where the difference of ℓ″ and ℓ′/r is so small that its digits have cancelled."""
        return np.abs(bend) < 1e-7 * np.abs(slope)

    @cached_property
    def _limit(self) -> float:
        """The limit of ρ″ at 0, from the smallest r at which the difference keeps its digits.

        Where there is none, as for `Fair`, it is 0: SciPy multiplies it by the square of r.
        """
        r = 2.0 ** np.arange(-160, 160)
        _, slope, curve = self._terms(r)
        bend = curve - slope
        kept = ~self._is_small(slope, bend) & (np.abs(bend) < 1e-4 * np.abs(slope))
        if not kept[:-1].any():
            return 0.0
        i = int(np.argmax(kept))
        near, far = bend[i : i + 2] / (2 * r[i : i + 2] ** 2)
        return float(near) if abs(far - near) < 0.01 * abs(near) else 0.0


def rho(loss: Loss) -> Rho:
    """Return a symmetric loss in the form that `scipy.optimize.least_squares` expects.

    Parameters
    ----------
    loss : Loss
        A differentiable loss that depends only on the absolute value of the residual.  Its
        `reduction` has no effect.

    Returns
    -------
    Rho
        A function of squared residuals, which is passed as ``loss``.  With ``f_scale=1``, the cost
        in SciPy is then the sum of our loss.

    Raises
    ------
    ValueError
        If the loss is not symmetric or has a kink at 0.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.optimize import least_squares
    >>> import lossbook as lb
    >>> from lossbook.interop.scipy import rho
    >>> y = np.array([1.0, 2.0, 3.0, 50.0])
    >>> found = least_squares(lambda c: c - y, [0.0], loss=rho(lb.Huber(delta=1.0)))
    >>> found.x.round(4)
    array([2.5])
    >>> lb.Huber(delta=1.0).optimal_constant(y)
    2.5
    """
    if not (loss.traits.symmetric and of_residual(loss)):
        raise ValueError(
            "loss must be a symmetric loss of the residual, for least_squares sees only the square "
            f"of the residual; got {loss!r}"
        )
    if not loss.traits.differentiable:
        raise ValueError(
            f"loss must be differentiable; got {loss!r}, which has a kink. Use PseudoHuber or "
            "Huber with a small delta in its place"
        )
    return Rho(replace(loss, reduction="none"))
