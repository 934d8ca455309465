"""How fast real cities are read: ``python -m benchmarks.city --json``.

All in one run, on the files of the folder that ``STADSTWIN_REAL_DATA`` names (or on ``--file``):

- reading and triangulating a file, which is what cjio does too (extra ``bench``): both the same file, out of its archive, and ours
  also as published; the whole city with layers, footprints, heights and terrain; warm, and in a fresh interpreter with the imports;
- ten copies of it side by side in one file: how time grows, and memory beside the size of the file;
- a CityJSONSeq of ``--gigabytes``, made in a temporary folder, streamed: time and memory.
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
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import orjson

from benchmarks.printing import show

FILES = ("DenHaag_01.city.json.zip", "3-20-DELFSHAVEN.city.json", "delft.json")
ROOT = Path(__file__).resolve().parent.parent
COPIES = 10


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


def fresh(code: str, repeats: int, *arguments: str) -> list[float]:
    """Numbers that some code prints, each time in a new interpreter."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    found = []
    for _ in range(repeats):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.append(float(done.stdout))
    return found


_CLOCK = "import time, sys; start = time.perf_counter(); {}; print(time.perf_counter() - start)"

# Peak of the resident memory above what the process had after reading a small file: imports and compiled kernels are there.
_PEAK = """
import sys, threading, time
import twin
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
twin.read_city(sys.argv[1])
before, peak, done = resident(), 0, threading.Event()
def watch():
    global peak
    while not done.is_set():
        peak = max(peak, resident())
        time.sleep(0.002)
thread = threading.Thread(target=watch)
thread.start()
start = time.perf_counter()
{}
seconds = time.perf_counter() - start
done.set()
thread.join()
print({})
"""


def drawn(path: Path) -> object:
    """Objects and triangles of a file: what cjio gives too, without layers and footprints."""
    from twin.geo.readers import no_collection, readings
    from twin.geo.readers.assemble import local_origin, mesh_of
    from twin.geo.readers.model import Findings, ReadOptions

    with no_collection():
        found = readings(path, ReadOptions())
        models = [reading.objects for reading in found if reading.objects is not None]
        origin = local_origin(models, found)
        return [mesh_of(model, origin, Findings()) for model in models]


def measure_ours(path: Path, repeats: int) -> dict[str, Any]:
    """Reading with this library."""
    import twin

    city = twin.read_city(str(path))
    drawn(path)
    with tempfile.TemporaryDirectory() as folder:
        unpacked = plain(path, Path(folder))
        both = [timed(lambda: drawn(unpacked)) for _ in range(repeats)]
    return {
        "objects": len(city.objects),
        "surfaces": len(city.surfaces.polygons.rings.counts),
        "triangles": len(city.surfaces),
        "read_and_triangulate": spread(both),
        "read_and_triangulate_as_published": spread([timed(lambda: drawn(path)) for _ in range(repeats)]),
        "whole_city": spread([timed(lambda: twin.read_city(str(path))) for _ in range(repeats)]),
        "whole_city_fresh_with_imports": spread(fresh(_CLOCK.format("import twin; twin.read_city(sys.argv[1])"), 3, str(path))),
    }


def plain(path: Path, folder: Path) -> Path:
    """A file out of its archive."""
    from twin.geo.readers.source import blob_of, members_of

    blob = blob_of(path)
    blob = next(members_of(blob)) if blob.members else blob
    target = folder / "plain.city.json"
    target.write_bytes(blob.content)
    return target


def measure_cjio(path: Path, repeats: int) -> dict[str, Any]:
    """Reading and triangulating with cjio, or why not."""
    try:
        from cjio import cityjson
    except ImportError as error:
        return {"skipped": f"cjio is not installed: {error}"}
    reading, cutting = [], []
    try:
        with tempfile.TemporaryDirectory() as folder:
            unpacked = plain(path, Path(folder))
            for _ in range(repeats):
                start = time.perf_counter()
                with unpacked.open(encoding="utf-8") as file:
                    model = cityjson.reader(file=file, ignore_duplicate_keys=True)
                middle = time.perf_counter()
                # With mapbox_earcut, as ours.
                model.triangulate(sloppy=True)
                reading.append(middle - start)
                cutting.append(time.perf_counter() - middle)
    except Exception as error:
        # whatever it stumbles over, the rest is measured all the same
        return {"skipped": f"cjio failed on this file: {type(error).__name__}: {error}"}
    whole = [a + b for a, b in zip(reading, cutting, strict=True)]
    return {
        "version": version("cjio"), "read": spread(reading), "triangulate": spread(cutting), "read_and_triangulate": spread(whole)
    }  # fmt: skip


def copies(path: Path, count: int, target: Path) -> Path:
    """Copies of a CityJSON file side by side in one file, a kilometre apart."""
    with tempfile.TemporaryDirectory() as folder:
        document = orjson.loads(plain(path, Path(folder)).read_bytes())
    objects, vertices = document["CityObjects"], document["vertices"]
    step = round(1000.0 / document["transform"]["scale"][0])
    whole: dict[str, Any] = {}
    points: list[list[int]] = []

    def moved(nest: Any, shift: int) -> Any:
        return [moved(one, shift) for one in nest] if isinstance(nest, list) else nest + shift

    for number in range(count):
        for key, content in objects.items():
            copy = dict(content)
            for name in ("parents", "children"):
                if name in copy:
                    copy[name] = [f"{one}-{number}" for one in copy[name]]
            if "geometry" in copy:
                copy["geometry"] = [
                    {**one, "boundaries": moved(one["boundaries"], number * len(vertices))} for one in copy["geometry"]
                ]
            whole[f"{key}-{number}"] = copy
        points += [[x + number * step, y, z] for x, y, z in vertices]
    target.write_bytes(orjson.dumps({**document, "CityObjects": whole, "vertices": points}))
    return target


