"""What tests of single losses ask again and again."""

import re
import warnings
from dataclasses import replace
from functools import partial

import mpmath
import numpy as np
import pytest
import sympy as sp
from reference.definition import value as defined

from lossbook import symbolic
from lossbook.symbolic.formula import listed
from lossbook.testing import Samples

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
PARTS = ("__call__", "gradient", "hessian")


def each(loss, y_true, y_pred, dtype=np.float64):
    """Return value, gradient and hessian of one sample, where every warning is an error."""
    loss = replace(loss, reduction="none")
    y_true, y_pred = np.asarray(y_true), np.array([y_pred], dtype)
    y_true = y_true[None] if y_true.dtype.kind == "i" else y_true[None].astype(dtype)
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        results = loss(y_true, y_pred), loss.gradient(y_true, y_pred), loss.hessian(y_true, y_pred)
    assert all(result.dtype == dtype for result in results)
    return [result[0] for result in results]


def assert_parts(loss, y_true, y_pred, expected, dtype):
    """Assert what value, gradient and hessian of one sample are, to the digits of the dtype."""
    tolerance, least = (1e-14, 1e-59) if dtype == np.float64 else (3e-7, 1e-44)
    for result, wanted in zip(each(loss, y_true, y_pred, dtype), expected, strict=True):
        np.testing.assert_allclose(result, np.array(wanted, float), rtol=tolerance, atol=least)


def assert_nan(loss, y_true, y_pred=np.nan):
    """Assert that value and gradient of one sample are not numbers."""
    assert np.isnan(each(loss, y_true, y_pred)[:2]).all()


def assert_lowest(loss):
    """Assert that the optimal constant is the lowest of several minima, in many digits."""
    rng = np.random.default_rng(3)
    grid = np.linspace(-100, 40, 14_001)
    for n in 5, 9, 40:
        near, far = rng.normal(0, 0.3, n), rng.normal(30, 2, n - n // 4)
        y = np.concatenate([near, far, [-100.0]])
        each = replace(loss, reduction="none")(*np.broadcast_arrays(y[:, None], grid))
        for weight in np.ones(y.size), rng.uniform(0.5, 2, y.size):
            best, costs = loss.optimal_constant(y, weight), weight @ each / weight.sum()
            assert loss(y, np.full(y.size, best), weight) <= costs.min() * (1 + 1e-15)
            assert abs(best - grid[costs.argmin()]) < 0.01
            with mpmath.workdps(30):
                slope = partial(_slope_of_sum, loss, y, weight)
                exact = mpmath.findroot(slope, best, tol=1e-20)
            assert best == pytest.approx(float(exact), rel=1e-11, abs=1e-13)


def assert_least_hessian(loss):
    """Assert what a loss of the residual says of its smallest second derivative."""
    r = loss.scale * np.linspace(0, 30, 300_001)
    least = replace(loss, reduction="none").hessian(np.zeros_like(r), r).min()
    assert loss._least_hessian == pytest.approx(least, rel=1e-6)
    assert loss._least_hessian <= least * (1 - 1e-14)


def _slope_of_sum(loss, y, weight, constant):
    """Return the derivative by a constant prediction, from the definition of a loss."""
    return mpmath.fsum(
        mpmath.mpf(w) * mpmath.diff(partial(defined, loss, mpmath.mpf(t)), constant)
        for t, w in zip(y, weight, strict=True)
    )


def parts(loss, y_true, y_pred):
    """Return value, gradient and hessian of every sample."""
    loss = replace(loss, reduction="none")
    return [getattr(loss, part)(y_true, y_pred) for part in PARTS]


def quiet(loss, y_true, y_pred, dtype=np.float64):
    """Return value, gradient and hessian of every sample, where every warning is an error."""
    loss = replace(loss, reduction="none")
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred, dtype)
    y_true = y_true.astype(dtype) if y_true.dtype.kind == "f" else y_true
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        results = [loss(y_true, y_pred), *loss.gradient_and_hessian(y_true, y_pred)]
    assert all(result.dtype == dtype for result in results)
    return results


