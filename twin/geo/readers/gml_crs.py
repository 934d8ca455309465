"""Which coordinate reference system a ``srsName`` of GML means, and which axis comes first in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import CRSError
from twin.geo.crs import horizontal, parse, short_name, transformer

if TYPE_CHECKING:
    from pyproj import CRS

MARGIN_DEG = 1.0
"""How far outside the area of use of a system data may lie before its axes are doubted [deg]."""


class Stated(NamedTuple):
    """A system as a file states it.

    Parameters
    ----------
    crs : pyproj.CRS
    north_first : bool
        Whether coordinates start with north (or latitude).
    text : str
        As in the file.
    """

    crs: CRS
    north_first: bool
    text: str


def stated_system(text: str, where: str) -> Stated:
    """What a ``srsName`` means.

    The order of the axes is that of the EPSG register for a URN or URL of the OGC (OGC 06-023r1, OGC 09-146r8), and east
    first for a short code such as ``EPSG:4326``, for ``...epsg.xml#4326`` of GML 2 and for the names of the German survey
    (``urn:adv:crs:...``), as is the practice of those who write these.

    Raises
    ------
    CRSError
        When it cannot be understood.
    """
    try:
        crs = parse(text)
    except CRSError as error:
        raise CRSError(error.what, where=f"{where} srsName", hint=error.hint) from None
    name = text.strip().lower()
    registered = name.startswith(("urn:ogc:", "urn:x-ogc:", "http://www.opengis.net/def/", "https://www.opengis.net/def/"))
    first = horizontal(crs).axis_info[:1]
    return Stated(crs, registered and bool(first) and first[0].direction.lower() in ("north", "south"), text)


def north_first(stated: Stated, points: NDArray[np.float64]) -> tuple[bool, str]:
    """Whether points (N, 3) of a file have north first, and what to say when that is not as the system has it.

    Where the stated order puts the middle of the points outside the area of use of the system and the other order puts
    it inside, the writer has mixed them up.
    """
    box = _middle(points)
    if box is None:
        return stated.north_first, ""
    x, y = box
    as_stated, turned = ((y, x), (x, y)) if stated.north_first else ((x, y), (y, x))
    if _inside(stated.crs, *as_stated) is False and _inside(stated.crs, *turned) is True:
        first = "east" if stated.north_first else "north"
        told = f"coordinates have {first} first, which {stated.text[:80]!r} does not; read so, they lie in {short_name(stated.crs)}"
        return not stated.north_first, told
    return stated.north_first, ""


def _middle(points: NDArray[np.float64]) -> tuple[float, float] | None:
    some = points[:: max(1, len(points) // 10_000), :2]
    finite = some[np.isfinite(some).all(axis=1)]
    if not len(finite):
        return None
    x, y = np.median(finite, axis=0)
    return float(x), float(y)


def _inside(crs: CRS, x: float, y: float) -> bool | None:
    """Whether a place, east first, is in the area of use of a system; None when that is not known."""
    from pyproj.exceptions import ProjError

    flat = horizontal(crs)
    area = flat.area_of_use
    if area is None:
        return None
    geographic = flat.geodetic_crs
    if geographic is None:
        return None
    try:
        longitude, latitude = transformer(flat, geographic.to_2d()).transform(x, y)
    except ProjError:
        return None
    if not np.isfinite([longitude, latitude]).all():
        return False
    if not area.south - MARGIN_DEG <= latitude <= area.north + MARGIN_DEG:
        return False
    if area.west <= area.east:
        return bool(area.west - MARGIN_DEG <= longitude <= area.east + MARGIN_DEG)
    return bool(longitude >= area.west - MARGIN_DEG or longitude <= area.east + MARGIN_DEG)
