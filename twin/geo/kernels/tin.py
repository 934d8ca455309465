"""Heights of a triangulated ground at the middle of cells."""

from __future__ import annotations

import numpy as np

from twin.jit import njit

EDGE = 1e-9
"""A point this far outside a triangle, as a part of it, still counts as on it, so that no cell on an edge is lost."""


@njit()
def drape(column, row, z, height):
    """Put the height of the highest triangle over the middle of each cell.

    Parameters
    ----------
    column, row : (T, 3) float64
        Corners in cells, with the middle of cell (0, 0) at (0, 0).
    z : (T, 3) float64
        Heights of the corners [m].
    height : (R, C) float64
        Raised where a triangle is higher than what is there; start from minus infinity.
    """
    rows, columns = height.shape
    for t in range(len(z)):
        x, y = column[t, 0], row[t, 0]
        x1, y1, x2, y2 = column[t, 1] - x, row[t, 1] - y, column[t, 2] - x, row[t, 2] - y
        doubled = x1 * y2 - x2 * y1
        if not abs(doubled) > 1e-12:
            continue
        left = max(0, int(np.ceil(min(x, column[t, 1], column[t, 2]) - EDGE)))
        right = min(columns - 1, int(np.floor(max(x, column[t, 1], column[t, 2]) + EDGE)))
        top = max(0, int(np.ceil(min(y, row[t, 1], row[t, 2]) - EDGE)))
        bottom = min(rows - 1, int(np.floor(max(y, row[t, 1], row[t, 2]) + EDGE)))
        for r in range(top, bottom + 1):
            for c in range(left, right + 1):
                dx, dy = c - x, r - y
                b1 = (y2 * dx - x2 * dy) / doubled
                b2 = (x1 * dy - y1 * dx) / doubled
                if b1 >= -EDGE and b2 >= -EDGE and b1 + b2 <= 1 + EDGE:
                    value = z[t, 0] + b1 * (z[t, 1] - z[t, 0]) + b2 * (z[t, 2] - z[t, 0])
                    if value > height[r, c]:
                        height[r, c] = value
