"""Heights and roof of a building from the tags of OpenStreetMap's Simple 3D Buildings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from shapely.geometry.base import BaseGeometry

from twin.geo.heights import STOREY_M
from twin.geo.readers.model import Findings
from twin.geo.readers.osm_tags import angle_deg, azimuth_deg, length_m, number
from twin.geo.roofs import LOFTS, SAME, SHAPES, Frame, main_frame, roof_span

HIGHEST_M = 1000.0
"""No building is higher (the highest in the world has 828 m) [m]."""

HEIGHT_TAGS = ("height", "building:height", "est_height")
"""Tags that state the height of the top above the ground, most trusted first."""

MIN_HEIGHT_TAGS = ("min_height", "building:min_height")
"""Tags that state the height of the underside above the ground."""

ROOF_STOREYS = 1.0
"""A pitched roof of which nothing is stated has the height of so many storeys, and at most half of the building."""

CANOPY_M = 0.3
"""Thickness of a roof without walls (``building=roof``) of which only the top is known [m]."""

WITHOUT_RIDGE = frozenset({"flat", "pyramidal", "cone", "dome", "onion", "skillion"})
"""Shapes for which ``roof:direction`` does not turn a ridge."""


class Measures(NamedTuple):
    """What stands on one footprint.

    Parameters
    ----------
    base, eaves, top : float
        Heights above the ground [m].
    shape : str
        One of `twin.geo.roofs.SHAPES`.
    frame : Frame or None
        Where the ridge runs; None for a flat roof.
    direction_deg : float or None
        Azimuth towards which a skillion falls [deg].
    height_from, roof_from : str
        Tags that gave the heights; ``"assumed"`` where none did.
    """

    base: float
    eaves: float
    top: float
    shape: str
    frame: Frame | None
    direction_deg: float | None
    height_from: str
    roof_from: str


def stated_m(tags: Mapping[str, str], names: tuple[str, ...], object_id: str, findings: Findings) -> tuple[float | None, str]:
    """The first usable length of some tags with the tag's name; one that cannot be read or be is noted."""
    for name in names:
        if name not in tags:
            continue
        value = length_m(tags[name])
        if value is not None and -100.0 <= value <= HIGHEST_M:
            return value, name
        why = "is not a length" if value is None else f"of {value:g} m cannot be"
        findings.add("osm-height", object_id, f"{name}={tags[name][:60]!r} {why}; not used", path=name)
    return None, ""


def storeys(tags: Mapping[str, str], name: str, object_id: str, findings: Findings) -> float | None:
    """A number of storeys; one that cannot be read or be is noted."""
    if name not in tags:
        return None
    value = number(tags[name])
    if value is not None and 0 <= value <= HIGHEST_M / STOREY_M:
        return value
    findings.add("osm-height", object_id, f"{name}={tags[name][:60]!r} is not a number of storeys; not used", path=name)
    return None


