"""Ways by profile: who may use which floor and which links, on a floor made ready.

Who waits for a link stands on its entry, and somebody may be pushed to where its profile cannot go: both get a direction too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.jit import njit
from twin.sim.crowd.wayfinding import RouteGraph, Routes, Scratch, links_taken, make_scratch, solve
from twin.sim.model import Goals, Links, Rides


def profile_routes(
    graph: RouteGraph, goals: Goals, profile_speed: NDArray[np.float32] | None = None, rides: Rides | None = None,
    *, scratch: Scratch | None = None,
) -> Routes:  # fmt: skip
    """Ways of every profile on an empty floor with all doors open.

    Parameters
    ----------
    graph : RouteGraph
    goals : Goals
    profile_speed : (P, K) float32, optional
        Factor on the desired speed at each node for each profile; 0 where it cannot go. One profile with the speeds of the
        graph by default.
    rides : Rides, optional
    scratch : Scratch, optional

    Returns
    -------
    Routes
        With P * G rows: those of profile p begin at p * G.

    Raises
    ------
    ParameterError
        When shapes do not fit, or a link is not valid.
    """
    speeds = checked_speeds(graph, profile_speed)
    scratch = make_scratch(graph) if scratch is None else scratch
    count = len(goals.start) - 1
    routes = room_for(graph, len(speeds) * count)
    for p, speed in enumerate(speeds):
        out = rows_of(routes, p * count, count)
        solve(graph, goals, speed=speed, links=links_of(rides, p), out=out, scratch=scratch)
        lead(graph, speed, out, links_of(rides, p))
    return routes


def checked_speeds(graph: RouteGraph, profile_speed: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Speeds of each profile, (P, K) float32.

    Raises
    ------
    ParameterError
        When they are of another shape.
    """
    if profile_speed is None:
        return graph.speed[None]
    if profile_speed.ndim != 2 or len(profile_speed) == 0 or profile_speed.shape[1] != len(graph.speed):
        raise ParameterError(
            f"`profile_speed` has shape {profile_speed.shape}", hint=f"it is (profiles, {len(graph.speed)}): a factor a node"
        )
    return np.asarray(profile_speed, np.float32)


def room_for(graph: RouteGraph, rows: int) -> Routes:
    """Routes of so many rows, to be written to."""
    nodes = len(graph.first)
    return Routes(graph.node, graph.neighbour, np.empty((rows, nodes), np.float32), np.empty((rows, nodes, 2), np.float32))


def rows_of(routes: Routes, begin: int, count: int) -> Routes:
    """Some rows of routes, to write to."""
    rows = slice(begin, begin + count)
    return routes._replace(time=routes.time[rows], direction=routes.direction[rows])


def links_of(rides: Rides | None, profile: int) -> Links | None:
    """The links that a profile may take."""
    if rides is None or rides.allowed is None:
        return None if rides is None else rides.links
    links, keep = rides.links, rides.allowed[profile]
    of_entry, of_exit = (np.repeat(keep, np.diff(start)) for start in (links.entry_start, links.exit_start))
    starts = (np.concatenate([[0], np.cumsum(np.diff(start)[keep])]) for start in (links.entry_start, links.exit_start))
    entry_start, exit_start = starts
    return Links(entry_start, links.entry_cells[of_entry], exit_start, links.exit_cells[of_exit], links.seconds[keep])


def lead(graph: RouteGraph, speed: NDArray[np.float32], routes: Routes, links: Links | None) -> None:
    """Give a direction to who waits for a link, to its middle, and to who was pushed where its profile cannot go, out of there."""
    if links is not None and len(links.seconds):
        taken = links_taken(routes, links)
        for m in range(len(links.seconds)):
            here = slice(links.entry_start[m], links.entry_start[m + 1])
            cells = links.entry_cells[here]
            inward = cells[:, 1:].mean(axis=0) - cells[:, 1:]
            length = np.hypot(*inward.T)
            inward[length < 1.0] = 0.0
            toward = (inward[:, ::-1] * (1.0, -1.0) / np.maximum(length, 1.0)[:, None]).astype(np.float32)
            row, e = np.nonzero(taken[:, here])
            routes.direction[row, graph.node[tuple(cells[e].T)]] = toward[e]
    off = np.flatnonzero(speed == 0.0).astype(np.int32)
    if len(off):
        _point_out(off, graph.neighbour, routes.time, routes.direction)


_EAST, _NORTH = np.array([1.0, -1.0, 0.0, 0.0], np.float32), np.array([0.0, 0.0, 1.0, -1.0], np.float32)


@njit()
def _point_out(nodes, neighbour, time, direction):
    """Point each of some nodes that lead nowhere to a neighbour from which a way leads on, or that points to one."""
    for g in range(time.shape[0]):
        found = np.isfinite(time[g])
        more = True
        while more:
            more = False
            ready = found.copy()
            for k in nodes:
                if found[k]:
                    continue
                for d in range(4):
                    m = neighbour[k, d]
                    if m >= 0 and ready[m]:
                        direction[g, k, 0] = _EAST[d]
                        direction[g, k, 1] = _NORTH[d]
                        found[k] = True
                        more = True
                        break
