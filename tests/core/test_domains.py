"""Which numbers are in a domain, the borders included, and the search for optima."""

import numpy as np
import pytest

from lossbook.core import domains
from lossbook.core.domains import (
    ClassIndices,
    Distributions,
    Integers,
    Intersection,
    Interval,
    TwoValues,
)
from lossbook.core.optimum import bisect, weighted_mean, weighted_quantile

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("domain", "name", "inside", "outside"),
    [
        (domains.FINITE, "finite", [0.0, -1e308, 5e-324], [NAN, INF, -INF]),
        (Interval(0, 2), "in [0, 2]", [0.0, -0.0, 1, 2], [-5e-324, np.nextafter(2, 3), NAN, INF]),
        (Interval(0, 2, include_low=False), "in (0, 2]", [5e-324, 2.0], [0.0, -0.0, 3, NAN]),
        (
            Interval(0, 2, include_high=False),
            "in [0, 2)",
            [0.0, np.nextafter(2, 1)],
            [2.0, -1, NAN],
        ),
        (domains.POSITIVE, "in (0, inf)", [5e-324, 1e308], [0.0, INF, NAN, -1]),
        (domains.NON_NEGATIVE, "in [0, inf)", [0.0, 1e308], [-5e-324, INF, NAN]),
        (domains.UNIT_INTERVAL, "in [0, 1]", [0.0, 0.5, 1], [-1e-9, 1 + 1e-9, NAN]),
        (TwoValues(-1, 1), "-1 or 1", [-1.0, 1], [0.0, 2, -2, 1 + 1e-15, NAN]),
        (domains.ZERO_OR_ONE, "0 or 1", [0.0, 1], [-1.0, 0.5, NAN]),
        (Integers(0, 2), "an integer from 0 to 2", [0.0, 1, 2], [-1.0, 0.5, 3, NAN, INF]),
        (
            Intersection((TwoValues(-1, 1), domains.UNIT_INTERVAL)),
            "-1 or 1 and in [0, 1]",
            [1.0],
            [-1.0, 0, 0.5, NAN],
        ),
        (ClassIndices(3), "a class index from 0 to 2", [0, 1, 2], [-1, 3]),
        (ClassIndices(3, -9), "a class index from 0 to 2, or -9 (ignored)", [0, 2, -9], [-1, 3, 9]),
        (ClassIndices(2, 1), "a class index from 0 to 1, or 1 (ignored)", [0, 1], [2]),
    ],
)
def test_members(domain, name, inside, outside):
    assert str(domain) == name
    np.testing.assert_array_equal(domain.contains(np.array(inside)), True)
    np.testing.assert_array_equal(domain.contains(np.array(outside)), False)
    assert domain.holds(np.array(inside))
    for stranger in outside:
        for at in range(len(inside) + 1):
            assert not domain.holds(np.insert(inside, at, stranger))


def test_finite_holds_where_the_sum_overflows():
    with np.errstate(over="ignore"):
        assert domains.FINITE.holds(np.full(3, 1e308))
        assert not domains.FINITE.holds(np.array([1e308, 1e308, NAN]))


def test_distributions():
    domain = Distributions(tolerance=0.25)
    assert str(domain) == "probabilities that sum to 1 (to within 0.25) over the last axis"
    columns = np.array(
        [[0.5, 0.5], [1, 0], [0.75, 0.5], [0.5, 0.25], [1, 0.5], [0.5, 0], [1.25, -0.25], [NAN, 1]]
    ).T
    np.testing.assert_array_equal(domain.contains(columns), [True] * 4 + [False] * 4)
    assert domain.holds(columns[:, :4])
    assert not any(domain.holds(columns[:, k : k + 1]) for k in range(4, 8))
    assert domains.DISTRIBUTIONS.tolerance == 1e-4


def test_bisection_finds_the_least_number():
    assert bisect(lambda c: c >= 0.3, 0.0, 1.0) == 0.3
    assert bisect(lambda c: c > 0.3, 0.0, 1.0) == np.nextafter(0.3, 1)
    assert bisect(lambda c: True, 0.0, 1.0) == 0.0
    assert bisect(lambda c: False, 0.0, 1.0) == 1.0
    assert bisect(lambda c: c >= 1e307, -1e308, 1e308) == 1e307


def test_weighted_averages():
    y, w = np.array([4.0, 1, 3, 2]), np.array([1.0, 2, 1, 0])
    assert weighted_mean(y, w) == 2.25
    assert weighted_quantile(y, w, 0.5) == 2
    assert weighted_quantile(y, np.ones(4), 0.5) == 2.5
    assert weighted_quantile(y[:3], np.ones(3), 0.5) == 3
    assert weighted_quantile(np.array([1e308, 1.2e308]), np.ones(2), 0.5) == 1.1e308


def test_weighted_quantile_is_a_target_where_no_interval_parts_the_weight():
    y, w = np.array([0.1, 0.3, 0.7, 1.1]), np.array([1.0, 2, 1, 0])
    assert [weighted_quantile(y, w, q) for q in (0.2, 0.3, 0.9, 1 - 1e-16)] == [0.1, 0.3, 0.7, 0.7]
    assert weighted_quantile(y, w, 0.75) == 0.5
