"""What a vertical plane cuts: triangles to outlines, polygons to intervals along the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import ParameterError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

SNAP_M = 1e-4
"""Ends of cuts that are nearer to each other than this are one [m]."""


class Plane(NamedTuple):
    """A vertical plane along a line in plan.

    Parameters
    ----------
    start : (2,) float64
        Where distances begin [m].
    along : (2,) float64
        Unit vector.
    length : float
        Of the line [m].
    """

    start: NDArray[np.float64]
    along: NDArray[np.float64]
    length: float

    def distance(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance along the line of points (..., 2) [m]."""
        return (points - self.start) @ self.along

    def aside(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance to the left of the line of points (..., 2) [m]."""
        return (points - self.start) @ np.array([-self.along[1], self.along[0]])

    def at(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (N, 2) at distances (N,) along the line [m]."""
        return self.start + np.asarray(distance)[:, None] * self.along

    @property
    def line(self) -> shapely.LineString:
        """The line in plan."""
        return shapely.LineString([self.start, self.start + self.length * self.along])


def plane_through(start: object, end: object) -> Plane:
    """The vertical plane through two places.

    Parameters
    ----------
    start, end : (x, y) or shapely Point
        In the CRS of the city [m].

    Raises
    ------
    ParameterError
        When they are no places, or the same.
    """
    ends = [_place(start, "start"), _place(end, "end")]
    length = float(np.hypot(*(ends[1] - ends[0])))
    if length < 0.01:
        raise ParameterError("a section needs two places; start and end are the same", hint="give (x, y) of both ends, in metres")
    return Plane(ends[0], (ends[1] - ends[0]) / length, length)


def _place(value: object, what: str) -> NDArray[np.float64]:
    if isinstance(value, shapely.Point) and not value.is_empty:
        value = (value.x, value.y)
    try:
        made = np.asarray(value, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        made = np.empty(0)
    if made.shape != (2,) or not np.isfinite(made).all():
        raise ParameterError(
            f"the {what} of a section is a place (x, y), not {value!r}", hint="two numbers in the CRS of the city, in metres"
        )
    return made


def slice_triangles(
    vertices: NDArray[np.float64], triangles: NDArray[np.int32], plane: Plane
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cut triangles by a vertical plane.

    A corner on the plane counts as left of it, for all triangles alike: so what is closed is cut to closed outlines, however
    its corners and edges lie.

    Parameters
    ----------
    vertices : (V, 3) float64
        In the CRS [m].
    triangles : (T, 3) int32
    plane : Plane

    Returns
    -------
    rows : (K,) int64
        Triangles that are cut, within the ends of the line or not.
    segments : (K, 2, 2) float64
        Distance along the line and height of the two ends of each cut [m].
    """
    left = plane.aside(vertices[:, :2]) >= 0.0
    sides = left[triangles]
    rows = np.flatnonzero((sides.any(axis=1)) & ~(sides.all(axis=1)))
    if not len(rows):
        return rows.astype(np.int64), np.empty((0, 2, 2))
    corners, sides = triangles[rows].astype(np.int64), sides[rows]
    # the corner that is alone on its side: both edges from it are cut
    alone = np.where(sides.sum(axis=1) == 1, sides.argmax(axis=1), (~sides).argmax(axis=1))
    turn = np.arange(len(rows))
    single = corners[turn, alone]
    ends = [_crossing(vertices, single, corners[turn, (alone + step) % 3], plane) for step in (1, 2)]
    return rows.astype(np.int64), np.stack(ends, axis=1)


def _crossing(vertices: NDArray[np.float64], one: NDArray[np.int64], two: NDArray[np.int64], plane: Plane) -> NDArray[np.float64]:
    """Where edges cross the plane, (K, 2); the same to the bit from either side of an edge."""
    a, b = vertices[one], vertices[two]
    keys = np.where(a != b, np.sign(a - b), 0.0)
    first = np.where(keys[:, 0] != 0, keys[:, 0], np.where(keys[:, 1] != 0, keys[:, 1], keys[:, 2]))
    swap = (first > 0)[:, None]
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    da, db = plane.aside(a[:, :2]), plane.aside(b[:, :2])
    share = np.clip(da / np.where(da == db, 1.0, da - db), 0.0, 1.0)[:, None]
    at = a + share * (b - a)
    return np.column_stack([plane.distance(at[:, :2]), at[:, 2]])


def closed_outline(segments: NDArray[np.float64]) -> tuple[BaseGeometry, BaseGeometry]:
    """What cuts of one object enclose, and those that enclose nothing.

    Parameters
    ----------
    segments : (K, 2, 2) float64
        As `slice_triangles` gives them [m].

    Returns
    -------
    area : shapely geometry
        Polygons with their holes; empty when nothing is closed.
    loose : shapely geometry
        Lines that bound no area: of walls and roofs that are only surfaces.
    """
    ends = np.round(segments / SNAP_M).astype(np.int64)
    swap = (ends[:, 0, 0] > ends[:, 1, 0]) | ((ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1]))
    ends[swap] = ends[swap, ::-1]
    # what is there twice has nothing between: the plane touches an edge of a solid, or a wall inside it
    single, count = np.unique(ends.reshape(-1, 4), axis=0, return_counts=True)
    lines = shapely.linestrings(single[count % 2 == 1].reshape(-1, 2, 2) * SNAP_M)
    lines = lines[shapely.length(lines) > 0]
    if not len(lines):
        return shapely.Polygon(), shapely.LineString()
    noded = shapely.union_all(lines, grid_size=SNAP_M)
    area = shapely.build_area(noded)
    if area.is_empty:
        return area, noded
    return area, shapely.difference(noded, shapely.buffer(area, 10 * SNAP_M))


def intervals(shape: BaseGeometry, plane: Plane) -> list[tuple[float, float]]:
    """Where a line runs over a polygon: from and to along it [m], in order."""
    cut = shapely.intersection(shapely.force_2d(shape), plane.line)
    found = []
    for part in shapely.get_parts(cut):
        if part.geom_type == "LineString" and part.length > 1e-6:
            reach = plane.distance(shapely.get_coordinates(part))
            found.append((float(reach.min()), float(reach.max())))
    return sorted(found)


def crossings(shape: BaseGeometry, plane: Plane) -> list[float]:
    """Where a line crosses another, along it [m]; the middle of what they share."""
    cut = shapely.intersection(shapely.force_2d(shape), plane.line)
    return sorted(
        float(plane.distance(shapely.get_coordinates(part).mean(axis=0))) for part in shapely.get_parts(cut) if not part.is_empty
    )