def measures(tags: Mapping[str, str], footprint: BaseGeometry, object_id: str, findings: Findings) -> Measures | None:
    """Heights and roof of one building or part.

    The top is ``height``, else storeys of `STOREY_M` (``building:levels``, without those in the roof) with the roof on them.
    The roof is ``roof:height``, else ``roof:angle`` over its span, else ``roof:levels``, else what its shape is assumed to have.

    Parameters
    ----------
    tags : mapping of str to str
    footprint : shapely Polygon
        [m].
    object_id : str
        For messages.
    findings : Findings

    Returns
    -------
    Measures or None
        None where neither height nor storeys are known, or where the top would not be above the underside.
    """
    top, height_from = stated_m(tags, HEIGHT_TAGS, object_id, findings)
    levels = storeys(tags, "building:levels", object_id, findings)
    if top is None and levels is None:
        return None
    base, _ = stated_m(tags, MIN_HEIGHT_TAGS, object_id, findings)
    if base is None:
        base = (storeys(tags, "building:min_level", object_id, findings) or 0.0) * STOREY_M
    shape = roof_shape(tags, object_id, findings)
    frame = None if shape == "flat" else frame_of(tags, footprint, shape)
    direction = azimuth_deg(tags.get("roof:direction"))
    roof, roof_from = _roof_height(tags, footprint, shape, frame, direction, object_id, findings)
    if top is None:
        assert levels is not None
        height_from = "building:levels"
        if roof is None:
            roof = _assumed_roof(shape, footprint, frame, levels * STOREY_M)
        top = levels * STOREY_M + roof
    if tags.get("building") == "roof" and not any(name in tags for name in (*MIN_HEIGHT_TAGS, "building:min_level")):
        base = max(top - max(roof or 0.0, CANOPY_M), 0.0)
    if top - base <= 0:
        message = f"its top ({top:g} m) is not above its underside ({base:g} m); not drawn"
        findings.add("osm-height", object_id, message, severity="error")
        return None
    body = top - base
    if roof is None:
        roof = min(_assumed_roof(shape, footprint, frame, body), body if shape in LOFTS else body / 2)
    if roof > body + 1e-6:
        message = f"a roof of {roof:g} m is higher than the {body:g} m of the building; cut to that"
        findings.add("osm-height", object_id, message)
    return Measures(base, top - min(roof, body), top, shape, frame, direction, height_from, roof_from)


def roof_shape(tags: Mapping[str, str], object_id: str, findings: Findings) -> str:
    """The shape of a roof; flat, with a finding, where it is one that is not built."""
    stated = tags.get("roof:shape", tags.get("building:roof:shape"))
    if stated is None:
        return "flat"
    word = stated.strip().lower()
    word = SAME.get(word, word)
    if word in SHAPES:
        return word
    findings.add("roof-shape", object_id, f"roof:shape={stated[:60]!r} is not built; drawn with a flat roof", path="roof:shape")
    return "flat"


def frame_of(tags: Mapping[str, str], footprint: BaseGeometry, shape: str) -> Frame:
    """Where the ridge runs: across ``roof:direction``, else by ``roof:orientation``, else along the longer side."""
    faces = azimuth_deg(tags.get("roof:direction"))
    if faces is not None and shape not in WITHOUT_RIDGE:
        return main_frame(footprint, ridge_deg=faces + 90.0)
    return main_frame(footprint, cross=tags.get("roof:orientation", "").strip().lower() == "across")


def _roof_height(
    tags: Mapping[str, str],
    footprint: BaseGeometry,
    shape: str,
    frame: Frame | None,
    direction: float | None,
    object_id: str,
    findings: Findings,
) -> tuple[float | None, str]:
    """Height of the roof as tags state it, and which one did [m]."""
    if shape == "skillion" and direction is None:
        message = "roof:direction is not stated: its skillion roof falls across the longer side"
        findings.add("roof-direction", object_id, message, severity="info", path="roof:direction")
    high, source = stated_m(tags, ("roof:height", "building:roof:height"), object_id, findings)
    if high is not None and high >= 0:
        # A flat roof may have a parapet; its height is not a slope.
        return (0.0 if shape == "flat" else high), source
    if shape == "flat" or frame is None:
        return 0.0, ""
    angle = angle_deg(tags.get("roof:angle"))
    if angle is not None and 0 < angle < 85:
        return math.tan(math.radians(angle)) * roof_span(shape, footprint, frame, direction), "roof:angle"
    levels = storeys(tags, "roof:levels", object_id, findings)
    if levels:
        return levels * STOREY_M, "roof:levels"
    return None, "assumed"


def _assumed_roof(shape: str, footprint: BaseGeometry, frame: Frame | None, body: float) -> float:
    """Height of a roof of which only the shape is known [m]: a half sphere for a dome, one storey for the others."""
    if shape == "flat" or frame is None:
        return 0.0
    if shape in ("dome", "round"):
        return min(frame.width, frame.length if shape == "dome" else frame.width) / 2
    if shape == "onion":
        return min(frame.width, frame.length)
    return min(ROOF_STOREYS * STOREY_M, max(body, STOREY_M))
