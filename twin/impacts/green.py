"""Green and openness: canopy cover, how much green is in view, and shade at a moment of a summer day.

The kernels are `twin.sim.impact.green` and, for shade, `twin.sim.impact.shadow`. Green is crowns of trees: grass, hedges and plants
on facades are in no layer that tells how high they are.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.geo.on_earth import OnEarth
from twin.geo.rasterize import Relief
from twin.impacts.site import Reach, Site, all_windows, corner_of, reached, reliefs, surface_of
from twin.impacts.sun_position import day_of, place_of, sun_at, zone_of
from twin.scenario.analyses import settings_of
from twin.scenario.green import GreenAnalysis
from twin.sim.impact import green, shadow
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

Box = tuple[float, float, float, float]

LOWEST_SUN_DEG = 5.0
"""A sun lower than this gives no shade that anybody looks for [deg]."""

NOON = "noon"


def canopy_cover(city: City, *, radius_m: float = 100.0, cell: float = 1.0, area: Box | None = None) -> xr.Dataset:
    """Where crowns are seen from above, and what share of the surroundings of each place they cover.

    Parameters
    ----------
    city : City
    radius_m : float
        How far the surroundings reach [m].
    cell : float
        [m]
    area : (west, south, east, north), optional
        By default the whole city; what lies around it counts for its edge [m].

    Returns
    -------
    Dataset
        ``canopy`` uint8 and ``canopy_cover`` float32 (0 to 1; NaN where nothing is known), dims (y, x).

    Raises
    ------
    ParameterError
        When a value cannot be used.
    """
    settings = settings_of(GreenAnalysis, cover_radius_m=radius_m, cell_m=cell, shade=False)
    return fields_of(Site(city, area), settings, only=("canopy", "canopy_cover"))


def green_view(
    city: City,
    *,
    cell: float = 1.0,
    area: Box | None = None,
    directions: int = 64,
    eye_m: float = green.EYE_M,
    reach_m: float = 100.0,
    field_deg: float = green.FIELD_DEG,
) -> xr.DataArray:
    """Green view index of open ground: the share of the view that crowns fill (Yang et al. 2009).

    Parameters
    ----------
    city : City
    cell : float
        [m]
    area : (west, south, east, north), optional
        By default the whole city [m].
    directions : int
        In which is looked.
    eye_m : float
        Height of the eyes [m].
    reach_m : float
        How far trees are looked for [m].
    field_deg : float
        Height of the view, half of it below the horizon [deg].

    Returns
    -------
    DataArray
        ``green_view`` (y, x) float32, 0 to 1; NaN on roofs and where nothing is known.

    Raises
    ------
    ParameterError
        When a value cannot be used.
    """
    settings = settings_of(
        GreenAnalysis, cell_m=cell, directions=directions, eye_m=eye_m, reach_m=reach_m, field_deg=field_deg, shade=False
    )
    made = fields_of(Site(city, area), settings, only=("green_view",))
    return made["green_view"].assign_attrs(made.attrs)


class Sun(NamedTuple):
    """Where the sun stands at a moment [deg], and when that is by the clocks of the city."""

    azimuth_deg: float
    altitude_deg: float
    clock: str


def sun_of(city: City, settings: GreenAnalysis) -> Sun:
    """Where the sun stands when shade is asked for.

    Raises
    ------
    ParameterError
        When the city does not say where on earth it lies, or the sun stands too low then.
    """
    place = place_of(city)
    day, zone = day_of(settings.day), zone_of(place)
    if settings.time == NOON:
        moment = _noon(place, day)
    else:
        moment = pd.Timestamp(dt.datetime.combine(day, dt.time.fromisoformat(settings.time), zone))
    at = sun_at(place, pd.DatetimeIndex([moment])).iloc[0]
    clock = f"{moment.tz_convert(zone):%H:%M}"
    if not at["altitude_deg"] >= LOWEST_SUN_DEG:
        high = float(at["altitude_deg"])
        told = f"on {settings.day} at {clock} the sun stands {high:.0f} degrees high: there is no shade to speak of"
        raise ParameterError(told, hint="ask for another `time`, or leave shade out: `shade: false`")
    return Sun(float(at["azimuth_deg"]), float(at["altitude_deg"]), clock)


def _noon(place: OnEarth, day: dt.date) -> pd.Timestamp:
    """When the sun stands highest on a day, to the second."""
    middle = pd.Timestamp(dt.datetime.combine(day, dt.time(12)), tz="UTC") - pd.Timedelta(hours=place.longitude_deg / 15.0)
    for step in (60, 1):
        times = pd.DatetimeIndex(middle + pd.to_timedelta(np.arange(-30, 31) * step, unit="s"))
        middle = times[int(sun_at(place, times)["geometric_deg"].to_numpy().argmax())]
    return middle


def fields_of(
    site: Site, settings: GreenAnalysis, *, before: tuple[Site, xr.Dataset] | None = None, only: tuple[str, ...] | None = None
) -> xr.Dataset:
    """Maps of green on a site.

    Parameters
    ----------
    site : Site
    settings : GreenAnalysis
    before : (Site, Dataset), optional
        The same without a change: then only that is worked out anew which the change can reach, with the same result to the bit.
    only : tuple of str, optional
        Names of fields that are wanted; by default all of them.

    Returns
    -------
    Dataset
        ``green_view``, ``canopy_cover``, ``canopy`` and, if wanted, ``shade`` and ``shadow``, dims (y, x).

    Raises
    ------
    ParameterError
        As `sun_of`.
    """
    grid = site.grid(settings.cell_m)
    sun = sun_of(site.city, settings) if settings.shade else None
    blank = {"green_view": np.nan, "canopy_cover": np.nan, "canopy": 0, **({"shade": 0, "shadow": 0} if sun else {})}
    names = [name for name in blank if only is None or name in only]
    fields = {name: np.full(grid.shape, blank[name], variable(name).dtype) for name in names}
    range_m = site.heights()
    todo, reach = all_windows(grid), Reach.within(max(settings.cover_radius_m, settings.reach_m))
    if sun is not None:
        reach = reach.over(Reach.towards(np.array([sun.azimuth_deg]), np.array([sun.altitude_deg])))
    if before is not None and site.continues(before[0]):
        todo = reached(before[0], site, grid, reach, trees=True)
        for name, values in fields.items():
            values[:] = before[1][name].to_numpy()
    for window, relief, (whole, inner) in reliefs(site, grid, todo, reach, trees=True):
        made = _in_window(relief, corner_of(grid, window), range_m, settings, sun, names)
        for name, values in fields.items():
            values[whole.cells] = made[name][inner.cells]
    about = {"crs": grid.crs or "", "cell_m": float(grid.cell)}
    if sun is not None:
        about |= {"sun_azimuth_deg": sun.azimuth_deg, "sun_altitude_deg": sun.altitude_deg}
    arrays = {name: variable(name).array(values) for name, values in fields.items()}
    return xr.Dataset(arrays, coords={"y": grid.y, "x": grid.x}, attrs=about)


def _in_window(
    relief: Relief, corner: tuple[int, int], range_m: tuple[float, float], settings: GreenAnalysis, sun: Sun | None,
    names: list[str],
) -> dict[str, NDArray[np.generic]]:  # fmt: skip
    """The fields of a window with its margin, of which only what lies far enough from its edge is right."""
    of = surface_of(relief, corner, range_m)
    known = np.isfinite(relief.surface)
    made: dict[str, NDArray[np.generic]] = {}
    leaves = known & (of.crown_rows[1] > of.crown_rows[0]) if of.crown_rows.shape[1] else np.zeros(of.shape, bool)
    made["canopy"] = leaves.astype(np.uint8)
    if "canopy_cover" in names:
        made["canopy_cover"] = green.share_within(leaves, known, settings.cover_radius_m / settings.cell_m)
    if "green_view" in names:
        ground = known & (relief.building < 0)
        made["green_view"] = green.green_view(
            of, ground, settings.directions, eye_m=settings.eye_m, reach_m=settings.reach_m, field_deg=settings.field_deg
        )
    if sun is not None:
        made["shadow"] = np.ascontiguousarray(shadow.cast(of, sun.azimuth_deg, sun.altitude_deg))
        made["shadow"][~known] = shadow.BUILT
        made["shade"] = (made["shadow"] != shadow.LIT).astype(np.uint8)
    return made
