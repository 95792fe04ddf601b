"""Engines, which compute the blocks of samples of every call.

With the engine ``"numpy"``, which is the default, NumPy executes the formulas of a loss as they are
written, one operation after another on a whole block.  With ``"numba"``, the same formulas are
compiled, and a block is read and written only once.  There is no second copy of any formula.  What
happens between ``Huber()(y, p)`` and machine code is best read in this order:

`trace`
    calls the formula with placeholders for arrays, and these record every operation as a node;
`parameters`
    has the placeholders for the parameters of the loss;
`graph`
    defines the nodes, and how NumPy's rules decide on their dtypes and shapes;
`expressions`
    converts one operation to source code;
`loops` and `arrange`
    arrange the expressions of a graph in loops;
`source`
    writes the function around the loops;
`words` and `elementary`
    contain the functions that the source calls, such as selections, exponentials and logarithms
    without branches;
`kernels`
    compiles the source and keeps the machine code on disk;
`blocks`
    calls the machine code for each block;
`recurrences`
    does the same for a recurrence whose loss is computed by NumPy otherwise.
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

    ``"numpy"`` needs only NumPy.  ``"numba"`` compiles the formulas of a loss at the first call,
    which takes about a second, and keeps the result on disk.  After that, the loss is several times
    faster.  A loss that cannot be compiled is computed by NumPy, and `obstacle` returns the reason.
    The results of the two engines agree up to a few roundings.

    The setting applies to the whole process.  The environment variable ``LOSSBOOK_ENGINE`` sets its
    initial value.

    Parameters
    ----------
    name : {"numpy", "numba"}
        The engine.

    Raises
    ------
    ImportError
        If numba is not installed.
    ValueError
        If there is no engine with this name.

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
        Inputs with which the loss is called.

    Returns
    -------
    str or None
        The reason, or None if the value and the gradient are compiled.

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
