"""A terrain as triangles, within an error that is proven at every cell.

Delaunay refinement after Garland and Heckbert (1995), "Fast polygonal approximation of terrains and height fields", Carnegie
Mellon University CMU-CS-95-181, in rounds: in each the worst cell of every triangle that is too far off, and further off than
the triangles beside it, becomes a vertex, and all vertices are triangulated anew. It takes a few per cent more triangles than
inserting one cell at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.errors import GeometryError, ParameterError
from twin.geo.mesh import TriangleMesh
from twin.geo.terrain import Terrain

ROUNDING_M = 1e-4
"""Heights are float32: at 1000 m their digits end at 0.06 mm, and an error below this cannot be asked for [m]."""

MAX_ROUNDS = 400

FEW = 0.02
"""When no more than this part of the triangles is too far off, all of those are split at once."""


@dataclass(frozen=True, slots=True, eq=False)
class TerrainMesh:
    """Triangles of a terrain, seen from above.

    Parameters
    ----------
    vertices : (V, 3) float64
        In the coordinates of the CRS: middles of cells, with their height [m].
    triangles : (T, 3) int32
        Rows of `vertices`, counter-clockwise seen from above, so that normals point up.
    error_m : float
        Largest distance between triangles and raster at the middle of any known cell that they cover [m].
    uncovered : int
        Known cells that no triangle covers: single ones, and corners that stick out between unknown ones.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    error_m: float
    uncovered: int

    def __len__(self) -> int:
        return len(self.triangles)

    def packed(self, origin: NDArray[np.float64], owner: int, semantic: int = 0) -> TriangleMesh:
        """The triangles as a mesh of one object, relative to an origin (3,) [m]."""
        count = len(self.triangles)
        owners, semantics = np.full(count, owner, dtype=np.int32), np.full(count, semantic, dtype=np.uint8)
        return TriangleMesh(self.vertices - origin, self.triangles, owners, semantics)


def terrain_mesh(terrain: Terrain, error_m: float) -> TerrainMesh:
    """Triangulate a terrain so that no known cell is further from its triangles than an error.

    The vertices are middles of cells with the heights of the raster. Unknown cells are left out: the triangles end at the
    known cells beside them. What lies beyond the middles of the outermost cells is not covered.

    Parameters
    ----------
    terrain : Terrain
    error_m : float
        Largest vertical distance allowed [m].

    Returns
    -------
    TerrainMesh
        Its `error_m` was measured on the result at every cell.

    Raises
    ------
    ParameterError
        When the error is not at least 0.1 mm.
    GeometryError
        When the terrain has fewer than two rows or columns, or no known cells.
    """
    if not (np.isfinite(error_m) and error_m >= ROUNDING_M):
        raise ParameterError(f"an error of {error_m} m cannot be asked for", hint=f"give at least {ROUNDING_M} m")
    height = terrain.height.astype(np.float64)
    if min(height.shape) < 2:
        raise GeometryError(f"a terrain of {height.shape[0]} x {height.shape[1]} cells has no triangles")
    if not np.isfinite(height).any():
        raise GeometryError("no height of the terrain is known")
    cells, triangles = _refined(height, error_m)
    rows, columns = np.divmod(cells, height.shape[1])
    z = height[rows, columns]
    a, b, c = (np.column_stack([rows, columns])[triangles[:, k]] for k in range(3))
    flat = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) == (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    whole = np.isfinite(z)[triangles].all(axis=1) & ~flat
    triangles = triangles[whole]
    error, uncovered = measured(height, cells, triangles)
    used, number = np.unique(triangles, return_inverse=True)
    x, y = terrain.grid.x[columns[used]], terrain.grid.y[rows[used]]
    return TerrainMesh(np.column_stack([x, y, z[used]]), number.reshape(-1, 3).astype(np.int32), error, uncovered)


def measured(height: NDArray[np.float64], cells: NDArray[np.int64], triangles: NDArray[np.int64]) -> tuple[float, int]:
    """Largest distance between raster and triangles at any cell that they cover [m], and known cells that none covers."""
    from twin.geo.kernels.tin_cover import covered

    points = np.column_stack(np.divmod(cells, height.shape[1]))
    seen, error = covered(points, triangles, height)
    return float(error), int((np.isfinite(height) & ~seen).sum())


def _refined(height: NDArray[np.float64], error_m: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells that are vertices (V,), and triangles (T, 3) between them that keep the error."""
    from twin.geo.kernels.tin_errors import worst_cells

    cells = _seeds(height)
    for _ in range(MAX_ROUNDS):
        points = np.column_stack(np.divmod(cells, height.shape[1]))
        triangles, beside = _delaunay(points)
        error, worst = worst_cells(points, triangles, height)
        off = (worst >= 0) & (error > error_m)
        if not off.any():
            return cells, triangles
        if off.sum() > FEW * len(triangles):
            # A triangle is often mended by what is done beside it: only those worse than their neighbours are split.
            around = np.where(beside >= 0, np.where(off, error, 0.0)[beside], 0.0)
            peak = off & (error[:, None] >= around).all(axis=1)
            off = peak if peak.any() else off
        more = np.setdiff1d(worst[off], cells)
        if not len(more):
            break
        cells = np.concatenate([cells, more])
    raise GeometryError(f"the terrain could not be brought within {error_m} m in {MAX_ROUNDS} rounds")


def _seeds(height: NDArray[np.float64]) -> NDArray[np.int64]:
    """First vertices: the corners, and all cells on either side of an edge between known and unknown."""
    from scipy import ndimage

    rows, columns = height.shape
    corner = np.zeros(height.shape, dtype=bool)
    corner[np.ix_([0, rows - 1], [0, columns - 1])] = True
    known = np.isfinite(height)
    if not known.all():
        beside = np.ones((3, 3), dtype=bool)
        corner |= (known & ndimage.binary_dilation(~known, beside)) | (~known & ndimage.binary_dilation(known, beside))
    return np.flatnonzero(corner)


def _delaunay(points: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Delaunay triangles (T, 3) of distinct whole-number points (V, 2), counter-clockwise seen from above (rows run south), and
    the triangle (T, 3) beyond each side, -1 where there is none."""
    from scipy.spatial import Delaunay

    mesh = Delaunay(points.astype(np.float64))
    triangles = mesh.simplices.astype(np.int64)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    doubled = (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]) - (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1])
    triangles = np.where((doubled > 0)[:, None], triangles[:, [0, 2, 1]], triangles)
    low, high = points.min(axis=0), points.max(axis=0)
    if int(np.abs(doubled).sum()) != 2 * int(np.prod(high - low)):
        raise GeometryError("the triangles of the terrain do not cover it")
    return triangles, mesh.neighbors.astype(np.int64)
