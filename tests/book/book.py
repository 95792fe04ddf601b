"""Where the book's sources and its built pages are."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CONTENT = [TOC["root"]] + [
    page["file"]
    for part in TOC["parts"]
    for entry in part["chapters"]
    for page in (entry, *entry.get("sections", ()))
]
