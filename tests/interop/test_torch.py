"""Losses as functions of PyTorch tensors."""

import re

import formulas
import numpy as np
import pytest

import lossbook as lb
from lossbook.base import PointwiseLoss, Traits

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

import tensors  # noqa: E402
from tensors import tensors as tensors_of  # noqa: E402

from lossbook.engines.trace import trace  # noqa: E402
from lossbook.interop._formula import Program  # noqa: E402
from lossbook.interop.torch import _PyTorch, as_function  # noqa: E402

# PyTorch's forward mode does what it warns of.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")

TRACED = pytest.mark.parametrize("case", formulas.cases(formulas.TRACED), ids=repr)
BY_NUMPY = pytest.mark.parametrize("case", formulas.cases(formulas.BY_NUMPY), ids=repr)
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


# Values and derivatives.


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("case", tensors.cases_of_device(), ids=repr)
def test_equals_numpy(case, device):
    tensors.check_on_device(case, device)


@pytest.mark.parametrize("case", formulas.cases(formulas.TRACED, scale=100.0), ids=repr)
def test_far_from_zero(case):
    value, slopes, _ = tensors.parts(case)
    expected, expected_slopes, _ = formulas.parts(case)
    formulas.assert_close(value, expected, tensors.DOUBLE)
    for one, other in zip(slopes, expected_slopes, strict=True):
        formulas.assert_close(one, other, tensors.DOUBLE)


@TRACED
def test_value_of_each_sample(case):
    case = case.with_reduction("none")
    inputs, _ = tensors_of(case)
    values = as_function(case.loss)(*inputs, sample_weight=torch.tensor(case.weight))
    expected = case.loss(*case.inputs, sample_weight=case.weight)
    formulas.assert_close(tensors.to_numpy(values), expected, tensors.DOUBLE)


@TRACED
def test_derivatives_of_value_and_gradient(case):
    """Both orders, reverse and forward, all entries: against differences of the value."""
    inputs, predictions = tensors_of(case)
    targets, f = inputs[: -len(predictions)], as_function(case.loss)
    weight = torch.tensor(case.weight, requires_grad=True)

    def function(weight, *predictions):
        return f(*targets, *predictions, sample_weight=weight)

    arguments = weight, *predictions
    assert torch.autograd.gradcheck(function, arguments, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, arguments, atol=1e-4)


@pytest.mark.parametrize(
    "loss", [each for each in formulas.TRACED if isinstance(each, PointwiseLoss)], ids=repr
)
def test_kinks(loss):
    """Where prediction and target are equal, or differ by a parameter, or one of them is 0."""
    ((y_true, _),) = [case.inputs for case in formulas.cases([loss])]
    steps = [0.0, 1.0, *(v for v in loss.get_params().values() if isinstance(v, float))]
    steps = [step for step in steps if np.isfinite(step)]
    grid = [y_true + sign * step for step in steps for sign in (1, -1)]
    grid += [np.full_like(y_true, step) for step in (*steps, -1.0)]
    y_pred, y_true = np.concatenate(grid), np.tile(y_true, len(grid))
    inside = np.ones(y_pred.shape, bool)
    if loss.y_pred_domain is not None:
        inside = loss.y_pred_domain.contains(y_pred)
    case = formulas.Case(loss, (y_true[inside], y_pred[inside])).with_reduction("sum")
    tensors.check_equals_numpy(case, "cpu", tensors.DOUBLE)


def test_automatic_differentiation_would_be_wrong():
    """The reason for derivatives of our own: the graph of the value, differentiated."""
    z = torch.zeros((), dtype=torch.float64, requires_grad=True)
    stable = torch.clamp_min(z, 0) + torch.log1p(torch.exp(-torch.abs(z)))
    (slope,) = torch.autograd.grad(stable, z, create_graph=True)
    (bend,) = torch.autograd.grad(slope, z)
    assert (slope.item(), bend.item()) != (0.5, 0.25)
    f = as_function(lb.SigmoidCrossEntropy())
    (slope,) = torch.autograd.grad(f(torch.zeros_like(z), z), z, create_graph=True)
    (bend,) = torch.autograd.grad(slope, z)
    assert (slope.item(), bend.item()) == (0.5, 0.25)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_second_derivative_of_equal_scores(smoothing):
    loss = lb.SoftmaxCrossEntropy(label_smoothing=smoothing)
    y_true, y_pred = np.array([0]), np.zeros((1, 4))
    function = as_function(loss)
    whole = torch.func.hessian(function, argnums=1)(torch.tensor(y_true), torch.tensor(y_pred))
    expected = loss.hessian_blocks(y_true, y_pred)[0]
    formulas.assert_close(whole[0, :, 0].numpy(), expected, 1e-14)


