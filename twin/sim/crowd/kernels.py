"""One step of the crowd, and what it needs: neighbours, places, ways. Every parallel loop gathers.

Arrays named ``a_*`` belong to the people present, sorted by cell; row i of each is one person.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.jit import njit, prange
from twin.rng import uniform
from twin.sim.crowd.surroundings import cell_of, crosses, keep_clear, node_at, wall_between, wall_repulsion, way
from twin.sim.model import STAGE_END, STAGE_LEAVE, STAGE_PASS, STAGE_STAY

GONE = 1e12
"""Coordinate given to who has left, until the arrays are packed again: out of everybody's reach."""

LEVEL_GAP_M = 1.5
"""People on different levels meet only where their floors differ less than this, at the ends of stairs."""

BLOCK = 64
"""People that one task moves."""

_SPOT_STREAM = 731_001
_ARRIVED_M = 0.4
_GIVE_WAY = 4.0


@njit()
def sort_by_cell(n, x, y, west, north, side, rows, columns, start, order):
    """Counting sort of who is present into plan cells: `order` lists rows, `start` the first of each cell."""
    start[:] = 0
    key = np.empty(n, np.int32)
    for i in range(n):
        if x[i] >= 0.5 * GONE:
            key[i] = -1
            continue
        c = min(max(int((x[i] - west) / side), 0), columns - 1)
        r = min(max(int((north - y[i]) / side), 0), rows - 1)
        key[i] = r * columns + c
        start[key[i] + 1] += 1
    for k in range(rows * columns):
        start[k + 1] += start[k]
    fill = start[:-1].copy()
    for i in range(n):
        if key[i] >= 0:
            order[fill[key[i]]] = i
            fill[key[i]] += 1
    return start[-1]


def _reorder(
    n, order, floor, person, x, y, level, stage, radius, desired, reach, journey, home_x, home_y,
    to_person, to_x, to_y, to_level, to_stage, to_radius, to_desired, to_reach, to_journey, to_home_x, to_home_y,
    at_node, to_node, speed, to_speed, z, clear,
):
    """Pack the arrays in the order of the cells, with floor height and room to walls at each person."""
    for i in prange(n):
        j = order[i]
        to_person[i], to_x[i], to_y[i], to_level[i], to_stage[i] = person[j], x[j], y[j], level[j], stage[j]
        to_radius[i], to_desired[i], to_reach[i], to_journey[i] = radius[j], desired[j], reach[j], journey[j]
        to_home_x[i], to_home_y[i] = home_x[j], home_y[j]
        row, column = cell_of(floor, x[j], y[j])
        z[i] = floor.height[level[j], row, column]
        clear[i] = max(floor.distance[level[j], row, column], 0.0)
        to_node[i], to_speed[i] = at_node[j], speed[j]


def _find_neighbours(
    n, x, y, level, z, clear, reach, skin, floor, west, north, side, rows, columns, start, neighbours, count
):
    """Row i of `neighbours` lists who may matter to person i until somebody has moved half the skin.

    `clear` is the distance from each person's cell to a wall. `count` may exceed the
    width of `neighbours`: then the caller widens it and asks again.
    """
    width = neighbours.shape[1]
    slack = 1.5 * floor.cell
    for i in prange(n):
        xi, yi = x[i], y[i]
        c = min(max(int((xi - west) / side), 0), columns - 1)
        r = min(max(int((north - yi) / side), 0), rows - 1)
        reach2 = (reach[i] + skin) ** 2
        found = 0
        for rr in range(max(0, r - 1), min(rows, r + 2)):
            first = start[rr * columns + max(0, c - 1)]
            last = start[rr * columns + min(columns - 1, c + 1) + 1]
            for j in range(first, last):
                # every candidate is written, and overwritten by the next unless it is near: no branch to foretell
                neighbours[i, min(found, width - 1)] = j
                found += ((x[j] - xi) ** 2 + (y[j] - yi) ** 2 <= reach2) & (j != i)
        if found > width:
            count[i] = found
            continue
        kept = 0
        for q in range(found):
            j = neighbours[i, q]
            if level[j] != level[i] and abs(z[j] - z[i]) >= LEVEL_GAP_M:
                continue
            room = clear[i] + clear[j] - slack
            if room < 0.0 or room * room < (x[j] - xi) ** 2 + (y[j] - yi) ** 2:
                if wall_between(floor, level[i], xi, yi, x[j], y[j]):
                    continue
                if level[j] != level[i] and wall_between(floor, level[j], xi, yi, x[j], y[j]):
                    continue
            neighbours[i, kept] = j
            kept += 1
        count[i] = kept


