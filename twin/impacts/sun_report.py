"""The impact "sun": hours on the ground, and facades by the norms of TNO, as one result with figures and classes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.geo.differing import Box, where_triangles_differ
from twin.impact_result import Classes, ImpactResult
from twin.impacts.facades import Facades, facades_of, hours_on, obstacles_of
from twin.impacts.site import MANY, Site, with_surface
from twin.impacts.sun import hours_of
from twin.impacts.sun_position import place_of, spoken, sun_path
from twin.impacts.sun_year import BIN_DEG
from twin.impacts.windows import windows_of
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.analyses import SunAnalysis
from twin.sim.impact import rays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.geo.city import City

FEW_HOURS = 2.0
"""Ground with less sun than this is counted [h]; the light norm of TNO, which is of facades, has the same number."""


SLACK_M = 1.0
"""Points this near to what differs are looked at anew, whatever its height [m]: what a point stands against is nearer."""


@dataclass(frozen=True, slots=True)
class Norm:
    """A norm for the sun on facades.

    Parameters
    ----------
    label : str
    hours : float
        Of possible sun a day, at least [h].
    days : tuple of (int, int)
        Month and day on which it is tried: its first and last day, the equinoxes and the longest day.
    lowest_deg : float
        A lower sun does not count [deg].
    """

    label: str
    hours: float
    days: tuple[tuple[int, int], ...]
    lowest_deg: float = 10.0

    @property
    def source(self) -> str:
        first, last = (spoken(dt.date(2026, *day)) for day in (self.days[0], self.days[-1]))
        return (
            f"{self.label} of TNO: at least {self.hours:g} possible hours of sun a day from {first} to {last}, "
            f"sun above {self.lowest_deg:g} degrees; a usual yardstick, no law: the municipality decides"
        )


NORMS: Mapping[str, Norm] = MappingProxyType({
    "tno-light": Norm("light norm", 2.0, ((2, 19), (3, 21), (6, 21), (9, 23), (10, 21))),
    "tno-strict": Norm("strict norm", 3.0, ((1, 21), (3, 21), (6, 21), (9, 23), (11, 22))),
})  # fmt: skip

SHADES: tuple[Colour, ...] = (
    (0, 34, 78), (33, 59, 110), (76, 85, 108), (108, 110, 114), (142, 137, 120), (177, 165, 112), (217, 197, 92), (254, 232, 56),
)  # fmt: skip
"""Steps of `cividis` (Nunez, Anderton and Renslow 2018, doi:10.1371/journal.pone.0199239), which keep their order for colour-blind
readers: dark where there is little sun."""

BORDERS_H = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)


def sun_classes(variable: str, label: str) -> Classes:
    """Classes of hours of sun."""
    labels = ("< 1", *(f"{low:g} – {high:g}" for low, high in pairwise(BORDERS_H)), "> 10")
    note = "Possible hours of sun on a cloudless day"
    return Classes(variable, label, "h", BORDERS_H, SHADES, labels, note, (0.5, 1.0, 2.0), "higher")


BORDERS_YEAR_H = (500.0, 1000.0, 1500.0, 2000.0, 2500.0, 3000.0, 3500.0)


def year_classes(variable: str, label: str) -> Classes:
    """Classes of hours of sun in a year."""
    labels = ("< 500", *(f"{low:g} – {high:g}" for low, high in pairwise(BORDERS_YEAR_H)), "> 3500")
    note = "Possible hours of sun in a year without clouds"
    return Classes(variable, label, "h", BORDERS_YEAR_H, SHADES, labels, note, (50.0, 200.0, 500.0), "higher")


def possible(city: City, settings: SunAnalysis) -> None:
    """See that the sun over a city is known.

    Raises
    ------
    ParameterError
        When the city does not say where on earth it lies.
    """
    place_of(city)


def analyse(site: Site, settings: SunAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Sun on a site.

    Parameters
    ----------
    site : Site
    settings : SunAnalysis
    before : (Site, ImpactResult), optional
        The same without a change: only what the change can reach is worked out anew, and what the change takes is told.

    Raises
    ------
    ParameterError
        When the city does not say where on earth it lies.
    GeometryError
        When there would be too many points on facades.
    """
    known = None if before is None else (before[0], before[1].fields)
    fields = hours_of(site, settings, before=known)
    fields, ground = with_surface(site, fields, settings.cell_m)
    figures = list(_ground_figures(fields, ground, settings))
    features: dict[str, gpd.GeoDataFrame] = {}
    notes = list(_assumptions(settings))
    if settings.facades:
        norm, among = NORMS[settings.norm], obstacles_of(site.city)
        points = _facade_points(site, settings, norm, before, among)
        windows, hidden = _window_points(site, settings, norm, before, among)
        # a building whose windows are known is judged by these, any other by points at even distances
        by_window = points["building"].isin(windows["building"])
        judging = pd.concat([points[~by_window], windows], ignore_index=True) if len(windows) else points
        features["facades"], features["windows"] = points, windows
        features["buildings"] = _by_building(site, judging, norm)
        lost = _lost(features["buildings"], None if before is None else before[1].features["buildings"])
        features["lost"] = lost
        old = None if before is None else before[1].features["windows"]
        features["lost_windows"] = _lost_windows(windows, old, site.city.buildings.index)
        stood = None if before is None else before[0].city.buildings.index
        figures += _facade_figures(points, features["buildings"], lost, norm, stood)
        figures += _window_figures(windows, features["lost_windows"], norm)
        notes += [
            f"On facades is looked every {settings.facade_spacing_m:g} m, 0.75 m above floors that are taken to be 3 m apart; "
            f"where rooms{'' if len(windows) else ' and windows'} are is not known. A building is judged by its sunniest point, "
            f"and only where its facades could have {norm.hours:g} hours of sun if nothing stood around. Trees and the ground do "
            "not count.",
        ]  # fmt: skip
        if len(windows):
            known = windows["building"].nunique()
            notes.append(
                f"{len(windows):,} windows of {known:,} buildings are known, and these buildings are judged by their windows "
                "instead: in the middle of the sill, or 0.75 m above the lower edge of windows higher than 2 m. "
                f"{hidden:,} windows have something right before them, or lie inside, and do not count."
            )
    classes = [sun_classes("sun_hours", "Hours of sun, without trees")]
    if settings.trees:
        classes.append(sun_classes("sun_hours_trees", "Hours of sun, with trees"))
    if settings.year:
        classes.append(year_classes("sun_hours_year", "Hours of sun in a year"))
        if settings.trees:
            classes.append(year_classes("sun_hours_year_trees", "Hours of sun in a year, with trees"))
    first = "sun_buildings_lost" if settings.facades else figures[0].key
    told = headlined(figures, first, of_changes=("sun_buildings_lost", "sun_windows_lost"))
    return ImpactResult("sun", "Sun and shadow", fields, features, told, tuple(classes), tuple(notes), _plain(settings))


