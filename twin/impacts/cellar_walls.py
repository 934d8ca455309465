"""Wharf walls and the walls of cellars near pits: how far they settle, and how far the feet of vaults are drawn apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.pits import Pit
from twin.impacts.cellar_input import OVERLAP_M2, Taken
from twin.impacts.ground_movement import GroundMovement, ground_around
from twin.sim.impact.pit import damage
from twin.sim.impact.pit.behind_wall import REACHES, SHAPES, WALLS, Moved

NEAR_WATER_M = 25.0
"""A cellar further from open water than this has no wharf wall [m]."""

GAP_M = 8.0
"""Fronts of cellars so near to each other belong to one wall: an estimate [m]."""

STEP_M = 1.0


class Ground(NamedTuple):
    """The pits of one side.

    Parameters
    ----------
    moves : tuple of GroundMovement
    told : tuple of str
        What was taken for granted, and which pits nothing can be said of.
    dug : shapely geometry
        What all pits take away, up to their edges at the ground, whether or not anything is known of the ground beside them.
    """

    moves: tuple[GroundMovement, ...]
    told: tuple[str, ...]
    dug: shapely.Geometry


def ground_of(pits: Sequence[Pit]) -> Ground:
    """How the ground around pits moves, by their walls; lowered water is not in it."""
    moves, told = [], []
    for pit in pits:
        name = f"pit {pit.label or pit.id}"
        given = None if math.isnan(pit.settlement_mm) else pit.settlement_mm
        if pit.wall == "slope":
            told.append(f"{name} has slopes: what they do to the ground beside them is not worked out")
            continue
        if given is None and pit.wall not in WALLS:
            kind = f"a {pit.wall} wall" if pit.wall else "its wall, which is not stated,"
            told.append(f"{name}: for {kind} there is no estimate; give `settlement_mm` of its design")
            continue
        outlines = [part for part in shapely.get_parts(pit.outline_at_top) if part.geom_type == "Polygon"]
        for outline in outlines:
            whole = shapely.Polygon(outline.exterior)
            moves.append(ground_around(whole, pit.depth_m, largest_mm=given, wall=pit.wall or "sheet-pile"))
        if moves and outlines:
            largest = moves[-1].largest
            range_mm = f"{largest.low:.0f} to {largest.high:.0f}"
            source = "of its design" if given is not None else f"an estimate for a {pit.wall}, {range_mm}"
            told.append(f"{name}: the ground behind its wall settles by {largest.middle:.0f} mm at most, {source}")
    return Ground(tuple(moves), tuple(told), shapely.union_all([pit.outline_at_top for pit in pits]))


def moved(ground: Ground, points: NDArray[np.float64], which: str = "middle") -> Moved:
    """Movement at points: what all pits add up to; NaN inside one."""
    settlement, sideways = np.zeros(len(points)), np.zeros((len(points), 2))
    for one in ground.moves:
        part = (one if which == "middle" else one.of(which)).at(points)
        settlement, sideways = settlement + part.settlement, sideways + part.horizontal
    settlement[shapely.contains_xy(ground.dug, *points.T)] = np.nan
    return Moved(settlement, sideways)


def reach_of(ground: Ground) -> shapely.Geometry:
    """How far the ground moves."""
    far = REACHES[SHAPES.index("concave")]
    parts = [shapely.buffer(one.pit, float(one.walls.depth.max()) * far) for one in ground.moves]
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
        Lines with ``length_m``, ``height_m``, ``settlement_mm``, ``strain_percent``, ``category`` (0 to 4; -1 where it stands in
        the pit), ``category_low``, ``category_high``, ``damage``, ``cracks``; walls that no pit reaches are left out.
    """
    lines, heights = wall_lines(cellars, these, water)
    reach = reach_of(ground)
    kept = [k for k, line in enumerate(lines) if reach.intersects(line)]
    rows = [_judged(lines[k], float(heights[k]), ground) for k in kept]
    columns = [
        "length_m", "height_m", "settlement_mm", "strain_percent", "category", "category_low", "category_high", "damage", "cracks",
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

    def found(which: str) -> damage.Strained | None:
        here = moved(ground, points, which)
        if not np.isfinite(here.settlement).all():
            return None
        stretch = (here.horizontal * way).sum(axis=1)
        first, tall = np.array([0, count], np.int64), np.array([height])
        return damage.strained(
            damage.Lines(first, along, here.settlement, stretch, tall, np.array([damage.E_OVER_G["masonry"]]), here.settlement)
        )

    ends = {which: found(which) for which in ("middle", "low", "high")}
    told: dict[str, object] = {"length_m": float(line.length), "height_m": height}
    middle = ends["middle"]
    if middle is None:
        unknown = {"settlement_mm": np.nan, "strain_percent": np.nan, "damage": "stands in the pit", "cracks": ""}
        return told | unknown | {"category": -1, "category_low": -1, "category_high": -1}
    classes = {which: int(damage.category(one.strain)[0]) for which, one in ends.items() if one is not None}
    return told | {
        "settlement_mm": float(middle.settlement[0]), "strain_percent": 100.0 * float(middle.strain[0]),
        "category": classes["middle"], "category_low": classes.get("low", -1), "category_high": classes.get("high", -1),
        "damage": damage.CATEGORIES[classes["middle"]], "cracks": damage.CRACKS[classes["middle"]],
    }  # fmt: skip


def feet_of(cellars: gpd.GeoDataFrame, these: Taken, ground: Ground) -> pd.DataFrame:
    """What the ground does to the feet of vaults: ``settlement_mm``, ``feet_apart_mm`` (how far they are drawn apart) and
    ``feet_uneven_mm`` (by how much one settles more than the other), the most along the barrel; 0 where no pit reaches, NaN where
    one cuts the cellar.

    Parameters
    ----------
    cellars : GeoDataFrame
    these : Taken
    ground : Ground
    """
    found = {name: np.zeros(len(cellars)) for name in ("settlement_mm", "feet_apart_mm", "feet_uneven_mm")}
    if ground.dug.is_empty:
        return pd.DataFrame(found)
    share = np.linspace(-0.5, 0.5, 7)
    for k, row in enumerate(these.rows):
        across, along = axes_of(float(these.azimuth[k]))
        middle = these.centre[k] + share[:, None] * along * these.length[k]
        feet = [moved(ground, middle + turn * across * these.mean.span[k] / 2) for turn in (-1.0, 1.0)]
        apart = (feet[1].horizontal - feet[0].horizontal) @ across
        found["settlement_mm"][row] = np.max([foot.settlement.max() for foot in feet])
        found["feet_apart_mm"][row] = float(apart.max())
        found["feet_uneven_mm"][row] = float(np.abs(feet[1].settlement - feet[0].settlement).max())
    shapes = np.asarray(cellars.geometry.array, dtype=object)[these.rows]
    cut = these.rows[shapely.area(shapely.intersection(shapes, ground.dug)) > OVERLAP_M2]
    for values in found.values():
        values[cut] = np.nan
    return pd.DataFrame(found)
