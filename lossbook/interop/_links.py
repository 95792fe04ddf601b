"""From raw scores to what a loss says they stand for."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _sigmoid(z: NDArray[Any]) -> NDArray[Any]:
    return np.exp(-np.logaddexp(0, -z))


def _softmax(z: NDArray[Any]) -> NDArray[Any]:
    exp = np.exp(z - z.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


RESPONSES: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "identity": lambda z: z,
    "log": np.exp,
    "logit": _sigmoid,
    "half_logit": lambda z: _sigmoid(2 * z),
    "multinomial_logit": _softmax,
    "cumulative_logit": _sigmoid,
    "continuation_ratio_logit": lambda z: np.cumprod(_sigmoid(z), axis=-1),
}
"""The inverse of each link."""


def response(link: str, score: NDArray[Any]) -> NDArray[Any]:
    """Return the response that raw scores stand for: a mean, a probability, the score itself."""
    return RESPONSES[link](score)
