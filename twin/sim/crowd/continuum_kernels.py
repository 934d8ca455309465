"""One sweep of the continuum along an axis, and where to work. Every parallel loop gathers.

People are densities by class, ``(K, C)``, on the nodes of the floor (see `twin.sim.crowd.wayfinding.Routes`). A step is a
sweep east and west and one north and south; in each, `send` finds what leaves every node for its neighbours and `receive`
adds it up. What leaves one node is the number that reaches the other, so people are conserved to rounding.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from twin.jit import njit, prange

NOBODY = 1e-8
"""Fewer people than this stay where they are until more come [1/m2]: the city behind a crowd is empty, and not worked on."""

BLOCK = 1024
"""Nodes that one task works on."""


class Walking(NamedTuple):
    """How people walk, as the kernels need it besides the table of the `FundamentalDiagram`.

    Attributes
    ----------
    per_step : float
        Intervals of the table to 1 /m2.
    critical, jam : float
        Density of the greatest flow and of none [1/m2].
    capacity : float
        The greatest flow [1/(m s)].
    passing : float
        Speed at which people in a jam change places with those who come towards them [m/s].
    aside, turning : float
        The most that people turn, as a tangent, and by how much where the next cell is emptier by 1 /m2.
    """

    per_step: float
    critical: float
    jam: float
    capacity: float
    passing: float
    aside: float
    turning: float


@njit()
def speed_at(pace, per_step, rho):
    """Speed at a density, from the table of a `FundamentalDiagram`, and its slope."""
    x = min(rho * per_step, pace.shape[0] - 2.0)
    i = int(x)
    rise = pace[i + 1] - pace[i]
    return pace[i] + (x - i) * rise, rise * per_step


@njit()
def _half_slope(left, right):
    """Half the slope between two differences, monotonized central (van Leer 1977, doi:10.1016/0021-9991(77)90095-X)."""
    size = min(abs(left), abs(right), 0.25 * abs(left + right))
    return math.copysign(size, left) if left * right > 0.0 else 0.0


@njit()
def _emptier(k, axis, neighbour, total):
    """By how much it is emptier ahead of a node than at it along an axis [1/m2]; a wall is as full as the node beside it."""
    ahead, behind = neighbour[k, 2 * axis], neighbour[k, 2 * axis + 1]
    before = total[behind] if behind >= 0 else total[k]
    return 0.5 * (before - (total[ahead] if ahead >= 0 else total[k]))


@njit()
def _turned(along, across, emptier_along, emptier_across, walking):
    """Part along an axis of the direction in which people walk who step aside for those in their way."""
    push = along * emptier_across - across * emptier_along
    turn = min(max(walking.turning * push, -walking.aside), walking.aside)
    return (along - turn * across) / np.sqrt(1.0 + turn * turn)


@njit()
def _wish(rho, walking, pace):
    """Speed of who has room ahead: from a jam, people leave at the capacity."""
    return walking.capacity / rho if rho > walking.critical else speed_at(pace, walking.per_step, rho)[0]


@njit()
def _room(k, ratio, walking, factor, total, pace):
    """The most that a node takes in from one side in a sweep [1/m2]."""
    rho = total[k]
    flow = walking.capacity
    if rho > walking.critical:
        flow = rho * speed_at(pace, walking.per_step, rho)[0]
    # half of what is free, as people come from two sides
    return max(0.0, min(ratio * factor[k] * flow, 0.5 * (walking.jam - rho)))


@njit()
def _past(k, m, axis, sign, mine, ratio, walking, density, total, factor, toward, neighbour):
    """Part of those bound from node k to a jammed one, m, that change places with who comes out of it."""
    theirs = 0.0
    along, across = _emptier(m, axis, neighbour, total), _emptier(m, 1 - axis, neighbour, total)
    for c in range(density.shape[1]):
        if density[m, c] >= NOBODY:
            e = _turned(toward[axis, m, c], toward[1 - axis, m, c], along, across, walking)
            theirs += density[m, c] * max(0.0, -sign * e)
    return ratio * min(factor[k], factor[m]) * walking.passing * min(1.0, theirs / mine)


def _send(n, cells, axis, ratio, walking, density, total, factor, toward, neighbour, pace, out):
    """What leaves each node along an axis: positive to the east or north, negative to the west or south [1/m2]."""
    classes = density.shape[1]
    for b in prange((n + BLOCK - 1) // BLOCK):
        face, way = np.empty(classes), np.empty(classes)
        for i in range(b * BLOCK, min(n, (b + 1) * BLOCK)):
            k = cells[i]
            rho = total[k]
            if rho < NOBODY:
                for c in range(classes):
                    out[k, c] = 0.0
                continue
            ahead, behind = neighbour[k, 2 * axis], neighbour[k, 2 * axis + 1]
            along, across = _emptier(k, axis, neighbour, total), _emptier(k, 1 - axis, neighbour, total)
            # second order where people walk freely: the density at a face half a sweep later
            smooth = ahead >= 0 and behind >= 0 and rho < walking.critical
            wave = 0.0
            if smooth:
                speed, slope = speed_at(pace, walking.per_step, rho)
                wave = ratio * factor[k] * max(0.0, speed + rho * slope)
            # density of all at both faces, and of each class at that which it heads for
            up = down = bound_up = bound_down = 0.0
            for c in range(classes):
                r = density[k, c]
                way[c] = face[c] = 0.0
                if r < NOBODY:
                    up += r
                    down += r
                    continue
                e = way[c] = _turned(toward[axis, k, c], toward[1 - axis, k, c], along, across, walking)
                half = _half_slope(r - density[behind, c], density[ahead, c] - r) if smooth else 0.0
                if e > 0.0:
                    face[c] = r + (1.0 - wave * e) * half
                    up += face[c]
                    down += r - half
                    bound_up += e * face[c]
                else:
                    face[c] = r - (1.0 + wave * e) * half
                    up += r + half
                    down += face[c]
                    bound_down -= e * face[c]
            # the part that crosses: what wants to leave, at most what there is room for, at least what squeezes past
            part_up = part_down = 0.0
            walk, squeeze = ratio * factor[k], ratio * factor[k] * walking.passing
            if ahead >= 0 and bound_up > 0.0:
                part_up = min(walk * _wish(up, walking, pace), _room(ahead, ratio, walking, factor, total, pace) / up)
                if part_up < squeeze:
                    past = _past(k, ahead, axis, 1.0, bound_up, ratio, walking, density, total, factor, toward, neighbour)
                    part_up = max(part_up, past)
            if behind >= 0 and bound_down > 0.0:
                part_down = min(walk * _wish(down, walking, pace), _room(behind, ratio, walking, factor, total, pace) / down)
                if part_down < squeeze:
                    past = _past(k, behind, axis, -1.0, bound_down, ratio, walking, density, total, factor, toward, neighbour)
                    part_down = max(part_down, past)
            for c in range(classes):
                leaving = (part_up if way[c] > 0.0 else part_down) * way[c] * face[c]
                out[k, c] = min(max(leaving, -density[k, c]), density[k, c])


def _receive(n, cells, axis, neighbour, out, density, total):
    """Add up what left each node and what came."""
    classes = density.shape[1]
    for b in prange((n + BLOCK - 1) // BLOCK):
        for i in range(b * BLOCK, min(n, (b + 1) * BLOCK)):
            k = cells[i]
            ahead, behind = neighbour[k, 2 * axis], neighbour[k, 2 * axis + 1]
            rho = 0.0
            for c in range(classes):
                up = max(0.0, out[behind, c]) if behind >= 0 else 0.0
                down = max(0.0, -out[ahead, c]) if ahead >= 0 else 0.0
                # in this order, a mirrored floor has the same people to the bit
                r = (density[k, c] - abs(out[k, c])) + (up + down)
                density[k, c] = r
                rho += r
            total[k] = rho


@njit()
def pass_on(links, axis, jam, out, density, total):
    """Take what left over links that lead one way only to where they lead, as far as there is room; the rest stays where it was.

    `links` (M, 3) are node, direction and node, see `one_way`; `_receive` has taken it off the first and given it to nobody.
    """
    classes = density.shape[1]
    for i in range(links.shape[0]):
        k, direction, m = links[i]
        if direction // 2 != axis:
            continue
        sign = 1.0 if direction % 2 == 0 else -1.0
        whole = 0.0
        for c in range(classes):
            whole += max(0.0, sign * out[k, c])
        if whole > 0.0:
            part = min(1.0, max(0.0, jam - total[m]) / whole)
            for c in range(classes):
                leaving = max(0.0, sign * out[k, c])
                density[m, c] += part * leaving
                density[k, c] += (1.0 - part) * leaving
            total[m] += part * whole
            total[k] += (1.0 - part) * whole


send: tuple[Any, Any] = (njit()(_send), njit(parallel=True)(_send))
receive: tuple[Any, Any] = (njit()(_receive), njit(parallel=True)(_receive))


@njit()
def _noted(k, listed, found, count):
    """Add a node to those found, once; how many there are then."""
    if listed[k]:
        return count
    listed[k] = True
    found[count] = k
    return count + 1


@njit()
def occupied(n, cells, fixed, hops, neighbour, total, listed, out, found):
    """Nodes with people or within some hops of them, rising, of those listed before and those that always are.

    `found` gets them; what left nodes that are listed no longer is forgotten.
    """
    for i in range(n):
        listed[cells[i]] = False
    count = low = 0
    for i in range(fixed.shape[0]):
        count = _noted(fixed[i], listed, found, count)
    for i in range(n):
        if total[cells[i]] >= NOBODY:
            count = _noted(cells[i], listed, found, count)
    for _ in range(hops):
        high = count
        for i in range(low, high):
            for d in range(4):
                if neighbour[found[i], d] >= 0:
                    count = _noted(neighbour[found[i], d], listed, found, count)
        low = high
    for i in range(n):
        if not listed[cells[i]]:
            out[cells[i]] = 0.0
    count = 0
    for k in range(listed.shape[0]):
        if listed[k]:
            found[count] = k
            count += 1
    return count


@njit()
def enter(wanted, at_once, start, nodes, goal, goals, informed, ratio, area, walking, factor, pace, density, total, came):
    """Let people in at sources: at once up to the jam, otherwise as many as walk into each cell from one side."""
    for s in range(wanted.shape[0]):
        if wanted[s] <= 0.0:
            continue
        room = 0.0
        for i in range(start[s], start[s + 1]):
            k = nodes[i]
            room += max(0.0, walking.jam - total[k]) if at_once[s] else _room(k, ratio, walking, factor, total, pace)
        if room <= 0.0:
            continue
        part = min(1.0, wanted[s] / (room * area))
        for i in range(start[s], start[s + 1]):
            k = nodes[i]
            more = part * (max(0.0, walking.jam - total[k]) if at_once[s] else _room(k, ratio, walking, factor, total, pace))
            density[k, goal[s]] += more * informed
            if informed < 1.0:
                density[k, goal[s] + goals] += more * (1.0 - informed)
            total[k] += more
            came[s] += more * area


@njit()
def leave(start, nodes, most, area, density, total, left):
    """Take those who have reached their goal away, at most so many a goal, the same part of every cell."""
    goals = start.shape[0] - 1
    classes = density.shape[1]
    for g in range(goals):
        here = 0.0
        for i in range(start[g], start[g + 1]):
            for c in range(g, classes, goals):
                here += density[nodes[i], c]
        if here <= 0.0:
            continue
        part = min(1.0, most[g] / (here * area))
        for i in range(start[g], start[g + 1]):
            k = nodes[i]
            for c in range(g, classes, goals):
                gone = part * density[k, c]
                density[k, c] -= gone
                left[g] += gone * area
            rho = 0.0
            for c in range(classes):
                rho += density[k, c]
            total[k] = rho


@njit(parallel=True)
def lay_out(direction, classes, toward):
    """Directions (n, K, 2) of some classes, by axis and node: into (2, K, C)."""
    for k in prange(direction.shape[1]):
        for i in range(classes.shape[0]):
            toward[0, k, classes[i]] = direction[i, k, 0]
            toward[1, k, classes[i]] = direction[i, k, 1]


@njit(parallel=True)
def crowded_speed(empty, total, walking, pace, least, speed):
    """Speed factor of each node with those who are on it, (K,) float32, of that of the empty floor; at least some."""
    for k in prange(empty.shape[0]):
        speed[k] = max(empty[k] * speed_at(pace, walking.per_step, total[k])[0] / pace[0], least)
