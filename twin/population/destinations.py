"""Where people can go: exits, waypoints and zones on the floor, and the ways to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.discretize import Ground
from twin.errors import ScenarioError, StartError, UnreachableError, did_you_mean
from twin.geo.city import City
from twin.geo.walkable import NOT_FOR_PEOPLE, STREET
from twin.scenario.apply import Changed, Located, locate
from twin.scenario.model import CrowdSettings, Scenario
from twin.sim.crowd.engine import nodes_of
from twin.sim.crowd.wayfinding import Routes, find_routes
from twin.sim.model import Goals


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
    """

    places: Mapping[str, Located]
    kinds: Mapping[str, str]
    where: Mapping[str, str]
    goals: Goals
    routes: Routes


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
        return Destinations(self.places, self.kinds, self.where, goals, find_routes(self.ground.floor, goals))

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


def check_level(level: str, ground: Ground, where: str) -> None:
    """Raise a ScenarioError when the floor has no such level."""
    if level not in ground.levels:
        raise ScenarioError(
            f"there is no level `{level}`{did_you_mean(level, ground.levels)}",
            where=where,
            hint=f"the levels are: {', '.join(ground.levels)}",
        )


def why_no_floor(place: Located, changed: Changed, area: tuple[float, float, float, float] | None) -> str:
    """What stands where nobody can walk, for people.

    Parameters
    ----------
    place : Located
    changed : Changed
        The city with what the changes put in the way.
    area : (west, south, east, north), optional
        That the scenario works in, when it gives one.
    """
    shape = place.shape
    for obstacle in changed.obstacles:
        if obstacle.level == place.level and obstacle.shape.intersects(shape):
            return f"it lies in the {obstacle.kind} `{obstacle.label}`"
    for layer, what in (("buildings", "building"), ("water", "water"), ("green", "green"), ("roads", "road")):
        frame = changed.city.layers[layer]
        frame = frame[frame.intersects(shape)] if len(frame) else frame
        if layer == "roads" and len(frame):
            level = frame["level"].fillna(STREET).astype(str) if "level" in frame else None
            frame = frame if level is None else frame[level == place.level]
            kinds = [str(kind) for kind in frame["surface"]] if "surface" in frame else []
            if kinds and set(kinds) <= NOT_FOR_PEOPLE:
                return f"it lies on a {kinds[0]}, which is not for people"
        elif len(frame):
            return f"it lies in {what} `{frame.index[0]}`{', which is no floor' if layer == 'green' else ''}"
    if area is not None and not shapely.box(*area).intersects(shape):
        return "it lies outside the `area` of the scenario"
    if not shapely.box(*changed.city.bounds).intersects(shape):
        return "it lies outside the city"
    edge = ", or it lies at the edge of the `area`" if area is not None else ""
    return f"nothing that people walk on (street, square, path) is there on level `{place.level}`{edge}"


def nodes_under(ground: Ground, routes: Routes, xy: NDArray[np.float64], level: str) -> NDArray[np.int32]:
    """Node of the ways under each point (N, 2) of a level, (N,) int32."""
    local = ground.local(xy)
    levels = np.full(len(xy), ground.level_number(level), np.int32)
    return nodes_of(ground.floor, routes, local[:, 0].copy(), local[:, 1].copy(), levels)
