"""Closed solids below the ground: rooms under a barrel vault, and tubes along a line."""

from __future__ import annotations

from itertools import pairwise

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.mesh import SEMANTICS, TriangleMesh
from twin.geo.topology import WELD_M, degenerate, object_use, quantised, welded

STRIPS = 12
"""Flat strips that a barrel vault is made of."""
LEAST_SPRINGING_M = 0.05
SPRINGING_SHARE = 0.45
"""Height of the springing in a vault of which only the crown is known, as part of the height of the crown."""

_FLOOR, _WALL, _CEILING = (SEMANTICS[name] for name in ("FloorSurface", "InteriorWallSurface", "CeilingSurface"))


def springing_of(crown: float, span: float) -> float:
    """Height of the springing above the floor [m]: that of a semicircle, or 0.45 of the crown under a flatter arc."""
    return max(crown - span / 2.0, SPRINGING_SHARE * crown, LEAST_SPRINGING_M)


def arc(span: float, rise: float, strips: int = STRIPS) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points on the arc of a circle over a span, inscribed.

    Parameters
    ----------
    span, rise : float
        Width between the springings and height above them [m]; a rise of half the span is a semicircle, more is not an arc of
        a barrel vault and is taken as that.
    strips : int

    Returns
    -------
    t, z : (strips + 1,) float64
        Place across the span from its middle, and height above the springing [m].
    """
    rise = min(rise, span / 2.0)
    radius = (rise**2 + (span / 2.0) ** 2) / (2.0 * rise)
    half = np.arcsin(min(1.0, span / 2.0 / radius))
    angle = np.linspace(-half, half, strips + 1)
    t, z = radius * np.sin(angle), radius * (np.cos(angle) - np.cos(half))
    t[0], t[-1], z[0], z[-1] = -span / 2.0, span / 2.0, 0.0, 0.0
    return t, z


def vault(
    outline: shapely.Polygon, floor: float, crown: float, azimuth_deg: float, springing: float | None = None
) -> TriangleMesh | None:
    """The room under a barrel vault over any outline.

    Parameters
    ----------
    outline : Polygon
        Valid, holes allowed; relative to the origin of the mesh [m].
    floor : float
        Height of the floor relative to the origin [m].
    crown : float
        Highest point of the vault above the floor [m].
    azimuth_deg : float
        Direction of the span, from springing to springing, from north clockwise [deg].
    springing : float, optional
        Height of the springings above the floor [m]; see `springing_of`.

    Returns
    -------
    TriangleMesh or None
        Owner 0, normals outward, floor, walls and ceiling by their semantics. None when the outline does not give a closed
        solid: the caller takes a box.
    """
    turn = np.radians(azimuth_deg)
    across, along = np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])
    basis = np.column_stack([along, across])
    centre = shapely.get_coordinates(outline.centroid)[0]
    plan = shapely.transform(shapely.simplify(outline, WELD_M), lambda points: (points - centre) @ basis)
    if plan.is_empty or not plan.is_valid:
        return None
    low, high = plan.bounds[1], plan.bounds[3]
    spring = springing_of(crown, high - low) if springing is None else springing
    spring = float(np.clip(spring, LEAST_SPRINGING_M, max(crown - LEAST_SPRINGING_M, LEAST_SPRINGING_M)))
    if high - low < 0.2 or crown <= spring:
        return None
    t, z = arc(high - low, crown - spring)
    lines = t + (low + high) / 2.0
    noded = _noded(plan, lines)
    corners: list[NDArray[np.float64]] = []
    meanings: list[NDArray[np.uint8]] = []

    def height(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(floor + spring + np.interp(points[:, 1], lines, z))

    west, east = plan.bounds[0] - 1.0, plan.bounds[2] + 1.0
    for first, second in pairwise(lines):
        strip = shapely.intersection(noded, shapely.box(west, first, east, second))
        for part in shapely.get_parts(strip):
            if part.geom_type != "Polygon" or part.area < 1e-8:
                continue
            flat = _triangles(part)
            top = np.column_stack([flat.reshape(-1, 2), height(flat.reshape(-1, 2))]).reshape(-1, 3, 3)
            bottom = np.concatenate([flat, np.full((*flat.shape[:2], 1), floor)], axis=2)[:, ::-1]
            corners += [top, bottom]
            meanings += [np.full(len(top), _CEILING, np.uint8), np.full(len(bottom), _FLOOR, np.uint8)]
    for ring in (noded.exterior, *noded.interiors):
        points = shapely.get_coordinates(ring)
        wall = _curtain(points, floor, height(points))
        corners.append(wall)
        meanings.append(np.full(len(wall), _WALL, np.uint8))
    if len(corners) < 3:
        return None
    triangles = np.concatenate(corners)
    triangles = np.concatenate([triangles[:, :, :2] @ basis.T + centre, triangles[:, :, 2:]], axis=2)
    return _closed(triangles, np.concatenate(meanings))


def _noded(plan: shapely.Polygon, lines: NDArray[np.float64]) -> shapely.Polygon:
    """The outline, counter-clockwise, with a point wherever it meets a line across; points near a line are put on it."""
    plan = shapely.geometry.polygon.orient(plan)

    def ring(line: shapely.LinearRing) -> NDArray[np.float64]:
        points = shapely.get_coordinates(line)
        nearest = np.abs(points[:, 1][:, None] - lines).argmin(axis=1)
        close = np.abs(points[:, 1] - lines[nearest]) < 2 * WELD_M
        points[close, 1] = lines[nearest[close]]
        found = []
        for p, q in pairwise(points):
            found.append(p[None])
            low, high = sorted((p[1], q[1]))
            between = lines[(lines > low) & (lines < high)]
            if q[1] < p[1]:
                between = between[::-1]
            if len(between):
                share = (between - p[1]) / (q[1] - p[1])
                found.append(np.column_stack([p[0] + share * (q[0] - p[0]), between]))
        return np.concatenate([*found, points[-1:]])

    return shapely.Polygon(ring(plan.exterior), [ring(hole) for hole in plan.interiors])


def _triangles(polygon: shapely.Polygon) -> NDArray[np.float64]:
    """A polygon as triangles that run counter-clockwise, (T, 3, 2)."""
    rings = [shapely.get_coordinates(ring)[:-1] for ring in (polygon.exterior, *polygon.interiors)]
    points = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    corners = points[mapbox_earcut.triangulate_float64(points, ends).reshape(-1, 3).astype(np.int64)]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    turned = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) < (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    corners[turned] = corners[turned][:, ::-1]
    return corners


def _curtain(points: NDArray[np.float64], floor: float, top: NDArray[np.float64]) -> NDArray[np.float64]:
    """Upright walls below a closed line that runs counter-clockwise round the solid, (T, 3, 3)."""
    lower = np.column_stack([points, np.full(len(points), floor)])
    upper = np.column_stack([points, top])
    p, q, r, s = lower[:-1], lower[1:], upper[1:], upper[:-1]
    return np.concatenate([np.stack([p, q, r], axis=1), np.stack([p, r, s], axis=1)])


def _closed(corners: NDArray[np.float64], meanings: NDArray[np.uint8]) -> TriangleMesh | None:
    """Triangles (T, 3, 3) as a mesh with shared vertices; None when it is not closed."""
    first, number = welded(quantised(corners.reshape(-1, 3)))
    triangles = number.reshape(-1, 3)
    whole = ~degenerate(triangles)
    kept = triangles[whole].astype(np.int32)
    owner = np.zeros(len(kept), dtype=np.int32)
    mesh = TriangleMesh(corners.reshape(-1, 3)[first], kept, owner, meanings[whole])
    return mesh if len(mesh) and bool(object_use(mesh, 1).closed[0]) else None


SIDES = 8
"""Sides of a tube; a circle of 8 has 90 % of its area."""
SHARPEST_COS = -0.34
"""A line that turns more than 110 degrees is cut there: a mitre would stick out by more than the diameter."""


def _apart(line: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each point but the first is one of its own, (N - 1,)."""
    return np.asarray(np.linalg.norm(np.diff(line, axis=0), axis=1) > 2 * WELD_M)


