"""The cut face of the ground in the layers of its soil, and where the groundwater stands in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.sim.impact.soil.between import CERTAINTY
from viewer import shapes, style
from viewer.clip import Plane
from viewer.scene import Colour, KeyEntry, LineLayer, MeshLayer
from viewer.soil_block import ABOVE_M, SoilBlock

PAPER, PAPER_SHARE = (244, 240, 232), 0.25
"""A cut is paler than the faces behind it by so much of this, so that what is built stands out."""
FADED = (1.0, 1.0, 0.7, 0.45)
"""Share of its colour that a layer keeps, by how well it is known; the rest is that of ground of which nothing is known."""


class Piece(NamedTuple):
    """Part of a layer in the axes of a plane: where, of which unit, and how well that is known."""

    shape: BaseGeometry
    unit: int
    certainty: int


def soil_pieces(ground: BaseGeometry, plane: Plane, soil: SoilBlock) -> list[Piece]:
    """The layers of soil in an upright face of the ground.

    A layer is as well known as the better known of the boundaries above and below it.
    """
    if ground.is_empty:
        return []
    left, _, right, _ = ground.bounds
    u = _within(soil, plane, left, right)
    if len(u) < 2:
        return []
    spots = plane.placed(np.column_stack([u, np.zeros(len(u))]))[:, :2]
    heights = soil.heights_at(spots)
    # the highest layer goes on up to the ground, as far as that is near
    highest = heights >= heights[:, :1] - 1e-3
    tops = np.where(highest, heights + ABOVE_M, heights)
    known = np.column_stack([np.zeros(len(u), np.uint8), soil.certainty_at(spots)])
    known = np.minimum(known[:, :-1], known[:, 1:])
    found = []
    for unit, kind in enumerate(soil.units):
        if not kind:
            continue
        upper, lower = tops[:, unit], np.where(highest[:, unit + 1], tops[:, unit + 1], heights[:, unit + 1])
        if not (upper - lower > 1e-3).any():
            continue
        for start, end in _runs(known[:, unit]):
            part = slice(start, min(end + 1, len(u)))
            ring = np.vstack([np.column_stack([u[part], upper[part]]), np.column_stack([u[part], lower[part]])[::-1]])
            if len(ring) < 4:
                continue
            shape = shapely.intersection(shapely.make_valid(shapely.Polygon(ring)), ground)
            if shape.area > 1e-4:
                found.append(Piece(shape, unit, int(known[start, unit])))
    return found


def _within(soil: SoilBlock, plane: Plane, left: float, right: float) -> NDArray[np.float64]:
    """Places along the plane, no farther apart than half a cell, that lie within the block."""
    rows, columns = soil.heights.shape[1:]
    box = shapely.box(soil.west, soil.north - rows * soil.cell, soil.west + columns * soil.cell, soil.north)
    ends = plane.placed(np.array([[left, 0.0], [right, 0.0]]))[:, :2]
    part = shapely.intersection(shapely.LineString(ends), box)
    if part.is_empty or part.length < 1e-6:
        return np.empty(0)
    flat = shapely.get_coordinates(part) @ plane.right[:2]
    low, high = float(flat.min()) + 1e-6, float(flat.max()) - 1e-6
    return np.linspace(low, high, max(2, int(np.ceil((high - low) / (0.5 * soil.cell))) + 1))


def _runs(values: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Start and end (one further) of each stretch with one value."""
    edges = np.flatnonzero(np.diff(values)) + 1
    return list(zip([0, *edges.tolist()], [*edges.tolist(), len(values)], strict=True))


