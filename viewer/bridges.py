"""The layer of bridges: decks with parapets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from viewer import shapes, style
from viewer.ground import Floor, areas
from viewer.scene import MeshLayer
from viewer.tables import attributes_of, number

if TYPE_CHECKING:
    from twin.geo.city import City

PARAPET_M = 1.0


def bridges_layer(city: City, drawn: set[str], floor: Floor) -> MeshLayer | None:
    """Decks with their thickness and parapets where there is something lower beside them."""
    builder = shapes.MeshBuilder()
    frame = city.bridges
    if not len(frame):
        return None
    for row_number, (outline, (object_id, row)) in enumerate(
        zip(areas(frame.geometry.values, city), frame.iterrows(), strict=True)
    ):
        top = number(row, "z_m") - city.origin[2]
        if str(object_id) in drawn or not np.isfinite(top) or outline is None or outline.is_empty:
            continue
        under = number(row, "underside_z_m") - city.origin[2]
        under = under if np.isfinite(under) and under < top - 0.1 else top - 0.6
        builder.add(*shapes.prism(outline, under, top + 0.03), style.SURFACES["bridge"], row_number)
        builder.add(*_parapets(outline, top, floor), style.QUAY_WALL, row_number)
    if not len(builder):
        return None
    vertices, faces, colours, owner = builder.arrays()
    attributes = attributes_of(frame)
    return MeshLayer("bridges", "Bridges", vertices, faces, colours, owner, attributes, "bridges", edges=True, casts_shadow=True)


def _parapets(outline: BaseGeometry, top: float, floor: Floor) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    first, second, _ = shapes.edges_of([outline], 1.0)
    along = second - first
    length = np.maximum(np.linalg.norm(along, axis=1), 1e-9)
    right = np.column_stack([along[:, 1], -along[:, 0]]) / length[:, None]
    outside = floor.at((first + second) / 2 + right * 1.2)
    open_side = ~(np.abs(outside - top) < 0.5)
    if not open_side.any():
        return np.empty((0, 3)), np.empty((0, 3), np.int32)
    lines = shapely.linestrings(np.stack([first[open_side], second[open_side]], axis=1))
    course = shapely.line_merge(shapely.multilinestrings(lines))
    body = shapely.intersection(shapely.buffer(course, 0.35, cap_style="flat", join_style="mitre"), outline)
    return shapes.prism(body, top, top + PARAPET_M)
