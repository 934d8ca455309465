"""The impact "cellars": what a crowd, stages, vehicles, cranes and pits take of the wharf cellars below the street.

Screening, not an assessment by NEN 8700: see `twin.impacts.cellar_capacity`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import ScenarioError
from twin.grid import GridSpec
from twin.impact_result import Classes, ImpactResult
from twin.impacts.cellar_capacity import cellar_capacity
from twin.impacts.cellar_cranes import cranes_of_side, cranes_told, feet_of_cranes
from twin.impacts.cellar_crowd import Crowd, course_of, crowd_of
from twin.impacts.cellar_crowd_load import crowd_load
from twin.impacts.cellar_input import panels_of, taken
from twin.impacts.cellar_loads import Settings, over_panels
from twin.impacts.cellar_places import places_of, stages_on_street
from twin.impacts.cellar_section import CellarSection, cellar_section
from twin.impacts.cellar_walls import feet_of, ground_of, walls_near
from twin.impacts.cellar_ways import Drive, axles_of, drives_of, network_of, streets_above
from twin.impacts.cellar_ways import places_of as stops_of
from twin.impacts.cellar_ways_told import ways_told
from twin.impacts.cellars_report import assumptions, figures
from twin.impacts.pit import settled_by_water
from twin.impacts.site import Site, with_surface
from twin.palette import Colour
from twin.plots.words import clock
from twin.scenario.apply import see_within
from twin.scenario.cellars import CellarsAnalysis
from twin.sim.impact.cellar.screen import CLASSES, NEAR, screening_of, table
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

USES: tuple[Colour, ...] = ((190, 219, 190), (120, 178, 130), (247, 214, 120), (222, 110, 60), (134, 24, 44))
SCREENED: tuple[Colour, ...] = ((120, 178, 130), (247, 214, 120), (190, 60, 50), (150, 150, 150))
"""Within, near, beyond, not judged."""

AROUND_M = 8.0
"""What of the surroundings of the cellars is on the map [m]."""

MOST_USE = 99.0
"""A use that has no end (the vault carries nothing of the load) is drawn as this."""


@dataclass(frozen=True, eq=False)
class Kept:
    """What the other side can go on from, and what is drawn of this one.

    Parameters
    ----------
    alone : mapping of str to Series
        Use factor of each cellar by vehicle, wherever on it that comes.
    section : CellarSection or None
        Of the worst cellar.
    """

    alone: Mapping[str, pd.Series[float]]
    section: CellarSection | None


def possible(city: City, settings: CellarsAnalysis) -> None:
    """See that a city has cellars whose measures can be used, and the places of vehicles and cranes.

    Raises
    ------
    ScenarioError
        When it has none, or a place is not in it.
    ParameterError
        When a measure of a cellar cannot be.
    """
    frame = city.layers["cellars"]
    if not len(frame):
        hint = "list a file of them (`cellars.geojson`) beside the city under `city` (docs/formats.md), or leave `cellars` out"
        raise ScenarioError("the city has no cellars", hint=hint)
    taken(frame)
    site = Site(city)
    for k, one in enumerate(settings.vehicles):
        axles_of(one)
        stops_of(site, one, k)
        if one.line is not None:
            see_within(city, shapely.LineString(one.line), f"analyses.cellars.vehicles[{k}].line")
    for k, crane in enumerate(settings.cranes):
        for n, foot in enumerate(crane.outriggers):
            see_within(city, shapely.Point(foot), f"analyses.cellars.cranes[{k}].outriggers[{n}]")


def ground(city: City, settings: CellarsAnalysis) -> BaseGeometry | None:
    """The ground above cellars, where it is asked how people stood; None where the crowd does not count."""
    frame = city.layers["cellars"]
    if not settings.crowd or not len(frame):
        return None
    these = taken(frame)
    return over_panels(panels_of(these, table(these.mean).arches.strips, Settings().panel_m))


def analyse(site: Site, settings: CellarsAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Screen the cellars of a site; `before` as in `twin.impacts.registry.Impact`.

    Raises
    ------
    ScenarioError
        When no cellar lies in the area, or a place is not in the city.
    ParameterError
        When a measure of a cellar cannot be.
    """
    cellars = _inside(site)
    options: dict[str, Any] = {
        "spread": settings.spread, "load_factor": settings.load_factor, "dynamic": settings.dynamic,
        "crowd_factor": settings.crowd_factor,
    }  # fmt: skip
    drives = drives_of(site, settings, changed=site.changed)
    stages = stages_on_street(site)
    cranes = cranes_of_side(settings, changed=site.changed)
    crowd = crowd_of(site.crowd if settings.crowd else None)
    loads: dict[str, Any] = {
        "crowd": crowd.given, "vehicles": [one.axles for one in drives] or None, "stages": stages if len(stages) else None,
        "cranes": feet_of_cranes(cranes) or None,
        "route": {one.settings.id: one.corridor for one in drives if one.corridor is not None},
    }  # fmt: skip
    found = cellar_capacity(cellars, **loads, **options)
    if all(loads[name] is None for name in ("crowd", "vehicles", "stages", "cranes")):
        found = _unloaded(found)
    found = _judged(found, crowd, settings)
    load = crowd_load(cellars, crowd, options)
    if load is not None:
        found = found.assign(**{str(name): values.array for name, values in load.columns.items()})
    pits = ground_of(site.pits, _by_water(site))
    these = taken(cellars)
    found = found.assign(**{str(name): values.to_numpy() for name, values in feet_of(cellars, these, pits).items()})
    alone = _alone(cellars, drives, options, before)
    features = {
        "cellars": found, "places": places_of(stages, cellars, settings.use_limit, options),
        "cranes": cranes_told(cranes, site.city.layers["cellars"], settings.use_limit, options),
        "walls": walls_near(cellars, these, site.city.water, pits), **_ways(site, cellars, drives, alone, found, settings),
        "course": course_of(found, cellars, crowd, options),
    }  # fmt: skip
    known = None if before is None else before[1].features["cellars"]
    told = figures(features, settings, known, changed=site.changed)
    kept = Kept(alone, _section(found, cellars, loads, options))
    fields = _fields(site, found, settings)
    if load is not None:
        fields = fields.assign(load.fields.variables)
    return ImpactResult(
        "cellars", "Wharf cellars", fields, features, told, classes_of(settings),
        tuple(assumptions(found, settings, drives, crowd, pits, len(stages))), dict(settings.model_dump(mode="json")), kept,
    )  # fmt: skip


