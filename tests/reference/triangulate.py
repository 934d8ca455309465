"""Slow twin of `twin.geo.kernels.faces`: the same steps in NumPy, each over all polygons; no fans."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.ears import clip, cross, dot, starts_of
from twin.geo.mesh import Rings
from twin.geo.triangulate import PLANARITY_M, Triangulation, newell


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


def _split_quads(
    quads: NDArray[np.int64], corners: NDArray[np.float64], normal: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Cut quadrilaterals along the diagonal that stays inside; of two, the one with the larger smallest triangle.

    Returns triangles (Q, 2, 3) and which quadrilaterals cross themselves (Q,).
    """
    a, b, c, d = (corners[:, k] for k in range(4))
    abc, acd = dot(cross(b - a, c - a), normal), dot(cross(c - a, d - a), normal)
    abd, bcd = dot(cross(b - a, d - a), normal), dot(cross(c - b, d - b), normal)
    along_ac, along_bd = np.minimum(abc, acd), np.minimum(abd, bcd)
    # A rectangle's diagonals tie but for rounding: prefer a-c clearly, so that neighbours are cut alike.
    use_ac = along_ac >= along_bd * (1 - 1e-9)
    cut = np.where(use_ac[:, None, None], quads[:, [[0, 1, 2], [0, 2, 3]]], quads[:, [[0, 1, 3], [1, 2, 3]]])
    return cut, np.maximum(along_ac, along_bd) < 0


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
    if not len(rings.indices):
        return _nothing(rings)
    points = vertices[rings.indices]
    mended, kept, faults = _clean(points, rings)
    if not len(kept):
        return _nothing(rings, faults)
    faces = _faces(points[kept], mended)
    faces.note(faults)
    pieces = _cut_small(faces, mended.indices)
    rest = faces.sound.copy()
    for _, cut in pieces:
        rest[cut] = False
    if rest.any():
        pieces.append(_cut_rest(faces, mended, rest, faults))
    triangles = np.concatenate([piece for piece, _ in pieces])
    face = np.concatenate([of for _, of in pieces])
    order = np.argsort(face, kind="stable")
    mended = _without(mended, np.concatenate([faults.get("no-area", []), faults.get("not-cut", [])]).astype(np.int64))
    polygon = faces.polygon[face[order]].astype(np.int32)
    return Triangulation(triangles[order].astype(np.int32), polygon, faults, mended)


class _Faces(NamedTuple):
    """Polygons that have rings.

    Parameters
    ----------
    polygon : (F,) int64
        Which polygon each is.
    relative : (N, 3) float64
        Points relative to the first one of their face [m].
    of : (N,) int64
        Face of each point.
    rings, start, corners : (F,) int64
        Number of rings, first point and number of points of each face.
    normal : (F, 3) float64
        Unit normal; zero without area.
    sound, planar : (F,) bool
        Whether it has an area, and whether it is flat within `PLANARITY_M`.
    """

    polygon: NDArray[np.int64]
    relative: NDArray[np.float64]
    of: NDArray[np.int64]
    rings: NDArray[np.int64]
    start: NDArray[np.int64]
    corners: NDArray[np.int64]
    normal: NDArray[np.float64]
    sound: NDArray[np.bool_]
    planar: NDArray[np.bool_]

    def note(self, faults: dict[str, NDArray[np.int64]]) -> None:
        """Put the faces without area and those that are bent with the faults."""
        for code, wrong in (("no-area", ~self.sound), ("non-planar", self.sound & ~self.planar)):
            if wrong.any():
                faults[code] = self.polygon[wrong]


def _faces(points: NDArray[np.float64], rings: Rings) -> _Faces:
    """Normals by Newell's method, and what they say of each polygon."""
    polygon = np.flatnonzero(rings.counts)
    counts = rings.counts[polygon]
    of = np.repeat(np.repeat(np.arange(len(polygon)), counts), rings.sizes)
    corners = np.bincount(of)
    start = starts_of(corners)
    relative = points - np.repeat(points[start], corners, axis=0)
    area = newell(points, rings.sizes)[starts_of(counts)]
    length = np.linalg.norm(area, axis=1)
    extent = np.maximum.reduceat(np.abs(relative).max(axis=1), start)
    sound = np.asarray(length > 1e-9 + 1e-12 * extent**2)
    normal = np.divide(area, length[:, None], out=np.zeros_like(area), where=sound[:, None])
    height = dot(relative, normal[of])
    planar = np.maximum.reduceat(height, start) - np.minimum.reduceat(height, start) <= PLANARITY_M
    return _Faces(polygon, relative, of, counts, start, corners, normal, sound, np.asarray(planar))


Piece = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Triangles (T, 3) and the face (T,) of each."""


def _cut_small(faces: _Faces, indices: NDArray[np.int64]) -> list[Piece]:
    """Triangles as they are, and quadrilaterals in two; those that cross themselves are left for later."""
    single = (faces.rings == 1) & faces.sound
    three = np.flatnonzero(single & (faces.corners == 3))
    four = np.flatnonzero(single & (faces.corners == 4))
    places = faces.start[four][:, None] + np.arange(4)
    cut, crossed = _split_quads(indices[places], faces.relative[places], faces.normal[four])
    return [
        (indices[faces.start[three][:, None] + np.arange(3)], three),
        (cut[~crossed].reshape(-1, 3), np.repeat(four[~crossed], 2)),
    ]


def _cut_rest(faces: _Faces, rings: Rings, rest: NDArray[np.bool_], faults: dict[str, NDArray[np.int64]]) -> Piece:
    """Faces of many corners or with holes."""
    chosen = rest[faces.of]
    sizes = rings.sizes[np.repeat(rest, faces.rings)]
    ears = clip(faces.relative[chosen], faces.normal[rest], sizes, faces.rings[rest])
    for code, wrong in (("not-cut", ears.counts == 0), ("self-crossing", ears.crossed & (ears.counts > 0))):
        if wrong.any():
            faults[code] = faces.polygon[rest][wrong]
    return rings.indices[chosen][ears.places], np.repeat(np.flatnonzero(rest), ears.counts)


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
