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
from .losses.adversarial import (
    HingeGAN,
    LeastSquaresGAN,
    MinimaxGAN,
    NonSaturatingGAN,
    WassersteinGAN,
)
from .losses.binary import (
    BinaryCrossEntropy,
    Brier,
    Exponential,
    Hinge,
    LogisticMargin,
    ModifiedHuber,
    Perceptron,
    SigmoidCrossEntropy,
    SigmoidFocal,
    SquaredHinge,
)
from .losses.boxes import CIoU, DIoU, GIoU, IoU
from .losses.composite import UncertaintyWeighted, WeightedSum
from .losses.embedding import (
    Contrastive,
    CosineDistance,
    CosineEmbedding,
    HingeEmbedding,
    InfoNCE,
    SupervisedContrastive,
    Triplet,
)
from .losses.likelihood import (
    GammaNLL,
    GaussianNLL,
    NegativeBinomialNLL,
    PoissonNLL,
    TweedieNLL,
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
from .losses.overlap import (
    Dice,
    FocalTversky,
    Jaccard,
    LovaszHinge,
    LovaszSoftmax,
    Tversky,
)
from .losses.ranking import BPR, ListMLE, ListNet, MarginRanking, RankNet
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
from .losses.sequence import CTC
from .losses.structured import MultilabelMargin, MultilabelSoftMargin, OrdinalCoral, Sparsemax

__version__ = "0.2.0"

__all__ = [
    "BPR",
    "CTC",
    "AbsoluteError",
    "AbsolutePercentageError",
    "BinaryCrossEntropy",
    "Brier",
    "CIoU",
    "CategoricalCrossEntropy",
    "Cauchy",
    "Contrastive",
    "CosineDistance",
    "CosineEmbedding",
    "CrammerSinger",
    "DIoU",
    "Dice",
    "EpsilonInsensitive",
    "Expectile",
    "Exponential",
    "Fair",
    "FocalTversky",
    "GIoU",
    "GammaNLL",
    "GaussianNLL",
    "GemanMcClure",
    "GeneralRobust",
    "GeneralizedCrossEntropy",
    "HalfSquaredError",
    "Hinge",
    "HingeEmbedding",
    "HingeGAN",
    "Huber",
    "InfoNCE",
    "IoU",
    "Jaccard",
    "JensenShannon",
    "KLDivergence",
    "LeastSquaresGAN",
    "ListMLE",
    "ListNet",
    "LogCosh",
    "LogisticMargin",
    "Loss",
    "LovaszHinge",
    "LovaszSoftmax",
    "MarginRanking",
    "MinimaxGAN",
    "ModifiedHuber",
    "MultiMargin",
    "MultilabelMargin",
    "MultilabelSoftMargin",
    "NegativeBinomialNLL",
    "NegativeLogLikelihood",
    "NonSaturatingGAN",
    "OrdinalCoral",
    "Perceptron",
    "Pinball",
    "PoissonNLL",
    "Poly1CrossEntropy",
    "PseudoHuber",
    "RankNet",
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
    "SupervisedContrastive",
    "Traits",
    "Triplet",
    "Tukey",
    "Tversky",
    "TweedieNLL",
    "UncertaintyWeighted",
    "WassersteinGAN",
    "WeightedSum",
    "Welsch",
    "get_num_threads",
    "set_num_threads",
]
