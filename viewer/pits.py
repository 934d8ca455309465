"""Excavations: a floor, faces in the layers of the soil behind them, water in them, and the groundwater on their faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.along import points_along
from twin.geo.pits import PitStage
from viewer import shapes, style
from viewer.changes import PlacedChange
from viewer.clip import compacted
from viewer.ground import local
from viewer.pit_stages import has_concrete, stage_in
from viewer.scene import LineLayer, MeshLayer, VolumeLayer
from viewer.sheet_piles import WAVE_DEEP_M, rings_of, waved
from viewer.soil import NEAR_M, Soil
from viewer.stages import SceneStage
from viewer.tables import number

if TYPE_CHECKING:
    from twin.geo.city import City

NOT_KNOWN = "Not described"
UNDERWATER = "Underwater concrete"
STEP_M = 1.0
"""Boundaries between layers are straight along a face for so long [m]."""
IN_PIT_M = 0.05
"""Lines on a face are drawn this far before it [m]."""


class Face(NamedTuple):
    """A face of a pit from below to above: its foot, its top (N, 2), and their heights."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    floor: float
    top: float


def pit_layers(
    placed: Sequence[PlacedChange], city: City, soil: Soil | None, stage: SceneStage | None = None, *, wells: bool = True
) -> list[MeshLayer | LineLayer]:
    """Floor and faces of all excavations, and the water in them and on their faces.

    Faces have the layers of the soil behind them, which rise and fall between soundings as the model of the ground has it; where it
    says nothing they have one colour.

    Parameters
    ----------
    placed : sequence of PlacedChange
    city : City
        For the wells that tell where the groundwater stands.
    soil : Soil, optional
    stage : SceneStage, optional
        How they are when that is done; by default as deep as they get.
    wells : bool
        Whether wells tell where the groundwater stands.
    """
    pits = [item for item in placed if item.kind == "excavation"]
    if not pits:
        return []
    builder, water = shapes.MeshBuilder(), shapes.MeshBuilder()
    table: dict[str, list[Any]] = {key: [] for key in ("id", "soil", "top_m", "bottom_m", "sounding", "certainty", "bottom known")}
    wet: dict[str, list[Any]] = {"id": [], "level_m": []}
    rings: list[NDArray[np.float64]] = []
    for item in pits:
        now = None if item.pit is None else stage_in(item.pit, stage)
        floor = item.z - item.height if now is None else now.floor_m
        _soil_faces(builder, table, item, floor, soil, float(city.origin[2]))
        _floor(builder, table, item, floor, soil, now, float(city.origin[2]))
        if now is not None and now.water_m > floor + 0.01:
            level = min(now.water_m, item.z)
            inside = shapely.buffer(outline_at(item, floor), -IN_PIT_M, join_style="mitre")
            water.add(*shapes.prism(inside, floor + 0.03, level), style.PIT_WATER, len(wet["id"]))
            wet["id"].append(item.label or "Excavation")
            wet["level_m"].append(round(level + float(city.origin[2]), 2))
        rings += _water_line(city, item, floor) if wells else []
    vertices, triangles, colours, owner = builder.arrays()
    made: list[MeshLayer | LineLayer] = [
        MeshLayer("pit", "Excavation", vertices, triangles, colours, owner, table, "change", edges=True)
    ]
    if len(water):
        vertices, triangles, colours, owner = water.arrays()
        made.append(VolumeLayer("pit_lake", "Water in the pit", vertices, triangles, colours, owner, wet, "change", opacity=0.74))
    if rings:
        made.append(LineLayer("pit_water", "Groundwater level", tuple(rings), style.GROUNDWATER, 3.0, group="change"))
    return made


def without_things_in(layer: MeshLayer, dug: Sequence[BaseGeometry]) -> MeshLayer:
    """Trees and furniture but for what stood where pits are."""
    if not dug or layer.owner is None or not (layer.group == "furniture" or layer.name == "trees") or not len(layer.triangles):
        return layer
    first = layer.vertices[layer.triangles].mean(axis=1)
    size = np.maximum(np.bincount(layer.owner), 1)
    middle = np.column_stack([np.bincount(layer.owner, first[:, k]) / size for k in (0, 1)])
    kept = ~shapely.contains_xy(shapely.union_all(list(dug)), middle)[layer.owner]
    if kept.all():
        return layer
    vertices, triangles = compacted(layer.vertices, layer.triangles[kept])
    return replace(layer, vertices=vertices, triangles=triangles, colours=layer.colours[kept], owner=layer.owner[kept])


