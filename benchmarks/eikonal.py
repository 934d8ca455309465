"""Times to a goal beside scikit-fmm: ``python -m benchmarks.eikonal --json [--sizes N ...]``.

Both sides solve the eikonal equation from one cell in the middle of a square, in second order, in one process and in turns, so
that a busy machine slows both: on an open floor, and on one a quarter of which is buildings. scikit-fmm gives times; this library
gives times and directions, on a floor that was made ready before (``again``, what a crowd does that avoids jams) and from
the bare floor (``from_floor``). Errors are against the radial distance on the open floor; with buildings, how far apart both
sides are. scikit-fmm comes with the extra ``bench``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.crowd.measuring import machine, spread
from benchmarks.printing import show
from twin.sim.crowd.wayfinding import build_graph, find_routes, make_scratch, solve
from twin.sim.floor import build_floor
from twin.sim.model import Floor, Goals

TARGET_SIDE = 4096
TARGET_RATIO = 4.0
TARGET_MEAN_PERCENT = 0.1
TARGET_MAX_CELLS = 2.5


def square(side: int, built: float, seed: int = 1) -> tuple[NDArray[np.bool_], tuple[int, int]]:
    """Where a square of cells is floor, with a share of it under buildings of 8 to 80 cells; and a cell of it near the middle."""
    random = np.random.default_rng(seed)
    mask = np.ones((side, side), np.bool_)
    while mask.mean() > 1.0 - built:
        height, width = random.integers(8, 80, 2)
        row, column = random.integers(0, side, 2)
        mask[row : row + height, column : column + width] = False
    row, column = np.nonzero(mask)
    nearest = int(np.argmin(np.hypot(row - side // 2, column - side // 2)))
    return mask, (int(row[nearest]), int(column[nearest]))


class Ours:
    """This library's side: the square as a floor with one goal."""

    def __init__(self, mask: NDArray[np.bool_], source: tuple[int, int]) -> None:
        self.mask = mask
        self.floor: Floor = build_floor(west=0.0, north=float(len(mask)), cell=1.0, mask=mask[None], chains=())
        self.goals = Goals(np.array([0, 1]), np.array([[0, *source]], np.int32))
        self.graph = build_graph(self.floor, wall_aversion=0.0)
        self.scratch = {threads: make_scratch(self.graph, threads) for threads in {1, numba.get_num_threads()}}
        self.out = solve(self.graph, self.goals)

    def again(self, threads: int) -> None:
        solve(self.graph, self.goals, out=self.out, scratch=self.scratch[threads])

    def from_floor(self) -> None:
        find_routes(self.floor, self.goals, wall_aversion=0.0)

    def times(self) -> NDArray[np.float64]:
        """Time of each cell of the floor."""
        return self.out.time[0][self.graph.node[0][self.mask]].astype(np.float64)


class ScikitFmm:
    """The other side; raises ImportError when it is not installed."""

    def __init__(self, mask: NDArray[np.bool_], source: tuple[int, int]) -> None:
        import skfmm

        self.solve = skfmm.travel_time
        self.mask = mask
        start = np.ones(mask.shape)
        start[source] = 0.0
        self.start = start if mask.all() else np.ma.MaskedArray(start, ~mask)
        self.speed = np.ones(mask.shape)
        self.out: Any = None

    def again(self) -> None:
        self.out = self.solve(self.start, self.speed, order=2)

    def times(self) -> NDArray[np.float64]:
        """Time of each cell of the floor; inf where it is not reached."""
        return np.asarray(np.ma.filled(self.out, np.inf)[self.mask], np.float64)


def seconds_of(call: Callable[[], None]) -> tuple[float, float]:
    """Wall seconds of a call, and processor seconds of all threads."""
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - processor


def errors(found: NDArray[np.float64], exact: NDArray[np.float64]) -> dict[str, float]:
    """Mean relative and greatest error."""
    off = np.abs(found - exact)
    return {
        "mean_percent": round(float(100.0 * (off[exact > 0] / exact[exact > 0]).mean()), 4),
        "max_cells": round(float(off.max()), 3),
    }


def measure(side: int, built: float, repeats: int) -> dict[str, Any]:
    """Both sides in turns."""
    mask, source = square(side, built)
    threads = numba.get_num_threads()
    ours = Ours(mask, source)
    calls: dict[str, Callable[[], None]] = {
        "again": lambda: ours.again(threads),
        "again_one_thread": lambda: ours.again(1),
        "from_floor": ours.from_floor,
    }
    out: dict[str, Any] = {"side": side, "built_percent": round(100.0 * (1.0 - float(mask.mean())), 1), "threads": threads}
    try:
        theirs = ScikitFmm(mask, source)
        calls["scikit_fmm"] = theirs.again
    except ImportError:
        theirs = None
        out["skipped"] = "scikit-fmm is not installed: pip install 'stadstwin[bench]'"
    calls["again"]()  # compiled, and its memory in use
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            taken[name].append(seconds_of(call))
    for name, pairs in taken.items():
        out[name] = {
            "wall_s": spread([wall for wall, _ in pairs], 3),
            "processor_s": spread([processor for _, processor in pairs], 3),
            "processor_ns_a_cell": round(1e9 * statistics.median(processor for _, processor in pairs) / int(mask.sum()), 1),
        }
    cells = np.argwhere(mask)
    exact = np.hypot(*(cells - source).T)
    if built == 0.0:
        found = errors(ours.times(), exact)
        out["error"] = {"stadstwin": found}
        if side >= TARGET_SIDE:
            met = found["mean_percent"] <= TARGET_MEAN_PERCENT and found["max_cells"] <= TARGET_MAX_CELLS
            out["error"] |= {"target": {"mean_percent": TARGET_MEAN_PERCENT, "max_cells": TARGET_MAX_CELLS}, "met": met}
    if theirs is not None:
        for name in ("again", "from_floor"):
            ratios = [b[0] / a[0] for a, b in zip(taken[name], taken["scikit_fmm"], strict=True)]
            met = statistics.median(ratios) >= TARGET_RATIO
            out[name]["ratio_wall"] = {**spread(ratios, 1), "target": TARGET_RATIO, "met": met}
        if built == 0.0:
            out["error"]["scikit_fmm"] = errors(theirs.times(), exact)
        mine, other = ours.times(), theirs.times()
        both = np.isfinite(mine) & np.isfinite(other)
        out["apart"] = {
            **errors(mine[both], other[both]),
            "reached_by_one_only": int((np.isfinite(mine) != np.isfinite(other)).sum()),
        }
    return out


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eikonal", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON (otherwise a few lines)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 2048, 4096], help="cells along a side")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args(arguments)
    out: dict[str, Any] = {"machine": machine("scikit-fmm")}
    for built in (0.0, 0.25):
        for side in given.sizes:
            out[f"{side}_{'open' if built == 0.0 else 'built'}"] = measure(side, built, given.repeats)
    return show(out, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
