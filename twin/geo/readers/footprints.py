"""Faces in space to polygons on the map: one (multi)polygon an object, all objects at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.ears import starts_of
from twin.geo.kernels.tin import drape
from twin.geo.mesh import SEMANTICS, Rings
from twin.geo.triangulate import newell
from twin.geo.valid import mendable

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

HORIZONTAL = 0.95
"""A face whose unit normal has at least this vertical component counts as near-horizontal."""

STEP_M = 0.5
"""Without semantics, near-horizontal faces within this height of the lowest point are the ground [m]."""

SNAP_M = 0.01
"""Gaps up to about this width between parts of one object are closed [m]."""

LIES = 1e-3
"""A face whose unit normal has less than this vertical component has no area on the map."""

HOLE_M2 = 0.25
"""Smaller holes in the outline of many faces are between parts that do not quite fit, not courts [m2]."""

CLOSED = 1e-3
"""Areas on the map of a closed mesh, counted with their sign, cancel to this part of their sum."""

MAX_EXACT, MAX_TRIED = 20_000, 300_000
CELL_M, MAX_CELLS, MAX_LOOKS = 0.05, 4000, 100_000_000
"""Above so many faces that lie over each other (or, untried, in all) their outline is taken from a raster of such cells [m]."""


def project(points: NDArray[np.float64], rings: Rings) -> NDArray[np.object_]:
    """Polygon on the map of each face (S,), valid; None for a face without rings or seen from its edge.

    Parameters
    ----------
    points : (V, 3) float64
        In the coordinates of the map [m].
    rings : Rings
        Faces.
    """
    out = np.full(len(rings.counts), None, dtype=object)
    filled = np.flatnonzero(rings.counts)
    if not len(filled):
        return out
    ring_of_point = np.repeat(np.arange(len(rings.sizes)), rings.sizes)
    closed = shapely.linearrings(points[rings.indices, :2], indices=ring_of_point)
    polygons = shapely.polygons(closed, indices=np.repeat(np.arange(len(filled)), rings.counts[filled]))
    bad = ~shapely.is_valid(polygons)
    if bad.any():
        polygons[bad] = shapely.buffer(_mended(polygons[bad]), 0)
    polygons[shapely.is_empty(polygons)] = None
    out[filled] = polygons
    return out


MAX_MENDED = 200
"""Corners of an outline that crosses itself up to which it is taken apart exactly: that takes more than their square."""


def _mended(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Valid shapes of polygons that cross themselves; of long ones what a buffer keeps, which is nothing of a mere tangle."""
    found = polygons.copy()
    short = shapely.get_num_coordinates(polygons) <= MAX_MENDED
    for row in np.flatnonzero(~short).tolist():
        # a buffer of a ring of 3,200 corners takes 5 GB when each of its sides crosses half of the others
        if not mendable(polygons[row]):
            found[row] = shapely.Polygon()
    found[short] = shapely.make_valid(polygons[short], method="structure", keep_collapsed=False)
    return found


def dissolve(polygons: NDArray[np.object_], group: NDArray[np.int64], groups: int) -> NDArray[np.object_]:
    """Union of the polygons of each group, (groups,); an empty polygon for a group without any.

    Faces of one object mostly fit edge to edge, so their inner edges just cancel (a coverage union). Where that does
    not give a valid polygon of the area of its parts, the faces overlap and are united in full.

    Parameters
    ----------
    polygons : (N,) object
        Polygons or None.
    group : (N,) int64
        Group of each.
    groups : int
        Number of groups.
    """
    out = np.full(groups, shapely.Polygon(), dtype=object)
    there = np.array([polygon is not None for polygon in polygons], dtype=bool)
    polygons, group = polygons[there], group[there]
    if not len(polygons):
        return out
    order = np.argsort(group, kind="stable")
    polygons, group = polygons[order], group[order]
    members = np.bincount(group, minlength=groups)
    first = starts_of(members)
    alone = np.flatnonzero(members == 1)
    out[alone] = polygons[first[alone]]
    several = np.flatnonzero(members > 1)
    # Groups of about the same size go together, so that the padding is never more than what is padded.
    power = np.ceil(np.log2(members[several])).astype(np.int64)
    for size in np.unique(power):
        rows = several[power == size]
        place = first[rows][:, None] + np.arange(members[rows].max())
        inside = place < (first[rows] + members[rows])[:, None]
        padded: NDArray[np.object_] = np.full(place.shape, None, dtype=object)
        padded[inside] = polygons[place[inside]]
        out[rows] = _unite(padded)
    return out