def outline_at(item: PlacedChange, z: float) -> BaseGeometry:
    """The edge of a pit at a height: wider with height where faces slope."""
    if item.pit is None or np.isinf(item.pit.slope):
        return item.shape
    return item.pit.outline_at(z)


def _row(table: dict[str, list[Any]], *values: Any) -> int:
    for key, value in zip(table, values, strict=True):
        table[key].append(round(float(value), 3) if isinstance(value, float) else value)
    return len(table["id"]) - 1


def _soil_faces(
    builder: shapes.MeshBuilder, table: dict[str, list[Any]], item: PlacedChange, floor: float, soil: Soil | None, datum: float
) -> None:  # fmt: skip
    """Faces of a pit by layers of soil, from the top down."""
    if floor > item.z - 0.01:
        return
    faces = list(_faces_of(item, floor))
    units = soil.block.units if soil is not None else ()
    edges = [_boundaries(face, soil) for face in faces]
    told = _told(item, soil)
    for unit in range(-1, len(units) + 1):
        # over the first and under the last boundary nothing is known
        made = [_strip(face, heights[:, unit + 1], heights[:, unit + 2]) for face, heights in zip(faces, edges, strict=True)]
        made = [one for one in made if len(one[1])]
        if not made:
            continue
        vertices, triangles = shapes.join(made)
        known = 0 <= unit < len(units) and bool(units[unit])
        kind = units[unit] if known else NOT_KNOWN
        said = told.get(unit, ("", "", "")) if known else ("", "", "")
        used = vertices[np.unique(triangles), 2]
        top, low = min(float(used.max()), item.z), float(used.min())
        row = _row(table, item.label or "Excavation", kind, top + datum, low + datum, *said)
        builder.add(vertices, triangles, style.SOILS.get(kind, style.PIT) if known else style.PIT, row)


def _told(item: PlacedChange, soil: Soil | None) -> dict[int, tuple[str, str, str]]:
    """By unit: the sounding that tells of it, how well it is known below a pit, and how well its bottom is."""
    if soil is None:
        return {}
    x, y = shapely.get_coordinates(item.shape.centroid)[0] + soil.offset
    column = soil.model.column(float(x), float(y))
    rows = zip(column["unit"], column["id"], column["certainty"], column["bottom_certainty"], strict=True)
    return {int(unit): (str(name), str(known), str(bottom)) for unit, name, known, bottom in rows}


def _faces_of(item: PlacedChange, floor: float) -> list[Face]:
    """The faces of a pit, each ring as a closed path; along sheet piles they go out and in."""
    top = item.z + 0.02  # over the edge of the street
    lows, highs = (list(shapes.polygons(outline_at(item, z))) for z in (floor, item.z))
    piles = item.pit is not None and item.pit.wall == "sheet-pile"
    found: list[Face] = []
    for low, high in zip(lows, highs, strict=False):
        for one, two in zip(rings_of(low), rings_of(high), strict=False):
            if piles:
                path = waved(two, 0.0, WAVE_DEEP_M - 0.15)
                path = np.vstack([path, path[:1]])
                found.append(Face(path, path, floor, top))
            elif len(one) == len(two):
                two = np.roll(two[:-1], -int(np.argmin(np.hypot(*(two[:-1] - one[0]).T))), axis=0)
                found.append(Face(*_stepped(one, np.vstack([two, two[:1]])), floor, top))
            else:
                found.append(Face(*_stepped(two, two), floor, top))
    return found


