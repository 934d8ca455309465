"""Access on foot: walking times whose exact values are known, in the open and round the end of a wall, and what is cut off."""

from __future__ import annotations

import math

import numpy as np
import shapely

from twin.discretize import Ground, discretize_area
from twin.sim.impact.access import walking_times
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

SPEED_M_S = 1.34
_CELL = 0.5
_PLAIN = Site({"plain": shapely.box(0, 0, 200, 200)}, {"stop": (shapely.Point(100.25, 100.25).buffer(1.0), "plain")})
_WALL = Site(
    {"plain": shapely.box(0, 0, 120, 120).difference(shapely.box(60, 0, 61, 90))},
    {"stop": (shapely.Point(30.25, 30.25).buffer(1.0), "plain")},
    areas={"looked at": shapely.box(62, 1, 119, 60)},
)

_CLOSED = Site({"plain": _WALL.floors["plain"].difference(shapely.box(60, 80, 61, 120))}, _WALL.exits)


def _minutes(ground: Ground, x: float, y: float) -> np.ndarray:
    row, column = (int(one) for one in ground.grid.index(x, y))
    return walking_times(ground.floor, np.array([[0, row, column]], np.int32), SPEED_M_S)[0].astype(np.float64) / 60.0


def _open(trial: Trial) -> Found:
    ground = discretize_area(_PLAIN.floors["plain"], cell=_CELL)
    found = _minutes(ground, 100.25, 100.25)
    x, y = np.meshgrid(ground.grid.x, ground.grid.y)
    away = np.hypot(x - 100.25, y - 100.25)
    exact = away / SPEED_M_S / 60.0
    far = ground.floor.mask[0] & (away > 20.0)
    off = 100.0 * np.abs(found[far] / exact[far] - 1.0)
    area = float((found[ground.floor.mask[0]] <= 1.0).sum()) * _CELL**2
    known = math.pi * (60.0 * SPEED_M_S) ** 2
    measures = (
        Measure("greatest error beyond 20 m", float(off.max()), "%", -math.inf, 1.0),
        Measure("mean error beyond 20 m", float(off.mean()), "%", -math.inf, 0.3, 3),
        Measure("area within 1 min, against that of the circle", area / known, "", 0.99, 1.01, 4),
    )
    return Found(measures)


def _round_the_wall(trial: Trial) -> Found:
    """Behind the wall the way leads over its two corners."""
    sizes, means = (1.0, 0.5, 0.25), []
    for cell in sizes:
        ground = discretize_area(_WALL.floors["plain"], cell=cell)
        found = _minutes(ground, 30.25, 30.25)
        row, column = (int(one) for one in ground.grid.index(30.25, 30.25))
        start = float(ground.grid.x[column]), float(ground.grid.y[row])
        x, y = np.meshgrid(ground.grid.x, ground.grid.y)
        exact = (math.dist(start, (60, 90)) + 1.0 + np.hypot(x - 61, y - 90)) / SPEED_M_S / 60.0
        hidden = ground.floor.mask[0] & (x > 62) & (y < 60)
        means.append(100.0 * float(np.abs(found[hidden] / exact[hidden] - 1.0).mean()))
    measures = [
        Measure(f"mean error on cells of {cell:g} m", mean, "%", -math.inf, 1.0 if cell <= 0.5 else math.inf, 3)
        for cell, mean in zip(sizes, means, strict=True)
    ]
    return Found(tuple(measures), Chart((Curve("error", np.array(sizes), np.array(means)),), "cell (m)", "mean error (%)"))


def _cut_off(trial: Trial) -> Found:
    """The wall goes on to the edge: nothing behind it is reached."""
    ground = discretize_area(_CLOSED.floors["plain"], cell=_CELL)
    found = _minutes(ground, 30.25, 30.25)
    x = np.broadcast_to(ground.grid.x[None, :], found.shape)
    behind, before = ground.floor.mask[0] & (x > 61), ground.floor.mask[0] & (x < 60)
    measures = (
        Measure("floor behind it that is reached", float(np.isfinite(found[behind]).sum()) * _CELL**2, "m2", 0.0, 0.0),
        Measure("floor before it that is not reached", float((~np.isfinite(found[before])).sum()) * _CELL**2, "m2", 0.0, 0.0),
        Measure("floor cut off", float(np.isposinf(found).sum()) * _CELL**2, "m2", 59 * 120 - 60, 59 * 120 + 60, 0),
    )
    return Found(measures)


def cases() -> tuple[Case, ...]:
    """In the open, round the end of a wall, and behind one without an end."""
    return (
        Case("access-open", "Access", "open plain", "Walking time in the open",
             "A plain of 200 m with a stop in the middle, cells of 0.5 m, 1.34 m/s.",
             "Distance over speed: within 1 % beyond 20 m; within a minute lies the circle, within 1 % (the bounds are ours).",
             "Known answer: distances", _open, _PLAIN),
        Case("access-detour", "Access", "round a wall", "The detour round the end of a wall",
             "A wall of 90 m between the stop and what is looked at.",
             "The way over its two corners: mean error at most 1 % on cells of 0.5 m and less (the bound is ours).",
             "Known answer: distances", _round_the_wall, _WALL),
        Case("access-cut-off", "Access", "cut off", "What a closure cuts off is told",
             "The same with the wall going on to the edge of the plain.",
             "Nothing behind it is reached, all before it is; the area behind it within half a metre along its edge.",
             "Known answer: areas", _cut_off, _CLOSED),
    )  # fmt: skip
