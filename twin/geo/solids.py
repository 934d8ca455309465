"""Closed solids from roofs: what a 3D printer wants, whatever the faces of a building leave open.

Everything happens on a grid of whole steps, so that corners which are the same in a file are the same here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.geo.topology import welded

Solid = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Vertices (V, 3) in whole steps and triangles (T, 3), closed, wound outward."""

NUDGE = 2
"""Corners that only touch are moved apart by this many steps, each into the other: edges then belong to two faces."""


def closed(solid: Solid) -> bool:
    """Whether each edge belongs to just two triangles that run along it in opposite directions, and the volume is positive.

    Vertices at the same place count as one, as they will in a file that keeps triangles only.
    """
    vertices, triangles = solid
    if not len(triangles):
        return False
    _, number = welded(vertices)
    corners = number[triangles]
    start, end = corners.ravel(), corners[:, [1, 2, 0]].ravel()
    if (start == end).any():
        return False
    span = int(number.max()) + 1
    forward, backward = np.sort(start * span + end), np.sort(end * span + start)
    once = bool((np.diff(forward) > 0).all())
    return once and bool((forward == backward).all()) and volume(solid) > 0


def volume(solid: Solid) -> float:
    """Volume in cubic steps."""
    vertices, triangles = solid
    relative = (vertices - vertices[0]).astype(np.float64)
    a, b, c = (relative[triangles[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


def tidied(vertices: NDArray[np.int64], triangles: NDArray[np.int64]) -> Solid:
    """Weld vertices, leave out triangles without area, and pairs that lie on each other back to back."""
    first, number = welded(vertices)
    corners = number[triangles]
    corners = corners[(corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2]) & (corners[:, 2] != corners[:, 0])]
    if len(corners):
        low = np.argmin(corners, axis=1)
        turned = np.take_along_axis(corners, (low[:, None] + np.arange(3)) % 3, axis=1)
        order = np.sort(turned, axis=1)
        way = np.where((turned == order).all(axis=1), 1, -1)
        _, group = np.unique(order, axis=0, return_inverse=True)
        rest = np.bincount(group.reshape(-1), weights=way)
        # Of triangles on the same corners those that look opposite ways cancel.
        keep = np.zeros(len(corners), dtype=bool)
        for sign in (1, -1):
            mine = np.flatnonzero(way == sign)
            _, place = np.unique(group.reshape(-1)[mine], return_index=True)
            some = mine[place]
            keep[some[rest[group.reshape(-1)[some]] * sign > 0]] = True
        corners = corners[keep]
    return vertices[first], corners


def down_to(solid: Solid, bottom: int, foot: int) -> Solid:
    """A closed solid with all vertices at or below `foot` moved down to `bottom`."""
    vertices = solid[0].copy()
    low = vertices[:, 2] <= foot
    vertices[low, 2] = bottom
    return tidied(vertices, solid[1])


def prisms(vertices: NDArray[np.int64], triangles: NDArray[np.int64], bottom: int) -> list[Solid]:
    """Solids below some triangles, down to a level.

    Parameters
    ----------
    vertices : (V, 3) int64
        In whole steps.
    triangles : (T, 3) int64
        Seen from above in any winding; those that are upright, or not above `bottom`, are left out.
    bottom : int
        Height of the level.

    Returns
    -------
    list of Solid
        One for the triangles that hang together by their edges; each is `closed`.
    """
    first, number = welded(vertices)
    points, corners = vertices[first], number[triangles]
    a, b, c = (points[corners[:, k], :2] for k in range(3))
    plan = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    corners[plan < 0] = corners[plan < 0][:, [0, 2, 1]]
    usable = (plan != 0) & (points[corners, 2].min(axis=1) > bottom)
    corners = corners[usable]
    if not len(corners):
        return []
    _, place = np.unique(np.sort(corners, axis=1), axis=0, return_index=True)
    corners = corners[np.sort(place)]
    corners, clashing = _without_clashes(corners, len(points))
    found: list[Solid] = []
    for part in _pieces(corners, len(points)):
        solid = _below(points, corners[part], bottom)
        if closed(solid):
            found.append(solid)
        else:
            clashing = np.concatenate([clashing, corners[part]])
    for one in clashing:
        solid = _below(points, one[None, :], bottom)
        if closed(solid):
            found.append(solid)
    return found


def _edges(corners: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Key of each directed edge (3T,) and of its opposite."""
    start, end = corners.ravel(), corners[:, [1, 2, 0]].ravel()
    return start * count + end, end * count + start


def _without_clashes(corners: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Triangles that do not share a directed edge with another, and those that do: they lie over each other."""
    forward, _ = _edges(corners, count)
    _, group, times = np.unique(forward, return_inverse=True, return_counts=True)
    clash = (times[group.reshape(-1)] > 1).reshape(-1, 3).any(axis=1)
    return corners[~clash], corners[clash]


def _pieces(corners: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    """Triangles that hang together by their edges, as rows."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(corners):
        return []
    one, other = _neighbours(corners, count)
    graph = coo_array((np.ones(len(one), np.int8), (one // 3, other // 3)), shape=(len(corners), len(corners)))
    _, label = connected_components(graph, directed=False)
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)


def _neighbours(corners: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of edges (numbers 3 * triangle + side) that run along each other in opposite directions."""
    forward, backward = _edges(corners, count)
    order = np.argsort(forward)
    place = np.searchsorted(forward[order], backward)
    place = np.minimum(place, len(order) - 1)
    met = forward[order][place] == backward
    return np.flatnonzero(met), order[place[met]]


def _below(points: NDArray[np.int64], corners: NDArray[np.int64], bottom: int) -> Solid:
    """The solid below triangles that hang together: they, the same at the bottom, and walls along the rim."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = _neighbours(corners, len(points))
    count = corners.size
    # Corners of triangles around a vertex are one as far as they hang together by edges; edge k runs from corner k.
    following = np.arange(count).reshape(-1, 3)[:, [1, 2, 0]].ravel()
    pairs = np.concatenate([np.column_stack([one, following[other]]), np.column_stack([following[one], other])])
    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    fans, fan = connected_components(graph, directed=False)
    top = np.zeros((fans, 3), np.int64)
    top[fan] = points[corners.ravel()]
    top = _apart(top, fan, points[corners])
    faces = fan.reshape(-1, 3).astype(np.int64)
    base = top.copy()
    base[:, 2] = bottom
    rim = np.ones(count, dtype=bool)
    rim[one] = False
    a, b = faces.ravel()[rim], faces.ravel()[following[rim]]
    sides = np.concatenate([np.column_stack([a + fans, b + fans, b]), np.column_stack([a + fans, b, a])])
    return np.concatenate([top, base]), np.concatenate([faces, faces[:, ::-1] + fans, sides])


def _apart(top: NDArray[np.int64], fan: NDArray[np.int64], triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Vertices (F, 3) with those that stand over each other, or touch, moved a little outward from their own triangles."""
    _, group, times = np.unique(top[:, :2], axis=0, return_inverse=True, return_counts=True)
    crowded = times[group.reshape(-1)] > 1
    if not crowded.any():
        return top
    middle = np.repeat(triangles.mean(axis=1)[:, :2], 3, axis=0)
    centre = np.column_stack([np.bincount(fan, weights=middle[:, axis], minlength=len(top)) for axis in range(2)])
    way = top[:, :2] - centre / np.bincount(fan, minlength=len(top))[:, None]
    length = np.linalg.norm(way, axis=1, keepdims=True)
    step = np.rint(NUDGE * np.divide(way, length, out=np.zeros_like(way), where=length > 0)).astype(np.int64)
    out = top.copy()
    out[crowded, :2] += step[crowded]
    return out


def slab(x: NDArray[np.int64], y: NDArray[np.int64], top: NDArray[np.int64], bottom: int) -> Solid:
    """A plate with a top of its own.

    Parameters
    ----------
    x : (C,) int64
        Eastward, ascending.
    y : (R,) int64
        Northward, ascending.
    top : (R, C) int64
        Heights above `bottom`, row by y.
    bottom : int
    """
    rows, columns = top.shape
    count = rows * columns
    plan = np.column_stack([np.tile(x, rows), np.repeat(y, columns)])
    upper = np.column_stack([plan, top.ravel()])
    number = np.arange(count).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]))
    faces = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    rim = np.concatenate([number[0, :-1], number[:-1, -1], number[-1, :0:-1], number[:0:-1, 0]])
    lower = np.column_stack([plan[rim], np.full(len(rim), bottom)])
    middle = np.array([[(x[0] + x[-1]) // 2, (y[0] + y[-1]) // 2, bottom]])
    here = count + np.arange(len(rim))
    there = np.roll(here, -1)
    below = np.column_stack([np.full(len(rim), count + len(rim)), there, here])
    above = np.roll(rim, -1)
    sides = np.concatenate([np.column_stack([here, there, above]), np.column_stack([here, above, rim])])
    return np.concatenate([upper, lower, middle]), np.concatenate([faces, sides, below])
