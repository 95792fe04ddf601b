"""Newton steps that minimise the objective of a linear model."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base import Loss
from ._curvature import chosen_curvature, median
from ._linear import LinearObjective

_CEILINGS = (1e1, 1e3, 1e5, 1e7)
"""How far the majorizer may exceed its median, one after the other: at a kink it is infinite."""


def minimise(
    f: LinearObjective, w: NDArray[Any], tol: float, max_iter: int
) -> tuple[NDArray[Any], int, bool]:
    """Return the minimum by Newton steps, their number, and whether they converged."""
    ceilings = iter(_CEILINGS)
    curvatures, ceiling = _curvatures(f.loss), next(ceilings)
    value, gradient = f.fun_and_jac(w)
    for n_steps in range(1, max_iter + 1):
        moved, promised = None, 0.0
        for curvature in curvatures:
            matrix = f.curved(_curvature(f, w, curvature, ceiling))
            step = np.linalg.lstsq(matrix, -gradient, rcond=None)[0]
            promised = -float(gradient @ step) / 2
            moved = _search(f, w, step, value, promised)
            if moved is not None:
                w, value, gradient = moved
                break
        if moved is not None and promised > tol * abs(value):
            continue
        if f.loss.traits.differentiable or ceiling == _CEILINGS[-1]:
            return w, n_steps, True
        ceiling = next(ceilings)
    return w, max_iter, False


def _curvatures(loss: Loss) -> tuple[str | float, ...]:
    """Return the curvatures to try in turn.

    Where the slope of a convex loss has bends, its second derivative makes the faster steps, but
    it may be 0, so that they lead nowhere.
    """
    chosen = chosen_curvature(loss)
    bends = loss.traits.convex and loss.traits.differentiable and chosen != "exact"
    return ("exact", chosen) if bends else (chosen,)


def _search(
    f: LinearObjective, w: NDArray[Any], step: NDArray[Any], value: float, promised: float
) -> tuple[NDArray[Any], float, NDArray[Any]] | None:
    """Return coefficients with a smaller objective, its value and gradient, if there are any."""
    for halvings in range(40):
        length = 0.5**halvings
        moved = w + length * step
        lower, gradient = f.fun_and_jac(moved)
        if lower < value - 1e-4 * length * max(promised, 0.0):
            return moved, lower, gradient
    return None


def _curvature(
    f: LinearObjective, w: NDArray[Any], chosen: str | float, ceiling: float
) -> NDArray[Any]:
    """Return the curvature by the scores, a mean over the samples."""
    score, each = f.X @ f.matrix(w), replace(f.loss, reduction="none")
    weight = np.ones(len(score)) if f.sample_weight is None else f.sample_weight
    blocks = getattr(each, "hessian_blocks", None)
    if score.ndim > 1 and chosen == "exact" and blocks is not None:
        curvature = blocks(f.y, score)
    elif isinstance(chosen, str):
        curvature = each.hessian(f.y, score, curvature=chosen)
        if chosen == "majorizer":
            curvature = np.minimum(curvature, ceiling * median(curvature, f.sample_weight))
        curvature = curvature * (1 if score.ndim == 1 else 2)
    else:
        curvature = np.full_like(score, chosen)
    return curvature * (weight / weight.sum()).reshape(-1, *[1] * (curvature.ndim - 1))