def _plain(settings: SunAnalysis) -> dict[str, Any]:
    return dict(settings.model_dump(mode="json"))


def _assumptions(settings: SunAnalysis) -> list[str]:
    told = [
        f"Hours of sun are those that are possible without clouds, on cells of {settings.cell_m:g} m, every "
        f"{settings.step_min:g} min, with the sun above {settings.lowest_deg:g} degrees. A cell is a block as high as what stands "
        "on it: under arches and decks it is not looked.",
    ]  # fmt: skip
    if settings.trees:
        told.append(
            f"Crowns let {100 * settings.summer_light:g} % of the sun through in leaf (15 April to 31 October) and "
            f"{100 * settings.winter_light:g} % without."
        )
    if settings.year:
        told.append(f"Hours of the year are those of the sun in bins of {BIN_DEG:g} degrees.")
    return told


def _ground_figures(fields: xr.Dataset, ground: NDArray[np.bool_], settings: SunAnalysis) -> list[Figure]:
    variable = "sun_hours_trees" if settings.trees else "sun_hours"
    area, made = settings.cell_m**2, []
    told = "with trees" if settings.trees else "without trees"
    for number, day in enumerate(settings.days):
        hours = fields[variable].to_numpy()[number][ground]
        key = day.replace("-", "")
        mean = float(hours.mean(dtype=np.float64)) if hours.size else float("nan")
        made += [
            Figure(f"sun_mean_{key}", f"Sun on the ground, {spoken(day)}, {told}", mean, "h", digits=2, note="mean", exact=True),
            Figure(
                f"sun_few_{key}", f"Ground with less than {FEW_HOURS:g} h of sun, {spoken(day)}, {told}",
                float((hours < FEW_HOURS).sum()) * area, "m2", digits=0, exact=True,
            ),
        ]  # fmt: skip
    if settings.year:
        hours = fields[variable.replace("hours", "hours_year")].to_numpy()[ground]
        mean, year = float(hours.mean(dtype=np.float64)) if hours.size else float("nan"), settings.days[0][:4]
        made.append(Figure("sun_mean_year", f"Sun on the ground in {year}, {told}", mean, "h", digits=0, note="mean", exact=True))
    return made


