"""Cool places, and how far people walk to one: the Dutch guideline of the distance to coolness.

Distances are those of the ways that `twin.sim.impact.access` finds over the floor on which crowds walk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.discretize import discretize
from twin.impacts.access import burnt, placed
from twin.impacts.homes import are_homes
from twin.impacts.site import Site
from twin.scenario.heat import HeatAnalysis
from twin.sim.impact import access

if TYPE_CHECKING:
    import xarray as xr

COOL_C = {"pet": 38.0, "utci": 35.0}
"""A place is cool where the index is this or less [degrees Celsius]: of PET as Rotterdam has it on its map of cool places. That is
the middle of strong heat stress, and so is this of UTCI, for which nobody has said it."""

FLOOR_M = 0.5
"""Cells of the floor [m]."""

FRONT_M = 10.0
"""Buildings further than this from where people walk are not judged [m]."""


class Coolness(NamedTuple):
    """Cool places, and the way to them.

    Parameters
    ----------
    places : GeoDataFrame
        ``area_m2``, ``level``; along the edges of cells.
    homes : GeoDataFrame
        By id: ``cool_distance_m`` from the street before the building; inf where no cool place is reached.
    notes : tuple of str
        What was taken for granted about the floor.
    """

    places: gpd.GeoDataFrame
    homes: gpd.GeoDataFrame
    notes: tuple[str, ...]


def cool_limit(settings: HeatAnalysis) -> float:
    """What a place may have at most to be cool [degrees Celsius]."""
    return COOL_C[settings.index] if settings.cool_c is None else settings.cool_c


def coolness_of(site: Site, settings: HeatAnalysis, fields: xr.Dataset) -> Coolness:
    """Cool places among where people walk, and how far homes are from them.

    Parameters
    ----------
    site : Site
    settings : HeatAnalysis
    fields : Dataset
        With the mean of the index.

    Raises
    ------
    WalkableError, GridError
        As `twin.discretize.discretize`: when there is nowhere to walk.
    """
    part = None if site.area is None else shapely.box(*site.area)
    ground = discretize(site.city, cell=FLOOR_M, area=part, obstacles=site.obstacles or None, terrain_speeds=False)
    grid = ground.grid
    values = fields[f"{settings.index}_mean"].to_numpy()
    map_grid = site.grid(settings.cell_m)
    rows, columns = map_grid.index(map_grid.west, grid.y)[0], map_grid.index(grid.x, map_grid.north)[1]
    inside = ((rows >= 0) & (rows < values.shape[0]))[:, None] & ((columns >= 0) & (columns < values.shape[1]))[None]
    here = values[np.clip(rows, 0, values.shape[0] - 1)[:, None], np.clip(columns, 0, values.shape[1] - 1)[None]]
    cool = inside & (here <= np.float32(cool_limit(settings)))
    large = np.stack([_large(mask & cool, settings.cool_area_m2 / FLOOR_M**2) for mask in ground.floor.mask])
    away = np.where(ground.floor.mask, np.float32(np.inf), np.float32(np.nan))
    if large.any():
        away = access.walking_times(ground.floor, np.argwhere(large).astype(np.int32), 1.0)
    buildings, whole = site.city.buildings, site.grid(FLOOR_M)
    here_and_around = np.stack([placed(one, grid, whole) for one in away])  # buildings lie beside the floor
    number = burnt(list(shapely.force_2d(buildings.geometry.to_numpy())), whole)
    front = access.fronts(number, ~np.isnan(here_and_around), FLOOR_M, FRONT_M)
    found = pd.Series(access.least_before(front, here_and_around, len(buildings)), index=buildings.index, name="cool_distance_m")
    frame = gpd.GeoDataFrame(found.to_frame(), geometry=buildings.geometry.to_numpy(), crs=site.city.crs)
    frame.index.name = "id"
    homes = frame[are_homes(site.city)[0] & found.notna().to_numpy()]
    return Coolness(_polygons(large, ground.levels, site, grid.gdal_transform()), homes, ground.assumptions)


def _large(cool: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """Cells of patches that hang together by their sides and have so many cells at least."""
    from scipy.ndimage import label

    number, count = label(cool)
    size = np.bincount(number.ravel(), minlength=count + 1)
    size[0] = 0
    return np.asarray(size[number] >= least, dtype=bool)


def _polygons(
    large: NDArray[np.bool_], levels: tuple[str, ...], site: Site, transform: tuple[float, ...]
) -> gpd.GeoDataFrame:
    from rasterio.features import shapes
    from rasterio.transform import Affine

    rows = []
    for level, mask in zip(levels, large, strict=True):
        for shape, _ in shapes(mask.astype(np.uint8), mask=mask, transform=Affine(*transform)):
            polygon = shapely.geometry.shape(shape)
            rows.append({"level": level, "area_m2": float(polygon.area), "geometry": polygon})
    frame = pd.DataFrame(rows, columns=["level", "area_m2", "geometry"]).astype({"level": "str", "area_m2": "float64"})
    frame.index.name = "id"
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=site.city.crs)
