"""What pits do to trees, pipes and cables around them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.trees import trees_of
from twin.impacts.pit_stages import Dug, read
from twin.impacts.pit_together import AllWater
from twin.sim.impact.pit import pipes as along_pipes
from twin.sim.impact.pit import trees as around_trees

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.grid import GridSpec

LEAST_SLOPE = 0.2
"""Pipes and cables along which the ground tilts less are not listed [mm/m]; an estimate."""

LEAST_SETTLED_MM = 0.5
"""Pipes and cables that settle by less everywhere are not listed [mm]; an estimate."""

LEAST_CUT = 0.05
"""Trees that lose less of the circle of their roots are not listed; an estimate."""

LEAST_CIRCLE_M = 1.0
Array = NDArray[np.float64]


def season(one: Dug) -> tuple[float, tuple[int, ...]]:
    """For how many weeks the water is low, and in which months; all of them where no days are known."""
    both = zip(one.pit.stages, one.water, strict=True)
    kept = [(stage, water) for stage, water in both if max(water.upper_m, water.lower_m) > 0.0]
    if not kept:
        return 0.0, ()
    weeks = max(water.days for _, water in kept) / 7.0
    if any(stage.starts is None or stage.ends is None for stage, _ in kept):
        return weeks, tuple(range(1, 13))
    first, last = kept[0][0].starts, kept[-1][0].ends
    assert first is not None
    assert last is not None
    return weeks, tuple(sorted({day.month for day in _days(first, last)}))


def seasons(made: list[Dug]) -> tuple[float, tuple[int, ...]]:
    """The same of all pits: weeks are added, which is the most that they can be, as pits need not be open at the same time."""
    each = [season(one) for one in made]
    return sum(weeks for weeks, _ in each), tuple(sorted({month for _, months in each for month in months}))


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for k in range(min((last - first).days, 366) + 1):
        yield first + dt.timedelta(days=k)


def trees_around(city: City, made: list[Dug], grid: GridSpec, water: AllWater) -> gpd.GeoDataFrame:
    """Trees that stand in a pit, lose roots to it, or may lack the water that it takes.

    ``in_pit``, ``cut_share`` of the circle of roots (that of the crown, since trunks are not known), ``fall_m`` of the water table,
    ``thirsty`` and ``lost_share`` of the depth of roots that water rose to.
    """
    trees = trees_of(city)
    names = list(trees.frame.index)
    xy = np.asarray(trees.xy, np.float64).reshape(-1, 2)
    crown = np.asarray(trees.diameter_m, np.float64)
    foot = np.where(np.isnan(trees.foot_m), city.ground_at(*xy.T), trees.foot_m) if len(xy) else np.zeros(0)
    radius = np.maximum(0.5 * crown, LEAST_CIRCLE_M)
    inside, thirsty = np.zeros(len(xy), bool), np.zeros(len(xy), bool)
    cut, fall, lost = np.zeros(len(xy)), np.zeros(len(xy)), np.zeros(len(xy))
    for one in made:
        shape = one.pit.outline_at_top
        there = shapely.points(xy)
        inside |= shapely.contains(shape, there)
        near = np.flatnonzero(shapely.dwithin(shape, there, float(radius.max(initial=0.0))))
        cut[near] = np.maximum(cut[near], _cut(xy[near], radius[near], shape))
    if made:
        fall = np.maximum(read(water.upper, grid, xy), 0.0)
    weeks, months = seasons(made)
    for one in made:
        depth = np.maximum(foot - one.soil.water_m, 0.0)
        rise = around_trees.RISE_M.get(str(one.soil.layers["soil_class"].iloc[0]), around_trees.RISE_M["sand"])
        thirsty |= around_trees.thirsty(depth, fall, weeks, months, rise)
        lost = np.maximum(lost, around_trees.lost_reach(depth, fall, rise))
    table = pd.DataFrame({"in_pit": inside, "cut_share": cut, "fall_m": fall, "thirsty": thirsty & ~inside, "lost_share": lost},
                         index=pd.Index([str(name) for name in names], name="id"))  # fmt: skip
    found = gpd.GeoDataFrame(table, geometry=shapely.points(xy), crs=city.crs)
    kept = found[found["in_pit"] | (found["cut_share"] >= LEAST_CUT) | found["thirsty"]]
    return kept.sort_values(["in_pit", "cut_share", "lost_share"], ascending=False, kind="stable")


def _cut(trees: Array, radius: Array, shape: shapely.Geometry) -> Array:
    """Share of the circle of roots that a pit takes: of all parts of its outline, less what stands in the midst of it."""
    taken = np.zeros(len(trees))
    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon":
            continue
        for ring, sign in ((part.exterior, 1.0), *((hole, -1.0) for hole in part.interiors)):
            taken += sign * around_trees.roots_cut(trees, radius, shapely.get_coordinates(ring)[:-1])
    return np.clip(taken, 0.0, 1.0)


def pipes_around(city: City, made: list[Dug], grid: GridSpec, water: AllWater) -> gpd.GeoDataFrame:
    """Pipes and cables that cross a pit (``crossed_m``), or along which the ground tilts: ``settlement_mm``, ``slope_mm_m``,
    ``strain_mm_m`` at their worst; without a verdict, since limits are their owner's. All on the map are looked at, where the
    ground settles by `LEAST_SETTLED_MM`; NaN of those that lie where nothing is known of the ground beside a pit."""
    frame = city.utilities
    rows, shapes, names = [], [], []
    settled = water.settled
    pits = shapely.union_all([one.pit.outline_at_top for one in made]) if made else shapely.Polygon()
    there = shapely.difference(shapely.box(*grid.bounds), pits)
    for name, row in frame.iterrows():
        line = row.geometry
        if line is None or line.is_empty or pits.is_empty:
            continue
        crossed = float(shapely.length(shapely.intersection(shapely.force_2d(line), pits)))
        worst = _worst_along(shapely.intersection(shapely.force_2d(line), there), made, settled, grid)
        if crossed <= 0.0 and (worst[0] < LEAST_SETTLED_MM or worst[1] < LEAST_SLOPE):
            continue
        rows.append((str(row.get("kind") or ""), crossed, *worst))
        shapes.append(line)
        names.append(str(name))
    columns = ["kind", "crossed_m", "settlement_mm", "slope_mm_m", "strain_mm_m"]
    table = pd.DataFrame(rows, columns=columns, index=pd.Index(names, name="id")).astype({"kind": "str"})
    return gpd.GeoDataFrame(table, geometry=shapes, crs=city.crs).sort_values(
        ["crossed_m", "slope_mm_m"], ascending=False, kind="stable"
    )


def _worst_along(
    line: shapely.Geometry, made: list[Dug], settled: Array, grid: GridSpec
) -> tuple[float, float, float]:
    """Largest settlement, slope and strain along a line outside pits; NaN where it is not known."""
    if any(one.ground.unknown(np.array([line], dtype=object))[0] for one in made if not line.is_empty):
        return math.nan, math.nan, math.nan
    most = np.zeros(3)
    for part in shapely.get_parts(line):
        if part.geom_type != "LineString" or part.length < 0.5:
            continue
        distance, places, way = along_pipes.resampled(shapely.get_coordinates(part))
        down, sideways = read(settled, grid, places), np.zeros(len(places))
        for one in made:
            moved = one.ground.at(places)  # NaN where its end lies in the wall of a pit
            down = down + np.nan_to_num(moved.settlement)
            sideways = sideways + (np.nan_to_num(moved.horizontal) * way).sum(axis=1)
        found = along_pipes.along(distance, down, sideways)
        # ends lie in the wall of a pit: what is beside them counts
        inner = slice(1, -1)
        most = np.maximum(most, [down.max(), np.abs(found.slope[inner]).max(), np.abs(found.strain[inner]).max()])
    return float(most[0]), float(most[1]), float(most[2])
