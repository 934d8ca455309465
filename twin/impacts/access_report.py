"""The impact "access": walking times, isochrones, detours and who is cut off, as one result with figures and classes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.impact_result import Classes, ImpactResult
from twin.impacts.access import Walk, building_times, floors_of, fronts_of, isochrones_of, walk_of
from twin.impacts.site import Site, with_surface
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.analyses import AccessAnalysis
from twin.scenario.apply import locate
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

TIMES: tuple[Colour, ...] = (
    (255, 247, 188), (254, 217, 118), (253, 174, 97), (240, 112, 74), (206, 52, 62), (140, 16, 60), (72, 8, 44),
)  # fmt: skip
DETOURS_MIN = (0.25, 1.0, 3.0, 10.0)
"""Borders of classes of a detour [min]; what is cut off lies beyond the last."""

ADDRESSES = ("addresses", "aantal_verblijfsobjecten", "dwellings", "aantal_adressen")
PEOPLE = ("residents", "inhabitants", "inwoners", "people")
"""Columns of buildings that tell how many addresses each has, and how many people live in it."""


def possible(city: City, settings: AccessAnalysis) -> None:
    """See that the destinations are in a city.

    Raises
    ------
    ScenarioError
        When one is not.
    """
    for k, place in enumerate(settings.to):
        locate(place, city, f"analyses.access.to[{k}]")


def analyse(site: Site, settings: AccessAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Access on a site; `before` as in `twin.impacts.registry.Impact`.

    After a change all ways are found anew: one that is closed can make every other longer, and they take less time to find than it
    takes to see which are not touched.

    Raises
    ------
    ScenarioError
        When a destination is not in the city or, without the changes, nobody can walk to it.
    """
    walk = walk_of(site, settings, all_there=before is None)
    fields = xr.Dataset(
        {"walking_time": variable("walking_time").array(walk.seen())}, coords={"y": walk.grid.y, "x": walk.grid.x},
        attrs={"crs": walk.grid.crs or "", "cell_m": float(walk.grid.cell)},
    )  # fmt: skip
    fields, _ = with_surface(site, fields, settings.cell_m)
    buildings = _buildings(site, settings, walk, before)
    features = {
        "buildings": buildings,
        "lost": _lost(buildings, settings),
        "isochrones": _isochrones(walk, settings, site, buildings),
        "destinations": _destinations(walk, site),
    }
    figures = _figures(fields, buildings, settings, None if before is None else before[1].fields)
    if settings.steps_free:
        figures += _steps_figures(site, settings, buildings, before)
    of_changes = ("cut_off", "detour", "detour_over", "area_cut_off", "area_closed")
    told = headlined(figures, "access_cut_off", "access_detour", of_changes=[f"access_{one}" for one in of_changes])
    settled = dict(settings.model_dump(mode="json"))
    notes = _assumptions(settings, walk, buildings)
    return ImpactResult(
        "access", "Access on foot", fields, features, told, (classes_of(settings),), tuple(notes), settled
    )


def classes_of(settings: AccessAnalysis) -> Classes:
    """Classes of walking times: the limits that were asked for, and half of the first."""
    first = settings.limits_min[0]
    borders = tuple(round(one, 6) for one in (0.5 * first, *settings.limits_min))
    picked = np.linspace(0, len(TIMES) - 1, len(borders) + 1).round().astype(int)
    ends = [f"{one:g}" for one in borders]
    labels = (f"< {ends[0]}", *(f"{a} – {b}" for a, b in pairwise(ends)), f"> {ends[-1]}, or not at all")
    return Classes(
        "walking_time", "Walking time", "min", borders, tuple(TIMES[k] for k in picked), labels,
        "to the nearest destination; what is reached from nowhere counts as longest", DETOURS_MIN, "lower",
    )  # fmt: skip


