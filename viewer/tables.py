"""What the tables of a city say of its objects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import geopandas as gpd


def number(row: Any, name: str) -> float:
    """A number of a row of a table; NaN when it is not there or not a number."""
    try:
        return float(row.get(name, math.nan))
    except (TypeError, ValueError):
        return math.nan


def attributes_of(frame: gpd.GeoDataFrame, limit: int = 14) -> dict[str, list[Any]]:
    """What a table says of its objects, as plain text and numbers by column; the id first."""
    columns: dict[str, list[Any]] = {"id": [str(key) for key in frame.index]}
    for name in frame.columns:
        if name == frame.geometry.name or len(columns) >= limit:
            continue
        values = [_plain(value) for value in frame[name].tolist()]
        if any(value is not None for value in values):
            columns[str(name)] = values
    return columns


def _plain(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return round(float(value), 3) if math.isfinite(value) else None
    if value is None or isinstance(value, dict | list | np.ndarray):
        return None
    text = str(value)
    return text[:200] if text and text not in ("nan", "<NA>", "NaT") else None
