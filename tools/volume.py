"""The book as one volume: the articles of the built pages, without what only a screen can use.

`tools/pdf.py` prints the volume and `tools/epub.py` packs it for electronic readers.
"""

import re
import shutil
import sys
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup

import lossbook

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build/html"
TOOLS = ROOT / "tools"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TITLE = CONFIG["title"]
FACTS = {
    "title": escape(TITLE),
    "author": escape(CONFIG["author"]),
    "version": lossbook.__version__,
    "year": CONFIG["copyright"],
    "licence": "Text and figures: CC BY 4.0. Code: MIT licence.",
}
"""What the title page says, as HTML."""

FOR_SCREENS = (
    ".headerlink, .viewcode-link, .chapter-tools, details.hide > summary, .letters, "
    ".when-closed, .in-the-dark, .column, p:has(> .sd-btn), .sd-tab-set > input, script, noscript, "
    ".lossbook-explorer [data-name][display=none]"
)
# What an HTML parser writes in small letters and SVG does not.
SVG_NAMES = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}


class Page(NamedTuple):
    """A page of the book: its name without suffix, its part, title, article and style sheets."""

    name: str
    part: str
    title: str
    article: BeautifulSoup
    styles: list


def contents():
    """Yield the names of all pages in the order of the book, each with the part that it is in."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    yield toc["root"], ""
    for part in toc["parts"]:
        for entry in part["chapters"]:
            for page in (entry, *entry.get("sections", ())):
                yield page["file"], part["caption"]


def pages():
    """Return the pages of the book, fit for a volume."""
    if not (HTML / "index.html").is_file():
        sys.exit("the book is not built: run make book")
    if not (HTML / "_static/katex").is_dir():
        sys.exit("the book was built without KaTeX: install npm, then run make book")
    read = []
    for name, part in contents():
        html = (HTML / f"{name}.html").read_text(encoding="utf-8")
        article = BeautifulSoup(html, "html.parser").find("article")
        styles = settle(article)
        read.append(Page(name, part, " ".join(article.h1.get_text().split()), article, styles))
    read[0].article.h1.string = "About this book"
    read[0] = read[0]._replace(title="About this book")
    return read


def settle(article):
    """Open the folds of an article, lay its tabs one below the other, drop what cannot be used.

    The style sheets that outputs of notebooks carry are taken out and returned, each once.
    """
    for element in article.select(FOR_SCREENS):
        element.decompose()
    styles = [style.extract() for style in article.select("style") if not style.find_parent("svg")]
    for table in article.select("table[border]"):
        del table["border"]
    for fold in article.select("details"):
        fold.name = "div"
    for line in article.select("summary"):
        line.name = "p"
    for label in article.select(".sd-tab-label"):
        label.name, label.attrs = "p", {"class": "tab"}
    for label in article.select(".lossbook-explorer > label"):
        parameter = label.get_text().strip()
        label.name, label.attrs = "p", {"class": "varied"}
        label.string = f"On the web page, a slider varies {parameter}."
    for output in article.select("output"):
        output.unwrap()
    for svg in article.select("svg"):
        for small, right in SVG_NAMES.items():
            if small in svg.attrs:
                svg[right] = svg.attrs.pop(small)
    return list(dict.fromkeys(style.get_text() for style in styles))


def relink(page, names, address):
    """Lead the links of a page to other places in the volume; those that leave it become text.

    `address` returns where a place of a page is, given the name of the page and the place.
    """
    online = CONFIG["html"]["baseurl"].rstrip("/")
    for link in page.article.find_all("a", href=True):
        parts = urlsplit(link["href"])
        if parts.scheme or parts.netloc:
            continue
        path = HTML / f"{page.name}.html"
        if parts.path:
            path = (path.parent / unquote(parts.path)).resolve()
        file = path.relative_to(HTML).as_posix()
        name = file.removesuffix(".html")
        if name in names:
            link["href"] = address(name, unquote(parts.fragment))
        elif online:
            link["href"] = f"{online}/{file}"
        else:
            link.name = "span"
            del link["href"]


def pictures(page):
    """Yield the images of a page, each with its file."""
    for image in page.article.find_all("img"):
        yield image, (HTML / page.name).parent.joinpath(unquote(image["src"])).resolve()


def require(tools):
    """Stop, and say what to install on Debian, where a program is missing."""
    missing = sorted({package for tool, package in tools.items() if shutil.which(tool) is None})
    if missing:
        sys.exit(
            f"this needs programs that are missing; on Debian: apt install {' '.join(missing)}"
        )


def anchor(*names):
    """Return an id made of names, with letters that every format admits."""
    return re.sub(r"[^\w.-]+", "-", "--".join(filter(None, names)))
