"""The way from a call to the mathematics is short."""

import pytest

from benchmarks.calls import TRACED, functions_entered


@pytest.mark.parametrize(("name", "at_most"), list(zip(TRACED, (16, 23, 36), strict=True)))
def test_a_call_enters_few_functions(name, at_most):
    entered = functions_entered(TRACED[name])
    assert len(entered) <= at_most, entered
