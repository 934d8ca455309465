"""Speed and memory of the crowd, beside JuPedSim: ``python -m benchmarks.crowd --json [--people N] [--dt S]``.

One square with 25 buildings, one person to the square metre, half of the people bound for the western edge and half
for the eastern one. Both sides solve the collision-free speed model V2 with the same parameters, step, geometry, goals
and starting points, in one process and in turns, so that a busy machine slows both. An agent-step is one person moved
by one step; the set-up (ways, JuPedSim's adding of agents) is timed apart. JuPedSim comes with the extra ``bench``.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from benchmarks.printing import show
from twin.discretize import discretize_area
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.model import STAGE_LEAVE, Goals, Journeys, People

ROOT = Path(__file__).resolve().parent.parent
MODEL = CollisionFreeSpeed(time_gap=1.0)
"""JuPedSim's own defaults: T 1 s, A 8, D 0.1 m, A_w 5, D_w 0.02 m; with v0 1.2 m/s and radius 0.2 m."""

DESIRED_SPEED = 1.2
RADIUS = 0.2
TARGET_RATIO = 20.0
TARGET_MEMORY_MB = 400.0


@dataclass(frozen=True, eq=False)
class Square:
    """The set-up that both sides get.

    Parameters
    ----------
    area : shapely polygon
        Floor [m].
    exits : tuple of shapely polygon
        West and east.
    points : (N, 2) float64
        Starts [m].
    goal : (N,) int32
        Exit of each person.
    """

    area: shapely.Polygon
    exits: tuple[shapely.Polygon, shapely.Polygon]
    points: NDArray[np.float64]
    goal: NDArray[np.int32]


def make_square(people: int, *, seed: int = 1) -> Square:
    """A square for so many people at 1 /m2 of floor: side 150 m and buildings of 10 x 10 m for 20,000."""
    scale = math.sqrt(people / 20_000.0)
    side = 150.0 * scale
    corners = [(30.0 * i + 10.0, 30.0 * j + 10.0) for i in range(5) for j in range(5)]
    buildings = [shapely.box(x * scale, y * scale, (x + 10.0) * scale, (y + 10.0) * scale) for x, y in corners]
    area = shapely.box(0, 0, side, side).difference(shapely.union_all(buildings))
    exits = (shapely.box(0, 0, 1.0, side), shapely.box(side - 1.0, 0, side, side))
    random = np.random.default_rng(seed)
    inner = area.buffer(-0.3).difference(shapely.union_all(exits))
    spacing = 1.0
    while True:
        ticks = np.arange(0.5 * spacing, side, spacing)
        points = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
        points = points + random.uniform(-0.25, 0.25, points.shape)
        points = points[shapely.contains_xy(inner, points[:, 0], points[:, 1])]
        if len(points) >= people:
            break
        spacing *= 0.995
    points = points[np.sort(random.permutation(len(points))[:people])]
    return Square(area, exits, points, random.integers(0, 2, people).astype(np.int32))


class Ours:
    """This library's side."""

    name = "stadstwin"

    def __init__(self, square: Square, dt: float, *, cell: float = 0.5) -> None:
        count = len(square.points)
        ground = discretize_area(square.area, cell=cell)
        cells = [ground.cells(shape, "floor") for shape in square.exits]
        goals = Goals(np.cumsum([0, *(len(c) for c in cells)]).astype(np.int64), np.concatenate(cells))
        journeys = Journeys(np.array([[0], [1]], np.int32), np.full((2, 1), STAGE_LEAVE, np.int8), np.full((2, 1), np.inf))
        people = People(
            square.points[:, 0].copy(), square.points[:, 1].copy(), np.zeros(count, np.int32), np.zeros(count), square.goal,
            np.full(count, DESIRED_SPEED), np.full(count, RADIUS),
        )  # fmt: skip
        self.crowd = Crowd(ground.floor, goals, journeys, people, MODEL, dt=dt)

    @property
    def present(self) -> int:
        return self.crowd.present + self.crowd.waiting

    def advance(self, steps: int) -> None:
        self.crowd.advance(steps)


class JuPedSim:
    """JuPedSim's side; raises ImportError when it is not installed."""

    name = "jupedsim"

    def __init__(self, square: Square, dt: float) -> None:
        import jupedsim as jps

        self.simulation = jps.Simulation(model=jps.CollisionFreeSpeedModelV2(), geometry=square.area, dt=dt)
        stages = [self.simulation.add_exit_stage(list(exit_.exterior.coords)[:-1]) for exit_ in square.exits]
        journeys = [self.simulation.add_journey(jps.JourneyDescription([stage])) for stage in stages]
        for point, goal in zip(square.points.tolist(), square.goal.tolist(), strict=True):
            self.simulation.add_agent(
                jps.CollisionFreeSpeedModelV2AgentParameters(
                    position=tuple(point), journey_id=journeys[goal], stage_id=stages[goal], time_gap=MODEL.time_gap,
                    desired_speed=DESIRED_SPEED, radius=RADIUS, strength_neighbor_repulsion=MODEL.strength,
                    range_neighbor_repulsion=MODEL.range, strength_geometry_repulsion=MODEL.wall_strength,
                    range_geometry_repulsion=MODEL.wall_range,
                )
            )  # fmt: skip

    @property
    def present(self) -> int:
        return int(self.simulation.agent_count())

    def advance(self, steps: int) -> None:
        self.simulation.iterate(steps)


