"""Numbers that say what a loss, a layer or an optimiser does, checked when it is made."""

from collections.abc import Hashable
from dataclasses import MISSING, field, fields
from functools import cache
from math import inf
from typing import Any

import numpy as np

from .domains import FINITE, Domain


def parameter(
    default: Any = MISSING,
    domain: Domain = FINITE,
    *,
    optional: bool = False,
    several: bool = False,
    kw_only: bool = False,
) -> Any:
    """Declare a numeric parameter: a float in a domain, without a default one that must be given.

    Parameters
    ----------
    default : float, optional
        Its value where none is given.  Write it by name, so that type checkers see it.
    domain : Domain, default finite numbers
        What it must lie in.
    optional : bool, default False
        Whether it may be None.
    several : bool, default False
        Whether it may be a sequence of such numbers, which becomes a tuple.
    kw_only : bool, default False
        Whether it must be given by name.
    """
    metadata = {"domain": domain, "optional": optional, "several": several}
    return field(default=default, metadata=metadata, kw_only=kw_only)


def switch(default: bool = MISSING) -> Any:  # type: ignore[assignment]
    """Declare a parameter that is True or False."""
    return field(default=default, metadata={"switch": True})


def check_parameters(instance: Any) -> None:
    """Make every declared parameter of a dataclass's instance a float or a bool, or refuse it."""
    for name, default, domain, optional, several in _declared(instance.__class__):
        given = getattr(instance, name)
        if given is default:
            continue
        if domain is None:
            if not isinstance(given, bool | np.bool_):
                raise TypeError(f"{name} must be True or False; got {given!r}")
            object.__setattr__(instance, name, bool(given))
        elif several and np.ndim(given) == 1:
            object.__setattr__(instance, name, real_numbers(name, given, domain))
        elif given is not None or not optional:
            object.__setattr__(instance, name, real_number(name, given, domain))


@cache
def _declared(kind: Hashable) -> list[tuple[Any, ...]]:
    """Return name, checked default, domain, whether None will do and whether several will."""
    declared: list[tuple[Any, ...]] = []
    for each in fields(kind):  # type: ignore[arg-type]
        if "domain" in each.metadata:
            default = each.default if type(each.default) is float else MISSING
            stated = (each.metadata[key] for key in ("domain", "optional", "several"))
            declared.append((each.name, default, *stated))
        elif "switch" in each.metadata:
            default = each.default if type(each.default) is bool else MISSING
            declared.append((each.name, default, None, False, False))
    return declared


def as_floats(numbers: Any) -> tuple[float, ...]:
    """Return numbers as a tuple of floats: the very one that was given, if it is that."""
    floats = tuple(map(float, numbers))
    kept = type(numbers) is tuple and all(type(number) is float for number in numbers)
    return numbers if kept else floats


def real_numbers(name: str, given: Any, domain: Any) -> tuple[float, ...]:
    """Return numbers as a tuple of floats in `domain`."""
    if not len(given):
        raise ValueError(f"{name} must be a number or a sequence of numbers; got an empty one")
    return tuple(real_number(f"{name}[{k}]", each, domain) for k, each in enumerate(given))


def real_number(name: str, given: Any, domain: Any) -> Any:
    """Return `given` as a float in `domain`."""
    if isinstance(given, bool | np.bool_) or not isinstance(
        given, int | float | np.integer | np.floating
    ):
        raise TypeError(f"{name} must be a number; got {given!r}")
    try:
        number = float(given)
    except OverflowError:
        number = inf
    if not domain.contains(number):
        raise ValueError(f"{name} must be {domain}; got {given!r}")
    return number


def whole_number(name: str, given: Any, at_least: float = -inf) -> int:
    """Return `given` as an int that is not less than `at_least`."""
    if isinstance(given, bool | np.bool_) or not isinstance(given, int | np.integer):
        raise TypeError(f"{name} must be an integer; got {given!r}")
    if given < at_least:
        raise ValueError(f"{name} must be at least {at_least}; got {given!r}")
    return int(given)
