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
from twin.scenario.changes import Arrivals, EventChange, Zone
from twin.sim.model import (
    CHOOSE_LEAST_CROWDED,
    CHOOSE_NEAREST,
    STAGE_CHOOSE,
    STAGE_END,
    STAGE_LEAVE,
    STAGE_PASS,
    STAGE_QUEUE,
    STAGE_STAY,
    Choices,
    Journeys,
)

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


class ChoiceTable:
    """Choices by content, each kept once."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, tuple[int, ...], tuple[float, ...]], int] = {}

    def number(self, rule: int, journeys: Sequence[int], weights: Sequence[float]) -> int:
        """Number of the choice between these journeys."""
        return self._rows.setdefault((rule, tuple(journeys), tuple(weights)), len(self._rows))

    def arrays(self) -> Choices | None:
        """All choices; None when there are none."""
        if not self._rows:
            return None
        rules, journeys, weights = zip(*self._rows, strict=True)
        start = np.cumsum([0, *(len(row) for row in journeys)]).astype(np.int64)
        return Choices(
            np.array(rules, np.int8), start, np.concatenate([np.array(row, np.int32) for row in journeys]),
            np.concatenate([np.array(row, np.float64) for row in weights]),
        )  # fmt: skip


_RULES = {"nearest": CHOOSE_NEAREST, "least-crowded": CHOOSE_LEAST_CROWDED}


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
        self.table, self.choices = JourneyTable(), ChoiceTable()
        self.queues = {name: k for k, name in enumerate(name for name, kind in self.kinds.items() if kind == "queue")}

    def of_present(
        self, zone: Zone, event: EventChange, xy: NDArray[np.float64], profile: NDArray[np.int32], where: str
    ) -> NDArray[np.int32]:
        """Journeys of people of some profiles (N,) who stand in a zone at first, at `xy` (N, 2), (N,) int32."""
        if zone.choice is not None:
            return self._stay_and_choose((), zone, event, len(xy), zone.exits or event.exits, where)
        exits = self._pick_exits(zone.exits or event.exits, xy, profile, self.places[zone.id].level, zone.id, where)
        return self._stay_and_leave((), zone, event, exits)

    def of_arrivals(
        self, arrivals: Arrivals, event: EventChange | None, place: Located, profile: NDArray[np.int32], where: str
    ) -> NDArray[np.int32]:
        """Journeys of people of some profiles (N,) who come in at a place, (N,) int32.

        Raises
        ------
        ScenarioError
            When a name is not that of an exit, zone or waypoint, or there is nowhere to go.
        """
        count = len(profile)
        via = [self._stop(name, f"{where}.via") for name in arrivals.via]
        if arrivals.choice is not None and arrivals.to is None and not (event is not None and event.zones):
            choose = self._choose(arrivals.choice, dict.fromkeys(self._away(place, where), 1.0), where)
            return np.full(count, self.table.number([*via, choose]), np.int32)
        targets = self._targets(arrivals, event, place, where)
        chosen = self._share_out(list(targets.values()), count, f"{arrivals.id}/to")
        journey = np.empty(count, np.int32)
        for k, name in enumerate(targets):
            rows = np.flatnonzero(chosen == k)
            journey[rows] = self._journeys_to(name, profile[rows], via, event, arrivals.id, where)
        return journey

    def _targets(self, arrivals: Arrivals, event: EventChange | None, here: Located, where: str) -> dict[str, float]:
        if arrivals.to is not None:
            for name in arrivals.to:
                self._named(name, ("exit", "zone"), f"{where}.to")
            return dict(arrivals.to)
        if event is not None and event.zones:
            return {zone.id: 1.0 for zone in event.zones}
        return dict.fromkeys(self._away(here, where), 1.0)

    def _away(self, here: Located, where: str) -> list[str]:
        """Exits other than where people come from."""
        away = [
            name
            for name, kind in self.kinds.items()
            if kind == "exit" and not (self.places[name].shape.intersects(here.shape) and self.places[name].level == here.level)
        ]
        if not away:
            raise ScenarioError("there is no exit other than where they come from", where=where, hint="give `to`, or another exit")
        return away

    def _journeys_to(
        self, name: str, profile: NDArray[np.int32], via: Sequence[Stage], event: EventChange | None, group: str, where: str
    ) -> NDArray[np.int32]:
        count = len(profile)
        if self.kinds[name] == "exit":
            return np.full(count, self.table.number([*via, (self.number[name], STAGE_LEAVE, np.inf)]), np.int32)
        owner = next(e for e in self.events if any(z.id == name for z in e.zones))
        zone = next(z for z in owner.zones if z.id == name)
        goal = self.number[name]
        first, last = self.goals.start[goal], self.goals.start[goal + 1]
        middle = self.goals.cells[(first + last) // 2]
        at = np.array([[self.ground.grid.x[middle[2]], self.ground.grid.y[middle[1]]]])
        shares = zone.exits or (event.exits if event else None) or owner.exits
        if zone.choice is not None:
            return self._stay_and_choose(via, zone, owner, count, shares, where)
        exits = self._pick_exits(shares, np.repeat(at, count, axis=0), profile, self.places[name].level, f"{group}/{name}", where)
        return self._stay_and_leave(via, zone, owner, exits)

    def _stay_and_leave(self, via: Sequence[Stage], zone: Zone, event: EventChange, exits: NDArray[np.int32]) -> NDArray[np.int32]:
        """Journeys through a zone, until it is time to leave it, to an exit for each person."""
        until = zone.stay_until_s if zone.stay_until_s is not None else event.end_s
        stay = (self.number[zone.id], STAGE_STAY, float(until))
        return np.array([self.table.number([*via, stay, (int(e), STAGE_LEAVE, np.inf)]) for e in exits], np.int32)

    def _stay_and_choose(
        self, via: Sequence[Stage], zone: Zone, event: EventChange, count: int, shares: Mapping[str, float] | None, where: str
    ) -> NDArray[np.int32]:
        """One journey for all: through a zone, and by the exit that each chooses when it is time."""
        until = zone.stay_until_s if zone.stay_until_s is not None else event.end_s
        stay = (self.number[zone.id], STAGE_STAY, float(until))
        weights = dict(shares) if shares else dict.fromkeys((n for n, kind in self.kinds.items() if kind == "exit"), 1.0)
        choose = self._choose(str(zone.choice), weights, f"{where}.exits")
        return np.full(count, self.table.number([*via, stay, choose]), np.int32)

    def _choose(self, rule: str, weights: Mapping[str, float], where: str) -> Stage:
        """The stage at which somebody chooses between exits."""
        leave = [self.table.number([(self._named(name, ("exit",), where), STAGE_LEAVE, np.inf)]) for name in weights]
        return (self.choices.number(_RULES[rule], leave, list(weights.values())), STAGE_CHOOSE, np.inf)

    def _stop(self, name: str, where: str) -> Stage:
        """A waypoint to pass, or a queue to stand in, on the way."""
        goal = self._named(name, ("waypoint", "queue"), where)
        return (self.queues[name], STAGE_QUEUE, np.inf) if name in self.queues else (goal, STAGE_PASS, np.inf)

    def _pick_exits(
        self, shares: Mapping[str, float] | None, xy: NDArray[np.float64], profile: NDArray[np.int32], level: str, group: str,
        where: str,
    ) -> NDArray[np.int32]:  # fmt: skip
        """An exit for each person: by the shares given, else the nearest on foot."""
        if shares:
            numbers = np.array([self._named(name, ("exit",), f"{where}.exits") for name in shares], np.int32)
            return numbers[self._share_out(list(shares.values()), len(xy), f"{group}/exits")]
        exits = np.array([i for name, i in self.number.items() if self.kinds[name] == "exit"], np.int32)
        nodes = nodes_under(self.ground, self.routes, xy, level)
        rows = exits[:, None] + profile * len(self.number)
        return exits[np.argmin(self.routes.time[rows, nodes], axis=0)]

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