def _buildings(
    site: Site, settings: AccessAnalysis, walk: Walk, before: tuple[Site, ImpactResult] | None
) -> gpd.GeoDataFrame:
    """Walking time from each building that has floor before it, now and without the changes.

    What lies before it is taken from the side without them: what is closed there cuts it off, and floor further away does not count
    instead.
    """
    now = building_times(walk, fronts_of(walk, site.city.buildings, settings.front_m))
    was = pd.Series(np.nan, index=now.index)
    if before is not None:
        old = before[1].features["buildings"]
        plain = replace(walk, free=floors_of(before[0], walk.grid))
        same = building_times(plain, fronts_of(plain, before[0].city.buildings, settings.front_m))
        kept = now.index.intersection(old.index)
        now.loc[kept] = same.loc[kept]
        was.loc[kept] = old["walking_time_min"].loc[kept]
    buildings = site.city.buildings
    table = pd.DataFrame({"walking_time_min": now, "before_min": was})
    table["detour_min"] = _minus(now.to_numpy(np.float64), was.to_numpy(np.float64)) if before is not None else 0.0
    for name, columns in (("addresses", ADDRESSES), ("people", PEOPLE)):
        column = next((one for one in columns if one in buildings), None)
        if column is not None:
            table[name] = pd.to_numeric(buildings[column], errors="coerce").fillna(0.0).clip(lower=0.0)
    table.index.name = "id"
    frame = gpd.GeoDataFrame(table, geometry=buildings.geometry.to_numpy(), crs=site.city.crs)
    return frame[frame["walking_time_min"].notna()]


