"""Which curvature a Newton step is made with."""

from ..base import Loss


def curvatures_of(loss: Loss) -> tuple[str, ...]:
    """Return the curvatures that a loss has: it refuses others before it looks at data."""
    known = []
    for name in "exact", "abs", "majorizer", "fisher":
        try:
            loss.hessian([], [], curvature=name)
        except ValueError as error:
            if str(error).startswith("curvature"):
                continue
        known.append(name)
    return tuple(known)


def chosen_curvature(loss: Loss) -> str | float:
    """Return what should stand for the second derivative in Newton steps.

    It is the second derivative itself where a loss is convex and twice differentiable.  Otherwise
    it is the majorizer or the Fisher information, if the loss has them, the absolute value of the
    second derivative if there is one everywhere, and the number 1.
    """
    if loss.traits.convex and loss.traits.twice_differentiable:
        return "exact"
    for name in "majorizer", "fisher":
        if name in curvatures_of(loss):
            return name
    return "abs" if loss.traits.twice_differentiable else 1.0
