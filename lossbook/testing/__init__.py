"""Checks that a loss of the package or your own satisfies the laws of the contract.

`check_loss` runs every check in `CHECKS` on samples drawn from the domains that the loss declares.
If a check fails, the message states which law does not hold and for which numbers.  Only NumPy is
needed.
"""

from typing import Any

from .checks import CHECKS, check_representation
from .derivatives import derivative
from .samples import Samples, draw
from .views import View, view

__all__ = ["CHECKS", "Samples", "View", "check_loss", "derivative", "draw", "view"]


def check_loss(loss: Any, *, n_classes: int = 3, seed: int = 0) -> None:
    """Raise an error unless a loss satisfies every law of the contract.

    For example, the gradient must be the derivative of the value, and the second derivative must be
    the derivative of the gradient.  A sample with weight 2 must count like two samples.  Labels
    outside the domain must raise an error.  Every trait must be true, and a trait must not be
    declared false if no sample shows that it is false.  The optimal constant must be optimal.
    `CHECKS` lists all checks.

    Parameters
    ----------
    loss : Loss
        An instance of a loss of the package or of your own loss.
    n_classes : int, default 3
        Number of classes for losses over classes, and number of entries of a row for losses of
        rows.
    seed : int, default 0
        Seed of the random samples.  The same seed gives the same samples.

    Raises
    ------
    AssertionError
        If a law does not hold.  The message states which law, and for which numbers.
    TypeError
        If samples cannot be drawn for the loss.

    Examples
    --------
    This is a new loss:

    >>> import numpy as np
    >>> from lossbook.base import PointwiseLoss, Traits
    >>> from lossbook.testing import check_loss
    >>> class CubicError(PointwiseLoss):
    ...     def _traits(self):
    ...         return Traits(
    ...             convex=True,
    ...             differentiable=True,
    ...             twice_differentiable=True,
    ...             symmetric=True,
    ...             elicits="a location between mean and midrange",
    ...         )
    ...
    ...     def _shared(self, y_true, y_pred):
    ...         return (y_pred - y_true,)
    ...
    ...     def _value(self, r):
    ...         return np.abs(r) ** 3
    ...
    ...     def _gradient(self, r):
    ...         return 3 * r * np.abs(r)
    ...
    ...     def _hessian(self, r):
    ...         return 6 * np.abs(r)
    >>> check_loss(CubicError())

    The next loss has the wrong sign in its second derivative:

    >>> class WrongCubicError(CubicError):
    ...     def _hessian(self, r):
    ...         return -6 * np.abs(r)
    >>> try:
    ...     check_loss(WrongCubicError())
    ... except AssertionError as error:
    ...     print(str(error).split(":")[0])
    WrongCubicError() fails check_hessian
    """
    for check in CHECKS:
        samples = Samples(view(loss), n_classes, seed)
        try:
            check(loss if check is check_representation else samples.loss, samples)
        except AssertionError as error:
            raise AssertionError(f"{loss!r} fails {check.__name__}: {error}") from None
