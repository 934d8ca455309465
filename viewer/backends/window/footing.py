"""What one walks on: floors as rasters of height, and where buildings stand."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from viewer import raster
from viewer.scene import MeshLayer, Scene

FLOORS = ("ground", "street", "green", "bridges", "surroundings")
STEP_M = 0.7
"""A rise that one steps over."""
HEADROOM_M = 2.0
MOST_CELLS = 4_000_000


class Footing:
    """Floors and walls of a scene, to walk on and between.

    Parameters
    ----------
    scene : Scene
        All its layers count, also those that are not shown.
    """

    def __init__(self, scene: Scene) -> None:
        meshes = [one for one in scene.layers if isinstance(one, MeshLayer) and len(one.triangles)]
        floors = [one for one in meshes if one.group in FLOORS and one.name != "quay_walls"]
        inner = [one for one in floors if one.group != "surroundings"] or floors or meshes
        low, high = _bounds(inner)
        self.cell = max(0.5, math.sqrt(max((high[0] - low[0]) * (high[1] - low[1]), 1.0) / MOST_CELLS))
        self.west, self.north = float(low[0]) - self.cell, float(high[1]) + self.cell
        self.shape = (int((self.north - low[1]) / self.cell) + 2, int((high[0] - self.west) / self.cell) + 2)
        self.default = float(np.median([np.median(one.vertices[:, 2]) for one in inner])) if inner else 0.0
        top = self._raster([one for one in floors if one.group != "bridges"])
        # a deck is a floor over another floor: both can be walked on
        self._floors = [top, self._raster([one for one in floors if one.group == "bridges"])]
        solid = self._raster([one for one in meshes if one.group in ("buildings", "change")])
        self._wall = np.nan_to_num(solid, nan=-np.inf)

    def _raster(self, layers: list[MeshLayer]) -> NDArray[np.float32]:
        out = np.full(self.shape, np.nan, np.float32)
        for layer in layers:
            raster.top_heights(layer.vertices, layer.triangles, self.west, self.north, self.cell, self.shape, out)
        return out

    def _at(self, x: float, y: float) -> tuple[int, int] | None:
        i, j = math.floor((self.north - y) / self.cell), math.floor((x - self.west) / self.cell)
        return (i, j) if 0 <= i < self.shape[0] and 0 <= j < self.shape[1] else None

    def under(self, x: float, y: float, foot: float) -> float:
        """Height of the floor that somebody stands on whose feet are at a height [m].

        Of several floors the highest that can be stepped on; where none can, the lowest. Outside all floors the height stays.
        """
        at = self._at(x, y)
        if at is None:
            return foot
        heights = [float(floor[at]) for floor in self._floors if np.isfinite(floor[at])]
        if not heights:
            return foot
        reachable = [height for height in heights if height <= foot + STEP_M]
        return max(reachable) if reachable else min(heights)

    def passable(self, x: float, y: float, foot: float) -> bool:
        """Whether somebody on a floor at a height can go there: no building, and no wall of the ground too high to step on."""
        at = self._at(x, y)
        if at is None:
            return True
        floor = self.under(x, y, foot)
        return not self._wall[at] > floor + HEADROOM_M and floor - foot < 3 * STEP_M

    def free_near(self, x: float, y: float, reach_m: float = 60.0) -> tuple[float, float]:
        """The nearest place outside buildings and on a floor, (x, y) itself where there is none within reach."""
        at = self._at(x, y)
        if at is None:
            return x, y
        k = int(reach_m / self.cell)
        i0, j0 = max(at[0] - k, 0), max(at[1] - k, 0)
        part = np.s_[i0 : at[0] + k + 1, j0 : at[1] + k + 1]
        floor = self._floors[0][part]
        free = np.isfinite(floor) & ~(self._wall[part] > np.nan_to_num(floor) + HEADROOM_M)
        if not free.any():
            return x, y
        rows, columns = np.nonzero(free)
        nearest = int(np.argmin((rows + i0 - at[0]) ** 2 + (columns + j0 - at[1]) ** 2))
        if rows[nearest] + i0 == at[0] and columns[nearest] + j0 == at[1]:
            return x, y
        return (
            self.west + (float(columns[nearest]) + j0 + 0.5) * self.cell,
            self.north - (float(rows[nearest]) + i0 + 0.5) * self.cell,
        )


def _bounds(layers: list[MeshLayer]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not layers:
        return np.zeros(3), np.ones(3)
    low = np.min([one.vertices[one.triangles.ravel()].min(axis=0) for one in layers], axis=0)
    high = np.max([one.vertices[one.triangles.ravel()].max(axis=0) for one in layers], axis=0)
    return low, high
