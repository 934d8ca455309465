"""Slow twins of the triangulation of a terrain: every cell by shapely, and the greedy insertion of one cell at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay


def worst_cells(points: Any, triangles: Any, height: Any) -> Any:
    """Largest distance of any cell in each triangle (T,), infinite where known and unknown meet."""
    rows, columns = (grid.ravel() for grid in np.indices(height.shape))
    out = np.zeros(len(triangles))
    for number, triangle in enumerate(triangles):
        corners = points[triangle]
        z = height[corners[:, 0], corners[:, 1]]
        polygon = shapely.Polygon(corners)
        if polygon.area == 0:
            continue
        plane = np.linalg.solve(np.column_stack([corners, np.ones(3)]), z) if np.isfinite(z).all() else None
        for row, column in zip(rows, columns, strict=True):
            corner = ((corners == (row, column)).all(axis=1)).any()
            if corner or not polygon.intersects(shapely.Point(row, column)):
                continue
            here = height[row, column]
            if np.isfinite(here) != (plane is not None):
                out[number] = np.inf
            elif plane is not None:
                out[number] = max(out[number], abs(plane @ (row, column, 1.0) - here))
    return out


def greedy(height: Any, error_m: float) -> int:
    """Number of triangles when the one worst cell of the whole raster is inserted again and again."""
    rows, columns = height.shape
    cells = np.array([[0, 0], [0, columns - 1], [rows - 1, 0], [rows - 1, columns - 1]], dtype=float)
    grid = np.indices(height.shape).reshape(2, -1).T.astype(float)
    while True:
        mesh = Delaunay(cells)
        values = height[cells[:, 0].astype(int), cells[:, 1].astype(int)]
        off = np.abs(LinearNDInterpolator(mesh, values)(grid) - height.ravel())
        if np.nanmax(off) <= error_m:
            return len(mesh.simplices)
        cells = np.vstack([cells, grid[np.nanargmax(off)]])
