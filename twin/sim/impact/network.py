"""Networks: the medial axis of a floor as lines with their clearance, and shortest and widest ways over links.

What moves is a disc as wide as the vehicle. It gets from one place to another if and only if it does so along the medial axis,
where clearance is greatest (the retraction of O'Dunlaing & Yap 1985, J. Algorithms 6:104-111).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra, minimum_spanning_tree
from scipy.spatial import Voronoi, cKDTree

PRUNED = 1.5
"""A dead end that reaches no further than this many times the radius of the disc that it starts from is a corner, no street [1]."""

PRUNED_M = 0.5
"""And so much more [m]."""


NEAREST = 6
"""Points of walls whose segments are looked at for the clearance of a place."""


class Links(NamedTuple):
    """Straight links between points.

    Attributes
    ----------
    points : (V, 2) float64
        [m]
    ends : (L, 2) int64
        Two points of each.
    """

    points: NDArray[np.float64]
    ends: NDArray[np.int64]


class Chains(NamedTuple):
    """Links one after another, between points where others meet or where it ends.

    Attributes
    ----------
    start : (C + 1,) int64
        First entry of `points` of each chain.
    points : (K,) int64
        Points along each, both ends included.
    """

    start: NDArray[np.int64]
    points: NDArray[np.int64]

    def of(self, chain: int) -> NDArray[np.int64]:
        """Points along one chain."""
        return self.points[self.start[chain] : self.start[chain + 1]]

    def __len__(self) -> int:
        """Number of chains."""
        return len(self.start) - 1


class Ways(NamedTuple):
    """Least costs from some nodes, and the ways that have them.

    Attributes
    ----------
    cost : (N,) float64
        inf where there is no way.
    before : (N,) int64
        Node before each on its way; -1 for none.
    arc : (N,) int64
        Number of the arc by which each is reached; -1 for none.
    """

    cost: NDArray[np.float64]
    before: NDArray[np.int64]
    arc: NDArray[np.int64]

    def to(self, node: int) -> NDArray[np.int64]:
        """Arcs of the way to a node, in order; empty at a source and where there is none."""
        found = []
        while self.arc[node] >= 0:
            found.append(int(self.arc[node]))
            node = int(self.before[node])
        return np.array(found[::-1], np.int64)


class Walls(NamedTuple):
    """Walls as segments, and points along them.

    Attributes
    ----------
    segments : (S, 4) float64
        x0, y0, x1, y1 [m].
    points : (P, 2) float64
    owner : (P,) int64
        Segment of each point.
    """

    segments: NDArray[np.float64]
    points: NDArray[np.float64]
    owner: NDArray[np.int64]


def walls(segments: NDArray[np.float64], spacing: float) -> Walls:
    """Points along segments, no further apart than a spacing.

    Parameters
    ----------
    segments : (S, 4) float64
        x0, y0, x1, y1 [m].
    spacing : float
        [m]

    Returns
    -------
    Walls
        With each point once.
    """
    span = segments[:, 2:] - segments[:, :2]
    count = np.maximum(1, np.ceil(np.hypot(*span.T) / spacing)).astype(np.int64)
    of = np.repeat(np.arange(len(segments)), count)
    step = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    points = segments[of, :2] + (step / count[of])[:, None] * span[of]
    every = np.concatenate([points, segments[:, 2:]])
    _, once = np.unique(every.round(6), axis=0, return_index=True)
    return Walls(segments, every[once], np.concatenate([of, np.arange(len(segments))])[once])


def clearance(of: Walls, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of points to the nearest wall, (N,) [m]: exact to the segments on which the nearest points of walls lie."""
    if not len(points):
        return np.empty(0)
    near = cKDTree(of.points).query(points, k=min(NEAREST, len(of.points)))[1].reshape(len(points), -1)
    segments = of.segments[of.owner[near]]
    start, span = segments[..., :2], segments[..., 2:] - segments[..., :2]
    away = points[:, None] - start
    share = (away * span).sum(axis=-1) / np.maximum((span**2).sum(axis=-1), 1e-18)
    least: NDArray[np.float64] = np.linalg.norm(away - np.clip(share, 0.0, 1.0)[..., None] * span, axis=-1).min(axis=1)
    return least


