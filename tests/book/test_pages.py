"""The built pages, read as files: links, alternative texts, titles, downloads, exercises."""

import json
import re
from collections import Counter
from functools import cache
from urllib.parse import unquote, urlsplit

import lxml.html
import pytest
from book import CONTENT, HTML, NOTEBOOKS
from bs4 import BeautifulSoup

GATE = re.compile(r"\{(exercise|solution-start|solution-end)\} *(\S*)(?:\n:label: (\S+))?")


@cache
def parsed(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def tree(path):
    """Return a page as lxml reads it, which is much faster where all pages are read."""
    return lxml.html.fromstring(path.read_bytes())


@cache
def anchors(path):
    return {*tree(path).xpath("//@id"), ""}


def addresses(page):
    for tag in page.iter("a", "area", "img", "link", "script", "source"):
        for name in ("href", "src"):
            if name in tag.attrib:
                yield tag.tag, tag.get(name)


def every_page():
    return [path for path in sorted(HTML.rglob("*.html")) if "_static" not in path.parts]


def sentence(text):
    """Tell whether an alternative text says something: words, not the name of a file."""
    return len(text) >= 20 and " " in text.strip() and not re.search(r"\.(svg|png|jpe?g)$", text)


def test_every_link_lands(html):
    broken = []
    for path in every_page():
        for _, address in addresses(tree(path)):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                broken.append(f"{path.relative_to(html)}: {address}")
            elif target.suffix == ".html" and unquote(parts.fragment) not in anchors(target):
                broken.append(f"{path.relative_to(html)}: {address} (no such anchor)")
    assert not broken, "\n".join(broken)


def test_nothing_is_loaded_from_elsewhere(html):
    loaded = [
        f"{path.relative_to(html)}: {address}"
        for path in every_page()
        for tag, address in addresses(tree(path))
        if tag not in ("a", "area") and urlsplit(address).netloc
    ]
    assert not loaded, "\n".join(loaded)


def test_mathematics_is_loaded_where_there_is_some(html):
    for path in every_page():
        page = tree(path)
        loads = [url for _, url in addresses(page) if "katex" in url or "mathjax" in url]
        assert bool(loads) == bool(page.find_class("katex") or page.find_class("math")), path


@pytest.mark.parametrize("name", CONTENT)
def test_every_image_has_an_alternative_text(html, name):
    article = parsed(html / f"{name}.html").find("article")
    texts = [image.get("alt", "") for image in article.find_all("img")]
    texts += [
        drawing.get("aria-label", "")
        for drawing in article.find_all("svg", attrs={"aria-hidden": None})
        if drawing.find_parent(["svg", "math"]) is None and not drawing.find_parent(class_="katex")
    ]
    assert all(map(sentence, texts)), [text for text in texts if not sentence(text)]


def test_a_number_stays_with_its_unit(html):
    loose = re.compile(r"\d (?:%|\d{3}\b|[nµm]?s\b|[kMG]?B\b|ppb\b)")
    verbatim = ["pre", "code", "script", "style", "svg", "math"]
    bound = 0
    for name in CONTENT:
        article = parsed(html / f"{name}.html").find("article")
        for text in article.find_all(string=re.compile(r"\d\s")):
            if not text.find_parent(verbatim) and not text.find_parent(
                class_=["math", "katex", "dataframe"]
            ):
                assert not loose.search(text), (name, text)
                bound += len(re.findall(r"\d\N{NO-BREAK SPACE}[%µ\w]", text))
    assert bound > 300


def test_the_cells_of_a_box_stand_in_it(html):
    inside = 0
    for name in CONTENT:
        article = parsed(html / f"{name}.html").find("article")
        assert not article.select("details.deeper + div.cell.tag_hide-cell"), name
        inside += len(article.select("details.deeper > div.cell"))
    assert inside > 100


def test_neighbouring_folds_of_code_are_one(html):
    joined = 0
    for name in CONTENT:
        article = parsed(html / f"{name}.html").find("article")
        for cell in article.select("div.cell:has(> details.hide:only-child)"):
            after = cell.find_next_sibling()
            if after and "cell" in after.get("class", ()) and not cell.select(".cell_output"):
                assert after.find(recursive=False).name != "details", (name, cell.text)
        joined += len(article.select("details.hide > .cell_input + .cell_input"))
    assert joined > 50


def test_columns_of_words_start_at_the_left(html):
    tables = parsed(html / "chapters" / "custom-objectives.html").select("table.dataframe")
    head, first = next(table.find_all("tr")[:2] for table in tables if "our loss" in table.text)
    assert [cell.text for cell in head.select(".words")] == ["our loss", "targets", "h"]
    assert [cell.text for cell in first.select(".words")] == [
        "HalfSquaredError",
        "numbers",
        "exact",
    ]


@pytest.mark.parametrize("name", CONTENT)
def test_title_and_description(html, name):
    page = parsed(html / f"{name}.html")
    description = page.find("meta", attrs={"name": "description"})
    assert "Loss Functions, Derived and Tested" in page.title.get_text()
    assert description, "the page has no description for search engines"
    assert 50 <= len(description["content"]) <= 160
    assert len(page.find("article").find_all("h1")) == 1


def test_ids_are_unique(html):
    for path in every_page():
        ids = Counter(tree(path).xpath("//@id"))
        assert not [name for name, times in ids.items() if times > 1], path


def test_titles_and_descriptions_differ(html):
    pages = [parsed(html / f"{name}.html") for name in CONTENT]
    titles = {page.title.get_text() for page in pages}
    descriptions = {page.find("meta", attrs={"name": "description"})["content"] for page in pages}
    assert len(titles) == len(descriptions) == len(CONTENT)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_exercise_has_an_executed_solution(notebook):
    exercises, solved, current = [], set(), None
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code" and current:
            solved.add(current)
        for kind, argument, label in GATE.findall("".join(cell["source"])):
            if kind == "exercise":
                exercises.append(label)
            else:
                current = argument or None
    assert exercises, "a chapter needs exercises"
    assert solved == set(exercises)
