"""Losses of Dask arrays."""

import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import lossbook as lb

dask = pytest.importorskip("dask", reason="Dask is not installed")
da = pytest.importorskip("dask.array", reason="Dask is not installed")

from lossbook.interop.dask import as_function  # noqa: E402

REDUCTIONS = "mean", "sum", "none"
N = 60


def numbers(shape=(N,), dtype=float, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype) for _ in range(2)]


def inputs_of(loss):
    """Return inputs and weights, and unequal chunks of each."""
    rng = np.random.default_rng(1)
    weight = rng.uniform(0, 2, N)
    weight[:7] = 0
    if isinstance(loss, lb.SoftmaxCrossEntropy | lb.CategoricalCrossEntropy):
        scores = rng.normal(size=(N, 4))
        if isinstance(loss, lb.CategoricalCrossEntropy):
            scores = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        y = rng.integers(0, 4, N)
        return (y, scores, weight), ((11,), (25, 3), (7,))
    if isinstance(loss, lb.MultilabelSoftMargin):
        y = rng.integers(0, 2, (N, 4)).astype(float)
        return (y, rng.normal(size=(N, 4)), weight), ((11, 2), (25, 3), (7,))
    y, pred = numbers()
    if loss.y_true_domain.contains(np.array([0.0, 1.0, 2.0])).tolist() == [True, True, False]:
        y = (y > 0).astype(float)
    elif not loss.y_true_domain.contains(np.array([-1.5]))[0]:
        y = np.floor(np.abs(3 * y))
    return (y, pred, weight), ((11,), (25,), (7,))


