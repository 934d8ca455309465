"""GEF: cone penetration tests (GEF-CPT-Report) and boreholes (GEF-BORE-Report) of the Dutch ground survey.

The header is read here, for it says where the sounding stands and what its heights count from. The table is read by pygef,
of the extra ``stadstwin[subsurface]``, without letting it interpolate what was not measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from twin.errors import FormatError
from twin.geo.city import Source
from twin.geo.readers.gef_header import Column, Header, number_of, said, whole_of
from twin.geo.readers.gef_tables import Records, bore_table, cpt_table
from twin.geo.readers.model import Findings, Reading, ReadOptions
from twin.geo.readers.sounding_rows import (
    DEGREE_BOUNDS,
    NO_LEVEL,
    RD_BOUNDS,
    VOID_HEIGHT_M,
    Sounding,
    in_degrees,
    note_depth,
    outside_grid,
    sounding_frame,
)
from twin.geo.readers.source import Blob

if TYPE_CHECKING:
    from pyproj import CRS

MAX_BYTES = 64 * 1024**2
"""A sounding of 100 m every centimetre with twenty columns has about 2 MB."""

NAP = 31000
"""Code of Normaal Amsterdams Peil in ``#ZID`` (GEF 1.1, table of height systems)."""

HEIGHT_SYSTEMS = {31000: "NAP", 32000: "Ostend level", 32001: "TAW", 49000: "mean sea level", 1: "lowest astronomical tide"}
"""Height systems of ``#ZID`` by code."""

PLACES = {31000: 28992, 28992: 28992, 32000: 31370, 31370: 31370}
"""EPSG code of the system of coordinates by the code in ``#XYID``: 31000 is the Dutch grid, 32000 the Belgian Lambert grid.
Some writers state the EPSG code itself."""

DEGREES = {4326, 4258}
"""Systems in degrees that ``#XYID`` may state, by their EPSG codes: WGS 84 and ETRS89."""

