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
from .losses.multiclass import (
    CategoricalCrossEntropy,
    CrammerSinger,
    GeneralizedCrossEntropy,
    JensenShannon,
    KLDivergence,
    MultiMargin,
    NegativeLogLikelihood,
    Poly1CrossEntropy,
    SoftmaxCrossEntropy,
    SoftmaxFocal,
)
from .losses.regression import (
    AbsoluteError,
    AbsolutePercentageError,
    EpsilonInsensitive,
    Expectile,
    HalfSquaredError,
    Huber,
    LogCosh,
    Pinball,
    PseudoHuber,
    SmoothL1,
    SmoothPinball,
    SquaredEpsilonInsensitive,
    SquaredError,
    SquaredLogError,
)
from .losses.robust import Cauchy, Fair, GemanMcClure, GeneralRobust, Tukey, Welsch
from .losses.structured import MultilabelMargin, MultilabelSoftMargin, OrdinalCoral, Sparsemax

__version__ = "0.1.0"

__all__ = [
    "AbsoluteError",
    "AbsolutePercentageError",
    "BinaryCrossEntropy",
    "CategoricalCrossEntropy",
    "Cauchy",
    "CrammerSinger",
    "EpsilonInsensitive",
    "Expectile",
    "Fair",
    "GemanMcClure",
    "GeneralRobust",
    "GeneralizedCrossEntropy",
    "HalfSquaredError",
    "Hinge",
    "Huber",
    "JensenShannon",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MultiMargin",
    "MultilabelMargin",
    "MultilabelSoftMargin",
    "NegativeLogLikelihood",
    "OrdinalCoral",
    "Pinball",
    "Poly1CrossEntropy",
    "PseudoHuber",
    "SigmoidCrossEntropy",
    "SigmoidFocal",
    "SmoothL1",
    "SmoothPinball",
    "SoftmaxCrossEntropy",
    "SoftmaxFocal",
    "Sparsemax",
    "SquaredEpsilonInsensitive",
    "SquaredError",
    "SquaredHinge",
    "SquaredLogError",
    "Traits",
    "Tukey",
    "Welsch",
    "get_num_threads",
    "set_num_threads",
]
