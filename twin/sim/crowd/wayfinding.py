"""Ways to goals: one eikonal field a goal, over all levels at once.

The two cells of a portal are one node, so a field runs from the wharf up a stair onto the street without knowing about
levels. `find_routes` does everything at once. Where speeds change (people avoid jams, doors close, some cannot take stairs),
`build_graph` prepares the floor once and `solve` finds the ways again and again in the same arrays.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.jit import njit, prange
from twin.sim.crowd.eikonal import BUFFER, CELLS, COLUMNS, FAR, GIVEN, ROWS
from twin.sim.crowd.joints import check_links, make_joints
from twin.sim.crowd.marching import Field, find_steep, finish, march, read
from twin.sim.crowd.route_graph import LEAST_SPEED, WALL_AVERSION_M, RouteGraph, build_graph, open_ways, slots
from twin.sim.model import Floor, Goals, Links

__all__ = [
    "WALL_AVERSION_M",
    "RouteGraph",
    "Routes",
    "Scratch",
    "build_graph",
    "find_routes",
    "links_taken",
    "make_scratch",
    "solve",
]

SPAN = 8.0
"""Tiles that are due are taken together when their nearest cells are at most so many cells apart."""

LARGE = 400
"""Number of tiles from which all cores work on one goal when there are fewer goals than cores."""


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
        Unit vector towards the goal; zero in it, where it cannot be reached, and where the way leads into a link.
    """

    node: NDArray[np.int32]
    neighbour: NDArray[np.int32]
    time: NDArray[np.float32]
    direction: NDArray[np.float32]


class Scratch(NamedTuple):
    """Room to solve in: for as many goals at once as `field` has rows, on as many cores as `buffers` has.

    Attributes
    ----------
    slow : (N, CELLS) float32
        Time across each cell [s]; 0 for impassable and off the floor.
    total : (N, 2) float64
        Sum of it and number of cells of each tile.
    ways : (N, CELLS) uint16
        The ways of the graph less those that are closed.
    field : Field
        Each array with one row a goal.
    buffers : (T, 3, BUFFER) float32
    way_buffers : (T, BUFFER) uint16
    before : (T, 2, CELLS) float32
    """

    slow: NDArray[np.float32]
    total: NDArray[np.float64]
    ways: NDArray[np.uint16]
    field: Field
    buffers: NDArray[np.float32]
    way_buffers: NDArray[np.uint16]
    before: NDArray[np.float32]


def find_routes(floor: Floor, goals: Goals, *, wall_aversion: float = WALL_AVERSION_M, links: Links | None = None) -> Routes:
    """Solve the eikonal equation for every goal.

    Parameters
    ----------
    floor : Floor
    goals : Goals
    wall_aversion : float
        Distance to walls below which a cell counts as slower, down to 40 % at the wall [m]; 0 for pure travel times.
    links : Links, optional
        Escalators, lifts and the like.

    Raises
    ------
    ParameterError
        When a link does not stand on the floor or takes no valid time.
    """
    return solve(build_graph(floor, wall_aversion=wall_aversion), goals, links=links)


def make_scratch(graph: RouteGraph, threads: int | None = None) -> Scratch:
    """Room for `solve`; memory is taken up only where it is used.

    Parameters
    ----------
    graph : RouteGraph
    threads : int, optional
        Cores to solve on; all that Numba may use by default.
    """
    count, crew = len(graph.tiles.place), numba.get_num_threads() if threads is None else threads
    field = Field(
        np.empty((crew, count, CELLS), np.float32), np.empty((crew, count, CELLS), np.float32),
        np.empty((crew, count, CELLS), np.uint16), np.empty((crew, count), np.uint8), np.empty((crew, count), np.float32),
        np.empty((crew, count, 4), np.float32), np.empty((crew, count), np.int32), np.empty((crew, count), np.bool_),
        np.empty((crew, count * CELLS), np.int64), np.empty((crew, 0), np.int32),
    )  # fmt: skip
    buffers = np.full((crew, 3, BUFFER), FAR, np.float32)
    buffers[:, 2] = 1.0
    return Scratch(
        np.empty((count, CELLS), np.float32), np.empty((count, 2)), np.empty((count, CELLS), np.uint16), field,
        buffers, np.full((crew, BUFFER), GIVEN, np.uint16), np.empty((crew, 2, CELLS), np.float32),
    )  # fmt: skip


