"""Which module of the package imports which: no circle, and a core that knows no loss."""

import ast
from pathlib import Path

import pytest

import lossbook

ROOT = Path(lossbook.__file__).parent


def name_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in ROOT.rglob("*.py")}


def imported(module):
    """Return the modules of the package that one imports, at its top or inside a function."""
    path, found = MODULES[module], set()
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
            source = ".".join(filter(None, [base if node.level else "", node.module]))
            names = [f"{source}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else source for name in names}
    return found & MODULES.keys()


GRAPH = {module: imported(module) for module in MODULES}


def circle_from(start):
    """Return a way along imports that leads from a module back to it, or None."""
    ways, seen = [[start]], set()
    while ways:
        way = ways.pop()
        for module in GRAPH[way[-1]]:
            if module == start:
                return [*way, module]
            if module not in seen:
                seen.add(module)
                ways.append([*way, module])
    return None


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_import_runs_in_a_circle(module):
    way = circle_from(module)
    assert way is None, " → ".join(way)


def test_the_core_knows_only_itself():
    for module, others in GRAPH.items():
        if module.startswith("lossbook.core"):
            assert all(other.startswith("lossbook.core.") for other in others), (module, others)


def test_losses_know_only_the_core_and_losses():
    known = "lossbook.core.", "lossbook.losses."
    for module, others in GRAPH.items():
        if module.startswith("lossbook.losses"):
            assert all(other.startswith(known) for other in others), (module, others)


def test_no_module_is_longer_than_a_reader_has_patience():
    lengths = {m: len(p.read_text(encoding="utf-8").splitlines()) for m, p in MODULES.items()}
    assert not {m: n for m, n in lengths.items() if n > 510}
