"""Small data sets on which built-in objectives and ours are compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_SAMPLES, N_CLASSES = 400, 3


@dataclass(frozen=True)
class Data:
    """Features, targets and weights."""

    x: NDArray
    y: NDArray
    weight: NDArray


def features(seed=0):
    """Return features, a signal in them, and random numbers that go with both."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N_SAMPLES, 4))
    return x, x[:, 0] + np.sin(2 * x[:, 1]), rng


def numbers(seed=0):
    """Return targets with heavy tails."""
    x, signal, rng = features(seed)
    return Data(x, signal + rng.standard_t(3, N_SAMPLES), rng.uniform(0.5, 3, N_SAMPLES))


def positive(seed=0):
    """Return positive targets."""
    x, signal, rng = features(seed)
    y = np.exp(signal / 2) * rng.gamma(2, 0.5, N_SAMPLES) + 0.01
    return Data(x, y, rng.uniform(0.5, 3, N_SAMPLES))


def counts(seed=0):
    """Return counts."""
    x, signal, rng = features(seed)
    y = rng.poisson(np.exp(signal / 2)).astype(float)
    return Data(x, y, rng.uniform(0.5, 3, N_SAMPLES))


def two_classes(seed=0):
    """Return the labels 0 and 1."""
    x, signal, rng = features(seed)
    y = (signal + rng.logistic(size=N_SAMPLES) > 0.5).astype(float)
    return Data(x, y, rng.uniform(0.5, 3, N_SAMPLES))


def probabilities(seed=0):
    """Return soft labels."""
    x, signal, rng = features(seed)
    y = 1 / (1 + np.exp(-signal - rng.logistic(size=N_SAMPLES)))
    return Data(x, y, rng.uniform(0.5, 3, N_SAMPLES))


def classes(seed=0):
    """Return class indices."""
    x, signal, rng = features(seed)
    scores = np.stack([signal, -signal, 0.5 + 0 * signal], axis=1)
    y = np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)
    return Data(x, y, rng.uniform(0.5, 3, N_SAMPLES))
