"""The notebooks that the pages offer: they stand alone."""

import json
import os
import re
import subprocess
import sys

import pytest
from book import NOTEBOOKS
from bs4 import BeautifulSoup

ROLE = re.compile(r"\{[a-z:]+\}`")
FENCE = re.compile(r"^ *(:{3,}|`{3,}\{)|^\([\w-]+\)=|^ *:(label|class|name|alt): ", re.MULTILINE)

# Python as it is where nobody has installed the package.
WITHOUT_PACKAGE = """
import sys
from pathlib import Path

sys.path[:] = [path for path in sys.path if not Path(path, "lossbook", "__init__.py").exists()]
"""
RUN = """
import json, sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
import matplotlib

matplotlib.use("agg")
shell = InteractiveShell.instance()
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        shell.run_cell("".join(cell["source"])).raise_error()
import lossbook
print("ran with", Path(lossbook.__file__).resolve())
"""


def offered(html, name):
    return html / "downloads" / f"{name}.ipynb"


def cells(path, kind):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_page_offers_its_notebook(html, notebook):
    page = html / "chapters" / f"{notebook.stem}.html"
    links = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find_all("a", href=True)
    found = {link.get_text(strip=True): link["href"] for link in links}
    path = (page.parent / found["Download notebook"]).resolve()
    assert path == offered(html, notebook.stem)
    stored = [cell["outputs"] for cell in cells(notebook, "code")]
    assert [cell["outputs"] for cell in cells(path, "code")][-len(stored) :] == stored


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_is_left_that_only_the_book_understands(html, notebook):
    for cell in cells(offered(html, notebook.stem), "markdown"):
        text = "".join(cell["source"])
        assert not ROLE.search(text), text
        assert not FENCE.search(text), text


@pytest.mark.parametrize("name", ["huber", "absolute-error"])
def test_a_notebook_runs_alone_in_an_empty_folder(html, tmp_path, name):
    here = tmp_path / "elsewhere"
    here.mkdir()
    path = here / f"{name}.ipynb"
    path.write_bytes(offered(html, name).read_bytes())
    hidden = tmp_path / "site"
    hidden.mkdir()
    hidden.joinpath("sitecustomize.py").write_text(WITHOUT_PACKAGE, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON"))}
    environment |= {"PYTHONPATH": str(hidden), "IPYTHONDIR": str(tmp_path / "ipython")}
    ran = subprocess.run(
        [sys.executable, "-c", RUN, path.name],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert f"ran with {here.resolve()}/.lossbook" in ran.stdout
