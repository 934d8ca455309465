"""The columns that each layer promises, from the faces and the attributes of its objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from twin.geo.heights import building_heights, numbers
from twin.geo.mesh import SEMANTICS, Rings
from twin.geo.readers.columns import typed
from twin.geo.readers.footprints import dissolve, face_heights, face_normals, ground_faces, project, silhouette

_FLAT_M = 0.05

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


TRAFFIC_CODES = {
    "2": "footway", "3": "cycleway", "4": "cycleway", "5": "square", "6": "parking", "7": "parking", "8": "railway",
    "19": "footway", "20": "footway", "22": "footway", "23": "footway", "25": "runway", "26": "runway", "29": "runway",
    "30": "verge", "32": "busway", "33": "motorway", "34": "motorway", "35": "motorway", "36": "motorway",
    "2000": "footway", "2010": "footway", "2020": "footway", "2030": "cycleway",
}  # fmt: skip
"""Functions of a traffic area, and the surface that they mean; whatever is not here is ``street``.

Of one or two digits: the list of CityGML 2.0 (OGC 12-019, annex C; SIG3D ``TrafficArea_function.xml``): 1 driving lane, 2 footpath,
3 cyclepath, 4 foot and cycle path in one, 5 square, 6 car park, 7 lay-by, 8 rail, 9 rail and road in one, 19 platform, 20 crossing,
22 stairs, 23 escalator, 25, 26 and 29 runway, taxiway and their marks, 30 green, 32 bus stop, 33 to 36 motorway with its slip roads
and hard shoulder. Of four digits: the list of the Japanese city models (PLATEAU, ``TrafficArea_function.xml``): 1000 to 1020
carriageway, 2000 and 2020 footway, 2010 footway with cycling, 2030 cycleway. No number is in both lists.
"""


@dataclass(slots=True)
class Picked:
    """The objects that have a row in one layer.

    Parameters
    ----------
    types : list of str
    attributes : list of dict
    anchors : dict of int to (3,) float64
        Points that stand for rows without faces [m].
    """

    types: list[str]
    attributes: list[dict[str, Any]]
    anchors: dict[int, NDArray[np.float64]]
    _columns: dict[str, pd.Series[Any]] | None = None

    @property
    def columns(self) -> dict[str, pd.Series[Any]]:
        """The attributes as typed columns, made once."""
        if self._columns is None:
            self._columns = typed(self.attributes)
        return self._columns


@dataclass(slots=True)
class Faces:
    """Faces of one layer, grouped by row.

    Parameters
    ----------
    points : (V, 3) float64
        In the coordinates of the CRS [m].
    rings : Rings
        Faces.
    semantic : (S,) uint8
    group : (S,) int64
        Row of each face.
    groups : int
        Number of rows.
    elements : (groups,) bool, optional
        Rows whose faces are those of elements (walls, slabs, ...) and not of a hull.
    """

    points: NDArray[np.float64]
    rings: Rings
    semantic: NDArray[np.uint8]
    group: NDArray[np.int64]
    groups: int
    elements: NDArray[np.bool_] | None = None

    def outline(self, chosen: NDArray[np.bool_]) -> NDArray[np.object_]:
        """Union on the map of some of the faces (S,), by row."""
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


Columns = tuple[dict[str, Any], NDArray[np.object_]]


def _types(objects: Picked) -> ExtensionArray:
    return pd.array(objects.types, dtype="str")


def _stated(objects: Picked) -> pd.DataFrame:
    return pd.DataFrame(objects.columns, index=pd.RangeIndex(len(objects.types)))


def _buildings(objects: Picked, faces: Faces) -> Columns:
    ground = ground_faces(faces.points, faces.rings, faces.semantic, faces.group, faces.groups)
    geometry = faces.outline(ground)
    drawn = np.bincount(faces.group, minlength=faces.groups) > 0
    without = drawn & np.asarray(shapely.is_empty(geometry))
    if without.any():
        # What is called the ground has no area on the map: take all that lies over it.
        upright = np.abs(face_normals(faces.points, faces.rings)[:, 2])
        geometry[without] = faces.outline(without[faces.group] & (upright > 1e-3))[without]
    for row in np.flatnonzero(faces.elements if faces.elements is not None else ()):
        geometry[row] = silhouette(faces.points, pick(faces.rings, faces.group == row))
    lowest, highest = faces.span()
    low, _ = face_heights(faces.points, faces.rings)
    # only what is called the ground says where it is: a solid without a floor has its roof for an outline
    named = ground & (faces.semantic == SEMANTICS["GroundSurface"])
    foot = np.full(faces.groups, np.nan)
    np.fmin.at(foot, faces.group[named], low[named])
    decided = building_heights(np.where(np.isnan(foot), lowest, foot), highest, _stated(objects))
    columns: dict[str, Any] = {"type": _types(objects)}
    columns.update({str(name): decided[name].array for name in decided})
    return columns, geometry


def _plan(faces: Faces) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Outline on the map of all faces that are not upright, and the height of those that look up."""
    normal = face_normals(faces.points, faces.rings)[:, 2]
    geometry = faces.outline(np.abs(normal) > 1e-3)
    return geometry, normal


