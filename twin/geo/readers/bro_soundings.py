"""Soundings of the Dutch register of the subsurface: cone penetration tests, boreholes and soil faces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.readers.bro_document import (
    attributes,
    below,
    child,
    day,
    number,
    object_id,
    place,
    surface,
)
from twin.geo.readers.model import Findings
from twin.geo.readers.sounding_checks import see_measured
from twin.geo.readers.sounding_rows import Sounding, cpt_profile, layer_profile, note_depth

CPT_COLUMNS = (
    "penetrationLength",
    "depth",
    "elapsedTime",
    "coneResistance",
    "correctedConeResistance",
    "netConeResistance",
    "magneticFieldStrengthX",
    "magneticFieldStrengthY",
    "magneticFieldStrengthZ",
    "magneticFieldStrengthTotal",
    "electricalConductivity",
    "inclinationEW",
    "inclinationNS",
    "inclinationX",
    "inclinationY",
    "inclinationResultant",
    "magneticInclination",
    "magneticDeclination",
    "localFriction",
    "poreRatio",
    "temperature",
    "porePressureU1",
    "porePressureU2",
    "porePressureU3",
    "frictionRatio",
)
"""Values of each record of a cone penetration test, in this order (BRO, schema cptcommon 1.1)."""

VOID = -999999.0
"""A value that was not measured (BRO, catalogue of cone penetration tests)."""

MAX_RECORDS = 500_000

_RESULTS = {"cptResult", "conePenetrationTest", "dissipationTest", "values", "parameters", "registrationHistory"}
_SOIL_NAMES = (
    ("geotechnicalSoilName", "NEN-EN-ISO 14688"),
    ("soilNameNEN5104", "NEN 5104"),
    ("standardSoilName", "NEN 5104"),
    ("rockType", "NEN-EN-ISO 14689"),
    ("specialMaterial", "special material"),
    ("litterType", "litter"),
)
_LAYERS = ("layer", "soilLayer", "SoilLayer", "litterLayer", "LitterLayer")
_LOGS = ("descriptiveBoreholeLog", "result", "SoilProfile", "soilProfile")


def cpt(payload: Any, root: Any, file: str, findings: Findings) -> tuple[Sounding, Any]:
    """A cone penetration test and the system of its place.

    Raises
    ------
    FormatError
        When it has no result.
    """
    name = object_id(payload, root, file)
    survey = child(payload, "conePenetrometerSurvey")
    survey = payload if survey is None else survey
    result = next(below(survey, "cptResult", "conePenetrationTestResult"), None)
    if result is None:
        raise FormatError(f"the cone penetration test {name} has no result", where=file)
    values = _records(result, name, file, findings)
    crs, x, y = place(payload, name, file, findings)
    height, datum = surface(payload, name, file, findings)
    stated = attributes(payload, _RESULTS)
    stated["dissipationTests"] = sum(1 for _ in below(survey, "dissipationTest"))
    ground = child(payload, "additionalInvestigation")
    groundwater = None if ground is None else number(ground, "groundwaterLevel")
    test = child(survey, "conePenetrationTest")
    sounding = Sounding(
        id=name,
        kind="cpt",
        x=x,
        y=y,
        surface_m=height,
        vertical_datum=datum,
        profile=cpt_profile(values),
        date=(day(test, "phenomenonTime") if test is not None else "") or day(payload, "researchReportDate"),
        depth_m=next((value for one in below(survey, "finalDepth") if (value := number(one)) is not None), None),
        predrilled_m=next((value for one in below(survey, "predrilledDepth") if (value := number(one)) is not None), None),
        water_level_m=None if groundwater is None or height is None else height - groundwater,
        quality_class=_class(next((one.text or "" for one in below(survey, "qualityClass")), "")),
        attributes=stated,
    )
    note_depth(sounding, file, findings)
    return sounding, crs


def _class(stated: str) -> int | None:
    digits = stated.strip().lower().removeprefix("klasse")
    return int(digits) if digits in tuple("1234567") else None


def _records(result: Any, name: str, file: str, findings: Findings) -> dict[str, NDArray[np.float64]]:
    """Columns of the table of a test; those in which nothing was measured are left out."""
    encoding = next(below(result, "TextEncoding"), None)
    block, token, decimal = ";", ",", "."
    if encoding is not None:
        block, token = encoding.get("blockSeparator") or block, encoding.get("tokenSeparator") or token
        decimal = encoding.get("decimalSeparator") or decimal
    values = next(below(result, "values"), None)
    content = "" if values is None else (values.text or "").strip()
    rows: list[list[float]] = []
    lost = 0
    if content.count(block) > MAX_RECORDS:
        raise FormatError(f"the cone penetration test {name} has more than {MAX_RECORDS} records", where=file)
    for record in filter(None, map(str.strip, content.split(block))):
        parts = record.split(token)
        try:
            numbers = [float(part if decimal == "." else part.replace(decimal, ".")) for part in parts]
        except ValueError:
            numbers = []
        if len(numbers) == len(CPT_COLUMNS):
            rows.append(numbers)
        else:
            lost += 1
    there = len(rows) + lost
    counts = [number(value) for count in below(result, "elementCount") for value in below(count, "value")]
    promised = next((value for value in counts if value is not None), there)
    if promised != there:
        message = f"the document promises {promised:.0f} records (`elementCount`) and holds {there}"
        findings.add("record-count", name, message, severity="error" if promised > there else "warning", path=file)
    if lost:
        message = f"{lost} records are not {len(CPT_COLUMNS)} numbers; left out"
        findings.add("record", name, message, severity="error", path=file)
    table = np.array(rows, dtype=np.float64).reshape(-1, len(CPT_COLUMNS))
    table = np.where((table == VOID) | ~np.isfinite(table), np.nan, table)
    found = {key: table[:, place] for place, key in enumerate(CPT_COLUMNS)}
    see_measured(found, name, file, findings)
    return {key: column for key, column in found.items() if key == "penetrationLength" or np.isfinite(column).any()}


def borehole(payload: Any, root: Any, file: str, findings: Findings, kind: str = "borehole") -> tuple[Sounding, Any]:
    """A borehole (geotechnical, geological or of soil science) or a soil face, and the system of its place."""
    name = object_id(payload, root, file)
    crs, x, y = place(payload, name, file, findings)
    height, datum = surface(payload, name, file, findings)
    layers = _layers(payload, name, file, findings)
    boring = child(payload, "boring")
    groundwater = None if boring is None else number(boring, "groundwaterLevel")
    depths = [value for one in below(payload, "finalDepthBoring", "endDepthSoilFace") if (value := number(one)) is not None]
    depths = depths or [value for one in below(payload, "endDepth") if (value := number(one)) is not None]
    dates = [day(boring, key) for key in ("boringEndDate", "boringStartDate")] if boring is not None else []
    dates += [day(payload, key) for key in ("fieldworkDate", "researchReportDate", "reportStartDate")]
    dates += [day(one) for one in below(payload, "descriptionReportDate", "boringEndDate")]
    skip = {
        "layer",
        "soilLayer",
        "litterLayer",
        "registrationHistory",
        "reportHistory",
        "sampledInterval",
        "boreholeSampleAnalysis",
    }
    return Sounding(
        id=name,
        kind=kind,
        x=x,
        y=y,
        surface_m=height,
        vertical_datum=datum,
        profile=layer_profile(layers, name, file, findings),
        date=next(filter(None, dates), ""),
        depth_m=max(depths, default=None),
        water_level_m=None if groundwater is None or height is None else round(height - groundwater, 6),
        attributes=attributes(payload, skip),
    ), crs


def _layers(payload: Any, name: str, file: str, findings: Findings) -> list[dict[str, Any]]:
    """The layers of the first log that has any; a geotechnical borehole can be described up to three times."""
    logs = [
        (log, [one for one in below(log, *_LAYERS) if child(one, "upperBoundary") is not None]) for log in below(payload, *_LOGS)
    ]
    logs = [(log, layers) for log, layers in logs if layers]
    if not logs:
        findings.add("no-layers", name, "no layers are described", path=file)
        return []
    apart = [log for log, _ in logs if not any(other is not log and other in log.iterancestors() for other, _ in logs)]
    if len(apart) > 1:
        message = f"the borehole is described {len(apart)} times; the first is taken"
        findings.add("described-twice", name, message, severity="info", path=file)
    return [_layer(one) for one in logs[0][1]]


def _layer(layer: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"top_m": number(layer, "upperBoundary"), "bottom_m": number(layer, "lowerBoundary")}
    soil, system = "", ""
    for key, code_system in _SOIL_NAMES:
        soil = next((stated for one in below(layer, key) if (stated := (one.text or "").strip())), "")
        if soil:
            system = code_system
            break
    found |= {"soil": soil, "code_system": system, "description": described(soil)}
    known = {"upperBoundary", "lowerBoundary", *(key for key, _ in _SOIL_NAMES[:3])}
    return found | attributes(layer, known)


def described(name: str) -> str:
    """A name of the register in words: ``zwakZandigeKlei`` is ``zwak zandige klei``."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