def _facade_points(
    site: Site, settings: SunAnalysis, norm: Norm, before: tuple[Site, ImpactResult] | None, among: rays.Triangles
) -> gpd.GeoDataFrame:
    """Points on facades with their hours, as `_with_hours` has them."""
    facades = facades_of(site.city, among, settings.facade_spacing_m, site.area)
    old = None if before is None else (before[0], before[1].features["facades"])
    return _with_hours(site, settings, norm, old, among, facades, facades.frame(site.city))


def _window_points(
    site: Site, settings: SunAnalysis, norm: Norm, before: tuple[Site, ImpactResult] | None, among: rays.Triangles
) -> tuple[gpd.GeoDataFrame, int]:
    """Windows of the city with their hours, likewise, and how many were left out."""
    windows = windows_of(site.city, among, site.area)
    old = None if before is None else (before[0], before[1].features["windows"])
    return _with_hours(site, settings, norm, old, among, windows.at, windows.frame(site.city)), windows.left_out


def _with_hours(
    site: Site, settings: SunAnalysis, norm: Norm, before: tuple[Site, gpd.GeoDataFrame] | None, among: rays.Triangles,
    facades: Facades, frame: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Points with their hours on the days of a norm: ``hours_<month><day>``, ``least_h`` of them, ``free_h`` (the least if nothing
    stood around), ``judged`` and ``meets``."""
    year = dt.date.fromisoformat(settings.days[0]).year
    days = [dt.date(year, *day) for day in norm.days]
    path = sun_path(place_of(site.city), days, step_min=settings.step_min)
    path = path[path["geometric_deg"] >= norm.lowest_deg]
    open_ = np.ones(len(facades), dtype=bool)
    names = [f"hours_{day:%m%d}" for day in days]
    hours = np.zeros((len(facades), len(days)))
    free = np.zeros_like(hours)
    if before is not None:
        open_ = _felt(site, before[0], facades, norm)
        open_ |= ~_copied(facades, frame, before[1], names, hours, free)
    asked = facades.select(open_)
    for number in range(len(days)):
        sun = path[path["day"] == number]
        lit, could = hours_on(
            asked, among, sun["azimuth_deg"].to_numpy(), sun["altitude_deg"].to_numpy(), sun["seconds"].to_numpy()
        )
        hours[open_, number], free[open_, number] = lit, could
    for number, name in enumerate(names):
        frame[name] = hours[:, number].round(4)
    frame["least_h"] = hours.min(axis=1).round(4)
    frame["free_h"] = free.min(axis=1).round(4)
    frame["judged"] = frame["free_h"] >= norm.hours - 1e-9
    frame["meets"] = frame["judged"] & (frame["least_h"] >= norm.hours - 1e-9)
    return frame


def _felt(site: Site, before: Site, facades: Facades, norm: Norm) -> NDArray[np.bool_]:
    """Points that a change can reach by the sun of a norm: told from triangles, as rasters do not show all that is in the way."""
    differ: list[tuple[Box, float]] = site.once(("triangles", before), lambda: where_triangles_differ(before.city, site.city))
    felt = np.full(len(facades), not site.continues(before) or len(differ) > MANY, dtype=bool)
    if felt.all():
        return felt
    x, y, z = (facades.points + site.city.origin).T
    for (west, south, east, north), top in differ:
        far = np.maximum(top - z, 0.0) / np.tan(np.radians(norm.lowest_deg)) + SLACK_M
        felt |= (x >= west - far) & (x <= east + far) & (y >= south - far) & (y <= north + far)
    return felt


def _copied(
    facades: Facades, frame: gpd.GeoDataFrame, before: gpd.GeoDataFrame, names: list[str], hours: NDArray[np.float64],
    free: NDArray[np.float64],
) -> NDArray[np.bool_]:  # fmt: skip
    """Take the hours of points that were there before; which those are."""
    import shapely

    def keys(one: gpd.GeoDataFrame) -> pd.MultiIndex:
        at = (shapely.get_coordinates(one.geometry.values, include_z=True) * 1000).round().astype(np.int64)
        facing = (one["azimuth_deg"].to_numpy() * 100).round().astype(np.int64)
        return pd.MultiIndex.from_arrays([one["building"].to_numpy(), at[:, 0], at[:, 1], at[:, 2], facing])

    if not len(frame) or not len(before):
        return np.zeros(len(frame), dtype=bool)
    old = keys(before)
    at = old[~old.duplicated()].get_indexer(keys(frame))
    rows = np.flatnonzero(~old.duplicated())
    there = at >= 0
    for number, name in enumerate(names):
        hours[there, number] = before[name].to_numpy()[rows[at[there]]]
    free[there] = before["free_h"].to_numpy()[rows[at[there]]][:, None]
    return there


def _by_building(site: Site, points: gpd.GeoDataFrame, norm: Norm) -> gpd.GeoDataFrame:
    """One row a building with a facade that is judged: ``points``, ``meeting`` (of them), ``best_h`` and ``meets``."""
    judged = points[points["judged"]]
    grouped = judged.groupby("building", sort=False)
    table = pd.DataFrame({
        "points": grouped.size(), "meeting": grouped["meets"].sum(), "best_h": grouped["least_h"].max(),
    }).astype({"points": "int64", "meeting": "int64", "best_h": "float64"})  # fmt: skip
    table["meets"] = table["best_h"] >= norm.hours - 1e-9
    buildings = site.city.buildings
    table = table.reindex([name for name in buildings.index if name in table.index])
    table.index = pd.Index(table.index, name="id", dtype="str")
    shapes = buildings.geometry.loc[table.index] if len(table) else []
    table = table.astype({"points": "int64", "meeting": "int64", "meets": "bool"})
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs=site.city.crs)


def _lost(after: gpd.GeoDataFrame, before: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Buildings that met a norm and do not any more: ``before_h`` and ``after_h`` of their sunniest point."""
    columns = {"before_h": "float64", "after_h": "float64"}
    if before is None or not len(after):
        none = pd.Index([], name="id", dtype="str")
        empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()}, index=none)
        return gpd.GeoDataFrame(empty, geometry=[], crs=after.crs)
    both = after.index.intersection(before.index)
    gone = both[(before["meets"].loc[both] & ~after["meets"].loc[both]).to_numpy()]
    table = pd.DataFrame({"before_h": before["best_h"].loc[gone], "after_h": after["best_h"].loc[gone]}).astype(columns)
    table.index = pd.Index(gone, name="id", dtype="str")
    made = gpd.GeoDataFrame(table, geometry=list(after.geometry.loc[gone]), crs=after.crs)
    return made.sort_values("after_h", kind="stable")


