"""The data that the chapters read are those that their page describes."""

import csv
import hashlib
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent.parent / "chapters" / "data"
FILES = sorted(path for path in FOLDER.iterdir() if path.name not in ("README.md", "SHA256SUMS"))
SUMS = dict(reversed(line.split("  ")) for line in (FOLDER / "SHA256SUMS").read_text().splitlines())
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_each_file_has_a_checksum():
    assert list(SUMS) == [path.name for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_checksum_is_that_of_the_file(path):
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SUMS[path.name]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_page_describes_each_column_and_states_source_and_licence(path):
    (section,) = re.findall(rf"(?ms)^## {re.escape(path.name)}\n(.*?)(?=^## |\Z)", PAGE)
    assert re.search(r"^Source: .", section, re.MULTILINE)
    assert re.search(r"^Licence: .", section, re.MULTILINE)
    with path.open(newline="", encoding="utf-8") as file:
        columns = next(csv.reader(file))
    described = re.findall(r"`(\w+)`", "".join(re.findall(r"(?m)^\| (`.*?) \|", section)))
    assert described == columns
