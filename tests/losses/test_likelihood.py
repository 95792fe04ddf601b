"""Likelihoods where they are special: extremes, constant terms, relations, other libraries."""

import re
from dataclasses import replace
from functools import partial

import mpmath
import numpy as np
import pytest
from single import each
from sklearn._loss import HalfTweedieLoss
from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor
from sklearn.metrics import mean_gamma_deviance, mean_poisson_deviance

import lossbook as lb
from lossbook.core import gamma
from lossbook.core.gamma import stirling_remainder

INF, E = np.inf, np.e
FAR = 1e-30 * np.exp(100)
POISSON, GAMMA, TWEEDIE = lb.PoissonNLL(), lb.GammaNLL(), lb.TweedieNLL()
BINOMIAL = lb.NegativeBinomialNLL(dispersion=0.5)
SQUARE, CUBIC = lb.TweedieNLL(power=0.0), lb.TweedieNLL(power=3.0)
OF_LOG_MEAN = [POISSON, GAMMA, TWEEDIE, SQUARE, CUBIC, BINOMIAL]
COMPLETE = [
    lb.PoissonNLL(constant_terms=True),
    lb.GammaNLL(dispersion=0.5, constant_terms=True),
    lb.NegativeBinomialNLL(dispersion=0.5, constant_terms=True),
]
FULL_POISSON, FULL_GAMMA, FULL_BINOMIAL = COMPLETE


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (POISSON, 0.0, 0.0, (1, 1, 1)),
        (POISSON, 3.0, 1.0, (E - 3, E - 3, E)),
        (POISSON, 1.0, 0.0, (1, 0, 1)),
        (POISSON, 2.0, -1e3, (2e3, -2, 0)),
        (POISSON, 0.0, -1e3, (0, 0, 0)),
        (POISSON, 3.0, 800.0, (INF, INF, INF)),
        (POISSON, 0.0, 800.0, (INF, INF, INF)),
        (POISSON, 1e30, 1e18, (INF, INF, INF)),
        (POISSON, 3.0, INF, (INF, INF, INF)),
        (POISSON, 0.0, INF, (INF, INF, INF)),
        (POISSON, 3.0, -INF, (INF, -3, 0)),
        (POISSON, 0.0, -INF, (0, 0, 0)),
        (FULL_POISSON, 0.0, 0.0, (1, 1, 1)),
        (FULL_POISSON, 3.0, 0.0, (1 + np.log(6), -2, 1)),
        (FULL_POISSON, 0.0, -INF, (0, 0, 0)),
        (FULL_POISSON, 0.0, INF, (INF, INF, INF)),
        (FULL_POISSON, 3.0, INF, (INF, INF, INF)),
        (FULL_POISSON, 3.0, -INF, (INF, -3, 0)),
        (FULL_POISSON, 3.0, 800.0, (INF, INF, INF)),
        (FULL_POISSON, 3.0, -1e18, (3e18, -3, 0)),
        (GAMMA, 1.0, 0.0, (1, 0, 1)),
        (GAMMA, 3.0, 0.0, (3, -2, 3)),
        (GAMMA, 3.0, 1e3, (1e3, 1, 0)),
        (GAMMA, 3.0, -1e3, (INF, -INF, INF)),
        (GAMMA, 3.0, INF, (INF, 1, 0)),
        (GAMMA, 3.0, -INF, (INF, -INF, INF)),
        (GAMMA, 1e-30, -100.0, (FAR - 100, 1 - FAR, FAR)),
        (lb.GammaNLL(dispersion=0.25), 3.0, 0.0, (12, -8, 12)),
        (FULL_GAMMA, 3.0, 0.0, (6 - np.log(12), -4, 6)),
        (FULL_GAMMA, 3.0, INF, (INF, 2, 0)),
        (FULL_GAMMA, 3.0, -INF, (INF, -INF, INF)),
        (TWEEDIE, 0.0, 0.0, (2, 1, 0.5)),
        (TWEEDIE, 4.0, 0.0, (10, -3, 2.5)),
        (TWEEDIE, 0.0, -1e18, (0, 0, 0)),
        (TWEEDIE, 0.0, -INF, (0, 0, 0)),
        (TWEEDIE, 4.0, -INF, (INF, -INF, INF)),
        (TWEEDIE, 4.0, INF, (INF, INF, INF)),
        (TWEEDIE, 4.0, -1e4, (INF, -INF, INF)),
        (lb.TweedieNLL(power=1.0), 3.0, -INF, (INF, -3, 0)),
        (lb.TweedieNLL(power=1.0), 0.0, -INF, (0, 0, 0)),
        (lb.TweedieNLL(power=1.0), 3.0, INF, (INF, INF, INF)),
        (lb.TweedieNLL(power=2.0), 3.0, -INF, (INF, -INF, INF)),
        (lb.TweedieNLL(power=2.0), 3.0, INF, (INF, 1, 0)),
        (SQUARE, 3.0, 0.0, (-2.5, -2, -1)),
        (SQUARE, -3.0, 0.0, (3.5, 4, 5)),
        (SQUARE, 3.0, 1e3, (INF, INF, INF)),
        (SQUARE, 0.0, 1e3, (INF, INF, INF)),
        (SQUARE, -3.0, -INF, (0, 0, 0)),
        (CUBIC, 4.0, 0.0, (1, -3, 7)),
        (CUBIC, 4.0, -1e3, (INF, -INF, INF)),
        (CUBIC, 4.0, -INF, (INF, -INF, INF)),
        (CUBIC, 4.0, INF, (0, 0, 0)),
        (BINOMIAL, 0.0, 0.0, (2 * np.log(1.5), 2 / 3, 4 / 9)),
        (BINOMIAL, 4.0, 0.0, (6 * np.log(1.5), -2, 4 / 3)),
        (BINOMIAL, 0.0, 1e3, (2 * (1e3 - np.log(2)), 2, 0)),
        (BINOMIAL, 4.0, 1e3, (2 * (1e3 - np.log(2)) - 4 * np.log(2), 2, 0)),
        (BINOMIAL, 4.0, -1e3, (4e3, -4, 0)),
        (BINOMIAL, 0.0, -1e3, (0, 0, 0)),
        (BINOMIAL, 4.0, INF, (INF, 2, 0)),
        (BINOMIAL, 0.0, -INF, (0, 0, 0)),
        (BINOMIAL, 4.0, -INF, (INF, -4, 0)),
        (FULL_BINOMIAL, 0.0, 0.0, (2 * np.log(1.5), 2 / 3, 4 / 9)),
        # (y + 1) p² (1 - p)ʸ with p = 2/3
        (FULL_BINOMIAL, 4.0, 0.0, (-np.log(5 * 4 / 3**6), -2, 4 / 3)),
        (FULL_BINOMIAL, 1.0, 1e3, (2e3 - np.log(8), 2, 0)),
        (FULL_BINOMIAL, 4.0, 1e3, (2e3 - np.log(20), 2, 0)),
        (FULL_BINOMIAL, 4.0, -1e3, (4e3 + np.log(16 / 5), -4, 0)),
        (FULL_BINOMIAL, 0.0, -INF, (0, 0, 0)),
        (FULL_BINOMIAL, 4.0, -INF, (INF, -4, 0)),
        (FULL_BINOMIAL, 1.0, -INF, (INF, -1, 0)),
        (FULL_BINOMIAL, 4.0, INF, (INF, 2, 0)),
    ],
)
def test_special_places(loss, y_true, y_pred, expected, dtype):
    rtol = 1e-14 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(each(loss, y_true, y_pred, dtype), expected, rtol=rtol, atol=1e-44)


