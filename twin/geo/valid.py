"""Shapes that cross themselves, made valid: the one place that knows how much of that can be done.

GEOS takes more than the square of the number of crossings: a ring of 400 corners drawn at random takes 40 s, and one of 20,000
never ends. A hostile file needs a few kilobytes for that. Rings that people draw cross themselves in a few places.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.kernels.ring_crossings import count_crossings

MAX_CROSSINGS = 2000
CROSSINGS = 100
"""A shape may cross itself this often, and once more for every two corners, up to `MAX_CROSSINGS`: mending what a file holds
takes no more than its size."""

TOO_MANY = "it crosses itself in too many places to be mended"
"""What to say of a shape for which `mended` gives None."""


def sides_of(shape: BaseGeometry) -> NDArray[np.float64]:
    """Sides of all rings of a shape, (S, 4), without those of no length."""
    # twice, for a collection may hold shapes of several parts
    parts = shapely.get_parts(shapely.get_parts(shape))
    points, part = shapely.get_coordinates(shapely.get_rings(parts), return_index=True)
    sides = np.column_stack([points[:-1], points[1:]])[part[1:] == part[:-1]]
    return np.ascontiguousarray(sides[(sides[:, :2] != sides[:, 2:]).any(axis=1)])


def mendable(shape: BaseGeometry) -> bool:
    """Whether a shape crosses itself in so few places that what mends it comes to an end."""
    sides = sides_of(shape)
    most = min(CROSSINGS + len(sides) // 2, MAX_CROSSINGS)
    return bool(count_crossings(sides, most)[0] <= most)


def mended(shape: BaseGeometry) -> BaseGeometry | None:
    """A shape made valid by `shapely.make_valid`; itself where it is valid, None where that would take too long.

    Notes
    -----
    A polygon becomes the areas that it goes round an odd number of times.
    """
    if shape.is_valid:
        return shape
    return shapely.make_valid(shape) if mendable(shape) else None
