"""The network of streets of a city: lines with the clear width along them, what they lie on, and the limits that hold there.

Where a city has centre lines (layer ``streets``) these are taken; else the medial axis of the floor, from a Voronoi diagram.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import ParameterError, WalkableError
from twin.geo.walkable import STREET, Stair, Walkable, make_walkable
from twin.impacts import centre_lines
from twin.impacts.place_names import title_of
from twin.impacts.standing import standing_on
from twin.sim.impact import network

if TYPE_CHECKING:
    from twin.geo.city import City

Box = tuple[float, float, float, float]

CELLAR_AXLE_T, CELLAR_WEIGHT_T, CELLAR_WIDTH_M = 2.0, 3.5, 2.30
"""Greatest axle load, weight and width of a vehicle above wharf cellars: municipality of Utrecht, "Werfkelders beschermen tegen
zwaar verkeer" (utrecht.nl); emergency services are exempt [t, t, m]."""

SPEED_KM_H = {
    "street": 30.0, "bridge": 30.0, "busway": 30.0, "motorway": 80.0, "lane": 15.0, "square": 15.0, "pedestrian": 15.0,
    "driveway": 10.0, "parking": 10.0, "cycleway": 10.0, "footway": 5.0, "wharf": 5.0, "unpaved": 5.0,
}  # fmt: skip
"""Speed by surface where the source states none: the limit of a zone of 30, that of a home zone (15), and less [km/h]."""
OTHER_KM_H = 15.0

FOR_FEET = frozenset({"footway", "cycleway", "wharf", "unpaved", "pedestrian"})
"""Surfaces that vehicles must not use, unless they are emergency vehicles."""

SHORT_M = 2.0
"""What rises over a shorter way than this is spread over so much: heights of surfaces do not meet to the centimetre [m]."""

LEAST_M = 0.6
"""What is narrower lets nobody through and is no street [m]."""

MOST_POINTS = 4_000_000
"""Points of walls of which a Voronoi diagram is made: some gigabytes of memory."""

STAIR_REACH_M = 30.0
SIMPLE_M = 0.01
"""Corners of the floor that lie nearer to the line between their neighbours are left out [m]."""


class StreetNetwork(NamedTuple):
    """A network of streets.

    Attributes
    ----------
    nodes : GeoDataFrame
        Points where edges begin and end, by number; ``level``, ``z_m``.
    edges : GeoDataFrame
        Lines by number: ``tail`` and ``head`` (nodes), ``name``, ``surface``, ``level``, ``length_m``, ``width_m`` (clear, at the
        narrowest), ``slope`` (rise over run from tail to head), ``steps``, ``on_bridge``, ``above_cellar_m`` (its length above
        cellars), ``axle_limit_t``, ``weight_limit_t``, ``width_limit_m``, ``height_limit_m`` (NaN: none), ``strict`` (whether the
        limits of weight hold for emergency vehicles too), ``one_way`` (from tail to head), ``no_entry``, ``speed_km_h``.
    notes : tuple of str
        What was taken for granted.
    """

    nodes: gpd.GeoDataFrame
    edges: gpd.GeoDataFrame
    notes: tuple[str, ...] = ()


@dataclass(eq=False)
class Draft:
    """Nodes and edges as they are put together."""

    xy: list[tuple[float, float]]
    level: list[str]
    rows: list[dict[str, Any]]

    def node(self, x: float, y: float, level: str) -> int:
        """One more node."""
        self.xy.append((x, y))
        self.level.append(level)
        return len(self.xy) - 1


