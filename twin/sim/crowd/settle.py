"""Where everybody ends up: each step as far as walls allow, on which level, past which line, at which goal."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.jit import njit, prange, wrote
from twin.sim.crowd.rides import link_at
from twin.sim.crowd.state import (
    ASK_CHOICE,
    ASK_DOOR,
    ASK_LEAVE,
    ASK_LINK,
    ASK_QUEUE,
    BLOCK,
    FLOOR,
    GOAL,
    GONE_RADIUS,
    LINE,
    LINK,
    OPEN,
    PORTAL,
    SMOOTH,
    WALL,
    rows_of,
)
from twin.sim.crowd.surroundings import cell_of, crosses, distance_at, fixed_of, keep_clear, node_at
from twin.sim.model import STAGE_CHOOSE, STAGE_LEAVE, STAGE_PASS, STAGE_QUEUE


@njit()
def _other_level(floor, level, p, row, column):
    """The level that portal p joins to another, where a cell is floor there; -1 otherwise."""
    if p >= 0:
        other = floor.portal_levels[p, 0] + floor.portal_levels[p, 1] - level
        if floor.mask[other, row, column]:
            return other
    return -1


@njit()
def _inside(floor, level, x, y):
    """How far a point is inside the floor of a level, below 0 outside [m]."""
    return distance_at(floor.distance, level, floor.west, floor.north, floor.cell, x, y)[0]


@njit()
def _level_after(floor, level, row, column, to_row, to_column, x, y, ex, ey):
    """Level of who went from one cell to another, to a point: in a portal, that on which the way leads on."""
    p = floor.portal[level, to_row, to_column]
    if p >= 0:
        rising = ex * floor.portal_up[p, 0] + ey * floor.portal_up[p, 1]
        if rising > 1e-9:
            return floor.portal_levels[p, 1]
        if rising < -1e-9:
            return floor.portal_levels[p, 0]
    elif not floor.mask[level, to_row, to_column]:
        other = _other_level(floor, level, floor.portal[level, row, column], to_row, to_column)
        if other >= 0:
            return other
        # the edge of a portal runs through cells of which the centre is outside it, and from those too one may step off the level
        for r in range(max(to_row - 1, 0), min(to_row + 2, floor.portal.shape[1])):
            for c in range(max(to_column - 1, 0), min(to_column + 2, floor.portal.shape[2])):
                other = _other_level(floor, level, floor.portal[level, r, c], to_row, to_column)
                if other >= 0 and _inside(floor, other, x, y) > _inside(floor, level, x, y):
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


@njit()
def _arrive(
    crowd, i, nx, ny, row, column, now, dt, last, floor, tiles, time, stages, lines, line_level, door, door_level, shut, limited,
    lobbies, taken, passed,
):
    """What a step of the person in row i to a place with something to it leads to.

    Gives the level and node there, the goal by which it leaves (-1 for none), what it asks for and whether it may not pass
    unless it is let through. Writes its stage, hold and since.
    """
    lev, st, xi, yi = crowd.level[i], crowd.stage[i], crowd.x[i], crowd.y[i]
    left, asks = -1, 0
    kind = tiles.kind[lev, row, column]
    if kind & PORTAL or not kind & FLOOR:
        from_row, from_column = cell_of(floor, xi, yi)
        lev = _level_after(floor, lev, from_row, from_column, row, column, nx, ny, crowd.want_x[i], crowd.want_y[i])
        kind = tiles.kind[lev, row, column]
    k = tiles.node[lev, row, column]
    if k < 0:
        k = node_at(floor, tiles.node, lev, nx, ny)
    what, goal = stages.kind[st], stages.goal[st]
    if kind & LINE:
        m = _door(door, door_level, shut, lev, xi, yi, nx, ny)
        if m >= 0:
            asks = 8 * m + ASK_DOOR
        else:
            _count(lines, line_level, lev, xi, yi, nx, ny, passed[crowd.person[i]])
    if (kind & GOAL or not kind & FLOOR) and asks == 0 and k >= 0 and goal >= 0 and time[crowd.ways[i] + goal, k] == 0.0:
        if what == STAGE_LEAVE:
            if limited[goal]:
                asks = 8 * goal + ASK_LEAVE
            else:
                left = goal
        elif what == STAGE_PASS:
            crowd.hold[i] = now + dt + stages.wait[st] if stages.wait[st] > 0.0 else crowd.hold[i]
            st = stages.next[st]
            crowd.since[i] = np.nan
        elif what == STAGE_QUEUE and crowd.slot[i] < 0:
            asks = 8 * stages.what[st] + ASK_QUEUE
    if kind & LINK and asks == 0 and left < 0 and stages.goal[st] >= 0 and crowd.slot[i] < 0 and now >= crowd.hold[i] - 1e-9:
        link = link_at(lobbies, taken[crowd.ways[i] + stages.goal[st]], k)
        asks = 8 * link + ASK_LINK if link >= 0 else 0
    if asks == 0 and stages.kind[st] == STAGE_CHOOSE:
        asks = 8 * stages.what[st] + ASK_CHOICE
    refused = asks & 7 == ASK_DOOR or asks & 7 == ASK_LEAVE
    if not last:
        asks = 0
    if asks and crowd.since[i] != crowd.since[i]:
        crowd.since[i] = now + dt
    crowd.stage[i] = st
    return lev, k, left, asks, refused


def _settle(
    crowd, now, dt, last, clearance, floor, tiles, time, stages, lines, line_level, door, door_level, shut, limited, lobbies,
    taken, built_x, built_y, passed, left_goal, moved2, events,
):
    """Move everybody present by `dt` at the velocity that the model chose.

    `clearance` is the part of the radius by which walls are kept at a distance; `passed` (people, lines, 2) counts
    crossings to the right and to the left of each line; `left_goal` becomes the goal by which a person leaves. `shut` and
    `limited` say of doors and of goals that nobody passes without being let through: who wants to stays where it is, asks,
    and has the place that it was going to in `next_vx` and `next_vy`. `lobbies` are the cells in which
    people step onto links, and `taken` (rows of the routes, cells) says whether who goes by those does. A step may be taken in
    parts: people ask in the `last` of them only, and who has left in an earlier one stays where it is. By block, `moved2`
    becomes the square of the longest way anybody went since the lists were built, infinite when somebody has no place any more,
    and `events` how many leave or ask.
    """
    n = crowd.n
    _levels, rows, columns = tiles.kind.shape
    per_cell, per_dt = 1.0 / floor.cell, 1.0 / dt
    kinds, nodes = tiles.kind.reshape(-1), tiles.node.reshape(-1)
    x, y, level, next_vx, next_vy, body = crowd.x, crowd.y, crowd.level, crowd.next_vx, crowd.next_vy, crowd.body
    by_wall, calm, radius, node, vx, vy = crowd.by_wall, crowd.calm, crowd.radius, crowd.node, crowd.vx, crowd.vy
    ask, fixed, stage, hold, since = crowd.ask, crowd.fixed, crowd.stage, crowd.hold, crowd.since
    special = PORTAL | GOAL | LINE | LINK
    for s in range(stages.kind.shape[0]):
        if stages.kind[s] == STAGE_CHOOSE:
            special |= FLOOR
    for block in prange((n + BLOCK - 1) // BLOCK):
        furthest, happened = 0.0, 0
        for i in rows_of(block, BLOCK, n):
            if left_goal[i] >= 0:
                happened += 1
                continue
            left, asks = -1, 0
            if body[i] != GONE_RADIUS:
                xi, yi, lev, ux, uy = x[i], y[i], level[i], next_vx[i], next_vy[i]
                nx, ny = xi + ux * dt, yi + uy * dt
                if by_wall[i] and (ux != 0.0 or uy != 0.0):
                    nx, ny = keep_clear(floor, lev, xi, yi, nx, ny, clearance * radius[i])
                    ux, uy = (nx - xi) * per_dt, (ny - yi) * per_dt
                row = min(max(int((floor.north - ny) * per_cell), 0), rows - 1)
                column = min(max(int((nx - floor.west) * per_cell), 0), columns - 1)
                cell = np.uint64((lev * rows + row) * columns + column)
                kind, k, refused = kinds[cell], node[i], False
                if kind & special or not kind & FLOOR:
                    lev, k, left, asks, refused = _arrive(
                        crowd, i, nx, ny, row, column, now, dt, last, floor, tiles, time, stages, lines, line_level, door,
                        door_level, shut, limited, lobbies, taken, passed,
                    )  # fmt: skip
                    kind = tiles.kind[lev, row, column]
                    happened += (left >= 0) + (asks != 0)
                elif not calm[i] or kind | SMOOTH | LINE != OPEN:
                    k = nodes[cell]
                if refused:
                    next_vx[i], next_vy[i] = nx, ny
                    vx[i], vy[i] = 0.0, 0.0
                    nx, ny = xi, yi
                else:
                    node[i], level[i], by_wall[i] = k, lev, (kind & WALL) != 0
                    if kind | SMOOTH | LINE != OPEN:
                        calm[i] = 0
                    vx[i], vy[i] = ux, uy
                    x[i], y[i], fixed[i] = nx, ny, fixed_of(nx, ny)
                way2 = (nx - built_x[i]) ** 2 + (ny - built_y[i]) ** 2
                furthest = max(furthest, way2 if way2 < np.inf else np.inf)
            left_goal[i], ask[i] = left, asks
        moved2[block], events[block] = furthest, happened
    wrote(x, y, level, stage, node, vx, vy, hold, since, ask, next_vx, next_vy, fixed, by_wall, calm)


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
