"""What was written, read again and compared before it counts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.errors import OutputError
from twin.geo.city import City
from twin.geo.crs import horizontal
from twin.geo.readers.vector_sources import OWN, SYSTEM

MILLIMETRE = 0.001


def about(city: City) -> dict[str, str]:
    """What a file says of the city it was written from: title, date, licences, credits and sources."""
    licences = dict.fromkeys(source.licence for source in city.sources if source.licence)
    credits = dict.fromkeys(source.credit for source in city.sources if source.credit)
    parts = ("name", "format", "licence", "credit", "sha256", "date")
    sources = [{**{part: getattr(source, part) for part in parts}, "layers": list(source.layers)} for source in city.sources]
    said = {
        "title": city.name,
        "date": city.date,
        "licence": "; ".join(licences),
        "credit": "; ".join(credits),
        "synthetic": "yes" if city.synthetic else "",
        "sources": json.dumps(sources, ensure_ascii=False) if sources else "",
        OWN: "1",
        # of a system of a plane and heights without one code a GeoPackage holds the plane
        SYSTEM: "" if city.crs.to_authority() or not horizontal(city.crs).to_authority() else city.crs.to_wkt(),
    }
    return {name: value for name, value in said.items() if value}


def check_frame(written: gpd.GeoDataFrame, again: gpd.GeoDataFrame, where: str) -> None:
    """Compare a layer with what reading it gives.

    Parameters
    ----------
    written, again : GeoDataFrame
        With the same columns in the same order, as they were given to the writer and as the reader gives them.
    where : str
        File and layer, for the message.

    Raises
    ------
    OutputError
        When rows, geometry (by more than a millimetre), types or values differ.
    """
    if len(written) != len(again):
        raise OutputError(f"{len(again)} rows came back of {len(written)}", where=where)
    before, after = (np.asarray(one.geometry.array, dtype=object) for one in (written, again))
    there = ~(shapely.is_missing(before) | shapely.is_empty(before))
    gone = shapely.is_missing(after) | shapely.is_empty(after)
    if (there == gone).any():
        raise OutputError("geometries are missing after reading it again", where=where)
    moved = ~shapely.equals_exact(before[there], after[there], tolerance=MILLIMETRE)
    if moved.any():
        raise OutputError(f"{int(moved.sum())} geometries differ by more than a millimetre after reading it again", where=where)
    for name in written.columns:
        if name == written.geometry.name:
            continue
        if name not in again:
            raise OutputError(f"column `{name}` is missing after reading it again", where=where)
        wrong = _unlike(written[name], again[name])
        if wrong:
            hint = nul_hint(written[name])
            raise OutputError(f"column `{name}` {wrong} after reading it again", where=where, hint=hint)


def nul_hint(values: Iterable[Any]) -> str | None:
    """What to do about texts that a GeoPackage has no place for; None when there are none among the values."""
    if any(isinstance(value, str) and "\0" in value for value in values):
        return "some texts hold the character NUL, at which a GeoPackage ends them: take it out"
    return None


def _unlike(before: pd.Series[Any], after: pd.Series[Any]) -> str:
    """How two columns differ; empty when they do not."""
    before, after = before.reset_index(drop=True), after.reset_index(drop=True)
    one, other = _kind(before), _kind(after)
    if before.notna().any() and one != other:
        return f"is {after.dtype}, not {before.dtype},"
    if (before.isna() != after.isna()).any():
        return "has other gaps"
    known = before.notna()
    if one == "number":
        # large whole numbers that differ by little are one float
        whole = all(pd.api.types.is_signed_integer_dtype(column.dtype) for column in (before, after))
        a, b = (column[known].to_numpy(dtype=np.int64 if whole else np.float64) for column in (before, after))
        same = a == b
    elif one == "time":
        # GeoPackage keeps milliseconds.
        first, second = (pd.to_datetime(column[known], utc=True).dt.floor("ms") for column in (before, after))
        same = np.asarray(first == second)
    else:
        same = np.asarray(before[known].astype("str") == after[known].astype("str"))
    return "" if bool(np.all(same)) else f"has {int((~np.asarray(same)).sum())} other values"


def _kind(column: pd.Series[Any]) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "truth"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    return "time" if pd.api.types.is_datetime64_any_dtype(column) else "text"
