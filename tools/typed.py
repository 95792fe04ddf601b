"""Fail unless nearly all of the package's public interface is typed.

    python tools/typed.py

The type checker counts every public name of every module.  What it says of those that are not
typed is printed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

LEAST = 0.98


def completeness():
    """Return the share of public names whose type is known, and a line on each of the others."""
    programs = Path(sys.executable).parent
    command = [
        str(programs / "basedpyright"),
        *("--verifytypes", "lossbook", "--ignoreexternal", "--outputjson"),
    ]
    # The type checker looks for the package where the first python of the search path has it.
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    output = subprocess.run(
        command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    ).stdout
    found = json.loads(output)["typeCompleteness"]
    unknown = [
        "; ".join([each["name"], *(said["message"] for said in each["diagnostics"])])
        for each in found["symbols"]
        if each["isExported"] and not each["isTypeKnown"]
    ]
    return found["completenessScore"], unknown


def main():
    share, unknown = completeness()
    print(f"{share:.1%} of the public interface is typed")
    if share < LEAST:
        print("\n".join(unknown))
        sys.exit(f"at least {LEAST:.0%} must be")


if __name__ == "__main__":
    main()
