"""Ear clipping for polygons of many corners or with holes, in their own plane.

Used by `twin.geo.triangulate` for what it cannot cut all at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

MAX_CONFORMING = 2000
"""Polygons of more corners stay as earcut cuts them: looking for corners on edges takes the square of their number."""


EAR_HOLES = 500
"""Polygons of more holes go to the constrained Delaunay triangulation of GEOS: earcut looks for a bridge to each hole along all
that it has joined already, and where holes stand in line it takes the cube of their number (40 s for 2,500)."""

BROKEN_HOLES = 1000
MAX_HOLES = 10_000
"""Polygons of more holes are not cut, those that cross themselves from `BROKEN_HOLES` on: GEOS refuses these, and takes the
square of the number at worst (20 s for 10,000)."""


def starts_of(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """First position of each run, given the lengths (N,) of the runs."""
    return np.cumsum(sizes) - sizes


def dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scalar product of rows (N, 3)."""
    return np.asarray(np.einsum("ij,ij->i", a, b))


def cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vector product of rows (N, 3); faster than `numpy.cross` on many."""
    out = np.empty_like(a)
    out[:, 0] = a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]
    out[:, 1] = a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2]
    out[:, 2] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return out


class Ears(NamedTuple):
    """Triangles of some polygons.

    Parameters
    ----------
    places : (T, 3) int64
        Positions in the points that were given, counter-clockwise.
    counts : (S,) int64
        Number of triangles of each polygon.
    crossed : (S,) bool
        Polygons whose triangles do not add up to their area: they cross themselves, or a hole leaves them.
    """

    places: NDArray[np.int64]
    counts: NDArray[np.int64]
    crossed: NDArray[np.bool_]


def clip(
    relative: NDArray[np.float64],
    normal: NDArray[np.float64],
    sizes: NDArray[np.int64],
    ring_counts: NDArray[np.int64],
) -> Ears:
    """Cut polygons into triangles, each in the plane of its normal.

    Parameters
    ----------
    relative : (N, 3) float64
        Points, ring after ring, best relative to a point of their polygon [m].
    normal : (S, 3) float64
        Unit normal of each polygon.
    sizes : (R,) int64
        Number of points of each ring.
    ring_counts : (S,) int64
        Number of rings of each polygon; the first is the outer one.
    """
    ring_polygon = np.repeat(np.arange(len(ring_counts)), ring_counts)
    flat = _plane_coordinates(relative, normal, np.repeat(ring_polygon, sizes))
    found = _clip_ears(flat, sizes, ring_counts)
    counts = np.array([len(cut) for cut in found], dtype=np.int64)
    places = np.concatenate(found)
    doubled = _doubled(flat, places)
    places[doubled < 0] = places[doubled < 0][:, [0, 2, 1]]
    of = np.repeat(np.arange(len(found)), counts)
    covered = 0.5 * np.bincount(of, weights=np.abs(doubled), minlength=len(found))
    expected = _areas(flat, sizes, ring_counts)
    return Ears(places, counts, np.asarray(np.abs(covered - expected) > 1e-6 + 1e-4 * expected))


def _doubled(flat: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Twice the signed area of each triangle, (T,)."""
    a, b, c = (flat[places[:, k]] for k in range(3))
    return np.asarray((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))


