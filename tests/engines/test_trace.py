"""The graph of a formula computes what the formula computes, to the last bit."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from evaluation import with_numpy
from losses import KINDS, LOSSES, NOT_TRACEABLE, OF_LOSSES, OTHERS, PARTS, inputs

import lossbook as lb
from lossbook.engines.trace import Node, NotTraceableError, in_order, trace


def kinds(columns):
    return [(c.dtype, (*c.array.shape[len(c.sample_shape) :], 1)) for c in columns]


def part_of(part):
    def formula(loss, *blocks):
        shared = loss._shared(*blocks)
        function = getattr(loss, f"_{part}", None) or loss._part(part)
        return [function(*(shared if type(shared) is tuple else (shared,)))]

    return formula


def as_tuple(result):
    return result if type(result) is tuple else (result,)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_graphs_compute_what_formulas_compute(loss, soft, dtype):
    columns = loss._read(*inputs(loss, dtype=dtype, soft=soft)).columns
    blocks = [column.block(0, 60) for column in columns]
    compared = 0
    for part in PARTS:
        formula = part_of(part)
        with np.errstate(all="ignore"):
            try:
                (expected,) = formula(loss, *blocks)
            except ValueError:
                continue  # a curvature that this loss does not have
            (got,) = trace(formula, loss, kinds(columns)).evaluate(with_numpy, blocks)
        for one, other in zip(as_tuple(got), as_tuple(expected), strict=True):
            assert np.asarray(one).dtype == other.dtype
            np.testing.assert_array_equal(np.broadcast_to(one, other.shape), other)
            compared += 1
    assert compared >= 3


def test_no_loss_is_forgotten():
    assert {type(loss).__name__ for loss in LOSSES + OTHERS} == KINDS - OF_LOSSES


@pytest.mark.parametrize("loss", OTHERS, ids=repr)
def test_the_others_cannot_be_traced(loss):
    pytest.importorskip("numba")
    reason = lb.engines.obstacle(loss, *inputs(loss))
    assert NOT_TRACEABLE[type(loss).__name__] in reason


def graph(loss, part="gradient", dtype=np.float64):
    kind = np.dtype(dtype), (1,)
    (result,) = trace(part_of(part), loss, [kind, kind]).results
    return result


def test_parameters_are_not_in_the_graph():
    assert graph(lb.Huber(1.0)) is graph(lb.Huber(1.345))
    assert graph(lb.SigmoidFocal(1.5)) is graph(lb.SigmoidFocal(2.5))
    assert graph(lb.GeneralRobust(1.5)) is graph(lb.GeneralRobust(1.5, scale=1.2))


def test_branches_on_parameters_are():
    assert graph(lb.GeneralRobust(2.0)) is not graph(lb.GeneralRobust(1.5))
    assert graph(lb.SigmoidFocal(2.0)) is not graph(lb.SigmoidFocal(1.5))  # a square, a power


def test_dtypes_are_in_the_graph():
    assert graph(lb.Huber(), dtype=np.float32) is not graph(lb.Huber())
    assert all(
        node.dtype == np.float32
        for node in in_order([graph(lb.SmoothPinball(), dtype=np.float32)])
        if node.shape and node.dtype.kind == "f"
    )


def test_common_subexpressions_are_shared():
    kind = np.dtype(np.float64), (1,)

    def both(loss, *blocks):
        shared = loss._shared(*blocks)
        return [loss._value(*shared), loss._gradient(*shared)]

    nodes = in_order(trace(both, lb.SigmoidCrossEntropy(), [kind, kind]).results)
    assert [node.operation for node in nodes].count("exp") == 1


@dataclass(frozen=True)
class Own:
    """Not a loss of the package: a formula and a parameter are enough."""

    slope: float = 3.0


def traced(formula, shape=(1,)):
    return trace(lambda own, x: [formula(own, x)], Own(), [(np.dtype(np.float64), shape)])


def evaluated(formula, block):
    (result,) = traced(formula, (*block.shape[:-1], 1)).evaluate(with_numpy, [block])
    return result


BLOCK = np.random.default_rng(0).normal(size=(5, 7))
FORMULAS = {
    "slices": lambda own, x: np.add.reduce(x[1:] * x[:-1], axis=0),
    "reversed": lambda own, x: x[::-1] + x,
    "entries": lambda own, x: x[0] - x[-1],
    "iteration": lambda own, x: sum(row * row for row in x),
    "accumulate": lambda own, x: np.add.accumulate(x, axis=0),
    "parameters": lambda own, x: (2 - own.slope) * x + own.slope**0.5 / x - abs(-own.slope),
    "ufuncs of parameters": lambda own, x: np.log(own.slope) * x + np.hypot(own.slope, x),
    "dtypes": lambda own, x: np.multiply(x.astype(np.float32), 2, dtype=np.float64),
    "in place": lambda own, x: changed_in_place(x),
}


def changed_in_place(x):
    y = np.zeros_like(x)
    y[1:] += x[:-1]
    y[0] = x[0] * x[1]
    np.add(y, x, out=y)
    y -= 1
    return y


@pytest.mark.parametrize("name", FORMULAS)
def test_what_formulas_may_use(name):
    expected = FORMULAS[name](Own(), BLOCK)
    got = evaluated(FORMULAS[name], BLOCK)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    "formula",
    [
        lambda own, x: x if x > 0 else -x,
        lambda own, x: np.asarray(x),
        lambda own, x: np.sort(x),
        lambda own, x: np.add.reduce(x),
        lambda own, x: x.mean(),
        lambda own, x: float(x),
        lambda own, x: np.add(x, 1, out=np.empty(1)),
        lambda own, x: x[x > 0],
        lambda own, x: np.modf(x)[0],
        lambda own, x: x * "2",
    ],
)
def test_what_formulas_may_not_use(formula):
    with pytest.raises((NotTraceableError, TypeError)):
        traced(formula)


def test_nodes_are_printed_as_expressions():
    (result,) = traced(lambda own, x: own.slope * np.exp(x)).results
    assert repr(result) == "multiply(cast(parameter('slope')), exp(input(0)))"
    assert Node.of("input", (), 0, dtype=np.dtype(float), shape=(1,)) in in_order([result])


def test_a_loss_is_not_changed_by_tracing():
    loss = lb.Huber(delta=1.5)
    graph(loss)
    assert type(loss.delta) is float
    assert loss == replace(loss)
