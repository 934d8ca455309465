"""Fields over all tiles: which tiles are taken when, and what is read out at the end."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange
from twin.sim.crowd.eikonal import CELLS, FAR, GIVEN, open_tile, visit
from twin.sim.crowd.finishing import mark_steep, read_tile, settle
from twin.sim.crowd.joints import choose_twins, join, mark_entries, wake

_ZERO = np.float32(0.0)


class Tiles(NamedTuple):
    """The floor as tiles that hold at least one cell of it; number 0 stands for "none".

    A *slot* is a cell of a tile: number of the tile times `CELLS` plus row times `COLUMNS` plus column.

    Attributes
    ----------
    place : (N, 3) int32
        Level, row and column of each tile among the tiles.
    beside : (N, 4) int32
        Tile to the east, west, north and south; 0 for none.
    ways : (N, CELLS) uint16
        Which neighbours one can step to (bits of `twin.sim.crowd.eikonal`).
    """

    place: NDArray[np.int32]
    beside: NDArray[np.int32]
    ways: NDArray[np.uint16]


class Field(NamedTuple):
    """What solving for a goal needs: both times, ways, and which tiles are known, are due, and have news for those around.

    Attributes
    ----------
    t1, t2 : (N, CELLS) float32
    ways : (N, CELLS) uint16
    seen : (N,) uint8
    due : (N,) float32
    news : (N, 4) float32
    batch : (N,) int32
    steep : (N,) bool
    queue : (N * CELLS,) int64
    owner : (U,) int32
        Joint that gives each entry its time; -1 for none.
    """

    t1: NDArray[np.float32]
    t2: NDArray[np.float32]
    ways: NDArray[np.uint16]
    seen: NDArray[np.uint8]
    due: NDArray[np.float32]
    news: NDArray[np.float32]
    batch: NDArray[np.int32]
    steep: NDArray[np.bool_]
    queue: NDArray[np.int64]
    owner: NDArray[np.int32]


def _march(sources, tiles, slow, joints, span, threads, field, buffers, way_buffers, before):
    """One goal: from its slots to both times of all cells.

    `span` is how much further than the nearest tile that is due others may be to be taken together with it [s]. It does not
    change the result beyond rounding. Nor does the number of threads, not by a bit.
    """
    t1, t2, ways, seen, due, news, batch = field.t1, field.t2, field.ways, field.seen, field.due, field.news, field.batch
    place, beside = tiles.place, tiles.beside
    count = place.shape[0]
    seen[:] = 0
    due[:] = FAR
    field.owner[:] = -1
    for q in range(sources.shape[0]):
        if sources[q] < 0:
            continue
        k, i = sources[q] // CELLS, sources[q] % CELLS
        if slow[k, i] > _ZERO:
            open_tile(k, t1, t2, ways, seen, tiles.ways, slow)
            t1[k, i] = t2[k, i] = _ZERO
            ways[k, i] |= GIVEN
            wake(k, _ZERO, beside, due)
    while True:
        nearest = FAR
        for k in range(1, count):
            nearest = min(nearest, due[k])
        if nearest >= FAR:
            break
        end = 0
        for colour in range(2):
            begin = end
            for k in range(1, count):
                if due[k] <= nearest + span and (place[k, 1] + place[k, 2]) & 1 == colour:
                    batch[end] = k
                    end += 1
                    due[k] = FAR
            crew = min(threads, end - begin)
            for one in prange(crew):
                for q in range(begin + one, end, crew):
                    visit(batch[q], t1, t2, ways, seen, tiles.ways, slow, beside, buffers[one], way_buffers[one], before[one], news)
            for q in range(begin, end):
                for side in range(4):
                    m = beside[batch[q], side]
                    if m:
                        due[m] = min(due[m], news[batch[q], side])
        for q in range(end):
            for x in range(joints.tile_start[batch[q]], joints.tile_start[batch[q] + 1]):
                join(joints.of_tile[x], joints, field, tiles.ways, slow, beside)


def _find_steep(tiles, slow, threads, field, buffers):
    count = tiles.place.shape[0]
    for one in prange(threads):
        for k in range(1 + one, count, threads):
            mark_steep(k, field, slow, tiles.beside, buffers[one])


@njit()
def finish(tiles, slow, joints, field):
    """Make slopes of steps, and choose for each node which cell is read."""
    settle(field.steep, field, slow, tiles.beside, joints, field.queue)
    choose_twins(joints, field, tiles.beside)
    mark_entries(joints, field)


def _read(node, tiles, threads, field, buffers, time, direction):
    count = tiles.place.shape[0]
    for one in prange(threads):
        for k in range(1 + one, count, threads):
            read_tile(k, node, tiles, field, buffers[one], time, direction)


# Each for one core and for all. Parallel loops here only call: Numba takes an assignment to an array of a NamedTuple in one for
# dead, and may change the order of parallel loops and calls in one kernel.
march: tuple[Any, Any] = (njit()(_march), njit(parallel=True)(_march))
find_steep: tuple[Any, Any] = (njit()(_find_steep), njit(parallel=True)(_find_steep))
read: tuple[Any, Any] = (njit()(_read), njit(parallel=True)(_read))
