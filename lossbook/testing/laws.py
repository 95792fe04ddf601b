"""Functions that raise an error with the numbers of the first place where a law does not hold."""

from typing import Any

import numpy as np


def parts(loss: Any, *inputs: Any) -> Any:
    """Return value, gradient and hessian of a loss by name."""
    return {
        "value": loss(*inputs),
        "gradient": loss.gradient(*inputs),
        "hessian": loss.hessian(*inputs),
    }


def require(law: Any, holds: Any, **numbers: Any) -> Any:
    """Raise an error with the numbers of the first place where a law does not hold."""
    holds = np.asarray(holds)
    if holds.all():
        return
    place = np.unravel_index(np.argmin(holds), holds.shape)
    shown = []
    for name, values in numbers.items():
        values = np.asarray(values)
        # An axis of length 1 holds for all places along it.
        index = tuple(min(pair) for pair in zip(place, np.subtract(values.shape, 1), strict=False))
        shown.append(f"{name} = {values[index]}")
    raise AssertionError(f"{law}; here {', '.join(shown)}" if shown else law)


def require_reason(trait: str, holds: Any, missing: str) -> None:
    """Raise an error if a trait is declared false and no sample shows that it is false."""
    require(f"traits.{trait} is False, but {missing}, so the loss seems to have the trait", holds)


def near(got: Any, expected: Any, tolerance: Any) -> Any:
    """Return which numbers agree, relative to 1 or to their size.  Equal infinities agree."""
    with np.errstate(invalid="ignore"):
        close = np.abs(np.subtract(got, expected)) <= tolerance * (1 + np.abs(expected))
    return np.equal(got, expected) | (close & np.isfinite(expected))


def agree(law: Any, got: Any, expected: Any, tolerance: float = 0.0) -> None:
    """Raise an error unless numbers agree in the sense of `near`."""
    require(law, near(got, expected, tolerance), got=got, expected=expected)
