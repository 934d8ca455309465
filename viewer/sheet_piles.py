"""The course of a sheet pile wall: out and in along an outline."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.polygon import orient

WAVE_M, WAVE_DEEP_M = 1.2, 0.4
"""One wave of a sheet pile wall: a pair of planks, and how deep it is [m]."""
SHEET_M = 0.06
"""How thick a sheet is drawn: more than it is, so that it is seen [m]."""


def rings_of(polygon: shapely.Polygon) -> list[NDArray[np.float64]]:
    """Corners of the rings of a polygon, each with the polygon on its left, the first one again at the end."""
    turned = orient(polygon)
    return [shapely.get_coordinates(ring) for ring in (turned.exterior, *turned.interiors)]


def waved(corners: NDArray[np.float64], near: float, far: float) -> NDArray[np.float64]:
    """A ring (K, 2) that goes out and in along its edges, (N, 2).

    Parameters
    ----------
    corners : (K, 2) float64
        With the inside on the left.
    near, far : float
        How far outside the edges it lies where it is nearest and farthest [m].
    """
    path: list[NDArray[np.float64]] = []
    for first, second in pairwise(corners):
        side = second - first
        length = float(np.hypot(*side))
        if length < 1e-6:
            continue
        normal = np.array([side[1], -side[0]]) / length
        waves = max(1, round(length / WAVE_M))
        # flat inside, a flank, flat outside, a flank back
        steps = np.concatenate([k + np.array([0.0, 0.3, 0.5, 0.8]) for k in range(waves)]) / waves
        path += list(first + steps[:, None] * side + np.tile([near, near, far, far], waves)[:, None] * normal)
    return np.array(path)
