"""Small floors and crowds that the tests of the simulation share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from twin.discretize import Ground, _to_arrays, discretize_area
from twin.geo.walkable import Stair, Walkable
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.models.interface import Model
from twin.sim.crowd.models.plain import Moved, Plain
from twin.sim.model import STAGE_END, STAGE_LEAVE, Goals, Journeys, People


def ground_of(area: BaseGeometry, cell: float = 0.25) -> Ground:
    """The floor of a polygon."""
    return discretize_area(area, cell=cell)


def goals_of(ground: Ground, *shapes: BaseGeometry | tuple[BaseGeometry, str]) -> Goals:
    """One goal a shape, on the first level unless a level is named with it."""
    cells = []
    for shape in shapes:
        area, level = shape if isinstance(shape, tuple) else (shape, ground.levels[0])
        cells.append(ground.cells(area, level))
    return Goals(np.cumsum([0, *(len(c) for c in cells)]).astype(np.int64), np.concatenate(cells))


def people_of(
    points: Any,
    *,
    level: int | NDArray[np.int32] = 0,
    start: float | NDArray[np.float64] = 0.0,
    journey: int | NDArray[np.int32] = 0,
    speed: float | NDArray[np.float64] = 1.34,
    radius: float | NDArray[np.float64] = 0.2,
) -> People:
    """People at points (N, 2); what is one number holds for all."""
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    count = len(points)

    def full(value: Any, dtype: str) -> NDArray[Any]:
        return np.array(np.broadcast_to(np.asarray(value, dtype), (count,)))

    return People(
        points[:, 0].copy(), points[:, 1].copy(), full(level, "i4"), full(start, "f8"), full(journey, "i4"), full(speed, "f8"),
        full(radius, "f8"),
    )  # fmt: skip


def journeys_of(*rows: Sequence[tuple[int, int, float]]) -> Journeys:
    """Journeys from rows of (goal, kind, until)."""
    width = max(len(row) for row in rows) + 1
    goal, kind = np.full((len(rows), width), -1, np.int32), np.full((len(rows), width), STAGE_END, np.int8)
    until = np.full((len(rows), width), np.inf)
    for j, row in enumerate(rows):
        for k, (g, what, time) in enumerate(row):
            goal[j, k], kind[j, k], until[j, k] = g, what, time
    return Journeys(goal, kind, until)


def leaving(count: int = 1) -> Journeys:
    """Journey j leaves by goal j."""
    return journeys_of(*[[(j, STAGE_LEAVE, np.inf)] for j in range(count)])


def crowd_of(
    ground: Ground,
    exits: Sequence[Any],
    people: People,
    *,
    journeys: Journeys | None = None,
    model: Model | None = None,
    **settings: Any,
) -> Crowd:
    """A crowd on a ground that leaves by the exits, unless journeys say otherwise."""
    goals = goals_of(ground, *exits)
    return Crowd(ground.floor, goals, leaving(len(exits)) if journeys is None else journeys, people, model, **settings)


def scattered(area: BaseGeometry, count: int, seed: int, *, clear: float = 0.25, apart: float = 0.42) -> NDArray[np.float64]:
    """Up to `count` random points in an area, none nearer to its edge than `clear` or to another than `apart`."""
    inner = area.buffer(-clear)
    shapely.prepare(inner)
    random = np.random.default_rng(seed)
    west, south, east, north = area.bounds
    kept: list[NDArray[np.float64]] = []
    for _ in range(40 * count):
        point = np.array([random.uniform(west, east), random.uniform(south, north)])
        if len(kept) == count:
            break
        if not shapely.contains_xy(inner, *point):
            continue
        if all(np.hypot(*(point - other)) >= apart for other in kept):
            kept.append(point)
    return np.array(kept).reshape(-1, 2)


def boundary_segments(area: BaseGeometry) -> NDArray[np.float64]:
    """Segments x0, y0, x1, y1 of the outline of a polygon and its holes."""
    rings = [area.exterior, *area.interiors]
    pieces = [np.hstack([c[:-1], c[1:]]) for c in (shapely.get_coordinates(r) for r in rings)]
    return np.vstack(pieces)


def moved(crowd: Crowd, area: BaseGeometry, dt: float) -> tuple[Plain, Moved]:
    """The people of a crowd on a polygon as they stand, and what one call of its model makes of them."""
    crowd._build()
    crowd._intend()
    rows, n = crowd.store.arrays, crowd.store.n

    def pair(*names: str) -> NDArray[np.float64]:
        return np.column_stack([rows[name][:n] for name in names]).astype(np.float64)

    at = pair("x", "y")
    lines = shapely.linestrings(np.stack(np.broadcast_arrays(at[:, None], at[None, :]), axis=2).reshape(-1, 2, 2))
    shapely.prepare(area)
    people = Plain(
        at, pair("vx", "vy"), pair("heading_x", "heading_y"), rows["radius"][:n].astype(np.float64), rows["desired"][:n].copy(),
        pair("want_x", "want_y"), rows["want_speed"][:n].copy(), rows["standing"][:n] > 0,
        shapely.covers(area, lines).reshape(n, n), boundary_segments(area),
        rows["person"][:n].copy(), rows["bound"][:n].copy(), crowd.seed, crowd.time,
    )  # fmt: skip
    crowd.model.move(crowd.store.present(), crowd.store.near(), crowd.floor, crowd.now()._replace(dt=dt))
    after = pair("next_vx", "next_vy"), pair("heading_x", "heading_y"), rows["pressure"][:n].astype(np.float64)
    return people, Moved(*after)


def closest_pair(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Least distance between two of the points [m]."""
    if len(x) < 2:
        return np.inf
    apart = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    return float(apart[np.triu_indices(len(x), 1)].min())


