"""Planes of roofs on a grid: which building, how high, and where to each cell of roof looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.geo.rasterize import Relief, raise_to, roots_of, standing

if TYPE_CHECKING:
    from twin.geo.city import City

STEEPEST_DEG = 75.0
"""What leans more than this is a wall, not a roof [deg]."""


@dataclass(frozen=True, slots=True, eq=False)
class Roofs:
    """Cells of roofs.

    Parameters
    ----------
    rows, columns : (K,) int64
        Of the grid.
    building : (K,) int32
        Row of ``city.buildings``.
    normals : (K, 3) float64
        Unit vectors of the plane that is highest over the middle of the cell: east, north, up.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    building: NDArray[np.int32]
    normals: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, keep: NDArray[np.bool_]) -> Roofs:
        return Roofs(self.rows[keep], self.columns[keep], self.building[keep], self.normals[keep])

    @property
    def slope_deg(self) -> NDArray[np.float64]:
        """Angle to the horizontal, (K,) [deg]."""
        return np.degrees(np.arccos(np.clip(self.normals[:, 2], -1.0, 1.0)))

    @property
    def azimuth_deg(self) -> NDArray[np.float64]:
        """That the plane looks to, from north clockwise, (K,) [deg]; 0 where it is level."""
        return np.degrees(np.arctan2(self.normals[:, 0], self.normals[:, 1])) % 360.0

    def lift(self, shape: tuple[int, int], cell: float) -> NDArray[np.float32]:
        """Half of what each plane rises over a cell, both ways together, (R, C) [m]; 0 off roofs.

        See `twin.sim.impact.shadow.surface`.
        """
        lift = np.zeros(shape, np.float32)
        rise = (np.abs(self.normals[:, 0]) + np.abs(self.normals[:, 1])) / self.normals[:, 2]
        lift[self.rows, self.columns] = 0.5 * cell * rise
        return lift


def roofs_of(city: City, relief: Relief) -> Roofs:
    """The roofs of a city on the grid of its relief.

    Parameters
    ----------
    city : City
    relief : Relief
        Of it, see `twin.geo.rasterize.rasterize`: only where its surface is a building there is a roof.
    """
    grid, mesh = relief.grid, city.surfaces
    none = np.empty(0, np.int64)
    if not len(mesh):
        return Roofs(none, none, np.empty(0, np.int32), np.empty((0, 3)))
    chosen, corners = standing(city, grid)
    # the same triangles in the same order as those that the surface is of, so the same one comes out on top
    highest, triangle = relief.ground.copy(), np.full(grid.shape, -1, np.int32)
    raise_to(grid, corners, np.arange(len(chosen), dtype=np.int32), highest, triangle)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.divide(normal, size, out=np.zeros_like(normal), where=size > 0.0)
    normal[normal[:, 2] < 0.0] *= -1.0  # a roof is seen from above, whichever way its corners run
    rows, columns = np.nonzero((relief.building >= 0) & (triangle >= 0))
    of = triangle[rows, columns]
    lies = normal[of, 2] > np.cos(np.radians(STEEPEST_DEG))
    rows, columns, of = rows[lies], columns[lies], of[lies]
    building = city.buildings.index.get_indexer(pd.Index(roots_of(city)))[mesh.owner[chosen[of]]].astype(np.int32)
    return Roofs(rows.astype(np.int64), columns.astype(np.int64), building, normal[of])
