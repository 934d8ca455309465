"""The grid that a point cloud supports, and what is kept of its points there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.ground_filter import ground_cells

if TYPE_CHECKING:
    from pyproj import CRS

GROUND, VEGETATION, NOISE = (2,), (3, 4, 5), (7, 18)
"""Classes of the ASPRS standard (LAS 1.4 R15, table 17)."""

POINTS_A_CELL = 3.0
"""Points spread at random leave 1 in 20 cells empty with so many a cell on average (the exponential of -3)."""

LEAST_CELL_M = 0.5
"""The cell of the Dutch height model (AHN); finer ones are not useful for a city [m]."""

MAX_CELLS = 50_000_000
OUTLIER_M = 20.0
"""A lone point higher than this above the highest around it is taken for a bird or a fault [m]."""

_DEGREE_M = 111_320.0


class Plan(NamedTuple):
    """Cells of the rasters to be made, in the CRS of the cloud.

    Parameters
    ----------
    west, south, east, north : float
        Bounds.
    dx, dy : float
        Sides of a cell, in the units of the CRS.
    shape : tuple of int
        Rows and columns.
    cell_m : float
        Side of a cell [m].
    part : float
        Part of the bounds of the cloud that the cells cover.
    """

    west: float
    south: float
    east: float
    north: float
    dx: float
    dy: float
    shape: tuple[int, int]
    cell_m: float
    part: float

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Affine map from (column, row)."""
        return self.dx, 0.0, self.west, 0.0, -self.dy, self.north


def plan_for(
    bounds: NDArray[np.float64], count: int, crs: CRS | None, window: tuple[float, float, float, float] | None, name: str
) -> Plan | None:
    """Cells that most of the time have points; None when there is nothing to put in them.

    Parameters
    ----------
    bounds : (2, 3) float64
        Lowest and highest x, y, z that the header states.
    count : int
        Points in them.
    crs : pyproj.CRS or None
    window : tuple of float, optional
        West, south, east, north of a clip.
    name : str

    Raises
    ------
    FormatError
        When the bounds are not ones.
    """
    if not count:
        return None
    low, high = bounds[0, :2], bounds[1, :2]
    if not np.isfinite(bounds).all() or (high < low).any() or np.abs(bounds[:, :2]).max() > 1e9:
        raise FormatError(f"the header states bounds that cannot be: {low.tolist()} to {high.tolist()}", where=name)
    unit = _unit_m(crs, float(low[1] + high[1]) / 2)
    extent = np.maximum((high - low) * unit, LEAST_CELL_M)
    wanted = np.sqrt(POINTS_A_CELL * float(np.prod(extent)) / count)
    cell_m = max(float(np.ceil(wanted / LEAST_CELL_M - 1e-9)) * LEAST_CELL_M, LEAST_CELL_M)
    while np.prod(np.ceil(extent / cell_m) + 2) > MAX_CELLS:
        cell_m *= 2
    dx, dy = float(cell_m / unit[0]), float(cell_m / unit[1])
    whole = float(np.prod(np.maximum(high - low, [dx, dy])))
    if window is not None:
        low, high = np.maximum(low, window[:2]), np.minimum(high, window[2:])
        if (high < low).any():
            return None
    # On whole multiples of the cell, so that neighbouring clouds share a lattice.
    west, north = float(np.floor(low[0] / dx) * dx), float(np.ceil(high[1] / dy) * dy)
    columns, rows = int((high[0] - west) / dx) + 1, int((north - low[1]) / dy) + 1
    part = min(float(np.prod(np.maximum(high - low, [dx, dy]))) / whole, 1.0)
    return Plan(west, north - rows * dy, west + columns * dx, north, dx, dy, (rows, columns), cell_m, part)


def _unit_m(crs: CRS | None, y: float) -> NDArray[np.float64]:
    """Metres in a unit of x and of y."""
    if crs is None:
        return np.ones(2)
    if crs.is_geographic:
        return np.array([_DEGREE_M * max(np.cos(np.radians(y)), 0.01), _DEGREE_M])
    return np.full(2, float(crs.axis_info[0].unit_conversion_factor))