def street_network(
    city: City,
    *,
    area: Box | None = None,
    closed: Mapping[str, BaseGeometry] | None = None,
    spacing_m: float = 0.5,
    piece_m: float = 10.0,
    medial_axis: bool | None = None,
) -> StreetNetwork:
    """The network of streets of a city.

    Parameters
    ----------
    city : City
    area : (west, south, east, north), optional
        By default the whole city [m].
    closed : mapping of str to shapely geometry, optional
        What is closed, by level.
    spacing_m : float
        Between the points of walls whose Voronoi diagram gives the medial axis [m].
    piece_m : float
        Edges are cut so that none is longer, but for straight ones over wide squares: each has the width of its narrowest
        place [m].
    medial_axis : bool, optional
        Whether lines are made from the floor; by default where the city has no centre lines.

    Returns
    -------
    StreetNetwork
        Nodes and edges as GeoDataFrames, in the CRS of the city.

    Raises
    ------
    ParameterError
        When a value cannot be used, or the city has no centre lines and none are to be made.
    WalkableError
        When the city has no floor, or too much of it for a medial axis.
    """
    for name, value, least in (("spacing_m", spacing_m, 0.05), ("piece_m", piece_m, 0.5)):
        if not np.isfinite(value) or value < least:
            raise ParameterError(f"{value!r} cannot be used for `{name}`: it should be at least {least:g} m")
    part = None if area is None else shapely.box(*area)
    lined = centre_lines.rows_of(city, part)
    if medial_axis is False and not len(lined):
        raise ParameterError("the city has no centre lines of streets", hint="`medial_axis=True` makes them from its floor")
    shut = dict(closed or {})
    walkable = make_walkable(city, area=part, obstacles=shut or None)
    draft = Draft([], [], [])
    if len(lined) and not medial_axis:
        notes = centre_lines.add(draft, lined, {**shut}, piece_m)
    else:
        notes = _add_floor(draft, city, walkable, spacing_m, piece_m)
    if not draft.rows:
        raise WalkableError("the floor of the city has no street that anything moves along", hint="check the area and the closures")
    return _told(draft, city, walkable, (*notes, *walkable.assumptions))


def _add_floor(draft: Draft, city: City, walkable: Walkable, spacing_m: float, piece_m: float) -> tuple[str, ...]:
    standing, told = standing_on(city)
    trees: dict[str, tuple[NDArray[np.int64], shapely.STRtree]] = {}
    stairs = shapely.union_all([stair.polygon.difference(stair.portal) for stair in walkable.stairs])
    for level, floor in walkable.floors.items():
        first = len(draft.xy)
        links, width = medial_axis_of(floor.difference(standing).difference(stairs), spacing_m)
        _add_chains(draft, links, width, level, piece_m)
        numbers = np.arange(first, len(draft.xy))
        trees[level] = numbers, shapely.STRtree(shapely.points(draft.xy[first:])) if len(numbers) else shapely.STRtree([])
    for stair in walkable.stairs:
        _add_stair(draft, stair, walkable, trees)
    return (
        f"Vehicles follow the middle of the floor between walls, water and what stands on it ({told}), which is its medial axis, "
        "for the city has no centre lines. Ways over squares are a little longer than they would be driven.",
    )


def medial_axis_of(floor: BaseGeometry, spacing_m: float) -> tuple[network.Links, NDArray[np.float64]]:
    """The medial axis of a floor without the branches into corners.

    Parameters
    ----------
    floor : shapely polygon or polygons
    spacing_m : float
        [m]

    Returns
    -------
    links : Links
    width : (L,) float64
        Twice the least clearance along each link [m].

    Raises
    ------
    WalkableError
        When it has too many edges.
    """
    empty = network.Links(np.empty((0, 2)), np.empty((0, 2), np.int64)), np.empty(0)
    plain = shapely.simplify(floor, SIMPLE_M)
    lines = shapely.get_parts(shapely.boundary(shapely.get_parts(plain)))
    lines = shapely.get_parts(lines)
    if not len(lines):
        return empty
    xy, of = shapely.get_coordinates(lines, return_index=True)
    same = of[1:] == of[:-1]
    segments = np.concatenate([xy[:-1], xy[1:]], axis=1)[same]
    count = float(shapely.length(lines).sum()) / spacing_m
    if count > MOST_POINTS:
        long = f"{count * spacing_m / 1000:,.0f} km of edges"
        told = f"the floor has {long}, too much for a medial axis by points {spacing_m:g} m apart"
        raise WalkableError(told, hint="give an `area`, larger `spacing_m`, or a city with centre lines (layer `streets`)")
    walls = network.walls(segments, spacing_m)
    links = network.ridges(walls.points)
    shapely.prepare(plain)
    inside = shapely.contains_xy(plain, links.points)
    links = network.joined_points(network.Links(links.points, links.ends[inside[links.ends].all(axis=1)]))
    lines = shapely.STRtree(shapely.linestrings(segments.reshape(-1, 2, 2)))
    crossing = lines.query(shapely.linestrings(links.points[links.ends]), predicate="intersects")[0]
    links = network.joined_points(network.Links(links.points, np.delete(links.ends, np.unique(crossing), axis=0)))
    if not len(links.ends):
        return empty
    width = 2.0 * network.least_clearance(walls, links)
    links = network.joined_points(network.Links(links.points, links.ends[width >= LEAST_M]))
    keep = network.pruned(links, network.clearance(walls, links.points))
    links = network.joined_points(network.Links(links.points, links.ends[keep]))
    return links, 2.0 * network.least_clearance(walls, links)


