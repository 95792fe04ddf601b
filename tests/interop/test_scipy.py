"""Losses as functions that SciPy minimises."""

import pickle
from functools import partial

import data
import numpy as np
import pytest

import lossbook as lb

optimize = pytest.importorskip("scipy.optimize", reason="SciPy is not installed")

from lossbook.interop.scipy import objective, rho  # noqa: E402


def with_ones(x):
    return np.column_stack([np.ones(len(x)), x])


CASES = {
    "numbers": (lb.PseudoHuber(delta=0.5), data.numbers),
    "sum": (lb.LogCosh(reduction="sum"), data.numbers),
    "counts": (lb.PoissonNLL(), data.counts),
    "two classes": (lb.SigmoidCrossEntropy(), data.two_classes),
    "classes": (lb.SoftmaxCrossEntropy(), data.classes),
}


@pytest.fixture(params=CASES)
def f(request):
    """An objective with weights and with a penalty on all but the intercept."""
    loss, draw = CASES[request.param]
    d = draw()
    return objective(loss, with_ones(d.x), d.y, d.weight, penalty=[0, 0.1, 0.1, 0.2, 0.0])


def point(f, seed=0):
    return np.random.default_rng(seed).normal(0, 0.5, f.x0.shape)


def test_derivatives_agree_with_differences(f):
    w = point(f)
    assert optimize.check_grad(f.fun, f.jac, w) < 1e-6 * max(1, np.abs(f.jac(w)).max())
    numerical = optimize.approx_fprime(w, f.jac, 1e-6)
    np.testing.assert_allclose(f.hess(w), numerical, rtol=1e-4, atol=1e-5)


def test_product_is_that_of_the_matrix(f):
    w, v = point(f), point(f, 1)
    np.testing.assert_allclose(f.hessp(w, v), f.hess(w) @ v, rtol=1e-10, atol=1e-12)


def test_value_and_gradient_from_one_pass(f):
    w = point(f)
    value, gradient = f.fun_and_jac(w)
    assert value == f.fun(w)
    np.testing.assert_array_equal(gradient, f.jac(w))
    np.testing.assert_array_equal(f.jac(f.matrix(w)), gradient)


def test_value_is_loss_and_penalty(f):
    w = point(f)
    b = f.matrix(w)
    penalty = np.sum(np.array([0, 0.1, 0.1, 0.2, 0.0]) @ np.square(b)) / 2
    expected = f.loss(f.y, f.X @ b, f.sample_weight) + penalty
    assert f.fun(w) == pytest.approx(expected, rel=1e-14)


def test_all_methods_find_the_same_minimum(f):
    methods = {
        "L-BFGS-B": {"jac": f.jac},
        "Newton-CG": {"jac": f.jac, "hessp": f.hessp},
        "trust-ncg": {"jac": f.jac, "hessp": f.hessp},
        "trust-exact": {"jac": f.jac, "hess": f.hess},
    }
    tight = {"L-BFGS-B": {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 10_000}}
    found = [
        optimize.minimize(f.fun, f.x0, method=method, options=tight.get(method), **given).fun
        for method, given in methods.items()
    ]
    np.testing.assert_allclose(found, found[0], rtol=1e-7)


def test_least_squares_in_closed_form():
    d = data.numbers()
    x = with_ones(d.x)
    f = objective(lb.HalfSquaredError(), x, d.y)
    found = optimize.minimize(f.fun, f.x0, jac=f.jac, hess=f.hess, method="trust-exact")
    np.testing.assert_allclose(found.x, np.linalg.lstsq(x, d.y)[0], atol=1e-8)


def test_logistic_regression_of_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model", reason="no scikit-learn")
    d = data.classes()
    # It multiplies the sum by C and has no penalty on intercepts.
    theirs = linear_model.LogisticRegression(C=2.0, tol=1e-10, max_iter=1000)
    theirs.fit(d.x, d.y, sample_weight=d.weight)
    f = objective(
        lb.SoftmaxCrossEntropy(reduction="sum"),
        with_ones(d.x),
        d.y,
        d.weight,
        penalty=[0, 0.5, 0.5, 0.5, 0.5],
    )
    found = optimize.minimize(f.fun, f.x0, jac=f.jac, hessp=f.hessp, method="trust-ncg")
    np.testing.assert_allclose(f.matrix(found.x)[1:], theirs.coef_.T, atol=1e-4)


def test_several_classes_without_the_whole_second_derivative():
    d = data.classes()
    f = objective(lb.SoftmaxFocal(), d.x, d.y)
    assert f.shape == (4, 3)
    for call in partial(f.hess, f.x0), partial(f.hessp, f.x0, f.x0):
        with pytest.raises(NotImplementedError, match="only the diagonal"):
            call()
    assert optimize.minimize(f.fun_and_jac, f.x0, jac=True).success


