"""Buildings of which only the footprint is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from viewer import shapes, style
from viewer.ground import Ground, areas
from viewer.scene import Colour, MeshLayer
from viewer.tables import attributes_of

if TYPE_CHECKING:
    from twin.geo.city import City

NO_HEIGHT_LABEL = "Buildings, height not known"
PLATE_M, RIM_M = 0.25, 0.35
"""A building without a height is a plate this far above the ground, with a rim at least as wide [m]."""
LONGEST_M = 8.0
"""Edges of plates are no longer, so that they follow the ground [m]."""
POLYGON = 3


def unknown_buildings_layer(city: City, drawn: set[str], ground: Ground) -> MeshLayer | None:
    """Buildings whose height is not known: a low striped plate over the footprint, so that none is missing and none is made up."""
    frame = city.buildings
    if not len(frame):
        return None
    known = frame["height_m"].to_numpy(dtype=np.float64) > 0 if "height_m" in frame else np.zeros(len(frame), dtype=bool)
    rows = np.flatnonzero(~known & ~frame.index.astype(str).isin(drawn))
    outlines = areas(frame.geometry.values[rows], city)
    found = [(part, row) for outline, row in zip(outlines, rows, strict=True) for part in shapes.polygons(outline)]
    if not found:
        return None
    parts, owner = np.array([part for part, _ in found], dtype=object), np.array([row for _, row in found], dtype=np.int32)
    west, south, east, north = city.bounds
    # stripes and rims have to be seen in a view of the whole city
    reach = max(east - west, north - south)
    width, rim = float(np.clip(reach / 220.0, 1.2, 4.0)), float(np.clip(reach / 1200.0, RIM_M, 1.2))
    builder = shapes.MeshBuilder()
    first, second, which = shapes.edges_of(parts, LONGEST_M)
    low, high = ground.at(first), ground.at(second)
    sides = shapes.curtain(first, second, low - 0.3, high - 0.3, low + PLATE_M, high + PLATE_M)
    builder.add(*sides, style.NO_HEIGHT_STRIPE, np.tile(owner[which], 2))
    inner = shapely.buffer(parts, -rim, join_style="mitre")
    _lay(builder, shapely.difference(parts, inner), owner, ground, style.NO_HEIGHT_STRIPE)
    # side by side, not one on the other: then neither hides the other on a slope
    part, number, bands = _bands(inner, width)
    pieces = shapely.intersection(inner[part], bands[number])
    for dark, colour in ((True, style.NO_HEIGHT_STRIPE), (False, style.NO_HEIGHT)):
        mine = (number % 2 == 0) == dark
        _lay(builder, pieces[mine], owner[part[mine]], ground, colour)
    vertices, faces, colours, owners = builder.arrays()
    attributes = attributes_of(frame)
    return MeshLayer("buildings_no_height", NO_HEIGHT_LABEL, vertices, faces, colours, owners, attributes, "street")


def _bands(areas: NDArray[np.object_], width: float) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.object_]]:
    """Diagonal bands over areas: index of the area (P,) and of the band (P,) of each pair that may meet, and the bands (B,)."""
    west, south, _, north = shapely.total_bounds(areas)
    step, rise = width * np.sqrt(2.0), north - south
    if not np.isfinite(rise):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, dtype=object)
    # along a band x + y does not change, so its number follows from that
    points, which = shapely.get_coordinates(areas, return_index=True)
    along = (points.sum(axis=1) - west - south) / step
    low, high = np.full(len(areas), np.inf), np.full(len(areas), -np.inf)
    np.minimum.at(low, which, along)
    np.maximum.at(high, which, along)
    there = np.flatnonzero(np.isfinite(low))
    first, last = np.floor(low[there]).astype(np.int64), np.floor(high[there]).astype(np.int64)
    counts = last - first + 1
    part = np.repeat(there, counts)
    number = np.arange(len(part)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    left = west + step * np.arange(number.max() + 1)
    corners = np.stack([left, left + step, left + step - rise, left - rise], axis=1)
    heights = np.broadcast_to([south, south, north, north], corners.shape)
    return part, number, np.asarray(shapely.polygons(np.stack([corners, heights], axis=2)))


def _lay(builder: shapes.MeshBuilder, areas: NDArray[np.object_], owner: NDArray[np.int32], ground: Ground, colour: Colour) -> None:
    """Lay areas on the ground, all at once: a city may have many thousands of them."""
    pieces, source = shapely.get_parts(shapely.segmentize(areas, LONGEST_M), return_index=True)
    flat = shapely.get_type_id(pieces) == POLYGON
    pieces, source = pieces[flat], source[flat]
    if not len(pieces):
        return
    corners, piece = _triangles(pieces)
    xy, index = np.unique(corners.reshape(-1, 2), axis=0, return_inverse=True)
    vertices = np.column_stack([xy, ground.at(xy) + PLATE_M])
    builder.add(vertices, index.reshape(-1, 3), colour, owner[source[piece]])


def _triangles(pieces: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Corners (T, 3, 2), counter-clockwise, of triangles that polygons are cut into, and the polygon of each (T,)."""
    if not hasattr(shapely, "constrained_delaunay_triangles"):  # before Shapely 2.1
        cut = [shapes.triangulate(piece) for piece in pieces]
        counts = [len(faces) for _, faces in cut]
        return np.concatenate([xy[faces] for xy, faces in cut]), np.repeat(np.arange(len(pieces)), counts)
    triangles, piece = shapely.get_parts(shapely.constrained_delaunay_triangles(pieces), return_index=True)
    corners = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    turned = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) < (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    corners[turned] = corners[turned][:, ::-1]
    return corners, piece
