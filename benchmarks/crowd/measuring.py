"""Medians with their spread, and what they were measured on."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any


def spread(values: list[float], digits: int = 0) -> dict[str, Any]:
    """Median and range."""
    return {
        "median": round(statistics.median(values), digits), "min": round(min(values), digits), "max": round(max(values), digits),
        "repeats": len(values),
    }  # fmt: skip


def timed(make: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and the seconds it takes."""
    start = time.perf_counter()
    made = make()
    return made, round(time.perf_counter() - start, 2)


def seconds_of(call: Callable[..., Any], *arguments: Any) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


def machine(peer: str = "jupedsim") -> dict[str, Any]:
    """What it was measured on, how busy that was, and the version of who is beside."""
    out: dict[str, Any] = {"platform": platform.system(), "machine": platform.machine(), "cores": os.cpu_count()}
    if hasattr(os, "getloadavg"):
        out["load_before"] = round(os.getloadavg()[0], 2)
    for name in ("numba", "numpy", peer):
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = None
    return {"python": platform.python_version(), **out}
