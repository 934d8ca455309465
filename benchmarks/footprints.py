"""Heights and blocks of many footprints: ``python -m benchmarks.footprints --json [--footprints N] [--cells N]``.

In one run on made-up footprints (4 to 12 corners, one in ten with a courtyard) on a made-up surface model: deciding all heights,
finding the ground, and making the blocks, beside the same three footprint by footprint. Seconds of the processor, compiled
kernels warm. The heights, ground and blocks of both sides are compared.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio.features
import shapely
from pyproj import CRS

from benchmarks.printing import show
from tests.reference import footprints as slow
from twin.geo.city import City
from twin.geo.extrude import blocks, lowest_along_each
from twin.geo.heights import footprint_heights
from twin.geo.terrain import Terrain
from twin.grid import GridSpec


def town(count: int, cells: int, seed: int = 1) -> tuple[gpd.GeoDataFrame, City]:
    """Footprints on a regular pattern, and a city with the terrain and the surface model that they stand on."""
    chance = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(count)))
    pitch = np.sqrt(cells) * 0.5 / side
    shapes = []
    for number in range(count):
        x, y = (number % side + 0.5) * pitch, (number // side + 0.5) * pitch
        angle = np.sort(chance.random(chance.integers(4, 13))) * 2 * np.pi
        radius = chance.uniform(0.25, 0.45, len(angle)) * pitch
        shape = shapely.Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])).buffer(0)
        shapes.append(shape.difference(shapely.box(x - 0.3, y - 0.3, x + 0.3, y + 0.3)) if number % 10 == 0 else shape)
    frame = gpd.GeoDataFrame(geometry=shapes, crs=CRS.from_epsg(7415))
    frame = frame[~frame.is_empty & frame.geom_type.isin(["Polygon", "MultiPolygon"])].set_axis(
        [f"h{n}" for n in range(len(shapes))][: len(frame)]
    )
    edge = int(np.sqrt(cells))
    grid = GridSpec(0.0, edge * 0.5, 0.5, (edge, edge))
    ground = (0.01 * grid.x[None, :] + 0.0 * grid.y[:, None]).astype(np.float32)
    surface = ground.copy()
    tops = 8 + 10 * chance.random(len(frame))
    burnt = rasterio.features.rasterize(
        zip(frame.geometry, tops, strict=True),
        out_shape=grid.shape,
        transform=rasterio.Affine(*grid.gdal_transform()),
        dtype="float32",
    )
    surface += burnt + chance.normal(scale=0.2, size=grid.shape).astype(np.float32)
    return frame, City(frame.crs, np.zeros(3), terrain=Terrain(grid, ground), dsm=Terrain(grid, surface, "dsm.tif"))


def seconds(function: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Least processor time of some calls [s], and what the last one gives."""
    best, found = np.inf, None
    for _ in range(repeats):
        start = time.process_time()
        found = function()
        best = min(best, time.process_time() - start)
    return round(best, 3), found


def one_by_one(frame: gpd.GeoDataFrame, dsm: Terrain) -> np.ndarray[Any, Any]:
    """70th percentile of the surface in each footprint, by rasterio's mask of its own window."""
    grid, out = dsm.grid, np.full(len(frame), np.nan)
    for number, shape in enumerate(frame.geometry):
        inner = shapely.buffer(shape, -grid.cell * np.sqrt(0.5), join_style="mitre")
        if inner.is_empty:
            continue
        west, south, east, north = inner.bounds
        top, left = max(int((grid.north - north) / grid.cell), 0), max(int((west - grid.west) / grid.cell), 0)
        part = dsm.height[top : int((grid.north - south) / grid.cell) + 1, left : int((east - grid.west) / grid.cell) + 1]
        place = rasterio.Affine(grid.cell, 0, grid.west + left * grid.cell, 0, -grid.cell, grid.north - top * grid.cell)
        inside = rasterio.features.geometry_mask([inner], part.shape, place, invert=True)
        if inside.any():
            out[number] = np.percentile(part[inside], 70)
    return out


def measure(count: int, cells: int) -> dict[str, Any]:
    """All figures."""
    frame, city = town(count, cells)
    assert city.terrain is not None
    assert city.dsm is not None
    terrain, dsm = city.terrain, city.dsm
    footprint_heights(frame.iloc[:50], city)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    took, decided = seconds(lambda: footprint_heights(frame, city), 3)
    took_slow, roof = seconds(lambda: one_by_one(frame, dsm))
    ours = decided["roof_m"].to_numpy()
    both = np.isfinite(ours) & np.isfinite(roof)
    ground, low = seconds(lambda: lowest_along_each(shapes, terrain), 3)
    ground_slow, low_slow = seconds(
        lambda: np.array([lowest_along_each(shapes[n : n + 1], terrain)[0] for n in range(len(shapes))])
    )
    bottom, top = low, low + 10.0
    made, mesh = seconds(lambda: blocks(shapes, bottom, top, city.origin), 3)
    made_slow, other = seconds(lambda: slow.blocks(shapes, bottom, top, city.origin))
    return {
        "footprints": len(frame),
        "cells": dsm.height.size,
        "heights": {"together_s": took, "one_by_one_s": took_slow, "largest_difference_m": float(np.abs(ours - roof)[both].max())},
        "ground": {"together_s": ground, "one_by_one_s": ground_slow, "same": bool(np.array_equal(low, low_slow))},
        "blocks": {"together_s": made, "one_by_one_s": made_slow, "triangles": len(mesh), "same": bool(
            np.array_equal(mesh.vertices, other.vertices) and np.array_equal(mesh.triangles, other.triangles))},
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.footprints", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--footprints", type=int, default=50_000)
    parser.add_argument("--cells", type=int, default=4_000_000, help="of the surface model")
    options = parser.parse_args(arguments)
    names = ("numpy", "shapely", "geopandas", "numba", "rasterio")
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), **{name: version(name) for name in names}}
    found = {"benchmark": "footprints", **measure(options.footprints, options.cells), "machine": machine}
    return show(found, as_json=options.json)


if __name__ == "__main__":
    raise SystemExit(main())
