"""A ground of triangles to a raster of heights, exact on each triangle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.geo.crs import short_name
from twin.geo.kernels.tin import drape
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

if TYPE_CHECKING:
    from pyproj import CRS

CELL_M = 1.0
MAX_CELLS = 4_000_000
MAX_LOOKS = 100_000_000


def terrain_from_triangles(points: NDArray[np.float64], triangles: NDArray[np.int32], crs: CRS) -> Terrain | None:
    """Height of a triangulated ground at the middle of each cell.

    Parameters
    ----------
    points : (V, 3) float64
        In the coordinates of `crs` [m].
    triangles : (T, 3) int32
        Rows of `points`.
    crs : pyproj.CRS
        Of the points.

    Returns
    -------
    Terrain or None
        Cells of 1 m, or of the power of two that keeps them under 4 million; NaN beyond the triangles; the highest
        where triangles lie over each other. None when there are no triangles.
    """
    if not len(triangles):
        return None
    corners = points[triangles]
    low, high = corners[..., :2].min(axis=(0, 1)), corners[..., :2].max(axis=(0, 1))
    cell = CELL_M
    sides = np.ptp(corners[..., :2], axis=1)
    whole = high - low
    # Triangles that lie over each other many times must not take for ever either.
    while np.prod(whole / cell + 1) > MAX_CELLS or np.prod(sides / cell + 1, axis=1).sum() > MAX_LOOKS:
        cell *= 2
    bounds = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    grid = GridSpec.from_bounds(bounds, cell, crs=short_name(crs))
    height = np.full(grid.shape, -np.inf)
    # Columns and rows as float, with the middle of cell (0, 0) at (0, 0).
    column = (corners[..., 0] - grid.west) / cell - 0.5
    row = (grid.north - corners[..., 1]) / cell - 0.5
    drape(column, row, np.ascontiguousarray(corners[..., 2]), height)
    height[np.isneginf(height)] = np.nan
    return Terrain(grid, height.astype(np.float32))
