"""The built pages, looked at in a browser that has no network."""

from urllib.parse import urlsplit

import pytest
from book import CONTENT

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
UNFOLD = """
    document.querySelectorAll("details").forEach(details => details.open = true);
    document.getAnimations().forEach(animation => animation.finish());
    new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));
"""
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
@pytest.mark.parametrize("name", CONTENT)
def test_page_is_accessible(browser, server, axe, name, width, theme):
    with browser.page(f"{server}/{name}.html", width=WIDTHS[width], theme=theme) as page:
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        page.evaluate(UNFOLD)
        page.evaluate(axe)
        assert page.evaluate(SERIOUS) == []
        assert page.evaluate(SEARCH_BOXES) == 1
        assert page.errors == []


def test_mathematics_stands_when_the_page_opens(browser, html):
    with browser.page((html / "chapters/huber.html").as_uri()) as page:
        assert page.evaluate("[...document.querySelectorAll('article .math')].length") > 100
        assert page.evaluate(
            "[...document.querySelectorAll('.katex')].every(e => e.querySelector('math semantics'))"
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
          if (after.nodeType !== Node.TEXT_NODE || !formula.checkVisibility()) return false;
          const range = document.createRange();
          range.selectNodeContents(after);
          return range.getBoundingClientRect().left < formula.getBoundingClientRect().right - 2;
        }).map(bound => bound.textContent)
    """
    for width in (320, 390, 1280):
        with browser.page((html / "chapters/huber.html").as_uri(), width=width) as page:
            assert page.evaluate("document.querySelectorAll('.bound').length") > 50
            assert page.evaluate(torn) == []
