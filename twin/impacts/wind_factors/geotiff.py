"""Factors in a GeoTIFF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import FormatError
from twin.impacts.wind_factors.directions import BY_DIRECTION, in_order
from twin.impacts.wind_factors.limits import not_too_many
from twin.impacts.wind_factors.model import Factors, Raster
from twin.impacts.wind_factors.raster import of_raster

if TYPE_CHECKING:
    from pyproj import CRS

def read_geotiff(path: Path, crs: CRS | None, target: CRS | None, directions: Sequence[float] | None) -> Factors:
    """Factors of a GeoTIFF with a band a direction."""
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
            not_too_many(file.count * file.width * file.height, path.name)
            said = [_band_direction(file, band) for band in range(1, file.count + 1)]
            bands = file.read(masked=True).astype(np.float64)
            scale, offset = np.array(file.scales), np.array(file.offsets)
            values = bands.filled(np.nan).reshape(file.count, -1).T * scale + offset
            raster = Raster(place.c, place.f, place.a, -place.e, (file.height, file.width))
            own = System.from_wkt(file.crs.to_wkt()) if file.crs else crs
    except RasterioError as error:
        raise FormatError(f"cannot be read: {str(error)[:150]}", where=path.name) from None
    angles = _angles(said, directions, path.name)
    of, order = in_order(angles, path.name)
    return of_raster(raster, values[:, order], of, own, target, path.name)


def _band_direction(file: Any, band: int) -> float | None:
    told = file.tags(band).get("direction_deg") or file.descriptions[band - 1] or ""
    found = BY_DIRECTION.match(str(told).strip().lower())
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
