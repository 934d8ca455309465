"""Triangles of one object that go through each other."""

from __future__ import annotations

import numpy as np

from twin.jit import njit, prange

TOLERANCE_M = 0.001
"""What goes through by less than this only touches [m]."""

MAX_PAIRS = 20_000_000
"""Pairs of triangles of one object that are looked at; more give -1: not searched."""

APART, FLAT, ONE_SIDE, BOTH = 0, 1, 2, 3
"""Where the corners of a triangle lie to a plane: off it on one side, all in it, some in it and the rest on one side, on both."""


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
    Pairs are found by sweeping over x. Two triangles go through each other when

    - each has corners on both sides of the other's plane, and they share more than a point of the line in which those planes
      meet (Moeller 1997): also where that line runs through corners and diagonals, as it does where faces are cut alike;
    - an edge of one lies in the other, and the neighbour over that edge is on the other side;
    - they lie in one plane, look the same way and overlap, as do the roofs of two solids of one height. Looking opposite ways
      they are walls of solids side by side.

    All by more than `TOLERANCE_M`. Faces that only touch, or share an edge, are not counted, nor are triangles with the same
    corners: those are told as duplicates.
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
    normal = np.empty((count, 3))
    for t in range(count):
        for k in range(3):
            a, b, c = points[triangles[t, 0], k], points[triangles[t, 1], k], points[triangles[t, 2], k]
            low[t, k], high[t, k] = min(a, b, c), max(a, b, c)
            # faces in one plane lie within the tolerance of each other
            high[t, k] += TOLERANCE_M
        _unit_normal(points, triangles[t], normal[t])
    order = np.argsort(low[:, 0])
    over = np.empty((0, 3), dtype=np.int64)
    crossed = np.zeros(count, dtype=np.bool_)
    ds, dt = np.empty(3), np.empty(3)
    room = np.empty((2, 9, 2))
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
            shared = _shared(triangles[s], triangles[t])
            if shared == 3:
                continue
            sides_s = _distances(points, triangles[s], triangles[t], normal[t], ds)
            sides_t = _distances(points, triangles[t], triangles[s], normal[s], dt)
            if sides_s == APART or sides_t == APART:
                continue
            if sides_s == FLAT or sides_t == FLAT:
                if not _overlap(points, triangles[s], triangles[t], normal[s], normal[t], room):
                    continue
            elif shared == 2:
                continue
            elif sides_s == BOTH and sides_t == BOTH:
                if not _share_a_line(points, triangles[s], triangles[t], normal[s], normal[t], ds, dt):
                    continue
            else:
                # an edge that lies in the other face is rare: who is over it is looked up when the first is met
                if len(over) == 0:
                    over = _over_edges(triangles)
                if not (
                    _edge_within(points, triangles[s], triangles[t], normal[s], dt, over[t])
                    or _edge_within(points, triangles[t], triangles[s], normal[t], ds, over[s])
                ):
                    continue
            crossed[s] = True
            crossed[t] = True
    total = 0
    for t in range(count):
        total += crossed[t]
    return total


@njit()
def _shared(one, other):
    """Corners that two triangles have both."""
    found = 0
    for k in range(3):
        if one[k] == other[0] or one[k] == other[1] or one[k] == other[2]:
            found += 1
    return found


@njit()
def _unit_normal(points, face, out):
    """Unit normal of a triangle into `out`; none where it has no area."""
    a, b, c = face[0], face[1], face[2]
    ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    length = np.sqrt(x * x + y * y + z * z)
    if length < 1e-12:
        out[:] = 0.0
    else:
        out[0], out[1], out[2] = x / length, y / length, z / length


