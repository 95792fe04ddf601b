"""Numbers that say what a loss, a layer or an optimiser does, checked when it is made."""

from dataclasses import field, fields
from math import inf

import numpy as np


def parameter(default, domain, *, optional=False):
    """Declare a numeric parameter of a dataclass, checked by `check_parameters`."""
    return field(default=default, metadata={"domain": domain, "optional": optional})


def switch(default):
    """Declare a parameter that is True or False, checked by `check_parameters`."""
    return field(default=default, metadata={"switch": True})


def check_parameters(instance):
    """Make every declared parameter of a dataclass's instance a float or a bool, or refuse it."""
    for declared in fields(instance):
        if "switch" in declared.metadata:
            given = getattr(instance, declared.name)
            if not isinstance(given, bool | np.bool_):
                raise TypeError(f"{declared.name} must be True or False; got {given!r}")
            object.__setattr__(instance, declared.name, bool(given))
        if "domain" in declared.metadata:
            given = getattr(instance, declared.name)
            if given is not None or not declared.metadata["optional"]:
                number = real_number(declared.name, given, declared.metadata["domain"])
                object.__setattr__(instance, declared.name, number)


def real_number(name, given, domain):
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


def whole_number(name, given, at_least):
    """Return `given` as an int that is not less than `at_least`."""
    if isinstance(given, bool | np.bool_) or not isinstance(given, int | np.integer):
        raise TypeError(f"{name} must be an integer; got {given!r}")
    if given < at_least:
        raise ValueError(f"{name} must be at least {at_least}; got {given!r}")
    return int(given)
