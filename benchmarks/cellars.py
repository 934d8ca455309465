"""What screening of cellars costs: ``python -m benchmarks.cellars --json [--cellars 1000] [--seconds 3600] [--repeat 5]``.

Cellars of Utrecht's measures under a crowd that stands above all of them the whole hour, and differently in every second: people on
a strip by chance (Poisson, 2 /m2 in the mean), so that little can be left out. The median of several times is told, with the
least and the most; making the vaults ready is in it. `people` counts people who walk onto strips first, once a second. Beside it
every second worked out to its end, for a part of them, and the general solver of SciPy for a few.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from benchmarks.crowd.measuring import machine
from benchmarks.impact import timed
from benchmarks.printing import show
from twin.sim.impact.cellar import loads, screen
from twin.sim.impact.cellar.arch import rows_of

CHUNK = 300


def cellars(count: int, seed: int = 1) -> screen.Vaults:
    """Vaults with the measures of Utrecht's."""
    rng = np.random.default_rng(seed)
    span, crown = rng.uniform(3.0, 6.0, count), rng.uniform(2.2, 3.0, count)
    rise = np.minimum(0.55 * crown, span / 2.0)
    return screen.vaults(span, rise, rng.uniform(0.22, 0.33, count), rng.uniform(0.3, 1.0, count))


def hour(panels: int, seconds: int, strips: int = 12, seed: int = 2) -> list[NDArray[np.float32]]:
    """Loads of a crowd, a part of the time after the other [kPa]."""
    rng = np.random.default_rng(seed)
    kn = loads.PERSON_KG * loads.GRAVITY / 1000.0 / 3.0
    parts = [min(CHUNK, seconds - first) for first in range(0, seconds, CHUNK)]
    return [(rng.poisson(6.0, (panels, part, strips)) * kn).astype(np.float32) for part in parts]


def panels_of(made: screen.Table) -> loads.Panels:
    """Cellars beside each other along a street, 10 m long."""
    count = made.size
    at = np.arange(count)
    edges = made.arches.strips
    ones, zeros = np.ones(count), np.zeros(count)
    x, y = 8.0 * (at % 40), 14.0 * (at // 40)
    return loads.Panels(at.astype(np.int64), x, y.astype(np.float64), ones, zeros, edges, np.full(count, 5.0))


def people(panels: loads.Panels, seconds: int, many: int = 5000, seed: int = 3) -> tuple[NDArray[Any], ...]:
    """Second and place of people who stroll over all of that."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(panels.x.min(), panels.x.max(), many) + np.cumsum(rng.normal(0, 0.5, (seconds, many)), axis=0)
    y = rng.uniform(panels.y.min(), panels.y.max(), many) + np.cumsum(rng.normal(0, 0.5, (seconds, many)), axis=0)
    return np.repeat(np.arange(seconds), many), x.ravel(), y.ravel()


def walked(made: screen.Table, panels: loads.Panels, crowd: tuple[NDArray[Any], ...], seconds: int) -> screen.Worst:
    """Screen cellars against people who walk."""
    second, x, y = crowd
    areas = loads.strip_areas(panels)[:, None, :]
    near = loads.nearby(panels)
    first = np.searchsorted(second, np.arange(0, seconds + CHUNK, CHUNK))

    def chunks() -> Iterator[NDArray[np.float32]]:
        for n, (low, high) in enumerate(pairwise(first)):
            mine, many = slice(low, high), min(CHUNK, seconds - n * CHUNK)
            standing = loads.people_on_strips(second[mine] - n * CHUNK, x[mine], y[mine], panels, many, near)
            yield (standing * (loads.PERSON_KG * loads.GRAVITY / 1000.0 / areas)).astype(np.float32)

    return screen.worst(made, panels.cellar, chunks())


def measured(count: int, seconds: int, repeat: int) -> dict[str, Any]:
    """Everything."""
    these, crowd = cellars(count), hour(count, seconds)
    owner = np.arange(count)
    made = screen.table(these)
    packed = timed(lambda: screen.worst(screen.table(these), owner, crowd), repeat)
    before = time.process_time()
    worst = screen.worst(screen.table(these), owner, crowd)
    spent = time.process_time() - before
    panels = panels_of(made)
    strolling = people(panels, seconds)
    strolled = timed(lambda: walked(made, panels, strolling, seconds), max(1, repeat // 2))
    part = crowd[0]
    whole = timed(lambda: screen.use_of(made, part), 1)
    off = float(np.abs(screen.worst(made, owner, [part]).use - screen.use_of(made, part).max(axis=1)).max())
    rows, few, started = rows_of(made.arch(0)), 20, time.perf_counter()
    q = part[0, :few].astype(np.float64) @ made.spreads[0]
    for one in q:
        a = -np.column_stack([rows.a, rows.dead])
        linprog([0.0, 0.0, 0.0, 1.0], A_ub=a, b_ub=rows.live @ one, bounds=[(None, None)] * 4, method="highs")
    general = (time.perf_counter() - started) / few
    return {
        "machine": machine(), "cellars": count, "seconds": seconds, "target_s": 5.0, "packed": packed,
        "packed_cpu_s": spent, "people": strolled,
        "worked_out_part": worst.solved / (count * seconds), "not_left_out_s_per_hour": whole["median_s"] * seconds / part.shape[1],
        "general_solver_s_per_hour": general * count * seconds, "greatest_error_of_leaving_out": off,
    }  # fmt: skip


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cellars", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    return show(measured(asked.cellars, asked.seconds, asked.repeat), as_json=asked.json)


if __name__ == "__main__":
    raise SystemExit(main())
