"""How triangles hang together: welded vertices, edge use, shells."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.mesh import TriangleMesh

WELD_M = 0.001
"""Vertices on the same millimetre are one [m]."""


class EdgeUse(NamedTuple):
    """Edges of triangles by how often they are used within their object.

    Parameters
    ----------
    open, many, turned : (O,) int64
        By object: edges that one triangle has alone; edges of more than two triangles; edges that two triangles run
        along in the same direction, so that one of them faces the wrong way.
    pairs : (P, 2) int64
        Triangles that share an edge that has just the two, running in opposite directions.
    """

    open: NDArray[np.int64]
    many: NDArray[np.int64]
    turned: NDArray[np.int64]
    pairs: NDArray[np.int64]

    @property
    def closed(self) -> NDArray[np.bool_]:
        """Objects (O,) whose every edge has two triangles that face the same side; true for one without any."""
        return np.asarray((self.open == 0) & (self.many == 0) & (self.turned == 0))


def quantised(vertices: NDArray[np.float64], step: float = WELD_M) -> NDArray[np.int64]:
    """Vertices (V, 3) in whole steps."""
    return np.rint(vertices / step).astype(np.int64)


def welded(grid: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct rows of whole numbers (V, 3), in order of first appearance, and which of them each row is.

    Returns
    -------
    (D,) int64
        First row of each distinct one.
    (V,) int64
        Number of the distinct one that each row is.
    """
    if not len(grid):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    low = grid.min(axis=0)
    span = [int(extent) + 1 for extent in (grid.max(axis=0) - low)]
    if span[0] * span[1] * span[2] < 2**62:
        key = ((grid[:, 0] - low[0]) * span[1] + (grid[:, 1] - low[1])) * span[2] + (grid[:, 2] - low[2])
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    else:
        _, first, inverse = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return first[order], rank[inverse.reshape(-1)]


def degenerate(triangles: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which triangles (T, 3) of welded vertices have two corners that are one, (T,)."""
    first, second, third = triangles.T
    return np.asarray((first == second) | (second == third) | (third == first))


def edge_use(triangles: NDArray[np.int64], owner: NDArray[np.int32], objects: int) -> EdgeUse:
    """Count how triangles share edges within their object.

    Parameters
    ----------
    triangles : (T, 3) int64
        Welded vertices.
    owner : (T,) int32
        Object of each.
    objects : int
        Number of objects.

    Notes
    -----
    A triangle of which two corners are one has no edges: its neighbours lie along each other without it.
    """
    sound = np.flatnonzero(~degenerate(triangles))
    start = triangles[sound].ravel()
    end = triangles[sound][:, [1, 2, 0]].ravel()
    low, high = np.minimum(start, end), np.maximum(start, end)
    of = np.repeat(owner[sound], 3)
    order = np.lexsort((high, low, of))
    low, high, of, forward = low[order], high[order], of[order], (start < end)[order]
    if not len(low):
        none = np.zeros(objects, dtype=np.int64)
        return EdgeUse(none, none, none, np.empty((0, 2), np.int64))
    new = np.ones(len(low), dtype=bool)
    new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1]) | (of[1:] != of[:-1])
    first = np.flatnonzero(new)
    uses = np.diff(np.append(first, len(low)))
    along = np.add.reduceat(forward.astype(np.int64), first)
    edge_owner = of[first]
    two = (uses == 2) & (along == 1)
    triangle = np.repeat(sound, 3)[order]

    def count(which: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(edge_owner[which], minlength=objects).astype(np.int64)

    pairs = np.stack([triangle[first[two]], triangle[first[two] + 1]], axis=1)
    return EdgeUse(count(uses == 1), count(uses > 2), count((uses == 2) & (along != 1)), pairs)


def shells(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of the connected piece that each of `count` triangles is in, (count,); ascending by first triangle."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return np.asarray(rank[inverse.reshape(-1)], dtype=np.int64)


def signed_volumes(mesh: TriangleMesh, group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """Volume inside the triangles of each group, (groups,) [m3].

    Positive where normals point outward, negative for a cavity; without meaning for a group that is not closed.

    Parameters
    ----------
    mesh : TriangleMesh
    group : (T,) int64
        Group of each triangle, such as `mesh.owner`.
    groups : int
    """
    if not len(mesh):
        return np.zeros(groups)
    corners = mesh.vertices[mesh.triangles]
    # Relative to a vertex of the group, so that far from the origin no digits are lost.
    reference = np.zeros((groups, 3))
    reference[group[::-1]] = corners[::-1, 0]
    a, b, c = (corners[:, k] - reference[group] for k in range(3))
    six = np.einsum("ij,ij->i", a, np.cross(b, c))
    return np.bincount(group, weights=six, minlength=groups) / 6.0


def piece_volumes(
    points: NDArray[np.float64], triangles: NDArray[np.int64], piece: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Volume inside each piece of some triangles (T, 3) of points, as `signed_volumes` [m3]; pieces (T,) count from 0."""
    count = len(triangles)
    mesh = TriangleMesh(points, triangles.astype(np.int32), np.zeros(count, np.int32), np.zeros(count, np.uint8))
    return signed_volumes(mesh, piece, int(piece.max()) + 1)


def object_use(mesh: TriangleMesh, objects: int) -> EdgeUse:
    """Edge use of each object of a mesh, with vertices on the same millimetre welded."""
    _, number = welded(quantised(mesh.vertices))
    return edge_use(number[mesh.triangles.astype(np.int64)], mesh.owner, objects)
