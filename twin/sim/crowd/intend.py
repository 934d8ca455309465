"""What everybody wants at the start of a step: a way and a speed."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.jit import njit, prange, wrote
from twin.rng import uniform
from twin.sim.crowd.rides import link_at
from twin.sim.crowd.state import FLOOR, GONE_RADIUS, LINE, LINK, OPEN, SLOW, SMOOTH, WALL, rows_of, stretch_of
from twin.sim.model import STAGE_CHOOSE, STAGE_END, STAGE_STAY

ARRIVED_M = 0.4
"""Who is this near to its place in a zone stands."""

NEAR_M = 2.0
"""Who is this near to its place in a zone, and turned away from it by others, stands where it is."""

GIVING_WAY_M_S = 0.3
"""Who stands gives way no faster than this."""

CALM_PER_M = 0.2
"""Where the way changes by no more than this over a metre [rad/m], as five metres from a corner, one need not look often."""

_SPOT_STREAM, _LOBBY_STREAM = 731_001, 731_003


@njit()
def _place_in(floor, cells, first, last, seed, stream, person, draw):
    """A place in some of the cells, drawn by lot, and the cell."""
    pick = first + int(uniform(seed, stream, person, 3 * draw) * (last - first))
    jx, jy = uniform(seed, stream, person, 3 * draw + 1), uniform(seed, stream, person, 3 * draw + 2)
    return floor.west + (cells[pick, 2] + jx) * floor.cell, floor.north - (cells[pick, 1] + jy) * floor.cell, pick


@njit()
def spot(floor, goals, seed, person, stage, goal):
    """The place in a zone that a person takes, drawn by lot."""
    first, last = goals.start[goal], goals.start[goal + 1]
    x, y, _ = _place_in(floor, goals.cells, first, last, seed, _SPOT_STREAM, person, stage)
    return x, y


@njit(inline="always")
def way(east, south, a, c, directions):
    """Way between the centres of four cells, bilinear, and the square of what it changes by from corner to corner.

    `east` and `south` say how far the place is from the centre of the first cell, in cells. In `directions`, which is flat, a is
    where those of the two northern cells begin, c of the southern.
    """
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)  # without a sign, which saves half of what finding them takes
    west, north = 1.0 - east, 1.0 - south
    wa, wb, wc, wd = west * north, east * north, west * south, east * south
    ax, bx, cx, dx = directions[a], directions[a + two], directions[c], directions[c + two]
    ay, by, cy, dy = directions[a + one], directions[a + three], directions[c + one], directions[c + three]
    ex, ey = wa * ax + wb * bx + wc * cx + wd * dx, wa * ay + wb * by + wc * cy + wd * dy
    change2 = max((ax - dx) * (ax - dx) + (ay - dy) * (ay - dy), (bx - cx) * (bx - cx) + (by - cy) * (by - cy))
    return ex, ey, change2


@njit()
def _to_place(i, st, crowd, floor, goals, seed, places, first_stage, home, goal, lobbies, link, taken, to):
    """Way to the place of the person in row i, how far it is, and whether it stands.

    That is before a link, in an entry cell that its row `to` of the ways takes, if it waits for one; in a queue or in the zone
    where it stays.
    """
    x, y, slot, j = crowd.x[i], crowd.y[i], crowd.slot[i], crowd.person[i]
    if link >= 0:
        first, last = lobbies.start[link], lobbies.start[link + 1]
        sx, sy, pick = _place_in(floor, lobbies.cells, first, last, seed, _LOBBY_STREAM, j, link)
        if not taken[to, pick]:
            return 0.0, 0.0, 0.0, True
    elif slot >= 0:
        sx, sy = places[slot, 0], places[slot, 1]
    elif home.shape[0] and st == first_stage[j] and home[j, 0] == home[j, 0]:
        sx, sy = home[j, 0], home[j, 1]
    else:
        sx, sy = spot(floor, goals, seed, j, st - first_stage[j], goal)
    d = np.sqrt((sx - x) ** 2 + (sy - y) ** 2)
    turned_away = (sx - x) * crowd.heading_x[i] + (sy - y) * crowd.heading_y[i] < 0.0
    if d < ARRIVED_M or (d < NEAR_M and slot < 0 and turned_away):
        return 0.0, 0.0, d, True
    return (sx - x) / d, (sy - y) / d, d, False


def _intend(
    crowd, everybody, now, seed, floor, tiles, time, direction, goals, stages, places, first_stage, home, group_of, lobbies, taken,
    left_goal,
):  # fmt: skip
    """Write `bound`, `want_*`, `standing`, `by_wall` and `calm` of everybody present, or only of who is not calm.

    Calm is who walks over open floor on a way that hardly turns: for a while it would want the same.

    `places` are those of the queues; `first_stage` and `home` (people, 2) are by person: who starts where it will stay keeps
    its place (that of others is not a number; no rows where nobody does). `group_of` is the group of each person, -1 for none,
    whose members are always asked since they are turned from their way; nothing where nobody is in one. Who has come to where
    people step onto a link, and takes it by `taken` (rows of the routes, entry cells), goes to a place of its own there and stands
    until it is let on. `left_goal` becomes -1: nobody has left in this step yet.
    """
    n = crowd.n
    _levels, rows, columns = tiles.kind.shape
    per_cell = 1.0 / floor.cell
    kinds, nodes, directions = tiles.kind.reshape(-1), tiles.node.reshape(-1), direction.reshape(-1)
    x, y, level, stage, node, ways = crowd.x, crowd.y, crowd.level, crowd.stage, crowd.node, crowd.ways
    standing, by_wall, want_x, want_y = crowd.standing, crowd.by_wall, crowd.want_x, crowd.want_y
    bound, calm = crowd.bound, crowd.calm
    per_goal, turns2 = np.uint64(2 * direction.shape[1]), 2.0 * (CALM_PER_M * floor.cell) ** 2
    person, alone = crowd.person, group_of.shape[0] == 0
    want_speed, body, desired, hold, slot = crowd.want_speed, crowd.body, crowd.desired, crowd.hold, crowd.slot
    size, nobody = stretch_of(n), np.int32(-1)
    for task in prange((n + size - 1) // size):
        # at which stage each is, which nodes are round it, and then the way between them: all but the first is written again below
        for i in rows_of(task, size, n):
            if everybody or not calm[i]:
                fx, fy = (x[i] - floor.west) * per_cell - 0.5, (floor.north - y[i]) * per_cell - 0.5
                row, column = int(fy), int(fx)
                a, c = nobody, nobody
                if fx >= 0.0 and fy >= 0.0 and row < rows and column < columns:
                    cell = np.uint64((level[i] * rows + row) * columns + column)
                    if kinds[cell] & SMOOTH:
                        a, c = nodes[cell], nodes[cell + np.uint64(columns)]
                bound[i], left_goal[i] = a, c
                if everybody:  # where it stands was not noted while it was calm
                    row, column = min(max(int(fy + 0.5), 0), rows - 1), min(max(int(fx + 0.5), 0), columns - 1)
                    at = nodes[np.uint64((level[i] * rows + row) * columns + column)]
                    node[i] = at if at >= 0 else node[i]
                st = stage[i]
                while stages.kind[st] == STAGE_STAY and now >= stages.until[st] - 1e-9:
                    st = stages.next[st]
                stage[i] = st
        for i in rows_of(task, size, n):
            if everybody or not calm[i]:
                goal, ex, ey, change2 = stages.goal[np.uint32(stage[i])], 0.0, 0.0, np.float32(0.0)
                if bound[i] >= 0 and goal >= 0:
                    fx, fy = (x[i] - floor.west) * per_cell - 0.5, (floor.north - y[i]) * per_cell - 0.5
                    to, two = np.uint64(ways[i] + goal) * per_goal, np.uint64(2)
                    north, south = to + two * np.uint64(bound[i]), to + two * np.uint64(left_goal[i])
                    ex, ey, change2 = way(fx - int(fx), fy - int(fy), north, south, directions)
                want_x[i], want_y[i], want_speed[i] = ex, ey, change2
        for i in rows_of(task, size, n):
            if not everybody and calm[i]:
                continue
            ex = ey = v0 = 0.0
            to_goal = np.int32(-1)
            stands, wall, same = False, False, False
            if body[i] != GONE_RADIUS:
                lev = level[i]
                fx, fy = (x[i] - floor.west) * per_cell, (floor.north - y[i]) * per_cell
                row, column = min(max(int(fy), 0), rows - 1), min(max(int(fx), 0), columns - 1)
                kind = kinds[np.uint64((lev * rows + row) * columns + column)]
                st, wall = stage[i], (kind & WALL) != 0
                what, goal, k = stages.kind[st], stages.goal[st], node[i]
                v0, to_goal = desired[i], goal
                slow = kind & SLOW and kind & FLOOR
                if slow:
                    v0 *= floor.speed[lev, row, column]
                if now < hold[i] - 1e-9:
                    stands = True
                elif what == STAGE_CHOOSE:
                    v0 = 0.0
                elif k >= 0 and what != STAGE_END:
                    to, link = ways[i] + goal, -1
                    if kind & LINK and slot[i] < 0 and goal >= 0:
                        link = link_at(lobbies, taken[to], k)
                    if link >= 0 or slot[i] >= 0 or (what == STAGE_STAY and time[to, k] == 0.0):
                        ex, ey, d, stands = _to_place(
                            i, st, crowd, floor, goals, seed, places, first_stage, home, goal, lobbies, link, taken, to
                        )  # fmt: skip
                        if not stands:
                            v0 = min(v0, 0.8 * d)
                    else:
                        ex, ey, change2 = want_x[i], want_y[i], want_speed[i]
                        norm2 = ex * ex + ey * ey
                        # less than that remains of opposite directions where two ways around something part, and would lead into it
                        if norm2 > 0.25:
                            per_norm = 1.0 / np.sqrt(norm2)
                            ex, ey = ex * per_norm, ey * per_norm
                            same = kind | SMOOTH | LINE == OPEN and change2 <= turns2 and what != STAGE_STAY
                            same = same and (alone or group_of[person[i]] < 0)
                        else:
                            ex, ey = np.float64(direction[to, k, 0]), np.float64(direction[to, k, 1])
                        if slow and floor.slopes.shape[0]:
                            slope = floor.sloping[lev, row, column]
                            if slope >= 0:
                                v0 *= 1.0 + floor.slopes[slope, 0] * ex + floor.slopes[slope, 1] * ey
                if stands:
                    v0 = min(v0, GIVING_WAY_M_S)
            left_goal[i] = -1
            standing[i], by_wall[i], bound[i], calm[i] = stands, wall, to_goal, same
            want_x[i], want_y[i], want_speed[i] = ex, ey, v0
    wrote(standing, by_wall, bound, calm, want_x, want_y, want_speed, stage, node)


intend: tuple[Any, Any] = (njit()(_intend), njit(parallel=True)(_intend))
