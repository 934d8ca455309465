"""The ways of a crowd while it walks: by profile, for who knows of jams and who does not, past doors that are shut.

The routes of a crowd are rows of times and directions by set and goal. A set is a profile (who may use what) and, where some
people know of jams, each profile once more with the speeds of the moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.sim.crowd.fundamental_diagram import FundamentalDiagram
from twin.sim.crowd.measures import density_grid
from twin.sim.crowd.profiles import checked_speeds, lead, links_of, profile_routes, room_for, rows_of
from twin.sim.crowd.spread import spread_over_floor
from twin.sim.crowd.wayfinding import RouteGraph, Routes, Scratch, build_graph, links_taken, make_scratch, solve
from twin.sim.floor import edges_across
from twin.sim.model import Doors, Floor, Goals, Rides

if TYPE_CHECKING:
    from twin.sim.crowd.engine import Crowd

JAM_CELL_M = 1.0
"""Density that people avoid is judged on cells of about this size [m]."""

SLOWEST = 0.1
"""Nobody believes a jam to be slower than this part of the free speed."""


class Ways:
    """Routes for everybody. Person i goes by the rows from ``first_row(profile, informed)`` on.

    Parameters
    ----------
    floor : Floor
    goals : Goals
    doors : Doors
    routes : Routes, optional
        From `profile_routes` with the same floor, goals, speeds and rides; not written to.
    graph : RouteGraph, optional
        Of the same floor.
    profile_speed : (P, K) float32, optional
        As for `profile_routes`.
    rides : Rides, optional
    rethink_s : float, optional
        How often those who know of jams look for another way [s]; None when nobody does.
    threads : int, optional
        Cores to find ways on; all by default.

    Attributes
    ----------
    routes : Routes
        Those of the moment.
    taken : (rows, E) bool
        Whether who goes by a row of the routes steps onto the link at each entry cell.
    profiles : int
    made_from : tuple
        Speeds of the profiles and `rethink_s`.

    Raises
    ------
    ParameterError
        When shapes do not fit.
    """

    def __init__(
        self, floor: Floor, goals: Goals, doors: Doors, *, routes: Routes | None = None, graph: RouteGraph | None = None,
        profile_speed: NDArray[np.float32] | None = None, rides: Rides | None = None, rethink_s: float | None = None,
        threads: int | None = None,
    ) -> None:  # fmt: skip
        if rethink_s is not None and not rethink_s > 0:
            what = f"people cannot look for another way every {rethink_s} s"
            raise ParameterError(what, hint="give a positive number of seconds")
        self.floor, self.goals, self.doors, self.rides = floor, goals, doors, rides
        self.count = len(goals.start) - 1
        self.profiles = 1 if profile_speed is None else len(profile_speed)
        if rides is not None and rides.allowed is not None and len(rides.allowed) != self.profiles:
            raise ParameterError(f"`allowed` of the rides is of {len(rides.allowed)} profiles, of the {self.profiles} there are")
        self._shut = np.zeros(len(doors.level), np.bool_)
        self._graph, self._profile_speed, self._threads = graph, profile_speed, threads
        self._scratch: Scratch | None = None
        self._jams = rethink_s is not None
        self.made_from: tuple[NDArray[np.float32] | None, float | None] = (profile_speed, rethink_s)
        if routes is None:
            graph = self._ready()[0]
            routes = profile_routes(graph, goals, profile_speed, rides, scratch=self._scratch)
        self._given, self.routes = routes, routes
        if self._jams:
            self._grid = density_grid(floor.mask, floor.west, floor.north, floor.cell, max(1, round(JAM_CELL_M / floor.cell)))
            self._seen = np.zeros(self._grid.area.shape)
            self.routes = self._withroom_for()
            for begin in (0, self.profiles * self.count):
                for mine, given in zip(rows_of(self.routes, begin, len(routes.time))[2:], routes[2:], strict=True):
                    mine[:] = given
        self._note_taken()

    def first_row(self, profile: NDArray[np.int32] | None, informed: NDArray[np.bool_] | None, people: int) -> NDArray[np.int32]:
        """First row of the routes that each person goes by, (N,) int32.

        Raises
        ------
        ParameterError
            When somebody is of a profile that there is not, or `informed` is of another length.
        """
        sets = np.zeros(people, np.int32) if profile is None else profile
        if people and not (sets.min() >= 0 and sets.max() < self.profiles):
            raise ParameterError(f"`profile` of the people points past the {self.profiles} profiles there are")
        if informed is not None and np.shape(informed) != (people,):
            raise ParameterError(f"`informed` has shape {np.shape(informed)}, not ({people},)")
        if self._jams:
            sets = np.where(True if informed is None else informed, self.profiles + sets, sets)
        return (sets * self.count).astype(np.int32)

    def shut_doors(self, shut: NDArray[np.bool_]) -> None:
        """Find ways past the doors that are shut now, (M,) bool; where there are none, people go to the door and wait."""
        if not np.array_equal(shut, self._shut):
            self._shut = shut.copy()
            self._find_all()

    def rethink(self, crowd: Crowd) -> None:
        """Find the ways of those who know of jams anew, by the mean of what they saw before and see now."""
        self._seen += self._density(crowd)
        self._seen *= 0.5
        self._find_informed()
        self._note_taken()

    def state(self) -> dict[str, NDArray[np.float64]]:
        """For a checkpoint; the ways themselves follow from this and the doors."""
        return {"ways_seen": self._seen} if self._jams else {}

    def restore(self, state: dict[str, NDArray[np.float64]], shut: NDArray[np.bool_]) -> None:
        """The other way round, with the doors that are shut."""
        if self._jams:
            self._seen = state["ways_seen"].copy()
        if self._jams or not np.array_equal(shut, self._shut):
            self._shut = shut.copy()
            self._find_all()

    # --- finding

    def _ready(self) -> tuple[RouteGraph, Scratch]:
        """The graph and room to solve in, made when first needed."""
        if self._graph is None:
            self._graph = build_graph(self.floor)
        if self._scratch is None:
            self._scratch = make_scratch(self._graph, self._threads)
        return self._graph, self._scratch

    def _withroom_for(self) -> Routes:
        return room_for(self._ready()[0], (2 if self._jams else 1) * self.profiles * self.count)

    def _find_all(self) -> None:
        if self.routes is self._given:  # others may go by these
            self.routes = self._withroom_for()
        for p, speed in enumerate(checked_speeds(self._ready()[0], self._profile_speed)):
            self._find(p, p, speed)
        if self._jams:
            self._find_informed()
        self._note_taken()

    def _find_informed(self) -> None:
        graph = self._ready()[0]
        diagram = FundamentalDiagram()
        slower = np.maximum(diagram.speed(self._seen) / diagram.free_speed, SLOWEST).astype(np.float32)
        _levels, rows, columns = self.floor.mask.shape
        level, rest = np.divmod(graph.first, rows * columns)
        row, column = np.divmod(rest, columns)
        factor = round(self._grid.cell / self.floor.cell)
        at_node = slower[level, row // factor, column // factor]
        for p, speed in enumerate(checked_speeds(graph, self._profile_speed)):
            self._find(self.profiles + p, p, speed * at_node)

    def _find(self, number: int, profile: int, speed: NDArray[np.float32]) -> None:
        """Find the ways of a set, round shut doors where that is possible."""
        graph, scratch = self._ready()
        links = links_of(self.rides, profile)
        out = rows_of(self.routes, number * self.count, self.count)
        closed = None
        if self._shut.any():
            closed = edges_across(self.floor, self.doors.line[self._shut], self.doors.level[self._shut])
        solve(graph, self.goals, speed=speed, closed=closed, links=links, out=out, scratch=scratch)
        if closed is not None:
            lost = np.isinf(out.time)
            if lost.any():
                through = solve(graph, self.goals, speed=speed, links=links, scratch=scratch)
                out.time[lost] = through.time[lost]
                out.direction[lost] = through.direction[lost]
        lead(graph, speed, out, links)

    def _density(self, crowd: Crowd) -> NDArray[np.float64]:
        """People to the square metre now, on the cells on which jams are judged."""
        a, here, grid = crowd.store.arrays, crowd.store.here(), self._grid
        out = np.zeros(grid.area.shape)
        _levels, rows, columns = grid.area.shape
        row = np.clip(((grid.north - a["y"][here]) / grid.cell).astype(np.int64), 0, rows - 1)
        column = np.clip(((a["x"][here] - grid.west) / grid.cell).astype(np.int64), 0, columns - 1)
        cells, number = np.unique((a["level"][here] * rows + row) * columns + column, return_counts=True)
        reached, fields = spread_over_floor(grid, cells.astype(np.int32), number[:, None].astype(np.float64))
        out.ravel()[reached] = fields[:, 0]
        return out

    def _note_taken(self) -> None:
        if self.rides is None:
            self.taken = np.zeros((1, 0), np.bool_)
            return
        self.taken = links_taken(self.routes, self.rides.links)
        if self.rides.allowed is not None:
            of_entry = np.repeat(self.rides.allowed, np.diff(self.rides.links.entry_start), axis=1)
            sets = len(self.taken) // max(self.profiles * self.count, 1)
            self.taken &= np.tile(np.repeat(of_entry, self.count, axis=0), (sets, 1))
