"""What is around a point of the floor: its cell, the walls near it, the way to a goal.

Compiled into the kernels that call them from another file: the cache of `twin.jit` is keyed by all of `twin.sim`.
"""

from __future__ import annotations

import numpy as np

from twin.jit import njit
from twin.sim.crowd.state import PER_METRE

_POWERS_OF_TWO = 2.0 ** np.arange(-64, 65)


@njit()
def exponential(u):
    """exp(u) for u between -44 and 44, to 1e-9 of its value.

    2**k from a table times a polynomial for the rest: four times as fast as the C library's, and the same on every
    platform.
    """
    y = u * 1.4426950408889634
    k = int(y + 64.5) - 64
    r = (y - k) * 0.6931471805599453
    tail = 1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0 + r * (1.0 / 40320.0)))
    return _POWERS_OF_TWO[k + 64] * (1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * tail)))))


@njit(inline="always")
def fixed_of(x, y):
    """A point in fixed-point coordinates, as in `Present.fixed`."""
    return (np.int64(np.rint(y * PER_METRE)) << 32) | (np.int64(np.rint(x * PER_METRE)) & 0xFFFFFFFF)


@njit(inline="always")
def cell_of(floor, x, y):
    """Row and column of a point, kept on the grid."""
    c = int((x - floor.west) / floor.cell)
    r = int((floor.north - y) / floor.cell)
    return min(max(r, 0), floor.mask.shape[1] - 1), min(max(c, 0), floor.mask.shape[2] - 1)


@njit(inline="always")
def bucket_of(floor, level, x, y):
    """Number of the wall bucket at a point."""
    c = min(max(int((x - floor.west) / floor.bucket), 0), floor.bucket_columns - 1)
    r = min(max(int((floor.north - y) / floor.bucket), 0), floor.bucket_rows - 1)
    return (level * floor.bucket_rows + r) * floor.bucket_columns + c


@njit()
def crosses(x0, y0, x1, y1, ax, ay, bx, by):
    """Whether two segments touch or cross (collinear ones that overlap do not count: one slides along a wall)."""
    d1 = (bx - ax) * (y0 - ay) - (by - ay) * (x0 - ax)
    d2 = (bx - ax) * (y1 - ay) - (by - ay) * (x1 - ax)
    if (d1 > 0.0 and d2 > 0.0) or (d1 < 0.0 and d2 < 0.0) or (d1 == 0.0 and d2 == 0.0):
        return False
    d3 = (x1 - x0) * (ay - y0) - (y1 - y0) * (ax - x0)
    d4 = (x1 - x0) * (by - y0) - (y1 - y0) * (bx - x0)
    return not ((d3 > 0.0 and d4 > 0.0) or (d3 < 0.0 and d4 < 0.0))


@njit()
def any_between(walls, begin, end, x0, y0, x1, y1):
    """Whether one of some walls lies between two points."""
    s = begin
    while s < end and not crosses(x0, y0, x1, y1, walls[s, 0], walls[s, 1], walls[s, 2], walls[s, 3]):
        s += 1
    return s < end


@njit()
def _far_between(walls, start, west, north, side, first, rows, columns, x0, y0, x1, y1):
    """The same for points further apart than a bucket reaches: all buckets of their box, the level's first being `first`."""
    c_low = min(max(int((min(x0, x1) - west) / side), 0), columns - 1)
    c_high = min(max(int((max(x0, x1) - west) / side), 0), columns - 1)
    r_low = min(max(int((north - max(y0, y1)) / side), 0), rows - 1)
    r_high = min(max(int((north - min(y0, y1)) / side), 0), rows - 1)
    for r in range(r_low, r_high + 1):
        for b in range(first + r * columns + c_low, first + r * columns + c_high + 1):
            if any_between(walls, start[b], start[b + 1], x0, y0, x1, y1):
                return True
    return False


@njit(inline="always")
def wall_between(floor, level, x0, y0, x1, y1):
    """Whether a wall of a level lies between two points."""
    near = (x1 - x0) ** 2 + (y1 - y0) ** 2 <= floor.bucket_reach * floor.bucket_reach
    b = bucket_of(floor, level, x0, y0)
    begin, end = floor.wall_start[b], floor.wall_start[b + 1]
    found = False
    if not near:
        first = level * floor.bucket_rows * floor.bucket_columns
        found = _far_between(
            floor.walls, floor.wall_start, floor.west, floor.north, floor.bucket, first, floor.bucket_rows, floor.bucket_columns,
            x0, y0, x1, y1,
        )  # fmt: skip
    elif begin < end:
        found = any_between(floor.walls, begin, end, x0, y0, x1, y1)
    return found


