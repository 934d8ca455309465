"""Slow twins of the kernels of green: lines of sight one by one, discs cell by cell, in plain Python and NumPy."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def cover_round(what: NDArray[np.bool_], known: NDArray[np.bool_], radius: float) -> NDArray[np.float64]:
    """Share of the known cells round each cell that have something."""
    y, x = np.mgrid[: what.shape[0], : what.shape[1]]
    out = np.full(what.shape, np.nan)
    for r in range(what.shape[0]):
        for c in range(what.shape[1]):
            near = ((y - r) ** 2 + (x - c) ** 2 <= radius**2 + 1e-9) & known
            if near.any():
                out[r, c] = what[near].mean()
    return out


def green_angles(
    z: NDArray[np.float64], base: NDArray[np.float64], top: NDArray[np.float64], row: int, column: int, eye: float, reach: float,
    half_deg: float, azimuth: float, lines: int = 3000,
) -> float:  # fmt: skip
    """Share of lines of sight in one direction, evenly spread over angles, that end in leaves."""
    rows, columns = z.shape
    east, south = math.sin(azimuth), -math.cos(azimuth)
    edges = {0.0}
    for k in range(rows + columns):
        edges.update((k + 0.5) / abs(d) for d in (east, south) if abs(d) > 1e-12)
    slope = np.tan(np.radians(half_deg) * (2 * (np.arange(lines) + 0.5) / lines - 1))
    height = z[row, column] + eye
    going, green = np.ones(lines, bool), np.zeros(lines, bool)
    for near, far in pairwise(sorted(edges)):
        middle = 0.5 * (near + far)
        i, j = math.floor(row + 0.5 + middle * south), math.floor(column + 0.5 + middle * east)
        if not (0 <= i < rows and 0 <= j < columns) or near > reach:
            break
        if far - near < 1e-9:
            continue
        first, last = height + near * slope, height + far * slope
        going &= first >= z[i, j]
        if top[i, j] > base[i, j]:
            leaves = (np.maximum(first, last) >= base[i, j]) & (np.minimum(first, last) <= top[i, j])
            green |= going & leaves
            going &= ~leaves
        going &= last >= z[i, j]
    return float(green.mean())


def green_index(
    z: NDArray[np.float64], base: NDArray[np.float64], top: NDArray[np.float64], row: int, column: int, eye: float, reach: float,
    half_deg: float, directions: int,
) -> float:  # fmt: skip
    """Green view index of one cell."""
    ways = [2 * math.pi * (k + 0.5) / directions for k in range(directions)]
    return float(np.mean([green_angles(z, base, top, row, column, eye, reach, half_deg, way) for way in ways]))


def tree_in_sight(z: NDArray[np.float64], row: int, column: int, i: int, j: int, eye: float, height: float) -> bool:
    """Whether a height over a cell is seen from a cell, in small steps over the cells between."""
    length = math.hypot(i - row, j - column)
    part = np.arange(1, math.ceil(400 * length) + 1) / (math.ceil(400 * length) + 1)
    r, c = np.floor(row + 0.5 + part * (i - row)).astype(int), np.floor(column + 0.5 + part * (j - column)).astype(int)
    between = ~((r == row) & (c == column)) & ~((r == i) & (c == j))
    line = z[row, column] + eye + part * (height - z[row, column] - eye)
    return not bool((z[r[between], c[between]] > line[between]).any())
