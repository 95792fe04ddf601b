"""What may be passed, what becomes of it, and what is refused in which words."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import lossbook as lb

SQUARED = lb.SquaredError(reduction="none")
SOFTMAX = lb.SoftmaxCrossEntropy(reduction="none")
RNG = np.random.default_rng(7)
Y, Z = RNG.normal(size=(4, 6)), RNG.normal(size=(4, 6))
LABELS, SCORES = RNG.integers(0, 3, (2, 5)), RNG.normal(size=(2, 5, 3))
SHARES = RNG.dirichlet(np.ones(3), (2, 5))


def three(loss, *inputs):
    return loss(*inputs), loss.gradient(*inputs), loss.hessian(*inputs)


def assert_same(results, expected):
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, wanted)
        assert np.asarray(result).dtype == np.asarray(wanted).dtype


# Shapes and layouts.


def strided(a):
    return np.repeat(a, 2, axis=-1)[..., ::2]


def swapped(a):
    return a.astype(a.dtype.newbyteorder())


def reversed_view(a):
    return np.ascontiguousarray(a[::-1])[::-1]


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def misaligned(a):
    buffer = np.zeros(a.nbytes + 1, np.uint8)
    view = buffer[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


LAYOUTS = [
    strided,
    swapped,
    reversed_view,
    read_only,
    misaligned,
    np.asfortranarray,
    np.ndarray.tolist,
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
def test_layouts_do_not_matter(layout, dtype, weighted):
    if layout is np.ndarray.tolist and dtype is np.float32:
        return
    weight = [np.arange(1, 25, dtype=dtype).reshape(4, 6)] * weighted
    inputs = [Y.astype(dtype), Z.astype(dtype), *weight]
    assert_same(three(SQUARED, *map(layout, inputs)), three(SQUARED, *inputs))
    weight = [np.arange(1, 11, dtype=dtype).reshape(2, 5)] * weighted
    for targets in LABELS, SHARES.astype(dtype):
        inputs = [targets, SCORES.astype(dtype), *weight]
        assert_same(three(SOFTMAX, *map(layout, inputs)), three(SOFTMAX, *inputs))


@pytest.mark.parametrize("shape", [(), (1,), (7,), (1, 7), (7, 1), (2, 3, 2), (2, 1, 3, 2)])
def test_samples_may_have_any_number_of_axes(shape):
    y, z = RNG.normal(size=shape), RNG.normal(size=shape)
    w = RNG.uniform(1, 2, shape)
    value, gradient, hessian = three(SQUARED, y, z, w)
    assert value.shape == gradient.shape == hessian.shape == shape
    assert all(type(result) is np.ndarray for result in (value, gradient, hessian))
    np.testing.assert_allclose(value, w * (z - y) ** 2, rtol=1e-15)
    np.testing.assert_allclose(gradient, w * 2 * (z - y), rtol=1e-15)
    np.testing.assert_allclose(hessian, w * 2, rtol=1e-15)
    mean = lb.SquaredError()
    assert mean(y, z, w) == pytest.approx(np.sum(w * (z - y) ** 2) / np.sum(w), rel=1e-15)
    np.testing.assert_allclose(mean.gradient(y, z, w), gradient / np.sum(w), rtol=1e-15)


@pytest.mark.parametrize("shape", [(), (1,), (6,), (2, 3), (1, 2, 3)])
@pytest.mark.parametrize("n_classes", [2, 3, 300])
def test_class_losses_have_the_classes_on_the_last_axis(shape, n_classes):
    z = RNG.normal(size=(*shape, n_classes))
    labels, w = RNG.integers(0, n_classes, shape), RNG.uniform(1, 2, shape)
    one_hot = np.eye(n_classes)[labels]
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    expected = (
        -w * np.log((p * one_hot).sum(axis=-1)),
        w[..., None] * (p - one_hot),
        w[..., None] * p * (1 - p),
    )
    for targets in labels, one_hot, one_hot.astype(int):
        for result, wanted in zip(three(SOFTMAX, targets, z, w), expected, strict=True):
            assert result.shape == wanted.shape
            np.testing.assert_allclose(result, wanted, rtol=1e-12)


def test_non_contiguous_inputs_of_many_blocks():
    y, z = RNG.normal(size=(2, 300, 400)), RNG.normal(size=(2, 300, 400))
    for view in (lambda a: a[:, ::2, ::3]), (lambda a: a.transpose(2, 0, 1)):
        assert_same(
            three(SQUARED, view(y), view(z)), three(SQUARED, view(y).copy(), view(z).copy())
        )
    t = RNG.integers(0, 5, (400, 300))
    z = RNG.normal(size=(5, 300, 400)).T
    assert_same(
        three(SOFTMAX, t[:, ::2], z[:, ::2]), three(SOFTMAX, t[:, ::2].copy(), z[:, ::2].copy())
    )


# Types.


@pytest.mark.parametrize(
    ("y_true", "y_pred", "result"),
    [
        ("f8", "f8", "f8"),
        ("f4", "f4", "f4"),
        ("f2", "f2", "f4"),
        ("f2", "f4", "f4"),
        ("f4", "f2", "f4"),
        ("f2", "f8", "f8"),
        ("f8", "f4", "f8"),
        ("f4", "f8", "f8"),
        ("i8", "f4", "f4"),
        ("u1", "f2", "f4"),
        ("?", "f4", "f4"),
        ("i8", "f8", "f8"),
        ("f4", "i8", "f8"),
        ("f4", "?", "f8"),
        ("i2", "u2", "f8"),
        ("?", "?", "f8"),
        (">f4", ">f4", "f4"),
        (">i4", ">f8", "f8"),
    ],
)
def test_dtypes(y_true, y_pred, result):
    y, z = np.array([0, 1, 1, 0]).astype(y_true), np.array([1, 1, 0, 0]).astype(y_pred)
    for got, wanted in zip(
        three(SQUARED, y, z), ([1, 0, 1, 0], [2, 0, -2, 0], [2] * 4), strict=True
    ):
        assert got.dtype == np.dtype(result)
        np.testing.assert_array_equal(got, wanted)
    assert type(lb.SquaredError()(y, z)) is float


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "u8", "?"])
def test_integer_labels(dtype):
    labels = np.array([0, 1, 1]).astype(dtype)
    scores = [[1.0, 2, 3], [1, 1, 1], [5, 4, 3]]
    assert_same(three(SOFTMAX, labels, scores), three(SOFTMAX, [0, 1, 1], scores))


@pytest.mark.parametrize("weight", [[1, 0, 2], [True, False, True], np.float32([0.5, 2, 1])])
def test_weights_of_any_real_type(weight):
    expected = np.asarray(weight, float) * [1, 4, 9]
    np.testing.assert_array_equal(SQUARED([0, 0, 0], [1, 2, 3], weight), expected)
    assert SQUARED([0.0, 0, 0], np.float32([1, 2, 3]), weight).dtype == np.float64


def test_pandas():
    frame = pd.DataFrame({"y": [1.0, 2, 3], "z": [2.0, 2, 5], "w": [1, 2, 3]}, index=[5, 3, 9])
    value, gradient, hessian = three(SQUARED, frame.y, frame.z, frame.w)
    np.testing.assert_array_equal(value, [1, 0, 12])
    np.testing.assert_array_equal(gradient, [2, 0, 12])
    np.testing.assert_array_equal(hessian, [2, 4, 6])
    assert type(gradient) is np.ndarray
    np.testing.assert_array_equal(SQUARED(frame[["y"]], frame[["z"]]), [[1], [0], [4]])
    scores = pd.DataFrame(SCORES[0], columns=list("abc"))
    assert_same(three(SOFTMAX, pd.Series(LABELS[0]), scores), three(SOFTMAX, LABELS[0], SCORES[0]))


def test_memory_maps(tmp_path):
    paths = tmp_path / "y.npy", tmp_path / "z.npy"
    np.save(paths[0], Y)
    np.save(paths[1], Z)
    y, z = (np.load(path, mmap_mode="r") for path in paths)
    assert_same(three(SQUARED, y, z), three(SQUARED, Y, Z))


def test_inputs_are_not_changed():
    for loss, inputs in (
        (lb.HalfSquaredError(), (Y, Z, np.abs(Y))),
        (lb.AbsoluteError(), (Y, Z, np.abs(Y))),
        (lb.SigmoidCrossEntropy(label_smoothing=0.1, pos_weight=2), (Y > 0, Z, np.abs(Y))),
        (lb.SoftmaxCrossEntropy(ignore_index=2), (LABELS, SCORES, np.abs(SHARES[..., 0]))),
        (lb.SoftmaxCrossEntropy(class_weight=(1, 2, 3)), (SHARES, SCORES, None)),
    ):
        copies = [None if a is None else a.copy() for a in inputs]
        for call in loss, loss.gradient, loss.hessian:
            call(*inputs)
        loss.value_and_gradient(*inputs)
        loss.gradient_and_hessian(*inputs)
        loss.optimal_constant(inputs[0], inputs[2])
        for array, copy in zip(inputs, copies, strict=True):
            np.testing.assert_array_equal(array, copy)


# Errors.

NAN, INF = float("nan"), float("inf")
VALUE, TYPE = ValueError, TypeError


@pytest.mark.parametrize(
    ("loss", "inputs", "error", "words"),
    [
        # Shapes.
        (SQUARED, ([1.0, 2], [1.0]), VALUE, ["y_pred", "(2,)", "(1,)"]),
        (SQUARED, ([[1.0], [2]], [1.0, 2]), VALUE, ["y_pred", "(2, 1)", "(2,)"]),
        (SQUARED, ([1.0, 2], [[1.0, 2]]), VALUE, ["y_pred", "(2,)", "(1, 2)"]),
        (SQUARED, (1.0, [1.0]), VALUE, ["y_pred", "()", "(1,)"]),
        (SQUARED, ([1.0, 2], [1.0, 2], [1.0]), VALUE, ["sample_weight", "(2,)", "(1,)"]),
        (SQUARED, ([1.0, 2], [1.0, 2], 1.0), VALUE, ["sample_weight", "(2,)", "()"]),
        (
            SQUARED,
            ([[1.0, 2]], [[1.0, 2]], [[1.0]]),
            ValueError,
            ["sample_weight", "(1, 2)", "(1, 1)"],
        ),
        (SOFTMAX, ([0, 1], [[1.0, 2]]), VALUE, ["y_true", "(1,)", "(1, 2)", "(2,)"]),
        (SOFTMAX, ([[0], [1]], [[1.0, 2], [3, 4]]), VALUE, ["y_true", "(2, 1)"]),
        (SOFTMAX, ([0], [[1.0]]), VALUE, ["y_pred", "two classes", "(1, 1)"]),
        (SOFTMAX, (0, 1.0), VALUE, ["y_pred", "two classes", "()"]),
        (SOFTMAX, ([0], [[1.0, 2]], [[1.0, 2]]), VALUE, ["sample_weight", "(1,)", "(1, 2)"]),
        # Emptiness.
        (SQUARED, ([], []), VALUE, ["y_true", "empty", "(0,)"]),
        (SQUARED, (np.empty((3, 0)), np.empty((3, 0))), VALUE, ["y_true", "empty", "(3, 0)"]),
        (SOFTMAX, ([0], np.empty((1, 0))), VALUE, ["y_pred", "empty", "(1, 0)"]),
        # Types.
        (SQUARED, (["a"], [1.0]), TYPE, ["y_true", "real numbers", "<U1"]),
        (SQUARED, ([1.0], [None]), TYPE, ["y_pred", "real numbers", "object"]),
        (SQUARED, ([1.0], [1j]), TYPE, ["y_pred", "real numbers", "complex128"]),
        (SQUARED, ([1.0], np.longdouble([1])), TYPE, ["y_pred", "64 bits", "got dtype"]),
        (SQUARED, (np.array(["2020-01-01"], "M8[D]"), [1.0]), TYPE, ["y_true", "datetime64"]),
        (SQUARED, ([[1.0], [1, 2]], [1.0]), VALUE, ["y_true", "regular array"]),
        (
            SQUARED,
            (np.ma.array([1.0], mask=[1]), [1.0]),
            TypeError,
            ["y_true", "masked", "weight 0"],
        ),
        (SQUARED, (sparse.eye(3), np.eye(3)), TYPE, ["y_true", "sparse", "y_true.toarray()"]),
        (SQUARED, ([1.0], [1.0], ["a"]), TYPE, ["sample_weight", "real numbers", "<U1"]),
        (SOFTMAX, ([0.5], [[1.0, 2]]), VALUE, ["y_true", "class index from 0 to 1", "got 0.5"]),
        # Domains.
        (SQUARED, ([1.0, NAN], [1.0, 2]), VALUE, ["y_true", "finite", "nan", "index 1"]),
        (
            SQUARED,
            ([1.0, 2], [1.0, 2], [1, -1]),
            ValueError,
            ["sample_weight", "[0, inf)", "-1", "index 1"],
        ),
        (SQUARED, ([1.0, 2], [1.0, 2], [1, INF]), VALUE, ["sample_weight", "inf", "index 1"]),
        (SQUARED, ([1.0, 2], [1.0, 2], [NAN, 1]), VALUE, ["sample_weight", "nan", "index 0"]),
        (SQUARED, ([1.0, 2], [1.0, 2], [0, 0]), VALUE, ["sample_weight", "zero"]),
        (
            SQUARED,
            ([1.0, 2], [1.0, 2], [1e308, 1e308]),
            ValueError,
            ["sample_weight", "finite sum"],
        ),
        (
            SQUARED,
            ([[0.0, 1, INF], [NAN, 1, 2]], np.ones((2, 3))),
            ValueError,
            ["inf at index 0, 2"],
        ),
        (SQUARED, ([[0.0, 1], [2, -INF]], np.ones((2, 2))), VALUE, ["-inf at index 1, 1"]),
        (SQUARED, (NAN, 1.0), VALUE, ["y_true must be finite; got nan"]),
        (lb.Hinge(), ([1, 0], [1.0, 2]), VALUE, ["y_true", "-1 or 1", "got 0", "index 1"]),
        (lb.HingeEmbedding(), ([1, 0.5], [1.0, 2]), VALUE, ["y_true", "-1 or 1", "got 0.5"]),
        (lb.SigmoidFocal(), ([1, 1.5], [1.0, 2]), VALUE, ["y_true", "[0, 1]", "got 1.5"]),
        (lb.SigmoidCrossEntropy(), ([1, 1.5], [1.0, 2]), VALUE, ["y_true", "[0, 1]", "1.5"]),
        (
            lb.BinaryCrossEntropy(),
            ([1], [-0.1]),
            ValueError,
            ["y_pred", "[0, 1]", "-0.1", "index 0"],
        ),
        (lb.BinaryCrossEntropy(), ([1], [NAN]), VALUE, ["y_pred", "[0, 1]", "nan"]),
        (SOFTMAX, ([0, 2], np.eye(2)), VALUE, ["y_true", "from 0 to 1", "got 2", "index 1"]),
        (SOFTMAX, ([-1, 0], np.eye(2)), VALUE, ["y_true", "from 0 to 1", "got -1", "index 0"]),
        (SOFTMAX, ([[0, 0], [0, 9]], np.ones((2, 2, 3))), VALUE, ["got 9 at index 1, 1"]),
        (SOFTMAX, (np.uint64([2**63 + 5]), [[1.0, 2]]), VALUE, [f"got {2**63 + 5}"]),
        (
            SOFTMAX,
            ([[0.5, 0.6]], [[1.0, 2]]),
            ValueError,
            ["y_true", "sum to 1", "0.5", "0.6", "index 0"],
        ),
        (SOFTMAX, ([[1.5, -0.5]], [[1.0, 2]]), VALUE, ["y_true", "probabilities"]),
        (SOFTMAX, ([[1, 1]], [[1.0, 2]]), VALUE, ["y_true", "probabilities"]),
        (
            lb.CategoricalCrossEntropy(),
            ([0, 0], [[0.5, 0.5], [0.5, 0.4]]),
            ValueError,
            ["y_pred", "index 1"],
        ),
        (
            lb.SoftmaxCrossEntropy(ignore_index=-1),
            ([-2], [[1.0, 2]]),
            ValueError,
            ["-1 (ignored)", "-2"],
        ),
        (
            lb.SoftmaxCrossEntropy(ignore_index=-1),
            ([-1, -1], np.eye(2)),
            ValueError,
            ["y_true", "ignore_index"],
        ),
        (
            lb.SoftmaxCrossEntropy(class_weight=(0, 1)),
            ([0], [[1.0, 2]]),
            ValueError,
            ["class_weight 0"],
        ),
        (
            lb.SoftmaxCrossEntropy(class_weight=(1, 1)),
            ([0], [[1.0, 2, 3]]),
            ValueError,
            ["class_weight", "3 classes", "2"],
        ),
    ],
)
def test_errors_name_the_argument_what_was_expected_and_what_came(loss, inputs, error, words):
    out = np.full(np.shape(inputs[1]), 7.0)
    calls = [loss, loss.gradient, loss.hessian, loss.value_and_gradient, loss.gradient_and_hessian]
    for call in [*calls, lambda *inputs: loss.gradient(*inputs, out=out)]:
        with pytest.raises(error) as caught:
            call(*inputs)
        assert all(word in str(caught.value) for word in words), str(caught.value)
    np.testing.assert_array_equal(out, 7.0)


def test_a_single_number_has_no_index():
    with pytest.raises(ValueError, match=r"^y_true must be finite; got nan$"):
        SQUARED(NAN, 1.0)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: lb.Huber(delta=0), VALUE, ["delta", "(0, inf)", "0"]),
        (lambda: lb.Huber(delta=-1), VALUE, ["delta", "(0, inf)", "-1"]),
        (lambda: lb.Huber(delta=NAN), VALUE, ["delta", "nan"]),
        (lambda: lb.Huber(delta=INF), VALUE, ["delta", "inf"]),
        (lambda: lb.Huber(delta=10**400), VALUE, ["delta"]),
        (lambda: lb.Huber(delta="1"), TYPE, ["delta", "number", "'1'"]),
        (lambda: lb.Huber(delta=None), TYPE, ["delta", "number", "None"]),
        (lambda: lb.Huber(delta=True), TYPE, ["delta", "number", "True"]),
        (lambda: lb.SmoothL1(beta=0), VALUE, ["beta", "(0, inf)"]),
        (lambda: lb.BinaryCrossEntropy(eps=0.5), VALUE, ["eps", "[0, 0.5)", "0.5"]),
        (lambda: lb.BinaryCrossEntropy(eps=-1e-9), VALUE, ["eps", "[0, 0.5)"]),
        (lambda: lb.SigmoidCrossEntropy(pos_weight=0), VALUE, ["pos_weight", "(0, inf)"]),
        (
            lambda: lb.SigmoidCrossEntropy(label_smoothing=1.1),
            ValueError,
            ["label_smoothing", "[0, 1]"],
        ),
        (lambda: lb.SigmoidFocal(gamma=-1), VALUE, ["gamma", "[0, inf)"]),
        (lambda: lb.SigmoidFocal(alpha=2), VALUE, ["alpha", "[0, 1]"]),
        (
            lambda: lb.SoftmaxCrossEntropy(label_smoothing=-0.1),
            ValueError,
            ["label_smoothing", "[0, 1]"],
        ),
        (lambda: lb.SoftmaxCrossEntropy(class_weight=(1, -1)), VALUE, ["class_weight", "-1"]),
        (lambda: lb.SoftmaxCrossEntropy(class_weight=(0, 0)), VALUE, ["class_weight", "zero"]),
        (
            lambda: lb.SoftmaxCrossEntropy(class_weight=(1, NAN)),
            ValueError,
            ["class_weight", "nan"],
        ),
        (lambda: lb.SoftmaxCrossEntropy(class_weight="ab"), TYPE, ["class_weight"]),
        (lambda: lb.SoftmaxCrossEntropy(class_weight=3.0), VALUE, ["class_weight", "one-dim"]),
        (lambda: lb.SoftmaxCrossEntropy(class_weight=[[1], [1, 2]]), VALUE, ["class_weight"]),
        (
            lambda: lb.SoftmaxCrossEntropy(ignore_index=1.0),
            TypeError,
            ["ignore_index", "integer", "1.0"],
        ),
        (lambda: lb.SoftmaxCrossEntropy(ignore_index=True), TYPE, ["ignore_index", "True"]),
        (
            lambda: lb.Hinge(reduction="avg"),
            ValueError,
            ["reduction", "mean", "sum", "none", "'avg'"],
        ),
        (lambda: lb.Hinge(reduction=None), VALUE, ["reduction", "None"]),
        (lambda: lb.set_num_threads(0), VALUE, ["n_threads", "at least 1", "0"]),
        (lambda: lb.set_num_threads(1.0), TYPE, ["n_threads", "integer", "1.0"]),
        (lambda: lb.set_num_threads(True), TYPE, ["n_threads", "integer", "True"]),
    ],
)
def test_parameters_are_checked(make, error, words):
    with pytest.raises(error) as caught:
        make()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_parameters_are_floats_whatever_they_came_as():
    for delta in 2, 2.0, np.float32(2), np.int8(2):
        assert repr(lb.Huber(delta)) == "Huber(delta=2.0)"
        assert lb.Huber(delta) == lb.Huber(2.0)
    loss = lb.SoftmaxCrossEntropy(class_weight=np.array([1, 2]), ignore_index=np.int64(-1))
    assert loss == lb.SoftmaxCrossEntropy(class_weight=(1.0, 2.0), ignore_index=-1)
    assert type(loss.ignore_index) is int
    assert repr(lb.SigmoidFocal(alpha=0)) == "SigmoidFocal(gamma=2.0, alpha=0.0)"
    assert repr(lb.Hinge()) == "Hinge()"
    assert repr(lb.Hinge(reduction="sum")) == "Hinge(reduction='sum')"
    assert lb.HalfSquaredError() != lb.SquaredError()


def test_parameters_are_positional_and_reduction_is_not():
    assert lb.SigmoidFocal(1.0, 0.5) == lb.SigmoidFocal(gamma=1.0, alpha=0.5)
    with pytest.raises(TypeError):
        lb.Huber(1.0, "sum")


# The caller's own arrays.


def test_out_is_filled_and_returned():
    y, z, w = Y, Z, np.abs(Y) + 1
    for reduction in "none", "sum", "mean":
        loss = lb.SquaredError(reduction=reduction)
        a, b = np.full((4, 6), np.nan), np.full((4, 6), np.nan)
        assert loss.gradient(y, z, w, out=a) is a
        np.testing.assert_array_equal(a, loss.gradient(y, z, w))
        assert loss.hessian(y, z, w, out=(b,)) is b
        np.testing.assert_array_equal(b, loss.hessian(y, z, w))
        a[...] = b[...] = np.nan
        first, second = loss.gradient_and_hessian(y, z, w, out=(a, b))
        assert first is a
        assert second is b
        np.testing.assert_array_equal(a, loss.gradient(y, z, w))
        np.testing.assert_array_equal(b, loss.hessian(y, z, w))
        if reduction != "none":
            a[...] = np.nan
            value, gradient = loss.value_and_gradient(y, z, w, out=a)
            assert value == loss(y, z, w)
            assert gradient is a
            np.testing.assert_array_equal(a, loss.gradient(y, z, w))
    a[...] = b[...] = np.nan
    assert SQUARED(y, z, w, out=a) is a
    np.testing.assert_array_equal(a, SQUARED(y, z, w))
    value, gradient = SQUARED.value_and_gradient(y, z, w, out=(a, b))
    assert value is a
    assert gradient is b
    np.testing.assert_array_equal(a, SQUARED(y, z, w))
    np.testing.assert_array_equal(b, SQUARED.gradient(y, z, w))


def test_out_of_class_losses_and_single_numbers():
    value, gradient = np.empty((2, 5)), np.empty((2, 5, 3))
    SOFTMAX.value_and_gradient(LABELS, SCORES, out=(value, gradient))
    np.testing.assert_array_equal(value, SOFTMAX(LABELS, SCORES))
    np.testing.assert_array_equal(gradient, SOFTMAX.gradient(LABELS, SCORES))
    scalar = np.empty(())
    assert SQUARED(1.0, 3.0, out=scalar) is scalar
    assert scalar == 4


def test_one_dimensional_out_may_be_strided():
    buffer = np.full(48, -1.0)
    SQUARED.gradient(Y.ravel(), Z.ravel(), out=buffer[::2])
    np.testing.assert_array_equal(buffer[::2], SQUARED.gradient(Y.ravel(), Z.ravel()))
    np.testing.assert_array_equal(buffer[1::2], -1)


y, z, w = np.arange(24.0).reshape(4, 6), np.ones((4, 6)), np.ones((4, 6))
BIG = np.ones((4, 12))


@pytest.mark.parametrize(
    ("call", "out", "error", "words"),
    [
        (lb.SquaredError(), np.empty((4, 6)), VALUE, ["out", "nothing"]),
        (
            lb.SquaredError().gradient,
            np.empty((6, 4)),
            ValueError,
            ["gradient", "(4, 6)", "(6, 4)"],
        ),
        (lb.SquaredError().gradient, np.empty(24), VALUE, ["gradient", "(4, 6)", "(24,)"]),
        (lb.SquaredError().gradient, np.empty((4, 6), "f4"), VALUE, ["float64", "float32"]),
        (lb.SquaredError().gradient, np.empty((4, 6), ">f8"), VALUE, ["float64", ">f8"]),
        (lb.SquaredError().hessian, np.empty((6, 4)).T, VALUE, ["hessian", "C-contiguous"]),
        (lb.SquaredError().hessian, read_only(z), VALUE, ["hessian", "writable"]),
        (lb.SquaredError().gradient, z.tolist(), TYPE, ["gradient", "array", "list"]),
        (lb.SquaredError().gradient, (z.copy(), z.copy()), VALUE, ["gradient", "2"]),
        (
            lb.SquaredError().gradient_and_hessian,
            z.copy(),
            ValueError,
            ["gradient", "hessian", "1"],
        ),
        (SQUARED.value_and_gradient, z.copy(), VALUE, ["value", "gradient", "1"]),
        (lb.SquaredError().value_and_gradient, (z.copy(), z.copy()), VALUE, ["gradient", "2"]),
        (lb.SquaredError().gradient, y, VALUE, ["share memory"]),
        (lb.SquaredError().gradient, z, VALUE, ["share memory"]),
        (lb.SquaredError().gradient, w, VALUE, ["share memory"]),
        (
            lb.SquaredError().gradient_and_hessian,
            (BIG[:2].reshape(4, 6),) * 2,
            VALUE,
            ["share memory"],
        ),
        (
            lambda *inputs, out: lb.SquaredError().gradient(BIG[:, ::2], z, out=out),
            BIG[1:3].reshape(4, 6),
            VALUE,
            ["share memory"],
        ),
    ],
)
def test_out_is_checked(call, out, error, words):
    with pytest.raises(error) as caught:
        call(y, z, w, out=out)
    assert all(word in str(caught.value) for word in ["out", *words]), str(caught.value)
    np.testing.assert_array_equal(y, np.arange(24.0).reshape(4, 6))
    assert (z == 1).all()
    assert (w == 1).all()
    assert (BIG == 1).all()


def test_interleaved_arrays_do_not_overlap():
    buffer = np.ones(48)
    SQUARED.gradient(np.zeros(24), buffer[::2], out=buffer[1::2])
    np.testing.assert_array_equal(buffer[1::2], 2)


def test_bad_input_far_from_the_start_leaves_out_alone():
    y, z, out = np.zeros(300_000), np.ones(300_000), np.full(300_000, 7.0)
    y[290_000] = np.inf
    with pytest.raises(ValueError, match="index 290000"):
        SQUARED.gradient(y, z, out=out)
    np.testing.assert_array_equal(out, 7)
