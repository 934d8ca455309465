"""People put into the site of a case, and watched."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from twin.discretize import Ground, discretize, discretize_area
from twin.geo.city import City
from twin.population import SPEED_RANGE_M_S
from twin.rng import normals
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.models.interface import Model
from twin.sim.crowd.route_graph import RouteGraph, build_graph
from twin.sim.crowd.wayfinding import Routes, solve
from twin.sim.model import STAGE_END, STAGE_LEAVE, Goals, Journeys, Links, People, Snapshot
from twin.verification.case import Site, Trial
from twin.verification.presets import model_of, radius_of

DT_S = 0.05
FREE_SPEED_M_S = (1.34, 0.26)
"""Mean and standard deviation of the free walking speed (Weidmann 1993)."""

JAM_PER_M2 = 1.75
"""Above this density the flow of people falls as they come closer (Weidmann 1993, from his curve): called a jam here."""
_CRS = CRS.from_epsg(28992)


def ground_of(site: Site, cell: float = 0.25) -> Ground:
    """The arrays of the floor of a site; levels and stairs go the way that those of a city go."""
    if len(site.floors) == 1:
        return discretize_area(next(iter(site.floors.values())), cell=cell)
    heights = {name: site.heights.get(name, 0.0) for name in site.floors}
    roads = {
        name: {"surface": "square", "level": name, "z_m": heights[name], "geometry": shape} for name, shape in site.floors.items()
    }
    stairs = {
        f"stair {number}": {
            "geometry": run.polygon, "bottom_level": run.lower, "top_level": run.upper, "bottom_z_m": heights[run.lower],
            "top_z_m": heights[run.upper], "up_azimuth_deg": run.up_azimuth_deg,
        }
        for number, run in enumerate(site.stairs, 1)
    }  # fmt: skip
    layers = {"roads": _frame(roads)} | ({"stairs": _frame(stairs)} if stairs else {})
    return discretize(City(crs=_CRS, origin=np.zeros(3), layers=layers, name="a case"), cell=cell)


def _frame(rows: Mapping[str, dict[str, Any]]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame.from_dict(rows, orient="index", geometry="geometry", crs=_CRS)
    frame.index.name = "id"
    return frame


class Prepared(NamedTuple):
    """A site made ready: its floor, and the ways to its exits; of these, the graph alone where there is more than floor."""

    ground: Ground
    goals: Goals
    graph: RouteGraph
    routes: Routes | None


@lru_cache(maxsize=4)
def prepared(site: Site, cell: float = 0.25) -> Prepared:
    """The floor of a site, its exits as goals in their order, and the ways to them."""
    ground = ground_of(site, cell)
    cells = [ground.cells(shape, level) for shape, level in site.exits.values()]
    goals = Goals(np.cumsum([0, *(len(c) for c in cells)]).astype(np.int64), np.concatenate(cells))
    graph = build_graph(ground.floor)
    return Prepared(ground, goals, graph, None if site.lifts else solve(graph, goals))


def links_of(site: Site, cell: float, seconds: float) -> Links:
    """The lifts of a site, each from its way in to its way out in so many seconds with the usual wait."""
    ground = prepared(site, cell).ground
    entries = [ground.cells(*way_in) for way_in, _ in site.lifts]
    exits = [ground.cells(*way_out) for _, way_out in site.lifts]
    starts = [np.cumsum([0, *(len(c) for c in cells)]).astype(np.int64) for cells in (entries, exits)]
    return Links(starts[0], np.concatenate(entries), starts[1], np.concatenate(exits), np.full(len(site.lifts), seconds))


def leaving(count: int, *more: Sequence[tuple[int, int]]) -> Journeys:
    """Journeys that leave by an exit each, then others as rows of (goal, kind)."""
    rows = [[(k, STAGE_LEAVE)] for k in range(count)] + [list(row) for row in more]
    width = max(len(row) for row in rows) + 1
    goal, kind = np.full((len(rows), width), -1, np.int32), np.full((len(rows), width), STAGE_END, np.int8)
    for j, row in enumerate(rows):
        for k, (number, what) in enumerate(row):
            goal[j, k], kind[j, k] = number, what
    return Journeys(goal, kind, np.full(goal.shape, np.inf))


def lattice(area: BaseGeometry, count: int, *, seed: int, clear: float = 0.25, apart: float = 0.42) -> NDArray[np.float64]:
    """`count` points spread evenly over an area and loosened at random, none within `apart` of another, (count, 2) [m]."""
    inner = area.buffer(-clear, join_style="mitre")
    west, south, east, north = inner.bounds
    spacing = math.sqrt(inner.area / count)
    random = np.random.default_rng(seed)
    while True:
        x, y = np.meshgrid(np.arange(west + 0.5 * spacing, east, spacing), np.arange(south + 0.5 * spacing, north, spacing))
        points = np.column_stack([x.ravel(), y.ravel()])
        loose = max(0.0, 0.5 * (spacing - apart))
        points += random.uniform(-loose, loose, points.shape)
        points = points[shapely.intersects_xy(inner, points[:, 0], points[:, 1])]
        if len(points) >= count:
            chosen: NDArray[np.float64] = points[np.sort(random.permutation(len(points))[:count])]
            return chosen
        spacing *= 0.98


def free_speeds(trial: Trial, count: int) -> NDArray[np.float64]:
    """Desired speeds as the library draws them, (count,) [m/s]."""
    mean, spread = FREE_SPEED_M_S
    drawn: NDArray[np.float64] = np.clip(mean + spread * normals(trial.seed, "speed", count), *SPEED_RANGE_M_S)
    return drawn


def crowd_in(
    site: Site,
    trial: Trial,
    points: NDArray[np.float64],
    *,
    level: str | Sequence[str] | None = None,
    bound_for: int | NDArray[np.int32] = 0,
    speed: float | NDArray[np.float64] | None = None,
    radius: float | NDArray[np.float64] | None = None,
    go: NDArray[np.float64] | None = None,
    group: NDArray[np.int32] | None = None,
    journeys: Journeys | None = None,
    model: Model | None = None,
    cell: float = 0.25,
    dt: float = DT_S,
    **more: Any,
) -> Crowd:
    """Everybody at the start.

    Parameters
    ----------
    points : (N, 2) float64
        [m]
    level : str or sequence of str, optional
        Where they stand; by default the level of the first start of the site.
    bound_for : int or (N,) int32
        Exit of each, in the order of the site; with `journeys`, the journey.
    speed : float or (N,) float64, optional
        Desired [m/s]; by default drawn as the library does.
    radius : float or (N,) float64, optional
        By default that of the preset on trial [m].
    go : (N,) float64, optional
        Pre-movement times [s].
    group : (N,) int32, optional
    journeys : Journeys, optional
        By default one an exit.
    model : Model, optional
        By default that of the preset on trial.
    **more
        Of `Crowd`: ``choices``, ``exit_hours``, ...; lines of the site are counted at anyway.
    """
    ready = prepared(site, cell)
    count = len(points)
    if level is None:
        level = next(iter(site.starts.values()))[1]
    names = [level] * count if isinstance(level, str) else level
    numbers = np.array([ready.ground.level_number(name) for name in names], np.int32)

    def full(value: Any, dtype: str) -> NDArray[Any]:
        return np.array(np.broadcast_to(np.asarray(value, dtype), (count,)))

    people = People(
        points[:, 0].copy(), points[:, 1].copy(), numbers, np.zeros(count), full(bound_for, "i4"),
        full(free_speeds(trial, count) if speed is None else speed, "f8"),
        full(radius_of(trial.preset) if radius is None else radius, "f8"), go, group,
    )  # fmt: skip
    if site.lines:
        more["lines"] = np.array([ends for ends, _ in site.lines.values()], np.float64)
        more["line_level"] = np.array([ready.ground.level_number(name) for _, name in site.lines.values()], np.int32)
    return Crowd(
        ready.ground.floor, ready.goals, leaving(len(site.exits)) if journeys is None else journeys, people,
        model_of(trial.preset) if model is None else model, dt=dt, seed=trial.seed, routes=ready.routes, graph=ready.graph, **more,
    )  # fmt: skip


def walk(
    crowd: Crowd, duration: float, *, every: float = 1.0, look: Callable[[Snapshot], None] | None = None, at_start: bool = False
) -> None:
    """Let everybody walk, until the last has left or time is up, and look every so often [s]."""
    steps = max(1, round(every / crowd.dt))
    if look is not None and at_start:
        look(crowd.snapshot())
    while not crowd.finished and crowd.time < duration - 1e-9:
        crowd.advance(steps)
        if look is not None:
            look(crowd.snapshot())


def last_out(crowd: Crowd, people: NDArray[np.bool_] | None = None) -> float:
    """When the last of some people left; NaN when one of them did not [s]."""
    times = crowd.exit_time if people is None else crowd.exit_time[people]
    return float(times.max()) if np.isfinite(times).all() else math.nan


def left_over_time(crowd: Crowd) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times at which people left, sorted, from 0, and how many had by then."""
    times = np.sort(crowd.exit_time[np.isfinite(crowd.exit_time)])
    return np.concatenate([[0.0], times]), np.arange(len(times) + 1, dtype=np.float64)


