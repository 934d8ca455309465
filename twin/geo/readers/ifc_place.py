"""Where an IFC model is on Earth: from what its file says, to a plane in metres."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import CRSError
from twin.geo.crs import parse, plane_for, require_metres, short_name
from twin.geo.readers.model import Findings

if TYPE_CHECKING:
    from pyproj import CRS

SCALE_TOLERANCE = 0.02
"""A scale within this of 1 (in metres) is that of a map projection, which is off by less than 1 % wherever one builds."""

_EPSG = re.compile(r"\b(?:EPSG\s*:{1,2}\s*|urn:ogc:def:crs:EPSG:[^:]*:)(\d{4,6})\b", re.IGNORECASE)
_NAME = re.compile(r"^[\w ./()+-]{3,80}$")
NAP = ("nap", "normaal amsterdams peil", "amsterdam ordnance datum")


@dataclass(frozen=True, slots=True)
class MapPlace:
    """How coordinates of a project become ones on the map: turned, scaled, moved.

    Parameters
    ----------
    crs : pyproj.CRS or None
        None: the model is nowhere on Earth.
    origin : (3,) float64
        Where the origin of the project comes to lie [m].
    cosine, sine : float
        Of the angle from the map's east to the project's x, counter-clockwise.
    factor : (3,) float64
        Map metres a project metre along x, y and z of the project.
    """

    crs: CRS | None = None
    origin: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    cosine: float = 1.0
    sine: float = 0.0
    factor: NDArray[np.float64] = field(default_factory=lambda: np.ones(3))

    def on_map(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the project (N, 3) on the map, without `origin` [m]."""
        x, y, z = (points * self.factor).T
        return np.column_stack([x * self.cosine - y * self.sine, x * self.sine + y * self.cosine, z])


def place_of(told: Mapping[str, Any], name: str, findings: Findings) -> MapPlace:
    """Where a model is.

    By an IfcMapConversion (or its later kin, or the property sets that stand for it in IFC2X3) with its CRS; else by latitude,
    longitude and true north of the site, which is told to be approximate; else nowhere.

    Parameters
    ----------
    told : mapping
        ``unit_m``, ``operations``, ``sites`` and ``north`` as `ifc_child.georeference` finds them.
    name : str
        Of the file, for messages.
    findings : Findings
    """
    for operation in told.get("operations", ()):
        place = _by_operation(operation, float(told.get("unit_m") or 1.0), name, findings)
        if place is not None:
            return place
    for site in told.get("sites", ()):
        place = _by_site(site, told.get("north"), name, findings)
        if place is not None:
            return place
    message = "the file does not say where the model is (no map conversion, no latitude and longitude)"
    findings.add("no-crs", "", message, path=name)
    return MapPlace()


# --- by a conversion to a map


def _by_operation(row: Mapping[str, Any], unit: float, name: str, findings: Findings) -> MapPlace | None:
    where = f"{name} {row.get('class', '')}"
    crs = _crs(row, where, findings)
    if crs is None:
        return None
    map_unit = _number(row.get("map_unit_m"), 1.0)
    if row.get("class") == "IfcRigidOperation":
        if "Angle" in str(row.get("measure", "")):
            message = "the operation moves by degrees, not by metres along the map; not used"
            findings.add("georeference", "", message, path=where)
            return None
        # Measures of length are in the unit of the project, unlike the plain numbers of a map conversion.
        moved = [_number(row.get(key), 0.0) for key in ("FirstCoordinate", "SecondCoordinate", "Height")]
        return MapPlace(crs, np.array(moved) * unit)
    origin = np.array([_number(row.get(key), 0.0) for key in ("Eastings", "Northings", "OrthogonalHeight")]) * map_unit
    cosine, sine = _number(row.get("XAxisAbscissa"), 1.0), _number(row.get("XAxisOrdinate"), 0.0)
    length = float(np.hypot(cosine, sine))
    if length < 1e-9:
        findings.add("georeference", "", "the direction of the x axis is zero; taken as east", path=where)
        cosine, sine, length = 1.0, 0.0, 1.0
    scale = _scale(row.get("Scale"), unit / map_unit, where, findings)
    if row.get("class") == "IfcMapConversionScaled":
        factor = np.array([_number(row.get(key), 1.0) for key in ("FactorX", "FactorY", "FactorZ")]) * scale
    else:
        factor = np.array([scale, _number(row.get("ScaleY"), scale), _number(row.get("ScaleZ"), scale)])
    return MapPlace(crs, origin, cosine / length, sine / length, factor)


