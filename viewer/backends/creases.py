"""Which sides of triangles are edges of a thing: there its faces meet at an angle, or end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FLAT = 0.82
"""Faces whose normals have a larger cosine are one face for the eye."""
GRID_M = 0.02
"""Corners this near to each other are one [m]."""


def creases(
    vertices: NDArray[np.float64], triangles: NDArray[np.integer], owner: NDArray[np.int32] | None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The sides to draw of each triangle, and which things are not closed.

    Returns
    -------
    sides : (T,) uint8
        Bit k is set where the side opposite corner k is an edge.
    open_things : (N,) int64
        Owners (0 where there are none) of a side that lies at an odd number of triangles.
    """
    count = len(triangles)
    if not count:
        return np.empty(0, np.uint8), np.empty(0, np.int64)
    corner = np.unique(np.rint(vertices / GRID_M).astype(np.int64), axis=0, return_inverse=True)[1].ravel()[triangles]
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    # the side opposite corner k runs from corner k + 1 to corner k + 2
    ends = np.stack([np.sort(corner[:, [(k + 1) % 3, (k + 2) % 3]], axis=1) for k in range(3)]).reshape(-1, 2)
    triangle, bit = np.tile(np.arange(count), 3), np.repeat(np.arange(3), count)
    thing = np.zeros(3 * count, np.int64) if owner is None else np.tile(owner.astype(np.int64), 3)
    real = ends[:, 0] != ends[:, 1]
    ends, triangle, bit, thing = ends[real], triangle[real], bit[real], thing[real]
    order = np.lexsort((triangle, ends[:, 1], ends[:, 0], thing))
    ends, triangle, bit, thing = ends[order], triangle[order], bit[order], thing[order]
    new = np.ones(len(order), bool)
    new[1:] = (ends[1:] != ends[:-1]).any(axis=1) | (thing[1:] != thing[:-1])
    group = np.cumsum(new) - 1
    first = normal[triangle[np.flatnonzero(new)]][group]
    bend = np.abs(np.einsum("ij,ij->i", normal[triangle], first)) < FLAT
    size = np.bincount(group)
    sharp = (size == 1) | (np.bincount(group, bend) > 0)
    sides = np.zeros(count, np.uint8)
    np.bitwise_or.at(sides, triangle, np.where(sharp[group], 1 << bit, 0).astype(np.uint8))
    return sides, np.unique(thing[np.flatnonzero(new)][size % 2 == 1])
