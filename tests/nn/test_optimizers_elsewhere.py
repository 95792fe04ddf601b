"""Optimisers walk the paths of the same methods in Keras and optax; defaults of all three.

PyTorch's paths are those of whole trainings, in `test_torch.py`.
"""

import importlib
import inspect
import warnings
from dataclasses import fields

import numpy as np
import pytest

from lossbook import nn

SCALES = np.array([1.0, 10.0, 0.1])
START = np.array([1.0, -2.0, 3.0])
STEPS = 25
RATE = 0.03
# Where libraries add eps differently the formulas are the same for one too small to matter.
TINY = 1e-30


def load(module):
    """Import a module, or skip the test where its library cannot be had."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(module)
        except ImportError as error:
            pytest.skip(f"{module.split('.')[0]} cannot be imported here: {error}")


def gradient(theta):
    return SCALES * np.sinh(theta / 2)


def ours(optimizer):
    theta, path = START.copy(), []
    for _ in range(STEPS):
        optimizer.step([theta], [gradient(theta)])
        path.append(theta.copy())
    return np.array(path)


def same(path, optimizer):
    np.testing.assert_allclose(path, ours(optimizer), rtol=1e-9)


MOMENTUM = nn.Momentum(RATE, momentum=0.8)
NESTEROV = nn.NesterovMomentum(RATE, momentum=0.8)


@pytest.mark.parametrize(
    ("name", "settings", "optimizer"),
    [
        ("SGD", {}, nn.GradientDescent(RATE)),
        ("SGD", {"momentum": 0.8}, MOMENTUM),
        ("SGD", {"momentum": 0.8, "nesterov": True}, NESTEROV),
        (
            "Adagrad",
            {"initial_accumulator_value": 0.0, "epsilon": TINY},
            nn.AdaGrad(RATE, eps=TINY),
        ),
        ("RMSprop", {"epsilon": TINY}, nn.RMSProp(RATE, eps=TINY)),
        ("Adam", {"epsilon": TINY}, nn.Adam(RATE, eps=TINY)),
    ],
)
def test_keras(name, settings, optimizer):
    keras = load("keras")
    theta, path = keras.Variable(START, dtype="float64"), []
    theirs = getattr(keras.optimizers, name)(learning_rate=RATE, **settings)
    for _ in range(STEPS):
        g = gradient(np.array(theta.value.tolist()))
        theirs.apply([keras.ops.convert_to_tensor(g)], [theta])
        path.append(theta.value.tolist())
    # Keras keeps the step size and the powers of the decays in single precision.
    np.testing.assert_allclose(path, ours(optimizer), rtol=2e-5)


@pytest.mark.parametrize(
    ("name", "settings", "optimizer"),
    [
        ("sgd", {}, nn.GradientDescent(RATE)),
        ("sgd", {"momentum": 0.8}, MOMENTUM),
        ("sgd", {"momentum": 0.8, "nesterov": True}, NESTEROV),
        ("adagrad", {"initial_accumulator_value": 0.0, "eps": TINY}, nn.AdaGrad(RATE, eps=TINY)),
        ("rmsprop", {"eps": 0.5, "eps_in_sqrt": False}, nn.RMSProp(RATE, eps=0.5)),
        ("rmsprop", {"eps": TINY}, nn.RMSProp(RATE, eps=TINY)),
        ("adam", {}, nn.Adam(RATE)),
        ("adam", {"b1": 0.8, "b2": 0.95, "eps": 0.5}, nn.Adam(RATE, 0.8, 0.95, 0.5)),
    ],
)
def test_optax(name, settings, optimizer):
    jax, optax = load("jax"), load("optax")
    with jax.enable_x64(True):
        theirs, theta, path = getattr(optax, name)(RATE, **settings), START, []
        state = theirs.init(jax.numpy.asarray(theta))
        for _ in range(STEPS):
            update, state = theirs.update(jax.numpy.asarray(gradient(theta)), state)
            theta = theta + np.asarray(update)
            path.append(theta)
    same(path, optimizer)


def test_keras_rolls_on_at_the_old_step_size():
    """Its velocity holds the step size; ours is multiplied by the one of the day."""
    keras = load("keras")
    theta = keras.Variable([0.0], dtype="float64")
    theirs, one = keras.optimizers.SGD(learning_rate=1.0, momentum=0.5), np.array([0.0])
    optimizer = nn.Momentum(lambda step: (1.0, 0.1)[step], momentum=0.5)
    for rate in (1.0, 0.1):
        theirs.learning_rate = rate
        theirs.apply([keras.ops.ones(1, dtype="float64")], [theta])
        optimizer.step([one], [np.ones(1)])
    assert theta.value.tolist() == pytest.approx([-1.6])
    assert one[0] == pytest.approx(-1.15)


@pytest.mark.parametrize(
    ("name", "size"),
    [("RMSprop", (0.1 * 4 + 0.5) ** 0.5), ("Adam", 2 + 0.5 / (1 - 0.999) ** 0.5)],
)
def test_where_keras_adds_epsilon(name, size):
    """Its first step is the gradient, 2, divided by this size."""
    keras = load("keras")
    theta = keras.Variable([0.0], dtype="float64")
    theirs = getattr(keras.optimizers, name)(learning_rate=1.0, epsilon=0.5)
    theirs.apply([2 * keras.ops.ones(1, dtype="float64")], [theta])
    assert theta.value.tolist() == pytest.approx([-2 / size], rel=1e-4)


@pytest.mark.parametrize(
    ("module", "name", "defaults"),
    [
        ("torch.optim", "SGD", {"lr": 1e-3, "momentum": 0}),
        ("torch.optim", "Adagrad", {"lr": 1e-2, "initial_accumulator_value": 0, "eps": 1e-10}),
        ("torch.optim", "RMSprop", {"alpha": 0.99, "eps": 1e-8}),
        ("torch.optim", "Adam", {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8}),
        ("keras.optimizers", "SGD", {"learning_rate": 1e-2, "momentum": 0}),
        (
            "keras.optimizers",
            "Adagrad",
            {"learning_rate": 1e-3, "initial_accumulator_value": 0.1, "epsilon": 1e-7},
        ),
        ("keras.optimizers", "RMSprop", {"rho": 0.9, "epsilon": 1e-7}),
        ("keras.optimizers", "Adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
        ("optax", "sgd", {"learning_rate": inspect.Parameter.empty, "momentum": None}),
        ("optax", "adagrad", {"initial_accumulator_value": 0.1, "eps": 1e-7}),
        ("optax", "rmsprop", {"decay": 0.9, "eps": 1e-8, "eps_in_sqrt": True}),
        ("optax", "adam", {"b1": 0.9, "b2": 0.999, "eps": 1e-8}),
    ],
)
def test_defaults_are_those_in_the_book(module, name, defaults):
    signature = inspect.signature(getattr(load(module), name))
    assert {key: signature.parameters[key].default for key in defaults} == defaults


def test_our_defaults_are_those_in_the_book():
    def default(optimizer, name):
        return {field.name: field.default for field in fields(optimizer)}[name]

    assert default(nn.GradientDescent, "learning_rate") == 0.01
    assert default(nn.Momentum, "momentum") == default(nn.NesterovMomentum, "momentum") == 0.9
    assert default(nn.AdaGrad, "learning_rate") == 0.01
    assert default(nn.RMSProp, "decay") == 0.9
    assert default(nn.Adam, "eps") == 1e-8