def _lost_windows(after: gpd.GeoDataFrame, before: gpd.GeoDataFrame | None, buildings: pd.Index) -> gpd.GeoDataFrame:
    """Windows that met a norm and do not any more, by their name: ``before_h`` and ``after_h`` on their worst day. One that has
    something right before it now has no sun; those of a building that went are not lost."""
    new = after.set_index("window")
    old = new[:0] if before is None else before.set_index("window")
    there = old[old["meets"].astype(bool) & old["building"].isin(buildings)]
    least = new["least_h"].reindex(there.index).fillna(0.0)
    gone = there.index[~new["meets"].reindex(there.index).eq(True).to_numpy(bool)]
    table = pd.DataFrame({"before_h": there["least_h"].loc[gone], "after_h": least.loc[gone]}).astype("float64")
    table.index = pd.Index(gone, name="id", dtype="str")
    made = gpd.GeoDataFrame(table, geometry=list(there.geometry.loc[gone]), crs=after.crs)
    return made.sort_values("after_h", kind="stable")


def _window_figures(windows: gpd.GeoDataFrame, lost: gpd.GeoDataFrame, norm: Norm) -> list[Figure]:
    """Of windows, where any are known."""
    if not len(windows):
        return []
    judged = windows["judged"].to_numpy(bool)
    share = 100.0 * float(windows["meets"].to_numpy(bool)[judged].mean()) if judged.any() else float("nan")
    told = f"of {int(judged.sum()):,} that can have {norm.hours:g} h of sun"
    return [
        Figure("sun_windows_meeting", f"Windows that meet the {norm.label}", share, "%", digits=1, note=told, exact=True),
        Figure(
            "sun_windows_lost", f"Windows that no longer meet the {norm.label}", float(len(lost)), "windows", better="lower",
            digits=0, note="met it without the changes", exact=True,
        ),
    ]  # fmt: skip


