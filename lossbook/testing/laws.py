"""How a law is stated: what shall hold, and the numbers of the first place where it does not."""

import numpy as np


def parts(loss, *inputs):
    """Return value, gradient and hessian of a loss by name."""
    return {
        "value": loss(*inputs),
        "gradient": loss.gradient(*inputs),
        "hessian": loss.hessian(*inputs),
    }


def require(law, holds, **numbers):
    """Raise, with the numbers of the first place where a law does not hold."""
    holds = np.asarray(holds)
    if holds.all():
        return
    place = np.unravel_index(np.argmin(holds), holds.shape)
    shown = []
    for name, values in numbers.items():
        values = np.asarray(values)
        shown.append(f"{name} = {values[place[: values.ndim]]}")
    raise AssertionError(f"{law}; here {', '.join(shown)}" if shown else law)


def near(got, expected, tolerance):
    """Return which numbers agree, relative to 1 or to their size; equal infinities do."""
    with np.errstate(invalid="ignore"):
        close = np.abs(np.subtract(got, expected)) <= tolerance * (1 + np.abs(expected))
    return np.equal(got, expected) | (close & np.isfinite(expected))


def agree(law, got, expected, tolerance=0.0):
    """Raise unless numbers agree, as `near` says."""
    require(law, near(got, expected, tolerance), got=got, expected=expected)