def _unite(padded: NDArray[np.object_]) -> NDArray[np.object_]:
    total = np.nansum(shapely.area(padded), axis=1)
    try:
        united = np.atleast_1d(shapely.coverage_union_all(padded, axis=1))
        fits = shapely.is_valid(united) & (np.abs(shapely.area(united) - total) <= 1e-6 * total)
    except shapely.GEOSException:
        united = np.full(len(padded), None, dtype=object)
        fits = np.zeros(len(padded), dtype=bool)
    # A coverage union gives a collection where faces touch in a point only.
    fits &= np.isin(shapely.get_type_id(united), (3, 6))
    if not fits.all():
        united[~fits] = shapely.union_all(padded[~fits], axis=1)
    kind = shapely.get_type_id(united)
    apart = np.flatnonzero(kind == 6)
    if len(apart):
        # Parts of one building often stand a millimetre apart; a second look on a grid of 1 cm joins those.
        joined = shapely.set_precision(united[apart], SNAP_M)
        # Only the coordinates are wanted on the grid, not what is computed with them later.
        joined = shapely.set_precision(joined, 0.0)
        fewer = shapely.get_num_geometries(joined) < shapely.get_num_geometries(united[apart])
        united[apart[fewer]] = joined[fewer]
        kind = shapely.get_type_id(united)
    lone = (kind == 6) & (shapely.get_num_geometries(united) == 1)
    united[lone] = shapely.get_geometry(united[lone], 0)
    strange = ~np.isin(shapely.get_type_id(united), (3, 6))
    if strange.any():
        united[strange] = shapely.buffer(united[strange], 0)
    return united


def face_normals(vertices: NDArray[np.float64], rings: Rings) -> NDArray[np.float64]:
    """Unit normal of each face, (S, 3); zero for a face without rings."""
    out = np.zeros((len(rings.counts), 3))
    filled = np.flatnonzero(rings.counts)
    if len(filled):
        area = newell(vertices[rings.indices], rings.sizes)[starts_of(rings.counts)[filled]]
        length = np.linalg.norm(area, axis=1, keepdims=True)
        out[filled] = np.divide(area, length, out=np.zeros_like(area), where=length > 0)
    return out


