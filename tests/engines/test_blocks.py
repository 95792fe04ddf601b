"""Both engines give the same: results, dtypes, errors, for any number of threads."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("numba")

from losses import LOSSES, OTHERS, inputs

import lossbook as lb
from lossbook.core import evaluation
from lossbook.core.loss import ClassLoss
from lossbook.engines import kernels, obstacle

N = 61  # no multiple of what a vector register holds


def as_tuple(results):
    flat = []
    for each in results:
        flat += each if isinstance(each, tuple) else (each,)
    return flat


def both(call):
    """Return what a call gives with either engine."""
    with lb.engine("numba"):
        compiled = as_tuple(call())
    with lb.engine("numpy"):
        return compiled, as_tuple(call())


def roundings(loss, dtype):
    """Return how far apart results may be: a few roundings of what they are made of."""
    steep = getattr(loss, "gamma", 0.0)
    return (8 + 4 * steep) * np.finfo(dtype).eps


def assert_same(call, loss, dtype):
    compiled, plain = both(call)
    for one, other in zip(compiled, plain, strict=True):
        assert type(one) is type(other)
        assert np.shape(one) == np.shape(other)
        assert np.asarray(one).dtype == np.asarray(other).dtype
        size = np.abs(np.asarray(other)[np.isfinite(other)]).max(initial=0.0)
        # Where terms cancel, the difference is one of roundings of the terms.
        near_zero = 4 * np.finfo(dtype).eps * size
        np.testing.assert_allclose(one, other, rtol=roundings(loss, dtype), atol=near_zero)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_losses_are_compiled(loss):
    assert obstacle(loss, *inputs(loss)) is None


@pytest.mark.parametrize("loss", OTHERS, ids=repr)
def test_others_run_as_before(loss):
    given = inputs(loss)
    assert_same(lambda: loss.value_and_gradient(*given), loss, float)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_results_in_double_precision(loss):
    given, weight = inputs(loss, N), np.arange(N) % 5.0
    assert_same(lambda: loss.value_and_gradient(*given), loss, float)
    each = replace(loss, reduction="none")
    assert_same(lambda: each.gradient_and_hessian(*given, weight), loss, float)
    if isinstance(loss, ClassLoss):
        soft = inputs(loss, N, soft=True)
        assert_same(lambda: loss.value_and_gradient(*soft), loss, float)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_results_in_single_precision(loss):
    given, weight = inputs(loss, N, dtype=np.float32), np.arange(N) % 5.0
    assert_same(lambda: loss.value_and_gradient(*given, weight), loss, np.float32)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_the_second_call_gives_what_the_first_gave(loss, reduction):
    loss = replace(loss, reduction=reduction)
    for n, dtype in [(N, float), (N, np.float32), (N - 1, np.float32)]:
        given = inputs(loss, n, dtype=dtype)
        for method in (loss, loss.value_and_gradient):
            first, as_usual = both(lambda given=given, method=method: [method(*given)])
            with lb.engine("numba"):
                second = as_tuple([method(*given)])
            for one, other, usual in zip(first, second, as_usual, strict=True):
                assert type(one) is type(other) is type(usual)
                assert np.shape(one) == np.shape(usual)
                np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize(
    "loss",
    [lb.Huber(), lb.SoftmaxCrossEntropy(), lb.KLDivergence(), lb.Triplet(), lb.GaussianNLL()],
    ids=repr,
)
def test_plain_arrays_are_computed_at_once(loss):
    given, parts = inputs(loss, N), ("value", "gradient")
    with lb.engine("numba"):
        first = loss.value_and_gradient(*given)
        at_once = evaluation.engine_in_use.at_once
        np.testing.assert_equal(at_once(loss, parts, given), first)
        assert at_once(loss, parts, [each[:0] for each in given]) is None
        assert at_once(loss, parts, [each[:, None] for each in given]) is None
        assert at_once(loss, parts, [*given[:-1], given[-1][:-1]]) is None
        assert at_once(loss, parts, [each.tolist() for each in given]) is None


@pytest.mark.parametrize(
    ("loss", "invalid"),
    [(lb.Huber(), np.inf), (lb.SoftmaxCrossEntropy(), 99), (lb.KLDivergence(), 99)],
    ids=repr,
)
def test_targets_are_checked_in_every_call(loss, invalid):
    y_true, y_pred = inputs(loss, N)
    with lb.engine("numba"):
        loss(y_true, y_pred)
        y_true.flat[7] = invalid
        with pytest.raises(ValueError, match="y_true must"):
            loss(y_true, y_pred)


@pytest.mark.parametrize(
    "loss",
    [
        lb.SoftmaxCrossEntropy(ignore_index=-1),
        lb.SoftmaxCrossEntropy(class_weight=(1, 2, 3)),
        lb.ListMLE(padding_value=-1),
    ],
    ids=repr,
)
def test_samples_that_count_differently_are_not_computed_at_once(loss):
    given = inputs(loss, N, 3)
    with lb.engine("numba"):
        expected = loss.value_and_gradient(*given)
        assert evaluation.engine_in_use.at_once(loss, ("value", "gradient"), given) is None
        np.testing.assert_equal(loss.value_and_gradient(*given), expected)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n_entries", [2, 63, 300])
@pytest.mark.parametrize(
    "loss",
    [lb.SoftmaxCrossEntropy(), lb.MultiMargin(), lb.KLDivergence(), lb.Poly1CrossEntropy()],
    ids=repr,
)
def test_any_number_of_classes(loss, n_entries, dtype):
    for soft in (False, True):
        given = inputs(loss, N, n_entries, dtype, soft)
        assert_same(lambda given=given: loss.value_and_gradient(*given), loss, dtype)


# What arrays look like.

Y, Z = np.random.default_rng(0).normal(size=(2, 12, 10))
VIEWS = {
    "two axes": (Y, Z),
    "transposed": (Y.T, Z.T),
    "every other": (Y[:, ::2], Z[:, ::2]),
    "reversed": (Y[::-1, 0], Z[::-1, 0]),
    "a number": (Y[0, 0], Z[0, 0]),
    "lists": (Y[0].tolist(), Z[0].tolist()),
    "integers": (np.arange(9), Z[0, :9]),
    "small integers": (np.arange(9, dtype=np.int8), Z[0, :9].astype(np.float32)),
    "half precision": (Y[0].astype(np.float16), Z[0].astype(np.float16)),
    "other byte order": (Y[0].astype(">f8"), Z[0].astype(">f8")),
    "read only": (np.broadcast_to(Y[0], (3, 10)), Z[:3]),
    "not aligned": (Y[0], np.frombuffer(b"-" + Z[0].tobytes(), offset=1)),
}


@pytest.mark.parametrize(
    ("loss", "y_true"),
    [
        (lb.Pinball(quantile=(0.1, 0.9)), Y[:, 0].copy()),
        (lb.SigmoidCrossEntropy(pos_weight=(1.0, 2.0)), np.abs(Y[:, :2]) % 1),
        (lb.Huber(), Y[:, :2].copy()),
    ],
    ids=repr,
)
def test_several_outputs_a_second_time(loss, y_true):
    y_pred = Z[:, :2].copy()
    with lb.engine("numba"):
        first = loss.value_and_gradient(y_true, y_pred)
        np.testing.assert_equal(loss.value_and_gradient(y_true, y_pred), first)
    value, gradient = loss.value_and_gradient(y_true, y_pred)
    assert first[0] == pytest.approx(value, rel=1e-15)
    np.testing.assert_allclose(first[1], gradient, rtol=1e-14)


@pytest.mark.parametrize("name", VIEWS)
def test_any_view(name):
    y, z = VIEWS[name]
    assert_same(lambda: lb.Huber().value_and_gradient(y, z), lb.Huber(), float)


def test_results_go_where_they_are_wanted():
    y, z, weight = Y.ravel(), Z.ravel(), np.abs(Y).ravel()
    with lb.engine("numba"):
        expected = lb.LogCosh().gradient(y, z, weight)
        scattered = np.full((y.size, 2), np.nan)
        lb.LogCosh().gradient(y, z, weight, out=scattered[:, 1])
        np.testing.assert_array_equal(scattered[:, 1], expected)
        assert np.isnan(scattered[:, 0]).all()


def test_rows_of_boxes_with_one_entry():
    y, z = np.abs(Y[:, :1]) % 1, Z[:, :1]
    assert_same(lambda: lb.MultilabelSoftMargin().value_and_gradient(y, z), lb.Huber(), float)


# Errors.


@pytest.mark.parametrize(
    ("loss", "given"),
    [
        (lb.Huber(), ([0.0, np.nan, np.inf], [0.0, 1.0, 2.0])),
        (lb.BinaryCrossEntropy(), ([0.0, 1.0], [0.5, 1.5])),
        (lb.SigmoidCrossEntropy(), ([0, 2], [0.5, 1.5])),
        (lb.Hinge(), ([1, 0], [0.5, 1.5])),
        (lb.SoftmaxCrossEntropy(), ([0, 5], [[0.0, 1.0], [1.0, 0.0]])),
        (lb.SoftmaxCrossEntropy(), ([0, -1], [[0.0, 1.0], [1.0, 0.0]])),
        (lb.CategoricalCrossEntropy(), ([0, 1], [[0.5, 0.5], [0.5, 0.75]])),
        (lb.KLDivergence(), ([[0.5, 0.4], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]])),
        (lb.NegativeLogLikelihood(), ([0, 1], [[-0.5, -0.5], [0.0, -np.inf]])),
        (lb.TweedieNLL(power=2.0), ([1.0, 0.0], [0.0, 0.0])),
    ],
)
def test_errors_are_the_same(loss, given):
    messages = set()
    for name in ("numpy", "numba"):
        with lb.engine(name), pytest.raises(ValueError, match="at index") as error:
            loss.value_and_gradient(*given)
        messages.add(str(error.value))
    assert len(messages) == 1


def test_what_is_refused_has_changed_nothing():
    y, z, out = np.zeros(10), np.zeros(10), np.full(10, 7.0)
    y[9] = np.nan
    with lb.engine("numba"), pytest.raises(ValueError, match="y_true"):
        lb.Huber().gradient(y, z, out=out)
    assert (out == 7).all()


def test_absent_samples_change_nothing():
    y, z, weight = (
        np.zeros(5),
        np.array([1.0, np.nan, np.inf, 2.0, 3.0]),
        np.array([1, 0, 0, 1, 1.0]),
    )
    call = lb.SquaredError().value_and_gradient
    assert_same(lambda: call(y, z, weight), lb.SquaredError(), float)
    with lb.engine("numba"):
        value, gradient = call(y, z, weight)
    assert value == pytest.approx(14 / 3)
    np.testing.assert_array_equal(gradient[1:3], 0)


# Somebody else's losses.


class Quartic(lb.SquaredError):
    """A loss that an author wrote."""

    def _value(self, r):
        return r**4

    def _gradient(self, r):
        return 4 * r**3

    def _hessian(self, r):
        return 12 * r * r


class Sorted(lb.SquaredError):
    """A loss whose formula no engine can trace."""

    def _gradient(self, r):
        if r[0] > 0:
            return 2 * r
        return 2.0 * r


def test_losses_of_others_are_compiled():
    assert obstacle(Quartic(), Y, Z) is None
    assert_same(lambda: Quartic().value_and_gradient(Y, Z), Quartic(), float)


def test_what_cannot_be_traced_runs_as_before():
    assert "cannot be traced" in obstacle(Sorted(), Y, Z)
    assert_same(lambda: Sorted().value_and_gradient(Y, Z), Sorted(), float)


def test_losses_are_what_they_were():
    loss = lb.Huber(delta=2.0)
    with lb.engine("numba"):
        loss(Y, Z)
        assert pickle.loads(pickle.dumps(loss)) == loss == replace(loss)
        assert repr(loss) == "Huber(delta=2.0)"


@pytest.mark.parametrize("weight", [None, np.ones(120)], ids=["plain", "weighted"])
def test_parameters_that_are_set_later_count(weight):
    y, z = Y.ravel(), 9 * Z.ravel()
    loss = lb.Huber(delta=1.0)
    with lb.engine("numba"):
        loss(y, z, weight)
        loss.set_params(delta=3.0)
        assert loss(y, z, weight) == lb.Huber(delta=3.0)(y, z, weight)
    loss.set_params(delta=5.0)
    with lb.engine("numba"):
        assert loss(y, z, weight) == lb.Huber(delta=5.0)(y, z, weight)


@pytest.mark.parametrize(
    "make",
    [
        lb.Expectile,
        lb.GeneralRobust,
        lb.Huber,
        lb.SigmoidFocal,
        lambda x: lb.NegativeBinomialNLL(x, constant_terms=True),
        lambda x: lb.SmoothPinball(x, width=1 - x),
    ],
)
def test_parameters_do_not_need_another_kernel(make, monkeypatch):
    y, z = (Y.ravel() > 0).astype(float), Z.ravel()

    def refuse(*_):
        raise AssertionError("compiled again")

    with lb.engine("numba"):
        make(0.31).value_and_gradient(y, z)
    monkeypatch.setattr(kernels, "_load_or_compile", refuse)
    assert obstacle(make(0.57), y, z) is None
    assert_same(lambda: make(0.57).value_and_gradient(y, z), make(0.57), float)


# Engines.


def test_the_engine_is_numpy_unless_told():
    code = "import lossbook as lb, sys; print(lb.get_engine(), 'numba' in sys.modules)"
    environment = {k: v for k, v in os.environ.items() if k != "LOSSBOOK_ENGINE"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["numpy", "False"]


def test_the_environment_variable_sets_the_engine():
    code = "import lossbook as lb; print(lb.get_engine())"
    environment = {**os.environ, "LOSSBOOK_ENGINE": "numba"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["numba"]


def test_engines_are_set_and_put_back():
    before = lb.get_engine()
    with lb.engine("numba"):
        assert lb.get_engine() == "numba"
        with pytest.raises(KeyError), lb.engine("numpy"):
            assert lb.get_engine() == "numpy"
            raise KeyError
        assert lb.get_engine() == "numba"
    assert lb.get_engine() == before


def test_unknown_engines_are_refused():
    with pytest.raises(ValueError, match=r"engine must be one of .*; got 'cuda'"):
        lb.set_engine("cuda")


def test_without_numba_the_error_says_what_to_install():
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import lossbook as lb\n"
        "try: lb.set_engine('numba')\n"
        "except ImportError as error: print(error, lb.get_engine())"
    )
    environment = {k: v for k, v in os.environ.items() if k != "LOSSBOOK_ENGINE"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert 'pip install "lossbook[fast]"' in run.stdout
    assert run.stdout.endswith("numpy\n")
