"""The grid every raster shares: row 0 is north, indices are (row, column)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.errors import GridError

MAX_CELLS = 2_000_000_000
"""More cells than this in one grid is taken for a mistake (a wrong extent or unit)."""


@dataclass(frozen=True, slots=True)
class GridSpec:
    """Where the cells of a raster lie.

    Parameters
    ----------
    west, north : float
        Outer corner of cell (0, 0), in the coordinates of `crs` [m].
    cell : float
        Side of a square cell [m].
    shape : tuple of int
        Rows and columns.
    crs : str, optional
        Authority code such as ``"EPSG:7415"``, or a local label; None for a bare plane.

    Raises
    ------
    GridError
        When the cell is not positive and finite, or there are no cells or too many.
    """

    west: float
    north: float
    cell: float
    shape: tuple[int, int]
    crs: str | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.cell) and self.cell > 0):
            raise GridError(f"a cell of {self.cell} m is not possible", hint="give a positive size in metres")
        if not (math.isfinite(self.west) and math.isfinite(self.north)):
            raise GridError("the origin of a grid must be finite")
        rows, columns = self.shape
        if rows < 1 or columns < 1:
            raise GridError(f"a grid of {rows} x {columns} cells is empty")
        if rows * columns > MAX_CELLS:
            raise GridError(
                f"a grid of {rows} x {columns} cells is too large",
                hint="use a larger cell, or a smaller area; check that coordinates are in metres",
            )

    @classmethod
    def from_bounds(
        cls,
        bounds: tuple[float, float, float, float],
        cell: float,
        *,
        crs: str | None = None,
        margin: float = 0.0,
        snap: bool = True,
    ) -> GridSpec:
        """Cover a box.

        Parameters
        ----------
        bounds : tuple of float
            West, south, east, north [m].
        cell : float
            Side of a cell [m].
        margin : float
            Added on each side [m].
        snap : bool
            Put cell edges on whole multiples of the cell, so that grids of neighbouring areas align.
        """
        if not all(math.isfinite(v) for v in bounds):
            raise GridError(f"the bounds {bounds} are not finite")
        if not (math.isfinite(cell) and cell > 0):
            raise GridError(f"a cell of {cell} m is not possible", hint="give a positive size in metres")
        west, south, east, north = bounds
        west, south, east, north = west - margin, south - margin, east + margin, north + margin
        if snap:
            west = math.floor(west / cell + 1e-9) * cell
            north = math.ceil(north / cell - 1e-9) * cell
        columns = max(1, math.ceil((east - west) / cell - 1e-9))
        rows = max(1, math.ceil((north - south) / cell - 1e-9))
        return cls(west, north, cell, (rows, columns), crs)

    @property
    def rows(self) -> int:
        return self.shape[0]

    @property
    def columns(self) -> int:
        return self.shape[1]

    @property
    def east(self) -> float:
        return self.west + self.columns * self.cell

    @property
    def south(self) -> float:
        return self.north - self.rows * self.cell

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north [m]."""
        return self.west, self.south, self.east, self.north

    @property
    def x(self) -> NDArray[np.float64]:
        """Centres of the columns, (columns,) float64 [m]."""
        return np.asarray(self.west + (np.arange(self.columns) + 0.5) * self.cell, dtype=np.float64)

    @property
    def y(self) -> NDArray[np.float64]:
        """Centres of the rows, (rows,) float64, falling [m]."""
        return np.asarray(self.north - (np.arange(self.rows) + 0.5) * self.cell, dtype=np.float64)

    def index(
        self, x: NDArray[np.float64] | float, y: NDArray[np.float64] | float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row and column of each point; points outside give indices outside the shape."""
        column = np.floor((np.asarray(x, dtype=np.float64) - self.west) / self.cell).astype(np.int64)
        row = np.floor((self.north - np.asarray(y, dtype=np.float64)) / self.cell).astype(np.int64)
        return row, column

    def contains(self, row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each index is a cell of this grid."""
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        return np.asarray(inside, dtype=np.bool_)

    def gdal_transform(self) -> tuple[float, float, float, float, float, float]:
        """Coefficients (a, b, c, d, e, f) of the affine map from (column, row) to (x, y)."""
        return self.cell, 0.0, self.west, 0.0, -self.cell, self.north

    def coarsen(self, factor: int) -> GridSpec:
        """The grid with cells `factor` times as large that covers this one (same north-west corner)."""
        if factor < 1:
            raise GridError(f"a grid cannot be coarsened {factor} times")
        rows, columns = -(-self.rows // factor), -(-self.columns // factor)
        return GridSpec(self.west, self.north, self.cell * factor, (rows, columns), self.crs)

    def shifted(self, dx: float, dy: float) -> GridSpec:
        """The same grid moved by (dx, dy) [m]."""
        return GridSpec(self.west + dx, self.north + dy, self.cell, self.shape, self.crs)
