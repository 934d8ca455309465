"""Pages opened in a real browser."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

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


_HELPERS = """
const wait = (test) => new Promise((resolve) => {
  const again = setInterval(() => { if (test()) { clearInterval(again); resolve(); } }, 30);
});
const byId = (id) => document.getElementById(id);
// What the picture shows, drawn now, as rows of red, green, blue.
function shot() {
  const page = window.stadstwin.page, from = byId("picture"), to = document.createElement("canvas");
  page.draw();
  to.width = 300; to.height = Math.round(300 * from.height / from.width);
  const pen = to.getContext("2d", {willReadFrequently: true});
  pen.drawImage(from, 0, 0, to.width, to.height);
  return {data: pen.getImageData(0, 0, to.width, to.height).data, width: to.width, height: to.height};
}
// Share of the pixels of two pictures that differ, between two columns given as shares of the width.
function differ(a, b, left = 0, right = 1) {
  let seen = 0, changed = 0;
  for (let y = 0; y < a.height; y++) for (let x = Math.ceil(left * a.width); x < Math.floor(right * a.width); x++) {
    const k = 4 * (y * a.width + x);
    let off = 0;
    for (let e = k; e < k + 3; e++) off += Math.abs(a.data[e] - b.data[e]);
    seen++;
    if (off > 24) changed++;
  }
  return changed / seen;
}
const press = (key, on = byId("picture")) => on.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
const point = (type, x, y, more = {}) => {
  byId("picture").dispatchEvent(new PointerEvent(type, {clientX: x, clientY: y, bubbles: true, pointerId: 1, ...more}));
};
const set = (id, value) => { byId(id).value = value; byId(id).dispatchEvent(new Event("input", {bubbles: true})); };
"""


def drive(page: Path, folder: Path, script: str, *more: str) -> dict[str, Any]:
    """Open a page of a scene, run the body of an async function in it, and give what that returns.

    The body knows `s` (the state of the page), `p` (the page) and the helpers above. Fails on any error in the console.
    """
    text = page.read_text(encoding="utf-8")
    probe = (
        "(async () => {" + _HELPERS + "const state = () => (document.querySelector('iframe')?.contentWindow ?? window).stadstwin;"
        "await wait(() => state() && (state().ready || state().error));"
        "const s = state(), p = s.page;" + script + "})().then((out) => out, (error) => ({error: String(error.stack)}))"
        ".then((out) => { document.documentElement.dataset.probe = JSON.stringify(out); });"
    )
    digest = base64.b64encode(hashlib.sha256(probe.encode()).digest()).decode()
    head, tail = text.rsplit("</body>", 1)
    # The policy of the page allows our script beside its own, and nothing else.
    head = head.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    driven = folder / f"driven-{page.name}"
    driven.write_text(f"{head}<script>{probe}</script></body>{tail}", encoding="utf-8")
    done = open_page(driven, folder, "--dump-dom", "--enable-logging=stderr", "--window-size=1000,640", *more)
    found = re.search(r'data-probe="([^"]*)"', done.stdout)
    assert found is not None, done.stderr[-3000:]
    out: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    assert "error" not in out, out["error"]
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert said == [], said[:5]
    return out