@pytest.mark.parametrize(
    ("dtype", "last", "beyond"), [(np.float32, 88.0, 89.0), (np.float64, 709.0, 710.0)]
)
@pytest.mark.parametrize("loss", [POISSON, FULL_POISSON], ids=repr)
def test_rates_beyond_the_largest_float(loss, dtype, last, beyond):
    assert np.isfinite(each(loss, 3.0, last, dtype)).all()
    np.testing.assert_array_equal(each(loss, 3.0, beyond, dtype), INF)


@pytest.mark.parametrize("loss", [*OF_LOG_MEAN, *COMPLETE], ids=repr)
def test_not_a_number_stays_one(loss):
    for y_true in 1.0, 3.0:
        assert np.isnan(each(loss, y_true, np.nan)).all()


def parts(loss, *inputs):
    single = replace(loss, reduction="none")
    return single(*inputs), single.gradient(*inputs), single.hessian(*inputs)


# Relations.

RNG = np.random.default_rng(7)
Z, COUNTS = RNG.normal(1, 1, 200), RNG.poisson(3.0, 200).astype(float)
AMOUNTS = RNG.gamma(2.0, 2.0, 200)


def assert_same(first, second, y_true, **tolerance):
    for one, other in zip(parts(first, y_true, Z), parts(second, y_true, Z), strict=True):
        np.testing.assert_allclose(one, other, **tolerance)


