"""Losses in the form of functions of PyTorch tensors."""

import operator
from collections.abc import Callable
from functools import lru_cache, partial, reduce
from inspect import signature
from typing import ClassVar

import numpy as np

from ..base import Loss
from ._formula import Formula, Library, called_like, checked_loss, with_notes

try:
    import torch
    from torch import Tensor
    from torch.autograd import Function
except ImportError as error:
    raise ImportError(
        f"lossbook.interop.torch needs torch, which cannot be imported ({error}). "
        'Install it with: pip install "lossbook[torch]"'
    ) from error

__all__ = ["as_function"]


@with_notes("PyTorch")
def as_function(loss: Loss) -> Callable[..., Tensor]:
    """Return a loss as a function of PyTorch tensors.

    The formulas of the loss are computed with operations of PyTorch, on the device of the tensors
    and in their dtype, eagerly or under `torch.compile`.  The first two derivatives are the
    gradient and the second derivative that the loss implements.  They are therefore right at kinks
    and in the tails, where automatic differentiation of a stable formula often is not.

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
    **Derivatives** are those with respect to the predictions and to `sample_weight`.  A target that
    requires a gradient raises an error.  Derivatives can be computed by ``backward``, by
    `torch.autograd.grad` and by `torch.func`, in reverse and in forward mode, and they can be
    mapped by `torch.func.vmap`.  For second derivatives, use `torch.func.hessian`, or reverse mode
    at least once.  Forward mode inside of forward mode, as in ``jacfwd(jacfwd(f))``, returns zeros,
    because PyTorch does not differentiate the forward derivative of a custom function.

    {second_derivatives}

    **Dtypes.**
    {dtypes}

    **Domains are not checked**, because the function would have to wait for the device to see the
    values.
    {unchecked_domains}

    **Losses that cannot be traced** are computed by NumPy on the CPU, and their domains are
    checked.  They raise an error for tensors on other devices and under `torch.compile`.
    {untraced_losses}

    Examples
    --------
    >>> import torch
    >>> import lossbook as lb
    >>> from lossbook.interop.torch import as_function
    >>> huber = as_function(lb.Huber(delta=1.0))
    >>> y_true = torch.tensor([0.0, 0.0])
    >>> y_pred = torch.tensor([0.5, 3.0], requires_grad=True)
    >>> loss = huber(y_true, y_pred)
    >>> loss.backward()
    >>> loss.item(), y_pred.grad
    (1.3125, tensor([0.2500, 0.5000]))
    """
    loss, library = checked_loss(loss), _PyTorch()

    @lru_cache
    def formula_of(*kind):
        return Formula(loss, library, *kind)

    @torch.compiler.allow_in_graph
    def compute(weight, *inputs):
        return _compute(loss, formula_of, weight, inputs)

    function = called_like(loss, compute)
    # PyTorch counts recompilations per code object, so each function has one of its own.
    function.__code__ = function.__code__.replace(co_name=function.__name__)
    return function


def _compute(loss, formula_of, weight, inputs):
    """Return the reduced loss."""
    _check_tensors(loss, weight, inputs)
    given = [each.dtype for each in inputs]
    inputs = [each.float() if each.dtype in _HALVES else each for each in inputs]
    shapes = tuple(tuple(map(int, each.shape)) for each in inputs)
    dtypes = tuple(_NUMPY_DTYPES[each.dtype] for each in inputs)
    formula = formula_of(shapes, dtypes, weight is not None)
    arrays = inputs
    if weight is not None:
        weight = _weight_of(formula, weight, inputs[-1])
        arrays = [weight if formula.of_batches else weight == 0, *inputs]
    loss_value = formula.reduced(_Value.apply(formula, *arrays), weight, inputs[0])
    return loss_value.to(_dtype_of_result(formula, given))


_HALVES = torch.float16, torch.bfloat16
_DTYPES = {
    np.dtype(name): getattr(torch, name)
    for name in ("bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64")
}
_NUMPY_DTYPES = {of_torch: of_numpy for of_numpy, of_torch in _DTYPES.items()}


def _check_tensors(loss, weight, inputs):
    """Raise unless all inputs are tensors of one device, with gradients where we give them."""
    named = [*zip(loss.inputs, inputs, strict=True)]
    if weight is not None:
        named.append(("sample_weight", weight))
    for name, tensor in named:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{name} must be a tensor; got {type(tensor).__name__}")
    device, last = inputs[-1].device, loss.inputs[-1]
    for name, tensor in named:
        if tensor.device != device:
            raise ValueError(
                f"{name} must be on the device of {last}, {device}; got {tensor.device}"
            )
        if name == "y_true" and tensor.requires_grad and torch.is_grad_enabled():
            raise ValueError(
                "y_true requires a gradient, but derivatives are those by the predictions; "
                "give its detach()"
            )
        if tensor.dtype not in _NUMPY_DTYPES and tensor.dtype not in _HALVES:
            raise TypeError(f"{name} must hold real numbers; got {tensor.dtype}")
        if name not in ("y_true", "sample_weight") and not tensor.is_floating_point():
            raise TypeError(f"{name} must hold floating-point numbers; got {tensor.dtype}")


