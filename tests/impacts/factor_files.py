"""Files of factors of the wind that tests read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.impacts.places import SOUTH, WEST

FOUR = np.array([0.0, 90.0, 180.0, 270.0])
HEAD = "x,y,0,90,180,270\n"


def grid_csv(path: Path, factor: Any = 0.5, step: float = 5.0) -> Path:
    """A square of points on the plain, 10 to 50 m from its corner."""
    rows = []
    for x in np.arange(10.0, 50.1, step):
        for y in np.arange(10.0, 50.1, step):
            f = factor(x, y) if callable(factor) else factor
            rows.append(f"{WEST + x},{SOUTH + y},{f},{f},{f},{f}")
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def geotiff(path: Path, bands: Any, x: Any, y: Any, names: list[str] | None, crs: str = "EPSG:28992") -> None:
    """A raster with a band a direction, rows from the north, with middles of cells at `x` and `y`."""
    import rasterio
    from rasterio.transform import Affine

    step = float(x[1] - x[0])
    place = Affine(step, 0.0, x.min() - step / 2, 0.0, -step, y.max() + step / 2)
    with rasterio.open(
        path, "w", driver="GTiff", count=len(bands), height=bands.shape[1], width=bands.shape[2], dtype="float64", crs=crs,
        transform=place, nodata=-9999.0,
    ) as file:  # fmt: skip
        file.write(np.where(np.isnan(bands), -9999.0, bands))
        for k, name in enumerate(names or ()):
            file.set_band_description(k + 1, name)
