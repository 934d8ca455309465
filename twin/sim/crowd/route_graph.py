"""The floor as a graph: numbered nodes, their neighbours, and the tiles that times are worked out on. Made once a floor."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange
from twin.sim.crowd.eikonal import (
    CELLS,
    COLUMNS,
    EAST,
    EAST2,
    GIVEN,
    NORTH,
    NORTH2,
    ROWS,
    SOUTH,
    SOUTH2,
    WEST,
    WEST2,
)
from twin.sim.crowd.marching import Tiles
from twin.sim.model import Floor

WALL_AVERSION_M = 0.4
"""Cells nearer to a wall than this count as slower in route choice, so ways do not scrape along corners."""

LEAST_SPEED = 0.05
"""Factor on the desired speed below which nothing counts as slower [1]; 0 is impassable."""


class RouteGraph(NamedTuple):
    """A floor made ready for finding ways, again and again.

    Attributes
    ----------
    node : (L, H, W) int32
        Number of the node of each cell, -1 off the floor. The two cells of a portal have one node.
    neighbour : (K, 4) int32
        Node to the east, west, north and south; -1 where there is none or a wall is between.
    first : (K,) int32
        Number of the (first) cell of each node in ``node.ravel()``.
    speed : (K,) float32
        Factor on the desired speed with which ways are found unless another is given: that of the floor, less near walls.
    cell : float
        Side of a cell [m].
    blocked : (L, H, W) uint8
        As in `Floor`.
    tile : (L, TH, TW) int32
        Number of each tile; 0 where it holds no floor.
    tiles : Tiles
    twins : (P, 2) int64
        Slots of the two cells of each node that has two.
    """

    node: NDArray[np.int32]
    neighbour: NDArray[np.int32]
    first: NDArray[np.int32]
    speed: NDArray[np.float32]
    cell: float
    blocked: NDArray[np.uint8]
    tile: NDArray[np.int32]
    tiles: Tiles
    twins: NDArray[np.int64]


def build_graph(floor: Floor, *, wall_aversion: float = WALL_AVERSION_M) -> RouteGraph:
    """Make a floor ready for `twin.sim.crowd.wayfinding.solve`.

    Parameters
    ----------
    floor : Floor
    wall_aversion : float
        Distance to walls below which a cell counts as slower, down to 40 % at the wall [m]; 0 for pure travel times.
    """
    pairs = _pairs(floor)
    second = np.ascontiguousarray(pairs[:, 1])
    node, first = _number(floor.mask, second)
    node.reshape(-1)[second] = node.reshape(-1)[pairs[:, 0]]
    neighbour = np.empty((len(first), 4), np.int32)
    _link(node, floor.blocked, first, second, neighbour)
    speed = np.empty(len(first), np.float32)
    _speeds(floor.speed.reshape(-1), floor.distance.reshape(-1), first, wall_aversion, LEAST_SPEED, speed)
    held = _held(node, -(-node.shape[1] // ROWS), -(-node.shape[2] // COLUMNS))
    tile = np.where(held, np.cumsum(held).reshape(held.shape), 0).astype(np.int32)
    # one tile lies in another order than several, and kernels are compiled for each order that they get
    place = np.ascontiguousarray(np.concatenate([np.zeros((1, 3), np.int32), np.argwhere(held).astype(np.int32)]))
    edged = np.pad(tile, ((0, 0), (1, 1), (1, 1)))
    level, row, column = place.T
    around = [edged[level, row + 1 + down, column + 1 + right] for down, right in ((0, 1), (0, -1), (-1, 0), (1, 0))]
    beside = np.stack(around, axis=1)
    beside[0] = 0
    ways = np.empty((len(place), CELLS), np.uint16)
    open_ways[1](node, floor.blocked, place, ways)
    twins = np.stack([slots(tile, np.stack(np.unravel_index(side, node.shape), axis=1)) for side in pairs.T], axis=1)
    return RouteGraph(node, neighbour, first, speed, float(floor.cell), floor.blocked, tile, Tiles(place, beside, ways), twins)


def slots(tile: NDArray[np.int32], cells: NDArray[np.integer]) -> NDArray[np.int64]:
    """Slot of each cell (K, 3) of level, row and column: (K,) int64."""
    level, row, column = np.asarray(cells, np.int64).reshape(-1, 3).T
    number = tile[level, row // ROWS, column // COLUMNS].astype(np.int64)
    return number * CELLS + row % ROWS * COLUMNS + column % COLUMNS


def _pairs(floor: Floor) -> NDArray[np.int64]:
    """Numbers in the raveled floor of the two cells of each node that has two, that of the lower level first: (P, 2).

    In the order of the second cell: a level may share cells with two others, in rows that are the same.
    """
    cell = np.flatnonzero((floor.portal >= 0).reshape(-1) & floor.mask.reshape(-1))
    area = floor.mask.shape[1] * floor.mask.shape[2]
    level = cell // area
    portal = floor.portal.reshape(-1)[cell]
    other = floor.portal_levels[portal].sum(axis=1) - level
    partner = other * area + cell % area
    good = (other > level) & floor.mask.reshape(-1)[partner] & (floor.portal.reshape(-1)[partner] == portal)
    order = np.argsort(partner[good])
    return np.stack([cell[good][order], partner[good][order]], axis=1).astype(np.int64)


def _number(mask: NDArray[np.bool_], second: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Nodes numbered along the rows, the cells `second` (rising) left out; and the first cell of each."""
    lines = mask.reshape(-1, mask.shape[2])
    start = np.concatenate([[0], np.cumsum(np.count_nonzero(lines, axis=1))])
    start[1:] -= np.searchsorted(second, np.arange(1, len(lines) + 1) * lines.shape[1])
    node, first = np.empty(mask.shape, np.int32), np.empty(start[-1], np.int32)
    _number_lines(lines, second, start, node.reshape(lines.shape), first)
    return node, first


