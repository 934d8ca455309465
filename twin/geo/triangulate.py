"""Polygons in space to triangles, many at once.

Most faces of a city are triangles and quadrilaterals: those are cut in NumPy, all together. The rest, and faces with
holes, go one by one to ear clipping in the plane of Newell's normal. Winding is kept, so normals point where they did.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PLANARITY_M = 0.01
"""A vertex further than this from the plane of its face makes the face non-planar [m]; the default of val3dity."""


class Rings(NamedTuple):
    """Polygons with holes as three flat arrays.

    Parameters
    ----------
    indices : (N,) int64
        Rows of the vertex table, ring after ring; rings are not closed.
    sizes : (R,) int64
        Number of indices of each ring.
    counts : (S,) int64
        Number of rings of each polygon; the first is the outer one.
    """

    indices: NDArray[np.int64]
    sizes: NDArray[np.int64]
    counts: NDArray[np.int64]


class Triangulation(NamedTuple):
    """Triangles of many polygons.

    Parameters
    ----------
    triangles : (T, 3) int32
        Rows of the vertex table, wound as their polygon.
    polygon : (T,) int32
        Polygon that each triangle is of, ascending.
    faults : dict of str to (K,) int64
        Polygons by what is wrong with them. ``not-finite``, ``too-few-points``, ``no-area`` and ``not-cut`` have no
        triangles; ``repeated-point``, ``hole-dropped``, ``non-planar`` and ``self-crossing`` have.
    rings : Rings
        The polygons after mending; those without triangles have no rings.
    """

    triangles: NDArray[np.int32]
    polygon: NDArray[np.int32]
    faults: dict[str, NDArray[np.int64]]
    rings: Rings


def starts_of(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """First position of each run, given the lengths (N,) of the runs."""
    return np.cumsum(sizes) - sizes


def _clean(points: NDArray[np.float64], rings: Rings) -> tuple[Rings, NDArray[np.int64], dict[str, NDArray[np.int64]]]:
    """Drop repeated points, rings of fewer than three points, and polygons that cannot be."""
    indices, sizes, counts = rings
    ring_polygon = np.repeat(np.arange(len(counts)), counts)
    faults: dict[str, NDArray[np.int64]] = {}
    good = np.ones(len(counts), dtype=bool)
    finite = np.isfinite(points).all(axis=1)
    ring_of = np.repeat(np.arange(len(sizes)), sizes)
    if not finite.all():
        bad = np.unique(ring_polygon[ring_of[~finite]])
        faults["not-finite"] = bad
        good[bad] = False
    following = np.arange(1, len(indices) + 1)
    filled = sizes > 0
    first = starts_of(sizes)
    following[first[filled] + sizes[filled] - 1] = first[filled]
    keep = (points != points[following]).any(axis=1)
    if not keep.all():
        faults["repeated-point"] = np.unique(ring_polygon[ring_of[~keep]])
    sizes = np.bincount(ring_of[keep], minlength=len(sizes))
    keep_ring = sizes >= 3
    outer = np.zeros(len(sizes), dtype=bool)
    outer[starts_of(counts)[counts > 0]] = True
    empty = np.ones(len(counts), dtype=bool)
    empty[ring_polygon[outer & keep_ring]] = False
    if (empty & good).any():
        faults["too-few-points"] = np.flatnonzero(empty & good)
    good &= ~empty
    dropped = ~keep_ring & ~outer & good[ring_polygon]
    if dropped.any():
        faults["hole-dropped"] = np.unique(ring_polygon[dropped])
    keep_ring &= good[ring_polygon]
    keep &= keep_ring[ring_of]
    counts = np.bincount(ring_polygon[keep_ring], minlength=len(counts))
    return Rings(indices[keep], sizes[keep_ring], counts), np.flatnonzero(keep), faults


def newell(points: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Area vector of each ring: its normal by Newell's method, with the area as length.

    Parameters
    ----------
    points : (N, 3) float64
        Points, ring after ring [m].
    sizes : (R,) int64
        Number of points of each ring, at least one.

    Returns
    -------
    (R, 3) float64
        Half the sum of the cross products around the ring [m2].
    """
    if not len(sizes):
        return np.empty((0, 3))
    first = starts_of(sizes)
    # Relative to the first point of the ring, so that large coordinates do not eat the digits.
    relative = points - np.repeat(points[first], sizes, axis=0)
    following = np.arange(1, len(points) + 1)
    following[first + sizes - 1] = first
    x, y, z = relative.T
    xn, yn, zn = relative[following].T
    cross = np.empty_like(points)
    cross[:, 0] = y * zn - z * yn
    cross[:, 1] = z * xn - x * zn
    cross[:, 2] = x * yn - y * xn
    return np.asarray(0.5 * np.add.reduceat(cross, first, axis=0))


