"""Heat: how hot it feels outside on a hot day, by PET or UTCI, from sun and shade, the sky that is seen, and what the ground is.

The kernels are `twin.sim.impact.heat` and, for sun and sky, `twin.sim.impact.shadow` and `sky`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.geo.paving import LAWN, SPEEDS, TALL_GRASS
from twin.geo.rasterize import Relief
from twin.grid import GridSpec
from twin.impacts.site import Reach, Site, Window, all_windows, corner_of, joined, reached, reliefs, surface_of
from twin.impacts.sky import behind_leaves, reach_of_sky
from twin.impacts.sun_position import day_of, place_of, sun_at, sun_path, zone_of
from twin.scenario.analyses import settings_of
from twin.scenario.heat import HeatAnalysis
from twin.sim.impact import heat, shadow, sky
from twin.sim.impact.utci import vapour_pressure
from twin.variables import variable

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.geo.city import City
    from twin.geo.on_earth import OnEarth

Box = tuple[float, float, float, float]

HOT_DAY = "2015-07-01"
HOT_HOURS = np.arange(12.0, 19.0)
HOT_AIR_C = (29.0, 30.3, 31.8, 32.5, 33.0, 33.8, 34.0)
HOT_WIND_M_S = (5.0, 7.0, 6.0, 5.0, 5.0, 5.0, 5.0)
HOT_RADIATION_W_M2 = (772.0, 850.0, 886.0, 850.0, 797.0, 697.0, 575.0)
"""The day of the Dutch heat stress test, which 1 in 1000 days of the summer half-year is as hot as (2004-2018), from 12 to 18 by
summer time: what KNMI measured at Rotterdam; light is that of the hour until then."""

HOT_VAPOUR_HPA = float(vapour_pressure(28.0, 48.0))
"""Water vapour in the air on that day: 48 % at 28 degrees, at noon by summer time at Herwijnen, and as much all afternoon [hPa]."""

LOWEST_SUN_DEG = 3.0
"""From a lower sun no light is taken to reach the ground [deg]."""

GREEN_WORDS = frozenset(word for word, speed in SPEEDS.items() if speed in (LAWN, TALL_GRASS) and word != "grass_paver")
GREEN_KINDS = (
    r"(?:^|[^a-z])(?:parks?|grass(?:land)?|gardens?|lawns?|meadow|forest|wood(?:land)?|scrub|heath|orchard|cemetery|allotments"
    r"|groen(?:voorziening)?|gras(?:land)?|tuin(?:en)?|bos|loofbos|naaldbos|heide|boomgaard|begraafplaats|plantsoen)(?:[^a-z]|$)"
)
"""What of the layer ``landuse`` is green: parks, and no car parks (parking)."""


class Hours(NamedTuple):
    """The hours that are looked at.

    Parameters
    ----------
    clocks : tuple of str
        By the clocks of the city.
    azimuth_deg, altitude_deg : (H,) float64
        Of the sun [deg].
    weather : Weather
    measured : bool
        Whether the light is that of the day of the heat stress test, which was measured in the Netherlands; else that of
        `HeatAnalysis`, or of a cloudless sky.
    """

    clocks: tuple[str, ...]
    azimuth_deg: NDArray[np.float64]
    altitude_deg: NDArray[np.float64]
    weather: heat.Weather
    measured: bool


def perceived_temperature(
    city: City,
    *,
    index: str = "pet",
    day: str | dt.date = HOT_DAY,
    hours: Sequence[str] = HeatAnalysis().hours,
    air_c: Sequence[float] | None = None,
    humidity_percent: Sequence[float] | None = None,
    wind_m_s: Sequence[float] | None = None,
    radiation_w_m2: Sequence[float] | None = None,
    street_wind_share: float = 0.2,
    cell: float = 1.0,
    area: Box | None = None,
) -> xr.Dataset:
    """How hot it feels on open ground at some hours of a day.

    Parameters
    ----------
    city : City
    index : {"pet", "utci"}
        Which index.
    day : day
        ``"2015-07-01"``: that of the Dutch heat stress test.
    hours : sequence of str
        By the clocks of the city, rising.
    air_c, humidity_percent, wind_m_s, radiation_w_m2 : sequence of float, optional
        Weather at each hour, or one value for all: air temperature [degrees Celsius], relative humidity [%], wind at 10 m [m/s],
        light on level ground [W/m2]. By default that of the test's day; on another day the light of a cloudless sky.
    street_wind_share : float
        Wind at 1.2 m between buildings over that at 10 m; `twin.sim.impact.heat.street_wind_share` works one out.
    cell : float
        [m]
    area : (west, south, east, north), optional
        By default the whole city; what stands around it casts shadow all the same [m].

    Returns
    -------
    Dataset
        ``pet`` or ``utci``, dims (hour, y, x), and of it ``_mean`` and ``_max``, dims (y, x), float32 [degrees Celsius]; NaN on
        roofs and water and where nothing is known.

    Raises
    ------
    ParameterError
        When the city does not say where on earth it lies, a value cannot be used, or weather is missing at an hour.
    """
    def values(given: Sequence[float] | None) -> tuple[float, ...] | None:
        return None if given is None else tuple(np.atleast_1d(np.asarray(given, dtype=np.float64)).tolist())

    settings = settings_of(
        HeatAnalysis, index=index, day=day_of(day).isoformat(), hours=(hours,) if isinstance(hours, str) else tuple(hours),
        air_c=values(air_c), humidity_percent=values(humidity_percent), wind_m_s=values(wind_m_s),
        radiation_w_m2=values(radiation_w_m2),
        street_wind_share=street_wind_share, cell_m=cell, by_hour=True,
    )  # fmt: skip
    return fields_of(Site(city, area), settings)


def hours_of(place: OnEarth, settings: HeatAnalysis) -> Hours:
    """Sun and weather at the hours that are looked at.

    Raises
    ------
    ParameterError
        When weather is missing at an hour, or there is more light than the sun gives.
    """
    day, zone = day_of(settings.day), zone_of(place)
    times = pd.DatetimeIndex([dt.datetime.combine(day, dt.time.fromisoformat(clock), zone) for clock in settings.hours])
    clock = np.array([int(one[:2]) + int(one[3:]) / 60.0 for one in settings.hours])
    sun = sun_at(place, times)
    altitude = sun["altitude_deg"].to_numpy(np.float64)
    air = _at(settings, "air_c", clock, HOT_AIR_C)
    if settings.humidity_percent is None:
        humidity = np.minimum(100.0 * HOT_VAPOUR_HPA / vapour_pressure(air, 100.0), 100.0)
    else:
        humidity = _at(settings, "humidity_percent", clock, ())
    clear = _clear_sky(altitude)
    here = place.timezone == "Europe/Amsterdam"
    measured = settings.radiation_w_m2 is None and settings.day == HOT_DAY and _within(clock) and here
    light = _at(settings, "radiation_w_m2", clock, HOT_RADIATION_W_M2) if measured or settings.radiation_w_m2 is not None else clear
    # from a sun that has set comes no light
    light = np.where(altitude > 0.0, light, 0.0)
    # light may be that of the hour until then, in which the sun sinks by no more than its way along the sky
    most = heat.SOLAR_CONSTANT * np.sin(np.radians(np.minimum(altitude + 15.0, 90.0)))
    if (light > most).any():
        first = int(np.argmax(light > most))
        told = f"{light[first]:g} W/m2 at {settings.hours[first]} is more than the sun gives at {altitude[first]:.0f} degrees"
        hint = "hours are by the clocks of the city: give the light at the same"
        raise ParameterError(told, where="radiation_w_m2", hint=hint)
    wind = settings.street_wind_share * _at(settings, "wind_m_s", clock, HOT_WIND_M_S)
    weather = heat.Weather(
        air, humidity, np.maximum(wind, heat.LEAST_WIND), light, heat.diffuse_light(light, np.maximum(altitude, 0.1)), altitude,
        _warming(place, settings, times) * np.clip(light / np.maximum(clear, 1.0), 0.0, 1.0)[:, None],
    )  # fmt: skip
    return Hours(tuple(settings.hours), sun["azimuth_deg"].to_numpy(np.float64), altitude, weather, measured)


def _within(clock: NDArray[np.float64]) -> bool:
    return bool((clock >= HOT_HOURS[0]).all() and (clock <= HOT_HOURS[-1]).all())


def _at(settings: HeatAnalysis, key: str, clock: NDArray[np.float64], usual: Sequence[float]) -> NDArray[np.float64]:
    """What is given of the weather, else that of the day of the heat stress test, by the hour."""
    given = getattr(settings, key)
    if given is not None:
        return np.broadcast_to(np.asarray(given, dtype=np.float64), clock.shape).copy()
    if not _within(clock):
        told = f"at {settings.hours[0]} and until {settings.hours[-1]} the weather is not known: it is for 12:00 to 18:00 only"
        raise ParameterError(told, hint=f"give `{key}`, one value for all hours or one for each")
    return np.interp(clock, HOT_HOURS, np.asarray(usual))


def _clear_sky(altitude_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light on level ground under a cloudless sky (Haurwitz 1945) [W/m2]."""
    import pvlib.clearsky

    made = pvlib.clearsky.haurwitz(pd.Series(90.0 - altitude_deg))["ghi"]
    return np.nan_to_num(made.to_numpy(np.float64))


