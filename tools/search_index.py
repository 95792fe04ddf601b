"""Sphinx extension: the index of the book's own search, section by section.

It is written as a script that calls a function with its data, because a page that was opened from a
file may load a script but not a file of JSON.  `_static/search.js` loads and reads it.
"""

import json
import re
import unicodedata
from pathlib import Path

from article import CHINESE
from docutils import nodes
from sphinx import addnodes

LEFT_OUT = {"reference/articles"}
CHAPTER, SECTION, CLASS, TERM = range(4)

# What one phrase finds, the others of its line find as well; the glossary adds its Chinese terms.
SYNONYMS = """
δ, delta
ε, epsilon
α, alpha
γ, gamma
τ, tau
quantile loss, pinball, pinball loss, quantile regression, quantiles
bce, log loss, binary cross entropy, logistic loss
l1, mae, mean absolute error, absolute error
l2, mse, mean squared error, squared error
nll, negative log likelihood
kl, kl divergence, relative entropy
softmax loss, categorical cross entropy, softmax cross entropy
focal loss, focal
svm, support vector machine, hinge
sgd, stochastic gradient descent
imbalance, imbalanced, class imbalance, rare class, rare classes
noisy labels, label noise, wrong labels
backprop, backpropagation
learning rate, step size
weight decay, ridge, l2 penalty
overfitting, regularisation, regularization
optimizer, optimiser, optimisers, optimizers
minimizer, minimiser
gan, generative adversarial, adversarial
iou, jaccard, intersection over union
"""

SYMBOLS = {
    "ell": "ℓ", "le": "≤", "ge": "≥", "ne": "≠", "infty": "∞", "partial": "∂", "sum": "∑",
    "cdot": "·", "times": "×", "to": "→", "pm": "±", "approx": "≈", "in": "∈", "theta": "θ",
    "varepsilon": "ε", "lambda": "λ", "log": "log", "exp": "exp", "max": "max", "min": "min",
}  # fmt: skip
BESIDE = re.compile(r"(.*[\u3400-\u9fff].*)（(.+)）")
UNREADABLE = re.compile(r"\\(?:frac|tfrac|begin|sqrt|left|sum|int|prod|binom|operatorname)")
HIDDEN = (
    nodes.literal_block,
    nodes.doctest_block,
    nodes.math_block,
    nodes.raw,
    nodes.image,
    nodes.comment,
    addnodes.desc,
    addnodes.glossary,
)


def plain(tex):
    """Return a short formula in characters, or an ellipsis for one that needs to be drawn."""
    if UNREADABLE.search(tex):
        return "…"
    tex = re.sub(r"\\(?:hat|bar|tilde|mathbf|text|mathrm)\s*\{?(\w)\}?", r"\1", tex)
    tex = re.sub(r"\\([A-Za-z]+)\s*", lambda found: letter(found[1]), tex)
    return re.sub(r"\\.|[{}$^_]", "", tex).strip()


def letter(name):
    """Return the character for a command of TeX, if it has one."""
    kind = "capital" if name[0].isupper() else "small"
    try:
        return unicodedata.lookup(f"Greek {kind} letter {'lamda' if name == 'lambda' else name}")
    except KeyError:
        return SYMBOLS.get(name, "")


def is_headed(node):
    """Tell whether a node is a section with a title; boxes hold sections without one."""
    return isinstance(node, nodes.section) and any(
        isinstance(child, nodes.title) for child in node.children
    )


def words(node):
    """Return the text of a node as it would be read, without code and displayed formulas."""
    pieces = []

    def read(node):
        if isinstance(node, nodes.Text):
            pieces.append(node.astext())
        elif isinstance(node, nodes.math):
            pieces.extend((node.get("opening", ""), plain(node.astext()), node.get("closing", "")))
        elif isinstance(node, nodes.raw) and "lang=" in node.astext():
            pieces.append(re.sub(r"<[^>]+>", "", node.astext()))
        elif not isinstance(node, HIDDEN) and not is_headed(node):
            for child in node.children:
                read(child)
            if not isinstance(node, nodes.Inline):
                pieces.append(" ")

    for child in node.children if isinstance(node, nodes.section) else [node]:
        if not isinstance(child, nodes.title):
            read(child)
    return " ".join("".join(pieces).split())


def title_words(node):
    """Return a title in characters."""
    return " ".join(
        "".join(
            plain(part.astext()) if isinstance(part, nodes.math) else part.astext()
            for part in node.children
        ).split()
    )


def page_records(doctree, address):
    """Yield what can be found on a page: kind, title, page, address, text."""
    page = None
    for section in doctree.findall(is_headed):
        title = title_words(section.next_node(nodes.title))
        kind = CHAPTER if page is None else SECTION
        if page is None and address.startswith("reference/api/"):
            kind = CLASS
        page = page or title
        anchor = f"#{section['ids'][0]}" if kind == SECTION else ""
        yield kind, title, page, address + anchor, words(section)
    for signature in doctree.findall(addnodes.desc_signature):
        if signature["ids"] and signature.parent["objtype"] in ("class", "function"):
            name = signature["ids"][0].split(".")[-1]
            text = words(signature.parent.next_node(addnodes.desc_content))
            yield CLASS, name, page, f"{address}#{signature['ids'][0]}", text
    for item in doctree.findall(nodes.definition_list_item):
        term = item.next_node(nodes.term)
        if isinstance(item.parent.parent, addnodes.glossary):
            text = words(item.next_node(nodes.definition))
            yield TERM, title_words(term), page, f"{address}#{term['ids'][0]}", text


def read_page(app, pagename, templatename, context, doctree):
    """Note what can be found on a page."""
    if doctree is not None:
        app.found_on[pagename] = list(page_records(doctree, app.builder.get_target_uri(pagename)))


def two_names(title, text):
    """Yield the English and the Chinese name of a term in the glossary.

    In the English edition, the Chinese name is the first word of the definition; in the Chinese
    one, the English name stands in parentheses behind the term.
    """
    if beside := BESIDE.fullmatch(title):
        yield [beside[2].lower(), beside[1]]
    elif chinese := CHINESE.match(text):
        yield [title.lower(), chinese[0]]


def write_index(app, exception):
    """Write the index."""
    if exception or app.builder.format != "html":
        return
    records = []
    for name in sorted(app.env.found_docs - LEFT_OUT):
        if name not in app.found_on:
            doctree = app.env.get_and_resolve_doctree(name, app.builder)
            app.found_on[name] = list(page_records(doctree, app.builder.get_target_uri(name)))
        records += app.found_on[name]
    synonyms = [line.split(", ") for line in SYNONYMS.strip().splitlines()]
    for kind, title, _, _, text in records:
        if kind == TERM:
            synonyms += two_names(title, text)
    index = json.dumps({"records": records, "synonyms": synonyms}, ensure_ascii=False)
    Path(app.outdir, "_static/search-index.js").write_text(
        f"bookIndex({index})\n", encoding="utf-8"
    )


def setup(app):
    """Register with Sphinx."""
    app.found_on = {}
    app.connect("html-page-context", read_page)
    app.connect("build-finished", write_index, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
