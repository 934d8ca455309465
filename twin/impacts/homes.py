"""How many trees are seen from homes: from the open ground right before their walls, at the height of eyes on the ground floor.

The kernel is `twin.sim.impact.green.trees_seen`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.rasterize import Relief
from twin.geo.trees import Trees, trees_of
from twin.grid import GridSpec
from twin.impacts.site import Reach, Site, Window, all_windows, changed_windows, joined, part_of, reliefs
from twin.scenario.analyses import settings_of
from twin.scenario.green import GreenAnalysis
from twin.sim.impact import green, shadow

if TYPE_CHECKING:
    from twin.geo.city import City

_USES = ("use", "gebruiksdoel", "gebruiksfunctie", "function", "usage")
_HOME = r"dwelling|resid|woon|apartment|almshouse"


def trees_from_homes(
    city: City,
    *,
    area: tuple[float, float, float, float] | None = None,
    reach_m: float = 100.0,
    established_m: float = 5.0,
    eye_m: float = green.EYE_M,
    cell: float = 1.0,
) -> gpd.GeoDataFrame:
    """How many trees are seen from each home.

    Parameters
    ----------
    city : City
    area : (west, south, east, north), optional
        By default the whole city [m].
    reach_m : float
        Trees further off do not count [m].
    established_m : float
        Nor do trees lower than this [m].
    eye_m : float
        Height of the eyes above the ground before the wall [m].
    cell : float
        [m]

    Returns
    -------
    GeoDataFrame
        A row a home, by its id: ``trees_seen`` and ``viewpoints`` (how many cells of open ground lie at its walls; a home without
        any is not judged), and its outline.

    Raises
    ------
    ParameterError
        When a value cannot be used.
    """
    settings = settings_of(
        GreenAnalysis, reach_m=reach_m, established_m=established_m, eye_m=eye_m, cell_m=cell, shade=False
    )
    return homes_of(Site(city, area), settings)


def are_homes(city: City) -> tuple[NDArray[np.bool_], bool]:
    """Which buildings of a city people live in, and whether it says so; where it does not, all of them count."""
    for column in _USES:
        if column in city.buildings:
            found = city.buildings[column].astype(str).str.contains(_HOME, case=False, regex=True).to_numpy(bool)
            if found.any():
                return found, True
    return np.ones(len(city.buildings), bool), False


def homes_of(
    site: Site, settings: GreenAnalysis, *, before: tuple[Site, gpd.GeoDataFrame] | None = None
) -> gpd.GeoDataFrame:
    """As `trees_from_homes`, of a site.

    Parameters
    ----------
    site : Site
    settings : GreenAnalysis
    before : (Site, GeoDataFrame), optional
        The same without a change: then only homes that the change can reach are looked from anew.
    """
    buildings, grid = site.city.buildings, site.grid(settings.cell_m)
    middle = shapely.get_coordinates(shapely.centroid(buildings.geometry.to_numpy())) if len(buildings) else np.empty((0, 2))
    rows, columns = (np.asarray(one) for one in grid.index(middle[:, 0], middle[:, 1]))
    inside = are_homes(site.city)[0] & (rows >= 0) & (rows < grid.rows) & (columns >= 0) & (columns < grid.columns)
    home = np.flatnonzero(inside)
    seen, points = np.zeros(len(buildings), np.int32), np.zeros(len(buildings), np.int32)
    # a home counts to the window that its middle lies in: with this margin all of it and what it sees lies around that
    size = shapely.bounds(buildings.geometry.to_numpy()[home]) if len(home) else np.zeros((1, 4))
    reach = Reach.within(settings.reach_m + float((size[:, 2:] - size[:, :2]).max()) + settings.cell_m)
    trees = trees_of(site.city)
    todo = all_windows(grid)
    if before is not None:
        same, old = _same(before, site, home)
        if same:
            todo = _reached(before[0], site, grid, reach)
            known = old.reindex(buildings.index[home])
            seen[home], points[home] = known["trees_seen"].to_numpy(np.int32), known["viewpoints"].to_numpy(np.int32)
    for around, relief, (core, _) in reliefs(site, grid, todo, reach, trees=False):
        r, c = rows[home], columns[home]
        here = home[(r >= core.top) & (r < core.bottom) & (c >= core.left) & (c < core.right)]
        if len(here):
            seen[here], points[here] = _look(relief, part_of(grid, around), here, trees, settings)
    table = pd.DataFrame({"trees_seen": seen[home], "viewpoints": points[home]}, index=buildings.index[home])
    table.index.name = "id"
    return gpd.GeoDataFrame(table, geometry=buildings.geometry.to_numpy()[home], crs=site.city.crs)


def _look(
    relief: Relief, grid: GridSpec, homes: NDArray[np.int64], trees: Trees, settings: GreenAnalysis
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Trees that are seen from some buildings (rows of the layer), and how many viewpoints each has."""
    row, column, number = viewpoints(relief, homes)
    first = np.searchsorted(number, np.arange(len(homes) + 1)).astype(np.int64)
    foot = trees.foot_m
    i, j = (np.asarray(one, dtype=np.int64) for one in grid.index(trees.xy[:, 0], trees.xy[:, 1]))
    there = (i >= 0) & (i < grid.rows) & (j >= 0) & (j < grid.columns) & (trees.height_m >= settings.established_m)
    i, j = i[there], j[there]
    foot = np.where(np.isnan(foot[there]), relief.ground[i, j], foot[there])
    height = foot + 0.5 * (trees.base_m + trees.height_m)[there]
    sound = np.isfinite(height)
    of = shadow.surface(relief.surface, grid.cell)
    looked = (i[sound], j[sound], height[sound].astype(np.float64))
    seen = green.trees_seen(of, first, row, column, looked, eye_m=settings.eye_m, reach_m=settings.reach_m)
    return seen, np.diff(first).astype(np.int32)


