"""Many closed solids as one, where the library for it is installed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.errors import MissingExtraError
from twin.geo.solids import Solid, closed, tidied

ROUNDS = 12
"""So many times edges at which solids only touch are joined."""

JOINT = 20
"""Half the width of what joins them at first, in steps: 0.04 mm in a print."""


def united(solids: Sequence[Solid], *, required: bool = False) -> Solid | None:
    """The union of closed solids, on the same grid.

    Parameters
    ----------
    solids : sequence of Solid
    required : bool
        Whether it is an error when the library (manifold3d) is not installed.

    Returns
    -------
    Solid or None
        None where the library is missing, or what comes of it is not closed once its corners lie on the grid.

    Raises
    ------
    MissingExtraError
        When `required` and it is not installed.
    """
    try:
        # an extra: where types are checked it may be missing
        from manifold3d import Error, Manifold, Mesh64, OpType  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        if required:
            hint = 'pip install "stadstwin[print]"'
            raise MissingExtraError("uniting solids needs the library manifold3d", hint=hint) from None
        return None
    parts = []
    for vertices, triangles in solids:
        mesh = Mesh64(np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(triangles, np.uint64))
        part = Manifold(mesh)
        if part.status() != Error.NoError:
            return None
        parts.append(part)
    for number in range(ROUNDS):
        whole = Manifold.batch_boolean(parts, OpType.Add)
        if whole.status() != Error.NoError or whole.is_empty():
            return None
        out = whole.to_mesh64()
        vertices = np.rint(np.asarray(out.vert_properties)[:, :3]).astype(np.int64)
        solid = tidied(vertices, np.asarray(out.tri_verts).astype(np.int64))
        if closed(solid):
            return solid
        joints = [Manifold.hull_points(_corners_around(edge, JOINT * (1 + number // 2))) for edge in touching_edges(solid)]
        if not joints:
            return None
        parts = [whole, *joints]
    return None


def touching_edges(solid: Solid) -> NDArray[np.int64]:
    """Ends (E, 2, 3) of the edges that more than two triangles share: there two solids touch without sharing a face."""
    vertices, triangles = solid
    start, end = triangles.ravel(), triangles[:, [1, 2, 0]].ravel()
    pairs = np.column_stack([np.minimum(start, end), np.maximum(start, end)])
    edges, times = np.unique(pairs, axis=0, return_counts=True)
    return vertices[edges[times > 2]]


def _corners_around(edge: NDArray[np.int64], half: int) -> NDArray[np.float64]:
    """Corners (16, 3) of a small cube round either end of an edge."""
    cube = half * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    return np.ascontiguousarray((edge[:, None, :] + cube).reshape(-1, 3), np.float64)
