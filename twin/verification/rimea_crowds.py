"""RiMEA, tests 9 to 16: what crowds do. See `twin.verification.rimea` for the edition."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial
from twin.verification.choices import (
    CABINS,
    OVER_ANOTHER_FLOOR,
    TWO_EXITS,
    assigned_exits,
    nearer_exit,
    route_over_another_floor,
)
from twin.verification.crowded import (
    ROOM_AND_STAIR,
    ROOMS_AND_CORRIDOR,
    corridor_between_rooms,
    filled,
    in_single_file,
    jam_at_the_stair,
)
from twin.verification.walking import JAM_PER_M2, crowd_in, last_out, lattice, left_over_time, walk

STANDARD = "RiMEA 4.1.1"
_SOURCE = "RiMEA guideline for microscopic evacuation analysis, version 4.1.1 (2025), annex 1, test {}"
AS_WIDE = (
    "the exit is as wide as the corridor and lets through hardly more: by seed 1.6 to 2.0 people per m2 wait before it, "
    "and above 4 before the corridor"
)
_DOORS = {"exit 1": (7.0, 20.0), "exit 2": (23.0, 20.0), "exit 3": (7.0, 0.0), "exit 4": (23.0, 0.0)}


def _hall(names: tuple[str, ...]) -> Site:
    """A hall of 30 x 20 m with some of its four exits, 1 m wide."""
    parts, exits = [shapely.box(0, 0, 30, 20)], {}
    for name in names:
        x, y = _DOORS[name]
        out = 1.0 if y > 0 else -1.0
        parts.append(shapely.box(x - 0.5, min(y, y + out), x + 0.5, max(y, y + out)))
        beyond = sorted((y + 0.7 * out, y + out))
        exits[name] = (shapely.box(x - 0.5, beyond[0], x + 0.5, beyond[1]), "floor")
    return Site({"floor": shapely.union_all(parts)}, exits, {"1,000 people": (shapely.box(0, 0, 30, 20), "floor")})


_ALL, _HALF = _hall(tuple(_DOORS)), _hall(("exit 3", "exit 4"))


def _nearest(site: Site, points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Exit that is nearest to each as the crow flies."""
    middles = np.array([shape.centroid.coords[0] for shape, _ in site.exits.values()])
    apart = np.hypot(points[:, None, 0] - middles[:, 0], points[:, None, 1] - middles[:, 1])
    return np.asarray(np.argmin(apart, axis=1), np.int32)


def _half_the_exits(trial: Trial) -> Found:
    times, curves = [], []
    for name, site in (("four exits", _ALL), ("two exits", _HALF)):
        points = lattice(shapely.box(0, 0, 30, 20), 1000, seed=trial.seed)
        crowd = crowd_in(site, trial, points, bound_for=_nearest(site, points))
        walk(crowd, 1500.0)
        times.append(last_out(crowd))
        curves.append(Curve(name, *left_over_time(crowd)))
    return Found(
        (
            Measure("time with two exits over that with four", times[1] / times[0], "", 1.7, 2.3),
            Measure("all out by four exits", times[0], "s", digits=0),
            Measure("all out by two exits", times[1], "s", digits=0),
        ),
        Chart(tuple(curves), "time (s)", "people out"),
    )


_SHORT = Site({"floor": shapely.box(0, 0, 50, 20)}, {"target": (shapely.box(49, 0, 50, 20), "floor")})
_LONG = Site({"floor": shapely.box(0, 0, 81.4, 20)}, {"target": (shapely.box(80.4, 0, 81.4, 20), "floor")})
LARGE_CORNER = Site(
    {"floor": shapely.union_all([shapely.box(0, 0, 40, 20), shapely.box(20, 0, 40, 50)])},
    {"target": (shapely.box(20, 49, 40, 50), "floor")},
    {"500 people": (shapely.box(0, 0, 6, 20), "floor")},
)


def _large_corner(trial: Trial) -> Found:
    points = lattice(shapely.box(0, 0, 6, 20), 500, seed=trial.seed, clear=0.22)
    times, curves = [], []
    for name, site in (("44 m straight", _SHORT), ("corner", LARGE_CORNER), ("75.4 m straight", _LONG)):
        crowd = crowd_in(site, trial, points, level="floor")
        walk(crowd, 600.0)
        times.append(last_out(crowd))
        curves.append(Curve(name, *left_over_time(crowd)))
    return Found(
        (
            Measure("all round the corner after", times[1], "s", times[0], times[2], 1),
            Measure("all along 44 m", times[0], "s", digits=1),
            Measure("all along 75.4 m", times[2], "s", digits=1),
        ),
        Chart(tuple(curves), "time (s)", "people who have arrived"),
    )


FILE = filled(240.0, 0.6, 10.0)
_PER_M = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25)


