"""How another library has a loss."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Equivalent:
    """How another library has one of the losses.

    Attributes
    ----------
    loss : str
        The class here.
    library : str
        Whose function it is.
    name : str
        Its dotted name; of a boosting library, that of the objective.
    call : str
        A Python expression that evaluates it: in the inputs of the loss, arrays or tensors of the
        library, and in the parameters of the loss, by their names here.  Of a boosting library,
        one that trains with it: there it is the derivatives that are equal.
    factor : str
        What it is to be multiplied by, as an expression in the same parameters, and in the number
        of classes K.
    reduction : {"none", "mean"}
        Whether the call returns a value for each sample or their mean.
    targets : {"any", "labels", "distributions"}
        Whether it takes all the targets that the loss takes, or only one kind.
    parameters : tuple of (str, str)
        Parameters here, and what they are called there.  The others must have their defaults,
        or the values `given`.
    given : tuple of (str, value)
        Parameters here, and the values that they must have for the row to hold.
    same_gradient : bool
        Whether its gradient, multiplied by the factor, is that of the loss here.
    curvature : str
        What a boosting library has for the second derivative, multiplied by the factor: an
        expression in the ``exact`` one, the inputs and K; empty where it makes no Newton steps.
    defaults : str
        How the defaults of these differ, where they do.
    note : str
        What to beware of.
    """

    loss: str
    library: str
    name: str
    call: str
    factor: str = "1"
    reduction: str = "none"
    targets: str = "any"
    parameters: tuple[tuple[str, str], ...] = ()
    given: tuple[tuple[str, object], ...] = ()
    same_gradient: bool = True
    curvature: str = ""
    defaults: str = ""
    note: str = ""

    def times_factor(self, what: Any) -> Any:
        """Return, in words, the factor times something, which alone is enough for a factor of 1."""
        return what if self.factor == "1" else f"{self.factor} * {what}"