def least_clearance(of: Walls, links: Links) -> NDArray[np.float64]:
    """Least clearance along each link, at five places of it, (L,) [m]."""
    start, end = links.points[links.ends[:, 0]], links.points[links.ends[:, 1]]
    found = [clearance(of, (1.0 - share) * start + share * end) for share in (0.25, 0.5, 0.75)]
    ends = clearance(of, links.points)[links.ends]
    least: NDArray[np.float64] = np.min([*found, ends[:, 0], ends[:, 1]], axis=0)
    return least


def ridges(points: NDArray[np.float64]) -> Links:
    """Edges of the Voronoi diagram of points that have two ends; none of fewer than four points.

    Parameters
    ----------
    points : (P, 2) float64
        [m]
    """
    if len(points) < 4:
        return Links(np.empty((0, 2)), np.empty((0, 2), np.int64))
    origin = points.mean(axis=0)
    made = Voronoi(points - origin, qhull_options="Qbb Qc Qz Q12")
    ends = np.asarray(made.ridge_vertices, np.int64).reshape(-1, 2)
    return Links(made.vertices + origin, ends[(ends >= 0).all(axis=1)])


def joined_points(links: Links, tolerance: float = 1e-3) -> Links:
    """Links with points that lie together as one, without those that no link has, and each link once.

    Parameters
    ----------
    links : Links
    tolerance : float
        [m]
    """
    rounded = np.round(links.points / tolerance).astype(np.int64)
    _, first, number = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    ends = np.sort(number.reshape(-1)[links.ends], axis=1)
    ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    used = np.unique(ends)
    renumbered = np.full(len(first), -1, np.int64)
    renumbered[used] = np.arange(len(used))
    return Links(links.points[first[used]], renumbered[ends])


def lengths(links: Links) -> NDArray[np.float64]:
    """Length of each link, (L,) [m]."""
    found: NDArray[np.float64] = np.hypot(*(links.points[links.ends[:, 0]] - links.points[links.ends[:, 1]]).T)
    return found


def chains(count: int, ends: NDArray[np.int64]) -> Chains:
    """Links put together between points at which one, three or more meet; a ring begins at one of its points.

    Parameters
    ----------
    count : int
        Number of points.
    ends : (L, 2) int64
    """
    degree = np.bincount(ends.reshape(-1), minlength=count)
    first, other, link = _neighbours(count, ends)
    left = np.ones(len(ends), bool)
    found: list[list[int]] = []
    for seed in (*np.flatnonzero((degree > 0) & (degree != 2)), *np.flatnonzero(degree == 2)):
        entries = range(first[seed], first[seed + 1])
        found.extend(_followed(int(seed), k, other, link, first, degree, left) for k in entries if left[link[k]])
    sizes = np.array([0, *(len(one) for one in found)], np.int64)
    return Chains(np.cumsum(sizes), np.array([point for one in found for point in one], np.int64))


def _followed(
    seed: int, k: int, other: NDArray[np.int64], link: NDArray[np.int64], first: NDArray[np.int64],
    degree: NDArray[np.int64], left: NDArray[np.bool_],
) -> list[int]:  # fmt: skip
    """Points of a chain from a point on, by entry `k` of the neighbours; its links are taken from what is left."""
    way = [seed, int(other[k])]
    left[link[k]] = False
    while degree[way[-1]] == 2 and way[-1] != seed:
        here = way[-1]
        k = int(first[here]) if left[link[first[here]]] else int(first[here]) + 1
        if not left[link[k]]:
            break
        left[link[k]] = False
        way.append(int(other[k]))
    return way