def _weight_of(formula, weight, like):
    """Return one weight a sample, in the dtype of the computation."""
    shape = formula.weight_shape
    if weight.shape == shape[:-1] and shape[-1:] == (1,):
        weight = weight[..., None]
    if weight.shape != shape:
        raise ValueError(
            f"sample_weight must have shape {shape}, one weight a sample; got {tuple(weight.shape)}"
        )
    if formula.of_batches and weight.requires_grad and torch.is_grad_enabled():
        raise ValueError(f"sample_weight of {formula.loss!r} must not require a gradient")
    return weight.to(_DTYPES[formula.dtype])


def _dtype_of_result(formula, given):
    """Return what the dtypes of the inputs are promoted to."""
    considered = given[1:] if formula.takes_labels else given
    return reduce(torch.promote_types, (each for each in considered if each.is_floating_point))


# The loss and its derivatives.


class _Value(Function):
    """The value of each sample, whose derivative is the loss's own gradient."""

    generate_vmap_rule = True

    @staticmethod
    def forward(formula, *arrays):
        return formula.value(*arrays)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.formula, *arrays = inputs
        ctx.save_for_backward(*arrays)
        ctx.save_for_forward(*arrays)

    @staticmethod
    def backward(ctx, upstream):
        gradients = _gradients(ctx.formula, ctx.saved_tensors)
        products = [_beside(upstream, each) * each for each in gradients]
        return None, *[None] * ctx.formula.n_others, *products

    @staticmethod
    def jvp(ctx, _, *tangents):
        formula = ctx.formula
        gradients, tangents = _gradients(formula, ctx.saved_tensors), tangents[formula.n_others :]
        products = [
            (each * tangent).reshape((*formula.sample_shape, -1)).sum(-1)
            for each, tangent in zip(gradients, tangents, strict=True)
            if tangent is not None
        ]
        return sum(products)


class _Gradient(Function):
    """The gradient by a single prediction, whose derivative is the loss's own, too."""

    generate_vmap_rule = True

    @staticmethod
    def forward(formula, *arrays):
        return formula.gradient(*arrays)[0]

    setup_context = _Value.setup_context

    @staticmethod
    def backward(ctx, upstream):
        product = ctx.formula.hessian_product(upstream, *ctx.saved_tensors)
        return None, *[None] * ctx.formula.n_others, product

    @staticmethod
    def jvp(ctx, _, *tangents):
        return ctx.formula.hessian_product(tangents[-1], *ctx.saved_tensors)


# PyTorch looks at these signatures on every call, which takes longer than a small loss.
for _forward in _Value.forward, _Gradient.forward:
    vars(_forward)["__signature__"] = signature(_forward)


def _gradients(formula, arrays):
    """Return the gradient by each prediction."""
    if formula.has_hessian_product:
        return (_Gradient.apply(formula, *arrays),)
    return formula.gradient(*arrays)


def _beside(upstream, gradient):
    """Return a number for each sample so that it is broadcast along the entries."""
    return upstream.reshape((*upstream.shape, *[1] * (gradient.ndim - upstream.ndim)))


class _ByNumPy(Function):
    """What NumPy makes of tensors on the CPU."""

    @staticmethod
    def forward(loss, function, *arrays):
        try:
            arrays = [each.numpy() for each in arrays]
        except (RuntimeError, TypeError) as error:
            raise RuntimeError(
                f"{loss!r} is computed by NumPy, to which torch.compile has no access; call its "
                "function in another one that is decorated with torch.compiler.disable"
            ) from error
        return tuple(map(torch.from_numpy, function(*arrays)))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.loss = inputs[0]

    @staticmethod
    def backward(ctx, *upstream):
        raise NotImplementedError(
            f"{ctx.loss!r} is computed by NumPy, and its second derivative is not known as a whole"
        )

    jvp = backward

    @staticmethod
    def vmap(info, in_dims, loss, function, *arrays):
        results = [
            _ByNumPy.apply(
                loss,
                function,
                *(
                    each if axis is None else each.select(axis, k)
                    for each, axis in zip(arrays, in_dims[2:], strict=True)
                ),
            )
            for k in range(info.batch_size)
        ]
        stacked = tuple(map(torch.stack, zip(*results, strict=True)))
        return stacked, (0,) * len(stacked)


# The operations.


def _of_operands(function):
    """Return an operation that needs nothing but its operands."""
    return lambda node: function


