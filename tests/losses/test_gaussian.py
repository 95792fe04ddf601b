"""Losses of predicted Gaussian distributions: extremes, relations, PyTorch, and integrals."""

import re
from dataclasses import replace
from math import erf, exp, log, pi, sqrt

import mpmath
import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from single import DTYPES

import lossbook as lb
from benchmarks import accuracy

INF, E, NAN = np.inf, np.e, np.nan
DEVIATIONS = 1e25 * np.exp(-50)
GAUSSIAN, MIXTURE, CRPS = lb.GaussianNLL(), lb.GaussianMixtureNLL(), lb.GaussianCRPS()
LOSSES = [GAUSSIAN, lb.GaussianNLL(constant_terms=True), MIXTURE, CRPS]
RNG = np.random.default_rng(7)
AT_0 = (sqrt(2) - 1) / sqrt(pi)
"""The score of the standard normal distribution at 0."""


def parts(loss, *inputs):
    """Return value, gradient and hessian of every sample, where every warning is an error."""
    single = replace(loss, reduction="none")
    with np.errstate(all="raise"):
        return single(*inputs), single.gradient(*inputs), single.hessian(*inputs)


def assert_parts(got, expected, rtol, atol=1e-44):
    """Assert what value, gradient and hessian are, those by several predictions side by side."""
    for result, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(np.ravel(result), np.ravel(wanted), rtol=rtol, atol=atol)


# One Gaussian.


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("y_true", "mean", "log_variance", "value", "gradient", "hessian"),
    [
        (1.0, 4.0, 0.0, 4.5, (3, -4), (1, 4.5)),
        (4.0, 1.0, 2.0, 1 + 4.5 / E**2, (-3 / E**2, 0.5 - 4.5 / E**2), (E**-2, 4.5 / E**2)),
        (1.0, 1.0, 0.0, 0, (0, 0.5), (1, 0)),
        (1.0, 2.0, 0.0, 0.5, (1, 0), (1, 0.5)),
        (1.0, 1.0, -2e3, -1e3, (0, 0.5), (INF, 0)),
        (1.0, 2.0, -2e3, INF, (INF, -INF), (INF, INF)),
        (1.0, 4.0, 2e3, 1e3, (0, 0.5), (0, 0)),
        (1.0, 4.0, INF, INF, (0, 0.5), (0, 0)),
        (1.0, 4.0, -INF, INF, (INF, -INF), (INF, INF)),
        (4.0, 1.0, -INF, INF, (-INF, -INF), (INF, INF)),
        (0.0, -INF, 0.0, INF, (-INF, -INF), (1, INF)),
        # In single precision the squared residual and the variance overflow, but not their ratio.
        (
            0.0,
            1e25,
            100.0,
            50 + DEVIATIONS**2 / 2,
            (DEVIATIONS * np.exp(-50), (1 - DEVIATIONS**2) / 2),
            (np.exp(-100), DEVIATIONS**2 / 2),
        ),
    ],
)
def test_gaussian(y_true, mean, log_variance, value, gradient, hessian, dtype):
    inputs = [np.array([number], dtype) for number in (y_true, mean, log_variance)]
    got = parts(GAUSSIAN, *inputs)
    with np.errstate(all="raise"):
        full = lb.GaussianNLL(constant_terms=True)(*inputs)
    rtol = 1e-14 if dtype == np.float64 else 3e-6
    for result, expected in zip(got, (value, gradient, hessian), strict=True):
        assert all(array.dtype == dtype for array in result)
        np.testing.assert_allclose(np.ravel(result), np.ravel(expected), rtol=rtol, atol=1e-44)
    assert full == pytest.approx(value + np.log(2 * np.pi) / 2, rel=rtol)


def test_gaussian_is_finite_up_to_the_largest_float():
    inputs = [np.array([number], np.float32) for number in (0, 2.4e19, 0)]
    single = parts(GAUSSIAN, *inputs)
    double = parts(GAUSSIAN, *(each.astype(np.float64) for each in inputs))
    assert_parts(single, double, rtol=3e-7)


