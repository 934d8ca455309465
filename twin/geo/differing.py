"""Where the heights of two cities may differ, told from what they are made of: without rasters, and never too little.

A city that was changed shares with the one it comes from all that the change left alone. What is not shared is compared: triangles
object by object, trees one by one, rasters cell by cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.geo.rasterize import STANDING
from twin.geo.trees import trees_of

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.geo.terrain import Terrain

AT_ONCE = 1_000_000
"""Triangles that are compared at a time."""

Box = tuple[float, float, float, float]


def where_heights_differ(before: City, after: City, cell: float = 1.0, *, trees: bool = True) -> list[Box] | None:
    """Boxes outside which `twin.geo.rasterize` gives the same heights for two cities.

    Parameters
    ----------
    before, after : City
    cell : float
        Of the rasters [m].
    trees : bool
        Whether crowns count.

    Returns
    -------
    list of (west, south, east, north), or None
        None where they may differ anywhere [m].
    """
    if before is after:
        return []
    if before.crs != after.crs or before.bounds != after.bounds:
        return None  # as far as a city reaches its ground is known
    if not _same_ground_elsewhere(before, after):
        return None
    found: list[Box] = []
    rasters = [(before.terrain, after.terrain)]
    built = [_has_buildings(city) for city in (before, after)]
    if built[0] != built[1] and (before.dsm is not None or after.dsm is not None):
        return None
    if not built[0]:
        rasters.append((before.dsm, after.dsm))
    if trees:
        leafy = [bool(len(trees_of(city))) for city in (before, after)]
        if leafy[0] != leafy[1] and (before.canopy is not None or after.canopy is not None):
            return None
        if not leafy[0]:
            rasters.append((before.canopy, after.canopy))
    for old, new in rasters:
        boxes = _of_rasters(old, new, cell, before.bounds)
        if boxes is None:
            return None
        found += boxes
    found += [box for box, _ in where_triangles_differ(before, after)]
    if trees:
        found += _of_trees(before, after, cell)
    return [(west - cell, south - cell, east + cell, north + cell) for west, south, east, north in found]


def _same_ground_elsewhere(before: City, after: City) -> bool:
    """Whether the ground is the same where the terrain does not know it."""
    if before.usual_ground_m == after.usual_ground_m:
        return True
    return all(one.terrain is not None and bool(np.isfinite(one.terrain.height).all()) for one in (before, after))


def _has_buildings(city: City) -> bool:
    layers = city.objects["layer"].to_numpy()
    return bool((layers == "buildings")[city.surfaces.owner].any())


def _of_rasters(before: Terrain | None, after: Terrain | None, cell: float, bounds: Box) -> list[Box] | None:
    """The box of the cells that differ, with what is read between them; None for rasters that do not fit each other."""
    if before is after:
        return []
    if before is None or after is None or before.grid != after.grid:
        return None
    rows = np.array([not np.array_equal(a, b, equal_nan=True) for a, b in zip(before.height, after.height, strict=True)])
    if not rows.any():
        return []
    top, bottom = _ends(rows)
    old, new = before.height[top:bottom], after.height[top:bottom]
    left, right = _ends(~((old == new) | (np.isnan(old) & np.isnan(new))).all(axis=0))
    grid = before.grid
    west, south, east, north = bounds
    far = 2.0 * max(cell, grid.cell)
    # beyond its edge a raster is as high as there
    return [(
        west if left == 0 else grid.west + left * grid.cell - far,
        south if bottom == grid.rows else grid.north - bottom * grid.cell - far,
        east if right == grid.columns else grid.west + right * grid.cell + far,
        north if top == 0 else grid.north - top * grid.cell + far,
    )]  # fmt: skip


def _ends(some: NDArray[np.bool_]) -> tuple[int, int]:
    """The first that is true, and the one after the last."""
    return int(some.argmax()), len(some) - int(some[::-1].argmax())


def where_triangles_differ(before: City, after: City) -> list[tuple[Box, float]]:
    """The objects above the ground whose triangles differ, on either side: also those that no raster shows, as a thin wall.

    Parameters
    ----------
    before, after : City

    Returns
    -------
    list of ((west, south, east, north), float)
        The box around each, and how high it is in the vertical datum [m].
    """
    if before.surfaces is after.surfaces and before.objects is after.objects:
        return []
    old, new = _Standing(before), _Standing(after)
    at = after.objects.index.get_indexer(before.objects.index)
    alike = np.flatnonzero(at >= 0)
    alike = alike[old.count[alike] == new.count[at[alike]]]
    same = np.zeros(len(before.objects), np.bool_)
    for some in np.array_split(alike, 1 + int(old.count[alike].sum()) // AT_ONCE):
        differs = (old.corners(some) != new.corners(at[some])).any(axis=(1, 2))
        same[some] = np.bincount(np.repeat(np.arange(len(some)), old.count[some]), weights=differs, minlength=len(some)) == 0
    kept = np.zeros(len(after.objects), np.bool_)
    kept[at[same]] = True
    return old.boxes(~same) + new.boxes(~kept)


class _Standing:
    """Triangles of a city that stand on the ground, object by object."""

    def __init__(self, city: City) -> None:
        mesh = city.surfaces
        chosen = np.flatnonzero(np.isin(city.objects["layer"].to_numpy(), STANDING)[mesh.owner])
        self.order = chosen[np.argsort(mesh.owner[chosen], kind="stable")]
        self.count = np.bincount(mesh.owner[chosen], minlength=len(city.objects))
        self.first = np.cumsum(self.count) - self.count
        self.mesh, self.origin = mesh, city.origin

    def corners(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Corners of the triangles of some objects, one after the other, (T, 3, 3) [m]."""
        count = self.count[rows]
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        chosen = self.order[np.repeat(self.first[rows], count) + within]
        return np.asarray(self.mesh.vertices[self.mesh.triangles[chosen]] + self.origin, dtype=np.float64)

    def boxes(self, wanted: NDArray[np.bool_]) -> list[tuple[Box, float]]:
        """The box of each of some objects that have triangles, and its height."""
        rows = np.flatnonzero(wanted & (self.count > 0))
        if not len(rows):
            return []
        at = self.corners(rows)
        first = np.cumsum(self.count[rows]) - self.count[rows]
        low, high = np.minimum.reduceat(at.min(axis=1), first), np.maximum.reduceat(at.max(axis=1), first)
        return [((float(a), float(b), float(c), float(d)), float(z)) for (a, b, _), (c, d, z) in zip(low, high, strict=True)]


def _of_trees(before: City, after: City, cell: float) -> list[Box]:
    """The box of each crown that only one of them has."""
    sides = []
    for city in (before, after):
        trees = trees_of(city)
        foot = np.where(np.isnan(trees.foot_m), city.ground_at(*trees.xy.T), trees.foot_m)
        sides.append(np.column_stack([trees.xy, foot, trees.height_m, trees.base_m, trees.diameter_m]))
    found: list[Box] = []
    known = [{row.tobytes() for row in side} for side in sides]
    for side, other in zip(sides, known[::-1], strict=True):
        for row in side:
            if row.tobytes() not in other:
                x, y, reach = float(row[0]), float(row[1]), max(0.5 * float(row[5]), 0.5 * cell)
                found.append((x - reach, y - reach, x + reach, y + reach))
    return found
