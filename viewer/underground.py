"""Layers of what lies below the ground, or will be dug: cellars, mains, planned pits; hidden to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.along import points_along
from viewer import shapes, style
from viewer.ground import Ground, local
from viewer.scene import MeshLayer
from viewer.tables import attributes_of, number
from viewer.vaults import barrel

if TYPE_CHECKING:
    from twin.geo.city import City


def cellars_layer(city: City, drawn: set[str]) -> MeshLayer | None:
    """Cellars as closed spaces, with a barrel vault where the direction of its span is known; below ground, so hidden at first."""
    frame = city.cellars
    builder = shapes.MeshBuilder()
    outlines = local(frame.geometry.values, city) if len(frame) else []
    for index, (outline, (object_id, row)) in enumerate(zip(outlines, frame.iterrows(), strict=True)):
        floor, crown = number(row, "floor_m") - city.origin[2], number(row, "crown_m")
        if str(object_id) in drawn or not np.isfinite(floor) or not crown > 0:
            continue
        colour = style.varied(np.array([style.CELLAR], np.uint8), style.seeds([object_id]))[0]
        azimuth = number(row, "span_azimuth_deg")
        if np.isfinite(azimuth):
            builder.add(*barrel(outline, floor, crown, azimuth, number(row, "springing_m")), colour, index)
        else:
            builder.add(*shapes.prism(outline, floor, floor + crown), colour, index)
    if not len(builder):
        return None
    vertices, faces, colours, owner = builder.arrays()
    attributes = attributes_of(frame)
    return MeshLayer("cellars", "Cellars", vertices, faces, colours, owner, attributes, "underground", edges=True, visible=False)


def mains_layer(city: City, drawn: set[str], ground: Ground, dug: Sequence[BaseGeometry] = ()) -> MeshLayer | None:
    """Mains at their depth of cover, 1 m where it is not known; below ground, so hidden to begin with.

    Through a pit that is `dug` they go straight on as they lay: there they hang free, or are in the way.
    """
    pits = shapely.union_all(list(dug)) if dug else shapely.Polygon()
    shapely.prepare(pits)
    frame = city.utilities[~city.utilities.index.astype(str).isin(drawn)]
    builder = shapes.MeshBuilder()
    outlines = local(frame.geometry.values, city) if len(frame) else []
    for index, (shape, (_, row)) in enumerate(zip(outlines, frame.iterrows(), strict=True)):
        diameter, cover = number(row, "diameter_m"), number(row, "cover_m")
        depth = cover if np.isfinite(cover) else 1.0
        width = max(0.2, diameter) if np.isfinite(diameter) else 0.3
        colour = style.MAINS.get(str(row.get("kind", "")).lower(), style.LAMP)
        for line in _lines(shape):
            course = _over(pits, _on_ground(line, ground, -depth - width / 2))
            if len(course) < 2:
                continue
            builder.add(*shapes.beams(course[:-1], course[1:], width), colour, index)
    if not len(builder):
        return None
    vertices, faces, colours, owner = builder.arrays()
    attributes = attributes_of(frame)
    return MeshLayer("utilities", "Mains", vertices, faces, colours, owner, attributes, "underground", visible=False)


def _over(pits: BaseGeometry, course: NDArray[np.float64]) -> NDArray[np.float64]:
    """A course whose heights within pits are those of a straight line from one side to the other."""
    if pits.is_empty or not len(course):
        return course
    inside = shapely.dwithin(pits, shapely.points(course[:, :2]), 1.0)
    if not inside.any() or inside.all():
        return course
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(course[:, :2], axis=0).T))])
    level = course.copy()
    level[inside, 2] = np.interp(along[inside], along[~inside], course[~inside, 2])
    return level


def planned_pits_layer(city: City, ground: Ground, dug: Sequence[BaseGeometry]) -> MeshLayer | None:
    """Outlines of planned pits that are not dug in this scene; hidden to begin with."""
    frame = city.pits
    builder = shapes.MeshBuilder()
    open_pits = shapely.union_all(list(dug)) if dug else shapely.Polygon()
    outlines = local(frame.geometry.values, city) if len(frame) else []
    for index, shape in enumerate(outlines):
        if shape is None or shape.is_empty or shape.intersects(open_pits):
            continue
        for part in shapes.polygons(shape):
            course = _on_ground(part.exterior, ground, 0.1)
            if len(course) < 2:
                continue
            builder.add(*shapes.beams(course[:-1], course[1:], 0.3), style.FENCE, index)
    if not len(builder):
        return None
    vertices, faces, colours, owner = builder.arrays()
    attributes = attributes_of(frame)
    return MeshLayer("pits", "Planned pits (outline)", vertices, faces, colours, owner, attributes, "underground", visible=False)


def _lines(shape: BaseGeometry | None) -> list[BaseGeometry]:
    if shape is None or shape.is_empty:
        return []
    return [part for part in shapely.get_parts(shape) if part.geom_type == "LineString"]


def _on_ground(line: BaseGeometry, ground: Ground, lift: float) -> NDArray[np.float64]:
    xy, _ = points_along(line, 5.0)
    return np.column_stack([xy, ground.at(xy) + lift])
