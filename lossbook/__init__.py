"""Loss functions with their exact gradients and Hessians, in NumPy.

>>> import lossbook as lb
>>> loss = lb.Huber(delta=1.0)
>>> value, gradient = loss.value_and_gradient([0.0, 0.0], [0.5, 3.0])
>>> value
1.3125
>>> gradient
array([0.25, 0.5 ])
"""

from .core.contract import Loss
from .core.streaming import get_num_threads, set_num_threads
from .core.traits import Traits
from .engines import engine, get_engine, set_engine
from .losses.absolute_error import AbsoluteError
from .losses.adversarial import (
    HingeGAN,
    LeastSquaresGAN,
    MinimaxGAN,
    NonSaturatingGAN,
    WassersteinGAN,
)
from .losses.boxes import CIoU, DIoU, GIoU, IoU
from .losses.contrastive_batches import InfoNCE, SupervisedContrastive
from .losses.crps import GaussianCRPS
from .losses.divergences import JensenShannon, KLDivergence
from .losses.embeddings import (
    Contrastive,
    CosineDistance,
    CosineEmbedding,
    HingeEmbedding,
    Triplet,
)
from .losses.gaussian import GaussianMixtureNLL, GaussianNLL
from .losses.general_robust import GeneralRobust
from .losses.huber import (
    EpsilonInsensitive,
    Huber,
    LogCosh,
    PseudoHuber,
    SmoothL1,
    SquaredEpsilonInsensitive,
)
from .losses.imbalance import Poly1CrossEntropy, SigmoidFocal, SoftmaxFocal
from .losses.likelihood import GammaNLL, NegativeBinomialNLL, PoissonNLL, TweedieNLL
from .losses.log_loss import BinaryCrossEntropy, Brier, SigmoidCrossEntropy
from .losses.lovasz import LovaszHinge, LovaszSoftmax
from .losses.margins import (
    Exponential,
    Hinge,
    LogisticMargin,
    ModifiedHuber,
    Perceptron,
    SquaredHinge,
)
from .losses.multiclass_margins import CrammerSinger, MultiMargin
from .losses.multiclass_overlap import MulticlassOverlap
from .losses.ndcg import ApproxNDCG, LambdaRank
from .losses.overlap import Dice, FocalTversky, Jaccard, Tversky
from .losses.quantiles import Expectile, Pinball, SmoothPinball
from .losses.ranking import BPR, ListMLE, ListNet, MarginRanking, RankNet
from .losses.relative_error import AbsolutePercentageError, SquaredLogError
from .losses.robust import Cauchy, Fair, GemanMcClure, Tukey, Welsch
from .losses.sequences import CTC
from .losses.several_tasks import UncertaintyWeighted, WeightedSum
from .losses.softmax import (
    CategoricalCrossEntropy,
    NegativeLogLikelihood,
    SoftmaxCrossEntropy,
)
from .losses.squared_error import HalfSquaredError, SquaredError
from .losses.structured_labels import (
    MultilabelMargin,
    MultilabelSoftMargin,
    OrdinalCoral,
    OrdinalCorn,
    Sparsemax,
)
from .losses.wrong_labels import GeneralizedCrossEntropy

__version__ = "0.2.0"

__all__ = [
    "BPR",
    "CTC",
    "AbsoluteError",
    "AbsolutePercentageError",
    "ApproxNDCG",
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
    "GaussianCRPS",
    "GaussianMixtureNLL",
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
    "LambdaRank",
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
    "MulticlassOverlap",
    "MultilabelMargin",
    "MultilabelSoftMargin",
    "NegativeBinomialNLL",
    "NegativeLogLikelihood",
    "NonSaturatingGAN",
    "OrdinalCoral",
    "OrdinalCorn",
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
    "engine",
    "get_engine",
    "get_num_threads",
    "set_engine",
    "set_num_threads",
]


def _card(loss):
    from .cards import Card

    return Card(loss)


Loss._card_of = staticmethod(_card)
