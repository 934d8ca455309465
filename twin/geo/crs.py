"""Coordinate reference systems: projected metres or refuse."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from twin.errors import CRSError

if TYPE_CHECKING:
    from pyproj import CRS, Transformer

_OGC_URL = re.compile(r"^https?://www\.opengis\.net/def/crs/([A-Za-z]+)/([^/]+)/([A-Za-z0-9]+)/?$")
_OGC_URN = re.compile(r"^urn:(?:ogc|x-ogc):def:crs:([A-Za-z]+):([^:]*):([A-Za-z0-9]+)$", re.IGNORECASE)
_SHORT = re.compile(r"^([A-Za-z]+):(\d+)$")
_PLUS = re.compile(r"^EPSG:\d+\+\d+$", re.IGNORECASE)
_GML_2 = re.compile(r"^https?://www\.opengis\.net/gml/srs/epsg\.xml#(\d+)$")
_COMPOUND_URN = re.compile(r"^urn:(?:ogc|x-ogc):def:(crs(?:,crs:EPSG:[^:,]*:\d+){1,2})$", re.IGNORECASE)

GERMAN = {
    "DE_DHDN_3GK2": 31466,
    "DE_DHDN_3GK3": 31467,
    "DE_DHDN_3GK4": 31468,
    "DE_DHDN_3GK5": 31469,
    "ETRS89_UTM31": 25831,
    "ETRS89_UTM32": 25832,
    "ETRS89_UTM33": 25833,
    "DE_DHHN12_NOH": 7699,
    "DE_DHHN85_NOH": 5784,
    "DE_DHHN92_NH": 5783,
    "DE_DHHN2016_NH": 7837,
}
"""EPSG codes of the names that the German survey gives its systems (AdV, GeoInfoDok), horizontal and vertical."""


def _part(text: str) -> str:
    """Code of a part of a compound system: a name of the German survey, or any single system."""
    code = GERMAN.get(text.upper())
    return f"EPSG:{code}" if code else authority_code(text)


def authority_code(text: str) -> str:
    """Turn an OGC URL, an OGC URN or a short code into ``"EPSG:7415"``, one of two parts into ``"EPSG:25832+5783"``.

    Two parts are written so, as ``urn:ogc:def:crs,crs:EPSG::25832,crs:EPSG::5783`` (OGC 06-023r1), or with a star as in
    ``urn:adv:crs:ETRS89_UTM32*DE_DHHN92_NH`` and ``EPSG:25832*DE_DHHN2016_NH``.

    Raises
    ------
    CRSError
        When the text is none of these.
    """
    text = text.strip()
    compound = _COMPOUND_URN.match(text)
    if compound:
        return "EPSG:" + "+".join(part.rsplit(":", 1)[1] for part in compound[1].split(",")[1:])
    if _PLUS.match(text):
        return text.upper()
    old = _GML_2.match(text)
    if old:
        return f"EPSG:{old[1]}"
    german = text[len("urn:adv:crs:") :] if text.lower().startswith("urn:adv:crs:") else text
    parts = german.split("*")
    if len(parts) == 2:
        plan, height = (_part(part) for part in parts)
        if plan.startswith("EPSG:") and height.startswith("EPSG:"):
            return f"{plan}+{height.removeprefix('EPSG:')}"
    elif german.upper() in GERMAN:
        return _part(german)
    for pattern, groups in ((_OGC_URL, (1, 3)), (_OGC_URN, (1, 3)), (_SHORT, (1, 2))):
        match = pattern.match(text)
        if match:
            return f"{match.group(groups[0]).upper()}:{match.group(groups[1])}"
    raise CRSError(
        f"{text[:120]!r} is not a coordinate reference system that this reader understands",
        hint="use the spelling https://www.opengis.net/def/crs/EPSG/0/7415",
    )


@lru_cache(maxsize=64)
def parse(text: str) -> CRS:
    """Make a CRS from an OGC URL, an OGC URN or a short code.

    Raises
    ------
    CRSError
        When the text cannot be understood or the code is not registered.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    code = authority_code(text)
    try:
        return CRS.from_user_input(code)
    except ProjError:
        raise CRSError(f"{code} is not a registered coordinate reference system", hint="check the number") from None


def require_metres(crs: CRS, *, where: str | None = None) -> CRS:
    """Return `crs` when it is projected (or a local plane) in metres.

    Raises
    ------
    CRSError
        When coordinates would be degrees, feet or geocentric.
    """
    horizontal = crs.sub_crs_list[0] if crs.is_compound else crs
    if horizontal.is_geographic:
        raise CRSError(
            f"{short_name(crs)} ({crs.name}) has coordinates in degrees",
            where=where,
            hint="reproject to a projected system in metres, e.g. EPSG:7415 (RD New + NAP) in the Netherlands",
        )
    if horizontal.is_geocentric:
        raise CRSError(
            f"{short_name(crs)} ({crs.name}) is geocentric", where=where, hint="reproject to a projected system in metres"
        )
    if horizontal.is_vertical or not (horizontal.is_projected or horizontal.is_engineering):
        raise CRSError(
            f"{short_name(crs)} ({crs.name}) is not a plane",
            where=where,
            hint="give a projected system in metres, e.g. EPSG:7415 (RD New + NAP) in the Netherlands",
        )
    if _is_mercator(horizontal):
        raise CRSError(
            f"{short_name(crs)} ({crs.name}) stretches distances (1.6 times in Utrecht)",
            where=where,
            hint="reproject to a system that keeps metres, e.g. EPSG:7415 (RD New + NAP) in the Netherlands",
        )
    for axis in crs.axis_info:
        if axis.unit_name not in ("metre", "meter", "m"):
            raise CRSError(
                f"{short_name(crs)} ({crs.name}) has its {axis.name.lower()} in {axis.unit_name}",
                where=where,
                hint="reproject to a system in metres",
            )
    return crs


