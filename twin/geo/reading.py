"""Reading a city: what `twin.read_city` and `twin.stream_city` are. They are imported from `twin.geo.city` too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry

    from twin.geo.city import City


def read_city(
    source: str | Path | Sequence[str | Path],
    *,
    lod: str | float | None = None,
    crs: str | CRS | None = None,
    clip: Sequence[float] | BaseGeometry | None = None,
    height: str | None = None,
    roles: Mapping[str, str] | None = None,
    layer: Mapping[str, str] | None = None,
) -> City:
    """Read a city from a file, several files or a city folder; the format is told from the content.

    Parameters
    ----------
    source : str, Path or sequence of them
        A file of a known format (also in .gz or .zip), a city folder, or ``"sample"`` for the embedded district; or several
        of these, which become one city. Of two objects with the same id the one of the file or folder named first is kept.
        A city folder gives the coordinate system, and its rasters are kept; several folders are in one system.
    lod : str or float, optional
        Level of detail to take where an object has several, e.g. ``"2.2"`` or 2.2; by default the highest.
    crs : str or pyproj.CRS, optional
        System that the city shall be in, e.g. ``"EPSG:7415"``. By default the first one that is projected in metres, with
        the vertical datum of another file that has one; RD New + NAP or the UTM zone where all are geographic.
    clip : (west, south, east, north) or shapely polygon, optional
        Only what lies in it, in `crs` (or in the one system that all files share); see `City.clip`.
    height : str, optional
        Column of footprints that states the height above the ground [m].
    roles : mapping of str to str, optional
        What a raster is, by file name: ``"terrain"``, ``"dsm"`` or ``"canopy"``; else it is told from its name.
    layer : mapping of str to str, optional
        Layer of the city that the rows of a GIS file are, by file name, by layer of the file, or by ``"FILE:LAYER"``; else it
        is told from names, columns and shapes.

    Returns
    -------
    City

    Raises
    ------
    MissingFileError
        When there is nothing there.
    FormatError
        When no reader knows the content, or the file is broken.
    CRSError
        When coordinates cannot be brought into one system in metres, or some files state one and others do not.
    ParameterError
        When `source` is no path, `clip` is not a box or a polygon, or a role or a layer is not known.
    MissingExtraError
        When the format needs a library that is not installed.
    """
    from twin.geo.readers import read
    from twin.geo.readers.options import read_options

    return read(source, read_options(lod=lod, crs=crs, clip=clip, height=height, roles=roles, layer=layer))


def stream_city(
    source: str | Path,
    *,
    lod: str | float | None = None,
    crs: str | CRS | None = None,
    clip: Sequence[float] | BaseGeometry | None = None,
) -> Iterator[City]:
    """Read a CityJSONSeq of any length piece by piece, in bounded memory.

    Parameters
    ----------
    source : str or Path
        A CityJSONSeq, also in .gz or .zip. A CityJSON document comes as one piece.
    lod, crs, clip
        As `read_city`; pieces of which nothing lies in the clip are left out.

    Yields
    ------
    City
        The features of about 16 MB of text each, in the order of the file.

    Raises
    ------
    FormatError
        When it is of another format, or broken.
    ParameterError
        When it is not one path.
    """
    from twin.geo.given import path_of
    from twin.geo.readers import stream
    from twin.geo.readers.options import read_options

    return stream(path_of(source), read_options(lod=lod, crs=crs, clip=clip))