LOSSES = [
    lb.Huber(delta=0.5),
    lb.PoissonNLL(),
    lb.SigmoidCrossEntropy(),
    lb.SoftmaxCrossEntropy(),
    lb.SoftmaxCrossEntropy(ignore_index=2),
    lb.SoftmaxCrossEntropy(class_weight=(1.0, 2.0, 0.5, 3.0)),
    lb.CategoricalCrossEntropy(),
    lb.MultilabelSoftMargin(),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_equals_the_loss_of_the_whole_arrays(loss, reduction, weighted):
    loss = replace(loss, reduction=reduction)
    arrays, chunks = inputs_of(loss)
    n = 3 if weighted else 2
    lazy = [da.from_array(a, c) for a, c in zip(arrays[:n], chunks[:n], strict=True)]
    function, arrays = as_function(loss), arrays[:n]
    lazy_results = [
        function(*lazy),
        function.gradient(*lazy),
        function.hessian(*lazy),
        *function.value_and_gradient(*lazy),
        *function.gradient_and_hessian(*lazy),
    ]
    expected = [
        loss(*arrays),
        loss.gradient(*arrays),
        loss.hessian(*arrays),
        *loss.value_and_gradient(*arrays),
        *loss.gradient_and_hessian(*arrays),
    ]
    found = dask.compute(*lazy_results, scheduler="sync")
    for lazy_one, each, other in zip(lazy_results, found, expected, strict=True):
        assert lazy_one.shape == np.shape(other)
        assert lazy_one.dtype == each.dtype == np.asarray(other).dtype
        np.testing.assert_allclose(each, other, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("curvature", ["majorizer", "abs"])
def test_curvature(curvature):
    y, p = numbers()
    loss = lb.Cauchy(reduction="none")
    lazy = da.from_array(y, 7), da.from_array(p, 9)
    expected = loss.gradient_and_hessian(y, p, curvature=curvature)
    found = as_function(loss).gradient_and_hessian(*lazy, curvature=curvature)
    for each, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(each.compute(), other)


def test_pictures():
    y, p = numbers((6, 8, 4))
    loss = lb.LogCosh()
    lazy = da.from_array(y, (4, 3, 4)), da.from_array(p, (5, 8, 1))
    assert as_function(loss)(*lazy).compute() == pytest.approx(loss(y, p), rel=1e-13)
    found = as_function(loss).gradient(*lazy).compute()
    np.testing.assert_allclose(found, loss.gradient(y, p), rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_dtypes_are_those_of_the_loss(dtype):
    y, p = (np.round(3 * a).astype(dtype) for a in numbers())
    loss = lb.LogCosh()
    lazy = da.from_array(y, 7), da.from_array(p, 7)
    expected = loss.gradient(y, p)
    found = as_function(loss).gradient(*lazy)
    assert found.dtype == found.compute().dtype == expected.dtype
    assert as_function(loss)(*lazy).dtype == np.float64


def test_numpy_beside_dask():
    y, p = numbers()
    assert as_function(lb.Huber())(y, da.from_array(p, 7)).compute() == pytest.approx(
        lb.Huber()(y, p)
    )


class Counted:
    """Blocks that count how often they are made."""

    def __init__(self, values):
        self.values, self.made = values, 0

    def array(self, chunks):
        def block(block_info=None):
            self.made += 1
            return self.values[tuple(slice(*at) for at in block_info[None]["array-location"])]

        chunks = da.core.normalize_chunks(chunks, self.values.shape, dtype=self.values.dtype)
        meta = np.empty((0,) * self.values.ndim, self.values.dtype)
        return da.map_blocks(block, chunks=chunks, dtype=self.values.dtype, meta=meta)


SEEN: list[tuple[int, ...]] = []


class Seen(lb.Huber):
    """A loss that notes the shapes of what it is called with."""

    def gradient(self, y_true, y_pred, sample_weight=None):
        SEEN.append(y_true.shape)
        return super().gradient(y_true, y_pred, sample_weight)


class TestTraps:
    """What goes wrong with a loss in `map_blocks`, and that it does not here."""

    def test_nothing_is_computed_before_it_is_asked_for(self):
        y, p = (Counted(values) for values in numbers())
        function = as_function(lb.Huber())
        lazy = y.array(10), p.array(15)
        value, gradient = function.value_and_gradient(*lazy)
        hessian, weighted = function.hessian(*lazy), function(*lazy, lazy[1] ** 2)
        assert y.made == p.made == 0
        value.compute(scheduler="sync")
        assert (y.made, p.made) == (6, 4)
        gradient[:5].compute(scheduler="sync")
        assert (y.made, p.made) == (7, 5)
        assert all(isinstance(each, da.Array) for each in (value, gradient, hessian, weighted))

    def test_the_loss_is_not_called_on_empty_arrays(self):
        y, p = (da.from_array(values, 7) for values in numbers())
        loss = Seen(reduction="none")
        da.map_blocks(loss.gradient, y, p, dtype=float)
        assert (0,) in SEEN
        SEEN.clear()
        gradient = as_function(loss).gradient(y, p)
        assert SEEN == []
        gradient.compute(scheduler="sync")
        assert set(SEEN) == {(7,), (4,)}

    def test_chunks_that_do_not_match(self):
        y, p = numbers()
        lazy = da.from_array(y, (30, 30)), da.from_array(p, (20, 40))
        loss = lb.Huber(reduction="none")
        plain = da.map_blocks(loss.gradient, *lazy, dtype=float, meta=np.empty(0))
        with pytest.raises(ValueError, match="y_pred must have shape"):
            plain.compute()
        np.testing.assert_array_equal(
            as_function(loss).gradient(*lazy).compute(), loss.gradient(y, p)
        )

    def test_chunks_of_unknown_size_are_refused(self):
        y, p = (da.from_array(values, 7) for values in numbers())
        kept = y > 0
        with pytest.raises(ValueError, match=r"y_true\.compute_chunk_sizes\(\) finds them out"):
            as_function(lb.Huber())(y[kept], p[kept])
        known = [each[kept].compute_chunk_sizes() for each in (y, p)]
        found = as_function(lb.Huber())(*known).compute()
        assert found == pytest.approx(lb.Huber()(*(each.compute() for each in known)))

    def test_a_mean_of_means_weighs_blocks_alike(self):
        y, p = numbers()
        lazy = da.from_array(y, (50, 10)), da.from_array(p, (50, 10))
        loss = lb.SquaredError()
        means = [loss(y[:50], p[:50]), loss(y[50:], p[50:])]
        assert np.mean(means) != pytest.approx(loss(y, p), rel=1e-3)
        assert as_function(loss)(*lazy).compute() == pytest.approx(loss(y, p))

    def test_a_loss_called_directly_says_where_to_go(self):
        y, p = (da.from_array(values, 7) for values in numbers())
        with pytest.raises(TypeError, match=r"lossbook\.interop\.dask"):
            lb.Huber()(y, p)


class TestWhatIsRefused:
    """Errors name the argument, when the function is called or when a block is computed."""

    def test_shapes(self):
        y, p = (da.from_array(values, 7) for values in numbers())
        function = as_function(lb.Huber())
        with pytest.raises(ValueError, match=r"y_true must have shape \(60,\)"):
            function(y[:-1], p)
        with pytest.raises(ValueError, match=r"sample_weight must have shape \(60,\)"):
            function(y, p, y[:, None])
        with pytest.raises(ValueError, match="y_pred must not be empty"):
            function(y[:0], p[:0])
        with pytest.raises(ValueError, match="y_true must have shape"):
            as_function(lb.SoftmaxCrossEntropy())(y[:-1], da.zeros((60, 3)))

    def test_values(self):
        y, p = (da.from_array(values, 7) for values in numbers())
        value = as_function(lb.SigmoidCrossEntropy())(y, p)
        with pytest.raises(ValueError, match="y_true must be in"):
            value.compute()
        value = as_function(lb.Huber())(y, p, y)
        with pytest.raises(ValueError, match="sample_weight must be"):
            value.compute()

    def test_weights_that_are_all_zero(self):
        y, p = (da.from_array(values, 7) for values in numbers())
        function, zero = as_function(lb.Huber()), da.zeros(N, chunks=5)
        for result in function(y, p, zero), function.gradient(y, p, zero):
            with pytest.raises(ValueError, match="must not be all zero"):
                result.compute()

    def test_curvature(self):
        y, p = (da.from_array(values, 7) for values in numbers())
        with pytest.raises(ValueError, match="curvature of Huber"):
            as_function(lb.Huber()).hessian(y, p, curvature="fisher")

    @pytest.mark.parametrize("loss", [lb.Triplet(), lb.SupervisedContrastive()], ids=repr)
    def test_losses_of_other_inputs_or_whole_batches(self, loss):
        with pytest.raises(TypeError, match="each sample by itself"):
            as_function(loss)


def test_several_processes():
    pytest.importorskip("distributed", reason="distributed is not installed")
    code = """
import numpy as np, dask.array as da, lossbook as lb
from distributed import Client, LocalCluster
from lossbook.interop.dask import as_function

if __name__ == "__main__":
    y, p = np.random.default_rng(0).normal(size=(2, 1000))
    lazy = da.from_array(y, 130), da.from_array(p, 170)
    function = as_function(lb.Huber(delta=0.5))
    given = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(processes=True, **given) as cluster, Client(cluster):
        value, gradient = da.compute(*function.value_and_gradient(*lazy))
    expected = lb.Huber(delta=0.5).value_and_gradient(y, p)
    assert abs(value - expected[0]) < 1e-15
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-14)
    print("equal")
"""
    script = [sys.executable, "-c", code]
    found = subprocess.run(script, capture_output=True, text=True, timeout=120)
    assert found.stdout.strip() == "equal", found.stderr


def test_pickle():
    function = as_function(lb.Huber(delta=2.0))
    assert pickle.loads(pickle.dumps(function)) == function
    assert function.__name__ == "Huber"
