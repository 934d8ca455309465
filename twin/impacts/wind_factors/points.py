"""Factors at points of a GeoPackage, GeoJSON or shapefile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import FormatError
from twin.impacts.wind_factors.limits import not_too_large
from twin.impacts.wind_factors.model import Factors
from twin.impacts.wind_factors.rows import of_rows
from twin.impacts.wind_factors.systems import moved

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

def read_points(path: Path, crs: CRS | None, target: CRS | None, directions: Sequence[float] | None) -> Factors:
    """Factors of the one layer of a file."""
    frame = _layer(path)
    kinds = sorted(set(frame.geometry.geom_type.dropna()))
    if kinds != ["Point"] or frame.geometry.isna().any() or frame.geometry.is_empty.any():
        raise FormatError(f"has {', '.join(kinds) or 'nothing'} and not only points", where=path.name)
    xy = np.column_stack([frame.geometry.x, frame.geometry.y])
    rest = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return of_rows(rest, moved(xy, frame.crs or crs, target, path.name), path.name)


def _layer(path: Path) -> gpd.GeoDataFrame:
    """The one layer of a file, by the readers of cities: what they take for no such file could lead elsewhere."""
    from twin.geo.readers.geojson import geojson_tables
    from twin.geo.readers.model import Findings, ReadOptions
    from twin.geo.readers.source import blob_of
    from twin.geo.readers.vector_sources import is_geopackage, is_shapefile, tables_of

    not_too_large(path)
    blob = blob_of(path)
    head, is_json = blob.head, path.suffix.lower() in (".geojson", ".json")
    if not (head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" if is_json else is_geopackage(head) or is_shapefile(head)):
        raise FormatError("cannot be read: it is not what its name says", where=path.name)
    tables = [one for one in (geojson_tables if is_json else tables_of)(blob, ReadOptions(), Findings()).tables if len(one.frame)]
    if not tables:
        raise FormatError("has no points", where=path.name)
    if len(tables) > 1:
        told = ", ".join(one.name for one in tables[:6])
        raise FormatError(f"has {len(tables)} layers: {told}", where=path.name, hint="give a file with the points alone")
    return tables[0].frame
