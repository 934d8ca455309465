"""Findings of quality as a table, as JSON, or on the map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from twin.errors import OutputError
from twin.geo.city import City, Quality
from twin.geo.quality import CODES
from twin.geo.writers.atomic import write_bytes, written_file

SUFFIXES = (".csv", ".json", ".gpkg")


def write_findings(quality: Quality, city: City, path: str | Path) -> Path:
    """Write findings; the suffix says how: ``.csv``, ``.json`` or ``.gpkg`` (points, for a GIS).

    Parameters
    ----------
    quality : Quality
    city : City
        That they were found in.
    path : str or Path

    Raises
    ------
    OutputError
        When the suffix is another one, or the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return write_bytes(path, quality.to_frame().to_csv(index=False).encode("utf-8"))
    if suffix == ".json":
        document = {
            "format": "stadstwin findings",
            "city": city.name,
            "sources": [source.name for source in city.sources],
            "counts": quality.counts(),
            "codes": {code: CODES.get(code, "") for code in quality.counts()},
            "findings": quality.to_frame().to_dict(orient="records"),
        }
        return write_bytes(path, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    if suffix == ".gpkg":
        frame = findings_frame(quality, city)
        with written_file(path) as place:
            import pyogrio

            crs = frame.crs if frame.crs is not None and frame.crs.to_authority() is not None else None
            table = frame.set_crs(crs, allow_override=True)
            pyogrio.write_dataframe(table, place, layer="findings", driver="GPKG", geometry_type="Point")
        return path
    hint = f"give a name that ends in {', '.join(SUFFIXES)}"
    raise OutputError(f"findings are not written as {path.suffix or 'a file without suffix'}", where=str(path), hint=hint)


def findings_frame(quality: Quality, city: City) -> gpd.GeoDataFrame:
    """Findings with the place of their object; an empty point for those of a file as a whole.

    Returns
    -------
    GeoDataFrame
        One row a finding: code, severity, object_id, message, path, and a point in the CRS of the city.
    """
    places = _places(city)
    frame = quality.to_frame()
    shapes: list[Any] = [places.get(one, shapely.Point()) for one in frame["object_id"]]
    return gpd.GeoDataFrame(frame.astype("str"), geometry=gpd.GeoSeries(shapes, crs=city.crs), crs=city.crs)


def _places(city: City) -> dict[str, shapely.Point]:
    """A point on the map for each object that has a place."""
    found: dict[str, shapely.Point] = {}
    mesh = city.surfaces
    if len(mesh):
        count = len(city.objects)
        middle = mesh.vertices[mesh.triangles].mean(axis=1) + city.origin
        times = np.bincount(mesh.owner, minlength=count)
        xy = [np.bincount(mesh.owner, weights=middle[:, k], minlength=count) / np.maximum(times, 1) for k in range(2)]
        for row in np.flatnonzero(times).tolist():
            found[str(city.objects.index[row])] = shapely.Point(xy[0][row], xy[1][row])
    for frame in city.layers.values():
        shapes = np.asarray(frame.geometry.array, dtype=object)
        there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        for one, point in zip(frame.index[there], shapely.point_on_surface(shapes[there]), strict=True):
            found[str(one)] = point
    return found


def counts_table(quality: Quality) -> pd.DataFrame:
    """Number of findings by code, with what each code means."""
    counts = quality.counts()
    return pd.DataFrame({"count": list(counts.values()), "meaning": [CODES.get(code, "") for code in counts]}, index=list(counts))
