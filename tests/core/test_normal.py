"""The error function against mpmath."""

import mpmath
import numpy as np
import pytest

from lossbook.core.normal import erf


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_error_function_is_right_to_three_units_in_the_last_place(dtype):
    tiny = np.finfo(dtype).tiny
    x = [tiny, *np.logspace(-30, -1, 100), *np.linspace(0.1, 6.5, 900), 10, 1e4, 1e30]
    x = np.array(x, dtype)
    x = np.concatenate([x, -x, [0, np.nextafter(dtype(0.5), dtype(0)), 0.5]]).astype(dtype)
    with np.errstate(all="ignore"):
        got = erf(x)
    assert got.dtype == dtype
    exact = [mpmath.erf(mpmath.mpf(float(at))) for at in x]
    for result, expected in zip(got, exact, strict=True):
        assert abs(float(result) - expected) <= 3 * float(np.spacing(abs(result)))


def test_the_ends_of_the_error_function():
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(erf(np.array([0, np.inf, -np.inf])), [0, 1, -1])
        assert np.signbit(erf(np.array([-0.0])))
        assert np.isnan(erf(np.array([np.nan])))
