"""Voronoi profiles beside PedPy: ``python -m benchmarks.measures --json``.

People at random places in a room with pillars, so that some cells are cut by walls: their Voronoi cells and the profile of
density and speed on squares of 1 m, as PedPy 1.5 defines both. PedPy takes the first frames only, and both sides are timed on
those in turns; then this library takes all of them. PedPy comes with the extra ``bench``.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
import shapely

from benchmarks.printing import show
from twin.measures import voronoi, voronoi_profile

TARGET_RATIO = 50.0


def room(people: int) -> shapely.Polygon:
    """A room for so many people at 1 /m2 with 25 pillars of 1 m."""
    side = float(np.sqrt(people + 25.0))
    ticks = np.linspace(0.15, 0.85, 5) * side
    pillars = [shapely.box(x - 0.5, y - 0.5, x + 0.5, y + 0.5) for x in ticks for y in ticks]
    return shapely.box(0, 0, side, side).difference(shapely.union_all(pillars))


def crowd(area: shapely.Polygon, people: int, frames: int, seed: int = 1) -> pd.DataFrame:
    """So many people at random places in each frame, with a speed."""
    random = np.random.default_rng(seed)
    side = area.bounds[2]
    shapely.prepare(area)
    parts = []
    for frame in range(frames):
        xy = random.uniform(0.0, side, (2 * people + 100, 2))
        xy = xy[shapely.contains_xy(area, xy[:, 0], xy[:, 1])][:people]
        columns = {"id": np.arange(people), "frame": frame, "x": xy[:, 0], "y": xy[:, 1], "speed": random.uniform(0.2, 1.6, people)}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def ours(data: pd.DataFrame, area: shapely.Polygon) -> tuple[np.ndarray, np.ndarray]:
    """Density and speed by this library."""
    cells = voronoi(data, area)
    profile = voronoi_profile(cells, area, speed=data[["id", "frame", "speed"]])
    return profile["density"].to_numpy(), profile["speed"].to_numpy()


def theirs(data: pd.DataFrame, area: shapely.Polygon) -> tuple[np.ndarray, np.ndarray]:
    """Density and speed by PedPy."""
    import pedpy

    walkable = pedpy.WalkableArea(area)
    trajectories = pedpy.TrajectoryData(data[["id", "frame", "x", "y"]].copy(), frame_rate=10)
    cells = pedpy.compute_individual_voronoi_polygons(traj_data=trajectories, walkable_area=walkable)
    joined = cells.merge(data[["id", "frame", "speed"]], on=["id", "frame"])
    density, speed = pedpy.compute_profiles(
        individual_voronoi_speed_data=joined, walkable_area=walkable, grid_size=1.0, speed_method=pedpy.SpeedMethod.VORONOI
    )
    return np.array(density), np.array(speed)


def timed(function: Any, *arguments: Any) -> tuple[float, float, Any]:
    """Wall and processor seconds of a call, and what it gives."""
    wall, processor = time.perf_counter(), time.process_time()
    found = function(*arguments)
    return time.perf_counter() - wall, time.process_time() - processor, found


def measure(people: int, frames: int, both: int, repeats: int) -> dict[str, Any]:
    """Both sides on the first frames in turns, then this library on all."""
    area = room(people)
    data = crowd(area, people, frames)
    few = data[data["frame"] < both]
    ours(few, area)  # compiled beforehand
    mine, other, apart = [], [], 0.0
    for _ in range(repeats):
        wall, processor, found = timed(ours, few, area)
        mine.append((wall, processor))
        wall, processor, reference = timed(theirs, few, area)
        other.append((wall, processor))
        apart = max(apart, *(float(np.abs(a - b).max()) for a, b in zip(found, reference, strict=True)))
    wall, processor, _ = timed(ours, data, area)
    ratios = [b[1] / a[1] for a, b in zip(mine, other, strict=True)]
    return {
        "people": people,
        "frames_on_both_sides": both,
        "stadstwin_cpu_s": round(statistics.median(one[1] for one in mine), 4),
        "pedpy_cpu_s": round(statistics.median(one[1] for one in other), 3),
        "ratio_cpu": round(statistics.median(ratios), 1),
        "ratio_cpu_least_and_most": [round(min(ratios), 1), round(max(ratios), 1)],
        "ratio_wall": round(statistics.median(b[0] / a[0] for a, b in zip(mine, other, strict=True)), 1),
        "greatest_difference": apart,
        "target_ratio": TARGET_RATIO,
        "all_frames": frames,
        "all_frames_wall_s": round(wall, 2),
        "all_frames_cpu_s": round(processor, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--both", type=int, default=5, help="frames that PedPy takes too (default: 5)")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    found = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "pedpy": version("pedpy")},
        "voronoi_profile": measure(options.people, options.frames, options.both, options.repeats),
    }
    show(found, as_json=options.json)


if __name__ == "__main__":
    main()
