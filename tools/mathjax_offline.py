"""Sphinx extension: serve MathJax from the book itself, so that it reads without a network."""

from importlib.util import find_spec
from pathlib import Path
from shutil import copy, copytree

NEEDED = ("tex-mml-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")


def copy_mathjax(app, exception):
    """Copy what the pages load of the MathJax that PyPI's sphinx-mathjax-offline carries."""
    if exception or app.builder.format != "html":
        return
    source = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static/mathjax"
    target = Path(app.outdir, "_static/mathjax")
    for name in NEEDED:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            copy(source / name, target / name)


def setup(app):
    """Register with Sphinx."""
    app.config.mathjax_path = "mathjax/tex-mml-chtml.js"
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
