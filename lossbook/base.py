r"""Everything that is needed to write a new loss.

A loss is a class.  It derives from a base class that defines what a sample is, declares its
parameters, and implements its mathematics in plain NumPy.  It inherits the checks of the inputs,
sample weights, reductions, dtypes, blocks and threads.  The class also becomes a frozen dataclass
without a decorator.  The following example is a complete loss:

>>> import numpy as np
>>> from lossbook.base import POSITIVE, PointwiseLoss, Traits, parameter
>>> class Linex(PointwiseLoss):
...     r'''Varian's loss, :math:`e^{ar} - ar - 1` with the residual :math:`r = \hat y - y`.'''
...
...     rate: float = parameter(default=1.0, domain=POSITIVE)
...
...     def _traits(self):
...         return Traits(
...             convex=True,
...             differentiable=True,
...             twice_differentiable=True,
...             elicits="minus the logarithm of the mean of exp(-ay), divided by a",
...         )
...
...     def _shared(self, y_true, y_pred):
...         x = self.rate * (y_pred - y_true)
...         return x, np.expm1(x)
...
...     def _value(self, x, growth):
...         return growth - x
...
...     def _gradient(self, x, growth):
...         return self.rate * growth
...
...     def _hessian(self, x, growth):
...         return self.rate**2 * (1 + growth)
>>> loss = Linex(rate=2.0)
>>> loss.gradient([0.0, 0.0], [0.5, -0.5]).round(4)
array([ 1.7183, -0.6321])
>>> from lossbook.testing import check_loss
>>> check_loss(loss)

**The base classes** differ in what a sample is.

==================  ==============================================================================
`PointwiseLoss`     Every element of the arrays is a sample.  `ResidualLoss` is for functions of the
                    residual ŷ - y, and `MarginLoss` is for functions of the margin y·ŷ of labels
                    ±1.
`ClassLoss`         The last axis of the prediction indexes the classes.  Targets are labels or
                    distributions.
`RowLoss`           The last axis of target and prediction is one sample.  `MaskLoss` is for masks,
                    whose first axis indexes the samples.
`JointLoss`         There are several predictions of the same shape, and each has its own gradient.
                    `PairLoss` is for a target and two predictions.
`BatchLoss`         Every row is compared with all other rows of its batch.
==================  ==============================================================================

**The methods and attributes of a class.**  In a block, the samples are on the last axis.  If a
sample has several entries, they are on the first axis.

`_shared(self, y_true, y_pred)`
    Return the quantities that the formulas have in common, as one array or a tuple of arrays.
`_value(self, *shared)`
    Return the loss of each sample.
`_gradient(self, *shared)`
    Return the derivative with respect to the prediction.  For a `JointLoss`, return a tuple with
    one derivative per prediction.
`_hessian(self, *shared)`
    Return the second derivative with respect to each entry of the prediction.
`_traits(self)`
    Return the `Traits` of the loss with these parameters.
`_curvatures(self)`
    Return a dictionary of alternatives to the second derivative.  The keys are ``"majorizer"`` and
    ``"fisher"``, and each value is a function like `_hessian`.  Omit a key if the curvature does
    not exist for these parameters.
`_optimal_constant(self, y_true, weight)`
    Return the best constant prediction for flat arrays of targets and weights.  A `ResidualLoss`
    has one if it is convex, or if it states `_least_hessian`, its smallest second derivative.
`_formula(self, s)`
    Return the formulas in symbols of SymPy, which cards and proofs show.  See `lossbook.symbolic`.
`_inputs(self, first, second, sample_weight=None, *, curvature="exact", out=None)`
    Define the arguments of a loss with other inputs than a target and a prediction, and return
    ``Call((first, second), sample_weight, curvature, out)``.  All methods that evaluate the loss
    then have arguments with these names and types.
`y_true_domain`, `y_pred_domain`, `link`
    The domains of targets and predictions, and the link that converts a score to a mean.

A class may omit methods that are not used.  If such a method is needed later, the error message
names it.
"""

from .core.contract import Call, Loss, Out, TargetLoss
from .core.declared import remade as remade
from .core.domains import (
    ABOVE_MINUS_ONE,
    BOXES,
    DIRECTIONS,
    DISTRIBUTIONS,
    FINITE,
    LABELS,
    LOG_DISTRIBUTIONS,
    NON_NEGATIVE,
    NONZERO,
    OPEN_UNIT_INTERVAL,
    PLUS_MINUS_ONE,
    POSITIVE,
    UNIT_INTERVAL,
    ZERO_OR_ONE,
    ClassIndices,
    Distributions,
    Domain,
    Finite,
    Integers,
    Intersection,
    Interval,
    TwoValues,
)
from .core.elementwise import (
    decay,
    log_ratio,
    negative_part,
    positive_part,
    sigmoid,
    sum_entries,
    tanh_ratio,
    two_sides,
    unless_nan,
    zero_if_nan,
)
from .core.loss import (
    BatchLoss,
    ClassLoss,
    JointLoss,
    PointwiseLoss,
    RowLoss,
    as_distributions,
    one_hot,
)
from .core.margin import MarginLoss
from .core.masks import MaskLoss
from .core.optimum import (
    bisect,
    lowest_constant,
    on_simplex,
    root_of_slope,
    weighted_mean,
    weighted_quantile,
)
from .core.pairs import PairLoss
from .core.parameters import parameter, switch
from .core.residual import ResidualLoss
from .core.traits import Traits

__all__ = [
    "ABOVE_MINUS_ONE",
    "BOXES",
    "DIRECTIONS",
    "DISTRIBUTIONS",
    "FINITE",
    "LABELS",
    "LOG_DISTRIBUTIONS",
    "NONZERO",
    "NON_NEGATIVE",
    "OPEN_UNIT_INTERVAL",
    "PLUS_MINUS_ONE",
    "POSITIVE",
    "UNIT_INTERVAL",
    "ZERO_OR_ONE",
    "BatchLoss",
    "Call",
    "ClassIndices",
    "ClassLoss",
    "Distributions",
    "Domain",
    "Finite",
    "Integers",
    "Intersection",
    "Interval",
    "JointLoss",
    "Loss",
    "MarginLoss",
    "MaskLoss",
    "Out",
    "PairLoss",
    "PointwiseLoss",
    "ResidualLoss",
    "RowLoss",
    "TargetLoss",
    "Traits",
    "TwoValues",
    "as_distributions",
    "bisect",
    "decay",
    "log_ratio",
    "lowest_constant",
    "negative_part",
    "on_simplex",
    "one_hot",
    "parameter",
    "positive_part",
    "root_of_slope",
    "sigmoid",
    "sum_entries",
    "switch",
    "tanh_ratio",
    "two_sides",
    "unless_nan",
    "weighted_mean",
    "weighted_quantile",
    "zero_if_nan",
]
