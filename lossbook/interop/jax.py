"""Losses in the form of functions of JAX arrays."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, ClassVar

import numpy as np

from ..base import Loss
from ._formula import Formula, Library, called_like, checked_loss, with_notes

try:
    import jax
    import jax.numpy as jnp
    from jax.custom_derivatives import SymbolicZero
except ImportError as error:
    raise ImportError(
        f"lossbook.interop.jax needs jax, which cannot be imported ({error}). "
        'Install it with: pip install "lossbook[jax]"'
    ) from error

__all__ = ["as_function"]


@with_notes("JAX")
def as_function(loss: Loss) -> Callable[..., Any]:
    """Return a loss as a function of JAX arrays.

    The formulas of the loss are computed with operations of JAX, on any device and under `jax.jit`,
    `jax.vmap` and `jax.grad`.  The first two derivatives are the gradient and the second derivative
    that the loss implements.  They are therefore right at kinks and in the tails, where automatic
    differentiation of a stable formula often is not.

    Parameters
    ----------
    loss : Loss
        The loss.  The function has the same reduction.

    Returns
    -------
    callable
        The function ``f(y_true, y_pred, sample_weight=None)``.  If the loss is called with other
        inputs, the function takes these inputs by position and `sample_weight` by keyword.

    Raises
    ------
    TypeError
        If `loss` is not a loss, or if it is a combination of other losses.
    ValueError
        If `loss` compares the samples of a batch and has the reduction ``"none"``.

    Notes
    -----
    **Derivatives** are those with respect to the predictions, which are argument 1, and with
    respect to `sample_weight`.  Differentiation with respect to a target raises an error.  Reverse
    mode, forward mode and `jax.hessian` work.

    {second_derivatives}

    **Dtypes.**
    {dtypes}
    Double precision needs ``jax.config.update("jax_enable_x64", True)``.

    **Domains are not checked**, because the values are not known inside `jax.jit`.
    {unchecked_domains}

    **Losses that cannot be traced** are computed by NumPy on the host through `jax.pure_callback`,
    and their domains are checked.  On devices other than a CPU they raise an error.
    {untraced_losses}

    Examples
    --------
    >>> import jax
    >>> import jax.numpy as jnp
    >>> import lossbook as lb
    >>> from lossbook.interop.jax import as_function
    >>> huber = as_function(lb.Huber(delta=1.0))
    >>> y_true, y_pred = jnp.array([0.0, 0.0]), jnp.array([0.5, 3.0])
    >>> float(huber(y_true, y_pred))
    1.3125
    >>> jax.grad(huber, argnums=1)(y_true, y_pred)
    Array([0.25, 0.5 ], dtype=float32)
    """
    loss, library = checked_loss(loss), _JAX()

    @lru_cache
    def functions_of(*kind):
        formula = Formula(loss, library, *kind)
        return formula, _with_derivatives(formula)

    def compute(weight, *inputs):
        return _compute(loss, functions_of, weight, inputs)

    return called_like(loss, compute)


def _compute(loss, functions_of, weight, inputs):
    """Return the reduced loss."""
    inputs = list(map(jnp.asarray, inputs))
    for name, array in zip(loss.inputs, inputs, strict=True):
        if name != "y_true" and not jnp.issubdtype(array.dtype, jnp.floating):
            raise TypeError(f"{name} must hold floating-point numbers; got {array.dtype}")
    given = [each.dtype for each in inputs]
    inputs = [each.astype(jnp.float32) if each.dtype in _HALVES else each for each in inputs]
    shapes, dtypes = (tuple(getattr(each, of) for each in inputs) for of in ("shape", "dtype"))
    formula, value = functions_of(shapes, dtypes, weight is not None)
    if formula.works_in != jax.dtypes.canonicalize_dtype(formula.works_in):
        raise ValueError(
            f"{loss!r} must be computed in double precision, since float32 does not hold the "
            'square of a parameter; call jax.config.update("jax_enable_x64", True) first'
        )
    arrays = inputs
    if weight is not None:
        weight = _weight_of(formula, jnp.asarray(weight))
        arrays = [weight if formula.of_batches else weight == 0, *inputs]
    loss_value = formula.reduced(value(*arrays), weight, inputs[0])
    considered = given[1:] if formula.takes_labels else given
    floats = [each for each in considered if jnp.issubdtype(each, jnp.floating)]
    return loss_value.astype(jnp.result_type(*floats))


_HALVES = jnp.float16, jnp.bfloat16


def _weight_of(formula, weight):
    """Return one weight a sample, in the dtype of the computation."""
    shape = formula.weight_shape
    if weight.shape == shape[:-1] and shape[-1:] == (1,):
        weight = weight[..., None]
    if weight.shape != shape:
        raise ValueError(
            f"sample_weight must have shape {shape}, one weight a sample; got {weight.shape}"
        )
    return weight.astype(formula.dtype)


# The loss and its derivatives.


def _with_derivatives(formula):
    """Return the value of each sample as a function with the loss's own derivatives."""
    value, gradient = jax.custom_jvp(formula.value), formula.gradient
    if formula.has_hessian_product:
        gradient = jax.custom_jvp(gradient)

        @partial(gradient.defjvp, symbolic_zeros=True)
        def _(arrays, tangents):
            *_, tangent = tangents
            return gradient(*arrays), (formula.hessian_product(_dense(tangent), *arrays),)

    @partial(value.defjvp, symbolic_zeros=True)
    def _(arrays, tangents):
        others, tangents = tangents[: formula.n_others], tangents[formula.n_others :]
        _refuse_targets(formula, others)
        products = [
            (each * tangent).reshape((*formula.sample_shape, -1)).sum(-1)
            for each, tangent in zip(gradient(*arrays), tangents, strict=True)
            if not isinstance(tangent, SymbolicZero)
        ]
        return value(*arrays), sum(products)

    return value


