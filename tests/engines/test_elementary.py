"""Elementary functions against multiple precision and against NumPy, over all floats."""

import re

import mpmath
import numpy as np
import pytest

pytest.importorskip("numba")

from compiled import compiled

from lossbook.engines import elementary

REFERENCES = {
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "tanh": mpmath.tanh,
    "sinh": mpmath.sinh,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "arctanh": mpmath.atanh,
    "hypot": mpmath.hypot,
    "power": mpmath.power,
}
DTYPES = {"float64": np.float64, "float32": np.float32}


def stated_bounds():
    """Return the bounds in the table of the module's docstring, in ulp."""
    rows = re.findall(r"^(\w+) +([\d.]+) +([\d.]+)$", elementary.__doc__, re.MULTILINE)
    return {
        (name, dtype): float(bound)
        for name, *bounds in rows
        for dtype, bound in zip(DTYPES, bounds, strict=True)
    }


def test_the_table_has_every_function():
    assert {name for name, _ in stated_bounds()} == set(REFERENCES)


def any_floats(dtype, n, rng):
    """Return floats of all sizes, infinities and NaN among them: any bits."""
    size = np.dtype(dtype).itemsize
    return rng.integers(0, 256, n * size, np.uint8).view(dtype)


def arguments(name, dtype, n, rng):
    """Return arguments where a function is neither 0 nor infinite, near its zeros and far."""
    largest = np.log(float(np.finfo(dtype).max))
    if name == "power":
        bases = np.exp(rng.uniform(-largest, largest, n))
        near_one = 1 + rng.uniform(-0.1, 0.1, n)
        exponents = rng.uniform(-1, 1, n) * largest / np.abs(np.log(bases))
        steep = rng.uniform(-1, 1, n) * largest / np.abs(np.log(near_one))
        return np.append(bases, near_one).astype(dtype), np.append(exponents, steep).astype(dtype)
    small = np.exp(rng.uniform(-largest, 0, n)) * rng.choice([-1, 1], n)
    middle, wide = rng.uniform(-1.5, 1.5, n), rng.uniform(-largest, largest, n)
    if name == "log":
        small, middle, wide = np.abs(small), 1 + rng.uniform(-0.5, 0.5, n), np.exp(wide)
    elif name == "log1p":
        middle, wide = rng.uniform(-0.999, 2, n), np.exp(np.abs(wide))
    elif name == "arctanh":
        middle, wide = rng.uniform(-1, 1, n), np.tanh(rng.uniform(-3, 3, n))
    elif name == "hypot":
        wide = np.exp(wide)
    x = np.concatenate([small, middle, wide]).astype(dtype)
    return (x, rng.permutation(x)) if name == "hypot" else (x,)


def errors(got, exact, dtype):
    """Return errors in units in the last place; subnormal results have those of the smallest."""
    info = np.finfo(dtype)
    for value, true in zip(got, exact, strict=True):
        if abs(true) <= float(info.max):
            exponent = mpmath.frexp(true)[1] if true else info.minexp
            unit = mpmath.ldexp(1, max(exponent - 1 - info.nmant, info.minexp - info.nmant))
            yield float(abs(mpmath.mpf(float(value)) - true) / unit)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REFERENCES)
def test_errors_are_within_the_stated_bounds(name, dtype):
    x = arguments(name, DTYPES[dtype], 400, np.random.default_rng(1))
    got = compiled(getattr(np, name), *[(dtype,)] * len(x))(*x)
    with mpmath.workdps(60):
        pairs = zip(*(map(mpmath.mpf, map(float, each)) for each in x), strict=True)
        exact = [REFERENCES[name](*each) for each in pairs]
        found = list(errors(got, exact, DTYPES[dtype]))
    assert len(found) > 0.9 * len(got)
    assert max(found) <= stated_bounds()[name, dtype]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REFERENCES)
def test_all_floats_give_what_numpy_gives(name, dtype):
    rng, dtype = np.random.default_rng(2), DTYPES[dtype]
    n_arguments = 2 if name in ("hypot", "power") else 1
    info = np.finfo(dtype)
    special = [
        0.0,
        1.0,
        2.0,
        3.0,
        0.5,
        np.inf,
        np.nan,
        info.max,
        info.tiny,
        info.smallest_subnormal,
    ]
    special = np.array([*special, *(-each for each in special)], dtype)
    x = [any_floats(dtype, 100_000, rng) for _ in range(n_arguments)]
    if n_arguments == 2:
        pairs = np.meshgrid(special, special)
        x = [np.append(each, pair.ravel()) for each, pair in zip(x, pairs, strict=True)]
    else:
        x = [np.append(x[0], special)]
    got = compiled(getattr(np, name), *[(dtype,)] * n_arguments)(*x)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(*x)
        away = np.abs(got - expected) > 4 * np.spacing(np.abs(expected))
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got[number]), np.signbit(expected[number]))
    np.testing.assert_array_equal(np.isinf(got), np.isinf(expected))
    assert not away[np.isfinite(expected)].any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REFERENCES)
def test_a_number_gives_the_same_wherever_it_stands(name, dtype):
    x = arguments(name, DTYPES[dtype], 40, np.random.default_rng(3))
    function = compiled(getattr(np, name), *[(dtype,)] * len(x))
    whole = function(*x)
    alone = [function(*(each[k : k + 1] for each in x))[0] for k in range(len(whole))]
    np.testing.assert_array_equal(whole, alone)


NUMBERS = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, np.inf, -np.inf, np.nan, 3e38, 1e-40])
PLAIN = [
    np.maximum,
    np.minimum,
    np.fmax,
    np.fmin,
    np.copysign,
    np.add,
    np.divide,
    np.sign,
    np.absolute,
    np.negative,
    np.reciprocal,
    np.sqrt,
    np.square,
    np.isnan,
    np.isinf,
    np.isfinite,
    np.floor,
    np.logaddexp,
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ufunc", PLAIN, ids=lambda ufunc: ufunc.__name__)
def test_plain_operations_are_exact(ufunc, dtype):
    x = [NUMBERS.astype(dtype)]
    if ufunc.nin == 2:
        x = [each.ravel() for each in np.meshgrid(x[0], x[0])]
    with np.errstate(all="ignore"):
        expected = ufunc(*x)
    got = compiled(ufunc, *[(dtype,)] * ufunc.nin)(*x)
    if ufunc is np.logaddexp:
        np.testing.assert_allclose(got, expected, rtol=4 * np.finfo(dtype).eps)
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_of_two(dtype):
    rng = np.random.default_rng(4)
    x = any_floats(DTYPES[dtype], 10_000, rng)
    x = x[np.isfinite(x)]
    exponent = compiled(lambda x: np.frexp(x)[1].astype(np.float64), (dtype,))(x)
    np.testing.assert_array_equal(exponent, np.frexp(x)[1])
    n = np.frexp(x)[1]
    one = DTYPES[dtype](1)
    power = compiled(lambda x: np.ldexp(one, np.frexp(x)[1]), (dtype,))(x)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(power, np.ldexp(one, n))