@njit()
def _distances(points, corners, face, normal, out):
    """Distances of three corners from the plane of a face into `out` [m], and on which sides of it they lie."""
    if normal[0] == 0.0 and normal[1] == 0.0 and normal[2] == 0.0:
        return APART
    a = face[0]
    least, most = np.inf, -np.inf
    for k in range(3):
        c = corners[k]
        out[k] = (
            (points[c, 0] - points[a, 0]) * normal[0]
            + (points[c, 1] - points[a, 1]) * normal[1]
            + (points[c, 2] - points[a, 2]) * normal[2]
        )
        least, most = min(least, out[k]), max(most, out[k])
    if least > TOLERANCE_M or most < -TOLERANCE_M:
        return APART
    if least >= -TOLERANCE_M and most <= TOLERANCE_M:
        return FLAT
    if least < -TOLERANCE_M and most > TOLERANCE_M:
        return BOTH
    return ONE_SIDE


@njit()
def _share_a_line(points, one, other, normal_one, normal_other, d_one, d_other):
    """Whether two triangles share more than a point of the line in which their planes meet."""
    x = normal_one[1] * normal_other[2] - normal_one[2] * normal_other[1]
    y = normal_one[2] * normal_other[0] - normal_one[0] * normal_other[2]
    z = normal_one[0] * normal_other[1] - normal_one[1] * normal_other[0]
    length = np.sqrt(x * x + y * y + z * z)
    if length < 1e-12:
        return False
    x, y, z = x / length, y / length, z / length
    origin = points[one[0]]
    a, b = _interval(points, one, d_one, origin, x, y, z)
    c, d = _interval(points, other, d_other, origin, x, y, z)
    return min(b, d) - max(a, c) > TOLERANCE_M


@njit()
def _interval(points, face, d, origin, x, y, z):
    """Where a triangle meets the plane that its corners are `d` from, along a direction [m]."""
    least, most = np.inf, -np.inf
    for k in range(3):
        n = (k + 1) % 3
        i, j = face[k], face[n]
        p = (points[i, 0] - origin[0]) * x + (points[i, 1] - origin[1]) * y + (points[i, 2] - origin[2]) * z
        if d[k] == 0.0:
            least, most = min(least, p), max(most, p)
        elif (d[k] < 0.0) != (d[n] < 0.0) and d[n] != 0.0:
            q = (points[j, 0] - origin[0]) * x + (points[j, 1] - origin[1]) * y + (points[j, 2] - origin[2]) * z
            p += d[k] / (d[k] - d[n]) * (q - p)
            least, most = min(least, p), max(most, p)
    return least, most


