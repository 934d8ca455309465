"""The impact "routes": ways of vehicles, the buildings that they reach, and what closures, pits and events do to both."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.geo.walkable import STREET
from twin.impact_result import Classes, ImpactResult
from twin.impacts.reach import Reach, buildings_of, reach_of
from twin.impacts.routes import Route, off_streets, way_of
from twin.impacts.site import Site, with_surface
from twin.impacts.streets import CELLAR_AXLE_T, CELLAR_WEIGHT_T, CELLAR_WIDTH_M, StreetNetwork
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.apply import locate
from twin.scenario.routes import RoutesAnalysis, Vehicle, Way, with_article
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

FAR: tuple[Colour, ...] = ((222, 239, 216), (167, 211, 160), (247, 224, 150), (236, 140, 78), (134, 24, 44))
"""Near to far; the third colour begins at half of the limit, the fourth beyond it."""

MOST_TOLD = 4
"""Of more routes than this the first ones are headlines."""

CHANGES_M = (5.0, 20.0, 40.0)


def possible(city: City, settings: RoutesAnalysis) -> None:
    """See that the places are in a city.

    Raises
    ------
    ScenarioError
        When one is not.
    """
    for k, place in enumerate(settings.stations):
        locate(place, city, f"analyses.routes.stations[{k}]")
    for k, way in enumerate(settings.routes):
        locate(way.start, city, f"analyses.routes.routes[{k}].start")
        locate(way.end, city, f"analyses.routes.routes[{k}].end")


def analyse(site: Site, settings: RoutesAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Ways and reach of vehicles on a site; `before` as in `twin.impacts.registry.Impact`.

    After a change all of it is worked out anew: a street that is closed can make every way another.

    Raises
    ------
    ScenarioError
        When a place is not in the city or, without the changes, the vehicle cannot leave its stations.
    """
    site = site if before is None else _with_new_buildings(site, before[0])
    reach = reach_of(site, settings, all_there=before is None)
    grid = reach.walk.grid
    fields = xr.Dataset(
        {"vehicle_distance": variable("vehicle_distance").array(reach.walk.seen())}, coords={"y": grid.y, "x": grid.x},
        attrs={"crs": grid.crs or "", "cell_m": float(grid.cell)},
    )  # fmt: skip
    fields, _ = with_surface(site, fields, settings.cell_m)
    buildings = _buildings(site, settings, reach, before)
    routes, steps = _routes(site, settings, reach.net, before)
    features = {
        "buildings": buildings,
        "lost": _lost(buildings, settings),
        "routes": routes,
        "route_steps": steps,
        "stations": _stations(reach, site),
        "streets": reach.net.edges.assign(blocked_by=reach.why.astype(str), reached=reach.reached),
    }
    ways = (f"routes_time_{key}" for key in routes.index[:MOST_TOLD])
    of_changes = ("routes_lost", "routes_detour", "routes_gone")
    told = headlined(_figures(buildings, routes, settings, reach), "routes_lost", *ways, of_changes=of_changes)
    settled = dict(settings.model_dump(mode="json"))
    return ImpactResult(
        "routes", "Access for vehicles", fields, features, told, (classes_of(settings),),
        tuple(_assumptions(settings, reach)), settled,
    )  # fmt: skip


def _with_new_buildings(site: Site, plain: Site) -> Site:
    """The site with buildings that are not on the other as closed: centre lines may lead below those that stand, not below them."""
    new = site.city.buildings.index.difference(plain.city.buildings.index)
    if not len(new) or not len(site.city.streets):
        return site
    shape = shapely.union_all(shapely.force_2d(site.city.buildings.geometry.loc[new].to_numpy()))
    other = site.obstacles.get(STREET, shapely.Polygon())
    return replace(site, obstacles={**site.obstacles, STREET: shapely.union(other, shape)})


def classes_of(settings: RoutesAnalysis) -> Classes:
    """Classes of the distance from where it can stand: the limit, and parts of it."""
    borders = tuple(round(share * settings.reach_m, 6) for share in (0.25, 0.5, 1.0, 2.0))
    ends = [f"{one:g}" for one in borders]
    middle = [f"{a} – {b}" for a, b in pairwise(ends)]
    labels = (f"< {ends[0]}", *middle, f"> {ends[-1]}, or not at all")
    return Classes(
        "vehicle_distance", "Distance from where the vehicle can stand", "m", borders, FAR, labels,
        settings.reach_source, CHANGES_M, "lower",
    )  # fmt: skip


def _buildings(
    site: Site, settings: RoutesAnalysis, reach: Reach, before: tuple[Site, ImpactResult] | None
) -> gpd.GeoDataFrame:
    frame = buildings_of(reach, site, settings.front_m, None if before is None else before[0])
    frame.insert(2, "before_m", np.nan)
    frame.insert(3, "before_min", np.nan)
    if before is not None:
        old = before[1].features["buildings"]
        kept = frame.index.intersection(old.index)
        frame.loc[kept, ["before_m", "before_min"]] = old.loc[kept, ["distance_m", "drive_min"]].to_numpy()
        new = frame.index.difference(before[0].city.buildings.index)
        if len(new):  # what stands in the way of others is judged by the floor that is left
            frame.loc[new, ["drive_min", "distance_m"]] = buildings_of(reach, site, settings.front_m).loc[
                new, ["drive_min", "distance_m"]
            ]
    frame["within"] = frame["distance_m"] <= settings.reach_m
    return frame[frame["distance_m"].notna()]


