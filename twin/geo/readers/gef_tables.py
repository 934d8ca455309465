"""The table of a GEF file, by pygef: what was measured stays as measured, and what was not is missing."""

from __future__ import annotations

import io
import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import FormatError, MissingExtraError
from twin.geo.readers.gef_header import Column, Header, whole_of
from twin.geo.readers.gef_records import note_longer, note_repeated, see_depths, see_records
from twin.geo.readers.model import Findings
from twin.geo.readers.sounding_checks import see_measured
from twin.geo.readers.sounding_rows import cpt_profile, layer_profile
from twin.geo.soil import describe_nen5104

MAX_RECORDS = 500_000

QUANTITIES = {
    1: "penetrationLength",
    2: "coneResistance",
    3: "localFriction",
    4: "frictionRatio",
    5: "porePressureU1",
    6: "porePressureU2",
    7: "porePressureU3",
    8: "inclinationResultant",
    9: "inclinationNS",
    10: "inclinationEW",
    11: "depth",
    12: "elapsedTime",
    13: "correctedConeResistance",
    14: "netConeResistance",
    15: "poreRatio",
}
"""Quantities of a GEF-CPT-Report that mean something here (GEF-CPT 1.1.2, table of quantities)."""

BORE_QUANTITIES = {
    1: "top_m",
    2: "bottom_m",
    3: "clay_percent",
    4: "silt_percent",
    5: "sand_percent",
    6: "gravel_percent",
    7: "organic_percent",
    8: "sand_median_um",
    9: "gravel_median_mm",
}
"""Quantities of a GEF-BORE-Report. Its medians of sand are in micrometres whatever the header says: a sand has 63 to 2000."""

TO_MPA = {"mpa": 1.0, "mn/m2": 1.0, "n/mm2": 1.0, "kpa": 1e-3, "kn/m2": 1e-3, "pa": 1e-6, "bar": 0.1, "kg/cm2": 0.0980665}
"""Pressures in MPa by unit."""

_PRESSURES = (
    "coneResistance",
    "correctedConeResistance",
    "netConeResistance",
    "localFriction",
    "porePressureU1",
    "porePressureU2",
    "porePressureU3",
)
LENGTHS = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001}
"""Lengths in metres by unit."""

FAMILIES = {
    "frictionRatio": "percent", "inclinationResultant": "angle", "inclinationNS": "angle", "inclinationEW": "angle",
    "penetrationLength": "length", "depth": "length", "elapsedTime": "time",
}  # fmt: skip
"""What kind of unit a quantity has; pressures are looked at apart. A unit that is not known is taken to be the right one."""

_WHOLE = re.compile(r"(?<![\w.+\-'])([+-]?\d+)(?![\w.'])")
_INTERRUPTIONS = (KeyboardInterrupt, SystemExit, GeneratorExit)


class Records(NamedTuple):
    """What is needed to read the table of a GEF file.

    Parameters
    ----------
    header : Header
    columns : list of Column
        Numbered from 1 on.
    body : str
        All below the header.
    name, file : str
        Of the sounding and of the file, for messages.
    """

    header: Header
    columns: list[Column]
    body: str
    name: str
    file: str


def cpt_table(records: Records, findings: Findings) -> dict[str, Any]:
    """The profile of a cone penetration test; see `twin.geo.readers.sounding_rows.cpt_profile`.

    Raises
    ------
    FormatError
        When pygef cannot read the table, or nothing says how deep each record is.
    MissingExtraError
        When pygef is not installed.
    """
    columns, where = records.columns, records.file
    names = _unique([QUANTITIES.get(column.quantity, column.name or f"column {column.number}") for column in columns])
    if "penetrationLength" not in names:
        if "depth" not in names:
            raise FormatError("no column is the length of penetration or the depth", where=where)
        # pygef wants a length; the depth stands for it, and is one where the rods stay upright.
        names[names.index("depth")] = "penetrationLength"
    frame = _by_pygef("cpt", records, names)
    note_repeated(columns, records.name, records.file, findings)
    values = {name: np.asarray(frame[name].cast(float, strict=False).to_numpy(), dtype=np.float64) for name in names}
    for column, name in zip(columns, names, strict=True):
        void = -9999.0 if column.void is None else column.void
        values[name] = np.where(values[name] == void, np.nan, values[name])
        if name in _PRESSURES:
            values = _in_mpa(values, name, column.unit, records, findings)
        elif name in FAMILIES:
            values = _in_family(values, name, column.unit, records, findings)
    # pygef sorts by depth and takes the size of it: what the file says of the order is seen in its text
    length = names.index("penetrationLength")
    separator = _separator(records.header, "COLUMNSEPARATOR")
    see_depths(records.body, separator, length, columns[length].void, (records.name, where), findings)
    for name in ("penetrationLength", "depth"):
        if name in values:
            values[name] = np.abs(values[name])
    _note_lost(records, len(frame), findings)
    see_measured(values, records.name, records.file, findings)
    return cpt_profile(values)


