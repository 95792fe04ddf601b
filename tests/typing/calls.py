"""The documented ways to call a loss, as type checkers see them.  Nothing here is executed.

A line that must be an error says so to both type checkers; they complain where it is none.
"""

from dataclasses import replace
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import lossbook as lb
from lossbook.base import POSITIVE, PointwiseLoss, Traits, parameter

y = [0.0, 1.0]
y_pred = np.array([0.5, 0.5])
rows = np.ones((2, 3))
Result = float | NDArray[Any]
Pair = tuple[NDArray[Any], NDArray[Any]]
Three = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]

# Losses of a target and a prediction.
huber = lb.Huber(delta=1.0, reduction="sum")
assert_type(huber(y, y_pred), Result)
assert_type(huber(y, y_pred, sample_weight=[1, 2]), Result)
assert_type(huber.gradient(y, y_pred, out=np.empty(2)), NDArray[Any])
assert_type(huber.hessian(y, y_pred, curvature="majorizer"), NDArray[Any])
assert_type(huber.value_and_gradient(y, y_pred), tuple[Result, NDArray[Any]])
assert_type(huber.gradient_and_hessian(y, y_pred, curvature="abs"), Pair)
assert_type(huber.delta, float)
assert_type(huber.traits, Traits)
assert_type(replace(huber, delta=2.0), lb.Huber)
assert_type(huber.set_params(delta=2.0), lb.Huber)
lb.SoftmaxCrossEntropy(class_weight=(1, 2), ignore_index=-100)([0, 1], rows)
lb.SoftmaxCrossEntropy().hessian_blocks([0, 1], rows)
huber(y)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
huber(y, y_pred, weight=y)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
huber.gradient(y, y_pred, curvature="abs")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
lb.Huber(1.0, "sum")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
lb.Huber(scale=1.0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
huber.delta = 2.0  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]

# A parameter that must be given.
lb.NegativeBinomialNLL(0.5)
lb.NegativeBinomialNLL(dispersion=0.5)
lb.NegativeBinomialNLL()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

# Losses of several inputs, each with its own names.
triplet = lb.Triplet()
assert_type(triplet(anchor=rows, positive=rows, negative=rows), Result)
assert_type(triplet(rows, rows, rows, [1, 2]), Result)
assert_type(triplet.gradient(anchor=rows, positive=rows, negative=rows), Three)
triplet(rows, rows)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
triplet(y_true=y, y_pred=y)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
assert_type(lb.GaussianNLL()(y, mean=y_pred, log_variance=y_pred), Result)
assert_type(lb.GaussianNLL().gradient(y, y_pred, y_pred), Pair)
assert_type(lb.GaussianNLL().hessian(y, y_pred, y_pred, curvature="fisher"), Pair)
assert_type(lb.GaussianCRPS().gradient(y, y_pred, log_variance=0.0), Pair)
assert_type(lb.GaussianMixtureNLL()(y, logits=rows, mean=rows, log_variance=rows), Result)
assert_type(lb.GaussianMixtureNLL().gradient(y, rows, rows, rows), Three)
assert_type(lb.CosineDistance().value_and_gradient(rows, rows), tuple[Result, Pair])
assert_type(lb.CosineEmbedding()([1, -1], first=rows, second=rows), Result)
assert_type(lb.Contrastive()([1, 0], rows, rows), Result)
assert_type(lb.RankNet()([1.0], [2.0], [1.0]), Result)
assert_type(lb.BPR()(positive=[2.0], negative=[1.0]), Result)
assert_type(lb.MarginRanking()([1], [2.0], [1.0]), Result)
assert_type(lb.InfoNCE()(query=rows, key=rows), Result)
assert_type(lb.SupervisedContrastive().gradient([0, 0], rows), NDArray[Any])
assert_type(lb.CTC(blank=0)([[1]], np.zeros((1, 4, 3)), input_lengths=[3]), Result)
assert_type(lb.MinimaxGAN().discriminator(real=[1.0], fake=[0.0]), Result)
assert_type(lb.MinimaxGAN().generator([1.0]), Result)
assert_type(lb.MinimaxGAN().discriminator.gradient([1.0], [0.0]), Pair)

# Losses made of others.
both = lb.WeightedSum((lb.SquaredError(), lb.Huber()), weights=(1, 0.5))
assert_type(both(y, y_pred), Result)
both(y, (y_pred, y_pred))
lb.UncertaintyWeighted((lb.SquaredError(), lb.Huber()))(y, y_pred, log_variance=[0.0, 0.0])


# A loss of any kind.
def evaluate(loss: lb.Loss) -> Result:
    """Return the loss of two samples."""
    return loss(y, y_pred)


evaluate(huber)
evaluate(triplet)


# A loss of one's own.
class Power(PointwiseLoss):
    """A power of the residual."""

    exponent: float = parameter(default=2.0, domain=POSITIVE)
    factor: float = parameter(default=1.0, domain=POSITIVE)

    def _value(self, size):
        return self.factor * size**self.exponent


assert_type(Power(3.0, factor=2.0)(y, y_pred), Result)
Power("three")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Power(1.0, 2.0, "sum")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