def _dense(tangent):
    return jnp.zeros(tangent.shape, tangent.dtype) if isinstance(tangent, SymbolicZero) else tangent


def _refuse_targets(formula, tangents):
    """Raise if a derivative by an input is wanted that is no prediction."""
    for tangent in tangents:
        if not isinstance(tangent, SymbolicZero) and jnp.issubdtype(tangent.dtype, jnp.floating):
            raise ValueError(
                f"{formula.loss!r} has no derivative by y_true, but by its predictions; "
                "differentiate by argument 1, or give jax.lax.stop_gradient(y_true)"
            )


# The operations.


def _of_operands(function):
    """Return an operation that needs nothing but its operands."""
    return lambda node: function


def _over_entries(function):
    """Return a reduction over the entries of each sample."""
    return lambda node: partial(
        function, axis=0, keepdims=len(node.shape) == len(node.operands[0].shape)
    )


def _put(node):
    entries = np.arange(node.shape[0])[:, None]
    return lambda row, index, values: jnp.where(entries == index, values, row)


def _reshape(node):
    n_entry_axes = len(node.operands[0].shape) - 1
    return lambda x: x.reshape((*node.shape[:-1], *x.shape[n_entry_axes:]))


def _rows(node):
    start, step = node.detail
    if len(node.shape) < len(node.operands[0].shape):
        return lambda x: x[start]
    return lambda x: x[np.arange(node.shape[0]) * step + start]


def _take(row, index):
    return row if np.ndim(row) == 0 else jnp.take_along_axis(row, index[None], axis=0)[0]


_SAME_NAMES = (
    "absolute add arctanh bitwise_and bitwise_or copysign divide equal exp expm1 fmax fmin greater "
    "greater_equal hypot invert isfinite isinf isnan ldexp less less_equal log log1p logical_and "
    "logical_not logical_or maximum minimum multiply negative not_equal positive power reciprocal "
    "sign sinh sqrt square subtract tanh where"
)
"""Operations that JAX has by the names of NumPy."""


class _JAX(Library):
    """The operations of JAX."""

    operations: ClassVar = {
        **{name: _of_operands(getattr(jnp, name)) for name in _SAME_NAMES.split()},
        "add.reduce": _over_entries(jnp.sum),
        "argmax": lambda node: partial(jnp.argmax, axis=0),
        "frexp.exponent": _of_operands(lambda x: jnp.frexp(x)[1]),
        "frexp.mantissa": _of_operands(lambda x: jnp.frexp(x)[0]),
        "logical_and.reduce": _over_entries(jnp.all),
        "logical_or.reduce": _over_entries(jnp.any),
        "maximum.reduce": _over_entries(jnp.max),
        "minimum.reduce": _over_entries(jnp.min),
        "put": _put,
        "reshape": _reshape,
        "rows": _rows,
        "take": _of_operands(_take),
    }

    def from_numpy(self, array, like):
        """Return an array of JAX."""
        return jnp.asarray(array)

    def cast(self, array, dtype):
        """Return an array in another dtype, or the nearest that JAX has."""
        return array.astype(jax.dtypes.canonicalize_dtype(dtype))

    def broadcast(self, array, shape, like):
        """Return an array of a shape."""
        return jnp.broadcast_to(jnp.asarray(array, like.dtype), shape)

    def call_numpy(self, loss, function, shapes, dtype, *arrays):
        """Return what NumPy makes of arrays on the host."""
        platform = jax.default_backend()
        if platform != "cpu":
            raise ValueError(
                f"{loss!r} is computed by NumPy, so the platform of JAX must be cpu; got {platform}"
            )
        kinds = [jax.ShapeDtypeStruct(shape, dtype) for shape in shapes]

        def on_host(*arrays):
            return function(*map(np.asarray, arrays))

        @jax.custom_jvp
        def called(*arrays):
            return tuple(jax.pure_callback(on_host, kinds, *arrays, vmap_method="sequential"))

        @called.defjvp
        def _(arrays, tangents):
            raise NotImplementedError(
                f"{loss!r} is computed by NumPy, and its second derivative is not known as a whole"
            )

        return called(*arrays)
