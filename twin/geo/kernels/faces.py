"""Polygons in space: mended, their normals, and the simple ones cut into triangles, one after the other."""

from __future__ import annotations

import numpy as np

from twin.jit import njit

NOT_FINITE, TOO_FEW_POINTS, NO_AREA, REPEATED_POINT, HOLE_DROPPED, NON_PLANAR = 1, 2, 4, 8, 16, 32
"""Bits of the faults of a polygon."""

MAX_FAN = 64
"""Convex polygons of up to so many corners are cut like a fan; larger ones are left to ear clipping."""


@njit()
def cut_faces(vertices, indices, sizes, counts, planarity, fault, keep, keep_ring, rest, normal, triangles, polygon):
    """Mend polygons and cut those that are triangles, quadrilaterals or convex.

    Parameters
    ----------
    vertices : (V, 3) float64
        Best relative to a nearby origin [m].
    indices, sizes, counts : (N,), (R,), (S,) int64
        Polygons as `twin.geo.mesh.Rings`.
    planarity : float
        A polygon thicker than this is not planar [m].
    fault : (S,) uint8
        Set to the bits of what is wrong.
    keep : (N,) bool
        Set to whether each index stays: not a repetition, in a ring that stays.
    keep_ring : (R,) bool
        Set to whether each ring stays.
    rest : (S,) bool
        Set to whether a polygon must be cut otherwise.
    normal : (S, 3) float64
        Set to the unit normal by Newell's method; zero without area.
    triangles : (>= N, 3) int32
        Filled with triangles, wound as their polygons.
    polygon : (>= N,) int32
        Filled with the polygon of each triangle, ascending.

    Returns
    -------
    int
        Number of triangles.
    """
    corner = np.empty(MAX_FAN, dtype=np.int64)
    made = 0
    ring = 0
    start = 0
    for p in range(len(counts)):
        rings = counts[p]
        first_ring = ring
        first = start
        stop = start
        for r in range(first_ring, first_ring + rings):
            stop += sizes[r]
        ring += rings
        start = stop
        fault[p], rest[p] = 0, False
        normal[p, 0], normal[p, 1], normal[p, 2] = 0.0, 0.0, 0.0
        for r in range(first_ring, first_ring + rings):
            keep_ring[r] = False
        _mend(vertices, indices, sizes, first_ring, rings, first, stop, p, fault, keep, keep_ring)
        if fault[p] & (NOT_FINITE | TOO_FEW_POINTS) or rings == 0:
            continue
        stays = 0
        for r in range(first_ring, first_ring + rings):
            stays += keep_ring[r]
        outer_stop = first + sizes[first_ring]
        length, extent = _newell(vertices, indices, keep, first, outer_stop, stop, p, normal)
        if not length > 1e-9 + 1e-12 * extent * extent:
            fault[p] |= NO_AREA
            for k in range(3):
                normal[p, k] = 0.0
            continue
        flat = _thickness(vertices, indices, keep, first, stop, normal[p, 0], normal[p, 1], normal[p, 2]) <= planarity
        if not flat:
            fault[p] |= NON_PLANAR
        corners = 0
        for i in range(first, outer_stop):
            if keep[i]:
                if corners < MAX_FAN:
                    corner[corners] = indices[i]
                corners += 1
        if stays > 1 or corners > MAX_FAN:
            rest[p] = True
        elif corners == 3:
            for k in range(3):
                triangles[made, k] = corner[k]
            polygon[made] = p
            made += 1
        elif corners == 4:
            way = _diagonal(vertices, corner, normal[p, 0], normal[p, 1], normal[p, 2])
            if way < 0:
                rest[p] = True
                continue
            # 0-1-2, 0-2-3 or 0-1-3, 1-2-3
            triangles[made, 0], triangles[made, 1], triangles[made, 2] = corner[0], corner[1], corner[3 if way else 2]
            polygon[made] = p
            made += 1
            triangles[made, 0], triangles[made, 1], triangles[made, 2] = corner[1 if way else 0], corner[2], corner[3]
            polygon[made] = p
            made += 1
        elif flat and _convex(vertices, corner, corners, normal[p, 0], normal[p, 1], normal[p, 2], length):
            for k in range(1, corners - 1):
                triangles[made, 0], triangles[made, 1], triangles[made, 2] = corner[0], corner[k], corner[k + 1]
                polygon[made] = p
                made += 1
        else:
            rest[p] = True
    return made


