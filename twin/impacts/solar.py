"""The impact "solar": what falls on roofs in a year, for solar panels, before and after a change.

The light of the sun is put into bins of the sky (`twin.impacts.sun_year`), the part of the sky's light that comes from around the
sun goes with it (Hay and Davies 1980), and the rest comes evenly from the sky in patches. `twin.sim.impact.irradiation` sums what
of it the plane of each cell of roof sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.errors import GeometryError
from twin.geo.on_earth import OnEarth
from twin.geo.rasterize import roots_of
from twin.geo.roof_planes import Roofs, roofs_of
from twin.impact_result import Classes, ImpactResult
from twin.impacts.climate import circumsolar, hours_of_year, measured_hours
from twin.impacts.site import Reach, Site, Window, all_windows, corner_of, reached, reliefs, surface_of, windows
from twin.impacts.sun_position import place_of
from twin.impacts.sun_year import binned, in_leaf
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.analyses import DE_BILT_KWH_M2, SolarAnalysis, settings_of
from twin.sim.impact import irradiation
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

LOWEST_DEG = 3.0
"""Light from lower than this is taken to come from here [deg]: what hides it may stand beyond the city."""

BANDS = 12
"""Of patches of the sky, from the horizon up."""

SHADES: tuple[Colour, ...] = (
    (45, 20, 62), (88, 29, 106), (136, 41, 106), (186, 58, 84), (227, 89, 51), (249, 140, 10), (249, 201, 50), (252, 255, 164),
)  # fmt: skip
"""Steps of `inferno` (matplotlib), which keep their order for colour-blind readers."""

BORDERS = (400.0, 600.0, 700.0, 800.0, 900.0, 1000.0, 1100.0)


def roof_irradiation(
    city: City,
    *,
    months_kwh_m2: Sequence[float] = DE_BILT_KWH_M2,
    weather: pd.DataFrame | None = None,
    cell: float = 1.0,
    area: tuple[float, float, float, float] | None = None,
    trees: bool = True,
    albedo: float = 0.2,
) -> xr.Dataset:
    """What falls on roofs in a year.

    Parameters
    ----------
    city : City
        With triangles of its roofs.
    months_kwh_m2 : sequence of float
        Light on level ground from January to December [kWh/m2].
    weather : DataFrame, optional
        Hours of a year instead: see `twin.impacts.climate.measured_hours`.
    cell : float
        [m]
    area : (west, south, east, north), optional
        By default the whole city [m].
    trees : bool
        Whether crowns count.
    albedo : float
        Part of the light that the surroundings send back.

    Returns
    -------
    Dataset
        ``roof_irradiation`` and, of it, ``roof_irradiation_diffuse``: dims (y, x), on the plane of the roof [kWh/m2 a year], NaN
        off roofs.

    Raises
    ------
    ParameterError
        When the city does not say where on earth it lies, or a value cannot be used.
    GeometryError
        When the city has no roofs.
    """
    settings = settings_of(SolarAnalysis, months_kwh_m2=tuple(months_kwh_m2), cell_m=cell, trees=trees, albedo=albedo)
    possible(city, settings)
    place = place_of(city)
    light = hours_of_year(place, settings.months_kwh_m2) if weather is None else measured_hours(place, weather)
    return _irradiation(Site(city, area), settings, light, None)


def possible(city: City, settings: SolarAnalysis) -> None:
    """See that a city has roofs, and a sun.

    Raises
    ------
    ParameterError
        When the city does not say where on earth it lies.
    GeometryError
        When no building has triangles.
    """
    place_of(city)
    mesh = city.surfaces
    known = len(mesh) and (city.buildings.index.get_indexer(pd.Index(roots_of(city)))[mesh.owner] >= 0).any()
    if not known:
        hint = "read a city in 3D (LoD1 or LoD2), or give buildings a height"
        raise GeometryError("the city has no roofs: no building has a shape in 3D", hint=hint)


def lights_of(light: pd.DataFrame, settings: SolarAnalysis) -> irradiation.Lights:
    """The light of a year as places that it comes from.

    Parameters
    ----------
    light : DataFrame
        From `twin.impacts.climate`.
    settings : SolarAnalysis
    """
    leaves = np.where(in_leaf(pd.DatetimeIndex(light.index)), settings.summer_light, settings.winter_light)
    hours = light["seconds"].to_numpy() / 3600.0
    altitude = np.maximum(light["altitude_deg"].to_numpy(), LOWEST_DEG)
    height = np.sin(np.radians(altitude))
    around = circumsolar(light) * light["dhi"].to_numpy()
    sun = binned(light["azimuth_deg"].to_numpy(), altitude, hours * (light["dni"].to_numpy() + around / height), leaves)
    even = hours * (light["dhi"].to_numpy() - around)
    azimuth, up, size = _patches()
    # an even sky: so much from each patch that together they give level ground what it gets
    energy = float(even.sum()) * size / float((size * np.sin(np.radians(up))).sum())
    through = float((even * leaves).sum() / max(float(even.sum()), 1e-12))
    return irradiation.Lights(
        np.concatenate([sun["azimuth_deg"], azimuth]), np.concatenate([sun["altitude_deg"], up]),
        np.concatenate([sun["weight"], energy]), np.concatenate([sun["leaves"], np.full(len(up), through)]),
        np.concatenate([np.zeros(len(sun), bool), np.ones(len(up), bool)]),
    )  # fmt: skip


def _patches() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Patches of the sky of about one size: azimuth and altitude of the middle [deg], and solid angle [sr]."""
    azimuth, altitude, size = [], [], []
    step = 90.0 / BANDS
    for band in range(BANDS):
        low, high = np.radians(band * step), np.radians((band + 1) * step)
        count = max(1, round(360.0 / step * np.cos(0.5 * (low + high))))
        azimuth.append(360.0 * (np.arange(count) + 0.25 + 0.5 * (band % 2)) / count % 360.0)
        altitude.append(np.full(count, (band + 0.5) * step))
        size.append(np.full(count, 2.0 * np.pi * (np.sin(high) - np.sin(low)) / count))
    return np.concatenate(azimuth), np.concatenate(altitude), np.concatenate(size)


