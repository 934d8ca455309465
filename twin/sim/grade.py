"""How steep the floor is, and how much slower people walk for it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

WINDOW_M = 7.0
"""The slope is that of the plane that fits best in squares of this side: kerbs and the noise of a survey are no slopes."""

GRADE_FROM, GRADE_TO = 0.03, 0.3
"""Grades below the first are taken for flat; those above the second, which no street has, for the second (rise over run)."""

ALMOST_FLAT = 1e-3
"""Added to the variance of the places of cells [cells2]."""

GRADE_STEP = 0.01
"""Grades are rounded to this, in each direction, so that there are few different ones."""


def tobler(grade: NDArray[np.float64]) -> NDArray[np.float64]:
    """Speed relative to that on the flat, at most 1, on a way that rises by `grade` (falls where negative) [1].

    Tobler's hiking function, exp(-3.5 |grade + 0.05|) over its value at 0; downhill, where it says up to 19 % faster, people in
    a crowd are taken to walk as on the flat.

    References
    ----------
    Tobler 1993, Three presentations on geographical analysis and modeling, NCGIA technical report 93-1.
    """
    relative: NDArray[np.float64] = np.exp(-3.5 * (np.abs(grade + 0.05) - 0.05))
    return np.minimum(relative, 1.0)


def grades(height: NDArray[np.float32], on: NDArray[np.bool_], cell: float) -> NDArray[np.float64]:
    """Rise over run eastward and northward at each cell, (2, H, W); 0 where the floor is not, or counts as flat.

    Parameters
    ----------
    height : (H, W) float32
        [m]
    on : (H, W) bool
        Cells that have such a height; others do not count.
    cell : float
        Side of a cell [m].
    """
    if not on.any() or np.ptp(height[on]) < 0.5 * GRADE_FROM * cell:
        return np.zeros((2, *on.shape))
    size = 2 * round(0.5 * WINDOW_M / cell) + 1
    rows, columns = np.indices(on.shape, dtype=np.float64)
    weight = on.astype(np.float64)
    z = np.where(on, height - height[on].mean(), 0.0)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = uniform_filter(values, size, mode="constant") / share
        return found

    share = np.ones(on.shape)
    share = np.maximum(mean(weight), 0.5 / size**2)
    x, y, level = mean(weight * columns), mean(weight * rows), mean(z)
    xx, yy = mean(weight * columns**2) - x * x, mean(weight * rows**2) - y * y
    xy = mean(weight * columns * rows) - x * y
    xz, yz = mean(columns * z) - x * level, mean(rows * z) - y * level
    # a row of single cells says nothing of the slope across it: flat
    xx, yy = xx + ALMOST_FLAT, yy + ALMOST_FLAT
    determinant = xx * yy - xy * xy
    east, south = (xz * yy - yz * xy) / determinant / cell, (yz * xx - xz * xy) / determinant / cell
    found = np.where(on, np.stack([east, -south]), 0.0)
    steep = np.hypot(*found)
    found *= np.minimum(1.0, GRADE_TO / np.maximum(steep, 1e-9))
    return np.where(steep >= GRADE_FROM, np.round(found / GRADE_STEP) * GRADE_STEP, 0.0)


def slopes_of(grade: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float64]]:
    """Which slope each cell lies on (-1 for none), the mean speed up and down each slope, and how it changes with the way.

    Parameters
    ----------
    grade : (2, L, H, W) float64
        As `grades` gives it, by level.

    Returns
    -------
    number : (L, H, W) int32
    speed : (T,) float32
        Mean of the factors straight up and straight down.
    tilt : (T, 2) float64
        As `twin.sim.model.Floor.slopes`.
    """
    number = np.full(grade.shape[1:], -1, np.int32)
    steep = np.flatnonzero((grade != 0.0).any(axis=0))
    vectors, which = np.unique(np.round(grade.reshape(2, -1)[:, steep].T / GRADE_STEP), axis=0, return_inverse=True)
    number.reshape(-1)[steep] = which.reshape(-1)
    vectors = vectors.reshape(-1, 2) * GRADE_STEP
    steepness = np.hypot(*vectors.T)
    up, down = tobler(steepness), tobler(-steepness)
    tilt = vectors / np.maximum(steepness, math.ulp(1.0))[:, None] * ((up - down) / (up + down))[:, None]
    return number, (0.5 * (up + down)).astype(np.float32), tilt
