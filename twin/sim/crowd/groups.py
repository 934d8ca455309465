"""Families and friends: people who walk together wait for each other.

After Moussaid, Perozo, Garnier, Helbing, Theraulaz 2010 (doi:10.1371/journal.pone.0010047): who is further from the middle
of the others than (m - 1) / 2 m, in a group of m, is drawn towards it. As the models here choose velocities and not forces,
the pull turns the way that somebody wants to go; besides, all walk at the speed of the slowest, who is ahead slows down until
the others are there, and who is behind hurries a little. Ahead is who has less far to go than the others on average, along the
ways that people walk: then whoever has furthest to go never waits. In a jam, as before a door, a group files on as it can: who is
close to strangers that are held up neither waits nor is pulled, or it would hold them up, and before long itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.jit import njit, prange, wrote
from twin.sim.crowd.state import GONE_RADIUS

PULL = 0.8
"""Weight of the pull of the others beside that of the way; below 1, so that nobody turns round for them."""

WAIT_OVER_M = 2.0
"""Who is this much further ahead than the group's own size stands and waits."""

AHEAD_M = 1.0
"""Who is this much and a quarter of a metre for each other further ahead than the last, along the way, slows down."""

HURRY = 1.2
"""Who is behind walks up to so much faster than the group."""


CLOSE_M = 1.0
"""How close strangers are, from centre to centre, that one would hold up."""

HELD_UP = 0.5
"""Who walks at less than this part of the speed it would like is held up."""


class Groups(NamedTuple):
    """Who belongs together.

    Attributes
    ----------
    of : (N,) int32
        Group of each person; -1 for none.
    start : (G + 1,) int64
        First row of `member` of each group.
    member : (M,) int32
        People, group after group.
    speed : (G,) float64
        Desired speed of the slowest [m/s].
    """

    of: NDArray[np.int32]
    start: NDArray[np.int64]
    member: NDArray[np.int32]
    speed: NDArray[np.float64]


def groups_of(group: NDArray[np.int32], desired_speed: NDArray[np.float64]) -> Groups | None:
    """Groups from the number of each person's group; None when nobody has company.

    Raises
    ------
    ParameterError
        When a number is below -1.
    """
    if len(group) and group.min() < -1:
        raise ParameterError("the number of a group is below -1", hint="-1 is for who walks alone")
    of = np.full(len(group), -1, np.int32)
    with_others, counts = np.unique(group[group >= 0], return_counts=True)
    kept = with_others[counts > 1]
    if not len(kept):
        return None
    together = np.isin(group, kept)
    of[together] = np.searchsorted(kept, group[together])
    rows = np.flatnonzero(together)
    member: NDArray[np.int32] = rows[np.argsort(of[rows], kind="stable")].astype(np.int32)
    start = np.concatenate([[0], np.cumsum(np.bincount(of[member]))]).astype(np.int64)
    slowest = np.full(len(kept), np.inf)
    np.minimum.at(slowest, of[together], desired_speed[together])
    return Groups(of, start, member, slowest)


@njit()
def _in_a_jam(i, g, crowd, near, of):
    """Whether a stranger to group g close to the person in row i is held up."""
    body, person, desired, x, y, vx, vy = crowd.body, crowd.person, crowd.desired, crowd.x, crowd.y, crowd.vx, crowd.vy
    for q in range(near.first[i], near.first[i] + near.number[i]):
        j = near.row[q]
        if of[person[j]] != g and body[j] != GONE_RADIUS and not crowd.standing[j]:
            close = (x[j] - x[i]) ** 2 + (y[j] - y[i]) ** 2 < CLOSE_M**2 and crowd.level[j] == crowd.level[i]
            if close and vx[j] ** 2 + vy[j] ** 2 < (HELD_UP * desired[j]) ** 2:
                return True
    return False


def _keep_together(crowd, groups, row_of, near, time):
    """Change what people want so that groups stay together.

    `row_of` is the row of each person, -1 for who is not there; `time` (rows of the routes, nodes) how long the ways take.
    """
    n = crowd.n
    person, x, y, level, standing, slot = crowd.person, crowd.x, crowd.y, crowd.level, crowd.standing, crowd.slot
    want_x, want_y, want_speed, desired = crowd.want_x, crowd.want_y, crowd.want_speed, crowd.desired
    bound, node = crowd.bound, crowd.node
    of, start, member, speed = groups.of, groups.start, groups.member, groups.speed
    for i in prange(n):
        ex, ey, v0 = want_x[i], want_y[i], want_speed[i]
        g = of[person[i]]
        if g >= 0 and not standing[i] and slot[i] < 0 and v0 > 0.0:
            others, mx, my = 0, 0.0, 0.0
            to, on_way, later, last = crowd.ways[i] + bound[i], 0, 0.0, np.float32(0.0)
            mine = time[to, node[i]] if bound[i] >= 0 and node[i] >= 0 else np.float32(np.inf)
            for q in range(start[g], start[g + 1]):
                j = row_of[member[q]]
                if j >= 0 and j != i and level[j] == level[i]:
                    others += 1
                    mx += x[j]
                    my += y[j]
                    if bound[j] == bound[i] and node[j] >= 0 and mine < np.inf and time[to, node[j]] < np.inf:
                        on_way += 1
                        later += time[to, node[j]] - mine
                        last = max(last, time[to, node[j]] - mine)
            if others:
                dx, dy = mx / others - x[i], my / others - y[i]
                d = np.sqrt(dx * dx + dy * dy)
                beyond = max(d - 0.5 * others, last - AHEAD_M - 0.25 * others)  # times are those at 1 m/s
                v0 *= min(speed[g] / desired[i], 1.0)
                if beyond > 0.0 and not _in_a_jam(i, g, crowd, near, of):
                    dx /= max(d, 1e-9)
                    dy /= max(d, 1e-9)
                    part = min(beyond / WAIT_OVER_M, 1.0)
                    if on_way and later > 0.0:
                        v0 *= 1.0 - part
                    else:
                        v0 = min(v0 * (1.0 + (HURRY - 1.0) * part), max(want_speed[i], v0))
                    ex += PULL * part * dx
                    ey += PULL * part * dy
                    norm = np.sqrt(ex * ex + ey * ey)
                    if norm > 1e-9:
                        ex /= norm
                        ey /= norm
        want_x[i], want_y[i], want_speed[i] = ex, ey, v0
    wrote(want_x, want_y, want_speed)


keep_together: tuple[Any, Any] = (njit()(_keep_together), njit(parallel=True)(_keep_together))
