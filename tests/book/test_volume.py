"""The whole book as one volume: what the tools make of a page, and of all pages."""

import zipfile
from xml.etree import ElementTree

import epub
import pdf
import pytest
import volume
from book import CONTENT
from bs4 import BeautifulSoup

ARTICLE = """\
<article><section id="top"><h1>1. Loss<a class="headerlink" href="#top">#</a></h1>
<details class="dropdown"><summary>Going deeper</summary><p>Folded.</p></details>
<details class="hide"><summary>Show code</summary><pre>x &lt; 1</pre></details>
<div class="sd-tab-set"><input type="radio"><label class="sd-tab-label">NumPy</label>
<div>one</div></div>
<p>See <a href="other.html#there">there</a>, <a href="../_modules/code.html">code</a>.</p>
<style>b {}</style><style>b {}</style><table border="1"><tr><td>1</td></tr></table>
<svg viewBox="0 0 1 1"><path d="M0 0"/></svg><img alt="A sentence." src="../_images/a.svg">
<span class="math"><span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi>
<annotation>x_1</annotation></semantics></math></span><span class="katex-html">x</span></span><span
class="bound"><span class="katex again">x</span>,</span></span>
</section></article>
"""


@pytest.fixture
def page():
    """Return a page that has everything the tools change."""
    article = BeautifulSoup(ARTICLE, "html.parser").article
    styles = volume.settle(article)
    return volume.Page("chapters/loss", "Part", "1. Loss", article, styles)


def test_volume_holds_every_page_in_order():
    assert [name for name, _ in volume.contents()] == CONTENT


def test_everything_is_open(page):
    article = page.article
    assert not article.select("details, summary, input, label, .headerlink, style")
    assert "Folded." in article.get_text()
    assert "x < 1" in article.get_text()
    assert "Show code" not in article.get_text()
    assert article.select_one("p.tab").get_text() == "NumPy"
    assert page.styles == ["b {}"]
    assert "border" not in article.table.attrs


def test_links_stay_in_the_volume(page):
    names = {"chapters/loss", "chapters/other"}
    volume.relink(page, names, lambda name, place: f"#{volume.anchor(name, place)}")
    assert [link["href"] for link in page.article.find_all("a")] == ["#chapters-other--there"]
    assert "code" in page.article.get_text()


def test_paper_has_one_document(page):
    pdf.fit_for_paper(page)
    assert page.article.section["id"] == "chapters-loss--top"
    assert page.article.h2.get_text() == "1. Loss"
    assert page.article.img["src"] == "html/_images/a.svg"
    html = pdf.document([page], {"chapters-loss": 7})
    contents = BeautifulSoup(html, "html.parser").select_one(".contents a")
    assert contents["href"] == "#chapters-loss"
    assert contents.get_text() == "1. Loss7"
    assert 'content: "1. Loss"' in html


def test_page_numbers_are_read():
    listed = 'Page  Destination                 Name\n   9 [ XYZ    0  819 null      ] "a--b"\n'
    assert pdf.DESTINATION.findall(listed) == [("9", "a--b")]


def test_formulas_become_mathml(page):
    images = epub.fit_for_readers(page)
    assert list(images) == ["images/a.svg"]
    math = page.article.select_one("span.math")
    assert math.get_text().split() == ["x", ","]
    assert math.math["alttext"] == "x_1"
    tree = ElementTree.fromstring(epub.wrapped("1. Loss", epub.xhtml(page.article), page.styles))
    assert tree.find(".//{*}svg").get("viewBox") == "0 0 1 1"


def test_selectors_are_spelt_out():
    style = "b { top: 0 }\n.t :is(th, td) { left: 0 }\ni { top: 1 }"
    assert epub.spelt_out(style) == "b { top: 0 }\n.t th ,\n.t td { left: 0 }\ni { top: 1 }"


def test_epub_lists_what_it_holds(page, tmp_path, monkeypatch):
    path = tmp_path / "book.epub"
    picture = tmp_path / "a.svg"
    picture.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    epub.fit_for_readers(page)
    monkeypatch.setattr(epub, "OUTPUT", path)
    monkeypatch.setattr(epub, "HTML", tmp_path)
    (tmp_path / "_static").mkdir()
    for name in ("pygments.css", "logo.svg"):
        (tmp_path / "_static" / name).write_text("", encoding="utf-8")
    epub.pack([page], {"images/a.svg": picture})
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        package = ElementTree.fromstring(archive.read("book/book.opf"))
        assert archive.read("mimetype") == b"application/epub+zip"
    assert names[0] == "mimetype"
    listed = {item.get("href"): item for item in package.iterfind(".//{*}item")}
    assert {f"book/{name}" for name in listed} == set(names[3:])
    assert listed["chapters-loss.xhtml"].get("properties") == "mathml svg"


def test_missing_programs_are_named():
    with pytest.raises(SystemExit, match="apt install the-package"):
        volume.require({"no-such-program": "the-package"})