def _by_water(site: Site) -> Callable[[NDArray[np.float64]], NDArray[np.float64]] | None:
    """What the ground settles by the water that pits lower, where the impact `pit` is asked for too."""
    settings = site.asked.get("pit")
    return settled_by_water(site, settings).at if site.pits and settings is not None else None


def _inside(site: Site) -> gpd.GeoDataFrame:
    """The cellars of the area."""
    frame = site.city.layers["cellars"]
    if site.area is None or not len(frame):
        return frame
    inside = frame[frame.intersects(shapely.box(*site.area))]
    if not len(inside):
        west, south, east, north = frame.total_bounds
        what = f"no cellar lies in the area; they reach from ({west:.0f}, {south:.0f}) to ({east:.0f}, {north:.0f})"
        raise ScenarioError(what, hint="make `area` larger, or leave `cellars` out")
    return inside


def _unloaded(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cellars that nothing is above: of those that are shown to stand nothing is asked."""
    bare = found["governing"] == ""
    bare &= np.isfinite(found["geometric_factor"])
    reasons = found["reasons"].str.replace("; not judged", "").str.removesuffix("not judged")
    zero = {name: found[name].where(~bare, 0.0) for name in ("use_factor", "use_low", "use_high")}
    told = {"governing": found["governing"].where(~bare, "own weight"), "reasons": found["reasons"].where(~bare, reasons)}
    made = found.assign(**zero, **told)
    made.attrs = found.attrs
    return made


def _judged(found: gpd.GeoDataFrame, crowd: Crowd, settings: CellarsAnalysis) -> gpd.GeoDataFrame:
    """With its classes by the limit of the scenario, and the moment as a clock time and a seed."""
    told = found.attrs
    frame = found.copy()
    frame["screening"] = pd.array(list(screening_of(frame["use_factor"] / settings.use_limit)), dtype="str")
    if crowd.nobody and settings.crowd:
        frame["use_crowd"] = np.where(frame["use_factor"].isna(), np.nan, 0.0)
    moment = frame["when_s"].to_numpy(np.float64)
    seeds = [crowd.seed_at(one) for one in moment]
    frame["when_s"] = [crowd.second_of(one) for one in moment]
    frame["seed"] = pd.array([pd.NA if one is None else one for one in seeds], dtype="Int64")
    words = ["" if np.isnan(one) else clock(one, crowd.clock_start, exact=True) for one in frame["when_s"]]
    frame["when"] = pd.array(words, dtype="str")
    frame.attrs = told
    return frame


def _alone(
    cellars: gpd.GeoDataFrame, drives: list[Drive], options: Mapping[str, Any], before: tuple[Site, ImpactResult] | None
) -> dict[str, pd.Series[float]]:
    """What each vehicle takes of each cellar, wherever on it that comes; what the other side knows is not worked out again."""
    made: dict[str, pd.Series[float]] = {}
    old = before[1].kept.alone if before is not None and isinstance(before[1].kept, Kept) else {}
    for drive in drives:
        name = drive.settings.id
        if name in old and old[name].index.equals(cellars.index):
            made[name] = old[name]
        else:
            made[name] = cellar_capacity(cellars, vehicles=[drive.axles], **options)["use_factor"]
    return made


def _ways(
    site: Site, cellars: gpd.GeoDataFrame, drives: list[Drive], alone: Mapping[str, pd.Series[float]], found: gpd.GeoDataFrame,
    settings: CellarsAnalysis,
) -> dict[str, gpd.GeoDataFrame]:  # fmt: skip
    """Streets above cellars, and the ways of vehicles."""
    if not drives:
        none = gpd.GeoDataFrame({"name": [], "use_factor": []}, geometry=[], crs=cellars.crs)
        return {"streets": none, "ways": ways_told(site, cellars, [], {}, {}, settings)}
    plain = network_of(site, closed=False)
    streets = streets_above(plain, cellars, drives, alone, settings)
    beyond = {}
    for drive in drives:
        closed = not drive.settings.before_event
        net = network_of(site, closed=closed)
        of = streets if net is plain else streets_above(net, cellars, [drive], alone, settings)
        beyond[drive.settings.id] = of.beyond[drive.settings.id]
    return {"streets": streets.frame, "ways": ways_told(site, cellars, drives, alone, beyond, settings)}


def _section(
    found: gpd.GeoDataFrame, cellars: gpd.GeoDataFrame, loads: Mapping[str, Any], options: Mapping[str, Any]
) -> CellarSection | None:
    """The worst cellar, cut across."""
    use = found["use_factor"].to_numpy(np.float64)
    if not (np.nan_to_num(use) > 0.0).any():
        return None
    return cellar_section(cellars, str(found.index[int(np.nanargmax(use))]), **loads, **options)


def _fields(site: Site, found: gpd.GeoDataFrame, settings: CellarsAnalysis) -> xr.Dataset:
    """The use and the class of the cellar below each place of the street."""
    west, south, east, north = found.total_bounds
    if site.area is not None:
        bounds = site.area
        west, south, east, north = max(west, bounds[0]), max(south, bounds[1]), min(east, bounds[2]), min(north, bounds[3])
    grid = GridSpec.from_bounds((west, south, east, north), settings.cell_m, crs=site.grid(settings.cell_m).crs, margin=AROUND_M)
    number = _burnt(found, grid)
    use = np.append(np.minimum(found["use_factor"].to_numpy(np.float64), MOST_USE), np.nan)
    kinds = np.append(np.array([CLASSES.index(one) for one in found["screening"]], dtype=np.float64) + 1.0, np.nan)
    named = {"cellar_use": use[number].astype(np.float32), "cellar_screening": kinds[number].astype(np.float32)}
    fields = xr.Dataset(
        {name: variable(name).array(values) for name, values in named.items()}, coords={"y": grid.y, "x": grid.x},
        attrs={"crs": grid.crs or "", "cell_m": float(grid.cell)},
    )  # fmt: skip
    return with_surface(site, fields, settings.cell_m, grid)[0]


def _burnt(found: gpd.GeoDataFrame, grid: GridSpec) -> NDArray[np.int64]:
    """The row of the cellar below each cell, of those that lie over each other the worst; -1 for none."""
    from twin.impacts.rain_ground import burnt

    order = np.argsort(np.nan_to_num(found["use_factor"].to_numpy(np.float64), nan=-1.0), kind="stable")
    made = burnt(list(found.geometry.iloc[order]), grid)
    return np.where(made >= 0, order[np.maximum(made, 0)], -1).astype(np.int64)


def classes_of(settings: CellarsAnalysis) -> tuple[Classes, ...]:
    """Classes of the use, by the limit, and of the screening."""
    limit = settings.use_limit
    borders = tuple(round(share * limit, 6) for share in (0.4, NEAR, 1.0, 2.0))
    ends = [f"{one:g}" for one in borders]
    labels = (
        f"within: < {ends[0]}", f"within: {ends[0]} – {ends[1]}", f"near: {ends[1]} – {ends[2]}", f"beyond: {ends[2]} – {ends[3]}",
        f"beyond: > {ends[3]}",
    )  # fmt: skip
    change = (0.1, 0.5, 1.0)
    return (
        Classes(
            "cellar_use", "Use of cellars (required over available)", "", borders, USES, labels, settings.use_limit_source, change,
            "lower",
        ),
        Classes(
            "cellar_screening", "Screening of cellars", "", (1.5, 2.5, 3.5), SCREENED, CLASSES, settings.use_limit_source,
            named=True,
        ),
    )  # fmt: skip
