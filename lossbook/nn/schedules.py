"""Learning rates that change as training goes on.

A schedule is a function of the number of steps taken so far; any other callable serves as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi

from ..core.domains import NON_NEGATIVE, POSITIVE, Interval
from ..core.parameters import check_parameters, parameter, real_number, whole_number

FACTOR = Interval(0, 1, include_low=False)


@dataclass(frozen=True)
class StepDecay:
    r"""Learning rate that falls by a factor every so many steps.

    After :math:`t` steps it is :math:`\eta_t = \eta_0\,f^{\lfloor t/n \rfloor}`.

    Parameters
    ----------
    initial : float, default 0.1
        Learning rate :math:`\eta_0` at the start; positive.
    factor : float, default 0.1
        What it is multiplied by, :math:`f`; in (0, 1].
    every : int, default 1000
        After how many steps, :math:`n`; a step is one batch.

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

    def __post_init__(self):
        check_parameters(self)
        whole_number("every", self.every, 1)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return self.initial * self.factor ** (step // self.every)


@dataclass(frozen=True)
class ExponentialDecay:
    r"""Learning rate that falls smoothly, by a factor over so many steps.

    After :math:`t` steps it is :math:`\eta_t = \eta_0\,f^{t/n}`.

    Parameters
    ----------
    initial : float, default 0.1
        Learning rate :math:`\eta_0` at the start; positive.
    factor : float, default 0.1
        What it has been multiplied by, :math:`f`, after `every` steps; in (0, 1].
    every : int, default 1000
        The number of steps :math:`n`; a step is one batch.

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

    def __post_init__(self):
        check_parameters(self)
        whole_number("every", self.every, 1)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return self.initial * self.factor ** (step / self.every)


@dataclass(frozen=True)
class CosineDecay:
    r"""Learning rate that falls along half a cosine wave [1]_, and stays where that ends.

    After :math:`t \le T` steps it is
    :math:`\eta_t = \eta_T + \tfrac12(\eta_0 - \eta_T)(1 + \cos(\pi t/T))`.

    Parameters
    ----------
    initial : float, default 0.1
        Learning rate :math:`\eta_0` at the start; positive.
    steps : int, default 1000
        After how many steps :math:`T` the end is reached; a step is one batch.
    final : float, default 0.0
        Learning rate :math:`\eta_T` at the end; not negative.

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

    def __post_init__(self):
        check_parameters(self)
        whole_number("steps", self.steps, 1)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        share = min(step / self.steps, 1)
        return self.final + (self.initial - self.final) * (1 + cos(pi * share)) / 2


@dataclass(frozen=True)
class WarmUp:
    r"""Learning rate that first rises linearly to another.

    The rate of `learning_rate` is multiplied by :math:`\min(1, (t + 1)/n)` after :math:`t` steps.

    Parameters
    ----------
    learning_rate : float or callable, default 0.1
        A number or a schedule.
    steps : int, default 100
        The number of steps :math:`n` that it takes.

    Examples
    --------
    >>> from lossbook import nn
    >>> rate = nn.WarmUp(learning_rate=1.0, steps=4)
    >>> [rate(step) for step in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """

    learning_rate: float | Callable[[int], float] = 0.1
    steps: int = 100

    def __post_init__(self):
        check_learning_rate(self)
        whole_number("steps", self.steps, 1)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return rate_at(self.learning_rate, step) * min(1, (step + 1) / self.steps)


def check_learning_rate(instance):
    """Refuse an instance whose learning rate is neither a positive number nor a function."""
    if not callable(instance.learning_rate):
        rate = real_number("learning_rate", instance.learning_rate, POSITIVE)
        object.__setattr__(instance, "learning_rate", rate)


def rate_at(learning_rate, step):
    """Return what a number or a schedule is after `step` steps."""
    if not callable(learning_rate):
        return learning_rate
    return real_number(f"learning_rate({step})", learning_rate(step), NON_NEGATIVE)
