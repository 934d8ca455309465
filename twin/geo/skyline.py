"""Between which heights a city lies, block by block: bounds that are had without making its rasters.

What stands far off can be in the way of a ray only where it is high. So a part of a city can be worked out with as little around
it as these bounds allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.geo.kernels import relief as kernels
from twin.geo.rasterize import STANDING
from twin.geo.trees import trees_of
from twin.grid import GridSpec

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.geo.terrain import Terrain

BLOCK_M = 50.0
"""Side of a block [m]; four cells of the coarsest raster if that is more."""


@dataclass(frozen=True, slots=True, eq=False)
class Skyline:
    """Bounds of the heights of a city.

    Parameters
    ----------
    grid : GridSpec
        The blocks, which cover the city.
    low : (R, C) float64
        No surface in a block is lower [m].
    high : (R, C) float64
        Nothing in a block is higher, crowns included [m].
    """

    grid: GridSpec
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def skyline(city: City, cell: float = 1.0) -> Skyline:
    """Bounds of the heights that `twin.geo.rasterize` gives.

    Parameters
    ----------
    city : City
    cell : float
        Of the rasters that they are to hold for [m].

    Raises
    ------
    GeometryError
        When the city is empty.
    """
    cells = [cell, *(one.grid.cell for one in (city.terrain, city.dsm, city.canopy) if one is not None)]
    grid = GridSpec.from_bounds(city.bounds, max(BLOCK_M, 4.0 * max(cells)))
    low, high = _ground_of(city, grid)
    if not _raise(city, grid, high) and city.dsm is not None:
        high = np.fmax(high, _of_raster(city.dsm, grid)[1])
    trees = trees_of(city)
    if len(trees):
        foot = np.where(np.isnan(trees.foot_m), city.ground_at(*trees.xy.T), trees.foot_m)
        sides = 0.5 * trees.diameter_m[:, None] * np.array([-1.0, 1.0, 0.0])
        column = (trees.xy[:, :1] + sides - grid.west) / grid.cell
        row = (grid.north - trees.xy[:, 1:] - sides) / grid.cell
        kernels.raise_blocks(column, row, np.repeat((foot + trees.height_m)[:, None], 3, axis=1), high)
    # what lies between two cells of a raster, and a cell that reaches over the edge of a block, is of the blocks around too
    low, high = _around(low, np.fmin), _around(high, np.fmax)
    if not len(trees) and city.canopy is not None:
        high = np.fmax(high, high + _around(_of_raster(city.canopy, grid)[1], np.fmax))
    return Skyline(grid, low, high)


def _ground_of(city: City, grid: GridSpec) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of the ground in each block."""
    usual, terrain = city.usual_ground_m, city.terrain
    if terrain is None or not np.isfinite(terrain.height).any():
        return np.full(grid.shape, usual), np.full(grid.shape, usual)
    low, high, whole = _of_raster(terrain, grid)
    low, high = np.where(whole, low, np.fmin(low, usual)), np.where(whole, high, np.fmax(high, usual))
    # beyond the terrain the ground is that of its edge, wherever that is
    west, south, east, north = city.bounds
    edges_x, edges_y = grid.west + grid.cell * np.arange(grid.columns + 1), grid.north - grid.cell * np.arange(grid.rows + 1)
    left, right = np.maximum(edges_x[:-1], west), np.minimum(edges_x[1:], east)
    top, bottom = np.minimum(edges_y[:-1], north), np.maximum(edges_y[1:], south)
    known = terrain.grid
    over_x, over_y = (left < known.west) | (right > known.east), (top > known.north) | (bottom < known.south)
    beyond = over_y[:, None] | over_x[None, :]
    low[beyond] = min(float(np.nanmin(terrain.height)), usual)
    high[beyond] = max(float(np.nanmax(terrain.height)), usual)
    return low, high


def _of_raster(raster: Terrain, grid: GridSpec) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Least and greatest height of a raster in each block, NaN where it has none, and whether it knows all of its cells there."""
    row, column = grid.index(raster.grid.x[:1], raster.grid.y)[0], grid.index(raster.grid.x, raster.grid.y[:1])[1]
    rows, columns = (np.flatnonzero((one >= 0) & (one < count)) for one, count in zip((row, column), grid.shape, strict=True))
    low, high, whole = np.full(grid.shape, np.nan), np.full(grid.shape, np.nan), np.zeros(grid.shape, np.bool_)
    if len(rows) and len(columns):
        inside = raster.height[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        (blocks, first), (across, left) = (np.unique(one, return_index=True) for one in (row[rows], column[columns]))
        at = np.ix_(blocks, across)
        low[at] = np.fmin.reduceat(np.fmin.reduceat(inside, left, axis=1), first, axis=0)
        high[at] = np.fmax.reduceat(np.fmax.reduceat(inside, left, axis=1), first, axis=0)
        # a sum that is not finite has a part that is not
        whole[at] = np.isfinite(np.add.reduceat(np.add.reduceat(inside, left, axis=1), first, axis=0))
    return low, high, whole


def _raise(city: City, grid: GridSpec, high: NDArray[np.float64]) -> bool:
    """Raise blocks to what stands in them; whether any building has triangles."""
    mesh = city.surfaces
    if not len(mesh):
        return False
    layers = city.objects["layer"].to_numpy()
    chosen = np.isin(layers, STANDING)[mesh.owner]
    corners = mesh.vertices[mesh.triangles[chosen]] + city.origin
    column, row = (corners[..., 0] - grid.west) / grid.cell, (grid.north - corners[..., 1]) / grid.cell
    kernels.raise_blocks(column, row, np.ascontiguousarray(corners[..., 2]), high)
    return bool((layers == "buildings")[mesh.owner].any())


def _around(values: NDArray[np.float64], how: np.ufunc) -> NDArray[np.float64]:
    """The least or the greatest of each block and the eight around it."""
    for axis in (0, 1):
        ahead, behind = values.copy(), values.copy()
        moved = np.moveaxis(values, axis, 0)
        np.moveaxis(ahead, axis, 0)[:-1] = moved[1:]
        np.moveaxis(behind, axis, 0)[1:] = moved[:-1]
        values = how(how(ahead, values), behind)
    return values