def test_relations():
    assert_same(lb.TweedieNLL(power=1.0), POISSON, COUNTS, rtol=1e-13, atol=1e-13)
    assert_same(lb.TweedieNLL(power=2.0), GAMMA, AMOUNTS, rtol=1e-15)
    assert_same(lb.NegativeBinomialNLL(dispersion=1e-9), POISSON, COUNTS, rtol=1e-6, atol=1e-6)
    full = lb.NegativeBinomialNLL(dispersion=1e-9, constant_terms=True)
    assert_same(full, FULL_POISSON, COUNTS, rtol=1e-6, atol=1e-6)
    assert_same(lb.GammaNLL(constant_terms=True), GAMMA, AMOUNTS, rtol=1e-13)
    for power in 1.0, 2.0:
        near, limit = (lb.TweedieNLL(power=p, reduction="none") for p in (power + 1e-9, power))
        for part in "gradient", "hessian":
            a, b = (getattr(loss, part)(AMOUNTS, Z) for loss in (near, limit))
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
    value, gradient, hessian = parts(SQUARE, COUNTS, Z)
    rate = np.exp(Z)
    np.testing.assert_allclose(value, ((rate - COUNTS) ** 2 - COUNTS**2) / 2, atol=1e-12)
    np.testing.assert_allclose(gradient, (rate - COUNTS) * rate, atol=1e-12)
    np.testing.assert_allclose(hessian, (2 * rate - COUNTS) * rate, atol=1e-12)


@pytest.mark.parametrize("full", COMPLETE, ids=repr)
def test_constant_terms_do_not_depend_on_the_prediction(full):
    plain, y_true = replace(full, constant_terms=False, reduction="none"), np.array([1.0, 4, 250])
    at = [np.full(3, z) for z in (-3.0, 0.5, 5.0)]
    differences = [replace(full, reduction="none")(y_true, z) - plain(y_true, z) for z in at]
    np.testing.assert_allclose(differences[1:], [differences[0]] * 2, rtol=1e-12)
    assert (np.abs(differences[0]) > 0.1).any()
    for part in "gradient", "hessian":
        results = (
            getattr(replace(loss, reduction="sum"), part)(y_true, at[1]) for loss in (full, plain)
        )
        np.testing.assert_array_equal(*results)


def test_probabilities_of_all_counts_add_up_to_one():
    counts = np.arange(3000.0)
    for loss in FULL_POISSON, FULL_BINOMIAL, lb.NegativeBinomialNLL(3.0, constant_terms=True):
        single = replace(loss, reduction="none")
        for z in -2.0, 0.7, 3.0:
            assert np.exp(-single(counts, np.full(3000, z))).sum() == pytest.approx(1, rel=1e-12)


def test_densities_integrate_to_one():
    t = np.linspace(-60, 8, 20_001)
    step, y_true = t[1] - t[0], np.exp(t)
    for dispersion in 0.1, 1.0, 2.5:
        loss = lb.GammaNLL(dispersion=dispersion, constant_terms=True, reduction="none")
        density = np.exp(-loss(y_true, np.full(t.size, 0.7)))
        assert (density * y_true).sum() * step == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("loss", COMPLETE, ids=repr)
def test_large_counts_lose_no_digits_in_single_precision(loss):
    y_true = np.float32([1e4, 1e6, 1e8])
    y_pred = np.log(y_true) + np.float32(1e-3)
    single = replace(loss, reduction="none")
    exact = single(y_true.astype(float), y_pred.astype(float))
    np.testing.assert_allclose(single(y_true, y_pred), exact, rtol=2e-2)
    at_the_target = np.log(y_true)
    exact = single(y_true.astype(float), at_the_target.astype(float))
    np.testing.assert_allclose(single(y_true, at_the_target), exact, rtol=1e-5)


# Optimal constants.


@pytest.mark.parametrize("loss", [*OF_LOG_MEAN, *COMPLETE, lb.TweedieNLL(power=0.5)], ids=repr)
def test_the_best_constant_is_the_logarithm_of_the_mean(loss):
    y_true, weight = [1.0, 2.0, 6.0], [1.0, 1.0, 0.5]
    assert loss.optimal_constant(y_true) == pytest.approx(np.log(3), rel=1e-15)
    best = loss.optimal_constant(y_true, weight)
    assert type(best) is float
    assert best == pytest.approx(np.log(2.4), rel=1e-15)
    least = loss(y_true, [best] * 3, weight)
    for other in best + np.linspace(-3, 3, 200):
        assert least < loss(y_true, [other] * 3, weight)


