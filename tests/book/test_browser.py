"""The built pages, looked at in a browser that has no network."""

from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from book import CONTENT
from bs4 import BeautifulSoup
from dark_pictures import turned
from PIL import Image

WIDTHS = {"desktop": 1280, "phone": 390}

FAULTY_MATHS = r"""
    (() => {
      const article = document.querySelector("article").cloneNode(true);
      const undrawn = [...article.querySelectorAll(".math, .mathjax_process")]
        .filter(e => !e.querySelector(".katex-html, mjx-container"));
      const wrong = [...article.querySelectorAll(".katex-error, mjx-merror")];
      article.querySelectorAll("pre, code, script, style, .math, .katex").forEach(e => e.remove());
      const raw = article.textContent.match(/.{0,20}(\\[a-z([]|\$\$).{0,20}/g) ?? [];
      return [...undrawn, ...wrong].map(e => e.textContent).concat(raw);
    })()
"""
SEARCH_BOXES = """
    [...document.querySelectorAll(".search-button, .search-button-field, input[type=search]")]
      .filter(e => e.checkVisibility({visibilityProperty: true})).length
"""
# Each formula becomes one letter: for axe, the spans of KaTeX would be most of a page.
UNFOLD = """
    document.querySelectorAll("details").forEach(details => details.open = true);
    document.querySelectorAll(".katex").forEach(formula => formula.textContent = "x");
    document.getAnimations().forEach(animation => animation.finish());
    new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));
"""
OTHERS = "search", "404", "genindex", "_modules/index", "_modules/lossbook/losses/huber"
SERIOUS = """
    axe.run({resultTypes: ["violations"]}).then(result => result.violations
      .filter(v => ["serious", "critical"].includes(v.impact))
      .map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).join(" | ")))
"""


@pytest.mark.parametrize("name", CONTENT)
def test_page_reads_offline_on_a_phone(browser, html, name):
    with browser.page((html / f"{name}.html").as_uri(), width=WIDTHS["phone"]) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"]
        assert page.evaluate(FAULTY_MATHS) == []
        assert page.errors == []
        assert [url for url in page.requests if urlsplit(url).netloc] == []


@pytest.mark.parametrize(("width", "theme"), [("desktop", "light"), ("phone", "dark")])
@pytest.mark.parametrize("name", [*CONTENT, *OTHERS])
def test_page_is_accessible(browser, server, axe, name, width, theme):
    with browser.page(f"{server}/{name}.html", width=WIDTHS[width], theme=theme) as page:
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        page.evaluate(UNFOLD)
        page.evaluate(axe)
        assert page.evaluate(SERIOUS) == []
        assert page.evaluate(SEARCH_BOXES) == 1 + (name == "search")
        assert page.errors == []


def test_mathematics_stands_when_the_page_opens(browser, html):
    with browser.page((html / "chapters/huber.html").as_uri()) as page:
        assert page.evaluate("[...document.querySelectorAll('article .math')].length") > 100
        assert page.evaluate(
            "[...document.querySelectorAll('.math')].every(e => e.querySelector('math semantics'))"
        )
        page.evaluate("document.fonts.ready.then(() => true)")
        fonts = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
        assert {"KaTeX_Main", "KaTeX_Math"} <= set(page.evaluate(fonts))
        assert not [url for url in page.requests if "mathjax" in url.lower()]


def test_a_formula_keeps_its_punctuation(browser, html):
    torn = """
        [...document.querySelectorAll(".bound")].filter(bound => {
          const formula = [...bound.querySelectorAll(".katex-html .katex-base")].at(-1);
          const after = bound.lastChild;
          if (after.nodeType !== Node.TEXT_NODE || !formula?.checkVisibility()) return false;
          const range = document.createRange();
          range.selectNodeContents(after);
          return range.getBoundingClientRect().left < formula.getBoundingClientRect().right - 2;
        }).map(bound => bound.textContent)
    """
    for width in (320, 390, 1280):
        with browser.page((html / "chapters/huber.html").as_uri(), width=width) as page:
            assert page.evaluate("document.querySelectorAll('.bound').length") > 50
            assert page.evaluate(torn) == []


def scrolls_without_a_sign(page):
    """Return what must be moved sideways to be read and has no shadow at its edge."""
    return page.evaluate("""
        [...document.querySelectorAll("article *")].filter(e => {
          const style = getComputedStyle(e);
          return e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1
            && ["auto", "scroll", "hidden"].includes(style.overflowX)
            && !e.closest(".katex-mathml, svg")
            && !style.backgroundImage.includes("gradient");
        }).map(e => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 60)}`)
    """)


@pytest.mark.parametrize(
    "name", ["chapters/huber", "chapters/choosing", "chapters/imbalance", "reference/claims"]
)
@pytest.mark.parametrize("width", [WIDTHS["phone"], 768])
def test_what_scrolls_shows_it(browser, html, name, width):
    with browser.page((html / f"{name}.html").as_uri(), width=width) as page:
        assert scrolls_without_a_sign(page) == []
        wide = "[...document.querySelectorAll('.cell_input pre, p > code')]"
        assert (
            page.evaluate(
                f"{wide}.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).length"
            )
            == 0
        )


