"""What is in a city, in numbers: what ``twin info`` prints."""

from __future__ import annotations

from collections import Counter
from typing import Any

import geopandas as gpd
import numpy as np

from twin.errors import GeometryError
from twin.geo.city import City
from twin.geo.crs import short_name


def summary_of(city: City) -> dict[str, Any]:
    """Counts, CRS, extent, heights, attributes, licences; `City.summary` calls this."""
    counts = Counter(zip(city.objects["type"], city.objects["lod"], strict=True))
    return {
        "name": city.name,
        "crs": short_name(city.crs),
        "bounds": _bounds(city),
        "height_range_m": city.height_range,
        "objects": {f"{kind} lod {lod}" if lod else str(kind): n for (kind, lod), n in sorted(counts.items())},
        "layers": {name: len(frame) for name, frame in city.layers.items() if len(frame)},
        "attributes": {name: _attributes(frame) for name, frame in city.layers.items() if len(frame)},
        "triangles": len(city.surfaces),
        "rasters": {
            name: {"cell_m": raster.grid.cell, "shape": raster.grid.shape, "known": float(np.isfinite(raster.height).mean())}
            for name, raster in (("terrain", city.terrain), ("dsm", city.dsm), ("canopy", city.canopy))
            if raster is not None
        },
        "sources": [
            {name: getattr(one, name) for name in ("name", "format", "licence", "credit", "layers")} for one in city.sources
        ],
        "quality": city.quality.counts(),
        "synthetic": city.synthetic,
    }


def _bounds(city: City) -> tuple[float, float, float, float] | None:
    try:
        return city.bounds
    except GeometryError:
        return None


def _attributes(frame: gpd.GeoDataFrame) -> dict[str, tuple[str, int]]:
    """Type of each column, and in how many rows it is stated."""
    columns = [name for name in frame.columns if name != frame.geometry.name]
    return {str(name): (str(frame[name].dtype), int(frame[name].notna().sum())) for name in columns}
