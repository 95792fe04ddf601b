"""The caller's own arrays, which results are written to."""

from typing import Any

import numpy as np


def given_results(out: Any, parts: Any, batch: Any, reduction: Any, weights: Any) -> Any:
    """Return the caller's arrays, checked: a list for each part by name, empty for a number."""
    wanted = [part for part in parts if part != "value" or reduction == "none"]
    places = [
        (name, shape, batch.dtype)
        for part in wanted
        for name, shape in zip(_names_of(part, batch), _shapes_of(part, batch), strict=True)
    ]
    taken = [column.array for column in (*batch.columns, weights) if column is not None]
    arrays = iter(checked_out(out, places, taken, reduction))
    return {
        part: [next(arrays) for _ in _shapes_of(part, batch)] if part in wanted else []
        for part in parts
    }


def _shapes_of(part, batch):
    return (batch.sample_shape,) if part == "value" else batch.shapes


def _names_of(part, batch):
    name = part if part in ("value", "gradient") else "hessian"
    if part == "value" or len(batch.shapes) == 1:
        return (name,)
    return [f"{name} by {column.name}" for column in batch.columns[-len(batch.shapes) :]]


def checked_out(out: Any, places: Any, taken: Any, reduction: Any) -> Any:
    """Return the caller's arrays for results as a tuple, or refuse them.

    Parameters
    ----------
    out : ndarray or tuple of ndarray
        What the caller gave.
    places : list of (str, tuple of int, dtype)
        The name, shape and dtype of each result that is an array.
    taken : list of ndarray
        Arrays that they must not share memory with.
    reduction : str
        The reduction, for an error where no array is expected.
    """
    given = out if isinstance(out, tuple) else (out,)
    if len(given) != len(places):
        expected = " and ".join(name for name, _, _ in places)
        expected = expected or f"nothing, with reduction={reduction!r}"
        raise ValueError(f"out must be an array for: {expected}; got {len(given)} of them")
    taken = list(taken)
    for (name, shape, dtype), array in zip(places, given, strict=True):
        if not isinstance(array, np.ndarray):
            raise TypeError(f"out for the {name} must be an array; got {type(array).__name__}")
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(
                f"out for the {name} must be {dtype} of shape {shape}; "
                f"got {array.dtype} of shape {array.shape}"
            )
        if not array.flags.writeable or not (array.ndim == 1 or array.flags.c_contiguous):
            raise ValueError(f"out for the {name} must be writable and C-contiguous")
        if any(_may_overlap(array, other) for other in taken):
            raise ValueError(f"out for the {name} must not share memory with another argument")
        taken.append(array)
    return given


def written(out: Any, parts: Any, results: Any, loss: Any, taken: Any) -> tuple[Any, ...]:
    """Return results that are written into the caller's arrays, which are checked first.

    Parameters
    ----------
    out : ndarray or tuple of ndarray
        What the caller gave.
    parts : sequence of str
        What each of the results is.
    results : sequence
        A float, an array or a tuple of arrays for each part.
    loss : Loss
        Whose they are.
    taken : sequence
        Inputs, which the arrays must not share memory with.
    """
    names = {"value": "value", "gradient": "gradient"}
    places: list[Any] = []
    finished: list[Any] = []
    for part, result in zip(parts, results, strict=True):
        for array in result if isinstance(result, tuple) else (result,):
            if isinstance(array, np.ndarray):
                places.append((names.get(part, "hessian"), array.shape, array.dtype))
    taken = [array for array in taken if isinstance(array, np.ndarray)]
    given = iter(checked_out(out, places, taken, loss.reduction))
    for result in results:
        if isinstance(result, float):
            finished.append(result)
            continue
        several = isinstance(result, tuple)
        arrays = [next(given) for _ in (result if several else (result,))]
        for array, values in zip(arrays, result if several else (result,), strict=True):
            array[...] = values
        finished.append(tuple(arrays) if several else arrays[0])
    return tuple(finished)


def _may_overlap(first, second):
    try:
        return np.shares_memory(first, second, max_work=10_000)
    except np.exceptions.TooHardError:
        return True
