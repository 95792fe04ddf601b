"""Sphinx extension: what the build adds to the text of a page.

Boxes of the class ``dropdown`` become native folds, which need no script; the box ``chapter-head``
gets the time that the chapter takes and the buttons; Chinese terms say that they are Chinese.
"""

import re
from itertools import chain, pairwise
from pathlib import Path

from bs4 import BeautifulSoup
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx import addnodes
from sphinx_exercise.nodes import exercise_enumerable_node, solution_node
from translation import is_chinese, say, up_from

WORDS_A_MINUTE = 200
CHARACTERS_A_MINUTE = 300
A_FEW_WORDS = 40
SECONDS_A_CELL = SECONDS_A_FORMULA = 15

CHINESE = re.compile(r"[\u3400-\u9fff（），、。]+")
CHARACTER = re.compile(r"[\u3400-\u9fff]")
BEFORE_A_UNIT = re.compile(r"(?<=\d) (?=%|(?:\d{3}|[nµm]?s|[kMG]?B|ppb)\b)")
VERBATIM = nodes.raw, nodes.literal, nodes.math, nodes.FixedTextElement
WORD = re.compile(r"(?!nan|inf)[^\W\d_]{3}")
KIND = re.compile(
    r"[A-Z][a-z]+(?:, [a-z ]+)?\.(?= )|(?:先\w{2,3}，再\w{2,3}|推导|编程|测量|预测|修正|弄坏它)。"
)
TEX = re.compile(r"\$([^$]+)\$")
LATIN = re.compile(r"[A-Za-z]")
DATA = re.compile(r"""["']data/([\w.-]+)["']""")
# Sphinx-proof and sphinx-exercise give all their boxes the same few ids.
REPEATED_ID = re.compile(r' id="(?:proof|(?:exercise|solution|proof)-content)"')


class fold(nodes.General, nodes.Element):
    """A box that opens when its first line is clicked."""


class fold_title(nodes.General, nodes.TextElement):
    """That line."""


def visit_fold(translator, node):
    """Open the HTML of a fold."""
    translator.body.append(translator.starttag(node, "details", CLASS="admonition"))


def depart_fold(translator, node):
    """Close it."""
    translator.body.append("</details>\n")


def visit_fold_title(translator, node):
    """Open the HTML of its first line."""
    translator.body.append(translator.starttag(node, "summary", "", CLASS="admonition-title"))


def depart_fold_title(translator, node):
    """Close it."""
    translator.body.append("</summary>\n")


def gather_cells(app, doctree, docname):
    """Move the folded cells that follow a box "Going deeper" to its end."""
    if app.builder.format != "html":
        return
    boxes = (node for node in doctree.findall(nodes.admonition) if "deeper" in node["classes"])
    for box in list(boxes):
        while is_folded_cell(cell := box.next_node(descend=False, siblings=True)):
            cell.parent.remove(cell)
            cell["classes"].remove("tag_hide-cell")
            cell += cell.pop().children
            box += cell


def is_folded_cell(node):
    """Tell whether a node is a cell of which nothing is shown until it is opened."""
    return isinstance(node, nodes.container) and "tag_hide-cell" in node["classes"]


def join_folds(app, doctree, docname):
    """Join the folds of neighbouring cells if nothing stands between them."""
    for cell in list(doctree.findall(nodes.container)):
        after = cell.next_node(descend=False, siblings=True)
        if not (is_fold_only(cell) and isinstance(after, nodes.container)):
            continue
        folded, following = cell[0], after[0]
        if isinstance(following, HideCodeCellNode) and (
            following["prompt_show"] == folded["prompt_show"] or not has_output(folded)
        ):
            following.insert(0, folded.children)
            cell.parent.remove(cell)


def is_fold_only(node):
    """Tell whether a node is a cell of which a reader sees one fold and nothing else."""
    return len(node) == 1 and isinstance(node[0], HideCodeCellNode)


def has_output(folded):
    """Tell whether a fold holds more than code."""
    return any(part.get("nb_element") == "cell_code_output" for part in folded)


