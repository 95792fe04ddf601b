"""A small network to train with the losses: layers, optimisers and a training loop.

>>> import numpy as np
>>> import lossbook as lb
>>> from lossbook import nn
>>> model = nn.Sequential(nn.Dense(2, 8), nn.ReLU(), nn.Dense(8, 1), seed=0)
>>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
>>> model.predict(x).shape
(4, 1)
"""

from .layers import Dense, Dropout, Layer, ReLU, Sigmoid, Tanh
from .model import Sequential
from .optimizers import (
    AdaGrad,
    Adam,
    GradientDescent,
    Momentum,
    NesterovMomentum,
    Optimizer,
    RMSProp,
)
from .penalties import L1, L2, Penalty
from .schedules import CosineDecay, ExponentialDecay, StepDecay, WarmUp
from .training import EarlyStopping

__all__ = [
    "L1",
    "L2",
    "AdaGrad",
    "Adam",
    "CosineDecay",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "ExponentialDecay",
    "GradientDescent",
    "Layer",
    "Momentum",
    "NesterovMomentum",
    "Optimizer",
    "Penalty",
    "RMSProp",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "StepDecay",
    "Tanh",
    "WarmUp",
]