def steady_flow(times: NDArray[np.float64], first: int, last: int) -> float:
    """Slope of the number who passed over time, from the first-th to the last-th; NaN when fewer did [1/s]."""
    times = np.sort(times[np.isfinite(times)])
    if len(times) < last:
        return math.nan
    return float(np.polyfit(times[first - 1 : last], np.arange(first, last + 1), 1)[0])


class Watch:
    """Counts people in areas and the speed they walk at; a look to be given to `walk`.

    Parameters
    ----------
    areas : sequence of shapely polygon
        None of them over or under another level.
    """

    def __init__(self, areas: Sequence[BaseGeometry]) -> None:
        self.areas = tuple(areas)
        for area in self.areas:
            shapely.prepare(area)
        self.times: list[float] = []
        self._seen: list[list[float]] = []
        self._speed: list[list[float]] = []

    def __call__(self, now: Snapshot) -> None:
        self.times.append(now.time)
        inside = [shapely.contains_xy(area, now.x, now.y) for area in self.areas]
        self._seen.append([float(np.count_nonzero(here)) for here in inside])
        self._speed.append([float(now.speed[here].sum()) for here in inside])

    @property
    def time(self) -> NDArray[np.float64]:
        """When it looked, (T,) [s]."""
        return np.array(self.times)

    def density(self) -> NDArray[np.float64]:
        """People by area and moment over the size of the area, (T, A) [1/m2]."""
        return np.array(self._seen).reshape(-1, len(self.areas)) / np.array([area.area for area in self.areas])

    def speed(self, rows: slice | NDArray[np.bool_] = slice(None)) -> NDArray[np.float64]:
        """Mean speed of everybody seen in each area, (A,); NaN where nobody was [m/s]."""
        seen, speed = (np.array(table).reshape(-1, len(self.areas))[rows].sum(axis=0) for table in (self._seen, self._speed))
        return np.divide(speed, seen, out=np.full(len(seen), np.nan), where=seen > 0)

    def peak(self, window: int = 10) -> NDArray[np.float64]:
        """Highest mean density over so many looks in a row, (A,) [1/m2]."""
        table = self.density()
        if len(table) < window:
            return np.asarray(table.mean(axis=0))
        sums = np.cumsum(np.vstack([np.zeros(table.shape[1]), table]), axis=0)
        return np.asarray(((sums[window:] - sums[:-window]) / window).max(axis=0))
