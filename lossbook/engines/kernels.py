"""Kernels: sources compiled to machine code, which is kept on disk.

A kernel that was compiled once is never compiled again on the same machine.  Its machine code goes
to a file whose name is a hash of everything that the code depends on: the source, the types of its
arguments, the modules that its words come from, the versions of Python, numba and LLVM, and the
features of the processor.  Whatever changes leads to another name, so no file is ever out of date.

Loading a file means executing what is in it.  For this reason the folder and every file in it must
belong to the user and must not be writable by anybody else, and each file begins with a checksum of
the rest.  A file that fails one of these tests is ignored, and the kernel is compiled again.
"""

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import llvmlite
import numba
import numpy as np
from numba import types
from numba.core import compiler, registry, serialize

__all__ = ["cache_folder", "kernel"]

_MODULES = b"".join(
    (Path(__file__).parent / name).read_bytes()
    for name in ("elementary.py", "kernels.py", "words.py")
)
"""The modules that the words of a source come from."""

_lock = Lock()
_known: dict[Any, Any] = {}


class Compilable(Protocol):
    """What a kernel is compiled from.

    Attributes
    ----------
    text : str
        The source.
    kinds : list of (dtype, int)
        The dtype of what the kernel is called with, and the number of axes.
    """

    text: str
    kinds: list[tuple[Any, int]]


def kernel(source: Compilable) -> Callable[..., tuple[bool, float]]:
    """Return the function of a source in machine code: known, from disk or compiled now."""
    signature = _argument_types(source)
    key = source.text, signature
    with _lock:
        if key not in _known:
            _known[key] = _load_or_compile(source.text, signature)
        return _known[key].entry_point


def _argument_types(source):
    """Return numba's types of what a kernel takes."""
    of_numbers = [(numba.from_dtype(np.dtype(dtype)), n_axes) for dtype, n_axes in source.kinds]
    return tuple(types.Array(each, n, "C") if n else each for each, n in of_numbers)


def _load_or_compile(text, signature):
    folder = cache_folder()
    path = folder and folder / f"{_name(text, signature)}.kernel"
    result = path and _load(path)
    if result is None:
        result = _compile(text, signature)
        if path is not None:
            _save(result, path)
    return result


def _compile(text, signature):
    from .words import WORDS

    namespace = {**WORDS, "__name__": __name__}
    exec(compile(text, "<kernel>", "exec"), namespace)
    flags = compiler.Flags()
    flags.error_model = "numpy"
    flags.release_gil = True
    flags.nrt = True
    flags.no_cfunc_wrapper = True
    # Results never share memory with inputs: the caller has made sure of it.
    flags.noalias = True
    target = registry.cpu_target
    return compiler.compile_extra(
        target.typing_context,
        target.target_context,
        namespace["kernel"],
        signature,
        types.Tuple((types.bool_, types.float64)),
        flags,
        {},
    )


# On disk.


def cache_folder() -> Path | None:
    """Return the folder that kernels are kept in, or None if there is none that is safe.

    It is ``LOSSBOOK_CACHE_DIR``, if that is set, and else a folder of the user's own for caches.
    """
    given = os.environ.get("LOSSBOOK_CACHE_DIR")
    try:
        folder = Path(given) if given else _users_caches() / "lossbook"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _is_ours_alone(folder.stat()) else None
    except (OSError, RuntimeError):
        return None


def _users_caches():
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _is_ours_alone(status):
    """Return whether nobody else can write to a file or a folder."""
    if not hasattr(os, "getuid"):
        return True  # on Windows the rights of the user's own folders see to it
    others_write = stat.S_IWGRP | stat.S_IWOTH
    return status.st_uid == os.getuid() and not status.st_mode & others_write


def _name(text, signature):
    """Return a hash of everything that machine code depends on."""
    codegen = registry.cpu_target.target_context.codegen()
    versions = sys.version, numba.__version__, llvmlite.__version__, np.__version__
    told = repr((text, signature, versions, codegen.magic_tuple())).encode()
    return hashlib.sha256(told + _MODULES).hexdigest()[:40]


def _load(path):
    """Return what is in a file, or None if it is damaged or somebody else could have written it."""
    try:
        with path.open("rb") as file:
            if not _is_ours_alone(os.fstat(file.fileno())):
                return None
            checksum, content = file.read(32), file.read()
        if hashlib.sha256(content).digest() != checksum:
            return None
        context = registry.cpu_target.target_context
        context.refresh()
        return compiler.CompileResult._rebuild(context, *serialize.pickle.loads(content))
    except Exception:
        return None


def _save(result, path):
    """Write a file in one step, so that no other process sees a part of it."""
    content = serialize.dumps(result._reduce())
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(file.name, path)
    except OSError:
        pass  # a full or read-only disk: it will be compiled again
