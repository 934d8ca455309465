"""Where everybody ends up: each step as far as walls allow, on which level, past which line, at which goal."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.jit import njit, prange, wrote
from twin.sim.crowd.state import (
    ASK_CHOICE,
    ASK_DOOR,
    ASK_LEAVE,
    ASK_LINK,
    ASK_QUEUE,
    FLOOR,
    GOAL,
    GONE_RADIUS,
    LINE,
    LINK,
    PORTAL,
    WALL,
)
from twin.sim.crowd.surroundings import cell_of, crosses, fixed_of, keep_clear, node_at
from twin.sim.model import STAGE_CHOOSE, STAGE_LEAVE, STAGE_PASS, STAGE_QUEUE


@njit()
def _level_after(floor, level, row, column, to_row, to_column, ex, ey):
    """Level of who went from one cell to another: in a portal, that on which the way leads on."""
    p = floor.portal[level, to_row, to_column]
    if p >= 0:
        rising = ex * floor.portal_up[p, 0] + ey * floor.portal_up[p, 1]
        if rising > 1e-9:
            return floor.portal_levels[p, 1]
        if rising < -1e-9:
            return floor.portal_levels[p, 0]
    elif not floor.mask[level, to_row, to_column]:
        p = floor.portal[level, row, column]
        if p >= 0:
            other = floor.portal_levels[p, 0] + floor.portal_levels[p, 1] - level
            if floor.mask[other, to_row, to_column]:
                return other
    return level


@njit()
def _count(lines, line_level, level, x, y, to_x, to_y, passed):
    """Note which lines a move crosses, and to which side."""
    for m in range(lines.shape[0]):
        if line_level[m] == level:
            ax, ay, bx, by = lines[m, 0], lines[m, 1], lines[m, 2], lines[m, 3]
            if crosses(x, y, to_x, to_y, ax, ay, bx, by):
                side = (bx - ax) * (to_y - ay) - (by - ay) * (to_x - ax)
                before = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
                if side < 0.0 <= before:
                    passed[m, 0] += 1
                elif before < 0.0 <= side:
                    passed[m, 1] += 1


@njit()
def _door(door, door_level, shut, level, x, y, to_x, to_y):
    """Number of a door that is shut, or lets through only some, and that a move goes through; -1 for none."""
    for m in range(door_level.shape[0]):
        if shut[m] and door_level[m] == level and crosses(x, y, to_x, to_y, door[m, 0], door[m, 1], door[m, 2], door[m, 3]):
            return m
    return -1


def _settle(
    crowd, now, dt, last, clearance, floor, tiles, time, stages, lines, line_level, door, door_level, shut, limited, entry_node,
    link_of, taken, built_x, built_y, moved2, passed, left_goal,
):
    """Move everybody present by `dt` at the velocity that the model chose.

    `clearance` is the part of the radius by which walls are kept at a distance; `passed` (people, lines, 2) counts
    crossings to the right and to the left of each line; `left_goal` becomes the goal by which a person leaves. `shut` and
    `limited` say of doors and of goals that nobody passes without being let through: who wants to stays where it is, asks,
    and has the place that it was going to in `next_vx` and `next_vy`. `entry_node` and `link_of` are of the cells in which
    people step onto links, and `taken` (rows of the routes, cells) says whether who goes by those does. A step may be taken in
    parts: people ask in the `last` of them only, and who has left in an earlier one stays where it is.
    """
    n = crowd.n
    x, y, level, stage, next_vx = crowd.x, crowd.y, crowd.level, crowd.stage, crowd.next_vx
    next_vy, body, by_wall, radius, want_x = crowd.next_vy, crowd.body, crowd.by_wall, crowd.radius, crowd.want_x
    want_y, person, node, vx, vy = crowd.want_y, crowd.person, crowd.node, crowd.vx, crowd.vy
    ways, hold, slot, since, ask, fixed = crowd.ways, crowd.hold, crowd.slot, crowd.since, crowd.ask, crowd.fixed
    for i in prange(n):
        if left_goal[i] >= 0:
            continue
        left, asks = -1, 0
        way2 = 0.0
        if body[i] != GONE_RADIUS:
            xi, yi, lev, st = x[i], y[i], level[i], stage[i]
            nx, ny = xi + next_vx[i] * dt, yi + next_vy[i] * dt
            if by_wall[i] and (next_vx[i] != 0.0 or next_vy[i] != 0.0):
                nx, ny = keep_clear(floor, lev, xi, yi, nx, ny, clearance * radius[i])
            row, column = cell_of(floor, nx, ny)
            kind = tiles.kind[lev, row, column]
            if kind & PORTAL or not kind & FLOOR:
                from_row, from_column = cell_of(floor, xi, yi)
                lev = _level_after(floor, lev, from_row, from_column, row, column, want_x[i], want_y[i])
                kind = tiles.kind[lev, row, column]
            k = tiles.node[lev, row, column]
            if k < 0:
                k = node_at(floor, tiles.node, lev, nx, ny)
            what = stages.kind[st]
            if kind & LINE:
                m = _door(door, door_level, shut, lev, xi, yi, nx, ny)
                if m >= 0:
                    asks = 8 * m + ASK_DOOR
                else:
                    _count(lines, line_level, lev, xi, yi, nx, ny, passed[person[i]])
            if (kind & GOAL or not kind & FLOOR) and asks == 0 and k >= 0:
                goal = stages.goal[st]
                if goal >= 0 and time[ways[i] + goal, k] == 0.0:
                    if what == STAGE_LEAVE:
                        if limited[goal]:
                            asks = 8 * goal + ASK_LEAVE
                        else:
                            left = goal
                    elif what == STAGE_PASS:
                        hold[i] = now + dt + stages.wait[st] if stages.wait[st] > 0.0 else hold[i]
                        st = stages.next[st]
                        since[i] = np.nan
                    elif what == STAGE_QUEUE and slot[i] < 0:
                        asks = 8 * stages.what[st] + ASK_QUEUE
            if kind & LINK and asks == 0 and left < 0 and stages.goal[st] >= 0 and slot[i] < 0 and now >= hold[i] - 1e-9:
                row_of_ways = ways[i] + stages.goal[st]
                for e in range(entry_node.shape[0]):
                    if entry_node[e] == k and taken[row_of_ways, e]:
                        asks = 8 * link_of[e] + ASK_LINK
            if asks == 0 and stages.kind[st] == STAGE_CHOOSE:
                asks = 8 * stages.what[st] + ASK_CHOICE
            refused = asks & 7 == ASK_DOOR or asks & 7 == ASK_LEAVE
            if not last:
                asks = 0
            if asks and since[i] != since[i]:
                since[i] = now + dt
            if refused:
                next_vx[i], next_vy[i] = nx, ny
                nx, ny = xi, yi
                kind = WALL if by_wall[i] else 0
            else:
                node[i], level[i] = k, lev
            vx[i], vy[i] = (nx - xi) / dt, (ny - yi) / dt
            way2 = (nx - built_x[i]) ** 2 + (ny - built_y[i]) ** 2
            x[i], y[i], stage[i] = nx, ny, st
            fixed[i], by_wall[i] = fixed_of(nx, ny), (kind & WALL) != 0
        left_goal[i], ask[i], moved2[i] = left, asks, way2
    wrote(x, y, level, stage, node, vx, vy, hold, since, ask, next_vx, next_vy, fixed, by_wall)


@njit()
def what_happened(n, left_goal, ask, moved2):
    """How many left in the last step, how many ask, the square of the longest way anybody went since the lists were built.

    And how many have no place any more, since the model gave them no velocity.
    """
    leaving, asking, furthest, lost = 0, 0, 0.0, 0
    for i in range(n):
        leaving += left_goal[i] >= 0
        asking += ask[i] != 0
        furthest = max(furthest, moved2[i])
        lost += not moved2[i] < np.inf
    return leaving, asking, furthest, lost


@njit()
def let_in_by(crowd, i, dt, floor, tiles, lines, line_level, passed):
    """Let the person in row i go through the door it asked at."""
    nx, ny, lev = crowd.next_vx[i], crowd.next_vy[i], crowd.level[i]
    _count(lines, line_level, lev, crowd.x[i], crowd.y[i], nx, ny, passed[crowd.person[i]])
    row, column = cell_of(floor, nx, ny)
    k = tiles.node[lev, row, column]
    crowd.node[i] = k if k >= 0 else node_at(floor, tiles.node, lev, nx, ny)
    crowd.vx[i], crowd.vy[i] = (nx - crowd.x[i]) / dt, (ny - crowd.y[i]) / dt
    crowd.x[i], crowd.y[i] = nx, ny
    crowd.fixed[i], crowd.by_wall[i] = fixed_of(nx, ny), (tiles.kind[lev, row, column] & WALL) != 0
    crowd.since[i] = np.nan


settle: tuple[Any, Any] = (njit()(_settle), njit(parallel=True)(_settle))
