"""The collision-free speed model V2 by loops over all pairs, straight from its equations."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tests.reference.floors import nearest_on_segment


def wall_points(x: float, y: float, segments: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The nearest point of every wall segment, those that two segments share counted once."""
    seen: list[NDArray[np.float64]] = []
    for segment in segments:
        nearest = nearest_on_segment(x, y, segment)
        on_end = any(np.array_equal(nearest, end) for end in (segment[0:2], segment[2:4]))
        if on_end and hides(nearest, x, y, segments):
            continue
        if not (on_end and any(np.allclose(nearest, other, atol=1e-12) for other in seen)):
            seen.append(nearest)
    return seen


def hides(end: NDArray[np.float64], x: float, y: float, segments: NDArray[np.float64]) -> bool:
    """Whether another segment that ends in `end` comes nearer: then the end is not a corner that sticks out."""
    for segment in segments:
        joined = np.array_equal(segment[0:2], end) or np.array_equal(segment[2:4], end)
        if joined:
            nearest = nearest_on_segment(x, y, segment)
            if math.dist(nearest, (x, y)) < math.dist(end, (x, y)) - 1e-15:
                return True
    return False


def direction(
    i: int,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    radius: NDArray[np.float64],
    wanted: NDArray[np.float64],
    walls: NDArray[np.float64],
    *,
    strength: float,
    reach: float,
    wall_strength: float,
    wall_reach: float,
    cut: float = math.inf,
    wall_cut: float = math.inf,
) -> NDArray[np.float64]:
    """e = norm(e0 + sum_j -A exp((l - d) / D) n_ij + sum_w -A_w exp((r - d) / D_w) n_iw); zero when the sum is.

    People with a gap d - l above `cut` and walls beyond `wall_cut` are left out; by default nobody is.
    """
    total = wanted.astype(float).copy()
    here = np.array([x[i], y[i]])
    for j in range(len(x)):
        if j == i:
            continue
        apart = np.array([x[j], y[j]]) - here
        d = float(np.hypot(*apart))
        if d - radius[i] - radius[j] > cut:
            continue
        total -= strength * math.exp((radius[i] + radius[j] - d) / reach) * apart / d
    for point in wall_points(x[i], y[i], walls):
        apart = point - here
        d = float(np.hypot(*apart))
        if d >= wall_cut:
            continue
        total -= wall_strength * math.exp((radius[i] - d) / wall_reach) * apart / d
    norm = float(np.hypot(*total))
    return total / norm if norm > 0 else total


def speed(
    i: int,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    radius: NDArray[np.float64],
    e: NDArray[np.float64],
    *,
    desired: float,
    time_gap: float,
) -> float:
    """v = min(max(s / T, 0), v0), s the least d - l over those ahead (e.n >= 0) at most l to the side."""
    gap = math.inf
    for j in range(len(x)):
        if j == i:
            continue
        apart = np.array([x[j] - x[i], y[j] - y[i]])
        contact = radius[i] + radius[j]
        if e @ apart >= 0 and abs(e[0] * apart[1] - e[1] * apart[0]) <= contact:
            gap = min(gap, float(np.hypot(*apart)) - contact)
    return min(max(gap / time_gap, 0.0), desired)


def sort_by_cell(
    x: NDArray[np.float64], y: NDArray[np.float64], west: float, north: float, side: float, rows: int, columns: int
) -> list[list[int]]:
    """Who stands in each cell, row by row; points beyond the grid belong to its edge."""
    out: list[list[int]] = [[] for _ in range(rows * columns)]
    for i in range(len(x)):
        c = min(max(math.floor((x[i] - west) / side), 0), columns - 1)
        r = min(max(math.floor((north - y[i]) / side), 0), rows - 1)
        out[r * columns + c].append(i)
    return out
