"""Every package that the Makefile installs is pinned, in a way that installs anywhere."""

import re
from pathlib import Path

import lock
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent.parent
PINS = dict(
    line.split("; ")[0].split("==")
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
)


def requirements(name):
    lines = (ROOT / name).read_text().splitlines()
    return [Requirement(line.split(" #")[0]) for line in lines if line and line[0] != "#"]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-peers.txt"])
def test_every_requirement_is_pinned_as_in_the_constraints(name):
    for requirement in requirements(name):
        (pin,) = requirement.specifier
        assert pin.operator == "==", f"{requirement} must be pinned in {name}"
        if requirement.marker is None:
            package = lock.canonical(requirement.name)
            assert PINS.get(package) == pin.version, f"{package}: run make lock"


def test_constraints_are_plain_pins_in_alphabetical_order():
    assert list(PINS) == sorted(PINS)
    for package, version in PINS.items():
        assert package == lock.canonical(package)
        assert re.fullmatch(r"\d[\w.]*", version), f"{package}=={version}"


def test_constraints_name_no_place():
    assert not re.search(r"://|@|--|\bfile:", (ROOT / "constraints.txt").read_text())


def test_what_pip_installed_becomes_constraints():
    installed = [
        ("Jupyter_Book", "1.0", ">=3.9"),
        ("torch", "2.13.0+cpu", None),
        ("lossbook", "3", ">=3.11"),
        ("pip", "1", ">=3.8"),
    ]
    assert lock.constraints(installed) == ["jupyter-book==1.0", "torch==2.13.0"]


def test_a_release_that_refuses_our_oldest_python_is_asked_for_only_where_it_can_be_had():
    (pin,) = lock.constraints([("soupsieve", "4.1.3", "<4,>=3.11.5")])
    requirement = Requirement(pin)
    assert str(requirement.specifier) == "==4.1.3"
    for version, accepted in [("3.11.2", False), ("3.11.5", True), ("3.13.0", True)]:
        assert requirement.marker.evaluate({"python_full_version": version}) is accepted