def solve(
    graph: RouteGraph,
    goals: Goals,
    *,
    speed: NDArray[np.floating] | None = None,
    closed: NDArray[np.uint8] | None = None,
    links: Links | None = None,
    out: Routes | None = None,
    scratch: Scratch | None = None,
) -> Routes:
    """Find the ways over a floor that is made ready, with the speeds and doors of the moment.

    Parameters
    ----------
    graph : RouteGraph
    goals : Goals
    speed : (K,) floating, optional
        Factor on the desired speed at each node; 0 is impassable, and less than 0.05 counts as 0.05. That of the graph by
        default; to slow down what the floor and its walls allow, multiply ``graph.speed``. float32 is used as it is.
    closed : (L, H, W) uint8, optional
        Steps that are closed besides those of the floor, bit by bit as in ``Floor.blocked``: doors, for example.
    links : Links, optional
    out : Routes, optional
        Of an earlier call with as many goals: its times and directions are overwritten and returned.
    scratch : Scratch, optional
        From `make_scratch` with the same graph, for one call at a time; made anew by default.

    Raises
    ------
    ParameterError
        When shapes do not fit, a speed is negative or not a number, or a link is not valid.
    """
    count, nodes = len(goals.start) - 1, len(graph.first)
    speed = graph.speed if speed is None else _checked_speed(speed, nodes)
    out = Routes(graph.node, graph.neighbour, *_room(out, count, nodes))
    scratch = make_scratch(graph) if scratch is None else scratch
    if scratch.slow.shape[0] != len(graph.tiles.place):
        raise ParameterError("the scratch is that of another floor", hint="make it by make_scratch(graph) with the same graph")
    mode = int(len(scratch.buffers) > 1)
    _slowness[mode](graph.node, graph.tiles.place, speed, graph.cell, LEAST_SPEED, scratch.slow, scratch.total)
    tiles = graph.tiles
    if closed is not None:
        if closed.shape != graph.node.shape:
            raise ParameterError(f"`closed` has shape {closed.shape}, the floor {graph.node.shape}")
        open_ways[mode](graph.node, graph.blocked | closed, tiles.place, scratch.ways)
        tiles = tiles._replace(ways=scratch.ways)
    total, cells = scratch.total.sum(axis=0)
    span = np.float32(SPAN * total / max(cells, 1.0))
    ends = [np.empty(0, np.int64)] * 2
    if links is not None:
        check_links(links, graph.node)
        ends = [slots(graph.tile, cells) for cells in (links.entry_cells, links.exit_cells)]
    joints = make_joints(graph.twins, len(tiles.place), links, *ends)
    crew = len(scratch.buffers)
    owner = np.empty((crew, int(joints.owner.max(initial=-1)) + 1), np.int32)
    fields = scratch.field._replace(owner=owner)
    start, sources = np.asarray(goals.start, np.int64), _slots_on_floor(graph, goals.cells)
    # where goals are left over when every core has had as many as the others, all cores take one together
    each = count if len(tiles.place) < LARGE else count // crew * crew
    buffers = (scratch.buffers, scratch.way_buffers, scratch.before)

    def find(g: int, lane: int, threads: int) -> None:
        mode = int(threads > 1)
        field = Field(*(array[lane] for array in fields))
        near, *others = (buffer[lane : lane + threads] for buffer in buffers)
        march[mode](sources[start[g] : start[g + 1]], tiles, scratch.slow, joints, span, threads, field, near, *others)
        find_steep[mode](tiles, scratch.slow, threads, field, near)
        finish(tiles, scratch.slow, joints, field)
        read[mode](graph.node, tiles, threads, field, near, out.time[g], out.direction[g])

    def find_some(lane: int) -> None:
        for g in range(lane, each, crew):
            find(g, lane, 1)

    if min(crew, each) == 1:
        find_some(0)
    elif each:
        with ThreadPoolExecutor(min(crew, each)) as pool:
            list(pool.map(find_some, range(min(crew, each))))
    for g in range(each, count):
        find(g, 0, crew)
    return out


