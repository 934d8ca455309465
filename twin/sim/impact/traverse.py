"""Exact traversal of a surface of blocks by a ray: the mode to report with, and what the sweeps are held against.

Every cell that a ray enters is looked at (Amanatides and Woo 1987, "A fast voxel traversal algorithm for ray tracing"). A ray that
goes through the corner between four cells touches the one diagonally opposite only.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange
from twin.sim.impact.shadow import BUILT, LOWEST_DEG, Surface

_CORNER = 1e-9


def cast_exactly(of: Surface, azimuth_deg: float, altitude_deg: float) -> NDArray[np.uint8]:
    """What stands between each cell and the sun, as `twin.sim.impact.shadow.cast`, ray by ray.

    Parameters
    ----------
    of : Surface
    azimuth_deg, altitude_deg : float
        Of the sun [deg].

    Returns
    -------
    (R, C) uint8
        `LIT`, `BUILT` or `LEAVES`.
    """
    if altitude_deg <= LOWEST_DEG:
        return np.full(of.shape, BUILT, np.uint8)
    out = np.empty(of.shape, np.uint8)
    azimuth = math.radians(azimuth_deg)
    highest = max(of.high, float(of.rows.max(initial=0.0)))
    slope = math.tan(math.radians(altitude_deg))
    base, top = of.crown_rows
    _cast_rays(of.rows, base, top, math.sin(azimuth), -math.cos(azimuth), slope, highest, out)
    return out


@njit(parallel=True)
def _cast_rays(z, base, top, east, south, slope, highest, out):
    """A ray from the middle of each cell towards (`east`, `south`), rising by `slope`; writes `out`."""
    for r in prange(len(z)):
        for c in range(z.shape[1]):
            out[r, c] = _met(z, base, top, np.int64(r), np.int64(c), east, south, slope, highest)


@njit()
def _met(z, base, top, r, c, east, south, slope, highest):
    """What the ray of one cell meets first: a block (1), or else leaves (2), or nothing (0)."""
    rows, columns = z.shape
    with_crowns = top.shape[0] > 0
    each_r = 1.0 / abs(south) if abs(south) > 1e-15 else np.inf
    each_c = 1.0 / abs(east) if abs(east) > 1e-15 else np.inf
    step_r, step_c = (1 if south > 0 else -1), (1 if east > 0 else -1)
    i, j, height = r, c, z[r, c]
    next_r, next_c, entered = 0.5 * each_r, 0.5 * each_c, 0.0
    found = 0
    while True:
        leaving = min(next_r, next_c)
        # are leaves met between where the ray comes into this cell and where it goes out?
        low, high = height + entered * slope, height + leaving * slope
        if with_crowns and top[i, j] > base[i, j] and high >= base[i, j] and low <= top[i, j]:
            found = 2
        entered = leaving
        both = abs(next_r - next_c) < _CORNER
        if both or next_r < next_c:
            i += step_r
            next_r += each_r
        if both or next_c <= entered:
            j += step_c
            next_c += each_c
        level = height + entered * slope
        if not (0 <= i < rows and 0 <= j < columns) or level > highest:
            return found
        if z[i, j] > level:
            return 1
