"""Viewshed of xarray-spatial, on one core.

It takes `z` (R, C) [m], `cell` [m], `row` and `column` of the point, `eye` and `target`, heights above the surface [m], and
`repeat`.
"""

from __future__ import annotations

import numpy as np
from asked import given, needed, tell, timed

LONGEST_S = 120.0

viewshed = needed("xrspatial").viewshed
DataArray = needed("xarray").DataArray
asked = given()
cell, row, column = float(asked["cell"]), int(asked["row"]), int(asked["column"])
eye, target = float(asked["eye"]), float(asked["target"])


def seen(z, row, column):
    rows, columns = z.shape
    x, y = np.arange(columns) * cell, np.arange(rows)[::-1] * cell
    raster = DataArray(z.astype(np.float64), dims=("y", "x"), coords={"y": y, "x": x})
    angles = viewshed(raster, x=x[column], y=y[row], observer_elev=eye, target_elev=target)
    return np.asarray(angles.values) >= 0


seen(asked["z"][:50, :50], 25, 25)  # compiles
out = []
seconds = timed([lambda: out.append(seen(asked["z"], row, column))] * int(asked["repeat"]), LONGEST_S)
tell("xarray-spatial", 1, seconds, {"seen": out[-1]})
