"""One loss in another library."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Equivalent:
    """A function or an objective of another library that is the same as one of the losses.

    Attributes
    ----------
    loss : str
        Name of the class in this package.
    library : str
        Name of the library.
    name : str
        Its dotted name.  For a boosting library, the name of the objective.
    call : str
        A Python expression that evaluates it.  Its variables are the inputs of the loss, which are
        arrays or tensors of the library, and the parameters of the loss under their names here.
        For a boosting library, the expression trains a model, and the derivatives are equal.
    factor : str
        Factor by which it must be multiplied, as an expression in the same parameters and in the
        number of classes K.
    reduction : {"none", "mean"}
        Whether the call returns a value for each sample or their mean.
    targets : {"any", "labels", "distributions"}
        Whether it takes all targets that the loss takes, or only one kind.
    parameters : tuple of (str, str)
        Pairs of the name of a parameter here and its name in the library.  The other parameters
        must have their defaults or the values in `given`.
    given : tuple of (str, value)
        Pairs of a parameter here and the value that it must have.
    same_gradient : bool
        Whether its gradient, multiplied by the factor, is the gradient of the loss here.
    curvature : str
        Curvature that a boosting library uses as the second derivative, multiplied by the factor.
        It is an expression in the ``exact`` second derivative, the inputs and K.  It is empty if
        the library makes no Newton steps.
    defaults : str
        How the defaults of the parameters differ, if they do.
    note : str
        Pitfalls.
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
        """Return the text of a product with the factor, which is omitted if it is 1."""
        return what if self.factor == "1" else f"{self.factor} * {what}"
