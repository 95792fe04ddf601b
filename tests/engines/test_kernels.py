"""Machine code is kept on disk, and only what is known to be ours is executed."""

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("numba")

from lossbook.engines import kernels
from lossbook.engines.source import Source, Task
from lossbook.engines.trace import Node

DOUBLE = np.dtype(np.float64)
X = Node.of("input", (), 0, dtype=DOUBLE, shape=(1,))


def source(operation="negative"):
    result = Node.of(operation, (X,), dtype=DOUBLE, shape=(1,))
    return Source(Task(None, (result,), (), weighted=False), [X], DOUBLE)


def works(kernel):
    out = np.empty(5)
    holds, _ = kernel(5, 1.0, np.arange(5.0), out)
    return holds and (out == -np.arange(5.0)).all()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Keep kernels in a folder of the test's own."""
    monkeypatch.setenv("LOSSBOOK_CACHE_DIR", str(tmp_path / "kernels"))
    monkeypatch.setattr(kernels, "_known", {})
    return tmp_path / "kernels"


@pytest.fixture
def compiled(monkeypatch):
    """List what is compiled."""
    texts, compile_now = [], kernels._compile

    def watched(text, signature):
        texts.append(text)
        return compile_now(text, signature)

    monkeypatch.setattr(kernels, "_compile", watched)
    return texts


def another_process():
    """Forget the kernels that this process has in memory."""
    kernels._known.clear()


def test_a_kernel_is_compiled_once(folder, compiled):
    assert works(kernels.kernel(source()))
    assert works(kernels.kernel(source()))
    assert len(compiled) == 1
    another_process()
    assert works(kernels.kernel(source()))
    assert len(compiled) == 1
    assert len(list(folder.iterdir())) == 1
    assert not works(kernels.kernel(source("sqrt")))
    assert len(compiled) == 2


def test_threads_compile_a_kernel_once(folder, compiled):
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: works(kernels.kernel(source())), range(8)))
    assert len(compiled) == 1


def damaged(content):
    yield b""
    yield content[:-1]
    yield content[:40] + bytes([content[40] ^ 1]) + content[41:]
    yield bytes(len(content))


def test_damaged_files_are_ignored_and_written_anew(folder, compiled):
    kernels.kernel(source())
    (path,) = folder.iterdir()
    content = path.read_bytes()
    for count, wrong in enumerate(damaged(content), 2):
        path.write_bytes(wrong)
        another_process()
        assert works(kernels.kernel(source()))
        assert len(compiled) == count
        another_process()
        assert works(kernels.kernel(source()))
        assert len(compiled) == count


class Trap:
    """Does something when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, (os.environ["LOSSBOOK_CACHE_DIR"] + "/executed",)


def test_what_is_not_ours_is_never_executed(folder, compiled):
    kernels.kernel(source())
    (path,) = folder.iterdir()
    path.write_bytes(pickle.dumps(Trap()))
    another_process()
    assert works(kernels.kernel(source()))
    assert len(compiled) == 2
    assert not (folder / "executed").exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs the rights of POSIX")
def test_what_others_can_write_is_ignored(folder, compiled):
    kernels.kernel(source())
    (path,) = folder.iterdir()
    path.chmod(0o666)
    another_process()
    assert works(kernels.kernel(source()))
    assert len(compiled) == 2
    folder.chmod(0o777)
    assert kernels.cache_folder() is None
    another_process()
    assert works(kernels.kernel(source()))
    assert len(compiled) == 3
    folder.chmod(0o700)
    assert kernels.cache_folder() == folder


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs the rights of POSIX")
def test_the_folder_is_made_for_its_owner_alone(folder):
    assert kernels.cache_folder() == folder
    assert folder.stat().st_mode & 0o777 == 0o700


def test_without_a_folder_kernels_are_compiled_all_the_same(tmp_path, monkeypatch, compiled):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LOSSBOOK_CACHE_DIR", str(tmp_path / "file" / "below"))
    monkeypatch.setattr(kernels, "_known", {})
    assert kernels.cache_folder() is None
    assert works(kernels.kernel(source()))
    assert len(compiled) == 1


def test_names_depend_on_all_that_the_code_depends_on(monkeypatch):
    text, signature = source().text, kernels._argument_types(source())
    names = {kernels._name(text, signature), kernels._name(text + " ", signature)}
    names.add(kernels._name(text, signature[:-1]))
    monkeypatch.setattr(kernels.numba, "__version__", "0")
    names.add(kernels._name(text, signature))
    assert len(names) == 4


SECOND = """
import numpy as np, lossbook as lb
from lossbook.engines import kernels

def refuse(*_):
    raise AssertionError("compiled again")

if {again}:
    kernels._compile = refuse
lb.set_engine("numba")
y = np.linspace(-1, 1, 50)
print(repr(lb.Huber()(y, y[::-1].copy())), lb.engines.obstacle(lb.Huber(), y, y))
"""


def test_a_second_process_starts_without_compiling(folder):
    results = [
        subprocess.run(
            [sys.executable, "-c", SECOND.format(again=again)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for again in (False, True)
    ]
    assert results[0] == results[1]
    assert results[0].endswith("None\n")
