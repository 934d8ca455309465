"""What callers give to a city, looked at before anything is done with it: Python's own errors would not say what to do."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from twin.errors import CRSError, ParameterError
from twin.geo.crs import horizontal, same, short_name, vertical

if TYPE_CHECKING:
    from pyproj import CRS

    from twin.geo.city import City


def told(value: object) -> str:
    """A value as a message says it: short."""
    text = repr(value) if isinstance(value, str | bytes | int | float | list | tuple | set | None) else f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


def city_of(value: object) -> City:
    """A city.

    Raises
    ------
    ParameterError
        When it is something else.
    """
    from twin.geo.city import City

    if not isinstance(value, City):
        raise ParameterError(f"{told(value)} is not a city", hint='read it first: twin.read_city("file.city.json")')
    return value


def in_system(frame: gpd.GeoDataFrame, crs: CRS, what: str) -> gpd.GeoDataFrame:
    """A frame in the system of a city: as it is, or said to be in it when it is in the plane of it alone.

    Heights of rows are numbers in the datum of the city in any case, so a plane without one loses nothing. A frame without a
    system has the one of a city that is itself not placed on Earth, or of any when there are no rows in it.

    Raises
    ------
    CRSError
        When it is in another system, or does not say in which.
    """
    if frame.crs == crs:
        return frame
    if frame.crs is None:
        if len(frame) and not crs.is_engineering:
            raise CRSError(
                f"{what} do not say in which coordinate reference system they are, the city is in {short_name(crs)}",
                hint="if they are in it, say so: frame.set_crs(city.crs)",
            )
        return frame.set_crs(crs)
    if same(horizontal(frame.crs), horizontal(crs)) and vertical(frame.crs) is None:
        return frame.set_crs(crs, allow_override=True)
    raise CRSError(
        f"{what} are in {short_name(frame.crs)}, the city in {short_name(crs)}",
        hint="bring them into it first: frame.to_crs(city.crs)",
    )


def path_of(value: object, what: str = "a file") -> Path:
    """A path.

    Raises
    ------
    ParameterError
        When it is neither text nor a path.
    """
    if not isinstance(value, str | Path):
        raise ParameterError(f"{told(value)} is not {what}", hint="give one path, as text or as a Path")
    return Path(value)


def number_of(value: object, where: str, what: str, hint: str) -> float:
    """A finite number.

    Raises
    ------
    ParameterError
        When it is none; text of a number is none either.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real) or not np.isfinite(float(value)):
        raise ParameterError(f"{told(value)} is not {what}", where=where, hint=hint)
    return float(value)


def id_of(value: object, hint: str = 'ids are text, e.g. "house-0001"') -> str:
    """The id of an object.

    Raises
    ------
    ParameterError
        When it is not text, or empty.
    """
    if not isinstance(value, str) or not value:
        raise ParameterError(f"{told(value)} is not an id", hint=hint)
    return value


def ids_of(values: object) -> list[str]:
    """Ids of objects, each once, in the order that they are given in.

    Raises
    ------
    ParameterError
        When one of them is not text, or they are no list of any kind.
    """
    if isinstance(values, str):
        return [id_of(values)]
    if not isinstance(values, Iterable) or isinstance(values, bytes):
        raise ParameterError(f"{told(values)} is not an id", hint="give the id of an object, or several")
    return list(dict.fromkeys(id_of(one) for one in values))


def frame_of(value: object, what: str) -> gpd.GeoDataFrame:
    """A table with shapes.

    Raises
    ------
    ParameterError
        When it is another kind of table, or none, or has no column of shapes that is the active one.
    """
    hint = "give a GeoDataFrame in the system of the city, e.g. city.buildings.iloc[:0] for none"
    if not isinstance(value, gpd.GeoDataFrame):
        raise ParameterError(f"{what} are a GeoDataFrame, not {told(value)}", hint=hint)
    if value.active_geometry_name is None:
        raise ParameterError(f"{what} have no column of shapes", hint='name it: frame.set_geometry("outline")')
    return value


def places_of(x: Any, y: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates of points.

    Raises
    ------
    ParameterError
        When they are no numbers, or not as many of the one as of the other.
    """
    try:
        east, north = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"{told(x)}, {told(y)} are no coordinates", hint="give numbers, in metres") from None
    if east.shape != north.shape:
        raise ParameterError(f"{east.size} values of x and {north.size} of y", hint="give one of each for each point")
    return east, north
