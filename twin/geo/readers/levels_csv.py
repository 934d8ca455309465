"""Groundwater levels as comma-separated text: of DINOloket, and series of the Dutch register of the subsurface (BRO)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.city import Source
from twin.geo.groundwater import level_columns, tube_id
from twin.geo.readers.columns import table
from twin.geo.readers.model import Findings, Reading, ReadOptions
from twin.geo.readers.source import Blob

MAX_BYTES = 1024 * 1024**2
MAX_ROWS = 10_000_000

_WELL = {
    "maaiveld (cm t.o.v. nap)": "surface_m",
    "meetpunt (cm t.o.v. nap)": "tube_top_m",
    "bovenkant filter (cm t.o.v. nap)": "filter_top_m",
    "onderkant filter (cm t.o.v. nap)": "filter_bottom_m",
}
"""Columns of a well in a file of DINOloket, in centimetres above NAP."""
_LEVEL = ("stand (cm t.o.v. nap)", "stand (cm t.o.v nap)")
_SERIES = ("beoordeelde waarde [m]", "voorlopige waarde [m]", "onbekend waarde [m]")
"""Columns of a series of the register, those that were judged in full first; checks by hand do not count."""


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read the levels of one or more tubes.

    Parameters
    ----------
    blob : Blob
    options : ReadOptions
        Nothing of it matters here.

    Returns
    -------
    Reading
        One row in ``wells`` for each tube; a series of the register has no place of its own.

    Raises
    ------
    FormatError
        When there are no levels, or the table is broken.
    """
    text = blob.no_more_than(MAX_BYTES, "can be read at once").decode("utf-8-sig", "replace")
    findings = Findings()
    first = text.lstrip().split("\n", 1)[0].replace('"', "").lower()
    if first.startswith("tijdstip,"):
        kind, rows, points = "series of levels, BRO", *_series(text, blob.name, findings)
    else:
        kind, rows, points = "groundwater levels, DINOloket", *_dino(text, blob.name, findings)
    from pyproj import CRS

    crs = CRS.from_epsg(7415)
    index = pd.Index([row.pop("id") for row in rows], name="id", dtype="str")
    columns = {name: values.array for name, values in table(rows, {"geometry", "id"}).items()}
    for name in _WELL.values():
        if name in columns:
            columns[name] = pd.to_numeric(pd.Series(columns[name]), errors="coerce").astype("float64").array
    frame = gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=gpd.GeoSeries(points, index=index, crs=crs), crs=crs)
    dates = sorted(row["last_level"] for row in rows if row["last_level"])
    date = dates[-1] if dates else ""
    return Reading(Source(blob.name, kind, sha256=blob.sha256, date=date), crs, findings, layers={"wells": frame}, date=date)


def _lines(text: str, where: str) -> Iterator[list[str]]:
    try:
        for number, line in enumerate(csv.reader(io.StringIO(text))):
            if number > MAX_ROWS:
                raise FormatError(f"more than {MAX_ROWS} rows", where=where)
            yield [value.strip() for value in line]
    except csv.Error as error:
        raise FormatError(f"broken table: {error}", where=where) from None


def _series(text: str, where: str, findings: Findings) -> tuple[list[dict[str, Any]], list[Any]]:
    """One series; the file does not say of which well, its name says of which dossier."""
    lines = _lines(text, where)
    header = [name.lower() for name in next(lines)]
    places = [header.index(name) for name in _SERIES if name in header]
    if not places:
        raise FormatError("there is no column with levels", where=where, hint=f"one of {', '.join(_SERIES)}")
    times, values = [], []
    lost = 0
    for line in lines:
        if not any(line):
            continue
        found = next((line[place] for place in places if place < len(line) and line[place]), "")
        level = _number(found)
        if level is None:
            lost += bool(found)
            continue
        times.append(line[0])
        values.append(level)
    when = _moments(times)
    lost += int(np.isnat(when).sum())
    if lost:
        findings.add("record", "", f"{lost} rows have no time or no number; left out", severity="error", path=where)
    if not values:
        raise FormatError("there are no levels in it", where=where)
    good = ~np.isnat(when)
    levels = pd.Series(np.array(values)[good], index=pd.DatetimeIndex(when[good]), dtype="float64")
    stem = PurePosixPath(where.split("!")[-1].replace("\\", "/")).name.split(".")[0]
    message = "a series has no place of its own, nor the id of a well: its row stands apart"
    findings.add("level-dossier", stem, message, severity="info", path=where)
    return [{"id": stem, "dossier": stem.split("_")[0], **level_columns(levels)}], [shapely.Point()]