@njit()
def near_nodes(floor, node, level, x, y):
    """Of the cells within two of a point: the nearest node whose centre no wall hides, and the nearest of all; -1 if none."""
    r0, c0 = cell_of(floor, x, y)
    _levels, rows, columns = floor.mask.shape
    in_sight, any_node = -1, -1
    nearest, nearest_any = 1e30, 1e30
    for r in range(max(0, r0 - 2), min(rows, r0 + 3)):
        for c in range(max(0, c0 - 2), min(columns, c0 + 3)):
            m = node[level, r, c]
            if m < 0:
                continue
            px, py = floor.west + (c + 0.5) * floor.cell, floor.north - (r + 0.5) * floor.cell
            d2 = (px - x) ** 2 + (py - y) ** 2
            if d2 < nearest and not wall_between(floor, level, x, y, px, py):
                in_sight, nearest = m, d2
            if d2 < nearest_any:
                any_node, nearest_any = m, d2
    return in_sight, any_node


@njit()
def node_at(floor, node, level, x, y):
    """Node of the cell at a point; where its centre is off the floor, the nearest one, in sight if there is one."""
    r, c = cell_of(floor, x, y)
    k = node[level, r, c]
    if k >= 0:
        return k
    in_sight, any_node = near_nodes(floor, node, level, x, y)
    return in_sight if in_sight >= 0 else any_node


@njit()
def nearest_of(walls, begin, end, x, y):
    """Distance to the nearest of some walls and the nearest point on it."""
    best, bx, by = 1e30, x, y
    for s in range(begin, end):
        x0, y0 = walls[s, 0], walls[s, 1]
        ax, ay = walls[s, 2] - x0, walls[s, 3] - y0
        length2 = ax * ax + ay * ay
        t = 0.0
        if length2 > 0.0:
            t = min(1.0, max(0.0, ((x - x0) * ax + (y - y0) * ay) / length2))
        px, py = x0 + t * ax, y0 + t * ay
        d2 = (x - px) ** 2 + (y - py) ** 2
        if d2 < best:
            best, bx, by = d2, px, py
    return np.sqrt(best), bx, by


@njit(inline="always")
def nearest_wall(floor, level, x, y):
    """Distance to the nearest wall in the bucket and the nearest point on it."""
    b = bucket_of(floor, level, x, y)
    return nearest_of(floor.walls, floor.wall_start[b], floor.wall_start[b + 1], x, y)


@njit()
def distance_at(distance, level, west, north, cell, x, y):
    """Signed distance to the nearest wall at a point, bilinear between the centres of four cells, and its gradient (east, north).

    Exact beside a straight wall; a corner is rounded by up to a cell. Beyond the outermost centres it is as at the nearest.
    """
    _levels, rows, columns = distance.shape
    fx = min(max((x - west) / cell - 0.5, 0.0), columns - 1.001)
    fy = min(max((north - y) / cell - 0.5, 0.0), rows - 1.001)
    c, r = int(fx), int(fy)
    fx -= c
    fy -= r
    a, b = np.float64(distance[level, r, c]), np.float64(distance[level, r, c + 1])
    e, f = np.float64(distance[level, r + 1, c]), np.float64(distance[level, r + 1, c + 1])
    upper, lower = a + fx * (b - a), e + fx * (f - e)
    east = ((1.0 - fy) * (b - a) + fy * (f - e)) / cell
    return upper + fy * (lower - upper), east, (upper - lower) / cell


@njit()
def from_wall(walls, s, x, y):
    """Way from the nearest point of wall `s` to a point, and whether it counts: what two walls share counts once."""
    x0, y0 = walls[s, 0], walls[s, 1]
    ax, ay = walls[s, 2] - x0, walls[s, 3] - y0
    length2 = ax * ax + ay * ay
    t = 0.0
    if length2 > 0.0:
        t = ((x - x0) * ax + (y - y0) * ay) / length2
        if t >= 1.0:
            return 0.0, 0.0, False  # the segment that starts there counts the corner
    if t <= 0.0:
        if (x - x0) * walls[s, 4] + (y - y0) * walls[s, 5] < 0.0:
            return 0.0, 0.0, False  # the segment before is nearer
        t = 0.0
    return x - x0 - t * ax, y - y0 - t * ay, True


@njit()
def _squeezed(floor, level, x0, y0, x, y, radius):
    """Where a move may end that comes too near to a wall, or perhaps across one."""
    px, py = x, y
    for _ in range(3):
        d, wx, wy = nearest_wall(floor, level, px, py)
        if d >= radius - 1e-9:
            break
        if d > 1e-9:
            push = (radius - d) / d
            px += (px - wx) * push
            py += (py - wy) * push
        else:
            px, py = x0, y0
            break
    if not wall_between(floor, level, x0, y0, px, py):
        d, _wx, _wy = nearest_wall(floor, level, px, py)
        if d > 1e-3:
            return px, py
    return x0, y0


@njit(inline="always")
def keep_clear(floor, level, x0, y0, x, y, radius):
    """Where a move from (x0, y0) to (x, y) may end: a radius from every wall where there is room, across none.

    A person that cannot be given room stays where it was.
    """
    d, _wx, _wy = nearest_wall(floor, level, x, y)
    # who ends further from every wall than the way it went has crossed none
    free = d >= radius - 1e-9 and (x - x0) ** 2 + (y - y0) ** 2 < min(d, floor.bucket_reach) ** 2
    px, py = x, y
    if not free:
        px, py = _squeezed(floor, level, x0, y0, x, y, radius)
    return px, py
