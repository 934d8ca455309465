"""Factors at the cells of a raster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import CRSError
from twin.impacts.wind_factors.model import Factors, Raster

if TYPE_CHECKING:
    from pyproj import CRS

def of_raster(
    raster: Raster, values: NDArray[np.float64], of: NDArray[np.float64], crs: CRS | None, target: CRS | None, name: str
) -> Factors:
    """Factors of cells in rows from the north, in the system of the city."""
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
