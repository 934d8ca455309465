"""What a simulation is made of: arrays in NamedTuples, nothing that knows a file or a geometry library.

All coordinates are local metres (relative to the origin of the city), x east and y north. Rasters of the
floor are stacked by level, ``(L, H, W)``, with row 0 in the north as in `twin.grid.GridSpec`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Floor(NamedTuple):
    """The floor people stand on: levels stacked on one grid.

    Two levels share the cells of a *portal* (the upper end of a stair): a person in such a cell is at
    the same place and height on both, and goes on along the one its way leads over.

    Attributes
    ----------
    west, north : float
        Outer corner of cell (0, 0) [m].
    cell : float
        Side of a cell [m].
    mask : (L, H, W) bool
        True where the centre of the cell is floor.
    distance : (L, H, W) float32
        Exact signed distance from the centre of the cell to the nearest wall, positive on the floor, capped [m].
    height : (L, H, W) float32
        Height of the floor in the vertical datum; 0 off the floor [m].
    speed : (L, H, W) float32
        Factor on the desired speed (1 on the flat).
    portal : (L, H, W) int16
        Row of `portal_levels` and `portal_up` that the cell belongs to; -1 for most.
    portal_levels : (P, 2) int32
        Lower and upper level of each portal.
    portal_up : (P, 2) float64
        Unit vector in plan that points up the stair.
    blocked : (L, H, W) uint8
        Bit 1: a wall lies between the centre of the cell and that of its eastern neighbour; bit 2: of its southern one.
    walls : (S, 6) float64
        Wall segments x0, y0, x1, y1 [m] and the direction of the segment that ends where this one starts (0, 0 when
        none does), so that a corner counts once. Sorted by bucket: a segment stands in each bucket it comes near.
    wall_start : (L * BH * BW + 1,) int64
        First row of `walls` of each bucket; bucket (l, r, c) is number (l * BH + r) * BW + c.
    bucket : float
        Side of a bucket [m]; bucket (0, 0) has its outer corner at (west, north).
    bucket_reach : float
        A bucket lists every segment within this distance of any point in it [m].
    bucket_rows, bucket_columns : int
        BH and BW.
    sloping : (L, H, W) int16
        Row of `slopes` that a cell whose `speed` is not 1 lies on; -1 for none. Empty when there are no slopes.
    slopes : (T, 2) float64
        How the speed changes with the direction of walking: it is multiplied by 1 plus the product of this vector with the
        unit vector of the way.
    """

    west: float
    north: float
    cell: float
    mask: NDArray[np.bool_]
    distance: NDArray[np.float32]
    height: NDArray[np.float32]
    speed: NDArray[np.float32]
    portal: NDArray[np.int16]
    portal_levels: NDArray[np.int32]
    portal_up: NDArray[np.float64]
    blocked: NDArray[np.uint8]
    walls: NDArray[np.float64]
    wall_start: NDArray[np.int64]
    bucket: float
    bucket_reach: float
    bucket_rows: int
    bucket_columns: int
    sloping: NDArray[np.int16]
    slopes: NDArray[np.float64]


class Goals(NamedTuple):
    """Where people can head for: exits, waypoints and zones, as sets of cells.

    Attributes
    ----------
    start : (G + 1,) int64
        First row of `cells` of each goal.
    cells : (K, 3) int32
        Level, row and column of each cell of each goal.
    """

    start: NDArray[np.int64]
    cells: NDArray[np.int32]


class Links(NamedTuple):
    """Ways that are not walked: escalators, lifts, moving walks. Each leads one way; a lift up and down is two.

    Who steps on any entry cell is on the best of the exit cells after some seconds.

    Attributes
    ----------
    entry_start : (M + 1,) int64
        First row of `entry_cells` of each link.
    entry_cells : (E, 3) int32
        Level, row and column of each entry cell of each link.
    exit_start : (M + 1,) int64
        First row of `exit_cells` of each link.
    exit_cells : (X, 3) int32
        Level, row and column of each exit cell of each link.
    seconds : (M,) float64
        From entry to exit, with the usual wait [s].
    """

    entry_start: NDArray[np.int64]
    entry_cells: NDArray[np.int32]
    exit_start: NDArray[np.int64]
    exit_cells: NDArray[np.int32]
    seconds: NDArray[np.float64]


STAGE_END = -1
STAGE_PASS = 0
STAGE_STAY = 1
STAGE_LEAVE = 2
STAGE_QUEUE = 3
STAGE_CHOOSE = 4


class Journeys(NamedTuple):
    """Sequences of stages; a person follows one.

    Attributes
    ----------
    goal : (J, K) int32
        Goal of each stage; row of `Queues` for a queue, of `Choices` for a choice; -1 past the end.
    kind : (J, K) int8
        `STAGE_PASS` (go on as soon as it is reached), `STAGE_STAY` (remain there until `until`), `STAGE_LEAVE`
        (be removed), `STAGE_QUEUE` (stand in line until served), `STAGE_CHOOSE` (go on with another journey),
        `STAGE_END` past the end.
    until : (J, K) float64
        Time at which a stay ends [s]; a person that is still under way then goes on to the next stage.
    wait : (J, K) float64, optional
        How long each stands still where it has passed [s]; 0 by default.
    """

    goal: NDArray[np.int32]
    kind: NDArray[np.int8]
    until: NDArray[np.float64]
    wait: NDArray[np.float64] | None = None


CHOOSE_WEIGHTED = 0
CHOOSE_LEAST_CROWDED = 1
CHOOSE_NEAREST = 2


class Choices(NamedTuple):
    """Forks: which journey somebody goes on with.

    Attributes
    ----------
    rule : (C,) int8
        `CHOOSE_WEIGHTED` (by lot, in proportion to the weights), `CHOOSE_LEAST_CROWDED` (where fewest people are bound for,
        relative to the weights), `CHOOSE_NEAREST` (least time on foot). Journeys that begin at a closed exit do not count
        while another is open; who is on its way to an exit that closes chooses again.
    start : (C + 1,) int64
        First row of `journey` and `weight` of each choice.
    journey : (K,) int32
        Journeys there are to choose from.
    weight : (K,) float64
    """

    rule: NDArray[np.int8]
    start: NDArray[np.int64]
    journey: NDArray[np.int32]
    weight: NDArray[np.float64]


class Hours(NamedTuple):
    """When something is open, and how many it lets through.

    Attributes
    ----------
    per_s : (M,) float64
        People a second; inf for as many as come.
    opens, closes : (M, I) float64
        Intervals in which each is open [s]; NaN where there are fewer.
    """

    per_s: NDArray[np.float64]
    opens: NDArray[np.float64]
    closes: NDArray[np.float64]


class Rides(NamedTuple):
    """What carries people over links: escalators without pause, lifts every so often.

    Attributes
    ----------
    links : Links
        Where they are; ``links.seconds`` is with the usual wait, and is what ways are found with.
    ride_s : (M,) float64
        From stepping on to stepping off [s].
    per_s : (M,) float64
        People a second that step onto what runs without pause; inf for as many as come.
    every_s : (M,) float64
        Time between departures of what takes people together, 0 for what runs without pause [s].
    seats : (M,) int32
        People that it takes together.
    allowed : (P, M) bool, optional
        Which of them each profile may take; all by default.
    """

    links: Links
    ride_s: NDArray[np.float64]
    per_s: NDArray[np.float64]
    every_s: NDArray[np.float64]
    seats: NDArray[np.int32]
    allowed: NDArray[np.bool_] | None = None


class Doors(NamedTuple):
    """Doors, gates and turnstiles on the floor.

    Attributes
    ----------
    line : (M, 4) float64
        x0, y0, x1, y1 of each; nobody passes the line while the door is closed [m].
    level : (M,) int32
    hours : Hours
    """

    line: NDArray[np.float64]
    level: NDArray[np.int32]
    hours: Hours


class Queues(NamedTuple):
    """Lines in which people stand until they are served.

    Attributes
    ----------
    goal : (Q,) int32
        Where each queue is joined: its goal.
    start : (Q + 1,) int64
        First row of `place` of each queue.
    place : (P, 2) float64
        Places from the counter backwards [m]; who finds them all taken waits at the last.
    servers : (Q,) int32
        People served at once.
    service_s : (Q,) float64
        Mean time of service [s].
    spread : (Q,) float64
        Coefficient of variation of the times of service: 0 for the same time for all, 1 for exponential ones; between, the
        nearest of Erlang's distributions.
    """

    goal: NDArray[np.int32]
    start: NDArray[np.int64]
    place: NDArray[np.float64]
    servers: NDArray[np.int32]
    service_s: NDArray[np.float64]
    spread: NDArray[np.float64]


class People(NamedTuple):
    """Everybody who will take part, in the order in which they enter.

    Attributes
    ----------
    x, y : (N,) float64
        Where each is put [m].
    level : (N,) int32
        Level each is put on.
    start : (N,) float64
        Time at which each enters, rising [s]. Who finds the place taken waits until it is free.
    journey : (N,) int32
        Row of `Journeys`.
    desired_speed : (N,) float64
        Speed on a free flat floor [m/s].
    radius : (N,) float64
        Body radius [m].
    go : (N,) float64, optional
        Time until which each stays where it has entered [s]: the pre-movement time. 0 by default.
    group : (N,) int32, optional
        Number of the group each walks with; -1 for nobody, which is the default.
    profile : (N,) int32, optional
        Which ways each may take: row of the profiles that the routes were found for; 0 by default.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    level: NDArray[np.int32]
    start: NDArray[np.float64]
    journey: NDArray[np.int32]
    desired_speed: NDArray[np.float64]
    radius: NDArray[np.float64]
    go: NDArray[np.float64] | None = None
    group: NDArray[np.int32] | None = None
    profile: NDArray[np.int32] | None = None


class Snapshot(NamedTuple):
    """The people present at one moment, ordered by id.

    Attributes
    ----------
    time : float
        [s]
    id : (M,) int32
        Row of `People`.
    x, y, z : (M,) float64
        Position in local metres, height in the vertical datum [m].
    level : (M,) int32
    speed : (M,) float64
        Actual speed over the last step [m/s].
    pressure : (M,) float32, optional
        Sum of the normal contact forces on each at the last look at them, over the circumference of the body [N/m]; 0 by
        models without contact forces.
    """

    time: float
    id: NDArray[np.int32]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    z: NDArray[np.float64]
    level: NDArray[np.int32]
    speed: NDArray[np.float64]
    pressure: NDArray[np.float32] | None = None
