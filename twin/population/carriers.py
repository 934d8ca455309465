"""What carries people between places of a scenario, and who may use what: escalators, lifts, stairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.discretize import Ground
from twin.errors import ScenarioError
from twin.population.levels import check_level, why_no_floor
from twin.scenario.apply import Changed, Located, locate
from twin.scenario.facilities import Escalator, Lift
from twin.scenario.model import CrowdSettings
from twin.sim.crowd.wayfinding import RouteGraph
from twin.sim.model import Links, Rides

EVERYBODY, STEPS_FREE = 0, 1
"""Profiles: who can go everywhere, and who can take neither stairs nor escalators."""

Cells = NDArray[np.int32]


def profile_speeds(crowd: CrowdSettings, ground: Ground, graph: RouteGraph) -> NDArray[np.float32] | None:
    """Speeds at each node for each profile, (2, K) float32; None where everybody can go everywhere."""
    if not any(kind.steps_free for kind in crowd.types.values()):
        return None
    steps = ground.steps().reshape(-1)[graph.first]
    return np.stack([graph.speed, np.where(steps, np.float32(0.0), graph.speed)])


def find_rides(
    crowd: CrowdSettings, changed: Changed, ground: Ground, area: tuple[float, float, float, float] | None, *, by_profile: bool
) -> tuple[Rides | None, tuple[str, ...]]:
    """Escalators and lifts on the floor, and the name of each; what a change stands in the way of is out of use.

    Parameters
    ----------
    crowd : CrowdSettings
    changed : Changed
    ground : Ground
    area : (west, south, east, north), optional
        Part of the city that the scenario works in.
    by_profile : bool
        Whether there are people who can take no steps: they may only take lifts.

    Raises
    ------
    ScenarioError
        When a name is used twice, or a place is not on the floor or the other one too.
    """
    entries: list[Cells] = []
    exits: list[Cells] = []
    rows: list[tuple[str, bool, float, float, float, int, float]] = []
    seen: set[str] = set()
    for kind, given in (("escalators", crowd.escalators), ("lifts", crowd.lifts)):
        for one in given:
            where = f"crowd.{kind}[{one.id}]"
            if one.id in seen:
                raise ScenarioError(f"the name `{one.id}` is used twice", where=where)
            seen.add(one.id)
            ends = _ends(one, where, changed, ground, area)
            if ends is None:
                continue
            both = isinstance(one, Lift) and one.both_ways
            for here, there in (ends, ends[::-1])[: 1 + both]:
                entries.append(here)
                exits.append(there)
                rows.append(_row(one))
    if not rows:
        return None, ()
    names, for_all, ride_s, per_s, every_s, seats, wait_s = zip(*rows, strict=True)
    ride = np.array(ride_s)
    starts = [np.cumsum([0, *(len(cells) for cells in ends)]).astype(np.int64) for ends in (entries, exits)]
    links = Links(starts[0], np.concatenate(entries), starts[1], np.concatenate(exits), ride + np.array(wait_s))
    allowed = np.stack([np.ones(len(rows), np.bool_), np.array(for_all)]) if by_profile else None
    return Rides(links, ride, np.array(per_s), np.array(every_s), np.array(seats, np.int32), allowed), names


def _row(one: Escalator | Lift) -> tuple[str, bool, float, float, float, int, float]:
    """Name, whether it is for those who take no steps too, and its numbers, with the usual wait [s] at the end."""
    if isinstance(one, Lift):
        return one.id, True, one.ride_s, np.inf, one.every_s, one.seats, 0.5 * one.every_s
    return one.id, False, one.ride_s, one.capacity_per_min / 60.0, 0.0, 1, 0.0


def _ends(
    one: Escalator | Lift, where: str, changed: Changed, ground: Ground, area: tuple[float, float, float, float] | None
) -> tuple[Cells, Cells] | None:
    """Cells where people step on and off; None where a change stands in the way."""
    found = []
    for key, given in (("at", one.at), ("to", one.to)):
        place = locate(given, changed.city, f"{where}.{key}")
        check_level(place.level, ground, f"{where}.{key}")
        cells = ground.cells(place.shape, place.level)
        if not len(cells):
            if _closed(place, changed):
                return None
            raise ScenarioError(
                f"`{key}` of `{one.id}` has no floor: {why_no_floor(place, changed, area)}", where=f"{where}.{key}",
                hint="give a place that people can stand on",
            )  # fmt: skip
        found.append(cells)
    both = set(map(tuple, found[0].tolist())) & set(map(tuple, found[1].tolist()))
    if both:
        raise ScenarioError(
            f"`at` and `to` of `{one.id}` lie over each other", where=where, hint="give two places, or two levels of one"
        )
    return found[0], found[1]


def _closed(place: Located, changed: Changed) -> bool:
    return any(one.level == place.level and one.shape.intersects(place.shape) for one in changed.obstacles)
