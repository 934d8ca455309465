"""Cases of the crowd: the peer's figures for the same equations, and RiMEA's.

None of them was used to choose a parameter.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.bare_crowd import simulate_crowd
from twin.discretize import STAIR_SPEED_FACTOR, Ground, discretize_area
from twin.sim.crowd.engine import Crowd
from twin.sim.model import STAGE_LEAVE, Goals, Journeys, People
from twin.verification import Case

_RIMEA = "RiMEA guideline for microscopic evacuation analysis, test {}"
_JUPEDSIM = "JuPedSim 1.4.2, CollisionFreeSpeedModelV2, the same set-up and parameters, measured with dt 0.01 s"


def _lattice(area: shapely.Polygon, count: int, *, seed: int, clear: float = 0.25) -> NDArray[np.float64]:
    """`count` points spread evenly over an area, loosened a little at random."""
    inner = area.buffer(-clear)
    west, south, east, north = inner.bounds
    spacing = float(np.sqrt(inner.area / count))
    random = np.random.default_rng(seed)
    while True:
        x, y = np.meshgrid(np.arange(west + 0.5 * spacing, east, spacing), np.arange(south + 0.5 * spacing, north, spacing))
        points = np.column_stack([x.ravel(), y.ravel()])
        loose = max(0.0, 0.5 * (spacing - 0.42))
        points += random.uniform(-loose, loose, points.shape)
        points = points[shapely.contains_xy(inner, points[:, 0], points[:, 1])]
        if len(points) >= count:
            return points[np.sort(random.permutation(len(points))[:count])]
        spacing *= 0.98


def bottleneck_flow(
    width: float, *, time_gap: float, desired_speed: float, dt: float = 0.01, seeds: tuple[int, ...] = (1, 2, 3)
) -> float:
    """Specific flow through a neck of 4 m out of a room of 10 x 10 m with 180 people, mean over seeds [1/(m s)].

    The flow is the slope of the number of people who have passed over time, from the 30th to the 150th.
    """
    flows = [_flow(width, time_gap, desired_speed, dt, seed) for seed in seeds]
    return float(np.mean(flows))


def _flow(width: float, time_gap: float, desired_speed: float, dt: float, seed: int) -> float:
    room = shapely.box(0, 0, 10, 10)
    neck = shapely.box(10, 5.0 - 0.5 * width, 14, 5.0 + 0.5 * width)
    beyond = shapely.box(14, 0, 17, 10)
    result = simulate_crowd(
        shapely.union_all([room, neck, beyond]), starts=_lattice(room, 180, seed=seed),
        exits={"beyond": shapely.box(15, 0, 17, 10)},
        duration=400.0, dt=dt, desired_speed=desired_speed, time_gap_s=time_gap, cell=0.1, seed=seed, progress=False,
        frame_interval_s=400.0,
    )  # fmt: skip
    passed, time = result.series["left"].to_numpy(), result.series["time_s"].to_numpy()
    steady = (passed >= 30) & (passed <= 150)
    if steady.sum() < 3:
        return float("nan")
    return float(np.polyfit(time[steady], passed[steady], 1)[0]) / width


def corridor_time() -> float:
    """Time of one person at 1.33 m/s over 40 m of a corridor 2 m wide [s]."""
    area = shapely.box(0, 0, 42, 2)
    crowd = _alone(discretize_area(area, cell=0.25), start=(0.5, 1.0), goal=shapely.box(40.5, 0, 42, 2), speed=1.33)
    return float(crowd.exit_time[0])


def stair_speed_ratio() -> float:
    """Speed over 10 m of stair relative to the flat [1]."""
    ground = discretize_area(shapely.box(0, 0, 14, 2), cell=0.25)
    slow = ground.floor._replace(speed=np.full_like(ground.floor.speed, STAIR_SPEED_FACTOR))
    stair = Ground(ground.grid, ground.origin, ground.levels, ground.walkable, slow)
    goal = shapely.box(12, 0, 14, 2)
    flat_s, stair_s = (float(_alone(g, start=(2.0, 1.0), goal=goal, speed=1.34).exit_time[0]) for g in (ground, stair))
    return flat_s / stair_s


def corner_offences() -> float:
    """Positions in or across a wall, and people who do not arrive, of twenty who walk round a left corner."""
    area = shapely.union_all([shapely.box(0, 0, 12, 2), shapely.box(10, 0, 12, 12)])
    starts = _lattice(shapely.box(0, 0, 6, 2), 20, seed=1)
    result = simulate_crowd(
        area, starts=starts, exits={"end": shapely.box(10, 11, 12, 12)}, duration=60.0, desired_speed=1.33, cell=0.25,
        progress=False, frame_interval_s=0.05,
    )  # fmt: skip
    paths = result.trajectories.sort_values(["id", "frame"])
    xy = paths[["x", "y"]].to_numpy()
    outside = np.count_nonzero(~shapely.contains_xy(area, xy[:, 0], xy[:, 1]))
    same = np.flatnonzero(np.diff(paths["id"].to_numpy()) == 0)
    moves = shapely.linestrings(np.stack([xy[same], xy[same + 1]], axis=1))
    across = np.count_nonzero(~shapely.covers(area, moves))
    return float(outside + across + 20 - result.series["left"].iloc[-1])


@lru_cache(maxsize=2)
def _room_time(exits: int) -> float:
    """Time until 1,000 people have left a room of 30 x 20 m by some of its four doors, 1 m wide [s]."""
    room = shapely.box(0, 0, 30, 20)
    doors = [(7.0, 0.0, -1.0), (23.0, 0.0, -1.0), (7.0, 20.0, 1.0), (23.0, 20.0, 1.0)]
    necks, goals = [], {}
    for k, (x, y, out) in enumerate(doors[:exits]):
        low, high = sorted((y, y + out))
        necks.append(shapely.box(x - 0.5, low, x + 0.5, high))
        low, high = sorted((y + 0.7 * out, y + out))
        goals[f"door {k + 1}"] = shapely.box(x - 0.5, low, x + 0.5, high)
    result = simulate_crowd(
        shapely.union_all([room, *necks]), starts=_lattice(room, 1000, seed=1), exits=goals, duration=1500.0, cell=0.25, seed=1,
        progress=False, frame_interval_s=1500.0,
    )  # fmt: skip
    left = result.series["left"].to_numpy()
    if left[-1] < 1000:
        return float("nan")
    return float(result.series["time_s"].to_numpy()[np.argmax(left >= 1000)])


def two_exits_for_four() -> float:
    """Evacuation time with two exits relative to four [1]."""
    return _room_time(2) / _room_time(4)


def _alone(ground: Ground, *, start: tuple[float, float], goal: shapely.Polygon, speed: float) -> Crowd:
    """One person who walks to a goal."""
    cells = ground.cells(goal, ground.levels[0])
    people = People(
        np.array([start[0]]), np.array([start[1]]), np.zeros(1, np.int32), np.zeros(1), np.zeros(1, np.int32), np.array([speed]),
        np.array([0.2]),
    )  # fmt: skip
    journeys = Journeys(np.zeros((1, 1), np.int32), np.full((1, 1), STAGE_LEAVE, np.int8), np.full((1, 1), np.inf))
    crowd = Crowd(ground.floor, Goals(np.array([0, len(cells)]), cells), journeys, people)
    while not crowd.finished and crowd.time < 600.0:
        crowd.advance(20)
    return crowd


def _bottleneck(width: float, flow: float, **how: Any) -> Case:
    speed, gap = how["desired_speed"], how["time_gap"]
    return Case(
        id=f"crowd/cfsm-v2-bottleneck-{width:g}m-v{speed:g}-t{gap:g}",
        title=f"180 people leave a room of 10 x 10 m through {width:g} m; v0 {speed:g} m/s, T {gap:g} s",
        quantity="specific flow",
        unit="1/(m s)",
        low=0.9 * flow,
        high=1.1 * flow,
        source=_JUPEDSIM,
        measure=partial(bottleneck_flow, width, **how),
        note="10 % for the noise over starting positions and for the set-up, of which only the room and the width are published",
    )


CASES: tuple[Case, ...] = (
    _bottleneck(1.2, 1.06, desired_speed=1.2, time_gap=1.0),
    _bottleneck(2.0, 1.09, desired_speed=1.2, time_gap=1.0),
    _bottleneck(3.0, 1.17, desired_speed=1.2, time_gap=1.0),
    _bottleneck(1.2, 1.79, desired_speed=1.34, time_gap=0.5),
    _bottleneck(2.0, 1.85, desired_speed=1.34, time_gap=0.5),
    Case(
        "crowd/rimea-1", "one person in a corridor of 40 x 2 m at 1.33 m/s", "walking time", "s", 26.0, 34.0,
        _RIMEA.format(1), corridor_time,
    ),
    Case(
        "crowd/rimea-6", "twenty people round a left corner", "positions in or across a wall and people who do not arrive", "1",
        0.0, 0.0, _RIMEA.format(6), corner_offences,
    ),
    Case(
        "crowd/rimea-9", "1,000 people leave a room of 30 x 20 m by four exits of 1 m, then by two", "ratio of the times", "1",
        1.7, 2.3, _RIMEA.format(9), two_exits_for_four, slow=True, note="'about twice' taken as 1.7 to 2.3",
    ),
    Case(
        "crowd/stairs", "one person over 10 m of stair and of level floor", "ratio of the speeds", "1", 0.475, 0.495,
        "Weidmann 1993, Transporttechnik der Fussgaenger: 0.61 m/s up and 0.69 m/s down in plan, mean 0.65, to 1.34 m/s",
        stair_speed_ratio,
    ),
)  # fmt: skip
