"""Slow twins of the kernels of pits: surfaces and triangles cell by cell, sums of wells by scipy, dense groundwater."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray


def pit_surface(x: NDArray, y: NDArray, ring: NDArray, floor_m: float, rise: float) -> NDArray[np.float64]:
    """By bisection of the distance at which a place lies within the mitred outline; for outlines of which no edge vanishes."""
    import shapely

    floor = shapely.Polygon(ring)
    out = np.empty((len(y), len(x)))
    for i, py in enumerate(y):
        for j, px in enumerate(x):
            at = shapely.Point(px, py)
            low, high = 0.0, 128.0
            for _ in range(22):
                middle = 0.5 * (low + high)
                outline = floor.buffer(middle, join_style="mitre", mitre_limit=5.0)
                low, high = (low, middle) if outline.covers(at) else (middle, high)
            out[i, j] = floor_m + rise * (0.0 if floor.covers(at) else high)
    return out


def between_triangles(ground: NDArray, pit: NDArray, levels: NDArray, n: int = 200) -> NDArray[np.float64]:
    """By many small cells."""
    low, high = ground[:, :2].min(axis=0), ground[:, :2].max(axis=0)
    x, y = (low[k] + (np.arange(n) + 0.5) * (high[k] - low[k]) / n for k in (0, 1))
    gx, gy = np.meshgrid(x, y)

    def height(t: NDArray) -> NDArray:
        a, b = t[1] - t[0], t[2] - t[0]
        det = a[0] * b[1] - a[1] * b[0]
        u = ((gx - t[0, 0]) * b[1] - (gy - t[0, 1]) * b[0]) / det
        v = (a[0] * (gy - t[0, 1]) - a[1] * (gx - t[0, 0])) / det
        return np.where((u >= 0) & (v >= 0) & (u + v <= 1), t[0, 2] + u * a[2] + v * b[2], np.nan)

    top, bottom = height(ground), height(pit)
    edges = [-math.inf, *levels, math.inf]
    area = (high[0] - low[0]) * (high[1] - low[1]) / n**2
    return np.array([
        area * np.nansum(np.clip(np.minimum(top, b) - np.maximum(bottom, a), 0, None)) for a, b in itertools.pairwise(edges)
    ])  # fmt: skip


def leaky_well_function(u: float, rho: float) -> float:
    """By quadrature of its definition."""
    from scipy import integrate

    def inside(log_y: float) -> float:
        y = math.exp(log_y)
        return math.exp(-y - rho**2 / (4.0 * y))

    begin = math.log(u)
    breaks = sorted({begin, *(b for b in (math.log(max(rho / 2, 1e-300)), 0.0) if b > begin), max(begin, 0.0) + 5.0})
    return sum(integrate.quad(inside, a, b, epsabs=1e-14, limit=200)[0] for a, b in itertools.pairwise(breaks))


def steady(of) -> NDArray[np.float64]:
    """Groundwater by a dense matrix, cell by cell."""
    t, (rows, columns) = of.transmissivity_m2_d, of.transmissivity_m2_d.shape
    a, b = np.zeros((rows * columns, rows * columns)), np.zeros(rows * columns)
    for r in range(rows):
        for c in range(columns):
            k = r * columns + c
            if t[r, c] <= 0 or np.isfinite(of.fixed_head_m[r, c]):
                a[k, k], b[k] = 1.0, of.fixed_head_m[r, c] if t[r, c] > 0 else np.nan
                continue
            if math.isfinite(of.resistance_d[r, c]):
                a[k, k] += of.cell_m**2 / of.resistance_d[r, c]
                b[k] += of.cell_m**2 / of.resistance_d[r, c] * of.head_above_m[r, c]
            b[k] += of.recharge_m_d[r, c] * of.cell_m**2 - of.pumped_m3_d[r, c]
            for dr, dc in ((0, 1), (0, -1), (1, 0), (-1, 0)):
                i, j = r + dr, c + dc
                if not (0 <= i < rows and 0 <= j < columns) or t[i, j] <= 0:
                    continue
                wall = of.wall_east_d_m[r, min(c, j)] if dr == 0 else of.wall_south_d_m[min(r, i), c]
                face = 1.0 / (0.5 / t[r, c] + 0.5 / t[i, j] + wall / of.cell_m)
                a[k, k] += face
                a[k, i * columns + j] -= face
    dry = np.isnan(b)
    found = np.linalg.solve(a, np.where(dry, 0.0, b))
    found[dry] = np.nan
    return found.reshape(rows, columns)
