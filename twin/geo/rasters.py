"""Rasters of files to the terrain of a city: resampled once, holes filled and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from twin.geo.crs import horizontal, same, short_name
from twin.geo.readers.model import Findings, Raster
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

if TYPE_CHECKING:
    from pyproj import CRS


def merged_raster(rasters: Sequence[tuple[Raster, CRS | None]], target: CRS, findings: Findings) -> Terrain:
    """Rasters of one role, each with its CRS, as one grid in `target`.

    A single raster that is north-up, square and in `target` is taken as it is. Anything else is resampled once, bilinearly,
    to square cells of the finest input. Where rasters overlap the first one that knows a height wins.

    Parameters
    ----------
    rasters : sequence of (Raster, CRS or None)
    target : pyproj.CRS
    findings : Findings
        What was resampled is noted here.
    """
    import rasterio
    from rasterio.warp import Resampling, calculate_default_transform, reproject

    if len(rasters) == 1:
        raster, crs = rasters[0]
        a, b, c, d, e, f = raster.transform
        if (crs is None or same(horizontal(crs), horizontal(target))) and b == 0 and d == 0 and a > 0 and np.isclose(a, -e):
            rows, columns = raster.values.shape
            return Terrain(GridSpec(c, f, a, (rows, columns), short_name(target)), raster.values)
    plane = horizontal(target).to_wkt()
    boxes, cells = [], []
    for raster, crs in rasters:
        rows, columns = raster.values.shape
        place = rasterio.Affine(*raster.transform)
        west, south, east, north = rasterio.transform.array_bounds(rows, columns, place)
        there = plane if crs is None else horizontal(crs).to_wkt()
        moved, wide, tall = calculate_default_transform(there, plane, columns, rows, west, south, east, north)
        boxes.append(rasterio.transform.array_bounds(tall, wide, moved))
        cells.append(abs(moved.a))
    stacked = np.array(boxes)
    low, high = stacked[:, :2].min(axis=0), stacked[:, 2:].max(axis=0)
    bounds = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    grid = GridSpec.from_bounds(bounds, float(min(cells)), crs=short_name(target))
    whole = np.full(grid.shape, np.nan, dtype=np.float32)
    for raster, crs in rasters:
        part = np.full(grid.shape, np.nan, dtype=np.float32)
        reproject(
            raster.values, part, src_transform=rasterio.Affine(*raster.transform), src_nodata=np.nan, dst_nodata=np.nan,
            src_crs=plane if crs is None else horizontal(crs).to_wkt(), dst_crs=plane,
            dst_transform=rasterio.Affine(*grid.gdal_transform()), resampling=Resampling.bilinear,
        )  # fmt: skip
        whole = np.where(np.isnan(whole), part, whole)
        findings.add("resampled", "", f"{raster.name} was resampled to cells of {grid.cell:g} m", severity="info")
    return Terrain(grid, whole)
