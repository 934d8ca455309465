"""Fields in a NetCDF file, written moment after moment where they are large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
import xarray as xr

from twin.sparse_fields import slabs

WHOLE_BYTES = 64 * 1024**2
"""Variables over time larger than this are written moment by moment [B]."""


def write_fields(fields: xr.Dataset, path: Path) -> None:
    """Write a dataset to a NetCDF file that is not there yet.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    large = [name for name, array in fields.data_vars.items() if _is_large(array)]
    rest = fields.drop_vars(large)
    encoding = {
        str(name): {"zlib": True, "complevel": 2, "shuffle": True, "chunksizes": _chunks(array)}
        for name, array in rest.data_vars.items()
        if array.size
    }
    rest.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    if not large:
        return
    with h5netcdf.File(path, "a") as file:
        for name in large:
            _write_slabs(file, str(name), fields[name])


def _is_large(array: xr.DataArray) -> bool:
    return array.dims[:1] == ("time",) and array.dtype.kind in "fiu" and array.nbytes > WHOLE_BYTES


def _chunks(array: xr.DataArray) -> tuple[int, ...]:
    return tuple(1 if dim in ("time", "level") else size for dim, size in zip(array.dims, array.shape, strict=True))


def _write_slabs(file: h5netcdf.File, name: str, array: xr.DataArray) -> None:
    for dim, size in array.sizes.items():
        if str(dim) not in file.dimensions:
            file.dimensions[str(dim)] = size
    more: dict[str, Any] = {"fillvalue": np.nan} if array.dtype.kind == "f" else {}
    made = file.create_variable(
        name, array.dims, array.dtype, chunks=_chunks(array), compression="gzip", compression_opts=2, shuffle=True, **more
    )
    made.attrs.update(array.attrs)
    for k, slab in enumerate(slabs(array)):
        made[k] = slab
