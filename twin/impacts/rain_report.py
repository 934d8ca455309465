"""The impact "rain": how deep the water of a cloudburst stands, which buildings and roads it reaches, and where the rain goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.impact_result import Classes, ImpactResult
from twin.impacts.rain import Outcome, outcome_of
from twin.impacts.rain_ground import burnt
from twin.impacts.site import Site, with_surface
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.rain import SILL_SOURCE, RainAnalysis
from twin.sim.impact.runoff import deepest_beside

if TYPE_CHECKING:
    from twin.geo.city import City

DEPTHS_M = (0.05, 0.1, 0.15, 0.3, 0.5)
DEPTHS: tuple[Colour, ...] = (
    (243, 240, 231), (190, 219, 236), (127, 182, 219), (66, 133, 190), (29, 78, 146), (52, 12, 88),
)  # fmt: skip
DEPTHS_NOTE = (
    "below 0.05 m national maps show nothing (Klimaateffectatlas); from 0.15 m on traffic is not safe (stress test of Rotterdam), "
    "from 0.3 m on cars stand still (Pregnolato et al. 2017)"
)
SPEEDS: tuple[Colour, ...] = ((243, 240, 231), (250, 214, 145), (240, 150, 80), (205, 70, 62), (117, 8, 92))
LEAST_RISE_M = 0.01
"""What rises by less does not count as made wet by a change: other steps of the solver alone move depths by millimetres [m]."""
DEEPER_M = 0.05
"""A building that stood in water already counts as hit by a change where it rises by this: an assumption [m]."""
NO_SHIFT = "water is not shifted onto others (niet afwentelen: Waterbeheer 21e eeuw, 2000)"


def possible(city: City, settings: RainAnalysis) -> None:
    """Rain falls on every city."""


def analyse(site: Site, settings: RainAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """A cloudburst on a site; `before` as in `twin.impacts.registry.Impact`.

    After a change everything is worked out anew: what is held up or let through in one place changes what comes to every other
    below it.

    Raises
    ------
    ParameterError
        When there are too many cells.
    """
    outcome = outcome_of(site, settings)
    fields, _ = with_surface(site, outcome.fields(), settings.cell_m)
    known = None if before is None else before[1].features["buildings"]
    buildings = _buildings(site.city, outcome, settings, known)
    lost = _lost(buildings, settings, known)
    roads = _roads(site.city, outcome, settings)
    features = {"buildings": buildings, "lost": lost, "roads": roads}
    figures = _figures(outcome, settings, buildings, lost, roads)
    settled = dict(settings.model_dump(mode="json"))
    return ImpactResult(
        "rain", "Cloudburst", fields, features, figures, _classes(settings), _assumptions(outcome, settings), settled
    )


def _classes(settings: RainAnalysis) -> tuple[Classes, ...]:
    labels = ("< 0.05", "0.05 – 0.10", "0.10 – 0.15", "0.15 – 0.30", "0.30 – 0.50", "> 0.50")
    change = (0.02, 0.05, 0.15)
    title = "Largest depth of water" if settings.method == "flow" else "Depth of standing water"
    made = [Classes("water_depth", title, "m", DEPTHS_M, DEPTHS, labels, DEPTHS_NOTE, change, "lower", clear=True)]
    if settings.method == "flow":
        after = "Depth of water after the rain"
        made.append(Classes("water_depth_end", after, "m", DEPTHS_M, DEPTHS, labels, DEPTHS_NOTE, change, "lower", clear=True))
        fast = ("< 0.25", "0.25 – 0.5", "0.5 – 1", "1 – 2", "> 2")
        borders, faster = (0.25, 0.5, 1.0, 2.0), (0.1, 0.25, 0.5)
        made.append(Classes("water_speed", "Largest speed of water", "m/s", borders, SPEEDS, fast, "", faster, "lower", clear=True))
    return tuple(made)


def _buildings(
    city: City, outcome: Outcome, settings: RainAnalysis, known: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    """One row a building that has ground beside it: the largest depth before its walls, now and without the changes [m]."""
    made = outcome.catchment
    frame = city.buildings
    depth = deepest_beside(made.building, outcome.peak, made.is_street_level, len(frame))
    table = pd.DataFrame({"depth_m": depth.round(4), "wet": depth > settings.sill_m}, index=frame.index)
    table["before_m"] = np.nan if known is None else known["depth_m"].reindex(frame.index).to_numpy(np.float64)
    table.index.name = "id"
    whole = gpd.GeoDataFrame(table, geometry=frame.geometry.to_numpy(), crs=city.crs)
    return whole[np.isfinite(depth)]


def _lost(buildings: gpd.GeoDataFrame, settings: RainAnalysis, known: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Buildings that the changes make wet, or wetter: ``before_cm`` and ``after_cm``, the deepest first."""
    was = buildings["before_m"].fillna(0.0)
    least = np.where(was <= settings.sill_m, LEAST_RISE_M, DEEPER_M)
    new = buildings["wet"] & (buildings["depth_m"] - was >= least)
    if known is None:
        new &= False
    table = pd.DataFrame({"before_cm": 100.0 * was, "after_cm": 100.0 * buildings["depth_m"]})[new]
    made = gpd.GeoDataFrame(table, geometry=list(buildings.geometry[new]), crs=buildings.crs)
    return made.sort_values("after_cm", ascending=False, kind="stable")


