"""How near the preset ``event`` is to measured people, and the search that found it: ``python -m benchmarks.calibrate_crowd``.

Without options: the preset over ten seeds beside the measured corridor and exits, doors of 0.8 m over twenty seeds, steps of
0.01 s beside 0.05 s, and the same with Weidmann's free speeds. With ``--search FILE`` first the search, coarse to fine, which
appends every set of parameters that it tries to FILE (JSON lines): a Latin hypercube, then rounds of children of the best,
then the best few over new seeds. ``--trade-off FILE`` prints what of the tried sets no other beats at both door flow and
corridor speed. RiMEA's cases have no part in it.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from benchmarks.printing import show
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.verification.event import PRESET, setups
from twin.verification.measured import (
    LEAST_FLOW_OPEN,
    MEASURED_CORRIDOR,
    MEASURED_FLOW,
    SPEED_M_S,
    Battery,
    Figures,
    door,
    figures_of,
)

WEIDMANN_M_S = (1.34, 0.26)
LOW = {
    "time_gap": 0.6, "radius": 0.165, "strength": 4.0, "range": 0.09, "wall_strength": 0.5, "wall_range": 0.01,
    "turning_time": 0.15, "creep_speed": 0.05, "shoulder": 0.7,
}  # fmt: skip
HIGH = {
    "time_gap": 0.8, "radius": 0.2, "strength": 10.0, "range": 0.2, "wall_strength": 5.0, "wall_range": 0.04,
    "turning_time": 0.5, "creep_speed": 0.2, "shoulder": 1.0,
}  # fmt: skip
"""The box that the search begins in; radii by the distances that people of the experiments keep."""

STEP = {
    "time_gap": 0.05, "radius": 0.03, "strength": 0.2, "range": 0.2, "wall_strength": 0.3, "wall_range": 0.25,
    "turning_time": 0.2, "creep_speed": 0.25, "shoulder": 0.1,
}  # fmt: skip
"""How far children are from their parent at first: standard deviation of the logarithm."""

SETTLED = 0.05
"""Errors below this count for nothing, so that no figure is bettered at the cost of one that is off."""


def errors_of(found: Figures) -> dict[str, Any]:
    """Relative errors, and how much worse than `SETTLED` they are together."""
    speed = found.speed / np.array([v for _, _, _, v in MEASURED_CORRIDOR]) - 1.0
    flow = np.array([found.flow[width] / measured - 1.0 for width, measured in MEASURED_FLOW.items()])
    open_ = min(0.0, found.flow[1.8] / LEAST_FLOW_OPEN - 1.0)
    every = np.nan_to_num(np.abs(np.concatenate([speed, flow, [open_]])), nan=0.5)
    score = 100.0 * float((np.maximum(0.0, every - SETTLED) ** 2).sum()) + 0.5 * found.stuck
    return {
        "speed": speed.round(4).tolist(), "flow": flow.round(4).tolist(), "open": round(open_, 4), "stuck": found.stuck,
        "score": round(score, 4),
    }  # fmt: skip


_batteries: dict[tuple[int, ...], Battery] = {}


def tried(task: tuple[dict[str, float], tuple[int, ...]]) -> dict[str, Any]:
    """What a set of parameters gives over some seeds."""
    parameters, seeds = task
    if seeds not in _batteries:
        _batteries[seeds] = Battery(*setups(tuple(seeds)))
    values = dict(parameters)
    radius = values.pop("radius")
    battery = _batteries[seeds]
    found = figures_of(battery.setups, battery.run(CollisionFreeSpeed(**values), radius=radius, duration=160.0))
    return {"parameters": parameters, "seeds": list(seeds), **errors_of(found)}


def event_parameters() -> dict[str, float]:
    """Those of the preset that the search may change."""
    values = {**PRESET.model._asdict(), "radius": PRESET.radius}
    return {name: values[name] for name in LOW}


def hypercube(count: int, random: np.random.Generator) -> list[dict[str, float]]:
    """A Latin hypercube over the box, even in the logarithm."""
    if not count:
        return []
    cells = np.array([random.permutation(count) for _ in LOW]).T + random.random((count, len(LOW)))
    low, high = np.log(list(LOW.values())), np.log(list(HIGH.values()))
    values = np.exp(low + cells / count * (high - low))
    return [dict(zip(LOW, (round(float(v), 5) for v in row), strict=True)) for row in values]


def child(parent: dict[str, float], wide: float, random: np.random.Generator) -> dict[str, float]:
    """A set of parameters near another."""
    changed = {name: round(value * math.exp(wide * STEP[name] * random.standard_normal()), 5) for name, value in parent.items()}
    return {**changed, "shoulder": min(changed["shoulder"], 1.0)}


def search(path: Path, *, coarse: int, rounds: int, children: int, seed: int, processes: int) -> None:
    """From the preset as it is and a hypercube, coarse to fine; everything that is tried is appended to a file."""
    random = np.random.default_rng(seed)
    with path.open("ab") as file, ProcessPoolExecutor(processes, initializer=os.nice, initargs=(10,)) as pool:

        def try_all(sets: list[dict[str, float]], seeds: tuple[int, ...]) -> list[dict[str, Any]]:
            out = []
            for one in pool.map(tried, [(parameters, seeds) for parameters in sets]):
                file.write(orjson.dumps(one) + b"\n")
                file.flush()
                out.append(one)
            return sorted(out, key=lambda one: one["score"])

        best = try_all([event_parameters(), *hypercube(coarse, random)], (1,))[:6]
        best = try_all([one["parameters"] for one in best], (1, 2))
        for turn in range(rounds):
            wide = 0.8**turn
            young = [child(best[k % 3]["parameters"], wide, random) for k in range(children)]
            best = sorted([*best, *try_all(young, (1, 2))], key=lambda one: one["score"])[:6]
        try_all([one["parameters"] for one in best[:4]], (11, 12, 13, 14, 15))


def trade_off(path: Path) -> list[dict[str, Any]]:
    """Of the sets that were tried and got nobody stuck: those that no other beats at both door flow and corridor speed."""
    every = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    most = max((len(one["seeds"]) for one in every if len(one["seeds"]) < 5), default=1)
    rows = [
        {"parameters": one["parameters"], "door": _worst(one["flow"]), "corridor": _worst(one["speed"])}
        for one in every
        if one["stuck"] == 0 and len(one["seeds"]) >= most
    ]
    rows.sort(key=lambda row: (row["door"], row["corridor"]))
    front: list[dict[str, Any]] = []
    for row in rows:
        if not front or row["corridor"] < front[-1]["corridor"]:
            front.append(row)
    return front


def _worst(errors: list[float | None]) -> float:
    return max(1.0 if value is None else abs(value) for value in errors)


def preset_figures(seeds: Sequence[int], *, speed: tuple[float, float] = SPEED_M_S, dt: float = 0.05) -> list[Figures]:
    """The preset ``event`` with its own body radius, of each seed."""
    battery = Battery(*setups(tuple(seeds)))
    found = battery.run(PRESET.model, radius=PRESET.radius, speed=speed, dt=dt)
    each = len(found) // len(seeds)
    return [figures_of(battery.setups[k : k + each], found[k : k + each]) for k in range(0, len(found), each)]


def beside_measured(found: Sequence[Figures]) -> dict[str, Any]:
    """A table of what was measured, what the model gives over seeds, and the difference in per cent."""
    out: dict[str, Any] = {}
    for k, (_, _, density, measured) in enumerate(MEASURED_CORRIDOR):
        out[f"speed at {density:g} /m2"] = _row(measured, [float(one.speed[k]) for one in found])
    for width, measured in MEASURED_FLOW.items():
        out[f"specific flow at {width:g} m"] = _row(measured, [one.flow[width] for one in found])
    out["specific flow at 1.8 m, at least"] = _row(LEAST_FLOW_OPEN, [one.flow[1.8] for one in found])
    out["doors and exits where people got stuck"] = sum(one.stuck for one in found)
    return out


def _row(measured: float, values: list[float]) -> dict[str, float]:
    there = [value for value in values if math.isfinite(value)]
    mean = float(np.mean(there)) if there else math.nan
    return {
        "measured": measured, "model": round(mean, 3), "error_percent": round(100.0 * (mean / measured - 1.0), 1),
        "sd": round(float(np.std(there, ddof=1)), 3) if len(there) > 1 else math.nan, "seeds": len(there),
    }  # fmt: skip


def doors(seeds: Sequence[int]) -> dict[str, Any]:
    """180 people and a door of 0.8 m, for each seed: how many rooms emptied, and the flow."""
    battery = Battery([door(0.8)] * len(seeds), seeds)
    found = battery.run(PRESET.model, radius=PRESET.radius, duration=400.0)
    flow: NDArray[np.float64] = np.array([one.flow for one in found])
    return {
        "rooms": len(seeds), "emptied": sum(one.passed >= 180 for one in found), "flow": round(float(flow.mean()), 3),
        "least": round(float(flow.min()), 3), "most": round(float(flow.max()), 3),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--seeds", type=int, default=10, help="seeds of the table (default: 10)")
    parser.add_argument("--search", type=Path, metavar="FILE", help="search first, and append what is tried to FILE")
    parser.add_argument("--coarse", type=int, default=96, help="sets tried at first (default: 96)")
    parser.add_argument("--rounds", type=int, default=6, help="rounds of children (default: 6)")
    parser.add_argument("--children", type=int, default=12, help="children a round (default: 12)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--trade-off", type=Path, metavar="FILE", help="print the trade-off of what was tried in FILE")
    options = parser.parse_args()
    if options.search:
        search(
            options.search, coarse=options.coarse, rounds=options.rounds, children=options.children, seed=1,
            processes=options.processes,
        )  # fmt: skip
    seeds = range(21, 21 + options.seeds)
    found = preset_figures(seeds)
    out: dict[str, Any] = {
        "parameters": {**PRESET.model._asdict(), "radius": PRESET.radius},
        "event": beside_measured(found),
        "door_0.8m": doors(range(1, 21)),
        "step_0.01s": beside_measured(preset_figures(seeds[:3], dt=0.01)),
        "step_0.05s_same_seeds": beside_measured(preset_figures(seeds[:3])),
        "weidmann_speeds": beside_measured(preset_figures(seeds, speed=WEIDMANN_M_S)),
    }
    if options.trade_off:
        out["trade_off"] = trade_off(options.trade_off)
    show(out, as_json=options.json)


if __name__ == "__main__":
    main()
