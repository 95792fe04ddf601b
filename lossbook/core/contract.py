"""The contract of a loss, which defines how a loss is called and what it must implement.

A loss implements its mathematics on one block of samples.  It first computes the quantities that
its formulas have in common, and from them the value, the gradient and the second derivative.  The
code that all losses need, for checks, blocks, threads, weights and reduction, is written once.  It
is in the modules `inputs`, `evaluation` and `results`, which a call passes through in this order.
"""

from collections.abc import Callable
from dataclasses import field, fields
from functools import cached_property
from inspect import signature
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import evaluation
from .arrays import DOUBLE, as_real_array
from .calls import Call, Called, D, Out, P, no_curvature, sign
from .declared import Declared, with_parameter
from .domains import FINITE, Domain
from .evaluation import evaluate, numpy_block
from .inputs import Column, with_weight
from .traits import Traits

REDUCTIONS = ("mean", "sum", "none")

_REDUCTION = """\
reduction : {"mean", "sum", "none"}, keyword only
    ``"mean"`` returns the weighted mean Σwℓ/Σw over the samples and ``"sum"`` returns Σwℓ.
    ``"none"`` returns one value wℓ for each sample."""
"""What is said of the parameter that every loss has, in the docstring of each."""


class Loss(Declared):
    """Base of all losses.

    A subclass becomes a frozen dataclass without a decorator, and its fields are its parameters.
    It implements ``_shared``, which turns blocks of the inputs into the quantities that its
    formulas have in common.  It also implements three functions of these quantities in plain NumPy.
    These are ``_value``, ``_gradient`` with respect to the prediction, and ``_hessian``, which is
    the diagonal of the second derivative.  Samples are on the last axis of a block.
    `lossbook.base` describes everything that a subclass may implement.
    """

    reduction: str = field(default="mean", kw_only=True)

    inputs: ClassVar[tuple[str, ...]] = ("y_true", "y_pred")
    """What a loss is called with, in order."""
    options: ClassVar[tuple[str, ...]] = ()
    """What it takes by keyword besides, or not at all."""
    y_true_domain: ClassVar[Domain] = FINITE
    y_pred_domain: ClassVar[Any] = None
    link: ClassVar[str] = "identity"
    _apart: ClassVar[bool] = True
    """Whether no sample has a part in what another one costs."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__doc__ = with_parameter(cls.__doc__, "reduction", _REDUCTION)
        if "_inputs" in vars(cls):
            sign(cls, Loss)

    def __post_init__(self) -> None:
        if self.reduction not in REDUCTIONS:
            raise ValueError(f"reduction must be one of {REDUCTIONS}; got {self.reduction!r}")
        super().__post_init__()

    # What a caller asks for.

    def __call__(self: Called[P, D], *given: P.args, **named: P.kwargs) -> float | NDArray[Any]:
        """Return the loss.

        Parameters
        ----------
        y_true : array_like
            Targets.
        y_pred : array_like
            Predictions.  A loss with other inputs takes those inputs instead, by position or by
            name.
        sample_weight : array_like, optional
            One non-negative weight per sample.  A sample with weight 0 has no effect, whatever its
            values are, so ``sample_weight=~np.isnan(y_true)`` excludes missing targets.
        out : ndarray, optional
            Array to write the result to, with ``reduction="none"``.

        Returns
        -------
        float or ndarray
            The mean or the sum, accumulated in double precision.  With ``reduction="none"``, the
            result is an array with one value per sample.

        Raises
        ------
        TypeError
            If an argument does not hold real numbers.
        ValueError
            If shapes differ, an input is empty, or a value is outside its domain.
        """
        inputs, sample_weight, curvature, out = self._inputs(*given, **named)
        no_curvature(curvature)
        return self._evaluate(("value",), inputs, sample_weight, out)[0]

    def gradient(self: Called[P, D], *given: P.args, **named: P.kwargs) -> D:
        """Return the gradient of the reduced loss with respect to `y_pred`.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            As in a call of the loss.
        out : ndarray, optional
            Array to write the result to.

        Returns
        -------
        ndarray of the shape of `y_pred`
            With ``reduction="none"``, the array contains the derivative of wℓ for each sample.  For
            a loss of several predictions, the result is a tuple with one array per prediction.
        """
        inputs, sample_weight, curvature, out = self._inputs(*given, **named)
        no_curvature(curvature)
        return self._evaluate(("gradient",), inputs, sample_weight, out)[0]

    def hessian(self: Called[P, D], *given: P.args, **named: P.kwargs) -> D:
        """Return the diagonal of the reduced loss's second derivative with respect to `y_pred`.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            As in a call of the loss.
        curvature : {"exact", "abs", "majorizer", "fisher"}, default "exact"
            ``"exact"`` is the second derivative itself, even where it is zero or negative.  The
            others are alternatives for a booster or a Newton step.  ``"abs"`` is the absolute value
            of the second derivative.  ``"majorizer"`` is the curvature of a parabola that touches
            the loss at the prediction and is nowhere below the loss, and it is ``inf`` at a kink.
            ``"fisher"`` is the Fisher information, which is the expected second derivative if the
            target has the predicted distribution.
        out : ndarray, optional
            Array to write the result to.

        Returns
        -------
        ndarray of the shape of `y_pred`
            For a loss of several predictions, the result is a tuple with one array per prediction.

        Raises
        ------
        ValueError
            If an argument is invalid or if this loss does not have the requested curvature.  The
            message then lists the curvatures that it has.
        """
        inputs, sample_weight, curvature, out = self._inputs(*given, **named)
        return self._evaluate((self._second(curvature),), inputs, sample_weight, out)[0]

    def value_and_gradient(
        self: Called[P, D], *given: P.args, **named: P.kwargs
    ) -> tuple[float | NDArray[Any], D]:
        """Return the loss and its gradient from one pass over the inputs.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            As in a call of the loss.
        out : ndarray, optional
            Array to write the gradient to.  With ``reduction="none"``, a tuple of two arrays for
            the value and the gradient.

        Returns
        -------
        value : float or ndarray
        gradient : ndarray of the shape of `y_pred`
        """
        inputs, sample_weight, curvature, out = self._inputs(*given, **named)
        no_curvature(curvature)
        return self._evaluate(("value", "gradient"), inputs, sample_weight, out)

    def gradient_and_hessian(self: Called[P, D], *given: P.args, **named: P.kwargs) -> tuple[D, D]:
        """Return the gradient and the diagonal second derivative from one pass.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            As in a call of the loss.
        curvature : {"exact", "abs", "majorizer", "fisher"}, default "exact"
            As in `hessian`.
        out : tuple of two ndarrays, optional
            Arrays to write the results to.

        Returns
        -------
        gradient, hessian : ndarray of the shape of `y_pred`
        """
        inputs, sample_weight, curvature, out = self._inputs(*given, **named)
        parts = "gradient", self._second(curvature)
        return self._evaluate(parts, inputs, sample_weight, out)

    def optimal_constant(
        self, y_true: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float | NDArray[Any]:
        """Return the constant prediction with the smallest loss on a sample of targets.

        Parameters
        ----------
        y_true : array_like
            Targets.  For a loss over classes, integers are labels and floats are distributions.
        sample_weight : array_like, optional
            One non-negative weight per sample.

        Returns
        -------
        float or ndarray
            One number, or one number per class.

        Raises
        ------
        NotImplementedError
            If this loss has no optimal constant.
        """
        if type(self)._optimal_constant is Loss._optimal_constant:
            return self._optimal_constant(None, None)
        with np.errstate(all="ignore"):
            return self._optimal_constant(
                *self._read_targets(as_real_array("y_true", y_true), sample_weight)
            )

    def card(self) -> Any:
        """Return a summary with formula, derivatives, domains, traits and names in other libraries.

        Returns
        -------
        lossbook.cards.Card
            The card prints as text, and a notebook shows it as a table.  It needs SymPy.
        """
        return Loss._card_of(self)

    _card_of: ClassVar[Callable[["Loss"], Any]]
    """Makes a card; the package says what does, as the core knows none."""

    # What is known about it.

    @property
    def traits(self) -> Traits:
        """The mathematical properties of the loss with these parameters."""
        return self._traits()

    @property
    def curvatures(self) -> tuple[str, ...]:
        """The curvatures that `hessian` accepts for the loss with these parameters."""
        return tuple(self._all_curvatures())

    if not TYPE_CHECKING:  # to a type checker it is the name of the class, of which this is a copy

        @property
        def __name__(self):
            """The name of the class, for those who take a loss for a function."""
            return type(self).__name__

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name, as estimators of scikit-learn do.

        Parameters
        ----------
        deep : bool, default True
            Accepted because scikit-learn passes it.  It has no effect.

        Returns
        -------
        dict
        """
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}

    def set_params(self, **params: Any) -> Self:
        """Change parameters in place, for the searches of scikit-learn, which work on copies.

        Everything else treats a loss as immutable.  If the loss is the key of a dictionary, use
        ``dataclasses.replace`` instead, which returns a new loss.  A function of another library
        that was made of the loss before keeps the parameters that the loss had then.

        Parameters
        ----------
        **params
            New values by name.

        Returns
        -------
        Loss
            The same object.
        """
        known = self.get_params()
        for name in params:
            if name not in known:
                raise ValueError(f"{self!r} has no parameter {name!r}; it has {', '.join(known)}")
        changed = type(self)(**known | params)
        vars(self).clear()
        vars(self).update(vars(changed))
        evaluation.forget(self)
        return self

    # What a loss states.

    def _inputs(self, *given: Any, **named: Any) -> Call[Any]:
        raise _missing(self, "_inputs", "what it is called with")

    if TYPE_CHECKING:  # functions of as many arguments as a loss needs
        _traits: ClassVar[Callable[..., Any]]
        _shared: ClassVar[Callable[..., Any]]
        _value: ClassVar[Callable[..., Any]]
        _gradient: ClassVar[Callable[..., Any]]
        _hessian: ClassVar[Callable[..., Any]]
        _curvatures: ClassVar[Callable[..., Any]]
        _optimal_constant: ClassVar[Callable[..., Any]]
        _read: ClassVar[Callable[..., Any]]
        _read_targets: ClassVar[Callable[..., Any]]
    else:

        def _traits(self):
            raise _missing(self, "_traits", "its traits")

        def _shared(self, y_true, y_pred):
            raise _missing(self, "_shared", "what its formulas share")

        def _value(self, *shared):
            raise _missing(self, "_value", "its value")

        def _gradient(self, *shared):
            raise _missing(self, "_gradient", "its gradient")

        def _hessian(self, *shared):
            raise _missing(self, "_hessian", "its second derivative")

        def _curvatures(self):
            """Return what else may stand for the second derivative: functions, by name."""
            return {}

        def _optimal_constant(self, y_true, weight):
            """Return the optimal constant for flat, checked targets and weights."""
            raise NotImplementedError(f"{type(self).__name__} has no optimal constant")

        def _read(self, *inputs):
            """Return the checked inputs of a call as a Batch.

            What is refused here may depend on shapes and dtypes alone, because an engine reads
            inputs like those of an earlier call by itself.  Domains check the values.
            """
            raise _missing(self, "_read", "how its inputs are read")

        def _read_targets(self, y_true, sample_weight):
            """Return all targets as one checked block in double precision, and their weights."""
            column = Column("y_true", y_true, y_true.shape, DOUBLE, self.y_true_domain)
            return with_weight(column, sample_weight)

    # How the one becomes the other.

    _block = staticmethod(numpy_block)

    def _evaluate(self, parts, inputs, sample_weight, out):
        """Return the parts of the loss for inputs that are not read yet."""
        engine = evaluation.engine_in_use
        if engine is not None and sample_weight is None and out is None:
            results = engine.at_once(self, parts, inputs)
            if results is not None:
                return results
        return evaluate(self, parts, self._read(*inputs), sample_weight, out)

    def _require(self, parts):
        """Raise unless the class states the value and the gradient, where these are wanted."""
        for part in {"value", "gradient"}.intersection(parts):
            if getattr(type(self), f"_{part}") is getattr(Loss, f"_{part}"):
                getattr(self, f"_{part}")()

    def _second(self, curvature):
        """Return the name of a curvature, which the other parts' names are not."""
        if curvature in ("value", "gradient"):
            self._part(curvature)
        return curvature

    def _part(self, part):
        """Return the function of the shared quantities that a second derivative is."""
        known = self._all_curvatures()
        if part not in known:
            if part in ("exact", "abs"):
                self._hessian()
            raise ValueError(f"curvature of {self!r} must be one of {list(known)}; got {part!r}")
        return known[part]

    def _all_curvatures(self):
        if type(self)._hessian is Loss._hessian:
            return self._curvatures()
        return {"exact": self._hessian, "abs": self._absolute_hessian} | self._curvatures()

    def _absolute_hessian(self, *shared):
        hessian = self._hessian(*shared)
        return tuple(map(np.abs, hessian)) if type(hessian) is tuple else np.abs(hessian)

    @cached_property
    def _needs_double(self):
        """Whether single precision cannot hold a parameter or its square."""
        for each in fields(self):
            given = getattr(self, each.name)
            for number in given if isinstance(given, tuple) else (given,):
                is_number = isinstance(number, float) and number and isfinite(number)
                if is_number and not _LEAST_SQUARED < abs(number) < 1 / _LEAST_SQUARED:
                    return True
        return False


