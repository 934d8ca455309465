"""Coordinate systems of files and of the city."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import CRSError

if TYPE_CHECKING:
    from pyproj import CRS

def system_of(crs: str | CRS | None, path: Path) -> CRS | None:
    """The system that is named, if one is; `path` is the file that is told of."""
    from twin.geo.crs import parse

    if not isinstance(crs, str):
        return crs
    try:
        return parse(crs)
    except CRSError as error:
        raise CRSError(error.what, where=path.name, hint="write it as EPSG:28992") from None


def moved(xy: NDArray[np.float64], crs: CRS | None, target: CRS | None, name: str) -> NDArray[np.float64]:
    """Coordinates in the system of the city."""
    from twin.geo.crs import horizontal, same, transformer

    if crs is None or target is None or same(horizontal(crs), horizontal(target)):
        return xy
    x, y = transformer(horizontal(crs), horizontal(target)).transform(xy[:, 0], xy[:, 1])
    made = np.column_stack([x, y])
    if not np.isfinite(made).all():
        raise CRSError("has coordinates that its coordinate system does not have", where=name)
    return made
