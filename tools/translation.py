"""Sphinx extension: what a translation of the book needs besides Sphinx's own catalogues.

Sphinx translates the text of the pages by ``locale/<language>/LC_MESSAGES/<page>.po``.  Beside
these catalogues, ``interface.po`` holds the words that the build itself adds to the pages, and
``formulas.po`` the displayed formulas with words in them, which Sphinx translates only in
reStructuredText.
"""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.nodes import extract_messages, get_node_source
from sphinx_exercise.nodes import exercise_enumerable_node, solution_node

ROOT = Path(__file__).resolve().parent.parent
# Each edition, the folder that it stands in, and how it calls itself.
EDITIONS = {"en": ("", "English"), "zh_CN": ("zh/", "中文")}

FORMULAS = "formulas"
# The boxes whose titles are not in the text.
GIVEN_TITLES = exercise_enumerable_node, solution_node
WORD = re.compile(r"[A-Za-z]{2}")
IN_FORMULA = re.compile(r"\\text\{[^}]*[a-z]{2}")
# What the table of all losses holds, from which no sentence is made.
RESTRUCTURED = re.compile(r":[\w:]+:`|``")

logger = logging.getLogger(__name__)

messages = defaultdict(list)
"""The messages of each catalogue, from the pages that have been read."""


@cache
def catalogue(language, name):
    """Return the messages of a catalogue with their translations."""
    path = ROOT / "locale" / language / "LC_MESSAGES" / f"{name}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {m.id: m.string for m in read_po(file) if m.id and m.string and not m.fuzzy}


def is_chinese(app):
    """Tell whether the Chinese edition is built."""
    return app.config.language == "zh_CN"


def up_from(app, docname):
    """Return the relative address of the folder of all editions, seen from a page."""
    folder, _ = EDITIONS[app.config.language]
    return "../" * (folder + docname).count("/")


def site_of(app):
    """Return the public address of the folder of all editions."""
    folder, _ = EDITIONS[app.config.language]
    return app.config.html_baseurl.removesuffix(folder)


def say(app, words):
    """Return words that the build adds to a page in the language of the page."""
    return catalogue(app.config.language, "interface").get(words) or words


def translate_settings(app, config):
    """Set what depends on the edition: its address, and the names of the book."""
    if config.html_baseurl:
        folder, _ = EDITIONS[config.language]
        config.html_baseurl = f"{config.html_baseurl.rstrip('/')}/{folder}"
    options = config.html_theme_options
    config.project = config.html_title = options["logo"]["text"] = say(app, config.project)
    options["search_bar_text"] = say(app, options["search_bar_text"])
    for kind in ("show", "hide"):
        name = f"nb_code_prompt_{kind}"
        config[name] = say(app, config[name])


def translate_the_rest(app, doctree):
    """Translate what Sphinx leaves: the description of a page, formulas, the parts of the book."""
    known = catalogue(app.config.language, app.env.docname)
    for meta in doctree.findall(nodes.meta):
        meta["content"] = known.get(meta["content"], meta["content"])
    formulas = catalogue(app.config.language, FORMULAS)
    for block in doctree.findall(nodes.math_block):
        block[:] = [nodes.Text(formulas.get(block.astext(), block.astext()))]
    for toctree in doctree.findall(addnodes.toctree):
        if toctree.get("caption"):
            toctree["caption"] = say(app, toctree["caption"])


def adopt_nodes(app, doctree):
    """Let nodes forget the documents in which their translations were parsed.

    Each of these holds the settings of the whole book, which would be stored with every page.
    """
    for node in doctree.findall():
        node.document = doctree


def read_messages(app, doctree):
    """Note what is to be translated on a page, and warn of what the catalogues do not know."""
    for node, message in extract_messages(doctree):
        if not is_text(node, message):
            continue
        name = FORMULAS if isinstance(node, nodes.math_block) else app.env.docname
        messages[name].append(message)
        known = catalogue(app.config.language, name)
        if is_chinese(app) and message not in known and message not in known.values():
            logger.warning("not translated: %s", message, location=app.env.docname)


def is_text(node, message):
    """Tell whether a message is text to be translated.

    Docstrings are English in every edition, as the code is.
    """
    if isinstance(node.parent, GIVEN_TITLES) or RESTRUCTURED.match(message):
        return False
    if "docstring of" in str(get_node_source(node)):
        return False
    if isinstance(node, nodes.math_block):
        return IN_FORMULA.search(message)
    return WORD.search(message)


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", translate_settings)
    app.connect("doctree-read", translate_the_rest, priority=100)
    app.connect("doctree-read", read_messages)
    app.connect("doctree-read", adopt_nodes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
