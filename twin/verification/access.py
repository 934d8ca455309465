"""Access: walking times whose exact values are known and what is cut off; widths, lengths and limits of streets for vehicles."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import shapely

from twin.discretize import Ground, discretize_area
from twin.impacts.routes import barred
from twin.impacts.streets import CELLAR_AXLE_T, CELLAR_WEIGHT_T, CELLAR_WIDTH_M, medial_axis_of
from twin.scenario.routes import Vehicle
from twin.sim.impact import network
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


_GATES_M = (2.0, 2.3, 2.55, 3.5, 4.2)
_STREET_M = 6.4
_GATED = Site(
    {"streets": shapely.union_all([
        shapely.box(0, 0, 20, 200),
        *(shapely.box(19, 20 + 35 * k, 100, 20 + 35 * k + _STREET_M).difference(shapely.union(
            shapely.box(60, 20 + 35 * k, 60.3, 20 + 35 * k + (_STREET_M - gate) / 2),
            shapely.box(60, 20 + 35 * k + (_STREET_M + gate) / 2, 60.3, 20 + 35 * k + _STREET_M),
        )) for k, gate in enumerate(_GATES_M)),
    ])},
    {"from": (shapely.Point(10, 100).buffer(2.0), "streets")},
)  # fmt: skip

_BLOCK_M, _NARROW_M, _BLOCKS = 60.0, 3.0, 4
_PITCH_M = _BLOCK_M + _NARROW_M
_GRID = Site(
    {"streets": shapely.box(0, 0, _BLOCKS * _PITCH_M + _NARROW_M, _BLOCKS * _PITCH_M + _NARROW_M).difference(shapely.union_all([
        shapely.box(_NARROW_M + x * _PITCH_M, _NARROW_M + y * _PITCH_M, (x + 1) * _PITCH_M, (y + 1) * _PITCH_M)
        for x in range(_BLOCKS) for y in range(_BLOCKS)
    ]))},
    {"from": (shapely.Point(1.5, 1.5).buffer(1.0), "streets")},
)  # fmt: skip


_ABOVE = Site(
    {"street": shapely.box(0, 0, 60, 8)}, {"from": (shapely.Point(4, 4).buffer(2.0), "street")},
    areas={"above cellars": shapely.box(20, 0, 40, 8)},
)  # fmt: skip


def _node(links: network.Links, x: float, y: float) -> int:
    return int(np.argmin(np.hypot(links.points[:, 0] - x, links.points[:, 1] - y)))


def _gates(trial: Trial) -> Found:
    """Behind each gate the widest vehicle that gets there is as wide as it."""
    links, width = medial_axis_of(_GATED.floors["streets"], 0.5)
    start, count = _node(links, 10, 100), len(links.points)
    measures = []
    for k, gate in enumerate(_GATES_M):
        end = _node(links, 90, 20 + 35 * k + _STREET_M / 2)
        found = network.widest(count, links.ends, width, start, end)
        measures.append(Measure(f"greatest width through a gate of {gate:g} m", found, "m", gate - 0.03, gate + 0.03, 3))
    x = links.points[links.ends].mean(axis=1)[:, 0]
    inner = (x > 72) & (x < 90)
    off = float(np.abs(width[inner] - _STREET_M).max())
    measures.append(Measure(f"greatest error of the width of streets of {_STREET_M:g} m", off, "m", -math.inf, 0.02, 4))
    return Found(tuple(measures))


def _grid(trial: Trial) -> Found:
    """From one corner of a grid of streets to crossings: along the axes of the streets."""
    links, _ = medial_axis_of(_GRID.floors["streets"], 0.5)
    span, count = network.lengths(links), len(links.points)
    both = np.concatenate([links.ends[:, 0], links.ends[:, 1]]), np.concatenate([links.ends[:, 1], links.ends[:, 0]])
    at = [_node(links, 1.5 + x * _PITCH_M, 1.5 + y * _PITCH_M) for x in range(_BLOCKS + 1) for y in range(_BLOCKS + 1)]
    found = network.shortest(count, *both, np.concatenate([span, span]), np.array(at[:1])).cost[at[1:]]
    known = np.array([(x + y) * _PITCH_M for x in range(_BLOCKS + 1) for y in range(_BLOCKS + 1)][1:])
    back = network.shortest(count, *both, np.concatenate([span, span]), np.array(at[-1:])).cost[at[0]]
    off = 100.0 * np.abs(found / known - 1.0)
    measures = (
        Measure("greatest error of a length", float(off.max()), "%", -math.inf, 2.0),
        Measure("mean error of lengths", float(off.mean()), "%", -math.inf, 1.0, 2),
        Measure("there and back", float(abs(back - found[-1])), "m", 0.0, 1e-6, 6),
    )
    return Found(measures)


def _limits(trial: Trial) -> Found:
    """Vehicles just within and just beyond each limit above cellars."""
    edge = {
        "width_m": 8.0, "axle_limit_t": CELLAR_AXLE_T, "weight_limit_t": CELLAR_WEIGHT_T, "width_limit_m": CELLAR_WIDTH_M,
        "height_limit_m": math.nan, "strict": False, "no_entry": False, "steps": False, "surface": "street", "slope": 0.0,
    }  # fmt: skip
    street = pd.DataFrame([edge])
    within = Vehicle(width_m=2.30, axle_load_t=2.0, weight_t=3.5)
    tried = {
        "2.30 m, 2 t, 3.5 t": (within, 1.0), "width 2.31 m": (within.model_copy(update={"width_m": 2.31}), 0.0),
        "axle 2.01 t": (within.model_copy(update={"axle_load_t": 2.01}), 0.0),
        "weight 3.51 t": (within.model_copy(update={"weight_t": 3.51}), 0.0),
        "fire engine of 16 t": (Vehicle(width_m=2.55, axle_load_t=10.0, weight_t=16.0, emergency=True), 1.0),
    }  # fmt: skip
    return Found(tuple(
        Measure(f"gets through: {name}", float(barred(street, vehicle)[0] == ""), "", known, known, 0)
        for name, (vehicle, known) in tried.items()
    ))  # fmt: skip


def cases() -> tuple[Case, ...]:
    """On foot in the open, round the end of a wall, and behind one without an end; for vehicles gates, a grid and limits."""
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
        Case("access-gates", "Access", "gates", "How wide what gets through is",
             "Five streets of 6.4 m with gates of 2 to 4.2 m, and the medial axis of all of it.",
             "The widest that gets behind each gate is as wide as it, within 3 cm; the streets within 2 cm (the bounds are ours).",
             "Known answer: widths", _gates, _GATED),
        Case("access-grid", "Access", "grid", "How long ways over a grid of streets are",
             "Blocks of 60 m between streets of 3 m; from one corner to all 24 other crossings.",
             "The pitches along both sides, within 2 %, on average within 1 %; as long there as back (the bounds are ours).",
             "Known answer: lengths", _grid, _GRID),
        Case("access-cellars", "Access", "above cellars", "Which vehicles may drive above wharf cellars",
             "A street above cellars, and vehicles at each limit and just beyond it.",
             "At most 2 t on an axle, 3.5 t in all and 2.30 m wide; emergency services are exempt.",
             "Municipality of Utrecht, Werfkelders beschermen tegen zwaar verkeer", _limits, _ABOVE),
    )  # fmt: skip