def _irradiation(
    site: Site, settings: SolarAnalysis, light: pd.DataFrame, before: tuple[Site, xr.Dataset] | None
) -> xr.Dataset:
    """As `roof_irradiation`, of a site; `before` is the same without a change, and then only what that can reach is worked out
    anew."""
    grid = site.grid(settings.cell_m)
    names = ("roof_irradiation", "roof_irradiation_diffuse")
    fields = {name: np.full(grid.shape, np.nan, np.float32) for name in names}
    range_m, lights = site.heights(), lights_of(light, settings)
    todo, reach = all_windows(grid), Reach.towards(lights.azimuth_deg, lights.altitude_deg)
    if before is not None and site.continues(before[0]):
        todo = reached(before[0], site, grid, reach, trees=settings.trees)
        for name, values in fields.items():
            values[:] = before[1][name].to_numpy()
    on_level = float((light["ghi"] * light["seconds"]).sum()) / 3600.0
    for window, relief, (whole, inner) in reliefs(site, grid, todo, reach, trees=settings.trees):
        roofs = roofs_of(site.city, relief)
        of = surface_of(relief, corner_of(grid, window), range_m, lift_m=roofs.lift(relief.grid.shape, grid.cell))
        roofs = roofs.select(_inside(roofs, inner))
        energy = irradiation.irradiation(of, roofs.rows, roofs.columns, roofs.normals, lights)
        sent_back = settings.albedo * on_level * 0.5 * (1.0 - roofs.normals[:, 2])
        made = {names[0]: energy.sum(axis=1) + sent_back, names[1]: energy[:, 1] + sent_back}
        rows, columns = roofs.rows - inner.top, roofs.columns - inner.left
        for name, values in fields.items():
            part = values[whole.cells]
            part[:] = np.nan
            part[rows, columns] = made[name] / 1000.0
    arrays = {name: variable(name).array(values) for name, values in fields.items()}
    return xr.Dataset(arrays, coords={"y": grid.y, "x": grid.x}, attrs={"crs": grid.crs or "", "cell_m": float(grid.cell)})