def _add_chains(
    draft: Draft, links: network.Links, width: NDArray[np.float64], level: str, piece_m: float
) -> None:
    """Edges of the chains of a medial axis, cut to pieces."""
    made = network.chains(len(links.points), links.ends)
    wide = {(int(min(a, b)), int(max(a, b))): float(w) for (a, b), w in zip(links.ends, width, strict=True)}
    known: dict[int, int] = {}

    def node(point: int) -> int:
        if point not in known:
            known[point] = draft.node(float(links.points[point, 0]), float(links.points[point, 1]), level)
        return known[point]

    for k in range(len(made)):
        way = made.of(k)
        for piece in centre_lines.cut(links.points[way], piece_m):
            of = way[piece[0] : piece[1] + 1]
            narrow = min(wide[(int(min(a, b)), int(max(a, b)))] for a, b in pairwise(of))
            draft.rows.append(
                {"tail": node(int(of[0])), "head": node(int(of[-1])), "level": level, "width_m": narrow,
                 "geometry": shapely.LineString(links.points[of])}
            )  # fmt: skip


def _add_stair(
    draft: Draft, stair: Stair, walkable: Walkable, trees: Mapping[str, tuple[NDArray[np.int64], shapely.STRtree]]
) -> None:
    """An edge from the lower level to the upper one."""
    foot = stair.polygon.difference(stair.portal)
    up = np.array(stair.up)
    along = shapely.get_coordinates(stair.polygon) @ up
    run = float(np.ptp(along))
    top = np.array(stair.portal.centroid.coords[0])
    bottom = np.array(foot.centroid.coords[0]) - 0.5 * max(run - 1.5, 0.0) * up
    low, high = (_nearest(trees[name], at, walkable.floors[name]) for name, at in ((stair.lower, bottom), (stair.upper, top)))
    if low is None or high is None:
        return
    line = shapely.LineString([draft.xy[low], bottom, top, draft.xy[high]])
    rise = stair.top_z_m - stair.bottom_z_m
    draft.rows.append(
        {"tail": low, "head": high, "level": stair.lower, "width_m": float(stair.polygon.area / max(run, 0.1)),
         "geometry": line, "steps": stair.steps, "slope": rise / max(run, SHORT_M), "name": stair.id,
         "surface": "stairs" if stair.steps else "ramp"}
    )  # fmt: skip


def _nearest(
    of: tuple[NDArray[np.int64], shapely.STRtree], at: NDArray[np.float64], floor: BaseGeometry
) -> int | None:
    """The node nearest to a point to which a straight line leads over the floor; else the nearest of all, if any is near."""
    numbers, tree = of
    near = tree.query(shapely.Point(at).buffer(STAIR_REACH_M)) if len(numbers) else np.empty(0, np.int64)
    if not len(near):
        return None
    points = tree.geometries[near]
    order = np.argsort(shapely.distance(points, shapely.Point(at)), kind="stable")
    wide = floor.buffer(0.05)
    for k in order[:8]:
        if wide.covers(shapely.LineString([at, points[k].coords[0]])):
            return int(numbers[near[k]])
    return int(numbers[near[order[0]]])


def _told(draft: Draft, city: City, walkable: Walkable, notes: tuple[str, ...]) -> StreetNetwork:
    """Frames of nodes and edges, with all that is known of the edges."""
    xy = np.array(draft.xy)
    z = np.empty(len(xy))
    levels = np.array(draft.level, dtype=object)
    for name in np.unique(levels.astype(str)):
        on = levels == name
        z[on] = _heights(city, walkable, name, xy[on])
    nodes = gpd.GeoDataFrame({"level": pd.Series(draft.level, dtype="str"), "z_m": z}, geometry=shapely.points(xy), crs=city.crs)
    nodes.index.name = "node"
    edges = gpd.GeoDataFrame(pd.DataFrame(draft.rows), geometry="geometry", crs=city.crs)
    edges.index.name = "edge"
    edges["length_m"] = edges.geometry.length
    rise = z[edges["head"].to_numpy()] - z[edges["tail"].to_numpy()]
    slope = rise / np.maximum(edges["length_m"].to_numpy(), SHORT_M)
    edges["slope"] = edges["slope"].fillna(pd.Series(slope, index=edges.index)) if "slope" in edges else slope
    for column, value in (("steps", False), ("one_way", False), ("no_entry", False), ("strict", False)):
        edges[column] = edges[column].fillna(value).astype(bool) if column in edges else value
    for column in ("axle_limit_t", "weight_limit_t", "width_limit_m", "height_limit_m", "speed_km_h"):
        edges[column] = pd.to_numeric(edges[column], errors="coerce") if column in edges else np.nan
    for column in ("name", "surface"):
        edges[column] = edges[column].fillna("").astype("str") if column in edges else pd.Series("", index=edges.index, dtype="str")
    _lies_on(edges, city)
    speed = edges["surface"].map(SPEED_KM_H).fillna(OTHER_KM_H)
    edges["speed_km_h"] = edges["speed_km_h"].fillna(speed).clip(lower=1.0)
    wanted = [
        "tail", "head", "name", "surface", "level", "length_m", "width_m", "slope", "steps", "on_bridge", "above_cellar_m",
        "axle_limit_t", "weight_limit_t", "width_limit_m", "height_limit_m", "strict", "one_way", "no_entry", "speed_km_h",
        "geometry",
    ]  # fmt: skip
    return StreetNetwork(nodes, edges[wanted], notes)