def _is_mercator(crs: CRS) -> bool:
    """Web Mercator and its like: made for drawing the whole Earth, not for measuring."""
    operation = crs.coordinate_operation
    name = operation.method_name if operation is not None else ""
    return "Mercator" in name and "Transverse" not in name and "Oblique" not in name


def is_plane(crs: CRS) -> bool:
    """Whether a city can be in this CRS: projected, in metres, true to distances."""
    try:
        require_metres(crs)
    except CRSError:
        return False
    return True


def horizontal(crs: CRS) -> CRS:
    """The horizontal part of a compound CRS; another one without its third axis."""
    if crs.is_compound:
        return crs.sub_crs_list[0]
    return crs.to_2d() if len(crs.axis_info) == 3 else crs


def vertical(crs: CRS) -> CRS | None:
    """The vertical part of a compound CRS; one in space with ellipsoidal heights itself; None when it has no heights."""
    if not crs.is_compound:
        return crs if len(crs.axis_info) == 3 else None
    for part in crs.sub_crs_list:
        if part.is_vertical:
            return part
    return None


def same(one: CRS, other: CRS) -> bool:
    """Whether two CRSs are the same but for their spelling."""
    if one == other or one.equals(other, ignore_axis_order=True):
        return True
    if not (one.is_vertical and other.is_vertical):
        return False
    # a GeoTIFF names its heights and hardly ever their datum: GDAL then takes one by its number, of whatever island
    axes = [[(axis.direction, axis.unit_name) for axis in crs.axis_info] for crs in (one, other)]
    return bool(one.name == other.name and axes[0] == axes[1])


NETHERLANDS = (3.2, 50.7, 7.3, 53.7)
"""West, south, east, north of the area of RD New [deg]."""


@lru_cache(maxsize=64)
def transformer(crs: CRS, target: CRS) -> Transformer:
    """The way from one system to another, x before y; made once, as that takes some 25 ms."""
    from pyproj import Transformer

    return Transformer.from_crs(crs, target, always_xy=True)


def degrees_of(crs: CRS) -> Transformer:
    """The way to longitude and latitude on WGS 84 of what is horizontal in a system."""
    return transformer(horizontal(crs), parse("EPSG:4326"))


def plane_for(longitude: float, latitude: float, crs: CRS | None = None) -> CRS:
    """A system in metres for a place on Earth: RD New with NAP in the Netherlands, elsewhere its UTM zone.

    Parameters
    ----------
    longitude, latitude : float
        On WGS 84 [deg].
    crs : pyproj.CRS, optional
        System that the coordinates come in: the zone is on its datum, where one is registered, and keeps its vertical datum.
    """
    from pyproj import CRS

    west, south, east, north = NETHERLANDS
    if west <= longitude <= east and south <= latitude <= north:
        return CRS.from_epsg(7415)
    zone = int((longitude + 180.0) // 6.0) % 60 + 1
    plane = CRS.from_epsg((32600 if latitude >= 0 else 32700) + zone)
    if crs is None:
        return plane
    plane = _zone_on(crs, longitude, latitude) or plane
    up = vertical(crs)
    if up is None or not up.is_vertical or up.axis_info[0].unit_name not in ("metre", "meter", "m"):
        return plane
    return CRS.from_wkt(_compound(plane, up))


def _zone_on(crs: CRS, longitude: float, latitude: float) -> CRS | None:
    """The UTM zone of a place on the datum of a system, where one is registered whose first axis is east."""
    from pyproj import CRS
    from pyproj.aoi import AreaOfInterest
    from pyproj.database import query_utm_crs_info

    flat = horizontal(crs)
    geodetic = flat.geodetic_crs
    area = AreaOfInterest(longitude, latitude, longitude, latitude)
    name = geodetic.name if geodetic is not None else flat.name
    for info in query_utm_crs_info(datum_name=name, area_of_interest=area, contains=True):
        # national realisations and variants of a zone (north first, zone before the easting) have longer names
        if info.name.startswith(f"{name} / UTM zone") and "(" not in info.name:
            return CRS.from_authority(info.auth_name, info.code)
    return None


def _compound(plane: CRS, up: CRS) -> str:
    """Text of a system of a plane and heights."""
    return f'COMPOUNDCRS["{plane.name} + {up.name}",{plane.to_wkt()},{up.to_wkt()}]'


def local_plane() -> CRS:
    """A plane in metres for data without a CRS: it can be computed on and drawn, not placed on Earth."""
    from pyproj import CRS

    return CRS.from_wkt(
        'ENGCRS["local plane, not placed on Earth",EDATUM["local"],CS[Cartesian,2],'
        'AXIS["x",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["y",north,ORDER[2],LENGTHUNIT["metre",1]]]'
    )


def short_name(crs: CRS) -> str:
    """``"EPSG:7415"`` where the CRS has a code, else its name."""
    authority = crs.to_authority()
    return f"{authority[0]}:{authority[1]}" if authority else str(crs.name)
