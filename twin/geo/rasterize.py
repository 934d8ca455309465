"""A city as rasters of heights: the ground, what stands on it, and the crowns above.

This is the 2.5D view of a city that impacts work on: a cell is as high as the highest surface over its middle, and solid below it,
so an arch or a deck is a block. Crowns of trees are apart, with a base under which light passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.geo.crs import short_name
from twin.geo.kernels import relief as kernels
from twin.geo.trees import trees_of
from twin.grid import GridSpec

if TYPE_CHECKING:
    import xarray as xr

    from twin.geo.city import City

STANDING = ("buildings", "bridges", "roads", "stairs", "water", "other")
"""Layers whose triangles rise above the ground, or lie on it. What lies below it is lower, and so adds nothing."""

CROWN_BASE_SHARE = 0.25
"""Height at which a crown begins where only a raster says how high trees are, as a part of that (Lindberg and Grimmond 2011,
doi:10.1007/s00704-010-0382-8: trunk zone)."""

LOWEST_CROWN_M = 1.0
"""What a raster of trees says to be lower is shrubs and noise [m]."""


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """Heights of a city on a grid, all in its vertical datum.

    Parameters
    ----------
    grid : GridSpec
    ground : (R, C) float32
        Bare ground; NaN where unknown [m].
    surface : (R, C) float32
        Ground, or what stands on it: buildings, decks, walls [m].
    crown_base, crown_top : (R, C) float32
        Between which there are leaves; NaN where there is no tree [m].
    building : (R, C) int32
        Row of ``city.buildings`` whose roof `surface` is; -1 elsewhere.
    notes : tuple of str
        What was assumed, for people.
    """

    grid: GridSpec
    ground: NDArray[np.float32]
    surface: NDArray[np.float32]
    crown_base: NDArray[np.float32]
    crown_top: NDArray[np.float32]
    building: NDArray[np.int32]
    notes: tuple[str, ...] = ()

    @property
    def has_trees(self) -> bool:
        return bool(np.isfinite(self.crown_top).any())

    def to_xarray(self) -> xr.Dataset:
        """The heights with their coordinates: dims ``y`` (falling) and ``x``, middles of cells [m]."""
        import xarray as xr

        named = {
            "ground_m": (self.ground, "height of the ground"), "surface_m": (self.surface, "height of ground and buildings"),
            "crown_base_m": (self.crown_base, "height of the lowest leaves"),
            "crown_top_m": (self.crown_top, "height of the highest leaves"),
        }  # fmt: skip
        variables = {
            name: (("y", "x"), values, {"units": "m", "long_name": label}) for name, (values, label) in named.items()
        }
        about = {"crs": self.grid.crs or "", "cell_m": float(self.grid.cell)}
        return xr.Dataset(variables, coords={"y": self.grid.y, "x": self.grid.x}, attrs=about)


def rasterize(
    city: City,
    cell: float = 1.0,
    *,
    bounds: tuple[float, float, float, float] | None = None,
    trees: bool = True,
) -> Relief:
    """Heights of a city on a grid.

    The ground is the terrain (where that is unknown within the city, see `City.ground_at`). Objects with triangles stand on it;
    where the city has no building with triangles its surface model (`City.dsm`) is taken instead. Crowns are those of the layer of
    trees, as ellipsoids; without such trees those of the canopy raster.

    Parameters
    ----------
    city : City
    cell : float
        Side of a cell [m].
    bounds : (west, south, east, north), optional
        Part of the plane in the CRS of the city; by default the whole city [m].
    trees : bool
        Whether crowns are wanted.

    Raises
    ------
    GeometryError
        When the city is empty.
    GridError
        When the cell is not positive, or there are too many.
    """
    grid = GridSpec.from_bounds(city.bounds if bounds is None else bounds, cell, crs=short_name(city.crs))
    notes: list[str] = []
    ground = _ground(city, grid)
    surface = ground.copy()
    building = np.full(grid.shape, -1, np.int32)
    if not _stand(city, grid, surface, building) and city.dsm is not None:
        highest = city.dsm.resampled(grid).height
        surface = np.fmax(surface, highest)
        notes.append("Heights of buildings are those of the surface model, in which trees and cars may be solid.")
    if not trees:
        nothing = np.broadcast_to(np.float32(np.nan), grid.shape)
        return Relief(grid, ground, surface, nothing, nothing, building, tuple(notes))
    base = np.full(grid.shape, np.nan, np.float32)
    top = base.copy()
    notes += _crowns(city, grid, ground, base, top)
    return Relief(grid, ground, surface, base, top, building, tuple(notes))


def _ground(city: City, grid: GridSpec) -> NDArray[np.float32]:
    """Height of the ground; beyond the city and its terrain NaN."""
    known = np.full(grid.shape, np.nan, np.float32) if city.terrain is None else city.terrain.resampled(grid).height.copy()
    west, south, east, north = city.bounds
    inside = ((grid.y > south) & (grid.y < north))[:, None] & ((grid.x > west) & (grid.x < east))[None, :]
    rows, columns = np.nonzero(inside & np.isnan(known))
    if len(rows):
        known[rows, columns] = city.ground_at(grid.x[columns], grid.y[rows])
    return known


def _stand(city: City, grid: GridSpec, surface: NDArray[np.float32], building: NDArray[np.int32]) -> bool:
    """Raise the surface to what stands on the ground; False when no building has triangles."""
    mesh = city.surfaces
    if not len(mesh):
        return False
    rows = city.buildings.index.get_indexer(pd.Index(roots_of(city)))
    built = (city.objects["layer"].to_numpy() == "buildings")[mesh.owner]
    chosen, corners = standing(city, grid)
    raise_to(grid, corners, rows[mesh.owner[chosen]].astype(np.int32), surface, building)
    return bool(built.any())


def standing(city: City, grid: GridSpec | None = None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Triangles of a city that stand on the ground, and may reach over a grid if one is given: their numbers, (T,), and their
    corners in its CRS, (T, 3, 3) [m]."""
    mesh = city.surfaces
    wanted = np.isin(city.objects["layer"].to_numpy(), STANDING)[mesh.owner]
    chosen = np.flatnonzero(wanted if grid is None else wanted & _touching(city, grid))
    return chosen, mesh.vertices[mesh.triangles[chosen]] + city.origin


