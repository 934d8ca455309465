"""Speed of the continuum: ``python -m benchmarks.continuum --json [--people N] [--side M] [--everywhere]``.

Two by two kilometres of streets between blocks at 1 m, with sixteen squares on which a million people stand; a quarter of those
on each square leaves the city over each of its four edges. With ``--everywhere`` they stand in the streets too, so that no part
of the city is empty. Windows of ten seconds are timed: in each, everybody looks for a new way once (the eikonal fields of all
goals, with the density) and the people flow for ten seconds. Processor time tells what a machine that does other work as well
hides: the ratio by it is what as many idle cores as there are threads would reach if all was shared out evenly.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.crowd.measuring import machine, spread, timed
from benchmarks.printing import show
from twin.sim.crowd.continuum import Continuum
from twin.sim.crowd.hughes import Hughes
from twin.sim.floor import build_floor
from twin.sim.model import Floor, Goals

TARGET_RATIO = 5.0
WINDOW_S = 10.0
STREET_M, PITCH_M = 16, 80
SQUARE_M, SQUARES_A_SIDE = 160, 4


def make_city(side: int) -> tuple[Floor, Goals, NDArray[np.bool_]]:
    """Streets between blocks, squares among them, and the four edges as goals; also which cells are on a square (side, side)."""
    y, x = np.mgrid[:side, :side]
    mask = (x % PITCH_M < STREET_M) | (y % PITCH_M < STREET_M)
    squares = np.zeros_like(mask)
    step = side // SQUARES_A_SIDE
    for row in range(step // 2, side, step):
        for column in range(step // 2, side, step):
            low = (row - SQUARE_M // 2, column - SQUARE_M // 2)
            squares[low[0] : low[0] + SQUARE_M, low[1] : low[1] + SQUARE_M] = True
    mask |= squares
    edges = [np.argwhere(mask & edge) for edge in (x == 0, x == side - 1, y == 0, y == side - 1)]
    cells = np.concatenate([np.insert(edge, 0, 0, axis=1) for edge in edges]).astype(np.int32)
    goals = Goals(np.cumsum([0, *(len(edge) for edge in edges)]).astype(np.int64), cells)
    return build_floor(west=0.0, north=float(side), cell=1.0, mask=mask[None], chains=[]), goals, squares


@dataclass
class Times:
    """Wall and processor seconds of each window."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def measure(self, work: Callable[[], Any]) -> None:
        """Do it and note how long it took."""
        wall, processor = time.perf_counter(), time.process_time()
        work()
        self.wall.append(time.perf_counter() - wall)
        self.processor.append(time.process_time() - processor)


def measure(people: int, side: int, dt: float, windows: int, *, everywhere: bool) -> dict[str, Any]:
    """Time windows of a run, the ways and the flow apart, after one that does not count."""
    (floor, goals, squares), city_s = timed(lambda: make_city(side))
    model = Hughes(ways_every=np.inf)  # asked for by hand, so that it can be timed
    make_city_run(make_city(400)[0:2], np.ones((400, 400), np.bool_), 1000, model, dt).advance(2)  # compiles
    on = floor.mask[0] if everywhere else squares
    crowd, set_up_s = timed(lambda: make_city_run((floor, goals), on, people, model, dt))
    steps = round(WINDOW_S / dt)
    crowd.find_ways()
    crowd.advance(steps)
    ways, flow, whole = Times(), Times(), Times()
    worked_on = []
    for _ in range(windows):

        def window() -> None:
            ways.measure(crowd.find_ways)
            flow.measure(lambda: crowd.advance(steps))

        whole.measure(window)
        worked_on.append(crowd.worked_on)
    threads = numba.get_num_threads()
    by_wall = [steps * dt / seconds for seconds in whole.wall]
    by_processor = [steps * dt * threads / seconds for seconds in whole.processor]
    ratio = spread(by_wall, 2)
    return {
        "people": people, "floor_cells": int(floor.mask.sum()), "goals": len(goals.start) - 1, "dt_s": dt, "threads": threads,
        "city_s": city_s, "set_up_s": set_up_s, "simulated_s": round(windows * steps * dt, 1),
        "cells_worked_on": spread([float(n) for n in worked_on]),
        "times_real_time": {**ratio, "target": TARGET_RATIO, "met": ratio["median"] >= TARGET_RATIO},
        "times_real_time_by_processor_time": spread(by_processor, 2),
        "share_of_the_ways": round(sum(ways.processor) / sum(whole.processor), 3),
        "ways_processor_s": spread(ways.processor, 3),
        "flow_processor_s": spread(flow.processor, 3),
        "cell_steps_per_processor_s": round(sum(worked_on) * steps / sum(flow.processor)),
        "people_lost": crowd.came - crowd.present - float(crowd.left.sum()),
        "highest_density": round(float(crowd.density().max()), 3),
    }  # fmt: skip


def make_city_run(city: tuple[Floor, Goals], on: NDArray[np.bool_], people: int, model: Hughes, dt: float) -> Continuum:
    """A crowd on some of the cells, a part of it bound for each goal."""
    floor, goals = city
    crowd = Continuum(floor, goals, None, model, dt=dt)
    here = np.where(on & floor.mask[0], 1.0, 0.0)[None]
    count = len(goals.start) - 1
    for g in range(count):
        crowd.place(g, here * people / (count * here.sum()))
    return crowd


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.continuum", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON (otherwise a few lines)")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--side", type=int, default=2_000, help="of the city [m]")
    parser.add_argument("--dt", type=float, default=2.0 / 3.0, help="step [s]")
    parser.add_argument("--windows", type=int, default=9, help="of ten seconds each")
    parser.add_argument("--everywhere", action="store_true", help="people in all streets, not on squares only")
    given = parser.parse_args(arguments)
    found = measure(given.people, given.side, given.dt, given.windows, everywhere=given.everywhere)
    return show({"machine": machine(), "continuum": found}, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