def test_no_mean_is_too_small():
    for loss in POISSON, TWEEDIE, BINOMIAL, *COMPLETE[::2]:
        assert loss.optimal_constant([0.0, 0.0]) == -INF
        assert loss([0.0, 0.0], [-INF, -INF]) == 0
    assert SQUARE.optimal_constant([-2.0, 1.0]) == -INF


# What is refused.


@pytest.mark.parametrize(
    ("loss", "y_true", "words"),
    [
        *((loss, -1.0, "y_true must be in [0, inf)") for loss in (POISSON, TWEEDIE, BINOMIAL)),
        *((loss, 0.0, "y_true must be in (0, inf)") for loss in (GAMMA, CUBIC)),
        (lb.TweedieNLL(power=2.0), 0.0, "y_true must be in (0, inf)"),
        (lb.TweedieNLL(power=0.5), -1.0, "y_true must be in [0, inf)"),
        (SQUARE, INF, "y_true must be finite"),
        (POISSON, INF, "y_true must be in [0, inf)"),
    ],
)
def test_targets_outside_the_domain(loss, y_true, words):
    for call in loss, loss.gradient, loss.hessian:
        with pytest.raises(ValueError, match=re.escape(words + f"; got {y_true} at index 1")):
            call([1.0, y_true], [0.0, 0.0])


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: lb.GammaNLL(dispersion=0), ValueError, "dispersion must be in (0, inf); got 0"),
        (lambda: lb.NegativeBinomialNLL(-1.0), ValueError, "dispersion must be in (0, inf)"),
        (lambda: lb.NegativeBinomialNLL(INF), ValueError, "dispersion must be in (0, inf)"),
        (lambda: lb.NegativeBinomialNLL(), TypeError, "dispersion"),
        (lambda: lb.TweedieNLL(power=np.nan), ValueError, "power must be finite"),
        (lambda: lb.TweedieNLL(power="1.5"), TypeError, "power must be a number"),
        (lambda: lb.PoissonNLL(1.0), TypeError, "constant_terms must be True or False; got 1.0"),
    ],
)
def test_parameters_out_of_range(make, error, words):
    with pytest.raises(error, match=re.escape(words)):
        make()


def test_parameters_print_as_they_are_made():
    assert repr(lb.PoissonNLL(np.True_)) == "PoissonNLL(constant_terms=True)"
    assert repr(BINOMIAL) == "NegativeBinomialNLL(dispersion=0.5, constant_terms=False)"
    assert repr(lb.TweedieNLL(1)) == "TweedieNLL(power=1.0)"


@pytest.mark.parametrize(
    ("power", "convex"),
    [(-1, False), (0, False), (0.9, False), (1, True), (1.5, True), (2, True), (2.1, False)],
)
def test_powers_of_convex_losses(power, convex):
    assert lb.TweedieNLL(power=power).traits.convex == convex
    y_true = 1.0 if power >= 1 else 3.0
    grid = np.linspace(-4, 4, 801)
    single = lb.TweedieNLL(power=power, reduction="none")
    assert (single.hessian(np.full(801, y_true), grid) >= 0).all() == convex


# What Stirling's formula leaves.


def exact_remainder(x):
    return mpmath.loggamma(x + 1) - (x * mpmath.log(x) - x if x else 0)


@pytest.mark.parametrize("start", [0.0, 0.01, 1.0, 5.9, 8.0, 100.0])
def test_remainder_of_stirlings_formula(start):
    around = [7.999999, 8.0, 8.000001]
    x = np.array([0.0, 1e-200, 1e-9, 1e-3, 0.1, 0.5, 1.0, 2.0, 3.7, *around, 30.0, 1e3, 1e9, 1e15])
    got = stirling_remainder(x, start)
    with mpmath.workdps(320):
        first = mpmath.mpf(start)
        for each_x, value in zip(map(mpmath.mpf, x.tolist()), got.tolist(), strict=True):
            exact = exact_remainder(first + each_x) - exact_remainder(first)
            assert abs(value - exact) <= 16 * float(np.spacing(value))


