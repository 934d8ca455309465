"""Factors in NetCDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twin.errors import FormatError
from twin.impacts.wind_factors.directions import DIRECTION, in_order
from twin.impacts.wind_factors.limits import not_too_many
from twin.impacts.wind_factors.model import Factors, Raster
from twin.impacts.wind_factors.raster import of_raster
from twin.impacts.wind_factors.systems import system_of

if TYPE_CHECKING:
    from pyproj import CRS

def read_netcdf(path: Path, crs: CRS | None, target: CRS | None, directions: Sequence[float] | None) -> Factors:
    """Factors of a NetCDF-4 file with one variable over direction, y and x."""
    import xarray as xr

    try:
        with xr.open_dataset(path, engine="h5netcdf") as data:
            # what is packed in a file may be far larger than it
            not_too_many(sum(array.size for array in data.variables.values()), path.name)
            data.load()
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(f"cannot be read as NetCDF-4: {str(error)[:150]}", where=path.name) from None
    angle = next((one for one in DIRECTION if one in data.dims), None)
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
    of, order = in_order(angles.tolist(), path.name)
    values = array.to_numpy().astype(np.float64).reshape(len(of), -1).T
    stated = data.attrs.get("crs") or array.attrs.get("crs")
    own = system_of(str(stated), path) if stated else crs
    return of_raster(raster, values[:, order], of, own, target, path.name)
