"""Random targets, predictions and weights, the same ones in every run."""

import numpy as np

_rng = np.random.default_rng(5)

Z, BITS = _rng.normal(scale=3, size=200), _rng.integers(0, 2, 200)
SIGNS = 2.0 * BITS - 1
R, R_WEIGHTS = _rng.normal(scale=3, size=200), _rng.uniform(0, 2, 200)
"""Scores and labels of two classes; numbers, and weights for either."""

N_ROWS = 300
SCORES, LABELS = _rng.normal(scale=3, size=(N_ROWS, 4)), _rng.integers(0, 4, N_ROWS)
TARGETS, WEIGHTS = _rng.dirichlet(np.ones(4), N_ROWS), _rng.uniform(0, 2, N_ROWS)
PROBABILITIES = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
"""Four classes: scores, labels, target distributions, weights, predicted distributions."""
