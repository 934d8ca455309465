"""Wharf walls and the walls of cellars near pits: how far they settle, and how far the feet of vaults are drawn apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.pits import Pit
from twin.impacts.cellar_input import OVERLAP_M2, Taken
from twin.impacts.pit_walls import Behind, behind, combinations, settles_told
from twin.sim.impact.pit import damage
from twin.sim.impact.pit.behind_wall import Moved

NEAR_WATER_M = 25.0
"""A cellar further from open water than this has no wharf wall [m]."""

GAP_M = 8.0
"""Fronts of cellars so near to each other belong to one wall: an estimate [m]."""

STEP_M = 1.0

IN_PIT, NOT_KNOWN = "stands in the pit", "not judged: the ground beside the pit is not known"


class Ground(NamedTuple):
    """The pits of one side.

    Parameters
    ----------
    moves : tuple of Behind
        One a pit.
    told : tuple of str
        What was taken for granted, and which pits nothing can be said of.
    dug : shapely geometry
        What all pits take away, up to their edges at the ground, whether or not anything is known of the ground beside them.
    water : function, optional
        Of points (N, 2) what the ground settles there by lowered water (N,), NaN where that is not known [mm]; without it that is
        left out.
    """

    moves: tuple[Behind, ...]
    told: tuple[str, ...]
    dug: shapely.Geometry
    water: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None

    def by_water(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the ground settles at points by lowered water; 0 where that is left out [mm]."""
        return np.zeros(len(points)) if self.water is None else self.water(points)


def ground_of(
    pits: Sequence[Pit], water: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
) -> Ground:
    """How the ground around pits moves, by their walls, as in the impact ``pit``, and by the water that they lower where that is
    given."""
    moves: list[Behind] = []
    told: list[str] = []
    for pit in pits:
        one = behind(pit)
        moves.append(one)
        told += one.told
        if one.ways and not one.why:
            wall = "" if pit.wall else " (a sheet-pile, as its wall is not stated)"
            settles = ", and by ".join(settles_told(one))
            told.append(f"pit {pit.label or pit.id}: the ground behind its wall{wall} settles by {settles}")
    return Ground(tuple(moves), tuple(told), shapely.union_all([pit.outline_at_top for pit in pits]), water)


def moved(ground: Ground, points: NDArray[np.float64], which: str = "middle") -> list[Moved]:
    """Movement at points, in each of the ways in which walls may bend: what all pits add up to; NaN inside one, and where it is not
    known."""
    lost = shapely.contains_xy(ground.dug, *points.T)
    there = shapely.points(points)
    for one in ground.moves:
        lost |= one.unknown(there)
    every, wet = [], ground.by_water(points)
    for ways in combinations(list(ground.moves)):
        settlement, sideways = np.where(lost, np.nan, wet), np.zeros((len(points), 2))
        for way in ways:
            part = way.at(points, which)
            settlement, sideways = settlement + part.settlement, sideways + part.horizontal
        every.append(Moved(settlement, sideways))
    return every


def reach_of(ground: Ground) -> shapely.Geometry:
    """How far the ground moves, or is not known."""
    parts = [shapely.buffer(one.pit.outline_at_top, one.reach_m) for one in ground.moves]
    return shapely.union_all([*parts, ground.dug])


def wall_lines(
    cellars: gpd.GeoDataFrame, these: Taken, water: gpd.GeoDataFrame
) -> tuple[list[shapely.LineString], NDArray[np.float64]]:
    """Wharf walls: the fronts of cellars beside open water, joined where they follow on each other; with their heights [m]."""
    if not len(these.rows) or not len(water):
        return [], np.empty(0)
    shape = shapely.union_all(shapely.force_2d(water.geometry.to_numpy()))
    fronts, tall = [], []
    height = (cellars["crown_m"] + cellars["vault_m"] + cellars["cover_m"]).to_numpy(np.float64)
    for k, row in enumerate(these.rows):
        across, along = axes_of(float(these.azimuth[k]))
        ends = [these.centre[k] + turn * along * these.length[k] / 2 for turn in (-1.0, 1.0)]
        away = shapely.distance(shape, shapely.points(ends))
        if away.min() > NEAR_WATER_M:
            continue
        half = across * these.mean.span[k] / 2
        at = ends[int(away.argmin())]
        fronts.append(shapely.LineString([at - half, at + half]))
        tall.append(height[row])
    groups = shapely.get_parts(shapely.union_all(shapely.buffer(fronts, GAP_M / 2)))
    lines, heights = [], []
    for group in groups:
        mine = np.flatnonzero(shapely.intersects(group, np.array(fronts, dtype=object)))
        xy = shapely.get_coordinates([fronts[k] for k in mine])
        middle = xy - xy.mean(axis=0)
        way = np.linalg.svd(middle, full_matrices=False)[2][0]
        lines.append(shapely.LineString(xy[np.argsort(middle @ way)]))
        heights.append(float(np.mean([tall[k] for k in mine])))
    return lines, np.array(heights)