def _scale(stated: Any, expected: float, where: str, findings: Findings) -> float:
    """Map metres a project metre.

    The standard has `Scale` turn project units into map units, so that a model in millimetres states 0.001; many programs
    state 1 whatever the unit, and some the inverse.
    """
    if stated is None:
        return 1.0
    scale = _number(stated, float("nan"))
    for factor, told in ((scale / expected, False), (scale, True), (scale * expected, True)):
        if abs(factor - 1.0) <= SCALE_TOLERANCE:
            if told and abs(expected - 1.0) > SCALE_TOLERANCE:
                message = f"the scale is {scale:g}, where the units of project and map ask for {expected:g}; taken as meant so"
                findings.add("georeference-scale", "", message, path=where)
            return factor
    message = f"the scale {stated!r:.20} cannot be: {expected:g} is what the units of project and map ask for; that is used"
    findings.add("georeference-scale", "", message, path=where)
    return 1.0


def _crs(row: Mapping[str, Any], where: str, findings: Findings) -> CRS | None:
    """The system of the map that a conversion leads to, with its vertical datum where that is known."""
    stated = str(row.get("crs_Name", "")).strip()
    try:
        crs = _named(stated)
        if crs is None:
            raise CRSError(f"{stated[:80]!r} is not a coordinate reference system that is known")
        crs = _with_heights(crs, str(row.get("crs_VerticalDatum", "")))
        return require_metres(crs)
    except CRSError as error:
        findings.add("georeference", "", f"the map conversion cannot be used: {error.what}", path=where)
        return None


def _named(text: str) -> CRS | None:
    """A CRS by its EPSG code, or by its exact name."""
    code = _EPSG.search(text) or re.match(r"^(\d{4,6})$", text)
    if code:
        return parse(f"EPSG:{code[1]}")
    if not _NAME.match(text) or text.startswith("+"):
        return None
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    try:
        return CRS.from_user_input(text)
    except ProjError:
        return None


def _with_heights(crs: CRS, datum: str) -> CRS:
    """The system with the vertical one that is named, when it has none itself."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    if crs.is_compound or len(crs.axis_info) == 3:
        return crs
    found = _EPSG.search(datum)
    code = found[1] if found else "5709" if datum.strip().lower() in NAP else ""
    if not code:
        return crs
    if (crs.to_epsg(), code) == (28992, "5709"):
        return parse("EPSG:7415")
    try:
        return CRS.from_user_input(f"EPSG:{crs.to_epsg()}+{code}") if CRS.from_epsg(int(code)).is_vertical else crs
    except ProjError:
        return crs


# --- by latitude and longitude of the site


def _by_site(site: Mapping[str, Any], north: Any, name: str, findings: Findings) -> MapPlace | None:
    latitude, longitude = degrees(site.get("RefLatitude")), degrees(site.get("RefLongitude"))
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0) or abs(latitude) > 84 or abs(longitude) > 180:
        return None
    from pyproj import CRS, Proj, Transformer

    crs = plane_for(longitude, latitude)
    flat = crs.sub_crs_list[0] if crs.is_compound else crs
    east, northing = Transformer.from_crs(CRS.from_epsg(4326), flat, always_xy=True).transform(longitude, latitude)
    convergence = float(np.radians(Proj(flat).get_factors(longitude, latitude).meridian_convergence))
    # True north in the project, and on the map: the convergence is how far the meridian leans westward of the grid's north.
    tx, ty = (north[0], north[1]) if _is_direction(north) else (0.0, 1.0)
    turn = (np.pi / 2 + convergence) - float(np.arctan2(ty, tx))
    at = np.asarray(site.get("at") or (0.0, 0.0, 0.0), dtype=np.float64)
    height = _number(site.get("RefElevation"), 0.0)
    place = MapPlace(crs, np.zeros(3), float(np.cos(turn)), float(np.sin(turn)))
    origin = np.array([east, northing, 0.0]) - place.on_map(at[None, :])[0]
    # Heights of the project count from the reference elevation of its site only where the site lies at zero.
    origin[2] = height - at[2] if abs(at[2]) < abs(height) else 0.0
    message = (
        f"placed in {short_name(crs)} by latitude and longitude of the site ({latitude:.5f}, {longitude:.5f}): "
        "to some metres at best, heights by its reference elevation"
    )
    findings.add("georeference-approximate", "", message, path=f"{name} IfcSite")
    return MapPlace(crs, origin, place.cosine, place.sine)


def degrees(angle: Any) -> float | None:
    """Degrees of an IfcCompoundPlaneAngleMeasure: degrees, minutes, seconds and perhaps millionths of a second."""
    if not isinstance(angle, list | tuple) or not 3 <= len(angle) <= 4 or not all(type(one) in (int, float) for one in angle):
        return None
    parts = [float(one) for one in angle] + [0.0] * (4 - len(angle))
    return parts[0] + parts[1] / 60.0 + (parts[2] + parts[3] / 1e6) / 3600.0


def _is_direction(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and len(value) == 2
        and all(type(one) in (int, float) and np.isfinite(one) for one in value)
        and float(np.hypot(*value)) > 1e-9
    )


def _number(value: Any, default: float) -> float:
    """A finite number, also where a property set has it as text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return default
    return number if np.isfinite(number) and abs(number) < 1e9 else default