def _heights(city: City, walkable: Walkable, level: str, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    out = city.ground_at(xy[:, 0], xy[:, 1])
    given = walkable.heights.get(level, [])
    if given:
        points, which = shapely.STRtree([shape for shape, _ in given]).query(shapely.points(xy), predicate="intersects").tolist()
        out[points] = [given[k][1] for k in which]
    return out


def _lies_on(edges: gpd.GeoDataFrame, city: City) -> None:
    """Fill in names, surfaces, bridges, cellars with their limits, and the height below decks."""
    middle = shapely.line_interpolate_point(edges.geometry.to_numpy(), 0.5, normalized=True)
    level = edges["level"].to_numpy(object)
    names, surfaces = edges["name"].to_numpy(object), edges["surface"].to_numpy(object)
    lying = _covered(city.roads, middle)
    roads = {row: city.roads.iloc[row] for row in sorted({row for _, row in lying})}
    told = {row: (_level(of), title_of(of), str(of.get("surface") or "")) for row, of in roads.items()}
    for k, row in lying:
        if told[row][0] == level[k]:
            names[k] = names[k] or told[row][1]
            surfaces[k] = surfaces[k] or told[row][2]
    edges["name"], edges["surface"] = pd.Series(names, edges.index, dtype="str"), pd.Series(surfaces, edges.index, dtype="str")
    on, least = np.zeros(len(edges), bool), edges["height_limit_m"].to_numpy(np.float64).copy()
    for k, row in _covered(city.bridges, middle):
        of = city.bridges.iloc[row]
        if _level(of) == level[k]:
            on[k] = True
        elif "underside_z_m" in of and np.isfinite(of["underside_z_m"]):
            below = float(of["underside_z_m"]) - float(city.ground_at(*shapely.get_coordinates(middle[k]).T)[0])
            least[k] = np.fmin(least[k], below) if below > 0 else least[k]
    edges["on_bridge"], edges["height_limit_m"] = on, least
    above = np.zeros(len(edges))
    if len(city.cellars):
        # a vehicle as wide as the limit, in the middle of its way
        below = shapely.union_all(shapely.buffer(shapely.force_2d(city.cellars.geometry.to_numpy()), CELLAR_WIDTH_M / 2))
        shapely.prepare(below)
        near = np.flatnonzero((level == STREET) & shapely.intersects(below, edges.geometry.to_numpy()))
        above[near] = shapely.length(shapely.intersection(edges.geometry.to_numpy()[near], below))
    edges["above_cellar_m"] = above
    # a bridge that states what it bears has that limit, for all; the rule above cellars is not for emergency services
    edges["strict"] &= edges[["axle_limit_t", "weight_limit_t"]].notna().any(axis=1)
    ruled = (above > 0) & ~edges["strict"].to_numpy(bool)
    for column, limit in (
        ("axle_limit_t", CELLAR_AXLE_T), ("weight_limit_t", CELLAR_WEIGHT_T), ("width_limit_m", CELLAR_WIDTH_M)
    ):  # fmt: skip
        edges[column] = np.where(ruled, np.fmin(edges[column], limit), edges[column])


def _level(row: pd.Series[Any]) -> str:
    level = row.get("level")
    return level if isinstance(level, str) else STREET


def _covered(frame: gpd.GeoDataFrame, points: NDArray[Any]) -> list[tuple[int, int]]:
    """Pairs of a point and a row that covers it."""
    if not len(frame):
        return []
    found = shapely.STRtree(shapely.force_2d(frame.geometry.to_numpy())).query(points, predicate="intersects")
    return [(int(a), int(b)) for a, b in found.T]
