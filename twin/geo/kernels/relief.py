"""What stands on the cells of a raster: the highest triangle over each, and crowns of trees."""

from __future__ import annotations

import numpy as np

from twin.jit import njit

EDGE = 1e-9
"""A point this far outside a triangle, as a part of it, still counts as on it, so that no cell on an edge is lost."""


@njit()
def raise_to(column, row, z, owner, height, of):
    """Raise cells to the highest triangle over their middle, and note whose it is.

    Parameters
    ----------
    column, row : (T, 3) float64
        Corners in cells, with the middle of cell (0, 0) at (0, 0).
    z : (T, 3) float64
        Heights of the corners [m].
    owner : (T,) int32
    height : (R, C) float32
        Raised where a triangle is higher than what is there; where that is NaN nothing is known below, and it is taken.
    of : (R, C) int32
        Gets the owner of the triangle that the height is of.
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
                    value = np.float32(z[t, 0] + b1 * (z[t, 1] - z[t, 0]) + b2 * (z[t, 2] - z[t, 0]))
                    if not value <= height[r, c]:
                        height[r, c], of[r, c] = value, owner[t]


@njit()
def raise_blocks(column, row, z, high):
    """Raise blocks to the highest corner of each triangle whose bounding box touches them.

    Parameters
    ----------
    column, row : (T, 3) float64
        Corners in blocks, with the outer corner of block (0, 0) at (0, 0).
    z : (T, 3) float64
        Heights of the corners [m].
    high : (R, C) float64
    """
    rows, columns = high.shape
    for t in range(len(z)):
        top = max(z[t, 0], z[t, 1], z[t, 2])
        first = max(0, int(np.floor(min(column[t, 0], column[t, 1], column[t, 2]) - EDGE)))
        last = min(columns - 1, int(np.floor(max(column[t, 0], column[t, 1], column[t, 2]) + EDGE)))
        above = max(0, int(np.floor(min(row[t, 0], row[t, 1], row[t, 2]) - EDGE)))
        below = min(rows - 1, int(np.floor(max(row[t, 0], row[t, 1], row[t, 2]) + EDGE)))
        for r in range(above, below + 1):
            for c in range(first, last + 1):
                high[r, c] = max(high[r, c], top)


@njit()
def hang_crowns(column, row, radius, base, top, lower, upper):
    """Crowns as ellipsoids, by the cells whose middle they cover, or the one that they stand in.

    Parameters
    ----------
    column, row, radius : (N,) float64
        Place and half the width, in cells as in `raise_to`.
    base, top : (N,) float64
        Lowest and highest point of each crown [m].
    lower, upper : (R, C) float32
        NaN where there is no crown yet; where crowns overlap, the lowest and the highest of them [m].
    """
    rows, columns = lower.shape
    for n in range(len(radius)):
        x, y, reach = column[n], row[n], max(radius[n], 0.5)
        middle, half = 0.5 * (base[n] + top[n]), 0.5 * (top[n] - base[n])
        for r in range(max(0, int(np.ceil(y - reach))), min(rows - 1, int(np.floor(y + reach))) + 1):
            for c in range(max(0, int(np.ceil(x - reach))), min(columns - 1, int(np.floor(x + reach))) + 1):
                share = ((c - x) ** 2 + (r - y) ** 2) / (reach * reach)
                own = abs(c - x) <= 0.5 and abs(r - y) <= 0.5
                if share > 1.0 and not own:
                    continue
                thick = half * np.sqrt(max(0.0, 1.0 - share))
                if own:
                    thick = max(thick, 0.5 * half)
                low, high = np.float32(middle - thick), np.float32(middle + thick)
                if not lower[r, c] <= low:
                    lower[r, c] = low
                if not upper[r, c] >= high:
                    upper[r, c] = high
