"""How near the preset ``event`` is to measured people, and the search that found it: ``python -m benchmarks.calibrate_crowd``.

Without options: the preset over 32 seeds beside the measured corridor and exits, doors of 0.8 m over twenty seeds, steps of
0.01 s beside 0.05 s, and the same with Weidmann's free speeds. With ``--search FILE`` first the search, coarse to fine, which
appends every set of parameters that it tries to FILE (JSON lines): a Latin hypercube, then rounds of children of the best,
then the best few over new seeds. With ``--refine FILE`` a preset that is nearly right is bettered: sets scattered round it, each
over some seeds, a linear fit of every error to the logarithms of the parameters, and the set that is best by the fit, which is
printed. ``--trade-off FILE`` prints what of the tried sets no other beats at both door flow and corridor speed. RiMEA's cases
have no part in any of it.
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
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

import twin
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
    narrow_exit,
)
from twin.verification.presets import PRESETS

AT_ONCE = 8
"""Seeds whose set-ups are walked side by side."""

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


def refine(path: Path, *, count: int, wide: float, seeds: Sequence[int], processes: int, seed: int = 2) -> dict[str, Any]:
    """From sets scattered round the preset, appended to a file, the set near it that is best by a linear fit of the errors.

    Each set is another draw of all parameters and of the crowd, so that the fit evens out what differs by chance. It need not go
    further from the preset than the sets did.
    """
    random = np.random.default_rng(seed)
    middle = event_parameters()
    sets = [child(middle, wide, random) for _ in range(count)]
    with path.open("ab") as file, ProcessPoolExecutor(processes, initializer=os.nice, initargs=(10,)) as pool:
        for one in pool.map(tried, [(parameters, tuple(seeds)) for parameters in sets]):
            file.write(orjson.dumps(one) + b"\n")
            file.flush()
    return best_by_fit(path, wide)


def best_by_fit(path: Path, wide: float) -> dict[str, Any]:
    """The best set near the preset by a linear fit to the sets in a file, with the errors that the fit expects."""
    middle = event_parameters()
    every = [one for one in map(orjson.loads, path.read_bytes().splitlines()) if None not in one["flow"] + one["speed"]]
    steps = np.array([[math.log(one["parameters"][name] / middle[name]) / STEP[name] for name in LOW] for one in every])
    errors = np.array([[*one["speed"], *one["flow"], one["open"]] for one in every])
    one_and_steps = np.column_stack([np.ones(len(steps)), steps])
    fit, *_ = np.linalg.lstsq(one_and_steps, errors, rcond=None)
    sd = (errors - one_and_steps @ fit).std(axis=0, ddof=min(len(fit), len(errors) - 1))

    def score(step: NDArray[np.float64]) -> float:
        off: NDArray[np.float64] = np.maximum(0.0, np.abs(fit[0] + step @ fit[1:]) - SETTLED)
        return 1e4 * float((off**2).sum()) + 0.1 * float(step @ step)

    found = optimize.minimize(score, np.zeros(len(LOW)), bounds=[(-1.5 * wide, 1.5 * wide)] * len(LOW))
    values = {name: middle[name] * math.exp(step * STEP[name]) for name, step in zip(LOW, found.x, strict=True)}
    return {
        "sets": len(every), "parameters": {name: round(min(v, 1.0) if name == "shoulder" else v, 4) for name, v in values.items()},
        "errors_at_preset": fit[0].round(3).tolist(), "errors_expected": (fit[0] + found.x @ fit[1:]).round(3).tolist(),
        "sd_of_a_set": sd.round(3).tolist(), "per_step": {n: fit[k + 1].round(3).tolist() for k, n in enumerate(LOW)},
    }  # fmt: skip


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
    """The preset ``event`` with its own body radius, of each seed; some at a time, since all of them fill the memory."""
    figures: list[Figures] = []
    for begin in range(0, len(seeds), AT_ONCE):
        some = tuple(seeds[begin : begin + AT_ONCE])
        battery = Battery(*setups(some))
        found = battery.run(PRESET.model, radius=PRESET.radius, speed=speed, dt=dt)
        each = len(found) // len(some)
        figures += [figures_of(battery.setups[k : k + each], found[k : k + each]) for k in range(0, len(found), each)]
    return figures


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


def doors(seeds: Sequence[int], company: int = 1) -> dict[str, Any]:
    """180 people, in companies of so many, and a door of 0.8 m, for each seed: how many rooms emptied, and the flow."""
    battery = Battery([door(0.8)] * len(seeds), seeds)
    found = battery.run(PRESET.model, radius=PRESET.radius, duration=400.0, company=company)
    flow: NDArray[np.float64] = np.array([one.flow for one in found])
    return {
        "rooms": len(seeds), "emptied": sum(one.passed >= 180 for one in found), "flow": round(float(flow.mean()), 3),
        "least": round(float(flow.min()), 3), "most": round(float(flow.max()), 3),
    }  # fmt: skip


def in_a_jam(rows: pd.DataFrame, frame_rate: float) -> dict[str, float]:
    """How people move who wait before an exit at the origin: share of the time that they step against their way, acceleration.

    Within 2 m of the exit, velocities over 0.4 s, and what they change by from one such to the next [m/s2].
    """
    every = round(0.4 * frame_rate)
    against, change = [], []
    for _, one in rows[rows["frame"] % every == 0].sort_values("frame").groupby("id"):
        at = one[["x", "y"]].to_numpy()
        waits = (np.hypot(*at.T) < 2.0) & (at[:, 1] > 0.3)
        velocity = np.diff(at, axis=0) / 0.4
        against.append(((velocity * at[:-1]).sum(axis=1) > 0.0)[waits[:-1]])
        change.append((np.hypot(*np.diff(velocity, axis=0).T) / 0.4)[waits[:-2]])
    return {
        "against_their_way": round(float(np.concatenate(against).mean()), 3),
        "acceleration_m_s2": round(float(np.concatenate(change).mean()), 2),
    }  # fmt: skip


def jams() -> dict[str, Any]:
    """Before the exit of 0.5 m: people who were filmed (when STADSTWIN_REAL_DATA says where), the preset, and ``jupedsim``."""
    out: dict[str, Any] = {}
    films = os.environ.get("STADSTWIN_REAL_DATA")
    if films:
        rows = twin.read_trajectories(Path(films) / "crowd" / "pedpy_trajectories" / "040_c_56_h-.txt.gz")
        out["filmed"] = in_a_jam(rows, 25.0)
    for name in ("event", "jupedsim"):
        battery = Battery([narrow_exit()], [21])
        crowd = battery.crowd(PRESETS[name].model, radius=PRESETS[name].radius)
        seen = []
        while not crowd.finished and crowd.time < 60.0:
            crowd.advance(2)
            now = crowd.snapshot()
            seen.append(pd.DataFrame({"id": now.id, "frame": len(seen), "x": now.x, "y": now.y}))
        out[name] = in_a_jam(pd.concat(seen), 10.0)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--seeds", type=int, default=32, help="seeds of the table (default: 32)")
    parser.add_argument("--search", type=Path, metavar="FILE", help="search first, and append what is tried to FILE")
    parser.add_argument("--coarse", type=int, default=96, help="sets tried at first (default: 96)")
    parser.add_argument("--rounds", type=int, default=6, help="rounds of children (default: 6)")
    parser.add_argument("--children", type=int, default=12, help="children a round (default: 12)")
    parser.add_argument("--refine", type=Path, metavar="FILE", help="print the best set near the preset; tries go to FILE")
    parser.add_argument("--sets", type=int, default=48, help="sets tried for --refine (default: 48)")
    parser.add_argument("--wide", type=float, default=0.6, help="how far from the preset they are (default: 0.6)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--trade-off", type=Path, metavar="FILE", help="print the trade-off of what was tried in FILE")
    options = parser.parse_args()
    if options.search:
        search(
            options.search, coarse=options.coarse, rounds=options.rounds, children=options.children, seed=1,
            processes=options.processes,
        )  # fmt: skip
    if options.refine:
        found_near = refine(options.refine, count=options.sets, wide=options.wide, seeds=range(1, 9), processes=options.processes)
        show({"refined": found_near}, as_json=options.json)
        return
    seeds = range(21, 21 + options.seeds)
    found = preset_figures(seeds)
    out: dict[str, Any] = {
        "parameters": {**PRESET.model._asdict(), "radius": PRESET.radius},
        "event": beside_measured(found),
        "before_exit_0.5m": jams(),
        "door_0.8m": doors(range(1, 21)),
        "door_0.8m_companies_of_three": doors(range(1, 21), 3),
        "step_0.01s": beside_measured(preset_figures(seeds[:3], dt=0.01)),
        "step_0.05s_same_seeds": beside_measured(preset_figures(seeds[:3])),
        "weidmann_speeds": beside_measured(preset_figures(seeds[:10], speed=WEIDMANN_M_S)),
    }
    if options.trade_off:
        out["trade_off"] = trade_off(options.trade_off)
    show(out, as_json=options.json)


if __name__ == "__main__":
    main()