@njit()
def _mend(vertices, indices, sizes, first_ring, rings, first, stop, p, fault, keep, keep_ring):
    """Mark what stays of a polygon, and what is wrong with it."""
    finite = True
    for i in range(first, stop):
        v = indices[i]
        if not (np.isfinite(vertices[v, 0]) and np.isfinite(vertices[v, 1]) and np.isfinite(vertices[v, 2])):
            finite = False
    if not finite:
        fault[p] |= NOT_FINITE
    begin = first
    dropped = False
    for r in range(first_ring, first_ring + rings):
        end = begin + sizes[r]
        left = 0
        for i in range(begin, end):
            v = indices[i]
            w = indices[i + 1] if i + 1 < end else indices[begin]
            same = vertices[v, 0] == vertices[w, 0] and vertices[v, 1] == vertices[w, 1] and vertices[v, 2] == vertices[w, 2]
            keep[i] = not same
            if same:
                fault[p] |= REPEATED_POINT
            else:
                left += 1
        keep_ring[r] = left >= 3
        if not keep_ring[r]:
            if r == first_ring:
                if finite:
                    fault[p] |= TOO_FEW_POINTS
            else:
                dropped = True
        begin = end
    if rings == 0:
        fault[p] |= TOO_FEW_POINTS
    gone = not finite or rings == 0 or not keep_ring[first_ring]
    if dropped and not gone:
        fault[p] |= HOLE_DROPPED
    begin = first
    for r in range(first_ring, first_ring + rings):
        end = begin + sizes[r]
        if gone:
            keep_ring[r] = False
        if not keep_ring[r]:
            for i in range(begin, end):
                keep[i] = False
        begin = end


@njit()
def _newell(vertices, indices, keep, first, outer_stop, stop, p, normal):
    """Put the unit normal of the outer ring in place; return its area and how far the polygon reaches from its first point."""
    origin = -1
    before = -1
    nx, ny, nz = 0.0, 0.0, 0.0
    extent = 0.0
    for i in range(first, stop):
        if not keep[i]:
            continue
        v = indices[i]
        if origin < 0:
            origin = v
        for k in range(3):
            extent = max(extent, abs(vertices[v, k] - vertices[origin, k]))
        if i < outer_stop:
            if before >= 0:
                ax, ay = vertices[before, 0] - vertices[origin, 0], vertices[before, 1] - vertices[origin, 1]
                bx, by = vertices[v, 0] - vertices[origin, 0], vertices[v, 1] - vertices[origin, 1]
                az, bz = vertices[before, 2] - vertices[origin, 2], vertices[v, 2] - vertices[origin, 2]
                nx += ay * bz - az * by
                ny += az * bx - ax * bz
                nz += ax * by - ay * bx
            before = v
    nx, ny, nz = 0.5 * nx, 0.5 * ny, 0.5 * nz
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    if length > 0:
        normal[p, 0], normal[p, 1], normal[p, 2] = nx / length, ny / length, nz / length
    return length, extent


@njit()
def _thickness(vertices, indices, keep, first, stop, nx, ny, nz):
    """Extent of a polygon along its normal [m]."""
    origin = -1
    low, high = 0.0, 0.0
    for i in range(first, stop):
        if not keep[i]:
            continue
        v = indices[i]
        if origin < 0:
            origin = v
        height = (vertices[v, 0] - vertices[origin, 0]) * nx + (vertices[v, 1] - vertices[origin, 1]) * ny
        height += (vertices[v, 2] - vertices[origin, 2]) * nz
        low, high = min(low, height), max(high, height)
    return high - low


@njit()
def _turn(vertices, a, b, c, nx, ny, nz):
    """Twice the area of a triangle seen along a normal; negative when it looks the other way."""
    ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
    vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
    return (uy * vz - uz * vy) * nx + (uz * vx - ux * vz) * ny + (ux * vy - uy * vx) * nz


@njit()
def _diagonal(vertices, corner, nx, ny, nz):
    """Diagonal of a quadrilateral that stays inside: 0 for a-c, 1 for b-d, -1 when it crosses itself.

    Of two, the one with the larger smallest triangle; a rectangle's tie but for rounding, so that neighbours are cut alike.
    """
    a, b, c, d = corner[0], corner[1], corner[2], corner[3]
    along_ac = min(_turn(vertices, a, b, c, nx, ny, nz), _turn(vertices, a, c, d, nx, ny, nz))
    along_bd = min(_turn(vertices, a, b, d, nx, ny, nz), _turn(vertices, b, c, d, nx, ny, nz))
    if max(along_ac, along_bd) < 0:
        return -1
    return 0 if along_ac >= along_bd * (1 - 1e-9) else 1


@njit()
def _convex(vertices, corner, corners, nx, ny, nz, area):
    """Whether every corner turns the same way, clearly, and the fan from the first one has no sliver and covers the area."""
    least = 1e-9 * area
    total = 0.0
    for k in range(corners):
        after, next_after = corner[(k + 1) % corners], corner[(k + 2) % corners]
        if _turn(vertices, corner[k], after, next_after, nx, ny, nz) <= least:
            return False
    for k in range(1, corners - 1):
        part = _turn(vertices, corner[0], corner[k], corner[k + 1], nx, ny, nz)
        if part <= least:
            return False
        total += 0.5 * part
    # a star that winds twice round turns the same way everywhere too
    return abs(total - area) <= 1e-9 * area