def agent_steps_per_s(side: Ours | JuPedSim, steps: int) -> float:
    """Speed over some steps; people who leave meanwhile count for half."""
    before = side.present
    start = time.perf_counter()
    side.advance(steps)
    seconds = time.perf_counter() - start
    return 0.5 * (before + side.present) * steps / seconds


def spread(values: list[float], digits: int = 0) -> dict[str, Any]:
    """Median and range."""
    return {
        "median": round(statistics.median(values), digits), "min": round(min(values), digits), "max": round(max(values), digits),
        "repeats": len(values),
    }  # fmt: skip


def timed(make: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and the seconds it takes."""
    start = time.perf_counter()
    made = make()
    return made, round(time.perf_counter() - start, 2)


def measure_speed(people: int, dt: float, steps: int, repeats: int) -> dict[str, Any]:
    """Both sides in turns over the same windows of simulated time; the first window of each does not count."""
    square = make_square(people)
    sides: list[Ours | JuPedSim] = []
    out: dict[str, Any] = {"people": people, "dt_s": dt, "steps": steps, "buildings": 25, "density_per_m2": 1.0}
    # compiles, also what only runs when the lists are built again: who walks fastest has moved half the skin by then
    Ours(square, dt).advance(math.ceil(0.25 / (DESIRED_SPEED * dt)))
    for make in (Ours, JuPedSim):
        try:
            side, seconds = timed(lambda make=make: make(square, dt))
        except ImportError:
            out["skipped"] = "JuPedSim is not installed: pip install 'stadstwin[bench]'"
            continue
        out[make.name] = {"set_up_s": seconds}
        sides.append(side)
    for side in sides:
        side.advance(5)
    rates: dict[str, list[float]] = {side.name: [] for side in sides}
    for _ in range(repeats):
        for side in sides:
            rates[side.name].append(agent_steps_per_s(side, steps))
    for name, values in rates.items():
        out[name]["agent_steps_per_s"] = spread(values)
    if len(sides) == 2:
        ratios = [a / b for a, b in zip(rates["stadstwin"], rates["jupedsim"], strict=True)]
        out["ratio"] = {**spread(ratios, 1), "target": TARGET_RATIO, "met": statistics.median(ratios) >= TARGET_RATIO}
    return out


def measure_scan(dt: float, counts: tuple[int, ...] = (2_000, 20_000, 100_000)) -> list[dict[str, Any]]:
    """Ours at the same density for other numbers of people, over about two million agent-steps a repeat."""
    out = []
    for people in counts:
        square = make_square(people)
        side, seconds = timed(lambda square=square: Ours(square, dt))
        side.advance(10)
        steps = max(20, 2_000_000 // people)
        steps = min(steps, int(20.0 / dt))
        rates = [agent_steps_per_s(side, steps) for _ in range(3)]
        out.append({"people": people, "set_up_s": seconds, "steps": steps, "agent_steps_per_s": spread(rates)})
    return out


def measure_memory(people: int, seconds: float = 60.0) -> dict[str, Any]:
    """Peak memory of a whole run, in a new process, above what importing and compiling take."""
    if find_spec("psutil") is None:
        return {"skipped": "psutil is not installed: pip install 'stadstwin[bench]'"}
    command = [sys.executable, "-m", "benchmarks.crowd", "--memory-of", str(people), "--seconds", str(seconds)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = orjson.loads(done.stdout)
    return {**found, "target_mb": TARGET_MEMORY_MB, "met": found["above_mb"] < TARGET_MEMORY_MB}


def memory_of(people: int, seconds: float) -> dict[str, Any]:
    """In this process: a run through `twin.simulate_crowd` with positions every second and all fields."""
    import threading

    import psutil

    import twin

    def walk(square: Square, duration: float) -> Any:
        exits = {"west": square.exits[0], "east": square.exits[1]}
        return twin.simulate_crowd(square.area, starts=square.points, exits=exits, duration=duration, cell=0.5, progress=False)

    walk(make_square(1_500), 2.0)  # compiles, with all cores and what goes with them
    square = make_square(people)
    process = psutil.Process()
    before = peak = process.memory_info().rss
    running = True

    def watch() -> None:
        nonlocal peak
        while running:
            peak = max(peak, process.memory_info().rss)
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    result = walk(square, seconds)
    wall = time.perf_counter() - start
    running = False
    watcher.join()
    mega = 1024.0**2
    return {
        "people": people,
        "simulated_s": seconds,
        "import_and_compile_mb": round(before / mega, 1),
        "above_mb": round((peak - before) / mega, 1),
        "wall_s": round(wall, 2),
        "trajectory_rows": len(result.trajectories),
    }


def machine() -> dict[str, Any]:
    """What it was measured on."""
    out: dict[str, Any] = {"platform": platform.system(), "machine": platform.machine(), "cores": os.cpu_count()}
    for name in ("numba", "numpy", "jupedsim"):
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = None
    return {"python": platform.python_version(), **out}


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON (otherwise a few lines)")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--dt", type=float, default=0.01, help="step [s]")
    parser.add_argument("--steps", type=int, default=40, help="steps a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=("speed", "scan", "memory"), help="measure one thing")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=60.0, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.memory_of:
        sys.stdout.write(orjson.dumps(memory_of(given.memory_of, given.seconds)).decode())
        return 0
    out: dict[str, Any] = {"machine": machine()}
    if given.only in (None, "speed"):
        out["speed"] = measure_speed(given.people, given.dt, given.steps, given.repeats)
    if given.only in (None, "scan"):
        out["scan"] = measure_scan(given.dt)
    if given.only in (None, "memory"):
        out["memory"] = measure_memory(given.people)
    return show(out, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
