"""Sorting people by cell, listing who is near whom, and letting people in where there is room."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.jit import njit, prange
from twin.sim.crowd.state import BLOCK, GONE_RADIUS
from twin.sim.crowd.surroundings import cell_of, fixed_of, wall_between

CONTACT = 0.9
"""Whose middle is nearer to somebody than this part of both radii together finds its place taken."""

CELLS = 2
"""Who is so many cells of the sorting away, or less, may be near: cells are at least the longest reach over this wide."""

LEVEL_GAP_M = 1.5
"""People on different levels meet only where their floors differ less than this, at the ends of stairs."""


@njit()
def sort_by_cell(n, x, y, body, west, north, side, rows, columns, start, order):
    """Counting sort of who is present into plan cells: `order` lists rows, `start` the first of each cell.

    Gives how many are present; who has left (`body` says so) is not listed.
    """
    start[:] = 0
    for i in range(n):
        if body[i] != GONE_RADIUS:
            c = min(max(int((x[i] - west) / side), 0), columns - 1)
            r = min(max(int((north - y[i]) / side), 0), rows - 1)
            start[r * columns + c + 1] += 1
    for k in range(rows * columns):
        start[k + 1] += start[k]
    for i in range(n):
        if body[i] != GONE_RADIUS:
            c = min(max(int((x[i] - west) / side), 0), columns - 1)
            r = min(max(int((north - y[i]) / side), 0), rows - 1)
            k = r * columns + c
            order[start[k]] = i
            start[k] += 1
    for k in range(rows * columns, 0, -1):
        start[k] = start[k - 1]
    start[0] = 0
    return start[-1]


def _reorder(
    n, order, person, level, stage, node, x, y, vx, vy, desired, hold, radius, heading_x, heading_y, ways, slot, since,
    to_person, to_level, to_stage, to_node, to_x, to_y, to_vx, to_vy, to_desired, to_hold, to_radius, to_heading_x, to_heading_y,
    to_ways, to_slot, to_since,
):
    """Row i of what a person carries becomes row ``order[i]`` of it, in other arrays."""
    for block in prange((n + BLOCK - 1) // BLOCK):
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            j = order[i]
            to_person[i], to_level[i], to_stage[i], to_node[i] = person[j], level[j], stage[j], node[j]
            to_x[i], to_y[i], to_vx[i], to_vy[i] = x[j], y[j], vx[j], vy[j]
            to_desired[i], to_hold[i] = desired[j], hold[j]
            to_radius[i], to_heading_x[i], to_heading_y[i] = radius[j], heading_x[j], heading_y[j]
            to_ways[i], to_slot[i], to_since[i] = ways[j], slot[j], since[j]


def _stand(n, x, y, level, radius, floor, body, fixed, z, clear, built_x, built_y):
    """What the lists need to know of everybody: height of the floor, room to the nearest wall, place."""
    for block in prange((n + BLOCK - 1) // BLOCK):
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            fixed[i] = fixed_of(x[i], y[i])
            row, column = cell_of(floor, x[i], y[i])
            z[i] = floor.height[level[i], row, column]
            clear[i] = max(floor.distance[level[i], row, column], np.float32(0.0))
            body[i] = radius[i]
            built_x[i], built_y[i] = x[i], y[i]


def _find_neighbours(
    n, person, x, y, level, z, clear, reach, skin, floor, west, north, side, rows, columns, start, first, count, row, room, used
):
    """List for each who may matter to it until somebody has moved half the skin.

    `reach` is by person; `clear` the distance from each one's cell to a wall. `used` gives what each block needed: where
    that exceeds `room`, the caller makes room and asks again.
    """
    slack = 1.5 * floor.cell
    several = floor.mask.shape[0] > 1
    for block in prange((n + BLOCK - 1) // BLOCK):
        begin, end = block * room, (block + 1) * room - 1
        k = begin
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            xi, yi = x[i], y[i]
            c = min(max(int((xi - west) / side), 0), columns - 1)
            r = min(max(int((north - yi) / side), 0), rows - 1)
            far = reach[person[i]] + skin
            reach2 = far * far
            mine = k
            for rr in range(max(0, r - CELLS), min(rows, r + CELLS + 1)):
                low = start[rr * columns + max(0, c - CELLS)]
                high = start[rr * columns + min(columns - 1, c + CELLS) + 1]
                for j in range(np.uint64(low), np.uint64(high)):  # without a sign there is no test for counting from the end
                    # every candidate is written, and overwritten by the next unless it is near: no branch to foretell
                    row[np.uint64(min(k, end))] = j
                    k += ((x[j] - xi) ** 2 + (y[j] - yi) ** 2 <= reach2) & (np.int64(j) != i)
            if k <= end and (several or clear[i] - slack < far):
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
        used[block] = k - begin + 1


@njit()
def admit(
    due, x, y, level, z, radius, n, start, west, north, side, rows, columns, px, py, plevel, pz, pradius, taken
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
        c = min(max(int((xi - west) / side), 0), columns - 1)
        r = min(max(int((north - yi) / side), 0), rows - 1)
        free = True
        for rr in range(max(0, r - CELLS), min(rows, r + CELLS + 1)):
            for cc in range(max(0, c - CELLS), min(columns, c + CELLS + 1)):
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
reorder: tuple[Any, Any] = (njit()(_reorder), njit(parallel=True)(_reorder))
stand: tuple[Any, Any] = (njit()(_stand), njit(parallel=True)(_stand))
find_neighbours: tuple[Any, Any] = (njit()(_find_neighbours), njit(parallel=True)(_find_neighbours))