def make_folds(app, doctree, docname):
    """Turn boxes of the class dropdown, and solutions, into folds."""
    if app.builder.format != "html":
        return
    boxes = (node for node in doctree.findall(nodes.Admonition) if "dropdown" in node["classes"])
    for box in list(boxes):
        title, *content = box.children
        folded = fold(ids=box["ids"], classes=box["classes"])
        if isinstance(box, solution_node):
            shown = nodes.inline("", say(app, "Show solution"), classes=["when-closed"])
            hidden = nodes.inline("", say(app, "Solution"), classes=["when-open"])
            folded += fold_title("", "", shown, hidden)
        else:
            folded += fold_title("", "", *title.children)
        folded += content
        box.replace_self(folded)


def is_prose(node):
    """Tell whether a node is text to be read from its beginning to its end."""
    return isinstance(node, nodes.paragraph | nodes.title | nodes.term)


def is_folded(node):
    """Tell whether a node stands in a fold, or in a cell whose code is hidden."""
    while (node := node.parent) is not None:
        if isinstance(node, fold) or "dropdown" in node.get("classes", ()):
            return True
    return False


def hides_input(cell):
    """Tell whether a cell's code is folded away."""
    return bool({"tag_hide-input", "tag_hide-cell", "tag_remove-input"} & set(cell["classes"]))


def reading_minutes(doctree):
    """Estimate how long the open path of a page takes, in steps of five minutes."""
    open_path = [text.astext() for text in doctree.findall(is_prose) if not is_folded(text)]
    words = sum(len(CHARACTER.sub(" ", text).split()) for text in open_path)
    characters = sum(len(CHARACTER.findall(text)) for text in open_path)
    cells = sum(
        not hides_input(cell) and not is_folded(cell)
        for cell in doctree.findall(nodes.container)
        if cell.get("nb_element") == "cell_code"
    )
    formulas = sum(not is_folded(block) for block in doctree.findall(nodes.math_block))
    minutes = words / WORDS_A_MINUTE + characters / CHARACTERS_A_MINUTE
    minutes += (cells * SECONDS_A_CELL + formulas * SECONDS_A_FORMULA) / 60
    return max(5, 5 * round(minutes / 5))


def data_files(path):
    """Return the names of the data files that a notebook reads."""
    return sorted(set(DATA.findall(path.read_text(encoding="utf-8").replace('\\"', '"'))))


def complete_head(app, doctree, docname):
    """Add the time that a chapter takes and the buttons to the box at its head."""
    path = Path(app.env.doc2path(docname))
    for box in doctree.findall(nodes.admonition):
        if "chapter-head" not in box["classes"]:
            continue
        downloads = f"{up_from(app, docname)}downloads"
        links = [(f"{downloads}/{path.stem}.ipynb", say(app, "Download notebook"))]
        data = say(app, "Data: {name}")
        links += [(f"{downloads}/data/{name}", data.format(name=name)) for name in data_files(path)]
        buttons = " ".join(
            f'<a class="button" href="{to}" download>{text}</a>' for to, text in links
        )
        time = say(app, "{minutes} minutes to read").format(minutes=reading_minutes(doctree))
        html = f'<div class="chapter-tools"><p>{time}</p><p>{buttons}</p></div>'
        box += nodes.raw("", html, format="html")


def texts(doctree):
    """Return the pieces of text that are neither code nor formulas."""
    return [text for text in doctree.findall(nodes.Text) if not isinstance(text.parent, VERBATIM)]


def mark_chinese(app, doctree, docname):
    """Say of Chinese words that they are Chinese, so that they are drawn and read out right."""
    if app.builder.format != "html" or is_chinese(app):
        return
    for text in texts(doctree):
        found = list(CHINESE.finditer(text))
        if not found:
            continue
        ends = [0, *(end for match in found for end in match.span()), len(text)]
        pieces = [nodes.Text(text[start:end]) for start, end in pairwise(ends)]
        pieces[1::2] = [
            nodes.raw("", f'<span lang="zh">{piece}</span>', format="html")
            for piece in pieces[1::2]
        ]
        text.parent.replace(text, pieces)


def bind_units(app, doctree, docname):
    """Keep a number, its groups of digits and its unit on one line."""
    if app.builder.format != "html":
        return
    for text in texts(doctree):
        bound = BEFORE_A_UNIT.sub("\N{NO-BREAK SPACE}", text)
        if bound != text:
            text.parent.replace(text, nodes.Text(bound))


def mark_kinds(app, doctree, docname):
    """Set off the words with which an exercise says what is to be done."""
    for exercise in doctree.findall(exercise_enumerable_node):
        paragraph = exercise.next_node(nodes.paragraph)
        first = paragraph.children[0]
        kind = isinstance(first, nodes.Text) and KIND.match(first)
        if kind:
            rest = nodes.Text(first[kind.end() :])
            paragraph.children[0:1] = []
            paragraph[0:0] = [nodes.inline("", kind[0], classes=["kind"]), rest]


