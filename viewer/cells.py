"""Values of cells at places between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def between_cells(
    cubes: NDArray[np.float64], west: float, north: float, cell: float, points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values at places, in a straight line from the middle of one cell to that of the next.

    Parameters
    ----------
    cubes : (..., H, W) float64
    west, north, cell : float
        Outer corner of cell (0, 0), and side of a cell [m].
    points : (N, 2) float64

    Returns
    -------
    (..., N) float64
        NaN outside, and where a cell that counts has none.
    """
    rows, columns = cubes.shape[-2:]
    u, v = (points[:, 0] - west) / cell - 0.5, (north - points[:, 1]) / cell - 0.5
    inside = (u >= -0.5) & (u <= columns - 0.5) & (v >= -0.5) & (v <= rows - 0.5)
    u, v = np.clip(u, 0.0, columns - 1.0), np.clip(v, 0.0, rows - 1.0)
    j, i = np.minimum(u.astype(int), max(columns - 2, 0)), np.minimum(v.astype(int), max(rows - 2, 0))
    a, b, right, below = u - j, v - i, np.minimum(j + 1, columns - 1), np.minimum(i + 1, rows - 1)
    upper = (1 - a) * cubes[..., i, j] + a * cubes[..., i, right]
    lower = (1 - a) * cubes[..., below, j] + a * cubes[..., below, right]
    return np.where(inside, (1 - b) * upper + b * lower, np.nan)