WHARF_Z, STREET_Z = 1.2, 4.2


def wharf_and_street(cell: float = 0.25) -> Ground:
    """A street (y > 0) three metres above a wharf (y < -6), joined by a stair 3 m wide from y = -6 up to y = 0."""
    stair = shapely.box(8, -6, 11, 0)
    portal = shapely.box(8, -1.5, 11, 0)
    weld = {"join_style": "mitre"}
    street = shapely.union_all([shapely.box(0, 0, 20, 10), portal.buffer(0.02, **weld)])
    wharf = shapely.union_all([shapely.box(0, -12, 20, -6), stair.buffer(0.02, **weld)])
    walkable = Walkable(
        {"street": street, "wharf": wharf},
        {"street": [(shapely.box(0, 0, 20, 10), STREET_Z)], "wharf": [(shapely.box(0, -12, 20, -6), WHARF_Z)]},
        (Stair("werf-1", stair, portal, "wharf", "street", WHARF_Z, STREET_Z, (0.0, 1.0)),),
    )
    return _to_arrays(walkable, cell, np.zeros(2), None, None)


def stair_in_the_street(angle_deg: float, cell: float = 0.5) -> tuple[Ground, Callable[[BaseGeometry], BaseGeometry]]:
    """A stair from a wharf that comes up in the middle of a street, all of it turned; and how shapes are turned with it.

    Unturned the street is y > -6, the wharf y < -6 and the stair 2 m wide from y = -6 up to y = 0.
    """

    def turned(shape: BaseGeometry) -> BaseGeometry:
        return affinity.rotate(shape, angle_deg, origin=(0.0, 0.0))

    stair, portal, weld = shapely.box(9, -6, 11, 0), shapely.box(9, -1.5, 11, 0), {"join_style": "mitre"}
    street = shapely.box(0, -6, 20, 10).difference(stair).union(portal.buffer(0.02, **weld))
    wharf = shapely.box(0, -14, 20, -6).union(stair.buffer(0.02, **weld))
    up = (-np.sin(np.radians(angle_deg)), np.cos(np.radians(angle_deg)))
    walkable = Walkable(
        {"street": turned(street), "wharf": turned(wharf)},
        {"street": [(turned(shapely.box(0, -6, 20, 10)), STREET_Z)], "wharf": [(turned(shapely.box(0, -14, 20, -6)), WHARF_Z)]},
        (Stair("werf-1", turned(stair), turned(portal), "wharf", "street", WHARF_Z, STREET_Z, up),),
    )
    return _to_arrays(walkable, cell, np.zeros(2), None, None), turned


def bridge_over_wharf(bridge_z: float = 4.2, cell: float = 0.25) -> Ground:
    """A wharf that runs west to east beneath a bridge that runs south to north; no stair joins them."""
    deck, wharf = shapely.box(8, -10, 14, 16), shapely.box(0, 0, 22, 6)
    walkable = Walkable({"street": deck, "wharf": wharf}, {"street": [(deck, bridge_z)], "wharf": [(wharf, WHARF_Z)]})
    return _to_arrays(walkable, cell, np.zeros(2), None, None)
