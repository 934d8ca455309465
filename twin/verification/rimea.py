"""RiMEA, tests 1 to 8: what people do by themselves, and a study of a parameter.

Guideline for Microscopic Evacuation Analysis, version 4.1.1 (2025), RiMEA e.V., annex 1. Where its text gives no number, the
criterion says whose the number is.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from twin.rng import uniforms
from twin.verification.case import Case, Chart, Curve, Found, Measure, Trial
from twin.verification.crowded import filled, speeds_at, weidmann
from twin.verification.single import (
    CORNER,
    WAITING_ROOM,
    corridor,
    corridor_time,
    lanes,
    round_the_corner,
    stair,
    stair_time,
    starts_at,
    uniform_times,
    walked_speeds,
)
from twin.verification.storeys import STOREYS, clearing_times

STANDARD = "RiMEA 4.1.1"
_SOURCE = "RiMEA guideline for microscopic evacuation analysis, version 4.1.1 (2025), annex 1, test {}"

CORRIDOR_40 = corridor(40.0)
STAIR_10 = stair(10.0 * math.cos(math.radians(30.0)))

AGES: dict[str, tuple[float, float]] = {
    "under 30": (0.58, 1.61),
    "30 to 50": (1.41, 1.54),
    "over 50": (0.68, 1.41),
    "limited mobility": (0.46, 0.76),
}
"""Walking speeds by group, least and greatest [m/s]."""

_AGES_SOURCE = "speeds by age: Weidmann 1992 as in RiMEA 2.2.1, quoted by Zhou, Klein & Mayer 2015 (SIMULTECH, table 1)"
_GROUP_SIZE = 50
_LANES = lanes(_GROUP_SIZE)


def _corridor(trial: Trial) -> Found:
    return Found((Measure("walking time", corridor_time(CORRIDOR_40, 1.33, trial), "s", 26.0, 34.0, 1),))


def _stair(upwards: bool, trial: Trial) -> Found:
    expected = 10.0 * math.cos(math.radians(30.0)) / (0.61 if upwards else 0.69)
    low, high = (bound / (40.0 / 1.33) * expected for bound in (26.0, 34.0))
    return Found((Measure("time on the stair", stair_time(STAIR_10, upwards, 1.34, trial), "s", low, high, 1),))


DIAGRAM = filled(240.0, 4.0)
DIAGRAM_DENSITIES = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
ONE_DENSITY = 0.25
"""Measured densities nearer to each other than this count as one: the closest two starts fill up to the same [1/m2]."""


def greatest_rise(density: NDArray[np.float64], speed: NDArray[np.float64]) -> float:
    """Greatest rise of speed from one density to the next, of densities that differ [m/s]."""
    order = np.argsort(density)
    number = np.cumsum(np.diff(density[order], prepend=density[order[0]]) > ONE_DENSITY)
    means = np.bincount(number, speed[order]) / np.bincount(number)
    return float(np.diff(means).max())


def _fundamental_diagram(trial: Trial) -> Found:
    density, speed = speeds_at(DIAGRAM, trial, DIAGRAM_DENSITIES, DIAGRAM.areas["measured"])
    known = np.linspace(0.4, 5.4, 60)
    measures = [Measure(f"speed at {d:.1f} per m2", float(v), "m/s") for d, v in zip(density, speed, strict=True)]
    order, rise = np.argsort(density), greatest_rise(density, speed)
    return Found(
        (Measure("greatest rise of speed from one density to the next", rise, "m/s", -math.inf, 0.0), *measures),
        Chart(
            (Curve("Weidmann 1993", known, weidmann(known)), Curve("simulated", density[order], speed[order])),
            "people per m2",
            "speed (m/s)",
        ),
    )


def _premovement(trial: Trial) -> Found:
    return starts_at(trial, {"uniform 10 to 100 s": uniform_times(trial, 10.0, 100.0)})


def _ages(trial: Trial) -> Found:
    measures, curves = [], []
    for name, (low, high) in AGES.items():
        wanted = low + (high - low) * uniforms(trial.seed, f"age {name}", _GROUP_SIZE)
        walked = walked_speeds(_LANES, trial, wanted)
        worst = float(np.abs(walked / wanted - 1.0).max())
        measures += [
            Measure(f"{name}: furthest from the own speed", 100.0 * worst, "%", -math.inf, 2.0, 1),
            Measure(f"{name}: slowest", float(walked.min()), "m/s", 0.98 * low),
            Measure(f"{name}: fastest", float(walked.max()), "m/s", -math.inf, 1.02 * high),
        ]
        curves.append(Curve(name, np.sort(walked), np.arange(1.0, _GROUP_SIZE + 1)))
    return Found(tuple(measures), Chart(tuple(curves), "walking speed (m/s)", "people at most so fast"))


def _storeys(trial: Trial) -> Found:
    speeds = np.array([0.5, 0.75, 1.0])
    times = clearing_times(trial, tuple(speeds))
    measures = [Measure(f"all out at {v:g} m/s", t, "s", -math.inf, 1800.0, 0) for v, t in zip(speeds, times, strict=True)]
    measures.append(Measure("time saved from one speed to the next, at least", float((-np.diff(times)).min()), "s", 0.0, digits=0))
    return Found(tuple(measures), Chart((Curve("all out", speeds, np.array(times)),), "walking speed (m/s)", "time (s)"))


def cases() -> tuple[Case, ...]:
    """Tests 1 to 8."""
    window = "the window of test 1 (26 to 34 s about 30.1 s) in proportion"
    return (
        Case(
            "rimea-1",
            STANDARD,
            "test 1",
            "A person keeps its speed in a corridor",
            "One person at 1.33 m/s, 40 m of a corridor 2 m wide.",
            "The walk takes 26 to 34 s.",
            _SOURCE.format(1),
            _corridor,
            CORRIDOR_40,
        ),
        Case(
            "rimea-2",
            STANDARD,
            "test 2",
            "A person keeps its speed up a stair",
            "One person up a stair 2 m wide and 10 m long along its slope of 30 degrees, 8.66 m in plan.",
            f"12.3 to 16.0 s: 8.66 m at Weidmann's 0.61 m/s in plan, with {window}.",
            _SOURCE.format(2),
            partial(_stair, True),
            STAIR_10,
        ),
        Case(
            "rimea-3",
            STANDARD,
            "test 3",
            "A person keeps its speed down a stair",
            "The stair of test 2, from above.",
            f"10.8 to 14.2 s: 8.66 m at Weidmann's 0.69 m/s in plan, with {window}.",
            _SOURCE.format(3),
            partial(_stair, False),
            STAIR_10,
        ),
        Case(
            "rimea-4",
            STANDARD,
            "test 4",
            "Fundamental diagram",
            "A corridor filled with 0.5 to 6 people per m2; density and speed in 2 x 2 m of its middle from 10 to 70 s. "
            "It is 240 m long and 4 m wide instead of 1,000 and 10 m: no news of its ends reaches the middle in that time.",
            "Speed falls as density rises; densities within 0.25 per m2 count as one. "
            "The guideline gives no number; Weidmann's curve is drawn beside it.",
            f"{_SOURCE.format(4)}; Weidmann 1993, Transporttechnik der Fussgaenger",
            _fundamental_diagram,
            DIAGRAM,
            slow=True,
        ),
        Case(
            "rimea-5",
            STANDARD,
            "test 5",
            "Pre-movement times",
            "Ten people in a room of 8 x 5 m with times drawn evenly from 10 to 100 s.",
            "Everybody starts at the own time; within 0.15 s, three steps (the guideline gives no number).",
            _SOURCE.format(5),
            _premovement,
            WAITING_ROOM,
        ),
        Case(
            "rimea-6",
            STANDARD,
            "test 6",
            "Round a corner",
            "Twenty people in a corridor 2 m wide with a left corner.",
            "All get round it, none through a wall.",
            _SOURCE.format(6),
            lambda trial: round_the_corner(trial, 1.33),
            CORNER,
        ),
        Case(
            "rimea-7",
            STANDARD,
            "test 7",
            "Speeds by age",
            "Fifty people of each of four groups, with speeds drawn evenly from its range.",
            "The speeds that are walked are those that were given, and lie in the range of the group; within 2 %, for time "
            "comes in "
            "steps (the guideline gives no number).",
            f"{_SOURCE.format(7)}; {_AGES_SOURCE}",
            _ages,
            _LANES,
        ),
        Case(
            "rimea-8",
            STANDARD,
            "test 8",
            "Study of a parameter in three storeys",
            "448 people in 112 rooms of 2 x 3 m on three storeys with a stair between each two and one exit, at 0.5, 0.75 and "
            "1.0 m/s. "
            "Rooms are as many as in the guideline's figure; how its corridors meet is simplified.",
            "The influence of the parameter is shown (the guideline asks for no number). Judged: all get out, sooner the faster "
            "they "
            "walk.",
            _SOURCE.format(8),
            _storeys,
            STOREYS,
            slow=True,
        ),
    )
