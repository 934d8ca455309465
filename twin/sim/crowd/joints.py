"""Jumps between places that do not adjoin: the two cells of a node on two levels, and links such as lifts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.jit import njit
from twin.sim.crowd.eikonal import CELLS, COLUMNS, EDGE, FAR, GIVEN, ROWS, SKIP, open_tile
from twin.sim.model import Links

_ZERO = np.float32(0.0)


class Joints(NamedTuple):
    """From entries to exits in no more than some seconds: pairs of cells that are one node, and links.

    Joints 2 p and 2 p + 1 lead from the second cell of pair p to its first one and back.

    Attributes
    ----------
    pairs : int
    exit_start, entry_start : (J + 1,) int64
        First row of `exits` and `entries` of each joint.
    exits, entries : (X,) int64 and (E,) int64
        Slots.
    owner : (E,) int32
        Number of each entry's slot among all slots that are entries.
    seconds : (J,) float32
        [s]
    tile_start : (N + 1,) int64
        First row of `of_tile` of each tile.
    of_tile : (T,) int32
        Joints with an entry or exit in each tile.
    """

    pairs: int
    exit_start: NDArray[np.int64]
    exits: NDArray[np.int64]
    entry_start: NDArray[np.int64]
    entries: NDArray[np.int64]
    owner: NDArray[np.int32]
    seconds: NDArray[np.float32]
    tile_start: NDArray[np.int64]
    of_tile: NDArray[np.int32]


def make_joints(
    twins: NDArray[np.int64], tiles: int, links: Links | None, entries: NDArray[np.int64], exits: NDArray[np.int64]
) -> Joints:
    """Join the two cells of each node that has two, and the cells of links.

    Parameters
    ----------
    twins : (P, 2) int64
        Slots of both cells.
    tiles : int
        Number of tiles.
    links : Links or None
    entries, exits : (E,) int64 and (X,) int64
        Slots of the cells of the links.
    """
    pairs = len(twins)
    exit_start = entry_start = np.arange(2 * pairs + 1)
    seconds = np.zeros(2 * pairs, np.float32)
    exits = np.concatenate([twins.reshape(-1), exits])
    entries = np.concatenate([twins[:, ::-1].reshape(-1), entries])
    if links is not None:
        exit_start = np.concatenate([exit_start, exit_start[-1] + links.exit_start[1:]])
        entry_start = np.concatenate([entry_start, entry_start[-1] + links.entry_start[1:]])
        seconds = np.concatenate([seconds, links.seconds.astype(np.float32)])
    owner = np.unique(entries, return_inverse=True)[1].astype(np.int32)
    joint = np.concatenate([np.repeat(np.arange(len(seconds)), np.diff(start)) for start in (exit_start, entry_start)])
    both = np.unique(np.stack([np.concatenate([exits, entries]) // CELLS, joint]), axis=1)
    tile_start = np.searchsorted(both[0], np.arange(tiles + 1)).astype(np.int64)
    return Joints(
        pairs, exit_start.astype(np.int64), exits, entry_start.astype(np.int64), entries, owner, seconds, tile_start,
        both[1].astype(np.int32),
    )  # fmt: skip


def check_links(links: Links, node: NDArray[np.int32]) -> None:
    """Refuse links that do not lead from floor to floor in a valid time.

    Raises
    ------
    ParameterError
        With the link and what is wrong with it.
    """
    count = len(links.seconds)
    for name, start, cells in (
        ("entry", links.entry_start, links.entry_cells),
        ("exit", links.exit_start, links.exit_cells),
    ):
        if len(start) != count + 1 or start[0] != 0 or start[-1] != len(cells) or (np.diff(start) < 1).any():
            raise ParameterError(
                f"`{name}_start` of the links does not divide their {name} cells", hint=f"each link has its {name} cells"
            )
        inside: NDArray[np.bool_] = np.all((cells >= 0) & (cells < node.shape), axis=1)
        inside[inside] = node[tuple(cells[inside].T)] >= 0
        if not inside.all():
            x = int(np.argmin(inside))
            m = int(np.searchsorted(start, x, side="right")) - 1
            raise ParameterError(
                f"{name} cell {tuple(cells[x].tolist())} of link {m} is not on the floor",
                hint="a link leads from floor to floor: give cells (level, row, column) that people can stand on",
            )
    wrong = ~(np.isfinite(links.seconds) & (links.seconds >= 0))
    if wrong.any():
        m = int(np.argmax(wrong))
        raise ParameterError(f"link {m} takes {links.seconds[m]} s", hint="give the seconds that it takes, 0 or more")


@njit()
def wake(k, now, beside, due):
    """A cell of tile k has another time: it and those around it have to look."""
    due[k] = min(due[k], now)
    for side in range(4):
        m = beside[k, side]
        if m:
            due[m] = min(due[m], now)


@njit()
def join(j, joints, field, graph_ways, slow, beside):
    """Bring the entries of a joint up to date with its exits."""
    t1, t2, ways, seen = field.t1, field.t2, field.ways, field.seen
    low = FAR
    for x in range(joints.exit_start[j], joints.exit_start[j + 1]):
        k, i = joints.exits[x] // CELLS, joints.exits[x] % CELLS
        if seen[k]:
            low = min(low, t1[k, i])
    if low >= FAR:
        return
    first = low + joints.seconds[j]
    second = FAR
    for x in range(joints.exit_start[j], joints.exit_start[j + 1]):
        k, i = joints.exits[x] // CELLS, joints.exits[x] % CELLS
        # an exit that may itself be reached through the entries does not count, so times depend on each other in one order
        if seen[k] and (t1[k, i] < first or t1[k, i] == low):
            second = min(second, t2[k, i])
    second += joints.seconds[j]
    for x in range(joints.entry_start[j], joints.entry_start[j + 1]):
        k, i, o = joints.entries[x] // CELLS, joints.entries[x] % CELLS, joints.owner[x]
        if not slow[k, i] > _ZERO:
            continue
        open_tile(k, t1, t2, ways, seen, graph_ways, slow)
        if first < t1[k, i]:
            t1[k, i], t2[k, i] = first, second
            ways[k, i] |= GIVEN
            field.owner[o] = j
            wake(k, first, beside, field.due)
        elif field.owner[o] == j and first > t1[k, i]:
            ways[k, i] &= ~GIVEN
            field.owner[o] = -1
            wake(k, t1[k, i], beside, field.due)
        elif field.owner[o] == j and second != t2[k, i]:
            t2[k, i] = second
            wake(k, first, beside, field.due)


@njit()
def _over(j, joints, field):
    """Least time to the goal over the exits of a joint and through it."""
    low = FAR
    for x in range(joints.exit_start[j], joints.exit_start[j + 1]):
        k, i = joints.exits[x] // CELLS, joints.exits[x] % CELLS
        if field.seen[k]:
            low = min(low, field.t2[k, i])
    return low + joints.seconds[j]


@njit()
def lower(j, joints, field):
    """Lower the entries of a joint to what its exits allow; whether any was."""
    now, lowered = _over(j, joints, field), False
    for x in range(joints.entry_start[j], joints.entry_start[j + 1]):
        k, i = joints.entries[x] // CELLS, joints.entries[x] % CELLS
        if field.seen[k] and now < field.t2[k, i]:
            field.t2[k, i] = now
            lowered = True
    return lowered


@njit()
def next_slot(slot, side, field, beside):
    """The neighbour of a cell on a side; -1 where there is none or nothing was touched."""
    k, i = slot // CELLS, slot % CELLS
    if not field.seen[k] or not field.ways[k, i] & (1 << side):
        return -1
    r, c = i // COLUMNS, i % COLUMNS
    if (c + 1 < COLUMNS, c > 0, r > 0, r + 1 < ROWS)[side]:
        return slot + (1, -1, -COLUMNS, COLUMNS)[side]
    m = beside[k, side]
    return np.int64(m) * CELLS + EDGE[side, 2, r if side < 2 else c] if field.seen[m] else -1


@njit()
def _least_around(slot, field, beside):
    """Least time of the neighbours of a cell."""
    low = FAR
    for side in range(4):
        other = next_slot(slot, side, field, beside)
        if other >= 0:
            low = min(low, field.t2[other // CELLS, other % CELLS])
    return low


@njit()
def choose_twins(joints, field, beside):
    """Of the two cells of a node, the one from which the way goes on is read."""
    for p in range(joints.pairs):
        first, second = joints.entries[joints.entry_start[2 * p + 1]], joints.entries[joints.entry_start[2 * p]]
        other = second if _least_around(first, field, beside) <= _least_around(second, field, beside) else first
        field.ways[other // CELLS, other % CELLS] |= SKIP


@njit()
def mark_entries(joints, field):
    """Cells from which the way leads into a link are given their time; all others have one of their own."""
    for x in range(joints.entries.shape[0]):
        field.ways[joints.entries[x] // CELLS, joints.entries[x] % CELLS] &= ~GIVEN
    for j in range(2 * joints.pairs, joints.seconds.shape[0]):
        now = _over(j, joints, field)
        for x in range(joints.entry_start[j], joints.entry_start[j + 1]):
            k, i = joints.entries[x] // CELLS, joints.entries[x] % CELLS
            if field.seen[k] and now < FAR and field.t2[k, i] == now:
                field.ways[k, i] |= GIVEN
