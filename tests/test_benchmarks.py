"""The benchmark compares like with like."""

import warnings

import numpy as np
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    jax = pytest.importorskip("jax")
    pytest.importorskip("optax")
    torch = pytest.importorskip("torch")
    pytest.importorskip("numba")
    from benchmarks import compile as compiling
    from benchmarks.__main__ import behind, goal, lead, use, verdict
    from benchmarks.cases import CASES

import lossbook as lb
from lossbook import conventions

TOLERANCES = {"float64": 1e-9, "float32": 1e-5}
COMPARED = {"PyTorch", "optax", "scikit-learn"}
WITHOUT_GRADIENT = "sklearn.metrics.", "sklearn.linear_model._sgd_fast."
# For these losses, scikit-learn takes one number at a time.
LEFT_OUT = {"EpsilonInsensitive", "ModifiedHuber", "SquaredEpsilonInsensitive"}


@pytest.fixture(autouse=True)
def settings():
    """Leave the libraries' settings to other tests as they were."""
    threads, torch_threads = lb.get_num_threads(), torch.get_num_threads()
    double, engine = jax.config.jax_enable_x64, lb.get_engine()
    yield
    lb.set_engine(engine)
    lb.set_num_threads(threads)
    torch.set_num_threads(torch_threads)
    jax.config.update("jax_enable_x64", double)


def results(function):
    """Return the value and the gradients that a function computes."""
    return [np.asarray(each) for each in jax.tree.leaves(function())]


def agree(one, other, tolerance):
    """Return whether two arrays are the same, to within a share of the largest entry."""
    return one.shape == other.shape and np.abs(one - other).max() <= tolerance * np.abs(other).max()


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", CASES)
def test_all_libraries_compute_the_same(name, dtype):
    made = CASES[name].functions(200, dtype, 1)
    expected = results(made["lossbook"][1])
    assert all(gradient.dtype == dtype for gradient in expected[1:])
    for library, (value, *and_gradient) in made.items():
        use(library)
        assert agree(results(value)[0], expected[0], TOLERANCES[dtype])
        for function in and_gradient:
            for one, other in zip(results(function), expected, strict=True):
                assert agree(one, other, TOLERANCES[dtype])


@pytest.mark.parametrize("name", CASES)
def test_inputs_have_the_number_of_values(name):
    case = CASES[name]
    for n in case.sizes[:2]:
        _, predictions = case.draw(np.random.default_rng(0), n)
        assert [each.size for each in predictions] == [n] * len(predictions)


def test_every_loss_that_another_library_has_is_measured():
    elsewhere = {row.loss for row in conventions.TABLE if row.library in COMPARED}
    assert set(CASES) == elsewhere - LEFT_OUT


@pytest.mark.parametrize("name", CASES)
def test_every_library_that_has_its_gradient_is_asked_for_it(name):
    case = CASES[name]
    made = case.functions(case.sizes[0], "float64", 1)
    asked = {library for library, functions in made.items() if len(functions) == 2}
    for row in conventions.equivalents(case.loss):
        if row.library in COMPARED and not row.name.startswith(WITHOUT_GRADIENT):
            assert row.library in asked


def test_the_verdict_counts_cells():
    def record(library, seconds, task="value and gradient"):
        return {
            "loss": "Huber",
            "dtype": "float64",
            "n": 10**4,
            "task": task,
            "library": library,
            "seconds": seconds,
        }

    of_gradient = [record("lossbook", 4.0), record("lossbook, compiled", 1.0)]
    of_value = [record("lossbook, compiled", 1.0, "value"), record("optax", 0.5, "value")]
    found = {"records": [*of_gradient, record("PyTorch", 3.0), record("optax", 6.0), *of_value]}
    assert "In 1 of 2 cells" in verdict(found)
    assert "in 1 it reaches its goal" in verdict(found)
    assert "3.0 times" in verdict(found)
    (row,) = behind(found).splitlines()[4:]
    assert "Huber | value | float64 | 10,000 | 0.50 | 1.0" in row
    cell = {each["library"]: each for each in found["records"][:4]}
    assert lead(cell) == 3.0
    assert lead(cell, "lossbook") == 0.75
    assert goal("Huber", "value and gradient", 10**4) == 2
    assert goal("SoftmaxCrossEntropy", "value and gradient", 10**4) == 1.5
    assert goal("Huber", "value and gradient", 10**2) == goal("Huber", "value", 10**6) == 1


def test_the_time_to_compile_is_measured():
    found = compiling.measure(["Huber", "Sparsemax"])
    assert found["Sparsemax"] is None
    lines = compiling.report(found | {"Welsch": 2.0, "Cauchy": 0.5, "Huber": 0.25})
    assert [line.split()[0] for line in lines[:3]] == ["Huber", "Cauchy", "Welsch"]
    assert lines[3] == "not compiled: Sparsemax"
    assert lines[4] == "3 losses: median 0.50 s, worst 2.00 s (Welsch), 1 of them 1.5 s or more"


def test_every_loss_is_compiled_or_named():
    assert set(CASES) <= set(compiling.losses())
