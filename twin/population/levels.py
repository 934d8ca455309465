"""Whether a place of a scenario is on the floor, and why not."""

from __future__ import annotations

import shapely

from twin.discretize import Ground
from twin.errors import ScenarioError, did_you_mean
from twin.geo.walkable import NOT_FOR_PEOPLE, STREET
from twin.scenario.apply import Changed, Located


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