def bore_table(records: Records, findings: Findings) -> dict[str, Any]:
    """The layers of a borehole; see `twin.geo.readers.sounding_rows.layer_profile`.

    Raises
    ------
    FormatError
        When pygef cannot read the table.
    MissingExtraError
        When pygef is not installed.
    """
    columns, where = records.columns, records.file
    ours = _unique([BORE_QUANTITIES.get(column.quantity, column.name or f"column {column.number}") for column in columns])
    if "top_m" not in ours or "bottom_m" not in ours:
        raise FormatError("no columns are the top and the bottom of each layer", where=where)
    theirs = ["upperBoundary" if name == "top_m" else "lowerBoundary" if name == "bottom_m" else name for name in ours]
    frame = _by_pygef("bore", records, theirs)
    rows: list[dict[str, Any]] = []
    for record in frame.to_dicts():
        row: dict[str, Any] = {}
        for column, name, theirs_name in zip(columns, ours, theirs, strict=True):
            value = record.get(theirs_name)
            void = -9999.99 if column.void is None else column.void
            if isinstance(value, int | float) and np.isfinite(value) and value != void:
                row[name] = float(value)
        row["soil"] = str(record.get("geotechnicalSoilCode") or "")
        row["code_system"] = "NEN 5104"
        row["description"] = describe_nen5104(row["soil"])
        row["iso14688"] = str(record.get("geotechnicalSoilName") or "")
        remarks = str(record.get("remarks") or "").strip()
        if remarks:
            row["remarks"] = remarks
        rows.append(row)
    _note_lost(records, len(frame), findings)
    return layer_profile(rows, records.name, records.file, findings)


def _unique(names: list[str]) -> list[str]:
    """Names of columns, each once: pygef stops at two columns of one name."""
    used: set[str] = set()
    found: list[str] = []
    for name in names:
        free, number = name, 1
        while free in used:
            number += 1
            free = f"{name} {number}"
        used.add(free)
        found.append(free)
    return found


def _prepared(body: str) -> str:
    """The records with every number as a fraction, and one kind of line end.

    A column whose first hundred records are whole (a void of 9999 above the predrilled depth) is taken for whole numbers by
    the library below pygef, which then stops at the first fraction.
    """
    parts = body.replace("\r\n", "\n").replace("\r", "\n").split("'")
    return "'".join(part if number % 2 else _WHOLE.sub(r"\1.0", part) for number, part in enumerate(parts))


def _by_pygef(kind: str, records: Records, names: list[str]) -> Any:
    """The table of pygef, of a document that has only what it needs: it stops at odd dates, codes and heights."""
    where, body = records.file, _prepared(records.body)
    try:
        import pygef
    except ImportError:
        raise MissingExtraError(
            "reading GEF needs pygef, which is not installed", where=where, hint="pip install 'stadstwin[subsurface]'"
        ) from None
    lines = ["#GEFID= 1, 1, 0", f"#REPORTCODE= GEF-{'CPT' if kind == 'cpt' else 'BORE'}-Report, 1, 1, 0", "#FILEDATE= 2000, 1, 1"]
    lines += ["#XYID= 31000, 0.0, 0.0", "#ZID= 31000, 0.0", f"#TESTID= {kind}", f"#COLUMN= {len(names)}"]
    # The quantity 900 is nobody's, so pygef keeps our name.
    lines += [f"#COLUMNINFO= {number}, -, {_plain(name)}, 900" for number, name in enumerate(names, 1)]
    for key in ("COLUMNSEPARATOR", "RECORDSEPARATOR"):
        separator = _separator(records.header, key)
        if separator and not (key == "RECORDSEPARATOR" and separator not in body):
            lines.append(f"#{key}= {separator}")
    text = "\n".join([*lines, "#EOH=", body.strip("\n")]) + "\n"
    if body.count("\n") > MAX_RECORDS:
        raise FormatError(f"more than {MAX_RECORDS} records", where=where)
    if not body.strip():
        raise FormatError("the GEF file has no records", where=where)
    try:
        stream = io.BytesIO(text.encode())
        if kind == "cpt":
            table = pygef.read_cpt(stream, replace_column_voids=False, remove_pre_excavated_rows=False).data
        else:
            table = pygef.read_bore(stream).data
        renamed = {_plain(name): name for name in names}
        return table.rename({name: renamed[name] for name in table.columns if name in renamed})
    except _INTERRUPTIONS:
        raise
    except BaseException as error:  # the library is partly Rust, whose panics are not exceptions of the usual kind
        see_records(records.body, _separator(records.header, "COLUMNSEPARATOR"), len(names), where, text=kind != "cpt")
        what = str(error).strip().split("\n")[0][:160]
        raise FormatError(f"the records of the GEF file cannot be read: {what}", where=where) from None