@lru_cache(maxsize=2)
def _light(place: OnEarth, months: tuple[float, ...]) -> pd.DataFrame:
    """Both sides of a comparison ask for the same light."""
    return hours_of_year(place, months)


def _inside(roofs: Roofs, part: Window) -> NDArray[np.bool_]:
    return np.asarray(
        (roofs.rows >= part.top) & (roofs.rows < part.bottom) & (roofs.columns >= part.left) & (roofs.columns < part.right)
    )


def analyse(site: Site, settings: SolarAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Irradiation of roofs on a site; `before` as in `twin.impacts.registry.Impact`."""
    possible(site.city, settings)
    known = None if before is None else (before[0], before[1].fields)
    fields = _irradiation(site, settings, _light(place_of(site.city), tuple(settings.months_kwh_m2)), known)
    surface, buildings = _by_building(site, fields, settings)
    fields = fields.assign(surface_height=variable("surface_height").array(surface))
    lost = _lost(buildings, None if before is None else before[1].features["buildings"], settings)
    figures = _figures(buildings, lost, settings)
    features = {"buildings": buildings, "lost": lost}
    note = "On the plane of the roof; level ground in the open gets "
    labels = ("< 400", "400 – 600", "600 – 700", "700 – 800", "800 – 900", "900 – 1000", "1000 – 1100", "> 1100")
    classes = Classes(
        "roof_irradiation", "Sun on roofs in a year", "kWh/m2", BORDERS, SHADES, labels,
        f"{note}{sum(settings.months_kwh_m2):,.0f} kWh/m2", (20.0, 50.0, 100.0), "higher", roofs=True,
    )  # fmt: skip
    settled = dict(settings.model_dump(mode="json"))
    told = _assumptions(settings)
    return ImpactResult("solar", "Solar energy on roofs", fields, features, figures, (classes,), told, settled)


def _by_building(site: Site, fields: xr.Dataset, settings: SolarAnalysis) -> tuple[NDArray[np.float32], gpd.GeoDataFrame]:
    """Heights of the surface, and one row a building with a roof: ``roof_m2`` (along its slopes), ``kwh_m2`` (mean), ``kwh`` (all
    that falls on it), ``good_m2`` (of it, that gets enough) and ``yield_kwh`` (electricity of that)."""
    grid = site.grid(settings.cell_m)
    surface = np.empty(grid.shape, np.float32)
    irradiated = fields["roof_irradiation"].to_numpy()
    count = len(site.city.buildings)
    sums = np.zeros((4, count))
    for window in windows(grid):
        relief = site.relief(grid, window, trees=False)
        surface[window.cells] = relief.surface
        roofs = roofs_of(site.city, relief)
        falls = irradiated[window.cells][roofs.rows, roofs.columns].astype(np.float64)
        area, good = settings.cell_m**2 / roofs.normals[:, 2], falls >= settings.enough_kwh_m2
        for total, values in zip(sums, (area, area * falls, area * good, area * falls * good), strict=True):
            total += np.bincount(roofs.building, values, count)
    there = np.flatnonzero(sums[0] > 0.0)
    size, energy, enough, of_enough = sums[:, there]
    table = pd.DataFrame(
        {
            "roof_m2": size, "kwh_m2": energy / size, "kwh": energy, "good_m2": enough,
            "yield_kwh": of_enough * settings.efficiency * settings.performance_ratio,
        }, index=pd.Index(site.city.buildings.index.to_numpy()[there], name="id", dtype="str"),
    ).round(3)  # fmt: skip
    return surface, gpd.GeoDataFrame(table, geometry=list(site.city.buildings.geometry.iloc[there]), crs=site.city.crs)


def _lost(after: gpd.GeoDataFrame, before: gpd.GeoDataFrame | None, settings: SolarAnalysis) -> gpd.GeoDataFrame:
    """Buildings whose roof is the same and gets less: ``before_kwh_m2``, ``after_kwh_m2``, ``loss_percent``, worst first."""
    columns = ["before_kwh_m2", "after_kwh_m2", "loss_percent"]
    both = after.index if before is None else after.index.intersection(before.index)
    old = after if before is None else before
    same = (old["roof_m2"].loc[both] - after["roof_m2"].loc[both]).abs() < 1e-6
    table = pd.DataFrame({"before_kwh_m2": old["kwh_m2"].loc[both], "after_kwh_m2": after["kwh_m2"].loc[both]})
    table["loss_percent"] = 100.0 * (1.0 - table["after_kwh_m2"] / table["before_kwh_m2"].where(table["before_kwh_m2"] > 0.0))
    table = table[same & (table["loss_percent"] >= settings.loss_percent)][columns]
    table.index = pd.Index(table.index, name="id", dtype="str")
    made = gpd.GeoDataFrame(table, geometry=list(after.geometry.loc[table.index]), crs=after.crs)
    return made.sort_values("loss_percent", ascending=False, kind="stable")


def _figures(buildings: gpd.GeoDataFrame, lost: gpd.GeoDataFrame, settings: SolarAnalysis) -> tuple[Figure, ...]:
    size = float(buildings["roof_m2"].sum())
    mean = float(buildings["kwh"].sum()) / size if size else float("nan")
    enough = f"{settings.enough_kwh_m2:g} kWh/m2 or more a year, as set in the scenario: there is no norm"
    return headlined((
        Figure("solar_mean", "Sun on roofs in a year", mean, "kWh/m2", digits=0, note="mean, along their slopes", exact=True),
        Figure(
            "solar_good", "Roofs that are good for solar panels", float(buildings["good_m2"].sum()), "m2", digits=0, note=enough,
            exact=True,
        ),
        Figure(
            "solar_yield", "Electricity that good roofs could give in a year", float(buildings["yield_kwh"].sum()) / 1000.0, "MWh",
            digits=0, note=f"modules on all of it: {100 * settings.efficiency:g} % efficient, performance ratio "
            f"{settings.performance_ratio:g}", exact=True,
        ),
        Figure(
            "solar_lost", f"Buildings whose roofs lose {settings.loss_percent:g} % or more", float(len(lost)), "buildings",
            digits=0, note="of the sun on roofs that stay as they are", exact=True,
        ),
    ), "solar_yield", "solar_lost", of_changes=("solar_lost",))  # fmt: skip


def _assumptions(settings: SolarAnalysis) -> tuple[str, ...]:
    own = tuple(settings.months_kwh_m2) != DE_BILT_KWH_M2
    source = "as given in the scenario" if own else "De Bilt, the reference climate of NTA 8800:2025, table 17.2"
    told = [
        f"Light on level ground is {sum(settings.months_kwh_m2):,.0f} kWh/m2 a year by months ({source}), turned into hours by "
        "Collares-Pereira and Rabl, Liu and Jordan, and Erbs; the light of the sky is that of Hay and Davies.",
        f"Roofs are looked at on cells of {settings.cell_m:g} m, with what stands around as blocks; the surroundings send "
        f"{100 * settings.albedo:g} % of the light back. Chimneys, dormers and windows that the city lacks are not known.",
    ]  # fmt: skip
    if settings.trees:
        told.append(
            f"Crowns let {100 * settings.summer_light:g} % of the light through in leaf (15 April to 31 October) and "
            f"{100 * settings.winter_light:g} % without."
        )
    return tuple(told)
