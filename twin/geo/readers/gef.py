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
from twin.geo.readers.sounding_rows import RD_BOUNDS, Sounding, note_depth, sounding_frame
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
        When there is no header or table, no place, or it is a report of another kind.
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
    surface, datum = _surface(header, name, findings)
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
        found.setdefault(number, Column(number, values[1], values[2], quantity, voids.get(number)))
    if not found or sorted(found) != list(range(1, len(found) + 1)) or len(found) > 200:
        raise FormatError("the lines `#COLUMNINFO` do not number the columns from 1 on", where=where)
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
    epsg = PLACES.get(code if code is not None else -1)
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
        message = f"({x:g}, {y:g}) is outside the Dutch grid; swapped or in another system?"
        findings.add("coordinates", name, message, path="#XYID")
    if epsg is None:
        message = f"`#XYID` has the system {values[0]!r}, which is not known"
        findings.add("no-crs", name, message, path="#XYID")
        return None, x, y
    return CRS.from_epsg(epsg), x, y


def _surface(header: Header, name: str, findings: Findings) -> tuple[float | None, str]:
    """Height of the ground and the datum it counts from; no height where the datum is not NAP."""
    values = header.first("ZID")
    code, height = (whole_of(values[0]) if values else None), (number_of(values[1]) if len(values) > 1 else None)
    if height is None:
        findings.add("surface-unknown", name, "the file does not state the height of the ground (`#ZID`)", path="#ZID")
        return None, ""
    if code == NAP:
        return height, "NAP"
    datum = HEIGHT_SYSTEMS.get(code if code is not None else -1, f"system {values[0]!r}")
    message = f"the ground is at {height:g} m above {datum}, not above NAP: its height is not used"
    findings.add("vertical-datum", name, message, path="#ZID")
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
