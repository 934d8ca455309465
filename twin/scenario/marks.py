"""What a scenario changes, as marks for a map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.plots.marks import Mark
from twin.scenario.apply import Changed, Obstacle
from twin.scenario.changes import (
    AntennaChange,
    BuildingChange,
    Change,
    EventChange,
    PavingChange,
    TreesChange,
)

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.geo.city import City


def marks_of(changed: Changed, city: City) -> tuple[Mark, ...]:
    """What was changed in a city, to draw on a map of it.

    Parameters
    ----------
    changed : Changed
        The city with the changes.
    city : City
        Before any change: where trees stood that are felled, and buildings that are taken down.
    """
    obstacles = iter(changed.obstacles)
    made: list[Mark] = []
    for change in changed.made:
        made += _of_obstacles(change, obstacles) if _takes_floor(change) else _of_layers(change, changed, city)
    return tuple(mark for mark in made if mark.shape is not None and not mark.shape.is_empty)


def _takes_floor(change: Change) -> bool:
    return not isinstance(change, AntennaChange | BuildingChange | PavingChange | TreesChange)


def _of_obstacles(change: Change, obstacles: Iterator[Obstacle]) -> list[Mark]:
    """Obstacles come in the order of the changes that they are of: as many as stages of an event, else one."""
    count = len(change.stages) if isinstance(change, EventChange) else 1
    found = [next(obstacles) for _ in range(count)]
    return [Mark(one.kind, one.label, one.shape if one.outline is None else one.outline) for one in found]


def _of_layers(change: Change, changed: Changed, city: City) -> list[Mark]:
    label = change.label or change.id
    if isinstance(change, AntennaChange):
        return [Mark("antenna", label, shapely.Point(change.at))]
    if isinstance(change, PavingChange):
        return [Mark("paving", label, _of(changed.city.landuse, [change.id]))]
    if isinstance(change, BuildingChange):
        if change.remove is not None:
            return [Mark("removed", label, _of(city.buildings, [change.remove]))]
        return [Mark("building", label, _of(changed.city.buildings, [change.id]))]
    assert isinstance(change, TreesChange)
    if change.plant is not None:
        return [Mark("planted", label, shapely.MultiPoint(change.plant))]
    return [Mark("felled", label, _of(city.trees, felled_ids(change, changed, city)))]


def felled_ids(change: TreesChange, changed: Changed, city: City) -> list[str]:
    """Ids of the trees of a city that one change fells; of those in a place the ones that no other change names."""
    if change.remove is not None:
        return list(change.remove)
    named = {key for other in changed.made if isinstance(other, TreesChange) for key in other.remove or ()}
    gone = city.trees.index.difference(changed.city.trees.index, sort=False)
    return [str(key) for key in gone if key not in named]


def _of(frame: gpd.GeoDataFrame, keys: list[str]) -> BaseGeometry:
    """The shapes of some rows as one; empty where they are not there."""
    shapes = frame.geometry[frame.index.isin(keys)].to_numpy()
    flat = shapely.force_2d(np.asarray([shape for shape in shapes if shape is not None], dtype=object))
    if len(flat) and all(shape.geom_type == "Point" for shape in flat):
        return shapely.MultiPoint(list(flat))
    return shapely.union_all(flat)
