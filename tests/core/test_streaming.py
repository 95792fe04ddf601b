"""Blocks and threads: any number of them, the same bits; memory that does not grow."""

import os
import subprocess
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import lossbook as lb
from lossbook.core.streaming import BLOCK_BYTES, stream, total

N = 1_000_000
RNG = np.random.default_rng(11)
Y, Z, W = RNG.normal(size=N), 3 * RNG.normal(size=N), RNG.uniform(0, 2, N)
LABELS, SCORES = RNG.integers(0, 5, N // 5), RNG.normal(size=(N // 5, 5))
W_CLASS = RNG.uniform(0, 2, N // 5)
CASES = [
    pytest.param(lb.Huber(), (Y, Z, None), id="Huber"),
    pytest.param(lb.SquaredError(), (Y, Z, W), id="weighted SquaredError"),
    pytest.param(lb.SigmoidCrossEntropy(), ((Y > 0).astype("f4"), Z.astype("f4"), W), id="float32"),
    pytest.param(
        lb.SquaredError(), (Y.reshape(8, -1)[::2], Z.reshape(8, -1)[1::2], None), id="2-d"
    ),
    pytest.param(lb.SoftmaxCrossEntropy(), (LABELS, SCORES, W_CLASS), id="SoftmaxCrossEntropy"),
    pytest.param(
        lb.SoftmaxCrossEntropy(class_weight=(1, 2, 3, 4, 5), ignore_index=3),
        (LABELS, SCORES, W_CLASS),
        id="class weights",
    ),
]


def everything(loss, inputs):
    return [
        loss(*inputs),
        loss.gradient(*inputs),
        loss.hessian(*inputs),
        *loss.value_and_gradient(*inputs),
        *loss.gradient_and_hessian(*inputs),
    ]


@pytest.mark.parametrize(("loss", "inputs"), CASES)
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_results_do_not_depend_on_the_number_of_threads(loss, inputs, reduction, threads):
    loss = replace(loss, reduction=reduction)
    threads(1)
    expected = everything(loss, inputs)
    for n_threads in 2, 3, 7:
        threads(n_threads)
        for result, wanted in zip(everything(loss, inputs), expected, strict=True):
            np.testing.assert_array_equal(result, wanted)


@pytest.mark.parametrize(("loss", "inputs"), CASES)
def test_blocks_make_no_difference(loss, inputs):
    part = 10_000
    y, z, w = inputs
    if y.ndim > 1:
        y, z = y.ravel(), z.ravel()
    for name in "gradient", "hessian":
        method = getattr(replace(loss, reduction="none"), name)
        whole = method(y, z, w)
        for start in (0, part, len(z) - part):
            piece = slice(start, start + part)
            np.testing.assert_array_equal(
                whole[piece], method(y[piece], z[piece], None if w is None else w[piece])
            )


@pytest.mark.parametrize("n_threads", [1, 2, 3, 7])
def test_the_first_bad_value_is_reported_whatever_the_number_of_threads(n_threads, threads):
    threads(n_threads)
    y = Y.copy()
    y[[123_457, 500_000, 700_001, 999_999]] = np.nan
    for _ in range(5):
        with pytest.raises(ValueError, match=r"y_true must be finite; got nan at index 123457$"):
            lb.SquaredError()(y, Z)
    w = W.copy()
    w[[400_000, 999_998]] = -3
    with pytest.raises(ValueError, match=r"sample_weight .* got -3.0 at index 400000$"):
        lb.SquaredError().gradient(Y, Z, w)
    labels = LABELS.copy()
    labels[[77_777, 177_777]] = 5
    with pytest.raises(ValueError, match=r"got 5 at index 77777$"):
        lb.SoftmaxCrossEntropy()(labels, SCORES)


def test_stream_returns_results_in_order(threads):
    for n_threads in 1, 2, 5:
        threads(n_threads)
        for n, size in (1, 5), (5, 5), (6, 5), (100, 7), (3, 1):
            blocks = stream(lambda start, stop: (start, stop), n, size)
            assert blocks[0][0] == 0
            assert blocks[-1][1] == n
            assert all(before[1] == after[0] for before, after in pairwise(blocks))
            lengths = [stop - start for start, stop in blocks]
            assert max(lengths) <= size
            assert max(lengths) - min(lengths) <= 1


def test_stream_stops_at_an_error(threads):
    threads(2)
    seen = []

    def work(start, stop):
        seen.append(start)
        if start >= 10:
            raise KeyError(start)

    with pytest.raises(KeyError, match="10"):
        stream(work, 100_000, 1)
    assert len(seen) < 1000


def test_total_is_the_sum():
    assert total([1.5]) == 1.5
    assert total([1.5, 2.0, -0.25]) == 3.25
    assert total([1e308, 1e308]) == np.inf
    assert type(total([np.float64(1.0)])) is float


def test_numbers_of_threads():
    assert lb.get_num_threads() >= 1
    before = lb.get_num_threads()
    lb.set_num_threads(3)
    assert lb.get_num_threads() == 3
    lb.set_num_threads(before)
    assert lb.get_num_threads() == before


# Memory.


def peak_beyond(result, call):
    """Return the bytes allocated at the worst moment of a call, beyond its result."""
    call()
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - result


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("n", [10**6, 10**7])
def test_extra_memory_is_that_of_blocks(n, n_threads, threads):
    threads(n_threads)
    y, z = np.zeros(n, np.float32), np.ones(n, np.float32)
    few_blocks = 12 * BLOCK_BYTES * n_threads + n // 100
    loss = lb.SigmoidCrossEntropy()
    assert peak_beyond(0, lambda: loss(y, z)) < few_blocks
    assert peak_beyond(0, lambda: loss(y, z, z)) < few_blocks
    assert peak_beyond(z.nbytes, lambda: loss.gradient(y, z)) < few_blocks
    out = np.empty(n, np.float32)
    assert peak_beyond(0, lambda: loss.value_and_gradient(y, z, out=out)) < few_blocks
    assert peak_beyond(0, lambda: loss(y[::2], z[::2])) < few_blocks
    y_2d, z_2d = y.reshape(4, -1)[:, ::2], z.reshape(4, -1)[:, ::2]
    assert peak_beyond(0, lambda: loss(y_2d, z_2d)) < few_blocks
    labels, scores = y[: n // 10].astype(np.int8), z.reshape(-1, 10)
    assert peak_beyond(0, lambda: lb.SoftmaxCrossEntropy()(labels, scores)) < few_blocks


def test_arrays_on_disk_are_read_block_by_block(tmp_path):
    n = 4_000_000
    paths = [tmp_path / name for name in ("y.npy", "z.npy", "gradient.npy")]
    for path in paths:
        array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n,))
        array[:] = np.arange(n, dtype=np.float32) % (7 if path is paths[0] else 5)
        del array
    y, z = (np.load(path, mmap_mode="r") for path in paths[:2])
    out = np.load(paths[2], mmap_mode="r+")
    loss = lb.HalfSquaredError(reduction="sum")
    expected = np.subtract(z, y)
    extra = peak_beyond(0, lambda: loss.value_and_gradient(y, z, out=out))
    assert extra < 12 * BLOCK_BYTES * lb.get_num_threads() + n // 100
    np.testing.assert_array_equal(out, expected)
    assert loss(y, z) == np.sum(expected.astype(float) ** 2) / 2


def test_mean_of_ten_million_singles_is_right_to_1e_7():
    n = 10**7
    z = np.random.default_rng(3).random(n, dtype=np.float32)
    y = np.zeros(n, np.float32)
    exact = np.mean(z.astype(float) ** 2)
    assert lb.SquaredError()(y, z) == pytest.approx(exact, rel=1e-7)
    assert lb.SquaredError()(y, z, np.ones(n, np.float32)) == pytest.approx(exact, rel=1e-7)
    shift = np.float32(1000)
    far = z.astype(float) + 1000
    assert lb.AbsoluteError()(y, z + shift) == pytest.approx(np.mean(far), rel=1e-7)


# Callers with threads and processes of their own.


def test_concurrent_calls():
    loss, wanted = lb.Huber(), lb.Huber().value_and_gradient(Y, Z)

    def call(k):
        if k % 5 == 0:
            lb.set_num_threads(1 + k % 3)
        return loss.value_and_gradient(Y, Z)

    before = lb.get_num_threads()
    with ThreadPoolExecutor(4) as pool:
        for value, gradient in pool.map(call, range(24)):
            assert value == wanted[0]
            np.testing.assert_array_equal(gradient, wanted[1])
    lb.set_num_threads(before)


def test_calls_inside_work_do_not_wait_for_each_other(threads):
    threads(2)
    wanted = lb.SquaredError()(Y, Z)

    def nested(start, stop):
        return lb.SquaredError()(Y, Z)

    results = []
    caller = threading.Thread(target=lambda: results.extend(stream(nested, 8, 1)), daemon=True)
    caller.start()
    caller.join(60)
    assert results == [wanted] * 8


FORK = """
import os
import threading
import numpy as np
import lossbook as lb

lb.set_num_threads(3)
y, z = np.zeros(10**6), np.arange(10.0**6)
wanted = lb.SquaredError()(y, z)
child = os.fork()
if child == 0:
    right = lb.SquaredError()(y, z) == wanted
    os._exit(0 if right and threading.active_count() > 1 else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_starts_threads_of_its_own():
    # In a process of its own: other libraries of this one object to being forked.
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], check=True, timeout=60)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_warnings_neither_leak_out_nor_break_in(n_threads, threads):
    threads(n_threads)
    y, z = np.zeros(300_000), np.full(300_000, 1e200)
    with np.errstate(all="raise"):
        assert lb.SquaredError(reduction="sum")(y, z) == np.inf
        assert lb.SquaredError()(y, z) == np.inf
        assert lb.SquaredError(reduction="sum")(y, np.full(300_000, 1.2e152)) == np.inf
        assert (lb.SquaredError(reduction="none")(y, z, np.full(300_000, 1e-320)) == np.inf).all()
        out = np.empty(300_000)
        lb.SquaredError().gradient(np.full(300_000, 1e308), z, out=out)
        assert lb.AbsoluteError().optimal_constant([1e308, 1e308]) == 1e308
        singles = np.ones(9, np.float32)
        assert lb.SquaredError()(0 * singles, singles, np.full(9, 1e-42)) == pytest.approx(1)
        assert lb.SquaredError()(0 * singles, singles, np.full(9, 1e300)) == pytest.approx(1)
        assert np.geterr() == dict.fromkeys(np.geterr(), "raise")
