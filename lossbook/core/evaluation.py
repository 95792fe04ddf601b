"""From checked inputs to results: blocks, the loss's mathematics, weights and reduction.

`evaluate` walks through the blocks of a batch.  What is done with one block is said in one place,
`numpy_block`, and an engine puts its own in that place.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import DOUBLE
from .inputs import Weights, samples_first
from .results import given_results
from .streaming import silently, stream, total


def numpy_block(
    loss: Any,
    parts: Any,
    columns: NDArray[Any],
    weights: Any,
    divisor: Any,
    targets: Any,
    start: int,
    stop: int,
) -> Any:
    """Compute one block of samples with NumPy.

    Parameters
    ----------
    loss : Loss
        States the mathematics.
    parts : dict of str to callable
        What is wanted, by name: ``"value"``, ``"gradient"`` or a curvature, each with the function
        of the shared quantities that it is.
    columns : sequence of Column
        The inputs, each of which reads, checks and converts its block.
    weights : Weights or None
        The sample weights, which are checked already.
    divisor : float
        What every result is divided by, except a sum of values.
    targets : dict of str to sequence of ndarray
        For each part the arrays to write to, samples first; none for a value that is summed.
    start, stop : int
        The bounds of the block.

    Returns
    -------
    float
        The weighted sum of the values, not divided, where it is wanted; else 0.
    """
    blocks = []
    for column in columns:
        blocks.append(column.block(start, stop))
    shared = loss._shared(*blocks)
    if type(shared) is not tuple:
        shared = (shared,)
    scale, weight, absent = 1 / divisor, None, None
    if weights is not None:
        weight = weights.block(start, stop)
        scale = weight / divisor
        absent = None if np.minimum.reduce(weight) > 0 else weight == 0
    block_sum = 0.0
    for part, function in parts.items():
        of_part, target = function(*shared), targets[part]
        if not target:
            weighted = of_part if weight is None else of_part * weight
            if absent is not None:
                weighted[..., absent] = 0
            block_sum = np.add.reduce(weighted, 0, DOUBLE)
            continue
        if type(of_part) is tuple:
            pairs: Any = zip(of_part, target, strict=True)
        else:
            pairs = ((of_part, *target),)
        for terms, array in pairs:
            factor = scale if weight is None else scale.astype(array.dtype)
            weighted = np.multiply(terms, factor, out=array[start:stop].T)
            if absent is not None:
                weighted[..., absent] = 0
    return block_sum


engine_in_use: Any = None
_engines: list[Any] = []


def use_engine(engine: Any) -> None:
    """Have blocks computed by another engine.

    Parameters
    ----------
    engine : callable or None
        Takes a loss, the parts that are wanted as `numpy_block` does, a batch, and whether there
        are weights.  It returns a function that does what `numpy_block` does with the same
        arguments; or None, where it would rather leave these to NumPy.  Its method
        `at_once` takes a loss, the names of parts and the inputs of a call, and returns what
        `evaluate` does, or None where it cannot tell without reading and checking them as usual.
        Its method `scan` does what `recurrences.scan` does with arrays, or returns None.  Its
        method `forget` takes a loss whose parameters have changed.  None for NumPy alone.
    """
    global engine_in_use
    engine_in_use = engine
    if engine is not None and engine not in _engines:
        _engines.append(engine)


def forget(loss: Any) -> None:
    """Have every engine forget what it knows about a loss, because its parameters have changed."""
    for engine in _engines:
        engine.forget(loss)


def evaluate(loss: Any, parts: Any, batch: Any, sample_weight: Any, out: Any) -> Any:
    """Return the parts of a loss for a batch: a float, an array or a tuple of arrays for each."""
    reduced = loss.reduction != "none"
    functions: dict[str, Any] = {}
    results: dict[str, Any] = {}
    for part in parts:
        if part == "value":
            functions[part] = loss._value
            shapes = () if reduced else (batch.sample_shape,)
        else:
            functions[part] = loss._gradient if part == "gradient" else loss._part(part)
            shapes = batch.shapes
        if out is None:
            arrays = results[part] = []
            for shape in shapes:
                arrays.append(np.empty(shape, batch.dtype))
    weights = None
    if sample_weight is not None:
        weights = Weights(sample_weight, batch.sample_shape)
        if loss._apart:
            batch.weigh(weights)
    if loss.reduction != "mean":
        divisor: float = 1
    elif batch.mass is None:
        divisor = batch.n_samples if weights is None else weights.total
    else:
        divisor = batch.total_mass(weights)
    if out is not None:
        loss._require(parts)
        results = given_results(out, parts, batch, loss.reduction, weights)
        # What is refused late must not have changed them; engines write before they refuse.
        if batch.n_samples > batch.block_size or engine_in_use is not None:
            stream(batch.blocks, batch.n_samples, batch.block_size)
    targets = results
    if len(batch.sample_shape) != 1 or len(batch.shapes[0]) > 2:
        targets = {
            part: [samples_first(array, batch.sample_shape) for array in arrays]
            for part, arrays in results.items()
        }

    block = batch.compute
    if block is None and engine_in_use is not None:
        block = engine_in_use(loss, functions, batch, weights is not None)
    work = loss, functions, batch.columns, weights, divisor, targets
    if batch.n_samples > batch.block_size:
        sums = stream(partial(block or loss._block, *work), batch.n_samples, batch.block_size)
        value = total(sums)
    elif block is None:
        value = float(silently(loss._block, *work, 0, batch.n_samples))
    else:
        value = block(*work, 0, batch.n_samples)
    for part, arrays in results.items():
        results[part] = arrays[0] if len(arrays) == 1 else tuple(arrays) or value / divisor
    return tuple(results.values())