def test_stirlings_series_has_bernoullis_numbers():
    for k, coefficient in enumerate(gamma._SERIES, 1):
        expected = mpmath.bernoulli(2 * k) / (2 * k * (2 * k - 1))
        assert coefficient == pytest.approx(float(expected), rel=1e-15)


# Other libraries.


def test_pytorch_has_the_same_second_derivatives():
    torch = pytest.importorskip("torch")
    z = torch.tensor(Z, requires_grad=True)
    values = torch.nn.functional.poisson_nll_loss(z, torch.tensor(COUNTS), reduction="none")
    (slopes,) = torch.autograd.grad(values.sum(), z, create_graph=True)
    (curvatures,) = torch.autograd.grad(slopes.sum(), z)
    for theirs, ours in zip((values, slopes, curvatures), parts(POISSON, COUNTS, Z), strict=True):
        np.testing.assert_allclose(theirs.detach(), ours, rtol=1e-12, atol=1e-13)


class TestPyTorchTraps:
    @pytest.fixture
    def torch(self):
        return pytest.importorskip("torch")

    def test_its_log_factorial_is_an_approximation(self, torch):
        data = torch.zeros(1), torch.tensor([2.0])
        kept, full = (
            torch.nn.functional.poisson_nll_loss(*data, full=full).item() for full in (False, True)
        )
        assert full - kept == pytest.approx(np.log(2) - 0.0413, abs=1e-4)
        assert FULL_POISSON([2.0], [0.0]) - POISSON([2.0], [0.0]) == pytest.approx(np.log(2))

    def test_rates_need_to_be_announced(self, torch):
        rate, count = torch.tensor([3.0]), torch.tensor([2.0])
        theirs = torch.nn.functional.poisson_nll_loss(rate, count, log_input=False)
        assert theirs.item() == pytest.approx(POISSON([2.0], [np.log(3)]), rel=1e-6)

    def test_its_distributions_take_whole_counts(self, torch):
        with pytest.raises(ValueError, match="support"):
            # The compiler of PyTorch, once imported, switches the check off.
            strict = torch.distributions.Poisson(torch.ones(1), validate_args=True)
            strict.log_prob(torch.tensor([2.5]))
        lax = torch.distributions.Poisson(torch.ones(1).double(), validate_args=False)
        ours = FULL_POISSON([2.5], [0.0])
        assert -lax.log_prob(torch.tensor([2.5]).double()) == pytest.approx(ours)


def test_keras_adds_to_the_rate_in_the_logarithm():
    torch, losses = pytest.importorskip("torch"), pytest.importorskip("keras.losses")
    value = losses.poisson(torch.ones(1, 1), torch.zeros(1, 1)).item()
    assert value == pytest.approx(-np.log(1e-7), rel=1e-6)
    assert POISSON([1.0], [-INF]) == INF


def test_scikit_learn_has_half_the_squared_target_at_power_0():
    theirs = HalfTweedieLoss(power=0.0)
    value = theirs.loss(COUNTS, Z)
    np.testing.assert_allclose(value - COUNTS**2 / 2, parts(SQUARE, COUNTS, Z)[0], atol=1e-12)
    np.testing.assert_allclose(theirs.gradient(COUNTS, Z), parts(SQUARE, COUNTS, Z)[1], atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "metric"),
    [(POISSON, mean_poisson_deviance), (GAMMA, mean_gamma_deviance)],
    ids=["Poisson", "gamma"],
)
def test_deviances_are_twice_what_is_above_the_least(loss, metric):
    deviance = metric(AMOUNTS, np.exp(Z))
    excess = loss(AMOUNTS, Z) - loss(AMOUNTS, np.log(AMOUNTS))
    assert deviance == pytest.approx(2 * excess, rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "model"),
    [
        (POISSON, PoissonRegressor),
        (GAMMA, GammaRegressor),
        (TWEEDIE, partial(TweedieRegressor, power=1.5, link="log")),
    ],
    ids=["Poisson", "gamma", "Tweedie"],
)
def test_models_of_scikit_learn_minimise_the_loss(loss, model):
    x = RNG.normal(size=(200, 2))
    y_true = RNG.gamma(2.0, np.exp(0.3 * x[:, 0] - 0.2) / 2)
    fitted = model(alpha=0.0, tol=1e-10).fit(x, y_true)
    slope = loss.gradient(y_true, np.log(fitted.predict(x)))
    np.testing.assert_allclose([slope.sum(), *(slope @ x)], 0, atol=1e-6)
