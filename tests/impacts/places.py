"""Small made-up cities for impacts: a plain with a block, in the Dutch system."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from twin.geo.city import City
from twin.geo.crs import parse
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

CRS = parse("EPSG:7415")
WEST, SOUTH = 136_000.0, 455_000.0


def plain(size: int = 60, ground: float = 2.0, **parts: Any) -> City:
    """A plain with its south-west corner at (WEST, SOUTH) [m]."""
    grid = GridSpec(WEST, SOUTH + size, 1.0, (size, size), "EPSG:7415")
    terrain = Terrain(grid, np.full((size, size), ground, np.float32))
    return City(CRS, np.array([WEST, SOUTH, 0.0]), terrain=terrain, name="plain", **parts)


def block(city: City, name: str, west: float, south: float, east: float, north: float, height: float) -> City:
    """The city with one more block; coordinates from the corner of the plain [m]."""
    shape = shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)
    frame = gpd.GeoDataFrame([{"height_m": height, "geometry": shape}], index=[name], geometry="geometry", crs=CRS)
    frame.index.name = "id"
    return city.with_buildings(frame)


def planted(city: City, rows: list[dict[str, Any]]) -> City:
    """The city with these trees; ``x`` and ``y`` from the corner of the plain [m]."""
    shapes = [shapely.Point(WEST + row["x"], SOUTH + row["y"]) for row in rows]
    told = [{key: value for key, value in row.items() if key not in ("x", "y")} for row in rows]
    frame = gpd.GeoDataFrame(told, index=[f"tree-{k}" for k in range(len(rows))], geometry=shapes, crs=CRS)
    frame.index.name = "id"
    return city.with_layer("trees", frame)
