"""Where vehicles drive over cellars: their ways, the streets that they may take, and a way round what is beyond the limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.walkable import STREET
from twin.impacts.cellar_input import vehicles_of
from twin.impacts.routes import barred, nodes_at, seconds, way_of, ways_from
from twin.impacts.site import Site
from twin.impacts.streets import CELLAR_AXLE_T, CELLAR_WEIGHT_T, CELLAR_WIDTH_M, StreetNetwork, street_network
from twin.scenario.apply import Located, locate
from twin.scenario.cellars import CellarsAnalysis, CellarVehicle
from twin.scenario.routes import Vehicle as StreetVehicle
from twin.sim.impact.cellar.loads import Vehicle, rule

ABOVE = {"axle_limit_t": CELLAR_AXLE_T, "weight_limit_t": CELLAR_WEIGHT_T, "width_limit_m": CELLAR_WIDTH_M}


class Drive(NamedTuple):
    """A vehicle, and where it drives.

    Parameters
    ----------
    settings : CellarVehicle
    street : StreetVehicle
        As streets know it.
    axles : Vehicle
        As vaults know it, by the name of the scenario.
    line : geometry or None
        Its way; None where it may come everywhere.
    corridor : geometry or None
        Where its middle may be.
    length_m, time_min : float
        Of its way; NaN where it is not known.
    told : str
        What is in its way, if anything.
    """

    settings: CellarVehicle
    street: StreetVehicle
    axles: Vehicle
    line: shapely.Geometry | None
    corridor: shapely.Geometry | None
    length_m: float
    time_min: float
    told: str

    @property
    def rule(self) -> str:
        """What the municipal rule says of it above cellars."""
        return rule(float(self.axles.axles_t.max()), self.axles.weight_t, self.axles.width, emergency=self.axles.emergency)

    @property
    def heaviest_t(self) -> float:
        """Its heaviest axle [t]."""
        return float(self.axles.axles_t.max())


class Round(NamedTuple):
    """A way that keeps off what is beyond the limit."""

    line: shapely.Geometry
    length_m: float
    time_min: float


def axles_of(one: CellarVehicle) -> Vehicle:
    """The vehicle as vaults know it.

    Raises
    ------
    ParameterError
    """
    if one.vehicle is not None:
        return vehicles_of([one.vehicle])[0]._replace(name=one.id)
    stated = {"name": one.id, "axles_t": list(one.axles_t or ()), "width_m": one.width_m, "emergency": one.emergency}
    if one.distances_m is not None:
        stated["distances_m"] = list(one.distances_m)
    return vehicles_of([stated])[0]


def on_streets(one: CellarVehicle, axles: Vehicle) -> StreetVehicle:
    """The vehicle as streets know it."""
    if one.vehicle is not None:
        return one.vehicle
    return StreetVehicle(
        name=one.id, width_m=one.width_m, axle_load_t=float(axles.axles_t.max()), weight_t=axles.weight_t, emergency=one.emergency
    )


def drives_of(site: Site, settings: CellarsAnalysis, *, changed: bool) -> list[Drive]:
    """The vehicles of one side and their ways.

    Raises
    ------
    ScenarioError
        When a place is not in the city.
    """
    made = []
    for k, one in enumerate(settings.vehicles):
        if not one.in_baseline and not changed:
            continue
        axles = axles_of(one)
        street = on_streets(one, axles)
        if one.line is not None:
            line = shapely.LineString(one.line)
            made.append(Drive(one, street, axles, line, line, float(line.length), float("nan"), ""))
        elif one.start is None:
            made.append(Drive(one, street, axles, None, None, float("nan"), float("nan"), ""))
        else:
            made.append(_driven(site, settings, one, street, axles, places_of(site, one, k)))
    return made


def places_of(site: Site, one: CellarVehicle, number: int) -> list[Located]:
    """The places that a vehicle comes by, in order.

    Raises
    ------
    ScenarioError
        When one is not in the city.
    """
    where = f"analyses.cellars.vehicles[{number}]"
    named = [("start", one.start), *((f"via[{k}]", via) for k, via in enumerate(one.via)), ("end", one.end)]
    return [locate(place, site.city, f"{where}.{key}") for key, place in named if place is not None]


def network_of(site: Site, *, closed: bool = True) -> StreetNetwork:
    """The streets of a site, with what is closed on them or without."""
    shut = bool(closed and site.obstacles)
    made: StreetNetwork = site.once(
        ("cellar streets", shut), lambda: street_network(site.city, area=site.area, closed=site.obstacles if shut else None)
    )
    return made


def without_rule(net: StreetNetwork) -> StreetNetwork:
    """The same streets as if the municipal rule above cellars were not there; what a bridge states stays."""
    edges = net.edges.copy()
    ruled = (edges["above_cellar_m"] > 0) & ~edges["strict"]
    for column, limit in ABOVE.items():
        edges.loc[ruled & (edges[column] == limit), column] = np.nan
    return net._replace(edges=edges)


def _driven(
    site: Site, settings: CellarsAnalysis, one: CellarVehicle, street: StreetVehicle, axles: Vehicle, places: Sequence[Located]
) -> Drive:
    """The quickest way of a vehicle: by the rules, else against the rule above cellars, else what is in its way."""
    net = network_of(site, closed=not one.before_event)
    parts: list[gpd.GeoDataFrame] = []
    told, minutes = "", 0.0
    for pair in pairwise(places):
        found = None
        for streets in (net, without_rule(net)):
            passable = barred(streets.edges, street) == ""
            found = found or leg(streets, street, pair, np.where(passable, seconds(streets.edges, street), np.inf))
        if found is None:
            blocked = way_of(site.city, without_rule(net), (pair[0], pair[1]), street)
            parts.append(blocked.steps)
            told, minutes = blocked.told, float("nan")
        else:
            parts.append(found[0])
            minutes += found[1]
    rows = pd.concat(parts)
    lines = shapely.union_all(rows.geometry.to_numpy()) if len(rows) else shapely.LineString()
    corridor = shapely.union_all([lines, *corridors(rows, axles, settings.beside_m)])
    return Drive(one, street, axles, lines, corridor, float(rows["length_m"].sum()), minutes, told)


def leg(
    net: StreetNetwork, vehicle: StreetVehicle, places: Sequence[Located], cost: NDArray[np.float64]
) -> tuple[gpd.GeoDataFrame, float] | None:
    """The quickest way from one place to another: its edges and its time [min]; None where there is none."""
    start, end = nodes_at(net, places[0]), nodes_at(net, places[1])
    ways = ways_from(net, vehicle, start.tolist(), cost)
    goal = int(end[np.argmin(ways.cost[end])])
    if not np.isfinite(ways.cost[goal]):
        return None
    return net.edges.iloc[ways.to(goal) % max(1, len(net.edges))], float(ways.cost[goal]) / 60.0


def corridors(edges: pd.DataFrame, axles: Vehicle, beside_m: float) -> NDArray[np.object_]:
    """Where the middle of a vehicle may be along each edge: as far aside as the street is wide, and no further than `beside_m`."""
    aside = np.clip(0.5 * (edges["width_m"].to_numpy(np.float64) - axles.width), 0.0, beside_m)
    return np.asarray(shapely.buffer(edges["geometry"].to_numpy(), np.maximum(aside, 0.01), cap_style="flat"))


class Streets(NamedTuple):
    """Streets above cellars, and what each vehicle takes of the cellars below.

    Parameters
    ----------
    frame : GeoDataFrame
        One row an edge that has cellars below: ``name``, ``length_m``, ``above_cellar_m``, and for each vehicle ``use_<id>``,
        ``cellar_<id>``, ``rule_<id>``; ``use_factor`` is the largest.
    beyond : mapping of str to (E,) bool
        For each vehicle the edges of the network that it should keep off.
    """

    frame: gpd.GeoDataFrame
    beyond: Mapping[str, NDArray[np.bool_]]


def streets_above(
    net: StreetNetwork, cellars: gpd.GeoDataFrame, drives: Sequence[Drive], alone: Mapping[str, pd.Series[float]],
    settings: CellarsAnalysis,
) -> Streets:  # fmt: skip
    """What each vehicle takes of the cellars below each street.

    Parameters
    ----------
    net : StreetNetwork
    cellars : GeoDataFrame
    drives : sequence of Drive
    alone : mapping of str to Series
        Use factor of each cellar, by vehicle, wherever on it that comes.
    settings : CellarsAnalysis
    """
    edges = net.edges
    on_street = edges["level"].to_numpy(object) == STREET
    tree = shapely.STRtree(np.asarray(cellars.geometry.array, dtype=object))
    beyond: dict[str, NDArray[np.bool_]] = {}
    columns: dict[str, NDArray[Any]] = {}
    below_any = np.zeros(len(edges), bool)
    for drive in drives:
        name = drive.settings.id
        half = 0.5 * max(drive.axles.width, 0.5)
        bands = shapely.buffer(corridors(edges, drive.axles, settings.beside_m), half, cap_style="flat")
        edge, row = tree.query(bands, predicate="intersects")
        kept = on_street[edge]
        edge, row = edge[kept], row[kept]
        use = alone[name].to_numpy(np.float64)[row]
        # what is not judged is kept off like what is beyond
        rank = np.where(np.isnan(use), np.inf, use)
        order = np.lexsort((-rank, edge))
        first = order[np.r_[True, np.diff(edge[order]) > 0]] if len(order) else order
        values, worst = np.full(len(edges), np.nan), np.full(len(edges), "", dtype=object)
        values[edge[first]], worst[edge[first]] = use[first], cellars.index.to_numpy()[row[first]].astype(str)
        below_any[edge] = True
        held = np.zeros(len(edges), bool)
        held[edge] = True
        beyond[name] = held & ~(values <= settings.use_limit)
        ruled = np.isin(barred(edges, drive.street), ("axle load", "weight", "width")) & (edges["above_cellar_m"] > 0).to_numpy()
        verdict = np.where(ruled, "not allowed", "exempt" if drive.axles.emergency else "allowed")
        columns |= {f"use_{name}": values, f"cellar_{name}": worst, f"rule_{name}": np.where(held, verdict, "")}
    frame = edges[["name", "surface", "length_m", "width_m", "above_cellar_m", "geometry"]].assign(
        **{key: pd.array(list(value), dtype="str") if value.dtype.kind in "OU" else value for key, value in columns.items()}
    )[below_any]
    uses = frame[[f"use_{drive.settings.id}" for drive in drives]]
    return Streets(frame.assign(use_factor=uses.max(axis=1) if len(drives) else np.nan), beyond)


def way_round(site: Site, drive: Drive, beyond: NDArray[np.bool_], places: Sequence[Located]) -> Round | None:
    """The quickest way that keeps off some edges of the network of `network_of`, the municipal rule left aside."""
    net = without_rule(network_of(site, closed=not drive.settings.before_event))
    free = (barred(net.edges, drive.street) == "") & ~beyond
    cost = np.where(free, seconds(net.edges, drive.street), np.inf)
    parts, minutes = [], 0.0
    for pair in pairwise(places):
        found = leg(net, drive.street, pair, cost)
        if found is None:
            return None
        parts.append(found[0])
        minutes += found[1]
    rows = pd.concat(parts)
    line = shapely.union_all(rows.geometry.to_numpy()) if len(rows) else shapely.LineString()
    return Round(line, float(rows["length_m"].sum()), minutes)
