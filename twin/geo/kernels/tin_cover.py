"""Which cells of a raster a triangulation covers, and how far it is from them: the proof of an error, cell by cell."""

from __future__ import annotations

import numpy as np

from twin.jit import njit


@njit()
def covered(points, triangles, height):
    """Cells in or on triangles, and the largest distance of any to any triangle that it lies in.

    Written apart from `tin_errors`, in the plainest way: every cell of the box of a triangle, three signs.

    Parameters
    ----------
    points : (V, 2) int64
        Row and column of the vertices.
    triangles : (T, 3) int64
        Rows of `points`.
    height : (R, C) float64
        NaN where unknown [m].

    Returns
    -------
    (R, C) bool
        Whether a triangle covers the middle of the cell.
    float
        Largest distance [m]; infinite where an unknown cell is covered.
    """
    seen = np.zeros(height.shape, dtype=np.bool_)
    largest = 0.0
    for t in range(len(triangles)):
        ra, ca = points[triangles[t, 0], 0], points[triangles[t, 0], 1]
        rb, cb = points[triangles[t, 1], 0], points[triangles[t, 1], 1]
        rc, cc = points[triangles[t, 2], 0], points[triangles[t, 2], 1]
        doubled = (cb - ca) * (rc - ra) - (rb - ra) * (cc - ca)
        if doubled == 0:
            continue
        sign = 1 if doubled > 0 else -1
        za, zb, zc = height[ra, ca], height[rb, cb], height[rc, cc]
        for row in range(min(ra, rb, rc), max(ra, rb, rc) + 1):
            for column in range(min(ca, cb, cc), max(ca, cb, cc) + 1):
                a = sign * ((cc - cb) * (row - rb) - (rc - rb) * (column - cb))
                b = sign * ((ca - cc) * (row - rc) - (ra - rc) * (column - cc))
                c = sign * ((cb - ca) * (row - ra) - (rb - ra) * (column - ca))
                if a < 0 or b < 0 or c < 0:
                    continue
                seen[row, column] = True
                z = height[row, column]
                if not np.isfinite(z):
                    largest = np.inf
                    continue
                size = float(abs(doubled))
                off = abs((a * za + b * zb + c * zc) / size - z)
                largest = max(largest, off)
    return seen, largest
