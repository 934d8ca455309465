"""Light at places, what the kernels take of it, and work in bands on all cores."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viewer.kernels import shading
from viewer.kernels.arrays import (
    BEYOND,
    BLOCK,
    BUILDING,
    DRAWN,
    EARTH,
    FLOOR,
    FOLIAGE,
    PERSON,
    SOLID,
    WATER,
    Drape,
    Eye,
    Heights,
    Look,
    Surfaces,
)

__all__ = [
    "BEYOND",
    "BLOCK",
    "BUILDING",
    "DRAWN",
    "EARTH",
    "FLOOR",
    "FOLIAGE",
    "PERSON",
    "SOLID",
    "WATER",
    "Drape",
    "Eye",
    "Heights",
    "Look",
    "Surfaces",
    "in_bands",
    "light_at",
    "sun_at",
    "sun_vector",
]


def light_at(
    points: NDArray[np.float64], normals: NDArray[np.float64], heights: Heights, sun: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Sun and open sky at points.

    Parameters
    ----------
    points, normals : (N, 3) float64
        Points a little off their surface.
    sun : (3,) float64
        Unit vector towards the sun.

    Returns
    -------
    (N, 2) uint8
        0 in shadow (or under a roof), 255 in the open.
    """
    out = np.empty((len(points), 2), np.uint8)
    points, normals = np.ascontiguousarray(points), np.ascontiguousarray(normals)
    direction = np.asarray(sun, dtype=np.float64)

    def part(first: int, last: int) -> None:
        shading.light_at_points(points[first:last], normals[first:last], heights, direction, out[first:last])

    in_bands(len(points), part)
    return out


def sun_at(points: NDArray[np.float64], heights: Heights, sun: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Sun at points (N, 3), as the first column of `light_at`: for a sun that moves, which leaves the sky as it is, (N,) uint8."""
    out = np.empty(len(points), np.uint8)
    points, direction = np.ascontiguousarray(points, dtype=np.float64), np.asarray(sun, dtype=np.float64)
    in_bands(len(points), lambda first, last: shading.sun_at_points(points[first:last], heights, direction, out[first:last]))
    return out


def in_bands(count: int, work: Callable[[int, int], None]) -> None:
    """Call `work` for parts of a range on all cores; each writes only its own part, so nothing depends on them."""
    workers = max(1, min(16, os.cpu_count() or 1))
    bounds = np.linspace(0, count, 4 * workers + 1).astype(int)
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, int(a), int(b)) for a, b in pairwise(bounds) if b > a]:
            done.result()


def sun_vector(azimuth_deg: float, altitude_deg: float) -> NDArray[np.float64]:
    """Unit vector towards the sun, (3,) float64; the altitude is kept between 5 and 85 degrees."""
    azimuth, altitude = math.radians(azimuth_deg), math.radians(min(max(altitude_deg, 5.0), 85.0))
    flat = math.cos(altitude)
    return np.array([flat * math.sin(azimuth), flat * math.cos(azimuth), math.sin(altitude)])