def soil_layers(
    pieces: list[Piece], plane: Plane, soil: SoilBlock, datum: float
) -> tuple[list[MeshLayer], tuple[KeyEntry, ...]]:
    """The layers of soil in a cut, hatched where they are guessed, as layers of the scene, and what their colours mean."""
    builder, hatch = shapes.MeshBuilder(), shapes.MeshBuilder()
    table: dict[str, list[object]] = {"id": [], "certainty": [], "top_m": [], "bottom_m": []}
    entries: dict[str, KeyEntry] = {}
    for piece in pieces:
        kind = soil.units[piece.unit]
        colour = style.SOILS.get(kind, style.PIT)
        _, low, _, high = piece.shape.bounds
        said = (kind, CERTAINTY[piece.certainty], round(high + datum, 2), round(low + datum, 2))
        for key, value in zip(table, said, strict=True):
            table[key].append(value)
        for polygon in shapes.polygons(piece.shape):
            flat, faces = shapes.triangulate(polygon)
            builder.add(plane.placed(flat), faces, faded(colour, FADED[piece.certainty]), len(table["id"]) - 1)
        entries.setdefault(kind, KeyEntry("cut_soil", kind, colour))
        if piece.certainty >= GUESSED_FROM:
            pale = faded(colour, FADED[piece.certainty])
            stripe = np.rint(STRIPE_SHARE * pale).astype(np.uint8)
            for polygon in shapes.polygons(stripes_in(piece.shape)):
                flat, faces = shapes.triangulate(polygon)
                hatch.add(plane.placed(flat, STRIPE_OVER_M), faces, stripe, 0)
            entries[GUESSED] = KeyEntry(HATCH, GUESSED, _plain(pale), _plain(stripe))
    vertices, triangles, colours, owner = builder.arrays()
    layer = MeshLayer("cut_soil", "Soil, cut", vertices, triangles, colours, owner, table, "section", edges=True)
    if not len(hatch):
        return [layer], tuple(entries.values())
    vertices, triangles, colours, _ = hatch.arrays()
    over = MeshLayer(HATCH, "Soil, cut, where it is guessed", vertices, triangles, colours, group="section")
    return [layer, over], tuple(entries.values())


HATCH = "cut_soil_guessed"
GUESSED = "Soil that is guessed: no sounding within 100 m"
GUESSED_FROM = CERTAINTY.index("guessed")
STRIPE_APART_M, STRIPE_M, STRIPE_SHARE, STRIPE_OVER_M = 2.0, 0.16, 0.8, 0.012
"""Stripes of what is guessed: from one to the next, how wide, how dark, and how far before the face [m, m, 1, m]."""
MOST_STRIPES = 600


def stripes_in(shape: BaseGeometry) -> BaseGeometry:
    """The hatching of a face: stripes at 45 degrees, in one row wherever the face ends."""
    west, low, east, high = shape.bounds
    apart = max(STRIPE_APART_M, STRIPE_APART_M * np.ceil((east - west + high - low) / (STRIPE_APART_M * MOST_STRIPES)))
    first, last = np.floor((west - high) / apart), np.ceil((east - low) / apart)
    foot = apart * np.arange(first, last + 1.0)  # where a stripe is at height 0
    wide = STRIPE_M * np.sqrt(2.0)
    corners = np.stack([foot + low, foot + low + wide, foot + high + wide, foot + high], axis=1)
    rings = np.stack([corners, np.broadcast_to([low, low, high, high], corners.shape)], axis=-1)
    return shapely.union_all(shapely.intersection(shapely.polygons(rings), shape))


def _plain(colour: NDArray[np.uint8]) -> Colour:
    red, green, blue = (int(value) for value in colour)
    return red, green, blue


def faded(colour: Colour, share: float) -> NDArray[np.uint8]:
    """What a layer of a colour is filled with in a cut, where so much of the colour is left (`FADED`)."""
    known = share * np.array(colour) + (1.0 - share) * np.array(style.SOIL)
    return np.rint((1.0 - PAPER_SHARE) * known + PAPER_SHARE * np.array(PAPER)).astype(np.uint8)


DASH_M = 0.7
"""Length of the dashes of a groundwater level that is no longer there, and of the gaps between them [m]."""


def water_line(layer: MeshLayer, segments: NDArray[np.float64], plane: Plane, forward: float) -> LineLayer:
    """Where a plane goes through a surface of groundwater; dashed, where that is how it was before."""
    moved = segments + forward * plane.normal
    paths = tuple(moved)
    if "_before" in layer.name:
        paths = tuple(part for path in moved for part in _dashes(path, plane))
    name, label = f"{layer.name}_cut", f"{layer.label}, cut"
    colour = style.HEAD_OF_WATER if "_head" in layer.name else style.GROUNDWATER
    return LineLayer(name, label, paths, colour, 3.0, "section", layer.visible, layer.side)


def _dashes(path: NDArray[np.float64], plane: Plane) -> list[NDArray[np.float64]]:
    steps = max(1, int(np.ceil(np.linalg.norm(path[1] - path[0]) / (0.25 * DASH_M))))
    points = path[0] + np.linspace(0.0, 1.0, steps + 1)[:, None] * (path[1] - path[0])
    along = (points[1:] + points[:-1]) / 2 @ plane.right
    return [points[k : k + 2] for k in range(steps) if int(np.floor(along[k] / DASH_M)) % 2 == 0]
