"""Losses as functions of JAX arrays."""

import re

import formulas
import numpy as np
import pytest

import lossbook as lb

jax = pytest.importorskip("jax", reason="JAX is not installed")
jnp = jax.numpy

from lossbook.interop.jax import as_function  # noqa: E402

BY_NUMPY = pytest.mark.parametrize("case", formulas.cases(formulas.BY_NUMPY), ids=repr)


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def parts(case, weight=None):
    """Return the value, the gradients and the diagonal second derivatives, with JAX."""
    f, n = as_function(case.loss), case.n_predictions
    targets, predictions = case.inputs[:-n], tuple(map(jnp.asarray, case.inputs[-n:]))

    def function(*predictions):
        return f(*targets, *predictions, sample_weight=weight)

    gradient = jax.grad(function, argnums=tuple(range(n)))
    bends = []
    for k, prediction in enumerate(predictions):

        def slope(one, k=k):
            return gradient(*predictions[:k], one, *predictions[k + 1 :])[k]

        # Samples do not depend on each other, so one entry of all samples is done at a time.
        if prediction.ndim < 2:
            bends.append(jax.jvp(slope, (prediction,), (jnp.ones_like(prediction),))[1])
            continue
        directions = jnp.eye(prediction.shape[-1])
        columns = [
            jax.jvp(slope, (prediction,), (jnp.broadcast_to(each, prediction.shape),))[1] @ each
            for each in directions.astype(prediction.dtype)
        ]
        bends.append(jnp.stack(columns, axis=-1))
    return function(*predictions), gradient(*predictions), bends


def check_equals_numpy(case, tolerance, weight=None):
    value, slopes, bends = jax.jit(lambda: parts(case, weight))()
    expected = formulas.parts(case, weight)
    formulas.assert_close(value, expected[0], tolerance)
    for of_part, of_expected in zip((slopes, bends), expected[1:], strict=True):
        for one, other in zip(of_part, of_expected, strict=True):
            assert one.dtype == other.dtype
            formulas.assert_close(one, other, tolerance)


@pytest.mark.parametrize("case", formulas.cases(formulas.TRACED), ids=repr)
def test_equals_numpy(case):
    check_equals_numpy(case, 1e-12, weight=case.weight)


SOME = [
    lb.SigmoidCrossEntropy(),
    lb.Huber(delta=0.5),
    lb.PoissonNLL(constant_terms=True),
    lb.SoftmaxCrossEntropy(),
]


@pytest.mark.parametrize("case", formulas.cases(SOME), ids=repr)
def test_single_precision(case):
    with jax.enable_x64(False):
        check_equals_numpy(case.in_single_precision(), 3e-6)


@pytest.mark.parametrize("case", formulas.cases(SOME), ids=repr)
def test_value_of_each_sample(case):
    case = case.with_reduction("none")
    values = as_function(case.loss)(*case.inputs, sample_weight=case.weight)
    formulas.assert_close(values, case.loss(*case.inputs, sample_weight=case.weight), 1e-12)


def test_kinks():
    y = jnp.zeros(())
    logistic = as_function(lb.SigmoidCrossEntropy())
    assert jax.jit(jax.grad(logistic, argnums=1))(y, 0.0) == 0.5
    assert jax.jit(jax.hessian(logistic, argnums=1))(y, 0.0) == 0.25
    assert jax.jit(jax.grad(as_function(lb.AbsoluteError()), argnums=1))(y, 0.0) == 0.0
    # The reason for derivatives of our own: the graph of the value, differentiated.
    stable = jax.grad(lambda z: jnp.maximum(z, 0) + jnp.log1p(jnp.exp(-jnp.abs(z))))
    assert stable(0.0) != 0.5


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_whole_second_derivative(smoothing):
    loss = lb.SoftmaxCrossEntropy(label_smoothing=smoothing)
    y_true, y_pred = np.array([0, 2]), np.array([[0.0, 0.0, 0.0], [1.0, -2.0, 0.5]])
    whole = jax.jit(jax.hessian(as_function(loss), argnums=1))(y_true, y_pred)
    blocks = np.einsum("iaib->iab", whole)
    formulas.assert_close(blocks, loss.hessian_blocks(y_true, y_pred), 1e-13)
    assert np.abs(whole).sum() == pytest.approx(np.abs(blocks).sum())


