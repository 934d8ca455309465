"""Voronoi cells of people, frame by frame, and their share of the cells of a grid. Every parallel loop gathers.

The cell of a person is all that is nearer to it than to anybody else in the frame (Steffen & Seyfried 2010,
doi:10.1016/j.physa.2009.12.015); here it is found by cutting a convex outline with the bisector to each neighbour, nearest
rings of a grid first, until nobody left can be near enough to cut.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange

SPARE_CORNERS = 24
"""Corners that a cell may have beyond those of the outline it is cut from, before more room is made."""


class Boundary(NamedTuple):
    """Edges of a walkable area, by square.

    Attributes
    ----------
    west, south, side : float
        Corner of square (0, 0) and side of a square [m].
    rows, columns : int
    first : (rows * columns + 1,) int64
        First row of `pieces` of each square.
    pieces : (S, 4) float64
        Pieces of edges, x0, y0, x1, y1, by the squares that they come into [m].
    planes : (M, 3) float64
        Of a convex area without holes its edges as a, b, c with a x + b y <= c inside; empty for any other.
    """

    west: float
    south: float
    side: float
    rows: int
    columns: int
    first: NDArray[np.int64]
    pieces: NDArray[np.float64]
    planes: NDArray[np.float64]


class Cells(NamedTuple):
    """Voronoi cells before they are cut by an area that is not convex.

    Attributes
    ----------
    corners : (N, K, 2) float64
        Counter-clockwise [m].
    size : (N,) int32
        Corners of each.
    touches : (N,) bool
        Whether an edge of the area may go through the cell.
    """

    corners: NDArray[np.float64]
    size: NDArray[np.int32]
    touches: NDArray[np.bool_]


def voronoi_cells(
    start: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    outline: NDArray[np.float64],
    about: bool,
    boundary: Boundary,
) -> Cells:
    """The cell of each person among those of the same frame.

    Parameters
    ----------
    start : (F + 1,) int64
        First row of each frame.
    x, y : (N,) float64
        [m]. People at the very same place have the same cell.
    outline : (K, 2) float64
        Convex, counter-clockwise: no cell reaches beyond it [m].
    about : bool
        Whether the outline stands about each person (a cut-off), or where it is (the box of an area).
    boundary : Boundary
    """
    room = len(outline) + SPARE_CORNERS
    while True:
        corners = np.empty((len(x), room, 2))
        count = np.empty(len(x), np.int32)
        touches = np.empty(len(x), np.bool_)
        _cells(start, x, y, outline, about, *boundary, corners, count, touches)
        if not len(count) or count.max() <= room:
            return Cells(corners, count, touches)
        room = int(count.max()) + SPARE_CORNERS


@njit()
def _cut(px, py, qx, qy, n, a, b, c):
    """Keep what of a convex polygon (n corners in p) lies where a x + b y <= c; into q, and how many corners that has."""
    kept = 0
    width = qx.shape[0]
    ux, uy = px[n - 1], py[n - 1]
    du = a * ux + b * uy - c
    for k in range(n):
        vx, vy = px[k], py[k]
        dv = a * vx + b * vy - c
        if (du <= 0.0) != (dv <= 0.0):
            t = du / (du - dv)
            if kept < width:
                qx[kept], qy[kept] = ux + t * (vx - ux), uy + t * (vy - uy)
            kept += 1
        if dv <= 0.0:
            if kept < width:
                qx[kept], qy[kept] = vx, vy
            kept += 1
        ux, uy, du = vx, vy, dv
    return kept


@njit()
def _meets(px, py, n, x0, y0, x1, y1):
    """Whether some of a segment is in a convex polygon (n corners, counter-clockwise), or on its edge."""
    low, high = 0.0, 1.0
    for k in range(n):
        q = k + 1 if k + 1 < n else 0
        ex, ey = px[q] - px[k], py[q] - py[k]
        at0 = ex * (y0 - py[k]) - ey * (x0 - px[k])
        at1 = ex * (y1 - py[k]) - ey * (x1 - px[k])
        if at0 < 0.0 and at1 < 0.0:
            return False
        if at0 < 0.0:
            low = max(low, at0 / (at0 - at1))
        elif at1 < 0.0:
            high = min(high, at0 / (at0 - at1))
        if low > high:
            return False
    return True


@njit(parallel=True)
def _cells(
    start, x, y, outline, about, west, south, side, rows, columns, begins, pieces, planes, corners, count, touches
):
    room = corners.shape[1]
    sides = outline.shape[0]
    for f in prange(start.shape[0] - 1):
        first, last = start[f], start[f + 1]
        n = last - first
        if n == 0:
            continue
        # the people of the frame, sorted into squares of about one person each
        low_x, high_x, low_y, high_y = x[first], x[first], y[first], y[first]
        for i in range(first, last):
            low_x, high_x = min(low_x, x[i]), max(high_x, x[i])
            low_y, high_y = min(low_y, y[i]), max(high_y, y[i])
        extent = max(high_x - low_x, high_y - low_y, 1e-3)
        step = max(np.sqrt(max((high_x - low_x) * (high_y - low_y), 1e-6) / n), extent / 512.0)
        across = int((high_x - low_x) / step) + 1
        down = int((high_y - low_y) / step) + 1
        begin = np.zeros(across * down + 1, np.int64)
        key = np.empty(n, np.int64)
        for i in range(n):
            column = min(int((x[first + i] - low_x) / step), across - 1)
            row = min(int((y[first + i] - low_y) / step), down - 1)
            key[i] = row * across + column
            begin[key[i] + 1] += 1
        for k in range(across * down):
            begin[k + 1] += begin[k]
        order = np.empty(n, np.int64)
        fill = begin[:-1].copy()
        for i in range(n):
            order[fill[key[i]]] = first + i
            fill[key[i]] += 1
        px, py, qx, qy = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
        for i in range(first, last):
            xi, yi = x[i], y[i]
            m = sides
            for k in range(sides):
                px[k] = outline[k, 0] + (xi if about else 0.0)
                py[k] = outline[k, 1] + (yi if about else 0.0)
            most = sides
            reach2 = 0.0
            for k in range(m):
                reach2 = max(reach2, (px[k] - xi) ** 2 + (py[k] - yi) ** 2)
            c0 = min(int((xi - low_x) / step), across - 1)
            r0 = min(int((yi - low_y) / step), down - 1)
            ring = 0
            while m > 0 and ring <= max(across, down):
                # nobody outside the rings looked at is nearer than this
                beyond = (ring - 1) * step + min(
                    min(xi - low_x - c0 * step, low_x + (c0 + 1) * step - xi),
                    min(yi - low_y - r0 * step, low_y + (r0 + 1) * step - yi),
                )
                if ring > 0 and beyond > 0.0 and beyond * beyond >= 4.0 * reach2:
                    break
                for r in range(max(0, r0 - ring), min(down - 1, r0 + ring) + 1):
                    edge = r == r0 - ring or r == r0 + ring
                    c = max(0, c0 - ring)
                    while c <= min(across - 1, c0 + ring):
                        if not edge and c != c0 - ring and c != c0 + ring:
                            c = c0 + ring
                            continue
                        for q in range(begin[r * across + c], begin[r * across + c + 1]):
                            j = order[q]
                            dx, dy = x[j] - xi, y[j] - yi
                            d2 = dx * dx + dy * dy
                            if d2 == 0.0 or d2 >= 4.0 * reach2:
                                continue
                            middle = dx * (xi + 0.5 * dx) + dy * (yi + 0.5 * dy)
                            m = _cut(px, py, qx, qy, m, dx, dy, middle)
                            most = max(most, m)
                            if m > room or m == 0:
                                break
                            px, qx, py, qy = qx, px, qy, py
                            reach2 = 0.0
                            for k in range(m):
                                reach2 = max(reach2, (px[k] - xi) ** 2 + (py[k] - yi) ** 2)
                        if most > room or m == 0:
                            break
                        c += 1
                    if most > room or m == 0:
                        break
                if most > room:
                    break
                ring += 1
            if most > room:
                count[i] = most
                continue
            for k in range(planes.shape[0] if m > 0 else 0):
                m = _cut(px, py, qx, qy, m, planes[k, 0], planes[k, 1], planes[k, 2])
                if m > room or m == 0:
                    break
                px, qx, py, qy = qx, px, qy, py
            count[i] = m
            if m > room:
                continue
            left, right, low, high = 1e300, -1e300, 1e300, -1e300
            for k in range(m):
                corners[i, k, 0], corners[i, k, 1] = px[k], py[k]
                left, right = min(left, px[k]), max(right, px[k])
                low, high = min(low, py[k]), max(high, py[k])
            touched = False
            if planes.shape[0] == 0 and m > 0:
                c_low = min(max(int((left - west) / side), 0), columns - 1)
                c_high = min(max(int((right - west) / side), 0), columns - 1)
                r_low = min(max(int((low - south) / side), 0), rows - 1)
                r_high = min(max(int((high - south) / side), 0), rows - 1)
                for r in range(r_low, r_high + 1):
                    for c in range(c_low, c_high + 1):
                        for s in range(begins[r * columns + c], begins[r * columns + c + 1]):
                            if not touched:
                                touched = _meets(px, py, m, pieces[s, 0], pieces[s, 1], pieces[s, 2], pieces[s, 3])
            touches[i] = touched


def boundary_of(rings: list[NDArray[np.float64]], *, convex: bool, side: float = 1.0) -> Boundary:
    """The edges of an area by square.

    Parameters
    ----------
    rings : list of (K, 2) float64
        Outer ring first, closed; the outer one counter-clockwise [m].
    convex : bool
        Whether the area is convex and has no holes.
    side : float
        Of a square; larger where there would be more than 4 million [m].
    """
    points = np.concatenate(rings)
    west, south = points.min(axis=0)
    east, north = points.max(axis=0)
    side = max(side, float(np.sqrt(max((east - west) * (north - south), 1e-9) / 4e6)), max(east - west, north - south) / 4000.0)
    rows, columns = int((north - south) / side) + 1, int((east - west) / side) + 1
    edges = np.concatenate([np.hstack([ring[:-1], ring[1:]]) for ring in rings])
    first, pieces = _by_square(edges, west, south, side, rows, columns)
    planes = np.empty((0, 3))
    if convex:
        along = np.diff(rings[0], axis=0)
        normal = np.column_stack([along[:, 1], -along[:, 0]])
        planes = np.column_stack([normal, (normal * rings[0][:-1]).sum(axis=1)])
    return Boundary(float(west), float(south), float(side), rows, columns, first, pieces, np.ascontiguousarray(planes))


@njit()
def _by_square(edges, west, south, side, rows, columns):
    """Pieces of edges, no longer than a square, by the squares that their boxes come into: counted, then filled."""
    first = np.zeros(rows * columns + 1, np.int64)
    pieces = np.empty((0, 4))
    for phase in range(2):
        if phase == 1:
            for k in range(rows * columns):
                first[k + 1] += first[k]
            pieces = np.empty((first[-1], 4))
        fill = first.copy()
        for e in range(edges.shape[0]):
            dx, dy = edges[e, 2] - edges[e, 0], edges[e, 3] - edges[e, 1]
            parts = int(np.sqrt(dx * dx + dy * dy) / side) + 1
            for s in range(parts):
                x0, y0 = edges[e, 0] + dx * s / parts, edges[e, 1] + dy * s / parts
                x1, y1 = edges[e, 0] + dx * (s + 1) / parts, edges[e, 1] + dy * (s + 1) / parts
                c_low = min(max(int((min(x0, x1) - west) / side - 1e-6), 0), columns - 1)
                c_high = min(max(int((max(x0, x1) - west) / side + 1e-6), 0), columns - 1)
                r_low = min(max(int((min(y0, y1) - south) / side - 1e-6), 0), rows - 1)
                r_high = min(max(int((max(y0, y1) - south) / side + 1e-6), 0), rows - 1)
                for r in range(r_low, r_high + 1):
                    for c in range(c_low, c_high + 1):
                        k = r * columns + c
                        if phase == 0:
                            first[k + 1] += 1
                        else:
                            pieces[fill[k], 0], pieces[fill[k], 1] = x0, y0
                            pieces[fill[k], 2], pieces[fill[k], 3] = x1, y1
                            fill[k] += 1
    return first, pieces


@njit()
def ring_areas(start, points):
    """Area of each ring of a table of points, (R,) [m2]; positive for either direction."""
    out = np.empty(start.shape[0] - 1)
    for k in range(start.shape[0] - 1):
        first, last = start[k], start[k + 1]
        total = 0.0
        for p in range(first, last):
            q = p + 1 if p + 1 < last else first
            # from the first corner, as coordinates of cities are large
            total += (points[p, 0] - points[first, 0]) * (points[q, 1] - points[first, 1])
            total -= (points[q, 0] - points[first, 0]) * (points[p, 1] - points[first, 1])
        out[k] = abs(0.5 * total)
    return out


@njit()
def _cut_any(px, py, qx, qy, n, axis, sign, value):
    """As `_cut` along an axis, for a polygon that need not be convex: its area stays right, edges may lie on each other."""
    kept = 0
    if n == 0:
        return 0
    u = (px[n - 1] if axis == 0 else py[n - 1]) * sign - value * sign
    ux, uy = px[n - 1], py[n - 1]
    for k in range(n):
        vx, vy = px[k], py[k]
        v = (vx if axis == 0 else vy) * sign - value * sign
        if (u <= 0.0) != (v <= 0.0):
            t = u / (u - v)
            qx[kept], qy[kept] = ux + t * (vx - ux), uy + t * (vy - uy)
            kept += 1
        if v <= 0.0:
            qx[kept], qy[kept] = vx, vy
            kept += 1
        ux, uy, u = vx, vy, v
    return kept


@njit(parallel=True)
def grid_shares(frame_ring, start, points, hole, person, west, north, cell, rows, columns, weight, speed, density, flow, met, seen):
    """Spread what people have over the squares of a grid by the area that their cells share with each.

    Parameters
    ----------
    frame_ring : (F + 1,) int64
        First ring of each frame.
    start, points : (R + 1,) int64, (P, 2) float64
        Rings.
    hole : (R,) bool
        Whether a ring is a hole of the cell before it.
    person : (R,) int64
        Row of `weight` and `speed` of each ring.
    west, north, cell : float
        Outer corner of square (0, 0) in the north-west, and side [m].
    weight : (N,) float64
        What is spread: 1 / area gives density.
    speed : (N,) float64
        [m/s]
    density, flow : (F, rows, columns) float64
        Sums of shared area times weight, and times speed.
    met, seen : (F, rows, columns) float64
        Sum of the speeds, and number, of people whose cell shares a square.
    """
    for f in prange(frame_ring.shape[0] - 1):
        longest = 4
        for k in range(frame_ring[f], frame_ring[f + 1]):
            longest = max(longest, start[k + 1] - start[k])
        # a cut along a line adds at most one corner for each that it takes away
        room = 4 * longest + 16
        ax, ay, bx, by = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
        sx, sy = np.empty(room), np.empty(room)
        for k in range(frame_ring[f], frame_ring[f + 1]):
            first, last = start[k], start[k + 1]
            n = last - first
            left, right, low, high = 1e300, -1e300, 1e300, -1e300
            for p in range(first, last):
                left, right = min(left, points[p, 0]), max(right, points[p, 0])
                low, high = min(low, points[p, 1]), max(high, points[p, 1])
            c_low, c_high = max(0, int(np.floor((left - west) / cell))), min(columns - 1, int(np.floor((right - west) / cell)))
            r_low, r_high = max(0, int(np.floor((north - high) / cell))), min(rows - 1, int(np.floor((north - low) / cell)))
            i = person[k]
            for c in range(c_low, c_high + 1):
                for p in range(n):
                    ax[p], ay[p] = points[first + p, 0], points[first + p, 1]
                m = _cut_any(ax, ay, bx, by, n, 0, -1.0, west + c * cell)
                strip = _cut_any(bx, by, sx, sy, m, 0, 1.0, west + (c + 1) * cell)
                if strip < 3:
                    continue
                for r in range(r_low, r_high + 1):
                    m = _cut_any(sx, sy, bx, by, strip, 1, 1.0, north - r * cell)
                    m = _cut_any(bx, by, ax, ay, m, 1, -1.0, north - (r + 1) * cell)
                    total = 0.0
                    for p in range(m):
                        q = p + 1 if p + 1 < m else 0
                        total += (ax[p] - ax[0]) * (ay[q] - ay[0]) - (ax[q] - ax[0]) * (ay[p] - ay[0])
                    area = abs(0.5 * total)
                    if area <= 1e-16:
                        continue
                    if hole[k]:
                        area = -area
                    else:
                        met[f, r, c] += speed[i]
                        seen[f, r, c] += 1.0
                    density[f, r, c] += area * weight[i]
                    flow[f, r, c] += area * speed[i]
