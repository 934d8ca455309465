"""Shapes for the scene from outlines: plates, walls, prisms, beams, all as vertices, triangles and colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from twin.geo.along import points_along
from twin.geo.valid import mended
from viewer.scene import Colour


@dataclass(slots=True)
class MeshBuilder:
    """Collects triangles with a colour and an owner each; `arrays` packs them."""

    vertices: list[NDArray[np.float64]] = field(default_factory=list)
    triangles: list[NDArray[np.int32]] = field(default_factory=list)
    colours: list[NDArray[np.uint8]] = field(default_factory=list)
    owners: list[NDArray[np.int32]] = field(default_factory=list)
    count: int = 0

    def add(
        self,
        vertices: NDArray[np.float64],
        triangles: NDArray[np.int32] | NDArray[np.int64] | NDArray[np.uint32],
        colour: Colour | NDArray[np.uint8],
        owner: int | NDArray[np.int32] = -1,
    ) -> None:
        """Add triangles (T, 3) over vertices (V, 3); colour and owner for all, or one a triangle."""
        size = len(triangles)
        if not size:
            return
        self.vertices.append(np.asarray(vertices, dtype=np.float64))
        self.triangles.append(np.asarray(triangles, dtype=np.int64).astype(np.int32) + self.count)
        self.colours.append(np.broadcast_to(np.asarray(colour, dtype=np.uint8), (size, 3)))
        self.owners.append(np.broadcast_to(np.asarray(owner, dtype=np.int32), (size,)))
        self.count += len(vertices)

    def __len__(self) -> int:
        return sum(len(part) for part in self.triangles)

    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8], NDArray[np.int32]]:
        """Vertices (V, 3), triangles (T, 3), colours (T, 3) and owners (T,)."""
        if not self.triangles:
            return np.empty((0, 3)), np.empty((0, 3), np.int32), np.empty((0, 3), np.uint8), np.empty(0, np.int32)
        return (
            np.concatenate(self.vertices),
            np.concatenate(self.triangles),
            np.concatenate(self.colours),
            np.concatenate(self.owners),
        )


def polygons(geometry: BaseGeometry | None) -> Iterator[shapely.Polygon]:
    """The polygons in a geometry, whatever it is a collection of; empty ones are left out."""
    if geometry is None or geometry.is_empty:
        return
    if isinstance(geometry, shapely.Polygon):
        yield geometry
    elif hasattr(geometry, "geoms"):
        for part in geometry.geoms:
            yield from polygons(part)


def sound(shape: BaseGeometry) -> BaseGeometry:
    """An area that can be cut and united: the parts of one that crosses itself, or its hull where they are too many to be found."""
    if shape.is_valid:
        return shape
    whole = mended(shape)
    return shapely.convex_hull(shape) if whole is None else shapely.MultiPolygon(list(polygons(whole)))


def triangulate(polygon: shapely.Polygon) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Triangles of a polygon with its holes, counter-clockwise from above: (V, 2) and (T, 3)."""
    rings = [np.asarray(polygon.exterior.coords)[:-1, :2], *(np.asarray(r.coords)[:-1, :2] for r in polygon.interiors)]
    vertices = np.ascontiguousarray(np.concatenate(rings), dtype=np.float64)
    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    triangles = np.asarray(mapbox_earcut.triangulate_float64(vertices, ends), dtype=np.int32).reshape(-1, 3)
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    triangles[area < 0] = triangles[area < 0][:, ::-1]
    return vertices, triangles[np.abs(area) > 1e-9]


