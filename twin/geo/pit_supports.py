"""Where struts and anchors of a pit lie, by their spacing."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.pits import Pit, PitSupport

LEAST_STRUT_M = 0.5
"""No strut is shorter [m]."""


def struts(pit: Pit, support: PitSupport) -> NDArray[np.float64]:
    """Struts of a layer, from wall to wall across the shorter side of the pit.

    Parameters
    ----------
    pit : Pit
    support : PitSupport
        Of kind ``"strut"``.

    Returns
    -------
    (N, 2, 3) float64
        Both ends [m, CRS of the city and its vertical datum], in the order along the pit, half a spacing from its ends and no
        farther from each other than the spacing; of a pit with corners inward each piece between two walls is one.
    """
    start, along, across, length, width = _box(pit)
    count = _count(length, support.spacing_m)
    made: list[NDArray[np.float64]] = []
    for k in range(count):
        foot = start + along * (length * (k + 0.5) / count)
        line = shapely.LineString([foot - across, foot + across * (width + 1.0)])
        for piece in shapely.get_parts(shapely.intersection(line, pit.outline)):
            if piece.length >= LEAST_STRUT_M:
                ends = shapely.get_coordinates(piece)[[0, -1]]
                made.append(np.column_stack([ends, np.full(2, support.level_m)]))
    return np.array(made).reshape(-1, 2, 3)


def anchors(pit: Pit, support: PitSupport) -> NDArray[np.float64]:
    """Anchors of a layer, from the wall outward and down.

    Parameters
    ----------
    pit : Pit
    support : PitSupport
        Of kind ``"anchor"``.

    Returns
    -------
    (N, 2, 3) float64
        Head at the wall and end in the ground [m, CRS of the city and its vertical datum].
    """
    far = support.length_m * math.cos(math.radians(support.angle_deg))
    deep = support.length_m * math.sin(math.radians(support.angle_deg))
    made: list[NDArray[np.float64]] = []
    for polygon in shapely.get_parts(pit.outline):
        for hole, ring in enumerate((polygon.exterior, *polygon.interiors)):
            corners = shapely.get_coordinates(ring)
            signed = 1.0 if shapely.is_ccw(ring) == (hole == 0) else -1.0
            for first, second in pairwise(corners):
                side = second - first
                length = float(np.hypot(*side))
                if length < support.spacing_m / 2:
                    continue
                outward = signed * np.array([side[1], -side[0]]) / length
                count = _count(length, support.spacing_m)
                for k in range(count):
                    head = first + side * ((k + 0.5) / count)
                    end = head + outward * far
                    made.append(np.array([[*head, support.level_m], [*end, support.level_m - deep]]))
    return np.array(made).reshape(-1, 2, 3)


def _count(length_m: float, spacing_m: float) -> int:
    """How many there are, so that none is farther from the next than stated."""
    return max(1, math.ceil(length_m / spacing_m - 1e-6))


def _box(pit: Pit) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float, float]:
    """The narrowest box round a pit: a corner, unit vectors along its longer and shorter side, and the lengths of both [m]."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(pit.outline))
    first, second = corners[1] - corners[0], corners[3] - corners[0]
    if np.hypot(*first) < np.hypot(*second):
        first, second = second, first
    length, width = float(np.hypot(*first)), float(np.hypot(*second))
    return corners[0], first / length, second / width, length, width
