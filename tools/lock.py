"""Print the exact versions of all packages that are installed, as constraints for pip.

    python tools/lock.py > constraints.txt

`make lock` runs this in an environment that it has made anew.  The project itself and pip are left
out.  A local label such as that of 2.13.0+cpu is left out too, because a constraint without a label
also accepts the builds that have one.  A release that refuses some Python which we support is only
asked for where it can be had.
"""

import re
from importlib.metadata import distributions

from packaging.specifiers import SpecifierSet

HEADER = """\
# The exact version of every package that the requirements bring in, written by `make lock`.
# pip installs these versions wherever a requirement leaves the choice, on Python 3.11 to 3.13.
"""
LEFT_OUT = {"lossbook", "pip"}
OLDEST = "3.11.0"


def canonical(name):
    """Return a package's name as the indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def condition(requires_python):
    """Return the marker that a pin needs, empty where the oldest Python accepts the release."""
    accepted = SpecifierSet(requires_python or "")
    if OLDEST in accepted:
        return ""
    bounds = (f"python_full_version {each.operator} '{each.version}'" for each in accepted)
    return "; " + " and ".join(sorted(bounds))


def constraints(installed):
    """Return lines such as numpy==2.4.6, in alphabetical order.

    Each of `installed` is a package's name, its version and the Python that it requires.
    """
    pins = {
        canonical(name): version.partition("+")[0] + condition(requires_python)
        for name, version, requires_python in installed
    }
    return [f"{name}=={pins[name]}" for name in sorted(pins.keys() - LEFT_OUT)]


def main():
    installed = [
        (each.metadata["Name"], each.version, each.metadata["Requires-Python"])
        for each in distributions()
    ]
    print(HEADER + "\n".join(constraints(installed)))


if __name__ == "__main__":
    main()
