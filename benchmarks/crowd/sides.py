"""Both sides: the same model, parameters, step, floor, goals and starts."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.crowd.scenes import Scene
from twin.discretize import discretize_area
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.models.interface import Model
from twin.sim.model import STAGE_LEAVE, Goals, Journeys, People

MODEL = CollisionFreeSpeed.presets()["jupedsim"].model
"""JuPedSim's own defaults: T 1 s, A 8, D 0.1 m, A_w 5, D_w 0.02 m; with v0 1.2 m/s."""

DESIRED_SPEED = 1.2


class Ours:
    """This library's side."""

    name = "stadstwin"

    def __init__(
        self, scene: Scene, dt: float, *, cell: float = 0.5, model: Model = MODEL, group: NDArray[np.int32] | None = None,
        **more: Any,
    ) -> None:  # fmt: skip
        count = len(scene.points)
        ground = discretize_area(scene.area, cell=cell)
        cells = [ground.cells(shape, "floor") for shape in scene.exits]
        goals = Goals(np.cumsum([0, *(len(c) for c in cells)]).astype(np.int64), np.concatenate(cells))
        number = len(scene.exits)
        journeys = Journeys(
            np.arange(number, dtype=np.int32)[:, None], np.full((number, 1), STAGE_LEAVE, np.int8), np.full((number, 1), np.inf)
        )
        local = ground.local(scene.points)
        people = People(
            local[:, 0].copy(), local[:, 1].copy(), np.zeros(count, np.int32), np.zeros(count), scene.goal,
            np.full(count, DESIRED_SPEED), np.full(count, scene.radius), group=group,
        )  # fmt: skip
        self.crowd = Crowd(ground.floor, goals, journeys, people, model, dt=dt, **more)

    @property
    def present(self) -> int:
        return self.crowd.present + self.crowd.waiting

    def advance(self, steps: int) -> None:
        self.crowd.advance(steps)


class JuPedSim:
    """JuPedSim's side; raises ImportError when it is not installed."""

    name = "jupedsim"

    def __init__(self, scene: Scene, dt: float) -> None:
        import jupedsim as jps

        self.simulation = jps.Simulation(model=jps.CollisionFreeSpeedModelV2(), geometry=scene.area, dt=dt)
        stages = [self.simulation.add_exit_stage(list(exit_.exterior.coords)[:-1]) for exit_ in scene.exits]
        journeys = [self.simulation.add_journey(jps.JourneyDescription([stage])) for stage in stages]
        for point, goal in zip(scene.points.tolist(), scene.goal.tolist(), strict=True):
            self.simulation.add_agent(
                jps.CollisionFreeSpeedModelV2AgentParameters(
                    position=tuple(point), journey_id=journeys[goal], stage_id=stages[goal], time_gap=MODEL.time_gap,
                    desired_speed=DESIRED_SPEED, radius=scene.radius, strength_neighbor_repulsion=MODEL.strength,
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
