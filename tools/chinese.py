"""Build the Chinese edition into the folder ``zh`` of the built book."""

import os
import sys
from pathlib import Path
from shutil import rmtree

import sphinx.util
from jupyter_book.sphinx import build_sphinx

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "_build"


def build(builder, folder, **settings):
    """Build the book with a builder of Sphinx and return what went wrong, if anything."""
    # Each translated paragraph is parsed on its own.  This spares the parser, each time, the search
    # for translations of its own messages, and for a module that only a newer Sphinx has.
    os.environ["LANGUAGE"] = "C"
    sys.modules.setdefault("sphinx.util._importer", sphinx.util)
    return build_sphinx(
        ROOT,
        folder / builder,
        path_config=ROOT / "_config.yml",
        confoverrides={
            "external_toc_path": str(ROOT / "_toc.yml"),
            "latex_individualpages": False,
            "nitpicky": True,
        }
        | settings,
        builder=builder,
        noconfig=True,
        quiet=True,
        warningiserror=True,
        keep_going=True,
    )


if __name__ == "__main__":
    if problem := build("html", BUILT / "zh", language="zh_CN"):
        sys.exit(f"the Chinese edition was not built: {problem}")
    target = BUILT / "html/zh"
    rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    (BUILT / "zh/html").rename(target)
