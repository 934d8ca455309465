"""Rasters of a city as Cloud Optimized GeoTIFF."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from twin.errors import OutputError, did_you_mean
from twin.geo.city import City
from twin.geo.crs import same
from twin.geo.terrain import Terrain
from twin.geo.writers.atomic import written_file
from twin.geo.writers.tables_readback import about

SUFFIXES = (".tif", ".tiff")
RASTERS = ("terrain", "dsm", "canopy")


def write_geotiff(city: City, path: str | Path, *, raster: str = "terrain") -> Path:
    """Write a raster of a city as a Cloud Optimized GeoTIFF: tiles, overviews, float32 without loss, NaN where unknown.

    Parameters
    ----------
    city : City
    path : str or Path
        Ends in ``.tif``; replaced when it is there.
    raster : {"terrain", "dsm", "canopy"}
        Which one.

    Raises
    ------
    OutputError
        When the city does not have it, the file cannot be written, or does not read as it was written.
    """
    path = Path(path)
    if raster not in RASTERS:
        raise OutputError(f"a city has no raster {raster!r}{did_you_mean(raster, RASTERS)}", where=str(path))
    heights: Terrain | None = getattr(city, raster)
    if heights is None:
        there = [name for name in RASTERS if getattr(city, name) is not None]
        hint = f"it has {', '.join(there)}" if there else "read one with it: read_city([..., 'dtm.tif'])"
        raise OutputError(f"the city has no {raster}", where=str(path), hint=hint)
    with written_file(path) as place:
        try:
            _write(heights, city, place, raster)
            _compare(heights, city, place, path)
        except OutputError:
            raise
        except Exception as error:
            # rasterio and GDAL have errors of many kinds without one base: whichever it is, no file was made
            text = " ".join(str(error).split())[:200].replace(str(place), path.name)
            raise OutputError(f"cannot be written as a GeoTIFF: {text}", where=str(path)) from error
    return path


def _write(heights: Terrain, city: City, place: Path, raster: str) -> None:
    import rasterio

    grid = heights.grid
    code = city.crs.to_authority()
    # By its code: GDAL spells the WKT of a compound system with other names.
    crs = None if code is None else f"{code[0]}:{code[1]}"
    profile = {"driver": "COG", "count": 1, "dtype": "float32", "nodata": float("nan"), "height": grid.rows, "width": grid.columns}
    options = {"compress": "DEFLATE", "predictor": "YES", "bigtiff": "IF_SAFER", "overview_resampling": "AVERAGE"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        transform = rasterio.Affine(*grid.gdal_transform())
        with rasterio.open(place, "w", crs=crs, transform=transform, **profile, **options) as file:
            file.write(heights.height, 1)
            file.set_band_description(1, raster)
            file.set_band_unit(1, "m")
            file.update_tags(**about(city))


def _compare(heights: Terrain, city: City, place: Path, path: Path) -> None:
    import rasterio
    from pyproj import CRS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(place, driver="GTiff") as file:
            there = np.array(tuple(file.transform)[:6])
            if file.shape != heights.grid.shape or np.abs(there - heights.grid.gdal_transform()).max() > 1e-9:
                raise OutputError("its place on the map is another after reading it again", where=str(path))
            if not np.array_equal(file.read(1), heights.height, equal_nan=True):
                raise OutputError("its heights are others after reading it again", where=str(path))
            if city.crs.to_authority() is not None and not same(CRS.from_wkt(file.crs.to_wkt()), city.crs):
                raise OutputError("its coordinate reference system is another after reading it again", where=str(path))
