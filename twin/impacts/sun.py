"""Sun and shadow: hours of sun on the ground and on roofs, what stands in the way at a moment, and facades by the norms of TNO.

The kernels are `twin.sim.impact.shadow` (maps, blocks of 2.5D) and `twin.sim.impact.rays` (facades, triangles).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.geo.on_earth import OnEarth
from twin.grid import GridSpec
from twin.impacts.site import Reach, Site, all_windows, corner_of, reached, reliefs, surface_of
from twin.impacts.sun_position import day_of, place_of, sun_at, sun_path, zone_of
from twin.impacts.sun_year import LEAVES_FROM, LEAVES_UNTIL, binned, in_leaf, sun_of_year
from twin.scenario.analyses import SunAnalysis, settings_of
from twin.sim.impact import shadow, traverse
from twin.variables import variable

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.geo.city import City

KINDS = {shadow.BUILT: "building", shadow.LEAVES: "tree"}
"""What casts a shadow, by the code of the kernel; `building` is anything solid."""


def crown_light(day: dt.date, settings: SunAnalysis) -> float:
    """Part of the light that crowns let through on a day.

    By default that which Konarska et al. (2014, doi:10.1007/s00704-013-1000-3) measured in Gothenburg: some 3 % with leaves, some
    45 % without (quoted from memory: 1.3 to 5.3, and 40 to 52).
    """
    return settings.summer_light if LEAVES_FROM <= (day.month, day.day) <= LEAVES_UNTIL else settings.winter_light


def shadow_at(
    city: City,
    when: dt.datetime | str,
    *,
    cell: float = 1.0,
    area: tuple[float, float, float, float] | None = None,
    trees: bool = True,
    exact: bool = False,
) -> xr.DataArray:
    """What stands between each place and the sun at a moment.

    Parameters
    ----------
    city : City
    when : datetime or str
        ``"2026-03-21T16:00"``; without a time zone by the clocks of the city.
    cell : float
        [m]
    area : (west, south, east, north), optional
        By default the whole city [m].
    trees : bool
        Whether crowns cast shadow.
    exact : bool
        By traversal of every ray instead of the sweep: some hundred times slower, and other in less than a cell in a hundred.

    Returns
    -------
    DataArray
        ``shadow`` (y, x) uint8: 0 in the sun, 1 behind something solid, 2 behind leaves; all 1 when the sun has set.

    Raises
    ------
    ParameterError
        When the city does not say where on earth it lies, or this is no moment.
    """
    place = place_of(city)
    azimuth, altitude = _sun(place, when)
    site = Site(city, area)
    grid = site.grid(cell)
    seen = np.full(grid.shape, shadow.BUILT, np.uint8)
    if altitude > shadow.LOWEST_DEG:
        range_m, reach = site.heights(), Reach.towards(np.array([azimuth]), np.array([altitude]))
        for window, relief, inner in reliefs(site, grid, all_windows(grid), reach, trees=trees):
            of, unknown = surface_of(relief, corner_of(grid, window), range_m), np.isnan(relief.surface)
            del relief
            cast = traverse.cast_exactly(of, azimuth, altitude) if exact else shadow.cast(of, azimuth, altitude)
            cast[unknown] = shadow.BUILT
            seen[inner[0].cells] = cast[inner[1].cells]
    about = {"crs": grid.crs or "", "cell_m": float(cell), "sun_azimuth_deg": azimuth, "sun_altitude_deg": altitude}
    array = xr.DataArray(variable("shadow").array(seen), coords={"y": grid.y, "x": grid.x}, name="shadow")
    return array.assign_attrs(about)


def shadow_polygons(
    city: City,
    when: dt.datetime | str,
    *,
    cell: float = 0.5,
    area: tuple[float, float, float, float] | None = None,
    trees: bool = True,
) -> gpd.GeoDataFrame:
    """Shadows at a moment as polygons, cell by cell.

    Parameters
    ----------
    city, when, cell, area, trees
        As `shadow_at`.

    Returns
    -------
    GeoDataFrame
        One row a patch: ``cause`` (building, tree), ``area_m2``; in the CRS of the city. Empty when the sun has set.

    Raises
    ------
    ParameterError
        As `shadow_at`.
    """
    import geopandas as gpd
    import shapely
    from rasterio.features import shapes
    from rasterio.transform import Affine

    field = shadow_at(city, when, cell=cell, area=area, trees=trees)
    rows: list[dict[str, Any]] = []
    if field.attrs["sun_altitude_deg"] > shadow.LOWEST_DEG:
        grid = Site(city, area).grid(cell)
        values = field.to_numpy()
        for shape, value in shapes(values, mask=values > 0, transform=Affine(*grid.gdal_transform())):
            polygon = shapely.geometry.shape(shape)
            rows.append({"cause": KINDS[int(value)], "area_m2": float(polygon.area), "geometry": polygon})
    frame = pd.DataFrame(rows, columns=["cause", "area_m2", "geometry"])
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=city.crs)


def sun_hours(
    city: City,
    days: Sequence[str | dt.date] | str | dt.date,
    *,
    cell: float = 1.0,
    area: tuple[float, float, float, float] | None = None,
    step_min: float = 5.0,
    lowest_deg: float = 3.0,
    trees: bool = True,
    summer_light: float = 0.03,
    winter_light: float = 0.45,
    year: bool = False,
) -> xr.Dataset:
    """Hours of sun that are possible on each place on some days: when there is no cloud.

    Parameters
    ----------
    city : City
    days : day or sequence of day
        ``"2026-03-21"``.
    cell : float
        [m]
    area : (west, south, east, north), optional
        By default the whole city [m].
    step_min : float
        How far apart the places of the sun are in time [min].
    lowest_deg : float
        A sun lower than this does not count [deg]: what hides it stands far off, and may stand beyond the city.
    trees : bool
        Whether hours behind leaves are worked out too.
    summer_light, winter_light : float
        Part of the light that crowns let through with leaves, and without.
    year : bool
        Whether those of the whole year of the first day are worked out too.

    Returns
    -------
    Dataset
        ``sun_hours`` as it would be without trees and, if wanted, ``sun_hours_trees``, dims (day, y, x) [h]; of the year
        ``sun_hours_year`` and ``sun_hours_year_trees``, dims (y, x) [h].

    Raises
    ------
    ParameterError
        When the city does not say where on earth it lies, a day is none, or a value cannot be used.
    """
    listed = [days] if isinstance(days, str | dt.date) else list(days)
    settings = settings_of(
        SunAnalysis, days=tuple(day_of(day).isoformat() for day in listed), cell_m=cell, step_min=step_min, trees=trees,
        lowest_deg=lowest_deg, summer_light=summer_light, winter_light=winter_light, year=year,
    )  # fmt: skip
    return hours_of(Site(city, area), settings)


def hours_of(site: Site, settings: SunAnalysis, *, before: tuple[Site, xr.Dataset] | None = None) -> xr.Dataset:
    """As `sun_hours`, of a site.

    Parameters
    ----------
    site : Site
    settings : SunAnalysis
    before : (Site, Dataset), optional
        The same without a change, with its hours: then only that is worked out anew which the change can reach, with the same
        result to the bit.
    """
    place, grid = place_of(site.city), site.grid(settings.cell_m)
    path = sun_path(place, settings.days, step_min=settings.step_min)
    path = path[path["altitude_deg"] >= settings.lowest_deg]
    names = ("sun_hours", "sun_hours_trees")[: 2 if settings.trees else 1]
    fields = {name: np.zeros((len(settings.days), *grid.shape), np.float32) for name in names}
    if settings.year:
        fields |= {name.replace("hours", "hours_year"): np.zeros(grid.shape, np.float32) for name in names}
    places: list[pd.DataFrame] = []
    for number, day in enumerate(settings.days):
        sun = path.loc[path["day"] == number, ["azimuth_deg", "altitude_deg", "seconds"]]
        places.append(sun.assign(leaves=crown_light(dt.date.fromisoformat(day), settings)))
    if settings.year:
        places.append(_year(place, settings))
    range_m, every = site.heights(), pd.concat(places)
    todo, reach = all_windows(grid), Reach.towards(every["azimuth_deg"].to_numpy(), every["altitude_deg"].to_numpy())
    if before is not None and site.continues(before[0]):
        todo = reached(before[0], site, grid, reach, trees=settings.trees)
        for name, values in fields.items():
            values[:] = before[1][name].to_numpy()
    for window, relief, (whole, inner) in reliefs(site, grid, todo, reach, trees=settings.trees):
        of, unknown = surface_of(relief, corner_of(grid, window), range_m), np.isnan(relief.surface)
        del relief
        for number, sun in enumerate(places):
            made = shadow.sunlight(
                of, sun["azimuth_deg"].to_numpy(), sun["altitude_deg"].to_numpy(), sun["seconds"].to_numpy(),
                sun["leaves"].to_numpy(),
            )  # fmt: skip
            for seconds, name in zip(made, names, strict=False):
                seconds[unknown] = 0.0
                of_year = number == len(settings.days)
                values = fields[name.replace("hours", "hours_year")] if of_year else fields[name][number]
                values[whole.cells] = seconds[inner.cells] / 3600.0
    return _dataset(fields, grid, settings)


def _year(place: OnEarth, settings: SunAnalysis) -> pd.DataFrame:
    """Places of the sun in the year of the first day, in bins: how long it stands there, and what crowns let through then."""
    sun = sun_of_year(place, dt.date.fromisoformat(settings.days[0]).year)
    sun = sun[sun["altitude_deg"] >= settings.lowest_deg]
    leaves = np.where(in_leaf(pd.DatetimeIndex(sun.index)), settings.summer_light, settings.winter_light)
    azimuth, altitude, seconds = (sun[name].to_numpy() for name in ("azimuth_deg", "altitude_deg", "seconds"))
    made = binned(azimuth, altitude, seconds, leaves)
    return made.rename(columns={"weight": "seconds"})


def _dataset(fields: dict[str, NDArray[np.float32]], grid: GridSpec, settings: SunAnalysis) -> xr.Dataset:
    coords = {"day": np.array(settings.days, dtype=str), "y": grid.y, "x": grid.x}
    made = {name: variable(name).array(values) for name, values in fields.items()}
    return xr.Dataset(made, coords=coords, attrs={"crs": grid.crs or "", "cell_m": float(grid.cell)})


def _sun(place: OnEarth, when: dt.datetime | str) -> tuple[float, float]:
    """Azimuth and altitude of the sun at a moment [deg]."""
    try:
        moment = when if isinstance(when, dt.datetime) else dt.datetime.fromisoformat(str(when))
    except ValueError:
        raise ParameterError(f"`{when}` is not a moment such as 2026-03-21T16:00") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone_of(place))
    at = sun_at(place, pd.DatetimeIndex([moment])).iloc[0]
    return float(at["azimuth_deg"]), float(at["altitude_deg"])
