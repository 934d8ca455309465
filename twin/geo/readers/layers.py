"""Objects to layers: which object goes where, and the columns that each layer promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.heights import building_heights, numbers
from twin.geo.readers.columns import table
from twin.geo.readers.footprints import dissolve, face_heights, face_normals, ground_faces, project
from twin.geo.triangulate import Rings

if TYPE_CHECKING:
    from pyproj import CRS

TERRAIN = "terrain"
"""What `City.objects` calls the layer of ground surfaces; they become the terrain, not rows."""

LAYER_OF = {
    "Building": "buildings",
    "BuildingPart": "buildings",
    "BuildingInstallation": "buildings",
    "BuildingConstructiveElement": "buildings",
    "BuildingFurniture": "buildings",
    "BuildingStorey": "buildings",
    "BuildingRoom": "buildings",
    "BuildingUnit": "buildings",
    "Road": "roads",
    "Railway": "roads",
    "Waterway": "roads",
    "TransportSquare": "roads",
    "WaterBody": "water",
    "PlantCover": "green",
    "SolitaryVegetationObject": "trees",
    "Bridge": "bridges",
    "BridgePart": "bridges",
    "BridgeInstallation": "bridges",
    "BridgeConstructionElement": "bridges",
    "BridgeConstructiveElement": "bridges",
    "BridgeRoom": "bridges",
    "BridgeFurniture": "bridges",
    "Tunnel": "tunnels",
    "TunnelPart": "tunnels",
    "TunnelInstallation": "tunnels",
    "TunnelConstructiveElement": "tunnels",
    "TunnelHollowSpace": "tunnels",
    "TunnelFurniture": "tunnels",
    "CityFurniture": "furniture",
    "LandUse": "landuse",
    "TINRelief": TERRAIN,
}
"""Layer of each type of CityJSON; what is not here goes to ``other``."""

_EXTENSIONS = (("Building", "buildings"), ("Bridge", "bridges"), ("Tunnel", "tunnels"), ("Road", "roads"), ("Water", "water"))
_WHOLE = ("Building", "BuildingPart", "Bridge", "BridgePart", "Tunnel", "TunnelPart")
_FLAT_M = 0.05
_SAME_M = 0.0015

SURFACE_WORDS = (
    ("voetpad", "footway"),
    ("voetgangersgebied", "pedestrian"),
    ("fietspad", "cycleway"),
    ("parkeervlak", "parking"),
    ("inrit", "driveway"),
    ("ov-baan", "busway"),
    ("spoor", "railway"),
    ("berm", "verge"),
)
"""Words in the Dutch large-scale base map's function of a road (BGT), and the surface that they mean."""


def layer_of(kind: str) -> str:
    """Layer that objects of a type belong to; an extension's type (``+NoiseBuilding``) by what it extends."""
    plain = kind.removeprefix("+")
    if plain in LAYER_OF:
        return LAYER_OF[plain]
    if kind.startswith("+"):
        for word, layer in _EXTENSIONS:
            if word in plain:
                return layer
    return "other"


@dataclass(slots=True)
class ObjectTable:
    """All objects of a city with their faces, ready to be spread over the layers.

    Parameters
    ----------
    ids, types, parents, layers : list of str
        One entry an object.
    attributes : list of dict
        As in the source.
    points : (V, 3) float64
        Vertices in the coordinates of the CRS [m].
    rings : Rings
        Faces, mended.
    owner : (S,) int32
        Object of each face.
    semantic : (S,) uint8
        Index into `SEMANTIC_NAMES` of each face.
    anchors : dict of int to (3,) float64
        Points that stand for objects without faces [m].
    crs : pyproj.CRS
        Of the city.
    """

    ids: list[str]
    types: list[str]
    parents: list[str]
    layers: list[str]
    attributes: list[dict[str, Any]]
    points: NDArray[np.float64]
    rings: Rings
    owner: NDArray[np.int32]
    semantic: NDArray[np.uint8]
    anchors: dict[int, NDArray[np.float64]]
    crs: CRS


