"""Points along lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray


def points_along(lines: Any, step: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points along lines, no further apart than a step; none of parts without length on the map, which GEOS refuses to divide.

    Parameters
    ----------
    lines : LineString, LinearRing or MultiLineString, or array of them
        Their heights do not count.
    step : float
        [m].

    Returns
    -------
    points : (P, 2) float64
        Corners of the lines and points between them, in order [m].
    row : (P,) int64
        Which of the lines each is of.
    """
    parts, row = shapely.get_parts(np.atleast_1d(np.asarray(lines, dtype=object)), return_index=True)
    long = np.flatnonzero(shapely.length(parts) > 0)
    points, part = shapely.get_coordinates(shapely.segmentize(parts[long], step), return_index=True)
    return points, np.asarray(row[long][part], dtype=np.int64)
