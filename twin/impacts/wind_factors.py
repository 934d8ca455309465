"""Factors of the wind by direction, as a wind tunnel or CFD gives them: read from tables, points and rasters, and looked at.

A factor is the hourly mean speed at the height of people over that of the reference, with the wind from one direction. Directions
are those that the wind comes from, in degrees from north clockwise; 360 is 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import CRSError, FormatError, MissingFileError, ParameterError
from twin.sim.impact.wind import gaps

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

MOST_FACTOR = 4.0
"""Factors above this are no factors: speeds, or percents."""
MOST_VALUES = 60_000_000
"""More factors than this in one file are refused."""
MOST_BYTES = 1_000_000_000
"""Files of points larger than this are refused: so much text is some `MOST_VALUES` numbers."""

_X = ("x", "x_m", "easting", "rd_x", "x_rd")
_Y = ("y", "y_m", "northing", "rd_y", "y_rd")
_LON, _LAT = ("lon", "longitude", "lon_deg"), ("lat", "latitude", "lat_deg")
_LEVEL = ("level", "niveau")
_ID = ("id", "point", "punt", "name", "naam")
_DIRECTION = ("direction", "direction_deg", "wind_direction", "wind_from", "windrichting", "richting")
_FACTOR = ("factor", "gamma", "ratio", "amplification", "velocity_ratio", "windfactor", "speed", "speed_m_s")
_BY_DIRECTION = re.compile(r"^(?:[a-z]{1,15}_?)?_?(\d{1,3}(?:[.]\d+)?)_?(?:deg|°)?$")
"""Columns and bands of one direction: ``30``, ``d030``, ``factor_30``, ``30deg``."""


class Raster(NamedTuple):
    """A grid that factors lie on, north up.

    Attributes
    ----------
    west, north : float
        Of its outer edges [m].
    width, height : float
        Of a cell [m].
    shape : (int, int)
        Rows and columns.
    """

    west: float
    north: float
    width: float
    height: float
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False, repr=False)
class Factors:
    """Factors at points, or at the cells of a raster.

    Parameters
    ----------
    xy : (N, 2) float64
        In the CRS of the city [m].
    values : (N, D) float64
        Local speed over that of the reference.
    directions_deg : (D,) float64
        Rising, evenly round.
    level : (N,) of str
        ``"street"`` where the file says nothing.
    names : (N,) of str
    raster : Raster, optional
        With it N is all of its cells, row by row from the north; those where nothing was computed are NaN.
    notes : tuple of str
        What was found in the file, for people.
    """

    xy: NDArray[np.float64]
    values: NDArray[np.float64]
    directions_deg: NDArray[np.float64]
    level: NDArray[Any]
    names: NDArray[Any]
    raster: Raster | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.xy)

    def __repr__(self) -> str:
        kind = "points" if self.raster is None else "cells"
        return f"<Factors: {len(self):,} {kind}, {len(self.directions_deg)} directions>"


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
    named = _system(crs, path)
    readers = {
        ".csv": _table, ".txt": _table, ".tsv": _table, ".gpkg": _points, ".geojson": _points, ".json": _points, ".shp": _points,
        ".tif": _geotiff, ".tiff": _geotiff, ".nc": _netcdf, ".nc4": _netcdf,
    }  # fmt: skip
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FormatError(
            f"`{path.suffix}` is no format that factors are read from", where=path.name,
            hint="give CSV, GeoPackage, GeoJSON, GeoTIFF or NetCDF",
        )  # fmt: skip
    found = reader(path, named, target, directions)
    return _checked(found, path.name, unit, reference_m_s)


def _system(crs: str | CRS | None, path: Path) -> CRS | None:
    from twin.geo.crs import parse

    if not isinstance(crs, str):
        return crs
    try:
        return parse(crs)
    except CRSError as error:
        raise CRSError(error.what, where=path.name, hint="write it as EPSG:28992") from None


# --- tables and points


def _table(path: Path, crs: CRS | None, target: CRS | None, directions: Sequence[float] | None) -> Factors:
    frame = read_table(path)
    columns = {str(name).strip().lower(): name for name in frame.columns}
    at: tuple[tuple[str, ...], tuple[str, ...]] = (_X, _Y)
    if any(name in columns for name in _LON) and any(name in columns for name in _LAT):
        from twin.geo.crs import parse

        crs, at = parse("EPSG:4326"), (_LON, _LAT)
    pair = [next((columns[name] for name in names if name in columns), None) for names in at]
    if pair[0] is None or pair[1] is None:
        told = ", ".join(map(str, frame.columns[:12]))
        raise FormatError(f"has no columns `x` and `y`; it has: {told}", where=path.name)
    xy = np.column_stack([_numbers(frame[name], str(name), path.name) for name in pair])
    if not np.isfinite(xy).all():
        row = int(np.flatnonzero(~np.isfinite(xy).all(axis=1))[0])
        raise FormatError(f"row {row + 1} has no coordinates", where=path.name)
    return _of_rows(frame.drop(columns=pair), _moved(xy, crs, target, path.name), path.name)


def read_table(path: Path) -> pd.DataFrame:
    """A table of text, whatever parts its columns: comma, semicolon or tab; with semicolons decimals may be written with a comma.

    Raises
    ------
    FormatError
        When it is none.
    """
    not_too_large(path)
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = [line for line in (file.readline() for _ in range(60)) if line.strip() and not line.startswith("#")]
        if not lines:
            raise FormatError("is empty", where=path.name)
        mark = max((";", "\t", ","), key=lines[0].count)
        decimal = "," if mark != "," and any(re.search(r"\d,\d", line) for line in lines[1:]) else "."
        frame = pd.read_csv(path, sep=mark, decimal=decimal, comment="#", skipinitialspace=True, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError("is not text in UTF-8", where=path.name, hint="save the file as UTF-8") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise FormatError(f"is not a table: {str(error)[:150]}", where=path.name) from None
    if not isinstance(frame.index, pd.RangeIndex):
        # more values than names: pandas takes the first for an index; where rows only end with a mark the last are empty
        every = frame.reset_index()
        if every.iloc[:, len(frame.columns) :].notna().any(axis=None):
            hint = "decimals have a point where commas part the columns" if mark == "," else "give every column a name"
            raise FormatError(f"has rows with more than its {len(frame.columns)} columns", where=path.name, hint=hint)
        frame = every.iloc[:, : len(frame.columns)].set_axis(frame.columns, axis=1)
    if not len(frame) or len(frame.columns) < 2:
        raise FormatError("is not a table with a row of names and rows of values", where=path.name)
    return frame


def not_too_large(path: Path) -> None:
    """See that a file can be read at once.

    Raises
    ------
    FormatError
        When it has more than `MOST_BYTES`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise FormatError(f"has more than {MOST_BYTES / 1e9:g} GB", where=path.name, hint="cut it to the area that matters")