def test_gaussian_takes_names_and_refuses_other_shapes():
    y_true, mean, log_variance = RNG.normal(size=(3, 4, 5))
    by_name = GAUSSIAN(y_true, log_variance=log_variance, mean=mean)
    assert by_name == GAUSSIAN(y_true, mean, log_variance)
    assert [g.shape for g in GAUSSIAN.gradient(y_true, mean, log_variance)] == [(4, 5)] * 2
    with pytest.raises(ValueError, match="log_variance must have shape"):
        GAUSSIAN(y_true, mean, log_variance[:3])
    with pytest.raises(ValueError, match="y_true must be finite"):
        GAUSSIAN(y_true * INF, mean, log_variance)


def test_gaussian_optimal_constants():
    y_true, weight = [1.0, 2.0, 9.0], [1.0, 1.0, 0.5]
    mean, log_variance = GAUSSIAN.optimal_constant(y_true)
    assert (mean, log_variance) == pytest.approx((4, np.log(np.var(y_true))))
    mean, log_variance = GAUSSIAN.optimal_constant(y_true, weight)
    assert mean == pytest.approx(3)
    assert log_variance == pytest.approx(np.log((4 + 1 + 18) / 2.5))
    assert GAUSSIAN.optimal_constant([3.0, 3.0]) == (3, -INF)
    y_true = RNG.normal(2, 3, 50)
    mean, log_variance = (np.full(50, c) for c in GAUSSIAN.optimal_constant(y_true))
    for slope in GAUSSIAN.gradient(y_true, mean, log_variance):
        assert slope.sum() == pytest.approx(0, abs=1e-14)


def test_gaussian_is_half_the_squared_error_where_the_variance_is_one():
    y_true, mean = RNG.normal(size=(2, 50))
    ours, expected = (
        parts(GAUSSIAN, y_true, mean, np.zeros(50)),
        parts(lb.HalfSquaredError(), y_true, mean),
    )
    np.testing.assert_allclose(ours[0], expected[0], rtol=1e-14)
    np.testing.assert_allclose(ours[1][0], expected[1], rtol=1e-14)
    np.testing.assert_allclose(ours[2][0], expected[2], rtol=1e-14)


def test_the_density_integrates_to_one():
    t = np.linspace(-60, 8, 20_001)
    loss = lb.GaussianNLL(constant_terms=True, reduction="none")
    density = np.exp(-loss(t, np.full(t.size, -25.0), np.full(t.size, 1.5)))
    assert density.sum() * (t[1] - t[0]) == pytest.approx(1, rel=1e-9)


# A log-variance that samples share.

NUMBERS, MEANS = RNG.normal(size=(2, 50, 3))
WEIGHT = RNG.uniform(0.5, 2, (50, 3))


@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 3), (50, 1), (1, 1)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_shared_log_variance_gets_the_sum_of_the_derivatives(shape, reduction, dtype):
    loss = lb.GaussianNLL(reduction=reduction)
    y, mean, s = NUMBERS.astype(dtype), MEANS.astype(dtype), RNG.normal(size=shape).astype(dtype)
    whole = np.broadcast_to(s, mean.shape).copy()
    np.testing.assert_array_equal(loss(y, mean, s, WEIGHT), loss(y, mean, whole, WEIGHT))
    for part in "gradient", "hessian":
        by_mean, by_shared = getattr(loss, part)(y, mean, s, WEIGHT)
        expected, by_each = getattr(loss, part)(y, mean, whole, WEIGHT)
        np.testing.assert_array_equal(by_mean, expected)
        assert by_shared.shape == shape
        assert by_shared.dtype == dtype
        axes = tuple(k for k in range(2) if (1, 1, *shape)[len(shape) + k] == 1)
        total = by_each.astype(float).sum(axis=axes, keepdims=True).reshape(shape)
        np.testing.assert_allclose(by_shared, total, rtol=4 * np.finfo(dtype).eps)


def test_pytorch_differentiates_a_shared_log_variance_alike():
    torch = pytest.importorskip("torch")
    s = np.array([0.25, -0.5, 1.0])
    mean, log_variance = (torch.tensor(x, requires_grad=True) for x in (MEANS, s))
    value = torch.nn.functional.gaussian_nll_loss(
        mean, torch.tensor(NUMBERS), log_variance.exp().expand(50, 3), eps=1e-12
    )
    value.backward()
    assert GAUSSIAN(NUMBERS, MEANS, s) == pytest.approx(value.item(), rel=1e-13)
    by_mean, by_shared = GAUSSIAN.gradient(NUMBERS, MEANS, s)
    np.testing.assert_allclose(by_mean, mean.grad.numpy(), rtol=1e-12)
    np.testing.assert_allclose(by_shared, log_variance.grad.numpy(), rtol=1e-12)


