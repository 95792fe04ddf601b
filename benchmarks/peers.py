"""The libraries that lossbook is compared with.

Each of them turns the inputs of a loss into functions without arguments: one computes the mean
loss, the other the mean loss and its gradient by every prediction.  Inputs are converted, and JAX's
functions compiled, before the clock starts.
"""

import jax
import jax.numpy as jnp
import numpy as np
import torch
from sklearn._loss.loss import BaseLoss

import lossbook as lb


def of_lossbook(loss, targets, predictions, n_threads):
    """Return the two functions of one of lossbook's losses."""
    lb.set_num_threads(n_threads)
    inputs = *targets, *predictions
    return lambda: loss(*inputs), lambda: loss.value_and_gradient(*inputs)


def of_torch(loss, targets, predictions, n_threads):
    """Return the two functions of an eager PyTorch loss, which is the mean."""
    torch.set_num_threads(n_threads)
    targets = [torch.from_numpy(each) for each in targets]
    constants = [torch.from_numpy(each) for each in predictions]
    leaves = [torch.from_numpy(each).requires_grad_(True) for each in predictions]

    def value_and_gradient():
        value = loss(*leaves, *targets)
        value.backward()
        gradients = [leaf.grad for leaf in leaves]
        for leaf in leaves:
            leaf.grad = None
        return value.item(), *gradients

    return lambda: loss(*constants, *targets).item(), value_and_gradient


def of_optax(loss, targets, predictions, n_threads):
    """Return the two functions of an optax loss under jit, of which the mean is taken."""
    jax.config.update("jax_enable_x64", predictions[0].dtype == np.float64)
    targets = [jnp.asarray(each) for each in targets]
    predictions = [jnp.asarray(each) for each in predictions]

    def mean(predictions, targets):
        return loss(*predictions, *targets).mean()

    value, value_and_gradient = jax.jit(mean), jax.jit(jax.value_and_grad(mean))
    return (
        lambda: jax.block_until_ready(value(predictions, targets)),
        lambda: jax.block_until_ready(value_and_gradient(predictions, targets)),
    )


def of_sklearn(loss, targets, predictions, n_threads):
    """Return the two functions of one of scikit-learn's compiled losses, or the one of a metric."""
    if not isinstance(loss, BaseLoss):
        return (lambda: loss(*targets, *predictions),)
    (prediction,) = predictions
    target = targets[0].astype(prediction.dtype)
    scale = prediction.dtype.type(1 / len(target))

    def value_and_gradient():
        values, gradient = loss.loss_gradient(target, prediction, n_threads=n_threads)
        gradient *= scale
        return values.mean(dtype=np.float64), gradient

    return (
        lambda: loss.loss(target, prediction, n_threads=n_threads).mean(dtype=np.float64),
        value_and_gradient,
    )
