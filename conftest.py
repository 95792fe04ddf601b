"""Let nbval compare notebooks that are stored without execution counts."""


def pytest_collection_modifyitems(items):
    """Give every cell a count: nbval takes a cell without one for a cell never run."""
    for item in items:
        if hasattr(item, "cell"):
            item.cell.execution_count = 0
