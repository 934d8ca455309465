"""Polygons in space to triangles, many at once.

Most faces of a city are triangles, quadrilaterals and convex: those are cut by a kernel, all together. The rest, and faces
with holes, go one by one to ear clipping in the plane of Newell's normal. Winding is kept, so normals point where they did.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.ears import MAX_HOLES, clip, starts_of
from twin.geo.kernels.faces import HOLE_DROPPED, NO_AREA, NON_PLANAR, NOT_FINITE, REPEATED_POINT, TOO_FEW_POINTS, cut_faces
from twin.geo.kernels.ring_crossings import count_crossings
from twin.geo.mesh import Rings

PLANARITY_M = 0.01
"""A vertex further than this from the plane of its face makes the face non-planar [m]; the default of val3dity."""


FAULT_BITS = {
    "not-finite": NOT_FINITE,
    "too-few-points": TOO_FEW_POINTS,
    "no-area": NO_AREA,
    "repeated-point": REPEATED_POINT,
    "hole-dropped": HOLE_DROPPED,
    "non-planar": NON_PLANAR,
}
"""Bit of each fault that the kernel tells."""

MAX_LOOPED = 64
"""An outline without area of more corners is not taken apart, only searched for sides that cross."""


class Triangulation(NamedTuple):
    """Triangles of many polygons.

    Parameters
    ----------
    triangles : (T, 3) int32
        Rows of the vertex table, wound as their polygon.
    polygon : (T,) int32
        Polygon that each triangle is of, ascending.
    faults : dict of str to (K,) int64
        Polygons by what is wrong with them. ``not-finite``, ``too-few-points``, ``no-area``, ``not-cut`` and
        ``too-many-holes`` have no triangles; ``repeated-point``, ``hole-dropped`` and ``non-planar`` have. ``self-crossing``
        has, unless the parts of the outline that turn either way cancel.
    rings : Rings
        The polygons after mending; those without triangles have no rings.
    """

    triangles: NDArray[np.int32]
    polygon: NDArray[np.int32]
    faults: dict[str, NDArray[np.int64]]
    rings: Rings


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
    The normal is Newell's (Sutherland et al. 1974), which is stable for faces that are not quite planar. Repeated points,
    rings of fewer than three points and polygons without area are left out, and told.
    """
    indices, sizes, counts = (np.ascontiguousarray(one, dtype=np.int64) for one in rings)
    points, polygons = len(indices), len(counts)
    fault, rest = np.zeros(polygons, np.uint8), np.zeros(polygons, np.bool_)
    keep, keep_ring = np.zeros(points, np.bool_), np.zeros(len(sizes), np.bool_)
    normal = np.empty((polygons, 3))
    triangles, polygon = np.empty((points + 1, 3), np.int32), np.empty(points + 1, np.int32)
    table = np.ascontiguousarray(vertices, dtype=np.float64)
    made = cut_faces(
        table, indices, sizes, counts, PLANARITY_M, fault, keep, keep_ring, rest, normal, triangles, polygon
    )  # fmt: skip
    faults = {code: np.flatnonzero(fault & bit) for code, bit in FAULT_BITS.items() if (fault & bit).any()}
    mended = _mended(rings, keep, keep_ring, fault)
    triangles, polygon = triangles[:made].copy(), polygon[:made].copy()
    if rest.any():
        triangles, polygon = _with_rest(table, mended, rest, normal, triangles, polygon, faults)
        none = np.empty(0, np.int64)
        mended = _without(mended, np.concatenate([faults.get(code, none) for code in ("not-cut", "too-many-holes")]))
    _tell_cancelled(table, rings, faults)
    return Triangulation(triangles, polygon, faults, mended)