def test_the_best_shared_log_variance_is_that_of_the_residuals():
    best = np.log(np.mean((NUMBERS - MEANS) ** 2, axis=0))
    _, by_shared = GAUSSIAN.gradient(NUMBERS, MEANS, best)
    np.testing.assert_allclose(by_shared, 0, atol=1e-15)
    one = float(np.log(np.mean((NUMBERS - MEANS) ** 2)))
    np.testing.assert_allclose(GAUSSIAN.gradient(NUMBERS, MEANS, one)[1], 0, atol=1e-15)


def test_derivatives_by_a_shared_log_variance_are_written_where_they_are_wanted():
    s, out = np.zeros(3), (np.empty((50, 3)), np.empty(3))
    results = GAUSSIAN.gradient(NUMBERS, MEANS, s, out=out)
    assert results[0] is out[0]
    assert results[1] is out[1]
    for one, other in zip(out, GAUSSIAN.gradient(NUMBERS, MEANS, s), strict=True):
        np.testing.assert_array_equal(one, other)
    value, _ = GAUSSIAN.value_and_gradient(NUMBERS, MEANS, s, out=out)
    assert value == GAUSSIAN(NUMBERS, MEANS, s)
    kept = out[0].copy(), np.zeros(2)
    with pytest.raises(ValueError, match=r"float64 of shape \(3,\); got float64 of shape \(2,\)"):
        GAUSSIAN.gradient(NUMBERS, MEANS, s, out=kept)
    np.testing.assert_array_equal(kept[0], out[0])


@pytest.mark.parametrize("shape", [(50,), (2, 50, 3), (3, 1), (0,)])
def test_log_variances_that_do_not_broadcast_are_refused(shape):
    with pytest.raises(ValueError, match="log_variance must"):
        GAUSSIAN(NUMBERS, MEANS, np.zeros(shape))


def test_pytorch_raises_small_variances():
    torch = pytest.importorskip("torch")
    zero = torch.zeros(1).double()
    variance = torch.full((1,), 1e-8, dtype=torch.float64)
    theirs = torch.nn.functional.gaussian_nll_loss(zero, zero, variance).item()
    assert theirs == pytest.approx(GAUSSIAN([0.0], [0.0], [np.log(1e-6)]))
    assert theirs != pytest.approx(GAUSSIAN([0.0], [0.0], [np.log(1e-8)]))


# A mixture of several.

Y = RNG.normal(size=40)
LOGITS, MUS, LOG_VARIANCES = 1.5 * RNG.normal(size=(3, 40, 3))


def in_pytorch(y, logits, mean, log_variance):
    """Return minus the logarithm of a mixture's density, of tensors."""
    distributions = pytest.importorskip("torch").distributions
    components = distributions.Normal(mean, (log_variance / 2).exp())
    mixture = distributions.MixtureSameFamily(distributions.Categorical(logits=logits), components)
    return -mixture.log_prob(y)


def test_pytorch_differentiates_the_mixture_alike():
    torch = pytest.importorskip("torch")
    given = [torch.tensor(x, requires_grad=True) for x in (LOGITS, MUS, LOG_VARIANCES)]
    value = in_pytorch(torch.tensor(Y), *given)
    slopes = torch.autograd.grad(value.sum(), given, create_graph=True)
    bends = [
        torch.stack(
            [
                torch.autograd.grad(slope[:, k].sum(), x, retain_graph=True)[0][:, k]
                for k in range(3)
            ],
            dim=1,
        )
        for slope, x in zip(slopes, given, strict=True)
    ]
    loss = lb.GaussianMixtureNLL(constant_terms=True)
    ours = parts(loss, Y, LOGITS, MUS, LOG_VARIANCES)
    theirs = value.detach(), *([x.detach() for x in each] for each in (slopes, bends))
    assert_parts(ours, theirs, 1e-11, 1e-13)


