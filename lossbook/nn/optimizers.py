"""Optimisers, which change parameters according to the gradient of the minimised function.

An optimiser defines ``_update``, the formula by which one array of parameters moves.  It also
declares ``n_memories``, the number of further arrays of the same shape that the formula keeps from
one step to the next.  All of them are 0 at the start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..core.domains import POSITIVE, Interval
from ..core.inputs import require_shape
from ..core.parameters import check_parameters, parameter
from .schedules import check_learning_rate, rate_at

DECAY = Interval(0, 1, include_high=False)


@dataclass(eq=False)
class Optimizer:
    """Base of all optimisers.

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        A positive number, or a schedule, which is a function of the number of steps taken so far.

    Attributes
    ----------
    steps : int
        The number of steps taken so far.
    n_memories : int
        The number of arrays that the optimiser keeps for each array of parameters.
    """

    learning_rate: float | Callable[[int], float] = 0.01

    n_memories: ClassVar[int] = 0

    def __post_init__(self) -> None:
        check_learning_rate(self)
        check_parameters(self)
        self.start([])

    def start(
        self,
        parameters: Sequence[NDArray[Any]],
        steps: int = 0,
        memories: Sequence[Sequence[NDArray[Any]]] | None = None,
    ) -> None:
        """Begin to move other parameters, or go on with a state that was kept.

        You need this only to keep a state yourself: `step` starts by itself, and `Sequential.save`
        and `Sequential.load` keep the state in a file.

        Parameters
        ----------
        parameters : sequence of ndarray
            The arrays that the next steps will move.
        steps : int, default 0
            The number of steps that were taken before.
        memories : sequence of sequence of ndarray, optional
            The arrays that the optimiser keeps for each parameter; by default they are 0.
        """
        self.steps: int = steps
        self._parameters = list(parameters)
        if memories is None:
            memories = [
                [np.zeros_like(parameter) for _ in range(self.n_memories)]
                for parameter in parameters
            ]
        self._memories = memories

    def moves(self, parameters: Sequence[NDArray[Any]]) -> bool:
        """Return whether the steps taken so far moved these very arrays.

        Parameters
        ----------
        parameters : sequence of ndarray
            The arrays.

        Returns
        -------
        bool
        """
        return len(parameters) == len(self._parameters) and all(
            new is old for new, old in zip(parameters, self._parameters, strict=True)
        )

    def step(self, parameters: Sequence[NDArray[Any]], gradients: Sequence[NDArray[Any]]) -> None:
        """Move the parameters one step, in place.

        The count of steps, and whatever else the optimiser keeps, belong to these very arrays.  If
        it gets the same arrays again, in another call or another `fit`, it goes on from there.  If
        it gets others, it starts anew.

        Parameters
        ----------
        parameters : sequence of ndarray
            The parameters, which are changed in place.
        gradients : sequence of ndarray
            The gradient with respect to each of them, of the same shape.

        Raises
        ------
        TypeError
            If a parameter is not an array of floats, or a gradient does not hold real numbers.
        ValueError
            If the gradients do not fit the parameters, a parameter is read-only, or a schedule
            returns no learning rate.  Nothing has then been changed.
        """
        gradients = [np.asarray(gradient) for gradient in gradients]
        if len(parameters) != len(gradients):
            raise ValueError(
                f"gradients must be as many as the parameters, {len(parameters)}; "
                f"got {len(gradients)}"
            )
        for k, (array, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
                raise TypeError(f"parameters[{k}] must be an array of floats; got {array!r}")
            if not array.flags.writeable:
                raise ValueError(f"parameters[{k}] must be writable; got a read-only array")
            if gradient.dtype.kind not in "fiub":
                raise TypeError(
                    f"gradients[{k}] must hold real numbers; got dtype {gradient.dtype}"
                )
            require_shape(f"gradients[{k}]", gradient, array.shape, "its parameter's")
        goes_on = self.moves(parameters)
        rate = rate_at(self.learning_rate, self.steps if goes_on else 0)
        if not goes_on:
            self.start(parameters)
        self.steps += 1
        with np.errstate(all="ignore"):
            for array, gradient, memories in zip(
                parameters, gradients, self._memories, strict=True
            ):
                self._update(array, gradient, rate, *memories)

    def _update(self, parameter, gradient, rate, *memories):
        raise NotImplementedError(f"{type(self).__name__} must define _update, its formula")


@dataclass(eq=False)
class GradientDescent(Optimizer):
    r"""Gradient descent, :math:`\theta \leftarrow \theta - \eta g`.

    If the gradients are those of mini-batches, this is stochastic gradient descent.

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        Step size :math:`\eta`, which is a positive number or a schedule.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> theta = np.array([1.0, 2.0])
    >>> nn.GradientDescent(learning_rate=0.5).step([theta], [np.array([2.0, -2.0])])
    >>> theta
    array([0., 3.])
    """

    def _update(self, parameter, gradient, rate):
        parameter -= rate * gradient


@dataclass(eq=False)
class Momentum(Optimizer):
    r"""Gradient descent with momentum (Polyak's heavy ball [1]_).

    .. math::

        \begin{aligned}
        v &\leftarrow \mu v + g \\
        \theta &\leftarrow \theta - \eta v
        \end{aligned}

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        Step size :math:`\eta`, which is a positive number or a schedule.
    momentum : float, default 0.9
        Share :math:`\mu`, in [0, 1), of the velocity that is kept in each step.

    References
    ----------
    .. [1] B. T. Polyak, "Some methods of speeding up the convergence of iteration methods",
       *USSR Computational Mathematics and Mathematical Physics* 4(5), 1964.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> theta, optimizer = np.array([1.0]), nn.Momentum(learning_rate=0.1, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.step([theta], [np.array([2.0])])
    >>> theta
    array([0.5])
    """

    momentum: float = parameter(0.9, DECAY)

    n_memories = 1

    def _update(self, parameter, gradient, rate, velocity):
        velocity *= self.momentum
        velocity += gradient
        parameter -= rate * velocity


@dataclass(eq=False)
class NesterovMomentum(Optimizer):
    r"""Gradient descent with Nesterov's momentum.

    .. math::

        \begin{aligned}
        v &\leftarrow \mu v + g \\
        \theta &\leftarrow \theta - \eta\,(g + \mu v)
        \end{aligned}

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        Step size :math:`\eta`, which is a positive number or a schedule.
    momentum : float, default 0.9
        Share :math:`\mu`, in [0, 1), of the velocity that is kept in each step.

    Notes
    -----
    Nesterov's method takes the gradient at the point to which the velocity is about to lead [1]_.
    In the form used here [2]_ the parameters are already at that point, so the gradient is the
    ordinary one.

    References
    ----------
    .. [1] I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and
       momentum in deep learning", *Proceedings of the 30th International Conference on Machine
       Learning*, 2013.
    .. [2] Y. Bengio, N. Boulanger-Lewandowski and R. Pascanu, "Advances in optimizing recurrent
       networks", *Proceedings of the IEEE International Conference on Acoustics, Speech and Signal
       Processing*, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> theta = np.array([1.0])
    >>> nn.NesterovMomentum(learning_rate=0.1, momentum=0.5).step([theta], [np.array([2.0])])
    >>> theta
    array([0.7])
    """

    momentum: float = parameter(0.9, DECAY)

    n_memories = 1

    def _update(self, parameter, gradient, rate, velocity):
        velocity *= self.momentum
        velocity += gradient
        parameter -= rate * (gradient + self.momentum * velocity)


@dataclass(eq=False)
class AdaGrad(Optimizer):
    r"""AdaGrad, whose steps become smaller where the gradients have been large [1]_.

    .. math::

        \begin{aligned}
        s &\leftarrow s + g^2 \\
        \theta &\leftarrow \theta - \eta\,\frac{g}{\sqrt{s} + \epsilon}
        \end{aligned}

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        Step size :math:`\eta`, which is a positive number or a schedule.
    eps : float, default 1e-10
        Positive term :math:`\epsilon` that keeps the quotient finite.

    References
    ----------
    .. [1] J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and
       stochastic optimization", *Journal of Machine Learning Research* 12, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> theta = np.array([1.0, 1.0])
    >>> nn.AdaGrad(learning_rate=0.5).step([theta], [np.array([100.0, 0.01])])
    >>> theta.round(6)
    array([0.5, 0.5])
    """

    eps: float = parameter(1e-10, POSITIVE)

    n_memories = 1

    def _update(self, parameter, gradient, rate, squares):
        squares += gradient * gradient
        parameter -= rate * gradient / (np.sqrt(squares) + self.eps)


@dataclass(eq=False)
class RMSProp(Optimizer):
    r"""RMSProp, which divides the gradient by a running average of its magnitude [1]_.

    .. math::

        \begin{aligned}
        s &\leftarrow \rho s + (1 - \rho) g^2 \\
        \theta &\leftarrow \theta - \eta\,\frac{g}{\sqrt{s} + \epsilon}
        \end{aligned}

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size :math:`\eta`, which is a positive number or a schedule.
    decay : float, default 0.9
        Share :math:`\rho`, in [0, 1), of the mean square that is kept in each step.
    eps : float, default 1e-8
        Positive term :math:`\epsilon` that keeps the quotient finite.

    References
    ----------
    .. [1] T. Tieleman and G. Hinton, "Lecture 6.5: RMSProp: divide the gradient by a running
       average of its recent magnitude", *COURSERA: Neural Networks for Machine Learning*, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> theta = np.array([1.0, 1.0])
    >>> nn.RMSProp(learning_rate=0.5, decay=0.75).step([theta], [np.array([100.0, 0.01])])
    >>> theta.round(5)
    array([0., 0.])
    """

    learning_rate: float | Callable[[int], float] = 0.001
    decay: float = parameter(0.9, DECAY)
    eps: float = parameter(1e-8, POSITIVE)

    n_memories = 1

    def _update(self, parameter, gradient, rate, mean_square):
        mean_square *= self.decay
        mean_square += (1 - self.decay) * gradient * gradient
        parameter -= rate * gradient / (np.sqrt(mean_square) + self.eps)


@dataclass(eq=False)
class Adam(Optimizer):
    r"""Adam, which divides a running mean of the gradient by its running root mean square [1]_.

    .. math::

        \begin{aligned}
        m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
        v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        \theta &\leftarrow \theta - \eta\,
        \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}
        \end{aligned}

    in step :math:`t = 1, 2, \dots`.  The divisors :math:`1 - \beta^t` make up for the start of both
    running means at 0.

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size :math:`\eta`, which is a positive number or a schedule.
    beta1, beta2 : float, default 0.9 and 0.999
        Shares, in [0, 1), of the mean and of the mean square that are kept in each step.
    eps : float, default 1e-8
        Positive term :math:`\epsilon` that keeps the quotient finite.

    References
    ----------
    .. [1] D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", *International
       Conference on Learning Representations*, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from lossbook import nn
    >>> theta = np.array([1.0, 1.0])
    >>> nn.Adam(learning_rate=0.5).step([theta], [np.array([100.0, 0.01])])
    >>> theta.round(5)
    array([0.5, 0.5])
    """

    learning_rate: float | Callable[[int], float] = 0.001
    beta1: float = parameter(0.9, DECAY)
    beta2: float = parameter(0.999, DECAY)
    eps: float = parameter(1e-8, POSITIVE)

    n_memories = 2

    def _update(self, parameter, gradient, rate, mean, mean_square):
        mean *= self.beta1
        mean += (1 - self.beta1) * gradient
        mean_square *= self.beta2
        mean_square += (1 - self.beta2) * gradient * gradient
        unbiased = mean / (1 - self.beta1**self.steps)
        root = np.sqrt(mean_square / (1 - self.beta2**self.steps))
        parameter -= rate * unbiased / (root + self.eps)