def _tell_cancelled(vertices: NDArray[np.float64], rings: Rings, faults: dict[str, NDArray[np.int64]]) -> None:
    """Move polygons that have no area because their outline crosses itself, as a bow tie does, to ``self-crossing``."""
    flat = faults.get("no-area", np.empty(0, np.int64))
    first_ring = np.cumsum(rings.counts) - rings.counts
    # a triangle cannot cross itself
    flat = flat[rings.sizes[first_ring[flat]] > 3] if len(flat) else flat
    if not len(flat):
        return
    end = np.cumsum(rings.sizes)[first_ring[flat]]
    start = end - rings.sizes[first_ring[flat]]
    outlines = (vertices[rings.indices[a:b]] for a, b in zip(start.tolist(), end.tolist(), strict=True))
    crossed = flat[np.fromiter((_cancels(outline) for outline in outlines), np.bool_, len(flat))]
    if len(crossed):
        rest = np.setdiff1d(faults.pop("no-area"), crossed)
        if len(rest):
            faults["no-area"] = rest
        faults["self-crossing"] = np.union1d(faults.get("self-crossing", crossed), crossed)


def _cancels(outline: NDArray[np.float64]) -> bool:
    """Whether a ring (N, 3) without net area encloses some."""
    import shapely

    relative = outline - outline[0]
    # Newell's normal is none here, so the plane is that of the points themselves
    _, spread, axes = np.linalg.svd(relative, full_matrices=False)
    if not spread[1] > 1e-6 * spread[0]:
        return False
    flat = relative @ axes[:2].T
    if len(flat) > MAX_LOOPED:
        following = np.roll(flat, -1, axis=0)
        return count_crossings(np.ascontiguousarray(np.hstack([flat, following])), 0)[0] > 0
    loops = shapely.make_valid(shapely.Polygon(flat))
    return bool(shapely.area(loops) > 1e-9 + 1e-6 * spread[0] * spread[1])


def _mended(rings: Rings, keep: NDArray[np.bool_], keep_ring: NDArray[np.bool_], fault: NDArray[np.uint8]) -> Rings:
    """The polygons without what was left out; one without area has no rings."""
    of_ring = np.repeat(np.arange(len(rings.counts)), rings.counts)
    flat = (fault & NO_AREA) != 0
    if flat.any():
        keep_ring = keep_ring & ~flat[of_ring]
        keep = keep & np.repeat(keep_ring, rings.sizes)
    if keep.all() and keep_ring.all():
        return rings
    ring_of = np.repeat(np.arange(len(rings.sizes)), rings.sizes)
    sizes = np.bincount(ring_of[keep], minlength=len(rings.sizes))[keep_ring]
    counts = np.bincount(of_ring[keep_ring], minlength=len(rings.counts))
    return Rings(rings.indices[keep], sizes, counts)


def _with_rest(
    vertices: NDArray[np.float64],
    rings: Rings,
    rest: NDArray[np.bool_],
    normal: NDArray[np.float64],
    triangles: NDArray[np.int32],
    polygon: NDArray[np.int32],
    faults: dict[str, NDArray[np.int64]],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Triangles and their polygons, with those of the polygons of many corners or with holes, cut by their ears."""
    of = np.flatnonzero(rest)
    keep_ring = np.repeat(rest, rings.counts)
    indices = rings.indices[np.repeat(keep_ring, rings.sizes)]
    sizes, counts = rings.sizes[keep_ring], rings.counts[of]
    corners = np.add.reduceat(sizes, starts_of(counts))
    points = vertices[indices]
    relative = points - np.repeat(points[starts_of(corners)], corners, axis=0)
    ears = clip(relative, normal[of], sizes, counts)
    too_many = counts - 1 > MAX_HOLES
    for code, wrong in (
        ("not-cut", (ears.counts == 0) & ~too_many),
        ("too-many-holes", too_many),
        ("self-crossing", ears.crossed & (ears.counts > 0)),
    ):
        if wrong.any():
            faults[code] = of[wrong]
    polygon = np.concatenate([polygon, np.repeat(of, ears.counts).astype(np.int32)])
    order = np.argsort(polygon, kind="stable")
    return np.concatenate([triangles, indices[ears.places].astype(np.int32)])[order], polygon[order]


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
