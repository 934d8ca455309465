"""A crowd as densities that flow by the model of Hughes, for more people than one follows one by one.

The equations (`twin.sim.crowd.hughes`) are solved on the navigation grid, in sweeps along one axis and the other (Strang 1968,
doi:10.1137/0705041), by what people want to leave a cell and what the next one takes in (Daganzo 1995,
doi:10.1016/0191-2615(94)00022-R), with slopes of second order where they walk freely and of first order in a jam. People are
conserved to rounding; no density is negative or above that of the jam.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.sim.crowd.continuum_kernels import (
    BLOCK,
    NOBODY,
    Walking,
    crowded_speed,
    enter,
    lay_out,
    leave,
    occupied,
    pass_on,
    receive,
    send,
)
from twin.sim.crowd.continuum_sources import (
    Sources,
    by_node,
    checked_density,
    checked_sources,
    nodes_of_sources,
    one_way,
    some_goals,
    unique_nodes,
)
from twin.sim.crowd.fundamental_diagram import STEPS
from twin.sim.crowd.hughes import Hughes
from twin.sim.crowd.route_graph import LEAST_SPEED
from twin.sim.crowd.wayfinding import Routes, build_graph, make_scratch, solve
from twin.sim.model import Floor, Goals

COURANT = 0.95
"""The most that anybody walks in a sweep, in cells: longer steps are taken in parts."""

_KEPT = ("density", "total", "toward", "came", "placed", "seen", "listed")

KEPT = 4
"""Sweeps of both axes that a list of the occupied nodes serves; it reaches as far around the people as they come in these."""

PARALLEL_FROM = 8 * BLOCK
"""Occupied nodes from which one run uses all cores."""


class Continuum:
    """A crowd that flows.

    Parameters
    ----------
    floor : Floor
    goals : Goals
        Who reaches a cell of its goal has left.
    sources : Sources, optional
    model : Hughes, optional
    dt : float
        Step [s]; taken in parts where somebody would walk further than a cell.
    capacity : (G,) float64, optional
        The most people that leave by each goal in a second [1/s]; no limit by default.
    routes : Routes, optional
        From an earlier call to `find_routes` with the same floor and goals.
    parallel : bool, optional
        Use all cores; by default while many nodes are occupied. The result is the same to the bit.

    Attributes
    ----------
    step : int
        Steps done; ``time = step * dt``.
    left : (G,) float64
        People who have left by each goal.
    capacity : (G,) float64
        May be changed between steps.

    Raises
    ------
    ParameterError
        For a step or parameter out of range, or arrays that do not fit together.
    StartError
        When people would appear off the floor, or more at once than find room.
    UnreachableError
        When people cannot reach their goal.
    """

    def __init__(
        self,
        floor: Floor,
        goals: Goals,
        sources: Sources | None = None,
        model: Hughes | None = None,
        *,
        dt: float = 0.5,
        capacity: NDArray[np.float64] | None = None,
        routes: Routes | None = None,
        parallel: bool | None = None,
    ) -> None:
        self.floor, self.goals = floor, goals
        self.model = Hughes() if model is None else model
        self.model.check()
        if not (math.isfinite(dt) and dt > 0):
            raise ParameterError(f"a step of {dt} s is not possible", hint="give a positive number of seconds")
        self.dt, self.step = float(dt), 0
        count = len(goals.start) - 1
        self.capacity = np.full(count, np.inf) if capacity is None else np.array(capacity, np.float64)
        if self.capacity.shape != (count,) or not (self.capacity >= 0).all():
            raise ParameterError(f"`capacity` is {self.capacity}", hint=f"give people per second for each of {count} goals")
        law, cell = self.model.diagram, floor.cell
        self._pace = law.table()
        self._walking = Walking(
            STEPS / law.jam, law.critical, law.jam, law.capacity, self.model.passing, self.model.aside, self.model.aside / cell
        )
        self._graph = build_graph(floor)
        self._scratch = make_scratch(self._graph)
        self._routes = solve(self._graph, goals, scratch=self._scratch) if routes is None else routes
        self._ways: Routes | None = None
        self._node, self._neighbour = self._graph.node, self._graph.neighbour
        self._links, self._come = one_way(self._neighbour)
        nodes = len(self._neighbour)
        self._factor = by_node(self._node, floor.speed, nodes)
        furthest = self.dt * law.free_speed * float(self._factor.max(initial=0.0))
        self._parts = max(1, math.ceil(furthest / (COURANT * cell)))
        self._ratio, self._area = self.dt / self._parts / cell, cell**2

        # of each goal a class of those who are informed and one of those who are not, if there are any
        classes = count if self.model.informed == 1.0 else 2 * count
        self._density, self._total, self._out = np.zeros((nodes, classes)), np.zeros(nodes), np.zeros((nodes, classes))
        self._toward = np.zeros((2, nodes, classes), np.float32)
        for first in range(0, classes, max(count, 1)):
            lay_out(self._routes.direction, first + np.arange(count), self._toward)
        self._goal_start, self._goal_nodes = unique_nodes(goals.start, goals.cells, self._node)
        self.sources = checked_sources(Sources.none() if sources is None else sources, count)
        self._source_start, self._source_nodes = nodes_of_sources(self.sources, self._routes, law.jam, self._area)
        self._came, self._placed = np.zeros(len(self.sources.people)), np.zeros(count)
        self.left = np.zeros(count)
        self._history: list[NDArray[np.float64]] = [self.left.copy()]

        self._parallel = parallel
        self._listed = np.zeros(nodes, np.bool_)
        self._cells, self._spare = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
        self._count, self._kept, self._sweeps = 0, 0, 0
        self._enter(0.0)  # whoever is there from the start is there at time 0
        self._list(self._source_nodes)
        self._seen = self._total.copy()

    @property
    def time(self) -> float:
        """Time since the start [s]."""
        return self.step * self.dt

    @property
    def came(self) -> float:
        """People who have come out of the sources or were placed."""
        return float(self._came.sum() + self._placed.sum())

    @property
    def present(self) -> float:
        """People on the floor."""
        return float(self._total.sum()) * self._area

    @property
    def waiting(self) -> float:
        """People who are due at a source but find no room."""
        return float(np.maximum(self.sources.due(self.time) - self._came, 0.0).sum())

    @property
    def finished(self) -> bool:
        """Whether everybody has come and gone; a trace of people, below what is moved, may be left."""
        to_come = (self.sources.people - self._came).max(initial=0.0)
        return bool(to_come < 1e-6 and self._density.max(initial=0.0) < NOBODY)

    @property
    def worked_on(self) -> int:
        """Nodes that a sweep looks at: those with people and those around them."""
        return self._count

    @property
    def history(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Times of all steps, (N + 1,) [s], and people who had left by each goal, (N + 1, G)."""
        times = np.arange(self.step + 1, dtype=np.float64) * self.dt
        return times, np.array(self._history)

    def density(self, goal: int | None = None) -> NDArray[np.float64]:
        """People to the square metre, (L, H, W) float64; 0 off the floor. The two cells of a portal hold the same people.

        Parameters
        ----------
        goal : int, optional
            Only those bound for it.
        """
        here = self._total if goal is None else self._density[:, goal :: len(self.left)].sum(axis=1)
        return np.where(self._node >= 0, here[self._node], 0.0)

    def speed(self) -> NDArray[np.float64]:
        """Speed at which people walk, (L, H, W) float64; 0 off the floor [m/s]."""
        here = self._factor * self.model.diagram.speed(self._total)
        return np.where(self._node >= 0, here[self._node], 0.0)

    def place(self, goal: int, density: NDArray[np.float64]) -> None:
        """Put people on the floor, bound for a goal.

        Parameters
        ----------
        goal : int
        density : (L, H, W) float64
            People to the square metre; those in a portal are told by its lower level.

        Raises
        ------
        ParameterError
            For a density that is negative, no number, or of another shape, and for a goal that is not there.
        StartError
            When people would stand off the floor, or closer than in a jam.
        UnreachableError
            When they cannot reach the goal.
        """
        more = checked_density(density, goal, self._routes, self._total, self.model.diagram.jam)
        informed, goals = self.model.informed, len(self.left)
        self._density[:, goal] += informed * more
        if informed < 1.0:
            self._density[:, goal + goals] += (1.0 - informed) * more
        self._total += more
        self._placed[goal] += more.sum() * self._area
        self._list(np.flatnonzero(more > 0).astype(np.int32))

    def advance(self, steps: int = 1) -> None:
        """Take a number of steps."""
        every = self.model.ways_every / self.dt
        for _ in range(steps):
            if self.step and math.isfinite(every) and self.step % max(1, round(every)) == 0:
                self.find_ways()
            for part in range(self._parts):
                self._sweep_both((self.step + (part + 1) / self._parts) * self.dt)
            self.step += 1
            self._history.append(self.left.copy())

    def find_ways(self) -> None:
        """Let those who are informed look for their way through the crowd as it is now."""
        self._seen += self._total
        self._seen *= 0.5
        under_way = np.bincount(self.sources.goal, self.sources.people, len(self.left)) + self._placed - self.left
        wanted = np.flatnonzero(under_way > 1e-6)
        if self.model.informed > 0.0 and len(wanted):
            speed = np.empty(len(self._seen), np.float32)
            crowded_speed(self._graph.speed, self._seen, self._walking, self._pace, LEAST_SPEED, speed)
            room = self._ways if self._ways is not None and len(self._ways.time) == len(wanted) else None
            goals = some_goals(self.goals, wanted)
            self._ways = solve(self._graph, goals, speed=speed, out=room, scratch=self._scratch)
            lay_out(self._ways.direction, wanted, self._toward)

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that changes while a crowd flows, as plain arrays, for instance for `numpy.savez`."""
        kept: dict[str, NDArray[Any]] = {name: getattr(self, f"_{name}").copy() for name in _KEPT}
        return kept | {
            "left": self.left.copy(), "history": np.array(self._history), "capacity": self.capacity.copy(),
            "cells": self._cells[: self._count].copy(), "numbers": np.array([self.step, self._sweeps, self._kept]),
        }  # fmt: skip

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Put a crowd that was made from the same input into a state.

        Raises
        ------
        ParameterError
            When the state is not of such a crowd.
        """
        for name in _KEPT:
            own: NDArray[Any] = getattr(self, f"_{name}")
            if state[name].shape != own.shape or state[name].dtype != own.dtype:
                hint = "go on with the same scenario, seed and version, or start from the beginning"
                raise ParameterError("the checkpoint is of another run", hint=hint)
        for name in _KEPT:
            getattr(self, f"_{name}")[:] = state[name]
        self.left[:], self.capacity[:] = state["left"], state["capacity"]
        self._history = list(state["history"].copy())
        self._count = len(state["cells"])
        self._cells[: self._count] = state["cells"]
        self.step, self._sweeps, self._kept = (int(number) for number in state["numbers"])

    def _list(self, fixed: NDArray[np.int32]) -> None:
        """Note which nodes are worked on: those with people, those given, and as far as anybody comes until the next time."""
        state = (self._neighbour, self._total, self._listed, self._out, self._spare)
        self._count = int(occupied(self._count, self._cells, fixed, 2 * KEPT, *state))
        self._cells, self._spare, self._kept = self._spare, self._cells, KEPT

    def _enter(self, until: float) -> None:
        """Let in who is due by a time."""
        s = self.sources
        enter(
            s.due(until) - self._came, s.begin == s.end, self._source_start, self._source_nodes, s.goal, len(self.left),
            self.model.informed, self._ratio, self._area, self._walking, self._factor, self._pace,
            self._density, self._total, self._came,
        )  # fmt: skip

    def _sweep_both(self, until: float) -> None:
        """One part of a step: people come, move along one axis and the other, and leave."""
        if self._kept == 0:
            coming = np.repeat(self.sources.people > self._came, np.diff(self._source_start))
            self._list(self._source_nodes[coming])
        self._enter(until)
        mode = self._count >= PARALLEL_FROM if self._parallel is None else self._parallel
        for axis in (0, 1) if self._sweeps % 2 == 0 else (1, 0):
            send[mode](
                self._count, self._cells, axis, self._ratio, self._walking, self._density, self._total, self._factor,
                self._toward, self._neighbour, self._pace, self._out,
            )  # fmt: skip
            receive[mode](self._count, self._cells, axis, self._come, self._out, self._density, self._total)
            if len(self._links):
                pass_on(self._links, axis, self._walking.jam, self._out, self._density, self._total)
        most = self.capacity * (self.dt / self._parts)
        leave(self._goal_start, self._goal_nodes, most, self._area, self._density, self._total, self.left)
        self._sweeps += 1
        self._kept -= 1
