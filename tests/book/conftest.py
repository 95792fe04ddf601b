"""The built book, served and opened in a browser."""

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from book import HTML
from browser import EXECUTABLE, Browser

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"


def missing(what):
    """Skip for want of a tool on a reader's machine, fail where everything must be checked."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@pytest.fixture(scope="session")
def html():
    """Return the folder of the built pages."""
    assert (HTML / "index.html").exists(), "the book is not built: run make book"
    return HTML


@pytest.fixture(scope="session")
def axe():
    """Return the source of axe-core."""
    return AXE.read_text(encoding="utf-8") if AXE.exists() else missing("axe-core is not installed")


@pytest.fixture(scope="session")
def browser():
    """Start Chromium without a network."""
    if EXECUTABLE is None:
        missing("Chromium is not installed, so the pages were not looked at in a browser")
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(html):
    """Serve the book on a local port and return its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=html)) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
