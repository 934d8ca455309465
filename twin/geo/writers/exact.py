"""The tables and rasters of a city folder, read again and compared to the last digit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import OutputError
from twin.geo.city import City
from twin.geo.writers.cityjson import plain
from twin.geo.writers.tables_readback import nul_hint


def check_exact(city: City, again: City, folder: Path) -> None:
    """See that every row, shape, value and raster cell of a city came back from its folder as it was.

    Lists of any kind are the same as lists, and times as texts: values count, not what Python holds them in.

    Parameters
    ----------
    city, again : City
        As it was given, and as it was read again.
    folder : Path
        For messages.

    Raises
    ------
    OutputError
        Names the layer and the column of what did not.
    """
    for name, frame in city.layers.items():
        _check_layer(frame, again.layers[name], f"{folder}:{name}")
    for kind in ("terrain", "dsm", "canopy"):
        one, other = getattr(city, kind), getattr(again, kind)
        if one is not None and (other is None or not np.array_equal(_cells(one.height), other.height, equal_nan=True)):
            raise OutputError(f"the {kind} came back with other heights", where=str(folder))


def _cells(height: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(height, dtype=np.float32)


def _check_layer(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, where: str) -> None:
    if len(before) != len(after):
        raise OutputError(f"the layer came back with {len(after)} rows of {len(before)}", where=where)
    if [str(one) for one in before.index] != after.index.tolist():
        raise OutputError("ids of the layer came back as others", where=where, hint=nul_hint(before.index))
    one, other = (np.asarray(frame.geometry.array, dtype=object) for frame in (before, after))
    gone = shapely.is_missing(one) | shapely.is_empty(one)
    same = gone == (shapely.is_missing(other) | shapely.is_empty(other))
    if not same.all() or (shapely.to_wkb(one[~gone]) != shapely.to_wkb(other[~gone])).any():
        raise OutputError("shapes of the layer came back as others", where=where)
    for name in before.columns:
        if name != before.geometry.name and not _same(before[name], after[str(name)]):
            raise OutputError(f"values of column `{name}` came back as others", where=where, hint=nul_hint(before[name]))


def _same(before: pd.Series[Any], after: pd.Series[Any]) -> bool:
    """Whether two columns have the same values and the same gaps."""
    before, after = before.reset_index(drop=True), after.reset_index(drop=True)
    if before.dtype == after.dtype and before.dtype != object and before.equals(after):
        return True
    if (before.isna() != after.isna()).any():
        return False
    known = before.notna()
    return all(plain(a) == plain(b) for a, b in zip(before[known].tolist(), after[known].tolist(), strict=True))
