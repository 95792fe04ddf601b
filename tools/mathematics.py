"""Sphinx extension: mathematics is set when the book is built, so that pages show it at once.

KaTeX, run by Node, writes each formula as HTML and as MathML, which screen readers read.  Where
Node or KaTeX is missing, MathJax sets the formulas in the reader's browser instead, from the copy
that PyPI's sphinx-mathjax-offline carries: slower, but without a network as well.
"""

import json
import re
import subprocess
from functools import cache
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from shutil import copy, copytree, which

from docutils import nodes
from equations import joined
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

TOOLS = Path(__file__).resolve().parent
KATEX = TOOLS / "node_modules/katex/dist"
MATHJAX = "tex-mml-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2"

# A formula in an output of a notebook, as cards and tables write it.
IN_OUTPUT = re.compile(r'(<span class="mathjax_process">)\\\((.*?)\\\)(?=</span>)', re.DOTALL)
CLOSING = re.compile(r"[.,;:!?)\]’”%]+(?=\s|$)|[-–]\w+|’\w+")
OPENING = re.compile(r"[(\[“]+$")

A_PHONE = 28  # characters that fit on a line of one
TAG = re.compile(r"<[^>]+>")
# The pieces of a formula within a line, between which the line may break, and what surrounds them.
PIECE = '<span class="katex-base">'
TAIL = "</span></span>"
AGAIN = '<span class="katex again"><span class="katex-html" aria-hidden="true">'

# KaTeX writes one child too many where an operator such as min is an index.
TOO_MANY = re.compile("<mo>\u2061</mo>(?=</m(?:sub|sup|subsup|under|over|underover)>)")

logger = logging.getLogger(__name__)