def _facade_figures(
    points: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, lost: gpd.GeoDataFrame, norm: Norm, stood: pd.Index | None
) -> list[Figure]:
    """Of facades of the buildings that stood before, as sunny ones of a new tower would hide what it takes; those of new buildings
    apart."""
    new = np.zeros(len(points), dtype=bool) if stood is None else ~points["building"].isin(stood).to_numpy(bool)
    counted = points["judged"].to_numpy(bool) & ~new
    apart = points["judged"].to_numpy(bool) & new
    meets = points["meets"].to_numpy(bool)
    share = 100.0 * float(meets[counted].mean()) if counted.any() else float("nan")
    told = f"; of {int(apart.sum()):,} on new buildings {100.0 * float(meets[apart].mean()):.1f} %" if apart.any() else ""
    own = buildings if stood is None else buildings[buildings.index.isin(stood)]
    below = float((~own["meets"]).sum()) if len(own) else 0.0
    return [
        Figure(
            "sun_facades_meeting", f"Facades that meet the {norm.label}", share, "%", digits=1,
            note=f"of {int(counted.sum()):,} points that can have {norm.hours:g} h of sun{told}", exact=True,
        ),
        Figure(
            "sun_buildings_below", f"Buildings below the {norm.label}", below, "buildings", digits=0,
            note=f"of {len(own):,}; by their sunniest point", exact=True,
        ),
        Figure(
            "sun_buildings_lost", f"Buildings that no longer meet the {norm.label}", float(len(lost)), "buildings", 0.0,
            norm.source, "lower", 0, "met it without the changes", exact=True,
        ),
    ]  # fmt: skip

