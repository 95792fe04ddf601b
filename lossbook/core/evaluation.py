"""From checked inputs to results: blocks, the loss's mathematics, weights and reduction.

`evaluate` walks through the blocks of a batch.  What is done with one block is said in one place,
`numpy_block`, and an engine puts its own in that place.
"""

from functools import partial

import numpy as np

from .inputs import Weights, samples_first
from .results import given_results, new_results
from .streaming import stream, total


def numpy_block(loss, parts, columns, weights, divisor, targets, start, stop):
    """Compute one block of samples with NumPy.

    Parameters
    ----------
    loss : Loss
        States the mathematics.
    parts : sequence of str
        What is wanted: ``"value"``, ``"gradient"``, and names of second derivatives.
    columns : sequence of Column
        The inputs, each of which reads, checks and converts its block.
    weights : Weights or None
        The sample weights, which are checked already.
    divisor : float
        What every result is divided by, except a sum of values.
    targets : list
        For each part the arrays to write to, samples first; None for a value that is summed.
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
    for part, target in zip(parts, targets, strict=True):
        of_part = getattr(loss, "_" + part)(*shared)
        if target is None:
            weighted = of_part if weight is None else of_part * weight
            if absent is not None:
                weighted[..., absent] = 0
            block_sum = np.add.reduce(weighted, dtype=np.float64)
            continue
        if type(of_part) is not tuple:
            of_part = (of_part,)
        for terms, array in zip(of_part, target, strict=True):
            factor = scale if weight is None else scale.astype(array.dtype)
            weighted = np.multiply(terms, factor, out=array[start:stop].T)
            if absent is not None:
                weighted[..., absent] = 0
    return block_sum


_engine = None


def use_engine(engine):
    """Have blocks computed by another engine.

    Parameters
    ----------
    engine : callable or None
        Takes a loss, the parts that are wanted and the columns of a batch, and returns a function
        that does what `numpy_block` does, with the same arguments; or None, where it would rather
        leave these to NumPy.  None for NumPy alone.
    """
    global _engine
    _engine = engine


def evaluate(loss, parts, batch, sample_weight, out):
    """Return the parts of a loss for a batch: a float, an array or a tuple of arrays for each."""
    weights = None if sample_weight is None else Weights(sample_weight, batch.sample_shape)
    divisor = loss._total_weight(batch, weights) if loss.reduction == "mean" else 1
    if out is None:
        results = new_results(parts, batch, loss.reduction)
    else:
        results = given_results(out, parts, batch, loss.reduction, weights)
        if batch.n_samples > batch.block_size:  # what is refused late must not have changed them
            stream(batch.blocks, batch.n_samples, batch.block_size)
    targets = results
    if len(batch.sample_shape) != 1 or len(batch.shapes[0]) > 2:
        targets = [
            of_part and [samples_first(array, batch.sample_shape) for array in of_part]
            for of_part in results
        ]

    block = _engine(loss, parts, batch.columns) if _engine is not None else None
    block = partial(block or loss._block, loss, parts, batch.columns, weights, divisor, targets)
    sums = stream(block, batch.n_samples, batch.block_size)
    finished = []
    for of_part in results:
        if of_part is None:
            finished.append(total(sums) / divisor)
        else:
            finished.append(of_part if len(of_part) > 1 else of_part[0])
    return tuple(finished)
