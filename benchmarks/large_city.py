"""A made-up city of 8 x 8 km for `benchmarks.impact`: what impacts need in memory and time when it does not fit at once.

``python -m benchmarks.large_city WHAT [--side 8000] [--at-once]`` does one task in this process and prints its time and memory:
WHAT is ``shadow`` (of a moment), ``sky`` (64 directions), ``sun`` (hours of a day, every half hour), ``change`` (sun and sky
after a tower of 60 m has come, all anew and only what that reaches), or one of `IMPACTS` as a scenario has it, with a tree beside
each block. `measured` starts it in a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from benchmarks.printing import show
from twin.geo.city import City
from twin.geo.crs import parse
from twin.geo.terrain import Terrain
from twin.grid import GridSpec
from twin.impacts import site as sites
from twin.impacts.registry import impact
from twin.impacts.site import Reach, Site, all_windows, parts, reached
from twin.impacts.sky import sky_of, sky_view
from twin.impacts.sun import hours_of, shadow_at, sun_hours
from twin.impacts.sun_position import place_of, sun_path
from twin.scenario.analyses import (
    AccessAnalysis,
    SightAnalysis,
    SignalAnalysis,
    SkyAnalysis,
    SolarAnalysis,
    SunAnalysis,
    settings_of,
)
from twin.scenario.green import GreenAnalysis
from twin.scenario.noise import NoiseAnalysis
from twin.sim.impact import sky

CRS, WEST, SOUTH = parse("EPSG:7415"), 132_000.0, 452_000.0
DAY, MOMENT, STEP_MIN, LOWEST_DEG = "2026-03-21", "2026-03-21T10:00", 30.0, 5.0
PITCH_M, TALLEST_M, TOWER_M = 32.0, 112.3, 60.0


def large_city(side_m: int) -> City:
    """Ground at 1 m with low hills, a block every 32 m of 6 to 20 m, one in five hundred of 30 to 60 m, and a tower of 112 m."""
    made = np.random.default_rng(7)
    grid = GridSpec(WEST, SOUTH + side_m, 1.0, (side_m, side_m), "EPSG:7415")
    waves = np.sin(np.arange(side_m) / 310.0)
    ground = (2.0 + waves[:, None] * waves[None, :]).astype(np.float32)
    city = City(CRS, np.array([WEST, SOUTH, 0.0]), terrain=Terrain(grid, ground), name="large", synthetic=True)
    corners = np.stack(np.meshgrid(*[np.arange(0, side_m - PITCH_M + 1, PITCH_M)] * 2), axis=-1).reshape(-1, 2)
    size, height = made.uniform(12.0, 26.0, corners.shape), made.uniform(6.0, 20.0, len(corners))
    high = made.random(len(corners)) < 0.002
    height[high] = made.uniform(30.0, 60.0, int(high.sum()))
    height[int(np.argmin(np.abs(corners - side_m / 3).sum(axis=1)))] = TALLEST_M
    low = corners + np.array([WEST, SOUTH]) + 3.0
    boxes = shapely.box(*low.T, *(low + size).T)
    names = [f"block-{k}" for k in range(len(boxes))]
    frame = gpd.GeoDataFrame({"height_m": height, "ground_m": 2.0}, index=names, geometry=boxes, crs=CRS)
    frame.index.name = "id"
    return city.with_buildings(frame)


def with_trees(city: City) -> City:
    """The city with a tree of 5 to 15 m east of each block."""
    made = np.random.default_rng(8)
    boxes = shapely.bounds(city.buildings.geometry.to_numpy())
    spots = shapely.points(boxes[:, 0] + PITCH_M - 5.0, boxes[:, 1] + made.uniform(0.0, 20.0, len(boxes)))
    frame = gpd.GeoDataFrame({"height_m": made.uniform(5.0, 15.0, len(spots))}, geometry=spots, crs=CRS)
    return city.with_layer("trees", frame.set_index(pd.Index([f"tree-{k}" for k in range(len(spots))], name="id")))


def settings_at(what: str, side_m: int) -> Any:
    """How an impact is asked for: three stages, and antennas every 400 m; of homes, roofs and posts all that there are."""
    x, y = WEST + side_m / 2 - 2.0, SOUTH + side_m / 2 - 2.0
    if what == "noise":
        stages = [(x + side_m / 8 * k, y) for k in (-1, 0, 1)]
        sources = [{"id": f"stage-{k}", "at": {"point": at}, "level_db": 100.0} for k, at in enumerate(stages)]
        return settings_of(NoiseAnalysis, sources=sources)
    if what == "signal":
        at = np.arange(128.0, side_m, 384.0).tolist()
        antennas = [{"id": f"{a:.0f}-{b:.0f}", "at": (WEST + a - 2.0, SOUTH + b - 2.0), "height_m": 6.0}
                    for a in at for b in at][:1000]  # fmt: skip
        return settings_of(SignalAnalysis, antennas=antennas, posts=())
    plain: dict[str, Callable[[], Any]] = {
        "solar": SolarAnalysis, "green": GreenAnalysis, "sky_trees": SkyAnalysis,
        "sun_facades": lambda: SunAnalysis(days=(DAY,), step_min=STEP_MIN, lowest_deg=LOWEST_DEG),
        "sight": lambda: SightAnalysis(landmark=f"block-{(side_m // int(PITCH_M)) ** 2 // 2}"),
        "access": lambda: settings_of(AccessAnalysis, to=[{"point": (x, y)}]),
    }  # fmt: skip
    return plain[what]()


IMPACTS = {
    "sun_facades": "sun", "sky_trees": "sky", "solar": "solar", "green": "green", "noise": "noise", "signal": "signal",
    "sight": "sight", "access": "access",
}  # fmt: skip
"""What is done as a scenario has it, and which impact that is."""


def with_tower(city: City, side_m: int) -> City:
    """The city with a tower of 60 m in the middle."""
    x, y = WEST + side_m / 2, SOUTH + side_m / 2
    shape = shapely.box(x - 10, y - 10, x + 10, y + 10)
    frame = gpd.GeoDataFrame([{"height_m": TOWER_M, "ground_m": 2.0}], index=["tower"], geometry=[shape], crs=CRS)
    frame.index.name = "id"
    return city.with_buildings(frame)


@dataclass
class Watched:
    """What a task took."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    before_mb: float = 0.0
    peak_mb: float = 0.0


