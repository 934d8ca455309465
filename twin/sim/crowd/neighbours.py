"""Sorting people by cell, listing who is near whom, and letting people in where there is room."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.jit import njit, prange
from twin.sim.crowd.state import BLOCK, GONE_RADIUS, METRE, rows_of, stretch_of
from twin.sim.crowd.surroundings import fixed_of, wall_between
from twin.sim.lanes import LANES, as_bits, before, fused, high_apart, low_apart, lowest, ones

CONTACT = 0.9
"""Whose middle is nearer to somebody than this part of both radii together finds its place taken."""

ACROSS = 4
"""Cells of the sorting are as tall as the longest reach, and so many of them as wide: who is near is in three rows, and in each
of them stand together."""

ROUNDING = 1.0 + 1e-6
"""Squares in single precision are compared with a limit so many times as large, so that nobody is left out by rounding."""

LEVEL_GAP_M = 1.5
"""People on different levels meet only where their floors differ less than this, at the ends of stairs."""


@njit(inline="always")
def _cell_at(x, y, west, north, tall, wide, rows, columns):
    """Row and column of the cell of the sorting that a place is in; places off the grid are put to its edge."""
    return min(max(int((north - y) * (1.0 / tall)), 0), rows - 1), min(max(int((x - west) * (1.0 / wide)), 0), columns - 1)


def _find_cells(n, x, y, body, west, north, tall, wide, rows, columns, cell):
    """Number of the cell of everybody present; -1 for who has left (`body` says so)."""
    for block in prange((n + BLOCK - 1) // BLOCK):
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            r, c = _cell_at(x[i], y[i], west, north, tall, wide, rows, columns)
            cell[i] = r * columns + c if body[i] != GONE_RADIUS else -1


@njit()
def sort_by_cell(n, cell, start, order):
    """Counting sort by number of the cell: `order` lists rows, `start` the first of each cell, and behind the last.

    Gives how many are present: who has left, with number -1, is not listed.
    """
    start[:] = 0
    for i in range(n):
        if cell[i] >= 0:
            start[cell[i] + 1] += 1
    cells = len(start) - 1
    for k in range(cells):
        start[k + 1] += start[k]
    for i in range(n):
        k = cell[i]
        if k >= 0:
            order[start[k]] = i
            start[k] += 1
    for k in range(cells, 0, -1):
        start[k] = start[k - 1]
    start[0] = 0
    return start[-1]


def _reorder(
    n, order, person, level, stage, node, x, y, vx, vy, desired, hold, radius, heading_x, heading_y, ways, slot, since,
    to_person, to_level, to_stage, to_node, to_x, to_y, to_vx, to_vy, to_desired, to_hold, to_radius, to_heading_x, to_heading_y,
    to_ways, to_slot, to_since,
):
    """Row i of what a person carries becomes row ``order[i]`` of it, in other arrays."""
    size = stretch_of(n)
    for task in prange((n + size - 1) // size):
        for i in rows_of(task, size, n):
            j = np.uint32(order[i])
            to_person[i], to_level[i], to_stage[i], to_node[i] = person[j], level[j], stage[j], node[j]
        for i in rows_of(task, size, n):
            j = np.uint32(order[i])
            to_x[i], to_y[i], to_vx[i], to_vy[i] = x[j], y[j], vx[j], vy[j]
        for i in rows_of(task, size, n):
            j = np.uint32(order[i])
            to_desired[i], to_hold[i], to_since[i], to_radius[i] = desired[j], hold[j], since[j], radius[j]
        for i in rows_of(task, size, n):
            j = np.uint32(order[i])
            to_heading_x[i], to_heading_y[i], to_ways[i], to_slot[i] = heading_x[j], heading_y[j], ways[j], slot[j]


def _stand(n, x, y, level, radius, floor, body, fixed, z, clear, built_x, built_y):
    """What the lists need to know of everybody: height of the floor, room to the nearest wall, place."""
    _levels, rows, columns = floor.height.shape
    heights, distances, per_cell = floor.height.reshape(-1), floor.distance.reshape(-1), 1.0 / floor.cell
    size = stretch_of(n)
    for task in prange((n + size - 1) // size):
        for i in rows_of(task, size, n):
            row = min(max(int((floor.north - y[i]) * per_cell), 0), rows - 1)
            column = min(max(int((x[i] - floor.west) * per_cell), 0), columns - 1)
            cell = np.uint64((level[i] * rows + row) * columns + column)
            z[i] = heights[cell]
            clear[i] = max(distances[cell], np.float32(0.0))
        for i in rows_of(task, size, n):
            fixed[i] = fixed_of(x[i], y[i])
            body[i] = radius[i]
            built_x[i], built_y[i] = x[i], y[i]


@njit(inline="always")
def _append_near(low, high, i, x0, y0, reach2, fixed, row, k, limit):
    """Append to `row`, from k on, who of the rows `low` up to `high` is near a place, without row i; gives what is after them.

    Beyond `limit` they are counted only. Up to fifteen numbers behind are written, too: what comes next is written over them.
    """
    for j in range(low, high, LANES):
        x, y = low_apart(fixed, j, x0) * METRE, high_apart(fixed, j, y0) * METRE
        near = as_bits((fused(x, x, y * y) <= reach2) & before(np.int32(high - j)))
        near &= ~(np.uint64(1) << min(np.uint64(i - j), np.uint64(63)))
        found = ones(near)
        last = np.uint64(1) << np.uint64(min(high - j, LANES) - 1)  # for what is written behind: some row as well
        if k <= limit:
            # most often there are no more than eight: no branch to foretell
            for q in range(np.uint64(k), np.uint64(k + 8)):  # without a sign there is no test for counting from the end
                row[q] = j + lowest(near | last)
                near &= near - np.uint64(1)
            for q in range(np.uint64(k + 8), np.uint64(k + found)):
                row[q] = j + lowest(near | last)
                near &= near - np.uint64(1)
        k += found
    return k


def _find_neighbours(
    n, person, x, y, fixed, level, z, clear, reach, skin, floor, west, north, tall, wide, rows, columns, start, first, count, row,
    room, used,
):
    """List for each who may matter to it until somebody has moved half the skin.

    `reach` is by person; `clear` the distance from each one's cell to a wall. `used` gives what each block needed: where
    that exceeds `room`, the caller makes room and asks again.
    """
    slack = 1.5 * floor.cell
    several = floor.mask.shape[0] > 1
    for block in prange((n + BLOCK - 1) // BLOCK):
        begin = block * room
        limit = begin + room - LANES
        k = begin
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            xi, yi = x[i], y[i]
            x0, y0 = np.int32(fixed[i]), np.int32(fixed[i] >> 32)
            r, c = _cell_at(xi, yi, west, north, tall, wide, rows, columns)
            far = reach[person[i]] + skin
            reach2 = np.float32(far * far * ROUNDING)
            mine = k
            for rr in range(max(0, r - 1), min(rows, r + 2)):
                low = start[rr * columns + max(0, c - ACROSS)]
                high = start[rr * columns + min(columns - 1, c + ACROSS) + 1]
                k = _append_near(np.int64(low), np.int64(high), i, x0, y0, reach2, fixed, row, k, limit)
            if k <= limit and (several or clear[i] - slack < far):
                kept = mine
                for q in range(mine, k):
                    j = row[q]
                    if several and level[j] != level[i] and abs(z[j] - z[i]) >= LEVEL_GAP_M:
                        continue
                    open_ = clear[i] + clear[j] - slack
                    if open_ < 0.0 or open_ * open_ < (x[j] - xi) ** 2 + (y[j] - yi) ** 2:
                        if wall_between(floor, level[i], xi, yi, x[j], y[j]):
                            continue
                        if several and level[j] != level[i] and wall_between(floor, level[j], xi, yi, x[j], y[j]):
                            continue
                    row[kept] = j
                    kept += 1
                k = kept
            first[i] = mine
            count[i] = k - mine
        used[block] = k - begin + LANES


@njit()
def admit(
    due, x, y, level, z, radius, n, start, west, north, tall, wide, rows, columns, px, py, plevel, pz, pradius, taken
):  # fmt: skip
    """Who of the people due finds its place free; those already there, and those let in before it, count.

    Parameters are the rows `due` of the waiting (ids, rising), then the sorted arrays of who is present. Sets
    `taken` for those let in.
    """
    new_x = np.empty(due.shape[0])
    new_y = np.empty(due.shape[0])
    new_z = np.empty(due.shape[0])
    new_r = np.empty(due.shape[0])
    # hash of newcomers by cell, as chains
    head = np.full(rows * columns, -1, np.int32)
    chain = np.full(due.shape[0], -1, np.int32)
    let_in = 0
    for q in range(due.shape[0]):
        i = due[q]
        xi, yi, zi, ri = px[i], py[i], pz[i], pradius[i]
        r, c = _cell_at(xi, yi, west, north, tall, wide, rows, columns)
        free = True
        for rr in range(max(0, r - 1), min(rows, r + 2)):
            for cc in range(max(0, c - ACROSS), min(columns, c + ACROSS + 1)):
                cell = rr * columns + cc
                for j in range(start[cell], start[cell + 1]):
                    contact = CONTACT * (ri + radius[j])
                    if (x[j] - xi) ** 2 + (y[j] - yi) ** 2 < contact * contact and abs(z[j] - zi) < LEVEL_GAP_M:
                        free = False
                        break
                m = head[cell]
                while free and m >= 0:
                    contact = CONTACT * (ri + new_r[m])
                    if (new_x[m] - xi) ** 2 + (new_y[m] - yi) ** 2 < contact * contact and abs(new_z[m] - zi) < LEVEL_GAP_M:
                        free = False
                    m = chain[m]
                if not free:
                    break
            if not free:
                break
        if free:
            new_x[let_in], new_y[let_in], new_z[let_in], new_r[let_in] = xi, yi, zi, ri
            cell = r * columns + c
            chain[let_in] = head[cell]
            head[cell] = let_in
            let_in += 1
            taken[q] = True
    return let_in


# Each once for all cores and once for one: with few people the cores wait for each other longer than they work, and
# several runs side by side use them better. Both give the same to the bit, since every loop gathers.
find_cells: tuple[Any, Any] = (njit()(_find_cells), njit(parallel=True)(_find_cells))
reorder: tuple[Any, Any] = (njit()(_reorder), njit(parallel=True)(_reorder))
stand: tuple[Any, Any] = (njit()(_stand), njit(parallel=True)(_stand))
find_neighbours: tuple[Any, Any] = (njit()(_find_neighbours), njit(parallel=True)(_find_neighbours))
