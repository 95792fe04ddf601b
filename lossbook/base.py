r"""Everything that an author of losses needs.

A loss is a class.  It derives from the base that says what its samples are, declares its
parameters, and states its mathematics in plain NumPy.  Checks of the input, sample weights,
reductions, dtypes, blocks and threads are inherited, and so is the dataclass: the class becomes a
frozen one without a decorator.  This is all of one:

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

**The bases** differ in what a sample is.

==================  ==============================================================================
`PointwiseLoss`     Every element of the arrays is a sample.  `ResidualLoss` and `MarginLoss` are
                    for functions of the residual ŷ - y, and of the margin y·ŷ of labels ±1.
`ClassLoss`         The last axis of the prediction is over classes; targets are labels or
                    distributions.
`RowLoss`           The last axis of target and prediction is one sample.  `MaskLoss` is for masks,
                    whose first axis counts the samples.
`JointLoss`         Several predictions of one shape, each with a gradient of its own.  `PairLoss`
                    is for a target and two predictions.
`BatchLoss`         Rows that are compared with all other rows of their batch.
==================  ==============================================================================

**What a class may state.**  In a block the samples are on the last axis, and the entries of a
sample, where it has several, on the first.

`_shared(self, y_true, y_pred)`
    Return what the formulas have in common, as one array or a tuple of arrays.
`_value(self, *shared)`
    Return the loss of each sample.
`_gradient(self, *shared)`
    Return its derivative with respect to the prediction; a tuple of them for a `JointLoss`.
`_hessian(self, *shared)`
    Return its second derivatives with respect to each entry of the prediction.
`_traits(self)`
    Return the `Traits` of the loss with these parameters.
`_curvatures(self)`
    Return a dictionary of what else may stand for the second derivative: under ``"majorizer"`` and
    ``"fisher"``, each a function like `_hessian`.  Leave out what these parameters do not allow.
`_optimal_constant(self, y_true, weight)`
    Return the best constant prediction for flat arrays of targets and weights.
`_formula(self, s)`
    Return the formulas in SymPy's symbols, which cards and proofs show; see `lossbook.symbolic`.
`_inputs(self, first, second, sample_weight=None, *, curvature="exact", out=None)`
    Say how a loss of other inputs than a target and a prediction is called, and return
    ``Call((first, second), sample_weight, curvature, out)``.  The names and types of its arguments
    become those of all the methods that evaluate the loss.
`y_true_domain`, `y_pred_domain`, `link`
    What targets and predictions must lie in, and how a score becomes a mean.

A class may leave out what nobody asks of it.  Whoever does ask is told what is missing.
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
from .core.optimum import bisect, on_simplex, root_of_slope, weighted_mean, weighted_quantile
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
