"""Values of OpenStreetMap tags as numbers with units: lengths, angles, speeds, layers, truth."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

FOOT_M = 0.3048
"""International foot [m]."""
INCH_M = 0.0254
"""Inch [m]."""
MILE_M = 1609.344
"""International mile [m]; speeds in ``mph``."""
KNOT_KM_H = 1.852
"""Knot [km/h]."""
WALK_KM_H = 5.0
"""What ``maxspeed=walk`` stands for [km/h]; German courts take 4 to 7 for ``Schrittgeschwindigkeit``."""
MAX_LAYER = 20
"""The wiki's proposal keeps layers within -5 and 5; a number beyond this one is a typing error."""

COMPASS = {
    name: 22.5 * number
    for number, name in enumerate(
        ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
    )
}
"""Azimuth of each point of the compass, from north clockwise [deg]."""

_NUMBER = r"([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+))"
_LENGTH = re.compile(rf"^~?\s*{_NUMBER}\s*([a-zA-Z]*)\.?$")
_FEET = re.compile(rf"^{_NUMBER}\s*(?:'|′|ft\.?|feet)\s*(?:{_NUMBER}\s*(?:\"|″|''|in\.?|inch(?:es)?)?)?$", re.IGNORECASE)
_INCHES = re.compile(rf"^{_NUMBER}\s*(?:\"|″|''|in|inch|inches)$", re.IGNORECASE)
_PLAIN = re.compile(rf"^{_NUMBER}$")
_ANGLE = re.compile(rf"^{_NUMBER}\s*(?:°|deg|degrees)?$", re.IGNORECASE)
_PERCENT = re.compile(rf"^{_NUMBER}\s*%$")
_SPEED = re.compile(rf"^{_NUMBER}\s*(km/h|kmh|kph|mph|knots)?$", re.IGNORECASE)

_MASS = re.compile(rf"^{_NUMBER}\s*(t|kg|st|lbs?)?$", re.IGNORECASE)
_TONNES = {"t": 1.0, "kg": 0.001, "st": 0.90718474, "lb": 0.00045359237, "lbs": 0.00045359237}

_UNITS = {
    "": 1.0, "m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0, "mtr": 1.0,
    "cm": 0.01, "mm": 0.001, "km": 1000.0, "mi": MILE_M, "yd": 0.9144, "yards": 0.9144,
    "ft": FOOT_M, "feet": FOOT_M, "foot": FOOT_M, "in": INCH_M, "inch": INCH_M, "inches": INCH_M,
}  # fmt: skip


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def length_m(value: str | None) -> float | None:
    """A length as mappers write it, in metres.

    ``"3,5 m"``, ``"12 ft"``, ``"10'6\\""``, ``"120 cm"``; a bare number is in metres. Of several values, as in
    ``"3;4"``, none is taken.

    Returns
    -------
    float or None
        [m]; None where it is not a finite length.
    """
    if value is None:
        return None
    text = value.strip()
    if len(text) > 40:
        return None
    feet = _FEET.match(text)
    if feet:
        whole = _number(feet[1])
        inches = _number(feet[2]) if feet[2] else 0.0
        return _finite(whole * FOOT_M + math.copysign(inches * INCH_M, whole))
    inches_only = _INCHES.match(text)
    if inches_only:
        return _finite(_number(inches_only[1]) * INCH_M)
    match = _LENGTH.match(text)
    if match is None or match[2].lower() not in _UNITS:
        return None
    return _finite(_number(match[1]) * _UNITS[match[2].lower()])


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def number(value: str | None) -> float | None:
    """A bare number, with a point or a comma; None where it is none."""
    match = _PLAIN.match(value.strip()) if value is not None and len(value) <= 40 else None
    return None if match is None else _finite(_number(match[1]))


def mass_t(value: str | None) -> float | None:
    """A mass as mappers write it, in tonnes; None where it is none.

    ``"3.5"``, ``"3,5 t"``, ``"3500 kg"``, ``"10 st"`` (of 2,000 lb); a bare number is in tonnes.
    """
    match = _MASS.match(value.strip()) if value is not None and len(value) <= 40 else None
    return None if match is None else _finite(_number(match[1]) * _TONNES[(match[2] or "t").lower()])


def angle_deg(value: str | None) -> float | None:
    """An angle in degrees; ``"45°"`` too."""
    match = _ANGLE.match(value.strip()) if value is not None and len(value) <= 40 else None
    return None if match is None else _finite(_number(match[1]))


def azimuth_deg(value: str | None) -> float | None:
    """A direction from north clockwise in [0, 360) [deg]: a number or a point of the compass (``"NNE"``)."""
    if value is None:
        return None
    point = COMPASS.get(value.strip().upper())
    if point is not None:
        return point
    angle = angle_deg(value)
    return None if angle is None else angle % 360.0


def incline(value: str | None) -> float | None:
    """Slope along the way as rise over run; ``"8%"``, ``"5°"``; None for ``up``, ``down`` and what is no slope."""
    if value is None or len(value) > 40:
        return None
    percent = _PERCENT.match(value.strip())
    if percent:
        return _finite(_number(percent[1]) / 100.0)
    angle = angle_deg(value) if not _PLAIN.match(value.strip()) else None
    return math.tan(math.radians(angle)) if angle is not None and abs(angle) < 90 else None


def climbs(value: str | None) -> int:
    """Whether a way with this ``incline`` rises (1) or falls (-1) along its nodes; 0 where that is not known."""
    if value is None:
        return 0
    word = value.strip().lower()
    if word in ("up", "down"):
        return 1 if word == "up" else -1
    slope = incline(value) or number(value)
    return 0 if not slope else (1 if slope > 0 else -1)


def speed_km_h(value: str | None) -> float | None:
    """A speed limit; ``"30 mph"``, ``"walk"``; None for words such as ``none`` and ``signals``."""
    if value is None or len(value) > 40:
        return None
    if value.strip().lower() == "walk":
        return WALK_KM_H
    match = _SPEED.match(value.strip())
    if match is None:
        return None
    unit = (match[2] or "").lower()
    factor = {"mph": MILE_M / 1000.0, "knots": KNOT_KM_H}.get(unit, 1.0)
    return _finite(_number(match[1]) * factor)


def truth(value: str | None) -> bool | None:
    """Truth of a tag: None where it is absent, False for ``no``, True for anything else (``bridge=viaduct``)."""
    if value is None:
        return None
    return value.strip().lower() not in ("no", "false", "0", "none", "")


def layer_of(tags: Mapping[str, str]) -> int | None:
    """The stated ``layer``; None where it is absent or not a whole number that a map can have."""
    stated = number(tags.get("layer"))
    if stated is None or stated != round(stated) or abs(stated) > MAX_LAYER:
        return None
    return int(stated)
