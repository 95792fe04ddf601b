"""Sphinx extension: notebooks to take along, which open and run anywhere.

A downloaded notebook carries what it needs: a cell that installs what is missing, its data, and
text in which references are words and links instead of roles that only the book understands.
Where the book has no public address to install the package from, it carries the package as well.
"""

import ast
import base64
import io
import posixpath
import re
import sys
import zipfile
from collections import deque
from pathlib import Path
from shutil import copy

import nbformat
from article import data_files
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document
from myst_parser.parsers.sphinx_ import MystParser
from nbformat.v4 import new_code_cell, new_markdown_cell
from sphinx.util.docutils import sphinx_domains
from translation import is_chinese

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
HIDDEN = {"jupyter": {"source_hidden": True}}

ROLE = re.compile(r"\{[\w:]+\}`[^`]+`")
TARGET = re.compile(r"^\([\w-]+\)= *\n", re.MULTILINE)
EQUATION = re.compile(r"\$\$\s*(.*?)\s*\$\$ *\(([\w-]+)\)", re.DOTALL)
OPENING = re.compile(r"( *)(:{3,}|`{3,})\{([\w:-]+)\} *(.*)$")
CODE = re.compile(r" *(`{3,})[\w-]*$")
FIGURE = re.compile(r"\{figure\} *(\S+\.svg)")
OPTION = re.compile(r" *:([\w-]+): *(.*)$")

INSTALL = """\
# This cell installs what the notebook needs and what is missing here.
from importlib.util import find_spec

needed = {needed}
missing = [source for name, source in needed.items() if find_spec(name) is None]
if missing:
    %pip install --quiet {{" ".join(missing)}}
"""

UNPACK = """\
# This cell brings the package lossbook along, where it is not installed.
import base64
import io
import sys
import zipfile
from importlib.util import find_spec

PACKAGE = "{package}"
if find_spec("lossbook") is None:
    zipfile.ZipFile(io.BytesIO(base64.b85decode(PACKAGE))).extractall(".lossbook")
    sys.path.insert(0, ".lossbook")
"""

DATA = """\
# This cell writes the data that the notebook reads, where they are missing.
from pathlib import Path

Path("data").mkdir(exist_ok=True)
for name, text in {data}.items():
    if not Path("data", name).exists():
        Path("data", name).write_text(text, encoding="utf-8")
"""


def encoded(path):
    """Return a file as text, as attachments of notebooks hold it."""
    return base64.b64encode(path.read_bytes()).decode()


def packed():
    """Return the package as text: a zip archive, the same in every build."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(ROOT.glob("lossbook/**/*.py")):
            name = zipfile.ZipInfo(str(path.relative_to(ROOT)))
            file.writestr(name, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return base64.b85encode(archive.getvalue()).decode()


def imported(notebook):
    """Return the names of the packages that a notebook imports, without Python's own."""
    names = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names.add(node.module)
    return sorted({name.split(".")[0] for name in names} - sys.stdlib_module_names)


class Reader:
    """What the roles of a page say, as the book shows them."""

    def __init__(self, app, docname):
        self.app, self.docname = app, docname
        self.base = app.config.html_baseurl.rstrip("/")
        self.known = {}

    def learn(self, roles):
        """Resolve roles, all at once."""
        env = self.app.env
        settings = get_default_settings(MystParser)
        settings.env = env
        env.prepare_settings(self.docname)
        document = new_document(str(env.doc2path(self.docname)), settings)
        with sphinx_domains(env):
            parser = MystParser()
            parser.set_application(self.app)
            parser.parse("\n\n".join(roles), document)
        env.apply_post_transforms(document, self.docname)
        env.temp_data.clear()
        for role, shown in zip(roles, document.findall(nodes.paragraph), strict=True):
            self.known[role] = shown

    def words(self, role):
        """Return the text of a role."""
        return self.known[role].astext()

    def link(self, role):
        """Return a role as Markdown: its text, a link where the book has an address."""
        shown = self.known[role]
        text = f"`{shown.astext()}`" if next(shown.findall(nodes.literal), None) else shown.astext()
        reference = next(shown.findall(nodes.reference), None)
        if reference is None or not self.base:
            return text
        page = self.app.builder.get_target_uri(self.docname)
        address = reference.get("refuri") or f"#{reference['refid']}"
        if "//" not in address:
            folder = page if address.startswith("#") else f"{posixpath.dirname(page)}/"
            address = f"{self.base}/{posixpath.normpath(folder + address)}"
        return f"[{text.replace('[', chr(92) + '[').replace(']', chr(92) + ']')}]({address})"


def roles_of(text):
    """Return the roles in a text, and those that number its equations, statements and exercises."""
    roles = ROLE.findall(text)
    roles += [f"{{eq}}`{label}`" for _, label in EQUATION.findall(text)]
    for kind, label in re.findall(r"\{([\w:]+)\}[^\n]*\n *:label: ([\w-]+)", text):
        if kind == "exercise":
            roles.append(f"{{ref}}`{label}`")
        elif kind.startswith("prf:") and kind != "prf:proof":
            roles.append(f"{{prf:ref}}`{label}`")
    roles += [f"{{numref}}`{name}`" for name in re.findall(r"\n *:name: (fig-[\w-]+)", text)]
    return roles