def _warming(place: OnEarth, settings: HeatAnalysis, times: pd.DatetimeIndex) -> NDArray[np.float64]:
    """How much warmer than the air paved and green ground in the sun is under a cloudless sky, (H, 2) [K]."""
    path = sun_path(place, [settings.day], step_min=5.0)
    if not len(path):
        return np.zeros((len(times), 2))
    stamps = pd.DatetimeIndex(path.index)
    highest = int(path["altitude_deg"].to_numpy().argmax())
    noon = stamps[highest]
    hour = 12.0 + (times - noon).total_seconds().to_numpy() / 3600.0
    sunrise = 12.0 + (stamps[0] - noon).total_seconds() / 3600.0
    up = float(path["altitude_deg"].iloc[highest])
    return np.array([[heat.ground_warming(up, float(h), sunrise, kind) for kind in (heat.PAVED, heat.GREEN)] for h in hour])


def ground_kinds(city: City, grid: GridSpec) -> NDArray[np.uint8]:
    """What the ground of each cell is, (R, C): `PAVED`, `GREEN`, or `APART` where water is; buildings are not looked at.

    Green is what the layers ``green`` and ``landuse`` say is planted, what of ``roads`` is grass, and where a change takes paving
    out; the rest counts as paved.
    """
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    out: NDArray[np.uint8] = np.full(grid.shape, heat.PAVED, np.uint8)
    layers: list[tuple[gpd.GeoDataFrame, int]] = [(_kinds_of(city.layers["landuse"]), heat.GREEN)]
    layers += [(city.layers["green"], heat.GREEN), (city.layers["water"], heat.APART)]
    roads = city.roads
    soft = np.zeros(len(roads), bool)
    for column in ("surface", "paving"):
        if column in roads:
            soft |= roads[column].fillna("").astype(str).str.strip().str.lower().isin(GREEN_WORDS).to_numpy()
    layers += [(roads[soft], heat.GREEN), (roads[~soft], heat.PAVED)]

    def burn(frame: gpd.GeoDataFrame, kinds: Sequence[int]) -> None:
        pairs = [
            (shape, kind) for shape, kind in zip(frame.geometry, kinds, strict=True)
            if shape is not None and not shape.is_empty and shape.geom_type in ("Polygon", "MultiPolygon")
        ]  # fmt: skip
        if pairs:
            rasterize(pairs, out=out, transform=Affine(*grid.gdal_transform()))

    for frame, kind in layers:
        burn(frame, [kind] * len(frame))
    land = city.layers["landuse"]
    if "laid" in land:
        water = out == heat.APART
        laid = land[land["laid"].fillna("").astype(str) != ""]
        burn(laid, [heat.PAVED if one == "paved" else heat.GREEN for one in laid["laid"]])
        out[water] = heat.APART
    burn(city.layers["bridges"], [heat.PAVED] * len(city.layers["bridges"]))
    return out


