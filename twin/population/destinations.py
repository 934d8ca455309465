"""Where people can go: exits, waypoints and zones on the floor, and the ways to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.discretize import Ground
from twin.errors import ScenarioError, StartError, UnreachableError
from twin.geo.city import City
from twin.population.carriers import find_rides, profile_speeds
from twin.population.levels import check_level, why_no_floor
from twin.scenario.apply import Changed, Located, locate
from twin.scenario.model import CrowdSettings, Scenario
from twin.sim.crowd.footing import nodes_of
from twin.sim.crowd.profiles import profile_routes
from twin.sim.crowd.wayfinding import RouteGraph, Routes, build_graph
from twin.sim.model import Goals, Rides


@dataclass(frozen=True, eq=False)
class Destinations:
    """Where people can go, and the ways there: the same for every seed of a scenario.

    Parameters
    ----------
    places : mapping of str to Located
        Shape and level of each goal, in the order of `goals`.
    kinds : mapping of str to {"exit", "waypoint", "zone", "queue"}
    where : mapping of str to str
        Path of each in the scenario.
    goals : Goals
    routes : Routes
        Rows by profile and goal: of everybody and, where some types take no steps, of those.
    graph : RouteGraph
    profile_speed : (2, K) float32, optional
        As for `twin.sim.crowd.profiles.profile_routes`.
    rides : Rides, optional
        Escalators and lifts.
    ride_names : tuple of str
        Name of each.
    """

    places: Mapping[str, Located]
    kinds: Mapping[str, str]
    where: Mapping[str, str]
    goals: Goals
    routes: Routes
    graph: RouteGraph
    profile_speed: NDArray[np.float32] | None = None
    rides: Rides | None = None
    ride_names: tuple[str, ...] = ()


def find_destinations(scenario: Scenario, changed: Changed, ground: Ground) -> Destinations:
    """Find exits, waypoints and zones on the floor and the ways to them.

    Raises
    ------
    ScenarioError
        When a place is not in the city, or a name is used twice.
    StartError
        When a zone has no floor.
    UnreachableError
        When an exit or waypoint has no floor.
    """
    return _Finder(scenario, changed, ground).find()


QUEUE_JOINED_M = 1.5
"""Who comes this near to a queue joins it."""


class _Finder:
    """Places by name, checked to have floor."""

    def __init__(self, scenario: Scenario, changed: Changed, ground: Ground) -> None:
        self.crowd: CrowdSettings = scenario.crowd
        self.changed, self.area = changed, scenario.area
        self.city: City = changed.city
        self.events = changed.events
        self.ground = ground
        self.places: dict[str, Located] = {}
        self.kinds: dict[str, str] = {}
        self.where: dict[str, str] = {}

    def find(self) -> Destinations:
        for kind, given in (("exit", self.crowd.exits), ("waypoint", self.crowd.waypoints)):
            for name, place in given.items():
                where = f"crowd.{kind}s.{name}"
                self._add(name, kind, locate(place, self.city, where), where)
        for event in self.events:
            for zone in event.zones:
                where = f"changes[{event.id}].zones[{zone.id}]"
                self._add(zone.id, "zone", locate(zone.at, self.city, f"{where}.at"), where)
        for queue in self.crowd.queues:
            around = shapely.LineString(queue.line).buffer(QUEUE_JOINED_M)
            self._add(queue.id, "queue", Located(around, queue.level), f"crowd.queues[{queue.id}]")
        cells = [self._goal_cells(name) for name in self.places]
        starts = np.cumsum([0, *(len(c) for c in cells)]).astype(np.int64)
        goals = Goals(starts, np.concatenate(cells) if cells else np.empty((0, 3), np.int32))
        graph = build_graph(self.ground.floor)
        speeds = profile_speeds(self.crowd, self.ground, graph)
        rides, names = find_rides(self.crowd, self.changed, self.ground, self.area, by_profile=speeds is not None)
        routes = profile_routes(graph, goals, speeds, rides)
        return Destinations(self.places, self.kinds, self.where, goals, routes, graph, speeds, rides, names)

    def _add(self, name: str, kind: str, place: Located, where: str) -> None:
        if name in self.places:
            raise ScenarioError(f"the name `{name}` is used twice, at {self.where[name]} too", where=where)
        self.places[name], self.kinds[name], self.where[name] = place, kind, where

    def _goal_cells(self, name: str) -> NDArray[np.int32]:
        place, where = self.places[name], self.where[name]
        check_level(place.level, self.ground, where)
        cells = self.ground.cells(place.shape, place.level)
        if not len(cells):
            error = StartError if self.kinds[name] == "zone" else UnreachableError
            reason = why_no_floor(place, self.changed, self.area)
            raise error(f"`{name}` has no floor: {reason}", where=where, hint="move it to open ground")
        return cells


def nodes_under(ground: Ground, routes: Routes, xy: NDArray[np.float64], level: str) -> NDArray[np.int32]:
    """Node of the ways under each point (N, 2) of a level, (N,) int32."""
    local = ground.local(xy)
    levels = np.full(len(xy), ground.level_number(level), np.int32)
    return nodes_of(ground.floor, routes, local[:, 0].copy(), local[:, 1].copy(), levels)
