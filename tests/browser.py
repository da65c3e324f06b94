"""Chromium without a window, driven by its own protocol: what a page says once its scripts have run."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from websockets.sync.client import connect
from websockets.sync.connection import Connection

WIDTH, HEIGHT = 1400, 1600


class Page:
    """One page of the browser."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._number = connection, 0
        self.call("Page.enable")
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def call(self, method: str, **parameters: Any) -> Any:
        """Send one command of the protocol and return what it gives."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(timeout=60))
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def open(self, url: str, shows: str, seconds: float = 60.0) -> str:
        """Go to a page, wait until its text holds something (a regular expression), and return its text."""
        self.call("Page.navigate", url=url)
        return self.wait(shows, seconds)

    def wait(self, shows: str, seconds: float = 60.0) -> str:
        """Wait until the page's text holds something, and return its text."""
        text, end = "", time.monotonic() + seconds
        while time.monotonic() < end:
            text = str(self.run("document.body ? document.body.innerText : ''"))
            if re.search(shows, text):
                return text
            time.sleep(0.2)
        raise AssertionError(f"{shows!r} does not show within {seconds:g} s in:\n{text[:4000]}")

    def press(self, text: str) -> None:
        """Press what says exactly this, a tab or a button."""
        innermost = "[...document.querySelectorAll('body *')].filter(one => !one.children.length)"
        place = f"{innermost}.find(one => one.textContent.trim() === {text!r})"
        assert self.run(f"!!{place}"), f"nothing to press says {text!r}"
        self.run(f"{place}.click()")

    def picture(self, path: Path) -> None:
        """Write what is seen into a PNG file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def browser(home: Path) -> Iterator[Page]:
    """Start Chromium with loopback as its only network; skips where there is none."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium here")
    profile = home / "profile"
    process = subprocess.Popen(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--remote-debugging-port=0", "about:blank",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with connect(_page_of(profile / "DevToolsActivePort"), max_size=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        process.wait(20)


def _page_of(port_file: Path) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if port_file.exists() and port_file.read_text().count("\n"):
            port = port_file.read_text().splitlines()[0]
            with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
                pages = [target for target in json.load(answer) if target["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise AssertionError("Chromium did not start within a minute")