@pytest.mark.parametrize("transform", [jax.jacrev, jax.jacfwd], ids=["reverse", "forward"])
def test_both_modes_and_the_weights(transform):
    loss, y_true, y_pred = lb.Huber(delta=0.5), np.zeros(3), np.array([0.25, 3.0, -1.0])
    weight = np.array([0.0, 1.0, 2.0])
    derivatives = jax.jit(transform(as_function(loss), argnums=(1, 2)))
    by_pred, by_weight = derivatives(y_true, y_pred, weight)
    formulas.assert_close(by_pred, loss.gradient(y_true, y_pred, weight), 1e-14)
    value, each = loss(y_true, y_pred, weight), lb.Huber(0.5, reduction="none")(y_true, y_pred)
    formulas.assert_close(by_weight, (each - value) / weight.sum(), 1e-14)


def test_jit_and_vmap():
    loss, rng = lb.SigmoidCrossEntropy(), np.random.default_rng(0)
    y_true, y_pred = rng.integers(0, 2, (5, 3)), rng.normal(size=(5, 3))
    gradient = jax.jit(jax.vmap(jax.grad(as_function(loss), argnums=1)))(y_true, y_pred)
    expected = [loss.gradient(*each) for each in zip(y_true, y_pred, strict=True)]
    formulas.assert_close(gradient, expected, 1e-14)


def test_masks_are_mapped_one_by_one():
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(0, 2, (4, 2, 3)), rng.random((4, 2, 3))
    for loss, labels in (lb.Dice(), y_true), (lb.LovaszHinge(), 2 * y_true - 1):
        values = jax.vmap(as_function(loss))(labels, y_pred)
        expected = [loss(*each) for each in zip(labels, y_pred, strict=True)]
        formulas.assert_close(values, expected, 1e-14)


def test_inside_of_scan_and_checkpoint():
    loss, y_true, y_pred = lb.Huber(), np.zeros(4), np.array([0.5, -3.0, 2.0, 0.0])
    f = as_function(loss)

    def scanned(y_pred):
        return jax.lax.scan(lambda c, pair: (c + f(*pair), None), 0.0, (y_true, y_pred))[0]

    expected = 4 * loss.gradient(y_true, y_pred)
    formulas.assert_close(jax.grad(scanned)(y_pred), expected, 1e-14)
    remembered = jax.checkpoint(f)
    formulas.assert_close(4 * jax.grad(remembered, argnums=1)(y_true, y_pred), expected, 1e-14)


def test_sample_of_weight_0_is_absent():
    f = as_function(lb.BinaryCrossEntropy())
    y_true, y_pred, weight = np.ones(2), np.array([0.0, 0.5]), np.array([0.0, 2.0])
    assert f(y_true, y_pred, weight) == pytest.approx(np.log(2))
    slope = jax.jit(jax.grad(f, argnums=1))(y_true, y_pred, weight)
    assert slope.tolist() == [0.0, -2.0]


@pytest.mark.parametrize(
    "true_dtype, pred_dtype, expected",
    [
        ("float32", "float32", "float32"),
        ("float64", "float32", "float64"),
        ("int32", "float32", "float32"),
        ("bool", "float64", "float64"),
        ("float16", "float16", "float16"),
        ("bfloat16", "bfloat16", "bfloat16"),
        ("int64", "bfloat16", "bfloat16"),
    ],
)
def test_dtypes(true_dtype, pred_dtype, expected):
    y_true = jnp.array([0, 1, 1], true_dtype)
    y_pred = jnp.array([0.5, -1.5, 3.0], pred_dtype)
    loss = lb.SigmoidCrossEntropy()
    value, slope = jax.jit(jax.value_and_grad(as_function(loss), argnums=1))(y_true, y_pred)
    assert value.dtype == expected and slope.dtype == pred_dtype
    exact = loss([0, 1, 1], [0.5, -1.5, 3.0])
    assert float(value) == pytest.approx(exact, rel=float(jnp.finfo(expected).eps))


