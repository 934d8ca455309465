"""Slow twins: cells inside polygons one by one, and blocks on footprints vertex by vertex."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from twin.geo.mesh import SEMANTICS, Rings, TriangleMesh
from twin.geo.triangulate import triangulate


def percentiles_inside(
    shapes: Any, height: Any, west: float, north: float, cell: float, excluded: Any, wanted: Any
) -> tuple[Any, Any]:
    """Percentiles of known heights whose cell centre lies in each shape (G, P), and known and all cells (G, 2)."""
    rows, columns = height.shape
    x, y = np.meshgrid(west + (np.arange(columns) + 0.5) * cell, north - (np.arange(rows) + 0.5) * cell)
    out, cells = np.full((len(shapes), len(wanted)), np.nan), np.zeros((len(shapes), 2), dtype=np.int64)
    for number, shape in enumerate(shapes):
        inside = shapely.contains_xy(shape, x.ravel(), y.ravel()).reshape(height.shape)
        if excluded is not None:
            inside &= ~excluded
        known = height[inside & np.isfinite(height)].astype(np.float64)
        cells[number] = len(known), inside.sum()
        if len(known):
            out[number] = np.percentile(known, wanted)
    return out, cells


def blocks(footprints: Any, bottom: Any, top: Any, origin: Any, first_owner: int = 0) -> TriangleMesh:
    """Closed blocks that stand on footprints, one polygon after another."""
    vertices: list[Any] = []
    indices: list[int] = []
    sizes: list[int] = []
    counts: list[int] = []
    owners: list[int] = []
    semantics: list[int] = []
    start = 0
    for number, footprint in enumerate(footprints):
        for polygon in shapely.get_parts(footprint):
            floor: list[range] = []
            for ring in _rings(polygon, origin):
                size = len(ring)
                low, high = np.full((size, 1), bottom[number] - origin[2]), np.full((size, 1), top[number] - origin[2])
                vertices += [np.hstack([ring, low]), np.hstack([ring, high])]
                floor.append(range(start, start + size))
                for here in range(size):
                    there = (here + 1) % size
                    indices += [start + here, start + there, start + size + there, start + size + here]
                sizes += [4] * size
                counts += [1] * size
                owners += [first_owner + number] * size
                semantics += [SEMANTICS["WallSurface"]] * size
                start += 2 * size
            for code, above in ((SEMANTICS["RoofSurface"], True), (SEMANTICS["GroundSurface"], False)):
                for numbers in floor:
                    indices += [one + len(numbers) for one in numbers] if above else list(reversed(numbers))
                    sizes.append(len(numbers))
                counts.append(len(floor))
                owners.append(first_owner + number)
                semantics.append(code)
    points = np.concatenate(vertices)
    cut = triangulate(points, Rings(np.array(indices), np.array(sizes), np.array(counts)))
    owner, semantic = np.array(owners, dtype=np.int32), np.array(semantics, dtype=np.uint8)
    return TriangleMesh(points, cut.triangles, owner[cut.polygon], semantic[cut.polygon])


def _rings(polygon: Any, origin: Any) -> list[Any]:
    found = []
    for number, ring in enumerate((polygon.exterior, *polygon.interiors)):
        corners = shapely.get_coordinates(ring)[:-1] - origin[:2]
        corners = corners[np.abs(corners - np.roll(corners, -1, axis=0)).max(axis=1) >= 1e-3]
        if len(corners) >= 3:
            found.append(corners[::-1] if shapely.is_ccw(ring) != (number == 0) else corners)
    return found