def has_length(line: NDArray[np.float64]) -> bool:
    """Whether a line (N, 3) [m] goes anywhere, so that there can be a `tube` along it."""
    return bool(_apart(line).any())


def tube(line: NDArray[np.float64], diameter: float, sides: int = SIDES) -> TriangleMesh:
    """A pipe along a line, closed at both ends.

    Its cross-section is the same everywhere: at a bend the two parts meet in the plane that halves the angle, so the volume is
    the area of the cross-section times the length of the line.

    Parameters
    ----------
    line : (N, 3) float64
        Axis [m].
    diameter : float
        Of the circle through the corners of the cross-section [m].
    sides : int

    Returns
    -------
    TriangleMesh
        Owner 0, normals outward, without semantics; empty for a line without length.
    """
    if not has_length(line):
        return TriangleMesh.empty()
    line = line[np.concatenate([[True], _apart(line)])]
    step = np.diff(line, axis=0)
    way = step / np.linalg.norm(step, axis=1, keepdims=True)
    sharp = np.flatnonzero(np.einsum("ij,ij->i", way[:-1], way[1:]) < SHARPEST_COS) + 1
    pieces = [line[start : stop + 1] for start, stop in zip([0, *sharp], [*sharp, len(line) - 1], strict=True)]
    return TriangleMesh.concatenate([_piece(piece, diameter / 2.0, sides) for piece in pieces])


def _piece(line: NDArray[np.float64], radius: float, sides: int) -> TriangleMesh:
    step = np.diff(line, axis=0)
    way = step / np.linalg.norm(step, axis=1, keepdims=True)
    helper = np.array([0.0, 0.0, 1.0]) if abs(way[0, 2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    side = np.cross(way[0], helper)
    side /= np.linalg.norm(side)
    up = np.cross(side, way[0])
    angle = 2.0 * np.pi * np.arange(sides) / sides
    ring = line[0] + radius * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * up)
    rings = [ring]
    for number, at in enumerate(line[1:]):
        forward = way[number]
        normal = forward if number + 1 == len(way) else forward + way[number + 1]
        # Each corner goes on along the pipe to the plane that halves the bend.
        reach = ((at - rings[-1]) @ normal) / (forward @ normal)
        rings.append(rings[-1] + reach[:, None] * forward)
    vertices = np.concatenate(rings)
    i = np.arange(sides)
    j = (i + 1) % sides
    faces = []
    for number in range(len(line) - 1):
        a, b = number * sides, (number + 1) * sides
        faces += [np.column_stack([a + i, b + i, b + j]), np.column_stack([a + i, b + j, a + j])]
    fan = np.column_stack([np.zeros(sides - 2, np.int64), np.arange(1, sides - 1), np.arange(2, sides)])
    last = (len(line) - 1) * sides
    faces += [fan, fan[:, ::-1] + last]
    triangles = np.concatenate(faces).astype(np.int32)
    return TriangleMesh(vertices, triangles, np.zeros(len(triangles), np.int32), np.zeros(len(triangles), np.uint8))
