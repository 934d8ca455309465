"""Small scenes that cases put people in: where they start, and where each is bound for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.discretize import discretize_area
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.models.interface import Model
from twin.sim.model import STAGE_LEAVE, Goals, Journeys, People

CELL_M = 0.1
"""Side of a navigation cell: doors here are as narrow as half a metre."""


class Scene(NamedTuple):
    """People bound for exits.

    Attributes
    ----------
    area : shapely Polygon
    exits : tuple of shapely Polygon
    points : (N, 2) float64
        Starts [m].
    bound_for : (N,) int32
        Exit of each.
    duration : float
        When to stop [s].
    """

    area: shapely.Polygon
    exits: tuple[shapely.Polygon, ...]
    points: NDArray[np.float64]
    bound_for: NDArray[np.int32]
    duration: float


def lattice(box: tuple[float, float, float, float], count: int, *, seed: int, clear: float = 0.25) -> NDArray[np.float64]:
    """Places spread evenly over a box and loosened at random, (count, 2), none within 0.42 m of another [m]."""
    west, south, east, north = box[0] + clear, box[1] + clear, box[2] - clear, box[3] - clear
    spacing = float(np.sqrt((east - west) * (north - south) / count))
    random = np.random.default_rng(seed)
    while True:
        x, y = np.meshgrid(np.arange(west + 0.5 * spacing, east, spacing), np.arange(south + 0.5 * spacing, north, spacing))
        if x.size >= count:
            break
        spacing *= 0.99
    loose = max(0.0, 0.5 * (spacing - 0.42))
    points = np.column_stack([x.ravel(), y.ravel()]) + random.uniform(-loose, loose, (x.size, 2))
    points = np.clip(points, (west, south), (east, north))
    chosen: NDArray[np.float64] = points[np.sort(random.permutation(len(points))[:count])]
    return chosen


def crowd_in(
    scene: Scene,
    model: Model,
    *,
    speed: float | NDArray[np.float64],
    radius: float,
    dt: float,
    seed: int = 1,
) -> Crowd:
    """Everybody at the start, with one free speed or one each [m/s]."""
    count = len(scene.points)
    ground = discretize_area(scene.area, cell=CELL_M)
    cells = [ground.cells(shape, "floor") for shape in scene.exits]
    goals = Goals(np.cumsum([0, *(len(c) for c in cells)]).astype(np.int64), np.concatenate(cells))
    one_each = np.arange(len(cells), dtype=np.int32)[:, None]
    journeys = Journeys(one_each, np.full(one_each.shape, STAGE_LEAVE, np.int8), np.full(one_each.shape, np.inf))
    people = People(
        scene.points[:, 0].copy(), scene.points[:, 1].copy(), np.zeros(count, np.int32), np.zeros(count), scene.bound_for,
        np.broadcast_to(np.asarray(speed, np.float64), (count,)).copy(), np.full(count, radius),
    )  # fmt: skip
    return Crowd(ground.floor, goals, journeys, people, model, dt=dt, seed=seed)


def exit_times(crowd: Crowd, duration: float) -> NDArray[np.float64]:
    """Let everybody walk for so long; when people left, sorted, of those who did [s]."""
    while not crowd.finished and crowd.time < duration:
        crowd.advance(20)
    return np.sort(crowd.exit_time[np.isfinite(crowd.exit_time)])