def viewpoints(relief: Relief, homes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cells of open ground that share a side with a cell of a building, for some buildings (rows of the layer).

    Returns
    -------
    (V,) int64, (V,) int64, (V,) int64
        Row, column, and the place of the building in `homes`, which rises.
    """
    open_ = np.isfinite(relief.surface) & (relief.building < 0)
    rank = np.full(max(int(relief.building.max(initial=-1)), int(homes.max(initial=-1))) + 2, -1, np.int64)
    rank[homes] = np.arange(len(homes))
    number = rank[relief.building]  # -1 reads the last, which is -1
    found = []
    for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
        beside = np.roll(number, step, axis)
        edge = [slice(None), slice(None)]
        edge[axis] = slice(0, 1) if step > 0 else slice(-1, None)
        beside[tuple(edge)] = -1
        r, c = np.nonzero(open_ & (beside >= 0))
        found.append(np.column_stack([beside[r, c], r, c]))
    every = np.unique(np.concatenate(found), axis=0)
    return every[:, 1].copy(), every[:, 2].copy(), every[:, 0].copy()


def _same(
    before: tuple[Site, gpd.GeoDataFrame], site: Site, home: NDArray[np.int64]
) -> tuple[bool, gpd.GeoDataFrame]:
    """Whether what is known of the homes without a change can be built on: none has come, and none is of another shape."""
    old = before[1]
    ids = site.city.buildings.index[home]
    if not ids.isin(old.index).all():
        return False, old
    was = old.geometry.reindex(ids).to_numpy()
    return bool(shapely.equals_exact(was, site.city.buildings.geometry.to_numpy()[home]).all()), old


def _reached(before: Site, site: Site, grid: GridSpec, reach: Reach) -> list[Window]:
    """Windows round what came or went. A tree within the crown of another changes no height, so trees are compared themselves."""
    one, two = _rows_of(trees_of(before.city)), _rows_of(trees_of(site.city))
    spots = np.array([row[:2] for row in one ^ two]).reshape(-1, 2)
    i, j = (np.asarray(k) for k in grid.index(spots[:, 0], spots[:, 1]))
    patches = [patch for patch, _, _ in changed_windows(before, site, grid)]
    every = [*patches, *(Window(int(r), int(r) + 1, int(c), int(c) + 1) for r, c in zip(i, j, strict=True))]
    whole, margin = Window(0, grid.rows, 0, grid.columns), math.ceil(reach.near_m / grid.cell) + 2
    return joined([near for patch in every if (near := patch.grown(margin).cut(whole)) is not None])


def _rows_of(trees: Trees) -> set[tuple[float, ...]]:
    measures = np.column_stack([trees.xy, np.nan_to_num(trees.foot_m, nan=-9e9), trees.height_m, trees.base_m, trees.diameter_m])
    return set(map(tuple, measures.tolist()))
