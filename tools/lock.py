"""Print the exact versions of all packages that are installed, as constraints for pip.

    python tools/lock.py > constraints.txt

`make lock` runs this in an environment that it has made anew.  The project itself and pip are left
out.  A local label such as that of 2.13.0+cpu is left out too, because a constraint without a label
also accepts the builds that have one.
"""

import re
from importlib.metadata import distributions

HEADER = """\
# The exact version of every package that the requirements bring in, written by `make lock`.
# pip installs these versions wherever a requirement leaves the choice, on Python 3.11 to 3.13.
"""
LEFT_OUT = {"lossbook", "pip"}


def canonical(name):
    """Return a package's name as the indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def constraints(installed):
    """Return lines such as numpy==2.4.6 for pairs of name and version, in alphabetical order."""
    pins = {canonical(name): version.partition("+")[0] for name, version in installed}
    return [f"{name}=={pins[name]}" for name in sorted(pins.keys() - LEFT_OUT)]


def main():
    installed = [(each.metadata["Name"], each.version) for each in distributions()]
    print(HEADER + "\n".join(constraints(installed)))


if __name__ == "__main__":
    main()
