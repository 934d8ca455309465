"""The ground as a raster of heights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.errors import GridError
from twin.grid import GridSpec


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """Height of the ground on a grid.

    Parameters
    ----------
    grid : GridSpec
        In the coordinates of the city's CRS (not relative to its origin).
    height : (rows, columns) float32
        Height of the ground in the vertical datum of the CRS [m]; NaN where unknown.
    """

    grid: GridSpec
    height: NDArray[np.float32]

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
            Height [m]; beyond the edge the nearest cell's; NaN where all four cells around are unknown.
            Where only some are unknown the others are weighted alone.
        """
        grid = self.grid
        column = np.clip((np.asarray(x, dtype=np.float64) - grid.west) / grid.cell - 0.5, 0, grid.columns - 1)
        row = np.clip((grid.north - np.asarray(y, dtype=np.float64)) / grid.cell - 0.5, 0, grid.rows - 1)
        c0, r0 = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
        c1, r1 = np.minimum(c0 + 1, grid.columns - 1), np.minimum(r0 + 1, grid.rows - 1)
        fc, fr = column - c0, row - r0
        total = np.zeros(column.shape)
        weights = np.zeros(column.shape)
        for r, c, weight in ((r0, c0, (1 - fr) * (1 - fc)), (r0, c1, (1 - fr) * fc), (r1, c0, fr * (1 - fc)), (r1, c1, fr * fc)):
            value = self.height[r, c].astype(np.float64)
            known = np.isfinite(value)
            total += np.where(known, value * weight, 0.0)
            weights += np.where(known, weight, 0.0)
        return np.divide(total, weights, out=np.full(column.shape, np.nan), where=weights > 1e-9)