@njit(parallel=True)
def _number_lines(mask, second, start, node, first):
    for line in prange(mask.shape[0]):
        here, out = mask[line], node[line]
        at = line * mask.shape[1]
        k = start[line]
        s = np.searchsorted(second, at)
        for c in range(here.shape[0]):
            if s < second.shape[0] and second[s] == at + c:
                s += 1
                out[c] = -1
            elif here[c]:
                out[c] = k
                first[k] = at + c
                k += 1
            else:
                out[c] = -1


@njit(parallel=True)
def _link(node, blocked, first, second, out):
    levels, rows, columns = node.shape
    nothing = np.int32(-1)
    for line in prange(levels * rows):
        level, r = line // rows, line % rows
        here, above, below = node[level, r], node[level, max(r - 1, 0)], node[level, min(r + 1, rows - 1)]
        wall, wall_above = blocked[level, r], blocked[level, max(r - 1, 0)]
        west = nothing
        for c in range(columns):
            k = here[c]
            shut = wall[c]
            if k >= 0 and first[k] == line * columns + c:
                around = out[k]
                around[0] = nothing if c + 1 == columns or shut & 1 else here[c + 1]
                around[1] = west
                around[2] = nothing if r == 0 or wall_above[c] & 2 else above[c]
                around[3] = nothing if r + 1 == rows or shut & 2 else below[c]
            west = nothing if shut & 1 else k
    for x in range(second.shape[0]):
        # where both cells of a node have a neighbour on a side, that on the level of higher number counts
        level, r, c = second[x] // (rows * columns), second[x] // columns % rows, second[x] % columns
        around = out[node[level, r, c]]
        if c + 1 < columns and not blocked[level, r, c] & 1 and node[level, r, c + 1] >= 0:
            around[0] = node[level, r, c + 1]
        if c > 0 and not blocked[level, r, c - 1] & 1 and node[level, r, c - 1] >= 0:
            around[1] = node[level, r, c - 1]
        if r > 0 and not blocked[level, r - 1, c] & 2 and node[level, r - 1, c] >= 0:
            around[2] = node[level, r - 1, c]
        if r + 1 < rows and not blocked[level, r, c] & 2 and node[level, r + 1, c] >= 0:
            around[3] = node[level, r + 1, c]


@njit(parallel=True)
def _speeds(speed, distance, first, wall_aversion, least, out):
    for k in prange(first.shape[0]):
        factor = 1.0
        if wall_aversion > 0:
            factor = min(max(0.4 + 0.6 * distance[first[k]] / wall_aversion, 0.4), 1.0)
        out[k] = max(speed[first[k]] * factor, least)


@njit(parallel=True)
def _held(node, tile_rows, tile_columns):
    """Which tiles hold floor."""
    levels, rows, columns = node.shape
    out = np.zeros((levels, tile_rows, tile_columns), np.bool_)
    for line in prange(levels * tile_rows):
        level, i = line // tile_rows, line % tile_rows
        for r in range(i * ROWS, min(rows, (i + 1) * ROWS)):
            for c in range(columns):
                if node[level, r, c] >= 0:
                    out[level, i, c // COLUMNS] = True
    return out


def _open_ways(node, blocked, place, out):
    """Which neighbours, and which behind them, one can step to from each cell of each tile."""
    rows, columns = node.shape[1:]
    for k in prange(place.shape[0]):
        level, r0, c0 = place[k, 0], place[k, 1] * ROWS, place[k, 2] * COLUMNS
        # steps to the east of columns -2 to COLUMNS + 1 and to the south of rows -2 to ROWS + 1
        east = np.zeros((ROWS, COLUMNS + 4), np.uint8)
        south = np.zeros((ROWS + 4, COLUMNS), np.uint8)
        if k > 0:
            for i in range(ROWS):
                for j in range(COLUMNS + 4):
                    r, c = r0 + i, c0 + j - 2
                    if r < rows and c >= 0 and c + 1 < columns and not blocked[level, r, c] & 1:
                        east[i, j] = node[level, r, c] >= 0 and node[level, r, c + 1] >= 0
            for i in range(ROWS + 4):
                for j in range(COLUMNS):
                    r, c = r0 + i - 2, c0 + j
                    if c < columns and r >= 0 and r + 1 < rows and not blocked[level, r, c] & 2:
                        south[i, j] = node[level, r, c] >= 0 and node[level, r + 1, c] >= 0
        for i in range(ROWS):
            for j in range(COLUMNS):
                e, w, s, n = east[i, j + 2], east[i, j + 1], south[i + 2, j], south[i + 1, j]
                way = EAST * e + WEST * w + NORTH * n + SOUTH * s
                way += EAST2 * (e & east[i, j + 3]) + WEST2 * (w & east[i, j])
                way += NORTH2 * (n & south[i, j]) + SOUTH2 * (s & south[i + 3, j])
                r, c = r0 + i, c0 + j
                floor = k > 0 and r < rows and c < columns and node[level, r, c] >= 0
                out[k, i * COLUMNS + j] = way if floor else GIVEN


open_ways: tuple[Any, Any] = (njit()(_open_ways), njit(parallel=True)(_open_ways))
