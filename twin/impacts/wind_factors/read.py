"""Factors are read here: one line a format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from twin.errors import FormatError, MissingFileError
from twin.impacts.wind_factors.checks import checked
from twin.impacts.wind_factors.geotiff import read_geotiff
from twin.impacts.wind_factors.model import Factors
from twin.impacts.wind_factors.netcdf import read_netcdf
from twin.impacts.wind_factors.points import read_points
from twin.impacts.wind_factors.systems import system_of
from twin.impacts.wind_factors.table import read_rows

if TYPE_CHECKING:
    from pyproj import CRS

class Format(NamedTuple):
    """A kind of file that factors come in.

    Attributes
    ----------
    name : str
        For people.
    suffixes : tuple of str
        Of its files, in lower case.
    read : callable
        Of the path, the CRS that the user names, that of the city, and the directions that the user names.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, CRS | None, CRS | None, Sequence[float] | None], Factors]


FORMATS = (
    Format("CSV", (".csv", ".txt", ".tsv"), read_rows),
    Format("GeoPackage, GeoJSON", (".gpkg", ".geojson", ".json", ".shp"), read_points),
    Format("GeoTIFF", (".tif", ".tiff"), read_geotiff),
    Format("NetCDF", (".nc", ".nc4"), read_netcdf),
)


def read_factors(
    path: str | Path,
    *,
    crs: str | CRS | None = None,
    target: CRS | None = None,
    directions: Sequence[float] | None = None,
    unit: str = "ratio",
    reference_m_s: float | None = None,
) -> Factors:
    """Read factors by direction.

    Parameters
    ----------
    path : path
        A table (``.csv``, ``.txt``) with ``x``, ``y``, perhaps ``level`` and ``id``, and either a column a direction (``0``, ``30``
        or ``factor_30``) or the columns ``direction`` and ``factor``; points with such columns (``.gpkg``, ``.geojson``, ``.shp``);
        or a raster with a band a direction (``.tif``: the band's description or tag ``direction_deg``; ``.nc``: a variable over
        ``direction``, ``y`` and ``x``).
    crs : str or CRS, optional
        Of the file, where it does not say it; by default `target`.
    target : CRS, optional
        That of the city; by default coordinates stay as they are.
    directions : sequence of float, optional
        That the bands of a GeoTIFF are of, in their order, where it does not say it [deg].
    unit : {"ratio", "percent", "m_s"}
    reference_m_s : float, optional
        Speed of the reference, where the values are speeds [m/s].

    Returns
    -------
    Factors

    Raises
    ------
    MissingFileError
        When there is no such file.
    FormatError
        When it is none of these, directions are missing, a value is negative or absurd, or a point is there twice.
    CRSError
        When its coordinate system is unknown, or a raster lies in another one than the city.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}", hint="factors come from a wind tunnel or CFD, see docs/scenario.md")
    named = system_of(crs, path)
    kind = next((one for one in FORMATS if path.suffix.lower() in one.suffixes), None)
    if kind is None:
        *most, last = (one.name for one in FORMATS)
        raise FormatError(
            f"`{path.suffix}` is no format that factors are read from", where=path.name,
            hint=f"give {', '.join(most)} or {last}",
        )  # fmt: skip
    found = kind.read(path, named, target, directions)
    return checked(found, path.name, unit, reference_m_s)
