"""Check that a loss keeps the laws of its contract, whoever wrote it.

`check_loss` runs every check in `CHECKS` on samples drawn from the domains that the loss declares.
A check that fails says which law was broken, where, and with what numbers.  Nothing but NumPy is
needed.
"""

from typing import Any

from .checks import CHECKS, check_representation
from .derivatives import derivative
from .samples import Samples, draw
from .views import View, view

__all__ = ["CHECKS", "Samples", "View", "check_loss", "derivative", "draw", "view"]


def check_loss(loss: Any, *, n_classes: int = 3, seed: int = 0) -> None:
    """Raise unless a loss keeps every law of the contract.

    The gradient must be the derivative of the value and the second derivative that of the
    gradient; weights must act as repetition; labels outside the domain must be refused; `traits`
    must be true, and neither too bold nor too modest; the optimal constant must be optimal; and so
    on: `CHECKS` lists all.

    Parameters
    ----------
    loss : Loss
        An instance, of the package or your own.
    n_classes : int, default 3
        How many classes the samples have, for losses over classes, and entries, for losses of rows.
    seed : int, default 0
        Seed of the random samples; the same seed gives the same samples.

    Raises
    ------
    AssertionError
        If a law is broken; the message says which, where, and with what numbers.
    TypeError
        If samples cannot be drawn for the loss.

    Examples
    --------
    A loss of one's own:

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

    The same with a wrong sign in the second derivative:

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