def _lost(buildings: gpd.GeoDataFrame, settings: RoutesAnalysis) -> gpd.GeoDataFrame:
    """Buildings that were within reach and are not any more, the worst first."""
    gone = buildings[~buildings["within"] & (buildings["before_m"] <= settings.reach_m)]
    named = gone.rename(columns={"distance_m": "after_m"})[["before_m", "after_m", "before_min", "drive_min", "geometry"]]
    return named.sort_values(["after_m", "before_m"], ascending=[False, True], kind="stable")


def _routes(
    site: Site, settings: RoutesAnalysis, net: StreetNetwork, before: tuple[Site, ImpactResult] | None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """The routes that are asked for, a row each, and the stretches of all of them."""
    plain = None if before is None else _network_of(before[1].features["streets"])
    rows, every = [], []
    for k, way in enumerate(settings.routes):
        places = (
            locate(way.start, site.city, f"analyses.routes.routes[{k}].start"),
            locate(way.end, site.city, f"analyses.routes.routes[{k}].end"),
        )
        vehicle = way.vehicle or settings.vehicle
        found = way_of(site.city, net, places, vehicle, plain=plain, closed=site.obstacles)
        rows.append(_row(way, vehicle, found, settings, None if before is None else before[1].features["routes"]))
        every.append(found.steps.assign(route=way.id))
    columns = [
        "vehicle", "found", "length_m", "time_min", "narrowest_m", "widest_m", "narrow_m", "above_cellar_m", "before_min", "told",
        "geometry",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["id", *columns]).set_index("id").astype({"vehicle": "str", "told": "str", "found": "bool"})
    frame.index.name = "id"
    steps = pd.concat(every, ignore_index=True) if every else net.edges.iloc[:0].assign(route="")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=site.city.crs), gpd.GeoDataFrame(steps, crs=site.city.crs)


def _stations(reach: Reach, site: Site) -> gpd.GeoDataFrame:
    frame = pd.DataFrame({"name": [name for name, _, _ in reach.walk.places]}).astype("str")
    frame.index.name = "id"
    return gpd.GeoDataFrame(frame, geometry=[at.shape.representative_point() for _, at, _ in reach.walk.places], crs=site.city.crs)


def _row(way: Way, vehicle: Vehicle, found: Route, settings: RoutesAnalysis, old: gpd.GeoDataFrame | None) -> dict[str, object]:
    narrow = found.steps["width_m"] < settings.road_width_m
    return {
        "id": way.id, "vehicle": vehicle.name, "found": found.found, "length_m": found.length_m, "time_min": found.time_min,
        "narrowest_m": found.narrowest_m, "widest_m": found.widest_m,
        "narrow_m": float(found.steps.loc[narrow, "length_m"].sum()), "above_cellar_m": found.above_cellar_m,
        "before_min": float("nan") if old is None else float(old.loc[way.id, "time_min"]),
        "told": found.told, "geometry": found.line,
    }  # fmt: skip


def _network_of(streets: gpd.GeoDataFrame) -> StreetNetwork:
    """The network that a result keeps the edges of."""
    ends = streets[["tail", "head"]].to_numpy(np.int64)
    xy = np.zeros((int(ends.max()) + 1, 2))
    level = np.full(len(xy), "", dtype=object)
    for side, at in ((0, 0), (1, -1)):
        xy[ends[:, side]] = [line.coords[at][:2] for line in streets.geometry]
        level[ends[:, side]] = streets["level"].to_numpy(object)
    flat = ~streets["steps"].to_numpy(bool)
    for side in (0, 1):  # the upper end of a stair lies on the level of the streets there
        level[ends[flat, side]] = streets["level"].to_numpy(object)[flat]
    nodes = gpd.GeoDataFrame({"level": level}, geometry=gpd.points_from_xy(*xy.T), crs=streets.crs)
    return StreetNetwork(nodes, streets)


