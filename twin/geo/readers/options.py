"""What a caller says to `twin.read_city`, looked at before any file is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from numbers import Real
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.errors import CRSError, FormatError, ParameterError, did_you_mean
from twin.geo.city import LAYERS
from twin.geo.crs import parse, require_metres
from twin.geo.readers.model import ReadOptions

if TYPE_CHECKING:
    from pyproj import CRS

RASTER_ROLES = ("terrain", "dsm", "canopy")


def read_options(
    *,
    lod: str | float | None = None,
    crs: str | CRS | None = None,
    clip: Sequence[float] | BaseGeometry | None = None,
    height: str | None = None,
    roles: Mapping[str, str] | None = None,
    layer: Mapping[str, str] | None = None,
) -> ReadOptions:
    """Options of `twin.read_city`, checked.

    Raises
    ------
    FormatError
        When `lod` is neither text nor a number.
    CRSError
        When `crs` is not registered or not in metres.
    ParameterError
        When `clip`, `roles` or `layer` cannot be used.
    """
    level = None if lod is None else _level(lod)
    if height is not None and not isinstance(height, str):
        raise ParameterError(f"height is the name of a column, not {height!r}", hint='e.g. height="hoogte"')
    target = None if crs is None else require_metres(asked_crs(crs))
    roles, layer = _named(roles, "roles", '{"heights.tif": "dsm"}'), _named(layer, "layer", '{"pand": "buildings"}')
    for name, role in (roles or {}).items():
        if role not in RASTER_ROLES:
            near = did_you_mean(str(role), RASTER_ROLES)
            hint = f"one of {', '.join(RASTER_ROLES)}"
            raise ParameterError(f"{role!r} is not what a raster can be{near}", where=name, hint=hint)
    for name, wanted in (layer or {}).items():
        if wanted not in LAYERS:
            hint = f"one of {', '.join(LAYERS)}"
            raise ParameterError(f"a city has no layer {wanted!r}{did_you_mean(str(wanted), LAYERS)}", where=name, hint=hint)
    area = None if clip is None else clip_area(clip)
    return ReadOptions(level, target, area, height, MappingProxyType(dict(roles or {})), MappingProxyType(dict(layer or {})))


def _level(lod: object) -> str:
    """A level of detail as files spell it: ``"2"`` for 2 and 2.0, ``"2.2"`` for 2.2."""
    if isinstance(lod, str):
        return lod
    if isinstance(lod, Real) and not isinstance(lod, bool) and np.isfinite(float(lod)):
        return f"{float(lod):g}"
    raise FormatError(f"lod is text such as '2.2', or a number, not {lod!r}")


def asked_crs(crs: object) -> CRS:
    """A system as people write it: a code, a number of EPSG, WKT, or a pyproj CRS.

    Raises
    ------
    CRSError
        When it is none of them.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    if isinstance(crs, CRS):
        return crs
    hint = "write a code of EPSG, e.g. EPSG:7415 (RD New + NAP)"
    if isinstance(crs, bool) or not isinstance(crs, str | int):
        raise CRSError(f"{crs!r} is not a coordinate reference system", hint=hint)
    text = f"EPSG:{crs}" if isinstance(crs, int) or crs.strip().isdigit() else crs
    try:
        return parse(text)
    except CRSError as error:
        try:
            return CRS.from_user_input(text)
        except ProjError:
            number = text.rpartition(":")[2].strip()
            near = f"; did you mean `EPSG:{number}`?" if number.isdigit() and not text.upper().startswith("EPSG:") else ""
            raise CRSError(f"{error.what}{near}", hint=hint) from None


def _named(given: object, what: str, example: str) -> dict[str, str]:
    """What was said of files, by their names without folders."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ParameterError(f"{what} is a mapping of names, not {given!r}", hint=f"e.g. {what}={example}")
    return {key.name if isinstance(key, PurePath) else Path(str(key)).name: value for key, value in given.items()}


def clip_area(clip: Sequence[float] | BaseGeometry) -> BaseGeometry:
    """A box or a polygon to clip by, as a valid polygon.

    Raises
    ------
    ParameterError
        When it is neither, or has no area.
    """
    if isinstance(clip, BaseGeometry):
        if clip.geom_type not in ("Polygon", "MultiPolygon") or clip.is_empty or not clip.is_valid or clip.area <= 0:
            what = f"a {clip.geom_type} that is empty, invalid or without area cannot clip"
            raise ParameterError(what, hint="give a valid polygon")
        return clip
    try:
        if isinstance(clip, str | bytes | Mapping | Set):
            raise TypeError
        west, south, east, north = (float(value) for value in clip)
    except (TypeError, ValueError):
        told = repr(clip) if isinstance(clip, list | tuple) else f"a {type(clip).__name__}"
        raise ParameterError(f"{told} is not a box", hint="give west, south, east, north or a shapely polygon") from None
    if not (np.isfinite([west, south, east, north]).all() and west < east and south < north):
        raise ParameterError(f"the box {clip!r} has no area", hint="give west, south, east, north, in this order")
    return shapely.box(west, south, east, north)
