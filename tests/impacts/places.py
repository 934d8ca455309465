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


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle; coordinates from the corner of the plain [m]."""
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def spot(x: float, y: float, **more: object) -> dict[str, object]:
    """A place of a scenario, of 0.6 m around a point."""
    return {"point": [WEST + x, SOUTH + y], "radius_m": 0.6, **more}


def frame(rows: dict[str, dict[str, object]]) -> gpd.GeoDataFrame:
    """A layer of things by id."""
    made = gpd.GeoDataFrame(list(rows.values()), index=list(rows), geometry="geometry", crs=CRS)
    made.index.name = "id"
    return made


def quay() -> City:
    """A street beside a wharf 3 m lower, joined by a stair of 6 m."""
    roads = frame({
        "street": {"surface": "street", "level": "street", "z_m": 5.0, "geometry": box(0, 10, 60, 20)},
        "wharf": {"surface": "wharf", "level": "wharf", "z_m": 2.0, "geometry": box(0, 0, 60, 5)},
    })
    stair = {
        "bottom_level": "wharf", "top_level": "street", "bottom_z_m": 2.0, "top_z_m": 5.0, "up_azimuth_deg": 0.0,
        "geometry": box(30, 5, 33, 11),
    }  # fmt: skip
    return plain(60).with_layer("roads", roads).with_layer("stairs", frame({"stair": stair}))
