"""Set-ups in which people crowd: narrow ways, stairs, streams that meet, fundamental diagrams. Standards share them."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.sim.model import Hours, Snapshot
from twin.verification.case import Chart, Curve, Found, Measure, Run, Site, Trial
from twin.verification.single import EAST
from twin.verification.walking import (
    FREE_SPEED_M_S,
    JAM_PER_M2,
    Watch,
    crowd_in,
    last_out,
    lattice,
    left_over_time,
    steady_flow,
    walk,
)


def weidmann(density: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean speed at a density by Weidmann 1993 [m/s]."""
    return np.asarray(np.maximum(1.34 * (1.0 - np.exp(-1.913 * (1.0 / density - 1.0 / 5.4))), 0.0))


ROOMS_AND_CORRIDOR = Site(
    {
        "floor": shapely.union_all(
            [
                shapely.box(0, 0, 10, 10),
                shapely.box(10, 4.5, 15, 5.5),
                shapely.box(15, 0, 25, 10),
                shapely.box(25, 4.5, 28, 5.5),
            ]
        )
    },
    {"exit": (shapely.box(27, 4.5, 28, 5.5), "floor")},
    {"150 people": (shapely.box(0, 0, 10, 10), "floor")},
    areas={"before the corridor": shapely.box(8, 4, 10, 6), "before the exit": shapely.box(23, 4, 25, 6)},
)
"""Two rooms of 10 x 10 m joined by a corridor 1 m wide and 5 m long; the exit of the second is as wide."""


def corridor_between_rooms(trial: Trial) -> Found:
    """Densities before the corridor and before the exit that follows it."""
    crowd = crowd_in(ROOMS_AND_CORRIDOR, trial, lattice(shapely.box(0, 0, 10, 10), 150, seed=trial.seed), cell=0.1)
    watch = Watch(tuple(ROOMS_AND_CORRIDOR.areas.values()))
    walk(crowd, 600.0, look=watch)
    before, after = watch.peak()
    density = watch.density()
    return Found(
        (
            Measure("people out", crowd.left, "", 150, 150, 0),
            Measure("density before the corridor, mean of 10 s", float(before), "per m2", JAM_PER_M2),
            Measure("density before the exit, mean of 10 s", float(after), "per m2", -math.inf, JAM_PER_M2),
            Measure("last out after", last_out(crowd), "s", digits=0),
        ),
        Chart(
            (Curve("corridor", watch.time, density[:, 0]), Curve("exit", watch.time, density[:, 1])),
            "time (s)",
            "people per m2 before it",
        ),
    )


ROOM_AND_STAIR = Site(
    {"below": shapely.union_all([shapely.box(0, 0, 5, 8), shapely.box(5, 3, 15, 5)]), "above": shapely.box(21, 3, 26, 5)},
    {"exit": (shapely.box(25, 3, 26, 5), "above")},
    {"150 people": (shapely.box(0, 0, 5, 8), "below")},
    (Run(shapely.box(15, 3, 21, 5), "below", "above", EAST),),
    {"above": 3.0},
    {"corridor": ((7, 5, 7, 3), "below"), "stair": ((16, 5, 16, 3), "below")},
    {"before the corridor": shapely.box(3, 3, 5, 5), "at the foot of the stair": shapely.box(13, 3, 15, 5)},
)
"""A room of 5 x 8 m, a corridor 2 m wide and 10 m long, and a stair of the same width up."""