_END = re.compile(r"^\s*#\s*EOH\b.*$", re.MULTILINE)
_CLASS = re.compile(r"(?:klasse|class|kl\.)\D*?(\d)", re.IGNORECASE)
_DAY = re.compile(r"^(\d{4})\D(\d{1,2})\D(\d{1,2})$|^(\d{1,2})\D(\d{1,2})\D(\d{4})$")


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read one sounding.

    Parameters
    ----------
    blob : Blob
    options : ReadOptions
        Nothing of it matters here.

    Returns
    -------
    Reading
        One row in ``soundings``; see `twin.geo.readers.sounding_rows`.

    Raises
    ------
    FormatError
        When there is no header or table, no place, a place in degrees under a system in metres, or it is a report of another kind.
    MissingExtraError
        When pygef is not installed.
    """
    text = _decoded(blob)
    end = _END.search(text)
    if end is None:
        raise FormatError("the header of the GEF file does not end: there is no line `#EOH=`", where=blob.name)
    header = Header(text[: end.start()])
    findings = Findings()
    kind = _kind(header, blob.name)
    columns = _columns(header, blob.name)
    body = text[end.end() :]
    name = _name(header, blob.name)
    table = (cpt_table if kind == "cpt" else bore_table)(Records(header, columns, body, name, blob.name), findings)
    crs, x, y = _place(header, name, blob.name, findings)
    surface, datum = _surface(header, name, blob.name, findings)
    row = Sounding(
        id=name,
        kind=kind,
        x=x,
        y=y,
        surface_m=surface,
        vertical_datum=datum,
        profile=table,
        date=_date(header, kind),
        depth_m=header.measured(16),
        predrilled_m=header.measured(13),
        water_level_m=header.measured(14),
        quality_class=_quality_class(header) if kind == "cpt" else None,
        attributes=_attributes(header),
    )
    note_depth(row, blob.name, findings)
    version = ".".join(part for part in header.first("GEFID")[:3] if part)
    report = "GEF-CPT-Report" if kind == "cpt" else "GEF-BORE-Report"
    owner = ", ".join(part for part in header.first("COMPANYID")[:1] if part)
    source = Source(blob.name, f"GEF {version} ({report})", credit=owner, sha256=blob.sha256, date=row.date)
    if crs is not None and crs.to_epsg() == 28992 and datum == "NAP":
        from pyproj import CRS

        crs = CRS.from_epsg(7415)
    return Reading(source, crs, findings, layers={"soundings": sounding_frame([row], crs)}, date=row.date)


def _decoded(blob: Blob) -> str:
    content = blob.no_more_than(MAX_BYTES, "a sounding has")
    if b"\0" in content:
        raise FormatError("the GEF file holds zero bytes; only the ASCII form is readable", where=blob.name)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _kind(header: Header, where: str) -> str:
    stated = [header.first(key)[0] for key in ("REPORTCODE", "PROCEDURECODE") if header.first(key)]
    for code in map(str.lower, stated):
        if "borehole" in code:
            hint = "GEF-BORE-Report and GEF-CPT-Report are; ask for one of these"
            raise FormatError("GEF-BOREHOLE-Report is not readable", where=where, hint=hint)
        if "bore" in code:
            return "borehole"
        if "cpt" in code:
            return "cpt"
    said = f"it says {stated[0]!r}" if stated else "there is neither `#REPORTCODE` nor `#PROCEDURECODE`"
    raise FormatError(f"the GEF file is no GEF-CPT-Report and no GEF-BORE-Report: {said}", where=where)


def _columns(header: Header, where: str) -> list[Column]:
    voids = {whole_of(values[0]): number_of(values[1]) for values in header.lines.get("COLUMNVOID", []) if len(values) > 1}
    found: dict[int, Column] = {}
    for values in header.lines.get("COLUMNINFO", []):
        number, quantity = (whole_of(values[place]) if len(values) > 3 else None for place in (0, -1))
        if number is None or quantity is None:
            raise FormatError(f"`#COLUMNINFO= {', '.join(values)}` is not a number, unit, name and quantity", where=where)
        if number in found:
            message = f"two lines `#COLUMNINFO` are of column {number}: {found[number].name} and {values[2]}"
            raise FormatError(message, where=where, hint="number the columns from 1 on, each once")
        found[number] = Column(number, values[1], values[2], quantity, voids.get(number))
    hint = "give a line for each column, such as `#COLUMNINFO= 1, m, length, 1` and `#COLUMNINFO= 2, MPa, cone resistance, 2`"
    if not found:
        raise FormatError("there are no lines `#COLUMNINFO`: nothing says what the columns are", where=where, hint=hint)
    if sorted(found) != list(range(1, len(found) + 1)) or len(found) > 200:
        numbers = ", ".join(map(str, sorted(found)[:20]))
        message = f"the lines `#COLUMNINFO` do not number the columns from 1 on, but {numbers}"
        raise FormatError(message, where=where, hint=hint)
    return [found[number] for number in sorted(found)]


def _name(header: Header, file: str) -> str:
    """The test's own name after the project's number, since tests are numbered within a project."""
    test = ", ".join(header.first("TESTID")).strip()
    if not test:
        return PurePosixPath(file.split("!")[-1].replace("\\", "/")).stem
    numbers = [part for part in header.first("PROJECTID") if any(letter.isdigit() for letter in part)]
    return f"{numbers[0]}/{test}" if numbers else test


def _place(header: Header, name: str, file: str, findings: Findings) -> tuple[CRS | None, float, float]:
    from pyproj import CRS

    values = header.first("XYID")
    x, y = (number_of(values[place]) if len(values) > place else None for place in (1, 2))
    if x is None or y is None:
        raise FormatError("the GEF file does not say where the sounding stands", where=file, hint="add a line `#XYID`")
    code = whole_of(values[0])
    if code in DEGREES:
        return (CRS.from_epsg(code), *_degrees(x, y, name, file, findings))
    epsg = PLACES.get(code if code is not None else -1)
    if in_degrees(x, y, stated=epsg is not None):
        stated = values[0] or "none"
        raise FormatError(
            f"`#XYID= {', '.join(values)}` places the sounding in degrees under a system in metres ({stated})", where=file,
            hint="write metres of the Dutch grid, such as `#XYID= 31000, 136780.0, 455850.0`, or say that these are degrees: "
            f"`#XYID= 4258, {x:g}, {y:g}` (ETRS89; 4326 is WGS 84)",
        )  # fmt: skip
    if code == 49000 and 2e6 <= x < 6e6:
        # Gauss-Krueger: the first digit of the easting is the zone.
        epsg = 31464 + int(x // 1e6)
    west, south, east, north = RD_BOUNDS
    if epsg is None and west <= x <= east and south <= y <= north:
        said = header.text("MEASUREMENTTEXT", 7)
        message = f"`#XYID` has the system {values[0]!r}; taken as the Dutch grid (EPSG:28992), where the coordinates fit"
        if "rijksdriehoek" not in said.lower():
            findings.add("crs-assumed", name, message, path="#XYID")
        epsg = 28992
    if epsg == 28992 and not (west <= x <= east and south <= y <= north):
        # a place that cannot be is none: the nearest sounding would be this one, wherever a pit is dug
        findings.add("coordinates", name, outside_grid(x, y, "`#XYID`"), severity="error", path=file)
        x, y = float("nan"), float("nan")
    if epsg is None:
        message = f"`#XYID` has the system {values[0]!r}, which is not known"
        findings.add("no-crs", name, message, path="#XYID")
        return None, x, y
    return CRS.from_epsg(epsg), x, y


def _degrees(x: float, y: float, name: str, file: str, findings: Findings) -> tuple[float, float]:
    """Longitude and latitude of a place that is stated in degrees, in whichever order; only in the Netherlands is that certain.

    Raises
    ------
    FormatError
        When it is not in the Netherlands either way.
    """
    west, south, east, north = DEGREE_BOUNDS
    for longitude, latitude in ((x, y), (y, x)):
        if west <= longitude <= east and south <= latitude <= north:
            told = f"`#XYID` states degrees: taken as longitude {longitude:g}, latitude {latitude:g}, in the Netherlands"
            findings.add("axis-order", name, told, severity="info", path=file)
            return longitude, latitude
    raise FormatError(
        f"`#XYID` states degrees ({x:g}, {y:g}), which are not in the Netherlands, in either order", where=file,
        hint="write metres of the Dutch grid, such as `#XYID= 31000, 136780.0, 455850.0`",
    )  # fmt: skip


def _surface(header: Header, name: str, file: str, findings: Findings) -> tuple[float | None, str]:
    """Height of the ground and the datum it counts from; no height where the datum is not NAP."""
    values = header.first("ZID")
    code, height = (whole_of(values[0]) if values else None), (number_of(values[1]) if len(values) > 1 else None)
    if height is None or not abs(height) < VOID_HEIGHT_M:
        zid = f"`#ZID= {', '.join(values)}`"
        said = f"{zid} is no height of the ground" if values else "there is no `#ZID`, the height of the ground"
        findings.add("surface-unknown", name, f"{said}: {NO_LEVEL} `#ZID= 31000, HEIGHT` [m NAP]", severity="error", path=file)
        return None, ""
    if code == NAP:
        return height, "NAP"
    datum = HEIGHT_SYSTEMS.get(code if code is not None else -1, f"system {values[0]!r}")
    message = f"the ground is at {height:g} m above {datum} (`#ZID`), not above NAP: {NO_LEVEL} `#ZID= 31000, HEIGHT` [m NAP]"
    findings.add("vertical-datum", name, message, severity="error", path=file)
    return None, datum


def _quality_class(header: Header) -> int | None:
    """Class of the test, 1 the best, in the name of its standard (NEN 5140, NEN-EN-ISO 22476-1 and -12)."""
    found = _CLASS.search(header.text("MEASUREMENTTEXT", 6))
    return int(found[1]) if found else None


def _date(header: Header, kind: str) -> str:
    stated = [header.text("MEASUREMENTTEXT", 16)] if kind == "borehole" else []
    stated += ["-".join(header.first(key)[:3]) for key in ("STARTDATE", "FILEDATE")]
    return next(filter(None, map(iso_day, stated)), "")


def iso_day(text: str) -> str:
    """A date as ISO 8601; empty when it is none."""
    import datetime

    found = _DAY.match(text.replace(" ", ""))
    if not found:
        return ""
    year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    try:
        return datetime.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def _attributes(header: Header) -> dict[str, Any]:
    """What else the header states, by keyword; ``MEASUREMENTVAR_13`` and the like where lines are numbered."""
    return {key: value for key, value in _pairs(header) if value not in (None, "")}


def _pairs(header: Header) -> Iterator[tuple[str, Any]]:
    for key, lines in header.lines.items():
        if key in ("COLUMN", "COLUMNINFO", "COLUMNVOID", "COLUMNSEPARATOR", "RECORDSEPARATOR", "EOH", "LASTSCAN"):
            continue
        if key in ("MEASUREMENTTEXT", "MEASUREMENTVAR", "REPORTTEXT", "SPECIMENTEXT", "SPECIMENVAR"):
            for values in lines:
                if len(values) > 1 and whole_of(values[0]) is not None:
                    value = number_of(values[1]) if key.endswith("VAR") else said(values)
                    yield f"{key}_{whole_of(values[0])}", value
        else:
            yield key, "; ".join(", ".join(values) for values in lines)
