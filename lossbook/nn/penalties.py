"""Penalties on the size of weights but not of biases, which are added to the loss in training."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.domains import NON_NEGATIVE
from ..core.parameters import check_parameters, parameter


class Penalty:
    """Base of all penalties.  The sum of two penalties is a penalty as well."""

    def __call__(self, weight: NDArray[Any]) -> float:
        """Return the penalty on an array of weights."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__, its value")

    def gradient(self, weight: NDArray[Any]) -> NDArray[Any]:
        """Return the gradient of the penalty with respect to the weights."""
        raise NotImplementedError(f"{type(self).__name__} must define gradient, its derivative")

    def __add__(self, other: Any) -> Any:
        return Both(self, other) if isinstance(other, Penalty) else NotImplemented


@dataclass(frozen=True)
class L1(Penalty):
    r"""Sum of absolute weights, :math:`\lambda \sum_i |w_i|`, which makes many weights exactly 0.

    Parameters
    ----------
    strength : float, default 0.0001
        Factor :math:`\lambda`, which may not be negative.

    Notes
    -----
    The gradient is :math:`\lambda \operatorname{sign}(w)`, which is 0 at the kink :math:`w = 0`.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> penalty, weight = nn.L1(strength=0.5), np.array([[3.0, -1.0, 0.0]])
    >>> penalty(weight), penalty.gradient(weight)
    (2.0, array([[ 0.5, -0.5,  0. ]]))
    """

    strength: float = parameter(1e-4, NON_NEGATIVE)

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, weight: NDArray[Any]) -> float:
        """Return the strength times the sum of the absolute weights."""
        with np.errstate(all="ignore"):
            return self.strength * float(np.abs(weight).sum(dtype=np.float64))

    def gradient(self, weight: NDArray[Any]) -> NDArray[Any]:
        """Return the strength times the sign of each weight."""
        return self.strength * np.sign(weight)


@dataclass(frozen=True)
class L2(Penalty):
    r"""Sum of squared weights, :math:`\lambda \sum_i w_i^2`, which makes large weights smaller.

    Parameters
    ----------
    strength : float, default 0.0001
        Factor :math:`\lambda`, which may not be negative.

    Notes
    -----
    The gradient is :math:`2 \lambda w`.  The strength of ``L2`` in Keras is :math:`\lambda`, and
    the ``weight_decay`` of the optimisers in PyTorch is :math:`2 \lambda`.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> penalty, weight = nn.L2(strength=0.5), np.array([[3.0, -1.0, 0.0]])
    >>> penalty(weight), penalty.gradient(weight)
    (5.0, array([[ 3., -1.,  0.]]))
    """

    strength: float = parameter(1e-4, NON_NEGATIVE)

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, weight: NDArray[Any]) -> float:
        """Return the strength times the sum of the squared weights."""
        with np.errstate(all="ignore"):
            return self.strength * float(np.square(weight, dtype=np.float64).sum())

    def gradient(self, weight: NDArray[Any]) -> NDArray[Any]:
        """Return twice the strength times each weight."""
        with np.errstate(all="ignore"):
            return 2 * self.strength * weight


@dataclass(frozen=True, repr=False)
class Both(Penalty):
    """Sum of two penalties.  ``L1(0.01) + L2(0.01)`` is the penalty of the elastic net [1]_.

    Parameters
    ----------
    first, second : Penalty

    References
    ----------
    .. [1] H. Zou and T. Hastie, "Regularization and variable selection via the elastic net",
       *Journal of the Royal Statistical Society B* 67(2), 2005.

    Examples
    --------
    >>> from lossbook import nn
    >>> nn.L1(strength=0.01) + nn.L2(strength=0.02)
    L1(strength=0.01) + L2(strength=0.02)
    """

    first: Penalty
    second: Penalty

    def __repr__(self) -> str:
        return f"{self.first!r} + {self.second!r}"

    def __call__(self, weight: NDArray[Any]) -> float:
        """Return the sum of the penalties."""
        return self.first(weight) + self.second(weight)

    def gradient(self, weight: NDArray[Any]) -> NDArray[Any]:
        """Return the sum of the gradients."""
        return self.first.gradient(weight) + self.second.gradient(weight)