def _kinds_of(landuse: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if "kind" not in landuse:
        return landuse.iloc[:0]
    return landuse[landuse["kind"].fillna("").astype(str).str.contains(GREEN_KINDS, case=False, regex=True)]


def fields_of(site: Site, settings: HeatAnalysis, *, before: tuple[Site, xr.Dataset] | None = None) -> xr.Dataset:
    """Maps of heat on a site.

    Parameters
    ----------
    site : Site
    settings : HeatAnalysis
    before : (Site, Dataset), optional
        The same without a change: then only what that can reach is worked out anew, with the same result to the bit.

    Returns
    -------
    Dataset
        As `perceived_temperature`; hour by hour where `settings.by_hour`.

    Raises
    ------
    ParameterError
        As `hours_of`.
    """
    hours = hours_of(place_of(site.city), settings)
    tables = (heat.pet_tables if settings.index == "pet" else heat.utci_tables)(hours.weather)
    grid, range_m = site.grid(settings.cell_m), site.heights()
    kinds = ground_kinds(site.city, grid)
    high = hours.altitude_deg > LOWEST_SUN_DEG
    reach = reach_of_sky(settings.directions, trees=True).over(Reach.towards(hours.azimuth_deg[high], hours.altitude_deg[high]))
    todo = all_windows(grid)
    names = [f"{settings.index}_mean", f"{settings.index}_max"]
    fields = {name: np.full(grid.shape, np.nan, np.float32) for name in names}
    if settings.by_hour:
        fields[settings.index] = np.full((len(hours.clocks), *grid.shape), np.nan, np.float32)
    if before is not None and site.continues(before[0]):
        other = _patches(ground_kinds(before[0].city, grid) != kinds)
        todo = joined([*reached(before[0], site, grid, reach, trees=True), *other])
        for name, values in fields.items():
            values[:] = before[1][name].to_numpy()
    for window, relief, (whole, inner) in reliefs(site, grid, todo, reach, trees=True):
        ground = np.where(_open(relief)[inner.cells], kinds[whole.cells], np.uint8(heat.APART)).astype(np.uint8)
        made = _in_window(relief, corner_of(grid, window), range_m, inner, settings, hours, tables, ground)
        for name, values in fields.items():
            values[(..., *whole.cells)] = made[name]
    about = {"crs": grid.crs or "", "cell_m": float(grid.cell), "day": settings.day}
    arrays = {name: variable(name).array(values) for name, values in fields.items()}
    coords = {"y": grid.y, "x": grid.x, **({"hour": np.array(hours.clocks, dtype=str)} if settings.by_hour else {})}
    return xr.Dataset(arrays, coords=coords, attrs=about)


def _open(relief: Relief) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(relief.surface) & (relief.building < 0))


