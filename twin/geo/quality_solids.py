"""Faults of shapes: solids that leak or turn inside out, faces that cross or stand twice, objects that are there twice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.city import City, Finding
from twin.geo.kernels.crossing import crossing_faces
from twin.geo.mesh import TriangleMesh
from twin.geo.quality_edges import crossing_at_edges
from twin.geo.readers.object_types import TERRAIN
from twin.geo.topology import degenerate, edge_use, quantised, signed_volumes, welded
from twin.geo.triangulate import newell

NEARLY_CLOSED = 0.4
"""The area vectors of a closed surface cancel; one whose sum is under this part of its area is meant to be closed."""

CROSSING_LIMIT = 20_000
"""Objects of more triangles are not searched for faces that cross."""

_SOLID_LAYERS = ("buildings", "bridges", "tunnels")
_SOLID_KINDS = ("Solid", "MultiSolid", "CompositeSolid")


class Welded(NamedTuple):
    """Triangles of a mesh after vertices on the same millimetre are one.

    Parameters
    ----------
    points : (D, 3) float64
        Distinct vertices [m].
    triangles : (T, 3) int64
    """

    points: NDArray[np.float64]
    triangles: NDArray[np.int64]

    @classmethod
    def of(cls, mesh: TriangleMesh) -> Welded:
        """Weld a mesh."""
        first, number = welded(quantised(mesh.vertices))
        return cls(np.ascontiguousarray(mesh.vertices[first]), number[mesh.triangles.astype(np.int64)])


def drawn(city: City) -> NDArray[np.bool_]:
    """Objects (O,) with triangles of their own."""
    found = np.zeros(len(city.objects), dtype=bool)
    found[city.surfaces.owner] = True
    return found


def meant_closed(city: City) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Objects (O,) that are said to be solids, and those that seem to be: a closed surface's area vectors cancel.

    An object whose source states the type of its geometry is a solid when it says so. Where it is silent, buildings, bridges
    and tunnels above level of detail 0 are taken for solids, and what nearly closes seems to be one.
    """
    mesh, count = city.surfaces, len(city.objects)
    layer = city.objects["layer"].to_numpy(dtype=object)
    stated = city.objects["geometry"].to_numpy(dtype=object)
    flat = np.array([str(one).startswith("0") for one in city.objects["lod"]], dtype=bool)
    said = np.isin(stated, _SOLID_KINDS)
    silent = np.array([one == "" for one in stated], dtype=bool)
    there = drawn(city)
    solid = there & (said | (silent & np.isin(layer, _SOLID_LAYERS) & ~flat))
    corners = mesh.vertices[mesh.triangles]
    vector = 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.column_stack([np.bincount(mesh.owner, weights=vector[:, axis], minlength=count) for axis in range(3)])
    area = np.bincount(mesh.owner, weights=np.linalg.norm(vector, axis=1), minlength=count)
    seems = ~solid & there & (layer != TERRAIN) & (np.linalg.norm(total, axis=1) < NEARLY_CLOSED * area)
    # surfaces that are said to be no more than surfaces need not close, but those of a building mostly should
    seems &= silent | np.isin(layer, _SOLID_LAYERS)
    return solid, seems


def solids(city: City, mesh: Welded) -> list[Finding]:
    """Objects that should be closed and are not, are turned inside out, or go through themselves."""
    count = len(city.objects)
    use = edge_use(mesh.triangles, city.surfaces.owner, count)
    volume = signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), count)
    solid, seems = meant_closed(city)
    crossing = _crossing(city, mesh, solid | seems)
    at_edges = crossing_at_edges(mesh.points, mesh.triangles, city.surfaces.owner, use)
    crossing = np.where(crossing == 0, at_edges, crossing)
    found: list[Finding] = []
    several = city.objects["geometry"].isin(("MultiSolid", "CompositeSolid")).to_numpy()
    for number in np.flatnonzero(solid | seems).tolist():
        one = str(city.objects.index[number])
        severity = "warning" if solid[number] else "info"
        for code, wrong, message in (
            ("open-solid", use.open[number], f"{use.open[number]} edges belong to one face only: it has no inside"),
            ("non-manifold", use.many[number] and not several[number], f"{use.many[number]} edges belong to more than two faces"),
            ("turned-face", use.turned[number], f"{use.turned[number]} edges lie between faces that look opposite ways"),
            ("inside-out", use.closed[number] and volume[number] < 0, "its faces look inward: the volume is negative"),
            ("self-intersection", crossing[number] > 0, f"{crossing[number]} triangles go through another one, or into a solid"),
            ("not-checked", crossing[number] < 0, "too many triangles in one place: not searched for faces that cross"),
        ):
            if wrong:
                found.append(Finding(code, one, message, "info" if code == "not-checked" else severity))
    return found


