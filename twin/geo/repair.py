"""Repairs that are safe: what a shape means stays, what was wrong with its making goes. Asked for, and reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twin.geo.city import City, Finding, Quality
from twin.geo.given import city_of
from twin.geo.mesh import SEMANTICS, Outlines, Rings, TriangleMesh
from twin.geo.quality_solids import Welded, duplicates, meant_closed
from twin.geo.topology import degenerate, edge_use, piece_volumes, signed_volumes
from twin.geo.triangulate import newell, triangulate

FLAT_M = 0.01
"""A gap is closed when its rim is planar within this [m]."""

MAX_RIM = 200
"""A rim of more edges is not a gap but an open shape."""


def repair(city: City) -> City:
    """A city with its shapes mended where that is safe.

    In this order: triangles whose corners fall together are taken out (``repaired-degenerate``); of triangles that stand
    twice in an object one is kept (``repaired-duplicate``); a solid with a gap whose rim is a planar ring is closed there
    (``repaired-closed``); faces of a solid that look opposite ways are turned to agree, outward (``repaired-orientation``).
    An object that a step would not make better is left as it is. Heights, footprints and attributes are not touched.

    Parameters
    ----------
    city : City

    Returns
    -------
    City
        Shares all that did not change; each repair is a finding of severity ``info`` in its quality.
    """
    findings: list[Finding] = []
    mesh = city_of(city).surfaces
    if not len(mesh):
        return city
    mesh = _without_degenerate(city, mesh, findings)
    mesh = _without_duplicates(replace(city, surfaces=mesh), mesh, findings)
    mesh = _closed(replace(city, surfaces=mesh), mesh, findings)
    mesh = _oriented(replace(city, surfaces=mesh), mesh, findings)
    if not findings:
        return city
    return replace(city, surfaces=mesh, quality=city.quality + Quality(tuple(findings)))


def _note(city: City, code: str, counts: NDArray[np.int64], what: str, findings: list[Finding]) -> None:
    rows = np.flatnonzero(counts).tolist()
    findings += [Finding(code, str(city.objects.index[row]), f"{counts[row]} {what}", "info") for row in rows]


def _without_degenerate(city: City, mesh: TriangleMesh, findings: list[Finding]) -> TriangleMesh:
    flat = degenerate(Welded.of(mesh).triangles)
    if not flat.any():
        return mesh
    counts = np.bincount(mesh.owner[flat], minlength=len(city.objects))
    _note(city, "repaired-degenerate", counts, "triangles whose corners fall together were taken out", findings)
    return mesh.select(~flat)


def _without_duplicates(city: City, mesh: TriangleMesh, findings: list[Finding]) -> TriangleMesh:
    twice = duplicates(city, Welded.of(mesh))
    if not len(twice):
        return mesh
    counts = np.bincount(mesh.owner[twice], minlength=len(city.objects))
    _note(city, "repaired-duplicate", counts, "triangles that were there twice were taken out", findings)
    keep = np.ones(len(mesh), dtype=bool)
    keep[twice] = False
    return mesh.select(keep)


def _closed(city: City, mesh: TriangleMesh, findings: list[Finding]) -> TriangleMesh:
    """Close gaps with a planar rim in what is meant to be a solid."""
    count = len(city.objects)
    welded = Welded.of(mesh)
    use = edge_use(welded.triangles, mesh.owner, count)
    solid, _ = meant_closed(city)
    wrong = np.flatnonzero(solid & (use.open > 0) & (use.many == 0) & (use.turned == 0) & (use.open <= MAX_RIM))
    lids: list[TriangleMesh] = []
    of_object = _by_object(mesh, count)
    for row in wrong.tolist():
        mine = of_object(row)
        rims = _rims(welded.triangles[mine])
        if rims is None:
            continue
        lid = _lid(welded.points, rims, row, float(mesh.vertices[mesh.triangles[mine], 2].min()))
        if lid is None:
            continue
        lids.append(lid)
        message = f"{len(rims)} gaps with a flat rim were closed"
        findings.append(Finding("repaired-closed", str(city.objects.index[row]), message, "info"))
    return TriangleMesh.concatenate([mesh, *lids]) if lids else mesh


def _by_object(mesh: TriangleMesh, count: int) -> Callable[[int], NDArray[np.int64]]:
    """What gives the triangles of an object, ascending; sorted once, for looking for them takes as long as there are triangles."""
    order = np.argsort(mesh.owner, kind="stable")
    start = np.searchsorted(mesh.owner[order], np.arange(count + 1))
    return lambda row: order[start[row] : start[row + 1]]


def _rims(triangles: NDArray[np.int64]) -> list[list[int]] | None:
    """Rings of edges that one triangle has alone, run the other way; None when they are not simple rings."""
    start, end = triangles.ravel(), triangles[:, [1, 2, 0]].ravel()
    edges = set(zip(start.tolist(), end.tolist(), strict=True))
    follow: dict[int, int] = {}
    for a, b in edges:
        if (b, a) not in edges:
            if b in follow:
                return None
            follow[b] = a
    rims: list[list[int]] = []
    while follow:
        first, here = follow.popitem()
        rim = [first]
        while here != first:
            rim.append(here)
            if here not in follow:
                return None
            here = follow.pop(here)
        rims.append(rim)
    return rims


def _lid(points: NDArray[np.float64], rims: list[list[int]], row: int, foot: float) -> TriangleMesh | None:
    """A face over each rim; None when one of them is not flat or cannot be cut."""
    indices = np.array([one for rim in rims for one in rim], dtype=np.int64)
    sizes = np.array([len(rim) for rim in rims], dtype=np.int64)
    used, number = np.unique(indices, return_inverse=True)
    rings = Rings(number.reshape(-1).astype(np.int64), sizes, np.ones(len(rims), np.int64))
    cut = triangulate(points[used], rings)
    if cut.faults or len(np.unique(cut.polygon)) < len(rims):
        return None
    normal = newell(points[indices], sizes)
    low = np.minimum.reduceat(points[indices, 2], np.cumsum(sizes) - sizes)
    high = np.maximum.reduceat(points[indices, 2], np.cumsum(sizes) - sizes)
    ground = (normal[:, 2] < 0) & (high - low < FLAT_M) & (low <= foot + FLAT_M)
    semantic = np.where(ground, SEMANTICS["GroundSurface"], SEMANTICS["ClosureSurface"]).astype(np.uint8)
    owner = np.full(len(cut.triangles), row, dtype=np.int32)
    return TriangleMesh(points[used], cut.triangles, owner, semantic[cut.polygon], Outlines(cut.rings, cut.polygon))


def _oriented(city: City, mesh: TriangleMesh, findings: list[Finding]) -> TriangleMesh:
    """Turn faces of solids so that neighbours agree, and pieces so that they look outward."""
    count = len(city.objects)
    welded = Welded.of(mesh)
    use = edge_use(welded.triangles, mesh.owner, count)
    volume = signed_volumes(mesh, mesh.owner.astype(np.int64), count)
    solid, seems = meant_closed(city)
    # turned faces do not cancel, so what seems to be a solid is not asked for here
    wrong = solid & (use.open == 0) & (use.many == 0) & ((use.turned > 0) | ((use.turned == 0) & (volume < 0)))
    wrong |= seems & (use.open == 0) & (use.many == 0) & (use.turned == 0) & (volume < 0)
    turn = np.zeros(len(mesh), dtype=bool)
    of_object = _by_object(mesh, count)
    for row in np.flatnonzero(wrong).tolist():
        mine = of_object(row)
        flip = _agree(welded.triangles[mine])
        if flip is None:
            continue
        corners = welded.triangles[mine].copy()
        corners[flip] = corners[flip][:, ::-1]
        piece = _pieces(corners)
        six = piece_volumes(welded.points, corners, piece)
        # a piece inside another is a cavity, which looks inward: only one piece can be told for sure
        if piece.max() == 0 and six[0] < 0:
            flip = ~flip
        turn[mine] = flip
    if not turn.any():
        return mesh
    counts = np.bincount(mesh.owner[turn], minlength=count)
    _note(city, "repaired-orientation", counts, "triangles were turned to look outward", findings)
    return _turned(mesh, turn)


def _agree(triangles: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    """Which triangles to turn so that neighbours run along their edge in opposite directions; None where that cannot be."""
    sides: dict[tuple[int, int], list[tuple[int, bool]]] = {}
    for number, (a, b, c) in enumerate(triangles.tolist()):
        for p, q in ((a, b), (b, c), (c, a)):
            sides.setdefault((min(p, q), max(p, q)), []).append((number, p < q))
    near: list[list[tuple[int, bool]]] = [[] for _ in range(len(triangles))]
    for pair in sides.values():
        if len(pair) != 2:
            return None
        (one, first), (other, second) = pair
        near[one].append((other, first == second))
        near[other].append((one, first == second))
    state = [-1] * len(triangles)
    for seed in range(len(triangles)):
        if state[seed] >= 0:
            continue
        state[seed] = 0
        stack, members = [seed], [seed]
        while stack:
            here = stack.pop()
            for there, differ in near[here]:
                wanted = state[here] ^ int(differ)
                if state[there] < 0:
                    state[there] = wanted
                    stack.append(there)
                    members.append(there)
                elif state[there] != wanted:
                    return None
        # turn the fewer
        if sum(state[one] for one in members) * 2 > len(members):
            for one in members:
                state[one] ^= 1
    return np.array(state, dtype=bool)


def _pieces(triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    from twin.geo.topology import shells

    use = edge_use(triangles, np.zeros(len(triangles), np.int32), 1)
    return shells(len(triangles), use.pairs)


def _turned(mesh: TriangleMesh, turn: NDArray[np.bool_]) -> TriangleMesh:
    """The mesh with some triangles turned, and with them the polygons that they are all of."""
    triangles = mesh.triangles.copy()
    triangles[turn] = triangles[turn][:, ::-1]
    uv = mesh.uv
    if uv is not None:
        uv = uv.copy()
        uv[turn] = uv[turn][:, ::-1]
    if mesh.outlines is None:
        return replace(mesh, triangles=triangles, uv=uv)
    outlines = mesh.outlines
    count = len(outlines.rings.counts)
    turned, total = np.bincount(outlines.polygon[turn], minlength=count), np.bincount(outlines.polygon, minlength=count)
    torn = (turned > 0) & (turned < total)
    rings = outlines.rings
    ring_turned = np.repeat((turned > 0) & ~torn, rings.counts)
    start = np.cumsum(rings.sizes) - rings.sizes
    of = np.repeat(np.arange(len(rings.sizes)), rings.sizes)
    place = np.arange(len(rings.indices)) - start[of]
    source = np.where(ring_turned[of], start[of] + rings.sizes[of] - 1 - place, np.arange(len(rings.indices)))
    outlines = outlines._replace(rings=rings._replace(indices=rings.indices[source]))
    if torn.any():
        # a polygon of which only a part is turned is none any more
        outlines = outlines.select(np.ones(len(mesh), dtype=bool), triangles, torn)
    return replace(mesh, triangles=triangles, outlines=outlines, uv=uv)
