"""Print the notes of a release, if everything that states its version agrees.

    python tools/release.py v0.2.0

The tag, ``lossbook.__version__``, the newest section of ``CHANGELOG.md`` and ``CITATION.cff`` must
name the same version, and the last two the same day.  The notes are the section of the changelog.
"""

import argparse
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
SECTION = re.compile(r"(?ms)^## \[([^\]\n]+)\](?: - (\S+))?\n(.*?)(?=^## \[|\Z)")


def sections(changelog):
    """Return the version, the day and the text of each section, the newest first."""
    return [(version, day, text.strip()) for version, day, text in SECTION.findall(changelog)]


def version(root):
    """Return the version and its section of the changelog, if all files state the same one."""
    package = (root / "lossbook" / "__init__.py").read_text(encoding="utf-8")
    (own,) = re.findall(r'(?m)^__version__ = "(.*)"$', package)
    cited = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased, (newest, day, text) = sections(changelog)[:2]
    if unreleased[0] != "Unreleased":
        raise ValueError(f"CHANGELOG.md must begin with [Unreleased]; got [{unreleased[0]}]")
    stated = {
        "lossbook.__version__": own,
        "the newest section of CHANGELOG.md": newest,
        "CITATION.cff": str(cited["version"]),
    }
    if len(set(stated.values())) > 1:
        each = ", ".join(f"{where} says {what}" for where, what in stated.items())
        raise ValueError(f"one version must be stated everywhere: {each}")
    if day != str(cited["date-released"]):
        raise ValueError(
            "CHANGELOG.md and CITATION.cff must name the same day; "
            f"got {day} and {cited['date-released']}"
        )
    return own, text, unreleased[2]


def notes(root, tag):
    """Return the notes of the release with a tag."""
    own, text, unreleased = version(root)
    if tag != f"v{own}":
        raise ValueError(f"the tag of version {own} must be v{own}; got {tag}")
    if unreleased:
        raise ValueError("CHANGELOG.md must have nothing under [Unreleased] when it is released")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tag", help="the tag of the release, such as v0.2.0")
    try:
        print(notes(ROOT, parser.parse_args().tag))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
