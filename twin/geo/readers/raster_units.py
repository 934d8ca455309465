"""Units of heights: feet and the like to metres, and the vertical system that goes with metres."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproj import CRS

FOOT_M, SURVEY_FOOT_M = 0.3048, 1200 / 3937
"""International foot (1959) and the survey foot of the United States (1893) [m]."""

UNITS = {
    "": 1.0, "m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "meter(s)": 1.0, "mtr": 1.0,
    "cm": 0.01, "centimetre": 0.01, "centimeter": 0.01, "centimetres": 0.01, "centimeters": 0.01,
    "dm": 0.1, "decimetre": 0.1, "decimeter": 0.1, "mm": 0.001, "millimetre": 0.001, "millimeter": 0.001,
    "ft": FOOT_M, "foot": FOOT_M, "feet": FOOT_M, "international foot": FOOT_M, "international feet": FOOT_M,
    "us-ft": SURVEY_FOOT_M, "ftus": SURVEY_FOOT_M, "us survey foot": SURVEY_FOOT_M, "us survey feet": SURVEY_FOOT_M,
    "us_survey_foot": SURVEY_FOOT_M, "foot_us": SURVEY_FOOT_M,
}  # fmt: skip
"""Names of units of length, in lower case, and how many metres each has."""

_METRE_OF = {6360: 5703, 8228: 5703, 6358: 5702, 5702: 5702, 5754: 5753}
"""Vertical systems in feet (EPSG) and the one of the same datum in metres, where there is one."""


MARGIN_M = 100.0
"""Rasters are read this far beyond a clip: a building on its edge stays whole, and needs its roof and its ground [m]."""

_DEGREE_M = 111_320.0


def with_margin(
    box: tuple[float, float, float, float] | None, crs: CRS | None
) -> tuple[float, float, float, float] | None:
    """A window (west, south, east, north) in a CRS, wider by `MARGIN_M` on each side; None stays None."""
    if box is None:
        return None
    west, south, east, north = box
    unit = 1.0 if crs is None else float(crs.axis_info[0].unit_conversion_factor)
    if crs is not None and crs.is_geographic:
        tall = MARGIN_M / _DEGREE_M
        wide = tall / max(math.cos(math.radians(min(abs(south), abs(north)))), 0.01)
    else:
        wide = tall = MARGIN_M / unit
    return west - wide, south - tall, east + wide, north + tall


def metres_per(unit: str) -> float | None:
    """Metres in a unit; None for one that is not known."""
    return UNITS.get(unit.strip().lower())


def vertical_factor(crs: CRS | None) -> float:
    """Metres in the unit of the heights of a system; 1 when it has none."""
    if crs is None:
        return 1.0
    parts = crs.sub_crs_list if crs.is_compound else [crs]
    for part in parts:
        if part.is_vertical:
            return float(part.axis_info[0].unit_conversion_factor)
    if not crs.is_compound and len(crs.axis_info) == 3:
        return float(crs.axis_info[2].unit_conversion_factor)
    return 1.0


def in_metres_up(crs: CRS | None) -> CRS | None:
    """The system with its heights in metres, the horizontal part as it is."""
    if crs is None or not crs.is_compound or vertical_factor(crs) == 1.0:
        return crs
    from pyproj import CRS as Crs
    from pyproj.crs import CompoundCRS

    horizontal, up = crs.sub_crs_list[0], crs.sub_crs_list[1]
    code = _METRE_OF.get(up.to_epsg() or 0)
    if code is not None:
        metric = Crs.from_epsg(code)
    else:
        document = up.to_json_dict()
        document.pop("id", None)
        document["name"] = f"{document['name'].split('(')[0].strip()} in metres"
        document["coordinate_system"]["axis"][0]["unit"] = "metre"
        metric = Crs.from_json_dict(document)
    return CompoundCRS(f"{horizontal.name} + {metric.name}", [horizontal, metric])
