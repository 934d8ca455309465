"""Closed solids for the embedded sample: houses, stacked prisms, slabs, as triangles with semantics."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.mesh import SEMANTICS, TriangleMesh

Point2 = tuple[float, float]
Point3 = tuple[float, float, float]

ROOFS = ("flat", "gable-front", "gable-side", "hipped", "mansard", "shed")
"""Roof shapes that `Solids.house` knows; ``gable-front`` turns its gable to the street."""


def mm(value: float) -> float:
    """Round to whole millimetres, so that the last digits of sin and sqrt do not matter."""
    return round(float(value), 3) + 0.0


def mid(a: Point2, b: Point2, at: float = 0.5) -> Point2:
    """Point between two points, in whole millimetres."""
    return mm(a[0] + at * (b[0] - a[0])), mm(a[1] + at * (b[1] - a[1]))


def signed_area(ring: Sequence[Point2]) -> float:
    """Area of a ring [m2], positive when it runs counter-clockwise."""
    x, y = np.array(ring).T
    return float(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def flat_triangles(polygon: BaseGeometry) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Triangulate a polygon in plan; triangles run counter-clockwise.

    Returns
    -------
    points : (P, 2) float64
        Vertices [m].
    triangles : (T, 3) int64
        Rows of `points`.
    """
    polygon = shapely.normalize(polygon)
    rings = [polygon.exterior, *polygon.interiors]
    coordinates = [np.asarray(ring.coords)[:-1, :2] for ring in rings]
    points = np.concatenate(coordinates)
    ends = np.cumsum([len(ring) for ring in coordinates]).astype(np.uint32)
    triangles = mapbox_earcut.triangulate_float64(points, ends).reshape(-1, 3).astype(np.int64)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    triangles[area < 0] = triangles[area < 0][:, ::-1]
    return points, triangles[np.abs(area) > 1e-9]


@dataclass
class Solids:
    """Triangles being collected; coordinates are local to the district, in whole millimetres."""

    corners: list[tuple[Point3, Point3, Point3]] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)
    semantic: list[int] = field(default_factory=list)

    def triangle(self, owner: int, meaning: str, a: Point3, b: Point3, c: Point3) -> None:
        """Add one triangle, counter-clockwise seen from outside."""
        self.corners.append((a, b, c))
        self.owner.append(owner)
        self.semantic.append(SEMANTICS[meaning])

    def fan(self, owner: int, meaning: str, points: Sequence[Point3]) -> None:
        """Add a convex polygon as a fan around its first point."""
        for b, c in itertools.pairwise(points[1:]):
            self.triangle(owner, meaning, points[0], b, c)

    def flat(self, owner: int, meaning: str, polygon: BaseGeometry, z: float, *, down: bool = False) -> None:
        """Add a horizontal polygon (with holes) that looks up, or down."""
        points, triangles = flat_triangles(polygon)
        for i, j, k in triangles:
            a, b, c = ((mm(points[n, 0]), mm(points[n, 1]), mm(z)) for n in ((k, j, i) if down else (i, j, k)))
            self.triangle(owner, meaning, a, b, c)

    def walls(
        self, owner: int, ring: Sequence[Point2], bottom: float, top: float, meaning: str = "WallSurface"
    ) -> None:
        """Add vertical walls along a counter-clockwise ring, looking outward."""
        for p, q in zip(ring, [*ring[1:], ring[0]], strict=True):
            self.fan(owner, meaning, [(*q, top), (*p, top), (*p, bottom), (*q, bottom)])

    def slab(
        self, owner: int, polygon: BaseGeometry, bottom: float, top: float, meanings: tuple[str, str, str]
    ) -> None:
        """Add a closed slab; `meanings` are those of its top, its sides and its underside."""
        self.flat(owner, meanings[0], polygon, top)
        self.flat(owner, meanings[2], polygon, bottom, down=True)
        rings = [polygon.exterior, *polygon.interiors]
        for number, ring in enumerate(rings):
            points = [(mm(x), mm(y)) for x, y in np.asarray(ring.coords)[:-1, :2]]
            if (signed_area(points) > 0) != (number == 0):
                points.reverse()
            self.walls(owner, points, bottom, top, meanings[1])

    def tower(self, owner: int, stages: Sequence[tuple[Sequence[Point2], float, float]], apex: Point3) -> None:
        """Add a closed tower of prisms that step back, under a spire.

        Parameters
        ----------
        owner : int
            Row in the table of objects.
        stages : sequence of (ring, bottom, top)
            Counter-clockwise rings, each inside the one below it; heights [m].
        apex : tuple of float
            Tip of the spire above the last stage.
        """
        first = stages[0]
        self.flat(owner, "GroundSurface", shapely.Polygon(first[0]), first[1], down=True)
        for number, (ring, bottom, top) in enumerate(stages):
            self.walls(owner, ring, bottom, top)
            if number + 1 < len(stages):
                ledge = shapely.Polygon(ring, [list(stages[number + 1][0])])
                self.flat(owner, "RoofSurface", ledge, top)
        ring, _, top = stages[-1]
        for p, q in zip(ring, [*ring[1:], ring[0]], strict=True):
            self.triangle(owner, "RoofSurface", (*p, top), (*q, top), apex)

    def house(
        self, owner: int, ring: Sequence[Point2], extras: tuple[list[Point2], list[Point2]], roof: str,
        ground: float, eaves: float, ridge: float,
    ) -> None:  # fmt: skip
        """Add a closed house over four corners.

        Parameters
        ----------
        owner : int
            Row in the table of objects.
        ring : sequence of 4 points
            Counter-clockwise; the first edge is the front, the third the back.
        extras : two lists of points
            Points on the second and the fourth edge where a shorter neighbour ends, in the order of the ring.
        roof : str
            One of `ROOFS`.
        ground, eaves, ridge : float
            Heights [m].
        """
        gables, faces = _roof(ring, roof, eaves, ridge)
        bases = [[ring[0], ring[1]], [ring[1], *extras[0], ring[2]], [ring[2], ring[3]], [ring[3], *extras[1], ring[0]]]
        for base, profile in zip(bases, gables, strict=True):
            # the fan starts at a top corner, so that points along the base make no flat triangles
            self.fan(owner, "WallSurface", [*profile, *((*point, ground) for point in base)])
        for face in faces:
            self.fan(owner, "RoofSurface", face)
        floor = [*bases[0][:-1], *bases[1][:-1], *bases[2][:-1], *bases[3][:-1]]
        centre = (mm(sum(p[0] for p in ring) / 4), mm(sum(p[1] for p in ring) / 4), ground)
        for p, q in zip(floor, [*floor[1:], floor[0]], strict=True):
            self.triangle(owner, "GroundSurface", (*q, ground), (*p, ground), centre)

    def mesh(self) -> TriangleMesh:
        """All triangles, with vertices shared where they are the same to the millimetre."""
        if not self.corners:
            return TriangleMesh.empty()
        whole = np.rint(np.array(self.corners).reshape(-1, 3) * 1000).astype(np.int64)
        unique, inverse = np.unique(whole, axis=0, return_inverse=True)
        return TriangleMesh(
            unique / 1000.0,
            inverse.reshape(-1, 3).astype(np.int32),
            np.array(self.owner, dtype=np.int32),
            np.array(self.semantic, dtype=np.uint8),
        )


