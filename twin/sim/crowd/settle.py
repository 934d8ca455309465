"""Where everybody ends up: each step as far as walls allow, on which level, past which line, at which goal."""

from __future__ import annotations

from typing import Any

from twin.jit import njit, prange, wrote
from twin.sim.crowd.state import FLOOR, GOAL, GONE_RADIUS, LINE, PORTAL
from twin.sim.crowd.surroundings import cell_of, crosses, keep_clear, node_at
from twin.sim.model import STAGE_END, STAGE_LEAVE, STAGE_PASS


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


def _settle(
    crowd, dt, clearance, floor, tiles, time, stages, lines, line_level, built_x, built_y, moved2, passed, left_goal
):
    """Move everybody present by `dt` at the velocity that the model chose.

    `clearance` is the part of the radius by which walls are kept at a distance; `passed` (people, lines, 2) counts
    crossings to the right and to the left of each line; `left_goal` is the goal by which a person leaves, else -1.
    """
    n = crowd.n
    x, y, level, stage, next_vx = crowd.x, crowd.y, crowd.level, crowd.stage, crowd.next_vx
    next_vy, body, by_wall, radius, want_x = crowd.next_vy, crowd.body, crowd.by_wall, crowd.radius, crowd.want_x
    want_y, person, node, vx, vy = crowd.want_y, crowd.person, crowd.node, crowd.vx, crowd.vy
    for i in prange(n):
        left_goal[i] = -1
        if body[i] == GONE_RADIUS:
            moved2[i] = 0.0
            continue
        xi, yi, lev = x[i], y[i], level[i]
        nx, ny = xi + next_vx[i] * dt, yi + next_vy[i] * dt
        if by_wall[i] and (next_vx[i] != 0.0 or next_vy[i] != 0.0):
            nx, ny = keep_clear(floor, lev, xi, yi, nx, ny, clearance * radius[i])
        row, column = cell_of(floor, nx, ny)
        kind = tiles.kind[lev, row, column]
        if kind & PORTAL or not kind & FLOOR:
            from_row, from_column = cell_of(floor, xi, yi)
            lev = _level_after(floor, lev, from_row, from_column, row, column, want_x[i], want_y[i])
            kind = tiles.kind[lev, row, column]
        if kind & LINE:
            _count(lines, line_level, lev, xi, yi, nx, ny, passed[person[i]])
        k = tiles.node[lev, row, column]
        if k < 0:
            k = node_at(floor, tiles.node, lev, nx, ny)
        node[i] = k
        if kind & GOAL or not kind & FLOOR:
            st = stage[i]
            what = stages.kind[st]
            if k >= 0 and what != STAGE_END and time[stages.goal[st], k] == 0.0:
                if what == STAGE_LEAVE:
                    left_goal[i] = stages.goal[st]
                elif what == STAGE_PASS:
                    stage[i] = stages.next[st]
        vx[i], vy[i] = (nx - xi) / dt, (ny - yi) / dt
        moved2[i] = (nx - built_x[i]) ** 2 + (ny - built_y[i]) ** 2
        x[i], y[i], level[i] = nx, ny, lev
    wrote(x, y, level, stage, node, vx, vy)


@njit()
def what_happened(n, left_goal, moved2):
    """How many left in the last step, and the square of the longest way anybody has gone since the lists were built."""
    leaving, furthest = 0, 0.0
    for i in range(n):
        leaving += left_goal[i] >= 0
        furthest = max(furthest, moved2[i])
    return leaving, furthest


settle: tuple[Any, Any] = (njit()(_settle), njit(parallel=True)(_settle))