def _crossing(city: City, mesh: Welded, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of triangles of each object (O,) that go through another one of it."""
    owner = city.surfaces.owner
    chosen = np.flatnonzero(wanted[owner])
    chosen = chosen[np.argsort(owner[chosen], kind="stable")]
    start = np.searchsorted(owner[chosen], np.arange(len(wanted) + 1))
    counted = crossing_faces(mesh.points, np.ascontiguousarray(mesh.triangles[chosen]), start, CROSSING_LIMIT)
    return np.asarray(counted, dtype=np.int64)


def degenerate_faces(city: City, mesh: Welded) -> list[Finding]:
    """Triangles of which two corners are one; a solid stays closed without them."""
    times = np.bincount(city.surfaces.owner[degenerate(mesh.triangles)], minlength=len(city.objects))
    index = city.objects.index
    what = "triangles have corners that fall together"
    return [Finding("degenerate-face", str(index[row]), f"{times[row]} {what}") for row in np.flatnonzero(times).tolist()]


def duplicate_faces(city: City, mesh: Welded) -> list[Finding]:
    """Triangles that stand twice in one object."""
    times = np.bincount(city.surfaces.owner[duplicates(city, mesh)], minlength=len(city.objects))
    index = city.objects.index
    rows = np.flatnonzero(times).tolist()
    return [Finding("duplicate-face", str(index[row]), f"{times[row]} triangles are there twice") for row in rows]


def duplicates(city: City, mesh: Welded) -> NDArray[np.int64]:
    """Triangles that repeat one that comes before them in the same object."""
    if not len(mesh.triangles):
        return np.empty(0, np.int64)
    # the same way round: two solids side by side share a wall that each sees from its own side
    lowest = np.argmin(mesh.triangles, axis=1)
    corners = np.take_along_axis(mesh.triangles, (lowest[:, None] + np.arange(3)) % 3, axis=1)
    order = np.lexsort((*corners.T, city.surfaces.owner))
    rows = np.column_stack([city.surfaces.owner, corners])[order]
    same = (rows[1:] == rows[:-1]).all(axis=1)
    return np.sort(order[1:][same])


def duplicate_objects(city: City, mesh: Welded) -> list[Finding]:
    """Objects of one layer with the very same triangles under another id."""
    count = len(city.objects)
    owner = city.surfaces.owner
    middle = mesh.points[mesh.triangles].mean(axis=1)
    size = np.bincount(owner, minlength=count)
    key = np.column_stack([size, *(np.rint(np.bincount(owner, weights=middle[:, k], minlength=count) / 1e-2) for k in range(3))])
    rows = np.flatnonzero(size)
    order = rows[np.lexsort(key[rows].T[::-1])]
    found: list[Finding] = []
    layer = city.objects["layer"].to_numpy(dtype=object)
    for one, other in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
        if (key[one] == key[other]).all() and layer[one] == layer[other] and layer[one] != TERRAIN:
            first, second = sorted((one, other))
            message = f"it has the same faces as {city.objects.index[first]}"
            found.append(Finding("duplicate-object", str(city.objects.index[second]), message))
    return found


def bent_faces(city: City, planarity_m: float) -> list[Finding]:
    """Objects with polygons that are thicker than a tolerance [m]."""
    outlines = city.surfaces.polygons
    rings = outlines.rings
    if not len(rings.indices):
        return []
    points = city.surfaces.vertices[rings.indices]
    of_ring = np.repeat(np.arange(len(rings.counts)), rings.counts)
    of = np.repeat(of_ring, rings.sizes)
    first_ring = np.cumsum(rings.counts) - rings.counts
    start = (np.cumsum(rings.sizes) - rings.sizes)[first_ring]
    normal = newell(points, rings.sizes)[first_ring]
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)
    height = np.einsum("ij,ij->i", points - points[start][of], normal[of])
    thick = np.maximum.reduceat(height, start) - np.minimum.reduceat(height, start)
    owner = np.zeros(len(rings.counts), dtype=np.int64)
    owner[outlines.polygon] = city.surfaces.owner
    found = []
    bent = np.flatnonzero(thick > planarity_m)
    for row in np.unique(owner[bent]).tolist():
        mine = bent[owner[bent] == row]
        message = f"{len(mine)} faces are not planar within {planarity_m:g} m; the worst is {thick[mine].max():.3f} m thick"
        found.append(Finding("non-planar", str(city.objects.index[row]), message))
    return found