def face_heights(vertices: NDArray[np.float64], rings: Rings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest z of each face, (S,) each; NaN for a face without rings."""
    low, high = np.full(len(rings.counts), np.nan), np.full(len(rings.counts), np.nan)
    filled = np.flatnonzero(rings.counts)
    if len(filled):
        z = vertices[rings.indices, 2]
        first = starts_of(rings.sizes)[starts_of(rings.counts)[filled]]
        low[filled], high[filled] = np.minimum.reduceat(z, first), np.maximum.reduceat(z, first)
    return low, high


def ground_faces(
    vertices: NDArray[np.float64],
    rings: Rings,
    semantic: NDArray[np.uint8],
    group: NDArray[np.int64],
    groups: int,
) -> NDArray[np.bool_]:
    """Which faces (S,) make the footprint of their group.

    The faces said to be the ground; in a group without any the near-horizontal faces at its foot; failing those all
    faces that are not upright.
    """
    filled = rings.counts > 0
    ground = filled & (semantic == SEMANTICS["GroundSurface"])
    has = np.zeros(groups, dtype=bool)
    has[group[ground]] = True
    if has[group[filled]].all():
        return ground
    upright = np.abs(face_normals(vertices, rings)[:, 2])
    _, high = face_heights(vertices, rings)
    lowest = np.full(groups, np.inf)
    np.fmin.at(lowest, group[filled], face_heights(vertices, rings)[0][filled])
    foot = filled & ~has[group] & (upright >= HORIZONTAL) & (high <= lowest[group] + STEP_M)
    has_foot = has.copy()
    has_foot[group[foot]] = True
    rest = filled & ~has_foot[group] & (upright > 1e-3)
    return ground | foot | rest


def silhouette(points: NDArray[np.float64], rings: Rings) -> BaseGeometry:
    """Outline on the map of all faces together, valid; empty when all are upright.

    Parameters
    ----------
    points : (V, 3) float64
        In the coordinates of the map [m].
    rings : Rings
        Faces, which may lie over each other.

    Returns
    -------
    shapely Polygon or MultiPolygon
        Gaps up to `SNAP_M` are closed, holes under `HOLE_M2` filled.
    """
    normal = face_normals(points, rings)[:, 2]
    there = np.abs(normal) > LIES
    area = newell(points[rings.indices], rings.sizes)[starts_of(rings.counts)[there], 2] if there.any() else np.zeros(0)
    # A closed mesh covers the map from above and from below: one of the two is enough.
    if abs(area.sum()) < CLOSED * np.abs(area).sum():
        there &= normal > 0
    if not there.any():
        return shapely.Polygon()
    shape = _covered(points, rings, there).buffer(SNAP_M / 2, join_style="mitre").buffer(-SNAP_M / 2, join_style="mitre")
    parts = []
    for part in shapely.get_parts(shape):
        holes = [ring for ring in part.interiors if shapely.Polygon(ring).area >= HOLE_M2]
        parts.append(shapely.simplify(shapely.Polygon(part.exterior, holes), SNAP_M / 2))
    whole = shapely.union_all([part for part in parts if part.area > SNAP_M])
    return whole if whole.geom_type in ("Polygon", "MultiPolygon") else shapely.Polygon()


def _covered(points: NDArray[np.float64], rings: Rings, there: NDArray[np.bool_]) -> BaseGeometry:
    """Union on the map of some of the faces; of very many that lie over each other only to `CELL_M`."""
    keep_ring = np.repeat(there, rings.counts)
    some = Rings(rings.indices[np.repeat(keep_ring, rings.sizes)], rings.sizes[keep_ring], rings.counts[there])
    if len(some.counts) > MAX_TRIED and (some.sizes == 3).all():
        return _burnt(points[some.indices, :2].reshape(-1, 3, 2))
    faces = project(points, some)
    faces = faces[[face is not None for face in faces]]
    if not len(faces):
        return shapely.Polygon()
    try:
        united = shapely.coverage_union_all(faces)
        if shapely.is_valid(united) and abs(united.area - shapely.area(faces).sum()) <= 1e-6 * united.area:
            return united
    except shapely.GEOSException:
        pass
    if len(faces) > MAX_EXACT and (some.sizes == 3).all():
        return _burnt(points[some.indices, :2].reshape(-1, 3, 2))
    return dissolve(faces, np.zeros(len(faces), np.int64), 1)[0]


def _burnt(corners: NDArray[np.float64]) -> BaseGeometry:
    """Union of triangles (T, 3, 2) on the map by a raster: what lies within half a cell of them."""
    from rasterio.features import shapes, sieve
    from rasterio.transform import Affine

    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    cell = max(CELL_M, float((high - low).max()) / MAX_CELLS)
    sides = np.ptp(corners, axis=1)
    # As for a terrain: triangles that lie over each other many times must not take for ever.
    while np.prod(sides / cell + 1, axis=1).sum() > MAX_LOOKS:
        cell *= 2
    columns, rows = (int(one) + 3 for one in (high - low) / cell)
    west, north = float(low[0]) - cell, float(high[1]) + cell
    height = np.full((rows, columns), -np.inf)
    drape((corners[..., 0] - west) / cell - 0.5, (north - corners[..., 1]) / cell - 0.5, np.zeros(corners.shape[:2]), height)
    transform = Affine(cell, 0.0, west, 0.0, -cell, north)
    burnt = sieve((height == 0.0).astype(np.uint8), max(1, int(HOLE_M2 / cell**2)))
    found = [shapely.geometry.shape(one) for one, value in shapes(burnt, burnt == 1, transform=transform) if value]
    if not found:
        return shapely.Polygon()
    return shapely.simplify(shapely.union_all(found).buffer(cell / 2, join_style="mitre"), cell)