def assert_shown(loss):
    """Assert that the expression of a loss of rows is what is computed."""
    shown, samples = symbolic.expression(loss).subs().for_classes(3).written_out(), Samples(loss)
    y_true, y_pred = samples.labels(loss.y_true_domain, 8)[3:], samples.predictions(5)
    arguments = [*listed(shown.y_true), *listed(shown.y_pred)]
    displayed = shown.value, shown.gradient, shown.hessian
    for expr, computed in zip(displayed, quiet(loss, y_true, y_pred), strict=True):
        function = sp.lambdify(arguments, listed(expr), "mpmath", cse=True)
        for row, true, pred in zip(computed.reshape(5, -1), y_true, y_pred, strict=True):
            with mpmath.workdps(40):
                exact = list(map(float, function(*map(mpmath.mpf, (*true, *pred)))))
            np.testing.assert_allclose(row, exact, rtol=1e-12, atol=1e-13)


def assert_no_best(loss, y_true):
    """Assert that a loss has no formula for the best constant."""
    with pytest.raises(NotImplementedError, match="has no optimal constant"):
        loss.optimal_constant(y_true)


def assert_same(first, second, y_true, y_pred, factor=1.0, rtol=1e-12, atol=1e-15):
    """Assert that one loss is a multiple of another, and so are its derivatives."""
    pairs = zip(parts(first, y_true, y_pred), parts(second, y_true, y_pred), strict=True)
    for one, other in pairs:
        np.testing.assert_allclose(one, factor * other, rtol=rtol, atol=atol)


def assert_best(loss, y_true, weight, best):
    """Assert what constant minimises a loss on a weighted sample of targets."""
    result = loss.optimal_constant(y_true, weight)
    assert type(result) is (float if np.ndim(best) == 0 else np.ndarray)
    np.testing.assert_allclose(result, best, rtol=1e-12, atol=1e-12)


def assert_best_on(grid, loss, labels, share, tolerance):
    """Assert that no constant of a grid beats the optimal one, which is next to the best of it."""
    weight = [1 - share, share]
    best = loss.optimal_constant(labels, weight)
    costs = [loss(labels, [c, c], weight) for c in grid]
    assert loss(labels, [best, best], weight) <= min(costs) + 1e-15
    if tolerance is not None:
        assert best == pytest.approx(grid[np.argmin(costs)], abs=tolerance)


def assert_refused(kind, name, values):
    """Assert that a parameter of a loss has none of these values."""
    for value in values:
        with pytest.raises(ValueError, match=f"{name} must be"):
            kind(**{name: value})


def assert_inputs_refused(loss, y_true, y_pred, words):
    """Assert that value, gradient and hessian refuse inputs, in these words."""
    for part in PARTS:
        with pytest.raises(ValueError, match=re.escape(words)):
            getattr(loss, part)(y_true, y_pred)


def assert_labels_only(loss):
    """Assert that a loss over classes refuses distributions, and labels that are no integers."""
    for call in loss, loss.gradient, loss.hessian:
        with pytest.raises(ValueError, match=r"y_true must have shape \(1,\) \(labels\) for"):
            call([[0.5, 0.5]], [[0.0, 1.0]])
        with pytest.raises(ValueError, match=r"a class index from 0 to 1; got 0.5 at index 0"):
            call([0.5], [[0.0, 1.0]])
        np.testing.assert_array_equal(call([1.0], [[0.0, 1.0]]), call([1], [[0.0, 1.0]]))
        with pytest.raises(ValueError, match="a class index from 0 to 1; got 2 at index 0"):
            call([2], [[0.0, 1.0]])


def assert_double_backward(loss, y_true, y_pred, value):
    """Assert that PyTorch gets the same derivatives of a loss over classes from its value.

    `value` takes the scores as a tensor and returns the loss of every sample.
    """
    torch = pytest.importorskip("torch")
    z = torch.tensor(y_pred, requires_grad=True)
    (gradient,) = torch.autograd.grad(value(z).sum(), z, create_graph=True)
    n_classes = y_pred.shape[-1]
    rows = [
        torch.autograd.grad(gradient[:, k].sum(), z, retain_graph=True)[0] for k in range(n_classes)
    ]
    hessian = torch.stack([row[:, k] for k, row in enumerate(rows)], dim=-1)
    _, ours, curvature = parts(loss, y_true, y_pred)
    np.testing.assert_allclose(ours, gradient.detach(), atol=1e-12)
    np.testing.assert_allclose(curvature, hessian.detach(), atol=1e-11)


def assert_agrees(loss, metric, y_true, y_pred, weight, rel=1e-13):
    """Assert that a metric of scikit-learn is the mean of a loss, with weights and without."""
    for given in None, weight:
        expected = metric(y_true, y_pred, sample_weight=given)
        assert loss(y_true, y_pred, given) == pytest.approx(expected, rel=rel)
