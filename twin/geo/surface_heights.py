"""Roofs and ground of buildings from a surface model: percentiles of the cells in and around each footprint."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.terrain import Terrain

ROOF_PERCENTILE = 70.0
"""Of the heights of a roof, the one at which a block stands for it [%]: what 3DBAG extrudes its LoD 1.2 to (``b3_h_dak_70p``)."""

GROUND_PERCENTILE = 10.0
"""Of the surface around a building, the part that is taken to be ground; the rest may be cars, bushes and trees [%]."""

AROUND_M = (3.0, 10.0)
"""The ground is looked for within the first distance of a footprint, and within the second where it is built up [m]."""

MIN_KNOWN = 0.5
"""At least this part of the cells of a roof must be known."""


class Surface(NamedTuple):
    """What a surface model says of footprints.

    Parameters
    ----------
    roof_m : (N,) float64
        The 70th percentile of the surface inside [m]; NaN where less than half of it is known.
    roof_max_m : (N,) float64
        The highest cell inside [m].
    around_m : (N,) float64
        The 10th percentile of the surface around, other footprints left out [m]; NaN where there is none.
    """

    roof_m: NDArray[np.float64]
    roof_max_m: NDArray[np.float64]
    around_m: NDArray[np.float64]


def surface_heights(footprints: NDArray[np.object_], dsm: Terrain, *, around: bool = True) -> Surface:
    """Roof heights of footprints, and the ground around them.

    A cell on the edge of a roof holds some of the street: each footprint is shrunk by half the diagonal of a cell first, so
    that only cells that lie in it as a whole count. One that is too small for that is taken as it is, and one without any
    centre of a cell in it has the height at a point inside.

    Parameters
    ----------
    footprints : (N,) object
        Valid (multi)polygons in the CRS of the raster; others are not looked at.
    dsm : Terrain
        Height of the highest surface in the vertical datum [m].
    around : bool
        Whether to look for the ground too.
    """
    count = len(footprints)
    roof, highest, ground = (np.full(count, np.nan) for _ in range(3))
    usable = np.isin(shapely.get_type_id(footprints), (3, 6)) & ~shapely.is_empty(footprints)
    rows = np.flatnonzero(usable)
    if not len(rows):
        return Surface(roof, highest, ground)
    shapes = footprints[rows]
    shrunk = shapely.buffer(shapes, -dsm.grid.cell * np.sqrt(0.5), join_style="mitre", quad_segs=1)
    found, cells = _inside(shrunk, dsm, (ROOF_PERCENTILE, 100.0))
    small = np.flatnonzero(cells[:, 1] == 0)
    if len(small):
        found[small], cells[small] = _inside(shapes[small], dsm, (ROOF_PERCENTILE, 100.0))
    known = (cells[:, 1] > 0) & (cells[:, 0] >= MIN_KNOWN * cells[:, 1]) & (_part_within(shapes, dsm) >= MIN_KNOWN)
    tiny = np.flatnonzero(cells[:, 1] == 0)
    if len(tiny):
        points = shapely.get_coordinates(shapely.point_on_surface(shapes[tiny]))
        inside = _on_grid(points, dsm)
        found[tiny[inside]] = dsm.at(points[inside, 0], points[inside, 1])[:, None]
        known[tiny] = inside
    roof[rows], highest[rows] = np.where(known[:, None], found, np.nan).T
    if around:
        ground[rows] = _around(shapes, dsm)
    return Surface(roof, highest, ground)


def _on_grid(points: NDArray[np.float64], dsm: Terrain) -> NDArray[np.bool_]:
    return dsm.grid.contains(*dsm.grid.index(points[:, 0], points[:, 1]))


def _part_within(shapes: NDArray[np.object_], dsm: Terrain) -> NDArray[np.float64]:
    """Part of the area of each footprint that lies on the raster."""
    west, south, east, north = dsm.grid.bounds
    box = shapely.bounds(shapes)
    out = np.ones(len(shapes))
    beyond = np.flatnonzero((box[:, 0] < west) | (box[:, 1] < south) | (box[:, 2] > east) | (box[:, 3] > north))
    inner = shapely.intersection(shapes[beyond], shapely.box(west, south, east, north))
    out[beyond] = shapely.area(inner) / np.maximum(shapely.area(shapes[beyond]), 1e-12)
    return out


def _around(shapes: NDArray[np.object_], dsm: Terrain) -> NDArray[np.float64]:
    """The ground next to each footprint, by the surface that is not in any of them."""
    from twin.geo.kernels.footprint_cells import mark_inside

    built = np.zeros(dsm.grid.shape, dtype=np.bool_)
    # Eaves reach beyond the outline of the walls, and a cell on the edge is mixed.
    wide = shapely.buffer(shapes, dsm.grid.cell * np.sqrt(0.5), join_style="mitre", quad_segs=1)
    mark_inside(*_ragged(wide), dsm.grid.west, dsm.grid.north, dsm.grid.cell, built)
    out = np.full(len(shapes), np.nan)
    for distance in AROUND_M:
        missing = np.flatnonzero(np.isnan(out))
        if len(missing):
            reach = shapely.buffer(shapes[missing], distance + dsm.grid.cell, quad_segs=2)
            out[missing] = _inside(reach, dsm, (GROUND_PERCENTILE,), built)[0][:, 0]
    return out


Ragged = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def _ragged(shapes: NDArray[np.object_]) -> Ragged:
    """Multipolygons as flat arrays; an empty one has no rings."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    full = ~shapely.is_empty(parts)
    parts, owner = parts[full], owner[full]
    groups = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(shapes)))]).astype(np.int64)
    if not len(parts):
        return np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64), groups
    _, xy, (rings, polygons) = shapely.to_ragged_array(parts, include_z=False)
    return np.ascontiguousarray(xy), rings.astype(np.int64), polygons.astype(np.int64), groups


def _inside(
    shapes: NDArray[np.object_], dsm: Terrain, wanted: tuple[float, ...], excluded: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    from twin.geo.kernels.footprint_cells import percentiles_inside

    grid = dsm.grid
    mask = np.zeros((0, 0), dtype=np.bool_) if excluded is None else excluded
    found, cells = percentiles_inside(
        *_ragged(shapes), dsm.height, grid.west, grid.north, grid.cell, mask, np.array(wanted, dtype=np.float64)
    )
    return np.asarray(found), np.asarray(cells)
