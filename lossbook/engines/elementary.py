"""Elementary functions in arithmetic that a compiler turns into vector instructions.

A processor has instructions that add, multiply or compare eight numbers at once.  It has none for
an exponential or a logarithm.  If the loop of a loss calls a library function for one number at a
time, the whole loop falls back to one number at a time.  So the functions below consist of nothing
but additions, multiplications, divisions and selections, without a branch.  LLVM inlines them into
the loop of a loss and computes them for a whole vector register.

All of them follow the same plan.  The argument is reduced to a short interval around 0, where a
polynomial is exact to the last bit.  Powers of two, which floating-point numbers store apart from
their digits, put the scale back.  What is lost by the last few roundings is computed as well, and
added at the end, so the results are nearly as good as correctly rounded ones.  Infinities, NaN and
subnormal numbers come out as in NumPy.

Bounds of their errors, in units in the last place.  The tests hold them against multiple precision:

========  =======  =======
function  float64  float32
========  =======  =======
exp       0.65     0.65
expm1     1.15     1.15
tanh      0.75     1.25
sinh      1.3      1.3
log       0.65     0.65
log1p     0.65     0.65
arctanh   1.6      1.6
power     0.65     0.51
hypot     0.51     0.51
========  =======  =======
"""

import math
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

__all__ = ["DOUBLE", "SINGLE"]