def test_parameters_that_are_set_later_do_not_count():
    loss = lb.Huber(delta=1.0)
    f = as_function(loss)
    loss.set_params(delta=2.0)
    assert f(np.zeros(2), np.array([0.5, 3.0])) == lb.Huber(delta=1.0)([0, 0], [0.5, 3.0])


def test_extreme_parameter():
    f = as_function(lb.PseudoHuber(delta=1e-30))
    y_true, y_pred = np.zeros(2, np.float32), np.float32([1e-20, 3.0])
    expected = lb.PseudoHuber(delta=1e-30)(y_true, y_pred)
    assert float(f(y_true, y_pred)) == pytest.approx(expected, rel=1e-6)
    with jax.enable_x64(False), pytest.raises(ValueError, match="must be computed in double"):
        f(y_true, y_pred)


# What is left to NumPy.


@BY_NUMPY
def test_by_numpy(case):
    f, n = as_function(case.loss), case.n_predictions

    def function(*predictions):
        return f(*case.inputs[:-n], *predictions, sample_weight=case.weight)

    predictions = case.inputs[-n:]
    value, slopes = jax.jit(jax.value_and_grad(function, argnums=tuple(range(n))))(*predictions)
    expected, expected_slopes, _ = formulas.parts(case, case.weight)
    formulas.assert_close(value, expected, 1e-14)
    for one, other in zip(slopes, expected_slopes, strict=True):
        formulas.assert_close(one, other, 1e-14)


def test_by_numpy_has_no_second_derivative():
    f = as_function(lb.Sparsemax())
    with pytest.raises(NotImplementedError, match="second derivative is not known as a whole"):
        jax.hessian(f, argnums=1)(np.array([0]), np.zeros((1, 3)))


def test_by_numpy_only_on_the_cpu(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    with pytest.raises(ValueError, match=r"computed by NumPy.* must be cpu; got gpu"):
        as_function(lb.Sparsemax())(np.array([0]), np.zeros((1, 3)))


def test_docstring_names_what_is_left_to_numpy():
    text = " ".join(as_function.__doc__.split())
    told = re.search(r"package, these losses are (.*?)\. They", text)[1]
    of_boxes = {"IoU", "GIoU", "DIoU", "CIoU"}
    names = {case.__name__ for case in formulas.BY_NUMPY}
    assert set(re.findall(r"`(\w+)`", told)) == names - of_boxes and "losses of boxes" in told


# What is refused.


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ((np.zeros(3), np.zeros(3, int)), TypeError, "y_pred must hold floating-point numbers"),
        ((np.zeros(3), np.zeros(2)), ValueError, r"y_pred must have shape \(3,\), that of y_true"),
        ((np.zeros(3), np.zeros(3), np.ones(2)), ValueError, "sample_weight must have shape"),
    ],
)
def test_refused_inputs(arguments, error, message):
    with pytest.raises(error, match=message):
        as_function(lb.Huber())(*arguments)


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["plain", "jit"])
def test_derivative_by_the_target_is_refused(wrap):
    f = wrap(as_function(lb.Huber()))
    with pytest.raises(ValueError, match="has no derivative by y_true"):
        jax.grad(f)(np.zeros(3), np.ones(3))
    assert jax.grad(lambda y: f(jax.lax.stop_gradient(y), y))(np.ones(3)).tolist() == [0.0] * 3


def test_one_weight_a_row_serves_a_single_output():
    y_true, y_pred = jnp.zeros((3, 1)), jnp.array([[1.0], [2.0], [3.0]])
    value = as_function(lb.SquaredError())(y_true, y_pred, jnp.array([1.0, 0.0, 3.0]))
    assert float(value) == 7


def test_refused_number_of_inputs():
    with pytest.raises(TypeError, match=r"GaussianNLL takes y_true, mean, log_variance.*got 2"):
        as_function(lb.GaussianNLL())(np.zeros(3), np.zeros(3))