class TestWhatIsRefused:
    """Errors name the argument."""

    def test_inputs(self):
        d = data.numbers()
        with pytest.raises(ValueError, match="X must have two axes"):
            objective(lb.Huber(), d.y, d.y)
        with pytest.raises(ValueError, match="y must have one entry per row"):
            objective(lb.Huber(), d.x, d.y[1:])
        for penalty in (-1.0, [1.0, 2.0], np.nan):
            with pytest.raises(ValueError, match="penalty must be a number that is not negative"):
                objective(lb.Huber(), d.x, d.y, penalty=penalty)
        with pytest.raises(ValueError, match="reduction"):
            objective(lb.Huber(reduction="none"), d.x, d.y)
        with pytest.raises(TypeError, match="one number or of scores"):
            objective(lb.Triplet(), d.x, d.y)


SCIPY = {
    "linear": lb.HalfSquaredError(),
    "huber": lb.Huber(delta=1.0),
    "soft_l1": lb.PseudoHuber(delta=1.0),
    "cauchy": lb.Cauchy(scale=1.0),
}


@pytest.mark.parametrize("f_scale", [1.0, 0.3])
@pytest.mark.parametrize("name", SCIPY)
def test_rho_equals_the_built_in(name, f_scale):
    d = data.numbers()
    x = with_ones(d.x)
    solve = partial(optimize.least_squares, lambda w: x @ w - d.y, np.zeros(5), f_scale=f_scale)
    ours, theirs = solve(loss=rho(SCIPY[name])), solve(loss=name)
    assert ours.cost == pytest.approx(theirs.cost, rel=1e-12)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-6, atol=1e-7)
    if f_scale == 1:
        assert ours.cost == pytest.approx(rho(SCIPY[name]).loss(d.y, x @ ours.x).sum())


# By hand, from the series of ρ in z.
AT_ZERO = [
    (lb.HalfSquaredError(), 1, 0),
    (lb.SquaredError(), 2, 0),
    (lb.Huber(delta=1e-3), 1, 0),
    (lb.SmoothL1(beta=4.0), 1 / 4, 0),
    (lb.PseudoHuber(delta=2.0), 1, -1 / 8),
    (lb.PseudoHuber(delta=1e6), 1, -0.5e-12),
    (lb.LogCosh(), 1, -1 / 3),
    (lb.Cauchy(scale=3.0), 1, -1 / 9),
    (lb.Welsch(scale=3.0), 1, -1 / 9),
    (lb.GemanMcClure(scale=3.0), 1, -2 / 9),
    (lb.Tukey(scale=3.0), 1, -2 / 9),
    (lb.Fair(scale=2.0), 1, 0),
]


@pytest.mark.parametrize(("loss", "first", "second"), AT_ZERO, ids=repr)
def test_limits_at_zero(loss, first, second):
    for z in 0.0, 5e-324, 1e-300:
        found = rho(loss)(np.array([z]))
        assert np.isfinite(found).all()
        assert found[0, 0] == pytest.approx(first * z, abs=1e-300)
        assert found[1, 0] == pytest.approx(first, rel=1e-12)
        if z == 0 or not isinstance(loss, lb.Fair):
            assert found[2, 0] == pytest.approx(second, rel=1e-6)


@pytest.mark.parametrize("loss", [loss for loss, *_ in AT_ZERO], ids=repr)
def test_derivatives_of_rho(loss):
    z = np.array([0.01, 0.3, 2.0, 5.0, 30.0])
    step = 1e-6 * z
    up, down, middle = (rho(loss)(z + s) for s in (step, -step, 0 * step))
    scale = np.abs(middle[1]).max()
    np.testing.assert_allclose(
        middle[1], (up[0] - down[0]) / (2 * step), rtol=1e-5, atol=1e-7 * scale
    )
    np.testing.assert_allclose(
        middle[2], (up[1] - down[1]) / (2 * step), rtol=1e-5, atol=1e-7 * scale
    )


def test_result_is_new_and_writable_each_time():
    function = rho(lb.Huber(delta=1.0))
    z = np.array([0.0, 4.0])
    first = function(z)
    first[:] = np.nan
    np.testing.assert_allclose(function(z), [[0, 3], [1, 0.5], [0, -0.0625]])
    assert z.tolist() == [0, 4]
    assert function.__name__ == "Huber"
    assert pickle.loads(pickle.dumps(function)) == function


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (lb.Pinball(quantile=0.9), "symmetric"),
        (lb.PoissonNLL(), "symmetric"),
        (lb.AbsolutePercentageError(), "symmetric"),
        (lb.AbsoluteError(), "kink"),
    ],
    ids=repr,
)
def test_rho_refuses(loss, reason):
    with pytest.raises(ValueError, match=reason):
        rho(loss)