def _roof(
    ring: Sequence[Point2], roof: str, eaves: float, ridge: float
) -> tuple[list[list[Point3]], list[list[Point3]]]:
    """Upper outline of each of the four walls (from its end back to its start), and the faces of the roof."""
    p = [(x, y, eaves) for x, y in ring]
    plain: list[list[Point3]] = [[p[(k + 1) % 4], p[k]] for k in range(4)]
    middle: list[Point3] = [(*mid(ring[k], ring[(k + 1) % 4]), ridge) for k in range(4)]
    if roof == "gable-front":
        plain[0], plain[2] = [p[1], middle[0], p[0]], [p[3], middle[2], p[2]]
        return plain, [[p[1], p[2], middle[2], middle[0]], [p[3], p[0], middle[0], middle[2]]]
    if roof == "gable-side":
        plain[1], plain[3] = [p[2], middle[1], p[1]], [p[0], middle[3], p[3]]
        return plain, [[p[0], p[1], middle[1], middle[3]], [p[2], p[3], middle[3], middle[1]]]
    if roof == "mansard":
        knee = eaves + mm(0.68 * (ridge - eaves))
        q = [(*mid(ring[k], ring[3 - k], 0.17), knee) for k in range(4)]
        plain[1], plain[3] = [p[2], q[2], middle[1], q[1], p[1]], [p[0], q[0], middle[3], q[3], p[3]]
        return plain, [
            [p[0], p[1], q[1], q[0]], [q[0], q[1], middle[1], middle[3]],
            [p[2], p[3], q[3], q[2]], [q[2], q[3], middle[3], middle[1]],
        ]  # fmt: skip
    if roof == "hipped":
        front, back = middle[0][:2], middle[2][:2]
        near, far = (*mid(front, back, 0.3), ridge), (*mid(front, back, 0.7), ridge)
        return plain, [[p[0], p[1], near], [p[1], p[2], far, near], [p[2], p[3], far], [p[3], p[0], near, far]]
    if roof == "shed":
        high: list[Point3] = [(*ring[2], ridge), (*ring[3], ridge)]
        plain[1], plain[2], plain[3] = [high[0], p[1]], [high[1], high[0]], [p[0], high[1]]
        return plain, [[p[0], p[1], high[0], high[1]]]
    return plain, [p]
