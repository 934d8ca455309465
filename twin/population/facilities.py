"""Doors, opening hours and queues of a scenario, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.discretize import Ground
from twin.errors import ScenarioError, did_you_mean
from twin.population.destinations import Destinations
from twin.population.levels import check_level
from twin.scenario.facilities import OpenHours, Queue
from twin.scenario.model import CrowdSettings
from twin.sim.model import Choices, Doors, Hours, Queues


@dataclass(frozen=True, eq=False)
class Facilities:
    """What the crowd meets besides floor and walls.

    Parameters
    ----------
    doors : Doors or None
    exit_hours : Hours or None
    queues : Queues or None
    choices : Choices or None
    names : mapping of str to sequence of str
        Names of the ``doors`` and ``queues`` in the order of the arrays.
    """

    doors: Doors | None = None
    exit_hours: Hours | None = None
    queues: Queues | None = None
    choices: Choices | None = None
    names: Mapping[str, Sequence[str]] | None = None


def find_facilities(crowd: CrowdSettings, ground: Ground, destinations: Destinations) -> Facilities:
    """The facilities of a scenario on its floor; choices come from the journeys.

    Raises
    ------
    ScenarioError
        When a level or an exit is not there, or a door's name stands twice.
    """
    for queue in crowd.queues:
        check_level(queue.level, ground, f"crowd.queues[{queue.id}]")
    seen: set[str] = set()
    for door in crowd.doors:
        where = f"crowd.doors[{door.id}]"
        check_level(door.level, ground, where)
        if door.id in seen:
            raise ScenarioError(f"the name `{door.id}` is used twice", where=where)
        seen.add(door.id)
        if door.line[0] == door.line[1]:
            raise ScenarioError("a door is a line between two points; these are the same", where=f"{where}.line")
    return Facilities(
        _doors(crowd, ground), _exit_hours(crowd, destinations), _queues(crowd, ground, destinations), None,
        {"doors": [d.id for d in crowd.doors], "queues": [q.id for q in crowd.queues]},
    )  # fmt: skip


def _doors(crowd: CrowdSettings, ground: Ground) -> Doors | None:
    if not crowd.doors:
        return None
    lines = np.array([ground.local(np.array(door.line)).ravel() for door in crowd.doors])
    levels = np.array([ground.level_number(door.level) for door in crowd.doors], np.int32)
    return Doors(lines, levels, _hours(crowd.doors))


def _exit_hours(crowd: CrowdSettings, destinations: Destinations) -> Hours | None:
    if not crowd.exit_hours:
        return None
    names = list(destinations.places)
    exits = [name for name in names if destinations.kinds[name] == "exit"]
    for name in crowd.exit_hours:
        if name not in exits:
            raise ScenarioError(
                f"`{name}` is not the name of an exit{did_you_mean(name, exits)}", where="crowd.exit_hours",
                hint=f"there are: {', '.join(exits) or 'none'}",
            )  # fmt: skip
    always = OpenHours()
    return _hours([crowd.exit_hours.get(name, always) for name in names])


def _hours(items: Sequence[OpenHours]) -> Hours:
    per_s = np.array([np.inf if item.capacity_per_min is None else item.capacity_per_min / 60.0 for item in items])
    most = max(1 if item.open_s is None else len(item.open_s) for item in items)
    opens, closes = np.full((len(items), most), np.nan), np.full((len(items), most), np.nan)
    for k, item in enumerate(items):
        for i, (begin, end) in enumerate(item.open_s or ((0.0, np.inf),)):
            opens[k, i], closes[k, i] = begin, end
    return Hours(per_s, opens, closes)


def _queues(crowd: CrowdSettings, ground: Ground, destinations: Destinations) -> Queues | None:
    if not crowd.queues:
        return None
    number = {name: i for i, name in enumerate(destinations.places)}
    places = [ground.local(queue_places(queue)) for queue in crowd.queues]
    return Queues(
        np.array([number[queue.id] for queue in crowd.queues], np.int32),
        np.cumsum([0, *(len(p) for p in places)]).astype(np.int64), np.concatenate(places),
        np.array([queue.servers for queue in crowd.queues], np.int32), np.array([queue.service_s for queue in crowd.queues]),
        np.array([queue.service_spread for queue in crowd.queues]),
    )  # fmt: skip


def queue_places(queue: Queue) -> NDArray[np.float64]:
    """Where people stand in a queue, from the counter backwards, (P, 2) [m]."""
    line = shapely.LineString(queue.line)
    along = np.arange(0.0, line.length + 1e-9, queue.spacing_m)
    found: NDArray[np.float64] = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    return found