def _points(path: Path, crs: CRS | None, target: CRS | None, directions: Sequence[float] | None) -> Factors:
    frame = _layer(path)
    kinds = sorted(set(frame.geometry.geom_type.dropna()))
    if kinds != ["Point"] or frame.geometry.isna().any() or frame.geometry.is_empty.any():
        raise FormatError(f"has {', '.join(kinds) or 'nothing'} and not only points", where=path.name)
    xy = np.column_stack([frame.geometry.x, frame.geometry.y])
    rest = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return _of_rows(rest, _moved(xy, frame.crs or crs, target, path.name), path.name)


def _layer(path: Path) -> gpd.GeoDataFrame:
    """The one layer of a file, by the readers of cities: what they take for no such file could lead elsewhere."""
    from twin.geo.readers.geojson import geojson_tables
    from twin.geo.readers.model import Findings, ReadOptions
    from twin.geo.readers.source import blob_of
    from twin.geo.readers.vector_sources import is_geopackage, is_shapefile, tables_of

    not_too_large(path)
    blob = blob_of(path)
    head, is_json = blob.head, path.suffix.lower() in (".geojson", ".json")
    if not (head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" if is_json else is_geopackage(head) or is_shapefile(head)):
        raise FormatError("cannot be read: it is not what its name says", where=path.name)
    tables = [one for one in (geojson_tables if is_json else tables_of)(blob, ReadOptions(), Findings()).tables if len(one.frame)]
    if not tables:
        raise FormatError("has no points", where=path.name)
    if len(tables) > 1:
        told = ", ".join(one.name for one in tables[:6])
        raise FormatError(f"has {len(tables)} layers: {told}", where=path.name, hint="give a file with the points alone")
    return tables[0].frame


def _of_rows(frame: pd.DataFrame, xy: NDArray[np.float64], name: str) -> Factors:
    """Factors of rows in either form: a column a direction, or a row a direction."""
    frame = frame.rename(columns={one: str(one).strip().lower() for one in frame.columns})
    level, ids = (next((one for one in names if one in frame), None) for names in (_LEVEL, _ID))
    levels, names = (
        np.full(len(frame), plain, dtype=object) if column is None else frame[column].fillna(plain).astype(str).to_numpy(object)
        for column, plain in ((level, "street"), (ids, ""))
    )
    direction, factor = (next((one for one in known if one in frame), None) for known in (_DIRECTION, _FACTOR))
    if direction is not None and factor is not None:
        return _of_long(
            xy, levels, names, _numbers(frame[direction], direction, name), _numbers(frame[factor], factor, name), name
        )
    matched = ((_BY_DIRECTION.match(str(one)), one) for one in frame.columns if one not in (level, ids))
    wide = [(float(found[1]), one) for found, one in matched if found]
    if not wide:
        raise FormatError(
            f"has neither a column a direction nor `direction` and `factor`; it has: {', '.join(map(str, frame.columns[:12]))}",
            where=name, hint="name columns by the direction that the wind comes from: 0, 30, ... or factor_0, factor_30, ...",
        )  # fmt: skip
    of, columns = _in_order([angle for angle, _ in wide], name)
    values = np.column_stack([_numbers(frame[wide[k][1]], wide[k][1], name) for k in columns])
    return Factors(xy, values, of, levels, names)


def _of_long(
    xy: NDArray[np.float64], levels: NDArray[Any], names: NDArray[Any], angle: NDArray[np.float64], factor: NDArray[np.float64],
    name: str,
) -> Factors:  # fmt: skip
    if not np.isfinite(angle).all():
        raise FormatError(f"row {int(np.flatnonzero(~np.isfinite(angle))[0]) + 1} has no direction", where=name)
    turned = np.round(angle, 3)
    if ((turned < 0.0) | (turned > 360.0)).any():
        bad = turned[(turned < 0.0) | (turned > 360.0)][0]
        raise FormatError(f"{bad:g} is no direction: they are 0 to 360 degrees from north clockwise", where=name)
    of = np.unique(turned % 360.0)
    key = pd.MultiIndex.from_arrays([xy[:, 0].round(3), xy[:, 1].round(3), levels])
    number, points = pd.factorize(key)
    column = np.searchsorted(of, turned % 360.0)
    cell = number.astype(np.int64) * len(of) + column
    once, counts = np.unique(cell, return_counts=True)
    if (counts > 1).any():
        row = int(np.flatnonzero(cell == once[counts > 1][0])[1])
        x, y = xy[row]
        raise FormatError(f"({x:g}, {y:g}) has direction {turned[row]:g} twice", where=name)
    values = np.full((len(points), len(of)), np.nan)
    values.ravel()[cell] = factor
    first = np.unique(number, return_index=True)[1]
    return Factors(xy[first], values, of, levels[first], names[first])


def _in_order(angles: Sequence[float], name: str) -> tuple[NDArray[np.float64], list[int]]:
    """Directions rising from 0, and which of those that were given each is."""
    for angle in angles:
        if not 0.0 <= angle <= 360.0:
            raise FormatError(f"{angle:g} is no direction: they are 0 to 360 degrees from north clockwise", where=name)
    turned = [round(angle % 360.0, 3) for angle in angles]
    for angle in turned:
        if turned.count(angle) > 1:
            raise FormatError(f"has direction {angle:g} twice" + (" (0 and 360 are the same)" if angle == 0.0 else ""), where=name)
    order = sorted(range(len(turned)), key=turned.__getitem__)
    return np.array([turned[k] for k in order]), order


def _numbers(column: pd.Series, name: str, file: str) -> NDArray[np.float64]:
    """A column as numbers; what is empty is NaN, and what is no number is an error."""
    made = pd.to_numeric(column, errors="coerce")
    text = column.astype(str).str.strip()
    bad = made.isna() & column.notna() & ~text.isin(("", "nan", "NaN", "-", "n/a", "NULL"))
    if bad.any():
        row = int(np.flatnonzero(bad.to_numpy())[0])
        raise FormatError(f"row {row + 1} of column `{name}` is `{text.iloc[row][:30]}`, not a number", where=file)
    values = made.to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isinf(values), np.nan, values)


