"""Execute the notebooks and store them in one canonical form, so that diffs show what changed.

Canonical means: cell ids derived from the cells' content, no execution counts, consecutive pieces
of a stream merged, and of the metadata only what the book reads. A second run changes no byte.
With ``--check``, code and printed lines must also fit in the width that chapters/ruff.toml sets.
"""

import argparse
import hashlib
import sys
import tomllib
from collections import Counter
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_notebook

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = "chapters", "reference"
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT_NOTEBOOK_METADATA = {"myst"}
KEPT_CELL_METADATA = {"mystnb", "tags"}
WIDTH = tomllib.loads((ROOT / "chapters" / "ruff.toml").read_text(encoding="utf-8"))["line-length"]


def keep(metadata, names):
    return {name: value for name, value in metadata.items() if name in names}


def canonical_outputs(outputs):
    result = []
    for output in outputs:
        last = result[-1] if result else None
        if output.output_type == "stream" and last and last.get("name") == output.name:
            last.text += output.text
            continue
        output = output.copy()
        if "metadata" in output:
            output.metadata = {}
        if "execution_count" in output:
            output.execution_count = None
        result.append(output)
    return result


def canonical(notebook):
    """Return the canonical text of a notebook."""
    cells, seen = [], Counter()
    for cell in notebook.cells:
        content = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[content] += 1
        cell = cell.copy()
        cell.id = f"{content}-{seen[content]}" if seen[content] > 1 else content
        cell.metadata = keep(cell.metadata, KEPT_CELL_METADATA)
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = canonical_outputs(cell.outputs)
        cells.append(cell)
    metadata = keep(notebook.metadata, KEPT_NOTEBOOK_METADATA) | KERNEL
    result = new_notebook(cells=cells, metadata=metadata, nbformat_minor=5)
    nbformat.validate(result)
    return nbformat.writes(result).rstrip("\n") + "\n"


def printed(cell):
    """Return the text that a reader sees under a code cell, as one string per output."""
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "stream":
            yield output.text
        elif data.keys() == {"text/plain"}:
            yield data["text/plain"]


def too_wide(notebook):
    """Return every line of code, and every printed line, that is wider than a page of code."""
    lines = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for text in (cell.source, *printed(cell)):
                lines += [line for line in text.splitlines() if len(line) > WIDTH]
    return lines


def complaints(path, notebook, stored):
    """Say what keeps a stored notebook from being merged."""
    if canonical(notebook) != stored:
        yield f"{path} is not in canonical form: run make notebooks"
    for line in too_wide(notebook):
        yield f"{path}: {len(line)} columns, at most {WIDTH}: {line}"


def execute(notebook, folder):
    """Run all cells in a fresh kernel whose working directory is the notebook's folder."""
    NotebookClient(
        notebook,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say what has to be mended")
    parser.add_argument("--keep", action="store_true", help="keep the stored outputs")
    parser.add_argument("paths", nargs="*", type=Path, help="default: all notebooks")
    options = parser.parse_args()
    failed = []
    notebooks = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.ipynb"))]
    for path in options.paths or notebooks:
        before = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(before, as_version=4)
        if options.check:
            failed += complaints(path, notebook, before)
            continue
        print(f"{path.name} ...", flush=True)
        try:
            if not options.keep:
                execute(notebook, path.resolve().parent)
        except CellExecutionError as error:
            failed.append(f"{path}: {error}")
            continue
        path.write_text(canonical(notebook), encoding="utf-8")
    sys.exit("\n".join(failed) or None)


if __name__ == "__main__":
    main()
