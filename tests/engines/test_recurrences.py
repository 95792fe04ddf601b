"""Recurrences and sorts: NumPy, tracer and kernels give the same."""

import numpy as np
import pytest

pytest.importorskip("numba")

from compiled import compiled

import lossbook as lb
from lossbook.core import evaluation
from lossbook.core.recurrences import scan
from lossbook.engines import obstacle, recurrences
from lossbook.engines.trace import NotTraceableError

RNG = np.random.default_rng(0)


# A recurrence of rows: a moving average that every neighbour has a part in, and its largest.


def average(state, largest, given, rate):
    before = np.zeros_like(state)
    before[1:] = state[:-1]
    state = state + rate * (given + before - state)
    largest = np.maximum(largest, np.maximum.reduce(state, axis=0))
    return (state, largest), (state, largest)


def by_hand(start, rows, rate, reverse):
    states, largest = np.empty_like(rows), np.empty((len(rows), rows.shape[-1]))
    state, top = start, np.zeros(rows.shape[-1])
    for k in sorted(range(len(rows)), reverse=reverse):
        before = np.vstack([np.zeros((1, state.shape[-1])), state[:-1]])
        state = state + rate * (rows[k] + before - state)
        top = np.maximum(top, state.max(axis=0))
        states[k], largest[k] = state, top
    return states, largest


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("n_entries", [2, 3, 7, 200])
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_recurrences_of_rows(engine, n_entries, reverse):
    rows, rate = RNG.normal(size=(6, n_entries, 5)), RNG.uniform(size=5)
    start = np.zeros((n_entries, 5)), np.zeros(5)
    with lb.engine(engine):
        got = scan(average, start, (rows,), (rate,), reverse=reverse)
    for one, other in zip(got, by_hand(start[0], rows, rate, reverse), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_step_is_compiled_once_for_rows_of_any_length():
    texts = set()
    for n_entries in 10, 11, 300:
        rows = np.ones((6, n_entries, 5))
        start, rate = (rows[0], rows[0, 0]), rows[0, 0]
        kinds = [(each.dtype, (*each.shape[:-1], 1)) for each in (*start, rows[0], rate)]
        step = recurrences.trace_step(average, kinds, 2, 1, False)
        texts.add(recurrences.StepSource(step).text)
    assert len(texts) == 1


def test_what_cannot_be_compiled_is_computed_with_numpy():
    def step(state, row):
        return (state + row[0],), (np.array(float(state[0] > 0)),)

    rows = np.ones((3, 1, 2))
    with lb.engine("numba"):
        assert evaluation.engine_in_use.scan(step, (np.zeros(2),), (rows,), (), False) is None
        (output,) = scan(step, (np.zeros(2),), (rows,))
    np.testing.assert_array_equal(output, [0, 1, 1])


def test_everything_that_a_step_uses_has_to_be_its_argument():
    def formula(x):
        return scan(lambda state, each: ((state + each * x[0],), (state,)), (x[0],), (x,))[0]

    with pytest.raises(NotTraceableError, match="not its argument"):
        compiled(formula, (float, 4))


@pytest.mark.parametrize("n_entries", [1, 2, 7, 200])
def test_recurrences_in_a_formula(n_entries):
    def formula(x):
        (sums,) = scan(lambda a, each: ((a * each + 0.25,), (a,)), (x[0],), (x,), reverse=True)
        return sums * x

    x = RNG.normal(size=(70, n_entries))
    got = compiled(formula, (float, n_entries))(x).reshape(x.shape)
    np.testing.assert_array_equal(got, formula(x.T).T)


def higher(score, label, scores, labels):
    """Count the higher scores of other labels, in a step that has no state."""
    wrong = np.where(labels != label, scores > score, False)
    return (), (np.add.reduce(wrong, axis=0),)


@pytest.mark.parametrize("n_entries", [2, 7, 200])
def test_pairs_of_entries(n_entries):
    def formula(x, y):
        return scan(higher, (), (x, y), (x, y))[0] * 0.5

    x, y = RNG.normal(size=(70, n_entries)), RNG.integers(0, 3, (70, n_entries)).astype(float)
    got = compiled(formula, (float, n_entries), (float, n_entries))(x, y)
    pairs = (x[:, None] > x[:, :, None]) & (y[:, None] != y[:, :, None])
    np.testing.assert_array_equal(got, pairs.sum(axis=2) / 2)


def smoothed(before, each, row, rate):
    after = before + rate * (each * row - before)
    return (after,), (np.maximum.reduce(after, axis=0),)


@pytest.mark.parametrize("n_entries", [2, 7, 200])
def test_states_may_be_rows(n_entries):
    def formula(x):
        return scan(smoothed, (np.zeros_like(x),), (x,), (x, x[0]))[0]

    x = RNG.uniform(size=(70, n_entries))
    np.testing.assert_array_equal(compiled(formula, (float, n_entries))(x), formula(x.T).T)


# Sorts.


def keys(n_entries, dtype):
    """Return rows with many ties, both zeros, infinities and NaN."""
    values = np.array([0.0, -0.0, 1.0, 1.0, -2.5, np.inf, -np.inf, np.nan, 3.0], dtype)
    return RNG.choice(values, (70, n_entries))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_entries", [1, 2, 9, 127, 128, 300])
def test_orders_are_stable_and_those_of_numpy(n_entries, dtype):
    x = keys(n_entries, dtype)
    order = compiled(lambda x: np.argsort(x, axis=0, kind="stable"), (dtype, n_entries))(x)
    np.testing.assert_array_equal(order, np.argsort(x, axis=1, kind="stable").reshape(order.shape))


@pytest.mark.parametrize("n_entries", [2, 9, 300])
def test_what_is_taken_in_an_order_is_put_back(n_entries):
    def formula(x):
        order = np.argsort(-x, axis=0, kind="stable")
        ranked, back = np.take_along_axis(x, order, axis=0), np.empty_like(x)
        np.put_along_axis(back, order, ranked, axis=0)
        return back * 2

    x = RNG.normal(size=(70, n_entries))
    np.testing.assert_array_equal(compiled(formula, (float, n_entries))(x), 2 * x)


@pytest.mark.parametrize(
    "formula",
    [
        lambda x: np.argsort(x, axis=0),
        lambda x: np.argsort(x, axis=1, kind="stable"),
        lambda x: x[1:1] * x,
    ],
)
def test_orders_that_are_open_are_not_compiled(formula):
    with pytest.raises(NotTraceableError):
        compiled(formula, (float, 3))


# Losses.


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_entries", [1, 2, 3, 9, 65, 130])
@pytest.mark.parametrize("mark", [None, 3.0])
def test_lists_of_any_length_with_ties_and_padding(n_entries, mark, dtype):
    y = RNG.integers(0, 5, (50, n_entries)).astype(dtype)
    y[0] = 3
    z = (10 * RNG.normal(size=y.shape)).astype(dtype)
    loss = lb.ListMLE(reduction="none", padding_value=mark)
    if n_entries > 1:
        assert obstacle(loss, y, z) is None
    assert_same(lambda: (*loss.value_and_gradient(y, z), loss.hessian(y, z)), dtype)


def sequences(dtype, n_labels):
    scores = (3 * RNG.normal(size=(40, 30, 6))).astype(dtype)
    labels = RNG.integers(1, 6, (40, n_labels))
    labels[np.arange(n_labels) >= RNG.integers(0, n_labels + 1, (40, 1))] = -1
    scores[3] = -900 * RNG.integers(0, 2, (30, 6))
    scores[4, :, 1:] = -np.inf
    return labels, scores, RNG.integers(0, 31, 40)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_labels", [1, 2, 12])
def test_ctc(n_labels, dtype):
    labels, scores, lengths = sequences(dtype, n_labels)
    loss, weight = lb.CTC(reduction="none"), RNG.uniform(size=40)

    def call():
        value, gradient = loss.value_and_gradient(labels, scores, weight, input_lengths=lengths)
        return value, gradient, loss.hessian(labels, scores, input_lengths=lengths)

    assert_same(call, dtype)


def test_the_recurrences_of_ctc_are_compiled():
    labels, scores, lengths = sequences(float, 4)
    with lb.engine("numba"):
        evaluation.engine_in_use._recurrences.clear()
        lb.CTC().gradient(labels, scores, input_lengths=lengths)
        found = list(evaluation.engine_in_use._recurrences.values())
    assert len(found) == 2
    assert all(type(each) is recurrences.Recurrence for each in found)


def test_threads_change_nothing(threads):
    labels, scores = RNG.integers(1, 6, (300, 4)), RNG.normal(size=(300, 30, 6))
    found = set()
    with lb.engine("numba"):
        for n_threads in 1, 2, 3:
            threads(n_threads)
            value, gradient = lb.CTC().value_and_gradient(labels, scores)
            found.add((value.hex(), gradient.tobytes()))
    assert len(found) == 1


def assert_same(call, dtype):
    """Require that engines differ by roundings of the largest number, and in no infinity."""
    with lb.engine("numba"):
        first = call()
    with lb.engine("numpy"):
        second = call()
    for one, other in zip(first, second, strict=True):
        assert one.dtype == other.dtype == dtype
        np.testing.assert_array_equal(np.isfinite(one), np.isfinite(other))
        one, other = (np.where(np.isfinite(other), each, 0) for each in (one, other))
        size = np.abs(other).max()
        np.testing.assert_allclose(one, other, rtol=0, atol=8 * np.finfo(dtype).eps * size)
