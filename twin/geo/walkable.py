"""The floor people can stand on, as levels joined by stairs, from the polygons of a city."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import StairError, WalkableError
from twin.geo.city import City
from twin.geo.valid import TOO_MANY, mended

STREET = "street"
PRECISION_M = 0.001
NOT_FOR_PEOPLE = frozenset({"railway", "waterway", "runway", "motorway"})
"""Surfaces of the layer ``roads`` that nobody walks on."""

PORTAL_LENGTH_M = 1.5
"""Upper end of a stair that belongs to both levels [m]."""

WITHOUT_STEPS = frozenset({"joint", "abutment", "ramp"})
"""Values of ``kind`` of the layer ``stairs`` for what joins two levels without steps: the ends of bridges and tunnels, ramps."""

RAMP_SLOPE = 1.0 / 12.0
"""What rises no more than this is a ramp (the steepest that wheelchairs are given: ADA Standards 2010, 405.2) [1]."""


@dataclass(frozen=True, eq=False)
class Stair:
    """A stair that joins two levels.

    Parameters
    ----------
    id : str
    polygon : shapely polygon
        Its treads in plan, in the CRS of the city.
    portal : shapely polygon
        The upper end, which is floor on both levels.
    lower, upper : str
        Names of the levels.
    bottom_z_m, top_z_m : float
        Heights of its ends in the vertical datum.
    up : tuple of float
        Unit vector in plan that points up.
    steps : bool
        False for the end of a bridge or tunnel, and for a ramp of at most `RAMP_SLOPE`.
    """

    id: str
    polygon: BaseGeometry
    portal: BaseGeometry
    lower: str
    upper: str
    bottom_z_m: float
    top_z_m: float
    up: tuple[float, float]
    steps: bool = True


@dataclass(frozen=True, eq=False)
class Walkable:
    """Floors by level, and the stairs between them.

    Parameters
    ----------
    floors : mapping of str to shapely geometry
        Floor of each level in the CRS of the city, stairs included in the lower one; ``street`` comes first.
    heights : mapping of str to list of (geometry, z)
        Parts of a level with a height of their own [m]; the rest lies on the terrain.
    stairs : tuple of Stair
    assumptions : tuple of str
        What was taken for granted, for the report.
    """

    floors: Mapping[str, BaseGeometry]
    heights: Mapping[str, list[tuple[BaseGeometry, float]]]
    stairs: tuple[Stair, ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def levels(self) -> tuple[str, ...]:
        return tuple(self.floors)


def make_walkable(
    city: City,
    *,
    area: BaseGeometry | None = None,
    obstacles: Mapping[str, BaseGeometry] | None = None,
) -> Walkable:
    """Make the floor of a city.

    Parameters
    ----------
    city : City
        With surface types (layer ``roads``) the floor is what they cover; without, it is wherever no
        building, no water and no obstacle is, and `Walkable.assumptions` says so.
    area : shapely geometry, optional
        Part of the city to work in.
    obstacles : mapping of str to shapely geometry, optional
        What is not floor, by level (closures, fences, pits, stages).

    Raises
    ------
    WalkableError
        When nothing is left to stand on.
    StairError
        When a stair does not join two levels.
    """
    buildings = shapely.union_all(_polygons(city.buildings.geometry), grid_size=PRECISION_M)
    assumptions: list[str] = []
    heights: dict[str, list[tuple[BaseGeometry, float]]] = {}
    if len(city.roads):
        floors = _floors_from_roads(city, heights)
    else:
        floors = {STREET: _floor_without_surfaces(city, area)}
        assumptions.append(
            "The city has no surface types: people are taken to walk wherever there is no building, water or change."
        )
    stairs = _read_stairs(city, floors)
    _check_stairs(stairs, floors, heights)
    result: dict[str, BaseGeometry] = {}
    for level in sorted(floors, key=lambda name: (name != STREET, name)):
        floor = floors[level].difference(buildings)
        stairs_here = [s for s in stairs if level in (s.lower, s.upper)]
        if stairs_here:
            floor = floor.difference(shapely.union_all([s.polygon for s in stairs_here if s.upper == level]))
            add = [s.polygon if s.lower == level else s.portal for s in stairs_here]
            # two centimetres of overlap weld a stair to its level where their edges only touch
            floor = shapely.union_all([floor, *shapely.buffer(add, 0.02, join_style="mitre")], grid_size=PRECISION_M)
        if obstacles and level in obstacles:
            floor = floor.difference(obstacles[level])
        if area is not None:
            floor = floor.intersection(area)
        result[level] = _only_polygons(shapely.set_precision(floor, PRECISION_M))
    result = {level: floor for level, floor in result.items() if not floor.is_empty}
    if not result:
        raise WalkableError("nothing is left to stand on", hint="check the area, and the closures and fences of the scenario")
    kept = tuple(s for s in stairs if s.lower in result and s.upper in result)
    return Walkable(result, heights, kept, tuple(assumptions))


def _polygons(geometries: object) -> list[BaseGeometry]:
    return [_only_polygons(shapely.force_2d(g)) for g in np.asarray(geometries, dtype=object) if g is not None and not g.is_empty]


def _only_polygons(geometry: BaseGeometry) -> BaseGeometry:
    """What is left of a geometry when points and lines, the crumbs of overlays, are swept away."""
    if not geometry.is_valid:
        sound = mended(geometry)
        if sound is None:
            x, y = geometry.centroid.coords[0]
            raise WalkableError(f"a surface cannot be walked on: {TOO_MANY}", where=f"({x:.1f}, {y:.1f})", hint="draw it anew")
        geometry = sound
    parts = [part for part in shapely.get_parts(shapely.get_parts(geometry)) if part.geom_type == "Polygon" and part.area > 1e-4]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _floors_from_roads(city: City, heights: dict[str, list[tuple[BaseGeometry, float]]]) -> dict[str, BaseGeometry]:
    roads = city.roads
    level = roads["level"].fillna(STREET).astype(str) if "level" in roads else pd.Series(STREET, index=roads.index)
    z = roads["z_m"] if "z_m" in roads else pd.Series(np.nan, index=roads.index)
    pieces: dict[str, list[BaseGeometry]] = {}
    surface = roads["surface"].fillna("").astype(str) if "surface" in roads else pd.Series("", index=roads.index)
    for geometry, name, z_m, kind in zip(roads.geometry, level, z, surface, strict=True):
        if geometry is None or geometry.is_empty or kind in NOT_FOR_PEOPLE:
            continue
        polygon = _only_polygons(shapely.force_2d(geometry))
        pieces.setdefault(name, []).append(polygon)
        if np.isfinite(z_m):
            heights.setdefault(name, []).append((polygon, float(z_m)))
    if not pieces:
        raise WalkableError(
            "no road of the city has a polygon that people walk on", hint="give a layer with surfaces, or none at all"
        )
    # a centimetre closes the hairline gaps between neighbouring surfaces of real maps
    return {
        name: shapely.buffer(shapely.union_all(shapely.buffer(parts, 0.01, join_style="mitre")), -0.01, join_style="mitre")
        for name, parts in pieces.items()
    }


def _floor_without_surfaces(city: City, area: BaseGeometry | None) -> BaseGeometry:
    floor = area if area is not None else shapely.box(*city.bounds)
    if len(city.water):
        floor = floor.difference(shapely.union_all(_polygons(city.water.geometry)))
    return floor


def _read_stairs(city: City, floors: Mapping[str, BaseGeometry]) -> list[Stair]:
    stairs: list[Stair] = []
    for name, row in city.stairs.iterrows():
        where = f"stair `{name}`"
        lower, upper = str(row.get("bottom_level", "")), str(row.get("top_level", ""))
        for end, level in (("bottom", lower), ("top", upper)):
            if level not in floors:
                raise StairError(
                    f"its {end} level `{level}` is not a level of the city",
                    where=where,
                    hint=f"the levels are: {', '.join(floors)}",
                )
        polygon = _only_polygons(shapely.force_2d(row.geometry))
        azimuth = math.radians(float(row["up_azimuth_deg"]))
        up = (math.sin(azimuth), math.cos(azimuth))
        portal = _upper_end(polygon, up)
        if portal.is_empty or portal.area > 0.9 * polygon.area:
            raise StairError(f"it is shorter than {PORTAL_LENGTH_M} m", where=where, hint="draw its whole run")
        bottom, top = float(row["bottom_z_m"]), float(row["top_z_m"])
        steps = row.get("kind") not in WITHOUT_STEPS and top - bottom > RAMP_SLOPE * float(np.ptp(_along(polygon, up)))
        stairs.append(Stair(str(name), polygon, portal, lower, upper, bottom, top, up, steps))
    return stairs


def _along(polygon: BaseGeometry, up: tuple[float, float]) -> NDArray[np.float64]:
    """How far up the corners of a polygon lie in plan, (N,) [m]."""
    found: NDArray[np.float64] = shapely.get_coordinates(polygon) @ np.array(up)
    return found


def _upper_end(polygon: BaseGeometry, up: tuple[float, float]) -> BaseGeometry:
    along = _along(polygon, up)
    top, reach = along.max(), 1e4
    centre = np.array(polygon.centroid.coords[0])
    side = np.array([-up[1], up[0]])
    base = centre + (top - PORTAL_LENGTH_M - centre @ np.array(up)) * np.array(up)
    corners = [base - reach * side, base + reach * side, base + reach * (side + up), base + reach * (np.array(up) - side)]
    return _only_polygons(polygon.intersection(shapely.Polygon(corners)))


def _check_stairs(
    stairs: list[Stair], floors: Mapping[str, BaseGeometry], heights: Mapping[str, list[tuple[BaseGeometry, float]]]
) -> None:
    for stair in stairs:
        foot = stair.polygon.difference(stair.portal)
        for end, level, part, z_m in (
            ("bottom", stair.lower, foot, stair.bottom_z_m),
            ("top", stair.upper, stair.portal, stair.top_z_m),
        ):
            gap = part.distance(floors[level])
            if gap > 0.05:
                raise StairError(
                    f"its {end} is {gap:.1f} m away from level `{level}`: it joins nothing",
                    where=f"stair `{stair.id}`",
                    hint="draw the stair up to the edge of the level, or correct its level",
                )
            near = [z for shape, z in heights.get(level, []) if shape.distance(part) < 0.5]
            if near and min(abs(z - z_m) for z in near) > 0.6:
                off = min((z_m - z for z in near), key=abs)
                raise StairError(
                    f"its {end} edge is {abs(off):.1f} m {'above' if off > 0 else 'below'} level `{level}`",
                    where=f"stair `{stair.id}`",
                    hint=f"set {end}_z_m to the height of the level",
                )