def _dino(text: str, where: str, findings: Findings) -> tuple[list[dict[str, Any]], list[Any]]:
    """Tubes and levels of a file of DINOloket: a table of tubes, then one of levels."""
    wells: dict[tuple[str, str], dict[str, str]] = {}
    levels: dict[tuple[str, str], list[tuple[str, float]]] = {}
    header: list[str] = []
    lost = 0
    for line in _lines(text, where):
        low = [value.lower() for value in line]
        if low[:2] == ["locatie", "filternummer"]:
            header = low
            continue
        if not header or len(line) < 3 or not line[0]:
            continue
        key = line[0], line[1]
        row = dict(zip(header, line, strict=False))
        if "peildatum" not in header:
            wells[key] = row  # of several rows, the last one is what holds now
            continue
        level = next((_number(row[name]) for name in _LEVEL if row.get(name)), None)
        if level is None:
            lost += 1
            continue
        levels.setdefault(key, []).append((row["peildatum"], level * 0.01))
    if not wells and not levels:
        raise FormatError("there are neither tubes nor levels in it", where=where)
    if lost:
        findings.add("record", "", f"{lost} rows have no level above NAP; they do not count", severity="info", path=where)
    rows, points = [], []
    for key in dict.fromkeys([*wells, *levels]):
        row, point = _tube(key, wells.get(key, {}), levels.get(key, []), where, findings)
        rows.append(row)
        points.append(point)
    return rows, points


def _tube(
    key: tuple[str, str], well: dict[str, str], levels: list[tuple[str, float]], where: str, findings: Findings
) -> tuple[dict[str, Any], shapely.Point]:
    tube = int(key[1]) if key[1].isdigit() else None
    name = tube_id(key[0], tube)
    row: dict[str, Any] = {"id": name, "well": key[0], "tube_number": tube, "vertical_datum": "NAP"}
    for column, ours in _WELL.items():
        stated = _number(well.get(column, ""))
        row[ours] = None if stated is None else round(stated * 0.01, 4)
    when = _moments([time for time, _ in levels], day_first=True)
    values = np.array([value for _, value in levels], dtype=np.float64)
    good = ~np.isnat(when)
    if not good.all():
        message = f"{int((~good).sum())} levels have no date; left out"
        findings.add("record", name, message, severity="error", path=where)
    row |= level_columns(pd.Series(values[good].round(4), index=pd.DatetimeIndex(when[good]), dtype="float64"))
    known = {*_WELL, "locatie", "filternummer", "x-coordinaat", "y-coordinaat", ""}
    row |= {one: value for one, value in well.items() if one not in known and value and one not in row}
    x, y = _number(well.get("x-coordinaat", "")), _number(well.get("y-coordinaat", ""))
    if x is None or y is None:
        findings.add("no-place", name, "the file does not say where the tube is", path=where)
        return row, shapely.Point()
    return row, shapely.Point(x, y)


def _moments(times: list[str], *, day_first: bool = False) -> NDArray[np.datetime64]:
    """Times as DINOloket (``28-02-1985``) or the register (ISO 8601, or milliseconds since 1970) writes them; NaT for none."""
    text = pd.Series(times, dtype="str")
    if day_first:
        found = pd.to_datetime(text, format="%d-%m-%Y", errors="coerce")
        return found.to_numpy(dtype="datetime64[s]")
    if len(text) and text.str.fullmatch(r"\d{9,14}").all():
        return pd.to_datetime(pd.to_numeric(text), unit="ms").to_numpy(dtype="datetime64[s]")
    found = pd.to_datetime(text, utc=True, errors="coerce", format="ISO8601")
    return found.dt.tz_localize(None).to_numpy(dtype="datetime64[s]")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e7 else None
