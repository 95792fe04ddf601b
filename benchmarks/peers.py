"""The same losses in lossbook and in the libraries they are compared with.

Each library turns NumPy targets and predictions into two functions without arguments: one computes
the mean loss, the other the mean loss and its gradient.  Inputs are converted, and JAX's functions
compiled, before the clock starts.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch
import torch.nn.functional as F
from sklearn._loss import loss as sklearn_loss

import lossbook as lb

jax.config.update("jax_enable_x64", True)

N_CLASSES = 10


def of_lossbook(loss):
    """Return a maker of lossbook's two functions."""

    def make(y_true, y_pred, n_threads):
        lb.set_num_threads(n_threads)
        return (
            lambda: loss(y_true, y_pred),
            lambda: loss.value_and_gradient(y_true, y_pred),
        )

    return make


def of_torch(loss):
    """Return a maker of the two functions of an eager PyTorch loss."""

    def make(y_true, y_pred, n_threads):
        torch.set_num_threads(n_threads)
        target, prediction = torch.from_numpy(y_true), torch.from_numpy(y_pred)
        leaf = torch.from_numpy(y_pred).requires_grad_(True)

        def value_and_gradient():
            value = loss(leaf, target)
            value.backward()
            gradient, leaf.grad = leaf.grad, None
            return value.item(), gradient

        return lambda: loss(prediction, target).item(), value_and_gradient

    return make


def of_jax(loss):
    """Return a maker of the two functions of an optax loss under jit."""

    def make(y_true, y_pred, n_threads):
        target, prediction = jnp.asarray(y_true), jnp.asarray(y_pred)
        value = jax.jit(lambda p, t: loss(p, t).mean())
        value_and_gradient = jax.jit(jax.value_and_grad(lambda p, t: loss(p, t).mean()))
        return (
            lambda: jax.block_until_ready(value(prediction, target)),
            lambda: jax.block_until_ready(value_and_gradient(prediction, target)),
        )

    return make


def of_sklearn(loss):
    """Return a maker of the two functions of one of scikit-learn's compiled losses."""

    def make(y_true, y_pred, n_threads):
        target = y_true.astype(y_pred.dtype)
        scale = y_pred.dtype.type(1 / len(target))

        def value_and_gradient():
            values, gradient = loss.loss_gradient(target, y_pred, n_threads=n_threads)
            gradient *= scale
            return values.mean(dtype=np.float64), gradient

        return (
            lambda: loss.loss(target, y_pred, n_threads=n_threads).mean(dtype=np.float64),
            value_and_gradient,
        )

    return make


def numbers(rng, n):
    """Return targets and predictions of a regression."""
    return rng.normal(size=n), 3 * rng.normal(size=n)


def zero_one_scores(rng, n):
    """Return labels 0 and 1, and scores."""
    return rng.integers(0, 2, n).astype(float), 3 * rng.normal(size=n)


def zero_one_probabilities(rng, n):
    """Return labels 0 and 1, and probabilities."""
    return rng.integers(0, 2, n).astype(float), rng.uniform(0.01, 0.99, n)


def plus_minus_scores(rng, n):
    """Return labels -1 and +1, and scores."""
    return 2.0 * rng.integers(0, 2, n) - 1, 3 * rng.normal(size=n)


def class_scores(rng, n):
    """Return class labels and scores, n scores in all."""
    rows = n // N_CLASSES
    return rng.integers(0, N_CLASSES, rows), 3 * rng.normal(size=(rows, N_CLASSES))


def class_probabilities(rng, n):
    """Return class labels and probabilities, n probabilities in all."""
    labels, scores = class_scores(rng, n)
    exp = np.exp(scores - scores.max(axis=1, keepdims=True))
    return labels, exp / exp.sum(axis=1, keepdims=True)


# A loss: what draws its inputs, and who has it.
CASES = {
    "SquaredError": (
        numbers,
        {
            "lossbook": of_lossbook(lb.SquaredError()),
            "PyTorch": of_torch(F.mse_loss),
            "optax": of_jax(optax.squared_error),
        },
    ),
    "HalfSquaredError": (
        numbers,
        {
            "lossbook": of_lossbook(lb.HalfSquaredError()),
            "PyTorch": of_torch(lambda p, t: 0.5 * F.mse_loss(p, t)),
            "optax": of_jax(optax.l2_loss),
            "scikit-learn": of_sklearn(sklearn_loss.HalfSquaredError()),
        },
    ),
    "AbsoluteError": (
        numbers,
        {
            "lossbook": of_lossbook(lb.AbsoluteError()),
            "PyTorch": of_torch(F.l1_loss),
            "scikit-learn": of_sklearn(sklearn_loss.AbsoluteError()),
        },
    ),
    "Huber": (
        numbers,
        {
            "lossbook": of_lossbook(lb.Huber()),
            "PyTorch": of_torch(F.huber_loss),
            "optax": of_jax(optax.huber_loss),
            "scikit-learn": of_sklearn(sklearn_loss.HuberLoss(delta=1.0)),
        },
    ),
    "SmoothL1": (
        numbers,
        {
            "lossbook": of_lossbook(lb.SmoothL1(beta=0.5)),
            "PyTorch": of_torch(lambda p, t: F.smooth_l1_loss(p, t, beta=0.5)),
        },
    ),
    "BinaryCrossEntropy": (
        zero_one_probabilities,
        {
            "lossbook": of_lossbook(lb.BinaryCrossEntropy()),
            "PyTorch": of_torch(F.binary_cross_entropy),
        },
    ),
    "SigmoidCrossEntropy": (
        zero_one_scores,
        {
            "lossbook": of_lossbook(lb.SigmoidCrossEntropy()),
            "PyTorch": of_torch(F.binary_cross_entropy_with_logits),
            "optax": of_jax(optax.sigmoid_binary_cross_entropy),
            "scikit-learn": of_sklearn(sklearn_loss.HalfBinomialLoss()),
        },
    ),
    "SigmoidFocal": (
        zero_one_scores,
        {
            "lossbook": of_lossbook(lb.SigmoidFocal()),
            "optax": of_jax(optax.sigmoid_focal_loss),
        },
    ),
    "Hinge": (
        plus_minus_scores,
        {"lossbook": of_lossbook(lb.Hinge()), "optax": of_jax(optax.hinge_loss)},
    ),
    "SquaredHinge": (plus_minus_scores, {"lossbook": of_lossbook(lb.SquaredHinge())}),
    "CategoricalCrossEntropy": (
        class_probabilities,
        {
            "lossbook": of_lossbook(lb.CategoricalCrossEntropy()),
            "PyTorch": of_torch(lambda p, t: F.nll_loss(torch.log(p), t)),
        },
    ),
    "SoftmaxCrossEntropy": (
        class_scores,
        {
            "lossbook": of_lossbook(lb.SoftmaxCrossEntropy()),
            "PyTorch": of_torch(F.cross_entropy),
            "optax": of_jax(optax.softmax_cross_entropy_with_integer_labels),
            "scikit-learn": of_sklearn(sklearn_loss.HalfMultinomialLoss(n_classes=N_CLASSES)),
        },
    ),
}