def _roads(city: City, outcome: Outcome, settings: RainAnalysis) -> gpd.GeoDataFrame:
    """One row a road on the ground: the largest depth on it [m], how much of it is too deep [m2], and whether any is."""
    made, frame = outcome.catchment, city.roads
    if "level" in frame:  # what stands beneath a flyover is not on it
        frame = frame[~frame["level"].fillna("").astype(str).str.fullmatch(r"level[1-9]\d*")]
    number = np.where(made.is_street_level, burnt(list(frame.geometry), made.grid), -1)
    there = number >= 0
    depth = np.full(len(frame), -np.inf)
    np.maximum.at(depth, number[there], outcome.peak[there])
    deep = there & (outcome.peak > settings.impassable_m)
    area = np.bincount(number[deep].astype(np.int64), minlength=len(depth)).astype(np.float64) * made.grid.cell**2
    area = area[: len(depth)]
    told = {"depth_m": depth.round(4), "impassable_m2": area, "impassable": area > 0.0}
    table = pd.DataFrame(told, index=frame.index)
    table.index.name = "id"
    whole = gpd.GeoDataFrame(table, geometry=frame.geometry.to_numpy(), crs=city.crs)
    return whole[np.isfinite(depth)]


def _figures(
    outcome: Outcome, settings: RainAnalysis, buildings: gpd.GeoDataFrame, lost: gpd.GeoDataFrame, roads: gpd.GeoDataFrame
) -> tuple[Figure, ...]:
    balance, made = outcome.balance, outcome.catchment
    peak = np.where(made.is_street_level, outcome.peak, 0.0)
    cell_m2 = made.grid.cell**2
    deep = float((peak > settings.impassable_m).sum()) * cell_m2
    wet = float(buildings["wet"].sum())
    rows: list[tuple[str, str, float, str, int, str]] = [
        (
            "deepest", "Deepest water on the ground", float(peak.max(initial=0.0)), "m", 2,
            "pits left out" if made.pits.any() else "",
        ),
        (
            "buildings", f"Buildings with more than {settings.sill_m:g} m of water before a facade", wet, "buildings", 0,
            f"of {len(buildings):,} with ground beside them; {settings.sill_source}",
        ),
        (
            "roads", f"Roads with more than {settings.impassable_m:g} m of water somewhere", float(roads["impassable"].sum()),
            "roads", 0, f"of {len(roads):,}; {settings.impassable_source}",
        ),
        ("area_deep", f"Ground under more than {settings.impassable_m:g} m of water", deep, "m2", 0, ""),
    ]  # fmt: skip
    figures = [
        Figure(f"rain_{key}", label, value, unit, better="lower", digits=digits, note=note, exact=True)
        for key, label, value, unit, digits, note in rows
    ]
    figures.append(Figure(
        "rain_lost", "Buildings that come to stand in water, or deeper in it, by the changes", float(len(lost)), "buildings", 0.0,
        NO_SHIFT, "lower", 0, f"above {settings.sill_m:g} m before a facade; not so without the changes, and higher by "
        f"{LEAST_RISE_M:g} m or more, or so already, and higher by {DEEPER_M:g} m or more",
        exact=True,
    ))  # fmt: skip
    parts = [
        ("volume", "Rain that falls on the area", balance.rain), ("infiltrated", "Rain that soaks away", balance.infiltrated),
        ("sewer", "Rain that sewers take", balance.sewer), ("open_water", "Rain that reaches open water", balance.open_water),
        ("left", "Rain that runs off over the edges", balance.left),
        ("stands", "Rain that stands on the ground in the end", balance.stands),
    ]  # fmt: skip
    for key, label, value in parts:
        share = f"{100.0 * value / balance.rain:.1f} % of the rain" if balance.rain and key != "volume" else ""
        figures.append(Figure(f"rain_{key}", label, round(value, 6), "m3", digits=0, note=share, exact=True))
    if made.pits.any():
        held = float(outcome.last[made.pits].sum()) * cell_m2
        figures.append(Figure("rain_pits", "Of which in excavation pits", held, "m3", digits=0, exact=True))
    part = abs(balance.error) / balance.rain if balance.rain else 0.0
    figures.append(Figure(
        "rain_error", "Rain that is nowhere: the error of the balance", 1e9 * balance.error, "mm3", digits=3,
        note=f"{part:.0e} of the rain: rounding", exact=True,
    ))  # fmt: skip
    return headlined(figures, "rain_lost", "rain_buildings", of_changes=("rain_lost",))


