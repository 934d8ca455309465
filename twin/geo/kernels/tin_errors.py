"""How far a triangulation on the cells of a raster is from the raster, triangle by triangle, in whole-number coordinates."""

from __future__ import annotations

import numpy as np

from twin.jit import njit, prange


@njit(inline="always")
def _ceil_div(a, b):
    """Smallest whole number not under a / b, for b > 0."""
    return -((-a) // b)


@njit(parallel=True)
def worst_cells(points, triangles, height):
    """The cell furthest from each triangle, of all whose centre lies in it or on its edge.

    Parameters
    ----------
    points : (V, 2) int64
        Row and column of the vertices.
    triangles : (T, 3) int64
        Rows of `points`, with rows downward counter-clockwise or clockwise; one without area holds no cells.
    height : (R, C) float64
        NaN where unknown [m]. The corner of a triangle has the height of its cell.

    Returns
    -------
    (T,) float64
        Largest distance between raster and triangle [m]; infinite where an unknown cell lies in a triangle of three known
        corners, or a known one in a triangle with an unknown corner; 0 for a triangle that holds no other cell.
    (T,) int64
        That cell, row * C + column; -1 when there is none.
    """
    count, columns = len(triangles), height.shape[1]
    error, cell = np.zeros(count), np.full(count, -1, dtype=np.int64)
    for t in prange(count):
        r0, c0 = points[triangles[t, 0], 0], points[triangles[t, 0], 1]
        r1, c1 = points[triangles[t, 1], 0], points[triangles[t, 1], 1]
        r2, c2 = points[triangles[t, 2], 0], points[triangles[t, 2], 1]
        doubled = (c1 - c0) * (r2 - r0) - (r1 - r0) * (c2 - c0)
        if doubled == 0:
            continue
        if doubled < 0:
            r1, c1, r2, c2, doubled = r2, c2, r1, c1, -doubled
        z0, z1, z2 = height[r0, c0], height[r1, c1], height[r2, c2]
        whole = np.isfinite(z0) and np.isfinite(z1) and np.isfinite(z2)
        # The middle of the triangle decides between cells that are equally wrong.
        middle_r, middle_c = (r0 + r1 + r2) / 3.0, (c0 + c1 + c2) / 3.0
        nearest = np.inf
        for row in range(min(r0, r1, r2), max(r0, r1, r2) + 1):
            # Inside: three products of corners that are linear in the column, none negative.
            first, last = min(c0, c1, c2), max(c0, c1, c2)
            for edge in range(3):
                if edge == 0:
                    ra, ca, rb, cb = r1, c1, r2, c2
                elif edge == 1:
                    ra, ca, rb, cb = r2, c2, r0, c0
                else:
                    ra, ca, rb, cb = r0, c0, r1, c1
                # (cb - ca) * (row - ra) - (rb - ra) * (column - ca) >= 0
                slope, base = rb - ra, (cb - ca) * (row - ra) + (rb - ra) * ca
                if slope > 0:
                    last = min(last, base // slope)
                elif slope < 0:
                    first = max(first, _ceil_div(-base, -slope))
                elif base < 0:
                    last = first - 1
            for column in range(first, last + 1):
                if (row == r0 and column == c0) or (row == r1 and column == c1) or (row == r2 and column == c2):
                    continue
                z = height[row, column]
                if np.isfinite(z) != whole:
                    off = np.inf
                elif whole:
                    w0 = ((c2 - c1) * (row - r1) - (r2 - r1) * (column - c1)) / doubled
                    w1 = ((c0 - c2) * (row - r2) - (r0 - r2) * (column - c2)) / doubled
                    off = abs(w0 * z0 + w1 * z1 + (1.0 - w0 - w1) * z2 - z)
                else:
                    continue
                away = (row - middle_r) ** 2 + (column - middle_c) ** 2
                if off > error[t] or (off == error[t] and off > 0.0 and away < nearest):
                    error[t], cell[t], nearest = off, row * columns + column, away
    return error, cell