_LEAST_SQUARED = 2.0**-62
"""The square of a number above this is well inside the range of single precision."""

Loss.__doc__ = with_parameter(Loss.__doc__, "reduction", _REDUCTION)


class TargetLoss(Loss):
    """Base of losses that are called with a target and a prediction."""

    def __call__(  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: D102
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        out: NDArray[Any] | None = None,
    ) -> float | NDArray[Any]:
        return self._evaluate(("value",), (y_true, y_pred), sample_weight, out)[0]

    def gradient(  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: D102
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        out: NDArray[Any] | tuple[NDArray[Any]] | None = None,
    ) -> NDArray[Any]:
        return self._evaluate(("gradient",), (y_true, y_pred), sample_weight, out)[0]

    def hessian(  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: D102
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: NDArray[Any] | tuple[NDArray[Any]] | None = None,
    ) -> NDArray[Any]:
        return self._evaluate((self._second(curvature),), (y_true, y_pred), sample_weight, out)[0]

    def value_and_gradient(  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: D102
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        out: Out = None,
    ) -> tuple[float | NDArray[Any], NDArray[Any]]:
        return self._evaluate(("value", "gradient"), (y_true, y_pred), sample_weight, out)

    def gradient_and_hessian(  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: D102
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: tuple[NDArray[Any], NDArray[Any]] | None = None,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        parts = "gradient", self._second(curvature)
        return self._evaluate(parts, (y_true, y_pred), sample_weight, out)


# LightGBM counts the arguments of an objective, and passes no more than a target, a prediction and
# a weight: these are what it is shown.
_shown = signature(TargetLoss.gradient_and_hessian)
_shown = _shown.replace(parameters=list(_shown.parameters.values())[:4])
TargetLoss.gradient_and_hessian.__signature__ = _shown  # type: ignore[attr-defined]


def _missing(loss, member, what):
    """Return an error that says what a class lacks."""
    name = type(loss).__name__
    return NotImplementedError(f"{name} does not state {what}: the class must have a {member}")
