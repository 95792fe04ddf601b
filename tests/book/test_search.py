"""What the book's own search finds, typed into the built pages."""

import json
import re

import pytest

# What is typed, and the address that must come first.
FIRST = {
    "huber": r"chapters/huber\.html$",
    "Huber's loss": r"chapters/huber\.html$",
    "smooth L1": r"chapters/huber\.html#smooth-l1$",
    "delta": r"chapters/huber\.html#",
    "δ": r"chapters/huber\.html#",
    "quantile loss": r"chapters/quantiles\.html",
    "pinball loss": r"chapters/quantiles\.html|glossary\.html#term-pinball-loss$",
    "BCE": r"chapters/log-loss\.html$",
    "binary cross-entropy": r"chapters/log-loss\.html$",
    "log loss": r"chapters/log-loss\.html$",
    "L1": r"chapters/absolute-error\.html$",
    "MAE": r"chapters/absolute-error\.html$",
    "L2": r"chapters/squared-error\.html$",
    "MSE": r"chapters/squared-error\.html$",
    "softmax": r"chapters/softmax\.html$",
    "sgd": r"glossary\.html#term-stochastic-gradient-descent$",
    "backprop": r"chapters/gradients\.html",
    "focal loss": r"chapters/imbalance\.html#",
    "noisy labels": r"chapters/(imbalance|wrong-labels)\.html",
    "overflow": r"chapters/numerics-and-speed\.html#",
    "subgradient": r"glossary\.html#term-subgradient$",
    "SigmoidCrossEntropy": r"reference/api[\w/-]*\.html#lossbook\.SigmoidCrossEntropy$",
    "交叉熵": r"chapters/softmax\.html$",
    "绝对误差": r"chapters/absolute-error\.html$",
    "曲率": r"glossary\.html#term-curvature$",
}
FIRST_IN_CHINESE = {
    "梯度下降": r"chapters/gradient-descent\.html$",
    "Huber 损失": r"chapters/huber\.html",
    "焦点损失": r"chapters/imbalance\.html",
    "softmax": r"chapters/softmax\.html$",
    "次梯度": r"chapters/gradients\.html#",
}


def finder(page):
    """Return a function that finds in an opened page of the search."""
    return lambda query: page.evaluate(f"findInBook({json.dumps(query)})")


@pytest.fixture(scope="module")
def find(browser, html):
    with browser.page((html / "search.html").as_uri()) as page:
        yield finder(page)


@pytest.fixture(scope="module")
def find_in_chinese(browser, html):
    with browser.page((html / "zh/search.html").as_uri()) as page:
        yield finder(page)


@pytest.mark.parametrize("query", FIRST)
def test_the_best_hit_comes_first(find, query):
    hits = find(query)
    assert re.search(FIRST[query], hits[0]["address"]), [hit["address"] for hit in hits[:4]]


@pytest.mark.parametrize("query", FIRST_IN_CHINESE)
def test_the_best_hit_comes_first_in_the_chinese_edition(find_in_chinese, query):
    hits = find_in_chinese(query)
    found = [hit["address"] for hit in hits[:4]]
    assert re.search(FIRST_IN_CHINESE[query], found[0]), found


def test_excerpts_are_clean(find):
    for query in FIRST:
        for hit in find(query):
            text = re.sub(r"</?mark>", "", hit["excerpt"])
            assert not re.search(r"\\|\$|[_^]\{|<", text), text


def test_words_that_stand_nowhere_find_nothing(find):
    assert find("zyzzyva") == []
    assert find("  ") == []


@pytest.mark.parametrize("where", ["file", "server"])
def test_search_page_answers(browser, html, server, where):
    address = (html / "search.html").as_uri() if where == "file" else f"{server}/search.html"
    with browser.page(f"{address}?q=huber") as page:
        page.wait_for("document.querySelectorAll('.search-hits a').length > 3")
        assert page.evaluate("document.querySelector('.search-count').textContent")
        assert page.evaluate("document.querySelectorAll('.search-hits mark').length") > 3
        assert page.errors == []


def test_dialog_answers_while_one_types(browser, html):
    with browser.page((html / "chapters/softmax.html").as_uri()) as page:
        assert not [url for url in page.requests if "search-index" in url]
        page.evaluate("document.querySelector('.search-button-field, .search-button').click()")
        page.evaluate("""
            (() => {
              const input = document.querySelector("#pst-search-dialog input");
              input.value = "hub";
              input.dispatchEvent(new Event("input"));
            })()
        """)
        page.wait_for("document.querySelectorAll('#pst-search-dialog .search-hits a').length > 0")
        first = page.evaluate("document.querySelector('#pst-search-dialog .search-hits a').href")
        assert first.endswith("/chapters/huber.html")
        assert page.errors == []