def _stepped(one: NDArray[np.float64], two: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two rings with the same corners, with places between them that are no farther apart than `STEP_M`."""
    low, high = [one[:1]], [two[:1]]
    for k in range(1, len(one)):
        steps = max(1, int(np.ceil(np.hypot(*(two[k] - two[k - 1])) / STEP_M)))
        share = (np.arange(1, steps + 1) / steps)[:, None]
        low.append(one[k - 1] + share * (one[k] - one[k - 1]))
        high.append(two[k - 1] + share * (two[k] - two[k - 1]))
    return np.concatenate(low), np.concatenate(high)


def _boundaries(face: Face, soil: Soil | None) -> NDArray[np.float64]:
    """How far up a face its top, the boundaries of units and its foot are, from 1 at its top to 0 at its foot, (N, U + 3)."""
    ends = np.ones((len(face.low), 1)), np.zeros((len(face.low), 1))
    if soil is None:
        return np.hstack([*ends, ends[1]])
    top = np.full(len(face.low), face.top)
    low, high = (soil.block.reaching(soil.block.heights_at(xy), top) for xy in (face.low, face.high))
    rise = (face.top - face.floor) - (high - low)
    share = np.clip((low - face.floor) / np.maximum(rise, 1e-6), 0.0, 1.0)
    share = np.where(np.isnan(share), 1.0 - 1e-12, share)
    return np.minimum.accumulate(np.hstack([ends[0], share, ends[1]]), axis=1)


def _strip(face: Face, upper: NDArray[np.float64], lower: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """What of a face lies between two shares of its height, seen from inside the pit."""
    n = len(face.low)
    points = []
    for share in (lower, upper):
        xy = face.low + share[:, None] * (face.high - face.low)
        points.append(np.column_stack([xy, face.floor + share * (face.top - face.floor)]))
    i = np.arange(n - 1, dtype=np.int32)
    thick = np.maximum(upper - lower, 0.0) > 1e-9
    kept = i[thick[:-1] | thick[1:]]
    quads = np.concatenate([np.column_stack([kept, n + kept + 1, kept + 1]), np.column_stack([kept, n + kept, n + kept + 1])])
    return np.vstack(points), quads.astype(np.int32)


def _floor(
    builder: shapes.MeshBuilder, table: dict[str, list[Any]], item: PlacedChange, floor: float, soil: Soil | None,
    now: PitStage | None, datum: float,
) -> None:  # fmt: skip
    concreted = item.pit is not None and now is not None and has_concrete(item.pit, now)
    kind, said = (UNDERWATER, ("", "", "")) if concreted else _soil_at(item, floor, soil)
    colour = style.CONCRETE if concreted else style.SOILS.get(kind, style.PIT) if kind != NOT_KNOWN else style.PIT
    row = _row(table, item.label or "Excavation", kind, floor + datum, floor + datum, *said)
    if not concreted and kind != NOT_KNOWN:
        colour = style.blended(colour, style.WET_GROUND, 0.4)
    builder.add(*shapes.plate(outline_at(item, floor), floor), colour, row)


def _soil_at(item: PlacedChange, z: float, soil: Soil | None) -> tuple[str, tuple[str, str, str]]:
    """What the ground is at a height below the middle of a pit."""
    if soil is None:
        return NOT_KNOWN, ("", "", "")
    middle = shapely.get_coordinates(item.shape.centroid)
    heights = soil.block.reaching(soil.block.heights_at(middle), np.array([item.z + 0.02]))[0]
    for unit, kind in enumerate(soil.block.units):
        if kind and heights[unit] >= z - 1e-6 > heights[unit + 1]:
            return kind, _told(item, soil).get(unit, ("", "", ""))
    return NOT_KNOWN, ("", "", "")


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
    return [np.column_stack([ring, np.full(len(ring), head)]) for ring in inner_rings(item, head)]


def inner_rings(item: PlacedChange, z: float) -> list[NDArray[np.float64]]:
    """Closed paths (N, 2) along the faces of a pit at a height, a little inside them, the pit on their left."""
    inner = shapely.buffer(outline_at(item, z), -IN_PIT_M, join_style="mitre")
    found = []
    for polygon in shapes.polygons(inner):
        for ring in rings_of(polygon):
            xy, _ = points_along(shapely.LineString(ring), STEP_M)
            found.append(xy)
    return found
