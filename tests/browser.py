"""Pages opened in a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def find_browser() -> str:
    """The command of a Chromium, or a skip (a failure in CI)."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("CI"):
        pytest.fail("no Chromium here: the page cannot be tested in a browser (apt-get install -y chromium)")
    pytest.skip("no Chromium here: the page is not tested in a browser")


def open_page(page: Path, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Open a page in a headless Chromium that has no network; `folder` takes its profile."""
    # The proxy that is not there proves that the page opens without a network.
    flags = [
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--proxy-server=127.0.0.1:9",
        "--proxy-bypass-list=<-loopback>", "--virtual-time-budget=20000", "--window-size=1200,800",
        f"--user-data-dir={folder / 'profile'}",
    ]  # fmt: skip
    command = [find_browser(), *flags, *more, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
