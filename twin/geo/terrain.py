"""The ground as a raster of heights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import GridError
from twin.grid import GridSpec

if TYPE_CHECKING:
    import xarray as xr


AT_ONCE = 250_000
"""Points that are looked up at a time: each takes some hundred bytes meanwhile."""


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """Height of the ground on a grid.

    Parameters
    ----------
    grid : GridSpec
        In the coordinates of the city's CRS (not relative to its origin).
    height : (rows, columns) float32
        Height of the ground in the vertical datum of the CRS [m]; NaN where unknown.
    name : str
        Of the file or files that it was read from, for ``height_source``.
    """

    grid: GridSpec
    height: NDArray[np.float32]
    name: str = ""

    def __post_init__(self) -> None:
        if self.height.shape != self.grid.shape:
            raise GridError(f"heights of shape {self.height.shape} do not fit a grid of {self.grid.shape}")
        object.__setattr__(self, "height", np.ascontiguousarray(self.height, dtype=np.float32))

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bilinear height at points in the coordinates of the CRS.

        Parameters
        ----------
        x, y : (N,) float64
            Coordinates [m].

        Returns
        -------
        (N,) float64
            Height [m]; beyond the edge the nearest cell's; NaN where all four cells around are unknown, and for a point that
            is NaN.
            Where only some are unknown the others are weighted alone.
        """
        if np.ndim(x) == 1 and np.size(x) > AT_ONCE:
            found = np.empty(np.size(x))
            for first in range(0, len(found), AT_ONCE):
                some = slice(first, first + AT_ONCE)
                found[some] = self.at(np.asarray(x)[some], np.asarray(y)[some])
            return found
        grid = self.grid
        column = np.clip((np.asarray(x, dtype=np.float64) - grid.west) / grid.cell - 0.5, 0, grid.columns - 1)
        row = np.clip((grid.north - np.asarray(y, dtype=np.float64)) / grid.cell - 0.5, 0, grid.rows - 1)
        nowhere = np.isnan(column) | np.isnan(row)
        if nowhere.any():
            column, row = np.where(nowhere, 0.0, column), np.where(nowhere, 0.0, row)
        c0, r0 = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
        c1, r1 = np.minimum(c0 + 1, grid.columns - 1), np.minimum(r0 + 1, grid.rows - 1)
        fc, fr = column - c0, row - r0
        total = np.zeros(column.shape)
        weights = np.zeros(column.shape)
        for r, c, weight in ((r0, c0, (1 - fr) * (1 - fc)), (r0, c1, (1 - fr) * fc), (r1, c0, fr * (1 - fc)), (r1, c1, fr * fc)):
            value = self.height[r, c].astype(np.float64)
            known = np.isfinite(value)
            total += np.where(known, value * weight, 0.0)
            weights += np.where(known & ~nowhere, weight, 0.0)
        return np.divide(total, weights, out=np.full(column.shape, np.nan), where=weights > 1e-9)

    def to_xarray(self) -> xr.DataArray:
        """The heights with their coordinates: dims ``y`` (falling) and ``x``, middles of cells [m]."""
        import xarray as xr

        attributes = {"units": "m", "long_name": "height", "cell_m": float(self.grid.cell), "crs": self.grid.crs or ""}
        return xr.DataArray(
            self.height, dims=("y", "x"), coords={"y": self.grid.y, "x": self.grid.x}, name="height_m", attrs=attributes
        )

    def slope_deg(self) -> NDArray[np.float32]:
        """Steepest slope of each cell, from its eight neighbours.

        Horn (1981), "Hill shading and the reflectance map", Proceedings of the IEEE 69(1), 14-47. A neighbour that is unknown or
        beyond the edge stands on the line through the cell and the neighbour opposite; where that is unknown too, at its height.

        Returns
        -------
        (rows, columns) float32
            Angle with the horizontal [deg]; NaN where the cell is unknown.
        """
        rows, columns = self.height.shape
        padded = _extended(_extended(self.height.astype(np.float64)).T).T
        middle = padded[1:-1, 1:-1]

        def at(row: int, column: int) -> NDArray[np.float64]:
            here = padded[1 + row : 1 + row + rows, 1 + column : 1 + column + columns]
            there = padded[1 - row : 1 - row + rows, 1 - column : 1 - column + columns]
            return np.where(np.isfinite(here), here, np.where(np.isfinite(there), 2 * middle - there, middle))

        east = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1)
        south = at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1)
        rise = np.hypot(east, south) / (8 * self.grid.cell)
        return np.where(np.isfinite(middle), np.degrees(np.arctan(rise)), np.nan).astype(np.float32)

    def clipped(self, bounds: tuple[float, float, float, float]) -> Terrain:
        """The cells that a box touches, as they are.

        Parameters
        ----------
        bounds : tuple of float
            West, south, east, north [m].

        Raises
        ------
        GridError
            When the box has no area or touches no cell.
        """
        west, south, east, north = bounds
        grid = self.grid
        if not (west < east and south < north):
            raise GridError(f"the box {bounds} has no area", hint="give west, south, east, north, in this order")
        left = max(int(np.floor((west - grid.west) / grid.cell + 1e-9)), 0)
        right = min(int(np.ceil((east - grid.west) / grid.cell - 1e-9)), grid.columns)
        top = max(int(np.floor((grid.north - north) / grid.cell + 1e-9)), 0)
        bottom = min(int(np.ceil((grid.north - south) / grid.cell - 1e-9)), grid.rows)
        if left >= right or top >= bottom:
            raise GridError(f"the box {bounds} lies beyond the terrain, which covers {grid.bounds}")
        corner = grid.west + left * grid.cell, grid.north - top * grid.cell
        part = GridSpec(*corner, grid.cell, (bottom - top, right - left), grid.crs)
        return Terrain(part, self.height[top:bottom, left:right], self.name)

    def resampled(self, grid: GridSpec) -> Terrain:
        """The heights on another grid of the same CRS.

        Cells at least twice as large get the mean of what they cover, others are interpolated bilinearly; on the same cells
        the heights stay bit by bit. NaN beyond this terrain.

        Raises
        ------
        GridError
            When the grid is said to be in another CRS.
        """
        if grid.crs and self.grid.crs and grid.crs != self.grid.crs:
            hint = "resampling keeps the CRS: read the raster into the one you want"
            raise GridError(f"the grid is in {grid.crs}, the terrain in {self.grid.crs}", hint=hint)
        if (grid.west, grid.north, grid.cell, grid.shape) == (self.grid.west, self.grid.north, self.grid.cell, self.grid.shape):
            return Terrain(grid, self.height, self.name)
        out = np.full(grid.shape, np.nan, dtype=np.float32)
        right, down = (grid.west - self.grid.west) / grid.cell, (self.grid.north - grid.north) / grid.cell
        if grid.cell == self.grid.cell and right == round(right) and down == round(down):
            first, last = max(0, -round(down)), min(grid.rows, self.grid.rows - round(down))
            left, end = max(0, -round(right)), min(grid.columns, self.grid.columns - round(right))
            if first < last and left < end:
                part = self.height[first + round(down) : last + round(down), left + round(right) : end + round(right)]
                out[first:last, left:end] = part
            return Terrain(grid, out, self.name)
        import rasterio
        from rasterio.warp import Resampling, reproject

        how = Resampling.average if grid.cell >= 2 * self.grid.cell else Resampling.bilinear
        plane = rasterio.crs.CRS.from_wkt('LOCAL_CS["plane",UNIT["metre",1]]')
        reproject(
            self.height, out, src_transform=rasterio.Affine(*self.grid.gdal_transform()), src_crs=plane, src_nodata=np.nan,
            dst_transform=rasterio.Affine(*grid.gdal_transform()), dst_crs=plane, dst_nodata=np.nan, resampling=how,
        )  # fmt: skip
        return Terrain(grid, out, self.name)


def _extended(height: NDArray[np.float64]) -> NDArray[np.float64]:
    """One more row above and below, on the line through the two rows next to it."""
    first, last = height[:1], height[-1:]
    if len(height) > 1:
        first, last = 2 * height[:1] - height[1:2], 2 * height[-1:] - height[-2:-1]
    return np.concatenate([first, height, last])
