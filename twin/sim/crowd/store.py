"""The arrays of who is present: room for them, sorted by cell, with lists of who is near whom."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from twin.sim.crowd.neighbours import ACROSS, find_cells, find_neighbours, reorder, sort_by_cell, stand
from twin.sim.crowd.state import BLOCK, FAR_AWAY, GONE_RADIUS, Near, Present
from twin.sim.lanes import LANES
from twin.sim.model import Floor

SKIN_M = 0.52
"""Neighbours this much beyond a person's reach are listed, so a list holds until somebody has moved half of it."""

TASKS = 4 * numba.config.NUMBA_NUM_THREADS
"""Tasks that a step of a model is shared among at most, each with its own scratch."""

_KINDS = {
    "person": "i4", "ways": "i4", "slot": "i4", "level": "i4", "stage": "i4", "node": "i4", "radius": "f4", "heading_x": "f4",
    "heading_y": "f4",
}  # fmt: skip
_SPARE = {
    "person": "spare_person", "level": "spare_level", "stage": "left_goal", "node": "number", "x": "built_x", "y": "built_y",
    "vx": "next_vx", "vy": "next_vy", "desired": "want_speed", "hold": "want_x", "radius": "body", "heading_x": "z",
    "heading_y": "clear", "ways": "spare_ways", "slot": "ask", "since": "want_y",
}  # fmt: skip
"""What a person carries, and the array that it is sorted into: one that is written anew before it is read again."""
_OTHERS = {
    "order": "i4", "bound": "i4", "standing": "u1", "by_wall": "u1", "calm": "u1", "first": "i8", "fixed": "i8", "pressure": "f4",
}  # fmt: skip


