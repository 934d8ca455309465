"""Coordinate reference systems: projected metres or refuse."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from twin.errors import CRSError

if TYPE_CHECKING:
    from pyproj import CRS

_OGC_URL = re.compile(r"^https?://www\.opengis\.net/def/crs/([A-Za-z]+)/([^/]+)/([A-Za-z0-9]+)/?$")
_OGC_URN = re.compile(r"^urn:(?:ogc|x-ogc):def:crs:([A-Za-z]+):([^:]*):([A-Za-z0-9]+)$", re.IGNORECASE)
_SHORT = re.compile(r"^([A-Za-z]+):(\d+)$")


def authority_code(text: str) -> str:
    """Turn an OGC URL, an OGC URN or a short code into ``"EPSG:7415"``.

    Raises
    ------
    CRSError
        When the text is none of the three.
    """
    text = text.strip()
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
    for axis in crs.axis_info:
        if axis.unit_name not in ("metre", "meter", "m"):
            raise CRSError(
                f"{short_name(crs)} ({crs.name}) has its {axis.name.lower()} in {axis.unit_name}",
                where=where,
                hint="reproject to a system in metres",
            )
    return crs


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
