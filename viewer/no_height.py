"""Buildings of which only the footprint is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from viewer import shapes, style
from viewer.floor import attributes_of, number
from viewer.ground import Ground, drape, local
from viewer.scene import MeshLayer

if TYPE_CHECKING:
    from twin.geo.city import City

NO_HEIGHT_LABEL = "Buildings, height not known"
PLATE_M, RIM_M = 0.25, 0.35
"""A building without a height is a plate this far above the ground, with a rim as wide [m]."""


def unknown_buildings_layer(city: City, drawn: set[str], ground: Ground, size: float) -> MeshLayer | None:
    """Buildings whose height is not known: a low striped plate over the footprint, so that none is missing and none is made up.

    On a terrain the plates follow it in pieces of `size` [m].
    """
    frame = city.buildings
    if not len(frame):
        return None
    west, south, east, north = city.bounds
    # stripes and rims have to be seen in a view of the whole city
    reach = max(east - west, north - south)
    width, rim = float(np.clip(reach / 220.0, 1.2, 4.0)), float(np.clip(reach / 1200.0, RIM_M, 1.2))
    builder = shapes.MeshBuilder()
    outlines = local(frame.geometry.values, city)
    for index, (outline, (object_id, row)) in enumerate(zip(outlines, frame.iterrows(), strict=True)):
        if str(object_id) in drawn or outline is None or outline.is_empty or number(row, "height_m") > 0:
            continue
        for part in shapes.polygons(shapely.make_valid(outline)):
            _add_plate(builder, part, ground, (width, rim, size), index)
    if not len(builder):
        return None
    vertices, faces, colours, owner = builder.arrays()
    attributes = attributes_of(frame)
    return MeshLayer("buildings_no_height", NO_HEIGHT_LABEL, vertices, faces, colours, owner, attributes, "street")


def _add_plate(
    builder: shapes.MeshBuilder, part: shapely.Polygon, ground: Ground, sizes: tuple[float, float, float], index: int
) -> None:
    width, rim, size = sizes
    first, second, _ = shapes.edges_of([part], 10.0)
    low, high = ground.at(first), ground.at(second)
    builder.add(*shapes.curtain(first, second, low - 0.3, high - 0.3, low + PLATE_M, high + PLATE_M), style.NO_HEIGHT_STRIPE, index)
    inner = shapely.buffer(part, -rim, join_style="mitre")
    stripes = shapely.union(shapes.hatch(part, width), shapely.difference(part, inner))
    # side by side, not one on the other: then neither hides the other on a slope
    for shape, colour in ((shapely.difference(part, stripes), style.NO_HEIGHT), (stripes, style.NO_HEIGHT_STRIPE)):
        if ground.known:
            mesh = drape(shape, ground, PLATE_M, size)
        else:
            vertices, faces = shapes.plate(shapely.segmentize(shape, 10.0), 0.0)
            vertices[:, 2] = ground.at(vertices[:, :2]) + PLATE_M
            mesh = vertices, faces
        builder.add(*mesh, colour, index)