def axes_of(azimuth: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions across the span and along the barrel."""
    turn = math.radians(azimuth)
    return np.array([math.sin(turn), math.cos(turn)]), np.array([-math.cos(turn), math.sin(turn)])


def walls_near(
    cellars: gpd.GeoDataFrame, these: Taken, water: gpd.GeoDataFrame, ground: Ground
) -> gpd.GeoDataFrame:
    """Damage of wharf walls, each a deep beam that goes with the ground.

    Returns
    -------
    GeoDataFrame
        Lines with ``length_m``, ``height_m``, ``settlement_mm``, ``settlement_water_mm`` (of that by lowered water; NaN where that
        is not in it), ``strain_percent``, ``category`` (0 to 4; -1 where it stands in
        the pit, or nothing is known of the ground), ``category_low``, ``category_high``, ``damage``, ``cracks``; walls that no pit
        reaches are left out.
    """
    lines, heights = wall_lines(cellars, these, water)
    reach = reach_of(ground)
    kept = [k for k, line in enumerate(lines) if reach.intersects(line)]
    rows = [_judged(lines[k], float(heights[k]), ground) for k in kept]
    columns = [
        "length_m", "height_m", "settlement_mm", "settlement_water_mm", "strain_percent", "category", "category_low",
        "category_high", "damage", "cracks",
    ]  # fmt: skip
    names = [f"wall-{n + 1}" for n in range(len(kept))]
    frame = pd.DataFrame(rows, columns=columns, index=pd.Index(names, name="id", dtype="str"))
    frame = frame.astype({"damage": "str", "cracks": "str"})
    return gpd.GeoDataFrame(frame, geometry=[lines[k] for k in kept], crs=cellars.crs)


def _judged(line: shapely.LineString, height: float, ground: Ground) -> dict[str, object]:
    count = max(8, math.ceil(line.length / STEP_M) + 1)
    along = np.linspace(0.0, line.length, count)
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    way = np.gradient(points, axis=0)
    way /= np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)[:, None]

    def found(which: str) -> tuple[float, float] | None:
        """Settlement and strain, the most of all ways in which walls may bend."""
        every = []
        for here in moved(ground, points, which):
            if not np.isfinite(here.settlement).all():
                return None
            stretch = (here.horizontal * way).sum(axis=1)
            first, tall = np.array([0, count], np.int64), np.array([height])
            stiff = np.array([damage.E_OVER_G["masonry"]])
            one = damage.strained(damage.Lines(first, along, here.settlement, stretch, tall, stiff, here.settlement))
            every.append((float(one.settlement[0]), float(one.strain[0])))
        return max(mm for mm, _ in every), max(strain for _, strain in every)

    ends = {which: found(which) for which in ("middle", "low", "high")}
    wet = float("nan") if ground.water is None else float(ground.by_water(points).max())
    told: dict[str, object] = {"length_m": float(line.length), "height_m": height, "settlement_water_mm": wet}
    middle = ends["middle"]
    if middle is None:
        inside = bool(shapely.contains_xy(ground.dug, *points.T).any())
        unknown = {"settlement_mm": np.nan, "strain_percent": np.nan, "damage": IN_PIT if inside else NOT_KNOWN, "cracks": ""}
        return told | unknown | {"category": -1, "category_low": -1, "category_high": -1}
    classes = {which: int(damage.category(np.array(one[1]))) for which, one in ends.items() if one is not None}
    return told | {
        "settlement_mm": middle[0], "strain_percent": 100.0 * middle[1],
        "category": classes["middle"], "category_low": classes.get("low", -1), "category_high": classes.get("high", -1),
        "damage": damage.CATEGORIES[classes["middle"]], "cracks": damage.CRACKS[classes["middle"]],
    }  # fmt: skip


def feet_of(cellars: gpd.GeoDataFrame, these: Taken, ground: Ground) -> pd.DataFrame:
    """What the ground does to the feet of vaults: ``settlement_mm``, ``settlement_water_mm`` (of that by lowered water; NaN where
    that is not in it), ``feet_apart_mm`` (how far they are drawn apart) and
    ``feet_uneven_mm`` (by how much one settles more than the other), the most along the barrel; 0 where no pit reaches, NaN where
    one cuts the cellar, or nothing is known of the ground. ``beside_pit`` says which: `IN_PIT`, `NOT_KNOWN`, or nothing.

    Parameters
    ----------
    cellars : GeoDataFrame
    these : Taken
    ground : Ground
    """
    found = {name: np.zeros(len(cellars)) for name in ("settlement_mm", "feet_apart_mm", "feet_uneven_mm")}
    told, wet = np.full(len(cellars), "", dtype=object), np.full(len(cellars), np.nan)
    if ground.dug.is_empty:
        return pd.DataFrame(found | {"settlement_water_mm": wet, "beside_pit": told}).astype({"beside_pit": "str"})
    share = np.linspace(-0.5, 0.5, 7)
    for k, row in enumerate(these.rows):
        across, along = axes_of(float(these.azimuth[k]))
        middle = these.centre[k] + share[:, None] * along * these.length[k]
        lines = [middle + turn * across * these.mean.span[k] / 2 for turn in (-1.0, 1.0)]
        feet = [moved(ground, line) for line in lines]
        if ground.water is not None:
            wet[row] = max(float(ground.by_water(line).max()) for line in lines)
        for values in found.values():
            values[row] = -np.inf
        for left, right in zip(*feet, strict=True):
            apart = (right.horizontal - left.horizontal) @ across
            most = (
                float(np.max([left.settlement.max(), right.settlement.max()])), float(apart.max()),
                float(np.abs(right.settlement - left.settlement).max()),
            )  # fmt: skip
            for values, value in zip(found.values(), most, strict=True):
                values[row] = np.maximum(values[row], value)
    shapes = np.asarray(cellars.geometry.array, dtype=object)[these.rows]
    cut = shapely.area(shapely.intersection(shapes, ground.dug)) > OVERLAP_M2
    blind = np.any([np.zeros(len(shapes), bool), *(one.unknown(shapes) for one in ground.moves)], axis=0)
    blind |= np.isnan(found["settlement_mm"][these.rows])
    told[these.rows[blind]], told[these.rows[cut]] = NOT_KNOWN, IN_PIT
    for values in found.values():
        values[these.rows[cut | blind]] = np.nan
    return pd.DataFrame(found | {"settlement_water_mm": wet, "beside_pit": told}).astype({"beside_pit": "str"})
