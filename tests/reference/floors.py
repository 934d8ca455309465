"""What `twin.sim.floor` should find, by looking at every pair."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from twin.sim.crowd.models.plain import nearest_on_segment


def distance_to_segment(x: float, y: float, segment: NDArray[np.float64]) -> float:
    """Distance from a point to a segment x0, y0, x1, y1."""
    return float(np.hypot(*(np.array([x, y]) - nearest_on_segment(x, y, segment))))


def signed_distance(
    mask: NDArray[np.bool_],
    segments: NDArray[np.float64],
    levels: NDArray[np.int32],
    west: float,
    north: float,
    cell: float,
    cap: float,
) -> NDArray[np.float64]:
    """Distance from every cell's centre to the nearest segment of its level, at most `cap`; negative off the floor."""
    out = np.full(mask.shape, cap)
    for level, r, c in np.ndindex(*mask.shape):
        x, y = west + (c + 0.5) * cell, north - (r + 0.5) * cell
        for segment in segments[levels == level]:
            out[level, r, c] = min(out[level, r, c], distance_to_segment(x, y, segment))
    return np.where(mask, out, -out)


def touch(p: tuple[float, float], q: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> bool:
    """Whether segments pq and ab share a point, in exact arithmetic; collinear ones do not count."""
    (px, py), (qx, qy), (ax, ay), (bx, by) = (tuple(map(Fraction, point)) for point in (p, q, a, b))

    def side(ox: Fraction, oy: Fraction, ux: Fraction, uy: Fraction, vx: Fraction, vy: Fraction) -> Fraction:
        return (ux - ox) * (vy - oy) - (uy - oy) * (vx - ox)

    d1, d2 = side(ax, ay, bx, by, px, py), side(ax, ay, bx, by, qx, qy)
    d3, d4 = side(px, py, qx, qy, ax, ay), side(px, py, qx, qy, bx, by)
    if d1 == 0 and d2 == 0:
        return False
    return d1 * d2 <= 0 and d3 * d4 <= 0


def blocked_edges(
    shape: tuple[int, int, int], segments: NDArray[np.float64], levels: NDArray[np.int32], west: float, north: float, cell: float
) -> NDArray[np.uint8]:
    """Bit 1 where a wall lies between a centre and its eastern neighbour, bit 2 for its southern one."""
    out = np.zeros(shape, np.uint8)
    for level, r, c in np.ndindex(*shape):
        x, y = west + (c + 0.5) * cell, north - (r + 0.5) * cell
        for segment in segments[levels == level]:
            a, b = tuple(segment[0:2]), tuple(segment[2:4])
            if a == b:
                continue
            if touch((x, y), (x + cell, y), a, b):
                out[level, r, c] |= 1
            if touch((x, y), (x, y - cell), a, b):
                out[level, r, c] |= 2
    return out


def wall_between(segments: NDArray[np.float64], p: tuple[float, float], q: tuple[float, float]) -> bool:
    """Whether any of the segments lies between two points."""
    return any(touch(p, q, tuple(s[0:2]), tuple(s[2:4])) for s in segments)
