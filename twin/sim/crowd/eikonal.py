"""The eikonal equation |grad T| = slowness on tiles of cells: sweeps along diagonals, nearest tiles first.

Two times are kept for each cell. The first is Godunov's first-order upwind solution, which is brought to its fixed point; it
serves to say which neighbours lie upwind. The second takes its upwind neighbours from the first and has second-order
differences where two of them lie in line and first-order ones elsewhere. What each cell depends on is thereby ordered by the
first time, so the second has one solution, whatever the order in which cells are worked on.

A tile is taken when something changed beside it, the nearest ones first (two-scale methods: Chacon and Vladimirsky 2012,
doi:10.1137/10080909X), and swept (Zhao 2005, doi:10.1090/S0025-5718-04-01678-3) until a sweep changes nothing. A sweep goes
along the diagonals of the tile: all cells of a diagonal are independent of each other, so the compiler can take them
together. Tiles of one colour of a chess board share no edge and are taken side by side; in which order they are is settled
without regard to the number of cores, so the result is the same to the bit on any number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.jit import njit

ROWS, COLUMNS = 16, 64
"""Size of a tile [cells]."""

CELLS = ROWS * COLUMNS

FAR = np.float32(1e18)
"""Stands for infinity, which would make NaN of differences."""

EAST, WEST, NORTH, SOUTH = 1, 2, 4, 8
EAST2, WEST2, NORTH2, SOUTH2 = 16, 32, 64, 128
GIVEN, SKIP, QUEUED = 256, 512, 1024
"""Bits of a cell: one can step to the neighbour, and to the one behind it; its second time is given unless its first one
falls; its node is written by its twin; it waits to be looked at."""

# A buffer holds a tile sheared, so that a diagonal is a row of it: cell (r, c) stands at row c + r + 2, column r + 2, and two
# cells of each neighbouring tile around it.
_WIDTH = ROWS + 4
_STEPS = ROWS + COLUMNS - 1
BUFFER = (_STEPS + 4) * _WIDTH + 8


def _place_in_buffer(r: Any, c: Any, flip: bool) -> Any:
    lane = ROWS - 1 - r if flip else r
    return (c + lane + 2) * _WIDTH + lane + 2


def _tables() -> tuple[Any, ...]:
    """Where things stand, so that kernels copy without reckoning; the second index of the first two is 1 for upside down.

    Place in a buffer of each cell of a tile; and of each of the cells around it, side by side; the number of those in their own
    tile; ways upside down; and for each cell along an edge its number, that of the one behind it and of the one it meets.
    """
    r, c = np.divmod(np.arange(CELLS), COLUMNS)
    inside = [_place_in_buffer(r, c, flip) for flip in (False, True)]
    around, origin, edge = [], [], []
    for size, count, across, ahead in (
        (COLUMNS, ROWS, 1, True), (COLUMNS, ROWS, 1, False), (ROWS, COLUMNS, COLUMNS, False), (ROWS, COLUMNS, COLUMNS, True),
    ):  # fmt: skip
        x, along = np.repeat(np.arange(2), count), np.tile(np.arange(count), 2)
        own, other, beyond = (size - 1 - x, x, size + x) if ahead else (x, size - 1 - x, -1 - x)
        step = COLUMNS + 1 - across  # along the edge
        row, column = (along, beyond) if across == 1 else (beyond, along)
        around.append([np.resize(_place_in_buffer(row, column, flip), 2 * COLUMNS) for flip in (False, True)])
        origin.append(np.resize(along * step + other * across, 2 * COLUMNS))
        mine, theirs = (along * step + own * across).reshape(2, count), (along * step + other * across)[:count]
        edge.append([np.resize(cells, COLUMNS) for cells in (*mine, theirs)])
    way = np.arange(2 * SKIP)
    north, south = NORTH | NORTH2, SOUTH | SOUTH2
    turned = way & ~(north | south) | (way & north) << 1 | (way & south) >> 1
    places = (np.array(table, np.uint32) for table in (inside, around, origin, edge))
    return *places, np.array([way, turned], np.uint16)


_INSIDE, _AROUND, _ORIGIN, EDGE, _TURNED = _tables()
_ZERO, _HALF, _ONE, _TWO = np.float32(0.0), np.float32(0.5), np.float32(1.0), np.float32(2.0)
_THIRD, _TWO_THIRDS, _SECOND = np.float32(1.0 / 3.0), np.float32(2.0 / 3.0), np.float32(2.25)


@njit()
def _sweep(t1, t2, slow, ways, backward):
    """One sweep over a sheared tile, from its north-west to its south-east or backward; whether anything changed."""
    changed = np.int32(0)
    # numbers without a sign are not tested for counting from the end, which would keep the loop from being vectorised
    side, down = np.uint64(_WIDTH), np.uint64(_WIDTH + 1)
    side2, down2 = np.uint64(2 * _WIDTH), np.uint64(2 * _WIDTH + 2)
    for k in range(_STEPS):
        row = _STEPS - 1 - k if backward else k
        begin = np.uint64((row + 2) * _WIDTH + 2)
        for lane in range(np.uint64(ROWS)):
            o = begin + np.uint64(lane)
            way = np.int32(ways[o])
            old, old2, s = t1[o], t2[o], slow[o]
            # all is loaded first and chosen from afterwards: there are no branches, so the lanes go together
            e, w, n, u = t1[o + side], t1[o - side], t1[o - down], t1[o + down]
            ee, ww, nn, uu = t1[o + side2], t1[o - side2], t1[o - down2], t1[o + down2]
            e2, w2, n2, u2 = t2[o + side], t2[o - side], t2[o - down], t2[o + down]
            ee2, ww2, nn2, uu2 = t2[o + side2], t2[o - side2], t2[o - down2], t2[o + down2]
            e = e if way & EAST else FAR
            w = w if way & WEST else FAR
            n = n if way & NORTH else FAR
            u = u if way & SOUTH else FAR
            a, b = min(e, w), min(n, u)
            low = min(a, b)
            d = max(a, b) - low
            both = _HALF * (d + np.sqrt(max(_TWO * s * s - d * d, _ZERO)))
            found = low + (both if d < s else s)
            now = min(old, found)

            te = e2 if e < now else FAR
            tw = w2 if w < now else FAR
            tn = n2 if n < now else FAR
            tu = u2 if u < now else FAR
            qe = ee2 if ((way & EAST2) != 0) & (ee <= e) & (te <= tw) else FAR
            qw = ww2 if ((way & WEST2) != 0) & (ww <= w) & (tw <= te) else FAR
            qn = nn2 if ((way & NORTH2) != 0) & (nn <= n) & (tn <= tu) else FAR
            qu = uu2 if ((way & SOUTH2) != 0) & (uu <= u) & (tu <= tn) else FAR
            tx, ty = min(te, tw), min(tn, tu)
            qx, qy = min(qe, qw), min(qn, qu)
            # a (T - v)^2 is the squared difference along an axis: (T - t) of first order, 1.5 T - 2 t + 0.5 q of second
            ax = _SECOND if qx <= tx else _ONE
            ay = _SECOND if qy <= ty else _ONE
            vx = tx + (_THIRD * (tx - qx) if qx <= tx else _ZERO)
            vy = ty + (_THIRD * (ty - qy) if qy <= ty else _ZERO)
            # relative to the lower, so that nothing is lost to rounding and the axes count alike
            below, apart = min(vx, vy), max(vx, vy) - min(vx, vy)
            under = (ax + ay) * s * s - ax * ay * apart * apart
            both = below + ((ax if vx > vy else ay) * apart + np.sqrt(max(under, _ZERO))) / (ax + ay)
            along_x = vx + s * (_TWO_THIRDS if ax > _ONE else _ONE)
            along_y = vy + s * (_TWO_THIRDS if ay > _ONE else _ONE)
            t = both if (under >= _ZERO) & (both >= max(tx, ty)) else min(along_x, along_y)
            t = old2 if ((way & GIVEN) != 0) & (found >= old) else t
            changed |= np.int32(now != old) | np.int32(t != old2)
            t1[o] = now
            t2[o] = t
    return changed != 0


@njit()
def open_tile(k, t1, t2, ways, seen, graph_ways, slow):
    """Make a tile ready that was not touched before: far from everything."""
    if seen[k]:
        return
    seen[k] = 1
    for i in range(CELLS):
        t1[k, i] = FAR
        t2[k, i] = FAR
        ways[k, i] = graph_ways[k, i] if slow[k, i] > _ZERO else GIVEN


@njit()
def _least_beside(side, k, t1, seen, beside):
    """Least time along the edge of the tile on a side of tile k."""
    m, least = beside[k, side], FAR
    if seen[m]:
        for x in range(ROWS if side < 2 else COLUMNS):
            least = min(least, t1[m, EDGE[side, 2, x]])
    return least


@njit()
def visit(k, t1, t2, ways, seen, graph_ways, slow, beside, buffers, way_buffer, before, news):
    """Bring tile k to its fixed point; `news` tells each tile around it the least time that it has to look at."""
    open_tile(k, t1, t2, ways, seen, graph_ways, slow)
    b1, b2, bs = buffers[0], buffers[1], buffers[2]
    tile1, tile2, tile_slow, tile_ways = t1[k], t2[k], slow[k], ways[k]
    for i in range(CELLS):
        before[0, i] = tile1[i]
        before[1, i] = tile2[i]
    # the first sweep goes the way the wave comes in; most tiles then need only one more, which finds nothing to change
    least_e, least_w = _least_beside(0, k, t1, seen, beside), _least_beside(1, k, t1, seen, beside)
    least_n, least_s = _least_beside(2, k, t1, seen, beside), _least_beside(3, k, t1, seen, beside)
    backward = least_e < least_w
    flip = 1 if backward == (least_n <= least_s) else 0
    more = True
    while more:
        inside, turned = _INSIDE[flip], _TURNED[flip]
        for i in range(CELLS):
            o = inside[i]
            b1[o] = tile1[i]
            b2[o] = tile2[i]
            bs[o] = tile_slow[i]
            way_buffer[o] = turned[tile_ways[i]]
        for side in range(4):
            m = beside[k, side]
            known = seen[m] != 0
            of, to, other1, other2 = _ORIGIN[side], _AROUND[side, flip], t1[m], t2[m]
            for x in range(2 * (ROWS if side < 2 else COLUMNS)):
                b1[to[x]] = other1[of[x]] if known else FAR
                b2[to[x]] = other2[of[x]] if known else FAR
        more = _sweep(b1, b2, bs, way_buffer, backward)
        if more:
            more = _sweep(b1, b2, bs, way_buffer, not backward)
        for i in range(CELLS):
            o = inside[i]
            tile1[i] = b1[o]
            tile2[i] = b2[o]
        flip = 1 - flip
    for side in range(4):
        m = beside[k, side]
        least = FAR
        if m:
            known = seen[m] != 0
            for x in range(ROWS if side < 2 else COLUMNS):
                at, behind, meets = EDGE[side, 0, x], EDGE[side, 1, x], EDGE[side, 2, x]
                same = tile1[at] == before[0, at] and tile2[at] == before[1, at]
                same = same and tile1[behind] == before[0, behind] and tile2[behind] == before[1, behind]
                if not same and tile_ways[at] & (1 << side) and (not known or tile1[at] < t1[m, meets]):
                    least = min(least, tile1[at])
        news[k, side] = least