def _plain(name: str) -> str:
    return re.sub(r"[^\w %]", "_", name)[:60]


def _separator(header: Header, key: str) -> str:
    values = header.lines.get(key, [[]])[0]
    # A comma as a separator was split away with the commas of the header.
    return values[0][:1] if values and values[0] else ("," if len(values) > 1 else "")


def _in_mpa(
    values: dict[str, NDArray[np.float64]], name: str, unit: str, records: Records, findings: Findings
) -> dict[str, NDArray[np.float64]]:
    factor = TO_MPA.get(unit.lower().replace(" ", "").replace("²", "2"))
    if factor is None:
        message = f"{name} is in {unit or 'no unit'}, which is no pressure; kept under that name, not used"
        findings.add("unit", records.name, message, path=records.file)
        return {f"{key}_{unit or 'unknown'}" if key == name else key: column for key, column in values.items()}
    values[name] = values[name] * factor
    return values


def _family(unit: str) -> str:
    """What kind of unit this is; empty for one that is not known."""
    plain = unit.lower().replace(" ", "").replace("²", "2")
    if plain in LENGTHS:
        return "length"
    if plain in TO_MPA or plain in ("n", "kn", "mn"):
        return "pressure"
    if "%" in plain or plain.startswith("perc"):
        return "percent"
    if plain in ("s", "sec", "min"):
        return "time"
    return "angle" if any(word in plain for word in ("deg", "grad", "°", "rad")) else ""


def _in_family(
    values: dict[str, NDArray[np.float64]], name: str, unit: str, records: Records, findings: Findings
) -> dict[str, NDArray[np.float64]]:
    """Lengths in metres; a column with a unit of another kind than its quantity has is kept under another name."""
    family = _family(unit)
    if family == "length" and FAMILIES[name] == "length":
        values[name] = values[name] * LENGTHS[unit.lower().replace(" ", "")]
        return values
    if family in ("", FAMILIES[name]):
        return values
    if name == "penetrationLength":
        message = f"the length of penetration is in {unit}, which is no length"
        raise FormatError(message, where=records.file, hint="it is in m as a rule")
    message = f"{name} is in {unit}, which is no {FAMILIES[name]}; kept under that name, not used"
    findings.add("unit", records.name, message, path=records.file)
    return {f"{key}_{unit}" if key == name else key: column for key, column in values.items()}


def _note_lost(records: Records, rows: int, findings: Findings) -> None:
    """Note records that the table lacks: of those in the file, and of those that the header promises."""
    body, separator = records.body, _separator(records.header, "RECORDSEPARATOR")
    pieces = body.split(separator) if separator and separator in body else body.splitlines()
    there = sum(bool(piece.strip()) for piece in pieces)
    if there > rows:
        message = f"{there - rows} records lack a value or are not numbers; left out"
        findings.add("record", records.name, message, severity="error", path=records.file)
    _note_count(records, there, findings)
    note_longer(pieces, _separator(records.header, "COLUMNSEPARATOR"), len(records.columns), records.name, records.file, findings)
    if separator and separator in body and pieces[-1].strip():
        message = f"the last record does not end with {separator!r}: is it cut off?"
        findings.add("record-count", records.name, message, severity="error", path=records.file)


def _note_count(records: Records, there: int, findings: Findings) -> None:
    """Note where the file holds other numbers of records and columns than its header promises."""
    header = records.header
    stated = [header.first(key) for key in ("FIRSTSCAN", "LASTSCAN", "COLUMN")]
    first, last, columns = (whole_of(values[0]) if values else None for values in stated)
    if last is not None:
        promised = last - (1 if first is None else first) + 1
        if there < promised:
            message = f"the header promises {promised} records (`#LASTSCAN`), the file holds {there}: download it again"
            findings.add("record-count", records.name, message, severity="error", path=records.file)
        elif there > promised:
            message = f"the header promises {promised} records (`#LASTSCAN`), the file holds {there}; all are taken"
            findings.add("record-count", records.name, message, path=records.file)
    if columns is not None and columns != len(records.columns):
        message = f"the header promises {columns} columns (`#COLUMN`) and describes {len(records.columns)}, which are taken"
        findings.add("record-count", records.name, message, path=records.file)
