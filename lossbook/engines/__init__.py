"""Engines: what computes the blocks of samples of every call.

With the engine ``"numpy"``, the default, the formulas of a loss run as they stand, each operation
on a whole block.  With ``"numba"`` the same formulas are compiled, and a block is read and written
once.  There is no second copy of any formula.  What happens from ``Huber()(y, p)`` to machine code
is told in five modules, in this order:

`trace`
    calls the formula with stand-ins for arrays, and gets its graph of operations;
`source`
    writes the graph as the source of a loop;
`words` and `elementary`
    are what the source calls: selections, exponentials and logarithms without branches;
`kernels`
    compiles the source, and keeps the machine code on disk;
`blocks`
    calls it for each block of a call.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..core.evaluation import use_engine

ENGINES = ("numpy", "numba")
_current = "numpy"


def get_engine() -> str:
    """Return the name of the engine that computes losses.

    Returns
    -------
    str
        ``"numpy"`` or ``"numba"``.

    Examples
    --------
    >>> import lossbook as lb
    >>> with lb.engine("numpy"):
    ...     lb.get_engine()
    'numpy'
    """
    return _current


def set_engine(name: str) -> None:
    """Set the engine that computes losses.

    ``"numpy"`` needs nothing but NumPy.  ``"numba"`` compiles the formulas of a loss when it is
    first called, which takes about a second, and keeps the result on disk.  From then on the loss
    is several times faster.  A loss that cannot be compiled runs as before; `obstacle` says why.
    Results of the two engines agree to a few roundings.

    The setting is that of the process.  The environment variable ``LOSSBOOK_ENGINE`` sets what it
    is at first.

    Parameters
    ----------
    name : {"numpy", "numba"}
        The engine.

    Raises
    ------
    ImportError
        If numba is not installed.
    ValueError
        If there is no such engine.

    Examples
    --------
    >>> import lossbook as lb
    >>> before = lb.get_engine()
    >>> lb.set_engine("numpy")
    >>> lb.get_engine()
    'numpy'
    >>> lb.set_engine(before)
    """
    global _current
    if name not in ENGINES:
        raise ValueError(f"engine must be one of {ENGINES}; got {name!r}")
    use_engine(None if name == "numpy" else _compiled())
    _current = name


@contextmanager
def engine(name: str) -> Iterator[None]:
    """Use an engine within a ``with`` statement.

    Parameters
    ----------
    name : {"numpy", "numba"}
        The engine, as in `set_engine`.

    Examples
    --------
    >>> import lossbook as lb
    >>> with lb.engine("numpy"):
    ...     lb.SquaredError()([0.0, 0.0], [1.0, 3.0])
    5.0
    """
    before = get_engine()
    set_engine(name)
    try:
        yield
    finally:
        set_engine(before)


def obstacle(loss: Any, *inputs: Any) -> str | None:
    """Return why a loss is not compiled.

    Parameters
    ----------
    loss : Loss
        The loss.
    *inputs : array_like
        Inputs like those of its calls.

    Returns
    -------
    str or None
        The reason, or None if value and gradient are compiled.

    Raises
    ------
    ImportError
        If numba is not installed.
    """
    columns = loss._read(*inputs).columns
    reason = _compiled().obstacle(loss, ("value", "gradient"), columns)
    return None if reason is None else str(reason)


_engine: Any = None


def _compiled():
    """Return the compiled engine, of which a process has one."""
    global _engine
    if _engine is None:
        try:
            import numba as numba
        except ImportError as error:
            raise ImportError(
                "the engine 'numba' needs numba, which is not installed: "
                'pip install "lossbook[fast]"'
            ) from error
        from .blocks import Engine

        _engine = Engine()
    return _engine


if "LOSSBOOK_ENGINE" in os.environ:
    set_engine(os.environ["LOSSBOOK_ENGINE"])
