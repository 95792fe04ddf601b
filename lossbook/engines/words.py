"""The words that the sources of kernels are written in.

The elementary functions are in `elementary`.  Here is what is left: functions with a few selections
in place of the branches that they would have in Python, with NumPy's answers for NaN, and the small
loops that several sources share.
"""

import math
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.np.arrayobj import populate_array

from .elementary import (
    DOUBLE,
    OPTIONS,
    SINGLE,
    absolute,
    copysign,
    floor,
    inlined,
    instruction,
    select,
)

__all__ = ["WORDS"]

_in_any_order: Any = numba.njit(**OPTIONS, fastmath={"reassoc"})


@instruction
def like(typingctx, value, x):
    """Return a number in the type of another one."""

    def code(context, builder, signature, args):
        return context.cast(builder, args[0], signature.args[0], signature.return_type)

    return x(value, x), code


@instruction
def scratch(typingctx, size, number):
    """Return an array for what a tile keeps, which shares no memory with any other array.

    The compiler knows that it does not, which it would not know of an array of `numpy.empty`, and
    can therefore compute many samples at once.  The array begins at a multiple of 64 bytes.
    """
    array_type = types.Array(number.dtype, 1, "C")

    def code(context, builder, signature, args):
        def integer(value):
            return ir.Constant(cgutils.intp_t, value)

        itemsize = context.get_abi_sizeof(context.get_data_type(number.dtype))
        size = builder.zext(args[0], cgutils.intp_t) if args[0].type.width < 64 else args[0]
        n_bytes = builder.mul(size, integer(itemsize))
        whole = context.nrt.allocate(builder, builder.add(n_bytes, integer(64)))
        beyond = builder.and_(builder.ptrtoint(whole, cgutils.intp_t), integer(63))
        data = builder.gep(whole, [builder.sub(integer(64), beyond)], inbounds=True)
        array = context.make_array(array_type)(context, builder)
        populate_array(
            array,
            data=builder.bitcast(data, context.get_data_type(number.dtype).as_pointer()),
            shape=[size],
            strides=[integer(itemsize)],
            itemsize=integer(itemsize),
            meminfo=None,
            parent=whole,
        )
        return array._getvalue()

    return array_type(size, number), code


@instruction
def release(typingctx, array):
    """Give back the memory of a scratch array."""

    def code(context, builder, signature, args):
        whole = context.make_array(signature.args[0])(context, builder, args[0]).parent
        context.nrt.free(builder, builder.bitcast(whole, cgutils.voidptr_t))
        return context.get_dummy_value()

    return types.void(array), code


@inlined
def maximum(x, y):
    return select(x >= y, x, select(x != x, x, y))


@inlined
def minimum(x, y):
    return select(x <= y, x, select(x != x, x, y))


@inlined
def fmax(x, y):
    return select(x >= y, x, select(y != y, x, y))


@inlined
def fmin(x, y):
    return select(x <= y, x, select(y != y, x, y))


@inlined
def negative(x):
    return -x


@inlined
def reciprocal(x):
    return like(1.0, x) / x


@inlined
def isnan(x):
    return x != x


@inlined
def isinf(x):
    return absolute(x) == like(math.inf, x)


@inlined
def isfinite(x):
    return absolute(x) < like(math.inf, x)


@inlined
def logical_not(x):
    return select(x, False, True)


@inlined
def sign(x):
    zero = like(0.0, x)
    of_nonzero = select(x > zero, like(1.0, x), select(x < zero, like(-1.0, x), x))
    return select(x == zero, zero, of_nonzero)


@inlined
def unless_absent(weight, x):
    """Return 0 for a sample of weight 0, whatever x is."""
    return select(weight == 0.0, like(0.0, x), x)


@_in_any_order
def add_up(values, size):
    """Return the sum of the first values, in any order."""
    total = 0.0
    for i in range(size):
        total += values[i]
    return total


@inlined
def fill(target, size, value):
    for i in range(size):
        target[i] = value


@inlined
def copy(source, size, target):
    for i in range(size):
        target[i] = source[i]


@inlined
def precedes(x, y):
    """Return whether a number comes before another one in NumPy's order, in which NaN is last."""
    return (x < y) | ((y != y) & (x == x))


@inlined
def argsort_turned(keys, size, tile, count, order, place):
    """Write the stable order of the entries of each sample, whose place is a count of others."""
    for k in range(count):
        for i in range(size):
            place[i] = 0
        for j in range(k):
            for i in range(size):
                place[i] += not precedes(keys[k * tile + i], keys[j * tile + i])
        for j in range(k + 1, count):
            for i in range(size):
                place[i] += precedes(keys[j * tile + i], keys[k * tile + i])
        for i in range(size):
            order[numba.uint64(place[i]) * tile + i] = k


@inlined
def argsort(keys, count, order, aside):
    """Write the stable order of the entries of one row, by merging sorted runs."""
    for k in range(count):
        order[k] = k
    width = numba.uint64(1)
    while width < count:
        for start in range(numba.uint64(0), count, 2 * width):
            middle, stop = min(start + width, count), min(start + 2 * width, count)
            left, right = start, middle
            for k in range(start, stop):
                from_right = left == middle
                if left < middle and right < stop:
                    from_right = precedes(keys[order[right]], keys[order[left]])
                if from_right:
                    aside[k] = order[right]
                    right += numba.uint64(1)
                else:
                    aside[k] = order[left]
                    left += numba.uint64(1)
        copy(aside, count, order)
        width *= numba.uint64(2)


@inlined
def tile_of_rows(entries):
    """Return how many samples are in a tile, a multiple of what a vector register holds."""
    return max(16, min(256, 4096 // entries // 16 * 16))


@inlined
def turn(rows, first, size, tile, turned):
    """Read rows so that the entries of all samples stand together."""
    for i in range(size):
        for k in range(numba.uint64(rows.shape[1])):
            turned[k * tile + i] = rows[first + i, k]


@inlined
def turn_back(turned, size, tile, rows, first):
    for i in range(size):
        for k in range(numba.uint64(rows.shape[1])):
            rows[first + i, k] = turned[k * tile + i]


WORDS: dict[str, Any] = dict(
    absolute=absolute,
    add_up=add_up,
    argsort=argsort,
    argsort_turned=argsort_turned,
    bool_=types.bool_,
    copy=copy,
    copysign=copysign,
    fill=fill,
    float32=numba.float32,
    float64=numba.float64,
    floor=floor,
    fmax=fmax,
    fmin=fmin,
    inf=math.inf,
    int32=numba.int32,
    int64=numba.int64,
    isfinite=isfinite,
    isinf=isinf,
    isnan=isnan,
    logical_not=logical_not,
    maximum=maximum,
    minimum=minimum,
    nan=math.nan,
    negative=negative,
    reciprocal=reciprocal,
    release=release,
    scratch=scratch,
    select=select,
    size_t=numba.uint64,
    sign=sign,
    sqrt=math.sqrt,
    tile_of_rows=tile_of_rows,
    turn=turn,
    turn_back=turn_back,
    unless_absent=unless_absent,
)
WORDS |= {f"{name}64": function for name, function in DOUBLE.items()}
WORDS |= {f"{name}32": function for name, function in SINGLE.items()}
