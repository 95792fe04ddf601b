"""What losses of rows and losses of several predictions inherit."""

import inspect
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

import lossbook as lb
from lossbook.base import Call, JointLoss, PointwiseLoss, ResidualLoss, RowLoss


class Product(JointLoss):
    """The product of two factors with what they should give."""

    def _inputs(self, y_true, first, second, sample_weight=None, *, curvature="exact", out=None):
        return Call((y_true, first, second), sample_weight, curvature, out)

    def _shared(self, y_true, first, second):
        return first * second - y_true, first, second

    def _value(self, r, first, second):
        return r**2

    def _gradient(self, r, first, second):
        return 2 * r * second, 2 * r * first

    def _hessian(self, r, first, second):
        return 2 * second**2, 2 * first**2


class Distance(JointLoss):
    """The squared distance of two rows."""

    def _inputs(self, first, second, sample_weight=None, *, curvature="exact", out=None):
        return Call((first, second), sample_weight, curvature, out)

    entries: ClassVar[int] = 1

    def _shared(self, first, second):
        return (first - second,)

    def _value(self, d):
        return np.add.reduce(d**2, axis=0)

    def _gradient(self, d):
        return 2 * d, -2 * d

    def _hessian(self, d):
        return np.full_like(d, 2), np.full_like(d, 2)


class RowMaximum(RowLoss):
    """The largest squared error of a row."""

    def _shared(self, y_true, y_pred):
        return (y_pred - y_true,)

    def _value(self, r):
        return np.maximum.reduce(r**2, axis=0)

    def _gradient(self, r):
        return np.where(np.abs(r) == np.abs(r).max(axis=0), 2 * r, 0)


class Scaled(lb.SquaredError):
    """A squared error whose residuals may be scaled by a number of the call."""

    def _inputs(
        self, y_true, y_pred, sample_weight=None, *, scale=None, curvature="exact", out=None
    ):
        return Call((y_true, y_pred, scale), sample_weight, curvature, out)

    def _read(self, y_true, y_pred, scale=None):
        return super()._read(y_true, np.multiply(y_pred, 1 if scale is None else scale))


RNG = np.random.default_rng(0)
Y, A, B = RNG.normal(size=(3, 5, 7))
W = RNG.uniform(0.5, 2, (5, 7))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_each_prediction_has_its_own_derivatives(reduction):
    loss, scale = Product(reduction=reduction), W / (W.sum() if reduction == "mean" else 1)
    r = A * B - Y
    value, gradient = loss.value_and_gradient(Y, A, B, W)
    np.testing.assert_allclose(value, scale * r**2 if reduction == "none" else (scale * r**2).sum())
    for got, factor in zip(gradient, (B, A), strict=True):
        np.testing.assert_allclose(got, scale * 2 * r * factor)
    again, hessian = loss.gradient_and_hessian(Y, A, B, sample_weight=W)
    np.testing.assert_array_equal(again, gradient)
    np.testing.assert_array_equal(hessian, loss.hessian(Y, A, B, W))
    np.testing.assert_allclose(hessian[1], scale * 2 * A**2)


def test_inputs_are_taken_by_name_and_position():
    loss = Product()
    assert loss(Y, second=B, first=A) == loss(Y, A, B)
    assert Product.inputs == ("y_true", "first", "second")
    assert list(inspect.signature(loss).parameters) == [*Product.inputs, "sample_weight", "out"]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'second'"):
        loss(Y, A)
    with pytest.raises(TypeError, match="unexpected keyword argument 'third'"):
        loss(Y, A, B, third=B)
    with pytest.raises(TypeError, match="unexpected keyword argument 'curvature'"):
        loss.gradient(Y, A, B, curvature="abs")
    assert "curvature" in inspect.signature(loss.hessian).parameters
    assert "y_true, first, second" in Product.gradient.__doc__


def test_options_are_given_by_keyword_or_not_at_all():
    loss = Scaled()
    assert list(inspect.signature(loss).parameters) == [
        "y_true",
        "y_pred",
        "sample_weight",
        "scale",
        "out",
    ]
    assert loss(Y, A) == lb.SquaredError()(Y, A)
    assert loss(Y, A, W, scale=2) == lb.SquaredError()(Y, 2 * A, W)
    _, gradient = loss.value_and_gradient(y_true=Y, y_pred=A, scale=2)
    np.testing.assert_array_equal(gradient, lb.SquaredError().gradient(Y, 2 * A))
    with pytest.raises(TypeError, match="positional arguments"):
        loss(Y, A, W, 2)
    assert "y_true, y_pred, scale" in Scaled.hessian.__doc__


def test_rows_are_samples():
    loss = Distance(reduction="none")
    np.testing.assert_allclose(loss(A, B), ((A - B) ** 2).sum(axis=1))
    weight = W[:, 0]
    first, second = loss.gradient(A, B, weight)
    np.testing.assert_allclose(first, 2 * weight[:, None] * (A - B))
    np.testing.assert_array_equal(second, -first)
    assert replace(loss, reduction="sum")(A[0], B[0]) == pytest.approx(((A[0] - B[0]) ** 2).sum())


def test_rows_of_a_fortran_array_and_of_several_sample_axes():
    loss, y_pred = RowMaximum(reduction="none"), RNG.normal(size=(4, 3, 6))
    y_true = np.asfortranarray(RNG.normal(size=(4, 3, 6)))
    np.testing.assert_allclose(loss(y_true, y_pred), ((y_pred - y_true) ** 2).max(axis=-1))
    gradient = loss.gradient(y_true, y_pred)
    assert gradient.shape == y_pred.shape
    assert (np.count_nonzero(gradient, axis=-1) == 1).all()
    assert loss(y_true[0, 0], y_pred[0, 0]).shape == ()