def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.einsum("ij,ij->i", a, b))


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.empty_like(a)
    out[:, 0] = a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]
    out[:, 1] = a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2]
    out[:, 2] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return out


def _split_quads(
    quads: NDArray[np.int64], corners: NDArray[np.float64], normal: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Cut quadrilaterals along the diagonal that stays inside; of two, the one with the larger smallest triangle.

    Returns triangles (Q, 2, 3) and which quadrilaterals cross themselves (Q,).
    """
    a, b, c, d = (corners[:, k] for k in range(4))
    abc, acd = _dot(_cross(b - a, c - a), normal), _dot(_cross(c - a, d - a), normal)
    abd, bcd = _dot(_cross(b - a, d - a), normal), _dot(_cross(c - b, d - b), normal)
    along_ac, along_bd = np.minimum(abc, acd), np.minimum(abd, bcd)
    # A rectangle's diagonals tie but for rounding: prefer a-c clearly, so that neighbours are cut alike.
    use_ac = along_ac >= along_bd * (1 - 1e-9)
    cut = np.where(use_ac[:, None, None], quads[:, [[0, 1, 2], [0, 2, 3]]], quads[:, [[0, 1, 3], [1, 2, 3]]])
    return cut, np.maximum(along_ac, along_bd) < 0


def _plane_coordinates(
    relative: NDArray[np.float64], normal: NDArray[np.float64], of: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Coordinates (N, 2) in the plane of each polygon's normal (S, 3), seen from outside."""
    # The axis least along the normal makes a well conditioned basis.
    axis = np.eye(3)[np.argmin(np.abs(normal), axis=1)]
    u = _cross(axis, normal)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = _cross(normal, u)
    return np.stack([_dot(relative, u[of]), _dot(relative, v[of])], axis=1)


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
        found = mapbox_earcut.triangulate_float64(corners, (ends[ring : ring + count] - start).astype(np.uint32))
        cut.append(found.reshape(-1, 3).astype(np.int64) + start)
        ring, start = ring + count, stop
    return cut


def triangulate(vertices: NDArray[np.float64], rings: Rings) -> Triangulation:
    """Cut polygons in space into triangles.

    Parameters
    ----------
    vertices : (V, 3) float64
        Coordinates, best relative to a nearby origin [m].
    rings : Rings
        Polygons; indices must be rows of `vertices`.

    Returns
    -------
    Triangulation
        Triangles wound as their polygons, so that outward faces stay outward, and what is wrong with which polygon.

    Notes
    -----
    The normal is Newell's (Sutherland et al. 1974), which is stable for faces that are not quite planar.
    """
    polygons = len(rings.counts)
    if not len(rings.indices):
        return _nothing(rings)
    points = vertices[rings.indices]
    mended, kept, faults = _clean(points, rings)
    points = points[kept]
    indices, sizes, counts = mended
    alive = np.flatnonzero(counts)
    if not len(alive):
        return _nothing(rings, faults)
    first_ring = starts_of(counts)[alive]
    areas = newell(points, sizes)
    area = areas[first_ring]
    length = np.linalg.norm(area, axis=1)
    ring_polygon = np.repeat(np.arange(len(alive)), counts[alive])
    of = np.repeat(ring_polygon, sizes)
    relative = points - np.repeat(points[starts_of(sizes)[first_ring]], np.bincount(of), axis=0)
    extent = np.maximum.reduceat(np.abs(relative).max(axis=1), starts_of(np.bincount(of)))
    flat_enough = length > 1e-9 + 1e-12 * extent**2
    if not flat_enough.all():
        faults["no-area"] = alive[~flat_enough]
    normal = np.divide(area, length[:, None], out=np.zeros_like(area), where=flat_enough[:, None])
    height = _dot(relative, normal[of])
    starts = starts_of(np.bincount(of))
    bent = np.maximum.reduceat(height, starts) - np.minimum.reduceat(height, starts) > PLANARITY_M
    if bent.any():
        faults["non-planar"] = alive[bent & flat_enough]

    single = (counts[alive] == 1) & flat_enough
    corners_of = np.bincount(of)
    pieces: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    three = np.flatnonzero(single & (corners_of == 3))
    pieces.append((indices[starts[three][:, None] + np.arange(3)], three))
    four = np.flatnonzero(single & (corners_of == 4))
    places = starts[four][:, None] + np.arange(4)
    cut, crossed = _split_quads(indices[places], relative[places], normal[four])
    pieces.append((cut[~crossed].reshape(-1, 3), np.repeat(four[~crossed], 2)))
    others = flat_enough.copy()
    others[three] = False
    others[four[~crossed]] = False
    rest = np.flatnonzero(others)
    if len(rest):
        chosen = others[of]
        flat = _plane_coordinates(relative[chosen], normal[rest], (np.cumsum(others) - 1)[of[chosen]])
        rest_sizes = sizes[others[ring_polygon]]
        found = _clip_ears(flat, rest_sizes, counts[alive][rest])
        _add_ears(found, flat, indices[chosen], rest, pieces, faults, alive)
        _check_area(found, flat, rest_sizes, counts[alive][rest], alive[rest], faults)
    triangles = np.concatenate([piece for piece, _ in pieces])
    owner = np.concatenate([owner for _, owner in pieces])
    order = np.argsort(owner, kind="stable")
    mended = _without(mended, np.concatenate([faults.get("no-area", []), faults.get("not-cut", [])]).astype(np.int64))
    assert len(mended.counts) == polygons
    return Triangulation(triangles[order].astype(np.int32), alive[owner[order]].astype(np.int32), faults, mended)


def _add_ears(
    found: list[NDArray[np.int64]],
    flat: NDArray[np.float64],
    indices: NDArray[np.int64],
    rest: NDArray[np.int64],
    pieces: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
    faults: dict[str, NDArray[np.int64]],
    alive: NDArray[np.int64],
) -> None:
    """Wind the clipped ears counter-clockwise in their plane and put them with the other pieces."""
    lengths = np.array([len(cut) for cut in found])
    if (lengths == 0).any():
        faults["not-cut"] = alive[rest[lengths == 0]]
    places = np.concatenate(found)
    a, b, c = (flat[places[:, k]] for k in range(3))
    turned = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]) < 0
    places[turned] = places[turned][:, [0, 2, 1]]
    pieces.append((indices[places], np.repeat(rest, lengths)))


