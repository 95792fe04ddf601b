"""The catalogues of the Chinese edition keep what a translation must keep."""

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted((ROOT / "locale/zh_CN/LC_MESSAGES").rglob("*.po"))
ROLE = re.compile(r"(\{[a-z:]+\})`(?:[^`<]*<)?([^`>]*)>?`")
CODE = re.compile(r"(`+)(.+?)\1")
FORMULA = re.compile(r"\$([^$]+)\$")
WORDS = re.compile(r"\\text\{[^}]*\}")
ADDRESS = re.compile(r"\]\(([^)\s]+)\)")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def read(path):
    with path.open("rb") as file:
        return [message for message in read_po(file) if message.id]


def fixed(text):
    """Return what a translation must not change: references, code, formulas and addresses."""
    found = Counter(ROLE.findall(text))
    rest = ROLE.sub("", text)
    found.update(code for _, code in CODE.findall(rest))
    rest = CODE.sub("", rest)
    found.update(WORDS.sub("", formula) for formula in FORMULA.findall(rest))
    found.update(ADDRESS.findall(rest))
    return found


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_everything_is_translated(path):
    messages = read(path)
    assert messages
    assert [m.id for m in messages if not m.string or m.fuzzy] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_references_code_and_formulas_are_kept(path):
    changed = [m.id for m in read(path) if fixed(m.id) != fixed(m.string)]
    assert changed == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_sentences_are_chinese(path):
    english = [m.id for m in read(path) if " " in m.id.strip() and not CHINESE.search(m.string)]
    assert [text for text in english if re.search(r"[a-z]{3} [a-z]{3}", ROLE.sub("", text))] == []


def test_a_change_is_seen():
    text = "By {ref}`the section <sec-a>`, `f(x)` is $x^2$; see [here](b.md) and {eq}`eq-a`."
    chinese = "由{ref}`那一节 <sec-a>`和 {eq}`eq-a`，`f(x)` 是 $x^2$；见[这里](b.md)。"
    assert fixed(text) == fixed(chinese)
    for old, new in {"sec-a": "sec-b", "f(x)": "g(x)", "x^2": "x^3", "b.md": "c.md"}.items():
        assert fixed(text) != fixed(chinese.replace(old, new))
