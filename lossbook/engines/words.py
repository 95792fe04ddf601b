"""The words that the sources of kernels are written in.

The elementary functions are in `elementary`.  Here is what is left: functions with a few selections
in place of the branches that they would have in Python, with NumPy's answers for NaN, and the small
loops that several sources share.
"""

import math

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from .elementary import DOUBLE, SINGLE, absolute, copysign, inlined, select

# The words of a source.


@intrinsic
def like(typingctx, value, x):
    """Return a number in the type of another one."""

    def code(context, builder, signature, args):
        return context.cast(builder, args[0], signature.args[0], signature.return_type)

    return x(value, x), code


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


@numba.njit(error_model="numpy", nogil=True, forceinline=True, fastmath={"reassoc"})
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
def include(group, size, target):
    for i in range(size):
        target[i] += group[i]


@inlined
def tile_of_rows(entries):
    """Return how many samples are in a tile, a multiple of what a vector register holds."""
    return max(16, min(256, 4096 // entries // 16 * 16))


@inlined
def turn(rows, first, size, tile, turned):
    """Read rows so that the entries of all samples stand together."""
    for i in range(size):
        for k in range(rows.shape[1]):
            turned[k * tile + i] = rows[first + i, k]


@inlined
def turn_back(turned, size, tile, rows, first):
    for i in range(size):
        for k in range(rows.shape[1]):
            rows[first + i, k] = turned[k * tile + i]


WORDS = dict(
    absolute=absolute,
    add_up=add_up,
    bool_=types.bool_,
    copysign=copysign,
    empty=np.empty,
    fill=fill,
    float32=numba.float32,
    float64=numba.float64,
    fmax=fmax,
    fmin=fmin,
    include=include,
    inf=math.inf,
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
