"""Write the project's public addresses into every file that holds one, from a single setting.

    python tools/addresses.py [--check]

The setting is ``repository.url`` in ``_config.yml``.  It determines the buttons of the book, the
address under which its pages are published, ``[project.urls]`` in ``pyproject.toml``, and the
addresses in ``CITATION.cff``.  While the setting is empty, these files hold no address at all.
"""

import argparse
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def pages(url):
    """Return where GitHub publishes the pages of a repository, or nothing for other hosts."""
    on_github = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+)", url)
    if not on_github:
        return ""
    owner, name = on_github[1].lower(), on_github[2]
    site = f"{owner}.github.io"
    return f"https://{site}/" if name.lower() == site else f"https://{site}/{name}/"


def config(text, url):
    """Return ``_config.yml`` with the address of the pages, and the buttons that need one."""
    settings = {
        "baseurl": f'"{pages(url)}"',
        "use_repository_button": str(bool(url)).lower(),
        "use_issues_button": str(bool(url)).lower(),
    }
    for name, value in settings.items():
        text, n_found = re.subn(rf"(?m)^  {name}: .*$", f"  {name}: {value}", text)
        if n_found != 1:
            raise ValueError(f"_config.yml must set {name} once under html; found {n_found}")
    return text


def pyproject(text, url):
    """Return ``pyproject.toml`` with the table ``[project.urls]`` before those of the tools."""
    text = re.sub(r"(?ms)^\[project\.urls\]\n.*?\n\n(?=\[)", "", text)
    if not url:
        return text
    urls = {
        "Documentation": pages(url),
        "Repository": url,
        "Issues": f"{url}/issues",
        "Changelog": f"{url}/blob/main/CHANGELOG.md",
    }
    table = "".join(f'{name} = "{address}"\n' for name, address in urls.items() if address)
    before, tools = text.split("[tool.", 1)
    return f"{before}[project.urls]\n{table}\n[tool.{tools}"


def citation(text, url):
    """Return ``CITATION.cff`` with the addresses of the repository and the book."""
    text = re.sub(r"(?m)^(repository-code|url): .*\n", "", text)
    addresses = {"repository-code": url, "url": pages(url)}
    lines = "".join(f'{name}: "{address}"\n' for name, address in addresses.items() if address)
    return text.replace("authors:\n", f"{lines}authors:\n", 1)


FILES = {"_config.yml": config, "pyproject.toml": pyproject, "CITATION.cff": citation}


def stale(root, write):
    """Return the names of the files that do not agree with the setting; perhaps write them anew."""
    text = (root / "_config.yml").read_text(encoding="utf-8")
    url = yaml.safe_load(text)["repository"]["url"]
    if url and not re.fullmatch(r"https://[\w.-]+(/[\w.-]+)+", url):
        raise ValueError(
            f"repository.url must be empty or like https://host/owner/name; got {url!r}"
        )
    names = []
    for name, filled in FILES.items():
        before = (root / name).read_text(encoding="utf-8")
        after = filled(before, url)
        if after != before:
            names.append(name)
            if write:
                (root / name).write_text(after, encoding="utf-8")
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say which files do not agree")
    check = parser.parse_args().check
    names = stale(ROOT, write=not check)
    if check and names:
        sys.exit(f"{', '.join(names)} must agree with repository.url: run make addresses")
    for name in names:
        print(f"{name} is written anew")


if __name__ == "__main__":
    main()
