"""The reference of the losses: complete, and each loss with what belongs to it."""

import inspect
import re
from collections import Counter

import numpy as np
import pytest
from api import WITHIN
from bs4 import BeautifulSoup
from svg import points

import lossbook as lb
from lossbook import conventions

LOSSES = [
    name
    for name in lb.__all__
    if inspect.isclass(getattr(lb, name)) and ".losses." in getattr(lb, name).__module__
]


def read(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def entries(html):
    """Return the description of each loss, and the page that it stands on."""
    found = {}
    for path in sorted(html.glob("reference/api/*.html")):
        for entry in read(path).select("dl.py.class"):
            name = entry.dt["id"].removeprefix("lossbook.")
            assert name not in found, f"{name} is documented twice"
            found[name] = path.stem, entry
    return found


def test_no_loss_is_left_out(html, entries):
    assert set(LOSSES) <= set(entries)
    rows = read(html / "reference/api.html").select("table.losses tbody tr")
    listed = Counter(row.td.get_text(strip=True) for row in rows)
    assert listed == Counter(LOSSES)


def test_a_name_in_the_table_breaks_at_its_underscores(html):
    names = read(html / "reference/api.html").select("table.losses td code")
    assert ["mean_", "absolute_", "error"] in [list(name.stripped_strings) for name in names]
    for name in names:
        assert len(name.find_all("wbr")) == len(re.findall("_(?=[a-z])", name.text))


def test_everything_exported_is_documented(html, entries):
    first = {tag["id"] for tag in read(html / "reference/api.html").select("dt.sig")}
    assert {f"lossbook.{name}" for name in lb.__all__} <= first | {f"lossbook.{n}" for n in entries}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_has_all_that_belongs_to_it(html, entries, name):
    page, entry = entries[name]
    drawing = entry.find("svg", class_="curves")
    assert drawing.find("path", class_="loss")
    assert name in drawing["aria-label"]
    facts = entry.find(class_="facts").get_text(" ")
    assert "Methods" in facts
    assert not entry.select(".citation ol"), "an initial is read as the number of a list"
    module = getattr(lb, name).__module__.rpartition(".")[2]
    assert page == WITHIN.get(module, module).replace("_", "-")
    assert "Derived in" in facts
    for row in conventions.TABLE:
        if row.loss == name and not row.given and not row.parameters:
            assert row.name in facts


@pytest.mark.parametrize("name", LOSSES)
def test_most_of_a_loss_is_seen_in_its_drawing(entries, name):
    drawing = entries[name][1].find("svg", class_="curves")
    _, _, width, height = map(int, drawing["viewbox"].split())
    x, y = np.concatenate(points(drawing.find("path", class_="loss"))).T
    seen = np.interp(np.linspace(0, width), x, y)
    assert ((seen >= 0) & (seen <= height)).mean() > 0.5


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_linked_from_its_chapter(html, entries, name):
    page, _ = entries[name]
    prose = read(html / "chapters" / f"{page}.html").select("article.bd-article a.reference")
    assert any(link["href"].endswith(f"{page}.html#lossbook.{name}") for link in prose)


def test_the_table_names_pytorch_and_keras(html):
    rows = read(html / "reference/api.html").select("table.losses tbody tr")
    cells = {row.td.get_text(strip=True): row.find_all("td") for row in rows}
    huber = cells["Huber"]
    assert huber[1].svg and huber[2].select_one("math")
    assert huber[3].get_text(strip=True) == "Huber’s loss and smooth L1"
    assert huber[4].get_text(strip=True) == "huber_loss"
    assert huber[5].get_text(strip=True) == "huber"
    assert sum(bool(row[2].select_one("math")) for row in cells.values()) == len(LOSSES)


def test_labels_of_references_stand_beside_them(browser, html):
    apart = """
        [...document.querySelectorAll("dl.py .citation")]
          .filter(reference => {
            const [label, text] = [reference.querySelector(".label"), reference.querySelector("p")];
            return label.getBoundingClientRect().right > text.getBoundingClientRect().left;
          }).length
    """
    for width in (390, 1280):
        with browser.page((html / "reference/api/huber.html").as_uri(), width=width) as page:
            assert page.evaluate("document.querySelectorAll('dl.py .citation .label').length") > 2
            assert page.evaluate(apart) == 0


def test_the_reference_is_in_short_pages(html):
    # Times depend on the machine; what a browser has to lay out does not.
    for path in [html / "reference/api.html", *sorted(html.glob("reference/api/*.html"))]:
        page = read(path)
        assert path.stat().st_size < 500_000, path
        assert len(page.select(".katex")) < 200, path
        assert not page.select("script[src*=mathjax]")


def test_names_are_not_cut(html):
    text = read(html / "reference/api/huber.html").get_text(" ")
    assert not re.search(r"\[\d\w", text)
