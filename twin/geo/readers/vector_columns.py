"""Columns of vector files: dates typed, names that are ours kept free, the columns of each layer filled where a source has them."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.heights import lengths
from twin.geo.readers.model import Findings
from twin.geo.subsurface import cellars_frame, utilities_frame

RESERVED = {"id", "geometry"}
"""Names that are ours; a column of such a name becomes ``NAME_attribute``."""

_DATE = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"

PROMISED: dict[str, tuple[tuple[str, tuple[str, ...], object], ...]] = {
    "roads": (
        ("surface", ("surface", "highway", "bgt_functie", "functie", "function"), "street"),
        ("level", ("level",), "street"),
        ("z_m", ("z_m",), np.nan),
    ),
    "streets": (
        ("kind", ("kind", "highway", "fclass", "wegtype", "kategori", "function", "functie"), ""),
        ("width_m", ("width_m", "width", "breedte", "breite"), np.nan),
        ("level", ("level",), "street"),
    ),
    "water": (("z_m", ("z_m", "peil_m"), np.nan),),
    "trees": (
        ("height_m", ("height_m", "height", "boomhoogte", "hoogte", "baumhoehe", "hoehe"), np.nan),
        ("crown_diameter_m", ("crown_diameter_m", "diameter_crown", "crown_diameter", "kroondiameter"), np.nan),
        ("crown_base_m", ("crown_base_m",), np.nan),
        ("z_m", ("z_m",), np.nan),
    ),
    "furniture": (
        ("kind", ("kind", "amenity", "highway", "type", "typ", "soort", "art"), ""),
        ("height_m", ("height_m", "height"), np.nan),
    ),
    "stops": (("name", ("name", "stop_name", "naam", "haltenaam"), ""), ("mode", ("mode",), "")),
    "wells": (
        ("surface_m", ("surface_m", "maaiveld_m", "maaiveld"), np.nan),
        ("filter_top_m", ("filter_top_m",), np.nan),
        ("filter_bottom_m", ("filter_bottom_m",), np.nan),
        ("head_m", ("head_m",), np.nan),
    ),
    "soundings": (("kind", ("kind",), ""), ("surface_m", ("surface_m",), np.nan), ("depth_m", ("depth_m",), np.nan)),
}
"""Columns of `twin.geo.city.LAYERS`, the columns of a source that state them, and what stands there when none does."""


def typed(columns: pd.DataFrame) -> pd.DataFrame:
    """The columns with text that is all ISO 8601 dates as dates, names as text and unlike ours."""
    out: dict[str, pd.Series[Any]] = {}
    for place, name in enumerate(columns.columns):
        column = columns.iloc[:, place]
        if column.dtype == object or pd.api.types.is_string_dtype(column):
            column = _dates(column)
        free = str(name) if str(name).lower() not in RESERVED else f"{name}_attribute"
        while free in out:
            free += "_"
        out[free] = column
    return pd.DataFrame(out, index=columns.index)


def _dates(column: pd.Series[Any]) -> pd.Series[Any]:
    texts = column.dropna()
    if not len(texts) or not texts.map(lambda one: isinstance(one, str)).all():
        return column.map(_as_text) if column.dtype == object else column
    if texts.str.fullmatch(_DATE).all():
        zoned = texts.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$", regex=True) & texts.str.contains(":")
        parsed = pd.to_datetime(column, errors="coerce", utc=bool(zoned.any()), format="ISO8601")
        if parsed.notna().sum() == len(texts):
            return parsed
    return column.astype("str")


def _as_text(value: object) -> object:
    """What is neither a number nor text (lists, bytes, mappings) as text."""
    if value is None or isinstance(value, str | bool | int | float | np.generic):
        return value
    if isinstance(value, bytes):
        return value.hex()
    from twin.geo.readers.columns import as_text

    return as_text(value.tolist() if isinstance(value, np.ndarray) else value)


def with_promised(layer: str, rows: gpd.GeoDataFrame, where: str, findings: Findings) -> gpd.GeoDataFrame:
    """Rows of one layer with the columns that it promises; `where` is for messages."""
    if layer in ("cellars", "utilities"):
        return (cellars_frame if layer == "cellars" else utilities_frame)(rows, name=where, findings=findings)
    if layer == "buildings":
        return _footprints(rows)
    lower = {str(name).lower(): name for name in reversed(rows.columns)}
    added: dict[str, object] = {}
    for name, sources, default in PROMISED.get(layer, ()):
        there = next((lower[one] for one in (name, *sources) if one in lower and lower[one] != "geometry"), None)
        if isinstance(default, float):
            added[name] = lengths(rows[there]) if there is not None else np.full(len(rows), np.nan)
        elif there is None:
            added[name] = pd.array([str(default)] * len(rows), dtype="str")
        elif there != name:
            added[name] = rows[there].astype("str").fillna(str(default)).array
    return rows.assign(**added) if added else rows


def _footprints(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Footprints on the map; where they lie in space their height is kept as ``outline_z_m``."""
    shapes = np.asarray(rows.geometry.array, dtype=object)
    z = outline_z(shapes)
    if np.isfinite(z).any():
        rows = rows.assign(outline_z_m=z)
    flat = gpd.GeoSeries(shapely.force_2d(shapes), index=rows.index, crs=rows.crs)
    return rows.assign(geometry=flat)


def outline_z(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Middle height of the corners of each polygon [m]; NaN on the map, and where all heights are 0, which means none."""
    out = np.full(len(shapes), np.nan)
    in_space = np.flatnonzero(shapely.has_z(shapes))
    if len(in_space):
        points, row = shapely.get_coordinates(shapes[in_space], include_z=True, return_index=True)
        known = np.isfinite(points[:, 2])
        middle = pd.Series(points[known, 2]).groupby(row[known]).median()
        out[in_space[middle.index.to_numpy()]] = middle.to_numpy()
        if np.nanmin(np.abs(points[:, 2]), initial=np.inf) == 0 and not np.nanmax(np.abs(points[:, 2]), initial=0.0):
            out[:] = np.nan
    return out
