"""Access on foot: walking times to the nearest of some places, isochrones, and how long it takes from each building.

The kernel is `twin.sim.impact.access`; the floor is that on which crowds walk (`twin.discretize`), with its levels and stairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.discretize import Ground, discretize
from twin.errors import ScenarioError
from twin.geo.walkable import Walkable, make_walkable
from twin.grid import GridSpec
from twin.impacts.site import Site
from twin.scenario.analyses import AccessAnalysis, settings_of
from twin.scenario.apply import Located, locate
from twin.scenario.place import Place
from twin.sim.grade import grades
from twin.sim.impact import access
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

Box = tuple[float, float, float, float]


def walking_time(
    city: City,
    to: Sequence[Any],
    *,
    speed_m_s: float = 1.34,
    steps_free: bool = False,
    slope_limit: float | None = None,
    terrain_speeds: bool = True,
    cell: float = 0.5,
    area: Box | None = None,
    closed: Mapping[str, BaseGeometry] | None = None,
) -> xr.DataArray:
    """How long people walk from everywhere to the nearest of some places.

    Parameters
    ----------
    city : City
    to : sequence of places
        Ids of objects of the city, or as in a scenario: ``{"point": [x, y], "level": "wharf"}``.
    speed_m_s : float
        On the flat; on stairs 0.49 of it, 0.65 m/s for who walks 1.34 m/s (Weidmann 1993) [m/s].
    steps_free : bool
        Without stairs.
    slope_limit : float, optional
        Floor that is steeper is not taken, stairs apart, rise over run [1].
    terrain_speeds : bool
        Slower uphill (Tobler 1993) and on soft ground.
    cell : float
        [m]
    area : (west, south, east, north), optional
        By default the whole city; ways do not leave it [m].
    closed : mapping of str to shapely geometry, optional
        What is closed, by level.

    Returns
    -------
    DataArray
        ``walking_time`` (level, y, x) float32 [min]: inf where no place can be reached, NaN off the floor.

    Raises
    ------
    ParameterError
        When a value cannot be used.
    ScenarioError
        When a place is not in the city, or has no floor.
    WalkableError, GridError
        As `twin.discretize.discretize`.
    """
    settings = settings_of(
        AccessAnalysis, to=_given(to), speed_m_s=speed_m_s, steps_free=steps_free, slope_limit=slope_limit,
        terrain_speeds=terrain_speeds, cell_m=cell,
    )  # fmt: skip
    walk = walk_of(Site(city, area, closed or {}), settings)
    made = variable("walking_time").array(walk.times[0])
    whole = xr.DataArray(walk.times, dims=("level", "y", "x"), name="walking_time", attrs=made.attrs)
    about = {"crs": walk.grid.crs or "", "cell_m": float(walk.grid.cell)}
    return whole.assign_coords(level=list(walk.levels), y=walk.grid.y, x=walk.grid.x).assign_attrs(about)


def isochrones(city: City, to: Sequence[Any], minutes: Sequence[float] = (5.0, 10.0, 15.0), **options: Any) -> gpd.GeoDataFrame:
    """From where one of some places is reached within some times.

    Parameters
    ----------
    city : City
    to : sequence of places
    minutes : sequence of float
        Rising [min].
    **options
        As in `walking_time`.

    Returns
    -------
    GeoDataFrame
        A row for each time and level: ``minutes``, ``level``, ``area_m2``, and the floor from which it takes so long at most, along
        the edges of cells.

    Raises
    ------
    ParameterError, ScenarioError, WalkableError, GridError
        As `walking_time`.
    """
    limits = settings_of(AccessAnalysis, to=_given(to), limits_min=tuple(minutes)).limits_min
    times = walking_time(city, to, **options)
    grid = Site(city, options.get("area")).grid(float(times.attrs["cell_m"]))
    return isochrones_of(times.to_numpy(), [str(one) for one in times["level"].to_numpy()], grid, limits, city.crs)


def _given(to: Sequence[Any]) -> tuple[Any, ...]:
    return (to,) if isinstance(to, str | Mapping | Place) else tuple(to)


@dataclass(frozen=True, eq=False)
class Walk:
    """Walking times on a site.

    Parameters
    ----------
    grid : GridSpec
    levels : tuple of str
    times : (L, H, W) float32
        As in `walking_time` [min].
    free : mapping of str to (H, W) bool
        Floor of each level as it is without closures.
    places : tuple of (str, Located, bool)
        Name and place of each destination, and whether it has floor.
    notes : tuple of str
        What was taken for granted about the floor.
    """

    grid: GridSpec
    levels: tuple[str, ...]
    times: NDArray[np.float32]
    free: Mapping[str, NDArray[np.bool_]]
    places: tuple[tuple[str, Located, bool], ...]
    notes: tuple[str, ...]

    def of(self, level: str) -> NDArray[np.float32]:
        """Times on a level, (H, W); NaN where the side has no such level."""
        if level in self.levels:
            return self.times[self.levels.index(level)]
        return np.full(self.grid.shape, np.nan, np.float32)

    def seen(self) -> NDArray[np.float32]:
        """Times on the street and, where there is none, on the level that is seen there, (H, W)."""
        out = np.full(self.grid.shape, np.nan, np.float32)
        taken = np.zeros(self.grid.shape, bool)
        for level, free in self.free.items():
            here = free & ~taken
            out[here] = self.of(level)[here]
            taken |= free
        return out


def place_name(place: Place) -> str:
    """What a destination is called."""
    if place.object is not None:
        return place.object
    spot = place.point or (place.line or place.polygon or ((float("nan"), float("nan")),))[0]
    return f"({spot[0]:.0f}, {spot[1]:.0f})"


def walk_of(site: Site, settings: AccessAnalysis, *, all_there: bool = True) -> Walk:
    """As `walking_time`, of a site.

    Parameters
    ----------
    site : Site
    settings : AccessAnalysis
    all_there : bool
        Whether a destination without floor is a mistake; else it is out of use.

    Raises
    ------
    ScenarioError
        When a place is not in the city, or has no floor.
    """
    grid, city = site.grid(settings.cell_m), site.city
    part = None if site.area is None else shapely.box(*site.area)
    ground = discretize(
        city, cell=settings.cell_m, area=part, obstacles=site.obstacles or None, terrain_speeds=settings.terrain_speeds
    )
    free = ground.walkable if not site.obstacles else make_walkable(city, area=part)
    places, goal = _goal(city, settings, ground, free, all_there=all_there)
    shut = ground.steps() if settings.steps_free else None
    if settings.slope_limit is not None:
        over = steep(ground, settings.slope_limit)
        shut = over if shut is None else shut | over
        goal = goal[~shut[tuple(goal.T)]]
    seconds = access.walking_times(ground.floor, goal, settings.speed_m_s, shut=shut)
    times = np.stack([placed(one, ground.grid, grid) for one in seconds]) / np.float32(60.0)
    return Walk(grid, ground.levels, times, floors_of(site, grid, free), places, ground.assumptions)


def steep(ground: Ground, limit: float) -> NDArray[np.bool_]:
    """Floor that rises more than a limit over a few metres, stairs left out, (L, H, W) bool."""
    flat = ground.floor.mask & ~ground.steps()
    found = [grades(height, on, ground.floor.cell) for height, on in zip(ground.floor.height, flat, strict=True)]
    over: NDArray[np.bool_] = np.stack([np.hypot(*grade) for grade in found]) > limit + 1e-9
    return over & flat


def floors_of(site: Site, grid: GridSpec, made: Walkable | None = None) -> dict[str, NDArray[np.bool_]]:
    """Floor of each level of a site as it is when nothing is closed, (H, W) bool; `made` when it is at hand."""
    part = None if site.area is None else shapely.box(*site.area)
    free = make_walkable(site.city, area=part) if made is None else made
    return {level: burnt([shape], grid) >= 0 for level, shape in free.floors.items()}


def _goal(
    city: City, settings: AccessAnalysis, ground: Ground, free: Walkable, *, all_there: bool
) -> tuple[tuple[tuple[str, Located, bool], ...], NDArray[np.int32]]:
    """The destinations and the cells of all of them, (K, 3) int32."""
    places, cells = [], []
    for k, place in enumerate(settings.to):
        where = f"analyses.access.to[{k}]"
        found = locate(place, city, where)
        shape = found.shape
        if place.object in city.buildings.index and found.level in free.floors:  # it is reached from the street before its walls
            away = free.floors[found.level].distance(shape)
            shape = shape.buffer(away + access.BESIDE_M) if away <= settings.front_m else shape
        here = ground.cells(shape, found.level) if found.level in ground.levels else np.empty((0, 3), np.int32)
        if settings.steps_free and len(here):
            here = here[~ground.steps()[tuple(here.T)]]
        if not len(here) and all_there:
            hint = f"the levels are: {', '.join(ground.levels)}; a change may stand there too"
            told = f"nobody can walk to `{place_name(place)}`: it has no floor on `{found.level}`"
            raise ScenarioError(told, where=where, hint=hint)
        places.append((place_name(place), found, bool(len(here))))
        cells.append(here)
    return tuple(places), np.concatenate(cells)


def placed(values: NDArray[np.float32], of: GridSpec, grid: GridSpec) -> NDArray[np.float32]:
    """Values of a grid on another with the same cells; NaN beyond the first."""
    out = np.full(grid.shape, np.nan, np.float32)
    down, right = round((of.north - grid.north) / grid.cell), round((of.west - grid.west) / grid.cell)
    top, left = max(0, -down), max(0, right)
    bottom, end = min(grid.rows, of.rows - down), min(grid.columns, of.columns + right)
    if top < bottom and left < end:
        out[top:bottom, left:end] = values[top + down : bottom + down, left - right : end - right]
    return out


def burnt(shapes: Sequence[BaseGeometry], grid: GridSpec) -> NDArray[np.int32]:
    """Number of the last shape that covers the middle of each cell, (H, W) int32; -1 for none."""
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    pairs = [(shape, k) for k, shape in enumerate(shapes) if shape is not None and not shape.is_empty]
    out: NDArray[np.int32] = np.full(grid.shape, -1, np.int32)
    if pairs:
        rasterize(pairs, out=out, transform=Affine(*grid.gdal_transform()))
    return out


def fronts_of(walk: Walk, buildings: gpd.GeoDataFrame, reach_m: float) -> tuple[pd.Index, tuple[str, ...], access.Fronts]:
    """The floor before buildings as it is without closures: their ids, the levels, and the cells."""
    levels = tuple(walk.free)
    number = burnt(list(shapely.force_2d(buildings.geometry.to_numpy())), walk.grid)
    return buildings.index, levels, access.fronts(number, np.stack([walk.free[one] for one in levels]), walk.grid.cell, reach_m)


def building_times(walk: Walk, of: tuple[pd.Index, tuple[str, ...], access.Fronts]) -> pd.Series:
    """Walking time from the street before each building [min]: inf where no destination is reached, NaN without floor before it."""
    ids, levels, front = of
    return pd.Series(access.least_before(front, np.stack([walk.of(one) for one in levels]), len(ids)), index=ids)


def isochrones_of(
    times: NDArray[np.float32], levels: Sequence[str], grid: GridSpec, limits: Sequence[float], crs: object
) -> gpd.GeoDataFrame:
    """Floor by level from which it takes at most so long, as polygons along the edges of cells."""
    from rasterio.features import shapes
    from rasterio.transform import Affine

    rows = []
    for limit in limits:
        for level, values in zip(levels, times, strict=True):
            within = values <= np.float32(limit)
            if within.any():
                found = shapes(within.astype(np.uint8), mask=within, transform=Affine(*grid.gdal_transform()))
                whole = shapely.union_all([shapely.geometry.shape(one) for one, _ in found])
                area = float(within.sum()) * grid.cell**2
                rows.append({"minutes": float(limit), "level": level, "area_m2": area, "geometry": whole})
    frame = pd.DataFrame(rows, columns=["minutes", "level", "area_m2", "geometry"]).astype({"level": "str"})
    frame.index.name = "id"
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=crs)
