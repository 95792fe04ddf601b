"""Settings shared by all unit tests."""

import pytest
from hypothesis import settings

import lossbook as lb

# The same examples every time: what is red on one machine is red on all.
settings.register_profile("lossbook", deadline=None, derandomize=True, max_examples=15)
settings.load_profile("lossbook")


@pytest.fixture
def threads():
    """Set the number of threads, put back afterwards."""
    before = lb.get_num_threads()
    yield lb.set_num_threads
    lb.set_num_threads(before)
