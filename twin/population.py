"""From a scenario's people to arrays: who starts where and when, and where each one goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.discretize import Ground
from twin.errors import ScenarioError, StartError, UnreachableError, did_you_mean
from twin.geo.city import City
from twin.geo.walkable import NOT_FOR_PEOPLE, STREET
from twin.rng import normals, uniforms
from twin.scenario.apply import Changed, Located, locate
from twin.scenario.model import Arrivals, CrowdSettings, EventChange, Scenario, Zone
from twin.sim.crowd.engine import nodes_of
from twin.sim.crowd.wayfinding import Routes, find_routes
from twin.sim.model import STAGE_END, STAGE_LEAVE, STAGE_PASS, STAGE_STAY, Goals, Journeys, People

MAX_START_DENSITY = 5.0
"""People may not be put closer than this [1/m2]: the limit of a standing crowd."""

SPEED_RANGE_M_S = (0.5, 2.2)


@dataclass(frozen=True, eq=False)
class Population:
    """Everybody who takes part.

    Parameters
    ----------
    people : People
    goals : Goals
    journeys : Journeys
    routes : Routes
    goal_names : tuple of str
    exits : tuple of int
        Goals by which people leave.
    places : mapping of str to Located
        Shape and level of each goal.
    groups : tuple of str
        Names of the groups: flows, arrivals, zones.
    group : (N,) int32
        Group of each person.
    """

    people: People
    goals: Goals
    journeys: Journeys
    routes: Routes
    goal_names: tuple[str, ...]
    exits: tuple[int, ...]
    places: Mapping[str, Located]
    groups: tuple[str, ...]
    group: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class _Group:
    name: str
    where: str
    xy: NDArray[np.float64]
    start: NDArray[np.float64]
    level: str
    journey: NDArray[np.int32]


class _JourneyTable:
    """Journeys by content, each kept once."""

    def __init__(self) -> None:
        self._rows: dict[tuple[tuple[int, int, float], ...], int] = {}

    def number(self, stages: Sequence[tuple[int, int, float]]) -> int:
        return self._rows.setdefault(tuple(stages), len(self._rows))

    def arrays(self) -> Journeys:
        width = max((len(row) for row in self._rows), default=0) + 1
        shape = (max(len(self._rows), 1), width)
        goal, kind = np.full(shape, -1, np.int32), np.full(shape, STAGE_END, np.int8)
        until = np.full(shape, np.inf)
        for row, j in self._rows.items():
            for k, (g, what, time) in enumerate(row):
                goal[j, k], kind[j, k], until[j, k] = g, what, time
        return Journeys(goal, kind, until)


def expected_people(scenario: Scenario, changed: Changed) -> int:
    """How many people a scenario brings, without placing them."""
    arrivals = [*scenario.crowd.flows, *(a for event in changed.events for a in event.arrivals)]
    present = sum(zone.present for event in changed.events for zone in event.zones)
    return present + sum(len(_entry_times(a, scenario.crowd.duration_s, 0)) for a in arrivals)


@dataclass(frozen=True, eq=False)
class Destinations:
    """Where people can go, and the ways there: the same for every seed of a scenario.

    Parameters
    ----------
    places : mapping of str to Located
        Shape and level of each goal, in the order of `goals`.
    kinds : mapping of str to {"exit", "waypoint", "zone"}
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


def populate(
    scenario: Scenario, changed: Changed, ground: Ground, *, seed: int, destinations: Destinations | None = None
) -> Population:
    """Place the people of a scenario on the floor.

    Parameters
    ----------
    scenario : Scenario
    changed : Changed
        The city with the changes made, and the events that take place.
    ground : Ground
    seed : int
    destinations : Destinations, optional
        From `find_destinations` with the same scenario, changes and floor.

    Returns
    -------
    Population
        Without anybody when the scenario has neither flows nor an event that takes place.

    Raises
    ------
    ScenarioError
        When a name is not that of an exit, zone or waypoint, or a place is not in the city.
    StartError
        When people would start in a building, in water, or closer than 5 to the square metre.
    UnreachableError
        When somebody cannot reach a goal.
    """
    if destinations is None:
        destinations = find_destinations(scenario, changed, ground)
    return _Builder(scenario, changed, ground, seed, destinations).build()


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