def test_outputs_have_the_colour_of_the_page_in_the_dark(browser, html):
    colours = "[...document.querySelectorAll('{}')].map(e => getComputedStyle(e).color)"
    url = (html / "chapters/other-frameworks.html").as_uri()
    with browser.page(url, width=WIDTHS["phone"], theme="dark") as page:
        of_outputs = set(page.evaluate(colours.format(".cell_output .text_html")))
        assert of_outputs == set(page.evaluate(colours.format("article section > p")))


@pytest.mark.parametrize("name", CONTENT)
def test_links_to_the_neighbours_fit_on_a_phone(browser, html, name):
    with browser.page((html / f"{name}.html").as_uri(), width=WIDTHS["phone"]) as page:
        assert (
            page.evaluate("""
            [...document.querySelectorAll(".prev-next-area *")].filter(e => {
              const box = e.getBoundingClientRect();
              return box.left < 0 || box.right > innerWidth || e.scrollWidth > e.clientWidth + 1
                && e.clientWidth;
            }).map(e => e.className)
        """)
            == []
        )


@pytest.mark.parametrize("section", ["the-recipe", "counts", "exercises"])
def test_the_contents_of_a_page_follow_the_reader(browser, html, section):
    with browser.page((html / "chapters/likelihood.html").as_uri()) as page:
        page.evaluate(f"document.getElementById('{section}').scrollIntoView()")
        page.wait_for(f"""
            [...document.querySelectorAll("#pst-page-toc-nav a[aria-current]")].some(link => {{
              const {{top, bottom}} = link.getBoundingClientRect();
              return link.hash === "#{section}" && top > 0 && bottom < innerHeight;
            }})
        """)


def test_the_sign_of_a_fold_stands_before_its_words(browser, html):
    with browser.page((html / "chapters/huber.html").as_uri()) as page:
        gaps = page.evaluate("""
            [...document.querySelectorAll("article details > summary")].flatMap(line => {
              const sign = getComputedStyle(line, "::after"), range = document.createRange();
              const end = line.getBoundingClientRect().left + parseFloat(sign.left)
                + parseFloat(sign.width);
              const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
              const gaps = [];
              while (texts.nextNode()) {
                range.selectNodeContents(texts.currentNode);
                const boxes = [...range.getClientRects()].filter(box => box.width);
                gaps.push(...boxes.map(box => box.left - end));
              }
              return gaps;
            })
        """)
        assert len(gaps) > 20
        assert min(gaps) > 0


def test_cells_of_words_are_stacked_under_the_names_of_their_columns_on_a_phone(browser, html):
    rows = """
        [...document.querySelectorAll("article table.stacks")].flatMap(table => {
          const seen = e => e.checkVisibility(), words = e => e.innerText.trim();
          const heads = [...table.querySelectorAll("thead th")].map(words);
          return [...table.querySelectorAll("tbody tr")].filter(seen).map(row => ({
            tops: [...row.children].map(e => e.getBoundingClientRect().top),
            names: [...row.querySelectorAll(".column")].filter(seen).map(words),
            heads: heads.filter((name, k) => name && row.children[k].textContent.trim()),
          }));
        })
    """
    url = (html / "chapters/several-tasks.html").as_uri()
    with browser.page(url, width=WIDTHS["phone"]) as page:
        stacked = page.evaluate(rows)
    with browser.page(url, width=WIDTHS["desktop"]) as page:
        side_by_side = page.evaluate(rows)
    assert len(stacked) == len(side_by_side) > 5
    for row in stacked:
        assert row["tops"] == sorted(set(row["tops"]))
        assert row["names"] == row["heads"]
    for row in side_by_side:
        assert len(set(row["tops"])) == 1
        assert row["names"] == []


def test_what_is_printed_keeps_its_columns_on_a_phone(browser, html):
    spaces = "[...document.querySelectorAll('{} pre')].map(e => getComputedStyle(e).whiteSpace)"
    with browser.page((html / "reference/claims.html").as_uri(), width=WIDTHS["phone"]) as page:
        assert set(page.evaluate(spaces.format(".cell_output"))) == {"pre"}
        assert set(page.evaluate(spaces.format(".cell_input"))) == {"pre-wrap"}


def test_long_lines_of_formulas_are_broken_on_a_phone_only(browser, html):
    visible = """
        document.querySelectorAll("article details").forEach(e => e.open = true),
        document.querySelectorAll("{0}").length > 0
          && [...document.querySelectorAll("{0}")].every(e => e.checkVisibility())
    """
    for width, shown, hidden in ((1280, ".on-wide", ".on-narrow"), (390, ".on-narrow", ".on-wide")):
        with browser.page((html / "chapters/absolute-error.html").as_uri(), width=width) as page:
            assert page.evaluate(visible.format(shown))
            assert not page.evaluate(visible.format(hidden))