def rows_of(objects: ObjectTable) -> NDArray[np.int64]:
    """Object whose row each object is told in, (N,): itself, or the whole that it is a part of."""
    number = {object_id: row for row, object_id in enumerate(objects.ids)}
    rows = np.arange(len(objects.ids))
    for row, parent in enumerate(objects.parents):
        up = number.get(parent, -1) if parent else -1
        if up >= 0 and objects.layers[up] == objects.layers[row] and objects.layers[row] in ("buildings", "bridges", "tunnels"):
            rows[row] = up
    for _ in range(8):
        further = rows[rows]
        if (further == rows).all():
            return rows
        rows = further
    # A chain that does not end is a circle of parents: each then stands for itself.
    return np.where(rows[rows] == rows, rows, np.arange(len(rows)))


@dataclass(slots=True)
class _Faces:
    """Faces of one layer, grouped by row."""

    points: NDArray[np.float64]
    rings: Rings
    semantic: NDArray[np.uint8]
    group: NDArray[np.int64]
    groups: int

    def outline(self, chosen: NDArray[np.bool_]) -> NDArray[np.object_]:
        picked = pick(self.rings, chosen)
        return dissolve(project(self.points, picked), self.group[chosen], self.groups)

    def span(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest z of each group [m]; NaN without faces."""
        low, high = face_heights(self.points, self.rings)
        lowest, highest = np.full(self.groups, np.nan), np.full(self.groups, np.nan)
        np.fmin.at(lowest, self.group, low)
        np.fmax.at(highest, self.group, high)
        return lowest, highest


def pick(rings: Rings, chosen: NDArray[np.bool_]) -> Rings:
    """Some of the faces, given which (S,)."""
    keep_ring = np.repeat(chosen, rings.counts)
    return Rings(rings.indices[np.repeat(keep_ring, rings.sizes)], rings.sizes[keep_ring], rings.counts[chosen])


def layers_of(objects: ObjectTable) -> dict[str, gpd.GeoDataFrame]:
    """One GeoDataFrame a layer that has objects, with the columns of `twin.geo.city.LAYERS`.

    An object without a geometry has a row with an empty one.
    """
    row = rows_of(objects)
    layer = np.array(objects.layers, dtype=object)
    whole = np.array([kind.removeprefix("+") in _WHOLE or kind.startswith("+") for kind in objects.types], dtype=bool)
    frames: dict[str, gpd.GeoDataFrame] = {}
    for name in sorted(set(objects.layers) - {TERRAIN}):
        members = np.flatnonzero((layer == name) & (row == np.arange(len(row))))
        if not len(members):
            continue
        position = np.full(len(row), -1)
        position[members] = np.arange(len(members))
        group = position[row[objects.owner]] if len(objects.owner) else np.empty(0, np.int64)
        # What is inside a building or stuck on it (rooms, chimneys) is not its footprint.
        chosen = (group >= 0) & (objects.rings.counts > 0)
        if name in ("buildings", "bridges", "tunnels"):
            chosen &= (whole | (row == np.arange(len(row))))[objects.owner]
        faces = _Faces(objects.points, pick(objects.rings, chosen), objects.semantic[chosen], group[chosen], len(members))
        ids = pd.Index([objects.ids[member] for member in members], name="id", dtype="str")
        columns, geometry = _MAKERS.get(name, _areas)(objects, members, faces)
        stated = table([objects.attributes[member] for member in members], {*columns, "geometry", "id"})
        for key in columns:
            if f"{key}_attribute" in stated and _repeats(columns[key], stated[f"{key}_attribute"]):
                del stated[f"{key}_attribute"]
        data = {**columns, **{key: value.array for key, value in stated.items()}}
        frame = pd.DataFrame(data, index=ids)
        frames[name] = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(geometry, index=ids, crs=objects.crs), crs=objects.crs)
    return frames


def _repeats(ours: Any, stated: pd.Series[Any]) -> bool:
    """Whether an attribute says no more than a column of ours, as in a file that this library wrote."""
    mine, theirs = pd.Series(ours), stated.reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(mine) and pd.api.types.is_numeric_dtype(theirs):
        a, b = mine.to_numpy(np.float64, na_value=np.nan), theirs.to_numpy(np.float64, na_value=np.nan)
        return bool((np.isnan(b) | (np.abs(a - b) < _SAME_M)).all())
    return bool((theirs.isna() | (mine.astype("str") == theirs.astype("str"))).all())


Columns = tuple[dict[str, Any], NDArray[np.object_]]


def _types(objects: ObjectTable, members: NDArray[np.int64]) -> pd.array:  # type: ignore[valid-type]
    return pd.array([objects.types[member] for member in members], dtype="str")


def _stated(objects: ObjectTable, members: NDArray[np.int64]) -> pd.DataFrame:
    records = [objects.attributes[member] for member in members]
    return pd.DataFrame(table(records, set()), index=pd.RangeIndex(len(members)))


def _buildings(objects: ObjectTable, members: NDArray[np.int64], faces: _Faces) -> Columns:
    ground = ground_faces(faces.points, faces.rings, faces.semantic, faces.group, faces.groups)
    geometry = faces.outline(ground)
    lowest, highest = faces.span()
    low, _ = face_heights(faces.points, faces.rings)
    foot = np.full(faces.groups, np.nan)
    np.fmin.at(foot, faces.group[ground], low[ground])
    decided = building_heights(np.where(np.isnan(foot), lowest, foot), highest, _stated(objects, members))
    columns: dict[str, Any] = {"type": _types(objects, members)}
    columns.update({name: decided[name].array for name in decided})
    return columns, geometry


def _plan(faces: _Faces) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Outline on the map of all faces that are not upright, and the height of those that look up."""
    normal = face_normals(faces.points, faces.rings)[:, 2]
    geometry = faces.outline(np.abs(normal) > 1e-3)
    return geometry, normal


def _median(values: NDArray[np.float64], group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    found = pd.Series(values).groupby(group).median()
    return np.asarray(found.reindex(np.arange(groups)).to_numpy(dtype=np.float64))


def _areas(objects: ObjectTable, members: NDArray[np.int64], faces: _Faces) -> Columns:
    geometry, _ = _plan(faces)
    return {"type": _types(objects, members)}, geometry


def _water(objects: ObjectTable, members: NDArray[np.int64], faces: _Faces) -> Columns:
    geometry, normal = _plan(faces)
    level = np.abs(normal) >= 0.9
    _, high = face_heights(faces.points, faces.rings)
    z = _median(high[level], faces.group[level], faces.groups)
    return {"type": _types(objects, members), "z_m": z}, geometry


def _levels(objects: ObjectTable, members: NDArray[np.int64]) -> pd.array:  # type: ignore[valid-type]
    """Walkable level from the relative height that the Dutch base map states (0: the ground)."""
    found = []
    for member in members:
        attributes = objects.attributes[member]
        stated = attributes.get("relatievehoogteligging", attributes.get("relatieveHoogteligging", 0))
        try:
            number = int(stated)
        except (TypeError, ValueError, OverflowError):
            number = 0
        found.append("street" if number == 0 else f"level{number}")
    return pd.array(found, dtype="str")


def _surface(kind: str, attributes: dict[str, Any]) -> str:
    plain = {"TransportSquare": "square", "Railway": "railway", "Waterway": "waterway"}.get(kind.removeprefix("+"))
    if plain:
        return plain
    for name in ("bgt_functie", "function", "functie", "class"):
        stated = attributes.get(name)
        if isinstance(stated, str):
            for word, meaning in SURFACE_WORDS:
                if word in stated.lower():
                    return meaning
    return "street"


def _roads(objects: ObjectTable, members: NDArray[np.int64], faces: _Faces) -> Columns:
    geometry, _ = _plan(faces)
    lowest, highest = faces.span()
    flat = highest - lowest <= _FLAT_M
    surface = [_surface(objects.types[member], objects.attributes[member]) for member in members]
    columns = {
        "type": _types(objects, members),
        "surface": pd.array(surface, dtype="str"),
        "level": _levels(objects, members),
        "z_m": np.where(flat, (lowest + highest) / 2, np.nan),
    }
    return columns, geometry


def _bridges(objects: ObjectTable, members: NDArray[np.int64], faces: _Faces) -> Columns:
    geometry, normal = _plan(faces)
    low, high = face_heights(faces.points, faces.rings)
    up, down = normal >= 0.9, normal <= -0.9
    underside = np.full(faces.groups, np.nan)
    np.fmin.at(underside, faces.group[down], low[down])
    columns = {
        "type": _types(objects, members),
        "level": _levels(objects, members),
        "z_m": _median(high[up], faces.group[up], faces.groups),
        "underside_z_m": underside,
    }
    return columns, geometry


def _points(objects: ObjectTable, members: NDArray[np.int64], faces: _Faces) -> tuple[NDArray[np.object_], _Span]:
    """A point for each row: the middle of its box, or its anchor; and its foot and width."""
    corners = np.full((faces.groups, 4), np.nan)
    lowest, highest = faces.span()
    group = np.repeat(np.repeat(faces.group, faces.rings.counts), faces.rings.sizes)
    xy = faces.points[faces.rings.indices, :2]
    for axis in range(2):
        np.fmin.at(corners[:, axis], group, xy[:, axis])
        np.fmax.at(corners[:, 2 + axis], group, xy[:, axis])
    middle = (corners[:, :2] + corners[:, 2:]) / 2
    for position, member in enumerate(members.tolist()):
        if np.isnan(middle[position, 0]) and member in objects.anchors:
            middle[position] = objects.anchors[member][:2]
            lowest[position] = objects.anchors[member][2]
    geometry = np.full(faces.groups, shapely.Point(), dtype=object)
    known = ~np.isnan(middle[:, 0])
    geometry[known] = shapely.points(middle[known])
    width = np.sqrt(np.prod(corners[:, 2:] - corners[:, :2], axis=1))
    return geometry, _Span(lowest, highest - lowest, width)


@dataclass(slots=True)
class _Span:
    foot: NDArray[np.float64]
    height: NDArray[np.float64]
    width: NDArray[np.float64]


def _first(objects: ObjectTable, members: NDArray[np.int64], names: Sequence[str]) -> NDArray[np.float64]:
    stated = _stated(objects, members)
    found = np.full(len(members), np.nan)
    for name in names:
        found = np.where(np.isnan(found), numbers(stated, name), found)
    return found


def _trees(objects: ObjectTable, members: NDArray[np.int64], faces: _Faces) -> Columns:
    geometry, span = _points(objects, members, faces)
    height = _first(objects, members, ("height_m", "height", "boomhoogte"))
    crown = _first(objects, members, ("crown_diameter_m", "crownDiameter", "kroondiameter"))
    columns = {
        "type": _types(objects, members),
        "height_m": np.where(np.isnan(height), span.height, height),
        "crown_diameter_m": np.where(np.isnan(crown), span.width, crown),
        "crown_base_m": _first(objects, members, ("crown_base_m",)),
        "z_m": span.foot,
    }
    return columns, geometry


def _furniture(objects: ObjectTable, members: NDArray[np.int64], faces: _Faces) -> Columns:
    geometry, span = _points(objects, members, faces)
    kinds = [str(objects.attributes[m].get("function", objects.attributes[m].get("class", ""))) for m in members]
    columns = {"type": _types(objects, members), "kind": pd.array(kinds, dtype="str"), "height_m": span.height, "z_m": span.foot}
    return columns, geometry


_MAKERS: dict[str, Callable[[ObjectTable, NDArray[np.int64], _Faces], Columns]] = {
    "buildings": _buildings,
    "roads": _roads,
    "water": _water,
    "bridges": _bridges,
    "trees": _trees,
    "furniture": _furniture,
}
