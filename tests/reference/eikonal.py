"""The eikonal equation on a graph of cells, without a heap."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray


def first_order(neighbour: NDArray[np.int32], step: NDArray[np.float64], sources: NDArray[np.int32]) -> NDArray[np.float64]:
    """Godunov's first-order upwind scheme, every node solved again and again until nothing changes.

    Parameters
    ----------
    neighbour : (K, 4) int32
        East, west, north, south; -1 for none.
    step : (K,) float64
        Time across one cell [s].
    """
    time = np.full(len(neighbour), np.inf)
    time[sources] = 0.0
    while True:
        before = time.copy()
        for k in range(len(neighbour)):
            if k in sources:
                continue
            a = min((time[m] for m in neighbour[k, :2] if m >= 0), default=np.inf)
            b = min((time[m] for m in neighbour[k, 2:] if m >= 0), default=np.inf)
            a, b = min(a, b), max(a, b)
            if not np.isfinite(a):
                continue
            if b - a >= step[k]:
                found = a + step[k]
            else:
                found = 0.5 * (a + b + np.sqrt(2.0 * step[k] ** 2 - (a - b) ** 2))
            time[k] = min(time[k], found)
        if np.array_equal(before, time):
            return time


def along_axes(neighbour: NDArray[np.int32], step: NDArray[np.float64], sources: NDArray[np.int32]) -> NDArray[np.float64]:
    """Dijkstra's shortest times along the axes only: an upper bound of the eikonal time; inf where nothing leads."""
    time = np.full(len(neighbour), np.inf)
    queue = [(0.0, int(k)) for k in sources]
    for _, k in queue:
        time[k] = 0.0
    while queue:
        t, k = heapq.heappop(queue)
        if t > time[k]:
            continue
        for m in neighbour[k]:
            if m >= 0 and t + step[m] < time[m]:
                time[m] = t + step[m]
                heapq.heappush(queue, (time[m], int(m)))
    return time


def links(
    mask: NDArray[np.bool_], blocked: NDArray[np.uint8], portal: NDArray[np.int16], portal_levels: NDArray[np.int32]
) -> dict[tuple[int, int, int], set[tuple[int, int, int]]]:
    """Which floor cells one can step to from each; the cells of a portal carry the links of both levels."""
    out: dict[tuple[int, int, int], set[tuple[int, int, int]]] = {tuple(k): set() for k in np.argwhere(mask).tolist()}

    def twins(cell: tuple[int, int, int]) -> list[tuple[int, int, int]]:
        p = portal[cell]
        if p < 0:
            return [cell]
        return [(int(level), *cell[1:]) for level in portal_levels[p]]

    for level, r, c in list(out):
        for bit, other in ((1, (level, r, c + 1)), (2, (level, r + 1, c))):
            if other in out and not blocked[level, r, c] & bit:
                for one in twins((level, r, c)):
                    for two in twins(other):
                        out[one].add(two)
                        out[two].add(one)
    return out
