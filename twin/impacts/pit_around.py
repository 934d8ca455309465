"""What stands and lies around pits: buildings, trees, pipes and cables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.impacts.facade_lines import sides_of
from twin.impacts.ground_movement import Ground, damage_of
from twin.impacts.pit_nuisance import allowed_of, velocity_of
from twin.impacts.pit_stages import Dug, read
from twin.impacts.pit_together import AllWater
from twin.impacts.pit_walls import Way, combinations, reached
from twin.scenario.pit import PitAnalysis

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.grid import GridSpec

LEAST_MM = 0.5
"""Where the ground settles less everywhere around a building it is not judged: category 0 [mm]."""

LEAST_M2 = 0.1
"""Of a building above a pit; less is how exactly both were drawn [m2]."""

HEIGHT_M = 9.0
"""Of buildings whose height is not known; an estimate [m]."""


NOT_JUDGED, UNDER = "not judged: ", "a pit lies under it"


def buildings_near(city: City, grid: GridSpec) -> gpd.GeoDataFrame:
    """Buildings of a city that stand on the cells of a map."""
    frame = city.buildings
    if not len(frame):
        return frame
    return frame[shapely.intersects(np.asarray(frame.geometry.array, dtype=object), shapely.box(*grid.bounds))]


def wells_of(city: City, made: list[Dug]) -> gpd.GeoDataFrame:
    """Wells of the pits: ``m3_per_day`` of each, as given or what is left of the worst stage shared among the others; ``given``."""
    rows, shapes, names = [], [], []
    for one in made:
        stated = [well.m3_per_day for well in one.pit.wells if np.isfinite(well.m3_per_day)]
        most = max((water.inflow_m3_d for water in one.water), default=0.0)
        rest = max(most - sum(stated), 0.0) / max(len(one.pit.wells) - len(stated), 1)
        for well in one.pit.wells:
            given = np.isfinite(well.m3_per_day)
            names.append(f"{one.pit.id} {well.id}")
            rows.append((one.pit.id, well.m3_per_day if given else rest, bool(given)))
            shapes.append(shapely.Point(well.x, well.y))
    table = pd.DataFrame(rows, columns=["pit", "m3_per_day", "given"], index=pd.Index(names, name="id")).astype({"pit": "str"})
    return gpd.GeoDataFrame(table, geometry=shapes, crs=city.crs)


def buildings_of(
    city: City, made: list[Dug], water: AllWater, fields: xr.Dataset, grid: GridSpec, settings: PitAnalysis
) -> gpd.GeoDataFrame:
    """Damage of each building: ``category`` (0 to 4), its range, strain, settlement by walls and by water, foundation.

    Those that no pit reaches are category 0 without further ado. What stands in a pit, and where nothing is known of the ground
    beside one, has none, and ``damage`` says why. Of the ways in which walls may bend that counts which strains a building most.
    """
    near = buildings_near(city, grid)
    settles = _most_beside(near, fields["settlement_mm"].to_numpy(), grid) >= LEAST_MM
    table = pd.DataFrame(index=near.index)
    table["category"] = pd.array(np.zeros(len(near), np.int64), dtype="Int64")
    for name in ("category_low", "category_high"):
        table[name] = table["category"]
    for name in ("strain_percent", "settlement_mm", "settlement_wall_mm", "settlement_water_mm", "tilt_mm_m"):
        table[name] = 0.0
    table["foundation"] = _foundation(near, settings)
    table["damage"], table["cracks"] = "negligible", ""
    _shake(table, near, made, settings)
    inner = shapely.get_coordinates(shapely.point_on_surface(near.geometry.to_numpy())) if len(near) else np.zeros((0, 2))
    table["fall_m"] = np.maximum(read(water.upper, grid, inner), 0.0) if made else 0.0
    if made and settles.any():
        _judge(table, near[settles], made, water, grid, settings)
    table["in_pit"] = _in_pits(near, made)
    # of what is dug away, or stands on a slope, no curve of settlement says anything
    table.loc[table["in_pit"], ["category", "category_low", "category_high"]] = pd.NA
    table.loc[table["in_pit"], ["damage", "cracks"]] = [f"{NOT_JUDGED}{UNDER}", ""]
    for one in made:
        lost = one.ground.unknown(np.asarray(near.geometry.array, dtype=object)) & ~table["in_pit"].to_numpy(np.bool_)
        table.loc[lost, ["category", "category_low", "category_high"]] = pd.NA
        table.loc[lost, ["strain_percent", "settlement_mm", "settlement_wall_mm", "tilt_mm_m"]] = np.nan
        table.loc[lost, ["damage", "cracks"]] = [f"{NOT_JUDGED}{one.ground.why}", ""]
    return gpd.GeoDataFrame(table, geometry=near.geometry.to_numpy(), crs=city.crs)


def _in_pits(frame: gpd.GeoDataFrame, made: list[Dug]) -> NDArray[np.bool_]:
    """Whether a pit lies under buildings, up to its edge at the ground."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    inside = np.zeros(len(frame), bool)
    for one in made:
        inside |= shapely.area(shapely.intersection(shapes, one.pit.outline_at_top)) > LEAST_M2
    return inside


