"""Loss functions with their exact gradients and Hessians, in NumPy.

>>> import lossbook as lb
>>> loss = lb.Huber(delta=1.0)
>>> value, gradient = loss.value_and_gradient([0.0, 0.0], [0.5, 3.0])
>>> value
1.3125
>>> gradient
array([0.25, 0.5 ])
"""

from .core.loss import Loss
from .core.streaming import get_num_threads, set_num_threads
from .core.traits import Traits
from .losses.binary import (
    BinaryCrossEntropy,
    Hinge,
    SigmoidCrossEntropy,
    SigmoidFocal,
    SquaredHinge,
)
from .losses.multiclass import CategoricalCrossEntropy, SoftmaxCrossEntropy
from .losses.regression import (
    AbsoluteError,
    HalfSquaredError,
    Huber,
    SmoothL1,
    SquaredError,
)

__version__ = "0.1.0"

__all__ = [
    "AbsoluteError",
    "BinaryCrossEntropy",
    "CategoricalCrossEntropy",
    "HalfSquaredError",
    "Hinge",
    "Huber",
    "Loss",
    "SigmoidCrossEntropy",
    "SigmoidFocal",
    "SmoothL1",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "SquaredHinge",
    "Traits",
    "get_num_threads",
    "set_num_threads",
]
