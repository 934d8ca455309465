"""Voronoi cells by cutting an area with the bisector to every other person, one after the other."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

FAR_M = 1e4


def cells(
    xy: NDArray[np.float64], area: shapely.Polygon, cut_off_m: float | None = None, quad_segments: int = 3
) -> list[shapely.Polygon]:
    """Cell of each person (N, 2) [m] in one frame."""
    found = []
    for i, here in enumerate(xy):
        shape = area
        if cut_off_m is not None:
            shape = shape.intersection(shapely.Point(here).buffer(cut_off_m, quad_segs=quad_segments))
        for j, other in enumerate(xy):
            apart = other - here
            if i == j or not apart.any():
                continue
            along = apart / np.hypot(*apart)
            across = np.array([-along[1], along[0]])
            middle = (here + other) / 2
            corners = [middle + across * FAR_M, middle - across * FAR_M, middle - across * FAR_M - along * FAR_M]
            corners.append(middle + across * FAR_M - along * FAR_M)
            shape = shape.intersection(shapely.Polygon(corners))
        parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
        found.append(min(parts, key=lambda part: part.distance(shapely.Point(here))))
    return found
