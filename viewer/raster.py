"""Heights from above: the raster of the highest surface, and what can be seen over it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit


@njit()
def _fill(
    vertices, triangles, west, north, cell, out
):  # pragma: no cover - compiled
    rows, columns = out.shape
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = (vertices[a, 0] - west) / cell - 0.5, (north - vertices[a, 1]) / cell - 0.5, vertices[a, 2]
        bx, by, bz = (vertices[b, 0] - west) / cell - 0.5, (north - vertices[b, 1]) / cell - 0.5, vertices[b, 2]
        cx, cy, cz = (vertices[c, 0] - west) / cell - 0.5, (north - vertices[c, 1]) / cell - 0.5, vertices[c, 2]
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if not abs(area) > 1e-9:
            continue
        i0 = max(0, math.ceil(min(ay, by, cy)))
        i1 = min(rows - 1, math.floor(max(ay, by, cy)))
        j0 = max(0, math.ceil(min(ax, bx, cx)))
        j1 = min(columns - 1, math.floor(max(ax, bx, cx)))
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                u = ((bx - j) * (cy - i) - (cx - j) * (by - i)) / area
                v = ((cx - j) * (ay - i) - (ax - j) * (cy - i)) / area
                w = 1.0 - u - v
                if u >= -1e-9 and v >= -1e-9 and w >= -1e-9:
                    z = u * az + v * bz + w * cz
                    if not out[i, j] >= z:
                        out[i, j] = z


def top_heights(
    vertices: NDArray[np.float64],
    triangles: NDArray[np.int32],
    west: float,
    north: float,
    cell: float,
    shape: tuple[int, int],
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Height of the highest triangle over the centre of each cell.

    Parameters
    ----------
    vertices : (V, 3) float64
    triangles : (T, 3) int32
    west, north : float
        Outer corner of cell (0, 0) [m].
    cell : float
        [m]
    shape : tuple of int
        Rows (north to south) and columns.
    out : (H, W) float32, optional
        Raster to add to, in place.

    Returns
    -------
    (H, W) float32
        NaN where nothing is.
    """
    if out is None:
        out = np.full(shape, np.nan, dtype=np.float32)
    if len(triangles):
        _fill(
            np.ascontiguousarray(vertices, dtype=np.float64),
            np.ascontiguousarray(triangles, dtype=np.int32),
            float(west),
            float(north),
            float(cell),
            out,
        )
    return out


@njit()
def _visible(points, eye, heights, west, north, cell, step):  # pragma: no cover - compiled
    rows, columns = heights.shape
    out = np.zeros(len(points), np.bool_)
    for k in range(len(points)):
        dx, dy, dz = eye[0] - points[k, 0], eye[1] - points[k, 1], eye[2] - points[k, 2]
        length = math.sqrt(dx * dx + dy * dy)
        count = int(length / step)
        seen = True
        for n in range(1, count):
            f = n * step / length
            z = points[k, 2] + f * dz
            i = int((north - points[k, 1] - f * dy) / cell)
            j = int((points[k, 0] + f * dx - west) / cell)
            if i < 0 or j < 0 or i >= rows or j >= columns:
                break
            if heights[i, j] > z:
                seen = False
                break
        out[k] = seen
    return out


def visible(
    points: NDArray[np.float64],
    eye: tuple[float, float, float],
    heights: NDArray[np.float32],
    west: float,
    north: float,
    cell: float,
) -> NDArray[np.bool_]:
    """Whether each point (N, 3) can be seen from `eye` over a raster of heights, (N,) bool."""
    position = np.asarray(eye, dtype=np.float64)
    return np.asarray(_visible(np.asarray(points, np.float64), position, heights, west, north, cell, cell))


def sample(
    heights: NDArray[np.float32],
    west: float,
    north: float,
    cell: float,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Value of the cell that each point (N,) is in; NaN outside, (N,) float64."""
    i = np.floor((north - np.asarray(y)) / cell).astype(np.int64)
    j = np.floor((np.asarray(x) - west) / cell).astype(np.int64)
    inside = (i >= 0) & (j >= 0) & (i < heights.shape[0]) & (j < heights.shape[1])
    out = np.full(np.shape(i), np.nan)
    out[inside] = heights[i[inside], j[inside]]
    return out
