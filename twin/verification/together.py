"""Set-ups about people who differ or belong together: groups, people who walk slowly, demographics. Standards share them."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.rng import normals
from twin.verification.case import Chart, Curve, Found, Measure, Run, Site, Trial
from twin.verification.single import WEST, lanes, walked_speeds
from twin.verification.walking import crowd_in, last_out, lattice, left_over_time, walk

GROUP_ROOM = Site(
    {"floor": shapely.union_all([shapely.box(0, 0, 10, 20), shapely.box(4.5, -2, 5.5, 0)])},
    {"exit": (shapely.box(4.5, -2, 5.5, -1), "floor")},
    {"group 1": (shapely.box(3, 16, 7, 19.5), "floor"), "group 2": (shapely.box(1, 8, 9, 12), "floor")},
)
"""A room of 10 x 20 m with an exit 1 m wide; a slow group stands between a group and the exit."""


RUNS = 15


@lru_cache(maxsize=8)
def group_stays_together(trial: Trial, first: tuple[float, ...], second: float) -> Found:
    """How far apart in time the people of a group reach the exit, with company and without: medians of some runs.

    One run says little, since it hangs on who of the others comes between them at the exit.

    Parameters
    ----------
    first : tuple of float
        Desired speeds of the group [m/s].
    second : float
        That of ten people in its way [m/s].
    """
    trials = [trial._replace(seed=trial.seed + k) for k in range(RUNS)]
    together, apart = ([_spread(one, first, second, company=company) for one in trials] for company in (True, False))
    return Found((
        Measure("first to last of group 1 at the exit, median", float(np.median(together)), "s", -math.inf, 10.0, 1),
        Measure("runs within 10 s", sum(value <= 10.0 for value in together), digits=0),
        Measure("the same when nobody belongs together, median", float(np.median(apart)), "s", digits=1),
    ))  # fmt: skip


def _spread(trial: Trial, first: tuple[float, ...], second: float, *, company: bool) -> float:
    """From the first to the last of group 1 at the exit in one run [s]; infinite when somebody does not get there."""
    ours = len(first)
    starts = (lattice(GROUP_ROOM.starts[name][0], count, seed=trial.seed) for name, count in (("group 1", ours), ("group 2", 10)))
    points = np.vstack(list(starts))
    group = np.where(np.arange(len(points)) < ours, 0, 1).astype(np.int32) if company else None
    crowd = crowd_in(GROUP_ROOM, trial, points, speed=np.array([*first, *[second] * 10]), group=group)
    walk(crowd, 300.0)
    times = crowd.exit_time[:ours]
    return float(np.ptp(times)) if np.isfinite(times).all() else math.inf


RAMP_ROOMS = Site(
    {"above": shapely.box(0, 0, 5, 5), "below": shapely.box(17, 0, 22, 5)},
    {"exit": (shapely.box(21.25, 2, 22, 3), "below")},
    {"24 people": (shapely.box(0, 0, 3.5, 5), "above"), "1 person": (shapely.box(3.8, 2, 4.8, 3), "above")},
    (Run(shapely.box(5, 1.75, 17, 3.25), "below", "above", WEST),),
    {"above": 1.0},
)
"""A room 1 m above another, joined by a way 1.5 m wide that slopes 1 in 12, on which people walk as on stairs."""


@lru_cache(maxsize=4)
def slow_person_ahead(trial: Trial) -> Found:
    """24 people behind one that is slower and broader, and behind one that is like them."""
    points = np.vstack([lattice(RAMP_ROOMS.starts["24 people"][0], 24, seed=trial.seed), [[4.3, 2.5]]])
    times, curves = [], []
    for name, speed, radius in (("slow person", 0.8, 0.4), ("like the others", 1.25, 0.2)):
        crowd = crowd_in(
            RAMP_ROOMS, trial, points, speed=np.array([1.25] * 24 + [speed]), radius=np.array([0.2] * 24 + [radius]), cell=0.1
        )
        walk(crowd, 300.0)
        times.append(last_out(crowd))
        curves.append(Curve(name, *left_over_time(crowd)))
    return Found(
        (
            Measure("longer with the slow person by", times[0] - times[1], "s", 0.1, math.inf, 1),
            Measure("all out with the slow person", times[0], "s", digits=1),
            Measure("all out without", times[1], "s", digits=1),
        ),
        Chart(tuple(curves), "time (s)", "people out"),
    )


PEOPLE = 100
LANES = lanes(PEOPLE)


@lru_cache(maxsize=4)
def walked_demographics(trial: Trial, mean: float = 1.2, spread: float = 0.2) -> Found:
    """Speeds of 100 people walk at, whose speeds were drawn from a normal distribution."""
    wanted = np.clip(mean + spread * normals(trial.seed, "speed", PEOPLE), 0.5, 2.2)
    walked = walked_speeds(LANES, trial, wanted)
    grid = np.linspace(mean - 3 * spread, mean + 3 * spread, 60)
    expected = np.array([0.5 * (1.0 + math.erf((v - mean) / (spread * math.sqrt(2.0)))) for v in grid])
    return Found(
        (
            Measure(
                "furthest from the distribution (Kolmogorov and Smirnov)",
                _distance(walked, mean, spread),
                "",
                0.0,
                1.358 / math.sqrt(PEOPLE),
                3,
            ),
            Measure("mean speed", float(walked.mean()), "m/s", mean - 0.06, mean + 0.06, 3),
            Measure("standard deviation", float(walked.std(ddof=1)), "m/s", digits=3),
        ),
        Chart(
            (Curve("as given", grid, PEOPLE * expected), Curve("walked", np.sort(walked), np.arange(1.0, PEOPLE + 1))),
            "walking speed (m/s)",
            "people at most so fast",
        ),
    )


def _distance(values: NDArray[np.float64], mean: float, spread: float) -> float:
    """Greatest difference between the share of values and that of a normal distribution."""
    ordered = np.sort(values)
    expected = np.array([0.5 * (1.0 + math.erf((v - mean) / (spread * math.sqrt(2.0)))) for v in ordered])
    above, below = np.arange(1, len(ordered) + 1) / len(ordered), np.arange(len(ordered)) / len(ordered)
    return float(max((above - expected).max(), (expected - below).max()))