def _shake(table: pd.DataFrame, frame: gpd.GeoDataFrame, made: list[Dug], settings: PitAnalysis) -> None:
    """How far buildings stand from walls, and the vibration of making those."""
    distance, velocity = np.full(len(frame), np.inf), np.zeros(len(frame))
    for one in made:
        away = shapely.distance(np.asarray(frame.geometry.array, dtype=object), one.pit.outline_at_top)
        distance = np.minimum(distance, away)
        velocity = np.maximum(velocity, velocity_of(one.pit, settings, away))
    table["distance_m"], table["velocity_mm_s"] = distance, velocity
    table["shaken"] = velocity > allowed_of(settings).allowed


def _judge(
    table: pd.DataFrame, frame: gpd.GeoDataFrame, made: list[Dug], water: AllWater, grid: GridSpec, settings: PitAnalysis
) -> None:
    """Damage of buildings: of each by the ways of the pits that reach it, so that those far away change nothing."""
    grounds = [one.ground for one in made]
    sides = sides_of(np.asarray(frame.geometry.array, dtype=object))
    by = reached(grounds, shapely.linestrings(sides.ends), sides.owner, len(frame))
    alike, number = np.unique(by, axis=0, return_inverse=True)
    for k, pits in enumerate(alike):
        near = [ground for ground, there in zip(grounds, pits, strict=True) if there]
        part = frame[number.ravel() == k]
        _worst_of(table, part, [_bent(part, ways, water.settled, grid, settings) for ways in combinations(near)])


def _worst_of(table: pd.DataFrame, frame: gpd.GeoDataFrame, every: list[gpd.GeoDataFrame]) -> None:
    """Of each building what does most damage of all ways in which walls may bend."""
    at = frame.index
    strains = np.column_stack([one["strain_percent"].to_numpy(np.float64) for one in every])
    worst = np.argmax(np.nan_to_num(strains, nan=-1.0), axis=1)
    for name in ("category", "category_low", "category_high"):
        most = pd.concat([one[name] for one in every], axis=1).max(axis=1)
        table.loc[at, name] = most.astype("Int64")
    for name in ("settlement_mm", "settlement_water_mm", "settlement_wall_mm", "tilt_mm_m"):
        table.loc[at, name] = np.max([one[name].to_numpy(np.float64) for one in every], axis=0)
    table.loc[at, "strain_percent"] = strains.max(axis=1)
    for name in ("damage", "cracks"):
        words = np.column_stack([one[name].astype(object).where(one[name].notna(), "").astype(str) for one in every])
        table.loc[at, name] = words[np.arange(len(words)), worst]
    table.loc[table["category"].isna(), ["damage", "cracks"]] = [f"{NOT_JUDGED}the ground is not known all along its walls", ""]


def _bent(
    frame: gpd.GeoDataFrame, ways: tuple[Way, ...], settled: NDArray[np.float64], grid: GridSpec, settings: PitAnalysis
) -> gpd.GeoDataFrame:
    """Damage where walls bend in one of the ways that they may."""
    parts: dict[str, Ground] = {"water": lambda points: read(settled, grid, points)}
    moves = [one for way in ways for one in way.moves]
    walls = [f"wall{k or ''}" for k in range(len(moves))]
    parts |= dict(zip(walls, moves, strict=True))
    found = damage_of(frame, parts, height_m=HEIGHT_M, foundation=settings.foundation)
    each = [found[f"settlement_{name}_mm"].to_numpy(np.float64) for name in walls]
    most = each[0] if len(walls) == 1 else np.zeros(len(frame))
    if len(walls) > 1:
        # the largest of each lies elsewhere along a building: what is not by water is by all walls together, where that is largest
        most = (found["settlement_mm"] - found["settlement_water_mm"]).clip(lower=0.0).to_numpy(np.float64)
    ends = {f"category_{end}": found.get(f"category_{end}", found["category"]) for end in ("low", "high")}
    return found.assign(settlement_wall_mm=most, **ends)


def _foundation(frame: gpd.GeoDataFrame, settings: PitAnalysis) -> list[str]:
    if "foundation" not in frame:
        return [settings.foundation] * len(frame)
    own = frame["foundation"].astype(object)
    return [str(one) for one in own.where(own.notna(), settings.foundation)]


def _most_beside(frame: gpd.GeoDataFrame, field: NDArray[np.float32], grid: GridSpec) -> NDArray[np.float64]:
    """Largest value of a field in the box around each footprint; where a pit lies in that, infinite."""
    values = np.where(np.isnan(field), np.inf, field)  # beside a pit, or a canal: to be looked at
    out = np.zeros(len(frame))
    for k, (west, south, east, north) in enumerate(frame.geometry.bounds.to_numpy()):
        r0, c0 = grid.index(west, north)
        r1, c1 = grid.index(east, south)
        part = values[max(int(r0) - 1, 0) : int(r1) + 2, max(int(c0) - 1, 0) : int(c1) + 2]
        out[k] = part.max(initial=0.0)
    return out