def _moved(xy: NDArray[np.float64], crs: CRS | None, target: CRS | None, name: str) -> NDArray[np.float64]:
    """Coordinates in the system of the city."""
    from twin.geo.crs import horizontal, same, transformer

    if crs is None or target is None or same(horizontal(crs), horizontal(target)):
        return xy
    x, y = transformer(horizontal(crs), horizontal(target)).transform(xy[:, 0], xy[:, 1])
    made = np.column_stack([x, y])
    if not np.isfinite(made).all():
        raise CRSError("has coordinates that its coordinate system does not have", where=name)
    return made


# --- rasters


def _geotiff(path: Path, crs: CRS | None, target: CRS | None, directions: Sequence[float] | None) -> Factors:
    import rasterio
    from pyproj import CRS as System
    from rasterio.errors import RasterioError

    from twin.geo.readers.gdal import RASTER_ENVIRONMENT, disk_path

    try:
        # by that driver alone: a virtual raster under this name would have GDAL read whatever it points to
        with rasterio.Env(**RASTER_ENVIRONMENT), rasterio.open(disk_path(path), driver="GTiff") as file:
            place = file.transform
            if place.b or place.d or place.a <= 0 or place.e >= 0:
                raise FormatError("is a raster that does not lie north up", where=path.name, hint="gdalwarp makes it so")
            if file.count * file.width * file.height > MOST_VALUES:
                raise FormatError(f"has more than {MOST_VALUES:,} values", where=path.name, hint="cut it to the area that matters")
            said = [_band_direction(file, band) for band in range(1, file.count + 1)]
            bands = file.read(masked=True).astype(np.float64)
            scale, offset = np.array(file.scales), np.array(file.offsets)
            values = bands.filled(np.nan).reshape(file.count, -1).T * scale + offset
            raster = Raster(place.c, place.f, place.a, -place.e, (file.height, file.width))
            own = System.from_wkt(file.crs.to_wkt()) if file.crs else crs
    except RasterioError as error:
        raise FormatError(f"cannot be read: {str(error)[:150]}", where=path.name) from None
    angles = _angles(said, directions, path.name)
    of, order = _in_order(angles, path.name)
    return _of_raster(raster, values[:, order], of, own, target, path.name)


