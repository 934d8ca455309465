"""Factors of rows, of a table or of points: a column a direction, or a row a direction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.impacts.wind_factors.directions import BY_DIRECTION, DIRECTION, in_order
from twin.impacts.wind_factors.model import Factors

_LEVEL = ("level", "niveau")
_ID = ("id", "point", "punt", "name", "naam")
_FACTOR = ("factor", "gamma", "ratio", "amplification", "velocity_ratio", "windfactor", "speed", "speed_m_s")


def of_rows(frame: pd.DataFrame, xy: NDArray[np.float64], name: str) -> Factors:
    """Factors of rows in either form: a column a direction, or a row a direction."""
    frame = frame.rename(columns={one: str(one).strip().lower() for one in frame.columns})
    level, ids = (next((one for one in names if one in frame), None) for names in (_LEVEL, _ID))
    levels, names = (
        np.full(len(frame), plain, dtype=object) if column is None else frame[column].fillna(plain).astype(str).to_numpy(object)
        for column, plain in ((level, "street"), (ids, ""))
    )
    direction, factor = (next((one for one in known if one in frame), None) for known in (DIRECTION, _FACTOR))
    if direction is not None and factor is not None:
        return _of_long(
            xy, levels, names, numbers(frame[direction], direction, name), numbers(frame[factor], factor, name), name
        )
    matched = ((BY_DIRECTION.match(str(one)), one) for one in frame.columns if one not in (level, ids))
    wide = [(float(found[1]), one) for found, one in matched if found]
    if not wide:
        raise FormatError(
            f"has neither a column a direction nor `direction` and `factor`; it has: {', '.join(map(str, frame.columns[:12]))}",
            where=name, hint="name columns by the direction that the wind comes from: 0, 30, ... or factor_0, factor_30, ...",
        )  # fmt: skip
    of, columns = in_order([angle for angle, _ in wide], name)
    values = np.column_stack([numbers(frame[wide[k][1]], wide[k][1], name) for k in columns])
    return Factors(xy, values, of, levels, names)


def _of_long(
    xy: NDArray[np.float64], levels: NDArray[Any], names: NDArray[Any], angle: NDArray[np.float64], factor: NDArray[np.float64],
    name: str,
) -> Factors:  # fmt: skip
    if not np.isfinite(angle).all():
        raise FormatError(f"row {int(np.flatnonzero(~np.isfinite(angle))[0]) + 1} has no direction", where=name)
    turned = np.round(angle, 3)
    if ((turned < 0.0) | (turned > 360.0)).any():
        bad = turned[(turned < 0.0) | (turned > 360.0)][0]
        raise FormatError(f"{bad:g} is no direction: they are 0 to 360 degrees from north clockwise", where=name)
    of = np.unique(turned % 360.0)
    key = pd.MultiIndex.from_arrays([xy[:, 0].round(3), xy[:, 1].round(3), levels])
    number, points = pd.factorize(key)
    column = np.searchsorted(of, turned % 360.0)
    cell = number.astype(np.int64) * len(of) + column
    once, counts = np.unique(cell, return_counts=True)
    if (counts > 1).any():
        row = int(np.flatnonzero(cell == once[counts > 1][0])[1])
        x, y = xy[row]
        raise FormatError(f"({x:g}, {y:g}) has direction {turned[row]:g} twice", where=name)
    values = np.full((len(points), len(of)), np.nan)
    values.ravel()[cell] = factor
    first = np.unique(number, return_index=True)[1]
    return Factors(xy[first], values, of, levels[first], names[first])


def numbers(column: pd.Series, name: str, file: str) -> NDArray[np.float64]:
    """A column as numbers; what is empty is NaN, and what is no number is an error."""
    made = pd.to_numeric(column, errors="coerce")
    text = column.astype(str).str.strip()
    bad = made.isna() & column.notna() & ~text.isin(("", "nan", "NaN", "-", "n/a", "NULL"))
    if bad.any():
        row = int(np.flatnonzero(bad.to_numpy())[0])
        raise FormatError(f"row {row + 1} of column `{name}` is `{text.iloc[row][:30]}`, not a number", where=file)
    values = made.to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isinf(values), np.nan, values)
