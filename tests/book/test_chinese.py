"""The Chinese edition: complete, linked with the English one, and as usable."""

import re

import lxml.html
import pytest
from book import CONTENT
from bs4 import BeautifulSoup

PAGES = [name for name in CONTENT if not name.startswith("reference/api/")]  # the rest: docstrings
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_BY_NATURE = "pre", "code", "script", "style", "svg", "math"
CLASSES_OF_ENGLISH = (
    *("katex", "cell_output", "lossbook-explorer", "gallery"),  # formulas, outputs, names of losses
    *("py", "prev-next-area"),  # docstrings and links to their pages
    *("bibtex-cite", "citation-list"),
)
TEXTS = "p", "li", "h1", "h2", "h3", "summary", "figcaption", "td", "dd", "button"


def read(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("name", PAGES)
def test_no_sentence_is_left_in_english(html, name):
    page = lxml.html.fromstring((html / "zh" / f"{name}.html").read_bytes())
    assert page.get("lang") == "zh-CN"
    assert page.findtext(".//title").endswith("损失函数：推导与检验")
    (description,) = page.xpath("//meta[@name='description']/@content")
    assert CHINESE.search(description)
    classes = (part for name in CLASSES_OF_ENGLISH for part in page.find_class(name))
    for part in {*page.iter(*ENGLISH_BY_NATURE), *classes}:
        part.drop_tree()
    texts = [text.text_content() for text in page.iter(*TEXTS)]
    assert len(texts) > 10
    left = [text for text in texts if re.search(r"[a-z]{3} [a-z]{2,} [a-z]{2,}", text)]
    assert [text for text in left if not CHINESE.search(text)] == []


def formulas(page):
    """Return the formulas of a page without the words in them."""
    sources = page.xpath("//article//annotation/text()")
    return {re.sub(r"\\text\{[^}]*\}", "", source) for source in sources}


@pytest.mark.parametrize("name", PAGES)
def test_the_formulas_are_those_of_the_english_edition(html, name):
    english, chinese = (
        lxml.html.fromstring((html / folder / f"{name}.html").read_bytes()) for folder in ("", "zh")
    )
    assert formulas(chinese) == formulas(english)


def test_words_in_formulas_are_translated(html):
    page = lxml.html.fromstring((html / "zh/chapters/absolute-error.html").read_bytes())
    assert any(r"\text{最小化}" in source for source in page.xpath("//annotation/text()"))


@pytest.mark.parametrize("name", ["index", "chapters/huber", "reference/api/huber", "search"])
def test_each_edition_leads_to_the_same_page_of_the_other(html, name):
    english, chinese = html / f"{name}.html", html / "zh" / f"{name}.html"
    for path, other, language in ((english, chinese, "zh-CN"), (chinese, english, "en")):
        (link,) = read(path).select("a.edition")
        assert (path.parent / link["href"]).resolve() == other
        assert link["lang"] == link["hreflang"] == language


def test_the_head_of_a_chapter_is_chinese(html):
    tools = read(html / "zh/chapters/huber.html").select_one(".chapter-tools")
    minutes = re.search(r"阅读约需 (\d+) 分钟", tools.text)[1]
    english = read(html / "chapters/huber.html").select_one(".chapter-tools").text
    assert abs(int(minutes) - int(re.search(r"(\d+) minutes", english)[1])) <= 10
    for link in tools.select("a"):
        assert (html / "zh/chapters" / link["href"]).resolve().is_file()


def test_exercises_say_what_is_to_be_done(html):
    kinds = read(html / "zh/chapters/huber.html").select(".kind")
    assert len(kinds) == len(read(html / "chapters/huber.html").select(".kind")) > 0
    assert all(kind.text.endswith("。") for kind in kinds)


@pytest.mark.parametrize("name", ["index", "chapters/huber", "reference/glossary"])
def test_page_reads_offline_on_a_phone(browser, html, name):
    with browser.page((html / f"zh/{name}.html").as_uri(), width=390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.errors == []
        assert page.evaluate("document.querySelectorAll('.katex-error').length") == 0