def _of_tensors(function):
    """Return an operation of tensors only, which numbers become first."""
    return lambda node: lambda *operands: function(*_tensors(node, operands))


def _tensors(node, operands):
    device = next(filter(torch.is_tensor, operands)).device
    return [
        operand
        if torch.is_tensor(operand)
        else torch.full((), operand, dtype=_DTYPES[each.dtype], device=device)
        for each, operand in zip(node.operands, operands, strict=True)
    ]


def _over_entries(function):
    """Return a reduction over the entries of each sample."""
    return lambda node: partial(
        function, dim=0, keepdim=len(node.shape) == len(node.operands[0].shape)
    )


def _bound(of_tensors, of_number):
    """Return an operation that treats its operands alike and is faster with a number."""

    def function(x, y):
        if torch.is_tensor(x) and torch.is_tensor(y):
            return of_tensors(x, y)
        return of_number(x, y) if torch.is_tensor(x) else of_number(y, x)

    return lambda node: function


def _put(node):
    def put(*operands):
        row, index, values = _tensors(node, operands)
        entries = torch.arange(node.shape[0], device=index.device)
        return torch.where(entries[:, None] == index, values, row)

    return put


def _reshape(node):
    n_entry_axes = len(node.operands[0].shape) - 1
    return lambda x: x.reshape((*node.shape[:-1], *x.shape[n_entry_axes:]))


def _rows(node):
    start, step = node.detail
    if len(node.shape) < len(node.operands[0].shape):
        return lambda x: x[start]
    return lambda x: x[[start + k * step for k in range(node.shape[0])]]


def _sign(x):
    return torch.where(x.isnan(), x, x.sign())


def _take(row, index):
    return torch.take_along_dim(row, index[None], dim=0)[0] if torch.is_tensor(row) else row


_OF_OPERANDS = {
    "absolute": torch.abs,
    "add": operator.add,
    "arctanh": torch.atanh,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "divide": operator.truediv,
    "equal": operator.eq,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "frexp.exponent": lambda x: torch.frexp(x).exponent,
    "frexp.mantissa": lambda x: torch.frexp(x).mantissa,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "invert": operator.invert,
    "isfinite": torch.isfinite,
    "isinf": torch.isinf,
    "isnan": torch.isnan,
    "less": operator.lt,
    "less_equal": operator.le,
    "log": torch.log,
    "log1p": torch.log1p,
    "logical_not": torch.logical_not,
    "multiply": operator.mul,
    "negative": operator.neg,
    "not_equal": operator.ne,
    "positive": operator.pos,
    "power": operator.pow,
    "reciprocal": torch.reciprocal,
    "sign": _sign,
    "sinh": torch.sinh,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "subtract": operator.sub,
    "take": _take,
    "tanh": torch.tanh,
}
_OF_TENSORS = {
    "copysign": torch.copysign,
    "fmax": torch.fmax,
    "fmin": torch.fmin,
    "hypot": torch.hypot,
    "ldexp": lambda x, exponent: x * exponent.to(x.dtype).exp2(),
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "where": torch.where,
}
_OVER_ENTRIES = {
    "add.reduce": torch.sum,
    "logical_and.reduce": torch.all,
    "logical_or.reduce": torch.any,
    "maximum.reduce": torch.amax,
    "minimum.reduce": torch.amin,
}


class _PyTorch(Library):
    """The operations of PyTorch."""

    operations: ClassVar = {
        **{name: _of_operands(function) for name, function in _OF_OPERANDS.items()},
        **{name: _of_tensors(function) for name, function in _OF_TENSORS.items()},
        **{name: _over_entries(function) for name, function in _OVER_ENTRIES.items()},
        "argmax": lambda node: partial(torch.argmax, dim=0),
        "maximum": _bound(torch.maximum, torch.clamp_min),
        "minimum": _bound(torch.minimum, torch.clamp_max),
        "put": _put,
        "reshape": _reshape,
        "rows": _rows,
    }

    def from_numpy(self, array, like):
        """Return an array as a tensor on a device."""
        return torch.as_tensor(array, device=like.device)

    def cast(self, array, dtype):
        """Return a tensor in another dtype."""
        return array.to(_DTYPES[dtype])

    def broadcast(self, array, shape, like):
        """Return a tensor of a shape."""
        return array.expand(shape) if torch.is_tensor(array) else like.new_full(shape, array)

    def call_numpy(self, loss, function, shapes, dtype, *arrays):
        """Return what NumPy makes of tensors on the CPU."""
        device = arrays[-1].device
        if device.type != "cpu":
            raise ValueError(
                f"{loss!r} is computed by NumPy, so its tensors must be on the CPU; got {device}"
            )
        return _ByNumPy.apply(loss, function, *arrays)