class Katex:
    """KaTeX in a process of Node that lives until the book is built."""

    def __init__(self):
        self.process = None
        self.known = {}

    def __call__(self, tex, display=False):
        """Return the HTML of a formula."""
        question = json.dumps({"tex": tex.strip(), "display": display})
        if question not in self.known:
            self.known[question] = self._ask(question)
        answer = self.known[question]
        if "error" in answer:
            logger.warning("KaTeX cannot set %r: %s", tex, answer["error"])
        return TOO_MANY.sub("", answer.get("html", tex))

    def _ask(self, question):
        if self.process is None:
            self.process = subprocess.Popen(
                ["node", TOOLS / "mathematics.mjs"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise ExtensionError("Node ended before the mathematics was set")
        return json.loads(answer)

    def close(self):
        """End the process."""
        if self.process:
            self.process.communicate()
            self.process = None


katex = Katex()


def visit_inline(translator, node):
    """Write a formula within a line, and the punctuation that touches it."""
    opening, closing = (translator.encode(node.get(side, "")) for side in ("opening", "closing"))
    html = katex(node.astext())
    kind = "math wide" if widest_piece(html) > A_PHONE else "math"
    start = translator.starttag(node, "span", "", CLASS=kind)
    translator.body.append(f"{start}{bound(html, opening, closing)}</span>")
    raise nodes.SkipNode


def widest_piece(html):
    """Return the number of characters in the longest piece that cannot be broken."""
    return max((len(TAG.sub("", piece)) for piece in html.split(PIECE)[1:]), default=0)


def bound(html, opening, closing):
    """Return a formula whose first and last piece stay on one line with punctuation.

    A line may break between the pieces that KaTeX makes, and browsers would break it between a
    piece and a comma as well.  So the outer pieces get a box each, shared with the punctuation.
    """
    if not (opening or closing):
        return html
    head, *pieces = html.split(PIECE)
    pieces = [PIECE + piece for piece in pieces]
    pieces[-1] = pieces[-1].removesuffix(TAIL)
    if len(pieces) == 1:
        return f'<span class="bound">{opening}{head}{pieces[0]}{TAIL}{closing}</span>'
    if opening:
        head = f'<span class="bound">{opening}{head}{pieces.pop(0)}{TAIL}</span>{AGAIN}'
    if closing:
        last = f'<span class="bound">{AGAIN}{pieces.pop()}{TAIL}{closing}</span>'
        return f"{head}{''.join(pieces)}{TAIL}{last}"
    return f"{head}{''.join(pieces)}{TAIL}"


def visit_block(translator, node):
    """Write a displayed formula; it scrolls inside itself, and its number stays in sight."""
    body = translator.body
    body.append(translator.starttag(node, "div", CLASS="math"))
    tex = node.astext()
    longer = joined(tex)
    if longer:
        body.append(f'<div class="scrolls on-wide">{katex(longer, display=True)}</div>')
    if not node["nowrap"] and r"\\" in tex:
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    width = " on-narrow" if longer else ""
    body.append(f'<div class="scrolls{width}">{katex(tex, display=True)}</div>')
    if node["number"]:
        body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        body.append("</span>")
    body.append("</div>\n")
    raise nodes.SkipNode


def set_in_outputs(app, doctree, docname):
    """Set the formulas in the HTML that notebooks put out."""
    if app.builder.format != "html":
        return
    for raw in doctree.findall(nodes.raw):
        text = raw.astext()
        if "mathjax_process" in text:
            html = IN_OUTPUT.sub(lambda found: found[1] + katex(unescape(found[2])), text)
            raw.children[:] = [nodes.Text(html)]


def bind_punctuation(app, doctree, docname):
    """Let a formula take the punctuation that touches it."""
    if app.builder.format != "html":
        return
    for math in list(doctree.findall(nodes.math)):
        parent, at = math.parent, math.parent.index(math)
        after = parent[at + 1] if at + 1 < len(parent) else None
        if isinstance(after, nodes.Text) and (found := CLOSING.match(after)):
            math["closing"] = found[0]
            parent[at + 1] = nodes.Text(after[found.end() :])
        before = parent[at - 1] if at else None
        if isinstance(before, nodes.Text) and (found := OPENING.search(before)):
            math["opening"] = found[0]
            parent[at - 1] = nodes.Text(before[: found.start()])


def add_style(app, pagename, templatename, context, doctree):
    """Give pages with formulas, and only these, the style sheet and the script that copies TeX."""
    if "katex" in context.get("body", ""):
        app.add_css_file("katex/katex.min.css")
        app.add_js_file("katex/copy-tex.min.js", loading_method="defer")


def copy_katex(app, exception):
    """Copy what the pages load of KaTeX."""
    katex.close()
    if exception:
        return
    target = Path(app.outdir, "_static/katex")
    target.joinpath("fonts").mkdir(parents=True, exist_ok=True)
    copy(KATEX / "contrib/copy-tex.min.js", target)
    style = (KATEX / "katex.min.css").read_text(encoding="utf-8")
    style = re.sub(r',url\(fonts/[^)]*\.(woff|ttf)\) format\("\w+"\)', "", style)
    target.joinpath("katex.min.css").write_text(style, encoding="utf-8")
    for font in KATEX.glob("fonts/*.woff2"):
        copy(font, target / "fonts")


def copy_mathjax(app, exception):
    """Copy what the pages load of MathJax."""
    if exception:
        return
    source = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static/mathjax"
    target = Path(app.outdir, "_static/mathjax")
    for name in MATHJAX:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            copy(source / name, target / name)


@cache
def prerendered():
    """Tell whether KaTeX can run here."""
    return which("node") is not None and KATEX.is_dir()


def setup(app):
    """Register with Sphinx."""
    if prerendered():
        app.add_html_math_renderer("katex", (visit_inline, None), (visit_block, None))
        app.connect("doctree-resolved", set_in_outputs)
        app.connect("doctree-resolved", bind_punctuation)
        app.connect("html-page-context", add_style)
        app.connect("build-finished", copy_katex)
    else:
        logger.info("KaTeX or Node is missing: MathJax will set the mathematics in the browser")
        app.config.mathjax_path = "mathjax/tex-mml-chtml.js"
        app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