def _band_direction(file: Any, band: int) -> float | None:
    told = file.tags(band).get("direction_deg") or file.descriptions[band - 1] or ""
    found = _BY_DIRECTION.match(str(told).strip().lower())
    return float(found[1]) if found else None


def _angles(said: Sequence[float | None], directions: Sequence[float] | None, name: str) -> list[float]:
    if directions is not None:
        if len(directions) != len(said):
            raise FormatError(f"has {len(said)} bands, and `directions` has {len(directions)}", where=name)
        return [float(one) for one in directions]
    if any(one is None for one in said):
        band = next(k for k, one in enumerate(said) if one is None)
        raise FormatError(
            f"does not say which direction band {band + 1} is of", where=name,
            hint="give `directions`, in the order of the bands, or describe the bands: 0, 30, ...",
        )  # fmt: skip
    return [float(one) for one in said if one is not None]


def _netcdf(path: Path, crs: CRS | None, target: CRS | None, directions: Sequence[float] | None) -> Factors:
    import xarray as xr

    try:
        with xr.open_dataset(path, engine="h5netcdf") as data:
            # what is packed in a file may be far larger than it
            if sum(array.size for array in data.variables.values()) > MOST_VALUES:
                raise FormatError(f"has more than {MOST_VALUES:,} values", where=path.name, hint="cut it to the area that matters")
            data.load()
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(f"cannot be read as NetCDF-4: {str(error)[:150]}", where=path.name) from None
    angle = next((one for one in _DIRECTION if one in data.dims), None)
    found = [array for array in data.data_vars.values() if angle in array.dims and {"y", "x"} <= set(map(str, array.dims))]
    if angle is None or len(found) != 1 or len(found[0].dims) != 3:
        told = "; ".join(f"{name} ({', '.join(map(str, array.dims))})" for name, array in data.data_vars.items())
        raise FormatError(f"has no single variable over `direction`, `y` and `x`; it has: {told or 'none'}", where=path.name)
    array = found[0].transpose(angle, "y", "x")
    try:
        x, y, angles = (np.asarray(data[name], dtype=np.float64) for name in ("x", "y", angle))
    except (TypeError, ValueError):
        raise FormatError("has coordinates `direction`, `x` or `y` that are no numbers", where=path.name) from None
    if angle not in data.coords or min(len(x), len(y)) < 2:
        raise FormatError("has no coordinates of `direction`, or fewer than two of `x` or `y`", where=path.name)
    steps = np.diff(x), np.diff(y)
    if not all(np.abs(one - one[0]).max() <= 1e-3 * abs(one[0]) and one[0] != 0.0 for one in steps):
        raise FormatError("has cells of different sizes", where=path.name)
    array = array.isel(x=slice(None, None, 1 if steps[0][0] > 0 else -1), y=slice(None, None, 1 if steps[1][0] < 0 else -1))
    width, height = abs(float(steps[0][0])), abs(float(steps[1][0]))
    raster = Raster(float(x.min() - 0.5 * width), float(y.max() + 0.5 * height), width, height, (len(y), len(x)))
    of, order = _in_order(angles.tolist(), path.name)
    values = array.to_numpy().astype(np.float64).reshape(len(of), -1).T
    stated = data.attrs.get("crs") or array.attrs.get("crs")
    own = _system(str(stated), path) if stated else crs
    return _of_raster(raster, values[:, order], of, own, target, path.name)


