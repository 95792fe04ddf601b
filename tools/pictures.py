"""Sphinx extension: drawings of losses on the pages that are not notebooks.

```{drawing} Huber``` draws one loss, ```{explorer} Huber delta``` puts a slider on a parameter, and
```{gallery}``` draws the losses of its lines, each a link to the page that its line names.
"""

import re
from html import escape
from typing import ClassVar

import numpy as np
from curves import drawing, instance
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import lossbook as lb

logger = logging.getLogger(__name__)


class gallery(nodes.General, nodes.Element):
    """Drawings that are links; it becomes HTML when the addresses of all pages are known."""


def picture(html):
    """Return a node that is written as it is."""
    return nodes.raw("", html, format="html")


class Drawing(SphinxDirective):
    """Draw a loss."""

    required_arguments = 1
    option_spec: ClassVar = {"alt": directives.unchanged}

    def run(self):
        """Return the drawing."""
        label = escape(self.options.get("alt", ""), quote=True)
        return [picture(drawing(instance(self.arguments[0]), label=label))]


class Explorer(SphinxDirective):
    """Put a slider on a parameter of a loss."""

    required_arguments = 2
    option_spec: ClassVar = {
        "values": directives.unchanged_required,
        "reference": directives.unchanged,
    }

    def run(self):
        """Return the explorer; its values are given as first, last and number."""
        from lossbook import plotting

        name, parameter = self.arguments
        first, last, number = self.options["values"].split()
        reference = self.options.get("reference")
        shown = plotting.explorer(
            getattr(lb, name),
            parameter,
            np.linspace(float(first), float(last), int(number)),
            np.linspace(-3, 3, 241),
            reference=reference and instance(reference),
        )
        return [picture(shown._repr_html_())]


class Gallery(SphinxDirective):
    """Draw losses, each a link."""

    has_content = True

    def run(self):
        """Return the gallery, still without addresses."""
        return [gallery(panels=[line.split() for line in self.content if line.strip()])]


def resolve_galleries(app, doctree, docname):
    """Write the galleries of a page."""
    for node in list(doctree.findall(gallery)):
        panels = []
        for name, target in node["panels"]:
            if target not in app.env.found_docs:
                logger.warning("the gallery links to %s, which does not exist", target)
                continue
            address = app.builder.get_relative_uri(docname, target)
            words = re.sub("(?<=[a-z])(?=[A-Z][a-z])", "<wbr>", name)
            shown = f"{drawing(instance(name))}<code>{words}</code>"
            panels.append(f'<a class="panel" href="{address}">{shown}</a>')
        node.replace_self(picture(f'<div class="gallery">{"".join(panels)}</div>'))


def setup(app):
    """Register with Sphinx."""
    app.add_node(gallery)
    app.add_directive("drawing", Drawing)
    app.add_directive("explorer", Explorer)
    app.add_directive("gallery", Gallery)
    app.connect("doctree-resolved", resolve_galleries)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