def _minus(now: NDArray[np.floating], was: NDArray[np.floating]) -> NDArray[np.float64]:
    """How much longer: inf where a way is no more, NaN where there was none before."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(was), now - was, np.nan)


def _lost(buildings: gpd.GeoDataFrame, settings: AccessAnalysis) -> gpd.GeoDataFrame:
    """Buildings that are cut off or whose detour is over the limit (a minute, where none is given), the worst first."""
    limit = 1.0 if settings.detour_limit_min is None else settings.detour_limit_min
    over = buildings[buildings["detour_min"] > limit]
    named = over.rename(columns={"walking_time_min": "after_min"})[["before_min", "after_min", "detour_min", "geometry"]]
    return named.sort_values(["detour_min", "before_min"], ascending=[False, True], kind="stable")


def _isochrones(walk: Walk, settings: AccessAnalysis, site: Site, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    made = isochrones_of(walk.times, walk.levels, walk.grid, settings.limits_min, site.city.crs)
    times = buildings["walking_time_min"].to_numpy()
    made.insert(3, "buildings", [int((times <= limit).sum()) for limit in made["minutes"]])
    return made


def _destinations(walk: Walk, site: Site) -> gpd.GeoDataFrame:
    rows = [{"name": name, "level": at.level, "in_use": there, "geometry": at.shape} for name, at, there in walk.places]
    frame = pd.DataFrame(rows).astype({"name": "str", "level": "str"})
    frame.index.name = "id"
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=site.city.crs)


def _figures(
    fields: xr.Dataset, buildings: gpd.GeoDataFrame, settings: AccessAnalysis, old: xr.Dataset | None
) -> list[Figure]:
    times, detour = buildings["walking_time_min"].to_numpy(), buildings["detour_min"].to_numpy()
    reached = np.isfinite(times)
    among = f"of {len(times)} that have a street within {settings.front_m:g} m"
    figures = []
    for name, what in (("addresses", "addresses"), ("people", "residents")):
        weight = buildings[name].to_numpy() if name in buildings else None
        if name == "addresses" and weight is None:
            weight, what = np.ones(len(times)), "buildings"
        if weight is not None:
            total = float(weight.sum())
            told = among if what == "buildings" else f"of {total:,.0f}"
            for limit in settings.limits_min:
                share = 100.0 * float(weight[times <= limit].sum()) / total if total else float("nan")
                label = f"Share of {what} within {limit:g} min"
                key = f"access_{name}_{limit:g}".replace(".", "_")
                figures.append(Figure(key, label, share, "%", better="higher", note=told, exact=True))
    mean = float(times[reached].mean()) if reached.any() else float("nan")
    cut = float(np.isposinf(detour).sum())
    longer = detour[np.isfinite(detour) & (detour > 0)]
    gone, shut = _area_gone(fields, old, settings.cell_m)
    rest: list[tuple[str, str, float, str, int, str]] = [
        ("time", "Mean walking time from buildings", mean, "min", 1, "of those that reach a destination"),
        ("unreached", "Buildings from which no destination is reached", float((~reached).sum()), "", 0, among),
        ("cut_off", "Buildings that the changes cut off", cut, "", 0, ""),
        ("detour", "Longest detour of a building", float(longer.max(initial=0.0)), "min", 1, "without those that are cut off"),
        ("area_cut_off", "Floor that the changes cut off", gone, "m2", 0, ""),
        ("area_closed", "Floor that is closed or built on", shut, "m2", 0, ""),
    ]  # fmt: skip
    figures += [
        Figure(f"access_{key}", label, value, unit, better="lower", digits=digits, note=note, exact=True)
        for key, label, value, unit, digits, note in rest
    ]
    if settings.detour_limit_min is not None:
        over = float((detour > settings.detour_limit_min).sum())
        label = f"Buildings cut off, or with a detour of more than {settings.detour_limit_min:g} min"
        figures.append(Figure("access_detour_over", label, over, "", 0.0, settings.detour_limit_source, "lower", 0, exact=True))
    return figures


def _steps_figures(
    site: Site, settings: AccessAnalysis, buildings: gpd.GeoDataFrame, before: tuple[Site, ImpactResult] | None
) -> list[Figure]:
    """What it costs to take no steps: who gets there only over them, and how much longer it takes the others."""
    over = walk_of(site, settings.model_copy(update={"steps_free": False, "slope_limit": None}), all_there=False)
    if before is not None:
        over = replace(over, free=floors_of(before[0], over.grid))
    base = site.city.buildings if before is None else before[0].city.buildings
    times = building_times(over, fronts_of(over, base, settings.front_m)).reindex(buildings.index).to_numpy(np.float64)
    free = buildings["walking_time_min"].to_numpy(np.float64)
    only = float((np.isfinite(times) & ~np.isfinite(free)).sum())
    longer = _minus(free, times)
    longest = float(longer[np.isfinite(longer)].max(initial=0.0))
    return [
        Figure("access_steps_only", "Buildings from which a destination is reached only over steps or steep floor", only, "",
               better="lower", digits=0, exact=True),
        Figure("access_steps_detour", "Longest detour of a building without steps", longest, "min", better="lower", digits=1,
               note="beside the way with steps", exact=True),
    ]  # fmt: skip


def _area_gone(fields: xr.Dataset, old: xr.Dataset | None, cell: float) -> tuple[float, float]:
    """Floor from which a destination was reached: how much of it reaches none now, and how much is no floor any more [m2]."""
    if old is None:
        return 0.0, 0.0
    now, was = fields["walking_time"].to_numpy(), np.isfinite(old["walking_time"].to_numpy())
    return float((was & np.isposinf(now)).sum()) * cell**2, float((was & np.isnan(now)).sum()) * cell**2


def _assumptions(settings: AccessAnalysis, walk: Walk, buildings: gpd.GeoDataFrame) -> list[str]:
    names = ", ".join(name for name, _, there in walk.places if there) or "none"
    told = [
        f"Walking times are to the nearest of: {names}. They are those of the shortest ways over the floor (the eikonal equation "
        f"on cells of {settings.cell_m:g} m) at {settings.speed_m_s:g} m/s on the flat, without crowds and without waits.",
        "From a building it is walked from the street before its walls; where its doors are is not known. What lies before it "
        "is judged as it is without the changes, so a building whose street is closed counts as cut off.",
        "Ways end at the edge of the part that is looked at: one outside it that would be shorter is not found.",
    ]  # fmt: skip
    out = [name for name, _, there in walk.places if not there]
    if out:
        told.insert(1, f"Out of use, as nobody can stand there: {', '.join(out)}.")
    if settings.steps_free:
        told.append("Stairs are not taken; what rises no more than 1 in 12 is a ramp, not a stair. Kerbs are not known.")
    else:
        told.append("On stairs people walk at 0.49 of their speed (Weidmann 1993, up and down together).")
    if "addresses" not in buildings:
        told.append("The city does not say how many addresses a building has, so buildings are counted.")
    return [*told, *walk.notes]

