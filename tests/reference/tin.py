"""Slow twin of `twin.geo.kernels.tin`: the box of each triangle, in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.crs import short_name
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

if TYPE_CHECKING:
    from pyproj import CRS

CELL_M = 1.0
MAX_CELLS = 4_000_000
MAX_LOOKS = 100_000_000
_AT_ONCE = 1_000_000
_EDGE = 1e-9


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
    height = np.full(grid.shape[0] * grid.shape[1], -np.inf)
    # Columns and rows as float, with the middle of cell (0, 0) at (0, 0).
    column = (corners[..., 0] - grid.west) / cell - 0.5
    row = (grid.north - corners[..., 1]) / cell - 0.5
    cover = _Cover.of(column, row, grid.shape)
    planes = _Planes.of(column, row)
    cells = np.where(planes.sound, cover.wide * cover.tall, 0)
    chunk = np.cumsum(cells) // _AT_ONCE
    for number in np.unique(chunk[cells > 0]):
        of = np.flatnonzero((chunk == number) & (cells > 0))
        t = np.repeat(of, cells[of])
        place = np.arange(len(t)) - np.repeat(np.cumsum(cells[of]) - cells[of], cells[of])
        down, across = np.divmod(place, cover.wide[t])
        r, c = cover.row[t] + down, cover.column[t] + across
        # Barycentric coordinates and height are planes over columns and rows.
        b1 = planes.first[t, 0] + planes.first[t, 1] * c + planes.first[t, 2] * r
        b2 = planes.second[t, 0] + planes.second[t, 1] * c + planes.second[t, 2] * r
        inside = (b1 >= -_EDGE) & (b2 >= -_EDGE) & (b1 + b2 <= 1 + _EDGE)
        z = corners[t[inside], :, 2]
        b1, b2 = b1[inside], b2[inside]
        value = z[:, 0] + b1 * (z[:, 1] - z[:, 0]) + b2 * (z[:, 2] - z[:, 0])
        np.maximum.at(height, r[inside] * grid.shape[1] + c[inside], value)
    height[np.isneginf(height)] = np.nan
    return Terrain(grid, height.reshape(grid.shape).astype(np.float32))


class _Cover(NamedTuple):
    """Box of cells of each triangle."""

    column: NDArray[np.int64]
    row: NDArray[np.int64]
    wide: NDArray[np.int64]
    tall: NDArray[np.int64]

    @classmethod
    def of(cls, column: NDArray[np.float64], row: NDArray[np.float64], shape: tuple[int, int]) -> _Cover:
        first_column = np.maximum(np.ceil(column.min(axis=1) - _EDGE), 0).astype(np.int64)
        last_column = np.minimum(np.floor(column.max(axis=1) + _EDGE), shape[1] - 1).astype(np.int64)
        first_row = np.maximum(np.ceil(row.min(axis=1) - _EDGE), 0).astype(np.int64)
        last_row = np.minimum(np.floor(row.max(axis=1) + _EDGE), shape[0] - 1).astype(np.int64)
        wide, tall = np.maximum(last_column - first_column + 1, 0), np.maximum(last_row - first_row + 1, 0)
        return cls(first_column, first_row, wide, tall)


class _Planes(NamedTuple):
    """Weights of the second and third corner as planes over columns and rows: constant, by column, by row."""

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    sound: NDArray[np.bool_]

    @classmethod
    def of(cls, column: NDArray[np.float64], row: NDArray[np.float64]) -> _Planes:
        x, y = column[:, 0], row[:, 0]
        x1, y1, x2, y2 = column[:, 1] - x, row[:, 1] - y, column[:, 2] - x, row[:, 2] - y
        doubled = x1 * y2 - x2 * y1
        sound = np.asarray(np.abs(doubled) > 1e-12)
        doubled = np.where(sound, doubled, 1.0)
        first = np.column_stack([(x2 * y - x * y2), y2, -x2]) / doubled[:, None]
        second = np.column_stack([(x * y1 - x1 * y), -y1, x1]) / doubled[:, None]
        return cls(first, second, sound)