def _figures(buildings: gpd.GeoDataFrame, routes: gpd.GeoDataFrame, settings: RoutesAnalysis, reach: Reach) -> list[Figure]:
    one, limit = settings.vehicle.with_article, settings.reach_m
    far, drive = buildings["distance_m"].to_numpy(), buildings["drive_min"].to_numpy()
    among = f"of {len(far)} that have a street within {settings.front_m:g} m"
    share = 100.0 * float((far <= limit).mean()) if len(far) else float("nan")
    out = float((far > limit).sum())
    gone = float((buildings["before_m"].to_numpy() <= limit)[far > limit].sum())
    there = np.isfinite(drive)
    mean = float(drive[there].mean()) if there.any() else float("nan")
    longest = float(drive[there].max(initial=0.0))
    longer = _minus(drive, buildings["before_min"].to_numpy())
    rest: list[tuple[str, str, float, str, str, int, str]] = [
        ("within", f"Buildings within {limit:g} m of where {one} can stand", share, "%", "higher", 1, among),
        ("out", f"Buildings further than {limit:g} m from where {one} can stand", out, "", "lower", 0, among),
        ("drive", f"Mean time of {one} to the streets of buildings", mean, "min", "lower", 2, "of those that it reaches"),
        ("longest", f"Longest time of {one} to the street of a building", longest, "min", "lower", 2, ""),
        ("detour", f"Longest delay of {one} by the changes", float(longer.max(initial=0.0)), "min", "lower", 2, ""),
    ]  # fmt: skip
    figures = [
        Figure(f"routes_{key}", label, value, unit, better=better, digits=digits, note=note, exact=True)
        for key, label, value, unit, better, digits, note in rest
    ]
    label = f"Buildings that the changes take out of reach of {one}"
    figures.insert(1, Figure("routes_lost", label, gone, "", 0.0, settings.reach_source, "lower", 0, exact=True))
    if settings.time_limit_min is not None:
        late = float((drive > settings.time_limit_min).sum())
        label = f"Buildings to whose street {one} takes more than {settings.time_limit_min:g} min"
        figures.append(Figure("routes_late", label, late, "", 0.0, settings.time_limit_source, "lower", 0, exact=True))
    if len(routes):
        never = ~routes["found"].to_numpy()
        shut = never & np.isfinite(routes["before_min"].to_numpy(np.float64))
        figures.append(Figure("routes_blocked", "Routes on which the vehicle does not get through", float(never.sum()), "",
                              better="lower", digits=0, note=f"of {len(never)}", exact=True))  # fmt: skip
        figures.append(Figure("routes_gone", "Routes that the changes block", float(shut.sum()), "", 0.0,
                              "what gets through without them should with them", "lower", 0, exact=True))  # fmt: skip
    for key, row in routes.iterrows():
        label = f"Route {key}: time of {with_article(str(row['vehicle']))}"
        figures.append(Figure(f"routes_time_{key}", label, float(row["time_min"]), "min",
                              better="lower", digits=2, note=str(row["told"]), exact=True))  # fmt: skip
        if row["found"]:
            figures.append(Figure(f"routes_narrow_{key}", f"Route {key}: length narrower than {settings.road_width_m:g} m",
                                  float(row["narrow_m"]), "m", better="lower", digits=0, exact=True))  # fmt: skip
    return figures


def _minus(now: NDArray[np.float64], was: NDArray[np.float64]) -> NDArray[np.float64]:
    both = np.isfinite(now) & np.isfinite(was)
    found: NDArray[np.float64] = now[both] - was[both]
    return found


def _assumptions(settings: RoutesAnalysis, reach: Reach) -> list[str]:
    vehicle = settings.vehicle
    measures = [f"{vehicle.width_m:.2f} m wide"]
    measures += [f"{vehicle.height_m:g} m high"] if vehicle.height_m else []
    measures += [f"{vehicle.axle_load_t:g} t on an axle", f"{vehicle.weight_t:g} t in all"] if vehicle.axle_load_t else []
    names = ", ".join(name for name, _, _ in reach.walk.places)
    own = vehicle.with_article
    told = [
        f"{own[0].upper()}{own[1:]} ({', '.join(measures)}) comes from: {names}. It stands wherever half its width fits; from "
        f"there it is walked over the floor (cells of {settings.cell_m:g} m) to before the walls of a building. Where doors are is "
        "not known.",
        "It gets through where the street is as wide as it is itself. Turning circles, its length, kerbs, parked cars and posts "
        "that can be lowered are not known: a street that is wide enough may yet have a corner that is not.",
        "Times are those of the speed of each kind of street, without traffic, waits and lights: they compare ways, and are no "
        "turnout times.",
        "Branches of trees are not looked at; for fire engines 4.2 m should be free (Bouwbesluit 2012, art. 6.37).",
    ]  # fmt: skip
    for name, at, _ in reach.walk.places:
        away = off_streets(reach.net, at)
        if away:
            told.append(f"{name} lies {away:.0f} m from the nearest street that is open in the area: its ways begin there.")
    above = float(reach.net.edges["above_cellar_m"].sum())
    if above > 0:
        rule = f"{CELLAR_AXLE_T:g} t on an axle, {CELLAR_WEIGHT_T:g} t in all and {CELLAR_WIDTH_M:.2f} m wide"
        exempt = "a rule from which emergency services are exempt" if vehicle.emergency else "which holds for this vehicle"
        told.append(
            f"Above wharf cellars vehicles are at most {rule} (municipality of Utrecht, Werfkelders beschermen tegen zwaar "
            f"verkeer), {exempt}. What a vault bears is another question."
        )
    return [*told, *reach.walk.notes]