def test_out_takes_an_array_for_each():
    loss, out = Product(), tuple(np.empty((2, 5, 7)))
    gradient = loss.gradient(Y, A, B, out=out)
    assert all(a is b for a, b in zip(gradient, out, strict=True))
    np.testing.assert_array_equal(out, loss.gradient(Y, A, B))
    value, gradient = loss.value_and_gradient(Y, A, B, out=out)
    assert value == loss(Y, A, B)
    with pytest.raises(ValueError, match="gradient by first and gradient by second; got 1"):
        loss.gradient(Y, A, B, out=out[0])
    with pytest.raises(ValueError, match="gradient by second must not share memory"):
        loss.gradient(Y, A, B, out=(out[0], out[0]))


@pytest.mark.parametrize("threads", [1, 3])
def test_many_blocks(threads):
    before = lb.get_num_threads()
    lb.set_num_threads(threads)
    try:
        y, a, b = RNG.normal(size=(3, 300_000))
        value, (by_a, by_b) = Product(reduction="sum").value_and_gradient(y, a, b)
    finally:
        lb.set_num_threads(before)
    r = a * b - y
    assert value == pytest.approx((r**2).sum(), rel=1e-12)
    np.testing.assert_array_equal(by_a, 2 * r * b)
    np.testing.assert_array_equal(by_b, 2 * r * a)


def test_single_precision_and_integers():
    first, second = Distance().gradient(A.astype(np.float32), B.astype(np.float32))
    assert first.dtype == second.dtype == np.float32
    assert Distance().gradient([[1, 2]], [[3, 4]])[0].dtype == np.float64


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Product()(Y, A, B[:1]), r"second must have shape \(5, 7\), that of first"),
        (lambda: Product()(Y[0], A, B), r"y_true must have shape \(5, 7\), one target a sample"),
        (lambda: Product()(Y * np.nan, A, B), r"y_true must be finite; got nan at index 0, 0"),
        (lambda: Distance()(1.0, 2.0), r"first must have an axis for its entries"),
        (lambda: Distance()(A, B, W), r"sample_weight must have shape \(5,\)"),
        (lambda: RowMaximum()(A, B[:, :1]), r"y_pred must have shape \(5, 7\), that of y_true"),
        (lambda: RowMaximum()(1.0, 2.0), "y_pred must have one axis or more"),
        (lambda: RowMaximum().optimal_constant(A), "RowMaximum has no optimal constant"),
    ],
)
def test_bad_inputs(call, words):
    with pytest.raises((ValueError, NotImplementedError), match=words):
        call()


def test_where_a_row_is_outside_its_domain():
    y_true = np.zeros((2, 3, 4))
    y_true[1, 2, 3] = np.inf
    with pytest.raises(ValueError, match="y_true must be finite; got inf at index 1, 2, 3"):
        RowMaximum()(y_true, np.zeros((2, 3, 4)))


# What a class leaves out, and what it may shorten.


class Shortened(PointwiseLoss):
    """A squared error whose formulas share one array."""

    def _shared(self, y_true, y_pred):
        return y_pred - y_true

    def _value(self, r):
        return r * r

    def _gradient(self, r):
        return 2 * r

    def _hessian(self, r):
        return np.full_like(r, 2)


class ShortenedResidual(ResidualLoss):
    """The same by its base, whose best constant is sought."""

    def _shared(self, y_true, y_pred):
        return y_pred - y_true

    def _traits(self):
        return lb.SquaredError().traits

    _gradient = Shortened._gradient


class OnlyValue(PointwiseLoss):
    """A loss that states its value and nothing else."""

    def _shared(self, y_true, y_pred):
        return (y_pred - y_true,)

    def _value(self, r):
        return np.abs(r)


class Nothing(PointwiseLoss):
    """A loss that states nothing."""


def test_one_array_may_be_shared():
    loss = Shortened()
    assert loss(Y, A) == lb.SquaredError()(Y, A)
    np.testing.assert_array_equal(loss.gradient(Y, A, W), lb.SquaredError().gradient(Y, A, W))
    np.testing.assert_array_equal(loss.hessian(Y, A, curvature="abs"), loss.hessian(Y, A))
    y = Y.ravel()
    assert ShortenedResidual().optimal_constant(y) == pytest.approx(y.mean(), rel=1e-12)


def test_what_is_missing_matters_only_when_it_is_asked_for():
    loss = OnlyValue()
    assert loss([0.0], [2.0]) == 2
    assert loss.curvatures == ()
    with pytest.raises(NotImplementedError, match=r"its gradient: .* must have a _gradient"):
        loss.gradient([0.0], [2.0])
    with pytest.raises(NotImplementedError, match=r"its second derivative: .* a _hessian"):
        loss.hessian([0.0], [2.0])
    with pytest.raises(ValueError, match=r"curvature of OnlyValue\(\) must be one of \[\]"):
        loss.hessian([0.0], [2.0], curvature="majorizer")
    with pytest.raises(NotImplementedError, match=r"its traits: .* must have a _traits"):
        loss.traits  # noqa: B018
    with pytest.raises(NotImplementedError, match=r"Nothing does not state what .* a _shared"):
        Nothing()([0.0], [2.0])


def test_a_missing_piece_is_missed_before_anything_is_written():
    loss, g, h = OnlyValue(reduction="none"), np.full(1, 7.0), np.full(1, 7.0)
    for call in loss.value_and_gradient, loss.gradient_and_hessian:
        with pytest.raises((NotImplementedError, ValueError)):
            call([0.0], [2.0], out=(g, h))
    assert g == h == 7
