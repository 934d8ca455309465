"""Rays among triangles: does anything stand between a point and the sun, and what lies right before a wall.

Triangles lie in the cells of a flat grid. A ray goes from cell to cell on the map (Amanatides and Woo 1987) and looks at the
triangles of those cells that are high enough; triangles by Moeller and Trumbore (1997, "Fast, minimum storage ray/triangle
intersection"). All in float64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange

NEAR_M = 1e-4
"""What a ray meets nearer than this is where it begins [m]."""

_FEW_CELLS, _MANY_CELLS = 1.0, 16_000_000


class Triangles(NamedTuple):
    """Triangles in the cells of a grid, see `triangles`.

    Parameters
    ----------
    corner, first, second : (T, 3) float64
        A corner and the edges from it [m].
    west, south, cell : float
        Of the grid [m].
    start : (NY + 1, NX) int64
        Where the triangles of each cell begin in `inside`, row by row; the row after the last holds the end in its first cell.
    inside : (K,) int32
        Triangles by cell.
    top : (NY, NX) float64
        Greatest height of the triangles of a cell [m].
    highest : float
        [m]
    """

    corner: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    west: float
    south: float
    cell: float
    start: NDArray[np.int64]
    inside: NDArray[np.int32]
    top: NDArray[np.float64]
    highest: float


def triangles(vertices: NDArray[np.float64], faces: NDArray[np.integer], cell: float | None = None) -> Triangles:
    """Lay triangles in a grid.

    Parameters
    ----------
    vertices : (V, 3) float64
        [m]
    faces : (T, 3) int
    cell : float, optional
        Side of a cell [m]; by default so that there are about as many cells as triangles.
    """
    corners = np.asarray(vertices, dtype=np.float64)[np.asarray(faces, dtype=np.int64)].reshape(-1, 3, 3)
    corner = np.ascontiguousarray(corners[:, 0])
    first, second = corners[:, 1] - corner, corners[:, 2] - corner
    if not len(corners):
        return Triangles(corner, first, second, 0.0, 0.0, 1.0, np.zeros((2, 1), np.int64), np.zeros(0, np.int32),
                         np.full((1, 1), -np.inf), -np.inf)  # fmt: skip
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    wide, deep = float(high[0] - low[0]), float(high[1] - low[1])
    side = cell or max(_FEW_CELLS, (wide * deep / min(len(corners), _MANY_CELLS)) ** 0.5)
    columns, rows = int(wide / side) + 1, int(deep / side) + 1
    boxes = np.empty((len(corners), 4), np.int64)
    boxes[:, 0] = np.clip((corners[..., 0].min(1) - low[0]) / side, 0, columns - 1)
    boxes[:, 1] = np.clip((corners[..., 0].max(1) - low[0]) / side, 0, columns - 1)
    boxes[:, 2] = np.clip((corners[..., 1].min(1) - low[1]) / side, 0, rows - 1)
    boxes[:, 3] = np.clip((corners[..., 1].max(1) - low[1]) / side, 0, rows - 1)
    start, inside, top = _sorted(boxes, np.ascontiguousarray(corners[..., 2].max(1)), rows, columns)
    return Triangles(
        corner, np.ascontiguousarray(first), np.ascontiguousarray(second), float(low[0]), float(low[1]), float(side), start, inside,
        top, float(high[2]),
    )  # fmt: skip


def in_sun(
    among: Triangles, points: NDArray[np.float64], normals: NDArray[np.float64], sun: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether points on surfaces are in the sun, at several places of it.

    Parameters
    ----------
    among : Triangles
        What casts shadow.
    points, normals : (N, 3) float64
        Places [m], and outward unit normals of the surfaces that they are on.
    sun : (S, 3) float64
        Unit vectors towards the sun.

    Returns
    -------
    (N, S) bool
    """
    out = np.empty((len(points), len(sun)), np.bool_)
    _in_sun(among, np.ascontiguousarray(points), np.ascontiguousarray(normals), np.ascontiguousarray(sun), out)
    return out


