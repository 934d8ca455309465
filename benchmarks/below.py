"""What is below the street costs: ``python -m benchmarks.below --json [--only NAME] [--size 2000] [--repeat 5]``.

Each task is done several times; the median is told, with the least and the most. Errors stand beside the times: of drawdown against
the sum of the equations at places taken at random, of groundwater what is left over and the balance of the water. `cpu_s` is what
one thread works, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from benchmarks.crowd.measuring import machine
from benchmarks.impact import with_threads
from benchmarks.printing import show
from twin.sim.impact.pit import seepage, well_field
from twin.sim.impact.pit import wells as w

TARGETS = {"drawdown_50_wells_4_m_cells_s": 2.0}

STATES: dict[str, dict[str, float]] = {
    "thiem": {"radius_of_influence_m": 1500.0},
    "de_glee": {"resistance_d": 500.0},
    "theis": {"storativity": 1e-3, "time_d": 30.0},
    "hantush": {"storativity": 1e-3, "time_d": 30.0, "resistance_d": 500.0},
}
"""Each is given its own transmissivity of 300 m2/d."""


def _taken(task: Callable[[], Any], repeat: int) -> dict[str, Any]:
    """Times on one thread and on two, and what one thread works [s]."""
    one, two = (with_threads(count, task, repeat) for count in (1, 2))

    def worked() -> float:
        started = time.process_time()
        task()
        return time.process_time() - started

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        cpu = statistics.median(worked() for _ in range(repeat))
    finally:
        numba.set_num_threads(before)
    return {"one_thread": one, "two_threads": two, "cpu_s": cpu}


def drawdown(size: int, repeat: int) -> dict[str, Any]:
    """Fifty wells on cells of 1 m: all the same, and each with a discharge of its own."""
    rng = np.random.default_rng(1)
    at = {"x_m": rng.uniform(0.4, 0.6, 50) * size, "y_m": rng.uniform(0.4, 0.6, 50) * size}
    alike, others = (w.wells(**at, discharge_m3_d=q) for q in (100.0, rng.uniform(50, 150, 50)))
    x = np.arange(size) + 0.5
    y = x[::-1].copy()
    rows, columns = rng.integers(0, size, (2, 5000))
    found: dict[str, Any] = {"cells": size * size, "wells": 50}
    for name, state in STATES.items():
        for told, wells in ((name, alike), (f"{name}_each_its_own", others)):
            given = {"transmissivity_m2_d": 300.0, **state}
            made = well_field.field(x, y, wells, **given)
            known = w.drawdown_at(x[columns], y[rows], wells, **given)
            found[told] = {
                **_taken(lambda of=wells, g=given: well_field.field(x, y, of, **g), repeat),
                "greatest_error_m": float(np.abs(made.drawdown_m[rows, columns] - known).max()),
                "greatest_drawdown_m": float(made.drawdown_m.max()),
            }
    return found


def groundwater(size: int, repeat: int) -> dict[str, Any]:
    """Steady heads of fifty wells on a square of 1 km: known heads around, a leaking layer, one canal, and sheet piles."""
    rng = np.random.default_rng(1)
    pumped = np.zeros((size, size))
    np.add.at(pumped, tuple(rng.integers(int(0.4 * size), int(0.6 * size), (2, 50))), 100.0)
    around, canal = np.full((size, size), np.nan), np.full((size, size), np.nan)
    around[[0, -1]], around[:, [0, -1]], canal[:, 0] = 0.0, 0.0, 0.0
    east, south = np.zeros((size, size - 1)), np.zeros((size - 1, size))
    low, high = int(0.35 * size), int(0.65 * size)
    east[low:high, [low - 1, high - 1]] = south[[low - 1, high - 1], low:high] = 0.2
    every: dict[str, dict[str, Any]] = {
        "heads_around": {"fixed_head_m": around},
        "leaking_layer": {"resistance_d": 500.0},
        "one_canal": {"fixed_head_m": canal},
        "sheet_piles": {"fixed_head_m": around, "wall_east_d_m": east, "wall_south_d_m": south},
    }
    found: dict[str, Any] = {"cells": size * size}
    for name, given in every.items():
        of = seepage.ground(cell_m=1000.0 / size, transmissivity_m2_d=500.0, shape=(size, size), pumped_m3_d=pumped, **given)
        made = seepage.steady(of)
        found[name] = {
            "iterations": made.iterations, "residual": made.residual,
            "balance_error_of_flow": abs(made.balance.error) / made.balance.through,
            **_taken(lambda g=of: seepage.steady(g), max(2, repeat // 2)),
        }  # fmt: skip
    return found


TASKS: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "drawdown": drawdown,
    "groundwater": groundwater,
}
"""By name: from the number of cells along a side and how often each is done, to what was found."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.below", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", nargs="+", choices=sorted(TASKS), help="tasks to do (default: all)")
    parser.add_argument("--size", type=int, default=2000, help="cells along a side (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="times each is done (default: %(default)s)")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": machine("numba"), "load": os.getloadavg()[0], "targets": TARGETS}
    for name in options.only or TASKS:
        found[name] = TASKS[name](options.size, options.repeat)
    show(found, as_json=options.json)


if __name__ == "__main__":
    main()