def pruned(links: Links, radius: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which links are left when dead ends that only lead into corners are cut off, again and again until none is.

    Where all that meets at a point would be cut off, what reaches furthest stays.

    Parameters
    ----------
    links : Links
    radius : (V,) float64
        Clearance at each point [m].

    Returns
    -------
    (L,) bool
    """
    count = len(links.points)
    keep = np.ones(len(links.ends), bool)
    degree = np.bincount(links.ends.reshape(-1), minlength=count)
    first, other, link = _neighbours(count, links.ends)
    span = lengths(links)
    while True:
        dead: dict[int, list[tuple[float, list[int]]]] = {}
        for tip in np.flatnonzero(degree == 1):
            root, of = _dead_end(int(tip), first, other, link, degree, keep)
            reach = float(span[of].sum() + radius[tip])
            if degree[root] > 2 and reach <= PRUNED * radius[root] + PRUNED_M:
                dead.setdefault(root, []).append((reach, of))
        for root, found in dead.items():
            for _, of in sorted(found)[: len(found) - int(len(found) == degree[root])]:
                keep[of] = False
        if not dead:
            return keep
        degree = np.bincount(links.ends[keep].reshape(-1), minlength=count)


def _neighbours(count: int, ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """First entry of each point, and the point and link of each entry."""
    order = np.argsort(np.concatenate([ends[:, 0], ends[:, 1]]), kind="stable")
    other = np.concatenate([ends[:, 1], ends[:, 0]])[order]
    link = np.concatenate([np.arange(len(ends))] * 2)[order]
    return np.concatenate([[0], np.cumsum(np.bincount(ends.reshape(-1), minlength=count))]), other, link


def _dead_end(
    tip: int, first: NDArray[np.int64], other: NDArray[np.int64], link: NDArray[np.int64], degree: NDArray[np.int64],
    keep: NDArray[np.bool_],
) -> tuple[int, list[int]]:  # fmt: skip
    """Where a dead end begins, and its links from the tip on."""
    here, of = tip, [-1]
    while len(of) == 1 or degree[here] == 2:
        k = next(k for k in range(first[here], first[here + 1]) if keep[link[k]] and link[k] != of[-1])
        of.append(int(link[k]))
        here = int(other[k])
    return here, of[1:]


def shortest(
    count: int, tails: NDArray[np.int64], heads: NDArray[np.int64], cost: NDArray[np.float64], sources: NDArray[np.int64]
) -> Ways:
    """Least costs over arcs from the nearest of some nodes (Dijkstra 1959).

    Parameters
    ----------
    count : int
        Number of nodes.
    tails, heads : (A,) int64
        Nodes of each arc, which leads one way.
    cost : (A,) float64
        At least 0; inf for an arc that is not there.
    sources : (S,) int64
    """
    if not len(sources):
        return Ways(np.full(count, np.inf), np.full(count, -1, np.int64), np.full(count, -1, np.int64))
    arc = np.flatnonzero(np.isfinite(cost))
    order = arc[np.lexsort((arc, cost[arc], heads[arc], tails[arc]))]
    new = np.r_[True, (np.diff(tails[order]) != 0) | (np.diff(heads[order]) != 0)] if len(order) else np.empty(0, bool)
    best = order[new]
    # csgraph takes what costs nothing for no arc
    graph = csr_matrix((np.maximum(cost[best], 1e-12), (tails[best], heads[best])), shape=(count, count))
    least, before, _ = dijkstra(graph, indices=np.unique(sources), min_only=True, return_predecessors=True)
    before = np.where(before < 0, -1, before).astype(np.int64)
    by = np.full(count, -1, np.int64)
    there = np.flatnonzero(before >= 0)
    if len(there):
        key = tails[best] * count + heads[best]
        by[there] = best[np.searchsorted(key, before[there] * count + there)]
    return Ways(least, before, by)


def widest(count: int, ends: NDArray[np.int64], width: NDArray[np.float64], start: int, end: int) -> float:
    """Width of the narrowest link of the way whose narrowest link is widest; 0 where no way leads there, inf at the start.

    Parameters
    ----------
    count : int
        Number of nodes.
    ends : (L, 2) int64
    width : (L,) float64
        At least 0 [m].
    start, end : int
        Nodes.
    """
    if start == end:
        return float("inf")
    order = np.argsort(-width, kind="stable")
    rank = np.empty(len(width), np.float64)
    rank[order] = np.arange(1, len(width) + 1)
    a, b = ends.min(axis=1), ends.max(axis=1)
    by_rank = order[np.unique((a * count + b)[order], return_index=True)[1]]
    graph = csr_matrix((rank[by_rank], (a[by_rank], b[by_rank])), shape=(count, count))
    tree = minimum_spanning_tree(graph)
    _, before = dijkstra(tree, directed=False, indices=start, return_predecessors=True)
    worst, node = 0.0, end
    if before[end] < 0:
        return 0.0
    while node != start:
        last = int(before[node])
        worst = max(worst, float(tree[node, last]), float(tree[last, node]))
        node = last
    return float(width[order[int(worst) - 1]])


def parts(count: int, ends: NDArray[np.int64]) -> NDArray[np.int32]:
    """Number of the connected part that each node is of, (N,) int32."""
    graph = csr_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    found: NDArray[np.int32] = connected_components(graph, directed=False)[1].astype(np.int32)
    return found