@pytest.mark.parametrize(
    "loss", [lb.SquaredError(), lb.AbsoluteError(), lb.Hinge(), lb.SigmoidCrossEntropy()], ids=repr
)
def test_nan_stays(loss):
    case = formulas.Case(loss, (np.ones(2), np.array([np.nan, 0.5])))
    value, (slope,), _ = tensors.parts(case)
    assert np.isnan(value) and np.isnan(slope).tolist() == [True, False]


def test_sample_of_weight_0_is_absent():
    y_true = torch.tensor([1.0, 1.0])
    y_pred = torch.tensor([0.0, 0.5], requires_grad=True)
    weight = torch.tensor([0.0, 2.0], requires_grad=True)
    value = as_function(lb.BinaryCrossEntropy())(y_true, y_pred, weight)
    slope, by_weight = torch.autograd.grad(value, [y_pred, weight])
    assert value.item() == pytest.approx(np.log(2))
    assert slope.tolist() == [0.0, -2.0] and by_weight.isfinite().all()


# What people do with functions.


FUNCTIONS = [
    (lb.SigmoidCrossEntropy(), torch.tensor([0.0, 1.0, 1.0]), torch.tensor([0.0, 1.5, -2.0])),
    (lb.SoftmaxCrossEntropy(), torch.tensor([0, 2]), torch.tensor([[0.0, 0, 1], [2, -1, 0.5]])),
    (lb.Dice(), torch.tensor([[1.0, 0, 1]]), torch.tensor([[0.25, 0.5, 0.75]])),
]


@pytest.mark.parametrize("loss, y_true, y_pred", FUNCTIONS, ids=lambda each: repr(each)[:20])
def test_functional(loss, y_true, y_pred):
    func, f, y_pred = torch.func, as_function(loss), y_pred.double()
    gradient = func.grad(f, argnums=1)(y_true, y_pred)
    formulas.assert_close(gradient.numpy(), loss.gradient(y_true, y_pred), 1e-12)
    hessians = [
        func.jacrev(func.grad(f, argnums=1), argnums=1)(y_true, y_pred),
        func.hessian(f, argnums=1)(y_true, y_pred),
    ]
    for hessian in hessians:
        diagonal = torch.einsum("ii->i", hessian.reshape(y_pred.numel(), -1)).reshape(y_pred.shape)
        formulas.assert_close(diagonal.numpy(), loss.hessian(y_true, y_pred), 1e-12)


@pytest.mark.parametrize("loss, y_true, y_pred", FUNCTIONS, ids=lambda each: repr(each)[:20])
def test_mapped(loss, y_true, y_pred):
    """A function of one batch, mapped over several of them, or over predictions alone."""
    f, several = as_function(loss), torch.stack([y_pred, y_pred / 2, y_pred / 3])
    expected = [torch.func.grad(f, argnums=1)(y_true, each) for each in several]
    gradient = torch.func.vmap(torch.func.grad(f, argnums=1), in_dims=(None, 0))(y_true, several)
    torch.testing.assert_close(gradient, torch.stack(expected))
    values = torch.func.vmap(f)(y_true.expand(3, *y_true.shape), several)
    torch.testing.assert_close(values, torch.stack([f(y_true, each) for each in several]))


def test_compiled():
    loss = lb.Huber(delta=1.0)
    f = as_function(loss)
    compiled = torch.compile(f, fullgraph=True, backend="aot_eager")
    for n in 4, 7:
        y_true, y_pred = torch.zeros(n), torch.linspace(-2, 2, n, requires_grad=True)
        weight = torch.linspace(0, 1, n)
        value = compiled(y_true, y_pred, weight)
        (slope,) = torch.autograd.grad(value, y_pred)
        arrays = y_true.numpy(), y_pred.detach().numpy(), weight.numpy()
        assert value.item() == pytest.approx(loss(*arrays), rel=1e-6)
        formulas.assert_close(slope.numpy(), loss.gradient(*arrays), 1e-6)


