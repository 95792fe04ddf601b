"""What the build adds to pages, tried on a book of one page."""

import re

import mathematics
import pytest
from book import ROOT
from bs4 import BeautifulSoup
from equations import joined
from sphinx.application import Sphinx

EXTENSIONS = [
    "myst_nb",
    "sphinx_book_theme",
    "sphinx_exercise",
    "mathematics",
    "article",
    "frame",
    "search_index",
]
PAGE = """\
---
myst:
  html_meta:
    description: "A page that has everything the build adds something to, and nothing besides."
---

# A page

:::{admonition} In this chapter
:class: chapter-head
When you have read it, you will be able to

- read.
:::

WORDS

The mean, $m$, is ($x=1$) what the Chinese call 平均值.

:::{admonition} Going deeper: more
:class: dropdown deeper
FOLDED
:::

1. Is it?

   :::{admonition} Answer
   :class: dropdown answer
   It is.
   :::

:::{exercise}
:label: ex-page

Derive. Show that it is.
:::

:::{solution-start} ex-page
:label: sol-page
:class: dropdown
:::

Done.

:::{solution-end}
:::
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Return a function that builds a page with settings and returns the folder of the HTML."""

    def build(text, **settings):
        folder = tmp_path_factory.mktemp("book")
        (folder / "index.md").write_text(text, encoding="utf-8")
        app = Sphinx(
            folder,
            None,
            folder / "html",
            folder / "doctrees",
            "html",
            confoverrides={
                "project": "A Book",
                "author": "Authors",
                "extensions": EXTENSIONS,
                "html_theme": "sphinx_book_theme",
                "html_theme_options": {"footer_content_items": ["book-footer.html"]},
                "templates_path": [str(ROOT / "_templates")],
                "myst_enable_extensions": ["colon_fence", "dollarmath"],
                "exercise_style": "solution_follow_exercise",
            }
            | settings,
            status=None,
            warning=None,
        )
        app.build()
        return folder / "html"

    return build


