"""What everybody wants at the start of a step: a way and a speed."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.jit import njit, prange, wrote
from twin.rng import uniform
from twin.sim.crowd.state import FLOOR, GONE_RADIUS, SLOW, SMOOTH, WALL
from twin.sim.crowd.surroundings import fixed_of
from twin.sim.model import STAGE_CHOOSE, STAGE_END, STAGE_STAY

ARRIVED_M = 0.4
"""Who is this near to its place in a zone stands."""

NEAR_M = 2.0
"""Who is this near to its place in a zone, and turned away from it by others, stands where it is."""

GIVING_WAY_M_S = 0.3
"""Who stands gives way no faster than this."""

_SPOT_STREAM = 731_001


@njit()
def spot(floor, goals, seed, person, stage, goal):
    """The place in a zone that a person takes, drawn by lot."""
    first, last = goals.start[goal], goals.start[goal + 1]
    pick = first + int(uniform(seed, _SPOT_STREAM, person, 3 * stage) * (last - first))
    jx = uniform(seed, _SPOT_STREAM, person, 3 * stage + 1)
    jy = uniform(seed, _SPOT_STREAM, person, 3 * stage + 2)
    return (
        floor.west + (goals.cells[pick, 2] + jx) * floor.cell,
        floor.north - (goals.cells[pick, 1] + jy) * floor.cell,
    )


@njit(inline="always")
def way(fx, fy, node, kind, direction, goal, level, k):
    """Unit vector towards a goal: bilinear over four cells in the open, that of node `k` beside a wall and where ways part.

    (fx, fy) is the place in cells, from the centre of the first one eastward and southward.
    """
    c0, r0 = int(fx), int(fy)
    if fx >= 0.0 and fy >= 0.0 and r0 < node.shape[1] and c0 < node.shape[2] and kind[level, r0, c0] & SMOOTH:
        # without a sign there is no test for counting from the end
        row, column, to, one = np.uint64(r0), np.uint64(c0), np.uint64(goal), np.uint64(1)
        east, south = fx - c0, fy - r0
        west, north = 1.0 - east, 1.0 - south
        a, c = np.uint64(node[np.uint64(level), row, column]), np.uint64(node[np.uint64(level), row + one, column])
        b, d = a + one, c + one
        ex = north * (west * direction[to, a, 0] + east * direction[to, b, 0])
        ey = north * (west * direction[to, a, 1] + east * direction[to, b, 1])
        ex += south * (west * direction[to, c, 0] + east * direction[to, d, 0])
        ey += south * (west * direction[to, c, 1] + east * direction[to, d, 1])
        norm2 = ex * ex + ey * ey
        # less than that remains of opposite directions where two ways around something part, and would lead into it
        if norm2 > 0.25:
            per_norm = 1.0 / np.sqrt(norm2)
            return ex * per_norm, ey * per_norm
    return np.float64(direction[goal, k, 0]), np.float64(direction[goal, k, 1])


def _intend(
    crowd, now, seed, floor, tiles, time, direction, goals, stages, places, first_stage, home, left_goal
):  # fmt: skip
    """Write `want_*`, `standing`, `by_wall` and the fixed-point coordinates of everybody present.

    `places` are those of the queues; `first_stage` and `home` (people, 2) are by person: who starts where it will stay keeps
    its place (that of others is not a number; no rows where nobody does). `left_goal` becomes -1: nobody has left in this step yet.
    """
    n = crowd.n
    _levels, rows, columns = tiles.kind.shape
    per_cell = 1.0 / floor.cell
    person, x, y, level, stage = crowd.person, crowd.x, crowd.y, crowd.level, crowd.stage
    standing, by_wall, want_x, want_y = crowd.standing, crowd.by_wall, crowd.want_x, crowd.want_y
    want_speed, body, fixed, node, desired = crowd.want_speed, crowd.body, crowd.fixed, crowd.node, crowd.desired
    hold, ways, slot, heading_x, heading_y = crowd.hold, crowd.ways, crowd.slot, crowd.heading_x, crowd.heading_y
    for i in prange(n):
        ex = ey = v0 = 0.0
        stands, wall = 0, 0
        left_goal[i] = -1
        if body[i] != GONE_RADIUS:
            xi, yi, lev, st = x[i], y[i], level[i], stage[i]
            fixed[i] = fixed_of(xi, yi)
            fx, fy = (xi - floor.west) * per_cell, (floor.north - yi) * per_cell
            row, column = min(max(int(fy), 0), rows - 1), min(max(int(fx), 0), columns - 1)
            kind = tiles.kind[lev, row, column]
            wall = int((kind & WALL) != 0)
            while stages.kind[st] == STAGE_STAY and now >= stages.until[st] - 1e-9:
                st = stages.next[st]
            stage[i] = st
            what, goal, k = stages.kind[st], stages.goal[st], node[i]
            v0 = desired[i]
            if kind & SLOW and kind & FLOOR:
                v0 *= floor.speed[lev, row, column]
            if now < hold[i] - 1e-9:
                stands = 1
            elif what == STAGE_CHOOSE:
                v0 = 0.0
            elif k >= 0 and what != STAGE_END:
                at_place = what == STAGE_STAY and time[ways[i] + goal, k] == 0.0
                if at_place or slot[i] >= 0:
                    j = person[i]
                    if slot[i] >= 0:
                        sx, sy = places[slot[i], 0], places[slot[i], 1]
                    elif home.shape[0] and st == first_stage[j] and home[j, 0] == home[j, 0]:
                        sx, sy = home[j, 0], home[j, 1]
                    else:
                        sx, sy = spot(floor, goals, seed, j, st - first_stage[j], goal)
                    d = np.sqrt((sx - xi) ** 2 + (sy - yi) ** 2)
                    turned_away = (sx - xi) * heading_x[i] + (sy - yi) * heading_y[i] < 0.0
                    if d < ARRIVED_M or (d < NEAR_M and slot[i] < 0 and turned_away):
                        stands = 1
                    else:
                        ex, ey = (sx - xi) / d, (sy - yi) / d
                        v0 = min(v0, 0.8 * d)
                else:
                    ex, ey = way(fx - 0.5, fy - 0.5, tiles.node, tiles.kind, direction, ways[i] + goal, lev, k)
                    if kind & SLOW and kind & FLOOR and floor.slopes.shape[0]:
                        slope = floor.sloping[lev, row, column]
                        if slope >= 0:
                            v0 *= 1.0 + floor.slopes[slope, 0] * ex + floor.slopes[slope, 1] * ey
            if stands:
                v0 = min(v0, GIVING_WAY_M_S)
        standing[i], by_wall[i] = stands, wall
        want_x[i], want_y[i], want_speed[i] = ex, ey, v0
    wrote(standing, by_wall, want_x, want_y, want_speed, fixed, stage)


intend: tuple[Any, Any] = (njit()(_intend), njit(parallel=True)(_intend))