def watched(task: Callable[[], Any]) -> tuple[Any, Watched]:
    """Do a task and see how much memory this process has meanwhile."""
    import psutil

    process, over = psutil.Process(), threading.Event()
    found = Watched(before_mb=process.memory_info().rss / 1e6)

    def look() -> None:
        while not over.wait(0.01):
            found.peak_mb = max(found.peak_mb, process.memory_info().rss / 1e6)

    watch = threading.Thread(target=look)
    watch.start()
    started, used = time.perf_counter(), time.process_time()
    try:
        made = task()
    finally:
        found.seconds, found.cpu_s = time.perf_counter() - started, time.process_time() - used
        over.set()
        watch.join()
    return made, found


def told(made: Any, what: Watched) -> dict[str, float]:
    """Time and memory of a task beside that of what came of it."""
    out = made.nbytes / 1e6
    return {"s": what.seconds, "cpu_s": what.cpu_s, "city_mb": what.before_mb, "peak_mb": what.peak_mb, "output_mb": out,
            "more_than_city_and_output_mb": what.peak_mb - what.before_mb - out}  # fmt: skip


def reach_of(what: str, city: City) -> Reach:
    """How far rays of a task reach."""
    if what == "sky":
        return Reach.towards(*sky.lowest_of(64))
    path = sun_path(place_of(city), [DAY], step_min=STEP_MIN)
    path = path[path["altitude_deg"] >= LOWEST_DEG]
    if what == "shadow":
        path = path.loc[[path.index[np.argmin(np.abs(path.index.tz_localize(None) - pd.Timestamp(MOMENT)))]]]
    return Reach.towards(path["azimuth_deg"].to_numpy(), path["altitude_deg"].to_numpy())