def read(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def page(build):
    return read(
        build(PAGE.replace("WORDS", "word " * 2000).replace("FOLDED", "word " * 4000))
        / "index.html"
    )


def test_head_says_how_long_it_takes_and_offers_the_notebook(page):
    head = page.select_one(".chapter-head .chapter-tools")
    assert "10 minutes to read" in head.get_text()
    (button,) = head.select("a.button")
    assert button.get_text() == "Download notebook"
    assert button["href"] == "downloads/index.ipynb"


def test_folds_need_no_script(page):
    deeper, answer, solution = page.select("details.admonition")
    assert deeper.summary.get_text(strip=True) == "Going deeper: more"
    assert answer.summary.get_text(strip=True) == "Answer"
    assert answer.find_parent("li")
    assert solution.summary.select_one(".when-closed").get_text() == "Show solution"
    assert "Done." in solution.get_text()


def test_kind_of_an_exercise_is_set_off(page):
    assert page.select_one(".exercise .kind").get_text() == "Derive."


def test_punctuation_is_bound(page):
    texts = [
        [part for part in bound.contents if isinstance(part, str)]
        for bound in page.select(".bound")
    ]
    assert texts == [[","], ["("], [")"]]
    assert [m.select_one("annotation").get_text() for m in page.select("span.math")] == ["m", "x=1"]
    assert all(span.parent.name == "span" for span in page.select(".katex-html"))


def test_an_operator_as_an_index_is_one_child(build):
    page = read(build("# A page\n\n$\\lambda_{\\min}$ and $x^{\\max}$.\n") / "index.html")
    scripts = page.select("msub, msup")
    assert len(scripts) == 2
    assert all(len(script.find_all(recursive=False)) == 2 for script in scripts)


def test_search_index_has_text_and_punctuation(build):
    html = build("# A page\n\nThe mean ($m$) is 平均值.\n\n```python\ncode\n```\n")
    index = (html / "_static/search-index.js").read_text(encoding="utf-8")
    assert '[0, "A page", "A page", "index.html", "The mean (m) is 平均值."]' in index


def test_chinese_is_marked(page):
    assert page.select_one('[lang="zh"]').get_text() == "平均值"


def test_without_an_address_nothing_points_to_one(build, page):
    assert not page.select(
        'link[rel="canonical"], meta[property="og:image"], meta[property="og:url"]'
    )
    assert page.select_one('meta[property="og:title"]')["content"] == "A page"


def test_with_an_address_pages_can_be_shared(build):
    html = build("# A page\n\nText.\n", html_baseurl="https://book.example/loss/")
    page = read(html / "index.html")
    assert (
        page.select_one('link[rel="canonical"]')["href"] == "https://book.example/loss/index.html"
    )
    picture = page.select_one('meta[property="og:image"]')["content"]
    assert (html / picture.removeprefix("https://book.example/loss/")).stat().st_size > 5000
    sitemap = (html / "sitemap.xml").read_text(encoding="utf-8")
    assert re.findall("<loc>(.*)</loc>", sitemap) == [
        "https://book.example/loss/index.html",
        "https://book.example/loss/zh/index.html",
    ]
    lost = read(html / "404.html")
    assert lost.base["href"] == "https://book.example/loss/"
    assert lost.h1.get_text() == "This page does not exist"


def test_the_chinese_edition_has_an_address_of_its_own(build):
    html = build(
        "# A page\n\nText.\n",
        language="zh_CN",
        html_baseurl="https://book.example/loss",
        extensions=[*EXTENSIONS, "translation"],
        html_theme_options={"logo": {"text": "A Book"}, "search_bar_text": "Search"},
    )
    page = read(html / "index.html")
    address = "https://book.example/loss/zh/index.html"
    assert page.select_one('link[rel="canonical"]')["href"] == address
    assert {link["hreflang"]: link["href"] for link in page.select("link[hreflang]")} == {
        "en": "https://book.example/loss/index.html",
        "zh-CN": address,
    }
    picture = page.select_one('meta[property="og:image"]')["content"]
    assert picture == "https://book.example/loss/_static/cards/index.png"
    assert not (html / "sitemap.xml").exists()


def test_without_katex_mathjax_sets_the_mathematics(build, monkeypatch):
    monkeypatch.setattr(mathematics, "prerendered", lambda: False)
    html = build("# A page\n\nWith $x$.\n")
    page = read(html / "index.html")
    assert page.select_one("span.math").get_text() == r"\(x\)"
    (script,) = page.select("script[src*=mathjax]")
    assert (html / script["src"].partition("?")[0]).is_file()


def test_footer(page):
    text = " ".join(page.select_one(".bd-footer-content").get_text().split())
    for part in ("A Book, version ", "CC BY 4.0", "MIT licence", "How to cite"):
        assert part in text


def test_formulas_are_joined_for_wide_pages():
    broken = r"\begin{aligned}a&=b\\&\quad+c\end{aligned}"
    assert joined(broken) == "\\begin{aligned}\na&=b +c\n\\end{aligned}"
    alone = r"\begin{aligned}&f(x)\\&\quad=1\\&\quad=2.\end{aligned}"
    assert joined(alone) == "\\begin{aligned}\nf(x) &=1 \\\\\n&=2.\n\\end{aligned}"
    spaced = r"\begin{aligned}a&=b\\&\quad+c\\[6pt]d&=e\end{aligned}"
    assert joined(spaced) == "\\begin{aligned}\na&=b +c \\\\\nd&=e\n\\end{aligned}"
    assert joined(r"\begin{aligned}a&=b\\c&=d\end{aligned}") is None
    assert joined(r"\begin{aligned}a&=" + "b+" * 40 + r"\\&\quad+c\end{aligned}") is None
    assert joined(r"f=\begin{cases}a&x\\&\quad b\end{cases}") is None