def _check_area(
    found: list[NDArray[np.int64]],
    flat: NDArray[np.float64],
    sizes: NDArray[np.int64],
    counts: NDArray[np.int64],
    polygons: NDArray[np.int64],
    faults: dict[str, NDArray[np.int64]],
) -> None:
    """A polygon whose triangles do not add up to its area crosses itself, or a hole leaves it."""
    x, y = flat[:, 0], flat[:, 1]
    first = starts_of(sizes)
    following = np.arange(1, len(flat) + 1)
    following[first + sizes - 1] = first
    ring_area = 0.5 * np.abs(np.add.reduceat(x * y[following] - y * x[following], first))
    outer = starts_of(counts)
    expected = 2 * ring_area[outer] - np.add.reduceat(ring_area, outer)
    places = np.concatenate(found)
    a, b, c = (flat[places[:, k]] for k in range(3))
    doubled = np.abs((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
    of = np.repeat(np.arange(len(found)), [len(cut) for cut in found])
    covered = 0.5 * np.bincount(of, weights=doubled, minlength=len(found))
    crossed = np.abs(covered - expected) > 1e-6 + 1e-4 * expected
    if crossed.any():
        faults["self-crossing"] = polygons[crossed]


def _without(rings: Rings, gone: NDArray[np.int64]) -> Rings:
    """The rings with some polygons emptied."""
    if not len(gone):
        return rings
    keep = np.ones(len(rings.counts), dtype=bool)
    keep[gone] = False
    keep_ring = np.repeat(keep, rings.counts)
    return Rings(
        rings.indices[np.repeat(keep_ring, rings.sizes)], rings.sizes[keep_ring], np.where(keep, rings.counts, 0)
    )


def _nothing(rings: Rings, faults: dict[str, NDArray[np.int64]] | None = None) -> Triangulation:
    if faults is None:
        empty = np.arange(len(rings.counts))
        faults = {"too-few-points": empty} if len(empty) else {}
    none = np.empty(0, np.int64)
    return Triangulation(
        np.empty((0, 3), np.int32),
        np.empty(0, np.int32),
        faults,
        Rings(none, none, np.zeros(len(rings.counts), np.int64)),
    )
