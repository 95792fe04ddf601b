"""Let nbval compare notebooks without execution counts, and leave out what cannot run here."""

import os
from importlib.util import find_spec

os.environ.setdefault("KERAS_BACKEND", "torch")  # for all tests that use Keras

collect_ignore = [
    f"lossbook/interop/{library}.py"
    for library in (
        "catboost",
        "dask",
        "jax",
        "keras",
        "lightgbm",
        "scipy",
        "sklearn",
        "torch",
        "xgboost",
    )
    if find_spec(library) is None
]
if not all(map(find_spec, ("catboost", "jax", "keras", "lightgbm", "torch", "xgboost"))):
    collect_ignore.append("chapters/custom-objectives.ipynb")
"""Modules whose examples import a library that is not installed, and the chapter that does so."""


def pytest_collection_modifyitems(items):
    """Give every cell a count: nbval takes a cell without one for a cell never run."""
    for item in items:
        if hasattr(item, "cell"):
            item.cell.execution_count = 0
