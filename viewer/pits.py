"""Excavations: a floor, faces in the layers of the nearest borehole, and where the groundwater stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from twin.errors import TwinError
from twin.geo.subsurface import sounding_profile
from viewer import shapes, style
from viewer.changes import PlacedChange
from viewer.ground import local
from viewer.scene import LineLayer, MeshLayer
from viewer.tables import number

if TYPE_CHECKING:
    from twin.geo.city import City

NEAR_M = 250.0
"""A borehole or a well farther away says nothing of a pit [m]."""

NOT_KNOWN = "Not described"
UNDERWATER = "Underwater concrete"


class Band(NamedTuple):
    """A layer of soil: top and bottom, local [m], and its class."""

    top: float
    bottom: float
    soil: str


def pit_layers(placed: Sequence[PlacedChange], city: City) -> list[MeshLayer | LineLayer]:
    """Floor and faces of all excavations, and the level of the groundwater on their faces where a well near by tells it.

    Soil is that of the nearest borehole within `NEAR_M`, taken to lie level; where there is none faces have one colour.
    """
    pits = [item for item in placed if item.kind == "excavation"]
    if not pits:
        return []
    builder = shapes.MeshBuilder()
    table: dict[str, list[Any]] = {"id": [], "soil": [], "top_m": [], "bottom_m": [], "from": []}
    rings: list[NDArray[np.float64]] = []
    for item in pits:
        floor = item.z - item.height
        name, bands = _soil_at(city, item)
        faces = _within(bands, floor, item.z) or [Band(item.z, floor, NOT_KNOWN)]
        concreted = item.pit is not None and item.pit.concrete_m > 0.0
        for band in [*faces, Band(floor, floor, UNDERWATER if concreted else faces[-1].soil)]:
            row = len(table["id"])
            said = name if band.soil not in (NOT_KNOWN, UNDERWATER) else ""
            values = (item.label or "Excavation", band.soil, band.top + city.origin[2], band.bottom + city.origin[2], said)
            for key, value in zip(table, values, strict=True):
                table[key].append(round(value, 3) if isinstance(value, float) else value)
            colour = {NOT_KNOWN: style.PIT, UNDERWATER: style.CONCRETE}.get(band.soil, style.SOILS.get(band.soil, style.PIT))
            if band.top > band.bottom:
                vertices, triangles = _faces(item, band.bottom, band.top + (0.02 if band is faces[0] else 0.0))
                builder.add(vertices, triangles[:, ::-1], colour, row)
            else:
                builder.add(*shapes.plate(_outline_at(item, floor), floor), colour, row)
        rings += _water_line(city, item, floor)
    vertices, triangles, colours, owner = builder.arrays()
    made: list[MeshLayer | LineLayer] = [
        MeshLayer("pit", "Excavation", vertices, triangles, colours, owner, table, "change", edges=True)
    ]
    if rings:
        made.append(LineLayer("pit_water", "Groundwater level", tuple(rings), style.GROUNDWATER, 3.0, group="change"))
    return made


def _outline_at(item: PlacedChange, z: float) -> BaseGeometry:
    """The edge of a pit at a height: wider with height where faces slope."""
    if item.pit is None or np.isinf(item.pit.slope):
        return item.shape
    return item.pit.outline_at(z)


def _faces(item: PlacedChange, bottom: float, top: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Faces of a pit between two heights, seen from outside: upright, or sloping from the corners below to those above."""
    if item.pit is None or np.isinf(item.pit.slope):
        return shapes.sides(item.shape, bottom, top)
    made = []
    for low, high in zip(*(list(shapes.polygons(_outline_at(item, z))) for z in (bottom, top)), strict=False):
        first, second = (shapely.get_coordinates(orient(one).exterior)[:-1] for one in (low, high))
        n = len(first)
        if n != len(second) or low.interiors or high.interiors:
            made += [shapes.sides(high, bottom, top), shapes.plate(high.difference(low), bottom)]
            continue
        second = np.roll(second, -int(np.argmin(np.hypot(*(second - first[0]).T))), axis=0)
        i = np.arange(n, dtype=np.int32)
        j = (i + 1) % n
        vertices = np.vstack([np.column_stack([first, np.full(n, bottom)]), np.column_stack([second, np.full(n, top)])])
        made.append((vertices, np.concatenate([np.column_stack([i, j, n + j]), np.column_stack([i, n + j, n + i])])))
    return shapes.join(made)


def _soil_at(city: City, item: PlacedChange) -> tuple[str, list[Band]]:
    """The nearest sounding that tells of soil, and its layers from the top down."""
    spot = item.shape.centroid
    found: list[tuple[float, str, list[Band]]] = []
    frame = city.soundings
    places = local(frame.geometry.values, city) if len(frame) else []
    for (key, row), place in zip(frame.iterrows(), places, strict=True):
        if place is None or place.is_empty or place.distance(spot) > NEAR_M:
            continue
        try:
            profile = sounding_profile(row)
        except TwinError:  # the reader has told already
            continue
        if "soil_class" not in profile or not np.isfinite(profile["top_z_m"].to_numpy(float)).any():
            continue
        rows = profile[["top_z_m", "bottom_z_m", "soil_class"]].dropna().itertuples(index=False)
        bands = [Band(top - city.origin[2], low - city.origin[2], str(kind).capitalize() or NOT_KNOWN) for top, low, kind in rows]
        found.append((place.distance(spot), str(key), [band for band in bands if band.top > band.bottom]))
    found = [one for one in found if one[2]]
    return min(found)[1:] if found else ("", [])


def _within(bands: Sequence[Band], low: float, high: float) -> list[Band]:
    """The bands between two heights, with what is not described between them; the highest begins at the top."""
    out: list[Band] = []
    top = high
    for band in bands:
        if band.bottom >= top or band.top <= low:
            continue
        if band.top < top - (0.01 if out else 0.5):
            out.append(Band(top, band.top, NOT_KNOWN))
            top = band.top
        out.append(Band(top, max(band.bottom, low), band.soil))
        top = max(band.bottom, low)
    return [*out, Band(top, low, NOT_KNOWN)] if out and top > low + 0.01 else out


def _water_line(city: City, item: PlacedChange, floor: float) -> list[NDArray[np.float64]]:
    """The outline of a pit at the level of the groundwater in the nearest well; nothing where that is not within its faces."""
    frame = city.wells
    if not len(frame) or "head_m" not in frame:
        return []
    spot = item.shape.centroid
    levels = []
    for (_, row), place in zip(frame.iterrows(), local(frame.geometry.values, city), strict=True):
        head = number(row, "head_m") - city.origin[2]
        if place is not None and np.isfinite(head) and place.distance(spot) <= NEAR_M:
            levels.append((place.distance(spot), head))
    if not levels or not floor < min(levels)[1] < item.z:
        return []
    head = min(levels)[1]
    inner = shapely.buffer(item.shape, -0.03, join_style="mitre")
    rings = [ring for polygon in shapes.polygons(inner) for ring in (polygon.exterior, *polygon.interiors)]
    return [np.column_stack([np.asarray(ring.coords)[:, :2], np.full(len(ring.coords), head)]) for ring in rings]