def links_taken(routes: Routes, links: Links) -> NDArray[np.bool_]:
    """Whether who heads for a goal takes the link at each of its entry cells.

    Parameters
    ----------
    routes : Routes
        Found with these links.
    links : Links

    Returns
    -------
    (G, E) bool
        In the order of ``links.entry_cells``.
    """
    entry, exit_ = (routes.node[tuple(cells.T)] for cells in (links.entry_cells, links.exit_cells))
    out = np.zeros((len(routes.time), len(entry)), np.bool_)
    for m, seconds in enumerate(links.seconds.astype(np.float32)):
        here, there = slice(*links.entry_start[m : m + 2]), slice(*links.exit_start[m : m + 2])
        beyond = routes.time[:, exit_[there]].min(axis=1)[:, None] + seconds
        time = routes.time[:, entry[here]]
        out[:, here] = (time > 0.0) & np.isfinite(beyond) & (time == beyond)
    return out


def _checked_speed(speed: NDArray[np.floating], nodes: int) -> NDArray[np.float32]:
    if speed.shape != (nodes,):
        raise ParameterError(f"`speed` has shape {speed.shape}", hint=f"give one factor for each of the {nodes} nodes")
    if not (speed.min(initial=0.0) >= 0.0 and speed.max(initial=0.0) < np.inf):
        k = int(np.argmin(np.isfinite(speed) & (speed >= 0.0)))
        raise ParameterError(f"the speed at node {k} is {speed[k]}", hint="give 0 for impassable, or a positive factor")
    return np.asarray(speed, np.float32)


def _room(out: Routes | None, count: int, nodes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    if out is None:
        return np.empty((count, nodes), np.float32), np.empty((count, nodes, 2), np.float32)
    if out.time.shape != (count, nodes) or out.direction.shape != (count, nodes, 2):
        raise ParameterError(
            f"`out` is for {out.time.shape[0]} goals and {out.time.shape[1]} nodes, not {count} and {nodes}",
            hint="give what an earlier call with as many goals on the same floor returned",
        )
    return out.time, out.direction


def _slots_on_floor(graph: RouteGraph, cells: NDArray[np.int32]) -> NDArray[np.int64]:
    """Slot of each cell; -1 off the floor."""
    on_floor = graph.node[tuple(cells.reshape(-1, 3).T)] >= 0
    return np.where(on_floor, slots(graph.tile, cells), -1)


def _slow_tiles(node, place, speed, cell, least, slow, total):
    """Time across each cell of each tile, and its sum by tile."""
    rows, columns = node.shape[1:]
    for k in prange(place.shape[0]):
        level, r0, c0 = place[k, 0], place[k, 1] * ROWS, place[k, 2] * COLUMNS
        seconds, cells = 0.0, 0.0
        for i in range(ROWS):
            for j in range(COLUMNS):
                r, c = r0 + i, c0 + j
                m = node[level, r, c] if k > 0 and r < rows and c < columns else -1
                slow[k, i * COLUMNS + j] = 0.0
                if m >= 0 and speed[m] > 0:
                    slow[k, i * COLUMNS + j] = cell / max(speed[m], least)
                    seconds += slow[k, i * COLUMNS + j]
                    cells += 1.0
        total[k, 0] = seconds
        total[k, 1] = cells


_slowness: tuple[Any, Any] = (njit()(_slow_tiles), njit(parallel=True)(_slow_tiles))
