"""Bring the catalogues in ``locale`` up to date with the text of the book.

What is new in the text has an empty translation afterwards; a translation whose original has
changed a little is kept as a draft and marked as fuzzy, until somebody has looked at it; what the
text no longer holds is dropped.  Nothing else changes, so a second run changes no byte.
"""

import sys
from pathlib import Path

import translation
import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from chinese import build

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "locale/zh_CN/LC_MESSAGES"
# Where ``say`` is called, and at which place it takes the words.
CALLS = ("tools/*.py", "python", 2), ("_templates/*.html", "jinja2", 1)


def interface_messages():
    """Yield the words that the build adds to pages."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    yield config["project"]
    yield config["html_theme_options"]["search_bar_text"]
    yield from ("Show code cell {type}", "Hide code cell {type}")
    for part in yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]:
        yield part["caption"]
    for files, method, place in CALLS:
        for path in sorted(ROOT.glob(files)):
            for _, message, *_ in extract_from_file(method, path, keywords={"say": (place,)}):
                yield message


def update(name, messages):
    """Update a catalogue."""
    path = CATALOGUES / f"{name}.po"
    catalogue = Catalog(locale="zh_CN")
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale="zh_CN")
    template = Catalog()
    for message in messages:
        template.add(message)
    catalogue.update(template)
    catalogue.obsolete.clear()
    for message in catalogue:
        message.flags &= {"fuzzy"}  # formulas and percentages are no formats of Python
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, no_location=True, omit_header=True)


if __name__ == "__main__":
    if problem := build("dummy", ROOT / "_build/messages"):
        sys.exit(f"the messages were not found: {problem}")
    for name, messages in translation.messages.items():
        update(name, messages)
    update("interface", interface_messages())