@lru_cache(maxsize=4)
def jam_at_the_stair(trial: Trial, people: int = 150) -> Found:
    """A crowd that comes to a stair: where it is dense, and how many pass the corridor and the stair."""
    site = ROOM_AND_STAIR
    crowd = crowd_in(site, trial, lattice(shapely.box(0, 0, 5, 8), people, seed=trial.seed))
    watch = Watch(tuple(site.areas.values()))
    counts: list[list[int]] = []

    def look(now: Snapshot) -> None:
        watch(now)
        counts.append(crowd.passed.sum(axis=(0, 2)).tolist())

    walk(crowd, 600.0, look=look)
    room, foot = watch.peak()
    passed, density = np.array(counts, np.float64), watch.density()
    half = int(0.5 * people)
    corridor = _first_flow(watch.time, passed[:, 0]) / 2.0
    on_stair = steady_flow(np.interp(np.arange(1, people + 1), passed[:, 1], watch.time), half // 2, people - half // 2) / 2.0
    return Found(
        (
            Measure("people out", crowd.left, "", people, people, 0),
            Measure("density before the corridor, mean of 10 s", float(room), "per m2", JAM_PER_M2),
            Measure("density at the foot of the stair, mean of 10 s", float(foot), "per m2", JAM_PER_M2),
            Measure("flow on the stair over the first flow of the corridor", on_stair / corridor, "", -math.inf, 0.99),
            Measure("flow on the stair", on_stair, "/(m s)"),
        ),
        Chart(
            (Curve("corridor", watch.time, density[:, 0]), Curve("stair", watch.time, density[:, 1])),
            "time (s)",
            "people per m2 before it",
        ),
    )


def _first_flow(time: NDArray[np.float64], passed: NDArray[np.float64], window: int = 5) -> float:
    """Highest flow over five seconds [1/s]: that of the corridor before the jam at the stair has grown back to it."""
    return float(((passed[window:] - passed[:-window]) / (time[window:] - time[:-window])).max())


def filled(length: float, width: float, measured: float = 2.0) -> Site:
    """A corridor that is filled all along, and measured in its middle."""
    x, y, half = 0.5 * length, 0.5 * width, 0.5 * min(measured, width)
    return Site(
        {"floor": shapely.box(0, 0, length, width)},
        {"end": (shapely.box(length - 2.0, 0, length, width), "floor")},
        {"start": (shapely.box(0, 0, length, width), "floor")},
        areas={"measured": shapely.box(x - 0.5 * measured, y - half, x + 0.5 * measured, y + half)},
    )


def speeds_at(
    site: Site, trial: Trial, densities: tuple[float, ...], measured: shapely.Polygon, from_s: float = 10.0, to_s: float = 70.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density and mean speed in a part of a corridor that is filled evenly at the start.

    Parameters
    ----------
    densities : tuple of float
        At the start [1/m2]; above 5.3 as close as bodies of 0.2 m may stand.

    Returns
    -------
    density, speed : (len(densities),) float64
        Means from `from_s` to `to_s`; everybody seen counts once a look [1/m2, m/s].
    """
    start = site.starts["start"][0]
    found = []
    for density in densities:
        room = start.buffer(-0.21, join_style="mitre").area
        points = lattice(start, int(min(density * start.area, 6.0 * room)), seed=trial.seed, clear=0.21)
        watch = Watch([measured])
        walk(crowd_in(site, trial, points), to_s, every=0.5, look=watch)
        rows = watch.time > from_s
        found.append((float(watch.density()[rows].mean()) if rows.any() else math.nan, float(watch.speed(rows)[0])))
    table = np.array(found)
    return table[:, 0], table[:, 1]


def in_single_file(trial: Trial, site: Site, per_m: tuple[float, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """People per metre and their mean speed in the middle of a corridor so narrow that nobody overtakes [1/m, m/s]."""
    west, south, east, north = site.floors["floor"].bounds
    area = site.areas["measured"]
    length = area.bounds[2] - area.bounds[0]
    found = []
    for density in per_m:
        x = np.arange(west + 0.5 / density, east - 2.0, 1.0 / density)
        watch = Watch([area])
        points = np.column_stack([x, np.full(len(x), 0.5 * (south + north))])
        walk(crowd_in(site, trial, points, speed=FREE_SPEED_M_S[0], cell=0.1), 70.0, every=0.5, look=watch)
        rows = watch.time > 10.0
        found.append((float(watch.density()[rows].mean()) * area.area / length, float(watch.speed(rows)[0])))
    table = np.array(found)
    return table[:, 0], table[:, 1]


ROOMS_FACING = Site(
    {"floor": shapely.union_all([shapely.box(0, 0, 10, 10), shapely.box(10, 4, 20, 6), shapely.box(20, 0, 30, 10)])},
    {"room 2": (shapely.box(29, 0, 30, 10), "floor"), "room 1": (shapely.box(0, 0, 1, 10), "floor")},
    {"100 people": (shapely.box(0, 0, 5, 10), "floor"), "10, 50 or 100": (shapely.box(25, 0, 30, 10), "floor")},
    lines={"into room 2": ((20.0, 6.0, 20.0, 4.0), "floor")},
)
"""Two rooms of 10 x 10 m joined by a corridor 2 m wide and 10 m long."""


def _change_rooms(trial: Trial, count: int) -> float:
    """Time until the last of 100 people is in the second room while so many come the other way [s]; NaN when somebody never is."""
    points = lattice(shapely.box(0, 0, 5, 10), 100, seed=trial.seed)
    if count:
        points = np.vstack([points, lattice(shapely.box(25, 0, 30, 10), count, seed=trial.seed + 1)])
    bound = (np.arange(len(points)) >= 100).astype(np.int32)
    crowd = crowd_in(ROOMS_FACING, trial, points, bound_for=bound)
    entered = np.full(100, np.nan)

    def look(now: Snapshot) -> None:
        through = (crowd.passed[:100, 0].sum(axis=1) % 2 == 1) & np.isnan(entered)
        entered[through] = now.time

    walk(crowd, 400.0, every=0.5, look=look)
    return float(entered.max()) if np.isfinite(entered).all() else math.nan


@lru_cache(maxsize=4)
def counter_flow(trial: Trial, others: tuple[int, ...] = (0, 10, 50, 100), runs: int = 4) -> Found:
    """Mean time until the last of 100 people is in the second room, by how many come the other way.

    One run with 50 or 100 others may be 15 s quicker or slower than another, so that the mean of several is compared.
    """
    table = np.array([[_change_rooms(trial._replace(seed=trial.seed + 2 * k), count) for count in others] for k in range(runs)])
    times = table.mean(axis=0)
    measures = [
        Measure(f"last in room 2, {count} the other way", float(time), "s", -math.inf, 400.0, 1)
        for count, time in zip(others, times, strict=True)
    ]
    more = np.diff(times)
    measures.append(Measure("least increase from one to the next", float(more.min()), "s", 0.05, math.inf, 2))
    x = np.array(others, float)
    curves = (Curve("mean", x, times), *(Curve(f"run {k + 1}", x, row) for k, row in enumerate(table)))
    return Found(tuple(measures), Chart(curves, "people the other way", "time (s)"))


EXIT_OF_A_METRE = Site(
    {"floor": shapely.union_all([shapely.box(0, 0, 8, 5), shapely.box(8, 2, 11, 3)])},
    {"exit": (shapely.box(8.25, 2, 11, 3), "floor")},
    {"100 people": (shapely.box(0, 0, 8, 5), "floor")},
)
"""A room of 8 x 5 m with an exit 1 m wide."""


@lru_cache(maxsize=4)
def most_through_an_exit(trial: Trial, limit: float = 1.33) -> Found:
    """100 people out of a room through an exit of a metre that is told how many it lets through, and one that is not."""
    points = lattice(shapely.box(0, 0, 8, 5), 100, seed=trial.seed)
    hours = Hours(np.array([limit]), np.full((1, 1), -np.inf), np.full((1, 1), np.inf))
    held = crowd_in(EXIT_OF_A_METRE, trial, points, exit_hours=hours, cell=0.1)
    free = crowd_in(EXIT_OF_A_METRE, trial, points, cell=0.1)
    walk(held, 300.0)
    walk(free, 300.0)
    return Found(
        (
            Measure("people out", held.left, "", 100, 100, 0),
            Measure(
                "flow through the exit with its limit", steady_flow(held.exit_time, 10, 90), "/(m s)", 0.95 * limit, limit * 1.005
            ),
            Measure("flow with no limit set (what the model makes)", steady_flow(free.exit_time, 10, 90), "/(m s)"),
        ),
        Chart((Curve("with limit", *left_over_time(held)), Curve("without", *left_over_time(free))), "time (s)", "people out"),
    )