def test_paper_holds_everything(browser, html):
    with browser.page((html / "chapters/huber.html").as_uri(), width=700) as page:
        page.send("Emulation.setEmulatedMedia", media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("document.querySelectorAll('article details:not([open])').length") == 0
        assert (
            page.evaluate("""
            [...document.querySelectorAll("article pre, .scrolls")].filter(e =>
              e.checkVisibility() && getComputedStyle(e).overflowX !== "visible").length
        """)
            == 0
        )
        assert (
            page.evaluate("""
            [...document.querySelectorAll("article pre")].filter(e =>
              e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).length
        """)
            == 0
        )
        assert page.evaluate("""
            [...document.querySelectorAll(".bd-header-article, .bd-sidebar-primary")]
              .every(e => !e.checkVisibility())
        """)
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.evaluate("document.querySelectorAll('article details[open]').length") == 0


class TestDrawingsThatHoldPixels:
    """The dark theme inverts drawings, but a digit must look as it does in light."""

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_only_the_copy_for_the_theme_is_shown(self, browser, html, theme):
        pages = [html / f"{name}.html" for name in CONTENT]
        pages = [page for page in pages if "in-the-dark" in page.read_text(encoding="utf-8")]
        assert pages, "some chapters show pictures of data"
        for path in pages:
            with browser.page(path.as_uri(), theme=theme) as page:
                shown = page.evaluate("""
                    [...document.querySelectorAll(".in-the-light, .in-the-dark")]
                      .filter(image => getComputedStyle(image).display != "none")
                      .map(image => image.className)
                """)
                assert shown and all(f"in-the-{theme}" in classes for classes in shown)

    def test_the_filter_gives_the_pixels_back(self, browser, html):
        with browser.page((html / "chapters/softmax.html").as_uri(), theme="dark") as page:
            image = "document.querySelector('.in-the-dark')"
            assert page.evaluate(f"getComputedStyle({image}).filter") == (
                "invert(0.93) hue-rotate(180deg)"
            )
        pixels = np.uint8([[[0, 0, 0, 255], [255, 255, 255, 255], [160, 120, 140, 255]]])
        file = BytesIO()
        Image.fromarray(pixels).save(file, "png")
        copy = np.asarray(Image.open(BytesIO(turned(file.getvalue()))), float)[..., :3] / 255
        # https://www.w3.org/TR/filter-effects-1: invert(a) is c -> a + (1 - 2a)c, and the rotation
        # by 180 degrees keeps the luminance w.c and turns the rest: c -> 2 (w.c) - c.
        inverted = 0.93 - 0.86 * copy
        luminance = inverted @ [0.213, 0.715, 0.072]
        seen = 2 * luminance[..., None] - inverted
        np.testing.assert_allclose(seen, 0.07 + 0.86 * pixels[..., :3] / 255, atol=0.01)


@pytest.mark.parametrize("name", ["index", "chapters/huber", "reference/api"])
def test_a_page_is_light(browser, html, name):
    with browser.page((html / f"{name}.html").as_uri()) as page:
        scripts = {unquote(urlsplit(url).path) for url in page.requests if ".js" in url}
        assert sum(Path(path).stat().st_size for path in scripts) < 200_000
        fonts = [url for url in page.requests if "webfonts" in url or "fontawesome" in url]
        assert fonts == []


class TestFirstPage:
    def test_leads_on_from_the_first_screen_of_a_phone(self, browser, html):
        with browser.page((html / "index.html").as_uri(), width=390, height=844) as page:
            tops = page.evaluate("""
                [...document.querySelectorAll("article a.sd-btn")]
                  .map(a => [a.textContent.trim(), a.getBoundingClientRect().bottom])
            """)
        assert [text for text, _ in tops] == ["Start reading", "Find my loss", "API"]
        assert all(bottom < 844 for _, bottom in tops)

    def test_explorer_moves(self, browser, html):
        with browser.page((html / "index.html").as_uri()) as page:
            before = page.evaluate("document.querySelector('.lossbook-explorer output').value")
            assert page.evaluate("document.querySelector('.at-thumb').textContent") == "1.0"
            page.evaluate("""
                (() => {
                  const slider = document.querySelector(".lossbook-explorer input");
                  slider.value = slider.max;
                  slider.dispatchEvent(new Event("input"));
                })()
            """)
            assert (
                page.evaluate("document.querySelector('.lossbook-explorer output').value") != before
            )
            assert page.evaluate("document.querySelector('.at-thumb').textContent") == "2.5"
            # At the last value the number stands above the thumb and does not leave the slider.
            beyond, beside = page.evaluate("""
                (() => {
                  const box = selector => document.querySelector(selector).getBoundingClientRect();
                  const value = box(".at-thumb"), slider = box(".lossbook-explorer input");
                  return [value.right - slider.right, value.left - slider.right + 8];
                })()
            """)
            assert abs(beyond) < 1
            assert beside < 0

    def test_every_chapter_and_every_panel_is_a_link(self, html):
        page = BeautifulSoup((html / "index.html").read_text(encoding="utf-8"), "html.parser")
        links = {a["href"] for a in page.article.find_all("a", href=True)}
        assert {f"{name}.html" for name in CONTENT if name.startswith("chapters/")} <= links
        panels = page.select(".gallery a.panel")
        assert len(panels) >= 12
        assert all(panel.svg and panel.code for panel in panels)