def measure_copies(path: Path, repeats: int) -> dict[str, Any]:
    """How time and memory grow with ten copies."""
    import twin

    with tempfile.TemporaryDirectory() as folder:
        one = copies(path, 1, Path(folder) / "one.city.json")
        ten = copies(path, COPIES, Path(folder) / "ten.city.json")
        small, large, small_whole, large_whole = [], [], [], []
        # in turn, so that a machine that slows down slows both
        for _ in range(repeats):
            small.append(timed(lambda: drawn(one)))
            large.append(timed(lambda: drawn(ten)))
            small_whole.append(timed(lambda: twin.read_city(one)))
            large_whole.append(timed(lambda: twin.read_city(ten)))
        size = ten.stat().st_size
        peak = fresh(_PEAK.format("city = twin.read_city(sys.argv[2])", "peak - before"), 3, str(one), str(ten))
    return {
        "copies": COPIES,
        "file_mb": round(size / 1e6, 1),
        "one": spread(small),
        "ten": spread(large),
        "times_longer": round(statistics.median(large) / statistics.median(small), 2),
        "whole_city_times_longer": round(statistics.median(large_whole) / statistics.median(small_whole), 2),
        "peak_mb_above_start": round(statistics.median(peak) / 1e6, 1),
        "peak_times_file": round(statistics.median(peak) / size, 2),
    }


def features(path: Path, size: int) -> Iterator[bytes]:
    """Lines of a CityJSONSeq of about some bytes: a small real one again and again, each time elsewhere."""
    lines = path.read_bytes().splitlines()
    header = orjson.loads(lines[0])
    yield orjson.dumps(header) + b"\n"
    rows = [orjson.loads(line) for line in lines[1:] if line.strip()]
    step = round(200.0 / header["transform"]["scale"][0])
    written = number = 0
    while written < size:
        for row in rows:
            objects = {}
            for key, content in row["CityObjects"].items():
                copy = dict(content)
                for name in ("parents", "children"):
                    if name in copy:
                        copy[name] = [f"{one}-{number}" for one in copy[name]]
                objects[f"{key}-{number}"] = copy
            dx, dy = number % 100 * step, number // 100 * step
            points = [[x + dx, y + dy, z] for x, y, z in row["vertices"]]
            line = orjson.dumps({**row, "id": f"{row['id']}-{number}", "CityObjects": objects, "vertices": points}) + b"\n"
            written += len(line)
            yield line
        number += 1


def measure_stream(path: Path, gigabytes: float) -> dict[str, Any]:
    """A long sequence, streamed."""
    with tempfile.TemporaryDirectory() as folder:
        long = Path(folder) / "long.city.jsonl"
        with long.open("wb") as file:
            file.writelines(features(path, round(gigabytes * 1e9)))
        size = long.stat().st_size
        small = Path(folder) / "small.city.jsonl"
        small.write_bytes(path.read_bytes())
        work = "triangles = sum(len(city.surfaces) for city in twin.stream_city(sys.argv[2]))"
        told = "str(peak - before) + ' ' + str(seconds) + ' ' + str(triangles)"
        code = _PEAK.format(work, told)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code, str(small), str(long)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    peak, seconds, triangles = (float(value) for value in done.stdout.split())
    return {
        "file_gb": round(size / 1e9, 3),
        "seconds": round(seconds, 1),
        "mb_per_s": round(size / 1e6 / seconds, 1),
        "triangles": int(triangles),
        "peak_mb_above_start": round(peak / 1e6, 1),
    }


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    versions = {}
    for name in ("numpy", "numba", "shapely", "geopandas", "pandas", "orjson", "mapbox-earcut"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count(), **versions}


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.city", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--file", type=Path, help="one CityJSON file instead of the three of STADSTWIN_REAL_DATA")
    parser.add_argument("--repeats", type=int, default=7, help="warm readings (default: 7)")
    parser.add_argument("--gigabytes", type=float, default=1.0, help="length of the sequence; 0 leaves it out (default: 1)")
    options = parser.parse_args(arguments)
    folder = os.environ.get("STADSTWIN_REAL_DATA")
    if options.file is None and not folder:
        print("give --file, or set STADSTWIN_REAL_DATA to the folder of real files", file=sys.stderr)
        return 2
    paths = [options.file] if options.file is not None else [Path(str(folder)) / "cityjson" / name for name in FILES]
    for path in paths:
        if not path.exists():
            print(f"{path}: there is no such file", file=sys.stderr)
            return 1
    found: dict[str, Any] = {"benchmark": "city", "import_twin": spread(fresh(_CLOCK.format("import twin"), 5)), "files": {}}
    for path in paths:
        row = {"stadstwin": measure_ours(path, options.repeats), "cjio": measure_cjio(path, 3)}
        if "read_and_triangulate" in row["cjio"]:
            theirs, ours = (row[who]["read_and_triangulate"]["median_s"] for who in ("cjio", "stadstwin"))
            row["times_faster_than_cjio"] = round(theirs / ours, 1)
        found["files"][path.name] = row
    found["ten_copies"] = measure_copies(paths[0], 5)
    if folder and options.gigabytes > 0:
        found["stream"] = measure_stream(Path(folder) / "cityjson" / "delft_subset.city.jsonl", options.gigabytes)
    found["machine"] = machine()
    return show(found, as_json=options.json)


if __name__ == "__main__":
    raise SystemExit(main())
