"""Drive Chromium over the DevTools protocol: only what the page checks need."""

import json
import shutil
import subprocess
import tempfile
import time
from base64 import b64decode
from contextlib import contextmanager
from pathlib import Path

from websocket import create_connection

NAMES = ("chromium", "chromium-browser", "google-chrome")
EXECUTABLE = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-allow-origins=*",
    "--remote-debugging-port=0",
    # The network is cut off: only the local server of the tests resolves.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


class Browser:
    """A headless Chromium; a context manager that ends the process."""

    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            [EXECUTABLE, *FLAGS, f"--user-data-dir={self.profile.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = Path(self.profile.name, "DevToolsActivePort")
        deadline = time.monotonic() + 30
        while not (address.exists() and "/" in address.read_text()):
            if time.monotonic() > deadline:
                raise TimeoutError("Chromium did not open its debugging port")
            time.sleep(0.05)
        port, path = address.read_text().split()
        self.socket = create_connection(f"ws://127.0.0.1:{port}{path}", timeout=60)
        self.messages = 0
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=10)
        self.profile.cleanup()

    def send(self, method, session=None, on_event=lambda event: None, **params):
        """Send a command, pass the events that come before its answer on, return the answer."""
        self.messages += 1
        message = {"id": self.messages, "method": method, "params": params}
        self.socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while (answer := json.loads(self.socket.recv())).get("id") != self.messages:
            on_event(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    @contextmanager
    def page(self, url, width=1280, height=900, theme="light"):
        """Open a page, let its scripts and mathematics finish, yield it, close it."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        page = Page(self, target)
        try:
            page.open(url, width, height, theme)
            yield page
        finally:
            self.send("Target.closeTarget", targetId=target)


class Page:
    """One tab: what it logged, what it asked the network for, and JavaScript to ask it more."""

    def __init__(self, browser, target):
        self.browser = browser
        self.session = browser.send("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        self.errors = []
        self.requests = []

    def send(self, method, **params):
        return self.browser.send(method, self.session, self.note, **params)

    def note(self, event):
        params = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                text = details.get("exception", {}).get("description", details["text"])
                self.errors.append(text)
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "assert"):
                self.errors.append(" ".join(str(a.get("value", a)) for a in params["args"]))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])

    def open(self, url, width, height, theme):
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [
            {"name": "prefers-color-scheme", "value": theme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.send("Emulation.setEmulatedMedia", features=features)
        self.send(
            "Page.addScriptToEvaluateOnNewDocument",
            source=f"localStorage.setItem('mode', '{theme}'); "
            f"localStorage.setItem('theme', '{theme}');",
        )
        self.send("Page.navigate", url=url)
        self.wait_for(f"location.href.startsWith({url!r}) && document.readyState === 'complete'")
        self.evaluate("window.MathJax?.startup?.promise?.then(() => true)")

    def evaluate(self, expression):
        """Evaluate JavaScript, wait for it if it is a promise, return its value."""
        answer = self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def wait_for(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not self.evaluate(condition):
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds} s for: {condition}")
            time.sleep(0.05)

    def screenshot(self, path, whole=True):
        """Store a picture of the page as PNG."""
        picture = self.send("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        Path(path).write_bytes(b64decode(picture))