def _assumptions(outcome: Outcome, settings: RainAnalysis) -> tuple[str, ...]:
    cell = settings.cell_m
    told = [
        f"The rain is {settings.rain_mm:g} mm in {settings.duration_min:g} min, evenly over area and time. 70 mm in an hour is "
        "one of the standard events of the Dutch stress test, once in a hundred years in the climate of 2050 (STOWA, RIONED and "
        "the Ministry of Infrastructure and Water Management 2018); it shows where a place is vulnerable and is no norm.",
    ]  # fmt: skip
    if settings.method == "flow":
        told.append(
            "Water flows by the local-inertial shallow water equations (Bates et al. 2010; de Almeida et al. 2012) on cells of "
            f"{cell:g} m, for {settings.after_min:g} min after the rain as well, in {outcome.steps:,} steps. They leave advection "
            "out, so they are for slow water over rough ground; down steps its speed is held at that of waves (Froude number 1)."
        )
    else:
        told.append(
            f"Fill and spill on cells of {cell:g} m: every drop runs downhill at once, fills what is low and spills. It tells "
            "where water stands in the end, not how deep it runs on the way; what runs over unpaved ground does not soak in."
        )
    edge = "no water leaves over the edge of the area: it stands against it."
    if settings.edges == "open":
        edge = "over the edge of the area water runs off freely, as over a brink, so near it depths are too small."
    sill = f"from: {settings.sill_source}."
    if settings.sill_source == SILL_SOURCE:
        sill = "an assumption; where the city has its own, count by those."
    told += [
        f"While there is water sewers take {settings.sewer_mm_h:g} mm/h from paved streets (20 on the national maps, Deltares "
        f"2018), as if none ran full; unpaved ground takes {settings.unpaved_infiltration_mm_h:g} mm/h (lowest of the range of "
        f"Stichting RIONED: 10), paving {settings.paved_infiltration_mm_h:g}. Gardens count as unpaved.",
        "Buildings are blocks: rain on a roof runs off evenly to the ground and water beside it, and no water runs in or, under "
        "arches, through. Open water takes what reaches it and does not rise; it gives none back.",
        "Not in it: sewers as a network that runs full and comes up, cellars and what runs into them, downpipes into sewers, "
        "kerbs, walls and stairs that are narrower than a cell, evaporation, groundwater.",
        "From beyond the area no water comes in; " + edge,
        f"That doorsills are {settings.sill_m:g} m above the street is " + sill,
        *outcome.catchment.notes,
    ]  # fmt: skip
    return tuple(told)
