"""Learning rates that change in the course of a training.

A schedule is a function of the number of steps taken so far.  Any other callable serves as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from typing import Any

from ..core.domains import NON_NEGATIVE, POSITIVE, Interval
from ..core.parameters import check_parameters, parameter, real_number, whole_number

FACTOR = Interval(0, 1, include_low=False)


@dataclass(frozen=True)
class StepDecay:
    r"""Learning rate that is multiplied by a factor after every :math:`n` steps.

    After :math:`t` steps it is :math:`\eta_t = \eta_0\,f^{\lfloor t/n \rfloor}`.

    Parameters
    ----------
    initial : float, default 0.1
        Positive learning rate :math:`\eta_0` at the start.
    factor : float, default 0.1
        Factor :math:`f` by which the learning rate is multiplied; in (0, 1].
    every : int, default 1000
        Number of steps :math:`n` after which this happens; each batch is one step.

    Examples
    --------
    >>> from lossbook import nn
    >>> rate = nn.StepDecay(initial=1.0, factor=0.5, every=10)
    >>> [rate(step) for step in (0, 9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]
    """

    initial: float = parameter(0.1, POSITIVE)
    factor: float = parameter(0.1, FACTOR)
    every: int = 1000

    def __post_init__(self) -> None:
        check_parameters(self)
        whole_number("every", self.every, 1)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return self.initial * self.factor ** (step // self.every)


@dataclass(frozen=True)
class ExponentialDecay:
    r"""Learning rate that falls smoothly, by a factor over every :math:`n` steps.

    After :math:`t` steps it is :math:`\eta_t = \eta_0\,f^{t/n}`.

    Parameters
    ----------
    initial : float, default 0.1
        Positive learning rate :math:`\eta_0` at the start.
    factor : float, default 0.1
        Factor :math:`f` by which the learning rate has fallen after `every` steps; in (0, 1].
    every : int, default 1000
        Number of steps :math:`n`; each batch is one step.

    Examples
    --------
    >>> from lossbook import nn
    >>> rate = nn.ExponentialDecay(initial=1.0, factor=0.25, every=10)
    >>> [rate(step) for step in (0, 5, 10)]
    [1.0, 0.5, 0.25]
    """

    initial: float = parameter(0.1, POSITIVE)
    factor: float = parameter(0.1, FACTOR)
    every: int = 1000

    def __post_init__(self) -> None:
        check_parameters(self)
        whole_number("every", self.every, 1)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return self.initial * self.factor ** (step / self.every)


@dataclass(frozen=True)
class CosineDecay:
    r"""Learning rate that falls along half a cosine wave [1]_ and then stays constant.

    After :math:`t \le T` steps it is
    :math:`\eta_t = \eta_T + \tfrac12(\eta_0 - \eta_T)(1 + \cos(\pi t/T))`.

    Parameters
    ----------
    initial : float, default 0.1
        Positive learning rate :math:`\eta_0` at the start.
    steps : int, default 1000
        Number of steps :math:`T` after which the rate stays constant; each batch is one step.
    final : float, default 0.0
        Learning rate :math:`\eta_T` at the end, which may not be negative.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
       *International Conference on Learning Representations*, 2017.

    Examples
    --------
    >>> from lossbook import nn
    >>> rate = nn.CosineDecay(initial=1.0, steps=100)
    >>> [round(rate(step), 4) for step in (0, 25, 50, 100, 200)]
    [1.0, 0.8536, 0.5, 0.0, 0.0]
    """

    initial: float = parameter(0.1, POSITIVE)
    steps: int = 1000
    final: float = parameter(0.0, NON_NEGATIVE)

    def __post_init__(self) -> None:
        check_parameters(self)
        whole_number("steps", self.steps, 1)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        share = min(step / self.steps, 1)
        return self.final + (self.initial - self.final) * (1 + cos(pi * share)) / 2


@dataclass(frozen=True)
class WarmUp:
    r"""Learning rate that first rises linearly to that of another schedule.

    After :math:`t` steps the rate of `learning_rate` is multiplied by :math:`\min(1, (t + 1)/n)`.

    Parameters
    ----------
    learning_rate : float or callable, default 0.1
        The rate that is reached in the end, a number or a schedule.
    steps : int, default 100
        Number of steps :math:`n` until this rate is reached.

    Examples
    --------
    >>> from lossbook import nn
    >>> rate = nn.WarmUp(learning_rate=1.0, steps=4)
    >>> [rate(step) for step in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """

    learning_rate: float | Callable[[int], float] = 0.1
    steps: int = 100

    def __post_init__(self) -> None:
        check_learning_rate(self)
        whole_number("steps", self.steps, 1)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return rate_at(self.learning_rate, step) * min(1, (step + 1) / self.steps)


def check_learning_rate(instance: Any) -> None:
    """Raise an error unless the learning rate is a positive number or a function."""
    if not callable(instance.learning_rate):
        rate = real_number("learning_rate", instance.learning_rate, POSITIVE)
        object.__setattr__(instance, "learning_rate", rate)


def rate_at(learning_rate: Any, step: Any) -> Any:
    """Return the learning rate after `step` steps, given a number or a schedule."""
    if not callable(learning_rate):
        return learning_rate
    return real_number(f"learning_rate({step})", learning_rate(step), NON_NEGATIVE)
