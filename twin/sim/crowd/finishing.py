"""What follows when all times are there: steps become slopes, and nodes get their time with a direction."""

from __future__ import annotations

import numpy as np

from twin.jit import njit
from twin.sim.crowd.eikonal import CELLS, COLUMNS, EAST, EDGE, FAR, GIVEN, NORTH, QUEUED, ROWS, SKIP, SOUTH, WEST
from twin.sim.crowd.joints import lower, next_slot

STEEPEST = np.float32(1.5)
"""Times rise by no more than this from a cell to the next, in times across the slowest of the cell and its neighbours."""

_PAD = COLUMNS + 2
_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
# where the cells of a tile, and those that its edges meet, stand in rows of `_PAD`
_INSIDE = (np.arange(CELLS) // COLUMNS * _PAD + np.arange(CELLS) % COLUMNS + _PAD + 1).astype(np.uint32)
_RIM = (_INSIDE[EDGE[:, 0]] + np.array([[1], [-1], [-_PAD], [_PAD]])).astype(np.uint32)


@njit()
def _pad(k, values, seen, beside, beyond, out):
    """A tile with one cell around it."""
    tile = values[k]
    for i in range(CELLS):
        out[_INSIDE[i]] = tile[i]
    for side in range(4):
        m = beside[k, side]
        for x in range(ROWS if side < 2 else COLUMNS):
            out[_RIM[side, x]] = values[m, EDGE[side, 2, x]] if seen[m] else beyond


@njit()
def mark_steep(k, field, slow, beside, buffers):
    """Find out whether any cell of a tile lies too far above a neighbour."""
    field.steep[k] = False
    if not field.seen[k]:
        return
    times, steps, ways = buffers[0], buffers[1], field.ways[k]
    _pad(k, field.t2, field.seen, beside, FAR, times)
    _pad(k, slow, field.seen, beside, _ZERO, steps)
    one, row = np.uint64(1), np.uint64(_PAD)
    found = np.int32(0)
    for r in range(ROWS):
        begin, here = np.uint64((r + 1) * _PAD + 1), np.uint64(r * COLUMNS)
        for lane in range(np.uint64(COLUMNS)):
            o = begin + np.uint64(lane)
            way = np.int32(ways[here + np.uint64(lane)])
            e, w, n, s = times[o + one], times[o - one], times[o - row], times[o + row]
            low = min(
                min(e if way & EAST else FAR, w if way & WEST else FAR), min(n if way & NORTH else FAR, s if way & SOUTH else FAR)
            )
            e, w, n, s = steps[o + one], steps[o - one], steps[o - row], steps[o + row]
            e = max(e if way & EAST else _ZERO, w if way & WEST else _ZERO)
            n = max(n if way & NORTH else _ZERO, s if way & SOUTH else _ZERO)
            found |= np.int32(times[o] > low + STEEPEST * max(steps[o], max(e, n)))
    field.steep[k] = found != 0


@njit()
def _allowed(slot, field, slow, beside):
    """The most that the time of a cell may be beside its neighbours."""
    k, i = slot // CELLS, slot % CELLS
    low, step = FAR, slow[k, i]
    for side in range(4):
        other = next_slot(slot, side, field, beside)
        if other >= 0:
            low = min(low, field.t2[other // CELLS, other % CELLS])
            step = max(step, slow[other // CELLS, other % CELLS])
    return low + STEEPEST * step


@njit()
def _enqueue(slot, end, field, queue):
    k, i = slot // CELLS, slot % CELLS
    if field.ways[k, i] & QUEUED:
        return end
    field.ways[k, i] |= QUEUED
    queue[end % queue.shape[0]] = slot
    return end + 1


@njit()
def settle(steep, field, slow, beside, joints, queue):
    """Make slopes of what would be steps.

    The second-order times take their upwind neighbours from the first-order ones. Where two ways around something meet, these
    put the border a little beside where it should be, and the second-order times have a step there, mostly of a cell or two.
    """
    begin = end = 0
    for k in range(1, steep.shape[0]):
        if steep[k]:
            for i in range(CELLS):
                slot = k * CELLS + i
                if field.t2[k, i] < FAR and field.t2[k, i] > _allowed(slot, field, slow, beside):
                    end = _enqueue(slot, end, field, queue)
    joined = False
    while not joined:
        while begin < end:
            slot = queue[begin % queue.shape[0]]
            begin += 1
            k, i = slot // CELLS, slot % CELLS
            field.ways[k, i] &= ~QUEUED
            most = _allowed(slot, field, slow, beside)
            if most < field.t2[k, i]:
                field.t2[k, i] = most
                for side in range(4):
                    other = next_slot(slot, side, field, beside)
                    if other >= 0 and field.t2[other // CELLS, other % CELLS] > most:
                        end = _enqueue(other, end, field, queue)
        joined = True
        for j in range(joints.seconds.shape[0]):
            if lower(j, joints, field):
                joined = False
                for x in range(joints.entry_start[j], joints.entry_start[j + 1]):
                    for side in range(4):
                        other = next_slot(joints.entries[x], side, field, beside)
                        if other >= 0:
                            end = _enqueue(other, end, field, queue)


@njit()
def read_tile(k, node, tiles, field, buffers, time, direction):
    """Times and directions of the nodes of a tile."""
    level, r0, c0 = tiles.place[k, 0], tiles.place[k, 1] * ROWS, tiles.place[k, 2] * COLUMNS
    rows, columns = min(ROWS, node.shape[1] - r0), min(COLUMNS, node.shape[2] - c0)
    tile, ways, known = field.t2[k], field.ways[k], field.seen[k] != 0
    padded, gx, gy = buffers[0], buffers[1], buffers[2]
    if known:
        _pad(k, field.t2, field.seen, tiles.beside, FAR, padded)
    one, row = np.uint64(1), np.uint64(_PAD)
    for r in range(ROWS if known else 0):
        begin, out = np.uint64((r + 1) * _PAD + 1), np.uint64(r * COLUMNS)
        for lane in range(np.uint64(COLUMNS)):
            o, i = begin + np.uint64(lane), out + np.uint64(lane)
            way, t = np.int32(ways[i]), padded[o]
            e, w, n, s = padded[o + one], padded[o - one], padded[o - row], padded[o + row]
            e = e if way & EAST else FAR
            w = w if way & WEST else FAR
            n = n if way & NORTH else FAR
            s = s if way & SOUTH else FAR
            # the slope towards the lower side; differences of second order gain nothing here, as measured around points,
            # discs and corners
            x = max(t - min(e, w), _ZERO)
            y = max(t - min(n, s), _ZERO)
            x = x if e <= w else -x
            y = y if n <= s else -y
            norm = np.sqrt(x * x + y * y)
            # nobody walks on from a goal or into a link
            still = (norm == _ZERO) | ((way & GIVEN) != 0)
            norm = _ONE if still else norm
            gx[i] = _ZERO if still else x / norm
            gy[i] = _ZERO if still else y / norm
    for r in range(rows):
        for c in range(columns):
            m, here = node[level, r0 + r, c0 + c], r * COLUMNS + c
            if m < 0:
                continue
            if not known or tile[here] >= FAR:
                time[m] = np.inf
                direction[m, 0] = _ZERO
                direction[m, 1] = _ZERO
            elif not ways[here] & SKIP:
                time[m] = tile[here]
                direction[m, 0] = gx[here]
                direction[m, 1] = gy[here]