class Store:
    """Rows of `Present`.

    Parameters
    ----------
    floor : Floor
    reach : (N,) float64
        By person, the distance beyond which nobody matters to it [m].
    notes : int
        Numbers that the model notes of everybody.
    """

    def __init__(self, floor: Floor, reach: NDArray[np.float64], notes: int = 0) -> None:
        self.floor, self.reach, self._notes = floor, reach, notes
        self.n = 0
        self.tall = float(reach.max(initial=1.0)) + SKIN_M
        self.wide = self.tall / ACROSS
        self.rows = math.ceil(floor.mask.shape[1] * floor.cell / self.tall) + 1
        self.columns = math.ceil(floor.mask.shape[2] * floor.cell / self.wide) + 1
        self.start = np.zeros(self.rows * self.columns + 1, np.int32)
        self.room = 16 * BLOCK
        self.neighbour = np.zeros(0, np.int32)
        self.places, self.reals = np.zeros((0, 0), np.int64), np.zeros((0, 0), np.float32)
        self.notes = np.zeros((0, notes), np.float32)
        self.row_of = np.full(len(reach), -1, np.int64)
        self.arrays: dict[str, NDArray[Any]] = {}
        self.grow(BLOCK)

    @property
    def capacity(self) -> int:
        """Rows there is room for."""
        return len(self.arrays["x"])

    @property
    def grid(self) -> tuple[float, float, float, float, int, int]:
        """Of the cells that people are sorted by: west, north, height, width, rows and columns."""
        return self.floor.west, self.floor.north, self.tall, self.wide, self.rows, self.columns

    def grow(self, capacity: int) -> None:
        """Room for so many; keeps what is there."""
        kinds = {**_OTHERS}
        for name, spare in _SPARE.items():
            kinds[name] = kinds[spare] = _KINDS.get(name, "f8")
        for name, kind in kinds.items():
            new = np.zeros(capacity + LANES, kind)[:capacity]  # kernels load sixteen at a time, also at the end
            old = self.arrays.get(name)
            if old is not None:
                new[: len(old)] = old
            self.arrays[name] = new
        self._make_room()
        self._bind()

    def present(self) -> Present:
        """The rows as kernels get them."""
        return self._present

    def near(self) -> Near:
        """The lists as kernels get them."""
        return self._near

    def _bind(self) -> None:
        self._present = Present(self.n, *(self.arrays[name] for name in Present._fields[1:]))
        self._near = Near(
            self.arrays["first"], self.arrays["number"], self.neighbour, self.room, self.places, self.reals, self.notes
        )

    def news(self) -> tuple[float, bool]:
        """Square of the longest way anybody went since the lists were built, and whether somebody leaves or asks."""
        blocks = (self.n + BLOCK - 1) // BLOCK
        return float(self.moved2[:blocks].max()), bool(self.events[:blocks].any())

    def rows_with_news(self) -> NDArray[np.int64]:
        """Rows of the blocks in which somebody leaves or asks."""
        blocks = np.flatnonzero(self.events[: (self.n + BLOCK - 1) // BLOCK])
        rows = (BLOCK * blocks[:, None] + np.arange(BLOCK)).ravel()
        return rows[rows < self.n]

    def set_count(self, n: int) -> None:
        """Say how many rows are in use."""
        self.n = n
        self._bind()

    def _make_room(self) -> None:
        blocks = (self.capacity + BLOCK - 1) // BLOCK
        if len(self.neighbour) < blocks * self.room + LANES:
            self.neighbour = np.zeros(blocks * self.room + LANES, np.int32)
        self.used, self.events = np.zeros(blocks, np.int64), np.zeros(blocks, np.int64)
        self.moved2 = np.zeros(blocks)
        tasks, slots = min(blocks, TASKS), self.room + BLOCK * LANES
        if self.places.shape != (tasks, slots):
            self.places, self.reals = np.zeros((tasks, slots), np.int64), np.zeros((tasks, 11 * slots), np.float32)
        if len(self.notes) != self.capacity:
            self.notes = np.zeros((self.capacity, self._notes), np.float32)

    def sort(self, mode: int) -> None:
        """Pack the rows in the order of the cells, without who has left."""
        a = self.arrays
        cell = a["spare_person"]
        find_cells[mode](self.n, a["x"], a["y"], a["body"], *self.grid, cell)
        alive = int(sort_by_cell(self.n, cell, self.start, a["order"]))
        reorder[mode](alive, a["order"], *(a[name] for name in _SPARE), *(a[spare] for spare in _SPARE.values()))
        for name, spare in _SPARE.items():
            a[name], a[spare] = a[spare], a[name]
        stand[mode](
            alive, a["x"], a["y"], a["level"], a["radius"], self.floor, a["body"], a["fixed"], a["z"], a["clear"],
            a["built_x"], a["built_y"],
        )  # fmt: skip
        self.set_count(alive)

    def list_neighbours(self, mode: int) -> None:
        """Find who may matter to whom."""
        a, n = self.arrays, self.n
        while n:
            find_neighbours[mode](
                n, a["person"], a["x"], a["y"], a["fixed"], a["level"], a["z"], a["clear"], self.reach, SKIN_M, self.floor,
                *self.grid, self.start, a["first"], a["number"], self.neighbour, self.room, self.used,
            )  # fmt: skip
            most = int(self.used[: (n + BLOCK - 1) // BLOCK].max())
            if most <= self.room:
                break
            self.room = most + most // 8
            self._make_room()
        self._bind()

    def take_lists(self, room: int, neighbour: NDArray[np.int32]) -> None:
        """Have the lists of an earlier moment again."""
        self.room = room
        self._make_room()
        self.neighbour[: len(neighbour)] = neighbour
        self._bind()

    def add(self, count: int) -> slice:
        """Rows for newcomers, behind the others."""
        n = self.n
        if n + count > self.capacity:
            self.grow(max(self.capacity + self.capacity // 2, n + count))
        rows = slice(n, n + count)
        self.arrays["body"][rows] = np.float32(0.0)
        self.set_count(n + count)
        return rows

    def remove(self, rows: NDArray[np.int64]) -> None:
        """Take people out of everybody's reach; their rows go when the rows are sorted."""
        self.arrays["body"][rows] = GONE_RADIUS
        fixed, low = self.arrays["fixed"], np.int64(0xFFFFFFFF)
        fixed[rows] = (fixed[rows] & ~low) | ((fixed[rows] + FAR_AWAY) & low)
        self.arrays["left_goal"][rows] = -1
        self.row_of[self.arrays["person"][rows]] = -1

    def rows_by_person(self) -> NDArray[np.int64]:
        """Row of each person; -1 for who is not present."""
        self.index_people()
        return self.row_of

    def index_people(self) -> None:
        """Note in `row_of` the row of each person; -1 for who is not present."""
        rows = np.flatnonzero(self.arrays["body"][: self.n] != GONE_RADIUS)
        self.row_of[:] = -1
        self.row_of[self.arrays["person"][rows]] = rows

    def here(self) -> NDArray[np.int64]:
        """Rows of who is present, by person."""
        rows = np.flatnonzero(self.arrays["body"][: self.n] != GONE_RADIUS)
        found: NDArray[np.int64] = rows[np.argsort(self.arrays["person"][rows], kind="stable")]
        return found