def first_hits(
    among: Triangles, points: NDArray[np.float64], directions: NDArray[np.float64], far: float
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """What rays meet first.

    Parameters
    ----------
    among : Triangles
    points, directions : (N, 3) float64
        Where they begin [m], and unit vectors.
    far : float
        Nothing further than this is looked for [m].

    Returns
    -------
    (N,) float64
        Distance; inf where there is nothing [m].
    (N,) int32
        Triangle; -1 where there is none.
    """
    distance, which = np.empty(len(points)), np.empty(len(points), np.int32)
    _first_hits(among, np.ascontiguousarray(points), np.ascontiguousarray(directions), far, distance, which)
    return distance, which


def depth_at(among: Triangles, points: NDArray[np.float64]) -> NDArray[np.int32]:
    """In how many solids points lie: faces that look up above each, less those that look down.

    Parameters
    ----------
    among : Triangles
        Of closed solids whose faces are counter-clockwise seen from outside.
    points : (N, 3) float64
        [m]

    Returns
    -------
    (N,) int32
        0 in the open, above 0 inside.
    """
    out = np.empty(len(points), np.int32)
    _depth_at(among, np.ascontiguousarray(points), out)
    return out


@njit()
def _sorted(boxes, tops, rows, columns):
    """Triangles by cell, by counting."""
    count = np.zeros(rows * columns + 1, np.int64)
    top = np.full((rows, columns), -np.inf)
    for t in range(len(boxes)):
        for r in range(boxes[t, 2], boxes[t, 3] + 1):
            for c in range(boxes[t, 0], boxes[t, 1] + 1):
                count[r * columns + c + 1] += 1
                top[r, c] = max(top[r, c], tops[t])
    for k in range(rows * columns):
        count[k + 1] += count[k]
    inside = np.empty(count[-1], np.int32)
    at = count[:-1].copy()
    for t in range(len(boxes)):
        for r in range(boxes[t, 2], boxes[t, 3] + 1):
            for c in range(boxes[t, 0], boxes[t, 1] + 1):
                k = r * columns + c
                inside[at[k]] = t
                at[k] += 1
    start = np.full((rows + 1, columns), count[-1], np.int64)
    for r in range(rows):
        for c in range(columns):
            start[r, c] = count[r * columns + c]
    return start, inside, top


@njit(inline="always")
def _distance(among, t, px, py, pz, dx, dy, dz):
    """Along a ray to a triangle; inf where it passes by."""
    ax, ay, az = among.first[t, 0], among.first[t, 1], among.first[t, 2]
    bx, by, bz = among.second[t, 0], among.second[t, 1], among.second[t, 2]
    hx, hy, hz = dy * bz - dz * by, dz * bx - dx * bz, dx * by - dy * bx
    volume = ax * hx + ay * hy + az * hz
    if abs(volume) < 1e-14:
        return np.inf
    sx, sy, sz = px - among.corner[t, 0], py - among.corner[t, 1], pz - among.corner[t, 2]
    u = (sx * hx + sy * hy + sz * hz) / volume
    if u < -1e-9 or u > 1.0 + 1e-9:
        return np.inf
    qx, qy, qz = sy * az - sz * ay, sz * ax - sx * az, sx * ay - sy * ax
    v = (dx * qx + dy * qy + dz * qz) / volume
    if v < -1e-9 or u + v > 1.0 + 1e-9:
        return np.inf
    return (bx * qx + by * qy + bz * qz) / volume


@njit()
def _trace(among, px, py, pz, dx, dy, dz, far, any_):
    """Distance to what a ray meets first, and its triangle; with `any_` to anything that it meets."""
    rows, columns = among.top.shape
    best, which = far, -1
    # to where the ray comes over the grid
    enter, leave = 0.0, far
    for axis in range(2):
        p, d = (px - among.west, dx) if axis == 0 else (py - among.south, dy)
        side = among.cell * (columns if axis == 0 else rows)
        if abs(d) < 1e-15:
            if p < 0.0 or p >= side:
                return np.inf, -1
            continue
        one, two = -p / d, (side - p) / d
        enter, leave = max(enter, min(one, two)), min(leave, max(one, two))
    if enter > leave:
        return np.inf, -1
    x, y = (px + enter * dx - among.west) / among.cell, (py + enter * dy - among.south) / among.cell
    c, r = min(max(int(np.floor(x)), 0), columns - 1), min(max(int(np.floor(y)), 0), rows - 1)
    step_c, step_r = (1 if dx > 0 else -1), (1 if dy > 0 else -1)
    each_c = among.cell / abs(dx) if abs(dx) > 1e-15 else np.inf
    each_r = among.cell / abs(dy) if abs(dy) > 1e-15 else np.inf
    next_c = enter + ((c + 1 - x) if dx > 0 else (x - c)) * each_c if abs(dx) > 1e-15 else np.inf
    next_r = enter + ((r + 1 - y) if dy > 0 else (y - r)) * each_r if abs(dy) > 1e-15 else np.inf
    at = enter
    while at <= min(best, leave):
        out = min(next_c, next_r)
        low = pz + (at if dz > 0 else min(out, leave)) * dz
        if low <= among.top[r, c]:
            end = among.start[r, c + 1] if c + 1 < columns else among.start[r + 1, 0]
            for k in range(among.start[r, c], end):
                t = among.inside[k]
                distance = _distance(among, t, px, py, pz, dx, dy, dz)
                if NEAR_M < distance < best:
                    best, which = distance, t
                    if any_:
                        return best, which
        if dz > 0 and pz + out * dz > among.highest:
            break
        at = out
        if next_c < next_r:
            c += step_c
            next_c += each_c
        else:
            r += step_r
            next_r += each_r
        if not (0 <= c < columns and 0 <= r < rows):
            break
    return (best if which >= 0 else np.inf), which


@njit(parallel=True)
def _in_sun(among, points, normals, sun, out):
    for n in prange(len(points)):
        last = -1
        for s in range(len(sun)):
            dx, dy, dz = sun[s, 0], sun[s, 1], sun[s, 2]
            out[n, s] = False
            if dz <= 0.0 or normals[n, 0] * dx + normals[n, 1] * dy + normals[n, 2] * dz <= 0.0:
                continue
            px, py, pz = points[n, 0], points[n, 1], points[n, 2]
            # what stood in the way a moment ago mostly still does
            if last >= 0 and NEAR_M < _distance(among, last, px, py, pz, dx, dy, dz) < np.inf:
                continue
            _, which = _trace(among, px, py, pz, dx, dy, dz, np.inf, True)
            last = which
            out[n, s] = which < 0


@njit(parallel=True)
def _first_hits(among, points, directions, far, distance, which):
    for n in prange(len(points)):
        distance[n], which[n] = _trace(
            among, points[n, 0], points[n, 1], points[n, 2], directions[n, 0], directions[n, 1], directions[n, 2], far, False
        )


@njit(parallel=True)
def _depth_at(among, points, out):
    rows, columns = among.top.shape
    for n in prange(len(points)):
        px, py, pz = points[n, 0], points[n, 1], points[n, 2]
        c, r = int(np.floor((px - among.west) / among.cell)), int(np.floor((py - among.south) / among.cell))
        depth = 0
        if 0 <= c < columns and 0 <= r < rows:
            end = among.start[r, c + 1] if c + 1 < columns else among.start[r + 1, 0]
            for k in range(among.start[r, c], end):
                t = among.inside[k]
                if 0.0 < _distance(among, t, px, py, pz, 0.0, 0.0, 1.0) < np.inf:
                    up = among.first[t, 0] * among.second[t, 1] - among.first[t, 1] * among.second[t, 0]
                    depth += 1 if up > 0.0 else -1
        out[n] = depth


@njit()
def wall_points(along, up, spacing, first, storey, most):
    """Points of a lattice on upright triangles.

    Parameters
    ----------
    along, up : (T, 3) float64
        Corners along the wall, from a place that all walls of its direction share, and above the foot of the building [m].
    spacing : float
        Along the wall [m].
    first, storey : float
        Height of the lowest row above the foot, and between rows [m].
    most : int
        No more points than this.

    Returns
    -------
    (N,) int64
        Triangle of each point.
    (N, 2) float64
        Its place, as `along` and `up`.
    """
    triangle, place = np.empty(most, np.int64), np.empty((most, 2))
    count = 0
    for t in range(len(along)):
        a0, u0 = along[t, 0], up[t, 0]
        a1, u1, a2, u2 = along[t, 1] - a0, up[t, 1] - u0, along[t, 2] - a0, up[t, 2] - u0
        doubled = a1 * u2 - a2 * u1
        if abs(doubled) < 1e-9:
            continue
        left = int(np.ceil(min(a0, along[t, 1], along[t, 2]) / spacing))
        right = int(np.floor(max(a0, along[t, 1], along[t, 2]) / spacing))
        low = max(0, int(np.ceil((min(u0, up[t, 1], up[t, 2]) - first) / storey)))
        high = int(np.floor((max(u0, up[t, 1], up[t, 2]) - first) / storey))
        for i in range(left, right + 1):
            for j in range(low, high + 1):
                da, du = i * spacing - a0, first + j * storey - u0
                b1, b2 = (u2 * da - a2 * du) / doubled, (a1 * du - u1 * da) / doubled
                if b1 >= 0.0 and b2 >= 0.0 and b1 + b2 <= 1.0:
                    if count == most:
                        return triangle[:count], place[:count]
                    triangle[count], place[count, 0], place[count, 1] = t, i * spacing, first + j * storey
                    count += 1
    return triangle[:count], place[:count]