def test_the_density_of_a_mixture_integrates_to_one():
    loss = lb.GaussianMixtureNLL(constant_terms=True)
    total, _ = quad(
        lambda t: exp(-loss([t], [[0.5, -1.0]], [[-2.0, 3.0]], [[0.5, -1.0]])), -20, 20, limit=200
    )
    assert total == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("complete", [False, True])
@DTYPES
def test_one_component_is_the_gaussian(complete, dtype):
    mixture = lb.GaussianMixtureNLL(constant_terms=complete)
    y, mean, s, logit = RNG.normal(size=(4, 30)).astype(dtype)
    mean[:8] = y[0], 1e25, -1e19, 3, 4, 5, 6, y[7]
    y[:8], s[:8] = y[0], [0, 0, 0, -60, -2e3, 2e3, 60, -2e3]
    logit[8:10] = 1e38, -1e38
    value, gradient, hessian = parts(mixture, y, *(x[:, None] for x in (logit, mean, s)))
    one = parts(lb.GaussianNLL(constant_terms=complete), y, mean, s)
    several = value, *([x[:, 0] for x in each[1:]] for each in (gradient, hessian))
    # The mixture computes single precision in double.
    rtol = 1e-13 if dtype == np.float64 else 5e-6
    for ours, expected in zip(several, one, strict=True):
        ours, expected = np.ravel(ours), np.ravel(expected)
        kept = np.isfinite(expected)
        np.testing.assert_allclose(ours[kept], expected[kept], rtol=rtol, atol=1e-6)
        if dtype == np.float64:
            np.testing.assert_array_equal(ours[~kept], expected[~kept])
    np.testing.assert_array_equal([gradient[0], hessian[0]], 0)
    assert value.dtype == gradient[1].dtype == hessian[2].dtype == dtype


