"""Set-ups in which people hardly meet: walking speed, stairs, corners, starting, demographics. Standards share them."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.rng import normals, uniforms
from twin.sim.model import Snapshot
from twin.verification.case import Chart, Curve, Found, Measure, Run, Site, Trial
from twin.verification.walking import crowd_in, last_out, lattice, walk

EAST, WEST = 90.0, 270.0


def corridor(length: float, width: float = 2.0) -> Site:
    """A corridor with half a metre before the start; people are out where their middle passes its end."""
    return Site(
        {"floor": shapely.box(-0.5, 0, length + 1.0, width)},
        {"end": (shapely.box(length, 0, length + 1.0, width), "floor")},
        {"start": (shapely.box(-0.25, 0.5 * width - 0.25, 0.25, 0.5 * width + 0.25), "floor")},
    )


@lru_cache(maxsize=16)
def corridor_time(site: Site, speed: float, trial: Trial) -> float:
    """Time of one person from x = 0 to the end of a corridor [s]."""
    middle = site.floors["floor"].centroid.y
    crowd = crowd_in(site, trial, np.array([[0.0, middle]]), speed=speed)
    walk(crowd, 600.0)
    return last_out(crowd)


def stair(run_m: float, width: float = 2.0, approach: float = 4.0) -> Site:
    """Two landings, the upper to the east, and a stair of a length in plan between them."""
    foot, top = 0.0, run_m
    return Site(
        {"below": shapely.box(foot - approach, 0, foot, width), "above": shapely.box(top, 0, top + approach, width)},
        {
            "up": (shapely.box(top + approach - 1.0, 0, top + approach, width), "above"),
            "down": (shapely.box(foot - approach, 0, foot - approach + 1.0, width), "below"),
        },
        {
            "from below": (shapely.box(foot - 2.5, 0.75, foot - 2, 1.25), "below"),
            "from above": (shapely.box(top + 2, 0.75, top + 2.5, 1.25), "above"),
        },
        (Run(shapely.box(foot, 0, top, width), "below", "above", EAST),),
        {"above": 0.5 * run_m},
    )


@lru_cache(maxsize=16)
def stair_time(site: Site, upwards: bool, speed: float, trial: Trial) -> float:
    """Time of one person on the stair, from one end of its treads to the other [s]."""
    west, east = site.stairs[0].polygon.bounds[0], site.stairs[0].polygon.bounds[2]
    start, level, goal = (west - 2.0, "below", 0) if upwards else (east + 2.0, "above", 1)
    crowd = crowd_in(site, trial, np.array([[start, 1.0]]), level=level, bound_for=goal, speed=speed)
    seen: list[tuple[float, float]] = []
    walk(crowd, 600.0, every=crowd.dt, look=lambda now: seen.extend([(now.time, float(x)) for x in now.x]), at_start=True)
    time, x = np.array(seen).T
    if crowd.left < 1:
        return math.nan
    order = slice(None) if upwards else slice(None, None, -1)
    enters, leaves = np.interp([west, east], x[order], time[order])
    return abs(float(leaves - enters))


CORNER = Site(
    {"floor": shapely.union_all([shapely.box(0, 0, 12, 2), shapely.box(10, 0, 12, 12)])},
    {"end": (shapely.box(10, 11, 12, 12), "floor")},
    {"20 people": (shapely.box(0, 0, 6, 2), "floor")},
)
"""A corridor 2 m wide whose arms of 10 m meet in a left corner."""


@lru_cache(maxsize=4)
def round_the_corner(trial: Trial, speed: float) -> Found:
    """Twenty people round the corner: who gets there, and who is in or across a wall on the way."""
    area = CORNER.floors["floor"]
    crowd = crowd_in(CORNER, trial, lattice(CORNER.starts["20 people"][0], 20, seed=trial.seed), speed=speed)
    rows: list[NDArray[np.float64]] = []
    walk(
        crowd,
        120.0,
        every=crowd.dt,
        at_start=True,
        look=lambda now: rows.append(np.column_stack([now.id, np.full(len(now.id), now.time), now.x, now.y])),
    )
    table = np.vstack(rows)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    xy = table[:, 2:]
    outside = float(np.count_nonzero(~shapely.intersects_xy(area, xy[:, 0], xy[:, 1])))
    same = np.flatnonzero(np.diff(table[:, 0]) == 0)
    moves = shapely.linestrings(np.stack([xy[same], xy[same + 1]], axis=1))
    across = float(np.count_nonzero(~shapely.covers(area, moves)))
    return Found(
        (
            Measure("people who arrive", crowd.left, "", 20, 20, 0),
            Measure("positions in a wall", outside, "", 0, 0, 0),
            Measure("steps across a wall", across, "", 0, 0, 0),
            Measure("last arrives after", last_out(crowd), "s", digits=1),
        )
    )


WAITING_ROOM = Site(
    {"floor": shapely.union_all([shapely.box(0, 0, 8, 5), shapely.box(8, 2, 10, 3)])},
    {"exit": (shapely.box(9, 2, 10, 3), "floor")},
    {"10 people": (shapely.box(0.5, 0.5, 7.5, 4.5), "floor")},
)
"""A room of 8 x 5 m with an exit 1 m wide in the middle of a wall of 5 m."""


def starts_at(trial: Trial, assigned: dict[str, NDArray[np.float64]], tolerance: float = 0.15) -> Found:
    """Ten people in the room start when they are told to.

    Parameters
    ----------
    assigned : dict of str to (10,) float64
        Pre-movement times, by the name of the distribution that they were drawn from [s].
    """
    measures, curves = [], []
    for name, times in assigned.items():
        points = lattice(WAITING_ROOM.starts["10 people"][0], len(times), seed=trial.seed)
        crowd = crowd_in(WAITING_ROOM, trial, points, go=times)
        started = np.full(len(times), np.nan)

        def look(now: Snapshot, points: NDArray[np.float64] = points, started: NDArray[np.float64] = started) -> None:
            moved = np.hypot(now.x - points[now.id, 0], now.y - points[now.id, 1]) > 1e-6
            new = now.id[moved & np.isnan(started[now.id])]
            started[new] = now.time

        walk(crowd, float(times.max()) + 120.0, every=crowd.dt, look=look)
        off = np.abs(started - times)
        worst = float(off.max()) if np.isfinite(off).all() else math.nan
        measures.append(Measure(f"furthest from its time, {name}", worst, "s", -math.inf, tolerance))
        curves.append(Curve(name, np.sort(started), np.arange(1.0, len(times) + 1)))
    return Found(tuple(measures), Chart(tuple(curves), "time (s)", "people who have started"))


def uniform_times(trial: Trial, low: float, high: float, count: int = 10) -> NDArray[np.float64]:
    """Times drawn evenly between two, (count,) [s]."""
    return low + (high - low) * uniforms(trial.seed, "pre-movement", count)


def normal_times(trial: Trial, mean: float, spread: float, count: int = 10) -> NDArray[np.float64]:
    """Normal times, none below 0, (count,) [s]."""
    return np.maximum(mean + spread * normals(trial.seed, "pre-movement", count), 0.0)


def lanes(people: int, length: float = 20.0) -> Site:
    """A hall wide enough for people to walk beside each other without meeting."""
    width = 2.0 * people
    return Site(
        {"floor": shapely.box(-0.5, 0, length + 1.0, width)},
        {"end": (shapely.box(length, 0, length + 1.0, width), "floor")},
        {f"{people} people": (shapely.box(-0.25, 0.75, 0.25, width - 0.75), "floor")},
    )


def walked_speeds(site: Site, trial: Trial, speed: NDArray[np.float64], length: float = 20.0) -> NDArray[np.float64]:
    """Speeds at which people walk over a length, each alone on its lane, (N,) [m/s]."""
    points = np.column_stack([np.zeros(len(speed)), 1.0 + 2.0 * np.arange(len(speed))])
    crowd = crowd_in(site, trial, points, speed=speed)
    walk(crowd, 120.0)
    return np.asarray(length / crowd.exit_time)
