"""Factors in a table of text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import FormatError
from twin.impacts.wind_factors.limits import not_too_large
from twin.impacts.wind_factors.model import Factors
from twin.impacts.wind_factors.rows import numbers, of_rows
from twin.impacts.wind_factors.systems import moved

if TYPE_CHECKING:
    from pyproj import CRS

_X = ("x", "x_m", "easting", "rd_x", "x_rd")
_Y = ("y", "y_m", "northing", "rd_y", "y_rd")
_LON, _LAT = ("lon", "longitude", "lon_deg"), ("lat", "latitude", "lat_deg")


def read_rows(path: Path, crs: CRS | None, target: CRS | None, directions: Sequence[float] | None) -> Factors:
    """Factors of a table with coordinates in two of its columns."""
    frame = read_table(path)
    columns = {str(name).strip().lower(): name for name in frame.columns}
    at: tuple[tuple[str, ...], tuple[str, ...]] = (_X, _Y)
    if any(name in columns for name in _LON) and any(name in columns for name in _LAT):
        from twin.geo.crs import parse

        crs, at = parse("EPSG:4326"), (_LON, _LAT)
    pair = [next((columns[name] for name in names if name in columns), None) for names in at]
    if pair[0] is None or pair[1] is None:
        told = ", ".join(map(str, frame.columns[:12]))
        raise FormatError(f"has no columns `x` and `y`; it has: {told}", where=path.name)
    xy = np.column_stack([numbers(frame[name], str(name), path.name) for name in pair])
    if not np.isfinite(xy).all():
        row = int(np.flatnonzero(~np.isfinite(xy).all(axis=1))[0])
        raise FormatError(f"row {row + 1} has no coordinates", where=path.name)
    return of_rows(frame.drop(columns=pair), moved(xy, crs, target, path.name), path.name)


def read_table(path: Path) -> pd.DataFrame:
    """A table of text, whatever parts its columns: comma, semicolon or tab; with semicolons decimals may be written with a comma.

    Raises
    ------
    FormatError
        When it is none.
    """
    not_too_large(path)
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = [line for line in (file.readline() for _ in range(60)) if line.strip() and not line.startswith("#")]
        if not lines:
            raise FormatError("is empty", where=path.name)
        mark = max((";", "\t", ","), key=lines[0].count)
        decimal = "," if mark != "," and any(re.search(r"\d,\d", line) for line in lines[1:]) else "."
        frame = pd.read_csv(path, sep=mark, decimal=decimal, comment="#", skipinitialspace=True, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError("is not text in UTF-8", where=path.name, hint="save the file as UTF-8") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise FormatError(f"is not a table: {str(error)[:150]}", where=path.name) from None
    if not isinstance(frame.index, pd.RangeIndex):
        # more values than names: pandas takes the first for an index; where rows only end with a mark the last are empty
        every = frame.reset_index()
        if every.iloc[:, len(frame.columns) :].notna().any(axis=None):
            hint = "decimals have a point where commas part the columns" if mark == "," else "give every column a name"
            raise FormatError(f"has rows with more than its {len(frame.columns)} columns", where=path.name, hint=hint)
        frame = every.iloc[:, : len(frame.columns)].set_axis(frame.columns, axis=1)
    if not len(frame) or len(frame.columns) < 2:
        raise FormatError("is not a table with a row of names and rows of values", where=path.name)
    return frame
