"""Soundings made up for tests: a cone over known soils, a borehole, a city of some of them."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from twin.geo.city import City

SOILS = {"sand": (12.0, 0.08), "clay": (0.4, 0.0185), "peat": (0.25, 0.02), "silt": (1.2, 0.02)}
"""Cone resistance and friction by soil [MPa]."""


def cone(layers: list[tuple[str, float]], *, start: float = 0.0, step: float = 0.02, **more: Any) -> dict[str, Any]:
    """A row of a cone that met these soils, each so thick [m]."""
    edges = np.cumsum([0.0, *(thick for _, thick in layers)])
    depth = np.arange(step / 2, edges[-1], step)
    of = np.minimum(np.searchsorted(edges, depth) - 1, len(layers) - 1)
    qc, fs = (np.array([SOILS[name][k] for name, _ in layers])[of] for k in (0, 1))
    known = depth >= start
    profile = {
        "depth_m": depth.round(4).tolist(),
        "qc_MPa": [float(value) if there else None for value, there in zip(qc, known, strict=True)],
        "fs_MPa": [float(value) if there else None for value, there in zip(fs, known, strict=True)],
    }
    return {"kind": "cpt", "surface_m": 2.0, "profile": profile, "predrilled_m": start or np.nan, "water_level_m": np.nan, **more}


def borehole(layers: list[tuple[str, float]], **more: Any) -> dict[str, Any]:
    """A row of a borehole with these soils, each so thick [m]."""
    edges = np.cumsum([0.0, *(thick for _, thick in layers)]).round(4).tolist()
    rows = [{"top_m": top, "bottom_m": low, "soil": soil} for (soil, _), top, low in zip(layers, edges, edges[1:], strict=False)]
    return {"kind": "borehole", "surface_m": 2.0, "profile": {"layers": rows}, "water_level_m": np.nan, **more}


def city_of(rows: dict[str, tuple[dict[str, Any], tuple[float, float]]], wells: list[dict[str, Any]] | None = None) -> City:
    """A city with nothing but soundings and wells, at places from (136000, 455000) on."""
    crs = CRS.from_epsg(7415)

    def frame(table: list[dict[str, Any]], ids: list[str], places: list[tuple[float, float]]) -> gpd.GeoDataFrame:
        points = shapely.points([(136_000.0 + x, 455_000.0 + y) for x, y in places])
        index = pd.Index(ids, name="id", dtype="str")
        return gpd.GeoDataFrame(pd.DataFrame(table, index=index), geometry=gpd.GeoSeries(points, index=index, crs=crs), crs=crs)

    layers = {"soundings": frame([row for row, _ in rows.values()], list(rows), [place for _, place in rows.values()])}
    if wells:
        layers["wells"] = frame(
            [{key: value for key, value in well.items() if key not in ("id", "at")} for well in wells],
            [well["id"] for well in wells], [well["at"] for well in wells],
        )  # fmt: skip
    return City(crs, np.array([136_000.0, 455_000.0, 0.0]), layers)


def at(x: float, y: float = 0.0) -> tuple[float, float]:
    """A place of `city_of` in its CRS."""
    return 136_000.0 + x, 455_000.0 + y
