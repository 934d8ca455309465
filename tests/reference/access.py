"""Exact lengths of shortest ways in a polygon: Dijkstra over all points and corners that see each other."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra


def shortest_ways(floor: shapely.Polygon, start: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length of the shortest way within a polygon from one point to each of some, (N,); inf where there is none [m].

    Shortest ways are straight between corners (Lozano-Perez and Wesley 1979), so they are exact.
    """
    corners = shapely.get_coordinates(floor)
    nodes = np.concatenate([start[None], points, corners])
    one, two = np.triu_indices(len(nodes), 1)
    lines = shapely.linestrings(np.stack([nodes[one], nodes[two]], axis=1))
    grown = floor.buffer(1e-6, join_style="mitre")
    shapely.prepare(grown)
    sees = shapely.covers(grown, lines)
    graph = np.zeros((len(nodes), len(nodes)))
    length = np.hypot(*(nodes[one] - nodes[two]).T)
    graph[one[sees], two[sees]] = np.maximum(length[sees], 1e-9)
    found: NDArray[np.float64] = dijkstra(graph, directed=False, indices=0)
    return found[1 : 1 + len(points)]


def cells_before(building: NDArray[np.int32], floor: NDArray[np.bool_], cell: float, reach_m: float) -> set[tuple[int, ...]]:
    """Owner, level, row and column of all floor before buildings, by comparing every cell with every other."""
    built = np.argwhere(building >= 0)
    near: dict[int, list[tuple[float, tuple[int, ...]]]] = {}
    for level, row, column in np.argwhere(floor):
        away = np.hypot(built[:, 0] - row, built[:, 1] - column)
        least = (away.min() - 0.5) * cell
        if least <= reach_m:
            owners = {int(building[tuple(built[k])]) for k in np.flatnonzero(away == away.min())}
            for owner in owners:
                near.setdefault(owner, []).append((least, (owner, int(level), int(row), int(column))))
    return {spot for rows in near.values() for far, spot in rows if far <= min(far for far, _ in rows) + 1.0}