def whole(what: str, side_m: int) -> dict[str, Any]:
    """One task over all of the city."""
    city = large_city(side_m)
    tasks: dict[str, Callable[..., Any]] = {
        "shadow": lambda **part: shadow_at(city, MOMENT, trees=False, **part),
        "sky": lambda **part: sky_view(city, trees=False, **part),
        "sun": lambda **part: sun_hours(city, DAY, step_min=STEP_MIN, lowest_deg=LOWEST_DEG, trees=False, **part),
    }
    task = tasks[what]
    task(area=(WEST, SOUTH, WEST + 50, SOUTH + 50))  # compiles
    made, found = watched(task)
    grid = Site(city).grid(1.0)
    laid = list(parts(Site(city), grid, all_windows(grid), reach_of(what, city)))
    cells = grid.rows * grid.columns
    return {
        "cells": cells, "buildings": len(city.buildings), "windows": len(laid),
        "cells_of_windows_a_cell": sum(around.size for _, around in laid) / cells, **told(made, found),
    }  # fmt: skip


def of_scenario(what: str, side_m: int) -> dict[str, Any]:
    """One impact, with its figures and tables."""
    work, small = impact(IMPACTS[what]), 8 * int(PITCH_M)
    work(Site(with_trees(large_city(small))), settings_at(what, small))  # compiles
    city, settings = with_trees(large_city(side_m)), settings_at(what, side_m)
    made, found = watched(lambda: work(Site(city), settings))
    table = sum(float(frame.memory_usage(index=True).sum()) for frame in made.features.values()) / 1e6
    return {"cells": made.fields.sizes["y"] * made.fields.sizes["x"], "tables_mb": table, **told(made.fields, found)}


def change(side_m: int) -> dict[str, Any]:
    """Sun and sky after a tower has come: all anew, and only what it reaches."""
    city = large_city(side_m)
    after = with_tower(city, side_m)
    grid = Site(city).grid(1.0)
    cells = grid.rows * grid.columns
    settings = {
        "sun": SunAnalysis(days=(DAY,), step_min=STEP_MIN, lowest_deg=LOWEST_DEG, trees=False, facades=False),
        "sky": SkyAnalysis(trees=False),
    }
    works: dict[str, Callable[..., Any]] = {"sun": hours_of, "sky": sky_of}
    found: dict[str, Any] = {"cells": cells, "tower_m": TOWER_M}
    for name, work in works.items():
        reach = reach_of(name, city)
        work(Site(city, (WEST, SOUTH, WEST + 50, SOUTH + 50)), settings[name])  # compiles
        old = work(Site(city), settings[name])
        full, all_anew = watched(lambda work=work, name=name: work(Site(after), settings[name]))
        known = Site(city), old
        part, only = watched(lambda work=work, name=name, known=known: work(Site(after), settings[name], before=known))
        windows, compared = watched(lambda reach=reach: reached(Site(city), Site(after), grid, reach, trees=False))
        around = sum(one.size for _, one in parts(Site(after), grid, windows, reach))
        found[name] = {
            "full_s": all_anew.seconds, "partial_s": only.seconds, "full_cpu_s": all_anew.cpu_s, "partial_cpu_s": only.cpu_s,
            "partial_of_full_percent": 100 * only.cpu_s / all_anew.cpu_s,
            "within_reach_percent": 100 * sum(window.size for window in windows) / cells,
            "with_what_stands_around_percent": 100 * around / cells, "finding_what_differs_s": compared.seconds,
            "the_same": bool(part.identical(full)),
        }  # fmt: skip
    return found


def measured(what: str, side_m: int, *, at_once: bool = False) -> dict[str, Any]:
    """Do a task in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.large_city", what, "--side", str(side_m), "--json"]
    done = subprocess.run([*command, "--at-once"] if at_once else command, capture_output=True, text=True)
    if done.returncode:
        return {"failed": (done.stderr.strip() or f"ended by {done.returncode}").splitlines()[-1]}
    found: dict[str, Any] = orjson.loads(done.stdout)
    return found


def main() -> None:
    """Do one task and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_city", description=__doc__)
    parser.add_argument("what", choices=("shadow", "sky", "sun", "change", *IMPACTS))
    parser.add_argument("--side", type=int, default=8000, help="[m] (default: %(default)s)")
    parser.add_argument("--at-once", action="store_true", help="as one window, whatever it takes")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.at_once:
        sites.MOST_CELLS = sites.FAIR_CELLS = sys.maxsize
    if options.what == "change":
        found = change(options.side)
    else:
        found = of_scenario(options.what, options.side) if options.what in IMPACTS else whole(options.what, options.side)
    show(found, as_json=options.json)


if __name__ == "__main__":
    main()
