"""What looking at a crowd costs: ``python -m benchmarks.reporters --json [--people N] [--hour]``.

On the square of `benchmarks.crowd`, once a simulated second: what each reporter adds, in processor time, beside a second of
walking (steps of 0.05 s; that takes all cores and looking takes one, so on the clock the share is up to that many times
as large); and a frame written, in turns with JuPedSim's SQLite writer on as many agents. With ``--hour`` an hour
of frames goes through the reporters, 72 million rows for 20,000 people who walk to and fro on straight lines: what they keep
in memory, what lies in files, and how long it takes to open and to read a minute of it. JuPedSim comes with the extra ``bench``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import shapely

from benchmarks.crowd.measuring import machine
from benchmarks.crowd.scenes import make_square
from benchmarks.crowd.sides import JuPedSim, Ours
from benchmarks.printing import show
from twin.reporters import FieldReporter, Look, NumbersReporter, TrajectoryReporter
from twin.sim.crowd.counts import make_areas
from twin.sim.crowd.measures import density_grid
from twin.sim.model import Snapshot

DT = 0.05
LOOKS = 20
INTERVAL = 10


def processor_ms(call: Callable[[], Any], repeats: int) -> float:
    """Median processor time of a call, on all cores together [ms]."""
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return 1000.0 * statistics.median(times)


def measure_looks(people: int, repeats: int) -> dict[str, Any]:
    """Each reporter alone, a simulated second each time."""
    square = make_square(people)
    crowd = Ours(square, DT).crowd
    crowd.advance(40)
    shared = Look(crowd)
    present = len(shared.now.id)
    floor, name = crowd.floor, ["floor"]
    grid = density_grid(floor.mask, floor.west, floor.north, floor.cell, 2)
    side = square.area.bounds[2]
    parts = [shapely.box(0, k * side / 10, side, (k + 1) * side / 10) for k in range(10)]
    areas = make_areas([[shapely.get_coordinates(part)] for part in parts], [0] * 10)

    def fields(*motion: str) -> FieldReporter:
        return FieldReporter(grid, people, stride=LOOKS, interval=INTERVAL, dt=DT, motion=motion)

    reporters: dict[str, Any] = {
        "trajectories, to a file": TrajectoryReporter(LOOKS, dt=DT, origin=np.zeros(2), levels=name),
        "density and exposure": fields(),
        "density, exposure, speed and pressure": fields("speed", "pressure"),
        "numbers": NumbersReporter(LOOKS, [("west", 0), ("east", 1)]),
        "numbers, with ten areas": NumbersReporter(
            LOOKS, [("west", 0), ("east", 1)], areas=areas, area_names=[str(k) for k in range(10)]
        ),
    }
    costs = {"the look itself, once for all": processor_ms(lambda: Look(crowd).now, repeats)}
    for what, reporter in reporters.items():
        reporter.begin(shared)
        # whole intervals and, of the file, whole chunks: what comes now and then is shared among the looks
        block = 3 * INTERVAL
        costs[what] = processor_ms(lambda: [reporter.report(shared) for _ in range(block)], max(3, repeats // block)) / block  # noqa: B023
    # the looks see one moment; the crowd walks on only now
    second = processor_ms(lambda: crowd.advance(LOOKS), 5)
    out: dict[str, Any] = {"people_present": present, "walking_ms_per_s": round(second, 1), "looks": {}}
    for what, cost in costs.items():
        out["looks"][what] = {"ms_per_look": round(cost, 3), "percent_of_walking": round(100.0 * cost / second, 2)}
    default = ("the look itself, once for all", "trajectories, to a file", "density, exposure, speed and pressure", "numbers")
    out["what_a_run_does_by_default_percent"] = round(100.0 * sum(costs[what] for what in default) / second, 2)
    return out


def measure_frame(people: int, repeats: int) -> dict[str, Any]:
    """One frame of everybody written, in turns with JuPedSim."""
    square = make_square(people)
    try:
        import jupedsim

        theirs = JuPedSim(square, DT).simulation
    except ImportError:
        return {"skipped": "JuPedSim is not installed: pip install 'stadstwin[bench]'"}
    crowd = Ours(square, DT).crowd
    crowd.advance(1)
    ours: dict[str, list[float]] = {"stadstwin": [], "jupedsim": []}
    with tempfile.TemporaryDirectory() as folder:
        writer = jupedsim.SqliteTrajectoryWriter(output_file=Path(folder) / "walk.sqlite", every_nth_frame=1)
        writer.begin_writing(theirs)
        reporter = TrajectoryReporter(1, dt=DT, origin=np.zeros(2), levels=["floor"])
        block = 14  # of 20,000 people a whole chunk of the file
        for _ in range(repeats):
            for side, write in (
                ("stadstwin", lambda: reporter.report(Look(crowd))), ("jupedsim", lambda: writer.write_iteration_state(theirs)),
            ):  # fmt: skip
                times = block if side == "stadstwin" else 1
                start = time.process_time()
                for _ in range(times):
                    write()
                ours[side].append(1000.0 * (time.process_time() - start) / times)
        writer.close()
    found = {side: round(statistics.median(values), 2) for side, values in ours.items()}
    return {"agents": people, "ms_per_frame": found, "ratio": round(found["jupedsim"] / found["stadstwin"], 1)}


def walkers(people: int, side: float) -> Callable[[int], Any]:
    """People on straight lines to and fro in a square, at any second."""
    random = np.random.default_rng(1)
    start, speed = random.uniform(0.0, side, (2, people)), random.normal(0.0, 0.9, (2, people))
    ids, level, z = np.arange(people, dtype=np.int32), np.zeros(people, np.int32), np.zeros(people)

    def look(second: int) -> Any:
        x, y = side - np.abs((start + speed * second) % (2.0 * side) - side)
        return SimpleNamespace(now=Snapshot(float(second), ids, x, y, z, level, z), time=float(second))

    return look


def measure_hour(people: int, seconds: int) -> dict[str, Any]:
    """An hour of frames and fields."""
    import psutil

    process = psutil.Process()
    side = float(np.sqrt(people / 0.9))
    look = walkers(people, side)
    mask = np.ones((1, int(2 * side) + 1, int(2 * side) + 1), bool)
    grid = density_grid(mask, 0.0, side, 0.5, 2)

    def reporters() -> tuple[TrajectoryReporter, FieldReporter]:
        paths = TrajectoryReporter(20, dt=DT, origin=np.array([136_000.0, 455_000.0]), levels=["street", "wharf"])
        return paths, FieldReporter(grid, people, stride=20, interval=INTERVAL, dt=DT, motion=("speed", "pressure"))

    def go(until: int) -> tuple[Any, Any, float, int]:
        paths, fields = reporters()
        fields.begin(look(0))
        peak, start = 0, time.perf_counter()
        for second in range(1, until + 1):
            now = look(second)
            paths.report(now)
            fields.report(now)
            peak = max(peak, process.memory_info().rss)
        return paths.close(), fields.close(float(until)), time.perf_counter() - start, peak

    go(60)  # compiles, and has the memory that every run needs
    _, _, _, before = go(300)
    recording, kept, wall, peak = go(seconds)
    start = time.perf_counter()
    minute = recording.read(frames=(seconds // 2, seconds // 2 + 60))
    read = time.perf_counter() - start
    start = time.perf_counter()
    row = slice(0, grid.area.shape[1])
    field = kept.variable("mean_speed", row, slice(0, grid.area.shape[2]), empty=np.nan)
    opened = time.perf_counter() - start
    mega = 1024.0**2
    return {
        "people": people, "simulated_s": seconds, "rows": len(recording), "wall_s": round(wall, 1),
        "file_mb": round(recording.size() / mega, 1), "bytes_per_row": round(recording.size() / max(1, len(recording)), 2),
        "peak_above_300_s_mb": round((peak - before) / mega, 1), "a_minute_read_s": round(read, 2),
        "rows_of_that_minute": len(minute), "fields_opened_s": round(opened, 3), "fields": list(field.shape),
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reporters", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON (otherwise a few lines)")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=90)
    parser.add_argument("--hour", action="store_true", help="also an hour of frames")
    given = parser.parse_args(arguments)
    out: dict[str, Any] = {"machine": machine(), "a_look": measure_looks(given.people, given.repeats)}
    out["a_frame"] = measure_frame(given.people, 7)
    if given.hour:
        out["an_hour"] = measure_hour(given.people, 3600)
    return show(out, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