instruction: Any = intrinsic
OPTIONS: dict[str, Any] = dict(
    error_model="numpy", forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
inlined: Any = numba.njit(**OPTIONS)

# What Python has no words for: five instructions of the processor.


def _intrinsic_name(operation, ty):
    return f"llvm.{operation}.f{64 if isinstance(ty, ir.DoubleType) else 32}"


def _call(builder, operation, *arguments):
    """Call an intrinsic function of LLVM on floating-point numbers."""
    ty = arguments[0].type
    signature = ir.FunctionType(ty, [ty] * len(arguments))
    name = _intrinsic_name(operation, ty)
    return builder.call(cgutils.get_or_insert_function(builder.module, signature, name), arguments)


@instruction
def fma(typingctx, a, b, c):
    """Return ab + c with one rounding."""
    return a(a, b, c), lambda context, builder, signature, args: _call(builder, "fma", *args)


@instruction
def polynomial(typingctx, x, coefficients):
    """Return the polynomial with these coefficients, the constant first, by Horner's rule."""

    def code(context, builder, signature, args):
        x, *_ = args
        first, *rest = reversed(cgutils.unpack_tuple(builder, args[1]))
        for coefficient in rest:
            first = _call(builder, "fma", first, x, coefficient)
        return first

    return x(x, coefficients), code


@instruction
def select(typingctx, condition, x, y):
    """Return x where the condition holds, else y, without a jump."""
    return x(condition, x, y), lambda context, builder, signature, args: builder.select(*args)


@instruction
def absolute(typingctx, x):
    """Return x without its sign."""
    return x(x), lambda context, builder, signature, args: _call(builder, "fabs", *args)


@instruction
def floor(typingctx, x):
    """Return the largest whole number that is not above x."""
    return x(x), lambda context, builder, signature, args: _call(builder, "floor", *args)


@instruction
def copysign(typingctx, x, sign):
    """Return x with the sign of another number."""
    return x(x, sign), lambda context, builder, signature, args: _call(builder, "copysign", *args)


class _Bits:
    """A floating-point number as an integer, while code is generated."""

    def __init__(self, builder, ty):
        self.builder = builder
        double = ty is types.float64
        self.mantissa, self.bias = (52, 1023) if double else (23, 127)
        self.float = ir.DoubleType() if double else ir.FloatType()
        self.integer = ir.IntType(64 if double else 32)
        self.one = self.bias << self.mantissa

    def of(self, x):
        return self.builder.bitcast(x, self.integer)

    def back(self, bits):
        return self.builder.bitcast(bits, self.float)

    def constant(self, value):
        return ir.Constant(self.integer, value)


@instruction
def power_of_two(typingctx, shifted):
    """Return 2ⁿ for a whole number n, given as n + `MAGIC`.

    Adding the magic number 1.5·2⁵² leaves no room for digits behind the point, so it rounds to a
    whole number, which then stands in the last bits.  Moved to where the exponent is stored, they
    are a power of two.
    """

    def code(context, builder, signature, args):
        bits = _Bits(builder, signature.return_type)
        exponent = builder.shl(bits.of(args[0]), bits.constant(bits.mantissa))
        return bits.back(builder.add(exponent, bits.constant(bits.one)))

    return shifted(shifted), code


@instruction
def split(typingctx, x):
    """Return m between √½ and √2, and a whole number k, with x = m·2ᵏ, for positive normal x."""

    def code(context, builder, signature, args):
        ty = signature.args[0]
        bits = _Bits(builder, ty)
        pack = np.float64 if ty is types.float64 else np.float32
        root_half = int(pack(math.sqrt(0.5)).view(f"i{pack().itemsize}"))
        as_bits = bits.of(args[0])
        # Mantissas from √2 on carry over into the next exponent.
        shifted = builder.add(as_bits, bits.constant(bits.one - root_half))
        biased = builder.lshr(shifted, bits.constant(bits.mantissa))
        power = builder.shl(biased, bits.constant(bits.mantissa))
        m = builder.add(builder.sub(as_bits, power), bits.constant(bits.one))
        # An integer in the last bits of 2⁵² is 2⁵² + the integer.
        whole = float(1 << bits.mantissa)
        upper = int(pack(whole).view(f"i{pack().itemsize}"))
        k = bits.back(builder.or_(biased, bits.constant(upper)))
        k = builder.fsub(k, ir.Constant(bits.float, whole + bits.bias))
        return context.make_tuple(builder, signature.return_type, (bits.back(m), k))

    return types.UniTuple(x, 2)(x), code


# The functions, made once for double and once for single precision.


def _functions(number, exp_terms, log_terms, magic, exp_range, one_lost, log2, digits, extremes):
    """Return the functions of one precision.

    Parameters
    ----------
    number : type
        np.float64 or np.float32.
    exp_terms : tuple of float
        Coefficients of (eʳ - 1 - r)/r² for |r| up to ½ log 2.
    log_terms : tuple of float
        Coefficients of (log((1 + s)/(1 - s))/s - 2)/s², as a function of s², for s up to
        (√2 - 1)/(√2 + 1).
    magic : float
        1½ times the power of two from which on floats are whole numbers.
    exp_range : tuple of float
        Below the first number eˣ is 0, from the second on infinite.
    one_lost : float
        From here on 1 does not count next to eˣ.
    log2 : tuple of float
        The logarithm of 2 in two parts.  Multiples of the first have no rounding error.
    digits : float
        The power of two that makes every subnormal number normal.
    extremes : tuple of float
        The least normal number, what has a square near the largest number, and a power of two
        that makes this square harmless.
    """
    exp_terms, log_terms = tuple(map(number, exp_terms)), tuple(map(number, log_terms))
    zero, half, one, two, inf, nan = map(number, (0, 0.5, 1, 2, np.inf, np.nan))
    magic, one_lost, per_log2 = number(magic), number(one_lost), number(1 / math.log(2))
    (lowest, highest), (log2, log2_rest) = map(number, exp_range), map(number, log2)
    digits, rise = number(digits), number(2.0**digits)
    tiny, large, down = map(number, extremes)
    up, small = number(1 / extremes[2]), number(1 / extremes[1])

    @inlined
    def reduced(x, rest):
        """Return r, q and n with exp(x + rest) = (1 + r + q)·2ⁿ, where r is the larger part."""
        n = (x * per_log2 + magic) - magic
        high, low = x - n * log2, n * log2_rest - rest
        r = high - low
        q = fma(r * r, polynomial(r, exp_terms), (high - r) - low)
        return r, q, n

    @inlined
    def scaled(p, n):
        """Return p·2ⁿ in two steps, so that only the last can overflow or lose digits."""
        first = (n * half + magic) - magic
        return p * power_of_two(first + magic) * power_of_two((n - first) + magic)

    @inlined
    def exp_of_sum(x, rest):
        """Return exp(x + rest) for a rest that is small next to log 2."""
        r, q, n = reduced(select(x > highest, highest, select(x < lowest, lowest, x)), rest)
        p = one + r
        return scaled(p + (((one - p) + r) + q), n)

    @inlined
    def exp(x):
        return exp_of_sum(x, zero)

    @inlined
    def exp_halved(x):
        r, q, n = reduced(select(x > two * highest, two * highest, x), zero)
        return scaled((one + r) + q, n - one)

    @inlined
    def expm1_parts(x):
        """Return exp(x) - 1 and the rounding error of that, for x up to `one_lost`."""
        r, q, n = reduced(select(x < -one_lost, -one_lost, x), zero)
        power = power_of_two(n + magic)
        base, part = power - one, power * r  # the first is exact but where it is lost
        total = base + part
        of_base = total - part
        rest = (base - of_base) + (part - (total - of_base)) + power * q
        high = total + rest
        return high, (total - high) + rest

    @inlined
    def expm1(x):
        near, _ = expm1_parts(select(x > one_lost, one_lost, x))
        return select(x > one_lost, exp(x), select(x == zero, x, near))

    @inlined
    def tanh(x):
        # With e = exp(-2|x|) - 1, tanh |x| = -e/(2 + e); the remainder mends the quotient.
        e, rest = expm1_parts(-two * absolute(x))
        below = two + e
        per_below = one / below
        quotient = -e * per_below
        remainder = fma(-quotient, below, -e) - rest - quotient * ((two - below) + e + rest)
        return copysign(fma(remainder, per_below, quotient), x)

    @inlined
    def sinh(x):
        size = absolute(x)
        e, rest = expm1_parts(select(size > one_lost, one_lost, size))
        near = half * (e + (e / (one + e) + rest))
        far = exp_halved(select(size > one_lost, size, one_lost))
        return copysign(select(size > one_lost, far, near), x)

    @inlined
    def log_of(f, k, rest):
        """Return log(1 + f + rest) + k log 2, for 1 + f between √½ and √2 and a small rest."""
        s = f / (two + f)
        z = s * s
        square = half * f * f
        square_rest = fma(half * f, f, -square)
        last = fma(s, square + z * polynomial(z, log_terms), fma(k, log2_rest, rest - square_rest))
        with_k = k * log2 + f
        total = with_k - square
        return total + ((((k * log2 - with_k) + f) + ((with_k - total) - square)) + last)

    @inlined
    def log(x):
        is_tiny = x < tiny
        m, k = split(select(is_tiny, x * rise, x))
        result = log_of(m - one, select(is_tiny, k - digits, k), zero)
        result = select(x < inf, result, x)
        return select(x <= zero, select(x == zero, -inf, nan), result)

    @inlined
    def log1p(x):
        total = one + x
        lost = select(x < one, x - (total - one), one - (total - x))
        m, k = split(total)
        # Both parts are brought to the scale of m; where k is 0 their sum is x itself.
        f, lost = m - one, select(k > digits, zero, lost * power_of_two(magic - k))
        whole = f + lost
        rest = (f - whole) + lost
        result = log_of(whole, k, rest * (one - whole))
        result = select(x < inf, select(x == zero, x, result), x)
        return select(x <= -one, select(x == -one, -inf, nan), result)

    @inlined
    def arctanh(x):
        size = absolute(x)
        return copysign(half * log1p(two * size / (one - size)), x)

    @inlined
    def hypot(x, y):
        x, y = absolute(x), absolute(y)
        longer, shorter = select(x > y, x, y), select(x > y, y, x)
        is_large, is_small = longer > large, longer < small
        factor = select(is_large, down, select(is_small, up, one))
        back = select(is_large, up, select(is_small, down, one))
        a, b = longer * factor, shorter * factor
        a_square, b_square = a * a, b * b
        h = math.sqrt(a_square + b_square)
        # What the square of h exceeds the sum by: differences of what is nearly equal are exact.
        square = h * h
        excess = (square - a_square) - b_square
        rest = fma(h, h, -square) - fma(a, a, -a_square) - fma(b, b, -b_square)
        excess = excess + rest
        h = select(h > zero, h - excess / (two * h), h)
        infinite = (x == inf) | (y == inf)
        return select(infinite, inf, h * back)

    @inlined
    def logaddexp(x, y):
        high, low = select(x > y, x, y), select(x > y, y, x)
        equal = x == y
        return high + log1p(exp(select(equal, zero, low - high)))

    @inlined
    def ldexp(x, n):
        return scaled(x, number(n))

    @inlined
    def frexp_exponent(x):
        size = absolute(x)
        is_tiny = size < tiny
        m, k = split(select(is_tiny, size * rise, size))
        k = select(is_tiny, k - digits, k) + select(m < one, zero, one)
        return numba.int32(select((size == zero) | ~(size < inf), zero, k))

    functions = exp, expm1, ldexp, frexp_exponent, tanh, sinh, log, log1p, arctanh, hypot, logaddexp
    return {each.__name__: each for each in functions} | {"exp_of_sum": exp_of_sum}


DOUBLE: dict[str, Any] = _functions(
    number=np.float64,
    exp_terms=(
        0.5,
        0.1666666666666667,
        0.04166666666666667,
        0.008333333333326136,
        0.0013888888888883748,
        0.00019841269874820627,
        2.4801587325547743e-05,
        2.7557255400206422e-06,
        2.75572736431103e-07,
        2.5105217004720745e-08,
        2.0914686968086876e-09,
    ),
    log_terms=(
        0.666666666666667,
        0.39999999999899444,
        0.2857142862600327,
        0.22222211130259878,
        0.18182889455674947,
        0.15331710618210773,
        0.14616585424888623,
    ),
    magic=1.5 * 2.0**52,
    exp_range=(-746.0, 710.0),
    one_lost=40.0,
    log2=(0.6931471803691238, 1.9082149292705877e-10),
    digits=54,
    extremes=(2.0**-1022, 2.0**500, 2.0**-600),
)
SINGLE: dict[str, Any] = _functions(
    number=np.float32,
    exp_terms=(0.5, 0.16666667, 0.041666467, 0.0083333105, 0.001393365, 0.00019890991),
    log_terms=(0.6666667, 0.40000123, 0.28550816, 0.23330583),
    magic=1.5 * 2.0**23,
    exp_range=(-104.0, 89.0),
    one_lost=18.0,
    log2=(0.693359375, -0.00021219444005469057),
    digits=25,
    extremes=(2.0**-126, 2.0**60, 2.0**-80),
)


# The logarithm of a power is a product, in which an error of the logarithm grows with the exponent.
# So it is computed as the sum of two numbers, the second of them a rounding error of the first.

_POWER_TERMS = (
    0.4,
    0.28571428571429364,
    0.22222222221655885,
    0.18181818335392802,
    0.1538459496251843,
    0.1333480469384731,
    0.11706236339491206,
    0.11723178623876518,
)
"""Coefficients of the polynomial of the logarithm without its first one, which is 2/3."""
_THIRDS, _THIRDS_REST = 2 / 3, 3.700743415417188e-17
_LOG2, _LOG2_REST = 0.6931471803691238, 1.9082149292705877e-10
_TINY, _RISE, _DIGITS = 2.0**-1022, 2.0**54, 54.0
_exp_of_sum = DOUBLE["exp_of_sum"]


@inlined
def _log_in_two(x):
    """Return log x for a positive x, as a number and a rest."""
    is_tiny = x < _TINY
    m, k = split(select(is_tiny, x * _RISE, x))
    k = select(is_tiny, k - _DIGITS, k)
    f = m - 1.0
    below = 2.0 + f
    per_below = 1.0 / below
    s = f * per_below
    s_rest = (fma(-s, below, f) - s * ((2.0 - below) + f)) * per_below
    # log m = s (2 + z (2/3 + …)) with z = s²
    z = s * s
    z_rest = fma(s, s, -z) + 2.0 * s * s_rest
    series = z * polynomial(z, _POWER_TERMS)
    w = _THIRDS + series
    w_rest = ((_THIRDS - w) + series) + _THIRDS_REST
    v = z * w
    v_rest = fma(z, w, -v) + (z * w_rest + z_rest * w)
    a = 2.0 + v
    a_rest = ((2.0 - a) + v) + v_rest
    log_m = s * a
    log_m_rest = fma(s, a, -log_m) + (s * a_rest + s_rest * a)
    of_power = k * _LOG2
    total = of_power + log_m
    rest = ((of_power - total) + log_m) + (k * _LOG2_REST + log_m_rest)
    log = total + rest
    return log, (total - log) + rest


@inlined
def _power_of_positive(x, y):
    log, rest = _log_in_two(select(x < np.inf, x, 1.0))
    log = select(x == 0.0, -np.inf, select(x < np.inf, log, x))
    product = log * y
    lost = fma(log, y, -product) + rest * y
    finite = absolute(product) < 1e6
    return _exp_of_sum(product, select(finite, lost, 0.0))


@inlined
def _power(x, y):
    size = absolute(x)
    result = _power_of_positive(size, y)
    # Whole numbers from 2⁵³ on are even, and so is what is twice a whole number.
    half = 0.5 * y
    is_whole = floor(y) == y
    is_odd = is_whole & (floor(half) != half)
    negative = (x < 0.0) | ((x == 0.0) & (math.copysign(1.0, x) < 0.0))
    result = select(negative & is_odd, -result, result)
    result = select((x < 0.0) & ~is_whole & (size < np.inf), np.nan, result)
    return select((y == 0.0) | (x == 1.0) | ((size == 1.0) & (absolute(y) == np.inf)), 1.0, result)


@inlined
def _single_power(x, y):
    return np.float32(_power(np.float64(x), np.float64(y)))


DOUBLE["power"] = _power
SINGLE["power"] = _single_power
