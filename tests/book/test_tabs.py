"""The code in tabs, in NumPy and in other libraries, prints what the page says that it prints."""

import ast
import os
import re
import subprocess
import sys
from importlib.util import find_spec

import nbformat
import pytest
from book import NOTEBOOKS
from notebooks import WIDTH

TAB = re.compile(r"^:::\{tab-item\} (?P<name>[^\n]*)\n(?P<body>.*?)^:::$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```$(?:\s*^```text\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)


def blocks(notebook):
    """Yield the tab, the code and the promised output of every block of code in a tab."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "markdown":
            for tab in TAB.finditer(cell.source):
                for block in BLOCK.finditer(tab["body"]):
                    yield tab["name"], block["code"], block["output"] or ""


def imported(code):
    """Return the packages that a script imports."""
    packages = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            packages |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            packages.add(node.module.partition(".")[0])
    return packages


CASES = [
    pytest.param(notebook, *block, id=f"{notebook.stem}-{number}-{block[0]}")
    for notebook in NOTEBOOKS
    for number, block in enumerate(blocks(notebook), start=1)
]


@pytest.mark.parametrize(("notebook", "name", "code", "output"), CASES)
def test_a_tab_prints_what_it_says(notebook, name, code, output):
    missing = sorted(package for package in imported(code) if find_spec(package) is None)
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed, so the tab {name} was not run")
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=notebook.parent,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == output


def test_code_in_tabs_fits_the_page():
    wide = [
        f"{case.id}: {line}"
        for case in CASES
        for line in "\n".join(case.values[2:]).splitlines()
        if len(line) > WIDTH
    ]
    assert not wide, "\n".join(wide)


def test_the_tabs_are_found():
    """Every block of Python that a chapter shows as text stands in a tab that is run."""
    for notebook in NOTEBOOKS:
        cells = nbformat.read(notebook, as_version=4).cells
        shown = sum(c.source.count("```python") for c in cells if c.cell_type == "markdown")
        assert shown == len(list(blocks(notebook)))
