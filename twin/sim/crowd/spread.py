"""What people do, gathered by the cell they stand in and spread over the floor within reach. Only cells in use take part.

A person counts by a Gaussian on the cells (`DensityGrid.weights`), normalised by the floor within its reach (`reach`). So a
field times the area of the floor, summed, is the sum over the people.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit
from twin.sim.crowd.measures import DensityGrid

EVERYBODY = 0
"""Column of the number of people."""

MOVING, EAST, NORTH, SPEED, SQUARE = 1, 2, 3, 4, 5
"""Columns of those whose velocity is known: their number, and the sums of their velocity to the east and to the north [m/s],
of their speed [m/s] and of its square [m2/s2]."""

TILE = 32
"""Cells along the side of a tile: within one people are spread first along its rows, then along its columns."""

SMALLEST_SHARE = 0.1
"""A person on a sliver of floor that no cell centre sees is spread over at least this share of a cell."""


class Gathered:
    """Sums by cell over some looks at a crowd.

    Parameters
    ----------
    grid : DensityGrid
    people : int
        Everybody who may ever be seen.
    motion : bool
        Sum velocities too: a person's is its way since the look before, divided by the time between; who has just come, or was
        away, has none yet.

    Attributes
    ----------
    looks : int
    """

    def __init__(self, grid: DensityGrid, people: int, *, motion: bool) -> None:
        self.grid, self.motion, self.looks = grid, motion, 0
        self._slot = np.full(grid.area.shape, -1, np.int32)
        self._spread_slot = np.full(grid.area.shape, -1, np.int32)
        self._used = 0
        self._cells = np.zeros(0, np.int32)
        self._sums = np.zeros((0, 6 if motion else 1))
        self._last = np.full((people if motion else 0, 2), np.nan)
        self._seen, self._number = np.full(people if motion else 0, -1, np.int32), 0

    def remember(self, person: NDArray[np.int32], x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Where people are before the first look, (N,) each; local metres."""
        if self.motion:
            self._last[person, 0], self._last[person, 1], self._seen[person] = x, y, self._number

    def add(
        self, person: NDArray[np.int32], x: NDArray[np.float64], y: NDArray[np.float64], level: NDArray[np.int32], seconds: float
    ) -> None:
        """Take one look: people (N,), where they are (local metres), and the time since the look before [s]."""
        room = self._used + len(person)
        if room > len(self._cells):
            more = max(room, 2 * len(self._cells))
            self._cells = np.concatenate([self._cells, np.zeros(more - len(self._cells), np.int32)])
            self._sums = np.concatenate([self._sums, np.zeros((more - len(self._sums), self._sums.shape[1]))])
        grid = self.grid
        self._number += 1
        self._used = int(
            _gather(
                person, x, y, level, 1.0 / seconds, grid.west, grid.north, grid.cell, self._last, self._seen, self._number,
                self._slot, self._cells, self._sums, self._used,
            )
        )  # fmt: skip
        self.looks += 1

    def spread(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Spread what was gathered, and begin anew.

        Returns
        -------
        cells : (M,) int32
            Flat indices of the cells that anybody reaches, each once, tile by tile.
        fields : (M, 6) or (M, 1) float64
            The sums a square metre of floor; the columns are named in this module.
        """
        used, grid = self._used, self.grid
        cells, fields = spread_over_floor(grid, self._cells[:used], self._sums[:used], self._spread_slot)
        self._slot.ravel()[self._cells[:used]] = -1
        self._sums[:used] = 0.0
        self._used = self.looks = 0
        return cells, fields


    def state(self) -> dict[str, NDArray[Any]]:
        """What was gathered since it was last spread, as plain arrays; the order of the cells is part of it."""
        used = self._used
        return {
            "gathered_looks": np.array(self.looks), "gathered_cells": self._cells[:used].copy(),
            "gathered_sums": self._sums[:used].copy(), "gathered_last": self._last.copy(),
            "gathered_seen": self._seen.copy(), "gathered_number": np.array(self._number),
        }  # fmt: skip

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Go on from there.

        Raises
        ------
        KeyError, ValueError
            When it is not of such a grid and crowd.
        """
        cells, sums, last = state["gathered_cells"], state["gathered_sums"], state["gathered_last"]
        seen = state["gathered_seen"]
        if last.shape != self._last.shape or seen.shape != self._seen.shape or sums.shape != (len(cells), self._sums.shape[1]):
            raise ValueError("what was gathered is of another crowd")
        if len(cells) and not 0 <= cells.min() <= cells.max() < self._slot.size:
            raise ValueError("what was gathered is of another floor")
        self.looks, self._used = int(state["gathered_looks"]), len(cells)
        self._cells, self._sums, self._last = cells.astype(np.int32), sums.astype(np.float64), last.astype(np.float64)
        self._seen, self._number = seen.astype(np.int32), int(state["gathered_number"])
        self._slot.fill(-1)
        self._slot.ravel()[self._cells] = np.arange(len(cells), dtype=np.int32)


def spread_over_floor(
    grid: DensityGrid, cells: NDArray[np.int32], sums: NDArray[np.float64], slot: NDArray[np.int32] | None = None
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Spread what is known of some cells over the floor within reach.

    Parameters
    ----------
    grid : DensityGrid
    cells : (N,) int32
        Flat indices, each once.
    sums : (N, K) float64
        What is in each; the first column is positive.
    slot : (L, H, W) int32, optional
        Room to work in, -1 everywhere.

    Returns
    -------
    cells : (M,) int32
        Flat indices of the cells that are reached, each once, tile by tile.
    fields : (M, K) float64
        Each column a square metre of floor: times the area of the floor, summed, it is the sum of the column; only what is on
        a sliver of less than a tenth of a cell counts for less.
    """
    room = np.full(grid.area.shape, -1, np.int32) if slot is None else slot
    reached: NDArray[np.int32]
    fields: NDArray[np.float64]
    reached, fields = _spread(grid.area, grid.reach, grid.weights, grid.cell, cells, sums, room)
    return reached, fields


@njit()
def _gather(person, x, y, level, rate, west, north, cell, last, seen, number, slot, cells, sums, used):
    """Add each person to the sums of its cell; gives the number of cells in use. Who was away has no velocity yet."""
    _levels, rows, columns = slot.shape
    for i in range(x.shape[0]):
        c = min(max(int((x[i] - west) / cell), 0), columns - 1)
        r = min(max(int((north - y[i]) / cell), 0), rows - 1)
        s = slot[level[i], r, c]
        if s < 0:
            s = used
            used += 1
            slot[level[i], r, c] = s
            cells[s] = (level[i] * rows + r) * columns + c
        sums[s, 0] += 1.0
        if sums.shape[1] > 1:
            p = person[i]
            vx = (x[i] - last[p, 0]) * rate
            vy = (y[i] - last[p, 1]) * rate
            last[p, 0] = x[i]
            last[p, 1] = y[i]
            known = seen[p] == number - 1
            seen[p] = number
            if known and np.isfinite(vx) and np.isfinite(vy):
                square = vx * vx + vy * vy
                sums[s, 1] += 1.0
                sums[s, 2] += vx
                sums[s, 3] += vy
                sums[s, 4] += np.sqrt(square)
                sums[s, 5] += square
    return used


@njit()
def _by_tile(sources, rows, columns, across, down, levels):
    """Sources of each tile in use: the first of each, and the one after each (-1: none)."""
    head = np.full(levels * down * across, -1, np.int32)
    after = np.empty(sources.shape[0], np.int32)
    tiles = np.empty(min(head.shape[0], sources.shape[0]), np.int32)
    count = 0
    for s in range(sources.shape[0]):
        flat = sources[s]
        level = flat // (rows * columns)
        tile = (level * down + (flat // columns) % rows // TILE) * across + flat % columns // TILE
        if head[tile] < 0:
            tiles[count] = tile
            count += 1
        after[s] = head[tile]
        head[tile] = s
    return tiles[:count], head, after


@njit()
def _blur_tile(here, used, weights, along, out):
    """Separable convolution of a tile (S, S, W) into one with a margin (S + 2 K, S + 2 K, W); `along` is (S, S + 2 K, W)."""
    along[:] = 0.0
    out[:] = 0.0
    width = here.shape[2]
    for r in range(TILE):
        any_used = False
        for c in range(TILE):
            if used[r, c]:
                any_used = True
                for k in range(weights.shape[0]):
                    for j in range(width):
                        along[r, c + k, j] += here[r, c, j] * weights[k]
        if any_used:
            for k in range(weights.shape[0]):
                for c in range(along.shape[1]):
                    for j in range(width):
                        out[r + k, c, j] += along[r, c, j] * weights[k]


@njit()
def _spread(area, reach, weights, cell, sources, sums, slot):
    """Sums a square metre on every cell of floor within reach of a source; `slot` is all -1 before and after."""
    levels, rows, columns = area.shape
    taps = weights.shape[0] // 2
    width = sums.shape[1]
    smallest = SMALLEST_SHARE * cell * cell
    down, across = (rows + TILE - 1) // TILE, (columns + TILE - 1) // TILE
    tiles, head, after = _by_tile(sources, rows, columns, across, down, levels)
    side = TILE + 2 * taps
    most = min(area.size, tiles.shape[0] * side * side)
    cells = np.empty(most, np.int32)
    out = np.empty((most, width))
    count = 0
    here = np.zeros((TILE, TILE, width))
    used = np.zeros((TILE, TILE), np.bool_)
    along = np.empty((TILE, side, width))
    spread = np.empty((side, side, width))
    for tile in tiles:
        level = tile // (down * across)
        top, left = (tile // across) % down * TILE, tile % across * TILE
        s = head[tile]
        while s >= 0:
            r, c = (sources[s] // columns) % rows, sources[s] % columns
            room = max(reach[level, r, c], smallest)
            for j in range(width):
                here[r - top, c - left, j] = sums[s, j] / room
            used[r - top, c - left] = True
            s = after[s]
        _blur_tile(here, used, weights, along, spread)
        for i in range(max(0, taps - top), min(side, rows - top + taps)):
            for m in range(max(0, taps - left), min(side, columns - left + taps)):
                r, c = top - taps + i, left - taps + m
                if spread[i, m, 0] > 0.0 and area[level, r, c] > 0.0:
                    t = slot[level, r, c]
                    if t < 0:
                        t = count
                        slot[level, r, c] = t
                        cells[t] = (level * rows + r) * columns + c
                        out[t] = 0.0
                        count += 1
                    for j in range(width):
                        out[t, j] += spread[i, m, j]
        here[:] = 0.0
        used[:] = False
    for t in range(count):
        flat = cells[t]
        slot[flat // (rows * columns), (flat // columns) % rows, flat % columns] = -1
    return cells[:count].copy(), out[:count].copy()