class Accumulator:
    """Keeps, of points that come piece by piece, what the rasters need.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        size = plan.shape[0] * plan.shape[1]
        self.plan = plan
        self.seen = self.used = self.noise = self.beyond = self.ground_points = 0
        self._highest = np.full(size, -np.inf, dtype=np.float32)
        self._lowest = np.full(size, np.inf, dtype=np.float32)
        self._vegetation = np.full(size, -np.inf, dtype=np.float32)
        self._ground_sum = np.zeros(size)
        self._ground_count = np.zeros(size, dtype=np.int32)
        self._count = np.zeros(size, dtype=np.int32)

    def add(
        self,
        x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64],
        kinds: NDArray[np.uint8], withheld: NDArray[np.bool_],
    ) -> None:  # fmt: skip
        """Add points: coordinates in the CRS, heights (N,) [m], classes, and whether each is withheld."""
        plan = self.plan
        self.seen += len(x)
        keep = ~(np.isin(kinds, NOISE) | withheld)
        self.noise += int((~keep).sum())
        column, row = np.floor((x - plan.west) / plan.dx), np.floor((plan.north - y) / plan.dy)
        # A point on the southern edge belongs to the last row.
        row[(row == plan.shape[0]) & (y >= plan.south - 1e-9 * plan.dy)] = plan.shape[0] - 1
        inside = (column >= 0) & (column < plan.shape[1]) & (row >= 0) & (row < plan.shape[0]) & np.isfinite(z)
        if plan.part >= 1.0:
            self.beyond += int((keep & ~inside).sum())
        keep &= inside
        self.used += int(keep.sum())
        cell = row[keep].astype(np.int64) * plan.shape[1] + column[keep].astype(np.int64)
        height, kinds = z[keep].astype(np.float32), kinds[keep]
        size = len(self._count)
        np.maximum.at(self._highest, cell, height)
        np.minimum.at(self._lowest, cell, height)
        self._count += np.bincount(cell, minlength=size).astype(np.int32)
        ground = np.isin(kinds, GROUND)
        self.ground_points += int(ground.sum())
        self._ground_sum += np.bincount(cell[ground], weights=z[keep][ground], minlength=size)
        self._ground_count += np.bincount(cell[ground], minlength=size).astype(np.int32)
        tall = np.isin(kinds, VEGETATION)
        np.maximum.at(self._vegetation, cell[tall], height[tall])

    def filled(self) -> float:
        """Part of the cells that have a point."""
        return float((self._count > 0).mean())

    def surface(self) -> tuple[NDArray[np.float32], int]:
        """Highest point of each cell (R, C) [m], NaN without one, and how many lone outliers were taken out."""
        from scipy import ndimage

        highest = self._highest.reshape(self.plan.shape)
        around = np.ones((3, 3), dtype=bool)
        around[1, 1] = False
        neighbours = ndimage.maximum_filter(highest, footprint=around, mode="constant", cval=-np.inf)
        lone = (self._count.reshape(self.plan.shape) == 1) & np.isfinite(neighbours) & (highest > neighbours + OUTLIER_M)
        out = np.where(np.isfinite(highest) & ~lone, highest, np.nan).astype(np.float32)
        return out, int(lone.sum())

    def ground(self) -> NDArray[np.float32] | None:
        """Mean of the ground points of each cell (R, C) [m]; None when no point is classified as ground."""
        if not self.ground_points:
            return None
        count = self._ground_count
        mean = np.divide(self._ground_sum, count, out=np.full(len(count), np.nan), where=count > 0)
        return mean.astype(np.float32).reshape(self.plan.shape)

    def filtered_ground(self, cell_m: float) -> NDArray[np.float32]:
        """Lowest points of the cells (R, C) that the ground filter takes for ground [m]."""
        lowest = self._lowest.reshape(self.plan.shape)
        lowest = np.where(np.isfinite(lowest), lowest, np.nan).astype(np.float32)
        return np.where(ground_cells(lowest, cell_m), lowest, np.nan).astype(np.float32)

    def trees(self, terrain: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Height of vegetation above the terrain (R, C) [m], NaN without any; None when no point is vegetation."""
        highest = self._vegetation.reshape(self.plan.shape)
        if not np.isfinite(highest).any():
            return None
        from twin.geo.holes import fill_holes

        # Under a crown there are few points on the ground.
        ground = fill_holes(terrain, self.plan.cell_m, 20.0).values
        height = np.where(np.isfinite(highest), highest - ground, np.nan)
        return np.where(height > 0, height, np.nan).astype(np.float32)
