"""What is wrong with a city that reads well: solids that leak, buildings in each other, heights that cannot be."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.city import City, Finding, Quality
from twin.geo.readers.object_types import TERRAIN
from twin.geo.topology import object_use, quantised, signed_volumes, welded

MAX_HEIGHT_M = 1000.0
"""No building is higher (the highest in the world has 828 m) [m]."""

OVERLAP_M2 = 0.5
OVERLAP_PART = 0.01
"""Footprints overlap when they share more than this area, and this part of the smaller one."""

NEARLY_CLOSED = 0.4
"""The area vectors of a closed surface cancel; one whose sum is under this part of its area is meant to be closed."""

_SOLID_LAYERS = ("buildings", "bridges", "tunnels")


def check(city: City) -> Quality:
    """Look for faults in a city; ``twin validate`` prints them after those of reading.

    Returns
    -------
    Quality
        Codes: ``no-geometry``, ``open-solid``, ``non-manifold``, ``turned-face``, ``inside-out``, ``duplicate-face``,
        ``no-footprint``, ``footprint-invalid``, ``footprint-overlap``, ``height``, ``height-unknown``. Empty layers
        are fine. Nothing is left out of the city, so none is an error.

    Notes
    -----
    Solids are judged by how their triangles share edges after vertices on the same millimetre are welded, as in
    ISO 19107: each edge has two faces that run along it in opposite directions.
    """
    return Quality((*_missing(city), *_solids(city), *_duplicates(city), *_footprints(city), *_heights(city)))


def _drawn(city: City) -> NDArray[np.bool_]:
    """Objects (O,) with triangles of their own."""
    drawn = np.zeros(len(city.objects), dtype=bool)
    drawn[city.surfaces.owner] = True
    return drawn


def _missing(city: City) -> list[Finding]:
    """Buildings without triangles of their own or of a part."""
    parent = {str(one): str(up) for one, up in city.objects["parent"].items()}
    seen: set[str] = set()
    for one in city.objects.index[_drawn(city)]:
        while one and one not in seen:
            seen.add(one)
            one = parent.get(one, "")
    message = "the building has no geometry, nor have its parts"
    return [Finding("no-geometry", str(one), message) for one in city.buildings.index if one not in seen]


def _solids(city: City) -> list[Finding]:
    """Objects that should be closed and are not, or are turned inside out."""
    mesh, count = city.surfaces, len(city.objects)
    if not len(mesh):
        return []
    use = object_use(mesh, count)
    layer = city.objects["layer"].to_numpy(dtype=object)
    lod = city.objects["lod"].to_numpy(dtype=object)
    volume = signed_volumes(mesh, mesh.owner.astype(np.int64), count)
    solid = (
        np.isin(layer, _SOLID_LAYERS)
        & _drawn(city)
        & np.array([not str(one).startswith("0") for one in lod], dtype=bool)
    )
    # Elsewhere the type of geometry is not known any more: what nearly closes is taken for a solid.
    corners = mesh.vertices[mesh.triangles]
    vector = 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.column_stack([np.bincount(mesh.owner, weights=vector[:, axis], minlength=count) for axis in range(3)])
    area = np.bincount(mesh.owner, weights=np.linalg.norm(vector, axis=1), minlength=count)
    guessed = ~solid & _drawn(city) & (layer != TERRAIN) & (np.linalg.norm(total, axis=1) < NEARLY_CLOSED * area)
    found: list[Finding] = []
    for number in np.flatnonzero(solid | guessed).tolist():
        one = str(city.objects.index[number])
        severity = "warning" if solid[number] else "info"
        for code, wrong, message in (
            ("open-solid", use.open[number], f"{use.open[number]} edges belong to one face only: it has no inside"),
            ("non-manifold", use.many[number], f"{use.many[number]} edges belong to more than two faces"),
            (
                "turned-face",
                use.turned[number],
                f"{use.turned[number]} edges lie between faces that look opposite ways",
            ),
            ("inside-out", use.closed[number] and volume[number] < 0, "its faces look inward: the volume is negative"),
        ):
            if wrong:
                found.append(Finding(code, one, message, severity))
    return found


def _duplicates(city: City) -> list[Finding]:
    mesh = city.surfaces
    if not len(mesh):
        return []
    _, number = welded(quantised(mesh.vertices))
    corners = np.sort(number[mesh.triangles.astype(np.int64)], axis=1)
    order = np.lexsort((*corners.T, mesh.owner))
    rows = np.column_stack([mesh.owner, corners])[order]
    same = (rows[1:] == rows[:-1]).all(axis=1)
    times = np.bincount(rows[1:][same, 0], minlength=len(city.objects))
    index = city.objects.index
    return [
        Finding("duplicate-face", str(index[row]), f"{times[row]} triangles are there twice")
        for row in np.flatnonzero(times).tolist()
    ]


def _footprints(city: City) -> list[Finding]:
    frame = city.buildings
    shapes = np.asarray(frame.geometry.array, dtype=object)
    ids = [str(one) for one in frame.index]
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    valid = shapely.is_valid(shapes)
    found = [Finding("no-footprint", ids[row], "the building has no footprint") for row in np.flatnonzero(empty)]
    for row in np.flatnonzero(~valid & ~empty):
        reason = shapely.is_valid_reason(shapes[row])
        found.append(Finding("footprint-invalid", ids[row], f"the footprint is not a valid polygon: {reason}"))
    usable = np.flatnonzero(valid & ~empty)
    tree = shapely.STRtree(shapes[usable])
    first, second = tree.query(shapes[usable], predicate="intersects")
    first, second = usable[first[first < second]], usable[second[first < second]]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    smaller = np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    for pair in np.flatnonzero((shared > OVERLAP_M2) & (shared > OVERLAP_PART * smaller)):
        message = f"its footprint overlaps that of {ids[second[pair]]} by {shared[pair]:.1f} m2"
        found.append(Finding("footprint-overlap", ids[first[pair]], message))
    return found


def _heights(city: City) -> list[Finding]:
    if "height_m" not in city.buildings:
        return []
    height = city.buildings["height_m"].to_numpy(dtype=np.float64, na_value=np.nan)
    ids = city.buildings.index
    found = [
        Finding("height-unknown", str(ids[row]), "the height is not known", "info")
        for row in np.flatnonzero(np.isnan(height))
    ]
    wrong = np.flatnonzero((height <= 0) | (height > MAX_HEIGHT_M))
    return found + [Finding("height", str(ids[row]), f"a height of {height[row]:.1f} m cannot be") for row in wrong]
