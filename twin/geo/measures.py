"""Measures out of the columns that a source happens to have: by name in Dutch or English, in metres whatever unit it wrote."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.geo.readers.model import Findings

_NUMBER = re.compile(r"^\s*([+-]?\d+(?:[.,]\d+)?)\s*(mm|cm|m|meter|metres?)?\s*(?:\+?\s*NAP)?\s*$", re.IGNORECASE)
VOID = re.compile(r"^(|-|\?|n\.?v\.?t\.?|nan|none|null|onbekend|unknown|-999(\d*|\.\d+)|9999?(\.0+)?)$")
"""What stands in a field of which the value is not known, in lower case."""
_UNITS = {"mm": 0.001, "cm": 0.01, "m": 1.0, "meter": 1.0, "metre": 1.0, "metres": 1.0, "dm": 0.1}


class Measure(NamedTuple):
    """Values of one measure.

    Parameters
    ----------
    values : (N,) float64
        NaN where it is not stated [m].
    column : str
        Where it comes from; empty when no column states it.
    assumed : str
        The unit that was assumed because the values are too large for metres; empty when it was stated or is metres.
    refused : bool
        Whether the values of the column cannot be such a measure in any unit; they are NaN then.
    unread : tuple of (int, str)
        Rows in which the column says something that is no number, and what; they are NaN too.
    """

    values: NDArray[np.float64]
    column: str
    assumed: str = ""
    refused: bool = False
    unread: tuple[tuple[int, str], ...] = ()


def key_of(name: str) -> str:
    """A name of a column or layer in words: lower case, no accents, words apart by underscores (``DiepteVloer``: diepte_vloer)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
    return re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")


def measure(
    frame: gpd.GeoDataFrame | pd.DataFrame,
    names: Sequence[str],
    usual: tuple[float, float],
    units: Sequence[str] = ("cm", "mm"),
) -> Measure:
    """The first of some columns that states anything.

    Parameters
    ----------
    frame : DataFrame
    names : sequence of str
        As `key_of` spells them, most trusted first; a unit behind one (``_mm``, ``_cm``, ``_m``) is understood.
    usual : (smallest, largest)
        Between which the median of such a measure lies, by its size [m]. Values without a unit are metres when theirs does,
        else in the first of `units` in which it does; none of the values counts when there is no such unit.
    units : sequence of str
    """
    known: dict[str, str] = {}
    for column in frame.columns:
        known.setdefault(key_of(str(column)), str(column))
    for name in names:
        for unit in ("", "_m", "_cm", "_mm", "_dm", "_meter"):
            column = known.get(name + unit, "")
            if not column:
                continue
            values = _in_metres(frame[column])
            unread = _unread(frame[column], values)
            if not np.isfinite(values).any():
                # words in a column of any other name may well be about something else
                if unread and name == names[0]:
                    return Measure(values, column, unread=unread)
                continue
            factor = _UNITS.get((name + unit).rsplit("_", 1)[-1]) if "_" in name + unit else None
            found = Measure(values * factor, column) if factor is not None else _sized(values, column, usual, units)
            return found._replace(unread=unread)
    return Measure(np.full(len(frame), np.nan), "")


def _unread(column: pd.Series[float], values: NDArray[np.float64]) -> tuple[tuple[int, str], ...]:
    """Rows of a column that say something that is no number, and what."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return ()
    given: Sequence[object] = column.tolist()
    texts = ("" if one is None or one is pd.NA else str(one).strip() for one in given)
    return tuple((row, text) for row, text in enumerate(texts) if np.isnan(values[row]) and not VOID.match(text.lower()))


def _sized(values: NDArray[np.float64], column: str, usual: tuple[float, float], units: Sequence[str]) -> Measure:
    typical = float(np.nanmedian(np.abs(values)))
    if typical <= usual[1]:
        return Measure(values, column)
    for unit in units:
        if usual[0] <= typical * _UNITS[unit] <= usual[1]:
            return Measure(values * _UNITS[unit], column, unit)
    return Measure(np.full(len(values), np.nan), column, refused=True)


def told(found: Measure, ours: str, layer: str, findings: Findings | None) -> None:
    """Note what a column of a source was taken for."""
    if findings is None or not found.column:
        return
    if found.refused:
        message = f"the values of `{found.column}` cannot be {ours} in any unit; not used"
        findings.add("column-refused", "", message, path=layer)
        return
    if found.assumed:
        message = f"the values of `{found.column}` are too large for metres; taken as {found.assumed}"
        findings.add("unit-assumed", "", message, path=layer)
    if key_of(found.column) != ours:
        findings.add("column-taken", "", f"`{found.column}` is taken as {ours}", severity="info", path=layer)


def _in_metres(column: pd.Series[float]) -> NDArray[np.float64]:
    """Numbers of a column; text with a comma as the decimal sign or with a unit is read too."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return np.full(len(column), np.nan)
    if pd.api.types.is_numeric_dtype(column.dtype):
        found = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        found = np.array([_read(value) for value in column.tolist()], dtype=np.float64)
    void = (found > -1000.0) & (found <= -999.0)
    return np.where(np.isfinite(found) & (np.abs(found) < 9000) & ~void, found, np.nan)


def _read(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    match = _NUMBER.match(value) if isinstance(value, str) else None
    if match is None:
        return float("nan")
    unit = (match[2] or "m").lower()
    return float(match[1].replace(",", ".")) * _UNITS.get(unit, 1.0)


def words_of(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """The first text that each row states in some columns, in lower case; empty where there is none."""
    known = {key_of(str(column)): str(column) for column in reversed([str(one) for one in frame.columns])}
    found = [""] * len(frame)
    for name in names:
        if name in known:
            for row, value in enumerate(frame[known[name]].tolist()):
                if not found[row] and isinstance(value, str) and value.strip():
                    found[row] = value.strip().lower()
    return found
