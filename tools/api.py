"""Sphinx extension: the reference of the losses, made from what the package says of itself.

``.. losses:: huber`` documents the losses of a module, and ``.. loss-table::`` lists all of them.
Every loss gets its drawing and, after its docstring, its chapter, its methods, its relatives and
its names in other libraries.
"""

import inspect
import os
import re
from importlib.util import find_spec
from pathlib import Path

import yaml
from curves import instance
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

import lossbook as lb
from lossbook import conventions
from lossbook.symbolic import expression, latex

ROOT = Path(__file__).resolve().parent.parent
# Modules whose losses have their place in the chapter of another.
WITHIN = {
    "boxes": "overlap",
    "contrastive_batches": "embeddings",
    "crps": "likelihood",
    "divergences": "softmax",
    "gaussian": "likelihood",
    "general_robust": "robust",
    "lovasz": "overlap",
    "multiclass_margins": "margins",
    "multiclass_overlap": "overlap",
    "ndcg": "ranking",
}
LIBRARIES = "PyTorch", "Keras"
ADAPTED = "jax", "keras", "torch"  # whose adapters cannot be imported without them


def is_loss(thing):
    """Tell whether something that the package exports is a class of losses."""
    return inspect.isclass(thing) and thing.__module__.startswith("lossbook.losses.")


def module(loss):
    """Return the last part of the name of the module that a class of losses is in."""
    return loss.__module__.rpartition(".")[2]


LOSSES = {name: getattr(lb, name) for name in lb.__all__ if is_loss(getattr(lb, name))}


def page_of(loss):
    """Return the name that the chapter of a class and its page here have in common."""
    return WITHIN.get(module(loss), module(loss)).replace("_", "-")


def in_module(name):
    """Return the names of a module's losses, in the order in which it defines them."""
    members = [(shown, loss) for shown, loss in LOSSES.items() if module(loss) == name]
    return [shown for shown, loss in sorted(members, key=lambda m: inspect.findsource(m[1])[1])]


def pages():
    """Return the pages of the losses in the order of the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    entries = [entry for part in toc["parts"] for entry in part["chapters"]]
    (api,) = (entry for entry in entries if entry["file"] == "reference/api")
    return [section["file"].rpartition("/")[2] for section in api["sections"]]


def elsewhere(name, library):
    """Return what a loss is called in a library."""
    return list(
        dict.fromkeys(
            row.times_factor(row.name.rpartition(".")[2])
            for row in conventions.equivalents(instance(name))
            if row.library == library
        )
    )


def methods(loss):
    """Return links to the methods that a class of losses has."""
    names = [
        name
        for name, method in inspect.getmembers(loss, callable)
        if not name.startswith("_") and not inspect.isclass(method)
    ]
    return [
        f":py:meth:`~lossbook.Loss.{name}`" if hasattr(lb.Loss, name) else f"``{name}``"
        for name in names
    ]


def facts(app, name):
    """Return what stands after the docstring of a loss, as reStructuredText."""
    loss = LOSSES[name]
    lines = []
    chapter = f"chapters/{page_of(loss)}"
    if chapter in app.env.found_docs:
        lines.append(f":Derived in: :doc:`/{chapter}`")
    lines.append(f":Methods: {', '.join(methods(loss)) or 'those of its players'}")
    others = {}
    for row in conventions.equivalents(instance(name)):
        others.setdefault(row.library, []).append(f"``{row.times_factor(row.name)}``")
    if others:
        named = "; ".join(f"{library} {', '.join(names)}" for library, names in others.items())
        lines.append(f":Elsewhere: {named}")
    beside = (one for one, its in LOSSES.items() if page_of(its) == page_of(loss))
    relatives = [other for other in beside if other != name]
    if relatives:
        links = ", ".join(f":py:class:`~lossbook.{other}`" for other in relatives)
        lines.append(f":See also: {links}")
    return lines


def complete_docstring(app, what, name, obj, options, lines):
    """Put the drawing of a loss after the first paragraph of its docstring, and the facts last."""
    short = name.rpartition(".")[2]
    if what != "class" or LOSSES.get(short) is not obj:
        return
    first = lines.index("") if "" in lines else len(lines)
    alt = f"{short}: the loss, with its gradient dashed and its second derivative dotted."
    lines[first:first] = ["", f".. drawing:: {short}", f"   :alt: {alt}", ""]
    lines += ["", ".. container:: facts", "", *(f"   {line}" for line in facts(app, short)), ""]


class Losses(SphinxDirective):
    """Document the losses of a module."""

    required_arguments = 1

    def run(self):
        """Return their documentation."""
        names = in_module(self.arguments[0])
        lines = [line for name in names for line in (f".. autoclass:: lossbook.{name}", "")]
        return parsed(self, lines)


def row(cells):
    """Return the lines of a row of a list-table."""
    lines = [line for cell in cells for line in f"- {cell}".replace("\n", "\n  ").split("\n")]
    return [f"   * {lines[0]}", *(f"     {line}" for line in lines[1:])]


class LossTable(SphinxDirective):
    """List all losses: drawing, formula, chapter, names in PyTorch and in Keras."""

    def run(self):
        """Return the table."""
        lines = [".. list-table::", "   :header-rows: 1", "   :class: losses", ""]
        lines += row(["loss", "graph", "formula", "chapter", *LIBRARIES])
        order = {page: at for at, page in enumerate(pages())}
        known = [name for name, loss in LOSSES.items() if page_of(loss) in order]
        for name in sorted(known, key=lambda name: order[page_of(LOSSES[name])]):
            lines += row(self.cells(name))
        table = parsed(self, lines)
        for name in [name for node in table for name in node.findall(nodes.literal)]:
            break_at_underscores(name)
        return table

    def cells(self, name):
        """Return what is said of one loss."""
        page = page_of(LOSSES[name])
        chapter = f"chapters/{page}"
        shown = instance(name)
        value = latex(expression(getattr(shown, "generator", shown)).value)
        names = ["\n\n".join(f"``{n}``" for n in elsewhere(name, lib)) for lib in LIBRARIES]
        return [
            f":py:class:`~lossbook.{name}`",
            f".. drawing:: {name}",
            rf":math:`\displaystyle {value}`",
            f":doc:`/{chapter}`" if chapter in self.env.found_docs else "",
            *names,
        ]


def break_at_underscores(literal):
    """Let the lines of a page break after each underscore of a name."""
    first, *rest = re.split("(?<=_)(?=[a-z])", literal.astext())
    literal[:] = [nodes.Text(first)]
    for piece in rest:
        literal += [nodes.raw("", "<wbr>", format="html"), nodes.Text(piece)]


def parsed(directive, lines):
    """Return the nodes of reStructuredText."""
    container = nodes.container()
    text = StringList(lines, directive.get_source_info()[0])
    directive.state.nested_parse(text, directive.content_offset, container)
    return container.children


def setup(app):
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    app.config.autodoc_mock_imports = [name for name in ADAPTED if find_spec(name) is None]
    app.add_directive("losses", Losses)
    app.add_directive("loss-table", LossTable)
    app.connect("autodoc-process-docstring", complete_docstring, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
