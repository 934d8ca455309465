"""Solids of one object that stand in each other along an edge which they share as a whole.

Their faces have that edge in common, so none of them goes through the inside of another. Round the edge it shows: what is inside
one solid there is inside another too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.geo.topology import WELD_M, EdgeUse, degenerate, edge_use, piece_volumes, shells

TOLERANCE_M = 2 * WELD_M
"""What stands in each other by less than this only touches: welding moves each of two faces by up to half of it [m]."""


def crossing_at_edges(
    points: NDArray[np.float64], triangles: NDArray[np.int64], owner: NDArray[np.int32], use: EdgeUse
) -> NDArray[np.int64]:
    """Number of triangles of each object (O,) at edges in which its solids stand in each other.

    Parameters
    ----------
    points : (V, 3) float64
        Welded vertices [m].
    triangles : (T, 3) int64
    owner : (T,) int32
        Object of each.
    use : EdgeUse
        Of these triangles.

    Notes
    -----
    Going round an edge, each face leads out of a solid or into one, as it looks. Between two faces one is inside as many
    solids as were entered and not left; where that differs by more than one round an edge, some place is inside two. This
    holds for pieces that are closed and look outward; edges of others are not judged.
    """
    objects = len(use.many)
    judged = (use.many > 0) & (use.open == 0) & (use.turned == 0)
    mine = np.flatnonzero(judged[owner] & ~degenerate(triangles))
    if not len(mine):
        return np.zeros(objects, dtype=np.int64)
    faces, of = triangles[mine], owner[mine]
    piece = shells(len(faces), edge_use(faces, of, objects).pairs)
    outward = piece_volumes(points, faces, piece) > 0
    face, edge, first, ends = _crowded(faces, of)
    if not len(face):
        return np.zeros(objects, dtype=np.int64)
    forward, height, angle = _round(points, ends)
    order = np.lexsort((angle, edge))
    face, edge, height, angle = face[order], edge[order], height[order], angle[order]
    step = np.where(forward[order], -1, 1)
    last = np.append(first[1:], len(edge)) - 1
    within = np.cumsum(step)
    within -= (within[first] - step[first])[edge]
    after = np.arange(1, len(edge) + 1)
    after[last] = first
    gap = angle[after] - angle
    gap[last] += 2 * np.pi
    wide = gap * np.minimum(height, height[after]) > TOLERANCE_M
    most = np.maximum.reduceat(np.where(wide, within, np.iinfo(np.int64).min // 2), first)
    least = np.minimum.reduceat(np.where(wide, within, np.iinfo(np.int64).max // 2), first)
    sound = (within[last] == 0) & np.logical_and.reduceat(outward[piece[face]] & (height > TOLERANCE_M), first)
    wrong = np.unique(face[(sound & (most - least > 1))[edge]])
    return np.bincount(of[wrong], minlength=objects).astype(np.int64)


def _crowded(
    faces: NDArray[np.int64], of: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Edges of more than two faces.

    Returns
    -------
    face, edge : (N,) int64
        Each face at each such edge, edge after edge.
    first : (E,) int64
        First row of each edge.
    ends : (N, 3) int64
        Start and end of the edge as the face runs along it, and the corner of the face over it.
    """
    ends = np.stack([faces, faces[:, [1, 2, 0]], faces[:, [2, 0, 1]]], axis=2).reshape(-1, 3)
    low, high = ends[:, :2].min(axis=1), ends[:, :2].max(axis=1)
    face = np.repeat(np.arange(len(faces)), 3)
    order = np.lexsort((high, low, of[face]))
    key = np.column_stack([of[face], low, high])[order]
    number = np.append(0, np.cumsum((key[1:] != key[:-1]).any(axis=1)))
    many = (np.bincount(number) > 2)[number]
    _, first, edge = np.unique(number[many], return_index=True, return_inverse=True)
    return face[order[many]], edge.reshape(-1), first, ends[order[many]]


def _round(
    points: NDArray[np.float64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Of faces at edges: whether each runs along its edge forward, how high it is over it [m], and at which angle [rad]."""
    forward = ends[:, 0] < ends[:, 1]
    foot = points[ends[:, :2].min(axis=1)]
    along = points[ends[:, :2].max(axis=1)] - foot
    along /= np.linalg.norm(along, axis=1)[:, None]
    out = points[ends[:, 2]] - foot
    # any direction across the edge will do to count angles from, if it is the same for all faces of the edge
    least = np.eye(3)[np.argmin(np.abs(along), axis=1)]
    across = np.cross(along, least)
    across /= np.linalg.norm(across, axis=1)[:, None]
    x, y = np.einsum("ij,ij->i", out, across), np.einsum("ij,ij->i", out, np.cross(along, across))
    return forward, np.hypot(x, y), np.arctan2(y, x)
