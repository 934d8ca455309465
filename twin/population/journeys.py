"""Where each person goes: the goals in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from twin.discretize import Ground
from twin.errors import ScenarioError, did_you_mean
from twin.population.destinations import Destinations, nodes_under
from twin.rng import uniforms
from twin.scenario.apply import Changed, Located
from twin.scenario.model import Arrivals, EventChange, Zone
from twin.sim.model import STAGE_END, STAGE_LEAVE, STAGE_PASS, STAGE_STAY, Journeys

Stage: TypeAlias = tuple[int, int, float]
"""A goal, what is done there, and until when [s]."""


class JourneyTable:
    """Journeys by content, each kept once."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Stage, ...], int] = {}

    def number(self, stages: Sequence[Stage]) -> int:
        """Number of the journey with these stages."""
        return self._rows.setdefault(tuple(stages), len(self._rows))

    def arrays(self) -> Journeys:
        """All journeys, a row each, filled up with `STAGE_END`."""
        width = max((len(row) for row in self._rows), default=0) + 1
        shape = (max(len(self._rows), 1), width)
        goal, kind = np.full(shape, -1, np.int32), np.full(shape, STAGE_END, np.int8)
        until = np.full(shape, np.inf)
        for row, j in self._rows.items():
            for k, (g, what, time) in enumerate(row):
                goal[j, k], kind[j, k], until[j, k] = g, what, time
        return Journeys(goal, kind, until)


class Planner:
    """Chooses the journeys of groups; the same for the same seed and group.

    Parameters
    ----------
    changed : Changed
    ground : Ground
    destinations : Destinations
    seed : int
    """

    def __init__(self, changed: Changed, ground: Ground, destinations: Destinations, seed: int) -> None:
        self.events: tuple[EventChange, ...] = changed.events
        self.ground, self.seed = ground, seed
        self.goals, self.routes = destinations.goals, destinations.routes
        self.places, self.kinds = destinations.places, destinations.kinds
        self.number = {name: i for i, name in enumerate(self.places)}
        self.table = JourneyTable()

    def of_present(self, zone: Zone, event: EventChange, xy: NDArray[np.float64], where: str) -> NDArray[np.int32]:
        """Journeys of people who stand in a zone at first, at `xy` (N, 2), (N,) int32."""
        exits = self._pick_exits(zone.exits or event.exits, xy, self.places[zone.id].level, zone.id, where)
        return self._stay_and_leave((), zone, event, exits)

    def of_arrivals(
        self, arrivals: Arrivals, event: EventChange | None, place: Located, count: int, where: str
    ) -> NDArray[np.int32]:
        """Journeys of people who come in at a place, (count,) int32.

        Raises
        ------
        ScenarioError
            When a name is not that of an exit, zone or waypoint, or there is nowhere to go.
        """
        via = [(self._named(name, ("waypoint",), f"{where}.via"), STAGE_PASS, np.inf) for name in arrivals.via]
        targets = self._targets(arrivals, event, place, where)
        chosen = self._share_out(list(targets.values()), count, f"{arrivals.id}/to")
        journey = np.empty(count, np.int32)
        for k, name in enumerate(targets):
            rows = np.flatnonzero(chosen == k)
            journey[rows] = self._journeys_to(name, len(rows), via, event, arrivals.id, where)
        return journey

    def _targets(self, arrivals: Arrivals, event: EventChange | None, here: Located, where: str) -> dict[str, float]:
        if arrivals.to is not None:
            for name in arrivals.to:
                self._named(name, ("exit", "zone"), f"{where}.to")
            return dict(arrivals.to)
        if event is not None and event.zones:
            return {zone.id: 1.0 for zone in event.zones}
        away = {
            name: 1.0
            for name, kind in self.kinds.items()
            if kind == "exit" and not (self.places[name].shape.intersects(here.shape) and self.places[name].level == here.level)
        }
        if not away:
            raise ScenarioError("there is no exit other than where they come from", where=where, hint="give `to`, or another exit")
        return away

    def _journeys_to(
        self, name: str, count: int, via: Sequence[Stage], event: EventChange | None, group: str, where: str
    ) -> NDArray[np.int32]:
        if self.kinds[name] == "exit":
            return np.full(count, self.table.number([*via, (self.number[name], STAGE_LEAVE, np.inf)]), np.int32)
        owner = next(e for e in self.events if any(z.id == name for z in e.zones))
        zone = next(z for z in owner.zones if z.id == name)
        goal = self.number[name]
        first, last = self.goals.start[goal], self.goals.start[goal + 1]
        middle = self.goals.cells[(first + last) // 2]
        at = np.array([[self.ground.grid.x[middle[2]], self.ground.grid.y[middle[1]]]])
        shares = zone.exits or (event.exits if event else None) or owner.exits
        exits = self._pick_exits(shares, np.repeat(at, count, axis=0), self.places[name].level, f"{group}/{name}", where)
        return self._stay_and_leave(via, zone, owner, exits)

    def _stay_and_leave(self, via: Sequence[Stage], zone: Zone, event: EventChange, exits: NDArray[np.int32]) -> NDArray[np.int32]:
        """Journeys through a zone, until it is time to leave it, to an exit for each person."""
        until = zone.stay_until_s if zone.stay_until_s is not None else event.end_s
        stay = (self.number[zone.id], STAGE_STAY, float(until))
        return np.array([self.table.number([*via, stay, (int(e), STAGE_LEAVE, np.inf)]) for e in exits], np.int32)

    def _pick_exits(
        self, shares: Mapping[str, float] | None, xy: NDArray[np.float64], level: str, group: str, where: str
    ) -> NDArray[np.int32]:
        """An exit for each person: by the shares given, else the nearest on foot."""
        if shares:
            numbers = np.array([self._named(name, ("exit",), f"{where}.exits") for name in shares], np.int32)
            return numbers[self._share_out(list(shares.values()), len(xy), f"{group}/exits")]
        exits = np.array([i for name, i in self.number.items() if self.kinds[name] == "exit"], np.int32)
        nodes = nodes_under(self.ground, self.routes, xy, level)
        return exits[np.argmin(self.routes.time[exits][:, nodes], axis=0)]

    def _share_out(self, shares: Sequence[float], count: int, stream: str) -> NDArray[np.int64]:
        """Which of the shares each person is in, by chance, (count,) int64."""
        edges = np.cumsum(shares) / np.sum(shares)
        picked = np.searchsorted(edges, uniforms(self.seed, stream, count), side="right")
        return np.minimum(picked, len(shares) - 1)

    def _named(self, name: str, kinds: tuple[str, ...], where: str) -> int:
        known = [n for n, kind in self.kinds.items() if kind in kinds]
        if name not in known:
            what = " or ".join(kinds)
            article = "an" if what[0] in "aeiou" else "a"
            raise ScenarioError(f"`{name}` is not the name of {article} {what}{did_you_mean(name, known)}", where=where,
                                hint=f"there are: {', '.join(known) or 'none'}")  # fmt: skip
        return self.number[name]
