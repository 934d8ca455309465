"""The set-ups that both sides get."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Scene:
    """A floor with people on it.

    Parameters
    ----------
    name : str
    area : shapely polygon
        Floor [m].
    exits : tuple of shapely polygon
    points : (N, 2) float64
        Starts [m].
    goal : (N,) int32
        Exit of each person.
    radius : float
        Of everybody's body [m].
    """

    name: str
    area: shapely.Polygon
    exits: tuple[shapely.Polygon, ...]
    points: NDArray[np.float64]
    goal: NDArray[np.int32]
    radius: float = 0.2


def make_square(people: int, *, density: float = 1.0, buildings: int = 25, seed: int = 1, name: str = "") -> Scene:
    """A square with buildings in rows, people spread over the rest, half bound for the western edge and half for the eastern.

    Parameters
    ----------
    people : int
    density : float
        People to the square metre of floor [1/m2].
    buildings : int
        A square number, or 0. With 25 they cover a ninth of the square, with 400 as much.
    """
    rows = math.isqrt(buildings)
    if rows * rows != buildings:
        raise ValueError(f"{buildings} buildings do not stand in a square")
    side = math.sqrt(people / density / (8.0 / 9.0 if rows else 1.0))
    pitch = side / max(rows, 1)
    corners = [((i + 1.0 / 3.0) * pitch, (j + 1.0 / 3.0) * pitch) for i in range(rows) for j in range(rows)]
    blocks = [shapely.box(x, y, x + pitch / 3.0, y + pitch / 3.0) for x, y in corners]
    area = shapely.box(0, 0, side, side).difference(shapely.union_all(blocks)) if rows else shapely.box(0, 0, side, side)
    exits = (shapely.box(0, 0, 1.0, side), shapely.box(side - 1.0, 0, side, side))
    random = np.random.default_rng(seed)
    inner = area.buffer(-0.3).difference(shapely.union_all(exits))
    shapely.prepare(inner)
    spacing = math.sqrt(1.0 / density)
    while True:
        ticks = np.arange(0.5 * spacing, side, spacing)
        points = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
        loose = max(0.0, 0.5 * (spacing - 0.45))
        points = points + random.uniform(-loose, loose, points.shape)
        points = points[shapely.contains_xy(inner, points[:, 0], points[:, 1])]
        if len(points) >= people:
            break
        spacing *= 0.995
    points = points[np.sort(random.permutation(len(points))[:people])]
    name = name or f"{people:,} people at {density:g} /m2, {buildings} buildings"
    return Scene(name, area, exits, points, random.integers(0, 2, people).astype(np.int32))


def event_square() -> Scene | None:
    """The Grosser Stern in Berlin with 44,300 people in its western arm, bound for the eastern one; None without the files.

    Geometry and starting points from JuPedSim's performance test, found through ``STADSTWIN_REAL_DATA``.
    """
    data = os.environ.get("STADSTWIN_REAL_DATA")
    folder = Path(data) / "crowd" / "jupedsim_geometry" if data else None
    if folder is None or not folder.is_dir():
        return None
    area = shapely.from_wkt((folder / "grosser_stern.wkt").read_text())
    points = np.load(folder / "grosser_stern_positions.npy", allow_pickle=False).astype(np.float64)
    # the places are in single precision: bodies of 0.2 m would overlap by less than 0.1 mm, which JuPedSim refuses
    end = shapely.box(-1650.0, -160.0, -1643.0, -110.0).intersection(area)
    return Scene("Grosser Stern, 44,300 people", area, (end,), points, np.zeros(len(points), np.int32), radius=0.199)
