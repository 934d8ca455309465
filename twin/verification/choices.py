"""Set-ups that are about which way people take. Standards share them."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import shapely

from twin.sim.model import CHOOSE_NEAREST, CHOOSE_WEIGHTED, STAGE_CHOOSE, Choices, Hours, Rides, Snapshot
from twin.verification.case import Chart, Curve, Found, Measure, Run, Site, Trial
from twin.verification.walking import JAM_PER_M2, Watch, crowd_in, last_out, lattice, leaving, links_of, walk

_NORTH = [1, 2, 3, 4, 5, 6]
_TO_MAIN = frozenset({1, 2, 3, 4, 7, 8, 9, 10})


def _cabins() -> Site:
    """A corridor 1.2 m wide with six rooms on either side; room 3 lies before the main exit, the other exit is in the east."""
    corridor = shapely.box(0, 5.2, 19.5, 6.4)
    parts = [corridor, shapely.box(7.0, 10.6, 8.2, 11.6)]
    starts = {}
    for number in range(1, 13):
        column, north = (number - 1) % 6, number in _NORTH
        x0 = 3.0 * column + 0.6
        south, top = (6.6, 10.6) if north else (1.0, 5.0)
        room = shapely.box(x0, south, x0 + 2.4, top)
        door = shapely.box(x0 + 0.75, 6.3, x0 + 1.65, 6.7) if north else shapely.box(x0 + 0.75, 4.9, x0 + 1.65, 5.3)
        parts += [room, door]
        starts[str(number)] = (room.buffer(-0.3, join_style="mitre"), "floor")
    return Site(
        {"floor": shapely.union_all(parts)},
        {"main exit": (shapely.box(7.0, 11.0, 8.2, 11.6), "floor"), "second exit": (shapely.box(18.9, 5.2, 19.5, 6.4), "floor")},
        starts,
    )


CABINS = _cabins()


@lru_cache(maxsize=4)
def assigned_exits(trial: Trial) -> Found:
    """23 people in twelve rooms, each room with an exit of its own to take: two a room, one in room 3."""
    points, bound = [], []
    for name, (room, _) in CABINS.starts.items():
        count = 1 if name == "3" else 2
        x, y = room.centroid.x, room.centroid.y
        points += [(x - 0.4 + 0.8 * k, y) for k in range(count)]
        bound += [0 if int(name) in _TO_MAIN else 1] * count
    crowd = crowd_in(CABINS, trial, np.array(points), bound_for=np.array(bound, np.int32), cell=0.1)
    walk(crowd, 180.0)
    wrong = int(np.count_nonzero((crowd.exit_goal >= 0) & (crowd.exit_goal != np.array(bound))))
    return Found(
        (
            Measure("people out", crowd.left, "", 23, 23, 0),
            Measure("by another exit than theirs", wrong, "", 0, 0, 0),
            Measure("last out after", last_out(crowd), "s", digits=1),
        )
    )


_DOORS = (shapely.box(21, -1, 22, -0.25), shapely.box(27, -1, 28, -0.25))
TWO_EXITS = Site(
    {"floor": shapely.union_all([shapely.box(0, 0, 29, 19), shapely.box(21, -1, 22, 0), shapely.box(27, -1, 28, 0)])},
    {"either exit": (shapely.MultiPolygon(_DOORS), "floor")},
    {"1,000 people": (shapely.box(0, 0, 15, 19), "floor")},
    lines={"exit 1": ((21.0, -0.1, 22.0, -0.1), "floor"), "exit 2": ((27.0, -0.1, 28.0, -0.1), "floor")},
)
"""A hall of 29 x 19 m that is filled from the left, with two exits 1 m wide at the right, one nearer than the other."""


@lru_cache(maxsize=4)
def nearer_exit(trial: Trial, every_s: float = 10.0) -> Found:
    """How many take the nearer of two exits, when everybody may choose and looks for a quicker way round jams every so often."""
    points = lattice(shapely.box(0, 0, 15, 19), 1000, seed=trial.seed)
    crowd = crowd_in(TWO_EXITS, trial, points, informed=np.ones(1000, np.bool_), rethink_s=every_s)
    watch = Watch((shapely.box(20, 0, 23, 2), shapely.box(26, 0, 29, 2)))
    walk(crowd, 1200.0, look=watch)
    by = (crowd.passed.sum(axis=2) > 0).sum(axis=0)
    density = watch.density()
    return Found(
        (
            Measure("people out", crowd.left, "", 1000, 1000, 0),
            Measure("by exit 1, the nearer", int(by[0]), "", 501, 999, 0),
            Measure("by exit 2", int(by[1]), "", 1, 499, 0),
            Measure("density before exit 1, mean of 10 s", float(watch.peak()[0]), "per m2", JAM_PER_M2),
            Measure("last out after", last_out(crowd), "s", digits=0),
        ),
        Chart(
            (Curve("exit 1", watch.time, density[:, 0]), Curve("exit 2", watch.time, density[:, 1])), "time (s)", "people per m2"
        ),
    )


EITHER_SIDE = Site(
    {"floor": shapely.box(0, 0, 10, 15)},
    {"exit 1": (shapely.box(0, 14, 1, 15), "floor"), "exit 2": (shapely.box(9, 14, 10, 15), "floor")},
    {"start": (shapely.box(3, 0.5, 7, 4.5), "floor")},
)
"""A room of 10 x 15 m with two exits at the same distance."""


@lru_cache(maxsize=4)
def exit_that_closes(trial: Trial) -> Found:
    """One person on the way to the nearer exit, which is shut after a second."""
    choices = Choices(np.array([CHOOSE_NEAREST], np.int8), np.array([0, 2]), np.arange(2, dtype=np.int32), np.ones(2))
    shut = Hours(np.full(2, np.inf), np.full((2, 1), -np.inf), np.array([[1.0], [np.inf]]))
    out = []
    for hours in (None, shut):
        crowd = crowd_in(
            EITHER_SIDE,
            trial,
            np.array([[4.0, 1.0]]),
            bound_for=2,
            speed=1.0,
            journeys=leaving(2, [(0, STAGE_CHOOSE)]),
            choices=choices,
            exit_hours=hours,
        )
        walk(crowd, 120.0)
        out.append(int(crowd.exit_goal[0]) + 1)
    return Found(
        (
            Measure("exit taken while both are open", out[0], "", 1, 1, 0),
            Measure("exit taken when exit 1 shuts after 1 s", out[1], "", 2, 2, 0),
        )
    )


@lru_cache(maxsize=4)
def familiar_exit(trial: Trial, people: int = 16, seeds: int = 20) -> Found:
    """How many take exit 2 when both are as familiar, and when exit 2 is known four times as well."""
    share = []
    for weights in ((1.0, 1.0), (1.0, 4.0)):
        choices = Choices(np.array([CHOOSE_WEIGHTED], np.int8), np.array([0, 2]), np.arange(2, dtype=np.int32), np.array(weights))
        second = 0
        for k in range(seeds):
            again = trial._replace(seed=trial.seed + k)
            points = lattice(EITHER_SIDE.starts["start"][0], people, seed=again.seed)
            crowd = crowd_in(EITHER_SIDE, again, points, bound_for=2, journeys=leaving(2, [(0, STAGE_CHOOSE)]), choices=choices)
            walk(crowd, 120.0)
            second += int(np.count_nonzero(crowd.exit_goal == 1))
        share.append(second / (people * seeds))
    chance = 3.0 * math.sqrt(0.25 / (people * seeds))
    return Found(
        (
            Measure("share by exit 2, both as familiar", share[0], "", 0.5 - chance, 0.5 + chance),
            Measure("share by exit 2, four times as familiar", share[1], "", share[0] + 1e-9, 1.0),
        )
    )


OVER_ANOTHER_FLOOR = Site(
    {
        "upper": shapely.union_all(
            [
                shapely.box(0, 0, 2, 20),
                shapely.box(0, 18, 20, 20),
                shapely.box(18, 0, 20, 20),
                shapely.box(0, 0, 4, 2),
                shapely.box(16, 0, 20, 2),
            ]
        ),
        "lower": shapely.box(7, 0, 13, 2),
    },
    {"target": (shapely.box(18, 0, 20, 1), "upper")},
    {"start": (shapely.box(0, 0, 2, 3), "upper")},
    (Run(shapely.box(4, 0, 7, 2), "lower", "upper", 270.0), Run(shapely.box(13, 0, 16, 2), "lower", "upper", 90.0)),
    {"upper": 3.0, "lower": 0.0},
)
"""From start to target: 56 m on one floor, or 18 m down a stair and up another."""


@lru_cache(maxsize=4)
def route_over_another_floor(trial: Trial, people: int = 10) -> Found:
    """Whether people take a short way over another floor or a long one on their own."""
    crowd = crowd_in(OVER_ANOTHER_FLOOR, trial, lattice(shapely.box(0, 0, 2, 3), people, seed=trial.seed), level="upper", speed=1.2)
    low: set[int] = set()
    lower = 0 if crowd.floor.height[0].max() < crowd.floor.height[1].max() else 1
    paths: list[tuple[float, float]] = []

    def look(now: Snapshot) -> None:
        low.update(now.id[now.level == lower].tolist())
        paths.append((now.time, float(len(now.id))))

    walk(crowd, 240.0, look=look)
    time, here = np.array(paths).T
    return Found(
        (
            Measure("people who arrive", crowd.left, "", people, people, 0),
            Measure("share that takes the stairs", len(low) / people, ""),
            Measure("last arrives after", last_out(crowd), "s", digits=1),
        ),
        Chart((Curve("people", time, here),), "time (s)", "people still on their way"),
    )


LIFT = Site(
    {"upper": shapely.box(0, 0, 10, 5), "lower": shapely.box(14, 0, 24, 5)},
    {"exit": (shapely.box(23, 0, 24, 5), "lower")},
    {"1 person": (shapely.box(0.75, 2.25, 1.25, 2.75), "upper")},
    heights={"upper": 4.0},
    lifts=(((shapely.box(8, 1, 10, 4), "upper"), (shapely.box(14, 1, 16, 4), "lower")),),
)
"""Two floors that only a lift joins, drawn beside each other."""


@lru_cache(maxsize=4)
def by_lift(trial: Trial, every_s: float = 10.0, ride_s: float = 8.0) -> Found:
    """One person down by the lift."""
    links = links_of(LIFT, 0.25, ride_s + 0.5 * every_s)
    rides = Rides(links, np.array([ride_s]), np.array([np.inf]), np.array([every_s]), np.array([8], np.int32))
    crowd = crowd_in(LIFT, trial, np.array([[1.0, 2.5]]), speed=1.0, rides=rides)
    walk(crowd, 120.0)
    carried = 0 if crowd.referee.carriage is None else int(crowd.referee.carriage.carried.sum())
    return Found(
        (
            Measure("people out", crowd.left, "", 1, 1, 0),
            Measure("carried by the lift", carried, "", 1, 1, 0),
            Measure("at the exit after", last_out(crowd), "s", 24.5, 27.5, 1),
        )
    )
