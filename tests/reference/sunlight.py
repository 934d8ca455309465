"""Slow twins of the kernels of sun, sky and sight: rays and horizons cell by cell, in plain Python and NumPy."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def shadow_of_blocks(
    z: NDArray[np.float64], base: NDArray[np.float64], top: NDArray[np.float64], azimuth_deg: float, altitude_deg: float
) -> NDArray[np.uint8]:
    """0 lit, 1 behind a block, 2 behind leaves only: every cell that the ray from the middle of a cell passes through."""
    rows, columns = z.shape
    east, south = math.sin(math.radians(azimuth_deg)), -math.cos(math.radians(azimuth_deg))
    rise = math.tan(math.radians(altitude_deg))
    out = np.zeros(z.shape, np.uint8)
    for r in range(rows):
        for c in range(columns):
            edges = {0.0}
            for k in range(rows + columns):
                for d in (east, south):
                    if abs(d) > 1e-12:
                        edges.add((k + 0.5) / abs(d))
            ways = sorted(edges)
            for near, far in pairwise(ways):
                if far - near < 1e-9:
                    continue
                middle = 0.5 * (near + far)
                i, j = math.floor(r + 0.5 + middle * south), math.floor(c + 0.5 + middle * east)
                if not (0 <= i < rows and 0 <= j < columns):
                    break
                low, high = z[r, c] + near * rise, z[r, c] + far * rise
                if (i, j) != (r, c) and z[i, j] > low:
                    out[r, c] = 1
                    break
                if top[i, j] > base[i, j] and high >= base[i, j] and low <= top[i, j]:
                    out[r, c] = 2
    return out


def sky_of_blocks(z: NDArray[np.float64], row: int, column: int, directions: int) -> float:
    """Sky view factor of one cell by the highest angle along exact rays."""
    rows, columns = z.shape
    way = np.arange(1, 40 * (rows + columns)) / 40
    total = 0.0
    for k in range(directions):
        azimuth = 2 * math.pi * (k + 0.5) / directions
        i = np.floor(row + 0.5 - way * math.cos(azimuth)).astype(int)
        j = np.floor(column + 0.5 + way * math.sin(azimuth)).astype(int)
        seen = (i >= 0) & (i < rows) & (j >= 0) & (j < columns) & ((i != row) | (j != column))
        rise = (z[i[seen], j[seen]] - z[row, column]) / way[seen]
        total += 1.0 / (1.0 + float(rise.max(initial=0.0)) ** 2)
    return total / directions


def hits(
    corners: NDArray[np.float64], point: NDArray[np.float64], direction: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance along a ray to each triangle (T, 3, 3); inf where it passes by: by the plane, then the three edges."""
    a = corners[:, 0]
    normal = np.cross(corners[:, 1] - a, corners[:, 2] - a)
    facing = normal @ direction
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = ((a - point) * normal).sum(axis=1) / facing
        place = point + distance[:, None] * direction
        edges = ((corners[:, k], corners[:, (k + 1) % 3]) for k in range(3))
        inside = np.all([(normal * np.cross(q - p, place - p)).sum(axis=1) >= 0 for p, q in edges], axis=0)
    return np.where((np.abs(facing) >= 1e-12) & (distance > 1e-4) & inside, distance, np.inf)


def seen_over_blocks(z: NDArray[np.float64], row: int, column: int, eye: float, target: float) -> NDArray[np.bool_]:
    """Which cells see a point: lines of sight in small steps, over all blocks but those of their ends. No curvature."""
    rows, columns = z.shape
    out = np.zeros(z.shape, bool)
    for i in range(rows):
        for j in range(columns):
            length = math.hypot(i - row, j - column)
            part = (np.arange(1, 200 * (rows + columns)) / 200.0) / max(length, 1e-9)
            part = part[part < 1.0]
            r = np.floor(row + 0.5 + part * (i - row)).astype(int)
            c = np.floor(column + 0.5 + part * (j - column)).astype(int)
            between = ~((r == row) & (c == column)) & ~((r == i) & (c == j))
            height = eye + part * (z[i, j] + target - eye)
            out[i, j] = not (z[r[between], c[between]] > height[between]).any()
    return out
