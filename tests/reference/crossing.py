"""Slow twins of `twin.geo.kernels.crossing` (every pair, by signed volumes) and `ring_crossings` (every pair, by shapely)."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import shapely

TOLERANCE_M = 0.001


def crossing(points: np.ndarray, triangles: np.ndarray) -> int:
    """Number of triangles that another one goes through."""
    crossed = set()
    for one, other in permutations(range(len(triangles)), 2):
        if through(points, triangles[one], triangles[other]):
            crossed |= {one, other}
    return len(crossed)


def through(points: np.ndarray, edges: np.ndarray, face: np.ndarray) -> bool:
    """Whether an edge of one triangle goes through another, by more than the tolerance on every side."""
    if len(set(edges.tolist()) & set(face.tolist())) > 1 or len(set(edges[[0, 1, 2]].tolist()) & set(face.tolist())) > 1:
        return False
    if sum(int(corner in face) for corner in edges) > 1:
        return False
    a, b, c = points[face]
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal)
    if length < 1e-12:
        return False
    normal /= length
    for k in range(3):
        i, j = edges[k], edges[(k + 1) % 3]
        if i in face or j in face:
            continue
        p, q = points[i], points[j]
        dp, dq = np.dot(p - a, normal), np.dot(q - a, normal)
        if not (min(dp, dq) < -TOLERANCE_M and max(dp, dq) > TOLERANCE_M):
            continue
        hit = p + dp / (dp - dq) * (q - p)
        depths = []
        for u, v in ((a, b), (b, c), (c, a)):
            edge = v - u
            size = np.linalg.norm(edge)
            depths.append(np.dot(hit - u, np.cross(normal, edge)) / size if size > 1e-12 else 0.0)
        if min(depths) > TOLERANCE_M:
            return True
    return False


def ring_crossings(sides: np.ndarray) -> int:
    """Pairs of sides (S, 4) that meet other than at an end that both have, or that are the same."""
    found = 0
    for a, b in combinations(sides.tolist(), 2):
        ends = {tuple(a[:2]), tuple(a[2:])} & {tuple(b[:2]), tuple(b[2:])}
        lines = shapely.LineString([a[:2], a[2:]]), shapely.LineString([b[:2], b[2:]])
        found += len(ends) == 2 or (not ends and lines[0].intersects(lines[1]))
    return found
