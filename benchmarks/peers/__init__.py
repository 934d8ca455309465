"""Who else works impacts out, measured in the same run on the same relief.

These packages cannot be installed beside ours: UMEP and SOLWEIG have licences that ask the same of what is built on them, and one
brings a package `tests`. So they stand in an environment of their own, whose interpreter is told by ``--peers``::

    python -m venv peers
    peers/bin/pip install umep solweig xarray-spatial
    python -m benchmarks.impact --peers peers/bin/python

Each has a small script in this folder, which knows NumPy and that package only. It reads what is to be worked on from a file, does
the work several times, prints its times, and leaves what came of it in a file, so that errors can be compared as well.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

LONGEST_S = 3600
SCRIPTS = {"umep": "umep_shadow.py", "solweig": "solweig_sky.py", "xarray-spatial": "xrspatial_viewshed.py"}
"""What does the work, by the package that it needs."""


def beside(python: str | None, name: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Have a peer work, in a process of its own.

    Parameters
    ----------
    python : str or None
        Interpreter of the environment that peers are in.
    name : str
        Package, see `SCRIPTS`.
    given : mapping of str to array or number
        What its script asks for.

    Returns
    -------
    dict
        Version, threads and times; or ``absent`` with what to do, or ``failed`` with what it said.
    dict of str to array
        What came of it; empty where nothing did.
    """
    if python is None:
        return {"absent": f"python -m venv peers; peers/bin/pip install {name}; then --peers peers/bin/python"}, {}
    with tempfile.TemporaryDirectory() as folder:
        asked, made = Path(folder) / "given.npz", Path(folder) / "made.npz"
        np.savez(asked, **given)
        script = Path(__file__).with_name(SCRIPTS[name])
        try:
            done = subprocess.run([python, script, asked, made], capture_output=True, text=True, timeout=LONGEST_S)
        except OSError as error:
            return {"failed": f"{python}: {error.strerror}"}, {}
        except subprocess.TimeoutExpired:
            return {"failed": f"not ready after {LONGEST_S} s"}, {}
        if done.returncode == 3:
            return {"absent": f"{python} -m pip install {name}"}, {}
        if done.returncode:
            return {"failed": (done.stderr.strip() or "no message").splitlines()[-1]}, {}
        told: dict[str, Any] = orjson.loads(done.stdout.strip().splitlines()[-1])
        with np.load(made) as arrays:
            return told, dict(arrays)


def summed_up(told: dict[str, Any]) -> dict[str, Any]:
    """What a script tells, with its times as those of ours."""
    seconds = told.pop("seconds", None)
    if seconds is None:
        return told
    times = {"median_s": statistics.median(seconds), "least_s": min(seconds), "most_s": max(seconds), "times": len(seconds)}
    return {**told, **times}
