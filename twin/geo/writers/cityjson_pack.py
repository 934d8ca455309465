"""Polygons of a mesh on whole millimetres, with what is needed to write solids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.ears import starts_of
from twin.geo.mesh import SEMANTIC_NAMES, Rings, TriangleMesh
from twin.geo.readers.surface_links import PARENT
from twin.geo.topology import edge_use, quantised, shells, signed_volumes, welded
from twin.geo.writers.pictures import places as picture_places

UV_STEPS = 1_000_000
"""Places in pictures are written in millionths of their width."""

MAX_ROUNDS = 100
"""So often points that fall together are looked for again after others have gone."""

SCALE_M = 0.001
"""Coordinates are written in whole millimetres."""


class Packed(NamedTuple):
    """Polygons by object.

    Parameters
    ----------
    grid : (V, 3) int64
        Vertices in millimetres from the origin.
    faces : list
        Each polygon as rings of rows of `grid`, ready to be written.
    semantic : (P,) uint8
    colour : (P,) int64
        Material of each polygon, -1 for none.
    materials : (M, 4) uint8
        Distinct colours.
    first : (O + 1,) int64
        First polygon of each object.
    closed : (O,) bool
        Whether the triangles of each object close.
    shell : (P,) int64
        Connected piece that each polygon is in.
    outward : (H,) bool
        Whether each piece encloses a volume, rather than a cavity.
    row : (P,) int64
        Row of the attributes of each polygon; -1 for none.
    nest : (P, 2) int64
        Solid and shell of each polygon as its source had them; -1 where that is not known.
    picture : (P,) int64
        Row of `pictures` that each polygon shows; -1 for none.
    pictures : (K,) int64
        Rows of `City.textures` in use.
    uv : (U, 2) float64
        Places in pictures.
    places : list
        Row of `uv` of each corner of each polygon, as `faces`; empty when there are no pictures.
    """

    grid: NDArray[np.int64]
    faces: list[Any]
    semantic: NDArray[np.uint8]
    colour: NDArray[np.int64]
    materials: NDArray[np.uint8]
    first: NDArray[np.int64]
    closed: NDArray[np.bool_]
    shell: NDArray[np.int64]
    outward: NDArray[np.bool_]
    row: NDArray[np.int64]
    nest: NDArray[np.int64]
    picture: NDArray[np.int64]
    pictures: NDArray[np.int64]
    uv: NDArray[np.float64]
    places: list[Any]


def pack(mesh: TriangleMesh, objects: int) -> Packed:
    """The polygons of a mesh, in the order of their objects; what a millimetre does not leave an area is left out."""
    outlines = mesh.polygons
    rings, polygon = outlines.rings, outlines.polygon.astype(np.int64)
    count = len(rings.counts)
    row = np.full(count, -1, dtype=np.int64) if outlines.row is None else outlines.row.astype(np.int64)
    nest = np.full((count, 2), -1, dtype=np.int64) if outlines.nest is None else outlines.nest.astype(np.int64)
    grid = quantised(mesh.vertices, SCALE_M)
    solid = has_area(grid[mesh.triangles])
    lead = np.full(count, -1, dtype=np.int64)
    lead[polygon[solid][::-1]] = np.flatnonzero(solid)[::-1]
    # rings of places in the table of corners, so that what is known of a corner goes along
    corner = rings.indices
    rings, there = _mended(
        Rings(np.arange(len(corner)), rings.sizes, rings.counts), grid[corner], mesh.vertices[corner], lead >= 0
    )
    lead[~there] = -1
    chosen = np.flatnonzero(lead >= 0)
    chosen = chosen[np.argsort(mesh.owner[lead[chosen]], kind="stable")]
    rings = _picked(rings, chosen)
    picture, pictures, uv, places = _pictures(mesh, rings, chosen)
    rings = Rings(corner[rings.indices], rings.sizes, rings.counts)
    keep = solid & (lead >= 0)[polygon]
    # a triangle may use a corner that fell together with another one and is no longer in its ring
    used = np.unique(mesh.triangles[keep])
    first, number = welded(grid[np.concatenate([rings.indices, used])])
    places_of = np.concatenate([rings.indices, used])[first]
    of_vertex = np.full(len(grid), -1, dtype=np.int64)
    of_vertex[used] = number[len(rings.indices) :]
    number = number[: len(rings.indices)]
    place = np.full(count, -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    triangles, owner = of_vertex[mesh.triangles[keep]], mesh.owner[keep]
    use = edge_use(triangles, owner, objects)
    shell = shells(len(triangles), use.pairs) if len(triangles) else np.empty(0, np.int64)
    shell_of = np.zeros(len(chosen), dtype=np.int64)
    position = np.full(len(mesh), -1, dtype=np.int64)
    position[keep] = np.arange(len(triangles))
    shell_of[:] = shell[position[lead[chosen]]] if len(chosen) else 0
    corners = grid[places_of]
    points = np.asarray(corners * SCALE_M, dtype=np.float64)
    small = TriangleMesh(points.reshape(-1, 3), triangles.astype(np.int32), owner, mesh.semantic[keep])
    volume = signed_volumes(small, shell, int(shell.max()) + 1 if len(shell) else 0)
    colour, materials = _materials(mesh, lead[chosen])
    starts = np.searchsorted(mesh.owner[lead[chosen]], np.arange(objects + 1))
    return Packed(
        corners, _nested(rings, number), mesh.semantic[lead[chosen]], colour, materials, starts, use.closed,
        shell_of, volume > 0, row[chosen], nest[chosen], picture, pictures, uv, places,
    )  # fmt: skip


def _pictures(
    mesh: TriangleMesh, corners: Rings, chosen: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], list[Any]]:
    """Picture of each polygon, the rows of those in use, and the distinct places in them; see `Packed`."""
    if mesh.texture is None:
        return np.full(len(chosen), -1, dtype=np.int64), np.empty(0, np.int64), np.empty((0, 2)), []
    picture, uv = picture_places(mesh)
    picture, uv = picture[chosen], uv[corners.indices]
    steps = np.where(np.isfinite(uv), np.rint(uv.astype(np.float64) * UV_STEPS), 0).astype(np.int64)
    shown = np.repeat(np.repeat(picture >= 0, corners.counts), corners.sizes)
    number = np.full(len(uv), -1, dtype=np.int64)
    first, number[shown] = welded(np.column_stack([steps[shown], np.zeros(int(shown.sum()), np.int64)]))
    rows = np.unique(picture[picture >= 0])
    compact = np.where(picture >= 0, np.searchsorted(rows, picture), -1)
    return compact, rows, steps[shown][first] / UV_STEPS, _nested(corners, number)


def has_area(corners: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Triangles (T, 3, 3) on whole millimetres that a reader will accept, by the rule of `triangulate`."""
    edges = (corners[:, 1:] - corners[:, :1]) * SCALE_M
    area = 0.5 * np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    extent = np.abs(edges).max(axis=(1, 2)) if len(edges) else np.empty(0)
    return np.asarray(area > 1.0001 * (1e-9 + 1e-12 * extent**2))


