"""What movement of the ground costs: ``python -m benchmarks.settlement --json [--only settlement] [--repeat 7]``.

Each task is done several times; the median is told, with the least and the most. The first time, in which kernels may be compiled,
is not counted.

- settlement: 10,000 buildings around a pit of twelve walls, each with four lines of 32 points: movement of the ground and damage.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.crowd.measuring import machine
from benchmarks.impact import with_threads
from benchmarks.printing import show

TARGETS = {"settlement_s": 2.0}


def settlement(repeat: int) -> dict[str, Any]:
    """Damage of 10,000 houses of 5 to 12 by 6 to 14 m within the reach of a pit and beyond it, and its parts."""
    from twin.impacts.building_damage import damage_of
    from twin.impacts.facade_lines import sides_of
    from twin.impacts.pit_ground import ground_around

    rng, count, points = np.random.default_rng(1), 10_000, 32
    turn = 2.0 * np.pi * np.arange(12) / 12
    pit = shapely.Polygon(np.column_stack([60.0 * np.cos(turn), 40.0 * np.sin(turn)]))
    corners, sizes = rng.uniform(-150.0, 150.0, (count, 2)), rng.uniform((5.0, 6.0), (12.0, 14.0), (count, 2))
    angle = rng.uniform(0.0, np.pi, count)
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    spin = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
    houses = shapely.polygons(corners[:, None] + (square * sizes[:, None]) @ spin)
    buildings = gpd.GeoDataFrame({"height_m": rng.uniform(6.0, 15.0, count)}, geometry=houses)
    ground = ground_around(pit, 10.0, largest_mm=30.0)
    sides = sides_of(houses)
    share = np.linspace(0.0, 1.0, points)[None, :, None]
    places = (sides.ends[:, :1] + share * (sides.ends[:, 1:] - sides.ends[:, :1])).reshape(-1, 2)
    found: dict[str, Any] = {
        "buildings": count, "lines": len(sides.owner), "points": len(places), "walls": len(ground.walls.length),
        "lines_of_footprints": with_threads(1, lambda: sides_of(houses), repeat),
    }  # fmt: skip
    for threads, name in ((1, "one_thread"), (2, "two_threads")):
        found[f"ground_{name}"] = with_threads(threads, lambda: ground.at(places), repeat)
        found[name] = with_threads(threads, lambda: damage_of(buildings, ground), repeat)
    made = damage_of(buildings, ground)["category"]
    found["damaged"], found["in_the_pit"] = int((made >= 1).sum()), int(made.isna().sum())
    return found


TASKS: dict[str, Callable[[int], dict[str, Any]]] = {"settlement": settlement}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.settlement", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", nargs="+", choices=list(TASKS), help="these tasks (default: all)")
    parser.add_argument("--repeat", type=int, default=7, help="times each is done (default: %(default)s)")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": machine("shapely"), "load": os.getloadavg()[0], "targets": TARGETS}
    for name, task in TASKS.items():
        if not options.only or name in options.only:
            found[name] = task(options.repeat)
    show(found, as_json=options.json)


if __name__ == "__main__":
    main()