def test_trains_a_network():
    torch.manual_seed(0)
    x = torch.randn(64, 3)
    y = x @ torch.tensor([1.0, -2.0, 0.5])
    model, f = torch.nn.Linear(3, 1), as_function(lb.Huber(delta=0.5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    values = []
    for _ in range(40):
        optimizer.zero_grad()
        value = f(y, model(x)[:, 0])
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < 0.01 * values[0]


# Shapes, dtypes, devices.


@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (2, 2, 2)], ids=str)
def test_any_shape(shape):
    loss, rng = lb.SquaredError(), np.random.default_rng(0)
    case = formulas.Case(loss, tuple(rng.normal(size=(2, *shape))))
    if shape:
        tensors.check_equals_numpy(case, "cpu", tensors.DOUBLE, weight=case.weight)
    assert as_function(loss)(*map(torch.tensor, case.inputs)).item() == pytest.approx(
        loss(*case.inputs)
    )


def test_images_of_classes():
    rng = np.random.default_rng(0)
    case = formulas.Case(
        lb.SoftmaxCrossEntropy(), (rng.integers(0, 3, (2, 4, 5)), rng.normal(size=(2, 4, 5, 3)))
    )
    tensors.check_equals_numpy(case, "cpu", tensors.DOUBLE, weight=case.weight)


def test_not_contiguous():
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(0, 3, (5, 4)), rng.normal(size=(3, 4, 5))
    loss = lb.SoftmaxCrossEntropy()
    value = as_function(loss)(torch.tensor(y_true), torch.tensor(y_pred).permute(2, 1, 0))
    assert value.item() == pytest.approx(loss(y_true, y_pred.transpose(2, 1, 0)), rel=1e-14)


@pytest.mark.parametrize(
    "true_dtype, pred_dtype, expected",
    [
        ("float32", "float32", "float32"),
        ("float64", "float32", "float64"),
        ("int64", "float32", "float32"),
        ("bool", "float64", "float64"),
        ("float16", "float16", "float16"),
        ("bfloat16", "bfloat16", "bfloat16"),
        ("int64", "bfloat16", "bfloat16"),
        ("float32", "float16", "float32"),
    ],
)
def test_dtypes(true_dtype, pred_dtype, expected):
    y_true = torch.tensor([0, 1, 1]).to(getattr(torch, true_dtype))
    y_pred = torch.tensor([0.5, -1.5, 3.0], dtype=getattr(torch, pred_dtype), requires_grad=True)
    loss = lb.SigmoidCrossEntropy()
    value = as_function(loss)(y_true, y_pred)
    value.backward()
    assert value.dtype == getattr(torch, expected) and y_pred.grad.dtype == y_pred.dtype
    exact = loss([0, 1, 1], [0.5, -1.5, 3.0])
    assert value.item() == pytest.approx(exact, rel=torch.finfo(value.dtype).eps)


def test_halves_are_computed_in_single_precision():
    y_true, y_pred = torch.zeros(4096).half(), torch.ones(4096).half()
    assert as_function(lb.SquaredError())(y_true, y_pred).item() == 1.0
    far = torch.full((2,), 300.0).half()
    assert as_function(lb.HalfSquaredError(reduction="mean"))(far * 0, far).item() == np.float16(
        45_000
    )


def test_extreme_parameter_in_single_precision():
    loss = lb.PseudoHuber(delta=1e-30)
    value = as_function(loss)(torch.zeros(2), torch.tensor([1e-20, 3.0]))
    expected = loss(np.zeros(2, np.float32), np.float32([1e-20, 3.0]))
    assert value.dtype == torch.float32 and value.item() == pytest.approx(expected, rel=1e-6)


def test_parameters_that_are_set_later_do_not_count():
    loss = lb.Huber(delta=1.0)
    f, y_true, y_pred = as_function(loss), torch.zeros(2), torch.tensor([0.5, 3.0])
    loss.set_params(delta=2.0)
    assert f(y_true, y_pred).item() == lb.Huber(delta=1.0)([0, 0], [0.5, 3.0])


