"""What each feature that can be switched on costs, on the square with 20,000 people, in turns with the same run without it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.crowd.measuring import seconds_of, spread
from benchmarks.crowd.scenes import Scene, make_square
from benchmarks.crowd.sides import DESIRED_SPEED, MODEL, Ours
from twin.reporters import FieldReporter, Look, NumbersReporter, Reporter, TrajectoryReporter
from twin.sim.crowd.measures import density_grid
from twin.sim.crowd.models import model_named, model_names
from twin.sim.model import Doors, Hours

DT_S = 0.05
STEPS = 100
"""Steps of a repeat: five seconds, in which the lists are built again as in a long run."""

Made = tuple[Ours, tuple[Reporter, ...]]


def features(scene: Scene) -> dict[str, Callable[[], Made]]:
    """Makers of the runs, by what is switched on."""
    count = len(scene.points)
    side = scene.area.bounds[2]
    middle = np.array([[0.5 * side, 0.0, 0.5 * side, side]])
    across = np.array([[0.5 * side - 40.0 + 4.0 * k, 0.0, 0.5 * side - 40.0 + 4.0 * k, side] for k in range(20)])
    always = Hours(np.array([1e4]), np.zeros((1, 1)), np.array([[np.inf]]))
    doors = Doors(middle, np.zeros(1, np.int32), always)
    every_second = round(1.0 / DT_S)

    def plain(**more: Any) -> Callable[[], Made]:
        return lambda: (Ours(scene, DT_S, **more), ())

    def looked_at(*kinds: str) -> Callable[[], Made]:
        def make() -> Made:
            ours = Ours(scene, DT_S)
            floor = ours.crowd.floor
            cells = density_grid(floor.mask, floor.west, floor.north, floor.cell, 2)
            times = {"stride": every_second, "interval": 10, "dt": DT_S}
            there: dict[str, Reporter] = {
                "trajectories": TrajectoryReporter(every_second, dt=DT_S, origin=np.zeros(2), levels=("floor",)),
                "density": FieldReporter(cells, count, **times),  # type: ignore[arg-type]
                "motion": FieldReporter(cells, count, motion=("speed", "pressure"), **times),  # type: ignore[arg-type]
                "numbers": NumbersReporter(every_second, [("west", 0), ("east", 1)]),
            }
            return ours, tuple(there[kind] for kind in kinds)

        return make

    found = {
        "positions each second": looked_at("trajectories"),
        "density": looked_at("density"),
        "density, speed, variance and pressure": looked_at("motion"),
        "all that a run keeps": looked_at("trajectories", "motion", "numbers"),
        "20 lines to count at": plain(lines=across, line_level=np.zeros(20, np.int32)),
        "a door with a capacity": plain(doors=doors),
        "companies of three": plain(group=(np.arange(count) // 3).astype(np.int32)),
        "everybody goes round jams, every 10 s": plain(informed=np.ones(count, np.bool_), rethink_s=10.0),
        "one core": plain(parallel=False),
        "walls by signed distance": plain(model=MODEL._replace(by_distance=1.0)),
    }
    ours = Ours(scene, DT_S).crowd.model
    found |= {f"model {name}": plain(model=model_named(name)) for name in model_names() if model_named(name) != ours}
    return found


def walk(made: Made, steps: int) -> None:
    """Some steps, with the looks in between."""
    ours, reporters = made
    for _ in range(0, steps, 20):
        ours.advance(20)
        if reporters:
            look = Look(ours.crowd)
            for reporter in reporters:
                reporter.report(look)


def measure_costs(repeats: int = 5) -> dict[str, Any]:
    """Of each feature the time of a step relative to that of the plain run beside it."""
    scene = make_square(20_000)
    base: Made = (Ours(scene, DT_S), ())
    warm = math.ceil(0.25 / (DESIRED_SPEED * DT_S)) + 20
    walk(base, warm)
    out: dict[str, Any] = {}
    for name, make in features(scene).items():
        made = make()
        for reporter in made[1]:
            reporter.begin(Look(made[0].crowd))
        walk(made, warm)
        shares = []
        for _ in range(repeats):
            without = seconds_of(walk, base, STEPS)
            shares.append(seconds_of(walk, made, STEPS) / without)
            base = (Ours(scene, DT_S), ()) if base[0].crowd.present < 15_000 else base
        extra = round(100.0 * (statistics.median(shares) - 1.0), 1)
        out[name] = {"times_as_long": spread(shares, 2), "median_extra_percent": extra}
    return {"scene": scene.name, "dt_s": DT_S, "steps": STEPS, "features": out}