def test_equal_components_are_one():
    mean, s = (np.repeat(x[:, :1], 3, axis=1) for x in (MUS, LOG_VARIANCES))
    value, (by_logits, by_mean, by_s), _ = parts(MIXTURE, Y, LOGITS, mean, s)
    one, (slope_of_mean, slope_of_s), _ = parts(GAUSSIAN, Y, mean[:, 0], s[:, 0])
    np.testing.assert_allclose(value, one, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(by_logits, 0, atol=1e-15)
    np.testing.assert_allclose(by_mean.sum(axis=1), slope_of_mean, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(by_s.sum(axis=1), slope_of_s, rtol=1e-12, atol=1e-14)


def test_a_shift_of_all_logits_changes_nothing():
    first = parts(MIXTURE, Y, LOGITS, MUS, LOG_VARIANCES)
    assert_parts(parts(MIXTURE, Y, LOGITS + 1024.0, MUS, LOG_VARIANCES), first, 1e-9, 1e-12)
    assert MIXTURE.gradient(Y, LOGITS, MUS, LOG_VARIANCES)[0].sum() == pytest.approx(0, abs=1e-15)


def test_the_order_of_components_does_not_matter():
    order = [2, 0, 1]
    moved = parts(MIXTURE, Y, *(x[:, order] for x in (LOGITS, MUS, LOG_VARIANCES)))
    value, gradient, hessian = parts(MIXTURE, Y, LOGITS, MUS, LOG_VARIANCES)
    expected = value, [x[:, order] for x in gradient], [x[:, order] for x in hessian]
    assert_parts(moved, expected, 1e-12, 1e-14)


HALF = 0.5 * log(2)
FAR_SHARE = exp(-50 * 50 / 2 + 49 * 49 / 2)


@DTYPES
@pytest.mark.parametrize(
    ("y", "logits", "mean", "log_variance", "value", "gradient"),
    [
        # Far in the tails the nearer component counts, and its exponential would be 0 by itself.
        (
            50.0,
            (0, 0),
            (0, 1),
            (0, 0),
            49 * 49 / 2 + log(2) - np.log1p(FAR_SHARE),
            (0.5, -0.5, 0, -49, 0, 0.5 * (1 - 49 * 49)),
        ),
        (1e6, (0, 0), (0, 0), (0, 0), 5e11, (0, 0, -5e5, -5e5, *[(1 - 1e12) / 4] * 2)),
        # Huge logits, and components that are absent.
        (0.0, (1e30, 0), (1, 9), (0, 0), 0.5, (0, 0, 1, 0, 0, 0)),
        (0.0, (-1e30, 0), (1, 2), (0, 0), 2, (0, 0, 0, 2, 0, -1.5)),
        (0.0, (0, -INF), (1, 2), (0, 0), 0.5, (0, 0, 1, 0, 0, 0)),
        (0.0, (INF, 0), (1, 2), (0, 0), 0.5, (0, 0, 1, 0, 0, 0)),
        (0.0, (0, 1e3), (1, 1e3), (0, 0), 1000.5, (-1, 1, 1, 0, 0, 0)),
        # A component that is infinitely far away, or spread over everything, has no share.
        (0.0, (0, 0), (1, INF), (0, 0), 0.5 + log(2), (-0.5, 0.5, 1, 0, 0, 0)),
        (0.0, (0, 0), (1, -INF), (0, 0), 0.5 + log(2), (-0.5, 0.5, 1, 0, 0, 0)),
        (0.0, (0, 0), (1, 1), (0, 2e3), 0.5 + log(2), (-0.5, 0.5, 1, 0, 0, 0)),
        # A tiny scale beside the target, and one on the target.
        (0.0, (0, 0), (1, 1), (0, -2e3), 0.5 + log(2), (-0.5, 0.5, 1, 0, 0, 0)),
        (0.0, (0, 0), (1, 0), (0, -2e3), -1000 + log(2), (0.5, -0.5, 0, 0, 0, 0.5)),
    ],
)
def test_mixtures_at_special_places(y, logits, mean, log_variance, value, gradient, dtype):
    given = [np.array([row], dtype) for row in (logits, mean, log_variance)]
    got = parts(MIXTURE, np.array([y], dtype), *given)
    rtol = 1e-13 if dtype == np.float64 else 3e-6
    assert_parts(got[:2], (value, gradient), rtol, 1e-15)
    assert not np.isnan(np.ravel(got[2])).any()
    assert all(result.dtype == dtype for each in got[1:] for result in each)


def test_where_all_squares_overflow_the_nearest_component_counts():
    given = [[0.0, 0.0, 1e6]], [[3e200, -2e200, -2e200]], [[0.0, 0.0, -0.01]]
    value, (by_logits, by_mean, _), _ = parts(MIXTURE, [0.0], *given)
    assert value == [INF]
    np.testing.assert_array_equal(by_logits, [[0, -1, 1]])
    np.testing.assert_array_equal(by_mean, [[0, -2e200, 0]])


def test_tails_keep_their_digits():
    # log(e⁻¹⁰⁰⁰ + e⁻¹⁰⁰²) is known to all digits, while both terms underflow.
    mean = np.sqrt([[2000.0, 2004.0]])
    expected = 1000 - log(1 + exp(-2)) + log(2)
    assert MIXTURE([0.0], [[0.0, 0.0]], mean, 0.0) == pytest.approx(expected, rel=1e-15)
    by_logits = MIXTURE.gradient([0.0], [[80.0, 0.0]], [[0.0, 0.0]], [[0.0, 1.0]])[0]
    with mpmath.workdps(50):
        share = mpmath.exp(80) / (mpmath.exp(80) + 1)
        other = mpmath.exp(80) / (mpmath.exp(80) + mpmath.exp(mpmath.mpf(-0.5)))
        exact = float(share - other)
    np.testing.assert_allclose(by_logits, [[exact, -exact]], rtol=1e-12)


def test_the_mixture_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"mean must have shape \(40, 3\), that of logits; got"):
        MIXTURE(Y, LOGITS, MUS[:, :2], LOG_VARIANCES[:, :2])
    with pytest.raises(ValueError, match=r"y_true must have shape \(40,\), one target a sample"):
        MIXTURE(MUS, LOGITS, MUS, LOG_VARIANCES)
    with pytest.raises(ValueError, match=r"log_variance must have shape \(40, 3\), that of mean"):
        MIXTURE(Y, LOGITS, MUS, LOG_VARIANCES[:7])
    with pytest.raises(ValueError, match="logits must have an axis for its entries"):
        MIXTURE(0.0, 1.0, 1.0, 1.0)
    with pytest.raises(TypeError, match="log_variance"):
        MIXTURE(Y, LOGITS, MUS)
    with pytest.raises(ValueError, match="y_true must be finite; got nan at index 0"):
        MIXTURE(Y * NAN, LOGITS, MUS, LOG_VARIANCES)
    with pytest.raises(NotImplementedError, match="GaussianMixtureNLL has no optimal constant"):
        MIXTURE.optimal_constant(Y)


@pytest.mark.parametrize("shape", [(), (3,), (40, 1), (1, 3)])
def test_components_may_share_a_log_variance(shape):
    s = RNG.normal(size=shape)
    whole = np.broadcast_to(s, (40, 3)).copy()
    assert MIXTURE(Y, LOGITS, MUS, s) == MIXTURE(Y, LOGITS, MUS, whole)
    *others, by_shared = MIXTURE.gradient(Y, LOGITS, MUS, s)
    *expected, by_each = MIXTURE.gradient(Y, LOGITS, MUS, whole)
    np.testing.assert_array_equal(others, expected)
    assert by_shared.shape == shape
    assert by_shared.sum() == pytest.approx(by_each.sum(), rel=1e-12)


# The continuous ranked probability score.


def integral(y, mean, log_variance):
    """Return the integral of the squared difference of distribution functions, to 25 digits."""
    with mpmath.workdps(30):
        y, mean, deviation = map(mpmath.mpf, (y, mean, mpmath.exp(mpmath.mpf(log_variance) / 2)))

        def below(t):
            return mpmath.ncdf((t - mean) / deviation) ** 2

        def above(t):
            return mpmath.ncdf((mean - t) / deviation) ** 2

        places = [mean + k * deviation for k in (-40, -8, -3, 0, 3, 8, 40)]
        left = [t for t in places if t < y] + [y]
        right = [y] + [t for t in places if t > y]
        parts = [mpmath.quad(f, edges) for f, edges in ((below, left), (above, right))]
        # Beyond 40 deviations the prediction is certain, and the target counts 1.
        beyond = max(y - places[-1], 0) + max(places[0] - y, 0)
        inside = [f for f in parts if f]
        return float(sum(inside)) if not beyond else None


@pytest.mark.parametrize(
    ("y", "mean", "log_variance"),
    [
        (0.0, 0.0, 0.0),
        (0.25, 1.25, 0.5),
        (2.0, -1.0, -1.0),
        (1.0, 1.5, 3.0),
        (-3.0, 4.0, 0.25),
        (0.0, 1e-3, -10.0),
        (5.0, 5.0, -14.0),
        (1.0, -2.5, 6.0),
    ],
)
def test_the_score_is_the_integral(y, mean, log_variance):
    expected = integral(y, mean, log_variance)
    assert CRPS([y], [mean], [log_variance]) == pytest.approx(expected, rel=1e-13)


def test_the_score_is_an_expected_distance_less_half_another():
    rng = np.random.default_rng(3)
    first, second = 0.7 + 1.5 * rng.normal(size=(2, 1_000_000))
    sampled = np.abs(first - 2).mean() - np.abs(first - second).mean() / 2
    assert CRPS([2.0], [0.7], [2 * log(1.5)]) == pytest.approx(sampled, abs=4e-3)


def test_pytorch_differentiates_the_closed_form_alike():
    torch = pytest.importorskip("torch")
    y, mean, s = RNG.normal(size=(3, 50))
    m, t = (torch.tensor(x, requires_grad=True) for x in (mean, s))
    normal = torch.distributions.Normal(0.0, torch.tensor(1.0, dtype=torch.float64))
    deviation = (t / 2).exp()
    x = (torch.tensor(y) - m) / deviation
    value = deviation * (
        x * (2 * normal.cdf(x) - 1) + 2 * normal.log_prob(x).exp() - 1 / np.sqrt(np.pi)
    )
    slopes = torch.autograd.grad(value.sum(), (m, t), create_graph=True)
    bends = [
        torch.autograd.grad(slope.sum(), at, retain_graph=True)[0]
        for slope, at in zip(slopes, (m, t), strict=True)
    ]
    theirs = value.detach(), *([x.detach() for x in each] for each in (slopes, bends))
    assert_parts(parts(CRPS, y, mean, s), theirs, 1e-11, 1e-13)


X3 = erf(3 / sqrt(2))
PHI3 = exp(-4.5) / sqrt(2 * pi)
ROOT = 1 / sqrt(pi)


@DTYPES
@pytest.mark.parametrize(
    ("y", "mean", "log_variance", "value", "gradient", "hessian"),
    [
        (1.0, 1.0, 0.0, AT_0, (0, AT_0 / 2), (2 / sqrt(2 * pi), AT_0 / 4)),
        (
            1.0,
            4.0,
            0.0,
            3 * X3 + 2 * PHI3 - ROOT,
            (X3, PHI3 - ROOT / 2),
            (2 * PHI3, 5 * PHI3 - ROOT / 4),
        ),
        # With a scale of nothing it is the absolute error.
        (1.0, 4.0, -2e3, 3, (1, 0), (0, 0)),
        (4.0, 1.0, -2e3, 3, (-1, 0), (0, 0)),
        (1.0, 1.0, -2e3, 0, (0, 0), (INF, 0)),
        (1.0, 4.0, -INF, 3, (1, 0), (0, 0)),
        # Far in the tails it lies below the absolute error by σ/√π.
        (0.0, 1e6, 0.0, 1e6 - ROOT, (1, -ROOT / 2), (0, -ROOT / 4)),
        (0.0, -1e18, 0.0, 1e18, (-1, -ROOT / 2), (0, -ROOT / 4)),
        (0.0, 1e25, 100.0, 1e25 - ROOT * exp(50), (1, -ROOT / 2 * exp(50)), (0, -ROOT / 4 * E**50)),
        (0.0, INF, 0.0, INF, (1, -ROOT / 2), (0, -ROOT / 4)),
        (0.0, -INF, 0.0, INF, (-1, -ROOT / 2), (0, -ROOT / 4)),
        # A scale beyond all bounds.
        (0.0, 1.0, 2e3, INF, (0, INF), (0, INF)),
        (0.0, 1.0, INF, INF, (0, INF), (0, INF)),
    ],
)
def test_scores_at_special_places(y, mean, log_variance, value, gradient, hessian, dtype):
    got = parts(CRPS, *(np.array([number], dtype) for number in (y, mean, log_variance)))
    assert_parts(got, (value, gradient, hessian), 1e-13 if dtype == np.float64 else 3e-6)
    assert all(result.dtype == dtype for each in got[1:] for result in each)


@DTYPES
def test_a_score_that_single_precision_holds_does_not_overflow(dtype):
    s = np.array([2 * log(5e38)], dtype)
    assert np.isfinite(CRPS(np.zeros(1, dtype), np.zeros(1, dtype), s))


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_not_a_number_stays_one(loss):
    shape = (1, 2) if loss.entries else (1,)
    n_predictions = len(loss.inputs) - 1
    for k in range(n_predictions):
        predictions = [np.full(shape, NAN if j == k else 1.0) for j in range(n_predictions)]
        value, gradient, hessian = parts(loss, [0.5], *predictions)
        assert np.isnan(value).all()
        assert np.isnan(gradient[k]).all()
        assert np.isnan(hessian).any()


@DTYPES
def test_the_score_is_right_to_what_it_says(dtype):
    found = accuracy.largest_errors(CRPS, dtype, n_samples=100, seed=1)
    doc = " ".join(CRPS.__doc__.split())
    told = int(re.search(r"right to (\d+) units in the last place", doc)[1])
    assert all(error <= told for error in found.values()), found


def test_the_score_is_convex_in_mean_and_deviation_but_not_in_the_log_variance():
    y, a, b = np.zeros(500), *RNG.normal(0, 3, (2, 2, 500))
    a[1], b[1] = np.abs(a[1]), np.abs(b[1])
    single = replace(CRPS, reduction="none")

    def score(at):
        return single(y, at[0], 2 * np.log(at[1]))

    assert (score((a + b) / 2) <= (score(a) + score(b)) / 2 + 1e-14).all()
    assert CRPS.hessian([0.0], [3.0], [0.0])[1] < 0


def test_the_score_is_least_for_the_distribution_of_the_targets():
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    y, weights = 1.5 + 2 * nodes, weights / weights.sum()
    least = CRPS(y, np.full(80, 1.5), 2 * log(2), weights)
    for mean, deviation in (1.4, 2), (1.6, 2), (1.5, 1.9), (1.5, 2.1), (0, 1), (3, 5):
        assert CRPS(y, np.full(80, float(mean)), 2 * log(deviation), weights) > least + 1e-6
    by_mean, by_s = replace(CRPS, reduction="sum").gradient(
        y, np.full(80, 1.5), 2 * log(2), weights
    )
    assert [by_mean.sum(), by_s.sum()] == pytest.approx([0, 0], abs=1e-8)


BOUNDED = [
    RNG.normal(3, 2, 200),
    RNG.exponential(1, 50),
    stats.cauchy.rvs(size=60, random_state=1),
    10 ** RNG.uniform(-3, 3, 41) * RNG.choice([-1, 1], 41),
    np.array([0.0, 1.0]),
    np.array([0.0, 1e-6, 1e6]),
    RNG.normal(1e8, 1, 30),
    1e-200 * RNG.normal(size=30),
]


@pytest.mark.parametrize("y", BOUNDED, ids=range(len(BOUNDED)))
@pytest.mark.parametrize("weighted", [False, True])
def test_no_other_gaussian_scores_less_than_the_best(y, weighted):
    weight = RNG.uniform(0.1, 2, y.size) if weighted else np.ones(y.size)
    mean, log_variance = CRPS.optimal_constant(y, weight)
    deviation = exp(log_variance / 2)

    def score(at, s):
        return CRPS(y, np.full(y.size, at), s, weight)

    least = score(mean, log_variance)
    for size in 1e-5, 1e-3, 0.1, 1.0:
        for moved, bent in size * RNG.normal(size=(40, 2)):
            assert score(mean + moved * deviation, log_variance + bent) >= least * (1 - 1e-14)
    by_mean, by_s = replace(CRPS, reduction="sum").gradient(
        y, np.full(y.size, mean), np.full(y.size, log_variance), weight / weight.sum()
    )
    assert by_mean.sum() == pytest.approx(0, abs=1e-7)
    assert by_s.sum() / deviation == pytest.approx(0, abs=1e-7)


def test_the_best_gaussian_of_normal_targets_is_theirs():
    y = stats.norm(5, 3).ppf((np.arange(4000) + 0.5) / 4000)
    mean, log_variance = CRPS.optimal_constant(y)
    assert (mean, exp(log_variance / 2)) == pytest.approx((5, 3), rel=2e-3)


@pytest.mark.parametrize(
    ("weight", "certain"),
    [
        ((0.8, 0.15, 0.05), True),
        ((0.715, 0.15, 0.135), True),
        ((0.75, 0.24, 0.01), False),
        ((0.705, 0.1475, 0.1475), False),
        ((0.7075, 0.14625, 0.14625), True),
    ],
)
def test_most_of_the_targets_at_one_place_may_make_it_certain(weight, certain):
    y = np.array([2.0, 3.0, -1.0])
    mean, log_variance = CRPS.optimal_constant(y, weight)
    assert (log_variance == -INF) == certain
    least = CRPS(y, np.full(3, mean), log_variance, weight)
    for deviation in 1e-6, 1e-3, 0.01, 0.1:
        for moved in -1.0, -0.5, 0.0, 0.5, 1.0:
            at = np.full(3, 2 + moved * deviation)
            assert CRPS(y, at, 2 * log(deviation), weight) >= least
    assert CRPS.optimal_constant([3.0, 3.0]) == (3, -INF)


# What all of them have.


@pytest.mark.parametrize("kind", [lb.GaussianNLL, lb.GaussianMixtureNLL])
def test_constant_terms_are_on_or_off(kind):
    for wrong in None, 1.0, "yes":
        with pytest.raises(TypeError, match="constant_terms must be True or False; got"):
            kind(wrong)
    assert repr(kind(np.True_)) == f"{kind.__name__}(constant_terms=True)"


@pytest.mark.parametrize("loss", [CRPS, MIXTURE], ids=repr)
def test_they_have_no_fisher_information_or_majorizer(loss):
    assert loss.curvatures == ("exact", "abs")
    predictions = [np.ones((1, 2) if loss.entries else 1)] * (len(loss.inputs) - 1)
    with pytest.raises(ValueError, match=r"\['exact', 'abs'\]; got 'fisher'"):
        loss.hessian([0.0], *predictions, curvature="fisher")