def test_stays_on_its_device():
    y_true, y_pred = torch.zeros(3, device="meta"), torch.zeros(3, device="meta")
    weight = torch.ones(3, device="meta")
    assert as_function(lb.Huber())(y_true, y_pred, weight).device.type == "meta"


# What is left to NumPy.


@BY_NUMPY
def test_by_numpy(case):
    inputs, predictions = tensors_of(case)
    weight = torch.tensor(case.weight)
    value = as_function(case.loss)(*inputs, sample_weight=weight)
    slopes = torch.autograd.grad(value, predictions)
    expected, expected_slopes, _ = formulas.parts(case, case.weight)
    formulas.assert_close(value.item(), expected, 1e-14)
    for one, other in zip(slopes, expected_slopes, strict=True):
        formulas.assert_close(one.numpy(), other, 1e-14)


def test_docstring_names_what_is_left_to_numpy():
    text = " ".join(as_function.__doc__.split())
    told = re.search(r"package, these losses are (.*?)\. They", text)[1]
    of_boxes = {"IoU", "GIoU", "DIoU", "CIoU"}
    names = {type(case).__name__ for case in formulas.BY_NUMPY}
    assert set(re.findall(r"`(\w+)`", told)) == names - of_boxes and "losses of boxes" in told


@BY_NUMPY
def test_by_numpy_only_on_the_cpu(case):
    inputs = [torch.tensor(each).to("meta") for each in case.inputs]
    with pytest.raises(ValueError, match=r"computed by NumPy.* must be on the CPU; got meta"):
        as_function(case.loss)(*inputs)


def test_by_numpy_mapped():
    loss = lb.Sparsemax()
    y_true, y_pred = torch.tensor([0, 1]), torch.randn(3, 2, 4, dtype=torch.float64)
    gradient = torch.func.vmap(torch.func.grad(as_function(loss), argnums=1), in_dims=(None, 0))
    expected = [loss.gradient(y_true, each) for each in y_pred]
    formulas.assert_close(gradient(y_true, y_pred).numpy(), expected, 1e-14)


def test_by_numpy_has_no_second_derivative():
    y_pred = torch.randn(2, 4, requires_grad=True)
    value = as_function(lb.Sparsemax())(torch.tensor([0, 1]), y_pred)
    (slope,) = torch.autograd.grad(value, y_pred, create_graph=True)
    with pytest.raises(NotImplementedError, match="second derivative is not known as a whole"):
        slope.sum().backward()


def test_by_numpy_not_compiled():
    compiled = torch.compile(as_function(lb.Sparsemax()), backend="aot_eager")
    with pytest.raises(Exception, match=r"torch\.compiler\.disable"):
        compiled(torch.tensor([0, 1]), torch.randn(2, 4))


def test_labels_are_checked_by_numpy():
    with pytest.raises(ValueError, match="y_true must be a class index from 0 to 3; got 4"):
        as_function(lb.Sparsemax())(torch.tensor([4]), torch.randn(1, 4))


class Sorted(PointwiseLoss):
    """The squared error, in a way that cannot be traced."""

    def _traits(self):
        return Traits(
            convex=True, differentiable=True, twice_differentiable=True, elicits="the mean"
        )

    def _shared(self, y_true, y_pred):
        return (np.array([p - y for y, p in zip(y_true, y_pred, strict=True)]),)

    def _value(self, r):
        return np.array([float(each) ** 2 for each in r])

    def _gradient(self, r):
        return np.array([2 * float(each) for each in r])

    def _hessian(self, r):
        return np.array([2.0 for _ in r])


def test_own_loss_by_numpy_has_both_derivatives():
    y_true, y_pred = torch.zeros(3, dtype=torch.float64), torch.arange(3.0).double()
    f = as_function(Sorted())
    hessian = torch.func.hessian(f, argnums=1)(y_true, y_pred)
    torch.testing.assert_close(hessian, torch.eye(3).double() * 2 / 3)
    torch.testing.assert_close(torch.func.grad(f, argnums=1)(y_true, y_pred), 2 * y_pred / 3)


# What is refused.


X = torch.zeros(3)


