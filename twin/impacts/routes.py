"""Ways of vehicles over the network of streets: how long they are, how narrow, and what is in the way where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.discretize import STAIR_SPEED_FACTOR
from twin.errors import ParameterError
from twin.impacts.place_names import name_of_place
from twin.impacts.streets import FOR_FEET, Box, StreetNetwork, street_network
from twin.scenario.analyses import settings_of
from twin.scenario.apply import Located, locate
from twin.scenario.routes import Vehicle, Way
from twin.sim.impact import network

if TYPE_CHECKING:
    from twin.geo.city import City

NARROW, STEPS, LOW, STEEP, CLOSED = "narrow", "steps", "low", "steep", "closed"
AXLE, WEIGHT, WIDTH, FEET, NO_ENTRY = "axle load", "weight", "width", "footway", "no entry"
"""Why something does not get through: the first five are physical, the others are rules."""

SHORT_OF = {STEPS: 1.0, LOW: 0.5, STEEP: 0.5, CLOSED: 0.5, AXLE: 0.3, WEIGHT: 0.3, WIDTH: 0.3, FEET: 0.3, NO_ENTRY: 0.3}
"""How bad each is: as bad as a street that lacks this part of the width that is needed. The way with the least of it is told."""

OFF_M = 25.0
"""A place that lies further than this from the nodes of the network is told of [m]."""

_METRE_S = 1e3
"""What a metre that is blocked counts for at least, so that the way with the least of them is found [s]."""


@dataclass(frozen=True, eq=False)
class Route:
    """A way of a vehicle, or the one on which least is in its way.

    Parameters
    ----------
    vehicle : Vehicle
    found : bool
        Whether it gets there.
    length_m, time_min : float
        inf where it does not.
    narrowest_m : float
        Clear width of the narrowest place of the way; NaN without one [m].
    widest_m : float
        How wide what gets there can be, rules left aside; 0 where nothing does [m].
    above_cellar_m : float
        Its length above cellars [m].
    steps : GeoDataFrame
        Stretches of streets in order: ``name``, ``surface``, ``level``, ``length_m``, ``time_s``, ``width_m``, limits as in
        `StreetNetwork`, ``above_cellar_m``, ``blocked_by`` (empty where it gets through).
    told : str
        The way in a sentence, or what is in the way.
    """

    vehicle: Vehicle
    found: bool
    length_m: float
    time_min: float
    narrowest_m: float
    widest_m: float
    above_cellar_m: float
    steps: gpd.GeoDataFrame
    told: str

    @property
    def line(self) -> BaseGeometry:
        """The way as one line; empty without one."""
        lines = list(self.steps.geometry)
        return shapely.line_merge(shapely.union_all(lines)) if lines else shapely.LineString()

    def __repr__(self) -> str:
        return f"<Route: {self.told}>"


def route(
    city: City,
    start: Any,
    end: Any,
    *,
    vehicle: str | Mapping[str, Any] | Vehicle = "fire engine",
    area: Box | None = None,
    closed: Mapping[str, BaseGeometry] | None = None,
    streets: StreetNetwork | None = None,
) -> Route:
    """The quickest way of a vehicle, or what is in its way.

    Parameters
    ----------
    city : City
    start, end : place
        Ids of objects of the city, or as in a scenario: ``{"point": [x, y]}``. The way begins and ends at the nearest node; where
        that is far off it is told.
    vehicle : str, mapping or Vehicle
        A name (``"fire engine"``, ``"lorry"``, ``"wheelchair"``, ...: `twin.scenario.routes.VEHICLES`) or its measures
        (``{"width_m": 2.1, "axle_load_t": 1.5}``).
    area : (west, south, east, north), optional
        By default the whole city [m].
    closed : mapping of str to shapely geometry, optional
        What is closed, by level.
    streets : StreetNetwork, optional
        Made beforehand by `street_network`, with what is closed.

    Returns
    -------
    Route

    Raises
    ------
    ParameterError
        When a value cannot be used.
    ScenarioError
        When a place is not in the city.
    WalkableError
        When the city has no floor.
    """
    asked = settings_of(Way, id="route", start=start, end=end, vehicle=vehicle)
    net = street_network(city, area=area, closed=closed) if streets is None else streets
    places = locate(asked.start, city, "start"), locate(asked.end, city, "end")
    if asked.vehicle is None:
        raise ParameterError("None cannot be used for `vehicle`: give a name or its measures")
    plain = None
    found = way_of(city, net, places, asked.vehicle)
    if not found.found and closed:
        plain = street_network(city, area=area)
        found = way_of(city, net, places, asked.vehicle, plain=plain, closed=closed)
    return found


def barred(edges: pd.DataFrame, vehicle: Vehicle) -> NDArray[np.object_]:
    """Why a vehicle does not get through each edge of a network, (E,) str; empty where it does.

    Limits that are rules do not hold for emergency vehicles and people on foot; those of bridges (``strict``) do for all vehicles.
    """
    out = np.full(len(edges), "", dtype=object)
    free = vehicle.emergency or vehicle.on_foot
    strict = edges["strict"].to_numpy(bool)
    held = strict & (not vehicle.on_foot) if free else np.ones(len(edges), bool)
    rules: list[tuple[str, NDArray[np.bool_]]] = [
        (NO_ENTRY, edges["no_entry"].to_numpy(bool) & (not free)),
        (FEET, edges["surface"].isin(FOR_FEET).to_numpy(bool) & (not free)),
        (WIDTH, (edges["width_limit_m"].to_numpy() < vehicle.width_m) & (not free)),
        (WEIGHT, (edges["weight_limit_t"].to_numpy() < vehicle.weight_t) & held),
        (AXLE, (edges["axle_limit_t"].to_numpy() < vehicle.axle_load_t) & held),
        (LOW, edges["height_limit_m"].to_numpy() < vehicle.height_m),
        (STEPS, edges["steps"].to_numpy(bool) & (not vehicle.steps)),
        (NARROW, edges["width_m"].to_numpy() < vehicle.width_m - 1e-9),
    ]
    if vehicle.slope_limit is not None:
        steep = (edges["slope"].abs().to_numpy() > vehicle.slope_limit + 1e-9) & ~edges["steps"].to_numpy(bool)
        rules.insert(-2, (STEEP, steep))
    for name, where in rules:
        out[where] = name
    return out


def seconds(edges: pd.DataFrame, vehicle: Vehicle) -> NDArray[np.float64]:
    """Time that a vehicle takes for each edge, (E,) [s]."""
    own = np.full(len(edges), vehicle.speed_km_h)
    speed = own if vehicle.on_foot else np.minimum(own, edges["speed_km_h"].to_numpy(np.float64))
    slower = np.where(edges["steps"].to_numpy(bool) & vehicle.on_foot, STAIR_SPEED_FACTOR, 1.0)
    found: NDArray[np.float64] = edges["length_m"].to_numpy(np.float64) * 3.6 / (speed * slower)
    return found


def ways_from(
    net: StreetNetwork, vehicle: Vehicle, sources: Sequence[int], cost: NDArray[np.float64] | None = None
) -> network.Ways:
    """Least times of a vehicle from some nodes to all [s]; arc ``a`` is edge ``a % E``, and against it from ``E`` on.

    Parameters
    ----------
    net : StreetNetwork
    vehicle : Vehicle
    sources : sequence of int
    cost : (E,) float64, optional
        By default the time of each edge that it gets through [s].
    """
    edges = net.edges
    tail, head = edges["tail"].to_numpy(np.int64), edges["head"].to_numpy(np.int64)
    there = np.where(barred(edges, vehicle) == "", seconds(edges, vehicle), np.inf) if cost is None else cost
    one_way = edges["one_way"].to_numpy(bool) & (not (vehicle.emergency or vehicle.on_foot))
    back = np.where(one_way, np.inf, there)
    return network.shortest(
        len(net.nodes), np.concatenate([tail, head]), np.concatenate([head, tail]), np.concatenate([there, back]),
        np.asarray(sources, np.int64),
    )  # fmt: skip


def nodes_at(net: StreetNetwork, place: Located) -> NDArray[np.int64]:
    """Nodes of a network in a place, on its level where that has any; else the nearest one."""
    on = np.flatnonzero(net.nodes["level"].to_numpy(object) == place.level)
    on = on if len(on) else np.arange(len(net.nodes))
    away = shapely.distance(net.nodes.geometry.to_numpy()[on], place.shape)
    inside = on[away <= 0.0]
    return inside if len(inside) else on[[int(np.argmin(away))]]


def off_streets(net: StreetNetwork, place: Located) -> float:
    """How far a place lies from the node that ways from it begin at, where that is further than `OFF_M`; else 0 [m]."""
    node = nodes_at(net, place)[0]
    away = float(shapely.distance(net.nodes.geometry.to_numpy()[node], place.shape))
    return away if away > OFF_M else 0.0


def way_of(
    city: City,
    net: StreetNetwork,
    places: tuple[Located, Located],
    vehicle: Vehicle,
    *,
    plain: StreetNetwork | None = None,
    closed: Mapping[str, BaseGeometry] | None = None,
) -> Route:
    """As `route`, over a network; `plain` is that without what is closed, to tell what is closed of a way that is no more."""
    start, end = nodes_at(net, places[0]), nodes_at(net, places[1])
    ways = ways_from(net, vehicle, start.tolist())
    goal = int(end[np.argmin(ways.cost[end])])
    width = _widest(net, vehicle, start, end)
    if np.isfinite(ways.cost[goal]):
        rows, turned = _rows(net, ways.to(goal))
        steps = _stretches(rows, turned, seconds(rows, vehicle), np.full(len(rows), "", object), city)
        length = float(rows["length_m"].sum())
        minutes = float(ways.cost[goal]) / 60.0 if len(rows) else 0.0
        narrow = float(rows["width_m"].min()) if len(rows) else float("nan")
        above = float(rows["above_cellar_m"].sum())
        told = f"{length:.0f} m in {minutes:.1f} min, {narrow:.1f} m wide at the narrowest" if len(rows) else "it is there already"
        if above > 0 and not vehicle.on_foot:
            told += f", {above:.0f} m of it above cellars"
        told += _off(net, places)
        return Route(vehicle, True, length, minutes, narrow, width, above, steps, told)
    steps, told, narrow = _blocked(city, net, places, vehicle, plain, closed, width)
    told += _off(net, places)
    return Route(vehicle, False, float("inf"), float("inf"), narrow, width, 0.0, steps, told)


def _off(net: StreetNetwork, places: tuple[Located, Located]) -> str:
    """What is told of places that are far from any street."""
    far = [(name, off_streets(net, place)) for name, place in zip(("start", "end"), places, strict=True)]
    return "".join(f"; the {name} lies {away:.0f} m from the nearest street that is open" for name, away in far if away)


def _widest(net: StreetNetwork, vehicle: Vehicle, start: NDArray[np.int64], end: NDArray[np.int64]) -> float:
    """How wide what gets from one place to another can be, of whatever is on foot or not as the vehicle is."""
    edges = net.edges if vehicle.steps else net.edges[~net.edges["steps"]]
    if np.intersect1d(start, end).size:
        return float("inf")
    # nodes of one place count as one
    number = np.arange(len(net.nodes))
    number[start], number[end] = start[0], end[0]
    ends = number[edges[["tail", "head"]].to_numpy(np.int64)]
    other = ends[:, 0] != ends[:, 1]
    width = edges["width_m"].to_numpy(np.float64)
    return network.widest(len(net.nodes), ends[other], width[other], int(start[0]), int(end[0]))


def _rows(net: StreetNetwork, arcs: NDArray[np.int64]) -> tuple[gpd.GeoDataFrame, NDArray[np.bool_]]:
    """Edges of arcs, and which are gone along against their direction."""
    count = len(net.edges)
    return net.edges.iloc[arcs % max(1, count)], arcs >= count


def _stretches(
    rows: gpd.GeoDataFrame, turned: NDArray[np.bool_], time: NDArray[np.float64], why: NDArray[np.object_], city: City
) -> gpd.GeoDataFrame:
    """Edges put together as long as they are of one street and blocked by the same."""
    wanted = ["name", "surface", "level"]
    frame = rows.assign(time_s=time, blocked_by=why)
    ahead = [one.reverse() if back else one for one, back in zip(rows.geometry, turned, strict=True)]
    frame = frame.set_geometry(ahead, crs=rows.crs)
    same = (frame[[*wanted, "blocked_by"]] == frame[[*wanted, "blocked_by"]].shift()).all(axis=1)
    number = (~same).cumsum().to_numpy()
    sums = frame.groupby(number)[["length_m", "time_s", "above_cellar_m"]].sum()
    least = frame.groupby(number)[["width_m", "axle_limit_t", "weight_limit_t", "width_limit_m", "height_limit_m"]].min()
    first = frame.groupby(number)[[*wanted, "blocked_by"]].first()
    lines = [_one(list(frame.geometry[number == k])) for k in first.index]
    out = gpd.GeoDataFrame(pd.concat([first, sums, least], axis=1), geometry=lines, crs=rows.crs).reset_index(drop=True)
    for k in out.index[out["name"] == ""]:
        out.loc[k, "name"] = name_of_place(city, out.geometry[k].interpolate(0.5, normalized=True), str(out.loc[k, "level"]))
    out.index.name = "stretch"
    return out


def _one(lines: list[shapely.LineString]) -> shapely.LineString:
    """Lines one after another as one."""
    xy = np.concatenate([shapely.get_coordinates(one) for one in lines])
    return shapely.LineString(xy[np.r_[True, (np.diff(xy, axis=0) != 0).any(axis=1)]])


def _blocked(
    city: City, net: StreetNetwork, places: tuple[Located, Located], vehicle: Vehicle, plain: StreetNetwork | None,
    closed: Mapping[str, BaseGeometry] | None, width: float,
) -> tuple[gpd.GeoDataFrame, str, float]:  # fmt: skip
    """The way on which least is in the way: its stretches, what is told of it, and its least width."""
    best: tuple[float, gpd.GeoDataFrame, NDArray[np.bool_], NDArray[np.object_]] | None = None
    for of in (net, plain):
        if of is None:
            continue
        why = barred(of.edges, vehicle)
        if of is plain:
            why = np.where(_shut(of.edges, closed or {}, vehicle), CLOSED, why)
        short = np.array([SHORT_OF.get(str(one), 0.0) for one in why])
        narrow = why == NARROW
        short[narrow] = 1.0 - of.edges["width_m"].to_numpy()[narrow] / vehicle.width_m
        # one stair is as much in the way as another: of them the one on the quickest way is told
        metres = np.where(why == STEPS, 1.0, of.edges["length_m"].to_numpy())
        penalty = np.where(why == "", 0.0, metres * _METRE_S * 10.0 ** (6.0 * short))
        start, end = nodes_at(of, places[0]), nodes_at(of, places[1])
        ways = ways_from(of, vehicle, start.tolist(), seconds(of.edges, vehicle) + penalty)
        goal = int(end[np.argmin(ways.cost[end])])
        if np.isfinite(ways.cost[goal]) and (best is None or ways.cost[goal] < best[0]):
            arcs = ways.to(goal)
            rows, turned = _rows(of, arcs)
            best = float(ways.cost[goal]), rows, turned, why[arcs % len(of.edges)]
    if best is None:
        empty = net.edges.iloc[:0]
        steps = _stretches(empty, np.empty(0, bool), np.empty(0), np.empty(0, object), city)
        return steps, f"no way for {vehicle.with_article}: no street joins the two places", float("nan")
    steps = _stretches(best[1], best[2], seconds(best[1], vehicle), best[3], city)
    return steps, _why(_worst(steps, closed or {}), vehicle, width), float(best[1]["width_m"].min())


def _worst(steps: gpd.GeoDataFrame, closed: Mapping[str, BaseGeometry]) -> gpd.GeoDataFrame:
    """What is blocked: of stretches one after another the one that lies most in what is closed, or is long and narrowest."""
    inside = np.zeros(len(steps))
    for level, shape in closed.items():
        on = (steps["level"] == level).to_numpy()
        inside[on] = shapely.length(shapely.intersection(steps.geometry.to_numpy()[on], shape))
    run = (steps["blocked_by"] != steps["blocked_by"].shift()).cumsum().to_numpy()
    why, width = steps["blocked_by"].to_numpy(object), steps["width_m"].to_numpy()
    slim = width <= pd.Series(width).groupby(run).transform("min").to_numpy() + 0.05
    weight = np.where(why == CLOSED, inside, np.where(slim, steps["length_m"].to_numpy(), 0.0))
    most = weight >= pd.Series(weight).groupby(run).transform("max").to_numpy()
    return steps[(why != "") & (most | ((why != CLOSED) & (why != NARROW)))]


def _shut(edges: gpd.GeoDataFrame, closed: Mapping[str, BaseGeometry], vehicle: Vehicle) -> NDArray[np.bool_]:
    """Edges along whose middle a vehicle would touch what is closed on their level."""
    out = np.zeros(len(edges), bool)
    for level, shape in closed.items():
        on = (edges["level"] == level).to_numpy()
        shapely.prepare(shape)
        out[on] = shapely.dwithin(shape, edges.geometry.to_numpy()[on], vehicle.width_m / 2)
    return out


def _why(steps: gpd.GeoDataFrame, vehicle: Vehicle, width: float) -> str:
    """What is in the way, in a sentence."""
    told: list[str] = []
    for _, row in steps.iterrows():
        said = _reason(row, vehicle)
        if said not in told:
            told.append(said)
    rest = f", and {len(told) - 3} more" if len(told) > 3 else ""
    measure = f" of {vehicle.width_m:.2f} m" if any("m wide" in one for one in told[:3]) else ""
    wide = f"; what is at most {width:.1f} m wide gets there" if measure and 0.0 < width < vehicle.width_m else ""
    return f"no way for {vehicle.with_article}{measure}: {'; '.join(told[:3])}{rest}{wide}"


def _reason(row: pd.Series[Any], vehicle: Vehicle) -> str:
    name, why = row["name"], row["blocked_by"]
    if why == NARROW:
        return f"{name} is {row['width_m']:.1f} m wide here"
    if why in (AXLE, WEIGHT):
        limit = row["axle_limit_t"] if why == AXLE else row["weight_limit_t"]
        has = vehicle.axle_load_t if why == AXLE else vehicle.weight_t
        of = " above cellars" if row["above_cellar_m"] > 0 else ""
        what = "on an axle" if why == AXLE else "in all"
        return f"{name} is limited to {limit:g} t {what}{of}, and it has {has:g} t"
    said = {
        WIDTH: f"{name} is for vehicles of at most {row['width_limit_m']:.2f} m", STEPS: f"{name} has steps",
        LOW: f"{name} is {row['height_limit_m']:.1f} m high here", FEET: f"{name} is not for vehicles",
        NO_ENTRY: f"{name} is not open to motor vehicles", CLOSED: f"{name} is closed",
        STEEP: f"{name} is steeper than {vehicle.slope_limit or 0.0:.1%}",
    }  # fmt: skip
    return said[why]