@njit()
def _over_edges(triangles):
    """Corner (T, 3) of the neighbour over each edge of each triangle; -1 where there is none, or more than one."""
    count = len(triangles)
    most = triangles.max() + 1
    key = np.empty(3 * count, dtype=np.int64)
    for t in range(count):
        for k in range(3):
            i, j = triangles[t, k], triangles[t, (k + 1) % 3]
            key[3 * t + k] = min(i, j) * most + max(i, j)
    order = np.argsort(key)
    over = np.full((count, 3), -1, dtype=np.int64)
    start = 0
    while start < 3 * count:
        stop = start + 1
        while stop < 3 * count and key[order[stop]] == key[order[start]]:
            stop += 1
        if stop - start == 2:
            e, f = order[start], order[start + 1]
            over[e // 3, e % 3] = triangles[f // 3, (f % 3 + 2) % 3]
            over[f // 3, f % 3] = triangles[e // 3, (e % 3 + 2) % 3]
        start = stop
    return over


@njit()
def _edge_within(points, face, other, normal, d, over):
    """Whether an edge of the other triangle lies in a face, and goes on through it on the other side."""
    a = points[face[0]]
    for k in range(3):
        n, m = (k + 1) % 3, (k + 2) % 3
        if over[k] < 0 or abs(d[k]) > TOLERANCE_M or abs(d[n]) > TOLERANCE_M:
            continue
        w = points[over[k]]
        beyond = (w[0] - a[0]) * normal[0] + (w[1] - a[1]) * normal[1] + (w[2] - a[2]) * normal[2]
        if not ((d[m] > TOLERANCE_M and beyond < -TOLERANCE_M) or (d[m] < -TOLERANCE_M and beyond > TOLERANCE_M)):
            continue
        # what of the edge is inside the face
        p, q = points[other[k]], points[other[n]]
        first, last = 0.0, 1.0
        for e in range(3):
            u, v = points[face[e]], points[face[(e + 1) % 3]]
            at_p, at_q = _depth(p, u, v, normal) - TOLERANCE_M, _depth(q, u, v, normal) - TOLERANCE_M
            if at_p <= 0.0 and at_q <= 0.0:
                first, last = 1.0, 0.0
            elif at_p < 0.0:
                first = max(first, at_p / (at_p - at_q))
            elif at_q < 0.0:
                last = min(last, at_p / (at_p - at_q))
        length = np.sqrt((q[0] - p[0]) ** 2 + (q[1] - p[1]) ** 2 + (q[2] - p[2]) ** 2)
        if (last - first) * length > TOLERANCE_M:
            return True
    return False


@njit()
def _depth(p, a, b, normal):
    """Distance of a point from an edge, towards the inside of the triangle [m]."""
    ex, ey, ez = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    length = np.sqrt(ex * ex + ey * ey + ez * ez)
    # normal x edge points inside
    x, y, z = normal[1] * ez - normal[2] * ey, normal[2] * ex - normal[0] * ez, normal[0] * ey - normal[1] * ex
    return ((p[0] - a[0]) * x + (p[1] - a[1]) * y + (p[2] - a[2]) * z) / length


@njit()
def _overlap(points, one, other, normal_one, normal_other, room):
    """Whether two triangles in one plane look the same way and overlap by more than a strip that is too narrow."""
    if normal_one[0] * normal_other[0] + normal_one[1] * normal_other[1] + normal_one[2] * normal_other[2] <= 0.0:
        return False
    a, b = points[one[0]], points[one[1]]
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    length = np.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux / length, uy / length, uz / length
    vx = normal_one[1] * uz - normal_one[2] * uy
    vy = normal_one[2] * ux - normal_one[0] * uz
    vz = normal_one[0] * uy - normal_one[1] * ux
    clip = np.empty((3, 2))
    for k in range(3):
        p, q = points[one[k]], points[other[k]]
        clip[k, 0] = (p[0] - a[0]) * ux + (p[1] - a[1]) * uy + (p[2] - a[2]) * uz
        clip[k, 1] = (p[0] - a[0]) * vx + (p[1] - a[1]) * vy + (p[2] - a[2]) * vz
        room[0, k, 0] = (q[0] - a[0]) * ux + (q[1] - a[1]) * uy + (q[2] - a[2]) * uz
        room[0, k, 1] = (q[0] - a[0]) * vx + (q[1] - a[1]) * vy + (q[2] - a[2]) * vz
    corners, now = 3, 0
    for e in range(3):
        px, py = clip[e]
        ex, ey = clip[(e + 1) % 3, 0] - px, clip[(e + 1) % 3, 1] - py
        kept = 0
        for k in range(corners):
            n = (k + 1) % corners
            at = ex * (room[now, k, 1] - py) - ey * (room[now, k, 0] - px)
            following = ex * (room[now, n, 1] - py) - ey * (room[now, n, 0] - px)
            if at >= 0.0:
                room[1 - now, kept] = room[now, k]
                kept += 1
            if (at > 0.0 and following < 0.0) or (at < 0.0 and following > 0.0):
                part = at / (at - following)
                for c in range(2):
                    room[1 - now, kept, c] = room[now, k, c] + part * (room[now, n, c] - room[now, k, c])
                kept += 1
        corners, now = kept, 1 - now
        if corners < 3:
            return False
    doubled, around = 0.0, 0.0
    for k in range(corners):
        n = (k + 1) % corners
        x, y = room[now, k, 0] - room[now, 0, 0], room[now, k, 1] - room[now, 0, 1]
        dx, dy = room[now, n, 0] - room[now, k, 0], room[now, n, 1] - room[now, k, 1]
        doubled += x * dy - y * dx
        around += np.sqrt(dx * dx + dy * dy)
    # twice the area over the outline is the width of a strip
    return doubled > TOLERANCE_M * around