def _mended(
    rings: Rings, points: NDArray[np.int64], exact: NDArray[np.float64], wanted: NDArray[np.bool_]
) -> tuple[Rings, NDArray[np.bool_]]:
    """Rings without what falls together on the millimetre: points, and spikes that had a width before.

    Parameters
    ----------
    rings : Rings
    points : (N, 3) int64
        Place of each index on whole millimetres.
    exact : (N, 3) float64
        And as it was.
    wanted : (P,) bool
        Polygons that are to be written.

    Returns
    -------
    Rings
    (P,) bool
        Which of the wanted polygons still have an outer ring.
    """
    ring_polygon = np.repeat(np.arange(len(rings.counts)), rings.counts)
    ring_of = np.repeat(np.arange(len(rings.sizes)), rings.sizes)
    keep = _apart(rings.sizes, ring_of, points, exact)
    sizes = np.bincount(ring_of[keep], minlength=len(rings.sizes))
    keep_ring = sizes >= 3
    outer = np.zeros(len(sizes), dtype=bool)
    outer[starts_of(rings.counts)[rings.counts > 0]] = True
    there = wanted.copy()
    there[ring_polygon[outer & ~keep_ring]] = False
    keep_ring &= there[ring_polygon]
    keep &= keep_ring[ring_of]
    counts = np.bincount(ring_polygon[keep_ring], minlength=len(rings.counts))
    return Rings(rings.indices[keep], sizes[keep_ring], counts), there


