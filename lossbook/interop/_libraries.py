"""Import other libraries, or say what to install."""

from importlib import import_module
from typing import Any


def load(module: str, extra: str) -> Any:
    """Return a module of another library.

    Parameters
    ----------
    module : str
        The module to import.
    extra : str
        The extra of this package that installs the library.

    Raises
    ------
    ImportError
        If the library is not installed; the message says how to install it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"lossbook.interop.{extra} needs {module}, which cannot be imported ({error}). "
            f'Install it with: pip install "lossbook[{extra}]"'
        ) from error
