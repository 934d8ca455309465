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
    total = 0.0
    for k in range(directions):
        azimuth = 2 * math.pi * (k + 0.5) / directions
        east, south = math.sin(azimuth), -math.cos(azimuth)
        steepest = 0.0
        for n in range(1, 40 * (rows + columns)):
            way = n / 40
            i, j = math.floor(row + 0.5 + way * south), math.floor(column + 0.5 + way * east)
            if not (0 <= i < rows and 0 <= j < columns):
                break
            if (i, j) != (row, column):
                steepest = max(steepest, (z[i, j] - z[row, column]) / way)
        total += 1.0 / (1.0 + steepest**2)
    return total / directions


def hits(
    corners: NDArray[np.float64], point: NDArray[np.float64], direction: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance along a ray to each triangle (T, 3, 3); inf where it passes by: by the plane, then the three edges."""
    out = np.full(len(corners), np.inf)
    for t, (a, b, c) in enumerate(corners):
        normal = np.cross(b - a, c - a)
        facing = float(normal @ direction)
        if abs(facing) < 1e-12:
            continue
        distance = float(normal @ (a - point)) / facing
        place = point + distance * direction
        sides = [float(normal @ np.cross(q - p, place - p)) for p, q in ((a, b), (b, c), (c, a))]
        if distance > 1e-4 and min(sides) >= 0:
            out[t] = distance
    return out


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
