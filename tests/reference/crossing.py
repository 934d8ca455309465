"""Slow twins of `twin.geo.kernels.crossing` (every pair, by shapely in both planes) and `ring_crossings` (every pair)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import shapely

TOLERANCE_M = 0.001


def crossing(points: np.ndarray, triangles: np.ndarray) -> int:
    """Number of triangles that another one goes through."""
    crossed = set()
    for one, other in combinations(range(len(triangles)), 2):
        if through(points, triangles, one, other):
            crossed |= {one, other}
    return len(crossed)


def through(points: np.ndarray, triangles: np.ndarray, one: int, other: int) -> bool:
    """Whether two triangles go through each other by more than the tolerance."""
    first, second = triangles[one], triangles[other]
    shared = sum(int(corner in second) for corner in first)
    a, b = points[first], points[second]
    n, m = normal_of(a), normal_of(b)
    if shared == 3 or not n.any() or not m.any():
        return False
    da, db = (a - b[0]) @ m, (b - a[0]) @ n
    if any(d.min() > TOLERANCE_M or d.max() < -TOLERANCE_M for d in (da, db)):
        return False
    if abs(da).max() <= TOLERANCE_M or abs(db).max() <= TOLERANCE_M:
        both = shapely.intersection(shapely.Polygon(flat(a, a, n)), shapely.Polygon(flat(b, a, n)))
        return bool(n @ m > 0 and 2 * shapely.area(both) > TOLERANCE_M * shapely.length(both))
    if shared == 2:
        return False
    if all(d.min() < -TOLERANCE_M and d.max() > TOLERANCE_M for d in (da, db)):
        line = np.cross(n, m) / np.linalg.norm(np.cross(n, m))
        at = np.linalg.lstsq(np.array([n, m, line]), np.array([n @ a[0], m @ b[0], line @ a[0]]), rcond=None)[0]
        low, high = [], []
        for corners, up in ((a, n), (b, m)):
            long = shapely.LineString(flat(np.array([at - 1e3 * line, at + 1e3 * line]), corners, up))
            ends = shapely.get_coordinates(shapely.intersection(long, shapely.Polygon(flat(corners, corners, up))))
            along = [shapely.line_locate_point(long, shapely.Point(end)) for end in ends]
            low.append(min(along, default=np.inf))
            high.append(max(along, default=-np.inf))
        return min(high) - max(low) > TOLERANCE_M
    return edge_within(points, triangles, one, other) or edge_within(points, triangles, other, one)


def edge_within(points: np.ndarray, triangles: np.ndarray, face: int, other: int) -> bool:
    """Whether an edge of one triangle lies in a face, and its only neighbour over that edge is on the other side."""
    corners = points[triangles[face]]
    normal = normal_of(corners)
    for i, j, k in (np.roll(triangles[other], -turn) for turn in range(3)):
        users = [t for t in range(len(triangles)) for turn in range(3) if set(np.roll(triangles[t], turn)[:2]) == {i, j}]
        if len(users) != 2 or max(abs((points[[i, j]] - corners[0]) @ normal)) > TOLERANCE_M:
            continue
        (neighbour,) = [t for t in users if t != other]
        (w,) = set(triangles[neighbour].tolist()) - {i, j}
        heights = sorted((points[[k, w]] - corners[0]) @ normal)
        inner = shapely.buffer(shapely.Polygon(flat(corners, corners, normal)), -TOLERANCE_M, join_style="mitre")
        inside = shapely.intersection(shapely.LineString(flat(points[[i, j]], corners, normal)), inner)
        if heights[0] < -TOLERANCE_M and heights[1] > TOLERANCE_M and shapely.length(inside) > TOLERANCE_M:
            return True
    return False


def normal_of(corners: np.ndarray) -> np.ndarray:
    """Unit normal of a triangle; none where it has no area."""
    vector = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    length = np.linalg.norm(vector)
    return vector / length if length >= 1e-12 else np.zeros(3)


def flat(points: np.ndarray, corners: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Places of points in the plane of a triangle."""
    u = (corners[1] - corners[0]) / np.linalg.norm(corners[1] - corners[0])
    return np.column_stack([(points - corners[0]) @ u, (points - corners[0]) @ np.cross(normal, u)])


def ring_crossings(sides: np.ndarray) -> int:
    """Pairs of sides (S, 4) that meet other than at an end that both have, or that are the same."""
    found = 0
    for a, b in combinations(sides.tolist(), 2):
        ends = {tuple(a[:2]), tuple(a[2:])} & {tuple(b[:2]), tuple(b[2:])}
        lines = shapely.LineString([a[:2], a[2:]]), shapely.LineString([b[:2], b[2:]])
        found += len(ends) == 2 or (not ends and lines[0].intersects(lines[1]))
    return found