class _Builder:
    def __init__(self, scenario: Scenario, changed: Changed, ground: Ground, seed: int, destinations: Destinations) -> None:
        self.crowd: CrowdSettings = scenario.crowd
        self.changed, self.area = changed, scenario.area
        self.city: City = changed.city
        self.events: tuple[EventChange, ...] = changed.events
        self.ground, self.seed = ground, seed
        self.goals, self.routes = destinations.goals, destinations.routes
        self.places, self.kinds, self.where = destinations.places, destinations.kinds, destinations.where
        self.number = {name: i for i, name in enumerate(self.places)}
        self.table = _JourneyTable()

    def build(self) -> Population:
        somebody = bool(self.crowd.flows) or bool(self.events)
        exits = tuple(i for name, i in self.number.items() if self.kinds[name] == "exit")
        if somebody and not exits:
            raise ScenarioError("there is no exit", where="crowd.exits", hint="give at least one place where people leave")
        groups = [g for g in self._groups() if len(g.xy)]
        people, group = self._people(groups)
        return Population(
            people, self.goals, self.table.arrays(), self.routes, tuple(self.places), exits, self.places,
            tuple(g.name for g in groups), group,
        )  # fmt: skip

    # --- groups

    def _groups(self) -> Iterable[_Group]:
        for k, flow in enumerate(self.crowd.flows):
            yield self._arrivals(flow, None, f"crowd.flows[{k}]")
        for event in self.events:
            for zone in event.zones:
                if zone.present:
                    yield self._present(zone, event)
            for k, arrivals in enumerate(event.arrivals):
                yield self._arrivals(arrivals, event, f"changes[{event.id}].arrivals[{k}]")

    def _present(self, zone: Zone, event: EventChange) -> _Group:
        place = self.places[zone.id]
        where = f"changes[{event.id}].zones[{zone.id}]"
        xy = self._spread(place, zone.present, zone.id, where)
        until = zone.stay_until_s if zone.stay_until_s is not None else event.end_s
        exits = self._pick_exits(zone.exits or event.exits, xy, place.level, zone.id, where)
        stay = (self.number[zone.id], STAGE_STAY, float(until))
        journey = np.array([self.table.number([stay, (int(e), STAGE_LEAVE, np.inf)]) for e in exits], np.int32)
        return _Group(zone.id, where, xy, np.zeros(len(xy)), place.level, journey)

    def _arrivals(self, arrivals: Arrivals, event: EventChange | None, where: str) -> _Group:
        place = locate(arrivals.at, self.city, f"{where}.at")
        start = _entry_times(arrivals, self.crowd.duration_s, self.seed)
        xy = self._anywhere(place, len(start), arrivals.id, f"{where}.at")
        via = [(self._named(name, ("waypoint",), f"{where}.via"), STAGE_PASS, np.inf) for name in arrivals.via]
        targets = self._targets(arrivals, event, where)
        chosen = self._shares(list(targets), list(targets.values()), len(xy), f"{arrivals.id}/to")
        journey = np.empty(len(xy), np.int32)
        for k, name in enumerate(targets):
            rows = np.flatnonzero(chosen == k)
            journey[rows] = self._journeys_to(name, rows, xy, place.level, via, event, arrivals.id, where)
        return _Group(arrivals.id, where, xy, start, place.level, journey)

    def _targets(self, arrivals: Arrivals, event: EventChange | None, where: str) -> dict[str, float]:
        if arrivals.to is not None:
            for name in arrivals.to:
                self._named(name, ("exit", "zone"), f"{where}.to")
            return dict(arrivals.to)
        if event is not None and event.zones:
            return {zone.id: 1.0 for zone in event.zones}
        here = locate(arrivals.at, self.city, f"{where}.at")
        away = {
            name: 1.0
            for name, kind in self.kinds.items()
            if kind == "exit" and not (self.places[name].shape.intersects(here.shape) and self.places[name].level == here.level)
        }
        if not away:
            raise ScenarioError("there is no exit other than where they come from", where=where, hint="give `to`, or another exit")
        return away

    def _journeys_to(
        self, name: str, rows: NDArray[np.int64], xy: NDArray[np.float64], level: str,
        via: list[tuple[int, int, float]], event: EventChange | None, group: str, where: str,
    ) -> NDArray[np.int32]:  # fmt: skip
        if self.kinds[name] == "exit":
            return np.full(len(rows), self.table.number([*via, (self.number[name], STAGE_LEAVE, np.inf)]), np.int32)
        owner = next(e for e in self.events if any(z.id == name for z in e.zones))
        zone = next(z for z in owner.zones if z.id == name)
        until = zone.stay_until_s if zone.stay_until_s is not None else owner.end_s
        centre, goal = self.places[name], self.number[name]
        first, last = self.goals.start[goal], self.goals.start[goal + 1]
        middle = self.goals.cells[(first + last) // 2]
        at = np.array([[self.ground.grid.x[middle[2]], self.ground.grid.y[middle[1]]]])
        exits = self._pick_exits(
            zone.exits or (event.exits if event else None) or owner.exits, np.repeat(at, len(rows), axis=0), centre.level,
            f"{group}/{name}", where,
        )  # fmt: skip
        stay = (self.number[name], STAGE_STAY, float(until))
        return np.array([self.table.number([*via, stay, (int(e), STAGE_LEAVE, np.inf)]) for e in exits], np.int32)

    def _pick_exits(
        self, shares: Mapping[str, float] | None, xy: NDArray[np.float64], level: str, group: str, where: str
    ) -> NDArray[np.int32]:
        """An exit for each person: by the shares given, else the nearest on foot."""
        if shares:
            numbers = np.array([self._named(name, ("exit",), f"{where}.exits") for name in shares], np.int32)
            return numbers[self._shares(list(shares), list(shares.values()), len(xy), f"{group}/exits")]
        exits = np.array([i for name, i in self.number.items() if self.kinds[name] == "exit"], np.int32)
        nodes = self._nodes(xy, level)
        return exits[np.argmin(self.routes.time[exits][:, nodes], axis=0)]

    def _shares(self, names: list[str], shares: list[float], count: int, stream: str) -> NDArray[np.int64]:
        edges = np.cumsum(shares) / np.sum(shares)
        picked = np.searchsorted(edges, uniforms(self.seed, stream, count), side="right")
        return np.minimum(picked, len(names) - 1)

    def _named(self, name: str, kinds: tuple[str, ...], where: str) -> int:
        known = [n for n, kind in self.kinds.items() if kind in kinds]
        if name not in known:
            what = " or ".join(kinds)
            article = "an" if what[0] in "aeiou" else "a"
            raise ScenarioError(f"`{name}` is not the name of {article} {what}{did_you_mean(name, known)}", where=where,
                                hint=f"there are: {', '.join(known) or 'none'}")  # fmt: skip
        return self.number[name]

    # --- where and when

    def _floor_of(self, place: Located, where: str) -> BaseGeometry:
        check_level(place.level, self.ground, where)
        clearance = self.crowd.radius_m + 0.05
        shape = place.shape.intersection(self.ground.walkable.floors[place.level].buffer(-clearance))
        if shape.is_empty or shape.area < 0.05:
            raise StartError(
                f"people would start where nobody can stand: {why_no_floor(place, self.changed, self.area)}",
                where=where,
                hint="move the place to open ground",
            )
        return shape

    def _spread(self, place: Located, count: int, group: str, where: str) -> NDArray[np.float64]:
        """Spots on a hexagonal lattice that fills the place, loosened a little."""
        shape = self._floor_of(place, where)
        closest = 2.0 * self.crowd.radius_m + 0.02
        spacing = np.sqrt(2.0 / np.sqrt(3.0) * shape.area / count)
        for _ in range(60):
            if spacing < closest or count / shape.area > MAX_START_DENSITY:
                break
            spots = _hexagonal(shape, spacing)
            if len(spots) >= count:
                order = np.argsort(uniforms(self.seed, f"{group}/spots", len(spots)), kind="stable")[:count]
                spots = spots[np.sort(order)]
                loose = 0.45 * max(0.0, min(spacing - closest, 0.5))
                angle = 2 * np.pi * uniforms(self.seed, f"{group}/angle", count)
                size = loose * np.sqrt(uniforms(self.seed, f"{group}/loose", count))
                moved = spots + np.stack([np.cos(angle), np.sin(angle)], axis=1) * size[:, None]
                stays = shapely.contains_xy(shape, moved[:, 0], moved[:, 1])
                return np.where(stays[:, None], moved, spots)
            spacing *= 0.97
        raise StartError(
            f"{count} people do not fit on {shape.area:.0f} m2 of floor: {count / shape.area:.1f} /m2",
            where=where,
            hint=f"at most {int(MAX_START_DENSITY * shape.area)} can stand there; give fewer people or a larger zone",
        )

    def _anywhere(self, place: Located, count: int, group: str, where: str) -> NDArray[np.float64]:
        """Random points of the place, one a person."""
        shape = self._floor_of(place, where)
        shapely.prepare(shape)
        west, south, east, north = shape.bounds
        out = np.empty((count, 2))
        todo = np.arange(count)
        for draw in range(200):
            u = uniforms(self.seed, f"{group}/x", count, draw=draw)[todo]
            v = uniforms(self.seed, f"{group}/y", count, draw=draw)[todo]
            x, y = west + u * (east - west), south + v * (north - south)
            inside = shapely.contains_xy(shape, x, y)
            out[todo[inside]] = np.stack([x[inside], y[inside]], axis=1)
            todo = todo[~inside]
            if not len(todo):
                return out
        centre = shape.representative_point()
        out[todo] = (centre.x, centre.y)
        return out

    def _nodes(self, xy: NDArray[np.float64], level: str) -> NDArray[np.int32]:
        number = self.ground.level_number(level)
        local = self.ground.local(xy)
        return nodes_of(self.ground.floor, self.routes, local[:, 0].copy(), local[:, 1].copy(), np.full(len(xy), number, np.int32))

    def _people(self, groups: list[_Group]) -> tuple[People, NDArray[np.int32]]:
        if not groups:
            none, nobody = np.empty(0), np.empty(0, np.int32)
            return People(none, none, nobody, none, nobody, none, none), nobody
        journeys = self.table.arrays()
        for g in groups:
            self._check_reachable(g, journeys)
        member = np.concatenate([np.full(len(g.xy), k, np.int32) for k, g in enumerate(groups)])
        xy = self.ground.local(np.concatenate([g.xy for g in groups]))
        start = np.concatenate([g.start for g in groups])
        low, high = SPEED_RANGE_M_S
        mean, spread = self.crowd.speed_mean_m_s, self.crowd.speed_sd_m_s
        speed = np.concatenate([
            np.clip(mean + spread * normals(self.seed, f"{g.name}/speed", len(g.xy)), low, high) for g in groups
        ])  # fmt: skip
        level = np.concatenate([np.full(len(g.xy), self.ground.level_number(g.level), np.int32) for g in groups])
        journey = np.concatenate([g.journey for g in groups])
        order = np.argsort(start, kind="stable")
        people = People(
            xy[order, 0].copy(), xy[order, 1].copy(), level[order], start[order], journey[order], speed[order],
            np.full(len(order), self.crowd.radius_m),
        )  # fmt: skip
        return people, member[order]

    def _check_reachable(self, group: _Group, journeys: Journeys) -> None:
        nodes = self._nodes(group.xy, group.level)
        names = list(self.places)
        for j in np.unique(group.journey):
            mine = nodes[group.journey == j]
            for goal, kind in zip(journeys.goal[j], journeys.kind[j], strict=True):
                if kind == STAGE_END:
                    break
                lost = int(np.count_nonzero(~np.isfinite(self.routes.time[goal, mine])))
                if lost:
                    name = names[goal]
                    raise UnreachableError(
                        f"{lost} people of `{group.name}` cannot reach `{name}`: nothing walkable leads there",
                        where=f"{group.where} to {self.where[name]}",
                        hint="open a way (closures, fences, stairs, `area`), or leave that goal out",
                    )


def _entry_times(arrivals: Arrivals, duration: float, seed: int) -> NDArray[np.float64]:
    """When each person enters, rising: one in each equal share of the flow, at a random moment of it."""
    if arrivals.profile is not None:
        times = np.array([t for t, _ in arrivals.profile])
        rate = np.array([r for _, r in arrivals.profile]) / 60.0
        total = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(times))])
        count = round(total[-1])
        due = (np.arange(count) + uniforms(seed, f"{arrivals.id}/time", count)) * (total[-1] / max(count, 1))
        k = np.clip(np.searchsorted(total, due, side="right") - 1, 0, len(times) - 2)
        width = times[k + 1] - times[k]
        slope = (rate[k + 1] - rate[k]) / width
        more = due - total[k]
        root = np.sqrt(np.maximum(rate[k] ** 2 + 2.0 * slope * more, 0.0))
        into = 2.0 * more / np.maximum(rate[k] + root, 1e-12)
        return np.sort(times[k] + np.clip(into, 0.0, width))
    count = arrivals.people or 0
    until = arrivals.until_s if arrivals.until_s is not None else duration
    until = max(until, arrivals.from_s)
    share = (np.arange(count) + uniforms(seed, f"{arrivals.id}/time", count)) / max(count, 1)
    return arrivals.from_s + share * (until - arrivals.from_s)


def _hexagonal(shape: BaseGeometry, spacing: float) -> NDArray[np.float64]:
    west, south, east, north = shape.bounds
    pitch = spacing * np.sqrt(3.0) / 2.0
    rows = np.arange(south + 0.5 * pitch, north, pitch)
    columns = np.arange(west + 0.25 * spacing, east, spacing)
    x = columns[None, :] + 0.5 * spacing * (np.arange(len(rows)) % 2)[:, None]
    y = np.broadcast_to(rows[:, None], x.shape)
    inside = shapely.contains_xy(shape, x.ravel(), y.ravel())
    return np.stack([x.ravel()[inside], y.ravel()[inside]], axis=1)
