"""Show a docstring's citations by their numbers: numpydoc makes their labels unique with a hash."""

import re

from docutils import nodes

COUNTED = re.compile(r"id\d+")
LABEL = re.compile(r"\[R[0-9a-f]+-(\d+)\]")


def renumber(app, doctree, docname):
    """Replace ``[R1a2b3c-1]`` by ``[1]`` wherever it is what a link shows."""
    for text in list(doctree.findall(nodes.Text)):
        match = LABEL.fullmatch(text.astext())
        if match:
            text.parent.replace(text, nodes.Text(f"[{match[1]}]"))
    # Each directive on a Markdown page counts its ids anew, and nothing needs to lead back here.
    for reference in doctree.findall(nodes.reference):
        reference["ids"] = [name for name in reference["ids"] if not COUNTED.fullmatch(name)]
    for citation in doctree.findall(nodes.citation):
        citation["backrefs"] = []


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-resolved", renumber)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