def name_columns(app, doctree, docname):
    """Name the column in each cell of a table of words, whose cells are stacked on a phone."""
    if app.builder.format != "html":
        return
    for table in doctree.findall(nodes.table):
        head, body = table.next_node(nodes.thead), table.next_node(nodes.tbody)
        if head is None or "losses" in table["classes"]:
            continue
        if not any(is_wordy(row) for row in body):
            continue
        table["classes"].append("stacks")
        names = [entry.children[0].children if entry.children else [] for entry in head[0]]
        for row in body:
            for name, entry in zip(names, row, strict=True):
                if name and entry.astext():
                    copied = [node.deepcopy() for node in name]
                    entry[0].insert(0, nodes.inline("", "", *copied, classes=["column"]))


def is_wordy(row):
    """Tell whether a cell of a row holds more than a few words."""
    texts = [entry.astext() for entry in row]
    return any(len(text) + len(CHARACTER.findall(text)) > A_FEW_WORDS for text in texts)


def mark_words(app, doctree, docname):
    """Mark the columns of words in the tables that notebooks put out: they start at the left."""
    if app.builder.format != "html":
        return
    for raw in doctree.findall(nodes.raw):
        if 'class="dataframe"' not in raw.astext():
            continue
        html = BeautifulSoup(raw.astext(), "html.parser")
        for column in chain.from_iterable(map(columns, html.select("table.dataframe"))):
            cells = [cell for cell in column if cell.name == "td"]
            if 2 * sum(bool(WORD.match(cell.text)) for cell in cells) > len(cells):
                for cell in column:
                    cell["class"] = "words"
        raw.children[:] = [nodes.Text(str(html))]


def columns(table):
    """Return the columns of values of a table, each with its heads."""
    rows = [row.find_all("td") for row in table.tbody.find_all("tr")]
    heads = [
        row.find_all("th")[-len(rows[0]) :]
        for row in table.thead.find_all("tr")
        if not row.find(colspan=True)
    ]
    return zip(*rows, *heads, strict=True)


def set_titles_of_sources(app, doctree, docname):
    """Set the formulas in titles of the bibliography."""
    for citation in doctree.findall(nodes.citation):
        for text in list(citation.findall(nodes.Text)):
            pieces = TEX.split(text)
            if len(pieces) > 1:
                new = [nodes.Text(piece) for piece in pieces]
                new[1::2] = [nodes.math("", tex) for tex in pieces[1::2]]
                text.parent.replace(text, new)


def add_letters(app, doctree, docname):
    """Put the letters of the alphabet above a glossary, each a link to its first term."""
    for glossary in list(doctree.findall(addnodes.glossary)):
        first = {}
        for term in glossary.findall(nodes.term):
            first.setdefault(LATIN.search(term.astext())[0].upper(), term["ids"][0])
        if len(first) > 5:
            links = " ".join(f'<a href="#{first[letter]}">{letter}</a>' for letter in sorted(first))
            label = say(app, "Letters")
            html = f'<nav class="letters" aria-label="{label}">{links}</nav>'
            glossary.parent.insert(
                glossary.parent.index(glossary), nodes.raw("", html, format="html")
            )


def drop_repeated_ids(app, pagename, templatename, context, doctree):
    """Take away ids that would stand on a page more than once."""
    if "body" in context:
        context["body"] = REPEATED_ID.sub("", context["body"])


def setup(app):
    """Register with Sphinx."""
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(fold_title, html=(visit_fold_title, depart_fold_title))
    app.connect("doctree-resolved", complete_head)
    app.connect("doctree-resolved", gather_cells)
    app.connect("doctree-resolved", join_folds)
    app.connect("doctree-resolved", make_folds, priority=900)
    app.connect("doctree-resolved", mark_chinese)
    app.connect("doctree-resolved", bind_units)
    app.connect("doctree-resolved", mark_kinds)
    app.connect("doctree-resolved", mark_words)
    app.connect("doctree-resolved", name_columns, priority=950)
    app.connect("doctree-resolved", set_titles_of_sources, priority=450)
    app.connect("doctree-resolved", add_letters)
    app.connect("html-page-context", drop_repeated_ids)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
