"""How fast a real city is read: ``python -m benchmarks.city --json [--file PATH]``.

Measured on one file in one run: reading and triangulating with everything that a City holds (layers, footprints,
heights, terrain), warm and in a fresh interpreter; importing the package; and cjio's reading and triangulating where
cjio is installed (extra ``bench``).
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import orjson

TILE = Path("cityjson") / "DenHaag_01.city.json.zip"
ROOT = Path(__file__).resolve().parent.parent


def timed(function: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def spread(seconds: list[float]) -> dict[str, Any]:
    """Median and range of some timings [s]."""
    return {
        "median_s": round(statistics.median(seconds), 4),
        "min_s": round(min(seconds), 4),
        "max_s": round(max(seconds), 4),
        "repeats": len(seconds),
    }


def fresh(code: str, repeats: int, *arguments: str) -> dict[str, Any]:
    """Seconds that some code reports of itself, each time in a new interpreter."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    found = []
    for _ in range(repeats):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.append(float(done.stdout))
    return spread(found)


_CLOCK = "import time, sys; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def measure_ours(path: Path, repeats: int) -> dict[str, Any]:
    """Reading and triangulating with this library."""
    import twin

    city = twin.read_city(str(path))
    warm = [timed(lambda: twin.read_city(str(path))) for _ in range(repeats)]
    return {
        "objects": len(city.objects),
        "triangles": len(city.surfaces),
        "warm": spread(warm),
        "fresh_with_imports": fresh(_CLOCK.format("import twin; twin.read_city(sys.argv[1])"), 3, str(path)),
    }


def measure_cjio(path: Path, repeats: int) -> dict[str, Any]:
    """Reading and triangulating with cjio, or why not."""
    try:
        from cjio import cityjson
    except ImportError as error:
        return {"skipped": f"cjio is not installed: {error}"}
    from twin.geo.readers.source import blobs

    reading, cutting = [], []
    try:
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "plain.city.json"
            plain.write_bytes(next(blobs(path)).content)
            for _ in range(repeats):
                start = time.perf_counter()
                with plain.open(encoding="utf-8") as file:
                    model = cityjson.reader(file=file, ignore_duplicate_keys=True)
                middle = time.perf_counter()
                # With mapbox_earcut, as ours.
                model.triangulate(sloppy=True)
                reading.append(middle - start)
                cutting.append(time.perf_counter() - middle)
    except Exception as error:
        return {"skipped": f"cjio failed on this file: {type(error).__name__}: {error}"}
    whole = [a + b for a, b in zip(reading, cutting, strict=True)]
    return {"version": version("cjio"), "read": spread(reading), "triangulate": spread(cutting), "warm": spread(whole)}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    versions = {}
    for name in ("numpy", "shapely", "geopandas", "pandas", "orjson", "mapbox-earcut"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count(), **versions}


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.city", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--file", type=Path, help="CityJSON file; by default the Den Haag tile of STADSTWIN_REAL_DATA")
    parser.add_argument("--repeats", type=int, default=7, help="warm readings (default: 7)")
    options = parser.parse_args(arguments)
    path = options.file
    if path is None:
        folder = os.environ.get("STADSTWIN_REAL_DATA")
        if not folder:
            print("give --file, or set STADSTWIN_REAL_DATA to the folder of real files", file=sys.stderr)
            return 2
        path = Path(folder) / TILE
    if not path.exists():
        print(f"{path}: there is no such file", file=sys.stderr)
        return 1
    found = {
        "benchmark": "city",
        "file": path.name,
        "import_twin": fresh(_CLOCK.format("import twin"), 5),
        "stadstwin": measure_ours(path, options.repeats),
        "cjio": measure_cjio(path, 3),
        "machine": machine(),
    }
    if "warm" in found["cjio"]:
        found["times_faster_than_cjio"] = round(
            found["cjio"]["warm"]["median_s"] / found["stadstwin"]["warm"]["median_s"], 1
        )
    if options.json:
        # cjio changes how the json module spells numbers.
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
