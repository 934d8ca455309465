"""Where people stand at first: spots of a place on which there is floor."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.discretize import Ground
from twin.errors import StartError
from twin.population.levels import check_level, why_no_floor
from twin.rng import uniforms
from twin.scenario.apply import Changed, Located
from twin.scenario.model import Scenario

MAX_START_DENSITY = 5.0
"""People may not be put closer than this [1/m2]: the limit of a standing crowd."""


class Spots:
    """Finds spots for the groups of a scenario; the same for the same seed and group.

    Parameters
    ----------
    scenario : Scenario
    changed : Changed
    ground : Ground
    seed : int
    """

    def __init__(self, scenario: Scenario, changed: Changed, ground: Ground, seed: int) -> None:
        self.crowd, self.area = scenario.crowd, scenario.area
        self.changed, self.ground, self.seed = changed, ground, seed

    def spread(self, place: Located, count: int, group: str, where: str) -> NDArray[np.float64]:
        """Spots on a hexagonal lattice that fills the place, loosened a little, (count, 2).

        Raises
        ------
        StartError
            When there is no floor, or too little for so many.
        """
        shape = self._floor_of(place, where)
        closest = 2.0 * self.crowd.body_radius_m + 0.02
        spacing = np.sqrt(2.0 / np.sqrt(3.0) * shape.area / count)
        for _ in range(60):
            if spacing < closest or count / shape.area > MAX_START_DENSITY:
                break
            spots = _lattice(shape, spacing)
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

    def anywhere(self, place: Located, count: int, group: str, where: str) -> NDArray[np.float64]:
        """Random points of the place, one a person, (count, 2).

        Raises
        ------
        StartError
            When there is no floor.
        """
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

    def beside(
        self, place: Located, xy: NDArray[np.float64], together: NDArray[np.int32], group: str, where: str
    ) -> NDArray[np.float64]:
        """Points at which those who walk together are beside the first of them, (N, 2)."""
        company = np.flatnonzero(together >= 0)
        if not len(company):
            return xy
        shape = self._floor_of(place, where)
        shapely.prepare(shape)
        numbers, first = np.unique(together[company], return_index=True)
        anchor = xy[company[first[np.searchsorted(numbers, together[company])]]]
        out, todo = xy.copy(), np.ones(len(company), np.bool_)
        todo[first] = False
        out[company] = anchor
        angle = 2.0 * np.pi * uniforms(self.seed, f"{group}/side", len(xy))[company]
        step = 2.0 * self.crowd.body_radius_m + 0.15
        place_in = np.arange(len(company)) - first[np.searchsorted(numbers, together[company])]
        for turn in range(6):
            around = angle + 2.0 * np.pi * (place_in + turn) / 6.0
            reach = step * (1 + (place_in - 1) // 6)
            moved = anchor + np.column_stack([np.cos(around), np.sin(around)]) * reach[:, None]
            inside = todo & shapely.contains_xy(shape, moved[:, 0], moved[:, 1])
            out[company[inside]] = moved[inside]
            todo &= ~inside
        return out

    def _floor_of(self, place: Located, where: str) -> BaseGeometry:
        check_level(place.level, self.ground, where)
        clearance = self.crowd.body_radius_m + 0.05
        shape = place.shape.intersection(self.ground.walkable.floors[place.level].buffer(-clearance))
        if shape.is_empty or shape.area < 0.05:
            raise StartError(
                f"people would start where nobody can stand: {why_no_floor(place, self.changed, self.area)}",
                where=where,
                hint="move the place to open ground",
            )
        return shape


def _lattice(shape: BaseGeometry, spacing: float) -> NDArray[np.float64]:
    """Points of a hexagonal lattice within a shape, (N, 2)."""
    west, south, east, north = shape.bounds
    pitch = spacing * np.sqrt(3.0) / 2.0
    rows = np.arange(south + 0.5 * pitch, north, pitch)
    columns = np.arange(west + 0.25 * spacing, east, spacing)
    x = columns[None, :] + 0.5 * spacing * (np.arange(len(rows)) % 2)[:, None]
    y = np.broadcast_to(rows[:, None], x.shape)
    inside = shapely.contains_xy(shape, x.ravel(), y.ravel())
    return np.stack([x.ravel()[inside], y.ravel()[inside]], axis=1)
