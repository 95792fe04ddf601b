"""What is known about a loss as a function of the prediction."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, kw_only=True)
class Traits:
    """Properties of a loss as a function of the prediction, for every label in its domain.

    Attributes
    ----------
    convex : bool
        The chord between two points of the graph never runs below it.
    differentiable : bool
        The gradient exists everywhere in the interior of the prediction's domain.
    twice_differentiable : bool
        So does the second derivative.
    lipschitz : float or callable
        The least bound of the slope (for several scores, of the gradient's length); where it
        depends on how many scores there are, a function of their number; ``inf`` where none
        exists.
    bounded : bool
        The loss itself stays below some constant.
    symmetric : bool
        Missing by +r costs what missing by -r costs (``False`` for losses without a residual).
    proper : bool
        The expected loss is least at the true probability and nowhere else (for a prediction that
        is a probability, or becomes one through the loss's link).
    classification_calibrated : bool
        The sign (or the class) that minimises the expected loss is the most probable one.
    elicits : str
        What the best prediction is: ``"mean"``, ``"median"``, ``"probability"`` and so on.
    """

    convex: bool
    differentiable: bool
    twice_differentiable: bool
    lipschitz: float | Callable[[int], float] = inf
    bounded: bool = False
    symmetric: bool = False
    proper: bool = False
    classification_calibrated: bool = False
    elicits: str