def opened(kind, title, options, reader):
    """Return what stands where a box begins, and what where it ends."""
    label = options.get("label")
    if kind == "exercise":
        return f"**{reader.words(f'{{ref}}`{label}`')}.**", ""
    if kind == "prf:proof":
        return "**Proof.**", ""
    if kind.startswith("prf:"):
        number = reader.words(f"{{prf:ref}}`{label}`")
        return f"**{number}**" + (f" ({title})." if title else "."), ""
    if kind == "solution-start":
        return "**Solution.**", ""
    if kind in ("solution-end", "tab-set"):
        return "", ""
    if kind == "figure":
        number = reader.words(f"{{numref}}`{options['name']}`")
        name = posixpath.basename(title)
        return f"![{options.get('alt', '')}](attachment:{name})\n\n*{number}*", ""
    title = title or kind.capitalize()
    if "dropdown" in options.get("class", ""):
        return f"<details><summary>{title}</summary>\n", "\n</details>"
    return f"**{title}**", ""


def plain(text, reader):
    """Return the text of a cell without what only the book understands."""
    text = TARGET.sub("", text)
    text = EQUATION.sub(
        lambda found: f"$$\n{found[1]}\n\\tag{{{reader.words(f'{{eq}}`{found[2]}`')[1:-1]}}}\n$$",
        text,
    )
    lines, boxes, code = [], [], None
    rest = deque(text.split("\n"))
    while rest:
        line = rest.popleft()
        if code:
            code = None if line.strip() == code else code
        elif boxes and line.strip() == boxes[-1][0]:
            line = boxes.pop()[1]
        elif found := CODE.match(line):
            code = found[1]
        elif found := OPENING.match(line):
            indent, fence, kind, title = found.groups()
            options = {}
            while rest and (option := OPTION.match(rest[0])):
                options[option[1]] = option[2]
                rest.popleft()
            begin, end = opened(kind, title, options, reader)
            boxes.append((fence, indent + end if end else ""))
            lines.append(indent + begin if begin else "")
            line = ""
        lines.append(line)
    text = ROLE.sub(lambda found: reader.link(found[0]), "\n".join(lines))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def needed(notebook, address):
    """Return where pip finds what a notebook imports."""
    sources = {name: DISTRIBUTIONS.get(name, name) for name in imported(notebook)}
    if address:
        sources["lossbook"] = f"git+{address}"
    else:
        sources.pop("lossbook", None)
    return sources


def standalone(app, docname):
    """Return the notebook of a page, fit to be taken along."""
    path = Path(app.env.doc2path(docname))
    notebook = nbformat.read(path, as_version=4)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    reader = Reader(app, docname)
    reader.learn(sorted({role for text in texts for role in roles_of(text)}))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            pictures = FIGURE.findall(cell.source)
            if pictures:
                cell.attachments = {
                    posixpath.basename(name): {"image/svg+xml": encoded(path.parent / name)}
                    for name in pictures
                }
            cell.source = plain(cell.source, reader)
        elif {"hide-input", "hide-cell"} & set(cell.metadata.get("tags", ())):
            cell.metadata |= HIDDEN
    notebook.cells = [cell for cell in notebook.cells if cell.source]

    address = app.config.html_theme_options.get("repository_url")
    origin = f"From the book *{app.config.project}*"
    if reader.base:
        page = f"{reader.base}/{app.builder.get_target_uri(docname)}"
        origin = f"From the book [{app.config.project}]({page})"
    start = [new_markdown_cell(f"{origin}.")]
    start.append(new_code_cell(INSTALL.format(needed=needed(notebook, address))))
    if not address and "lossbook" in imported(notebook):
        start.append(new_code_cell(UNPACK.format(package=app.packed), metadata=HIDDEN))
    data = {
        name: path.parent.joinpath("data", name).read_text(encoding="utf-8")
        for name in data_files(path)
    }
    if data:
        start.append(new_code_cell(DATA.format(data=data), metadata=HIDDEN))
    for number, cell in enumerate(start):
        cell.id = f"start-{number}"
    notebook.cells[:0] = start
    nbformat.validate(notebook)
    return notebook


def write_downloads(app, exception):
    """Write the notebooks and the data beside them, which all editions share."""
    if exception or app.builder.format != "html" or is_chinese(app):
        return
    folder = Path(app.outdir, "downloads")
    folder.joinpath("data").mkdir(parents=True, exist_ok=True)
    app.packed = packed()
    for docname in sorted(app.env.found_docs):
        path = Path(app.env.doc2path(docname))
        if path.suffix == ".ipynb":
            nbformat.write(standalone(app, docname), folder / path.name)
            for name in data_files(path):
                copy(path.parent / "data" / name, folder / "data")


def setup(app):
    """Register with Sphinx."""
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