@pytest.mark.parametrize(
    "loss, error, message",
    [
        (len, TypeError, "loss must be a loss of lossbook; got <built-in function len>"),
        (lb.WeightedSum((lb.Huber(),)), TypeError, "must not be made of others"),
        (lb.MinimaxGAN().discriminator, TypeError, "must not be made of others"),
        (lb.InfoNCE(reduction="none"), ValueError, 'must have the reduction "mean" or "sum"'),
    ],
)
def test_refused_loss(loss, error, message):
    with pytest.raises(error, match=message):
        as_function(loss)


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ((np.zeros(3), X), TypeError, "y_true must be a tensor; got ndarray"),
        ((X, [0.0, 0, 0]), TypeError, "y_pred must be a tensor; got list"),
        ((X, X, np.ones(3)), TypeError, "sample_weight must be a tensor; got ndarray"),
        ((X, X.long()), TypeError, "y_pred must hold floating-point numbers; got torch.int64"),
        ((X, X[:2]), ValueError, r"y_pred must have shape \(3,\), that of y_true; got \(2,\)"),
        ((X, X, X[:2]), ValueError, r"sample_weight must have shape \(3,\).*got \(2,\)"),
        ((X.to("meta"), X), ValueError, "y_true must be on the device of y_pred, cpu; got meta"),
        ((X.clone().requires_grad_(), X), ValueError, "y_true requires a gradient"),
    ],
)
def test_refused_inputs(arguments, error, message):
    with pytest.raises(error, match=message):
        as_function(lb.Huber())(*arguments)


def test_one_weight_a_row_serves_a_single_output():
    y_true, y_pred = torch.zeros(3, 1), torch.tensor([[1.0], [2.0], [3.0]])
    value = as_function(lb.SquaredError())(y_true, y_pred, torch.tensor([1.0, 0.0, 3.0]))
    assert value.item() == 7


def test_what_is_not_real_is_refused_by_name():
    one = torch.ones(1)
    with pytest.raises(TypeError, match=r"y_true must hold real numbers; got torch.complex64"):
        as_function(lb.SquaredError())(one.to(torch.complex64), one)
    x, weight = torch.eye(4), torch.ones(4, requires_grad=True)
    groups = torch.tensor([0, 0, 1, 1])
    with pytest.raises(ValueError, match=r"sample_weight .* must not require a gradient"):
        as_function(lb.SupervisedContrastive())(groups, x, sample_weight=weight)


def test_refused_number_of_inputs():
    with pytest.raises(TypeError, match=r"GaussianNLL takes y_true, mean, log_variance.*got 2"):
        as_function(lb.GaussianNLL())(X, X)


def test_target_with_gradient_where_none_is_wanted():
    with torch.no_grad():
        assert as_function(lb.Huber())(X.clone().requires_grad_(), X).item() == 0


# The operations, one by one.


OPERANDS = np.array([-np.inf, -2.5, -1.0, -0.0, 0.0, 0.3, 1.0, 2.0, np.inf, np.nan])


@pytest.mark.parametrize("number", [None, -1.0, 0.0, 2.0, np.nan])
@pytest.mark.parametrize(
    "name",
    [
        "maximum",
        "minimum",
        "fmax",
        "fmin",
        "copysign",
        "hypot",
        "power",
        "less",
        "greater_equal",
        "equal",
    ],
)
def test_operations_of_two(name, number):
    check_operation(lambda x, y: getattr(np, name)(x, y if number is None else number))
    check_operation(lambda x, y: getattr(np, name)(y if number is None else number, x))


@pytest.mark.parametrize(
    "name",
    [
        "absolute",
        "exp",
        "expm1",
        "log",
        "log1p",
        "sqrt",
        "sign",
        "sinh",
        "tanh",
        "isnan",
        "isinf",
        "isfinite",
        "reciprocal",
    ],
)
def test_operations_of_one(name):
    check_operation(lambda x, y: getattr(np, name)(x))


def check_operation(formula):
    x, y = (each.ravel() for each in np.meshgrid(OPERANDS, OPERANDS))
    with np.errstate(all="ignore"):
        expected = formula(x, y)
    kinds = [(np.dtype(float), (1,))] * 2
    traced = trace(lambda loss, x, y: [formula(x, y)], lb.SquaredError(), kinds)
    program = Program(traced.results, traced, 2, _PyTorch())
    (result,) = program(torch.tensor(x), torch.tensor(y))
    formulas.assert_close(result.numpy(), expected, 1e-15)
