"""A ground of triangles to a raster of heights, exact on each triangle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.geo.crs import short_name
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

if TYPE_CHECKING:
    from pyproj import CRS

CELL_M = 1.0
MAX_CELLS = 4_000_000
_AT_ONCE = 1_000_000


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
    while math.ceil((high[0] - low[0]) / cell + 1) * math.ceil((high[1] - low[1]) / cell + 1) > MAX_CELLS:
        cell *= 2
    bounds = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    grid = GridSpec.from_bounds(bounds, cell, crs=short_name(crs))
    height = np.full(grid.shape[0] * grid.shape[1], -np.inf)
    # Columns and rows as float, with the middle of cell (0, 0) at (0, 0).
    column = (corners[..., 0] - grid.west) / cell - 0.5
    row = (grid.north - corners[..., 1]) / cell - 0.5
    z = corners[..., 2]
    first_column = np.maximum(np.ceil(column.min(axis=1) - 1e-9), 0).astype(np.int64)
    last_column = np.minimum(np.floor(column.max(axis=1) + 1e-9), grid.shape[1] - 1).astype(np.int64)
    first_row = np.maximum(np.ceil(row.min(axis=1) - 1e-9), 0).astype(np.int64)
    last_row = np.minimum(np.floor(row.max(axis=1) + 1e-9), grid.shape[0] - 1).astype(np.int64)
    wide, tall = np.maximum(last_column - first_column + 1, 0), np.maximum(last_row - first_row + 1, 0)
    doubled = (column[:, 1] - column[:, 0]) * (row[:, 2] - row[:, 0]) - (column[:, 2] - column[:, 0]) * (
        row[:, 1] - row[:, 0]
    )
    cells = np.where(np.abs(doubled) > 1e-12, wide * tall, 0)
    chunk = np.cumsum(cells) // _AT_ONCE
    for number in np.unique(chunk[cells > 0]):
        of = np.flatnonzero((chunk == number) & (cells > 0))
        t = np.repeat(of, cells[of])
        place = np.arange(len(t)) - np.repeat(np.cumsum(cells[of]) - cells[of], cells[of])
        r, c = first_row[t] + place // wide[t], first_column[t] + place % wide[t]
        b1 = ((c - column[t, 0]) * (row[t, 2] - row[t, 0]) - (column[t, 2] - column[t, 0]) * (r - row[t, 0])) / doubled[
            t
        ]
        b2 = ((column[t, 1] - column[t, 0]) * (r - row[t, 0]) - (c - column[t, 0]) * (row[t, 1] - row[t, 0])) / doubled[
            t
        ]
        inside = (b1 >= -1e-9) & (b2 >= -1e-9) & (b1 + b2 <= 1 + 1e-9)
        t, b1, b2 = t[inside], b1[inside], b2[inside]
        value = z[t, 0] + b1 * (z[t, 1] - z[t, 0]) + b2 * (z[t, 2] - z[t, 0])
        np.maximum.at(height, r[inside] * grid.shape[1] + c[inside], value)
    height[np.isneginf(height)] = np.nan
    return Terrain(grid, height.reshape(grid.shape).astype(np.float32))
