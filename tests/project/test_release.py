"""What states a version states the same one, and a release is what it should be."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest
import release

import lossbook as lb

FILES = "CHANGELOG.md", "CITATION.cff", "lossbook/__init__.py"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "lossbook").mkdir()
    for name in FILES:
        shutil.copy(release.ROOT / name, tmp_path / name)
    path = tmp_path / "CHANGELOG.md"
    empty = "## [Unreleased]\n\n## [" + lb.__version__
    text = path.read_text(encoding="utf-8")
    path.write_text(
        re.sub(rf"(?s)## \[Unreleased\].*?## \[{re.escape(lb.__version__)}", empty, text)
    )
    return tmp_path


def change(root, name, old, new):
    text = (root / name).read_text()
    assert old in text
    (root / name).write_text(text.replace(old, new, 1))


def test_everything_states_the_same_version():
    assert release.version(release.ROOT)[0] == lb.__version__


def test_the_notes_are_the_section_of_the_changelog(root):
    notes = release.notes(root, f"v{lb.__version__}")
    assert notes.startswith("### ") and "## [" not in notes.replace("### ", "")
    assert f"{notes}\n" in (root / "CHANGELOG.md").read_text()


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("lossbook/__init__.py", lb.__version__, "9.9.9", "lossbook.__version__ says 9.9.9"),
        ("CITATION.cff", lb.__version__, "9.9.9", "CITATION.cff says 9.9.9"),
        ("CHANGELOG.md", f"[{lb.__version__}]", "[9.9.9]", "of CHANGELOG.md says 9.9.9"),
        ("CITATION.cff", 'date-released: "20', 'date-released: "19', "must name the same day"),
        ("CHANGELOG.md", "## [Unreleased]\n", "", "must begin with [Unreleased]"),
        ("CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n- New.\n", "must have nothing"),
    ],
)
def test_a_release_that_does_not_agree_is_refused(root, name, old, new, message):
    change(root, name, old, new)
    with pytest.raises(ValueError) as raised:
        release.notes(root, f"v{lb.__version__}")
    assert message in str(raised.value)


@pytest.mark.parametrize("tag", ["v9.9.9", lb.__version__, "main"])
def test_a_tag_of_another_version_is_refused(root, tag):
    with pytest.raises(ValueError, match=f"must be v.*; got {tag}"):
        release.notes(root, tag)


def test_the_archives_hold_the_package_and_nothing_else(tmp_path):
    pytest.importorskip("hatchling")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=release.ROOT, check=True, capture_output=True)
    (wheel,), (source,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    assert wheel.name == f"lossbook-{lb.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [name for name in names if name.endswith("/METADATA")]
        stated = archive.read(metadata).decode()
    assert f"Version: {lb.__version__}\n" in stated and "License-Expression: MIT\n" in stated
    assert {"lossbook/__init__.py", "lossbook/py.typed"} <= set(names)
    assert {name.split("/")[0] for name in names} == {"lossbook", metadata.split("/")[0]}
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"lossbook/py.typed", "LICENSE", "CHANGELOG.md", "pyproject.toml"} <= names
    assert not any(name.startswith(("tests", "chapters", "tools")) for name in names)
