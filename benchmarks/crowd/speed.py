"""Agent-steps a second on both sides, scene by scene."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.crowd.measuring import spread, timed
from benchmarks.crowd.scenes import Scene, event_square, make_square
from benchmarks.crowd.sides import DESIRED_SPEED, JuPedSim, Ours, agent_steps_per_s


@dataclass(frozen=True)
class Race:
    """A scene and the ratio that is asked for.

    Parameters
    ----------
    make : callable
        Makes the scene; None when its files are not there.
    target : float
        Times as many agent-steps a second as JuPedSim.
    peer_steps : int
        Steps a repeat on its side: it takes seconds for one where there are many walls.
    """

    make: Callable[[], Scene | None]
    target: float
    peer_steps: int


OUR_STEPS = 200
"""Steps a repeat on our side: a third of a second, so that waking the cores after the other side's turn does not weigh."""

RACES = {
    "square": Race(lambda: make_square(20_000), 100.0, 30),
    "dense": Race(lambda: make_square(20_000, density=3.0), 60.0, 20),
    "town": Race(lambda: make_square(20_000, buildings=400), 800.0, 3),
    "open": Race(lambda: make_square(20_000, buildings=0), 30.0, 40),
    "event": Race(event_square, 1500.0, 1),
}


def warm_up(dt: float) -> None:
    """Compile, also what only runs when the lists are built again: who walks fastest has moved half the skin by then."""
    side = Ours(make_square(2_000), dt)
    side.advance(math.ceil(0.25 / (DESIRED_SPEED * dt)))


def run_race(race: Race, dt: float, repeats: int) -> dict[str, Any]:
    """Both sides in turns, from the same start; the first steps of each do not count."""
    scene = race.make()
    if scene is None:
        return {"skipped": "the real files are not here: set STADSTWIN_REAL_DATA"}
    out: dict[str, Any] = {"scene": scene.name, "people": len(scene.points), "dt_s": dt}
    ours, seconds = timed(lambda: Ours(scene, dt))
    out["stadstwin"] = {"set_up_s": seconds}
    sides: list[tuple[Ours | JuPedSim, int]] = [(ours, OUR_STEPS)]
    try:
        peer, seconds = timed(lambda: JuPedSim(scene, dt))
    except ImportError:
        out["skipped"] = "JuPedSim is not installed: pip install 'stadstwin[bench]'"
    else:
        out["jupedsim"] = {"set_up_s": seconds}
        sides.append((peer, race.peer_steps))
    for side, steps in sides:
        side.advance(min(steps, 5))
    rates: dict[str, list[float]] = {side.name: [] for side, _ in sides}
    for _ in range(repeats):
        for side, steps in sides:
            rates[side.name].append(agent_steps_per_s(side, steps))
    for side, steps in sides:
        out[side.name] |= {"steps": steps, "agent_steps_per_s": spread(rates[side.name])}
    if len(sides) == 2:
        ratios = [a / b for a, b in zip(rates["stadstwin"], rates["jupedsim"], strict=True)]
        out["ratio"] = {**spread(ratios, 1), "target": race.target, "met": statistics.median(ratios) >= race.target}
    return out


def measure_speed(names: list[str], dt: float, repeats: int) -> dict[str, Any]:
    """The races of these names."""
    warm_up(dt)
    return {name: run_race(RACES[name], dt, repeats if name != "event" else min(repeats, 3)) for name in names}


def measure_event(minutes: float = 15.0, dt: float = 0.05) -> dict[str, Any]:
    """The whole event at a usual step: whether it runs faster than the clock, and how far people get."""
    scene = event_square()
    if scene is None:
        return {"skipped": "the real files are not here: set STADSTWIN_REAL_DATA"}
    side = Ours(scene, dt)
    _, seconds = timed(lambda: side.advance(round(60.0 * minutes / dt)))
    return {
        "scene": scene.name, "simulated_s": 60.0 * minutes, "dt_s": dt, "wall_s": seconds,
        "times_real_time": round(60.0 * minutes / seconds, 2), "left": side.crowd.left, "met": seconds < 60.0 * minutes,
    }  # fmt: skip
