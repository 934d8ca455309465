"""Where water stands in the end: every drop runs downhill, fills depressions, and spills from those that are full.

Depressions lie in one another: two that have risen to the pass between them are one. They make a tree (Barnes, Callaghan and
Wickert 2020, doi:10.5194/esurf-8-431-2020), which is built by taking cells from low to high, as in a priority flood. Water that is
poured into a depression stays there until it is full to its pass, then runs over it into the depression on the other side; when
that is full to the pass as well, both rise together (Barnes, Callaghan and Wickert 2021, doi:10.5194/esurf-9-105-2021). The end
does not depend on the order in which water is poured. Cells have four neighbours, as in the solver beside this (`inertial`).

Cells that are equally high are told apart by their numbers, so what could run two ways runs one of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit
from twin.sim.impact.inertial import OUTSIDE, WALL, WATER

INTO_WATER, BEYOND = 0, 1
"""Numbers of the first two nodes of the tree: what runs into open water, and what leaves the area. Both are never full."""


class Standing(NamedTuple):
    """Where water stands.

    Attributes
    ----------
    depth : (R, C) float64
        [m]; 0 on walls, open water and beyond the area.
    into_water, left : float
        What ran into open water and out of the area [m of one cell].
    """

    depth: NDArray[np.float64]
    into_water: float
    left: float


def stand(z: NDArray[np.float64], kind: NDArray[np.uint8], supply: NDArray[np.float64]) -> Standing:
    """Let water run until it stands still.

    Parameters
    ----------
    z : (R, C) float64
        Height of the ground; of open water its level [m].
    kind : (R, C) uint8
        `WALL`, `WATER`, `OUTSIDE`, or anything higher for ground.
    supply : (R, C) float64
        Water that each cell gets, not below 0 [m]; on walls it is not counted.

    Returns
    -------
    Standing
    """
    flat = np.ascontiguousarray(z, dtype=np.float64).ravel()
    what = np.ascontiguousarray(kind, dtype=np.uint8).ravel()
    water = np.ascontiguousarray(supply, dtype=np.float64).ravel()
    # low cells first; of those that are equally high what takes all water comes first, so that a plain drains
    order = np.lexsort((np.arange(flat.size), what >= 3, flat))
    order = order[what[order] != WALL].astype(np.int64)
    lowest = float(flat[order[0]]) if len(order) else 0.0
    depth, gone = _stand(flat - lowest, what, water, order, z.shape[0], z.shape[1])
    return Standing(depth.reshape(z.shape), float(gone[INTO_WATER]), float(gone[BEYOND]))


@njit()
def _find(link, node):
    """Root of a node in a forest of links, which become shorter."""
    root = node
    while link[root] != root:
        root = link[root]
    while link[node] != root:
        link[node], node = root, link[node]
    return root


@njit()
def _onward(node, full, parent, sibling, over, jump):
    """The first node that is not full on the way of water from a node: over its pass, or up when both sides are full."""
    at = node
    while full[at]:
        if jump[at] != at and jump[at] != -1:
            at = jump[at]
        elif parent[at] >= 0 and full[sibling[at]]:
            at = parent[at]
        else:
            at = over[at]
    while node != at and full[node]:
        after = jump[node]
        if after == -1 or after == node:
            after = parent[node] if parent[node] >= 0 and full[sibling[node]] else over[node]
        jump[node] = at
        node = after
    return at


@njit()
def _stand(z, kind, supply, order, rows, columns):
    """As `stand`, on flat arrays; heights from the lowest cell."""
    size = len(z)
    most = 2 * size + 2
    # the tree: the pass of a node is `top`, it holds `count` cells of which the heights are `total` together
    parent, sibling, over = np.full(most, -1, np.int64), np.full(most, -1, np.int64), np.full(most, -1, np.int64)
    count, total, room = np.zeros(most, np.int64), np.zeros(most, np.float64), np.full(most, np.inf)
    link, node_of = np.arange(most), np.full(most, -1, np.int64)  # of components: a forest, and the node that each is now
    sea = np.zeros(most, np.bool_)  # whether a component reaches open water or the edge
    home, leaf, component = np.full(size, -1, np.int64), np.full(size, -1, np.int64), np.full(size, -1, np.int64)
    rank = np.full(size, size, np.int64)
    nodes, components = 2, 0
    near = np.empty(4, np.int64)
    for turn in range(len(order)):
        cell = order[turn]
        rank[cell] = turn
        row, column = cell // columns, cell % columns
        found, lowest = 0, -1
        for side in range(4):
            r = row + (side == 1) - (side == 0)
            c = column + (side == 3) - (side == 2)
            if r < 0 or r >= rows or c < 0 or c >= columns:
                continue
            other = r * columns + c
            if rank[other] < turn:
                near[found] = other
                found += 1
                if lowest < 0 or rank[other] < rank[lowest]:
                    lowest = other
        takes = kind[cell] == WATER or kind[cell] == OUTSIDE
        if takes:
            leaf[cell] = INTO_WATER if kind[cell] == WATER else BEYOND
            mine = components
            components += 1
            sea[mine] = True
            node_of[mine] = leaf[cell]
            for k in range(found):
                _drain(near[k], cell, z[cell], component, link, node_of, sea, leaf, over, room, count, total)
                link[_find(link, component[near[k]])] = mine
            component[cell] = mine
            home[cell] = leaf[cell]
            continue
        if found == 0:
            leaf[cell] = nodes
            mine = components
            components += 1
            node_of[mine] = nodes
            nodes += 1
        else:
            leaf[cell] = leaf[lowest]
            mine = _find(link, component[lowest])
            free = -1
            for k in range(found):
                if sea[_find(link, component[near[k]])] and (free < 0 or rank[near[k]] < rank[free]):
                    free = near[k]
            for k in range(found):
                other = _find(link, component[near[k]])
                if free >= 0:
                    mine = _find(link, component[free])
                    if other != mine:
                        _drain(near[k], free, z[cell], component, link, node_of, sea, leaf, over, room, count, total)
                        link[other] = mine
                elif other != mine:
                    # two depressions meet: each spills into the other, then they rise together
                    a, b = node_of[mine], node_of[other]
                    here = lowest
                    for j in range(k):
                        if _find(link, component[near[j]]) == mine and rank[near[j]] < rank[here]:
                            here = near[j]
                    over[a], over[b] = leaf[near[k]], leaf[here]
                    for one in (a, b):
                        room[one] = max(count[one] * z[cell] - total[one], 0.0)
                        parent[one] = nodes
                    sibling[a], sibling[b] = b, a
                    count[nodes], total[nodes] = count[a] + count[b], total[a] + total[b]
                    link[other] = mine
                    node_of[mine] = nodes
                    nodes += 1
        component[cell] = mine
        if not sea[mine]:
            node = node_of[mine]
            home[cell] = node
            count[node] += 1
            total[node] += z[cell]
        else:
            home[cell] = INTO_WATER  # a slope on which nothing stands
    # pour
    held, full = np.zeros(nodes), np.zeros(nodes, np.bool_)
    active = np.zeros(nodes, np.bool_)
    jump = np.full(nodes, -1, np.int64)
    into = np.zeros(nodes)
    for turn in range(len(order)):
        cell = order[turn]
        into[leaf[cell]] += supply[cell]
    for start in range(nodes):
        amount = into[start]
        node = start
        while amount > 0.0:
            node = _onward(node, full, parent, sibling, over, jump)
            if parent[node] < 0 or not full[sibling[node]] or held[node] < room[node]:
                active[node] = True
            space = room[node] - held[node]
            if amount < space:
                held[node] += amount
                break
            amount -= max(space, 0.0)
            held[node] = room[node]
            full[node] = True
            up = parent[node]
            if up >= 0 and full[sibling[node]]:
                held[up] = room[node] + room[sibling[node]]
                active[up] = True
    # which lake covers each cell, and how high it is
    lake = np.full(nodes, -1, np.int64)
    for node in range(nodes - 1, 1, -1):
        up = parent[node]
        if up >= 0 and full[node] and full[sibling[node]]:
            lake[node] = lake[up]
        elif active[node] or held[node] > 0.0:
            lake[node] = node
    wet, sunk, done = np.zeros(nodes, np.int64), np.zeros(nodes), np.zeros(nodes, np.bool_)
    for turn in range(len(order)):
        cell = order[turn]
        if home[cell] < 2 or lake[home[cell]] < 0:
            continue
        top = lake[home[cell]]
        if done[top] or (wet[top] > 0 and wet[top] * z[cell] - sunk[top] >= held[top]):
            done[top] = True
            continue
        wet[top] += 1
        sunk[top] += z[cell]
    depth = np.zeros(size)
    for turn in range(len(order)):
        cell = order[turn]
        if home[cell] < 2 or lake[home[cell]] < 0:
            continue
        top = lake[home[cell]]
        if wet[top] > 0:
            depth[cell] = max((held[top] + sunk[top]) / wet[top] - z[cell], 0.0)
    return depth, held


@njit()
def _drain(cell, to, height, component, link, node_of, sea, leaf, over, room, count, total):
    """What a cell is part of spills at a height towards another cell from which water runs away, if it did not before."""
    mine = _find(link, component[cell])
    if sea[mine]:
        return
    node = node_of[mine]
    over[node] = leaf[to]
    room[node] = max(count[node] * height - total[node], 0.0)
