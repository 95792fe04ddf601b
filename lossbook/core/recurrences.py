"""Recurrences: what has to be computed step by step, each step from the one before."""

from collections.abc import Callable
from typing import Any

import numpy as np

from . import evaluation


def scan(
    step: Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]],
    start: tuple[Any, ...],
    rows: tuple[Any, ...],
    fixed: tuple[Any, ...] = (),
    *,
    reverse: bool = False,
) -> tuple[Any, ...]:
    """Return the outputs of all steps of a recurrence.

    An engine may compile the step, for which reason everything that it uses is an argument of it.

    Parameters
    ----------
    step : callable
        Takes the states, an entry of each of the rows, and what is fixed.  Returns the states
        after the step and the outputs of the step, two tuples.
    start : tuple of ndarray
        The states before the first step, samples on the last axis.
    rows : tuple of ndarray
        Arrays with an entry for each step on the first axis.
    fixed : tuple of ndarray, default ()
        What is the same in all steps.
    reverse : bool, default False
        Whether the steps go from the last entry to the first.

    Returns
    -------
    tuple of ndarray
        The outputs, those of the step at an entry in the place of this entry.
    """
    if type(rows[0]) is not np.ndarray:
        return rows[0].scan(step, start, rows, fixed, reverse)
    if evaluation.engine_in_use is not None:
        compiled = evaluation.engine_in_use.scan(step, start, rows, fixed, reverse)
        if compiled is not None:
            return compiled
    states, outputs = start, []
    for entries in zip(*(row[::-1] for row in rows) if reverse else rows, strict=True):
        states, of_step = step(*states, *entries, *fixed)
        outputs.append(of_step)
    return tuple(np.array(each[::-1] if reverse else each) for each in zip(*outputs, strict=True))