def plate(geometry: BaseGeometry, z: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A flat horizontal surface at height `z`: (V, 3) and (T, 3)."""
    vertices: list[NDArray[np.float64]] = []
    triangles: list[NDArray[np.int32]] = []
    count = 0
    for polygon in polygons(geometry):
        xy, faces = triangulate(polygon)
        vertices.append(np.column_stack([xy, np.full(len(xy), z)]))
        triangles.append(faces + count)
        count += len(xy)
    if not triangles:
        return np.empty((0, 3)), np.empty((0, 3), np.int32)
    return np.concatenate(vertices), np.concatenate(triangles)


def sides(geometry: BaseGeometry, bottom: float, top: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertical walls along the rings of a geometry, seen from outside."""
    starts: list[NDArray[np.float64]] = []
    ends: list[NDArray[np.float64]] = []
    for polygon in polygons(geometry):
        turned = orient(polygon)
        for ring in (turned.exterior, *turned.interiors):
            xy = np.asarray(ring.coords)[:, :2]
            starts.append(xy[:-1])
            ends.append(xy[1:])
    if not starts:
        return np.empty((0, 3)), np.empty((0, 3), np.int32)
    first, second = np.concatenate(starts), np.concatenate(ends)
    n = len(first)
    return curtain(first, second, np.full(n, bottom), np.full(n, bottom), np.full(n, top), np.full(n, top))


def curtain(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    bottom_first: NDArray[np.float64],
    bottom_second: NDArray[np.float64],
    top_first: NDArray[np.float64],
    top_second: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertical rectangles over segments (N, 2), facing right of the way from first to second."""
    n = len(first)
    vertices = np.concatenate(
        [
            np.column_stack([first, bottom_first]),
            np.column_stack([second, bottom_second]),
            np.column_stack([second, top_second]),
            np.column_stack([first, top_first]),
        ]
    )
    i = np.arange(n, dtype=np.int32)
    faces = np.concatenate([np.column_stack([i, i + n, i + 2 * n]), np.column_stack([i, i + 2 * n, i + 3 * n])])
    return vertices, faces.astype(np.int32)


def prism(geometry: BaseGeometry, bottom: float, top: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A closed block over a footprint: top, bottom and sides."""
    upper, faces_up = plate(geometry, top)
    lower, faces_down = plate(geometry, bottom)
    side, faces_side = sides(geometry, bottom, top)
    vertices = np.concatenate([upper, lower, side])
    faces = [faces_up, faces_down[:, ::-1] + len(upper), faces_side + len(upper) + len(lower)]
    return vertices, np.concatenate(faces).astype(np.int32)


def wall_along(line: BaseGeometry, width: float, bottom: float, top: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A thin wall along a line or around a polygon."""
    course = line if line.geom_type in ("LineString", "MultiLineString") else line.boundary
    return prism(shapely.buffer(course, width / 2, cap_style="flat", join_style="mitre"), bottom, top)


def hatch(geometry: BaseGeometry, width: float = 1.2) -> BaseGeometry:
    """Diagonal stripes over a geometry, every other `width` [m]."""
    west, south, east, north = geometry.bounds
    step = 2 * width * np.sqrt(2.0)
    span = north - south
    count = int(np.ceil((east - west + span) / step)) + 1
    if count > 4000:
        return geometry
    stripes = [
        shapely.Polygon([(x, south), (x + step / 2, south), (x + step / 2 - span, north), (x - span, north)])
        for x in west + step * np.arange(count)
    ]
    return shapely.intersection(geometry, shapely.union_all(stripes))


def beams(first: NDArray[np.float64], second: NDArray[np.float64], width: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Square beams from points (N, 3) to points (N, 3), open at their ends."""
    along = second - first
    length = np.maximum(np.linalg.norm(along[:, :2], axis=1), 1e-9)
    side = np.column_stack([-along[:, 1] / length, along[:, 0] / length, np.zeros(len(first))]) * (width / 2)
    up = np.array([0.0, 0.0, width / 2])
    corners = [side + up, up - side, -side - up, side - up]
    vertices = np.stack([first + c for c in corners] + [second + c for c in corners], axis=1).reshape(-1, 3)
    faces = np.array([[k, (k + 1) % 4, 4 + (k + 1) % 4] for k in range(4)] + [[k, 4 + (k + 1) % 4, 4 + k] for k in range(4)])
    return vertices, (faces[None] + 8 * np.arange(len(first))[:, None, None]).reshape(-1, 3).astype(np.int32)


def cut(
    vertices: NDArray[np.float64], triangles: NDArray[np.int32], hole: BaseGeometry
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """Take a hole in plan out of a surface.

    Returns
    -------
    vertices : (V, 3) float64
    triangles : (T, 3) int32
    source : (T,) int64
        Triangle that each one is a part of.
    """
    plan = shapely.polygons(vertices[triangles][:, :, :2])
    shapely.prepare(hole)
    hit = np.flatnonzero(shapely.intersects(hole, plan))
    keep = np.setdiff1d(np.arange(len(triangles)), hit)
    parts, faces, source = [vertices], [triangles[keep]], [keep]
    count = len(vertices)
    for index in hit:
        a, b, c = vertices[triangles[index]]
        edges = np.column_stack([b[:2] - a[:2], c[:2] - a[:2]])
        if abs(np.linalg.det(edges)) < 1e-9:
            continue
        slope = np.linalg.solve(edges.T, np.array([b[2] - a[2], c[2] - a[2]]))
        for piece in polygons(shapely.difference(plan[index], hole)):
            xy, new = triangulate(piece)
            parts.append(np.column_stack([xy, a[2] + (xy - a[:2]) @ slope]))
            faces.append((new + count).astype(np.int32))
            source.append(np.full(len(new), index))
            count += len(xy)
    return np.concatenate(parts), np.concatenate(faces).astype(np.int32), np.concatenate(source)


def join(
    parts: Sequence[tuple[NDArray[np.float64], NDArray[np.int32]]],
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Several shapes as one."""
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in parts[:-1])])
    vertices = np.concatenate([part[0] for part in parts])
    return vertices, np.concatenate([part[1] + s for part, s in zip(parts, starts, strict=True)]).astype(np.int32)


def edges_of(shapes: Iterable[BaseGeometry], longest: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
    """Edges of polygons cut to pieces of at most `longest`: starts (N, 2), ends (N, 2), index of the shape (N,).

    The polygon lies on the left of each edge.
    """
    starts, ends, which = [], [], []
    for index, shape in enumerate(shapes):
        for polygon in polygons(shape):
            turned = orient(polygon)
            for ring in (turned.exterior, *turned.interiors):
                xy, _ = points_along(ring, longest)
                if not len(xy):
                    continue
                starts.append(xy[:-1])
                ends.append(xy[1:])
                which.append(np.full(len(xy) - 1, index, np.int32))
    if not starts:
        return np.empty((0, 2)), np.empty((0, 2)), np.empty(0, np.int32)
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(which)
