"""Central differences, which know nothing of backpropagation."""

import numpy as np


def gradient(function, array, step=1e-6):
    """Return the gradient of `function()`, which depends on `array`, one element at a time."""
    result = np.empty_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = function()
        array[index] = kept - step
        below = function()
        array[index] = kept
        result[index] = (above - below) / (2 * step)
    return result
