"""Names, factors, parameters and pitfalls of the same losses in other libraries, as data.

Every row of `TABLE` is evaluated by the tests against the installed library.

>>> import lossbook as lb
>>> from lossbook import conventions
>>> for row in conventions.equivalents(lb.SmoothL1(beta=2.0)):
...     print(f"{row.library}: {row.factor} * {row.name}")
PyTorch: 1 * torch.nn.functional.smooth_l1_loss
Keras: 1 / beta * keras.losses.huber
optax: 1 / beta * optax.losses.huber_loss
"""

from dataclasses import fields
from typing import Any

from . import (
    absolute_error,
    boosting,
    boxes,
    embeddings,
    gaussian,
    huber,
    imbalance,
    likelihood,
    log_loss,
    margins,
    overlap,
    quantiles,
    ranking,
    relative_error,
    sequences,
    softmax,
    squared_error,
    structured_labels,
    wrong_labels,
)
from .equivalent import Equivalent
from .listings import Listing

__all__ = ["TABLE", "Equivalent", "equivalents", "listing"]

TABLE = (
    *squared_error.ROWS,
    *absolute_error.ROWS,
    *quantiles.ROWS,
    *huber.ROWS,
    *likelihood.ROWS,
    *gaussian.ROWS,
    *relative_error.ROWS,
    *log_loss.ROWS,
    *softmax.ROWS,
    *margins.ROWS,
    *imbalance.ROWS,
    *wrong_labels.ROWS,
    *structured_labels.ROWS,
    *overlap.ROWS,
    *boxes.ROWS,
    *embeddings.ROWS,
    *ranking.ROWS,
    *sequences.ROWS,
    *boosting.ROWS,
)
"""Every loss in every library that has it."""


def equivalents(loss: Any) -> Any:
    """Return the functions and objectives of other libraries that are the same as a loss.

    Parameters
    ----------
    loss : Loss
        An instance.  A row is omitted if it lacks a parameter whose value in this instance is not
        the default, or if it holds only for other values of the parameters.

    Returns
    -------
    tuple of Equivalent
    """
    used = {f.name for f in fields(loss) if getattr(loss, f.name) != f.default} - {"reduction"}
    return tuple(
        row
        for row in TABLE
        if row.loss == type(loss).__name__
        and used <= dict(row.parameters).keys() | dict(row.given).keys()
        and all(getattr(loss, name) == value for name, value in row.given)
    )


def listing(rows: Any, caption: Any) -> Any:
    """Return a listing of rows of the table.

    Parameters
    ----------
    rows : iterable of Equivalent
        Some rows of `TABLE`, which are grouped by loss.
    caption : str
        Caption of the listing.

    Returns
    -------
    Listing
        The listing prints as text, and a notebook shows it as a table.

    Examples
    --------
    >>> import lossbook as lb
    >>> from lossbook import conventions
    >>> rows = conventions.equivalents(lb.SmoothL1(beta=2.0))
    >>> conventions.listing(rows[:2], "Smooth L1 elsewhere")
    Smooth L1 elsewhere
    SmoothL1
      PyTorch: torch.nn.functional.smooth_l1_loss(y_pred, y_true, beta=beta, reduction="none")
        beta=0 is allowed and means the absolute error.
      Keras: 1 / beta * keras.losses.huber(y_true[:, None], y_pred[:, None], delta=beta)
        Only the scaling of Huber's loss is available.
    """
    return Listing(tuple(rows), caption)
