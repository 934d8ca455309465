"""Ways: travel times by the eikonal equation beside exact distances."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.discretize import Ground, discretize_area
from twin.sim.crowd.wayfinding import find_routes
from twin.sim.model import Goals
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_CELL = 0.25
_SOURCE = "Known answer: the error of scikit-fmm (second order) on 4096 x 4096 cells: mean 0.083 %, greatest 2.1 cells"


def _square(cells: int) -> Site:
    side = cells * _CELL
    middle = 0.5 * side
    return Site(
        {"floor": shapely.box(0, 0, side, side)}, {"goal": (shapely.box(middle, middle, middle + _CELL, middle + _CELL), "floor")}
    )


def _errors(ground: Ground, goal: shapely.Polygon, exact: NDArray[np.float64]) -> tuple[float, float]:
    """Mean error relative to the exact distance, and the greatest in cells, of the cells where that is finite and not 0."""
    cells = ground.cells(goal, "floor")
    routes = find_routes(ground.floor, Goals(np.array([0, len(cells)]), cells), wall_aversion=0.0)
    node = routes.node[0]
    there = (node >= 0) & np.isfinite(exact) & (exact > 0)
    time = routes.time[0][node[there]].astype(np.float64)
    off = np.abs(time - exact[there])
    return 100.0 * float((off / exact[there]).mean()), float(off.max()) / ground.floor.cell


def _middles(ground: Ground) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates of the middles of columns (1, W) and rows (H, 1) [m]."""
    return ground.grid.x[None, :], ground.grid.y[:, None]


def _in_the_open(site: Site, trial: Trial) -> Found:
    ground = discretize_area(site.floors["floor"], cell=_CELL)
    goal = site.exits["goal"][0]
    x, y = _middles(ground)
    mean, greatest = _errors(ground, goal, np.hypot(x - goal.centroid.x, y - goal.centroid.y))
    furthest = Measure("greatest error", greatest, "cells", -math.inf, 2.5)
    return Found((Measure("mean error", mean, "%", -math.inf, 0.1, 3), furthest))


_WALL = Site(
    {"floor": shapely.box(0, 0, 64, 64).difference(shapely.box(32.0, 0, 36.0, 40.0))},
    {"goal": (shapely.box(16.0, 16.0, 16.0 + _CELL, 16.0 + _CELL), "floor")},
)


def _behind_a_wall(trial: Trial) -> Found:
    """Distances over the two corners of the wall, for cells that see the goal not, by the size of the cell."""
    goal = np.array([16.125, 16.125])
    near, far = np.array([32.0, 40.0]), np.array([36.0, 40.0])
    sizes, means = (0.5, 0.25, 0.125), []
    for cell in sizes:
        ground = discretize_area(_WALL.floors["floor"], cell=cell)
        x, y = _middles(ground)
        point = shapely.box(*(goal - 0.49 * cell), *(goal + 0.49 * cell))
        cells = ground.cells(point, "floor")
        middle = np.array([ground.grid.x[cells[0, 2]], ground.grid.y[cells[0, 1]]])
        over = math.dist(middle, near) + 4.0 + np.hypot(x - far[0], y - far[1])
        hidden = (x > 36.0) & (y < 40.0)
        mean, _ = _errors(ground, point, np.where(hidden, over, np.nan))
        means.append(mean)
    limits = (math.inf, 1.0, math.inf)
    measures = [
        Measure(f"mean error with cells of {cell:g} m", mean, "%", -math.inf, limit, 3)
        for cell, mean, limit in zip(sizes, means, limits, strict=True)
    ]
    fall = max(after / before for before, after in pairwise(means))
    return Found(
        (*measures, Measure("error left when cells are halved, at most", fall, "", -math.inf, 0.7)),
        Chart((Curve("behind the wall", np.array(sizes), np.array(means)),), "cell (m)", "mean error (%)"),
    )


def cases() -> tuple[Case, ...]:
    """In the open on two grids, and behind a wall."""
    criterion = "Mean error at most 0.1 %, greatest at most 2.5 cells, against the exact distance to the goal."
    grids = [
        Case(
            f"eikonal-{cells}",
            "Eikonal",
            f"{cells} x {cells}",
            "Ways in the open",
            f"{cells} x {cells} cells, a goal of one cell in the middle.",
            criterion,
            _SOURCE,
            partial(_in_the_open, _square(cells)),
            _square(cells),
            slow=cells > 2048,
        )
        for cells in (1024, 4096)
    ]
    wall = Case(
        "eikonal-wall",
        "Eikonal",
        "behind a wall",
        "Ways round two corners",
        "64 x 64 m with a wall 4 m thick between the goal and the cells looked at, whose distance is exact: over the two corners.",
        "Mean error at most 1 % with cells of 0.25 m, and with "
        "every halving of "
        "the cells at most 0.7 of it is left: a field that bends round a corner is of first order there (our bounds).",
        "Sethian 1996 (doi:10.1073/pnas.93.4.1591) for the method; exact distances by geometry",
        _behind_a_wall,
        _WALL,
    )
    return (*grids, wall)
