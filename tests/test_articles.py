"""No section of the five articles is left out of the page that says where each is answered."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[1] / "reference" / "articles.md"
SECTIONS = {
    "first": "1 1.1 1.2 2 2.1 2.2 2.3 3 3.1 3.2 3.3 3.4 3.5 3.6 4 4.1 4.2 4.3 4.4 4.5 4.6 5 "
    "6Q1 6Q2 6Q3 6Q4 7",
    "second": "0 1 2 3 3.1 3.2 3.3 4 5 6 7 8Q1 8Q2 8Q3",
    "third": "1 2.1 2.2 2.3 3.1 3.2 3.3 3.4 4.1 4.2 4.3 5.1 5.2 5.3 5.4 6.1 6.2 6.3 6.4 7.1 7.2 "
    "7.3 8.1 8.2 8.3 8.4 9Q1 9Q2",
    "fourth": "1 2 3.1 3.2 3.3 3.4 4 5 6 7 8 9Q1",
    "fifth": "1 2 3.1 3.2 4.1 4.2 5 6Q1 6Q2 6Q3",
}
ROW = re.compile(r"^\| (\d[\d.]*(?: Q\d)?) (.+?) \| (.+) \|$", re.MULTILINE)
LINK = re.compile(r"\{(?:doc|ref|py:\w+)\}`[^`]+`")


@pytest.mark.parametrize("article", SECTIONS)
def test_every_section_is_answered(article):
    (part,) = re.findall(
        rf"\(sec-articles-{article}\)=\n(.*?)(?=\n\(sec-|\Z)",
        PAGE.read_text(encoding="utf-8"),
        re.S,
    )
    rows = ROW.findall(part)
    assert [number.replace(" ", "") for number, _, _ in rows] == SECTIONS[article].split()
    for number, title, answers in rows:
        assert LINK.search(answers), f"{number} {title} has no link"