def _median(values: NDArray[np.float64], group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    found = pd.Series(values).groupby(group).median()
    return np.asarray(found.reindex(np.arange(groups)).to_numpy(dtype=np.float64))


def areas(objects: Picked, faces: Faces) -> Columns:
    """Columns of a layer of plain areas."""
    geometry, _ = _plan(faces)
    return {"type": _types(objects)}, geometry


def _water(objects: Picked, faces: Faces) -> Columns:
    geometry, normal = _plan(faces)
    level = np.abs(normal) >= 0.9
    _, high = face_heights(faces.points, faces.rings)
    z = _median(high[level], faces.group[level], faces.groups)
    return {"type": _types(objects), "z_m": z}, geometry


def _levels(objects: Picked) -> ExtensionArray:
    """Walkable level from the relative height that the Dutch base map states (0: the ground)."""
    found = []
    for attributes in objects.attributes:
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
    if attributes.get("citygml_type") in ("TrafficArea", "TrafficSpace"):
        return TRAFFIC_CODES.get(str(attributes.get("function")), "street")
    for name in ("bgt_functie", "function", "functie", "class"):
        stated = attributes.get(name)
        if isinstance(stated, str):
            for word, meaning in SURFACE_WORDS:
                if word in stated.lower():
                    return meaning
    return "street"


def _roads(objects: Picked, faces: Faces) -> Columns:
    geometry, _ = _plan(faces)
    lowest, highest = faces.span()
    flat = highest - lowest <= _FLAT_M
    surface = [_surface(*row) for row in zip(objects.types, objects.attributes, strict=True)]
    columns = {
        "type": _types(objects),
        "surface": pd.array(surface, dtype="str"),
        "level": _levels(objects),
        "z_m": np.where(flat, (lowest + highest) / 2, np.nan),
    }
    return columns, geometry


def _bridges(objects: Picked, faces: Faces) -> Columns:
    geometry, normal = _plan(faces)
    low, high = face_heights(faces.points, faces.rings)
    up, down = normal >= 0.9, normal <= -0.9
    underside = np.full(faces.groups, np.nan)
    np.fmin.at(underside, faces.group[down], low[down])
    columns = {
        "type": _types(objects),
        "level": _levels(objects),
        "z_m": _median(high[up], faces.group[up], faces.groups),
        "underside_z_m": underside,
    }
    return columns, geometry


def _points(objects: Picked, faces: Faces) -> tuple[NDArray[np.object_], _Span]:
    """A point for each row: its anchor, or the middle of its box; and its foot and width."""
    corners = np.full((faces.groups, 4), np.nan)
    lowest, highest = faces.span()
    group = np.repeat(np.repeat(faces.group, faces.rings.counts), faces.rings.sizes)
    xy = faces.points[faces.rings.indices, :2]
    for axis in range(2):
        np.fmin.at(corners[:, axis], group, xy[:, axis])
        np.fmax.at(corners[:, 2 + axis], group, xy[:, axis])
    middle = (corners[:, :2] + corners[:, 2:]) / 2
    for position, anchor in objects.anchors.items():
        # where a template was put is where a tree stands, wherever its crown leans
        drawn = not np.isnan(middle[position, 0])
        middle[position] = anchor[:2]
        if not drawn:
            lowest[position] = anchor[2]
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


def _first(objects: Picked, names: Sequence[str]) -> NDArray[np.float64]:
    stated = _stated(objects)
    found = np.full(len(objects.types), np.nan)
    for name in names:
        found = np.where(np.isnan(found), numbers(stated, name), found)
    return found


def _trees(objects: Picked, faces: Faces) -> Columns:
    geometry, span = _points(objects, faces)
    height = _first(objects, ("height_m", "height", "boomhoogte"))
    crown = _first(objects, ("crown_diameter_m", "crownDiameter", "kroondiameter"))
    columns = {
        "type": _types(objects),
        "height_m": np.where(np.isnan(height), span.height, height),
        "crown_diameter_m": np.where(np.isnan(crown), span.width, crown),
        "crown_base_m": _first(objects, ("crown_base_m",)),
        "z_m": span.foot,
    }
    return columns, geometry


def _furniture(objects: Picked, faces: Faces) -> Columns:
    geometry, span = _points(objects, faces)
    kinds = [str(one.get("function", one.get("class", ""))) for one in objects.attributes]
    columns = {"type": _types(objects), "kind": pd.array(kinds, dtype="str"), "height_m": span.height, "z_m": span.foot}
    return columns, geometry


OURS_OF = {
    "buildings": {"ground_m", "roof_m", "height_m", "height_source"},
    "roads": {"surface", "level", "z_m"},
    "water": {"z_m"},
    "bridges": {"level", "z_m", "underside_z_m"},
    "trees": {"height_m", "crown_diameter_m", "crown_base_m", "z_m"},
    "furniture": {"kind", "height_m", "z_m"},
}
"""Columns of each layer that are worked out from faces and attributes; in a file of ours the value stated is the one meant, null
too."""

OUR_NUMBERS = frozenset().union(*OURS_OF.values()) - {"surface", "level", "kind", "height_source"}

MAKERS: dict[str, Callable[[Picked, Faces], Columns]] = {
    "buildings": _buildings,
    "roads": _roads,
    "water": _water,
    "bridges": _bridges,
    "trees": _trees,
    "furniture": _furniture,
}
