"""What is written about the project's habits is what its files do."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"(?m)^([a-z]+):", MAKEFILE))
FROM_ELSEWHERE = {"types"}
"""Targets of the type checker, which come with its settings."""


def steps(path):
    jobs = yaml.safe_load(path.read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_a_commit_beside_the_version_that_it_is(path):
    used = re.findall(r"uses: (\S+)(.*)", path.read_text())
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_one_version_of_an_action_is_used_everywhere():
    used = {action for path in WORKFLOWS for action in re.findall(r"uses: (\S+)", path.read_text())}
    names = [action.partition("@")[0] for action in used]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_targets_that_a_workflow_makes_exist(path):
    made = re.findall(r"\bmake ([a-z]+)", " ".join(step.get("run", "") for step in steps(path)))
    assert made or path.name == "release.yml"
    assert set(made) <= TARGETS | FROM_ELSEWHERE


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_targets_that_a_page_names_exist(name):
    named = re.findall(r"`make ([a-z ]+)`", (ROOT / name).read_text(encoding="utf-8"))
    assert {target for each in named for target in each.split()} <= TARGETS | FROM_ELSEWHERE


def test_every_target_is_phony_and_listed():
    phony = re.search(r"(?s)^\.PHONY: (.*?)\n\n", MAKEFILE, re.MULTILINE)[1].replace("\\\n", " ")
    assert set(phony.split()) == TARGETS
    listed = re.findall(r"(?m)^([a-z]+):.*## ", MAKEFILE)
    assert set(listed) == TARGETS


def test_the_oldest_python_and_numpy_that_are_stated_are_tested():
    checks = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    oldest = project["requires-python"].removeprefix(">=")
    (numpy,) = (each for each in project["dependencies"] if each.startswith("numpy"))
    assert f'python-version: ["{oldest}", ' in checks
    assert f'"{numpy.replace(">=", "==")}.*"' in checks
