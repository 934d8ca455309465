"""Triangles of one object that go through each other."""

from __future__ import annotations

import numpy as np

from twin.jit import njit, prange

TOLERANCE_M = 0.001
"""What goes through by less than this only touches [m]."""


MAX_PAIRS = 20_000_000
"""Pairs of triangles of one object that are looked at; more give -1: not searched."""


@njit(parallel=True)
def crossing_faces(points, triangles, start, limit):
    """Number of triangles of each object that another triangle of it goes through.

    Parameters
    ----------
    points : (V, 3) float64
        Welded vertices [m].
    triangles : (T, 3) int64
        Object after object.
    start : (O + 1,) int64
        First triangle of each object.
    limit : int
        Objects with more triangles than this are not looked at: -1.

    Returns
    -------
    (O,) int64

    Notes
    -----
    Pairs are found by sweeping over x. An edge goes through a triangle when its ends lie on both sides of the plane and the
    point between them in the triangle, each by more than `TOLERANCE_M`; faces that only touch, share an edge or lie in one
    plane are not counted.
    """
    objects = len(start) - 1
    out = np.zeros(objects, dtype=np.int64)
    for o in prange(objects):
        first, count = start[o], start[o + 1] - start[o]
        if count > limit:
            out[o] = -1
        elif count > 3:
            out[o] = _of_object(points, triangles[first : first + count])
    return out


@njit()
def _of_object(points, triangles):
    count = len(triangles)
    low, high = np.empty((count, 3)), np.empty((count, 3))
    for t in range(count):
        for k in range(3):
            a, b, c = points[triangles[t, 0], k], points[triangles[t, 1], k], points[triangles[t, 2], k]
            low[t, k], high[t, k] = min(a, b, c), max(a, b, c)
    order = np.argsort(low[:, 0])
    crossed = np.zeros(count, dtype=np.bool_)
    looked = 0
    for i in range(count):
        s = order[i]
        for j in range(i + 1, count):
            t = order[j]
            if low[t, 0] > high[s, 0]:
                break
            looked += 1
            if looked > MAX_PAIRS:
                return -1
            if crossed[s] and crossed[t]:
                continue
            if low[t, 1] > high[s, 1] or high[t, 1] < low[s, 1] or low[t, 2] > high[s, 2] or high[t, 2] < low[s, 2]:
                continue
            if _goes_through(points, triangles[s], triangles[t]) or _goes_through(points, triangles[t], triangles[s]):
                crossed[s] = True
                crossed[t] = True
    total = 0
    for t in range(count):
        total += crossed[t]
    return total


@njit()
def _goes_through(points, edges, face):
    """Whether an edge of one triangle goes through another."""
    shared = 0
    for k in range(3):
        if edges[k] == face[0] or edges[k] == face[1] or edges[k] == face[2]:
            shared += 1
    if shared > 1:
        return False
    a, b, c = points[face[0]], points[face[1]], points[face[2]]
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    if length < 1e-12:
        return False
    nx, ny, nz = nx / length, ny / length, nz / length
    for k in range(3):
        i, j = edges[k], edges[(k + 1) % 3]
        if i == face[0] or i == face[1] or i == face[2] or j == face[0] or j == face[1] or j == face[2]:
            continue
        p, q = points[i], points[j]
        dp = (p[0] - a[0]) * nx + (p[1] - a[1]) * ny + (p[2] - a[2]) * nz
        dq = (q[0] - a[0]) * nx + (q[1] - a[1]) * ny + (q[2] - a[2]) * nz
        if not ((dp > TOLERANCE_M and dq < -TOLERANCE_M) or (dp < -TOLERANCE_M and dq > TOLERANCE_M)):
            continue
        s = dp / (dp - dq)
        x, y, z = p[0] + s * (q[0] - p[0]), p[1] + s * (q[1] - p[1]), p[2] + s * (q[2] - p[2])
        inside = min(_depth(x, y, z, a, b, nx, ny, nz), _depth(x, y, z, b, c, nx, ny, nz), _depth(x, y, z, c, a, nx, ny, nz))
        if inside > TOLERANCE_M:
            return True
    return False


@njit()
def _depth(x, y, z, a, b, nx, ny, nz):
    """Distance of a point from an edge, towards the inside of the triangle [m]."""
    ex, ey, ez = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    length = np.sqrt(ex * ex + ey * ey + ez * ez)
    if length < 1e-12:
        return 0.0
    # normal x edge points inside
    ix, iy, iz = ny * ez - nz * ey, nz * ex - nx * ez, nx * ey - ny * ex
    return ((x - a[0]) * ix + (y - a[1]) * iy + (z - a[2]) * iz) / length
