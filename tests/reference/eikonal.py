"""The eikonal equation on a graph of cells, without a heap."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray


def first_order(neighbour: NDArray[np.int32], step: NDArray[np.float64], sources: NDArray[np.int32]) -> NDArray[np.float64]:
    """Godunov's first-order upwind scheme, all nodes solved again and again until nothing changes.

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
        around = np.where(neighbour >= 0, time[neighbour], np.inf)
        a, b = around[:, :2].min(axis=1), around[:, 2:].min(axis=1)
        low, apart = np.minimum(a, b), np.full(len(time), np.inf)
        finite = np.isfinite(a) & np.isfinite(b)
        apart[finite] = np.abs(a[finite] - b[finite])
        near = apart < step
        found = low + step
        found[near] = low[near] + 0.5 * (apart[near] + np.sqrt(2.0 * step[near] ** 2 - apart[near] ** 2))
        found[sources] = 0.0
        after = np.minimum(time, found)
        if np.array_equal(after, time):
            return time
        time = after


def second_order(
    neighbour: NDArray[np.int32], step: NDArray[np.float64], sources: NDArray[np.int32], *, steepest: float = 1.5
) -> NDArray[np.float64]:
    """Second-order upwind differences, nodes in the order of their first-order times, which also say what is upwind.

    Along each axis the lower of the upwind neighbours counts, with the one behind it where that lies no higher in both times.
    At last no node lies further above a neighbour than `steepest` times the slowest step of it and its neighbours.
    """
    first = first_order(neighbour, step, sources)
    time = np.full(len(neighbour), np.inf)
    time[sources] = 0.0
    for k in np.argsort(first, kind="stable"):
        if k not in sources and np.isfinite(first[k]):
            time[k] = _from_upwind(int(k), neighbour, step[k], first, time)
    around = np.where(neighbour >= 0, step[neighbour], 0.0)
    limit = steepest * np.maximum(step, around.max(axis=1))
    while True:
        low = np.where(neighbour >= 0, time[neighbour], np.inf).min(axis=1)
        settled = np.minimum(time, low + limit)
        if np.array_equal(settled, time):
            return time
        time = settled


def _from_upwind(k: int, neighbour: NDArray[np.int32], step: float, first: NDArray[np.float64], time: NDArray[np.float64]) -> float:
    axes = []
    for axis in range(2):
        sides = [d for d in (2 * axis, 2 * axis + 1) if neighbour[k, d] >= 0 and first[neighbour[k, d]] < first[k]]
        if not sides:
            continue
        t = min(time[neighbour[k, d]] for d in sides)
        upwind = [(neighbour[k, d], neighbour[neighbour[k, d], d]) for d in sides if time[neighbour[k, d]] == t]
        q = min((time[behind] for m, behind in upwind if behind >= 0 and first[behind] <= first[m]), default=np.inf)
        axes.append((t, t + (t - q) / 3.0, 2.25) if q <= t else (t, t, 1.0))
    if len(axes) == 2:
        (tx, vx, ax), (ty, vy, ay) = axes
        under = (ax + ay) * step**2 - ax * ay * (vx - vy) ** 2
        both = (ax * vx + ay * vy + np.sqrt(max(under, 0.0))) / (ax + ay)
        if under >= 0.0 and both >= max(tx, ty):
            return float(both)
    return float(min(value + step / np.sqrt(weight) for _, value, weight in axes))


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