@lru_cache(maxsize=4)
def _single_file(trial: Trial) -> Found:
    density, speed = in_single_file(trial, FILE, _PER_M)
    known = np.linspace(1.0 / (0.36 + 1.06 * 1.0), 1.0 / (0.36 + 1.06 * 0.1), 40)
    there = (density >= known[0]) & (density <= known[-1])
    off = speed[there] - (1.0 / density[there] - 0.36) / 1.06
    return Found(
        (
            Measure("greatest rise of speed from one density to the next", float(np.diff(speed).max()), "m/s", -math.inf, 0.0),
            Measure("furthest above Seyfried et al. 2005", float(off.max()), "m/s"),
            *(Measure(f"speed at {d:.2f} per m", float(v), "m/s") for d, v in zip(density, speed, strict=True)),
        ),
        Chart(
            (Curve("measured people", known, (1.0 / known - 0.36) / 1.06), Curve("simulated", density, speed)),
            "people per m",
            "speed (m/s)",
        ),
    )


def cases() -> tuple[Case, ...]:
    """Tests 9 to 16."""
    jam = f"a jam is more than {JAM_PER_M2} people per m2 in the 2 x 2 m before it over 10 s, where Weidmann's flow is greatest"
    return (
        Case(
            "rimea-9",
            STANDARD,
            "test 9",
            "A crowd leaves a large hall",
            "1,000 people in 30 x 20 m, by four exits of 1 m, then by two.",
            "With two exits it takes about twice as long: 1.7 to 2.3 times (our bounds; the guideline says about twice).",
            _SOURCE.format(9),
            _half_the_exits,
            _ALL,
            slow=True,
        ),
        Case(
            "rimea-10",
            STANDARD,
            "test 10",
            "Assigned exits",
            "23 people in twelve rooms: those of rooms 1-4 and 7-10 take the "
            "main exit, "
            "the others the second. Lengths of rooms are ours.",
            "Everybody leaves by the assigned exit.",
            _SOURCE.format(10),
            assigned_exits,
            CABINS,
        ),
        Case(
            "rimea-11",
            STANDARD,
            "test 11",
            "The nearer of two exits",
            "1,000 people who come from the left; two exits 1 m wide. All know of jams and look for a quicker way every 10 s.",
            "Most take the nearer exit, a jam forms there, and some use the other.",
            _SOURCE.format(11),
            nearer_exit,
            TWO_EXITS,
            slow=True,
        ),
        Case(
            "rimea-12",
            STANDARD,
            "test 12",
            "A corridor between two rooms",
            "150 people in a room of 10 x 10 m, a corridor 1 m wide and 5 m long, a second room with an exit as wide.",
            f"A jam forms before the corridor and none before the exit; {jam} (our reading).",
            _SOURCE.format(12),
            corridor_between_rooms,
            ROOMS_AND_CORRIDOR,
            known_failure=AS_WIDE,
        ),
        Case(
            "rimea-13",
            STANDARD,
            "test 13",
            "A stair in the way",
            "150 people in a room, a corridor 2 m wide, a stair up of the same width.",
            f"Jams form before the corridor and at the foot of the stair, and fewer pass the stair than the corridor before; {jam} "
            "(our reading).",
            _SOURCE.format(13),
            jam_at_the_stair,
            ROOM_AND_STAIR,
        ),
        Case(
            "rimea-14",
            STANDARD,
            "test 14",
            "A way over another floor",
            "Ten people at 1.2 m/s: 56 m on their own floor, or 18 m down one stair and up another.",
            "Which way is taken is documented. Judged: all arrive.",
            _SOURCE.format(14),
            route_over_another_floor,
            OVER_ANOTHER_FLOOR,
        ),
        Case(
            "rimea-15",
            STANDARD,
            "test 15",
            "A large crowd round a corner",
            "500 people, 20 m wide: 44 m straight on, a corner of 34 m and 30 m, 75.4 m straight on.",
            "The time for the corner lies between those of the straight ways.",
            _SOURCE.format(15),
            _large_corner,
            LARGE_CORNER,
        ),
        Case(
            "rimea-16",
            STANDARD,
            "test 16",
            "Fundamental diagram in single file",
            "A corridor 0.6 m wide and 240 m long (the "
            "guideline has "
            "a ring, or 200 m), filled with 0.5 to 2.25 people per m at 1.34 m/s; the middle 10 m from 10 to 70 s.",
            "Speed falls as density rises. The guideline compares with a band of measurements that it gives no numbers of; the "
            "line "
            "of Seyfried et al. is drawn beside it.",
            f"{_SOURCE.format(16)}; Seyfried, Steffen, Klingsch & Boltes 2005 (J. Stat. Mech. P10002): distance = 0.36 m + 1.06 "
            f"s speed",
            _single_file,
            FILE,
        ),
    )
