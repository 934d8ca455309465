"""One layer to one GeoPackage, with what its columns were, so that reading gives the same frame."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.geo.writers.cityjson import plain

TAKEN = {"fid", "geom", "geometry", "id", "ogc_fid", "rowid", "_rowid_", "oid"}
"""Names that a GeoPackage has for itself, or that we use."""

_CLOCK = "OGR_CURRENT_DATE"
_NUMBERS = ("float64", "float32", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
_WITH_GAPS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "Float64", "boolean")
_BY_TEXT = ("uint64", "UInt64", "Float32")
"""Kinds for which a GeoPackage has no column: their values are kept as JSON."""
_TEXTS = ("str", "string", "object")


def stored_names(names: list[str]) -> list[str]:
    """A column name for each attribute: SQLite does not tell capitals apart, and some names are taken."""
    used = set(TAKEN)
    stored: list[str] = []
    for name in names:
        clean = (
            "".join(letter if letter.isprintable() and letter not in '"`' else "_" for letter in name)[:60] or "column"
        )
        free, number = clean, 1
        while free.lower() in used:
            number += 1
            free = f"{clean}_{number}"
        used.add(free.lower())
        stored.append(free)
    return stored


def encode(column: pd.Series[Any]) -> tuple[pd.Series[Any], str]:
    """A column as GeoPackage can hold it, and the word that `decode` needs."""
    kind = str(column.dtype)
    if kind in _NUMBERS:
        return (column.astype("float64"), kind) if kind == "float32" else (column, kind)
    if kind == "bool":
        return column, kind
    if kind in _WITH_GAPS:
        return column, kind
    if kind in ("str", "string"):
        return column.astype("str"), kind
    values = column.tolist()
    if all(
        value is None or isinstance(value, str) or (isinstance(value, float) and np.isnan(value)) for value in values
    ):
        return pd.Series([value if isinstance(value, str) else None for value in values], dtype="str"), "object"
    texts = [None if plain(value) is None else json.dumps(plain(value), ensure_ascii=False) for value in values]
    return pd.Series(texts, dtype="str"), "json" if kind in ("object", "category") else kind


def decode(column: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """What `encode` was given.

    Raises
    ------
    ValueError, TypeError
        When the values are not of the kind stated.
    """
    if kind == "object":
        return pd.Series([value if isinstance(value, str) else None for value in column.tolist()], dtype="object")
    if kind.startswith(("json", "datetime64")) or kind in _BY_TEXT:
        values = [json.loads(value) if isinstance(value, str) else None for value in column.tolist()]
        return pd.Series(values, dtype=_kind_of_json(kind))
    if kind in (*_NUMBERS, *_WITH_GAPS, "bool", "str", "string"):
        return column.astype(kind)  # type: ignore[call-overload]  # pandas-stubs know a dtype by its literal name only
    raise ValueError(f"{kind!r} is not a kind of column")


def _kind_of_json(kind: str) -> Any:
    """Type of a column that was kept as JSON: ``json`` and ``json:object`` are objects, ``json:str`` is text.

    Raises
    ------
    ValueError
        When it is none of those that `write_layer` writes.
    """
    stated = kind.removeprefix("json:") if kind != "json" else "object"
    if kind.startswith("json:") and stated not in _TEXTS:
        raise ValueError(f"{kind!r} is not a kind of column")
    return stated


def _with_nul_escaped(column: pd.Series[Any], kind: str) -> tuple[pd.Series[Any], str]:
    """A column of text as JSON when it has the character NUL, at which GDAL cuts a text off."""
    if kind not in _TEXTS or not any(isinstance(value, str) and "\0" in value for value in column.tolist()):
        return column, kind
    texts = [json.dumps(value, ensure_ascii=False) if isinstance(value, str) else None for value in column.tolist()]
    return pd.Series(texts, dtype="str"), f"json:{kind}"


def write_layer(frame: gpd.GeoDataFrame, path: Path, name: str) -> list[dict[str, str]]:
    """Write a frame; return name, stored name and kind of each column.

    The same frame gives the same bytes with the same version of GDAL.
    """
    import pyogrio

    names = [str(column) for column in frame.columns if column != frame.geometry.name]
    columns: list[dict[str, str]] = []
    stored: dict[str, Any] = {"id": pd.array([str(one) for one in frame.index], dtype="str")}
    for original, short in zip(names, stored_names(names), strict=True):
        values, kind = _with_nul_escaped(*encode(frame[original].reset_index(drop=True)))
        columns.append({"name": original, "stored": short, "kind": kind})
        stored[short] = values.array
    table = gpd.GeoDataFrame(stored, geometry=np.asarray(frame.geometry.array), crs=_writable(frame))
    clock = pyogrio.get_gdal_config_option(_CLOCK)
    with warnings.catch_warnings():
        # A local plane has no code that a GeoPackage knows; city.toml keeps the CRS.
        warnings.simplefilter("ignore", UserWarning)
        # The time of writing is the one thing that would differ from one time to the next.
        pyogrio.set_gdal_config_options({_CLOCK: "2000-01-01T00:00:00.000Z"})
        try:
            pyogrio.write_dataframe(
                table, path, layer=name, driver="GPKG", geometry_type="Unknown", promote_to_multi=False, use_arrow=True
            )
        finally:
            pyogrio.set_gdal_config_options({_CLOCK: clock})
    return columns


def _writable(frame: gpd.GeoDataFrame) -> Any:
    return frame.crs if frame.crs is not None and frame.crs.to_authority() is not None else None


def read_layer(path: Path, name: str, columns: list[dict[str, str]], crs: Any) -> gpd.GeoDataFrame:
    """The frame that `write_layer` was given.

    Raises
    ------
    ValueError, TypeError, KeyError, OSError
        When the file does not hold it; the caller says which file.
    """
    import pyogrio

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        # whole numbers with gaps as such: floats would lose their last digits
        whole = {"integer_object_nulls": True}
        table = pyogrio.read_dataframe(path, layer=name, use_arrow=True, arrow_to_pandas_kwargs=whole)
    data = {column["name"]: decode(table[column["stored"]], column["kind"]).array for column in columns}
    index = pd.Index(table["id"].astype("str"), name="id", dtype="str")
    geometry = gpd.GeoSeries(np.asarray(table.geometry.array), index=index, crs=crs)
    return gpd.GeoDataFrame(pd.DataFrame(data, index=index), geometry=geometry, crs=crs)