def _of_raster(
    raster: Raster, values: NDArray[np.float64], of: NDArray[np.float64], crs: CRS | None, target: CRS | None, name: str
) -> Factors:
    from twin.geo.crs import horizontal, same, short_name

    if crs is not None and target is not None and not same(horizontal(crs), horizontal(target)):
        raise CRSError(
            f"is in {short_name(crs)}, and the city in {short_name(target)}", where=name,
            hint="a raster is not turned here: do it with gdalwarp, or give points",
        )  # fmt: skip
    rows, columns = raster.shape
    x = raster.west + (np.arange(columns) + 0.5) * raster.width
    y = raster.north - (np.arange(rows) + 0.5) * raster.height
    xy = np.column_stack([np.tile(x, rows), np.repeat(y, columns)])
    plain = np.full(len(xy), "street", dtype=object)
    return Factors(xy, values, of, plain, np.full(len(xy), "", dtype=object), raster)


# --- what is looked at in all of them


def _checked(found: Factors, name: str, unit: str, reference_m_s: float | None) -> Factors:
    missing = gaps(found.directions_deg)
    if len(missing) and not np.isnan(missing).any():
        raise FormatError(f"lacks direction {', '.join(f'{one:g}' for one in missing)}", where=name)
    if len(found.directions_deg) < 4 or len(missing):
        told = ", ".join(f"{one:g}" for one in found.directions_deg)
        raise FormatError(f"has directions that do not go evenly round: {told}", where=name, hint="such as 0, 30, 60, ... 330")
    if unit == "percent":
        found = replace(found, values=found.values / 100.0)
    elif unit == "m_s":
        if reference_m_s is None or not reference_m_s > 0.0:
            raise ParameterError("speeds need `reference_m_s`, the speed of the reference [m/s]")
        found = replace(found, values=found.values / reference_m_s)
    known = np.isfinite(found.values)
    some = known.any(axis=1)
    if not some.any():
        raise FormatError("has no factors", where=name)
    part = some & ~known.all(axis=1)
    if part.any():
        row = int(np.flatnonzero(part)[0])
        gone = ", ".join(f"{one:g}" for one in found.directions_deg[~known[row]])
        more = f" (and {int(part.sum()) - 1} more)" if part.sum() > 1 else ""
        told = f"{_spot(found, row)} lacks direction {gone}{more}"
        raise FormatError(told, where=name, hint="a place has all directions, or none")
    _no_absurd(found, name, unit)
    if found.raster is not None:
        return found
    notes = list(found.notes)
    if not some.all():
        notes.append(f"{int((~some).sum())} points of {name} have no factors and do not count.")
    found = replace(
        found, xy=found.xy[some], values=found.values[some], level=found.level[some], names=found.names[some], notes=tuple(notes)
    )
    key = pd.MultiIndex.from_arrays([found.xy[:, 0].round(3), found.xy[:, 1].round(3), found.level])
    if key.has_duplicates:
        raise FormatError(f"{_spot(found, int(np.flatnonzero(key.duplicated())[0]))} is there twice", where=name)
    return found


def _no_absurd(found: Factors, name: str, unit: str) -> None:
    with np.errstate(invalid="ignore"):
        low, high = (found.values < 0.0).any(axis=1), (found.values > MOST_FACTOR).any(axis=1)
    if low.any():
        row = int(np.flatnonzero(low)[0])
        raise FormatError(f"{_spot(found, row)} has a factor below 0: {np.nanmin(found.values[row]):g}", where=name)
    if high.any():
        row = int(np.flatnonzero(high)[0])
        hint = "a factor is the local speed over that of the reference"
        if unit == "ratio":
            hint += "; for percents write `unit: percent`, for speeds `unit: m_s` and `reference_m_s`"
        told = f"{_spot(found, row)} has a factor of {np.nanmax(found.values[row]):g}, more than {MOST_FACTOR:g}"
        raise FormatError(told, where=name, hint=hint)


def _spot(found: Factors, row: int) -> str:
    x, y = found.xy[row]
    named = f"{found.names[row]} " if found.names[row] else ""
    return f"{named}({x:.1f}, {y:.1f})"
