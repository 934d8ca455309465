"""Slow twins of the kernels of networks."""

from __future__ import annotations

import heapq
import math

import numpy as np
from numpy.typing import NDArray


def shortest(
    count: int, tails: NDArray[np.int64], heads: NDArray[np.int64], cost: NDArray[np.float64], sources: list[int]
) -> list[float]:
    """Dijkstra's algorithm with a heap, arc by arc."""
    least = [math.inf] * count
    out: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    for tail, head, price in zip(tails.tolist(), heads.tolist(), cost.tolist(), strict=True):
        out[tail].append((head, price))
    heap = [(0.0, source) for source in sources]
    for source in sources:
        least[source] = 0.0
    while heap:
        price, node = heapq.heappop(heap)
        if price > least[node]:
            continue
        for head, more in out[node]:
            if price + more < least[head]:
                least[head] = price + more
                heapq.heappush(heap, (least[head], head))
    return least


def widest(count: int, ends: NDArray[np.int64], width: NDArray[np.float64], start: int, end: int) -> float:
    """The greatest width at which the links that are so wide join two nodes."""
    if start == end:
        return math.inf
    best = 0.0
    for least in sorted(set(width.tolist())):
        seen, todo = {start}, [start]
        while todo:
            node = todo.pop()
            for (a, b), wide in zip(ends.tolist(), width.tolist(), strict=True):
                if wide >= least and node in (a, b):
                    other = b if node == a else a
                    if other not in seen:
                        seen.add(other)
                        todo.append(other)
        if end in seen:
            best = least
    return best


def clearance(segments: NDArray[np.float64], points: NDArray[np.float64]) -> list[float]:
    """Distance of each point to the nearest segment, one by one."""
    found = []
    for x, y in points.tolist():
        least = math.inf
        for x0, y0, x1, y1 in segments.tolist():
            dx, dy = x1 - x0, y1 - y0
            length = dx * dx + dy * dy
            share = 0.0 if length == 0 else min(1.0, max(0.0, ((x - x0) * dx + (y - y0) * dy) / length))
            least = min(least, math.hypot(x - x0 - share * dx, y - y0 - share * dy))
        found.append(least)
    return found
