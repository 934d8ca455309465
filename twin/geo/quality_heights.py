"""Heights that cannot be: of buildings and of their ground."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.city import City, Finding

MAX_HEIGHT_M = 1000.0
"""No building is higher (the highest in the world has 828 m) [m]."""

OFF_TERRAIN_M = 3.0
"""The ground of a building lies within this of the terrain: a cellar or a slope, not an error [m]."""

OFF_NEIGHBOURS_M = 25.0
"""The ground of a building lies within this of the middle of its neighbours', where there is no terrain [m]."""

NEIGHBOURS = 12

FEW = 3
"""With fewer buildings around, a ground far from theirs is a remark: hills do that too."""

LOWEST_M, HIGHEST_M = -430.0, 5500.0
"""No building stands lower than the shore of the Dead Sea, or higher than the towns of the Andes [m]."""

LOWEST_NAP_M = -20.0
"""No ground is this low in the Netherlands, whose lowest is at about -7 m NAP; a deep cellar reaches no further [m]."""

NAP = 5709
"""EPSG code of heights above NAP."""

def heights(city: City) -> list[Finding]:
    """Buildings whose height is unknown or cannot be."""
    if "height_m" not in city.buildings:
        return []
    height = numbers(city.buildings, "height_m")
    ids = city.buildings.index
    unknown = np.flatnonzero(np.isnan(height))
    found = [Finding("height-unknown", str(ids[row]), "the height is not known", "info") for row in unknown]
    wrong = np.flatnonzero((height <= 0) | (height > MAX_HEIGHT_M))
    return found + [Finding("height", str(ids[row]), f"a height of {height[row]:.1f} m cannot be") for row in wrong]


def grounds(city: City) -> list[Finding]:
    """Buildings whose ground is off the terrain, far from that of their neighbours where there is none, or where none can be."""
    frame = city.buildings
    if "ground_m" not in frame or not len(frame):
        return []
    ground = numbers(frame, "ground_m")
    shapes = np.asarray(frame.geometry.array, dtype=object)
    known = np.flatnonzero(np.isfinite(ground) & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    if not len(known):
        return []
    ground, ids = ground[known], [str(one) for one in frame.index[known]]
    middle = shapely.get_coordinates(shapely.centroid(shapes[known]))
    found: list[Finding] = []
    there = np.full(len(known), np.nan)
    if city.terrain is not None:
        there = city.terrain.at(middle[:, 0], middle[:, 1])
        for row in np.flatnonzero(np.abs(ground - there) > OFF_TERRAIN_M).tolist():
            message = f"its ground is at {ground[row]:.1f} m, the terrain at {there[row]:.1f} m"
            found.append(Finding("ground-off-terrain", ids[row], message))
    loose = np.isnan(there)
    told = ~loose & (np.abs(ground - there) > OFF_TERRAIN_M)
    for row in np.flatnonzero(~told & ((ground < LOWEST_M) | (ground > HIGHEST_M))).tolist():
        message = f"its ground is at {ground[row]:.1f} m; buildings stand between {LOWEST_M:g} and {HIGHEST_M:,.0f} m"
        found.append(Finding("height", ids[row], message))
        told[row] = True
    if len(known) > 1 and loose.any():
        severity = "warning" if len(known) > FEW else "info"
        around = _around(middle, ground) if len(known) > FEW else _alike(ground)
        for row in np.flatnonzero(loose & ~told & (np.abs(ground - around) > OFF_NEIGHBOURS_M)).tolist():
            message = f"its ground is at {ground[row]:.1f} m, that of the buildings around at {around[row]:.1f} m"
            found.append(Finding("height", ids[row], message, severity))
            told[row] = True
    return found + _below_nap(city, ground, ids, loose & ~told)


def _below_nap(city: City, ground: NDArray[np.float64], ids: list[str], open_: NDArray[np.bool_]) -> list[Finding]:
    """Grounds that are too low for the Netherlands: one building, or all that share a wrong height in one remark."""
    low = np.flatnonzero(open_ & (ground < LOWEST_NAP_M))
    if not len(low) or not _counts_from_nap(city):
        return []
    asked = "the lowest ground in the Netherlands is at about -7 m NAP: is this right?"
    if len(low) == 1:
        return [Finding("height", ids[low[0]], f"its ground is at {ground[low[0]]:.1f} m; {asked}", "info")]
    message = f"the ground of {len(low)} buildings is below {LOWEST_NAP_M:g} m, the lowest at {ground[low].min():.1f} m; {asked}"
    return [Finding("height", "", message, "info")]


def _counts_from_nap(city: City) -> bool:
    return any(part.is_vertical and part.to_epsg() == NAP for part in city.crs.sub_crs_list)


def _around(middle: NDArray[np.float64], ground: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median ground of the nearest buildings of each [m]."""
    from scipy.spatial import cKDTree

    near = min(NEIGHBOURS + 1, len(middle))
    _, rows = cKDTree(middle).query(middle, k=near)
    return np.asarray(np.median(ground[rows.reshape(len(middle), near)[:, 1:]], axis=1)) if near > 1 else ground


def _alike(ground: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the grounds of a few buildings the one nearest to that of each in height [m]: a middle of so few would blame the rest."""
    apart = np.abs(ground[:, None] - ground[None, :])
    np.fill_diagonal(apart, np.inf)
    return np.asarray(ground[apart.argmin(axis=1)])


def numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column as numbers (N,); NaN for what is none, and where there is no such column."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    column: Any = pd.to_numeric(frame[name], errors="coerce")
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