def _patches(differs: NDArray[np.bool_]) -> list[Window]:
    """Boxes of the cells that differ."""
    from scipy.ndimage import find_objects, label

    boxes = find_objects(label(differs, structure=np.ones((3, 3)))[0]) if differs.any() else []
    return [Window(rows.start, rows.stop, columns.start, columns.stop) for rows, columns in boxes]


def _in_window(
    relief: Relief, corner: tuple[int, int], range_m: tuple[float, float], inner: Window, settings: HeatAnalysis, hours: Hours,
    tables: NDArray[np.float32], ground: NDArray[np.uint8],
) -> dict[str, NDArray[np.float32]]:  # fmt: skip
    """The fields of the cells of a window that count."""
    of = surface_of(relief, corner, range_m)
    seen = sky.sky_view(of, settings.directions) - (1.0 - settings.summer_light) * behind_leaves(of)
    view = np.ascontiguousarray(np.maximum(seen, 0.0)[inner.cells], np.float32)
    total, most = np.zeros(view.shape, np.float32), np.full(view.shape, -np.inf, np.float32)
    each = []
    for h in range(len(hours.clocks)):
        azimuth, altitude = float(hours.azimuth_deg[h]), float(hours.altitude_deg[h])
        lit = np.zeros(view.shape, bool)
        if altitude > LOWEST_SUN_DEG:
            lit = np.ascontiguousarray(shadow.cast(of, azimuth, altitude)[inner.cells] == shadow.LIT)
        now = heat.read(tables[h], lit, view, ground, total, most)
        if settings.by_hour:
            each.append(now)
    most[ground == heat.APART] = np.nan
    total /= np.float32(len(hours.clocks))
    made = {f"{settings.index}_mean": total, f"{settings.index}_max": most}
    if settings.by_hour:
        made[settings.index] = np.stack(each)
    return made