def _apart(
    ring_sizes: NDArray[np.int64], ring_of: NDArray[np.int64], points: NDArray[np.int64], exact: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which points of rings (N,) stay when those go that fall on the next one, or are the tip of a spike without width."""
    keep = np.ones(len(points), dtype=bool)
    # a long spike goes point by point; what is left of one is found when the file is read again, and written in triangles
    for _ in range(MAX_ROUNDS):
        left = np.flatnonzero(keep)
        sizes = np.bincount(ring_of[left], minlength=len(ring_sizes))
        start, filled = starts_of(sizes), sizes > 0
        following, before = np.arange(1, len(left) + 1), np.arange(-1, len(left) - 1)
        following[start[filled] + sizes[filled] - 1] = start[filled]
        before[start[filled]] = start[filled] + sizes[filled] - 1
        here = points[left]
        gone = (here == here[following]).all(axis=1)
        if not gone.any():
            tip = (here[before] == here[following]).all(axis=1)
            # what was a spike in the source stays one
            tip &= (exact[left][before] != exact[left][following]).any(axis=1)
            gone = tip & ~tip[before]
        if not gone.any():
            return keep
        keep[left[gone]] = False
    return keep


def _picked(rings: Rings, chosen: NDArray[np.int64]) -> Rings:
    """Some polygons, in a new order."""
    ring_start, point_start = starts_of(rings.counts), starts_of(rings.sizes)
    ring_rows = _spans(ring_start[chosen], rings.counts[chosen])
    return Rings(
        rings.indices[_spans(point_start[ring_rows], rings.sizes[ring_rows])], rings.sizes[ring_rows], rings.counts[chosen]
    )


def _spans(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    total = int(lengths.sum())
    return np.arange(total) + np.repeat(starts - starts_of(lengths), lengths)


def _nested(rings: Rings, number: NDArray[np.int64]) -> list[Any]:
    """Polygons as lists of rings of vertex numbers."""
    flat = number.tolist()
    faces: list[Any] = []
    at, ring = 0, 0
    sizes = rings.sizes.tolist()
    for count in rings.counts.tolist():
        face = []
        for size in sizes[ring : ring + count]:
            face.append(flat[at : at + size])
            at += size
        ring += count
        faces.append(face)
    return faces


def _materials(mesh: TriangleMesh, lead: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Material of each polygon and the distinct colours, in order of first use."""
    none = np.full(len(lead), -1, dtype=np.int64)
    if mesh.colour is None:
        return none, np.empty((0, 4), np.uint8)
    colour = mesh.colour[lead]
    stated = colour[:, 3] > 0
    first, number = welded(colour[stated].astype(np.int64))
    none[stated] = number
    return none, colour[stated][first]


def geometry(
    packed: Packed, number: int, lod: str, kind: str, solid: bool, surfaces: Sequence[dict[str, Any]] = ()
) -> dict[str, Any] | None:
    """Geometry of one object, its materials and pictures without the name of a theme.

    Parameters
    ----------
    packed : Packed
    number : int
        Row of the object.
    lod : str
    kind : str
        Type of geometry that the source stated, or "".
    solid : bool
        Whether its type may have solids, so that a closed one without a stated kind becomes one.
    surfaces : sequence of dict
        Attributes of semantic surfaces by row.
    """
    start, stop = int(packed.first[number]), int(packed.first[number + 1])
    if start == stop:
        return None
    chosen = np.arange(start, stop)
    shell = packed.shell[start:stop]
    outer = [int(one) for one in np.unique(shell) if packed.outward[one]]
    inner = [int(one) for one in np.unique(shell) if not packed.outward[one]]
    several = kind in ("MultiSolid", "CompositeSolid")
    nested = packed.nest[start:stop]
    if solid and (several or kind == "Solid") and (nested >= 0).all():
        # as the source nests them: no guessing from edges
        name = kind
        shells_of = [
            [chosen[(nested == (one, shell)).all(axis=1)] for shell in np.unique(nested[nested[:, 0] == one, 1]).tolist()]
            for one in np.unique(nested[:, 0]).tolist()
        ]
    elif packed.closed[number] and solid and (kind in ("", "Solid") or several):
        if several and not inner and outer:
            name, shells_of = kind, [[chosen[shell == one]] for one in outer]
        elif len(outer) == 1:
            name, shells_of = "Solid", [[chosen[shell == one] for one in outer + inner]]
        elif outer and not inner:
            name, shells_of = "CompositeSolid", [[chosen[shell == one]] for one in outer]
        else:
            name, shells_of = "MultiSurface", []
    elif kind in ("Solid", "MultiSolid", "CompositeSolid"):
        # it was called a solid and leaks: that stays to be seen
        name, shells_of = "Solid", [[chosen]]
    else:
        name, shells_of = kind if kind == "CompositeSurface" else "MultiSurface", []

    def nest(values: list[Any]) -> Any:
        if not shells_of:
            return [values[one - start] for one in chosen]
        solids = [[[values[one - start] for one in part] for part in parts] for parts in shells_of]
        return solids[0] if name == "Solid" else solids

    found: dict[str, Any] = {"type": name, "lod": lod, "boundaries": nest(packed.faces[start:stop])}
    keys = list(zip(packed.semantic[start:stop].tolist(), packed.row[start:stop].tolist(), strict=True))
    if any(code or row >= 0 for code, row in keys):
        order = [one - start for parts in shells_of for part in parts for one in part] or list(range(stop - start))
        present = [key for key in dict.fromkeys(keys[one] for one in order) if key[0] or key[1] >= 0]
        place = {key: position for position, key in enumerate(present)}
        stated = [{"type": SEMANTIC_NAMES[code], **(surfaces[row] if row >= 0 else {})} for code, row in present]
        _relate(stated, [row for _, row in present], surfaces)
        found["semantics"] = {"surfaces": stated, "values": nest([place.get(key) for key in keys])}
    colour = packed.colour[start:stop]
    if (colour >= 0).any():
        found["material"] = {"values": nest([one if one >= 0 else None for one in colour.tolist()])}
    picture = packed.picture[start:stop].tolist()
    if any(one >= 0 for one in picture):
        shown = [
            [[one, *ring] for ring in packed.places[face]] if one >= 0 else [[None]]
            for face, one in enumerate(picture, start=start)
        ]
        found["texture"] = {"values": nest(shown)}
    return found


def _relate(stated: list[dict[str, Any]], rows: list[int], surfaces: Sequence[dict[str, Any]]) -> None:
    """Let surfaces that are part of another point to it, and it to them; adds those that no face is of."""
    number_of = {row: number for number, row in enumerate(rows) if row >= 0}
    for number, one in enumerate(stated):  # grows while it is gone through
        parent = one.pop(PARENT, None)
        if type(parent) is not int or not 0 <= parent < len(surfaces):
            continue
        if parent not in number_of:
            number_of[parent] = len(stated)
            stated.append({"type": SEMANTIC_NAMES[0], **surfaces[parent]})
        one["parent"] = number_of[parent]
        stated[number_of[parent]].setdefault("children", []).append(number)
