"""One setting holds the project's address, and every other file follows it."""

import shutil
import tomllib

import addresses
import pytest
import yaml

URL = "https://github.com/Some-Owner/lossbook"


@pytest.fixture
def root(tmp_path):
    for name in addresses.FILES:
        shutil.copy(addresses.ROOT / name, tmp_path / name)
    return tmp_path


def setting(root, url):
    path = root / "_config.yml"
    lines = path.read_text().splitlines(keepends=True)
    (k,) = [k for k, line in enumerate(lines) if line.startswith("  url: ")]
    lines[k] = f'  url: "{url}"\n'
    path.write_text("".join(lines))


def read(root):
    config = yaml.safe_load((root / "_config.yml").read_text())
    project = tomllib.loads((root / "pyproject.toml").read_text())
    return config, project, yaml.safe_load((root / "CITATION.cff").read_text())


def test_the_files_agree_with_the_setting():
    assert addresses.stale(addresses.ROOT, write=False) == []


def test_an_address_is_written_everywhere_and_taken_out_again(root):
    setting(root, "")
    addresses.stale(root, write=True)
    without = {name: (root / name).read_text() for name in addresses.FILES}
    setting(root, URL)
    assert set(addresses.stale(root, write=False)) == set(addresses.FILES)
    addresses.stale(root, write=True)
    assert addresses.stale(root, write=False) == []
    config, project, citation = read(root)
    pages = "https://some-owner.github.io/lossbook/"
    assert config["html"]["baseurl"] == pages
    assert config["html"]["use_repository_button"] and config["html"]["use_issues_button"]
    assert project["project"]["urls"] == {
        "Documentation": pages,
        "Repository": URL,
        "Issues": f"{URL}/issues",
        "Changelog": f"{URL}/blob/main/CHANGELOG.md",
    }
    assert (citation["repository-code"], citation["url"]) == (URL, pages)
    setting(root, "")
    addresses.stale(root, write=True)
    assert {name: (root / name).read_text() for name in addresses.FILES} == without


def test_an_address_elsewhere_says_nothing_of_pages_on_github(root):
    setting(root, "https://git.example/group/lossbook")
    addresses.stale(root, write=True)
    config, project, citation = read(root)
    assert config["html"]["baseurl"] == "" and "url" not in citation
    assert "Documentation" not in project["project"]["urls"]


def test_without_a_setting_there_is_no_address(root):
    setting(root, "")
    addresses.stale(root, write=True)
    config, project, citation = read(root)
    assert config["html"]["baseurl"] == "" and not config["html"]["use_issues_button"]
    assert "urls" not in project["project"] and "repository-code" not in citation


@pytest.mark.parametrize("url", ["github.com/a/b", f"{URL}/", "http://host/owner/name", URL + " x"])
def test_a_setting_that_is_no_address_is_refused(root, url):
    setting(root, url)
    with pytest.raises(ValueError, match=r"repository\.url must be empty or like https://"):
        addresses.stale(root, write=True)
