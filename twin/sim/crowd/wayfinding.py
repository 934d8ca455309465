"""Ways to goals: one eikonal field a goal, over all levels at once.

The floor is a graph of cells with four neighbours; the two cells of a portal are one node, so a field runs
from the wharf up a stair onto the street without knowing about levels. On that graph the eikonal equation
|grad T| = 1 / speed is solved by fast marching (Sethian 1996, doi:10.1073/pnas.93.4.1591) with second-order
upwind differences where two accepted cells lie in line, and first-order ones elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange
from twin.sim.model import Floor, Goals

WALL_AVERSION_M = 0.4
"""Cells nearer to a wall than this count as slower in route choice, so ways do not scrape along corners."""


class Routes(NamedTuple):
    """The way to every goal.

    Attributes
    ----------
    node : (L, H, W) int32
        Number of the node of each cell, -1 off the floor. The two cells of a portal have one node.
    neighbour : (K, 4) int32
        Node to the east, west, north and south; -1 where there is none or a wall is between.
    time : (G, K) float32
        Travel time to each goal at 1 m/s on the flat [s]; inf where it cannot be reached, 0 in it.
    direction : (G, K, 2) float32
        Unit vector towards the goal; zero in it and where it cannot be reached.
    """

    node: NDArray[np.int32]
    neighbour: NDArray[np.int32]
    time: NDArray[np.float32]
    direction: NDArray[np.float32]


def find_routes(floor: Floor, goals: Goals, *, wall_aversion: float = WALL_AVERSION_M) -> Routes:
    """Solve the eikonal equation for every goal.

    Parameters
    ----------
    floor : Floor
    goals : Goals
    wall_aversion : float
        Distance to walls below which a cell counts as slower, down to 40 % at the wall [m]; 0 for pure travel times.
    """
    node, first = _number_nodes(floor.mask, floor.portal, floor.portal_levels)
    neighbour = _link(node, floor.blocked, len(first), floor.portal, floor.portal_levels)
    slow = floor.speed.astype(np.float64)
    if wall_aversion > 0:
        slow = slow * np.clip(0.4 + 0.6 * floor.distance / wall_aversion, 0.4, 1.0)
    slowness = 1.0 / np.maximum(slow.reshape(-1)[first], 0.05)
    count = len(goals.start) - 1
    sources = node[goals.cells[:, 0], goals.cells[:, 1], goals.cells[:, 2]] if len(goals.cells) else np.empty(0, np.int32)
    time = np.full((count, len(first)), np.inf, np.float32)
    direction = np.zeros((count, len(first), 2), np.float32)
    _march(neighbour, slowness * floor.cell, goals.start, sources.astype(np.int32), time, direction)
    return Routes(node, neighbour, time, direction)


@njit()
def _number_nodes(mask, portal, portal_levels):
    levels, rows, columns = mask.shape
    node = np.full(mask.shape, -1, np.int32)
    first = np.empty(mask.size, np.int64)
    count = 0
    for level in range(levels):
        for r in range(rows):
            for c in range(columns):
                if not mask[level, r, c] or node[level, r, c] >= 0:
                    continue
                node[level, r, c] = count
                p = portal[level, r, c]
                if p >= 0:
                    other = portal_levels[p, 0] + portal_levels[p, 1] - level
                    if mask[other, r, c] and portal[other, r, c] == p:
                        node[other, r, c] = count
                first[count] = (level * rows + r) * columns + c
                count += 1
    return node, first[:count].copy()


@njit()
def _link(node, blocked, count, portal, portal_levels):
    levels, rows, columns = node.shape
    out = np.full((count, 4), -1, np.int32)
    for level in range(levels):
        for r in range(rows):
            for c in range(columns):
                k = node[level, r, c]
                if k < 0:
                    continue
                if c + 1 < columns and not blocked[level, r, c] & 1:
                    m = node[level, r, c + 1]
                    if m >= 0:
                        out[k, 0] = m
                        out[m, 1] = k
                if r + 1 < rows and not blocked[level, r, c] & 2:
                    m = node[level, r + 1, c]
                    if m >= 0:
                        out[k, 3] = m
                        out[m, 2] = k
    return out


@njit()
def _sift_up(heap, place, key, i):
    k = heap[i]
    while i > 0:
        parent = (i - 1) >> 1
        if key[heap[parent]] <= key[k]:
            break
        heap[i] = heap[parent]
        place[heap[i]] = i
        i = parent
    heap[i] = k
    place[k] = i


@njit()
def _sift_down(heap, place, key, size):
    k = heap[0]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and key[heap[child + 1]] < key[heap[child]]:
            child += 1
        if key[heap[child]] >= key[k]:
            break
        heap[i] = heap[child]
        place[heap[i]] = i
        i = child
    heap[i] = k
    place[k] = i


@njit()
def _solve(k, neighbour, time, done, step):
    """Upwind solution at node k from its accepted neighbours."""
    best = np.inf
    for order in (2, 1):
        a = b = c = 0.0
        lowest, highest = np.inf, 0.0
        for axis in range(2):
            t1 = np.inf
            t2 = np.inf
            for side in range(2):
                d = 2 * axis + side
                m = neighbour[k, d]
                if m >= 0 and done[m] and time[m] <= t1:
                    if time[m] < t1:
                        t2 = np.inf
                    t1 = time[m]
                    q = neighbour[m, d]
                    if order == 2 and q >= 0 and done[q] and time[q] <= t1:
                        t2 = min(t2, time[q])
            if t1 == np.inf:
                continue
            lowest = min(lowest, t1)
            highest = max(highest, t1)
            weight, value = 1.0, t1
            if t2 < np.inf:
                weight, value = 2.25, (4.0 * t1 - t2) / 3.0
            a += weight
            b += weight * value
            c += weight * value * value
        if a == 0.0:
            return np.inf
        root = b * b - a * (c - step * step)
        if root >= 0.0:
            best = (b + np.sqrt(root)) / a
            if best >= highest:
                return best
        best = lowest + step
    return best


@njit()
def _march_one(neighbour, step, sources, out_time, out_direction):
    count = neighbour.shape[0]
    time = np.full(count, np.inf)
    done = np.zeros(count, np.bool_)
    heap = np.empty(count, np.int32)
    place = np.full(count, -1, np.int32)
    size = 0
    for s in range(sources.shape[0]):
        k = sources[s]
        if k >= 0 and place[k] < 0:
            time[k] = 0.0
            heap[size] = k
            place[k] = size
            size += 1
    front = np.empty(count, np.int32)
    while size > 0:
        # all that are equally near are accepted before any of them passes its time on: otherwise their order in the heap
        # would decide which differences are of second order, and a mirrored floor would not have mirrored times
        now = time[heap[0]]
        last = 0
        while size > 0 and time[heap[0]] == now:
            k = heap[0]
            size -= 1
            if size > 0:
                heap[0] = heap[size]
                _sift_down(heap, place, time, size)
            done[k] = True
            front[last] = k
            last += 1
        for f in range(last):
            k = front[f]
            for d in range(4):
                m = neighbour[k, d]
                if m < 0 or done[m]:
                    continue
                t = _solve(m, neighbour, time, done, step[m])
                if t < time[m]:
                    time[m] = t
                    if place[m] < 0:
                        heap[size] = m
                        place[m] = size
                        size += 1
                    _sift_up(heap, place, time, place[m])
    for k in range(count):
        out_time[k] = time[k]
        if time[k] == np.inf or time[k] == 0.0:
            continue
        gx = gy = 0.0
        for axis in range(2):
            low = time[k]
            sign = 0.0
            for side in range(2):
                m = neighbour[k, 2 * axis + side]
                if m >= 0 and time[m] < low:
                    low = time[m]
                    sign = 1.0 - 2.0 * side
            if axis == 0:
                gx = sign * (time[k] - low)
            else:
                gy = sign * (time[k] - low)
        norm = np.sqrt(gx * gx + gy * gy)
        if norm > 0.0:
            out_direction[k, 0] = gx / norm
            out_direction[k, 1] = gy / norm


@njit(parallel=True)
def _march(neighbour, step, start, sources, time, direction):
    for g in prange(start.shape[0] - 1):
        _march_one(neighbour, step, sources[start[g] : start[g + 1]], time[g], direction[g])
