"""Settings shared by all unit tests."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

import lossbook as lb

# The tools of the project are scripts, which lie in a folder of their own.
sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

# The same examples every time: what is red on one machine is red on all.
settings.register_profile("lossbook", deadline=None, derandomize=True, max_examples=15)
settings.load_profile("lossbook")


@pytest.fixture
def threads():
    """Set the number of threads, put back afterwards."""
    before = lb.get_num_threads()
    yield lb.set_num_threads
    lb.set_num_threads(before)