@njit()
def _spot(floor, goals, seed, person, stage, goal, own_x, own_y):
    """The place in a zone where a person wants to stay: its own when it starts there (else that is not a number)."""
    if stage == 0 and own_x == own_x:
        return own_x, own_y
    first, last = goals.start[goal], goals.start[goal + 1]
    pick = first + int(uniform(seed, _SPOT_STREAM, person, 3 * stage) * (last - first))
    jx = uniform(seed, _SPOT_STREAM, person, 3 * stage + 1)
    jy = uniform(seed, _SPOT_STREAM, person, 3 * stage + 2)
    return (
        floor.west + (goals.cells[pick, 2] + jx) * floor.cell,
        floor.north - (goals.cells[pick, 1] + jy) * floor.cell,
    )


def _step_people(
    n, now, dt, seed, floor, node, time, direction, goals, journeys, params, wall_reach,
    person, x, y, level, stage, radius, desired, reach, journey, home_x, home_y,
    neighbours, count, lines, line_level,
    new_x, new_y, new_level, new_stage, at_node, speed, moved2, built_x, built_y, passed, left_goal,
):
    """Move everybody present by one step of `dt`: reads the old state, writes row i of the new one.

    `passed` (people, lines, 2) counts crossings to the right and to the left of each line; `left_goal` is the goal
    a person leaves by in this step, else -1.
    """
    n_lines = lines.shape[0]
    per_range = 1.0 / params.range
    width = neighbours.shape[1]
    for block in prange((n + BLOCK - 1) // BLOCK):
        # room for one person's neighbours, so that the costly sums run over plain rows that the compiler vectorises
        to_x, to_y, away, push = np.empty(width), np.empty(width), np.empty(width), np.empty(width)
        contact = np.empty(width)
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            left_goal[i] = -1
            xi, yi, lev, st, ri = x[i], y[i], level[i], stage[i], radius[i]
            if xi >= 0.5 * GONE:
                new_x[i], new_y[i], new_level[i], new_stage[i] = xi, yi, lev, st
                speed[i] = 0.0
                moved2[i] = 0.0
                continue
            k = at_node[i]
            row, column = cell_of(floor, xi, yi)
            # --- what the person wants: a stage, a direction and a speed
            jo = journey[i]
            while journeys.kind[jo, st] == STAGE_STAY and now >= journeys.until[jo, st] - 1e-9:
                st += 1
            goal = journeys.goal[jo, st]
            kind = journeys.kind[jo, st]
            v0 = desired[i] * floor.speed[lev, row, column] if floor.mask[lev, row, column] else desired[i]
            ex = ey = 0.0
            standing = False
            if k >= 0 and kind != STAGE_END:
                if kind == STAGE_STAY and time[goal, k] == 0.0:
                    sx, sy = _spot(floor, goals, seed, person[i], st, goal, home_x[i], home_y[i])
                    d = np.sqrt((sx - xi) ** 2 + (sy - yi) ** 2)
                    if d < _ARRIVED_M:
                        standing = True
                    else:
                        ex, ey = (sx - xi) / d, (sy - yi) / d
                        v0 = min(v0, 0.8 * d)
                else:
                    ex, ey = way(floor, node, direction, goal, lev, xi, yi, row, column, k)
            # --- turn away from people and walls
            tx, ty = ex, ey
            reach2 = reach[i] * reach[i]
            near = count[i]
            for q in range(near):
                j = np.uint32(neighbours[i, q])  # without a sign there is no test for counting from the end
                to_x[q], to_y[q], contact[q] = x[j] - xi, y[j] - yi, ri + radius[j]
            for q in range(near):
                d2 = to_x[q] * to_x[q] + to_y[q] * to_y[q]
                d = np.sqrt(max(d2, 1e-18))
                away[q] = d - contact[q]
                # exp(u) as the 16th power of a short series: to 1e-5 of its value, without a branch or a table
                u = max(min(-away[q] * per_range, 16.0), -16.0) * 0.0625
                e = 1.0 + u * (1.0 + u * (0.5 + u * (1.0 / 6.0 + u * (1.0 / 24.0 + u * (1.0 / 120.0 + u * (
                    1.0 / 720.0 + u * (1.0 / 5040.0 + u * (1.0 / 40320.0 + u * (1.0 / 362880.0)))))))))  # fmt: skip
                e *= e
                e *= e
                e *= e
                e *= e
                f = params.strength * e / d
                push[q] = f if d2 <= reach2 else 0.0
            for q in range(near):
                tx -= push[q] * to_x[q]
                ty -= push[q] * to_y[q]
            by_wall = floor.distance[lev, row, column] < wall_reach + 0.75 * floor.cell
            if by_wall:
                wx, wy = wall_repulsion(floor, lev, xi, yi, ri, params.wall_strength, params.wall_range, wall_reach)
                tx += wx
                ty += wy
            norm = np.sqrt(tx * tx + ty * ty)
            v = 0.0
            if norm > 1e-12 and not (standing and norm < _GIVE_WAY):
                tx /= norm
                ty /= norm
                gap = 1e30
                for q in range(near):
                    ahead = (tx * to_x[q] + ty * to_y[q] >= 0.0) & (abs(tx * to_y[q] - ty * to_x[q]) <= contact[q])
                    gap = min(gap, away[q] if ahead else 1e30)
                v = min(max(gap / params.time_gap, 0.0), v0)
                if standing:
                    v = min(v, 0.3)
            nx, ny = xi + v * tx * dt, yi + v * ty * dt
            if v > 0.0 and (by_wall or floor.distance[lev, row, column] < ri + v * dt + 0.75 * floor.cell):
                nx, ny = keep_clear(floor, lev, xi, yi, nx, ny, ri)
            # --- where that is: on which level, and whether a goal is reached
            nrow, ncolumn = cell_of(floor, nx, ny)
            p = floor.portal[lev, nrow, ncolumn]
            if p >= 0:
                rising = ex * floor.portal_up[p, 0] + ey * floor.portal_up[p, 1]
                if rising > 1e-9:
                    lev = floor.portal_levels[p, 1]
                elif rising < -1e-9:
                    lev = floor.portal_levels[p, 0]
            elif not floor.mask[lev, nrow, ncolumn]:
                p = floor.portal[lev, row, column]
                if p >= 0:
                    other = floor.portal_levels[p, 0] + floor.portal_levels[p, 1] - lev
                    if floor.mask[other, nrow, ncolumn]:
                        lev = other
            for m in range(n_lines):
                if line_level[m] == lev:
                    ax, ay, bx, by = lines[m, 0], lines[m, 1], lines[m, 2], lines[m, 3]
                    if crosses(xi, yi, nx, ny, ax, ay, bx, by):
                        side = (bx - ax) * (ny - ay) - (by - ay) * (nx - ax)
                        before = (bx - ax) * (yi - ay) - (by - ay) * (xi - ax)
                        if side < 0.0 <= before:
                            passed[person[i], m, 0] += 1
                        elif before < 0.0 <= side:
                            passed[person[i], m, 1] += 1
            if floor.mask[lev, nrow, ncolumn]:
                k = node[lev, nrow, ncolumn]
            else:
                k = node_at(floor, node, lev, nx, ny)
            at_node[i] = k
            if k >= 0 and kind != STAGE_END and time[goal, k] == 0.0:
                if kind == STAGE_LEAVE:
                    left_goal[i] = goal
                elif kind == STAGE_PASS:
                    st += 1
            speed[i] = np.sqrt((nx - xi) ** 2 + (ny - yi) ** 2) / dt
            moved2[i] = (nx - built_x[i]) ** 2 + (ny - built_y[i]) ** 2
            new_x[i], new_y[i], new_level[i], new_stage[i] = nx, ny, lev, st


@njit()
def what_happened(n, left_goal, moved2):
    """How many left in the last step, and the square of the longest way anybody has gone since the lists were built."""
    leaving, furthest = 0, 0.0
    for i in range(n):
        leaving += left_goal[i] >= 0
        furthest = max(furthest, moved2[i])
    return leaving, furthest


@njit()
def admit(
    due, x, y, level, z, radius, n, start, west, north, side, rows, columns, px, py, plevel, pz, pradius, taken
):
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
        for rr in range(max(0, r - 1), min(rows, r + 2)):
            for cc in range(max(0, c - 1), min(columns, c + 2)):
                cell = rr * columns + cc
                for j in range(start[cell], start[cell + 1]):
                    contact = 0.9 * (ri + radius[j])
                    if (x[j] - xi) ** 2 + (y[j] - yi) ** 2 < contact * contact and abs(z[j] - zi) < LEVEL_GAP_M:
                        free = False
                        break
                m = head[cell]
                while free and m >= 0:
                    contact = 0.9 * (ri + new_r[m])
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
find_neighbours: tuple[Any, Any] = (njit()(_find_neighbours), njit(parallel=True)(_find_neighbours))
step_people: tuple[Any, Any] = (njit()(_step_people), njit(parallel=True)(_step_people))
