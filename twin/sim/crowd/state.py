"""Who is present, as a structure of arrays sorted by cell, and who is near whom.

Row i of every array is one person; rows from `n` on are room to grow. Kernels get these NamedTuples and nothing else of
the engine, so that a model is one file that knows them. Take the arrays out of them before a parallel loop, and name those
that it writes in `twin.jit.wrote` after it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit

GONE_RADIUS = np.float32(-1e6)
"""`body` of who has left since the rows were sorted: out of everybody's reach, whatever the distance."""

PER_METRE = 2.0**20
"""Fixed-point coordinates count steps of about a micrometre; their differences are exact up to 2 km apart."""

METRE = np.float32(1.0 / PER_METRE)
"""A step of fixed-point coordinates [m]."""

FAR_AWAY = np.int64(1 << 30)
"""How far to the east who has left is put, in fixed-point coordinates: 1024 m, out of everybody's reach."""

BLOCK = 64
"""People that one task looks after. The neighbours of a block stand together."""


@njit(inline="always")
def stretch_of(n: Any) -> Any:
    """People that one task looks after in a kernel that goes over them more than once: still in the core's cache the next time.

    To go once over the rows for each thing that is looked up somewhere else, a line or two of code at a time, takes half the time
    of doing everything for one person after the other: more of what is far away is fetched at once.
    """
    return min(2048, max(BLOCK, n // 16))


@njit(inline="always")
def rows_of(task: Any, size: Any, n: Any) -> Any:
    """Rows that a task looks after, of `size` people, when there are `n` people.

    Numbers without a sign: a kernel need not see for each array whether one counts from its end.
    """
    return range(np.uint64(task * size), np.uint64(min(n, (task + 1) * size)))


class Present(NamedTuple):
    """The people present.

    Attributes
    ----------
    n : int
        Rows in use.
    person : (C,) int32
        Row of `People`.
    x, y : (C,) float64
        Position [m].
    fixed : (C,) int64
        The same in steps of 1 / `PER_METRE`: x in the low half, y in the high half, both wrapped around to int32.
        Subtract the halves of two people as int32 to get the way from one to the other, exactly.
    level : (C,) int32
    stage : (C,) int32
        Row of `Stages`.
    node : (C,) int32
        Node of the floor each stands on, or stood on when it was asked last, who is calm; -1 for none.
    radius : (C,) float32
        Of the body [m].
    body : (C,) float32
        The same, or `GONE_RADIUS`.
    desired : (C,) float64
        Speed on a free flat floor [m/s].
    heading_x, heading_y : (C,) float32
        Unit vector in which each faces; zero before the first step.
    vx, vy : (C,) float64
        Velocity over the last step [m/s].
    hold : (C,) float64
        Time until which each does not walk [s].
    ways : (C,) int32
        First row of the routes that each goes by: that to goal g is row ways + g.
    slot : (C,) int32
        Place of each in a queue, as a row of `Queues.place`; -1 for who stands in none.
    since : (C,) float64
        Time since which each asks to be let through somewhere [s]; not a number for who does not.
    ask : (C,) int32
        What each asks for at the end of a step: a kind (`ASK_DOOR` and its like) and a number, see `asked`.
    bound : (C,) int32
        Goal that each is bound for now; -1 for none.
    want_x, want_y : (C,) float64
        Unit vector of the way each wants to go now; zero for who has nowhere to go.
    want_speed : (C,) float64
        Speed each would like to have now: the desired one, times that of the floor [m/s].
    standing : (C,) uint8
        1 for who stays at a place and only gives way.
    by_wall : (C,) uint8
        1 where a wall may be within reach.
    calm : (C,) uint8
        1 for who would want the same for a while.
    next_vx, next_vy : (C,) float64
        What the model writes: the velocity for the coming step [m/s].
    pressure : (C,) float32
        What a model with contact forces writes: their sum over the circumference of the body [N/m]; 0 otherwise.
    """

    n: int
    person: NDArray[np.int32]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    fixed: NDArray[np.int64]
    level: NDArray[np.int32]
    stage: NDArray[np.int32]
    node: NDArray[np.int32]
    radius: NDArray[np.float32]
    body: NDArray[np.float32]
    desired: NDArray[np.float64]
    heading_x: NDArray[np.float32]
    heading_y: NDArray[np.float32]
    vx: NDArray[np.float64]
    vy: NDArray[np.float64]
    hold: NDArray[np.float64]
    ways: NDArray[np.int32]
    slot: NDArray[np.int32]
    since: NDArray[np.float64]
    ask: NDArray[np.int32]
    bound: NDArray[np.int32]
    want_x: NDArray[np.float64]
    want_y: NDArray[np.float64]
    want_speed: NDArray[np.float64]
    standing: NDArray[np.uint8]
    by_wall: NDArray[np.uint8]
    calm: NDArray[np.uint8]
    next_vx: NDArray[np.float64]
    next_vy: NDArray[np.float64]
    pressure: NDArray[np.float32]


class Near(NamedTuple):
    """Who may matter to whom until somebody has moved half the skin.

    Attributes
    ----------
    first : (C,) int64
        Where the neighbours of each begin in `row`.
    number : (C,) int32
        How many they are.
    row : (B * R + 16,) int32
        Rows of `Present`; each block of `BLOCK` people has room for R. What stands between lists is some row as well.
    room : int
        R.
    places : (T, S) int64
        Scratch for models: a row for each of the T tasks that a step may be shared among, a slot for each neighbour of a block
        where those of everybody are rounded up to whole sixteens.
    reals : (T, 11 S) float32
        The same, eleven for each slot.
    notes : (C, K) float32
        Scratch for what a model notes of everybody before it looks at anybody's neighbours; K is what its `notes` says.
    """

    first: NDArray[np.int64]
    number: NDArray[np.int32]
    row: NDArray[np.int32]
    room: int
    places: NDArray[np.int64]
    reals: NDArray[np.float32]
    notes: NDArray[np.float32]


class Step(NamedTuple):
    """What a model is told of a step, or of one of the parts that it is taken in.

    Attributes
    ----------
    dt : float
        Time for which the velocity will hold [s].
    time : float
        When it begins [s].
    seed : int
        Of the crowd: what is drawn by lot in a model is a function of it, of the time and of the person, by `twin.rng`.
    radius : float
        Largest body radius in the crowd [m].
    alike : bool
        Whether everybody's body is of that radius. Who has left then counts by its place, a kilometre away.
    parallel : bool
        Whether to use all cores; the result must not depend on it.
    """

    dt: float
    time: float
    seed: int
    radius: float
    alike: bool
    parallel: bool


class Tiles(NamedTuple):
    """What a cell of the floor asks of who walks over it, so that most steps look at one byte.

    Attributes
    ----------
    node : (L, H, W) int32
        Number of the node of each cell, -1 off the floor.
    kind : (L, H, W) uint8
        Sum of `FLOOR` and the other flags.
    """

    node: NDArray[np.int32]
    kind: NDArray[np.uint8]


FLOOR = 1
"""The centre of the cell is floor."""
SMOOTH = 2
"""This cell and those to the east, south and south-east are floor with no wall between them, and numbered in rows."""
WALL = 4
"""A wall may be within reach of a person in the cell."""
PORTAL = 8
"""The cell belongs to two levels, or lies beside one that does."""
SLOW = 16
"""The floor has a speed factor other than 1."""
GOAL = 32
"""The cell belongs to some goal."""
LINE = 64
"""A step from here may cross a line at which people are counted, or a gate."""
LINK = 128
"""In the cell people step onto an escalator or into a lift."""
OPEN = FLOOR | SMOOTH | LINE
"""Kind of a cell with nothing to it that changes a way, with `SMOOTH`, which says of its neighbours to the south and east too, and
with `LINE`: where people are counted they walk as they would."""

ASK_LEAVE, ASK_DOOR, ASK_QUEUE, ASK_CHOICE, ASK_LINK = 1, 2, 3, 4, 5
"""What somebody may ask for: an exit, a door, a queue, a choice or a link of a number; ``ask = 8 * number + kind``."""