def raise_to(
    grid: GridSpec, corners: NDArray[np.float64], owner: NDArray[np.int32], height: NDArray[np.float32], of: NDArray[np.int32]
) -> None:
    """Raise cells to the highest triangle over their middle: `twin.geo.kernels.relief.raise_to`, with corners in the CRS [m]."""
    column = (corners[..., 0] - grid.west) / grid.cell - 0.5
    row = (grid.north - corners[..., 1]) / grid.cell - 0.5
    kernels.raise_to(column, row, np.ascontiguousarray(corners[..., 2]), owner, height, of)


def _touching(city: City, grid: GridSpec) -> NDArray[np.bool_]:
    """Triangles whose bounding box comes within a cell of a grid, (T,)."""
    x, y = (city.surfaces.vertices[:, k] + city.origin[k] for k in (0, 1))
    west, south, east, north = grid.bounds
    beyond = (
        (x < west - grid.cell).astype(np.uint8) | ((x > east + grid.cell).astype(np.uint8) << 1)
        | ((y < south - grid.cell).astype(np.uint8) << 2) | ((y > north + grid.cell).astype(np.uint8) << 3)
    )  # fmt: skip
    first, second, third = city.surfaces.triangles.T
    return (beyond[first] & beyond[second] & beyond[third]) == 0


def roots_of(city: City) -> NDArray[np.object_]:
    """Id of the building that each object is, or is a part of."""
    parent = city.objects["parent"].to_numpy(dtype=object)
    ids = city.objects.index.to_numpy(dtype=object)
    at = city.objects.index.get_indexer(pd.Index(parent))
    root = np.arange(len(ids))
    for _ in range(8):  # parts of parts
        up = at[root]
        if (up < 0).all():
            break
        root = np.where(up >= 0, up, root)
    return ids[root]


def _crowns(
    city: City, grid: GridSpec, ground: NDArray[np.float32], base: NDArray[np.float32], top: NDArray[np.float32]
) -> list[str]:
    """Hang crowns above the ground; what was assumed of them."""
    trees = trees_of(city)
    if len(trees):
        foot = trees.foot_m
        open_ = np.isnan(foot)
        if open_.any():
            foot = np.where(open_, city.ground_at(*trees.xy.T), foot)
        kernels.hang_crowns(
            (trees.xy[:, 0] - grid.west) / grid.cell - 0.5, (grid.north - trees.xy[:, 1]) / grid.cell - 0.5,
            0.5 * trees.diameter_m / grid.cell, foot + trees.base_m, foot + trees.height_m, base, top,
        )  # fmt: skip
        if trees.assumed:
            return [f"Of {trees.assumed} of {len(trees)} trees height, crown or stem are assumed: the city does not state them."]
        return []
    if city.canopy is None:
        return []
    height = city.canopy.resampled(grid).height
    there = np.isfinite(height) & (height >= LOWEST_CROWN_M) & np.isfinite(ground)
    base[there] = ground[there] + np.float32(CROWN_BASE_SHARE) * height[there]
    top[there] = ground[there] + height[there]
    return [f"Crowns are those of the canopy raster and begin at {CROWN_BASE_SHARE:.0%} of their height."]