def _areas(flat: NDArray[np.float64], sizes: NDArray[np.int64], ring_counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Area of each polygon, (S,): of its outer ring without those of its holes."""
    x, y = flat[:, 0], flat[:, 1]
    first = starts_of(sizes)
    following = np.arange(1, len(flat) + 1)
    following[first + sizes - 1] = first
    ring_area = 0.5 * np.abs(np.add.reduceat(x * y[following] - y * x[following], first))
    outer = starts_of(ring_counts)
    return np.asarray(2 * ring_area[outer] - np.add.reduceat(ring_area, outer))


def _plane_coordinates(
    relative: NDArray[np.float64], normal: NDArray[np.float64], of: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Coordinates (N, 2) in the plane of each polygon's normal (S, 3), seen from outside."""
    # The axis least along the normal makes a well conditioned basis.
    axis = np.eye(3)[np.argmin(np.abs(normal), axis=1)]
    u = cross(axis, normal)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = cross(normal, u)
    return np.stack([dot(relative, u[of]), dot(relative, v[of])], axis=1)


def _conforming(corners: NDArray[np.float64], ends: list[int], triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Triangles that meet each other and the rings edge to edge.

    Earcut leaves out triangles without area, and with them corners on a straight edge, which neighbouring faces do have: a
    solid would be open there. A triangle with a corner of the polygon on one of its edges is cut in two at that corner.

    Parameters
    ----------
    corners : (N, 2) float64
    ends : list of int
        Where each ring ends.
    triangles : (T, 3) int64
    """
    outline = set()
    start = 0
    for end in ends:
        outline |= {(k, k + 1 if k + 1 < end else start) for k in range(start, end)}
        start = end
    extent = float(np.ptp(corners, axis=0).max())
    rows = triangles.tolist()
    for _ in range(4 * len(corners)):
        open_edge = _open_edges(rows, outline)
        cut = next(((row, side, on) for row, side in open_edge if (on := _corner_on(corners, rows[row], side, extent)) >= 0), None)
        if cut is None:
            break
        row, side, number = cut
        a, b, c = rows[row][side], rows[row][(side + 1) % 3], rows[row][(side + 2) % 3]
        rows[row] = [a, number, c]
        rows.append([number, b, c])
    return np.array(rows, dtype=np.int64)


def _covers(corners: NDArray[np.float64], ends: list[int], triangles: NDArray[np.int64]) -> bool:
    """Whether triangles cover as much as the polygon: not so where it crosses itself."""
    covered = float(np.abs(_doubled(corners, triangles)).sum())
    wanted, start = 0.0, 0
    for end in ends:
        x, y = corners[start:end].T
        ring = abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
        wanted += ring if start == 0 else -ring
        start = end
    return abs(covered - wanted) <= 1e-9 * abs(wanted) + 1e-9


def _open_edges(rows: list[list[int]], outline: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Triangle and side of each edge that no other triangle has and that is no edge of a ring."""
    edges: dict[tuple[int, int], tuple[int, int]] = {}
    for row, triangle in enumerate(rows):
        for side in range(3):
            edges[triangle[side], triangle[(side + 1) % 3]] = (row, side)
    return [place for (a, b), place in edges.items() if (b, a) not in edges and (a, b) not in outline and (b, a) not in outline]


def _corner_on(corners: NDArray[np.float64], triangle: list[int], side: int, extent: float) -> int:
    """The corner that lies on an edge of a triangle, nearest to its start; -1 when there is none."""
    a, b = corners[triangle[side]], corners[triangle[(side + 1) % 3]]
    along = b - a
    length = float(np.hypot(*along))
    if length == 0:
        return -1
    part = (corners - a) @ along / length**2
    off = np.abs(along[0] * (corners[:, 1] - a[1]) - along[1] * (corners[:, 0] - a[0])) / length
    on = (part > 1e-9) & (part < 1 - 1e-9) & (off <= 1e-6 * extent)
    on[triangle] = False
    return int(np.argmin(np.where(on, part, np.inf))) if on.any() else -1


def _clip_ears(
    flat: NDArray[np.float64], sizes: NDArray[np.int64], counts: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Triangles of each polygon as positions in `flat`, wound counter-clockwise."""
    import mapbox_earcut

    cut: list[NDArray[np.int64]] = []
    ring, start = 0, 0
    ends = np.cumsum(sizes)
    for count in counts.tolist():
        stop = int(ends[ring + count - 1])
        corners = flat[start:stop]
        if count - 1 > EAR_HOLES and (cut_by_geos := _cut_by_geos(corners, sizes[ring : ring + count])) is not None:
            cut.append(cut_by_geos + start)
            ring, start = ring + count, stop
            continue
        found = mapbox_earcut.triangulate_float64(corners, (ends[ring : ring + count] - start).astype(np.uint32))
        triangles = found.reshape(-1, 3).astype(np.int64)
        # a polygon of n corners and h holes has n + 2 h - 2 triangles
        if 0 < len(triangles) < stop - start + 2 * (count - 1) - 2 and stop - start <= MAX_CONFORMING:
            sound = _covers(corners, (ends[ring : ring + count] - start).tolist(), triangles)
        else:
            sound = False
        if sound:
            triangles = _conforming(corners, (ends[ring : ring + count] - start).tolist(), triangles)
        cut.append(triangles + start)
        ring, start = ring + count, stop
    return cut


def _cut_by_geos(corners: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Triangles of one polygon of many holes, none where there are too many; None for one that its ears are clipped of.

    Parameters
    ----------
    corners : (N, 2) float64
        Ring after ring.
    sizes : (R,) int64
        Corners of each ring.
    """
    nothing = np.empty((0, 3), dtype=np.int64)
    if len(sizes) - 1 > MAX_HOLES:
        return nothing
    rings = shapely.linearrings(corners, indices=np.repeat(np.arange(len(sizes)), sizes))
    polygon = shapely.polygons(rings[0], holes=rings[1:])
    if not polygon.is_valid:
        return nothing if len(sizes) - 1 > BROKEN_HOLES else None
    try:
        triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(polygon))
    except shapely.GEOSException:
        # valid by a hair: rings that touch where it joins them
        return nothing if len(sizes) - 1 > BROKEN_HOLES else None
    points = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3]
    # GEOS adds no corners: each is one of ours, the first of those that lie in one place
    key = np.ascontiguousarray(np.concatenate([corners, points.reshape(-1, 2)])).view([("x", "f8"), ("y", "f8")]).ravel()
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    return np.asarray(first[number[len(corners) :]].reshape(-1, 3), dtype=np.int64)
