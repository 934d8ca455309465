"""The people of a scenario on the floor, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from twin.discretize import Ground
from twin.errors import ScenarioError, UnreachableError
from twin.geo.city import City
from twin.population.carriers import EVERYBODY, STEPS_FREE
from twin.population.destinations import Destinations, find_destinations, nodes_under
from twin.population.entry_times import entry_times
from twin.population.facilities import Facilities, find_facilities
from twin.population.journeys import Planner
from twin.population.kinds import Kind, Kinds
from twin.population.spots import Spots
from twin.rng import uniforms
from twin.scenario.apply import Changed, Located, locate
from twin.scenario.changes import Arrivals, EventChange, Zone
from twin.scenario.facilities import Company
from twin.scenario.model import CrowdSettings, Scenario
from twin.sim.crowd.wayfinding import RouteGraph, Routes
from twin.sim.model import STAGE_CHOOSE, STAGE_END, STAGE_QUEUE, Goals, Journeys, People, Rides

_Value = TypeVar("_Value", bound=np.generic)


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
    facilities : Facilities
        Doors, hours, queues and choices.
    graph : RouteGraph, optional
        That the routes were found on.
    profile_speed : (P, K) float32, optional
        Speeds of the profiles that the routes are of.
    rides : Rides, optional
        Escalators and lifts.
    ride_names : tuple of str
    informed : (N,) bool, optional
        Who knows of jams.
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
    facilities: Facilities = field(default_factory=Facilities)
    graph: RouteGraph | None = None
    profile_speed: NDArray[np.float32] | None = None
    rides: Rides | None = None
    ride_names: tuple[str, ...] = ()
    informed: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class _Group:
    name: str
    where: str
    xy: NDArray[np.float64]
    start: NDArray[np.float64]
    level: str
    journey: NDArray[np.int32]
    company: Company
    together: NDArray[np.int32]
    kind: Kind
    profile: NDArray[np.int32]


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


class _Builder:
    def __init__(self, scenario: Scenario, changed: Changed, ground: Ground, seed: int, destinations: Destinations) -> None:
        self.crowd: CrowdSettings = scenario.crowd
        self.city: City = changed.city
        self.events: tuple[EventChange, ...] = changed.events
        self.ground, self.seed, self.destinations = ground, seed, destinations
        self.spots = Spots(scenario, changed, ground, seed)
        self.planner = Planner(changed, ground, destinations, seed)
        self.kinds = Kinds(scenario.crowd, seed)
        self.facilities = find_facilities(scenario.crowd, ground, destinations)

    def build(self) -> Population:
        places, kinds = self.destinations.places, self.destinations.kinds
        somebody = bool(self.crowd.flows) or bool(self.events)
        exits = tuple(i for i, name in enumerate(places) if kinds[name] == "exit")
        if somebody and not exits:
            raise ScenarioError("there is no exit", where="crowd.exits", hint="give at least one place where people leave")
        groups = [g for g in self._groups() if len(g.xy)]
        journeys = self.planner.table.arrays()
        for g in groups:
            self._check_reachable(g, journeys)
        people, group, informed = self._people(groups)
        found = self.destinations
        return Population(
            people, found.goals, journeys, found.routes, tuple(places), exits, places, tuple(g.name for g in groups), group,
            replace(self.facilities, choices=self.planner.choices.arrays()), found.graph, found.profile_speed, found.rides,
            found.ride_names, None if self.crowd.avoid_jams is None else informed,
        )  # fmt: skip

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
        place = self.destinations.places[zone.id]
        where = f"changes[{event.id}].zones[{zone.id}]"
        xy = self.spots.spread(place, zone.present, zone.id, where)
        together = self.kinds.together(zone, zone.id, len(xy))
        kind, profile = self._kind_and_profile(zone, zone.id, together, where)
        journey = _as_first(self.planner.of_present(zone, event, xy, profile, where), together)
        return _Group(zone.id, where, xy, np.zeros(len(xy)), place.level, journey, zone, together, kind, profile)

    def _arrivals(self, arrivals: Arrivals, event: EventChange | None, where: str) -> _Group:
        place = locate(arrivals.at, self.city, f"{where}.at")
        start = entry_times(arrivals, self.crowd.duration_s, self.seed)
        xy = self.spots.anywhere(place, len(start), arrivals.id, f"{where}.at")
        together = self.kinds.together(arrivals, arrivals.id, len(xy))
        kind, profile = self._kind_and_profile(arrivals, arrivals.id, together, where)
        journey = self.planner.of_arrivals(arrivals, event, place, profile, where)
        xy = self.spots.beside(place, xy, together, arrivals.id, f"{where}.at")
        start, journey = _as_first(start, together), _as_first(journey, together)
        return _Group(arrivals.id, where, xy, start, place.level, journey, arrivals, together, kind, profile)

    def _kind_and_profile(
        self, company: Company, group: str, together: NDArray[np.int32], where: str
    ) -> tuple[Kind, NDArray[np.int32]]:
        """What kind each of a group is, and its profile: who walks with somebody that takes no steps takes none either."""
        kind = self.kinds.of(company, group, len(together), where)
        profile = np.where(kind.steps_free, STEPS_FREE, EVERYBODY).astype(np.int32)
        with_company = np.isin(together, together[kind.steps_free]) & (together >= 0)
        profile[with_company] = STEPS_FREE
        return kind, profile

    def _people(self, groups: list[_Group]) -> tuple[People, NDArray[np.int32], NDArray[np.bool_]]:
        if not groups:
            none, nobody = np.empty(0), np.empty(0, np.int32)
            return People(none, none, nobody, none, nobody, none, none), nobody, np.empty(0, np.bool_)
        member = np.concatenate([np.full(len(g.xy), k, np.int32) for k, g in enumerate(groups)])
        xy = self.ground.local(np.concatenate([g.xy for g in groups]))
        start = np.concatenate([g.start for g in groups])
        speed, radius = np.concatenate([g.kind.speed for g in groups]), np.concatenate([g.kind.radius for g in groups])
        profile = np.concatenate([g.profile for g in groups])
        informed = np.concatenate([_as_first(self.kinds.informed(g.name, len(g.xy)), g.together) for g in groups])
        together = _numbered([g.together for g in groups])
        go = np.concatenate([self._go(g) for g in groups])
        level = np.concatenate([np.full(len(g.xy), self.ground.level_number(g.level), np.int32) for g in groups])
        journey = np.concatenate([g.journey for g in groups])
        order = np.argsort(start, kind="stable")
        people = People(
            xy[order, 0].copy(), xy[order, 1].copy(), level[order], start[order], journey[order], speed[order],
            radius[order], go[order] if go.any() else None, together[order] if (together >= 0).any() else None,
            profile[order] if profile.any() else None,
        )  # fmt: skip
        return people, member[order], informed[order]

    def _go(self, group: _Group) -> NDArray[np.float64]:
        """When each of a group begins to walk: who stands in a zone, some time after it may leave [s]."""
        if group.company.pre_movement_s is None:
            return np.zeros(len(group.xy))
        low, high = group.company.pre_movement_s
        delay = low + (high - low) * uniforms(self.seed, f"{group.name}/pre-movement", len(group.xy))
        begin = group.start
        if isinstance(group.company, Zone):
            owner = next(event for event in self.events if any(zone is group.company for zone in event.zones))
            begin = begin + (owner.end_s if group.company.stay_until_s is None else group.company.stay_until_s)
        return begin + delay

    def _check_reachable(self, group: _Group, journeys: Journeys) -> None:
        routes = self.destinations.routes
        nodes = nodes_under(self.ground, routes, group.xy, group.level)
        names = list(self.destinations.places)
        pairs = np.unique(np.column_stack([group.journey, group.profile]), axis=0)
        for j, profile in pairs.tolist():
            mine = nodes[(group.journey == j) & (group.profile == profile)]
            for goal, kind in zip(journeys.goal[j], journeys.kind[j], strict=True):
                if kind in (STAGE_END, STAGE_CHOOSE):
                    break
                if kind == STAGE_QUEUE and self.facilities.queues is not None:
                    goal = self.facilities.queues.goal[goal]
                lost = int(np.count_nonzero(~np.isfinite(routes.time[profile * len(names) + goal, mine])))
                if lost:
                    name = names[goal]
                    if profile == STEPS_FREE and np.isfinite(routes.time[goal, mine]).all():
                        raise UnreachableError(
                            f"{lost} people of `{group.name}` cannot reach `{name}` without taking stairs",
                            where=f"{group.where} to {self.destinations.where[name]}",
                            hint="give a lift (`crowd.lifts`), or send types that are `steps_free` elsewhere",
                        )
                    raise UnreachableError(
                        f"{lost} people of `{group.name}` cannot reach `{name}`: nothing walkable leads there",
                        where=f"{group.where} to {self.destinations.where[name]}",
                        hint="open a way (closures, fences, stairs, `area`), or leave that goal out",
                    )


def _as_first(values: NDArray[_Value], together: NDArray[np.int32]) -> NDArray[_Value]:
    """Values of people, with that of the first for all who walk together."""
    numbers, first = np.unique(together, return_index=True)
    found: NDArray[_Value] = np.where(together >= 0, values[first[np.searchsorted(numbers, together)]], values)
    return found


def _numbered(parts: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Numbers of those who walk together, different in every part; -1 stays."""
    out, used = [], 0
    for part in parts:
        out.append(np.where(part >= 0, part + used, -1).astype(np.int32))
        used += int(part.max(initial=-1)) + 1
    return np.concatenate(out)
