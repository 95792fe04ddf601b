"""Turn what callers pass into arrays of real numbers, or refuse it clearly."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

DOUBLE, SINGLE, HALF = np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.float16)


def as_real_arrays(names: Sequence[str], given: Sequence[Any]) -> Sequence[NDArray[Any]]:
    """Return each of what is given as an array of real numbers."""
    for values in given:
        if type(values) is not np.ndarray or values.dtype not in _PLAIN or values.size == 0:
            return [as_real_array(*each) for each in zip(names, given, strict=True)]
    return given


def as_real_array(name: str, values: Any) -> NDArray[Any]:
    """Return `values` as an array of real numbers, not copied where it is one already."""
    array = values if type(values) is np.ndarray else _as_array(name, values)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        also = f"; {_CONVERT[array.dtype.name]}" if array.dtype.name in _CONVERT else ""
        raise TypeError(
            f"{name} must hold real numbers of at most 64 bits; got dtype {array.dtype}{also}"
        )
    if array.size == 0:
        raise ValueError(f"{name} must not be empty; got shape {array.shape}")
    return array


_PLAIN = frozenset({DOUBLE, SINGLE, np.dtype(np.int64)})
_CONVERT = {"bfloat16": "convert it to float32", "longdouble": "convert it to float64"}


def _as_array(name, values):
    """Return an array of what is none, or say what to give in its place."""
    if isinstance(values, np.ma.MaskedArray):
        if np.ma.getmaskarray(values).any():
            raise TypeError(
                f"{name} is a masked array, whose mask would be lost; "
                "give masked samples the sample_weight 0 instead"
            )
        return np.asarray(values.data)
    package = type(values).__module__.partition(".")[0]
    if package == "dask":
        raise TypeError(
            f"{name} is a dask {type(values).__name__.lower()}, which would be computed as a "
            "whole; lossbook.interop.dask computes it in pieces"
        )
    if package == "scipy" and hasattr(values, "toarray"):
        raise TypeError(f"{name} is sparse; give {name}.toarray()")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a regular array of numbers: {error}") from None
    except Exception as error:
        raise TypeError(f"{name} {_refused(package, values, error)}") from None
    if array.dtype == object and hasattr(values, "to_numpy"):
        return _of_nullable(name, values)
    return array


def _refused(package, values, error):
    """Return why something could not be made an array, and what could."""
    if package == "torch":
        if getattr(values, "is_sparse", False):
            return "is a sparse tensor; give its to_dense()"
        if getattr(values, "requires_grad", False):
            return (
                "is a tensor that requires a gradient, which would be lost; "
                "give its detach(), or take the loss through lossbook.interop"
            )
        return f"is a tensor that NumPy cannot read ({error}); give its float().cpu()"
    if package == "jax":
        return (
            "is traced by JAX, so it has no values yet; call the loss outside of jit and grad, "
            "or take it through lossbook.interop"
        )
    return f"must be an array of numbers; got {type(values).__name__}: {error}"


def _of_nullable(name, values):
    """Return a series or a table of pandas's nullable numbers as an array of plain ones."""
    dtypes = getattr(values, "dtypes", None)
    kinds = {getattr(dtype, "kind", "O") for dtype in np.atleast_1d(np.asarray(dtypes, object))}
    if not kinds <= set("fiub"):
        return np.asarray(values)
    if values.isna().to_numpy().any():
        raise ValueError(f"{name} must be finite; got missing values")
    return values.to_numpy(np.float64 if "f" in kinds else np.int64)


def require_shape(name: str, array: NDArray[Any], shape: tuple[int, ...], why: str) -> None:
    """Raise unless `array` has `shape`; nothing is ever broadcast."""
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, {why}; got {array.shape}")


@lru_cache(maxsize=64)
def working_dtype(true_dtype: np.dtype[Any], pred_dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of results.

    Floats are promoted together, half precision to single.  Integer targets follow floating
    predictions; integer predictions become double.
    """
    if pred_dtype.kind != "f":
        return DOUBLE
    floats = [dtype for dtype in (true_dtype, pred_dtype) if dtype.kind == "f"]
    return np.result_type(np.float32, *floats)
